"""Where a decomposition is degenerate and where it is not: scales, zeros, and what is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.errors import DegeneracyError
from autograd_mini.primitive import REGISTRY
from tests.ops.test_matrices import A, S, gradient

C = np.cos(np.arange(9.0) ** 2).reshape(3, 3)
SCALES = pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e30])


def of_eigenvectors(x: Any) -> Any:
    """Return a number that depends on the eigenvectors, whatever their signs."""
    v = am.linalg.eigh(x).eigenvectors
    return am.sum(v * v * C)


def of_singular_vectors(x: Any) -> Any:
    """Return a number that depends on the singular vectors, whatever their signs."""
    u, _, vt = am.linalg.svd(x)
    return am.sum(u * u * C) + am.sum(vt * vt * C) + am.sum((u @ vt) * C)


@SCALES
@pytest.mark.parametrize(("f", "array"), [(of_eigenvectors, S), (of_singular_vectors, A)])
def test_vectors_do_not_depend_on_scale(f: Callable[[Any], Any], array: np.ndarray, scale: float):
    """Values are equal to rounding relative to the largest, so f(cx) = f(x) has slope f'(x)/c."""
    assert_allclose(scale * gradient(f, scale * array), gradient(f, array), rtol=1e-9, atol=1e-12)


@SCALES
def test_third_derivative_of_a_small_determinant(scale: float):
    """Near to singular is a matter of the condition, not of size: for n = 3 it is a constant."""
    slope = REGISTRY["cofactor_slope"]
    third = gradient(lambda x: am.sum(slope(x, C)), scale * A)
    assert_allclose(third, gradient(lambda x: am.sum(slope(x, C)), A), rtol=1e-9, atol=1e-9)


def test_values_of_the_zero_matrix():
    """What is not needed is not divided by zero: the sum of the eigenvalues is the trace."""
    zero = np.zeros((3, 3))
    assert_allclose(gradient(lambda x: am.sum(am.linalg.eigh(x).eigenvalues), zero), np.eye(3))
    u, _, vt = am.linalg.svd(zero)
    assert_allclose(gradient(lambda x: am.sum(am.linalg.svd(x).S), zero), u @ vt, atol=1e-15)


def plain_eigenvectors(x: Any) -> Any:
    """Return a number that depends on each entry of the eigenvectors."""
    return am.sum(am.linalg.eigh(x).eigenvectors * C)


@pytest.mark.parametrize("f", [plain_eigenvectors, of_singular_vectors])
def test_vectors_of_the_zero_matrix(f: Callable[[Any], Any]):
    """All values are equal, though none is larger than their rounding error."""
    with pytest.raises(DegeneracyError, match="are equal to rounding"):
        gradient(f, np.zeros((3, 3)))


def test_a_matrix_in_a_stack_is_as_degenerate_as_alone():
    """What counts as a gap depends on the size of a matrix, not on how many there are."""
    near = np.diag([1.0, 1.0 + 32.0 * np.finfo(float).eps, 3.0])
    stack = np.broadcast_to(near, (64, 3, 3))
    alone = gradient(plain_eigenvectors, near)
    assert_allclose(gradient(plain_eigenvectors, stack), 64 * [alone])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_equal_singular_values_with_both_vectors_in_use(sign: float):
    """What comes from the left vectors does not hide what comes from the right ones."""

    def f(x: Any) -> Any:
        u, _, vt = am.linalg.svd(x)
        return am.sum(u * C) + sign * am.sum(vt * C.T)

    with pytest.raises(DegeneracyError, match="two singular values are equal"):
        gradient(f, 2.0 * np.eye(3))


def test_vectors_of_a_zero_singular_value():
    """In a square matrix they are determined: no other value is zero."""
    u, v = np.linalg.qr(A)[0], np.linalg.qr(A.T)[0]
    x = u @ np.diag([3.0, 2.0, 0.0]) @ v.T
    step = 1e-6 * C

    def f(x: Any) -> Any:
        u, _, vt = am.linalg.svd(x)
        return am.sum(u * u * C) + am.sum(vt * vt * C)

    slope = np.sum(gradient(f, x) * C)
    assert_allclose(slope, (f(x + step) - f(x - step)) / 2e-6, rtol=1e-6)
    leaf = am.Tensor(x)
    assert_allclose(am.jvp(f, (leaf,), (C,))[1], slope, rtol=1e-9)
