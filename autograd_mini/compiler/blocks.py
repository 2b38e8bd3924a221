"""Blocks of lanes: registers, and the calls of NumPy that work on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.chains import LONGEST, MULTIPLY_ADDS, NOTHING
from autograd_mini.compiler.machine import LANE_DOT, LANE_SUM, MULTIPLY_ADD, Operation
from autograd_mini.compiler.program import LANE, Entry, Input, Instruction, Program
from autograd_mini.compiler.registers import Allocation
from autograd_mini.primitive import Primitive
from autograd_mini.recording import on_floats

Array = npt.NDArray[Any]

UFUNCS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")
}
"""What computes a primitive in place where its forward function cannot."""

BY_SIGN: dict[str, Callable[..., Any]] = {
    "fmax": lambda x, y: np.where((x >= y) | (y != y), x, y),
    "fmin": lambda x, y: np.where((x <= y) | (y != y), x, y),
    "maximum": lambda x, y: np.where((x >= y) | (x != x), x, y),
    "minimum": lambda x, y: np.where((x <= y) | (x != x), x, y),
    "relu": lambda x: np.where(x < 0.0, 0.0, x),
    "sign": lambda x: np.where(x == 0.0, x, np.sign(x)),
}
"""What computes a primitive as on floats, where NumPy's takes 0.0 for -0.0 or the other way."""

BY_KEYWORD: dict[Any, Callable[..., Any]] = {
    np.maximum: lambda x, y, out: np.maximum(x, y, out=out),
    np.minimum: lambda x, y, out: np.minimum(x, y, out=out),
}
"""The ufuncs that NumPy does not want to be given `out` by position."""

SAME_BITS = frozenset(
    [
        *("abs", "add", "ceil", "divide", "equal", "fmax", "fmin", "floor", "greater"),
        *("greater_equal", "leaky_relu", "less", "less_equal", "maximum", "minimum", "multiply"),
        *("neg", "not_equal", "positive", "reciprocal", "relu", "rint", "sign", "sqrt", "square"),
        *("subtract", "trunc", "where"),
    ]
)
"""The operations whose results have the same bits on arrays and on floats, by `BY_SIGN` too."""


