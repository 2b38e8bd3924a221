"""What losses take and refuse: shapes, lists, precisions, labels, targets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import DataError, ShapeError
from tests.nn.loss_table import (
    CLASSES,
    LOSSES,
    SCORES,
    both_kinds,
    every_loss,
    every_paired,
    value_and_gradient,
)

# Shapes


@both_kinds
@every_paired
def test_several_outputs_are_summed(make: Any, name: str):
    """The loss of (m, k) is the sum of the losses of its k columns, each a mean over m samples."""
    loss, prediction, target = LOSSES[name]
    columns = [float(am.data(loss(make(prediction[:, j]), target[:, j]))) for j in range(3)]
    assert_allclose(float(am.data(loss(make(prediction), target))), sum(columns), rtol=1e-14)


@both_kinds
@every_loss
def test_mean_over_samples(make: Any, name: str):
    """Each sample twice has the same loss, and half the gradient at each copy."""
    loss, prediction, target = LOSSES[name]
    once, twice = make(prediction), make(np.tile(prediction, (2, 1)))
    value, gradient = value_and_gradient(loss(once, target), once)
    value2, gradient2 = value_and_gradient(loss(twice, np.tile(target, (2, 1))), twice)
    assert_allclose(value2, value, rtol=1e-14)
    assert_allclose(gradient2, np.tile(gradient, (2, 1)) / 2, rtol=1e-13, atol=1e-17)


@both_kinds
@every_loss
@pytest.mark.parametrize("shape", [(3,), (5, 1), (3, 5), (4, 3), (1, 3), ()])
def test_shapes_that_do_not_fit(make: Any, name: str, shape: tuple[int, ...]):
    """Nothing is broadcast: a target of another shape raises, with both shapes."""
    loss, prediction, _ = LOSSES[name]
    with pytest.raises(ShapeError, match=name):
        loss(make(prediction), np.zeros(shape))


@both_kinds
@every_paired
def test_column_against_vector(make: Any, name: str):
    """(m, 1) against (m,) raises, either way round: it would pair every sample with every other."""
    loss, prediction, target = LOSSES[name]
    with pytest.raises(ShapeError, match=r"\(5, 1\) and the target \(5,\).*reshape\(-1, 1\)"):
        loss(make(prediction[:, :1]), target[:, 0])
    with pytest.raises(ShapeError, match=r"\(5,\) and the target \(5, 1\)"):
        loss(make(prediction[:, 0]), target[:, :1])


@both_kinds
@every_loss
def test_empty_batch(make: Any, name: str):
    """There is no mean over no samples."""
    with pytest.raises(ShapeError, match=f"{name}: .*no sample"):
        LOSSES[name][0](make(np.zeros((0, 3))), np.zeros((0, 3)))


@both_kinds
def test_empty_batch_of_labels(make: Any):
    """Nor with integer labels."""
    with pytest.raises(ShapeError, match="no sample"):
        nn.softmax_cross_entropy(make(np.zeros((0, 3))), np.zeros(0, dtype=int))


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_one_scalar_sample(kind: type[am.Node]):
    """A single node is a batch of one: (3 - 1)² = 4 with slope 2(3 - 1)."""
    a = kind(3.0)
    loss = nn.squared_error(a, 1.0)
    loss.backward()
    assert (float(loss.data), float(a.grad)) == (4.0, 4.0)
    assert float(nn.hinge(kind(0.25), -1.0).data) == 1.25


@every_paired
def test_lists_of_values(name: str):
    """A list of Values, micrograd's way to hold a batch, is a batch, and so is a list of rows."""
    loss, prediction, target = LOSSES[name]
    expected = am.Tensor(prediction[:, 0])
    value, gradient = value_and_gradient(loss(expected, target[:, 0]), expected)
    leaves = [am.Value(x) for x in prediction[:, 0]]
    listed, slopes = value_and_gradient(loss(leaves, list(target[:, 0])), leaves)
    assert_allclose(listed, value, rtol=1e-14)
    assert_allclose(slopes, gradient, rtol=1e-14)
    rows = [[am.Value(x) for x in row] for row in prediction]
    assert_allclose(
        loss(rows, target.tolist()).data, loss(am.Tensor(prediction), target).data, rtol=1e-14
    )


def test_list_of_rows_of_values_for_softmax():
    """Softmax cross-entropy takes a list of rows, too."""
    rows = [[am.Value(x) for x in row] for row in SCORES]
    expected = am.Tensor(SCORES)
    value, gradient = value_and_gradient(nn.softmax_cross_entropy(expected, CLASSES), expected)
    listed, slopes = value_and_gradient(nn.softmax_cross_entropy(rows, list(CLASSES)), rows)
    assert_allclose(listed, value, rtol=1e-14)
    assert_allclose(slopes, gradient, rtol=1e-13)


