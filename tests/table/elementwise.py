"""The rows of what acts on each element alone: one case a combination of shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.primitive import REGISTRY
from tests.table import special
from tests.table.case import (
    Case,
    Sampler,
    Shape,
    above_one,
    condition,
    divisor,
    inside,
    nonzero,
    order,
    positive,
    real,
    uneven,
)

OPERAND_SHAPES: dict[int, tuple[tuple[Shape, ...], ...]] = {
    1: (((),), ((3,),), ((2, 3),), ((1, 3),), ((2, 1, 2),), ((0,),), ((2, 0, 3),)),
    2: (
        ((), ()),
        ((3,), (3,)),
        ((2, 3), ()),
        ((), (2, 3)),
        ((2, 3), (3,)),
        ((3,), (2, 3)),
        ((2, 1), (1, 3)),
        ((2, 1, 3), (4, 1)),
        ((1,), (0,)),
        ((2, 0), (2, 1)),
    ),
    3: (
        ((), (), ()),
        ((2, 3), (2, 3), (2, 3)),
        ((2, 1), (3,), ()),
        ((3,), (), (2, 1)),
        ((), (2, 1, 3), (4, 1)),
        ((0,), (1,), ()),
    ),
}


def elementwise(
    name: str,
    reference: Callable[..., Any],
    *samplers: Sampler,
    fixed: tuple[int, ...] = (),
    function: Callable[..., Any] | None = None,
) -> list[Case]:
    """Return the cases of an elementwise function, over all ways to broadcast its operands.

    It is the primitive of that name unless a composed one is given.
    """
    return [
        Case(f"{name}-{shapes}", function or REGISTRY[name], reference, shapes, samplers, fixed)
        for shapes in OPERAND_SHAPES[len(samplers)]
    ]


def normal(x: Any) -> Any:
    """Return the standard normal distribution function."""
    return 0.5 + 0.5 * special.on_arrays(math.erf)(x / 2**0.5)


def angle(y: Any, x: Any) -> Any:
    """Return the angle of a point by the half-angle formula, away from the cut."""
    return 2 * np.arctan(y / (np.sqrt(x * x + y * y) + x))


ROWS: dict[str, list[Case]] = {
    # comparisons as numbers
    "greater": elementwise("greater", lambda x, y: (x > y) * x.dtype.type(1), real, real),
    "greater_equal": elementwise(
        "greater_equal", lambda x, y: (x >= y) * x.dtype.type(1), real, real
    ),
    "less": elementwise("less", lambda x, y: (x < y) * x.dtype.type(1), real, real),
    "less_equal": elementwise("less_equal", lambda x, y: (x <= y) * x.dtype.type(1), real, real),
    "equal": elementwise("equal", lambda x, y: (x == y) * x.dtype.type(1), real, real),
    "not_equal": elementwise("not_equal", lambda x, y: (x != y) * x.dtype.type(1), real, real),
    "sign": elementwise("sign", lambda x: x / np.abs(x), nonzero),
    # rounding and remainders
    "floor": elementwise("floor", lambda x: x - x % 1, uneven),
    "ceil": elementwise("ceil", lambda x: x + -x % 1, uneven),
    "trunc": elementwise("trunc", lambda x: np.sign(x) * (np.abs(x) - np.abs(x) % 1), uneven),
    "rint": elementwise("rint", lambda x: (x + 0.5) - (x + 0.5) % 1, uneven),
    "floor_divide": elementwise("floor_divide", lambda x, y: np.floor(x / y), uneven, divisor),
    "remainder": elementwise("remainder", lambda x, y: x - y * np.floor(x / y), uneven, divisor),
    "fmod": elementwise("fmod", lambda x, y: x - y * np.trunc(x / y), uneven, divisor),
    "round": [
        *elementwise("round", np.round, uneven, function=am.round),
        *elementwise(
            "round", lambda x: np.round(10 * x, 1), uneven, function=lambda x: am.round(10 * x, 1)
        ),
        *elementwise(
            "round", lambda x: np.round(9 * x, -1), uneven, function=lambda x: am.round(9 * x, -1)
        ),
    ],
    # arithmetic
    "add": elementwise("add", np.add, real, real),
    "subtract": elementwise("subtract", np.subtract, real, real),
    "multiply": elementwise("multiply", np.multiply, real, real),
    "divide": elementwise("divide", np.divide, real, nonzero),
    "power": elementwise("power", lambda x, y: np.exp(y * np.log(x)), positive, real),
    "positive": elementwise("positive", lambda x: 1 * x, real),
    "neg": elementwise("neg", lambda x: 0 - x, real),
    "abs": elementwise("abs", lambda x: np.where(x < 0, -x, x), nonzero),
    "square": elementwise("square", lambda x: x * x, real),
    "sqrt": elementwise("sqrt", lambda x: x**0.5, positive),
    "cbrt": elementwise("cbrt", lambda x: np.sign(x) * np.abs(x) ** (1 / 3), nonzero),
    "reciprocal": elementwise("reciprocal", lambda x: 1 / x, nonzero),
    "hypot": elementwise("hypot", lambda x, y: np.sqrt(x * x + y * y), nonzero, real),
    "deg2rad": elementwise("deg2rad", lambda x: x * np.pi / 180, real, function=am.deg2rad),
    "rad2deg": elementwise("rad2deg", lambda x: x * 180 / np.pi, real, function=am.rad2deg),
    # softmaxes and logarithms
    "exp": elementwise("exp", np.exp, real),
    "exp2": elementwise("exp2", lambda x: 2**x, real),
    "expm1": elementwise("expm1", lambda x: 2 * np.exp(x / 2) * np.sinh(x / 2), real),
    "log": elementwise("log", np.log, positive),
    "log2": elementwise("log2", lambda x: np.log(x) / np.log(2), positive),
    "log10": elementwise("log10", lambda x: np.log(x) / np.log(10), positive),
    "log1p": elementwise("log1p", lambda x: np.log(1 + x), positive),
    "sigmoid": elementwise("sigmoid", lambda x: 1 / (1 + np.exp(-x)), real),
    "softplus": elementwise("softplus", lambda x: np.log(1 + np.exp(x)), real),
    "logaddexp": elementwise("logaddexp", lambda x, y: np.log(np.exp(x) + np.exp(y)), real, real),
    "xlogy": elementwise("xlogy", lambda x, y: x * np.log(y), real, positive),
    "xlog1py": elementwise("xlog1py", lambda x, y: x * np.log(1 + y), real, positive),
    # trigonometry
    "sin": elementwise("sin", np.sin, real),
    "cos": elementwise("cos", np.cos, real),
    "tan": elementwise("tan", lambda x: np.sin(x) / np.cos(x), inside),
    "arcsin": elementwise("arcsin", lambda x: np.arctan(x / np.sqrt(1 - x * x)), inside),
    "arccos": elementwise("arccos", lambda x: 2 * np.arctan(np.sqrt((1 - x) / (1 + x))), inside),
    "arctan": elementwise("arctan", lambda x: np.arcsin(x / np.sqrt(1 + x * x)), real),
    "arctan2": elementwise("arctan2", angle, nonzero, positive),
    "sinc": elementwise("sinc", lambda x: np.sin(np.pi * x) / (np.pi * x), nonzero),
    "sinh": elementwise("sinh", lambda x: (np.exp(x) - np.exp(-x)) / 2, real),
    "cosh": elementwise("cosh", lambda x: (np.exp(x) + np.exp(-x)) / 2, real),
    "tanh": elementwise("tanh", lambda x: np.sinh(x) / np.cosh(x), real),
    "sech_squared": elementwise("sech_squared", lambda x: np.cosh(x) ** -2, real),
    "logistic_slope": elementwise(
        "logistic_slope", lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2, real
    ),
    "arcsinh": elementwise("arcsinh", lambda x: np.log(x + np.sqrt(x * x + 1)), real),
    "arccosh": elementwise("arccosh", lambda x: np.log(x + np.sqrt(x * x - 1)), above_one),
    "arctanh": elementwise("arctanh", lambda x: np.log((1 + x) / (1 - x)) / 2, inside),
    # special functions
    "gaussian": elementwise("gaussian", lambda x: np.exp(-x * x), real),
    "erf": elementwise("erf", special.on_arrays(math.erf), real),
    "erfc": elementwise("erfc", special.on_arrays(math.erfc), real),
    "lgamma": elementwise("lgamma", special.on_arrays(math.lgamma), positive),
    "digamma": elementwise("digamma", lambda x: special.polygamma(0, x), positive),
    "polygamma": elementwise("polygamma", special.polygamma, order, positive, fixed=(0,)),
    # activation functions
    "relu": elementwise("relu", lambda x: np.where(x > 0, x, 0), nonzero),
    "leaky_relu": elementwise(
        "leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), nonzero, positive
    ),
    "elu": elementwise(
        "elu", lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)), nonzero, positive
    ),
    "silu": elementwise("silu", lambda x: x / (1 + np.exp(-x)), real),
    "mish": elementwise("mish", lambda x: x * np.tanh(np.log(1 + np.exp(x))), real),
    "gelu": elementwise("gelu", lambda x: x * normal(x), real),
    "gelu_tanh": elementwise(
        "gelu_tanh",
        lambda x: x / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
        real,
    ),
    # selection
    "maximum": elementwise("maximum", np.maximum, real, real),
    "minimum": elementwise("minimum", np.minimum, real, real),
    "fmax": elementwise("fmax", np.maximum, real, real),
    "fmin": elementwise("fmin", np.minimum, real, real),
    "clip": elementwise(
        "clip",
        lambda x, a, b: np.where(x < a, a, np.where(x > a + b, a + b, x)),
        real,
        real,
        positive,
        function=lambda x, a, b: am.clip(x, a, a + b),
    ),
    "nan_to_num": elementwise("nan_to_num", lambda x: 1 * x, real, function=am.nan_to_num),
    "where": elementwise(
        "where", lambda c, x, y: np.where(c == 0, y, x), condition, real, real, fixed=(0,)
    ),
}
