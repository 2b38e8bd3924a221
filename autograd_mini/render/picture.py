"""A picture of a tape as data: boxes, arrows and clusters, before anything is laid out.

Each box stands for one node or for several that were folded into one (`fold.py`); constants get
boxes of their own. Ids come from positions on the tape, so one program always gives one picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from autograd_mini.sweep import read, unbroadcast
from autograd_mini.tape import Node, Tape, primal

Kind = Literal["input", "parameter", "constant", "random", "operation", "output"]


@dataclass
class Box:
    """One box of the picture.

    Attributes:
        id: `n12` for the node at position 12 of the tape, or the first of several; `k12_0` for the
            constant that is operand 0 of that node.
        kind: what the shape of the box tells.
        nodes: the nodes that it stands for; none for a constant.
        name: the name of the node, or "".
        operation: the primitive and how it is written; "" for leaves and constants.
        scope: the module or function that it lies in, "" outside of any.
        value: the data in short.
        adjoint: the adjoint in short; None where it is not computed.
        strength: the adjoint as one signed number for the colour, see `strength`.
        mark: what a gradient check says of it: "", "wrong" or "at a kink".
    """

    id: str
    kind: Kind
    nodes: list[Node]
    name: str
    operation: str
    scope: str
    value: str
    adjoint: str | None
    strength: float
    mark: str = ""


@dataclass
class Arrow:
    """One arrow, from an operand to a result.

    Attributes:
        id: `e12_0` for operand 0 of the node at position 12.
        tail: the id of the operand's box.
        head: the id of the result's box.
        local: the local derivative in short; None where it is no single number or array.
        contribution: upstream × local, what the sweep sent along it; None where not computed.
        upstream: the adjoint of the result in short; None where not computed.
        count: how many edges of the tape it stands for.
    """

    id: str
    tail: str
    head: str
    local: str | None = None
    contribution: str | None = None
    upstream: str | None = None
    count: int = 1


@dataclass
class Picture:
    """Boxes in the order of the tape, arrows, and a note on what was folded."""

    boxes: list[Box]
    arrows: list[Arrow]
    note: str = ""
    outputs: set[str] = field(default_factory=set)

    def box(self, id: str) -> Box:
        """Return the box with an id."""
        return next(box for box in self.boxes if box.id == id)


def picture(
    tape: Tape,
    groups: list[int],
    scopes: list[str],
    names: Mapping[Node, str],
    note: str = "",
) -> Picture:
    """Return the picture of a tape.

    Args:
        tape: the nodes.
        groups: for each position the position of the first node that shares its box; a node that
            stands alone is its own.
        scopes: for each position the cluster that its box lies in.
        names: what nodes are called where they have no name of their own; may be empty.
        note: what was folded, for the caption.
    """
    positions = {node: position for position, node in enumerate(tape)}
    members: dict[int, list[Node]] = {}
    for node, group in zip(tape, groups, strict=True):
        members.setdefault(group, []).append(node)
    outputs = {groups[positions[output]] for output in tape.outputs}
    boxes = {
        group: node_box(f"n{group}", nodes, scopes[group], group in outputs, names)
        for group, nodes in members.items()
    }
    drawn: list[Box] = []
    arrows: dict[tuple[str, str] | str, Arrow] = {}
    for group, box in boxes.items():
        if len(box.nodes) == 1:
            operands = box.nodes[0].parents
            for i, x in enumerate(operands):
                if isinstance(x, Node):
                    tail = boxes[groups[positions[x]]]
                    arrow = edge(f"e{group}_{i}", tail.id, box.id, box.nodes[0], i)
                    arrows[arrow.id] = arrow
                else:
                    constant = constant_box(f"k{group}_{i}", x, box.scope)
                    drawn.append(constant)
                    arrows[constant.id] = Arrow(f"e{group}_{i}", constant.id, box.id)
        else:
            for node in box.nodes:
                for x in node.parents:
                    tail_id = boxes[groups[positions[x]]].id if isinstance(x, Node) else None
                    if tail_id is None or tail_id == box.id:
                        continue
                    key = (tail_id, box.id)
                    if key in arrows:
                        arrows[key].count += 1
                    else:
                        arrows[key] = Arrow(f"e{group}_{len(arrows)}", *key)
        drawn.append(box)
    return Picture(drawn, list(arrows.values()), note, {f"n{group}" for group in outputs})


def node_box(
    id: str, nodes: list[Node], scope: str, is_output: bool, names: Mapping[Node, str]
) -> Box:
    """Return the box of one node, or of several that were folded."""
    node = nodes[0]
    if node.primitive is None:
        kind: Kind = "parameter" if node.scope else "input"
        operation = ""
    else:
        kind = "output" if is_output else "random" if not node.parents else "operation"
        operation = node.primitive.name
        if node.primitive.symbol != operation:
            operation += f" {node.primitive.symbol}"
    if len(nodes) == 1:
        name = node.name or names.get(node, "")
        value = short(node.data)
        adjoint = None if node.grad is None else short(node.grad)
    else:
        name = common_name([n.name or "" for n in nodes])
        kinds = {n.primitive.name for n in nodes if n.primitive}
        if len(kinds) > 1:
            operation = "several operations"
        value = spread(n.data for n in nodes)
        computed = [n.grad for n in nodes if n.grad is not None]
        adjoint = spread(computed) if computed else None
        operation = operation.split()[0] if len(kinds) == 1 else operation
        name = f"{len(nodes):,} × {name}".strip()
    return Box(id, kind, nodes, name, operation, scope, value, adjoint, strength(nodes))


def constant_box(id: str, x: Any, scope: str) -> Box:
    """Return the box of a constant operand."""
    return Box(id, "constant", [], "", "", scope, short(x), None, 0.0)


def edge(id: str, tail: str, head: str, node: Node, i: int) -> Arrow:
    """Return the arrow from operand `i` of a node, with its local derivative and contribution."""
    assert node.primitive is not None
    if node.primitive.scalar is None:  # an array operation: its derivative is a map, not an array
        local = None
    else:
        local = short(pulled(node, i, np.ones_like(node.data)))
    if node.grad is None:
        return Arrow(id, tail, head, local)
    sent = unbroadcast(pulled(node, i, node.grad), node.parents[i], record=False)
    return Arrow(id, tail, head, local, short(sent), short(node.grad))


def pulled(node: Node, i: int, z_bar: Any) -> Any:
    """Return what the local derivative with respect to operand `i` makes of a cotangent."""
    assert node.primitive is not None
    z, operands = read(node, record=False)
    with np.errstate(all="ignore"):  # a singular point is shown as what it is, inf or nan
        return node.primitive.pullback(i, z_bar, z, operands, node.params or {})


def strength(nodes: Iterable[Node]) -> float:
    """Return the root mean square of the adjoints with the sign of their sum, 0 without any."""
    computed = [np.ravel(node.grad) for node in nodes if node.grad is not None]
    if not computed:
        return 0.0
    adjoints = np.concatenate(computed)
    size = float(np.sqrt(np.mean(np.square(adjoints)))) if adjoints.size else 0.0
    return -size if adjoints.sum() < 0.0 else size


def short(x: Any) -> str:
    """Return a number with four digits, or the shape and range of an array."""
    x = primal(x)
    if np.ndim(x) == 0:
        return f"{float(x) + 0.0:.4g}"  # + 0.0 turns -0 into 0
    if np.size(x) == 0:
        return str(np.shape(x))
    return f"{np.shape(x)} {x.min() + 0.0:.3g} … {x.max() + 0.0:.3g}"


def spread(numbers: Iterable[Any]) -> str:
    """Return the range of several numbers or arrays."""
    flat = np.concatenate([np.ravel(x) for x in numbers])
    return (
        short(flat[0])
        if flat.min() == flat.max()
        else f"{flat.min() + 0.0:.4g} … {flat.max() + 0.0:.4g}"
    )


def common_name(names: list[str]) -> str:
    """Return what names have in common before their index: `layers.0.W` of `layers.0.W[0,1]` ..."""
    stems = {name.split("[")[0] for name in names}
    return stems.pop() if len(stems) == 1 else ""
