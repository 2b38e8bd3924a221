"""The primitives that reduce axes: sum, mean, max, min, logsumexp, and log_softmax over an axis.

`axis` is None (all axes), an integer or a tuple of integers; with `keepdims` the reduced axes stay
with length 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.elementwise import exp, greater, not_equal, where
from autograd_mini.ops.shaping import broadcast_to, reshape
from autograd_mini.primitive import ArrayPrimitive, apply
from autograd_mini.tape import Node, is_object_array, primal

__all__ = [
    "log_softmax",
    "logsumexp",
    "max",
    "mean",
    "min",
    "sum",
]

Axis = int | tuple[int, ...] | None


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum over `axis`."""
    return _reduce(_sum, x, axis, keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the mean over `axis`."""
    return _reduce(_mean, x, axis, keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element along `axis`; tied elements share the cotangent equally."""
    return _reduce(_max, x, axis, keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest element along `axis`; tied elements share the cotangent equally."""
    return _reduce(_min, x, axis, keepdims)


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over `axis`, without overflow."""
    return _reduce(_logsumexp, x, axis, keepdims)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return x - logsumexp(x) along `axis`: the logarithm of the softmax, without overflow."""
    return apply(_log_softmax, x, params={"axis": axis})


def _reduce(primitive: ArrayPrimitive, x: Any, axis: Axis, keepdims: bool) -> Any:
    if isinstance(x, Node) and x.rank == 1 and axis is None:
        return x  # one number is its own sum, mean, maximum, minimum and logsumexp
    return apply(primitive, x, params={"axis": axis, "keepdims": keepdims})


def kept_shape(x: Any, axis: Axis) -> tuple[int, ...]:
    """Return the shape of `x` with the axes of a reduction at length 1."""
    shape = np.shape(primal(x))
    if axis is None:
        return (1,) * len(shape)
    reduced = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def _keep(reduced: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return a reduction of `x`, or its cotangent, so that it broadcasts against `x`."""
    return reduced if keepdims or axis is None else reshape(reduced, kept_shape(x, axis))


def _count(x: Any, axis: Axis) -> int:
    """Return how many elements of `x` go into one element of its reduction."""
    shape = np.shape(primal(x))
    kept = kept_shape(x, axis)
    return math.prod(n for n, k in zip(shape, kept, strict=True) if k == 1)


def _spread(z_bar: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return broadcast_to(_keep(z_bar, x, axis, keepdims), np.shape(primal(x)))


_sum = ArrayPrimitive(
    "sum",
    lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    [_spread],
    "linear",
    symbol="Σ",
    latex=[r"\mathrm{{broadcast}}({dz})"],
    formula=r"\sum {x}",
    analytic=True,
)
_mean = ArrayPrimitive(
    "mean",
    lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    [lambda z_bar, z, x, axis, keepdims: _spread(z_bar / _count(x, axis), z, x, axis, keepdims)],
    "linear",
    latex=[r"\frac{{1}}{{{n}}}\,\mathrm{{broadcast}}({dz})"],
    formula=r"\frac{{1}}{{{n}}}\,\sum {x}",
    analytic=True,
)


# max and min: where several elements tie, each gets an equal share.


def _shares(z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    tied = 1.0 - not_equal(x, _keep(z, x, axis, keepdims))
    return tied / sum(tied, axis, keepdims=True)


def _extremum_vjp(z_bar: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return _keep(z_bar, x, axis, keepdims) * _shares(z, x, axis, keepdims)


def _extremum_jvp(x_dot: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return sum(x_dot * _shares(z, x, axis, keepdims), axis, keepdims)


_max = ArrayPrimitive(
    "max",
    lambda x, axis, keepdims: np.maximum.reduce(x, axis=axis, keepdims=keepdims),
    [_extremum_vjp],
    [_extremum_jvp],
    latex=[r"{dz}\odot[{x}={z}]"],
    sides=lambda x, axis, keepdims: np.equal(x, np.maximum.reduce(x, axis=axis, keepdims=True)),
)
_min = ArrayPrimitive(
    "min",
    lambda x, axis, keepdims: np.minimum.reduce(x, axis=axis, keepdims=keepdims),
    [_extremum_vjp],
    [_extremum_jvp],
    latex=[r"{dz}\odot[{x}={z}]"],
    sides=lambda x, axis, keepdims: np.equal(x, np.minimum.reduce(x, axis=axis, keepdims=True)),
)


def _shift(x: Any, axis: Axis) -> Any:
    """Return the maximum along `axis`, kept, or 0 where it is infinite: x minus it is never NaN.

    It is a constant also where `x` holds `Value`s: the result does not depend on the shift.
    """
    if is_object_array(x):
        x = np.frompyfunc(primal, 1, 1)(x).astype(float)
    largest = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    if np.isfinite(largest).all():  # nearly always
        return largest
    return np.where(np.isfinite(largest), largest, 0)


def _logsumexp_array(x: Any, axis: Axis, keepdims: bool) -> Any:
    x = np.asarray(x)
    shift = _shift(x, axis)
    total = np.add.reduce(np.exp(x - shift), axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):  # log(0) = -inf is the answer where every x is -inf
        z = np.log(total) + shift
    return z if keepdims else z.reshape(np.add.reduce(x, axis=axis).shape)


def _softmax(z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    z = _keep(z, x, axis, keepdims)
    return exp(x - where(greater(z, -np.inf), z, 0.0))  # 0 where every x is -inf


_logsumexp = ArrayPrimitive(
    "logsumexp",
    _logsumexp_array,
    [
        lambda z_bar, z, x, axis, keepdims: (
            _keep(z_bar, x, axis, keepdims) * _softmax(z, x, axis, keepdims)
        )
    ],
    [
        lambda x_dot, z, x, axis, keepdims: sum(
            x_dot * _softmax(z, x, axis, keepdims), axis, keepdims
        )
    ],
    latex=[r"{dz}\odot e^{{{x}-{z}}}"],
    formula=r"\ln(\sum e^{{{x}}})",
)


def _log_softmax_array(x: Any, axis: int) -> Any:
    shifted = x - _shift(np.asarray(x), axis)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


_log_softmax = ArrayPrimitive(
    "log_softmax",
    _log_softmax_array,
    [lambda z_bar, z, x, axis: z_bar - exp(z) * sum(z_bar, axis, keepdims=True)],
    [lambda x_dot, z, x, axis: x_dot - sum(exp(z) * x_dot, axis, keepdims=True)],
    latex=[r"{dz}-e^{{{z}}}\odot\sum {dz}"],
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: sum,
    np.mean: mean,
    np.max: max,
    np.amax: max,
    np.min: min,
    np.amin: min,
}
