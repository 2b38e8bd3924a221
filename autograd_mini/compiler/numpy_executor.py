"""The NumPy executor: one NumPy call an instruction on a block of lanes, or one on floats.

It is always there. What all lanes share, and a program without lanes, is computed with Python's
floats, as the engine computes it, so that every bit is the same.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.blocks import Block
from autograd_mini.compiler.chains import merge_chains
from autograd_mini.compiler.floats import Floats
from autograd_mini.compiler.machine import CONSTANT
from autograd_mini.compiler.program import LANE, Program
from autograd_mini.compiler.registers import Allocation, allocate
from autograd_mini.compiler.rows import Rows
from autograd_mini.compiler.runs import in_runs

Array = npt.NDArray[Any]

CACHE = 2**21
"""So many floats of registers are worked on at a time: 16 megabytes, a third-level cache."""

WIDTHS = (128, 4096)
"""The fewest and the most lanes in a block: a call has its own cost, whatever it works on."""


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
        self.original, self.exact, self.numbers = program, exact, numbers
        if not (exact or program.guards or numbers is complex):  # then sums are taken in any order
            program = merge_chains(program, in_order=False, lanes_only=True)
        self.program = program = in_runs(program)
        self.times = times = program.times.tolist()
        lanes = LANE in times
        self.allocation = allocation = allocate(program) if lanes else _in_order(program)
        self.shared_inputs = [k for k in program.inputs if times[k] != LANE]
        self.shared_results = [k for k in program.results if times[k] != LANE]
        self.lane_results = [k for k in program.results if times[k] == LANE]
        fewest, most = WIDTHS
        self.width = min(max(CACHE // max(1, allocation.lane_size), fewest), most)
        self.before = Floats(program, allocation.before)
        self.after = Floats(program, allocation.after)
        constants = np.array([getattr(entry, "value", 0.0) for entry in program.entries])
        has_runs = self.before.has_runs or self.after.has_runs
        self.constants: Any = constants if has_runs else constants.tolist()
        self.idle: list[Block] = []  # blocks of registers that no thread is using

    def __reduce__(self) -> Any:
        return partial(NumpyExecutor, exact=self.exact, numbers=self.numbers), (self.original,)

    def __call__(self, shared: Array, lanes: Array | Rows | None = None) -> tuple[Array, Array]:
        """Return the shared results, (number,), and the lane results, (number, m).

        Args:
            shared: the inputs that all lanes share, in order.
            lanes: those that each lane has for itself, (number of inputs, m).
        """
        values = self.constants.copy()
        if isinstance(values, np.ndarray):
            values[self.shared_inputs] = shared
        else:
            for k, x in zip(self.shared_inputs, shared.tolist(), strict=True):
                values[k] = x
        self.before.run(values)
        m = 0 if lanes is None else lanes.shape[1]
        found = np.empty((len(self.lane_results), m), dtype=self.numbers)
        if lanes is not None:
            self._run_lanes(values, lanes, found)
        self.after.run(values)
        return np.asarray(values, float)[self.shared_results], found

    def _run_lanes(self, values: list[Any], lanes: Array | Rows, found: Array) -> None:
        """Run the lanes block by block; leave the sums over them in `values`."""
        m = lanes.shape[1]
        count = -(-m // self.width)  # of blocks, all of about the same width
        width = -(-m // max(1, count))
        try:
            block = self.idle.pop()
        except IndexError:  # none, or another thread was quicker
            block = self._block(width)
        if block.width != width:
            block = self._block(width)
        block.take_shared(values)
        totals = np.zeros(len(block.sums))
        with np.errstate(all="ignore"):
            for start in range(0, m, width or 1):
                stop = min(start + width, m)
                if not block.sums:  # then lanes may be run twice
                    start = stop - width
                if stop - start < width:  # the last one is narrower
                    narrow = self._block(stop - start)
                    narrow.take_shared(values)
                    narrow.run(lanes[:, start:stop], found[:, start:stop], totals)
                else:
                    block.run(lanes[:, start:stop], found[:, start:stop], totals)
        for k, total in zip(block.sums, totals.tolist(), strict=True):
            values[k] = total
        self.idle.append(block)

    def _block(self, width: int) -> Block:
        found = self.program, self.times, self.allocation
        return Block(*found, width, exact=self.exact, numbers=self.numbers)


def _in_order(program: Program) -> Allocation:
    """Return the order of execution of a program without lanes; its floats need no registers."""
    return Allocation(np.flatnonzero(program.codes > CONSTANT).tolist(), [], [], [], 0, 0)
