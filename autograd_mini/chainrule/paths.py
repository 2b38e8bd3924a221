"""Paths from an input to an output: counting them, and finding the largest, without listing all.

A graph has exponentially many paths; each of these functions walks its edges once.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from autograd_mini.primitive import Elementwise
from autograd_mini.sweep import read
from autograd_mini.tape import Node, linearise, primal


class Edge(NamedTuple):
    """A use of an operand: the result depends on it with a local derivative.

    Attributes:
        result: the node computed.
        i: the position of the operand; None where the edge stands for a whole part of the graph.
        operand: the node used.
        partial: the local derivative, a number; NaN where nodes are arrays.
    """

    result: Node
    i: int | None
    operand: Node
    partial: float


Graph = dict[Node, list[Edge]]
"""The nodes between input and output in topological order, each with the edges to its operands."""

Path = list[Edge]
"""Edges in order from the input to the output."""


def between(output: Node, wrt: Node) -> Graph:
    """Return the nodes on the paths from `wrt` to `output`; empty where there is no path."""
    graph: Graph = {}
    for node in linearise([output]):
        if node is wrt:
            graph[node] = []
            continue
        edges = [
            Edge(node, i, x, local_derivative(node, i))
            for i, x in enumerate(node.parents)
            if isinstance(x, Node) and x in graph
        ]
        if edges:
            graph[node] = edges
    return graph if output in graph else {}


def local_derivative(node: Node, i: int) -> float:
    """Return the partial by operand `i`, from the table; NaN where it is an array."""
    constant = constant_partial(node, i)
    if constant is not None:
        return constant
    if node.rank > 1 or node.primitive is None:
        return math.nan
    operands = [primal(x) for x in node.parents]
    try:
        return float(node.primitive.pullback(i, 1.0, node.primal, operands, {}))
    except (ArithmeticError, ValueError):  # Python raises where IEEE has inf or nan
        z, boxed = read(node, record=False)
        return float(node.primitive.pullback(i, np.float64(1.0), z, boxed, {}))


def count(graph: Graph, output: Node, wrt: Node) -> int:
    """Return the number of paths, exactly."""
    ways = {output: 1}
    for node in reversed(graph):
        here = ways.pop(node)  # popped: such numbers can have as many digits as the graph nodes
        if node is wrt:
            return here
        for edge in graph[node]:
            ways[edge.operand] = ways.get(edge.operand, 0) + here
    raise AssertionError("every graph begins with wrt")


def largest(graph: Graph, output: Node, wrt: Node, k: int) -> list[Path]:
    """Return the `k` paths whose products of partials are largest in size, largest first.

    The k largest to a node go on from among the k largest to each of its operands.
    """
    # By node, its best paths as (size, edge, place among the best of the operand).
    best: dict[Node, list[tuple[float, Edge | None, int]]] = {}
    for node, edges in graph.items():
        if node is wrt:
            best[node] = [(1.0, None, 0)]
            continue
        candidates: list[tuple[float, Edge | None, int]] = [
            (size_of(size * edge.partial), edge, place)
            for edge in edges
            for place, (size, _, _) in enumerate(best[edge.operand])
        ]
        candidates.sort(key=itemgetter(0), reverse=True)
        best[node] = candidates[:k]
    return [trace(best, output, place) for place in range(len(best[output]))]


def size_of(product: float) -> float:
    """Return the absolute value; what is not a number counts as largest, so that it is shown."""
    return math.inf if math.isnan(product) else abs(product)


def trace(best: dict[Node, list[tuple[float, Edge | None, int]]], node: Node, place: int) -> Path:
    """Return the path that an entry of `largest` stands for."""
    path: Path = []
    while True:
        _, edge, place = best[node][place]
        if edge is None:
            return path[::-1]
        path.append(edge)
        node = edge.operand


def contribution(path: Iterable[Edge]) -> float:
    """Return the product of the partials along a path, from the output on, as a sweep does."""
    return math.prod(edge.partial for edge in reversed(list(path)))


def contracted(graph: Graph, kept: Collection[Node]) -> Graph:
    """Return the graph of the `kept` nodes alone, input and output among them.

    The partial of an edge is the derivative of its result by its operand along all paths that
    touch no other kept node.
    """
    small: Graph = {}
    for node in graph:
        if node in kept:
            bars = dict.fromkeys([node], 1.0)
            waiting = [(-node.index, node)]
            found: list[Edge] = []
            while waiting:
                _, x = heapq.heappop(waiting)
                if x in kept and x is not node:
                    found.append(Edge(node, None, x, bars[x]))
                    continue
                for edge in graph[x]:
                    if edge.operand not in bars:
                        bars[edge.operand] = 0.0
                        heapq.heappush(waiting, (-edge.operand.index, edge.operand))
                    bars[edge.operand] += bars[x] * edge.partial
            small[node] = found[::-1]
    return small


def constant_partial(node: Node, i: int | None) -> float | None:
    """Return the partial by operand `i` where the table declares it to be a number."""
    if i is None or not isinstance(node.primitive, Elementwise):
        return None
    partial = node.primitive.partials[i]
    return None if callable(partial) else partial


def is_unit(node: Node, i: int | None) -> bool:
    """Return whether the partial by operand `i` is declared to be 1 or -1."""
    return constant_partial(node, i) in (1.0, -1.0)


def outputs_of_modules(graph: Graph, output: Node, depth: int) -> set[Node]:
    """Return the nodes of a graph that leave the module, `depth` levels down, that made them."""
    leaving = {
        edge.operand
        for edges in graph.values()
        for edge in edges
        if module_of(edge.operand, depth) not in ("", module_of(edge.result, depth))
    }
    return leaving | {output}


def module_of(node: Node, depth: int) -> str:
    """Return the module that made a node, `depth` levels down; "" outside of any."""
    return "/".join(node.scope.split("/")[:depth])
