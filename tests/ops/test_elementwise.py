"""Elementwise primitives where it is delicate: kinks, ties, singular points, extreme numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.primitive import REGISTRY
from autograd_mini.sweep import forward, reverse

INF, NAN = math.inf, math.nan
KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


def partials(kind: type[am.Node], name: str, operands: tuple[float, ...]) -> tuple[Any, Any]:
    """Return the result of a call, and its partials, which both sweeps must agree on."""
    leaves = [kind(x) for x in operands]
    z = REGISTRY[name](*leaves)
    z.backward()
    tangents = [forward([z], {leaf: 1.0})[0] for leaf in leaves]
    found = [leaf.grad for leaf in leaves]
    assert_allclose(tangents, found)
    return z.data, found


@KINDS
@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("relu", (0.0,), [0.0]),
        ("relu", (-0.0,), [0.0]),
        ("leaky_relu", (0.0, 0.1), [0.1, 0.0]),
        ("leaky_relu", (-2.0, 0.1), [0.1, -2.0]),
        ("leaky_relu", (2.0, 0.1), [1.0, 0.0]),
        ("abs", (0.0,), [0.0]),
        ("sign", (0.0,), [0.0]),
        ("sign", (-3.0,), [0.0]),
        ("maximum", (2.0, 2.0), [0.5, 0.5]),
        ("minimum", (2.0, 2.0), [0.5, 0.5]),
        ("maximum", (3.0, 2.0), [1.0, 0.0]),
        ("minimum", (3.0, 2.0), [0.0, 1.0]),
        ("where", (0.0, 3.0, 4.0), [0.0, 0.0, 1.0]),
        ("where", (-2.0, 3.0, 4.0), [0.0, 1.0, 0.0]),
        ("greater", (2.0, 2.0), [0.0, 0.0]),
        ("greater_equal", (2.0, 2.0), [0.0, 0.0]),
        ("not_equal", (2.0, 2.0), [0.0, 0.0]),
        ("power", (0.0, 2.0), [0.0, 0.0]),
        ("power", (0.0, 1.0), [1.0, 0.0]),
        ("power", (0.0, 0.0), [0.0, 0.0]),
        ("power", (3.0, 0.0), [0.0, math.log(3.0)]),
    ],
)
def test_convention(
    kind: type[am.Node], name: str, operands: tuple[float, ...], expected: list[float]
):
    """At a kink, a tie and the regular edges of power, the partials are those written down."""
    assert partials(kind, name, operands)[1] == expected


@KINDS
@pytest.mark.parametrize(
    ("name", "operands", "z", "expected"),
    [
        ("sqrt", (0.0,), 0.0, [INF]),
        ("sqrt", (-1.0,), NAN, [NAN]),
        ("log", (0.0,), -INF, [INF]),
        ("log1p", (-1.0,), -INF, [INF]),
        ("reciprocal", (0.0,), INF, [-INF]),
        ("divide", (1.0, 0.0), INF, [INF, -INF]),
        ("divide", (0.0, 0.0), NAN, [INF, NAN]),
        ("power", (0.0, 0.5), 0.0, [INF, 0.0]),
        ("power", (0.0, -1.0), INF, [-INF, NAN]),
        ("power", (-8.0, 0.5), NAN, [NAN, NAN]),
        ("power", (10.0, 400.0), INF, [INF, INF]),
        ("exp", (1000.0,), INF, [INF]),
        ("xlogy", (0.0, 0.0), 0.0, [-INF, 0.0]),
        ("xlog1py", (0.0, -1.0), 0.0, [-INF, 0.0]),
    ],
)
def test_singular_point(
    kind: type[am.Node], name: str, operands: tuple[float, ...], z: float, expected: list[float]
):
    """Infinities and NaNs are the IEEE ones, with NumPy's warning, and never an exception."""
    with pytest.warns(RuntimeWarning, match="divide by zero|invalid value|overflow"):
        result, found = partials(kind, name, operands)
    assert_allclose(result, z)
    assert_allclose(found, expected)


@KINDS
@pytest.mark.parametrize(
    ("name", "operands", "hessian"),
    [
        ("power", (2.0, 0.0), [[0.0, 0.5], [0.5, math.log(2.0) ** 2]]),
        ("power", (2.0, 1.0), [[0.0, 1.0 + math.log(2.0)], [None, 2.0 * math.log(2.0) ** 2]]),
        ("power", (0.0, 2.0), [[2.0, None], [None, 0.0]]),
        ("power", (0.0, 3.0), [[0.0, None], [None, 0.0]]),
        ("xlogy", (0.0, 4.0), [[0.0, 0.25], [0.25, 0.0]]),
        ("xlog1py", (0.0, 4.0), [[0.0, 0.2], [0.2, 0.0]]),
        ("square", (0.0,), [[2.0]]),
        ("abs", (0.0,), [[0.0]]),
        ("relu", (0.0,), [[0.0]]),
        ("leaky_relu", (0.0, 0.1), [[0.0, 1.0], [None, 0.0]]),
    ],
)
def test_second_order_at_special_points(
    kind: type[am.Node], name: str, operands: tuple[float, ...], hessian: list[list[float | None]]
):
    """What guards a formula at its singular point must not spoil the derivative of the formula.

    Entries that the function does not have, or that follow by symmetry, are None.
    """
    leaves = [kind(x) for x in operands]
    bars = dict(reverse({REGISTRY[name](*leaves): kind(1.0)}, record=True))
    for row, leaf in zip(hessian, leaves, strict=True):
        found = dict(reverse({bars[leaf]: 1.0}))
        for expected, other in zip(row, leaves, strict=True):
            if expected is not None:
                assert_allclose(found.get(other, 0.0), expected, atol=1e-15)


