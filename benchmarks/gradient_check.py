"""Gradient checking: two-sided differences by each of the 337 parameters of micrograd's demo.

The loop moves one parameter at a time, there and back, and computes the loss of 100 points on eager
`Value`s. It is timed on a few parameters, and all times are those of one parameter. The library
replays all probes as lanes of one program.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from autograd_mini import gradcheck, nn
from benchmarks import two_moons
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

EVERY = 112  # parameter of the loop


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure the loop and the lanes."""
    yield measure(workload(10), 1) if quick else measure(workload(100), 5)


def workload(n: int) -> Workload:
    """Return the loop over a few parameters, and the library's way over all, on so many points."""
    size = len(two_moons.first_model().parameters())
    few = len(range(0, size, EVERY))
    return Workload(
        f"Gradient check: {size} parameters, {n} points (of one parameter)",
        [
            Contestant("lanes of a program", partial(lanes, n), size=size),
            Contestant("loop over eager Values", partial(loop, n), size=few),
        ],
        [Claim("loop over eager Values", "lanes of a program", at_least=1000)],
        rtol=1e-6,
        note=f"The loop was timed on {few} of the {size} parameters.",
    )


def problem(n: int) -> tuple[nn.MLP, Any]:
    """Return a network, and the function that computes its loss on n points anew."""
    model = two_moons.first_model()
    points, sides, *_ = two_moons.problem(n)

    def loss() -> Any:
        penalty = nn.l2_penalty(model.arrays().values(), 2 * two_moons.ALPHA, m=1)
        return nn.hinge(model(points), sides[:, None]) + penalty

    return model, loss


def lanes(n: int) -> Run:
    """Return the numerical gradient as the library computes it."""
    model, loss = problem(n)
    found: dict[str, Array] = {}

    def step() -> None:
        found.update(gradcheck.numerical_gradient(loss, model))

    def outcome() -> tuple[float, Array]:
        return loss().data, np.concatenate([np.ravel(g) for g in found.values()])[::EVERY]

    return Run(step, outcome)


def loop(n: int) -> Run:
    """Return the numerical gradient by every so many parameters, as a loop on eager `Value`s."""
    model, loss = problem(n)
    found = np.empty(0)

    def step() -> None:
        nonlocal found
        found = np.array([difference(loss, p) for p in model.parameters()[::EVERY]])

    return Run(step, lambda: (loss().data, found))


def difference(loss: Any, p: Any) -> float:
    """Return the two-sided difference by one parameter."""
    x = p.data
    h = np.finfo(float).eps ** (1 / 3) * max(1.0, abs(x))
    p.data = x + h
    above = loss().data
    p.data = x - h
    below = loss().data
    p.data = x
    return (above - below) / (2 * h)
