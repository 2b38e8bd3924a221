"""`Explanation`: what `explain` returns, as text, LaTeX and Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_mini.chainrule.formula import Formula


@dataclass(frozen=True, eq=False)
class Line:
    """One line of an explanation.

    Attributes:
        text: plain text; it may have several rows.
        latex: rows of an `aligned` environment.
        contribution: the number, or the cotangent, that the line comes to; None in a definition.
    """

    text: str
    latex: str
    contribution: Any = None


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """How one node depends on another, by the chain rule. `print` shows it, and so does a notebook.

    Attributes:
        definitions: what the intermediate names stand for.
        head: what is explained.
        lines: of scalars one a path, the largest contribution first, then one for all the other
            paths; of tensors one a step of the sweep. The contributions of the paths add up to
            `total`, to within 4 ulp of the largest.
        foot: the result.
        total: the derivative, equal to what `backward()` leaves in `.grad`.
        paths: the number of paths.
    """

    definitions: tuple[Line, ...]
    head: Line | None
    lines: tuple[Line, ...]
    foot: Line | None
    total: Any
    paths: int

    @property
    def text(self) -> str:
        """The explanation as plain text."""
        blocks: list[Sequence[Line]] = [
            self.definitions,
            [line for line in (self.head, *self.lines, self.foot) if line is not None],
        ]
        return "\n\n".join("\n".join(line.text for line in block) for block in blocks if block)

    @property
    def latex(self) -> str:
        """The explanation as one `aligned` environment, for math mode."""
        lines = [*self.definitions, self.head, *self.lines, self.foot]
        rows = " \\\\\n".join(line.latex for line in lines if line is not None)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    @property
    def markdown(self) -> str:
        """The explanation as Markdown: its LaTeX as displayed mathematics."""
        return f"$$\n{self.latex}\n$$"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Explanation by {quantity(self.paths)} path{'s' * (self.paths != 1)}>"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def _repr_markdown_(self) -> str:
        return self.markdown


def equation(
    left: Formula,
    *sides: Formula,
    inline: bool = True,
    note: Formula | None = None,
    contribution: Any = None,
) -> Line:
    """Return `left` = side = side ..., what is written alike but once.

    Args:
        left: the left-hand side.
        sides: the others.
        inline: all on one row, and shapes on a row below; if not, each side on a row of its own.
        note: what stands behind.
        contribution: that of the line.
    """
    rows = distinct(sides)
    behind = ("", "") if note is None else (f"    {note.text}", rf"\qquad {note.latex}")
    if inline:
        text = " = ".join(piece.text for piece in (left, *rows))
        text = text.replace("\n", "\n" + " " * (len(left.text) + 3))  # the rows of an array
        under = "   ".join(piece.below for piece in (left, *rows)).rstrip()
        latex = " = ".join(side.latex for side in rows)
        below = f"\n{under}" if under else ""
        return Line(
            f"{text}{behind[0]}{below}", f"{left.latex} &= {latex}{behind[1]}", contribution
        )
    indent = "\n" + " " * len(left.text) + " = "
    text = indent.join(side.text for side in rows)
    latex = " \\\\\n&= ".join(side.latex for side in rows)
    return Line(f"{left.text} = {text}{behind[0]}", f"{left.latex} &= {latex}", contribution)


def distinct(sides: Sequence[Formula]) -> list[Formula]:
    """Return the sides of an equation without those that are written like the one before."""
    return [side for i, side in enumerate(sides) if not i or side.text != sides[i - 1].text]


def quantity(n: int) -> str:
    """Return a count in full, or how many digits it has where those are too many to read."""
    return f"{n:,}" if n < 10**21 else f"more than 10^{int((n.bit_length() - 1) * math.log10(2))}"