class Block:
    """Registers for a block of lanes, and the calls that work on them.

    A chain of products with numbers that all lanes share is one matrix product, and so are the dot
    products of several rows with the same one: the rows are gathered before.

    Args:
        program: of which the part that is executed for each lane is run.
        times: when each of its values is computed.
        allocation: its registers.
        width: the number of lanes.
        exact: whether every bit is to be as the eager engine has it.
        numbers: what the lanes compute with.

    Attributes:
        width: the number of lanes.
        sums: the positions of the sums over lanes, in order.
    """

    def __init__(
        self,
        program: Program,
        times: Sequence[int],
        allocation: Allocation,
        width: int,
        *,
        exact: bool,
        numbers: type[float] | type[complex],
    ) -> None:
        self.width = width
        self.sums: list[int] = []
        self._exact, self._numbers, self._times = exact, numbers, times
        self._details = program.details
        self._rows = allocation.registers
        self._registers = np.empty((allocation.lane_size, width), dtype=numbers)
        self._spare = np.empty(width, dtype=numbers)
        self._gathered = np.empty((LONGEST, width), dtype=numbers)
        self._steps: list[tuple[Any, ...]] = []
        entries = program.entries
        operands = [*program.operands_by_position()]
        used = (x for k in allocation.lanes for x in operands[k] if times[x] != LANE)
        uses = sum(self._details.get(x) is not NOTHING for x in used)
        self._shared = np.empty(uses)  # what all lanes share, at one place for each use
        self._shared_positions: list[int] = []

        inputs = {k: row for row, k in enumerate(k for k in program.inputs if times[k] == LANE)}
        results: dict[int, list[int]] = {}
        for row, k in enumerate(k for k in program.results if times[k] == LANE):
            results.setdefault(k, []).append(row)
        dots: list[tuple[int, Sequence[int]]] = []  # that come next, all with one row
        for k in allocation.lanes:
            entry = entries[k]
            if dots and not (is_dot(entry) and {*operands[k]} & common_to(dots)):
                self._add_dots(dots)
                dots = []
            if isinstance(entry, Input):
                self._steps.append((_LOAD, inputs[k], self._row(k)))
            elif is_dot(entry):
                dots.append((k, operands[k]))
            elif isinstance(entry, Instruction):
                self._add(k, entry)
            for row in results.get(k, ()):
                self._steps.append((_STORE, row, self._row(k)))
        if dots:
            self._add_dots(dots)

    def take_shared(self, values: Sequence[float] | Array) -> None:
        """Take over what all lanes share."""
        self._shared[:] = np.asarray(values)[self._shared_positions]

    def run(self, lanes: Array, found: Array, totals: Array) -> None:
        """Run the instructions on some lanes: write their results, and add to the sums."""
        for f, x, out in self._steps:
            if f is _LOAD:
                out[...] = lanes[x]
            elif f is _STORE:
                found[x] = out
            elif f is _SUM:
                span, operands = out
                totals[span] = x(*operands, totals[span])
            elif f is _COPY:
                out[0][...] = x(*out[1])
            else:
                f(*x, out=out)

    def _row(self, k: int) -> Array:
        """Return the register of a value that each lane has."""
        return self._registers[self._rows[k]]

    def _all_share(self, positions: Sequence[int]) -> Array:
        """Return a place for values that all lanes share."""
        start = len(self._shared_positions)
        self._shared_positions.extend(positions)
        return self._shared[start : start + len(positions)]

    def _gather(self, positions: Sequence[int]) -> Array:
        """Add a call that brings rows together; return where they are."""
        rows = np.array([self._rows[k] for k in positions])
        gathered = self._gathered[: len(rows)]
        self._steps.append((partial(self._registers.take, mode="clip"), (rows, 0), gathered))
        return gathered

    def _add(self, k: int, entry: Instruction) -> None:
        """Add the calls of an instruction."""
        operation, operands = entry.operation, entry.operands
        if operation is LANE_SUM:
            f: Any = _sum_in_order if self._exact else _sum
            self._add_sums([k], f, (self._row(operands[0]),))
            return
        out = self._row(k)
        if operation in (MULTIPLY_ADD, MULTIPLY_ADDS):
            if operation is MULTIPLY_ADDS:
                start, *factors = operands
            else:
                *factors, start = operands
            begins = self._details.get(start) is not NOTHING
            a = self._operand(start) if begins else None
            product = self._spare if begins and np.shares_memory(out, a) else out
            if len(factors) == 2:
                self._steps.append((np.multiply, (*map(self._operand, factors),), product))
            else:
                weights, rows = self._all_share(factors[::2]), self._gather(factors[1::2])
                self._steps.append((np.dot, (weights, rows), product))
            if begins:
                self._steps.append((np.add, (product, a), out))
            return
        arrays = [*map(self._operand, operands)]
        if self._exact and operation.name not in SAME_BITS:
            self._steps.append((_COPY, lane_by_lane(operation), (out, arrays)))
            return
        f = UFUNCS.get(operation.name, operation.array)
        if self._exact:
            f = BY_SIGN.get(operation.name, f)
        if self._numbers is complex:
            assert isinstance(operation, Primitive)
            f = operation.analytic
        if isinstance(f, np.ufunc):
            self._steps.append((BY_KEYWORD.get(f, f), tuple(arrays), out))
        else:
            self._steps.append((_COPY, f, (out, arrays)))

    def _operand(self, k: int) -> Array:
        return self._row(k) if self._times[k] == LANE else self._all_share([k])

    def _add_dots(self, dots: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Add the calls of dot products that have a row in common."""
        if self._exact:
            for k, (x, y) in dots:
                self._add_sums([k], _dot_in_order, (self._operand(x), self._operand(y)))
            return
        common = min(common_to(dots))
        others = [x if y == common else y for _, (x, y) in dots]
        for start in range(0, len(dots), LONGEST):
            own = slice(start, start + LONGEST)
            rows = self._gather(others[own])
            self._add_sums([k for k, _ in dots[own]], _dots, (rows, self._row(common)))

    def _add_sums(self, positions: Sequence[int], f: Any, operands: Sequence[Array]) -> None:
        start = len(self.sums)
        self.sums += positions
        self._steps.append((_SUM, f, (slice(start, len(self.sums)), operands)))


def is_dot(entry: Entry) -> bool:
    """Return whether an entry is a product of two rows, summed over the lanes."""
    return isinstance(entry, Instruction) and entry.operation is LANE_DOT


def common_to(dots: Sequence[tuple[int, Sequence[int]]]) -> set[int]:
    """Return the values that all of some dot products have."""
    return set.intersection(*({*operands} for _, operands in dots))


def _sum(x: Array, total: Array) -> Any:
    return total + np.add.reduce(x)


def _sum_in_order(x: Array, total: Array) -> Any:
    [result] = total.tolist()
    for number in x.tolist():
        result += number
    return result


def _dot_in_order(x: Array, y: Array, total: Array) -> Any:
    return _sum_in_order(x * y, total)


def _dots(rows: Array, row: Array, total: Array) -> Any:
    return total + np.dot(rows, row)


_LOAD, _STORE, _SUM, _COPY = "load", "store", "sum", "copy"


def lane_by_lane(operation: Primitive | Operation) -> Callable[..., Any]:
    """Return the function on arrays that computes an operation by its function on floats."""
    assert isinstance(operation, Primitive)
    assert operation.arity is not None
    assert operation.scalar is not None
    quick = np.frompyfunc(operation.scalar, operation.arity, 1)
    careful = np.frompyfunc(lambda *x: on_floats(operation, x), operation.arity, 1)

    def run(*operands: Array) -> Any:
        try:
            return quick(*operands)
        except (ArithmeticError, ValueError):  # IEEE has an inf or nan for it
            return careful(*operands)

    return run
