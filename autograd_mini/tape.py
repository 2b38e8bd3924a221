"""The tape: its entries (`Node`) and the list of those that lead to an output (`Tape`).

A node points at its operands, never at its results, so there are no reference cycles: reference
counts alone free a graph. Operands are always older than results, so sorting by the index that a
node gets when it is made is a topological order, and nothing here needs recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from autograd_mini.primitive import Primitive

_SHOWN_ROWS = 60  # a longer tape prints its head and its tail


class Node:
    """One entry of a tape: the result of a primitive, or a leaf. `Value` and `Tensor` are Nodes.

    Attributes:
        data: the primal, a float in a `Value` and an array in a `Tensor`.
        grad: the adjoint that the last sweep left here (leaves accumulate); None before any.
        primitive: the operation that made this node; None in a leaf.
        parents: the operands in order, nodes and constants; empty in a leaf.
        params: the keyword settings of the operation (axis, shape ...); None where it has none.
        index: grows with every node made; operands have smaller ones than results.
        name: what the user calls it, or None.
    """

    __slots__ = ("__weakref__", "data", "grad", "index", "name", "params", "parents", "primitive")

    data: Any
    grad: Any
    index: int
    name: str | None
    params: Mapping[str, Any] | None
    parents: tuple[Any, ...]
    primitive: Primitive | None

    rank: ClassVar[int] = 0
    """1 in a `Value`, 2 in a `Tensor`."""

    # `==` compares data, as in NumPy and PyTorch; sets and dictionaries go by identity.
    __hash__ = object.__hash__

    @staticmethod
    def compute(primitive: Primitive, data: list[Any], params: Mapping[str, Any] | None) -> Any:
        """Run the primitive's forward function for this kind of node on plain data."""
        raise NotImplementedError

    @property
    def is_leaf(self) -> bool:
        """True where no primitive made this node: an input, a parameter, a detached copy."""
        return self.primitive is None

    def tape(self) -> Tape:
        """Return the Wengert list of the nodes that lead to this one, this one last."""
        return Tape(self)


next_index = count().__next__


def linearise(outputs: Iterable[Node]) -> list[Node]:
    """Return every node that leads to `outputs`, and those, each once and operands first."""
    seen = set(outputs)
    waiting = list(seen)
    while waiting:
        for x in waiting.pop().parents:
            if isinstance(x, Node) and x not in seen:
                seen.add(x)
                waiting.append(x)
    return sorted(seen, key=attrgetter("index"))


def primal(x: Any) -> Any:
    """Return the data of a node, and a constant as it is."""
    return x.data if isinstance(x, Node) else x


def contains_node(x: Any) -> bool:
    """Return whether a node lies in a list, or in a list within it."""
    return isinstance(x, Node) or (isinstance(x, list | tuple) and any(map(contains_node, x)))


def is_object_array(x: Any) -> bool:
    """Return whether `x` is an array of objects: of `Value`s, in this library."""
    return isinstance(x, np.ndarray) and x.dtype.char == "O"


class Tape:
    """The Wengert list that ends in `outputs`: their nodes in topological order.

    It is a sequence of nodes. `print(tape)` shows it as a table; in it, and in every picture and
    text made from it, a node without a name is called by its position, `%0`, `%1` ...
    """

    def __init__(self, *outputs: Node) -> None:
        self.outputs = outputs
        self.nodes = linearise(outputs)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, position: int) -> Node:
        return self.nodes[position]

    @property
    def leaves(self) -> list[Node]:
        """The nodes that no primitive made, in order."""
        return [node for node in self.nodes if node.is_leaf]

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} nodes, {len(self.leaves)} of them leaves>"

    def __str__(self) -> str:
        shown = range(len(self))
        head = tail = _SHOWN_ROWS // 2
        hidden = len(self) - head - tail
        rows: list[tuple[str, ...]] = [
            ("index", "name", "operation", "operands", "value", "adjoint")
        ]
        positions = {node: position for position, node in enumerate(self.nodes)}
        for position in shown if hidden <= 0 else (*shown[:head], *shown[-tail:]):
            rows.append(self._row(position, positions))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        if hidden > 0:
            lines.insert(2 + head, f"... {hidden:,} nodes not shown ...")
        return "\n".join(lines)

    def _row(self, position: int, positions: dict[Node, int]) -> tuple[str, ...]:
        node = self.nodes[position]
        operands = [
            x.name or f"%{positions[x]}" if isinstance(x, Node) else summary(x)
            for x in node.parents
        ]
        operands += [f"{name}={summary(value)}" for name, value in (node.params or {}).items()]
        return (
            f"%{position}",
            node.name or "",
            "leaf" if node.primitive is None else node.primitive.name,
            ", ".join(operands),
            summary(node.data),
            "not computed" if node.grad is None else summary(node.grad),
        )


def summary(data: Any) -> str:
    """Return a short text for one operand, value or setting: a number, or shape and range."""
    if isinstance(data, float | np.floating):
        return f"{data:.6g}"
    if not isinstance(data, np.ndarray):
        text = repr(data)
        return text if len(text) <= 40 else f"{text[:37]}..."
    if data.size == 1:
        return f"{data.dtype}{list(data.shape)} {data.item():.6g}"
    if data.size == 0 or data.dtype.kind not in "fiub":
        return f"{data.dtype}{list(data.shape)}"
    return f"{data.dtype}{list(data.shape)} in [{data.min():.4g}, {data.max():.4g}]"
