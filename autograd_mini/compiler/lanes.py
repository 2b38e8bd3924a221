"""Lanes: a program for one sample made into one for many at once.

Inputs are either shared by all lanes or each lane has its own. What depends on shared inputs alone
is computed once; what all lanes share the gradient of is summed over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, Operation
from autograd_mini.compiler.passes import is_instruction, prune, use_counts
from autograd_mini.compiler.program import (
    AFTER,
    BEFORE,
    LANE,
    Entry,
    Input,
    Instruction,
    Program,
    binding_times,
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
    times = binding_times(program)
    entries: list[Entry] = [*program.entries, Input("lanes")]
    lanes = len(entries) - 1
    outputs = []
    for position, is_summed in zip(program.outputs, summed, strict=True):
        if is_summed:
            if times[position] == LANE:
                entries.append(Instruction(LANE_SUM, (position,)))
            else:
                entries.append(Instruction(e.multiply, (position, lanes)))
            position = len(entries) - 1
        outputs.append(position)
    return Program(entries, tuple(outputs), program.guards)


def sums_inward(program: Program) -> Program:
    """Take sums over the lanes of as little as can be: Σ (s x + y z) = s Σ x + Σ y z, s shared.

    A sum of products is then a dot product, and what the lanes share is left out of the sum. The
    terms are added in another order, so the last bits change.
    """
    entries = program.entries
    if not any(is_instruction(entry, LANE_SUM) for entry in entries):
        return program
    times = binding_times(program)
    lanes = max(k for k, entry in enumerate(entries) if isinstance(entry, Input))
    uses = use_counts(program)
    wanted = [False] * len(entries)  # the sums that are taken
    for entry in entries:
        if is_instruction(entry, LANE_SUM):
            wanted[entry.operands[0]] = True
    for k in range(len(entries) - 1, -1, -1):
        if wanted[k] and times[k] == LANE and isinstance(entries[k], Instruction) and uses[k] == 1:
            for x in terms(entries[k], times):
                wanted[x] = True

    kept: list[Entry] = []
    new = [-1] * len(entries)

    def add(operation: Primitive | Operation, *operands: int) -> int:
        kept.append(Instruction(operation, operands))
        return len(kept) - 1

    for k, entry in enumerate(entries):
        if times[k] != AFTER:
            if isinstance(entry, Instruction):
                entry = Instruction(
                    entry.operation, tuple([new[x] for x in entry.operands]), entry.params
                )
            new[k] = len(kept)
            kept.append(entry)
    sums: dict[int, int] = {}
    for k, entry in enumerate(entries):
        if not wanted[k]:
            continue
        if times[k] == BEFORE:
            sums[k] = add(e.multiply, new[k], new[lanes])
            continue
        within = terms(entry, times) if uses[k] == 1 else ()
        if not within and uses[k] == 1 and is_instruction(entry, e.multiply):
            sums[k] = add(LANE_DOT, *[new[x] for x in entry.operands])
        elif not within:
            sums[k] = add(LANE_SUM, new[k])
        else:
            operation, operands, _ = entry  # type: ignore[misc]
            sums[k] = add(operation, *[sums[x] if x in within else new[x] for x in operands])
    for k, entry in enumerate(entries):
        if times[k] == AFTER:
            assert isinstance(entry, Instruction)
            if entry.operation is LANE_SUM:
                new[k] = sums[entry.operands[0]]
            else:
                new[k] = add(entry.operation, *[new[x] for x in entry.operands])
    return prune(program.with_results(kept, new))


def terms(entry: Entry, times: Sequence[int]) -> tuple[int, ...]:
    """Return the operands whose sums make the sum of the result, if it is linear in them."""
    if not isinstance(entry, Instruction):
        return ()
    operation, operands, _ = entry
    if operation in (e.add, e.subtract, e.neg):
        return operands
    if operation is e.multiply and BEFORE in (times[operands[0]], times[operands[1]]):
        return operands[:1] if times[operands[0]] == LANE else operands[1:]
    if operation is e.divide and times[operands[1]] == BEFORE:
        return operands[:1]
    return ()
