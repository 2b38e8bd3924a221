"""Probes as lanes: a loss of `Value`s is made a program once, which runs at all probes at once.

What it says counts only where it is what the loss itself says. So both are compared at two points,
bit by bit, and a probe at which the loss goes another way, or is not finite, is left to the loss.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.gradcheck.loss import at_ends, call
from autograd_mini.gradcheck.probes import Step, random_step
from autograd_mini.gradcheck.vectors import Vector, named_entries, nodes_of
from autograd_mini.tape import Node
from autograd_mini.value import Value

if TYPE_CHECKING:  # at run time the compiler is loaded by checks that are large enough for it
    from autograd_mini.compiler.program import Program

FEWEST = 64
"""Fewer probes are over before a program would be made."""

FLOATS = 2**22
"""So many numbers go into and come out of the lanes that are run at once: 32 megabytes."""

WORTH_LOADING = 2**30
"""From so many instructions on, of all lanes, numba pays even where it must be loaded first."""


def replayed(loss: Callable[..., Any], params: Any, steps: Sequence[Step]) -> Vector:
    """Return the loss at the two probes of each step, (steps, 2).

    It is NaN where the loss must be called: everywhere, if there is no program that does the same.
    """
    found = np.full((len(steps), 2), np.nan)
    if found.size < FEWEST or not are_values(params):
        return found
    program = program_of(loss, params)
    if program is None:
        return found
    lanes = Lanes(program, params, found.size)
    check = random_step(params)
    probes = [(step, end) for step in (check, *steps) for end in (0, 1)]
    flat = np.empty(len(probes))
    for start in range(0, len(probes), lanes.width):
        part = slice(start, start + lanes.width)
        flat[part] = lanes(probes[part])
        if not start and not agrees(flat[:2], at_ends(loss, params, check)):
            return found
    return flat.reshape(-1, 2)[1:]


def agrees(lanes: Vector, called: Sequence[Vector]) -> bool:
    """Return whether lanes give what the loss does, where they give something."""
    known = ~np.isnan(lanes)
    return bool(known.any()) and np.array_equal(lanes[known], np.array(called)[known])


def are_values(params: Any) -> bool:
    """Return whether all parameters are `Value`s, each of them there once."""
    entries = [entry for _, entry in named_entries(params)]
    nodes = [node for entry in entries for node in nodes_of(entry)]
    return (
        all(nodes_of(entry) or not np.size(entry) for entry in entries)
        and all(isinstance(node, Value) for node in nodes)
        and len(set(nodes)) == len(nodes)
    )


def program_of(loss: Callable[..., Any], params: Any) -> Program | None:
    """Return the loss as a program of the parameters, which each lane has for itself; or None.

    All else that the loss depends on stays as it is during a check.
    """
    from autograd_mini.compiler.eager import must_be_eager
    from autograd_mini.compiler.edits import replaced
    from autograd_mini.compiler.passes import TIDY, fuse
    from autograd_mini.compiler.program import Constant
    from autograd_mini.compiler.tracing.trace import Trace

    if must_be_eager():
        return None
    nodes: list[Node] = [node for _, entry in named_entries(params) for node in nodes_of(entry)]
    trace = Trace(inputs=nodes)
    try:
        output = trace.run(call, loss, params)
        program = trace.program([output], lanes=[True] * len(nodes))
    except Exception:  # if it is the loss that raises, it does so too when it is called
        return None
    if not isinstance(output, Value) or trace.draws:
        return None
    captured = zip(program.inputs[len(nodes) :], trace.captured, strict=True)
    program = replaced(program, {k: Constant(node.primal) for k, node in captured})
    for tidy in (*TIDY, fuse):
        program = tidy(program)
    if not all(isinstance(program.details[k].value, float) for k in program.constants):
        return None  # there are Tensors in it
    if any(operation.scalar is None for operation in program.operations()):
        return None
    if not set(program.constants).isdisjoint(program.results):
        return None
    return program


class Lanes:
    """A program of the loss, to be run at many probes.

    Args:
        program: what computes the loss from the parameters.
        params: the parameters.
        count: at how many probes it will be run, on which depends what runs it.
    """

    def __init__(self, program: Program, params: Any, count: int) -> None:
        from autograd_mini.compiler.executors import Engine, make_executor

        loaded = "autograd_mini.compiler.interpreter.kernels" in sys.modules
        engine: Engine = "auto" if loaded or len(program) * count > WORTH_LOADING else "numpy"
        self.run = make_executor(program, engine, exact=True)
        self.expected = np.array([guard.expected for guard in program.guards], dtype=bool)
        nodes = [node for _, entry in named_entries(params) for node in nodes_of(entry)]
        self.rows = {node: row for row, node in enumerate(nodes)}
        self.theta = np.array([[node.primal] for node in nodes])
        self.width = max(2, FLOATS // (len(nodes) + len(program.results)))

    def __call__(self, probes: Sequence[tuple[Step, int]]) -> Vector:
        """Return the loss at each probe, an end of a step; NaN where it must be called."""
        points = np.repeat(self.theta, len(probes), axis=1)
        for lane, (step, end) in enumerate(probes):
            for move in step.moves:
                entry = move.entry if isinstance(move.entry, Node) else move.entry[move.index]
                rows = [self.rows[node] for node in nodes_of(entry)]
                points[rows, lane] = np.ravel(move.ends[end])
        values, *conditions = self.run(np.empty(0), points)[1]
        came_out = np.reshape(conditions, (-1, len(probes))) != 0.0
        same_way = np.all(self.expected == came_out.T, axis=1)
        return np.where(same_way & np.isfinite(values), values, np.nan)
