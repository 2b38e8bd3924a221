"""What came out: quantities with their spread and their bounds, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

Unit = Literal["s", "bytes", ""]


@dataclass(frozen=True)
class Quantity:
    """A measured quantity: median, quartiles, and the bounds on the median if there are any."""

    name: str
    median: float
    lower: float
    upper: float
    unit: Unit
    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def of(cls, name: str, samples: Any, unit: Unit, **bounds: float | None) -> Quantity:
        """Return the quantity that `samples` estimate."""
        lower, median, upper = np.quantile(samples, [0.25, 0.5, 0.75])
        return cls(name, float(median), float(lower), float(upper), unit, **bounds)

    @property
    def bounded(self) -> bool:
        """True where there is a bound."""
        return self.at_least is not None or self.at_most is not None

    @property
    def reached(self) -> bool:
        """True where the median is within the bounds."""
        low = self.at_least is None or self.median >= self.at_least
        return low and (self.at_most is None or self.median <= self.at_most)

    @property
    def spread(self) -> str:
        """The quartiles, or nothing where there is one sample."""
        if self.lower == self.upper:
            return ""
        return f"{shown(self.lower, self.unit)} … {shown(self.upper, self.unit)}"

    def row(self) -> list[str]:
        """Return the cells: name, median, quartiles, bound, verdict."""
        cells = [self.name, shown(self.median, self.unit), self.spread]
        if not self.bounded:
            return [*cells, "", ""]
        low, high = self.at_least, self.at_most
        bound = f"≥ {shown(low, self.unit)}" if low is not None else f"≤ {shown(high, self.unit)}"
        return [*cells, bound, "reached" if self.reached else "**missed**"]


@dataclass(frozen=True)
class Timing:
    """The times of one contestant: of a piece of a step, and until the first result."""

    name: str
    time: Quantity
    ready: Quantity
    size: int = 1
    series: str = ""


@dataclass(frozen=True)
class Report:
    """What came out of one workload: the times, and the comparisons."""

    title: str
    timings: Sequence[Timing] = ()
    comparisons: Sequence[Quantity] = ()
    skipped: Sequence[str] = ()
    note: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        parts = [f"## {self.title}"]
        if self.note:
            parts.append(self.note)
        if self.timings:
            head = ("", "median", "quartiles", "until the first result")
            rows = [
                (t.name, shown(t.time.median, "s"), t.time.spread, shown(t.ready.median, "s"))
                for t in self.timings
            ]
            parts.append(table(head, rows))
        if self.comparisons:
            parts.append(comparisons(self.comparisons))
        if self.skipped:
            parts.append(f"Not installed, so skipped: {', '.join(self.skipped)}.")
        return "\n\n".join(parts) + "\n"

    @property
    def bounded(self) -> list[Quantity]:
        """The comparisons that have a bound."""
        return [c for c in self.comparisons if c.bounded]

    def unjudged(self) -> Report:
        """Return the report without bounds: those are for the full sizes."""
        free = [replace(c, at_least=None, at_most=None) for c in self.comparisons]
        return replace(self, comparisons=free)


def verdict(reports: Sequence[Report]) -> str:
    """Return the summary of a run: how many bounds were reached, and which were missed."""
    bounded = [(report.title, c) for report in reports for c in report.bounded]
    missed = [(title, c) for title, c in bounded if not c.reached]
    lines = [f"## Bounds: {len(bounded) - len(missed)} of {len(bounded)} reached"]
    if missed:
        rows = [(title, *c.row()[:-1]) for title, c in missed]
        lines += ["Missed:", table(("workload", "what", "median", "quartiles", "bound"), rows)]
    return "\n\n".join(lines) + "\n"


def comparisons(found: Sequence[Quantity]) -> str:
    """Return a table of comparisons, those with bounds first."""
    rows = [c.row() for c in sorted(found, key=lambda c: not c.bounded)]
    return table(("", "median", "quartiles", "bound", "verdict"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table that is aligned in plain text too, numbers to the right."""
    words = {"", "workload", "what", "verdict"}
    texts = [title in words for title in head]
    widths = [max(3, *map(len, column)) for column in zip(head, *rows, strict=True)]
    columns = list(zip(widths, texts, strict=True))
    rules = ["-" * width if text else "-" * (width - 1) + ":" for width, text in columns]
    lines = [
        [c.ljust(w) if text else c.rjust(w) for c, (w, text) in zip(line, columns, strict=True)]
        for line in (head, rules, *rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(x: float, unit: str) -> str:
    """Return a number with its unit, to three digits; seconds get the fitting prefix."""
    if unit != "s":
        return f"{x:,.0f} {unit}".rstrip() if abs(x) >= 100 else f"{x:.3g} {unit}".rstrip()
    for prefix, scale in (("", 1.0), ("m", 1e-3), ("µ", 1e-6)):
        if abs(x) >= scale:
            return f"{x / scale:.3g} {prefix}s"
    return f"{x / 1e-9:.3g} ns"
