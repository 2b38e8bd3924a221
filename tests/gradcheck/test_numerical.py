"""`numerical_gradient`: order of its error, its steps, its probes; parameters stay as they were."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import gradcheck, nn
from autograd_mini.errors import DataError

METHODS = ("two-sided", "one-sided")

# Each way to hold the same parameters.
MAKERS: dict[str, Callable[[Any], Any]] = {
    "array": lambda x: np.array(x, dtype=float),
    "Tensor": am.Tensor,
    "Values": am.values,
}
every_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


# The error


@every_maker
def test_cube_two_sided(make: Any):
    """((x + h)³ - (x - h)³) / 2h is 3x² + h², exactly so for powers of two."""
    p = {"x": make([2.0, 4.0])}
    found = gradcheck.numerical_gradient(lambda: am.data(p["x"] ** 3).sum(), p, eps=0.5)
    assert_array_equal(found["x"], [12.0 + 0.25, 48.0 + 0.25])


@every_maker
def test_cube_one_sided(make: Any):
    """((x + h)³ - x³) / h is 3x² + 3xh + h²."""
    p = {"x": make([2.0, 4.0])}
    found = gradcheck.numerical_gradient(
        lambda: am.data(p["x"] ** 3).sum(), p, eps=0.5, method="one-sided"
    )
    assert_array_equal(found["x"], [12.0 + 3.0 + 0.25, 48.0 + 6.0 + 0.25])


@pytest.mark.parametrize(("method", "factor"), [("two-sided", 4.0), ("one-sided", 2.0)])
def test_order_of_the_error(method: Any, factor: float):
    """Half the step leaves a quarter of the error two-sided, a half of it one-sided."""
    x = am.Value(0.7)
    errors = [
        gradcheck.numerical_gradient(lambda: x.exp(), [x], method=method, eps=eps)[0]
        - math.exp(0.7)
        for eps in (2e-3, 1e-3)
    ]
    assert errors[0] / errors[1] == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize("x", [0.3, -2.0, 500.0, -1e6])
@pytest.mark.parametrize(("method", "power"), [("two-sided", 2 / 3), ("one-sided", 1 / 2)])
def test_default_step_is_near_the_best(x: float, method: Any, power: float):
    """The default steps leave relative errors of the order ε^(2/3) and ε^(1/2), whatever the size.

    J = (x/s)³ with s = max(1, |x|) has the slope 3x²/s³.
    """
    p, s = {"x": np.array(x)}, max(1.0, abs(x))
    found = gradcheck.numerical_gradient(lambda: float(p["x"] / s) ** 3, p, method=method)
    assert_allclose(found["x"], 3.0 * x**2 / s**3, rtol=10 * np.finfo(float).eps ** power)


# Steps


def probed(
    make: Callable[[], Any], method: Any, eps: float | None = None
) -> tuple[list[float], type]:
    """Return the numbers at which a single parameter is probed, and the type they have."""
    p, seen = {"x": make()}, []

    def loss() -> float:
        seen.append(np.array(am.data(p["x"])))
        return 0.0

    gradcheck.numerical_gradient(loss, p, method=method, eps=eps)
    return [float(x) for x in seen], seen[0].dtype.type


@pytest.mark.parametrize("x", [0.5, -300.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("method", "power"), [("two-sided", 1 / 3), ("one-sided", 1 / 2)])
def test_default_step(x: float, dtype: Any, method: Any, power: float):
    """The default step is ε^(1/3) or ε^(1/2), of the dtype's ε, times max(1, |x|)."""
    h = np.finfo(dtype).eps ** power * max(1.0, abs(x))
    expected = [dtype(x - h) if method == "two-sided" else x, dtype(x + h)]
    for make in (lambda: np.array(x, dtype=dtype), lambda: am.Tensor(x, dtype=dtype)):
        assert probed(make, method) == (expected, dtype)


@pytest.mark.parametrize("method", METHODS)
def test_default_step_of_a_value(method: Any):
    """A `Value` is moved as a float64 is."""
    assert probed(lambda: am.Value(3.0), method)[0] == probed(lambda: np.array(3.0), method)[0]


def test_given_step():
    """A step of 1e-7 can be given, and goes for every component."""
    for make in (lambda: np.array(300.0), lambda: am.Tensor(300.0), lambda: am.Value(300.0)):
        assert probed(make, "two-sided", 1e-7)[0] == [300.0 - 1e-7, 300.0 + 1e-7]
        assert probed(make, "one-sided", 1e-7)[0] == [300.0, 300.0 + 1e-7]


def test_quotient_uses_the_step_that_was_taken():
    """What the dtype rounds off the step does not go into the slope: J = 2x has slope 2 exactly."""
    x = am.Tensor(300.0, dtype=np.float32)
    found = gradcheck.numerical_gradient(lambda: 2.0 * float(x.data), [x], eps=1e-3)
    assert found == [2.0]


@pytest.mark.parametrize("eps", [1e-20, 0.0, -1e-3, math.nan])
@pytest.mark.parametrize("method", METHODS)
def test_step_that_moves_nothing(eps: float, method: Any):
    """A step that is lost in rounding, or is none, raises with parameter and position."""
    p = {"w": np.array([[1.0, 2.0]])}
    with pytest.raises(ValueError, match=r"does not change w\[0, 0\]"):
        gradcheck.numerical_gradient(lambda: 0.0, p, eps=eps, method=method)


def test_unknown_method():
    """Only three methods exist."""
    with pytest.raises(ValueError, match="'one-sided' or 'complex-step', got 'central'"):
        gradcheck.numerical_gradient(lambda: 0.0, [np.ones(1)], method="central")  # type: ignore


