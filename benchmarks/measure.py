"""Measure workloads: contestants in turn within one process, medians of paired comparisons."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from time import perf_counter

import numpy as np

import autograd_mini as am
from benchmarks.machine import PEERS, installed
from benchmarks.report import Quantity, Report, Timing, Unit
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

SETTLE = 0.03  # seconds; longer than the threads of OpenBLAS and OpenMP spin when they are idle
STEPS = 3  # at least, in a turn
TURN = 0.05  # seconds; a turn has as many steps as fit
STARTS = 5  # at most; the preparation is their median
STARTING = 3.0  # seconds; no other start after them


def measured(name: str, quick: bool, results: Connection) -> None:
    """Measure the workload in the module of that name, and send its reports as they come."""
    for report in import_module(f"benchmarks.{name}").reports(quick=quick):
        results.send(report.unjudged() if quick else report)


def measure(workload: Workload, rounds: int) -> Report:
    """Start the contestants, check that they agree, then time them in turn, `rounds` times.

    A turn is a while of untimed steps, in which the threads and the memory of the contestant
    before come to rest, a garbage collection, and the timed steps: several in a row, as in
    training, so that what a step leaves to the garbage collector is part of what it costs. The
    order is drawn anew in each round. Comparisons are made within a round, where the machine was
    in one state.

    Args:
        workload: what to time.
        rounds: how many turns each contestant has; if it is one, that has one step.

    Raises:
        AssertionError: two contestants compute different values or derivatives.
    """
    contestants = [c for c in workload.contestants if not c.needs or installed(c.needs)]
    skipped = [c for c in workload.contestants if c.needs and not installed(c.needs)]
    started = [start(contestant, min(rounds, STARTS)) for contestant in contestants]
    runs = [run for run, _ in started]
    check_outcomes(workload, dict(zip((c.name for c in contestants), runs, strict=True)))

    steps = [steps_a_turn(run.step) if rounds > 1 else 1 for run in runs]
    samples = np.empty((len(contestants), rounds))
    order = np.random.default_rng(0)
    for turn in range(rounds):
        for i in order.permutation(len(contestants)):
            samples[i, turn] = timed(runs[i].step, steps[i]) / contestants[i].size

    times = {c.name: row for c, row in zip(contestants, samples, strict=True)}
    ready = {c.name: row for c, (_, row) in zip(contestants, started, strict=True)}
    return Report(
        workload.title,
        [timing(c, times[c.name], ready[c.name]) for c in contestants],
        [
            *(
                Quantity.of(f"{c.name}, first result", ready[c.name], "s", at_most=c.ready_within)
                for c in contestants
                if c.ready_within is not None
            ),
            *(
                compare(claim, times, ready, {c.name: c.size for c in contestants})
                for claim in workload.claims
                if claim.left in times and claim.right in times
            ),
        ],
        [f"{PEERS[c.needs]} ({c.name})" for c in skipped],
        note=workload.note,
    )


def start(contestant: Contestant, times: int) -> tuple[Run, Array]:
    """Start a contestant so many times, or fewer; return the last run, and the seconds of each.

    The package is loaded before: what is done once a process is no part of the preparation.
    """
    if contestant.needs:
        import_module(contestant.needs)
    if contestant.needs == "numba":
        am.compile(lambda x: x + x, engine="numba")(1.0)
    seconds: list[float] = []
    while not seconds or (len(seconds) < times and sum(seconds) < STARTING):
        gc.collect()
        before = perf_counter()
        run = contestant.start()
        run.step()
        seconds.append(perf_counter() - before)
    return run, np.array(seconds)


def check_outcomes(workload: Workload, runs: Mapping[str, Run]) -> None:
    """Raise `AssertionError` unless all first steps agree in values and derivatives."""
    outcomes = {name: run.outcome() for name, run in runs.items() if run.outcome}
    if not outcomes:
        return
    with_gradient = [outcome for outcome in outcomes.values() if outcome[1].size]
    value, gradient = workload.expected or with_gradient[-1]
    rtol, largest = workload.rtol, float(np.abs(gradient).max(initial=0.0))
    for name, (its_value, its_gradient) in outcomes.items():
        of = f"{workload.title}: the %s of {name!r}"
        np.testing.assert_allclose(its_value, value, rtol=rtol, err_msg=of % "value")
        if its_gradient.size:
            np.testing.assert_allclose(
                its_gradient, gradient, rtol, rtol * largest, err_msg=of % "derivatives"
            )


def steps_a_turn(step: Callable[[], object]) -> int:
    """Return how many steps fit into a turn, at least `STEPS`."""
    settle(step)
    before = perf_counter()
    step()
    return max(STEPS, int(TURN / (perf_counter() - before)))


def timed(step: Callable[[], object], steps: int) -> float:
    """Return the seconds of a step in one turn."""
    settle(step)
    gc.collect()
    before = perf_counter()
    for _ in range(steps):
        step()
    return (perf_counter() - before) / steps


def settle(step: Callable[[], object]) -> None:
    """Run steps for a while, at least one."""
    end = perf_counter() + SETTLE
    step()
    while perf_counter() < end:
        step()


def timing(contestant: Contestant, times: Array, ready: Array) -> Timing:
    """Return the times of one contestant."""
    return Timing(
        contestant.name,
        Quantity.of("a step" if contestant.size == 1 else "a piece", times, "s"),
        Quantity.of("until the first result", ready, "s"),
        contestant.size,
        contestant.series,
    )


def compare(
    claim: Claim, times: Mapping[str, Array], ready: Mapping[str, Array], sizes: Mapping[str, int]
) -> Quantity:
    """Return the comparison of two contestants, made within each round."""
    left, right = claim.left, claim.right
    unit: Unit = ""
    if claim.how == "ratio":
        name, found = f"{left} / {right}", times[left] / times[right]
    elif claim.how == "difference":
        name, found, unit = f"{left} − {right}", times[left] - times[right], "s"
    else:
        name = f"first result of {left} / {right}"
        found = np.median(ready[left]) / sizes[left] / (np.median(ready[right]) / sizes[right])
    return Quantity.of(name, found, unit, at_least=claim.at_least, at_most=claim.at_most)
