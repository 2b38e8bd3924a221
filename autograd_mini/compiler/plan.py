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
        self.shared_units = [i for i, axis in enumerate(self.axes) if axis is None]
        self.lane_units = [i for i, axis in enumerate(self.axes) if axis is not None]
        self.lane_numbers = [k for k, lane in enumerate(self.lanes) if lane]

    def shared(self, units: Sequence[Any], more: int) -> Array:
        """Return what all lanes share as a vector, with room for so many numbers more at its end.

        It is for one call: what is in the arrays is copied.
        """
        start = len(self.lanes) - len(self.lane_numbers)
        vector = np.empty(start + more)
        start = 0
        for i in self.shared_units:
            x, stop = units[i], start + self.sizes[i]
            vector[start:stop] = x.ravel() if isinstance(x, np.ndarray) else x
            start = stop
        return vector

    def by_lane(self, units: Sequence[Any]) -> tuple[Array | None, int]:
        """Return what each lane has for itself, one row a number, and how many lanes there are.

        Raises:
            ShapeError: the arguments have different numbers of lanes.
        """
        if not self.lane_units:
            return None, 1
        m = self.lane_count(units)
        rows = np.empty((len(self.lane_numbers), m))
        start = 0
        for i in self.lane_units:
            x, axis, stop = units[i], self.axes[i], start + self.sizes[i]
            if axis:
                x = np.moveaxis(x, axis, 0)
            rows[start:stop] = x if x.ndim == 1 else x.reshape(m, -1).T
            start = stop
        return rows, m

    def lane_count(self, units: Sequence[Any]) -> int:
        """Return how many lanes there are."""
        counts = [units[i].shape[self.axes[i]] for i in self.lane_units]
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
        raise ShapeError(
            f"argument {owner} has its lanes along axis {axis}, and a part of it has shape "
            f"{shape}; in_axes says None for what all lanes share"
        )
    return of_lane(shape, axis)


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """Return what the first arguments of a function are called."""
    try:
        names = [*inspect.signature(f).parameters][:count]
    except (TypeError, ValueError):  # written in C
        names = []
    return names + [f"vector {i}" for i in range(count - len(names))]
