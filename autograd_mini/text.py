"""Plain text for people: tables, and short forms of numbers and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False) -> str:
    """Return a table with aligned columns; with `numbers`, to the right but for the first."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if numbers and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def summary(data: Any) -> str:
    """Return a short text for one operand, value or setting: a number, or shape and range."""
    if isinstance(data, float | np.floating):
        return f"{data + 0.0:.6g}"  # + 0.0 turns -0 into 0
    if isinstance(data, np.dtype):
        return str(data)
    if not isinstance(data, np.ndarray):
        text = repr(data)
        if " at 0x" in text:  # a generator, for one: its address says nothing
            text = type(data).__name__
        return text if len(text) <= 40 else f"{text[:37]}..."
    if data.size == 1:
        return f"{data.dtype}{list(data.shape)} {data.item():.6g}"
    if data.size == 0 or data.dtype.kind not in "fiub":
        return f"{data.dtype}{list(data.shape)}"
    return f"{data.dtype}{list(data.shape)} in [{data.min():.4g}, {data.max():.4g}]"
