"""Norms at 0, at ties, and of numbers whose squares overflow or vanish, against mpmath."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.sweep import forward, reverse

ORDERS = [None, 2, 1, 3, 1.5, np.inf]
MATRIX_ORDERS = ["fro", "nuc", 1, 2, np.inf, -1, -2, -np.inf]


def swept(array: Any, *settings: Any) -> tuple[Any, Any]:
    """Return a norm and its gradient."""
    x = am.Tensor(array)
    z = am.linalg.norm(x, *settings)
    z.backward()
    return z.data, x.grad


@pytest.mark.parametrize("ord", ORDERS)
@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_vector_at_zero(ord: Any, shape: tuple[int, ...]):
    """At 0 a norm has no derivative; 0 is taken, of first and of second order."""
    if not shape and ord is not None:
        return  # NumPy takes no order where there is no axis
    x = am.Tensor(np.zeros(shape))
    z = am.linalg.norm(x, ord)
    bar = dict(reverse({z: np.array(1.0)}, record=True))[x]
    assert_array_equal(z.data, 0.0)
    assert_array_equal(bar.data, np.zeros(shape))
    dot = np.ones(shape)
    assert_array_equal(forward([z], {x: dot})[0], 0.0)
    assert_array_equal(forward([bar], {x: dot})[0], np.zeros(shape))


@pytest.mark.parametrize("ord", MATRIX_ORDERS)
def test_matrix_at_zero(ord: Any):
    """The same for matrices."""
    z, slope = swept(np.zeros((2, 3)), ord)
    assert_array_equal(z, 0.0)
    assert_array_equal(slope, np.zeros((2, 3)))


def test_one_row_at_zero():
    """A row of zeros among others gets 0, and no NaN reaches the others."""
    x = am.Tensor([[3.0, 4.0], [0.0, 0.0]])
    am.linalg.norm(x, axis=1).backward([1.0, 1.0])
    assert_allclose(x.grad, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-15)


def test_one_element_at_zero():
    """By an element that is 0 the slope of a p-norm is 0, also where it would be infinite."""
    for p in (0.5, 1, 1.5, 3):
        _, slope = swept([1.0, 0.0, -2.0], p)
        assert slope[1] == 0.0
        assert np.isfinite(slope).all()
    z, slope = swept([1.0, 0.0, -2.0], -1)  # an element 0 to a negative power: the norm is 0
    assert z == 0.0
    assert_array_equal(slope, np.zeros(3))


def test_ties():
    """Largest sizes that tie share equally, columns and singular values too."""
    assert_array_equal(swept([2.0, -2.0, 1.0], np.inf)[1], [0.5, -0.5, 0.0])
    assert_array_equal(swept([[1.0, 2.0], [2.0, -1.0]], 1)[1], [[0.5, 0.5], [0.5, -0.5]])
    assert_allclose(swept(2.0 * np.eye(2), 2)[1], 0.5 * np.eye(2))


@pytest.mark.parametrize("ord", [None, 3, 1.5, 0.5, -2, 7])
@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e306, 1e-306, 1.0])
def test_large_and_small(ord: Any, scale: float):
    """Squares overflow from 1e155 and vanish from 1e-162 on; norms and slopes are right anyway."""
    array = scale * np.array([3.0, -4.0, 0.5])
    p = 2 if ord is None else ord
    z, slope = swept(array, ord)
    mpmath = pytest.importorskip("mpmath", reason="mpmath is an optional peer")
    with mpmath.workdps(40):
        sizes = [abs(mpmath.mpf(x)) for x in array.tolist()]
        expected = sum(x**p for x in sizes) ** (mpmath.mpf(1) / p)
        slopes = [(x / expected) ** (p - 1) for x in sizes]
    assert_allclose(z, float(expected), rtol=1e-14)
    assert_allclose(slope, np.sign(array) * np.array(slopes, dtype=float), rtol=1e-13)


@pytest.mark.parametrize("ord", ["fro", "nuc", 2, 1, np.inf])
@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_large_and_small_matrices(ord: Any, scale: float):
    """A norm is homogeneous: scaling multiplies it, and leaves its slope."""
    array = np.array([[1.0, -2.0, 0.5], [3.0, 0.3, 1.0]])
    z, slope = swept(array, ord)
    scaled_z, scaled_slope = swept(scale * array, ord)
    assert_allclose(scaled_z, scale * z, rtol=1e-13)
    assert_allclose(scaled_slope, slope, rtol=1e-12)


def test_some_rows_large():
    """Rows are scaled each for itself."""
    x = np.array([[3e200, 4e200], [3e-200, 4e-200], [3.0, 4.0], [0.0, 0.0]])
    z = am.linalg.norm(am.Tensor(x), axis=1)
    assert_allclose(z.data, [5e200, 5e-200, 5.0, 0.0], rtol=1e-15)
    assert_allclose(am.linalg.norm(x, 3, 1)[:2] / np.array([1e200, 1e-200]), [91 ** (1 / 3)] * 2)


def test_float32_limits():
    """Single precision overflows sooner, and is watched for itself."""
    z, slope = swept(np.array([3e30, 4e30], dtype=np.float32))
    assert z.dtype == slope.dtype == np.float32
    assert_allclose(z, 5e30, rtol=1e-6)
    assert_allclose(slope, [0.6, 0.8], rtol=1e-6)


def test_infinite_and_missing_numbers():
    """Inf and NaN give NumPy's result."""
    for array in ([np.inf, 1.0], [np.nan, 1.0], [np.nan, np.inf]):
        for ord in (None, 3, 1, np.inf):
            assert_array_equal(am.linalg.norm(am.Tensor(array), ord), np.linalg.norm(array, ord))


def test_numpy_names():
    """`np.linalg.norm` and its two younger sisters are dispatched, with their settings."""
    array = np.random.default_rng(1).normal(size=(2, 3, 4))
    x = am.Tensor(array)
    for f in (
        lambda x: np.linalg.norm(x),
        lambda x: np.linalg.norm(x, axis=1, keepdims=True),
        lambda x: np.linalg.norm(x, "nuc", (0, -1)),
        lambda x: np.linalg.vector_norm(x, ord=1, axis=(0, 1)),
        lambda x: np.linalg.vector_norm(x, ord=0),
        lambda x: np.linalg.matrix_norm(x, ord=-2, keepdims=True),
    ):
        z = f(x)
        assert type(z) is am.Tensor
        assert_allclose(z.data, f(array), rtol=1e-13)
