"""Data that change after a graph was computed from them: noticed where they are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini import gradcheck
from autograd_mini.errors import InPlaceError, MutationError
from autograd_mini.render import draw
from autograd_mini.sweep import forward, reverse

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


def replace(x: Any) -> None:
    """Give a leaf other data."""
    x.data = x.data + 1.0


def subtract(x: Any) -> None:
    """Do what a step of gradient descent by hand does."""
    x.data -= 1.0


def write_element(x: Any) -> None:
    """Write into the array that a `Tensor` hands out."""
    x.data[...] *= 5.0


def write_later(x: Any) -> Callable[[], None]:
    """Take the array before the graph is computed, and return what writes into it afterwards."""
    array = x.data

    def write() -> None:
        array[...] = 7.0

    return write


CHANGES = [
    pytest.param(kind, change, id=f"{kind.__name__}-{change.__name__}")
    for kind in (am.Value, am.Tensor)
    for change in (replace, subtract, write_element)
    if (kind, change) != (am.Value, write_element)  # a float has no elements
]

SWEEPS: dict[str, Callable[[Any, Any], Any]] = {
    "backward": lambda z, x: z.backward(),
    "reverse": lambda z, x: list(reverse({z: 1.0})),
    "recorded reverse": lambda z, x: list(reverse({z: type(z)(1.0)}, record=True)),
    "forward": lambda z, x: forward([z], {x: 1.0}),
    "recorded forward": lambda z, x: forward([z], {x: type(z)(1.0)}, record=True),
    "explain": lambda z, x: am.explain(z, x),
    "draw": lambda z, x: draw(z, contributions=True),
}


@KINDS
@pytest.mark.parametrize("changed", [0, 1])
def test_one_of_two_operands_changed(kind: type[am.Node], changed: int):
    """Each operand is looked at, the first and the second."""
    operands = [kind(3.0), kind(4.0)]
    z = operands[0] * operands[1]
    replace(operands[changed])
    with pytest.raises(MutationError):
        z.backward()


@pytest.mark.parametrize("sweep", SWEEPS)
@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_changed_between_forward_and_sweep(kind: type[am.Node], change, sweep: str):
    """Whatever needs the partials of a graph raises, and names the leaf and what needs it."""
    x = kind(3.0, name="x")
    z = x * x
    z.backward()  # pictures show adjoints
    change(x)
    with pytest.raises(MutationError) as caught:
        SWEEPS[sweep](z, x)
    assert f"{kind.__name__} 'x', a leaf (tape index {x.index})" in str(caught.value)
    assert f"the result of multiply (tape index {z.index}) was computed" in str(caught.value)
    assert x.grad == 6.0  # as the sweep before the change left it
    (x * x).backward()  # computed again, it is right
    assert x.grad == 6.0 + 2.0 * x.data


@pytest.mark.parametrize(("kind", "change"), CHANGES)
@pytest.mark.parametrize(
    "f", [lambda x: x.exp(), lambda x: 2.0 / x, lambda x: am.where(1.0, x, 0.0)]
)
def test_any_number_of_operands(kind: type[am.Node], change, f):
    """The short ways that a sweep has for one operand and for two notice it as well."""
    x = kind(3.0)
    z = f(x)
    change(x)
    with pytest.raises(MutationError):
        z.backward()


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_changed_between_steps(kind: type[am.Node], change):
    """After the sweep the data may change; the next step computes with the new ones."""
    x = kind(3.0)
    for _ in range(3):
        x.grad = None
        z = x * x
        z.backward()
        assert x.grad == 2.0 * x.data
        change(x)
    with pytest.raises(MutationError):
        z.backward()


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_rules_that_need_no_data(kind: type[am.Node], change):
    """A sum has the same derivative at any data, so it can be swept after a change too."""
    x, y = kind(3.0), kind(4.0)
    z = x + y - x - (-y)
    change(x)
    z.backward()
    assert (x.grad, y.grad) == (0.0, 2.0)


def test_array_taken_before():
    """An array handed out before the graph was computed is watched as well."""
    x = am.Tensor([1.0, 2.0], name="x")
    write = write_later(x)
    z = (x * x).sum()
    z.backward()
    assert_array_equal(x.grad, [2.0, 4.0])
    write()
    with pytest.raises(MutationError, match="'x'"):
        z.backward()
    assert_array_equal((x * x).data, [49.0, 49.0])


VIEWS: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda x: x.reshape(4),
    "T": lambda x: x.T,
    "broadcast": lambda x: x.broadcast_to((3, 2, 2)),
    "getitem": lambda x: x[0],
    "expand_dims": lambda x: x.expand_dims(0),
}


@pytest.mark.parametrize("view", VIEWS)
def test_view_of_a_changed_leaf(view: str):
    """A result that shares the memory of a leaf, and so changes with it, is noticed like it."""
    x = am.Tensor([[1.0, 2.0], [3.0, 4.0]], name="x")
    y = VIEWS[view](x)
    z = (y * y).sum()
    x.data[...] = 9.0
    with pytest.raises(MutationError):
        z.backward()
    assert x.grad is None


@pytest.mark.parametrize("view", VIEWS)
def test_data_of_a_view(view: str):
    """The array that a view hands out is its own: what is written there changes no other node."""
    x = am.Tensor([[1.0, 2.0], [3.0, 4.0]])
    y = VIEWS[view](x)
    z = (y * y).sum()
    z.backward()
    y.data[...] = 9.0
    assert_array_equal(x.data, [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(MutationError):
        z.backward()


@KINDS
def test_interior_nodes(kind: type[am.Node]):
    """A result cannot be given other data; the message says what can."""
    x = kind(3.0)
    y = x * x
    with pytest.raises(InPlaceError, match=r"result of multiply \(tape index \d+\) cannot.*detach"):
        y.data = 5.0
    assert y.data == 9.0
    copy = y.detach()
    copy.data = 5.0
    assert copy.data == 5.0


def test_arrays_from_numpy_are_to_read():
    """`np.asarray(x)` shares memory where no watch looks, so it cannot be written to."""
    x = am.Tensor([1.0, 2.0])
    array = np.asarray(x)
    assert np.shares_memory(array, x.data)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 5.0
    copy = np.array(x)
    copy[0] = 5.0
    assert_array_equal(x.data, [1.0, 2.0])


@KINDS
def test_gradcheck_leaves_older_graphs(kind: type[am.Node]):
    """A gradient check moves the parameters and puts them back, which is no change."""
    x = kind(3.0, name="x")
    z = x * x
    gradcheck.assert_gradients(lambda: x * x, [x])
    z.backward()
    assert x.grad == 6.0


def test_old_numbers_written_back():
    """What is as it was before has not changed, if nobody looked in between."""
    x = am.Tensor([1.0, 2.0])
    array = x.data
    z = (x * x).sum()
    array[0] = 5.0
    array[0] = 1.0
    z.backward()
    assert_array_equal(x.grad, [2.0, 4.0])


def test_nan_is_equal_to_itself():
    """Data are compared by their bytes: a NaN that stays is no change."""
    x = am.Tensor([np.nan, 1.0])
    assert x.data.shape == (2,)
    z = (x * x).sum()
    z.backward()
    assert np.isnan(x.grad[0])


def test_object_arrays():
    """A leaf in an object array is noticed, by its name."""
    w = am.values([1.0, 2.0], name="w")
    z = (w * w).sum()
    w[1].data = 5.0
    with pytest.raises(MutationError, match=r"Value 'w\[1\]', a leaf"):
        z.backward()


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_line_of_code(kind: type[am.Node]):
    """A graph that was computed inside `detect_anomaly()` says where."""
    x = kind(3.0, name="x")
    with am.detect_anomaly():
        z = x * x  # this line
    x.data = 4.0
    with pytest.raises(
        MutationError, match=r"test_mutation\.py:\d+, in .*: z = x \* x  # this line"
    ):
        z.backward()


def test_a_buffer_may_be_used_again():
    """A constant is what it was when it was used, however often its array is written to."""
    buffer = np.zeros(3)

    def f(x: Any) -> Any:
        total: Any = 0.0
        for k in range(3):
            buffer[:] = k
            total = total + np.sum(x * buffer)
        return total

    assert am.grad(f)(np.ones(3)).tolist() == [3.0, 3.0, 3.0]
    x, matrix = am.Tensor([1.0, 2.0]), np.eye(2)
    z = (matrix @ x).sum()
    matrix[0, 0] = 100.0
    z.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_arrays_with_operations_of_their_own():
    """A matrix or a masked array would be taken for an array, with another result."""
    masked = np.ma.array(np.eye(2), mask=np.eye(2))
    for constant in (np.eye(2).view(np.matrix), masked):
        with pytest.raises(TypeError, match=r"got a (matrix|MaskedArray).*np\.asarray"):
            am.Tensor(np.ones((2, 2))) * constant
