"""`Value`: what it takes, how it prints, and its operators with every kind of number."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.tape import Node

NUMBERS = [
    2,
    2.0,
    True,
    Fraction(5, 2),
    np.float64(2.0),
    np.float32(2.0),
    np.float16(2.0),
    np.int64(2),
    np.uint8(2),
    np.bool_(True),
    np.array(2.0),
    np.array(2),
]

# operator, and its partials with respect to the left and the right operand
OPERATORS = [
    (operator.add, lambda x, y: 1.0, lambda x, y: 1.0),
    (operator.sub, lambda x, y: 1.0, lambda x, y: -1.0),
    (operator.mul, lambda x, y: y, lambda x, y: x),
    (operator.truediv, lambda x, y: 1.0 / y, lambda x, y: -x / y**2),
    (operator.pow, lambda x, y: y * x ** (y - 1.0), lambda x, y: x**y * math.log(x)),
]


@pytest.mark.parametrize("number", [*NUMBERS, -0.0, math.inf])
def test_construction(number: Any):
    """Any real number is taken and kept as a Python float."""
    x = am.Value(number, name="x")
    assert type(x.data) is float
    assert x.data == float(number)
    assert (x.name, x.grad, x.is_leaf, x.parents) == ("x", None, True, ())


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ("2", ""),
        (None, ""),
        (1j, ""),
        (Decimal(1), ""),
        ([1.0], r"use Tensor\(...\) for an array"),
        (np.array([1.0]), r"use Tensor\(...\) for an array"),
        (am.Value(1.0), r"\.detach\(\) for a copy"),
        (am.Tensor(1.0), r"\.detach\(\) for a copy"),
    ],
)
def test_construction_from_something_else(wrong: Any, remedy: str):
    """The message says what was given, and what to use for it."""
    with pytest.raises(TypeError, match=f"one real number, got {type(wrong).__name__}.*{remedy}"):
        am.Value(wrong)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{type(number).__name__}-{number}")
@pytest.mark.parametrize(("apply", "left", "right"), OPERATORS, ids=lambda f: f.__name__)
def test_operators_with_numbers(
    apply: Callable[..., Any], left: Callable[..., float], right: Callable[..., float], number: Any
):
    """In both orders a number is a constant, and the result is a `Value` that holds a float."""
    c = float(number)
    x = am.Value(3.0)
    z = apply(x, number)
    z.backward()
    assert type(z) is am.Value
    assert type(z.data) is type(x.grad) is float
    assert_allclose([z.data, x.grad], [apply(3.0, c), left(3.0, c)], rtol=1e-14)
    x = am.Value(3.0)
    z = apply(number, x)
    z.backward()
    assert type(z) is am.Value
    assert type(z.data) is type(x.grad) is float
    assert_allclose([z.data, x.grad], [apply(c, 3.0), right(c, 3.0)], rtol=1e-14)


@pytest.mark.parametrize(("apply", "left", "right"), OPERATORS, ids=lambda f: f.__name__)
def test_operators_with_nodes(
    apply: Callable[..., Any], left: Callable[..., float], right: Callable[..., float]
):
    """Between two `Value`s both are differentiated."""
    x, y = am.Value(3.0), am.Value(2.0)
    z = apply(x, y)
    z.backward()
    assert_allclose(
        [z.data, x.grad, y.grad], [apply(3.0, 2.0), left(3.0, 2.0), right(3.0, 2.0)], rtol=1e-14
    )


@pytest.mark.parametrize("array", [[1.0, 2.0], (1, 2), np.array([[1.0], [2.0]]), np.array([1, 2])])
@pytest.mark.parametrize(("apply", "left", "right"), OPERATORS, ids=lambda f: f.__name__)
def test_operators_with_arrays(
    apply: Callable[..., Any], left: Callable[..., float], right: Callable[..., float], array: Any
):
    """With an array or a list there is an array of `Value`s, each element for itself."""
    numbers = np.asarray(array, dtype=float)
    x = am.Value(3.0)
    for z, expected, slope in (
        (apply(x, array), apply(3.0, numbers), [left(3.0, c) for c in numbers.flat]),
        (apply(array, x), apply(numbers, 3.0), [right(c, 3.0) for c in numbers.flat]),
    ):
        assert z.dtype == object
        assert_allclose(am.data(z), expected, rtol=1e-14)
        x.grad = None
        z.sum().backward()
        assert_allclose(x.grad, sum(slope), rtol=1e-14)


def test_unary_operators():
    """Minus, plus and abs are those of numbers."""
    x = am.Value(-3.0)
    assert (-x).data == 3.0
    assert abs(x).data == 3.0
    assert +x is x
    (-x + abs(x)).backward()
    assert x.grad == -2.0


def test_python_builtins():
    """`sum`, `max`, `min`, `sorted`, `float`, `bool` and formatting do what they do to numbers."""
    x, y = am.Value(3.0), am.Value(2.0)
    assert sum([x, y]).data == 5.0
    assert max(x, y) is x
    assert min(x, y) is y
    assert sorted([x, y]) == [y, x]
    assert float(x) == x.item() == 3.0
    assert x
    assert not am.Value(0.0)
    assert f"{x:.2f}" == "3.00"


@pytest.mark.parametrize("other", [2.0, 3, np.float64(4.0), am.Value(3.0), math.nan])
def test_comparisons(other: Any):
    """Comparisons are those of the data, and give a bool in either order."""
    x, number = am.Value(3.0), am.data(other)
    for compare in (
        operator.lt,
        operator.le,
        operator.gt,
        operator.ge,
        operator.eq,
        operator.ne,
    ):
        assert type(compare(x, other)) is bool
        assert compare(x, other) == compare(3.0, float(number))
        assert compare(other, x) == compare(float(number), 3.0)


def test_comparison_with_something_else():
    """What is no number is unequal, and has no order."""
    assert am.Value(1.0) != "1"
    assert am.Value(1.0) != None  # noqa: E711  # the operator itself is meant
    with pytest.raises(TypeError):
        am.Value(1.0) < "1"  # noqa: B015


def test_repr():
    """A `Value` shows its number in full, and its name."""
    assert repr(am.Value(1 / 3)) == f"Value({1 / 3!r})"
    assert repr(am.Value(2, name="w")) == "Value(2.0, name='w')"


def test_large_exponent():
    """Overflow is infinity with NumPy's warning, as in every other operation."""
    with pytest.warns(RuntimeWarning, match="overflow"):
        z = am.Value(10.0) ** 400
    assert z.data == math.inf


