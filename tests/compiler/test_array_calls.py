"""What is in the place of operations on arrays: other orders of sums, and two results at once."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.ops.softmaxes import softmaxes
from tests.compiler.tensors import TALL, of_tensors

INF = np.inf

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("axis", [0, 1, -1, -2, (0,), (-1,), (0, 1), None])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(50, 4), (4, 50), (3, 3)])
def test_sums_of_matrices(shape: Any, axis: Any, keepdims: bool, dtype: Any):
    """Sums over each axis, of arrays laid out by rows and columns: as math.fsum has them."""
    x = RNG.normal(size=shape).astype(dtype)
    over = {0: 0, 1: 1, -1: 1, -2: 0, (0,): 0, (-1,): 1}.get(axis)
    if over is None:
        exact = np.array([math.fsum(x.ravel())] * (2 if keepdims else 1))[:1]
        exact = exact.reshape((1, 1) if keepdims else ())
    else:
        exact = np.array([math.fsum(line) for line in np.moveaxis(x, over, -1)])
        exact = np.expand_dims(exact, over) if keepdims else exact
    step = of_tensors(lambda x: np.sum(x, axis=axis, keepdims=keepdims))
    for given in (x, np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2]):
        found = step(given)
        assert found.dtype == dtype
        assert np.shape(found) == exact.shape
        assert_allclose(found, exact, atol=np.finfo(dtype).eps * np.abs(x).sum())


def test_sums_are_written_into_buffers():
    """A sum that is used further is kept in a buffer, with the axes that it has."""
    f = lambda x: np.tanh(np.sum(x, axis=0, keepdims=True)) * np.exp(x.sum(1))[:, None]  # noqa: E731
    for x in (TALL, TALL.T):
        assert_allclose(of_tensors(f)(x), f(x), rtol=1e-13)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", ["C", "F"])
def test_softmaxes(axis: int, order: Any):
    """Both at once, in either layout, far out and masked: as each for itself."""
    rows = np.array(
        [
            [1.0, 2.0, 4.0],
            [1e308, -1e308, 0.0],
            [0.0, -50.0, -60.0],
            [-INF, -INF, 1.0],
            [-INF, -INF, -INF],
        ]
    )
    ordinary = RNG.normal(size=(5, 3))
    for x in (ordinary, rows, rows[:1], rows[1:3], rows[[0, 2]]):
        x = np.asarray(x if axis else x.T, order=order)
        for out in (None, np.empty((2, *x.shape)), np.empty((2, *x.T.shape)).transpose(0, 2, 1)):
            log_p, p = softmaxes(x, axis, out)
            assert_array_equal(log_p, am.log_softmax(x, axis))
            assert_allclose(p, am.softmax(x, axis), rtol=1e-15, atol=1e-16)
            if out is not None:
                assert np.shares_memory(out, p)


def test_softmaxes_keep_what_is_asked_for():
    """The logarithm and the softmax as results, of numbers, vectors, matrices and stacks."""

    def f(x: Any) -> Any:
        log_p = am.log_softmax(x)
        return log_p, np.exp(log_p), np.sum(np.exp(log_p) * log_p)

    for shape in ((), (4,), (3, 4), (40, 3), (2, 3, 4)):
        x = np.array(RNG.normal(size=shape))
        step = of_tensors(f)
        for given in (x, 2.0 * x):
            expected = am.log_softmax(given), am.softmax(given)
            for a, b in zip(
                step(given), (*expected, np.sum(expected[0] * expected[1])), strict=True
            ):
                assert_allclose(a, b, rtol=1e-14)
        first, second = step(x)[:2]
        assert not np.may_share_memory(first, second)


PRECISIONS = [*product((np.float32, np.float64), repeat=3), (np.float32, np.float32, float)]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("precisions", PRECISIONS, ids=str)
def test_linear_of_any_precisions(precisions: Any, exact: bool):
    """Samples, weights and bias in single or double precision, and a bias that is a number."""
    x, w, b = TALL, RNG.normal(size=(3, 4)), RNG.normal(size=3)
    given = [x.astype(precisions[0]), w.astype(precisions[1])]
    given.append(0.5 if precisions[2] is float else b.astype(precisions[2]))
    f = lambda x, w, b: np.sum(np.tanh(am.linear(x, w, b)))  # noqa: E731
    value, bars = am.value_and_grad(f, (0, 1, 2))(*given)
    found, found_bars = of_tensors(f, exact=exact).value_and_grad(*given, argnums=(0, 1, 2))
    rtol = 1e-5 if np.float32 in precisions else 1e-12
    for a, bar in zip((found, *found_bars), (value, *bars), strict=True):
        assert getattr(a, "dtype", None) == getattr(bar, "dtype", None)
        assert_allclose(a, bar, rtol=rtol, atol=rtol)


def test_arrays_of_whole_numbers_in_functions_of_floats():
    """They give what they give in the engine, where a function is called with plain arrays."""
    n = np.array([[1, 2, 3], [4, 5, 7]])
    for f in (
        *(am.reciprocal, am.logsumexp, am.log_softmax, am.softmax, np.linalg.norm, np.exp, np.mean),
        lambda n: np.exp(am.log_softmax(n)),
        lambda n: am.linalg.norm(n[0], 3.0),
    ):
        for whole in (n, n.astype(np.int8)):
            assert_allclose(of_tensors(f)(whole), am.data(f(am.Tensor(n))), rtol=1e-15)
    large = np.array([2**63, 1], np.uint64)
    assert_array_equal(of_tensors(lambda x, n: x * n)(0.5, large), [2.0**62, 0.5])
    minus = lambda x, n: x + -n  # noqa: E731  # which is a large number, to NumPy
    assert_array_equal(of_tensors(minus)(0.5, large), minus(0.5, large))
