"""The NumPy executor: one NumPy call an instruction on a block of lanes, or one on floats.

It is always there. What all lanes share, and a program without lanes, is computed with Python's
floats, as the engine computes it, so that every bit is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.machine import LANE_SUM, MULTIPLY_ADD, Operation
from autograd_mini.compiler.program import (
    AFTER,
    LANE,
    Constant,
    Input,
    Instruction,
    Program,
    binding_times,
)
from autograd_mini.compiler.registers import Allocation, allocate
from autograd_mini.primitive import Primitive
from autograd_mini.recording import on_floats

Array = npt.NDArray[Any]

CACHE = 2**21
"""So many floats of registers are worked on at a time: 16 megabytes, a third-level cache."""

WIDTHS = (128, 4096)
"""The fewest and the most lanes in a block: a call has its own cost, whatever it works on."""

UFUNCS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")
}
"""What computes a primitive in place where its forward function cannot."""

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
"""The operations whose results have the same bits on arrays and on floats."""


class NumpyExecutor:
    """Runs a program. Several threads can use one at once.

    Args:
        program: what to run.
        exact: whether every bit is to be as the eager engine has it: functions such as exp are then
            computed by Python, lane by lane, and sums are taken in order.
        numbers: `complex` runs analytic operations on complex lanes, by their continuations; what
            all lanes share stays real, and nothing may be summed over them.
    """

    engine = "numpy"

    def __init__(
        self,
        program: Program,
        *,
        exact: bool = False,
        numbers: type[float] | type[complex] = float,
    ) -> None:
        self.program, self.exact, self.numbers = program, exact, numbers
        self.times = times = binding_times(program)
        lanes = LANE in times
        self.allocation = allocation = allocate(program, times) if lanes else _in_order(program)
        self.shared_inputs = [k for k in program.inputs if times[k] != LANE]
        self.lane_inputs = [k for k in program.inputs if times[k] == LANE]
        self.shared_results = [k for k in program.results if times[k] != LANE]
        self.lane_results = [k for k in program.results if times[k] == LANE]
        fewest, most = WIDTHS
        self.width = min(max(CACHE // max(1, allocation.lane_size), fewest), most)
        self.before = self._on_floats(allocation.before)
        self.after = self._on_floats(allocation.after)
        self.idle: list[_Block] = []  # blocks of registers that no thread is using

    def __reduce__(self) -> Any:
        return partial(NumpyExecutor, exact=self.exact, numbers=self.numbers), (self.program,)

    def __call__(self, shared: Array, lanes: Array | None = None) -> tuple[Array, Array]:
        """Return the shared results, (number,), and the lane results, (number, m).

        Args:
            shared: the inputs that all lanes share, in order.
            lanes: those that each lane has for itself, (number of inputs, m).
        """
        values: list[Any] = [None] * len(self.program.entries)
        for k, entry in enumerate(self.program.entries):
            if isinstance(entry, Constant):
                values[k] = entry.value
        for k, x in zip(self.shared_inputs, shared.tolist(), strict=True):
            values[k] = x
        run_on_floats(self.before, values)
        m = 0 if lanes is None else lanes.shape[1]
        found = np.empty((len(self.lane_results), m), dtype=self.numbers)
        if lanes is not None:
            self._run_lanes(values, lanes, found)
        run_on_floats(self.after, values)
        return np.array([values[k] for k in self.shared_results], dtype=float), found

    def _run_lanes(self, values: list[Any], lanes: Array, found: Array) -> None:
        """Run the lanes block by block; leave the sums over them in `values`."""
        m = lanes.shape[1]
        count = -(-m // self.width)  # of blocks, all of about the same width
        width = -(-m // max(1, count))
        try:
            block = self.idle.pop()
        except IndexError:  # none, or another thread was quicker
            block = _Block(self, width)
        if block.width != width:
            block = _Block(self, width)
        block.take_shared(values)
        totals = [0.0] * len(block.sums)
        with np.errstate(all="ignore"):
            for start in range(0, m, width or 1):
                stop = min(start + width, m)
                if not block.sums:  # then lanes may be run twice
                    start = stop - width
                if stop - start < width:  # the last one is narrower
                    narrow = _Block(self, stop - start)
                    narrow.take_shared(values)
                    narrow.run(lanes[:, start:stop], found[:, start:stop], totals)
                else:
                    block.run(lanes[:, start:stop], found[:, start:stop], totals)
        for k, total in zip(block.sums, totals, strict=True):
            values[k] = float(total)
        self.idle.append(block)

    def _on_floats(self, positions: Sequence[int]) -> list[FloatStep]:
        steps = []
        for k in positions:
            entry: Any = self.program.entries[k]
            steps.append((k, entry.operation, entry.operation.scalar, entry.operands))
        return steps


FloatStep = tuple[int, Any, Callable[..., float], tuple[int, ...]]
"""A result, its operation, the function on floats that computes it, and the operands."""


def run_on_floats(steps: Sequence[FloatStep], values: list[Any]) -> None:
    """Compute on Python's floats, in place, as the engine does."""
    for k, operation, f, operands in steps:
        try:
            values[k] = f(*[values[x] for x in operands])
        except (ArithmeticError, ValueError):  # IEEE has an inf or nan for it
            with np.errstate(all="ignore"):
                values[k] = on_floats(operation, [values[x] for x in operands])