@pytest.mark.parametrize(
    "divide", [lambda x: 1 / x, lambda x: 1.0 / x, lambda x: am.Value(1.0) / x]
)
def test_division_by_zero(divide: Callable[[am.Value], am.Value]):
    """Python would raise `ZeroDivisionError`; a `Value` gives infinity, and an infinite slope."""
    x = am.Value(0.0)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        z = divide(x)
        z.backward()
    assert (z.data, x.grad) == (math.inf, -math.inf)


def test_numpy_functions():
    """NumPy's function of a `Value` is the recorded primitive."""
    x = am.Value(2.0)
    z = np.exp(x)
    assert type(z) is am.Value
    assert z.primitive is am.exp
    assert np.maximum(1.0, x).parents == (1.0, x)


def test_numpy_functions_without_a_primitive():
    """A function that no primitive stands for is refused by name, never computed off the tape."""
    x = am.Value(0.5)
    for call, name in (
        (lambda: np.nextafter(x, x), "np.nextafter"),
        (lambda: np.add.reduce(x), "np.add.reduce"),
        (lambda: np.exp(x, where=True), "np.exp with where"),
    ):
        with pytest.raises(NotImplementedError, match=f"{name}.*has no rule for nodes"):
            call()


def test_in_place_into_an_array():
    """NumPy cannot add a node into an array of numbers; `x += 1` makes a new node."""
    array = np.zeros(2)
    with pytest.raises(TypeError, match=r"write a = a \+ b"):
        array += am.Value(1.0)
    with pytest.raises(TypeError, match="out="):
        np.exp(am.Value(1.0), out=array)
    x = y = am.Value(1.0)
    x += 1
    assert (x.data, y.data) == (2.0, 1.0)


def test_no_subclasses():
    """A subclass would lose its gradients in the fast paths of the engine, so there are none."""
    with pytest.raises(TypeError, match="hold one in an attribute"):
        type("Parameter", (am.Value,), {})


def test_values_of_many_numbers_are_leaves_like_one():
    """Those of an array of floats, which are made together, have all that a `Value` has."""
    one, (first, second) = am.Value(2.0), am.values([2.0, 3.0])
    assert one.index < first.index < second.index
    for name in {*Node.__slots__} - {"index", "__weakref__"}:
        assert getattr(first, name) is getattr(one, name) or name == "primal"
    assert (second.primal, type(second.primal)) == (3.0, float)
    for dtype in (np.float32, np.longdouble, int, object):
        assert all(type(x.primal) is float for x in am.values(np.ones(2, dtype)))
