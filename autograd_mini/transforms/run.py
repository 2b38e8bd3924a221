"""One call of a user's function on nodes of its own: what every transform begins with.

The arguments to differentiate by are replaced by fresh nodes, so that nothing else that the
function uses is mistaken for them. A fresh node that stands for a node is the result of `positive`
on it: derivatives of derivatives flow through there, each level of nesting apart from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from operator import index
from typing import Any, SupportsIndex

import numpy as np

from autograd_mini.errors import DataError, ShapeError, TapeLeftError, UnusedError
from autograd_mini.ops.elementwise import positive, where
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.recording import apply
from autograd_mini.state import differentiating, is_differentiating, recording
from autograd_mini.sweep import forward, reverse
from autograd_mini.tape import Node, between, primal
from autograd_mini.tensor import Tensor
from autograd_mini.tracer import TRACER
from autograd_mini.transforms.structure import apart, leaves, rebuilt
from autograd_mini.value import Value

Argnums = SupportsIndex | Sequence[SupportsIndex]
"""The position of an argument that is differentiated by, or those of several."""


class Run:
    """A call of a function on nodes, and what the sweeps make of it.

    Attributes:
        positions: of the arguments that are differentiated by.
        leaves: the numbers, arrays and nodes in those, in order.
        inputs: the node that stands for each of them.
        output: what the function returned.
        record: whether derivatives are to be nodes: inside of another transform, where a function
            is traced, and where an argument is a node.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        settings: Mapping[str, Any] | None = None,
        argnums: Argnums | None = 0,
        *,
        allow_unused: bool,
    ) -> None:
        self.args = args
        asked = range(len(args)) if argnums is None else as_asked(argnums)
        self.single = isinstance(asked, int)
        self.positions = positions_of(asked, len(args))
        inside = is_differentiating() or TRACER.get() is not None
        self.record = inside or any(isinstance(args[i], Node) for i in self.positions)
        chosen = [args[i] for i in self.positions]
        for position, argument in zip(self.positions, chosen, strict=True):
            if not any(True for _ in leaves(argument)):
                raise DataError(
                    f"argument {position} holds no real number to differentiate by, it is "
                    f"{type(argument).__name__} {argument!r:.60}; argnums says which arguments are "
                    "differentiated by"
                )
        self.leaves = [*leaves(chosen)]
        self.allow_unused = allow_unused
        with recording(), differentiating(refuse_reading=not allow_unused):
            self.inputs = [_fresh(x) for x in self.leaves]
            given = [*args]
            for position, argument in zip(
                self.positions, rebuilt(chosen, iter(self.inputs)), strict=True
            ):
                given[position] = argument
            try:
                self.output = f(*given, **(settings or {}))
            except TapeLeftError as error:
                raise self.left_by(error) from None

    @cached_property
    def outputs(self) -> list[Any]:
        """The leaves of the output: nodes, and plain numbers that depend on nothing."""
        found = [*leaves(self.output)]
        if not found:
            raise DataError(
                f"the function returned {type(self.output).__name__} {self.output!r:.60}; there is "
                "no real number to differentiate"
            )
        return found

    def pull(self, seeds: Mapping[Node, Any], *, check_used: bool = False) -> list[Any]:
        """Return the cotangent of each input, zero where none of the seeds reaches it.

        Raises:
            UnusedError: with `check_used`, where none reaches an argument that must be used.
        """
        inputs = frozenset(self.inputs)
        with recording():
            swept = reverse(seeds, wrt=inputs, record=self.record)
            bars = {node: z_bar for node, z_bar in swept if node in inputs}
        if check_used and not self.allow_unused:
            for position, own in self.inputs_by_position():
                if bars.keys().isdisjoint(own):
                    raise unused(position, self.outputs)
        return [bars[x] if x in bars else _zeros(x) for x in self.inputs]

    def check_used(self) -> None:
        """Raise `UnusedError` unless the output depends on each argument, or need not."""
        if self.allow_unused:
            return
        nodes = [z for z in self.outputs if isinstance(z, Node)]
        for position, own in self.inputs_by_position():
            on_way = between(own, nodes)
            if not any(z in on_way for z in nodes):
                raise unused(position, self.outputs)

    def left_by(self, error: TapeLeftError) -> TapeLeftError:
        """Return the error for a node that was read as a number, with the argument it came from."""
        for position, own in self.inputs_by_position():
            if error.node in between(own, [error.node]):
                return TapeLeftError(error.how, error.node, position)
        return error

    def inputs_by_position(self) -> Iterator[tuple[int, list[Node]]]:
        """Yield each argument that is differentiated by, with its inputs."""
        remaining = iter(self.inputs)
        for position in self.positions:
            yield position, [next(remaining) for _ in leaves(self.args[position])]

    def push(self, dots: Mapping[Node, Any]) -> list[Any]:
        """Return the tangent of each output, zero where none of `dots`, of inputs, reaches it."""
        nodes = [z for z in self.outputs if isinstance(z, Node)]
        with recording():
            pushed = dict(zip(nodes, forward(nodes, dots, record=self.record), strict=True))
        found = [pushed.get(z) if isinstance(z, Node) else None for z in self.outputs]
        dots_of = [
            _zeros(z) if z_dot is None else z_dot
            for z, z_dot in zip(self.outputs, found, strict=True)
        ]
        return [self.tied(dot, self.inputs[0]) for dot in dots_of] if self.record else dots_of

    def like_arguments(self, bars: Iterable[Any]) -> Any:
        """Return derivatives, one for each input, in the structure of the arguments."""
        made = iter([self.finished(b, x) for b, x in zip(bars, self.leaves, strict=True)])
        chosen = rebuilt([self.args[i] for i in self.positions], made, lambda other: None)
        return chosen[0] if self.single else tuple(chosen)

    def connected(self, derivatives: Sequence[Any]) -> list[Any]:
        """Return derivatives, one for each input, all of them on the tape if they may be nodes.

        The derivative of a linear function is a constant, whose derivative is 0, and not an error.
        """
        if not self.record:
            return [*derivatives]
        return [self.tied(d, x) for d, x in zip(derivatives, self.inputs, strict=True)]

    def tied(self, derivative: Any, x: Node) -> Any:
        """Return a derivative so that it depends on the input `x`, by a zero where it did not."""
        if isinstance(derivative, Node):
            if derivative in between(self.inputs, [derivative]):
                return derivative
            if derivative.rank < x.rank:  # a Value stays one
                return derivative
        with recording():
            return apply(where, 0.0, sum_(x), derivative)

    def finished(self, number: Any, like: Any) -> Any:
        """Return a derivative in the form of the argument `like`: float, array or node."""
        if isinstance(number, Node):
            return number if self.record else number.detach()
        if isinstance(like, Node):
            return type(like)(number)  # type: ignore[call-arg]  # both kinds take data alone
        return float(number) if np.ndim(number) == 0 and not _is_array(like) else np.array(number)

    def value(self) -> Any:
        """Return the output: nodes where derivatives are nodes, else plain numbers and arrays."""
        return plain(self.output) if not self.record else self.output


