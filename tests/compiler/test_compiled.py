"""`compile`: a replay is what the function computes, in every form it can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import Value, nn
from autograd_mini.errors import DataError, ShapeError, TapeLeftError, UnusedError
from tests.compiler.interpreter import FUNCTIONS, SPECIAL, programs, same_bits
from tests.table import elementwise

ENGINES = [
    "numpy",
    pytest.param(
        "numba", marks=pytest.mark.skipif(find_spec("numba") is None, reason="numba is missing")
    ),
]
CASES = [
    case
    for cases in elementwise.ROWS.values()
    for case in cases
    if case.shapes in (((),), ((), ()), ((), (), ()))
]


def eager_gradient(f: Callable[..., Any], args: Any, argnums: Any = 0) -> Any:
    """Return value and gradient of the eager engine, on `Value`s."""
    return am.value_and_grad(f, argnums, allow_unused=True)(*args)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_primitive_replays_bit_for_bit(case: Any) -> None:
    """One lane: value and gradient have the bits that the engine's have, on other numbers too."""
    step = am.compile(case.function, engine="numpy")
    varied = [i for i in range(len(case.shapes)) if i not in case.fixed]
    for seed in (1, 2, 3):
        args = [x.item() if x.dtype.kind == "f" else float(x) for x in case.draw(seed)]
        value, bars = step.value_and_grad(*args, argnums=varied, allow_unused=True)
        expected, expected_bars = eager_gradient(case.function, args, varied)
        assert same_bits(step(*args), expected)
        assert same_bits(value, expected)
        assert same_bits(bars, expected_bars)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_primitive_replays_in_lanes(case: Any, exact: bool) -> None:
    """Many lanes: the engine's bits if exact, else those of NumPy's functions, four ulp off."""
    varied = [i for i in range(len(case.shapes)) if i not in case.fixed]
    batch = am.compile(case.function, engine="numpy", exact=exact).batched(reduce=None)
    draws = [case.draw(seed) for seed in range(5)]
    args = [np.array([float(draw[i]) for draw in draws]) for i in range(len(case.shapes))]
    value, bars = batch.value_and_grad(*args, argnums=varied, allow_unused=True)
    for lane, numbers in enumerate(zip(*(x.tolist() for x in args), strict=True)):
        expected, expected_bars = eager_gradient(case.function, numbers, varied)
        found = [value[lane], *(bar[lane] for bar in bars)]
        if exact:
            assert same_bits(found, [expected, *expected_bars])
        else:
            assert_allclose(found, [expected, *expected_bars], rtol=2e-14, atol=1e-300)


def as_function(program: Any) -> Callable[..., Any]:
    """Return a random program as a Python function of its inputs: the sum of its results."""

    def f(*inputs: Any) -> Any:
        made = [*inputs]
        for entry in program.entries[len(inputs) :]:
            if hasattr(entry, "value"):
                made.append(entry.value)
            else:
                made.append(entry.operation(*(made[k] for k in entry.operands)))
        total = sum([made[k] for k in program.outputs], inputs[0])
        return total + sum(inputs)

    return f


@given(
    program=programs(functions=FUNCTIONS),
    numbers=st.lists(st.floats(-3, 3) | st.sampled_from(SPECIAL), min_size=8, max_size=8),
)
def test_random_functions_replay_bit_for_bit(program: Any, numbers: list[float]) -> None:
    """Traced at one point and replayed at another: value and gradient are the engine's."""
    f, n = as_function(program), len(program.inputs)
    step = am.compile(f, engine="numpy")
    with np.errstate(all="ignore"):
        for args in (numbers[:n], numbers[4 : 4 + n]):
            found = step.value_and_grad(*args, argnums=range(n))
            expected = am.value_and_grad(f, range(n))(*args)
            assert same_bits([found[0], *found[1]], [expected[0], *expected[1]])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("f", [lambda x: x / 0.0, lambda x: x * x / 0, lambda x: x / -0.0 * x])
def test_a_division_by_the_number_zero(f: Any, engine: Any) -> None:
    """It has the derivative that IEEE arithmetic gives it, also where the sweep is recorded."""
    step = am.compile(f, engine=engine)
    with np.errstate(all="ignore"):
        for x in (1.0, -2.0, 0.0):
            value, bar = step.value_and_grad(x)
            assert same_bits([value, bar], am.value_and_grad(f)(x))
            assert same_bits(step.hvp(x, 1.0), am.hvp(f)(x, 1.0))


