"""Moving elements about, repeating and surrounding them: flip, roll, tile, pad and their kin."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd_mini.errors import DataError
from autograd_mini.ops.indexing import getitem, rearranged, set_at, take
from autograd_mini.ops.shaping import (
    Shape,
    broadcast_to,
    expand_dims,
    frozen,
    in_precision_of,
    ravel,
    reshape,
    swapaxes,
)
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply, boxed_node
from autograd_mini.tape import Node, primal

__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "pad",
    "repeat",
    "roll",
    "rot90",
    "tile",
]


def flip(x: Any, axis: Shape | None = None) -> Any:
    """Return `x` in reverse order along `axis`, an integer or several; by default all axes."""
    ndim = np.ndim(primal(x))
    axes = range(ndim) if axis is None else normalize_axis_tuple(axis, ndim)
    return getitem(x, tuple(slice(None, None, -1 if i in axes else None) for i in range(ndim)))


def flipud(x: Any) -> Any:
    """Return `x` in reverse order along its first axis."""
    return flip(x, 0)


def fliplr(x: Any) -> Any:
    """Return `x` in reverse order along its second axis."""
    return flip(x, 1)


def rot90(x: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """Return `x` turned `k` times by 90 degrees, from the first of two axes to the second."""
    first, second = normalize_axis_tuple(axes, np.ndim(primal(x)), "axes")
    if k % 2 == 0:
        return flip(x, (first, second) if k % 4 else ())
    if k % 4 == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second)


def roll(x: Any, shift: Shape, axis: Shape | None = None) -> Any:
    """Return `x` shifted along `axis`; what leaves at one end enters at the other.

    With several axes each has its own shift; without any the flattened `x` is shifted.
    """
    return apply(
        _roll, x, params={"shift": frozen(shift), "axis": axis if axis is None else frozen(axis)}
    )


_roll = ArrayPrimitive(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    [lambda z_bar, z, x, shift, axis: roll(z_bar, _opposite(shift), axis)],
    "linear",
    analytic=True,
    latex=[r"\mathrm{{unroll}}({dz})"],
)


def _opposite(shift: Shape) -> Shape:
    return tuple(-n for n in shift) if isinstance(shift, Sequence) else -shift


def tile(x: Any, reps: Shape) -> Any:
    """Return copies of `x` side by side, so many along each axis, the last ones if fewer."""
    shape = np.shape(primal(x))
    counts = tuple(np.atleast_1d(reps).tolist())
    counts = (1,) * (len(shape) - len(counts)) + counts
    shape = (1,) * (len(counts) - len(shape)) + shape
    pairs = list(zip(counts, shape, strict=True))
    x = reshape(x, [n for length in shape for n in (1, length)])
    x = broadcast_to(x, [n for pair in pairs for n in pair])
    return reshape(x, [count * length for count, length in pairs])


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return `x` with each element repeated along `axis`, or each of the flattened `x`.

    Args:
        x: of any shape.
        repeats: how often, one integer for all or one for each position along the axis.
        axis: along which to repeat; None for a flat result.
    """
    if axis is None:
        x, axis = ravel(x), 0
    shape = np.shape(primal(x))
    axis = normalize_axis_index(axis, len(shape))
    if np.ndim(repeats):
        return take(x, np.repeat(np.arange(shape[axis]), repeats), axis)
    n, before, after = operator.index(repeats), shape[:axis], shape[axis + 1 :]
    x = broadcast_to(expand_dims(x, axis + 1), (*before, shape[axis], n, *after))
    return reshape(x, (*before, shape[axis] * n, *after))


PICKING_MODES = ("edge", "reflect", "symmetric", "wrap")


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Return `x` with elements added before and after along each axis.

    Args:
        x: of any shape.
        pad_width: how many: an integer, a pair (before, after), or such a pair for each axis.
        mode: what they are: "constant", or elements of `x` as NumPy picks them with "edge",
            "reflect", "symmetric" and "wrap".
        constant_values: the number for "constant", by default 0; it may be a node.
    """
    if mode in PICKING_MODES and constant_values is None:
        return rearranged(x, lambda positions: np.pad(positions, pad_width, mode))  # type: ignore[call-overload]  # one of those modes
    if mode != "constant":
        raise ValueError(
            "pad: mode is 'constant', with or without constant_values, or without them one of "
            f"{PICKING_MODES}; got {mode!r}"
        )
    if np.ndim(primal(constant_values)):
        raise DataError("pad: constant_values must be one number; pad several times for several")
    shape = np.shape(primal(x))
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ValueError(f"pad: pad_width must be integers of 0 or more, got {pad_width!r}")
    pairs = np.broadcast_to(widths, (len(shape), 2)).tolist()
    inside = tuple(slice(a, a + n) for (a, _), n in zip(pairs, shape, strict=True))
    whole = tuple(a + n + b for (a, b), n in zip(pairs, shape, strict=True))
    if isinstance(constant_values, Node) and constant_values.rank == 1:
        constant_values = boxed_node(constant_values)
    number = in_precision_of(x, 0.0 if constant_values is None else constant_values)
    return set_at(broadcast_to(number, whole), x, inside)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.flip: flip,
    np.flipud: flipud,
    np.fliplr: fliplr,
    np.rot90: rot90,
    np.roll: roll,
    np.tile: tile,
    np.repeat: repeat,
    np.pad: pad,
}
