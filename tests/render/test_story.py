"""The story of a picture: what the player says at each step."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from autograd_mini import Tensor, Value, nn, values
from autograd_mini.render import draw
from autograd_mini.render.story import story
from tests.render.graphs import example, regularised


def told(*outputs, **settings):
    """Return the story of a drawing."""
    return story(draw(*outputs, **settings).picture)


def test_forward_tells_formula_numbers_and_value():
    """Each step is name = formula = numbers = value, in the order of the tape."""
    _, _, c = example()
    e, s = math.exp(2.0), -6.0 + math.exp(2.0)
    assert [step["text"] for step in told(c)["forward"]] == [
        "a = 2",
        "b = -3",
        "v₁ = a × b = 2 × (-3) = -6",
        f"v₂ = exp(a) = exp(2) = {e:.4g}",
        f"z₁ = v₁ + v₂ = (-6) + {e:.4g} = {s:.4g}",
        f"a₁ = tanh(z₁) = tanh({s:.4g}) = {math.tanh(s):.4g}",
    ]


def test_reverse_tells_the_sum_that_is_formed():
    """Each adjoint is the sum of local derivative times upstream, from the output backwards."""
    _, _, c = example()
    c.backward()
    e, s_bar = math.exp(2.0), 1.0 - math.tanh(-6.0 + math.exp(2.0)) ** 2
    assert [step["text"] for step in told(c)["reverse"]] == [
        "adjoint of a₁ = 1",
        f"adjoint of z₁ = {s_bar:.4g} · 1 = {s_bar:.4g}",
        f"adjoint of v₂ = 1 · {s_bar:.4g} = {s_bar:.4g}",
        f"adjoint of v₁ = 1 · {s_bar:.4g} = {s_bar:.4g}",
        f"adjoint of b = 2 · {s_bar:.4g} = {2 * s_bar:.4g}",
        f"adjoint of a = (-3) · {s_bar:.4g} + {e:.4g} · {s_bar:.4g} = {(e - 3) * s_bar:.4g}",
    ]


def test_before_backward_there_is_no_reverse_sweep():
    """No step back is told, and no adjoint is given, where none was computed."""
    _, _, c = example()
    tale = told(c)
    assert tale["reverse"] == []
    assert {node["adjoint"] for node in tale["nodes"].values()} == {None}
    assert tale["summary"].endswith("adjoints not computed.")


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("settings", [{}, {"fold": "neurons"}, {"depth": 1}, {"depth": 2}])
def test_every_id_is_told_of(kind, settings):
    """Steps, edges and clusters name elements that are there, and each node is computed once."""
    _, loss = regularised(kind)
    loss.backward()
    drawn = draw(loss, **settings).picture
    tale = story(drawn)
    assert [step["node"] for step in tale["forward"]] == list(tale["nodes"])
    assert set(tale["edges"]) == {arrow.id for arrow in drawn.arrows}
    assert len(tale["edges"]) == len(drawn.arrows)
    for step in [*tale["forward"], *tale["reverse"]]:
        assert set(step["edges"]) <= set(tale["edges"])
    for edge in tale["edges"].values():
        assert {edge["from"], edge["to"]} <= set(tale["nodes"])
    for cluster in tale["clusters"].values():
        assert set(cluster["nodes"]) <= set(tale["nodes"])
        assert cluster["parent"] is None or cluster["parent"] in tale["clusters"]
    assert json.loads(json.dumps(tale)) == tale


@pytest.mark.parametrize("settings", [{}, {"fold": "samples"}, {"fold": "neurons"}, {"depth": 2}])
def test_operands_come_before_results(settings):
    """Forward, a node is computed after its operands; in reverse, summed after its uses.

    That holds for folded modules too, whose parameters are older than the input they are given.
    """
    model = nn.MLP(2, [3, 1], rng=0)
    penalty = nn.l2_penalty(model.weights(), 0.1, 2)
    x = values([[0.5, -1.0], [2.0, 1.0]], name="x")
    loss = nn.hinge(model(x), np.ones((2, 1))) + penalty
    loss.backward()
    tale = told(loss, **settings)
    forward = {step["node"]: i for i, step in enumerate(tale["forward"])}
    reverse = {step["node"]: i for i, step in enumerate(tale["reverse"])}
    for edge in tale["edges"].values():
        assert forward[edge["from"]] < forward[edge["to"]]
        if edge["from"] in reverse:
            assert reverse[edge["to"]] < reverse[edge["from"]]


def test_a_module_called_twice_has_no_order():
    """Folded, it stands before and after what lies between; the story is told all the same."""
    layer = nn.Layer(1, 1, kind=Tensor, rng=0)
    out = layer(layer(np.ones((1, 1))) * 2.0).sum()
    steps = [step["node"] for step in told(out, depth=1)["forward"]]
    assert len(steps) == len(set(steps)) == 4  # the layer, times, the constant 2, sum


def test_the_reverse_sweep_lights_folded_arrows():
    """Each arrow between boxes with an adjoint is in use once, the many in one included."""
    _, loss = regularised(Value)
    loss.backward()
    tale = told(loss, fold="neurons")
    lit = [edge for step in tale["reverse"] for edge in step["edges"]]
    swept = {id for id, node in tale["nodes"].items() if node["adjoint"] is not None}
    ends = tale["edges"].items()
    assert sorted(lit) == sorted(id for id, e in ends if {e["from"], e["to"]} <= swept)
    assert any(tale["edges"][id]["contribution"] is None for id in lit)


def test_the_reverse_sweep_ends_at_grad():
    """The last step of each parameter tells its `.grad`, the numbers that the sweep gave."""
    model, loss = regularised(Value)
    loss.backward()
    tale = told(loss)
    names = {id: node["name"] for id, node in tale["nodes"].items()}
    adjoints = {names[step["node"]]: step["adjoint"] for step in tale["reverse"]}
    for name, node in model.named_parameters():
        assert adjoints[name] == f"{node.grad + 0.0:.4g}"


def test_clusters_hold_what_lies_in_them_and_in_theirs():
    """The MLP's cluster holds its layers' nodes, and theirs hold their units'."""
    model = nn.MLP(1, [2, 1], rng=0)
    tale = told(model(np.ones((1, 1)))[0, 0])
    by_name = {cluster["name"]: id for id, cluster in tale["clusters"].items()}
    clusters = tale["clusters"]
    unit = clusters[by_name["neuron 1"]]
    layer = clusters[unit["parent"]]
    assert layer["name"] == "layers.0"
    assert clusters[layer["parent"]]["name"] == "MLP"
    assert set(unit["nodes"]) < set(layer["nodes"]) < set(clusters[by_name["MLP"]]["nodes"])


def test_arrays_are_told_by_shape_and_contribution():
    """A matrix product has no local number: its term is what it sent back."""
    w = Tensor([[1.0, 2.0]], name="w")
    loss = (w @ np.array([3.0, 5.0])).sum()
    loss.backward()
    tale = told(loss)
    (first,) = (node for node in tale["nodes"].values() if node["name"] == "w")
    assert (first["shape"], first["value"]) == ("(1, 2)", "(1, 2) 1 … 2")
    assert tale["reverse"][-1]["text"] == "adjoint of w = (3 … 5) = 3 … 5"


def test_the_title_names_the_outputs():
    """Several outputs are all named."""
    x = Value(1.0, name="x")
    y, z = x * 2.0, x * 3.0
    y.name, z.name = "y", "z"
    assert told(y, z)["title"] == "The graph of y, z"
