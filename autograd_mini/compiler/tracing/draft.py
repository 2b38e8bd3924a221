"""Drafts: a tape written down as the columns of a program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_mini.compiler.machine import CODES, CONSTANT, DETACHED, INPUT
from autograd_mini.compiler.program import Constant, Input
from autograd_mini.tape import MORE, Node


class Draft:
    """The columns of a program, as they are written from a tape.

    Args:
        captured: gets the nodes that are not on the tape, in order.
    """

    def __init__(self, captured: list[Node]) -> None:
        self.codes: list[int] = []
        self.counts: list[int] = []
        self.operands: list[int] = []
        self.details: dict[int, Any] = {}
        self._captured = captured
        self._positions: dict[int, int] = {}  # by the index of a node
        self._constants: dict[Any, int] = {}

    def input(self, node: Node, name: str, lane: bool = False) -> int:
        """Write an input, which a node stands for; return its position."""
        self._positions[node.index] = k = self._leaf(INPUT, Input(name, lane))
        return k

    def position(self, x: Any) -> int:
        """Return the position of a node or of a constant, which is written if it is not there."""
        if isinstance(x, Node):
            if x.index not in self._positions:
                self._captured.append(x)
                return self.input(x, x.name or f"captured {len(self._captured) - 1}")
            return self._positions[x.index]
        key: Any = id(x) if isinstance(x, np.ndarray) else x
        if key.__class__ is not float or not key:  # 0 is like -0 to Python, and 1 like 1.0
            key = key.__class__, repr(key)
        if key not in self._constants:
            self._constants[key] = self._leaf(CONSTANT, Constant(x))
        return self._constants[key]

    def write(self, nodes: Iterable[Node]) -> None:
        """Write the instructions that made nodes, operands first."""
        positions, position = self._positions, self.position
        codes, counts, operands = self.codes, self.counts, self.operands
        for node in nodes:
            primitive: Any = node.primitive
            index, parents = node.index, node.parents
            if index in positions:  # drawn
                continue
            if primitive is None:
                positions[index] = position(node.primal)
                continue
            if primitive is DETACHED:
                positions[index] = position(node.params["of"])  # type: ignore[index]  # see unlinked()
                continue
            for x in parents:
                if isinstance(x, Node):
                    place = positions.get(x.index)
                    operands.append(position(x) if place is None else place)
                else:
                    operands.append(position(float(x) if node.rank == 1 else x))
            positions[index] = k = len(codes)
            codes.append(CODES[primitive])
            counts.append(len(parents))
            if node.params is not None:
                self.details[k] = node.params

    def _leaf(self, code: int, entry: Input | Constant) -> int:
        self.details[len(self.codes)] = entry
        self.codes.append(code)
        self.counts.append(0)
        return len(self.codes) - 1


def made_since(start: int, outputs: Sequence[Node]) -> list[Node]:
    """Return every node that leads to `outputs`, operands first, down to an index.

    The indices of a trace follow each other closely, so that its nodes can be looked for one after
    the other from the last on.
    """
    end = max((node.index + 1 for node in outputs), default=start)
    found: list[Node | None] = [None] * (end - start)
    for node in outputs:
        found[node.index - start] = node
    for i in range(len(found) - 1, -1, -1):
        if (z := found[i]) is not None:
            for x in z.operand0 if z.operand1 is MORE else (z.operand0, z.operand1):
                if isinstance(x, Node) and x.index >= start:
                    found[x.index - start] = x
    return [node for node in found if node is not None]
