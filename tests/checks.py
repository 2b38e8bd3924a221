"""What every row of the table must satisfy. Each check raises `AssertionError` where it fails.

The numbers come from NumPy alone: the reference function of the row, and its two-sided differences.
Derivatives of second order are compared with differences of those of first order, which have been
checked by then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini.primitive import REGISTRY
from autograd_mini.sweep import forward, reverse
from tests.table import elementwise
from tests.table.case import Case

STEP = np.finfo(float).eps ** (
    1 / 3
)  # where truncation and rounding of a two-sided difference meet
TOLERANCE = {"rtol": 1e-7, "atol": 1e-8}  # some ten times the error of such a difference


def difference(f: Callable[..., Any], x: Sequence[np.ndarray], dots: dict[int, np.ndarray]) -> Any:
    """Return the derivative of `f` at `x` along the directions `dots`, two-sided."""
    ahead, behind = (
        [array + sign * STEP * dots[i] if i in dots else array for i, array in enumerate(x)]
        for sign in (1, -1)
    )
    return (f(*ahead) - f(*behind)) / (2 * STEP)


def jacobian(f: Callable[..., Any], x: Sequence[np.ndarray], i: int) -> np.ndarray:
    """Return ∂f/∂x[i] of shape (size of the result, size of the operand), by differences."""
    columns = [
        difference(f, x, {i: unit.reshape(x[i].shape)}).ravel() for unit in np.eye(x[i].size)
    ]
    return np.array(columns).reshape(x[i].size, f(*x).size).T


def varied(case: Case) -> list[int]:
    """Return the positions of the operands that are differentiated."""
    return [i for i in range(len(case.shapes)) if i not in case.fixed]


def build(case: Case, x: Sequence[np.ndarray]) -> tuple[dict[int, am.Tensor], am.Tensor]:
    """Record the call; return its leaves by position, and the result."""
    leaves = {i: am.Tensor(x[i]) for i in varied(case)}
    return leaves, case.function(*(leaves.get(i, array) for i, array in enumerate(x)))


def vjp(case: Case, x: Sequence[np.ndarray], z_bar: np.ndarray) -> dict[int, Any]:
    """Return the cotangent of each differentiated operand."""
    leaves, z = build(case, x)
    bars = dict(reverse({z: z_bar}))
    return {i: bars[leaf] for i, leaf in leaves.items()}


def jvp(case: Case, x: Sequence[np.ndarray], dots: dict[int, np.ndarray]) -> Any:
    """Return the tangent of the result."""
    leaves, z = build(case, x)
    return forward([z], {leaves[i]: dot for i, dot in dots.items()})[0]


def directions(case: Case, x: Sequence[np.ndarray]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Return a cotangent of the result and tangents of the differentiated operands."""
    rng = np.random.default_rng(1)
    dots = {i: np.asarray(rng.normal(size=x[i].shape), dtype=x[i].dtype) for i in varied(case)}
    z = case.function(*x)
    return np.asarray(rng.normal(size=np.shape(z)), dtype=z.dtype), dots


def check_forward(case: Case) -> None:
    """The result is NumPy's: on arrays, and as a Tensor."""
    x = case.draw()
    expected = case.reference(*x)
    _, z = build(case, x)
    assert type(z) is am.Tensor
    assert z.shape == expected.shape
    assert z.dtype == expected.dtype
    assert_allclose(z.data, expected, rtol=1e-13, atol=1e-15)
    assert_allclose(case.function(*x), expected, rtol=1e-13, atol=1e-15)


def check_first_order(case: Case) -> None:
    """VJP and JVP agree with differences, and with each other: ⟨z̄, J ẋ⟩ = ⟨Jᵀ z̄, ẋ⟩."""
    x = case.draw()
    z_bar, dots = directions(case, x)
    bars, z_dot = vjp(case, x, z_bar), jvp(case, x, dots)
    expected = 0.0
    for i, bar in bars.items():
        slope = jacobian(case.reference, x, i)
        assert bar.shape == x[i].shape
        assert_allclose(bar.ravel(), z_bar.ravel() @ slope, **TOLERANCE)
        expected = expected + slope @ dots[i].ravel()
    assert z_dot.shape == z_bar.shape
    assert_allclose(z_dot.ravel(), expected, **TOLERANCE)
    pulled = sum(np.sum(dots[i] * bar) for i, bar in bars.items())
    assert_allclose(np.sum(z_bar * z_dot), pulled, rtol=1e-12, atol=1e-13)


def check_second_order(case: Case) -> None:
    """Three ways to the second derivative along `dots` agree with differences of the first.

    They are reverse over reverse, forward over reverse and reverse over forward.
    """
    x = case.draw()
    z_bar, dots = directions(case, x)
    leaves, z = build(case, x)
    recorded = dict(reverse({z: z_bar}, record=True))
    bars = {i: recorded[leaf] for i, leaf in leaves.items()}
    z_dot = forward([z], {leaves[i]: dot for i, dot in dots.items()}, record=True)[0]
    twice = [
        gradients(sum(am.sum(bars[i] * dots[i]) for i in bars), leaves),
        tangents(bars, leaves, dots),
        gradients(am.sum(z_dot * z_bar), leaves),
    ]
    for i in leaves:
        expected = difference(lambda *x, i=i: vjp(case, x, z_bar)[i], x, dots)
        for way in twice:
            assert_allclose(way[i], expected, **TOLERANCE)


