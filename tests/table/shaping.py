"""The rows of what moves, repeats, picks and joins elements."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.ops.shaping import frozen_index, getitem
from autograd_mini.primitive import REGISTRY, apply
from tests.table.case import Case, Shape, real, unary

INDICES = (
    ((4, 3), 1),
    ((4, 3), -1),
    ((4, 3), (2, 0)),
    ((4, 3), slice(None, None, -2)),
    ((4, 3), (slice(1, 3), 2)),
    ((4, 3), (..., 1)),
    ((4, 3), (None, slice(None), None, 0)),
    ((4, 3), [1, 1, 0, -1]),
    ((4, 3), ([1, 1, 3], [0, 0, 2])),
    ((4, 3), (slice(None), [2, 2, 0])),
    ((4, 3), ([[0], [2]], [1, 1])),
    ((4, 3), np.arange(12).reshape(4, 3) % 5 > 1),
    ((4, 3), (slice(None), np.array([True, False, True]))),
    ((2, 4, 3), ([0, 1, 1], slice(1, None), [2, 2, 2])),
    ((2, 4, 3), (0, ..., None, [1, 1])),
    ((4, 3), []),
    ((4, 3), np.zeros(4, dtype=bool)),
    ((4, 3), slice(2, 2)),
    ((), ()),
    ((), (None, ...)),
    ((3,), True),
)


def scattered(x: np.ndarray, index: Any, shape: Shape) -> np.ndarray:
    """Return zeros with the elements of `x` added at `index`, one element after another."""
    positions = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    whole = np.zeros(np.prod(shape, dtype=int), dtype=x.dtype)
    for position, number in zip(np.ravel(positions), np.ravel(x), strict=True):
        whole[position] += number
    return whole.reshape(shape)


def scatter_add(x: Any, index: Any, shape: Shape) -> Any:
    """Call the transpose of indexing, which only the sweeps do otherwise."""
    return apply(REGISTRY["scatter_add"], x, params={"index": frozen_index(index), "shape": shape})


def scatter_cases() -> list[Case]:
    """Return the cases of the transpose of indexing."""
    return [
        Case(
            f"scatter_add-{shape}-{index}",
            lambda x, index=index, shape=shape: scatter_add(x, index, shape),
            lambda x, index=index, shape=shape: scattered(x, index, shape),
            (np.zeros(shape)[index].shape,),
            (real,),
        )
        for shape, index in INDICES
    ]


JOINED = (
    (((2, 3), (2, 3)), 0),
    (((2, 3), (1, 3), (4, 3)), 0),
    (((2, 3), (2, 1)), 1),
    (((2, 3), (2, 1)), -1),
    (((2,),), 0),
    (((0, 3), (2, 3)), 0),
    (((2, 1, 2), (2, 2, 2)), -2),
)


def join_cases() -> list[Case]:
    """Return the cases of concatenation, which takes any number of operands."""
    return [
        Case(
            f"concatenate-{shapes}-{axis}",
            lambda *arrays, axis=axis: am.concatenate(arrays, axis),
            lambda *arrays, axis=axis: np.concatenate(arrays, axis),
            shapes,
            (real,) * len(shapes),
        )
        for shapes, axis in JOINED
    ]


ROWS: dict[str, list[Case]] = {
    "reshape": unary(
        am.reshape,
        np.reshape,
        [((2, 3), (3, 2)), ((2, 3), -1), ((4,), (2, -1)), ((), (1, 1)), ((1,), ()), ((0, 3), (0,))],
    ),
    "transpose": unary(
        am.transpose,
        np.transpose,
        [((2, 3), None), ((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (-1, 0, 1)), ((3,), None), ((), None)],
    ),
    "expand_dims": unary(
        am.expand_dims, np.expand_dims, [((2, 3), 0), ((2, 3), -1), ((2, 3), (0, 2)), ((), 0)]
    ),
    "broadcast_to": unary(
        am.broadcast_to,
        np.broadcast_to,
        [((3,), (2, 3)), ((2, 1), (4, 2, 3)), ((), (2, 2)), ((2, 3), (2, 3)), ((1,), (0,))],
    ),
    "astype": unary(
        am.astype,
        lambda x, dtype: x.astype(dtype),
        [((2, 3), np.float64), ((2, 3), np.longdouble), ((), np.longdouble)],
        keeps_dtype=False,
    ),
    "getitem": unary(getitem, lambda x, index: x[index], INDICES),
    "scatter_add": scatter_cases(),
    "concatenate": join_cases(),
}
