"""What a compiled function uses from outside, and when a change of it is noticed."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.nn import MLP, Module
from tests.replays import Compile, check


def test_captured_nodes_are_read_anew(compiled: Compile):
    """The data of nodes from outside are read at each replay, and steer it as arguments do."""
    w = am.Value(3.0)
    step = compiled(lambda x: w * x if w > 0 else x)
    assert (step(2.0), step.grad(2.0)) == (6.0, 3.0)
    w.data = 4.0
    assert (step(2.0), step.grad(2.0)) == (8.0, 4.0)
    w.data = -1.0
    assert (step(2.0), step.grad(2.0)) == (2.0, 1.0)


def test_captured_names_that_stand_for_something_else(compiled: Compile):
    """A name that the function uses is looked up again: another number, node or array is used."""
    for old, new in [
        (2.0, 3.0),
        (am.Value(2.0), am.Value(3.0)),
        (np.full(2, 2.0), np.full(2, 3.0)),
    ]:
        k = old
        step = compiled(lambda x: np.sum(k * x))  # noqa: B023  # that it changes is the point
        expected = np.sum(am.data(old))
        assert step(1.0) == expected
        k = new
        assert step(1.0) == np.sum(am.data(new)) > expected


def test_global_names_that_stand_for_something_else(
    compiled: Compile, monkeypatch: pytest.MonkeyPatch
):
    """The same holds for globals, also those that only a function inside uses."""
    step = compiled(lambda x: [part * GLOBAL for part in [x]][0])  # noqa: RUF015
    assert step(1.0) == 2.0
    monkeypatch.setitem(globals(), "GLOBAL", 5.0)
    assert step(1.0) == 5.0


GLOBAL = 2.0


class Scaled:
    """An object whose method, or which itself, is compiled."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, x: Any) -> Any:
        """Return x times a setting."""
        return x * self.scale

    method = __call__


def test_attributes_of_self(compiled: Compile):
    """What a method, or an object that is called like a function, finds in `self`, also partly."""
    for find in (lambda x: x, lambda x: x.method, lambda x: partial(x.method)):
        scaled = Scaled(2.0)
        step = compiled(find(scaled))
        assert step(1.0) == 2.0
        scaled.scale = 3.0
        assert step(1.0) == 3.0


def test_default_arguments(compiled: Compile):
    """Defaults are looked up again; one that is given is an argument like others."""

    def f(x: Any, k: float = 2.0) -> Any:
        return x * k

    step = compiled(f)
    assert [step(2.0), step(2.0, 3.0), step(2.0, k=4.0), step(2.0, k=5.0)] == [4, 6, 8, 10]
    f.__defaults__ = (9.0,)
    assert step(2.0) == 18.0


def test_gradients_that_are_read(compiled: Compile):
    """SURPRISE: the `.grad` of a node from outside is a constant of the trace."""
    node = am.Value(1.0)
    node.grad = 1.0
    step = compiled(lambda x: x * node.grad)
    assert step(2.0) == 2.0
    node.grad = 3.0
    assert step(2.0) == 2.0


def test_captured_arrays_changed_in_place(compiled: Compile):
    """Other numbers in an array from outside are noticed: a loop that does w /= 2 goes on."""
    w = np.array([4.0])
    step, losses = compiled(lambda x: np.sum(x * w)), []
    for _ in range(3):
        losses.append(step(1.0))
        w /= 2.0
    assert losses == [4.0, 2.0, 1.0]


def test_time_and_state(compiled: Compile):
    """SURPRISE: state that the function keeps itself is kept by the trace alone."""
    state = {"calls": 0}

    def f(x: Any) -> Any:
        state["calls"] += 1
        return x * state["calls"]

    step = compiled(f)
    assert [step(1.0), step(1.0)] == [1.0, 1.0]


def test_captured_modules(compiled: Compile):
    """Settings and parameters of modules that are called are looked up again, nested ones too."""
    net = MLP(2, [3, 1], keep_prob=0.5, rng=0).eval()
    step, x = compiled(lambda x: net(x).sum()), np.array([1.0, 2.0])
    check(step, lambda x: net(x).sum(), (x,), (x,))
    net.train()
    assert len({step(x) for _ in range(8)}) > 1
    net.eval()
    check(step, lambda x: net(x).sum(), (x,))
    net.layers[1].b = am.values([7.0])
    check(step, lambda x: net(x).sum(), (x,))
    net.layers[0].activation = "tanh"
    net.layers[0].W[0, 0].data = 2.0
    assert step(x) == pytest.approx(net(x).sum().data, rel=1e-15)


def test_modules_as_arguments(compiled: Compile):
    """The parameters of a module that is passed are arguments, its settings part of the form."""
    net, x = MLP(2, [3, 1], keep_prob=0.5, rng=0).eval(), np.array([1.0, 2.0])
    step = compiled(lambda net, x: net(x).sum())
    check(step, lambda net, x: net(x).sum(), (net, x))
    net.layers[0].W[0, 0].data = 2.0
    check(step, lambda net, x: net(x).sum(), (net, x))
    net.train()
    assert len({step(net, x) for _ in range(8)}) > 1


def test_a_module_that_counts(compiled: Compile):
    """What a module itself changes when it runs says nothing about later replays."""

    class Counting(Module):
        calls = 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x * 2

    module = Counting()
    module.calls = 0
    step = compiled(lambda x: module(x))
    assert [step(1.0), step(2.0), step(3.0)] == [2.0, 4.0, 6.0]
    assert module.calls == 1
