"""Arguments and results of compiled functions: each form is traced once, or is refused."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.compiler.compiled import FORMS
from autograd_mini.errors import DataError, ShapeError, UnusedError
from tests.replays import Compile, check, counted

MANY_FORMS = pytest.mark.filterwarnings("ignore::autograd_mini.errors.RetraceWarning")
"""Each of many forms is traced once, with no replay between."""


@MANY_FORMS
def test_forms_have_programs_of_their_own(compiled: Compile):
    """Shape, number, names, containers and kinds of arguments: each form is traced once."""

    def f(*args: Any, **named: Any) -> Any:
        return [np.sum(x) * 2 for x in args] + [x * (i + 3) for i, x in enumerate(named.values())]

    counting, runs = counted(f)
    step = compiled(counting)
    forms = [
        (1.0,),
        (1.0, 2.0),
        (np.array(1.0),),
        (np.array([1.0]),),
        (np.ones((2, 2)),),
        (np.array([]),),
        (am.values([1.0, 2.0]),),
        ([1.0],),
        ((1.0,),),
    ]
    check(step, f, *forms, *forms)
    assert len(runs) == len(forms)
    assert step(1.0, a=2.0, b=3.0) == [2.0, 6.0, 12.0]
    assert step(1.0, b=3.0, a=2.0) == [2.0, 9.0, 8.0]


def test_gradients_of_one_number_in_an_array(compiled: Compile):
    """A layer of one unit gives an array of one number, which is one number to a gradient."""
    f = lambda w, x: w @ x * 2.0  # noqa: E731
    w, x = np.ones((1, 3)), np.arange(3.0)
    value, expected = am.value_and_grad(f)(w, x)
    found, gradient = compiled(f).value_and_grad(w, x)
    assert (type(found), [found]) == (float, value.tolist())
    assert_array_equal(gradient, expected)


def test_kinds_of_numbers(compiled: Compile):
    """All real numbers are floats of double precision inside, and in the results."""
    counting, runs = counted(lambda x: x / 2)
    step = compiled(counting)
    for x in (1, 1.0, np.int64(3), np.float32(0.1), Fraction(1, 3), 2**70, am.Value(2.0)):
        with am.no_grad():
            result = step(x)
        assert (type(result), result) == (float, float(am.data(x) if np.ndim(x) else x) / 2)
    assert len(runs) == 2  # a number, and a node
    for dtype in (np.float16, np.float32, np.int8, np.uint64, np.longdouble):
        result = step(np.ones(2, dtype=dtype))
        assert (result.dtype, result.tolist()) == (np.float64, [0.5, 0.5])


def test_integers_are_numbers(compiled: Compile):
    """An integer is no index inside, since it may differ at the next call; int(n) makes it one."""
    for f in (lambda x, n: x[n], lambda x, n: sum(x[0] for _ in range(n))):
        with pytest.raises((TypeError, IndexError), match=r"integer"):
            compiled(f)(np.ones(3), 2)
    f = lambda x, n: x[int(n)] * n  # noqa: E731  # used twice
    check(compiled(f), f, (np.arange(3.0), 1), (np.arange(3.0), 2), (np.arange(3.0), 1))


def test_integers_that_are_returned(compiled: Compile):
    """SURPRISE: an integer that is returned comes back as a float."""
    result = compiled(lambda x: np.argmax(x))(np.array([1.0, 3.0]))
    assert (type(result), result) == (float, 1.0)


def test_dicts(compiled: Compile):
    """Other keys, and the same in another order, are other forms."""
    f = lambda table: sum((i + 1) * x for i, x in enumerate(table.values()))  # noqa: E731
    check(compiled(f), f, *[(x,) for x in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}, {"c": 5})])


class Colour(Enum):
    """An argument that holds no number."""

    RED = "red"
    BLUE = "blue"


@MANY_FORMS
def test_arguments_without_numbers(compiled: Compile):
    """None, texts, booleans, arrays of them, functions and the like: each value is a form."""
    f = lambda x, s: x * len(repr(s))  # noqa: E731
    statics = [None, "a", "abc", True, False, 1j, Colour.RED, Colour.BLUE, frozenset({1})]
    statics += [math.exp, np.tanh, am.tanh, np.array([True]), np.array([False]), np.array(["a"])]
    check(compiled(f), f, *[(2.0, s) for s in statics], *[(3.0, s) for s in statics])


class Plain:
    """An object of a class of the user's own."""

    k = 2.0


@pytest.mark.parametrize(
    "argument",
    [{1, 2}, bytearray(b"a"), Plain(), iter([1.0]), (x for x in (1.0, 2.0)), map(float, [1.0])],
    ids=lambda x: type(x).__name__,
)
def test_arguments_that_change_unseen(compiled: Compile, argument: Any):
    """What can change without being noticed is refused: sets, objects, iterators."""
    with pytest.raises(DataError, match="can change without being noticed"):
        compiled(lambda x, s: x)(1.0, argument)


@dataclass(frozen=True)
class Pair:
    """A structure of the user's own."""

    x: Any
    name: str = "pair"


def test_structures_that_are_returned(compiled: Compile):
    """A structure is made anew each time; arguments, constants, None and texts come as they are."""
    f = lambda x: (x, 3.0, None, "text", True, {"y": [x * 2]}, Pair(x + 1))  # noqa: E731
    check(compiled(f), f, (1.0,), (2.0,))
    step = compiled(lambda pair: Pair(pair.x * 2, pair.name))
    assert [step(Pair(1.0)), step(Pair(2.0, "p"))] == [Pair(2.0), Pair(4.0, "p")]


