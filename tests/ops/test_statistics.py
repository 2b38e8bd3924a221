"""Statistics where it is delicate: equal elements, degrees of freedom, weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import DispatchError, SettingError, ShapeError
from autograd_mini.sweep import forward, reverse

X = np.array([[1.0, 2.0, 4.0], [0.5, -3.0, 2.5]])


@pytest.mark.parametrize(
    ("make", "x"),
    [
        *((am.Tensor, x) for x in ([0.1, 0.1, 0.1], [2.0], [1e308, 1e308], [0.0], [-5e-324] * 3)),
        *((am.values, x) for x in ([2.0], [0.0, 0.0, 0.0])),
    ],
)
@pytest.mark.parametrize("ddof", [0, 0.5])
def test_std_of_equal_elements(make: Any, x: Any, ddof: float):
    """It is 0, and so is its derivative: the middle of the cone, as for |x| at 0.

    0.1 is one of the numbers whose rounded mean is another: that must not pass for a deviation.
    """
    leaf = make(x)
    z = am.std(leaf, 0, ddof)
    z.backward()
    assert am.data(z) == 0.0
    assert_array_equal(am.grads(leaf), np.zeros(len(x)))


def test_std_of_equal_elements_to_second_order():
    """Forward too, and in the derivative of the derivative: 0 and no NaN."""
    x = am.Tensor([3.0, 3.0])
    assert forward([am.std(x)], {x: np.array([1.0, 2.0])})[0] == 0.0
    bar = dict(reverse({am.std(x): am.Tensor(1.0)}, record=True))[x]
    assert_array_equal(dict(reverse({am.sum(bar * np.array([1.0, 5.0])): np.ones(())}))[x], 0.0)


def test_hand_derived():
    """Of (x, y): var = (x - y)²/4 and std = |x - y|/2; twice and √2 times that with ddof 1."""
    for f, value, slope in (
        (am.var, 9.0, 3.0),
        (lambda x: am.var(x, ddof=1), 18.0, 6.0),
        (am.std, 3.0, 0.5),
        (lambda x: am.std(x, ddof=1), 3.0 * 2**0.5, 0.5 * 2**0.5),
    ):
        x = am.Tensor([7.0, 1.0])
        z = f(x)
        z.backward()
        assert_allclose(z.data, value, rtol=1e-15)
        assert_allclose(x.grad, [slope, -slope], rtol=1e-15)


@pytest.mark.parametrize("name", ["var", "std"])
def test_degrees_of_freedom(name: str):
    """`correction` is `ddof`; both at once are refused; n - ddof = 0 is NumPy's NaN and warning."""
    ours, numpys = getattr(am, name), getattr(np, name)
    assert_array_equal(ours(X, 1, correction=1), ours(X, 1, ddof=1))
    assert_allclose(ours(X, 1, correction=1), numpys(X, 1, correction=1), rtol=1e-15)
    for settings in ({"ddof": 1}, {"correction": 1}, {"axis": 0, "keepdims": True}):
        z = numpys(am.Tensor(X), **settings)
        assert type(z) is am.Tensor
        assert_allclose(z.data, numpys(X, **settings), rtol=1e-15)
    with pytest.raises(SettingError, match="give one of them"):
        ours(X, ddof=1, correction=1)
    with pytest.raises(DispatchError, match="mean="):
        numpys(am.Tensor(X), mean=0.0)
    with pytest.warns(RuntimeWarning, match="divide by zero|invalid"):
        assert np.isnan(ours(am.Tensor([2.0]), ddof=1).data)


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e12, -1e15])
def test_offset(offset: float):
    """Neither depends on an offset, however large: the mean is subtracted to the last digit."""
    array = np.array([1.0, 2.0, 4.0, 8.0, -3.0])  # exact sums with every offset
    for f in (am.var, am.std):
        expected, x = am.Tensor(array), am.Tensor(array + offset)
        f(expected).backward()
        z = f(x)
        z.backward()
        assert_allclose(z.data, f(array), rtol=4e-16)
        assert_allclose(x.grad, expected.grad, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_std_is_of_the_order_of_its_numbers(unit: float):
    """No square of a small number vanishes, none of a large one overflows: std (-1, 3) = 2."""
    x = am.Tensor([-unit, 3.0 * unit])
    z = am.std(x)
    z.backward()
    assert_allclose(z.data, 2.0 * unit, rtol=1e-15)
    assert_allclose(x.grad, [-0.5, 0.5], rtol=1e-15)


def test_average():
    """Of weights the derivative is (x - average) / Σ w."""
    x, w = am.Tensor([1.0, 5.0, 3.0]), am.Tensor([1.0, 2.0, 1.0])
    z = am.average(x, weights=w)
    z.backward()
    assert z.data == 3.5
    assert_array_equal(x.grad, [0.25, 0.5, 0.25])
    assert_array_equal(w.grad, [-0.625, 0.375, -0.125])
    assert_array_equal(np.average(x, weights=w.data).data, 3.5)
    assert am.average(x).primitive.name == "mean"
    assert am.average([1.0, 5.0], weights=[1, 3]) == 4.0


def test_average_refuses():
    """Weights of another shape, such that sum to zero, and settings that are not taken."""
    x = am.Tensor(X)
    for axis, shape in ((None, (3,)), (0, (3,)), ((0, 1), (3, 2)), (1, (3, 1))):
        with pytest.raises(ShapeError, match=r"expected weights of shape \(2, 3\)"):
            am.average(x, axis, np.ones(shape))
    with pytest.raises(ZeroDivisionError, match="the weights sum to zero"):
        am.average(x, 1, am.Tensor([1.0, -1.0, 0.0]))
    with pytest.raises(DispatchError, match="returned"):
        np.average(x, returned=True)


def test_ptp_ties():
    """Where all are equal the largest and the smallest are the same, and shares cancel."""
    x = am.Tensor([2.0, 5.0, 5.0, 2.0])
    am.ptp(x).backward()
    assert_array_equal(x.grad, [-0.5, 0.5, 0.5, -0.5])
    x = am.Tensor([2.0, 2.0])
    np.ptp(x).backward()
    assert_array_equal(x.grad, [0.0, 0.0])


@pytest.mark.parametrize("f", [am.var, am.std, am.ptp, am.average, am.prod])
def test_wrong_axis(f: Callable[..., Any]):
    """An axis that is not there is refused as NumPy refuses it."""
    with pytest.raises(np.exceptions.AxisError):
        f(am.Tensor(X), 2)


def test_methods():
    """Variance, deviation and range are methods of a Tensor."""
    x = am.Tensor(X)
    for name in ("var", "std", "ptp", "softmax"):
        for settings in ({}, {"axis": 0}):
            found = getattr(x, name)(**settings).data
            assert_array_equal(found, getattr(am, name)(X, **settings))
    assert_array_equal(x.std(ddof=1).data, am.std(X, ddof=1))


@pytest.mark.parametrize("f", [am.var, am.std])
def test_one_value(f: Callable[..., Any]):
    """A single Value has no axes to reduce."""
    with pytest.raises(TypeError, match="a Value is one number"):
        f(am.Value(2.0))
