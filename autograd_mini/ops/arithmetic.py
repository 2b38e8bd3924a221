"""Arithmetic: sums, products, powers and roots."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.comparisons import both_zero, equal, not_equal, sign
from autograd_mini.ops.exponential import log
from autograd_mini.primitive import Elementwise

__all__ = [
    "abs",
    "add",
    "cbrt",
    "deg2rad",
    "divide",
    "hypot",
    "multiply",
    "neg",
    "positive",
    "power",
    "rad2deg",
    "reciprocal",
    "sqrt",
    "square",
    "subtract",
]

add = Elementwise(
    "add", operator.add, np.add, 1.0, 1.0, symbol="+", formula="{x}+{y}", analytic=True
)
subtract = Elementwise(
    "subtract",
    operator.sub,
    np.subtract,
    1.0,
    -1.0,
    symbol="-",
    formula="{x}-{y}",
    analytic=True,
)
multiply = Elementwise(
    "multiply",
    operator.mul,
    np.multiply,
    lambda z, x, y: y,
    lambda z, x, y: x,
    symbol="×",
    latex=("{y}", "{x}"),
    formula=r"{x}\,{y}",
    analytic=True,
)
divide = Elementwise(
    "divide",
    operator.truediv,
    np.divide,
    lambda z, x, y: 1.0 / y,
    lambda z, x, y: -z / y,
    symbol="÷",
    latex=(r"\frac{{1}}{{{y}}}", r"-\frac{{{z}}}{{{y}}}"),
    formula=r"\frac{{{x}}}{{{y}}}",
    convention="at y = 0: infinite; at x = y = 0, by y: NaN",
    analytic=True,
)
positive = Elementwise(
    "positive", operator.pos, np.positive, 1.0, symbol="+", formula="{x}", analytic=True
)
neg = Elementwise("neg", operator.neg, np.negative, -1.0, symbol="-", formula="-{x}", analytic=True)
abs = Elementwise(
    "abs",
    math.fabs,
    np.absolute,
    lambda z, x: sign(x),
    latex=[r"\mathrm{{sign}}({x})"],
    formula="|{x}|",
    sides=np.sign,
    convention="at 0: 0",
)
reciprocal = Elementwise(
    "reciprocal",
    lambda x: 1.0 / x,
    lambda x, out=None: np.divide(1.0, x, out=out),  # np.reciprocal of 2 is 0
    lambda z, x: -z * z,
    latex=["-{z}^2"],
    formula=r"\frac{{1}}{{{x}}}",
    convention="at 0: −∞",
    analytic=True,
)

# Powers and roots


def _power_by_x(z: Any, x: Any, y: Any) -> Any:
    """Return y x^(y-1), and 0 where x = y = 0 although 0^-1 is infinite.

    A number as the exponent belongs to the operation, as in x², and has the shorter rule.
    """
    if y.__class__ is float or y.__class__ is int:
        if y == 2:
            return 2.0 * x
        return y * power(x, y - 1.0) if y else 0.0
    return y * power(x + both_zero(x, y), y - 1.0)


power: Elementwise = Elementwise(
    "power",
    lambda x, y: x * x if y == 2.0 else math.pow(x, y),  # exactly rounded, as NumPy's is
    np.power,
    _power_by_x,
    # z log(x), and 0 where x = 0 although log(0) is infinite
    lambda z, x, y: z * log(x + (1.0 - not_equal(x, 0.0))),
    symbol="^",
    latex=(r"{y}\,{x}^{{{y.less_one}}}", r"{z}\,\ln({x})"),
    formula="{x}^{{{y}}}",
    convention="at x = 0: by x infinite for y < 1, but 0 for y = 0; by y 0, but NaN for y < 0. "
    "For x < 0 there is no derivative by y: NaN",
    analytic=True,
)
square = Elementwise(
    "square",
    lambda x: x * x,
    np.square,
    lambda z, x: 2.0 * x,
    latex=["2{x}"],
    formula="{x}^2",
    analytic=True,
)
sqrt = Elementwise(
    "sqrt",
    math.sqrt,
    np.sqrt,
    lambda z, x: 0.5 / z,
    latex=[r"\frac{{1}}{{2{z}}}"],
    formula=r"\sqrt{{{x}}}",
    convention="at 0: ∞",
    analytic=True,
)


def _cbrt_analytic(x: Any) -> Any:
    side = np.where(np.real(x) < 0, -1, 1)  # the principal branch of a negative number is not real
    return side * np.power(side * x, 1 / 3)


cbrt = Elementwise(
    "cbrt",
    math.cbrt,
    np.cbrt,
    lambda z, x: 1.0 / (3.0 * z * z),
    latex=[r"\frac{{1}}{{3{z}^2}}"],
    convention="at 0: ∞",
    analytic=_cbrt_analytic,
)


def quotient_or_zero(x: Any, z: Any) -> Any:
    """Return x/z, and where z = 0 a 0 of which all derivatives are 0 too."""
    return not_equal(z, 0.0) * (x / (z + equal(z, 0.0)))


hypot = Elementwise(
    "hypot",
    math.hypot,
    np.hypot,
    lambda z, x, y: quotient_or_zero(x, z),
    lambda z, x, y: quotient_or_zero(y, z),
    latex=[r"\frac{{{x}}}{{{z}}}", r"\frac{{{y}}}{{{z}}}"],
    formula=r"\sqrt{{{x}^2+{y}^2}}",
    convention="at x = y = 0: 0",
    analytic=lambda x, y: np.sqrt(x * x + y * y),
)


def deg2rad(x: Any) -> Any:
    """Return an angle given in degrees in radians, x π/180."""
    return multiply(x, math.pi / 180.0)


def rad2deg(x: Any) -> Any:
    """Return an angle given in radians in degrees, x 180/π."""
    return multiply(x, 180.0 / math.pi)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.reciprocal: reciprocal,  # which is computed by a division
    np.fabs: abs,
    np.conjugate: positive,  # a real number is its own conjugate, real part and copy
    np.real: positive,
    np.copy: positive,
    np.deg2rad: deg2rad,
    np.radians: deg2rad,
    np.rad2deg: rad2deg,
    np.degrees: rad2deg,
}
