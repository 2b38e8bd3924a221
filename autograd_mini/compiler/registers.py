"""Registers: in which order the values of a program are made, and where each of them lives.

There are two files of registers, one of floats for what all lanes share and one of blocks of lanes.
A register is used again as soon as its value dies, so that the working set stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.machine import CONSTANT, INPUT, OPERATIONS
from autograd_mini.compiler.program import AFTER, BEFORE, LANE, Program


class Allocation(NamedTuple):
    """The order of execution, and a register for each value.

    Attributes:
        before: the positions of the instructions that are executed first, once.
        lanes: those executed for each block of lanes: inputs, each at its first use, instructions,
            and sums over the lanes, each as soon as its operands are there.
        after: those executed last, once.
        registers: by position, which register of its file a value lives in: a `LANE` value in the
            file of lanes, another in the shared file; -1 where it is not needed. The shared file
            begins with the shared inputs and then the constants, in their order, which nothing
            ever overwrites.
        shared_size: the number of registers in the shared file.
        lane_size: the number of registers in the file of lanes.
    """

    before: list[int]
    lanes: list[int]
    after: list[int]
    registers: list[int]
    shared_size: int
    lane_size: int


def any_operand(operation: Any, operands: Sequence[int]) -> Sequence[int]:
    """Return what may give its register to a result where every operation works in place."""
    return operands


def allocate(
    program: Program, *, in_place: Callable[[Any, Sequence[int]], Sequence[int]] = any_operand
) -> Allocation:
    """Return the order of execution and the registers of a program, by linear scan.

    A shared result keeps its register to the end. A lane result must be taken when it is made:
    later in the block its register may be used again. A sum over the lanes has its register from
    the end of the lanes on.

    Args:
        program: what is to be executed.
        in_place: tells, of an operation and its operands, which of these may give their register
            to the result if they die there: none where the result must not overwrite what is still
            being read.
    """
    in_lanes = (program.times == LANE).tolist()
    on_floats = (program.codes > CONSTANT) & ~program.sums
    before, after = (
        np.flatnonzero(on_floats & (program.times == time)).tolist() for time in (BEFORE, AFTER)
    )
    lanes = _in_lanes(program)
    sums = set(np.flatnonzero(program.sums).tolist())
    end = len(before) + len(lanes)  # of the lanes
    steps = [*before, *lanes, -1, *(k for k in lanes if k in sums), *after]
    deaths = _deaths(program, steps, range(len(before), end))

    registers = [-1] * len(in_lanes)
    given = _given(program)
    for register, k in enumerate(given):
        registers[k] = register
    size = [len(given), 0]  # of the shared file, and of that of lanes
    free: tuple[list[int], list[int]] = ([], [])  # the warmest last
    operands, codes = [*program.operands_by_position()], program.codes.tolist()
    for t, (k, dying) in enumerate(zip(steps, deaths, strict=True)):
        if k >= 0 and (t > end or k not in sums):  # a sum has no register while it is taken
            own = in_lanes[k]
            for x in in_place(OPERATIONS[codes[k]], operands[k]) if dying else ():
                if x in dying and in_lanes[x] == own:
                    registers[k] = registers[x]
                    dying.remove(x)
                    break
            else:
                if not free[own]:
                    free[own].append(size[own])
                    size[own] += 1
                registers[k] = free[own].pop()
        for x in dying:
            free[in_lanes[x]].append(registers[x])
    return Allocation(before, lanes, after, registers, *size)


def _deaths(program: Program, steps: Sequence[int], block: range) -> list[list[int]]:
    """Return for each step the values that are used there for the last time, or never.

    What all lanes share is needed until their last block is done; but in `block` there is nothing
    that could be given its register.
    """
    shared = program.times != LANE
    made, used = np.full((2, len(shared)), -1)
    for part in (slice(block.stop), slice(block.stop + 1, None)):
        made[steps[part]] = np.arange(len(steps))[part]
    used[:] = made
    used[steps[: block.stop]] = np.arange(block.stop)  # a sum is made later, and taken in the block
    last = made
    np.maximum.at(last, program.operands, used[program.owners])
    last[_given(program)] = -1  # never
    last[[k for k in program.results if shared[k]]] = -1
    order = np.argsort(last, kind="stable")
    bounds = np.searchsorted(last[order], np.arange(len(steps) + 1)).tolist()
    values = order.tolist()
    return [values[start:stop] for start, stop in pairwise(bounds)]


def _in_lanes(program: Program) -> list[int]:
    """Return what is executed for each block of lanes."""
    in_lanes = program.times == LANE
    chosen = np.flatnonzero((program.codes > CONSTANT) & (in_lanes | program.sums))
    if not chosen.size:
        return [k for k in program.results if in_lanes[k]]
    later = np.maximum(*program.ends)  # of the operands of a sum
    ready = np.where(program.sums, later, np.arange(len(in_lanes)))[chosen]  # can be executed then
    loads = (in_lanes & (program.codes == INPUT)).tolist()
    operands = [*program.operands_by_position()]
    lanes: dict[int, None] = {}  # an ordered set
    for k in chosen[np.lexsort((chosen, ready))].tolist():
        for x in operands[k]:
            if loads[x]:
                lanes[x] = None
        lanes[k] = None
    for k in program.results:
        if in_lanes[k]:
            lanes[k] = None  # an input that is a result and has no other use
    return [*lanes]


def _given(program: Program) -> list[int]:
    """Return the shared inputs and then the constants."""
    shared = np.flatnonzero((program.codes == INPUT) & (program.times != LANE)).tolist()
    return shared + program.constants
