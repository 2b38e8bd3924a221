"""Where a compiled function calls the function itself: inside of a derivative or of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.compiler.arguments import units_in, with_units
from autograd_mini.compiler.plan import Plan
from autograd_mini.state import detecting_anomaly, is_differentiating
from autograd_mini.tape import Node
from autograd_mini.tracer import TRACER
from autograd_mini.value import values

if TYPE_CHECKING:
    from autograd_mini.compiler.replay import Setup


def must_be_eager() -> bool:
    """Return whether the nodes of a call are wanted: to be differentiated, traced or checked."""
    return is_differentiating() or TRACER.get() is not None or detecting_anomaly()


def on_values(args: Sequence[Any]) -> list[Any]:
    """Return arguments with object arrays of `Value`s in the place of arrays of numbers."""

    def as_values(unit: Any) -> Any:
        numeric = isinstance(unit, np.ndarray) and unit.dtype.kind in "fiu"
        return values(unit) if numeric else unit

    return with_units([*args], (as_values(unit) for unit in units_in([*args])))


def eager_function(setup: Setup) -> Callable[..., Any]:
    """Return the function that a compiled one stands for: for many samples, a loop over them."""
    f, axes = setup.f, setup.in_axes
    if axes is None:
        return f

    def looped(*args: Any, **settings: Any) -> Any:
        plan = Plan(f, args, settings, [axes] * len(args) if isinstance(axes, int) else axes)
        units = [*units_in([*args, *settings.values()])]
        m = plan.lane_count(units)
        results = []
        for lane in range(m):
            own = with_units([*args], _of_lane(units, plan.axes, lane))
            results.append(f(*own, **settings))
        if setup.reduction is None:
            whole = np.empty((m, *np.shape(results[0])), dtype=object)
            for lane, z in enumerate(results):
                whole[lane] = z
            return whole
        total = sum(results[1:], results[0])
        return total / m if setup.reduction == "mean" else total

    return looped


def _of_lane(units: Sequence[Any], axes: Sequence[int | None], lane: int) -> Iterator[Any]:
    for x, axis in zip(units, axes, strict=True):
        if axis is None or isinstance(x, Node):
            yield x
        else:
            yield np.take(x, lane, axis)
