"""The rows of what reduces axes, and of what is normalised over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np

import autograd_mini as am
from tests.table.case import Case, Sampler, Shape, distinct, positive, real, unary, with_zeros


def reductions(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    sampler: Sampler,
    further: Iterable[tuple[Shape, Any]] = (),
    **settings: Any,
) -> list[Case]:
    """Return the cases of a reduction, over axes, with and without keepdims."""
    over = [
        ((), None),
        ((4,), None),
        ((4,), 0),
        ((2, 3), None),
        ((2, 3), 0),
        ((2, 3), -1),
        ((2, 3, 2), (0, 2)),
        ((2, 3, 2), (-1, 0, 1)),
        ((2, 3), ()),
        ((1, 3), 0),
        ((1, 3), 1),
        ((0, 3), 1),
        *further,
    ]
    cases = []
    for (shape, axis), keepdims in product(over, (False, True)):
        taken = {"axis": axis, "keepdims": keepdims, **settings}
        kept = "kept" if keepdims else "dropped"
        cases.append(
            Case(
                "-".join(map(str, (function.__name__, shape, axis, kept, *settings.values()))),
                lambda x, s=taken: function(x, **s),
                lambda x, s=taken: reference(x, **s),
                (shape,),
                (sampler,),
            )
        )
    return cases


AVERAGED = (
    ((2, 3), (2, 3), None),
    ((2, 3), (2, 3), 1),
    ((2, 3), (3,), -1),
    ((2, 3), (2,), 0),
    ((2, 3, 4), (3,), 1),
    ((2, 3, 4), (4, 2), (2, 0)),
    ((3,), (3,), None),
)


def average_cases() -> list[Case]:
    """Return the cases of the weighted mean, whose weights are differentiated too."""
    return [
        Case(
            f"average-{shape}-{weights}-{axis}-{keepdims}",
            lambda x, w, s=axis, k=keepdims: am.average(x, s, w, keepdims=k),
            lambda x, w, s=axis, k=keepdims: np.average(x, s, w, keepdims=k),
            (shape, weights),
            (real, positive),
        )
        for shape, weights, axis in AVERAGED
        for keepdims in (False, True)
    ]


def softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    """Return exp(x) / sum(exp(x))."""
    return np.exp(x) / np.sum(np.exp(x), axis, keepdims=True)


NORMALISED = [((4,), -1), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), -2), ((1, 3), 0), ((0, 3), 1)]
SEVERAL = [((2, 3), 0), ((2, 3), None), ((2, 3, 2), (2, 0)), ((4,), -1)]  # ddof leaves some

ROWS: dict[str, list[Case]] = {
    "sum": reductions(am.sum, np.sum, real, [((0, 3), 0), ((0, 3), None)]),
    "mean": reductions(am.mean, np.mean, real),
    "prod": [
        *reductions(am.prod, np.prod, real, [((0, 3), 0), ((0, 3), None), ((2, 3, 4), (2, 0))]),
        *reductions(am.prod, np.prod, with_zeros, []),
    ],
    "max": reductions(am.max, np.max, distinct),
    "min": reductions(am.min, np.min, distinct),
    "ptp": reductions(am.ptp, np.ptp, distinct),
    "var": [
        *reductions(am.var, np.var, real),
        *unary(am.var, lambda x, axis: np.var(x, axis), SEVERAL),
        *(
            case
            for ddof in (1, 0.5)
            for case in unary(
                lambda x, axis, ddof=ddof: am.var(x, axis, ddof),
                lambda x, axis, ddof=ddof: np.var(x, axis, ddof=ddof),
                SEVERAL,
                name=f"var-{ddof}",
            )
        ),
    ],
    "std": [
        *reductions(am.std, np.std, real),
        *unary(
            lambda x, axis: am.std(x, axis, 1),
            lambda x, axis: np.std(x, axis, ddof=1),
            SEVERAL,
            name="std-1",
        ),
    ],
    "average": average_cases(),
    "logsumexp": reductions(
        am.logsumexp,
        lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis, keepdims=keepdims)),
        real,
    ),
    "log_softmax": unary(am.log_softmax, lambda x, axis: np.log(softmax(x, axis)), NORMALISED),
    "softmax": unary(
        am.softmax, softmax, [*NORMALISED, ((2, 3), None), ((2, 3, 2), (0, -1)), ((), None)]
    ),
}
