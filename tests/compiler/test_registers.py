"""Registers: whatever is overwritten must be dead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from autograd_mini.compiler.machine import LANE_SUM
from autograd_mini.compiler.program import (
    LANE,
    Constant,
    Input,
    Instruction,
    Program,
)
from autograd_mini.compiler.registers import Allocation, allocate
from autograd_mini.ops import elementwise as e
from tests.compiler.interpreter import computed, same_bits
from tests.compiler.machine_programs import expected, machine_programs

SHARED, LANES = np.array([0.75, -1.25]), np.array([[0.5], [-1.5]])


def run(program: Program, times: list[int], allocation: Allocation) -> tuple[Any, Any]:
    """Return the results for one lane, by the order and the registers of an allocation."""
    files = {False: [0.0] * allocation.shared_size, True: [0.0] * allocation.lane_size}
    registers = allocation.registers
    inputs = [k for k in program.inputs if times[k] != LANE]
    constants = [k for k, entry in enumerate(program.entries) if isinstance(entry, Constant)]
    assert [registers[k] for k in inputs + constants] == [*range(len(inputs + constants))]
    given = [*SHARED.tolist(), *(program.entries[k].value for k in constants)]
    files[False][: len(given)] = given
    rows = [k for k in program.inputs if times[k] == LANE]
    sums, taken = {}, {}
    for k in [*allocation.before, *allocation.lanes, None, *allocation.after]:
        if k is None:  # the lanes are done
            for j, total in sums.items():
                files[False][registers[j]] = total
            continue
        entry = program.entries[k]
        if isinstance(entry, Input):
            value = LANES[rows.index(k), 0].item()
        else:
            operands = [files[times[j] == LANE][registers[j]] for j in entry.operands]
            if program.sums[k]:
                sums[k] = 0.0 + math.prod(operands)
                continue
            value = computed(entry, [[x] for x in operands], 1)[0]
        files[times[k] == LANE][registers[k]] = taken[k] = value
    results = [(k, times[k] == LANE) for k in program.results]
    return (
        [files[False][registers[k]] for k, lane in results if not lane],
        np.reshape([taken[k] for k, lane in results if lane], (-1, 1)),
    )


@pytest.mark.parametrize("in_place", [True, False])
@given(program=machine_programs())
def test_programs_compute_the_same_on_registers(program: Program, in_place: bool):
    """A program run on its registers, many values in one, gives what it gives on variables."""
    times = program.times.tolist()
    options = {} if in_place else {"in_place": lambda operation, operands: ()}
    allocation = allocate(program, **options)
    shared, lanes = run(program, times, allocation)
    common, of_lanes = expected(program, SHARED.tolist(), LANES)
    assert same_bits(shared, common)
    assert same_bits(lanes, of_lanes)


@given(program=machine_programs())
def test_results_overwrite_no_operand_that_is_not_given_up(program: Program):
    """Without `in_place` the register of a result is none of its operands'."""
    times = program.times.tolist()
    registers = allocate(program, in_place=lambda operation, operands: ()).registers
    for k, entry in enumerate(program.entries):
        if isinstance(entry, Instruction) and not program.sums[k]:
            alike = [j for j in entry.operands if (times[j] == LANE) == (times[k] == LANE)]
            assert registers[k] not in [registers[j] for j in alike]


@pytest.mark.parametrize("lane", [True, False])
def test_a_chain_needs_two_registers(lane: bool):
    """sin(sin(...)) of any length lives in one register, beside a shared input that is kept."""
    n = 1_000
    entries = [Input("x", lane), *(Instruction(e.sin, (k,)) for k in range(n))]
    allocation = allocate(Program(entries, (n,)))
    assert (allocation.shared_size, allocation.lane_size) == ((0, 1) if lane else (2, 0))


def test_lane_inputs_are_made_at_their_first_use():
    """The second input takes the register of the first, which is dead by then."""
    entries = [
        *(Input("x", lane=True), Input("y", lane=True)),
        *(Instruction(e.sin, (0,)), Instruction(e.cos, (2,))),
        *(Instruction(e.add, (3, 1)), Instruction(e.sin, (4,))),
    ]
    program = Program(entries, (5,))
    allocation = allocate(program)
    assert allocation.lanes == [0, 2, 3, 1, 4, 5]
    assert allocation.lane_size == 2


def test_a_summed_value_dies_where_it_is_taken():
    """The sum itself is there after the lanes; the next value of the lane has the register."""
    sums = [Instruction(LANE_SUM, (0,)), Instruction(LANE_SUM, (2,))]
    entries = [Input("x", lane=True), sums[0], Instruction(e.sin, (0,)), sums[1]]
    allocation = allocate(Program(entries, (1, 3)))
    assert (allocation.shared_size, allocation.lane_size) == (2, 1)
