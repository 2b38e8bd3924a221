"""What boxes and arrows say: values, adjoints, local derivatives and contributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import Tensor, Value
from autograd_mini.primitive import Primitive
from autograd_mini.render import draw
from autograd_mini.render.picture import Picture, short, strength
from tests.render.graphs import (
    arrow_between,
    box_called,
    boxes_called,
    example,
    regularised,
)

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])


def test_before_backward_adjoints_are_not_computed():
    """No box has an adjoint before a sweep, and none has a 0 in its place."""
    _, _, c = example()
    drawing = draw(c)
    assert {box.adjoint for box in drawing.picture.boxes} == {None}
    assert drawing.source.count("adjoint not computed") == 2 * len(drawing.picture.boxes)
    assert "adjoint 0" not in drawing.source  # each label is a tooltip too


def test_boxes_show_name_operation_value_and_adjoint():
    """Each box of the README's example has what the tape has, the numbers by hand."""
    _, _, c = example()
    c.backward()
    s = 2.0 * -3.0 + math.exp(2.0)
    s_bar = 1.0 - math.tanh(s) ** 2
    expected = [
        ("a", "", 2.0, s_bar * (-3.0 + math.exp(2.0))),
        ("b", "", -3.0, s_bar * 2.0),
        ("v₁", "multiply ×", -6.0, s_bar),
        ("v₂", "exp", math.exp(2.0), s_bar),
        ("z₁", "add +", s, s_bar),
        ("a₁", "tanh", math.tanh(s), 1.0),
    ]
    assert [(box.name, box.operation, box.value, box.adjoint) for box in draw(c).picture.boxes] == [
        (name, operation, f"{value:.4g}", f"{adjoint:.4g}")
        for name, operation, value, adjoint in expected
    ]


def test_arrows_show_local_derivative_upstream_and_contribution():
    """d(ab)/da = b, d exp(a)/da = exp(a); times upstream they are the two terms of a's adjoint."""
    a, _, c = example()
    c.backward()
    drawn = draw(c).picture
    s_bar = 1.0 - math.tanh(-6.0 + math.exp(2.0)) ** 2
    product, power = arrow_between(drawn, "a", "multiply"), arrow_between(drawn, "a", "exp")
    assert (product.local, power.local) == (-3.0, pytest.approx(math.exp(2.0), rel=1e-15))
    assert product.upstream == power.upstream == pytest.approx(s_bar, rel=1e-14)
    assert product.contribution == pytest.approx(-3.0 * s_bar, rel=1e-14)
    assert product.contribution + power.contribution == pytest.approx(a.grad, rel=1e-14)


def test_an_operand_used_twice_has_two_arrows():
    """In x · x, 3 is sent along each of two arrows, which makes 6."""
    x = Value(3.0, name="x")
    (x * x).backward()
    drawn = draw(x * x).picture
    assert [arrow.local for arrow in drawn.arrows] == [3.0, 3.0]
    assert len({arrow.id for arrow in drawn.arrows}) == 2
    assert x.grad == 6.0


LOSSES: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "broadcasting": lambda w, b: ((w * b + b) ** 2).sum(),
    "matrix product": lambda w, b: (X @ w.T + b).tanh().mean(),
    "linear": lambda w, b: am.linear(X, w, b).sigmoid().sum(),
    "shared": lambda w, b: (w @ w.T * (w * w).sum()).sum() + (b * b).mean(),
    "indexing and joining": lambda w, b: am.logsumexp(am.concatenate([w[0, :2], b, b[:1]])),
}


@pytest.mark.parametrize("name", LOSSES)
def test_contributions_of_tensors_add_up_to_the_adjoint(name):
    """What leaves a node along its arrows sums to its `.grad`, through broadcasting too."""
    w, b = Tensor([[0.3, -0.2, 0.7], [0.1, 0.9, -0.4]], name="w"), Tensor([[0.2], [-0.6]], name="b")
    if name != "broadcasting":
        b = Tensor([0.2, -0.6], name="b")
    loss = LOSSES[name](w, b)
    loss.backward()
    check_sums(draw(loss).picture)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_contributions_in_a_network_add_up_to_the_adjoint(kind):
    """So it is in an MLP with dropout, L2 and a loss, for each parameter and each result."""
    _, loss = regularised(kind)
    loss.backward()
    check_sums(draw(loss, fold="none").picture)


def check_sums(drawn: Picture) -> None:
    """Assert that at every box but the output the contributions add up."""
    checked = 0
    for box in drawn.boxes:
        sent = [a.contribution for a in drawn.arrows if a.tail == box.id]
        if box.kind in ("constant", "random"):
            assert all(contribution is None for contribution in sent)
        elif box.kind != "output":
            (node,) = box.nodes
            assert_allclose(sum(sent), node.grad, rtol=1e-13, atol=1e-15)
            assert all(np.shape(contribution) == np.shape(node.data) for contribution in sent)
            checked += 1
    assert checked


