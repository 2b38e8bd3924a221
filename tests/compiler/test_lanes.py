"""From one sample to many lanes: what is summed, and that it is the sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_mini.compiler.lanes import sum_lanes, sums_inward
from autograd_mini.compiler.program import (
    AFTER,
    BEFORE,
    LANE,
    Input,
    Instruction,
    Program,
)
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import REGISTRY
from tests.compiler.interpreter import interpret, programs

WHOLE = [REGISTRY[name] for name in ("add", "subtract", "neg", "multiply", "square")]
M = 5

SHARED = Input("w")
OWN = Input("x", lane=True)


def operations(program: Program) -> list[str]:
    """Return the names of a program's operations in order."""
    return [x.operation.name for x in program.entries if isinstance(x, Instruction)]


def test_values_are_told_apart_by_when_they_are_computed() -> None:
    """What depends on shared inputs alone comes before the lanes, what uses a sum after them."""
    entries = [
        SHARED,
        OWN,
        Instruction(e.square, (0,)),
        Instruction(e.multiply, (2, 1)),
    ]
    program = sum_lanes(Program(entries, (3,)), [True])
    assert program.times.tolist() == [BEFORE, LANE, BEFORE, LANE, BEFORE, AFTER]


def test_a_shared_result_is_as_often_in_the_sum_as_there_are_lanes() -> None:
    """The sum of the same number in m lanes is m times that number."""
    program = sum_lanes(Program([SHARED, OWN], (0, 1)), [True, True])
    assert interpret(program, [3.0, 4.0], [[1.0, 2.0, 5.0, 7.0]]) == [12.0, 15.0]


def test_what_each_lane_has_for_itself_is_left_alone() -> None:
    """An output that is not summed stays one number a lane."""
    program = sum_lanes(Program([OWN], (0, 0)), [False, True])
    assert interpret(program, [2.0], [[1.0, 2.0]]) == [[1.0, 2.0], 3.0]


def test_what_lanes_share_is_its_own_mean() -> None:
    """It is not multiplied by the number of lanes and divided again, which would round."""
    program = Program([SHARED, OWN, Instruction(e.add, (0, 1))], (0, 2))
    means = sum_lanes(program, [True, True], mean=True)
    assert operations(means) == ["add", "lane_sum", "divide"]
    inward = sums_inward(means, mean=True)
    assert operations(inward) == ["lane_sum", "divide", "add"]
    for found in means, inward:
        assert interpret(found, [0.1, 3.0], [[1.0, 2.0, 6.0]]) == [0.1, pytest.approx(3.1)]


def test_a_sum_of_products_becomes_a_dot_product() -> None:
    """Σ (w x y + w²) = w Σ x y + m w²: one dot product, and nothing else a lane."""
    entries = [
        SHARED,
        OWN,
        Input("y", lane=True),
        Instruction(e.multiply, (1, 2)),
        Instruction(e.multiply, (0, 3)),
        Instruction(e.square, (0,)),
        Instruction(e.add, (4, 5)),
    ]
    program = sums_inward(sum_lanes(Program(entries, (6,)), [True]))
    assert LANE not in [
        time
        for time, entry in zip(program.times, program.entries, strict=True)
        if isinstance(entry, Instruction)
    ]
    assert sorted(operations(program)) == ["add", "lane_dot", "multiply", "multiply", "square"]
    x, y, w = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0], 0.5
    assert interpret(program, [w, 3.0], [x, y]) == [w * np.dot(x, y) + 3 * w**2]


def test_a_shared_divisor_leaves_the_sum() -> None:
    """Σ x / w = (Σ x) / w; a divisor that each lane has for itself stays where it is."""
    entries = [SHARED, OWN, Instruction(e.divide, (1, 0)), Instruction(e.divide, (0, 1))]
    program = sums_inward(sum_lanes(Program(entries, (2, 3)), [True, True]))
    assert sorted(operations(program)) == ["divide", "divide", "lane_sum", "lane_sum"]
    assert sum(program.times == LANE) == 2  # x, and w / x
    assert interpret(program, [0.5, 3.0], [[1.0, 2.0, 4.0]]) == [14.0, 0.875]


def test_a_value_with_another_use_is_summed_as_it_is() -> None:
    """What has to be computed anyway is not taken apart: that would be more work."""
    entries = [OWN, Input("y", lane=True), Instruction(e.add, (0, 1)), Instruction(e.sin, (2,))]
    program = sums_inward(sum_lanes(Program(entries, (2, 3)), [True, False]))
    assert sorted(operations(program)) == ["add", "lane_sum", "sin"]


@given(program=programs(lanes=True, functions=WHOLE), seed=st.integers(0, 2**32 - 1))
def test_sums_are_the_same_wherever_they_are_taken(program: Program, seed: int) -> None:
    """Random programs on small whole numbers, on which floats do not round: exactly the same."""
    rng = np.random.default_rng(seed)
    inputs = [program.entries[k] for k in program.inputs]
    shared = rng.integers(-3, 4, sum(not x.lane for x in inputs)).tolist()  # type: ignore[union-attr]
    lanes = rng.integers(-3, 4, (sum(x.lane for x in inputs), M))  # type: ignore[union-attr]
    everything = Program(program.entries, tuple(range(len(program.entries))))
    values = np.concatenate([np.ravel(x) for x in interpret(everything, shared, lanes)])
    assume(np.all(np.abs(values) < 2.0**40) and np.all(values == np.rint(values)))
    summed = sum_lanes(program, [True] * len(program.outputs))
    expected = [np.sum(np.broadcast_to(x, M)) for x in interpret(program, shared, lanes)]
    assert interpret(summed, [*shared, M], lanes) == expected
    assert interpret(sums_inward(summed), [*shared, M], lanes) == expected


@given(
    program=programs(lanes=True, functions=WHOLE),
    seed=st.integers(0, 2**32 - 1),
    part=st.booleans(),
    own=st.booleans(),
)
def test_means_are_the_same_wherever_they_are_taken(
    program: Program, seed: int, part: bool, own: bool
) -> None:
    """Random programs on small whole numbers, in 4 lanes of 16 or of 4: sums by these are exact."""
    rng = np.random.default_rng(seed)
    inputs = [program.entries[k] for k in program.inputs]
    shared = rng.integers(-3, 4, sum(not x.lane for x in inputs)).tolist()  # type: ignore[union-attr]
    lanes = rng.integers(-3, 4, (sum(x.lane for x in inputs), 4))  # type: ignore[union-attr]
    everything = Program(program.entries, tuple(range(len(program.entries))))
    values = np.concatenate([np.ravel(x) for x in interpret(everything, shared, lanes)])
    assume(np.all(np.abs(values) < 2.0**40) and np.all(values == np.rint(values)))
    m = 16 if part else 4
    counts = [m, 4 / m] if part else [m]
    summed = [not own or program.times[k] != LANE for k in program.outputs]
    means = sum_lanes(program, summed, mean=True, part=part)
    of_lanes = [np.broadcast_to(x, 4) for x in interpret(program, shared, lanes)]
    expected = [
        np.sum(x) / m if is_summed else x / m for x, is_summed in zip(of_lanes, summed, strict=True)
    ]
    for found in means, sums_inward(means, mean=True, part=part):
        for x, y in zip(interpret(found, [*shared, *counts], lanes), expected, strict=True):
            assert np.array_equal(x, y)
