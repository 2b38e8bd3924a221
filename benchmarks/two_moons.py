"""One step of micrograd's demo: an MLP 2-16-16-1 of scalars on 100 points of two moons.

Hinge loss, L2 over all parameters with alpha = 1e-4, forward, backward and update: some 65,000
nodes in micrograd. Source of the demo: github.com/karpathy/micrograd, demo.ipynb.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import Value, nn, optim
from benchmarks.measure import Array, Claim, Contestant, Workload, installed

ALPHA = 1e-4
LEARNING_RATE = 0.01
LAYERS = [16, 16, 1]
BOUND = 1 / 8


def two_moons(n: int = 100, noise: float = 0.1) -> tuple[Array, Array]:
    """Return n points on two interleaved half circles, (n, 2), and their sides -1 or 1, (n,)."""
    rng = np.random.default_rng(1337)
    angle = np.linspace(0.0, np.pi, n // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)])
    points = np.concatenate([upper, lower]) + noise * rng.normal(size=(2 * len(angle), 2))
    return points, np.repeat([-1, 1], len(angle))


def workload() -> Workload:
    """Return the contestants: the batch form, micrograd's script here, and in micrograd."""
    contestants = [batch_form(), here()]
    skipped = []
    if installed("micrograd"):
        contestants.append(in_micrograd())
    else:
        skipped.append("micrograd")
    return Workload(
        "`Value`: micrograd's demo step, MLP 2-16-16-1, 100 points, hinge + L2",
        contestants,
        [Claim("batch form", "micrograd", BOUND), Claim("micrograd's script", "micrograd")],
        skipped=skipped,
    )


def batch_form() -> Contestant:
    """Return the step as one writes it with this library."""
    points, sides = two_moons()
    model = first_model()
    optimizer = optim.SGD(model, LEARNING_RATE)

    def step() -> None:
        scores = model(points)
        penalty = nn.l2_penalty(model.arrays().values(), 2 * ALPHA, m=1)
        loss = nn.hinge(scores, sides.reshape(-1, 1)) + penalty
        model.zero_grad()
        loss.backward()
        optimizer.step()

    return Contestant("batch form", step, lambda: gradients(model))


def here() -> Contestant:
    """Return micrograd's script with this library's `Value` and `MLP`."""
    model = first_model()
    return Contestant("micrograd's script", script(Value, model), lambda: gradients(model))


def in_micrograd() -> Contestant:
    """Return micrograd's script in micrograd, from the same weights."""
    from micrograd import engine
    from micrograd import nn as micrograd_nn

    model = micrograd_nn.MLP(2, LAYERS)
    for theirs, ours in zip(model.layers, first_model().layers, strict=True):
        for neuron, w, b in zip(theirs.neurons, ours.W, ours.b, strict=True):
            neuron.b.data = b.data
            for p, p_ours in zip(neuron.w, w, strict=True):
                p.data = p_ours.data

    def vector() -> Array:
        parts = []
        for layer in model.layers:
            parts += [p.grad for neuron in layer.neurons for p in neuron.w]
            parts += [neuron.b.grad for neuron in layer.neurons]
        return np.array(parts)

    return Contestant("micrograd", script(engine.Value, model), vector)


def script(value: Any, model: Any) -> Callable[[], None]:
    """Return one step of the demo in the words of its notebook, for either library."""
    points, sides = two_moons()

    def loss() -> Any:
        inputs = [list(map(value, row)) for row in points]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(sides, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = ALPHA * sum(p * p for p in model.parameters())
        return data_loss + reg_loss

    def step() -> None:
        total_loss = loss()
        model.zero_grad()
        total_loss.backward()
        for p in model.parameters():
            p.data -= LEARNING_RATE * p.grad

    return step


def first_model() -> nn.MLP:
    """Return the network that every contestant starts from."""
    return nn.MLP(2, LAYERS, rng=1337)


def gradients(model: nn.MLP) -> Array:
    """Return the gradients of every parameter, layer by layer, W before b."""
    return np.array([p.grad for p in model.parameters()])
