"""Chains: multiply-adds into one accumulator, as of a neuron, made one instruction.

The interpreter keeps the accumulator in the processor's registers from term to term; each sum is
still taken in its order, so that no bit changes. For NumPy it is one matrix product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.compiler.edits import arranged, rewritten
from autograd_mini.compiler.machine import CODES, MULTIPLY_ADD, Operation
from autograd_mini.compiler.program import LANE, Program


def _multiply_adds(a: Any, *factors: Any) -> Any:
    for w, x in zip(factors[::2], factors[1::2], strict=True):
        a = w * x + a
    return a


MULTIPLY_ADDS = Operation("multiply_adds", _multiply_adds, _multiply_adds)
"""a + w x + w' x' ... of the operands (a, w, x, w', x' ...); for lanes, each w is shared."""

LONGEST = 16  # terms: the operands of a chain must live until its end


def merge_chains(program: Program, *, lanes_only: bool = False) -> Program:
    """Return the program with a chain in the place of its last link.

    Args:
        program: one in which multiplications are fused with additions.
        lanes_only: leave those as they are that are not computed for each lane.
    """
    times = program.times
    link = np.flatnonzero(program.of(MULTIPLY_ADD) & ((times == LANE) | (not lanes_only)))
    w, x, a = program.operands[program.starts[link] + np.arange(3)[:, np.newaxis]]
    w, x = np.where(times[w] == LANE, (x, w), (w, x))
    usable = (times[link] != LANE) | ((times[w] != LANE) & (times[x] == LANE))
    link, w, x, a = link[usable], w[usable], x[usable], a[usable]
    if not link.size:
        return program

    before = np.minimum(np.searchsorted(link, a), len(link) - 1)  # the link that a may be
    goes_on = (link[before] == a) & (program.uses[a] == 1) & (times[a] == times[link])
    chain: list[int] = []  # of each link: the first one of its chain
    place: list[int] = []  # and how many there are up to it
    for j, (i, links) in enumerate(zip(before.tolist(), goes_on.tolist(), strict=True)):
        extends = links and place[i] < LONGEST
        chain.append(chain[i] if extends else j)
        place.append(place[i] + 1 if extends else 1)

    order = np.lexsort((place, chain))
    places = np.array(place)[order]
    first, is_last = np.flatnonzero(places == 1), np.append(places[1:] == 1, True)
    last = order[is_last]
    factors = np.column_stack([w[order], x[order]]).ravel()
    merged = rewritten(
        program,
        link[last],
        np.full(len(last), CODES[MULTIPLY_ADDS]),
        1 + 2 * places[is_last],
        np.insert(factors, 2 * first, a[order[first]]),
    )
    return arranged(merged, np.delete(np.arange(len(times)), link[order[~is_last]]))
