"""What a gradient costs beside the function itself, both replayed: value and gradient over value.

Griewank and Walther (Evaluating Derivatives, 2008, section 4.4) show that reverse mode needs at
most 4 to 5 times the operations of the function, by the weights that are given to additions,
multiplications and memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
from benchmarks import gpt, rosenbrock, two_moons
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import NOTHING, Array, Claim, Contestant, Run, Workload

AT_MOST = 3


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure the ratio on each of the scalar workloads."""
    rounds = 1 if quick else 10
    points, sides, weights, *_ = two_moons.problem(100)
    yield measure(
        workload(
            "micrograd's demo, 100 points",
            lambda engine: am.compile(two_moons.loss, engine=engine).batched(
                in_axes=(0, 0, None), reduce="mean"
            ),
            (points, sides, weights),
            argnums=2,
        ),
        rounds,
    )
    n = 20 if quick else rosenbrock.N
    x = np.random.default_rng(0).normal(size=n)
    yield measure(
        workload(
            f"Rosenbrock, n = {n}",
            lambda engine: am.compile(rosenbrock.unrolled, engine=engine),
            (x,),
        ),
        rounds,
    )
    length = 2 if quick else gpt.LENGTHS[0]
    yield measure(
        workload(
            f"a GPT of scalars, {length} tokens",
            lambda engine: am.compile(partial(gpt.loss, am), engine=engine),
            gpt.problem(length),
        ),
        rounds,
    )


def workload(
    title: str, build: Callable[[str], Any], args: Sequence[Any], argnums: int = 0
) -> Workload:
    """Return a compiled function in both engines, with and without its gradient."""
    contestants, claims = [], []
    for engine, needs in (("numba", "numba"), ("numpy", "")):
        names = f"value and gradient, {engine}", f"value, {engine}"
        starts = (
            partial(with_gradient, build, engine, args, argnums),
            partial(value, build, engine, args),
        )
        contestants += [Contestant(n, start, needs) for n, start in zip(names, starts, strict=True)]
        claims.append(Claim(*names, at_most=AT_MOST))
    return Workload(f"Gradient over primal, replayed: {title}", contestants, claims)


def with_gradient(
    build: Callable[[str], Any], engine: str, args: Sequence[Any], argnums: int
) -> Run:
    """Return the run of value and gradient."""
    compiled = build(engine)
    last: Any = None

    def step() -> None:
        nonlocal last
        last = compiled.value_and_grad(*args, argnums=argnums)

    return Run(step, lambda: (float(last[0]), flat(last[1])))


def value(build: Callable[[str], Any], engine: str, args: Sequence[Any]) -> Run:
    """Return the run of the value alone."""
    compiled = build(engine)
    return Run(partial(compiled, *args), lambda: (float(compiled(*args)), NOTHING))


def flat(gradient: Any) -> Array:
    """Return a gradient as one vector: an array, or a dict or list of them."""
    if isinstance(gradient, dict):
        gradient = list(gradient.values())
    if isinstance(gradient, list | tuple):
        return np.concatenate([np.ravel(part) for part in gradient])
    return np.ravel(gradient)
