"""Saved programs of Tensors: the same bits after loading, and the library's own errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import DataError, SavedFileError, VariantError
from tests.checks import directions, varied
from tests.table import CASES
from tests.table.case import Case

RNG = np.random.default_rng(0)
PARAMETERS = {
    "w": [RNG.normal(size=(4, 5)), RNG.normal(size=(3, 4))],
    "b": [RNG.normal(size=4), RNG.normal(size=3)],
}
X, LABELS = RNG.normal(size=(50, 5)), RNG.integers(3, size=50)


def loss(parameters: Any, x: Any, labels: Any, scale: float = 1.0) -> Any:
    """Return the loss of a network, with weight decay."""
    hidden = np.maximum(x @ parameters["w"][0].T + parameters["b"][0], 0.0)
    logits = hidden @ parameters["w"][1].T + parameters["b"][1]
    decay = sum(np.sum(w**2) for w in parameters["w"])
    return scale * nn.softmax_cross_entropy(logits, labels) + 1e-3 * decay


def calls_of(parameters: Any, x: Any, labels: Any) -> list[Callable[[Any], Any]]:
    """Return the ways to call a compiled loss."""
    return [
        lambda f: f(parameters, x, labels),
        lambda f: f(parameters, x, labels, scale=0.5),
        lambda f: f.value_and_grad(parameters, x, labels),
        lambda f: f.grad(parameters, x, labels, argnums=(0, 1)),
        lambda f: f.hvp(parameters, x, labels, parameters),
    ]


def check_same(step: Any, path: Path, calls: list[Callable[[Any], Any]]) -> Any:
    """Make calls, save and load, make them again with the same bits; return what was loaded."""
    expected = [call(step) for call in calls]
    step.save(path)
    loaded = am.load_program(path)
    assert_equal([call(loaded) for call in calls], expected)
    for x, y in zip(flat([call(loaded) for call in calls]), flat(expected), strict=True):
        assert (type(x), getattr(x, "dtype", None)) == (type(y), getattr(y, "dtype", None))
    return loaded


def flat(tree: Any) -> Iterator[Any]:
    """Yield what is in lists, tuples and dicts."""
    if isinstance(tree, list | tuple | dict):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from flat(part)
    else:
        yield tree


@pytest.mark.parametrize("exact", [True, False])
def test_network(tmp_path: Path, exact: bool):
    """A network as a dict of arrays, with labels; also on numbers that come later."""
    step = am.compile(loss, kind=am.Tensor, exact=exact)
    loaded = check_same(step, tmp_path / "f.json", calls_of(PARAMETERS, X, LABELS))
    for call in calls_of(PARAMETERS, X[::-1].copy(), (LABELS + 1) % 3):
        assert_equal(call(loaded), call(step))
    assert "log_softmax" in str(loaded.program)
    assert loaded.__name__ == "loss"


def test_another_process(tmp_path: Path):
    """A file is all that another process needs; the function itself is not there."""
    step = am.compile(loss, kind=am.Tensor)
    expected = [call(step) for call in calls_of(PARAMETERS, X, LABELS)]
    step.save(tmp_path / "f.json")
    code = f"""
import autograd_mini as am, numpy as np
f = am.load_program({str(tmp_path / "f.json")!r})
p = {{k: [np.array(w) for w in ws] for k, ws in {tuple_of(PARAMETERS)!r}.items()}}
x, labels = np.array({X.tolist()}), np.array({LABELS.tolist()})
found = [f(p, x, labels), f(p, x, labels, scale=0.5), f.value_and_grad(p, x, labels),
         f.grad(p, x, labels, argnums=(0, 1)), f.hvp(p, x, labels, p)]
def numbers(tree):
    if isinstance(tree, (list, tuple, dict)):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from numbers(part)
    else:
        yield from np.ravel(tree)
print(*[float(x).hex() for x in numbers(found)])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    numbers = [float(x) for part in flat(expected) for x in np.ravel(part)]
    assert [*map(float.fromhex, found.stdout.split())] == numbers


def tuple_of(parameters: Any) -> Any:
    """Return parameters as lists of numbers, which are code."""
    return {name: [w.tolist() for w in ws] for name, ws in parameters.items()}


ONES = [case for case in CASES if "longdouble" not in str(case)]
ONES = [*{str(case).partition("-")[0]: case for case in ONES}.values()]
INDEXED = [case for case in CASES if str(case).startswith("getitem") and case not in ONES]


@pytest.mark.parametrize("case", [*ONES, *INDEXED], ids=str)
def test_table(case: Case, tmp_path: Path):
    """Each operation once, and each kind of index: the value and the VJP."""
    x = case.draw()
    z_bar, _ = directions(case, x)
    moving = varied(case)
    numbers, argnums = [x[i] for i in moving], tuple(range(len(moving)))

    def f(*operands: Any) -> Any:
        given = [*x]
        for i, operand in zip(moving, operands, strict=True):
            given[i] = operand
        return am.sum(case.function(*given) * z_bar)

    step = am.compile(f, kind=am.Tensor)
    check_same(step, tmp_path / "f.json", [lambda f: f.value_and_grad(*numbers, argnums=argnums)])


