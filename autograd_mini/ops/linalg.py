"""The matrix product, for every pair of shapes that NumPy takes, and the linear layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.shaping import expand_dims, reshape, transpose
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.tape import is_object_array, primal

__all__ = [
    "linear",
    "matmul",
    "vdot",
]


def swapped(x: Any) -> Any:
    """Return the transposes of a stack of matrices."""
    ndim = np.ndim(primal(x))
    return x.T if ndim == 2 else transpose(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def _matmul_vjp_x(z_bar: Any, z: Any, x: Any, y: Any) -> Any:
    """Return z_bar yᵀ; a vector y or x lacks the axis that is put back for the product."""
    if np.ndim(primal(y)) == 1:
        return expand_dims(z_bar, -1) * y
    if np.ndim(primal(x)) == 1:
        return without_axis(expand_dims(z_bar, -2) @ swapped(y), -2)
    return z_bar @ swapped(y)


def _matmul_vjp_y(z_bar: Any, z: Any, x: Any, y: Any) -> Any:
    """Return xᵀ z_bar, in the same way."""
    if np.ndim(primal(x)) == 1:
        z_bar = expand_dims(z_bar, -1 if np.ndim(primal(y)) == 1 else -2)
        return z_bar * (x if np.ndim(primal(y)) == 1 else expand_dims(x, -1))
    if np.ndim(primal(y)) == 1:
        return without_axis(swapped(x) @ expand_dims(z_bar, -1), -1)
    return swapped(x) @ z_bar


def without_axis(x: Any, axis: int) -> Any:
    """Return `x` without an axis of length 1."""
    shape = list(np.shape(primal(x)))
    del shape[axis]
    return reshape(x, shape)


matmul = ArrayPrimitive(
    "matmul",
    np.matmul,
    [_matmul_vjp_x, _matmul_vjp_y],
    "linear",
    symbol="@",
    latex=[r"{dz}\,{y.T}", r"{x.T}\,{dz}"],
    formula=r"{x}\,{y}",
    analytic=True,
)


def _flat_dot(x: Any, y: Any) -> Any:
    return np.dot(np.ravel(x), np.ravel(y))


def _vdot_array(x: Any, y: Any) -> Any:
    """Return NumPy's vdot, which would conjugate where `Value`s are real numbers."""
    return _flat_dot(x, y) if is_object_array(x) or is_object_array(y) else np.vdot(x, y)


def _shaped_like(y: Any, x: Any) -> Any:
    shape = np.shape(primal(x))
    return y if np.shape(primal(y)) == shape else reshape(y, shape)


vdot = ArrayPrimitive(
    "vdot",
    _vdot_array,
    [
        lambda z_bar, z, x, y: z_bar * _shaped_like(y, x),
        lambda z_bar, z, x, y: z_bar * _shaped_like(x, y),
    ],
    "linear",
    latex=[r"{dz}\,{y}", r"{dz}\,{x}"],
    formula=r"\sum {x}\odot {y}",
    analytic=_flat_dot,
)
# The sum of the products of corresponding elements, of two arrays that are read as vectors.


def _linear_vjp_w(z_bar: Any, z: Any, x: Any, w: Any, b: Any) -> Any:
    """Return dW = dzᵀ x; leading axes, if any, are samples too."""
    if np.ndim(primal(x)) != 2:
        n_out, n_in = np.shape(primal(w))
        m = math.prod(np.shape(primal(x))[:-1])
        z_bar, x = reshape(z_bar, (m, n_out)), reshape(x, (m, n_in))
    return z_bar.T @ x


def _linear_array(x: Any, w: Any, b: Any, out: Any = None) -> Any:
    z = x @ w.T if out is None else np.matmul(x, w.T, out=out)
    fits = out is not None or (isinstance(b, np.ndarray) and b.dtype == z.dtype)
    return np.add(z, b, out=z if fits else None)  # in place: one array less to allocate


linear = ArrayPrimitive(
    "linear",
    _linear_array,
    [
        lambda z_bar, z, x, w, b: z_bar @ w,
        _linear_vjp_w,
        lambda z_bar, z, x, w, b: z_bar,  # the sweep sums over the samples
    ],
    [
        lambda x_dot, z, x, w, b: x_dot @ w.T,
        lambda w_dot, z, x, w, b: x @ w_dot.T,
        lambda b_dot, z, x, w, b: b_dot,
    ],
    latex=[r"{dz}\,{y}", r"{dz.T}\,{x}", "{dz}"],
    formula=r"{x}\,{y.T}+{w}",
    analytic=True,
)
# z = x Wᵀ + b for x (..., n_in), W (n_out, n_in), b (n_out,): one node where `x @ W.T + b` makes
# three, with no transposed copy of dW.


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {np.vdot: vdot}
