"""A plan: how the numbers of arguments of one form are laid out for a program, and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.arguments import (
    form_of,
    numbers_of,
    of_lane,
    paths_in,
    units_in,
    with_units,
    zeros_like,
)
from autograd_mini.compiler.rows import TILE, Rows
from autograd_mini.errors import ShapeError

Array = npt.NDArray[Any]


class Plan:
    """The layout of arguments: what all lanes share as a vector, what each has as a row.

    Args:
        f: the function, whose parameters' names the inputs get.
        args: its arguments, followed by v where there is one.
        settings: its keyword arguments.
        in_axes: for each argument along which axis its lanes lie, None where they share it; None
            for a function of one sample.

    Attributes:
        names: of the inputs, one for each number.
        lanes: for each number whether each lane has its own.
        shapes: of each unit in one lane.
        forms: what gives derivatives the form of each unit.
        example: arguments and keyword arguments of this form, with zeros for numbers and one
            lane.
        owners: the position of the argument that each unit is in; keyword arguments come last.

    Raises:
        ShapeError: an argument has no such axis.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        settings: Mapping[str, Any],
        in_axes: Sequence[int | None] | None,
    ) -> None:
        axes = [*(in_axes or [None] * len(args))]
        trees = [*args, *settings.values()]
        axes += [None] * len(settings)
        units = [[*units_in(tree)] for tree in trees]
        self.batched = in_axes is not None
        self.owners = [i for i, own in enumerate(units) for _ in own]
        self.axes = [axes[i] for i in self.owners]
        flat = [unit for own in units for unit in own]
        self.shapes = [
            without(np.shape(numbers_of(unit)), axis, owner)
            for unit, axis, owner in zip(flat, self.axes, self.owners, strict=True)
        ]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.forms = [form_of(unit) for unit in flat]
        self.example = with_units([[*args], {**settings}], map(zeros_like, flat, self.axes))
        called = zip([*parameter_names(f, len(args)), *settings], trees, strict=True)
        paths = [path for name, tree in called for path in paths_in(tree, name)]
        self.names = [
            name
            for path, shape in zip(paths, self.shapes, strict=True)
            for name in element_names(path, shape)
        ]
        self.lanes = [
            axis is not None
            for axis, n in zip(self.axes, self.sizes, strict=True)
            for _ in range(n)
        ]
        self._shared, self._shared_size = self._spans(batched=False)
        self._alone = self._shared[0][0] if len(self._shared) == 1 else None
        self._own, self._own_size = self._spans(batched=True)
        self._most = TILE // max(1, self._own_size)  # lanes that are turned into rows at once

    def shared(self, units: Sequence[Any], more: int) -> Array:
        """Return what all lanes share as a vector, with room for so many numbers more at its end.

        It is for one call, and only to be read where there is no more.
        """
        if not more and self._alone is not None:
            x = units[self._alone]
            if isinstance(x, np.ndarray) and x.dtype == np.float64 and x.flags.carray:
                return x.ravel()
        vector = np.empty(self._shared_size + more)
        for i, span, _ in self._shared:
            x = units[i]
            vector[span] = x if len(self.shapes[i]) < 2 else x.ravel()
        return vector

    def by_lane(self, units: Sequence[Any]) -> tuple[Array | Rows | None, int]:
        """Return what each lane has for itself, one row a number, and how many lanes there are.

        What is large is turned into rows later.

        Raises:
            ShapeError: the arguments have different numbers of lanes.
        """
        if not self._own:
            return None, 1
        first, _, axis = self._own[0]
        m = units[first].shape[axis]
        if m > self._most:
            m = self.lane_count(units)
            parts = [(np.moveaxis(units[i], axis, 0), span) for i, span, axis in self._own]
            return Rows(parts, (self._own_size, m)), m
        rows = np.empty((self._own_size, m))
        for i, span, axis in self._own:
            x = units[i] if not axis else np.moveaxis(units[i], axis, 0)
            if len(x) != m or not m:
                self.lane_count(units)  # which raises
            if x.ndim == 1:
                rows[span.start] = x  # in half the time of one row by a slice
            else:
                rows[span] = x.T if x.ndim == 2 else x.reshape(m, -1).T
        return rows, m

    def lane_count(self, units: Sequence[Any]) -> int:
        """Return how many lanes there are."""
        counts = [units[i].shape[axis] for i, _, axis in self._own]
        if counts.count(counts[0]) < len(counts):
            raise ShapeError(
                f"arguments with lanes must have as many each, got {sorted({*counts})}"
            )
        if not counts[0]:
            raise ShapeError("there is no lane: the arguments with lanes have none along that axis")
        return counts[0]

    def one_lane(self, units: Sequence[Any], lane: int) -> Iterator[Any]:
        """Yield the numbers of each unit in one lane."""
        for x, axis in zip(units, self.axes, strict=True):
            yield x if axis is None else np.take(x, lane, axis)

    def _spans(self, *, batched: bool) -> tuple[list[tuple[int, slice, Any]], int]:
        """Return the units with lanes or those without, where the numbers of each are, how many."""
        spans, stop = [], 0
        for i, (axis, size) in enumerate(zip(self.axes, self.sizes, strict=True)):
            if (axis is not None) == batched:
                spans.append((i, slice(stop, stop + size), axis))
                stop += size
        return spans, stop

    def units_of(self, position: int) -> list[int]:
        """Return the units in an argument."""
        return [i for i, owner in enumerate(self.owners) if owner == position]


def element_names(path: str, shape: tuple[int, ...]) -> list[str]:
    """Return a name for each number of an array, as `W[0,1]`."""
    if not shape:
        return [path]
    return [f"{path}[{','.join(map(str, index))}]" for index in np.ndindex(shape)]


def without(shape: tuple[int, ...], axis: int | None, owner: int) -> tuple[int, ...]:
    """Return a shape without the axis along which the lanes lie."""
    if axis is not None and not -len(shape) <= axis < len(shape):
        numbers = "" if shape else " (a list is a structure of numbers: make it np.array(...))"
        raise ShapeError(
            f"argument {owner} has its lanes along axis {axis}, and a part of it has shape "
            f"{shape}{numbers}; in_axes says None for what all lanes share"
        )
    return of_lane(shape, axis)


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """Return what the first arguments of a function are called."""
    try:
        names = [*inspect.signature(f).parameters][:count]
    except (TypeError, ValueError):  # written in C
        names = []
    return names + [f"vector {i}" for i in range(count - len(names))]
