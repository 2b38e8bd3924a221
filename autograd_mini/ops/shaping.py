"""The primitives that move, repeat or pick elements. All are linear, so each is its own JVP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.errors import DataError
from autograd_mini.primitive import ArrayPrimitive, apply
from autograd_mini.tape import Node, primal

__all__ = [
    "astype",
    "broadcast_to",
    "concatenate",
    "expand_dims",
    "reshape",
    "stack",
    "transpose",
]

Shape = int | Sequence[int]


def reshape(x: Any, shape: Shape) -> Any:
    """Return `x` with another shape and the same elements in C order; one entry may be -1."""
    return apply(_reshape, x, params={"shape": frozen(shape)})


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Return `x` with its axes permuted, by default reversed."""
    return apply(_transpose, x, params={"axes": None if axes is None else tuple(axes)})


def expand_dims(x: Any, axis: Shape) -> Any:
    """Return `x` with axes of length 1 inserted at the positions `axis` of the result."""
    return apply(_expand_dims, x, params={"axis": frozen(axis)})


def broadcast_to(x: Any, shape: Shape) -> Any:
    """Return `x` repeated to `shape` by NumPy's broadcasting rules."""
    return apply(_broadcast_to, x, params={"shape": frozen(shape)})


def astype(x: Any, dtype: Any) -> Any:
    """Return `x` in another floating-point precision."""
    return apply(_astype, x, params={"dtype": floating(dtype)})


def getitem(x: Any, index: Any) -> Any:
    """Return `x[index]`, for every index that NumPy takes."""
    return apply(_getitem, x, params={"index": frozen_index(index)})


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Join arrays along an axis that they have; with None, flattened."""
    if axis is None:
        return concatenate([reshape(x, -1) for x in arrays])
    return apply(_concatenate, *arrays, params={"axis": axis})


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join arrays of one shape along a new axis of the result."""
    return concatenate([expand_dims(x, axis) for x in arrays], axis)


def frozen(shape: Shape) -> Shape:
    """Return a shape or axes that no later change of the caller's list reaches."""
    return tuple(shape) if isinstance(shape, Sequence) else shape


def floating(dtype: Any) -> np.dtype[Any]:
    """Return a floating-point dtype, or raise `DataError`: only real numbers have derivatives."""
    if np.dtype(dtype).kind != "f":
        raise DataError(f"a Tensor has a floating-point dtype, got {np.dtype(dtype)}")
    return np.dtype(dtype)


_reshape = ArrayPrimitive(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    [lambda z_bar, z, x, shape: reshape(z_bar, np.shape(primal(x)))],
    "linear",
    latex=[r"\mathrm{{reshape}}({dz})"],
    analytic=True,
)


def _transpose_vjp(z_bar: Any, z: Any, x: Any, axes: Sequence[int] | None) -> Any:
    if axes is None:
        return transpose(z_bar)
    ndim = len(axes)
    inverse = sorted(range(ndim), key=lambda i: axes[i] % ndim)
    return transpose(z_bar, inverse)


_transpose = ArrayPrimitive(
    "transpose",
    lambda x, axes: np.transpose(x, axes),
    [_transpose_vjp],
    "linear",
    latex=["{dz.T}"],
    formula="{x.T}",
    analytic=True,
)
_expand_dims = ArrayPrimitive(
    "expand_dims",
    lambda x, axis: np.expand_dims(x, axis),
    [lambda z_bar, z, x, axis: reshape(z_bar, np.shape(primal(x)))],
    "linear",
    latex=[r"\mathrm{{reshape}}({dz})"],
)


def _broadcast_array(x: Any, shape: Shape) -> Any:
    if np.ndim(x) or not isinstance(shape, tuple):
        return np.broadcast_to(x, shape)
    # One number, as in the sweep of a sum: the same view in a tenth of the time.
    x = np.asarray(x)
    repeated = np.ndarray(shape, x.dtype, x, strides=(0,) * len(shape))
    repeated.flags.writeable = False
    return repeated


_broadcast_to = ArrayPrimitive(
    "broadcast_to",
    _broadcast_array,
    [lambda z_bar, z, x, shape: z_bar],  # the sweep sums over the repeated axes
    "linear",
    latex=["{dz}"],
    formula=r"\mathrm{{broadcast}}({x})",
    analytic=True,
)
_astype = ArrayPrimitive(
    "astype",
    lambda x, dtype: np.asarray(x).astype(dtype),
    [lambda z_bar, z, x, dtype: z_bar],  # the sweep brings a cotangent to its operand's dtype
    "linear",
    latex=["{dz}"],
    analytic=lambda x, dtype: x,  # what is complex stays so
)


def frozen_index(index: Any) -> Any:
    """Return a private copy of an index, so that no later change of it reaches the tape.

    Raises:
        DataError: the index is a node: what is differentiated cannot also be a position.
    """
    if isinstance(index, tuple):
        return tuple(frozen_index(part) for part in index)
    if isinstance(index, Node):
        raise DataError("an index must be plain integers or booleans; give the node's .data")
    if isinstance(index, list):
        return np.array(index) if np.size(index) else np.array(index, dtype=np.intp)
    return np.array(index) if isinstance(index, np.ndarray) else index


def _scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `x` added at `index`: the transpose of getitem."""
    out = np.zeros(shape, dtype=np.asarray(x).dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, np.ndarray) for part in parts):
        np.add.at(out, index, x)  # an index array may name an element twice
    else:
        out[index] += x
    return out


_scatter_add = ArrayPrimitive(
    "scatter_add",
    _scatter,
    [lambda z_bar, z, x, index, shape: getitem(z_bar, index)],
    "linear",
    latex=[r"\mathrm{{pick}}({dz})"],
    formula=r"\mathrm{{scatter}}({x})",
)
_getitem = ArrayPrimitive(
    "getitem",
    lambda x, index: x[index],
    [
        lambda z_bar, z, x, index: apply(
            _scatter_add, z_bar, params={"index": index, "shape": np.shape(primal(x))}
        )
    ],
    "linear",
    latex=[r"\mathrm{{scatter}}({dz})"],  # zeros but at the index, where dz is added
    formula=r"\mathrm{{pick}}({x})",
)


def _concatenate_vjp(i: int, z_bar: Any, z: Any, *arrays: Any, axis: int) -> Any:
    return getitem(z_bar, _place(i, arrays, axis))


def _concatenate_jvp(i: int, x_dot: Any, z: Any, *arrays: Any, axis: int) -> Any:
    params = {"index": _place(i, arrays, axis), "shape": np.shape(primal(z))}
    return apply(_scatter_add, x_dot, params=params)


def _place(i: int, arrays: Sequence[Any], axis: int) -> tuple[slice, ...]:
    """Return the index of the part of a concatenation that came from operand `i`."""
    axis %= np.ndim(primal(arrays[0]))
    lengths = [np.shape(primal(x))[axis] for x in arrays]
    start = sum(lengths[:i])
    return (slice(None),) * axis + (slice(start, start + lengths[i]),)


_concatenate = ArrayPrimitive(
    "concatenate",
    lambda *arrays, axis: np.concatenate(arrays, axis),
    _concatenate_vjp,
    _concatenate_jvp,
    latex=[r"\mathrm{{part}}({dz})"],
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.reshape: reshape,
    np.transpose: transpose,
    np.expand_dims: expand_dims,
    np.broadcast_to: broadcast_to,
    np.concatenate: concatenate,
    np.stack: stack,
}
