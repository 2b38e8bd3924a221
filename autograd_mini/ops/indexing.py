"""Picking elements and putting them back: indexing and its kin.

`getitem` and `scatter_add` are each other's transpose. Most functions here are made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_mini.errors import DataError
from autograd_mini.ops.elementwise import where
from autograd_mini.ops.shaping import moveaxis, ravel, reshape
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import Node, contains_node, is_object_array, primal
from autograd_mini.tracer import told

__all__ = [
    "compress",
    "diag",
    "diagonal",
    "extract",
    "select",
    "take",
    "take_along_axis",
    "tril",
    "triu",
]


def getitem(x: Any, index: Any) -> Any:
    """Return `x[index]`, for every index that NumPy takes."""
    return apply(_getitem, x, params={"index": frozen_index(index)})


def scatter_add(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `x` added at `index`: the transpose of `getitem`."""
    return apply(_scatter_add, x, params={"index": frozen_index(index), "shape": shape})


def set_at(x: Any, y: Any, index: Any) -> Any:
    """Return `x` with `y`, of the shape of `x[index]`, in place of the elements there."""
    return apply(_set_at, x, y, params={"index": frozen_index(index)})


def frozen_index(index: Any) -> Any:
    """Return a private copy of an index, so that no later change of it reaches the tape.

    Raises:
        DataError: a node is in the index: what is differentiated cannot also be a position.
    """
    if isinstance(index, tuple):
        return tuple(map(_frozen_part, index))
    return _frozen_part(index)


def _frozen_part(part: Any) -> Any:
    """Return one part of an index, with an array of its own in place of any sequence."""
    kind = part.__class__
    if kind is int or kind is slice or part is None or part is ...:  # nearly always
        return part
    if kind is np.ndarray and part.dtype.char != "O":
        return part.copy()
    if isinstance(part, Node) and part.rank > 1 and part.primal.dtype.kind != "f":
        told(part)  # of a function that is traced: the program holds for this index alone
        return part.primal
    if contains_node(part) or is_object_array(part):
        raise DataError("an index must be plain integers or booleans; give the node's .data")
    if isinstance(part, Sequence) and not isinstance(part, str):
        array = np.array(part)
        return array if array.size else array.astype(np.intp)  # NumPy takes [] for floats
    if hasattr(part, "__array__") and not isinstance(part, np.generic):
        return np.array(part)
    return part


def along(axis: int, index: Any) -> tuple[Any, ...]:
    """Return the index that takes `index` along one axis, counted from the front, and all else."""
    return (*(slice(None),) * axis, index)


# The primitives


