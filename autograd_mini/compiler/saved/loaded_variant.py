"""`LoadedVariant`: a program of Tensors from a file, which is looked at when it is first run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import units_in
from autograd_mini.compiler.arrays.executor import ArrayExecutor
from autograd_mini.compiler.arrays.passes import evaluated
from autograd_mini.compiler.arrays.plan import ArrayPlan
from autograd_mini.compiler.arrays.variant import ArrayRecord, ArrayVariant
from autograd_mini.compiler.program import Input, Program
from autograd_mini.compiler.saved.damage import DAMAGE
from autograd_mini.compiler.setup import Setup
from autograd_mini.errors import SavedFileError
from autograd_mini.tape import Node, primal
from autograd_mini.tensor import Tensor

Shape = tuple[int, ...]


class LoadedVariant(ArrayVariant):
    """One way through a function of Tensors, from a file.

    What shapes its values have is known when it is run, with arguments. Its results are then
    compared with what they should be like.

    Args:
        setup: how the function is compiled.
        aim: what is computed.
        plan: how its arguments are taken.
        record: what is in the file.

    Raises:
        ValueError: the program is not one for its arguments and results.
    """

    def __init__(self, setup: Setup, aim: Aim, plan: ArrayPlan, record: ArrayRecord) -> None:
        super().__init__(setup.exact, plan, record)
        self._file = setup.f
        self._shapes = shapes_of_results(aim, plan, record)
        inputs = [entry for entry in record.program.entries if isinstance(entry, Input)]
        if len(inputs) != len(plan.names) + len(record.captured) or any(x.lane for x in inputs):
            raise ValueError("the program has other inputs than its arguments")
        if len(record.program.outputs) != len(self._shapes):
            raise ValueError("the program has other outputs than its results")
        if [*map(type, record.constants)] != [type(plan.flat[i]) for i in plan.fixed]:
            raise ValueError("the program is for other whole numbers than its arguments")

    @np.errstate(all="ignore")
    def make_ready(self, inputs: Sequence[Any]) -> ArrayExecutor | None:
        """Prepare the program, and run it once to see whether it gives what it should.

        Raises:
            SavedFileError: it does not.
        """
        path, name = self._file.path, self._file.__name__  # type: ignore[attr-defined]  # Missing
        try:
            if not guards_hold(self.record.program, inputs):
                return None
            execute = super().make_ready(inputs)
            results = None if execute is None else execute(inputs)
            if results is None:
                return None
        except DAMAGE as error:
            raise SavedFileError(
                f"{path}: a program of {name} cannot be replayed: {error!r:.200}; it is damaged, "
                "or these are no arguments for the function"
            ) from error
        expected = zip(results, self._shapes, strict=True)
        fits = [np.size(x) == 1 if own is None else np.shape(x) == own for x, own in expected]
        if not all(fits):
            raise SavedFileError(
                f"{path}: the file is damaged: a program of {name} gives results of shapes "
                f"{[*map(np.shape, results)]}, expected {self._shapes}"
            )
        return execute


def guards_hold(program: Program, inputs: Sequence[Any]) -> bool:
    """Return whether a program is the one for its inputs; what is after a wrong turn is not run."""
    expected = dict(program.guards)
    values = enumerate(evaluated(program, inputs))
    return all(bool(x) == expected[k] for k, x in values if k in expected)


def shapes_of_results(aim: Aim, plan: ArrayPlan, record: ArrayRecord) -> list[Shape | None]:
    """Return the shape of each output of a program; None for one number of any shape.

    Raises:
        ValueError: the object arrays of results have other shapes than the results.
    """
    if aim.mode != "value":
        if record.tree is not None or record.shapes:
            raise ValueError("a derivative has the structure of the arguments")
        chosen = [np.shape(primal(plan.flat[i])) for i in plan.chosen]
        return [*[None] * (aim.mode == "gradient"), *chosen]
    shapes: list[Shape | None] = []
    for unit, own in zip(units_in(record.tree), record.shapes, strict=True):
        if own is not None and own != np.shape(unit):
            raise ValueError(f"an array of shape {np.shape(unit)} is made of shape {own}")
        shapes += [np.shape(unit)] if own is None else [()] * math.prod(own)
    return shapes


def leaf(x: Any) -> Node:
    """Return a node that holds a number or an array, whatever its dtype."""
    node = Tensor(0.0)
    node.primal = x
    return node
