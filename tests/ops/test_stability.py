"""Values and first derivatives at extreme numbers, against mpmath with a thousand digits.

The relative error is at most 1e-14, some forty units in the last place. Where a function needs more
its row says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.sweep import make_seed, reverse

mpmath = pytest.importorskip("mpmath", reason="mpmath is an optional peer")
mp = mpmath.mp

INF = math.inf
SMALL = (0.0, -0.0, 1e-308, -1e-308, 1e-8, -1e-8, 0.5, -0.5, 3.0, -3.0)
MEDIUM = (*SMALL, 37.0, -37.0, 700.0, -700.0)
LARGE = (*MEDIUM, 1e308, -1e308)
SUBNORMAL = 1e-322  # below 1e-308 floats have an absolute spacing, of which this is some twenty


def erfc(x: Any) -> Any:
    """Return the complement of the error function, which mpmath has no exponent for far out."""
    return mp.erfc(x) if x < 1e6 else mp.mpf(0)


def normal(x: Any) -> Any:
    """Return the standard normal distribution function."""
    return erfc(-x / mp.sqrt(2)) / 2


def density(x: Any) -> Any:
    """Return its derivative."""
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def sigma(x: Any) -> Any:
    """Return the logistic function."""
    return 1 / (1 + mp.exp(-x))


def mish_gate(x: Any) -> Any:
    """Return tanh(log(1 + eˣ))."""
    return mp.tanh(mp.log1p(mp.exp(x)))


def sinc_slope(x: Any) -> Any:
    """Return the derivative of sin(πx)/(πx)."""
    return (mp.cos(mp.pi * x) - mp.sinc(mp.pi * x)) / x if x else mp.mpf(0)


# By name: f, f', the points, and the relative error that is allowed.
FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[float, ...], float]] = {
    "sigmoid": (sigma, lambda x: sigma(x) * sigma(-x), LARGE, 1e-14),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), sigma, LARGE, 1e-14),
    "tanh": (mp.tanh, lambda x: mp.sech(x) ** 2, LARGE, 1e-14),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x), (*[x for x in LARGE if x > -1], -1 + 1e-15), 1e-14),
    "expm1": (mp.expm1, mp.exp, (*MEDIUM, -1e308), 1e-14),
    "silu": (
        lambda x: x * sigma(x),
        lambda x: sigma(x) * (1 + x * sigma(-x)),
        LARGE,
        1e-14,
    ),
    "mish": (
        lambda x: x * mish_gate(x),
        lambda x: mish_gate(x) + x * (1 - mish_gate(x) ** 2) * sigma(x),
        LARGE,
        1e-14,
    ),
    # x/√2 is rounded, which the tail of the normal distribution magnifies by x² = 1369
    "gelu": (
        lambda x: x * normal(x),
        lambda x: normal(x) + x * density(x),
        LARGE,
        1e-12,
    ),
    "erf": (mp.erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), (*LARGE, 20.0, -26.0), 1e-14),
    "erfc": (erfc, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x), (*LARGE, 20.0, -26.0), 1e-14),
    "sinc": (
        lambda x: mp.sinc(mp.pi * x),
        sinc_slope,
        (*LARGE, 0.29, 0.31, 1.0, 1.25, 1e15 + 0.5),
        1e-14,
    ),
    "arctan": (mp.atan, lambda x: 1 / (1 + x * x), LARGE, 1e-14),
    "arcsinh": (mp.asinh, lambda x: 1 / mp.sqrt(1 + x * x), LARGE, 1e-14),
    "arcsin": (
        mp.asin,
        lambda x: 1 / mp.sqrt(1 - x * x),
        (*SMALL[:-2], 1 - 1e-15, 1e-15 - 1),
        1e-14,
    ),
    "arccosh": (
        mp.acosh,
        lambda x: 1 / mp.sqrt(x * x - 1),
        (1 + 1e-15, 3.0, 700.0, 1e308),
        1e-14,
    ),
    "arctanh": (mp.atanh, lambda x: 1 / (1 - x * x), (*SMALL[:-2], 1 - 1e-15, 1e-15 - 1), 1e-14),
    "log10": (mp.log10, lambda x: 1 / (x * mp.log(10)), (3e-308, 1e-8, 3.0, 1e308), 1e-14),
    "cbrt": (mp.cbrt, lambda x: mp.cbrt(x) / (3 * x), (1e-308, 1e-8, 3.0, 1e308), 1e-14),
}
POINTS = [(name, x) for name, row in FUNCTIONS.items() for x in row[2]]

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


def close(found: Any, expected: Any, tolerance: float) -> None:
    """Compare with a number of mpmath's, as the nearest float."""
    assert_allclose(float(found), float(expected), rtol=tolerance, atol=SUBNORMAL)


