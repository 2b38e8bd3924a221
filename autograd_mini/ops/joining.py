"""Joining arrays along an axis, and splitting them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_mini.ops.indexing import along, getitem, scatter_add
from autograd_mini.ops.shaping import (
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    expand_dims,
    ravel,
    reshape,
    swapaxes,
    transpose,
)
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply, boxed_node
from autograd_mini.tape import Node, primal

__all__ = [
    "append",
    "array_split",
    "column_stack",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "meshgrid",
    "split",
    "stack",
    "vsplit",
    "vstack",
]


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Join arrays along an axis that they have; with None, flattened."""
    if axis is None:
        return concatenate([ravel(x) for x in boxed(arrays)])
    return apply(_concatenate, *arrays, params={"axis": axis})


def boxed(arrays: Sequence[Any]) -> list[Any]:
    """Return arrays with one without axes in place of every `Value`, so that these join too."""
    return [boxed_node(x) if isinstance(x, Node) and x.rank == 1 else x for x in arrays]


def _place(i: int, arrays: Sequence[Any], axis: int) -> tuple[slice, ...]:
    """Return the index of the part of a concatenation that came from operand `i`."""
    axis %= np.ndim(primal(arrays[0]))
    lengths = [np.shape(primal(x))[axis] for x in arrays]
    start = sum(lengths[:i])
    return along(axis, slice(start, start + lengths[i]))


def _concatenate_vjp(i: int, z_bar: Any, z: Any, *arrays: Any, axis: int) -> Any:
    return getitem(z_bar, _place(i, arrays, axis))


def _concatenate_jvp(i: int, x_dot: Any, z: Any, *arrays: Any, axis: int) -> Any:
    return scatter_add(x_dot, _place(i, arrays, axis), np.shape(primal(z)))


_concatenate = ArrayPrimitive(
    "concatenate",
    lambda *arrays, axis: np.concatenate(arrays, axis),
    _concatenate_vjp,
    _concatenate_jvp,
    analytic=True,
    latex=[r"\mathrm{{part}}({dz})"],
)


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join arrays of one shape along a new axis of the result."""
    return concatenate([expand_dims(x, axis) for x in boxed(arrays)], axis)


def vstack(arrays: Sequence[Any]) -> Any:
    """Join arrays along the first axis; a vector is a row."""
    return concatenate([atleast_2d(x) for x in boxed(arrays)])


def hstack(arrays: Sequence[Any]) -> Any:
    """Join arrays along the second axis, vectors along their only one."""
    flat = [x if np.ndim(primal(x)) else ravel(x) for x in boxed(arrays)]
    return concatenate(flat, 0 if flat and np.ndim(primal(flat[0])) == 1 else 1)


def dstack(arrays: Sequence[Any]) -> Any:
    """Join arrays along the third axis, which vectors (1, n) and matrices (m, n) are given."""
    return concatenate([atleast_3d(x) for x in boxed(arrays)], 2)


def column_stack(arrays: Sequence[Any]) -> Any:
    """Join arrays along the second axis; a vector is a column."""
    columns = [x if np.ndim(primal(x)) > 1 else transpose(atleast_2d(x)) for x in boxed(arrays)]
    return concatenate(columns, 1)


def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """Return `x` with `values` after it along an axis; with None, both flattened."""
    return concatenate([x, values], axis)


def meshgrid(*vectors: Any, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Return for each vector an array of its numbers, repeated over the grid that all make.

    Vector i lies along axis i, with indexing "xy" the first along axis 1 and the second along axis
    0. With `sparse` nothing is repeated: axes have length 1 instead, for broadcasting.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing is 'xy' or 'ij', got {indexing!r}")
    n = len(vectors)
    grids = [reshape(x, (*(1,) * i, -1, *(1,) * (n - 1 - i))) for i, x in enumerate(boxed(vectors))]
    if indexing == "xy" and n > 1:
        grids = [swapaxes(x, 0, 1) for x in grids]
    return tuple(grids) if sparse else broadcast_arrays(*grids)


Sections = int | Sequence[int]


def split(x: Any, indices_or_sections: Sections, axis: int = 0) -> list[Any]:
    """Return the parts of `x` along an axis: so many equal ones, or cut before these positions.

    Raises:
        ValueError: the parts would not be equal; `array_split` makes some longer by one.
    """
    return _parts(np.split, x, indices_or_sections, axis)


def array_split(x: Any, indices_or_sections: Sections, axis: int = 0) -> list[Any]:
    """Return the parts of `x` along an axis: so many, nearly equal, or cut at these positions."""
    return _parts(np.array_split, x, indices_or_sections, axis)


def hsplit(x: Any, indices_or_sections: Sections) -> list[Any]:
    """Split along the second axis, a vector along its only one."""
    return split(x, indices_or_sections, 0 if np.ndim(primal(x)) == 1 else 1)


def vsplit(x: Any, indices_or_sections: Sections) -> list[Any]:
    """Split along the first of two axes or more."""
    return split(_checked("vsplit", x, 2), indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: Sections) -> list[Any]:
    """Split along the third axis."""
    return split(_checked("dsplit", x, 3), indices_or_sections, 2)


def _checked(name: str, x: Any, ndim: int) -> Any:
    if np.ndim(primal(x)) < ndim:
        raise ValueError(f"{name} takes arrays of {ndim} axes or more, got {np.ndim(primal(x))}")
    return x


def _parts(function: Callable[..., Any], x: Any, sections: Sections, axis: int) -> list[Any]:
    """Return the parts into which a function of NumPy splits the positions along an axis."""
    shape = np.shape(primal(x))
    axis = normalize_axis_index(axis, len(shape))
    parts = function(np.arange(shape[axis]), sections)
    places = [slice(part[0], part[-1] + 1) if part.size else slice(0) for part in parts]
    return [getitem(x, along(axis, place)) for place in places]


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.concatenate: concatenate,
    np.stack: stack,
    np.vstack: vstack,
    np.hstack: hstack,
    np.dstack: dstack,
    np.column_stack: column_stack,
    np.append: append,
    np.meshgrid: meshgrid,
    np.split: split,
    np.array_split: array_split,
    np.hsplit: hsplit,
    np.vsplit: vsplit,
    np.dsplit: dsplit,
}
