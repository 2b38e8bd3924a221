"""Ordering where it is delicate: ties, NaN, recorded rules, kinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import gradcheck
from autograd_mini.errors import DataError, DispatchError, SettingError, ShapeError
from autograd_mini.sweep import forward, reverse

LAST = [[0, 0, 1], [0, 0, 2]]
MAKERS = pytest.mark.parametrize("make", [am.Tensor, am.values], ids=["tensor", "values"])


def pulled(make: Callable[[Any], Any], f: Callable[..., Any], x: Any, z_bar: Any) -> Any:
    """Return the cotangent that `z_bar` sends to `x` through `f`."""
    leaf = make(x)
    am.sum(f(leaf) * np.asarray(z_bar) + 0.0 * am.sum(leaf)).backward()
    return am.grads(leaf)


@MAKERS
@pytest.mark.parametrize(
    ("f", "x", "z_bar", "expected"),
    [
        (am.sort, [3.0, 1.0, 3.0, 1.0], [1, 2, 4, 8], [4, 1, 8, 2]),
        (am.sort, [0.0, -0.0, 0.0], [1, 2, 4], [1, 2, 4]),
        (lambda x: am.top_k(x, 1), [2.0, 5.0, 5.0], [1], [0, 1, 0]),
        (lambda x: am.top_k(x, 2), [5.0, 2.0, 5.0, 5.0], [1, 2], [1, 0, 2, 0]),
        (lambda x: am.top_k(x, 3), [5.0, 2.0, 2.0, 1.0], [1, 2, 4], [1, 2, 4, 0]),
        (am.median, [3.0, 1.0, 2.0], 1, [0, 0, 1]),
        (am.median, [3.0, 1.0, 2.0, 4.0], 1, [0.5, 0, 0.5, 0]),
        (am.median, [2.0, 2.0, 2.0], 1, [0, 1, 0]),
        (am.median, [2.0, 2.0, 1.0, 2.0], 1, [0.5, 0.5, 0, 0]),
        (
            lambda x: am.median(x, 1),
            [[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]],
            [1, 2],
            [[0, 0, 1], [0, 0, 2]],
        ),
        (lambda x: am.quantile(x, 0.25), [3.0, 1.0, 2.0], 1, [0, 0.5, 0.5]),
        (lambda x: am.quantile(x, [0.0, 1.0]), [3.0, 1.0, 2.0], [1, 2], [2, 1, 0]),
        (lambda x: am.percentile(x, 50), [3.0, 1.0, 2.0], 1, [0, 0, 1]),
    ],
)
def test_ties_and_places(make: Any, f: Any, x: Any, z_bar: Any, expected: Any):
    """The cotangent goes to where an element was taken from; tied ones keep their order."""
    assert_array_equal(pulled(make, f, x, z_bar), expected)


@MAKERS
def test_forward(make: Any):
    """Values are NumPy's, and those of top_k come largest first."""
    array = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 5.0]])
    x = make(array)
    assert_array_equal(am.data(am.sort(x)), np.sort(array))
    assert_array_equal(am.data(am.sort(x, None)), np.sort(array, None))
    assert_array_equal(am.data(am.sort(x, 0)), np.sort(array, 0))
    assert_array_equal(am.data(am.top_k(x, 2)), [[3.0, 2.0], [5.0, 5.0]])
    assert_array_equal(am.data(am.top_k(x, 1, axis=0)), [[3.0, 5.0, 5.0]])
    assert_array_equal(am.data(am.median(x, 0)), np.median(array, 0))
    assert_array_equal(am.data(am.quantile(x, [0.5, 0.1], 1)), np.quantile(array, [0.5, 0.1], 1))


def test_types():
    """What is one number is a Value, a Tensor without axes, or a plain number."""
    for f in (am.median, lambda x: am.quantile(x, 0.3), lambda x: am.quantile(x, 0.5)):
        for array in ([3.0, 1.0, 2.0], [3.0, 1.0, 2.0, 4.0]):
            assert type(f(am.values(array))) is am.Value
            assert f(am.Tensor(array)).shape == ()
            assert isinstance(f(array), float)


def test_forward_mode_at_ties():
    """The tangent of a sorted array holds the tangents in the order of the elements."""
    x = am.Tensor([3.0, 1.0, 3.0])
    dot = np.array([1.0, 2.0, 4.0])
    assert_array_equal(forward([am.sort(x)], {x: dot})[0], [2.0, 1.0, 4.0])
    assert_array_equal(forward([am.top_k(x, 2)], {x: dot})[0], [1.0, 4.0])


