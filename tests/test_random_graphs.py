"""Random scalar graphs against complex-step derivatives; `test_random_programs` has the tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.sweep import forward, reverse

# Smooth functions with an extension to the complex plane that NumPy knows, as pairs: ours, NumPy's.
UNARY: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (am.sin, np.sin),
    (am.cos, np.cos),
    (am.tanh, np.tanh),
    (am.neg, np.negative),
    (am.square, np.square),
    (am.sigmoid, lambda x: 1.0 / (1.0 + np.exp(-x))),
    (am.softplus, lambda x: np.log(1.0 + np.exp(x))),
    (lambda x: am.exp(am.sin(x)), lambda x: np.exp(np.sin(x))),
    (lambda x: am.log1p(am.square(x)), lambda x: np.log(1.0 + x * x)),
    (lambda x: am.sqrt(1.0 + x * x), lambda x: np.sqrt(1.0 + x * x)),
    (lambda x: am.reciprocal(2.0 + am.sin(x)), lambda x: 1.0 / (2.0 + np.sin(x))),
]
BINARY: list[tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = [
    (am.add, np.add),
    (am.subtract, np.subtract),
    (am.multiply, np.multiply),
    (lambda x, y: x / (1.0 + am.square(y)), lambda x, y: x / (1.0 + y * y)),
    (lambda x, y: am.sigmoid(x) ** am.tanh(y), lambda x, y: (1.0 + np.exp(-x)) ** -np.tanh(y)),
]

# A program is a list of steps; a step names its function and, counted from the last, its operands.
step = st.one_of(
    st.tuples(st.just(1), st.integers(0, len(UNARY) - 1), st.tuples(st.integers(0, 9))),
    st.tuples(
        st.just(2), st.integers(0, len(BINARY) - 1), st.tuples(st.integers(0, 9), st.integers(0, 9))
    ),
)
programs = st.lists(step, min_size=1, max_size=20)
points = st.lists(st.floats(-1.5, 1.5, width=32), min_size=3, max_size=3)


def run(program: Sequence[Any], inputs: Sequence[Any], side: int) -> Any:
    """Run a program on nodes (side 0) or on NumPy's complex numbers (side 1); return its sum."""
    made = list(inputs)
    for arity, which, places in program:
        function = (UNARY if arity == 1 else BINARY)[which][side]
        made.append(function(*(made[-1 - place % len(made)] for place in places)))
    total = made[-1]
    for one in made[:3]:  # the inputs themselves, so that each of them takes part
        total = total + 0.5 * one
    return total


def complex_step(f: Callable[[list[Any]], Any], point: Sequence[float]) -> list[float]:
    """Return the gradient of an analytic function, exact to rounding: Im f(x + ih) / h.

    Source: Squire and Trapp, SIAM Review 40 (1998), 110.
    """
    h = 1e-30
    return [
        f([x + 1j * h * (i == j) for j, x in enumerate(point)]).imag / h for i in range(len(point))
    ]


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@given(program=programs, point=points)
def test_random_scalar_graph(kind: type[am.Node], program: Sequence[Any], point: list[float]):
    """Fan-out, shared operands and depth: reverse and forward agree with the complex step."""
    reference = run(program, [complex(x) for x in point], 1)
    assume(np.isfinite(reference) and abs(reference) < 1e3)
    expected = complex_step(lambda z: run(program, z, 1), point)
    assume(np.all(np.abs(expected) < 1e6))
    leaves = [kind(x) for x in point]
    z = run(program, leaves, 0)
    z.backward()
    tolerance = 1e-9 * (1.0 + max(map(abs, expected)))
    assert_allclose(z.data, reference.real, rtol=1e-9, atol=1e-9)
    assert_allclose([leaf.grad for leaf in leaves], expected, rtol=1e-9, atol=tolerance)
    tangents = [forward([z], {leaf: 1.0})[0] for leaf in leaves]
    assert_allclose(tangents, expected, rtol=1e-9, atol=tolerance)


@settings(max_examples=25)
@given(program=programs, point=points)
def test_random_second_derivative(program: Sequence[Any], point: list[float]):
    """The recorded gradient, swept again, agrees with the complex step of the first partials.

    Both rows and columns are compared: the Hessian is symmetric.
    """
    leaves = [am.Value(x) for x in point]
    z = run(program, leaves, 0)
    assume(abs(z.data) < 1e2)
    bars = dict(reverse({z: 1.0}, record=True))
    step = 1e-5

    def gradient(shifted: list[float]) -> np.ndarray:
        return np.array(complex_step(lambda w: run(program, w, 1), shifted))

    for i, leaf in enumerate(leaves):
        ahead, behind = (
            gradient([x + sign * step * (i == j) for j, x in enumerate(point)]) for sign in (1, -1)
        )
        expected = (ahead - behind) / (2 * step)
        assume(np.all(np.abs(expected) < 1e3))
        bar = bars[leaf]
        found = dict(reverse({bar: 1.0})) if isinstance(bar, am.Node) else {}
        row = [found.get(other, 0.0) for other in leaves]
        tolerance = 1e-5 * (1.0 + np.abs(expected).max())
        assert_allclose(row, expected, rtol=1e-5, atol=tolerance)
