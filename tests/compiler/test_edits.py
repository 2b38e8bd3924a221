"""Edits of programs: columns that fit together again, whatever is changed in them."""

from __future__ import annotations

import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.compiler.edits import arranged, extended, redirected, replaced
from autograd_mini.compiler.program import (
    BEFORE,
    LANE,
    Constant,
    Guard,
    Input,
    Instruction,
    Program,
)
from autograd_mini.ops import elementwise as e
from tests.compiler.interpreter import interpret, points, programs, same_bits


@given(program=programs(lanes=True), seed=st.integers(0, 2**32 - 1))
def test_entries_and_columns_tell_the_same(program: Program, seed: int) -> None:
    """A program made of the entries of another is that program, and so is its pickle."""
    shared, lanes = points(program, 2, seed)
    for other in (
        Program(program.entries, program.outputs, program.guards),
        pickle.loads(pickle.dumps(program)),
    ):
        assert str(other) == str(program)  # in which NaN is like NaN
        assert np.array_equal(other.times, program.times)
        for x, y in zip(
            interpret(program, shared, lanes), interpret(other, shared, lanes), strict=True
        ):
            assert same_bits(x, y)


@given(program=programs(), seed=st.integers(0, 2**32 - 1))
def test_another_order_computes_the_same(program: Program, seed: int) -> None:
    """Values in any order with operands first: here by how far they are from the inputs."""
    depth: list[int] = []
    for operands in program.operands_by_position():
        depth.append(1 + max((depth[x] for x in operands), default=-1))
    after = arranged(program, np.argsort(depth, kind="stable"))
    shared, _ = points(program, 1, seed)
    for x, y in zip(interpret(program, shared), interpret(after, shared), strict=True):
        assert same_bits(x, y)


def test_each_edit() -> None:
    """Entries that go, change or come; where others stay, with their settings and results."""
    entries = [
        Input("x", lane=True),
        Constant(2.0),
        Instruction(e.power, (0, 1)),
        Instruction(e.where, (0, 1, 2)),
        Instruction(e.add, (2, 3)),
    ]
    program = Program(entries, (4, 2), (Guard(3, True),))
    assert program.times.tolist() == [LANE, BEFORE, LANE, LANE, LANE]
    square = replaced(program, {2: Instruction(e.square, (0,)), 0: Constant(3.0)})
    assert square.entries == [Constant(3.0), entries[1], Instruction(e.square, (0,)), *entries[3:]]
    assert square.times.tolist() == [BEFORE] * 5
    moved = redirected(program, {3: 2})
    assert moved.entries[4] == Instruction(e.add, (2, 2))
    assert (moved.outputs, moved.guards) == ((4, 2), (Guard(2, True),))
    kept = arranged(moved, np.array([1, 0, 2, 4]))
    assert kept.entries == [
        entries[1],
        entries[0],
        Instruction(e.power, (1, 0)),
        Instruction(e.add, (2, 2)),
    ]
    assert (kept.outputs, kept.guards) == ((3, 2), (Guard(2, True),))
    longer = extended(kept, [Input("y"), Instruction(e.neg, (3,))], (5,))
    assert longer.entries == [*kept.entries, Input("y"), Instruction(e.neg, (3,))]
    assert longer.outputs == (5,)


def test_long_programs_show_their_ends() -> None:
    """A table of a hundred values has the first and the last thirty, and says what is left out."""
    program = Program([Input("x"), *(Instruction(e.sin, (k,)) for k in range(99))], (99,))
    lines = str(program).split("\n")[2:]
    shown = [int(line.split()[0].lstrip("%")) for line in lines if line.startswith("%")]
    assert shown == [*range(30), *range(70, 100)]
    assert lines[30] == "... 40 not shown ..."
    assert len(lines) == 61
