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
from autograd_mini.gradcheck.probes import direction_step, moved
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
        crossed: by step whether x and x+hv lie on two sides of a kink; such steps do not count.
    """

    steps: Sequence[float]
    changes: Sequence[float]
    remainders: Sequence[float]
    rounding: float
    crossed: Sequence[bool]

    @property
    def at_kink(self) -> bool:
        """True where even the smallest step crosses a kink: x lies at one."""
        return all(self.crossed)

    @property
    def used(self) -> list[int]:
        """The positions of the steps that the order is taken from."""
        found = []
        for i, (r, crossed) in enumerate(zip(self.remainders, self.crossed, strict=True)):
            if r <= 10.0 * self.rounding:
                break  # from here on it may be rounding
            if math.isfinite(r) and (self.at_kink or not crossed):
                found.append(i)  # what is no number left the domain of f
        return found[-FITTED:]

    @property
    def order(self) -> float | None:
        """The slope of log(remainder) over log(h); None where no remainder exceeds rounding."""
        used = self.used
        if len(used) < 2:
            return None if any(map(math.isfinite, self.remainders)) else math.nan
        h, r = (np.log([numbers[i] for i in used]) for numbers in (self.steps, self.remainders))
        return float(np.polyfit(h, r, 1)[0])

    @property
    def passed(self) -> bool:
        """True where the order is 2 (or more), or f is linear along v as far as can be told."""
        return self.order is None or self.order >= LEAST_ORDER

    @property
    def verdict(self) -> str:
        """What the order says."""
        if self.order is None and any(self.crossed):
            return "right as far as can be told: steps that cross no kink leave only rounding"
        if self.order is None:
            return "right: f is linear along v, the remainders are at the level of rounding"
        if self.passed:
            return f"order {self.order:.3g}, the gradient is right"
        if self.at_kink:
            return f"order {self.order:.3g}: x lies at a kink, where there is no gradient"
        return f"order {self.order:.3g}, not 2: the gradient is wrong"

    def __str__(self) -> str:
        crossed = ["yes" if c else "" for c in self.crossed]
        columns = [
            [f"{h:.3g}" for h in self.steps],
            [f"{change:.3g}" for change in self.changes],
            local_orders(self.steps, self.changes),
            [f"{r:.3g}" for r in self.remainders],
            local_orders(self.steps, self.remainders),
        ]
        head = ["h", "|f(x+hv) - f(x)|", "order", "|f(x+hv) - f(x) - h<∇f,v>|", "order"]
        if any(crossed):
            head, columns = [*head, "across a kink"], [*columns, crossed]
        rows = [*zip(*columns, strict=True)]
        return f"Taylor test: {self.verdict}\n\n{table(head, rows, numbers=True)}"


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
    pieces = sides(call(f, params), parameter_nodes(params))
    values, crossed = [], []
    for probe in probes:
        with moved(probe, 1):
            y = call(f, params)
            values.append(float(np.asarray(primal(y)).item()))
            crossed.append(sides(y, parameter_nodes(params)) != pieces)
    changes = [y - value for y in values]
    remainders = [
        abs(change - probe.width * probe.along(gradient))
        for change, probe in zip(changes, probes, strict=True)
    ]
    largest = max(abs(y) for y in [value, *values] if math.isfinite(y))
    return TaylorReport(
        [probe.width for probe in probes],
        [abs(change) for change in changes],
        remainders,
        2.0 * eps * largest,
        crossed,
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


def local_orders(steps: Sequence[float], remainders: Sequence[float]) -> list[str]:
    """Return the order that each remainder and the one before it show."""
    orders = [""]
    for (h, r), (smaller_h, smaller_r) in pairwise(zip(steps, remainders, strict=True)):
        known = 0 < r < math.inf and 0 < smaller_r < math.inf
        order = math.log(r / smaller_r) / math.log(h / smaller_h) if known else math.nan
        orders.append(f"{order:.2f}" if known else "")
    return orders
