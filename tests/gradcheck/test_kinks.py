"""Where two probes lie on two sides of a kink: reported, and left out of the verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.gradcheck import check_gradients
from autograd_mini.primitive import Elementwise
from tests.gradcheck.rules import tanh_with_slope

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])
both_makers = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])

# Each has one at 0, and a slope that differs on its two sides.
KINKS: dict[str, Callable[[Any], Any]] = {
    "relu": am.relu,
    "abs": am.abs,
    "leaky_relu": lambda x: am.leaky_relu(x, 0.1),
    "maximum": lambda x: am.maximum(x, 2.0 * x),
    "minimum": lambda x: am.minimum(x, 0.0),
    "clip": lambda x: am.maximum(am.minimum(x, 1.0), 0.0),
    "where": lambda x: am.where(am.greater(x, 0.0), 3.0 * x, x),
    "where with a plain condition": lambda x: am.where(am.data(x) > 0, 3.0 * x, x),
    "sign": lambda x: am.sign(x) * x,
}


@both_kinds
@pytest.mark.parametrize("kink", KINKS.values(), ids=KINKS)
@pytest.mark.parametrize("method", ["two-sided", "one-sided"])
def test_kinks(kind: type[am.Node], kink: Any, method: Any):
    """Beside a kink the differences are meaningless: the component is reported and left out."""
    at, beside, far = kind(-1e-9), kind(0.3), kind(0.4)
    report = check_gradients(
        lambda: kink(at) + kink(beside) + far.exp(),
        {"at": at, "beside": beside, "far": far},
        method=method,
        threshold=1e-6,
    )
    assert [c.name for c in report.kinks] == ["at"]
    assert report.verdict == "right"
    assert report.difference < 1e-6
    assert "at a kink, left out of the verdict" in str(report)


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
@pytest.mark.parametrize("kink", KINKS.values(), ids=KINKS)
def test_wrong_rule_beside_a_kink(kind: type[am.Node], kink: Any):
    """A wrong rule is found all the same, in the components that are not at the kink."""
    at, far, tanh = kind(-1e-9), kind(0.4), tanh_with_slope(1.01)
    report = check_gradients(lambda: kink(at) + tanh(far), {"at": at, "far": far})
    assert [c.name for c in report.kinks] == ["at"]
    assert report.verdict == "wrong"
    assert [c.name for c in report.worst()] == ["far"]


@pytest.mark.usefixtures("scratch_registry")
def test_wrong_rule_of_a_piecewise_primitive():
    """Away from its kink a piecewise primitive is checked like any other."""
    relu = Elementwise(
        "relu_off",
        lambda x: max(x, 0.0),
        lambda x: np.maximum(x, 0.0),
        lambda z, x: 1.001 * am.greater(x, 0.0),
        sides=lambda x: np.greater(x, 0.0),
    )
    x = am.Tensor([0.5, -0.5, 1e-9])
    report = check_gradients(lambda: relu(x).sum(), [x])
    assert [c.index for c in report.kinks] == [(2,)]
    assert report.verdict == "look closer"


@both_makers
@pytest.mark.parametrize("reduce", [am.max, am.min, np.max], ids=["max", "min", "np.max"])
def test_ties(make: Any, reduce: Any):
    """Where the two largest are (nearly) equal, both are at a kink and the others are not."""
    w = make([1e-9, 0.0, 5.0 if reduce is am.min else -5.0])
    report = check_gradients(lambda: reduce(w) * 3.0, {"w": w})
    assert [c.index for c in report.kinks] == [(0,), (1,)]
    assert report.verdict == "right"


def test_branch_of_python():
    """Where Python code takes another branch at the two probes, the tapes differ."""
    x, y = am.Value(-1e-9), am.Value(0.5)
    report = check_gradients(lambda: (x.exp() if x > 0 else -2.0 * x) + y * y, {"x": x, "y": y})
    assert [c.name for c in report.kinks] == ["x"]
    assert report.verdict == "right"


def test_network_with_units_at_the_kink():
    """In a ReLU network with a unit at 0 its weights are left out and the rest is right."""
    model = nn.MLP(2, [3, 1], kind=am.Tensor, rng=7)
    x = np.array([[1.0, 1.0]])
    W = model.layers[0].W.data.copy()  # noqa: N806  # the field's name for weights
    W[1] = [0.5, -0.5]  # z = 0 in unit 1
    W[0], W[2] = [0.3, 0.4], [-0.3, -0.2]
    model.layers[0].W.data = W
    report = check_gradients(lambda: nn.squared_error(model(x), [[1.0]]), model)
    assert [c.label for c in report.kinks] == [
        "layers.0.W[1,0]",
        "layers.0.W[1,1]",
        "layers.0.b[1]",
    ]
    assert report.verdict == "right"


def test_kinks_where_the_gradient_agrees():
    """At the very bottom of |x| the slope 0 is what two-sided differences find: no need to say."""
    x = am.Value(0.0)
    report = check_gradients(lambda: abs(x), [x])
    assert report.kinks == []
    assert report.verdict == "right"