def loss(x: Any, y: Any, w: Any) -> Any:
    """Return the loss of a small network at one sample, with an L2 term."""
    hidden = np.tanh(w["a"] @ x + w["b"])
    return (hidden @ w["c"] - y) ** 2 + 0.01 * np.sum(w["a"] ** 2)


def sample(seed: int = 0, m: int = 7) -> tuple[Any, Any, Any]:
    """Return inputs, targets and parameters for `loss`."""
    rng = np.random.default_rng(seed)
    weights = {"a": rng.normal(size=(4, 3)), "b": rng.normal(size=4), "c": rng.normal(size=4)}
    return rng.normal(size=(m, 3)), rng.normal(size=m), weights


def mean_loss(x: Any, y: Any, w: Any) -> Any:
    """Return the mean of the losses, as Python's loop computes it."""
    return sum([loss(row, target, w) for row, target in zip(x, y, strict=True)]) / len(y)


def close(found: Any, expected: Any) -> None:
    """Assert that two derivatives agree to rounding, in structure and shape too."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name in expected:
            close(found[name], expected[name])
    elif isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for x, y in zip(found, expected, strict=True):
            close(x, y)
    else:
        assert np.shape(found) == np.shape(expected)
        assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("argnums", [2, 0, (0, 2), (2, 1)])
def test_derivatives_of_one_sample(engine: Any, argnums: Any) -> None:
    """Value, gradient, Hessian and its products, as the transforms have them."""
    xs, ys, w = sample()
    args = xs[0], ys[0], w
    step = am.compile(loss, engine=engine)
    close(step(*args), loss(*args))
    close(step.value_and_grad(*args, argnums=argnums), am.value_and_grad(loss, argnums)(*args))
    close(step.grad(*args, argnums=argnums), am.grad(loss, argnums)(*args))
    v = am.grad(loss, argnums)(xs[1], ys[1], w)
    close(step.hvp(*args, v, argnums=argnums), am.hvp(loss, argnums)(*args, v))
    close(step.hessian(*args, argnums=argnums), am.hessian(loss, argnums)(*args))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("argnums", [2, 0, (0, 2), (2, 1)])
def test_derivatives_of_a_mean_over_lanes(engine: Any, exact: bool, argnums: Any) -> None:
    """The mean of the samples' losses, and its derivatives, by samples and by parameters."""
    xs, ys, w = sample()
    batch = am.compile(loss, engine=engine, exact=exact).batched((0, 0, None))
    close(batch(xs, ys, w), mean_loss(xs, ys, w))
    expected = am.value_and_grad(mean_loss, argnums)(xs, ys, w)
    close(batch.value_and_grad(xs, ys, w, argnums=argnums), expected)
    close(
        batch.hvp(xs, ys, w, expected[1], argnums=argnums),
        am.hvp(mean_loss, argnums)(xs, ys, w, expected[1]),
    )
    if argnums == 2:
        close(batch.hessian(xs, ys, w, argnums=2), am.hessian(mean_loss, 2)(xs, ys, w))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sum_over_lanes_and_one_result_a_lane(engine: Any) -> None:
    """reduce="sum" is m times the mean; None gives each lane its value and its own gradient."""
    xs, ys, w = sample()
    step = am.compile(loss, engine=engine)
    mean, bars = am.value_and_grad(mean_loss, 2)(xs, ys, w)
    total, summed = step.batched((0, 0, None), reduce="sum").value_and_grad(xs, ys, w, argnums=2)
    close(total, 7 * mean)
    close(summed, {name: 7 * bar for name, bar in bars.items()})
    values, each = step.batched((0, 0, None), reduce=None).value_and_grad(xs, ys, w, argnums=(0, 2))
    for lane in range(7):
        value, (x_bar, w_bar) = am.value_and_grad(loss, (0, 2))(xs[lane], ys[lane], w)
        close(values[lane], value)
        close(each[0][lane], x_bar)
        close({name: bar[lane] for name, bar in each[1].items()}, w_bar)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("argnums", [0, 2, (0, 2)])
def test_each_lane_has_a_hessian(engine: Any, argnums: Any) -> None:
    """Without a reduction, also by what lanes share; the lanes come first, wherever they lay."""
    xs, ys, w = sample()
    step = am.compile(loss, engine=engine)
    found = step.batched((0, 0, None), reduce=None).hessian(xs, ys, w, argnums=argnums)
    turned = step.batched((-1, 0, None), reduce=None).hessian(xs.T, ys, w, argnums=argnums)
    close(turned, found)
    for lane in range(7):
        close(of_lane(found, lane), am.hessian(loss, argnums)(xs[lane], ys[lane], w))


