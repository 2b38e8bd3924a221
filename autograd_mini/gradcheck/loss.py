"""The loss that is checked: how it is called, what it must be, and the pieces that it took."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.errors import LossError
from autograd_mini.gradcheck.probes import Step, moved
from autograd_mini.gradcheck.vectors import Vector
from autograd_mini.tape import Node, linearise, primal


def takes_parameters(f: Callable[..., Any]) -> bool:
    """Return whether a function has an argument that must be given.

    Raises:
        LossError: it is no function.
    """
    if not callable(f):
        raise LossError(
            f"the loss must be a function that computes it anew, got {type(f).__name__}: give "
            "lambda: ... around the expression"
        )
    return any(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in inspect.signature(f).parameters.values()
    )


def call(f: Callable[..., Any], params: Any) -> Any:
    """Call a loss that takes no arguments, or one that takes the parameters."""
    return f(params) if takes_parameters(f) else f()


def at_ends(f: Callable[..., Any], params: Any, step: Step) -> list[Vector]:
    """Return what a function gives at the two probes of a step."""
    found = []
    for end in (0, 1):
        with moved(step, end):
            found.append(np.array(primal(call(f, params))))
    return found


def check_loss(loss: Callable[..., Any], params: Any) -> float:
    """Return the value of the loss after checking that it can be probed at all."""
    output = call(loss, params)
    value, again = (np.asarray(primal(x)) for x in (output, call(loss, params)))
    if value.size != 1:
        raise LossError(f"a loss must be one number, got shape {value.shape}; reduce it first")
    if not np.isfinite(value):
        raise LossError(f"the loss is {value.item()} at these parameters; it cannot be checked")
    tape = linearise([output]) if isinstance(output, Node) else []
    if value != again or any(node.primitive and not node.parents for node in tape):
        raise LossError(
            f"the loss is random: it gave {value.item()!r} and then {again.item()!r} for the same "
            "parameters. Switch dropout off (model.eval()), or draw what is random once, outside"
        )
    return float(value.item())


def recorded(loss: Callable[..., Any], params: Any, nodes: Sequence[Node]) -> Node:
    """Return the loss as a node that a sweep can start from.

    Raises:
        LossError: the loss, or the parameters, are on no tape.
    """
    output = call(loss, params)
    if not nodes or not isinstance(output, Node) or (output.is_leaf and output not in set(nodes)):
        raise LossError(
            "there is nothing to sweep: the parameters or the loss are plain numbers, or the loss "
            "was computed under no_grad() or detached. Make the parameters nodes, or pass the "
            "gradients to check: gradients=..."
        )
    return output


def sides(output: Any, params: Sequence[Node]) -> list[tuple[str, bytes]]:
    """Return the operations on the tape, each with the side that it took where it is piecewise.

    The operations themselves differ where Python code branched, and the parameters that the tape
    reaches where it picked one of them, as `max` of a list does.
    """
    positions = {node: str(position) for position, node in enumerate(params)}
    taken = []
    for node in linearise([output]) if isinstance(output, Node) else []:
        name, side = positions.get(node, "leaf"), b""
        if node.primitive is not None:
            name = node.primitive.name
            if node.primitive.sides is not None:
                operands = [primal(x) for x in node.parents]
                pieces = node.primitive.sides(*operands, **(node.params or {}))
                side = np.asarray(pieces).tobytes()
        taken.append((name, side))
    return taken