def test_nan_is_the_largest():
    """A NaN comes last in order and first among the largest; a median over it is NaN."""
    x = am.Tensor([2.0, np.nan, 1.0])
    assert_array_equal(am.sort(x).data, [1.0, 2.0, np.nan])
    assert_array_equal(am.top_k(x, 2).data, [np.nan, 2.0])
    rows = am.Tensor([[2.0, np.nan, 1.0], [2.0, 7.0, 1.0]])
    for f in (lambda x: am.median(x, 1), lambda x: am.quantile(x, 0.5, 1)):
        assert_array_equal(f(rows).data, [np.nan, 2.0])
    assert_array_equal(am.quantile(rows, [0.0, 0.5], 1).data, [[np.nan, 1.0], [np.nan, 2.0]])


def test_infinities():
    """A quantile that falls on an element is that element, whatever its neighbour is."""
    x = am.Tensor([-np.inf, 1.0, np.inf])
    assert am.median(x).data == am.quantile(x, 0.5).data == 1.0
    x = am.Tensor([1e308, 1.5e308, 1e308, 1.5e308])
    assert_allclose(am.median(x).data, 1.25e308)


@pytest.mark.parametrize("name", ["sort", "median", "top_k"])
def test_kinks(name: str):
    """The gradient check sees where an element passes another one, and checks the others."""
    f = {
        "sort": lambda x: am.sum(am.sort(x) * np.array([1.0, 3.0, 2.0, -1.0])),
        "median": am.median,
        "top_k": lambda x: am.sum(am.top_k(x, 2) * np.array([2.0, 1.0])),
    }[name]
    x = am.Tensor([1e-9, 0.0, -5.0, 4.0])
    report = gradcheck.check_gradients(lambda: f(x) + am.sum(x * x), {"x": x})
    assert {c.index for c in report.kinks} <= {(0,), (1,)}
    assert report.kinks or name == "median"  # the mean of both does not depend on their order
    assert report.verdict == "right"


def test_a_recorded_rule_depends_on_the_order():
    """The places are computed from the operand, which the recorded rule has as its operand too."""
    x = am.Tensor([3.0, 1.0, 2.0])
    bar = dict(reverse({am.sort(x): am.Tensor([1.0, 2.0, 4.0])}, record=True))[x]
    assert bar.primitive.name == "reorder"
    assert bar.parents[1] is x


@pytest.mark.parametrize("f", [am.median, lambda x, axis=None: am.quantile(x, 0.5, axis)])
def test_of_no_elements(f: Callable[..., Any]):
    """There is no middle of nothing."""
    with pytest.raises(ShapeError, match=r"no element in shape \(0, 3\)"):
        f(am.Tensor(np.zeros((0, 3))))
    assert f(am.Tensor(np.zeros((0, 3))), 1).shape == (0,)


def test_refusals():
    """Settings outside of their range, and those of NumPy's that are not taken."""
    x = am.Tensor([1.0, 2.0, 3.0])
    for k in (-1, 4):
        with pytest.raises(SettingError, match=f"k must be from 0 to 3, .* got {k}"):
            am.top_k(x, k)
    with pytest.raises(TypeError):
        am.top_k(x, 1.5)
    for q in (-0.1, 1.1, np.nan):
        with pytest.raises(SettingError, match="q must be from 0 to 1"):
            am.quantile(x, q)
    for f in (am.quantile, am.percentile):
        with pytest.raises(DataError, match="no derivative flows to q"):
            f(x, am.Tensor(0.5))
    with pytest.raises(DispatchError, match="method"):
        np.quantile(x, 0.5, method="nearest")
    for f in (am.sort, lambda x, axis: am.top_k(x, 1, axis), am.median):
        with pytest.raises(np.exceptions.AxisError):
            f(x, 1)


def test_numpy_functions():
    """NumPy's functions record what ours do."""
    array = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    x = am.Tensor(array)
    for z, expected in (
        (np.sort(x), np.sort(array)),
        (np.sort(x, axis=None), np.sort(array, axis=None)),
        (np.median(x, axis=1, keepdims=True), np.median(array, axis=1, keepdims=True)),
        (np.quantile(x, 0.3, axis=0), np.quantile(array, 0.3, axis=0)),
        (np.percentile(x, [30, 60]), np.percentile(array, [30, 60])),
    ):
        assert type(z) is am.Tensor
        assert_allclose(z.data, expected, rtol=1e-15)


def test_places_only_read():
    """argsort, argmax and argmin give plain integers; tied elements keep their order."""
    x = am.Tensor([[3.0, 1.0, 3.0], [0.0, 5.0, 0.0]])
    assert x.argmax() == np.argmax(x) == 4
    assert x.argmin() == 3
    assert_array_equal(x.argmax(1), [0, 1])
    assert_array_equal(x.argmin(1, keepdims=True), [[1], [0]])
    assert_array_equal(x.argsort(), [[1, 0, 2], [0, 2, 1]])
    assert_array_equal(x.argsort(None), [3, 5, 1, 0, 2, 4])
    assert x.argsort(0).dtype == np.intp
    z = x[np.arange(2), x.argmax(1)]  # so the largest are picked, one each
    z.backward([1.0, 2.0])
    assert_array_equal(x.grad, [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
