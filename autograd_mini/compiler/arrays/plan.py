"""How the arguments of a function of Tensors are taken: as floats and arrays, read where they are.

Arrays reach the function as Tensors and floats as `Value`s. Integers steer Python, as axes and
lengths do, so they stay what they are: the program is for these alone. Arrays of integers are
labels or positions: they reach it as Tensors of whole numbers, given anew at each replay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import (
    form_of,
    in_structure,
    numbers_of,
    paths_in,
    units_in,
    whole_of,
    with_units,
    zeros_like,
)
from autograd_mini.compiler.plan import element_names, parameter_names
from autograd_mini.compiler.tracing.trace import Trace, object_array
from autograd_mini.operators import Operators
from autograd_mini.tape import Node, is_object_array
from autograd_mini.tensor import Tensor

Array = npt.NDArray[Any]
Take = Callable[[Any], Any]


class ArrayPlan:
    """How arguments of one form become the inputs of a program.

    Args:
        f: the function, whose parameters' names the inputs get.
        args: its arguments, followed by the vector where there is one.
        settings: its keyword arguments.
        aim: what is computed.

    Attributes:
        names: of the inputs.
        chosen: the units that are differentiated by.
        fixed: the units that stay what they are.
        variants: the programs for such arguments; the one that was used last comes first.
        example: arguments and keyword arguments of this form, which take no memory.
        flat: the units of that.
    """

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], settings: Mapping[str, Any], aim: Aim
    ) -> None:
        names = [*parameter_names(f, len(args)), *settings]
        trees = [*args, *settings.values()]
        units = [[*units_in(tree)] for tree in trees]
        ends = np.cumsum([0, *map(len, units)]).tolist()
        first_vector = len(args) - aim.vectors
        self.chosen = [i for p in aim.argnums for i in range(ends[p], ends[p + 1])]
        along = range(ends[first_vector], ends[len(args)])
        flat = [unit for own in units for unit in own]
        self.flat = [*map(like, flat)]
        self.example = with_units([[*args], {**settings}], iter(self.flat))
        # Derivatives are by floats, and a vector has the precision of what it belongs to.
        precise = {i: flat[i] for i in self.chosen}
        precise |= {i: flat[j] for i, j in zip(along, self.chosen, strict=False)}
        self._makers = [maker(flat[i]) for i in self.chosen]
        self._aim = aim
        self._whole = (
            whole_of(args[aim.argnums[0]], is_plain) if aim.single and aim.argnums else None
        )
        self.variants: list[Any] = []
        self.names: list[str] = []
        self.fixed: list[int] = []
        self._takes: list[tuple[int, Take]] = []
        self._several: dict[int, tuple[int, ...]] = {}  # object arrays, with their shapes
        paths = [
            path for name, tree in zip(names, trees, strict=True) for path in paths_in(tree, name)
        ]
        for i, (unit, path) in enumerate(zip(flat, paths, strict=True)):
            if is_object_array(unit):
                self._several[i] = unit.shape
                self.names += element_names(path, unit.shape)
            elif isinstance(unit, Integral) and i not in precise:
                self.fixed.append(i)
                continue
            else:
                self.names.append(path)
            take = as_float(unit, precise[i]) if i in precise else as_it_is(unit)
            self._takes.append((i, np.ravel if i in self._several else take))
        self._as_given = len(self._takes) == len(flat) and all(
            take is same for _, take in self._takes
        )

    def inputs(self, units: Sequence[Any]) -> Sequence[Any]:
        """Return the inputs of a program, floats and arrays.

        Args:
            units: the numbers of the arguments, as floats and arrays.
        """
        if self._as_given:
            return units
        if not self._several:
            return [take(units[i]) for i, take in self._takes]
        inputs: list[Any] = []
        for i, take in self._takes:
            inputs += take(units[i]).tolist() if i in self._several else [take(units[i])]
        return inputs

    def constants(self, units: Sequence[Any]) -> list[Any]:
        """Return the numbers that the program is for alone."""
        return [units[i] for i in self.fixed]

    def derivative(self, args: Sequence[Any], results: Sequence[Any]) -> Any:
        """Return results in the structure of the arguments that they are derivatives by.

        Args:
            args: the arguments, of the form that the plan is for.
            results: one for each number or array in those that are differentiated by.
        """
        if self._whole is not None:
            return self._whole(map(np.asarray, results))
        remaining = iter(results)
        return in_structure(self._aim, args, (make(remaining) for make in self._makers))

    def nodes(self, units: Sequence[Any], trace: Trace) -> Iterator[Any]:
        """Yield what reaches the function in the place of each unit: inputs of a trace."""
        inputs = iter(self.inputs(units))
        for i, unit in enumerate(units):
            if i in self.fixed:
                yield unit
            elif i in self._several:
                shape = self._several[i]
                yield object_array([trace.input(next(inputs)) for _ in unit.flat], shape)
            else:
                yield trace.input(next(inputs))


def like(unit: Any) -> Any:
    """Return a unit of the same form, shape and dtype that takes no memory."""
    if isinstance(unit, Tensor):
        return as_leaf(like(unit.primal))
    if isinstance(unit, np.ndarray) and not is_object_array(unit):
        return np.broadcast_to(np.zeros((), unit.dtype), unit.shape)
    return zeros_like(unit, None) if isinstance(unit, Node | np.ndarray) else unit


def same(x: Any) -> Any:
    """Return x."""
    return x


def as_it_is(unit: Any) -> Take:
    """Return what takes the numbers of a unit, and of each of the same type and dtype."""
    if isinstance(unit, np.ndarray) and unit.dtype.kind != "f":
        if unit.dtype == np.int64 or not np.can_cast(unit.dtype, np.int64):
            return same
        return lambda array: array.astype(np.int64)
    if isinstance(unit, Node | np.ndarray) or unit.__class__ is float:
        return same
    return np.asarray if isinstance(unit, np.generic) else float


def as_float(unit: Any, precise: Any) -> Take:
    """Return what takes the numbers of a unit as a float, or an array of another's precision."""
    data, given = numbers_of(precise), numbers_of(unit)
    if not isinstance(data, np.ndarray):
        return float
    dtype = data.dtype if data.dtype.kind == "f" else np.dtype(float)
    if isinstance(given, np.ndarray) and given.dtype == dtype:
        return same
    return lambda array: np.asarray(array, dtype)


def maker(unit: Any) -> Callable[[Iterator[Any]], Any]:
    """Return what makes of the next results a derivative in the form of an argument's unit."""
    if isinstance(unit, Tensor):
        return lambda results: as_leaf(next(results))
    if isinstance(unit, np.ndarray) and not is_object_array(unit):
        return lambda results: np.asarray(next(results))
    if isinstance(unit, np.ndarray):
        form, shape = form_of(unit), unit.shape
        return lambda results: form(
            np.reshape([next(results) for _ in range(math.prod(shape))], shape)
        )
    form = form_of(unit)
    return lambda results: form(next(results))


def is_plain(x: Any) -> bool:
    """Return whether something is an array of numbers."""
    return x.__class__ is np.ndarray and x.dtype.kind in "fiu"


def as_leaf(array: Any) -> Tensor:
    """Return an array that is nobody else's as a Tensor, without a copy."""
    node = Tensor.__new__(Tensor)
    Operators.__init__(node, np.asarray(array), None)
    return node
