"""Calling a module: `forward`, and the scope and names that nodes get from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn
from tests.nn.networks import Network

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


class Double(nn.Module):
    """Twice the input, or an error where there is none."""

    def forward(self, x: Any) -> Any:
        """Return 2x."""
        if x is None:
            raise KeyError("planted")
        return x * 2.0


class Pair(nn.Module):
    """One module after the other."""

    def __init__(self) -> None:
        self.steps = [Double(), Double()]

    def forward(self, x: Any) -> Any:
        """Return the sum of 4x and 1."""
        return self.steps[1](self.steps[0](x)) + 1.0


@both_kinds
def test_nodes_carry_the_path_of_their_module(kind: type[am.Node]):
    """The scope of a node is the module that made it, within the one that called it."""
    tape = Pair()(kind(3.0)).tape()
    assert [node.scope for node in tape] == ["", "Pair/steps.0", "Pair/steps.1", "Pair"]
    assert Double()(kind(3.0)).scope == "Double"


def test_scopes_of_a_network():
    """The layers of an MLP are scopes, with dropout and the loss as scopes of their own."""
    model = nn.MLP(2, [3, 1], keep_prob=0.5, kind=am.Tensor, rng=0)
    loss = nn.squared_error(model(np.ones((2, 2))), np.zeros((2, 1)))
    assert list(dict.fromkeys(node.scope for node in loss.tape() if not node.is_leaf)) == [
        "MLP/layers.0",
        "MLP/layers.0/dropout",
        "MLP/layers.1",
        "squared_error",
    ]


def test_scope_ends_with_an_exception():
    """A failing `forward` leaves its scope as any other does."""
    with pytest.raises(KeyError, match="planted"):
        Pair()(None)
    assert (am.Value(1.0) * 2.0).scope == ""
    assert Double()(am.Value(1.0)).scope == "Double"


def test_keyword_inputs():
    """A module passes keywords on to its `forward`."""
    assert Double()(x=am.Value(3.0)).data == 6.0


@both_kinds
def test_parameters_of_an_own_module_get_names(kind: type[am.Node]):
    """The first call names parameters that have no name, and puts them in the module's scope."""

    class Scaled(nn.Module):
        def __init__(self) -> None:
            self.w = am.values([1.0, 2.0]) if kind is am.Value else am.Tensor([1.0, 2.0])
            self.b = kind(3.0, name="mine")

        def forward(self, x: float) -> Any:
            return (self.w * x).sum() + self.b

    model = Scaled()
    model(2.0)
    expected = ["w[0]", "w[1]", "mine"] if kind is am.Value else ["w", "mine"]
    assert [p.name for p in model.parameters()] == expected
    assert {p.scope for p in model.parameters()} == {"Scaled"}


def test_module_without_forward():
    """A module that cannot be called says what is missing."""
    with pytest.raises(NotImplementedError, match=r"Network defines no forward\(\)"):
        Network()(1.0)
