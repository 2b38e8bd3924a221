"""Inverses, linear systems and determinants, of stacks of matrices in the last two axes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import DataError
from autograd_mini.ops.elementwise import where
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.joining import stack
from autograd_mini.ops.linalg import matmul, swapped, without_axis
from autograd_mini.ops.products import ndim
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.ops.shaping import expand_dims
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import is_object_array, primal

__all__ = [
    "det",
    "inv",
    "matrix_power",
    "pinv",
    "slogdet",
    "solve",
]

_MATRIX = (-2, -1)


def of_numbers(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays of numbers, which refuses arrays of `Value`s."""

    def checked(*operands: Any, **params: Any) -> Any:
        if any(map(is_object_array, operands)):
            raise DataError(
                f"linalg.{name} works on arrays of numbers, not on object arrays of Values; make "
                "the numbers a Tensor: Tensor(data(values))"
            )
        return function(*operands, **params)

    return checked


def matrix_shape(name: str, x: Any) -> tuple[int, int]:
    """Return the lengths of the last two axes, or raise `LinAlgError` if there are not as many."""
    shape = np.shape(primal(x))
    if len(shape) < 2:
        raise np.linalg.LinAlgError(f"{name} takes matrices, in two axes or more, got {shape}")
    return shape[-2], shape[-1]


inv = ArrayPrimitive(
    "inv",
    of_numbers("inv", np.linalg.inv),
    [lambda z_bar, z, x: -(swapped(z) @ z_bar @ swapped(z))],
    [lambda x_dot, z, x: -(z @ x_dot @ z)],
    latex=[r"-{z.T}\,{dz}\,{z.T}"],
    formula="{x}^{{-1}}",
    convention="singular: raises LinAlgError",
    analytic=np.linalg.inv,
)

_solve: ArrayPrimitive = ArrayPrimitive(
    "solve",
    of_numbers("solve", np.linalg.solve),
    [
        lambda z_bar, z, x, y: -(_solve(swapped(x), z_bar) @ swapped(z)),
        lambda z_bar, z, x, y: _solve(swapped(x), z_bar),
    ],
    [
        lambda x_dot, z, x, y: -_solve(x, x_dot @ z),
        lambda y_dot, z, x, y: _solve(x, y_dot),
    ],
    latex=[r"-({x.T})^{{-1}}\,{dz}\,{z.T}", r"({x.T})^{{-1}}\,{dz}"],
    formula=r"{x}^{{-1}}\,{y}",
    convention="singular: raises LinAlgError",
    analytic=np.linalg.solve,
)


def solve(a: Any, b: Any) -> Any:
    """Return x with a x = b, for matrices `a` (..., n, n).

    Args:
        a: the matrices.
        b: the right-hand sides: matrices (..., n, k) or, as NumPy has it, one vector (n,).

    Raises:
        LinAlgError: a matrix is singular.
    """
    if ndim(b) == 1:
        return without_axis(_solve(a, expand_dims(b, -1)), -1)
    return _solve(a, b)


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


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Return the pseudoinverse (..., n, m) of matrices (..., m, n); see `np.linalg.pinv`.

    Its derivative is that within the matrices of the same rank.

    Args:
        a: the matrices.
        rcond: singular values that are smaller than this times the largest count as zero.
        hermitian: the matrices are symmetric.
        rtol: another name of `rcond`.
    """
    params = {"rcond": rcond, "hermitian": hermitian, "rtol": rtol}
    return apply(_pinv, a, params={name: s for name, s in params.items() if s is not None})


def _pinv_slope(e: Any, z: Any, x: Any) -> Any:
    """Return how the pseudoinverse z of x changes with x along e, at constant rank.

    The three terms (Golub and Pereyra 1973) are the inverse's, and what turns the column space and
    the row space.
    """
    zt, et = swapped(z), swapped(e)
    columns = et - (et @ x) @ z
    rows = et - z @ (x @ et)
    return -(z @ e @ z) + z @ (zt @ columns) + (rows @ zt) @ z


_pinv = ArrayPrimitive(
    "pinv",
    of_numbers("pinv", lambda x, **settings: np.linalg.pinv(x, **settings)),
    [lambda z_bar, z, x, **settings: _pinv_vjp(z_bar, z, x)],
    [lambda x_dot, z, x, **settings: _pinv_slope(x_dot, z, x)],
    latex=[r"-{z.T}\,{dz}\,{z.T}+\cdots"],
    formula="{x}^{{+}}",
    convention="the derivative at constant rank",
)


def _pinv_vjp(z_bar: Any, z: Any, x: Any) -> Any:
    zt, bar_t = swapped(z), swapped(z_bar)
    columns = bar_t - x @ (z @ bar_t)
    rows = bar_t - (bar_t @ z) @ x
    return -(zt @ z_bar @ zt) + (columns @ z) @ zt + zt @ (z @ rows)


def matrix_power(a: Any, n: int) -> Any:
    """Return square matrices to the power of an integer; a negative one inverts them.

    Raises:
        LinAlgError: the matrices are not square, or singular and the power negative.
        TypeError: the power is no integer.
    """
    n, shape = operator.index(n), matrix_shape("matrix_power", a)
    if shape[0] != shape[1]:
        raise np.linalg.LinAlgError(f"matrix_power takes square matrices, got {shape}")
    if n == 0:
        unit = np.eye(shape[1], dtype=getattr(primal(a), "dtype", float))
        return where(0.0, a, unit)  # on the tape, with derivative zero
    base = power = inv(a) if n < 0 else a
    for digit in f"{abs(n):b}"[1:]:
        power = matmul(power, power)
        if digit == "1":
            power = matmul(power, base)
    return power


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.det: det,
    np.linalg.inv: inv,
    np.linalg.matrix_power: matrix_power,
    np.linalg.pinv: pinv,
    np.linalg.slogdet: slogdet,
    np.linalg.solve: solve,
}
