"""Passes over programs of arrays: the same bits, shapes and dtypes with less work."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini.compiler import compile
from autograd_mini.compiler.arrays.passes import masks, numbers, rows_inward, values_of
from autograd_mini.compiler.program import Constant, Input, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import lookup
from autograd_mini.recording import apply
from tests.compiler.tensors import TALL, batch, classifier, network, of_tensors

INF = np.inf

RNG = np.random.default_rng(1)

SUM = lookup("sum")


def test_structure_of_program():
    """What is superfluous is gone: constants, seeds, reshapes that change nothing."""
    names: dict[bool, Counter[str]] = {}
    for exact in (True, False):
        step = compile(classifier, exact=exact)
        step.value_and_grad(network(), *batch(0))
        entries = step.program.final.entries
        names[exact] = Counter(entry.operation.name for entry in entries if len(entry) == 3)
        assert "log_softmax" in str(step.program)
    assert names[True] == {
        "linear": 2,
        "maximum": 1,
        "classes": 1,
        "log_softmax": 1,
        "rows": 2,
        "vdot": 1,
        "isfinite": 1,
        "exp": 1,
        "multiply": 2,
        "subtract": 1,
        "matmul": 3,
        "transpose": 2,
        "sum": 2,
        "greater": 1,
    }
    assert names[False] - names[True] == {"softmaxes": 1, "getitem": 2}
    assert names[True] - names[False] == {"log_softmax": 1, "exp": 1}


def test_what_is_computed_from_constants_alone():
    """Tensors that the function makes itself are no inputs: what comes of them is known."""
    step = of_tensors(lambda x: x * (np.exp(am.Tensor([1.0, 2.0])) + 1.0))
    assert_array_equal(step(np.ones(2)), np.exp([1.0, 2.0]) + 1.0)
    assert [len(entry) for entry in step.program.final.entries] == [2, 1, 3]  # x, a constant, x · c


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


def test_squares_by_arrays_of_one_number():
    """Of one element by an array of one NumPy takes pow(x, 2), in which the last bit may differ."""
    f = lambda x: x ** np.array([2.0])  # noqa: E731
    step = of_tensors(f, exact=True)
    for x in RNG.normal(size=(10_000, 1)):
        assert step(x) == f(am.Tensor(x)).data


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


@pytest.mark.usefixtures("scratch_registry")
def test_settings_that_cannot_be_compared():
    """Lists are alike where their parts are, zeros where their signs are; dicts never."""
    made = am.register_primitive(
        "scaled_by",
        lambda x, by: x * (by["by"] if isinstance(by, dict) else np.copysign(1.0, np.ravel(by)[0])),
        vjps=lambda i, z_bar, z, x, by: z_bar,
        jvps=lambda i, x_dot, z, x, by: x_dot,
    )

    def f(x: Any) -> list[Any]:
        settings = [0.0, -0.0, [-0.0], [0.0, 0.0], [0.0, 0.0], {"by": 3.0}, {"by": 5.0}]
        return [apply(made, x, params={"by": by}) for by in settings]

    step = of_tensors(f)
    assert step(np.ones(())) == [1.0, -1.0, -1.0, 1.0, 1.0, 3.0, 5.0]
    assert len(step.program.final) == 6


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


def test_sums_of_rows_that_are_numbers():
    """Of a table of numbers the last axis is that of the samples, which do not come inward."""
    table, labels = RNG.normal(size=(4, 3)), np.array([2, 0, 2])
    total = Instruction(SUM, (2,), {"axis": -1, "keepdims": False})
    rows = Instruction(lookup("rows"), (1, 0))
    entries = [Input("labels"), Constant(table), rows, total, total._replace(operands=(3,))]
    after = rows_inward(Program(entries, (4,)))
    found = values_of(after, [labels])[after.outputs[0]]
    assert found == table[labels].sum(1).sum()
