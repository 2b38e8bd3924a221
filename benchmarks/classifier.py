"""A softmax classifier on matrices, batch 128, float64: forward and backward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini import Tensor, nn
from benchmarks.measure import PEERS, Array, Claim, Contestant, Workload, installed, threads

BATCH = 128


def large() -> Workload:
    """Return the network whose time is spent in matrix products."""
    bounds = {"NumPy by hand": 1.15, "HIPS autograd": 1.0, "PyTorch": 1.0}
    return workload(784, [256, 128, 10], bounds)


def small() -> Workload:
    """Return the network whose time is spent around them."""
    return workload(64, [32, 10], {"NumPy by hand": 2.0, "HIPS autograd": 1.0, "PyTorch": None})


def workload(nin: int, nouts: Sequence[int], bounds: Mapping[str, float | None]) -> Workload:
    """Return this library, NumPy and the installed peers on one network.

    Args:
        nin: the number of inputs.
        nouts: the number of units of each layer.
        bounds: the largest ratio of our time to each contestant's.
    """
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, nin))
    labels = rng.integers(nouts[-1], size=BATCH)
    model = nn.MLP(nin, nouts, kind=Tensor, rng=0)
    state = list(model.state_dict().values())
    layers = list(zip(state[::2], state[1::2], strict=True))

    contestants = [ours(model, x, labels)]
    skipped = []
    for package, build in (("autograd", in_autograd), ("torch", in_torch)):
        if installed(package):
            contestants.append(build(layers, x, labels))
        else:
            skipped.append(PEERS[package])
    contestants.append(by_hand(layers, x, labels))
    return Workload(
        f"`Tensor`: softmax classifier {nin}-{'-'.join(map(str, nouts))}, batch {BATCH}, float64",
        contestants,
        [Claim("autograd_mini", name, bound) for name, bound in bounds.items()],
        skipped=skipped,
    )


Layers = list[tuple[Array, Array]]


def ours(model: nn.MLP, x: Array, labels: Array) -> Contestant:
    """Return the step in this library."""
    params = model.parameters()

    def step() -> None:
        for p in params:
            p.grad = None
        nn.softmax_cross_entropy(model(x), labels).backward()

    return Contestant("autograd_mini", step, lambda: joined([p.grad for p in params]))


def by_hand(layers: Layers, x: Array, labels: Array) -> Contestant:
    """Return the step as one writes it by hand: each array that is needed, made once."""
    rows = np.arange(len(x))
    grads: list[Array] = []

    def step() -> None:
        activations = [x]
        for w, b in layers[:-1]:
            activations.append(np.maximum(activations[-1] @ w.T + b, 0.0))
        w, b = layers[-1]
        z = activations[-1] @ w.T + b
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1)
        np.mean(np.log(total) - z[rows, labels])  # the loss, which a user wants to see
        dz = e / total[:, None]
        dz[rows, labels] -= 1.0
        dz /= len(x)
        grads.clear()
        for (w, _), a in zip(reversed(layers), reversed(activations), strict=True):
            grads[:0] = [dz.T @ a, dz.sum(axis=0)]
            if a is not x:
                dz = (dz @ w) * (a > 0.0)

    return Contestant("NumPy by hand", step, lambda: joined(grads))


def in_autograd(layers: Layers, x: Array, labels: Array) -> Contestant:
    """Return the step in HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    rows = np.arange(len(x))

    def loss(layers: Layers) -> Any:
        a = x
        for w, b in layers[:-1]:
            a = anp.maximum(anp.dot(a, w.T) + b, 0.0)
        w, b = layers[-1]
        z = anp.dot(a, w.T) + b
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[rows, labels])

    both = value_and_grad(loss)
    grads: list[Array] = []

    def step() -> None:
        _, pairs = both(layers)
        grads[:] = [array for pair in pairs for array in pair]

    return Contestant("HIPS autograd", step, lambda: joined(grads))


def in_torch(layers: Layers, x: Array, labels: Array) -> Contestant:
    """Return the step in PyTorch on the processor, with as many threads as NumPy has."""
    import torch

    torch.set_num_threads(threads())
    inputs, targets = torch.from_numpy(x), torch.from_numpy(labels)
    params: list[Any] = [
        torch.tensor(array, requires_grad=True) for layer in layers for array in layer
    ]

    def step() -> None:
        for p in params:
            p.grad = None
        a = inputs
        for i in range(0, len(params), 2):
            a = torch.nn.functional.linear(a, params[i], params[i + 1])
            if i + 2 < len(params):
                a = torch.relu(a)
        loss: Any = torch.nn.functional.cross_entropy(a, targets)
        loss.backward()

    return Contestant("PyTorch", step, lambda: joined([p.grad.numpy() for p in params]))


def joined(arrays: Sequence[Array]) -> Array:
    """Return arrays as one vector."""
    return np.concatenate([array.ravel() for array in arrays])