# What it takes and gives


@every_maker
def test_shapes(make: Any):
    """The gradient comes in arrays shaped like the parameters: a dict for a dict."""
    p = {"w": make([[1.0, 2.0], [3.0, 4.0]]), "b": make([5.0])}
    found = gradcheck.numerical_gradient(
        lambda: (am.data(p["w"]) ** 2).sum() * am.data(p["b"])[0], p
    )
    assert list(found) == ["w", "b"]
    assert_allclose(found["w"], [[10.0, 20.0], [30.0, 40.0]], rtol=1e-9)
    assert_allclose(found["b"], [30.0], rtol=1e-9)


def test_list_and_module():
    """A list for a list; for a Module a dict by the names of its parameters."""
    a, b = am.Value(2.0), am.Tensor([3.0, 4.0])
    found = gradcheck.numerical_gradient(lambda: a.data * b.data.sum(), [a, b])
    assert_allclose(found[0], 7.0, rtol=1e-9)
    assert_allclose(found[1], [2.0, 2.0], rtol=1e-9)
    model = nn.MLP(2, [3, 1], activation="tanh", rng=0)
    found = gradcheck.numerical_gradient(lambda: model([0.5, -1.0]), model)
    model([0.5, -1.0]).backward()
    assert list(found) == list(model.arrays())
    for name, array in model.arrays().items():
        assert_allclose(found[name], am.grads(array), rtol=1e-8, atol=1e-10)


def test_no_parameters():
    """No parameters, no gradient."""
    assert gradcheck.numerical_gradient(lambda: 1.0, []) == []
    assert gradcheck.numerical_gradient(lambda: 1.0, {}) == {}


def cube(p: dict[str, Any], power: int = 3) -> Any:
    """Return Σ xᵖ; a loss that takes the parameters, and has a default."""
    return (p["x"] ** power).sum()


def test_forms_of_the_loss():
    """A loss takes nothing or the parameters; arguments that have defaults keep them."""
    p = {"x": am.Tensor([1.0, 2.0])}

    class Loss:
        def __call__(self) -> Any:
            return cube(p)

        def of(self, params: dict[str, Any]) -> Any:
            return cube(params)

    losses = [
        cube,
        lambda: cube(p),
        lambda x=p["x"], power=3: (x**power).sum(),
        lambda params, /: cube(params),
        lambda *anything: cube(p),
        functools.partial(cube, p),
        functools.partial(cube, power=3),
        Loss(),
        Loss().of,
    ]
    for loss in losses:
        assert_allclose(gradcheck.numerical_gradient(loss, p)["x"], [3.0, 12.0], rtol=1e-9)


@pytest.mark.parametrize(
    "parameter",
    [2.0, [1.0, 2.0], np.float64(2.0), np.array([1, 2]), np.array([True]), "w"],
    ids=["float", "list", "NumPy scalar", "integers", "booleans", "text"],
)
def test_parameters_that_cannot_be_moved(parameter: Any):
    """What cannot be moved by a small step in place raises, and says what to use."""
    with pytest.raises(DataError, match=r"a parameter is a node, .* of floats, got"):
        gradcheck.numerical_gradient(lambda: 0.0, {"w": parameter})


# Parameters stay as they were


def awkward(make: Any) -> dict[str, Any]:
    """Return parameters with numbers that arithmetic would not bring back."""
    return {"w": make([[0.1 + 0.2, -0.0], [1e-310, 1e17]]), "b": make([1 / 3])}


def bits(p: dict[str, Any]) -> list[bytes]:
    """Return the parameters bit by bit."""
    return [np.asarray(am.data(x), dtype=float).tobytes() for x in p.values()]


def arrays(p: dict[str, Any]) -> list[Any]:
    """Return the array objects in which the parameters are stored."""
    return [x.data if isinstance(x, am.Tensor) else x for x in p.values()]


@every_maker
@pytest.mark.parametrize("method", METHODS)
def test_parameters_are_restored(make: Any, method: Any):
    """Every bit comes back, and each array is the object it was."""
    p = awkward(make)
    before, stored = bits(p), arrays(p)
    found = gradcheck.numerical_gradient(lambda: am.data(p["w"])[0, 0] * 3.0, p, method=method)
    assert found["w"][0, 0] != 0.0
    assert bits(p) == before
    assert all(x is array for x, array in zip(arrays(p), stored, strict=True))


@every_maker
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("failing_call", range(10))
def test_parameters_are_restored_after_an_exception(make: Any, method: Any, failing_call: int):
    """Whichever of the ten probes fails, the exception gets through and every bit comes back."""
    p = awkward(make)
    before, stored = bits(p), arrays(p)
    calls = 0

    def loss() -> float:
        nonlocal calls
        calls += 1
        if calls == failing_call + 1:
            raise KeyError("planted")
        return float(am.data(p["w"]).sum())

    with pytest.raises(KeyError, match="planted"):
        gradcheck.numerical_gradient(loss, p, method=method)
    assert calls == failing_call + 1
    assert bits(p) == before
    assert all(x is array for x, array in zip(arrays(p), stored, strict=True))


def test_views_are_probed_in_place():
    """A plain array may be a view, in any layout: what it is a view of is probed and restored."""
    whole = np.arange(12.0).reshape(3, 4)
    before = whole.copy()
    view = whole[::2, ::-1].T
    found = gradcheck.numerical_gradient(lambda: (whole**2).sum(), {"view": view})
    assert_allclose(found["view"], 2.0 * view, rtol=1e-8, atol=1e-8)
    assert_array_equal(whole, before)
