"""Folding: which nodes of a tape share one box, so that a large graph is still a picture.

The steps, from fine to coarse:

1. `samples`: nodes that do the same with the same parameters, as for each sample of a batch;
2. `neurons`: nodes that do the same with parameters of the same array, as in each unit of a layer;
3. `operations`: all nodes of one operation within one scope.

Besides, `depth` puts whole modules in one box each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from autograd_mini.tape import Node, Tape

LIMIT = 400
"""A graph of more nodes is folded unless it is asked for in full."""

STEPS = ("samples", "neurons", "operations")


@dataclass
class Fold:
    """How a tape is folded.

    Attributes:
        groups: for each position the position of the first node that shares its box; a node that
            stands alone is its own.
        scopes: for each position the scope that its box is drawn in.
        modules: the scope that a box stands for as a whole, by the position of its first node.
        note: what was folded and how to open it, for the caption; "" where nothing was.
    """

    groups: list[int]
    scopes: list[str]
    modules: dict[int, str]
    note: str = ""


def fold_tape(tape: Tape, level: str | None, depth: int | None) -> Fold:
    """Return how a tape is folded.

    Args:
        tape: the nodes.
        level: a step of folding, "none" for none, or None for the finest step that leaves at most
            `LIMIT` boxes; where there is none, modules are folded too, the innermost first.
        depth: put each module that is nested this deep in one box; None folds no module.

    Raises:
        ValueError: there is no such level, or `depth` is less than 1.
    """
    if level not in (None, "none", *STEPS):
        raise ValueError(f"fold is 'none', {', '.join(map(repr, STEPS))} or None, got {level!r}")
    if depth is not None and depth < 1:
        raise ValueError(f"depth must be at least 1, got {depth}")
    scopes = nested_scopes(tape)
    ways = candidates(scopes, depth) if level is None else [(level, depth)]
    for way in ways:
        folded = folded_at(tape, scopes, *way)
        boxes = len(set(folded.groups))
        if boxes <= LIMIT:
            break
    if boxes < len(tape):
        what = [way[0]] * (way[0] != "none") + ["modules"] * bool(folded.modules)
        everything = 'fold="none"' if depth is None else 'fold="none", depth=None'
        folded.note = (
            f"{len(tape):,} nodes in {boxes:,} boxes: {' and '.join(what)} are folded. "
            f"draw(..., {everything}) shows every node."
        )
    return folded


def candidates(scopes: list[str], depth: int | None) -> list[tuple[str, int | None]]:
    """Return level and depth of the ways to fold a graph of its own accord, the finest first."""
    steps = [(level, depth) for level in ("none", *STEPS)]
    deepest = max((scope.count("/") + 1 for scope in scopes if scope), default=0)
    return steps + [(STEPS[-1], d) for d in range(min(deepest, depth or deepest), 0, -1)]


def folded_at(tape: Tape, scopes: list[str], level: str, depth: int | None) -> Fold:
    """Return the fold of one level, with the modules at `depth` in one box each."""
    if level in ("neurons", "operations"):  # they are no longer told apart
        scopes = [re.sub(r"/neuron \d+$", "", scope) for scope in scopes]
    steps = {"none": by_itself, "samples": by_role, "neurons": by_kind, "operations": by_operation}
    groups = steps[level](tape, scopes)
    if depth is None:
        return Fold(groups, scopes, {})
    outputs = set(tape.outputs)
    keys: list[Hashable] = list(groups)
    around = list(scopes)
    whole = {}
    for position, (scope, node) in enumerate(zip(scopes, tape, strict=True)):
        parts = scope.split("/")
        if scope and len(parts) >= depth:
            around[position] = "/".join(parts[: depth - 1])
            if node not in outputs:
                keys[position] = whole[position] = "/".join(parts[:depth])
    groups = firsts(keys)
    return Fold(groups, around, {groups[position]: scope for position, scope in whole.items()})


def by_itself(tape: Tape, scopes: list[str]) -> list[int]:
    """Give each node a box of its own."""
    return list(range(len(tape)))


def by_role(tape: Tape, scopes: list[str]) -> list[int]:
    """Put together what does the same with the same parameters: the samples of a batch."""
    return by_signature(tape, scopes, lambda name: name)


def by_kind(tape: Tape, scopes: list[str]) -> list[int]:
    """Put together what does the same with parameters of the same array: the units of a layer."""
    return by_signature(tape, scopes, lambda name: name.split("[")[0])


def by_operation(tape: Tape, scopes: list[str]) -> list[int]:
    """Put together all nodes of one operation within one scope."""
    outputs = set(tape.outputs)
    return firsts(
        [
            (scope, node.primitive.name if node.primitive else "", node in outputs)
            for node, scope in zip(tape, scopes, strict=True)
        ]
    )


def by_signature(tape: Tape, scopes: list[str], naming: Callable[[str], str]) -> list[int]:
    """Put together nodes of one operation and scope whose operands are together already.

    A sum of several terms is one signature whatever its length: in a sum of sums only the terms
    count, so that the additions of a long sum share a box.
    """
    outputs = set(tape.outputs)
    found: dict[Node, int] = {}
    keys: list[Any] = []
    first: dict[Hashable, int] = {}
    for position, (node, scope) in enumerate(zip(tape, scopes, strict=True)):
        if node.primitive is None:
            key: tuple[Any, ...] = (scope, naming(node.name or ""), node in outputs)
        else:
            operands: Any = tuple(found[x] if isinstance(x, Node) else -1 for x in node.parents)
            add = node.primitive.name == "add"
            if add:
                operands = frozenset(operands)
            key = (scope, node.primitive.name, node in outputs, operands)
            for group in operands if add else ():
                if group >= 0 and continues(keys[group], key[:3], operands - {group}):
                    key = keys[group]
        found[node] = first.setdefault(key, position)
        keys.append(key)
    return [found[node] for node in tape]


def continues(key: Any, sum: tuple[Any, ...], terms: frozenset[int]) -> bool:
    """Return whether a key is that of such a sum, and has these terms already."""
    return key[:3] == sum and len(key) == 4 and key[3] >= terms


def firsts(keys: list[Hashable]) -> list[int]:
    """Return for each key the position at which it came first."""
    first: dict[Hashable, int] = {}
    return [first.setdefault(key, position) for position, key in enumerate(keys)]


def nested_scopes(tape: Tape) -> list[str]:
    """Return the scope of every node, with the unit within a layer of `Value`s where there is one.

    A layer is a scope with a matrix of weights, `W[i,j]`. A node in it belongs to the unit whose
    row of weights or whose bias `b[i]` it depends on within that scope.
    """
    layers = {node.scope for node in tape if node.is_leaf and row(node, r"\[(\d+),\d+\]$")} - {""}
    rows: dict[Node, str] = {}
    scopes = []
    for node in tape:
        if node.scope not in layers:
            rows[node] = ""
        elif node.is_leaf:
            rows[node] = row(node, r"\[(\d+)(?:,\d+)?\]$")
        else:
            operands = (x for x in node.parents if isinstance(x, Node) and x.scope == node.scope)
            units = {rows[x] for x in operands} - {""}
            rows[node] = units.pop() if len(units) == 1 else ""
        scopes.append(f"{node.scope}/neuron {rows[node]}" if rows[node] else node.scope)
    return scopes


def row(node: Node, pattern: str) -> str:
    """Return the first index in the name of a `Value`, "" where the name is not of that form."""
    match = re.search(pattern, node.name or "") if node.rank == 1 else None
    return match.group(1) if match else ""
