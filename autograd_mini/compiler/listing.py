"""Listings of programs, for people."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_mini.compiler.passes import Pass
from autograd_mini.compiler.program import Constant, Entry, Input, Program
from autograd_mini.text import summary, table

SHOWN = 60
"""A longer listing shows its head and its tail."""


class Listing:
    """How a program came about; prints as a table of the passes, and the program before and after.

    Args:
        raw: the program as it was traced.
        passes: what is done to it, in order.

    Attributes:
        raw: as above.
        final: what came out.
        counts: the name of each pass, and how many instructions and others there then were.
    """

    def __init__(self, raw: Program, passes: Sequence[Pass]) -> None:
        self.raw = self.final = raw
        self.counts = [("trace", *counted(raw))]
        for apply_pass in passes:
            self.final = apply_pass(self.final)
            name = getattr(apply_pass, "func", apply_pass).__name__  # a partial has none
            self.counts.append((name, *counted(self.final)))

    def __len__(self) -> int:
        """Return the number of instructions that are replayed."""
        return len(self.final)

    def __str__(self) -> str:
        rows = [(name, f"{made:,}", f"{given:,}") for name, made, given in self.counts]
        counts = table(("pass", "instructions", "inputs and constants"), rows, numbers=True)
        return f"{counts}\n\nbefore\n\n{listed(self.raw)}\n\nafter\n\n{listed(self.final)}"


def counted(program: Program) -> tuple[int, int]:
    """Return the number of instructions, and that of inputs and constants."""
    return len(program), len(program.codes) - len(program)


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
