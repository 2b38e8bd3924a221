"""What is recorded, under which name, and what else is in force while nodes are made.

All of it is a state of the running thread or asyncio task: `no_grad()`, `scope(name)`,
`detect_anomaly()` and the transforms set it for what runs inside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from autograd_mini.anomaly import Traced
from autograd_mini.errors import TapeLeftError
from autograd_mini.tape import NONE, Node, next_index

SCOPE: ContextVar[str | None] = ContextVar("scope", default="")
"""Where nodes are being made, `MLP/layers.0`; None where nothing is recorded.

Inside `detect_anomaly()` it is a `Traced`, which is looked at only where the type is not `str`.
"""


class scope:  # noqa: N801  # reads as a function, like no_grad
    """Name the module or function whose nodes are made inside; a context manager.

    Scopes nest: their names are joined by slashes, which gives the path that the context yields, or
    "" where nothing is recorded. Pictures draw each as a box.
    """

    __slots__ = ("name", "token")

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> str:
        outer = SCOPE.get()
        path = f"{outer}/{self.name}" if outer else self.name
        if isinstance(outer, Traced):
            self.token = SCOPE.set(outer.but(path))
            return path if outer.records else ""
        self.token = SCOPE.set(None if outer is None else path)
        return "" if outer is None else path

    def __exit__(self, *exception: object) -> None:
        SCOPE.reset(self.token)


@contextmanager
def no_grad() -> Iterator[None]:
    """Stop recording: what is computed inside has no history. A context manager or a decorator."""
    outer = SCOPE.get()
    token = SCOPE.set(outer.but(records=False) if isinstance(outer, Traced) else None)
    try:
        yield
    finally:
        SCOPE.reset(token)


_differentiating: ContextVar[float] = ContextVar("differentiating", default=0)
"""While a function is being differentiated: nodes younger than this are not read; else 0."""


@contextmanager
def differentiating(*, refuse_reading: bool) -> Iterator[None]:
    """Say that a function is being differentiated, and whether its nodes may be read as numbers."""
    start = next_index() if refuse_reading else math.inf
    token = _differentiating.set(min(_differentiating.get() or math.inf, start))
    try:
        yield
    finally:
        _differentiating.reset(token)


def is_differentiating() -> bool:
    """Return whether a function is being differentiated."""
    return _differentiating.get() != 0


def check_readable(node: Node, how: str) -> None:
    """Raise `TapeLeftError` if a node is read where its derivative would silently be lost."""
    start = _differentiating.get()
    if start and node.index > start and node.operand0 is not NONE and is_recording():
        raise TapeLeftError(how, node)


def is_recording() -> bool:
    """Return whether results are recorded here, which `no_grad()` stops."""
    state = SCOPE.get()
    return state.records if isinstance(state, Traced) else state is not None


@contextmanager
def recording() -> Iterator[None]:
    """Record inside, also where `no_grad()` is in force outside: what a transform is asked for."""
    outer = SCOPE.get()
    inner = outer.but(records=True) if isinstance(outer, Traced) else outer or ""
    token = SCOPE.set(inner)
    try:
        yield
    finally:
        SCOPE.reset(token)


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Raise `AnomalyError` at the first number that is not finite; for debugging, since it is slow.

    Checked is every result that is computed on nodes inside of the context, and in a sweep inside
    of it every cotangent and tangent: the message names the primitive, its operands and the line
    of code that made the node. What is put in, the data of leaves and seeds, is not checked itself.
    A context manager or a decorator, for the running thread or task alone.
    """
    outer = SCOPE.get()
    state = outer if isinstance(outer, Traced) else Traced(outer or "", records=outer is not None)
    token = SCOPE.set(state)
    try:
        yield
    finally:
        SCOPE.reset(token)


def detecting_anomaly() -> bool:
    """Return whether `detect_anomaly()` is on."""
    return SCOPE.get().__class__ is Traced


@contextmanager
def left_to_the_sweep() -> Iterator[None]:
    """Let a rule compute what it likes inside of `detect_anomaly()`: its result is checked later.

    A rule may divide by zero where the quotient is then masked out.
    """
    state = SCOPE.get()
    token = SCOPE.set(state.but(checks=False) if isinstance(state, Traced) else state)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        SCOPE.reset(token)
