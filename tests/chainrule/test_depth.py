"""`depth=`: the outputs of modules as the only intermediate names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.chainrule import explain

X = np.array([[0.3, -0.8]])


def regression(kind: type[am.Node]) -> tuple[Any, Any]:
    """Return an MLP of two layers and its squared error on one sample."""
    model = nn.MLP(2, [1, 1], activation="tanh", kind=kind, rng=1)
    return model, nn.squared_error(model(X if kind is am.Tensor else am.values(X)), [[0.5]])


def numbers() -> dict[str, Any]:
    """Return hidden unit, output, and the derivatives between them, by hand."""
    model, _ = regression(am.Tensor)
    w1, w2 = model.layers[0].W.data, model.layers[1].W.data
    hidden = np.tanh(X @ w1.T)
    out = hidden @ w2.T
    return {
        "hidden": hidden.item(),
        "out": out.item(),
        "d loss/d out": 2.0 * (out.item() - 0.5),
        "d out/d hidden": w2.item(),
        "d hidden/d w": ((1.0 - hidden**2) * X[0, 0]).item(),
    }


def test_layers_of_values():
    """At depth 2 the chain goes from the weight to each layer's output and to the loss."""
    model, loss = regression(am.Value)
    explained = explain(loss, model.layers[0].W[0, 0], depth=2)
    n = numbers()
    factors = [n["d hidden/d w"], n["d out/d hidden"], n["d loss/d out"]]
    expected = " · ".join(f"(−{-x:.6g})" if x < 0 else f"{x:.6g}" for x in factors)
    rows = explained.text.split("\n")
    assert f"a = MLP/layers.0(⋯) = {n['hidden']:.6g}".replace("-", "−") in rows
    assert any(
        row.endswith(f"= MLP/layers.1(⋯) = {n['out']:.6g}".replace("-", "−")) for row in rows
    )
    assert any(row.endswith(f"= {expected}") for row in rows)
    assert explained.total == pytest.approx(np.prod(factors), rel=1e-14)


def test_the_network_as_a_whole():
    """At depth 1 the MLP is one factor: the product of its two layers' derivatives."""
    model, loss = regression(am.Value)
    explained = explain(loss, model.layers[0].W[0, 0], depth=1)
    n = numbers()
    through = f"{n['d hidden/d w'] * n['d out/d hidden']:.6g}".replace("-", "−")
    assert through in explained.text
    assert "layers.0(⋯)" not in explained.text
    assert "MLP(⋯)" in explained.text
    assert "C = squared_error(⋯)" in explained.text


def test_paths_between_modules_are_counted():
    """A layer of two units has two paths from a weight of the layer below, whatever is inside."""
    model = nn.MLP(1, [1, 2, 1], activation="tanh", rng=3)
    loss = nn.squared_error(model(am.values([[0.7]])), [[0.5]])
    weight = model.layers[0].W[0, 0]
    assert explain(loss, weight, depth=2).paths == 2
    assert explain(loss, weight, depth=1).paths == 1
    loss.backward()
    for depth in (1, 2):
        assert_allclose(
            sum(line.contribution for line in explain(loss, weight, depth=depth).lines),
            weight.grad,
            rtol=1e-14,
        )


def test_layers_of_tensors():
    """Between arrays the factors are Jacobians: da = (∂z/∂a)ᵀ·dz, with the sweep's numbers."""
    model, loss = regression(am.Tensor)
    explained = explain(loss, model.layers[0].W, depth=2)
    texts = [line.text for line in explained.lines]
    assert [text.split(" ")[0].strip() for text in texts[:1]] == ["dC"]
    assert any("(∂z₂/∂a₁)ᵀ" in text.replace(" ", "") for text in texts)
    n = numbers()
    by_hand = n["d loss/d out"] * n["d out/d hidden"] * (1.0 - n["hidden"] ** 2) * X
    assert_allclose(explained.total, by_hand, rtol=1e-13)
    loss.backward()
    assert_allclose(explained.total, model.layers[0].W.grad, rtol=0)


def test_without_modules_nothing_is_between():
    """Where no module made a node, the output follows from the input in one factor."""
    x = am.Value(0.4, name="x")
    explained = explain(am.tanh(am.sin(x) * x), x, depth=1)
    assert explained.paths == 1
    slope = (np.cos(0.4) * 0.4 + np.sin(0.4)) * (1.0 - np.tanh(np.sin(0.4) * 0.4) ** 2)
    assert explained.total == pytest.approx(slope, rel=1e-14)
    assert explained.text.endswith(f"∂a/∂x = {slope:.6g}")


def test_the_name_of_a_scope_is_escaped():
    """A scope may be called anything; LaTeX shows it and obeys nothing of it."""
    x = am.Value(0.4, name="x")
    with am.scope(r"<b>\input{y}"):
        u = am.sin(x)
    latex = explain(u * u, x, depth=1).latex
    assert "<" not in latex
    assert r"\input" not in latex
