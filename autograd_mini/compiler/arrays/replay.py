"""Replays of functions of Tensors: their programs for arguments of one form, and their runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import in_structure, returned, units_in, with_units
from autograd_mini.compiler.arrays.plan import ArrayPlan
from autograd_mini.compiler.arrays.variant import ArrayVariant, traced_variant
from autograd_mini.compiler.replay import KEPT
from autograd_mini.compiler.retracing import Traces
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.trace import object_array
from autograd_mini.errors import DataError, VariantError
from autograd_mini.ops.random import drawn_again
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tensor import Tensor
from autograd_mini.threads import pause_collector, resume_collector
from autograd_mini.value import data


class ArrayReplay:
    """A function of Tensors for arguments of one form: its variants, each one way through it.

    Args:
        setup: how it is compiled.
        aim: what is computed.

    Raises:
        DataError: it was to be batched.
    """

    of_nodes = False

    def __init__(self, setup: Setup, aim: Aim) -> None:
        if setup.in_axes is not None:
            raise not_batched()
        self.setup, self.aim = setup, aim
        self.traces = Traces()
        self._plans: dict[Any, ArrayPlan] = {}  # by the types of the numbers
        self._last: ArrayPlan | None = None

    @property
    def plans(self) -> list[ArrayPlan]:
        """How arguments are taken, one for each combination of types that their numbers had."""
        return [*self._plans.values()]

    @property
    def variants(self) -> list[ArrayVariant]:
        """Those for arguments as they were last, the one that was used last first."""
        return [] if self._last is None else self._last.variants

    def __call__(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any]
    ) -> Any:
        """Return what the aim asks for, as numbers and arrays.

        Args:
            args: the arguments, followed by the vector where there is one.
            settings: the keyword arguments.
            units: the numbers in them.
        """
        plan = self.plan_of(args, settings, units)
        inputs = plan.inputs(units)
        variants = plan.variants
        for variant in variants:
            results = variant.run(units, inputs)
            if results is not None:
                if variant is not variants[0]:
                    others = [other for other in variants if other is not variant]
                    plan.variants = [variant, *others]
                return self._finished(plan, variant, results, args)
        self.traces.begin(self.setup.f, self.aim, variants)
        pause_collector()
        try:
            variant = traced_variant(self.setup, self.aim, plan, args, settings, units)
        finally:
            resume_collector()
        results = variant.run(units, inputs)
        if results is None:
            raise VariantError(
                "a replay of the function took another way than the function itself just did: it "
                "is random, or it depends on something besides its arguments that changes"
            )
        plan.variants = [variant, *variants[: KEPT - 1]]
        return self._finished(plan, variant, results, args)

    def plan_of(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any]
    ) -> ArrayPlan:
        """Return how such arguments are taken, with the variants for them."""
        types = tuple([x.dtype if x.__class__ is np.ndarray else x.__class__ for x in units])
        plan = self._plans.get(types)
        if plan is None:
            plan = self._plans[types] = ArrayPlan(self.setup.f, args, settings, self.aim)
        self._last = plan
        return plan

    def _finished(
        self, plan: ArrayPlan, variant: ArrayVariant, results: Sequence[Any], args: Sequence[Any]
    ) -> Any:
        """Return results in the structure in which the transforms have them."""
        if self.aim.mode == "gradient":
            value, *derivatives = results
            return number_or_array(value), plan.derivative(args, derivatives)
        if self.aim.mode == "hvp":
            return plan.derivative(args, results)
        remaining = iter(results)
        found = (joined(remaining, shape) for shape in variant.record.shapes)
        return with_units(variant.record.tree, found, returned)


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
    left = sum(map(math.prod, shapes))
    for j, of_unit in enumerate(shapes):
        columns: list[list[Any]] = [[] for _ in units]
        for index in np.ndindex(of_unit):
            v = [
                np.zeros(shape, object if is_object_array(unit) else float)
                for unit, shape in zip(units, shapes, strict=True)
            ]
            v[j][index] = 1.0
            of_arguments = in_structure(aim._replace(single=False), args, v)
            left -= 1
            with drawn_again(last=not left):
                found = units_in(product(of_arguments))
            for column, part in zip(columns, found, strict=True):
                column.append(data(part))
        for row, column, shape in zip(rows, columns, shapes, strict=True):
            derivatives = np.reshape(column, (len(column), *shape))  # also where there is none
            row.append(np.moveaxis(derivatives, 0, -1).reshape((*shape, *of_unit)))
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


def joined(results: Iterator[Any], shape: tuple[int, ...] | None) -> Any:
    """Return the next result, or as many as an object array of this shape has elements."""
    if shape is None:
        return number_or_array(next(results))
    return object_array([next(results) for _ in range(math.prod(shape))], shape)
