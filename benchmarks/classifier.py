"""A softmax classifier on matrices, batch 128, float64: loss and gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import Tensor, nn
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

BATCH = 128


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure a network whose time is spent around the matrix products, and one of products."""
    rounds = 1 if quick else 20
    yield measure(
        workload(
            [64, 32, 10],
            [
                Claim("NumPy by hand", "replay", at_least=1),
                Claim("PyTorch", "replay", at_least=1),
                Claim("JAX jit", "replay", at_least=1),
                Claim("eager", "NumPy by hand", at_most=2),
                Claim("eager", "HIPS autograd", at_most=1),
                Claim("eager", "PyTorch"),
            ],
        ),
        rounds,
    )
    yield measure(
        workload(
            [784, 256, 128, 10],
            [
                Claim("NumPy by hand", "replay", at_least=1),
                Claim("PyTorch", "replay"),
                Claim("JAX jit", "replay"),
                Claim("eager", "NumPy by hand", at_most=1.15),
                Claim("eager", "HIPS autograd", at_most=1),
                Claim("eager", "PyTorch", at_most=1),
            ],
        ),
        rounds,
    )


def workload(sizes: Sequence[int], claims: Sequence[Claim]) -> Workload:
    """Return this library, NumPy and the peers on a network of layers of these sizes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, sizes[0]))
    labels = rng.integers(sizes[-1], size=BATCH)
    weights = list(nn.MLP(sizes[0], sizes[1:], kind=Tensor, rng=0).state_dict().values())
    given = (weights, x, labels)
    return Workload(
        f"`Tensor`: softmax classifier {'-'.join(map(str, sizes))}, batch {BATCH}, float64",
        [
            Contestant("replay", partial(replay, *given)),
            Contestant("eager", partial(eager, *given)),
            Contestant("HIPS autograd", partial(in_autograd, *given), "autograd"),
            Contestant("PyTorch", partial(in_torch, *given), "torch"),
            Contestant("JAX jit", partial(in_jax, *given), "jax"),
            Contestant("NumPy by hand", partial(by_hand, *given)),
        ],
        claims,
    )


def repeated(both: Callable[[], tuple[Any, Sequence[Any]]]) -> Run:
    """Return the run of a function that gives the loss and the gradients."""
    last: Any = None

    def step() -> None:
        nonlocal last
        last = both()

    return Run(step, lambda: (float(last[0]), np.concatenate([np.ravel(g) for g in last[1]])))


def replay(weights: list[Array], x: Array, labels: Array) -> Run:
    """Return the step of this library's compiler."""

    def loss(weights: list[Any], x: Any) -> Any:
        for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            x = am.relu(am.linear(x, w, b))
        return nn.softmax_cross_entropy(am.linear(x, *weights[-2:]), labels)

    compiled = am.compile(loss, kind=Tensor)
    return repeated(lambda: compiled.value_and_grad(weights, x))


def eager(weights: list[Array], x: Array, labels: Array) -> Run:
    """Return the step as one writes it with this library's eager engine."""
    model = nn.MLP(x.shape[1], [len(b) for b in weights[1::2]], kind=Tensor, rng=0)
    params = model.parameters()

    def both() -> tuple[float, list[Array]]:
        for p in params:
            p.grad = None
        loss = nn.softmax_cross_entropy(model(x), labels)
        loss.backward()
        return loss.data, [p.grad for p in params]

    return repeated(both)


def by_hand(weights: list[Array], x: Array, labels: Array) -> Run:
    """Return the step as one writes it by hand: each array that is needed, made once."""
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    rows = np.arange(len(x))

    def both() -> tuple[float, list[Array]]:
        activations = [x]
        for w, b in layers[:-1]:
            activations.append(np.maximum(activations[-1] @ w.T + b, 0.0))
        w, b = layers[-1]
        z = activations[-1] @ w.T + b
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1)
        loss = np.mean(np.log(total) - z[rows, labels])
        dz = e / total[:, None]
        dz[rows, labels] -= 1.0
        dz /= len(x)
        gradients: list[Array] = []
        for (w, _), a in zip(reversed(layers), reversed(activations), strict=True):
            gradients[:0] = [dz.T @ a, dz.sum(axis=0)]
            if a is not x:
                dz = (dz @ w) * (a > 0.0)
        return loss, gradients

    return repeated(both)


def array_loss(np_: Any, weights: list[Any], x: Any, labels: Any) -> Any:
    """Return the loss in the functions of a module like NumPy."""
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np_.maximum(np_.dot(x, w.T) + b, 0.0)
    z = np_.dot(x, weights[-2].T) + weights[-1]
    z = z - np_.max(z, axis=1, keepdims=True)
    chosen = z[np.arange(len(x)), labels]
    return np_.mean(np_.log(np_.sum(np_.exp(z), axis=1)) - chosen)


def in_autograd(weights: list[Array], x: Array, labels: Array) -> Run:
    """Return the step in HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    both = autograd.value_and_grad(partial(array_loss, anp))
    return repeated(lambda: both(weights, x, labels))


def in_jax(weights: list[Array], x: Array, labels: Array) -> Run:
    """Return the step in JAX, data and weights on the device."""
    import jax
    import jax.numpy as jnp

    compiled = jax.jit(jax.value_and_grad(partial(array_loss, jnp)))
    given = jax.device_put((weights, x, labels))
    return repeated(lambda: jax.block_until_ready(compiled(*given)))


def in_torch(weights: list[Array], x: Array, labels: Array) -> Run:
    """Return the step in PyTorch on the processor."""
    import torch
    from torch.nn.functional import cross_entropy, linear

    inputs, targets = torch.from_numpy(x), torch.from_numpy(labels)
    params = [torch.tensor(w, requires_grad=True) for w in weights]

    def both() -> tuple[Any, list[Any]]:
        for p in params:
            p.grad = None
        a = inputs
        for w, b in zip(params[:-2:2], params[1:-2:2], strict=True):
            a = torch.relu(linear(a, w, b))
        loss: Any = cross_entropy(linear(a, *params[-2:]), targets)
        loss.backward()
        return loss.detach(), [p.grad for p in params]

    return repeated(both)
