"""Changing elements as JAX does: `x.at[index].set(y)` is a new tensor, differentiable in both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.errors import DataError, ShapeError
from autograd_mini.ops.indexing import frozen_index, getitem, last_named, scatter_add, set_at
from autograd_mini.ops.shaping import broadcast_to, in_precision_of
from autograd_mini.tape import primal


class At:
    """What `x.at` is: `x.at[index]` names the elements of a tensor that are to be changed."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __getitem__(self, index: Any) -> Update:
        return Update(self.x, frozen_index(index))


class Update:
    """The ways to change elements of a tensor; each returns a new tensor of its shape and dtype.

    What they take is broadcast to the shape of `x[index]`; a shape that does not fit raises
    `ShapeError`. Where the index names an element twice, `add` and `subtract` do both, `set` keeps
    the last, and the others raise `DataError`.
    """

    __slots__ = ("index", "x")

    def __init__(self, x: Any, index: Any) -> None:
        self.x = x
        self.index = index

    def get(self) -> Any:
        """Return `x[index]`."""
        return getitem(self.x, self.index)

    def set(self, y: Any) -> Any:
        """Return `x` with `y` at the index; of elements that are set twice the last counts."""
        return set_at(self.x, self._fitted(y), self.index)

    def add(self, y: Any) -> Any:
        """Return `x` with `y` added at the index, as often as it names an element."""
        return self.x + scatter_add(self._fitted(y), self.index, self.x.shape)

    def subtract(self, y: Any) -> Any:
        """Return `x` with `y` subtracted at the index, as often as it names an element."""
        return self.x - scatter_add(self._fitted(y), self.index, self.x.shape)

    def multiply(self, y: Any) -> Any:
        """Return `x` with the elements at the index multiplied by `y`."""
        return self.apply(lambda x: x * y)

    def divide(self, y: Any) -> Any:
        """Return `x` with the elements at the index divided by `y`."""
        return self.apply(lambda x: x / y)

    def power(self, y: Any) -> Any:
        """Return `x` with the elements at the index to the power of `y`."""
        return self.apply(lambda x: x**y)

    def min(self, y: Any) -> Any:
        """Return `x` with the elements at the index at most `y`."""
        return self.apply(lambda x: x.minimum(y))

    def max(self, y: Any) -> Any:
        """Return `x` with the elements at the index at least `y`."""
        return self.apply(lambda x: x.maximum(y))

    def apply(self, function: Callable[[Any], Any]) -> Any:
        """Return `x` with the elements at the index replaced by a function of them.

        Raises:
            DataError: the index names an element twice.
        """
        if not np.all(last_named(self.index, self.x.shape)):
            raise DataError(
                "x.at[index] names an element twice, which only add, subtract, set and get take; "
                "apply one index after the other, x.at[i].multiply(y).at[j].multiply(y)"
            )
        return self.set(function(self.get()))

    def _fitted(self, y: Any) -> Any:
        """Return `y` in the shape of the elements at the index, and in their precision."""
        shape = self.x.primal[self.index].shape
        y = in_precision_of(self.x, y)
        if np.shape(primal(y)) == shape:
            return y
        try:
            return broadcast_to(y, shape)
        except ValueError:
            raise ShapeError(
                f"x.at[index] names elements of shape {shape}, and what was given for them has "
                f"shape {np.shape(primal(y))}, which does not broadcast to that"
            ) from None
