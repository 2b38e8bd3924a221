"""Derivatives of plain NumPy code: value and gradient, and Hessian-vector products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import autograd_mini as am
from benchmarks.measure import PEERS, Array, Claim, Contestant, Workload, installed, threads


def rosenbrock(np_: Any, x: Any) -> Any:
    """Return the sum of 100 (x[i+1] - x[i]²)² + (1 - x[i])²: many small operations."""
    return np_.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def regression(np_: Any, w: Any) -> Any:
    """Return the loss of a logistic regression with 1,000 samples of 50 numbers."""
    z = SAMPLES @ w
    return np_.mean(np_.log(1.0 + np_.exp(-LABELS * z))) + 0.01 * np_.sum(w**2)


RNG = np.random.default_rng(0)
SAMPLES = RNG.normal(size=(1000, 50))
LABELS = np.sign(SAMPLES @ RNG.normal(size=50) + RNG.normal(size=1000))


def gradients() -> list[Workload]:
    """Return value and gradient of both functions, against HIPS autograd and PyTorch."""
    bounds = {"HIPS autograd": 1.0, "PyTorch": None}
    return [
        value_and_gradient("Rosenbrock, n = 100", rosenbrock, RNG.normal(size=100), bounds),
        value_and_gradient("logistic regression, 1000 × 50", regression, np.zeros(50), bounds),
    ]


def value_and_gradient(
    title: str, f: Callable[[Any, Any], Any], x: Array, bounds: Mapping[str, float | None]
) -> Workload:
    """Return one function as a workload.

    Args:
        title: what the function is called.
        f: takes the module whose functions it is to use, and the point.
        x: where the derivatives are taken.
        bounds: the largest ratio of our time to each contestant's.
    """
    contestants = [contestant("autograd_mini", am.value_and_grad(lambda x: f(np, x)), x)]
    skipped = []
    if installed("autograd"):
        import autograd
        import autograd.numpy as anp

        theirs = autograd.value_and_grad(lambda x: f(anp, x))
        contestants.append(contestant("HIPS autograd", theirs, x))
    else:
        skipped.append(PEERS["autograd"])
    if installed("torch"):
        contestants.append(in_torch(f, x))
    else:
        skipped.append(PEERS["torch"])
    contestants.append(Contestant("NumPy, value alone", lambda: f(np, x)))
    return Workload(
        f"`value_and_grad` of NumPy code: {title}",
        contestants,
        [Claim("autograd_mini", name, bound) for name, bound in bounds.items()]
        + [Claim("autograd_mini", "NumPy, value alone")],
        skipped=skipped,
    )


def contestant(name: str, both: Callable[[Array], tuple[Any, Array]], x: Array) -> Contestant:
    """Return a function that gives value and gradient as a contestant."""
    last: list[Array] = []

    def step() -> None:
        last[:] = [both(x)[1]]

    return Contestant(name, step, lambda: last[0])


def in_torch(f: Callable[[Any, Any], Any], x: Array) -> Contestant:
    """Return the step in PyTorch, whose functions have NumPy's names here."""
    import torch

    torch.set_num_threads(threads())
    point = torch.tensor(x, requires_grad=True)
    module = Torch(torch)

    def step() -> None:
        point.grad = None
        f(module, point).backward()

    return Contestant("PyTorch", step, lambda: point.grad.numpy())


class Torch:
    """PyTorch's functions, for tensors and for the arrays in the code."""

    def __init__(self, torch: Any) -> None:
        self.sum, self.mean, self.log, self.exp = torch.sum, torch.mean, torch.log, torch.exp
