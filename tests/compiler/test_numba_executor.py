"""The numba executor gives what the plainest interpreter gives, on any lanes and threads."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as am
from autograd_mini.compiler.interpreter import executor
from autograd_mini.compiler.interpreter.executor import NumbaExecutor, unsupported
from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM
from autograd_mini.compiler.program import (
    BEFORE,
    LANE,
    Constant,
    Input,
    Instruction,
    Program,
)
from autograd_mini.compiler.runs import in_runs
from autograd_mini.errors import DataError
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import register_primitive
from tests.compiler.interpreter import interpret, same_bits
from tests.compiler.machine_programs import (
    dot_products,
    expected,
    long_program,
    machine_programs,
    neuron,
)

pytest.importorskip("numba", reason="numba, the extra `fast`, is not installed")

EPSILON = np.finfo(float).eps


def numbers(m: int) -> np.ndarray:
    """Return two rows of lanes."""
    return np.random.default_rng(m).normal(size=(2, m))


@given(program=machine_programs(), m=st.sampled_from([1, 7, 63, 64, 65, 200]))
def test_programs_in_order_have_every_bit(program: Program, m: int):
    """With exact=True all results are the same, to the last bit."""
    shared, lanes = np.array([0.75, -1.25]), numbers(m)
    common, of_lanes = expected(program, shared, lanes)
    results = NumbaExecutor(program, exact=True)(shared, lanes)
    assert same_bits(results[0], common)
    assert same_bits(results[1], of_lanes)


@given(program=machine_programs())
def test_what_is_no_sum_has_every_bit(program: Program):
    """Without exact=True too: what lanes compute, and what comes before them."""
    shared, lanes = np.array([0.75, -1.25]), numbers(65)
    common, of_lanes = expected(program, shared, lanes)
    results = NumbaExecutor(program)(shared, lanes)
    assert same_bits(results[1], of_lanes)
    times = program.times.tolist()
    before = [times[k] == BEFORE for k in program.results if times[k] != LANE]
    assert same_bits(results[0][before], np.array(common)[before])


def sums(number: int) -> Program:
    """Return a program for Σ x and for Σ y z of so many z, in either order of the factors."""
    entries: list[Any] = [Input("x", lane=True), Input("y", lane=True)]
    for k in range(number):
        entries.append(Instruction(e.add, (0, k + 1)))  # x + y, 2x + y, 3x + y ...
    entries.append(Instruction(LANE_SUM, (0,)))
    for k in range(2, 2 + number):
        entries.append(Instruction(LANE_DOT, (k, 1) if k % 2 else (1, k)))
    return Program(entries, tuple(range(2 + number, len(entries))))


@pytest.mark.parametrize("m", [0, 1, 15, 16, 17, 63, 64, 65, 100, 1000, 4096, 4097, 10_000])
@pytest.mark.parametrize("number", [1, 2, 5, 8])
@pytest.mark.parametrize("exact", [True, False])
def test_sums_over_lanes(m: int, number: int, exact: bool):
    """Each is the true sum but for m roundings, and with exact=True that in order to the bit."""
    lanes = numbers(m)
    found = NumbaExecutor(sums(number), exact=exact)(np.zeros(0), lanes)[0]
    x, y = lanes
    terms = [x]
    z = y
    for _ in range(number):
        z = x + z
        terms.append(y * z)
    for total, summed in zip(found, terms, strict=True):
        error = abs(total - math.fsum(summed))
        assert error <= m * EPSILON * math.fsum(np.abs(summed))
        if exact:
            in_order = 0.0
            for term in summed.tolist():
                in_order += term
            assert total == in_order


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let threads be taken however small the work; tell how many were, call by call."""
    taken = []

    class Pool(ThreadPoolExecutor):
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            taken.append(1)
            return super().submit(*args, **kwargs)

    monkeypatch.setattr(executor, "_WORTH", 0)
    monkeypatch.setattr(executor, "_cores", lambda: 3)
    monkeypatch.setattr(executor, "ThreadPoolExecutor", Pool)
    return taken


def test_the_number_of_cores_changes_no_bit(three_threads: list[int], request: Any):
    """Groups of lanes on three threads, and all on one."""
    lanes = numbers(20_000)
    run = NumbaExecutor(sums(5))
    on_three = run(np.zeros(0), lanes)
    assert len(three_threads) == 2  # beside the caller's own
    request.getfixturevalue("monkeypatch").setattr(executor, "_cores", lambda: 1)
    on_one = run(np.zeros(0), lanes)
    assert len(three_threads) == 2
    assert same_bits(on_three[0], on_one[0])


def test_one_executor_in_several_threads():
    """Calls do not disturb each other, and their results are their own."""
    entries = [Input("s"), Input("x", lane=True), Input("y", lane=True)]
    entries += [Instruction(e.multiply, (0, 1)), Instruction(e.sin, (3,))]
    entries += [Instruction(LANE_DOT, (4, 2))]
    run = NumbaExecutor(Program(entries, (5, 4)))
    lanes = numbers(3_000)

    def call(s: float) -> tuple[np.ndarray, np.ndarray]:
        return run(np.array([s]), lanes)

    scales = [float(s) for s in range(40)]
    alone = [call(s) for s in scales]
    with ThreadPoolExecutor(4) as pool:
        together = [*pool.map(call, scales)]
    for (total, z), (other_total, other_z) in zip(alone, together, strict=True):
        assert same_bits(total, other_total)
        assert same_bits(z, other_z)
    assert not same_bits(alone[1][1], alone[2][1])


