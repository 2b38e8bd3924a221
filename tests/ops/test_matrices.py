"""`linalg` where it is delicate: singular matrices, equal eigenvalues, one triangle alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import DataError, DegeneracyError, DispatchError
from autograd_mini.primitive import REGISTRY
from autograd_mini.sweep import forward, reverse

RNG = np.random.default_rng(8)
A = RNG.normal(size=(3, 3)) + 3.0 * np.eye(3)
S = A @ A.T
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])


def gradient(f: Callable[[Any], Any], array: Any) -> np.ndarray:
    """Return the gradient of a scalar function."""
    x = am.Tensor(array)
    return dict(reverse({f(x): np.array(1.0)}))[x]


def hessian_product(f: Callable[[Any], Any], array: Any, dot: np.ndarray) -> np.ndarray:
    """Return the second derivative of a scalar function along `dot`."""
    x = am.Tensor(array)
    bar = dict(reverse({f(x): np.array(1.0)}, record=True))[x]
    return forward([bar], {x: dot})[0]


# Determinants


def test_gradient_of_a_singular_determinant():
    """The cofactors, which rank n - 1 leaves: worked out by hand for rows 1 and 2 in line."""
    assert_allclose(
        gradient(am.linalg.det, SINGULAR),
        [[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]],
        atol=1e-14,
    )


@pytest.mark.parametrize("n", [2, 3, 4])
def test_gradient_of_a_zero_determinant(n: int):
    """Of the zero matrix and of ones it is 0 from n = 3 on; of the zero matrix also for n = 2."""
    assert_array_equal(gradient(am.linalg.det, np.zeros((n, n))), np.zeros((n, n)))
    expected = [[1.0, -1.0], [-1.0, 1.0]] if n == 2 else np.zeros((n, n))
    assert_allclose(gradient(am.linalg.det, np.ones((n, n))), expected, atol=1e-14)


def test_second_derivative_of_a_singular_determinant():
    """Det is a polynomial: for 2 × 2 its second derivative along e is that of ad - bc, anywhere."""
    e = np.array([[1.0, 2.0], [3.0, 5.0]])
    for array in (np.zeros((2, 2)), np.ones((2, 2)), np.eye(2)):
        assert_allclose(
            hessian_product(am.linalg.det, array, e), [[5.0, -3.0], [-2.0, 1.0]], rtol=1e-14
        )


@pytest.mark.parametrize("array", [SINGULAR, np.ones((3, 3)), np.diag([1.0, 1.0, 1e-12])])
def test_third_derivative_of_a_singular_determinant(array: np.ndarray):
    """It would be lost to cancellation, so it raises, to rounding and beyond."""
    slope = REGISTRY["cofactor_slope"]
    with pytest.raises(np.linalg.LinAlgError, match=r"third derivative|Singular"):
        gradient(lambda x: am.sum(slope(x, A)), array)


def test_determinant_of_a_badly_scaled_matrix():
    """No product overflows on the way to cofactors that are finite."""
    scales = np.array([1e200, 1e150, 1e-200, 1e-150])
    assert_allclose(np.diag(gradient(am.linalg.det, np.diag(scales))), 1.0 / scales, rtol=1e-12)


def test_slogdet():
    """The sign has derivative zero; both are right where the determinant itself overflows."""
    x = am.Tensor(-1e200 * np.eye(3))
    sign, logabsdet = am.linalg.slogdet(x)
    assert sign.data == -1.0
    assert_allclose(logabsdet.data, 600.0 * np.log(10.0))
    logabsdet.backward()
    assert_allclose(x.grad, -1e-200 * np.eye(3))
    assert_array_equal(gradient(lambda x: am.linalg.slogdet(x).sign, A), np.zeros((3, 3)))


@pytest.mark.parametrize(
    "f",
    [
        am.linalg.inv,
        lambda x: am.linalg.solve(x, np.ones(3)),
        lambda x: am.linalg.matrix_power(x, -1),
        lambda x: gradient(lambda x: am.linalg.slogdet(x).logabsdet, x.data),
        lambda x: gradient(lambda x: am.sum(am.linalg.qr(x).Q), x.data),
    ],
)
def test_singular(f: Callable[[Any], Any]):
    """A singular matrix raises NumPy's error: forward, or where the slope is infinite."""
    with pytest.raises(am.linalg.LinAlgError, match="Singular"):
        f(am.Tensor(np.ones((3, 3))))


def test_solve_takes_a_vector_only_with_one_axis():
    """NumPy 2: b of shape (2, 3) is a matrix, for a stack of matrices too."""
    a = am.Tensor(np.stack([A, 2.0 * A]))
    with pytest.raises(ValueError, match="solve"):
        am.linalg.solve(a, np.ones((2, 3)))
    assert am.linalg.solve(a, np.ones(3)).shape == (2, 3)


