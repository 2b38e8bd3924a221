"""`ArrayVariant`: one way through a function of Tensors, as a program and what runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import blank, units_in
from autograd_mini.compiler.arrays.executor import ArrayExecutor
from autograd_mini.compiler.arrays.passes import tidy_arrays
from autograd_mini.compiler.arrays.plan import ArrayPlan
from autograd_mini.compiler.listing import Listing
from autograd_mini.compiler.program import Instruction, Program
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.derivatives import traced
from autograd_mini.compiler.tracing.generators import check_undrawn
from autograd_mini.compiler.tracing.reach import surroundings_of
from autograd_mini.compiler.tracing.surroundings import Surroundings
from autograd_mini.errors import DataError
from autograd_mini.ops.random import draw_from, source_of, way_back
from autograd_mini.tape import Node, is_object_array


class ArrayRecord(NamedTuple):
    """What a trace gave.

    Attributes:
        program: as it was traced. Its inputs are those of the arguments, and the captured nodes.
        tree: what the function returned, with zeros for numbers; None where that is no result.
        shapes: of the object arrays among its units; None for what is one result.
        constants: the numbers in the arguments that the program is for alone.
        captured: the nodes from outside, whose data are read at each replay.
        around: the objects around the function that the program is made for.
    """

    program: Program
    tree: Any
    shapes: list[tuple[int, ...] | None]
    constants: list[Any]
    captured: list[Node]
    around: Surroundings


class ArrayVariant:
    """One way through the function, as a program.

    Args:
        exact: whether every bit is to be as the operations have it on arrays laid out by rows.
        plan: how its arguments are taken.
        record: what the trace gave.
    """

    def __init__(self, exact: bool, plan: ArrayPlan, record: ArrayRecord) -> None:
        self.exact, self.record = exact, record
        self._plan, self._constants, self._captured = plan, record.constants, record.captured
        self._listing: Listing | None = None
        self._execute: ArrayExecutor | None = None

    @property
    def listing(self) -> Listing:
        """How the program came about.

        Raises:
            DataError: it is from a file, and was not run yet.
        """
        if self._listing is None:
            raise DataError("the program is made ready at its first replay: call the function")
        return self._listing

    @np.errstate(all="ignore")  # the function itself has run, and NumPy has warned
    def make_ready(self, inputs: Sequence[Any]) -> ArrayExecutor | None:
        """Prepare the program for inputs such as these, and return what runs it.

        It is None where these are not for the program, as may be where it is from a file.
        """
        self._listing = Listing(self.record.program, tidy_arrays(inputs, self.exact))
        program = self._listing.final
        params = [entry.params or {} for entry in program.entries if isinstance(entry, Instruction)]
        generators = {id(own["rng"]): own["rng"] for own in params if "rng" in own}
        self._generators = [*generators.values()] if program.guards else []
        return ArrayExecutor(program, inputs, self.exact)

    def all_inputs(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """Return all inputs of the program: those of the arguments, and what was captured."""
        if not self._captured:
            return inputs
        return [*inputs, *[node.primal for node in self._captured]]

    def run(self, units: Sequence[Any], inputs: Sequence[Any]) -> Sequence[Any] | None:
        """Return the results; None where the program is not the one for this call."""
        if self._constants and self._plan.constants(units) != self._constants:
            return None
        if not self.record.around.hold():
            return None
        given = self.all_inputs(inputs)
        if self._execute is None:  # it is from a file
            self._execute = self.make_ready(given)
            if self._execute is None:
                return None
        back = [way_back(source_of(rng)) for rng in self._generators]
        results = self._execute(given)
        if results is None:
            for go_back in back:  # nothing was drawn for good
                go_back()
        return results


def traced_variant(
    setup: Setup,
    aim: Aim,
    plan: ArrayPlan,
    args: Sequence[Any],
    settings: Mapping[str, Any],
    units: Sequence[Any],
) -> ArrayVariant:
    """Run a function, and the sweeps that the aim asks for, and return what came of that.

    Args:
        setup: how it is compiled.
        aim: what to compute.
        plan: how its arguments are taken.
        args: the arguments, followed by the vector where there is one.
        settings: the keyword arguments.
        units: the numbers in them.
    """
    around = surroundings_of(setup.f, [args, settings])
    found = traced(setup.f, aim, args, settings, partial(plan.nodes, units))
    check_undrawn(around.generators)
    # What the function itself changes while it runs says nothing about a later replay.
    around.namespaces.extend(found.trace.settings())
    if found.trace.draws:
        raise DataError(
            "a function of Tensors drew random numbers for single numbers, as dropout of a float "
            "does, which a replay cannot make anew: give it an array of one number"
        )
    of_tree, outputs = [], found.outputs
    if aim.mode == "value":  # an array that is returned is one result, whether it is a node or not
        of_tree = [*units_in(found.tree)]
        parts = ([*unit.flat] if is_object_array(unit) else [unit] for unit in of_tree)
        outputs = [x for own in parts for x in own]
    program = found.trace.program(outputs, plan.names)
    record = ArrayRecord(
        program,
        blank(found.tree) if aim.mode == "value" else None,
        [unit.shape if is_object_array(unit) else None for unit in of_tree],
        plan.constants(units),
        found.trace.captured,
        around.unchanged(),
    )
    variant = ArrayVariant(setup.exact, plan, record)
    with draw_from(found.trace.copied):
        variant._execute = variant.make_ready(variant.all_inputs(plan.inputs(units)))
    return variant
