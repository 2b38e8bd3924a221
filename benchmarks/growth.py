"""Growth: what a node costs in programs of 10³ to 10⁶ nodes, and a lane in 10³ to 10⁶ lanes.

An algorithm that is linear has the same cost for each. From the last size but one to the last the
bound is what n log n would grow by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import log
from typing import Any

import numpy as np

import autograd_mini as am
from benchmarks import rosenbrock
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

SIZES = [1_000, 10_000, 100_000, 1_000_000]
NODES_A_NUMBER = 9  # of Rosenbrock's function, unrolled
LANE = 4  # numbers of a lane
PEERS_UP_TO = 100_000  # larger ones would take minutes, and no bound is on them
BOUNDED = ["replay, numba", "replay, numpy"]

Series = Mapping[str, tuple[Callable[[Array], Run], str]]
"""For the name of a curve what starts it, and the package that it needs."""


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure programs of more and more nodes, then more and more lanes of one program."""
    sizes = SIZES[:2] if quick else SIZES
    rounds = 1 if quick else 3
    rng = np.random.default_rng(0)
    yield measure(
        workload(
            "Growth in nodes: Rosenbrock unrolled, value and gradient (times of one node)",
            {
                "replay, numba": (partial(rosenbrock.replay, engine="numba"), "numba"),
                "replay, numpy": (partial(rosenbrock.replay, engine="numpy"), ""),
                "eager": (rosenbrock.eager, ""),
                "CasADi": (rosenbrock.in_casadi, "casadi"),
            },
            {n: rng.normal(size=n // NODES_A_NUMBER) for n in sizes},
            ["ratio", "preparation"],
        ),
        rounds,
    )
    yield measure(
        workload(
            f"Growth in lanes: Rosenbrock of {LANE}, value and gradient (times of one lane)",
            {
                "replay, numba": (partial(replay, engine="numba"), "numba"),
                "replay, numpy": (partial(replay, engine="numpy"), ""),
                "JAX jit": (in_jax, "jax"),
                "NumPy by hand": (partial(repeated, by_hand), ""),
            },
            {m: rng.normal(size=(m, LANE)) for m in sizes},
            ["ratio"],
        ),
        rounds,
    )


def workload(
    title: str, series: Series, points: Mapping[int, Array], compared: Sequence[Any]
) -> Workload:
    """Return each of the series at each of the points, which are called by their size.

    Args:
        title: the heading.
        series: the curves.
        points: where each is taken.
        compared: how the last size is compared with the one before; as in `Claim`.
    """
    *_, before, last = points
    growth = log(last) / log(before)
    return Workload(
        title,
        [
            Contestant(called(name, n), partial(checked, start, x), needs, size=n, series=name)
            for name, (start, needs) in series.items()
            for n, x in points.items()
            if n <= PEERS_UP_TO or name in BOUNDED
        ],
        [
            Claim(called(name, last), called(name, before), at_most=growth, how=how)
            for name in BOUNDED
            for how in compared
        ],
        expected=(1.0, np.ones(1)),
    )


def called(name: str, n: int) -> str:
    """Return the name of a contestant at a size."""
    return f"{name}, {n:,}"


def checked(start: Callable[[Array], Run], x: Array) -> Run:
    """Return a run whose outcome is 1, where it is right, at each size."""
    run = start(x)

    def beside() -> tuple[float, Array]:
        value, gradient = run.outcome()
        values, gradients = by_hand(np.atleast_2d(x))
        error = np.abs(gradient - gradients.ravel()).max() / np.abs(gradients).max()
        return value / float(values.sum()), np.array([1.0 + error])

    return Run(run.step, beside)


def repeated(both: Callable[[Any], tuple[Any, Any]], x: Any) -> Run:
    """Return the run of a function of all lanes; the value of its outcome is their sum."""
    last: Any = None

    def step() -> None:
        nonlocal last
        last = both(x)

    return Run(step, lambda: (float(np.sum(last[0])), np.ravel(last[1])))


def replay(x: Array, engine: str) -> Run:
    """Return values and gradients of all lanes, by this library's compiler."""
    batch = am.compile(rosenbrock.unrolled, engine=engine).batched(reduce=None)
    return repeated(batch.value_and_grad, x)


def in_jax(x: Array) -> Run:
    """Return the same in JAX."""
    import jax

    both = jax.jit(jax.vmap(jax.value_and_grad(rosenbrock.unrolled)))
    return repeated(lambda x: jax.block_until_ready(both(x)), jax.device_put(x))


def by_hand(x: Array) -> tuple[Array, Array]:
    """Return Rosenbrock's function of each row, and its gradient."""
    inner, outer = x[:, 1:] - x[:, :-1] ** 2, 1.0 - x[:, :-1]
    gradient = np.zeros_like(x)
    gradient[:, :-1] = -400.0 * inner * x[:, :-1] - 2.0 * outer
    gradient[:, 1:] += 200.0 * inner
    return (100.0 * inner**2 + outer**2).sum(axis=1), gradient
