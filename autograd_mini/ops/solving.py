"""Inverses and linear systems, of stacks of matrices in the last two axes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.errors import DataError
from autograd_mini.ops.elementwise import where
from autograd_mini.ops.linalg import matmul, swapped, without_axis
from autograd_mini.ops.products import ndim
from autograd_mini.ops.shaping import expand_dims
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import is_object_array, primal

__all__ = [
    "inv",
    "matrix_power",
    "pinv",
    "solve",
]


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
    np.linalg.inv: inv,
    np.linalg.matrix_power: matrix_power,
    np.linalg.pinv: pinv,
    np.linalg.solve: solve,
}
