"""Joining and splitting: what the rows of the table do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_stack(axis: int):
    """Stacking joins along a new axis, and each operand gets its part of the cotangent back."""
    arrays = [np.arange(6.0).reshape(2, 3) + 10 * i for i in range(4)]
    leaves = [am.Tensor(array) for array in arrays]
    z = am.stack(leaves, axis)
    assert_array_equal(z.data, np.stack(arrays, axis))
    z_bar = np.random.default_rng(0).normal(size=z.shape)
    z.backward(z_bar)
    for i, leaf in enumerate(leaves):
        assert_array_equal(leaf.grad, np.take(z_bar, i, axis))


def test_concatenate_with_constants_and_repeats():
    """Constants stand between tensors, and a tensor that is joined twice gets both parts."""
    x = am.Tensor([1.0, 2.0])
    z = am.concatenate([x, np.array([9.0]), x])
    assert_array_equal(z.data, [1.0, 2.0, 9.0, 1.0, 2.0])
    z.backward([1.0, 2.0, 3.0, 4.0, 5.0])
    assert_array_equal(x.grad, [5.0, 7.0])


@pytest.mark.parametrize("name", ["stack", "vstack", "hstack", "dstack", "column_stack"])
def test_joining_values(name: str):
    """`Value`s join to an object array, as with NumPy's function."""
    v, w = am.Value(1.0), am.Value(2.0)
    z = getattr(am, name)([v, w])
    assert z.shape == getattr(np, name)([v, w]).shape
    assert z.ravel().tolist() == [v, w]


def test_meshgrid_of_values():
    """The grid of two `Value`s has one point."""
    v, w = am.Value(1.0), am.Value(2.0)
    assert [x.tolist() for x in am.meshgrid(v, w)] == [[[v]], [[w]]]


def test_parts_are_on_the_tape():
    """Each part of a split passes its cotangent to its place; what is not used gets zeros."""
    x = am.Tensor(np.arange(6.0))
    first, _, last = am.split(x, [2, 5])
    assert_array_equal(last.data, [5.0])
    (first.sum() + 10.0 * last.sum()).backward()
    assert_array_equal(x.grad, [1.0, 1.0, 0.0, 0.0, 0.0, 10.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: am.concatenate([]), "at least one array"),
        (lambda x: am.concatenate([x, x], 2), "axis 2 is out of bounds"),
        (lambda x: am.stack([x, x], 4), "axis 4 is out of bounds"),
        (lambda x: am.vstack([x, x[:, :1]]), "must match exactly"),
        (lambda x: am.append(x, x[0], 0), "same number of dimensions"),
        (lambda x: am.split(x, 4), "equal division"),
        (lambda x: am.split(x, 2, axis=2), "axis 2 is out of bounds"),
        (lambda x: am.vsplit(x[0], 1), "2 axes or more, got 1"),
        (lambda x: am.dsplit(x, 1), "3 axes or more, got 2"),
        (lambda x: am.meshgrid(x, indexing="yx"), "'xy' or 'ij', got 'yx'"),
    ],
)
def test_what_does_not_fit(call: Any, message: str):
    """Arrays that do not fit together, and axes that do not exist, are refused at the call."""
    with pytest.raises(ValueError, match=message):
        call(am.Tensor(np.ones((2, 3))))
