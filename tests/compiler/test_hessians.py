"""Hessians of compiled functions that draw random numbers, or depend on no number at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.nn import dropout
from tests.compiler.test_compiled import ENGINES

X = np.arange(1.0, 13.0).reshape(4, 3)
W = np.ones(3)


def f(x: Any, w: Any, rng: Any) -> Any:
    """Return the square of a sum of which a part is dropped."""
    return np.sum(dropout(w * x, 0.5, rng=rng)) ** 2


def branched(x: Any, w: Any, rng: Any) -> Any:
    """Return what depends on how much is dropped."""
    y = np.sum(dropout(w * x, 0.5, rng=rng))
    return y**2 if y > 15.0 else y**3 * np.sum(dropout(x, 0.5, rng=rng))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@pytest.mark.parametrize("f", [f, branched])
def test_one_draw_for_all_of_it(engine: Any, kind: type[am.Node], f: Any):
    """The columns have the same mask, and it is the one that the function itself would draw."""
    step = am.compile(f, engine=engine, kind=kind)
    for seed in range(5):
        rng, same = np.random.default_rng(seed), np.random.default_rng(seed)
        for _ in range(2):
            found = step.hessian(X[1], W, rng, argnums=(0, 1))
            expected = am.hessian(f, argnums=(0, 1))(X[1], W, same)
            for row, expected_row in zip(found, expected, strict=True):
                for block, expected_block in zip(row, expected_row, strict=True):
                    assert_allclose(block, expected_block)
        assert rng.random() == same.random()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reduce", ["mean", None])
def test_one_draw_for_each_lane(engine: Any, reduce: Any):
    """In lanes each has a mask of its own, which is that of all columns."""
    batch = am.compile(f, engine=engine).batched((0, None, None), reduce=reduce)
    for seed in range(5):
        rng, same = np.random.default_rng(seed), np.random.default_rng(seed)
        found = batch.hessian(X, W, rng, argnums=1)
        kept = [dropout(x, 0.5, rng=same) for x in X]
        each = np.array([2 * np.outer(x, x) for x in kept])
        assert_allclose(found, each if reduce is None else each.mean(0))
        assert rng.random() == same.random()


@pytest.mark.parametrize("engine", ENGINES)
def test_lanes_that_go_another_way(engine: Any):
    """A way that turns out to be the wrong one has drawn nothing, also of what is drawn again."""
    batch = am.compile(branched, engine=engine).batched((0, None, None))
    for seed in range(8):
        rng, same = np.random.default_rng(seed), np.random.default_rng(seed)
        for x in X:
            found = batch.hessian(x[np.newaxis], W, rng, argnums=1)
            assert_allclose(found, am.hessian(branched, argnums=1)(x, W, same))


@pytest.mark.parametrize("engine", ENGINES)
def test_no_number_to_differentiate_by(engine: Any):
    """There are as many Hessians as lanes, though nothing is in them."""
    batch = am.compile(lambda x, y: np.sum(x) + y, engine=engine).batched(reduce=None)
    assert batch.hessian(np.ones((4, 0)), np.ones(4)).shape == (4, 0, 0)
