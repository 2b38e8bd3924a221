"""What may surprise in a function that is recorded once and replayed, each with what happens.

The model is the test of the same kind in tinygrad. The rule: a replay gives what the function would
give, or raises; it is never silently the replay of another way through the function. Where a
surprise is left, a test says so. Those about names from outside are in compiler/test_surroundings
and compiler/test_reach, those about arguments and results in compiler/test_forms.
"""

from __future__ import annotations

import copy
import math
import pickle
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal, assert_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import AnomalyError, DataError, InPlaceError, ShapeError, VariantError
from autograd_mini.nn import MLP, dropout
from tests.replays import Compile, check, counted

# Python is steered by numbers

NAN = math.nan


@pytest.mark.parametrize(
    ("f", "calls"),
    [
        (lambda x: x * x if x > 0 else -x, [2.0, -2.0, NAN, 0.0, -0.0, 3.0]),
        (lambda x: x if not x > 0 else 2 * x, [2.0, -1.0, NAN]),
        (lambda x: x * 2 if x else x + 5, [2.0, 0.0, -0.0, NAN]),
        (lambda x: 5.0 if x != x else x, [2.0, NAN, 3.0]),
        (lambda x: x * 7 if x in [1.0, 2.0] else x, [1.0, 2.0, 3.0, NAN]),
        (lambda x: 1.0 if 0 < x <= 2 else 2.0, [1.0, 2.0, 3.0, -1.0]),
        (lambda x: x * float(x), [2.0, 3.0, NAN, 4.0]),
        (lambda x: x * x.item(), [am.Value(2.0), am.Value(3.0)]),
        (lambda x: x * x.data, [am.Value(2.0), am.Value(3.0), am.Value(NAN), am.Value(1.0)]),
        (lambda x: x * int(x), [2.5, 2.75, 3.25, -0.5]),
        (lambda x: x * round(x), [2.5, 2.75, 3.25]),
        (lambda x: x * math.floor(x), [2.5, 2.75, 3.25]),
        (lambda x: x * math.exp(x), [0.5, 0.25]),
        (lambda x: divmod(x, 2)[0] * 10 + divmod(x, 2)[1], [2.5, 5.75]),
        (lambda x: 0.0 if np.isnan(x) else x, [2.0, NAN, 3.0]),
        (lambda x: x if np.isfinite(x) else 0.0, [2.0, NAN, math.inf, 3.0]),
        (lambda x: 0.0 if np.isinf(x) else x, [2.0, -math.inf, 3.0]),
        (lambda x: 0.0 if math.isnan(x) else x, [2.0, NAN, 3.0]),
        (lambda x: x + (1.0 if np.signbit(x) else 2.0), [0.0, -0.0, 0.0]),
        (lambda x: math.copysign(1.0, x) + x, [0.0, -0.0, 0.0]),
        (lambda x: x * len(f"{x:.0f}"), [2.5, 222.75]),
        (lambda x: x * len(str(am.data(x))), [2.5, 222.75]),
        (lambda x: sum((x for _ in range(int(x))), 0.0), [3.0, 3.5, 4.0, -1.5, 0.0]),
    ],
)
def test_a_number_that_steers_python(compiled: Compile, f: Callable[..., Any], calls: list[Any]):
    """A comparison, or the number itself where it is read, is asked again: others are traced."""
    check(compiled(f), f, *[(x,) for x in calls])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: max([*x]) * 2,
        lambda x: sorted(x)[0] * 2 + sorted(x)[2],
        lambda x: np.sort(x) * np.arange(3),
        lambda x: x[np.argsort(x)] * np.arange(3),
        lambda x: x[np.argmax(x)] * 2,
        lambda x: x[[*x].index(2.0)] + x[0],
        lambda x: x.sum() if 1.0 in x[:1] else x.prod(),
        lambda x: np.maximum(x, 1.5) * 1.0,
        lambda x: x.max() - np.min(x),
        lambda x: np.where(x > 1.5, x, -x),
        lambda x: x[x > 1.5].sum(),
        lambda x: (x * (x > 1.5)).sum(),
        lambda x: np.asarray(x, dtype=float) * 2,
        lambda x: x.sum() if np.array_equal(x, [1.0, 2.0, 3.0]) else x.prod(),
        lambda x: x.sum() if np.allclose(am.data(x), 2.0, atol=1.0) else x.prod(),
    ],
)
def test_an_array_that_steers_python(compiled: Compile, f: Callable[..., Any]):
    """What sorts, searches, compares or masks the elements asks them, and so does a replay."""
    calls = [1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 2.0, 2.0], [2.0, 9.0, 4.0], [1.0, 2.0, 3.0]
    check(compiled(f), f, *[(np.array(x),) for x in calls])


