"""Replays of functions of Tensors: what is read, drawn, captured and asked is so each time."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.compiler import compile
from autograd_mini.compiler.program import Constant, Instruction
from autograd_mini.compiler.replay import KEPT
from autograd_mini.errors import DataError, VariantError
from tests.compiler.tensors import X, batch, classifier, network, of_tensors, variants_of


def beside_a_buffer(x: Any) -> Any:
    """Compare with an array that is then used for something else."""
    limit = np.zeros(3)
    positive = x > limit
    limit += 9.0
    return np.where(positive, x, 0.5 * x)


MASKS: list[Callable[[Any], Any]] = [
    lambda x: x * (x > 0.0),
    lambda x: np.where(x > 0.0, x * x, -x),
    lambda x: np.where((x > 0.0) & ~(x >= 2.0) | (x < -1.0), x, 0.5 * x),
    lambda x: np.where(np.isfinite(x) ^ (x != 1.0), x, x * x),
    lambda x: x[x > 0.0] * 2.0,
    lambda x: x * 3.0 if (x > 0.0).any() else x,
    lambda x: x * 3.0 if (x > -1.0).all() else x,
    lambda x: x * 3.0 if np.any(x > 2.0) else x,
    lambda x: x * (x > 0.0).sum(),
    lambda x: x[np.argmax(x)],
    lambda x: x * np.argsort(x),
    lambda x: np.compress(x > 0.0, x),
    lambda x: x * float(x[0] > x[1]),
    lambda x: x if x[0] else 2.0 * x,
    lambda x: x * int(3.0 * x.detach()[0]),
    lambda x: x * np.max(x.detach().data),
    lambda x: x * (0.5 in x),
    lambda x: x * np.array(x.detach().tolist()),
    lambda x: x * x.detach().numpy(),
    lambda x: x.at[x > 0.0].set(0.0) + x,
    lambda x: x * (x == x[::-1]),
    lambda x: np.clip(x, -1.0, 1.0) * np.sign(x),
    beside_a_buffer,
]


@pytest.mark.parametrize("f", MASKS)
def test_readings(f: Callable[..., Any]):
    """Comparisons are asked again, and what is read is a guard: never the old numbers."""
    step = of_tensors(lambda x: np.sum(f(x)))
    for x in ([0.5, -1.5, 2.5], [-0.5, 1.5, 2.5], [0.0, -3.0, -1.0], [0.5, -1.5, 2.5], [1.0] * 3):
        value, expected = am.value_and_grad(lambda x: np.sum(f(x)), allow_unused=True)(np.array(x))
        found, gradient = step.value_and_grad(np.array(x), allow_unused=True)
        assert_array_equal(found, value)
        assert_array_equal(gradient, expected)


class Unrepeatable:
    """A source whose copies go on where it is, as the clock does."""

    def random(self, size: Any) -> Any:
        """Return the next numbers."""
        return SHARED.random(size)


SHARED = np.random.default_rng(0)


def test_a_function_that_never_goes_the_same_way():
    """What was traced just now does not hold at once: that is an error, and no endless loop."""
    step = of_tensors(lambda x: np.sum(x) * float(np.sum(nn.dropout(x, 0.5, rng=Unrepeatable()))))
    with pytest.raises(VariantError, match="took another way than the function itself"):
        step(np.ones(1000))


def test_masks_need_no_new_program():
    """A mask is computed anew, in the one program there is."""
    step = of_tensors(lambda x: np.sum(np.where((x > 0.0) & (x < 2.0), x, 0.0)))
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=(3, 4))
        assert step(x) == np.sum(x[(x > 0.0) & (x < 2.0)])
    (replay,) = step._replays.values()
    assert len(replay.variants) == 1


def inverted(x: Any, power: Any) -> Any:
    """Return the sum of x or of its inverse, after a division."""
    with np.errstate(divide="ignore"):
        scale = 1.0 / power
    if power < 0.0:
        return np.sum(np.linalg.inv(x)) * scale
    return np.sum(x) * scale


def test_a_program_is_left_where_the_function_takes_another_way():
    """The inverse in the other branch is not computed: of a singular matrix it would raise."""
    step = of_tensors(inverted)
    for x, power in ((np.eye(2), -1.0), (np.zeros((2, 2)), 2.0), (2.0 * np.eye(2), -1.0)):
        assert step(x, power) == inverted(x, power)
    with pytest.raises(np.linalg.LinAlgError):
        step(np.zeros((2, 2)), -1.0)
    assert step(np.eye(2), -1.0) == -2.0


def test_what_numpy_warns_of_while_a_program_is_made():
    """The function silenced it where it does that; preparing its program says nothing more."""
    step = of_tensors(inverted)
    with np.errstate(divide="ignore"):  # of the replay itself
        assert step(np.eye(2), 0.0) == np.inf


def test_a_wrong_way_draws_nothing_for_good():
    """A generator is where the engine would have it, whichever program was tried first."""

    def f(x: Any, rng: Any) -> Any:
        y = nn.dropout(x, 0.5, rng=rng)
        return np.sum(y) if x[0] > 0.0 else np.prod(nn.dropout(y + 1.0, 0.5, rng=rng))

    step, rngs = of_tensors(f), [np.random.default_rng(5) for _ in range(2)]
    for sign in (1.0, -1.0, 1.0, -1.0, -1.0, 1.0):
        assert step(np.full(4, sign), rngs[0]) == f(am.Tensor(np.full(4, sign)), rngs[1]).data
        str(step.program)  # nor does printing draw
        assert rngs[0].bit_generator.state == rngs[1].bit_generator.state


def test_dropout_draws_anew():
    """Masks come from the user's generator at each replay, in its order."""
    models = [network(keep_prob=0.5) for _ in range(2)]
    x, labels = batch(1)
    step = compile(classifier)
    for _ in range(5):
        found, expected = step(models[0], x, labels), classifier(models[1], x, labels)
        assert found == expected.data
    models[0].eval()
    assert step(models[0], x, labels) == classifier(models[1].eval(), x, labels).data


