"""`Module`: its parameters by name, training mode, gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from tests.nn.networks import Head, Network

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


def test_names_and_order():
    """Parameters stand in the order of their assignment, those of a part at its place."""
    module = Network()
    assert list(module.arrays()) == [
        "scale",
        "heads.0.w",
        "heads.0.b",
        "heads.1.w",
        "heads.1.b",
        "W",
        "bias",
        "out.w",
        "out.b",
        "named.first.0.w",
        "named.first.0.b",
        "scalars.0",
        "scalars.1",
    ]
    assert module.arrays()["W"] is module.W
    assert module.arrays()["heads.1.w"] is module.heads[1].w


def test_every_leaf_has_a_name():
    """A Value array counts element by element; a Tensor and a Value count once."""
    module = Network()
    names = dict(module.named_parameters())
    assert list(names)[:4] == ["scale", "heads.0.w[0]", "heads.0.w[1]", "heads.0.b"]
    assert names["heads.0.w[1]"] is module.heads[0].w[1]
    assert names["out.b"] is module.out.b
    assert [id(p) for p in module.parameters()] == [id(p) for p in names.values()]
    assert len(names) == 1 + 1 + 2 + 4 * (2 + 1) + 2


@both_kinds
def test_names_in_an_mlp(kind: type[am.Node]):
    """`layers.0.W`, `layers.0.b` ...; each leaf bears its name, as tables and pictures show it."""
    model = nn.MLP(2, [3, 1], kind=kind, rng=0)
    assert list(model.arrays()) == ["layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"]
    for name, node in model.named_parameters():
        assert node.name == name
    elements = {am.Value: 3 * 2 + 3 + 3 + 1, am.Tensor: 4}[kind]
    assert len(model.parameters()) == elements


def test_weights_are_not_biases():
    """What L2 shrinks: W and w, neither b nor what merely lies inside a part called w."""
    module = Network()
    parts = [*module.heads, module.out, module.named["first"][0]]
    expected = [module.W, *(head.w for head in parts)]
    assert {id(w) for w in module.weights()} == {id(w) for w in expected}
    assert len(module.weights()) == len(expected)

    outer = nn.Module()
    outer.weighting = Head(1.0)
    assert [id(w) for w in outer.weights()] == [id(outer.weighting.w)]


@both_kinds
def test_kept_results_are_no_parameters(kind: type[am.Node]):
    """What `forward` keeps on the module has been computed: only leaves are parameters."""

    class Keeping(nn.Module):
        def __init__(self) -> None:
            self.w = kind(2.0)

        def forward(self, x: Any) -> Any:
            self.last = self.w * x
            self.history = [self.last, self.last + 1.0]
            return self.last

    module = Keeping()
    module(3.0)
    assert list(module.arrays()) == ["w"]
    assert module.parameters() == [module.w]


def test_shared_parts_are_met_once():
    """A parameter or part under two names, and a way back to the parent, count once."""
    module = nn.Module()
    module.first = module.second = am.Tensor([1.0])
    module.part = Head(2.0)
    module.again = [module.part]
    module.part.parent = module
    assert list(module.arrays()) == ["first", "part.w", "part.b"]
    module.eval()
    assert (module.training, module.part.training) == (False, False)


def test_training_mode_reaches_every_part():
    """`train()` and `eval()` switch the whole tree, through lists and dicts, and return it."""
    module = Network()
    parts = [module, *module.heads, module.out, module.named["first"][0]]
    assert all(part.training for part in parts)
    assert module.eval() is module
    assert not any(part.training for part in parts)
    assert module.train() is module
    assert all(part.training for part in parts)


def test_training_mode_is_of_one_model():
    """Switching one model leaves the next one alone."""
    first, second = nn.MLP(1, [1]), nn.MLP(1, [1])
    first.eval()
    assert second.training
    assert nn.MLP(1, [1]).training


@both_kinds
def test_zero_grad(kind: type[am.Node]):
    """Gradients start as None and `zero_grad` makes them None again: not computed is not zero."""
    model = nn.MLP(2, [3, 1], kind=kind, rng=0)
    assert all(p.grad is None for p in model.parameters())
    nn.squared_error(model(np.ones((2, 2))), np.zeros((2, 1))).backward()
    assert not any(p.grad is None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_own_module_trains():
    """A module of the user's own, descends: J = (w₁w₂ - 6)² where the biases are 0."""

    class Product(nn.Module):
        def __init__(self) -> None:
            self.w = [nn.Neuron(1, activation="linear", rng=seed) for seed in (0, 1)]

        def forward(self, x: float) -> am.Value:
            return self.w[1]([self.w[0]([x])])

    model = Product()
    assert list(model.arrays()) == ["w.0.w", "w.0.b", "w.1.w", "w.1.b"]
    losses = []
    for _ in range(20):
        loss = (model(1.0) - 6.0).square()
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.01 * p.grad
        losses.append(loss.data)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
