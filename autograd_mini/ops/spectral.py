"""Eigenvalues and eigenvectors of symmetric matrices, in the last two axes.

Where a decomposition has several parts they are computed as one array, which `getitem` takes apart:
one node of the tape is one call of LAPACK, forward and in the sweeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import DegeneracyError
from autograd_mini.ops.elementwise import abs as abs_
from autograd_mini.ops.elementwise import greater, less_equal, not_equal
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.linalg import swapped
from autograd_mini.ops.reductions import max as max_
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.ops.shaping import expand_dims
from autograd_mini.ops.solving import of_numbers
from autograd_mini.ops.subscripts import einsum
from autograd_mini.ops.triangular import mask, rows_of, symmetric
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import Node, primal

__all__ = [
    "eigh",
    "eigvalsh",
]


def row(x: Any, i: int) -> Any:
    """Return one row of each matrix."""
    return getitem(x, (..., i, slice(None)))


def diagonal(x: Any) -> Any:
    """Return the diagonal of each matrix."""
    return einsum("...ii->...i", x)


def quotient(x: Any, d: Any, *, sizes: Any, needed: Any, what: str) -> Any:
    """Return x / d, and 0 where d vanishes, if nothing is needed there.

    Args:
        x: a numerator.
        d: a denominator, made of singular values or eigenvalues; it may vanish where x does.
        sizes: these values: d vanishes where it is smaller than their rounding error.
        needed: is 0 where the quotient does not count.
        what: the error's explanation.

    Raises:
        DegeneracyError: something is needed where d vanishes.
    """
    n, eps = np.shape(primal(sizes))[-1], np.finfo(primal(sizes).dtype).eps
    if not n:
        return x
    # Recorded, so that a replay with other matrices asks again; no derivative flows through it.
    floor = expand_dims(max_(abs_(sizes), -1), (-2, -1)) * (float(eps) * n)
    floor = floor.detach() if isinstance(floor, Node) else floor
    if np.any(less_equal(abs_(d), floor) * not_equal(needed, 0.0)):
        raise DegeneracyError(what)
    apart = greater(abs_(d), floor)
    return x * apart / (d + (1.0 - apart))


def differences(w: Any) -> Any:
    """Return w_j - w_i in row i and column j."""
    return expand_dims(w, -2) - expand_dims(w, -1)


def off_diagonal(x: Any) -> Any:
    """Return how large a matrix is off the diagonal, and 0 on it."""
    return abs_(x) * (1 - mask(primal(x), np.eye))


def between(d: Any, u: Any, v: Any) -> Any:
    """Return u diag(d) vᵀ."""
    return (u * expand_dims(d, -2)) @ swapped(v)


def along(x: Any, u: Any, v: Any) -> Any:
    """Return the diagonal of uᵀ x v."""
    return sum_(u * (x @ v), -2)


EQUAL = (
    "{}: two {} are equal to rounding, so that their vectors are any basis of a space and "
    "have no derivative. If only the values count, use {}"
)


class EighResult(NamedTuple):
    """The eigenvalues in ascending order, and the eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(a: Any, UPLO: str = "L") -> EighResult:  # noqa: N803  # NumPy's name
    """Return eigenvalues (..., n) and eigenvectors (..., n, n) of symmetric matrices.

    The derivative is one by a symmetric matrix: it goes to both triangles in equal parts, although
    only one is read. A sweep through vectors of equal eigenvalues raises `DegeneracyError`.

    Args:
        a: the matrices.
        UPLO: which triangle is read, "L" or "U".
    """
    both = apply(_eigh, a, params={"UPLO": UPLO})
    return EighResult(row(both, 0), rows_of(both, 1, None))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:  # noqa: N803
    """Return the eigenvalues (..., n) of symmetric matrices, in ascending order; see `eigh`.

    Equal ones have the derivatives that belong to the eigenvectors NumPy finds.
    """
    return apply(_eigvalsh, a, params={"UPLO": UPLO})


def _eigh_array(x: Any, UPLO: str) -> Any:  # noqa: N803
    w, v = np.linalg.eigh(x, UPLO)  # type: ignore[call-overload]  # NumPy checks the letter
    return np.concatenate([w[..., None, :], v], -2)


def _eigh_vjp(z_bar: Any, z: Any, x: Any, UPLO: str) -> Any:  # noqa: N803
    w, v, w_bar, v_bar = row(z, 0), rows_of(z, 1, None), row(z_bar, 0), rows_of(z_bar, 1, None)
    m = swapped(v) @ v_bar
    turn = quotient(
        0.5 * (m - swapped(m)),
        differences(w),
        sizes=w,
        needed=off_diagonal(m),
        what=EQUAL.format("eigh", "eigenvalues", "eigvalsh"),
    )
    return (v * expand_dims(w_bar, -2) + v @ turn) @ swapped(v)


def _eigh_jvp(x_dot: Any, z: Any, x: Any, UPLO: str) -> Any:  # noqa: N803
    w, v = row(z, 0), rows_of(z, 1, None)
    e = swapped(v) @ symmetric(x_dot) @ v
    turn = quotient(
        e,
        differences(w),
        sizes=w,
        needed=off_diagonal(e),
        what=EQUAL.format("eigh", "eigenvalues", "eigvalsh"),
    )
    return concatenate([expand_dims(diagonal(e), -2), v @ turn], -2)


_eigh = ArrayPrimitive(
    "eigh",
    of_numbers("eigh", _eigh_array),
    [_eigh_vjp],
    [_eigh_jvp],
    latex=[r"V\,(\mathrm{{diag}}({dz})+F\odot V^{{T}}\,{dz})\,V^{{T}}"],
    convention="the matrix counts as symmetric; vectors of equal eigenvalues: DegeneracyError",
)
# One array: the eigenvalues are the first row, and the eigenvectors stand below them.


def _eigvalsh_vjp(z_bar: Any, z: Any, x: Any, UPLO: str) -> Any:  # noqa: N803
    _, v = eigh(x, UPLO)
    return between(z_bar, v, v)


def _eigvalsh_jvp(x_dot: Any, z: Any, x: Any, UPLO: str) -> Any:  # noqa: N803
    _, v = eigh(x, UPLO)
    return along(symmetric(x_dot), v, v)


_eigvalsh = ArrayPrimitive(
    "eigvalsh",
    of_numbers("eigvalsh", np.linalg.eigvalsh),
    [_eigvalsh_vjp],
    [_eigvalsh_jvp],
    latex=[r"V\,\mathrm{{diag}}({dz})\,V^{{T}}"],
    convention="the matrix counts as symmetric; equal values: as their eigenvectors say",
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.eigh: eigh,
    np.linalg.eigvalsh: eigvalsh,
}
