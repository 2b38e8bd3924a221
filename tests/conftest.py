"""What every test has: reproducible random examples, and a registry that tests leave as it was."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from autograd_mini.primitive import BY_UFUNC, REGISTRY

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("ci")


@pytest.fixture
def scratch_registry() -> Iterator[None]:
    """Let a test register primitives, and forget them afterwards."""
    tables = [(table, dict(table)) for table in (REGISTRY, BY_UFUNC)]
    yield
    for table, before in tables:
        table.clear()
        table.update(before)
