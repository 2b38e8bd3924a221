"""The complex step: exact to rounding, on replayed tapes and on NumPy code; what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import LossError
from autograd_mini.gradcheck import check_gradients, numerical_gradient
from autograd_mini.primitive import Elementwise
from tests.gradcheck.rules import tanh_with_slope

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])
both_makers = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))


@both_makers
def test_example_of_squire_and_trapp(make: Any):
    """The example of the paper, exp(x) / (sin³ x + cos³ x) at 1.5, without sines: x = log u.

    f = u / (s³ + c³) is rational in u, s and c; its three derivatives are written by hand.
    """
    u, s, c = numbers = np.array([np.exp(1.5), np.sin(1.5), np.cos(1.5)])
    p = [make(numbers)]
    found = numerical_gradient(
        lambda: (
            p[0][0] / (p[0][1] * p[0][1] * p[0][1] + p[0][2] * p[0][2] * p[0][2])
            if make is am.values
            else (p[0] * [1.0, 0.0, 0.0]).sum() / (p[0] * p[0] * p[0] * [0.0, 1.0, 1.0]).sum()
        ),
        p,
        method="complex-step",
    )[0]
    q = s**3 + c**3
    assert_allclose(found, [1 / q, -3 * u * s**2 / q**2, -3 * u * c**2 / q**2], rtol=1e-14)


@both_kinds
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_network(kind: type[am.Node], activation: str):
    """A network is right to rounding: a thousand times nearer than differences come."""
    model = nn.MLP(3, [4, 2], activation=activation, kind=kind, rng=1)

    def loss() -> Any:
        return nn.squared_error(model(X), Y) + nn.l2_penalty(model.weights(), 0.3, len(X))

    report = check_gradients(loss, model, method="complex-step")
    assert report.passed
    assert report.difference < 1e-14
    assert report.threshold == 1e-10
    assert "complex-step, step 1e-30" in str(report)


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
@pytest.mark.parametrize("error", [1e-3, 1e-8])
def test_wrong_rule(kind: type[am.Node], error: float):
    """It finds a rule that is wrong by 0.1 %, and one wrong by 10⁻⁸ that differences let pass."""
    tanh = tanh_with_slope(1.0 + error)
    tanh.analytic = np.tanh
    x = kind(0.4)
    report = check_gradients(lambda: tanh(x), [x], method="complex-step")
    assert not report.passed
    assert report.difference == pytest.approx(error / 2, rel=1e-3)
    assert check_gradients(lambda: tanh(x), [x]).passed == (error < 1e-7)


def test_given_step():
    """A step of one's own goes in: (x + ih)³ has the imaginary part 3x²h - h³."""
    x = am.Tensor([2.0])
    found = numerical_gradient(lambda: (x * x * x).sum(), [x], method="complex-step", eps=0.5)
    assert found[0] == [12.0 - 0.25]


def test_float32():
    """Single precision is replayed in double, so the numbers are better than the sweep's."""
    x = am.Tensor(np.linspace(0.1, 1.0, 5, dtype=np.float32))
    found = numerical_gradient(lambda: x.exp().sum(), [x], method="complex-step")[0]
    assert_allclose(found, np.exp(x.data.astype(float)), rtol=1e-15)
    report = check_gradients(lambda: x.exp().sum(), [x], method="complex-step")
    assert report.passed
    assert report.threshold == 1e-4


def test_leaves_nothing_behind():
    """Neither data nor `.grad` of the parameters change, nor do older graphs go stale."""
    x = am.Tensor([1.0, 2.0])
    older, before = (x * x).sum(), x.data
    check_gradients(lambda: (x * x).sum(), [x], method="complex-step")
    assert x.data is before
    assert x.grad is None
    older.backward()
    assert list(x.grad) == [2.0, 4.0]


@both_kinds
def test_what_is_not_analytic_is_refused(kind: type[am.Node]):
    """A piecewise primitive on the way from a parameter is named, with the remedy."""
    x, y = kind(0.5), kind(0.7)
    with pytest.raises(LossError, match=r"^relu is not analytic.*use method='two-sided'$"):
        check_gradients(lambda: x.relu() * y, [x, y], method="complex-step")
    with pytest.raises(LossError, match=r"^relu, abs are not analytic"):
        numerical_gradient(lambda: abs(x.relu()), [x], method="complex-step")


