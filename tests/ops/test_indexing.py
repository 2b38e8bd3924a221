"""Picking elements: what the rows of the table do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini.ops.indexing import frozen_index, last_named
from tests.table.indexing import INDICES, scattered


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


def test_what_has_a_number():
    """A position may be any object that Python itself takes for one."""

    class Second:
        def __index__(self) -> int:
            return 1

    x = am.Tensor([1.0, 2.0, 3.0])
    x[Second()].backward()
    assert_array_equal(x.grad, [0.0, 1.0, 0.0])


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (7, 2), (2, 7), (1, 4), (4, 1), (0, 2)])
def test_every_diagonal(shape: tuple[int, int]):
    """The diagonals of long and of high matrices, also those that lie outside."""
    array = np.arange(float(np.prod(shape))).reshape(shape)
    for offset in range(-9, 10):
        assert_array_equal(am.diagonal(am.Tensor(array), offset).data, np.diagonal(array, offset))


@pytest.mark.parametrize("k", range(-4, 5))
def test_matrix_of_a_diagonal(k: int):
    """A vector goes to each diagonal of a matrix, and its cotangent comes from there."""
    x = am.Tensor([1.0, 2.0, 3.0])
    z = am.diag(x, k)
    assert_array_equal(z.data, np.diag(x.data, k))
    z_bar = np.arange(float(z.data.size)).reshape(z.shape)
    z.backward(z_bar)
    assert_array_equal(x.grad, np.diagonal(z_bar, k))


def test_what_becomes_an_array_is_copied():
    """A column of a data frame is one index array, and it too may change afterwards."""

    class Column:
        array = np.array([0, 0])

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return self.array.copy() if copy else self.array

    x, index = am.Tensor([1.0, 2.0, 3.0]), Column()
    z = x[index]
    index.array[:] = 2
    z.backward([1.0, 2.0])
    assert_array_equal(x.grad, [3.0, 0.0, 0.0])


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


def test_tuple_in_a_tuple_is_copied_as_positions():
    """In an index of several parts a tuple is a list of positions, and may repeat some."""
    x = am.Tensor([10.0, 20.0, 30.0])
    x[((1, 1, 0),)].backward([1.0, 2.0, 4.0])
    assert_array_equal(x.grad, [4.0, 3.0, 0.0])


def test_views():
    """What slices can pick is a view."""
    x = am.Tensor(np.arange(24.0).reshape(2, 3, 4))
    for z in (
        x[:, ::-1, 1],
        am.diagonal(x, 1, 1, 2),
        am.flip(x),
        am.rot90(x),
        am.split(x, 2, 2)[1],
        am.squeeze(x[:1]),
        am.moveaxis(x, 0, 2),
        am.take(x, 1, 1),
    ):
        assert np.shares_memory(z.primal, x.primal)


def test_derivative_of_index_lists():
    """Repeated positions in an index of several axes add up, as for one axis."""
    x = am.Tensor(np.zeros((2, 3)))
    x[[[0, 0], [1, 0]], [2, 2]].backward([[1.0, 2.0], [4.0, 8.0]])
    assert_array_equal(x.grad, [[0.0, 0.0, 11.0], [0.0, 0.0, 4.0]])


def test_where_with_a_condition_alone():
    """It gives the positions, plain, for a tensor and for a comparison of tensors."""
    x = am.Tensor([[0.0, 2.0], [3.0, 0.0]])
    for found in (np.where(x), np.where(x > 0), np.nonzero(x)):
        assert_array_equal(found, [[0, 1], [1, 0]])
        assert type(found[0]) is np.ndarray
    assert_array_equal(x[np.where(x)].data, [2.0, 3.0])
    assert_array_equal(np.where(am.Value(2.0) > 1, am.Value(3.0), 0.0).data, 3.0)


@pytest.mark.parametrize(
    "function",
    [np.argwhere, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.argsort],
)
def test_functions_that_give_positions(function: Any):
    """They only read, and give what can be an index."""
    array = np.array([[0.0, 2.0], [3.0, 1.0]])
    found = function(am.Tensor(array))
    assert_array_equal(found, function(array))
    assert_array_equal(am.Tensor(array)[found].data, array[found])


def test_take_along_axis_after_argsort():
    """Sorting by positions passes each cotangent back to where the element was."""
    x = am.Tensor([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]])
    z = np.take_along_axis(x, np.argsort(x, axis=1), axis=1)
    assert_array_equal(z.data, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    z.backward([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    assert_array_equal(x.grad, [[3.0, 1.0, 2.0], [1.0, 3.0, 2.0]])


def test_positions_are_copied():
    """Changing positions afterwards does not reach the tape."""
    x, positions = am.Tensor([[1.0, 2.0, 3.0]]), np.array([[0, 0]])
    z = am.take_along_axis(x, positions) + am.take(x, positions)
    positions[:] = 2
    z.sum().backward()
    assert_array_equal(x.grad, [[4.0, 0.0, 0.0]])


@pytest.mark.parametrize(("shape", "index"), INDICES)
def test_last_named(shape: tuple[int, ...], index: Any):
    """Of the places of an index that name one element, the last in order is told apart."""
    positions = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    flat = np.ravel(positions).tolist()
    expected = [position not in flat[i + 1 :] for i, position in enumerate(flat)]
    found = np.broadcast_to(last_named(frozen_index(index), shape), np.shape(positions))
    assert found.ravel().tolist() == expected


@pytest.mark.parametrize("name", ["tril", "triu"])
def test_triangles_hide_what_is_not_finite(name: str):
    """What is left out is zero whatever it was, and so is its derivative."""
    x = am.Tensor(np.where(getattr(np, name)(np.ones((3, 3))), 1.0, np.nan))
    z = getattr(am, name)(x)
    assert_array_equal(z.data, getattr(np, name)(np.ones((3, 3))))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: am.take(x, 9), IndexError, "index 9 is out of bounds"),
        (lambda x: am.take(x, 0, 5), IndexError, "axis 5 is out of bounds"),
        (lambda x: am.take(x, [0.5]), TypeError, "Cannot cast"),
        (lambda x: am.take(x, x), TypeError, "plain integers"),
        (lambda x: am.take(x, 0, mode="near"), ValueError, "clip"),
        (lambda x: am.take_along_axis(x, [0], 1), ValueError, "same number of dimensions"),
        (lambda x: am.diag(x[None]), ValueError, "a vector or a matrix"),
        (lambda x: am.diagonal(x[0]), IndexError, "axis 1 is out of bounds"),
        (lambda x: am.diagonal(x, 0, 1, 1), ValueError, "repeated axis"),
        (lambda x: am.tril(x[0, 0]), ValueError, "take matrices"),
        (lambda x: am.compress([[True]], x), ValueError, "condition of one axis"),
        (lambda x: am.select([], []), ValueError, "at least one"),
        (lambda x: x[[x]], TypeError, "plain integers"),
        (lambda x: x[am.values([0.0])], TypeError, "plain integers"),
        (lambda x: np.insert(x, 0, 1.0), NotImplementedError, "np.insert has no rule"),
        (lambda x: np.put_along_axis(x, [[0]], 1.0, 1), NotImplementedError, "has no rule"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str):
    """Positions and axes that do not exist are refused at the call."""
    with pytest.raises(error, match=message):
        call(am.Tensor(np.ones((2, 3))))
