"""Saved programs of Values: replayed bit for bit after loading; and what no file can hold."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_equal

import autograd_mini as am
from autograd_mini.errors import DataError, SavedFileError, VariantError
from autograd_mini.nn import MLP, dropout
from tests.replays import Compile

RNG = np.random.default_rng(0)

W = {"in": RNG.normal(size=(3, 2)), "out": RNG.normal(size=3)}

X, Y = RNG.normal(size=(7, 2)), np.array([1.0, -1.0, 0.5, -2.0, 3.0, -0.25, 0.0])


def loss(x: Any, y: Any, w: Any, scale: float = 1.0) -> Any:
    """Return a loss with two ways through it."""
    error = w["out"] @ np.tanh(w["in"] @ x) - y
    return error**2 * scale if y > 0 else abs(error)


def check_same(step: Any, path: Path, calls: list[Callable[[Any], Any]]) -> Any:
    """Make calls, save and load, make them again with the same bits; return what was loaded."""
    expected = [call(step) for call in calls]
    step.save(path)
    loaded = am.load_program(path, engine=step._setup.engine)
    assert_equal([call(loaded) for call in calls], expected)
    return loaded


def test_one_sample(compiled: Compile, tmp_path: Path):
    """Values and derivatives, on both ways through the function, with a keyword argument."""
    for exact in (False, True):
        step = compiled(loss, exact=exact)
        calls = [
            call
            for x, y in zip(X, Y, strict=True)
            for call in (
                lambda f, x=x, y=y: f(x, y, W),
                lambda f, x=x, y=y: f(x, y, W, scale=2.0),
                lambda f, x=x, y=y: f.value_and_grad(x, y, W, argnums=2),
                lambda f, x=x, y=y: f.grad(x, y, W, argnums=(0, 1)),
                lambda f, x=x, y=y: f.hvp(x, y, W, W, argnums=2),
                lambda f, x=x, y=y: f.hessian(x, y, W),
            )
        ]
        loaded = check_same(step, tmp_path / "f.json", calls)
        assert "tanh" in str(loaded.program)
        assert loaded.__name__ == "loss"


@pytest.mark.parametrize("reduce", ["mean", "sum", None])
def test_batches(compiled: Compile, tmp_path: Path, reduce: Any):
    """Lanes with ways of their own, and another number of lanes after loading."""
    step = compiled(loss).batched((0, 0, None), reduce=reduce)
    calls = [
        lambda f: f(X, Y, W),
        lambda f: f.value_and_grad(X, Y, W, argnums=2),
        lambda f: f.value_and_grad(X[:3], Y[:3], W, argnums=2),
    ]
    loaded = check_same(step, tmp_path / "f.json", calls)
    assert_equal(loaded(X[2:], Y[2:], W), step(X[2:], Y[2:], W))


def test_structures(compiled: Compile, tmp_path: Path):
    """All that a file can hold comes back as it was, in arguments and in results."""

    def f(tree: Any, flag: Any) -> Any:
        x, [y, _] = tree["pair"]
        result = {
            "x": x * 2,
            3: [y.sum(), (x, None, "text", True)],
            "constant": np.ones(2),
            "mask": tree["mask"],
        }
        return result if flag else x

    tree = {"pair": (1.0, [np.arange(3.0), np.zeros((0, 2))]), "none": None, "text": "é \n"}
    tree["mask"] = np.array([[True, False]])
    flags = (True, False, None, "yes", "")
    check_same(
        compiled(f), tmp_path / "f.json", [lambda s, flag=flag: s(tree, flag) for flag in flags]
    )


def test_every_bit_of_constants(compiled: Compile, tmp_path: Path):
    """Infinity, NaN, both zeros, the smallest and the largest numbers, and 1/3."""
    numbers = [math.inf, -math.inf, math.nan, 0.0, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3]
    step = compiled(lambda x: [x, *numbers])
    assert step(1.0)[1:3] == numbers[:2]
    step.save(tmp_path / "f.json")
    found = am.load_program(tmp_path / "f.json")(1.0)[1:]
    assert [struct.pack("d", x) for x in found] == [struct.pack("d", x) for x in numbers]


def test_captured_nodes_become_constants(compiled: Compile, tmp_path: Path):
    """A file has the numbers that nodes from outside had when it was written."""
    net = MLP(2, [3, 1], rng=0)
    step = compiled(lambda x: net(x).sum())
    step(X[0])
    for parameter in net.parameters():
        parameter.data = parameter.data + 0.25
    expected = step(X[0])
    step.save(tmp_path / "f.json")
    for parameter in net.parameters():
        parameter.data = 0.0
    assert am.load_program(tmp_path / "f.json", engine="numpy")(X[0]) == expected != step(X[0])


def test_a_file_that_was_loaded_is_saved_again(compiled: Compile, tmp_path: Path):
    """Nothing is lost on the way: the second file is the first."""
    step = compiled(loss).batched((0, 0, None))
    step.value_and_grad(X, Y, W, argnums=2)
    step.save(tmp_path / "1.json")
    am.load_program(tmp_path / "1.json").save(tmp_path / "2.json")
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def test_another_process(tmp_path: Path):
    """A file is all that another process needs; the function itself is not there."""
    step = am.compile(loss)
    value = step(X[0], Y[0], W)
    step.save(tmp_path / "f.json")
    code = f"""
