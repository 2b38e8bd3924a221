"""Runs: instructions on floats put in an order in which like follows like.

A processor foresees the next instruction of an interpreter where it is the same as the last one; a
wrong guess costs it as much as several instructions. NumPy computes a whole run by one call.
"""

from __future__ import annotations

import numpy as np

from autograd_mini.compiler.edits import arranged
from autograd_mini.compiler.machine import CONSTANT
from autograd_mini.compiler.program import LANE, Program

_WINDOW = 2048  # instructions that are put in order at a time, so that values still die early


def in_runs(program: Program) -> Program:
    """Return the program with what is executed before and after the lanes in runs.

    Window by window, it is in the order of how deep in the window it is, and by operation.
    """
    instructions, times = program.codes > CONSTANT, program.times
    free = instructions & (times != LANE) & ~program.sums
    if not free.any():
        return program
    part = np.where(free, 1 + times, np.where(instructions, 1 + LANE, 0))  # in that order
    window = np.full(len(times), -1)
    for time in np.unique(times[free]):
        own = np.flatnonzero(free & (times == time))
        window[own] = np.arange(len(own)) // _WINDOW
    edges = np.array([program.owners, program.operands])
    (of_owner, of_operand), (part0, part1) = window[edges], part[edges]
    within = (part0 == part1) & (of_owner == of_operand) & (of_owner >= 0)
    depth = [0] * len(times)
    for k, x in edges[:, within].T.tolist():
        if depth[x] >= depth[k]:
            depth[k] = depth[x] + 1
    operation = np.where(free, program.codes, 0)
    return arranged(program, np.lexsort([operation, np.array(depth), window, part]))
