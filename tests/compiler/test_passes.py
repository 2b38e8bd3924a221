"""Each pass alone: it changes no bit of any result, and does what it is for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.compiler.machine import MULTIPLY_ADD, MULTIPLY_SUBTRACT
from autograd_mini.compiler.passes import TIDY, fold, fuse, prune, settle, share, simplify
from autograd_mini.compiler.program import Constant, Guard, Input, Instruction, Program
from autograd_mini.ops import elementwise as e
from tests.compiler.interpreter import interpret, points, programs, same_bits

X = Input("x")
Y = Input("y")


def operations(program: Program) -> list[str]:
    """Return the names of a program's operations in order."""
    return [x.operation.name for x in program.entries if isinstance(x, Instruction)]


@pytest.mark.parametrize("one_pass", [prune, fold, simplify, share, settle, fuse])
@given(program=programs(), seed=st.integers(0, 2**32 - 1))
def test_a_pass_changes_no_bit(
    one_pass: Callable[[Program], Program], program: Program, seed: int
) -> None:
    """Random programs at ordinary and special numbers: before and after, the same results."""
    shared, _ = points(program, 1, seed)
    after = one_pass(program)
    assert len(after.outputs) == len(program.outputs)
    for x, y in zip(interpret(program, shared), interpret(after, shared), strict=True):
        assert same_bits(x, y)


@given(program=programs(lanes=True), seed=st.integers(0, 2**32 - 1))
def test_all_passes_change_no_bit_of_any_lane(program: Program, seed: int) -> None:
    """The passes one after the other, on what lanes share and on what each has for itself."""
    shared, lanes = points(program, 3, seed)
    after = program
    for one_pass in (*TIDY, fuse):
        after = one_pass(after)
    assert len(after) <= len(program)
    results = interpret(program, shared, lanes), interpret(after, shared, lanes)
    for x, y in zip(*results, strict=True):
        assert same_bits(np.broadcast_to(x, 3), np.broadcast_to(y, 3))


def test_prune_keeps_inputs_and_what_results_need() -> None:
    """An instruction that nothing needs goes; an input stays, and so does what a guard needs."""
    entries = [
        X,
        Y,
        Instruction(e.exp, (0,)),
        Instruction(e.sin, (0,)),
        Instruction(e.greater, (3, 0)),
        Instruction(e.neg, (0,)),
    ]
    program = prune(Program(entries, (5,), (Guard(4, True),)))
    assert operations(program) == ["sin", "greater", "neg"]
    assert program.inputs == [0, 1]
    assert program.outputs == (4,)
    assert program.guards == (Guard(3, True),)


def test_fold_computes_as_the_engine_does() -> None:
    """What depends on constants alone is a constant, also through several steps, and at 1/0."""
    entries = [
        Constant(0.5),
        Instruction(e.exp, (0,)),
        Constant(0.0),
        Instruction(e.divide, (1, 2)),
        X,
        Instruction(e.multiply, (1, 4)),
    ]
    with np.errstate(all="ignore"):
        program = fold(Program(entries, (1, 3, 5)))
    assert operations(program) == ["multiply"]
    assert program.entries[1] == Constant(math.exp(0.5))
    assert program.entries[3] == Constant(math.inf)


def test_share_finds_what_is_computed_twice() -> None:
    """The same operation on the same operands is done once; a product in either order is one."""
    entries = [
        X,
        Y,
        Instruction(e.multiply, (0, 1)),
        Instruction(e.multiply, (1, 0)),
        Instruction(e.subtract, (0, 1)),
        Instruction(e.subtract, (1, 0)),
        Instruction(e.sin, (2,)),
        Instruction(e.sin, (3,)),
    ]
    program = prune(share(Program(entries, (6, 7, 4, 5))))
    assert operations(program) == ["multiply", "subtract", "subtract", "sin"]
    assert program.outputs[0] == program.outputs[1]


def test_share_looks_at_every_operand() -> None:
    """Of three, the one between may be what differs, and may have been found elsewhere."""
    entries = [
        *(X, Y),
        *(Instruction(e.sin, (0,)), Instruction(e.sin, (0,))),
        *(Instruction(e.where, (0, x, 1)) for x in (0, 1, 2, 3)),
    ]
    program = prune(share(Program(entries, (4, 5, 6, 7))))
    assert operations(program) == ["sin", "where", "where", "where"]
    assert program.outputs[2] == program.outputs[3]


