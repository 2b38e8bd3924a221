"""Large eager graphs: is the time linear in the number of nodes, and how much memory is one?

Run as a module with the name of a graph and its size, it prints the peak memory in bytes a node.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from functools import partial
from math import log
from pathlib import Path

import numpy as np

from autograd_mini import Value
from benchmarks.measure import measure
from benchmarks.report import Quantity, Report
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

BYTES_A_NODE = 300
SIZES = [1_000, 10_000, 100_000, 1_000_000]
IN_CACHE = 10_000
ROOT = Path(__file__).parents[1]


def chain(n: int) -> Array:
    """Build and sweep z = x w w ... w, n products; return each derivative over its closed form."""
    x, w = Value(1.0), Value(-1.0)
    z = x
    for _ in range(n):
        z = z * w
    z.backward()
    return np.array([x.grad / w.data**n, w.grad / (n * w.data ** (n - 1))])


def fan(n: int) -> Array:
    """Build and sweep z = Σ i x, n/2 products and n/2 sums; return dz/dx over its closed form."""
    x, uses = Value(1.0), n // 2
    z = sum([x * i for i in range(uses)])
    z.backward()
    return np.array([x.grad / (uses * (uses - 1) / 2)])


GRAPHS = {"chain": chain, "fan": fan}


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure time and memory of each graph."""
    sizes = SIZES[:2] if quick else SIZES
    for graph in GRAPHS:
        yield measure(workload(graph, sizes), 1 if quick else 5)
    yield memory(sizes[-1])


def workload(graph: str, sizes: Sequence[int]) -> Workload:
    """Return one graph at several sizes as contestants, timed by the node.

    From 10^4 nodes, which fit into the cache of a processor and start few garbage collections, to
    more, the time for a node grows with any algorithm; that ratio has no bound. From the last
    size but one to the last the bound is what an n log n algorithm would grow by.
    """
    *_, before, last = sizes
    claims = [Claim(called(last), called(before), at_most=log(last) / log(before))]
    if before > IN_CACHE:
        claims.append(Claim(called(last), called(IN_CACHE)))
    return Workload(
        f"`Value`: a {graph} of n operations, eager (times of one node)",
        [Contestant(called(n), partial(run, graph, n), size=n, series="eager") for n in sizes],
        claims,
        expected=(1.0, np.ones_like(GRAPHS[graph](sizes[0]))),
    )


def run(graph: str, n: int) -> Run:
    """Return the run of one graph at one size."""
    return Run(partial(GRAPHS[graph], n), lambda: (1.0, GRAPHS[graph](n)))


def called(n: int) -> str:
    """Return the name of a size."""
    return f"n = {n:,}"


def memory(n: int) -> Report:
    """Measure each graph in a process of its own."""
    found = []
    for graph in GRAPHS:
        command = [sys.executable, "-m", "benchmarks.graphs", graph, str(n)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        name = f"{graph}, {called(n)}"
        found.append(Quantity.of(name, float(run.stdout), "bytes", at_most=BYTES_A_NODE))
    return Report(
        "`Value`: peak memory for a node, sweep included, its float apart", comparisons=found
    )


def bytes_a_node(graph: str, n: int) -> float:
    """Return the peak of what Python allocated for a graph and its sweep, without the n floats."""
    GRAPHS[graph](100)
    tracemalloc.start()
    GRAPHS[graph](n)
    _, peak = tracemalloc.get_traced_memory()
    return peak / n - sys.getsizeof(0.5)


if __name__ == "__main__":
    print(bytes_a_node(sys.argv[1], int(sys.argv[2])))
