"""Moving, repeating and padding: what the rows of the table do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am


def test_repeated_elements_get_the_sum():
    """Each repetition of an element sends it its cotangent."""
    x = am.Tensor([1.0, 2.0])
    (x.repeat([1, 3]) * np.array([1.0, 2.0, 4.0, 8.0])).sum().backward()
    assert_array_equal(x.grad, [1.0, 14.0])
    x.grad = None
    (am.tile(x, 2) * np.array([1.0, 2.0, 4.0, 8.0])).sum().backward()
    assert_array_equal(x.grad, [5.0, 10.0])


def test_pad_with_what_is_not_finite():
    """The number around is exactly what was given, and so are the elements inside."""
    x = am.Tensor([-0.0, np.nan, 2.0])
    for number in (np.inf, np.nan, -0.0):
        z = am.pad(x, 1, constant_values=number)
        assert_array_equal(z.data, np.pad(x.data, 1, constant_values=number))
        assert np.signbit(z.data[1])
        z.backward(np.arange(5.0))
    assert_array_equal(x.grad, [3.0, 6.0, 9.0])


def test_pad_in_single_precision():
    """The result has the precision of what is padded, whatever the number around is."""
    x = am.Tensor([1.0, 2.0], dtype=np.float32)
    c = am.Tensor(3.0)
    z = am.pad(x, (0, 2), constant_values=c)
    assert z.dtype == np.float32
    z.sum().backward()
    assert c.grad == 2.0
    assert c.grad.dtype == np.float64
    assert_array_equal(am.pad([1, 2], 1, constant_values=0.5), [0.5, 1.0, 2.0, 0.5])


def test_shifts_and_axes_are_copied():
    """Changing the lists of shifts and axes afterwards does not reach the tape."""
    x, shift, axes = am.Tensor(np.arange(6.0).reshape(2, 3)), [1, 2], [0, 1]
    z = am.roll(x, shift, axes)
    shift[:] = [0, 0]
    axes[:] = [1, 0]
    z.backward(z.data)
    assert_array_equal(x.grad, x.data)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: am.flip(x, 2), ValueError, "axis 2 is out of bounds"),
        (lambda x: am.flip(x, (0, 0)), ValueError, "repeated axis"),
        (lambda x: am.fliplr(x[0]), ValueError, "axis 1 is out of bounds"),
        (lambda x: am.rot90(x[0]), ValueError, "axis 1 is out of bounds"),
        (lambda x: am.rot90(x, axes=(0, 0)), ValueError, "repeated axis"),
        (lambda x: am.roll(x, 1, 3), ValueError, "axis 3 is out of bounds"),
        (lambda x: am.tile(x, -1), ValueError, "non-negative"),
        (lambda x: am.repeat(x, -1), ValueError, "non-negative"),
        (lambda x: am.repeat(x, 1.5), TypeError, "integer"),
        (lambda x: am.repeat(x, [1, 2], 1), ValueError, "broadcast"),
        (lambda x: am.pad(x, -1), ValueError, "integers of 0 or more, got -1"),
        (lambda x: am.pad(x, 0.5), ValueError, "integers of 0 or more, got 0.5"),
        (lambda x: am.pad(x, ((1, 2), (3, 4), (5, 6))), ValueError, "broadcast"),
        (lambda x: am.pad(x, 1, "mean"), ValueError, "got 'mean'"),
        (lambda x: am.pad(x, 1, "edge", 0.0), ValueError, "without them"),
        (lambda x: am.pad(x, 1, constant_values=(1, 2)), TypeError, "one number"),
        (lambda x: am.pad(x[:, :0], 1, "edge"), ValueError, "empty axis"),
        (lambda x: np.pad(x, 1, "wrap", stat_length=1), NotImplementedError, "stat_length"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str):
    """Axes, counts and modes that do not exist are refused at the call."""
    with pytest.raises(error, match=message):
        call(am.Tensor(np.ones((2, 3))))
