"""Functions of Tensors, compiled: the same numbers, structures and errors as eager transforms."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal, assert_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.compiler import compile
from autograd_mini.compiler.listing import listed
from autograd_mini.compiler.program import Instruction
from autograd_mini.errors import DataError
from autograd_mini.recording import apply
from autograd_mini.transforms.structure import leaves
from tests.checks import directions, varied
from tests.random_table import Program, run
from tests.table import CASES
from tests.table.case import Case
from tests.test_random_programs import SEEDS, SEVERAL_SHAPES, TABLE, normal, programs

X = np.array([[0.5, -1.5, 2.5], [1.0, 0.0, -0.7]])
ULP = {"rtol": 1e-14, "atol": 1e-15}


def compiled(f: Callable[..., Any], *, exact: bool = False) -> Any:
    """Return a function of Tensors, compiled."""
    return compile(f, kind=am.Tensor, exact=exact)


def forms(step: Any) -> list[Any]:
    """Return the variants for each form of arguments."""
    return [plan.variants for replay in step._replays.values() for plan in replay._plans.values()]


def other(x: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return operands near others: in the same pieces, and with other numbers."""
    return [np.asarray(array * 1.015625) if array.dtype.kind == "f" else array for array in x]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_table(case: Case):
    """Each operation, its value and its VJP, also on new numbers; exact ones bit for bit."""
    x = case.draw()
    z_bar, _ = directions(case, x)
    moving = varied(case)

    def f(*operands: Any) -> Any:
        given = [*x]
        for i, operand in zip(moving, operands, strict=True):
            given[i] = operand
        return case.function(*given)

    def loss(*operands: Any) -> Any:
        return am.sum(f(*operands) * z_bar)

    step, exact, pull = compiled(f), compiled(f, exact=True), compiled(loss)
    argnums = tuple(range(len(moving)))
    for numbers in ([x[i] for i in moving], other([x[i] for i in moving])):
        expected = f(*map(am.Tensor, numbers)).data
        assert_array_equal(exact(*numbers), expected, strict=bool(expected.ndim))
        assert_allclose(step(*numbers), expected, **ULP)
        value, bars = am.value_and_grad(loss, argnums)(*numbers)
        found, found_bars = pull.value_and_grad(*numbers, argnums=argnums)
        assert_allclose(found, value, **ULP)
        for a, b in zip(found_bars, bars, strict=True):
            assert_allclose(a, b, **ULP)
            assert (a.shape, a.dtype) == (b.shape, b.dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.keeps_dtype], ids=str)
def test_float32(case: Case):
    """Single precision in gives single precision out."""
    x = [array.astype(np.float32) for array in case.draw()]
    moving = varied(case)

    def loss(*operands: Any) -> Any:
        given = [*x]
        for i, operand in zip(moving, operands, strict=True):
            given[i] = operand
        return am.sum(case.function(*given))

    numbers, argnums = [x[i] for i in moving], tuple(range(len(moving)))
    value, bars = am.value_and_grad(loss, argnums, allow_unused=True)(*numbers)
    found, found_bars = compiled(loss).value_and_grad(*numbers, argnums=argnums, allow_unused=True)
    assert_equal(found, value)
    assert found.dtype == np.float32
    for a, b in zip(found_bars, bars, strict=True):
        assert a.dtype == np.float32
        assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@given(program=programs(TABLE), shapes=SEVERAL_SHAPES, seed=SEEDS)
def test_random_programs(program: Program, shapes: list[tuple[int, ...]], seed: int):
    """Random programs over the table: value, gradient and Hessian product, twice."""

    def f(inputs: list[Any]) -> Any:
        return run(program, inputs)

    step = compiled(f)
    for again in (seed, seed + 1):
        arrays = normal(shapes, again)
        value, expected = am.value_and_grad(f)(arrays)
        found, gradient = step.value_and_grad(arrays)
        assert_allclose(found, value, rtol=1e-13)
        largest = max(float(np.max(np.abs(g))) for g in expected)
        for a, b in zip(gradient, expected, strict=True):
            assert_allclose(a, b, rtol=1e-12, atol=1e-12 * (1e-3 + largest))


def classifier(model: Any, x: Any, labels: Any) -> Any:
    """Return the loss of a network."""
    return nn.softmax_cross_entropy(model(x), labels)


def network(**settings: Any) -> nn.MLP:
    """Return a small network of Tensors."""
    return nn.MLP(5, [4, 3], kind=am.Tensor, rng=0, **settings)


