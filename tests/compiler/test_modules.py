"""Modules as arguments of compiled functions."""

from __future__ import annotations

import copy
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from tests.replays import counted

X = np.random.default_rng(0).normal(size=(7, 3))


def test_a_module_has_its_parameters_inside():
    """The L2 term asks the module for its weights: value and gradient are the eager ones."""
    model = nn.MLP(3, [4, 2], activation="tanh", rng=0)

    def loss(model: Any, x: Any) -> Any:
        return nn.squared_error(model(x), np.ones((len(x), 2))) + nn.l2_penalty(
            model.weights(), l2=3.0, m=7
        )

    value, gradient = am.compile(loss).value_and_grad(model, X)
    eager = loss(model, X)
    eager.backward()
    np.testing.assert_allclose(value, eager.data, rtol=1e-14)
    for found, parameter in zip(gradient.parameters(), model.parameters(), strict=True):
        np.testing.assert_allclose(found.data, parameter.grad, rtol=1e-12)


def test_a_module_that_was_called_is_the_same_module():
    """Calling the module meanwhile, which then knows its name, is no reason to trace again."""
    model, traces = nn.MLP(3, [4, 2], rng=0), []

    def scores(model: Any, x: Any) -> Any:
        traces.append(x)
        return model(x)

    replayed = am.compile(scores)
    with am.no_grad():
        first = replayed(model, X)
        np.testing.assert_array_equal(am.data(model(X)), first)
        np.testing.assert_array_equal(replayed(model, X), first)
    assert len(traces) == 1


class Scale(nn.Module):
    """A part without parameters."""

    def __init__(self, k: Any = 2.0) -> None:
        self.k = k

    def forward(self, x: Any) -> Any:
        """Return a multiple of x."""
        return x * self.k


class Shift(Scale):
    """Another one, with the same attributes."""

    def forward(self, x: Any) -> Any:
        """Return x and a number more."""
        return x + self.k


class Table:
    """An object that has no hash."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, k: float) -> None:
        self.k = k


Limits = namedtuple("Limits", ["low", "high"])


class Net(nn.Module):
    """A module that holds all kinds of things besides its parameters."""

    def __init__(self, kind: type[am.Node]) -> None:
        self.a, self.b = (
            (am.Tensor([1.0, 2.0]), am.Tensor([3.0, 4.0]))
            if kind is am.Tensor
            else (am.values([1.0, 2.0]), am.values([3.0, 4.0]))
        )
        self.first, self.second = Scale(), Scale()
        self.parts = [self.first, self.second, self.first]
        self.sums = [self.a, self.b, self.a]
        self.act: Any = np.tanh
        self.power: int | None = 1
        self.options = {"limits": Limits(-100.0, 100.0)}
        self.mean = np.zeros(2)
        self.table = Table(1.0)

    def forward(self, x: Any) -> Any:
        """Return what depends on all of them."""
        for part in self.parts:
            x = part(x)
        z = self.act(x * self.a) + self.mean
        for k in self.sums:
            z = z * k
        low, high = self.options["limits"]
        z = am.clip(z, low, high) * self.table.k
        return np.sum(z if self.power is None else z**self.power)


def set_part(net: Net) -> None:
    """Put one of two alike modules in the place of the other."""
    net.parts = [net.first, net.second, net.second]
    net.second.k = 3.0
    net.first.k = 3.0


CHANGES: list[Callable[[Net], Any]] = [
    lambda net: setattr(net, "act", np.sin),
    lambda net: setattr(net, "power", 2),
    lambda net: setattr(net, "power", None),
    lambda net: setattr(net.second, "k", 3.0),
    lambda net: setattr(net, "parts", [net.first, net.second]),
    lambda net: setattr(net, "parts", [Shift(), net.second, net.first]),
    lambda net: setattr(net, "sums", [net.a, net.b, net.b]),
    lambda net: net.options.__setitem__("limits", Limits(-1.0, 1.0)),
    lambda net: net.options.__setitem__("limits", Limits(high=100.0, low=-2.0)),
    lambda net: net.mean.fill(0.5),
    lambda net: setattr(net, "mean", np.ones(2)),
    lambda net: setattr(net, "mean", np.ones(1)),
    lambda net: setattr(net, "table", Table(2.0)),
    set_part,
]


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_module_holds_besides_parameters(kind: type[am.Node], change: Callable[[Net], Any]):
    """Functions, settings, arrays, parts and which of them are shared: a change is noticed."""
    f, runs = counted(lambda net, x: net(x))
    step = am.compile(f, engine="numpy")
    x = np.array([0.25, -0.5])
    net, other = Net(kind), Net(kind)
    change(other)
    for each in (net, other, net, other):
        value, slopes = step.value_and_grad(each, x)
        expected = each(x)
        each.zero_grad()
        expected.backward()
        np.testing.assert_allclose(value, expected.data, rtol=1e-12)
        for slope, parameter in zip(slopes.parameters(), each.parameters(), strict=True):
            np.testing.assert_allclose(slope.data, parameter.grad, rtol=1e-12)
    assert len(runs) == 2
    change(net)
    np.testing.assert_allclose(step.value_and_grad(net, x)[0], net(x).data, rtol=1e-12)


def test_one_program_for_modules_of_one_form():
    """Other parameters, a deep copy and methods that were compiled are no other form."""

    class Own(nn.MLP):
        @am.compile(engine="numpy")
        def total(self, x: Any) -> Any:
            return np.sum(self(x))

    f, runs = counted(lambda net, x: np.sum(net(x)))
    step = am.compile(f, engine="numpy")
    net = Own(3, [4, 1], activation="tanh", rng=0)
    other = Own(3, [4, 1], activation="tanh", rng=1)
    for each in (net, other, copy.deepcopy(net)):
        each.total(X[0])
        assert step.value_and_grad(each, X[0])[0] == pytest.approx(np.sum(each(X[0])).data)
    net.load_state_dict(other.state_dict())
    net.total(X[1])
    assert step.value_and_grad(net, X[0])[0] == step.value_and_grad(other, X[0])[0]
    assert len(runs) == 1
    for each in (net, other):
        each.eval()
        step.value_and_grad(each, X[0])
    assert len(runs) == 2


def test_the_module_of_a_call_is_not_kept():
    """Modules from outside are looked at again, and not those that stood for arguments."""
    model, other = nn.MLP(3, [1], rng=0), nn.MLP(3, [1], rng=1)
    replayed = am.compile(lambda model, x: model(x)[0] + other(x)[0], engine="numpy")
    replayed.value_and_grad(model, X[0])
    (replay,) = replayed._replays.values()
    looked_at = [now for now, *_ in replay.variants[0].record.around.namespaces]
    assert any(now is vars(other) for now in looked_at)
    assert any(now is vars(other.layers[0]) for now in looked_at)
    assert sum("_called" in now for now in looked_at) == 2
