"""Programs of arrays in another order of sums, and what is in the place of their operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.compiler.arrays.executor import ArrayExecutor
from autograd_mini.compiler.arrays.layout import Layout
from autograd_mini.compiler.arrays.passes import masks, numbers, rows_inward, values_of
from autograd_mini.compiler.program import Constant, Input, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.linalg import matmul
from autograd_mini.ops.softmaxes import softmaxes
from autograd_mini.primitive import lookup, register_primitive

INF = np.inf
RNG = np.random.default_rng(0)
TALL = RNG.normal(size=(50, 4))


def of_tensors(f: Callable[..., Any], **settings: Any) -> Any:
    """Return a function of Tensors, compiled."""
    return am.compile(f, kind=am.Tensor, **settings)


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("axis", [0, 1, -1, -2, (0,), (-1,), (0, 1), None])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(50, 4), (4, 50), (3, 3)])
def test_sums_of_matrices(shape: Any, axis: Any, keepdims: bool, dtype: Any):
    """Sums over each axis, of arrays laid out by rows and columns: as math.fsum has them."""
    x = RNG.normal(size=shape).astype(dtype)
    over = {0: 0, 1: 1, -1: 1, -2: 0, (0,): 0, (-1,): 1}.get(axis)
    if over is None:
        exact = np.array([math.fsum(x.ravel())] * (2 if keepdims else 1))[:1]
        exact = exact.reshape((1, 1) if keepdims else ())
    else:
        exact = np.array([math.fsum(line) for line in np.moveaxis(x, over, -1)])
        exact = np.expand_dims(exact, over) if keepdims else exact
    step = of_tensors(lambda x: np.sum(x, axis=axis, keepdims=keepdims))
    for given in (x, np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2]):
        found = step(given)
        assert found.dtype == dtype
        assert np.shape(found) == exact.shape
        assert_allclose(found, exact, atol=np.finfo(dtype).eps * np.abs(x).sum())


def test_sums_are_written_into_buffers():
    """A sum that is used further is kept in a buffer, with the axes that it has."""
    f = lambda x: np.tanh(np.sum(x, axis=0, keepdims=True)) * np.exp(x.sum(1))[:, None]  # noqa: E731
    for x in (TALL, TALL.T):
        assert_allclose(of_tensors(f)(x), f(x), rtol=1e-13)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", ["C", "F"])
def test_softmaxes(axis: int, order: Any):
    """Both at once, in either layout, far out and masked: as each for itself."""
    rows = np.array(
        [
            [1.0, 2.0, 4.0],
            [1e308, -1e308, 0.0],
            [0.0, -50.0, -60.0],
            [-INF, -INF, 1.0],
            [-INF, -INF, -INF],
        ]
    )
    ordinary = RNG.normal(size=(5, 3))
    for x in (ordinary, rows, rows[:1], rows[1:3], rows[[0, 2]]):
        x = np.asarray(x if axis else x.T, order=order)
        for out in (None, np.empty((2, *x.shape)), np.empty((2, *x.T.shape)).transpose(0, 2, 1)):
            log_p, p = softmaxes(x, axis, out)
            assert_array_equal(log_p, am.log_softmax(x, axis))
            assert_allclose(p, am.softmax(x, axis), rtol=1e-15, atol=1e-16)
            if out is not None:
                assert np.shares_memory(out, p)


def test_softmaxes_keep_what_is_asked_for():
    """The logarithm and the softmax as results, of numbers, vectors, matrices and stacks."""

    def f(x: Any) -> Any:
        log_p = am.log_softmax(x)
        return log_p, np.exp(log_p), np.sum(np.exp(log_p) * log_p)

    for shape in ((), (4,), (3, 4), (40, 3), (2, 3, 4)):
        x = np.array(RNG.normal(size=shape))
        step = of_tensors(f)
        for given in (x, 2.0 * x):
            expected = am.log_softmax(given), am.softmax(given)
            for a, b in zip(
                step(given), (*expected, np.sum(expected[0] * expected[1])), strict=True
            ):
                assert_allclose(a, b, rtol=1e-14)
        first, second = step(x)[:2]
        assert not np.may_share_memory(first, second)


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


def test_constant_arrays_of_one_number():
    """A number stands for them where shape, dtype and bits of the result stay as they were."""
    x = TALL.astype(np.float32)
    constants = [
        np.full((50, 1), 0.1, np.float32),
        np.full((1, 4), -0.0, np.float32),
        np.full((2, 50, 4), 0.5, np.float32),  # makes the result larger
        np.full((50, 1), 0.1),  # makes it float64
        np.array([[0.0, -0.0, 0.0, 0.0]], np.float32),  # of two numbers
    ]
    for constant, replaced in zip(constants, (True, True, False, False, False), strict=True):
        entries = [Input("x"), Constant(constant), Instruction(e.multiply, (0, 1))]
        program = Program(entries, (2,))
        values = values_of(program, [x])
        made = numbers(program, values)
        (k,) = made.outputs
        by = made.entries[made.entries[k].operands[1]].value  # type: ignore[union-attr]
        assert isinstance(by, float) is replaced
        found = values_of(made, [x])[k]
        assert found.dtype == values[2].dtype
        assert found.tobytes() == values[2].tobytes()


def test_masks_stay_booleans():
    """Where an array is multiplied by a comparison, its bits are those of the product with 1.0."""
    special = np.array([1.0, -1.0, 0.0, -0.0, INF, -INF, np.nan, 2.0])
    x, y = np.repeat(special, 8), np.tile(special, 8)
    ways: list[tuple[list[Instruction], bool]] = [
        ([Instruction(e.greater, (0, 1)), Instruction(e.multiply, (0, 2))], True),
        ([Instruction(e.equal, (0, 1)), Instruction(e.multiply, (2, 1))], True),
        ([Instruction(e.greater, (0, 1)), Instruction(e.multiply, (2, 2))], False),
        ([Instruction(e.greater, (0, 1)), Instruction(e.add, (0, 2))], False),
    ]
    for instructions, kept in ways:
        program = Program([Input("x"), Input("y"), *instructions], (3,))
        with np.errstate(invalid="ignore"):
            values = values_of(program, [x, y])
            made = masks(program, values)
            found = values_of(made, [x, y])
        assert (found[2].dtype == bool) is kept
        assert found[3].tobytes() == values[3].tobytes()
    of_mask = Program([Input("x"), Input("y"), *ways[0][0]], (2, 3))
    with np.errstate(invalid="ignore"):
        made = masks(of_mask, values_of(of_mask, [x, y]))
    assert made.entries == of_mask.entries  # it is a result itself


def test_powers_by_arrays_of_one_number():
    """By the number 0.5 NumPy takes the square root, which is another thing at -inf and -0."""
    x = np.array([-INF, -0.0, 4.0, INF])
    f = lambda x: x ** np.full(4, 0.5)  # noqa: E731
    assert of_tensors(f, exact=True)(x).tobytes() == f(am.Tensor(x)).data.tobytes()


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


def test_settings_that_are_nearly_the_same():
    """Slices with other steps, True and 1 as positions, arrays of other dtypes: no two are one."""

    def f(x: Any) -> list[Any]:
        return [
            *(x[0:4:2], x[0:4:3], x[0:4], x[1], x[True], x[(1,)], x[(True,)]),
            *(x * np.zeros(5), x * np.zeros(5, int), x * np.array([0.0, -0.0, 0.0, -0.0, 0.0])),
            *(np.sum(x, axis=0), np.sum(x, axis=0, keepdims=True)),
        ]

    x = np.array([1.0, -2.0, 0.5, 3.0, -0.0])
    for a, b in zip(of_tensors(f, exact=True)(x), f(am.Tensor(x)), strict=True):
        assert np.shape(a) == b.shape
        assert np.asarray(a).tobytes() == b.data.tobytes()


PRECISIONS = [*product((np.float32, np.float64), repeat=3), (np.float32, np.float32, float)]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("precisions", PRECISIONS, ids=str)
def test_linear_of_any_precisions(precisions: Any, exact: bool):
    """Samples, weights and bias in single or double precision, and a bias that is a number."""
    x, w, b = TALL, RNG.normal(size=(3, 4)), RNG.normal(size=3)
    given = [x.astype(precisions[0]), w.astype(precisions[1])]
    given.append(0.5 if precisions[2] is float else b.astype(precisions[2]))
    f = lambda x, w, b: np.sum(np.tanh(am.linear(x, w, b)))  # noqa: E731
    value, bars = am.value_and_grad(f, (0, 1, 2))(*given)
    found, found_bars = of_tensors(f, exact=exact).value_and_grad(*given, argnums=(0, 1, 2))
    rtol = 1e-5 if np.float32 in precisions else 1e-12
    for a, bar in zip((found, *found_bars), (value, *bars), strict=True):
        assert getattr(a, "dtype", None) == getattr(bar, "dtype", None)
        assert_allclose(a, bar, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("shape", [(1,), (1, 1), (4, 1)])
def test_constants_that_add_an_axis(shape: Any):
    """X · 1, x / 1, x - 0, x¹, x · (-1) and x² by arrays: not x, -x, x · x if the shape differs."""

    def f(x: Any) -> list[Any]:
        one, zero = np.ones(shape), np.zeros(shape)
        return [x * one, x / one, x - zero, x + -zero, x**one, x * -one, x ** (2.0 * one)]

    x = np.array([1.0, -2.0, 0.5, -0.0])
    for a, b in zip(of_tensors(f, exact=True)(x), f(am.Tensor(x)), strict=True):
        assert a.shape == b.shape
        assert a.tobytes() == b.data.tobytes()


def test_comparisons_that_stay_what_they_are():
    """Counts of comparisons are whole; a relu's own sign is asked for at 0 alone, and by arrays."""

    def f(x: Any) -> list[Any]:
        positive, y = am.relu(x), np.tanh(x)
        return [
            *((x > 0.0).sum(axis=0), (x > 0.0).sum(axis=1, keepdims=True)),
            *(positive * e.greater(x, 0.0), positive + x * e.greater(x, -1.0)),
            *(y * e.greater(x[0], 0.0), e.greater(x, y) * e.less(x[0], 0.5) * y),
            *(np.sum(e.less(x[0], 0.5) * x[:, :1]), 3.0 * e.less(x, 0.5)),
        ]

    for x in (np.array([[-2.0, -0.5, 0.0, 0.5]] * 2), TALL, TALL.astype(np.float32)):
        for a, b in zip(of_tensors(f, exact=True)(x), f(am.Tensor(x)), strict=True):
            assert a.dtype == b.dtype
            assert_array_equal(a, b.data)
        count = of_tensors(f)(x)[0]  # not exact: sums are products with ones
        assert count.dtype == int
        assert_array_equal(count, (x > 0.0).sum(axis=0))


