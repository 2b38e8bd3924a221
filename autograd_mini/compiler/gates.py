"""Gates: a comparison and the product with it, as in the derivative of relu, made one instruction.

The result of the comparison then needs no register until the sweep comes to it, so that the working
set is smaller.
"""

from __future__ import annotations

import numpy as np

from autograd_mini.compiler.edits import arranged, rewritten
from autograd_mini.compiler.machine import CODES, Operation
from autograd_mini.compiler.program import LANE, Constant, Program
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.activations import relu

GATE = Operation("gate", lambda x, y, z: (x > y) * z)
"""(x > y) z, for each lane; y is shared by them."""


def merge_gates(program: Program) -> Program:
    """Return the program with a gate in the place of each product with a comparison of its own.

    Whether x is positive, is asked of relu(x) where there is one: the sweep needs that anyway.
    """
    in_lanes, (first, last) = program.times == LANE, program.ends
    is_open = program.of(e.greater) & in_lanes[first] & ~in_lanes[last] & (program.uses == 1)
    k = np.flatnonzero(program.of(e.multiply) & (is_open[first] | is_open[last]))
    comparison = np.where(is_open[first[k]], first[k], last[k])
    z = np.where(is_open[first[k]], last[k], first[k])
    k, comparison, z = (found[in_lanes[z]] for found in (k, comparison, z))
    if not k.size:
        return program
    x, y = first[comparison], last[comparison]
    with_relu = np.arange(len(in_lanes))
    relus = np.flatnonzero(program.of(relu))
    with_relu[first[relus]] = relus
    is_zero = np.isin(y, [j for j in program.constants if program.details[j] == Constant(0.0)])
    x = np.where(is_zero & (with_relu[x] < k), with_relu[x], x)
    codes, counts = np.full(len(k), CODES[GATE]), np.full(len(k), 3)
    merged = rewritten(program, k, codes, counts, np.column_stack([x, y, z]).ravel())
    return arranged(merged, np.delete(np.arange(len(in_lanes)), comparison))
