"""Code in micrograd's style runs unchanged but for its imports, and gives micrograd's losses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import nn

# Two interleaved arcs: (cos t, sin t) is of class 1, (1 - cos t, 1/2 - sin t) of class -1.
ANGLES = np.linspace(0.0, np.pi, 8)
POINTS = np.vstack(
    [
        np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]),
        np.column_stack([1.0 - np.cos(ANGLES), 0.5 - np.sin(ANGLES)]),
    ]
)
LABELS = np.repeat([1, -1], len(ANGLES))
STEPS = 12


def train(Value: Any, model: Any) -> list[tuple[float, float]]:  # noqa: N803  # a class
    """Train a classifier as micrograd's users write it; return loss and accuracy of every step."""
    history = []
    for step in range(STEPS):
        inputs = [list(map(Value, row)) for row in POINTS]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(LABELS, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [
            (yi > 0) == (scorei.data > 0) for yi, scorei in zip(LABELS, scores, strict=True)
        ]

        model.zero_grad()
        total_loss.backward()
        learning_rate = 0.5 - 0.4 * step / STEPS
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        history.append((float(total_loss.data), sum(accuracy) / len(accuracy)))
    return history


@pytest.fixture(scope="module")
def micrograd() -> SimpleNamespace:
    """Micrograd itself, where it is installed."""
    pytest.importorskip("micrograd", reason="micrograd, the reference, is not installed")
    from micrograd.engine import Value
    from micrograd.nn import MLP

    return SimpleNamespace(Value=Value, MLP=MLP)


def twin(micrograd: Any, nin: int, nouts: list[int]) -> tuple[nn.MLP, Any]:
    """Return a network of each library with the same weights."""
    ours, theirs = nn.MLP(nin, nouts, rng=0), micrograd.MLP(nin, nouts)
    for layer, its in zip(ours.layers, theirs.layers, strict=True):
        for w, b, neuron in zip(layer.W, layer.b, its.neurons, strict=True):
            neuron.b.data = b.data
            for mine, its_own in zip(w, neuron.w, strict=True):
                its_own.data = mine.data
    return ours, theirs


def test_training_is_that_of_micrograd(micrograd: Any):
    """The same script, from the same weights, goes through the same losses in both libraries."""
    ours, theirs = twin(micrograd, 2, [6, 6, 1])
    found, expected = train(am.Value, ours), train(micrograd.Value, theirs)
    assert_allclose(found, expected, rtol=1e-10)
    assert expected[-1][0] < expected[0][0]


def test_every_gradient_is_that_of_micrograd(micrograd: Any):
    """After one sweep each parameter has the gradient that it has in micrograd."""
    ours, theirs = twin(micrograd, 3, [4, 2])
    for library, model in ((am, ours), (micrograd, theirs)):
        scores = model([library.Value(x) for x in (0.5, -1.0, 2.0)])
        (scores[0] * scores[1] - scores[0] / 3 + 2**2 - scores[1] ** 3).backward()
    gradients = [
        [*(w.grad for w in neuron.w), neuron.b.grad]
        for layer in theirs.layers
        for neuron in layer.neurons
    ]
    rows = [neuron for layer in ours.layers for neuron in layer.neurons]
    for neuron, expected in zip(rows, gradients, strict=True):
        assert_allclose([*am.grads(neuron.w), neuron.b.grad], expected, rtol=1e-12)


def test_expression_in_the_style_of_micrograd(micrograd: Any):
    """Every operator that micrograd has, with numbers on either side, in one expression."""

    def expression(a: Any, b: Any) -> Any:
        c = a + b * 2 - 1 + a**2 / (1.5 + b**2)
        c += c + (-a).relu() - 3 / b
        c = 1 - c * b + (2 * a + b).relu()
        return c / 4.0 - (b - a) ** -1

    results = []
    for library in (am, micrograd):
        a, b = library.Value(-4.0), library.Value(2.0)
        z = expression(a, b)
        z.backward()
        results.append((z.data, a.grad, b.grad))
    assert_allclose(results[0], results[1], rtol=1e-14)


def test_list_inputs_of_plain_numbers():
    """Lists of numbers serve as well as lists of Values, and training lowers the loss."""
    history = train(lambda x: x, nn.MLP(2, [6, 6, 1], rng=0))
    assert history == train(am.Value, nn.MLP(2, [6, 6, 1], rng=0))
    assert history[-1][0] < history[0][0]