SUM = lookup("sum")


@pytest.mark.parametrize(
    ("instruction", "inward"),
    [
        (Instruction(e.divide, (2, 3)), True),
        (Instruction(e.neg, (2,)), True),
        (Instruction(SUM, (2,), {"axis": 1, "keepdims": True}), True),
        (Instruction(SUM, (2,), {"axis": -1, "keepdims": False}), True),
        (Instruction(SUM, (2,), {"axis": 0, "keepdims": False}), False),
        (Instruction(SUM, (2,), {"axis": None, "keepdims": False}), False),
        (Instruction(e.multiply, (2, 4)), False),
        (Instruction(e.add, (2, 1)), False),
        (Instruction(e.exp, (2,)), False),
    ],
)
def test_rows_inward(instruction: Instruction, inward: bool):
    """What is done with rows of a table is done with the table, where each row is by itself."""
    table, labels = RNG.normal(size=(4, 4)), np.array([2, 0, 2, 1])
    given = [Constant(table), Constant(7.0), Constant(np.arange(4.0))]
    rows = Instruction(lookup("rows"), (1, 0))
    program = Program([Input("labels"), given[0], rows, *given[1:], instruction], (5,))
    after = rows_inward(program)
    found, wanted = values_of(after, [labels]), values_of(program, [labels])
    (k,) = after.outputs
    assert found[k].shape == wanted[5].shape
    assert found[k].tobytes() == wanted[5].tobytes()
    assert (after.operation(k) is lookup("rows")) is inward


