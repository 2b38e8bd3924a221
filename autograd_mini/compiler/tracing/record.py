"""A record: one run of a function as a program, with all that its replays need besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import blank
from autograd_mini.compiler.plan import Plan
from autograd_mini.compiler.program import Program
from autograd_mini.compiler.tracing.derivatives import traced, value_nodes
from autograd_mini.compiler.tracing.generators import check_undrawn
from autograd_mini.compiler.tracing.reach import surroundings_of
from autograd_mini.compiler.tracing.surroundings import Surroundings
from autograd_mini.compiler.tracing.trace import Draw
from autograd_mini.errors import DataError
from autograd_mini.tape import Node


class Record(NamedTuple):
    """What a trace gave.

    Attributes:
        program: as it was traced. Its inputs are the numbers of the arguments, those of the draws,
            and the captured nodes, in this order.
        tree: what the function returned, with zeros for numbers; None where that is no result.
        draws: what is drawn at each replay.
        captured: the nodes from outside, whose data are read at each replay.
        around: the objects around the function that the program is made for.
    """

    program: Program
    tree: Any
    draws: list[Draw]
    captured: list[Node]
    around: Surroundings


def recorded(
    f: Callable[..., Any],
    aim: Aim,
    plan: Plan,
    args: Sequence[Any],
    settings: Mapping[str, Any],
    numbers: Sequence[Any],
) -> Record:
    """Run a function, and the sweeps that the aim asks for, and return the record of that.

    Args:
        f: the function.
        aim: what to compute.
        plan: the layout of the arguments.
        args: the arguments, followed by the vector where there is one.
        settings: the keyword arguments.
        numbers: what the units of all arguments are to be.
    """
    around = surroundings_of(f, [args, settings])
    found = traced(f, aim, args, settings, partial(value_nodes, numbers))
    check_undrawn(around.generators)
    # What the function itself changes while it runs says nothing about a later replay.
    around.namespaces.extend(found.trace.settings())
    program = found.trace.program(found.outputs, plan.names, plan.lanes)
    asked = [condition for condition, _ in found.trace.guards]
    used = (*found.trace.captured, *found.outputs, *asked)
    if any(isinstance(x, Node) and x.rank > 1 for x in used):
        raise DataError(
            "the function computes with Tensors, and its arguments hold none, so that it was "
            "compiled for Values; say compile(f, kind=Tensor)"
        )
    return Record(
        program,
        blank(found.tree) if aim.mode == "value" else None,
        [draw for draw, _ in found.trace.draws],
        found.trace.captured,
        around.unchanged(),
    )
