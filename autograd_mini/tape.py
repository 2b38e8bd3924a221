"""The tape: its entries (`Node`) and the list of those that lead to an output (`Tape`).

A node points at its operands, never at its results, so there are no reference cycles: reference
counts alone free a graph. Operands are always older than results, so sorting by the index that a
node gets when it is made is a topological order, and nothing here needs recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from autograd_mini.errors import InPlaceError
from autograd_mini.text import summary, table
from autograd_mini.tracer import TRACER, told

if TYPE_CHECKING:
    from autograd_mini.changes import Watch
    from autograd_mini.primitive import Primitive

_SHOWN_ROWS = 60  # a longer tape prints its head and its tail


class Operand(Enum):
    """What stands in a node in place of an operand: there is none, or a tuple holds them all."""

    NONE = "none"
    MORE = "more"


NONE, MORE = Operand.NONE, Operand.MORE


class Node:
    """One entry of a tape: the result of a primitive, or a leaf. `Value` and `Tensor` are Nodes.

    Attributes:
        primal: what was computed forward, a float in a `Value` and an array in a `Tensor`. This is
            for the engine; users read and replace it as `data`, so that changes are noticed.
        changed: when the primal was last changed, on the same clock as `index`; 0 for never.
        grad: the adjoint that the last sweep left here (leaves accumulate); None before any.
        primitive: the operation that made this node; None in a leaf.
        params: the keyword settings of the operation (axis, shape ...); None where it has none.
        index: grows with every node made; operands have smaller ones than results.
        scope: the module or function that computed it, `MLP/layers.0`; "" outside of any.
        name: what the user calls it, or None.
    """

    __slots__ = (
        "__weakref__",
        "changed",
        "grad",
        "index",
        "name",
        "operand0",
        "operand1",
        "params",
        "primal",
        "primitive",
        "scope",
    )

    primal: Any
    changed: int | Watch
    grad: Any
    index: int
    name: str | None
    operand0: Any
    operand1: Any
    params: Mapping[str, Any] | None
    primitive: Primitive | None
    scope: str

    rank: ClassVar[int] = 0
    """1 in a `Value`, 2 in a `Tensor`."""

    # `==` compares data, as in NumPy and PyTorch; sets and dictionaries go by identity.
    __hash__ = object.__hash__

    @staticmethod
    def compute(primitive: Primitive, data: list[Any], params: Mapping[str, Any] | None) -> Any:
        """Run the primitive's forward function for this kind of node on plain data."""
        raise NotImplementedError

    # Two operands lie in the node itself; a tuple for them would be one more object for each node,
    # a quarter of its memory and half of what the garbage collector has to walk.

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands in order, nodes and constants; empty in a leaf."""
        if self.operand1 is MORE:
            return self.operand0
        if self.operand1 is not NONE:
            return self.operand0, self.operand1
        return () if self.operand0 is NONE else (self.operand0,)

    @parents.setter
    def parents(self, operands: tuple[Any, ...]) -> None:
        if len(operands) == 2:
            self.operand0, self.operand1 = operands
        elif len(operands) > 2:
            self.operand0, self.operand1 = operands, MORE
        else:
            self.operand0 = operands[0] if operands else NONE
            self.operand1 = NONE

    @property
    def data(self) -> Any:
        """The primal: a float in a `Value`, an array in a `Tensor`.

        A leaf can be given other data between sweeps (`p.data -= 0.1 * p.grad`). A sweep of a graph
        that was computed from the old ones raises `MutationError`.
        """
        told(self)
        return self.primal

    @data.setter
    def data(self, data: Any) -> None:
        if self.primitive is not None:
            raise InPlaceError(
                f"{called(self)} cannot be given other data; change what it was computed from, or "
                "a copy without history: .detach()"
            )
        check_not_traced("x.data = ...", "return the new number")
        self.primal = self.checked(data)
        self.changed = next_index()

    @classmethod
    def of_value(cls, x: Any, dtype: Any) -> Any:
        """Return a node of this kind with the number of a `Value`, recorded."""
        raise NotImplementedError

    def checked(self, data: Any) -> Any:
        """Return data as this kind of node holds them, or raise `DataError`."""
        raise NotImplementedError

    @property
    def is_leaf(self) -> bool:
        """True where no primitive made this node: an input, a parameter, a detached copy."""
        return self.primitive is None

    def detach(self) -> Self:
        """Return a leaf with the same data, through which no gradient flows."""
        tracer = TRACER.get()
        if tracer is not None:  # at a replay it has other data
            return tracer.unlinked(self)
        return type(self)(self.primal)  # type: ignore[call-arg]  # both kinds take data alone

    def tape(self) -> Tape:
        """Return the Wengert list of the nodes that lead to this one, this one last."""
        return Tape(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the graph that leads here in a notebook; a leaf is its text."""
        shown = {} if self.is_leaf else self.tape()._repr_mimebundle_()
        return shown | {"text/plain": repr(self)}


