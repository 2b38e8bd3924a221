"""`grad`, `value_and_grad`, `elementwise_grad`: what goes in, what comes out, what is refused."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import DataError, ShapeError, UnusedError

X = np.array([0.5, -1.0, 2.0])


def cube(x: Any) -> Any:
    """Return x³; its derivatives are 3x², 6x, 6 and 0."""
    return x * x * x


def test_numbers_are_values_and_come_back_as_floats():
    """A float or an int reaches f as a `Value`; the derivative is a float."""
    seen = []

    def f(x: Any) -> Any:
        seen.append(type(x))
        return cube(x)

    for number in (2.0, 2, np.float64(2.0), np.int64(2)):
        found = am.grad(f)(number)
        assert type(found) is float
        assert found == 12.0
    assert set(seen) == {am.Value}


def test_arrays_are_tensors_and_come_back_as_arrays():
    """An array, also one of integers or without axes, gives an array of its shape."""
    for array in (X, np.array([1, 2]), np.array(2.0), np.zeros((0, 3))):
        found = am.grad(lambda x: cube(x).sum())(array)
        assert type(found) is np.ndarray
        assert_array_equal(found, 3.0 * array * array)


def test_float32_stays():
    """The gradient has the precision of the argument."""
    found = am.grad(lambda x: np.sum(np.exp(x)))(X.astype(np.float32))
    assert found.dtype == np.float32
    assert_allclose(found, np.exp(X), rtol=1e-6)


@pytest.mark.parametrize("order", range(5))
def test_any_order(order: int):
    """Nesting `grad` gives the closed forms of the derivatives, on floats and on arrays."""
    f: Any = cube
    for _ in range(order):
        f = am.grad(f)
    expected = [8.0, 12.0, 12.0, 6.0, 0.0][order]
    assert f(2.0) == expected
    assert f(np.array(2.0)) == expected


@pytest.mark.parametrize(
    ("f", "third"),
    [
        (np.sin, lambda x: -math.cos(x)),
        (np.exp, math.exp),
        (np.tanh, lambda x: (4 - 2 / math.cosh(x) ** 2 * 3) / math.cosh(x) ** 2),
        (lambda x: x**2.5, lambda x: 2.5 * 1.5 * 0.5 * x**-0.5),
        (lambda x: 1.0 / x, lambda x: -6.0 / x**4),
        (np.log, lambda x: 2.0 / x**3),
        (am.sigmoid, lambda x: (lambda s: s * (1 - s) * (1 - 6 * s + 6 * s * s))(am.sigmoid(x))),
    ],
)
def test_third_order_against_closed_forms(f: Any, third: Any):
    """The third derivative is that of the calculus book, by three reverse sweeps and mixed."""
    x = 0.7
    assert_allclose(am.grad(am.grad(am.grad(f)))(x), third(x), rtol=1e-12)
    second = am.grad(am.grad(f))
    assert_allclose(am.jvp(second, (x,), (1.0,))[1], third(x), rtol=1e-12)
    assert_allclose(am.hvp(am.grad(f))(x, 1.0), third(x), rtol=1e-12)


def test_levels_stay_apart():
    """d/dx of x · d/dy (x + y) is 1: the inner derivative does not see the outer variable."""
    assert am.grad(lambda x: x * am.grad(lambda y: x + y)(3.0))(2.0) == 1.0
    assert am.grad(lambda x: am.grad(lambda y: x * y * y)(3.0))(2.0) == 6.0
    # The argument of the inner function is the outer variable itself: d/dy (x y) at y = x is x.
    assert am.grad(lambda x: am.grad(lambda y: x * y)(x))(3.0) == 1.0
    assert am.grad(lambda x: am.hvp(lambda y: x * y * y)(x, 1.0))(3.0) == 2.0
    assert am.jvp(lambda x: x * am.jvp(lambda y: x + y, (3.0,), (1.0,))[1], (2.0,), (1.0,))[1] == 1


def test_second_derivative_of_a_linear_function():
    """It is 0, as in calculus, although the first derivative is a constant on no tape."""
    assert am.grad(am.grad(lambda x: 3.0 * x))(2.0) == 0.0
    assert_array_equal(am.hessian(lambda x: np.sum(3.0 * x))(X), np.zeros((3, 3)))


def test_argnums():
    """One position gives one gradient, several a tuple; negative ones count from the end."""

    def f(x: Any, y: Any, *, scale: float) -> Any:
        return scale * x * y * y

    assert am.grad(f)(2.0, 3.0, scale=2.0) == 18.0
    assert am.grad(f, 1)(2.0, 3.0, scale=2.0) == 24.0
    assert am.grad(f, -1)(2.0, 3.0, scale=2.0) == 24.0
    assert am.grad(f, (1, 0))(2.0, 3.0, scale=2.0) == (24.0, 18.0)
    assert am.grad(f, [1])(2.0, 3.0, scale=2.0) == (24.0,)


def test_argnums_of_numpy():
    """Whatever stands for an integer is one, as an index does in NumPy; a float does not."""

    def f(x: Any, y: Any) -> Any:
        return x * y * y

    step = am.compile(f, engine="numpy")
    for one in (np.int64(1), np.uint8(1), np.array(1), True):
        for found in (
            am.grad(f, one),
            am.elementwise_grad(f, one),
            partial(step.grad, argnums=one),
        ):
            assert found(2.0, 3.0) == 12.0
        assert am.jacobian(f, one)(2.0, 3.0) == 12.0
        assert am.hessian(f, one)(2.0, 3.0) == step.hessian(2.0, 3.0, argnums=one) == 4.0
        assert am.hvp(f, one)(2.0, 3.0, 5.0) == step.hvp(2.0, 3.0, 5.0, argnums=one) == 20.0
    for both in (np.array([1, 0]), [np.int8(1), 0]):
        assert am.grad(f, both)(2.0, 3.0) == step.grad(2.0, 3.0, argnums=both) == (12.0, 9.0)
        assert am.hvp(f, both)(2.0, 3.0, (1.0, 1.0)) == (10.0, 6.0)
    for none in (1.0, "x", [0.0], np.array([[0, 1]]), None):
        with pytest.raises(DataError, match="argnums is a position or several"):
            step.grad(2.0, 3.0, argnums=none)


def test_value_and_grad_and_aux():
    """The value comes along, and with `has_aux` whatever else the function returns, as numbers."""
    value, gradient = am.value_and_grad(cube)(2.0)
    assert (value, gradient) == (8.0, 12.0)
    assert type(value) is float

    def with_aux(x: Any) -> Any:
        y = x * x
        return np.sum(y), {"squares": y, "text": "kept"}

    (value, aux), gradient = am.value_and_grad(with_aux, has_aux=True)(X)
    assert value == np.sum(X * X)
    assert type(aux["squares"]) is np.ndarray
    assert_array_equal(aux["squares"], X * X)
    assert aux["text"] == "kept"
    gradient, aux = am.grad(with_aux, has_aux=True)(X)
    assert_array_equal(gradient, 2.0 * X)
    with pytest.raises(DataError, match=r"with has_aux f returns \(number, aux\)"):
        am.grad(np.sum, has_aux=True)(X)


def test_nodes_give_nodes():
    """An argument that is a node is differentiated on its tape, which can be swept again."""
    x = am.Value(2.0)
    slope = am.grad(cube)(x)
    assert type(slope) is am.Value
    slope.backward()
    assert (slope.data, x.grad) == (12.0, 12.0)
    t = am.Tensor(X)
    (am.grad(lambda a: np.sum(a**3))(t) ** 2).sum().backward()
    assert_allclose(t.grad, 36.0 * X**3)


def test_leaves_no_grad_behind():
    """No `.grad` is touched: neither that of an argument nor of what the function uses."""
    w, x = am.Tensor(X), am.Tensor(X)
    am.grad(lambda a: np.sum(a * w))(x)
    assert w.grad is None
    assert x.grad is None


def test_works_under_no_grad():
    """Inside of `no_grad()` derivatives are still what was asked for."""
    with am.no_grad():
        assert am.grad(cube)(2.0) == 12.0
        assert am.grad(am.grad(cube))(2.0) == 12.0
        assert am.jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
    assert am.grad(lambda x: cube(x.detach()) + x)(2.0) == 1.0


@pytest.mark.parametrize(
    ("f", "argument"),
    [
        (lambda x: 3.0, 2.0),
        (lambda x: float(x) ** 2, 2.0),
        (lambda x: np.sum(np.asarray(x)), X),
        (lambda x: np.sum(x.data), X),
        (lambda x: math.sin(x), 2.0),
        (lambda x: x.detach() * 2.0, 2.0),
        (lambda x: am.Value(2.0) * 3.0, 2.0),
    ],
)
def test_output_that_does_not_depend(f: Any, argument: Any):
    """A result on no tape, or on another one, is an error unless it is allowed; then it is 0."""
    with pytest.raises(UnusedError, match=r"output does not depend on argument 0.*allow_unused"):
        am.grad(f)(argument)
    assert_array_equal(am.grad(f, allow_unused=True)(argument), np.zeros(np.shape(argument)))


def test_unused_among_several():
    """The message names the argument; the parts of one that is used at all may be unused."""
    with pytest.raises(UnusedError, match="argument 1"):
        am.grad(lambda x, y: x * x, (0, 1))(2.0, 3.0)
    assert am.grad(lambda x, y: x * x, (0, 1), allow_unused=True)(2.0, 3.0) == (4.0, 0.0)
    assert am.grad(lambda p: p["a"] * 2.0)({"a": 1.0, "b": 5.0}) == {"a": 2.0, "b": 0.0}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: am.grad(lambda x: x)(X),
            ShapeError,
            r"f must return one number, got shape \(3,\)",
        ),
        (lambda: am.grad(lambda x: (x, x))(2.0), ShapeError, "f must return one number, got tuple"),
        (lambda: am.grad(lambda x: "text")(2.0), DataError, "the function returned str 'text'"),
        (lambda: am.grad(lambda x: None)(2.0), DataError, "the function returned NoneType"),
        (lambda: am.grad(cube)("2"), DataError, "argument 0 holds no real number .* str '2'"),
        (lambda: am.grad(cube)(1j), DataError, "argument 0 holds no real number"),
        (lambda: am.grad(cube)(True), DataError, "argument 0 holds no real number"),
        (lambda: am.grad(cube)(np.array([1j])), DataError, "argument 0 holds no real number"),
        (
            lambda: am.grad(cube, 1)(2.0),
            DataError,
            "names argument 1, .* with 1 positional",
        ),
        (lambda: am.grad(cube, "x")(2.0), DataError, "argnums is a position or several"),
        (lambda: am.grad(cube, (0, 0))(2.0), DataError, "argnums is a position or several"),
        (lambda: am.grad(lambda x: [x])(2.0), ShapeError, "must return one number, got list"),
        (lambda: am.hvp(cube)(2.0), DataError, "hvp takes the arguments of f and, last, v"),
        (lambda: am.grad(cube)(x=2.0), DataError, "with 0 positional"),
        (lambda: am.grad(3.0), DataError, "expected a function, got float"),
    ],
)
def test_refusals(call: Any, error: type[Exception], message: str):
    """What cannot be differentiated is refused with what it is and what is expected."""
    with pytest.raises(error, match=message):
        call()


def test_elementwise_grad():
    """The derivative of each element by the element at its place; arguments may broadcast."""
    assert_allclose(am.elementwise_grad(np.tanh)(X), 1.0 - np.tanh(X) ** 2)
    assert_allclose(am.elementwise_grad(am.elementwise_grad(np.sin))(X), -np.sin(X))
    by_x, by_y = am.elementwise_grad(lambda x, y: x * y, (0, 1))(X, np.ones((2, 1)))
    assert_array_equal(by_x, [2.0, 2.0, 2.0])
    assert_array_equal(by_y, [[X.sum()], [X.sum()]])
    assert am.elementwise_grad(cube)(2.0) == 12.0
    with pytest.raises(UnusedError):
        am.elementwise_grad(lambda x: np.ones(3))(X)


def test_exceptions_leave_no_trace():
    """After an exception inside of f the next call is not taken for a nested one."""
    with pytest.raises(ZeroDivisionError):
        am.grad(lambda x: x * (1 // 0))(2.0)
    assert type(am.grad(cube)(2.0)) is float


@pytest.mark.parametrize(
    "leaves_in_part",
    [
        lambda x: np.sum(np.array([x[0], x[1]])) + x[2],
        lambda x: np.sum([x[0], x[1]]) + x[2],
        lambda x: x[0] * float(x[1]),
        lambda x: x[0] * math.exp(x[1]),
        lambda x: x[0] * int(x[2]),
        lambda x: np.sum(np.asarray(x) * x),
        lambda x: np.interp(1.0, [0.0, 2.0], [x[0], x[1]]) + x[0],
    ],
)
def test_leaving_the_tape_in_part(leaves_in_part: Any):
    """Where a part of a function leaves the tape its derivative would be wrong: it is an error."""
    with pytest.raises(UnusedError, match=r"leaves the tape.*argument 0.*np\.stack.*allow_unused"):
        am.grad(leaves_in_part)(X)
    assert am.grad(leaves_in_part, allow_unused=True)(X).shape == (3,)


def test_reading_on_purpose():
    """`.data`, `.item()`, a comparison, a printed number and `no_grad()` are how to read."""

    def f(x: Any) -> Any:
        assert f"{x.item():.1f}" == "2.0"
        assert f"{x:.1f}" == "2.0"
        with am.no_grad():
            assert float(x * x) == 4.0
        return x * x * (1.0 if x > 0 else -1.0) + 0.0 * x.data

    assert am.grad(f)(2.0) == 4.0
    outside = am.Value(3.0) * 2.0
    assert am.grad(lambda x: x * float(outside))(2.0) == 6.0


def test_object_array_of_one_number():
    """As a network of `Values` gives: an array of one number is that number."""
    assert am.grad(lambda x: np.array([x * x]))(3.0) == 6.0
    assert isinstance(am.value_and_grad(np.sum)(X)[0], float)
