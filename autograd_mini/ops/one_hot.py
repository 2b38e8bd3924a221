"""Labels as one-hot vectors: rows of the identity, by number. No gradient enters a label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.elementwise import equal
from autograd_mini.primitive import Primitive
from autograd_mini.recording import apply
from autograd_mini.tape import Node, is_object_array
from autograd_mini.text import summary

__all__: list[str] = []


def one_hot(labels: Any, k: int, dtype: Any = np.float64) -> Any:
    """Return the (m, k) array with a 1 at each sample's class.

    Raises:
        ValueError: a label is not an integer from 0 to k - 1.
    """
    if is_object_array(labels):  # of a traced function: at a replay they are others
        return equal(labels[:, np.newaxis], np.arange(k, dtype=float))
    table = np.eye(k, dtype=dtype)
    if not isinstance(labels, Node):
        return ROWS.array(table, _classes.array(labels, k))
    return apply(ROWS, table, apply(_classes, labels, params={"k": k}))


def _classes_array(labels: Any, k: int) -> Any:
    whole = labels.dtype.kind in "iu"
    if labels.dtype.kind == "f":
        whole = np.array_equal(labels, np.floor(labels)) and -1 < labels.min() <= labels.max() < k
    numbers = labels.astype(np.intp, copy=False) if whole else labels
    # Read as unsigned ones, negative numbers are larger than all others.
    if not (whole and np.maximum.reduce(numbers.view(np.uintp), axis=None) < k):
        raise ValueError(
            f"softmax_cross_entropy: labels must be integers from 0 to {k - 1}, got "
            f"{summary(labels)}"
        )
    return numbers


_classes = Primitive("classes", _classes_array, arity=1)
ROWS = Primitive("rows", lambda table, numbers: table.take(numbers, 0), arity=2)

NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {}