@KINDS
@pytest.mark.parametrize(("name", "x"), POINTS)
def test_one_operand(kind: type[am.Node], name: str, x: float):
    """Result and derivative keep their digits, and nothing overflows that need not."""
    f, slope, _, tolerance = FUNCTIONS[name]
    leaf = kind(x)
    z = getattr(am, name)(leaf)
    z.backward()
    with mp.workdps(1000):
        close(z.data, f(mp.mpf(x)), tolerance)
        close(leaf.grad, slope(mp.mpf(x)), tolerance)


@KINDS
@pytest.mark.parametrize(
    ("name", "x", "z", "slope"),
    [
        ("sigmoid", INF, 1.0, 0.0),
        ("sigmoid", -INF, 0.0, 0.0),
        ("softplus", INF, INF, 1.0),
        ("softplus", -INF, 0.0, 0.0),
        ("tanh", INF, 1.0, 0.0),
        ("tanh", -INF, -1.0, 0.0),
        ("silu", INF, INF, 1.0),
        ("silu", -INF, 0.0, 0.0),
        ("mish", INF, INF, 1.0),
        ("mish", -INF, 0.0, 0.0),
        ("gelu", INF, INF, 1.0),
        ("gelu", -INF, 0.0, 0.0),
        ("elu", INF, INF, 1.0),
        ("elu", -INF, -1.0, 0.0),
        ("erf", INF, 1.0, 0.0),
        ("erf", -INF, -1.0, 0.0),
        ("erfc", INF, 0.0, 0.0),
        ("erfc", -INF, 2.0, 0.0),
        ("expm1", -INF, -1.0, 0.0),
        ("exp2", -INF, 0.0, 0.0),
        ("log1p", INF, INF, 0.0),
        ("arctan", INF, math.pi / 2, 0.0),
        ("arctan", -INF, -math.pi / 2, 0.0),
        ("arcsinh", INF, INF, 0.0),
    ],
)
def test_infinite_operand(kind: type[am.Node], name: str, x: float, z: float, slope: float):
    """Result and derivative are the limits."""
    leaf = kind(x)
    result = getattr(am, name)(leaf)
    result.backward()
    assert (float(result.data), float(leaf.grad)) == (pytest.approx(z, rel=1e-15), slope)


@KINDS
@pytest.mark.parametrize("x", [INF, -INF, 1e308, -1e308, 700.0, -700.0, 0.0])
def test_gelu_in_its_tanh_form(kind: type[am.Node], x: float):
    """The approximation saturates as gelu itself does, x and 0, with slopes 1 and 0."""
    leaf = kind(x)
    z = am.gelu(leaf, approximate=True)
    z.backward()
    assert float(z.data) == max(x, 0.0)
    assert float(leaf.grad) == (0.5 if x == 0.0 else float(x > 0.0))


def softmax(x: Any, y: Any) -> Any:
    """Return eˣ / (eˣ + eʸ)."""
    return sigma(x - y)


