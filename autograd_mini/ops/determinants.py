"""Determinants, of stacks of matrices in the last two axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.joining import stack
from autograd_mini.ops.linalg import swapped
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.ops.shaping import expand_dims
from autograd_mini.ops.solving import inv, of_numbers
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.tape import primal

__all__ = [
    "det",
    "slogdet",
]

_MATRIX = (-2, -1)

# The determinant is a polynomial, so its derivatives exist for singular matrices too. With the
# singular values s of x = U S Vᵀ they are sums of products of all s but one, or but two, in which
# nothing is divided by an s.


def _products_but(s: Any, left_out: int) -> Any:
    """Return the products of all numbers along the last axis but one (n,), or but two (n, n)."""
    zero = s == 0
    logs = np.log(np.where(zero, 1, s))  # the sum of logarithms does not overflow, as products do
    total, zeros = logs.sum(-1, keepdims=True), zero.sum(-1, keepdims=True)
    total, zeros = total - logs, zeros - zero
    if left_out == 2:
        total = total[..., None] - logs[..., None, :]
        zeros = zeros[..., None] - zero[..., None, :]
    return np.where(zeros == 0, np.exp(total), 0)


def _turns(u: Any, v: Any) -> Any:
    """Return det(u) det(v) of orthogonal matrices, 1 or -1, to multiply matrices with."""
    return np.rint(np.linalg.det(u) * np.linalg.det(v))[..., None, None]


def _cofactor_array(x: Any) -> Any:
    u, s, v = np.linalg.svd(x)
    return _turns(u, v) * ((u * _products_but(s, 1)[..., None, :]) @ v)


def _cofactor_slope_array(x: Any, e: Any) -> Any:
    u, s, v = np.linalg.svd(x)
    e = np.swapaxes(u, -1, -2) @ e @ np.swapaxes(v, -1, -2)
    products = np.where(np.eye(s.shape[-1], dtype=bool), 0, _products_but(s, 2))
    diagonal = (products @ np.diagonal(e, axis1=-2, axis2=-1)[..., None])[..., 0]
    slope = (u * diagonal[..., None, :]) @ v - u @ (products * np.swapaxes(e, -1, -2)) @ v
    return _turns(u, v) * slope


def _cofactor_slope_by_x(y_bar: Any, z: Any, x: Any, e: Any) -> Any:
    """Return the third derivative of det(x) along `y_bar` and `e`, for an invertible x.

    Its terms cancel, the more so the nearer x is to a singular matrix.

    Raises:
        LinAlgError: it is so near that no digit would be right.
    """
    b = inv(x)
    size, inverse_size = (np.linalg.norm(primal(m), axis=_MATRIX) for m in (x, b))
    if (size * inverse_size > np.finfo(size.dtype).eps ** -0.5).any():
        raise np.linalg.LinAlgError("the third derivative of det needs an invertible matrix")
    first, second = b @ y_bar, b @ e
    t1, t2, t12 = (
        sum_(m * n, _MATRIX, keepdims=True)
        for m, n in ((y_bar, swapped(b)), (e, swapped(b)), (first, swapped(second)))
    )
    crossed = first @ second @ b + second @ first @ b
    slope = (t1 * t2 - t12) * b - t2 * (first @ b) - t1 * (second @ b) + crossed
    return expand_dims(det(x), _MATRIX) * swapped(slope)


_cofactor_slope: ArrayPrimitive = ArrayPrimitive(
    "cofactor_slope",
    of_numbers("det", _cofactor_slope_array),
    [_cofactor_slope_by_x, lambda z_bar, z, x, e: _cofactor_slope(x, z_bar)],
    [_cofactor_slope_by_x, lambda e_dot, z, x, e: _cofactor_slope(x, e_dot)],
    latex=[
        r"\frac{{\partial^3\det({x})}}{{\partial {x}^3}}\,{y}\,{dz}",
        r"\frac{{\partial^2\det({x})}}{{\partial {x}^2}}\,{dz}",
    ],
    convention="singular: raises LinAlgError",
    analytic=lambda x, e: _slope_by_inverse(np.linalg.det(x), np.linalg.inv(x), e),
)
# How the cofactors of x change along e.


def _slope_by_inverse(d: Any, b: Any, e: Any) -> Any:
    b = np.swapaxes(b, -1, -2)
    slope = np.sum(b * e, _MATRIX, keepdims=True) * b - b @ np.swapaxes(e, -1, -2) @ b
    return d[..., None, None] * slope


_cofactor = ArrayPrimitive(
    "cofactor",
    of_numbers("det", _cofactor_array),
    [lambda z_bar, z, x: _cofactor_slope(x, z_bar)],
    [lambda x_dot, z, x: _cofactor_slope(x, x_dot)],
    latex=[r"\frac{{\partial^2\det({x})}}{{\partial {x}^2}}\,{dz}"],
    formula=r"\mathrm{{cof}}({x})",
    analytic=lambda x: np.linalg.det(x)[..., None, None] * np.swapaxes(np.linalg.inv(x), -1, -2),
)
# The derivative of the determinant by each entry of the matrix: the transpose of its adjugate.


det: ArrayPrimitive = ArrayPrimitive(
    "det",
    of_numbers("det", np.linalg.det),
    [lambda z_bar, z, x: expand_dims(z_bar, _MATRIX) * _cofactor(x)],
    [lambda x_dot, z, x: sum_(x_dot * _cofactor(x), _MATRIX)],
    latex=[r"{dz}\,\mathrm{{cof}}({x})"],
    formula=r"\det({x})",
    convention="singular: right to second order; third derivatives raise LinAlgError",
    analytic=np.linalg.det,
)


class SlogdetResult(NamedTuple):
    """The sign of a determinant, which has derivative zero, and the logarithm of its size."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """Return sign and logarithm of the absolute value of the determinant, without overflow."""
    both = _slogdet(a)
    return SlogdetResult(getitem(both, 0), getitem(both, 1))


def _slogdet_jvp(x_dot: Any, z: Any, x: Any) -> Any:
    log_dot = sum_(x_dot * swapped(inv(x)), _MATRIX)
    return stack([np.zeros_like(primal(log_dot)), log_dot])


_slogdet = ArrayPrimitive(
    "slogdet",
    of_numbers("slogdet", lambda x: np.stack(np.linalg.slogdet(x))),
    [lambda z_bar, z, x: expand_dims(getitem(z_bar, 1), _MATRIX) * swapped(inv(x))],
    [_slogdet_jvp],
    latex=[r"{dz}\,({x.T})^{{-1}}"],
    convention="the sign: 0; singular: raises LinAlgError",
)
# One array, the sign in front of the logarithm: both come from one factorisation.


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
}
