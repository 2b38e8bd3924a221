"""Linear algebra against PyTorch and JAX: values and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from tests.test_peers import Peer, check_against_jax, check_against_pytorch

RNG = np.random.default_rng(12)
MATRIX = RNG.normal(size=(2, 3))
SQUARE = RNG.normal(size=(3, 3)) + 3.0 * np.eye(3)
STACK = RNG.normal(size=(2, 3, 3)) + 3.0 * np.eye(3)
TALL = RNG.normal(size=(4, 3))


def everywhere(
    label: str, call: Callable[[Any, Any], Any], *inputs: np.ndarray, torch: bool = True
) -> Peer:
    """Return a call that is written the same way in all three, given NumPy's module or its like."""

    def ours(*x: Any) -> Any:
        return call(am, *x)

    def torch_call(t: Any, *x: Any) -> Any:
        return call(t, *x)

    return Peer(label, ours, torch_call if torch else None, lambda j, *x: call(j.numpy, *x), inputs)


def mirrored(x: Any) -> Any:
    """Return a positive definite matrix."""
    return x @ x.T


LINEAR_ALGEBRA = [
    *(
        everywhere(
            f"einsum {subscripts}",
            lambda m, *x, s=subscripts: m.einsum(s, *x),
            *(RNG.normal(size=shape) for shape in shapes),
        )
        for subscripts, shapes in (
            ("ij,jk->ik", ((2, 3), (3, 4))),
            ("ii", ((3, 3),)),
            ("ii->i", ((3, 3),)),
            ("iij,jk->ki", ((2, 2, 3), (3, 2))),
            ("...ij,...jk->...ik", ((4, 1, 2, 3), (2, 3, 2))),
            ("ij,jk,kl->il", ((2, 3), (3, 2), (2, 4))),
            ("i,j->", ((2,), (3,))),
        )
    ),
    everywhere("dot", lambda m, x, y: m.dot(x, y), MATRIX[0], MATRIX[1]),
    everywhere("dot of more axes", lambda m, x, y: m.dot(x, y), MATRIX, STACK, torch=False),
    everywhere("inner", lambda m, x, y: m.inner(x, y), MATRIX, STACK),
    everywhere("outer", lambda m, x, y: m.outer(x, y), MATRIX[0], MATRIX[1]),
    everywhere("vdot", lambda m, x, y: m.vdot(x, y), MATRIX[0], MATRIX[1]),
    everywhere("tensordot", lambda m, x, y: m.tensordot(x, y, ([0], [1])), SQUARE, STACK),
    everywhere("kron", lambda m, x, y: m.kron(x, y), MATRIX, TALL),
    everywhere("trace", lambda m, x: m.trace(x), SQUARE),
    everywhere("trace off it", lambda m, x: m.trace(x, 1), SQUARE, torch=False),
    everywhere("cross", lambda m, x, y: m.linalg.cross(x, y), MATRIX, MATRIX[::-1] + 1.0),
    everywhere("vecdot", lambda m, x, y: m.linalg.vecdot(x, y), MATRIX, MATRIX + 1.0),
    everywhere("multi_dot", lambda m, *x: m.linalg.multi_dot(x), MATRIX, SQUARE, TALL.T),
    *(
        everywhere(f"{label} of {shape}", call, array)
        for label, call in {
            "inv": lambda m, x: m.linalg.inv(x),
            "det": lambda m, x: m.linalg.det(x),
            "slogdet": lambda m, x: m.linalg.slogdet(x)[1],
            "matrix_power 3": lambda m, x: m.linalg.matrix_power(x, 3),
            "matrix_power -2": lambda m, x: m.linalg.matrix_power(x, -2),
            "svdvals": lambda m, x: m.linalg.svdvals(x),
            "matrix_norm nuc": lambda m, x: m.linalg.matrix_norm(x, ord="nuc"),
        }.items()
        for shape, array in {"one": SQUARE, "a stack": STACK}.items()
    ),
    everywhere(
        "det below full rank",
        lambda m, x: m.linalg.det(x),
        np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]]),
        torch=False,
    ),
    everywhere("solve", lambda m, a, b: m.linalg.solve(a, b), SQUARE, MATRIX.T),
    everywhere("solve a vector", lambda m, a, b: m.linalg.solve(a, b), SQUARE, MATRIX[0]),
    everywhere("solve stacks", lambda m, a, b: m.linalg.solve(a, b), STACK, STACK[:1] + 1.0),
    everywhere("cholesky", lambda m, x: m.linalg.cholesky(mirrored(x)), SQUARE),
    everywhere("eigvalsh", lambda m, x: m.linalg.eigvalsh(mirrored(x)), SQUARE),
    everywhere("eigh", lambda m, x: m.linalg.eigh(mirrored(x))[1] ** 2, SQUARE),
    # what a triangle that is not read gets
    everywhere("cholesky alone", lambda m, x: m.linalg.cholesky(x), SQUARE @ SQUARE.T),
    everywhere("eigvalsh alone", lambda m, x: m.linalg.eigvalsh(x), SQUARE @ SQUARE.T),
    *(
        everywhere(
            f"svd, part {i} of {array.shape}",
            lambda m, x, i=i: m.linalg.svd(x, full_matrices=False)[i] ** 2,
            array,
        )
        for i in (0, 1, 2)
        for array in (SQUARE, TALL, TALL.T)
    ),
    *(
        everywhere(f"qr, part {i}", lambda m, x, i=i: m.linalg.qr(x)[i] ** 2, array)
        for i in (0, 1)
        for array in (SQUARE, TALL)
    ),
    *(everywhere("pinv", lambda m, x: m.linalg.pinv(x), array) for array in (SQUARE, TALL, TALL.T)),
    *(
        everywhere(f"norm {ord}", lambda m, x, ord=ord: m.linalg.norm(x, ord), SQUARE)
        for ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ),
    *(
        everywhere(
            f"vector_norm {ord}",
            lambda m, x, ord=ord: m.linalg.vector_norm(x, ord=ord),
            MATRIX[0],
        )
        for ord in (1, 2, 3, 1.5, np.inf, -np.inf, -1)
    ),
]


@pytest.mark.parametrize("peer", [peer for peer in LINEAR_ALGEBRA if peer.torch], ids=str)
def test_against_pytorch(peer: Peer):
    """Result and gradients are PyTorch's."""
    check_against_pytorch(peer)


@pytest.mark.parametrize("peer", LINEAR_ALGEBRA, ids=str)
def test_against_jax(peer: Peer):
    """Result and gradients are JAX's."""
    check_against_jax(peer)
