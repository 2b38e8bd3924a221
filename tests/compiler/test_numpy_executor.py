"""The NumPy executor gives what the plainest interpreter gives; where it must, every bit."""

from __future__ import annotations

import math
import pickle
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.compiler import floats
from autograd_mini.compiler.blocks import SAME_BITS
from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, MULTIPLY_ADD
from autograd_mini.compiler.numpy_executor import NumpyExecutor
from autograd_mini.compiler.program import Input, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import REGISTRY
from tests.compiler.interpreter import SPECIAL, interpret, same_bits
from tests.compiler.machine_programs import (
    dot_products,
    expected,
    long_program,
    machine_programs,
)

EPSILON = np.finfo(float).eps


@pytest.fixture(params=[2, floats.RUN], autouse=True)
def run_length(request: pytest.FixtureRequest) -> Any:
    """Let two like instructions be a run too: programs in tests are short."""
    before, floats.RUN = floats.RUN, request.param
    yield request.param
    floats.RUN = before


def rows(number: int, m: int) -> np.ndarray:
    """Return rows of lanes."""
    return np.random.default_rng(m).normal(size=(number, m))


@given(program=machine_programs(), m=st.sampled_from([1, 7, 200]))
def test_programs_in_order_have_every_bit(program: Program, m: int):
    """With exact=True all results are the same, to the last bit."""
    shared, lanes = np.array([0.75, -1.25]), rows(2, m)
    common, of_lanes = expected(program, shared, lanes)
    results = NumpyExecutor(program, exact=True)(shared, lanes)
    assert same_bits(results[0], common)
    assert same_bits(results[1], of_lanes)


@pytest.mark.parametrize("m", [1, 100, 5000])
@pytest.mark.parametrize("number", [1, 2, 5, 40])
@pytest.mark.parametrize("exact", [True, False])
def test_sums_over_lanes(m: int, number: int, exact: bool):
    """Σ x, Σ y and Σ x z of many x with one z: each is the true sum but for m roundings."""
    entries: list[Any] = [Input(f"x{k}", lane=True) for k in range(number)]
    entries += [Input("z", lane=True), Instruction(LANE_SUM, (0,))]
    entries += [Instruction(LANE_DOT, (k, number) if k % 2 else (number, k)) for k in range(number)]
    entries.append(Instruction(LANE_SUM, (number,)))
    lanes = rows(number + 1, m)
    outputs = tuple(range(number + 1, len(entries)))
    found = NumpyExecutor(Program(entries, outputs), exact=exact)(np.zeros(0), lanes)[0]
    *x, z = lanes
    summed = [x[0], *(row * z for row in x), z]
    for total, terms in zip(found.tolist(), summed, strict=True):
        assert abs(total - math.fsum(terms)) <= m * EPSILON * math.fsum(np.abs(terms))
        if exact:
            in_order = 0.0
            for term in terms.tolist():
                in_order += term
            assert total == in_order


@pytest.mark.parametrize("x", [[1.0, -0.0, 0.0], [-3.0, np.inf, np.nan], [1e300, 1e-320, 2.0]])
def test_runs_of_instructions_on_floats(x: list[float]):
    """Squares, c x, and quotients of those, of each x: as IEEE has it where Python raises."""
    n = len(x)
    entries: list[Any] = [Input("x") for _ in x] + [Input("c")]
    entries += [Instruction(e.multiply, (k, k)) for k in range(n)]
    entries += [Instruction(e.multiply, (n, k)) for k in range(n)]
    for numerator, denominator in ((0, 0), (n + 1, 0), (0, n + 1), (n + 1, 2 * n + 1)):
        pairs = [(numerator + k, denominator + k) for k in range(n)]
        entries += [Instruction(e.divide, pair) for pair in pairs]
    program = Program(entries, tuple(range(n + 1, len(entries))))
    found = NumpyExecutor(program)(np.array([*x, 1e300]))[0]
    assert same_bits(found, interpret(program, [*x, 1e300]))


def test_a_long_run_is_not_of_what_needs_each_other():
    """The sum ((x + x) + x) + ... is taken in order, though all of it is additions."""
    n = 2 * floats.RUN
    entries: list[Any] = [Input("x"), Instruction(e.add, (0, 0))]
    entries += [Instruction(e.add, (k, 0)) for k in range(1, n)]
    program = Program(entries, tuple(range(1, n + 1)))
    found = NumpyExecutor(program)(np.array([0.1]))[0]
    assert same_bits(found, np.add.accumulate(np.full(n + 1, 0.1))[1:])