def batch(seed: int, m: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return samples and labels."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, 5)), rng.integers(3, size=m)


@pytest.mark.parametrize("m", [6, 60])
@pytest.mark.parametrize("exact", [True, False])
def test_training_step(exact: bool, m: int):
    """Modules, labels given anew, and parameters that change: as the eager engine has it."""
    model, step = network(), compile(classifier, exact=exact)
    agree: Any = assert_array_equal if exact else partial(assert_allclose, **ULP)
    for seed in range(4):
        x, labels = batch(seed, m)
        value, expected = am.value_and_grad(classifier)(model, x, labels)
        found, gradient = step.value_and_grad(model, x, labels)
        agree(found, value)
        assert type(gradient) is nn.MLP
        for p, a, b in zip(
            model.parameters(), gradient.parameters(), expected.parameters(), strict=True
        ):
            assert type(a) is am.Tensor
            agree(a.data, b.data)
            p.data = p.data - 0.1 * a.data
    (replay,) = step._replays.values()
    assert len(replay.variants) == 1
    with pytest.raises(ValueError, match="labels must be integers from 0 to 2"):
        step(model, x, labels + 3)


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


def test_captured_parameters():
    """Tensors from outside are read at each replay."""
    w = am.Tensor(X)
    step = compiled(lambda x: np.sum(w * x))
    assert step(X) == np.sum(X * X)
    w.data = 2.0 * X
    assert step(X) == np.sum(2.0 * X * X)
    w.data[0, 0] = 7.0
    assert step(X) == np.sum(w.data * X)


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
]


@pytest.mark.parametrize("f", MASKS)
def test_readings(f: Callable[..., Any]):
    """Comparisons are asked again, and what is read is a guard: never the old numbers."""
    step = compiled(lambda x: np.sum(f(x)))
    for x in ([0.5, -1.5, 2.5], [-0.5, 1.5, 2.5], [0.0, -3.0, -1.0], [0.5, -1.5, 2.5], [1.0] * 3):
        value, expected = am.value_and_grad(lambda x: np.sum(f(x)), allow_unused=True)(np.array(x))
        found, gradient = step.value_and_grad(np.array(x), allow_unused=True)
        assert_array_equal(found, value)
        assert_array_equal(gradient, expected)


def test_arrays_that_a_function_makes():
    """An array that is no node is one result, also an empty one beside others."""
    step = compiled(lambda x: {"zeros": np.zeros(0), "range": np.arange(3.0), "twice": 2.0 * x})
    for x in (X, X + 1.0):
        assert_equal(
            step(x), {"zeros": np.zeros(0), "range": np.array([0.0, 1.0, 2.0]), "twice": 2.0 * x}
        )


def inverted(x: Any, power: Any) -> Any:
    """Return the sum of x or of its inverse, after a division."""
    with np.errstate(divide="ignore"):
        scale = 1.0 / power
    if power < 0.0:
        return np.sum(np.linalg.inv(x)) * scale
    return np.sum(x) * scale


def test_a_program_is_left_where_the_function_takes_another_way():
    """The inverse in the other branch is not computed: of a singular matrix it would raise."""
    step = compiled(inverted)
    for x, power in ((np.eye(2), -1.0), (np.zeros((2, 2)), 2.0), (2.0 * np.eye(2), -1.0)):
        assert step(x, power) == inverted(x, power)
    with pytest.raises(np.linalg.LinAlgError):
        step(np.zeros((2, 2)), -1.0)
    assert step(np.eye(2), -1.0) == -2.0


def test_what_numpy_warns_of_while_a_program_is_made():
    """The function silenced it where it does that; preparing its program says nothing more."""
    step = compiled(inverted)
    with np.errstate(divide="ignore"):  # of the replay itself
        assert step(np.eye(2), 0.0) == np.inf


def test_a_wrong_way_draws_nothing_for_good():
    """A generator is where the engine would have it, whichever program was tried first."""

    def f(x: Any, rng: Any) -> Any:
        y = nn.dropout(x, 0.5, rng=rng)
        return np.sum(y) if x[0] > 0.0 else np.prod(nn.dropout(y + 1.0, 0.5, rng=rng))

    step, rngs = compiled(f), [np.random.default_rng(5) for _ in range(2)]
    for sign in (1.0, -1.0, 1.0, -1.0, -1.0, 1.0):
        assert step(np.full(4, sign), rngs[0]) == f(am.Tensor(np.full(4, sign)), rngs[1]).data
        str(step.program)  # nor does printing draw
        assert rngs[0].bit_generator.state == rngs[1].bit_generator.state