@both_kinds
def test_what_no_parameter_reaches_may_be_anything(kind: type[am.Node]):
    """A piecewise primitive of constants, or of other leaves, is no obstacle."""
    x, other = kind(0.5), kind(-0.7)
    found = numerical_gradient(lambda: abs(other) * x, [x], method="complex-step")
    assert_allclose(found[0], 0.7, rtol=1e-15)


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize(
    "analytic", [lambda x: np.sinh(x), lambda x: np.tanh(x).real], ids=["another", "real"]
)
def test_continuation_of_something_else(analytic: Any):
    """A continuation that is not one of this operation is named, and not believed."""
    wrong = Elementwise(
        "tanh_continued", np.tanh, np.tanh, lambda z, x: 1.0 - z * z, analytic=analytic
    )
    x = am.Tensor([0.5])
    with pytest.raises(LossError, match=r"tanh_continued: its continuation .* where the operation"):
        check_gradients(lambda: wrong(x).sum(), [x], method="complex-step")


def test_loss_on_no_tape():
    """Nodes as parameters and a plain number as loss: there is no tape to replay."""
    x = am.Tensor([0.5])
    with pytest.raises(LossError, match="there is nothing to sweep"):
        numerical_gradient(lambda: float(x.data[0]), [x], method="complex-step")


@both_kinds
def test_detached_factor(kind: type[am.Node]):
    """What has left the tape is a constant to it; that is noticed, not called right."""
    x = kind(2.0)
    with pytest.raises(LossError, match=r"in a way that its tape does not tell.*two-sided"):
        check_gradients(lambda: x * x.data, [x], method="complex-step")


# NumPy code


def numpy_loss(p: dict[str, Any]) -> Any:
    """Return a loss of plain arrays, which takes complex ones as well."""
    return np.mean((np.tanh(X @ p["W"].T) - Y) ** 2)


def test_plain_arrays():
    """A hand-written gradient of NumPy code is checked by calling it with complex arrays."""
    p = {"W": RNG.normal(size=(2, 3))}
    a = np.tanh(X @ p["W"].T)
    right = {"W": (2.0 * (a - Y) * (1.0 - a**2) / a.size).T @ X}
    report = check_gradients(numpy_loss, p, gradients=right, method="complex-step")
    assert report.passed
    assert report.difference < 1e-15
    off = {"W": 1.001 * right["W"]}
    assert not check_gradients(numpy_loss, p, gradients=off, method="complex-step").passed
    listed = numerical_gradient(lambda q: numpy_loss({"W": q[0]}), [p["W"]], method="complex-step")
    alone = numerical_gradient(lambda w: numpy_loss({"W": w}), p["W"], method="complex-step")
    assert_allclose(listed[0], right["W"], rtol=1e-13)
    assert_allclose(alone[0], right["W"], rtol=1e-13)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda: 1.0, "write the loss as a function of the parameters"),
        (lambda p: float(p["w"].sum()), "does not take complex numbers"),
        (lambda p: np.abs(p["w"]).sum(), "is not analytic, or does not depend on"),
        (lambda p: (p["w"] * am.Tensor([1.0])).sum(), "does not take complex numbers"),
    ],
    ids=["closure", "float", "abs", "Tensor"],
)
def test_numpy_code_that_is_refused(loss: Any, message: str):
    """Where NumPy code cannot be called with complex numbers, the message says what to change."""
    with pytest.raises(LossError, match=message):
        numerical_gradient(loss, {"w": np.array([0.5])}, method="complex-step")


def test_nodes_and_arrays_do_not_mix():
    """The tape is replayed for nodes, the loss called for arrays: one of the two."""
    p = [am.Tensor([1.0]), np.array([2.0])]
    with pytest.raises(LossError, match="not both at once"):
        numerical_gradient(lambda: (p[0] * p[1]).sum(), p, method="complex-step")
