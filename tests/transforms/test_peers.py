"""The whole table to third order against JAX and PyTorch.

Along a line x + t v through the inputs of each row of `tests/test_peers.py`, the third derivative
by t of a smooth function of the result is compared: it contains all three orders of the row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from tests.test_peers import PEERS, Peer

RNG = np.random.default_rng(8)


def weighed(peer: Peer) -> tuple[list[np.ndarray], np.ndarray]:
    """Return a direction for each input, and weights for the result."""
    z = np.asarray(am.data(peer.ours(*map(am.Tensor, peer.inputs))))
    return [0.1 * RNG.normal(size=x.shape) for x in peer.inputs], RNG.normal(size=z.shape) / (
        1.0 + np.abs(z)
    )


def orders(peer: Peer, vs: list[np.ndarray], weights: np.ndarray) -> list[float]:
    """Return the first three derivatives by t here."""

    def along(t: Any) -> Any:
        z = peer.ours(*(x + t * v for x, v in zip(peer.inputs, vs, strict=True)))
        return am.sum(am.sin(z * weights))

    found, f = [], along
    for _ in range(3):
        f = am.grad(f, allow_unused=True)
        found.append(float(f(np.array(0.0))))
    return found


def compare(found: list[float], expected: list[float]) -> None:
    """Compare three derivatives, each relative to the largest up to it."""
    scale = np.maximum.accumulate(np.abs(expected))
    assert_allclose(found / (1.0 + scale), expected / (1.0 + scale), rtol=0, atol=1e-9)


# PyTorch takes the derivative of x^y by x as 0 where y = 0, and so loses its derivative by y. Its
# second derivative of elu at 0 is that of the right side, here and in JAX that of the left.
OTHERWISE_IN_TORCH = {"power of two nodes", "elu"}


@pytest.mark.parametrize(
    "peer", [peer for peer in PEERS if peer.torch and peer.label not in OTHERWISE_IN_TORCH], ids=str
)
def test_against_pytorch(peer: Peer):
    """Three derivatives by nested reverse sweeps are PyTorch's."""
    torch = pytest.importorskip("torch", reason="PyTorch is an optional peer")
    vs, weights = weighed(peer)
    t = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    pairs = zip(peer.inputs, vs, strict=True)
    z = peer.torch(torch, *(torch.tensor(x) + t * torch.tensor(v) for x, v in pairs))
    s, expected = torch.sin(z * torch.tensor(weights)).sum(), []
    for _ in range(3):
        if s.requires_grad:
            (s,) = torch.autograd.grad(s, t, create_graph=True, materialize_grads=True)
        else:
            s = torch.zeros(())
        expected.append(s.item())
    compare(orders(peer, vs, weights), expected)


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.jax], ids=str)
def test_against_jax(peer: Peer):
    """Three derivatives by nested reverse sweeps are JAX's by forward over forward over reverse."""
    jax = pytest.importorskip("jax", reason="JAX is an optional peer")
    jax.config.update("jax_enable_x64", True)
    vs, weights = weighed(peer)

    def along(t: Any) -> Any:
        z = peer.jax(jax, *(x + t * v for x, v in zip(peer.inputs, vs, strict=True)))
        return jax.numpy.sum(jax.numpy.sin(z * weights))

    def three(t: Any) -> Any:
        first = jax.grad(along)
        second = lambda t: jax.jvp(first, (t,), (1.0,))[1]  # noqa: E731
        return first(t), second(t), jax.jvp(second, (t,), (1.0,))[1]

    expected = [float(x) for x in jax.jit(three)(0.0)]
    compare(orders(peer, vs, weights), expected)
