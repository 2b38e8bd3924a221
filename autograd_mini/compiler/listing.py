"""`Listing`: a program before and after each pass, for people."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_mini.compiler.passes import Pass
from autograd_mini.compiler.program import Program
from autograd_mini.text import table


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
        return f"{counts}\n\nbefore\n\n{self.raw}\n\nafter\n\n{self.final}"


def counted(program: Program) -> tuple[int, int]:
    """Return the number of instructions, and that of inputs and constants."""
    return len(program), len(program.codes) - len(program)