def test_masks_need_no_new_program():
    """A mask is computed anew, in the one program there is."""
    step = compiled(lambda x: np.sum(np.where((x > 0.0) & (x < 2.0), x, 0.0)))
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=(3, 4))
        assert step(x) == np.sum(x[(x > 0.0) & (x < 2.0)])
    (replay,) = step._replays.values()
    assert len(replay.variants) == 1


def test_positions():
    """Arrays of integers and booleans as indices, integers as axes: others are traced anew."""

    def f(x: Any, i: Any, mask: Any, axis: int) -> Any:
        return np.sum(x[:, i] * 2.0) + np.sum(x[mask]) + np.sum(np.max(x, axis))

    step = compiled(f)
    rng = np.random.default_rng(0)
    for axis in (0, 1, 0):
        i, mask = rng.integers(3, size=2), rng.random((2, 3)) < 0.5
        given = X, i, mask, axis
        value, expected = am.value_and_grad(f)(*given)
        found, gradient = step.value_and_grad(*given)
        assert_allclose(found, value, rtol=1e-15)
        assert_array_equal(gradient, expected)


def test_integers_are_numbers_too():
    """Arrays of integers take part in arithmetic, given anew, and can be differentiated by."""
    step = compiled(lambda x, n: np.sum(x * n) / n.sum() + np.sum(n[n > 2]) + len(n))
    for n in (np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([1, 2, 3])):
        assert step(X, n) == np.sum(X * n) / n.sum() + np.sum(n[n > 2]) + 3
    found = compiled(lambda n: np.sum(n * n)).grad(np.array([1, 2, 3]))
    assert_equal(found, am.grad(lambda n: np.sum(n * n))(np.array([1, 2, 3])))
    assert compiled(lambda n: n * n).grad(3) == 6.0
    tables = compiled(lambda x, i: np.sum(x * np.eye(3)[i]))
    for i in (np.array([0, 1]), np.array([2, 2])):
        assert tables(X, i) == np.sum(X * np.eye(3)[i])


def test_arrays_of_whole_numbers_in_functions_of_floats():
    """They give what they give in the engine, where a function is called with plain arrays."""
    n = np.array([[1, 2, 3], [4, 5, 7]])
    for f in (
        *(am.reciprocal, am.logsumexp, am.log_softmax, am.softmax, np.linalg.norm, np.exp, np.mean),
        lambda n: np.exp(am.log_softmax(n)),
        lambda n: am.linalg.norm(n[0], 3.0),
    ):
        for whole in (n, n.astype(np.int8)):
            assert_allclose(compiled(f)(whole), am.data(f(am.Tensor(n))), rtol=1e-15)
    large = np.array([2**63, 1], np.uint64)
    assert_array_equal(compiled(lambda x, n: x * n)(0.5, large), [2.0**62, 0.5])


def test_what_is_computed_from_constants_alone():
    """Tensors that the function makes itself are no inputs: what comes of them is known."""
    step = compiled(lambda x: x * (np.exp(am.Tensor([1.0, 2.0])) + 1.0))
    assert_array_equal(step(np.ones(2)), np.exp([1.0, 2.0]) + 1.0)
    assert [len(entry) for entry in step.program.final.entries] == [2, 1, 3]  # x, a constant, x · c


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

    step = compiled(f)
    assert step(np.ones(())) == [1.0, -1.0, -1.0, 1.0, 1.0, 3.0, 5.0]
    assert len(step.program.final) == 6


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

    step = compiled(f)
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
    step = compiled(lambda x, y: np.sum(np.exp(x) * y - x.T.T))
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


def test_forms_of_arguments():
    """Each shape, dtype and kind has a program of its own."""
    step = compiled(lambda x: x * 2.0)
    for x in (X, X[0], X.astype(np.float32), X[:, :1], X.astype(np.float32)):
        found = step(x)
        assert_array_equal(found, x * 2.0)
        assert found.dtype == x.dtype
    assert len(forms(step)) == 4
    assert type(step(1.5)) is float
    assert_array_equal(step(np.array(1.5)), 3.0)


def test_numbers_beside_arrays():
    """Floats are numbers, given anew; they do not widen single precision."""
    f = lambda x, a, b: np.sum(np.sin(a * b) * x + a)  # noqa: E731
    step = compiled(f)
    for dtype in (np.float64, np.float32):
        for a in (0.3, 0.7):
            x = X.astype(dtype)
            value, expected = am.value_and_grad(f, (0, 1, 2))(x, a, 2.0)
            found, gradient = step.value_and_grad(x, a, 2.0, argnums=(0, 1, 2))
            assert_array_equal(found, value)
            assert found.dtype == dtype
            for p, q in zip(gradient, expected, strict=True):
                assert_array_equal(p, q)
                assert type(p) is type(q)
    assert compiled(lambda x, a: x * a)(X.astype(np.float32), 0.1).dtype == np.float32
    assert len(forms(step)) == 2


