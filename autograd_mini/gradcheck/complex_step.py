"""The complex step: a loss at θ + ih v, whose imaginary part is h times the derivative along v.

Nodes hold real numbers, so the loss is not called with complex ones. Its tape is recorded once and
replayed: each primitive has a forward function that also takes complex arrays, `analytic`. Where
all nodes are `Value`s, many directions are replayed at once, each a lane.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from autograd_mini.errors import LossError
from autograd_mini.gradcheck.lanes import FEWEST, FLOATS, are_values
from autograd_mini.gradcheck.loss import call, recorded, takes_parameters
from autograd_mini.gradcheck.probes import moved, random_step
from autograd_mini.gradcheck.vectors import (
    Vector,
    by_node,
    dictionary_to_vector,
    named_entries,
    nodes_of,
    split,
    vector_to_dictionary,
)
from autograd_mini.tape import Node, linearise, primal
from autograd_mini.value import Value

TINY = 1e-30
"""The complex step: its square is nothing beside 1, and nothing is subtracted from anything."""

OTHERWISE = "; use method='two-sided'"


def imaginary_parts(
    loss: Callable[..., Any], params: Any, vectors: Iterable[Vector], h: float
) -> Iterator[float]:
    """Yield Im J(θ + ih v) for each direction `v`, a vector like θ.

    Raises:
        LossError: the loss cannot be computed on complex numbers.
    """
    entries = [entry for _, entry in named_entries(params)]
    nodes = [node for entry in entries for node in nodes_of(entry)]
    if not nodes:
        yield from called_with_arrays(loss, params, vectors, h)
        return
    if not all(nodes_of(entry) or not np.size(entry) for entry in entries):
        raise LossError(
            "the complex step takes nodes or plain arrays, not both at once; make all parameters "
            f"nodes{OTHERWISE}"
        )
    replay = Replay([recorded(loss, params, nodes)], nodes)
    check_complete(replay, params, lambda: np.ravel(primal(call(loss, params))), "the loss")
    for part in imaginary_along(replay, params, vectors, h):
        yield part.item()


def imaginary_along(
    replay: Replay, params: Any, vectors: Iterable[Vector], h: float
) -> Iterator[Vector]:
    """Yield the imaginary parts of all outputs, in one vector, at θ + ih v for each direction v."""
    lanes = None
    scalar = are_values(params) and all(isinstance(x, Value) for x in replay.reached)
    width = max(1, FLOATS // (2 * (len(replay.leaves) + len(replay.outputs))))
    vectors = iter(vectors)
    while part := [*islice(vectors, width)]:
        if lanes is None and scalar and len(part) >= FEWEST:
            lanes = ComplexLanes(replay)
        if lanes is not None:
            yield from lanes(h * np.transpose(part))
            continue
        for v in part:
            found = replay(shifted(params, v, h))
            yield np.concatenate([np.ravel(np.imag(z)) for z in found])


def shifted(params: Any, v: Vector, h: float) -> dict[Node, Any]:
    """Return the data of each node of the parameters, moved by `ih v`."""
    return {
        node: to_complex(node.primal, h * np.asarray(part))
        for node, part in by_node(split(v, params), params).items()
    }


def to_complex(x: Any, imaginary: Any = 0.0) -> Any:
    """Return complex numbers of at least double precision."""
    z = np.array(x, dtype=np.result_type(x, np.complex128))
    z.imag = imaginary
    return z[()]


class Replay:
    """The tape of some outputs, nodes or constants, ready to be run on complex data of some leaves.

    Raises:
        LossError: a primitive between the leaves and the outputs is not analytic.
    """

    def __init__(self, outputs: Sequence[Any], leaves: Sequence[Node]) -> None:
        self.outputs, self.leaves = outputs, leaves
        self.reached: list[Node] = []
        seen = set(leaves)
        for node in linearise(filter(is_node, outputs)):
            if node.primitive is not None and any(is_node(x) and x in seen for x in node.parents):
                self.reached.append(node)
                seen.add(node)
        rigid = dict.fromkeys(x.primitive.name for x in self.reached if not x.primitive.analytic)  # type: ignore[union-attr]  # a leaf is not reached
        if rigid:
            is_not = "is not analytic" if len(rigid) == 1 else "are not analytic"
            raise LossError(
                f"{', '.join(rigid)} {is_not}, so the complex step cannot go through{OTHERWISE}"
            )
        for node in self.reached:
            check_continuation(node, seen)

    def __call__(self, data: Mapping[Node, Any]) -> list[Any]:
        """Return the data of the outputs that complex data of the leaves lead to."""
        found = dict(data)
        with np.errstate(all="ignore"):  # where the loss is finite, so is its continuation
            for node in self.reached:
                operands = [found.get(x, x.primal) if is_node(x) else x for x in node.parents]
                found[node] = continued(node, operands)
        return [found.get(x, x.primal) if is_node(x) else x for x in self.outputs]


class ComplexLanes:
    """A replay on `Value`s as a program, which runs along many directions at once."""

    def __init__(self, replay: Replay) -> None:
        from autograd_mini.compiler.numpy_executor import NumpyExecutor
        from autograd_mini.compiler.passes import TIDY, fuse
        from autograd_mini.compiler.program import (
            LANE,
            Constant,
            Entry,
            Input,
            Instruction,
            Program,
        )

        self.theta = np.array([[x.primal] for x in replay.leaves])
        entries: list[Entry] = [Input(lane=True) for _ in replay.leaves]
        positions = {x: k for k, x in enumerate(replay.leaves)}

        def position(x: Any) -> int:
            if is_node(x) and x in positions:
                return positions[x]
            entries.append(Constant(float(primal(x))))
            return len(entries) - 1

        for node in replay.reached:
            operands = tuple(map(position, node.parents))
            positions[node] = len(entries)
            entries.append(Instruction(node.primitive, operands))  # type: ignore[arg-type]  # no leaf
        program = Program(entries, tuple(map(position, replay.outputs)))
        for tidy in (*TIDY, fuse):
            program = tidy(program)
        self.run = NumpyExecutor(program, numbers=complex)
        self.of_lanes = [self.run.times[k] == LANE for k in program.outputs]

    def __call__(self, imaginary: Vector) -> Vector:
        """Return the imaginary parts of the outputs, a row a lane, for those of the leaves."""
        points = np.empty(imaginary.shape, dtype=complex)
        points.real, points.imag = self.theta, imaginary
        found = np.zeros((imaginary.shape[1], len(self.of_lanes)))  # 0 for what is constant
        found[:, self.of_lanes] = self.run(np.empty(0), points)[1].imag.T
        return found


def is_node(x: Any) -> bool:
    """Return whether an operand is a node: constant arrays cannot be looked up."""
    return isinstance(x, Node)


def continued(node: Node, operands: Sequence[Any]) -> Any:
    """Return what the operation of a node makes of other, complex operands."""
    analytic: Any = node.primitive.analytic  # type: ignore[union-attr]  # no leaf comes here
    return analytic(*operands, **(node.params or {}))


def check_continuation(node: Node, complex_nodes: set[Node]) -> None:
    """Raise `LossError` unless on real numbers the continuation gives what the operation gave."""
    operands = [
        to_complex(x.primal) if is_node(x) and x in complex_nodes else primal(x)
        for x in node.parents
    ]
    with np.errstate(all="ignore"):
        z = continued(node, operands)
    if isinstance(z, complex) and abs(z.real - node.primal) <= 1e-8 * abs(node.primal):
        return  # soon said of most Values
    expected = np.asarray(node.primal)
    rounding = float(np.sqrt(np.finfo(expected.dtype).eps))
    finite = [np.abs(x)[np.isfinite(x)] for x in map(np.asarray, [*operands, expected])]
    scale = max(1.0, *(float(x.max(initial=0.0)) for x in finite))
    if not np.iscomplexobj(z) or not np.allclose(
        np.real(z), expected, rtol=rounding, atol=rounding * scale, equal_nan=True
    ):
        raise LossError(
            f"{node.primitive.name}: its continuation to complex numbers, `analytic`, gives "  # type: ignore[union-attr]
            f"{z!r:.60} where the operation itself gave {node.primal!r:.60}{OTHERWISE}"
        )


def check_complete(replay: Replay, params: Any, computed: Callable[[], Vector], what: str) -> None:
    """Raise `LossError` unless the tape tells all that the outputs depend on the parameters by.

    Replayed at parameters that are moved a little, it must give what is computed anew there.
    """
    step, size = random_step(params), dictionary_to_vector(params).size
    ends = []
    for end in (0, 1):
        with moved(step, end):
            outputs = replay(shifted(params, np.zeros(size), 0.0))
            ends.append((np.concatenate([np.ravel(np.real(z)) for z in outputs]), computed()))
    replayed, anew = (ends[1][i] - ends[0][i] for i in (0, 1))
    rounding = 100.0 * step.rounding * step.width * np.linalg.norm(ends[0][1])
    largest = max(np.linalg.norm(replayed), np.linalg.norm(anew))
    if np.linalg.norm(replayed - anew) > 1e-3 * largest + rounding:
        raise LossError(
            f"{what} depends on the parameters in a way that its tape does not tell, as where "
            ".data, float(...) or detach() has left it, and the complex step follows the tape"
            f"{OTHERWISE}"
        )


def called_with_arrays(
    loss: Callable[..., Any], params: Any, vectors: Iterable[Vector], h: float
) -> Iterator[float]:
    """Yield Im J(θ + ih v) of NumPy code that takes the parameters."""
    if not takes_parameters(loss):
        raise LossError(
            "the complex step needs complex parameters, which plain arrays of floats cannot hold: "
            f"write the loss as a function of the parameters, or make them nodes{OTHERWISE}"
        )
    value, theta = call(loss, params), dictionary_to_vector(params)
    for v in vectors:
        z = vector_to_dictionary(to_complex(theta, h * v), params)
        if isinstance(params, np.ndarray):  # it stood for a list of one
            z = z[0]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                found = loss(z)
        except (TypeError, np.exceptions.ComplexWarning) as error:
            raise LossError(
                f"the loss does not take complex numbers ({error}): leave float(...), abs and the "
                f"like away{OTHERWISE}"
            ) from error
        if not np.iscomplexobj(found) or not np.allclose(np.real(found), primal(value), rtol=1e-3):
            raise LossError(
                f"the loss is {found!r:.60} for complex parameters with tiny imaginary parts, and "
                f"{value!r:.60} without: it is not analytic, or does not depend on "
                f"them{OTHERWISE}"
            )
        yield float(np.imag(found).item())
