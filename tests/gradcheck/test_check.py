"""`check_gradients`: passes what is right, finds what is wrong, leaves nothing behind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import gradcheck, nn
from autograd_mini.errors import GradientError, LossError
from autograd_mini.gradcheck import assert_gradients, check_gradients
from tests.gradcheck.rules import tanh_with_slope

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])
both_makers = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
W, B = RNG.normal(size=(2, 3)), RNG.normal(size=2)


# Right gradients pass


@both_kinds
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "relu", "leaky_relu"])
def test_network_with_l2(kind: type[am.Node], activation: str):
    """A whole network with L2 in its loss is right, each parameter under its name."""
    model = nn.MLP(3, [4, 2], activation=activation, kind=kind, rng=1)
    report = assert_gradients(
        lambda: nn.squared_error(model(X), Y) + nn.l2_penalty(model.weights(), 0.3, len(X)), model
    )
    assert report.difference < report.threshold
    assert report.names == list(model.arrays())
    assert len(report.components) == 4 * 3 + 4 + 2 * 4 + 2


@both_kinds
@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (nn.binary_cross_entropy_with_logits, np.array([[1.0, 0.0]] * 4)),
        (nn.softmax_cross_entropy, np.array([0, 1, 1, 0])),
        (nn.hinge, np.array([[1.0, -1.0]] * 4)),
    ],
)
def test_every_loss(kind: type[am.Node], loss: Any, target: Any):
    """Each loss of a network is right."""
    model = nn.MLP(3, [4, 2], activation="tanh", kind=kind, rng=2)
    report = assert_gradients(lambda: loss(model(X), target), model)
    assert report.difference < report.threshold


@pytest.mark.parametrize("method", ["two-sided", "one-sided"])
def test_method(method: Any):
    """A one-sided difference is less exact than a two-sided one, and says so."""
    x = am.Tensor([0.5, -0.3])
    report = check_gradients(lambda: x.exp().sum(), [x], method=method)
    eps = np.finfo(float).eps
    bounds = {"two-sided": (0.0, 10 * eps ** (2 / 3)), "one-sided": (1e-9, 10 * eps ** (1 / 2))}
    low, high = bounds[method]
    assert low < report.difference < high
    assert report.method == method
    assert method in str(report)


def test_given_threshold():
    """A threshold of one's own moves the verdict."""
    x = am.Tensor([2.0])
    off = {"gradients": [np.array([4.0001])]}  # 4 is right: a difference of 1.25e-5
    assert check_gradients(lambda: (x * x).sum(), [x], **off).verdict == "look closer"
    assert check_gradients(lambda: (x * x).sum(), [x], **off, threshold=1e-4).verdict == "right"
    assert check_gradients(lambda: (x * x).sum(), [x], **off, threshold=1e-10).verdict == "wrong"


def test_both_zero():
    """A parameter that the loss does not depend on has two zero gradients, which agree."""
    x, idle = am.Tensor([1.0, 2.0]), am.Value(3.0)
    report = check_gradients(lambda: x.square().sum(), {"x": x, "idle": idle})
    assert report.passed
    assert report.difference_of("idle") == 0.0


@both_makers
def test_forms_of_parameters(make: Any):
    """Dict, list, single node and module; a loss that takes the parameters; defaults."""
    w = make([0.5, -0.3])
    module = nn.Module()
    module.w = w
    for params in ({"w": w}, [w], module):
        assert check_gradients(lambda: am.exp(w).sum(), params).passed
    assert check_gradients(lambda p: am.exp(p["w"]).sum(), {"w": w}).passed
    assert check_gradients(lambda p, power=3.0: (p["w"] ** power).sum(), {"w": w}).passed
    assert check_gradients(lambda w=w, x=2.0: (w * x).sum(), [w]).passed


def test_one_element_loss():
    """A loss of one element counts as a number, whatever its shape, as in `backward()`."""
    x = am.Tensor([[2.0]])
    assert check_gradients(lambda: x * x, [x]).passed


