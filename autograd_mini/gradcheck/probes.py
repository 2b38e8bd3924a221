"""Where a derivative is probed: steps along components and along directions, there and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from autograd_mini.gradcheck.vectors import (
    Vector,
    dictionary_to_vector,
    entry_dtype,
    named_entries,
    nodes_of,
    split,
)
from autograd_mini.tape import Node, is_object_array
from autograd_mini.value import data, write

Method = Literal["two-sided", "one-sided", "complex-step"]

POWERS = {"two-sided": 1 / 3, "one-sided": 1 / 2}
"""The power of ε_mach that makes the step at which truncation and rounding meet."""


@dataclass(frozen=True)
class Move:
    """Where one parameter is probed: the component, or `...` for all, and its two contents."""

    entry: Any
    index: Any
    ends: tuple[Any, Any]


@dataclass(frozen=True)
class Step:
    """Along what one derivative is taken: a component of θ, or a direction of its own.

    Attributes:
        name: the parameter.
        index: the position in it; of a direction, its number.
        where: the component's position in θ as one vector; or a unit direction, shaped like θ.
        moves: the two probes.
        width: the distance between them.
        rounding: the relative rounding of the parameters, divided by the width.
    """

    name: str
    index: tuple[int, ...]
    where: int | Vector
    moves: Sequence[Move]
    width: float
    rounding: float

    def vector(self, size: int) -> Vector:
        """Return the direction as a vector like θ."""
        if isinstance(self.where, np.ndarray):
            return self.where
        unit = np.zeros(size)
        unit[self.where] = 1.0
        return unit

    def along(self, gradient: Vector) -> float:
        """Return the derivative along this step that a gradient tells."""
        if isinstance(self.where, np.ndarray):
            return float(self.where @ gradient)
        return float(gradient[self.where])


def probe_steps(params: Any, method: Method, eps: float | None) -> list[Step]:
    """Return the probes of every component, with steps that the dtype can represent."""
    check_method(method)
    steps: list[Step] = []
    for name, entry in named_entries(params):
        dtype = entry_dtype(entry)
        rounding = float(np.finfo(dtype).eps)
        for index, x in np.ndenumerate(data(entry)):
            if method == "complex-step":
                steps.append(Step(name, index, len(steps), (), 1.0, rounding))
                continue
            h = eps if eps is not None else rounding ** POWERS[method] * max(1.0, abs(float(x)))
            low = dtype.type(x - h) if method == "two-sided" else dtype.type(x)
            high = dtype.type(x + h)
            width = float(high) - float(low)
            if not width > 0:
                raise ValueError(f"eps={h:g} does not change {name}{list(index)} = {x} in {dtype}")
            move = Move(entry, index, (low, high))
            steps.append(Step(name, index, len(steps), (move,), width, rounding / width))
    return steps


def direction_step(
    params: Any, v: Vector, number: int, name: str, method: Method, eps: float | None
) -> Step:
    """Return the probes along the unit direction `v`; they lie as far apart as for a component.

    The direction that the step tells is the one really taken, which the dtype may have bent.
    """
    check_method(method)
    parts = zip(named_entries(params), split(v, params), strict=True)
    moving = [(entry, part) for (_, entry), part in parts if np.any(part)]
    rounding = max(float(np.finfo(entry_dtype(entry)).eps) for entry, _ in moving)
    if method == "complex-step":
        return Step(name, (number,), v, (), 1.0, rounding)
    h = eps
    if h is None:
        length = math.hypot(*(float(np.linalg.norm(data(entry))) for entry, _ in moving))
        h = rounding ** POWERS[method] * max(1.0, length)
    moves = []
    for entry, part in moving:
        x, dtype = np.asarray(data(entry)), entry_dtype(entry)
        low = np.array(x - h * part if method == "two-sided" else x, dtype=dtype)
        moves.append(Move(entry, ..., (low, np.array(x + h * part, dtype=dtype))))
    taken = np.array(v)
    taken[v != 0] = np.concatenate(
        [
            (m.ends[1].astype(float) - m.ends[0])[part != 0]
            for m, (_, part) in zip(moves, moving, strict=True)
        ]
    )
    width = float(np.linalg.norm(taken))
    if not width > 0:
        raise ValueError(f"eps={h:g} does not change the parameters")
    return Step(name, (number,), taken / width, moves, width, rounding / width)


def random_step(params: Any) -> Step:
    """Return a step along a random direction of all parameters, the same each time."""
    v = np.random.default_rng(0).normal(size=dictionary_to_vector(params).size)
    return direction_step(params, v / np.linalg.norm(v), 0, "", "two-sided", None)


def check_method(method: str) -> None:
    """Raise `ValueError` unless there is such a method."""
    if method not in get_args(Method):
        raise ValueError(f"method is 'two-sided', 'one-sided' or 'complex-step', got {method!r}")


@contextmanager
def moved(step: Step, end: int) -> Iterator[None]:
    """Move the parameters to one of the two probes; afterwards restore them exactly."""
    with ExitStack() as stack:
        for move in step.moves:
            stack.enter_context(one_moved(move, end))
        yield


@contextmanager
def one_moved(move: Move, end: int) -> Iterator[None]:
    """Move one parameter to one of its two probes; afterwards restore it exactly."""
    entry = move.entry
    numbers = np.array(data(entry))
    before = [(node, node.primal, node.changed) for node in nodes_of(entry)]
    old = np.array(numbers[move.index])
    numbers[move.index] = move.ends[end]
    try:
        write(entry, numbers)
        yield
    finally:
        if not isinstance(entry, Node) and not is_object_array(entry):  # it was written in place
            entry[move.index] = old
        for node, primal, changed in before:  # to the sweeps of older graphs nothing has changed
            node.primal, node.changed = primal, changed
