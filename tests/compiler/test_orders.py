"""Sorting in a compiled function: a replay is never in the order of another x."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am


@pytest.mark.parametrize(
    ("f", "by_numpy"),
    [
        (lambda x: am.sort(x)[0] + 2 * am.sort(x)[2], lambda x: np.sort(x) @ [1, 0, 2]),
        (am.median, np.median),
        (am.max, np.max),
    ],
    ids=["sort", "median", "max"],
)
def test_each_x_has_its_own_order(f: Any, by_numpy: Any):
    """Value as by NumPy for each order of three numbers, gradient as by the eager engine."""
    replayed = am.compile(f)
    for x in np.array([[1.0, 2.0, 4.0], [4.0, 2.0, 1.0], [2.0, 4.0, 1.0], [1.0, 2.0, 4.0]]):
        value, gradient = replayed.value_and_grad(x)
        assert value == by_numpy(x)
        np.testing.assert_array_equal(gradient, am.grad(f)(x))
