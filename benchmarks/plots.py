"""Plots of cost over size: one for each report that has curves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Report, Timing


def draw(reports: Sequence[Report], directory: Path) -> None:
    """Write a plot of each report with curves: the times, and the times until the first result."""
    directory.mkdir(parents=True, exist_ok=True)
    for report in reports:
        curves: dict[str, list[Timing]] = {}
        for timing in report.timings:
            if timing.series:
                curves.setdefault(timing.series, []).append(timing)
        if curves:
            title = report.title.split(" (")[0]  # of one piece, but the plot is of all
            name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
            plot(title, curves, directory / f"{name}.png")


def plot(title: str, curves: dict[str, list[Timing]], path: Path) -> None:
    """Write one plot: steps as full lines, preparation as dashed ones, and a line of slope 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name, timings in curves.items():
        sizes = [t.size for t in timings]
        (line,) = axes.loglog(sizes, [t.time.median * t.size for t in timings], "o-", label=name)
        axes.loglog(sizes, [t.ready.median for t in timings], "--", color=line.get_color())
    low, high = axes.get_ylim()
    first, last = sizes[0], sizes[-1]
    axes.loglog([first, last], [low, low * last / first], ":", color="grey", label="linear")
    axes.set_ylim(low, high)
    axes.set(title=title, xlabel="size", ylabel="seconds a step; dashed: until the first result")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, dpi=120)
