"""Generators of NumPy and Python around a function, whose numbers no replay would draw anew.

Random draws of this library are sources of a program. What a function draws otherwise is a number
like any other to a trace, so it is looked whether a generator went on meanwhile.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import DataError

GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)

GLOBAL = {np.random: np.random.random.__self__, random: random.random.__self__}  # type: ignore[attr-defined]
"""The generators behind the functions of the modules that are called `random`."""


class Watched(NamedTuple):
    """A generator, what it is called, and the state that it was in."""

    rng: Any
    called: str
    state: Any


def watched(rng: Any, called: str) -> Watched:
    """Return a generator as it is now."""
    for module, own in GLOBAL.items():
        if rng is own:
            called = module.__name__
    return Watched(rng, called.lstrip("."), state_of(rng))


def check_undrawn(generators: Iterable[Watched]) -> None:
    """Raise `DataError` if one of the generators is in another state than it was."""
    for rng, called, state in generators:
        if not same_state(state_of(rng), state):
            raise DataError(
                f"the function drew random numbers from {called}, which a replay would not draw "
                "anew: draw them outside and make them an argument, or call the function without "
                "compiling it; dropout(x, keep_prob, rng=...) of this library draws at each replay"
            )


def state_of(rng: Any) -> Any:
    """Return the state of a generator; None where it has none, as that of the system."""
    if isinstance(rng, np.random.Generator):
        return rng.bit_generator.state
    if isinstance(rng, np.random.RandomState):
        return rng.get_state(legacy=False)
    try:
        return rng.getstate()
    except NotImplementedError:
        return None


def same_state(x: Any, y: Any) -> bool:
    """Return whether two states, dicts of numbers, texts and arrays or tuples, are the same."""
    if isinstance(x, dict):
        return all(same_state(x[name], y[name]) for name in x)
    return np.array_equal(x, y) if isinstance(x, np.ndarray) else bool(x == y)
