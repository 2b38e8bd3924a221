"""What tests of functions of Tensors share: such functions, arrays, and a small network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import nn

X = np.array([[0.5, -1.5, 2.5], [1.0, 0.0, -0.7]])
TALL = np.random.default_rng(0).normal(size=(50, 4))


def of_tensors(f: Callable[..., Any], **settings: Any) -> Any:
    """Return a function of Tensors, compiled."""
    return am.compile(f, kind=am.Tensor, **settings)


def variants_of(step: Any) -> list[Any]:
    """Return the variants for each form of arguments."""
    return [plan.variants for replay in step._replays.values() for plan in replay.plans]


def classifier(model: Any, x: Any, labels: Any) -> Any:
    """Return the loss of a network."""
    return nn.softmax_cross_entropy(model(x), labels)


def network(**settings: Any) -> nn.MLP:
    """Return a small network of Tensors."""
    return nn.MLP(5, [4, 3], kind=am.Tensor, rng=0, **settings)


def batch(seed: int, m: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return samples and labels."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, 5)), rng.integers(3, size=m)
