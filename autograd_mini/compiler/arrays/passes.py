"""The passes over programs of arrays: they need to know what shape and dtype each value has.

That is found by running the program once, on the arguments that it was traced with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.compiler.passes import (
    SIMPLER,
    Pass,
    is_instruction,
    moved,
    prune,
    settle,
    share,
    simpler,
)
from autograd_mini.compiler.program import Constant, Entry, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.one_hot import ROWS
from autograd_mini.primitive import Primitive, lookup
from autograd_mini.recording import on_floats

SHAPING = {lookup(name) for name in ("reshape", "broadcast_to", "expand_dims", "astype")}
"""These change nothing where the result has the shape and dtype of the operand."""


def tidy_arrays(inputs: Sequence[Any]) -> list[Pass]:
    """Return what is done to a program of arrays, in order.

    Args:
        inputs: arrays and floats, as every run of the program will have them.
    """

    def simplify(program: Program) -> Program:
        return simplify_arrays(program, values_of(program, inputs))

    return [fold_arrays, simplify, rows_inward, share, settle, prune]


def values_of(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """Run a program in the plainest way; return all values, by position."""
    values: list[Any] = []
    given = iter(inputs)
    for entry in program.entries:
        if isinstance(entry, Instruction):
            operands = [values[x] for x in entry.operands]
            values.append(call_of(entry, operands)(*operands))
        else:
            values.append(entry.value if isinstance(entry, Constant) else next(given))
    return values


def call_of(entry: Instruction, operands: Sequence[Any]) -> Callable[..., Any]:
    """Return what computes an instruction on operands such as these."""
    operation, params = entry.operation, entry.params
    if (
        isinstance(operation, Primitive)
        and operation.scalar is not None
        and all(map(is_float, operands))
    ):
        return lambda *numbers: on_floats(operation, numbers)
    return partial(operation.array, **params) if params else operation.array


def is_float(x: Any) -> bool:
    """Return whether something is the number of a `Value`, or a plain one."""
    return x.__class__ is float or x.__class__ is int


def form(x: Any) -> Any:
    """Return what two values must share to be of the same form: shape and dtype."""
    return float if is_float(x) else (np.shape(x), np.asarray(x).dtype)


def fold_arrays(program: Program) -> Program:
    """Compute what depends on constants alone."""
    entries = [*program.entries]
    for k, entry in enumerate(entries):
        if isinstance(entry, Instruction) and entry.operands:
            constants = [entries[x] for x in entry.operands]
            if all(isinstance(x, Constant) for x in constants):
                operands = [x[0] for x in constants]
                with np.errstate(all="ignore"):
                    entries[k] = Constant(call_of(entry, operands)(*operands))
    return program.with_results(entries, range(len(entries)))


SUM = lookup("sum")

OF_ROWS = {e.add, e.subtract, e.multiply, e.divide, e.neg}
"""Operations on elements that round alike, wherever the elements lie."""


def rows_inward(program: Program) -> Program:
    """Do with a table what is done with rows of it: (T[i] / c) is (T / c)[i], of a table T."""
    entries: list[Entry] = []
    new: list[int] = []
    for entry in program.entries:
        if isinstance(entry, Instruction):
            entry = moved(entry, new)
            operands = [entries[x] for x in entry.operands]
            picked = [x for x in operands if is_instruction(x, ROWS)]
            if len(picked) == 1:
                table, numbers = picked[0].operands
                there = [entries[table] if x is picked[0] else x for x in operands]
                if is_by_rows(entry, there, entries[table]):
                    values = [x[0] for x in there]
                    entries.append(Constant(call_of(entry, values)(*values)))
                    entry = Instruction(ROWS, (len(entries) - 1, numbers))
        new.append(len(entries))
        entries.append(entry)
    return program.with_results(entries, new)


def is_by_rows(entry: Instruction, operands: Sequence[Entry], table: Entry) -> bool:
    """Return whether an operation on a constant table works on each row of it for itself."""
    if not all(isinstance(x, Constant) for x in operands):
        return False
    if entry.operation in OF_ROWS:
        return all(x is table or np.ndim(x[0]) == 0 for x in operands)  # type: ignore[arg-type]
    axis = (entry.params or {}).get("axis")
    ndim = np.ndim(table[0])  # type: ignore[arg-type]
    return entry.operation is SUM and ndim == 2 and axis in (1, -1, (1,), (-1,))


def simplify_arrays(program: Program, values: Sequence[Any]) -> Program:
    """Drop operations that change nothing, where shape and dtype stay the same too."""
    entries = [*program.entries]
    known = [plain(entry) for entry in entries]
    new = [*range(len(entries))]
    for k, entry in enumerate(entries):
        if not isinstance(entry, Instruction):
            continue
        entries[k] = known[k] = entry = moved(entry, new)
        found: int | Instruction = entry
        if entry.operation in SHAPING:
            found = entry.operands[0]
        elif entry.operation in SIMPLER:
            found = simpler(known, entry)
        if isinstance(found, int):
            if form(values[found]) == form(values[k]):
                new[k] = found
        elif len(found.operands) == len(entry.operands) or (
            form(values[found.operands[0]]) == form(values[k])
        ):
            entries[k] = known[k] = found
    return program.with_results(entries, new)


def plain(entry: Entry) -> Entry:
    """Return the constant of one number as that of a float; any other entry as it is."""
    if isinstance(entry, Constant) and np.size(entry.value) == 1:
        return Constant(float(np.asarray(entry.value).item()))
    return entry
