"""The table as random programs use it: linear algebra, on well-conditioned matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.random_arrays import MATRIX, VECTOR, axes, fixed, operations
from tests.random_table import Operation


def square(m: Any, x: Any) -> Any:
    """Return well-conditioned square matrices, (..., 3, 3), with singular values far apart."""
    x = triple(m, x)
    y = x * 0.5 - 0.3
    return 0.1 * m.matrix_transpose(x) @ y + np.diag([1.0, 2.0, 3.0])


def symmetric(m: Any, x: Any) -> Any:
    """Return symmetric positive definite matrices, (..., 3, 3), with eigenvalues far apart."""
    x = triple(m, x)
    return 0.1 * m.matrix_transpose(x) @ x + np.diag([1.0, 2.0, 3.0])


def triple(m: Any, x: Any) -> Any:
    """Return arrays of shape (2, 3), or stacks of them if x has three axes."""
    return fixed(*((2, 2, 3) if np.ndim(x) > 2 else (2, 3)))(m, x)


def tall(m: Any, x: Any) -> Any:
    """Return well-conditioned matrices of full rank, (..., 4, 3)."""
    x = square(m, x)
    return m.concatenate([x, 0.5 * x[..., :1, :]], -2)


def wide(m: Any, x: Any) -> Any:
    """Return well-conditioned matrices of full rank, (..., 3, 4)."""
    return m.matrix_transpose(tall(m, x))


LINALG = [
    *operations(
        {
            "linalg.inv": lambda m, x: m.linalg.inv(x),
            "linalg.det": lambda m, x: m.linalg.det(x),
            "linalg.slogdet": lambda m, x: m.linalg.slogdet(x)[1],
            **{
                f"linalg.matrix_power {n}": lambda m, x, n=n: m.linalg.matrix_power(x, n)
                for n in (3, 1, -2)
            },
            "linalg.svdvals": lambda m, x: m.linalg.svdvals(x),
            "linalg.pinv": lambda m, x: m.linalg.pinv(x),
            "einsum of a diagonal": lambda m, x: m.einsum("...ii->...i", x),
        },
        square,
    ),
    *operations(
        {
            f"linalg.matrix_norm {ord}": lambda m, x, ord=ord: m.linalg.matrix_norm(x, ord=ord)
            for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
        },
        square,
    ),
    *operations(
        {
            "linalg.svdvals tall": lambda m, x: m.linalg.svdvals(x),
            "linalg.pinv tall": lambda m, x: m.linalg.pinv(x),
            # Singular vectors and the factors of QR have a sign of their own.
            **{
                f"linalg.{name} {i}": lambda m, x, name=name, i=i, settings=settings: (
                    getattr(m.linalg, name)(x, **settings)[i] ** 2
                )
                for name, settings in (("svd", {"full_matrices": False}), ("qr", {}))
                for i in range(3 if name == "svd" else 2)
            },
        },
        tall,
    ),
    *operations(
        {
            "linalg.svdvals wide": lambda m, x: m.linalg.svdvals(x),
            "linalg.pinv wide": lambda m, x: m.linalg.pinv(x),
        },
        wide,
    ),
    *operations(
        {
            "linalg.cholesky": lambda m, x: m.linalg.cholesky(x),
            "linalg.eigvalsh": lambda m, x: m.linalg.eigvalsh(x),
            "linalg.eigh 0": lambda m, x: m.linalg.eigh(x)[0],
            "linalg.eigh 1": lambda m, x: m.linalg.eigh(x)[1] ** 2,
        },
        symmetric,
    ),
    *operations(
        {
            "linalg.norm": lambda m, x: m.linalg.norm(x),
            "linalg.norm over an axis": lambda m, x: m.linalg.norm(x, axis=-1, keepdims=True),
            **{
                f"linalg.vector_norm {ord}": lambda m, x, ord=ord: m.linalg.vector_norm(x, ord=ord)
                for ord in (1, 2, 3, 1.5, np.inf, -np.inf)
            },
        },
        axes,
    ),
    *operations(
        {
            f"linalg.norm {ord}": lambda m, x, ord=ord: m.linalg.norm(x, ord)
            for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
        },
        MATRIX,
    ),
    Operation("linalg.solve", lambda m, a, b: m.linalg.solve(a, b), (square, fixed(3, 2))),
    Operation("linalg.solve a vector", lambda m, a, b: m.linalg.solve(a, b), (square, VECTOR)),
]