def test_kinds_are_told_apart():
    """Inputs, parameters, constants, masks, operations and outputs each have their kind."""
    model = am.nn.MLP(1, [2, 1], keep_prob=0.5, kind=Tensor, rng=0)
    drawn = draw((model(Tensor([[1.0]], name="x")) * 3.0).sum()).picture
    assert box_called(drawn, "x").kind == "input"
    assert box_called(drawn, "layers.0.W").kind == "parameter"
    assert box_called(drawn, "keep_mask").kind == "random"
    assert box_called(drawn, "relu").kind == "operation"
    assert box_called(drawn, "sum").kind == "output"
    assert "3" in [box.value for box in drawn.boxes if box.kind == "constant"]


def test_array_operations_show_shapes_on_their_arrows():
    """The derivative of a matrix product is a map: its arrow tells the shapes, not a number."""
    w = Tensor(np.ones((4, 3)), name="w")
    drawn = draw((X @ w.T).sum()).picture
    arrow = arrow_between(drawn, "w", "transpose")
    assert (arrow.local, arrow.shapes) == (None, "(4, 3) → (3, 4)")
    assert arrow_between(drawn, "matmul", "sum").shapes == "(2, 4) → ()"


def test_several_outputs_and_one_that_lies_inside():
    """Each output is marked as one, also where another is computed from it."""
    a, b, c = example()
    inner = a * b
    drawn = draw(c, inner, inner + 1.0).picture
    assert [box.kind for box in drawn.boxes].count("output") == 3
    assert len(drawn.outputs) == 3
    assert drawn.box(next(iter(drawn.outputs))).kind == "output"
    assert boxes_called(drawn, "b")[0].kind == "input"


def test_a_leaf_alone_can_be_drawn():
    """A picture of a single leaf is one box without arrows."""
    drawn = draw(Value(1.0, name="x")).picture
    assert [box.name for box in drawn.boxes] == ["x"]
    assert drawn.arrows == []


CONSTANTS = {
    "number": (2.0, "2"),
    "integer": (2, "2"),
    "array": (np.array([1.0, 3.0]), "(2,) 1 … 3"),
    "one for all": (np.array([4.0, 4.0]), "(2,) all 4"),
    "mask": (np.array([True, False]), "(2,) 0 … 1"),
    "list": ([1.0, 3.0], "(2,) 1 … 3"),
    "NumPy scalar": (np.float32(0.5), "0.5"),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_of_all_kinds(name):
    """A constant operand has a box of its own with its value in short."""
    constant, expected = CONSTANTS[name]
    drawn = draw(Tensor([1.0, 2.0]) * constant).picture
    assert [box.value for box in drawn.boxes if box.kind == "constant"] == [expected]


@pytest.mark.parametrize(
    ("x", "value"),
    [
        (Tensor(np.zeros((0, 3))), "(0, 3) empty"),
        (Tensor(2.0), "2"),
        (Tensor(np.float32([1.0, 2.5])), "(2,) 1 … 2.5"),
        (Tensor([math.nan, 1.0]), "(2,) nan … nan"),
        (Tensor([-math.inf, 1.0]), "(2,) -inf … 1"),
        (Value(-0.0), "0"),
        (Value(1e200), "1e+200"),
    ],
)
def test_unusual_data(x, value):
    """Empty, 0-d, float32, nan and infinite data are shown as what they are."""
    loss = (x * 1.0).sum() if isinstance(x, Tensor) else x * 1.0
    loss.backward()
    assert draw(loss, contributions=True).picture.boxes[0].value == value


def test_a_singular_point_is_shown_without_a_warning():
    """The square root's local derivative at 0 is infinite, on the arrow as in the sweep."""
    x = Value(0.0, name="x")
    root = am.sqrt(x)
    with np.errstate(divide="ignore"):  # the sweep warns, as NumPy does
        root.backward()
    (arrow,) = draw(root).picture.arrows
    assert arrow.local == arrow.contribution == x.grad == math.inf


def test_strength_is_the_signed_root_mean_square():
    """For [3, 4] it is √12.5, negative for a negative sum, and large numbers do not overflow."""
    assert strength(np.array([3.0, 4.0])) == pytest.approx(math.sqrt(12.5), rel=1e-15)
    assert strength(np.array([3.0, -4.0])) == pytest.approx(-math.sqrt(12.5), rel=1e-15)
    assert strength(np.array([1e200, 1e200])) == pytest.approx(1e200, rel=1e-15)
    assert strength(np.zeros(3)) == strength(np.zeros(0)) == 0.0
    assert math.isnan(strength(np.array([math.nan, 1.0])))
    assert strength(np.array([-math.inf, 1.0])) == -math.inf


def test_minus_zero_is_zero():
    """A sign that means nothing is not shown."""
    assert short(-0.0) == short(np.array([-0.0])) == "0"


@pytest.mark.usefixtures("scratch_registry")
def test_an_operation_without_derivative_has_a_bare_arrow():
    """A primitive registered without derivatives can be drawn all the same."""
    rounded = Primitive("rounded", np.round, round, arity=1)
    (arrow,) = draw(rounded(Value(1.6))).picture.arrows
    assert (arrow.local, arrow.contribution) == (None, None)


def test_nodes_are_called_as_in_explanations():
    """A name given twice is numbered, in the picture as in `names`."""
    x, y = Value(1.0, name="x"), Value(2.0, name="x")
    assert [box.name for box in draw(x * y).picture.boxes] == ["x₁", "x₂", "C"]
