"""A picture of a tape as data: boxes, arrows and clusters, before anything is laid out.

Each box stands for one node or for several that were folded into one (`fold.py`); constants get
boxes of their own. Ids come from positions on the tape, so one program always gives one picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import Any, Literal

import numpy as np

from autograd_mini.errors import DerivativeError
from autograd_mini.naming import printable
from autograd_mini.render.fold import Fold
from autograd_mini.sweep import read, unbroadcast
from autograd_mini.tape import Node, Tape, primal

Kind = Literal["input", "parameter", "constant", "random", "operation", "module", "output"]


@dataclass
class Box:
    """One box of the picture.

    Attributes:
        id: `n12` for the node at position 12 of the tape, or the first of several; `k12_0` for the
            constant that is operand 0 of that node.
        kind: what the shape of the box tells.
        nodes: the nodes that it stands for; none for a constant.
        name: the name of the node or module, or "".
        operation: the primitive and how it is written, or how many nodes a module has; "" for
            leaves and constants.
        scope: the module or function that it lies in, "" outside of any.
        value: the data in short; of a module, that of the results that leave it.
        adjoint: the adjoint in short, of the same nodes; None where it is not computed.
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
        local: the local derivative, a number or an array with one for each element; None where
            it is neither, and where the arrow comes from a constant.
        shapes: of an array operation, whose derivative is a linear map, the shapes that it maps
            from and to, `(3, 2) → (1, 3)`; else "".
        contribution: upstream × local, what the sweep sent along it; None where not computed.
        upstream: the adjoint of the result; None where not computed.
        count: how many edges of the tape it stands for; if several, it has no numbers.
    """

    id: str
    tail: str
    head: str
    local: Any = None
    shapes: str = ""
    contribution: Any = None
    upstream: Any = None
    count: int = 1


@dataclass
class Picture:
    """Boxes in the order of the tape, arrows, a note on what was folded, the ids of the outputs."""

    boxes: list[Box]
    arrows: list[Arrow]
    note: str = ""
    outputs: set[str] = field(default_factory=set)

    def box(self, id: str) -> Box:
        """Return the box with an id."""
        return next(box for box in self.boxes if box.id == id)


def picture(tape: Tape, fold: Fold, names: Mapping[Node, str]) -> Picture:
    """Return the picture of a tape.

    Args:
        tape: the nodes.
        fold: which of them share a box.
        names: what nodes are called that stand alone; where one is missing, by their own name.
    """
    groups = fold.groups
    group_of = dict(zip(tape, groups, strict=True))
    members: dict[int, list[Node]] = {}
    for node, group in group_of.items():
        members.setdefault(group, []).append(node)
    if fold.modules:
        members = {group: members[group] for group in in_order(members, group_of)}
    outputs = {group_of[output] for output in tape.outputs}
    left = leaving(group_of) if fold.modules else {}
    drawn: list[Box] = []
    arrows: dict[tuple[str, ...], Arrow] = {}
    for group, nodes in members.items():
        id, scope = f"n{group}", fold.scopes[group]
        alone = len(nodes) == 1
        if group in fold.modules:
            box = module_box(id, nodes, scope, fold.modules[group], left.get(group, []))
        elif alone:
            name = names.get(nodes[0]) or printable(nodes[0].name or "")
            box = node_box(id, nodes, scope, group in outputs, name)
        else:
            box = node_box(id, nodes, scope, group in outputs, common_name(nodes))
        edges = ((node, i, x) for node in nodes for i, x in enumerate(node.parents))
        for number, (node, i, x) in enumerate(edges):
            arrow_id = f"e{group}_{number}"
            if not isinstance(x, Node):
                if alone:
                    drawn.append(constant_box(f"k{group}_{i}", x, scope))
                    arrows[arrow_id,] = Arrow(arrow_id, drawn[-1].id, id)
                continue
            tail = group_of[x]
            if tail == group:
                continue
            key = (arrow_id,) if alone and len(members[tail]) == 1 else (f"n{tail}", id)
            if key not in arrows:
                numbers = edge(node, i) if alone else {}
                arrows[key] = Arrow(arrow_id, f"n{tail}", id, **numbers)
            else:
                count = arrows[key].count + 1
                arrows[key] = Arrow(arrows[key].id, f"n{tail}", id, count=count)
        drawn.append(box)
    return Picture(drawn, list(arrows.values()), fold.note, {f"n{group}" for group in outputs})


def node_box(id: str, nodes: list[Node], scope: str, is_output: bool, name: str) -> Box:
    """Return the box of one node, or of several that do the same."""
    kind: Kind
    operation = ""
    primitive = nodes[0].primitive
    if is_output:
        kind = "output"
    elif primitive is None:
        kind = "parameter" if nodes[0].scope else "input"
    else:
        kind = "operation" if nodes[0].parents else "random"
    if primitive is not None:
        operation = primitive.name
        if len(nodes) == 1 and primitive.symbol != operation:
            operation += f" {primitive.symbol}"
    if len(nodes) > 1:  # how many of what
        times = f"{len(nodes):,} × "
        name = times + name if name else ""
        operation = operation if name else times + (operation or "leaf")
    return Box(id, kind, nodes, name, operation, scope, *numbers_of(nodes))


def module_box(id: str, nodes: list[Node], scope: str, path: str, left: list[Node]) -> Box:
    """Return the box of a module that is folded, with the numbers of the nodes that leave it."""
    size = f"{len(nodes):,} node{'s' if len(nodes) > 1 else ''}"
    return Box(id, "module", nodes, unit(path), size, scope, *numbers_of(left))


def constant_box(id: str, x: Any, scope: str) -> Box:
    """Return the box of a constant operand."""
    return Box(id, "constant", [], "", "", scope, with_shape(x), None, 0.0)


def in_order(members: Mapping[int, list[Node]], group_of: Mapping[Node, int]) -> list[int]:
    """Return the groups with operands before results, as the tape has them where that is open.

    A module starts with its parameters, which are older than the inputs it is called on. Where one
    is called several times there may be no such order; then it is that of their first nodes.
    """
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for group, nodes in members.items():
        operands = {group_of[x] for node in nodes for x in node.parents if isinstance(x, Node)}
        sorter.add(group, *sorted(operands - {group}))
    try:
        sorter.prepare()
    except CycleError:
        return list(members)
    order: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        for group in sorter.get_ready():
            heappush(ready, group)
        order.append(heappop(ready))
        sorter.done(order[-1])
    return order


def leaving(group_of: Mapping[Node, int]) -> dict[int, list[Node]]:
    """Return the results of each group that nodes of other groups use, leaves left aside."""
    found: dict[int, dict[Node, None]] = {}
    for node, group in group_of.items():
        for x in node.parents:
            if isinstance(x, Node) and group_of[x] != group and not x.is_leaf:
                found.setdefault(group_of[x], {})[x] = None
    return {group: list(nodes) for group, nodes in found.items()}


def common_name(nodes: list[Node]) -> str:
    """Return what the names of nodes have in common before their index: `W` of `W[0]`, `W[1]`."""
    stems = {printable(node.name or "").split("[")[0] for node in nodes}
    return stems.pop() if len(stems) == 1 else ""


def unit(path: str) -> str:
    """Return the last part of a scope: what a module is called in the one around it."""
    return printable(path.split("/")[-1])


def edge(node: Node, i: int) -> dict[str, Any]:
    """Return the numbers of the edge from operand `i` of a node: those of an `Arrow`."""
    x = node.parents[i]
    assert node.primitive is not None
    if not (x.is_leaf or x.parents):  # nothing is sent to a random source
        return {}
    try:
        if node.primitive.scalar is not None:
            numbers = {"local": pulled(node, i, np.ones_like(node.primal))}
        else:
            numbers = {"shapes": f"{np.shape(x.primal)} → {np.shape(node.primal)}"}
        if node.grad is not None:
            sent = unbroadcast(pulled(node, i, node.grad), x, record=False)
            numbers |= {"contribution": sent, "upstream": node.grad}
    except DerivativeError:  # the operation has none
        return {}
    return numbers


def pulled(node: Node, i: int, z_bar: Any) -> Any:
    """Return what the local derivative with respect to operand `i` makes of a cotangent."""
    assert node.primitive is not None
    z, operands = read(node, record=False)
    with np.errstate(all="ignore"):  # a singular point is shown as what it is, inf or nan
        return node.primitive.pullback(i, z_bar, z, operands, node.params or {})


def numbers_of(nodes: list[Node]) -> tuple[str, str | None, float]:
    """Return value, adjoint and strength of the box of some nodes."""
    grads = [node.grad for node in nodes if node.grad is not None]
    if len(nodes) == 1:
        value = with_shape(nodes[0].primal)
    else:
        value = short(joined(node.primal for node in nodes)) if nodes else ""
    return value, short(joined(grads)) if grads else None, strength(joined(grads))


def joined(numbers: Iterable[Any]) -> Any:
    """Return several numbers or arrays as one vector; one alone as it is."""
    numbers = list(numbers)
    return numbers[0] if len(numbers) == 1 else np.concatenate([[], *map(np.ravel, numbers)])


def strength(adjoints: Any) -> float:
    """Return the root mean square of adjoints with the sign of their sum, 0 without any."""
    largest = float(np.max(np.abs(adjoints), initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        with np.errstate(invalid="ignore"):  # inf - inf
            return float(np.sum(adjoints)) if largest else 0.0
    shares = np.divide(adjoints, largest, dtype=float)  # whose squares cannot overflow
    size = largest * float(np.sqrt(np.mean(np.square(shares))))
    return -size if np.sum(shares) < 0.0 else size


def short(x: Any) -> str:
    """Return a number with four digits, or the range of an array."""
    if np.size(x) == 0:
        return "empty"
    low, high = np.min(x) + 0.0, np.max(x) + 0.0  # + 0.0 turns -0 into 0
    if np.size(x) == 1:
        return f"{low:.4g}"
    return f"all {low:.3g}" if low == high else f"{low:.3g} … {high:.3g}"


def factor(written: str) -> str:
    """Return a number or name, in brackets where it would be misread in a product or sum."""
    return f"({written})" if " " in written or written.startswith("-") else written


def with_shape(x: Any) -> str:
    """Return a number in short, or the shape and the range of an array."""
    x = primal(x)
    return f"{np.shape(x)} {short(x)}" if np.ndim(x) else short(x)
