"""The executor of programs of arrays: a list of NumPy calls that write into arrays made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.arrays.layout import Layout
from autograd_mini.compiler.program import Constant, Instruction, Program

Pick = Callable[[list[Any]], Sequence[Any]]
"""What takes some of all values."""

Step = tuple[int, Callable[..., Any], Pick | None]
"""The position of a value, what computes it, and what takes its arguments, if it has any."""

BY_KEYWORD = (np.maximum, np.minimum)
"""Ufuncs that take `out` by its name alone; the others are quicker without."""


class ArrayExecutor:
    """Runs a program of arrays. Several threads can use one at once.

    Args:
        program: what to run.
        inputs: arrays and floats, as every run will have them: of these shapes and dtypes.
        exact: whether every bit is to be as the operations have it on arrays laid out by rows.
    """

    engine = "numpy"

    def __init__(self, program: Program, inputs: Sequence[Any], exact: bool) -> None:
        self.layout = Layout(program, inputs, exact)
        self.idle: list[_Workspace] = []  # those that no thread is using

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Any] | None:
        """Return the outputs of the program, arrays of the caller's own; None if a guard fails.

        What comes after that guard is then not computed: the function would not come there, and it
        may be an error, as the inverse of a singular matrix is.

        Args:
            inputs: in order; they are read, and not kept.
        """
        try:
            workspace = self.idle.pop()
        except IndexError:  # none, or another thread was quicker
            workspace = _Workspace(self.layout)
        outputs = workspace.run(inputs)
        self.idle.append(workspace)
        return outputs


class _Workspace:
    """The buffers that a program runs on, in one thread at a time."""

    def __init__(self, layout: Layout) -> None:
        program = layout.program
        buffers = [np.empty_like(form) for form in layout.forms]
        self.slots: list[Any] = [None] * len(program.entries)  # what is there before a run
        self.steps: list[Step] = []
        self.guarded: list[tuple[list[Step], int, bool]] = []  # the first steps, up to each guard
        expected = dict(program.guards)
        for k, entry in enumerate(program.entries):
            if isinstance(entry, Constant):
                self.slots[k] = layout.constants[k]
            elif isinstance(entry, Instruction):
                self.compute(k, entry, layout, buffers)
            if k in expected:
                self.guarded.append((self.steps, k, expected[k]))
                self.steps = []
        self.inputs = program.inputs
        self.outputs = picking(program.outputs)
        self.doubtful = [  # the outputs that may not be arrays of their own, with their operands
            (j, program.operands_of(k) if k not in program.outputs[:j] else ())
            for j, k in enumerate(program.outputs)
            if k not in layout.own or k in program.outputs[:j]
        ]

    def compute(
        self, k: int, entry: Instruction, layout: Layout, buffers: Sequence[npt.NDArray[Any]]
    ) -> None:
        """Let each run compute a value, unless it is a view that is there before."""
        call = layout.calls[k]
        if k in layout.views:
            self.slots[k] = call(self.slots[entry.operands[0]])
            return
        arguments = [*entry.operands]
        if k in layout.buffers:
            self.slots[k] = buffers[layout.buffers[k]]
            if entry.params or call in BY_KEYWORD:
                call = partial(call, out=self.slots[k])
            else:
                arguments.append(k)
        given = [self.slots[x] for x in arguments]
        if any(x is None for x in given):
            self.steps.append((k, call, picking(arguments)))
        else:
            self.steps.append((k, partial(call, *given), None))

    def run(self, inputs: Sequence[Any]) -> Sequence[Any] | None:
        """Return the outputs, None if a guard fails."""
        slots = self.slots.copy()  # so that a run leaves nothing behind
        for k, x in zip(self.inputs, inputs, strict=True):
            slots[k] = x
        for steps, k, expected in self.guarded:
            follow(steps, slots)
            if bool(slots[k]) != expected:
                return None
        follow(self.steps, slots)
        outputs = self.outputs(slots)
        return self.with_copies(outputs, slots) if self.doubtful else outputs

    def with_copies(self, outputs: Sequence[Any], slots: list[Any]) -> list[Any]:
        """Return outputs, copies of those that are something else as well."""
        outputs = [*outputs]
        for j, operands in self.doubtful:
            z = outputs[j]
            if isinstance(z, np.ndarray) and (
                not operands or z.base is not None or any(z is slots[x] for x in operands)
            ):
                outputs[j] = z.copy()
        return outputs


def follow(steps: Sequence[Step], slots: list[Any]) -> None:
    """Compute values in place, one after the other."""
    for k, call, pick in steps:
        slots[k] = call() if pick is None else call(*pick(slots))


def picking(positions: Sequence[int]) -> Pick:
    """Return what takes the values at these positions."""
    if len(positions) < 2:  # of which itemgetter would make no sequence
        return itemgetter(slice(positions[0], positions[0] + 1) if positions else slice(0))
    return itemgetter(*positions)
