"""Inverted dropout: its mask, its expectation, its place on the tape, its errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import DataError, KeepProbError

both_kinds = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])


class Halves:
    """The least a generator must be: `.random(shape)`."""

    def random(self, shape: Any) -> Any:
        """Return numbers below and above one half in turn."""
        return np.resize([0.25, 0.75], shape)


def masks(tape: am.Tape) -> list[am.Node]:
    """Return the nodes of random sources on a tape."""
    return [node for node in tape if node.primitive and node.primitive.name == "keep_mask"]


@both_kinds
def test_mask_and_scale(make: Any):
    """An element is divided by keep_prob where `rng.random(shape) < keep_prob`, and 0 elsewhere."""
    a = np.arange(1.0, 13.0).reshape(3, 4)
    out = nn.dropout(make(a), 0.6, rng=np.random.default_rng(5))
    kept = np.random.default_rng(5).random((3, 4)) < 0.6
    assert 0 < kept.sum() < kept.size
    np.testing.assert_allclose(am.data(out), np.where(kept, a / 0.6, 0.0), rtol=1e-15)


@pytest.mark.parametrize("keep_prob", [0.2, 0.5, 0.9])
def test_expectation(keep_prob: float):
    """E[dropout(a)] = a: the mean of n draws lies within five standard errors of a.

    D is 1 with probability p, so dropout(a) = aD/p has the variance a²(1 - p)/p.
    """
    n, a = 20_000, np.array([1.0, -3.0, 0.5])
    drawn = nn.dropout(am.Tensor(np.tile(a, (n, 1))), keep_prob, rng=np.random.default_rng(6)).data
    standard_error = np.abs(a) * math.sqrt((1.0 - keep_prob) / keep_prob / n)
    assert (np.abs(drawn.mean(axis=0) - a) < 5.0 * standard_error).all()
    assert (np.abs(drawn.mean(axis=0) - a) > 0).all()  # it was random at all


def test_mask_is_a_node_without_operands():
    """The mask of a Tensor is one node of the tape, a source that no cotangent enters."""
    a = am.Tensor(np.ones((4, 5)))
    out = nn.dropout(a, 0.5, rng=np.random.default_rng(7))
    (mask,) = masks(out.tape())
    assert mask.parents == ()
    assert not mask.is_leaf
    assert set(np.unique(mask.data)) == {0.0, 1.0}
    out.sum().backward()
    assert mask.grad is None
    assert_array_equal(a.grad, mask.data / 0.5)


def test_mask_of_values_has_a_node_for_each():
    """The mask of an object array of Values is one node an element, none differentiated."""
    a = am.values(np.ones((2, 3)))
    out = nn.dropout(a, 0.5, rng=np.random.default_rng(7))
    out.sum().backward()
    for before, after in zip(a.flat, out.flat, strict=True):
        (mask,) = masks(after.tape())
        assert mask.grad is None
        assert before.grad == mask.data / 0.5


def test_drawn_anew_each_time():
    """Two calls with one generator draw two masks, and each tape keeps its own."""
    a, rng = am.Tensor(np.ones(50)), np.random.default_rng(8)
    first, second = nn.dropout(a, 0.5, rng=rng), nn.dropout(a, 0.5, rng=rng)
    assert (first.data != second.data).any()
    for out in (second, first):
        a.grad = None
        out.sum().backward()
        assert_array_equal(a.grad, out.data)


def test_one_seed_one_mask_for_both_kinds():
    """From one seed, Values and Tensors lose the same elements."""
    a = np.arange(1.0, 31.0).reshape(5, 6)
    by_kind = [
        am.data(nn.dropout(make(a), 0.7, rng=np.random.default_rng(9)))
        for make in (am.values, am.Tensor)
    ]
    assert_array_equal(by_kind[0], by_kind[1])


def test_plain_numbers():
    """Plain arrays are masked too, and stay plain."""
    out = nn.dropout(np.ones(4), 0.5, rng=Halves())
    assert type(out) is np.ndarray
    assert_array_equal(out, [2.0, 0.0, 2.0, 0.0])


@both_kinds
def test_least_generator(make: Any):
    """Whatever has `.random(shape)` serves."""
    out = nn.dropout(make([1.0, 2.0, 3.0, 4.0]), 0.5, rng=Halves())
    assert_array_equal(am.data(out), [2.0, 0.0, 6.0, 0.0])


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_scalar(kind: type[am.Node]):
    """A single node is kept or lost as a whole."""
    a = kind(3.0)
    out = nn.dropout(a, 0.5, rng=Halves())
    assert type(out) is kind
    out.backward()
    assert (float(out.data), float(a.grad)) == (6.0, 2.0)


@both_kinds
def test_identity(make: Any):
    """Not training, or keeping all, gives `a` itself and draws nothing."""
    a, rng = make([1.0, 2.0]), np.random.default_rng(10)
    before = rng.bit_generator.state
    assert nn.dropout(a, 0.5, rng=rng, training=False) is a
    assert nn.dropout(a, 1.0, rng=rng) is a
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("keep_prob", [0.5, np.float32(0.5), np.float64(0.5)])
def test_float32_is_kept(keep_prob: float):
    """Single precision stays so, forward and backward, whatever type the probability has."""
    a = am.Tensor(np.ones(4, dtype=np.float32))
    out = nn.dropout(a, keep_prob, rng=Halves())
    out.sum().backward()
    assert (out.dtype, a.grad.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("keep_prob", [0.0, -0.5, 1.0000001, 2.0, math.nan, math.inf])
@pytest.mark.parametrize("training", [True, False])
def test_probability_outside(keep_prob: float, training: bool):
    """A probability outside (0, 1] raises, in evaluation too, and the message says what it was."""
    with pytest.raises(KeepProbError, match=r"\(0, 1\], got ") as error:
        nn.dropout(am.Tensor([1.0]), keep_prob, rng=Halves(), training=training)
    assert repr(keep_prob) in str(error.value)


@pytest.mark.parametrize("training", [True, False])
def test_seed_in_place_of_a_generator(training: bool):
    """It would give the same mask at each call."""
    with pytest.raises(DataError, match=r"got rng=0; make one, .*default_rng"):
        nn.dropout(am.Tensor([1.0]), 0.5, rng=0, training=training)  # type: ignore[arg-type]
