"""Tracing: a function is run once on fresh nodes, and what it did becomes a program.

The tape tells what was computed. The rest a tracer hears of: comparisons and readings of numbers,
which steered Python and become guards; random draws and nodes of others, which become inputs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini.compiler.machine import CONDITIONS, DETACHED, SAME
from autograd_mini.compiler.program import Guard, Program
from autograd_mini.compiler.tracing.draft import Draft, made_since
from autograd_mini.compiler.tracing.surroundings import Names
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.random import Generator, draw_from
from autograd_mini.primitive import lookup
from autograd_mini.recording import apply, kept, record
from autograd_mini.state import recording
from autograd_mini.tape import Node, next_index
from autograd_mini.tensor import Tensor
from autograd_mini.threads import pause_collector, resume_collector
from autograd_mini.tracer import TRACER
from autograd_mini.value import Value

COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}

QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "isnan": lambda x: e.not_equal(x, x),
    "isinf": lambda x: e.equal(e.abs(x), np.inf),
    "isfinite": lambda x: e.less(e.abs(x), np.inf),
}
"""What else is asked of a node, as a comparison."""


HINTS = (
    (
        ("object array", "object_", "dtype('O')", "for the input types", "cast ufunc"),
        "In a compiled function arrays are NumPy object arrays of Values. With compile(f, "
        "kind=Tensor) they are Tensors, which np.linalg takes, and all that docs/primitives.md "
        "lists.",
    ),
    (
        ("only integers", "arrays used as indices", "as an integer", "must be integers"),
        "In a compiled function every number that is an argument is a Value, also an integer. "
        "int(am.data(k)) is one to index and to count with, and the function is then traced for "
        "each k by itself; data(array).astype(int) are many.",
    ),
)
"""What errors of Python, NumPy and SciPy say, and what helps here."""


@dataclass(frozen=True)
class Draw:
    """An array of random ones and zeros: `rng.random(shape) < keep_prob`, drawn at each replay."""

    rng: Generator
    keep_prob: float
    shape: tuple[int, ...]


@dataclass
class Trace:
    """A run of a function, and what was heard of it. While it is entered, it listens.

    Attributes:
        inputs: the nodes that stand for the leaves of the arguments, in order.
        draws: the random draws, with the nodes that were drawn.
        guards: the nodes of conditions, with how each came out.
        modules: those that were called, with their attributes as they were before, by their id.
        captured: the nodes from outside that the program uses; known once there is a program.
    """

    inputs: list[Node] = field(default_factory=list)
    draws: list[tuple[Draw, list[Node]]] = field(default_factory=list)
    guards: list[tuple[Node, bool]] = field(default_factory=list)
    modules: dict[int, tuple[Any, Names]] = field(default_factory=dict)
    captured: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = 0  # the clock of the tape as it was before the function ran
        self._sources: list[Node] = []  # what was detached or drawn: no operand need lead there
        self._generators: dict[int, Generator] = {}

    def run(self, f: Callable[..., Any], *args: Any, **settings: Any) -> Any:
        """Call a function, listening. Its random draws are from copies of the generators."""
        self.start = self.start or next_index()
        token = TRACER.set(self)
        pause_collector()
        try:
            with recording(), draw_from(self.copied):
                return f(*args, **settings)
        except (TypeError, ValueError, IndexError) as error:
            for said, hint in HINTS:
                if self.kind is Value and any(words in str(error) for words in said):
                    error.add_note(hint)
            raise
        finally:
            resume_collector()
            TRACER.reset(token)

    def input(self, data: Any) -> Node:
        """Return the node that stands for a number, or for an array."""
        if not isinstance(data, np.ndarray):
            # The result of an operation, so that reading it is noticed.
            leaf = Value(data)
            node = record(Value, leaf.primal, e.positive, (leaf,))
        elif data.dtype.kind == "f":
            node = apply(e.positive, Tensor(data))
        else:  # labels or positions: they stay whole numbers, and may be read
            node = Tensor(0.0)
            node.primal = data
        self.inputs.append(node)
        return node

    @property
    def kind(self) -> type[Node]:
        """The kind of the inputs: `Tensor` if there is one among them."""
        return Tensor if any(isinstance(x, Tensor) for x in self.inputs) else Value

    def program(
        self, outputs: Sequence[Any], names: Sequence[str] = (), lanes: Sequence[bool] = ()
    ) -> Program:
        """Return the program that computes `outputs`, nodes and numbers, from the inputs.

        Its inputs are those that stand for the arguments, the numbers that are drawn, and what was
        captured, in this order.

        Args:
            outputs: what it is to compute.
            names: those of the inputs, for people.
            lanes: which inputs each lane has for itself; by default none.
        """
        self.captured = []
        draft = Draft(self.captured)
        batched = any(lanes)
        for j, node in enumerate(self.inputs):
            draft.input(node, names[j] if names else "", batched and lanes[j])
        for number, (_, nodes) in enumerate(self.draws):
            for j, node in enumerate(nodes):
                draft.input(node, f"drawn {number}[{j}]", batched)
        conditions = [condition for condition, _ in self.guards]
        ends = [x for x in (*outputs, *conditions, *self._sources) if isinstance(x, Node)]
        for x in [z for z in ends if z.index < self.start]:
            draft.position(x)
        draft.write(made_since(self.start, [z for z in ends if z.index >= self.start]))
        return Program.of_columns(
            draft.codes,
            draft.counts,
            draft.operands,
            draft.details,
            [draft.position(x) for x in outputs],
            [Guard(draft.position(condition), expected) for condition, expected in self.guards],
        )

    def settings(self) -> list[tuple[Names, Names, str]]:
        """Return the attributes of modules from outside that were called: those now, and before."""
        first = self.inputs[0].index if self.inputs else self.start
        return [
            (vars(module), before, f"module {i}")
            for i, (module, before) in enumerate(self.modules.values())
            if all(parameter.index < first for parameter in module.parameters())
        ]

    def copied(self, rng: Generator) -> Generator:
        """Return what a trace draws from in place of a generator."""
        return self._generators.setdefault(id(rng), copy.deepcopy(rng))

    # What a Tracer hears.

    def asked(
        self,
        question: str,
        operands: tuple[Any, ...],
        answer: Any,
        settings: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a guard of a comparison; of arrays, a node of booleans, which may become one."""
        if any(isinstance(x, Tensor) for x in operands):
            plain = (Node, int, float)
            operands = tuple(x if isinstance(x, plain) else kept(np.asarray(x)) for x in operands)
            operation: Any = CONDITIONS[question]
            with recording():
                condition = record(Tensor, np.asarray(answer), operation, operands, settings)
            return self.unlinked(condition)
        if question in COMPARISONS:
            condition = apply(lookup(question), *operands)
        elif question in QUESTIONS:
            condition = QUESTIONS[question](*operands)
        else:
            for x in operands:
                self.read(x)
            return answer
        if isinstance(condition, Node):
            self.guards.append((condition, bool(answer)))
        return answer

    def decided(self, node: Any) -> None:
        """Make a guard of a branch."""
        condition = node if isinstance(node, Tensor) else e.not_equal(node, 0.0)
        self.guards.append((condition, bool(node.primal)))

    def read(self, node: Any) -> None:
        """Make a guard of a number or array: the program is for this one alone."""
        if not isinstance(node, Node):
            return
        if isinstance(node, Tensor):
            same: Any = SAME
            with recording():
                condition = record(Tensor, np.array(True), same, (node, node.primal.copy()))
            self.guards.append((condition, True))
            return
        number = node.primal
        if number != number:
            self.guards.append((e.not_equal(node, node), True))
            return
        self.guards.append((e.equal(node, number), True))
        if number == 0.0:  # which of the two, is told by the angle of (-1, ±0): π or -π
            angle = e.arctan2(node, -1.0)
            self.guards.append((e.greater(angle, 0.0), angle.primal > 0.0))

    def unlinked(self, node: Any) -> Any:
        """Return a node that the program computes and no sweep goes beyond."""
        self._sources.append(node)
        with recording():
            return record(type(node), node.primal, DETACHED, (), {"of": node})  # type: ignore[arg-type]

    def drawn(self, nodes: Any, keep_prob: float, rng: Any) -> None:
        """Keep the nodes of a random draw, which is made whether it has a use or not."""
        if isinstance(nodes, Tensor):
            self._sources.append(nodes)  # which draws itself
            return
        self.draws.append((Draw(rng, keep_prob, nodes.shape), [*nodes.flat]))

    def entered(self, module: Any) -> None:
        """Keep a module with its settings and parameters."""
        self.modules.setdefault(id(module), (module, {"training": None, **vars(module)}))


def object_array(nodes: Sequence[Node], shape: tuple[int, ...]) -> Any:
    """Return nodes as an object array."""
    array = np.empty(len(nodes), dtype=object)
    array[:] = nodes
    return array.reshape(shape)
