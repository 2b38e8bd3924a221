"""`Scaling`: columns brought to mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.training.tabular import Table

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Scaling:
    """z = (x - mean) / scale, for each column.

    Attributes:
        mean: of each column, (n,).
        scale: the standard deviation of each column, (n,); 1 where a column is constant.
    """

    mean: Array
    scale: Array

    @classmethod
    def of(cls, table: Table, columns: Sequence[str], x: Array) -> Scaling:
        """Return the scaling that standardises the rows `x`, (m, n), of columns of a table.

        Raises:
            TableError: the numbers of a column are so large that their squares overflow.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean, scale = x.mean(axis=0), x.std(axis=0)
            # The mean of a constant column may be rounded, and so the deviation be not quite 0.
            constant = (np.ptp(x, axis=0) == 0) | (scale == 0)
        for column, finite in zip(columns, np.isfinite(mean) & np.isfinite(scale), strict=True):
            if not finite:
                raise table.fault("the numbers are too large to standardise", None, column)
        return cls(mean, np.where(constant, 1.0, scale))

    def apply(self, x: Array) -> Array:
        """Return `x`, (m, n), standardised."""
        return (x - self.mean) / self.scale
