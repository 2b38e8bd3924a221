"""`Tensor`: what it takes, what it shows, and how it stands among NumPy's arrays."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am

ARRAY = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (2, np.float64),
        (2.5, np.float64),
        (True, np.float64),
        ([1, 2], np.float64),
        ([[1.0], [2.0]], np.float64),
        ([], np.float64),
        (range(3), np.float64),
        (np.array([True, False]), np.float64),
        (np.arange(3, dtype=np.uint8), np.float64),
        (np.float32(2.0), np.float32),
        (np.ones(2, dtype=np.float32), np.float32),
        (np.ones((2, 0), dtype=np.float16), np.float16),
    ],
)
def test_construction(data: Any, dtype: type):
    """Real numbers in any shape are taken; only floating-point precision is kept."""
    x = am.Tensor(data, name="x")
    assert type(x.data) is np.ndarray
    assert x.dtype == dtype
    assert_array_equal(x.data, np.asarray(data))
    assert (x.name, x.grad, x.is_leaf) == ("x", None, True)


def test_chosen_dtype():
    """A dtype can be asked for, a floating-point one."""
    assert am.Tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert am.Tensor(np.ones(2), dtype="float32").dtype == np.float32
    for wrong in (int, bool, complex, object):
        with pytest.raises(TypeError, match="floating-point dtype, got"):
            am.Tensor([1, 2], dtype=wrong)


def test_data_is_copied():
    """The tensor does not change with the array it was made from, nor that with `numpy()`."""
    array = np.ones(2)
    x = am.Tensor(array)
    array[:] = 5.0
    x.numpy()[:] = 7.0
    assert_array_equal(x.data, [1.0, 1.0])


@pytest.mark.parametrize(
    "wrong",
    [
        "abc",
        None,
        [1j],
        [None],
        am.values([1.0, 2.0]),
        am.Tensor([1.0]),
        am.Value(1.0),
        [am.Value(1.0)],
        [[am.Tensor(1.0), 2.0]],
    ],
)
def test_construction_from_something_else(wrong: Any):
    """What is not made of plain real numbers is refused."""
    with pytest.raises(TypeError, match=r"a Tensor (holds|is made from)"):
        am.Tensor(wrong)


def test_attributes():
    """Shape, ndim, size, dtype, T and len are those of the array."""
    x = am.Tensor(ARRAY)
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((2, 3), 2, 6, np.float64, 2)
    assert_array_equal(x.T.data, ARRAY.T)
    with pytest.raises(TypeError, match="unsized"):
        len(am.Tensor(1.0))


def test_iteration():
    """Iteration gives the rows, as tensors on the tape."""
    x = am.Tensor(ARRAY)
    first, second = x
    (first * 10.0 + second).sum().backward()
    assert_array_equal(x.grad, [[10.0] * 3, [1.0] * 3])
    with pytest.raises(TypeError, match="unsized"):
        iter(am.Tensor(1.0))


def test_item():
    """The only element comes out as a Python float, whatever the shape; several do not."""
    for data in (3.0, [3.0], [[3.0]], np.float32(3.0)):
        number = am.Tensor(data).item()
        assert type(number) is float
        assert number == 3.0
    with pytest.raises(ValueError, match="size 1"):
        am.Tensor([1.0, 2.0]).item()


def test_membership():
    """`in` looks at the numbers."""
    assert 2.0 in am.Tensor(ARRAY)
    assert 7.0 not in am.Tensor(ARRAY)


@pytest.mark.parametrize(
    "apply", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
)
@pytest.mark.parametrize(
    "other",
    [
        2,
        2.0,
        True,
        np.float64(2.0),
        np.int64(2),
        np.array(2.0),
        [1.0, 2.0, 3.0],
        (1, 2, 3),
        np.array([1.0, 2.0, 3.0]),
        np.array([1, 2, 3]),
        np.array([1, 2, 3], dtype=np.uint8),
        np.array([[True], [True]]),
        np.array([[2.0], [3.0]], dtype=np.float32),
    ],
    ids=repr,
)
def test_operators_with_constants(apply: Callable[..., Any], other: Any):
    """In both orders a constant of any type does what a float64 tensor would do."""
    numbers = np.asarray(other, dtype=float)
    for swap in (False, True):
        x, y, partner = am.Tensor(ARRAY), am.Tensor(ARRAY), am.Tensor(numbers)
        z = apply(other, x) if swap else apply(x, other)
        expected = apply(partner, y) if swap else apply(y, partner)
        assert type(z) is am.Tensor
        assert_allclose(z.data, apply(numbers, ARRAY) if swap else apply(ARRAY, numbers))
        z.sum().backward()
        expected.sum().backward()
        assert_allclose(x.grad, y.grad, rtol=1e-14)


@pytest.mark.parametrize("other", [2, 2.0, np.float32(2.0), np.ones(3, np.float32)], ids=repr)
def test_float32_stays(other: Any):
    """Python numbers and float32 arrays leave a float32 tensor in single precision."""
    x = am.Tensor(ARRAY, dtype=np.float32)
    for z in (x + other, other - x, x * other, other / x, x**other):
        assert z.dtype == np.float32


def test_unary_operators():
    """Minus, plus and abs act on each element."""
    x = am.Tensor([-1.0, 2.0])
    assert_array_equal((-x).data, [1.0, -2.0])
    assert_array_equal(abs(x).data, [1.0, 2.0])
    assert +x is x


@pytest.mark.parametrize(
    "other", [2.0, [1.0, 5.0, 3.0], ARRAY.T[:, :1].T, am.Tensor([1.0, 2.0, 9.0])]
)
def test_comparisons(other: Any):
    """Comparisons are those of the data and give a boolean array."""
    x, numbers = am.Tensor(ARRAY), np.asarray(am.data(other))
    for compare in (
        operator.lt,
        operator.le,
        operator.gt,
        operator.ge,
        operator.eq,
        operator.ne,
    ):
        z = compare(x, other)
        assert type(z) is np.ndarray
        assert z.dtype == bool
        assert_array_equal(z, compare(ARRAY, numbers))
        assert_array_equal(compare(numbers, x), compare(numbers, ARRAY))


def test_truth():
    """One element has a truth value, several have none."""
    assert am.Tensor([2.0])
    assert not am.Tensor(0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(am.Tensor([1.0, 2.0]))


def test_item_assignment():
    """Writing into a tensor raises, and says what to do instead."""
    x = am.Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"cannot be changed in place.*where\(.*numpy\(\)"):
        x[0] = 5.0
    array = np.ones(2)
    with pytest.raises(TypeError, match=r"write a = a \+ b"):
        array += x
    with pytest.raises(TypeError, match="out="):
        np.exp(x, out=array)
    y = x
    y += 1.0
    assert_array_equal(x.data, [1.0, 2.0])


@pytest.mark.parametrize(
    ("by_numpy", "by_method"),
    [
        (lambda x: np.sum(x, axis=0), lambda x: x.sum(0)),
        (lambda x: np.mean(x, axis=1, keepdims=True), lambda x: x.mean(1, keepdims=True)),
        (lambda x: np.max(x), lambda x: x.max()),
        (lambda x: np.min(x, 0), lambda x: x.min(0)),
        (lambda x: np.reshape(x, (3, 2)), lambda x: x.reshape(3, 2)),
        (lambda x: np.transpose(x), lambda x: x.T),
        (lambda x: np.expand_dims(x, 1), lambda x: x.expand_dims(1)),
        (lambda x: np.broadcast_to(x, (4, 2, 3)), lambda x: x.broadcast_to((4, 2, 3))),
        (lambda x: np.ravel(x), lambda x: x.ravel()),
        (lambda x: np.ravel(x, order="F"), lambda x: x.flatten("F")),
        (lambda x: np.squeeze(x[:1], axis=0), lambda x: x[:1].squeeze(0)),
        (lambda x: np.swapaxes(x, axis1=0, axis2=1), lambda x: x.swapaxes(0, 1)),
        (lambda x: np.matrix_transpose(x), lambda x: x.mT),
        (lambda x: np.permute_dims(x, axes=(1, 0)), lambda x: am.permute_dims(x, (1, 0))),
        (lambda x: np.copy(x), lambda x: x.copy()),
        (lambda x: np.repeat(x, repeats=2, axis=0), lambda x: x.repeat(2, 0)),
        (lambda x: np.take(x, [0, 0], axis=1), lambda x: x.take([0, 0], 1)),
        (lambda x: np.take(x, [9], mode="clip"), lambda x: x.take([9], mode="clip")),
        (lambda x: np.diagonal(x, offset=1), lambda x: x.diagonal(1)),
        (lambda x: np.concat([x, ARRAY]), lambda x: am.concatenate([x, ARRAY])),
        (lambda x: np.hstack((ARRAY, x)), lambda x: am.hstack([ARRAY, x])),
        (lambda x: np.split(x, 3, axis=1)[1], lambda x: am.split(x, 3, 1)[1]),
        (lambda x: np.select([x > 2], [x], default=9), lambda x: am.select([x > 2], [x], 9)),
        (lambda x: np.compress([True, False], x, axis=0), lambda x: am.take(x, [0], 0)),
        (lambda x: np.flip(x, axis=0), lambda x: x[::-1, :]),
        (
            lambda x: np.pad(x, 1, "constant", constant_values=2),
            lambda x: am.pad(x, 1, "constant", 2),
        ),
        (lambda x: np.concatenate([x, ARRAY], axis=1), lambda x: am.concatenate([x, ARRAY], 1)),
        (lambda x: np.stack([x, x]), lambda x: am.stack([x, x])),
        (lambda x: np.where(ARRAY > 2, x, 0.0), lambda x: x.where(ARRAY > 2, 0.0)),
        (lambda x: np.matmul(x, ARRAY.T), lambda x: x @ ARRAY.T),
        (lambda x: np.tanh(x), lambda x: x.tanh()),
        (lambda x: np.multiply(ARRAY, x), lambda x: ARRAY * x),
    ],
)
def test_numpy_functions(by_numpy: Callable[[Any], Any], by_method: Callable[[Any], Any]):
    """NumPy's functions record the same primitives as methods do."""
    x = am.Tensor(ARRAY)
    z, expected = by_numpy(x), by_method(x)
    assert type(z) is am.Tensor
    assert_array_equal(z.data, expected.data)
    assert [node.primitive for node in z.tape()] == [node.primitive for node in expected.tape()]


