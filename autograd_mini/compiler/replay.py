"""Replays: the programs that a function became for arguments of one form, and their runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.arguments import taken, units_in
from autograd_mini.compiler.executors import Engine, make_executor
from autograd_mini.compiler.lanes import Reduction, sum_lanes, sums_inward
from autograd_mini.compiler.listing import Listing
from autograd_mini.compiler.passes import TIDY, Pass, fuse
from autograd_mini.compiler.plan import Plan
from autograd_mini.compiler.program import LANE, binding_times
from autograd_mini.compiler.tracing.derivatives import Aim
from autograd_mini.compiler.tracing.record import Record, recorded
from autograd_mini.errors import ShapeError, VariantError
from autograd_mini.tape import Node
from autograd_mini.threads import pause_collector, resume_collector

Array = npt.NDArray[Any]

KEPT = 8
"""So many ways through a function are kept for arguments of one form."""

TRIED = 64
"""So many are looked for in one call."""


class Setup(NamedTuple):
    """How a function is compiled.

    Attributes:
        f: the function.
        engine: which executor.
        exact: whether every bit is to be as the eager engine has it.
        in_axes: for each argument along which axis its lanes lie, None where they share it; None
            for a function of one sample.
        reduction: what is made of the lanes: their sum or mean, or None.
        kind: of the nodes that reach the function; None for Tensors if an argument holds one.
    """

    f: Callable[..., Any]
    engine: Engine
    exact: bool
    in_axes: tuple[int | None, ...] | int | None
    reduction: Reduction | None
    kind: type[Node] | None = None


class Replay:
    """A function for arguments of one form: its variants, each one way through it.

    Args:
        setup: how it is compiled.
        aim: what is computed.
        plan: the layout of the arguments.

    Attributes:
        of_nodes: whether there are nodes among the arguments.
    """

    of_nodes = False

    def __init__(self, setup: Setup, aim: Aim, plan: Plan) -> None:
        self.setup, self.aim, self.plan = setup, aim, plan
        self.chosen = [i for position in aim.argnums for i in self.plan.units_of(position)]
        self.variants: list[Variant] = []  # the one that was used last comes first

    def __call__(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any]
    ) -> tuple[Any, list[Array]]:
        """Return what the function returned when it was traced, and the results.

        The results come in blocks, one for each unit of what is computed: vectors of sums, and of
        what each lane has for itself a row a number.

        Args:
            args: the arguments.
            settings: the keyword arguments.
            units: the numbers in them.
        """
        lanes, m = self.plan.by_lane(units)
        variants = self.variants  # other threads put another list in its place
        if variants and variants[0].always and variants[0].around.hold():
            variant = variants[0]
            results = variant.executor(*variant.inputs(self.plan, units, lanes, m))
            return variant.tree, variant.blocks(*results, m, m)
        parts = [*self._parts(args, settings, units, lanes, m)]
        if len(parts) == 1:
            variant, _, blocks = parts[0]
            return variant.tree, blocks
        if len({taken(variant.tree, []) for variant, _, _ in parts}) > 1:
            raise ShapeError(
                "lanes took different ways through the function, and what it returned on those is "
                "not alike: the same structure, shapes and texts are needed in all lanes"
            )
        joined = []
        for own in zip(*(blocks for _, _, blocks in parts), strict=True):
            if own[0].ndim == 1:  # sums
                joined.append(np.sum(own, axis=0))
                continue
            whole = np.empty((len(own[0]), m))
            for (_, which, _), block in zip(parts, own, strict=True):
                whole[:, which] = block
            joined.append(whole)
        return parts[0][0].tree, joined

    def _parts(
        self,
        args: Sequence[Any],
        settings: Mapping[str, Any],
        units: Sequence[Any],
        lanes: Array | None,
        m: int,
    ) -> Iterator[tuple[Variant, Array, list[Array]]]:
        """Yield variants with the lanes that took each, and what it computed for those."""
        which = np.arange(m)
        tried: set[int] = set()
        while True:
            variant = next(
                (v for v in self.variants if id(v) not in tried and v.around.hold()), None
            )
            if variant is None:
                if len(tried) > TRIED:
                    raise VariantError(
                        f"the function took more than {TRIED} different ways in one call. Each "
                        "comparison is one, also those that np.max, np.maximum, np.clip, np.sort "
                        "make on object arrays of Values: use am.maximum, am.where and the like in "
                        "place of those and of Python's if, and do not read numbers by float(...)"
                    )
                variant = self._trace(args, settings, units, int(which[0]))
                fresh = True
            else:
                fresh = False
            tried.add(id(variant))
            shared, rows = variant.inputs(self.plan, units, lanes, len(which))
            results = variant.executor(shared, rows)
            holds = variant.holds(*results, len(which))
            if holds.all():
                self._used(variant)
                yield variant, which, variant.blocks(*results, len(which), m)
                return
            if fresh and not holds[0]:
                raise VariantError(
                    "a replay of the function took another way than the function itself just did: "
                    "it is random, or it depends on something besides its arguments that changes"
                )
            if holds.any():
                assert lanes is not None
                own = shared, None if rows is None else rows[:, holds]
                if variant.counted:
                    own[0][-1] = np.sum(holds)
                done = variant.executor(*own)
                yield variant, which[holds], variant.blocks(*done, int(np.sum(holds)), m)
                which, lanes = which[~holds], lanes[:, ~holds]

    def _trace(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any], lane: int
    ) -> Variant:
        pause_collector()
        try:
            numbers = [*self.plan.one_lane(units, lane)]
            record = recorded(self.setup.f, self.aim, self.plan, args, settings, numbers)
            variant = Variant(self.setup, self.aim, self.plan, record)
        finally:
            resume_collector()
        self.variants = [variant, *self.variants[: KEPT - 1]]
        return variant

    def _used(self, variant: Variant) -> None:
        if self.variants[0] is not variant:
            self.variants = [variant, *(v for v in self.variants if v is not variant)]


class Variant:
    """One way through the function, as a program.

    Attributes:
        record: what the trace gave.
        listing: how the program came about.
        executor: what runs it.
        always: whether there is no other way as long as the objects around stay: no comparison.
        counted: whether the last input is the number of lanes.
    """

    def __init__(self, setup: Setup, aim: Aim, plan: Plan, record: Record) -> None:
        self.record, self.tree, self.around = record, record.tree, record.around
        units = [*units_in(self.tree)]
        self.sizes = [np.size(unit) for unit in units] if aim.mode != "gradient" else [1]
        summed = [setup.reduction is not None] * len(self.sizes)
        for i in (i for position in aim.argnums for i in plan.units_of(position)):
            self.sizes.append(plan.sizes[i])
            summed.append(setup.reduction is not None and plan.axes[i] is None)
        passes: list[Pass] = [*TIDY]
        self.counted = setup.reduction is not None
        if self.counted:
            each = [own for own, size in zip(summed, self.sizes, strict=True) for _ in range(size)]
            passes.append(partial(sum_lanes, summed=each))
            if not setup.exact:
                passes.append(sums_inward)
        passes.append(fuse)
        self.batched = plan.batched
        self.listing = Listing(record.program, passes)
        program = self.listing.final
        self.executor = make_executor(program, setup.engine, setup.exact)
        times = binding_times(program)
        in_lanes = np.array([times[k] == LANE for k in program.results], dtype=bool)
        expected = np.array([guard.expected for guard in program.guards], dtype=bool)
        self.spans = self._spans(in_lanes, summed)
        guards = in_lanes[len(program.outputs) :]
        self.shared_guards, self.lane_guards = expected[~guards], expected[guards]
        self.always = not program.guards
        self.mean = setup.reduction == "mean"

    def inputs(
        self, plan: Plan, units: Sequence[Any], lanes: Array | None, m: int
    ) -> tuple[Array, Array | None]:
        """Return the inputs of a run: what all lanes share, and what each has for itself."""
        more: list[float] = []  # that all lanes share
        if self.record.draws:
            drawn = []
            for draw in self.record.draws:
                ones = draw.rng.random((m, *draw.shape)) < draw.keep_prob
                drawn.append(ones.reshape(m, -1).T)
            if plan.batched:
                lanes = np.concatenate(drawn if lanes is None else [lanes, *drawn], dtype=float)
            else:
                more += np.concatenate(drawn)[:, 0].tolist()
        if self.record.captured:
            more += [node.primal for node in self.record.captured]
        if self.counted:
            more.append(m)
        shared = plan.shared(units, len(more))
        if more:
            shared[len(shared) - len(more) :] = more
        return shared, lanes

    def holds(self, shared: Array, rows: Array, m: int) -> Array:
        """Return for each lane whether the comparisons came out as they did in the trace."""
        first = len(shared) - len(self.shared_guards)
        if not np.array_equal(shared[first:] != 0.0, self.shared_guards):
            return np.zeros(m, dtype=bool)
        if not len(self.lane_guards):
            return np.ones(m, dtype=bool)
        found = rows[len(rows) - len(self.lane_guards) :] != 0.0
        return (found == self.lane_guards[:, np.newaxis]).all(axis=0)

    def _spans(self, in_lanes: Array, summed: Sequence[bool]) -> list[tuple[bool, Array, Any]]:
        """Return for each block whether it is one of sums, and where its numbers are found."""
        rows = np.where(in_lanes, np.cumsum(in_lanes), np.cumsum(~in_lanes)) - 1
        spans, start = [], 0
        for is_summed, size in zip(summed, self.sizes, strict=True):
            own = slice(start, start + size)
            is_vector = is_summed or not self.batched
            where: Any = rows[own]
            if is_vector:
                where = slice(where[0], where[0] + size) if size else slice(0, 0)
            spans.append((is_vector, in_lanes[own], where))
            start += size
        return spans

    def blocks(self, shared: Array, rows: Array, m: int, total: int) -> list[Array]:
        """Return the results in blocks: vectors of sums, and of the others a row a number.

        Args:
            shared: the results that all lanes share.
            rows: those of each lane.
            m: the number of lanes.
            total: the number of all lanes, by which a sum is divided to be a mean.
        """
        if self.mean:
            shared = shared / total
            rows = rows / total if rows.size else rows
        blocks = []
        for is_vector, in_lanes, where in self.spans:
            if is_vector:
                blocks.append(shared[where])
                continue
            block = np.empty((len(where), m))
            block[in_lanes] = rows[where[in_lanes]]
            block[~in_lanes] = shared[where[~in_lanes], np.newaxis]
            blocks.append(block)
        return blocks


def axes_of(
    in_axes: tuple[int | None, ...] | int | None, args: Sequence[Any], aim: Aim
) -> Sequence[int | None] | None:
    """Return along which axis the lanes of each argument lie; those of a vector as its argument's.

    Raises:
        ShapeError: `in_axes` is not for so many arguments.
    """
    if in_axes is None:
        if aim.mode != "hessian":
            return None
        in_axes = (None,) * (len(args) - aim.vectors)
    count = len(args) - aim.vectors
    axes: list[int | None] = [in_axes] * count if isinstance(in_axes, int) else [*in_axes]
    if len(axes) != count:
        raise ShapeError(f"in_axes has {len(axes)} entries for {count} arguments")
    if aim.mode == "hessian":
        return axes + [0] * aim.vectors
    return axes + [axes[position] for position in aim.argnums] * (aim.vectors > 0)