def test_share_tells_the_zeros_apart() -> None:
    """0 and -0 are equal to Python and are two constants here."""
    program = prune(share(Program([Constant(0.0), Constant(-0.0), Constant(0.0)], (0, 1, 2))))
    assert [math.copysign(1.0, x.value) for x in program.entries] == [1.0, -1.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("operation", "operands", "left"),
    [
        (e.multiply, (1.0, "x"), []),
        (e.multiply, ("x", 1.0), []),
        (e.multiply, ("x", -1.0), ["neg"]),
        (e.multiply, ("x", 0.0), ["multiply"]),
        (e.divide, ("x", 1.0), []),
        (e.divide, (1.0, "x"), ["divide"]),
        (e.add, ("x", -0.0), []),
        (e.add, ("x", 0.0), ["add"]),
        (e.subtract, ("x", 0.0), []),
        (e.subtract, ("x", -0.0), ["subtract"]),
        (e.subtract, (0.0, "x"), ["subtract"]),
        (e.power, ("x", 1.0), []),
        (e.power, ("x", 2.0), ["square"]),
        (e.power, ("x", 3.0), ["power"]),
        (e.positive, ("x",), []),
    ],
)
def test_simplify_drops_only_what_ieee_arithmetic_allows(
    operation: Any, operands: tuple[Any, ...], left: list[str]
) -> None:
    """X · 1 is x for every x; x · 0 is not 0 for all, and x + 0 is not x at -0."""
    entries: list[Any] = [X]
    places = []
    for operand in operands:
        if operand != "x":
            entries.append(Constant(operand))
        places.append(0 if operand == "x" else len(entries) - 1)
    entries.append(Instruction(operation, tuple(places)))
    program = prune(simplify(Program(entries, (len(entries) - 1,))))
    assert operations(program) == left


def test_simplify_takes_two_signs_away() -> None:
    """-(-x) is x; x + (-y) is x - y, and x - (-y) is x + y."""
    entries = [
        X,
        Y,
        Instruction(e.neg, (1,)),
        Instruction(e.neg, (2,)),
        Instruction(e.add, (0, 2)),
        Instruction(e.add, (2, 0)),
        Instruction(e.subtract, (0, 2)),
    ]
    program = prune(simplify(Program(entries, (3, 4, 5, 6))))
    assert operations(program) == ["subtract", "subtract", "add"]
    assert program.outputs[0] == 1


def test_settle_drops_guards_that_cannot_fail() -> None:
    """A comparison of constants that came out as expected is no guard; nor is one said twice."""
    entries = [Constant(1.0), X, Instruction(e.greater, (1, 0)), Constant(0.0)]
    guards = (Guard(0, True), Guard(2, False), Guard(2, False), Guard(3, True))
    assert settle(Program(entries, (1,), guards)).guards == (Guard(2, False), Guard(3, True))


def test_fuse_takes_a_product_that_is_used_once() -> None:
    """W x + a is one operation, and so is a + w x; a product with another use stays."""
    entries = [
        X,
        Y,
        Instruction(e.multiply, (0, 1)),
        Instruction(e.add, (0, 2)),
        Instruction(e.multiply, (1, 1)),
        Instruction(e.add, (4, 3)),
        Instruction(e.multiply, (5, 0)),
        Instruction(e.add, (6, 0)),
        Instruction(e.add, (6, 1)),
    ]
    program = fuse(Program(entries, (5, 7, 8)))
    assert operations(program) == ["multiply_add", "multiply_add", "multiply", "add", "add"]
    assert program.entries[2] == Instruction(MULTIPLY_ADD, (0, 1, 0))


def test_fuse_takes_squares_and_differences() -> None:
    """A + x², a - w x, a + (-w) x; in lanes only the sum."""
    entries = [
        X,
        Y,
        Instruction(e.square, (0,)),
        Instruction(e.add, (1, 2)),
        Instruction(e.multiply, (0, 1)),
        Instruction(e.subtract, (3, 4)),
        Instruction(e.neg, (5,)),
        Instruction(e.multiply, (0, 6)),
        Instruction(e.add, (7, 1)),
    ]
    program = fuse(Program(entries, (8,)))
    assert operations(program) == ["multiply_add", "multiply_subtract", "multiply_subtract"]
    assert program.entries[-1] == Instruction(MULTIPLY_SUBTRACT, (3, 0, 1))
    in_lanes = fuse(Program([X._replace(lane=True), *entries[1:]], (8,)))
    assert operations(in_lanes) == ["multiply_add", "multiply", "subtract", "neg", "multiply_add"]


def test_fuse_leaves_what_lanes_share_to_be_computed_once() -> None:
    """A product of shared values is not computed in each lane for the sake of a sum there."""
    entries = [
        X,
        Input("lane", lane=True),
        Instruction(e.multiply, (0, 0)),
        Instruction(e.add, (1, 2)),
    ]
    assert operations(fuse(Program(entries, (3,)))) == ["multiply", "add"]
