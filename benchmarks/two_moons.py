"""One step of micrograd's demo: an MLP 2-16-16-1 of scalars on points of two moons.

Hinge loss, L2 over all parameters with alpha = 1e-4, forward, backward and update: for 100 points
some 65,000 nodes in micrograd. Source of the demo: github.com/karpathy/micrograd, demo.ipynb.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import Value, nn, optim
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.two_moons_peers import (
    Problem,
    by_hand,
    in_autograd,
    in_casadi,
    in_jax,
    in_micrograd,
    in_place,
    in_torch,
    script,
)
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

ALPHA = 1e-4
LEARNING_RATE = 0.01
LAYERS = [16, 16, 1]


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure the demo's step, and the same net with more points."""
    demo_size, *more = [20, 1_000] if quick else [100, 10_000, 100_000]
    yield measure(demo(demo_size), 1 if quick else 20)
    for n in more:
        yield measure(many(n), 1 if quick else 10)


def demo(n: int) -> Workload:
    """Return the demo itself, with all contestants."""
    given = problem(n)
    return Workload(
        title(n),
        [
            Contestant("replay, numba", partial(replay, given, "numba"), "numba"),
            Contestant("replay, numpy", partial(replay, given, "numpy")),
            Contestant("eager, a batch", partial(batch_form, given)),
            Contestant("eager, micrograd's script", partial(here, given)),
            Contestant("micrograd", partial(in_micrograd, given), "micrograd"),
            *arrays(given),
            Contestant("NumPy by hand, out=", partial(in_place, given)),
        ],
        [
            Claim("micrograd", "replay, numba", at_least=20_000),
            Claim("NumPy by hand", "replay, numba", at_least=3),
            Claim("JAX jit", "replay, numba", at_least=4),
            Claim("PyTorch", "replay, numba", at_least=4),
            Claim("micrograd", "replay, numpy", at_least=400),
            Claim("micrograd", "eager, a batch", at_least=8),
            Claim("micrograd", "eager, micrograd's script"),
            Claim("CasADi", "replay, numba"),
            Claim("NumPy by hand, out=", "replay, numba"),
        ],
    )


def many(n: int) -> Workload:
    """Return the same net with so many points, without those that make a node of each number."""
    given = problem(n)
    return Workload(
        title(n),
        [
            Contestant("replay, numba", partial(replay, given, "numba"), "numba"),
            Contestant("replay, numpy", partial(replay, given, "numpy")),
            *arrays(given),
        ],
        [
            Claim("JAX jit", "replay, numba", at_least=1),
            Claim("NumPy by hand", "replay, numba"),
            Claim("PyTorch", "replay, numba"),
        ],
    )


def title(n: int) -> str:
    """Return the heading for so many points."""
    return f"micrograd's demo step, MLP 2-16-16-1, {n:,} points: loss, gradient and update"


def arrays(given: Problem) -> list[Contestant]:
    """Return the peers that compute on arrays, or on a map over the points."""
    return [
        Contestant("CasADi", partial(in_casadi, given), "casadi"),
        Contestant("HIPS autograd", partial(in_autograd, given), "autograd"),
        Contestant("PyTorch", partial(in_torch, given), "torch"),
        Contestant("JAX jit", partial(in_jax, given), "jax"),
        Contestant("NumPy by hand", partial(by_hand, given)),
    ]


def two_moons(n: int, noise: float = 0.1) -> tuple[Array, Array]:
    """Return n points on two interleaved half circles, (n, 2), and their sides -1 or 1, (n,)."""
    rng = np.random.default_rng(1337)
    angle = np.linspace(0.0, np.pi, n // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)])
    points = np.concatenate([upper, lower]) + noise * rng.normal(size=(2 * len(angle), 2))
    return points, np.repeat([-1.0, 1.0], len(angle))


def first_model() -> nn.MLP:
    """Return the network that every contestant starts from."""
    return nn.MLP(2, LAYERS, rng=1337)


def problem(n: int) -> Problem:
    """Return what a step needs, for so many points."""
    weights = list(first_model().state_dict().values())
    return Problem(*two_moons(n), weights, ALPHA, LEARNING_RATE)


def loss(x: Any, y: Any, weights: Sequence[Any]) -> Any:
    """Return the hinge loss of one point, and the penalty: what is compiled."""
    w1, b1, w2, b2, w3, b3 = weights
    a = am.relu(w1 @ x + b1)
    a = am.relu(w2 @ a + b2)
    (score,) = w3 @ a + b3
    return am.relu(1.0 - y * score) + ALPHA * sum(np.vdot(w, w) for w in weights)


def replay(given: Problem, engine: str) -> Run:
    """Return the step of this library's compiler: one lane a point, the weights, shared, a vector.

    NumPy by hand with out= has them in one, too: there is then one array to move.
    """
    shapes = tuple(w.shape for w in given.weights)  # tuples cannot change, and are not looked at
    ends = tuple(accumulate(w.size for w in given.weights[:-1]))
    theta = np.concatenate([np.ravel(w) for w in given.weights])
    value = 0.0

    def of_vector(x: Any, y: Any, theta: Any) -> Any:
        parts = zip(np.split(theta, ends), shapes, strict=True)
        return loss(x, y, [part.reshape(shape) for part, shape in parts])

    batch = am.compile(of_vector, engine=engine).batched(in_axes=(0, 0, None), reduce="mean")

    def step() -> None:
        nonlocal theta, value
        value, gradient = batch.value_and_grad(given.points, given.sides, theta, argnums=2)
        theta -= LEARNING_RATE * gradient

    return Run(step, lambda: given.outcome(value, [theta]))


def batch_form(given: Problem) -> Run:
    """Return the step as one writes it with this library's eager engine."""
    model = first_model()
    optimizer = optim.SGD(model, LEARNING_RATE)
    sides = given.sides[:, None]
    value = 0.0

    def step() -> None:
        nonlocal value
        scores = model(given.points)
        loss = nn.hinge(scores, sides) + nn.l2_penalty(model.arrays().values(), 2 * ALPHA, m=1)
        value = loss.data
        model.zero_grad()
        loss.backward()
        optimizer.step()

    return Run(step, lambda: given.outcome(value, model.state_dict().values()))


def here(given: Problem) -> Run:
    """Return micrograd's script with this library's `Value` and `MLP`."""
    model = first_model()
    step, last = script(Value, model, given)
    return Run(step, lambda: given.outcome(last(), model.state_dict().values()))
