"""The warning about a function that is traced at call after call: when it comes, what it says."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.compiler.retracing import IN_A_ROW
from autograd_mini.compiler.tracing.reach import surroundings_of
from autograd_mini.errors import RetraceWarning
from tests.replays import counted

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])
MANY = IN_A_ROW + 1


def calls_until_warned(call: Callable[[int], Any], most: int = 4 * MANY) -> tuple[int, str]:
    """Return how many calls it took until one warned, and the text; no other one warns."""
    texts: list[tuple[int, str]] = []
    for i in range(most):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call(i)
        assert all(one.category is RetraceWarning for one in caught)
        assert all(one.filename == __file__ for one in caught)
        texts += [(i + 1, str(one.message)) for one in caught]
    (found,) = texts
    return found


@KINDS
def test_new_shapes_each_time(kind: type[am.Node]):
    """The argument, its shape and that of the last time are named, and a remedy."""

    def total(x: Any, ys: Any) -> Any:
        return np.sum(x * x) + np.sum(ys[0])

    def call(i: int) -> None:
        step(np.ones(i + 2), [1.0])

    def call_with_a_list(i: int) -> None:
        step(np.ones(2), [np.ones(i + 2)])

    for argument, each in [("x", call), ("ys", call_with_a_list)]:
        step = am.compile(total, kind=kind, engine="numpy")
        count, text = calls_until_warned(each)
        assert count == MANY
        assert f"<locals>.total was traced at each of its last {MANY} calls" in text
        assert f"argument {argument} has shape ({MANY + 1},), and last time had shape" in text
        assert "batched()" in text


@KINDS
def test_no_warning(kind: type[am.Node]):
    """First uses of a few shapes and derivatives are none, nor shapes that come twice each."""
    step = am.compile(lambda x, y: np.sum(x * x) * y, kind=kind, engine="numpy")
    for _ in range(3):
        for n in (2, 3, 4):
            x = np.ones(n)
            step(x, 2.0)
            for argnums in (0, 1, (0, 1), (1, 0), [0]):
                for method in (step.grad, step.value_and_grad):
                    method(x, 2.0, argnums=argnums)
            step.hvp(x, 2.0, x)
    for n in range(5, 4 * MANY):  # each is replayed before the next one comes
        for _ in range(2):
            step(np.ones(n), 2.0)


@KINDS
def test_values_and_gradients_in_turn(kind: type[am.Node]):
    """A function that is traced for both each time is noticed as soon as by either."""
    step = am.compile(lambda x: np.sum(x * x), kind=kind, engine="numpy")
    count, text = calls_until_warned(
        lambda i: step(np.ones(i // 2 + 1)) if i % 2 else step.grad(np.ones(i // 2 + 1))
    )
    assert count == 2 * IN_A_ROW + 1
    assert f"each of its last {count} calls" in text


@KINDS
@pytest.mark.parametrize(
    ("static", "says"),
    [
        (lambda i: lambda x: x * i, "has <function <lambda>.<locals>.<lambda> at 0x"),
        (lambda i: f"text {i}", rf"'text {IN_A_ROW}', and last time had 'text {IN_A_ROW - 1}'"),
        (
            lambda i: {0.5 * i: 1.0},
            f"has {0.5 * IN_A_ROW}, and last time had {0.5 * (IN_A_ROW - 1)}",
        ),
        (lambda i: [None] * (i + 1), f"has {MANY} parts, and last time had {MANY - 1} parts"),
        (lambda i: np.arange(2 * MANY) < i, "has other elements, and last time had other elements"),
    ],
)
def test_what_is_no_number(kind: type[am.Node], static: Callable[[int], Any], says: str):
    """What is no number is part of the form: a fresh lambda, a text, the keys of a dict."""
    step = am.compile(lambda x, other: x * 2.0, kind=kind, engine="numpy")
    count, text = calls_until_warned(lambda i: step(2.0, static(i)))
    assert count == MANY
    assert "argument other has " in text
    assert says in text
    named = am.compile(lambda x, other: x * 2.0, kind=kind, engine="numpy")
    count, text = calls_until_warned(lambda i: named(2.0, other=static(i)))
    assert "a keyword argument has " in text
    assert says in text


def test_the_number_of_arguments():
    """A function of any number of arguments is traced for each."""
    step = am.compile(lambda *xs: sum(xs), engine="numpy")
    count, text = calls_until_warned(lambda i: step(*range(i + 1)))
    assert count == MANY
    assert f"there are {MANY} arguments, and last time there were {MANY - 1}" in text


class Schedule:
    """An object whose attribute changes at each step."""

    def __init__(self) -> None:
        self.rate = 0.0

    @am.compile(engine="numpy")
    def step(self, x: Any) -> Any:
        """Return x times the rate."""
        return x * self.rate


@KINDS
def test_objects_that_change_each_time(kind: type[am.Node], monkeypatch: pytest.MonkeyPatch):
    """What changed is named: an attribute, a variable, a global, an array, a list."""
    schedule, k, array, options = Schedule(), 0.0, np.zeros(2), [0.0]

    def of_variable(x: Any) -> Any:
        return x * k

    def set_variable(i: int) -> None:
        nonlocal k
        k = float(i)

    cases: list[tuple[Any, Callable[[int], Any], str]] = [
        (schedule.step.__wrapped__, lambda i: setattr(schedule, "rate", float(i)), "self.rate"),
        (of_variable, set_variable, "k"),
        (lambda x: x * SCALE, lambda i: monkeypatch.setitem(globals(), "SCALE", i), "SCALE"),
        (lambda x: x * array[0], lambda i: array.fill(i), "array"),
        (lambda x: x * options[0], lambda i: options.__setitem__(0, float(i)), "options"),
    ]
    for f, change, called in cases:
        step = am.compile(f, kind=kind, engine="numpy")

        def call(i: int) -> Any:
            change(i)  # noqa: B023
            return step.grad(2.0)  # noqa: B023

        count, text = calls_until_warned(call)
        assert count == MANY
        assert f"{called} is not what it was. Make an argument of it" in text

    def call_method(i: int) -> None:
        schedule.rate = -1.0 - i
        schedule.step(2.0)

    count, text = calls_until_warned(call_method)
    assert count == MANY
    assert "Schedule.step was traced" in text
    assert "self.rate is not" in text


SCALE = -1.0


@KINDS
def test_ways_without_end(kind: type[am.Node]):
    """Numbers that are read, and comparisons, are told from the rest."""
    powers = am.compile(lambda x, n: x ** int(n), kind=kind, engine="numpy")
    first = powers.value_and_grad
    count, text = calls_until_warned(
        lambda i: first(2.0, np.array(0.5 + i), argnums=0, allow_unused=True)
    )
    assert count == MANY
    assert "numbers led another way through comparisons. Use am.where" in text


def test_lanes_that_go_many_ways():
    """Ways that are taken in one call count once; more than are kept are traced at each call."""

    def steps(x: Any) -> Any:
        n = 0
        while x > n:
            n += 1
        return x * n

    step = am.compile(steps, engine="numpy").batched()
    few = np.arange(float(IN_A_ROW))
    for _ in range(4 * MANY):
        step(few)
    count, _ = calls_until_warned(lambda i: step(np.arange(4.0 * IN_A_ROW)))
    assert count == MANY


def test_each_function_warns_once():
    """Another compiled function counts for itself, and each method of an object too."""
    f, traces = counted(lambda x: np.sum(x))
    for step in (am.compile(f, engine="numpy"), am.compile(f, engine="numpy").batched()):
        count, _ = calls_until_warned(lambda i: step(np.ones((3, i + 1))))  # noqa: B023
        assert count == MANY
    assert len(traces) == 8 * MANY


def test_as_an_error_it_comes_once():
    """Where warnings are errors the call fails, and the next one works."""
    step = am.compile(lambda x: np.sum(x), engine="numpy")
    for n in range(IN_A_ROW):
        step(np.ones(n + 1))
    with pytest.raises(RetraceWarning):
        step(np.ones(MANY))
    assert step(np.ones(MANY)) == MANY


def test_a_variable_that_was_deleted_is_a_change():
    """It is named like others, and what is left is told apart."""
    k, other = 2.0, 3.0

    def f(x: Any) -> Any:
        return x * k * other  # noqa: F821  # it is deleted below

    around = surroundings_of(f)
    assert [*around.changed()] == []
    assert around.hold()
    del k
    assert [*around.changed()] == ["k"]
    assert not around.hold()
    assert [*around.unchanged().changed()] == []
