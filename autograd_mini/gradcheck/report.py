"""What a gradient check found: a `GradientReport` of `Component`s, which prints as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from autograd_mini.gradcheck.numerical import Method
from autograd_mini.gradcheck.vectors import Vector
from autograd_mini.text import table

Verdict = Literal["right", "look closer", "wrong"]

_SHOWN = 5  # single components that a printed report lists


@dataclass(frozen=True)
class Component:
    """One number of the gradient: where it is, and what the two computations say of it.

    Attributes:
        name: the parameter.
        index: the position within it.
        analytic: by the sweep, or hand-written.
        numerical: by differences.
        noise: what the rounding of the loss may contribute to the difference.
        at_kink: the two probes lie on two sides of a kink; the component is left out.
    """

    name: str
    index: tuple[int, ...]
    analytic: float
    numerical: float
    noise: float
    at_kink: bool

    @property
    def error(self) -> float:
        """|analytic - numerical| / (|analytic| + |numerical|), and 0 where both are zero."""
        return relative_difference(np.array([self.analytic]), np.array([self.numerical]))

    @property
    def label(self) -> str:
        """The parameter with the position, as `layers.0.W[3,1]`."""
        return f"{self.name}[{','.join(map(str, self.index))}]" if self.index else self.name


@dataclass(frozen=True)
class GradientReport:
    """What a gradient check found; prints as a table."""

    components: Sequence[Component]
    method: Method
    eps: float | None
    threshold: float

    @property
    def names(self) -> list[str]:
        """The parameters, in order."""
        return list(dict.fromkeys(c.name for c in self.components))

    @property
    def kinks(self) -> list[Component]:
        """The components left out because their probes lie on two sides of a kink."""
        return [c for c in self.components if c.at_kink]

    @property
    def difference(self) -> float:
        """The relative difference over all parameters."""
        return self.difference_of(*self.names)

    @property
    def verdict(self) -> Verdict:
        """What the difference over all parameters says."""
        return self.verdict_of(*self.names)

    @property
    def passed(self) -> bool:
        """True where the verdict is "right"."""
        return self.verdict == "right"

    def difference_of(self, *names: str) -> float:
        """Return the relative difference over some parameters."""
        checked = self._checked(names)
        return relative_difference(*_sides_of(checked))

    def verdict_of(self, *names: str) -> Verdict:
        """Return what the difference over some parameters says."""
        checked = self._checked(names)
        analytic, numerical = _sides_of(checked)
        if not checked:
            return "look closer"
        difference = relative_difference(analytic, numerical)
        if difference == math.inf:
            return "wrong"
        error, noise = np.linalg.norm(analytic - numerical), math.hypot(*(c.noise for c in checked))
        if difference < self.threshold or error <= noise:
            return "right"
        return "look closer" if difference <= min(1e4 * self.threshold, 0.1) else "wrong"

    def failed(self, component: Component) -> bool:
        """Return whether one component disagrees by more than threshold and rounding allow."""
        error = abs(component.analytic - component.numerical)
        too_large = component.error >= self.threshold and not error <= component.noise
        return too_large and not component.at_kink

    def worst(self, count: int = _SHOWN) -> list[Component]:
        """Return the components with the largest absolute error, the largest first."""
        checked = self._checked(self.names)
        return sorted(checked, key=lambda c: -abs(c.analytic - c.numerical))[:count]

    def __str__(self) -> str:
        step = f"{self.eps:g}" if self.eps else "chosen for each component"
        verdict: str = self.verdict
        if verdict == "right" and self.difference >= self.threshold:
            verdict += " as far as the rounding of the loss lets differences tell"
        parts = [
            f"gradient check: {verdict}, difference {self.difference:.3g} "
            f"(right below {self.threshold:g}; {self.method}, step {step})",
            table(
                ("parameter", "components", "difference", "at a kink", "verdict"),
                [self._row(name) for name in self.names],
                numbers=True,
            ),
            "largest errors",
            components_table(self.worst()),
        ]
        if self.kinks:
            parts += [
                "at a kink, left out of the verdict",
                components_table(self.kinks[:_SHOWN]),
            ]
            if len(self.kinks) > _SHOWN:
                parts.append(f"... and {len(self.kinks) - _SHOWN} more")
        return "\n\n".join(parts)

    def _row(self, name: str) -> tuple[str, ...]:
        own = [c for c in self.components if c.name == name]
        kinks = sum(c.at_kink for c in own)
        difference = f"{self.difference_of(name):.3g}"
        return name, str(len(own)), difference, str(kinks), self.verdict_of(name)

    def _checked(self, names: Sequence[str]) -> list[Component]:
        return [c for c in self.components if c.name in names and not c.at_kink]


def _sides_of(components: Sequence[Component]) -> tuple[Vector, Vector]:
    return np.array([c.analytic for c in components]), np.array([c.numerical for c in components])


def relative_difference(a: Vector, b: Vector) -> float:
    """Return ‖a - b‖₂ / (‖a‖₂ + ‖b‖₂), 0 where both are zero, infinite where not finite."""
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        return math.inf
    scale = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / scale) if scale else 0.0


def components_table(components: Sequence[Component]) -> str:
    """Return a table of single components."""
    return table(
        ("component", "analytic", "numerical", "relative error"),
        [
            (c.label, f"{c.analytic:.9g}", f"{c.numerical:.9g}", f"{c.error:.3g}")
            for c in components
        ],
        numbers=True,
    )
