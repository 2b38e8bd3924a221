"""Edits: what passes are made of, each a new program from an old one and a few calls of NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from autograd_mini.compiler.program import Entry, Guard, Numbers, Program


def arranged(program: Program, order: Numbers) -> Program:
    """Return a program with the entries at these positions alone, in this order."""
    new = np.full(len(program.codes), -1)
    new[order] = np.arange(len(order))
    counts = program.counts[order]
    operands = new[rows(program.operands, program.starts[order], counts)]
    places = new[[*program.details]].tolist()
    details = {k: x for k, x in zip(places, program.details.values(), strict=True) if k >= 0}
    results = program.results_at(new)
    after = Program.of_columns(program.codes[order], counts, operands, details, *results)
    after.times = program.times[order]
    return after


def rewritten(
    program: Program, positions: Numbers, codes: Numbers, counts: Numbers, operands: Numbers
) -> Program:
    """Return a program with other instructions, in columns, for the values at some positions."""
    new_codes, new_counts, starts = program.codes.copy(), program.counts.copy(), program.starts[:-1]
    new_codes[positions], new_counts[positions], starts = codes, counts, starts.copy()
    starts[positions] = len(program.operands) + np.cumsum(counts) - counts
    found = rows(np.append(program.operands, operands), starts, new_counts)
    results = program.outputs, program.guards
    after = Program.of_columns(new_codes, new_counts, found, program.details, *results)
    after.times = program.times
    return after


def replaced(program: Program, changed: Mapping[int, Entry]) -> Program:
    """Return a program with other entries at some positions."""
    if not changed:
        return program
    own = Program(changed.values(), ())
    positions = [*changed]
    after = rewritten(program, np.array(positions), own.codes, own.counts, own.operands)
    others = {k: x for k, x in program.details.items() if k not in changed}
    after.details = others | {positions[j]: x for j, x in own.details.items()}
    del after.times  # a constant may stand for an input that each lane had
    return after


def redirected(program: Program, moves: Mapping[int, int]) -> Program:
    """Return a program with the value at `moves[k]` used in the place of the same value at k."""
    if not moves:
        return program
    new = np.arange(len(program.codes))
    new[[*moves]] = [*moves.values()]
    columns = program.codes, program.counts, new[program.operands], program.details
    after = Program.of_columns(*columns, *program.results_at(new))
    after.times = program.times
    return after


def extended(program: Program, entries: Iterable[Entry], outputs: Iterable[int]) -> Program:
    """Return a program with more entries at its end, and other outputs."""
    more, n = Program(entries, ()), len(program.codes)
    return Program.of_columns(
        np.append(program.codes, more.codes),
        np.append(program.counts, more.counts),
        np.append(program.operands, more.operands),
        program.details | {n + k: x for k, x in more.details.items()},
        outputs,
        program.guards,
    )


def guarded_by(program: Program, guards: Iterable[Guard]) -> Program:
    """Return a program with these guards alone."""
    columns = program.codes, program.counts, program.operands, program.details
    return Program.of_columns(*columns, program.outputs, guards)


def rows(flat: Numbers, starts: Numbers, counts: Numbers) -> Numbers:
    """Return parts of an array one after the other: where each starts, and how long it is."""
    ends = np.cumsum(counts)
    return flat[np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)]
