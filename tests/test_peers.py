"""Every function and method against PyTorch and JAX, kinks and ties included.

Both are optional; where one is missing its tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am

RNG = np.random.default_rng(11)
EDGE = np.array([-40.0, -1.5, 0.0, 0.3, 2.0, 40.0])  # both sides, the kink, and saturation
POSITIVE = np.array([1e-3, 0.3, 1.0, 2.5, 40.0])
MATRIX = RNG.normal(size=(2, 3))
INSIDE = np.array([-0.999, -0.5, 0.0, 1e-8, 0.7])
GAMMA = np.array([1e-3, 0.5, 1.0, 2.5, 40.0, -0.5, -2.3])
TIED = np.array([[1.0, 5.0, 5.0], [1.0, 5.0, 2.0]])
CONDITION = np.array([True, False, True])


@dataclass(frozen=True)
class Peer:
    """One call in three libraries; theirs takes the module first, or is None where it differs."""

    label: str
    ours: Callable[..., Any]
    torch: Callable[..., Any] | None
    jax: Callable[..., Any] | None
    inputs: tuple[np.ndarray, ...]
    scalar: bool = False

    def __str__(self) -> str:
        return self.label


def same(name: str, *inputs: np.ndarray, jax: str = "numpy") -> Peer:
    """Return an elementwise function that has one name everywhere."""
    return Peer(
        name,
        getattr(am, name),
        lambda torch, *x: getattr(torch, name)(*x),
        lambda module, *x: getattr(getattr(module, jax), name)(*x),
        inputs,
        scalar=True,
    )


ELEMENTWISE = [
    Peer("neg", am.neg, lambda t, x: t.neg(x), lambda j, x: -x, (EDGE,), scalar=True),
    Peer("abs", am.abs, lambda t, x: t.abs(x), None, (EDGE,), scalar=True),  # JAX takes 1 at 0
    same("abs", EDGE[EDGE != 0]),
    same("square", EDGE),
    same("sqrt", POSITIVE),
    same("reciprocal", POSITIVE),
    same("exp", EDGE),
    same("log", POSITIVE),
    same("log1p", POSITIVE),
    *(same(name, EDGE) for name in ("sin", "cos", "tan", "arctan", "arcsinh", "exp2", "expm1")),
    *(same(name, EDGE) for name in ("sinh", "cosh", "sinc", "floor", "ceil", "trunc", "deg2rad")),
    *(same(name, POSITIVE) for name in ("log2", "log10")),
    *(same(name, INSIDE) for name in ("arcsin", "arccos", "arctanh")),
    same("arccosh", 1.0 + POSITIVE),
    same("rad2deg", EDGE),
    same("hypot", EDGE, POSITIVE[[0, 1, 2, 3, 4, 0]]),
    same("arctan2", EDGE, POSITIVE[[0, 1, 2, 3, 4, 0]] - 1.5),
    same("logaddexp", EDGE, EDGE[::-1].copy()),
    same("remainder", EDGE[EDGE != 0], np.array([0.7, -0.7, 3.0, 5.3, -7.0])),
    same("fmod", EDGE[EDGE != 0], np.array([0.7, -0.7, 3.0, 5.3, -7.0])),
    # at a tie they differ: PyTorch gives all to the first, JAX all to the second
    *(same(name, EDGE, EDGE[::-1] + 1.0) for name in ("fmax", "fmin")),
    Peer("cbrt", am.cbrt, None, lambda j, x: j.numpy.cbrt(x), (EDGE[EDGE != 0],), scalar=True),
    Peer(
        "arctan2 at the origin",
        am.arctan2,
        lambda t, x, y: t.atan2(x, y),
        None,  # gives NaN
        (np.zeros(1), np.zeros(1)),
        scalar=True,
    ),
    *(
        Peer(
            name,
            getattr(am, name),
            lambda t, x, name=name: getattr(t.special, name)(x),
            lambda j, x, name=name: getattr(j.scipy.special, name)(x),
            (EDGE,),
            scalar=True,
        )
        for name in ("erf", "erfc")
    ),
    Peer(
        "lgamma",
        am.lgamma,
        lambda t, x: t.lgamma(x),
        lambda j, x: j.scipy.special.gammaln(x),
        (GAMMA,),
        scalar=True,
    ),
    Peer(
        "digamma",
        am.digamma,
        None,  # its trigamma has nine digits
        lambda j, x: j.scipy.special.digamma(x),
        (GAMMA,),
        scalar=True,
    ),
    *(
        Peer(
            f"polygamma of order {n}",
            lambda x, n=n: am.polygamma(n, x),
            (lambda t, x, n=n: t.polygamma(n, x)) if n > 1 else None,
            lambda j, x, n=n: j.scipy.special.polygamma(n, x),
            (POSITIVE,),
            scalar=True,
        )
        for n in (1, 2, 3)
    ),
    Peer(
        "elu",
        lambda x: am.elu(x, 0.7),
        lambda t, x: t.nn.functional.elu(x, 0.7),
        lambda j, x: j.nn.elu(x, 0.7),
        (EDGE,),
        scalar=True,
    ),
    *(
        Peer(
            f"gelu, {form}",
            lambda x, form=form: am.gelu(x, approximate=form == "tanh"),
            lambda t, x, form=form: t.nn.functional.gelu(x, approximate=form),
            lambda j, x, form=form: j.nn.gelu(x, approximate=form == "tanh"),
            (EDGE,),
            scalar=True,
        )
        for form in ("none", "tanh")
    ),
    *(
        Peer(
            name,
            getattr(am, name),
            lambda t, x, name=name: getattr(t.nn.functional, name)(x),
            lambda j, x, name=name: getattr(j.nn, name)(x),
            (EDGE,),
            scalar=True,
        )
        for name in ("silu", "mish")
    ),
    Peer(
        "clip",
        lambda x: am.clip(x, -1.0, 1.0),
        lambda t, x: t.clip(x, -1.0, 1.0),
        lambda j, x: j.numpy.clip(x, -1.0, 1.0),
        (EDGE,),
        scalar=True,
    ),
    Peer(
        "clip at its bounds",
        lambda x: am.clip(x, -1.5, 2.0),
        None,  # gives all of the cotangent to x
        lambda j, x: j.numpy.clip(x, -1.5, 2.0),
        (EDGE,),
        scalar=True,
    ),
    Peer(
        "round",
        lambda x: am.round(x, 1),
        lambda t, x: t.round(x, decimals=1),
        lambda j, x: j.numpy.round(x, 1),
        (EDGE,),
        scalar=True,
    ),
    Peer(
        "nan_to_num",
        lambda x: am.nan_to_num(x, posinf=3.0, neginf=-3.0),
        lambda t, x: t.nan_to_num(x, posinf=3.0, neginf=-3.0),
        None,  # sends the cotangent through what was replaced
        (np.array([np.nan, np.inf, -np.inf, 2.0]),),
        scalar=True,
    ),
    same("tanh", EDGE),
    same("sigmoid", EDGE, jax="nn"),
    same("sign", EDGE),
    same("maximum", EDGE, np.array([-40.0, 3.0, 0.0, 0.0, 1.0, 40.0])),
    same("minimum", EDGE, np.array([-40.0, 3.0, 0.0, 0.0, 1.0, 40.0])),
    Peer(
        "softplus",
        am.softplus,
        lambda t, x: t.nn.functional.softplus(x, threshold=1000),
        lambda j, x: j.nn.softplus(x),
        (EDGE,),
        scalar=True,
    ),
    Peer("relu", am.relu, lambda t, x: t.relu(x), lambda j, x: j.nn.relu(x), (EDGE,), scalar=True),
    Peer(
        "leaky_relu",
        lambda x: am.leaky_relu(x, 0.2),
        lambda t, x: t.nn.functional.leaky_relu(x, 0.2),
        None,  # takes the other side at 0
        (EDGE,),
        scalar=True,
    ),
    Peer(
        "where",
        lambda x, y: am.where(CONDITION, x, y),
        lambda t, x, y: t.where(t.tensor(CONDITION), x, y),
        lambda j, x, y: j.numpy.where(CONDITION, x, y),
        (MATRIX[0], MATRIX[1]),
        scalar=True,
    ),
    Peer(
        "power of two nodes",
        lambda x, y: x**y,
        lambda t, x, y: x**y,
        lambda j, x, y: x**y,
        (POSITIVE, np.array([0.0, -1.5, 3.0, 0.5, 1.0])),
        scalar=True,
    ),
    Peer(
        "power of zero",
        lambda x, y: am.power(x, y),
        lambda t, x, y: t.pow(x, y),
        None,  # gives NaN for one of the exponents
        (np.zeros(3), np.array([1.0, 2.0, 3.5])),
        scalar=True,
    ),
    Peer(
        "power of a negative number",
        lambda x: x**3,
        lambda t, x: x**3,
        lambda j, x: x**3,
        (EDGE,),
        scalar=True,
    ),
    Peer(
        "xlogy",
        am.xlogy,
        lambda t, x, y: t.xlogy(x, y),
        lambda j, x, y: j.scipy.special.xlogy(x, y),
        (np.array([0.0, 1.0, 0.3, 2.0, 5.0]), POSITIVE),
        scalar=True,
    ),
    Peer(
        "xlog1py",
        am.xlog1py,
        lambda t, x, y: t.special.xlog1py(x, y),
        lambda j, x, y: j.scipy.special.xlog1py(x, y),
        (np.array([0.0, 1.0, 0.3, 2.0, 5.0]), POSITIVE),
        scalar=True,
    ),
    *(
        Peer(
            label,
            f,
            lambda t, x, y, f=f: f(x, y),
            lambda j, x, y, f=f: f(x, y),
            (EDGE, EDGE + 0.1),
            scalar=True,
        )
        for label, f in {
            "x + y": lambda x, y: x + y,
            "x - y": lambda x, y: x - y,
            "x * y": lambda x, y: x * y,
            "x / y": lambda x, y: x / y,
            "constants on the left": lambda x, y: 2 - x * 3 / (1 + y * y),
            "-x + abs(y)": lambda x, y: -x + abs(y),
            "x * x + y": lambda x, y: x * x + y,
        }.items()
    ),
]

REDUCTIONS = [
    Peer(
        f"{name} over {axis} of {label}",
        lambda x, name=name, axis=axis: getattr(x, name)(axis),
        lambda t, x, theirs=theirs, axis=axis: getattr(t, theirs)(x, axis),
        lambda j, x, name=name, axis=axis: getattr(j.nn if name == "logsumexp" else j.numpy, name)(
            x, axis
        ),
        (array,),
    )
    for name, theirs in {
        "sum": "sum",
        "mean": "mean",
        "max": "amax",
        "min": "amin",
        "logsumexp": "logsumexp",
    }.items()
    for axis in (0, -1, (0, 1))
    for label, array in {"distinct": MATRIX, "tied": TIED, "large": 1000.0 * MATRIX}.items()
]

ARRAYS = [
    *(
        Peer(
            f"log_softmax over {axis}",
            lambda x, axis=axis: x.log_softmax(axis),
            lambda t, x, axis=axis: t.log_softmax(x, axis),
            lambda j, x, axis=axis: j.nn.log_softmax(x, axis),
            (100.0 * MATRIX,),
        )
        for axis in (0, 1)
    ),
    Peer(
        "reshape",
        lambda x: x.reshape(3, 2),
        lambda t, x: x.reshape(3, 2),
        lambda j, x: x.reshape(3, 2),
        (MATRIX,),
    ),
    Peer(
        "transpose",
        lambda x: x.transpose(2, 0, 1),
        lambda t, x: x.permute(2, 0, 1),
        lambda j, x: x.transpose(2, 0, 1),
        (RNG.normal(size=(2, 3, 4)),),
    ),
    Peer("T", lambda x: x.T, lambda t, x: x.T, lambda j, x: x.T, (MATRIX,)),
    Peer(
        "expand_dims",
        lambda x: x.expand_dims(1) * x,
        lambda t, x: x.unsqueeze(1) * x,
        lambda j, x: j.numpy.expand_dims(x, 1) * x,
        (MATRIX,),
    ),
    Peer(
        "broadcast_to",
        lambda x: x.broadcast_to((4, 2, 3)),
        lambda t, x: x.broadcast_to((4, 2, 3)),
        lambda j, x: j.numpy.broadcast_to(x, (4, 2, 3)),
        (MATRIX,),
    ),
    *(
        Peer(
            f"index {index}",
            lambda x, index=index: x[index],
            lambda t, x, index=index: x[index],
            lambda j, x, index=index: x[index],
            (RNG.normal(size=(4, 3, 2)),),
        )
        for index in (
            1,
            (slice(1, 3), 0),
            (..., -1),
            (None, 2, slice(None)),
            np.array([1, 1, 0]),
            (np.array([1, 1, 3]), np.array([0, 0, 2])),
            (slice(None), np.array([2, 2])),
            np.array([True, False, True, False]),
        )
    ),
    *(
        Peer(
            f"{a} @ {b}",
            lambda x, y: x @ y,
            lambda t, x, y: x @ y,
            lambda j, x, y: x @ y,
            (RNG.normal(size=a), RNG.normal(size=b)),
        )
        for a, b in (
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((3,), (3, 4)),
            ((2, 3), (3, 4)),
            ((5, 2, 3), (3,)),
            ((3,), (5, 3, 4)),
            ((5, 1, 2, 3), (6, 3, 4)),
        )
    ),
    *(
        Peer(
            f"linear {a}",
            am.linear,
            lambda t, x, w, b: t.nn.functional.linear(x, w, b),
            lambda j, x, w, b: x @ w.T + b,
            (RNG.normal(size=a), RNG.normal(size=(2, 3)), RNG.normal(size=2)),
        )
        for a in ((3,), (5, 3), (4, 5, 3))
    ),
    Peer(
        "concatenate",
        lambda x, y: am.concatenate([x, y, x], 1),
        lambda t, x, y: t.cat([x, y, x], 1),
        lambda j, x, y: j.numpy.concatenate([x, y, x], 1),
        (MATRIX, MATRIX[:, :2]),
    ),
    Peer(
        "stack",
        lambda x, y: am.stack([x, y], 1),
        lambda t, x, y: t.stack([x, y], 1),
        lambda j, x, y: j.numpy.stack([x, y], 1),
        (MATRIX, TIED),
    ),
    Peer(
        "broadcasting",
        lambda x, y: (x * y + x) / (1.0 + y * y),
        lambda t, x, y: (x * y + x) / (1.0 + y * y),
        lambda j, x, y: (x * y + x) / (1.0 + y * y),
        (RNG.normal(size=(2, 1, 3)), RNG.normal(size=(4, 1))),
    ),
]

PEERS = [*ELEMENTWISE, *REDUCTIONS, *ARRAYS]


def ours(peer: Peer, make: Callable[[Any], Any]) -> tuple[Any, Any, list[Any]]:
    """Return result, cotangent and gradients here, on leaves that `make` makes."""
    leaves = [make(array) for array in peer.inputs]
    z = peer.ours(*leaves)
    z_bar = np.random.default_rng(5).normal(size=z.shape)
    am.sum(z * z_bar).backward()
    return am.data(z), z_bar, [am.grads(leaf) for leaf in leaves]


def compare(found: tuple[Any, Any, list[Any]], z: Any, gradients: list[Any]) -> None:
    """Compare results and gradients with those of another library."""
    assert_allclose(found[0], z, rtol=1e-12, atol=1e-14)
    for a, b in zip(found[2], gradients, strict=True):
        assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def kinds(peer: Peer) -> list[Callable[[Any], Any]]:
    """Return what to make leaves with: `Value`s too, where the call is elementwise."""
    return [am.Tensor, am.values] if peer.scalar else [am.Tensor]


def check_against_pytorch(peer: Peer) -> None:
    """Compare result and gradients with PyTorch's."""
    torch = pytest.importorskip("torch", reason="PyTorch is an optional peer")
    assert peer.torch is not None
    for make in kinds(peer):
        found = ours(peer, make)
        leaves = [torch.tensor(array, requires_grad=True) for array in peer.inputs]
        z = peer.torch(torch, *leaves)
        z.backward(torch.tensor(found[1]))
        compare(found, z.detach().numpy(), [leaf.grad.numpy() for leaf in leaves])


def check_against_jax(peer: Peer) -> None:
    """Compare result and gradients with JAX's, in double precision."""
    jax = pytest.importorskip("jax", reason="JAX is an optional peer")
    jax.config.update("jax_enable_x64", True)
    for make in kinds(peer):
        found = ours(peer, make)
        z, pull = jax.vjp(lambda *x: peer.jax(jax, *x), *map(jax.numpy.asarray, peer.inputs))
        compare(found, z, pull(jax.numpy.asarray(found[1])))


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.torch], ids=str)
def test_against_pytorch(peer: Peer):
    """Result and gradients are PyTorch's."""
    check_against_pytorch(peer)


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.jax], ids=str)
def test_against_jax(peer: Peer):
    """Result and gradients are JAX's, in double precision."""
    check_against_jax(peer)
