"""`jacobian`, `hessian`, and the products `vjp`, `jvp`, `hvp`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import ShapeError, UnusedError

RNG = np.random.default_rng(4)
X, W = RNG.normal(size=3), RNG.normal(size=(2, 3))
MODES = pytest.mark.parametrize("mode", ["auto", "reverse", "forward"])


def affine(x: Any) -> Any:
    """Return tanh(W x), whose Jacobian is diag(1 - z²) W."""
    return np.tanh(W @ x)


@MODES
def test_jacobian(mode: Any):
    """It is that of the closed form, in both modes, and of shape z.shape + x.shape."""
    z = np.tanh(W @ X)
    assert_allclose(am.jacobian(affine, mode=mode)(X), (1 - z * z)[:, None] * W, rtol=1e-13)
    wide = am.jacobian(lambda x: np.exp(x[:, None] * W.T), mode=mode)(X)
    assert wide.shape == (3, 2, 3)
    expected = np.exp(X[:, None] * W.T)[:, :, None] * W.T[:, :, None] * np.eye(3)[:, None, :]
    assert_allclose(wide, expected, rtol=1e-13)


@MODES
def test_jacobian_of_numbers(mode: Any):
    """A function of a number with one result has a number; a number by an array its gradient."""
    assert am.jacobian(lambda x: x * x, mode=mode)(3.0) == 6.0
    assert_array_equal(am.jacobian(lambda x: np.sum(x * x), mode=mode)(X), 2.0 * X)
    assert am.jacobian(lambda x: x * x, mode=mode)(np.array(3.0)) == 6.0
    assert am.jacobian(lambda x: x[:0], mode=mode, allow_unused=True)(X).shape == (0, 3)
    assert am.jacobian(lambda x: np.sum(x) * X, mode=mode)(np.zeros(0)).shape == (3, 0)


@MODES
def test_jacobian_of_structures(mode: Any):
    """The structure of the result, and in the place of each leaf that of the arguments."""
    f = lambda x, p: {"sum": np.sum(x) * p[0], "all": x * x, "plain": 3.0}  # noqa: E731
    found = am.jacobian(f, (0, 1), mode=mode)(X, [np.array(2.0)])
    assert_array_equal(found["sum"][0], [2.0, 2.0, 2.0])
    assert_allclose(found["sum"][1][0], X.sum())
    assert_array_equal(found["all"][0], 2.0 * np.diag(X))
    assert_array_equal(found["all"][1][0], np.zeros(3))
    assert_array_equal(found["plain"][0], np.zeros(3))
    scalars = am.jacobian(lambda v: [v[0] * v[1], v[0]], mode=mode)([2.0, 3.0])
    assert scalars == [[3.0, 2.0], [1.0, 0.0]]


def test_auto_takes_the_cheaper_mode():
    """Forward where there are more results than arguments: the function is swept once a column."""
    tall, wide = (lambda x: x * np.ones((4, 1))), np.sum
    for f, expected in ((tall, "forward"), (wide, "reverse")):
        forward, reverse = (am.jacobian(f, mode=mode)(X) for mode in ("forward", "reverse"))
        assert_array_equal(am.jacobian(f)(X), forward if expected == "forward" else reverse)
        assert_array_equal(forward, reverse)
    with pytest.raises(ValueError, match="mode is 'auto', 'reverse' or 'forward', got 'rev'"):
        am.jacobian(np.sum, mode="rev")  # type: ignore[arg-type]


@pytest.mark.parametrize("outer", ["reverse", "forward"])
@pytest.mark.parametrize("inner", ["reverse", "forward"])
def test_mixed_modes(outer: Any, inner: Any):
    """Forward and reverse over each other give the same second and third derivatives."""
    f = lambda x: np.sum(np.exp(x) * x[::-1])  # noqa: E731
    second = am.jacobian(am.jacobian(f, mode=inner), mode=outer)
    e = np.exp(X)
    expected = np.diag(e * X[::-1])
    for i in range(3):
        expected[i, 2 - i] += e[i]
        expected[2 - i, i] += e[i]
    assert_allclose(second(X), expected, rtol=1e-12, atol=1e-14)
    third = am.jacobian(second, mode=outer)(X)
    h = 1e-5
    for i, unit in enumerate(np.eye(3)):
        slope = (second(X + h * unit) - second(X - h * unit)) / (2 * h)
        assert_allclose(third[..., i], slope, rtol=1e-7, atol=1e-7)


def test_hessian():
    """Of a quadratic form it is A + Aᵀ; of several arguments a tuple of tuples of blocks."""
    a = RNG.normal(size=(3, 3))
    assert_allclose(am.hessian(lambda x: x @ a @ x)(X), a + a.T, rtol=1e-13)
    blocks = am.hessian(lambda x, y: np.sum(x * x * y), (0, 1))(X, 2.0 * X)
    assert_allclose(blocks[0][0], np.diag(4.0 * X))
    assert_allclose(blocks[0][1], np.diag(2.0 * X))
    assert_allclose(blocks[1][0], np.diag(2.0 * X))
    assert_array_equal(blocks[1][1], np.zeros((3, 3)))
    assert am.hessian(lambda x: x**3)(2.0) == 12.0
    with pytest.raises(UnusedError):
        am.hessian(lambda x: 3.0)(2.0)


def test_hvp():
    """H v without H; it takes what `scipy.optimize` calls hessp."""
    f = lambda x: np.sum(np.exp(x) * x[::-1])  # noqa: E731
    v = RNG.normal(size=3)
    assert_allclose(am.hvp(f)(X, v), am.hessian(f)(X) @ v, rtol=1e-12)
    assert am.hvp(lambda x: x**3)(2.0, 0.5) == 6.0
    by_both = am.hvp(lambda x, y: np.sum(x * x * y), (0, 1))(X, X, (v, np.zeros(3)))
    assert_allclose(by_both[0], 2.0 * X * v)
    assert_allclose(by_both[1], 2.0 * X * v)
    assert_array_equal(am.hvp(lambda x: np.sum(3.0 * x))(X, v), np.zeros(3))
    assert_allclose(
        am.grad(lambda x: np.sum(am.hvp(f)(x, v)))(X), am.jacobian(am.hessian(f))(X).sum(0) @ v
    )


def test_vjp_and_jvp():
    """⟨z̄, J ẋ⟩ = ⟨Jᵀ z̄, ẋ⟩, with the value along; the tape is swept as often as one likes."""
    x_dot, z_bar = RNG.normal(size=3), RNG.normal(size=2)
    z, z_dot = am.jvp(affine, (X,), (x_dot,))
    value, pullback = am.vjp(affine, X)
    assert_allclose(z, np.tanh(W @ X))
    assert_allclose(value, z)
    assert type(z) is type(z_dot) is np.ndarray
    for factor in (1.0, 2.0):
        (bar,) = pullback(factor * z_bar)
        assert_allclose(bar @ x_dot, factor * z_bar @ z_dot, rtol=1e-12)


def test_products_of_structures():
    """Tangents and cotangents have the structure of what they belong to."""
    f = lambda p, y: {"a": p["x"] * y, "b": [p["x"] + y, 1.0]}  # noqa: E731
    z, pullback = am.vjp(f, {"x": X}, 2.0 * X)
    assert z["b"][1] == 1.0
    bars = pullback({"a": np.ones(3), "b": [np.ones(3), 5.0]})
    assert_allclose(bars[0]["x"], 2.0 * X + 1.0)
    assert_allclose(bars[1], X + 1.0)
    _, dot = am.jvp(f, ({"x": X}, X), ({"x": np.ones(3)}, np.zeros(3)))
    assert_allclose(dot["a"], X)
    assert dot["b"][1] == 0.0


def test_one_node_returned_twice():
    """Its cotangents add up."""
    _, pullback = am.vjp(lambda x: (lambda y: (y, y))(x * x), 3.0)
    assert pullback((1.0, 10.0)) == (66.0,)


def test_differentiating_a_pullback():
    """A pullback inside of another transform can be differentiated: by x and by the cotangent."""

    def f(x: Any, z_bar: Any) -> Any:
        return np.sum(am.vjp(np.sin, x)[1](z_bar)[0])

    by_x, by_bar = am.grad(f, (0, 1))(X, np.ones(3))
    assert_allclose(by_x, -np.sin(X))
    assert_allclose(by_bar, np.cos(X))


@pytest.mark.parametrize(
    "call",
    [
        lambda: am.vjp(np.sin, X)[1](np.ones(2)),
        lambda: am.vjp(np.sin, X)[1](1.0),
        lambda: am.jvp(np.sin, (X,), (np.ones((3, 1)),)),
        lambda: am.jvp(np.sin, (X,), (X, X)),
        lambda: am.jvp(np.sin, (X,), ()),
        lambda: am.hvp(np.sum)(X, np.ones(2)),
    ],
)
def test_wrong_shapes(call: Any):
    """They are refused; they would broadcast silently otherwise."""
    with pytest.raises(ShapeError, match="expected shapes"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda **s: am.jvp(lambda x: 3.0, (X,), (X,), **s)[1],
        lambda **s: am.vjp(lambda x: 3.0, X, **s)[1](1.0)[0],
        lambda **s: am.jacobian(lambda x: 3.0, **s)(X),
    ],
)
def test_unused(call: Any):
    """A result that does not depend on an argument is an error unless that is allowed."""
    with pytest.raises(UnusedError, match="argument 0"):
        call()
    assert not np.any(call(allow_unused=True))