def test_like_instructions_on_floats_follow_one_another():
    """cos(sin(x)) of each of many x becomes a run of sin and a run of cos, and means the same."""
    n = 50
    entries: list[Any] = [Input("x") for _ in range(n)]
    for k in range(n):
        entries += [Instruction(e.sin, (k,)), Instruction(e.cos, (len(entries),))]
    program = Program(entries, tuple(range(n + 1, 3 * n, 2)))
    ordered = in_runs(program)
    names = [z.operation.name for z in ordered.entries if isinstance(z, Instruction)]
    assert names == ["sin"] * n + ["cos"] * n
    x = np.linspace(-3.0, 3.0, n)
    assert same_bits(NumbaExecutor(program)(x)[0], interpret(program, x.tolist()))


def test_calls_with_more_and_with_fewer_lanes():
    """Registers are as wide as the lanes of a call, up to a block: each has the same results."""
    program = neuron(20, "product")
    run, totals = NumbaExecutor(program), NumbaExecutor(sums(1))
    for m in (3, 100, 17, 0, 300, 5_000, 3):
        shared = np.linspace(-1.0, 1.0, 20)
        lanes = np.random.default_rng(m).normal(size=(20, m))
        assert same_bits(run(shared, lanes)[1], NumbaExecutor(program)(shared, lanes)[1])
        np.testing.assert_allclose(run(shared, lanes)[1], [shared @ lanes], rtol=1e-12, atol=1e-12)
        assert totals(np.zeros(0), lanes[:2])[1].shape == (0, m)  # no results of lanes, of each


def arrays_like(x: np.ndarray) -> list[np.ndarray]:
    """Return the same whole numbers as integers, by columns, read-only, with gaps, unaligned."""
    locked = x.astype(float)
    locked.flags.writeable = False
    unaligned = np.frombuffer(b"." + x.astype(float).tobytes(), offset=1).reshape(x.shape)
    gaps = np.repeat(x, 2, axis=0).astype(float)[::2]
    return [x.astype(int), np.asfortranarray(x, float), locked, gaps, unaligned]


def test_arrays_of_other_kinds_and_orders():
    """Integers, transposed, read-only and unaligned arrays are read right, and not written to."""
    batch = am.compile(lambda s, x: s * x[0] - x[1], engine="numba").batched((None, 0), reduce=None)
    alone = am.compile(lambda x: (x * x).sum(), engine="numba")
    x = np.arange(20).reshape(10, 2)
    for given_lanes, vector in zip(arrays_like(x), arrays_like(x[:, 0]), strict=True):
        np.testing.assert_array_equal(batch(3, given_lanes), 3 * x[:, 0] - x[:, 1])
        np.testing.assert_array_equal(alone.grad(vector), 2 * x[:, 0])
        np.testing.assert_array_equal(given_lanes, x)


def test_results_that_are_inputs_or_constants():
    """A result may be given, and may be wanted twice."""
    entries = [Input("s"), Input("x", lane=True), Constant(2.5)]
    run = NumbaExecutor(Program(entries, (1, 0, 2, 1, 0)))
    common, of_lanes = run(np.array([7.0]), np.array([[1.0, 2.0]]))
    assert common.tolist() == [7.0, 2.5, 7.0]
    assert of_lanes.tolist() == [[1.0, 2.0], [1.0, 2.0]]


def test_wide_programs_on_short_blocks():
    """More registers than the cache holds: each of 2,000 values lives to the end."""
    n = 2_000
    entries: list[Any] = [Input("x", lane=True)]
    entries += [Instruction(e.sin, (k,)) for k in range(n)]
    total = n
    for k in range(n - 1, 0, -1):
        entries.append(Instruction(e.add, (total, k)))
        total = len(entries) - 1
    lanes = numbers(130)[:1]
    found = NumbaExecutor(Program(entries, (total,)))(np.zeros(0), lanes)[1]
    z, values = lanes[0], []
    for _ in range(n):
        z = np.array([math.sin(x) for x in z])
        values.append(z)
    summed = values[-1]
    for value in values[-2::-1]:
        summed = summed + value
    assert same_bits(found[0], summed)


@pytest.mark.usefixtures("scratch_registry")
def test_what_is_not_compiled_is_named():
    """Primitives that SciPy computes, and a user's own, whatever their names."""
    own = register_primitive("lane_sum", np.positive, partials=[1.0])
    entries = [Input("x"), Instruction(e.digamma, (0,)), Instruction(own, (1,))]
    program = Program([*entries, Instruction(e.sin, (2,))], (3,))
    assert unsupported(program) == ["digamma", "lane_sum"]
    with pytest.raises(DataError, match=r"no code for digamma, lane_sum: .*take engine 'numpy'"):
        NumbaExecutor(program)


@settings(max_examples=10)
@given(program=machine_programs())
def test_pickling(program: Program):
    """An executor is pickled as its program."""
    run = NumbaExecutor(program, exact=True)
    shared, lanes = np.array([0.75, -1.25]), numbers(5)
    for x, y in zip(
        pickle.loads(pickle.dumps(run))(shared, lanes), run(shared, lanes), strict=True
    ):
        assert same_bits(x, y)


@pytest.mark.parametrize("number", [1, 3, 4, 5, 8, 17])
@pytest.mark.parametrize("exact", [True, False])
def test_dot_products_that_follow_one_another(number: int, exact: bool):
    """Those with one block in common are taken by four; each is the true sum but for roundings."""
    program, lanes = dot_products(number), numbers(100)
    common, _ = expected(program, [], lanes)
    found = NumbaExecutor(program, exact=exact)(np.zeros(0), lanes)[0]
    if exact:
        assert same_bits(found, common)
    np.testing.assert_allclose(found, common, rtol=1e-12)


def test_long_programs():
    """More instructions than are put in order at a time; each still comes after its operands."""
    program = long_program(3_000)
    found = NumbaExecutor(program)(np.array([0.75, -1.25]))[0]
    assert same_bits(found, interpret(program, [0.75, -1.25]))
