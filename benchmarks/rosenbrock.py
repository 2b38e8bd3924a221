"""Rosenbrock's function of n numbers, unrolled into scalars: value and gradient.

Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])²: some 4,000 operations on floats for n = 500, which a library
for arrays would do in eight. Both forms are timed: the unrolled one stands for functions that have
no form in arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import Array, Claim, Contestant, Run, Workload

N = 500


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure value and gradient; a quick run takes fewer numbers, for the sake of JAX."""
    yield measure(workload(N // 25 if quick else N), 1 if quick else 20)


def workload(n: int) -> Workload:
    """Return all contestants for so many numbers."""
    x = np.random.default_rng(0).normal(size=n)
    return Workload(
        f"Rosenbrock, n = {n}, unrolled into scalars: value and gradient",
        [
            Contestant("replay, numba", partial(replay, x, "numba"), "numba", ready_within=0.1),
            Contestant("replay, numpy", partial(replay, x, "numpy")),
            Contestant("eager", partial(eager, x)),
            Contestant("CasADi", partial(in_casadi, x), "casadi"),
            Contestant("CasADi, buffers", partial(in_casadi_buffers, x), "casadi"),
            Contestant("JAX jit, unrolled", partial(in_jax, unrolled, x), "jax"),
            Contestant("JAX jit, arrays", partial(in_jax, arrays, x), "jax"),
            Contestant("PyTorch, arrays", partial(in_torch, x), "torch"),
            Contestant("HIPS autograd, arrays", partial(in_autograd, x), "autograd"),
            Contestant("NumPy by hand, arrays", partial(by_hand, x)),
        ],
        [
            Claim("CasADi", "replay, numba", at_least=4),
            Claim("CasADi, buffers", "replay, numba"),
            Claim("JAX jit, unrolled", "replay, numba"),
            Claim("JAX jit, arrays", "replay, numba"),
            Claim("NumPy by hand, arrays", "replay, numba"),
            Claim("eager", "replay, numba"),
            Claim("eager", "replay, numpy"),
        ],
        note="CasADi takes a NumPy array; with buffers, it works on memory handed over before.",
    )


def unrolled(x: Any) -> Any:
    """Return Rosenbrock's function of a sequence of numbers."""
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def arrays(x: Any) -> Any:
    """Return Rosenbrock's function of an array."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def repeated(
    both: Callable[[Any], tuple[Any, Any]], x: Any, numbers: Callable[[Any], Array] = np.ravel
) -> Run:
    """Return the run of a function that gives value and gradient; `numbers` makes it an array."""
    last: Any = None

    def step() -> None:
        nonlocal last
        last = both(x)

    return Run(step, lambda: (float(last[0]), numbers(last[1])))


def replay(x: Array, engine: str) -> Run:
    """Return value and gradient by this library's compiler."""
    return repeated(am.compile(unrolled, engine=engine).value_and_grad, x)


def eager(x: Array) -> Run:
    """Return value and gradient by this library's eager engine, on `Value`s."""

    def both(x: Array) -> tuple[float, list[float]]:
        nodes = [am.Value(number) for number in x]
        value = unrolled(nodes)
        value.backward()
        return value.data, [node.grad for node in nodes]

    return repeated(both, x)


def casadi_function(x: Array) -> Any:
    """Return value and gradient as one function of CasADi, of a graph of scalars."""
    import casadi as ca

    symbols = ca.SX.sym("x", len(x))
    value = unrolled(ca.vertsplit(symbols))
    return ca.Function("rosenbrock", [symbols], [value, ca.gradient(value, symbols)])


def in_casadi(x: Array) -> Run:
    """Return CasADi as its users call it."""
    return repeated(casadi_function(x), x, lambda gradient: gradient.full()[:, 0])


def in_casadi_buffers(x: Array) -> Run:
    """Return CasADi in its fastest way: arguments and results stay in memory of the caller's."""
    buffer, evaluate = casadi_function(x).buffer()
    value, gradient = np.empty(1), np.empty(len(x))
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))

    def step(keep: Any = buffer) -> None:  # evaluate does not keep the memory alive
        evaluate()

    return Run(step, lambda: (value.item(), gradient.copy()))


def in_jax(f: Callable[[Any], Any], x: Array) -> Run:
    """Return value and gradient in JAX, the point on the device."""
    import jax
    import jax.numpy as jnp

    compiled = jax.jit(jax.value_and_grad(f))
    return repeated(lambda x: jax.block_until_ready(compiled(x)), jnp.asarray(x))


def in_torch(x: Array) -> Run:
    """Return value and gradient in PyTorch."""
    import torch

    point = torch.tensor(x, requires_grad=True)

    def both(point: Any) -> tuple[Any, Any]:
        point.grad = None
        value = arrays(point)
        value.backward()
        return value.detach(), point.grad

    return repeated(both, point)


def in_autograd(x: Array) -> Run:
    """Return value and gradient in HIPS autograd."""
    import autograd

    return repeated(autograd.value_and_grad(arrays), x)


def by_hand(x: Array) -> Run:
    """Return value and gradient in NumPy, the gradient by hand."""

    def both(x: Array) -> tuple[float, Array]:
        inner, outer = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
        gradient = np.zeros_like(x)
        gradient[:-1] = -400.0 * inner * x[:-1] - 2.0 * outer
        gradient[1:] += 200.0 * inner
        return 100.0 * np.vdot(inner, inner) + np.vdot(outer, outer), gradient

    return repeated(both, x)
