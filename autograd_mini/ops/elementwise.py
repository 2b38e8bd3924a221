"""The elementwise primitives: every name of the rooms that hold them, in one place.

Each declares its name, its forward function on floats and on arrays, and one partial an operand: a
function of the result z and the operands x, y ..., or a number where it is constant. `latex` writes
the partials that are not constant, `formula` the operation itself; `convention` says what holds at
kinks, ties and singular points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini.ops import (
    activations,
    arithmetic,
    comparisons,
    exponential,
    logistic,
    rounding,
    selection,
    special,
    trigonometry,
)
from autograd_mini.ops.activations import *  # noqa: F403  # each room says what is public in it
from autograd_mini.ops.arithmetic import *  # noqa: F403
from autograd_mini.ops.comparisons import *  # noqa: F403
from autograd_mini.ops.exponential import *  # noqa: F403
from autograd_mini.ops.logistic import *  # noqa: F403
from autograd_mini.ops.rounding import *  # noqa: F403
from autograd_mini.ops.selection import *  # noqa: F403
from autograd_mini.ops.special import *  # noqa: F403
from autograd_mini.ops.trigonometry import *  # noqa: F403

__all__: list[str] = []
__all__ += comparisons.__all__
__all__ += selection.__all__
__all__ += arithmetic.__all__
__all__ += rounding.__all__
__all__ += exponential.__all__
__all__ += logistic.__all__
__all__ += trigonometry.__all__
__all__ += special.__all__
__all__ += activations.__all__

NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    **selection.NUMPY,
    **arithmetic.NUMPY,
    **rounding.NUMPY,
    **trigonometry.NUMPY,
}