@KINDS
@pytest.mark.parametrize(
    ("name", "x", "z", "slope"),
    [
        ("sigmoid", 800.0, 1.0, 0.0),
        ("sigmoid", -800.0, 0.0, 0.0),
        ("sigmoid", -700.0, math.exp(-700.0), math.exp(-700.0)),
        ("softplus", 800.0, 800.0, 1.0),
        ("softplus", -700.0, math.exp(-700.0), math.exp(-700.0)),
        ("softplus", -INF, 0.0, 0.0),
        ("tanh", 800.0, 1.0, 0.0),
        ("tanh", -800.0, -1.0, 0.0),
        ("log1p", 1e-20, 1e-20, 1.0),
        ("exp", -1000.0, 0.0, 0.0),
    ],
)
def test_extreme_number(kind: type[am.Node], name: str, x: float, z: float, slope: float):
    """Where the true result is finite nothing overflows, and small ones keep their digits."""
    result, (found,) = partials(kind, name, (x,))
    assert_allclose(result, z, rtol=1e-14)
    assert_allclose(found, slope, rtol=1e-14)


@KINDS
@pytest.mark.parametrize(
    ("name", "operands"),
    [
        *((name, (NAN,)) for name in ("relu", "abs", "sign", "sigmoid", "softplus", "tanh")),
        ("leaky_relu", (NAN, 0.1)),
        *((name, pair) for name in ("maximum", "minimum") for pair in ((NAN, 1.0), (1.0, NAN))),
    ],
)
def test_nan_stays(kind: type[am.Node], name: str, operands: tuple[float, ...]):
    """A NaN is not hidden by a comparison that is false for it."""
    assert math.isnan(REGISTRY[name](*map(kind, operands)).data)


def test_derivative_of_abs_at_nan():
    """The derivative of |x| at NaN is NaN for both kinds."""
    for kind in (am.Value, am.Tensor):
        assert np.isnan(partials(kind, "abs", (NAN,))[1]).all()


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("relu", [(-1.0,), (1.0,)]),
        ("leaky_relu", [(-1.0, 0.1), (1.0, 0.1)]),
        ("abs", [(-1.0,), (1.0,)]),
        ("sign", [(-1.0,), (0.0,), (1.0,)]),
        ("maximum", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]),
        ("minimum", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]),
        ("where", [(0.0, 1.0, 1.0), (1.0, 1.0, 1.0)]),
        ("greater", [(1.0, 2.0), (3.0, 2.0)]),
        ("greater_equal", [(1.0, 2.0), (3.0, 2.0)]),
        ("not_equal", [(1.0, 2.0), (2.0, 2.0)]),
    ],
)
def test_sides(name: str, pieces: list[tuple[float, ...]]):
    """A piecewise primitive tells apart the pieces that its operands lie on."""
    sides = [REGISTRY[name].sides(*operands) for operands in pieces]
    assert len(set(map(float, sides))) == len(pieces)


FUNCTIONS = [
    ("neg", ()),
    ("abs", ()),
    ("square", ()),
    ("sqrt", ()),
    ("reciprocal", ()),
    ("exp", ()),
    ("log", ()),
    ("log1p", ()),
    ("sin", ()),
    ("cos", ()),
    ("tanh", ()),
    ("sigmoid", ()),
    ("softplus", ()),
    ("relu", ()),
    ("leaky_relu", (0.2,)),
    ("sign", ()),
    ("maximum", (2.5,)),
    ("minimum", (2.5,)),
    ("power", (2.5,)),
]


@pytest.mark.parametrize(("name", "others"), FUNCTIONS)
def test_function_and_method(name: str, others: tuple[float, ...]):
    """A function takes numbers, lists, arrays and nodes, and every node has it as a method."""
    function = getattr(am, name)
    plain = function(2.0, *others)
    assert type(plain) is float
    assert_allclose(function(2, *others), plain, rtol=1e-15)
    for array in ([2.0, 3.0], [2, 3], np.array([2.0, 3.0]), np.array([2, 3])):
        assert_allclose(function(array, *others), [plain, function(3.0, *others)], rtol=1e-15)
    for kind in (am.Value, am.Tensor):
        by_function, by_method = function(kind(2.0), *others), getattr(kind(2.0), name)(*others)
        assert type(by_function) is type(by_method) is kind
        assert by_function.primitive is by_method.primitive is REGISTRY[name]
        assert_allclose([by_function.data, by_method.data], plain, rtol=1e-15)


@KINDS
def test_where_function_and_method(kind: type[am.Node]):
    """`where(c, x, y)` is `x.where(c, y)`; the condition may be a comparison of nodes."""
    x, y = kind(2.0), kind(3.0)
    for z in (am.where(x < y, x, y), x.where(x < y, y)):
        assert type(z) is kind
        assert z.parents[1:] == (x, y)
        assert z.data == 2.0


def test_leaky_relu_has_a_default_slope():
    """The method's slope is 0.01 unless another is given."""
    assert am.Value(-2.0).leaky_relu().data == -0.02


@pytest.mark.parametrize("name", ["exp", "relu", "maximum", "where"])
def test_wrong_number_of_operands(name: str):
    """A surplus operand is refused: NumPy would take the second array of `np.exp` as its output."""
    arity = REGISTRY[name].arity
    for kind in (am.Value, am.Tensor, float):
        for count in (arity - 1, arity + 1):
            with pytest.raises(TypeError):
                REGISTRY[name](*(kind(1.0) for _ in range(count)))
    untouched = np.zeros(2)
    with pytest.raises(TypeError):
        am.exp(am.Tensor([1.0, 2.0]), untouched)
    assert not untouched.any()
