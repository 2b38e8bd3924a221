"""Derivatives of plain NumPy code: value and gradient, and Hessian-vector products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
from benchmarks.measure import PEERS, Array, Claim, Contestant, Workload, installed, threads


def rosenbrock(np_: Any, x: Any) -> Any:
    """Return the sum of 100 (x[i+1] - x[i]²)² + (1 - x[i])²: many small operations."""
    return np_.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def regression(np_: Any, w: Any, samples: Any, labels: Any) -> Any:
    """Return the loss of a logistic regression with an L2 term."""
    z = samples @ w
    return np_.mean(np_.log(1.0 + np_.exp(-labels * z))) + 0.01 * np_.sum(w**2)


def gradients() -> list[Workload]:
    """Return value and gradient of both functions, against HIPS autograd and PyTorch."""
    bounds = {"HIPS autograd": 1.0, "PyTorch": None}
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(1000, 50))
    labels = np.sign(samples @ rng.normal(size=50) + rng.normal(size=1000))
    return [
        workload("Rosenbrock, n = 100", rosenbrock, [rng.normal(size=100)], bounds),
        workload(
            "logistic regression, 1000 × 50", regression, [np.zeros(50), samples, labels], bounds
        ),
    ]


def workload(
    title: str, f: Callable[..., Any], args: Sequence[Array], bounds: Mapping[str, float | None]
) -> Workload:
    """Return one function as a workload.

    Args:
        title: what the function is called.
        f: takes the module whose functions it is to use, the point, and constants.
        args: where the derivatives are taken, and the constants.
        bounds: the largest ratio of our time to each contestant's.
    """
    contestants = [contestant("autograd_mini", am.value_and_grad(partial(f, np)), args)]
    skipped = []
    if installed("autograd"):
        import autograd
        import autograd.numpy as anp

        theirs = autograd.value_and_grad(lambda *args: f(anp, *args))
        contestants.append(contestant("HIPS autograd", theirs, args))
    else:
        skipped.append(PEERS["autograd"])
    if installed("torch"):
        contestants.append(in_torch(f, args))
    else:
        skipped.append(PEERS["torch"])
    contestants.append(Contestant("NumPy, value alone", lambda: f(np, *args)))
    return Workload(
        f"`value_and_grad` of NumPy code: {title}",
        contestants,
        [Claim("autograd_mini", name, bound) for name, bound in bounds.items()]
        + [Claim("autograd_mini", "NumPy, value alone")],
        skipped=skipped,
    )


def contestant(
    name: str, both: Callable[..., tuple[Any, Array]], args: Sequence[Array]
) -> Contestant:
    """Return a function that gives value and gradient as a contestant."""
    last: list[Array] = []

    def step() -> None:
        last[:] = [both(*args)[1]]

    return Contestant(name, step, lambda: last[0])


def in_torch(f: Callable[..., Any], args: Sequence[Array]) -> Contestant:
    """Return the step in PyTorch, whose functions have NumPy's names here."""
    import torch

    torch.set_num_threads(threads())
    point = torch.tensor(args[0], requires_grad=True)
    constants = [torch.tensor(array) for array in args[1:]]

    def step() -> None:
        point.grad = None
        f(torch, point, *constants).backward()

    return Contestant("PyTorch", step, lambda: point.grad.numpy())
