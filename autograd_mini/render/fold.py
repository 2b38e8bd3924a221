"""Folding: which nodes of a tape share one box, so that a large graph is still a picture.

A fold gives each position of the tape the position of the first node in its box, and each box the
scope that it is drawn in. The steps, from fine to coarse:

1. `samples`: nodes that do the same with the same parameters, as for each sample of a batch;
2. `neurons`: nodes that do the same with parameters of the same array, as in each unit of a layer;
3. `depth`: whole modules below a level of nesting;
4. `operations`: all nodes of one operation within one scope.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Any

from autograd_mini.tape import Node, Tape

Fold = list[int]

LIMIT = 400
"""A graph of more nodes is folded unless it is asked for in full."""

STEPS = ("samples", "neurons", "operations")


def fold(tape: Tape, level: str | None, depth: int | None) -> tuple[Fold, list[str], str]:
    """Return groups, scopes and a note for the caption.

    Args:
        tape: the nodes.
        level: a step of folding, "none" for none, or None for the finest step that leaves at most
            `LIMIT` boxes.
        depth: fold what lies deeper in nested modules than this; None folds no module.

    Raises:
        ValueError: there is no such level.
    """
    if level not in (None, "none", *STEPS):
        raise ValueError(f"fold is 'none', {', '.join(map(repr, STEPS))} or None, got {level!r}")
    scopes = nested_scopes(tape)
    if level is None:
        for candidate in ("none", *STEPS):
            groups = grouped(tape, scopes, candidate, depth)
            level = candidate
            if len(set(groups)) <= LIMIT:
                break
    else:
        groups = grouped(tape, scopes, level, depth)
    boxes = len(set(groups))
    note = ""
    if boxes < len(tape):
        folded = "modules" if level == "none" else level
        note = (
            f"{len(tape):,} nodes in {boxes:,} boxes: {folded} are folded. "
            'draw(..., fold="none") shows every node.'
        )
    if depth is not None:
        scopes = ["/".join(scope.split("/")[:depth]) for scope in scopes]
    return groups, scopes, note


def grouped(tape: Tape, scopes: list[str], level: str, depth: int | None) -> Fold:
    """Return the groups of one level, with modules below `depth` folded."""
    key = {"none": by_itself, "samples": by_role, "neurons": by_kind, "operations": by_operation}
    groups = key[level](tape, scopes)
    if depth is None:
        return groups
    keys: list[Hashable] = []
    for group, scope, node in zip(groups, scopes, tape, strict=True):
        parts = scope.split("/") if scope else []
        deeper = len(parts) > depth and node not in tape.outputs
        keys.append("/".join(parts[:depth]) + "/" if deeper else group)
    return firsts(keys)


def by_itself(tape: Tape, scopes: list[str]) -> Fold:
    """Give each node a box of its own."""
    return list(range(len(tape)))


def by_role(tape: Tape, scopes: list[str]) -> Fold:
    """Put together what does the same with the same parameters: the samples of a batch."""
    return by_signature(tape, scopes, lambda name: name)


def by_kind(tape: Tape, scopes: list[str]) -> Fold:
    """Put together what does the same with parameters of the same array: the units of a layer."""
    without = [re.sub(r"/neuron \d+$", "", scope) for scope in scopes]
    return by_signature(tape, without, lambda name: name.split("[")[0])


def by_operation(tape: Tape, scopes: list[str]) -> Fold:
    """Put together all nodes of one operation within one scope."""
    without = [re.sub(r"/neuron \d+$", "", scope) for scope in scopes]
    return firsts(
        [
            (scope, node.primitive.name if node.primitive else "leaf")
            if node not in tape.outputs
            else (position,)
            for position, (node, scope) in enumerate(zip(tape, without, strict=True))
        ]
    )


def by_signature(tape: Tape, scopes: list[str], naming: Callable[[str], str]) -> Fold:
    """Put together nodes of one operation and scope whose operands are together already.

    A sum of several terms is one signature whatever its length: in a sum of sums only the terms
    count, so that the additions of a long sum share a box.
    """
    found: dict[Node, int] = {}
    keys: list[Any] = []
    first: dict[Hashable, int] = {}
    for position, (node, scope) in enumerate(zip(tape, scopes, strict=True)):
        if node.primitive is None:
            key: Hashable = (scope, naming(node.name) if node.name else "leaf")
        else:
            operands: Any = tuple(found[x] if isinstance(x, Node) else -1 for x in node.parents)
            if node.primitive.name == "add":
                operands = frozenset(operands)
            key = (scope, node.primitive.name, operands)
            for group in operands if node.primitive.name == "add" else ():
                if group >= 0 and continues(keys[group], scope, operands - {group}):
                    key = keys[group]
        if node in tape.outputs:
            key = (position,)
        found[node] = first.setdefault(key, position)
        keys.append(key)
    return [found[node] for node in tape]


def continues(key: Any, scope: str, terms: frozenset[int]) -> bool:
    """Return whether a key is that of a sum in this scope that has these terms already."""
    return key[:2] == (scope, "add") and len(key) == 3 and key[2] >= terms


def firsts(keys: list[Hashable]) -> Fold:
    """Return for each key the position at which it came first."""
    first: dict[Hashable, int] = {}
    return [first.setdefault(key, position) for position, key in enumerate(keys)]


def nested_scopes(tape: Tape) -> list[str]:
    """Return the scope of every node, with the unit within a layer of `Value`s where there is one.

    A node belongs to the unit whose row of weights it depends on within the same scope.
    """
    rows: dict[Node, str] = {}
    scopes = []
    for node in tape:
        row = ""
        if node.scope and node.rank == 1:
            if node.primitive is None:
                match = re.search(r"\[(\d+)[],]", node.name or "")
                row = match.group(1) if match else ""
            else:
                candidates = {
                    rows[x]
                    for x in node.parents
                    if isinstance(x, Node) and x.scope == node.scope and rows[x]
                }
                row = candidates.pop() if len(candidates) == 1 else ""
        rows[node] = row
        scopes.append(f"{node.scope}/neuron {row}" if row else node.scope)
    return scopes
