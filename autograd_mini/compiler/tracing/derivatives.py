"""What is to be computed: a function, its gradient, a product with its Hessian; each a trace.

Derivatives are recorded by the sweeps. There is no derivative code here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import is_unit, units_in, with_units
from autograd_mini.compiler.tracing.trace import Trace, object_array
from autograd_mini.errors import DataError, ShapeError
from autograd_mini.state import differentiating
from autograd_mini.sweep import forward, make_seed, reverse
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.transforms.run import unused


class Traced(NamedTuple):
    """A function that was traced.

    Attributes:
        trace: what was heard.
        outputs: what the program is to compute, nodes and numbers, one for each of its results.
        tree: what the function returned.
    """

    trace: Trace
    outputs: list[Any]
    tree: Any


def traced(
    f: Callable[..., Any],
    aim: Aim,
    args: Sequence[Any],
    settings: Mapping[str, Any],
    nodes_of: Callable[[Trace], Iterator[Any]],
) -> Traced:
    """Run a function on nodes, and the sweeps that the aim asks for.

    Args:
        f: the function.
        aim: what to compute.
        args: its arguments, followed by v where there is one.
        settings: its keyword arguments.
        nodes_of: returns what reaches the function in the place of each unit of its arguments:
            inputs of a trace, or arrays of them.

    Raises:
        ShapeError: a gradient is asked of what is not one number.
        UnusedError: the result does not depend on an argument that is differentiated by.
    """
    trace = Trace()
    nodes = nodes_of(trace)

    def fresh(tree: Any) -> Any:
        return with_units(tree, nodes)

    if aim.mode == "value":
        tree = trace.run(f, *fresh([*args]), **fresh({**settings}))
        return Traced(trace, [x for unit in units_in(tree) for x in elements(unit)], tree)
    with differentiating(refuse_reading=not aim.allow_unused):
        own: list[list[Node]] = []  # the inputs that stand for each argument
        given = []
        for argument in args:
            start = len(trace.inputs)
            given.append(fresh(argument))
            own.append(trace.inputs[start:])
        named = fresh({**settings})
        given, directions = given[: len(args) - aim.vectors], given[len(args) - aim.vectors :]
        z = trace.run(f, *given, **named)
    if is_object_array(z) and z.size == 1:
        z = z.item()
    if not is_unit(z):
        raise ShapeError(
            f"the gradient is of one number, the function returned {type(z).__name__} {z!r:.60}: "
            "return one number alone"
        )
    if np.size(primal(z)) != 1:
        raise ShapeError(
            f"the gradient is of one number, the function returned {type(z).__name__}, shape "
            f"{np.shape(primal(z))}: reduce it, as in np.sum(...)"
        )
    inputs = [x for position in aim.argnums for x in own[position]]
    seeds = {z: make_seed(z)} if isinstance(z, Node) else {}
    bars = trace.run(lambda: dict(reverse(seeds, wrt=inputs, record=True))) if inputs else {}
    for position in aim.argnums:
        if not own[position] and not [*units_in(given[position])]:
            raise DataError(f"argument {position} holds no real number to differentiate by")
        if own[position] and not aim.allow_unused and bars.keys().isdisjoint(own[position]):
            raise unused(position, [z])
    gradient = [bars.get(x, zeros_like(x)) for x in inputs]
    if aim.mode == "gradient":
        return Traced(trace, [z, *gradient], z)
    v = [x for unit in units_in(directions) for x in elements(unit)]
    of_inputs = [np.shape(primal(unit)) for i in aim.argnums for unit in units_in(given[i])]
    of_v = [np.shape(primal(unit)) for unit in units_in(directions)]
    if of_v != of_inputs:
        raise ShapeError(
            f"v must be like what is differentiated by: expected shapes {of_inputs}, got {of_v}"
        )
    ends = [x for x in gradient if isinstance(x, Node)]
    dots = dict(zip(inputs, v, strict=True))
    tangents = trace.run(lambda: forward(ends, dots, record=True)) if ends else []
    product = dict(zip(ends, tangents, strict=True))
    found = [product.get(x) if isinstance(x, Node) else None for x in gradient]
    outputs = [zeros_like(x) if dot is None else dot for dot, x in zip(found, inputs, strict=True)]
    return Traced(trace, outputs, z)


def elements(unit: Any) -> list[Any]:
    """Return the nodes and numbers of a unit in order."""
    return [*unit.flat] if isinstance(unit, np.ndarray) else [unit]


def zeros_like(x: Node) -> Any:
    """Return the derivative of what does not depend on an input."""
    return np.zeros_like(x.primal) if x.rank > 1 else 0.0


def value_nodes(units: Iterable[Any], trace: Trace) -> Iterator[Any]:
    """Yield new inputs of a trace for each number, and in the shape of each array."""
    for numbers in units:
        if isinstance(numbers, np.ndarray):
            nodes = [trace.input(x) for x in numbers.ravel().tolist()]
            yield object_array(nodes, numbers.shape)
        else:
            yield trace.input(numbers)