def test_a_loop_that_depends_on_data(compiled: Compile):
    """Each number of turns is a way of its own; a way that is known is not traced again."""

    def f(x: Any) -> Any:
        while x < 10:
            x = x * 2
        return x

    counting, runs = counted(f)
    step = compiled(counting)
    check(step, f, (1.0,), (3.0,), (20.0,), (1.5,), (-0.0 + 3.5,))
    assert len(runs) == 4  # 4 turns, 2 turns, none, 3 turns; and 2 turns again


def test_lanes_take_ways_of_their_own(compiled: Compile):
    """Each lane of a batch is replayed on its own way."""
    step = compiled(lambda x: x * x if x > 0 else -x).batched(reduce=None)
    x = np.array([1.0, -2.0, 3.0, NAN])
    assert_array_equal(step(x), [1.0, 2.0, 9.0, NAN])
    assert_array_equal(step.grad(x), [2.0, -1.0, 6.0, -1.0])


def test_ever_new_ways(compiled: Compile):
    """A batch in which every number is read would be traced once a lane: an error says so."""
    step = compiled(lambda x: x * float(x)).batched(reduce=None)
    assert_array_equal(step(np.arange(8.0)), np.arange(8.0) ** 2)
    with pytest.raises(VariantError, match=r"more than 64 different ways"):
        step(np.arange(100.0))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x, "positive") if x > 0 else (-x, "negative"),
        lambda x: np.stack([x, x, x]) if x > 0 else np.stack([x]),
        lambda x: (x, x > 0),
    ],
)
def test_lanes_with_different_structures(compiled: Compile, f: Callable[..., Any]):
    """What is no number is there once for all lanes, so lanes that differ in it raise."""
    with pytest.raises(ShapeError, match="not alike"):
        compiled(f).batched(reduce=None)(np.array([1.0, -2.0]))


def test_an_exception_of_the_function(compiled: Compile):
    """A check of data by comparisons is made at each replay, and harms no later one."""

    def f(x: Any) -> Any:
        if x < 0:
            raise ValueError("negative")
        return x * x

    step = compiled(f)
    for x in (2.0, 3.0):
        assert step(x) == x * x
        with pytest.raises(ValueError, match="negative"):
            step(-x)


PROBABILITIES = np.array([[0.25, 0.75], [0.0, 1.0]])


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@pytest.mark.parametrize(
    ("f", "good", "bad"),
    [
        (nn.softmax_cross_entropy, np.array([1, 0]), np.array([2, 0])),
        (nn.softmax_cross_entropy, np.array([1.0, 0.0]), np.array([0.5, 0.0])),
        (nn.softmax_cross_entropy, np.array([1, 0]), np.array([1, -1])),
        (nn.softmax_cross_entropy, PROBABILITIES, 3 * PROBABILITIES),
        (nn.hinge, np.array([[1.0, -1.0], [1.0, 1.0]]), PROBABILITIES),
        (nn.binary_cross_entropy_with_logits, PROBABILITIES, -PROBABILITIES),
        (nn.binary_cross_entropy, PROBABILITIES, 2 * PROBABILITIES),
        (lambda z, y: nn.binary_cross_entropy(y, z), PROBABILITIES[::-1], 2 * PROBABILITIES),
        (lambda z, y: np.average(z, weights=y), PROBABILITIES, 0 * PROBABILITIES),
    ],
)
def test_what_the_library_checks(
    compiled: Compile, f: Callable[..., Any], good: Any, bad: Any, kind: type[am.Node]
):
    """Labels, probabilities and weights are checked at each replay, with the engine's error."""
    as_nodes = am.values if kind is am.Value else am.Tensor
    step, z = compiled(f, kind=kind), np.array([[0.5, 0.25], [0.25, 0.5]])
    with np.errstate(all="ignore"):
        for _ in range(2):
            assert_equal(step(z, good), am.data(f(as_nodes(z), good)))
            with pytest.raises((ValueError, ZeroDivisionError)) as expected:
                f(as_nodes(z), as_nodes(bad) if kind is am.Value else bad)
            with pytest.raises(expected.type, match=re.escape(str(expected.value))):
                step(z, bad)


