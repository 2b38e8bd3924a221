"""Matrices of many short rows lie in memory column by column.

NumPy runs along memory. Along a row of ten elements it stops and starts again at each row; along a
column of a hundred samples it does not. So biases are added, rows and columns are summed, and
softmaxes are taken in a fraction of the time. To the matrix product it is all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.compiler.program import Instruction, Program
from autograd_mini.ops.linalg import linear, matmul
from autograd_mini.primitive import lookup

SHORT = 32
"""Rows of up to so many elements are short."""

TRANSPOSE = lookup("transpose")

PRODUCTS = {matmul, linear}
"""What can write its result in either order."""


def pay_off(program: Program, inputs: Sequence[Any]) -> bool:
    """Return whether nothing in columns would meet a matrix that is given in rows.

    Two matrices that lie in different orders are slow to add. A product takes either.
    """
    given = {
        k
        for k, x in zip(program.inputs, inputs, strict=True)
        if is_tall(np.shape(x)) and not are_columns(x)
    }
    return all(
        entry.operation in PRODUCTS or entry.operation is TRANSPOSE
        for entry in program.entries
        if isinstance(entry, Instruction) and not given.isdisjoint(entry.operands)
    )


def in_columns(x: Any) -> Any:
    """Return a matrix of many short rows laid out by columns, and anything else as it is."""
    return np.asfortranarray(x) if is_tall(np.shape(x)) else x


def is_tall(shape: tuple[int, ...]) -> bool:
    """Return whether this is the shape of a matrix of many short rows."""
    return len(shape) == 2 and shape[1] <= SHORT < shape[0]


def are_columns(x: Any) -> bool:
    """Return whether a matrix is laid out by columns."""
    return isinstance(x, np.ndarray) and x.ndim == 2 and x.flags.f_contiguous
