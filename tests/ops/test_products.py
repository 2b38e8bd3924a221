"""Products where it is delicate: flattening, paths, what is refused, `Value`s, NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.sweep import reverse

RNG = np.random.default_rng(4)
A, B, V = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=3)


def test_vdot_reads_its_operands_as_vectors():
    """As NumPy has it: two arrays with as many elements, in any two shapes."""
    x, y = am.Tensor(B), am.Tensor(RNG.normal(size=(2, 6)))
    z = am.vdot(x, y)
    z.backward(2.0)
    assert_allclose(z.data, np.vdot(B, y.data))
    assert_allclose(x.grad, 2.0 * y.data.reshape(3, 4))
    assert_allclose(y.grad, 2.0 * B.reshape(2, 6))
    with pytest.raises(ValueError, match="size"):
        am.vdot(x, V)


@pytest.mark.parametrize(
    ("by_numpy", "ours"),
    [
        (lambda x: np.dot(x, V), lambda x: am.dot(x, V)),
        (lambda x: np.dot(a=V, b=x), lambda x: am.dot(V, x)),
        (lambda x: x.dot(V), lambda x: am.dot(x, V)),
        (lambda x: np.inner(V, x), lambda x: am.inner(V, x)),
        (lambda x: np.outer(x, V), lambda x: am.outer(x, V)),
        (lambda x: np.vdot(x, A), lambda x: am.vdot(x, A)),
        (lambda x: np.tensordot(x, B, axes=(0, 0)), lambda x: am.tensordot(x, B, (0, 0))),
        (lambda x: np.tensordot(x, B, 1), lambda x: am.tensordot(x, B, 1)),
        (lambda x: np.kron(x, V), lambda x: am.kron(x, V)),
        (lambda x: np.vecdot(x, A), lambda x: am.vecdot(x, A)),
        (lambda x: np.vecdot(x, A, axis=0), lambda x: am.vecdot(x, A, 0)),
        (lambda x: np.einsum("ij,jk", x, B), lambda x: am.einsum("ij,jk", x, B)),
        (
            lambda x: np.einsum("ij,jk->k", x, B, optimize=True),
            lambda x: am.einsum("ij,jk->k", x, B, optimize=True),
        ),
        (lambda x: np.cross(x, V), lambda x: am.cross(x, V)),
        (lambda x: np.cross(V, x, axisb=0), lambda x: am.cross(V, x, axisb=0)),
        (lambda x: np.trace(x, 1), lambda x: am.trace(x, 1)),
        (lambda x: x.trace(offset=-1), lambda x: am.trace(x, -1)),
        (lambda x: np.linalg.trace(x, offset=1), lambda x: am.trace(x, 1, -2, -1)),
        (lambda x: np.linalg.cross(x, A, axis=0), lambda x: am.cross(x, A, axis=0)),
        (lambda x: np.linalg.matmul(x, B), lambda x: am.matmul(x, B)),
        (lambda x: np.linalg.outer(x[0], V), lambda x: am.outer(x[0], V)),
        (lambda x: np.linalg.tensordot(x, B, axes=1), lambda x: am.tensordot(x, B, 1)),
        (lambda x: np.linalg.vecdot(x, A, axis=0), lambda x: am.vecdot(x, A, 0)),
        (lambda x: np.linalg.multi_dot([x, B]), lambda x: am.multi_dot([x, B])),
    ],
)
def test_numpy_names(by_numpy: Callable[[Any], Any], ours: Callable[[Any], Any]):
    """NumPy's function on a tensor records what ours does, and gives NumPy's number."""
    x = am.Tensor(A)
    z, expected = by_numpy(x), ours(x)
    assert type(z) is am.Tensor
    assert [node.primitive for node in z.tape()] == [node.primitive for node in expected.tape()]
    assert_array_equal(z.data, expected.data)
    assert_allclose(z.data, by_numpy(A), rtol=1e-13, atol=1e-15)


@pytest.mark.skipif(not hasattr(np, "matvec"), reason="since NumPy 2.2")
def test_matvec_and_vecmat():
    """NumPy's newer ufuncs are dispatched where there are such."""
    x = am.Tensor(A)
    assert_allclose(np.matvec(x, V).data, A @ V)
    assert_allclose(np.vecmat(V, x).data, V @ A)


def test_a_path_for_einsum_is_one_for_its_operands():
    """A path given to the forward pass does not fit the products of the sweeps, which find one."""
    arrays = RNG.normal(size=(3, 2, 2))
    path = ["einsum_path", (1, 2), (0, 1)]
    found = []
    for optimize in (False, path):
        leaves = [am.Tensor(a) for a in arrays]
        am.einsum("ij,jk,kl->il", *leaves, optimize=optimize).sum().backward()
        found.append([leaf.grad for leaf in leaves])
    assert_allclose(found[0], found[1], rtol=1e-12)


