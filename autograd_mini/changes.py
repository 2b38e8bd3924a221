"""Changes of data between the computation of a graph and its sweep: they are noticed.

A leaf that is given other data is stamped with the clock of the tape. An array that users got to
see, and may have written into, is watched.
"""

from __future__ import annotations

from typing import Any

from autograd_mini.errors import MutationError
from autograd_mini.tape import MORE, Node, called, next_index


class Watch:
    """When an array last changed that users hold and may write into: asked, it looks again.

    It stands in `Node.changed` from the moment an array is handed out, so arrays that nobody has
    asked for cost nothing.
    """

    __slots__ = ("array", "seen", "when")

    def __init__(self, array: Any, when: int) -> None:
        self.array = array
        self.seen = array.tobytes()
        self.when = when

    def look(self) -> int:
        """Return when the array last changed, which is now if it is not as it was seen before."""
        now = self.array.tobytes()
        if now != self.seen:
            self.seen, self.when = now, next_index()
        return self.when

    def __gt__(self, index: int) -> bool:
        return self.look() > index


def check_unchanged(node: Node) -> None:
    """Raise `MutationError` if a node or an operand of it changed after the node was computed."""
    index = node.index
    operands = node.operand0 if node.operand1 is MORE else (node.operand0, node.operand1)
    for x in (node, *operands):
        if isinstance(x, Node) and x.changed > index:
            raise MutationError(
                f"the data of {called(x)} have changed since {called(node)} was computed, and its "
                "derivative needs the old ones. Sweep first and change them afterwards, or compute "
                "the graph again"
            )


def read_only(array: Any) -> Any:
    """Return a view of an array that cannot be written to: nobody can where no watch looks."""
    view = array.view()
    view.flags.writeable = False
    return view
