"""The passes: each a function from a program to one that computes the same with less work.

None changes a bit of a result. An operation on numbers that are known is computed as the engine
does it; what is dropped from a formula is dropped only where IEEE arithmetic agrees, so x + 0
stays, which turns -0 into 0, and so does x · 0, which is NaN for an infinite x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import numpy as np

from autograd_mini.compiler.machine import MULTIPLY_ADD, MULTIPLY_SUBTRACT, Operation
from autograd_mini.compiler.program import (
    LANE,
    Constant,
    Entry,
    Input,
    Instruction,
    Program,
    binding_times,
)
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import Primitive
from autograd_mini.recording import on_floats

Pass = Callable[[Program], Program]


def prune(program: Program) -> Program:
    """Drop what no result needs. Inputs stay, since they are given by their order, and draws."""
    entries = program.entries
    needed = bytearray(len(entries))
    for k in program.results:
        needed[k] = True
    for k in range(len(entries) - 1, -1, -1):
        entry = entries[k]
        if isinstance(entry, Input) or (isinstance(entry, Instruction) and not entry.operands):
            needed[k] = True
        elif needed[k] and isinstance(entry, Instruction):
            for x in entry.operands:
                needed[x] = True
    new = [-1] * len(entries)
    kept: list[Entry] = []
    for k, entry in enumerate(entries):
        if needed[k]:
            new[k] = len(kept)
            kept.append(moved(entry, new) if isinstance(entry, Instruction) else entry)
    return program.with_results(kept, new)


def fold(program: Program) -> Program:
    """Compute what depends on constants alone."""
    entries = [*program.entries]
    constants = {k for k, entry in enumerate(entries) if isinstance(entry, Constant)}
    with np.errstate(all="ignore"):
        for k, entry in enumerate(entries):
            if not isinstance(entry, Instruction) or not constants.issuperset(entry.operands):
                continue
            operation, numbers = entry.operation, [entries[x][0] for x in entry.operands]
            if isinstance(operation, Primitive) and operation.scalar is not None:
                entries[k] = Constant(on_floats(operation, numbers))  # type: ignore[arg-type]
                constants.add(k)
    return program.with_results(entries, range(len(entries)))


COMPARED = 2**16
"""Constant arrays of up to so many bytes are compared with each other."""

COMMUTATIVE = {e.add, e.multiply, e.equal, e.not_equal}


def share(program: Program) -> Program:
    """Let what is computed several times from the same operands be computed once."""
    entries = [*program.entries]
    new = [*range(len(entries))]
    known: dict[object, int] = {}
    for k, entry in enumerate(entries):
        key: object = None
        if isinstance(entry, Instruction):
            entries[k] = entry = moved(entry, new)
            operation, operands, params = entry
            if params is None:
                if operation in COMMUTATIVE and operands[0] > operands[1]:
                    operands = operands[::-1]
                key = operation, operands
            elif operands:  # what has none is random
                key = operation, operands, alike(tuple(params.items()))
        elif isinstance(entry, Constant):
            if isinstance(entry.value, float):
                key = entry.value, math.copysign(1.0, entry.value)
            elif isinstance(entry.value, np.ndarray) and entry.value.nbytes <= COMPARED:
                key = alike(entry.value)
        if key is not None:
            new[k] = known.setdefault(key, k)
    return program.with_results(entries, new)


def alike(x: Any) -> Any:
    """Return what can be compared and hashed in the place of a setting or of a constant."""
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype.str, x.tobytes()
    if isinstance(x, slice):
        return slice, x.start, x.stop, x.step
    return tuple(map(alike, x)) if isinstance(x, tuple) else (type(x), x)


def simplify(program: Program) -> Program:
    """Drop operations that change nothing: x · 1, x / 1, x - 0, x + (-0), x¹, -(-x), +x."""
    entries = [*program.entries]
    new = [*range(len(entries))]
    telling = {k for k, entry in enumerate(entries) if isinstance(entry, Constant)}  # and -x
    for k, entry in enumerate(entries):
        if not isinstance(entry, Instruction):
            continue
        entries[k] = entry = moved(entry, new)
        if entry.operation is e.positive or not telling.isdisjoint(entry.operands):
            found = simpler(entries, entry) if entry.params is None else entry
            if isinstance(found, int):
                new[k] = found
            else:
                entries[k] = entry = found
        if entry.operation is e.neg:
            telling.add(k)
    return program.with_results(entries, new)


SIMPLER = {e.multiply, e.add, e.subtract, e.divide, e.power, e.neg, e.positive}
"""What may be simpler than it is."""


def simpler(kept: Sequence[Entry], entry: Instruction) -> int | Instruction:
    """Return the position of the value that an instruction equals, or an instruction for it."""
    operation, operands, _ = entry
    x, y = operands[0], operands[-1]
    left, right = number(kept[x]), number(kept[y])
    if operation is e.multiply:
        if left == 1.0 or right == 1.0:
            return y if left == 1.0 else x
        if left == -1.0 or right == -1.0:
            return Instruction(e.neg, (y if left == -1.0 else x,))
    elif operation is e.add:
        if is_zero(left, -1.0) or is_zero(right, -1.0):
            return y if is_zero(left, -1.0) else x
        if (opposite := negated(kept[y])) is not None:
            return Instruction(e.subtract, (x, opposite))
        if (opposite := negated(kept[x])) is not None:
            return Instruction(e.subtract, (y, opposite))
    elif operation is e.subtract:
        if is_zero(right, 1.0):
            return x
        if (opposite := negated(kept[y])) is not None:
            return Instruction(e.add, (x, opposite))
    elif operation is e.divide:
        if right == 1.0:
            return x
    elif operation is e.power:
        if right == 2.0:
            return Instruction(e.square, (x,))
        if right == 1.0:
            return x
    elif operation is e.neg:
        if (opposite := negated(kept[x])) is not None:
            return opposite
    elif operation is e.positive:
        return x
    return entry


def number(entry: Entry) -> float | None:
    """Return the number of a constant, and None for what is none or an array."""
    if entry.__class__ is Constant and entry[0].__class__ is float:
        return entry[0]
    return None


def is_zero(x: float | None, sign: float) -> bool:
    """Return whether a number is the zero of that sign."""
    return x == 0.0 and x is not None and math.copysign(1.0, x) == sign


_tuple = tuple.__new__  # which a named tuple calls itself, by a detour: this runs once an entry


def moved(entry: Instruction, new: Sequence[int]) -> Instruction:
    """Return an instruction whose operands are where `new` tells for the old ones."""
    operands = entry[1]
    now = tuple([new[x] for x in operands])
    return entry if now == operands else _tuple(Instruction, (entry[0], now, entry[2]))


def negated(entry: Entry) -> int | None:
    """Return x where an entry is -x."""
    return entry.operands[0] if is_instruction(entry, e.neg) else None


def is_instruction(entry: Entry, operation: Primitive | Operation) -> TypeGuard[Instruction]:
    """Return whether an entry is computed by that operation."""
    return isinstance(entry, Instruction) and entry.operation is operation


def settle(program: Program) -> Program:
    """Drop the guards whose comparison is known to come out as it did."""
    entries = program.entries
    unknown = []
    for guard in dict.fromkeys(program.guards):
        condition = entries[guard.position]
        if not isinstance(condition, Constant) or bool(condition.value) != guard.expected:
            unknown.append(guard)
    return Program(entries, program.outputs, tuple(unknown))


def fuse(program: Program) -> Program:
    """Make one operation of a product and the sum that alone uses it: z = a + w x, z = a - w x.

    Product and sum are each rounded, so bits stay as they are. Lanes have the sum only: there, the
    product of a shared factor is what is frequent.
    """
    entries = [*program.entries]
    times = binding_times(program)
    uses = use_counts(program)

    def factors(product: int, k: int) -> tuple[int, ...]:
        """Return the factors of a product that entry k alone uses, and at the same time."""
        made = entries[product]
        if uses[product] == 1 and times[product] == times[k] and isinstance(made, Instruction):
            if made.operation is e.multiply:
                return made.operands
            if made.operation is e.square:
                return made.operands * 2
        return ()

    for k, entry in enumerate(program.entries):
        if is_instruction(entry, e.add):
            a, product = entry.operands
            both = factors(product, k)
            if not both:
                a, product = product, a
                both = factors(product, k)
            operation = MULTIPLY_ADD
        elif is_instruction(entry, e.subtract) and times[k] != LANE:
            a, both = entry.operands[0], factors(entry.operands[1], k)
            operation = MULTIPLY_SUBTRACT
        else:
            continue
        if both:
            w, x = both
            if operation is MULTIPLY_ADD and times[k] != LANE:
                if negated(entries[x]) is not None:
                    w, x = x, w
                if (opposite := negated(entries[w])) is not None:
                    operation, w = MULTIPLY_SUBTRACT, opposite
            entries[k] = Instruction(operation, (w, x, a))
    return prune(program.with_results(entries, range(len(entries))))


def use_counts(program: Program) -> list[int]:
    """Return how often each value is used; a result is needed itself, and has two uses more."""
    uses = [0] * len(program.entries)
    for entry in program.entries:
        if isinstance(entry, Instruction):
            for x in entry.operands:
                uses[x] += 1
    for k in program.results:
        uses[k] += 2
    return uses


TIDY: tuple[Pass, ...] = (fold, simplify, share, settle, prune)
"""What is done to every program, in order."""
