"""`taylor_test`: order 2 for right gradients, 1 for wrong ones, and what it takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import LossError, ParameterError, ShapeError
from autograd_mini.gradcheck import TaylorReport, taylor_test
from tests.gradcheck.rules import tanh_with_slope

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])

X = np.array([0.3, -1.2, 2.0])


# The order


def test_remainder_of_a_square():
    """(x + h)² - x² - 2xh is h² exactly, for numbers that are powers of two."""
    report = taylor_test(lambda x: x * x, 2.0, direction=1.0, steps=[0.5, 0.25, 0.125])
    assert list(report.steps) == [0.5, 0.25, 0.125]
    assert list(report.remainders) == [0.25, 0.0625, 0.015625]
    assert list(report.changes) == [2.25, 1.0625, 0.515625]
    assert report.order == pytest.approx(2.0, abs=1e-12)
    assert report.passed


@both_kinds
def test_right(kind: type[am.Node]):
    """A network has order 2."""
    model = nn.MLP(3, [4, 2], activation="tanh", kind=kind, rng=1)
    report = taylor_test(lambda: nn.squared_error(model(np.ones((4, 3))), np.zeros((4, 2))), model)
    assert report.order == pytest.approx(2.0, abs=0.01)
    assert report.passed
    assert not report.at_kink


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
@pytest.mark.parametrize("factor", [1.001, 0.999, 1.0 - 1e-5, 2.0, 0.0])
def test_wrong(kind: type[am.Node], factor: float):
    """A rule that is wrong has order 1, also one that is wrong by 0.1 % or less."""
    tanh = tanh_with_slope(factor)
    report = taylor_test(lambda x: tanh(x), kind(0.4))
    assert report.order == pytest.approx(1.0, abs=0.2)
    assert not report.passed
    assert "not 2: the gradient is wrong" in str(report)


def test_detached_factor():
    """What has left the tape is found, since the function itself is computed anew."""
    assert not taylor_test(lambda x: (x * x.data).sum(), X).passed


def test_linear():
    """Of a linear function nothing but rounding remains, which is right; if wrong, order 1."""
    report = taylor_test(lambda x: (x * [3.0, 4.0, 5.0]).sum(), X)
    assert report.order is None
    assert report.passed
    assert "f is linear along v" in str(report)
    wrong = taylor_test(lambda x: (x * 3.0).sum(), X, gradients=[3.0, 3.0, 3.003])
    assert wrong.order == pytest.approx(1.0, abs=1e-6)
    assert not wrong.passed


def test_higher_order():
    """Where the second derivative is zero the order is 3, which is right, too."""
    report = taylor_test(lambda x: x**3, 0.0)
    assert report.order == pytest.approx(3.0, abs=1e-6)
    assert report.passed


def test_float32():
    """Single precision has larger steps, so that the remainders stand out of its rounding."""
    x = {"a": np.linspace(0.1, 1.0, 3, dtype=np.float32), "b": np.full(3, 0.4, dtype=np.float32)}
    right = taylor_test(lambda p: (p["a"].exp() * p["b"]).sum(), x)
    assert right.passed
    assert right.steps[0] > 0.1
    gradients = {"a": np.exp(x["a"]) * x["b"], "b": np.exp(x["a"])}
    off = {name: 1.01 * g for name, g in gradients.items()}
    for g, passed in ((gradients, True), (off, False)):
        report = taylor_test(lambda p: (np.exp(p["a"]) * p["b"]).sum(), x, gradients=g)
        assert report.passed is passed


@both_kinds
def test_kink(kind: type[am.Node]):
    """At a kink there is no gradient: order 1, and the text says why. Beside it, order 2."""
    at = taylor_test(lambda x: abs(x) + x.exp(), kind(0.0))
    assert not at.passed
    assert at.at_kink
    assert "x lies at a kink" in str(at)
    beside = taylor_test(lambda x: abs(x) + x.exp(), kind(1e-4), direction=-1.0)
    assert beside.crossed == [h >= 1e-4 for h in beside.steps]
    assert beside.order == pytest.approx(2.0, abs=0.01)
    assert "across a kink" in str(beside)
    assert not beside.at_kink


@both_kinds
def test_wrong_beside_a_kink(kind: type[am.Node]):
    """Steps that cross a kink do not count, so that a wrong gradient is told from the kink."""
    x = kind(1e-4)
    report = taylor_test(lambda x: x.relu() * x.data, x, direction=-1.0)
    assert not report.at_kink
    assert not report.passed
    assert "the gradient is wrong" in str(report)


def test_steps_that_leave_the_domain():
    """What is no number at the largest steps is skipped; a gradient that is none is wrong."""
    with np.errstate(invalid="ignore"):
        report = taylor_test(lambda x: x.log(), am.Tensor(1e-3), direction=-1.0)
    assert math.isnan(report.remainders[0])
    assert report.passed
    nan = taylor_test(lambda x: float(x.sum()), X, gradients=[math.nan, 1.0, 1.0])
    assert math.isnan(nan.order)
    assert not nan.passed


# What it takes


def test_forms_of_x():
    """Numbers, arrays, nodes, object arrays, dicts, lists and Modules; f with or without them."""
    model = nn.Module()
    model.w = am.Tensor(X)
    w = am.values(X)
    cases: list[tuple[Any, Any]] = [
        (lambda x: x.exp(), 0.5),
        (lambda x: x.exp().sum(), X),
        (lambda x: x.exp().sum(), am.Tensor(X)),
        (lambda x: np.exp(x).sum(), w),
        (lambda: np.exp(w).sum(), [w]),
        (lambda p: (p["a"] * p["b"].exp()).sum(), {"a": X, "b": am.Tensor(X)}),
        (lambda p: p[0] * p[1].exp().sum(), [am.Tensor(0.5), X]),
        (lambda m: m.w.exp().sum(), model),
    ]
    for f, x in cases:
        report = taylor_test(f, x)
        assert report.passed
        assert report.order == pytest.approx(2.0, abs=0.05)


def test_hand_written_gradients():
    """Plain numbers and arrays go to f as they are where the gradient is written by hand."""
    seen = []
    assert taylor_test(lambda x: seen.append(type(x)) or x**3, 0.5, gradients=0.75).passed
    assert set(seen) == {float}
    assert taylor_test(lambda x: float((x**3).sum()), X, gradients=3.0 * X**2).passed
    assert not taylor_test(lambda x: float((x**3).sum()), X, gradients=3.003 * X**2).passed
    lone = taylor_test(lambda p: float((p["x"] ** 3).sum()), {"x": X}, gradients={"x": 3 * X**2})
    assert lone.passed


def test_direction():
    """A direction of one's own is made a unit one; an error across it stays hidden."""
    gradient = 2.0 * X
    gradient[2] += 1.0
    for direction, passed in (([5.0, 0.0, 0.0], True), ([0.0, 0.0, 5.0], False)):
        report = taylor_test(
            lambda x: float((x * x).sum()), X, gradients=gradient, direction=direction
        )
        assert report.passed is passed
        assert report.steps[0] < 1.0