@pytest.mark.parametrize("names", [("w", "w"), (None, None), ("w", None)])
def test_names_that_occur_twice(names: tuple[str | None, str | None]):
    """Two nodes of one name, or of none, are checked each for itself."""
    a, b = am.Value(1.0, name=names[0]), am.Value(2.0, name=names[1])
    report = check_gradients(lambda: a * b * b, [a, b], gradients=[4.0, 5.0])  # ∂/∂b is 4
    assert len(set(report.names)) == 2
    assert [report.verdict_of(name) for name in report.names] == ["right", "wrong"]


def test_float32():
    """Single-precision parameters get thresholds and steps fit for them."""
    model = nn.MLP(3, [4, 2], activation="tanh", kind=am.Tensor, rng=3)
    for p in model.parameters():
        p.data = p.data.astype(np.float32)

    def loss() -> Any:
        return nn.squared_error(model(X.astype(np.float32)), Y.astype(np.float32))

    report = check_gradients(loss, model)
    assert report.passed
    assert report.threshold == 1e-3
    assert 1e-7 < report.difference < 1e-3
    right = {name: p.astype(float) for name, p in gradcheck.numerical_gradient(loss, model).items()}
    for factor, verdict in ((1.05, "look closer"), (1.5, "wrong")):
        off = {name: factor * gradient for name, gradient in right.items()}
        assert check_gradients(loss, model, gradients=off).verdict == verdict


@pytest.mark.parametrize(
    ("dtype", "threshold"),
    [(np.float16, 1e-1), (np.float32, 1e-3), (np.float64, 1e-7), (np.longdouble, 1e-7)],
)
def test_threshold_of_a_precision(dtype: Any, threshold: float):
    """The threshold is that of the least precise parameter."""
    coarse, fine = am.Tensor([1.0], dtype=dtype), am.Tensor([2.0])
    report = check_gradients(lambda: (coarse * fine).sum(), [fine, coarse])
    assert report.threshold == threshold
    assert report.passed


# Wrong ones do not


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
@pytest.mark.parametrize("factor", [1.001, 0.999, 1.1, -1.0, 0.0])
def test_wrong_rule(kind: type[am.Node], factor: float):
    """A rule that is wrong by 0.1 % fails; the message is the table."""
    x, tanh = kind(0.4), tanh_with_slope(factor)
    with pytest.raises(
        GradientError, match=r"gradient check: (look closer|wrong), difference"
    ) as e:
        assert_gradients(lambda: tanh(x), {"x": x})
    assert "largest errors" in str(e.value)
    report = check_gradients(lambda: tanh(x), {"x": x})
    assert report.difference == pytest.approx(abs(factor - 1) / (abs(factor) + 1), rel=1e-6)
    assert report.verdict == ("look closer" if abs(factor - 1) < 0.002 else "wrong")
    assert not report.passed


@pytest.mark.usefixtures("scratch_registry")
def test_right_rule():
    """The same with the factor 1 passes, so that it is the factor that fails above."""
    x, tanh = am.Tensor([0.4, -1.0]), tanh_with_slope(1.0)
    assert assert_gradients(lambda: tanh(x).sum(), [x]).passed


def test_detached_factor():
    """A factor that has lost its history is wrong, not a kink: x times its own data."""
    x = am.Tensor([2.0, 3.0])
    report = check_gradients(lambda: (x * x.data).sum(), [x])
    assert report.verdict == "wrong"
    assert report.kinks == []


def hand_written(x: Any, w: Any, b: Any) -> dict[str, Any]:
    """Return the gradients of the mean of (x Wᵀ + b)², written by hand."""
    z = x @ w.T + b
    return {"W": 2.0 * z.T @ x / z.size, "b": 2.0 * z.sum(axis=0) / z.size}


def test_hand_written_gradients_of_plain_arrays():
    """Plain NumPy code is checked without a node: right as written, wrong without the 2."""
    p = {"W": W.copy(), "b": B.copy()}

    def loss(p: dict[str, Any]) -> float:
        return float(np.mean((X @ p["W"].T + p["b"]) ** 2))

    right = hand_written(X, p["W"], p["b"])
    report = check_gradients(loss, p, gradients=right)
    assert report.passed
    assert report.names == ["W", "b"]
    bug = check_gradients(loss, p, gradients=right | {"W": right["W"] / 2})
    assert bug.verdict == "wrong"
    assert (bug.verdict_of("W"), bug.verdict_of("b")) == ("wrong", "right")
    assert {c.name for c in bug.worst(6)} == {"W"}
    listed = check_gradients(
        lambda p: loss({"W": p[0], "b": p[1]}), list(p.values()), gradients=list(right.values())
    )
    assert listed.passed