def gradients(s: Any, leaves: dict[int, am.Tensor]) -> dict[int, Any]:
    """Return the gradient of a scalar; zero where it does not depend on a leaf."""
    bars = dict(reverse({s: np.ones(())})) if isinstance(s, am.Node) else {}
    return {i: bars.get(leaf, np.zeros(leaf.shape)) for i, leaf in leaves.items()}


def tangents(
    outputs: dict[int, Any], leaves: dict[int, am.Tensor], dots: dict[int, np.ndarray]
) -> dict[int, Any]:
    """Return the tangent of each output; zero where it does not depend on a leaf."""
    by_leaf = {leaves[i]: dot for i, dot in dots.items()}
    found = {}
    for i, output in outputs.items():
        dot = forward([output], by_leaf)[0] if isinstance(output, am.Node) else None
        found[i] = np.zeros(leaves[i].shape) if dot is None else dot
    return found


def check_float32(case: Case) -> None:
    """Operands in single precision give a result, cotangents and tangents in single precision."""
    x = [array.astype(np.float32) for array in case.draw()]
    z_bar, dots = directions(case, x)
    leaves, z = build(case, x)
    recorded = dict(reverse({z: z_bar}, record=True))
    assert z.dtype == np.float32
    for bar in vjp(case, x, z_bar).values():
        assert bar.dtype == np.float32
    for leaf in leaves.values():
        assert am.data(recorded[leaf]).dtype == np.float32
    assert jvp(case, x, dots).dtype == np.float32
    assert_allclose(z.data, case.reference(*x), rtol=1e-5, atol=1e-6)


def check_layout(case: Case) -> None:
    """Neither Fortran order nor negative strides of operands and cotangent change anything."""
    x = case.draw()
    z_bar, _ = directions(case, x)
    expected = vjp(case, x, z_bar)
    fortran = vjp(case, [np.array(array, order="F") for array in x], np.array(z_bar, order="F"))
    flipped = [am.Tensor(np.flip(array)) for array in x]
    whole = [(slice(None, None, -1),) * array.ndim for array in x]
    operands = [leaf[index] for leaf, index in zip(flipped, whole, strict=True)]
    for i in case.fixed:
        operands[i] = operands[i].data
    z = case.function(*operands)
    bars = dict(reverse({z: np.flip(np.flip(z_bar).copy())}))
    assert_allclose(z.data, case.function(*x), rtol=1e-13, atol=1e-15)
    for i, bar in expected.items():
        assert_allclose(fortran[i], bar, rtol=1e-13, atol=1e-15)
        assert_allclose(np.flip(bars[flipped[i]]), bar, rtol=1e-13, atol=1e-15)


def check_value(case: Case) -> None:
    """A `Value` computes what a 0-d `Tensor` does: result, both sweeps, and the second order.

    At several points, so that of a function in pieces more than one is met.
    """
    for seed in range(8):
        check_value_at(case, [np.asarray(array)[()] for array in case.draw(seed)])


def check_value_at(case: Case, x: Sequence[Any]) -> None:
    """Compare a `Value` and a 0-d `Tensor` at one point."""
    found = []
    for kind, seed in ((am.Value, 1.3), (am.Tensor, np.array(1.3))):
        leaves = {i: kind(x[i]) for i in varied(case)}
        z = case.function(*(leaves.get(i, number) for i, number in enumerate(x)))
        assert type(z) is kind
        bars = dict(reverse({z: seed}))
        recorded = dict(reverse({z: seed}, record=True))
        tangent = dict.fromkeys(leaves.values(), 0.7)
        numbers = [z.data, forward([z], tangent)[0]]
        for leaf in leaves.values():
            bar = recorded[leaf]
            numbers += [bars[leaf], am.data(bar)]
            dot = forward([bar], tangent)[0] if isinstance(bar, am.Node) else None
            numbers.append(0.0 if dot is None else dot)
        found.append(numbers)
        if kind is am.Value:
            assert all(type(number) is float for number in numbers[:2])
    assert_allclose(found[0], found[1], rtol=1e-13, atol=1e-15)


CHECKS = (check_forward, check_first_order, check_second_order, check_layout)


def check(case: Case) -> None:
    """Run every check that applies."""
    for one in CHECKS:
        one(case)
    if case.keeps_dtype:
        check_float32(case)
    if is_scalar(case):
        check_value(case)


def is_scalar(case: Case) -> bool:
    """Return whether `Value`s can take this call too."""
    name = case.label.split("-")[0]
    primitive = REGISTRY.get(name)
    scalar = name in elementwise.ROWS if primitive is None else primitive.scalar is not None
    return scalar and not any(case.shapes)
