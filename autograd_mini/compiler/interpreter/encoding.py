"""Encoding: a program as arrays of numbers, (opcode, result, x, y, z) for each instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.compiler.interpreter.chains import MULTIPLY_ADDS, merge_chains
from autograd_mini.compiler.interpreter.runs import in_runs
from autograd_mini.compiler.machine import MULTIPLY_ADD
from autograd_mini.compiler.program import (
    LANE,
    Constant,
    Input,
    Instruction,
    Program,
    binding_times,
)
from autograd_mini.compiler.registers import Allocation, allocate, is_sum

Codes = np.ndarray[Any, np.dtype[np.uint32]]
Row = Sequence[int]

_COMMUTATIVE = ("add", "multiply")
_SPREAD = 3  # registers behind the allocated ones, for shared operands spread over a block


@dataclass(frozen=True)
class Encoding:
    """What the compiled interpreters execute.

    Attributes:
        before: the instructions on floats that come first, one a column, the opcode followed by
            the length of the run that begins there.
        lanes: those on blocks of lanes, one a row.
        after: those on floats that come last, as those that come first.
        terms: the factors of chains, one row (w, x) a term.
        shared: the shared registers at the start, with the constants in their places; the shared
            inputs come first.
        sums: the shared registers of the sums over the lanes.
        shared_results: the shared registers of the results.
        lane_results: how many results are the lanes' own.
        lane_registers: how many blocks are needed.
    """

    before: Codes
    lanes: Codes
    after: Codes
    terms: Codes
    shared: np.ndarray[Any, np.dtype[np.float64]]
    sums: Codes
    shared_results: Codes
    lane_results: int
    lane_registers: int


def encode(
    program: Program, scalar_names: Sequence[str], lane_names: Sequence[str], *, exact: bool
) -> Encoding:
    """Return a program as arrays.

    Args:
        program: a final one; all of its operations are known to the interpreters.
        scalar_names: the operations on floats, by opcode.
        lane_names: the operations on blocks of lanes, by opcode.
        exact: whether sums are taken one lane after the other.
    """
    program = merge_chains(program, binding_times(program))
    program = in_runs(program, binding_times(program))
    times = binding_times(program)
    allocation = allocate(program, times, in_place=_in_place)
    entries, registers = program.entries, allocation.registers
    terms: list[Row] = []
    shared = np.zeros(allocation.shared_size)
    for k, entry in enumerate(entries):
        if isinstance(entry, Constant):
            shared[registers[k]] = entry.value
    before, after = (
        _scalar_rows(entries, part, registers, scalar_names, terms)
        for part in (allocation.before, allocation.after)
    )
    lanes = _LaneRows(program, times, allocation, lane_names, terms)
    for k in allocation.lanes:
        lanes.write(k, exact)
    return Encoding(
        _columns(before),
        _codes(_merge_dots(lanes.rows, lane_names, terms), 5),
        _columns(after),
        _codes(terms, 2),
        shared,
        np.array([registers[k] for k in allocation.lanes if is_sum(entries[k])], np.uint32),
        np.array([registers[k] for k in program.results if times[k] != LANE], np.uint32),
        sum(times[k] == LANE for k in program.results),
        allocation.lane_size + _SPREAD,
    )


def _in_place(instruction: Instruction) -> Sequence[int]:
    """Return the accumulator: a loop that reads no other block than it writes is vectorised."""
    operands = instruction.operands
    if instruction.operation is MULTIPLY_ADDS:
        start, others = operands[0], operands[1:]
    elif instruction.operation is MULTIPLY_ADD:
        start, others = operands[2], operands[:2]
    else:
        return ()
    return () if start in others else (start,)


def _codes(rows: Sequence[Sequence[int]], width: int) -> Codes:
    padded = [[*row, *[0] * (width - len(row))] for row in rows]
    return np.array(padded, np.uint32).reshape(-1, width)


def _columns(rows: Sequence[Row]) -> Codes:
    """Return instructions on floats as columns, each run of like ones with its length."""
    op, *fields = _codes(rows, 5).T
    lengths = np.zeros_like(op)
    starts = np.flatnonzero(np.diff(op, prepend=len(rows) and op[0] + 1))
    lengths[starts] = np.diff(starts, append=len(rows))
    return np.array([op, lengths, *fields])


def _chain(factors: Row, terms: list[Row]) -> Row:
    """Write the factors of a chain into the table of terms; return where they are."""
    first = len(terms)
    terms += zip(factors[::2], factors[1::2], strict=True)
    return first, len(terms)


def _scalar_rows(
    entries: Sequence[Any],
    positions: Sequence[int],
    registers: Sequence[int],
    names: Sequence[str],
    terms: list[Row],
) -> list[Row]:
    """Return the rows of instructions on floats."""
    opcodes = {name: opcode for opcode, name in enumerate(names)}
    rows: list[Row] = []
    for k in positions:
        fields: Row = [registers[j] for j in entries[k].operands]
        if entries[k].operation is MULTIPLY_ADDS:
            fields = (fields[0], *_chain(fields[1:], terms))
        rows.append((opcodes[entries[k].operation.name], registers[k], *fields))
    return rows


def _merge_dots(rows: Sequence[Row], names: Sequence[str], terms: list[Row]) -> list[Row]:
    """Return the rows with one in the place of several dot products with the same block."""
    dot, dots = names.index("lane_dot"), names.index("lane_dots")
    merged: list[Row] = []
    run: list[Row] = []
    common: set[int] = set()  # the blocks that all of the run have

    def end_run() -> None:
        if len(run) > 1:
            z = min(common)
            first = len(terms)
            terms.extend((d, y if x == z else x) for _, d, x, y in run)
            merged.append((dots, 0, first, len(terms), z))
        else:
            merged.extend(run)
        run.clear()

    for row in rows:
        blocks = set(row[2:]) if row[0] == dot else set()
        if not (run and common & blocks):
            end_run()
            common = blocks
        common &= blocks
        (run if row[0] == dot else merged).append(row)
    end_run()
    return merged


class _LaneRows:
    """The rows of instructions on blocks of lanes.

    Attributes:
        rows: what is written.
    """

    def __init__(
        self,
        program: Program,
        times: Sequence[int],
        allocation: Allocation,
        names: Sequence[str],
        terms: list[Row],
    ) -> None:
        self.rows: list[Row] = []
        self._entries: Sequence[Any] = program.entries
        self._lane = [time == LANE for time in times]
        inputs = (k for k in program.inputs if self._lane[k])
        self._inputs = {k: row for row, k in enumerate(inputs)}
        self._results: dict[int, list[int]] = defaultdict(list)
        for row, k in enumerate(k for k in program.results if self._lane[k]):
            self._results[k].append(row)
        self._registers = allocation.registers
        self._opcodes = {name: opcode for opcode, name in enumerate(names)}
        self._terms = terms
        self._blank = allocation.lane_size  # the first of the registers for spreading
        self._spread = [-1] * _SPREAD  # which shared registers they hold
        self._sums = 0

    def write(self, k: int, exact: bool) -> None:
        """Write the value at position k; where it is a result, store it."""
        entry, d = self._entries[k], self._registers[k]
        if isinstance(entry, Input):
            self._emit("load", d, self._inputs[k])
        elif is_sum(entry):
            name = entry.operation.name + (".exact" if exact else "")
            self._emit(name, self._sums, *self._blocks(entry.operands))
            self._sums += 1
        elif entry.operation is MULTIPLY_ADDS:
            self._begin(d, entry.operands[0])
            factors = [self._registers[j] for j in entry.operands[1:]]
            self._emit("multiply_adds", d, *_chain(factors, self._terms))
        elif entry.operation is MULTIPLY_ADD:
            self._begin(d, entry.operands[2])
            self._emit("multiply_add", d, *self._blocks(entry.operands[:2]))
        else:
            self._elementwise(entry.operation.name, d, entry.operands)
        for row in self._results[k]:
            self._emit("store", row, d)

    def _emit(self, name: str, *fields: int) -> None:
        self.rows.append((self._opcodes[name], *fields))

    def _begin(self, d: int, k: int) -> None:
        """Let an accumulator begin with the value at position k, unless it is its register."""
        x = self._registers[k]
        if not self._lane[k]:
            self._emit("spread", d, x)
        elif x != d:
            self._emit("positive", d, x)

    def _elementwise(self, name: str, d: int, operands: Sequence[int]) -> None:
        kinds = "".join("v" if self._lane[k] else "s" for k in operands)
        if kinds == "sv" and name in _COMMUTATIVE:
            kinds, operands = "vs", operands[::-1]
        if f"{name}.{kinds}" in self._opcodes:
            self._emit(f"{name}.{kinds}", d, *(self._registers[k] for k in operands))
        else:
            self._emit(name, d, *self._blocks(operands))

    def _blocks(self, operands: Sequence[int]) -> list[int]:
        """Return the registers of operands as blocks, spreading those that all lanes share."""
        blocks = []
        for place, k in enumerate(operands):
            x = self._registers[k]
            if not self._lane[k]:
                if self._spread[place] != x:  # else it is there from before
                    self._emit("spread", self._blank + place, x)
                    self._spread[place] = x
                x = self._blank + place
            blocks.append(x)
        return blocks
