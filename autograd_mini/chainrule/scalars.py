"""The chain rule between `Value`s: each path a product of partials, their sum the total."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd_mini.chainrule.explanation import Explanation, Line, distinct, equation, quantity
from autograd_mini.chainrule.formula import Formula, fill, number, product
from autograd_mini.chainrule.paths import Graph, Path, contribution, count, is_unit, largest
from autograd_mini.chainrule.writer import Writer, quoted
from autograd_mini.tape import Node

_ENDS = 4  # as many factors of a long path are written from each of its ends
_WIDTH = 88  # a path that fits on one row of that many characters is written on one


def explain_scalars(
    graph: Graph, output: Node, wrt: Node, total: float, writer: Writer, max_paths: int
) -> Explanation:
    """Return the explanation of `total`, the derivative of `output` by `wrt`, along a graph."""
    n = count(graph, output, wrt)
    chains = [Chain(path, writer) for path in largest(graph, output, wrt, max_paths)]
    kept = {node for chain in chains for node in chain.nodes}
    writer.keep(kept)
    derivative = writer.ratio(r"\partial" if n == 1 else "d", output, wrt)

    rules: dict[str, Line] = {}
    lines = [chain.line(derivative if n == 1 else None, rules) for chain in chains]
    terms = [chain.amount for chain in chains]
    rest = remainder(total, terms)
    others = n - len(chains)
    if others:
        name = quoted(f"{quantity(others)} other path{'s' * (others > 1)}")
        lines.append(equation(name, number(rest), contribution=rest))
    elif abs(rest) > 4.0 * math.ulp(max(map(abs, terms))):
        lines.append(equation(quoted("rounding"), number(rest), contribution=rest))
    head = foot = None
    if n > 1:
        many = f" is the sum over {quantity(n)} paths, the largest first:"
        head = Line(derivative.text + many, rf"&{derivative.latex}\text{{{many}}}")
        foot = equation(derivative, number(total), contribution=total)
    definitions = writer.definitions(kept, but=wrt)
    return Explanation((*definitions, *rules.values()), head, tuple(lines), foot, total, n)


class Factor(NamedTuple):
    """The derivative of one named node by another, along one path.

    Attributes:
        top: the node differentiated.
        bottom: the node it is differentiated by.
        edges: the part of the path between the two; all but one of them have partials ±1.
    """

    top: Node
    bottom: Node
    edges: Path


class Chain:
    """One path, as a product of factors.

    Of a long path the factors at its two ends are written, and the others multiplied together.
    """

    def __init__(self, path: Path, writer: Writer) -> None:
        factors = factors_of(path, writer)
        short = len(factors) <= 2 * _ENDS + 1
        self.start = factors if short else factors[:_ENDS]
        self.hidden = [] if short else factors[_ENDS:-_ENDS]
        self.end = [] if short else factors[-_ENDS:]
        self.amount = contribution(path)
        self.writer = writer

    @property
    def nodes(self) -> list[Node]:
        """The nodes that the factors written are derivatives of and by."""
        return [node for f in (*self.start, *self.end) for node in (f.bottom, f.top)]

    def line(self, derivative: Formula | None, rules: dict[str, Line]) -> Line:
        """Return the line of the path: its factors as derivatives, as formulas and as numbers.

        Args:
            derivative: the left-hand side; None for one path among several, which shows its nodes.
            rules: receives the definition of what a formula calls by a name of its own: σ'(z).
        """
        if not self.start:  # the node itself
            return equation(derivative or quoted("the node itself"), number(1.0), contribution=1.0)
        ratios = self.written(lambda f: self.writer.ratio(r"\partial", f.top, f.bottom))
        sides = [
            self.written(lambda f: formula_of(f, self.writer, rules)),
            self.written(lambda f: number(contribution(f.edges)), self.hidden),
            number(self.amount),
        ]
        if any(edge.i is None for factor in self.start for edge in factor.edges):
            del sides[0]  # whole modules have no formula
        if derivative is not None:
            if ratios.text == derivative.text:
                return equation(derivative, *sides, contribution=self.amount)
            return equation(derivative, ratios, *sides, inline=False, contribution=self.amount)
        label = self.label()
        rows = distinct([ratios, *sides])
        length = sum(len(row.text) + 3 for row in rows)
        joint = " = " if length <= _WIDTH else "\n    = "
        return Line(
            f"{label.text}:\n    {joint.join(row.text for row in rows)}",
            f"&{label.latex}: \\\\\n&\\quad {' = '.join(row.latex for row in rows)}",
            self.amount,
        )

    def label(self) -> Formula:
        """Return the nodes along the path, with arrows between them."""
        stops = [self.writer.symbol(self.start[0].bottom)]
        stops += [self.writer.symbol(f.top) for f in self.start]
        if self.hidden:
            stops.append(DOTS)
        stops += [self.writer.symbol(f.top) for f in self.end]
        return Formula(
            r" \to ".join(stop.latex for stop in stops), " → ".join(stop.text for stop in stops)
        )

    def written(
        self, write: Callable[[Factor], Formula], multiplied: Sequence[Factor] = ()
    ) -> Formula:
        """Return the product with each factor written in one way, the hidden ones as dots."""
        middle = [DOTS] if self.hidden else []
        if multiplied:
            amount = number(contribution(edge for factor in multiplied for edge in factor.edges))
            many = f"{len(multiplied):,} factors: "
            middle = [Formula(rf"[\text{{{many}}}{amount.latex}]", f"[{many}{amount.text}]")]
        return product([*map(write, self.start), *middle, *map(write, self.end)])


DOTS = Formula(r"\cdots", "⋯")


def factors_of(path: Path, writer: Writer) -> list[Factor]:
    """Return a path as factors, those of ±1 merged with a neighbour as a textbook does.

    A step of a sum, a difference or a sign has the partial 1 or -1. It takes no factor of its own:
    the unnamed node before it is passed over, or else the unnamed node behind it. So w → w·x → z
    has the one factor ∂z/∂w = x, and a → a − y → (a − y)² the one factor 2(a − y).
    """
    if not path:
        return []
    passed: set[int] = set()  # positions along the path; edge j leads from node j to node j + 1
    for j, edge in enumerate(path):
        if is_unit(edge.result, edge.i):
            for k, node in ((j, edge.operand), (j + 1, edge.result)):
                if 0 < k < len(path) and k not in passed and writer.is_plain(node):
                    passed.add(k)
                    break
    ends = [j for j in range(1, len(path) + 1) if j not in passed]
    starts = [0, *ends[:-1]]
    return [
        Factor(path[j - 1].result, path[i].operand, path[i:j])
        for i, j in zip(starts, ends, strict=True)
    ]


def formula_of(factor: Factor, writer: Writer, rules: dict[str, Line]) -> Formula:
    """Return the formula of a factor: that of its one partial other than ±1, with its sign."""
    sign = 1.0
    formula: Formula | None = None
    for edge in factor.edges:
        if edge.i is None:
            continue
        if formula is None and not is_unit(edge.result, edge.i):
            formula, rule = writer.partial(edge.result, edge.i)
            if rule is not None:
                rules[formula.text] = equation(formula, rule)
        else:
            sign *= edge.partial
    if formula is None:
        return number(sign)
    return formula if sign == 1.0 else fill("-{x}", x=formula)


def remainder(total: float, terms: Sequence[float]) -> float:
    """Return what is left of the total, rounded once; by plain arithmetic where it is infinite."""
    try:
        return math.fsum([total, *(-term for term in terms)])
    except (OverflowError, ValueError):
        return total - sum(terms)
