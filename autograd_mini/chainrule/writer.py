"""The formulas of nodes and of their local derivatives, from the table of primitives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import count
from operator import attrgetter
from typing import Any

import numpy as np

from autograd_mini.chainrule.explanation import Line, equation
from autograd_mini.chainrule.formula import PRODUCT, Formula, fill, is_word, number, plain, symbol
from autograd_mini.chainrule.paths import constant_partial, module_of
from autograd_mini.naming import latex_name, latex_word, names, printable, subscript
from autograd_mini.primitive import Elementwise
from autograd_mini.tape import Node, Tape, primal

_DEFINITIONS = 24  # as many names are defined, half of them if they are only mentioned
_LONGEST = 6  # as many symbols may the formula of an unnamed node have that is written out


class Writer:
    """Writes nodes as formulas; one to an explanation, so that all its formulas fit together.

    An unnamed node that is nothing special (a `v`) is written out where its formula is short:
    `2(a − y)`, and not `2v`. Named nodes, pre-activations, activations and the nodes that an
    explanation keeps are written by name.
    """

    def __init__(self, tape: Tape, depth: int | None = None) -> None:
        self.tape = tape
        self.depth = depth
        self.names = names(tape)
        self.kept: set[Node] = set()
        self.mentioned: set[Node] = set()  # the plain nodes that formulas call by name
        self.arrays = constant_arrays(tape)
        self.arrays_written: set[int] = set()

    def keep(self, nodes: Iterable[Node]) -> None:
        """Write these nodes by name, and not what they were computed from."""
        self.kept = set(nodes)
        lengths: dict[Node, int] = {}
        for node in self.tape:
            if not self.by_name(node):
                lengths[node] = sum(
                    lengths.get(x, 1) if isinstance(x, Node) else 1 for x in node.parents
                )
                if lengths[node] > _LONGEST:
                    self.kept.add(node)
                    del lengths[node]

    def by_name(self, node: Node) -> bool:
        """Return whether a node is written by its name."""
        return not self.is_plain(node) or node in self.kept

    def is_plain(self, node: Node) -> bool:
        """Return whether a node is an intermediate result that nobody needs to call by name."""
        return not node.name and self.names[node].startswith("v")

    def symbol(self, node: Node) -> Formula:
        """Return the name of a node."""
        if self.is_plain(node):
            self.mentioned.add(node)
        return symbol(self.names[node])

    def formula(self, x: Any, *, shapes: bool = False) -> Formula:
        """Return an operand as a formula; with `shapes`, that of an array stands below it."""
        if not isinstance(x, Node):
            written = self.constant(x)
        elif self.by_name(x):
            written = self.symbol(x)
        else:
            written = self.definition(x)
        return written.above(np.shape(primal(x))) if shapes else written

    def constant(self, x: Any) -> Formula:
        """Return a number as it is, and an array by a name: k₁, k₂ ..."""
        if np.size(x) == 1:
            return number(float(np.asarray(x).item()))
        self.arrays_written.add(id(x))
        return symbol(self.constant_names[id(x)])

    @cached_property
    def constant_names(self) -> dict[int, str]:
        """The names of the constant arrays, by identity, in the order of the tape."""
        taken = set(map(latex_name, self.names.values()))
        candidates = (f"k{subscript(i)}" for i in count(1))
        free = (name for name in candidates if latex_name(name) not in taken)
        return dict(zip(self.arrays, free, strict=False))

    def constant_lines(self) -> list[Line]:
        """Return what the names of the constant arrays stand for."""
        return [
            equation(symbol(name), quoted(f"a constant array of shape {self.arrays[key].shape}"))
            for key, name in self.constant_names.items()
            if key in self.arrays_written
        ]

    def definition(self, node: Node) -> Formula:
        """Return what a node was computed from: `σ(z)` for a."""
        assert node.primitive is not None
        if self.depth is not None and node.scope:
            module = printable(module_of(node, self.depth))
            return Formula(rf"{latex_word(module)}(\cdots)", f"{module}(⋯)")
        template = node.primitive.formula
        if template is not None:
            return self.filled(template, node)
        operands = [self.formula(x) for x in node.parents]
        return Formula(
            f"{latex_name(node.primitive.name)}({', '.join(f.latex for f in operands)})",
            f"{node.primitive.name}({', '.join(f.text for f in operands)})",
        )

    def partial(self, node: Node, i: int) -> tuple[Formula, Formula | None]:
        """Return the local derivative by operand `i`, and its definition if it has a name."""
        constant = constant_partial(node, i)
        if constant is not None:
            return number(constant), None
        assert node.primitive is not None
        latex = node.primitive.latex
        if not latex:  # a user's own, whose formula nobody wrote down
            return self.ratio(r"\partial", node, node.parents[i]), None
        template, _, definition = entry(latex, i).partition(" = ")
        written = self.filled(template, node)
        return written, self.filled(definition, node) if definition else None

    def filled(self, template: str, node: Node, **more: Formula) -> Formula:
        """Return a template of the table with the operands and the result of a node put in."""
        operands = {
            letter: self.formula(x, shapes=bool(more))
            for letter, x in zip("xyw", node.parents, strict=False)
        }
        if isinstance(node.primitive, Elementwise) and min(map(np.ndim, map(primal, node.parents))):
            template = template.replace(r"\,", r"\odot ")
        if "{n}" in template:
            operands["n"] = number(float(np.size(primal(node.parents[0])) // np.size(node.primal)))
        if "{z}" in template or "{z.T}" in template:
            operands["z"] = self.formula(node, shapes=bool(more))
        return fill(template, **operands, **more)

    def vjp(self, node: Node, i: int, dz: Formula) -> Formula:
        """Return what the VJP of operand `i` makes of the cotangent `dz`, with shapes."""
        assert node.primitive is not None
        template = entry(node.primitive.latex, i).replace(r"\,", r"\;")  # room for the shapes
        return self.filled(template, node, dz=dz)

    def ratio(self, d: str, top: Node, bottom: Node) -> Formula:
        """Return a derivative, d top / d bottom; `d` is LaTeX."""
        over, under = (self.differential(x, plain(d)).text for x in (top, bottom))
        above, below = (self.symbol(x).latex for x in (top, bottom))
        return Formula(rf"\frac{{{d} {above}}}{{{d} {below}}}", f"{over}/{under}", PRODUCT)

    def differential(self, node: Node, d: str = "d") -> Formula:
        """Return dx for a node x: in a derivative, or alone, where it stands for the cotangent."""
        x = self.symbol(node)
        if d.isalpha() and is_word(x):
            return Formula(f"{d}({x.latex})", f"{d}({x.text})")
        return Formula(f"{d}{x.latex}", f"{d}{x.text}")

    def definitions(self, nodes: Iterable[Node], *, but: Node, shape: bool = False) -> list[Line]:
        """Return the definitions of nodes, and of the unnamed ones that formulas mention.

        Args:
            nodes: what has been written by name.
            but: the one that is taken as given.
            shape: show the shape of an array.
        """
        order = attrgetter("index")
        made = sorted((x for x in set(nodes) if x.parents and x is not but), key=order)
        made = [*made[: _DEFINITIONS - 1], *made[_DEFINITIONS - 1 :][-1:]]  # always the output
        lines = {node: self.defined(node, shape=shape) for node in made}
        while len(lines) < _DEFINITIONS // 2:
            missing = sorted(self.mentioned - lines.keys() - {but}, key=order)
            if not missing:
                break
            lines[missing[-1]] = self.defined(missing[-1], shape=shape)
        return [lines[node] for node in sorted(lines, key=order)]

    def defined(self, node: Node, *, shape: bool = False) -> Line:
        """Return what a node was computed from, and its number or, with `shape`, its shape."""
        name = self.symbol(node)
        if np.size(node.primal) == 1:
            return equation(
                name, self.definition(node), number(float(np.asarray(node.primal).item()))
            )
        text = f"shape {np.shape(node.primal)}"
        note = Formula(rf"\text{{{text}}}", text)
        return equation(name, self.definition(node), note=note)


def constant_arrays(tape: Tape) -> dict[int, Any]:
    """Return the constant operands of more or less than one element, by identity."""
    operands = (x for node in tape if node.rank > 1 for x in node.parents)
    return {id(x): x for x in operands if not isinstance(x, Node) and np.size(x) != 1}


def quoted(text: str) -> Formula:
    """Return words that stand in the place of a formula; no names, which are not escaped here."""
    return Formula(rf"\text{{{text}}}", text)


def entry(latex: Sequence[str], i: int) -> str:
    """Return the table's formula for operand `i`; one formula serves any number of operands."""
    return latex[i] if i < len(latex) else latex[0]
