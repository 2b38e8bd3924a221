"""What computes an instruction on arrays: the operation's function, or NumPy's that is behind it.

At a replay the kinds, shapes and dtypes of all operands are known, so nothing needs to be asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.compiler.arrays.columns import are_columns, is_tall
from autograd_mini.compiler.machine import CONDITIONS
from autograd_mini.compiler.program import Instruction
from autograd_mini.ops.linalg import linear, vdot
from autograd_mini.ops.one_hot import ROWS
from autograd_mini.primitive import Primitive, lookup
from autograd_mini.recording import on_floats

Call = Callable[..., Any]

SUM = lookup("sum")


def call_of(entry: Instruction, operands: Sequence[Any]) -> Call:
    """Return what computes an instruction on operands such as these."""
    operation, params = entry.operation, entry.params
    if (
        isinstance(operation, Primitive)
        and operation.scalar is not None
        and all(map(is_float, operands))
    ):
        return lambda *numbers: on_floats(operation, numbers)
    return partial(operation.array, **params) if params else operation.array


def is_float(x: Any) -> bool:
    """Return whether something is the number of a `Value`, or a plain one."""
    return x.__class__ is float or x.__class__ is int


def quick_call(entry: Instruction, operands: Sequence[Any]) -> Call | None:
    """Return a shorter way to the same bits, None where there is none."""
    operation = entry.operation
    if operation is CONDITIONS["isfinite"] and isinstance(operands[0], np.float64 | np.float32):
        return lambda x: np.bool_(math.isfinite(x))
    if operation is SUM and entry.params:
        return partial(np.add.reduce, **entry.params)
    if operation is vdot:
        return np.vdot
    if operation is linear and len({x.dtype for x in operands if isinstance(x, np.ndarray)}) == 1:
        return _linear
    return None


def _linear(x: Any, w: Any, b: Any, out: Any = None) -> Any:
    z = np.matmul(x, w.T, out)
    return np.add(z, b, z)


def reordered_call(entry: Instruction, operands: Sequence[Any], by_columns: bool) -> Call | None:
    """Return a way that takes sums in another order, or lays the result out by columns."""
    if entry.operation is vdot and all(map(are_columns, operands)):
        return lambda x, y: np.vdot(x.T, y.T)
    if entry.operation is SUM and entry.params is not None:
        return _sum_by_product(operands[0], entry.params)
    if entry.operation is ROWS and by_columns:
        table, numbers = operands
        if is_tall((len(numbers), table.shape[1])):
            return lambda table, numbers: table.T.take(numbers, 1).T
    return None


def _sum_by_product(x: Any, params: Mapping[str, Any]) -> Call | None:
    """Return the sum over one axis of a matrix as its product with ones, which BLAS has."""
    axis = params["axis"]
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype.char not in "fd":
        return None
    if not isinstance(axis, int):
        return None
    ones = np.ones(x.shape[axis], x.dtype)
    if axis % 2 == 0:
        return partial(np.matmul, ones[np.newaxis] if params["keepdims"] else ones)
    column = ones[:, np.newaxis] if params["keepdims"] else ones
    return lambda x, out=None: np.matmul(x, column, out)
