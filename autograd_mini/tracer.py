"""Who is told what is read of nodes: while a function is traced, its tracer; otherwise nobody.

A tape knows what was computed, not what Python did with the numbers. A tracer hears of every number
that leaves the tape, so that a replay is never one of the wrong branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from autograd_mini.tape import Node


class Tracer(Protocol):
    """What listens while a function is traced."""

    @property
    def kind(self) -> type[Node]:
        """The kind of nodes that the function is traced on."""

    def asked(
        self,
        question: str,
        operands: tuple[Any, ...],
        answer: Any,
        settings: Mapping[str, Any] | None = None,
    ) -> Any:
        """Hear how a comparison of nodes came out; return what the caller gets for an answer."""

    def decided(self, node: Any) -> None:
        """Hear that Python branched on a node: whether it was 0."""

    def read(self, node: Any) -> None:
        """Hear that the number of a node was read."""

    def unlinked(self, node: Any) -> Any:
        """Return a node with the same data through which no gradient flows."""

    def drawn(self, nodes: Any, keep_prob: float, rng: Any) -> None:
        """Hear that nodes were drawn: ones with probability `keep_prob`, else zeros."""

    def entered(self, module: Any) -> None:
        """Hear that a module was called, whose settings the result depends on."""


TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
"""The tracer of the running thread or task; None where nothing is traced."""


def told(node: Any) -> None:
    """Tell the tracer, if there is one, that the number of a node was read."""
    tracer = TRACER.get()
    if tracer is not None:
        tracer.read(node)
