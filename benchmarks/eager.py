"""The eager engine against its peers: `python -m benchmarks.eager`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import classifier, graphs, imports, numpy_code, two_moons
from benchmarks.measure import Report, machine, measure

ROUNDS = 20
GRAPH_ROUNDS = 5  # the largest takes seconds
QUICK_ROUNDS = 3
SIZES = [1_000, 10_000, 100_000, 1_000_000]
QUICK_SIZES = SIZES[:-1]


def main() -> int:
    """Measure, print Markdown as it comes; return 1 if a bound is missed and all was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, small graphs; never 1")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    options = parser.parse_args()

    print(f"# Eager\n\n{machine()}\n", flush=True)
    reports = []
    for report in measured(quick=options.quick):
        print(report, flush=True)
        reports.append(report)
    if options.json:
        found = {"machine": machine(), "reports": [asdict(report) for report in reports]}
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    reached = all(c.reached for report in reports for c in report.comparisons)
    return 0 if options.quick or reached else 1


def measured(*, quick: bool) -> Iterator[Report]:
    """Yield the report of each workload."""
    rounds, sizes = (QUICK_ROUNDS, QUICK_SIZES) if quick else (ROUNDS, SIZES)
    yield measure(classifier.large(), rounds)
    yield measure(classifier.small(), rounds)
    yield measure(two_moons.workload(), rounds)
    for workload in numpy_code.gradients():
        yield measure(workload, rounds)
    for graph in graphs.GRAPHS:
        yield measure(graphs.workload(graph, sizes), min(rounds, GRAPH_ROUNDS))
    yield graphs.memory(sizes[-1])
    yield measure(imports.workload(), rounds)


if __name__ == "__main__":
    raise SystemExit(main())