def test_shapes_and_types(tmp_path: Path):
    """All that arguments and results of Tensors can be, each with its dtype."""

    def f(tree: Any, i: Any, mask: Any, axis: int, x: Any) -> Any:
        a, b = tree["a"], tree["b"]
        results = [a[i], np.sum(a, axis=axis), np.reshape(a, (-1,))[2:0:-1], a[mask], a[..., None]]
        return {
            "arrays": results,
            "one": x * 2.0,
            3: (None, "text", np.array([x, x * 3.0])),
            "b": b,
        }

    step = am.compile(f, kind=am.Tensor)
    a, i = np.arange(6.0).reshape(2, 3), np.array([1, 0, 1], np.int32)
    mask = np.array([[True, False, True], [False, True, False]])
    with am.no_grad():
        calls = [
            lambda f, a=a, axis=axis, x=x: f({"a": a, "b": am.Tensor(a)}, i, mask, axis, x)
            for a in (a, a.astype(np.float32), np.asfortranarray(a))
            for axis in (0, 1)
            for x in (1.5, np.float32(0.5))
        ]
        loaded = check_same(step, tmp_path / "f.json", calls)
        with pytest.raises(VariantError, match=r"f\.json holds no program of f for this call"):
            loaded({"a": a, "b": am.Tensor(a)}, i, mask, -1, 1.5)


def test_tensors_in_arguments(tmp_path: Path):
    """Without a kind, arguments tell it, and gradients are Tensors; numbers have their own."""
    step = am.compile(lambda w, x: np.sum(np.tanh(w * x)))
    w, x = am.Tensor(X), np.float32(0.25)
    value, gradient = step.value_and_grad(w, x)
    assert step.grad(X, 0.25).shape == X.shape  # a program of Values in the same file
    step.save(tmp_path / "f.json")
    loaded = am.load_program(tmp_path / "f.json", engine="numpy")
    found, found_gradient = loaded.value_and_grad(w, x)
    assert type(found_gradient) is am.Tensor
    assert_equal((found, found_gradient.data), (value, gradient.data))
    assert_equal(loaded.grad(X, 0.25), step.grad(X, 0.25))


def test_ways_through_a_function(tmp_path: Path):
    """Guards choose among the variants; a way that was not taken is missed."""

    def f(x: Any) -> Any:
        if x[0] > 0.0:
            return np.sum(x**2)
        return np.sum(x) if (x > -5.0).all() else np.prod(x)

    step = am.compile(f, kind=am.Tensor)
    calls = [lambda g, x=x: g.value_and_grad(np.array(x)) for x in ([1.0, 2.0], [-1.0, 3.0])]
    loaded = check_same(step, tmp_path / "f.json", calls)
    assert_equal([call(loaded) for call in calls[::-1]], [call(step) for call in calls[::-1]])
    with pytest.raises(VariantError, match=r"f\.json holds no program"):
        loaded.value_and_grad(np.array([-9.0, 1.0]))


def test_ways_that_would_raise(tmp_path: Path):
    """A program that is not the one for a call is not run, not even to be looked at."""

    def f(x: Any, power: Any) -> Any:
        return np.sum(np.linalg.inv(x)) if power < 0.0 else np.sum(x)

    step = am.compile(f, kind=am.Tensor)
    for power in (-1.0, 1.0):
        step(np.eye(2), power)
    step.save(tmp_path / "f.json")
    for first in (-1.0, 1.0):
        loaded = am.load_program(tmp_path / "f.json")
        loaded(np.eye(2), first)
        assert loaded(np.zeros((2, 2)), 1.0) == 0.0
    loaded = am.load_program(tmp_path / "f.json")
    assert loaded(np.zeros((2, 2)), 1.0) == 0.0
    with pytest.raises(SavedFileError, match="LinAlgError"):
        loaded(np.zeros((2, 2)), -1.0)


def test_captured_parameters_and_constants(tmp_path: Path):
    """Nodes from outside keep the numbers that they had when the file was written."""
    model = nn.MLP(5, [4, 3], kind=am.Tensor, rng=0)
    offset = np.array([[np.inf, -0.0, np.nan, 5e-324, 1 / 3]]).T
    step = am.compile(lambda x: (model(x), x.T[:, :2] + offset), kind=am.Tensor)
    loaded = check_same(step, tmp_path / "f.json", [lambda f: f(X)])
    before = step(X)
    for parameter in model.parameters():
        parameter.data = parameter.data + 1.0
    assert_equal(loaded(X), before)
    assert not np.array_equal(step(X)[0], before[0])


def test_a_file_that_was_loaded_is_saved_again(tmp_path: Path):
    """Nothing is lost on the way: the second file is the first, whether it was run or not."""
    step = am.compile(loss, kind=am.Tensor)
    for call in calls_of(PARAMETERS, X, LABELS):
        call(step)
    step.save(tmp_path / "1.json")
    loaded = am.load_program(tmp_path / "1.json")
    loaded.save(tmp_path / "2.json")
    calls_of(PARAMETERS, X, LABELS)[0](loaded)
    loaded.save(tmp_path / "3.json")
    first = (tmp_path / "1.json").read_bytes()
    assert first == (tmp_path / "2.json").read_bytes() == (tmp_path / "3.json").read_bytes()


