"""Instructions on floats: one by one as the engine computes, many like ones by a call of NumPy.

Arithmetic has the same bits on arrays and on floats. So what is of one operation and ready at one
time, as the terms of a long sum, is computed at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.blocks import BY_SIGN, SAME_BITS, UFUNCS
from autograd_mini.compiler.machine import MULTIPLY_ADD, MULTIPLY_SUBTRACT
from autograd_mini.compiler.program import Program
from autograd_mini.recording import on_floats

RUN = 16
"""So many like instructions are as fast one by one as by a call of NumPy."""


class Floats:
    """A part of a program that works on floats.

    Args:
        program: one in which like instructions follow one another.
        positions: of the instructions, in order.

    Attributes:
        has_runs: whether a call of NumPy does several of them.
    """

    def __init__(self, program: Program, positions: Sequence[int]) -> None:
        self._steps: list[tuple[Any, ...]] = []
        entries: Sequence[Any] = program.entries
        for run in runs(program, positions):
            operation = entries[run[0]].operation
            if len(run) < RUN or not has_same_bits(operation):
                for k in run:
                    self._steps.append((k, operation, operation.scalar, entries[k].operands))
            else:
                columns = [*np.array([entries[k].operands for k in run]).T]
                f = (BY_SIGN | UFUNCS).get(operation.name, operation.array)
                self._steps.append((np.array(run), operation, f, columns))
        self.has_runs = any(isinstance(k, np.ndarray) for k, *_ in self._steps)

    def run(self, values: list[Any] | npt.NDArray[Any]) -> None:
        """Compute in place: the values by position, which are an array where there are runs."""
        read = values.item if isinstance(values, np.ndarray) else values.__getitem__
        with np.errstate(all="ignore"):
            for k, operation, f, operands in self._steps:
                if isinstance(k, int):
                    try:
                        values[k] = f(*map(read, operands))
                    except (ArithmeticError, ValueError):  # IEEE has an inf or nan for it
                        values[k] = on_floats(operation, [*map(read, operands)])
                else:
                    values[k] = f(*[values[x] for x in operands])


def runs(program: Program, positions: Sequence[int]) -> Iterator[list[int]]:
    """Yield instructions of the same operation that follow one another; none needs another."""
    entries: Sequence[Any] = program.entries
    run: list[int] = []
    for k in positions:
        _, operands, _ = entry = entries[k]
        first = run[0] if run else k
        if entry.operation is not entries[first].operation or not {*run}.isdisjoint(operands):
            yield run
            run = []
        run.append(k)
    if run:
        yield run


def has_same_bits(operation: Any) -> bool:
    """Return whether the results of an operation have the same bits on arrays and on floats."""
    return operation.name in SAME_BITS or operation in (MULTIPLY_ADD, MULTIPLY_SUBTRACT)
