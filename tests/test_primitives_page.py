"""`docs/primitives.md` says what the code says."""

from __future__ import annotations

from autograd_mini.primitive import REGISTRY
from tests.tools.primitives_page import PAGE, page


def test_page_is_current() -> None:
    """To bring it up to date, run `python -m tests.tools.primitives_page`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_primitive_is_on_it() -> None:
    """A primitive in a room that the page does not know would be missing from it."""
    text = page()
    assert [name for name in REGISTRY if f"| `{name}` |" not in text] == []
