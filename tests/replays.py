"""What tests of replays share: the engines, and the comparison with the function itself."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from numpy.testing import assert_equal

import autograd_mini as am
from autograd_mini.compiler.arguments import units_in, with_units
from autograd_mini.compiler.eager import as_values
from autograd_mini.transforms.run import plain

Compile = Callable[..., Any]

HAS_NUMBA = all(map(find_spec, ("numba", "autograd_mini.compiler.interpreter.executor")))

ENGINES = [
    "numpy",
    pytest.param("numba", marks=pytest.mark.skipif(not HAS_NUMBA, reason="needs numba")),
]


def on_values(args: tuple[Any, ...]) -> list[Any]:
    """Return arguments with `Value`s in the place of numbers."""
    return with_units([*args], map(as_values, units_in([*args])))


def check(step: Any, f: Callable[..., Any], *calls: tuple[Any, ...]) -> None:
    """Compare the replays of calls, one after the other, with the function on `Value`s."""
    for args in calls:
        with am.no_grad():  # with nodes for arguments, a call is replayed only there
            found = step(*args)
        assert_equal(found, plain(f(*on_values(args))))


def counted(f: Callable[..., Any]) -> tuple[Callable[..., Any], list[Any]]:
    """Return a function, and a list that grows by one each time its Python runs."""
    runs: list[Any] = []

    def counting(*args: Any, **settings: Any) -> Any:
        runs.append(args)
        return f(*args, **settings)

    return counting, runs
