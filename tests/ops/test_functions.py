"""Elementwise functions as they are called: by name, as methods, through NumPy, in arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import DataError, DispatchError, MissingExtraError
from autograd_mini.ops import special
from autograd_mini.primitive import REGISTRY

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])

FUNCTIONS = [
    *((name, ()) for name in ("cbrt", "exp2", "expm1", "log2", "log10", "tan", "arctan")),
    *((name, ()) for name in ("sinh", "cosh", "arcsinh", "arccosh", "sinc", "erf", "erfc")),
    *((name, ()) for name in ("lgamma", "digamma", "silu", "mish", "floor", "ceil", "trunc")),
    *((name, (2.5,)) for name in ("hypot", "arctan2", "logaddexp", "remainder", "fmod")),
    *(("rint", ()), ("gelu", ()), ("elu", (0.2,))),
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


@pytest.mark.parametrize(
    "f",
    [
        *(
            getattr(np, name)
            for name in ("sinh", "cosh", "tan", "arctan", "arcsinh", "exp2", "sinc")
        ),
        *(getattr(np, name) for name in ("expm1", "cbrt", "arcsin", "arccos", "arctanh", "fabs")),
        *(getattr(np, name) for name in ("deg2rad", "rad2deg", "radians", "degrees", "conjugate")),
        *(getattr(np, name) for name in ("floor", "ceil", "trunc", "rint", "sign", "positive")),
        *(getattr(np, name) for name in ("square", "reciprocal", "real", "copy", "round", "fix")),
        lambda x: np.log2(x + 1.0) + np.log10(x + 1.0) + np.arccosh(x + 1.0),
        lambda x: np.hypot(x, 2.0 * x) + np.arctan2(x, x * x),
        lambda x: np.remainder(x, 0.3) + x % 0.4 + 1.0 % x + np.fmod(x, 0.3 * x) + x // 0.3,
        lambda x: np.clip(x, 0.3, 0.6),
        lambda x: np.around(10.0 * x, 1),
        lambda x: np.var(x) + np.std(x),
        lambda x: np.linalg.norm(x),
        lambda x: np.linalg.norm(x, 1),
    ],
)
def test_numpy_functions_on_values_in_arrays(f: Callable[..., Any]):
    """NumPy's functions give the same number and gradient on `Value`s and tensors, or refuse."""
    numbers = np.array([0.21, 0.35, 0.47, 0.83])
    x = am.values(numbers)
    z = np.sum(f(x)) + np.sum(x)
    z.backward()
    assert_allclose(z.data, np.sum(f(numbers)) + np.sum(numbers), rtol=1e-14)
    step = 1e-6
    slopes = [
        (np.sum(f(numbers + step * unit)) - np.sum(f(numbers - step * unit))) / (2 * step) + 1.0
        for unit in np.eye(4)
    ]
    assert_allclose(am.grads(x), slopes, rtol=1e-7)
    tensor = am.Tensor(numbers)
    try:
        total = am.sum(f(tensor)) + am.sum(tensor)
    except DispatchError:
        return
    total.backward()
    assert_allclose(total.data, z.data, rtol=1e-14)
    assert_allclose(tensor.grad, slopes, rtol=1e-7)


@KINDS
@pytest.mark.parametrize(
    ("f", "primitive"),
    [
        (np.fabs, "abs"),
        (np.fmax, "fmax"),
        (np.fmin, "fmin"),
        (np.logaddexp, "logaddexp"),
        (np.floor_divide, "floor_divide"),
        (np.mod, "remainder"),
        (np.fix, "trunc"),
        (np.round, "rint"),
        (np.copy, "positive"),
        (np.real, "positive"),
        (np.conj, "positive"),
        (np.radians, "multiply"),
        (np.sinc, "sinc"),
        (np.clip, "minimum"),
        (np.nan_to_num, "where"),
        (np.floor, "floor"),
    ],
)
def test_numpy_functions_record(kind: type[am.Node], f: Callable[..., Any], primitive: str):
    """What is no primitive's own ufunc is recorded too, as what stands for it."""
    bounds = (1.0, 2.0) if f is np.clip else ()
    operands = (2.0,) * (getattr(f, "nin", 1) - 1) or bounds
    z = f(kind(1.5), *operands)
    assert type(z) is kind
    assert z.primitive is REGISTRY[primitive]
    assert_allclose(z.data, f(1.5, *operands))


