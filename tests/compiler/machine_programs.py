"""Random programs as the passes leave them: with multiply-adds, and sums over the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, MULTIPLY_ADD
from autograd_mini.compiler.program import (
    AFTER,
    LANE,
    Constant,
    Entry,
    Guard,
    Input,
    Instruction,
    Program,
)
from autograd_mini.ops import elementwise as e
from tests.compiler.interpreter import interpret

ARITHMETIC = [e.add, e.subtract, e.multiply, e.divide]
OPERATIONS = [*ARITHMETIC, e.maximum, e.greater, e.where, e.tanh, e.relu]


@st.composite
def machine_programs(draw: st.DrawFn) -> Program:
    """Draw a program for shared inputs s, t and lane inputs x, y.

    Operands are often recent values, so that there are chains as well as long lives.
    """
    entries: list[Entry] = [Input("s"), Input("x", lane=True), Constant(0.5), Input("t")]
    entries += [Input("y", lane=True), Constant(-2.0)]

    def operands(number: int, allowed: list[int]) -> tuple[int, ...]:
        places = st.sampled_from(allowed) | st.sampled_from(allowed[-3:])
        return tuple(draw(places) for _ in range(number))

    for _ in range(draw(st.integers(1, 40))):
        times = Program(entries, ()).times.tolist()
        before_sums = [k for k, time in enumerate(times) if time != AFTER]
        of_lanes = [k for k, time in enumerate(times) if time == LANE]
        shared = [k for k, time in enumerate(times) if time != LANE]
        operation: Any = draw(
            st.sampled_from([*OPERATIONS, *[MULTIPLY_ADD] * 6, LANE_SUM, LANE_DOT])
        )
        if operation is LANE_SUM:
            chosen = operands(1, of_lanes)
        elif operation is LANE_DOT:
            chosen = operands(1, of_lanes) + operands(1, before_sums)
        else:
            number = 3 if operation is MULTIPLY_ADD else operation.arity
            chosen = operands(number, draw(st.sampled_from([shared, before_sums])))
        entries.append(Instruction(operation, chosen))
    positions = st.integers(0, len(entries) - 1)
    return Program(entries, tuple(draw(st.lists(positions, min_size=1, max_size=6))))


def expected(
    program: Program, shared: Sequence[float], lanes: np.ndarray
) -> tuple[list[float], np.ndarray]:
    """Return what an executor must: the results that all lanes share, and those of the lanes."""
    times = program.times.tolist()
    results = interpret(program, shared, lanes)
    kinds = [times[k] == LANE for k in program.results]
    of_lanes = [x for x, lane in zip(results, kinds, strict=True) if lane]
    common = [x for x, lane in zip(results, kinds, strict=True) if not lane]
    return common, np.reshape(of_lanes, (-1, lanes.shape[1]))


def dot_products(number: int) -> Program:
    """Return a program for Σ x z of so many x, and then for Σ y z, Σ x y, Σ z z.

    The factors are there before the first of them, so that dot products follow one another.
    """
    entries: list[Entry] = [Input("y", lane=True), Input("z", lane=True)]
    entries += [Instruction(e.add, (0, k + 1)) for k in range(number)]  # z + y, z + 2 y ...
    y, z = len(entries), len(entries) + 1
    entries += [Instruction(e.neg, (0,)), Instruction(e.neg, (1,))]
    pairs = [(k, z) if k % 2 else (z, k) for k in range(2, 2 + number)]
    pairs += [(y, z), (2, y), (z, z)]
    entries += [Instruction(LANE_DOT, pair) for pair in pairs]
    return Program(entries, tuple(range(z + 1, len(entries))))


def long_program(count: int) -> Program:
    """Return a program of so many sums, products and sines on floats, each of near and far ones."""
    rng = np.random.default_rng(count)
    entries: list[Entry] = [Input("s"), Input("t")]
    for k in range(2, count):
        operation = e.sin if k % 3 == 0 else rng.choice([e.add, e.multiply, e.subtract])
        operands = (k - 1 - rng.integers(min(k, 5)), rng.integers(k))[: operation.arity]
        entries.append(Instruction(operation, tuple(map(int, operands))))
    return Program(entries, tuple(range(count)))


def neuron(length: int, start: str, *, bias: bool = False, guarded: bool = False) -> Program:
    """Return a program for start + w0 x0 + w1 x1 ... of so many terms, and a bias in the end.

    The shared inputs are the weights, then the start and the bias; those of lanes are the x, then
    the start. What starts as a product has no start but the first term.
    """
    entries: list[Any] = [Input(f"w{k}") for k in range(length)]
    entries += [Input(f"x{k}", lane=True) for k in range(length)]
    entries += [Input("a", lane=start == "lane")] if start != "product" else []
    total = len(entries) - 1
    for k in range(length):
        factors = (k, length + k) if k % 2 else (length + k, k)
        if start == "product" and not k:
            entries.append(Instruction(e.multiply, factors))
        else:
            entries.append(Instruction(MULTIPLY_ADD, (*factors, total)))
        total = len(entries) - 1
    if bias:
        entries += [Input("b"), Instruction(e.add, (total, len(entries)))]
        total = len(entries) - 1
    entries.append(Instruction(e.greater, (total, 0)))
    return Program(entries, (total,), (Guard(total + 1, True),) if guarded else ())
