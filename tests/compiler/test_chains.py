"""Chains of multiply-adds, and gates: fewer instructions, and the same sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.compiler.chains import LONGEST, MULTIPLY_ADDS, NOTHING, merge_chains
from autograd_mini.compiler.gates import GATE, merge_gates
from autograd_mini.compiler.machine import MULTIPLY_ADD
from autograd_mini.compiler.numpy_executor import NumpyExecutor
from autograd_mini.compiler.program import LANE, Constant, Guard, Input, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.activations import relu
from tests.compiler.interpreter import SPECIAL, interpret, same_bits
from tests.compiler.machine_programs import expected, neuron

EPSILON = np.finfo(float).eps

Run = Callable[..., Any]


@pytest.fixture(params=["numpy", "numba"])
def executor(request: pytest.FixtureRequest) -> Run:
    """Each executor in turn."""
    if request.param == "numpy":
        return NumpyExecutor
    pytest.importorskip("numba", reason="numba, the extra `fast`, is not installed")
    from autograd_mini.compiler.interpreter.executor import NumbaExecutor

    return NumbaExecutor


def numbers(program: Program, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what all lanes share, and m lanes."""
    rng = np.random.default_rng(m)
    in_lanes = [program.details[k].lane for k in program.inputs]
    return rng.normal(size=in_lanes.count(False)), rng.normal(size=(in_lanes.count(True), m))


def chains(program: Program) -> list[tuple[int, ...]]:
    """Return the operands of each chain."""
    assert not program.of(MULTIPLY_ADD).any()
    entries = program.entries
    return [
        z.operands for z in entries if isinstance(z, Instruction) and z.operation is MULTIPLY_ADDS
    ]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 15, 16, 17, 18, 40])