def test_pickle():
    """An executor is pickled as its program."""
    entries = [Input("w"), Input("x", lane=True), Instruction(MULTIPLY_ADD, (0, 1, 1))]
    run = NumpyExecutor(Program(entries, (2,)))
    again = pickle.loads(pickle.dumps(run))
    lanes = rows(1, 10)
    assert same_bits(again(np.array([2.0]), lanes)[1], run(np.array([2.0]), lanes)[1])
    assert same_bits(again(np.array([2.0]), lanes)[1], [2.0 * lanes[0] + lanes[0]])


FUNCTIONS = [e.exp, e.log, e.tanh, e.sin, e.sqrt, e.expm1, e.log1p]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda x: x.name)
@pytest.mark.parametrize("lane", [True, False])
def test_functions_have_the_bits_of_the_engine(function: Any, lane: bool):
    """Many at once, on floats and with exact=True on lanes; where Python raises, as IEEE has it."""
    x = np.random.default_rng(0).normal(size=200, scale=2.0)
    for special in ([], [1e3, -0.0, 0.0, -np.inf, np.inf, np.nan]):
        numbers = np.append(x, special)
        if lane:
            program = Program([Input("x", lane=True), Instruction(function, (0,))], (1,))
            found = NumpyExecutor(program, exact=True)(np.zeros(0), numbers[np.newaxis])[1][0]
            expected = interpret(program, [], numbers[np.newaxis])[0]
        else:
            n = len(numbers)
            entries: list[Any] = [Input("x") for _ in numbers]
            entries += [Instruction(function, (k,)) for k in range(n)]
            program = Program(entries, tuple(range(n, 2 * n)))
            found = NumpyExecutor(program)(numbers)[0]
            expected = interpret(program, numbers.tolist())
        assert same_bits(found, expected)


@pytest.mark.parametrize("number", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("exact", [True, False])
def test_dot_products_that_follow_one_another(number: int, exact: bool):
    """Many with one row in common are one product; each is the true sum but for roundings."""
    program, lanes = dot_products(number), rows(2, 100)
    common, _ = expected(program, [], lanes)
    found = NumpyExecutor(program, exact=exact)(np.zeros(0), lanes)[0]
    if exact:
        assert same_bits(found, common)
    np.testing.assert_allclose(found, common, rtol=1e-12)


@pytest.mark.parametrize("width", [7, 24, 25])
def test_what_lanes_share_reaches_the_last_block(width: int):
    """A last block that is narrower, since sums have each lane once, is given it too."""
    entries = [Input("w"), Input("x", lane=True), Instruction(e.multiply, (0, 1))]
    run = NumpyExecutor(Program([*entries, Instruction(LANE_SUM, (2,))], (3, 2)))
    run.width = width
    lanes = rows(1, 25)
    for w in (2.0, 3.0, -1.0):
        (total,), products = run(np.array([w]), lanes)
        assert same_bits(products, w * lanes)
        np.testing.assert_allclose(total, math.fsum(w * lanes[0]), rtol=1e-13)


def test_long_programs():
    """More instructions than are put in order at a time; each still comes after its operands."""
    program = long_program(3_000)
    found = NumpyExecutor(program)(np.array([0.75, -1.25]))[0]
    assert same_bits(found, interpret(program, [0.75, -1.25]))


@pytest.mark.parametrize("name", sorted(SAME_BITS))
@pytest.mark.parametrize("lane", [True, False])
def test_arithmetic_has_the_bits_of_the_engine(name: str, lane: bool):
    """Each operation that many share a call of, at zeros of either sign, NaN and infinities."""
    function: Any = REGISTRY[name]
    points = np.array([*product([*SPECIAL, 0.5, -0.5, 2.5], repeat=function.arity)]).T
    arity, n = points.shape
    if lane:
        entries = [Input("x", lane=True) for _ in points]
        program = Program([*entries, Instruction(function, tuple(range(arity)))], (arity,))
        found = NumpyExecutor(program, exact=True)(np.zeros(0), points)[1][0]
        wanted = interpret(program, [], points)[0]
    else:
        places = np.arange(arity * n).reshape(arity, n).T.tolist()
        entries = [Input("x") for _ in points.flat]
        entries += [Instruction(function, tuple(place)) for place in places]
        program = Program(entries, tuple(range(arity * n, len(entries))))
        found = NumpyExecutor(program)(points.ravel())[0]
        wanted = interpret(program, points.ravel().tolist())
    assert same_bits(found, wanted)
