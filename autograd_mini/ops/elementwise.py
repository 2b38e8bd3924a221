"""The elementwise primitives: name, forward on floats and on arrays, one partial an operand.

A partial is a function of the result z and the operands x, y ...; a number is a constant partial.
`latex` writes the partials that are not constant, `formula` the operation itself. The comment on a
piecewise entry says which side it takes at its kink or tie.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.primitive import Elementwise, apply

__all__ = [
    "abs",
    "add",
    "cos",
    "divide",
    "exp",
    "greater",
    "greater_equal",
    "leaky_relu",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "multiply",
    "neg",
    "not_equal",
    "positive",
    "power",
    "reciprocal",
    "relu",
    "sigmoid",
    "sign",
    "sin",
    "softplus",
    "sqrt",
    "square",
    "subtract",
    "tanh",
    "where",
    "xlog1py",
    "xlogy",
]

# Comparisons as numbers, 0.0 or 1.0: the rules of piecewise primitives are built from them. Their
# derivative is zero, at the jump too.


def _indicator(compare: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """Return the float and the array form of a comparison, in the operands' own dtype."""

    def array(x: Any, y: Any) -> Any:
        if y.__class__ is float and x.__class__ is np.ndarray and x.dtype.kind == "f":
            return compare(x, y).astype(x.dtype)  # nearly always, and faster
        return np.asarray(compare(x, y)).astype(np.result_type(x, y, np.float16))

    return lambda x, y: 1.0 if compare(x, y) else 0.0, array


greater = Elementwise(
    "greater",
    *_indicator(operator.gt),
    0.0,
    0.0,
    sides=operator.gt,
    symbol=">",
    formula="[{x}>{y}]",
)
greater_equal = Elementwise(
    "greater_equal",
    *_indicator(operator.ge),
    0.0,
    0.0,
    sides=operator.ge,
    symbol="≥",
    formula=r"[{x}\geq {y}]",
)
not_equal = Elementwise(
    "not_equal",
    *_indicator(operator.ne),
    0.0,
    0.0,
    sides=operator.ne,
    symbol="≠",
    formula=r"[{x}\ne {y}]",
)
sign = Elementwise(
    "sign",
    lambda x: math.copysign(1.0, x) if x < 0.0 or x > 0.0 else x,
    np.sign,
    0.0,  # at 0: 0, and its derivative is 0 there too
    sides=np.sign,
)


def _both_zero(x: Any, y: Any) -> Any:
    """Return 1 where x = y = 0, else 0: what a rule adds to y so that x/y is 0 there, not NaN."""
    return (1.0 - not_equal(x, 0.0)) * (1.0 - not_equal(y, 0.0))


# Arithmetic

add = Elementwise(
    "add", operator.add, np.add, 1.0, 1.0, symbol="+", formula="{x}+{y}", analytic=True
)
subtract = Elementwise(
    "subtract", operator.sub, np.subtract, 1.0, -1.0, symbol="-", formula="{x}-{y}", analytic=True
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
    analytic=True,
)
power: Elementwise = Elementwise(
    "power",
    math.pow,
    np.power,
    # y x^(y-1), and 0 where x = y = 0 although 0^-1 is infinite
    lambda z, x, y: y * power(x + _both_zero(x, y), y - 1.0),
    # z log(x), and 0 where x = 0 although log(0) is infinite
    lambda z, x, y: z * log(x + (1.0 - not_equal(x, 0.0))),
    symbol="^",
    latex=(r"{y}\,{x}^{{{y.less_one}}}", r"{z}\,\ln({x})"),
    formula="{x}^{{{y}}}",
    analytic=True,
)
positive = Elementwise("positive", operator.pos, np.positive, 1.0, symbol="+", formula="{x}")
neg = Elementwise("neg", operator.neg, np.negative, -1.0, symbol="-", formula="-{x}", analytic=True)
abs = Elementwise(
    "abs",
    math.fabs,
    np.absolute,
    lambda z, x: sign(x),
    latex=[r"\mathrm{{sign}}({x})"],
    formula="|{x}|",
    sides=np.sign,
)
# abs at its kink 0: derivative 0, as sign says
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
    lambda z, x: 0.5 / z,  # at 0: infinite
    latex=[r"\frac{{1}}{{2{z}}}"],
    formula=r"\sqrt{{{x}}}",
)
reciprocal = Elementwise(
    "reciprocal",
    lambda x: 1.0 / x,
    np.reciprocal,
    lambda z, x: -z * z,
    latex=["-{z}^2"],
    formula=r"\frac{{1}}{{{x}}}",
)

# Exponentials and their kin

