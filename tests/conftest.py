"""What every test has: reproducible random examples, and a registry that tests leave as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

import autograd_mini as am
from autograd_mini.primitive import BY_UFUNC, REGISTRY
from tests.replays import ENGINES, Compile

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=1_000)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
hypothesis.settings.load_profile(PROFILE)

RANDOM_PROGRAMS = 10_000 if PROFILE == "nightly" else 300
"""How many programs over the whole table are compared with JAX."""


@pytest.fixture
def scratch_registry() -> Iterator[None]:
    """Let a test register primitives, and forget them afterwards."""
    tables = [(table, dict(table)) for table in (REGISTRY, BY_UFUNC)]
    yield
    for table, before in tables:
        table.clear()
        table.update(before)


@pytest.fixture(params=ENGINES)
def compiled(request: pytest.FixtureRequest) -> Compile:
    """Return `compile` for one of the engines."""
    return lambda f, **settings: am.compile(f, engine=request.param, **settings)
