"""Modules as arguments of compiled functions."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import nn

X = np.random.default_rng(0).normal(size=(7, 3))


def test_a_module_has_its_parameters_inside():
    """The L2 term asks the module for its weights: value and gradient are the eager ones."""
    model = nn.MLP(3, [4, 2], activation="tanh", rng=0)

    def loss(model: Any, x: Any) -> Any:
        return nn.squared_error(model(x), np.ones((len(x), 2))) + nn.l2_penalty(
            model.weights(), l2=3.0, m=7
        )

    value, gradient = am.compile(loss).value_and_grad(model, X)
    eager = loss(model, X)
    eager.backward()
    np.testing.assert_allclose(value, eager.data, rtol=1e-14)
    for found, parameter in zip(gradient.parameters(), model.parameters(), strict=True):
        np.testing.assert_allclose(found.data, parameter.grad, rtol=1e-12)


def test_a_module_that_was_called_is_the_same_module():
    """Calling the module meanwhile, which then knows its name, is no reason to trace again."""
    model, traces = nn.MLP(3, [4, 2], rng=0), []

    def scores(model: Any, x: Any) -> Any:
        traces.append(x)
        return model(x)

    replayed = am.compile(scores)
    with am.no_grad():
        first = replayed(model, X)
        np.testing.assert_array_equal(am.data(model(X)), first)
        np.testing.assert_array_equal(replayed(model, X), first)
    assert len(traces) == 1
