"""The rows of what picks elements and puts them back."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.ops.indexing import getitem, scatter_add, set_at
from tests.table.case import Case, Shape, condition, numpys, real, unary

INDICES = (
    ((4, 3), 1),
    ((4, 3), -1),
    ((4, 3), np.int64(2)),
    ((4, 3), (2, 0)),
    ((4, 3), slice(None, None, -2)),
    ((4, 3), (slice(1, 3), 2)),
    ((4, 3), (slice(None, 0, -1), slice(-2, None))),
    ((4, 3), (..., 1)),
    ((4, 3), (1, ...)),
    ((2, 4, 3), (1, ..., slice(None, None, -1))),
    ((4, 3), (None, slice(None), None, 0)),
    ((4, 3), [1, 1, 0, -1]),
    ((4, 3), ([1, 1, 3], [0, 0, 2])),
    ((4, 3), (slice(None), [2, 2, 0])),
    ((4, 3), ([[0], [2]], [1, 1])),
    ((4, 3), ((1, 1), None, 0)),  # a tuple in a tuple is a list of positions
    ((4, 3), (range(2), range(2))),
    ((4, 3), (np.array(1), [0, 0])),
    ((4, 3), np.array([[0, 0], [3, 0]])),
    ((4,), np.array([[0, 0], [3, 0]])),
    ((4, 3), np.ix_([0, 3, 0], [1, 1])),
    ((4, 3), np.ix_([True, False, True, True], [2, 0])),
    ((9,), np.r_[0:3, 5, 5, -1]),
    ((4, 3), np.s_[::2, np.newaxis, 1:]),
    ((4, 3), np.arange(12).reshape(4, 3) % 5 > 1),
    ((4, 3), (slice(None), np.array([True, False, True]))),
    ((4, 3), (None, np.array([True, False, True, True]), 1)),
    ((4, 3), (np.array([True, False, True, False]), None, [1, 1])),
    ((4, 3), [True, False, True, False]),
    ((2, 4, 3), ([0, 1, 1], slice(1, None), [2, 2, 2])),
    ((2, 4, 3), ([0, 1, 1], ..., [2, 2, 2])),
    ((2, 4, 3), ([[0], [1]], None, [2, 2], slice(None, None, -1))),
    ((2, 4, 3), (0, ..., None, [1, 1])),
    ((2, 4, 3), (np.arange(8).reshape(2, 4) % 3 > 0, 1)),
    ((2, 4, 3), (..., np.arange(12).reshape(4, 3) % 3 > 0)),
    ((4, 3), []),
    ((4, 3), ([], [])),
    ((4, 3), np.zeros((0, 2), dtype=int)),
    ((4, 3), np.zeros(4, dtype=bool)),
    ((4, 3), slice(2, 2)),
    ((0, 3), slice(None, None, -1)),
    ((), ()),
    ((), (None, ...)),
    ((), np.array(True)),
    ((3,), True),
    ((3,), np.False_),
    ((4, 3), (True, [0, 0])),
)


def scattered(x: np.ndarray, index: Any, shape: Shape) -> np.ndarray:
    """Return zeros with the elements of `x` added at `index`, one element after another."""
    positions = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    whole = np.zeros(np.prod(shape, dtype=int), dtype=x.dtype)
    for position, number in zip(np.ravel(positions), np.ravel(x), strict=True):
        whole[position] += number
    return whole.reshape(shape)


def assigned(x: np.ndarray, y: np.ndarray, index: Any) -> np.ndarray:
    """Return a copy of `x` with the elements of `y` put in one after another."""
    positions = np.arange(x.size).reshape(x.shape)[index]
    whole = x.flatten()
    for position, number in zip(np.ravel(positions), np.ravel(y), strict=True):
        whole[position] = number
    return whole.reshape(x.shape)


def picked(shape: Shape, index: Any) -> Shape:
    """Return the shape of what an index picks."""
    return np.zeros(shape)[index].shape


SELECTED = (np.array([True, False, False]), np.array([True, True, False]))

ROWS: dict[str, list[Case]] = {
    "getitem": unary(getitem, lambda x, index: x[index], INDICES),
    "scatter_add": [
        Case(
            f"scatter_add-{shape}-{index}",
            lambda x, index=index, shape=shape: scatter_add(x, index, shape),
            lambda x, index=index, shape=shape: scattered(x, index, shape),
            (picked(shape, index),),
            (real,),
        )
        for shape, index in INDICES
    ],
    "set_at": [
        Case(
            f"set_at-{shape}-{index}",
            lambda x, y, index=index: set_at(x, y, index),
            lambda x, y, index=index: assigned(x, y, index),
            (shape, picked(shape, index)),
            (real, real),
        )
        for shape, index in INDICES
    ],
    "take": numpys(
        "take",
        ((4, 3), 2),
        ((4, 3), [2, 2, 0]),
        ((4, 3), [[0, 11], [3, 3]]),
        ((4, 3), 1, 0),
        ((4, 3), [2, 2, 0], 1),
        ((4, 3), [[-1, 0]], -1),
        ((4, 3), [-7, 5, 3], {"axis": 0, "mode": "wrap"}),
        ((4, 3), [-7, 5, 3], {"axis": 1, "mode": "clip"}),
        ((4, 3), np.array([], dtype=int), 0),
        ((2, 4, 3), [True, False], 1),
        ((), 0),
    ),
    "take_along_axis": numpys(
        "take_along_axis",
        ((2, 3), np.array([[2, 0, 0], [1, 1, 1]]), 1),
        ((2, 3), np.array([[1], [0]]), 1),
        ((2, 3), np.array([[1, 0, 1]]), 0),
        ((2, 3), np.array([[1, 0, 1]]), {"axis": -2}),
        ((2, 3), np.array([5, 5, 0]), None),
        ((2, 3, 2), np.array([[[1, 1, 0]]]), -1),
        ((2, 3), np.zeros((2, 0), dtype=int), 1),
    ),
    "compress": [
        Case(
            f"compress-{axis}",
            lambda x, c, axis=axis: am.compress(c, x, axis),
            lambda x, c, axis=axis: np.compress(c, x, axis),
            ((2, 3), (2,)),
            (real, condition),
            fixed=(1,),
        )
        for axis in (None, 0, 1)
    ],
    "extract": [
        Case(
            f"extract-{shape}",
            lambda x, c: am.extract(c, x),
            lambda x, c: np.extract(c, x),
            (shape, shape),
            (real, condition),
            fixed=(1,),
        )
        for shape in ((2, 3), (4,), (0,))
    ],
    "select": [
        Case(
            "select-two and a default",
            lambda x, y, z: am.select(SELECTED, [x, y], z),
            lambda x, y, z: np.select(SELECTED, [x, y], z),
            ((2, 3), (3,), ()),
            (real, real, real),
        ),
        Case(
            "select-zero by default",
            lambda x, y: am.select(SELECTED, [x, y]),
            lambda x, y: np.select(SELECTED, [x, y]),
            ((3,), (3,)),
            (real, real),
        ),
    ],
    "diagonal": numpys(
        "diagonal",
        *(((3, 4), offset) for offset in (0, 1, 3, 4, 9, -1, -2, -3, -7)),
        *(((4, 3), offset) for offset in (0, 2, -1, -3)),
        ((3, 3),),
        ((2, 3, 4), 1),
        ((2, 3, 4), {"offset": -1, "axis1": 2, "axis2": 0}),
        ((2, 3, 4), 0, -1, -2),
        ((0, 3),),
        ((3, 0), 1),
    ),
    "diag": numpys(
        "diag",
        *(((3,), k) for k in (0, 1, -2)),
        *(((3, 4), k) for k in (0, 2, -1, 5)),
        ((1,),),
        ((0,),),
        ((0,), 2),
    ),
    **{
        name: numpys(
            name,
            *(((3, 4), k) for k in (0, 1, -1, 4, -5)),
            ((2, 3, 3),),
            ((3,),),
            ((0, 2),),
        )
        for name in ("tril", "triu")
    },
}
