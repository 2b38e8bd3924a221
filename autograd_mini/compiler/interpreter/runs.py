"""Runs: instructions on floats put in an order in which like follows like.

A processor foresees the next instruction of an interpreter where it is the same as the last one; a
wrong guess costs it as much as several instructions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_mini.compiler.passes import moved
from autograd_mini.compiler.program import AFTER, BEFORE, Instruction, Program
from autograd_mini.compiler.registers import is_sum

_WINDOW = 1024  # instructions that are put in order at a time, so that values still die early


def in_runs(program: Program, times: Sequence[int]) -> Program:
    """Return the program with what is executed before and after the lanes in runs.

    Args:
        program: any.
        times: when each value is computed, from `binding_times(program)`.
    """
    entries = program.entries
    first: list[int] = []  # inputs and constants
    parts: dict[int, list[int]] = {BEFORE: [], AFTER: []}
    lanes: list[int] = []
    for k, entry in enumerate(entries):
        if not isinstance(entry, Instruction):
            first.append(k)
        elif times[k] in parts and not is_sum(entry):
            parts[times[k]].append(k)
        else:
            lanes.append(k)
    order = [*first, *_runs(entries, parts[BEFORE]), *lanes, *_runs(entries, parts[AFTER])]
    new = [0] * len(entries)
    for position, k in enumerate(order):
        new[k] = position
    ordered = [
        moved(x, new) if isinstance(x, Instruction) else x for x in (entries[k] for k in order)
    ]
    return program.with_results(ordered, new)


def _runs(entries: Sequence[Any], positions: Sequence[int]) -> list[int]:
    """Return positions window by window, by how deep in the window they are, and by operation."""
    order: list[int] = []
    for start in range(0, len(positions), _WINDOW):
        window = positions[start : start + _WINDOW]
        depth: dict[int, int] = {}
        keys = {}
        for k in window:
            operation, operands, _ = entries[k]
            depth[k] = 1 + max([depth.get(j, 0) for j in operands], default=0)
            keys[k] = depth[k], operation.name
        order += sorted(window, key=keys.__getitem__)
    return order
