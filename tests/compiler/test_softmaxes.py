"""Softmaxes replayed far from where they were traced: any other x may be the largest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am

INF = np.inf
ROWS = np.array(
    [
        [1.0, 2.0, 4.0],
        [1000.0, 2.0, 3.0],
        [-1000.0, -2000.0, -999.5],
        [2.0, 2.0, 2.0],
        [0.0, -50.0, -60.0],  # log1p keeps what the others add
        [-50.0, -50.0, 0.0],
        [5.0, -INF, 4.0],
        [-INF, -INF, 1.0],
    ]
)

FUNCTIONS = {
    "logsumexp": am.logsumexp,
    "log_softmax": lambda x: am.log_softmax(x)[1],
    "softmax": lambda x: am.softmax(x)[2],
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("first", range(len(ROWS)))
def test_replayed_anywhere(name: str, first: int):
    """Traced at one row, every row gives the bits of the eager engine, and its gradient."""
    f = FUNCTIONS[name]
    replayed = am.compile(f, exact=True)
    replayed(ROWS[first])
    for row in ROWS:
        x = am.values(row)
        eager = f(x)
        assert replayed(row) == eager.data
        if np.isfinite(eager.data):
            _, gradient = replayed.value_and_grad(row)
            eager.backward()
            np.testing.assert_allclose(gradient, am.grads(x), rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rows_as_lanes(name: str):
    """All rows at once, the impossible one among them, as the array function has them."""
    f: Any = FUNCTIONS[name]
    rows = np.vstack([ROWS, [[-INF, -INF, -INF]]])
    found = am.compile(f).batched(reduce=None)(rows)
    np.testing.assert_allclose(found, [f(row) for row in rows], rtol=1e-14)


@pytest.mark.parametrize("infinite", [[], [[-INF] * 3], [[INF, 1.0, 2.0]], [[np.nan, 1.0, 2.0]]])
def test_rows_of_a_tensor(infinite: list[list[float]]):
    """Both softmaxes by one exponential, as the engine has them by two."""
    rows = np.vstack([ROWS, *infinite])
    f = lambda x: np.sum(am.log_softmax(x)[:, 2])  # noqa: E731
    replayed = am.compile(f, kind=am.Tensor)
    with np.errstate(invalid="ignore"):
        value, gradient = am.value_and_grad(f)(rows)
        found = replayed.value_and_grad(rows)
    assert "softmaxes" in str(replayed.program)
    np.testing.assert_allclose(found[0], value, rtol=1e-14)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-14, atol=1e-300)
