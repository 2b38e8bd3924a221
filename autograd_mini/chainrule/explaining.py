"""`explain`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.chainrule.explanation import Explanation
from autograd_mini.chainrule.paths import between, contracted, outputs_of_modules
from autograd_mini.chainrule.scalars import explain_scalars
from autograd_mini.chainrule.tensors import explain_tensors
from autograd_mini.chainrule.writer import Writer
from autograd_mini.errors import DataError, ExplanationError
from autograd_mini.sweep import make_seed, reverse
from autograd_mini.tape import Node, Tape


def explain(output: Any, wrt: Any, *, max_paths: int = 8, depth: int | None = None) -> Explanation:
    """Explain the derivative of `output` by `wrt`, factor by factor.

    For `Value`s each path from `wrt` to `output` is a line: the product of its local derivatives,
    as symbols, as formulas and as numbers. Factors of 1 and -1, which sums and differences have,
    are merged with their neighbours, so that (a − y)² has the one factor 2(a − y). ∂ is along one
    path; where there are several, d is the total derivative, the sum over all of them.

    For `Tensor`s each step of the reverse sweep is a line: dx stands for the derivative of the
    output by x, and is written in matrices, with the shape of each below it.

    Args:
        output: a scalar node, the end of the chain.
        wrt: the node to differentiate by.
        max_paths: as many paths get a line; the others are counted, and summed in one.
        depth: show no intermediate names but the outputs of modules and losses, that many levels
            down: at 1 an MLP as a whole, at 2 each of its layers.

    Returns:
        The explanation; its `total` is what `output.backward()` adds to `wrt.grad`.

    Raises:
        DataError: `output` or `wrt` is not a node.
        ExplanationError: the output is not a scalar, or does not depend on `wrt`.
        ValueError: `max_paths` or `depth` is less than 1.
    """
    check(output, wrt, max_paths, depth)
    graph = between(output, wrt)
    if not graph:
        raise ExplanationError(
            f"explain: the output was not computed from {wrt.name or 'the node'} given as wrt, so "
            "there is no derivative; give a node of its tape, output.tape() lists them"
        )
    cotangents = {node: bar for node, bar in reverse({output: make_seed(output)}) if node in graph}
    if depth is not None:
        graph = contracted(graph, outputs_of_modules(graph, output, depth) | {wrt})
    writer = Writer(Tape(output), depth)
    if output.rank == 1:
        return explain_scalars(graph, output, wrt, cotangents[wrt], writer, max_paths)
    return explain_tensors(graph, output, wrt, cotangents, writer)


def check(output: Any, wrt: Any, max_paths: int, depth: int | None) -> None:
    """Raise what `explain` raises for arguments that it cannot use."""
    for role, x in (("output", output), ("wrt", wrt)):
        if not isinstance(x, Node):
            remedy = "; pick one of its elements" if isinstance(x, np.ndarray | list) else ""
            raise DataError(f"explain: {role} must be a node, got {type(x).__name__}{remedy}")
    if np.size(output.primal) != 1:
        raise ExplanationError(
            f"explain: the output has shape {np.shape(output.primal)} and must be a scalar; make "
            "it one, as in explain(output.sum(), wrt)"
        )
    if max_paths < 1:
        raise ValueError(f"explain: max_paths must be at least 1, got {max_paths}")
    if depth is not None and depth < 1:
        raise ValueError(f"explain: depth must be at least 1, got {depth}")
