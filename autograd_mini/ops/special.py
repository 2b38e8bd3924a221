"""Special functions: the error function and its complement, and log-gamma with its derivatives.

The error functions need no more than Python; on arrays SciPy is faster, and is used where it is
installed. The gamma functions need SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from autograd_mini.errors import DataError, MissingExtraError
from autograd_mini.extras import require_modules
from autograd_mini.primitive import Elementwise
from autograd_mini.recording import apply

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "lgamma",
    "polygamma",
]


@cache
def scipy_function(name: str) -> Callable[..., Any]:
    """Return a function of `scipy.special`.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    require_modules("scipy", extra="scipy")
    function: Callable[..., Any] = getattr(import_module("scipy.special"), name)
    return function


def in_double(function: Callable[..., Any], *operands: Any) -> Any:
    """Return a function of arrays computed in double precision, in the operands' own dtype."""
    dtype = np.result_type(*operands, np.float16)
    return np.asarray(function(*(np.asarray(x, dtype=float) for x in operands))).astype(dtype)


def _erf_array(name: str) -> Callable[[Any], Any]:
    def array(x: Any) -> Any:
        try:
            function = scipy_function(name)
        except MissingExtraError:
            function = np.vectorize(getattr(math, name), otypes=[float])
        return in_double(function, x)

    return array


_BOUND = 40.0  # exp(-40²) is 0 in every precision
_GRID = 32.0


def _gaussian_scalar(x: float) -> float:
    x = min(max(x, -_BOUND), _BOUND)
    near = round(_GRID * x) / _GRID
    return math.exp(-near * near) * math.exp((near + x) * (near - x))


def _gaussian_array(x: Any) -> Any:
    x = np.minimum(np.maximum(x, -_BOUND), _BOUND)
    near = np.rint(_GRID * x) / _GRID  # so few digits that its square is exact
    return np.exp(-near * near) * np.exp((near + x) * (near - x))


gaussian: Elementwise = Elementwise(
    "gaussian",  # exp(-x²) without rounding x², for the derivatives of erf and gelu
    _gaussian_scalar,
    _gaussian_array,
    lambda z, x: -2.0 * (x * z),
    latex=[r"-2{x}\,{z}"],
    formula="e^{{-{x}^2}}",
    analytic=lambda x: np.exp(-x * x),
)

_SLOPE = 2.0 / math.sqrt(math.pi)

erf = Elementwise(
    "erf",
    math.erf,
    _erf_array("erf"),
    lambda z, x: _SLOPE * gaussian(x),
    latex=[r"\frac{{2}}{{\sqrt{{\pi}}}}\,e^{{-{x}^2}}"],
    analytic=lambda x: scipy_function("erf")(x),
)
erfc = Elementwise(
    "erfc",
    math.erfc,
    _erf_array("erfc"),
    lambda z, x: -_SLOPE * gaussian(x),
    latex=[r"-\frac{{2}}{{\sqrt{{\pi}}}}\,e^{{-{x}^2}}"],
    analytic=lambda x: scipy_function("erfc")(x),
)

lgamma = Elementwise(
    "lgamma",
    lambda x: float(scipy_function("gammaln")(x)),
    lambda x: in_double(scipy_function("gammaln"), x),
    lambda z, x: digamma(x),
    latex=[r"\mathrm{{digamma}}({x})"],
    convention="at 0: -∞; at -1, -2 ...: NaN",
)
digamma: Elementwise = Elementwise(
    "digamma",
    lambda x: float(scipy_function("digamma")(x)),
    lambda x: in_double(scipy_function("digamma"), x),
    lambda z, x: polygamma(1, x),
    latex=[r"\mathrm{{polygamma}}(1,{x})"],
    convention="at 0, -1, -2 ...: ∞",
    analytic=lambda x: scipy_function("digamma")(x),
)


def _polygamma_array(n: Any, x: Any) -> Any:
    orders = np.asarray(n)
    if not np.all((orders >= 0) & (orders == np.floor(orders))):
        raise DataError(f"polygamma: the order is a whole number from 0 on, got {n!r:.60}")
    return in_double(scipy_function("polygamma"), n, x)


_polygamma: Elementwise = Elementwise(
    "polygamma",
    lambda n, x: float(_polygamma_array(n, np.float64(x))),
    _polygamma_array,
    math.nan,  # there is no derivative by the order
    lambda z, n, x: _polygamma(n + 1.0, x),
    latex=[r"\mathrm{{nan}}", r"\mathrm{{polygamma}}({x}+1,{y})"],
    convention="at x = 0, -1, -2 ...: infinite; by the order n: NaN",
)


def polygamma(n: int, x: Any) -> Any:
    """Return the derivative of order n of the digamma function at x.

    Args:
        n: a whole number from 0 on; 0 is digamma itself.
        x: numbers of any shape.

    Raises:
        DataError: the order is not such a number.
        MissingExtraError: SciPy is not installed.
    """
    if not isinstance(n, int | np.integer):
        raise DataError(f"polygamma: the order is a whole number from 0 on, got {n!r:.60}")
    return apply(_polygamma, float(n), x)