def test_trace_is_one_node():
    """The trace of a square matrix needs no copy of its diagonal, and its gradient is the unit."""
    x = am.Tensor(A)
    z = am.trace(x)
    z.backward()
    assert len(z.tape()) == 2
    assert_array_equal(x.grad, np.eye(3))


def test_multi_dot_multiplies_in_the_cheapest_order():
    """Of (10, 1), (1, 10), (10, 1) the last two come first: no 10 × 10 matrix is made."""
    x = am.Tensor(np.ones((10, 1)))
    z = am.multi_dot([x, np.ones((1, 10)), am.Tensor(np.ones((10, 1)))])
    assert max(node.size for node in z.tape()) == 10


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: am.einsum(x, [0, 1]), TypeError, "subscripts as a string in front"),
        (lambda x: am.einsum("ij->ijk", x), ValueError, "einstein sum"),
        (lambda x: am.einsum("ijk", x), ValueError, "subscripts"),
        (lambda x: am.einsum("...ijkl", x), ValueError, "subscripts"),
        (lambda x: am.einsum("i...->i", x), ValueError, "output"),
        (lambda x: am.einsum("ij,jk", x), ValueError, "operand"),
        (lambda x: am.tensordot(x, B.T, 1), ValueError, r"shape \(3, 3\) and \(0,\) of shape"),
        (lambda x: am.tensordot(x, x, (0, 2)), ValueError, "out of bounds"),
        (lambda x: am.dot(x, B.T), ValueError, "matmul"),
        (lambda x: am.cross(x[:, :2], x[:, :2]), ValueError, "vectors of 3 components"),
        (lambda x: am.trace(x[0]), ValueError, "takes a matrix"),
        (lambda x: am.trace(x, 0, 1, 1), ValueError, "repeated axis"),
        (lambda x: am.multi_dot([x]), ValueError, "two or more"),
        (lambda x: np.einsum("ij", x, dtype=float), NotImplementedError, "dtype"),
        (lambda x: np.vecdot(x, x, keepdims=True), NotImplementedError, "keepdims"),
        (lambda x: np.trace(x, dtype=float), NotImplementedError, "dtype"),
    ],
)
def test_what_is_refused(call: Callable[[Any], Any], error: type[Exception], message: str):
    """What NumPy refuses is refused, and what has no rule is named."""
    with pytest.raises(error, match=message):
        call(am.Tensor(A))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: am.dot(x, V),
        lambda x: am.dot(x, 2.0),
        lambda x: am.vdot(x, A),
        lambda x: am.vdot(A, x),
        lambda x: am.inner(x, A),
        lambda x: am.outer(x, V),
        lambda x: am.tensordot(x, B, 1),
        lambda x: am.kron(x, V),
        lambda x: am.vecdot(x, A),
        lambda x: am.vecdot(V, x, 0),
        lambda x: am.matvec(x, V),
        lambda x: am.vecmat(V, x),
        lambda x: am.einsum("ij,jk->ik", x, B),
        lambda x: am.einsum("ii", x),
        lambda x: am.cross(x, V),
        lambda x: am.trace(x, 1),
        lambda x: am.multi_dot([V, x, B]),
        lambda x: am.linalg.matrix_power(x, 3),
    ],
)
def test_arrays_of_values(f: Callable[[Any], Any]):
    """On object arrays of `Value`s each product is what it is on a tensor, gradients too."""
    found = []
    for make in (am.values, am.Tensor):
        x = make(A)
        z = f(x)
        (am.sum(z * z) + 0.0 * am.sum(x)).backward()  # so that every element takes part
        found.append((am.data(z), am.grads(x)))
    assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    assert_allclose(found[0][1], found[1][1], rtol=1e-10, atol=1e-12)


def test_dot_of_numbers():
    """One number times another stays a `Value`, and multiplies the elements of an array."""
    x = am.Value(2.0)
    assert type(am.dot(x, x)) is type(am.inner(3.0, x)) is am.Value
    assert_array_equal(am.data(am.dot(x, V)), 2.0 * V)


def test_einsum_of_one_tensor_twice():
    """X is both operands: its cotangent is the sum of both."""
    x = am.Tensor(A)
    bars = dict(reverse({am.einsum("ij,ij->", x, x): np.array(1.0)}))
    assert_allclose(bars[x], 2.0 * A)
