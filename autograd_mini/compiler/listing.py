"""`Listing`: a program before and after each pass, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograd_mini.compiler.passes import Pass
from autograd_mini.compiler.program import Constant, Entry, Input, Program
from autograd_mini.text import summary, table

SHOWN = 60
"""A longer listing shows its head and its tail."""


class Listing:
    """How a program came about; prints as a table of the passes and the last listing.

    Attributes:
        raw: the program as it was traced.
        passes: what was done to it, in order.
        final: what came out.
    """

    def __init__(self, raw: Program, passes: Sequence[Pass]) -> None:
        self.raw, self.passes = raw, passes
        for _, program in self.stages():
            self.final = program

    def stages(self) -> Iterator[tuple[str, Program]]:
        """Yield the program as it was traced and then after each pass, with its name."""
        program = self.raw
        yield "trace", program
        for apply_pass in self.passes:
            program = apply_pass(program)
            yield getattr(apply_pass, "func", apply_pass).__name__, program  # a partial has none

    def __len__(self) -> int:
        """Return the number of instructions that are replayed."""
        return len(self.final)

    def __str__(self) -> str:
        rows = [
            (name, f"{len(program):,}", f"{len(program.codes) - len(program):,}")
            for name, program in self.stages()
        ]
        counts = table(("pass", "instructions", "inputs and constants"), rows, numbers=True)
        return f"{counts}\n\nbefore\n\n{self.raw}\n\nafter\n\n{self.final}"


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
