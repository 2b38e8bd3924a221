"""Comparisons as numbers, 0.0 or 1.0, and the sign: the rules of piecewise primitives use them.

They are constant on each piece, so their derivative is 0; at the jump it is taken to be 0 too.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.primitive import Elementwise

__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "not_equal",
    "sign",
]


def _comparison(
    name: str, compare: Callable[[Any, Any], Any], symbol: str, formula: str
) -> Elementwise:
    """Register a comparison, whose result has the operands' own dtype."""
    ufunc = getattr(np, name)

    def array(x: Any, y: Any, out: Any = None) -> Any:
        if out is not None:
            return ufunc(x, y, out=out)
        if y.__class__ is float and x.__class__ is np.ndarray and x.dtype.kind == "f":
            return compare(x, y).astype(x.dtype)  # nearly always, and faster
        return np.asarray(compare(x, y)).astype(np.result_type(x, y, np.float16))

    return Elementwise(
        name,
        lambda x, y: 1.0 if compare(x, y) else 0.0,
        array,
        0.0,
        0.0,
        symbol=symbol,
        formula=formula,
        sides=compare,
        convention="at the jump: 0",
    )


greater = _comparison("greater", operator.gt, ">", "[{x}>{y}]")
greater_equal = _comparison("greater_equal", operator.ge, "≥", r"[{x}\geq {y}]")
less = _comparison("less", operator.lt, "<", "[{x} < {y}]")
less_equal = _comparison("less_equal", operator.le, "≤", r"[{x}\leq {y}]")
equal = _comparison("equal", operator.eq, "=", "[{x}={y}]")
not_equal = _comparison("not_equal", operator.ne, "≠", r"[{x}\ne {y}]")

sign = Elementwise(
    "sign",
    lambda x: math.copysign(1.0, x) if x < 0.0 or x > 0.0 else x,
    np.sign,
    0.0,
    sides=np.sign,
    convention="at 0: 0",
)


def both_zero(x: Any, y: Any) -> Any:
    """Return 1 where x = y = 0, else 0: what a rule adds to y so that x/y is 0 there, not NaN."""
    return (1.0 - not_equal(x, 0.0)) * (1.0 - not_equal(y, 0.0))
