"""Saved programs of Tensors: the same bits after loading, and the library's own errors."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.compiler.saved.contents import decoded, encoded
from autograd_mini.errors import AutogradError, DataError, SavedFileError, VariantError
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


@pytest.mark.parametrize("case", [case for case in CASES if "longdouble" not in str(case)], ids=str)
def test_table(case: Case, tmp_path: Path):
    """Each operation with its settings: its value and its VJP."""
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
    check_same(
        step,
        tmp_path / "f.json",
        [lambda f: f(*numbers), lambda f: f.value_and_grad(*numbers, argnums=argnums)],
    )


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
    del REGISTRY["times"]
    with pytest.raises(SavedFileError, match=r"f\.json: no primitive is named 'times'"):
        am.load_program(tmp_path / "f.json")


VALUES = [
    *(
        None,
        True,
        0,
        -(2**63),
        2**63,
        "é \n",
        0.1,
        -0.0,
        float("inf"),
        ...,
        (),
        (1, (2,)),
        [3, None],
    ),
    *(slice(None), slice(1, None, -2), np.dtype("float32"), np.float32(0.1), np.int64(-3)),
    *(np.bool_(True), np.array([True, False]), np.zeros((0, 3), np.int8), np.array(1.5)),
    *(np.arange(6.0).reshape(2, 3).T, np.array([np.nan, 1e-45, -np.inf], np.float32)),
    *(np.array([2**64 - 1], np.uint64), np.array([0.1], np.float16), np.array([0.1, 5e-324])),
]


@pytest.mark.parametrize("x", VALUES, ids=str)
def test_values_come_back(x: Any):
    """Each value, through JSON, with its type, dtype, every bit and its layout."""
    found = decoded(json.loads(json.dumps(encoded(x), allow_nan=False)))
    assert type(found) is type(x)
    if isinstance(x, np.ndarray):
        assert (found.dtype, found.shape, found.tobytes()) == (x.dtype, x.shape, x.tobytes())
        assert found.flags.c_contiguous == x.flags.c_contiguous
    assert repr(found) == repr(x)


@pytest.mark.parametrize(
    "document",
    [
        {"array": "0x1.0p+0", "dtype": "float64", "shape": [2], "order": "C"},
        {"array": "0x1.0000000000000p+0", "dtype": "float64", "shape": [-1], "order": "C"},
        {"array": "0x1.0000000000000p+0", "dtype": "object", "shape": [1], "order": "C"},
        {"array": "0x1.0000000000000p+0", "dtype": "float64", "shape": [1], "order": "K"},
        {"array": "0x1.0000000000000p+999", "dtype": "float32", "shape": [1], "order": "C"},
        {"array": "300", "dtype": "uint8", "shape": [1], "order": "C"},
        {"array": "2", "dtype": "bool", "shape": [1], "order": "C"},
        {"array": "1_0", "dtype": "int64", "shape": [1], "order": "C"},
        {"scalar": "1 2", "dtype": "int64"},
        {"float": "0x1p+9999"},
        {"slice": [None, None]},
        {"dtype": "object"},
        {"call": "os.system"},
        1.5,
        10**30,
    ],
    ids=str,
)
def test_other_values_are_refused(document: Any):
    """What was not written by `encoded` raises, and so does what is too large for its dtype."""
    with pytest.raises((ValueError, KeyError, OverflowError)):
        decoded(document)


# Damage


def small(x: Any, i: Any, w: Any) -> Any:
    """Return results of many kinds of instructions."""
    z = np.where(x > 1.0, x @ w, -x)[i] if x[0, 0] > 0.0 else x.T * 2.0
    return {"z": z, "sum": np.sum(z, axis=0, keepdims=True), "all": np.max(z)}


ARGUMENTS = np.array([[1.0, 2.0], [-3.0, 0.5]]), np.array([1, 0]), np.eye(2)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return the document of a small function of Tensors, and that of one of Values."""
    path = tmp_path_factory.mktemp("documents") / "f.json"
    offset = am.Tensor([0.5, 0.25])
    of_tensors = am.compile(lambda *args: small(*args), kind=am.Tensor)
    of_tensors(*ARGUMENTS)
    of_tensors(-ARGUMENTS[0], *ARGUMENTS[1:])
    of_captured = am.compile(lambda x, i, w: np.sum(np.tanh(x + offset) @ w), kind=am.Tensor)
    of_captured.value_and_grad(*ARGUMENTS)
    of_values = am.compile(
        lambda x, i, w: (x @ w).sum() if x[0, 0] > 0 else w[0, 0], engine="numpy"
    )
    of_values.value_and_grad(*ARGUMENTS)
    found = []
    for step in (of_tensors, of_captured, of_values):
        step.save(path)
        found.append(json.loads(path.read_bytes()))
    return found


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each part of a document as what holds it and its key there."""
    keys = range(len(document)) if isinstance(document, list) else [*document]
    for key in keys:
        yield document, key
        if isinstance(document[key], list | dict):
            yield from places(document[key])


JUNK = st.sampled_from(
    [
        *(None, True, -1, 0, 1, 2, 5, 10**18, 2**64, 0.5, "", "x", "number", "0x1p+0", [], [0], {}),
        *(
            [2, 2],
            [2, 3],
            {"tensor": {"array": [2, 2]}},
            {"tuple": [0, 1]},
            {"slice": [0, 1, None]},
        ),
        *("apply tanh 0", "apply matmul 0 0", "ask greater 0 0", "ask any 0", "apply keep_mask"),
    ]
)


@given(data=st.data())
def test_damage(documents: list[Any], tmp_path_factory: pytest.TempPathFactory, data: Any):
    """Whatever is changed: there are results, or it is an error of this library that says it."""
    document = copy.deepcopy(data.draw(st.sampled_from(documents)))
    for _ in range(data.draw(st.integers(1, 2))):
        found = [*places(document)]
        owner, key = found[data.draw(st.integers(0, len(found) - 1))]
        how = data.draw(st.sampled_from(["replace", "remove", "swap"]))
        if how == "remove":
            del owner[key]
        elif how == "replace":
            owner[key] = data.draw(JUNK)
        else:
            other, there = found[data.draw(st.integers(0, len(found) - 1))]
            owner[key] = copy.deepcopy(other[there])
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(json.dumps(document))
    errors: list[AutogradError] = []
    try:
        loaded = am.load_program(path, engine="numpy")
    except SavedFileError as error:
        errors.append(error)
    else:
        for call in (loaded, loaded.value_and_grad):
            for x in (ARGUMENTS[0], -ARGUMENTS[0]):
                with np.errstate(all="ignore"):
                    try:
                        call(x, *ARGUMENTS[1:])
                    except AutogradError as error:
                        errors.append(error)
    for error in errors:
        assert isinstance(error, SavedFileError | VariantError | DataError)
        assert "damaged.json" in str(error)