def test_values_and_tensors_together():
    """Values among the arguments stay scalars, and meet Tensors as in the eager engine."""
    f = lambda v, t: v * np.sum(t * v) + v  # noqa: E731
    v, t = am.Value(2.0), am.Tensor(X)
    found = compile(f).value_and_grad(v, t, argnums=(0, 1))
    expected = am.value_and_grad(f, (0, 1))(v, t)
    assert found[0] == expected[0].data
    assert [type(g) for g in found[1]] == [am.Value, am.Tensor]
    for a, b in zip(found[1], expected[1], strict=True):
        assert_array_equal(a.data, b.data)
    numbers = compile(lambda p, t: (p[0] * p[1] + p[2]) * np.sum(t))
    gradient = numbers.grad(am.values([1.0, 2.0, 3.0]), t)
    assert_allclose(am.data(gradient), np.array([2.0, 1.0, 1.0]) * X.sum())


def bumpy(x: Any, y: Any) -> Any:
    """Return a number with second derivatives everywhere."""
    return np.sum(np.tanh(x @ x.T) * np.exp(-y)) + np.sum(x) * np.sum(y * y)


def test_second_order():
    """Products with the Hessian, and the whole of it, are the transforms', in their structure."""
    y, v = np.array([0.3, -0.2]), 0.1 * X
    step = compiled(bumpy)
    assert_allclose(step.hvp(X, y, v), am.hvp(bumpy)(X, y, v), rtol=1e-13)
    both = step.hvp(X, y, (v, y), argnums=(0, 1))
    for a, b in zip(both, am.hvp(bumpy, (0, 1))(X, y, (v, y)), strict=True):
        assert_allclose(a, b, rtol=1e-13)
    found = step.hessian(X, y, argnums=(0, 1))
    expected = am.hessian(bumpy, (0, 1))(X, y)
    for i in range(2):
        for j in range(2):
            assert found[i][j].shape == expected[i][j].shape
            assert_allclose(found[i][j], expected[i][j], rtol=1e-12, atol=1e-14)
    single = X.astype(np.float32)
    assert step.hvp(single, y.astype(np.float32), v).dtype == np.float32
    assert compiled(lambda x, y: np.sum(x)).hvp(X, y, v).tolist() == np.zeros_like(X).tolist()
    for shape in ((0,), (0, 3)):
        assert compiled(bumpy).hessian(np.zeros(shape), y).shape == shape + shape
    mixed = compiled(lambda p: np.sum(X * p["w"]) ** 2 * p["b"]).hessian({"w": X, "b": 2.0})
    wanted = am.hessian(lambda p: np.sum(X * p["w"]) ** 2 * p["b"])({"w": X, "b": 2.0})
    for a, b in zip(leaves(mixed), leaves(wanted), strict=True):
        assert_allclose(a, b, rtol=1e-13)
        assert type(a) is type(b)


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


@pytest.mark.parametrize("exact", [True, False])
def test_masked_classes(exact: bool):
    """A class that is out of reach takes the other way of the loss, then and only then."""
    step = compile(lambda z, y: nn.softmax_cross_entropy(z, y), kind=am.Tensor, exact=exact)
    z, labels = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 1, 0])
    for masked in (False, True, False):
        logits = z.copy()
        logits[:, 2] = -np.inf if masked else logits[:, 2]
        value, expected = am.value_and_grad(nn.softmax_cross_entropy)(logits, labels)
        found, gradient = step.value_and_grad(logits, labels)
        assert found == value
        assert_allclose(gradient, expected, rtol=0.0 if exact else 1e-14)


def test_losses_in_single_precision():
    """Labels do not widen the loss of single-precision scores."""
    z, labels = X.astype(np.float32), np.array([0, 2])
    found, gradient = compiled(nn.softmax_cross_entropy).value_and_grad(z, labels)
    assert (found.dtype, gradient.dtype) == (np.float32, np.float32)
    assert found == am.value_and_grad(nn.softmax_cross_entropy)(z, labels)[0]