VIEWS: list[Callable[[Any], Any]] = [
    np.diagonal,
    np.ravel,
    np.rot90,
    np.transpose,
    lambda x: np.einsum("ij->ji", x),
    lambda x: np.einsum("ii->i", x),
]


@pytest.mark.parametrize("view", VIEWS)
def test_views_keep_what_they_are_of(view: Callable[[Any], Any]):
    """No buffer is used again while a view of it is still to be read, whatever made the view."""

    def late(x: Any) -> Any:
        of_x, other = view(np.exp(x)), np.tanh(x)
        return np.sum(other * other) * of_x + of_x

    x = RNG.normal(size=(3, 3))
    for array in (x, x + 1.0):
        expected = np.sum(np.tanh(array) ** 2) * view(np.exp(array)) + view(np.exp(array))
        assert_allclose(of_tensors(late)(array), expected, rtol=1e-14)


@pytest.mark.usefixtures("scratch_registry")
def test_results_that_are_operands():
    """What an operation of the user's own hands back is copied, be it an argument or a part."""
    whole = register_primitive("whole", lambda x: x, partials=[1.0])
    part = register_primitive("part", lambda x: x[:], partials=[1.0])
    for f in (whole, part):
        for found in of_tensors(lambda x, f=f: [f(x), f(np.tanh(x))])(TALL):
            assert not np.shares_memory(found, TALL)
            assert found.base is None
