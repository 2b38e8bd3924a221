"""`Rows`: what each lane has for itself, one row a number, turned from arguments part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

TILE = 2**15
"""So many numbers are turned at a time: 256 kilobytes, half of a second-level cache."""


class Rows:
    """An array (number, lane) of which some lanes are made when they are asked for: `rows[:, a:b]`.

    The whole of it would be as large as the arguments, and come from memory where a part of it is
    still in the cache.

    Args:
        parts: arguments, the lanes first, and the rows that each makes up.
        shape: the number of rows, and that of lanes.
    """

    def __init__(self, parts: Sequence[tuple[Array, slice]], shape: tuple[int, int]) -> None:
        self.parts, self.shape = parts, shape

    def __getitem__(self, key: tuple[slice, slice]) -> Array:
        """Return all rows of some lanes, which follow one another."""
        count, m = self.shape
        start, stop, _ = key[1].indices(m)
        rows = np.empty((count, stop - start))
        step = max(1, TILE // count)
        for first in range(start, stop, step):
            last = min(first + step, stop)
            for x, span in self.parts:
                of_lanes = x[first:last].reshape(last - first, -1)
                rows[span, first - start : last - start] = of_lanes.T
        return rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:, :], dtype)
