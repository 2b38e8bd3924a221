"""`draw`: the picture of the graph that leads to some outputs."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from graphviz import Digraph

from autograd_mini.errors import DataError, LayoutError
from autograd_mini.gradcheck.report import GradientReport
from autograd_mini.naming import names
from autograd_mini.render.dot import dot
from autograd_mini.render.fold import LIMIT, fold_tape
from autograd_mini.render.layout import layout
from autograd_mini.render.picture import Picture, picture
from autograd_mini.render.player import notebook, page
from autograd_mini.render.story import story
from autograd_mini.tape import Node, Tape, is_object_array
from autograd_mini.text import summary

SMALL = 60
"""A notebook gets a PNG as well, which every front end can show, of at most so many boxes."""

FORMATS = ("svg", "png", "pdf", "dot", "html")
SHOWN = ("html", "png", "svg")
DIRECTIONS = ("LR", "TB")


def draw(
    *outputs: Node | Tape,
    format: str | None = None,
    fold: str | None = None,
    depth: int | None = None,
    contributions: bool = False,
    check: GradientReport | None = None,
    legend: bool = True,
    direction: str = "LR",
) -> Drawing:
    """Return a drawing of the graph that leads to the outputs; in a notebook it shows itself.

    Every node shows its name, operation, value and adjoint ("not computed" before a backward),
    every arrow its local derivative. Modules and losses are boxes around their nodes.

    Args:
        outputs: nodes, or one `Tape`.
        format: what a notebook shows: "html" for the player, "png" or "svg" for a still picture; by
            default the player, with a PNG of a small graph for where HTML is not shown.
        fold: "none" for every node; "samples", "neurons" or "operations" to put together what does
            the same; by default the finest of these that leaves at most 400 boxes.
        depth: put each module that is nested this deep in one box: 1 for whole networks and
            losses, 2 for layers, 3 for neurons.
        contributions: write on each arrow upstream × local = contribution; where arrows leave a
            node, their contributions add up to its adjoint.
        check: a gradient check of this graph; marks the parameters that failed or sit at a kink.
        legend: add a legend.
        direction: "LR" from left to right, "TB" from top to bottom.

    Raises:
        DataError: an output is not a node.
        ValueError: there is no such format, fold or direction, or nothing to draw.
    """
    if not outputs:
        raise ValueError("draw needs an output to start from: draw(loss)")
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {' or '.join(map(repr, DIRECTIONS))}, got {direction!r}")
    if format not in (None, *SHOWN):
        raise ValueError(f"format is {', '.join(map(repr, SHOWN))} or None, got {format!r}")
    tape = as_tape(outputs)
    folded = fold_tape(tape, fold, depth)
    # A name such as v₆₅₀₀₀ for what is left of a large graph would tell nobody anything.
    named = len(tape) <= LIMIT or fold == "none"
    drawn = picture(tape, folded, names(tape) if named else {})
    if check is not None:
        mark(drawn, check)
    graph = dot(drawn, contributions=contributions, legend=legend, direction=direction)
    return Drawing(drawn, graph, format)


def as_tape(outputs: Sequence[Any]) -> Tape:
    """Return the tape of some outputs, or the only output as it is if it is a tape.

    Raises:
        DataError: an output is not a node.
    """
    if len(outputs) == 1 and isinstance(outputs[0], Tape):
        return outputs[0]
    for output in outputs:
        if not isinstance(output, Node):
            remedy = "pass its elements, draw(*a.flat)" if is_object_array(output) else ""
            remedy = remedy or "pass what backward() would start from, or one Tape alone"
            raise DataError(
                f"draw starts from nodes, got {type(output).__name__} {summary(output)}; {remedy}"
            )
    return Tape(*outputs)


class Drawing:
    """A picture of a graph, which can be saved and which notebooks show.

    Attributes:
        picture: the boxes and arrows.
        format: what a notebook shows, see `draw`.
    """

    def __init__(self, picture: Picture, graph: Digraph, format: str | None = None) -> None:
        self.picture = picture
        self.format = format
        self._graph = graph

    @property
    def source(self) -> str:
        """The DOT text; the same program always gives the same text."""
        return self._graph.source

    @cached_property
    def _svg(self) -> str:
        return layout(self.source, "svg").decode()

    def svg(self) -> str:
        """Return the picture as SVG text.

        Raises:
            LayoutError: there is no Graphviz, or it failed.
        """
        return self._svg

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to a file, in the format that its ending names, and return the path.

        Raises:
            ValueError: the ending is none of .svg, .png, .pdf, .dot and .html.
            LayoutError: there is no Graphviz, or it failed.
            OSError: the file cannot be written.
        """
        path = Path(path)
        format = path.suffix.removeprefix(".").lower()
        if format not in FORMATS:
            raise ValueError(f"a drawing is saved as .{', .'.join(FORMATS)}; got {path.name!r}")
        if format == "dot":
            content = self.source.encode()
        elif format == "svg":
            content = self.svg().encode()
        elif format == "html":
            content = page(self.svg(), story(self.picture)).encode()
        else:
            content = layout(self.source, format)
        partial = path.with_name(f"{path.name}.partial")
        try:
            partial.write_bytes(content)
            partial.replace(path)  # at once: no reader meets half a picture
        finally:
            partial.unlink(missing_ok=True)
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the player in a notebook; where it is not trusted, the still picture; else text."""
        told = story(self.picture)
        shown: dict[str, Any] = {}
        try:
            if self.format in (None, "html"):
                shown["text/html"] = notebook(self.svg(), told)
            if self.format == "svg":
                shown["image/svg+xml"] = self.svg()
            small = self.format is None and len(self.picture.boxes) <= SMALL
            if small or self.format == "png":
                shown["image/png"] = b64encode(layout(self.source, "png")).decode()
        except LayoutError as error:
            return {"text/plain": f"{told['summary']}\n\n{error}"}
        return shown | {"text/plain": told["summary"]}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {story(self.picture)['summary']}>"


def mark(picture: Picture, check: GradientReport) -> None:
    """Mark the boxes of the parameters that a gradient check found wrong or at a kink.

    They are found by their names; those that are not in the picture go into the note.
    """
    found: dict[str, str] = {}
    failed = [component for component in check.components if check.failed(component)]
    for what, components in (("at a kink", check.kinks), ("wrong", failed)):  # wrong prevails
        for component in components:
            found[component.label] = found[component.name] = what
    marked = set()
    for box in picture.boxes:
        for node in box.nodes:
            if node.is_leaf and node.name in found:
                marked.add(node.name)
                box.mark = box.mark if box.mark == "wrong" else found[node.name]
    missing = dict.fromkeys(
        component.name
        for component in [*failed, *check.kinks]
        if component.label not in marked and component.name not in marked
    )
    if missing:
        picture.note += (
            f" The gradient check found {', '.join(missing)} wrong or at a kink, but no parameter "
            "here has that name; Tensor(data, name=...) gives one."
        )
        picture.note = picture.note.strip()