def test_what_the_library_checks_in_lanes(compiled: Compile):
    """So they are in each lane."""
    batch = compiled(lambda z, y: nn.hinge([z], [y])).batched()
    z, sides = np.array([0.5, -2.0]), np.array([1.0, -1.0])
    assert batch(z, sides) == 0.25
    with pytest.raises(ValueError, match="targets must be -1 or 1"):
        batch(z, 0.5 * sides)
    assert batch(z, sides) == 0.25


# What Python does besides computing


def test_side_effects(compiled: Compile, capsys: pytest.CaptureFixture[str]):
    """SURPRISE: what Python does besides is done when the function is traced, and not again."""
    log: list[str] = []

    def f(x: Any) -> Any:
        log.append("run")
        print("running")
        return x * 2

    step = compiled(f)
    assert [step(1.0), step(2.0)] == [2.0, 4.0]
    assert log == ["run"]
    assert capsys.readouterr().out == "running\n"


def test_printing_a_number(compiled: Compile, capsys: pytest.CaptureFixture[str]):
    """The text of a number is a reading: another number is printed too, at the cost of a trace."""

    def f(x: Any) -> Any:
        print(x)
        return x * 2

    step = compiled(f)
    assert [step(1.0), step(2.0)] == [2.0, 4.0]
    assert capsys.readouterr().out == "Value(1.0)\nValue(2.0)\n"


def test_text_that_is_returned(compiled: Compile):
    """A text made of a number belongs to that number."""
    step = compiled(lambda x: {"y": x * 2, "text": f"{x:.1f}"})
    assert step(1.0) == {"y": 2.0, "text": "1.0"}
    assert step(2.5) == {"y": 5.0, "text": "2.5"}


def test_nodes_that_leak(compiled: Compile):
    """SURPRISE: nodes that the function puts elsewhere are those of its trace."""
    leaked: list[Any] = []
    step = compiled(lambda x: (leaked.append(x * 3), x * 2)[1])
    assert [step(1.0), step(2.0)] == [2.0, 4.0]
    assert am.data(leaked[0]) == 3.0
    assert len(leaked) == 1


class Noisy:
    """Has a generator, and methods that draw from it and that do not."""

    def __init__(self) -> None:
        self.rng = np.random.RandomState(0)

    def draws(self, x: Any) -> Any:
        """Return something random."""
        return x + self.rng.normal()

    def draws_all(self, x: Any) -> Any:
        """Draw as many numbers as the generator has ready, after which it is as full as before."""
        return x + self.rng.random(312)[0]

    def looks(self, x: Any) -> Any:
        """Return something that is not."""
        return x + len(self.rng.get_state())


RNG = np.random.default_rng(0)
npr, gauss, uniform = np.random, random.gauss, random.random


