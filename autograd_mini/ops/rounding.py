"""Rounding to whole numbers, and division with a whole quotient and a remainder.

What is rounded is constant between the jumps, so its derivative is 0; at a jump it is taken to be 0
too. A remainder then has the derivatives of x - n y with n constant.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.arithmetic import divide, multiply
from autograd_mini.primitive import Elementwise

__all__ = [
    "ceil",
    "floor",
    "floor_divide",
    "fmod",
    "remainder",
    "rint",
    "round",
    "trunc",
]


def _rounding(name: str, array: Any) -> Elementwise:
    """Register a way of rounding; NumPy's function serves floats as well, and keeps -0.0."""
    return Elementwise(
        name, lambda x: float(array(x)), array, 0.0, sides=array, convention="at the jump: 0"
    )


floor = _rounding("floor", np.floor)
ceil = _rounding("ceil", np.ceil)
trunc = _rounding("trunc", np.trunc)
rint = _rounding("rint", np.rint)


def round(x: Any, decimals: int = 0) -> Any:
    """Return x rounded to a number of decimals, halves to even; the derivative is 0.

    Args:
        x: numbers of any shape.
        decimals: how many digits stay behind the point; negative for tens, hundreds ...
    """
    if decimals == 0:
        return rint(x)
    scale = 10.0 ** (decimals if decimals > 0 else -decimals)  # a whole number, hence exact
    there, back = (multiply, divide) if decimals > 0 else (divide, multiply)
    return back(rint(there(x, scale)), scale)


floor_divide = Elementwise(
    "floor_divide",
    operator.floordiv,
    np.floor_divide,
    0.0,
    0.0,
    symbol="//",
    sides=np.floor_divide,
    convention="at the jump: 0",
)
remainder = Elementwise(
    "remainder",
    operator.mod,
    np.remainder,
    1.0,
    lambda z, x, y: -floor_divide(x, y),
    symbol="%",
    latex=["1", r"-\mathrm{{floor}}(\frac{{{x}}}{{{y}}})"],
    sides=np.floor_divide,
    convention="at a multiple of y: as on the piece that begins there; at y = 0: NaN",
)


def _whole_quotient(x: Any, y: Any) -> Any:
    return np.rint(np.divide(np.subtract(x, np.fmod(x, y)), y))


fmod = Elementwise(
    "fmod",
    lambda x, y: float(np.fmod(x, y)),
    np.fmod,
    1.0,
    # rounded, since x/y itself may round across a whole number to which x mod y does not belong
    lambda z, x, y: -rint((x - z) / y),
    latex=["1", r"-\mathrm{{trunc}}(\frac{{{x}}}{{{y}}})"],
    sides=_whole_quotient,
    convention="at a multiple of y: as on the piece that begins there, seen from 0; at y = 0: NaN",
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.round: round,
    np.around: round,
    np.fix: trunc,
}
