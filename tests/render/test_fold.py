"""Folding: what shares a box, what the caption says of it, and graphs of 10^5 nodes."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_mini import Tape, Tensor, Value, nn, no_grad, values
from autograd_mini.render import draw
from autograd_mini.render.fold import LIMIT, fold_tape
from autograd_mini.render.picture import Picture
from tests.render.graphs import box_called, boxes_called, example, regularised


def sizes(drawn: Picture) -> dict[str, int]:
    """Return the number of nodes in each box that has several, by its first line."""
    return {f"{b.name} {b.operation}".strip(): len(b.nodes) for b in drawn.boxes if b.nodes[1:]}


def batch(m: int, *nouts: int):
    """Return the squared error of an MLP of `Value`s with two inputs on m samples, swept."""
    model = nn.MLP(2, nouts, activation="tanh", rng=0)
    x = np.random.default_rng(1).normal(size=(m, 2))
    loss = nn.squared_error(model(x), np.ones((m, nouts[-1])))
    loss.backward()
    return loss


def test_a_small_graph_is_not_folded():
    """Up to the limit every node has its box, and there is no note."""
    _, _, c = example()
    drawn = draw(c).picture
    assert [len(box.nodes) for box in drawn.boxes] == [1] * len(c.tape())
    assert drawn.note == ""


@pytest.mark.parametrize("length", [LIMIT, LIMIT + 1])
def test_a_graph_above_the_limit_folds_by_itself(length):
    """One node more than the limit is folded, and the note says how to open it."""
    x = Value(1.0)
    while len(x.tape()) < length:
        x = x.sin()
    drawn = draw(x).picture
    assert sum(len(box.nodes) for box in drawn.boxes) == length
    if length <= LIMIT:
        assert len(drawn.boxes) == LIMIT
    else:
        assert drawn.note == (
            f"{length} nodes in {len(drawn.boxes)} boxes: operations are folded. "
            'draw(..., fold="none") shows every node.'
        )
    assert len(draw(x, fold="none").picture.boxes) == length


def test_samples_roll_up():
    """One neuron on seven samples: each of its operations is one box of seven nodes."""
    loss = batch(7, 1)
    drawn = draw(loss, fold="samples").picture
    assert len(box_called(drawn, "layers.0.W[0,0]").nodes) == 1
    operations = [box.operation for box in drawn.boxes]
    assert operations.count("7 × multiply") == 2  # with each of the two weights
    assert operations.count("7 × add") == 2  # their sum, and the bias
    assert operations.count("6 × add") == 1  # what sums the seven squares
    assert "samples are folded" in drawn.note


def test_folded_boxes_show_the_range_of_their_numbers():
    """Seven squares show the smallest and the largest value and adjoint."""
    drawn = draw(batch(7, 1), fold="samples").picture
    (squares,) = (box for box in drawn.boxes if box.operation == "7 × square")
    data = [node.data for node in squares.nodes]
    assert squares.value == f"{min(data):.3g} … {max(data):.3g}"
    assert squares.adjoint == f"all {1 / 7:.3g}"


def test_neurons_roll_up():
    """The weights of a layer share a box, and so do its units; no unit has a cluster then."""
    drawn = draw(batch(2, 3, 1), fold="neurons").picture
    assert len(box_called(drawn, "6 × layers.0.W").nodes) == 6
    assert len(box_called(drawn, "3 × layers.0.b").nodes) == 3
    assert sizes(drawn)["6 × tanh"] == 6
    assert not any("neuron" in box.scope for box in drawn.boxes)


def test_operations_roll_up():
    """All additions of a layer share a box at the coarsest step."""
    drawn = draw(batch(2, 3, 1), fold="operations").picture
    per_scope = [(box.scope, box.operation.split()[-1]) for box in drawn.boxes if box.operation]
    assert len(set(per_scope)) == len(per_scope)


def test_arrows_between_folded_boxes_count_edges():
    """From six weights, each used by two samples, lead twelve edges to the products."""
    drawn = draw(batch(2, 3, 1), fold="neurons").picture
    weights = box_called(drawn, "6 × layers.0.W")
    (arrow,) = (arrow for arrow in drawn.arrows if arrow.tail == weights.id)
    assert arrow.count == 12
    assert arrow.local is arrow.contribution is None


def test_units_are_clusters_in_their_layer():
    """The scopes of a layer of `Value`s are MLP, layers.0, neuron 0 ... as parameters are named."""
    drawn = draw(batch(1, 3, 1)).picture
    for unit in range(3):
        for name in (f"layers.0.W[{unit},0]", f"layers.0.W[{unit},1]", f"layers.0.b[{unit}]"):
            assert box_called(drawn, name).scope == f"MLP/layers.0/neuron {unit}"
    assert {box.scope for box in drawn.boxes if box.operation == "tanh"} == {
        f"MLP/layers.0/neuron {unit}" for unit in range(3)
    }


def test_weights_of_one_neuron_stay_together():
    """The inputs of a single `Neuron` are not taken for units."""
    drawn = draw(nn.Neuron(2, rng=0)([1.0, 2.0])).picture
    assert {box.scope for box in drawn.boxes} == {"Neuron"}


def test_depth_1_leaves_networks_and_losses():
    """Whole modules and functions are boxes with name, size and the numbers that leave them."""
    model = nn.MLP(2, [3, 1], rng=0)
    out = model(np.ones((1, 2)))
    loss = nn.hinge(out, np.ones((1, 1))) * 2.0
    loss.backward()
    drawn = draw(loss, depth=1).picture
    mlp, hinge = box_called(drawn, "MLP"), box_called(drawn, "hinge")
    assert (mlp.kind, hinge.kind) == ("module", "module")
    assert mlp.operation == f"{len(out[0, 0].tape())} nodes"
    assert mlp.value == f"{out[0, 0].data:.4g}"
    assert mlp.adjoint == f"{out[0, 0].grad:.4g}"
    assert [box.scope for box in drawn.boxes] == [""] * len(drawn.boxes)
    assert len(draw(loss, depth=3).picture.boxes) > len(draw(loss, depth=2).picture.boxes) > 3
    assert 'modules are folded. draw(..., fold="none", depth=None) shows' in drawn.note


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_depth_2_leaves_layers(kind):
    """The layers are boxes within the cluster of the MLP; edges between them are counted."""
    _, loss = regularised(kind)
    drawn = draw(loss, depth=2).picture
    first, second = box_called(drawn, "layers.0"), box_called(drawn, "layers.1")
    assert (first.scope, second.scope) == ("MLP", "MLP")
    (arrow,) = (a for a in drawn.arrows if (a.tail, a.head) == (first.id, second.id))
    assert arrow.count == (3 if kind is Value else 1)
    assert sum(len(box.nodes) for box in drawn.boxes) == len(loss.tape())
    assert box_called(drawn, "relu").scope == "hinge"


def test_an_output_inside_a_module_stays_visible():
    """The score of an MLP is its own box, marked as output, beside that of the folded rest."""
    score = nn.MLP(2, [3, 1], kind=Tensor, rng=0)(np.ones(2))
    drawn = draw(score, depth=1).picture
    assert [box.kind for box in drawn.boxes if box.nodes] == ["module", "output"]


def test_outputs_are_told_by_identity():
    """A node with the same number as the output folds with its like, for arrays too."""
    x = Tensor([1.0, 1.0], name="x")
    copies = [x * 1.0 for _ in range(4)]
    drawn = draw(copies[-1], *copies[:1], fold="samples").picture
    assert [len(box.nodes) for box in drawn.boxes if box.kind == "output"] == [2]
    a = Value(1.0)
    total = sum((a * 1.0 for _ in range(3)), start=0.0) / 3.0
    assert len(boxes_called(draw(total, fold="samples").picture, "divide")) == 1


def test_many_outputs_fold():
    """A thousand outputs that do the same are one box."""
    x = Value(1.0, name="x")
    drawn = draw(*(x * float(i) for i in range(1000))).picture
    assert [(len(box.nodes), box.kind) for box in drawn.boxes] == [(1, "input"), (1000, "output")]


def test_modules_fold_by_themselves_where_operations_do_not_suffice():
    """The layers of a deep net are boxes; where they are too many, the net is one."""
    for layers, expected in ((LIMIT // 2, LIMIT // 2 + 1), (LIMIT + 1, 2)):
        model = nn.MLP(1, [1] * layers, activation="tanh", kind=Tensor, rng=0)
        loss = model(np.ones((1, 1))).sum()
        drawn = draw(loss).picture
        assert len(drawn.boxes) == expected
        assert {box.kind for box in drawn.boxes[:-1]} == {"module"}
        assert sum(len(box.nodes) for box in drawn.boxes) == len(loss.tape())
        assert "operations and modules are folded" in drawn.note


def test_a_chain_of_100_000_nodes():
    """A long chain gives a summary that holds every node; nothing recurs."""
    x = Value(0.5, name="x")
    for i in range(100_000):
        x = x.sin() if i % 2 else x + 1.0
    x.backward()
    drawn = draw(x).picture
    assert sum(len(box.nodes) for box in drawn.boxes) == 100_001
    assert len(drawn.boxes) <= LIMIT
    assert "100,001 nodes in" in drawn.note


def test_a_sum_of_100_000_nodes():
    """A wide graph gives a summary too: terms in one box, additions in another."""
    total = values(np.arange(100_000.0)).sum() * 2.0
    drawn = draw(total).picture
    assert [len(box.nodes) for box in drawn.boxes if box.nodes] == [100_000, 99_999, 1]


def test_a_hundred_samples_through_an_mlp():
    """A demo of micrograd, some 65,000 nodes: layers, loss and penalty with units rolled up."""
    model = nn.MLP(2, [16, 16, 1], rng=0)
    x = np.random.default_rng(0).normal(size=(100, 2))
    loss = nn.hinge(model(x), np.sign(x[:, :1])) + nn.l2_penalty(model.weights(), 0.1, 100)
    loss.backward()
    drawn = draw(loss).picture
    assert sum(len(box.nodes) for box in drawn.boxes) == len(loss.tape())
    assert len(box_called(drawn, "256 × layers.1.W").nodes) == 256
    assert {box.scope for box in drawn.boxes} == {
        *(f"MLP/layers.{i}" for i in range(3)),
        "hinge",
        "l2_penalty",
        "",
    }


@pytest.mark.parametrize("settings", [{"fold": "all"}, {"depth": 0}])
def test_unknown_ways_to_fold(settings):
    """What cannot be done is refused, with what there is."""
    with pytest.raises(ValueError, match=r"fold is 'none', 'samples'|depth must be at least 1"):
        draw(Value(1.0), **settings)


def test_groups_are_numbered_by_their_first_node():
    """A group is called by the position of its first node on the tape, so ids are stable."""
    x = Value(2.0)
    tape = Tape((x * 1.0) + (x * 3.0))
    assert fold_tape(tape, "samples", None).groups == [0, 1, 1, 3]
    assert fold_tape(tape, "none", None).groups == [0, 1, 2, 3]


def test_what_is_not_recorded_is_a_leaf():
    """A result of `no_grad` has no history to draw."""
    with no_grad():
        result = Value(2.0) * 3.0
    assert len(draw(result).picture.boxes) == 1
