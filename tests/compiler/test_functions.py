"""Every function of the table: traced on some numbers, it is right on all others.

What a function decides by the numbers in nodes (which is the largest, whether a sum is 0), a tracer
must hear of. Numbers of other signs, orders and sizes, zeros, ties, infinities and NaN take turns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import linalg, nn, ops
from autograd_mini.errors import AutogradError
from autograd_mini.transforms.run import plain
from autograd_mini.transforms.structure import leaves
from tests.replays import on_values

LOSSES = ("mse", "binary_cross_entropy_with_logits", "softmax_cross_entropy", "hinge", "huber")
FUNCTIONS = {
    **{name: getattr(ops, name) for name in ops.__all__},
    **{f"linalg.{name}": getattr(linalg, name) for name in linalg.__all__},
    **{f"nn.{name}": getattr(nn, name) for name in LOSSES if hasattr(nn, name)},
}
FUNCTIONS = {name: f for name, f in FUNCTIONS.items() if not inspect.isclass(f)}


LOST_IN_NAN = ("softmax", "log_softmax")
"""Beside a NaN the engine leaves numbers that mean nothing, and a replay NaN."""


def samples(shape: tuple[int, ...]) -> list[Any]:
    """Return arrays of numbers of many kinds."""
    rng = np.random.default_rng(0)
    normal = rng.normal(size=shape)
    return [
        normal,
        np.flip(normal).copy(),
        rng.uniform(size=shape),
        -(rng.normal(size=shape) ** 2),
        np.zeros(shape),
        np.full(shape, 0.25),
        rng.normal(size=shape) * 1e3,
        rng.normal(size=shape) * 1e-200,
        rng.normal(size=shape) * 1e200,
        np.where(normal > 0, np.inf, 1.0),
        np.where(normal > 0, np.nan, 1.0),
        normal,
    ]


def calls(count: int, shape: tuple[int, ...]) -> Iterator[list[Any]]:
    """Yield arguments, each time other ones."""
    kinds = samples(shape)
    for k in range(len(kinds)):
        yield [np.roll(kinds[(k + i) % len(kinds)], i) for i in range(count)]


def numbers(f: Callable[..., Any], args: list[Any]) -> Any:
    """Return the numbers that a function gives; None where it refuses its arguments."""
    try:
        return np.concatenate([np.ravel(x) for x in leaves(plain(f(*args)))] or [()], dtype=float)
    except (AutogradError, TypeError, ValueError, IndexError, ArithmeticError, AttributeError):
        return None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients(name: str) -> None:
    """Replays on each sample give what the function gives, and its gradient, on `Value`s."""
    f = FUNCTIONS[name]

    def weighted(*args: Any) -> Any:
        parts = [np.ravel(z) for z in leaves(f(*args))]
        return sum(np.sum(part * np.arange(1.0, 1.0 + part.size)) for part in parts)

    gradient = am.value_and_grad(weighted, allow_unused=True)
    for count in (1, 2, 3):
        for shape in ((4,), (3, 3)):
            step, both = (am.compile(g, engine="numpy") for g in (f, weighted))
            for args in calls(count, shape):
                if name in LOST_IN_NAN and np.isnan(args[0]).any():
                    continue
                expected = numbers(f, on_values(tuple(args)))
                if expected is None:
                    continue
                found = numbers(step, args)
                assert found is not None
                assert_allclose(found, expected, rtol=1e-13, err_msg=str(args))
                expected = numbers(gradient, on_values(tuple(args)))
                if expected is None:
                    continue
                found = numbers(lambda *x, g=both: g.value_and_grad(*x, allow_unused=True), args)
                assert found is not None
                assert_allclose(found, expected, rtol=1e-13, err_msg=str(args))
