"""Functions of Tensors, compiled: the same numbers, structures and errors as eager transforms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal, assert_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.compiler import compile
from autograd_mini.transforms.structure import leaves
from tests.checks import directions, varied
from tests.compiler.tensors import X, batch, classifier, network, of_tensors, variants_of
from tests.random_table import Program as RandomProgram
from tests.random_table import run
from tests.table import CASES
from tests.table.case import Case
from tests.test_random_programs import SEEDS, SEVERAL_SHAPES, TABLE, normal, programs

ULP = {"rtol": 1e-14, "atol": 1e-15}


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

    step, exact, pull = of_tensors(f), of_tensors(f, exact=True), of_tensors(loss)
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
    found, found_bars = of_tensors(loss).value_and_grad(
        *numbers, argnums=argnums, allow_unused=True
    )
    assert_equal(found, value)
    assert found.dtype == np.float32
    for a, b in zip(found_bars, bars, strict=True):
        assert a.dtype == np.float32
        assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@given(program=programs(TABLE), shapes=SEVERAL_SHAPES, seed=SEEDS)
def test_random_programs(program: RandomProgram, shapes: list[tuple[int, ...]], seed: int):
    """Random programs over the table: value and gradient, twice; exact ones bit for bit."""

    def f(inputs: list[Any]) -> Any:
        return run(program, inputs)

    step, exact = of_tensors(f), of_tensors(f, exact=True)
    for again in (seed, seed + 1):
        arrays = normal(shapes, again)
        value, expected = am.value_and_grad(f)(arrays)
        assert_equal(exact.value_and_grad(arrays), (value, expected))
        found, gradient = step.value_and_grad(arrays)
        assert_allclose(found, value, rtol=1e-13)
        largest = max(float(np.max(np.abs(g))) for g in expected)
        for a, b in zip(gradient, expected, strict=True):
            assert_allclose(a, b, rtol=1e-12, atol=1e-12 * (1e-3 + largest))


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


def test_arrays_that_a_function_makes():
    """An array that is no node is one result, also an empty one beside others."""
    step = of_tensors(lambda x: {"zeros": np.zeros(0), "range": np.arange(3.0), "twice": 2.0 * x})
    for x in (X, X + 1.0):
        assert_equal(
            step(x), {"zeros": np.zeros(0), "range": np.array([0.0, 1.0, 2.0]), "twice": 2.0 * x}
        )


def test_integers_are_numbers_too():
    """Arrays of integers take part in arithmetic, given anew, and can be differentiated by."""
    step = of_tensors(lambda x, n: np.sum(x * n) / n.sum() + np.sum(n[n > 2]) + len(n))
    for n in (np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([1, 2, 3])):
        assert step(X, n) == np.sum(X * n) / n.sum() + np.sum(n[n > 2]) + 3
    found = of_tensors(lambda n: np.sum(n * n)).grad(np.array([1, 2, 3]))
    assert_equal(found, am.grad(lambda n: np.sum(n * n))(np.array([1, 2, 3])))
    assert of_tensors(lambda n: n * n).grad(3) == 6.0
    tables = of_tensors(lambda x, i: np.sum(x * np.eye(3)[i]))
    for i in (np.array([0, 1]), np.array([2, 2])):
        assert tables(X, i) == np.sum(X * np.eye(3)[i])


def test_numbers_beside_arrays():
    """Floats are numbers, given anew; they do not widen single precision."""
    f = lambda x, a, b: np.sum(np.sin(a * b) * x + a)  # noqa: E731
    step = of_tensors(f)
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
    assert of_tensors(lambda x, a: x * a)(X.astype(np.float32), 0.1).dtype == np.float32
    assert len(variants_of(step)) == 2


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
    step = of_tensors(bumpy)
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
    assert of_tensors(lambda x, y: np.sum(x)).hvp(X, y, v).tolist() == np.zeros_like(X).tolist()
    on_tensors = step.hessian(am.Tensor(X), y)
    assert type(on_tensors) is type(am.hessian(bumpy)(am.Tensor(X), y)) is am.Tensor
    assert_allclose(on_tensors.data, found[0][0], rtol=1e-13)
    cube = of_tensors(lambda x: x * x * x)
    assert [cube.hvp(2.0, whole) for whole in (1, 2, 3)] == [12.0, 24.0, 36.0]
    assert [len(variants) for variants in variants_of(cube)] == [1]
    for shape in ((0,), (0, 3)):
        assert of_tensors(bumpy).hessian(np.zeros(shape), y).shape == shape + shape
    mixed = of_tensors(lambda p: np.sum(X * p["w"]) ** 2 * p["b"]).hessian({"w": X, "b": 2.0})
    wanted = am.hessian(lambda p: np.sum(X * p["w"]) ** 2 * p["b"])({"w": X, "b": 2.0})
    for a, b in zip(leaves(mixed), leaves(wanted), strict=True):
        assert_allclose(a, b, rtol=1e-13)
        assert type(a) is type(b)


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
    found, gradient = of_tensors(nn.softmax_cross_entropy).value_and_grad(z, labels)
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
        step = of_tensors(f)
        for scale in (1e12, 1.0, 1e-12):
            expected = am.grad(f)(a * scale)
            assert_allclose(step.grad(a * scale), expected, rtol=1e-9, atol=1e-9 / scale)
    step = of_tensors(lambda x: np.sum(am.linalg.eigh(x)[1] ** 3))
    step.grad(a)
    with pytest.raises(np.linalg.LinAlgError, match="equal to rounding"):
        step.grad(np.ones((3, 3)))


def test_errors():
    """The same errors as from the eager transforms, and those of compiling."""
    step = of_tensors(lambda x, y: np.sum(x))
    with pytest.raises(am.errors.UnusedError, match="argument 1"):
        step.grad(X, X, argnums=1)
    assert_array_equal(step.value_and_grad(X, X, argnums=1, allow_unused=True)[1], np.zeros((2, 3)))
    with pytest.raises(am.errors.ShapeError, match=r"one number.*\(2, 3\)"):
        of_tensors(lambda x: x * 2.0).grad(X)
    with pytest.raises(am.errors.ShapeError, match="v must be like"):
        step.hvp(X, X, X[0])
    with pytest.raises(am.errors.TapeLeftError):
        of_tensors(lambda x: np.sum(x * float(x[0, 0]))).grad(X)
    with pytest.raises(am.errors.DataError, match="takes the whole batch itself"):
        step.batched()
    with pytest.raises(am.errors.DataError, match="takes the whole batch itself"):
        compile(lambda x: np.sum(x)).batched()(am.Tensor(X))
    with pytest.raises(ValueError, match="kind is Value or Tensor"):
        compile(lambda x: x, kind=float)  # type: ignore[arg-type]
    w = am.Tensor(X)
    with pytest.raises(am.errors.DataError, match=r"say compile\(f, kind=Tensor\)"):
        compile(lambda a: np.sum(w * a))(0.5)
    assert of_tensors(lambda a: np.sum(w * a))(0.5) == np.sum(X * 0.5)
    with pytest.raises(am.errors.DataError, match="holds no real number"):
        step.grad(X, "text", argnums=1)
