"""Arguments as users nest them: results have the same structure."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn

X = np.array([0.5, -1.0, 2.0])


class Pair(NamedTuple):
    """Two parameters."""

    w: Any
    b: Any


@dataclass
class Line:
    """A dataclass with something in it that is no number."""

    w: Any
    b: Any
    label: str = "line"
    known: bool = True


@dataclass(frozen=True)
class Frozen:
    """A dataclass that cannot be assigned to."""

    w: Any
    b: Any


def of(p: Any) -> tuple[Any, Any]:
    """Return w and b, however they are kept."""
    if isinstance(p, dict):
        return p["w"], p["b"]
    return (p[0], p[1]) if isinstance(p, list | tuple) else (p.w, p.b)


def f(p: Any) -> Any:
    """Return Σ(wx)² + b."""
    w, b = of(p)
    return np.sum((w * X) ** 2) + b


@pytest.mark.parametrize(
    "make",
    [
        lambda w, b: {"w": w, "b": b},
        lambda w, b: OrderedDict(w=w, b=b),
        lambda w, b: [w, b],
        lambda w, b: (w, b),
        Pair,
        Line,
        Frozen,
    ],
)
def test_containers(make: Any):
    """The gradient has the type of the argument, and arrays and floats in their places."""
    p = make(X, np.array(3.0))
    value, g = am.value_and_grad(f)(p)
    assert value == np.sum((X * X) ** 2) + 3.0
    assert type(g) is type(p)
    w, b = of(g)
    assert_allclose(w, 2.0 * X**3)
    assert type(w) is type(b) is np.ndarray
    assert b == 1.0
    assert of(p)[0] is X  # the argument itself is as it was


def test_what_is_no_number():
    """It reaches the function as it is, and has no derivative."""
    seen = []

    def labelled(p: Line) -> Any:
        seen.append((p.label, p.known))
        return f(p)

    g = am.grad(labelled)(Line(X, np.array(0.0)))
    assert seen == [("line", True)]
    assert g.label is None
    assert g.known is None


def test_nested_as_users_nest():
    """Lists of dicts of tuples, numbers and arrays mixed by kind of code."""
    p = {
        "layers": [
            {"w": X.copy(), "b": (np.ones(3), None)},
            {"w": 2.0 * X, "b": (np.zeros(3), "tag")},
        ]
    }

    def loss(p: Any) -> Any:
        a = X
        for layer in p["layers"]:
            a = np.tanh(layer["w"] * a + layer["b"][0])
        return np.sum(a)

    g = am.grad(loss)(p)
    assert g["layers"][1]["b"][1] is None
    for layer, grads in zip(p["layers"], g["layers"], strict=True):
        for key in ("w", "b"):
            array = layer[key] if key == "w" else layer[key][0]
            found = grads[key] if key == "w" else grads[key][0]
            for i in range(3):  # two-sided differences
                h, kept = 1e-6, array[i]
                array[i] = kept + h
                up = loss(p)
                array[i] = kept - h
                down = loss(p)
                array[i] = kept
                assert_allclose(found[i], (up - down) / (2 * h), rtol=1e-7, atol=1e-9)


def test_scalar_code_in_lists():
    """A list of floats is a list of `Value`s."""
    assert am.grad(lambda v: v[0] * v[1] + v[2])([2.0, 3.0, 4.0]) == [3.0, 2.0, 1.0]
    assert am.grad(lambda v: sum(x * x for x in v))((1.0, 2.0)) == (2.0, 4.0)


def test_subclasses_of_dict_stay():
    """A defaultdict keeps its default."""
    p: defaultdict[str, Any] = defaultdict(lambda: 1.0, w=2.0)
    g = am.grad(lambda p: p["w"] * p["w"])(p)
    assert isinstance(g, defaultdict)
    assert g["w"] == 4.0
    assert g.default_factory is p.default_factory


def test_object_arrays_of_values():
    """An object array is differentiated element by element; nodes give nodes."""
    w = am.values(X)
    g = am.grad(lambda v: np.sum(v * v * v))(w)
    assert g.shape == (3,)
    assert_allclose(am.data(g), 3.0 * X * X)
    assert all(node.grad is None for node in w)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_modules(kind: type[am.Node]):
    """The gradient by a module is a module of the same parameters; the module stays as it was."""
    model = nn.MLP(3, [4, 2], activation="tanh", kind=kind, rng=0)
    before = model.state_dict()

    def loss(model: nn.MLP, x: Any) -> Any:
        return am.sum(am.square(model(x)))

    value, g = am.value_and_grad(loss)(model, X[None])
    assert isinstance(g, nn.MLP)
    assert isinstance(value, float)
    assert all(p.grad is None for p in model.parameters())
    expected = loss(model, X[None])
    expected.backward()
    for name, array in model.arrays().items():
        assert_allclose(am.data(g.arrays()[name]), am.grads(array), rtol=1e-12)
        assert_array_equal(model.state_dict()[name], before[name])
    assert g.layers[0] is not model.layers[0]
    assert g.rng is model.rng


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_a_module_has_its_weights_inside(kind: type[am.Node]):
    """A function that asks the module for its weights gets them: the L2 term adds λ/m W."""
    model = nn.MLP(3, [4, 2], kind=kind, rng=0)

    def penalty(model: nn.MLP) -> Any:
        return nn.l2_penalty(model.weights(), l2=3.0, m=2) + am.sum(model(X[None]))

    with_term = am.grad(penalty)(model)
    without = am.grad(lambda model: am.sum(model(X[None])))(model)
    for name, array in model.arrays().items():
        gain = 3.0 / 2 * am.data(array) if name.endswith("W") else np.zeros(array.shape)
        found = am.data(with_term.arrays()[name]) - am.data(without.arrays()[name])
        assert_allclose(found, gain, atol=1e-14)


def test_shared_parts_of_a_module():
    """A parameter that two parts share is one parameter, and its gradient the sum over its uses."""

    class Tied(nn.Module):
        def __init__(self) -> None:
            self.first = nn.MLP(2, [2], kind=am.Tensor, rng=0)
            self.second = self.first
            self.also = {"W": self.first.layers[0].W}
            self.owner = self

        def forward(self, x: Any) -> Any:
            return (self.second(self.first(x)) @ self.also["W"]).sum()

    model, x = Tied(), np.array([[0.3, -0.4]])
    g = am.grad(lambda m: m(x))(model)
    model(x).backward()
    assert g.first is g.second
    assert g.owner is g
    assert_allclose(g.also["W"].data, model.also["W"].grad, rtol=1e-12)
    assert g.also["W"] is g.first.layers[0].W


def test_training_with_the_gradient_of_a_module():
    """The gradient module has the parameters in the order of the module's: enough for a step."""
    model = nn.MLP(3, [1], kind=am.Tensor, rng=0)
    loss = lambda m: nn.squared_error(m(X[None]), np.array([[2.0]]))  # noqa: E731
    first = am.value_and_grad(loss)(model)[0]
    for _ in range(20):
        g = am.grad(loss)(model)
        for p, d in zip(model.parameters(), g.parameters(), strict=True):
            p.data -= 0.05 * d.data
    assert am.value_and_grad(loss)(model)[0] < 1e-3 * first


def test_hessian_by_a_structure():
    """The blocks of the Hessian stand in the structure of the argument, twice."""
    h = am.hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 2.0, "b": 3.0})
    assert h == {"a": {"a": 6.0, "b": 4.0}, "b": {"a": 4.0, "b": 0.0}}
