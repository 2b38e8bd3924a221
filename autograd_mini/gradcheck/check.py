"""`check_gradients`: is this gradient right?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_mini.errors import GradientError, LossError, ParameterError, ShapeError
from autograd_mini.gradcheck.numerical import Method, Step, call, difference, moved, probe_steps
from autograd_mini.gradcheck.report import Component, GradientReport
from autograd_mini.gradcheck.vectors import (
    Vector,
    entry_dtype,
    gradients_to_vector,
    named_entries,
    nodes_of,
)
from autograd_mini.sweep import make_seed, reverse
from autograd_mini.tape import Node, linearise, primal
from autograd_mini.value import data

THRESHOLDS = {2: 1e-1, 4: 1e-3, 8: 1e-7}
"""What relative difference is right, by the size of the floating-point type in bytes."""


def check_gradients(
    loss: Callable[..., Any],
    params: Any,
    *,
    gradients: Any = None,
    method: Method = "two-sided",
    eps: float | None = None,
    threshold: float | None = None,
) -> GradientReport:
    """Compare the gradient dθ of a loss with its numerical approximation, parameter by parameter.

    difference = ‖dθ - dθ_approx‖₂ / (‖dθ‖₂ + ‖dθ_approx‖₂), and 0 where both are zero. A component
    whose two probes lie on two sides of a kink (of relu, abs, max ...) has no derivative that
    differences could find; it is listed and left out.

    Args:
        loss: builds the loss; it must give the same value each time, so dropout must be off.
        params: what to differentiate by; left exactly as it was, `.grad` included.
        gradients: hand-written gradients to check, shaped like `params`; by default those of a
            reverse sweep.
        method: "two-sided", (J(θ+ε) - J(θ-ε)) / 2ε, or "one-sided", (J(θ+ε) - J(θ)) / ε.
        eps: the step; by default chosen for each component, see `numerical_gradient`.
        threshold: below it the gradient is right; by default 1e-7 for float64, 0.001 for float32
            and 0.1 for float16. Above 10⁴ times as much, or 0.1, it is wrong; in between, look
            closer.

    Raises:
        LossError: the loss is random, not finite, not a scalar or, for a sweep, on no tape.
        ParameterError: there is no parameter.
        DataError: a parameter cannot be moved, being no node and no array of floats.
        ShapeError: `gradients` is not shaped like `params`.
    """
    entries = dict(named_entries(params))
    if not entries:
        raise ParameterError("there is no parameter to check")
    value = check_loss(loss, params)
    if gradients is None:
        analytic = swept_gradient(loss, params)
    else:
        analytic = matching_vector(gradients, params)
    steps = probe_steps(params, method, eps)
    numerical = np.array([difference(loss, params, step) for step in steps])
    if threshold is None:
        threshold = max(THRESHOLDS.get(entry_dtype(e).itemsize, 1e-7) for e in entries.values())

    # Rounding of J alone makes an error of this size; no smaller gradient can be told from zero.
    rounding = np.array([np.finfo(entry_dtype(entries[s.name])).eps / s.width for s in steps])
    noise = 8.0 * abs(value) * rounding
    with np.errstate(invalid="ignore"):  # inf - inf is no number, and no agreement
        error = np.abs(analytic - numerical)
    scale = np.linalg.norm(analytic) + np.linalg.norm(numerical)
    suspicious = error > np.maximum(noise, threshold * scale / math.sqrt(len(steps)))
    components = [
        Component(
            step.name,
            step.index,
            float(a),
            float(n),
            float(floor),
            bool(suspect) and across_a_kink(loss, params, step),
        )
        for step, a, n, floor, suspect in zip(
            steps, analytic, numerical, noise, suspicious, strict=True
        )
    ]
    return GradientReport(components, method, eps, threshold)


def assert_gradients(loss: Callable[..., Any], params: Any, **settings: Any) -> GradientReport:
    """Check as `check_gradients` does, for tests: return the report if the gradient is right.

    Raises:
        GradientError: the verdict is not "right"; the message is the report's table.
    """
    report = check_gradients(loss, params, **settings)
    if not report.passed:
        raise GradientError(f"\n{report}")
    return report


def across_a_kink(loss: Callable[..., Any], params: Any, step: Step) -> bool:
    """Return whether a piecewise primitive took different sides at the two probes."""
    nodes = [node for _, entry in named_entries(params) for node in nodes_of(entry)]
    taken = []
    for end in (0, 1):
        with moved(step, end):
            taken.append(sides(call(loss, params), nodes))
    return taken[0] != taken[1]


def sides(output: Any, params: list[Node]) -> list[tuple[str, bytes]]:
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


def swept_gradient(loss: Callable[..., Any], params: Any) -> Vector:
    """Return the gradient by a reverse sweep; no `.grad` is touched."""
    nodes = [node for _, entry in named_entries(params) for node in nodes_of(entry)]
    output = call(loss, params)
    if not nodes or not isinstance(output, Node) or (output.is_leaf and output not in set(nodes)):
        raise LossError(
            "there is nothing to sweep: the parameters or the loss are plain numbers, or the loss "
            "was computed under no_grad() or detached. Make the parameters nodes, or pass the "
            "gradients to check: gradients=..."
        )
    leaves = {node: z_bar for node, z_bar in reverse({output: make_seed(output)}) if node.is_leaf}
    parts = [np.ravel(leaves.get(node, np.zeros(np.shape(node.primal)))) for node in nodes]
    return np.concatenate(parts, dtype=np.float64)


def matching_vector(gradients: Any, params: Any) -> Vector:
    """Return hand-written gradients as a vector after checking that they fit the parameters."""
    if isinstance(gradients, Mapping):  # in another order they are the same gradients
        names = [name for name, _ in named_entries(params)]
        if gradients.keys() == set(names):
            gradients = [gradients[name] for name in names]
    shapes = [np.shape(data(entry)) for _, entry in named_entries(params)]
    given = [np.shape(primal(entry)) for _, entry in named_entries(gradients)]
    if shapes != given:
        raise ShapeError(f"the gradients have shapes {given}, the parameters {shapes}")
    return gradients_to_vector(gradients)
