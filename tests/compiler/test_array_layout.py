"""Where values of programs of arrays live: buffers, views, columns, arrays of the caller's own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal, assert_equal

import autograd_mini as am
from autograd_mini.compiler.arrays.executor import ArrayExecutor
from autograd_mini.compiler.arrays.layout import Layout, has_out
from autograd_mini.compiler.machine import Operation
from autograd_mini.compiler.program import Input, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.linalg import matmul
from autograd_mini.ops.softmaxes import softmaxes
from autograd_mini.primitive import lookup, register_primitive
from tests.compiler.tensors import TALL, X, of_tensors

RNG = np.random.default_rng(1)

VIEWS: list[Callable[[Any], Any]] = [
    np.diagonal,
    np.ravel,
    np.rot90,
    np.transpose,
    lambda x: np.einsum("ij->ji", x),
    lambda x: np.einsum("ii->i", x),
]


def test_tall_products_lie_in_columns():
    """The product of a matrix of many rows, unless it is a result, and what comes from it."""
    w = RNG.normal(size=(4, 3))
    entries = [
        Input("x"),
        Input("w"),
        Instruction(matmul, (0, 1)),
        Instruction(e.tanh, (2,)),
        Instruction(matmul, (0, 1)),
        Instruction(lookup("sum"), (3,), {"axis": 0, "keepdims": False}),
    ]
    program = Program(entries, (4, 5))
    (buffer,) = Layout(program, [TALL, w], exact=False).forms
    assert buffer.flags.f_contiguous
    (buffer,) = Layout(program, [TALL, w], exact=True).forms
    assert buffer.flags.c_contiguous
    (buffer,) = Layout(program, [TALL, np.ones((4, 40))], exact=False).forms  # of long rows
    assert buffer.flags.c_contiguous
    for exact in (True, False):
        outputs = ArrayExecutor(program, [TALL, w], exact)([TALL, w])
        assert outputs is not None
        product, total = outputs
        assert product.flags.c_contiguous
        assert_allclose(product, TALL @ w, rtol=1e-14)
        assert_allclose(total, np.tanh(TALL @ w).sum(0), rtol=1e-13)


@pytest.mark.parametrize("meets", [True, False])
def test_layouts_meet(meets: bool):
    """Columns beside rows, constants, biases, transposes and reshapes: the same numbers."""
    c, w, b = RNG.normal(size=TALL.shape), RNG.normal(size=(4, 4)), RNG.normal(size=4)
    given = np.arange(50) % 4

    def f(x: Any, w: Any, b: Any, labels: Any) -> Any:
        z = am.linear(x, w, b)
        y = np.tanh(z) * c + (x if meets else 2.0) - np.eye(4)[given]
        y = y + am.nn.softmax_cross_entropy(z, labels) + np.sum(y.T @ z)
        return np.sum(np.reshape(y, (25, 8)) ** 2) + np.vdot(y, c) + np.vdot(y, z) + np.sum(y[3:7])

    step = of_tensors(f)
    for seed in range(2):
        labels = np.random.default_rng(seed).integers(4, size=50)
        value, bars = am.value_and_grad(f, (0, 1, 2))(TALL, w, b, labels)
        found, found_bars = step.value_and_grad(TALL, w, b, labels, argnums=(0, 1, 2))
        assert_allclose(found, value, rtol=1e-13)
        for a, bar in zip(found_bars, bars, strict=True):
            assert_allclose(a, bar, rtol=1e-11, atol=1e-13 * np.abs(bar).max())


def test_rows_that_are_given_keep_the_others_in_rows():
    """Where a tall argument meets more than products, nothing is laid out in another order."""
    w = RNG.normal(size=(4, 4))
    product = Instruction(matmul, (0, 1))
    total = Instruction(lookup("sum"), (3,), {"axis": None, "keepdims": False})
    for by, in_rows in ((2, False), (0, True)):
        entries = [Input("x"), Input("w"), product, Instruction(e.multiply, (2, by)), total]
        program = Program(entries, (4,))
        for x, expected in ((TALL, in_rows), (np.asfortranarray(TALL), False)):
            form = Layout(program, [x, w], exact=False).forms[0]
            assert form.flags.c_contiguous is expected
            assert form.flags.f_contiguous is not expected


@pytest.mark.parametrize("view", VIEWS)
def test_views_keep_what_they_are_of(view: Callable[[Any], Any]):
    """No buffer is used again while a view of it is still to be read, whatever made the view."""

    def late(x: Any) -> Any:
        of_x, other = view(np.exp(x)), np.tanh(x)
        return np.sum(other * other) * of_x + of_x

    x = RNG.normal(size=(3, 3))
    for array in (x, x + 1.0):
        of_array = view(np.exp(array))
        expected = np.sum(np.tanh(array) ** 2) * of_array + of_array
        assert_allclose(of_tensors(late)(array), expected, rtol=1e-14)
        returned = of_tensors(lambda x: [view(np.exp(x)), np.sum(np.tanh(np.sin(x)))])
        assert_array_equal(returned(array)[0], of_array)


def test_operands_that_overlap():
    """A matrix beside its own transpose is overwritten as if it were not."""
    f = lambda x: np.sum((y := np.exp(x)) - y.T + np.sin(y.T), axis=0)  # noqa: E731
    x = RNG.normal(size=(3, 3))
    for array in (x, x + 1.0):
        assert_allclose(of_tensors(f)(array), f(array), rtol=1e-13)


def test_what_takes_an_array_to_write_to():
    """Reductions of ufuncs do, as do functions that say so; of others in C nobody knows."""
    assert [has_out(f) for f in (np.add.reduce, softmaxes, np.sinc, max)] == [True, True] + [
        False
    ] * 2
    f = lambda x: np.where((x > 1.0).any(axis=1) & (x > 0.0).all(axis=1), 2.0, 3.0) * x[:, 0]  # noqa: E731
    step = of_tensors(f)
    for x in (TALL, -TALL, np.abs(TALL)):
        assert_array_equal(step(x), f(x))


@pytest.mark.usefixtures("scratch_registry")
def test_results_that_are_operands():
    """What an operation of the user's own hands back is copied, be it an argument or a part."""
    whole = register_primitive("whole", lambda x: x, partials=[1.0])
    part = register_primitive("part", lambda x: x[:], partials=[1.0])
    for f in (whole, part):
        for found in of_tensors(lambda x, f=f: [f(x), f(np.tanh(x))])(TALL):
            assert not np.shares_memory(found, TALL)
            assert found.base is None


