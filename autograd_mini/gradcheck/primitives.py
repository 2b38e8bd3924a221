"""`check_primitive`: are the rules of this primitive right? For a table's own and for a user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.errors import DataError, DerivativeError
from autograd_mini.gradcheck.rules import Rules
from autograd_mini.primitive import ArrayPrimitive, Elementwise, Primitive, lookup
from autograd_mini.text import table

SHAPES: dict[int, tuple[tuple[tuple[int, ...], ...], ...]] = {
    1: (((),), ((4,),), ((2, 3),)),
    2: (((), ()), ((4,), (4,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (3,))),
    3: (((), (), ()), ((4,), (4,), (4,)), ((2, 1), (3,), ())),
}
"""Of the operands of an elementwise primitive, by their number."""

DOMAINS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Any]] = {
    "real": lambda rng, shape: rng.uniform(0.2, 1.4, shape) * rng.choice([-1.0, 1.0], shape),
    "positive": lambda rng, shape: rng.uniform(0.3, 3.0, shape),
    "(0, 1)": lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    "above 1": lambda rng, shape: rng.uniform(1.2, 3.0, shape),
}
"""Where operands are drawn from: the first of these on which the result is finite."""


@dataclass(frozen=True)
class PrimitiveReport:
    """What a check of a primitive found right; prints as a table.

    Attributes:
        name: the primitive.
        rows: for each set of operands their shapes and domain, and the largest relative error of
            each check.
    """

    name: str
    rows: Sequence[tuple[str, Mapping[str, float]]]

    @property
    def worst(self) -> float:
        """The largest relative error of all checks."""
        return max(error for _, errors in self.rows for error in errors.values())

    def __str__(self) -> str:
        head = dict.fromkeys(check for _, errors in self.rows for check in errors)
        rows = [
            (operands, *(f"{errors[check]:.1e}" if check in errors else "" for check in head))
            for operands, errors in self.rows
        ]
        return f"{self.name}: right\n\n{table(('operands', *head), rows, numbers=True)}"


def check_primitive(
    primitive: str | Primitive,
    *operands: Any,
    threshold: float = 1e-6,
    rng: np.random.Generator | int = 0,
    **params: Any,
) -> PrimitiveReport:
    """Check the rules of a registered primitive against its own forward function.

    Each VJP and JVP is compared with two-sided differences and with the other, both ways to the
    second derivative (reverse over reverse, forward over reverse) with differences of the VJP, a
    `Value` with a `Tensor` where the primitive is elementwise, and the complex step with the JVP
    where it has a continuation. Components at a kink that `sides` tells of, or so near the edge of
    the domain that a probe leaves it, are left out.

    Args:
        primitive: its name, or itself; your own too, made with `register_primitive`.
        operands: numbers or arrays to check at; those of booleans are held fixed, as conditions
            are. By default they are drawn in several shapes from the first of ±[0.2, 1.4],
            [0.3, 3], [0.1, 0.9] and [1.2, 3] where the result is finite.
        threshold: the largest relative error that is right.
        rng: what draws: a generator or a seed.
        params: the settings of an array primitive, as in its rules (axis, keepdims ...).

    Raises:
        GradientError: a rule is wrong; the message names the primitive, the operand, what was
            expected and what came.
        DataError: the primitive cannot be computed on these operands, or on any that were drawn.
        DerivativeError: it is registered as having no derivative.
        KeyError: there is no primitive of that name.
    """
    if isinstance(primitive, str):
        primitive = lookup(primitive)
    if not isinstance(primitive, Primitive):
        raise DataError(
            f"expected a primitive or its name, got {primitive!r:.60}; a function that records "
            "several is checked by check_gradients"
        )
    if not isinstance(primitive, Elementwise | ArrayPrimitive):
        raise DerivativeError(f"{primitive.name} is registered as having no derivative")
    generator = np.random.default_rng(rng)
    if operands:
        sets = [("given", [as_operand(x) for x in operands])]
        finite_result(primitive, sets[0][1], params)
    else:
        sets = drawn(primitive, params, generator)
    rows = []
    for domain, arrays in sets:
        rules = Rules(primitive, arrays, params, generator)
        if not rules.varied:
            raise DataError(f"{primitive.name}: no operand is made of floats, so none is checked")
        if not any(smooth.any() for smooth in rules.smooth.values()):
            raise DataError(
                f"{primitive.name}: every component lies at a kink or at the edge of the domain, "
                "where differences tell nothing; give other operands"
            )
        shapes = ", ".join(str(list(x.shape)) for x in arrays)
        rows.append((f"{domain} {shapes}", rules.check(threshold)))
    return PrimitiveReport(primitive.name, rows)


def as_operand(x: Any) -> Any:
    """Return an operand as an array of booleans or of floats."""
    x = np.array(x)
    if x.dtype.kind not in "fiub":
        raise DataError(f"an operand is made of real numbers, got {x.dtype}")
    return x if x.dtype.kind == "b" else x.astype(np.float64)


def drawn(
    primitive: Primitive, params: Mapping[str, Any], rng: np.random.Generator
) -> list[tuple[str, list[Any]]]:
    """Return operands of several shapes, each set from a domain where the result is finite."""
    found = []
    reason: Exception | None = None
    for shapes in shapes_for(primitive):
        for domain, draw in DOMAINS.items():
            arrays = [np.asarray(draw(rng, shape)) for shape in shapes]
            try:
                finite_result(primitive, arrays, params)
            except DataError as error:
                reason = error
                continue
            found.append((domain, arrays))
            break
    if not found:
        raise DataError(
            f"{primitive.name} has a finite result for none of the operands that were drawn; give "
            f"your own, and params: check_primitive({primitive.name!r}, x, ...). {reason}"
        ) from reason
    return found


def shapes_for(primitive: Primitive) -> Sequence[Sequence[tuple[int, ...]]]:
    """Return combinations of shapes to try."""
    count = primitive.arity or 2
    if isinstance(primitive, Elementwise) and count in SHAPES:
        return SHAPES[count]
    return [[shape] * count for shape in ((), (3,), (3, 3), (2, 3, 3))]


def finite_result(primitive: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> None:
    """Raise `DataError` unless the primitive has a finite result."""
    try:
        with np.errstate(all="ignore"):
            z = np.asarray(primitive.array(*operands, **params))
    except Exception as error:  # whatever a user's function raises
        shapes = [x.shape for x in operands]
        raise DataError(
            f"{primitive.name} cannot be computed on operands of shapes {shapes} with "
            f"{dict(params)}: {error}"
        ) from error
    if z.dtype.kind != "f" or not np.isfinite(z).all():
        raise DataError(f"{primitive.name} gives {z!r:.80}, which is not made of finite floats")
