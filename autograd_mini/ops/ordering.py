"""What depends on the order of elements: sort, top_k, median and quantiles.

A sorted array takes each element from a place of the array, and its derivative goes back there.
The order is stable: of equal elements the earlier one comes first. NaN counts as the largest.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_mini.errors import DataError, SettingError, ShapeError
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.reductions import Axis, count, floats, kept_shape, mean, merged
from autograd_mini.ops.scans import along
from autograd_mini.ops.shaping import reshape, transpose
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tracer import TRACER

__all__ = [
    "median",
    "percentile",
    "quantile",
    "sort",
    "top_k",
]


def sort(x: Any, axis: int | None = -1) -> Any:
    """Return the elements along `axis` in ascending order; with None, all of them in one axis."""
    return _sorted(merged(x, None), 0) if axis is None else _sorted(x, axis)


def top_k(x: Any, k: int, axis: int = -1) -> Any:
    """Return the `k` largest elements along `axis`, the largest first.

    Raises:
        SettingError: there are not that many.
    """
    axis = normalize_axis_index(axis, np.ndim(primal(x)))
    n = np.shape(primal(x))[axis]
    if not 0 <= operator.index(k) <= n:
        raise SettingError(f"top_k: k must be from 0 to {n}, the length of the axis, got {k}")
    return getitem(_sorted(x, axis, descending=True), along(axis, slice(k)))


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the middle element in order over `axis`, or the mean of the two in the middle.

    Raises:
        ShapeError: there is no element.
    """
    ordered, n = _ordered("median", x, axis)
    if n % 2:
        middle = _pick(ordered, n // 2)
    else:
        middle = mean(_pick(ordered, slice(n // 2 - 1, n // 2 + 1)), -1)
    return reshape(middle, kept_shape(x, axis)) if keepdims else middle


def quantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return quantiles over `axis`, by linear interpolation between neighbours in order.

    Args:
        x: an array.
        q: from 0 to 1, one number or an array of them, whose axes come first in the result. It is
            a choice: no derivative flows to it.
        axis: the axes to reduce.
        keepdims: leave them with length 1.

    Raises:
        DataError: `q` is a node.
        SettingError: `q` is outside of its range.
        ShapeError: there is no element.
    """
    if isinstance(q, Node):
        raise DataError("quantile: no derivative flows to q; give the node's .data")
    q = np.asarray(q, dtype=float)
    if not np.all((q >= 0) & (q <= 1)):
        raise SettingError(f"quantile: q must be from 0 to 1, got {q}")
    ordered, n = _ordered("quantile", x, axis)
    left = kept_shape(x, axis) if keepdims else np.shape(primal(ordered))[:-1]
    if not q.ndim:
        found = _between(ordered, float(q) * (n - 1))
        return reshape(found, left) if keepdims else found
    last = np.ndim(primal(ordered)) - 1
    parts = [_between(ordered, float(part) * (n - 1), whole=True) for part in q.flat]
    return reshape(transpose(concatenate(parts, -1), (last, *range(last))), q.shape + left)


def percentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return percentiles over `axis`: quantiles with `q` from 0 to 100."""
    return quantile(x, q if isinstance(q, Node) else np.divide(q, 100.0), axis, keepdims)


def _ordered(name: str, x: Any, axis: Axis) -> tuple[Any, int]:
    """Return `x` sorted over the axes to reduce, made one, the last; and its length."""
    n = count(x, axis)
    if not n:
        raise ShapeError(f"{name}: no element in shape {np.shape(primal(x))} over axis {axis}")
    return _sorted(merged(x, axis), -1, nan_wins=True), n


def _between(ordered: Any, place: float, whole: bool = False) -> Any:
    """Return what stands at a place of the last axis, between two elements by interpolation.

    With `whole` the axis stays, with length 1.
    """
    low, high = (slice(i, i + 1) if whole else i for i in (math.floor(place), math.ceil(place)))
    below = _pick(ordered, low)
    return below if low == high else below + (place % 1.0) * (_pick(ordered, high) - below)


def _pick(ordered: Any, index: Any) -> Any:
    return getitem(ordered, along(np.ndim(primal(ordered)) - 1, index))


def _sorted(x: Any, axis: int, *, descending: bool = False, nan_wins: bool = False) -> Any:
    axis = normalize_axis_index(axis, np.ndim(primal(x)))
    params = {"axis": axis, "descending": descending, "nan_wins": nan_wins}
    return apply(_sort, x, params=params)


def order_of(x: Any, axis: int, descending: bool) -> Any:
    """Return the places from which sorting takes its elements; equal ones keep their order."""
    if TRACER.get() is not None and is_object_array(x):
        rows = np.moveaxis(x, axis, -1)
        found = [_asked_order(row, descending) for row in rows.reshape((-1, rows.shape[-1]))]
        return np.moveaxis(np.array(found, dtype=int).reshape(rows.shape), -1, axis)
    x = floats(x)
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    backwards = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(backwards, axis)


def _asked_order(row: Any, descending: bool) -> list[int]:
    """Return the places by comparing nodes, which a tracer hears of: NaN is the largest."""
    lost = is_nan(row).tolist()
    numbers = [i for i, is_lost in enumerate(lost) if not is_lost]
    numbers.sort(key=lambda i: row[i], reverse=descending)
    others = [i for i, is_lost in enumerate(lost) if is_lost]
    return [*others, *numbers] if descending else [*numbers, *others]


def is_nan(x: Any) -> Any:
    """Return which elements are NaN; nodes are asked, each by itself."""
    return np.frompyfunc(np.isnan, 1, 1)(x).astype(bool) if is_object_array(x) else np.isnan(x)


# Rules compute the places anew from x, which they have as an operand: a recorded one then holds for
# every x. The places are locally constant: no derivative flows to x through them.


def reorder(v: Any, x: Any, axis: int, descending: bool, inverse: bool = False) -> Any:
    """Return `v` in the order that sorts `x`, or with `inverse` put back from that order."""
    params = {"axis": axis, "descending": descending, "inverse": inverse}
    return apply(_reorder, v, x, params=params)


def _reorder_array(v: Any, x: Any, axis: int, descending: bool, inverse: bool) -> Any:
    order = order_of(x, axis, descending)
    if not inverse:
        return np.take_along_axis(v, order, axis)
    back = np.empty_like(v)
    np.put_along_axis(back, order, v, axis)
    return back


def _nothing(bar: Any, z: Any, v: Any, x: Any, axis: int, descending: bool, inverse: bool) -> Any:
    return np.zeros(np.shape(primal(x)))


_reorder = ArrayPrimitive(
    "reorder",
    _reorder_array,
    [
        lambda z_bar, z, v, x, axis, descending, inverse: reorder(
            z_bar, x, axis, descending, not inverse
        ),
        _nothing,
    ],
    [
        lambda v_dot, z, v, x, axis, descending, inverse: reorder(
            v_dot, x, axis, descending, inverse
        ),
        _nothing,
    ],
    latex=[r"\mathrm{{reorder}}({dz},{y})", r"0\,{dz}"],
    sides=lambda v, x, axis, descending, inverse: order_of(x, axis, descending),
    convention="the order as in sort; no derivative to what gives the order",
)


def _sort_array(x: Any, axis: int, descending: bool, nan_wins: bool) -> Any:
    if is_object_array(x):
        z = np.take_along_axis(x, order_of(x, axis, descending), axis)
    else:
        z = np.sort(x, axis=axis)  # equal numbers look alike, so that any order will do
        z = np.flip(z, axis) if descending else z
    if nan_wins:  # one NaN makes all of them NaN; it is the last
        last = z[along(axis, slice(-1, None))]
        lost = is_nan(last)
        return np.where(lost, last, z) if lost.any() else z
    return z


_sort = ArrayPrimitive(
    "sort",
    _sort_array,
    [
        lambda z_bar, z, x, axis, descending, nan_wins: reorder(
            z_bar, x, axis, descending, inverse=True
        ),
    ],
    [lambda x_dot, z, x, axis, descending, nan_wins: reorder(x_dot, x, axis, descending)],
    latex=[r"\mathrm{{unsort}}({dz})"],
    sides=lambda x, axis, descending, nan_wins: order_of(x, axis, descending),
    convention="ties keep their order: to each place goes the element that stands first",
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sort: sort,
    np.median: median,
    np.quantile: quantile,
    np.percentile: percentile,
}