@pytest.mark.parametrize("start", ["shared", "lane", "product"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["sum", "exact", "guarded"])
def test_chains(executor: Run, length: int, start: str, bias: bool, kind: str) -> None:
    """Sums of any length: in any order, unless every bit or a comparison depends on it."""
    program = neuron(length, start, bias=bias, guarded=kind == "guarded")
    shared, lanes = numbers(program, 70)
    _, of_lanes = expected(program, shared.tolist(), lanes)
    found = executor(program, exact=kind == "exact")(shared, lanes)[1]
    if kind != "sum":
        assert same_bits(found, of_lanes)
    terms = np.concatenate([shared[:length, np.newaxis] * lanes[:length], lanes[length:]])
    constants = shared[length:]
    true = np.array([math.fsum([*column, *constants]) for column in terms.T])
    sizes = np.abs(terms).sum(axis=0) + np.abs(constants).sum()
    assert (np.abs(found[0] - true) <= (length + 2) * EPSILON * sizes).all()


@pytest.mark.parametrize("length", [2, 3, 4, 5, 8, 16])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_products_alone_keep_the_sign_of_zero(executor: Run, length: int, zero: float) -> None:
    """Each product is a zero of one sign, and so is their sum."""
    program = neuron(length, "product")
    shared, lanes = np.ones(length), np.full((length, 20), zero)
    assert same_bits(executor(program, exact=True)(shared, lanes)[1], np.full((1, 20), zero))


@pytest.mark.parametrize("length", [2, LONGEST, LONGEST + 1, 2 * LONGEST, 2 * LONGEST + 1])
def test_a_product_is_the_first_term(length: int) -> None:
    """A neuron is one chain, or as many as it must be; the first begins with nothing."""
    merged = merge_chains(neuron(length, "product"))
    found = chains(merged)
    assert [len(operands) // 2 for operands in found[:-1]] == [LONGEST] * (len(found) - 1)
    assert sum(len(operands) // 2 for operands in found) == length
    assert merged.details[found[0][0]] is NOTHING
    assert all(merged.times[operands[0]] == LANE for operands in found[1:])
    assert not merged.of(e.multiply).any()


@pytest.mark.parametrize("in_order", [True, False])
def test_the_bias_of_a_neuron_comes_first(in_order: bool) -> None:
    """The sum begins with it, unless that would change the order; then nothing is added."""
    program = neuron(5, "product", bias=True)
    merged = merge_chains(program, in_order=in_order)
    (operands,) = chains(merged)
    first = merged.details[operands[0]]
    assert first is NOTHING if in_order else first == Input("b")
    assert merged.of(e.add).any() == in_order
    assert NOTHING in merged.entries or not in_order


def test_a_sum_that_is_wanted_without_its_bias_stays() -> None:
    """So does a product that is wanted, and one that all lanes share is no first term."""
    program = neuron(3, "product", bias=True)
    k = int(np.flatnonzero(program.of(MULTIPLY_ADD))[-1])
    merged = merge_chains(Program(program.entries, (*program.outputs, k)), in_order=False)
    assert merged.of(e.add).any()
    product = int(np.flatnonzero(program.of(e.multiply))[0])
    merged = merge_chains(Program(program.entries, (*program.outputs, product)), in_order=False)
    assert merged.of(e.multiply).any()
    entries = [Input("u"), Input("x", lane=True), Instruction(e.multiply, (0, 0))]
    merged = merge_chains(Program([*entries, Instruction(MULTIPLY_ADD, (0, 1, 2))], (3,)))
    assert chains(merged) == [(2, 0, 1)]


def test_links_that_are_wanted_stay() -> None:
    """Only a link that nothing else uses becomes part of a chain."""
    links = [Instruction(MULTIPLY_ADD, (0, 1, k)) for k in (1, 2, 3)]
    program = Program([Input("w"), Input("x", lane=True), *links], (4,))

    def lengths(program: Program) -> list[int]:
        return [len(operands) // 2 for operands in chains(merge_chains(program))]

    assert lengths(program) == [3]
    assert lengths(Program(program.entries, (4, 3))) == [2, 1]
    assert lengths(Program(program.entries, (4, 2))) == [1, 2]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 16, 17, 40])
def test_chains_on_floats(executor: Run, length: int) -> None:
    """w0 x + (w1 x + ...) in order, where there are no lanes."""
    entries: list[Any] = [Input(f"w{k}") for k in range(length)]
    entries += [Input("x"), Input("a")]
    for k in range(length):
        entries.append(Instruction(MULTIPLY_ADD, (k, length, len(entries) - 1)))
    shared = np.random.default_rng(length).normal(size=length + 2)
    program = Program(entries, (len(entries) - 1,))
    assert same_bits(executor(program)(shared)[0], interpret(program, shared.tolist()))


def test_chains_end_where_the_lanes_begin(executor: Run) -> None:
    """What all lanes share is summed up once, and the sum in each lane begins with it."""
    entries: list[Any] = [Input("u"), Input("v"), Input("w"), Input("x", lane=True)]
    links = (0, 1, 2), (2, 1, 4), (0, 3, 5), (3, 1, 6)
    entries += [Instruction(MULTIPLY_ADD, operands) for operands in links]
    program, shared = Program(entries, (7,)), [0.75, -1.25, 3.0]
    lanes = np.random.default_rng(70).normal(size=(1, 70))
    found = executor(program, exact=True)(np.array(shared), lanes)[1]
    assert same_bits(found, expected(program, shared, lanes)[1])


@pytest.mark.parametrize("place", range(8))
def test_chains_that_begin_with_one_of_their_factors(executor: Run, place: int) -> None:
    """A sum begins in the register of a block only where no later term reads that block."""
    entries: list[Any] = [Input(f"w{k}") for k in range(8)]
    entries += [Input("x", lane=True), Input("y", lane=True)]
    start = len(entries)
    entries += [Instruction(e.multiply, (8, 9))]
    for k in range(8):
        factor = start if k == place else 9
        entries.append(Instruction(MULTIPLY_ADD, (k, factor, len(entries) - 1)))
    program = Program(entries, (len(entries) - 1,))
    shared = np.arange(1.0, 9.0) / 7.0
    lanes = np.random.default_rng(70).normal(size=(2, 70))
    found = executor(program, exact=True)(shared, lanes)[1]
    assert same_bits(found, expected(program, shared.tolist(), lanes)[1])


def gated(threshold: Any, *, with_relu: bool, swapped: bool) -> Program:
    """Return a program for z where x > threshold, and of relu(x) + the product."""
    entries = [Input("x", lane=True), Input("z", lane=True), threshold]
    entries += [Instruction(relu, (0,))] if with_relu else []
    n = len(entries)
    factors = (1, n) if swapped else (n, 1)
    entries += [Instruction(e.greater, (0, 2)), Instruction(e.multiply, factors)]
    return Program(entries, (n + 1, n - 1 if with_relu else 0))


@pytest.mark.parametrize("threshold", [Constant(0.0), Constant(-0.0), Constant(1.0), Input("t")])
@pytest.mark.parametrize("with_relu", [True, False])
@pytest.mark.parametrize("swapped", [True, False])
def test_gates(executor: Run, threshold: Any, with_relu: bool, swapped: bool) -> None:
    """(x > t) z is one instruction, and the same bits at all special numbers; relu(x) may be x."""
    program = gated(threshold, with_relu=with_relu, swapped=swapped)
    merged = merge_gates(program)
    assert merged.of(GATE).sum() == 1
    assert not merged.of(e.greater, e.multiply).any()
    gate = merged.entries[int(np.flatnonzero(merged.of(GATE))[0])]
    assert isinstance(gate, Instruction)
    asked = merged.entries[gate.operands[0]]
    assert (asked == Input("x", lane=True)) != (with_relu and threshold == Constant(0.0))
    shared = [0.5] if isinstance(threshold, Input) else []
    lanes = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)
    found = executor(program, exact=True)(np.array(shared), lanes)[1]
    assert same_bits(found, expected(program, shared, lanes)[1])


def test_comparisons_that_are_wanted_stay() -> None:
    """A comparison that is a result, that has two uses, or that all lanes share, is no gate."""
    program = gated(Constant(0.0), with_relu=False, swapped=False)
    n = len(program.entries)
    for wanted in (
        Program(program.entries, (n - 1, n - 2)),
        Program(program.entries, (n - 1,), (Guard(n - 2, True),)),
        Program([*program.entries, Instruction(e.multiply, (n - 2, 0))], (n - 1, n)),
        Program([*program.entries[:-1], Instruction(e.multiply, (n - 2, 2))], (n - 1,)),
        Program([Input("x"), *program.entries[1:]], (n - 1,)),
        gated(Input("y", lane=True), with_relu=False, swapped=False),
    ):
        assert merge_gates(wanted) is wanted


def test_a_gate_does_not_wait_for_a_later_relu() -> None:
    """Where relu(x) is computed after the product, x itself is asked."""
    program = gated(Constant(0.0), with_relu=False, swapped=False)
    n = len(program.entries)
    merged = merge_gates(Program([*program.entries, Instruction(relu, (0,))], (n - 1, n)))
    (gate,) = np.flatnonzero(merged.of(GATE))
    assert merged.operands_of(gate) == [0, 2, 1]


@given(st.lists(st.sampled_from(SPECIAL), min_size=3, max_size=3))
def test_nothing_changes_no_number(x: list[float]) -> None:
    """X + (-0) is x, for every x: what a chain of products begins with."""
    assert same_bits(np.array(x) + NOTHING.value, x)
