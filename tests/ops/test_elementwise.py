"""Elementwise primitives where it is delicate: kinks, ties, singular points, extreme numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.primitive import REGISTRY, Elementwise
from autograd_mini.sweep import forward, reverse

INF, NAN = math.inf, math.nan
KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


def partials(kind: type[am.Node], name: str, operands: tuple[float, ...]) -> tuple[Any, Any]:
    """Return the result of a call, and its partials, which both sweeps must agree on."""
    leaves = [kind(x) for x in operands]
    z = REGISTRY[name](*leaves)
    z.backward()
    tangents = [forward([z], {leaf: 1.0})[0] for leaf in leaves]
    found = [leaf.grad for leaf in leaves]
    assert_allclose(tangents, found)
    return z.data, found


@KINDS
@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("relu", (0.0,), [0.0]),
        ("relu", (-0.0,), [0.0]),
        ("leaky_relu", (0.0, 0.1), [0.1, 0.0]),
        ("leaky_relu", (-2.0, 0.1), [0.1, -2.0]),
        ("leaky_relu", (2.0, 0.1), [1.0, 0.0]),
        ("abs", (0.0,), [0.0]),
        ("sign", (0.0,), [0.0]),
        ("sign", (-3.0,), [0.0]),
        ("maximum", (2.0, 2.0), [0.5, 0.5]),
        ("minimum", (2.0, 2.0), [0.5, 0.5]),
        ("maximum", (3.0, 2.0), [1.0, 0.0]),
        ("minimum", (3.0, 2.0), [0.0, 1.0]),
        ("where", (0.0, 3.0, 4.0), [0.0, 0.0, 1.0]),
        ("where", (-2.0, 3.0, 4.0), [0.0, 1.0, 0.0]),
        ("greater", (2.0, 2.0), [0.0, 0.0]),
        ("greater_equal", (2.0, 2.0), [0.0, 0.0]),
        ("less", (2.0, 2.0), [0.0, 0.0]),
        ("less_equal", (2.0, 2.0), [0.0, 0.0]),
        ("equal", (2.0, 2.0), [0.0, 0.0]),
        ("not_equal", (2.0, 2.0), [0.0, 0.0]),
        *((name, (2.0,), [0.0]) for name in ("floor", "ceil", "trunc", "rint")),
        ("rint", (2.5,), [0.0]),
        ("floor_divide", (4.0, 2.0), [0.0, 0.0]),
        ("remainder", (4.0, 2.0), [1.0, -2.0]),
        ("remainder", (-3.0, 2.0), [1.0, 2.0]),
        ("remainder", (-1e-20, 1.0), [1.0, 1.0]),
        ("fmod", (4.0, 2.0), [1.0, -2.0]),
        ("fmod", (-3.0, 2.0), [1.0, 1.0]),
        ("fmod", (0.7, 0.1), [1.0, -6.0]),  # 0.7 is a little less than seven times 0.1
        ("fmax", (2.0, 2.0), [0.5, 0.5]),
        ("fmin", (2.0, 2.0), [0.5, 0.5]),
        ("fmax", (NAN, 2.0), [0.0, 1.0]),
        ("fmax", (2.0, NAN), [1.0, 0.0]),
        ("fmin", (NAN, 2.0), [0.0, 1.0]),
        ("fmin", (2.0, NAN), [1.0, 0.0]),
        ("fmax", (NAN, NAN), [0.0, 0.0]),
        ("elu", (0.0, 0.7), [0.7, 0.0]),
        ("hypot", (0.0, 0.0), [0.0, 0.0]),
        ("arctan2", (0.0, 0.0), [0.0, 0.0]),
        ("arctan2", (0.0, -2.0), [-0.5, 0.0]),
        ("sinc", (0.0,), [0.0]),
        ("power", (0.0, 2.0), [0.0, 0.0]),
        ("power", (0.0, 1.0), [1.0, 0.0]),
        ("power", (0.0, 0.0), [0.0, 0.0]),
        ("power", (3.0, 0.0), [0.0, math.log(3.0)]),
    ],
)
def test_convention(
    kind: type[am.Node], name: str, operands: tuple[float, ...], expected: list[float]
):
    """At a kink, a tie and the regular edges of power, the partials are those written down."""
    assert partials(kind, name, operands)[1] == expected


@KINDS
@pytest.mark.parametrize("n", [0, 1, 2, 3, -1, 0.0, 0.5, 2.0, 2.5, 3.0])
def test_number_as_exponent(kind: type[am.Node], n: float):
    """Of xⁿ the derivative is n xⁿ⁻¹, for each number n that has a short rule and others."""
    x = kind(1.5)
    (x**n).backward()
    assert_allclose(x.grad, n * 1.5 ** (n - 1.0), rtol=1e-15)


@KINDS
@pytest.mark.parametrize(
    ("name", "operands"),
    [("power", (0.0, 0.0)), ("leaky_relu", (0.0, 0.3)), ("elu", (0.0, 0.3))],
)
def test_mixed_derivative(kind: type[am.Node], name: str, operands: tuple[float, float]):
    """At a special point the rules have derivatives too: here that of x by y is that of y by x."""
    leaves = [kind(x) for x in operands]
    seed = am.data(kind(1.0))
    bars = dict(reverse({REGISTRY[name](*leaves): seed}, record=True))
    for one, other in (leaves, leaves[::-1]):
        assert dict(reverse({bars[one]: seed}))[other] == 1.0


@KINDS
@pytest.mark.parametrize(
    ("name", "operands", "z", "expected"),
    [
        ("sqrt", (0.0,), 0.0, [INF]),
        ("sqrt", (-1.0,), NAN, [NAN]),
        ("log", (0.0,), -INF, [INF]),
        ("log1p", (-1.0,), -INF, [INF]),
        ("log2", (0.0,), -INF, [INF]),
        ("log10", (0.0,), -INF, [INF]),
        ("cbrt", (0.0,), 0.0, [INF]),
        ("arcsin", (1.0,), math.pi / 2, [INF]),
        ("arccos", (-1.0,), math.pi, [-INF]),
        ("arccosh", (1.0,), 0.0, [INF]),
        ("arctanh", (1.0,), INF, [INF]),
        ("arctanh", (2.0,), NAN, [-1 / 3]),
        ("remainder", (3.0, 0.0), NAN, [1.0, -INF]),
        ("fmod", (3.0, 0.0), NAN, [1.0, NAN]),
        ("reciprocal", (0.0,), INF, [-INF]),
        ("divide", (1.0, 0.0), INF, [INF, -INF]),
        ("divide", (0.0, 0.0), NAN, [INF, NAN]),
        ("power", (0.0, 0.5), 0.0, [INF, 0.0]),
        ("power", (0.0, -1.0), INF, [-INF, NAN]),
        ("power", (-8.0, 0.5), NAN, [NAN, NAN]),
        ("power", (10.0, 400.0), INF, [INF, INF]),
        ("exp", (1000.0,), INF, [INF]),
        ("xlogy", (0.0, 0.0), 0.0, [-INF, 0.0]),
        ("xlog1py", (0.0, -1.0), 0.0, [-INF, 0.0]),
    ],
)
def test_singular_point(
    kind: type[am.Node], name: str, operands: tuple[float, ...], z: float, expected: list[float]
):
    """Infinities and NaNs are the IEEE ones, with NumPy's warning, and never an exception."""
    with pytest.warns(RuntimeWarning, match="divide by zero|invalid value|overflow"):
        result, found = partials(kind, name, operands)
    assert_allclose(result, z)
    assert_allclose(found, expected)