def unused(position: int, outputs: Iterable[Any]) -> UnusedError:
    """Return the error for an argument that the output does not depend on."""
    reason = ""
    if not any(isinstance(z, Node) for z in outputs):
        reason = (
            ": it is a plain number, on no tape. float(x), np.asarray(x), x.data and the "
            "functions of math leave the tape"
        )
    return UnusedError(
        f"the output does not depend on argument {position}{reason}. If that is meant, pass "
        "allow_unused=True: the derivative is 0 then"
    )


def plain(tree: Any) -> Any:
    """Return a structure with the data of its nodes in their place."""
    parts = apart(tree)
    if parts is not None:
        return parts[1]([plain(part) for part in parts[0]])
    return np.array(tree.primal)[()] if isinstance(tree, Tensor) else primal(tree)


def check_function(f: Any) -> None:
    """Raise `DataError` unless `f` can be called."""
    if not callable(f):
        raise DataError(f"expected a function, got {type(f).__name__} {f!r:.60}")


def matching(given: Any, like: Sequence[Any], what: str) -> list[Any]:
    """Return the leaves of tangents or cotangents after checking that they fit what they belong to.

    Raises:
        ShapeError: the structures or shapes differ.
    """
    found = [*leaves(given)]
    shapes, expected = ([np.shape(primal(x)) for x in xs] for xs in (found, like))
    if shapes != expected:
        raise ShapeError(
            f"{what} must have the structure and the shapes of what they belong to: expected "
            f"shapes {expected}, got {shapes}"
        )
    return [
        g if isinstance(g, Node) or not isinstance(x, Tensor) else np.asarray(g, dtype=x.dtype)
        for g, x in zip(found, like, strict=True)
    ]


def _fresh(leaf: Any) -> Any:
    if isinstance(leaf, Node):
        return apply(positive, leaf)
    # The result of an operation, so that reading it is noticed.
    return apply(positive, Tensor(leaf) if _is_array(leaf) else Value(leaf))


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray)


def _zeros(x: Any) -> Any:
    data = primal(x)
    return np.zeros(np.shape(data), getattr(data, "dtype", float)) if np.ndim(data) else 0.0


def as_asked(argnums: Argnums) -> int | tuple[int, ...]:
    """Return `argnums` as an integer of Python, or a tuple of those.

    Raises:
        DataError: they are something else than integers.
    """
    with suppress(TypeError):
        return index(argnums)  # type: ignore[arg-type]  # a sequence has none
    with suppress(TypeError):
        return tuple(map(index, argnums))  # type: ignore[arg-type]
    raise DataError(f"argnums is a position or several different ones, got {argnums!r:.60}")


def positions_of(argnums: int | Sequence[int], count: int) -> list[int]:
    """Return the positions, of that many arguments, that are differentiated by.

    Raises:
        DataError: there are no such arguments.
    """
    asked = [argnums] if isinstance(argnums, int) else [*argnums]
    if len({*asked}) < len(asked):
        raise DataError(f"argnums is a position or several different ones, got {argnums!r}")
    for position in asked:
        if not -count <= position < count:
            raise DataError(
                f"argnums names argument {position}, and the function was called with {count} "
                "positional arguments; those that are differentiated by must be positional (and a "
                "product with a vector, as hvp, takes the vector as the last one)"
            )
    return [position % count for position in asked]
