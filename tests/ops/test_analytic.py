"""Forward functions continued to complex numbers, which complex-step differences need."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.primitive import REGISTRY, Elementwise

ANALYTIC = [p for p in REGISTRY.values() if isinstance(p, Elementwise) and p.analytic]
POINTS = {
    "arccosh": [(1.2,), (3.0,)],
    "where": [(0.0, 1.0, 2.0), (3.0, 1.0, 2.0)],
    **{name: [(-0.4,), (0.7,)] for name in ("arcsin", "arccos", "arctanh")},
    **{name: [(1e-3,), (0.7,), (40.0,)] for name in ("log", "log2", "log10", "sqrt")},
    **{name: [(0.0, 0.3), (1.5, 40.0), (-2.0, 0.3)] for name in ("xlogy", "xlog1py")},
    "power": [(0.3, -1.5), (2.0, 0.0), (40.0, 3.0)],
    "log1p": [(-0.9,), (1e-3,), (40.0,)],
    "digamma": [(0.3,), (12.0,), (-0.4,)],
}


@pytest.mark.parametrize("primitive", ANALYTIC, ids=lambda p: p.name)
def test_analytic_continuation(primitive: Elementwise):
    """The imaginary part of f(x + ih), h = 1e-30, is h f'(x): no digit of it may be lost."""
    usual = {1: [(-3.0,), (-0.4,), (0.7,), (30.0,)], 2: [(-3.0, 0.4), (0.7, 0.2), (30.0, -2.0)]}
    for x in POINTS.get(primitive.name) or usual[primitive.arity]:
        leaves = [am.Value(number) for number in x]
        z = primitive(*leaves)
        z.backward()
        for i, leaf in enumerate(leaves):
            moved = np.array(x, dtype=complex)
            moved[i] += 1e-30j
            continued = primitive.analytic(*moved)
            assert_allclose(np.real(continued), z.data, rtol=1e-13, atol=1e-15)
            if primitive.name != "where" or i > 0:
                assert_allclose(np.imag(continued) / 1e-30, leaf.grad, rtol=1e-12, atol=1e-25)
