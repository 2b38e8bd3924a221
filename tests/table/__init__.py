"""The rows: for each function how it is called, what NumPy makes of it, and on which inputs.

`tests/checks.py` knows what every row must satisfy. Adding a primitive to the library means adding
its row here; a test fails until that is done. Functions composed of primitives have rows too.
"""

from __future__ import annotations

from tests.table import elementwise, linalg, ordering, reductions, scans, shaping
from tests.table.case import Case

ROWS: dict[str, list[Case]] = {
    **elementwise.ROWS,
    **reductions.ROWS,
    **scans.ROWS,
    **ordering.ROWS,
    **linalg.ROWS,
    **shaping.ROWS,
}
"""Every differentiable primitive and every function composed of them, by its name."""

RANDOM_SOURCES = {"keep_mask"}
"""Primitives without operands: there is nothing to differentiate, `nn` tests their numbers."""

CASES = [case for cases in ROWS.values() for case in cases]
