"""The rows of `linalg`: each builds a matrix of the kind that the function takes from any other.

A difference moves the operand; that the matrix stays symmetric, positive definite or well away from
singular is the business of the function that builds it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.primitive import REGISTRY
from tests.table.case import Case, Sampler, Shape, nonzero, real

SQUARES: tuple[Shape, ...] = ((3, 3), (2, 2), (1, 1), (2, 3, 3), (2, 1, 2, 2), (0, 0), (0, 2, 2))
"""Shapes of stacks of square matrices."""

TALL_AND_WIDE: tuple[Shape, ...] = (
    *((3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (3, 1), (1, 3), (1, 1)),
    *((0, 2, 2), (0, 0)),
)
"""Shapes of stacks of any matrices."""


def mirrored(x: Any) -> Any:
    """Return the transposes of a stack of matrices."""
    axes = [*range(np.ndim(am.data(x)))]
    axes[-2:] = axes[:-3:-1]
    return am.transpose(x, axes)


def along_diagonal(x: Any, step: float) -> Any:
    """Return a constant, 1, 2, 3 ... times `step` on the diagonal, in the shape and dtype of x."""
    m, n = am.data(x).shape[-2:]
    return (step * np.eye(m, n) * np.arange(1, n + 1)).astype(am.data(x).dtype)


def invertible(x: Any) -> Any:
    """Return x + 3 D: each matrix is far from singular."""
    return x + along_diagonal(x, 3.0)


def tame(x: Any) -> Any:
    """Return an invertible matrix whose powers do not grow much."""
    return 0.3 * invertible(x)


def symmetric(x: Any) -> Any:
    """Return a symmetric matrix whose eigenvalues lie far apart."""
    return 0.3 * (x + mirrored(x)) + along_diagonal(x, 4.0)


def definite(x: Any) -> Any:
    """Return x xᵀ + 3 D."""
    return am.matmul(x, mirrored(x)) + along_diagonal(x, 3.0)


def spread(x: Any) -> Any:
    """Return a matrix whose singular values lie far apart, and far from 0."""
    return 0.3 * x + along_diagonal(x, 4.0)


def singular(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw matrices whose last column is the first."""
    x = rng.integers(1, 4, shape) * rng.choice([-0.5, 0.5], shape)
    x[..., -1] = x[..., 0]
    return x


