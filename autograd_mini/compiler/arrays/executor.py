"""The executor of programs of arrays: a list of NumPy calls that write into arrays made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.compiler.arrays.layout import Layout
from autograd_mini.compiler.program import Constant, Instruction, Program

Place = tuple[list[Any], int]
"""Where a value is needed: a list of arguments, and the index in it."""

Step = tuple[Callable[..., Any], list[Any], list[Place]]
"""What computes a value, the arguments of that, and where the value goes if it has no buffer."""

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
    """The buffers that a program runs on, in one thread at a time.

    Each instruction is a call with a list of arguments that is there from the start. Buffers, their
    views and constants lie in the lists already; what else a run computes is put into its places.
    """

    def __init__(self, layout: Layout) -> None:
        program = layout.program
        buffers = [np.empty_like(form) for form in layout.forms]
        slots: list[Any] = [None] * len(program.entries)  # what is the same array at each run
        places: list[list[Place]] = [[] for _ in slots]  # where all else goes
        arguments: list[list[Any]] = [[] for _ in slots]
        self.steps: list[Step] = []
        for k, entry in enumerate(program.entries):
            if isinstance(entry, Constant):
                slots[k] = layout.constants[k]
            elif isinstance(entry, Instruction):
                call = layout.calls[k]
                if k in layout.views:
                    slots[k] = call(slots[entry.operands[0]])
                    continue
                arguments[k] = taking(entry.operands, slots, places)
                if k in layout.buffers:
                    slots[k] = buffers[layout.buffers[k]]
                    if entry.params or call in BY_KEYWORD:
                        call = partial(call, out=slots[k])
                    else:
                        arguments[k].append(slots[k])
                self.steps.append((call, arguments[k], places[k]))
        self.results = taking(program.results, slots, places)
        self.inputs = [places[k] for k in program.inputs]
        self.passing = [place for own in places for place in own]
        outputs = program.outputs
        self.doubtful = [  # the outputs that may not be arrays of their own, with their operands
            (j, arguments[k] if k not in outputs[:j] else [])
            for j, k in enumerate(outputs)
            if k not in layout.fresh or k in outputs[:j]
        ]

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return outputs and guards."""
        for x, places in zip(inputs, self.inputs, strict=True):
            for those, j in places:
                those[j] = x
        for call, arguments, places in self.steps:
            z = call(*arguments)
            for those, j in places:
                those[j] = z
        results = self.results.copy()
        for j, operands in self.doubtful:
            z = results[j]
            if isinstance(z, np.ndarray) and (
                not operands or z.base is not None or any(z is x for x in operands)
            ):
                results[j] = z.copy()
        for those, j in self.passing:  # a run leaves nothing behind
            those[j] = None
        return results


def taking(values: Sequence[int], slots: list[Any], places: list[list[Place]]) -> list[Any]:
    """Return a list of values, None for those that a run is to put there: into these places."""
    taken = [slots[k] for k in values]
    for j, k in enumerate(values):
        if slots[k] is None:
            places[k].append((taken, j))
    return taken
