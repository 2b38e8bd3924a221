"""Losses: against PyTorch, JAX and Optax, against closed forms, at extreme predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import nn
from tests.nn.loss_table import (
    CLASSES,
    LOSSES,
    SCORES,
    both_kinds,
    every_loss,
    value_and_gradient,
)

# Against other libraries


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="PyTorch, the reference, is not installed")


@pytest.fixture
def jax() -> Iterator[ModuleType]:
    """JAX in double precision, where it is installed."""
    jax = pytest.importorskip("jax", reason="JAX, under Optax, is not installed")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


def torch_loss(torch: Any, name: str) -> Callable[[Any, Any], Any]:
    """Return PyTorch's loss, as the mean over samples of the sum over outputs."""
    f = torch.nn.functional
    return {
        "squared_error": lambda a, y: f.mse_loss(a, y, reduction="sum") / 5,
        "binary_cross_entropy": lambda a, y: f.binary_cross_entropy(a, y, reduction="sum") / 5,
        "binary_cross_entropy_with_logits": lambda z, y: (
            f.binary_cross_entropy_with_logits(z, y, reduction="sum") / 5
        ),
        "softmax_cross_entropy": f.cross_entropy,
        "hinge": lambda s, y: torch.clamp(1 - y * s, min=0).sum() / 5,
    }[name]


def optax_loss(optax: Any, name: str) -> Callable[[Any, Any], Any] | None:
    """Return Optax's loss, as the mean over samples of the sum over outputs; None without one."""
    return {
        "squared_error": lambda a, y: optax.squared_error(a, y).sum() / 5,
        "binary_cross_entropy_with_logits": lambda z, y: (
            optax.sigmoid_binary_cross_entropy(z, y).sum() / 5
        ),
        "softmax_cross_entropy": lambda z, y: optax.softmax_cross_entropy(z, y).mean(),
        "hinge": lambda s, y: optax.hinge_loss(s, y).sum() / 5,
    }.get(name)


@both_kinds
@every_loss
def test_against_torch(torch: Any, make: Any, name: str):
    """Value and gradient are PyTorch's."""
    loss, prediction, target = LOSSES[name]
    theirs = torch.tensor(prediction, requires_grad=True)
    expected = torch_loss(torch, name)(theirs, torch.tensor(target))
    expected.backward()
    ours = make(prediction)
    value, gradient = value_and_gradient(loss(ours, target), ours)
    assert_allclose(value, expected.item(), rtol=1e-13)
    assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-12, atol=1e-16)


@both_kinds
@pytest.mark.parametrize("name", [name for name in LOSSES if optax_loss(None, name)])
def test_against_optax(jax: Any, make: Any, name: str):
    """Value and gradient are Optax's, differentiated by JAX."""
    optax = pytest.importorskip("optax", reason="Optax, the reference, is not installed")
    loss, prediction, target = LOSSES[name]
    theirs = optax_loss(optax, name)
    expected, slope = jax.value_and_grad(lambda x: theirs(x, target))(jax.numpy.array(prediction))
    ours = make(prediction)
    value, gradient = value_and_gradient(loss(ours, target), ours)
    assert_allclose(value, expected, rtol=1e-13)
    assert_allclose(gradient, slope, rtol=1e-12, atol=1e-16)


def test_integer_labels_against_torch(torch: Any):
    """Class numbers give what they give in PyTorch."""
    theirs = torch.tensor(SCORES, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(theirs, torch.tensor(CLASSES))
    expected.backward()
    ours = am.Tensor(SCORES)
    value, gradient = value_and_gradient(nn.softmax_cross_entropy(ours, CLASSES), ours)
    assert_allclose(value, expected.item(), rtol=1e-13)
    assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-12)


# Closed forms


@both_kinds
def test_squared_error(make: Any):
    """1/2 ((1 - 3)² + (5 - 4)²) = 2.5 with gradient 2(a - y)/2."""
    a = make([1.0, 5.0])
    value, gradient = value_and_gradient(nn.squared_error(a, [3.0, 4.0]), a)
    assert value == 2.5
    assert_allclose(gradient, [-2.0, 1.0], rtol=1e-15)


@both_kinds
def test_binary_cross_entropy(make: Any):
    """-1/2 (log 0.8 + log(1 - 0.4)) with gradient (a - y) / (a (1 - a)) / 2."""
    a = make([0.8, 0.4])
    value, gradient = value_and_gradient(nn.binary_cross_entropy(a, [1.0, 0.0]), a)
    assert_allclose(value, -0.5 * (math.log(0.8) + math.log(0.6)), rtol=1e-14)
    assert_allclose(gradient, [-0.5 / 0.8, 0.5 / 0.6], rtol=1e-14)


