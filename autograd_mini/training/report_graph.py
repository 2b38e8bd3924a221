"""One sample through a trained network: every value, adjoint and local derivative, as a picture."""

from __future__ import annotations

from autograd_mini.render import draw
from autograd_mini.render.player import page
from autograd_mini.render.story import story
from autograd_mini.tape import Node
from autograd_mini.tensor import Tensor
from autograd_mini.training.prepare import Part
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.value import Value, values


def graph_files(model: SavedModel, kind: type[Node], part: Part) -> dict[str, bytes]:
    """Return the picture of the first row of `part`, still and as a page that plays it.

    The graph goes from the features of the row to its loss, after one backward. Dropout is off,
    and the L2 penalty, which belongs to no single row, is left out. The units of a layer share
    their boxes, so that a network of any width fits a page.

    Args:
        model: the trained network.
        kind: `Value` to draw scalars, `Tensor` to draw matrices.
        part: rows, standardised.

    Raises:
        LayoutError: there is no Graphviz, or it failed.
    """
    # A network of its own, never called before: the trained one keeps its state as it is.
    network = model.network(kind)
    row = part.x[:1]
    x = values(row, name="x") if kind is Value else Tensor(row, name="x")
    loss = model.task.loss(network(x), part.y[:1])
    loss.name = "loss"
    loss.backward()
    drawing = draw(loss, fold="neurons", direction="TB")
    svg = drawing.svg()
    return {"graph.svg": svg.encode(), "graph.html": page(svg, story(drawing.picture)).encode()}