def test_seed():
    """The direction is the same at every call, another with another seed or generator."""

    def changes(rng: Any) -> list[float]:
        return list(taylor_test(lambda x: x.exp().sum(), X, rng=rng).changes)

    assert changes(0) == changes(0) != changes(1) == changes(np.random.default_rng(1))


def test_x_stays_as_it_was():
    """Nodes keep data and `.grad`, arrays every bit."""
    x, p = am.Tensor(X), {"x": X.copy()}
    before = x.data
    taylor_test(lambda x: x.exp().sum(), x)
    taylor_test(lambda p: float(np.exp(p["x"]).sum()), p, gradients={"x": np.exp(X)})
    assert x.data is before
    assert x.grad is None
    assert p["x"].tobytes() == X.tobytes()


def test_refusals():
    """A random f, vectors, nothing to differentiate by, directions that do not fit."""
    rng = np.random.default_rng(0)
    with pytest.raises(LossError, match="random"):
        taylor_test(lambda x: (x * rng.normal(size=3)).sum(), X)
    with pytest.raises(LossError, match="reduce it first"):
        taylor_test(lambda x: x * x, X)
    with pytest.raises(LossError, match="nothing to sweep"):
        taylor_test(lambda x: 1.0, X)
    with pytest.raises(ParameterError, match="nothing to differentiate"):
        taylor_test(lambda p: 1.0, {})
    with pytest.raises(ParameterError, match="the direction is zero"):
        taylor_test(lambda x: x.sum(), X, direction=np.zeros(3))
    with pytest.raises(ShapeError, match="the direction has 2 numbers, x has 3"):
        taylor_test(lambda x: x.sum(), X, direction=[1.0, 2.0])


def test_text():
    """The whole text: remainders h² and their orders."""
    report = TaylorReport(
        [0.5, 0.25, 0.125], [1.0, 0.5, 0.25], [0.25, 0.0625, 0.015625], 0, [False] * 3
    )
    assert str(report) == (
        """\
Taylor test: order 2, the gradient is right

h      |f(x+hv) - f(x)|  order  |f(x+hv) - f(x) - h<∇f,v>|  order
-----  ----------------  -----  --------------------------  -----
0.5                   1                               0.25
0.25                0.5   1.00                      0.0625   2.00
0.125              0.25   1.00                      0.0156   2.00"""
    )
