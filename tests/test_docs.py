"""The examples of the pages in `docs/` run, and print what stands below them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_examples(page: Path) -> None:
    """The blocks of a page are one program; each prints the text that follows it."""
    blocks = re.findall(r"```(python|text)\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
    if "scipy" in page.read_text("utf-8"):
        pytest.importorskip("scipy", reason="SciPy is optional")
    names: dict[str, object] = {}
    out = io.StringIO()
    for kind, text in blocks:
        if kind == "python":
            with contextlib.redirect_stdout(out):
                exec(compile(text, page.name, "exec"), names)
        else:
            assert out.getvalue() == text
            out = io.StringIO()
    assert out.getvalue() == ""
