"""Measure workloads: contestants in turn within one process, medians of paired comparisons."""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SETTLE = 0.03  # seconds; longer than the threads of OpenBLAS and OpenMP spin when they are idle
STEPS = 3  # at least, in a turn
TURN = 0.05  # seconds; a turn has as many steps as fit


@dataclass(frozen=True)
class Contestant:
    """One way to do the work.

    Args:
        name: what tables call it.
        step: does the work once.
        gradients: returns the derivatives that the last step computed, as one vector.
        size: the number of equal pieces in a step; times are those of one piece.
    """

    name: str
    step: Callable[[], object]
    gradients: Callable[[], Array] | None = None
    size: int = 1


@dataclass(frozen=True)
class Claim:
    """A comparison of two contestants: the ratio of their times, or the difference in seconds.

    Args:
        left: the name of a contestant.
        right: the name of another.
        at_most: the bound, or None where there is none.
        how: ratio is left / right, difference is left - right.
    """

    left: str
    right: str
    at_most: float | None = None
    how: Literal["ratio", "difference"] = "ratio"


@dataclass(frozen=True)
class Workload:
    """What is timed together.

    Args:
        title: the heading.
        contestants: this library's and its peers'.
        claims: which of them are compared; those that name an absent contestant are left out.
        derivatives: what the gradients must be; by default those of the last contestant.
        skipped: the peers that are not installed.
    """

    title: str
    contestants: Sequence[Contestant]
    claims: Sequence[Claim]
    derivatives: Array | None = None
    skipped: Sequence[str] = ()


@dataclass(frozen=True)
class Quantity:
    """A measured quantity: median, quartiles, and the bound on the median if there is one."""

    name: str
    median: float
    lower: float
    upper: float
    unit: Literal["s", "bytes", ""]
    at_most: float | None = None

    @classmethod
    def of(cls, name: str, samples: Array, unit: Any, at_most: float | None = None) -> Quantity:
        """Return the quantity that `samples` estimate."""
        lower, median, upper = np.quantile(samples, [0.25, 0.5, 0.75])
        return cls(name, float(median), float(lower), float(upper), unit, at_most)

    @property
    def reached(self) -> bool:
        """True where the median is within the bound."""
        return self.at_most is None or self.median <= self.at_most


@dataclass(frozen=True)
class Report:
    """What came out of one workload: the times, and the comparisons that have bounds."""

    title: str
    times: list[Quantity] = field(default_factory=list)
    comparisons: list[Quantity] = field(default_factory=list)
    skipped: Sequence[str] = ()

    def __str__(self) -> str:
        lines = [f"## {self.title}", ""]
        if self.times:
            lines += ["| | median | quartiles |", "| --- | ---: | ---: |"]
            lines += [f"| {t.name} | {shown(t.median, t.unit)} | {spread(t)} |" for t in self.times]
            lines += [""]
        if self.comparisons:
            lines += ["| | median | quartiles | bound | reached |"]
            lines += ["| --- | ---: | ---: | ---: | --- |"]
            lines += [f"| {' | '.join(comparison_row(c))} |" for c in self.comparisons] + [""]
        if self.skipped:
            lines += [f"Not installed, so skipped: {', '.join(self.skipped)}.", ""]
        return "\n".join(lines)


def measure(workload: Workload, rounds: int) -> Report:
    """Check that the derivatives agree, then time the contestants in turn, `rounds` times.

    A turn is a while of untimed steps, in which the threads and the memory of the contestant
    before come to rest, a garbage collection, and the timed steps: several in a row, as in
    training, so that what a step leaves to the garbage collector is part of what it costs. The
    order is drawn anew in each round. Comparisons are made within a round, where the machine was
    in one state.

    Args:
        workload: what to time.
        rounds: how many turns each contestant has.

    Raises:
        AssertionError: two contestants compute different derivatives.
    """
    check_derivatives(workload)
    contestants = workload.contestants
    steps = [steps_a_turn(contestant) for contestant in contestants]
    samples = np.empty((len(contestants), rounds))
    order = np.random.default_rng(0)
    for turn in range(rounds):
        for i in order.permutation(len(contestants)):
            step = contestants[i].step
            settle(step)
            gc.collect()
            start = perf_counter()
            for _ in range(steps[i]):
                step()
            samples[i, turn] = (perf_counter() - start) / (steps[i] * contestants[i].size)

    times = {c.name: row for c, row in zip(contestants, samples, strict=True)}
    return Report(
        workload.title,
        [Quantity.of(name, row, "s") for name, row in times.items()],
        [
            compare(claim, times[claim.left], times[claim.right])
            for claim in workload.claims
            if claim.left in times and claim.right in times
        ],
        workload.skipped,
    )


