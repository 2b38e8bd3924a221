"""One call of a primitive: its result, and its derivatives as swept and as differenced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.gradcheck.probes import POWERS
from autograd_mini.primitive import Primitive
from autograd_mini.recording import apply
from autograd_mini.sweep import forward, reverse
from autograd_mini.tensor import Tensor

STEP = float(np.finfo(float).eps) ** POWERS["two-sided"]


class Operation:
    """A primitive at operands, with random numbers to multiply its derivatives with.

    Args:
        primitive: the primitive.
        x: the operands; those of floats are differentiated.
        params: the settings of the primitive.
        rng: what draws.

    Attributes:
        varied: the positions of the operands that are differentiated.
        z: the result, and a random cotangent z_bar of it.
        slopes: by operand ∂z/∂x by differences.
        smooth: by operand where it is at no kink.
        dots: by operand a random tangent, zero at kinks.
    """

    def __init__(
        self,
        primitive: Primitive,
        x: Sequence[Any],
        params: Mapping[str, Any],
        rng: np.random.Generator,
    ) -> None:
        self.primitive, self.x, self.params = primitive, x, params
        self.varied = [i for i, array in enumerate(x) if array.dtype.kind == "f" and array.size]
        self.z = self.result(x)
        self.z_bar = np.asarray(rng.normal(size=self.z.shape))
        slopes = {i: self.jacobian(i) for i in self.varied}
        self.smooth = {
            i: ~np.isnan(slope).any(axis=0).reshape(x[i].shape) for i, slope in slopes.items()
        }
        self.slopes = {i: np.nan_to_num(slope) for i, slope in slopes.items()}
        self.dots = {
            i: np.asarray(rng.normal(size=x[i].shape) * smooth) for i, smooth in self.smooth.items()
        }

    def result(self, x: Sequence[Any]) -> Any:
        """Return what the primitive computes."""
        with np.errstate(all="ignore"):
            return np.asarray(self.primitive.array(*x, **self.params))

    def record(self, x: Sequence[Any], kind: Any = Tensor) -> tuple[dict[int, Any], Any]:
        """Return the leaves by position, and the recorded result."""
        leaves = {i: kind(x[i]) for i in self.varied}
        operands = [leaves.get(i, array) for i, array in enumerate(x)]
        return leaves, apply(self.primitive, *operands, params=dict(self.params) or None)

    def vjp(self, x: Sequence[Any], i: int) -> Any:
        """Return the cotangent of one operand."""
        leaf = Tensor(x[i])
        z = apply(self.primitive, *x[:i], leaf, *x[i + 1 :], params=dict(self.params) or None)
        return dict(reverse({z: self.z_bar}))[leaf]

    def jvp(self, i: int) -> Any:
        """Return the tangent of the result that one operand causes."""
        leaves, z = self.record(self.x)
        return forward([z], {leaves[i]: self.dots[i]})[0]

    def jacobian(self, i: int) -> Any:
        """Return ∂z/∂x[i], (size of z, size of x[i]), by differences.

        A column whose two probes lie on two sides of a kink, or leave the domain, is NaN.
        """
        columns = []
        for index, number in np.ndenumerate(self.x[i]):
            h = STEP * max(1.0, abs(float(number)))
            unit = np.zeros(self.x[i].shape)
            unit[index] = h
            ends = [self.moved({i: unit}, sign) for sign in (1.0, -1.0)]
            ahead, behind = map(self.result, ends)
            width = float((number + h) - (number - h))
            kink = self.sides(ends[0]) != self.sides(ends[1])
            columns.append(np.nan if kink else np.ravel(ahead - behind) / width)
        return np.stack([np.broadcast_to(column, self.z.size) for column in columns], axis=1)

    def sides(self, x: Sequence[Any]) -> bytes:
        """Return which pieces a piecewise primitive takes."""
        if self.primitive.sides is None:
            return b""
        return np.asarray(self.primitive.sides(*x, **self.params)).tobytes()

    def moved(self, dots: Mapping[int, Any], h: float) -> list[Any]:
        """Return the operands, moved by h times `dots`."""
        return [x + h * dots[i] if i in dots else x for i, x in enumerate(self.x)]

    def bars(self) -> tuple[dict[int, Any], dict[int, Any]]:
        """Return the leaves and their recorded cotangents, by position."""
        leaves, z = self.record(self.x)
        bars = dict(reverse({z: self.z_bar}, record=True))
        return leaves, {i: bars[leaf] for i, leaf in leaves.items()}

    def slope_of_vjp(self, i: int) -> Any:
        """Return the derivative of a VJP along `dots`, by differences."""
        size = max(float(np.max(np.abs(x), initial=1.0)) for x in self.x)
        ahead, behind = (self.vjp(self.moved(self.dots, h), i) for h in (STEP * size, -STEP * size))
        return (ahead - behind) / (2.0 * STEP * size)
