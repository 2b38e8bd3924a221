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


def sum_lanes(
    program: Program, summed: Sequence[bool], *, mean: bool = False, part: bool = False
) -> Program:
    """Return a program for sums or means over the lanes of what the program computes for each.

    Args:
        program: what is computed for each lane.
        summed: for each output whether it is summed over the lanes.
        mean: whether all is divided by the number of lanes, also what each lane has for itself.
            What they share is its own mean.
        part: whether the program may be run for a part of the lanes whose mean is taken.

    Returns:
        A program with one more shared input, the last: the number of lanes; for the mean of a part
        with two: the number of all lanes, and what part of them it is.
    """
    more: list[Entry] = [Input("lanes")]
    if mean and part:
        more.append(Input("part"))
    lanes, weight = len(program.codes), len(program.codes) + len(more) - 1
    in_lanes = program.times == LANE

    def add(operation: Primitive | Operation, *operands: int) -> int:
        more.append(Instruction(operation, operands))
        return lanes + len(more) - 1

    outputs = []
    for k, is_summed in zip(program.outputs, summed, strict=True):
        if is_summed and not in_lanes[k]:
            outputs.append(k if mean and not part else add(e.multiply, k, weight))
            continue
        total = add(LANE_SUM, k) if is_summed else k
        outputs.append(add(e.divide, total, lanes) if mean else total)
    return extended(program, more, outputs)


def sums_inward(program: Program, *, mean: bool = False, part: bool = False) -> Program:
    """Take sums over the lanes of as little as can be: Σ (s x + y z) = s Σ x + Σ y z, s shared.

    A sum of products is then a dot product, and what the lanes share is left out of the sum. The
    terms are added in another order, so the last bits change. After the sums there is nothing else
    yet but divisions for a mean, as `sum_lanes` leaves it; now each single sum is divided.
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

    weight = new[program.inputs[-1]]
    lanes = new[program.inputs[-2]] if mean and part else weight

    def add_sum(operation: Operation, *operands: int) -> int:
        total = add(operation, *operands)
        return add(e.divide, total, lanes) if mean else total

    summed: dict[int, int] = {}
    for k in np.flatnonzero(np.frombuffer(wanted, bool)).tolist():
        if times[k] == BEFORE:
            summed[k] = new[k] if mean and not part else add(e.multiply, new[k], weight)
            continue
        operation: Any = program.operation(k) if uses[k] == 1 else None
        within = terms(operation, operands[k], times)
        if within:
            summed[k] = add(operation, *[summed[x] if x in within else new[x] for x in operands[k]])
        elif operation is e.multiply:
            summed[k] = add_sum(LANE_DOT, *[new[x] for x in operands[k]])
        else:
            summed[k] = add_sum(LANE_SUM, new[k])
    new |= {k: summed[operands[k][0]] for k in sums.tolist()}
    after = np.flatnonzero((program.times == AFTER) & ~program.sums).tolist()
    new |= {k: new[operands[k][0]] for k in after}  # the divisions, which are done
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
