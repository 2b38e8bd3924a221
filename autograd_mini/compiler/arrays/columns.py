"""Matrices of many short rows lie in memory column by column.

NumPy runs along memory. Along a row of ten elements it stops and starts again at each row; along a
column of a hundred samples it does not. So biases are added, rows and columns are summed, and
softmaxes are taken in a fraction of the time. To the matrix product it is all the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.ops.linalg import linear, matmul

SHORT = 32
"""Rows of up to so many elements are short."""

PRODUCTS = {matmul, linear}
"""What can write its result in either order."""


def in_columns(x: Any) -> Any:
    """Return a matrix of many short rows laid out by columns, and anything else as it is."""
    return np.asfortranarray(x) if is_tall(np.shape(x)) else x


def is_tall(shape: tuple[int, ...]) -> bool:
    """Return whether this is the shape of a matrix of many short rows."""
    return len(shape) == 2 and shape[1] <= SHORT < shape[0]


def are_columns(x: Any) -> bool:
    """Return whether a matrix is laid out by columns."""
    return isinstance(x, np.ndarray) and x.ndim == 2 and x.flags.f_contiguous
