"""A program: a tape as data, with positions in the place of nodes.

Every entry makes one value, called by its position. Operands come before what uses them, as on a
tape, and nothing is ever changed: a pass makes a new program from an old one. Programs are long, so
they are kept in columns: arrays of whole numbers, on which most of a pass is a few calls of NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.machine import (
    CODES,
    CONSTANT,
    INPUT,
    LANE_DOT,
    LANE_SUM,
    OPERATIONS,
    Operation,
)
from autograd_mini.primitive import Primitive
from autograd_mini.text import summary, table

Numbers = npt.NDArray[np.int64]
Places = Numbers | Mapping[int, int] | Sequence[int]


class Input(NamedTuple):
    """A value that is given at each replay.

    Attributes:
        name: what listings call it, `W[0,1]`.
        lane: whether each lane has its own; else all lanes share it.
    """

    name: str = ""
    lane: bool = False


class Constant(NamedTuple):
    """A value that is the same at each replay: a float, or in a program of Tensors an array."""

    value: Any


class Instruction(NamedTuple):
    """A value that is computed from earlier ones."""

    operation: Primitive | Operation
    operands: tuple[int, ...]
    params: Mapping[str, Any] | None = None


Entry = Input | Constant | Instruction


class Guard(NamedTuple):
    """A comparison that steered Python: the program holds only where it comes out as `expected`.

    Attributes:
        position: of the value of the comparison, 1.0 or 0.0.
        expected: how it came out when the function was traced.
    """

    position: int
    expected: bool


BEFORE, LANE, AFTER = range(3)
"""When a value is computed: once, before the lanes; once a lane; once, from sums over the lanes."""


class Program:
    """What is replayed.

    Args:
        entries: inputs, constants and instructions, operands first.
        outputs: the positions of the results.
        guards: what must hold.

    Attributes:
        codes: by position what a value is: `INPUT`, `CONSTANT`, or the code of its operation.
        counts: by position how many operands it has.
        operands: the positions of all operands, those of one instruction after those of another.
        details: by position the inputs, the constants, and the settings of operations.
    """

    codes: Numbers
    counts: Numbers
    operands: Numbers
    details: dict[int, Any]
    outputs: tuple[int, ...]
    guards: tuple[Guard, ...]

    def __init__(
        self, entries: Iterable[Entry], outputs: Iterable[int], guards: Iterable[Guard] = ()
    ) -> None:
        codes: list[int] = []
        operands: list[Sequence[int]] = []
        details: dict[int, Any] = {}
        for k, entry in enumerate(entries):
            if isinstance(entry, Instruction):
                codes.append(CODES[entry.operation])
                operands.append(entry.operands)
                if entry.params is not None:
                    details[k] = entry.params
            else:
                codes.append(CONSTANT if isinstance(entry, Constant) else INPUT)
                operands.append(())
                details[k] = entry
        flat = [x for own in operands for x in own]
        self._fill(codes, [*map(len, operands)], flat, details, outputs, guards)

    def _fill(self, *columns: Any) -> None:
        codes, counts, operands, details, outputs, guards = columns
        self.codes, self.counts = np.asarray(codes, np.int64), np.asarray(counts, np.int64)
        self.operands, self.details = np.asarray(operands, np.int64), details
        self.outputs, self.guards = tuple(outputs), tuple(guards)

    @classmethod
    def of_columns(
        cls,
        codes: npt.ArrayLike,
        counts: npt.ArrayLike,
        operands: npt.ArrayLike,
        details: dict[int, Any],
        outputs: Iterable[int],
        guards: Iterable[Guard] = (),
    ) -> Program:
        """Return a program of such attributes."""
        program = cls.__new__(cls)
        program._fill(codes, counts, operands, details, outputs, guards)
        return program

    def __reduce__(self) -> Any:  # codes are those of this process
        return Program, (self.entries, self.outputs, self.guards)

    def __len__(self) -> int:
        """Return the number of instructions."""
        return int(np.count_nonzero(self.codes > CONSTANT))

    def __str__(self) -> str:
        return listed(self)

    @cached_property
    def entries(self) -> list[Entry]:
        """The entries by position: the columns for people, and for programs that are short."""
        rows = zip(self.codes.tolist(), self.operands_by_position(), strict=True)
        return [
            Instruction(OPERATIONS[code], tuple(operands), self.details.get(k))
            if code > CONSTANT
            else self.details[k]
            for k, (code, operands) in enumerate(rows)
        ]

    @cached_property
    def starts(self) -> Numbers:
        """Where the operands of each value begin in `operands`; that of none at all is its end."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @cached_property
    def owners(self) -> Numbers:
        """By place in `operands`: what is computed from that operand."""
        return np.repeat(np.arange(len(self.codes)), self.counts)

    def operands_by_position(self) -> Iterator[list[int]]:
        """Yield the operands of each value."""
        operands, ends = self.operands.tolist(), self.starts.tolist()
        for start, stop in pairwise(ends):
            yield operands[start:stop]

    def operands_of(self, k: int) -> list[int]:
        """Return the operands of the value at position k."""
        return self.operands[self.starts[k] : self.starts[k + 1]].tolist()

    @cached_property
    def ends(self) -> tuple[Numbers, Numbers]:
        """The first and the last operand of each value, which are most often all; 0 for none."""
        has = self.counts > 0
        first, last = np.zeros((2, len(has)), np.int64)
        first[has] = self.operands[self.starts[:-1][has]]
        last[has] = self.operands[self.starts[1:][has] - 1]
        return first, last

    def of(self, *operations: Primitive | Operation) -> npt.NDArray[np.bool]:
        """Return by position whether it is one of these operations that makes a value."""
        return np.isin(self.codes, [CODES[operation] for operation in operations])

    def operations(self) -> list[Any]:
        """Return the operations that make some value, each once."""
        return [OPERATIONS[code] for code in np.unique(self.codes) if code > CONSTANT]

    def operation(self, k: int) -> Any:
        """Return what makes the value at position k; None of an input or a constant."""
        return OPERATIONS[self.codes[k]]

    @property
    def inputs(self) -> list[int]:
        """The positions of the inputs, in the order in which they are given."""
        return np.flatnonzero(self.codes == INPUT).tolist()

    @property
    def constants(self) -> list[int]:
        """The positions of the constants."""
        return np.flatnonzero(self.codes == CONSTANT).tolist()

    @property
    def results(self) -> tuple[int, ...]:
        """The positions of all that a replay must compute: the outputs, and the guards."""
        return (*self.outputs, *(guard.position for guard in self.guards))

    @cached_property
    def sums(self) -> npt.NDArray[np.bool]:
        """By position whether a value is a sum over the lanes."""
        return self.of(LANE_SUM, LANE_DOT)

    @cached_property
    def times(self) -> Numbers:
        """When each value is computed: `BEFORE`, `LANE` or `AFTER`.

        A sum over the lanes comes after them, and so does all that is computed from it.
        """
        times = np.where(self.sums, AFTER, BEFORE)
        times[[k for k in self.inputs if self.details[k].lane]] = LANE
        if not times.any():
            return times
        found = times.tolist()
        for k, x in zip(self.owners.tolist(), self.operands.tolist(), strict=True):
            if found[x] > found[k]:
                found[k] = found[x]
        return np.array(found)

    @cached_property
    def uses(self) -> Numbers:
        """How often each value is used; a result is needed itself, and has two uses more."""
        used = np.concatenate([self.operands, np.repeat(np.array(self.results, np.int64), 2)])
        return np.bincount(used, minlength=len(self.codes))

    def with_results(self, entries: Sequence[Entry], new: Places) -> Program:
        """Return a program of other entries, `new` telling where each result now is."""
        return Program(entries, *self.results_at(new))

    def results_at(self, new: Places) -> tuple[list[int], list[Guard]]:
        """Return outputs and guards, with `new` telling where each result now is."""
        outputs = [int(new[k]) for k in self.outputs]
        return outputs, [Guard(int(new[k]), expected) for k, expected in self.guards]


