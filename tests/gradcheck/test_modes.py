"""`check_gradients` in forward mode, of second order and along random directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import GradientError, LossError
from autograd_mini.gradcheck import assert_gradients, check_gradients
from autograd_mini.gradcheck.compare import DIRECTIONS, MANY
from autograd_mini.primitive import ArrayPrimitive, Elementwise
from tests.gradcheck.rules import tanh_with_slope

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])
METHODS = ("two-sided", "one-sided", "complex-step")
ALL = ["rev", "fwd", "rev over rev", "fwd over rev"]

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))


def network(kind: type[am.Node] = am.Tensor, activation: str = "tanh") -> tuple[Any, Any]:
    """Return a loss and the network it is of."""
    model = nn.MLP(3, [4, 2], activation=activation, kind=kind, rng=1)
    return lambda: nn.squared_error(model(X), Y), model


def tanh_with_jvp(factor: float) -> ArrayPrimitive:
    """Return a tanh whose forward rule alone is off by a factor."""
    return ArrayPrimitive(
        "tanh_jvp_off",
        np.tanh,
        [lambda z_bar, z, x: z_bar * (1.0 - z * z)],
        [lambda x_dot, z, x: factor * x_dot * (1.0 - z * z)],
        analytic=True,
    )


def tanh_detached() -> Elementwise:
    """Return a tanh with a right derivative that cannot be differentiated again."""
    return Elementwise(
        "tanh_detached", np.tanh, np.tanh, lambda z, x: 1.0 - am.data(z) ** 2, analytic=True
    )


# Right ones


@both_kinds
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("projections", [None, 2])
def test_everything_is_right(kind: type[am.Node], method: Any, projections: int | None):
    """All modes and orders of a network are right, by every method."""
    loss, model = network(kind)
    report = check_gradients(
        loss,
        model,
        method=method,
        modes=("rev", "fwd"),
        order=2,
        projections=projections,
        threshold=1e-6 if method == "one-sided" else None,
    )
    assert report.modes == ALL
    assert [report.of_mode(mode).verdict for mode in ALL] == ["right"] * 4
    assert report.passed
    assert report.difference == max(report.of_mode(mode).difference for mode in ALL)
    if method == "complex-step":
        assert report.difference < 1e-14


def test_default_is_the_gradient_alone():
    """Nothing but the reverse mode of first order is compared unless asked for."""
    loss, model = network()
    report = check_gradients(loss, model)
    assert report.modes == ["rev"]
    assert {c.direction for c in report.components} == {None}


@pytest.mark.parametrize(
    ("modes", "order", "expected"),
    [
        (("fwd",), 1, ["fwd"]),
        (("fwd",), 2, ["fwd", "fwd over rev"]),
        (("rev",), 2, ["rev", "rev over rev"]),
    ],
)
def test_modes_that_are_compared(modes: Any, order: Any, expected: list[str]):
    """What is compared is what was asked for."""
    loss, model = network()
    assert check_gradients(loss, model, modes=modes, order=order).modes == expected


def test_linear_and_idle():
    """A loss without curvature, and a parameter without influence, have zeros that agree."""
    x, idle = am.Tensor([1.0, 2.0]), am.Value(3.0)
    report = check_gradients(
        lambda: (x * [3.0, 4.0]).sum(), [x, idle], modes=("rev", "fwd"), order=2
    )
    assert report.passed
    assert report.of_mode("rev over rev").difference == 0.0


@pytest.mark.parametrize("modes", [("fwd",), ("rev", "fwd")])
def test_forward_mode_of_many_parameters(modes: Any):
    """A forward sweep for each of very many components is replaced by random directions."""
    w = am.Tensor(RNG.normal(size=MANY + 1))
    report = check_gradients(lambda: w.exp().mean(), [w], modes=modes)
    assert report.passed
    assert len(report.of_mode("fwd").components) == DIRECTIONS
    small = check_gradients(lambda: w.exp().mean(), [w[:MANY].detach()], modes=("fwd",))
    assert len(small.components) == MANY


def test_float32():
    """Single precision is right in all modes, by differences and by the complex step."""
    x = am.Tensor(np.linspace(0.1, 1.0, 4, dtype=np.float32), name="x")
    for method, threshold in (("two-sided", 1e-3), ("complex-step", 1e-4)):
        for projections in (None, 4):
            settings = {"method": method, "projections": projections, "order": 2}
            report = check_gradients(
                lambda: (x * x.exp()).sum(), [x], modes=("rev", "fwd"), **settings
            )
            assert report.passed
            assert report.threshold == threshold


# Wrong ones


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("method", ["two-sided", "complex-step"])
@pytest.mark.parametrize("projections", [None, 3])
def test_wrong_forward_rule(method: Any, projections: int | None):
    """A JVP wrong by 0.1 % is found in forward mode, and only there."""
    x, tanh = am.Tensor([0.4, -1.0], name="x"), tanh_with_jvp(1.001)
    settings = {"method": method, "projections": projections}
    assert check_gradients(lambda: tanh(x).sum(), [x], **settings).passed
    with pytest.raises(GradientError, match=r"the gradient \(fwd(, fwd by parameter)?\)") as e:
        assert_gradients(lambda: tanh(x).sum(), [x], modes=("rev", "fwd"), **settings)
    verdict = "wrong" if method == "complex-step" else "look closer"
    assert f"gradient check: {verdict} in fwd" in str(e.value)


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
@pytest.mark.parametrize("projections", [None, 3])
def test_wrong_second_derivative(kind: type[am.Node], projections: int | None):
    """A rule that cannot be differentiated again is found in the second order, and only there."""
    x, tanh = kind(0.4), tanh_detached()
    settings = {"modes": ("rev", "fwd"), "order": 2, "projections": projections}
    report = check_gradients(lambda: tanh(x), [x], **settings)
    assert [report.of_mode(mode).passed for mode in ALL] == [True, True, False, False]


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
def test_recorded_gradient_that_has_left_the_tape(kind: type[am.Node]):
    """The complex step follows the same tape as the sweeps, and so looks whether it is whole."""
    x, tanh = kind(0.4), tanh_detached()
    with pytest.raises(LossError, match="the recorded gradient depends on the parameters in a way"):
        check_gradients(lambda: tanh(x), [x], order=2, method="complex-step")


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("method", ["two-sided", "complex-step"])
def test_second_derivative_wrong_by_a_tenth_of_a_percent(method: Any):
    """The slope of a slope: cubes whose second derivative alone is off by 0.1 %."""
    slope = Elementwise(
        "three_squares", lambda x: 3.0 * x * x, lambda x: 3.0 * x * x, lambda z, x: 6.006 * x
    )
    cube = Elementwise("cube", lambda x: x**3, lambda x: x**3, lambda z, x: slope(x))
    for primitive in (slope, cube):
        primitive.analytic = primitive.array
    x = am.Tensor([0.7, -1.2])
    report = check_gradients(
        lambda: cube(x).sum(), [x], order=2, modes=("rev", "fwd"), method=method
    )
    assert [report.of_mode(mode).passed for mode in ALL] == [True, True, False, False]
    assert report.difference == pytest.approx(0.0005, rel=1e-3)


# Kinks


@both_kinds
def test_kinks(kind: type[am.Node]):
    """What lies across a kink is left out in every mode; the rest is right."""
    at, far = kind(-1e-9), kind(0.4)
    report = check_gradients(
        lambda: at.relu() + far.exp(), {"at": at, "far": far}, modes=("rev", "fwd"), order=1
    )
    assert [(c.mode, c.name) for c in report.kinks] == [("rev", "at"), ("fwd", "at")]
    assert report.passed


def test_kinks_along_directions():
    """A direction of all parameters crosses the kink: nothing is left, which is not right."""
    at, far = am.Tensor([-1e-9], name="at"), am.Tensor([0.4], name="far")

    def loss() -> Any:
        return at.relu().sum() * far.sum() + far.exp().sum()

    report = check_gradients(loss, [at, far], projections=3)
    assert report.verdict == "look closer"
    assert len(report.kinks) == 3
    with pytest.raises(GradientError, match=r"nothing was checked, every probe .* all parameters"):
        assert_gradients(loss, [at, far], projections=3)


def test_kinks_of_second_order():
    """The gradient of relu(x)² has a kink where relu has one, which is no error."""
    x = am.Tensor([-1e-9, 0.5])
    report = check_gradients(lambda: (x.relu() * x.exp()).sum(), [x], order=2)
    assert report.of_mode("rev").passed
    assert all(c.at_kink for c in report.of_mode("rev over rev").components if c.index == (0,))


# Random directions


def test_number_of_calls():
    """Random directions cost two calls each, however many parameters there are."""
    w, calls = am.Tensor(RNG.normal(size=5000)), []
    report = check_gradients(lambda: calls.append(1) or w.exp().mean(), [w], projections=4)
    assert report.passed
    assert len(calls) == 2 + 1 + 2 * 4
    assert [c.label for c in report.components] == [f"all parameters along v{j}" for j in range(4)]


@pytest.mark.usefixtures("scratch_registry")
@both_kinds
def test_directions_find_the_parameter(kind: type[am.Node]):
    """An error of 0.1 % in one parameter is found, and the parameter named."""
    a, b, tanh = kind(0.4), kind(0.8), tanh_with_slope(1.001)
    loss, params = (lambda: tanh(a) + b.exp()), {"a": a, "b": b}
    report = check_gradients(loss, params, projections=3)
    assert report.modes == ["rev", "rev by parameter"]
    assert not report.passed
    assert report.verdict_of("a") == "look closer"
    assert report.verdict_of("b") == "right"
    with pytest.raises(GradientError, match=r"rev by parameter: a along v\d: analytic"):
        assert_gradients(loss, params, projections=3)


def test_seed():
    """The directions are the same at every call, others with another seed or generator."""
    loss, model = network()

    def numbers(**settings: Any) -> list[float]:
        report = check_gradients(loss, model, projections=2, **settings)
        return [c.analytic for c in report.components]

    assert numbers() == numbers() == numbers(rng=0)
    assert numbers() != numbers(rng=1)
    assert numbers(rng=np.random.default_rng(1)) == numbers(rng=1)


def test_directions_of_hand_written_gradients():
    """Plain arrays are moved along directions, too, and restored bit for bit."""
    p = {"w": np.array([0.1 + 0.2, 1e17, -0.0]), "b": np.array([[1 / 3]])}
    before = {name: array.tobytes() for name, array in p.items()}
    right = {"w": np.ones(3), "b": 2.0 * p["b"]}

    def loss(p: dict[str, Any]) -> float:
        return float(p["w"][0] + p["w"][2] + (p["b"] ** 2).sum())

    p["w"][1], right["w"][1] = 3.0, 0.0
    before["w"] = p["w"].tobytes()
    assert check_gradients(loss, p, gradients=right, projections=3).passed
    off = {"w": right["w"], "b": 1.001 * right["b"]}
    report = check_gradients(loss, p, gradients=off, projections=3)
    assert [report.verdict_of(name) for name in ("w", "b")] == ["right", "look closer"]
    assert {name: array.tobytes() for name, array in p.items()} == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"modes": "rev"}, "modes are"),
        ({"modes": ()}, "modes are"),
        ({"modes": ("reverse",)}, "modes are"),
        ({"order": 3}, "order is 1 or 2, got 3"),
        ({"projections": 0}, "projections is the number of directions"),
        ({"gradients": [np.ones(1)], "order": 2}, "no forward mode and no second order"),
        ({"gradients": [np.ones(1)], "modes": ("fwd",)}, "no forward mode"),
        ({"projections": 1, "eps": 1e-30}, "does not change the parameters"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], message: str):
    """Unknown settings and contradictions raise, with what is meant."""
    x = am.Tensor([1.0])
    with pytest.raises(ValueError, match=message):
        check_gradients(lambda: (x * x).sum(), [x], **settings)
