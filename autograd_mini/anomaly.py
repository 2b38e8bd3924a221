"""Where the first number that is not finite came from: what `detect_anomaly()` looks for and says.

Inside of it the recording state is a `Traced`, a scope that also checks each result. The scope of
a node that was made there knows the line of the user's code that made it.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_mini.errors import AnomalyError
from autograd_mini.tape import Node, called, place_of, primal
from autograd_mini.text import summary

if TYPE_CHECKING:
    from autograd_mini.primitive import Primitive

_NOT_USERS = ("autograd_mini", "numpy")


class Place(NamedTuple):
    """A line of the user's code."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        text = linecache.getline(self.file, self.line).strip()
        return f"{self.file}:{self.line}, in {self.function}" + (f": {text}" if text else "")


def users_place() -> Place | None:
    """Return the line that is running of the innermost function outside of this library."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").split(".")[0] not in _NOT_USERS:
            return Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return None


class Traced(str):
    """A scope inside of `detect_anomaly()`.

    Attributes:
        records: False under `no_grad()`.
        checks: False while a rule runs in a sweep that is recorded; the sweep checks its result.
        place: in a node, the line that made it.
    """

    __slots__ = ("checks", "place", "records")

    checks: bool
    place: Place | None
    records: bool

    def __new__(
        cls, path: str, *, records: bool = True, checks: bool = True, place: Place | None = None
    ) -> Traced:
        """Make one; a path alone is what `pickle` gives, which sets the rest itself."""
        scope = super().__new__(cls, path)
        scope.records, scope.checks, scope.place = records, checks, place
        return scope

    def but(self, path: str | None = None, **changed: Any) -> Traced:
        """Return this state with some attributes changed."""
        now = {"records": self.records, "checks": self.checks} | changed
        return Traced(str(self) if path is None else path, **now)


def of_traced(
    scope: str, index: int, data: Any, primitive: Primitive, operands: Sequence[Any]
) -> Traced | None:
    """Check a result in a `Traced` scope; return the scope of its node, None under `no_grad()`.

    Raises:
        AnomalyError: the result is not finite.
    """
    assert isinstance(scope, Traced)
    place = users_place()
    if scope.checks and not is_finite(data):
        raise AnomalyError(
            f"{primitive.name} (tape index {index}{in_scope(scope)}) gave {not_finite(data)}"
            + lines(operands)
            + (f"\n  made at {place}" if place else "")
        )
    return Traced(scope, place=place) if scope.records else None


def is_finite(data: Any) -> bool:
    """Return whether all numbers of a node, an array or a float are finite."""
    return bool(np.isfinite(primal(data)).all())


def check_rule(
    sweep: str, what: str, given: Any, node: Node, carried: Sequence[tuple[str, Any]]
) -> None:
    """Raise `AnomalyError` if what the rule of a node gave in a sweep is not finite.

    Args:
        sweep: which.
        what: what the rule was to give.
        given: the cotangent or the tangent.
        node: the node whose rule it was.
        carried: by name the cotangents or tangents that the rule was given.
    """
    if is_finite(given):
        return
    assert node.primitive is not None
    unknown = (
        "outside of detect_anomaly(): compute the graph inside of it, too, and this message shows "
        "the line of code"
    )
    raise AnomalyError(
        f"{sweep} sweep: {node.primitive.name} (tape index {node.index}{in_scope(node.scope)}) "
        f"gave {what} {not_finite(primal(given))}"
        + "".join(f"\n  {name}: {summary(primal(x))}" for name, x in carried)
        + f"\n  result: {summary(node.primal)}"
        + lines(node.parents)
        + (f"\n  made at {place_of(node)}" if place_of(node) else f"\n  made {unknown}")
    )


def lines(operands: Sequence[Any]) -> str:
    """Return a line for each operand: what it is and its numbers."""
    return "".join(
        f"\n  operand {i}: {f'{called(x)}: ' if isinstance(x, Node) else ''}{summary(primal(x))}"
        for i, x in enumerate(operands)
    )


def in_scope(path: str) -> str:
    """Return where in a network something was made, as a part of a sentence."""
    return f", in {path}" if path else ""


def not_finite(data: Any) -> str:
    """Return the first number that is not finite, and of an array where it is and how many are."""
    array = np.asarray(data)
    places = np.argwhere(~np.isfinite(array))
    first = places[0].tolist()
    number = f"{float(array[tuple(first)])}"
    if not array.ndim:
        return number
    return f"{number} at {first} (not finite: {len(places)} of {array.size} elements)"
