"""The reverse steps of scalar nodes: what `pullback` does, without its detours.

A scalar tape has very many nodes, and a step of each costs as much as the multiplications in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_mini.changes import check_unchanged
from autograd_mini.primitive import as_ieee
from autograd_mini.tape import Node, Operand, primal

Path = Mapping[Node, None] | None
"""The nodes that cotangents are wanted of; None for all."""


def pull_floats(node: Node, z_bar: float, bars: dict[Node, Any]) -> None:
    """Do the reverse step of a scalar node on floats.

    Nearly every node of a scalar tape has two operands, so that case is written out: the sweep of
    a small network then takes half the time of a loop over operands.
    """
    x, y, kind = node.operand0, node.operand1, node.__class__
    primitive: Any = node.primitive
    try:
        if y.__class__ is Operand:  # one operand, or more than two
            pull_each(node, z_bar, bars, float)
            return
        f, g = primitive.partials
        x_is_node, y_is_node = x.__class__ is kind, y.__class__ is kind
        if primitive.reads_data:
            x_data = x.primal if x_is_node else x
            y_data = y.primal if y_is_node else y
            if (x_is_node and x.changed > node.index) or (y_is_node and y.changed > node.index):
                check_unchanged(node)
            if x_is_node:
                x_bar = z_bar * (f if f.__class__ is float else f(node.primal, x_data, y_data))
            if y_is_node:
                y_bar = z_bar * (g if g.__class__ is float else g(node.primal, x_data, y_data))
        else:
            x_bar, y_bar = z_bar * f, z_bar * g
    except (ArithmeticError, ValueError):
        # Python raises where IEEE has inf or nan; and a checkpoint has no two partials.
        pull_each(node, z_bar, bars, np.float64)
        return
    if x_is_node:
        if x in bars:
            bars[x] += x_bar
        else:
            bars[x] = x_bar
    if y_is_node:
        if y in bars:
            bars[y] += y_bar
        else:
            bars[y] = y_bar


def pull_values(node: Node, z_bar: Any, bars: dict[Node, Any], path: Path) -> None:
    """Do the reverse step of a scalar node on nodes, so that it is recorded."""
    kind, operands = node.__class__, node.parents
    primitive: Any = node.primitive
    for x, partial in zip(operands, primitive.partials, strict=True):
        if x.__class__ is not kind:
            continue
        if x.changed > node.index and primitive.reads_data:
            check_unchanged(node)
        if path is None or x in path:
            if partial.__class__ is not float:
                try:
                    x_bar = z_bar * partial(node, *operands)
                except ArithmeticError:
                    x_bar = z_bar * partial(node, *as_ieee(operands))
            else:
                x_bar = z_bar if partial == 1.0 else z_bar * partial
            bars[x] = bars[x] + x_bar if x in bars else x_bar


def pull_each(
    node: Node, z_bar: float, bars: dict[Node, Any], number: Callable[[float], Any]
) -> None:
    """Do the reverse step of a scalar node for any number of operands, with one type of number."""
    primitive: Any = node.primitive
    check_unchanged(node)
    params = node.params or {}
    z, operands = number(node.primal), [number(primal(x)) for x in node.parents]
    pulled = [
        (x, float(primitive.pullback(i, z_bar, z, operands, params)))
        for i, x in enumerate(node.parents)
        if isinstance(x, Node)
    ]
    for x, x_bar in pulled:  # only now: had a rule failed, nothing would have been added yet
        bars[x] = bars[x] + x_bar if x in bars else x_bar
