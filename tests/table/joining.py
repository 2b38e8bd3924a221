"""The rows of what joins arrays and splits them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_mini as am
from tests.table.case import Case, Shape, numpys, real


def joins(name: str, *calls: tuple[tuple[Shape, ...], dict[str, Any]]) -> list[Case]:
    """Return the cases of a function that takes a list of arrays, and settings by name."""
    return [
        Case(
            f"{name}-{shapes}-{settings}",
            joined(getattr(am, name), settings),
            joined(getattr(np, name), settings),
            shapes,
            (real,) * len(shapes),
        )
        for shapes, settings in calls
    ]


def joined(function: Callable[..., Any], settings: dict[str, Any]) -> Callable[..., Any]:
    """Return a function of arrays that gives them to another as a list."""
    return lambda *arrays: function(arrays, **settings)


ROWS: dict[str, list[Case]] = {
    "concatenate": joins(
        "concatenate",
        (((2, 3), (2, 3)), {"axis": 0}),
        (((2, 3), (1, 3), (4, 3)), {"axis": 0}),
        (((2, 3), (2, 1)), {"axis": 1}),
        (((2, 3), (2, 1)), {"axis": -1}),
        (((2,),), {"axis": 0}),
        (((0, 3), (2, 3)), {"axis": 0}),
        (((2, 1, 2), (2, 2, 2)), {"axis": -2}),
        (((2, 3), (), (4,)), {"axis": None}),
    ),
    "stack": joins(
        "stack",
        (((2, 3), (2, 3)), {}),
        (((2, 3), (2, 3), (2, 3)), {"axis": 1}),
        (((2, 3), (2, 3)), {"axis": -1}),
        (((), ()), {}),
        (((0,), (0,)), {"axis": 1}),
    ),
    "vstack": joins("vstack", *((shapes, {}) for shapes in (((3,), (2, 3)), ((), ()), ((0, 2),)))),
    "hstack": joins(
        "hstack", *((shapes, {}) for shapes in (((3,), (2,)), ((2, 3), (2, 1)), ((), (2,))))
    ),
    "dstack": joins(
        "dstack", *((shapes, {}) for shapes in (((3,), (3,)), ((2, 3), (2, 3, 2)), ((), ())))
    ),
    "column_stack": joins(
        "column_stack", *((shapes, {}) for shapes in (((3,), (3, 2), (3,)), ((), ()), ((0,), (0,))))
    ),
    "append": [
        Case(
            f"append-{shapes}-{axis}",
            lambda x, y, axis=axis: am.append(x, y, axis),
            lambda x, y, axis=axis: np.append(x, y, axis),
            shapes,
            (real, real),
        )
        for shapes, axis in ((((2, 3), (2,)), None), (((2, 3), (1, 3)), 0), (((2, 3), (2, 0)), 1))
    ],
    "meshgrid": [
        Case(
            f"meshgrid-{shapes}-{settings}",
            lambda *arrays, s=settings: math.prod(am.meshgrid(*arrays, **s)),
            lambda *arrays, s=settings: math.prod(np.meshgrid(*arrays, **s)),
            shapes,
            (real,) * len(shapes),
        )
        for shapes in (((2,),), ((2,), (3,)), ((2,), (3,), (4,)), ((2,), ()), ((2,), (0,)))
        for settings in ({}, {"indexing": "ij"}, {"sparse": True})
    ],
    "split": numpys(
        "split",
        ((4, 3), 2),
        ((4, 3), 3, 1),
        ((4, 3), [1, 3]),
        ((4, 3), [3, 1], {"axis": 0}),
        ((4, 3), [0, 2, 9], -1),
        ((4, 3), []),
        ((0, 3), 2),
    ),
    "array_split": numpys("array_split", ((5, 3), 2), ((4, 3), 2, 1), ((2,), 4), ((4,), [-1])),
    "hsplit": numpys("hsplit", ((4,), 2), ((2, 4), 2), ((2, 4), [1])),
    "vsplit": numpys("vsplit", ((4, 2), 2), ((4, 2, 2), [1, 2])),
    "dsplit": numpys("dsplit", ((2, 1, 4), 2), ((1, 2, 3), [1, 2])),
}
