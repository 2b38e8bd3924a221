"""`checkpoint`: keep no intermediate results of a function, compute them again in the sweep."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from autograd_mini.ops.elementwise import positive
from autograd_mini.ops.random import Generator, draw_from
from autograd_mini.primitive import Primitive
from autograd_mini.recording import apply, record
from autograd_mini.state import is_recording, recording
from autograd_mini.sweep import forward, reverse
from autograd_mini.tape import Node, linearise, next_index
from autograd_mini.tracer import TRACER
from autograd_mini.transforms.run import check_function
from autograd_mini.transforms.structure import leaves, rebuilt


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes what f does and keeps its results alone, not its tape.

    The sweep calls f again to get the tape back. That costs one more evaluation of f and saves the
    memory of what is computed inside; derivatives are the same, of every order. Random numbers that
    f draws through this library (dropout) are the same both times. f should have no other effects,
    and use the same outer nodes (parameters of a model) each time.

    Args:
        f: takes and returns nodes, arrays and numbers, or structures of them.
    """
    check_function(f)

    @wraps(f, updated=())
    def checkpointed(*args: Any, **settings: Any) -> Any:
        if not is_recording() or TRACER.get() is not None:  # a program keeps no tape
            return f(*args, **settings)
        return _Call(f, args, settings).output

    return checkpointed


class _Call:
    """A call of a function whose tape was thrown away.

    Attributes:
        given: the nodes among the arguments.
        operands: those, and the other nodes that the function uses.
        output: what it returned; a node in it is the result of the primitive `checkpoint`.
    """

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], settings: Mapping[str, Any]
    ) -> None:
        self.f, self.args, self.settings = f, args, settings
        self.given = [x for x in leaves(args) if isinstance(x, Node)]
        self.generators: dict[int, Generator] = {}
        self.pulled: tuple[Any, tuple[int, bool], list[Any]] | None = None
        start = next_index()
        with draw_from(self.remember):
            output = self.run([x.detach() for x in self.given])
        results = [z for z in leaves(output) if isinstance(z, Node)]
        self.operands = [*self.given, *_older(results, start)]
        made = iter(
            record(type(z), z.primal, _checkpoint, (*self.operands,), {"call": self, "position": k})
            for k, z in enumerate(results)
        )
        nodes = [next(made) if isinstance(z, Node) else z for z in leaves(output)]
        self.output = rebuilt(output, iter(nodes))

    def run(self, given: Sequence[Node]) -> Any:
        """Call the function with other nodes in the place of `given`."""
        nodes = iter(given)
        new = [next(nodes) if isinstance(x, Node) else x for x in leaves(self.args)]
        with recording():
            return self.f(*rebuilt(self.args, iter(new)), **self.settings)

    def again(self, position: int, operands: Sequence[Any]) -> tuple[list[Node], Node]:
        """Run again; return the node that stands for each operand, and the result at `position`."""
        given = [
            apply(positive, x) if isinstance(x, Node) else type(mine)(x)  # type: ignore[call-arg]
            for x, mine in zip(operands, self.given, strict=False)
        ]
        copies = {key: copy.deepcopy(rng) for key, rng in self.generators.items()}
        with draw_from(lambda rng: copies[id(rng)]):
            output = self.run(given)
        results = [z for z in leaves(output) if isinstance(z, Node)]
        return [*given, *self.operands[len(given) :]], results[position]

    def pull(self, position: int, z_bar: Any, operands: Sequence[Any], record: bool) -> list[Any]:
        """Return the cotangent of each operand; one run and one sweep serve all of them."""
        key = (position, record)
        if self.pulled is None or self.pulled[0] is not z_bar or self.pulled[1] != key:
            inputs, z = self.again(position, operands)
            bars = dict(reverse({z: z_bar}, wrt=inputs, record=record))
            found = [bars.get(x, 0.0 * x.primal) for x in inputs]
            self.pulled = z_bar, key, found
        return self.pulled[2]

    def remember(self, rng: Generator) -> Generator:
        """Keep a copy of a generator as it is before its first draw, and return the generator."""
        if id(rng) not in self.generators:
            self.generators[id(rng)] = copy.deepcopy(rng)
        return rng


def _older(results: Sequence[Node], start: int) -> list[Node]:
    """Return the nodes from before `start` that results made since then were computed from."""
    made = linearise(results, since=start)
    operands = (x for z in made for x in (z, *z.parents))
    return [*dict.fromkeys(x for x in operands if isinstance(x, Node) and x.index < start)]


class _Checkpoint(Primitive):
    """The primitive whose rules run a function again and sweep it."""

    def pullback(
        self, i: int, z_bar: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return the cotangent of operand `i`."""
        call: _Call = params["call"]
        return call.pull(params["position"], z_bar, operands, isinstance(z, Node))[i]

    def pushforward(
        self, i: int, x_dot: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return the tangent of the result, by a forward sweep of the function run again."""
        inputs, again = params["call"].again(params["position"], operands)
        z_dot = forward([again], {inputs[i]: x_dot}, record=isinstance(z, Node))[0]
        return 0.0 * again.primal if z_dot is None else z_dot


_checkpoint = _Checkpoint(
    "checkpoint",
    lambda *operands, call, position: call.again(position, operands)[1].primal,
    arity=None,
)
