"""The story of a picture: what the player tells at each step, forward and then in reverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.render.dot import around, scopes
from autograd_mini.render.picture import Arrow, Box, Picture, factor, short, unit

INFIX = frozenset("+-×÷^@>≥≠")


def story(picture: Picture) -> dict[str, Any]:
    """Return the texts of a picture by the ids of its boxes, arrows and clusters (see `player`)."""
    incoming: dict[str, list[Arrow]] = {box.id: [] for box in picture.boxes}
    outgoing: dict[str, list[Arrow]] = {box.id: [] for box in picture.boxes}
    for arrow in picture.arrows:
        incoming[arrow.head].append(arrow)
        outgoing[arrow.tail].append(arrow)
    boxes = {box.id: box for box in picture.boxes}
    clusters = {scope: f"c{i}" for i, scope in enumerate(scopes(picture))}
    inside: dict[str, list[str]] = {scope: [] for scope in clusters}
    for box in picture.boxes:
        for scope in around(box.scope):
            inside[scope].append(box.id)
    formulas = {
        box.id: formula(box, [called(boxes[arrow.tail]) for arrow in incoming[box.id]])
        for box in picture.boxes
    }
    outputs = [called(box) for box in picture.boxes if box.id in picture.outputs]
    return {
        "title": f"The graph of {', '.join(outputs)}",
        "summary": summary(picture, outputs),
        "nodes": {
            box.id: {
                "name": called(box),
                "operation": box.operation,
                "kind": box.kind,
                "formula": formulas[box.id],
                "value": box.value,
                "shape": shape(box),
                "scope": box.scope,
                "adjoint": box.adjoint,
            }
            for box in picture.boxes
        },
        "edges": {
            arrow.id: {
                "from": arrow.tail,
                "to": arrow.head,
                "local": None if arrow.local is None else short(arrow.local),
                "contribution": None if arrow.contribution is None else short(arrow.contribution),
            }
            for arrow in picture.arrows
        },
        "clusters": {
            cluster: {
                "name": unit(scope),
                "nodes": inside[scope],
                "parent": clusters.get(scope.rpartition("/")[0]),
            }
            for scope, cluster in clusters.items()
        },
        "forward": [
            {
                "node": box.id,
                "edges": [arrow.id for arrow in incoming[box.id]],
                "text": evaluation(
                    box, formulas[box.id], [boxes[a.tail] for a in incoming[box.id]]
                ),
            }
            for box in picture.boxes
        ],
        "reverse": [
            {
                "node": box.id,
                "edges": [a.id for a in outgoing[box.id] if boxes[a.head].adjoint is not None],
                "text": accumulation(box, outgoing[box.id]),
                "adjoint": box.adjoint,
            }
            for box in reversed(picture.boxes)
            if box.adjoint is not None
        ],
    }


def called(box: Box) -> str:
    """Return what a box is called in a sentence."""
    return box.name or box.operation or box.value


def formula(box: Box, operands: list[str]) -> str:
    """Return the operation on its operands, as it is written."""
    words = box.operation.split()
    if not words or box.kind == "module" or len(box.nodes) != 1:
        return ""
    if len(operands) == 2 and words[-1] in INFIX:
        return f" {words[-1]} ".join(map(factor, operands))
    return f"{words[0]}({', '.join(operands)})"


def evaluation(box: Box, written: str, operands: list[Box]) -> str:
    """Return how the value of a box comes about: name = formula = numbers = value."""
    if not written:
        return f"{called(box)} = {box.value}" if box.nodes else f"the constant {box.value}"
    parts = [box.name, written, formula(box, [operand.value for operand in operands]), box.value]
    return " = ".join(part for part in dict.fromkeys(parts) if part)


def accumulation(box: Box, uses: list[Arrow]) -> str:
    """Return how the adjoint of a box is summed over its uses: local · upstream + ..."""
    terms = [
        f"{factor(short(use.local))} · {factor(short(use.upstream))}"
        if use.local is not None
        else factor(short(use.contribution))
        for use in uses
        if use.contribution is not None
    ]
    if not terms or len(box.nodes) != 1:
        return f"adjoint of {called(box)} = {box.adjoint}"
    return f"adjoint of {called(box)} = {' + '.join(terms)} = {box.adjoint}"


def shape(box: Box) -> str:
    """Return the shape of an array, "" for a scalar or several nodes."""
    if len(box.nodes) != 1 or np.ndim(box.nodes[0].primal) == 0:
        return ""
    return str(np.shape(box.nodes[0].primal))


def summary(picture: Picture, outputs: list[str]) -> str:
    """Return in a sentence what the picture shows."""
    computed = any(box.adjoint is not None for box in picture.boxes)
    return (
        f"The computation graph that leads to {', '.join(outputs)}: {len(picture.boxes):,} boxes, "
        f"{len(picture.arrows):,} arrows; adjoints {'computed' if computed else 'not computed'}. "
        f"{picture.note}"
    ).strip()
