"""The rows of the elementwise primitives: one case a combination of shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.primitive import REGISTRY
from tests.table.case import Case, Sampler, Shape, condition, nonzero, positive, real

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
) -> list[Case]:
    """Return the cases of an elementwise primitive, over all ways to broadcast its operands."""
    return [
        Case(f"{name}-{shapes}", REGISTRY[name], reference, shapes, samplers, fixed)
        for shapes in OPERAND_SHAPES[len(samplers)]
    ]


ROWS: dict[str, list[Case]] = {
    # comparisons as numbers
    "greater": elementwise("greater", lambda x, y: (x > y) * x.dtype.type(1), real, real),
    "greater_equal": elementwise(
        "greater_equal", lambda x, y: (x >= y) * x.dtype.type(1), real, real
    ),
    "not_equal": elementwise("not_equal", lambda x, y: (x != y) * x.dtype.type(1), real, real),
    "sign": elementwise("sign", lambda x: x / np.abs(x), nonzero),
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
    "reciprocal": elementwise("reciprocal", lambda x: 1 / x, nonzero),
    # exponentials and their kin
    "exp": elementwise("exp", np.exp, real),
    "log": elementwise("log", np.log, positive),
    "log1p": elementwise("log1p", lambda x: np.log(1 + x), positive),
    "sin": elementwise("sin", np.sin, real),
    "cos": elementwise("cos", np.cos, real),
    "tanh": elementwise("tanh", lambda x: np.sinh(x) / np.cosh(x), real),
    "sigmoid": elementwise("sigmoid", lambda x: 1 / (1 + np.exp(-x)), real),
    "softplus": elementwise("softplus", lambda x: np.log(1 + np.exp(x)), real),
    "xlogy": elementwise("xlogy", lambda x, y: x * np.log(y), real, positive),
    "xlog1py": elementwise("xlog1py", lambda x, y: x * np.log(1 + y), real, positive),
    # piecewise
    "relu": elementwise("relu", lambda x: np.where(x > 0, x, 0), nonzero),
    "leaky_relu": elementwise(
        "leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), nonzero, positive
    ),
    "maximum": elementwise("maximum", np.maximum, real, real),
    "minimum": elementwise("minimum", np.minimum, real, real),
    "where": elementwise(
        "where", lambda c, x, y: np.where(c == 0, y, x), condition, real, real, fixed=(0,)
    ),
}
