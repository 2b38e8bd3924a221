"""DOT text of a picture, and the colours and shapes that it is drawn with."""

from __future__ import annotations

import math
from typing import Any

import graphviz

from autograd_mini.render.picture import Arrow, Box, Picture

# Colour-blind safe on both ends: ColorBrewer's PuOr. Light enough for black text.
NEGATIVE = (178, 171, 210)
POSITIVE = (253, 184, 99)
NEUTRAL = (247, 247, 247)

# Each kind has a shape of its own; no kind is told by colour.
SHAPES: dict[str, dict[str, str]] = {
    "input": {"shape": "ellipse"},
    "parameter": {"shape": "box", "style": "filled,bold", "penwidth": "2.5"},
    "constant": {"shape": "plaintext", "style": ""},
    "random": {"shape": "diamond"},
    "operation": {"shape": "box", "style": "filled,rounded"},
    "output": {"shape": "box", "style": "filled,rounded", "peripheries": "2"},
}


def dot(
    picture: Picture, *, contributions: bool = False, legend: bool = True, direction: str = "LR"
) -> graphviz.Digraph:
    """Return the DOT graph of a picture.

    Args:
        picture: what to draw.
        contributions: write on each arrow upstream × local = contribution, not the local
            derivative alone.
        legend: add a legend.
        direction: "LR" from left to right, "TB" from top to bottom.
    """
    graph = graphviz.Digraph("tape")
    graph.attr(rankdir=direction, bgcolor="transparent", fontname="Helvetica,sans-serif")
    graph.attr("node", fontname="Helvetica,sans-serif", fontsize="11", style="filled")
    graph.attr("node", fillcolor=colour(0.0, 1.0), margin="0.12,0.06")
    graph.attr("edge", fontname="Helvetica,sans-serif", fontsize="9", arrowsize="0.7")
    if picture.note:
        graph.attr(label=text(picture.note), labelloc="b")
    largest = max((abs(box.strength) for box in picture.boxes), default=0.0)
    clusters: dict[str, graphviz.Digraph] = {"": graph}
    for i, scope in enumerate(scopes(picture)):
        clusters[scope] = graphviz.Digraph(f"cluster_{scope}")
        clusters[scope].attr(
            label=text(scope.split("/")[-1]),
            id=f"c{i}",
            style="rounded",
            color="#888888",
            fontsize="10",
            **{"class": "cluster"},
        )
    for box in picture.boxes:
        clusters[box.scope].node(box.id, **box_attributes(box, largest))
    for scope in reversed(scopes(picture)):  # inner clusters first: a subgraph is copied in
        clusters[scope.rpartition("/")[0]].subgraph(clusters[scope])
    for arrow in picture.arrows:
        graph.edge(arrow.tail, arrow.head, **arrow_attributes(arrow, contributions))
    if legend:
        graph.node("legend", label=legend_table(picture, largest), shape="plaintext", style="")
    return graph


def scopes(picture: Picture) -> list[str]:
    """Return every scope of the picture and those around it, outer ones first, in order."""
    found: dict[str, None] = {}
    for box in picture.boxes:
        parts = box.scope.split("/") if box.scope else []
        for i in range(len(parts)):
            found["/".join(parts[: i + 1])] = None
    return sorted(found, key=lambda scope: (list(found).index(scope.split("/")[0]), scope))


def box_attributes(box: Box, largest: float) -> dict[str, Any]:
    """Return the DOT attributes of a box."""
    lines = [" ".join(part for part in (box.name, box.operation) if part), box.value]
    if box.kind not in ("constant", "random"):
        lines.append("adjoint not computed" if box.adjoint is None else f"adjoint {box.adjoint}")
    attributes: dict[str, Any] = {
        "label": "\n".join(text(line) for line in lines if line),
        "id": box.id,
        "class": box.kind,
        "tooltip": text(" ".join(line for line in lines if line)),
        **SHAPES[box.kind],
    }
    if box.kind != "constant":
        attributes["fillcolor"] = colour(box.strength, largest)
    if box.mark:
        attributes["label"] += "\n" + text(
            {"wrong": "✗ wrong", "at a kink": "⚠ at a kink"}[box.mark]
        )
        attributes |= {"color": "#c00000", "penwidth": "3"}
        if box.mark == "at a kink":
            attributes["style"] = attributes.get("style", "filled") + ",dashed"
    return attributes


def arrow_attributes(arrow: Arrow, contributions: bool) -> dict[str, Any]:
    """Return the DOT attributes of an arrow."""
    attributes = {"id": arrow.id}
    if arrow.count > 1:
        return attributes | {"label": f"× {arrow.count:,}"}
    if contributions and arrow.contribution is not None:
        factors = f"{arrow.upstream} × {arrow.local} = " if arrow.local is not None else ""
        return attributes | {"label": text(f"{factors}{arrow.contribution}")}
    return attributes | ({"label": text(arrow.local)} if arrow.local is not None else {})


def colour(strength: float, largest: float) -> str:
    """Return the fill of a box: orange for positive adjoints, purple for negative, by size."""
    share = math.sqrt(abs(strength) / largest) if largest and math.isfinite(strength) else 0.0
    end = POSITIVE if strength > 0.0 else NEGATIVE
    mixed = [round(n + (e - n) * share) for n, e in zip(NEUTRAL, end, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def legend_table(picture: Picture, largest: float) -> str:
    """Return the legend as a DOT table: the shapes that occur, the scale of the colours."""
    looks = {
        "input": "ellipse: input",
        "parameter": "thick box: parameter",
        "constant": "no box: constant",
        "random": "diamond: random source",
        "operation": "rounded box: operation",
        "output": "double box: output",
    }
    kinds = {box.kind for box in picture.boxes}
    rows = [f"<tr><td colspan='3' align='left'>{looks[k]}</td></tr>" for k in looks if k in kinds]
    if largest:
        cells = (
            f"<td bgcolor='{colour(share * largest, largest)}'>{share * largest:.3g}</td>"
            for share in (-1.0, 0.0, 1.0)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
        rows.append("<tr><td colspan='3' align='left'>colour: adjoint (arrays: rms)</td></tr>")
    rows.append("<tr><td colspan='3' align='left'>on arrows: local derivative</td></tr>")
    return (
        "<<table border='1' cellborder='0' cellspacing='2' color='#888888'>"
        f"{''.join(rows)}</table>>"
    )


def text(line: str) -> str:
    """Return a line so that DOT takes it as text: no escapes, no HTML, no entities."""
    # DOT reads &amp; and the like as entities in every label, even where it is not HTML.
    return graphviz.escape(line.replace("&", "&amp;"))