def test_dropout_of_a_float():
    """A Value among Tensors would be drawn once and for all."""
    rng = np.random.default_rng(0)
    step = am.compile(lambda x: nn.dropout(x * 2.0, 0.5, rng=rng), kind=am.Tensor)
    with pytest.raises(DataError, match="array of one number"):
        step(3.0)
    assert step(np.array([3.0])).tolist() in ([0.0], [12.0])


def test_captured_parameters():
    """Tensors from outside are read at each replay."""
    w = am.Tensor(X)
    step = of_tensors(lambda x: np.sum(w * x))
    assert step(X) == np.sum(X * X)
    w.data = 2.0 * X
    assert step(X) == np.sum(2.0 * X * X)
    w.data[0, 0] = 7.0
    assert step(X) == np.sum(w.data * X)


def test_positions():
    """Arrays of integers and booleans as indices, integers as axes: others are traced anew."""

    def f(x: Any, i: Any, mask: Any, axis: int) -> Any:
        return np.sum(x[:, i] * 2.0) + np.sum(x[mask]) + np.sum(np.max(x, axis))

    step = of_tensors(f)
    rng = np.random.default_rng(0)
    for axis in (0, 1, 0):
        i, mask = rng.integers(3, size=2), rng.random((2, 3)) < 0.5
        given = X, i, mask, axis
        value, expected = am.value_and_grad(f)(*given)
        found, gradient = step.value_and_grad(*given)
        assert_allclose(found, value, rtol=1e-15)
        assert_array_equal(gradient, expected)


def test_functions_that_are_arguments_of_functions_of_tensors():
    """What they reach is looked at again."""
    factor = [2.0]
    step, scaled = am.compile(lambda x, f: f(x), kind=am.Tensor), lambda x: x * factor[0]
    assert step(np.ones(2), scaled).tolist() == [2.0, 2.0]
    factor[0] = 5.0
    assert step(np.ones(2), scaled).tolist() == [5.0, 5.0]


def test_whole_numbers_steer_python():
    """A single integer stays what it is; another has a program of its own, and is found again."""
    step = of_tensors(lambda x, axis: np.sum(x, axis=axis) * 2.0)
    for axis in (0, 1, 0, -1, 1):
        assert_array_equal(step(X, axis), np.sum(X, axis=axis) * 2.0)
    (replay,) = step._replays.values()
    assert len(replay.variants) == 3


def test_settings_of_modules_from_outside():
    """A model that the function closes over is asked again whether it trains."""
    model = network(keep_prob=0.5)
    step, (x, _) = of_tensors(lambda x: model(x)), batch(0)
    for trains in (True, False, True, False):
        (model.train if trains else model.eval)()
        found = [step(x) for _ in range(8)]
        assert any(not np.array_equal(found[0], z) for z in found) is trains


def test_ways_that_are_kept():
    """The programs used last are kept, and the very last is tried, and shown, first."""
    step = of_tensors(lambda x: np.sum(x) * int(x[0]))
    for k in (*range(KEPT + 3), KEPT, KEPT + 1):
        for _ in range(2):  # a replay between: tracing each time is warned of
            assert step(np.full(2, float(k))) == 2.0 * k * k
    (replay,) = step._replays.values()
    assert len(replay.variants) == KEPT
    assert [x.value for x in step.program.raw.entries if isinstance(x, Constant)] == [KEPT + 1.0]


def test_forms_of_arguments():
    """Each shape, dtype and kind has a program of its own."""
    step = of_tensors(lambda x: x * 2.0)
    for x in (X, X[0], X.astype(np.float32), X[:, :1], X.astype(np.float32)):
        found = step(x)
        assert_array_equal(found, x * 2.0)
        assert found.dtype == x.dtype
    assert len(variants_of(step)) == 4
    assert type(step(1.5)) is float
    assert_array_equal(step(np.array(1.5)), 3.0)


def test_programs_are_copied():
    """A program is data, also where it asks and compares: a pickle of it is the same program."""
    step = of_tensors(lambda x: np.sum(np.where(x > 0.0, x, x.detach())) if x.any() else x)
    step(X)
    program = pickle.loads(pickle.dumps(step.program.final))
    assert str(program) == str(step.program.final)
    assert [e.operation for e in program.entries if isinstance(e, Instruction)] == [
        e.operation for e in step.program.final.entries if isinstance(e, Instruction)
    ]


def test_inside_of_a_transform():
    """Where nodes are wanted, the function itself is called."""
    step = of_tensors(lambda x: np.sum(x * x * x))
    assert_allclose(am.grad(lambda x: np.sum(step.grad(x)))(X), 6.0 * X, rtol=1e-15)
    outer = of_tensors(lambda x: step(x) * 2.0)
    assert_allclose(outer.grad(X), 6.0 * X * X)
