"""`taylor_test`: does what is left of f after its first-order Taylor polynomial shrink like h²?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from autograd_mini.errors import ParameterError, ShapeError
from autograd_mini.gradcheck.check import matching_vector
from autograd_mini.gradcheck.loss import call, check_loss, sides
from autograd_mini.gradcheck.probes import Step, direction_step, moved
from autograd_mini.gradcheck.report import EVERYTHING
from autograd_mini.gradcheck.swept import parameter_nodes, swept_gradient
from autograd_mini.gradcheck.vectors import (
    dictionary_to_vector,
    entry_dtype,
    gradients_to_vector,
    named_entries,
)
from autograd_mini.nn.module import Module
from autograd_mini.tape import primal
from autograd_mini.tensor import Tensor
from autograd_mini.text import table
from autograd_mini.value import Value

HALVINGS = 16
FITTED = 3  # of the steps whose remainders stand out of the rounding, the smallest make the slope
LEAST_ORDER = 1.8  # where an error of the gradient is a quarter of the remainder of second order


@dataclass(frozen=True)
class TaylorReport:
    """The remainders of a Taylor test and their order in h; prints as a table.

    Attributes:
        steps: the step lengths h, the largest first.
        changes: |f(x+hv) - f(x)|, of order 1 in general.
        remainders: |f(x+hv) - f(x) - h ⟨∇f, v⟩|, of order 2 where the gradient is right.
        rounding: what the rounding of f may contribute to a remainder.
        at_kink: x and x+hv lie on two sides of a kink even for the smallest h that counts.
    """

    steps: Sequence[float]
    changes: Sequence[float]
    remainders: Sequence[float]
    rounding: float
    at_kink: bool

    @property
    def used(self) -> list[int]:
        """The positions of the steps whose remainders stand out of the rounding."""
        return standing_out(self.remainders, self.rounding)

    @property
    def order(self) -> float | None:
        """The slope of log(remainder) over log(h); None where no remainder exceeds rounding."""
        used = self.used[-FITTED:]
        if len(used) < 2:
            return None if any(map(math.isfinite, self.remainders)) else math.nan
        h, r = (np.log([numbers[i] for i in used]) for numbers in (self.steps, self.remainders))
        return float(np.polyfit(h, r, 1)[0])

    @property
    def passed(self) -> bool:
        """True where the order is 2 (or more), or f is linear along v as far as can be told."""
        return self.order is None or self.order >= LEAST_ORDER

    def __str__(self) -> str:
        if self.order is None:
            verdict = "right: f is linear along v, the remainders are at the level of rounding"
        else:
            verdict = f"order {self.order:.3g}, " + (
                "the gradient is right" if self.passed else "not 2: the gradient is wrong"
            )
            if not self.passed and self.at_kink:
                verdict = f"order {self.order:.3g}: x lies at a kink, where there is no gradient"
        columns = [
            [f"{h:.3g}" for h in self.steps],
            [f"{change:.3g}" for change in self.changes],
            local_orders(self.steps, self.changes),
            [f"{r:.3g}" for r in self.remainders],
            local_orders(self.steps, self.remainders),
        ]
        head = ("h", "|f(x+hv) - f(x)|", "order", "|f(x+hv) - f(x) - h<∇f,v>|", "order")
        return (
            f"Taylor test: {verdict}\n\n{table(head, [*zip(*columns, strict=True)], numbers=True)}"
        )


def taylor_test(
    f: Callable[..., Any],
    x: Any,
    *,
    gradients: Any = None,
    direction: Any = None,
    steps: Sequence[float] | None = None,
    rng: np.random.Generator | int = 0,
) -> TaylorReport:
    """Test a gradient by how fast the remainder of the Taylor polynomial falls with the step.

    By Taylor's theorem |f(x+hv) - f(x) - h ⟨∇f, v⟩| = O(h²) for a unit direction v, and only O(h)
    where the gradient is wrong along v. The slope of its logarithm over that of h tells the two
    apart, without a threshold to choose (dolfin-adjoint's `taylor_test`; Griewank & Walther,
    Evaluating Derivatives, 2008). What is at the level of rounding, as where f is linear, is left
    out of the fit.

    Args:
        f: returns the scalar; a function of `x`, or of no arguments.
        x: a number, an array, a node, or a dict, list or Module of parameters. Plain numbers and
            arrays are given to `f` as nodes, unless there are `gradients`.
        gradients: hand-written gradients to test, shaped like `x`.
        direction: v, shaped like `x`; by default drawn at random. Its length does not matter.
        steps: the lengths h; by default 17, halved from ε_mach^(1/8) · max(1, ‖x‖) on.
        rng: what draws the direction: a generator or a seed.

    Raises:
        LossError: f is random, not finite, not a scalar or on no tape.
        ParameterError: there is nothing to differentiate by, or the direction is zero.
        ShapeError: `gradients` or `direction` is not shaped like `x`.
    """
    nodes_wanted = gradients is None
    params = as_params(x, nodes_wanted)
    if isinstance(x, Real) and not nodes_wanted:  # f takes a number, not the array that is moved
        return taylor_test(
            lambda p: f(p[0].item()),
            [np.array(float(x))],
            gradients=[gradients],
            direction=None if direction is None else [direction],
            steps=steps,
            rng=rng,
        )
    theta = dictionary_to_vector(params)
    if not theta.size:
        raise ParameterError("there is nothing to differentiate by")
    value = check_loss(f, params)
    if nodes_wanted:
        gradient = swept_gradient(f, params)
    else:
        lone = not isinstance(params, Mapping | list | Module)
        gradient = matching_vector(np.asarray(gradients) if lone else gradients, params)
    if direction is None:
        v = np.random.default_rng(rng).normal(size=theta.size)
    else:
        v = gradients_to_vector(direction)
    if v.shape != theta.shape:
        raise ShapeError(f"the direction has {v.size} numbers, x has {theta.size}")
    if not np.linalg.norm(v) > 0:
        raise ParameterError("the direction is zero")
    v = v / np.linalg.norm(v)
    eps = max(float(np.finfo(entry_dtype(entry)).eps) for _, entry in named_entries(params))
    if steps is None:
        largest = eps ** (1 / 8) * max(1.0, float(np.linalg.norm(theta)))
        steps = [largest * 0.5**i for i in range(HALVINGS + 1)]
    probes = [direction_step(params, v, 0, EVERYTHING, "one-sided", h) for h in sorted(steps)[::-1]]
    values = [value_at(f, params, probe) for probe in probes]
    changes = [y - value for y in values]
    remainders = [
        abs(change - probe.width * probe.along(gradient))
        for change, probe in zip(changes, probes, strict=True)
    ]
    rounding = 2.0 * eps * max(abs(y) for y in [value, *values] if math.isfinite(y))
    used = standing_out(remainders, rounding)
    smallest = probes[used[-1]] if used else probes[-1]
    return TaylorReport(
        [probe.width for probe in probes],
        [abs(change) for change in changes],
        remainders,
        rounding,
        sides_at(f, params, smallest, 0) != sides_at(f, params, smallest, 1),
    )


def as_params(x: Any, nodes: bool) -> Any:
    """Return `x` as parameters; plain numbers and arrays as nodes if these are wanted."""
    if isinstance(x, Mapping):
        return {name: as_params(entry, nodes) for name, entry in x.items()}
    if isinstance(x, list | tuple):
        return [as_params(entry, nodes) for entry in x]
    if nodes and isinstance(x, Real):
        return Value(x)
    if nodes and isinstance(x, np.ndarray) and x.dtype != object:
        return Tensor(x)
    return x


def value_at(f: Callable[..., Any], params: Any, probe: Step) -> float:
    """Return f at x + hv."""
    with moved(probe, 1):
        return float(np.asarray(primal(call(f, params))).item())


def sides_at(f: Callable[..., Any], params: Any, probe: Step, end: int) -> Any:
    """Return which pieces of its piecewise primitives f takes."""
    with moved(probe, end):
        return sides(call(f, params), parameter_nodes(params))


def standing_out(remainders: Sequence[float], rounding: float) -> list[int]:
    """Return the positions of the remainders before the first one that rounding may have made.

    Those that are no numbers, since the largest steps left the domain of f, are skipped.
    """
    found = []
    for i, r in enumerate(remainders):
        if r <= 10.0 * rounding:
            break
        if math.isfinite(r):
            found.append(i)
    return found


def local_orders(steps: Sequence[float], remainders: Sequence[float]) -> list[str]:
    """Return the order that each remainder and the one before it show."""
    orders = [""]
    for (h, r), (smaller_h, smaller_r) in pairwise(zip(steps, remainders, strict=True)):
        known = 0 < r < math.inf and 0 < smaller_r < math.inf
        order = math.log(r / smaller_r) / math.log(h / smaller_h) if known else math.nan
        orders.append(f"{order:.2f}" if known else "")
    return orders