def of_rank_one(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw matrices whose columns are all the same."""
    return singular(rng, (*shape[:-1], 1)) + np.zeros(shape)


def rank_one(x: Any) -> Any:
    """Return the product of a column and a row of x."""
    return x[..., :1] * x[..., :1, :]


def cases(
    name: str,
    function: Callable[..., Any],
    reference: Callable[..., Any],
    build: Callable[[Any], Any],
    shapes: tuple[Shape, ...],
    sampler: Sampler = real,
    **settings: Any,
) -> list[Case]:
    """Return the cases of a function of one matrix, built from an operand."""
    return [
        Case(
            f"{name}-{build.__name__}-{sampler.__name__}-{shape}-{settings}",
            lambda x: function(build(x), **settings),
            lambda x: np.asarray(reference(build(x), **settings)),
            (shape,),
            (sampler,),
        )
        for shape in shapes
    ]


def itself(x: Any) -> Any:
    """Return the operand."""
    return x


def cofactors(x: np.ndarray) -> np.ndarray:
    """Return the determinants of what is left of x without a row and a column, with signs."""
    n = x.shape[-1]
    z = np.zeros_like(x)
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(x, i, -2), j, -1)
            z[..., i, j] = (-1) ** (i + j) * expanded(minor)
    return z


def expanded(x: np.ndarray) -> np.ndarray:
    """Return the determinant by its expansion along the first row (Laplace)."""
    if not x.shape[-1]:
        return np.ones(x.shape[:-2], x.dtype)
    return sum(
        (-1) ** j * x[..., 0, j] * expanded(np.delete(x[..., 1:, :], j, -1))
        for j in range(x.shape[-1])
    )


def cofactor_slope(x: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Return the derivative of the cofactors along e: exactly, by expanding each."""
    z = np.zeros(np.broadcast_shapes(x.shape, e.shape), x.dtype)
    n = x.shape[-1]
    for i in range(n):
        for j in range(n):
            minor, slope = (np.delete(np.delete(a, i, -2), j, -1) for a in (x, e))
            for k in range(n - 1):  # the determinant is linear in each row
                mixed = minor.copy()
                mixed[..., k, :] = slope[..., k, :]
                z[..., i, j] += (-1) ** (i + j) * expanded(mixed)
    return z


SOLVE_SHAPES: tuple[tuple[Shape, Shape], ...] = (
    *(((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2))),
    *(((3, 3), (2, 3, 1)), ((2, 1, 2, 2), (3, 2, 2)), ((1, 1), (1,)), ((0, 0), (0, 2))),
    *(((0, 2, 2), (2, 1)), ((2, 2), (2, 0))),
)


def parts(function: Callable[..., Any], i: int) -> Callable[..., Any]:
    """Return the function that gives one of several results."""
    return lambda *x, **settings: function(*x, **settings)[i]


def norms() -> list[Case]:
    """Return the cases of vector and matrix norms, over axes, with and without keepdims."""
    calls: list[tuple[Shape, Any, Any, Sampler]] = [
        *(((4,), ord, None, nonzero) for ord in (None, 2, 1, 0, np.inf, -np.inf, 3, 2.5, 0.5, -1)),
        *(((4,), ord, None, nonzero) for ord in (-2, -2.5)),
        *(((2, 3), ord, 1, nonzero) for ord in (None, 1, 3, np.inf, -1)),
        *(((2, 3, 2), ord, -2, nonzero) for ord in (2, 1.5)),
        *(((3, 2), ord, None, real) for ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
        *(((2, 3, 3), ord, (1, 2), real) for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
        *(((2, 3, 4), ord, (2, 0), real) for ord in (None, "nuc", 1, 2, np.inf)),
        ((2, 3, 2), None, None, real),
        ((1, 3), None, 0, nonzero),
        ((1, 3), 3, 0, nonzero),
        ((1, 1), 2, None, nonzero),
        ((0, 3), 2, 1, real),
        ((0, 3), 3, 1, real),
        ((2, 0), 2, 1, real),
        ((2, 0), 3, 1, real),
        ((0,), None, None, real),
        ((0, 2, 2), "nuc", (1, 2), real),
        ((0, 2, 2), 2, (1, 2), real),
    ]
    return [
        Case(
            f"norm-{shape}-{ord}-{axis}-{'kept' if kept else 'dropped'}",
            lambda x, s=(ord, axis, kept): am.linalg.norm(x, *s),
            lambda x, s=(ord, axis, kept): np.asarray(np.linalg.norm(x, *s)),
            (shape,),
            (sampler,),
        )
        for shape, ord, axis, sampler in calls
        for kept in (False, True)
    ]


ROWS: dict[str, list[Case]] = {
    "inv": cases("inv", am.linalg.inv, np.linalg.inv, invertible, SQUARES),
    "solve": [
        Case(
            f"solve-{shapes}",
            lambda a, b: am.linalg.solve(invertible(a), b),
            lambda a, b: np.linalg.solve(invertible(a), b),
            shapes,
            (real, real),
        )
        for shapes in SOLVE_SHAPES
    ],
    "det": [
        *cases("det", am.linalg.det, expanded, itself, SQUARES),
        *cases("det", am.linalg.det, expanded, itself, ((2, 2), (3, 3), (2, 3, 3)), singular),
        *cases("det", am.linalg.det, expanded, itself, ((2, 2), (3, 3), (4, 4)), of_rank_one),
    ],
    "cofactor": cases("cofactor", REGISTRY["cofactor"], cofactors, itself, SQUARES),
    "cofactor_slope": [
        Case(
            f"cofactor_slope-{shape}",
            lambda x, e: REGISTRY["cofactor_slope"](invertible(x), e),
            lambda x, e: cofactor_slope(invertible(x), e),
            (shape, shape),
            (real, real),
        )
        for shape in SQUARES
    ],
    "slogdet": [
        *cases(
            "slogdet",
            parts(am.linalg.slogdet, 0),
            lambda x: np.sign(expanded(x)),
            invertible,
            SQUARES[:4],
        ),
        *cases(
            "slogdet",
            parts(am.linalg.slogdet, 1),
            lambda x: np.log(np.abs(expanded(x))),
            invertible,
            SQUARES,
        ),
    ],
    "pinv": [
        *cases("pinv", am.linalg.pinv, np.linalg.pinv, spread, TALL_AND_WIDE),
        *cases("pinv", am.linalg.pinv, np.linalg.pinv, definite, ((2, 2),), hermitian=True),
        # of rank one, and so is every neighbour that the function builds
        *cases(
            "pinv",
            am.linalg.pinv,
            np.linalg.pinv,
            rank_one,
            ((3, 2), (2, 2, 3)),
            rcond=1e-5,
        ),
    ],
    "matrix_power": [
        case
        for n in (0, 1, 2, 3, 6, -1, -3)
        for case in cases(
            "matrix_power",
            am.linalg.matrix_power,
            np.linalg.matrix_power,
            tame,
            ((3, 3), (2, 2, 2), (0, 0)),
            n=n,
        )
    ],
    "cholesky": [
        *cases("cholesky", am.linalg.cholesky, np.linalg.cholesky, definite, SQUARES),
        *cases(
            "cholesky", am.linalg.cholesky, np.linalg.cholesky, definite, ((2, 3, 3),), upper=True
        ),
    ],
    "qr": [
        *cases("qr", parts(am.linalg.qr, 0), parts(np.linalg.qr, 0), spread, TALL_AND_WIDE),
        *cases("qr", parts(am.linalg.qr, 1), parts(np.linalg.qr, 1), spread, TALL_AND_WIDE),
        *cases("qr", am.linalg.qr, np.linalg.qr, spread, ((3, 2),), mode="r"),
    ],
    "eigh": [
        case
        for i in (0, 1)
        for settings in ({}, {"UPLO": "U"})
        for case in cases(
            "eigh",
            parts(am.linalg.eigh, i),
            parts(np.linalg.eigh, i),
            symmetric,
            SQUARES[: None if not settings else 1],
            **settings,
        )
    ],
    "eigvalsh": cases("eigvalsh", am.linalg.eigvalsh, np.linalg.eigvalsh, symmetric, SQUARES),
    "svd": [
        case
        for i in (0, 1, 2)
        for case in cases(
            "svd",
            parts(am.linalg.svd, i),
            parts(np.linalg.svd, i),
            spread,
            TALL_AND_WIDE,
            full_matrices=False,
        )
    ],
    "svdvals": cases("svdvals", am.linalg.svdvals, np.linalg.svdvals, spread, TALL_AND_WIDE),
    "norm": norms(),
    "p_norm": [
        Case(
            f"p_norm-{shape}-{p}",
            lambda x, p=p: am.linalg.vector_norm(x, ord=p),
            lambda x, p=p: np.asarray((np.abs(x) ** p).sum() ** (1 / p)),
            (shape,),
            (nonzero,),
        )
        for shape in ((3,), (2, 3), ())
        for p in (3, 1.5, -2)
    ],
    "vector_norm": [
        Case(
            f"vector_norm-{axis}",
            lambda x, axis=axis: am.linalg.vector_norm(x, axis=axis, keepdims=True),
            lambda x, axis=axis: np.sqrt((x * x).sum(axis, keepdims=True)),
            ((2, 3, 2),),
            (real,),
        )
        for axis in (None, 1, (0, 2))
    ],
    "matrix_norm": cases(
        "matrix_norm", am.linalg.matrix_norm, np.linalg.matrix_norm, itself, ((3, 2), (2, 3, 3))
    ),
}