def test_gradients_go_by_name():
    """The order of a dict of gradients does not matter where it has the parameters' names."""
    a, b = am.Tensor([1.0, 2.0]), am.Tensor([3.0, 4.0])
    right = {"b": a.data**2, "a": 2.0 * a.data * b.data}
    assert check_gradients(lambda: (a * a * b).sum(), {"a": a, "b": b}, gradients=right).passed


def test_planted_bugs_are_named():
    """The worst components are those that were spoilt, by name and index."""
    p = {"W": am.Tensor(W), "b": am.Tensor(B)}
    spoilt = hand_written(X, p["W"].data, p["b"].data)
    spoilt["W"][1, 2] += 0.5
    spoilt["b"][0] -= 0.1
    report = check_gradients(
        lambda: (am.linear(X, p["W"], p["b"])).square().mean(), p, gradients=spoilt
    )
    assert [c.label for c in report.worst(2)] == ["W[1,2]", "b[0]"]
    assert report.worst(1)[0].error > 1e-3 > 1e-7 > report.worst(3)[2].error


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_gradient_that_is_not_finite(number: float):
    """A NaN or an infinity in a hand-written gradient is wrong."""
    p = {"w": np.ones(2)}
    report = check_gradients(
        lambda: float((p["w"] ** 2).sum()), p, gradients={"w": np.array([number, 2.0])}
    )
    assert report.verdict == "wrong"


# Nothing is left behind


def test_grad_is_untouched():
    """Whatever `.grad` was, of parameters and of other leaves, it is the same object after."""
    w, t, idle, other = am.values([1.0, 2.0]), am.Tensor([3.0]), am.Tensor([4.0]), am.Value(2.0)
    w[0].grad, t.grad = 7.0, np.array([8.0])
    before = t.grad
    report = check_gradients(lambda: (w * other).sum() * 2.0, {"w": w, "idle": idle})
    check_gradients(lambda: (t * t).sum() + idle.sum(), [t])
    assert report.passed
    assert (w[0].grad, w[1].grad, idle.grad, other.grad) == (7.0, None, None, None)
    assert t.grad is before
    assert before == [8.0]


CALLS = 2 + 1 + 2 * 3  # two values, one sweep, two probes of each of three components


@both_makers
@pytest.mark.parametrize("failing_call", range(CALLS))
def test_restored_after_an_exception(make: Any, failing_call: int):
    """Whichever call of the loss fails, parameters and gradients are what they were."""
    p = {"w": make([0.1 + 0.2, 1e17]), "b": make(1 / 3)}
    nodes = [*p["w"], p["b"][()]] if make is am.values else list(p.values())
    for node in nodes:
        node.grad = 5.0
    data = [node.data for node in nodes]
    calls = 0

    def loss() -> Any:
        nonlocal calls
        calls += 1
        if calls == failing_call + 1:
            raise KeyError("planted")
        return p["w"].sum() * p["b"]

    with pytest.raises(KeyError, match="planted"):
        check_gradients(loss, p)
    assert calls == failing_call + 1
    for node, before in zip(nodes, data, strict=True):
        assert node.data is before or (make is am.values and node.data == before)
        assert node.grad == 5.0


def test_number_of_calls():
    """The count above is that of a check without kinks."""
    p, calls = [am.values([1.0, 2.0, 3.0])], []
    check_gradients(lambda: calls.append(1) or p[0].sum(), p)
    assert len(calls) == CALLS


def test_plain_arrays():
    """A function of arrays is checked as it is; the arrays reach it as tensors."""
    x = np.array([0.5, -1.0])
    assert check_gradients(lambda x: np.sum(np.tanh(x) ** 2), x).passed
    p = {"w": x, "b": np.array(2.0)}
    report = check_gradients(lambda p: np.sum(p["w"] * p["b"]) ** 2, p, method="complex-step")
    assert report.passed
    assert report.names == ["w", "b"]
    assert type(p["w"]) is np.ndarray
    with pytest.raises(LossError, match="nothing to sweep"):
        check_gradients(lambda: np.sum(x), x)
