"""Replays of functions of Tensors: their programs for arguments of one form, and their runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.compiler.arguments import form_of, in_structure, units_in, with_units
from autograd_mini.compiler.array_executor import ArrayExecutor
from autograd_mini.compiler.array_passes import tidy_arrays
from autograd_mini.compiler.array_plan import ArrayPlan
from autograd_mini.compiler.derivatives import Aim, traced
from autograd_mini.compiler.listing import Listing
from autograd_mini.compiler.replay import KEPT, Setup
from autograd_mini.compiler.tracing import object_array
from autograd_mini.errors import DataError, VariantError
from autograd_mini.operators import Operators
from autograd_mini.ops.random import draw_from
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tensor import Tensor
from autograd_mini.threads import pause_collector, resume_collector
from autograd_mini.value import data


class ArrayReplay:
    """A function of Tensors for arguments of one form: its variants, each one way through it.

    Args:
        setup: how it is compiled.
        aim: what is computed.
        args: arguments of that form, followed by v where there is one.
        settings: the keyword arguments.

    Raises:
        DataError: it was to be batched.
    """

    def __init__(
        self, setup: Setup, aim: Aim, args: Sequence[Any], settings: Mapping[str, Any]
    ) -> None:
        if setup.in_axes is not None:
            raise not_batched()
        self.setup, self.aim = setup, aim
        self.plan = ArrayPlan(setup.f, args, settings, aim)
        chosen = [unit for position in aim.argnums for unit in units_in(args[position])]
        self._makers = [maker(unit) for unit in chosen]
        self.variants: list[ArrayVariant] = []  # the one that was used last comes first

    def __call__(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any]
    ) -> Any:
        """Return what the aim asks for, as numbers and arrays.

        Args:
            args: the arguments.
            settings: the keyword arguments.
            units: the numbers in them.
        """
        inputs = self.plan.inputs(units)
        for variant in self.variants:
            results = variant.run(units, inputs)
            if results is not None:
                if variant is not self.variants[0]:
                    others = [other for other in self.variants if other is not variant]
                    self.variants = [variant, *others]
                return self._finished(variant, results, args)
        pause_collector()
        try:
            variant = ArrayVariant(self.setup, self.aim, self.plan, args, settings, units)
        finally:
            resume_collector()
        results = variant.run(units, inputs)
        if results is None:
            raise VariantError(
                "a replay of the function took another way than the function itself just did: it "
                "is random, or it depends on something besides its arguments that changes"
            )
        self.variants = [variant, *self.variants[: KEPT - 1]]
        return self._finished(variant, results, args)

    def _finished(self, variant: ArrayVariant, results: list[Any], args: Sequence[Any]) -> Any:
        """Return results in the structure in which the transforms have them."""
        remaining = iter(results)
        if self.aim.mode == "value":
            found = (joined(remaining, unit) for unit in units_in(variant.tree))
            return with_units(variant.tree, found)
        value = next(remaining) if self.aim.mode == "gradient" else None
        made = (make(remaining) for make in self._makers)
        derivative = in_structure(self.aim, args, made)
        return derivative if self.aim.mode == "hvp" else (number_or_array(value), derivative)


class ArrayVariant:
    """One way through the function, as a program.

    Attributes:
        tree: what the function returned when it was traced.
        listing: how the program came about.
    """

    def __init__(
        self,
        setup: Setup,
        aim: Aim,
        plan: ArrayPlan,
        args: Sequence[Any],
        settings: Mapping[str, Any],
        units: Sequence[Any],
    ) -> None:
        found = traced(setup.f, aim, args, settings, partial(plan.nodes, units))
        self.tree, self._modules = found.tree, found.trace.modules
        self._plan, self._constants = plan, plan.constants(units)
        raw = found.trace.program(found.outputs, plan.names)
        self._captured = found.trace.captured
        inputs = self._all(plan.inputs(units))
        with draw_from(found.trace.copied):
            self.listing = Listing(raw, tidy_arrays(inputs))
            program = self.listing.final
            self._execute = ArrayExecutor(program, inputs)
        self._expected = [guard.expected for guard in program.guards]

    def _all(self, inputs: list[Any]) -> list[Any]:
        """Return all inputs of the program: those of the arguments, and what was captured."""
        return [*inputs, *[node.primal for node in self._captured]]

    def run(self, units: Sequence[Any], inputs: list[Any]) -> list[Any] | None:
        """Return the results; None where the program is not the one for this call."""
        for module, training in self._modules:
            if module.training != training:
                return None
        if self._constants and self._plan.constants(units) != self._constants:
            return None
        results = self._execute(self._all(inputs) if self._captured else inputs)
        for expected in reversed(self._expected):
            if bool(results.pop()) != expected:
                return None
        return results


def not_batched() -> DataError:
    """Return the error for a function of Tensors that is to be batched."""
    return DataError(
        "a function of Tensors takes the whole batch itself, as one array: call it without "
        "batched(), and let it take the mean over the samples"
    )


def array_hessian(aim: Aim, args: Sequence[Any], product: Callable[[Any], Any]) -> Any:
    """Return all second derivatives, from products with unit vectors.

    Args:
        aim: by what to differentiate.
        args: the arguments.
        product: returns the product of the Hessian with a vector.
    """
    units = [unit for position in aim.argnums for unit in units_in(args[position])]
    shapes = [np.shape(primal(unit)) for unit in units]
    rows: list[list[Any]] = [[] for _ in units]
    for j, of_unit in enumerate(shapes):
        columns: list[list[Any]] = [[] for _ in units]
        for index in np.ndindex(of_unit):
            v = [
                np.zeros(shape, object if is_object_array(unit) else float)
                for unit, shape in zip(units, shapes, strict=True)
            ]
            v[j][index] = 1.0
            of_arguments = in_structure(aim._replace(single=False), args, v)
            found = units_in(product(of_arguments))
            for column, part in zip(columns, found, strict=True):
                column.append(data(part))
        for row, column, shape in zip(rows, columns, shapes, strict=True):
            row.append(np.stack(column, axis=-1).reshape((*shape, *of_unit)))
    blocks = [in_structure(aim, args, map(like_block, row, units)) for row in rows]
    return in_structure(aim, args, blocks)


def like_block(block: Any, unit: Any) -> Any:
    """Return second derivatives as nodes where those of first order are."""
    if isinstance(unit, Node):
        return Tensor(block) if block.ndim else type(unit)(block)  # type: ignore[call-arg]
    return block if block.ndim or isinstance(unit, np.ndarray) else float(block)


def number_or_array(x: Any) -> Any:
    """Return an array without axes as its number."""
    return x[()] if isinstance(x, np.ndarray) and not x.ndim else x


def joined(results: Iterator[Any], unit: Any) -> Any:
    """Return the next result, or as many as there are elements in an object array."""
    if is_object_array(unit):
        return object_array([next(results) for _ in unit.flat], unit.shape)
    return number_or_array(next(results))


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


def as_leaf(array: Any) -> Tensor:
    """Return an array that is nobody else's as a Tensor, without a copy."""
    node = Tensor.__new__(Tensor)
    Operators.__init__(node, np.asarray(array), None)
    return node
