"""`x.at[index]`: changed elements in a new tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.sweep import reverse

MATRIX = np.arange(1.0, 13.0).reshape(4, 3)

ONCE = [
    1,
    (2, 0),
    (..., -1),
    slice(None, None, -2),
    [2, 0],
    (slice(None), [2, 0]),
    ([1, 3], [0, 2]),
    np.ix_([0, 3], [2, 1]),
    MATRIX > 4.0,
    np.array([True, False, True, False]),
    (),
    [],
    slice(2, 2),
]
"""Indices of a (4, 3) array that name no element twice."""

WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "set": lambda x, y: y + 0.0 * x,
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "min": am.minimum,
    "max": am.maximum,
}


@pytest.mark.parametrize("index", ONCE, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_ways(way: str, index: Any):
    """Result and gradients are those of the operation on the elements at the index."""
    y_data = np.linspace(0.7, 6.3, MATRIX[index].size).reshape(MATRIX[index].shape)
    x, y = am.Tensor(MATRIX), am.Tensor(y_data)
    z = getattr(x.at[index], way)(y)
    expected = MATRIX.copy()
    expected[index] = am.data(WAYS[way](MATRIX[index], y_data))
    assert_allclose(z.data, expected, rtol=1e-15)
    z_bar = np.random.default_rng(0).normal(size=z.shape)
    z.backward(z_bar)

    picked, other = am.Tensor(MATRIX[index]), am.Tensor(y_data)
    WAYS[way](picked, other).backward(z_bar[index])
    x_bar = z_bar.copy()
    x_bar[index] = picked.grad
    assert_allclose(x.grad, x_bar, rtol=1e-14)
    assert_allclose(y.grad, other.grad, rtol=1e-14)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1)])
def test_broadcasting(way: str, shape: tuple[int, ...]):
    """What is given is repeated to the shape of the elements; its cotangents add up."""
    number = np.full(shape, 2.0)
    x, y = am.Tensor(MATRIX), am.Tensor(number)
    z = getattr(x.at[[3, 1]], way)(y)
    assert_allclose(z.data, getattr(x.at[[3, 1]], way)(np.full((2, 3), 2.0)).data, rtol=1e-15)
    z.sum().backward()
    assert y.grad.shape == shape
    whole = am.Tensor(np.full((2, 3), 2.0))
    getattr(x.at[[3, 1]], way)(whole).sum().backward()
    assert_allclose(y.grad.sum(), whole.grad.sum(), rtol=1e-14)


def test_set_twice():
    """The last of several that are set counts; those before have derivative 0."""
    x, y = am.Tensor([10.0, 20.0, 30.0]), am.Tensor([1.0, 2.0, 3.0, 4.0])
    z = x.at[[1, 1, 0, -2]].set(y)
    assert_array_equal(z.data, [3.0, 4.0, 30.0])
    z.backward([1.0, 2.0, 4.0])
    assert_array_equal(x.grad, [0.0, 0.0, 4.0])
    assert_array_equal(y.grad, [0.0, 0.0, 1.0, 2.0])


def test_set_twice_hides_what_is_not_finite():
    """An infinite cotangent does not reach what was overwritten."""
    y = am.Tensor([1.0, 2.0])
    am.Tensor([0.0]).at[[0, 0]].set(y).backward([np.inf])
    assert_array_equal(y.grad, [0.0, np.inf])


def test_add_twice():
    """Every addition to one element counts, for `add` and for `subtract`."""
    x, y = am.Tensor([10.0, 20.0]), am.Tensor([1.0, 2.0, 4.0])
    z = x.at[[1, 0, 1]].add(y)
    assert_array_equal(z.data, [12.0, 25.0])
    assert_array_equal(x.at[[1, 0, 1]].subtract(y).data, [8.0, 15.0])
    z.backward([3.0, 5.0])
    assert_array_equal(x.grad, [3.0, 5.0])
    assert_array_equal(y.grad, [5.0, 3.0, 5.0])


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("set", "add", "subtract")])
def test_twice_is_refused(way: str):
    """Where the order of two changes of one element would matter, none is chosen."""
    with pytest.raises(TypeError, match="names an element twice"):
        getattr(am.Tensor([1.0, 2.0]).at[[0, 0]], way)(2.0)


def test_apply_and_get():
    """Any function of the elements can take their place; `get` is indexing."""
    x = am.Tensor([1.0, 4.0, 9.0])
    z = x.at[1:].apply(np.sqrt)
    assert_array_equal(z.data, [1.0, 2.0, 3.0])
    z.sum().backward()
    assert_allclose(x.grad, [1.0, 1 / 4, 1 / 6], rtol=1e-15)
    assert_array_equal(x.at[1:].get().data, [4.0, 9.0])


@pytest.mark.parametrize("way", WAYS)
def test_precision_is_kept(way: str):
    """The result has the dtype of the tensor, and each cotangent that of its operand."""
    x, y = am.Tensor([1.0, 2.0], dtype=np.float32), am.Tensor(3.0)
    z = getattr(x.at[0], way)(y)
    assert z.dtype == getattr(x.at[0], way)(3).dtype == np.float32
    z.sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)


def test_nothing_changes_in_place():
    """The tensor keeps its data, and the index is copied."""
    x, index = am.Tensor([1.0, 2.0]), np.array([0])
    z = x.at[index].set(5.0)
    index[:] = 1
    z.backward([1.0, 10.0])
    assert_array_equal(x.data, [1.0, 2.0])
    assert_array_equal(x.grad, [0.0, 10.0])


def test_second_derivative():
    """The derivative of an update can be differentiated again."""
    x = am.Tensor([1.0, 2.0, 3.0])
    z = (x.at[1].multiply(x[0] * x[0]) ** 2).sum()  # x0² + (x1 x0²)² + x2²
    bar = dict(reverse({z: np.ones(())}, record=True))[x]
    bar[0].backward()  # the row of 2 + 12 x1² x0², 8 x1 x0³, 0
    assert_allclose(x.grad, [50.0, 16.0, 0.0], rtol=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.at[5].set(1.0), IndexError, "index 5 is out of bounds"),
        (lambda x: x.at[1.5].set(1.0), IndexError, "only integers, slices"),
        (lambda x: x.at[x].set(1.0), TypeError, "plain integers"),
        (lambda x: x.at[:2].set([1.0, 2.0, 3.0]), ValueError, r"shape \(2,\).*has shape \(3,\)"),
        (lambda x: x.at[:2].add([1.0, 2.0, 3.0]), ValueError, r"shape \(2,\).*has shape \(3,\)"),
        (lambda x: x.at[0].multiply([1.0, 2.0]), ValueError, r"shape \(\).*has shape \(2,\)"),
        (lambda x: x.at[0].set([[1.0]]), ValueError, "does not broadcast"),
        (lambda x: x.at[:2].set(am.values([1.0, 2.0])), TypeError, "does not mix"),
        (lambda x: x.at[:2].add(am.values([1.0, 2.0])), TypeError, "does not mix"),
        (lambda x: x.at[:2].set([x[0], 2.0]), TypeError, "list of Tensors"),
        (lambda x: x.at[0].set("a"), TypeError, "expected real numbers"),
        (lambda x: x.at[0].set(None), TypeError, "expected real numbers"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str):
    """Indices, shapes and kinds that do not fit are refused at the call."""
    with pytest.raises(error, match=message):
        call(am.Tensor([1.0, 2.0, 3.0]))
