"""Decompositions into triangular factors, of stacks of matrices in the last two axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import DispatchError
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.linalg import swapped
from autograd_mini.ops.solving import matrix_shape, of_numbers, solve
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import primal

__all__ = [
    "cholesky",
    "qr",
]


def rows_of(x: Any, first: int | None, last: int | None) -> Any:
    """Return some rows of each matrix."""
    return getitem(x, (..., slice(first, last), slice(None)))


def symmetric(x: Any) -> Any:
    """Return the mean of square matrices and their transposes."""
    return 0.5 * (x + swapped(x))


def mask(x: Any, kind: Callable[..., Any]) -> Any:
    """Return `np.eye`, `np.tri` ... of the size and dtype of square matrices."""
    return kind(np.shape(primal(x))[-1], dtype=primal(x).dtype)


def _lower(x: Any) -> Any:
    """Return the lower triangle of a matrix, the diagonal halved."""
    return x * (mask(x, np.tri) - 0.5 * mask(x, np.eye))


def _cholesky_vjp(z_bar: Any, z: Any, x: Any) -> Any:
    zt = swapped(z)
    half = swapped(solve(zt, swapped(_lower(zt @ z_bar))))
    return symmetric(solve(zt, half))


def _cholesky_jvp(x_dot: Any, z: Any, x: Any) -> Any:
    half = swapped(solve(z, symmetric(x_dot)))
    return z @ _lower(solve(z, half))


def cholesky(a: Any, *, upper: bool = False) -> Any:
    """Return the triangular L with a = L Lᵀ, or with `upper` the U with a = Uᵀ U.

    NumPy reads that triangle alone and takes the matrix as symmetric; so does the derivative,
    which goes to both triangles in equal parts.

    Raises:
        LinAlgError: a matrix is not positive definite.
    """
    return swapped(cholesky(swapped(a))) if upper else apply(_cholesky, a)


_cholesky = ArrayPrimitive(
    "cholesky",
    of_numbers("cholesky", np.linalg.cholesky),
    [_cholesky_vjp],
    [_cholesky_jvp],
    latex=[r"({z.T})^{{-1}}\,\mathrm{{low}}({z.T}\,{dz})\,{z}^{{-1}}"],
    convention="the matrix counts as symmetric, and its derivative is made so",
)


class QRResult(NamedTuple):
    """The orthonormal columns Q, and the upper triangular R."""

    Q: Any
    R: Any


def qr(a: Any, mode: str = "reduced") -> Any:
    """Return Q (..., m, k) and R (..., k, n) with a = Q R, k = min(m, n); with mode "r" R alone.

    The first k columns must be independent where it is differentiated.

    Raises:
        DispatchError: another mode was asked for.
        LinAlgError: in a sweep: the columns depend on each other.
    """
    if mode not in ("reduced", "r"):
        raise DispatchError(f'qr takes the modes "reduced" and "r", got {mode!r}')
    m, n = matrix_shape("qr", a)
    both = apply(_qr, a if m >= n else getitem(a, (..., slice(None, m))))
    q, r = rows_of(both, None, m), rows_of(both, m, None)
    if m < n:  # the further columns take no part in Q
        r = concatenate([r, swapped(q) @ getitem(a, (..., slice(m, None)))], -1)
    return r if mode == "r" else QRResult(q, r)


def _over_transposed(x: Any, r: Any) -> Any:
    """Return x r⁻ᵀ."""
    return swapped(solve(r, swapped(x)))


def _strictly_lower(x: Any) -> Any:
    return x * (mask(x, np.tri) - mask(x, np.eye))


def _qr_vjp(z_bar: Any, z: Any, x: Any) -> Any:
    m = np.shape(primal(x))[-2]
    q, r, q_bar, r_bar = (
        rows_of(packed, *ends) for packed in (z, z_bar) for ends in ((None, m), (m, None))
    )
    both = r @ swapped(r_bar) - swapped(q_bar) @ q
    low = _strictly_lower(both)
    return _over_transposed(q_bar + q @ (low + swapped(low) + both * mask(both, np.eye)), r)


def _qr_jvp(x_dot: Any, z: Any, x: Any) -> Any:
    m = np.shape(primal(x))[-2]
    q, r = rows_of(z, None, m), rows_of(z, m, None)
    e = _over_transposed(x_dot, swapped(r))
    inside = swapped(q) @ e
    low = _strictly_lower(inside)
    kept = inside - low + swapped(low)  # upper triangular; what is taken away turns Q
    return concatenate([e - q @ kept, kept @ r], -2)


_qr = ArrayPrimitive(
    "qr",
    of_numbers("qr", lambda x: np.concatenate(np.linalg.qr(x), -2)),
    [_qr_vjp],
    [_qr_jvp],
    latex=[r"({dz}+Q\,\mathrm{{sym}}(R\,{dz.T}-{dz.T}\,Q))\,(R^{{T}})^{{-1}}"],
    convention="dependent columns: raises LinAlgError",
)
# One array, for at least as many rows as columns: Q, and below it R.


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.cholesky: cholesky,
    np.linalg.qr: qr,
}
