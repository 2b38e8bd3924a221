"""The executor of programs of arrays: a list of NumPy calls that write into arrays made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.compiler.arrays.layout import Layout
from autograd_mini.compiler.program import Constant, Instruction, Program
from autograd_mini.compiler.registers import operands_of

Step = tuple[int, Callable[..., Any], list[Any], list[tuple[int, int]]]
"""A result, what computes it, the arguments of that, and which of them are where at a run."""


BY_KEYWORD = (np.maximum, np.minimum)
"""Ufuncs that take `out` by its name alone; the others are quicker without."""


class ArrayExecutor:
    """Runs a program of arrays. Several threads can use one at once.

    Args:
        program: what to run.
        inputs: arrays and floats, as every run will have them: of these shapes and dtypes.
    """

    engine = "numpy"

    def __init__(self, program: Program, inputs: Sequence[Any]) -> None:
        self.layout = Layout(program, inputs)
        self.idle: list[_Workspace] = []  # those that no thread is using

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs of the program, arrays of the caller's own, and then the guards.

        Args:
            inputs: in order; they are read, and not kept.
        """
        workspace = self.idle.pop() if self.idle else _Workspace(self.layout)
        results = workspace.run(inputs)
        self.idle.append(workspace)
        return results


class _Workspace:
    """The buffers that a program runs on, in one thread at a time."""

    def __init__(self, layout: Layout) -> None:
        program = layout.program
        buffers = [np.empty_like(form) for form in layout.forms]
        self.slots: list[Any] = [None] * len(program.entries)  # the values, by position
        self.steps: list[Step] = []
        self.borrowed: list[tuple[list[Any], int]] = []  # where arguments hold what is no buffer
        self.inputs = program.inputs
        self.passing = [*self.inputs]  # the slots of what a run does not leave behind
        for k, entry in enumerate(program.entries):
            if isinstance(entry, Constant):
                self.slots[k] = entry.value
            elif isinstance(entry, Instruction):
                call = layout.calls[k]
                if k in layout.views:
                    self.slots[k] = call(self.slots[entry.operands[0]])
                    continue
                arguments = [self.slots[x] for x in entry.operands]
                moving = [(j, x) for j, x in enumerate(entry.operands) if self.slots[x] is None]
                self.borrowed += [(arguments, j) for j, _ in moving]
                if k in layout.buffers:
                    self.slots[k] = buffers[layout.buffers[k]]
                    if entry.params or call in BY_KEYWORD:
                        call = partial(call, out=self.slots[k])
                    else:
                        arguments.append(self.slots[k])
                else:
                    self.passing.append(k)
                self.steps.append((k, call, arguments, moving))
        self.results = program.results
        self.doubtful = [  # the outputs that may not be arrays of their own, with their operands
            (j, operands_of(program.entries[k]) if k not in program.outputs[:j] else None)
            for j, k in enumerate(program.outputs)
            if k not in layout.fresh or k in program.outputs[:j]
        ]

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return outputs and guards."""
        slots = self.slots
        for k, x in zip(self.inputs, inputs, strict=True):
            slots[k] = x
        for k, call, arguments, moving in self.steps:
            for j, x in moving:
                arguments[j] = slots[x]
            slots[k] = call(*arguments)
        results = [slots[k] for k in self.results]
        for j, sources in self.doubtful:
            z = results[j]
            if isinstance(z, np.ndarray) and (
                not sources or z.base is not None or any(z is slots[x] for x in sources)
            ):
                results[j] = z.copy()
        for k in self.passing:
            slots[k] = None
        for arguments, j in self.borrowed:
            arguments[j] = None
        return results
