"""Arguments of many lanes, which are turned into rows part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.compiler.rows import TILE, Rows
from tests.compiler.test_compiled import ENGINES


@pytest.mark.parametrize("count", [1, 6, TILE + 1])
def test_some_lanes(count: int):
    """They are those of the whole array, whichever are asked for; also where a row is a tile."""
    m = max(3, 2 * TILE // count)
    x, y = np.arange(1.0 * m * count).reshape(m, count), np.arange(m)[::-1]
    rows = Rows([(x, slice(0, count)), (y, slice(count, count + 1))], (count + 1, m))
    whole = np.vstack([x.T, y])
    for lanes in (slice(0, m), slice(0, 1), slice(m // 2, m - 1), slice(2, 2), slice(m - 2, m + 9)):
        part = rows[:, lanes]
        assert part.flags.c_contiguous
        assert_array_equal(part, whole[:, lanes])
    assert_array_equal(np.asarray(rows), whole)
    assert_array_equal(np.concatenate([rows, y[np.newaxis]]), np.vstack([whole, y]))


def f(x: Any, y: Any, w: Any) -> Any:
    """Return a function of a matrix, a number and what the lanes share, with two ways."""
    z = np.sum(x @ w) * y
    return z if z > 0 else z * z


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("branched", [True, False])
def test_many_lanes(engine: Any, exact: bool, branched: bool):
    """They give what few give, whether they go one way or two, and along which axis they lie."""
    rng = np.random.default_rng(0)
    m = 1 + 2 * TILE // 5
    x, y, w = rng.normal(size=(m, 2, 2)), rng.normal(size=m), rng.normal(size=2)
    if not branched:
        y = abs(y) * np.sign(np.sum(x @ w, axis=1))
    step = am.compile(f, engine=engine, exact=exact)
    each = step.batched((0, 0, None), reduce=None)
    turned = step.batched((2, 0, None), reduce=None)
    mean = step.batched((0, 0, None))
    for _ in range(2):  # traced, and replayed
        values, bars = each.value_and_grad(x, y, w, argnums=(0, 1))
        z = np.sum(x @ w, axis=1) * y
        z_bar = np.where(z > 0, 1.0, 2 * z)
        assert_allclose(values, np.where(z > 0, z, z * z), rtol=1e-10)
        assert_allclose(bars[0], (z_bar * y)[:, None, None] * np.vstack([w, w]), rtol=1e-10)
        assert_allclose(bars[1], z_bar * np.sum(x @ w, axis=1), rtol=1e-10)
        assert_array_equal(turned(x.transpose(1, 2, 0), y, w), values)
        value, w_bar = mean.value_and_grad(x, y, w, argnums=2)
        assert_allclose(value, values.mean(), rtol=1e-10)
        assert_allclose(w_bar, np.mean((z_bar * y)[:, None] * x.sum(1), axis=0), rtol=1e-10)
