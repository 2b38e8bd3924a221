"""Run the benchmarks: every workload in this library and in each installed peer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from benchmarks.machine import machine
from benchmarks.measure import measured
from benchmarks.report import Report, verdict

WORKLOADS = [
    "two_moons",
    "rosenbrock",
    "gpt",
    "gradient_cost",
    "gradient_check",
    "classifier",
    "numpy_code",
    "graphs",
    "growth",
    "imports",
]
"""The modules, in the order of the tables; each has `reports(quick=...)`."""


def main() -> int:
    """Measure, print Markdown as it comes; return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few rounds, small sizes, and no bound is judged"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=WORKLOADS, help=", ".join(WORKLOADS)
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there, too")
    parser.add_argument(
        "--plots", type=Path, metavar="DIRECTORY", help="draw cost over size there (matplotlib)"
    )
    options = parser.parse_args()

    parts = [f"# Benchmarks\n\n{machine()}\n"]
    print(parts[0], flush=True)
    reports: list[Report] = []
    for name in options.only or WORKLOADS:
        started = perf_counter()
        for report in in_own_process(name, quick=options.quick):
            parts.append(str(report))
            print(report, flush=True)
            reports.append(report)
        print(f"{name}: {perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    if not options.quick:
        parts.append(verdict(reports))
        print(parts[-1])

    if options.json:
        found = {"machine": machine(), "reports": [asdict(report) for report in reports]}
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    if options.markdown:
        options.markdown.write_text("\n".join(parts))
    if options.plots:
        from benchmarks.plots import draw

        draw(reports, options.plots)
    return 1 if any(not c.reached for report in reports for c in report.comparisons) else 0


def in_own_process(name: str, *, quick: bool) -> Iterator[Report]:
    """Yield the reports of one workload from a fresh process: no library disturbs the next.

    Raises:
        RuntimeError: the process did not come to its end; it said why on standard error.
    """
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=measured, args=(name, quick, writer), daemon=True)
    process.start()
    writer.close()  # so that only the other process has it, and reading ends with that
    with suppress(EOFError):
        while True:
            yield reader.recv()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"the workload {name} failed with exit code {process.exitcode}")


if __name__ == "__main__":
    raise SystemExit(main())
