"""Exponentials and logarithms, in the bases e, 2 and 10."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.comparisons import both_zero
from autograd_mini.primitive import Elementwise

__all__ = [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "xlog1py",
    "xlogy",
]

exp = Elementwise(
    "exp",
    math.exp,
    np.exp,
    lambda z, x: z,
    latex=["{z}"],
    formula="e^{{{x}}}",
    analytic=True,
)
exp2 = Elementwise(
    "exp2",
    math.exp2,
    np.exp2,
    lambda z, x: math.log(2.0) * z,
    latex=[r"{z}\,\ln(2)"],
    formula="2^{{{x}}}",
    analytic=True,
)
expm1 = Elementwise(
    "expm1",
    math.expm1,
    np.expm1,
    lambda z, x: exp(x),  # z + 1 has no digits left where z is nearly -1
    latex=["e^{{{x}}}"],
    formula="e^{{{x}}}-1",
    analytic=True,
)
log: Elementwise = Elementwise(
    "log",
    math.log,
    np.log,
    lambda z, x: 1.0 / x,
    latex=[r"\frac{{1}}{{{x}}}"],
    formula=r"\ln({x})",
    convention="at 0: ∞",
    analytic=True,
)
log2 = Elementwise(
    "log2",
    math.log2,
    np.log2,
    lambda z, x: math.log2(math.e) / x,
    latex=[r"\frac{{1}}{{{x}\,\ln(2)}}"],
    convention="at 0: ∞",
    analytic=True,
)
log10 = Elementwise(
    "log10",
    math.log10,
    np.log10,
    lambda z, x: math.log10(math.e) / x,
    latex=[r"\frac{{1}}{{{x}\,\ln(10)}}"],
    convention="at 0: ∞",
    analytic=True,
)
log1p = Elementwise(
    "log1p",
    math.log1p,
    np.log1p,
    lambda z, x: 1.0 / (1.0 + x),
    latex=[r"\frac{{1}}{{1+{x}}}"],
    formula=r"\ln(1+{x})",
    convention="at -1: ∞",
    analytic=True,
)

# x log y and x log(1 + y): 0 where x = 0, so that cross-entropies have 0 log 0 = 0. As everywhere,
# a NaN stays one.


def _log_or_zero(log: Callable[[Any], Any], root: float) -> Callable[[Any, Any], Any]:
    """Return x log(y) on arrays, where log(root) = 0 takes the place of what x = 0 cancels."""

    def array(x: Any, y: Any) -> Any:
        return x * log(np.where(np.equal(x, 0) & np.equal(y, y), root, y))

    return array


xlogy = Elementwise(
    "xlogy",
    lambda x, y: x * math.log(y) if x or y != y else 0.0,
    _log_or_zero(np.log, 1),
    lambda z, x, y: log(y),
    lambda z, x, y: x / (y + both_zero(x, y)),
    latex=[r"\ln({y})", r"\frac{{{x}}}{{{y}}}"],
    formula=r"{x}\,\ln({y})",
    convention="at x = y = 0: by x -∞, by y 0",
    analytic=True,
)
xlog1py = Elementwise(
    "xlog1py",
    lambda x, y: x * math.log1p(y) if x or y != y else 0.0,
    _log_or_zero(np.log1p, 0),
    lambda z, x, y: log1p(y),
    lambda z, x, y: x / (1.0 + y + both_zero(x, 1.0 + y)),
    latex=[r"\ln(1+{y})", r"\frac{{{x}}}{{1+{y}}}"],
    formula=r"{x}\,\ln(1+{y})",
    convention="at x = 0, y = -1: by x -∞, by y 0",
    analytic=True,
)