def test_results_are_the_callers_own():
    """No result is written to by the next replay, shares memory with another, or is read-only."""
    constant = np.ones(3)

    def f(x: Any, y: Any) -> Any:
        z = np.tanh(x) * y
        return {
            "input": x,
            "view": x.T,
            "row": z[0],
            "z": z,
            "again": z,
            "constant": am.Tensor(constant),
            "sum": np.sum(z),
            "wide": np.broadcast_to(np.sum(z), (2, 2)),
            "plain": 3.0,
        }

    step = of_tensors(f)
    first = step(X, 2.0 * X)
    kept = {name: np.array(x) for name, x in first.items()}
    second = step(-X, X)
    arrays = [x for result in (first, second) for x in result.values() if np.ndim(x)]
    for j, a in enumerate(arrays):
        assert not np.may_share_memory(a, X)
        assert not np.may_share_memory(a, constant)
        assert not any(np.may_share_memory(a, b) for b in arrays[:j])
        a += 1.0
    for name, x in kept.items():
        assert_array_equal(first[name], x + 1.0 if np.ndim(x) else x)
    assert_array_equal(step(X, 2.0 * X)["z"], kept["z"])
    assert type(first["plain"]) is float


def test_inputs_are_read_alone():
    """Arguments are neither written to nor kept, and may be read-only or in any layout."""
    step = of_tensors(lambda x, y: np.sum(np.exp(x) * y - x.T.T))
    expected = np.sum(np.exp(X) * X - X)
    for x in (X.copy(), np.asfortranarray(X), np.flip(np.flip(X).copy())):
        x.flags.writeable = False
        assert_allclose(step(x, x), expected, rtol=1e-15)
        assert_array_equal(x, X)
    given = X.copy()
    step(given, given)
    (replay,) = step._replays.values()
    for workspace in replay.variants[0]._execute.idle:
        assert not any(slot is given for slot in workspace.slots)


def test_workspace_in_use():
    """While a program runs, which may be from inside of itself, no other run has its buffers."""
    runs: list[ArrayExecutor] = []
    idle: list[int] = []

    def look(x: Any) -> Any:
        idle.extend(len(run.idle) for run in runs)
        return 2.0 * x

    entries = [Input("x"), Instruction(e.tanh, (0,)), Instruction(Operation("look", look), (1,))]
    runs.append(ArrayExecutor(Program(entries, (2,)), [TALL], exact=True))
    for _ in range(2):
        runs[0]([TALL])
    assert idle == [0, 0]
    assert len(runs[0].idle) == 1


def test_workspace_that_another_thread_was_quicker_to_take():
    """A workspace can be gone between the question whether there is one and its taking."""

    class Taken(list[Any]):
        def pop(self, *args: Any) -> Any:
            raise IndexError

    program = Program([Input("x"), Instruction(e.tanh, (0,))], (1,))
    run = ArrayExecutor(program, [TALL], exact=True)
    run.idle = Taken([None])
    outputs = run([TALL])
    assert outputs is not None
    (found,) = outputs
    assert_array_equal(found, np.tanh(TALL))


def test_threads():
    """Several threads replay one program, each on buffers of its own."""
    step = of_tensors(lambda x: np.sum(np.tanh(x @ x.T) @ x))
    arrays = [np.random.default_rng(seed).normal(size=(20, 20)) for seed in range(16)]
    expected = [step.value_and_grad(x) for x in arrays]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for found, wanted in zip(pool.map(step.value_and_grad, arrays), expected, strict=True):
                assert_equal(found, wanted)
