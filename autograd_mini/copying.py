"""Copies and pickles of nodes: of whole graphs, however deep, with what is shared kept shared.

Both walk the tape in order, so that the operands of a node are always done before it and nothing
recurs. A copy has new indices in the old order. What is out of date in the original, because data
changed after a result was computed from them, is out of date in the copy.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from autograd_mini.changes import Watch
from autograd_mini.tape import Node, linearise, next_index

if TYPE_CHECKING:
    from autograd_mini.primitive import Primitive


def copied(node: Node) -> Node:
    """Return a node with the same operands, and with data and gradient of its own."""
    new = make(
        type(node),
        copy.copy(node.primal),
        node.primitive,
        node.params,
        node.name,
        node.scope,
        (),
        *node.parents,
    )
    new.grad = node.grad if isinstance(node.grad, Node) else copy.copy(node.grad)
    if outdated(node):
        new.index = node.index  # as old as the original, so as out of date
    return new


def deep_copied(node: Node, memo: dict[int, Any]) -> Node:
    """Return a copy of a node and of what leads to it; `memo` has the copies by the old id."""
    nodes = missing(node, lambda x: id(x) in memo)
    for x in nodes:
        memo[id(x)] = make(
            type(x),
            copy.copy(x.primal),  # not by the memo: the copy is in no other hands
            x.primitive,
            copy.deepcopy(x.params, memo),
            x.name,
            x.scope,
            outdated(x),
            *(memo[id(y)] if isinstance(y, Node) else copy.deepcopy(y, memo) for y in x.parents),
        )
    for x in nodes:  # only now: a gradient that is a node may lead back to here
        memo[id(x)].grad = copy.deepcopy(x.grad, memo)
    return memo[id(node)]


def reduced(node: Node) -> tuple[Callable[..., Node], tuple[Any, ...]]:
    """Return how to pickle a node: as the last of the shells of all that leads to it.

    A shell is pickled as a call that makes its node from what the shells of the operands became.
    Those stand before it, so that the pickler has them in its memo and goes no deeper.
    """
    shells = tuple(map(shell_of, missing(node, is_pickled)))
    return last_of, (shells, shell_of(node))


def last_of(shells: tuple[Node, ...], node: Node) -> Node:
    """Return a node; the others are listed to have been made before it."""
    return node


class Shell:
    """What stands for a node while it is pickled.

    Attributes:
        node: the node, which so lives as long as a pickler remembers the shell.
        pickled: whether a pickler does.
    """

    __slots__ = ("__weakref__", "node", "pickled")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.pickled = False

    def __reduce__(self) -> tuple[Any, ...]:
        node = self.node
        before: tuple[Shell, ...] = ()
        if self.pickled:  # by another pickler; this one may know nothing of what leads here
            before = tuple(map(shell_of, linearise([node])[:-1]))
            for shell in before:
                shell.pickled = False
        self.pickled = True
        call = (
            before,
            type(node),
            # A pickler takes arrays that are one object for one; others may hold a watched one.
            copy.copy(node.primal) if node.changed.__class__ is Watch else node.primal,
            node.primitive,
            node.params,
            node.name,
            node.scope,
            outdated(node),
            *(shell_of(x) if isinstance(x, Node) else x for x in node.parents),
        )
        # What comes third is pickled when the node exists: its gradient may lead back to it.
        return (
            (restored, call) if node.grad is None else (restored, call, (None, {"grad": node.grad}))
        )


def restored(before: tuple[Node, ...], *call: Any) -> Node:
    """Make the node that a shell stands for; `before` was listed to be made before it."""
    return make(*call)


class Shells(threading.local):
    """The shells of a thread by the id of their node; threads that pickle do not see each other."""

    def __init__(self) -> None:
        self.by_id: WeakValueDictionary[int, Shell] = WeakValueDictionary()


_shells = Shells()


def shell_of(node: Node) -> Shell:
    """Return the shell of a node: one object as long as a pickler remembers it."""
    shell = _shells.by_id.get(id(node))
    if shell is None:
        shell = _shells.by_id[id(node)] = Shell(node)
    return shell


def is_pickled(node: Node) -> bool:
    """Return whether a pickler remembers a node."""
    shell = _shells.by_id.get(id(node))
    return shell is not None and shell.pickled


def missing(node: Node, known: Callable[[Node], bool]) -> list[Node]:
    """Return what leads to a node, and the node, operands first, but for what is known already.

    What is known hides what leads to it, so that a list of all results along a tape is copied in a
    time that is linear in its length.
    """
    if known(node):
        return []
    found, waiting = {node}, [node]
    while waiting:
        for x in waiting.pop().parents:
            if isinstance(x, Node) and x not in found and not known(x):
                found.add(x)
                waiting.append(x)
    return sorted(found, key=attrgetter("index"))


def outdated(node: Node) -> tuple[int, ...]:
    """Return which data changed after a node was computed: 0 for its own, i for operand i - 1."""
    return tuple(
        i
        for i, x in enumerate((node, *node.parents))
        if isinstance(x, Node) and x.changed > node.index
    )


def make(
    kind: type[Node],
    primal: Any,
    primitive: Primitive | None,
    params: Mapping[str, Any] | None,
    name: str | None,
    scope: str,
    outdated: tuple[int, ...],
    *operands: Any,
) -> Node:
    """Make a node with a new index, whose data at the positions `outdated` change after that."""
    node = object.__new__(kind)
    node.primal = primal
    node.changed = 0
    node.grad = None
    node.index = next_index()
    node.name = name
    node.params = params
    node.parents = operands
    node.primitive = primitive
    node.scope = scope
    for i in outdated:
        (node, *operands)[i].changed = next_index()
    return node
