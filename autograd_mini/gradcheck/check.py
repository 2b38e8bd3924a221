"""`check_gradients`: is this gradient right?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.errors import GradientError, LossError, ShapeError
from autograd_mini.gradcheck.numerical import Method, Step, call, difference, moved, probe_steps
from autograd_mini.gradcheck.report import Component, GradientReport
from autograd_mini.gradcheck.vectors import (
    Vector,
    entry_dtype,
    gradients_to_vector,
    named_entries,
)
from autograd_mini.sweep import backward
from autograd_mini.tape import Node, linearise, primal
from autograd_mini.value import data


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
        threshold: below it the gradient is right; by default 1e-7, for float32 1e-3. Above 10⁴
            times as much, and at most 0.1, it is wrong; in between, look closer.

    Raises:
        LossError: the loss is random, not finite or not a scalar.
        ShapeError: `gradients` is not shaped like `params`.
    """
    entries = dict(named_entries(params))
    value = check_loss(loss, params)
    if gradients is None:
        analytic = swept_gradient(loss, params)
    else:
        analytic = matching_vector(gradients, params)
    steps = probe_steps(entries, method, eps)
    numerical = np.array([difference(loss, params, step) for step in steps])
    if threshold is None:
        threshold = 1e-3 if any(entry_dtype(e) == np.float32 for e in entries.values()) else 1e-7

    # Rounding of J alone makes an error of this size; no smaller gradient can be told from zero.
    rounding = np.array([np.finfo(entry_dtype(entries[s.name])).eps / s.width for s in steps])
    noise = 8.0 * abs(value) * rounding
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
    taken = []
    for end in (0, 1):
        with moved(step, end):
            taken.append(sides(call(loss, params)))
    return taken[0] != taken[1]


def sides(output: Any) -> list[tuple[str, bytes]]:
    """Return which side every piecewise primitive on the tape took, element by element."""
    taken = []
    for node in linearise([output]) if isinstance(output, Node) else []:
        if node.primitive is not None and node.primitive.sides is not None:
            operands = [primal(x) for x in node.parents]
            side = node.primitive.sides(*operands, **(node.params or {}))
            taken.append((node.primitive.name, np.asarray(side).tobytes()))
    return taken


def check_loss(loss: Callable[..., Any], params: Any) -> float:
    """Return the value of the loss after checking that it can be probed at all."""
    output = call(loss, params)
    value, again = primal(output), primal(call(loss, params))
    if np.size(value) != 1:
        raise LossError(f"a loss must be one number, got shape {np.shape(value)}; reduce it first")
    if not np.isfinite(value):
        raise LossError(f"the loss is {float(value)} at these parameters; it cannot be checked")
    tape = linearise([output]) if isinstance(output, Node) else []
    if value != again or any(node.primitive and not node.parents for node in tape):
        raise LossError(
            f"the loss is random: it gave {float(value)!r} and then {float(again)!r} for the same "
            "parameters. Switch dropout off (model.eval()), or draw what is random once, outside"
        )
    return float(value)


def swept_gradient(loss: Callable[..., Any], params: Any) -> Vector:
    """Return the gradient by a reverse sweep, leaving every `.grad` as it was."""
    nodes: list[Node] = []
    for _, entry in named_entries(params):
        nodes += [entry] if isinstance(entry, Node) else entry.flat
    if not all(isinstance(x, Node) for x in nodes):
        raise LossError("plain arrays have no gradient of their own: pass gradients=...")
    before = [node.grad for node in nodes]
    for node in nodes:
        node.grad = None
    try:
        output = call(loss, params)
        if not isinstance(output, Node):
            raise LossError(f"the loss is a plain {type(output).__name__}, computed on no tape")
        backward(output)
        return gradients_to_vector(params)
    finally:
        for node, grad in zip(nodes, before, strict=True):
            node.grad = grad


def matching_vector(gradients: Any, params: Any) -> Vector:
    """Return hand-written gradients as a vector after checking that they fit the parameters."""
    shapes = [np.shape(data(entry)) for _, entry in named_entries(params)]
    given = [np.shape(primal(entry)) for _, entry in named_entries(gradients)]
    if shapes != given:
        raise ShapeError(f"the gradients have shapes {given}, the parameters {shapes}")
    return gradients_to_vector(gradients)
