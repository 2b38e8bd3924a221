"""What can be done with conditions, arrays of booleans.

Comparing Tensors gives such arrays. While a function is traced they are Tensors of booleans, so
that a replay asks again; those can do the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.tracer import TRACER


def combined(ufunc: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the methods that combine a condition with another one on its right or its left."""

    def method(self: Any, other: Any) -> Any:
        return ufunc(self, other) if self.dtype == bool else NotImplemented

    def reflected(self: Any, other: Any) -> Any:
        return ufunc(other, self) if self.dtype == bool else NotImplemented

    return method, reflected


class Conditions:
    """Operators and methods of arrays of booleans; other Tensors have none of them."""

    __slots__ = ()

    __and__, __rand__ = combined(np.logical_and)
    __or__, __ror__ = combined(np.logical_or)
    __xor__, __rxor__ = combined(np.logical_xor)

    def __invert__(self: Any) -> Any:
        if self.dtype != bool:
            raise TypeError(f"~x is for conditions, as in ~(x > 0); got a Tensor of {self.dtype}")
        return np.logical_not(self)

    def any(self: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """Return whether some element is not 0."""
        return reduced("any", np.logical_or, self, axis, keepdims)

    def all(self: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """Return whether no element is 0."""
        return reduced("all", np.logical_and, self, axis, keepdims)


def reduced(question: str, ufunc: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Return what holds of the elements along an axis: booleans, which a tracer hears of."""
    answer = ufunc.reduce(x.primal, axis=axis, keepdims=keepdims)
    tracer = TRACER.get()
    settings = {"axis": axis, "keepdims": keepdims}
    return answer if tracer is None else tracer.asked(question, (x,), answer, settings)
