"""Several threads, and tasks of asyncio: shared leaves, and states of their own."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini.errors import AnomalyError
from autograd_mini.nn import Module
from autograd_mini.threads import pause_collector, resume_collector

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])
THREADS = 8


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    """Let threads take turns every few instructions, so that what can go wrong does."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(work: Callable[[int], Any]) -> list[Any]:
    """Run `work(i)` in all threads at once and return what it gives."""
    start = threading.Barrier(THREADS)

    def run(i: int) -> Any:
        start.wait()
        return work(i)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@KINDS
def test_shared_parameters(kind: type[am.Node]):
    """Gradients that threads add to shared leaves are, to the last bit, the sum of all of them.

    With whole numbers every order of addition gives the same: the derivative of i w x b is i x b.
    """
    shape = () if kind is am.Value else (2, 3)
    w, b = (kind(float(k) if kind is am.Value else np.full(shape, float(k))) for k in (3, 5))
    graphs = 200

    def work(i: int) -> None:
        for x in range(graphs):
            (w * float(i * x) * b + w).backward(np.ones(shape))

    together(work)
    factor = sum(i * x for i in range(THREADS) for x in range(graphs))
    assert_array_equal(w.grad, np.full(shape, factor * 5.0 + THREADS * graphs))
    assert_array_equal(b.grad, np.full(shape, factor * 3.0))


def test_object_arrays():
    """The same for object arrays, and for the results that the threads share."""
    w = am.values(np.arange(6.0).reshape(2, 3))
    shared = (w * w).sum()

    def work(i: int) -> None:
        for x in range(20):
            (am.relu(w * float(i + x)).sum() + shared).backward()

    together(work)
    factor = sum(i + x for i in range(THREADS) for x in range(20))
    kept = np.arange(6.0).reshape(2, 3) > 0
    assert_array_equal(am.grads(w), factor * kept + 20 * THREADS * 2.0 * am.data(w))


def test_modules_name_what_they_make():
    """A module called by several threads gives each the scopes of its own call."""

    class Double(Module):
        """Twice its input."""

        def forward(self, x: am.Value) -> am.Value:
            return x * 2.0

    double = Double()
    x = am.Value(1.0)

    def work(i: int) -> set[str]:
        with am.scope(str(i)):
            return {(double(x) + 1.0).parents[0].scope for _ in range(100)}

    assert together(work) == [{f"{i}/Double"} for i in range(THREADS)]


@KINDS
def test_no_grad_is_of_one_thread(kind: type[am.Node]):
    """What one thread does not record, others do; scopes are as separate."""
    x = kind(2.0)

    def work(i: int) -> set[tuple[bool, str]]:
        found = set()
        for _ in range(200):
            if i % 2:
                with am.no_grad():
                    y = x * x
            else:
                with am.scope(f"thread {i}"):
                    y = x * x
            found.add((y.is_leaf, y.scope))
        return found

    expected = [{(True, "")} if i % 2 else {(False, f"thread {i}")} for i in range(THREADS)]
    assert together(work) == expected


def test_detect_anomaly_is_of_one_thread():
    """Only the threads that asked for it stop at a number that is not finite."""
    x = am.Value(0.0)

    def work(i: int) -> bool:
        if i % 2:
            with np.errstate(divide="ignore"):
                return x.log().data == -np.inf
        with am.detect_anomaly(), pytest.raises(AnomalyError):
            x.log()
        return True

    assert together(work) == [True] * THREADS


def test_tasks():
    """Tasks that take turns within one thread keep their states apart."""
    x = am.Value(0.0)

    async def unrecorded() -> am.Value:
        with am.no_grad():
            await asyncio.sleep(0)
            y = x.exp()
            await asyncio.sleep(0)
        return y

    async def scoped(name: str) -> am.Value:
        with am.scope(name):
            await asyncio.sleep(0)
            y = x.exp()
            await asyncio.sleep(0)
        return y

    async def checked() -> am.Value:
        with am.detect_anomaly():
            await asyncio.sleep(0)
            with pytest.raises(AnomalyError):
                x.log()
            await asyncio.sleep(0)
        return x.exp()

    async def main() -> list[am.Value]:
        tasks = (unrecorded(), scoped("a"), checked(), scoped("b"), unrecorded())
        return await asyncio.gather(*tasks)

    found = [(y.is_leaf, y.scope) for y in asyncio.run(main())]
    assert found == [(True, ""), (False, "a"), (False, ""), (False, "b"), (True, "")]


def test_indices_are_unique():
    """No two nodes have one index, whichever threads make them."""
    x = am.Value(1.0)
    made = together(lambda i: [(x + 1.0).index for _ in range(1000)])
    assert len(set().union(*made)) == THREADS * 1000


@pytest.mark.parametrize("collecting", [True, False])
def test_collector(collecting: bool):
    """After all threads are done the garbage collector is on if it was on before, else off."""
    w = am.values(np.ones(3))
    if not collecting:
        gc.disable()
    try:
        together(lambda i: [am.exp(w) for _ in range(100)])
        assert gc.isenabled() == collecting
    finally:
        gc.enable()


def test_pauses_overlap():
    """The collector rests until the last thread that paused it is done."""
    pause_collector()
    pause_collector()
    resume_collector()
    assert not gc.isenabled()
    resume_collector()
    assert gc.isenabled()


def test_error_in_an_object_array():
    """An operation that fails gives the collector back."""
    with pytest.raises(TypeError):
        am.exp(np.array([am.Value(1.0), "text"], dtype=object))
    assert gc.isenabled()