@pytest.mark.parametrize(
    ("f", "called"),
    [
        (lambda x: x + RNG.normal(), r"tests\.test_replay_surprises\.RNG"),
        (lambda x, rng=RNG: x * rng.permutation(2)[0], r"__defaults__\[0\]"),
        (lambda x: x + np.random.normal(), r"numpy\.random"),
        (lambda x: x + npr.normal(), r"numpy\.random"),
        (lambda x: x + random.gauss(0.0, 1.0), "random"),
        (lambda x: x + gauss(0.0, 1.0), "random"),
        (lambda x: x + uniform(), "random"),
        (Noisy().draws, r"self\.rng"),
        (Noisy().draws_all, r"self\.rng"),
        (lambda x: dropout(x, 0.5, rng=RNG) + RNG.random(), r"tests\.\w+\.RNG"),
    ],
)
def test_random_numbers_of_others(compiled: Compile, f: Callable[..., Any], called: str):
    """What NumPy or Python draws would be the same at each replay: it is an error."""
    for step in (compiled(f), am.compile(f, kind=am.Tensor)):
        with pytest.raises(DataError, match=f"drew random numbers from {called}, .*an argument"):
            step(1.0)


def test_generators_that_are_not_drawn_from(compiled: Compile):
    """They are no error, and one that the function makes is made again at each call of it."""
    assert compiled(lambda x: x * len(random.getstate()))(2.0) == 6.0
    assert compiled(Noisy().looks)(1.0) == 6.0
    assert compiled(lambda x: x + random.SystemRandom().random())(1.0) > 1.0
    made = compiled(lambda x: x * np.random.default_rng(0).random())
    assert made(1.0) == made(1.0) == np.random.default_rng(0).random()


def test_a_generator_in_the_arguments(compiled: Compile):
    """So it is with one that is given."""
    with pytest.raises(DataError, match="drew random numbers from Generator 0 in the arguments"):
        compiled(lambda x, rng: x + rng.random())(1.0, np.random.default_rng(0))


def test_dropout_draws_from_the_global_generator(compiled: Compile):
    """NumPy's own is one like any other."""
    step, x = compiled(lambda x: dropout(x, 0.5, rng=np.random)), np.ones(16)
    np.random.seed(0)
    found = [step(x) for _ in range(3)]
    np.random.seed(0)
    assert_array_equal(found, [dropout(x, 0.5, rng=np.random) for _ in range(3)])


def test_dropout_draws_anew(compiled: Compile):
    """Masks of this library are drawn at each replay, as the function would draw them."""
    rng, same = np.random.default_rng(0), np.random.default_rng(0)
    step, x = compiled(lambda x, rng: dropout(x, 0.5, rng=rng)), np.ones(16)
    draws = [step(x, rng) for _ in range(4)]
    assert_array_equal(draws, [dropout(x, 0.5, rng=same) for _ in range(4)])
    assert len({draw.tobytes() for draw in draws}) == 4


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_dropout_of_what_is_no_argument(compiled: Compile, kind: type[am.Node]):
    """A mask for a plain array is drawn anew as well, and one that has no use is drawn, too."""
    rng, same, ones = np.random.default_rng(0), np.random.default_rng(0), np.ones(4)

    def f(x: Any, rng: Any) -> Any:
        dropout(x, 0.25, rng=rng)
        return x * dropout(ones, 0.5, rng=rng)

    step, x = compiled(f, kind=kind), np.arange(4.0)
    for _ in range(4):
        assert_array_equal(step(x, rng), f(x, same))


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@pytest.mark.parametrize("new", [np.random.default_rng, np.random.RandomState])
def test_dropout_on_the_way_that_is_not_taken(
    compiled: Compile, kind: type[am.Node], new: Callable[[int], Any]
):
    """What a program draws that turns out to be the wrong one, is drawn again by the right one."""

    def f(x: Any, rng: Any) -> Any:
        y = dropout(x, 0.5, rng=rng)
        if x[0] > 0:
            return dropout(y * 2, 0.5, rng=rng)
        return y if x[0] > -1 else x

    (f_counted, runs), rng, same = counted(f), new(0), new(0)
    step = compiled(f_counted, kind=kind)
    for first in (1.0, -0.5, 1.0, -2.0, -0.5, 1.0):
        x = np.array([first, 1.0, 2.0, 3.0])
        assert_array_equal(step(x, rng), f(x, same))
    assert rng.random() == same.random()
    assert len(runs) == 3


