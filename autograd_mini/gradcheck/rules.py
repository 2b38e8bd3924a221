"""What the rules of a primitive must satisfy at given operands; `GradientError` where they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from autograd_mini.errors import GradientError
from autograd_mini.gradcheck.complex_step import TINY, to_complex
from autograd_mini.gradcheck.operation import Operation
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.primitive import Elementwise
from autograd_mini.sweep import forward, reverse
from autograd_mini.tape import Node, primal
from autograd_mini.tensor import Tensor
from autograd_mini.value import Value

EXACT = 1e-9
"""What two exact computations may differ by, relative to the larger of number and scale."""

_VALUES = 12  # elements of the operands that are computed as Values


class Rules(Operation):
    """The rules of a primitive at operands, and what must hold for them."""

    def check(self, threshold: float) -> dict[str, float]:
        """Run every check; return the largest relative error of each.

        Args:
            threshold: how far a rule may be from differences, relatively.

        Raises:
            GradientError: a rule is wrong.
        """
        self.threshold = threshold
        checks: dict[str, Callable[[], float]] = {
            "VJP": self.check_vjp,
            "JVP": self.check_jvp,
            "VJP-JVP": self.check_transposes,
            "rev over rev": self.check_reverse_over_reverse,
            "fwd over rev": self.check_forward_over_reverse,
        }
        if isinstance(self.primitive, Elementwise):
            checks["Value"] = self.check_value
        if self.primitive.analytic is not None:
            checks["complex step"] = self.check_complex_step
        with np.errstate(all="ignore"):
            return {name: one() for name, one in checks.items()}

    def check_vjp(self) -> float:
        """Compare each VJP with z_bar times the Jacobian."""
        errors = [0.0]
        for i in self.varied:
            with self.computing("the VJP", i):
                got = self.vjp(self.x, i)
            expected = (self.z_bar.ravel() @ self.slopes[i]).reshape(self.x[i].shape)
            errors.append(self.compare("the VJP", i, expected, got, smooth=self.smooth[i]))
        return max(errors)

    def check_jvp(self) -> float:
        """Compare each JVP with the Jacobian times a tangent."""
        errors = [0.0]
        for i in self.varied:
            with self.computing("the JVP", i):
                got = self.jvp(i)
            expected = (self.slopes[i] @ self.dots[i].ravel()).reshape(self.z.shape)
            errors.append(self.compare("the JVP", i, expected, got))
        return max(errors)

    def check_transposes(self) -> float:
        """Compare ⟨z_bar, J ẋ⟩ with ⟨Jᵀ z_bar, ẋ⟩."""
        errors = [0.0]
        for i in self.varied:
            terms = self.dots[i] * self.vjp(self.x, i)
            pushed = np.asarray(np.sum(self.z_bar * self.jvp(i)))
            what = "⟨z_bar, JVP⟩ against ⟨VJP, x_dot⟩"
            scale = float(np.sum(np.abs(terms)))
            errors.append(self.compare(what, i, np.sum(terms), pushed, exact=True, scale=scale))
        return max(errors)

    def check_reverse_over_reverse(self) -> float:
        """Compare the gradient of ⟨recorded VJP, ẋ⟩ with the slope of the VJP."""
        with self.computing("the recorded VJP", None):
            leaves, bars = self.bars()
            total = sum(sum_(bars[i] * self.dots[i]) for i in bars)
            twice = dict(reverse({total: np.ones(())})) if isinstance(total, Node) else {}
        found = {i: twice.get(leaf, np.zeros(leaf.shape)) for i, leaf in leaves.items()}
        return self.compare_slopes("the recorded VJP, swept in reverse,", found)

    def check_forward_over_reverse(self) -> float:
        """Compare the tangent of the recorded VJP with its slope."""
        found = {}
        with self.computing("the recorded VJP", None):
            leaves, bars = self.bars()
            dots = {leaf: self.dots[i] for i, leaf in leaves.items()}
            for i, bar in bars.items():
                dot = forward([bar], dots)[0] if isinstance(bar, Node) else None
                found[i] = np.zeros(self.x[i].shape) if dot is None else dot
        return self.compare_slopes("the recorded VJP, swept forward,", found)

    def compare_slopes(self, what: str, found: Mapping[int, Any]) -> float:
        """Compare second derivatives with differences of the VJPs."""
        errors = [0.0]
        for i, got in found.items():
            expected = self.slope_of_vjp(i)
            errors.append(self.compare(what, i, expected, got, smooth=self.smooth[i]))
        return max(errors)

    def check_value(self) -> float:
        """Compare what a `Value` and a `Tensor` compute: result, sweeps and recorded sweep."""
        errors = [0.0]
        for numbers in islice(np.broadcast(*self.x), _VALUES):
            both = []
            for kind in (Value, Tensor):
                with self.computing(f"on a {kind.__name__}, a rule", None):
                    leaves, z = self.record([np.asarray(x) for x in numbers], kind)
                    seed = 1.3 if kind is Value else np.array(1.3)
                    bars = dict(reverse({z: seed}))
                    recorded = dict(reverse({z: seed}, record=True))
                    rows = [z.data, forward([z], dict.fromkeys(leaves.values(), seed))[0]]
                    rows += [bars[leaf] for leaf in leaves.values()]
                    rows += [primal(recorded[leaf]) for leaf in leaves.values()]
                both.append(np.array([float(number) for number in rows]))
            value, tensor = both
            what = f"a Value (result, JVP, VJPs) at {', '.join(f'{x:.6g}' for x in numbers)}"
            errors.append(self.compare(what, None, tensor, value, exact=True))
        return max(errors)

    def check_complex_step(self) -> float:
        """Compare the continuation to complex numbers with the result, and with the JVPs."""
        analytic: Any = self.primitive.analytic
        errors = [0.0]
        for i in self.varied:
            moved = to_complex(self.x[i], TINY * self.dots[i])
            with self.computing("the continuation (analytic)", i):
                z = analytic(*self.x[:i], moved, *self.x[i + 1 :], **self.params)
            what = "the continuation (analytic)"
            errors.append(self.compare(what, i, self.z, np.real(z), exact=True))
            what = "the JVP against the complex step"
            errors.append(self.compare(what, i, np.imag(z) / TINY, self.jvp(i), exact=True))
        return max(errors)

    @contextmanager
    def computing(self, what: str, i: int | None) -> Iterator[None]:
        """Turn whatever a rule raises into an error that says which rule it was."""
        try:
            yield
        except Exception as error:  # a user's rule may raise anything
            raise GradientError(
                f"{self.primitive.name}: {what}{of(i)} cannot be computed: "
                f"{type(error).__name__}: {error}. Write rules with operators and functions of "
                "autograd_mini, for any shape, so that they take nodes too"
            ) from error

    def compare(
        self,
        what: str,
        i: int | None,
        expected: Any,
        got: Any,
        *,
        exact: bool = False,
        scale: float = 0.0,
        smooth: Any = np.True_,
    ) -> float:
        """Return the largest relative error.

        Raises:
            GradientError: it is too large, or the shapes differ.
        """
        expected, got = np.asarray(expected, dtype=float), np.asarray(got, dtype=float)
        if expected.shape != got.shape:
            raise GradientError(
                f"{self.primitive.name}: {what}{of(i)}: expected shape {expected.shape}, "
                f"got {got.shape}"
            )
        if not exact:  # rounding of z divided by the step is all that differences may leave
            scale = max(scale, float(np.max(np.abs(self.z), initial=1.0)))
        largest = max(scale, float(np.max(np.abs(expected), initial=0.0)))
        tolerance = EXACT if exact else self.threshold
        with np.errstate(all="ignore"):
            allowed = tolerance * (np.abs(expected) + (1.0 if exact else 1e-2) * largest)
            # Equal infinities agree, though their difference is no number.
            error = np.where(~smooth | (got == expected), 0.0, np.abs(got - expected))
            relative = np.where(error == 0.0, 0.0, error / np.abs(expected))
        wrong = ~(error <= allowed)
        if wrong.any():
            worst = np.unravel_index(
                np.argmax(np.where(wrong, np.nan_to_num(relative, nan=np.inf), -1)), error.shape
            )
            at = f" at {list(map(int, worst))}" if worst else ""
            operand = ""
            if i is not None and expected.shape == self.x[i].shape:
                operand = f", where the operand is {self.x[i][worst]:.6g}"
            raise GradientError(
                f"{self.primitive.name}: {what}{of(i)}{at}: expected {expected[worst]:.9g}, got "
                f"{got[worst]:.9g} (relative error {relative[worst]:.2g}){operand}; operands of "
                f"shapes {', '.join(str(list(x.shape)) for x in self.x)}"
                + (f", {dict(self.params)}" if self.params else "")
            )
        return float(np.max(error / np.maximum(np.abs(expected), largest or 1.0), initial=0.0))


def of(i: int | None) -> str:
    """Return which operand a message is about."""
    return "" if i is None else f" for operand {i}"
