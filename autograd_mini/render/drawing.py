"""`draw`: the picture of the graph that leads to some outputs."""

from __future__ import annotations

import os
from base64 import b64encode
from functools import cached_property
from pathlib import Path
from typing import Any

from autograd_mini.errors import LayoutError
from autograd_mini.gradcheck.report import GradientReport
from autograd_mini.naming import names
from autograd_mini.render.dot import dot
from autograd_mini.render.fold import fold
from autograd_mini.render.layout import layout
from autograd_mini.render.picture import Picture, picture
from autograd_mini.render.player import notebook, page
from autograd_mini.render.story import story
from autograd_mini.tape import Node, Tape

SMALL = 60
"""A notebook gets a PNG as well, which every front end can show, of at most so many boxes."""

FORMATS = ("svg", "png", "pdf", "dot", "html")


def draw(
    *outputs: Node | Tape,
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
        fold: "none" for every node; "samples", "neurons" or "operations" to put together what does
            the same; by default the finest of these that leaves at most 400 boxes.
        depth: fold the modules that are nested deeper than this.
        contributions: write on each arrow upstream × local = contribution, which add up to the
            adjoint where they meet.
        check: a gradient check of this graph; marks the parameters that failed or sit at a kink.
        legend: add a legend.
        direction: "LR" from left to right, "TB" from top to bottom.

    Raises:
        ValueError: there is no such way to fold, or nothing to draw.
    """
    if not outputs:
        raise ValueError("draw needs an output to start from: draw(loss)")
    tape = outputs[0] if isinstance(outputs[0], Tape) else Tape(*outputs)  # type: ignore[arg-type]
    groups, scopes, note = _fold(tape, fold, depth)
    alone = len(set(groups)) == len(groups)  # names for single nodes, not for what is folded
    drawn = picture(tape, groups, scopes, names(tape) if alone else {}, note)
    if check is not None:
        mark(drawn, check)
    return Drawing(drawn, contributions=contributions, legend=legend, direction=direction)


_fold = fold


class Drawing:
    """A picture of a graph, which can be saved and which notebooks show.

    Attributes:
        picture: the boxes and arrows.
    """

    def __init__(self, picture: Picture, **settings: Any) -> None:
        self.picture = picture
        self._graph = dot(picture, **settings)

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
        """
        path = Path(path)
        format = path.suffix.removeprefix(".")
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
        path.write_bytes(content)
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the player in a notebook; where it is not trusted, the still picture; else text."""
        texts = {"text/plain": f"{story(self.picture)['summary']}\n\n{self.source}"}
        try:
            shown: dict[str, Any] = {"text/html": notebook(self.svg(), story(self.picture))}
            if len(self.picture.boxes) <= SMALL:
                shown["image/png"] = b64encode(layout(self.source, "png")).decode()
        except LayoutError as error:
            return {"text/plain": f"{error}\n\n{texts['text/plain']}"}
        return shown | texts


def mark(picture: Picture, check: GradientReport) -> None:
    """Mark the boxes of the parameters that a gradient check found wrong or at a kink."""
    marks = {}
    for component in check.components:
        if component.at_kink:
            marks[component.label] = marks[component.name] = "at a kink"
    for component in check.components:
        if check.failed(component):
            marks[component.label] = marks[component.name] = "wrong"
    for box in picture.boxes:
        for node in box.nodes:
            if node.is_leaf and node.name in marks and box.mark != "wrong":
                box.mark = marks[node.name]
