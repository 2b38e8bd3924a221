"""Chains: multiply-adds into one accumulator, as of a neuron, made one instruction.

The accumulator then stays in the processor's registers from term to term. Each sum is still taken
in its order, so that no bit changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from autograd_mini.compiler.machine import MULTIPLY_ADD, Operation
from autograd_mini.compiler.passes import moved
from autograd_mini.compiler.program import LANE, Entry, Instruction, Program
from autograd_mini.compiler.registers import operands_of


def _multiply_adds(a: Any, *factors: Any) -> Any:
    for w, x in zip(factors[::2], factors[1::2], strict=True):
        a = w * x + a
    return a


MULTIPLY_ADDS = Operation("multiply_adds", _multiply_adds, _multiply_adds)
"""a + w x + w' x' ... of the operands (a, w, x, w', x' ...); for lanes, each w is shared."""

LONGEST = 16  # terms: the operands of a chain must live until its end
_EXTENSIBLE = range(3, 1 + 2 * LONGEST)  # numbers of operands of a chain with room for more


def merge_chains(program: Program, times: Sequence[int], *, lanes_only: bool = False) -> Program:
    """Return the program with a chain in the place of its last link.

    Args:
        program: one in which multiplications are fused with additions.
        times: when each value is computed, from `binding_times(program)`.
        lanes_only: leave those as they are that are not computed for each lane.
    """
    entries = program.entries
    uses = Counter(k for entry in entries for k in operands_of(entry))
    uses.update(program.results)
    chains: dict[int, list[int]] = {}  # by the position of the last link: its operands
    links: set[int] = set()  # all but the last ones
    for k, entry in enumerate(entries):
        if isinstance(entry, Instruction) and entry.operation is MULTIPLY_ADD:
            if lanes_only and times[k] != LANE:
                continue
            w, x, a = entry.operands
            if times[w] == LANE:
                w, x = x, w
            if times[k] == LANE and (times[w] == LANE or times[x] != LANE):
                continue
            chains[k] = [a, w, x]
            if uses[a] == 1 and times[a] == times[k] and len(chains.get(a, ())) in _EXTENSIBLE:
                chains[k] = [*chains.pop(a), w, x]
                links.add(a)

    merged: list[Entry] = []
    new: list[int] = []  # by old position; that of a link is not used
    for k, entry in enumerate(entries):
        new.append(len(merged))
        if k in chains:
            merged.append(Instruction(MULTIPLY_ADDS, tuple(new[j] for j in chains[k])))
        elif k not in links:
            merged.append(moved(entry, new) if isinstance(entry, Instruction) else entry)
    return program.with_results(merged, new)
