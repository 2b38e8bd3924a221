"""Shapes, axes and precision: what the rows of the table do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import DataError
from autograd_mini.tape import Tape, primal
from tests import checks
from tests.table import indexing, joining, moving, shaping
from tests.table.case import Case


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
        lambda x: am.broadcast_arrays(x, x[:, :2]),
        lambda x: x.squeeze(0),
        lambda x: x.squeeze(5),
        lambda x: x.swapaxes(0, 2),
        lambda x: am.moveaxis(x, 0, 3),
        lambda x: am.moveaxis(x, (0, 1), 0),
        lambda x: x[0].mT,
        lambda x: am.concatenate([x, x[:, :1]]),
        lambda x: am.stack([x, x[:1]]),
    ],
)
def test_shapes_that_do_not_fit(call: Any):
    """Shapes that NumPy refuses are refused."""
    with pytest.raises(ValueError, match=r"shape|axes|dimension|axis|broadcast|number"):
        call(am.Tensor(np.ones((2, 3))))


def test_astype():
    """The result has the new precision, the cotangent that of the operand."""
    x = am.Tensor([1.0, 2.0])
    z = x.astype(np.float32)
    assert z.dtype == np.float32
    (z * z).backward(np.ones(2))
    assert x.grad.dtype == np.float64
    assert_array_equal(x.grad, [2.0, 4.0])


@pytest.mark.skipif(not hasattr(np, "astype"), reason="since NumPy 2.1")
def test_numpy_astype():
    """NumPy's function is dispatched to the table."""
    x = am.Tensor([1.0, 2.0])
    z = np.astype(x, np.float32)
    assert z.dtype == np.float32
    assert z.parents == (x,)


def test_astype_of_values():
    """A `Value` holds a float64: no other precision, and never a plain number without history."""
    x = am.values([1.0, 2.0])
    am.sum(am.astype(x, float)).backward()
    assert_array_equal(am.grads(x), [1.0, 1.0])
    with pytest.raises(DataError, match="a Value holds a float64, not a float32"):
        am.astype(x, np.float32)


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


def test_orders():
    """Order "F" reads the first axis fastest; orders that depend on memory are refused."""
    array = np.arange(6.0).reshape(2, 3)
    x = am.Tensor(array)
    for z in (x.ravel("F"), x.flatten(order="F"), np.ravel(x, order="F"), x.reshape(6, order="F")):
        assert_array_equal(z.data, array.ravel("F"))
    for call in (x.ravel, lambda order: x.reshape(3, 2, order=order)):
        with pytest.raises(ValueError, match="'C' or 'F', got 'K'"):
            call("K")


def test_shape_as_an_array():
    """A shape may be an array, and changing it afterwards does not reach the tape."""
    shape = np.array([3, 2])
    z = am.Tensor(np.ones((2, 3))).reshape(shape)
    shape[:] = 1
    assert z.shape == z.params["shape"] == (3, 2)


def test_copy():
    """A copy is a node of its own, with data of its own, through which gradients flow."""
    x = am.Tensor([1.0, 2.0])
    z = x.copy()
    assert not np.shares_memory(z.primal, x.primal)
    (z * 3.0).sum().backward()
    assert_array_equal(x.grad, [3.0, 3.0])


def test_lists():
    """`tolist` gives Python's numbers."""
    assert am.Tensor([[1.0], [2.0]]).tolist() == [[1.0], [2.0]]
    assert am.Tensor(1.0).tolist() == 1.0


LINEAR = [
    case
    for room in (shaping, indexing, joining, moving)
    for cases in room.ROWS.values()
    for case in cases
]


@pytest.mark.parametrize("case", LINEAR, ids=str)
def test_complex_continuation(case: Case):
    """Run on complex numbers, a row gives its tangent as the imaginary part."""
    x = case.draw()
    _, dots = checks.directions(case, x)
    leaves, z = checks.build(case, x)
    tape = Tape(z)
    if not all(node.is_leaf or node.primitive.analytic for node in tape):
        pytest.skip("goes through a function that says what its continuation is elsewhere")
    found = {leaf: x[i] + 1e-30j * dots[i] for i, leaf in leaves.items()}
    for node in tape:
        if not node.is_leaf:
            operands = [found[x] if isinstance(x, am.Node) else x for x in node.parents]
            found[node] = node.primitive.analytic(*operands, **(node.params or {}))
    assert_allclose(found[z].real, primal(z), rtol=1e-13)
    assert_allclose(found[z].imag / 1e-30, checks.jvp(case, x, dots), rtol=1e-12, atol=1e-14)
