"""Encoding: a program as arrays of numbers: opcodes, and (result, x, y, z) for each instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.compiler.chains import MULTIPLY_ADDS, merge_chains
from autograd_mini.compiler.edits import rows
from autograd_mini.compiler.gates import GATE, merge_gates
from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, MULTIPLY_ADD, OPERATIONS
from autograd_mini.compiler.program import LANE, Numbers, Program
from autograd_mini.compiler.registers import Allocation, allocate
from autograd_mini.compiler.runs import in_runs

Codes = np.ndarray[Any, np.dtype[np.uint32]]
Row = Sequence[int]

_COMMUTATIVE = ("add", "multiply")
_SPREAD = 3  # registers behind the allocated ones, for shared operands spread over a block


@dataclass(frozen=True)
class Encoding:
    """What the compiled interpreters execute.

    Attributes:
        before: the instructions on floats that come first, one a column, those of a run after a
            column with their opcode and their number.
        lanes: those on blocks of lanes, one a row, the opcode followed by result and operands.
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
    program = merge_gates(merge_chains(program, in_order=exact or bool(program.guards)))
    program = in_runs(program)
    allocation = allocate(program, in_place=_in_place)
    registers, in_lanes = np.array(allocation.registers), program.times == LANE
    shared = np.zeros(allocation.shared_size)
    shared[registers[program.constants]] = [program.details[k].value for k in program.constants]
    terms = _Terms()
    before, after = (
        _scalar_columns(program, np.array(part, np.int64), registers, scalar_names, terms)
        for part in (allocation.before, allocation.after)
    )
    lanes = _LaneRows(program, allocation, lane_names, terms)
    for k in allocation.lanes:
        lanes.write(k, exact)
    results = np.array(program.results, np.int64)
    return Encoding(
        before,
        np.array(_merge_dots(lanes.rows, lane_names, terms), np.uint32).reshape(-1, 5),
        after,
        terms.table(),
        shared,
        registers[[k for k in allocation.lanes if program.sums[k]]].astype(np.uint32),
        registers[results[~in_lanes[results]]].astype(np.uint32),
        int(np.count_nonzero(in_lanes[results])),
        allocation.lane_size + _SPREAD,
    )


def _in_place(operation: Any, operands: Sequence[int]) -> Sequence[int]:
    """Return the accumulator: a loop that reads no other block than it writes is vectorised."""
    if operation is MULTIPLY_ADDS:
        start, others = operands[0], operands[1:]
    elif operation is MULTIPLY_ADD:
        start, others = operands[2], operands[:2]
    else:
        return ()
    return () if start in others else (start,)


class _Terms:
    """The table of the factors of chains, as it grows."""

    def __init__(self) -> None:
        self.length = 0
        self._parts: list[Any] = [np.zeros((0, 2))]

    def add(self, factors: Sequence[Row] | Numbers) -> tuple[int, int]:
        """Append factors, (number, 2); return where they are."""
        self._parts.append(factors)
        start, self.length = self.length, self.length + len(factors)
        return start, self.length

    def table(self) -> Codes:
        """Return the whole."""
        return np.concatenate(self._parts).astype(np.uint32)


def _scalar_columns(
    program: Program, positions: Numbers, registers: Numbers, names: Sequence[str], terms: _Terms
) -> Codes:
    """Return instructions on floats as columns, each run of like ones after its head.

    Far apart from its instructions, a head would have to be waited for in a long program.
    """
    starts, counts = program.starts[positions], program.counts[positions]
    fields = np.zeros((3, len(positions)), np.int64)
    chains = program.of(MULTIPLY_ADDS)[positions]
    for j in range(3):
        has = (counts > j) & ~(chains & (j > 0))
        fields[j, has] = registers[program.operands[starts[has] + j]]
    lengths = (counts[chains] - 1) // 2
    factors = registers[rows(program.operands, starts[chains] + 1, 2 * lengths)]
    start, _ = terms.add(factors.reshape(-1, 2))
    fields[2, chains] = start + np.cumsum(lengths)
    fields[1, chains] = fields[2, chains] - lengths
    codes, kinds = np.unique(program.codes[positions], return_inverse=True)
    op = np.array([names.index(OPERATIONS[code].name) for code in codes], np.int64)[kinds]
    first = np.flatnonzero(np.diff(op, prepend=-1))
    heads = np.zeros((4, len(first)), np.uint32)
    heads[0], heads[1] = op[first], np.diff(first, append=len(op))
    columns = np.array([registers[positions], *fields], np.uint32)
    return np.insert(columns, first, heads, axis=1)


