"""Random programs over the whole table agree with JAX, value and gradient, to 1e-9.

So do NumPy's functions, on tensors and on object arrays of `Value`s, with this library's. See
`docs/testing.md` for the figures. What a program finds is pinned beside the operation's tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_equal

import autograd_mini as am
from autograd_mini import ops
from autograd_mini.sweep import forward
from tests.conftest import PROFILE, RANDOM_PROGRAMS
from tests.random_arrays import ARRAYS
from tests.random_linalg import LINALG
from tests.random_table import (
    ELEMENTWISE,
    SHAPES,
    NumPyLibrary,
    Operation,
    Program,
    jax_library,
    run,
)

TABLE = [*ELEMENTWISE, *ARRAYS, *LINALG]
LONGEST = 8 if PROFILE == "nightly" else 6
"""Steps of a program. JAX compiles each operation and shape anew, which takes most of the time."""


@pytest.fixture(scope="module")
def jax() -> Iterator[Any]:
    """Return JAX in double precision, quick to compile: each operation and shape is new to it."""
    jax = pytest.importorskip("jax", reason="JAX is an optional peer")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_disable_most_optimizations", True)
    yield jax
    jax.config.update("jax_disable_most_optimizations", False)


def programs(operations: Sequence[Operation]) -> st.SearchStrategy[Program]:
    """Return a strategy for programs, in which each function comes as often as any other."""
    by_name: dict[str, list[Operation]] = {}
    for operation in operations:
        by_name.setdefault(operation.name, []).append(operation)
    step = (
        st.sampled_from(list(by_name.values()))
        .flatmap(st.sampled_from)
        .flatmap(
            lambda operation: st.tuples(
                st.just(operation), st.tuples(*[st.integers(0, 5)] * len(operation.domains))
            )
        )
    )
    return st.lists(step, min_size=1, max_size=LONGEST)


def agree(jax: Any, program: Program, arrays: list[Any], kind: Callable[[Any], Any]) -> None:
    """Compare value and gradient of a program with JAX's, and forward mode with reverse mode."""
    leaves = [kind(array) for array in arrays]
    z = run(program, leaves)
    z.backward()
    library = jax_library(jax)
    value, expected = jax.value_and_grad(lambda inputs: run(program, inputs, library))(
        [jax.numpy.asarray(array) for array in arrays]
    )
    assert_allclose(z.data, value, rtol=1e-9)
    largest = max(float(np.max(np.abs(g))) for g in expected)
    for leaf, gradient in zip(leaves, expected, strict=True):
        assert_allclose(leaf.grad, gradient, rtol=1e-9, atol=1e-9 * (1e-3 + largest))

    rng = np.random.default_rng(1)
    direction = {leaf: rng.normal(size=np.shape(leaf)) for leaf in leaves}
    terms = [np.sum(leaf.grad * dot) for leaf, dot in direction.items()]
    (found,) = forward([z], direction)
    assert_allclose(found, sum(terms), rtol=1e-9, atol=1e-9 * (1e-3 + largest))


SEVERAL_SHAPES = st.lists(st.sampled_from(SHAPES[:7]), min_size=2, max_size=3)
SEEDS = st.integers(0, 2**16)


def normal(shapes: Sequence[tuple[int, ...]], seed: int) -> list[np.ndarray]:
    """Return arrays of normal random numbers."""
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape)) for shape in shapes]


@settings(max_examples=RANDOM_PROGRAMS)
@given(program=programs(TABLE), shapes=SEVERAL_SHAPES, seed=SEEDS)
def test_tensor_programs(jax: Any, program: Program, shapes: list[tuple[int, ...]], seed: int):
    """Arrays: all of the table, shapes mixed by broadcasting."""
    agree(jax, program, normal(shapes, seed), am.Tensor)


@settings(max_examples=RANDOM_PROGRAMS)
@given(program=programs(ELEMENTWISE), seed=SEEDS)
def test_value_programs(jax: Any, program: Program, seed: int):
    """Scalars: the elementwise part of the table on `Value`s."""
    agree(jax, program, np.random.default_rng(seed).normal(size=3).tolist(), am.Value)


def swept(
    program: Program, arrays: list[np.ndarray], make: Callable[[Any], Any], library: Any
) -> tuple[Any, list[Any]]:
    """Return the number that a program computes on leaves that `make` makes, and its gradient."""
    leaves = [make(array) for array in arrays]
    z = run(program, leaves, library)
    z.backward()
    return z.data, [am.grads(leaf) for leaf in leaves]


@given(program=programs(TABLE), shapes=SEVERAL_SHAPES, seed=SEEDS)
def test_numpy_programs(program: Program, shapes: list[tuple[int, ...]], seed: int):
    """NumPy's functions on tensors do exactly what this library's do."""
    arrays = normal(shapes, seed)
    expected = swept(program, arrays, am.Tensor, am)
    assert_equal(swept(program, arrays, am.Tensor, NumPyLibrary()), expected)


# Numbers among Values have no methods: what NumPy gives for these holds plain numbers.
NOT_FOR_OBJECTS = {"sign", "clip", "logaddexp"}
ON_OBJECTS = [operation for operation in ELEMENTWISE if operation.name not in NOT_FOR_OBJECTS]


@given(program=programs(ON_OBJECTS), shape=st.sampled_from([(3,), (2, 3)]), seed=SEEDS)
def test_object_programs(program: Program, shape: tuple[int, ...], seed: int):
    """NumPy's functions on object arrays of `Value`s do what this library's do on tensors."""
    arrays = normal([shape, shape[-1:]], seed)
    value, gradient = swept(program, arrays, am.Tensor, am)
    found, found_gradient = swept(program, arrays, am.values, NumPyLibrary())
    assert_allclose(found, value, rtol=1e-9)
    for a, b in zip(found_gradient, gradient, strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-9 * (1e-3 + np.max(np.abs(b))))


EXCEPTIONS = {"linalg.LinAlgError": "an error, not a function"}
"""What random programs do not use, and why."""


class Spy:
    """A library that notes in `names` which of its functions are asked for."""

    def __init__(self, library: Any, names: set[str], prefix: str = "") -> None:
        self.library, self.names, self.prefix = library, names, prefix

    def __getattr__(self, name: str) -> Any:
        if name == "linalg":
            return Spy(self.library.linalg, self.names, "linalg.")
        self.names.add(self.prefix + name)
        return getattr(self.library, name)


def test_whole_table():
    """Every public function of the table is in the random table, or has a reason not to be."""
    used: set[str] = set()
    for operation in TABLE:
        operation.f(Spy(am, used), *(domain(am, am.Tensor(0.3)) for domain in operation.domains))
    public = {*ops.__all__, *(f"linalg.{name}" for name in am.linalg.__all__)}
    assert public - used == set(EXCEPTIONS)
    assert used <= public
    labels = [operation.label for operation in TABLE]
    assert len(labels) == len(set(labels))
