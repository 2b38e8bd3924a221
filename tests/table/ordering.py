"""The rows of what depends on the order of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.ops.ordering import reorder
from tests.table.case import Case, Shape, distinct, real, unary
from tests.table.reductions import reductions

SORTED: list[tuple[Shape, Any]] = [
    ((4,), -1),
    ((4,), None),
    ((3, 4), None),
    ((3, 4), 0),
    ((3, 4), 1),
    ((2, 3, 2), -2),
    ((1, 3), 0),
    ((0, 3), 0),
    ((0, 3), 1),
    ((), None),
]


def reorder_cases() -> list[Case]:
    """Return the cases of putting one array in the order of another, and back."""

    def reference(v: np.ndarray, x: np.ndarray, axis: int, descending: bool, inverse: bool) -> Any:
        order = np.argsort(-x if descending else x, axis)
        return np.take_along_axis(v, np.argsort(order, axis) if inverse else order, axis)

    return [
        Case(
            f"reorder-{shape}-{settings}",
            lambda v, x, s=settings: reorder(v, x, *s),
            lambda v, x, s=settings: reference(v, x, *s),
            (shape, shape),
            (real, distinct),
        )
        for shape, axis in (((4,), 0), ((3, 4), 0), ((2, 3, 2), 1), ((0, 3), 1))
        for settings in ((axis, a, b) for a in (False, True) for b in (False, True))
    ]


def largest(x: np.ndarray, k: int, axis: int) -> np.ndarray:
    """Return the k largest elements, written with -x."""
    return -np.take(np.sort(-x, axis), np.arange(k), axis)


QUANTILES = (0.3, 0.0, 1.0, 0.5, [0.1, 0.8], [[0.25], [1.0]])

ROWS: dict[str, list[Case]] = {
    "sort": unary(am.sort, np.sort, SORTED, sampler=distinct),
    "reorder": reorder_cases(),
    "top_k": [
        Case(
            f"top_k-{shape}-{k}-{axis}",
            lambda x, k=k, axis=axis: am.top_k(x, k, axis),
            lambda x, k=k, axis=axis: largest(x, k, axis),
            (shape,),
            (distinct,),
        )
        for shape, k, axis in (
            ((4,), 2, -1),
            ((4,), 4, 0),
            ((4,), 0, 0),
            ((3, 4), 1, 0),
            ((3, 4), 3, 1),
            ((2, 3, 2), 2, -2),
            ((0, 3), 2, 1),
        )
    ],
    "median": reductions(am.median, np.median, distinct, [((5,), 0), ((3, 4), (1, 0))]),
    "quantile": [
        *reductions(am.quantile, np.quantile, distinct, q=0.3),
        *(
            Case(
                f"quantile-{q}-{axis}-{keepdims}",
                lambda x, q=q, a=axis, k=keepdims: am.quantile(x, q, a, k),
                lambda x, q=q, a=axis, k=keepdims: np.quantile(x, q, a, keepdims=k).astype(x.dtype),
                ((3, 4),),
                (distinct,),
            )
            for q in QUANTILES
            for axis in (None, 0, 1)
            for keepdims in (False, True)
        ),
    ],
    "percentile": reductions(am.percentile, np.percentile, distinct, q=30.0),
}
