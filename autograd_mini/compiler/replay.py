"""Replays: the programs that a function became for arguments of one form, and their runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import call
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import (
    in_structure,
    is_unit,
    returned,
    taken,
    units_in,
    whole_of,
    with_units,
)
from autograd_mini.compiler.plan import Plan
from autograd_mini.compiler.retracing import Traces
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.record import recorded
from autograd_mini.compiler.variant import Variant
from autograd_mini.errors import ShapeError, VariantError
from autograd_mini.ops.random import source_of, way_back
from autograd_mini.threads import pause_collector, resume_collector

Array = npt.NDArray[Any]

KEPT = 8
"""So many ways through a function are kept for arguments of one form."""

TRIED = 64
"""So many are looked for in one call."""


class Replay:
    """A function for arguments of one form: its variants, each one way through it.

    Args:
        setup: how it is compiled.
        aim: what is computed.
        plan: the layout of the arguments.

    Attributes:
        of_nodes: whether there are nodes among the arguments.
        traces: is told of each trace; those for all forms of arguments are counted together.
    """

    of_nodes = False

    def __init__(self, setup: Setup, aim: Aim, plan: Plan) -> None:
        self.setup, self.aim, self.plan = setup, aim, plan
        self.traces = Traces()
        self.variants: list[Variant] = []  # the one that was used last comes first
        self._makers = [
            maker(plan.shapes[i], plan.forms[i], plan.axes[i], rows=setup.rows_of(plan.axes[i]))
            for position in aim.argnums
            for i in plan.units_of(position)
        ]
        self._one_way = False  # whether all lanes went one in the last call: so may be the next one
        trees = [plan.example[0][position] for position in aim.argnums]
        self._whole = whole_of(trees[0], is_unit) if aim.single and trees else None

    def __call__(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any]
    ) -> Any:
        """Return what the aim asks for, in the structure that it has in the transforms.

        Args:
            args: the arguments, followed by the vector where there is one.
            settings: the keyword arguments.
            units: the numbers in them.
        """
        tree, blocks = self.blocks(args, settings, units)
        if self.aim.mode == "value":
            if tree.__class__ is float:  # most often
                return lanes_first(blocks[0], ())
            found = zip(units_in(tree), blocks, strict=True)
            results = (lanes_first(block, np.shape(z)) for z, block in found)
            return with_units(tree, results, returned)
        value = lanes_first(blocks.pop(0), ()) if self.aim.mode == "gradient" else None
        parts = map(call, self._makers, blocks)
        if self._whole is not None:
            derivative = self._whole(parts)
        else:
            derivative = in_structure(self.aim, args, parts)
        return derivative if self.aim.mode == "hvp" else (value, derivative)

    def blocks(
        self, args: Sequence[Any], settings: Mapping[str, Any], units: Sequence[Any]
    ) -> tuple[Any, list[Array]]:
        """Return what the function returned when it was traced, and the results.

        The results come in blocks, one for each unit of what is computed: vectors of sums, and of
        what each lane has for itself a row a number.
        """
        lanes, m = self.plan.by_lane(units)
        variants = self.variants  # other threads put another list in its place
        variant = variants[0] if variants else None
        expected = variant and (variant.always or (self._one_way and not variant.record.draws))
        if variant and expected and variant.around.hold():
            shared, rows = variant.inputs(self.plan, units, lanes, m)
            results = variant.executor(shared, rows)
            if variant.always or variant.holds(*results, m).all():
                return variant.tree, variant.blocks(*results, m)
        whole = None if lanes is None else np.asarray(lanes)
        parts = [*self._parts(args, settings, units, whole, m)]
        self._one_way = len(parts) == 1
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
        back: dict[int, Callable[[], None]] = {}  # to what generators were before, by their id
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
                variant = self._trace(args, settings, units, int(which[0]), part=len(which) < m)
                fresh = True
            else:
                fresh = False
            tried.add(id(variant))
            undone: list[Callable[[], None]] = []
            for i, rng in {id(draw.rng): draw.rng for draw in variant.record.draws}.items():
                undone.append(way_back(source_of(rng)))
                if i in back:  # each lane is given the same numbers on every way
                    back[i]()
                else:
                    back[i] = undone[-1]
            shared, rows = variant.inputs(self.plan, units, lanes, m, which)
            results = variant.executor(shared, rows)
            holds = variant.holds(*results, len(which))
            if holds.all():
                self._used(variant)
                yield variant, which, variant.blocks(*results, len(which))
                return
            if fresh and not holds[0]:
                raise VariantError(
                    "a replay of the function took another way than the function itself just did: "
                    "it is random, or it depends on something besides its arguments that changes"
                )
            if holds.any():
                assert lanes is not None
                own = shared, None if rows is None else np.asarray(rows).compress(holds, axis=1)
                variant.count(shared, int(np.sum(holds)), m)
                done = variant.executor(*own)
                yield variant, which[holds], variant.blocks(*done, int(np.sum(holds)))
                which, lanes = which[~holds], lanes.compress(~holds, axis=1)
            else:  # nothing was drawn for good
                for go_back in undone:
                    go_back()

    def _trace(
        self,
        args: Sequence[Any],
        settings: Mapping[str, Any],
        units: Sequence[Any],
        lane: int,
        *,
        part: bool,
    ) -> Variant:
        self.traces.begin(self.setup.f, self.aim, self.variants)
        pause_collector()
        try:
            numbers = [*self.plan.one_lane(units, lane)]
            record = recorded(self.setup.f, self.aim, self.plan, args, settings, numbers)
            variant = Variant(self.setup, self.aim, self.plan, record, part=part)
        finally:
            resume_collector()
        self.variants = [variant, *self.variants[: KEPT - 1]]
        return variant

    def _used(self, variant: Variant) -> None:
        if self.variants[0] is not variant:
            self.variants = [variant, *(v for v in self.variants if v is not variant)]


def maker(
    shape: tuple[int, ...], form: Callable[[Any], Any], axis: int | None, *, rows: bool
) -> Callable[[Array], Any]:
    """Return what makes the derivative by a unit out of its block.

    Args:
        shape: of the unit.
        form: what gives an array the form of the unit.
        axis: along which its lanes lie.
        rows: whether the block has one row a number, for each lane, and not one number.
    """
    if rows:
        return lambda block: np.moveaxis(lanes_first(block, shape), 0, axis or 0)
    if form is np.asarray:
        return lambda block: block if len(shape) == 1 else block.reshape(shape)
    return lambda block: form(lanes_first(block, shape))


def lanes_first(block: Array, shape: tuple[int, ...]) -> Any:
    """Return a block in the shape of what it belongs to, after the lanes where it has some."""
    if block.ndim == 2:
        return block.T.reshape((block.shape[1], *shape))
    return block.reshape(shape) if shape else block.item()
