"""The chain rule between `Tensor`s: the steps of the reverse sweep in matrix form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini.chainrule.explanation import Explanation, Line, equation
from autograd_mini.chainrule.formula import ATOM, Formula, fill, number, product, wrapped
from autograd_mini.chainrule.paths import Edge, Graph, constant_partial, count, is_unit
from autograd_mini.chainrule.writer import Writer, quoted
from autograd_mini.naming import number_latex, number_text
from autograd_mini.primitive import Elementwise
from autograd_mini.sweep import read
from autograd_mini.tape import Node

_STEPS = 12  # as many steps of a long sweep are shown from each of its ends
_ELEMENTS = 16  # a gradient of more elements is shown by its norm and range


def explain_tensors(
    graph: Graph, output: Node, wrt: Node, cotangents: Mapping[Node, Any], writer: Writer
) -> Explanation:
    """Return the explanation of the derivative of `output` by `wrt`, along a graph.

    Args:
        graph: the nodes to show, with the edges between them.
        output: the scalar at the end.
        wrt: the node to differentiate by.
        cotangents: of every node of the graph, from the sweep.
        writer: writes the formulas.
    """
    cotangents = {node: np.asarray(z_bar) for node, z_bar in cotangents.items()}  # also of Values
    sweep = Sweep(graph, output, cotangents, writer)
    steps = [node for node in reversed(graph) if node not in sweep.passed]
    hidden = steps[_STEPS:-_STEPS]
    groups = (steps[:_STEPS], steps[-_STEPS:]) if hidden else (steps, [])
    writer.keep(steps)
    lines = [[sweep.line(node) for node in group] for group in groups]
    if hidden:
        text = f"{len(hidden):,} steps not shown"
        lines[0].append(Line(f"… {text} …", rf"&\text{{… {text} …}}"))
    rules = list(sweep.rules.values())
    definitions = writer.definitions((*groups[0], *groups[1]), but=wrt, shape=True)
    differential, ratio = writer.differential(wrt), writer.ratio(r"\partial", output, wrt)
    head = Line(
        f"{differential.text} stands for {ratio.text}, and so on; below each array its shape:",
        rf"&{differential.latex}\text{{ stands for }}{ratio.latex}"
        r"\text{, and so on; below each array its shape:}",
    )
    total = cotangents[wrt]
    foot = equation(differential, array_formula(total), contribution=total)
    return Explanation(
        (*definitions, *writer.constant_lines(), *rules),
        head,
        (*lines[0], *lines[1]),
        foot if total.size != 1 else None,
        total,
        count(graph, output, wrt),
    )


class Sweep:
    """The reverse sweep over a graph, written down.

    A node that leads on by a sum or difference alone, unnamed and used once, is passed over: for
    C = Σ(a − y)² there is a line for da and none for d(a − y).
    """

    def __init__(
        self, graph: Graph, output: Node, cotangents: Mapping[Node, Any], writer: Writer
    ) -> None:
        self.output = output
        self.cotangents = cotangents
        self.writer = writer
        self.rules: dict[str, Line] = {}
        self.uses: dict[Node, list[Edge]] = {node: [] for node in graph}
        for edges in graph.values():
            for edge in edges:
                self.uses[edge.operand].append(edge)
        self.passed = {
            node
            for node, edges in graph.items()
            if len(edges) == len(self.uses[node]) == 1
            and writer.is_plain(node)
            and is_unit(node, edges[0].i)
            and np.shape(edges[0].operand.primal) == np.shape(node.primal)
        }

    def line(self, x: Node) -> Line:
        """Return the step of the sweep that gives the cotangent of a node."""
        dx, x_bar = self.writer.differential(x), self.cotangents[x]
        if x is self.output:
            return equation(dx, number(1.0), contribution=x_bar)
        terms = [self.term(edge) for edge in self.uses[x]]
        written = terms[0]
        for further in terms[1:]:
            written = fill("{x}+{y}", x=written, y=further)
        if x_bar.size == 1:
            amount = number(float(x_bar.item()))
            return equation(dx.above(x_bar.shape), written, amount, contribution=x_bar)
        norm = number(float(np.linalg.norm(x_bar)))
        note = Formula(rf"\Vert {dx.latex} \Vert = {norm.latex}", f"‖{dx.text}‖ = {norm.text}")
        return equation(dx.above(x_bar.shape), written, note=note, contribution=x_bar)

    def term(self, edge: Edge) -> Formula:
        """Return what one use of a node adds to its cotangent, as a formula."""
        sign = 1.0
        while edge.result in self.passed:
            sign *= edge.partial
            edge = self.uses[edge.result][0]
        term = self.product(edge) if edge.i is None else self.pullback(edge, edge.i)
        return term if sign == 1.0 else fill("-{x}", x=term)

    def product(self, edge: Edge) -> Formula:
        """Return the cotangent of a result times a derivative that has no formula."""
        dz = self.writer.differential(edge.result).above(np.shape(edge.result.primal))
        return fill(
            r"{x.T}\,{dz}", x=self.writer.ratio(r"\partial", edge.result, edge.operand), dz=dz
        )

    def pullback(self, edge: Edge, i: int) -> Formula:
        """Return the VJP by operand `i`, with the sum over what broadcasting repeated."""
        z = edge.result
        assert z.primitive is not None
        if not z.primitive.latex and constant_partial(z, i) is None:
            return self.product(edge)
        z_bar = self.cotangents[z]
        data, operands = read(z, record=False)
        params = z.params or {}
        dz = self.writer.differential(z).above(z_bar.shape)
        if isinstance(z.primitive, Elementwise):
            shape = np.shape(z.primitive.pullback(i, 1.0, data, operands, params))
            partial, rule = self.writer.partial(z, i)
            if rule is not None:
                self.rules[partial.text] = equation(partial, rule)
            written = scaled(dz, partial, shape)
        else:
            written = self.writer.vjp(z, i, dz)
        pulled = z.primitive.pullback(i, z_bar, data, operands, params)
        repeated = np.shape(pulled) != np.shape(edge.operand.primal)
        return fill(r"\sum {x}", x=wrapped(written, ATOM)) if repeated else written


def scaled(dz: Formula, partial: Formula, shape: tuple[int, ...]) -> Formula:
    """Return a cotangent times the partial of an elementwise operation."""
    if partial.value == 1.0:
        return dz
    if partial.value == -1.0:
        return fill("-{x}", x=dz)
    return product([dz, partial.above(shape)], r"\odot" if dz.shape and shape else r"\cdot")


def array_formula(a: Any) -> Formula:
    """Return an array as a formula: its elements where they are few, or else norm and range."""
    if a.size == 1:
        return number(float(a.item()))
    if a.size <= _ELEMENTS and a.ndim <= 2:
        rows = [r" & ".join(number_latex(x) for x in row) for row in np.atleast_2d(a)]
        text = np.array2string(a, precision=6, separator=", ")
        elements = r" \\ ".join(rows)
        latex = rf"\begin{{bmatrix}}{elements}\end{{bmatrix}}"
        return Formula(latex, text.replace("-", "−"))
    if not a.size:
        return quoted(f"an array of shape {a.shape}, without elements")
    low, high, norm = a.min(), a.max(), float(np.linalg.norm(a))
    return Formula(
        rf"\text{{an array of shape }}{a.shape}\text{{ and norm }}{number_latex(norm)}"
        rf"\text{{, from }}{number_latex(low)}\text{{ to }}{number_latex(high)}",
        f"an array of shape {a.shape} and norm {number_text(norm)}, "
        f"from {number_text(low)} to {number_text(high)}",
    )
