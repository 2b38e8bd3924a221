"""The logistic function and its integrals: sigmoid, softplus and logaddexp, without overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.arithmetic import abs
from autograd_mini.ops.comparisons import equal
from autograd_mini.ops.selection import where
from autograd_mini.primitive import Elementwise

__all__ = [
    "logaddexp",
    "sigmoid",
    "softplus",
]


def _sigmoid_scalar(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)  # exp of a negative number never overflows
    return e / (1.0 + e)


def _sigmoid_array(x: Any) -> Any:
    e = np.exp(-np.absolute(x))
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


def sigmoid_analytic(x: Any) -> Any:
    """Return σ(x) of complex numbers."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


sigmoid: Elementwise = Elementwise(
    "sigmoid",
    _sigmoid_scalar,
    _sigmoid_array,
    lambda z, x: logistic_slope(x),  # 1 - z has no digits left where z is nearly 1
    symbol="σ",
    latex=[r"\sigma'({x}) = {z}(1-{z})"],
    formula=r"\sigma({x})",
    analytic=sigmoid_analytic,
)


def _slope_scalar(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return e / ((1.0 + e) * (1.0 + e))


def _slope_array(x: Any) -> Any:
    e = np.exp(-np.absolute(x))
    return e / np.square(1 + e)


logistic_slope: Elementwise = Elementwise(
    "logistic_slope",  # σ'(x) = σ(x) σ(-x), by one exponential: it is needed in every sweep
    _slope_scalar,
    _slope_array,
    lambda z, x: z * (1.0 - 2.0 * sigmoid(x)),
    latex=[r"{z}\,(1-2\,\sigma({x}))"],
    formula=r"\sigma({x})\,(1-\sigma({x}))",
    analytic=lambda x: 0.25 / np.square(np.cosh(0.5 * x)),
)


def _softplus_scalar(x: float) -> float:
    return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-math.fabs(x)))


def _logaddexp_scalar(x: float, y: float) -> float:
    if x == y:
        return x + math.log(2.0)  # also of two infinities, whose difference is NaN
    return (x if x > y else y) + math.log1p(math.exp(-math.fabs(x - y)))


def log_sum_analytic(x: Any, y: Any) -> Any:
    """Return log(exp(x) + exp(y)) of complex numbers."""
    shift = np.maximum(np.real(x), np.real(y))
    return shift + np.log(np.exp(x - shift) + np.exp(y - shift))


softplus = Elementwise(
    "softplus",
    _softplus_scalar,
    lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x))),
    lambda z, x: sigmoid(x),
    latex=[r"\sigma({x})"],
    analytic=lambda x: log_sum_analytic(x, 0.0),
)


def _share(x: Any, y: Any) -> Any:
    """Return eˣ / (eˣ + eʸ) as σ(x - y); where x - y is NaN, of two infinities, as σ(x)."""
    infinite = equal(x, y) * equal(abs(x), np.inf)
    return sigmoid(x - where(infinite, 0.0, y))


logaddexp = Elementwise(
    "logaddexp",
    _logaddexp_scalar,
    np.logaddexp,
    lambda z, x, y: _share(x, y),
    lambda z, x, y: _share(y, x),
    latex=[r"\sigma({x}-{y})", r"\sigma({y}-{x})"],
    formula=r"\ln(e^{{{x}}}+e^{{{y}}})",
    convention="at x = y = -∞: 0 to each, as in logsumexp; at x = y = ∞: 1 to each",
    analytic=log_sum_analytic,
)
