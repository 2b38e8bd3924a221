"""The primitives that reduce axes: sum, mean, prod, max, min.

`axis` is None (all axes), an integer or a tuple of integers; with `keepdims` the reduced axes stay
with length 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_mini.ops.elementwise import not_equal
from autograd_mini.ops.scans import others
from autograd_mini.ops.shaping import broadcast_to, reshape, transpose
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tracer import TRACER, told

__all__ = [
    "max",
    "mean",
    "min",
    "prod",
    "sum",
]

Axis = int | tuple[int, ...] | None


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum over `axis`."""
    return reduce(_sum, x, axis, keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the mean over `axis`."""
    return reduce(_mean, x, axis, keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the product over `axis`; zeros are no exception."""
    return reduce(_prod, x, axis, keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element along `axis`; tied elements share the cotangent equally."""
    return reduce(_max, x, axis, keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest element along `axis`; tied elements share the cotangent equally."""
    return reduce(_min, x, axis, keepdims)


def reduce(primitive: ArrayPrimitive, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return a reduction; one `Value` is its own sum, mean, product, maximum ..."""
    if isinstance(x, Node) and x.rank == 1 and axis is None:
        return x
    return apply(primitive, x, params={"axis": axis, "keepdims": keepdims})


def kept_shape(x: Any, axis: Axis) -> tuple[int, ...]:
    """Return the shape of `x` with the axes of a reduction at length 1."""
    shape = np.shape(primal(x))
    if axis is None:
        return (1,) * len(shape)
    reduced = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def inexact(x: Any) -> Any:
    """Return an array; one of whole numbers, as functions that are compiled have, as floats."""
    x = np.asarray(x)
    return x.astype(float) if x.dtype.kind in "iu" else x


def floats(x: Any) -> Any:
    """Return the numbers in an array, which may hold `Value`s; a tracer hears of it."""
    if not is_object_array(x):
        return np.asarray(x)
    if TRACER.get() is not None:
        for node in x.flat:
            told(node)
    return np.frompyfunc(primal, 1, 1)(x).astype(float)


def split_axes(x: Any, axis: Axis) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes of `x` that a reduction leaves, and those that it reduces."""
    ndim = np.ndim(primal(x))
    reduced = tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)
    return tuple(i for i in range(ndim) if i not in reduced), reduced


def merged(x: Any, axis: Axis) -> Any:
    """Return `x` with the axes of a reduction made one, the last."""
    left, reduced = split_axes(x, axis)
    shape, n = np.shape(primal(x)), count(x, axis)
    if (*left, *reduced) != tuple(range(len(shape))):
        x = transpose(x, (*left, *reduced))
    return x if len(reduced) == 1 else reshape(x, [*(shape[i] for i in left), n])


def keep(reduced: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return a reduction of `x`, or its cotangent, so that it broadcasts against `x`."""
    return reduced if keepdims or axis is None else reshape(reduced, kept_shape(x, axis))


def count(x: Any, axis: Axis) -> int:
    """Return how many elements of `x` go into one element of its reduction."""
    shape = np.shape(primal(x))
    kept = kept_shape(x, axis)
    return math.prod(n for n, k in zip(shape, kept, strict=True) if k == 1)


def _spread(z_bar: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return broadcast_to(keep(z_bar, x, axis, keepdims), np.shape(primal(x)))


_sum = ArrayPrimitive(
    "sum",
    lambda x, axis, keepdims, out=None: np.add.reduce(x, axis=axis, out=out, keepdims=keepdims),
    [_spread],
    "linear",
    symbol="Σ",
    latex=[r"\mathrm{{broadcast}}({dz})"],
    formula=r"\sum {x}",
    analytic=True,
)


def mean_array(x: Any, axis: Axis, keepdims: Any) -> Any:
    """Return the mean of an array, also where the sum overflows."""
    with np.errstate(over="ignore"):
        total = np.add.reduce(x, axis=axis, keepdims=keepdims)
    n = np.size(x) // (np.size(total) or 1)
    if is_object_array(x) or np.isfinite(total).all():  # nearly always
        return total / n
    share = 2.0 ** n.bit_length()  # the sum of the shares does not overflow
    return np.add.reduce(x / share, axis=axis, keepdims=keepdims) * (share / n)


_mean = ArrayPrimitive(
    "mean",
    mean_array,
    [lambda z_bar, z, x, axis, keepdims: _spread(z_bar / count(x, axis), z, x, axis, keepdims)],
    "linear",
    latex=[r"\frac{{1}}{{{n}}}\,\mathrm{{broadcast}}({dz})"],
    formula=r"\frac{{1}}{{{n}}}\,\sum {x}",
    analytic=True,
)


def _others(x: Any, axis: Axis) -> Any:
    """Return at each place the product of all other elements over `axis`."""
    left, reduced = split_axes(x, axis)
    order, shape = (*left, *reduced), np.shape(primal(x))
    products = reshape(others(merged(x, axis), len(left)), [shape[i] for i in order])
    return transpose(products, np.argsort(order).tolist())


_prod = ArrayPrimitive(
    "prod",
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
    [lambda z_bar, z, x, axis, keepdims: keep(z_bar, x, axis, keepdims) * _others(x, axis)],
    [lambda x_dot, z, x, axis, keepdims: sum(x_dot * _others(x, axis), axis, keepdims)],
    symbol="Π",
    latex=[r"{dz}\odot\mathrm{{others}}({x})"],
    formula=r"\prod {x}",
    convention="at zeros: the product of the other elements, as everywhere",
    analytic=True,
)


# max and min: where several elements tie, each gets an equal share.


def _shares(z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    tied = 1.0 - not_equal(x, keep(z, x, axis, keepdims))
    return tied / sum(tied, axis, keepdims=True)


def _extremum_vjp(z_bar: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return keep(z_bar, x, axis, keepdims) * _shares(z, x, axis, keepdims)


def _extremum_jvp(x_dot: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return sum(x_dot * _shares(z, x, axis, keepdims), axis, keepdims)


def _extremum(name: str, extreme: np.ufunc) -> ArrayPrimitive:
    return ArrayPrimitive(
        name,
        lambda x, axis, keepdims: extreme.reduce(x, axis=axis, keepdims=keepdims),
        [_extremum_vjp],
        [_extremum_jvp],
        latex=[r"{dz}\odot[{x}={z}]"],
        sides=lambda x, axis, keepdims: np.equal(x, extreme.reduce(x, axis=axis, keepdims=True)),
        convention="ties share equally",
    )


_max = _extremum("max", np.maximum)
_min = _extremum("min", np.minimum)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: sum,
    np.mean: mean,
    np.prod: prod,
    np.max: max,
    np.amax: max,
    np.min: min,
    np.amin: min,
}
