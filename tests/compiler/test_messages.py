"""What errors say of functions that cannot be compiled as they are: what was got, what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.errors import DataError, ShapeError
from autograd_mini.nn import MLP

A = np.array([[2.0, 1.0], [1.0, 3.0]])


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@pytest.mark.parametrize(
    ("result", "got"),
    [
        (lambda x: {"a": x[0]}, "dict {'a': "),
        (lambda x: (x[0], x[1]), r"tuple \("),
        (lambda x: [x[0]], r"list \["),
        (lambda x: None, "NoneType None"),
        (lambda x: "text", "str 'text'"),
        (lambda x: x, r"shape \(2,\): reduce it"),
    ],
)
def test_gradients_of_what_is_no_number(kind: type[am.Node], result: Callable[..., Any], got: str):
    """A gradient is of one number; what was returned is named."""
    step = am.compile(result, kind=kind, engine="numpy")
    for derivative in (step.grad, step.value_and_grad):
        with pytest.raises(ShapeError, match=f"one number, the function returned .*{got}"):
            derivative(np.ones(2))


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.inv,
        np.linalg.svd,
        np.linalg.eigvals,
        np.fft.fft,
        lambda x: np.interp(0.5, x[0], x[1]),
        am.linalg.inv,
        lambda x: x * am.Tensor(A),
        lambda x: MLP(2, [1], kind=am.Tensor, rng=0)(x),
    ],
)
def test_functions_of_arrays(f: Callable[..., Any]):
    """What takes no object arrays raises, by NumPy too, and the error says to take Tensors."""
    with pytest.raises((TypeError, ValueError), match=r"compile\(f, kind=Tensor\)"):
        am.compile(f, engine="numpy")(A)


def test_no_remedy_that_is_none():
    """Other errors, and those of functions of Tensors, are left as they are."""
    for f, kind in [
        (lambda x: None + x[0], am.Value),
        (lambda x: x[0].ndarray, am.Value),
        (lambda x: am.values(A) * x, am.Tensor),
    ]:
        with pytest.raises((TypeError, AttributeError)) as error:
            am.compile(f, kind=kind, engine="numpy")(A)
        assert not getattr(error.value, "__notes__", [])


@pytest.mark.parametrize(
    "f",
    [lambda x: x * am.Tensor(A), lambda x: 2.0 * x if (x * am.Tensor(A) > 0.0).all() else x],
    ids=["results", "conditions"],
)
def test_tensors_from_outside(f: Callable[[Any], Any]):
    """Where no argument shows that Tensors are computed with, the error says to say so."""
    with pytest.raises(DataError, match=r"compile\(f, kind=Tensor\)"):
        am.compile(f, engine="numpy")(2.0)


def test_tensors_that_nothing_needs(tmp_path: Path):
    """They are no error until the function is saved, as it was traced."""
    step = am.compile(lambda x: [x * 2.0, (x * am.Tensor(A)).detach()][0], engine="numpy")
    assert step(3.0) == 6.0
    with pytest.raises(DataError, match=r"say compile\(f, kind=Tensor\), and call it so before"):
        step.save(tmp_path / "f.json")


def test_hessians_of_what_each_lane_has():
    """Between lanes they are zero, so that of a mean is hardly what is meant."""
    step = am.compile(lambda x: x * x, engine="numpy")
    with pytest.raises(DataError, match=r"argument 0 is each lane's own.* of a mean .*reduce=None"):
        step.batched().hessian(np.ones(3))
    with pytest.raises(ShapeError, match=r"argument 0 has its lanes along axis 0, .*shape \(\)"):
        step.batched(reduce=None).hessian(1.0)


def test_derivatives_of_each_lane_inside_of_others():
    """They are made by replays alone; the values are there, too."""
    batch = am.compile(lambda x: x * x, engine="numpy").batched(reduce=None)
    with am.detect_anomaly():
        assert batch(np.arange(3.0)).tolist() == [0.0, 1.0, 4.0]
        for method in (batch.grad, batch.value_and_grad, batch.hessian):
            with pytest.raises(DataError, match=r"reduce=None\).* under detect_anomaly\(\); take"):
                method(np.arange(3.0))


def test_a_program_after_a_call_in_vain():
    """That of the last call that was not is still there."""
    step = am.compile(lambda x: x * 2.0, engine="numpy")
    step(1.0)
    with pytest.raises(ShapeError, match="reduce it"):
        step.grad(np.ones(2))
    assert len(step.program) == 1


def test_lanes_of_a_list():
    """A list of numbers has no axis for lanes."""
    batch = am.compile(lambda x: x * 2.0, engine="numpy").batched()
    with pytest.raises(ShapeError, match=r"argument 0 .*shape \(\) .*np.array\(...\)"):
        batch([1.0, 2.0, 3.0])
    assert batch(np.array([1.0, 2.0, 3.0])) == 4.0


@pytest.mark.parametrize(
    ("f", "k"),
    [
        (lambda k: A[k], 1.0),
        (lambda k: A[k], np.array([0.0, 1.0])),
        (lambda n: [float(i) for i in range(n)], 2.0),
        (lambda k: [1.0, 2.0][k], 1.0),
    ],
)
def test_integers_are_values_too(f: Callable[..., Any], k: Any):
    """Where an index is a Value, the error says how to read it."""
    with pytest.raises((TypeError, IndexError), match=r"int\(am.data\(k\)\)"):
        am.compile(f, engine="numpy")(k)


def test_a_number_that_is_read_as_the_remedy_says():
    """It is one to index with, in value and gradient, for each k."""
    step = am.compile(lambda x, k: x[int(am.data(k))] ** 2, engine="numpy")
    x = np.array([1.0, 2.0, 3.0])
    for k in (2, 0, 2):
        value, gradient = step.value_and_grad(x, k)
        assert value == x[k] ** 2
        np.testing.assert_array_equal(gradient, 2 * x[k] * np.eye(3)[k])


@pytest.mark.parametrize(
    "y", [np.array([True, False, True]), np.array(["a", "b", "c"]), ["a"] * 3, [True] * 3]
)
def test_lanes_of_what_is_no_number(y: Any):
    """Booleans and texts are not taken apart, and would be the same for each lane."""
    batch = am.compile(lambda x, y: x * 2.0, engine="numpy").batched((0, 0))
    with pytest.raises(DataError, match=r"was given .* each lane has its own .*astype"):
        batch(np.ones(3), y)
    shared = am.compile(lambda x, y: x * len(y), engine="numpy").batched((0, None))
    assert shared(np.ones(3), y) == 3.0


def test_arrays_of_other_libraries():
    """They may change and keep their hash."""

    class Array:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.ones(2)

        def __hash__(self) -> int:
            return id(self)

    with pytest.raises(DataError, match=r"given Array .*np.asarray"):
        am.compile(lambda x, other: x, engine="numpy")(1.0, Array())
