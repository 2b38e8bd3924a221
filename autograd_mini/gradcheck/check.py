"""`check_gradients`: is this gradient right?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from autograd_mini.errors import GradientError, ParameterError, ShapeError
from autograd_mini.gradcheck.compare import DIRECTIONS, MANY, Comparison
from autograd_mini.gradcheck.loss import check_loss
from autograd_mini.gradcheck.probes import Method
from autograd_mini.gradcheck.report import Component, GradientReport
from autograd_mini.gradcheck.swept import swept_gradient, swept_tangents
from autograd_mini.gradcheck.vectors import (
    Vector,
    entry_dtype,
    gradients_to_vector,
    named_entries,
    nodes_of,
)
from autograd_mini.tape import primal
from autograd_mini.tensor import Tensor
from autograd_mini.transforms.structure import leaves, rebuilt
from autograd_mini.value import data

Mode = Literal["rev", "fwd"]

THRESHOLDS = {2: 1e-1, 4: 1e-3, 8: 1e-7}
"""What relative difference is right, by the size of the floating-point type in bytes."""

EXACT_THRESHOLDS = {2: 1e-1, 4: 1e-4, 8: 1e-10}
"""The same for the complex step, which leaves nothing but rounding."""


def check_gradients(
    loss: Callable[..., Any],
    params: Any,
    *,
    gradients: Any = None,
    method: Method = "two-sided",
    eps: float | None = None,
    threshold: float | None = None,
    modes: Sequence[Mode] = ("rev",),
    order: Literal[1, 2] = 1,
    projections: int | None = None,
    rng: np.random.Generator | int = 0,
) -> GradientReport:
    """Compare the gradient dθ of a loss with its numerical approximation, parameter by parameter.

    difference = ‖dθ - dθ_approx‖₂ / (‖dθ‖₂ + ‖dθ_approx‖₂), and 0 where both are zero. A component
    whose two probes lie on two sides of a kink (of relu, abs, max ...) has no derivative that
    differences could find; it is listed and left out.

    With `projections=k` what is compared is ⟨dθ, v⟩ along k random unit directions v of all
    parameters at once, which takes 2k evaluations however many parameters there are; where it
    fails, k directions of each parameter tell which one is wrong. In n dimensions ⟨dθ, v⟩ is of the
    size ‖dθ‖/√n, and an error e of dθ adds ⟨e, v⟩, of the size ‖e‖/√n. So a few directions find,
    almost surely, what is wrong by more than the threshold times the whole gradient; they do not
    tell in which component, and an error that is smaller than that, or whose part along v is lost
    in the rounding of the loss, stays hidden.

    Args:
        loss: builds the loss; it must give the same value each time, so dropout must be off.
        params: what to differentiate by; left exactly as it was, `.grad` included. Arrays reach a
            loss that takes them as Tensors.
        gradients: hand-written gradients to check, shaped like `params`; by default those of the
            sweeps.
        method: "two-sided", (J(θ+ε) - J(θ-ε)) / 2ε, "one-sided", (J(θ+ε) - J(θ)) / ε, or
            "complex-step", Im J(θ+iε) / ε, exact to rounding for analytic losses; see
            `numerical_gradient`.
        eps: the step; by default chosen for each component, see `numerical_gradient`.
        threshold: below it the gradient is right; by default 1e-7 for float64, 0.001 for float32
            and 0.1 for float16, with the complex step 1e-10, 1e-4 and 0.1. Above 10⁴ times as much,
            or 0.1, it is wrong; in between, look closer.
        modes: "rev" compares the gradient of the reverse sweep, "fwd" the derivatives of the
            forward sweep: in each component, or along random directions of many.
        order: 2 compares the recorded gradient too: its products with the Hessian, H v, along
            random directions v, by a reverse sweep of it and, with "fwd", by a forward sweep of it,
            with numerical derivatives of the gradient.
        projections: how many random directions stand for all components.
        rng: what draws them: a generator or a seed.

    Raises:
        LossError: the loss is random, not finite, not a scalar or, for a sweep, on no tape; or the
            complex step cannot go through it.
        ParameterError: there is no parameter.
        DataError: a parameter cannot be moved, being no node and no array of floats.
        ShapeError: `gradients` is not shaped like `params`.
        ValueError: a setting is unknown, or contradicts another.
    """
    check_settings(gradients, modes, order, projections)
    entries = dict(named_entries(params))
    if not entries:
        raise ParameterError("there is no parameter to check")
    if threshold is None:
        thresholds = EXACT_THRESHOLDS if method == "complex-step" else THRESHOLDS
        sizes = [entry_dtype(entry).itemsize for entry in entries.values()]
        threshold = max(thresholds.get(size, thresholds[8]) for size in sizes)
    if gradients is None and not any(map(nodes_of, entries.values())):
        params = rebuilt(params, map(Tensor, leaves(params)))  # what a sweep can start from
    value = check_loss(loss, params)
    compare = Comparison(loss, params, method, eps, threshold, np.random.default_rng(rng))
    found: list[Component] = []
    if "rev" in modes:
        if gradients is None:
            gradient = swept_gradient(loss, params)
        else:
            gradient = matching_vector(gradients, params)
        found += compare.first_order(
            "rev", lambda steps: [step.along(gradient) for step in steps], value, projections
        )
    if "fwd" in modes:
        along = projections or (DIRECTIONS if compare.size > MANY else None)
        found += compare.first_order(
            "fwd",
            lambda steps: swept_tangents(loss, params, (s.vector(compare.size) for s in steps)),
            value,
            along,
        )
    if order == 2:
        found += compare.second_order(modes, projections)
    return GradientReport(found, method, eps, threshold)


def assert_gradients(loss: Callable[..., Any], params: Any, **settings: Any) -> GradientReport:
    """Check as `check_gradients` does, for tests: return the report if the gradient is right.

    Raises:
        GradientError: the verdict is not "right"; the message names the worst components, with both
            numbers, and goes on with the report's table.
    """
    report = check_gradients(loss, params, **settings)
    if not report.passed:
        raise GradientError(f"{report.summary()}\n\n{report}")
    return report


def check_settings(
    gradients: Any, modes: Sequence[Mode], order: int, projections: int | None
) -> None:
    """Raise `ValueError` for a setting that is unknown, or contradicts another."""
    if isinstance(modes, str) or not modes or not set(modes) <= set(get_args(Mode)):
        raise ValueError(f"modes are ('rev',), ('fwd',) or both, got {modes!r}")
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2, got {order!r}")
    if projections is not None and projections < 1:
        raise ValueError(f"projections is the number of directions, 1 or more; got {projections}")
    if gradients is not None and (tuple(modes) != ("rev",) or order != 1):
        raise ValueError(
            "gradients=... are numbers, which have no forward mode and no second order; leave "
            "modes and order away, or gradients"
        )


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
