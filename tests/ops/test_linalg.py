"""Matrix products: what operands they take, and the linear layer against its parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from tests.table.linalg import LINEAR_SHAPES

A = np.array([[1.0, 2.0], [3.0, 4.0]])
B = np.array([[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]])


@pytest.mark.parametrize("constant", [A, A.tolist(), A.astype(int), A.astype(np.float32)])
def test_constant_on_the_left(constant: Any):
    """An array or a list on the left of `@` is a constant; only the tensor is differentiated."""
    y = am.Tensor(B)
    z = constant @ y
    assert_array_equal(z.data, A @ B)
    z.backward(np.ones((2, 3)))
    assert_array_equal(y.grad, A.T @ np.ones((2, 3)))


@pytest.mark.parametrize("constant", [B, B.tolist(), B.astype(int), B.astype(np.float32)])
def test_constant_on_the_right(constant: Any):
    """The same on the right."""
    x = am.Tensor(A)
    z = x @ constant
    assert_array_equal(z.data, A @ B)
    z.backward(np.ones((2, 3)))
    assert_array_equal(x.grad, np.ones((2, 3)) @ B.T)


def test_shared_operand():
    """In x @ x both operands are x, and its cotangent is the sum of the two."""
    x = am.Tensor(A)
    z_bar = np.array([[1.0, -2.0], [0.5, 3.0]])
    (x @ x).backward(z_bar)
    assert_allclose(x.grad, z_bar @ A.T + A.T @ z_bar)


@pytest.mark.parametrize(
    "shapes", [((2, 3), (2, 3)), ((), (2,)), ((2,), ()), ((5, 2, 3), (4, 3, 2))]
)
def test_shapes_that_do_not_fit(shapes: tuple[tuple[int, ...], tuple[int, ...]]):
    """Shapes that NumPy refuses are refused, with NumPy's message."""
    x, y = (am.Tensor(np.ones(shape)) for shape in shapes)
    with pytest.raises(ValueError, match=r"matmul|broadcast"):
        x @ y


@pytest.mark.parametrize("shapes", LINEAR_SHAPES)
def test_linear_is_its_parts(shapes: tuple[tuple[int, ...], ...]):
    """One node `linear` has the result and the gradients of `x @ W.T + b`."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in shapes]
    whole, parts = ([am.Tensor(array) for array in arrays] for _ in range(2))
    z = am.linear(*whole)
    z_parts = parts[0] @ parts[1].T + parts[2]
    z_bar = rng.normal(size=z.shape)
    z.backward(z_bar)
    z_parts.backward(z_bar)
    assert_allclose(z.data, z_parts.data, rtol=1e-14)
    for a, b in zip(whole, parts, strict=True):
        assert_allclose(a.grad, b.grad, rtol=1e-12, atol=1e-14)


def test_linear_leaves_its_operands_alone():
    """The sum is formed in place, but in no array that the user or the tape holds."""
    x, w, b = np.ones((4, 2)), np.ones((3, 2)), np.ones(3)
    am.linear(am.Tensor(x), w, b)
    am.linear(x, w, b)
    assert (x == 1).all()
    assert (w == 1).all()
    assert (b == 1).all()