def _merge_dots(table: Sequence[Row], names: Sequence[str], terms: _Terms) -> list[Row]:
    """Return the rows with one in the place of several dot products with the same block."""
    dot, dots = names.index("lane_dot"), names.index("lane_dots")
    merged: list[Row] = []
    run: list[Row] = []
    common: set[int] = set()  # the blocks that all of the run have

    def end_run() -> None:
        if len(run) > 1:
            z = min(common)
            first, stop = terms.add([(d, y if x == z else x) for _, d, x, y, _ in run])
            merged.append((dots, 0, first, stop, z))
        else:
            merged.extend(run)
        run.clear()

    for row in table:
        if row[0] != dot:
            end_run()
            merged.append(row)
            continue
        if not (run and common & {*row[2:4]}):
            end_run()
            common = {*row[2:4]}
        common &= {*row[2:4]}
        run.append(row)
    end_run()
    return merged


class _LaneRows:
    """The rows of instructions on blocks of lanes.

    Attributes:
        rows: what is written.
    """

    def __init__(
        self, program: Program, allocation: Allocation, names: Sequence[str], terms: _Terms
    ) -> None:
        self.rows: list[Row] = []
        self._operations = [OPERATIONS[code] for code in program.codes.tolist()]
        self._operands = [*program.operands_by_position()]
        self._lane = (program.times == LANE).tolist()
        inputs = (k for k in program.inputs if self._lane[k])
        self._inputs = {k: row for row, k in enumerate(inputs)}
        self._results: dict[int, list[int]] = defaultdict(list)
        for row, k in enumerate(k for k in program.results if self._lane[k]):
            self._results[k].append(row)
        self._registers = allocation.registers
        self._opcodes = {name: opcode for opcode, name in enumerate(names)}
        self._branches: dict[Any, tuple[str, int]] = {}  # by operation and kinds of operands
        self._terms = terms
        self._blank = allocation.lane_size  # the first of the registers for spreading
        self._spread = [-1] * _SPREAD  # which shared registers they hold
        self._sums = 0

    def write(self, k: int, exact: bool) -> None:
        """Write the value at position k; where it is a result, store it."""
        operation, operands, d = self._operations[k], self._operands[k], self._registers[k]
        if operation is None:
            self._emit("load", d, self._inputs[k])
        elif operation is LANE_SUM or operation is LANE_DOT:
            name = operation.name + (".exact" if exact else "")
            self._emit(name, self._sums, *self._blocks(operands))
            self._sums += 1
        elif operation is MULTIPLY_ADDS:
            start, *factors = [self._registers[j] for j in operands]
            span = self._terms.add([*zip(factors[::2], factors[1::2], strict=True)])
            if self._lane[operands[0]]:
                self._begin(d, operands[0])
                self._emit("multiply_adds", d, *span)
            else:
                self._emit("multiply_adds.s", d, *span, start)
        elif operation is GATE:
            self._emit("gate", d, *[self._registers[j] for j in operands])
        elif operation is MULTIPLY_ADD:
            self._begin(d, operands[2])
            self._emit("multiply_add", d, *self._blocks(operands[:2]))
        else:
            self._elementwise(operation.name, d, operands)
        for row in self._results.get(k, ()):
            self._emit("store", row, d)

    def _emit(self, name: str, d: int, x: int, y: int = 0, z: int = 0) -> None:
        self.rows.append((self._opcodes[name], d, x, y, z))

    def _begin(self, d: int, k: int) -> None:
        """Let an accumulator begin with the value at position k, unless it is its register."""
        x = self._registers[k]
        if not self._lane[k]:
            self._emit("spread", d, x)
        elif x != d:
            self._emit("positive", d, x)

    def _elementwise(self, name: str, d: int, operands: list[int]) -> None:
        form = (name, *[self._lane[k] for k in operands])
        if form not in self._branches:
            self._branches[form] = self._branch(*form)
        branch, step = self._branches[form]
        if branch == name:
            self._emit(name, d, *self._blocks(operands))
        else:
            self._emit(branch, d, *[self._registers[k] for k in operands[::step]])

    def _branch(self, name: str, *in_lanes: bool) -> tuple[str, int]:
        """Return the branch for operands in lanes and shared ones, and their order there."""
        kinds = "".join("v" if lane else "s" for lane in in_lanes)
        step = -1 if kinds == "sv" and name in _COMMUTATIVE else 1
        branch = f"{name}.{kinds[::step]}"
        return (branch, step) if branch in self._opcodes else (name, 1)

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