def check_derivatives(workload: Workload) -> None:
    """Raise `AssertionError` unless all contestants compute the same derivatives, to 1e-9."""
    found = {}
    for contestant in workload.contestants:
        contestant.step()
        if contestant.gradients is not None:
            found[contestant.name] = contestant.gradients()
    if not found:
        return
    reference = workload.derivatives
    if reference is None:
        reference = list(found.values())[-1]
    for name, gradients in found.items():
        np.testing.assert_allclose(
            gradients,
            reference,
            rtol=1e-9,
            atol=1e-9 * float(np.abs(reference).max()),
            err_msg=f"{workload.title}: the derivatives of {name!r} differ",
        )


def steps_a_turn(contestant: Contestant) -> int:
    """Return how many steps fit into a turn, at least `STEPS`."""
    settle(contestant.step)
    start = perf_counter()
    contestant.step()
    return max(STEPS, int(TURN / (perf_counter() - start)))


def settle(step: Callable[[], object]) -> None:
    """Run steps for a while, at least one."""
    end = perf_counter() + SETTLE
    step()
    while perf_counter() < end:
        step()


def compare(claim: Claim, left: Array, right: Array) -> Quantity:
    """Return the comparison of two contestants, made within each round."""
    if claim.how == "ratio":
        return Quantity.of(f"{claim.left} / {claim.right}", left / right, "", claim.at_most)
    return Quantity.of(f"{claim.left} − {claim.right}", left - right, "s", claim.at_most)


def comparison_row(c: Quantity) -> list[str]:
    """Return the cells of a comparison: name, median, quartiles, bound, reached."""
    bound = ["", ""]
    if c.at_most is not None:
        bound = [f"≤ {shown(c.at_most, c.unit)}", "yes" if c.reached else "**no**"]
    return [c.name, shown(c.median, c.unit), spread(c), *bound]


def spread(quantity: Quantity) -> str:
    """Return the quartiles in words, or nothing where there is one sample."""
    if quantity.lower == quantity.upper:
        return ""
    return f"{shown(quantity.lower, quantity.unit)} … {shown(quantity.upper, quantity.unit)}"


def shown(x: float, unit: str) -> str:
    """Return a number with its unit; seconds get the fitting prefix."""
    if unit != "s":
        return f"{x:.3g} {unit}".rstrip()
    for prefix, scale in (("", 1.0), ("m", 1e-3), ("µ", 1e-6)):
        if abs(x) >= scale:
            return f"{x / scale:.3g} {prefix}s"
    return f"{x / 1e-9:.3g} ns"


def machine() -> str:
    """Return one line on the processor, Python, NumPy with its BLAS, and the peers."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    peers = [f"{name} {found}" for name in PEERS if (found := installed(name))]
    return ", ".join(
        [
            f"{processor()} with {os.cpu_count()} cores",
            f"Python {platform.python_version()}",
            f"NumPy {np.__version__} on {blas['name']} {blas['version']}, {threads()} threads",
            *peers,
        ]
    )


PEERS = {"micrograd": "micrograd", "autograd": "HIPS autograd", "torch": "PyTorch"}
"""The peers: name on PyPI, and name in tables."""


def installed(package: str) -> str | None:
    """Return the version of a package, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def threads() -> int:
    """Return how many threads NumPy's BLAS uses, by the rule of OpenBLAS."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(variable, "").isdecimal():
            return int(os.environ[variable])
    return os.cpu_count() or 1


def processor() -> str:
    """Return the model of the processor."""
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()
