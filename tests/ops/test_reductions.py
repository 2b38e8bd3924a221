"""Reductions where it is delicate: ties, extreme numbers, wrong axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.sweep import forward


@pytest.mark.parametrize(
    ("axis", "z_bar", "expected"),
    [
        (None, 6.0, [[0.0, 2.0, 2.0], [0.0, 2.0, 0.0]]),
        (0, [1.0, 2.0, 4.0], [[0.5, 1.0, 4.0], [0.5, 1.0, 0.0]]),
        (1, [1.0, 3.0], [[0.0, 0.5, 0.5], [0.0, 3.0, 0.0]]),
        ((0, 1), 3.0, [[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]]),
    ],
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_ties_share_equally(axis: Any, z_bar: Any, expected: list[list[float]], keepdims: bool):
    """Of k elements that are all the largest, each gets one k-th of the cotangent; min likewise."""
    array = np.array([[1.0, 5.0, 5.0], [1.0, 5.0, 2.0]])
    for extremum, sign in ((am.max, 1.0), (am.min, -1.0)):
        x = am.Tensor(sign * array)
        z = extremum(x, axis, keepdims)
        z.backward(np.reshape(z_bar, z.shape))
        assert_array_equal(x.grad, expected)


def test_ties_share_equally_forward():
    """The tangent of a maximum is the mean of the tangents of the tied elements."""
    x = am.Tensor([4.0, 1.0, 4.0])
    assert_array_equal(forward([am.max(x)], {x: np.array([2.0, 7.0, 5.0])})[0], 3.5)


@pytest.mark.parametrize("array", [[1000.0, 998.0, -1000.0], [-2000.0, -1998.0, -2001.0]])
def test_no_overflow(array: list[float]):
    """exp(1000) would overflow, logsumexp and log-softmax do not: they shift by the maximum."""
    x = am.Tensor(array)
    shifted = np.array(array) - max(array)
    total = np.log(np.exp(shifted).sum())
    z = am.logsumexp(x)
    z.backward()
    assert_allclose(z.data, max(array) + total, rtol=1e-15)
    assert_allclose(x.grad, np.exp(shifted - total), rtol=1e-12)  # x - z rounds to 1e-13
    assert_allclose(am.log_softmax(x).data, shifted - total, rtol=1e-14)


def test_logsumexp_of_masked_entries():
    """An entry of -inf is one that is not there; where all are, the result is log 0 = -inf."""
    x = am.Tensor([[0.0, -np.inf, 0.0], [-np.inf, -np.inf, -np.inf]])
    z = am.logsumexp(x, 1)
    z.backward(np.ones(2))
    assert_allclose(z.data, [np.log(2.0), -np.inf])
    assert_array_equal(x.grad, [[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]])


def test_log_softmax_of_a_masked_entry():
    """A class that is masked by -inf has probability 0 and gets no gradient from the others."""
    x = am.Tensor([0.0, 0.0, -np.inf])
    z = am.log_softmax(x)
    assert_allclose(z.data, [-np.log(2.0), -np.log(2.0), -np.inf])
    z.backward([1.0, 0.0, 0.0])
    assert_array_equal(x.grad, [0.5, -0.5, 0.0])


def test_where_all_entries_are_masked():
    """The softmax of nothing is 0 and its logarithm -inf; no NaN comes back from such a row."""
    array = [[0.0, 0.0, -np.inf], [-np.inf, -np.inf, -np.inf]]
    for f, expected in (
        (am.softmax, [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]),
        (am.log_softmax, np.log([0.5, 0.5, 1.0]) + array),
    ):
        x = am.Tensor(array)
        z = f(x)
        assert_allclose(z.data, expected)
        z[0, 0].backward()
        assert_array_equal(np.isfinite(x.grad), True)
        x.grad = None
        am.softmax(x).sum().backward()
        assert_array_equal(x.grad, 0.0)


def test_softmax_over_all_and_several_axes():
    """The probabilities sum to 1 over the axes that are asked for."""
    array = np.random.default_rng(0).normal(size=(2, 3, 4))
    for axis in (None, 1, -1, (0, 2), (2, 1, 0)):
        assert_allclose(am.sum(am.softmax(array, axis), axis), 1.0, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_mean_of_numbers_whose_sum_overflows(dtype: Any):
    """It lies between them; with an infinite number among them it is infinite, and NaN stays."""
    big = np.finfo(dtype).max
    x = am.Tensor(
        np.array([[big, big, big], [big, -big, 0], [np.inf, 1, 2], [np.nan, 1, big]], dtype)
    )
    z = x.mean(1)
    assert z.dtype == dtype
    assert_array_equal(z.data[2:], [np.inf, np.nan])
    assert_allclose(z.data[:2] / big, [1.0, 0.0], rtol=1e-6)
    z[0].backward()
    assert_allclose(x.grad[0], 1 / 3, rtol=1e-6)


def test_mean_of_a_long_float32_sum():
    """The mean of float32 numbers stays float32 and its cotangents add up to the seed."""
    x = am.Tensor(np.full(1000, 0.1, dtype=np.float32))
    z = x.mean()
    z.backward()
    assert z.dtype == x.grad.dtype == np.float32
    assert_allclose(x.grad.sum(), 1.0, rtol=1e-5)


@pytest.mark.parametrize("reduce", [am.sum, am.mean, am.prod, am.max, am.min, am.logsumexp])
@pytest.mark.parametrize(("axis", "error"), [(2, np.exceptions.AxisError), ((0, 0), ValueError)])
def test_wrong_axis(reduce: Callable[..., Any], axis: Any, error: type[Exception]):
    """An axis that is not there, or twice there, is refused as NumPy refuses it."""
    with pytest.raises(error):
        reduce(am.Tensor(np.ones((2, 3))), axis)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "logsumexp"])
def test_methods(name: str):
    """Each reduction is a method too, with the same arguments."""
    x = am.Tensor([[1.0, 4.0], [3.0, 2.0]])
    for settings in ({}, {"axis": 0}, {"axis": (0, 1), "keepdims": True}):
        assert_array_equal(getattr(x, name)(**settings).data, getattr(am, name)(x.data, **settings))
    assert_array_equal(x.log_softmax(0).data, am.log_softmax(x.data, 0))


@pytest.mark.parametrize("reduce", [am.sum, am.mean, am.prod, am.max, am.min, am.logsumexp])
def test_of_one_value(reduce: Callable[..., Any]):
    """One number is its own sum, mean, product, maximum, minimum and logsumexp; it has no axis."""
    x = am.Value(3.0)
    assert reduce(x) is x
    with pytest.raises(TypeError, match=r"works on arrays and a Value is one number; use a Tensor"):
        reduce(x, 0)
