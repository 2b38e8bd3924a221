"""The rows: for each function how it is called, what NumPy makes of it, and on which inputs.

`tests/checks.py` knows what every row must satisfy. Adding a primitive to the library means adding
its row here; a test fails until that is done. Functions composed of primitives have rows too.
"""

from __future__ import annotations

import numpy as np

import autograd_mini as am
from tests.table import (
    elementwise,
    indexing,
    joining,
    linalg,
    matrices,
    moving,
    ordering,
    products,
    reductions,
    scans,
    shaping,
)
from tests.table.case import Case, real

ROWS: dict[str, list[Case]] = {
    **elementwise.ROWS,
    **reductions.ROWS,
    **scans.ROWS,
    **ordering.ROWS,
    **linalg.ROWS,
    **products.ROWS,
    **matrices.ROWS,
    **shaping.ROWS,
    **indexing.ROWS,
    **joining.ROWS,
    **moving.ROWS,
    "checkpoint": [
        Case(
            f"checkpoint-{shapes}",
            am.checkpoint(lambda x, y: am.tanh(x) * y + x),
            lambda x, y: np.tanh(x) * y + x,
            shapes,
            (real, real),
        )
        for shapes in (((), ()), ((2, 3), (3,)), ((2, 1), (0,)))
    ],
}
"""Every differentiable primitive and every function composed of them, by its name."""

RANDOM_SOURCES = {"keep_mask"}
"""Primitives without operands: there is nothing to differentiate, `nn` tests their numbers."""

CHOICES = {"classes", "rows"}
"""Primitives that no derivative enters: the losses that use them are tested."""

BETWEEN_KINDS = {"to_tensor", "to_number"}
"""Primitives from one kind of node to the other: `tests/test_kinds.py` tests them."""

CASES = [case for cases in ROWS.values() for case in cases]
