"""The notebooks: each runs from top to bottom, and what is committed is what it gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read by nbformat")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run by nbclient")
pytest.importorskip("ipykernel", reason="notebooks are run in a kernel of ipykernel")
# Imported here, Matplotlib builds its font cache now, and does not say so in a notebook.
pytest.importorskip("matplotlib.font_manager", reason="the notebooks draw with Matplotlib")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
ABSOLUTE_PATH = re.compile(r"(?:^|[\s\"'(])(?:/[\w.-]+){2,}|\b[A-Z]:\\\w")


def outputs_of(notebook: Any) -> list[tuple[int, Any]]:
    """Return every output with the position of its cell."""
    return [(i, out) for i, cell in enumerate(notebook.cells) for out in cell.get("outputs", [])]


def complaints(notebook: Any) -> list[Any]:
    """Return the outputs that no notebook should have: errors, warnings, anything on stderr."""
    return [
        out
        for _, out in outputs_of(notebook)
        if out.output_type == "error" or out.get("name") == "stderr"
    ]


def texts(notebook: Any) -> list[tuple[int, str]]:
    """Return the text that each cell printed, and that of its result, with the cell's position."""
    return [
        (i, out.text if out.output_type == "stream" else out.data["text/plain"])
        for i, out in outputs_of(notebook)
    ]


def without_numbers(text: str) -> list[str]:
    """Return the words of a text; widths of columns depend on digits, so rules are left out."""
    return re.sub(r"-{2,}", " ", NUMBER.sub("#", text)).split()


def numbers(text: str) -> list[float]:
    """Return the numbers in a text, in order."""
    return [float(number) for number in NUMBER.findall(text)]


def test_there_are_notebooks():
    """The tests below look where the notebooks are."""
    assert list(FOLDER.glob("*.ipynb"))


@NOTEBOOKS
def test_runs_as_committed(path: Path, monkeypatch: pytest.MonkeyPatch):
    """A fresh run raises and warns nothing, and gives the text and numbers that are committed."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # else a figure would not be shown inline
    committed = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        fresh, kernel_name="python3", timeout=120, coalesce_streams=True
    ).execute(cwd=FOLDER)
    assert not complaints(fresh)
    assert [i for i, _ in texts(fresh)] == [i for i, _ in texts(committed)]
    for (_, new), (_, old) in zip(texts(fresh), texts(committed), strict=True):
        assert without_numbers(new) == without_numbers(old)
        # What is printed of rounding errors, all below 1e-6, differs from machine to machine.
        np.testing.assert_allclose(numbers(new), numbers(old), rtol=1e-4, atol=1e-6)


@NOTEBOOKS
def test_committed_file(path: Path):
    """The file is valid, was run once from top to bottom, and names no path of a machine."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert not complaints(notebook)
    assert not any(ABSOLUTE_PATH.search(text) for _, text in texts(notebook))


def test_readme_lists_every_notebook():
    """The list in notebooks/README.md links each notebook, and nothing that is not there."""
    listed = re.findall(r"\]\(([^)]+)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert {path.name for path in FOLDER.glob("*.ipynb")} <= set(listed)
    assert all((FOLDER / link).exists() for link in listed)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("File /home/someone/x.py", True),
        ('"/usr/lib"', True),
        (r"C:\Users", True),
        ("1·Xᵀ/m and a/b/c", False),
    ],
)
def test_absolute_paths_are_found(text: str, found: bool):
    """The pattern that looks for absolute paths finds them, and no fraction."""
    assert bool(ABSOLUTE_PATH.search(text)) is found
