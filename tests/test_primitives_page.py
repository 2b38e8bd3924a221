"""`docs/primitives.md` says what the code says."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_mini.primitive import REGISTRY
from tests.tools.primitives_page import PAGE, page


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.2.0", reason="the page lists functions of NumPy 2.2"
)
def test_page_is_current() -> None:
    """To bring it up to date, run `python -m tests.tools.primitives_page`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_primitive_is_on_it() -> None:
    """A primitive in a room that the page does not know would be missing from it."""
    text = page()
    assert [name for name in REGISTRY if f"| `{name}` |" not in text] == []
