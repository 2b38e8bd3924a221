"""A program: a tape as data, with positions in the place of nodes.

Every entry makes one value, called by its position. Operands come before what uses them, as on a
tape, and nothing is ever changed: a pass makes a new program from an old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, Operation
from autograd_mini.primitive import Primitive
from autograd_mini.text import summary, table

_SHOWN_ROWS = 60  # a longer listing shows its head and its tail


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


@dataclass(frozen=True)
class Program:
    """What is replayed.

    Attributes:
        entries: inputs, constants and instructions, operands first.
        outputs: the positions of the results.
        guards: what must hold.
    """

    entries: Sequence[Entry]
    outputs: tuple[int, ...]
    guards: tuple[Guard, ...] = ()

    @property
    def inputs(self) -> list[int]:
        """The positions of the inputs, in the order in which they are given."""
        return [k for k, entry in enumerate(self.entries) if isinstance(entry, Input)]

    @property
    def results(self) -> tuple[int, ...]:
        """The positions of all that a replay must compute: the outputs, and the guards."""
        return (*self.outputs, *(guard.position for guard in self.guards))

    def with_results(
        self, entries: Sequence[Entry], new: Mapping[int, int] | Sequence[int]
    ) -> Self:
        """Return a program of other entries, `new` telling where each result now is."""
        return replace(
            self,
            entries=entries,
            outputs=tuple(new[k] for k in self.outputs),
            guards=tuple(Guard(new[k], expected) for k, expected in self.guards),
        )

    def __len__(self) -> int:
        """Return the number of instructions."""
        return sum(isinstance(entry, Instruction) for entry in self.entries)

    def __str__(self) -> str:
        times = binding_times(self)
        uses = dict.fromkeys(self.results, "")
        for j, position in enumerate(self.outputs):
            uses[position] += f" output {j}"
        for position, expected in self.guards:
            uses[position] += f" guard: {expected}"
        hidden = range(_SHOWN_ROWS // 2, len(self.entries) - _SHOWN_ROWS // 2)
        rows = [
            (
                f"%{k}",
                *self._described(entry),
                ("", "lane", "after")[times[k]],
                uses.get(k, "").strip(),
            )
            for k, entry in enumerate(self.entries)
            if k not in hidden
        ]
        lines = table(("value", "operation", "operands", "when", "use"), rows).split("\n")
        if hidden:
            lines.insert(2 + hidden.start, f"... {len(hidden):,} not shown ...")
        return "\n".join(lines)

    def _described(self, entry: Entry) -> tuple[str, str]:
        if isinstance(entry, Input):
            return "input", entry.name
        if isinstance(entry, Constant):
            return "constant", summary(entry.value)
        operands = [f"%{k}" for k in entry.operands]
        operands += [f"{name}={summary(value)}" for name, value in (entry.params or {}).items()]
        return entry.operation.name, ", ".join(operands)


def binding_times(program: Program) -> list[int]:
    """Return when each value is computed: `BEFORE`, `LANE` or `AFTER`.

    A sum over the lanes comes after them, and so does all that is computed from it.
    """
    times: list[int] = []
    for entry in program.entries:
        if isinstance(entry, Instruction):
            if entry.operation is LANE_SUM or entry.operation is LANE_DOT:
                times.append(AFTER)
            else:
                time = BEFORE
                for k in entry.operands:
                    if times[k] > time:
                        time = times[k]
                times.append(time)
        else:
            times.append(LANE if isinstance(entry, Input) and entry.lane else BEFORE)
    return times