def test_lanes_with_dropout_on_ways_of_their_own(compiled: Compile):
    """Each lane has its own numbers, whichever way it takes, and those steer it, too."""
    rng, same = np.random.default_rng(0), np.random.default_rng(0)

    def f(x: Any) -> Any:
        y = dropout(x, 0.5, rng=rng)
        return 10 * y if y[0] > 0 else y

    batch, x = compiled(f).batched(reduce=None), np.ones((64, 2))
    for _ in range(3):
        y = dropout(x, 0.5, rng=same)
        assert_array_equal(batch(x), np.where(y[:, :1] > 0, 10 * y, y))
    assert rng.random() == same.random()


def test_dropout_beside_nodes_from_outside(compiled: Compile):
    """Masks, and the parameters that the function closes over, each in its place."""
    rng, same, w = np.random.default_rng(0), np.random.default_rng(0), am.values([2.0, 3.0, 4.0])
    step, x = compiled(lambda x: w[0] * np.sum(w * dropout(x, 0.5, rng=rng))), np.arange(1.0, 4.0)
    for _ in range(4):
        numbers = am.data(w)
        assert step(x) == numbers[0] * np.sum(numbers * dropout(x, 0.5, rng=same))
        w[0].data += 1.0


def test_dropout_on_a_way_that_no_lane_takes(compiled: Compile):
    """It is tried after other lanes have gone theirs, and leaves the generator where it was."""
    rng, other = np.random.default_rng(0), np.random.default_rng(1)

    def f(x: Any) -> Any:
        if x[0] > 2.0:
            return dropout(x, 0.5, rng=other)
        return dropout(dropout(x, 0.5, rng=rng), 0.5, rng=other) if x[0] > 1.0 else x * 3.0

    batch = compiled(f).batched(reduce=None)
    for first in (0.5, 1.5, 3.0):  # so that the way in the middle is the second to be tried
        batch(np.full((1, 2), first))
    before, same = rng.bit_generator.state, copy.deepcopy(other)
    x = np.array([[3.0, 1.0], [0.5, 1.0]])
    assert_array_equal(batch(x), [dropout(x, 0.5, rng=same)[0], 3.0 * x[1]])
    assert rng.bit_generator.state == before
    assert other.bit_generator.state == same.bit_generator.state


def test_backward_inside(compiled: Compile):
    """`backward()` would write no `.grad` at a replay, and raises; `grad` is recorded."""

    def f(x: Any) -> Any:
        y = x * x
        y.backward()
        return x.grad

    with pytest.raises(InPlaceError, match=r"grad\(f\)"):
        compiled(f)(2.0)
    step = compiled(lambda x: am.grad(lambda w: w * w * x)(3.0))
    assert [step(2.0), step(5.0)] == [12.0, 30.0]


def test_a_training_step_inside(compiled: Compile):
    """New data for a parameter would be set by the trace alone: that raises."""
    net = MLP(2, [1], rng=0)
    parameter = net.parameters()[0]

    def assign(x: Any) -> Any:
        parameter.data = parameter.data - 0.1
        return x

    def load(x: Any) -> Any:
        net.load_state_dict(state)
        return x

    state = net.state_dict()
    for f in (assign, load):
        with pytest.raises(InPlaceError, match="inside of a compiled function"):
            compiled(f)(1.0)
    assert_equal(net.state_dict(), state)


@pytest.mark.parametrize(
    "f",
    [
        copy.copy,
        copy.deepcopy,
        lambda x: pickle.loads(pickle.dumps(x)),
        lambda x: am.Value(+x.data),
    ],
)
def test_copies_of_nodes(compiled: Compile, f: Callable[..., Any]):
    """A copy that is not computed from the argument holds for its number alone."""
    step = compiled(lambda x: f(x) * 2)
    assert [step(2.0), step(3.0)] == [4.0, 6.0]