def of_lane(tree: Any, lane: int) -> Any:
    """Return what one lane has of the arrays in a structure."""
    if isinstance(tree, dict):
        return {name: of_lane(part, lane) for name, part in tree.items()}
    return tuple(of_lane(x, lane) for x in tree) if isinstance(tree, tuple) else tree[lane]


@pytest.mark.parametrize("engine", ENGINES)
def test_lanes_may_lie_along_any_axis(engine: Any) -> None:
    """in_axes names it for each argument; gradients by what has lanes keep them there."""
    xs, ys, w = sample()
    batch = am.compile(loss, engine=engine).batched((1, -1, None))
    expected = am.value_and_grad(mean_loss, (0, 1))(xs, ys, w)
    value, (x_bar, y_bar) = batch.value_and_grad(xs.T, ys, w, argnums=(0, 1))
    close(value, expected[0])
    close(x_bar, expected[1][0].T)
    close(y_bar, expected[1][1])


def branching(x: Any, w: Any) -> Any:
    """Return one of three functions of x."""
    if x > 1.0:
        return x * w
    return am.exp(x) * w if x > 0.0 else am.sin(w) * 1.0


@pytest.mark.parametrize("engine", ENGINES)
def test_each_lane_takes_its_own_branch(engine: Any) -> None:
    """Lanes whose comparisons come out otherwise are replayed by a variant of their own."""
    x, w = np.array([-1.0, 0.5, 2.0, 0.25, -3.0, 1.0]), 0.7
    step = am.compile(branching, engine=engine)
    each = step.batched((0, None), reduce=None)
    values, (x_bar, w_bar) = each.value_and_grad(x, w, argnums=(0, 1), allow_unused=True)
    for lane, number in enumerate(x):
        close(step(number, w), branching(number, w))
        value, bars = am.value_and_grad(branching, (0, 1), allow_unused=True)(number, w)
        close([values[lane], x_bar[lane], w_bar[lane]], [value, *bars])
    total, (x_bar, w_bar) = step.batched((0, None), reduce="sum").value_and_grad(
        x, w, argnums=(0, 1), allow_unused=True
    )
    mean = step.batched((0, None))
    close(mean(x, w), np.mean(values))
    close(mean.grad(x, w, argnums=1), w_bar / len(x))
    close(total, np.sum(values))
    close(w_bar, np.sum([eager_gradient(branching, (n, w), 1)[1] for n in x]))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_lanes_share_counts_once_a_lane_on_each_branch(engine: Any) -> None:
    """An L2 term beside branches: as often in the sum as lanes went each way, in any order."""

    def f(point: Any, w: Any) -> Any:
        x, y = point
        data = x * w if x > 1.0 else (x * x if x > 0.0 else w - x)
        return data * y + 0.25 * w * w

    step = am.compile(f, engine=engine)
    for reduce in ("sum", "mean"):
        batch = step.batched((0, None), reduce=reduce)
        for numbers in ([-1.0, 0.5, 2.0, 0.25, -3.0], [2.0, 3.0, 0.5], [-1.0, 0.5], [0.5, -1.0]):
            points = np.column_stack([numbers, np.arange(1.0, len(numbers) + 1.0)])
            of_lanes = [eager_gradient(f, (point, 0.7), (0, 1)) for point in points]
            m = len(numbers) if reduce == "mean" else 1
            value, (x_bar, w_bar) = batch.value_and_grad(points, 0.7, argnums=(0, 1))
            close(value, sum(z for z, _ in of_lanes) / m)
            close(x_bar, np.array([bar for _, (bar, _) in of_lanes]) / m)
            close(w_bar, sum(bar for _, (_, bar) in of_lanes) / m)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_way_without_comparisons_for_some_of_the_lanes(engine: Any) -> None:
    """A function that does not always ask: what the lanes share counts for those on each way."""
    asks = iter([True, False, True, False, False])

    def f(x: Any, w: Any) -> Any:
        if next(asks):
            return w * w + (x if x > 0.0 else -x)
        return w * w + 3.0 * x

    batch = am.compile(f, engine=engine).batched((0, None))
    value, slope = batch.value_and_grad(np.array([1.0, -1.0]), 5.0, argnums=1)
    assert (value, slope) == (25.0 + (1.0 - 3.0) / 2.0, 10.0)
    assert batch(np.array([1.0, -1.0]), 5.0) == value
    fresh = am.compile(f, engine=engine).batched((0, None))
    assert fresh(np.array([1.0, 2.0]), 5.0) == 25.0 + 4.5
    assert fresh(np.array([1.0, -1.0]), 5.0) == 25.0