def _arrays(index: Any) -> list[Any]:
    """Return the arrays of integers in an index: only with these can it name an element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return [part for part in parts if isinstance(part, np.ndarray) and part.dtype.kind != "b"]


def _scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, dtype=np.asarray(x).dtype)
    arrays = _arrays(index)
    if not arrays:
        out[index] = x
    elif index is arrays[0] and index.ndim == len(shape) == 1:
        np.add.at(out, index, x)
    else:  # NumPy is quick with one flat index, and slow with others
        positions = np.arange(out.size).reshape(shape)[index]
        np.add.at(out.reshape(-1), positions.ravel(), np.broadcast_to(x, positions.shape).ravel())
    return out


_scatter_add = ArrayPrimitive(
    "scatter_add",
    _scatter,
    [lambda z_bar, z, x, index, shape: getitem(z_bar, index)],
    "linear",
    analytic=True,
    latex=[r"\mathrm{{pick}}({dz})"],
    formula=r"\mathrm{{scatter}}({x})",
)
_getitem = ArrayPrimitive(
    "getitem",
    lambda x, index: x[index],
    [lambda z_bar, z, x, index: scatter_add(z_bar, index, np.shape(primal(x)))],
    "linear",
    analytic=True,
    latex=[r"\mathrm{{scatter}}({dz})"],  # zeros but at the index, where dz is added
    formula=r"\mathrm{{pick}}({x})",
)


def _set_array(x: Any, y: Any, index: Any) -> Any:
    real = np.asarray(y).dtype.kind in "fb"
    out = np.array(x, dtype=None if real else np.result_type(x, y))
    out[index] = y
    return out


def last_named(index: Any, shape: tuple[int, ...]) -> Any:
    """Return which elements of `x[index]` are not named again by a later one; True for all."""
    if not _arrays(index):
        return np.True_
    last = np.empty(shape, dtype=np.intp)
    numbers = np.arange(last[index].size).reshape(last[index].shape)
    last[index] = numbers
    return last[index] == numbers


def _set_vjp(z_bar: Any, z: Any, x: Any, y: Any, index: Any) -> Any:
    picked, last = getitem(z_bar, index), last_named(index, np.shape(primal(z)))
    return picked if np.all(last) else where(last, picked, 0.0)


_set_at = ArrayPrimitive(
    "set_at",
    _set_array,
    [lambda z_bar, z, x, y, index: set_at(z_bar, 0.0, index), _set_vjp],
    [
        lambda x_dot, z, x, y, index: set_at(x_dot, 0.0, index),
        lambda y_dot, z, x, y, index: set_at(np.zeros_like(primal(z)), y_dot, index),
    ],
    analytic=True,
    latex=[r"\mathrm{{clear}}({dz})", r"\mathrm{{pick}}({dz})"],
    formula=r"\mathrm{{set}}({x},{y})",
    convention="an element that is set twice: the last counts, those before have derivative 0",
)


# Functions of NumPy that pick


def rearranged(x: Any, function: Callable[..., Any]) -> Any:
    """Return what a function makes of an array by moving its elements, whatever they are.

    It is asked once, where it would put the positions of the elements.
    """
    shape = np.shape(primal(x))
    positions = np.arange(np.prod(shape, dtype=np.intp)).reshape(shape)
    return apply(_getitem, ravel(x), params={"index": function(positions)})


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Return the elements of `x` at integer positions along `axis`, or of the flattened `x`.

    A position outside raises `IndexError`; with mode "wrap" it is counted on from the other end,
    with "clip" it is the nearest.
    """
    if axis is None:
        x, axis = ravel(x), 0
    shape = np.shape(primal(x))
    axis = normalize_axis_index(axis, len(shape))
    positions = np.asarray(frozen_index(indices)).astype(np.intp, casting="safe")
    if mode != "raise":  # NumPy knows the other modes
        positions = np.arange(shape[axis]).take(positions, mode=mode)  # type: ignore[call-overload]  # any string
    return getitem(x, along(axis, positions if positions.ndim else int(positions)))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Return for each lane of `x` along `axis` its elements at `indices`, as from `argsort`."""
    indices = frozen_index(indices)
    return rearranged(x, lambda positions: np.take_along_axis(positions, indices, axis))


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """Return what lies along `axis` where a condition of one axis holds."""
    if np.ndim(primal(condition)) != 1:
        raise ValueError(
            f"compress takes a condition of one axis, got {np.ndim(primal(condition))}; "
            "x[condition] takes one of the shape of x"
        )
    told(condition)
    return take(x, np.flatnonzero(primal(condition)), axis)


def extract(condition: Any, x: Any) -> Any:
    """Return the elements of `x` where a condition of its shape holds, along one axis."""
    told(condition)
    return take(x, np.flatnonzero(primal(condition)))


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    """Return at each place the choice that belongs to the first condition that holds there."""
    if len(conditions) != len(choices) or not len(conditions):
        raise ValueError(
            "select takes as many choices as conditions and at least one, got "
            f"{len(conditions)} conditions and {len(choices)} choices"
        )
    z = default
    for condition, x in zip(reversed(conditions), reversed(choices), strict=True):
        z = where(condition, x, z)
    return z


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonals of the matrices that lie along two axes; theirs is the last axis.

    `offset` counts diagonals from the main one, upwards; below it is negative.
    """
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    *stack, m, n = np.shape(primal(x))
    start = max(offset, -offset * n)
    length = max(0, n - max(offset, 0))  # or fewer: the rows may end before the columns
    step = slice(start, start + length * (n + 1), n + 1)
    return getitem(reshape(x, (*stack, m * n)), (..., step))


def diag(x: Any, k: int = 0) -> Any:
    """Return the matrix with the vector `x` on its diagonal `k`, or of a matrix that diagonal."""
    shape = np.shape(primal(x))
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1:
        raise ValueError(f"diag takes a vector or a matrix, got an array of shape {shape}")
    n = shape[0] + abs(k)
    start = max(k, -k * n)
    step = slice(start, start + shape[0] * (n + 1), n + 1)
    return reshape(scatter_add(x, step, (n * n,)), (n, n))


def tril(x: Any, k: int = 0) -> Any:
    """Return the last two axes of `x` with zeros above the diagonal `k`."""
    return where(_lower(x, k), x, 0.0)


def triu(x: Any, k: int = 0) -> Any:
    """Return the last two axes of `x` with zeros below the diagonal `k`."""
    return where(_lower(x, k - 1), 0.0, x)


def _lower(x: Any, k: int) -> Any:
    """Return where the last two axes of `x` lie on the diagonal `k` or below."""
    shape = np.shape(primal(x))
    if not shape:
        raise ValueError("tril and triu take matrices, got an array without axes")
    return np.tri(shape[-2] if len(shape) > 1 else shape[-1], shape[-1], k, dtype=bool)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.take: take,
    np.take_along_axis: take_along_axis,
    np.compress: compress,
    np.extract: extract,
    np.select: select,
    np.diagonal: diagonal,
    np.diag: diag,
    np.tril: tril,
    np.triu: triu,
}
