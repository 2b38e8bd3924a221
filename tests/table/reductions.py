"""The rows of what reduces axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np

import autograd_mini as am
from tests.table.case import Case, Sampler, Shape, distinct, real, unary


def reductions(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    sampler: Sampler,
    further: Iterable[tuple[Shape, Any]] = (),
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
        settings = {"axis": axis, "keepdims": keepdims}
        cases.append(
            Case(
                f"{function.__name__}-{shape}-{axis}-{'kept' if keepdims else 'dropped'}",
                lambda x, s=settings: function(x, **s),
                lambda x, s=settings: reference(x, **s),
                (shape,),
                (sampler,),
            )
        )
    return cases


def softmax_shifted(x: np.ndarray, axis: int) -> np.ndarray:
    """Return log(exp(x) / sum(exp(x)))."""
    return np.log(np.exp(x) / np.sum(np.exp(x), axis, keepdims=True))


ROWS: dict[str, list[Case]] = {
    "sum": reductions(am.sum, np.sum, real, [((0, 3), 0), ((0, 3), None)]),
    "mean": reductions(am.mean, np.mean, real),
    "max": reductions(am.max, np.max, distinct),
    "min": reductions(am.min, np.min, distinct),
    "logsumexp": reductions(
        am.logsumexp,
        lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis, keepdims=keepdims)),
        real,
    ),
    "log_softmax": unary(
        am.log_softmax,
        softmax_shifted,
        [((4,), -1), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), -2), ((1, 3), 0), ((0, 3), 1)],
    ),
}