@every_paired
def test_list_of_tensors_raises(name: str):
    """A list of Tensors is not read as numbers, which would lose the gradient without a word."""
    loss, prediction, target = LOSSES[name]
    with pytest.raises(DataError, match="stack"):
        loss([am.Tensor(x) for x in prediction[:, 0]], target[:, 0])


@every_loss
def test_plain_prediction(name: str):
    """A prediction of plain numbers has a plain loss."""
    loss, prediction, target = LOSSES[name]
    plain = loss(prediction, target)
    assert not isinstance(plain, am.Node)
    assert_allclose(plain, loss(am.Tensor(prediction), target).data, rtol=1e-14)


@every_loss
def test_float32_is_kept(name: str):
    """In single precision, prediction, target, loss and gradient are so."""
    loss, prediction, target = LOSSES[name]
    leaves = am.Tensor(prediction, dtype=np.float32)
    z = loss(leaves, target.astype(np.float32))
    z.backward()
    assert (z.dtype, leaves.grad.dtype) == (np.float32, np.float32)
    assert_allclose(z.data, loss(prediction, target), rtol=1e-5)


# Labels


@both_kinds
@pytest.mark.parametrize(
    "labels",
    [
        list(CLASSES),
        CLASSES.astype(np.uint8),
        CLASSES.astype(float),
        am.Tensor(CLASSES),
        np.eye(3)[CLASSES],
        np.eye(3, dtype=int)[CLASSES].tolist(),
    ],
    ids=["list", "uint8", "whole floats", "Tensor", "one-hot", "one-hot lists"],
)
def test_forms_of_labels(make: Any, labels: Any):
    """Class numbers and one-hot rows, of any type, say the same."""
    expected = -np.mean(SCORES[np.arange(5), CLASSES] - np.log(np.sum(np.exp(SCORES), axis=1)))
    found = nn.softmax_cross_entropy(make(SCORES), am.data(labels))
    assert_allclose(float(am.data(found)), expected, rtol=1e-14)


def test_integer_labels_keep_float32():
    """Integer labels have no precision of their own: the loss keeps that of the logits."""
    logits = am.Tensor(SCORES, dtype=np.float32)
    assert nn.softmax_cross_entropy(logits, CLASSES).dtype == np.float32


@both_kinds
@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2, 3, 0], [0, 1, -1, 2, 0], [0.5, 1, 2, 0, 0], [math.nan, 1, 2, 0, 0]],
    ids=["too large", "negative", "a half", "nan"],
)
def test_labels_that_are_no_classes(make: Any, labels: list[Any]):
    """A label that is not one of the k classes raises; -1 is not the last class."""
    with pytest.raises(ValueError, match="labels must be integers from 0 to 2"):
        nn.softmax_cross_entropy(make(SCORES), labels)


@both_kinds
@pytest.mark.parametrize("row", [[2.0, -1.0, 0.0], [math.nan, 0.5, 0.5]])
def test_soft_labels_that_are_no_probabilities(make: Any, row: list[float]):
    """Probabilities of classes lie between 0 and 1."""
    with pytest.raises(ValueError, match="labels must be classes, or from 0 to 1"):
        nn.softmax_cross_entropy(make(SCORES), [row] * 5)


@both_kinds
def test_too_few_labels(make: Any):
    """Every row of logits needs its label."""
    with pytest.raises(ShapeError, match=r"\(5, 3\) and the target \(4,\)"):
        nn.softmax_cross_entropy(make(SCORES), CLASSES[:4])


@both_kinds
def test_logits_without_classes(make: Any):
    """One-dimensional logits are refused: samples or classes?"""
    with pytest.raises(ShapeError, match=r"logits must have shape \(m, k\), got \(5,\)"):
        nn.softmax_cross_entropy(make(SCORES[:, 0]), CLASSES)


@both_kinds
@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (nn.binary_cross_entropy, [1.0, -1.0]),
        (nn.binary_cross_entropy, [1.0, 2.0]),
        (nn.binary_cross_entropy, [1.0, math.nan]),
        (nn.binary_cross_entropy_with_logits, [1.0, -1.0]),
        (nn.hinge, [1.0, 0.0]),
        (nn.hinge, [True, False]),
        (nn.hinge, [1.0, math.nan]),
    ],
)
def test_targets_of_another_loss(make: Any, loss: Callable[..., Any], target: list[float]):
    """0 and 1 for the hinge, -1 and 1 for cross-entropy: the likeliest mistake is refused."""
    with pytest.raises(ValueError, match=f"{loss.__name__}: targets must be"):
        loss(make([0.5, 0.5]), target)


@both_kinds
@pytest.mark.parametrize("probability", [1.5, -0.5])
def test_probabilities_that_are_none(make: Any, probability: float):
    """Scores passed for probabilities, a sigmoid forgotten, are refused."""
    with pytest.raises(ValueError, match=r"binary_cross_entropy: .*from 0 to 1"):
        nn.binary_cross_entropy(make([0.5, probability]), [1.0, 1.0])