class _Block:
    """Registers for a block of lanes, and the calls that work on them.

    Attributes:
        width: the number of lanes.
        sums: the positions of the sums over lanes, in order.
    """

    def __init__(self, executor: NumpyExecutor, width: int) -> None:
        program, times = executor.program, executor.times
        allocation = executor.allocation
        self.width, self.exact, self.numbers = width, executor.exact, executor.numbers
        self.registers = np.empty((allocation.lane_size, width), dtype=self.numbers)
        self.spare = np.empty(width, dtype=self.numbers)
        self.shared: dict[int, Array] = {}  # by position: what all lanes share, as arrays
        self.sums: list[int] = []
        self.steps: list[tuple[Any, ...]] = []
        rows = {k: row for row, k in enumerate(executor.lane_inputs)}
        results: dict[int, list[int]] = {}
        for row, k in enumerate(executor.lane_results):
            results.setdefault(k, []).append(row)
        for k in allocation.lanes:
            entry = program.entries[k]
            if isinstance(entry, Input):
                self.steps.append((_LOAD, rows[k], self.registers[allocation.registers[k]]))
            elif isinstance(entry, Instruction):
                operands = [
                    self.registers[allocation.registers[x]]
                    if times[x] == LANE
                    else self.shared.setdefault(x, np.empty(1))
                    for x in entry.operands
                ]
                if times[k] == AFTER:
                    self._add_sum(k, entry, operands)
                    continue
                self._add(entry, operands, self.registers[allocation.registers[k]])
            for row in results.get(k, ()):
                self.steps.append((_STORE, row, self.registers[allocation.registers[k]]))

    def take_shared(self, values: Sequence[Any]) -> None:
        """Take over what all lanes share."""
        for k, array in self.shared.items():
            array[0] = values[k]

    def run(self, lanes: Array, found: Array, totals: list[float]) -> None:
        """Run the instructions on some lanes: write their results, and add to the sums."""
        position = 0
        for f, x, out in self.steps:
            if f is _LOAD:
                out[...] = lanes[x]
            elif f is _STORE:
                found[x] = out
            elif f is _SUM:
                totals[position] = x(*out, totals[position])
                position += 1
            elif f is _COPY:
                out[0][...] = x(*out[1])
            else:
                f(*x, out=out)

    def _add(self, entry: Instruction, operands: list[Array], out: Array) -> None:
        """Add the calls of an instruction."""
        operation = entry.operation
        if operation is MULTIPLY_ADD:
            w, x, a = operands
            product = self.spare if out is a or np.shares_memory(out, a) else out
            self.steps.append((np.multiply, (w, x), product))
            self.steps.append((np.add, (product, a), out))
            return
        if self.exact and operation.name not in SAME_BITS:
            self.steps.append((_COPY, lane_by_lane(operation), (out, operands)))
            return
        f: Any = UFUNCS.get(operation.name, operation.array)
        if self.numbers is complex:
            assert isinstance(operation, Primitive)
            f = operation.analytic
        if isinstance(f, np.ufunc):
            self.steps.append((BY_KEYWORD.get(f, f), tuple(operands), out))
        else:
            self.steps.append((_COPY, f, (out, operands)))

    def _add_sum(self, k: int, entry: Instruction, operands: list[Array]) -> None:
        self.sums.append(k)
        f: Callable[..., Any]
        if entry.operation is LANE_SUM:
            f = _sum_in_order if self.exact else lambda x, total: total + np.add.reduce(x)
        else:
            f = lambda x, y, total: total + np.dot(x, y)  # noqa: E731  # beside the other one
        self.steps.append((_SUM, f, operands))


_LOAD, _STORE, _SUM, _COPY = "load", "store", "sum", "copy"


def _in_order(program: Program) -> Allocation:
    """Return the order of execution of a program without lanes; its floats need no registers."""
    before = [k for k, entry in enumerate(program.entries) if isinstance(entry, Instruction)]
    return Allocation(before, [], [], [], 0, 0)


def _sum_in_order(x: Array, total: float) -> float:
    for number in x.tolist():
        total += number
    return total


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
