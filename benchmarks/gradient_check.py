"""Gradient checking: two-sided differences by each of the 337 parameters of micrograd's demo.

The loop moves one parameter at a time, there and back, and computes the loss of 100 points on eager
`Value`s. It is timed on a few parameters, and all times are those of one parameter. The library
replays all probes as lanes of one program; `numerical_gradient` traces it, too, at each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import gradcheck
from benchmarks import two_moons
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.two_moons_peers import Problem
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

EVERY = 112  # parameter of the loop


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure the loop and the lanes."""
    yield measure(workload(10), 1) if quick else measure(workload(100), 5)


def workload(n: int) -> Workload:
    """Return the loop over a few parameters, and the ways over all, on so many points."""
    given = two_moons.problem(n)
    size = len(vector(given))
    few = len(range(0, size, EVERY))
    return Workload(
        f"Gradient check: {size} parameters, {n} points (times of one parameter)",
        [
            Contestant("replay, numba", partial(lanes, given, "numba"), "numba", size=size),
            Contestant("replay, numpy", partial(lanes, given, "numpy"), size=size),
            Contestant("numerical_gradient", partial(library, given), size=size),
            Contestant("loop over eager Values", partial(loop, given), size=few),
        ],
        [
            Claim("loop over eager Values", "replay, numba", at_least=1000),
            Claim("loop over eager Values", "replay, numpy"),
            Claim("loop over eager Values", "numerical_gradient"),
        ],
        rtol=1e-6,  # of differences in the last digits of the loss
        note=f"The loop was timed on {few} of the {size} parameters.",
    )


def loss_of(given: Problem) -> Callable[[Any], Any]:
    """Return the mean loss of all points as a function of the parameters as one vector."""
    ends = np.cumsum([w.size for w in given.weights])[:-1]

    def loss(theta: Any) -> Any:
        parts = zip(np.split(theta, ends), given.weights, strict=True)
        w1, b1, w2, b2, w3, b3 = (part.reshape(w.shape) for part, w in parts)
        a = am.relu(given.points @ w1.T + b1)
        a = am.relu(a @ w2.T + b2)
        margin = 1.0 - given.sides * (a @ w3.T + b3)[:, 0]
        return np.sum(am.relu(margin)) / len(margin) + given.alpha * np.vdot(theta, theta)

    return loss


def vector(given: Problem) -> Array:
    """Return the parameters as one vector."""
    return np.concatenate([np.ravel(w) for w in given.weights])


def steps(theta: Array) -> Array:
    """Return how far each parameter is moved, as `numerical_gradient` does by default."""
    return np.finfo(float).eps ** (1 / 3) * np.maximum(1.0, np.abs(theta))


def lanes(given: Problem, engine: str) -> Run:
    """Return the differences by all parameters, each probe a lane."""
    batch = am.compile(loss_of(given), engine=engine).batched(reduce=None)
    theta = vector(given)
    h = steps(theta)
    found = np.empty(0)

    def step() -> None:
        nonlocal found
        above, below = np.split(batch(theta + np.concatenate([np.diag(h), -np.diag(h)])), 2)
        found = (above - below) / (2 * h)

    return Run(step, lambda: (float(batch(theta[np.newaxis])[0]), found[::EVERY]))


def library(given: Problem) -> Run:
    """Return the numerical gradient by all parameters, as the library has it."""
    theta = am.values(vector(given))
    loss = loss_of(given)
    found = np.empty(0)

    def step() -> None:
        nonlocal found
        (found,) = gradcheck.numerical_gradient(lambda: loss(theta), [theta])

    return Run(step, lambda: (loss(theta).data, found[::EVERY]))


def loop(given: Problem) -> Run:
    """Return the differences by every so many parameters, one after the other, on eager nodes."""
    theta = vector(given)
    loss, h = loss_of(given), steps(theta)
    found = np.empty(0)

    def moved(i: int, by: float) -> float:
        probe = theta.copy()
        probe[i] += by
        return loss(am.values(probe)).data

    def step() -> None:
        nonlocal found
        chosen = range(0, len(theta), EVERY)
        found = np.array([(moved(i, h[i]) - moved(i, -h[i])) / (2 * h[i]) for i in chosen])

    return Run(step, lambda: (loss(am.values(theta)).data, found))
