"""The state of a module: saved, restored exactly, refused where it does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import StateError
from tests.nn.networks import Network

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


@both_kinds
def test_state_round_trip(kind: type[am.Node]):
    """Bit for bit: the state of one model, in another of the same shape, gives the same numbers."""
    model, other = (nn.MLP(3, [4, 2], kind=kind, rng=seed) for seed in (1, 2))
    state = model.state_dict()
    assert [type(array) for array in state.values()] == [np.ndarray] * 4
    assert {name: array.shape for name, array in state.items()} == {
        "layers.0.W": (4, 3),
        "layers.0.b": (4,),
        "layers.1.W": (2, 4),
        "layers.1.b": (2,),
    }
    before = list(map(id, other.parameters()))
    other.load_state_dict(state)
    assert list(map(id, other.parameters())) == before
    for name, array in other.state_dict().items():
        assert_array_equal(array, state[name], strict=True)
    x = np.random.default_rng(3).normal(size=(5, 3))
    assert_array_equal(am.data(model(x)), am.data(other(x)))


@pytest.mark.parametrize(("source", "target"), [(am.Value, am.Tensor), (am.Tensor, am.Value)])
def test_state_goes_from_one_kind_to_the_other(source: type[am.Node], target: type[am.Node]):
    """Both kinds have the same state, so what one has learnt the other can show."""
    model, other = nn.MLP(2, [3, 1], kind=source, rng=1), nn.MLP(2, [3, 1], kind=target, rng=2)
    other.load_state_dict(model.state_dict())
    for name, array in model.state_dict().items():
        assert_array_equal(other.state_dict()[name], array, strict=True)


def test_state_of_every_kind_of_parameter():
    """Values, Tensors and object arrays, 0-d and float32 ones too."""
    module, other = Network(), Network()
    state = module.state_dict()
    assert state["scale"].shape == ()
    assert (state["out.b"].shape, state["out.b"].dtype) == ((), np.float32)
    for node in other.parameters():
        node.data = node.data * 0.0
    other.load_state_dict(state)
    assert type(other.scale.data) is float
    assert other.out.b.dtype == np.float32
    for name, array in other.state_dict().items():
        assert_array_equal(array, state[name], strict=True)


@both_kinds
def test_state_is_a_copy(kind: type[am.Node]):
    """Neither later training changes a state, nor a change of the state the model."""
    model = nn.MLP(2, [2], kind=kind, rng=0)
    state = model.state_dict()
    for node in model.parameters():
        node.data += 1.0
    assert_array_equal(state["layers.0.b"], [0.0, 0.0])
    assert_array_equal(model.state_dict()["layers.0.b"], [1.0, 1.0])
    before = state["layers.0.W"].copy()
    model.load_state_dict(state)
    state["layers.0.W"] += 100.0
    assert_array_equal(model.state_dict()["layers.0.W"], before)


def broken(state: dict[str, Any], change: str) -> dict[str, Any]:
    """Return a state with one thing wrong in its last entries."""
    first, last = dict(list(state.items())[:-1]), list(state)[-1]
    return {
        "missing": first,
        "unknown": state | {"layers.9.b": np.zeros(1)},
        "renamed": first | {"layers.1.c": state[last]},
        "shape": first | {last: np.zeros((1, 1))},
        "text": first | {last: np.array(["a"])},
    }[change]


@both_kinds
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", "layers.1.b"),
        ("unknown", "layers.9.b"),
        ("renamed", "layers.1.c"),
        ("shape", r"layers.1.b .*shape \(1,\), its state .*\(1, 1\)"),
        ("text", "layers.1.b"),
    ],
)
def test_state_that_does_not_fit(kind: type[am.Node], change: str, message: str):
    """A state with a missing, unknown or misshapen entry is refused and nothing is changed."""
    model, other = nn.MLP(2, [3, 1], kind=kind, rng=1), nn.MLP(2, [3, 1], kind=kind, rng=2)
    before = model.state_dict()
    with pytest.raises(StateError, match=message):
        model.load_state_dict(broken(other.state_dict(), change))
    for name, array in model.state_dict().items():
        assert_array_equal(array, before[name], strict=True)


@both_kinds
def test_state_of_lists(kind: type[am.Node]):
    """Nested lists, as JSON gives them, serve as arrays do."""
    model = nn.MLP(2, [1], kind=kind, rng=1)
    model.load_state_dict({"layers.0.W": [[1.0, 2.0]], "layers.0.b": [3]})
    assert_array_equal(model.state_dict()["layers.0.W"], [[1.0, 2.0]])
    assert_array_equal(model.state_dict()["layers.0.b"], [3.0])
