"""Registers: in which order the values of a program are made, and where each of them lives.

There are two files of registers, one of floats for what all lanes share and one of blocks of lanes.
A register is used again as soon as its value dies, so that the working set stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM
from autograd_mini.compiler.program import (
    BEFORE,
    LANE,
    Constant,
    Entry,
    Input,
    Instruction,
    Program,
)


class Allocation(NamedTuple):
    """The order of execution, and a register for each value.

    Attributes:
        before: the positions of the instructions that are executed first, once.
        lanes: those executed for each block of lanes: inputs, each at its first use, instructions,
            and sums over the lanes, each as soon as its operands are there.
        after: those executed last, once.
        registers: by position, which register of its file a value lives in: a `LANE` value in the
            file of lanes, another in the shared file; -1 where it lives elsewhere or is not needed.
            The shared file begins with the shared inputs and then the constants, in their order,
            which nothing ever overwrites.
        shared_size: the number of registers in the shared file.
        lane_size: the number of registers in the file of lanes.
    """

    before: list[int]
    lanes: list[int]
    after: list[int]
    registers: list[int]
    shared_size: int
    lane_size: int


def allocate(
    program: Program,
    times: Sequence[int],
    *,
    in_place: Callable[[Instruction], Iterable[int]] = lambda instruction: instruction.operands,
    outside: Collection[int] = (),
) -> Allocation:
    """Return the order of execution and the registers of a program, by linear scan.

    A shared result keeps its register to the end. A lane result must be taken when it is made:
    later in the block its register may be used again. A sum over the lanes has its register from
    the end of the lanes on.

    Args:
        program: what is to be executed.
        times: when each value is computed, from `binding_times(program)`.
        in_place: tells which operands of an instruction, dying there, may give their register to
            its result: none where the result must not overwrite what is still being read.
        outside: the positions of values that live elsewhere, such as lane inputs that are read
            where they are; they get no register.
    """
    entries = program.entries
    before, lanes, after = _order(program, times)
    registers = [-1] * len(entries)
    shared, blocks = _File(), _File()
    for j in _given(program, times):
        registers[j] = shared.take()
    passes_on = bytearray(len(entries))  # whether the register of a value is used again

    steps = list(_steps(program, times, before, lanes, after))
    last_use = {j: t for t, (_, uses) in enumerate(steps) for j in uses}
    for t, (k, uses) in enumerate(steps):
        dying = {j for j in uses if passes_on[j] and last_use[j] == t}
        if k is not None and k not in outside:
            file, entry = blocks if times[k] == LANE else shared, entries[k]
            heirs = in_place(entry) if isinstance(entry, Instruction) else ()
            donors = [j for j in heirs if j in dying and (times[j] == LANE) == (file is blocks)]
            registers[k] = registers[donors[0]] if donors else file.take()
            passes_on[k] = True
            dying.difference_update(donors[:1])
            if k not in last_use:
                dying.add(k)
        for j in sorted(dying):
            (blocks if times[j] == LANE else shared).free.append(registers[j])
    return Allocation(before, lanes, after, registers, shared.size, blocks.size)


class _File:
    """A file of registers: how many there are, and which of them are free, the warmest last."""

    def __init__(self) -> None:
        self.size = 0
        self.free: list[int] = []

    def take(self) -> int:
        """Return a register that is free, a new one if need be."""
        if self.free:
            return self.free.pop()
        self.size += 1
        return self.size - 1


def is_sum(entry: Entry) -> bool:
    """Return whether an entry is a sum over the lanes."""
    return isinstance(entry, Instruction) and entry.operation in (LANE_SUM, LANE_DOT)


def operands_of(entry: Entry) -> Sequence[int]:
    """Return the positions that an entry is computed from."""
    return entry.operands if isinstance(entry, Instruction) else ()


def _given(program: Program, times: Sequence[int]) -> list[int]:
    """Return the shared inputs and then the constants."""
    return [
        k
        for kind in (Input, Constant)
        for k, entry in enumerate(program.entries)
        if entry.__class__ is kind and times[k] != LANE
    ]


def _order(program: Program, times: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Return what is executed before the lanes, for each block of them, and after them."""
    entries = program.entries
    before: list[int] = []
    after: list[int] = []
    ready: list[tuple[int, int]] = []  # of what is executed a block: when it can be, and what it is
    for k, entry in enumerate(entries):
        if isinstance(entry, Instruction):
            if is_sum(entry):
                ready.append((max(entry.operands), k))
            elif times[k] == LANE:
                ready.append((k, k))
            else:
                (before if times[k] == BEFORE else after).append(k)
    lanes: dict[int, None] = {}  # an ordered set
    for _, k in sorted(ready):
        for j in operands_of(entries[k]):
            if times[j] == LANE and isinstance(entries[j], Input):
                lanes[j] = None
        lanes[k] = None
    for k in program.results:
        if times[k] == LANE:
            lanes[k] = None  # an input that is a result and has no other use
    return before, list(lanes), after


def _steps(
    program: Program,
    times: Sequence[int],
    before: list[int],
    lanes: list[int],
    after: list[int],
) -> Iterator[tuple[int | None, Sequence[int]]]:
    """Yield what is made, and what is used for it, one step after the other.

    What all lanes share is needed until their last block is done.
    """
    entries = program.entries
    for k in before:
        yield k, operands_of(entries[k])
    for k in lanes:
        own = [j for j in operands_of(entries[k]) if times[j] == LANE]
        yield None if is_sum(entries[k]) else k, own
    yield None, [j for k in lanes for j in operands_of(entries[k]) if times[j] != LANE]
    for k in lanes:
        if is_sum(entries[k]):
            yield k, ()
    for k in after:
        yield k, operands_of(entries[k])
    yield None, [k for k in program.results if times[k] != LANE]