def test_magnitudes_other_than_those_of_the_trace():
    """What a rule divides by, or takes for zero, goes by the numbers of the replay."""
    a = np.diag([1.0, 2.0, 3.0]) + 0.1
    for f in (
        lambda x: np.sum(am.linalg.eigh(x)[1] ** 3),
        lambda x: np.sum(np.linalg.svd(x, full_matrices=False)[0] ** 3),
        lambda x: np.std(x),
    ):
        step = compiled(f)
        for scale in (1e12, 1.0, 1e-12):
            expected = am.grad(f)(a * scale)
            assert_allclose(step.grad(a * scale), expected, rtol=1e-9, atol=1e-9 / scale)
    step = compiled(lambda x: np.sum(am.linalg.eigh(x)[1] ** 3))
    step.grad(a)
    with pytest.raises(np.linalg.LinAlgError, match="equal to rounding"):
        step.grad(np.ones((3, 3)))


def test_threads():
    """Several threads replay one program, each on buffers of its own."""
    step = compiled(lambda x: np.sum(np.tanh(x @ x.T) @ x))
    arrays = [np.random.default_rng(seed).normal(size=(20, 20)) for seed in range(16)]
    expected = [step.value_and_grad(x) for x in arrays]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for found, wanted in zip(pool.map(step.value_and_grad, arrays), expected, strict=True):
                assert_equal(found, wanted)


def test_inside_of_a_transform():
    """Where nodes are wanted, the function itself is called."""
    step = compiled(lambda x: np.sum(x * x * x))
    assert_allclose(am.grad(lambda x: np.sum(step.grad(x)))(X), 6.0 * X, rtol=1e-15)
    outer = compiled(lambda x: step(x) * 2.0)
    assert_allclose(outer.grad(X), 6.0 * X * X)


def test_errors():
    """The same errors as from the eager transforms, and those of compiling."""
    step = compiled(lambda x, y: np.sum(x))
    with pytest.raises(am.errors.UnusedError, match="argument 1"):
        step.grad(X, X, argnums=1)
    assert_array_equal(step.value_and_grad(X, X, argnums=1, allow_unused=True)[1], np.zeros((2, 3)))
    with pytest.raises(am.errors.ShapeError, match=r"one number.*\(2, 3\)"):
        compiled(lambda x: x * 2.0).grad(X)
    with pytest.raises(am.errors.ShapeError, match="v must be like"):
        step.hvp(X, X, X[0])
    with pytest.raises(am.errors.TapeLeftError):
        compiled(lambda x: np.sum(x * float(x[0, 0]))).grad(X)
    with pytest.raises(am.errors.DataError, match="takes the whole batch itself"):
        step.batched()
    with pytest.raises(am.errors.DataError, match="takes the whole batch itself"):
        compile(lambda x: np.sum(x)).batched()(am.Tensor(X))
    with pytest.raises(ValueError, match="kind is Value or Tensor"):
        compile(lambda x: x, kind=float)  # type: ignore[arg-type]
    w = am.Tensor(X)
    with pytest.raises(am.errors.DataError, match=r"say compile\(f, kind=Tensor\)"):
        compile(lambda a: np.sum(w * a))(0.5)
    assert compiled(lambda a: np.sum(w * a))(0.5) == np.sum(X * 0.5)
    with pytest.raises(am.errors.DataError, match="holds no real number"):
        step.grad(X, "text", argnums=1)


def test_programs_are_copied():
    """A program is data, also where it asks and compares: a pickle of it is the same program."""
    step = compiled(lambda x: np.sum(np.where(x > 0.0, x, x.detach())) if x.any() else x)
    step(X)
    program = pickle.loads(pickle.dumps(step.program.final))
    assert listed(program) == listed(step.program.final)
    assert [e.operation for e in program.entries if isinstance(e, Instruction)] == [
        e.operation for e in step.program.final.entries if isinstance(e, Instruction)
    ]


def test_dropout_of_a_float():
    """A Value among Tensors would be drawn once and for all."""
    rng = np.random.default_rng(0)
    step = am.compile(lambda x: nn.dropout(x * 2.0, 0.5, rng=rng), kind=am.Tensor)
    with pytest.raises(DataError, match="array of one number"):
        step(3.0)
    assert step(np.array([3.0])).tolist() in ([0.0], [12.0])


def test_functions_that_are_arguments_of_functions_of_tensors():
    """What they reach is looked at again."""
    factor = [2.0]
    step, scaled = am.compile(lambda x, f: f(x), kind=am.Tensor), lambda x: x * factor[0]
    assert step(np.ones(2), scaled).tolist() == [2.0, 2.0]
    factor[0] = 5.0
    assert step(np.ones(2), scaled).tolist() == [5.0, 5.0]
