"""Growth: what a node costs in programs of 10³ to 10⁶ nodes, and a lane in 10³ to 10⁶ lanes.

An algorithm that is linear has the same cost for each. From the last size but one to the last the
bound is what n log n would grow by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import log

import numpy as np

import autograd_mini as am
from benchmarks import rosenbrock
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

SIZES = [1_000, 10_000, 100_000, 1_000_000]
NODES_A_NUMBER = 9  # of Rosenbrock's function, unrolled
LANE = 4  # numbers of a lane


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure programs of more and more nodes, then more and more lanes of one program."""
    sizes = SIZES[:-1] if quick else SIZES
    rounds = 1 if quick else 5
    yield measure(nodes(sizes), rounds)
    yield measure(lanes(sizes), rounds)


def nodes(sizes: Sequence[int]) -> Workload:
    """Return Rosenbrock's function, unrolled, of more and more numbers."""
    series = {
        "replay, numba": (partial(rosenbrock.replay, engine="numba"), "numba"),
        "replay, numpy": (partial(rosenbrock.replay, engine="numpy"), ""),
        "eager": (rosenbrock.eager, ""),
        "CasADi": (rosenbrock.in_casadi, "casadi"),
    }
    points = {n: np.random.default_rng(0).normal(size=n // NODES_A_NUMBER) for n in sizes}
    return Workload(
        "Growth in nodes: Rosenbrock unrolled, value and gradient, time for a node",
        [
            Contestant(called(name, n), partial(start, x), needs, size=n, series=name)
            for name, (start, needs) in series.items()
            for n, x in points.items()
        ],
        bounds(["replay, numba", "replay, numpy"], sizes),
    )


def lanes(sizes: Sequence[int]) -> Workload:
    """Return one small program on more and more lanes."""
    series: dict[str, tuple[Callable[[Array], Run], str]] = {
        "replay, numba": (partial(replay, engine="numba"), "numba"),
        "replay, numpy": (partial(replay, engine="numpy"), ""),
        "JAX jit": (in_jax, "jax"),
    }
    points = {m: np.random.default_rng(0).normal(size=(m, LANE)) for m in sizes}
    return Workload(
        f"Growth in lanes: Rosenbrock of {LANE} numbers, value and gradient, time for a lane",
        [
            Contestant(called(name, m), partial(start, x), needs, size=m, series=name)
            for name, (start, needs) in series.items()
            for m, x in points.items()
        ],
        bounds(["replay, numba", "replay, numpy"], sizes),
    )


def bounds(series: Sequence[str], sizes: Sequence[int]) -> list[Claim]:
    """Return the claims that the last size costs, by the piece, what the one before does."""
    *_, before, last = sizes
    return [
        Claim(called(name, last), called(name, before), at_most=log(last) / log(before))
        for name in series
    ]


def called(name: str, n: int) -> str:
    """Return the name of a contestant at a size."""
    return f"{name}, {n:,}"


def replay(x: Array, engine: str) -> Run:
    """Return the sums over the lanes of the value and of the gradient, by the compiler."""
    batch = am.compile(rosenbrock.unrolled, engine=engine).batched(in_axes=0, reduce=None)
    return Run(lambda: batch.value_and_grad(x))


def in_jax(x: Array) -> Run:
    """Return the same in JAX."""
    import jax

    both = jax.jit(jax.vmap(jax.value_and_grad(rosenbrock.unrolled)))
    on_device = jax.device_put(x)
    return Run(lambda: jax.block_until_ready(both(on_device)))
