"""`Variant`: one way through a function, as a program and what runs it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import units_in
from autograd_mini.compiler.executors import make_executor
from autograd_mini.compiler.lanes import sum_lanes, sums_inward
from autograd_mini.compiler.listing import Listing
from autograd_mini.compiler.passes import TIDY, Pass, fuse
from autograd_mini.compiler.plan import Plan
from autograd_mini.compiler.program import LANE
from autograd_mini.compiler.rows import Rows
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.record import Record
from autograd_mini.ops.random import source_of

Array = npt.NDArray[Any]


class Variant:
    """One way through the function, as a program.

    Attributes:
        record: what the trace gave.
        listing: how the program came about.
        executor: what runs it.
        always: whether there is no other way as long as the objects around stay: no comparison.

    Args:
        setup: how the function is compiled.
        aim: what is computed.
        plan: the layout of the arguments.
        record: what the trace gave.
        part: whether it is for some of the lanes, also where it has no comparison.
    """

    def __init__(
        self, setup: Setup, aim: Aim, plan: Plan, record: Record, *, part: bool = False
    ) -> None:
        self.record, self.tree, self.around = record, record.tree, record.around
        units = [*units_in(self.tree)]
        self.sizes = [np.size(unit) for unit in units] if aim.mode != "gradient" else [1]
        summed = [setup.reduction is not None] * len(self.sizes)
        for i in (i for position in aim.argnums for i in plan.units_of(position)):
            self.sizes.append(plan.sizes[i])
            summed.append(setup.reduction is not None and plan.axes[i] is None)
        passes: list[Pass] = [*TIDY]
        self._alike = aim.mode == "hessian"  # the lanes are products of one Hessian
        self._mean = mean = setup.reduction == "mean"
        part = part or bool(record.program.guards)
        self._counts = 0 if setup.reduction is None else 1 + (mean and part)  # the last inputs
        draws = 0 if plan.batched else sum(math.prod(draw.shape) for draw in record.draws)
        self.more = draws + len(record.captured) + self._counts
        if self._counts:
            each = [own for own, size in zip(summed, self.sizes, strict=True) for _ in range(size)]
            passes.append(partial(sum_lanes, summed=each, mean=mean, part=part))
            if not setup.exact:
                passes.append(partial(sums_inward, mean=mean, part=part))
        passes.append(fuse)
        self.batched = plan.batched
        self.listing = Listing(record.program, passes)
        program = self.listing.final
        self.executor = make_executor(program, setup.engine, setup.exact)
        in_lanes = program.times[[*program.results]] == LANE
        expected = np.array([guard.expected for guard in program.guards], dtype=bool)
        self.spans = self._spans(in_lanes, summed)
        are_vectors = all(is_vector for is_vector, _, _ in self.spans)
        self.vectors = [where for _, _, where in self.spans] if are_vectors else None
        guards = in_lanes[len(program.outputs) :]
        self.shared_guards = expected[~guards].tolist()
        self.lane_guards = expected[guards, np.newaxis]
        self.always = not program.guards

    def inputs(
        self,
        plan: Plan,
        units: Sequence[Any],
        lanes: Array | Rows | None,
        m: int,
        which: Array | None = None,
    ) -> tuple[Array, Array | Rows | None]:
        """Return the inputs of a run: what all lanes share, and what each has for itself.

        Args:
            plan: the layout of the arguments.
            units: the numbers in them.
            lanes: what each lane that takes part has of them.
            m: the number of all lanes.
            which: those that take part; None for all.
        """
        shared = plan.shared(units, self.more)
        captured = self.record.captured
        if captured:
            stop = len(shared) - self._counts
            shared[stop - len(captured) : stop] = [node.primal for node in captured]
        self.count(shared, m if which is None else len(which), m)
        if self.record.draws:
            drawn = []
            for draw in self.record.draws:
                shape = (1 if self._alike else m, *draw.shape)
                ones = source_of(draw.rng).random(shape) < draw.keep_prob
                rows = np.broadcast_to(ones, (m, *draw.shape)).reshape(m, -1)
                drawn.append(rows.T if which is None else rows[which].T)
            if plan.batched:
                rows = np.concatenate(drawn if lanes is None else [lanes, *drawn], dtype=float)
                lanes = np.ascontiguousarray(rows)
            else:
                start = len(shared) - self.more
                ones = np.concatenate(drawn)[:, 0]
                shared[start : start + len(ones)] = ones
        return shared, lanes

    def count(self, shared: Array, taking_part: int, m: int) -> None:
        """Write into the inputs how many of m lanes the program is run for, where it counts."""
        if self._counts == 2:
            shared[-2:] = m, taking_part / m
        elif self._counts:
            shared[-1] = m if self._mean else taking_part

    def holds(self, shared: Array, rows: Array, m: int) -> Array:
        """Return for each lane whether the comparisons came out as they did in the trace."""
        first = len(shared) - len(self.shared_guards)
        if (shared[first:] != 0.0).tolist() != self.shared_guards:
            return np.zeros(m, dtype=bool)
        if not len(self.lane_guards):
            return np.ones(m, dtype=bool)
        found = rows[len(rows) - len(self.lane_guards) :] != 0.0
        return (found == self.lane_guards).all(axis=0)

    def _spans(self, in_lanes: Array, summed: Sequence[bool]) -> list[tuple[bool, Array, Any]]:
        """Return for each block whether it is one of sums, and where its numbers are found."""
        places = np.where(in_lanes, np.cumsum(in_lanes), np.cumsum(~in_lanes)) - 1
        spans, start = [], 0
        for is_summed, size in zip(summed, self.sizes, strict=True):
            own = slice(start, start + size)
            is_vector = is_summed or not self.batched
            where: Any = places[own]
            if is_vector or in_lanes[own].all():  # they follow one another
                where = slice(where[0], where[0] + size) if size else slice(0, 0)
            spans.append((is_vector, in_lanes[own], where))
            start += size
        return spans

    def blocks(self, shared: Array, rows: Array, m: int) -> list[Array]:
        """Return the results in blocks: vectors of sums, and of the others a row a number.

        Args:
            shared: the results that all lanes share.
            rows: those of each lane.
            m: the number of lanes.
        """
        if self.vectors is not None:
            return [shared[where] for where in self.vectors]
        blocks = []
        for is_vector, in_lanes, where in self.spans:
            if where.__class__ is slice:
                blocks.append(shared[where] if is_vector else rows[where])
                continue
            block = np.empty((len(where), m))
            block[in_lanes] = rows[where[in_lanes]]
            block[~in_lanes] = shared[where[~in_lanes], np.newaxis]
            blocks.append(block)
        return blocks