# By name: f, its partials, and pairs of operands.
PAIRS: dict[str, tuple[Callable[..., Any], list[Callable[..., Any]], list[tuple[float, float]]]] = {
    "hypot": (
        mp.hypot,
        [lambda x, y: x / mp.hypot(x, y), lambda x, y: y / mp.hypot(x, y)],
        [
            *((1e300, 1e-300), (1e-300, 1e300), (1e300, 1e300), (1e-300, -1e-300)),
            *((1e308, -1e308), (1e-308, 1e-308), (3.0, 4.0), (0.0, -2.0), (1.0, 1e-8)),
        ],
    ),
    "arctan2": (
        mp.atan2,
        [lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y)],
        [
            *((1e300, 1e-300), (1e-300, 1e300), (1e300, 1e300), (1e-300, -1e-300)),
            *((1e308, -1e308), (3.0, 4.0), (0.0, 2.0), (1.0, 1e-8), (-1e-8, -37.0)),
        ],
    ),
    "logaddexp": (
        lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
        [softmax, lambda x, y: softmax(y, x)],
        [
            *((1e308, 1e308), (1e308, 0.0), (-1e308, 0.0), (1e-308, -1e-308), (700.0, -700.0)),
            *((37.0, 0.0), (0.0, 37.0), (-700.0, -700.0), (1000.0, 1000.0), (1e8, 1e8 - 1.0)),
        ],
    ),
    "power": (
        mp.power,
        [lambda x, y: y * mp.power(x, y - 1), lambda x, y: mp.power(x, y) * mp.log(x)],
        [
            *((1e-308, 1.0), (1e-308, 2.0), (1e-308, 0.5), (1e-300, 0.0), (1e-8, -37.0)),
            *((1e308, 0.5), (1e308, -1.0), (1e-8, 1e-8), (700.0, -37.0)),
        ],
    ),
}


@KINDS
@pytest.mark.parametrize(
    ("name", "x", "y"), [(name, *pair) for name, row in PAIRS.items() for pair in row[2]]
)
def test_two_operands(kind: type[am.Node], name: str, x: float, y: float):
    """Result and both partials keep their digits, whatever the sizes of the operands."""
    f, partials, _ = PAIRS[name]
    leaves = [kind(x), kind(y)]
    z = getattr(am, name)(*leaves)
    z.backward()
    with mp.workdps(1000):
        operands = mp.mpf(x), mp.mpf(y)
        close(z.data, f(*operands), 1e-14)
        for leaf, partial in zip(leaves, partials, strict=True):
            close(leaf.grad, partial(*operands), 1e-14)


@KINDS
@pytest.mark.parametrize(
    ("x", "y", "z", "slopes"),
    [
        (INF, 0.0, INF, (1.0, 0.0)),
        (0.0, INF, INF, (0.0, 1.0)),
        (-INF, 0.0, 0.0, (0.0, 1.0)),
        (INF, -INF, INF, (1.0, 0.0)),
        (-INF, -INF, -INF, (0.0, 0.0)),
        (INF, INF, INF, (1.0, 1.0)),
    ],
)
def test_logaddexp_of_infinities(
    kind: type[am.Node], x: float, y: float, z: float, slopes: tuple[float, float]
):
    """Nothing is NaN; of two equal infinities each share is that beside a finite number."""
    leaves = [kind(x), kind(y)]
    result = am.logaddexp(*leaves)
    result.backward()
    assert float(result.data) == z
    assert tuple(float(leaf.grad) for leaf in leaves) == slopes


@KINDS
@pytest.mark.parametrize("x", [0.0, 1e-308, 1e-8, -1e-4, 0.1, 0.299, 0.301, 1.0, -2.5, 100.0])
def test_higher_orders_of_sinc(kind: type[am.Node], x: float):
    """The first four derivatives are right at 0, near 0, where the formula changes, and beyond."""
    leaf = kind(x)
    z = am.sinc(leaf)
    with mp.workdps(60):
        for order in range(1, 5):
            bars = dict(reverse({z: make_seed(z)}, record=True))
            z = bars[leaf]
            # the derivative is the integral of (πt)ⁿ cos(πxt + nπ/2) over t in [0, 1]
            expected = mp.quad(
                lambda t, n=order: (mp.pi * t) ** n * mp.cos(mp.pi * x * t + n * mp.pi / 2),
                mp.linspace(0, 1, 8),
            )
            assert_allclose(float(z.data), float(expected), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["erf", "erfc", "tanh", "sigmoid", "gelu", "silu", "mish", "sinc"])
def test_single_precision(name: str):
    """In float32 nothing overflows either, and the digits it has are right."""
    x = np.array([-3e38, -100.0, -9.0, -1.0, -1e-30, 0.0, 1e-30, 0.2, 1.0, 9.0, 100.0, 3e38])
    narrow = am.Tensor(x, dtype=np.float32)
    wide = am.Tensor(narrow.numpy().astype(float))
    for tensor in (narrow, wide):
        am.sum(getattr(am, name)(tensor)).backward()
    assert narrow.grad.dtype == np.float32
    assert_allclose(narrow.grad, wide.grad, rtol=2e-5, atol=1e-37)