def test_arguments_changed_inside(compiled: Compile):
    """The function is given arrays, lists and dicts of its own: those of the caller stay."""

    def f(a: Any, items: Any, table: Any) -> Any:
        a[0] = a[0] * 2
        items.append(items[0])
        table["z"] = table["y"] * 2
        return a, items, table

    step = compiled(f)
    a, items, table = np.array([1.0, 2.0]), [3.0], {"y": 4.0}
    for _ in range(2):
        assert_equal(step(a, items, table), (np.array([2, 2]), [3, 3], {"y": 4, "z": 8}))
        assert_equal((a, items, table), (np.array([1, 2]), [3], {"y": 4}))


def test_results_are_the_callers_own(compiled: Compile):
    """Results share no memory with arguments, with later results, or with what is kept."""
    constant = np.array([5.0, 6.0])
    step, x = compiled(lambda x: [x, constant, x > 0, np.array(["a", "b"])]), np.array([1.0, -1.0])
    first = step(x)
    for part in first:
        part[:] = part[::-1].copy()
    assert_equal(step(x), [x, constant, np.array([True, False]), np.array(["a", "b"])])
    assert_equal((x, constant), (np.array([1.0, -1.0]), np.array([5.0, 6.0])))


# Beside other transforms


def test_no_grad_and_detach_inside(compiled: Compile):
    """What is computed there is computed at each replay, and no derivative goes through it."""

    def f(x: Any) -> Any:
        with am.no_grad():
            y = x * x
            z = y + 1
        return z * x + x.detach() ** 2

    step = compiled(f)
    for x in (2.0, 3.0):
        assert step(x) == (x * x + 1) * x + x * x
        assert step.grad(x) == am.grad(f)(x) == x * x + 1
        assert step.hvp(x, 1.0) == am.hvp(f)(x, 1.0) == 0.0
    with am.no_grad():  # around it stops nothing
        assert step.grad(2.0) == 5.0


def test_checkpoint_inside(compiled: Compile):
    """A program keeps no tape, so it does what the function would do."""
    f = am.checkpoint(lambda x: x * x if x > 0 else x)
    step = compiled(lambda x: f(x) + 1)
    assert [step(2.0), step(-2.0), step.grad(2.0), step.grad(-2.0)] == [5.0, -1.0, 4.0, 1.0]


def test_compiled_inside_of_transforms_and_compiled(compiled: Compile):
    """Inside of a derivative or a trace the function itself is called: derivatives flow."""
    cube = compiled(lambda x: x**3)
    around = compiled(lambda x: cube(x) + cube.grad(x) * x)
    for x in (2.0, 3.0):
        assert cube(x) == compiled(cube)(x) == x**3
        assert am.grad(cube)(x) == compiled(am.grad(cube))(x) == 3 * x**2
        assert am.grad(am.grad(cube))(x) == compiled(cube.grad).grad(x) == 6 * x
        assert around(x) == 4 * x**3
        assert around.grad(x) == am.grad(around)(x) == 12 * x**2


def test_recursion(compiled: Compile):
    """A compiled function that calls itself is traced through, to the depth that data ask for."""

    def power(x: Any, n: Any) -> Any:
        return x * step(x, n - 1) if n > 0 else 1.0

    step = compiled(power)
    assert [step(2.0, 5), step(2.0, 3), step(3.0, 3), step.grad(2.0, 3)] == [32.0, 8.0, 27.0, 12.0]


def test_anomalies(compiled: Compile):
    """Inside of `detect_anomaly()` the function itself runs, so that the anomaly is found."""
    step = compiled(lambda x: 1.0 / (x - 1.0))
    assert [step(2.0), step(1.0)] == [1.0, math.inf]
    with am.detect_anomaly():
        assert step(2.0) == 1.0
        with pytest.raises(AnomalyError, match="divide"), np.errstate(divide="ignore"):
            step(1.0)


def test_warnings_of_numpy(compiled: Compile):
    """SURPRISE: NumPy warns of a division by zero when the function is traced, not at replays."""
    step = compiled(lambda x: 1.0 / x)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert step(0.0) == math.inf
    assert [step(0.0), step(-0.0)] == [math.inf, -math.inf]
