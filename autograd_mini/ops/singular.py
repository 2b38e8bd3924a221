"""Singular values of matrices in the last two axes, and their vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import DispatchError
from autograd_mini.ops.elementwise import abs as abs_
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.linalg import swapped
from autograd_mini.ops.shaping import expand_dims
from autograd_mini.ops.solving import matrix_shape, of_numbers
from autograd_mini.ops.spectral import (
    EQUAL,
    along,
    between,
    diagonal,
    differences,
    off_diagonal,
    quotient,
    row,
)
from autograd_mini.ops.triangular import rows_of
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import primal

__all__ = [
    "svd",
    "svdvals",
]


class SVDResult(NamedTuple):
    """The left singular vectors (columns), the singular values, and the right ones (rows)."""

    U: Any
    S: Any
    Vh: Any


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return U (..., m, k), the singular values (..., k), and Vᵀ (..., k, n), k = min(m, n).

    A sweep through vectors of equal singular values, or through those of a zero one if the matrix
    is not square, raises `DegeneracyError`.

    Args:
        a: matrices (..., m, n).
        full_matrices: must be False unless m = n: the further columns of U or rows of Vᵀ are any
            basis of a space and have no derivative.
        compute_uv: give the vectors too; otherwise the singular values alone are returned.

    Raises:
        DispatchError: `full_matrices` is True and m is not n.
    """
    if not compute_uv:
        return svdvals(a)
    m, n = matrix_shape("svd", a)
    if full_matrices and m != n:
        raise DispatchError(
            f"svd of a matrix of shape ({m}, {n}) with full_matrices=True: the vectors that fill "
            "up the basis have no derivative; use full_matrices=False"
        )
    return SVDResult(*_svd_parts(apply(_svd, a), m))


def svdvals(x: Any) -> Any:
    """Return the singular values (..., min(m, n)) of matrices (..., m, n), in descending order.

    Equal ones have the derivatives that belong to the singular vectors NumPy finds.
    """
    return apply(_svdvals, x)


def _svd_parts(z: Any, m: int) -> tuple[Any, Any, Any]:
    return rows_of(z, None, m), row(z, m), swapped(rows_of(z, m + 1, None))


def _svd_array(x: Any) -> Any:
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, s[..., None, :], np.swapaxes(vt, -1, -2)], -2)


def _turns(p: Any, q: Any, s: Any, needed: Any) -> tuple[Any, Any]:
    """Return p / (s_j - s_i) and q / (s_j + s_i), where they are needed; q is 0 where i = j."""
    settings = {
        "sizes": s,
        "needed": off_diagonal(needed),
        "what": EQUAL.format("svd", "singular values", "svdvals"),
    }
    total = expand_dims(s, -2) + expand_dims(s, -1)
    return quotient(p, differences(s), **settings), quotient(q, total, **settings)


def _over(x: Any, s: Any) -> Any:
    """Return columns divided by the singular values."""
    return quotient(
        x,
        expand_dims(s, -2),
        sizes=s,
        needed=x,
        what="svd: a singular value is zero to rounding, so its vectors have no derivative. If "
        "only the values count, use svdvals",
    )


def _svd_vjp(z_bar: Any, z: Any, x: Any) -> Any:
    m, n = np.shape(primal(x))[-2:]
    u, s, vt = _svd_parts(z, m)
    u_bar, s_bar, vt_bar = _svd_parts(z_bar, m)
    of_u, of_v = swapped(u) @ u_bar, vt @ swapped(vt_bar)
    turn_u, turn_v = of_u - swapped(of_u), of_v - swapped(of_v)
    needed = abs_(of_u) + abs_(of_v)
    p, q = _turns(turn_u + turn_v, turn_u - turn_v, s, needed)
    x_bar = (u * expand_dims(s_bar, -2) + u @ (0.5 * (p + q))) @ vt
    if m > n:
        x_bar = x_bar + _over(u_bar - u @ of_u, s) @ vt
    if n > m:
        x_bar = x_bar + u @ swapped(_over(swapped(vt_bar) - swapped(vt) @ of_v, s))
    return x_bar


def _svd_jvp(x_dot: Any, z: Any, x: Any) -> Any:
    m, n = np.shape(primal(x))[-2:]
    u, s, vt = _svd_parts(z, m)
    v = swapped(vt)
    e = swapped(u) @ x_dot @ v
    p, q = _turns(e + swapped(e), e - swapped(e), s, e)
    u_dot, v_dot = u @ (0.5 * (p + q)), v @ (0.5 * (p - q))
    if m > n:
        u_dot = u_dot + _over(x_dot @ v - u @ e, s)
    if n > m:
        v_dot = v_dot + _over(swapped(x_dot) @ u - v @ swapped(e), s)
    return concatenate([u_dot, expand_dims(diagonal(e), -2), v_dot], -2)


_svd = ArrayPrimitive(
    "svd",
    of_numbers("svd", _svd_array),
    [_svd_vjp],
    [_svd_jvp],
    latex=[r"U\,(\mathrm{{diag}}({dz})+F\odot U^{{T}}\,{dz})\,V^{{T}}+\cdots"],
    convention="vectors of equal singular values, or zero ones: DegeneracyError",
)
# One array: U, below it the singular values as a row, below them V.


def _svdvals_vjp(z_bar: Any, z: Any, x: Any) -> Any:
    u, _, vt = svd(x, full_matrices=False)
    return between(z_bar, u, swapped(vt))


def _svdvals_jvp(x_dot: Any, z: Any, x: Any) -> Any:
    u, _, vt = svd(x, full_matrices=False)
    return along(x_dot, u, swapped(vt))


_svdvals = ArrayPrimitive(
    "svdvals",
    of_numbers("svdvals", np.linalg.svdvals),
    [_svdvals_vjp],
    [_svdvals_jvp],
    latex=[r"U\,\mathrm{{diag}}({dz})\,V^{{T}}"],
    convention="equal or zero values: as their singular vectors say",
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.svd: svd,
    np.linalg.svdvals: svdvals,
}
