"""`checkpoint`: the same derivatives with less memory, and the same random masks."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn

RNG = np.random.default_rng(6)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))


def block(x: Any, w: Any) -> Any:
    """Return something with intermediate results."""
    return am.tanh(x @ w) * am.sigmoid(x) + x


@pytest.mark.parametrize("transform", [am.grad, am.hessian])
def test_same_derivatives(transform: Any):
    """First and second derivatives by arguments are those without it."""
    plain = lambda x, w: am.sum(block(x, w) ** 2)  # noqa: E731
    kept = lambda x, w: am.sum(am.checkpoint(block)(x, w) ** 2)  # noqa: E731
    found, expected = transform(kept, (0, 1))(X, W), transform(plain, (0, 1))(X, W)
    for a, b in zip(found, expected, strict=True):
        if isinstance(a, tuple):
            for c, d in zip(a, b, strict=True):
                assert_allclose(c, d, rtol=1e-12, atol=1e-13)
        else:
            assert_allclose(a, b, rtol=1e-12)


def test_forward_mode_and_third_order():
    """Tangents go through it, and so do derivatives of derivatives of derivatives."""
    plain = lambda x: am.sum(block(x, W))  # noqa: E731
    kept = lambda x: am.sum(am.checkpoint(block)(x, W))  # noqa: E731
    v = RNG.normal(size=X.shape)
    assert_allclose(am.jvp(kept, (X,), (v,))[1], am.jvp(plain, (X,), (v,))[1], rtol=1e-12)
    third = [am.grad(lambda x, f=f: am.sum(am.hvp(f)(x, v) * v))(X) for f in (kept, plain)]
    assert_allclose(third[0], third[1], rtol=1e-11)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_parameters_that_the_function_uses(kind: type[am.Node]):
    """Nodes that are no arguments, as those of a model, get their gradients too."""
    model = nn.MLP(3, [5, 2], activation="tanh", kind=kind, rng=0)
    am.sum(am.square(model(X))).backward()
    expected = {name: am.grads(array) for name, array in model.arrays().items()}
    model.zero_grad()
    am.sum(am.square(am.checkpoint(model)(X))).backward()
    for name, array in model.arrays().items():
        assert_allclose(am.grads(array), expected[name], rtol=1e-12)
    model.zero_grad()
    x = kind(0.3)  # type: ignore[call-arg]  # both kinds take a number
    z = am.checkpoint(lambda a: a * a * model.parameters()[0])(x)
    am.sum(z).backward()
    assert x.grad is not None
    assert model.parameters()[0].grad is not None


def test_same_random_masks():
    """Dropout inside draws the mask of the forward pass again, and leaves the generator alone."""
    found = []
    for wrap in (lambda f: f, am.checkpoint):
        rng = np.random.default_rng(3)
        x = am.Tensor(np.ones((50, 4)))
        z = wrap(lambda a, rng=rng: nn.dropout(a * a, 0.5, rng=rng))(x)
        z.sum().backward()
        found.append((z.data, x.grad, rng.random()))
        assert_array_equal(x.grad, 2.0 * z.data)  # the same mask, with its factor 1/keep_prob
    for a, b in zip(*found, strict=True):
        assert_array_equal(a, b)


def test_two_draws_from_one_generator():
    """Each call has the numbers that were drawn in it."""
    rng = np.random.default_rng(0)
    drop = am.checkpoint(lambda a: nn.dropout(a, 0.5, rng=rng))
    x = am.Tensor(np.ones(20))
    first, second = drop(x), drop(x)
    total = (first + 10.0 * second).sum()
    total.backward()
    assert_array_equal(x.grad, first.data + 10.0 * second.data)
    total.backward()  # also when the tape is swept again
    assert_array_equal(x.grad, 2.0 * (first.data + 10.0 * second.data))


def test_several_results():
    """A structure of results: each is differentiated, and one that is left unused costs nothing."""
    f = am.checkpoint(lambda a, b: {"product": a * b, "parts": [a + b, 7.0]})
    a, b = am.Tensor(X), am.Tensor(2.0 * X)
    z = f(a, b)
    assert z["parts"][1] == 7.0
    (z["product"].sum() + 3.0 * z["parts"][0].sum()).backward()
    assert_allclose(a.grad, 2.0 * X + 3.0)
    assert_allclose(b.grad, X + 3.0)


def test_values():
    """Scalars, with one, two and three operands."""
    for n in (1, 2, 3):
        given = [am.Value(0.3 + i) for i in range(n)]
        f = lambda *v: am.tanh(sum(x * x for x in v)) * v[0]  # noqa: E731
        f(*given).backward()
        expected = [v.grad for v in given]
        given = [am.Value(v.data) for v in given]
        am.checkpoint(f)(*given).backward()
        assert_allclose([v.grad for v in given], expected, rtol=1e-14)


def test_under_no_grad_it_is_the_function():
    """Where nothing is recorded there is nothing to save."""
    with am.no_grad():
        assert am.checkpoint(block)(am.Tensor(X), W).is_leaf
    assert_array_equal(am.checkpoint(block)(X, W), block(X, W))


def test_memory():
    """A chain of checkpointed blocks keeps one array a block and not every array inside."""

    def deep(x: Any) -> Any:
        for _ in range(20):
            x = am.tanh(x) * 1.01
        return x

    peaks = []
    for f in (deep, am.checkpoint(deep)):
        x = am.Tensor(np.ones(50_000))
        tracemalloc.start()
        z: Any = x
        for _ in range(8):
            z = f(z)
        z.sum().backward()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 0.4 * peaks[0]


def test_changed_operands_are_noticed():
    """What is computed again must be what was computed."""
    x = am.Tensor(X)
    z = am.checkpoint(lambda a: a * a)(x)
    x.data[0, 0] = 9.0
    with pytest.raises(am.errors.MutationError):
        z.sum().backward()


def test_exceptions_pass_through():
    """An error in the function is the user's own."""
    with pytest.raises(ZeroDivisionError):
        am.checkpoint(lambda a: a * (1 // 0))(am.Value(1.0))
