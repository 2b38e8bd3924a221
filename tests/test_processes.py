"""Children of the process: graphs and parameters sent there, gradients sent back."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini.nn import MLP, Module

METHODS = pytest.mark.parametrize(
    "method",
    [
        pytest.param(name, marks=pytest.mark.skipif(name not in available, reason="not here"))
        for available in [multiprocessing.get_all_start_methods()]
        for name in ("fork", "spawn")
    ],
)


def gradients(net: Module, x: Any) -> tuple[list[Any], Any]:
    """Return the gradients of the sum of the squares of what a network gives, and its graph."""
    loss = (net(x) ** 2).sum()
    loss.backward()
    return [np.array(p.grad) for p in net.parameters()], loss


def sweep(graph: list[Any]) -> list[Any]:
    """Sweep from the last node of a list and return the gradients of the others."""
    *leaves, z = graph
    z.backward()
    return [leaf.grad for leaf in leaves]


@METHODS
def test_pool(method: str):
    """Workers compute from networks and graphs of this process what it computes itself.

    In an interpreter of its own: other tests import libraries that start threads, and a process
    with threads should not fork.
    """
    code = f"from tests.test_processes import compare; compare({method!r})"
    root = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=root)


def compare(method: str) -> None:
    """Compare what a pool of two workers computes with what this process does."""
    context = multiprocessing.get_context(method)
    batches = [np.array([[0.5, -1.0]]), np.array([[2.0, 0.25]])]
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for kind in (am.Value, am.Tensor):
            net = MLP(2, [3, 1], kind=kind, rng=np.random.default_rng(0))
            expected = []
            for x in batches:
                net.zero_grad()
                expected.append(gradients(net, x)[0])
            net.zero_grad()
            results = list(pool.map(gradients, [net, net], batches))
            for (found, loss), grads in zip(results, expected, strict=True):
                for a, b in zip(found, grads, strict=True):
                    assert_array_equal(a, b)
                for leaf in loss.tape().leaves:  # a graph that a worker made is swept here
                    leaf.grad = None
                loss.backward()
                by_name = {leaf.name: leaf.grad for leaf in loss.tape().leaves if leaf.scope}
                assert len(by_name) > 2
            assert all(p.grad is None for p in net.parameters())
            x, y = kind(3.0), kind(4.0)
            assert pool.submit(sweep, [x, y, x * y + x.square()]).result() == [10.0, 3.0]
            assert (x.grad, y.grad) == (None, None)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork_while_the_collector_is_paused():
    """A child does not wait for pauses of threads that it does not have."""
    code = """
import gc, os, threading
import autograd_mini as am
from autograd_mini.threads import pause_collector, resume_collector
inside, done = threading.Event(), threading.Event()
def pause():
    pause_collector()
    inside.set()
    done.wait()
    resume_collector()
thread = threading.Thread(target=pause)
thread.start()
inside.wait()
child = os.fork()
if not child:
    x = am.Value(3.0)
    (x * x).backward()
    os._exit(0 if gc.isenabled() and x.grad == 6.0 else 1)
done.set()
thread.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert gc.isenabled()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