def test_numpy_reads():
    """Questions about the data are answered by NumPy, off the tape."""
    x = am.Tensor(ARRAY)
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 3), 2, 6)
    assert np.array_equal(x, ARRAY)
    assert np.allclose(x, x)
    assert_array_equal(np.asarray(x, dtype=np.float32), ARRAY.astype(np.float32))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.linalg.eig(x), "np.linalg.eig"),
        (lambda x: np.histogram(x), "np.histogram"),
        (lambda x: np.fft.fft(x), "np.fft.fft"),
        (lambda x: np.nextafter(x, x), "np.nextafter"),
        (lambda x: np.subtract.reduce(x), "np.subtract.reduce"),
        (lambda x: np.sum(x, where=[True, False]), "np.sum with where=..."),
        (lambda x: np.exp(x, dtype=np.float32), "np.exp with dtype"),
    ],
)
def test_numpy_functions_without_a_primitive(call: Callable[[Any], Any], name: str):
    """What no primitive stands for is refused by name: computing it would lose the gradient."""
    with pytest.raises(NotImplementedError, match=f"{re.escape(name)}.*has no rule"):
        call(am.Tensor([1.0, 2.0]))


def test_repr():
    """A tensor shows its numbers as NumPy does, its dtype unless it is float64, and its name."""
    assert repr(am.Tensor([1.0, 2.5])) == "Tensor([1. , 2.5])"
    named = am.Tensor([[1.0], [2.0]], dtype=np.float32, name="W")
    assert repr(named) == "Tensor([[1.],\n        [2.]], dtype=float32, name='W')"
    assert f"{am.Tensor(2.0)}" == "Tensor(2.)"


def test_mixing_with_arrays_of_values():
    """A tensor does not mix with an array of `Value`s; the message says so."""
    for combine in (operator.add, operator.matmul, am.maximum):
        with pytest.raises(TypeError, match="does not mix with an object array of Values"):
            combine(am.Tensor([1.0, 2.0]), am.values([1.0, 2.0]))


def test_no_subclasses():
    """As for `Value`."""
    with pytest.raises(TypeError, match="hold one in an attribute"):
        type("Parameter", (am.Tensor,), {})


def test_reading_functions_cannot_write():
    """A function that reads gets an array that it cannot write into, and `full_like` records."""
    x = am.Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        np.isposinf(x, x)  # the second argument is NumPy's `out`
    assert_array_equal(x.data, [1.0, 2.0])
    z = np.full_like(am.Tensor(np.zeros((2, 3))), am.Tensor(4.0))
    assert not z.is_leaf
    assert_array_equal(z.data, np.full((2, 3), 4.0))


def test_value_read_as_a_float():
    """A NumPy function that reads a `Value` as a float, and so leaves the tape, is refused."""
    with pytest.raises(NotImplementedError, match=r"np\.i0 has no rule"):
        np.i0(am.Value(2.0))
