"""What picks one of several numbers, each element for itself: `where`, the extrema, bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.errors import DataError
from autograd_mini.ops.arithmetic import positive
from autograd_mini.ops.comparisons import equal, greater, greater_equal, not_equal
from autograd_mini.primitive import Elementwise
from autograd_mini.tape import primal

__all__ = [
    "clip",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "nan_to_num",
    "where",
]

where: Elementwise = Elementwise(
    "where",
    lambda condition, x, y: x if condition else y,
    lambda condition, x, y: np.where(np.not_equal(condition, 0), x, y),
    0.0,  # a condition is a choice, not a quantity
    lambda z, condition, x, y: not_equal(condition, 0.0),
    lambda z, condition, x, y: 1.0 - not_equal(condition, 0.0),
    latex=["0", r"[{x}\ne 0]", "[{x}=0]"],
    sides=lambda condition, x, y: np.not_equal(condition, 0),
    convention="by the condition: 0",
    analytic=lambda condition, x, y: np.where(np.not_equal(np.real(condition), 0), x, y),
)


def _larger(x: Any, y: Any) -> Any:
    """Return 1 where x > y, 1/2 at a tie, else 0: the share of x in the maximum."""
    return 0.5 * (greater(x, y) + greater_equal(x, y))


def _piece(x: Any, y: Any) -> Any:
    return np.sign(np.subtract(x, y))


maximum = Elementwise(
    "maximum",
    lambda x, y: x if x >= y or x != x else y,  # a NaN wins, as in NumPy
    np.maximum,
    lambda z, x, y: _larger(x, y),
    lambda z, x, y: _larger(y, x),
    latex=["[{x}>{y}]", "[{y}>{x}]"],
    formula=r"\max({x},{y})",
    sides=_piece,
    convention="at a tie: half to each",
)
minimum = Elementwise(
    "minimum",
    lambda x, y: x if x <= y or x != x else y,
    np.minimum,
    lambda z, x, y: _larger(y, x),
    lambda z, x, y: _larger(x, y),
    latex=["[{x} < {y}]", "[{y} < {x}]"],
    formula=r"\min({x},{y})",
    sides=_piece,
    convention="at a tie: half to each",
)

# fmax and fmin: as maximum and minimum, but of a NaN and a number the number wins.


def _lone(x: Any, y: Any) -> Any:
    """Return 1 where y is NaN and x is not: then x is picked for want of another."""
    return equal(x, x) * not_equal(y, y)


fmax = Elementwise(
    "fmax",
    lambda x, y: x if x >= y or y != y else y,
    np.fmax,
    lambda z, x, y: _larger(x, y) + _lone(x, y),
    lambda z, x, y: _larger(y, x) + _lone(y, x),
    latex=["[{x}>{y}]", "[{y}>{x}]"],
    sides=_piece,
    convention="at a tie: half to each; beside a NaN: 1; of two NaNs: 0",
)
fmin = Elementwise(
    "fmin",
    lambda x, y: x if x <= y or y != y else y,
    np.fmin,
    lambda z, x, y: _larger(y, x) + _lone(x, y),
    lambda z, x, y: _larger(x, y) + _lone(y, x),
    latex=["[{x} < {y}]", "[{y} < {x}]"],
    sides=_piece,
    convention="at a tie: half to each; beside a NaN: 1; of two NaNs: 0",
)


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Return x within bounds, min(max(x, a_min), a_max); differentiable in all three.

    At a bound, half of the cotangent goes to x and half to the bound.

    Args:
        x: numbers of any shape.
        a_min: the lower bound, which broadcasts; None for no bound.
        a_max: the upper bound, likewise.
        min: another name of `a_min`, as in NumPy.
        max: another name of `a_max`.

    Raises:
        DataError: a bound is given under both of its names.
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise DataError("clip: give a bound by one name, a_min or min, a_max or max")
    lower, upper = a_min if min is None else min, a_max if max is None else max
    z = x if lower is None else maximum(x, lower)
    if upper is not None:
        z = minimum(z, upper)
    return positive(x) if z is x else z


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Return x with NaN and the infinities replaced; what is replaced has derivative 0.

    Args:
        x: numbers of any shape.
        nan: what stands for NaN.
        posinf: what stands for ∞; by default the largest number of the dtype.
        neginf: what stands for -∞; by default the smallest number of the dtype.
    """
    dtype = getattr(primal(x), "dtype", None)
    largest = float(np.finfo(dtype if dtype is not None and dtype.kind == "f" else float).max)
    number = where(not_equal(x, x), nan, x)
    number = where(equal(x, np.inf), largest if posinf is None else posinf, number)
    return where(equal(x, -np.inf), -largest if neginf is None else neginf, number)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.where: where,
    np.clip: clip,
    np.nan_to_num: nan_to_num,
}
