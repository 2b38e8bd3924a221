"""Lanes: a program for one sample made into one for many at once.

Inputs are either shared by all lanes or each lane has its own. What depends on shared inputs alone
is computed once; what all lanes share the gradient of is summed over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from autograd_mini.compiler.edits import arranged, extended
from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, Operation
from autograd_mini.compiler.passes import prune
from autograd_mini.compiler.program import (
    AFTER,
    BEFORE,
    LANE,
    Entry,
    Input,
    Instruction,
    Program,
)
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import Primitive

Reduction = Literal["mean", "sum"]


def sum_lanes(program: Program, summed: Sequence[bool]) -> Program:
    """Return a program for sums over the lanes of what the program computes for each.

    Args:
        program: what is computed for each lane.
        summed: for each output whether it is summed over the lanes.

    Returns:
        A program with one more shared input, the last: the number of lanes.
    """
    more: list[Entry] = [Input("lanes")]
    lanes, in_lanes = len(program.codes), program.times == LANE
    outputs = []
    for position, is_summed in zip(program.outputs, summed, strict=True):
        if is_summed:
            if in_lanes[position]:
                more.append(Instruction(LANE_SUM, (position,)))
            else:
                more.append(Instruction(e.multiply, (position, lanes)))
            position = lanes + len(more) - 1
        outputs.append(position)
    return extended(program, more, outputs)


def sums_inward(program: Program) -> Program:
    """Take sums over the lanes of as little as can be: Σ (s x + y z) = s Σ x + Σ y z, s shared.

    A sum of products is then a dot product, and what the lanes share is left out of the sum. The
    terms are added in another order, so the last bits change. After the sums there is nothing else
    yet, as `sum_lanes` leaves it.
    """
    sums = np.flatnonzero(program.of(LANE_SUM))
    if not sums.size:
        return program
    times, uses = program.times.tolist(), program.uses.tolist()
    operands = [*program.operands_by_position()]
    wanted = bytearray(len(times))  # the sums that are taken
    for k in sums.tolist():
        wanted[operands[k][0]] = True
    for k in range(len(times) - 1, -1, -1):
        if wanted[k] and times[k] == LANE and uses[k] == 1:
            for x in terms(program.operation(k), operands[k], times):
                wanted[x] = True

    first = np.flatnonzero(program.times != AFTER)
    new = dict(zip(first.tolist(), range(len(first)), strict=True))
    more: list[Instruction] = []

    def add(operation: Primitive | Operation, *operands: int) -> int:
        more.append(Instruction(operation, operands))
        return len(first) + len(more) - 1

    lanes = program.inputs[-1]
    summed: dict[int, int] = {}
    for k in np.flatnonzero(np.frombuffer(wanted, bool)).tolist():
        if times[k] == BEFORE:
            summed[k] = add(e.multiply, new[k], new[lanes])
            continue
        operation: Any = program.operation(k) if uses[k] == 1 else None
        within = terms(operation, operands[k], times)
        if within:
            summed[k] = add(operation, *[summed[x] if x in within else new[x] for x in operands[k]])
        elif operation is e.multiply:
            summed[k] = add(LANE_DOT, *[new[x] for x in operands[k]])
        else:
            summed[k] = add(LANE_SUM, new[k])
    new |= {k: summed[operands[k][0]] for k in sums.tolist()}
    return prune(extended(arranged(program, first), more, [new[k] for k in program.outputs]))


def terms(operation: Any, operands: Sequence[int], times: Sequence[int]) -> Sequence[int]:
    """Return the operands whose sums make the sum of the result, if it is linear in them."""
    if operation in (e.add, e.subtract, e.neg):
        return operands
    if operation is e.multiply and BEFORE in (times[operands[0]], times[operands[1]]):
        return operands[:1] if times[operands[0]] == LANE else operands[1:]
    if operation is e.divide and times[operands[1]] == BEFORE:
        return operands[:1]
    return ()
