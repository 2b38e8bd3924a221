"""Derivatives of plain NumPy code: value and gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import NOTHING, Array, Claim, Contestant, Run, Workload


def rosenbrock(np_: Any, x: Any) -> Any:
    """Return the sum of 100 (x[i+1] - x[i]²)² + (1 - x[i])²: many small operations."""
    return np_.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def regression(np_: Any, w: Any, samples: Any, labels: Any) -> Any:
    """Return the loss of a logistic regression with an L2 term."""
    z = samples @ w
    return np_.mean(np_.log(1.0 + np_.exp(-labels * z))) + 0.01 * np_.sum(w**2)


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure value and gradient of both functions."""
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(1000, 50))
    labels = np.sign(samples @ rng.normal(size=50) + rng.normal(size=1000))
    rounds = 1 if quick else 20
    yield measure(workload("Rosenbrock, n = 100", rosenbrock, [rng.normal(size=100)]), rounds)
    given = [np.zeros(50), samples, labels]
    yield measure(workload("logistic regression, 1000 × 50", regression, given), rounds)


def workload(title: str, f: Callable[..., Any], args: Sequence[Array]) -> Workload:
    """Return one function as a workload.

    Args:
        title: what the function is called.
        f: takes the module whose functions it is to use, the point, and constants.
        args: where the derivatives are taken, and the constants.
    """
    return Workload(
        f"`value_and_grad` of NumPy code: {title}",
        [
            Contestant("eager", partial(eager, f, args)),
            Contestant("HIPS autograd", partial(in_autograd, f, args), "autograd"),
            Contestant("PyTorch", partial(in_torch, f, args), "torch"),
            Contestant("JAX jit", partial(in_jax, f, args), "jax"),
            Contestant("NumPy, value alone", partial(value_alone, f, args)),
        ],
        [
            Claim("eager", "HIPS autograd", at_most=1),
            Claim("eager", "PyTorch"),
            Claim("eager", "JAX jit"),
            Claim("eager", "NumPy, value alone"),
        ],
    )


def repeated(both: Callable[[], tuple[Any, Any]]) -> Run:
    """Return the run of a function that gives value and gradient."""
    last: Any = None

    def step() -> None:
        nonlocal last
        last = both()

    return Run(step, lambda: (float(last[0]), np.asarray(last[1])))


def eager(f: Callable[..., Any], args: Sequence[Array]) -> Run:
    """Return the step of this library's eager engine."""
    both = am.value_and_grad(partial(f, np))
    return repeated(lambda: both(*args))


def in_autograd(f: Callable[..., Any], args: Sequence[Array]) -> Run:
    """Return the step in HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    both = autograd.value_and_grad(partial(f, anp))
    return repeated(lambda: both(*args))


def in_jax(f: Callable[..., Any], args: Sequence[Array]) -> Run:
    """Return the step in JAX, all arrays on the device."""
    import jax
    import jax.numpy as jnp

    both = jax.jit(jax.value_and_grad(partial(f, jnp)))
    on_device = jax.device_put(args)
    return repeated(lambda: jax.block_until_ready(both(*on_device)))


def in_torch(f: Callable[..., Any], args: Sequence[Array]) -> Run:
    """Return the step in PyTorch, whose functions have NumPy's names here."""
    import torch

    point = torch.tensor(args[0], requires_grad=True)
    constants = [torch.tensor(array) for array in args[1:]]

    def both() -> tuple[Any, Any]:
        point.grad = None
        value = f(torch, point, *constants)
        value.backward()
        return value.detach(), point.grad

    return repeated(both)


def value_alone(f: Callable[..., Any], args: Sequence[Array]) -> Run:
    """Return the function itself in NumPy."""
    return repeated(lambda: (f(np, *args), NOTHING))