@KINDS
@pytest.mark.parametrize(
    ("name", "operands", "hessian"),
    [
        ("power", (2.0, 0.0), [[0.0, 0.5], [0.5, math.log(2.0) ** 2]]),
        ("power", (2.0, 1.0), [[0.0, 1.0 + math.log(2.0)], [None, 2.0 * math.log(2.0) ** 2]]),
        ("power", (0.0, 2.0), [[2.0, None], [None, 0.0]]),
        ("power", (0.0, 3.0), [[0.0, None], [None, 0.0]]),
        ("xlogy", (0.0, 4.0), [[0.0, 0.25], [0.25, 0.0]]),
        ("xlog1py", (0.0, 4.0), [[0.0, 0.2], [0.2, 0.0]]),
        ("square", (0.0,), [[2.0]]),
        ("abs", (0.0,), [[0.0]]),
        ("relu", (0.0,), [[0.0]]),
        ("leaky_relu", (0.0, 0.1), [[0.0, 1.0], [None, 0.0]]),
        ("elu", (0.0, 0.7), [[0.7, 1.0], [None, 0.0]]),
        ("hypot", (0.0, 0.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("arctan2", (0.0, 0.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("logaddexp", (1.0, 1.0), [[0.25, -0.25], [-0.25, 0.25]]),
        ("sinc", (0.0,), [[-(math.pi**2) / 3.0]]),
        ("tanh", (0.0,), [[0.0]]),
        ("gelu", (0.0,), [[2.0 / math.sqrt(2.0 * math.pi)]]),
        ("silu", (0.0,), [[0.5]]),
        ("erf", (0.0,), [[0.0]]),
    ],
)
def test_second_order_at_special_points(
    kind: type[am.Node], name: str, operands: tuple[float, ...], hessian: list[list[float | None]]
):
    """What guards a formula at its singular point must not spoil the derivative of the formula.

    Entries that the function does not have, or that follow by symmetry, are None.
    """
    leaves = [kind(x) for x in operands]
    bars = dict(reverse({REGISTRY[name](*leaves): kind(1.0)}, record=True))
    for row, leaf in zip(hessian, leaves, strict=True):
        found = dict(reverse({bars[leaf]: 1.0}))
        for expected, other in zip(row, leaves, strict=True):
            if expected is not None:
                assert_allclose(found.get(other, 0.0), expected, atol=1e-15)


@KINDS
@pytest.mark.parametrize(
    ("name", "x", "z", "slope"),
    [
        ("sigmoid", 800.0, 1.0, 0.0),
        ("sigmoid", -800.0, 0.0, 0.0),
        ("sigmoid", -700.0, math.exp(-700.0), math.exp(-700.0)),
        ("softplus", 800.0, 800.0, 1.0),
        ("softplus", -700.0, math.exp(-700.0), math.exp(-700.0)),
        ("softplus", -INF, 0.0, 0.0),
        ("tanh", 800.0, 1.0, 0.0),
        ("tanh", -800.0, -1.0, 0.0),
        ("log1p", 1e-20, 1e-20, 1.0),
        ("exp", -1000.0, 0.0, 0.0),
    ],
)
def test_extreme_number(kind: type[am.Node], name: str, x: float, z: float, slope: float):
    """Where the true result is finite nothing overflows, and small ones keep their digits."""
    result, (found,) = partials(kind, name, (x,))
    assert_allclose(result, z, rtol=1e-14)
    assert_allclose(found, slope, rtol=1e-14)


@KINDS
@pytest.mark.parametrize(
    ("name", "operands"),
    [
        *((name, (NAN,)) for name, p in REGISTRY.items() if p.scalar and p.arity == 1),
        ("leaky_relu", (NAN, 0.1)),
        ("elu", (NAN, 0.1)),
        ("xlogy", (0.0, NAN)),
        ("xlog1py", (0.0, NAN)),
        *((name, pair) for name in ("maximum", "minimum") for pair in ((NAN, 1.0), (1.0, NAN))),
        *((name, (NAN, 1.0)) for name in ("remainder", "floor_divide", "fmod", "hypot", "arctan2")),
    ],
)
def test_nan_stays(kind: type[am.Node], name: str, operands: tuple[float, ...]):
    """A NaN is not hidden by a comparison that is false for it."""
    assert math.isnan(REGISTRY[name](*map(kind, operands)).data)


def test_derivative_of_abs_at_nan():
    """The derivative of |x| at NaN is NaN for both kinds."""
    for kind in (am.Value, am.Tensor):
        assert np.isnan(partials(kind, "abs", (NAN,))[1]).all()


PIECES = [
    ("relu", [(-1.0,), (1.0,)]),
    ("leaky_relu", [(-1.0, 0.1), (1.0, 0.1)]),
    ("elu", [(-1.0, 0.1), (1.0, 0.1)]),
    ("floor", [(-0.5,), (0.5,), (1.5,)]),
    ("ceil", [(-0.5,), (0.5,), (1.5,)]),
    ("trunc", [(-1.5,), (0.5,), (1.5,)]),
    ("rint", [(-0.7,), (0.4,), (0.6,)]),
    ("floor_divide", [(-0.5, 2.0), (0.5, 2.0), (2.5, 2.0)]),
    ("remainder", [(-0.5, 2.0), (0.5, 2.0), (2.5, 2.0)]),
    ("fmod", [(-2.5, 2.0), (0.5, 2.0), (2.5, 2.0)]),
    ("fmax", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]),
    ("fmin", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]),
    ("less", [(1.0, 2.0), (3.0, 2.0)]),
    ("less_equal", [(1.0, 2.0), (3.0, 2.0)]),
    ("equal", [(1.0, 2.0), (2.0, 2.0)]),
    ("abs", [(-1.0,), (1.0,)]),
    ("sign", [(-1.0,), (0.0,), (1.0,)]),
    ("maximum", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]),
    ("minimum", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]),
    ("where", [(0.0, 1.0, 1.0), (1.0, 1.0, 1.0)]),
    ("greater", [(1.0, 2.0), (3.0, 2.0)]),
    ("greater_equal", [(1.0, 2.0), (3.0, 2.0)]),
    ("not_equal", [(1.0, 2.0), (2.0, 2.0)]),
]


@pytest.mark.parametrize(("name", "pieces"), PIECES)
def test_sides(name: str, pieces: list[tuple[float, ...]]):
    """A piecewise primitive tells apart the pieces that its operands lie on, and says its rule."""
    assert REGISTRY[name].convention
    sides = [REGISTRY[name].sides(*operands) for operands in pieces]
    assert len(set(map(float, sides))) == len(pieces)


def test_every_piecewise_primitive_has_its_pieces_tested():
    """A kink that nobody looked at is one that gradient checking would misjudge."""
    elementwise = {n for n, p in REGISTRY.items() if isinstance(p, Elementwise) and p.sides}
    assert elementwise == {name for name, _ in PIECES}
