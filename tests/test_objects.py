"""NumPy object arrays of `Value`s: plain NumPy code builds the scalar graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import NoGradientError

RNG = np.random.default_rng(3)
X, W, B = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3)), RNG.normal(size=2)


def test_values():
    """There is one leaf for each number, in the shape of the array, named by its place."""
    w = am.values(W, name="W")
    assert w.shape == (2, 3)
    assert w.dtype == object
    assert w[1, 2].data == W[1, 2]
    assert w[1, 2].name == "W[1,2]"
    assert len(set(w.flat)) == 6
    assert am.values(2.0, name="b")[()].name == "b"
    assert am.values([]).shape == (0,)


def test_data():
    """`data` reads numbers back from nodes, arrays of nodes, and mixtures of both with numbers."""
    assert am.data(am.Value(2.0)) == 2.0
    assert_array_equal(am.data(am.Tensor(W)), W)
    assert_array_equal(am.data(am.values(W)), W)
    assert_array_equal(am.data([am.Value(1.0), 2.0, 3]), [1.0, 2.0, 3.0])
    assert am.data(am.values(W)).dtype == np.float64
    assert_array_equal(am.data(W), W)


def test_grads():
    """`grads` reads adjoints back, and refuses to take not computed for zero."""
    w = am.values(W)
    with pytest.raises(NoGradientError, match=r"6 of 6 nodes have no gradient; call backward"):
        am.grads(w)
    (w * X[0]).sum().backward()
    assert_array_equal(am.grads(w), np.tile(X[0], (2, 1)))
    assert am.grads(w[0, 0]) == X[0, 0]
    w[0, 0].grad = None
    with pytest.raises(NoGradientError, match="1 of 6"):
        am.grads(w)
    with pytest.raises(NoGradientError, match="1 of 1"):
        am.grads(am.Tensor(1.0))


def both_ways(
    f: Callable[..., Any], *arrays: np.ndarray
) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """Return value and gradients of a scalar function, on `Value`s and on tensors."""
    found = []
    for make in (am.values, am.Tensor):
        leaves = [make(array) for array in arrays]
        z = f(*leaves) + sum(leaf.sum() for leaf in leaves)  # so that every element takes part
        z.backward()
        found.append((am.data(z), [am.grads(leaf) for leaf in leaves]))
    return found


@pytest.mark.parametrize(
    "f",
    [
        lambda w, b: np.tanh(X @ w.T + b).mean(),
        lambda w, b: (X @ w.T + b).sum(axis=0)[0],
        lambda w, b: np.mean((np.exp(w) - 1.0) ** 2) + b.sum(),
        lambda w, b: ((w * b[:, None]).sum(axis=1) ** 2).sum(),
        lambda w, b: np.sum(np.sin(w) * np.cos(w)) / np.sqrt(np.square(b).sum()),
        lambda w, b: np.sum(np.maximum(X @ w.T, b)) - np.sum(np.minimum(w, 0.1)),
        lambda w, b: np.sum(2.0 ** np.abs(w)) + np.sum(np.log(np.abs(b)) - np.log1p(b * b)),
        lambda w, b: np.sum(am.sigmoid(w) + am.softplus(w)) + am.relu(b).sum(),
        lambda w, b: am.leaky_relu(w, 0.1).sum() + am.where(B > 0, b, -b).sum(),
        lambda w, b: (
            am.linear(X, w, b).tanh().sum()
            if isinstance(w, am.Tensor)
            else np.tanh(am.linear(X, w, b)).sum()
        ),
        lambda w, b: am.sum(am.logsumexp(X @ w.T + b, 1)),
        lambda w, b: am.log_softmax(X @ w.T + b)[:, 0].sum(),
        lambda w, b: am.max(w) + am.sum(am.min(w, axis=0)) + am.mean(b),
        lambda w, b: np.prod(w) + np.sum(np.prod(w * b[:, None], axis=0)) + am.prod(b),
        lambda w, b: np.sum(np.cumsum(w, axis=1) * np.cumprod(w, axis=0)) + am.cumsum(b)[1],
        lambda w, b: np.sum(np.add.accumulate(w) * np.multiply.accumulate(w)) + am.diff(b)[0],
        lambda w, b: np.var(w) + np.sum(np.std(w, axis=1, ddof=1)) + np.std(b),
        lambda w, b: am.var(w) + am.sum(am.std(w, 1, ddof=1)) + am.std(b, correction=0.5),
        lambda w, b: am.sum(am.softmax(w, 0) * X[:2]) + am.sum(am.softmax(w, None) * X[:2]),
        lambda w, b: np.sum(np.sort(w) * X[:2]) + am.sum(am.sort(w, None) * X[:2].ravel()),
        lambda w, b: am.median(w) + np.median(w) + am.sum(am.median(w, 1)) + am.median(b),
        lambda w, b: am.sum(am.top_k(w, 2) * X[:2, :2]) + am.sum(am.quantile(w, [0.1, 0.8], 1)),
        lambda w, b: am.average(w, weights=w * w) + am.sum(am.average(w, 0, b)) + am.ptp(w),
        lambda w, b: np.sum(am.concatenate([w, am.expand_dims(b, 1)], 1) ** 2),
        lambda w, b: np.sum(am.matmul(w.T, b) ** 2),
        lambda w, b: np.sum(w[[0, 0, 1]] * w[:, ::-1][[1, 0, 1]]) + b[-1],
    ],
)
def test_against_tensors(f: Callable[..., Any]):
    """The same NumPy code on `Value`s and on tensors gives the same number and gradients."""
    (by_value, grads), (by_tensor, expected) = both_ways(f, W, B)
    assert_allclose(by_value, by_tensor, rtol=1e-12)
    for a, b in zip(grads, expected, strict=True):
        assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("module", [am, np], ids=["am", "np"])
@pytest.mark.parametrize(
    "f",
    [
        lambda m, w, b: m.flip(w, 1) * W + m.flip(b)[:, None],
        lambda m, w, b: m.rot90(w) * X[:3, :2],
        lambda m, w, b: m.roll(w, 1) * W - m.roll(w, (1, 2), (0, 1)),
        lambda m, w, b: m.tile(b, (2, 2)) * X[:2, [0, 1, 2, 0]],
        lambda m, w, b: m.repeat(w, 2, axis=1) + m.repeat(b, [1, 5]),
        lambda m, w, b: m.pad(w, 1) ** 2,
        lambda m, w, b: m.pad(w, ((0, 0), (1, 2)), constant_values=0.5) ** 2,
        lambda m, w, b: m.pad(w, 1, mode="reflect") ** 2 + m.pad(b, (1, 2), mode="edge"),
        lambda m, w, b: m.moveaxis(m.broadcast_arrays(w, b[:, None])[1], 0, 1) * W.T,
        lambda m, w, b: m.swapaxes(w, 0, 1) @ b * m.ravel(w)[:3],
        lambda m, w, b: m.squeeze(m.atleast_3d(b)) * m.matrix_transpose(w),
        lambda m, w, b: m.vstack([w, w[0]]) * X[:3] + m.hstack([b, 1.0]),
        lambda m, w, b: m.column_stack([b, w]) * m.column_stack([b, W]),
        lambda m, w, b: m.dstack([b, b]) * m.append(b, w)[:2],
        lambda m, w, b: m.split(w, 3, axis=1)[2] * m.array_split(w, 2, axis=1)[0],
        lambda m, w, b: m.meshgrid(b, w[0])[0] * m.meshgrid(b, w[0])[1],
        lambda m, w, b: m.take(w, [0, 0, 5]) * m.take(w, [2, 2, 1], axis=1),
        lambda m, w, b: m.take_along_axis(w, np.argsort(W, axis=1), axis=1) * W,
        lambda m, w, b: m.diag(b) @ w + m.diagonal(w, 1)[:, None],
        lambda m, w, b: m.diag(w, -1) * m.compress([False, True, True], w, axis=1),
        lambda m, w, b: m.extract(W > 0, w) ** 2,
        lambda m, w, b: m.tril(w) * W + m.triu(w, 1) ** 2,
        lambda m, w, b: m.copy(w) * W,
    ],
)
def test_moving_and_picking(module: Any, f: Callable[..., Any]):
    """NumPy's functions on object arrays, ours on them, and both on tensors: one result."""
    total = {am: am.sum, np: np.sum}[module]
    (by_value, grads), (by_tensor, expected) = both_ways(lambda *x: total(f(module, *x)), W, B)
    assert_allclose(by_value, by_tensor, rtol=1e-12)
    for a, b in zip(grads, expected, strict=True):
        assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_types():
    """Elementwise results are object arrays, a whole sum is a `Value`."""
    w = am.values(W)
    assert np.tanh(w).dtype == (w * 2.0).dtype == (X @ w.T).dtype == object
    assert type(w.sum()) is type(w.mean()) is type(np.sum(w)) is am.Value
    assert type(w[0] @ X[0]) is am.Value


def test_array_with_single_values():
    """A `Value` broadcasts over arrays, of numbers and of `Value`s, on either side."""
    v, w = am.Value(2.0), am.values([1.0, 3.0])
    for z in (v * w, w * v):
        assert z.shape == (2,)
        assert_array_equal(am.data(z), [2.0, 6.0])
    (v * w).sum().backward()
    assert v.grad == 4.0
    assert_array_equal(am.grads(w), [2.0, 2.0])


def test_comparisons_and_selection():
    """Comparisons give boolean arrays, which select."""
    w = am.values([1.0, 3.0])
    assert (w > 2.0).tolist() == [False, True]
    assert (am.Value(2.0) > w).tolist() == [True, False]
    assert w[w > 2.0][0] is w[1]
    assert w[w.argmax()] is w[1]
