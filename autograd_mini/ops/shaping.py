"""Shapes, axes and precision: what changes how the same elements are laid out.

The primitives are linear, so each is its own JVP. What NumPy returns as a view is one here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_mini.errors import DataError
from autograd_mini.ops.elementwise import positive
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply, constant
from autograd_mini.tape import Node, is_object_array, primal

__all__ = [
    "astype",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_to",
    "copy",
    "expand_dims",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "ravel",
    "reshape",
    "rollaxis",
    "squeeze",
    "swapaxes",
    "transpose",
]

Shape = int | Sequence[int]


def reshape(x: Any, shape: Shape, order: str = "C") -> Any:
    """Return `x` with another shape and the same elements; one entry of it may be -1.

    The elements are read and written with the last axis changing fastest, or the first with order
    "F". NumPy's other orders go by the layout in memory, on which no result depends here.
    """
    if order == "C":
        return apply(_reshape, x, params={"shape": frozen(shape)})
    if order != "F":
        raise ValueError(f"the order of elements is 'C' or 'F', got {order!r}")
    shape = shape[::-1] if isinstance(shape, Sequence) else shape
    return transpose(reshape(transpose(x), shape))


def ravel(x: Any, order: str = "C") -> Any:
    """Return the elements of `x` along one axis, in the order of `reshape`."""
    return reshape(x, -1, order)


def squeeze(x: Any, axis: Shape | None = None) -> Any:
    """Return `x` without its axes of length 1, all of them or those given."""
    return _reshaped(np.squeeze, x, axis)


def atleast_1d(*arrays: Any) -> Any:
    """Return `x` with at least one axis; of several arrays, a tuple."""
    return _one_or_all(_reshaped(np.atleast_1d, x) for x in arrays)


def atleast_2d(*arrays: Any) -> Any:
    """Return `x` with at least two axes, the new ones in front; of several arrays, a tuple."""
    return _one_or_all(_reshaped(np.atleast_2d, x) for x in arrays)


def atleast_3d(*arrays: Any) -> Any:
    """Return `x` with at least three axes, (1, n, 1) or (m, n, 1); of several, a tuple."""
    return _one_or_all(_reshaped(np.atleast_3d, x) for x in arrays)


def _reshaped(function: Callable[..., Any], x: Any, *settings: Any) -> Any:
    """Return `x` in the shape that a function of NumPy gives it."""
    return reshape(x, np.shape(function(primal(x), *settings)))


def _one_or_all(results: Iterable[Any]) -> Any:
    every = tuple(results)
    return every[0] if len(every) == 1 else every


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Return `x` with its axes permuted, by default reversed."""
    return apply(_transpose, x, params={"axes": None if axes is None else tuple(axes)})


permute_dims = transpose


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return `x` with two axes interchanged."""
    return _permuted(np.swapaxes, x, axis1, axis2)


def moveaxis(x: Any, source: Shape, destination: Shape) -> Any:
    """Return `x` with the axes `source` at the positions `destination`, the others in order."""
    return _permuted(np.moveaxis, x, source, destination)


def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """Return `x` with an axis moved back until it stands before the axis `start`."""
    return _permuted(np.rollaxis, x, axis, start)


def matrix_transpose(x: Any) -> Any:
    """Return `x` with its last two axes interchanged: a stack of matrices, each transposed."""
    return _permuted(np.matrix_transpose, x)


def _permuted(function: Callable[..., Any], x: Any, *axes: Any) -> Any:
    """Return `x` with its axes in the order that a function of NumPy gives them.

    The shape (0, 1, 2 ...) shows afterwards where each axis came from, and takes no memory.
    """
    return transpose(x, function(np.empty(range(np.ndim(primal(x)))), *axes).shape)


def expand_dims(x: Any, axis: Shape) -> Any:
    """Return `x` with axes of length 1 inserted at the positions `axis` of the result."""
    return apply(_expand_dims, x, params={"axis": frozen(axis)})


def broadcast_to(x: Any, shape: Shape) -> Any:
    """Return `x` repeated to `shape` by NumPy's broadcasting rules."""
    return apply(_broadcast_to, x, params={"shape": frozen(shape)})


def broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    """Return arrays repeated to their common shape by NumPy's broadcasting rules."""
    shape = np.broadcast_shapes(*(np.shape(primal(x)) for x in arrays))
    return tuple(broadcast_to(x, shape) for x in arrays)


def copy(x: Any) -> Any:
    """Return `x` as a node of its own, through which gradients flow as through `x`."""
    return positive(x)


def astype(x: Any, dtype: Any) -> Any:
    """Return `x` in another floating-point precision."""
    return apply(_astype, x, params={"dtype": floating(dtype)})


def in_precision_of(x: Any, y: Any) -> Any:
    """Return `y` in the dtype that `x` has; objects stay what they are."""
    dtype = constant("astype", primal(x)).dtype  # also where it is a list
    if isinstance(y, Node):
        return y if y.rank == 1 or y.primal.dtype == dtype else astype(y, dtype)
    y = constant("astype", y)  # nothing that holds a node may become a plain number here
    return y if is_object_array(y) else np.asarray(y, dtype)


def frozen(shape: Shape) -> Shape:
    """Return a shape or axes that no later change of the caller's list reaches."""
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
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
    analytic=True,
    latex=[r"\mathrm{{reshape}}({dz})"],
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
    analytic=True,
    latex=["{dz.T}"],
    formula="{x.T}",
)
_expand_dims = ArrayPrimitive(
    "expand_dims",
    lambda x, axis: np.expand_dims(x, axis),
    [lambda z_bar, z, x, axis: reshape(z_bar, np.shape(primal(x)))],
    "linear",
    analytic=True,
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
    analytic=True,
    latex=["{dz}"],
    formula=r"\mathrm{{broadcast}}({x})",
)


def _astype_array(x: Any, dtype: Any) -> Any:
    if is_object_array(x) and dtype != np.float64:
        raise DataError(f"astype: a Value holds a float64, not a {dtype}; use a Tensor")
    return np.array(x) if is_object_array(x) else np.asarray(x).astype(dtype)


_astype = ArrayPrimitive(
    "astype",
    _astype_array,
    [lambda z_bar, z, x, dtype: z_bar],  # the sweep brings a cotangent to its operand's dtype
    "linear",
    analytic=lambda x, dtype: x,  # what is complex stays so
    latex=["{dz}"],
)


def _full_like(x: Any, fill_value: Any) -> Any:
    return broadcast_to(in_precision_of(x, fill_value), np.shape(primal(x)))


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.reshape: reshape,
    np.ravel: ravel,
    np.squeeze: squeeze,
    np.atleast_1d: atleast_1d,
    np.atleast_2d: atleast_2d,
    np.atleast_3d: atleast_3d,
    np.transpose: transpose,
    np.swapaxes: swapaxes,
    np.moveaxis: moveaxis,
    np.rollaxis: rollaxis,
    np.matrix_transpose: matrix_transpose,
    np.expand_dims: expand_dims,
    np.broadcast_to: broadcast_to,
    np.broadcast_arrays: broadcast_arrays,
    np.copy: copy,
    np.full_like: _full_like,
}
if hasattr(np, "astype"):  # since NumPy 2.1
    NUMPY[np.astype] = astype