exp = Elementwise(
    "exp",
    math.exp,
    np.exp,
    lambda z, x: z,
    latex=["{z}"],
    formula="e^{{{x}}}",
    analytic=True,
)
log: Elementwise = Elementwise(
    "log",
    math.log,
    np.log,
    lambda z, x: 1.0 / x,
    latex=[r"\frac{{1}}{{{x}}}"],
    formula=r"\ln({x})",
    analytic=True,
)
log1p = Elementwise(
    "log1p",
    math.log1p,
    np.log1p,
    lambda z, x: 1.0 / (1.0 + x),
    latex=[r"\frac{{1}}{{1+{x}}}"],
    formula=r"\ln(1+{x})",
)
sin = Elementwise(
    "sin", math.sin, np.sin, lambda z, x: cos(x), latex=[r"\cos({x})"], formula=r"\sin({x})"
)
cos: Elementwise = Elementwise(
    "cos", math.cos, np.cos, lambda z, x: -sin(x), latex=[r"-\sin({x})"], formula=r"\cos({x})"
)
tanh = Elementwise(
    "tanh",
    math.tanh,
    np.tanh,
    lambda z, x: 1.0 - z * z,
    latex=["1-{z}^2"],
    formula=r"\tanh({x})",
    analytic=True,
)


# x log y and x log(1 + y): 0 where x = 0 whatever y is, so that cross-entropies have 0 log 0 = 0

xlogy = Elementwise(
    "xlogy",
    lambda x, y: x * math.log(y) if x else 0.0,
    lambda x, y: x * np.log(np.where(np.equal(x, 0), 1, y)),
    lambda z, x, y: log(y),
    lambda z, x, y: x / (y + _both_zero(x, y)),
    latex=[r"\ln({y})", r"\frac{{{x}}}{{{y}}}"],
    formula=r"{x}\,\ln({y})",
)
xlog1py = Elementwise(
    "xlog1py",
    lambda x, y: x * math.log1p(y) if x else 0.0,
    lambda x, y: x * np.log1p(np.where(np.equal(x, 0), 0, y)),
    lambda z, x, y: log1p(y),
    lambda z, x, y: x / (1.0 + y + _both_zero(x, 1.0 + y)),
    latex=[r"\ln(1+{y})", r"\frac{{{x}}}{{1+{y}}}"],
    formula=r"{x}\,\ln(1+{y})",
)


def _sigmoid_scalar(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)  # exp of a negative number never overflows
    return e / (1.0 + e)


def _sigmoid_array(x: Any) -> Any:
    e = np.exp(-np.absolute(x))
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


def _softplus_scalar(x: float) -> float:
    return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-math.fabs(x)))


sigmoid = Elementwise(
    "sigmoid",
    _sigmoid_scalar,
    _sigmoid_array,
    lambda z, x: z * (1.0 - z),
    symbol="σ",
    latex=[r"\sigma'({x}) = {z}(1-{z})"],
    formula=r"\sigma({x})",
    analytic=lambda x: 1.0 / (1.0 + np.exp(-x)),
)
softplus = Elementwise(
    "softplus",
    _softplus_scalar,
    lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x))),
    lambda z, x: sigmoid(x),
    latex=[r"\sigma({x})"],
)

# Piecewise

relu = Elementwise(
    "relu",
    lambda x: 0.0 if x < 0.0 else x,
    lambda x: np.maximum(x, 0),
    lambda z, x: greater(x, 0.0),  # at 0: the left side, 0
    latex=["[{x}>0]"],
    sides=lambda x: np.greater(x, 0),
)
_leaky_relu = Elementwise(
    "leaky_relu",
    lambda x, slope: x * slope if x < 0.0 else x,
    lambda x, slope: np.where(np.less(x, 0), x * slope, x),
    lambda z, x, slope: where(greater(x, 0.0), 1.0, slope),  # at 0: the left side, slope
    lambda z, x, slope: where(greater(x, 0.0), 0.0, x),
    latex=[r"[{x}>0]+{y}[{x}\leq 0]", r"{x}[{x}\leq 0]"],
    sides=lambda x, slope: np.greater(x, 0),
)


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """Return x where it is positive, else slope · x; differentiable in both."""
    return apply(_leaky_relu, x, slope)


maximum = Elementwise(
    "maximum",
    lambda x, y: x if x >= y or x != x else y,  # a NaN wins, as in NumPy
    np.maximum,
    lambda z, x, y: 0.5 * (greater(x, y) + greater_equal(x, y)),  # at a tie: half to each
    lambda z, x, y: 0.5 * (greater(y, x) + greater_equal(y, x)),
    latex=["[{x}>{y}]", "[{y}>{x}]"],
    formula=r"\max({x},{y})",
    sides=lambda x, y: np.sign(np.subtract(x, y)),
)
minimum = Elementwise(
    "minimum",
    lambda x, y: x if x <= y or x != x else y,
    np.minimum,
    lambda z, x, y: 0.5 * (greater(y, x) + greater_equal(y, x)),  # at a tie: half to each
    lambda z, x, y: 0.5 * (greater(x, y) + greater_equal(x, y)),
    latex=["[{x} < {y}]", "[{y} < {x}]"],
    formula=r"\min({x},{y})",
    sides=lambda x, y: np.sign(np.subtract(x, y)),
)
where: Elementwise = Elementwise(
    "where",
    lambda condition, x, y: x if condition else y,
    lambda condition, x, y: np.where(np.not_equal(condition, 0), x, y),
    0.0,  # a condition is a choice, not a quantity
    lambda z, condition, x, y: not_equal(condition, 0.0),
    lambda z, condition, x, y: 1.0 - not_equal(condition, 0.0),
    latex=["0", r"[{x}\ne 0]", "[{x}=0]"],
    sides=lambda condition, x, y: np.not_equal(condition, 0),
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {np.where: where}
