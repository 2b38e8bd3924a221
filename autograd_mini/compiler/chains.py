"""Chains: a sum of products, as of a neuron, made one instruction.

The interpreter keeps the sum in the processor's registers from term to term. For NumPy it is one
matrix product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.compiler.edits import arranged, extended, rewritten
from autograd_mini.compiler.machine import CODES, MULTIPLY_ADD, Operation
from autograd_mini.compiler.program import BEFORE, LANE, Constant, Numbers, Program
from autograd_mini.ops import elementwise as e


def _multiply_adds(a: Any, *factors: Any) -> Any:
    for w, x in zip(factors[::2], factors[1::2], strict=True):
        a = w * x + a
    return a


MULTIPLY_ADDS = Operation("multiply_adds", _multiply_adds, _multiply_adds)
"""a + w x + w' x' ... of the operands (a, w, x, w', x' ...); for lanes, each w is shared."""

LONGEST = 16  # terms: the operands of a chain must live until its end

NOTHING = Constant(-0.0)
"""What a chain begins with that has nothing but products: -0 + x is x, whatever x is."""


def merge_chains(program: Program, *, in_order: bool = True, lanes_only: bool = False) -> Program:
    """Return the program with a chain in the place of its last link.

    A chain of lanes that begins with a product has that as its first term.

    Args:
        program: one in which multiplications are fused with additions.
        in_order: add in the order of the program, so that no bit changes; else what all lanes share
            is added first, as the bias of a neuron.
        lanes_only: leave those as they are that are not computed for each lane.
    """
    times, uses = program.times, program.uses
    link, w, x, a = _links(program, lanes_only)
    if not link.size:
        return program
    ends = _shared_first(*program.ends, times)
    of_both = (times == LANE) & (times[ends[0]] != LANE) & (times[ends[1]] == LANE)
    is_product = program.of(e.multiply) & of_both & (uses == 1)
    before = np.minimum(np.searchsorted(link, a), len(link) - 1)  # the link that a may be
    goes_on = (link[before] == a) & (uses[a] == 1) & (times[a] == times[link])
    chain: list[int] = []  # of each link: the first one of its chain
    place: list[int] = []  # and how many terms there are up to it
    for j, (i, links) in enumerate(zip(before.tolist(), goes_on.tolist(), strict=True)):
        extends = links and place[i] < LONGEST
        chain.append(chain[i] if extends else j)
        place.append(place[i] + 1 if extends else 1 + is_product[a[j]])

    order = np.lexsort((place, chain))
    is_first = np.diff(np.array(chain)[order], prepend=-1) > 0
    first, last = np.flatnonzero(is_first), order[np.append(is_first[1:], True)]
    start, result = a[order[first]], link[last]
    begins = is_product[start]  # with a product, which becomes a term
    product, dropped = start[begins], np.concatenate([link[order], start[begins]])
    start[begins] = nothing = len(times)
    if not in_order:
        added = np.full(len(times), -1)  # by position where something shared is added to a value
        is_sum = program.of(e.add) & of_both
        added[ends[1][is_sum]] = np.flatnonzero(is_sum)
        has_bias = begins & (added[result] >= 0) & (uses[result] == 1)
        result[has_bias] = added[result[has_bias]]
        start[has_bias] = ends[0][result[has_bias]]

    longer = extended(program, [NOTHING], program.outputs)
    longer.times = np.append(times, BEFORE)
    heads = np.column_stack([start, start, start])
    heads[begins, 1:] = np.column_stack([ends[0][product], ends[1][product]])
    factors = np.column_stack([w[order], x[order]]).ravel()
    merged = rewritten(
        longer,
        result,
        np.full(len(result), CODES[MULTIPLY_ADDS]),
        1 + 2 * np.array(place)[last],
        np.insert(
            factors,
            np.repeat(2 * first, 1 + 2 * begins),
            heads[np.column_stack([begins | True, begins, begins])],
        ),
    )
    kept = np.ones(len(times) + 1, bool)
    kept[dropped], kept[result], kept[nothing] = False, True, np.any(start == nothing)
    return arranged(merged, np.roll(np.flatnonzero(kept), kept[nothing]))


def _links(program: Program, lanes_only: bool) -> tuple[Numbers, ...]:
    """Return the positions of the multiply-adds of chains, and of their operands w, x and a."""
    times = program.times
    link = np.flatnonzero(program.of(MULTIPLY_ADD) & ((times == LANE) | (not lanes_only)))
    w, x, a = program.operands[program.starts[link] + np.arange(3)[:, np.newaxis]]
    w, x = _shared_first(w, x, times)
    usable = (times[link] != LANE) | ((times[w] != LANE) & (times[x] == LANE))
    return link[usable], w[usable], x[usable], a[usable]


def _shared_first(x: Numbers, y: Numbers, times: Numbers) -> tuple[Numbers, Numbers]:
    """Return pairs of operands, of which one that each lane has comes last."""
    swapped = times[x] == LANE
    return np.where(swapped, y, x), np.where(swapped, x, y)
