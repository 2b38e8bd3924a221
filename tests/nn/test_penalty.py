"""The L2 penalty."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import nn

both_kinds = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])


@both_kinds
def test_value_and_gradient(make: Any):
    """λ/(2m) (1 + 4 + 9 + 16 + 25) with gradient (λ/m) W."""
    w1, w2 = make([[1.0, -2.0], [3.0, 4.0]]), make([[5.0, 0.0]])
    penalty = nn.l2_penalty([w1, w2], 0.3, 10)
    penalty.backward()
    assert_allclose(am.data(penalty), 0.3 / 20 * 55.0, rtol=1e-15)
    assert_allclose(am.grads(w1), [[0.03, -0.06], [0.09, 0.12]], rtol=1e-15)
    assert_allclose(am.grads(w2), [[0.15, 0.0]], rtol=1e-15)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_single_nodes(kind: type[am.Node]):
    """Weights may be scalars, one node each; a generator of them serves too."""
    weights = [kind(2.0), kind(-1.0)]
    penalty = nn.l2_penalty((w for w in weights), 0.5, 2)
    penalty.backward()
    assert float(penalty.data) == 0.5 / 4 * 5.0
    assert [float(w.grad) for w in weights] == [0.5, -0.25]


def test_against_torch():
    """The value and gradient of PyTorch on the same weights."""
    torch = pytest.importorskip("torch", reason="PyTorch, the reference, is not installed")
    numbers = np.random.default_rng(0).normal(size=(4, 3))
    theirs = torch.tensor(numbers, requires_grad=True)
    expected = 0.1 / (2 * 7) * torch.linalg.matrix_norm(theirs) ** 2
    expected.backward()
    ours = am.Tensor(numbers)
    penalty = nn.l2_penalty([ours], 0.1, 7)
    penalty.backward()
    assert_allclose(penalty.data, expected.detach().numpy(), rtol=1e-14)
    assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-14)


@both_kinds
def test_zero_strength(make: Any):
    """λ = 0 penalises nothing and pulls at nothing."""
    w = make([1.0, 2.0])
    penalty = nn.l2_penalty([w], 0.0, 3)
    penalty.backward()
    assert float(am.data(penalty)) == 0.0
    assert_allclose(am.grads(w), [0.0, 0.0], atol=0)


def test_no_weights():
    """The sum over no weights is 0."""
    assert nn.l2_penalty([], 0.1, 3) == 0.0


def test_float32_is_kept():
    """Single-precision weights have a single-precision penalty."""
    assert nn.l2_penalty([am.Tensor([1.0], dtype=np.float32)], 0.1, 2).dtype == np.float32


@pytest.mark.parametrize("l2", [-0.1, math.nan])
def test_wrong_strength(l2: float):
    """A negative strength, or none at all, raises."""
    with pytest.raises(ValueError, match=f"l2 must be at least 0, got {l2}"):
        nn.l2_penalty([am.Tensor([1.0])], l2, 2)


@pytest.mark.parametrize("m", [0, -3])
def test_wrong_number_of_samples(m: int):
    """There is no mean over no samples."""
    with pytest.raises(ValueError, match=f"m, the number of samples, must be positive, got {m}"):
        nn.l2_penalty([am.Tensor([1.0])], 0.1, m)