next_index = count(1).__next__


def called(node: Node) -> str:
    """Return what a message calls a node: its name, what made it and where."""
    made = "a leaf" if node.primitive is None else f"the result of {node.primitive.name}"
    name = f"{type(node).__name__} {node.name!r}, " if node.name else ""
    where = f" in {node.scope}" if node.scope else ""
    place = f", made at {place_of(node)}" if place_of(node) else ""
    return f"{name}{made}{where} (tape index {node.index}{place})"


def place_of(node: Node) -> Any:
    """Return the line of code that made a node; None unless `detect_anomaly()` was on."""
    return getattr(node.scope, "place", None)


def check_not_traced(what: str, remedy: str) -> None:
    """Raise `InPlaceError` where a function is traced: its replays would change nothing."""
    if TRACER.get() is not None:
        raise InPlaceError(
            f"{what} inside of a compiled function would change a node when it is traced, and not "
            f"when it is replayed; {remedy}"
        )


def linearise(outputs: Iterable[Node], since: int = 0) -> list[Node]:
    """Return every node that leads to `outputs`, and those, each once and operands first.

    Nodes with an index below `since`, and what is behind them, are left out.
    """
    seen = set(outputs)
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        operands = node.operand0 if node.operand1 is MORE else (node.operand0, node.operand1)
        for x in operands:
            if isinstance(x, Node) and x not in seen and x.index >= since:
                seen.add(x)
                waiting.append(x)
    return sorted(seen, key=attrgetter("index"))


def between(inputs: Iterable[Node], outputs: Iterable[Node]) -> dict[Node, None]:
    """Return the nodes on the ways from `inputs` to `outputs`, those included, in order."""
    path = dict.fromkeys(inputs)
    given = set(path)
    for node in linearise(outputs, since=min(x.index for x in given)):
        if node not in given:
            for x in node.operand0 if node.operand1 is MORE else (node.operand0, node.operand1):
                if isinstance(x, Node) and x in path:
                    path[node] = None
                    break
    return path


def primal(x: Any) -> Any:
    """Return the data of a node, and a constant as it is."""
    return x.primal if isinstance(x, Node) else x


def contains_node(x: Any, rank: int = 1) -> bool:
    """Return whether a node, of that rank or above, lies in a list, or in a list within it."""
    if isinstance(x, list | tuple):
        return any(contains_node(part, rank) for part in x)
    return isinstance(x, Node) and x.rank >= rank


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

    def __reduce__(self) -> tuple[type[Tape], tuple[Node, ...]]:
        return Tape, self.outputs

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, position: int) -> Node:
        return self.nodes[position]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the graph in a notebook."""
        from autograd_mini.render import draw  # a floor above, and only needed to be looked at

        return draw(self)._repr_mimebundle_() | {"text/plain": str(self)}

    @property
    def leaves(self) -> list[Node]:
        """The nodes that no primitive made, in order."""
        return [node for node in self.nodes if node.is_leaf]

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} nodes, {len(self.leaves)} of them leaves>"

    def __str__(self) -> str:
        hidden = range(_SHOWN_ROWS // 2, len(self) - _SHOWN_ROWS // 2)
        positions = {node: position for position, node in enumerate(self.nodes)}
        rows = [self._row(i, positions) for i in range(len(self)) if i not in hidden]
        lines = table(("index", "name", "operation", "operands", "value", "adjoint"), rows)
        if not hidden:
            return lines
        head, tail = lines.split("\n")[: 2 + hidden.start], lines.split("\n")[2 + hidden.start :]
        return "\n".join([*head, f"... {len(hidden):,} nodes not shown ...", *tail])

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
            summary(node.primal),
            "not computed" if node.grad is None else summary(node.grad),
        )