import autograd_mini as am, numpy as np
f = am.load_program({str(tmp_path / "f.json")!r})
w = {{"in": np.array({W["in"].tolist()}), "out": np.array({W["out"].tolist()})}}
print(f(np.array({X[0].tolist()}), {Y[0]}, w).hex())
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert float.fromhex(found.stdout) == value


def test_what_was_not_saved(compiled: Compile, tmp_path: Path):
    """Other shapes, structures, methods, argnums, lanes and ways through the function raise."""
    step = compiled(lambda x: x[0] * x[1] if x[0] > 0 else x[1])
    x = np.array([1.0, 2.0])
    step.value_and_grad(x)
    step.save(tmp_path / "f.json")
    loaded = am.load_program(tmp_path / "f.json")
    assert_equal(loaded.grad(x + 1), x[::-1] + 1)
    for call in (
        lambda: loaded(x),
        lambda: loaded.grad(-x),
        lambda: loaded.grad(np.ones(3)),
        lambda: loaded.grad([1.0, 2.0]),
        lambda: loaded.grad(x, allow_unused=True),
        lambda: loaded.grad(x, argnums=(0,)),
        lambda: loaded.hvp(x, x),
        lambda: loaded.batched()(np.ones((3, 2))),
        lambda: am.grad(loaded)(x),
        lambda: compiled(loaded)(x),
    ):
        with pytest.raises(VariantError, match=r"f\.json holds no program of <lambda>"):
            call()
    assert_equal(loaded.grad(x), x[::-1])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda f: f(MLP(2, [1], rng=0), 1.0), "got MLP"),
        (lambda f: f(am.Value(1.0), 1.0), "got Value"),
        (lambda f: f(am.values([1.0]), 1.0), "an array of Values"),
        (lambda f: f(1.0, b"bytes"), "got bytes"),
        (lambda f: f({(1, 2): 1.0}, 1.0), "got dict"),
        (lambda f: None, "call the function first"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, call: Callable[[Any], Any], says: str):
    """Arguments that a file cannot hold are named, and no file is written."""
    step = am.compile(lambda x, y: 1.0, engine="numpy")
    with am.no_grad():
        call(step)
    with pytest.raises(DataError, match=says):
        step.save(tmp_path / "f.json")
    assert os.listdir(tmp_path) == []


def test_random_draws_cannot_be_saved(tmp_path: Path):
    """A program with dropout says what to do."""
    rng = np.random.default_rng(0)
    step = am.compile(lambda x: dropout(x, 0.5, rng=rng), engine="numpy")
    step(np.ones(3))
    with pytest.raises(DataError, match=r"model\.eval\(\)"):
        step.save(tmp_path / "f.json")


def test_primitives_of_the_users_own(scratch_registry: None, tmp_path: Path):
    """They are found by their name, and missed by it."""
    from autograd_mini.primitive import REGISTRY

    cube = am.register_primitive("cube", lambda x: x**3, partials=lambda z, x: 3 * x**2)
    step = am.compile(lambda x: cube(x) + 1, engine="numpy")
    assert step.value_and_grad(2.0) == (9.0, 12.0)
    step.save(tmp_path / "f.json")
    assert am.load_program(tmp_path / "f.json").value_and_grad(2.0) == (9.0, 12.0)
    del REGISTRY["cube"]
    with pytest.raises(SavedFileError, match=r"f\.json: no primitive is named 'cube'"):
        am.load_program(tmp_path / "f.json")


VERSION_1 = """
{"format": "autograd_mini program", "format_version": 1, "library_version": "0.1.0",
 "function": "f", "exact": false, "in_axes": null, "reduction": null, "replays": [
  {"mode": "gradient", "argnums": [1], "single": true, "allow_unused": false,
   "arguments": [{"array": [1]}, {"array": [1, 1]}], "settings": {"dict": []},
   "variants": [
    {"result": {"is": null},
     "entries": ["input x[0]", "input w[0,0]", "constant 0x0.0p+0", "apply greater 0 2",
      "apply multiply 1 0", "apply tanh 4", "apply sech_squared 4",
      "constant 0x1.0000000000000p+0", "apply multiply 7 6", "apply multiply 8 0"],
     "outputs": [5, 9], "guards": [[3, true]]}]}]}
"""

"""What the first version wrote of `tanh(w @ x).sum() if x[0] > 0 else w[0, 0]`."""


def test_files_of_version_1(tmp_path: Path):
    """They are read as they were: their programs are of Values."""
    path = tmp_path / "f.json"
    path.write_text(VERSION_1)
    loaded = am.load_program(path, engine="numpy")
    value, gradient = loaded.value_and_grad(np.array([0.5]), np.array([[0.25]]), argnums=1)
    assert value == math.tanh(0.125)
    np.testing.assert_allclose(gradient, [[0.5 / math.cosh(0.125) ** 2]], rtol=1e-15)
    held = r"here value_and_grad\(argnums=\(1,\)\) of shapes \(1,\), \(1, 1\)\."
    with pytest.raises(VariantError, match=rf"f\.json holds no program of f .*{held}"):
        loaded.grad(np.array([-0.5]), np.array([[0.25]]), argnums=1)


# Damage
