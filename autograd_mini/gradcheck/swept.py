"""What the sweeps say: the gradient, derivatives along directions, and Hessian times vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from autograd_mini.gradcheck.loss import recorded
from autograd_mini.gradcheck.vectors import Vector, by_node, named_entries, nodes_of, split
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.sweep import forward, make_seed, reverse
from autograd_mini.tape import Node


def swept_gradient(loss: Callable[..., Any], params: Any) -> Vector:
    """Return the gradient by a reverse sweep; no `.grad` is touched."""
    nodes = parameter_nodes(params)
    return joined(leaf_cotangents(recorded(loss, params, nodes)), nodes)


def swept_tangents(
    loss: Callable[..., Any], params: Any, vectors: Iterable[Vector]
) -> Iterator[float]:
    """Yield the derivative along each direction by a forward sweep."""
    output = recorded(loss, params, parameter_nodes(params))
    for v in vectors:
        z_dot = forward([output], tangents(params, v))[0]
        yield 0.0 if z_dot is None else float(np.asarray(z_dot).item())


def recorded_gradient(loss: Callable[..., Any], params: Any) -> dict[Node, Any]:
    """Return the cotangent of each leaf as what a recorded reverse sweep made of it, a node."""
    return leaf_cotangents(recorded(loss, params, parameter_nodes(params)), record=True)


def reverse_over_reverse(bars: dict[Node, Any], params: Any, v: Vector) -> Vector:
    """Return H v: sweep the recorded gradient's product with `v` in reverse."""
    nodes, total = parameter_nodes(params), None
    for node, dot in tangents(params, v).items():
        if isinstance(bars.get(node), Node):
            term = sum_(bars[node] * dot)
            total = term if total is None else total + term
    return joined({} if total is None else leaf_cotangents(total), nodes)


def forward_over_reverse(bars: dict[Node, Any], params: Any, v: Vector) -> Vector:
    """Return H v: sweep the recorded gradient forward along `v`."""
    nodes = [node for node in parameter_nodes(params) if isinstance(bars.get(node), Node)]
    dots = forward([bars[node] for node in nodes], tangents(params, v))
    found = {node: dot for node, dot in zip(nodes, dots, strict=True) if dot is not None}
    return joined(found, parameter_nodes(params))


def parameter_nodes(params: Any) -> list[Node]:
    """Return every node of the parameters, in order."""
    return [node for _, entry in named_entries(params) for node in nodes_of(entry)]


def leaf_cotangents(output: Node, *, record: bool = False) -> dict[Node, Any]:
    """Return the cotangent of each leaf that leads to the output."""
    swept = reverse({output: make_seed(output)}, record=record)
    return {node: z_bar for node, z_bar in swept if node.is_leaf}


def tangents(params: Any, v: Vector) -> dict[Node, Any]:
    """Return a direction as the tangent of each node, in the node's dtype."""
    return {
        node: np.asarray(dot, dtype=node.primal.dtype) if node.rank > 1 else dot
        for node, dot in by_node(split(v, params), params).items()
    }


def joined(arrays: dict[Node, Any], nodes: list[Node]) -> Vector:
    """Return what belongs to each node as one vector; zeros where nothing does."""
    parts = [np.ravel(arrays.get(node, np.zeros(np.shape(node.primal)))) for node in nodes]
    return np.concatenate(parts, dtype=np.float64)
