"""A case: a way to call a function of the table, what NumPy makes of it, and on which inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_mini as am

Shape = tuple[int, ...]
Sampler = Callable[[np.random.Generator, Shape], np.ndarray]


@dataclass(frozen=True)
class Case:
    """One way to call a primitive: on operands of these shapes, with settings closed over.

    Attributes:
        label: what the test is called.
        function: the call on nodes or arrays.
        reference: the same function, written independently with NumPy.
        shapes: of the operands.
        samplers: draw the operands, away from kinks, ties and singular points.
        fixed: positions of operands that are choices (a condition) and so not differentiated.
        keeps_dtype: float32 operands give a float32 result.
    """

    label: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    shapes: tuple[Shape, ...]
    samplers: tuple[Sampler, ...]
    fixed: tuple[int, ...] = ()
    keeps_dtype: bool = True

    def draw(self, seed: int = 20240607) -> list[np.ndarray]:
        """Return operands, the same ones at every call with the same seed."""
        rng = np.random.default_rng(seed)
        pairs = zip(self.samplers, self.shapes, strict=True)
        return [np.asarray(sample(rng, shape)) for sample, shape in pairs]

    def __str__(self) -> str:
        return self.label


# Samplers


def real(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of either sign."""
    return rng.normal(size=shape)


def positive(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers well above 0."""
    return rng.uniform(0.3, 3.0, shape)


def nonzero(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of either sign, well away from 0."""
    return positive(rng, shape) * rng.choice([-1.0, 1.0], shape)


def inside(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers well inside of (-1, 1)."""
    return rng.uniform(-0.8, 0.8, shape)


def above_one(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers well above 1."""
    return 1.0 + positive(rng, shape)


def uneven(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of either sign, well away from whole numbers and halves."""
    return rng.integers(-4, 4, shape) + rng.choice([0.1, 0.3, 0.7, 0.9], shape)


def divisor(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw 2s and -2s: an uneven number is well away from a multiple of these."""
    return rng.choice([-2.0, 2.0], shape)


def order(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw whole numbers from 0 to 3."""
    return rng.integers(0, 4, shape).astype(float)


def distinct(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of which no two are close."""
    return 0.4 * (rng.permutation(int(np.prod(shape))).reshape(shape) - 2.3)


def with_zeros(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of either sign, about half of them 0."""
    return rng.normal(size=shape) * rng.integers(0, 2, shape)


def condition(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw 0s and 1s."""
    return rng.integers(0, 2, shape).astype(float)


def unary(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    calls: Iterable[tuple[Shape, Any]],
    *,
    sampler: Sampler = real,
    name: str | None = None,
    keeps_dtype: bool = True,
) -> list[Case]:
    """Return the cases of an operation on one array with one setting."""
    return [
        Case(
            f"{name or function.__name__}-{shape}-{setting}-{sampler.__name__}",
            lambda x, s=setting: function(x, s),
            lambda x, s=setting: reference(x, s),
            (shape,),
            (sampler,),
            keeps_dtype=keeps_dtype,
        )
        for shape, setting in calls
    ]


def numpys(name: str, *calls: tuple[Any, ...]) -> list[Case]:
    """Return the cases of a function that has NumPy's name and arguments.

    A call is given by the shape of the array, then by the arguments after it; a dictionary at the
    end holds those that go by name.
    """
    return [
        Case(
            f"{name}-{shape}-{arguments}",
            lambda x, call=arguments: called(getattr(am, name), x, call),
            lambda x, call=arguments: called(getattr(np, name), x, call),
            (shape,),
            (real,),
        )
        for shape, *arguments in calls
    ]


def called(function: Callable[..., Any], x: Any, arguments: list[Any]) -> Any:
    """Return what a function makes of an array, several results joined to one."""
    positional, named = arguments, {}
    if arguments and isinstance(arguments[-1], dict):
        *positional, named = arguments
    result = function(x, *positional, **named)
    if isinstance(result, list | tuple):
        return np.concatenate([np.reshape(part, -1) for part in result])
    return result
