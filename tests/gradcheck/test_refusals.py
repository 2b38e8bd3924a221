"""What `check_gradients` refuses, and the remedy it names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import DataError, LossError, ParameterError, ShapeError
from autograd_mini.gradcheck import check_gradients

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


@both_kinds
def test_dropout_is_refused(kind: type[am.Node]):
    """A loss with dropout is another loss at each call; in evaluation it can be checked."""
    model = nn.MLP(3, [20, 2], activation="tanh", keep_prob=0.5, kind=kind, rng=4)

    def loss() -> Any:
        return nn.squared_error(model(np.ones((4, 3))), np.zeros((4, 2)))

    with pytest.raises(LossError, match=r"random.*Switch dropout off \(model.eval\(\)\)"):
        check_gradients(loss, model)
    model.eval()
    assert check_gradients(loss, model).passed


def test_dropout_is_refused_where_its_draws_agree():
    """A mask is found on the tape even if two draws happen to be the same."""
    x, rng = am.Tensor([1.0, 2.0]), np.random.default_rng(5)
    with pytest.raises(LossError, match="random"):
        check_gradients(lambda: nn.dropout(x, 1.0 - 1e-9, rng=rng).sum(), [x])


def test_noise_is_refused():
    """Random numbers of NumPy in the loss are found, since it gives two values."""
    x, rng = am.Tensor([1.0, 2.0]), np.random.default_rng(6)
    with pytest.raises(LossError, match=r"random: it gave [-\d.]+ and then [-\d.]+"):
        check_gradients(lambda: (x * rng.normal(size=2)).sum(), [x])


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@both_kinds
def test_loss_that_is_not_finite(kind: type[am.Node], number: float):
    """NaN and infinity have no derivative to compare."""
    x = kind(1.0)
    with pytest.raises(LossError, match=f"the loss is {number} at these parameters"):
        check_gradients(lambda: x * number, [x])


def test_loss_that_is_no_number():
    """A loss of several numbers must be reduced first."""
    x = am.Tensor([1.0, 2.0])
    with pytest.raises(LossError, match=r"got shape \(2,\); reduce it first"):
        check_gradients(lambda: x * x, [x])


def test_nothing_to_sweep():
    """Plain numbers have no gradient of their own: the message asks for a hand-written one."""
    x, p = am.Tensor([1.0]), np.ones(2)
    for loss, params in ((lambda: 3.0, [x]), (lambda: float(p.sum()), [p])):
        with pytest.raises(LossError, match="gradients="):
            check_gradients(loss, params)
    with pytest.raises(LossError, match=r"under no_grad\(\)"), am.no_grad():
        check_gradients(lambda: (x * x).sum(), [x])
    with pytest.raises(LossError, match="detached"):
        check_gradients(lambda: (x * x).sum().detach(), [x])


@pytest.mark.parametrize("params", [[], {}, nn.Module()])
def test_no_parameters(params: Any):
    """A check of nothing must not say that all is right."""
    with pytest.raises(ParameterError, match="no parameter"):
        check_gradients(lambda: am.Value(1.0), params)


def test_parameters_that_cannot_be_moved():
    """Integers cannot be moved by a small step; they raise, and are not taken for constant."""
    with pytest.raises(DataError, match="array of floats"):
        check_gradients(lambda: 0.0, {"w": np.array([1, 2])}, gradients={"w": np.zeros(2)})


@pytest.mark.parametrize("gradients", [[np.zeros(3)], [np.zeros((1, 2))], [np.zeros(2)] * 2, []])
def test_gradients_of_another_shape(gradients: Any):
    """Hand-written gradients must have the shapes of the parameters."""
    x = am.Tensor([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"the parameters \[\(2,\)\]"):
        check_gradients(lambda: x.sum(), [x], gradients=gradients)
