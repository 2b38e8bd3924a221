"""Activation functions of neural networks, besides tanh, sigmoid and softplus.

Where a product such as x σ(x) has a factor that vanishes, the other is bounded first, so that it is
0 at infinity as well, and not NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.comparisons import greater
from autograd_mini.ops.exponential import exp, expm1
from autograd_mini.ops.logistic import log_sum_analytic, sigmoid, sigmoid_analytic, softplus
from autograd_mini.ops.selection import clip, where
from autograd_mini.ops.special import erfc, gaussian, scipy_function
from autograd_mini.ops.trigonometry import sech_squared, tanh
from autograd_mini.primitive import Elementwise
from autograd_mini.recording import apply

__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "mish",
    "relu",
    "silu",
]

relu = Elementwise(
    "relu",
    lambda x: 0.0 if x < 0.0 else x,
    lambda x, out=None: np.maximum(x, 0.0, out=out),
    lambda z, x: greater(x, 0.0),
    latex=["[{x}>0]"],
    sides=lambda x: np.greater(x, 0),
    convention="at 0: 0",
)
_leaky_relu = Elementwise(
    "leaky_relu",
    lambda x, slope: x * slope if x < 0.0 else x,
    lambda x, slope: np.where(np.less(x, 0), x * slope, x),
    lambda z, x, slope: where(greater(x, 0.0), 1.0, slope),
    lambda z, x, slope: where(greater(x, 0.0), 0.0, x),
    latex=[r"[{x}>0]+{y}[{x}\leq 0]", r"{x}[{x}\leq 0]"],
    sides=lambda x, slope: np.greater(x, 0),
    convention="at x = 0: the slope",
)


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """Return x where it is positive, else slope · x; differentiable in both.

    The derivative at 0 is `slope`.
    """
    return apply(_leaky_relu, x, slope)


def _negative_part(x: Any) -> Any:
    return where(greater(x, 0.0), 0.0, x)


_elu = Elementwise(
    "elu",
    lambda x, alpha: x if x > 0.0 else alpha * math.expm1(x),
    lambda x, alpha: np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0))),
    lambda z, x, alpha: where(greater(x, 0.0), 1.0, alpha * exp(_negative_part(x))),
    lambda z, x, alpha: expm1(_negative_part(x)),
    latex=[r"[{x}>0]+{y}\,e^{{{x}}}\,[{x}\leq 0]", r"(e^{{{x}}}-1)\,[{x}\leq 0]"],
    sides=lambda x, alpha: np.greater(x, 0),
    convention="at x = 0: alpha",
)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x where it is positive, else alpha · (eˣ - 1); differentiable in both.

    The exponential linear unit of Clevert et al. 2015, arXiv:1511.07289. The derivative at 0 is
    `alpha`.
    """
    return apply(_elu, x, alpha)


def _bounded(x: Any) -> Any:
    return clip(x, -800.0, 800.0)  # exp(-800) is 0 in every precision


silu = Elementwise(
    "silu",
    lambda x: max(x, -800.0) * sigmoid(x),
    lambda x: np.maximum(x, -800) * sigmoid(x),
    lambda z, x: sigmoid(x) * (1.0 + _bounded(x) * sigmoid(-x)),
    latex=[r"\sigma({x})\,(1+{x}\,\sigma(-{x}))"],
    formula=r"{x}\,\sigma({x})",
    analytic=lambda x: x * sigmoid_analytic(x),
)
mish = Elementwise(
    "mish",
    lambda x: max(x, -800.0) * tanh(softplus(x)),
    lambda x: np.maximum(x, -800) * tanh(softplus(x)),
    lambda z, x: tanh(softplus(x)) + _bounded(x) * sech_squared(softplus(x)) * sigmoid(x),
    latex=[r"\frac{{{z}}}{{{x}}}+{x}\,\sigma({x})\,(1-\frac{{{z}^2}}{{{x}^2}})"],
    formula=r"{x}\,\tanh(\ln(1+e^{{{x}}}))",
    analytic=lambda x: x * np.tanh(log_sum_analytic(x, 0.0)),
)

# gelu(x) = x Φ(x), Φ the normal distribution function: exact, and as it was first approximated.

_SQRT_HALF = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


def _normal(x: Any) -> Any:
    """Return Φ(x), whose tail keeps its digits."""
    return 0.5 * erfc(-_SQRT_HALF * x)


_gelu = Elementwise(
    "gelu",
    lambda x: max(x, -40.0) * _normal(x),
    lambda x: np.maximum(x, -40) * _normal(x),
    lambda z, x: _normal(x) + clip(x, -40.0, 40.0) * (_DENSITY * gaussian(_SQRT_HALF * x)),
    latex=[r"\Phi({x})+{x}\,\varphi({x})"],
    formula=r"{x}\,\Phi({x})",
    analytic=lambda x: 0.5 * x * scipy_function("erfc")(-_SQRT_HALF * x),
)

_LINEAR = 2.0 * math.sqrt(2.0 / math.pi)
_CUBIC = 0.044715 * _LINEAR


def _gate(x: Any, sign: float = 1.0) -> Any:
    """Return (1 + tanh(u))/2 = σ(2u) for |x| ≤ 40, with 2u = √(8/π) (x + 0.044715 x³)."""
    return sigmoid(sign * x * (_LINEAR + _CUBIC * x * x))


def _gelu_tanh_slope(z: Any, x: Any) -> Any:
    x = clip(x, -40.0, 40.0)  # beyond, the gate is 0 or 1
    return _gate(x) * (1.0 + x * (_LINEAR + 3.0 * _CUBIC * x * x) * _gate(x, -1.0))


_gelu_tanh = Elementwise(
    "gelu_tanh",
    lambda x: max(x, -40.0) * _gate(min(max(x, -40.0), 40.0)),
    lambda x: np.maximum(x, -40) * _gate(clip(x, -40.0, 40.0)),
    _gelu_tanh_slope,
    latex=[
        r"\frac{{{z}}}{{{x}}}"
        r"+{z}\,(1-\frac{{{z}}}{{{x}}})\,\sqrt{{\frac{{8}}{{\pi}}}}\,(1+0.134145{x}^2)"
    ],
    analytic=lambda x: x * sigmoid_analytic(x * (_LINEAR + _CUBIC * x * x)),
)


def gelu(x: Any, approximate: bool = False) -> Any:
    """Return x Φ(x), Φ the standard normal distribution function.

    The Gaussian error linear unit of Hendrycks and Gimpel 2016, arXiv:1606.08415.

    Args:
        x: numbers of any shape.
        approximate: whether to take ½ (1 + tanh(√(2/π) (x + 0.044715 x³))) for Φ(x).
    """
    return apply(_gelu_tanh if approximate else _gelu, x)
