"""DOT text of a picture, and the colours and shapes that it is drawn with."""

from __future__ import annotations

import math
from typing import Any

import graphviz

from autograd_mini.render.picture import Arrow, Box, Picture, factor, short, unit

# Colour-blind safe on both ends: ColorBrewer's PuOr. Light enough for black text.
NEGATIVE = (178, 171, 210)
POSITIVE = (253, 184, 99)
NEUTRAL = (247, 247, 247)
NOT_A_NUMBER = "#f0e442"  # the yellow of Okabe and Ito's palette, on no other box

# Each kind has a shape of its own; no kind is told by colour.
SHAPES: dict[str, dict[str, str]] = {
    "input": {"shape": "ellipse"},
    "parameter": {"shape": "box", "style": "filled,bold", "penwidth": "2.5"},
    "constant": {"shape": "plaintext", "style": ""},
    "random": {"shape": "diamond"},
    "operation": {"shape": "box", "style": "filled,rounded"},
    "module": {"shape": "box3d"},
    "output": {"shape": "box", "style": "filled,rounded", "peripheries": "2"},
}

# What the legend calls them.
LOOKS = {
    "input": "ellipse: input",
    "parameter": "thick box: parameter",
    "constant": "no box: constant",
    "random": "diamond: random source",
    "operation": "rounded box: operation",
    "module": "block: folded module",
    "output": "double box: output",
}

MARKS = {"wrong": "✗ gradient wrong", "at a kink": "⚠ at a kink"}


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
    graph.attr(rankdir=direction, fontname="Helvetica,sans-serif")
    graph.attr("node", fontname="Helvetica,sans-serif", fontsize="11", style="filled")
    graph.attr("node", fillcolor=colour(0.0, 1.0), margin="0.12,0.06")
    graph.attr("edge", fontname="Helvetica,sans-serif", fontsize="9", arrowsize="0.7")
    if picture.note:
        graph.attr(label=text(picture.note), labelloc="b")
    sizes = (abs(box.strength) for box in picture.boxes)
    largest = max(filter(math.isfinite, sizes), default=0.0)
    clusters: dict[str, graphviz.Digraph] = {"": graph}
    for i, scope in enumerate(scopes(picture)):
        clusters[scope] = graphviz.Digraph(f"cluster_{i}")
        clusters[scope].attr(
            label=text(unit(scope)),
            id=f"c{i}",
            style="rounded",
            color="#888888",
            fontsize="10",
            **{"class": "cluster"},
        )
    for box in picture.boxes:
        clusters[box.scope].node(box.id, **box_attributes(box, largest))
    # A subgraph is copied into the one around it, so the inner ones come first.
    for scope in sorted(scopes(picture), key=lambda scope: -scope.count("/")):
        clusters[scope.rpartition("/")[0]].subgraph(clusters[scope])
    for arrow in picture.arrows:
        graph.edge(arrow.tail, arrow.head, **arrow_attributes(arrow, contributions))
    if legend:
        table = legend_table(picture, largest, contributions)
        graph.node("legend", label=table, shape="plaintext", style="")
    return graph


def scopes(picture: Picture) -> list[str]:
    """Return every scope of the picture and those around it, in the order of the tape."""
    found: dict[str, None] = {}
    for box in picture.boxes:
        found |= dict.fromkeys(around(box.scope))
    return list(found)