def test_a_branch_is_taken_again_without_a_new_trace() -> None:
    """The function runs once for each way through it, however often the ways alternate."""
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return x if x > 0.0 else -2.0 * x

    step = am.compile(f)
    assert [step(x) for x in (1.0, -1.0, 2.0, -2.0, 3.0)] == [1.0, 2.0, 2.0, 4.0, 3.0]
    assert len(calls) == 2


@dataclass
class Point:
    """Two coordinates."""

    x: Any
    y: Any


def test_structures_of_arguments_and_results() -> None:
    """What transforms take, compiled functions take; a result is a structure of numbers."""

    def f(point: Point, pairs: list[Any], *, scale: float = 1.0) -> Any:
        total = point.x * pairs[0][0] + np.sum(point.y * pairs[1])
        return {"total": total * scale, "parts": (point.y * 2.0, [point.x, "text", None, 3.0])}

    step = am.compile(f)
    args = Point(2.0, np.array([1.0, 2.0])), [(3.0,), np.array([4.0, 5.0])]
    for _ in range(2):
        found = step(*args, scale=10.0)
        assert found["total"] == 200.0
        assert found["parts"][0].tolist() == [2.0, 4.0]
        assert found["parts"][1] == [2.0, "text", None, 3.0]
    both = am.compile(lambda p, q: f(p, q)["total"])
    value, (point, pairs) = both.value_and_grad(*args, argnums=(0, 1))
    assert value == 20.0
    assert point.x == 3.0
    assert point.y.tolist() == [4.0, 5.0]
    assert pairs[0] == (2.0,)
    assert pairs[1].tolist() == [1.0, 2.0]


def test_a_module_is_an_argument_like_another() -> None:
    """Its parameters are read at each replay; the gradient is a module of nodes."""
    model = nn.MLP(3, [4, 1], activation="tanh", rng=0)

    def of_model(model: Any, x: Any) -> Any:
        return np.sum(model(x) ** 2)

    step, x = am.compile(of_model), np.array([0.3, -1.0, 2.0])
    for _ in range(2):
        value, bars = step.value_and_grad(model, x)
        expected = of_model(model, x)
        model.zero_grad()
        expected.backward()
        assert value == expected.data
        for name, bar in bars.arrays().items():
            assert_allclose(am.data(bar), am.grads(model.arrays()[name]), rtol=1e-14)
        model.layers[0].W[0, 0].data += 1.0


def test_parameters_from_outside_are_read_at_each_replay() -> None:
    """A node that the function closes over may change between replays."""
    w = Value(2.0)
    step = am.compile(lambda x: x * w)
    assert step(3.0) == 6.0
    w.data = 5.0
    assert step(3.0) == 15.0


@pytest.mark.parametrize("engine", ENGINES)
def test_masks_are_drawn_anew_for_each_lane_and_replay(engine: Any) -> None:
    """They are those that the engine draws for the whole batch, from the same generator."""

    def dropped(x: Any, rng: Any) -> Any:
        return np.sum(nn.dropout(x * 2.0, 0.5, rng=rng), axis=-1)

    xs, scale = np.arange(1.0, 13.0).reshape(3, 4), np.arange(1.0, 5.0)
    ours, theirs = np.random.default_rng(5), np.random.default_rng(5)
    batch = am.compile(lambda x: dropped(x, ours), engine=engine).batched(reduce=None)
    of_numbers = am.compile(lambda x: dropped(x * scale, ours), engine=engine).batched(reduce=None)
    for _ in range(3):
        assert batch(xs).tolist() == dropped(xs, theirs).tolist()
        assert of_numbers(xs[0]).tolist() == dropped(np.outer(xs[0], scale), theirs).tolist()
    step = am.compile(lambda x: dropped(x, ours), engine=engine)
    for _ in range(3):
        assert step(xs[0]) == dropped(xs[0], theirs)