@both_kinds
def test_binary_cross_entropy_with_logits(make: Any):
    """The cross-entropy of σ(z), with gradient (σ(z) - y) / m."""
    z_, y = np.array([0.3, -2.0, 1.7]), np.array([1.0, 0.0, 0.25])
    a, z = 1.0 / (1.0 + np.exp(-z_)), make(z_)
    value, gradient = value_and_gradient(nn.binary_cross_entropy_with_logits(z, y), z)
    assert_allclose(value, -np.mean(y * np.log(a) + (1.0 - y) * np.log(1.0 - a)), rtol=1e-14)
    assert_allclose(gradient, (a - y) / 3, rtol=1e-13)
    assert_allclose(float(am.data(nn.binary_cross_entropy(am.sigmoid(z), y))), value, rtol=1e-14)


@both_kinds
def test_softmax_cross_entropy(make: Any):
    """-1/m Σ log softmax(z)[class], with gradient (softmax(z) - y) / m."""
    z = make(SCORES)
    value, gradient = value_and_gradient(nn.softmax_cross_entropy(z, CLASSES), z)
    softmax = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    assert_allclose(value, -np.mean(np.log(softmax[np.arange(5), CLASSES])), rtol=1e-14)
    assert_allclose(gradient, (softmax - np.eye(3)[CLASSES]) / 5, rtol=1e-13)


@both_kinds
def test_equal_logits(make: Any):
    """Knowing nothing of k classes costs log k."""
    assert_allclose(
        float(am.data(nn.softmax_cross_entropy(make(np.zeros((4, 7))), [0, 3, 6, 6]))),
        math.log(7.0),
    )


@both_kinds
def test_hinge(make: Any):
    """1/4 (max(0, 1 - 0.5) + 0 + max(0, 1 + 2) + 0), slope -y/m within the margin and 0 beyond."""
    s = make([0.5, 3.0, 2.0, -1.0])
    value, gradient = value_and_gradient(nn.hinge(s, [1.0, 1.0, -1.0, -1.0]), s)
    assert value == 3.5 / 4
    assert_allclose(gradient, [-0.25, 0.0, 0.25, 0.0], atol=0)  # the last lies on the margin: 0


# Extremes


@both_kinds
def test_certain_and_right(make: Any):
    """0 log 0 = 0: probabilities 0 and 1 that are right cost nothing, with finite slopes ∓1/m."""
    a = make([0.0, 1.0])
    value, gradient = value_and_gradient(nn.binary_cross_entropy(a, [0.0, 1.0]), a)
    assert value == 0.0
    assert_allclose(gradient, [0.5, -0.5], atol=0)


@both_kinds
@pytest.mark.parametrize("z", [1e3, 1e5, 1e300])
def test_huge_logits_of_two_classes(make: Any, z: float):
    """A wrong sign costs |z| and a right one nothing; the slopes are (σ(z) - y) / m, 0 or ∓1/m."""
    logits = make([z, -z, z, -z])
    loss = nn.binary_cross_entropy_with_logits(logits, [0.0, 1.0, 1.0, 0.0])
    value, gradient = value_and_gradient(loss, logits)
    assert_allclose(value, z / 2, rtol=1e-15)
    assert_allclose(gradient, [0.25, -0.25, 0.0, 0.0], atol=0)


@both_kinds
@pytest.mark.parametrize("z", [1e3, 1e5, 1e300])
def test_huge_logits_of_many_classes(make: Any, z: float):
    """The loss of a wrong class is the gap between the logits, without overflow."""
    logits = make([[z, 0.0, -z], [z, 0.0, -z]])
    value, gradient = value_and_gradient(nn.softmax_cross_entropy(logits, [0, 1]), logits)
    assert_allclose(value, z / 2, rtol=1e-15)
    assert_allclose(gradient, [[0.0, 0.0, 0.0], [0.5, -0.5, 0.0]], atol=0)


@both_kinds
def test_tiny_losses(make: Any):
    """Nearly certain and right: log(1 + e⁻⁴⁰) ≈ e⁻⁴⁰ keeps its digits, where 1 - σ(40) has none."""
    logits, y = make([40.0, -40.0]), [1.0, 0.0]
    value, gradient = value_and_gradient(nn.binary_cross_entropy_with_logits(logits, y), logits)
    assert_allclose(value, math.exp(-40.0), rtol=1e-14)
    assert_allclose(gradient[1], math.exp(-40.0) / 2, rtol=1e-14)
    small = nn.binary_cross_entropy(make([1e-20]), [0.0])
    assert_allclose(float(am.data(small)), 1e-20, rtol=1e-14)