SHOWN = 60
"""A longer listing shows its head and its tail."""


def listed(program: Program) -> str:
    """Return a program as a table."""
    uses = dict.fromkeys(program.results, "")
    for j, position in enumerate(program.outputs):
        uses[position] += f" output {j}"
    for position, expected in program.guards:
        uses[position] += f" guard: {expected}"
    hidden = range(SHOWN // 2, len(program.entries) - SHOWN // 2)
    rows = [
        (
            f"%{k}",
            *described(entry),
            ("", "lane", "after")[program.times[k]],
            uses.get(k, "").strip(),
        )
        for k, entry in enumerate(program.entries)
        if k not in hidden
    ]
    lines = table(("value", "operation", "operands", "when", "use"), rows).split("\n")
    if hidden:
        lines.insert(2 + hidden.start, f"... {len(hidden):,} not shown ...")
    return "\n".join(lines)


def described(entry: Entry) -> tuple[str, str]:
    """Return what makes a value, and of what."""
    if isinstance(entry, Input):
        return "input", entry.name
    if isinstance(entry, Constant):
        return "constant", summary(entry.value)
    operands = [f"%{k}" for k in entry.operands]
    operands += [f"{name}={summary(value)}" for name, value in (entry.params or {}).items()]
    return entry.operation.name, ", ".join(operands)