def test_derivatives_flow_through_a_compiled_function() -> None:
    """Inside of a derivative, and of another compiled function, it is the function itself."""
    inner = am.compile(lambda x, w: am.sin(x * w))
    mean = inner.batched((0, None))
    xs = np.array([0.1, 0.2, 0.7])
    assert_allclose(am.grad(lambda w: inner(2.0, w))(0.3), 2.0 * np.cos(0.6), rtol=1e-14)
    assert_allclose(am.grad(lambda w: mean(xs, w))(0.3), np.mean(xs * np.cos(0.3 * xs)), rtol=1e-14)
    outer = am.compile(lambda w: inner.value_and_grad(2.0, w, argnums=1)[1] ** 2)
    assert_allclose(outer(0.3), (2.0 * np.cos(0.6)) ** 2, rtol=1e-14)
    assert_allclose(outer.grad(0.3), -8.0 * 2.0 * np.cos(0.6) * np.sin(0.6), rtol=1e-14)


def test_anomalies_are_found_by_the_engine() -> None:
    """Under detect_anomaly() the function itself runs, and the message names the operation."""
    step = am.compile(lambda x: am.log(x) * 2.0)
    with np.errstate(all="ignore"):
        with am.detect_anomaly(), pytest.raises(am.errors.AnomalyError):
            step(0.0)
        assert step(0.0) == -np.inf


def test_a_call_with_nodes_goes_on_with_their_tape() -> None:
    """Outside of no_grad() the result is a node then, and no gradient is lost; inside, a number."""
    w = Value(2.0)
    square = am.compile(lambda x: x * x)
    y = square(w) + w
    y.backward()
    assert w.grad == 5.0
    with am.no_grad():
        assert square(w) == 4.0
        assert isinstance(square(w), float)
    p = am.Tensor([1.0, 2.0])
    (am.compile(lambda x: np.sum(x**2))(p) + p.sum()).backward()
    assert p.grad.tolist() == [3.0, 5.0]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: am.compile(3.0), DataError, "expected a function"),
        (lambda: am.compile(abs, engine="gpu"), ValueError, "'auto', 'numpy' or 'numba'"),
        (lambda: am.compile(abs).batched(reduce="max"), ValueError, "'mean', 'sum' or None"),
        (lambda: am.compile(abs).batched(None), DataError, "in_axes names no axis"),
        (lambda: am.compile(abs).batched().batched(), DataError, "batched already"),
        (lambda: am.compile(abs).batched((0.5,)), DataError, "whole number or None, got 0.5"),
        (lambda: am.compile(abs).batched(({"a": 0},)), DataError, "same for all parts"),
        (lambda: am.compile(abs).batched()(np.ones(0)), ShapeError, "there is no lane"),
        (lambda: am.compile(abs).batched((0, 0))([1.0]), ShapeError, "2 entries for 1 arguments"),
        (lambda: am.compile(abs).batched()(2.0), ShapeError, "argument 0 has its lanes"),
        (
            lambda: am.compile(lambda x, y: x).batched()(np.ones(2), np.ones(3)),
            ShapeError,
            r"as many each, got \[2, 3\]",
        ),
        (lambda: am.compile(np.exp).value_and_grad(np.ones(3)), ShapeError, r"shape \(3,\)"),
        (
            lambda: am.compile(lambda x, y: x * 1.0).grad(1.0, 2.0, argnums=1),
            UnusedError,
            "does not depend on argument 1",
        ),
        (lambda: am.compile(lambda x: x * float(x)).grad(1.0), TapeLeftError, "leaves the tape"),
        (lambda: am.compile(abs).grad(1.0, argnums=2), DataError, "argnums names argument 2"),
        (lambda: am.compile(abs).hvp(1.0), DataError, "hvp takes the arguments of f"),
        (
            lambda: am.compile(abs).hvp(1.0, np.ones(2)),
            ShapeError,
            r"got \[\(2,\)\]",
        ),
        (lambda: am.compile(abs)({1, 2}), DataError, "can change without"),
        (lambda: am.compile(abs).program, DataError, "call the function first"),
    ],
)
def test_errors_say_what_to_do(call: Any, error: Any, says: str) -> None:
    """What was wrong with a call, in its own words."""
    with pytest.raises(error, match=says):
        call()


def test_a_program_can_be_read() -> None:
    """The listing names passes with counts, and the program before and after them."""
    xs, ys, w = sample()
    batch = am.compile(loss, engine="numpy").batched((0, 0, None))
    batch.value_and_grad(xs, ys, w, argnums=2)
    text = str(batch.program)
    for word in (
        "trace",
        "share",
        "sums_inward",
        "fuse",
        "before",
        "after",
        "lane_dot",
        "w.a[0,1]",
    ):
        assert word in text, word
    counts = [instructions for _, instructions, _ in batch.program.counts]
    assert len(batch.program) == counts[-1] < max(counts)