def test_numbers_in_lists():
    """Lists of numbers are arrays, here as in NumPy, and the result is plain."""
    z = am.linalg.solve([[2, 1], [1, 3]], [1, 2])
    assert type(z) is np.ndarray
    assert_allclose(z, [0.2, 0.6])


# Symmetric matrices


@pytest.mark.parametrize(
    ("f", "reads_lower"),
    [
        (lambda x: am.sum(am.linalg.cholesky(x)), True),
        (lambda x: am.sum(am.linalg.cholesky(x, upper=True)), False),
        (lambda x: am.linalg.eigvalsh(x)[0], True),
        (lambda x: am.linalg.eigvalsh(x, "U")[0], False),
        (lambda x: am.linalg.eigh(x).eigenvectors[0, 0], True),
        (lambda x: am.linalg.eigh(x, UPLO="U")[1][0, 0], False),
    ],
)
def test_one_triangle_is_read_and_both_share_the_derivative(
    f: Callable[[Any], Any], reads_lower: bool
):
    """Numbers in the other triangle do not count; the gradient is a symmetric matrix."""
    keep = np.tril if reads_lower else np.triu
    spoilt = keep(S) + (7.0 - 7.0 * keep(np.ones((3, 3))))
    slope = gradient(f, S)
    assert_allclose(slope, slope.T, rtol=1e-10, atol=1e-13)
    assert_allclose(gradient(f, spoilt), slope, rtol=1e-10, atol=1e-13)


def test_equal_eigenvalues():
    """Their sums have derivatives, whichever vectors NumPy finds; their vectors have none."""
    for f in (
        lambda x: am.sum(am.linalg.eigvalsh(x)),
        lambda x: am.sum(am.linalg.eigh(x).eigenvalues),
    ):
        assert_allclose(gradient(f, np.eye(3)), np.eye(3))
    assert_allclose(
        gradient(lambda x: am.sum(am.exp(am.linalg.eigvalsh(x))), np.eye(3)), np.e * np.eye(3)
    )
    x = am.Tensor(np.eye(3))
    with pytest.raises(DegeneracyError, match="eigh: two eigenvalues are equal"):
        gradient(lambda x: am.linalg.eigh(x).eigenvectors[0, 1], np.eye(3))
    with pytest.raises(DegeneracyError, match="use eigvalsh"):
        forward([am.linalg.eigh(x).eigenvectors], {x: S})
    assert_allclose(forward([am.linalg.eigvalsh(x)], {x: S})[0].sum(), np.trace(S))


def test_nearly_equal_eigenvalues():
    """A gap that is rounding error is no gap: where it is one, the slope is right."""
    q, _ = np.linalg.qr(A)
    with pytest.raises(DegeneracyError):
        gradient(lambda x: am.linalg.eigh(x)[1][0, 0], q @ np.diag([1.0, 1.0, 2.0]) @ q.T)
    gap = 1e-6
    slope = gradient(lambda x: am.linalg.eigh(x)[1][1, 0], np.diag([1.0, 1.0 + gap]))
    assert_allclose(slope, [[0.0, -0.5 / gap], [-0.5 / gap, 0.0]], rtol=1e-9)


def test_matrix_function():
    """Σ (V e^w Vᵀ) by the eigenvectors has the derivative of the exponential series."""
    dot = RNG.normal(size=(3, 3))
    dot = dot + dot.T

    def exponential(x: Any) -> Any:
        w, v = am.linalg.eigh(x)
        return am.sum((v * am.exp(w)) @ v.T)

    mpmath = pytest.importorskip("mpmath", reason="mpmath is an optional peer")
    step = 1e-20  # the difference of two series, with 60 digits
    with mpmath.workdps(60):
        x, e = mpmath.matrix((0.2 * S).tolist()), mpmath.matrix(dot.tolist())
        ahead, behind = mpmath.expm(x + step * e), mpmath.expm(x - step * e)
        expected = sum(ahead - behind) / (2 * step)
    assert_allclose(np.sum(gradient(exponential, 0.2 * S) * dot), float(expected), rtol=1e-11)


# Singular values


