"""Products of vectors, matrices and tensors, for every pair of shapes that NumPy takes.

All are composed of `matmul`, of products of elements and of changes of shape, but for `vecdot`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from numbers import Integral
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd_mini.errors import ShapeError
from autograd_mini.ops.elementwise import multiply
from autograd_mini.ops.linalg import matmul, without_axis
from autograd_mini.ops.shaping import expand_dims, reshape, transpose
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import is_object_array, primal

__all__ = [
    "dot",
    "inner",
    "kron",
    "matvec",
    "multi_dot",
    "outer",
    "tensordot",
    "vecdot",
    "vecmat",
]


def ndim(x: Any) -> int:
    """Return the number of axes of a node or an array."""
    return np.ndim(primal(x))


def dot(a: Any, b: Any) -> Any:
    """Return the product over the last axis of `a` and the last but one of `b`, or its only one.

    Of two vectors it is the inner product, of two matrices the matrix product. A number multiplies
    each element.

    Raises:
        ValueError: the lengths of the two axes differ.
    """
    if not ndim(a) or not ndim(b):
        return multiply(a, b)
    if ndim(a) == 1 or ndim(b) <= 2:
        return matmul(a, b)
    return tensordot(a, b, (-1, -2))


def inner(a: Any, b: Any) -> Any:
    """Return the product over the last axes of both; a number multiplies each element.

    Raises:
        ValueError: the lengths of the two axes differ.
    """
    if not ndim(a) or not ndim(b):
        return multiply(a, b)
    if ndim(b) <= 2:
        return matmul(a, b if ndim(b) == 1 else transpose(b))
    return tensordot(a, b, (-1, -1))


def outer(a: Any, b: Any) -> Any:
    """Return the products of each element of `a` (a row) with each of `b` (a column)."""
    return multiply(reshape(a, (-1, 1)), reshape(b, -1))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Return the product over pairs of axes; the others of `a`, then those of `b`, are left.

    Args:
        a: the first array.
        b: the second array.
        axes: how many, the last of `a` with the first of `b`; or the axes of `a` and those of `b`.

    Raises:
        ShapeError: the axes of a pair differ in length, or one lacks its partner.
    """
    if isinstance(axes, Integral):
        count = int(axes)
        axes = range(ndim(a) - count, ndim(a)), range(count)
    over_a, over_b = (
        normalize_axis_tuple(given, ndim(x)) for given, x in zip(axes, (a, b), strict=True)
    )
    shape_a, shape_b = np.shape(primal(a)), np.shape(primal(b))
    if [shape_a[i] for i in over_a] != [shape_b[i] for i in over_b]:
        raise ShapeError(
            f"tensordot over the axes {over_a} of shape {shape_a} and {over_b} of shape {shape_b}: "
            "the lengths must agree"
        )
    free_a = tuple(i for i in range(ndim(a)) if i not in over_a)
    free_b = tuple(i for i in range(ndim(b)) if i not in over_b)
    rows, columns = [shape_a[i] for i in free_a], [shape_b[i] for i in free_b]
    length = math.prod(shape_a[i] for i in over_a)
    x = _arranged(a, free_a + over_a, (math.prod(rows), length))
    y = _arranged(b, over_b + free_b, (length, math.prod(columns)))
    return _arranged(matmul(x, y), (0, 1), (*rows, *columns))


