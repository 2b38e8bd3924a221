"""Trigonometric and hyperbolic functions and their inverses; angles are in radians."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from autograd_mini.ops.arithmetic import abs, hypot, quotient_or_zero, sqrt, square
from autograd_mini.ops.comparisons import greater
from autograd_mini.ops.rounding import floor, remainder, rint
from autograd_mini.ops.selection import where
from autograd_mini.primitive import Elementwise

__all__ = [
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cos",
    "cosh",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]

sin = Elementwise(
    "sin",
    math.sin,
    np.sin,
    lambda z, x: cos(x),
    latex=[r"\cos({x})"],
    formula=r"\sin({x})",
    analytic=True,
)
cos: Elementwise = Elementwise(
    "cos",
    math.cos,
    np.cos,
    lambda z, x: -sin(x),
    latex=[r"-\sin({x})"],
    formula=r"\cos({x})",
    analytic=True,
)
tan = Elementwise(
    "tan",
    math.tan,
    np.tan,
    lambda z, x: 1.0 + z * z,
    latex=["1+{z}^2"],
    formula=r"\tan({x})",
    analytic=True,
)

# 1 - x² is written (1 - x)(1 + x), which loses no digits near ±1. √(1 + x²) is a hypotenuse, and
# √(x² - 1) a product of roots: neither overflows.

arcsin = Elementwise(
    "arcsin",
    math.asin,
    np.arcsin,
    lambda z, x: 1.0 / sqrt((1.0 - x) * (1.0 + x)),
    latex=[r"\frac{{1}}{{\sqrt{{1-{x}^2}}}}"],
    formula=r"\arcsin({x})",
    convention="at ±1: ∞",
    analytic=True,
)
arccos = Elementwise(
    "arccos",
    math.acos,
    np.arccos,
    lambda z, x: -1.0 / sqrt((1.0 - x) * (1.0 + x)),
    latex=[r"-\frac{{1}}{{\sqrt{{1-{x}^2}}}}"],
    formula=r"\arccos({x})",
    convention="at ±1: -∞",
    analytic=True,
)
arctan = Elementwise(
    "arctan",
    math.atan,
    np.arctan,
    lambda z, x: square(1.0 / hypot(1.0, x)),
    latex=[r"\frac{{1}}{{1+{x}^2}}"],
    formula=r"\arctan({x})",
    analytic=True,
)


def _arctan2_analytic(x: Any, y: Any) -> Any:
    a, b = np.real(x), np.real(y)  # the angle there, and the one between there and here
    return np.arctan2(a, b) + np.arctan((b * x - a * y) / (a * x + b * y))


def _slope_of_angle(x: Any, y: Any) -> Any:
    """Return y / (x² + y²), which overflows only where it is infinite."""
    length = hypot(x, y)
    return quotient_or_zero(quotient_or_zero(y, length), length)


arctan2 = Elementwise(
    "arctan2",
    math.atan2,
    np.arctan2,
    lambda z, x, y: _slope_of_angle(x, y),
    lambda z, x, y: -_slope_of_angle(y, x),
    latex=[r"\frac{{{y}}}{{{x}^2+{y}^2}}", r"-\frac{{{x}}}{{{x}^2+{y}^2}}"],
    convention="at x = y = 0: 0; across the cut at ±π: that of the angle, without the jump",
    analytic=_arctan2_analytic,
)

# Hyperbolic functions

sinh = Elementwise(
    "sinh",
    math.sinh,
    np.sinh,
    lambda z, x: cosh(x),
    latex=[r"\cosh({x})"],
    formula=r"\sinh({x})",
    analytic=True,
)
cosh: Elementwise = Elementwise(
    "cosh",
    math.cosh,
    np.cosh,
    lambda z, x: sinh(x),
    latex=[r"\sinh({x})"],
    formula=r"\cosh({x})",
    analytic=True,
)
tanh = Elementwise(
    "tanh",
    math.tanh,
    np.tanh,
    lambda z, x: sech_squared(x),  # 1 - z² has no digits left where z is nearly 1
    latex=["1-{z}^2"],
    formula=r"\tanh({x})",
    analytic=True,
)


def _sech_squared_scalar(x: float) -> float:
    e = math.exp(-2.0 * math.fabs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def _sech_squared_array(x: Any) -> Any:
    e = np.square(np.exp(-np.absolute(x)))  # 2x might overflow
    return 4 * e / np.square(1 + e)


sech_squared: Elementwise = Elementwise(
    "sech_squared",  # the derivative of tanh, 1/cosh², without overflow
    _sech_squared_scalar,
    _sech_squared_array,
    lambda z, x: -2.0 * z * tanh(x),
    latex=[r"-2{z}\,\tanh({x})"],
    formula=r"\frac{{1}}{{\cosh({x})^2}}",
    analytic=lambda x: 1.0 / np.square(np.cosh(x)),
)
arcsinh = Elementwise(
    "arcsinh",
    math.asinh,
    np.arcsinh,
    lambda z, x: 1.0 / hypot(1.0, x),
    latex=[r"\frac{{1}}{{\sqrt{{1+{x}^2}}}}"],
    analytic=True,
)
arccosh = Elementwise(
    "arccosh",
    math.acosh,
    np.arccosh,
    lambda z, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),
    latex=[r"\frac{{1}}{{\sqrt{{{x}^2-1}}}}"],
    convention="at 1: ∞",
    analytic=True,
)
arctanh = Elementwise(
    "arctanh",
    math.atanh,
    np.arctanh,
    lambda z, x: 1.0 / ((1.0 - x) * (1.0 + x)),
    latex=[r"\frac{{1}}{{1-{x}^2}}"],
    convention="at ±1: ∞",
    analytic=True,
)

# sinc: sin(πx) is computed from the distance of x to the nearest whole number, which is exact, so
# that it is 0 at whole numbers. Near 0 the derivative (cos(πx) - z)/x is a difference of numbers
# near 1; there its Taylor polynomial takes over, which has the right derivatives of all orders.

_NEAR = 0.3
_TAYLOR = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 14)]


def _sinc_scalar(x: float) -> float:
    if x == 0.0:
        return 1.0
    whole = rint(x)
    alternating = 1.0 - 2.0 * remainder(whole, 2.0)
    return alternating * math.sin(math.pi * (x - whole)) / math.pi / x


def _sinc_array(x: Any) -> Any:
    whole = np.rint(x)
    alternating = 1 - 2 * np.remainder(whole, 2)
    numerator = alternating * np.sin(np.pi * (x - whole)) / np.pi
    at_zero = np.equal(x, 0)
    return np.where(at_zero, 1, numerator / np.where(at_zero, 1, x))


def _sinc_slope(z: Any, x: Any) -> Any:
    near = greater(_NEAR, abs(x))
    inside, outside = where(near, x, 0.0), where(near, 1.0, x)
    t = square(math.pi * inside)
    series = reduce(lambda total, coefficient: total * t + coefficient, reversed(_TAYLOR))
    whole = floor(outside)  # cos(πx) as the sine of the distance to where it is 0
    cosine = (2.0 * remainder(whole, 2.0) - 1.0) * sin(math.pi * (outside - whole - 0.5))
    return where(near, math.pi**2 * inside * series, (cosine - z) / outside)


sinc = Elementwise(
    "sinc",
    _sinc_scalar,
    _sinc_array,
    _sinc_slope,
    latex=[r"\frac{{\cos(\pi\,{x})-{z}}}{{{x}}}"],
    convention="at 0: 0, the limit",
    analytic=lambda x: np.sinc(x),
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {np.sinc: sinc}
