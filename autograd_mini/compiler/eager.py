"""Where a compiled function calls the function itself: inside of a derivative or of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.compiler.arguments import taken, units_in, with_units
from autograd_mini.compiler.plan import Plan
from autograd_mini.errors import DataError
from autograd_mini.state import detecting_anomaly, is_differentiating
from autograd_mini.tape import Node, is_object_array
from autograd_mini.tensor import Tensor
from autograd_mini.tracer import TRACER
from autograd_mini.transforms.run import plain
from autograd_mini.transforms.structure import leaves
from autograd_mini.value import Value, values

if TYPE_CHECKING:
    from autograd_mini.compiler.setup import Setup


def must_be_eager() -> bool:
    """Return whether the nodes of a call are wanted: to be differentiated, traced or checked."""
    return is_differentiating() or TRACER.get() is not None or detecting_anomaly()


def called_eagerly(
    setup: Setup,
    transform: Callable[[Callable[..., Any]], Callable[..., Any]],
    args: Sequence[Any],
    settings: Mapping[str, Any],
    *,
    keep_nodes: bool = False,
) -> Any:
    """Call the function, or what a transform makes of it, on nodes of its kind.

    The result is made of nodes where these are wanted, or to be kept, else of numbers.

    Raises:
        DataError: there would be a derivative for each lane.
    """
    if transform is not itself and setup.in_axes is not None and setup.reduction is None:
        raise DataError(
            "with batched(reduce=None) each lane has derivatives of its own, which are not made "
            "inside of a function that is differentiated or compiled, nor under detect_anomaly(); "
            "take the mean or the sum over the lanes, or the function of one sample"
        )
    as_nodes = as_tensors if on_arrays(setup, args, settings) else as_values
    given = with_units([*args], map(as_nodes, units_in([*args])))
    found = transform(eager_function(setup))(*given, **settings)
    keep_nodes = keep_nodes or is_differentiating() or TRACER.get() is not None
    return found if keep_nodes else plain(found)


def itself(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function: the transform that makes nothing of it."""
    return f


def on_arrays(setup: Setup, *trees: Any) -> bool:
    """Return whether a function is one of Tensors: it was said to be, or its arguments hold one."""
    if setup.kind is None:
        return any(isinstance(x, Tensor) for x in leaves(trees))
    return setup.kind is Tensor


def as_tensors(unit: Any) -> Any:
    """Return arrays of real numbers as Tensors, and anything else as it is."""
    return Tensor(unit) if isinstance(unit, np.ndarray) and unit.dtype.kind == "f" else unit


def as_values(unit: Any) -> Any:
    """Return numbers as `Value`s."""
    if isinstance(unit, Node) or is_object_array(unit):
        return unit
    return values(unit) if isinstance(unit, np.ndarray) else Value(unit)


def eager_function(setup: Setup) -> Callable[..., Any]:
    """Return the function that a compiled one stands for: for many samples, a loop over them."""
    f, axes = setup.f, setup.in_axes
    if axes is None:
        return f

    def looped(*args: Any, **settings: Any) -> Any:
        of_args = [axes] * len(args) if isinstance(axes, int) else axes
        for tree, axis in zip(args, of_args, strict=True):
            taken(tree, [], axis)  # which raises where something has no lanes
        plan = Plan(f, args, settings, of_args)
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