@pytest.mark.parametrize(
    "f", [np.modf, np.frexp, np.spacing, np.nextafter, np.float_power, np.divmod]
)
@KINDS
def test_ufuncs_without_a_rule_are_refused(kind: type[am.Node], f: Any):
    """Nothing is computed on detached data unasked."""
    with pytest.raises(DispatchError, match="has no rule for nodes"):
        f(kind(2.0), *(2,) * (f.nin - 1))


@pytest.mark.parametrize("f", [np.fmod, np.hypot, np.arctan2, np.logaddexp, np.float_power])
def test_numbers_never_swallow_values(f: Any):
    """An object loop that cannot run raises, whichever operand holds the `Value`s."""
    with pytest.raises((TypeError, AttributeError)):
        f(np.array([1.0, 2.0], dtype=object), am.values([1.0, 2.0]))


@KINDS
def test_python_operators_and_functions(kind: type[am.Node]):
    """%, //, round, floor, ceil and trunc record, from either side."""
    x = kind(-2.75)
    found = [x % 2, 7.0 % x, x // 2, 7.0 // x, round(x), round(x, 1)]
    found += [math.floor(x), math.ceil(x), math.trunc(x), x.conjugate(), x.clip(-1.0, 1.0)]
    expected = [-2.75 % 2, 7.0 % -2.75, -2.0, -3.0, -3.0, -2.8, -3.0, -2.0, -2.0, -2.75, -1.0]
    assert all(type(z) is kind for z in found)
    assert_allclose([z.data for z in found], expected, rtol=1e-15)


@KINDS
def test_clip(kind: type[am.Node]):
    """Bounds are differentiable; each may be missing; a bound has one name."""
    leaves = [kind(3.0), kind(1.0), kind(2.0)]
    z = am.clip(*leaves)
    z.backward()
    assert (z.data, [leaf.grad for leaf in leaves]) == (2.0, [0.0, 0.0, 1.0])
    x = kind(1.0)
    x.clip(1.0, 5.0).backward()
    assert x.grad == 0.5
    assert (x.clip(2.0).data, x.clip(None, 0.5).data) == (2.0, 0.5)
    assert (x.clip(min=2.0).data, np.clip(x, min=0, max=0.5).data) == (2.0, 0.5)
    assert x.clip().data == 1.0
    low = kind(-math.inf)
    low.clip(max=0.0).backward()
    assert low.grad == 1.0  # a bound that is not there is not reached either
    with pytest.raises(DataError, match="one name, a_min or min"):
        x.clip(1.0, min=2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_to_num(dtype: type):
    """What is replaced sends no cotangent back; infinities become the limits of the dtype."""
    x = am.Tensor([np.nan, np.inf, -np.inf, 2.0], dtype=dtype)
    z = np.nan_to_num(x, nan=7.0)
    assert z.dtype == dtype
    assert_array_equal(z.data, np.nan_to_num(x.data, nan=7.0))
    z.backward(np.ones(4))
    assert_array_equal(x.grad, [0.0, 0.0, 0.0, 1.0])
    assert_array_equal(am.nan_to_num(x, 0.0, 1.0, -1.0).data, [0.0, 1.0, -1.0, 2.0])
    value = am.Value(math.inf)
    assert np.nan_to_num(value).data == np.finfo(float).max


@pytest.mark.parametrize("x", [0.0, -0.0, 2.5, -2.5, 1234.567, -0.0051, math.inf, math.nan])
@pytest.mark.parametrize("decimals", [0, 1, 2, -2])
def test_round(x: float, decimals: int):
    """Rounding is NumPy's, with halves to even, for numbers, `Value`s and tensors."""
    expected = np.round(x, decimals)
    for z in (am.round(x, decimals), *(np.round(k(x), decimals) for k in (am.Value, am.Tensor))):
        assert_array_equal(am.data(z), expected)


@pytest.mark.parametrize("order", [-1, 0.5, 1.0, am.Value(1.0)])
def test_polygamma_takes_whole_orders(order: Any):
    """An order is no quantity: nothing can be differentiated by it."""
    with pytest.raises(DataError, match="a whole number from 0 on"):
        am.polygamma(order, am.Value(2.0))


def test_polygamma_by_its_order():
    """Asked of the primitive itself, as a formula can, the derivative is NaN and not 0."""
    n, x = am.Value(1.0), am.Value(2.0)
    REGISTRY["polygamma"](n, x).backward()
    assert math.isnan(n.grad)
    assert_allclose(x.grad, -2.0 * (1.2020569031595942 - 1.0))  # ψ''(2) = -2 (ζ(3) - 1)


@KINDS
@pytest.mark.parametrize(
    ("f", "x", "z", "slope"),
    [
        (am.lgamma, 0.0, math.inf, -math.inf),
        (am.lgamma, -1.0, math.inf, math.nan),
        (am.digamma, 0.0, -math.inf, math.inf),
        (am.digamma, -2.0, math.nan, math.inf),
        (lambda x: am.polygamma(1, x), 0.0, math.inf, -math.inf),
    ],
)
def test_poles_of_gamma(
    kind: type[am.Node], f: Callable[..., Any], x: float, z: float, slope: float
):
    """At a pole the results are SciPy's, and no warning comes."""
    leaf = kind(x)
    result = f(leaf)
    result.backward()
    assert_array_equal([result.data, leaf.grad], [z, slope])


@pytest.fixture
def no_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SciPy be missing."""

    def missing(name: str) -> None:
        raise MissingExtraError("scipy", "scipy")

    monkeypatch.setattr(special, "scipy_function", missing)


@pytest.mark.usefixtures("no_scipy")
@pytest.mark.parametrize("name", ["erf", "erfc"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_error_functions_without_scipy(name: str, shape: tuple[int, ...], dtype: type):
    """They are Python's own, in the shape and dtype of the operand."""
    x = am.Tensor(np.linspace(-1.0, 2.0, math.prod(shape)).reshape(shape), dtype=dtype)
    z = getattr(am, name)(x)
    assert (z.shape, z.dtype) == (shape, dtype)
    expected = [getattr(math, name)(number) for number in x.data.ravel()]
    assert_allclose(z.data.ravel(), expected, rtol=1e-6 if dtype is np.float32 else 1e-15)


@pytest.mark.usefixtures("no_scipy")
@pytest.mark.parametrize("f", [am.lgamma, am.digamma, lambda x: am.polygamma(1, x)])
@pytest.mark.parametrize("make", [float, am.Value, am.Tensor, np.array])
def test_gamma_functions_need_scipy(f: Callable[..., Any], make: Callable[..., Any]):
    """The message says what to install."""
    with pytest.raises(MissingExtraError, match=r"autograd_mini\[scipy\]"):
        f(make(2.0))


def test_ufuncs_of_scipy():
    """Those of `scipy.special` that stand in the table record; others are named, without np."""
    special = pytest.importorskip("scipy.special", reason="SciPy is optional")
    x = am.Tensor([0.3, 1.2])
    for theirs, ours in (
        (special.erf, am.erf),
        (special.expit, am.sigmoid),
        (special.psi, am.digamma),
    ):
        z = theirs(x)
        assert not z.is_leaf
        np.testing.assert_array_equal(z.data, ours(x.data))
    with pytest.raises(NotImplementedError, match=r"^j0 has no rule"):
        special.j0(x)
