"""Programs for tests: random ones, and the plainest way to run one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, MULTIPLY_ADD, MULTIPLY_SUBTRACT
from autograd_mini.compiler.program import (
    LANE,
    Constant,
    Input,
    Instruction,
    Program,
)
from autograd_mini.primitive import REGISTRY, Elementwise
from autograd_mini.recording import on_floats

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, np.inf, -np.inf, np.nan, 1e-310, 1e300, -3.7]


def interpret(program: Program, shared: Sequence[float], lanes: Any = None) -> list[Any]:
    """Return the results one after the other: a number, or a list of them, one a lane.

    Each value is computed on floats, lane by lane. Sums are taken in the order of the lanes.
    """
    m = 1 if lanes is None else np.shape(lanes)[1]
    times = program.times.tolist()
    given = iter(shared)
    rows = iter([] if lanes is None else np.asarray(lanes).tolist())
    values: list[list[float]] = []  # of each, one a lane
    for k, entry in enumerate(program.entries):
        if isinstance(entry, Input):
            values.append(list(next(rows)) if entry.lane else [float(next(given))] * m)
        elif isinstance(entry, Constant):
            values.append([entry.value] * m)
        else:
            operands = [values[x] for x in entry.operands]
            values.append(computed(entry, operands, m))
        assert len(values[k]) == m
    return [values[k] if times[k] == LANE else values[k][0] for k in program.results]


def computed(entry: Instruction, operands: Sequence[list[float]], m: int) -> list[float]:
    """Return what an instruction makes of its operands in each lane."""
    if entry.operation in (LANE_SUM, LANE_DOT):
        total = 0.0
        for terms in zip(*operands, strict=True):
            total += terms[0] if entry.operation is LANE_SUM else terms[0] * terms[1]
        return [total] * m
    if entry.operation is MULTIPLY_ADD:
        return [w * x + a for w, x, a in zip(*operands, strict=True)]
    if entry.operation is MULTIPLY_SUBTRACT:
        return [a - w * x for w, x, a in zip(*operands, strict=True)]
    with np.errstate(all="ignore"):
        return [on_floats(entry.operation, terms) for terms in zip(*operands, strict=True)]  # type: ignore[arg-type]


def same_bits(x: Any, y: Any) -> bool:
    """Return whether numbers are the same ones, NaN and the sign of 0 included."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    numbers = ~np.isnan(x)
    return (
        x.shape == y.shape
        and np.array_equal(np.isnan(x), np.isnan(y))
        and np.array_equal(x[numbers].view(np.int64), y[numbers].view(np.int64))
    )


ARITHMETIC = [REGISTRY[name] for name in ("add", "subtract", "multiply", "divide", "neg", "power")]
FUNCTIONS = [*ARITHMETIC, *ARITHMETIC]  # what passes look at is drawn more often
FUNCTIONS += [
    primitive
    for primitive in REGISTRY.values()
    if isinstance(primitive, Elementwise) and primitive.name != "polygamma"  # its order is whole
]


@st.composite
def programs(draw: Any, *, lanes: bool = False, functions: Sequence[Any] = FUNCTIONS) -> Program:
    """Draw a program over the table, in which what passes look for is frequent.

    Args:
        draw: Hypothesis's.
        lanes: whether some of the inputs are those of lanes.
        functions: what it calls.
    """
    count = draw(st.integers(1, 4))
    entries: list[Any] = [Input(f"x{k}", lanes and draw(st.booleans())) for k in range(count)]
    for _ in range(draw(st.integers(1, 25))):
        position = st.integers(0, len(entries) - 1)
        if draw(st.integers(0, 4)) == 0:
            entries.append(Constant(draw(st.sampled_from(SPECIAL))))
            continue
        operation = draw(st.sampled_from(functions))
        operands = tuple(draw(position) for _ in range(operation.arity))
        entries.append(Instruction(operation, operands))
    outputs = draw(st.lists(st.integers(0, len(entries) - 1), min_size=1, max_size=4))
    return Program(entries, (*outputs, len(entries) - 1))


def points(program: Program, m: int, seed: int) -> tuple[list[float], Any]:
    """Return shared inputs and lanes for a program: ordinary numbers, and special ones."""
    rng = np.random.default_rng(seed)

    def numbers(size: int) -> list[float]:
        ordinary = rng.normal(size=size)
        return [float(rng.choice(SPECIAL)) if rng.random() < 0.2 else float(x) for x in ordinary]

    inputs = [program.entries[k] for k in program.inputs]
    shared = numbers(sum(not x.lane for x in inputs))  # type: ignore[union-attr]
    own = [numbers(m) for x in inputs if x.lane]  # type: ignore[union-attr]
    return shared, np.array(own).reshape(-1, m) if own else None