def test_equal_and_zero_singular_values():
    """Values have slopes where their vectors have none; zero ones too, in a matrix not square."""
    assert_allclose(gradient(lambda x: am.sum(am.linalg.svdvals(x)), np.eye(3)), np.eye(3))
    values = {"full_matrices": False, "compute_uv": False}
    assert_allclose(gradient(lambda x: am.sum(am.linalg.svd(x, **values)), np.eye(3)), np.eye(3))
    assert_allclose(
        gradient(lambda x: am.sum(am.linalg.svd(x, full_matrices=False).S), np.eye(3)), np.eye(3)
    )
    with pytest.raises(DegeneracyError, match="svd: two singular values are equal"):
        gradient(lambda x: am.linalg.svd(x).U[0, 1], np.eye(3))
    tall = np.array([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(DegeneracyError, match="a singular value is zero"):
        gradient(lambda x: am.sum(am.linalg.svd(x, full_matrices=False).U), tall)
    with pytest.raises(DegeneracyError, match="a singular value is zero"):
        gradient(lambda x: am.sum(am.linalg.svd(x, full_matrices=False).Vh), tall.T)
    first = gradient(lambda x: am.linalg.svd(x, full_matrices=False).U[1, 0], tall)
    assert_allclose(first, [[0.0, 0.0], [0.5, 0.0], [0.0, 0.0]], atol=1e-15)


def test_full_matrices():
    """Further vectors have no derivative, so NumPy's default is taken only where there are none."""
    x = am.Tensor(A)
    assert [part.shape for part in np.linalg.svd(x)] == [(3, 3), (3,), (3, 3)]
    with pytest.raises(DispatchError, match="use full_matrices=False"):
        np.linalg.svd(x[:2])
    with pytest.raises(DispatchError, match='modes "reduced" and "r"'):
        np.linalg.qr(x, "complete")


def test_pinv_below_full_rank():
    """On the diagonal diag(a, 0) it is diag(1/a, 0), and its slope keeps the rank."""
    array = np.diag([2.0, 0.0])
    assert_allclose(gradient(lambda x: am.linalg.pinv(x)[0, 0], array), [[-0.25, 0.0], [0.0, 0.0]])


def test_names_of_the_parts():
    """Results of several parts have NumPy's names, on arrays too."""
    for make in (np.array, am.Tensor):
        x = make(S)
        assert am.linalg.eigh(x)._fields == ("eigenvalues", "eigenvectors")
        assert am.linalg.svd(x)._fields == ("U", "S", "Vh")
        assert am.linalg.qr(x)._fields == ("Q", "R")
        assert am.linalg.slogdet(x)._fields == ("sign", "logabsdet")


@pytest.mark.parametrize(
    "name",
    [
        "cholesky",
        "det",
        "eigh",
        "eigvalsh",
        "inv",
        "matrix_norm",
        "norm",
        "pinv",
        "qr",
        "slogdet",
        "svd",
        "svdvals",
    ],
)
def test_arrays_of_values(name: str):
    """LAPACK takes numbers; the message names the remedy."""
    with pytest.raises(DataError, match=r"not on object arrays of Values; make the numbers a Ten"):
        getattr(am.linalg, name)(am.values(S))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: am.linalg.inv(x[0]), "two-dimensional"),
        (lambda x: am.linalg.svd(x[0]), "svd takes matrices"),
        (lambda x: am.linalg.qr(x[0]), "qr takes matrices"),
        (lambda x: am.linalg.matrix_power(x[:2], 1), "square"),
        (lambda x: am.linalg.det(x[:2]), "square"),
        (lambda x: am.linalg.cholesky(-x), "positive definite"),
        (lambda x: am.linalg.norm(x, "nuc", axis=0), "number as its order"),
        (lambda x: am.linalg.norm(x, 3), "norms of a matrix are"),
        (lambda x: am.linalg.norm(x[None], 2), "one axis"),
        (lambda x: am.linalg.norm(x, 2, (0, 0)), "repeated axis"),
        (lambda x: am.linalg.matrix_norm(x[0]), "takes matrices"),
    ],
)
def test_what_is_refused(call: Callable[[Any], Any], message: str):
    """Shapes and orders that NumPy refuses are refused, with errors of the same kind."""
    with pytest.raises(ValueError, match=message):
        call(am.Tensor(S))


# Complex steps: Im f(x + ih) / h is the derivative to the last digit where f is analytic.

ANALYTIC = {
    "matmul": ([S, A], {}),
    "vdot": ([S, A], {}),
    "linear": ([S, A, A[0]], {}),
    "vecdot": ([S, A], {}),
    "einsum": ([S, A], {"subscripts": "ij,jk->k", "optimize": False}),
    "inv": ([A], {}),
    "solve": ([A, S], {}),
    "det": ([A], {}),
    "cofactor": ([A], {}),
    "cofactor_slope": ([A, S], {}),
    "norm": ([A], {"axis": 0, "keepdims": False}),
}


@pytest.mark.parametrize("name", ANALYTIC)
def test_analytic_continuation(name: str):
    """The complex step agrees with the JVP of every operand, to rounding."""
    primitive = REGISTRY[name]
    operands, params = ANALYTIC[name]
    z = primitive.array(*operands, **params)
    for i, x in enumerate(operands):
        dot = RNG.normal(size=x.shape)
        moved = [x + 1e-30j * dot if j == i else y for j, y in enumerate(operands)]
        step = primitive.analytic(*moved, **params).imag / 1e-30
        expected = primitive.pushforward(i, dot, z, operands, params)
        assert_allclose(step, np.broadcast_to(expected, z.shape), rtol=1e-11, atol=1e-13)