def _arranged(x: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Return `x` with its axes permuted and then another shape, if there is anything to do."""
    if axes != tuple(range(len(axes))):
        x = transpose(x, axes)
    return x if np.shape(primal(x)) == shape else reshape(x, shape)


def moved(x: Any, source: int, destination: int) -> Any:
    """Return `x` with one axis moved to another position."""
    source = normalize_axis_index(source, ndim(x))
    axes = [i for i in range(ndim(x)) if i != source]
    axes.insert(normalize_axis_index(destination, ndim(x)), source)
    return x if axes == sorted(axes) else transpose(x, axes)


def kron(a: Any, b: Any) -> Any:
    """Return the Kronecker product: each element of `a` times the whole of `b`, block by block."""
    most = max(ndim(a), ndim(b))
    shape_a, shape_b = ((1,) * (most - ndim(x)) + np.shape(primal(x)) for x in (a, b))
    between = tuple(range(1, 2 * most, 2))
    blocks = expand_dims(reshape(a, shape_a), between)
    elements = expand_dims(reshape(b, shape_b), tuple(range(0, 2 * most, 2)))
    return reshape(
        multiply(blocks, elements), [n * m for n, m in zip(shape_a, shape_b, strict=True)]
    )


def _row_by_column(x: Any, y: Any) -> Any:
    return np.matmul(x[..., None, :], y[..., None])[..., 0, 0]


def _vecdot_array(x: Any, y: Any) -> Any:
    """Return NumPy's vecdot, which would conjugate where `Value`s are real numbers."""
    if is_object_array(x) or is_object_array(y):
        return _row_by_column(np.asarray(x), np.asarray(y))
    return np.vecdot(x, y)


_vecdot = ArrayPrimitive(
    "vecdot",
    _vecdot_array,
    [
        lambda z_bar, z, x, y: expand_dims(z_bar, -1) * y,
        lambda z_bar, z, x, y: expand_dims(z_bar, -1) * x,
    ],
    "linear",
    latex=[r"{dz}\odot {y}", r"{dz}\odot {x}"],
    formula=r"\sum {x}\odot {y}",
    analytic=_row_by_column,
)


def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Return the inner products of vectors that lie along an axis; the others broadcast."""
    return apply(_vecdot, moved(x1, axis, -1), moved(x2, axis, -1))


def matvec(x1: Any, x2: Any) -> Any:
    """Return matrices (..., m, n) times vectors (..., n); the leading axes broadcast."""
    return without_axis(matmul(x1, expand_dims(x2, -1)), -1)


def vecmat(x1: Any, x2: Any) -> Any:
    """Return vectors (..., m) times matrices (..., m, n); the leading axes broadcast."""
    return without_axis(matmul(expand_dims(x1, -2), x2), -2)


def multi_dot(arrays: Sequence[Any]) -> Any:
    """Return the product of a chain of matrices, multiplied in the order that costs least.

    The first and the last may be vectors, a row and a column.

    Raises:
        ShapeError: there are fewer than two arrays, or one that is no matrix.
    """
    inside = [ndim(x) for x in arrays[1:-1]]
    if len(arrays) < 2 or {ndim(arrays[0]), ndim(arrays[-1])} - {1, 2} or {*inside} - {2}:
        raise ShapeError(
            "multi_dot takes two or more matrices, the first and the last of which may be vectors; "
            f"got arrays of shapes {[np.shape(primal(x)) for x in arrays]}"
        )
    shapes = [np.shape(primal(x)) for x in arrays]
    lengths = [shapes[0][0] if len(shapes[0]) == 2 else 1, *(shape[0] for shape in shapes[1:])]
    lengths.append(shapes[-1][1] if len(shapes[-1]) == 2 else 1)

    @cache
    def cheapest(first: int, last: int) -> tuple[int, int]:
        """Return the multiplications of the product of a part, and where it is best split."""
        return min(
            (
                (
                    cheapest(first, split)[0]
                    + cheapest(split, last)[0]
                    + lengths[first] * lengths[split] * lengths[last],
                    split,
                )
                for split in range(first + 1, last)
            ),
            default=(0, first),
        )

    def product(first: int, last: int) -> Any:
        if last - first == 1:
            return arrays[first]
        split = cheapest(first, last)[1]
        return matmul(product(first, split), product(split, last))

    return product(0, len(arrays))


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.dot: dot,
    np.inner: inner,
    np.kron: kron,
    np.linalg.matmul: matmul,
    np.linalg.multi_dot: multi_dot,
    np.linalg.outer: outer,
    np.linalg.tensordot: tensordot,
    np.linalg.vecdot: vecdot,
    np.outer: outer,
    np.tensordot: tensordot,
    np.vecdot: vecdot,
}
if hasattr(np, "matvec"):  # since NumPy 2.2
    NUMPY |= {np.matvec: matvec, np.vecmat: vecmat}