def around(scope: str) -> list[str]:
    """Return a scope and those around it, the outermost first; none for ""."""
    parts = scope.split("/") if scope else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def box_attributes(box: Box, largest: float) -> dict[str, Any]:
    """Return the DOT attributes of a box."""
    if box.kind == "constant":
        lines = [box.value]
    else:
        lines = [": ".join(part for part in (box.name, box.operation) if part)]
        lines += [f"value {box.value}"] if box.value else []
        if box.kind != "random":
            adjoint = "not computed" if box.adjoint is None else box.adjoint
            lines += [f"adjoint {adjoint}"]
    lines += [MARKS[box.mark]] if box.mark else []
    lines = [line for line in lines if line]
    attributes = {
        "label": text("\n".join(lines)),
        "id": box.id,
        "class": box.kind,
        "tooltip": text("\n".join(lines)),
        **SHAPES[box.kind],
    }
    if box.kind != "constant":
        attributes["fillcolor"] = colour(box.strength, largest)
    if box.mark:
        attributes |= {"color": "#c00000", "penwidth": "3"}
    if box.mark == "at a kink":
        attributes["style"] = attributes.get("style", "filled") + ",dashed"
    return attributes


def arrow_attributes(arrow: Arrow, contributions: bool) -> dict[str, Any]:
    """Return the DOT attributes of an arrow."""
    label = arrow.shapes
    if arrow.count > 1:
        label = f"× {arrow.count:,}"
    elif contributions and arrow.contribution is not None:
        label = "VJP"
        if arrow.local is not None:
            label = f"{factor(short(arrow.upstream))} × {factor(short(arrow.local))}"
        label += f" = {short(arrow.contribution)}"
    elif arrow.local is not None:
        label = short(arrow.local)
    return {"id": arrow.id} | ({"label": text(label)} if label else {})


def colour(strength: float, largest: float) -> str:
    """Return the fill of a box: orange for positive adjoints, purple for negative, by size."""
    if math.isnan(strength):
        return NOT_A_NUMBER
    share = math.sqrt(min(abs(strength) / largest, 1.0)) if largest else float(strength != 0.0)
    end = POSITIVE if strength > 0.0 else NEGATIVE
    mixed = [round(n + (e - n) * share) for n, e in zip(NEUTRAL, end, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def legend_table(picture: Picture, largest: float, contributions: bool) -> str:
    """Return the legend as a DOT table: the shapes that occur, the colours, the arrows."""
    kinds = {box.kind for box in picture.boxes}
    rows = [f"<td colspan='3' align='left'>{LOOKS[kind]}</td>" for kind in LOOKS if kind in kinds]
    if largest:
        cells = (
            f"<td bgcolor='{colour(share * largest, largest)}'>{share * largest:.3g}</td>"
            for share in (-1.0, 0.0, 1.0)
        )
        rows.append("".join(cells))
    notes = []
    if largest:
        arrays = any(n.rank > 1 or len(b.nodes) > 1 for b in picture.boxes for n in b.nodes[:1])
        notes.append("colour: adjoint" + (" (of several numbers: rms)" if arrays else ""))
    if any(math.isnan(box.strength) for box in picture.boxes):
        notes.append("yellow: the adjoint is not a number")
    if any(box.mark for box in picture.boxes):
        notes.append("red: what the gradient check found")
    single = [arrow for arrow in picture.arrows if arrow.count == 1]
    if contributions and any(arrow.contribution is not None for arrow in single):
        notes.append("arrows: upstream × local derivative = contribution")
        if any(arrow.shapes for arrow in single):
            notes.append("VJP: upstream sent back through an array operation")
    else:
        if any(arrow.local is not None for arrow in single):
            notes.append("arrows: local derivative")
        if any(arrow.shapes for arrow in single):
            notes.append("arrows with →: shape of the operand → of the result")
    if len(single) < len(picture.arrows):
        notes.append("arrows with ×: how many edges")
    rows += [f"<td colspan='3' align='left'>{note}</td>" for note in notes]
    return (
        "<<table border='1' cellborder='0' cellspacing='2' color='#888888'>"
        f"{''.join(f'<tr>{row}</tr>' for row in rows)}</table>>"
    )


def text(line: str) -> str:
    """Return a line so that DOT takes it as text: no escapes, no HTML, no entities."""
    # DOT reads &amp; and the like as entities in every label, even where it is not HTML.
    return graphviz.escape(line.replace("&", "&amp;"))
