"""The rows of what runs along an axis."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.ops.scans import recurrence
from tests.table.case import Case, real, unary, with_zeros

SCANNED: list[tuple[tuple[int, ...], Any]] = [
    ((), None),
    ((4,), None),
    ((4,), 0),
    ((2, 3), None),
    ((2, 3), 0),
    ((2, 3), -1),
    ((2, 3, 2), 1),
    ((1, 3), 0),
    ((0, 3), 0),
    ((0, 3), 1),
    ((0,), None),
]


def recurrence_reference(a: np.ndarray, b: np.ndarray, axis: int, reverse: bool) -> np.ndarray:
    """Return the solution of the bidiagonal system (or its transpose) that the recurrence is."""

    def solution(both: np.ndarray) -> np.ndarray:
        a, b = np.split(both, 2)
        matrix = np.eye(len(a), dtype=a.dtype) - np.diag(a[1:], -1)
        return np.linalg.solve(matrix.T if reverse else matrix, b)

    return np.apply_along_axis(solution, axis, np.concatenate([a, b], axis))


ROWS: dict[str, list[Case]] = {
    "cumsum": unary(am.cumsum, np.cumsum, SCANNED),
    "cumprod": [
        *unary(am.cumprod, np.cumprod, SCANNED),
        *unary(am.cumprod, np.cumprod, SCANNED, sampler=with_zeros),
    ],
    "recurrence": [
        Case(
            f"recurrence-{shape}-{axis}-{reverse}",
            lambda a, b, axis=axis, reverse=reverse: recurrence(a, b, axis, reverse),
            lambda a, b, axis=axis, reverse=reverse: recurrence_reference(a, b, axis, reverse),
            (shape, shape),
            (sampler, real),
        )
        for (shape, axis), reverse, sampler in product(
            [((4,), 0), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), 1), ((1, 3), 0), ((1,), 0)],
            (False, True),
            (real, with_zeros),
        )
    ],
    "diff": [
        Case(
            f"diff-{shape}-{n}-{axis}",
            lambda x, n=n, axis=axis: am.diff(x, n, axis),
            lambda x, n=n, axis=axis: np.diff(x, n, axis),
            (shape,),
            (real,),
        )
        for shape, n, axis in (
            ((4,), 1, -1),
            ((4,), 3, 0),
            ((4, 2), 2, 0),
            ((2, 3), 1, -1),
            ((2, 1), 1, 1),
            ((1,), 2, 0),
            ((0, 2), 1, 1),
        )
    ],
}