def test_what_was_not_saved(tmp_path: Path):
    """Other shapes, dtypes, structures, methods and kinds of numbers raise."""
    step = am.compile(lambda x: np.sum(x**2), kind=am.Tensor)
    step.value_and_grad(X)
    step.save(tmp_path / "f.json")
    loaded = am.load_program(tmp_path / "f.json")
    for call in (
        lambda: loaded(X),
        lambda: loaded.grad(X[:3]),
        lambda: loaded.grad(X.astype(np.float32)),
        lambda: loaded.grad([X]),
        lambda: loaded.grad(am.Tensor(X)),
        lambda: loaded.grad(X, allow_unused=True),
        lambda: loaded.hvp(X, X),
        lambda: loaded.hessian(X),
        lambda: am.grad(loaded)(am.Tensor(X)),
    ):
        with pytest.raises(VariantError, match=r"f\.json holds no program of <lambda>"):
            call()
    with pytest.raises(DataError, match="takes the whole batch itself"):
        loaded.batched()
    with pytest.raises(DataError, match="call the function"):
        am.load_program(tmp_path / "f.json").program  # noqa: B018
    assert_equal(loaded.grad(X), 2.0 * X)


def test_checks_of_the_library(tmp_path: Path):
    """A check that fails at the first replay says that it may be the arguments, later itself."""
    step = am.compile(loss, kind=am.Tensor)
    step(PARAMETERS, X, LABELS)
    step.save(tmp_path / "f.json")
    loaded = am.load_program(tmp_path / "f.json")
    with pytest.raises(SavedFileError, match=r"labels must be .* or these are no arguments"):
        loaded(PARAMETERS, X, LABELS + 3)
    assert loaded(PARAMETERS, X, LABELS) == step(PARAMETERS, X, LABELS)
    with pytest.raises(ValueError, match=r"^softmax_cross_entropy: labels must be integers"):
        loaded(PARAMETERS, X, LABELS + 3)


def test_hessian(tmp_path: Path):
    """It is made of replays of products."""
    step = am.compile(lambda x: np.sum(x**3), kind=am.Tensor)
    loaded = check_same(step, tmp_path / "f.json", [lambda f: f.hessian(np.arange(3.0))])
    assert_equal(loaded.hessian(np.ones(3)), 6.0 * np.eye(3))


@pytest.mark.parametrize(
    ("f", "x", "says"),
    [
        (lambda x: nn.dropout(x, 0.5, rng=RNG), X, r"draws random numbers .* model\.eval\(\)"),
        (lambda x: x["model"](X), {"model": nn.MLP(5, [1], kind=am.Tensor)}, "got MLP.*state_dict"),
        (lambda x: x[0] * 2.0, am.values([1.0]), "an array of Values"),
        (lambda x: x * np.ones(3, np.longdouble), np.ones(3), r"got float128; convert it"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, f: Callable[[Any], Any], x: Any, says: str):
    """Draws, Modules, Values and extended precision: what it is, and the remedy; no file."""
    if "float128" in says and np.dtype(np.longdouble).name != "float128":
        pytest.skip("extended precision has another name on this machine, or there is none")
    step = am.compile(f, kind=am.Tensor)
    with am.no_grad():
        step(x)
    with pytest.raises(DataError, match=says):
        step.save(tmp_path / "f.json")
    assert [*tmp_path.iterdir()] == []


def test_settings_of_the_users_own(scratch_registry: None, tmp_path: Path):
    """Primitives are found by name with their settings; what a file cannot hold is named."""
    from autograd_mini.primitive import REGISTRY
    from autograd_mini.recording import apply

    def scaled(name: str) -> Any:
        return am.register_primitive(
            name,
            lambda x, by: x * by(1.0) if callable(by) else x * by,
            vjps=lambda i, z_bar, z, x, by: z_bar * by,
            jvps=lambda i, x_dot, z, x, by: x_dot * by,
        )

    times = scaled("times")
    for by in (2.0, 3):
        step = am.compile(lambda x, by=by: apply(times, x, params={"by": by}), kind=am.Tensor)
        check_same(step, tmp_path / "f.json", [lambda f: f(X)])
    step = am.compile(lambda x: apply(times, x, params={"by": float}), kind=am.Tensor)
    step(X)
    with pytest.raises(DataError, match=r"times with by cannot be saved: .*got type"):
        step.save(tmp_path / "g.json")
    step = am.compile(lambda x: apply(scaled("by two"), x, params={"by": 2.0}), kind=am.Tensor)
    step(X)
    with pytest.raises(DataError, match=r"name has spaces .*'by two'"):
        step.save(tmp_path / "g.json")
    del REGISTRY["times"]
    with pytest.raises(SavedFileError, match=r"f\.json: no primitive is named 'times'"):
        am.load_program(tmp_path / "f.json")
