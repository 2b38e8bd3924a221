"""How long `import autograd_mini` takes, beside `import numpy`."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from benchmarks.measure import Claim, Contestant, Workload

BOUND = 0.060  # seconds


def workload() -> Workload:
    """Return a fresh Python that imports this library, and one that imports NumPy."""
    return Workload(
        "`import autograd_mini`",
        [Contestant(name, partial(fresh_import, name)) for name in ("autograd_mini", "numpy")],
        [Claim("autograd_mini", "numpy", BOUND, "difference")],
    )


def fresh_import(module: str) -> None:
    """Start Python, import, and leave."""
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
