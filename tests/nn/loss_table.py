"""Every loss with a prediction and a target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn

both_kinds = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(5, 3)) * 2.0
PROBABILITIES = RNG.uniform(0.05, 0.95, size=(5, 3))
REAL = RNG.normal(size=(5, 3))
BINARY = RNG.integers(0, 2, size=(5, 3)) * 1.0
SIGNS = 2.0 * BINARY - 1.0
SOFT = RNG.dirichlet(np.ones(3), size=5)
CLASSES = np.array([2, 0, 1, 1, 2])

# Each loss with a prediction and a target of shape (5, 3).
LOSSES: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "squared_error": (nn.squared_error, SCORES, REAL),
    "binary_cross_entropy": (nn.binary_cross_entropy, PROBABILITIES, BINARY),
    "binary_cross_entropy_with_logits": (nn.binary_cross_entropy_with_logits, SCORES, BINARY),
    "softmax_cross_entropy": (nn.softmax_cross_entropy, SCORES, SOFT),
    "hinge": (nn.hinge, SCORES, SIGNS),
}
PAIRED = [name for name in LOSSES if name != "softmax_cross_entropy"]  # those that take (m,) too

every_loss = pytest.mark.parametrize("name", LOSSES)
every_paired = pytest.mark.parametrize("name", PAIRED)


def value_and_gradient(loss: Any, leaves: Any) -> tuple[float, Any]:
    """Return the number a loss has and its gradient."""
    loss.backward()
    return float(am.data(loss)), am.grads(leaves)
