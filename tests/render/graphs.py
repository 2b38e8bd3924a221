"""Graphs that several tests draw, and whether this machine can lay them out."""

from __future__ import annotations

import importlib.util
import shutil
from typing import Any

import numpy as np
import pytest

from autograd_mini import Node, Value, nn
from autograd_mini.render.picture import Arrow, Box, Picture

needs_graphviz = pytest.mark.skipif(
    not (shutil.which("dot") or importlib.util.find_spec("pygraphviz")),
    reason="there is no Graphviz on this machine",
)

HOSTILE = [
    "</svg><script>alert(1)</script>",
    '"];',
    '"]; n9 [label="x',
    "\\N",
    "\\",
    'a\\"',
    "<b>",
    "<b>bold</b>",
    "&amp;",
    "]]>",
    "{a|b}",
    "é 漢 😀",
]


def example() -> tuple[Value, Value, Value]:
    """Return a, b and c = tanh(a b + exp(a)) at a = 2, b = -3: the README's example."""
    a, b = Value(2.0, name="a"), Value(-3.0, name="b")
    return a, b, (a * b + a.exp()).tanh()


def regularised(kind: type[Node]) -> tuple[nn.MLP, Any]:
    """Return an MLP with dropout, and its hinge loss with L2 on one sample."""
    model = nn.MLP(2, [3, 1], keep_prob=0.5, kind=kind, rng=0)
    x, y = np.array([[0.5, -1.0]]), np.array([[1.0]])
    return model, nn.hinge(model(x), y) + nn.l2_penalty(model.weights(), 0.1, 1)


def boxes_called(picture: Picture, name: str) -> list[Box]:
    """Return the boxes of a name or operation."""
    return [box for box in picture.boxes if name in (box.name, *box.operation.split()[:1])]


def box_called(picture: Picture, name: str) -> Box:
    """Return the only box of a name or operation."""
    (box,) = boxes_called(picture, name)
    return box


def arrow_between(picture: Picture, tail: str, head: str) -> Arrow:
    """Return the only arrow between two boxes, given by name or operation."""
    ends = box_called(picture, tail).id, box_called(picture, head).id
    (arrow,) = (arrow for arrow in picture.arrows if (arrow.tail, arrow.head) == ends)
    return arrow