def generator(x: Any) -> Any:
    """Yield what was computed."""
    yield x


@pytest.mark.parametrize("f", [lambda x: {x}, lambda x: lambda: x, lambda x: Plain(), generator])
def test_results_that_no_replay_can_make(compiled: Compile, f: Callable[..., Any]):
    """What may hold nodes where they are not seen is refused: sets, closures, objects."""
    with pytest.raises(DataError, match="a replay cannot make anew"):
        compiled(f)(1.0)


def test_any_number_of_lanes(compiled: Compile):
    """A batch of another size is no other form: it is replayed by the same program."""
    counting, runs = counted(lambda x, w: np.sum(x * w["a"]) ** 2)
    step = compiled(counting).batched((-1, None))
    w, x = {"a": np.array([1.0, 2.0])}, np.arange(10.0).reshape(2, 5)
    for m in (5, 3, 1):
        value, dx = step.value_and_grad(x[:, :m], w)
        sums = w["a"] @ x[:, :m]
        assert_allclose(value, np.mean(sums**2), rtol=1e-15)
        assert_allclose(dx, 2 * sums * w["a"][:, np.newaxis] / m, rtol=1e-15)
    assert len(runs) == 1
    with pytest.raises(ShapeError, match="lanes along axis -1"):
        step.value_and_grad(np.array(1.0), w)


@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_no_numbers_at_all(engine: Any):
    """An empty array has an empty gradient, as in the engine, alone and beside lanes."""
    step = am.compile(lambda x, y=0.0: np.sum(x**2) + y, engine=engine)
    x = np.zeros(0)
    value, gradient = step.value_and_grad(x)
    assert (value, gradient.shape, step.hessian(x).shape) == (0.0, (0,), (0, 0))
    value, gradient = step.batched((None, 0)).value_and_grad(x, np.arange(3.0))
    assert (value, gradient.shape) == (1.0, (0,))


@MANY_FORMS
def test_programs_are_not_kept_without_end():
    """The oldest form of arguments is dropped, and traced again when it is back."""
    traces = []
    step = am.compile(lambda x, mask: traces.append(1) or np.sum(x[mask]), engine="numpy")
    x = np.arange(8.0)
    masks = [np.array([*f"{k:08b}"]) == "1" for k in range(FORMS + 1)]
    found = [step(x, mask) for mask in masks]
    assert found == [x[mask].sum() for mask in masks]
    assert len(traces) == FORMS + 1
    assert step(x, masks[-1]) == x[masks[-1]].sum()
    assert len(traces) == FORMS + 1
    assert step(x, masks[0]) == 0.0
    assert len(traces) == FORMS + 2


def test_empty_results_in_lanes(compiled: Compile):
    """A result without numbers has its shape, after the lanes, whatever is beside it."""
    step = compiled(lambda x: (x[:0] * 2.0, x * 2.0)).batched(reduce=None)
    for m in (3, 1):
        empty, double = step(np.ones((m, 4)))
        assert empty.shape == (m, 0)
        assert_array_equal(double, np.full((m, 4), 2.0))


def test_masks_with_lanes(compiled: Compile):
    """All lanes would get the whole array of booleans: it is refused, as numbers it is not."""

    def f(x: Any, structure: dict[str, Any]) -> Any:
        return np.sum(np.where(structure["mask"] > 0.0, x, 0.0))

    step, x = compiled(f), np.arange(6.0).reshape(2, 3)
    mask = np.array([[True, False, False], [False, True, True]])
    with pytest.raises(DataError, match="array of bool was given where in_axes"):
        step.batched()(x, {"mask": mask})
    with pytest.raises(DataError, match=r"give x\.astype\(float\)"):  # called eagerly there
        am.grad(lambda x: step.batched()(x, {"mask": mask}))(x)
    assert step.batched()(x, {"mask": mask.astype(float)}) == np.mean(np.sum(x * mask, axis=1))
    assert step.batched((0, None))(x, {"mask": mask[0]}) == np.mean(np.sum(x * mask[0], axis=1))


def test_numbers_of_arguments(compiled: Compile):
    """The last argument is another one where there are more, and each has its lanes."""
    f = lambda *x: sum(k * own**2 for k, own in enumerate(x, 1))  # noqa: E731
    step, batch = compiled(f), compiled(f).batched(0, reduce="sum")
    numbers = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for n in (2, 3, 1, 2):
        for argnums in (-1, (0, -1)):
            args = numbers[0, :n].tolist()
            if argnums == -1 or n > 1:  # one of them twice is an error
                assert step.grad(*args, argnums=argnums) == am.grad(f, argnums)(*args)
        assert batch(*numbers.T[:n]) == sum(f(*row[:n]) for row in numbers)


def test_leave_to_be_unused_is_for_one_call(compiled: Compile):
    """A call that allows it leaves it an error in the next one, and the other way round."""
    step = compiled(lambda x, y: x * x)
    for _ in range(2):
        with pytest.raises(UnusedError, match="argument 1"):
            step.grad(2.0, 3.0, argnums=1)
        assert step.value_and_grad(2.0, 3.0, argnums=1, allow_unused=True) == (4.0, 0.0)


def test_named_tuples_of_unlike_parts(compiled: Compile):
    """Their parts need not have one shape."""
    point = namedtuple("point", "x k")
    f = lambda p: np.sum(p.x**2) * p.k  # noqa: E731
    found = compiled(f).grad(point(np.array([1.0, 2.0]), 3.0))
    assert type(found) is point
    assert (found.x.tolist(), found.k) == ([6.0, 12.0], 5.0)
