"""How long a fresh Python takes: to import this library, and to replay a first function."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import Claim, Contestant, Run, Workload

BOUND = 0.060  # seconds
FIRST = "import autograd_mini as am; am.compile(lambda x: x * x + x, engine={!r})(1.0)"


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure the import beside that of NumPy, and the first replay beside the import."""
    yield measure(workload(), 1 if quick else 20)


def workload() -> Workload:
    """Return Pythons that start, do one thing, and leave."""
    return Workload(
        "A fresh Python: the import, and the first replay",
        [
            Contestant("import numpy", partial(fresh, "import numpy")),
            Contestant("import autograd_mini", partial(fresh, "import autograd_mini")),
            Contestant("first replay, numpy", partial(fresh, FIRST.format("numpy"))),
            Contestant("first replay, numba", partial(fresh, FIRST.format("numba")), "numba"),
        ],
        [
            Claim("import autograd_mini", "import numpy", at_most=BOUND, how="difference"),
            Claim("first replay, numba", "import autograd_mini", how="difference"),
            Claim("first replay, numpy", "import autograd_mini", how="difference"),
        ],
        note="numba's machine code is in its cache on disk by the time that this is measured.",
    )


def fresh(code: str) -> Run:
    """Return the run of a fresh Python."""
    return Run(partial(subprocess.run, [sys.executable, "-c", code], check=True))
