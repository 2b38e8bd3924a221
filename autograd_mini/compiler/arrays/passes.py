"""The passes over programs of arrays: they need to know what shape and dtype each value has.

That is found by running the program once, on the arguments that it was traced with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autograd_mini.compiler.arrays.calls import SUM, call_of, is_float
from autograd_mini.compiler.machine import CONDITIONS, SOFTMAXES, Operation
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
from autograd_mini.primitive import Elementwise, lookup

SHAPING = {lookup(name) for name in ("reshape", "broadcast_to", "expand_dims", "astype")}
"""These change nothing where the result has the shape and dtype of the operand."""


def tidy_arrays(inputs: Sequence[Any], exact: bool) -> list[Pass]:
    """Return what is done to a program of arrays, in order.

    Args:
        inputs: arrays and floats, as every run of the program will have them.
        exact: whether all results are to have the bits of the eager engine.
    """

    def of_forms(f: Callable[[Program, Sequence[Any]], Program]) -> Pass:
        """Return a pass that is told a value for each entry of a program."""
        return wraps(f)(lambda program: f(program, values_of(program, inputs)))

    faster = [] if exact else [softmaxes_together]
    before = [
        fold_arrays,
        of_forms(numbers),
        of_forms(simplify),
        rows_inward,
        of_forms(relus),
        share,
    ]
    return [*before, *faster, settle, prune, of_forms(masks)]


def values_of(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """Run a program in the plainest way; return all values, by position."""
    return [*evaluated(program, inputs)]


def evaluated(program: Program, inputs: Sequence[Any]) -> Iterator[Any]:
    """Run a program in the plainest way; yield each value as soon as it is computed."""
    values: list[Any] = []
    given = iter(inputs)
    for entry in program.entries:
        if isinstance(entry, Instruction):
            operands = [values[x] for x in entry.operands]
            values.append(call_of(entry, operands)(*operands))
        else:
            values.append(entry.value if isinstance(entry, Constant) else next(given))
        yield values[-1]


def form(x: Any) -> Any:
    """Return what two values must share to be of the same form: shape and dtype."""
    return float if is_float(x) else (np.shape(x), np.asarray(x).dtype)


def fold_arrays(program: Program) -> Program:
    """Compute what depends on constants alone."""
    entries = [*program.entries]
    for k, entry in enumerate(entries):
        if isinstance(entry, Instruction) and entry.operands:
            operands = [entries[x] for x in entry.operands]
            values = [x.value for x in operands if isinstance(x, Constant)]
            if len(values) == len(operands):
                entries[k] = Constant(call_of(entry, values)(*values))
    return program.with_results(entries, range(len(entries)))


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
                place, numbers = picked[0].operands
                table, others = entries[place], [x for x in operands if x is not picked[0]]
                if isinstance(table, Constant) and is_by_rows(entry, others, table.value):
                    constants = [table if x is picked[0] else x for x in operands]
                    values = [x.value for x in constants if isinstance(x, Constant)]
                    entries.append(Constant(call_of(entry, values)(*values)))
                    entry = Instruction(ROWS, (len(entries) - 1, numbers))
        new.append(len(entries))
        entries.append(entry)
    return program.with_results(entries, new)


def is_by_rows(entry: Instruction, others: Sequence[Entry], table: Any) -> bool:
    """Return whether an operation on a constant table, and others, works on each row for itself."""
    if entry.operation in OF_ROWS:
        return all(isinstance(x, Constant) and np.ndim(x.value) == 0 for x in others)
    axis = (entry.params or {}).get("axis")
    return entry.operation is SUM and np.ndim(table) == 2 and axis in (1, -1, (1,), (-1,))


def simplify(program: Program, values: Sequence[Any]) -> Program:
    """Drop operations that change nothing, where shape and dtype stay the same too."""
    entries = [*program.entries]
    single = {k: x for k, entry in enumerate(entries) if (x := number_in(entry)) is not None}
    negated: dict[int, int] = {}  # x by the position of -x
    new = [*range(len(entries))]
    for k, entry in enumerate(entries):
        if not isinstance(entry, Instruction):
            continue
        entries[k] = entry = moved(entry, new)
        found: int | Instruction | None = None
        if entry.operation in SHAPING:
            found = entry.operands[0]
        elif entry.operation in SIMPLER:
            x, y = entry.operands[0], entry.operands[-1]
            found = simpler(entry.operation, x, y, single, negated)
        if isinstance(found, int):
            if form(values[found]) == form(values[k]):
                new[k] = found
        elif found is not None and (
            len(found.operands) == len(entry.operands)
            or form(values[found.operands[0]]) == form(values[k])
        ):
            entries[k] = entry = found
        if entry.operation is e.neg and np.asarray(values[k]).dtype.kind != "u":
            negated[k] = entry.operands[0]
    return program.with_results(entries, new)


def numbers(program: Program, values: Sequence[Any]) -> Program:
    """Put a number in the place of a constant array that holds it everywhere.

    Only operations on elements are given it, whose result keeps shape and dtype. Powers are not:
    by the number 0.5, and not by an array of it, NumPy takes the root, which differs at -inf; and
    by 2 the square, which differs in the last bit.
    """
    entries: list[Entry] = []
    new: list[int] = []
    for k, entry in enumerate(program.entries):
        if isinstance(entry, Instruction):
            operands = [values[x] for x in entry.operands]
            entry = moved(entry, new)
            takes = isinstance(entry.operation, Elementwise) and entry.operation is not e.power
            for j, x in enumerate(entry.operands):
                if takes and is_uniform(entries[x]):
                    operands[j] = float(operands[j].flat[0])
                    if form(call_of(entry, operands)(*operands)) != form(values[k]):
                        break
                    entries.append(Constant(operands[j]))
                    positions = [*entry.operands]
                    positions[j] = len(entries) - 1
                    entry = entry._replace(operands=tuple(positions))
        new.append(len(entries))
        entries.append(entry)
    return program.with_results(entries, new)


def is_uniform(entry: Entry) -> bool:
    """Return whether an entry is a constant array with one number everywhere."""
    if not isinstance(entry, Constant) or not np.size(entry.value) or not np.ndim(entry.value):
        return False
    of_first = entry.value.flat[:1].tobytes()
    return bool(entry.value.tobytes() == of_first * entry.value.size)


def relus(program: Program, values: Sequence[Any]) -> Program:
    """Take relu(x) as the maximum that it is, and ask that whether it is positive, as x is then.

    When nothing needs x any longer, it is written over.
    """
    entries: list[Entry] = []
    new: list[int] = []
    found: dict[int, int] = {}  # where relu(x) is, by where x is
    for k, entry in enumerate(program.entries):
        if isinstance(entry, Instruction):
            entry = moved(entry, new)
            if entry.operation is e.relu and isinstance(values[k], np.ndarray):
                (x,) = entry.operands
                entries.append(Constant(0.0))
                entry = Instruction(e.maximum, (x, len(entries) - 1))
                found[x] = len(entries)
            elif entry.operation is e.greater:
                x, y = entry.operands
                if x in found and is_float_zero(entries[y]):
                    entry = Instruction(e.greater, (found[x], y))
        new.append(len(entries))
        entries.append(entry)
    return program.with_results(entries, new)


def is_float_zero(entry: Entry) -> bool:
    """Return whether an entry is the constant 0.0, and no array."""
    return isinstance(entry, Constant) and isinstance(entry.value, float) and entry.value == 0.0


COMPARISONS: dict[Any, Operation] = {
    lookup(name): CONDITIONS[name]
    for name in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
}


def masks(program: Program, values: Sequence[Any]) -> Program:
    """Leave comparisons as booleans where arrays are multiplied by them and nothing else."""
    entries = [*program.entries]
    alone = {
        k
        for k, entry in enumerate(entries)
        if isinstance(entry, Instruction) and isinstance(values[k], np.ndarray)
        if entry.operation in COMPARISONS and k not in program.results
    }
    for k, entry in enumerate(entries):
        if isinstance(entry, Instruction):
            arrays = [x for x in entry.operands if form(values[x]) == form(values[k])]
            if entry.operation is not e.multiply or {*arrays} <= alone:
                alone.difference_update(entry.operands)
    for k in alone:
        comparison = entries[k]
        assert isinstance(comparison, Instruction)
        entries[k] = comparison._replace(operation=COMPARISONS[comparison.operation])
    return program.with_results(entries, range(len(entries)))


LOG_SOFTMAX, GETITEM = lookup("log_softmax"), lookup("getitem")


def softmaxes_together(program: Program) -> Program:
    """Compute log_softmax(x) and what is exp of it, softmax(x), by one exponential."""
    entries = program.entries
    both = {
        entry.operands[0]
        for entry in entries
        if is_instruction(entry, e.exp) and is_instruction(entries[entry.operands[0]], LOG_SOFTMAX)
    }
    kept: list[Entry] = []
    new: list[int] = []
    sources: dict[int, int] = {}  # where the two are, by where the logarithm is
    for k, entry in enumerate(entries):
        if isinstance(entry, Instruction):
            entry = moved(entry, new)
            if k in both:
                kept.append(Instruction(SOFTMAXES, entry.operands, entry.params))
                entry = Instruction(GETITEM, (len(kept) - 1,), {"index": 0})
                sources[len(kept)] = len(kept) - 1
            elif entry.operation is e.exp and entry.operands[0] in sources:
                entry = Instruction(GETITEM, (sources[entry.operands[0]],), {"index": 1})
        new.append(len(kept))
        kept.append(entry)
    return program.with_results(kept, new)


def number_in(entry: Entry) -> float | None:
    """Return the number of a constant without axes, else None."""
    return float(entry.value) if isinstance(entry, Constant) and not np.ndim(entry.value) else None
