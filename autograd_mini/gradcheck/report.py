"""What a gradient check found: a `GradientReport` of `Component`s, which prints as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from autograd_mini.gradcheck.probes import Method
from autograd_mini.gradcheck.vectors import Vector
from autograd_mini.text import table

Verdict = Literal["right", "look closer", "wrong"]

_VERDICTS = ("right", "look closer", "wrong")
_SHOWN = 5  # single components that a printed report lists
_NAMED = 3  # that the first lines of an error name

EVERYTHING = "all parameters"
"""What a derivative along a direction of all parameters is listed under."""


@dataclass(frozen=True)
class Component:
    """One derivative: where it is, and what the two computations say of it.

    Attributes:
        name: the parameter; `EVERYTHING` where it is along a direction of all.
        index: the position within it; empty where it is along a direction.
        analytic: by the sweep, or hand-written.
        numerical: by differences or the complex step.
        noise: what the rounding of the loss may contribute to the difference.
        at_kink: the two probes lie on two sides of a kink; the component is left out.
        mode: the sweeps that it comes from, "rev", "fwd", "rev over rev" or "fwd over rev".
        direction: the number of the random direction that it belongs to, if it does to one.
    """

    name: str
    index: tuple[int, ...]
    analytic: float
    numerical: float
    noise: float
    at_kink: bool
    mode: str = "rev"
    direction: int | None = None

    @property
    def error(self) -> float:
        """|analytic - numerical| / (|analytic| + |numerical|), and 0 where both are zero."""
        return relative_difference(np.array([self.analytic]), np.array([self.numerical]))

    @property
    def label(self) -> str:
        """The parameter with the position, as `layers.0.W[3,1]`, and the direction."""
        label = f"{self.name}[{','.join(map(str, self.index))}]" if self.index else self.name
        return label if self.direction is None else f"{label} along v{self.direction}"

    @property
    def sentence(self) -> str:
        """What it says, in a line."""
        return (
            f"{self.label}: analytic {self.analytic:.9g}, numerical {self.numerical:.9g}, "
            f"relative error {self.error:.3g}"
        )


@dataclass(frozen=True)
class GradientReport:
    """What a gradient check found; prints as a table.

    Where it compares several sweeps (`modes`), its difference and verdict are the worst of theirs.
    """

    components: Sequence[Component]
    method: Method
    eps: float | None
    threshold: float

    @property
    def names(self) -> list[str]:
        """The parameters, in order."""
        return list(dict.fromkeys(c.name for c in self.components))

    @property
    def modes(self) -> list[str]:
        """The sweeps that were compared, in order."""
        return list(dict.fromkeys(c.mode for c in self.components))

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

    def of_mode(self, mode: str) -> GradientReport:
        """Return the part of the report that is about one mode."""
        return replace(self, components=[c for c in self.components if c.mode == mode])

    def difference_of(self, *names: str) -> float:
        """Return the relative difference over some parameters."""
        groups = self._groups(names)
        return max((relative_difference(*_sides_of(group)) for group in groups), default=0.0)

    def verdict_of(self, *names: str) -> Verdict:
        """Return what the difference over some parameters says."""
        verdicts = [self._judged(group) for group in self._groups(names)]
        return max(verdicts, key=_VERDICTS.index, default="look closer")

    def failed(self, component: Component) -> bool:
        """Return whether one component disagrees by more than threshold and rounding allow."""
        error = abs(component.analytic - component.numerical)
        too_large = component.error >= self.threshold and not error <= component.noise
        return too_large and not component.at_kink

    def worst(self, count: int = _SHOWN) -> list[Component]:
        """Return the components with the largest absolute error, the largest first."""
        checked = [c for c in self.components if not c.at_kink]
        return sorted(checked, key=_badness, reverse=True)[:count]

    def summary(self) -> str:
        """Return in a few lines what is wrong and where, the worst components first."""
        if self.passed:
            return f"the gradient is right in all of {len(self.components)} components"
        wrong = [mode for mode in self.modes if not self.of_mode(mode).passed]
        checked = [c for c in self.components if c.mode in wrong and not c.at_kink]
        failed = [c for c in checked if self.failed(c)]
        if not checked:
            kinks = dict.fromkeys(c.label for c in self.kinks if c.mode in wrong)
            return (
                "nothing was checked, every probe lies across a kink; check at other values of the "
                f"parameters, or with a smaller eps: {', '.join([*kinks][:_NAMED])}"
            )
        several = f" ({', '.join(wrong)})" if len(self.modes) > 1 else ""
        is_wrong = "is wrong" if self.verdict == "wrong" else "looks wrong"
        head = (
            f"the gradient{several} {is_wrong} in {len(failed)} of {len(checked)} "
            f"components, relative difference {self.difference:.3g} (right below "
            f"{self.threshold:g})"
        )
        worst = sorted(failed or checked, key=_badness, reverse=True)[:_NAMED]
        return "\n".join([head, *(f"  {self._prefix(c)}{c.sentence}" for c in worst)])

    def __str__(self) -> str:
        step = f"{self.eps:g}" if self.eps else "chosen for each component"
        if self.method == "complex-step":
            step = f"{self.eps or 1e-30:g}"
        verdict: str = self.verdict
        if verdict == "right" and self.difference >= self.threshold:
            verdict += " as far as the rounding of the loss lets differences tell"
        wrong = [mode for mode in self.modes if self.of_mode(mode).verdict != "right"]
        if wrong and len(self.modes) > 1:
            verdict += f" in {' and '.join(wrong)}"
        parts = [
            f"gradient check: {verdict}, difference {self.difference:.3g} "
            f"(right below {self.threshold:g}; {self.method}, step {step})",
            *map(self._table, self.modes),
            "largest errors",
            components_table(self.worst(), self._prefix),
        ]
        if self.kinks:
            parts += [
                "at a kink, left out of the verdict",
                components_table(self.kinks[:_SHOWN], self._prefix),
            ]
            if len(self.kinks) > _SHOWN:
                parts.append(f"... and {len(self.kinks) - _SHOWN} more")
        return "\n\n".join(parts)

    def _table(self, mode: str) -> str:
        own = self.of_mode(mode)
        rows = [own._row(name) for name in own.names]
        text = table(
            ("parameter", "components", "difference", "at a kink", "verdict"), rows, numbers=True
        )
        return text if len(self.modes) == 1 else f"{mode}\n\n{text}"

    def _row(self, name: str) -> tuple[str, ...]:
        own = [c for c in self.components if c.name == name]
        kinks = sum(c.at_kink for c in own)
        difference = f"{self.difference_of(name):.3g}"
        return name, str(len(own)), difference, str(kinks), self.verdict_of(name)

    def _prefix(self, component: Component) -> str:
        return f"{component.mode}: " if len(self.modes) > 1 else ""

    def _groups(self, names: Sequence[str]) -> list[list[Component]]:
        """Return what was checked of some parameters, mode by mode."""
        groups: dict[str, list[Component]] = {}
        wanted = set(names)
        for c in self.components:
            if c.name in wanted:
                groups.setdefault(c.mode, []).extend([] if c.at_kink else [c])
        return list(groups.values())

    def _judged(self, checked: Sequence[Component]) -> Verdict:
        if not checked:
            return "look closer"
        analytic, numerical = _sides_of(checked)
        difference = relative_difference(analytic, numerical)
        if difference == math.inf:
            return "wrong"
        error, noise = np.linalg.norm(analytic - numerical), math.hypot(*(c.noise for c in checked))
        if difference < self.threshold or error <= noise:
            return "right"
        return "look closer" if difference <= min(1e4 * self.threshold, 0.1) else "wrong"


def _badness(component: Component) -> float:
    """Return the absolute error, infinite where it is no number."""
    error = abs(component.analytic - component.numerical)
    return math.inf if math.isnan(error) else error


def _sides_of(components: Sequence[Component]) -> tuple[Vector, Vector]:
    return np.array([c.analytic for c in components]), np.array([c.numerical for c in components])


def relative_difference(a: Vector, b: Vector) -> float:
    """Return ‖a - b‖₂ / (‖a‖₂ + ‖b‖₂), 0 where both are zero, infinite where not finite."""
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        return math.inf
    scale = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / scale) if scale else 0.0


def components_table(
    components: Sequence[Component], prefix: Callable[[Component], str] = lambda _: ""
) -> str:
    """Return a table of single components."""
    return table(
        ("component", "analytic", "numerical", "relative error"),
        [
            (prefix(c) + c.label, f"{c.analytic:.9g}", f"{c.numerical:.9g}", f"{c.error:.3g}")
            for c in components
        ],
        numbers=True,
    )
