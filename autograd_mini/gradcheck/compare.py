"""Derivatives of first and second order, swept, beside their numerical approximations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd_mini.gradcheck.complex_step import TINY, Replay, check_complete, imaginary_along
from autograd_mini.gradcheck.loss import call, sides
from autograd_mini.gradcheck.numerical import derivatives, difference
from autograd_mini.gradcheck.probes import Method, Step, direction_step, moved, probe_steps
from autograd_mini.gradcheck.report import EVERYTHING, Component
from autograd_mini.gradcheck.swept import (
    forward_over_reverse,
    parameter_nodes,
    recorded_gradient,
    reverse_over_reverse,
    swept_gradient,
)
from autograd_mini.gradcheck.vectors import Vector, dictionary_to_vector, named_entries
from autograd_mini.tape import Node
from autograd_mini.value import data

DIRECTIONS = 3
"""How many random directions a check draws where it is not told how many."""

MANY = 100
"""So many components, and a forward sweep for each takes too long."""


@dataclass
class Comparison:
    """What every comparison of one check needs: the loss, the parameters and the settings."""

    loss: Callable[..., Any]
    params: Any
    method: Method
    eps: float | None
    threshold: float
    rng: np.random.Generator
    numerical: dict[int | None, tuple[list[Step], Vector]] = field(default_factory=dict)
    """By the number of directions, None for components: the steps and the derivatives."""

    def __post_init__(self) -> None:
        self.size = len(dictionary_to_vector(self.params))

    def first_order(
        self,
        mode: str,
        analytic: Callable[[Sequence[Step]], Iterable[float]],
        value: float,
        projections: int | None,
    ) -> list[Component]:
        """Compare derivatives along every component, or along so many random directions."""
        if projections not in self.numerical:  # both modes are compared with the same numbers
            steps = self.steps(projections)
            self.numerical[projections] = steps, self.derivatives(steps)
        steps, numerical = self.numerical[projections]
        found = self.listed(mode, steps, analytic(steps), numerical, value)
        if projections is not None and any(self.suspicious(found)):
            by_parameter = f"{mode} by parameter"
            for steps in self.steps_by_parameter(projections):
                found += self.listed(
                    by_parameter, steps, analytic(steps), self.derivatives(steps), value
                )
        return found

    def derivatives(self, steps: Sequence[Step]) -> Vector:
        """Return the numerical derivative of the loss along each step."""
        return derivatives(self.loss, self.params, steps, self.method, self.eps)

    def steps(self, projections: int | None) -> list[Step]:
        """Return the steps along every component, or along random directions of all parameters."""
        if projections is None:
            return probe_steps(self.params, self.method, self.eps)
        return [self.direction(EVERYTHING, j, slice(None)) for j in range(projections)]

    def steps_by_parameter(self, count: int) -> Iterator[list[Step]]:
        """Yield for each parameter the steps along random directions of it alone."""
        start = 0
        for name, entry in named_entries(self.params):
            part = slice(start, start + np.size(data(entry)))
            start = part.stop
            if part.stop > part.start:
                yield [self.direction(name, j, part) for j in range(count)]

    def direction(self, name: str, number: int, part: slice) -> Step:
        """Return the step along a random direction of a part of θ."""
        v = np.zeros(self.size)
        v[part] = self.unit(v[part].size)
        return direction_step(self.params, v, number, name, self.method, self.eps)

    def unit(self, size: int) -> Vector:
        """Return a random vector of length 1."""
        v = self.rng.normal(size=size)
        return v / np.linalg.norm(v)

    def listed(
        self,
        mode: str,
        steps: Sequence[Step],
        analytic: Iterable[float],
        numerical: Iterable[float],
        value: float,
    ) -> list[Component]:
        """Return the components of a comparison of first order."""
        found = []
        for step, a, n in zip(steps, analytic, numerical, strict=True):
            # Rounding of J alone makes an error of this size; no smaller one can be told from zero.
            noise = 8.0 * abs(value) * step.rounding
            index, direction = place(step)
            found.append(
                Component(step.name, index, float(a), float(n), noise, False, mode, direction)
            )
        return self.without_kinks(found, steps)

    def second_order(self, modes: Sequence[str], projections: int | None) -> list[Component]:
        """Compare products with the Hessian along random directions, by sweeps of the gradient.

        With projections each parameter's part of a product is in turn projected on one direction.
        """
        bars = recorded_gradient(self.loss, self.params)
        steps = self.steps(projections or DIRECTIONS)
        scale = float(np.max(np.abs(swept_gradient(self.loss, self.params)), initial=0.0))
        found: dict[str, list[Component]] = {f"{mode} over rev": [] for mode in modes}
        products = self.numerical_products(bars, steps)
        for j, (step, numerical) in enumerate(zip(steps, products, strict=True)):
            v = step.vector(self.size)
            noise = 8.0 * scale * step.rounding
            readings = self.readings(projections)
            for mode, components in found.items():
                way = reverse_over_reverse if mode == "rev over rev" else forward_over_reverse
                analytic = way(bars, self.params, v)
                own = [
                    Component(
                        reading.name,
                        place(reading)[0],
                        reading.along(analytic),
                        reading.along(numerical),
                        noise,
                        False,
                        mode,
                        j,
                    )
                    for reading in readings
                ]
                components += self.without_kinks(own, [step] * len(own))
        return [component for components in found.values() for component in components]

    def readings(self, projections: int | None) -> list[Step]:
        """Return what of a vector like θ is compared: each component, or one number a parameter."""
        if projections is None:
            return probe_steps(self.params, "complex-step", None)
        return [replace(step, moves=()) for (step,) in self.steps_by_parameter(1)]

    def numerical_products(self, bars: dict[Node, Any], steps: Sequence[Step]) -> Iterator[Vector]:
        """Yield the product of the Hessian with each direction, from the gradient."""
        nodes = parameter_nodes(self.params)

        def gradient() -> Vector:
            return swept_gradient(self.loss, self.params)

        if self.method != "complex-step":
            for step in steps:
                yield difference(gradient, self.params, step)
            return
        outputs = [bars.get(node, np.zeros(np.shape(node.primal))) for node in nodes]
        replay = Replay(outputs, nodes)
        check_complete(replay, self.params, gradient, "the recorded gradient")
        h = TINY if self.eps is None else self.eps
        vectors = (step.vector(self.size) for step in steps)
        for part in imaginary_along(replay, self.params, vectors, h):
            yield part / h

    def without_kinks(
        self, components: Sequence[Component], steps: Sequence[Step]
    ) -> list[Component]:
        """Return the components, those marked whose two probes lie on two sides of a kink."""
        across: dict[int, bool] = {}
        found = []
        for component, step, suspect in zip(
            components, steps, self.suspicious(components), strict=True
        ):
            if suspect and id(step) not in across:
                across[id(step)] = across_a_kink(self.loss, self.params, step)
            found.append(replace(component, at_kink=True) if across.get(id(step)) else component)
        return found

    def suspicious(self, components: Sequence[Component]) -> list[bool]:
        """Return for each component whether more than its share of the threshold is wrong in it."""
        analytic = np.array([c.analytic for c in components])
        numerical = np.array([c.numerical for c in components])
        noise = np.array([c.noise for c in components])
        with np.errstate(invalid="ignore"):  # inf - inf is no number, and no agreement
            error = np.abs(analytic - numerical)
        scale = np.linalg.norm(analytic) + np.linalg.norm(numerical)
        share = self.threshold * scale / math.sqrt(max(1, len(components)))
        kinks = np.array([c.at_kink for c in components], dtype=bool)
        return list((error > np.maximum(noise, share)) & ~kinks)


def place(step: Step) -> tuple[tuple[int, ...], int | None]:
    """Return the index in the parameter, and the number of the direction, one of them empty."""
    return ((), step.index[0]) if isinstance(step.where, np.ndarray) else (step.index, None)


def across_a_kink(loss: Callable[..., Any], params: Any, step: Step) -> bool:
    """Return whether a piecewise primitive took different sides at the two probes."""
    if not step.moves:  # of a complex step: piecewise primitives are refused before
        return False
    nodes = parameter_nodes(params)
    taken = []
    for end in (0, 1):
        with moved(step, end):
            taken.append(sides(call(loss, params), nodes))
    return taken[0] != taken[1]
