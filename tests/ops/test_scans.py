"""Products and scans where it is delicate: zeros, extreme numbers, wrong axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import DispatchError, SettingError
from autograd_mini.sweep import forward, reverse


def derivatives(f: Callable[..., Any], array: list[float]) -> tuple[Any, Any]:
    """Return gradient and Hessian of a scalar function of a vector."""
    x = am.Tensor(array)
    gradient = dict(reverse({f(x): am.Tensor(1.0)}, record=True))[x]
    rows = [
        dict(reverse({gradient[i]: np.ones(())})).get(x, np.zeros(x.shape)) for i in range(len(x))
    ]
    return gradient.data, np.array(rows)


@pytest.mark.parametrize(
    ("array", "gradient", "hessian"),
    [
        ([2.0, 5.0, 3.0], [15.0, 6.0, 10.0], [[0, 3, 5], [3, 0, 2], [5, 2, 0]]),
        ([2.0, 0.0, 3.0], [0.0, 6.0, 0.0], [[0, 3, 0], [3, 0, 2], [0, 2, 0]]),
        ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], np.zeros((3, 3))),
    ],
)
@pytest.mark.parametrize(
    "f", [am.prod, lambda x: am.cumprod(x)[-1], lambda x: am.prod(x.reshape(3, 1), (1, 0))]
)
def test_product_with_zeros(f: Callable[..., Any], array: Any, gradient: Any, hessian: Any):
    """Of xyz the gradient is (yz, xz, xy), and the Hessian has z, y and x off its diagonal."""
    found = derivatives(f, array)
    assert_array_equal(found[0], gradient)
    assert_array_equal(found[1], hessian)


def test_cumprod_with_zeros():
    """Of (x, xy, xyz, xyzw) at (2, 0, 3, 0), row by row of the Jacobian."""
    x = am.Tensor([2.0, 0.0, 3.0, 0.0])
    jacobian = [[1, 0, 0, 0], [0, 2, 0, 0], [0, 6, 0, 0], [0, 0, 0, 0]]
    for i, row in enumerate(jacobian):
        assert_array_equal(dict(reverse({am.cumprod(x): np.eye(4)[i]}))[x], row)
        column = forward([am.cumprod(x)], {x: np.eye(4)[i]})[0]
        assert_array_equal(column, np.array(jacobian)[:, i])


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_product_of_extreme_numbers(scale: float):
    """Neither a result nor a derivative overflows or vanishes that is a plain number."""
    x = am.Tensor([scale, 1.0 / scale, 3.0])
    for z in (am.prod(x), am.cumprod(x)[-1]):
        assert_allclose(z.data, 3.0)
        x.grad = None
        z.backward()
        assert_allclose(x.grad, [3.0 / scale, 3.0 * scale, 1.0])


def test_reverse_cumulative_sum():
    """An element goes into every sum from its place on."""
    x = am.Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    z = x.cumsum(1)
    assert_array_equal(z.data, [[1, 3, 6], [4, 9, 15]])
    z.backward([[1.0, 10.0, 100.0], [0.0, 0.0, 1.0]])
    assert_array_equal(x.grad, [[111, 110, 100], [1, 1, 1]])


@pytest.mark.parametrize(
    ("numpy_call", "ours"),
    [
        (np.cumsum, am.cumsum),
        (np.cumprod, am.cumprod),
        (np.prod, am.prod),
        (np.diff, am.diff),
        (lambda x: np.cumsum(x, axis=1), lambda x: am.cumsum(x, 1)),
        (lambda x: np.diff(x, 2, axis=0), lambda x: am.diff(x, 2, 0)),
        (lambda x: np.prod(x, axis=(0, 1), keepdims=True), lambda x: am.prod(x, None, True)),
        (np.add.accumulate, lambda x: am.cumsum(x, 0)),
        (np.multiply.accumulate, lambda x: am.cumprod(x, 0)),
        (np.multiply.reduce, lambda x: am.prod(x, 0)),
        (lambda x: np.multiply.reduce(x, axis=1), lambda x: am.prod(x, 1)),
    ],
)
def test_numpy_functions(numpy_call: Callable[..., Any], ours: Callable[..., Any]):
    """NumPy's functions record what ours do, and compute the same."""
    array = np.arange(12.0).reshape(3, 4) ** 2 / 7.0
    z = numpy_call(am.Tensor(array))
    assert type(z) is am.Tensor
    assert_array_equal(z.data, numpy_call(array))
    assert_array_equal(ours(am.Tensor(array)).data, numpy_call(array))


def test_refusals():
    """What is not taken is refused: dtype, borders of diff, a wrong axis, a single Value."""
    x = am.Tensor(np.ones((2, 3)))
    with pytest.raises(DispatchError, match="dtype"):
        np.cumsum(x, dtype=np.float32)
    with pytest.raises(DispatchError, match="prepend"):
        np.diff(x, prepend=0.0)
    with pytest.raises(SettingError, match="n must not be negative, got -1"):
        am.diff(x, -1)
    for scan in (am.cumsum, am.cumprod, lambda x, axis: am.diff(x, axis=axis)):
        with pytest.raises(np.exceptions.AxisError):
            scan(x, 2)
    with pytest.raises(np.exceptions.AxisError):
        am.cumsum(am.Tensor(1.0), 0)
    with pytest.raises(TypeError, match="a Value is one number"):
        am.cumsum(am.Value(1.0))


def test_methods():
    """Scans and the product are methods of a Tensor."""
    x = am.Tensor([[1.0, 4.0], [3.0, 2.0]])
    for name in ("cumsum", "cumprod", "prod"):
        for settings in ({}, {"axis": 0}):
            found = getattr(x, name)(**settings).data
            assert_array_equal(found, getattr(am, name)(x.data, **settings))


def test_a_long_product():
    """The recurrence behind the derivative runs along an axis of any length."""
    x = am.Tensor(np.full(20_000, 1.0 + 1e-5))
    z = x.cumprod()
    z.backward(np.eye(1, 20_000, 19_999)[0])
    assert_allclose(x.grad, (1.0 + 1e-5) ** 19_999, rtol=1e-11)
