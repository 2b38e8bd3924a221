"""Indexing, joining and moving elements: what the rows of the table do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from tests.table.shaping import INDICES, scattered


@pytest.mark.parametrize(("shape", "index"), INDICES)
def test_indexing(shape: tuple[int, ...], index: Any):
    """`x[index]` is NumPy's for every kind of index; the cotangents of repeated elements add up."""
    array = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    x = am.Tensor(array)
    z = x[index]
    assert_array_equal(z.data, array[index])
    z_bar = np.random.default_rng(0).normal(size=z.shape)
    z.backward(z_bar)
    assert_array_equal(x.grad, scattered(z_bar, index, shape))


def test_repeated_index():
    """An element that is picked three times gets three cotangents."""
    x = am.Tensor([10.0, 20.0, 30.0])
    x[[1, 1, 0, 1]].backward([1.0, 2.0, 4.0, 8.0])
    assert_array_equal(x.grad, [4.0, 11.0, 0.0])


def test_index_by_comparison():
    """A comparison of tensors is a boolean array and can be an index."""
    x = am.Tensor([-1.0, 2.0, 3.0])
    z = x[x > 0]
    assert_array_equal(z.data, [2.0, 3.0])
    z.sum().backward()
    assert_array_equal(x.grad, [0.0, 1.0, 1.0])


def test_index_arrays_are_copied():
    """Changing an index array afterwards does not reach the tape."""
    x, index = am.Tensor([1.0, 2.0, 3.0]), np.array([0, 0])
    z = x[index]
    nested = x[(index,)]
    index[:] = 2
    (z.sum() + nested.sum()).backward()
    assert_array_equal(x.grad, [4.0, 0.0, 0.0])


@pytest.mark.parametrize("index", [3, (0, 0), [0, 5], 1.5, "a"])
def test_wrong_index(index: Any):
    """What NumPy refuses as an index is an `IndexError` here too."""
    with pytest.raises(IndexError):
        am.Tensor([1.0, 2.0, 3.0])[index]


@pytest.mark.parametrize("index", [am.Value(1.0), am.Tensor(1.0), (slice(None), am.Tensor([0.0]))])
def test_node_as_index(index: Any):
    """A node is no position: no derivative could flow through it."""
    with pytest.raises(TypeError, match="index must be plain integers"):
        am.Tensor(np.ones((2, 2)))[index]


def test_axes_are_copied():
    """Changing the list of axes afterwards does not reach the tape."""
    x, axes = am.Tensor(np.arange(24.0).reshape(2, 3, 4)), [1, 2, 0]
    z = x.transpose(axes)
    axes[:] = [2, 1, 0]
    z_bar = np.random.default_rng(0).normal(size=z.shape)
    z.backward(z_bar)
    assert_array_equal(x.grad, np.transpose(z_bar, (2, 0, 1)))


def test_transpose_forms():
    """Axes come as integers, as a tuple, or not at all; `T` reverses them."""
    array = np.arange(24.0).reshape(2, 3, 4)
    x = am.Tensor(array)
    for z in (x.transpose(1, 2, 0), x.transpose((1, 2, 0)), am.transpose(x, (1, 2, 0))):
        assert_array_equal(z.data, array.transpose(1, 2, 0))
    for z in (x.T, x.transpose(), x.transpose(None)):
        assert_array_equal(z.data, array.T)


def test_reshape_forms():
    """The new shape comes as integers, as a tuple, or as -1."""
    x = am.Tensor(np.arange(6.0))
    for z in (x.reshape(2, 3), x.reshape((2, 3)), x.reshape(2, -1), am.reshape(x, (2, 3))):
        assert_array_equal(z.data, np.arange(6.0).reshape(2, 3))
    assert x.reshape(-1).shape == (6,)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.reshape(4, 2),
        lambda x: x.transpose(0, 0),
        lambda x: x.broadcast_to((4,)),
        lambda x: am.concatenate([x, x[:, :1]]),
        lambda x: am.stack([x, x[:1]]),
    ],
)
def test_shapes_that_do_not_fit(call: Any):
    """Shapes that NumPy refuses are refused."""
    with pytest.raises(ValueError, match=r"shape|axes|dimensions|axis|broadcast"):
        call(am.Tensor(np.ones((2, 3))))


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


def test_astype():
    """The result has the new precision, the cotangent that of the operand."""
    x = am.Tensor([1.0, 2.0])
    z = x.astype(np.float32)
    assert z.dtype == np.float32
    (z * z).backward(np.ones(2))
    assert x.grad.dtype == np.float64
    assert_array_equal(x.grad, [2.0, 4.0])


def test_astype_to_integers_is_refused():
    """A tensor holds floating-point numbers: rounding them has no derivative."""
    with pytest.raises(TypeError):
        am.astype(am.Tensor([1.5]), int)


def test_constant_lists_of_tensors_are_refused():
    """A tensor inside a list would lose its history, at any depth."""
    x, part = am.Tensor([[1.0, 2.0]]), am.Tensor(1.0)
    for nested in ([part, 2.0], [[part, 2.0]], ((part, part),)):
        with pytest.raises(TypeError, match="stack"):
            x + nested
