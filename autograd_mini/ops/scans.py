"""What runs along one axis: cumulative sums and products, and differences of neighbours.

`axis` is an integer, or None for all elements in C order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_mini.errors import SettingError
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.shaping import reshape
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import primal

__all__ = [
    "cumprod",
    "cumsum",
    "diff",
]


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Return the sums of the elements up to each one, it included."""
    return _scan(_cumsum, x, axis)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Return the products of the elements up to each one, it included; zeros are no exception."""
    return _scan(_cumprod, x, axis)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Return each element minus the one before it, `n` times over: the axis gets `n` shorter."""
    if n < 0:
        raise SettingError(f"diff: n must not be negative, got {n}")
    axis = normalize_axis_index(axis, np.ndim(primal(x)))
    ahead, behind = along(axis, slice(1, None)), along(axis, slice(None, -1))
    for _ in range(n):
        x = getitem(x, ahead) - getitem(x, behind)
    return x


def _scan(primitive: ArrayPrimitive, x: Any, axis: int | None) -> Any:
    if axis is None:
        x, axis = (x if np.ndim(primal(x)) == 1 else reshape(x, -1)), 0
    return apply(primitive, x, params={"axis": normalize_axis_index(axis, np.ndim(primal(x)))})


def along(axis: int, index: Any) -> tuple[Any, ...]:
    """Return what indexes one axis, counted from the first, and leaves the others whole."""
    return (slice(None),) * axis + (index,)


def flipped(x: Any, axis: int) -> Any:
    """Return `x` in reverse order along an axis."""
    return getitem(x, along(axis, slice(None, None, -1)))


def before(x: Any, axis: int, first: float) -> Any:
    """Return at each place the element before it; in the first place a number."""
    return concatenate([_edge(x, axis, first), getitem(x, along(axis, slice(None, -1)))], axis)


def after(x: Any, axis: int, last: float) -> Any:
    """Return at each place the element after it; in the last place a number."""
    return concatenate([getitem(x, along(axis, slice(1, None))), _edge(x, axis, last)], axis)


def _edge(x: Any, axis: int, number: float) -> Any:
    x = primal(x)
    return np.full_like(x[along(axis, slice(1))], number)  # of length 0 where x is


_cumsum = ArrayPrimitive(
    "cumsum",
    lambda x, axis: np.add.accumulate(x, axis=axis),
    [lambda z_bar, z, x, axis: flipped(cumsum(flipped(z_bar, axis), axis), axis)],
    "linear",
    latex=[r"\mathrm{{flip}}(\mathrm{{cumsum}}(\mathrm{{flip}}({dz})))"],
    analytic=True,
)


# The derivative of a product of many factors is the product of the others. Dividing by a factor
# would fail at zeros, and lose the second derivative beside them; a recurrence never divides.


def recurrence(a: Any, b: Any, axis: int, reverse: bool = False) -> Any:
    """Return h with h[0] = b[0] and h[i] = a[i] h[i-1] + b[i] along an axis; a[0] is not used.

    With `reverse` it is the transpose of that map of b: h[i] = b[i] + a[i+1] h[i+1] from the last
    element, h = b there, down.
    """
    return apply(_recurrence, a, b, params={"axis": axis, "reverse": reverse})


def _recurrence_array(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    h = np.array(b, dtype=np.result_type(a, b))
    steps, rows = np.moveaxis(a, axis, 0), np.moveaxis(h, axis, 0)  # views: h fills with rows
    for i in range(len(rows) - 1, 0, -1) if reverse else range(1, len(rows)):
        if reverse:
            rows[i - 1] += steps[i] * rows[i]
        else:
            rows[i] += steps[i] * rows[i - 1]
    return h


def _recurrence_vjp_a(z_bar: Any, z: Any, a: Any, b: Any, axis: int, reverse: bool) -> Any:
    b_bar = recurrence(a, z_bar, axis, not reverse)
    return before(b_bar, axis, 0.0) * z if reverse else b_bar * before(z, axis, 0.0)


def _recurrence_jvp_a(a_dot: Any, z: Any, a: Any, b: Any, axis: int, reverse: bool) -> Any:
    change = after(a_dot * z, axis, 0.0) if reverse else a_dot * before(z, axis, 0.0)
    return recurrence(a, change, axis, reverse)


_recurrence = ArrayPrimitive(
    "recurrence",
    _recurrence_array,
    [
        _recurrence_vjp_a,
        lambda z_bar, z, a, b, axis, reverse: recurrence(a, z_bar, axis, not reverse),
    ],
    [
        _recurrence_jvp_a,
        lambda b_dot, z, a, b, axis, reverse: recurrence(a, b_dot, axis, reverse),
    ],
    latex=[
        r"\mathrm{{recurrence}}({x},{dz})\odot\mathrm{{before}}({z})",
        r"\mathrm{{recurrence}}({x},{dz})",
    ],
    analytic=True,
)
_cumprod = ArrayPrimitive(
    "cumprod",
    lambda x, axis: np.multiply.accumulate(x, axis=axis),
    [lambda z_bar, z, x, axis: before(z, axis, 1.0) * recurrence(x, z_bar, axis, reverse=True)],
    [lambda x_dot, z, x, axis: recurrence(x, before(z, axis, 1.0) * x_dot, axis)],
    latex=[
        r"\frac{{1}}{{{x}}}\odot\mathrm{{flip}}(\mathrm{{cumsum}}(\mathrm{{flip}}({dz}\odot {z})))"
    ],
    convention="at zeros: the products of the other factors, as everywhere",
    analytic=True,
)


def others(x: Any, axis: int) -> Any:
    """Return at each place the product of all other elements along an axis."""
    left = before(cumprod(x, axis), axis, 1.0)
    right = before(cumprod(flipped(x, axis), axis), axis, 1.0)
    return left * flipped(right, axis)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.cumsum: cumsum,
    np.cumprod: cumprod,
    np.diff: diff,
}
