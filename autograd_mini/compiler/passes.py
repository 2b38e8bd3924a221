"""The passes: each a function from a program to one that computes the same with less work.

None changes a bit of a result. An operation on numbers that are known is computed as the engine
does it; what is dropped from a formula is dropped only where IEEE arithmetic agrees, so x + 0
stays, which turns -0 into 0, and so does x · 0, which is NaN for an infinite x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from autograd_mini.compiler.edits import arranged, guarded_by, redirected, replaced, rewritten
from autograd_mini.compiler.machine import (
    CODES,
    CONSTANT,
    MULTIPLY_ADD,
    MULTIPLY_SUBTRACT,
    OPERATIONS,
    Operation,
)
from autograd_mini.compiler.program import LANE, Constant, Entry, Instruction, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import Primitive
from autograd_mini.recording import on_floats

Pass = Callable[[Program], Program]


def prune(program: Program) -> Program:
    """Drop what no result needs. Inputs stay, since they are given by their order, and draws."""
    if np.all(is_used(program)):
        return program
    needed = bytearray(is_source(program).tobytes())
    for k in program.results:
        needed[k] = True
    owners, operands = program.owners[::-1].tolist(), program.operands[::-1].tolist()
    for k, x in zip(owners, operands, strict=True):
        if needed[k]:
            needed[x] = True
    return arranged(program, np.flatnonzero(np.frombuffer(needed, bool)))


def is_used(program: Program) -> Any:
    """Return by position whether a value is an operand, a result, an input or a draw."""
    return (program.uses > 0) | is_source(program)


def is_source(program: Program) -> Any:
    """Return by position whether a value is an input or a draw."""
    return (program.counts == 0) & (program.codes != CONSTANT)


def fold(program: Program) -> Program:
    """Compute what depends on constants alone."""
    known = (program.codes == CONSTANT).tolist()
    made_by = program.operations()
    on_numbers = [x for x in made_by if isinstance(x, Primitive) and x.scalar is not None]
    unknown = np.bincount(
        program.owners[~np.array(known, bool)[program.operands]], minlength=len(known)
    )
    if not np.any(program.of(*on_numbers) & (unknown == 0) & (program.counts > 0)):
        return program
    folded: dict[int, Entry] = {}
    values = {k: x.value for k, x in program.details.items() if known[k]}
    foldable = program.of(*on_numbers).tolist()
    with np.errstate(all="ignore"):
        for k, operands in enumerate(program.operands_by_position()):
            if foldable[k] and operands and all(known[x] for x in operands):
                numbers = [values[x] for x in operands]
                values[k] = on_floats(OPERATIONS[program.codes[k]], numbers)
                folded[k], known[k] = Constant(values[k]), True
    return replaced(program, folded)


COMPARED = 2**16
"""Constant arrays of up to so many bytes are compared with each other."""

COMMUTATIVE = (e.add, e.multiply, e.equal, e.not_equal)


def share(program: Program) -> Program:
    """Let what is computed several times from the same operands be computed once."""
    commutative, details = {CODES[operation] for operation in COMMUTATIVE}, program.details
    moves: dict[int, int] = {}
    known: dict[object, int] = {}
    columns = (program.codes, program.counts, *program.ends)
    for k, (code, count, x, y) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if moves:
            x, y = moves.get(x, x), moves.get(y, y)  # where they are by now
        key: Any = (code, x, y)
        if count > 2:
            key = (code, *(moves.get(z, z) for z in program.operands_of(k)))
        elif x > y and code in commutative:
            key = (code, y, x)
        if k in details:
            key = alike_detail(key if count else None, details[k])
        if (first := known.setdefault(key, k)) != k and key is not None:
            moves[k] = first
    return redirected(program, moves)


def alike_detail(key: Any, detail: Any) -> Any:
    """Return what tells whether two constants, or two instructions with settings, are the same.

    Args:
        key: an operation with its operands, None where it has none.
        detail: a constant, an input, or the settings of the operation.

    Returns:
        None for what is not like anything else: inputs, and what has no operands, so is random.
    """
    if isinstance(detail, Constant):
        x = detail.value
        is_known = isinstance(x, float) or (isinstance(x, np.ndarray) and x.nbytes <= COMPARED)
        return alike(x) if is_known else None
    return key and (key, alike(tuple(detail.items())))


def alike(x: Any) -> Any:
    """Return what can be compared and hashed in the place of a setting or of a constant."""
    if isinstance(x, float):
        return type(x), x, math.copysign(1.0, x)
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype.str, x.tobytes()
    if isinstance(x, slice):
        return slice, x.start, x.stop, x.step
    if isinstance(x, tuple | list):
        return type(x), *map(alike, x)
    return type(x), x if isinstance(x, Hashable) else id(x)


def simplify(program: Program) -> Program:
    """Drop operations that change nothing: x · 1, x / 1, x - 0, x + (-0), x¹, -(-x), +x."""
    values = {k: program.details[k].value for k in program.constants}
    numbers = {k: x for k, x in values.items() if isinstance(x, float)}
    known = np.full(len(program.codes), np.nan)
    known[[*numbers]] = [*numbers.values()]
    first, last = program.ends
    telling = program.of(e.neg, e.positive)
    for operation, constants in SIMPLER.items():
        has = np.isin(known, constants)
        telling |= program.of(operation) & (has[first] | has[last])
    telling |= program.of(e.add, e.subtract) & (telling[first] | telling[last])  # another sign
    columns = (x[telling].tolist() for x in (np.arange(len(known)), program.codes, first, last))
    moves: dict[int, int] = {}
    changed: dict[int, Entry] = {}
    negated: dict[int, int] = {}  # x by the position of -x
    for k, code, x, y in zip(*columns, strict=True):
        operation, now = OPERATIONS[code], (moves.get(x, x), moves.get(y, y))
        found = simpler(operation, *now, numbers, negated)
        if found is None and operation is e.neg:
            negated[k] = now[0]
        elif isinstance(found, Instruction):
            changed[k] = found
            if found.operation is e.neg:
                negated[k] = found.operands[0]
        elif found is not None:
            moves[k] = found
    return redirected(replaced(program, changed), moves)


SIMPLER: dict[Primitive | Operation, tuple[float, ...]] = {
    e.multiply: (1.0, -1.0),
    e.add: (0.0,),
    e.subtract: (0.0,),
    e.divide: (1.0,),
    e.power: (1.0, 2.0),
    e.neg: (),
    e.positive: (),
}
"""What may be simpler than it is, and with which constants."""


def simpler(
    operation: Primitive | Operation,
    x: int,
    y: int,
    numbers: Mapping[int, float],
    negated: Mapping[int, int],
) -> int | Instruction | None:
    """Return the position of the value that an operation gives, or a simpler instruction for it.

    Args:
        operation: one of `SIMPLER`.
        x: the position of its first operand.
        y: that of its last one.
        numbers: the constants, by position.
        negated: the position of x by that of -x.
    """
    left, right = numbers.get(x), numbers.get(y)
    if operation is e.multiply:
        if left == 1.0 or right == 1.0:
            return y if left == 1.0 else x
        if left == -1.0 or right == -1.0:
            return Instruction(e.neg, (y if left == -1.0 else x,))
    elif operation is e.add:
        if is_zero(left, -1.0) or is_zero(right, -1.0):
            return y if is_zero(left, -1.0) else x
        if y in negated:
            return Instruction(e.subtract, (x, negated[y]))
        if x in negated:
            return Instruction(e.subtract, (y, negated[x]))
    elif operation is e.subtract:
        if is_zero(right, 1.0):
            return x
        if y in negated:
            return Instruction(e.add, (x, negated[y]))
    elif operation is e.divide:
        if right == 1.0:
            return x
    elif operation is e.power:
        if right == 2.0:
            return Instruction(e.square, (x,))
        if right == 1.0:
            return x
    elif operation is e.neg:
        return negated.get(x)
    elif operation is e.positive:
        return x
    return None


def is_zero(x: float | None, sign: float) -> bool:
    """Return whether a number is the zero of that sign."""
    return x == 0.0 and x is not None and math.copysign(1.0, x) == sign


def moved(entry: Instruction, new: Sequence[int]) -> Instruction:
    """Return an instruction whose operands are where `new` tells for the old ones."""
    return entry._replace(operands=tuple([new[x] for x in entry.operands]))


def is_instruction(entry: Entry, operation: Primitive | Operation) -> TypeGuard[Instruction]:
    """Return whether an entry is computed by that operation."""
    return isinstance(entry, Instruction) and entry.operation is operation


def settle(program: Program) -> Program:
    """Drop the guards whose comparison is known to come out as it did."""
    unknown = []
    for guard in dict.fromkeys(program.guards):
        condition = program.details.get(guard.position)
        if not isinstance(condition, Constant) or bool(condition.value) != guard.expected:
            unknown.append(guard)
    return program if len(unknown) == len(program.guards) else guarded_by(program, unknown)


def fuse(program: Program) -> Program:
    """Make one operation of a product and the sum that alone uses it: z = a + w x, z = a - w x.

    Product and sum are each rounded, so bits stay as they are. Lanes have the sum only: there, the
    product of a shared factor is what is frequent.
    """
    times, (first_operand, last_operand) = program.times, program.ends
    in_lanes, is_negated = times == LANE, program.of(e.neg)
    product = program.of(e.multiply, e.square) & (program.uses == 1)
    is_sum, is_difference = program.of(e.add), program.of(e.subtract) & ~in_lanes
    k = np.flatnonzero(is_sum | is_difference)
    a, p = first_operand[k], last_operand[k]
    second = product[p] & (times[p] == times[k])
    first = product[a] & (times[a] == times[k]) & is_sum[k] & ~second
    a, p = np.where(first, p, a), np.where(first, a, p)
    chosen = first | second
    k, a, p = k[chosen], a[chosen], p[chosen]
    w, x = first_operand[p], last_operand[p]  # both the same of a square
    swapped = is_sum[k] & ~in_lanes[k] & is_negated[x]
    w, x = np.where(swapped, x, w), np.where(swapped, w, x)
    minus = is_sum[k] & ~in_lanes[k] & is_negated[w]
    w = np.where(minus, first_operand[w], w)
    codes = np.where(minus | is_difference[k], CODES[MULTIPLY_SUBTRACT], CODES[MULTIPLY_ADD])
    fused = rewritten(program, k, codes, np.full(len(k), 3), np.column_stack([w, x, a]).ravel())
    for _ in range(2):  # the products, and the signs that they alone had
        fused = arranged(fused, np.flatnonzero(is_used(fused)))
    return fused


TIDY: tuple[Pass, ...] = (fold, simplify, share, settle, prune)
"""What is done to every program, in order."""
