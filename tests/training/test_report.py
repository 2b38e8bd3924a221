"""The report: complete in itself, harmless whatever the data are called, and its numbers right."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from autograd_mini.training.run import Run
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.settings import Settings
from autograd_mini.training.train import train

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Reads a page, and fails where an element is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.sources: list[str] = []
        self.cells: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the element and what it loads."""
        self.tags[tag] += 1
        self.sources += [str(value) for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it is the one that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data
        if self.open[-1:] == ["td"] and "tbody" in self.open:
            self.cells.append(data)

    @property
    def plots(self) -> list[bytes]:
        """The pictures in PNG."""
        png = "data:image/png;base64,"
        return [b64decode(s.removeprefix(png)) for s in self.sources if s.startswith(png)]


def report(directory: Path, rows: list[str], **settings: object) -> Page:
    """Train on rows of CSV, and return the report."""
    file = directory / "data.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    defaults: dict[str, object] = {"hidden": (3,), "epochs": 2}
    train(Settings(file=str(file), out=str(directory / "out"), **(defaults | settings)))  # type: ignore[arg-type]
    return Page((directory / "out" / "report.html").read_text(encoding="utf-8"))


def two_classes(first: str = "low", second: str = "high", columns: str = "a,b,c") -> list[str]:
    """Return rows of two features and a class."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(40, 2))
    return [columns, *(f"{a},{b},{first if a + b < 0 else second}" for a, b in points)]


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    """No scripts, nothing loaded from elsewhere, every element closed, every section there."""
    page = report(tmp_path, two_classes())
    assert page.tags["script"] == 0
    assert page.sources
    assert all(source.startswith("data:image/") for source in page.sources)
    for word in ("accuracy", "Curves", "Data", "Settings", "Gradient check", "One sample"):
        assert word in page.text
    for setting in Settings().to_json().keys() - {"target"}:
        assert setting.replace("_", "-") in page.text


def test_names_are_texts(tmp_path: Path) -> None:
    """Names that are HTML, mathematics of TeX or in rare scripts are shown as they are."""
    names = ["</script><b>$x^$", "_漢 & $\\frac$", "c</title>$d_$"]
    classes = ("_<i>", "$down_$ &amp;")
    page = report(tmp_path, two_classes(*classes, columns=",".join(names)))
    for name in (*names, *classes):
        assert name in page.text
    assert page.tags["b"] == page.tags["i"] == 0
    assert page.tags["title"] == 1


def test_the_confusion_matrix_counts_the_test_rows(tmp_path: Path) -> None:
    """Each cell is the number of test rows of a class that are predicted as another."""
    page = report(tmp_path, two_classes(), epochs=10)
    saved = SavedModel.load(tmp_path / "out")
    settings = Settings(file=str(tmp_path / "data.csv"), hidden=(3,))
    test = Run(settings).prepared.test
    scores = saved.scores(test.x * saved.scaling.scale + saved.scaling.mean)
    counts = Counter(zip(test.y.tolist(), scores.argmax(axis=1).tolist(), strict=True))
    expected = [str(counts[true, predicted]) for true in (0, 1) for predicted in (0, 1)]
    assert page.cells[:4] == expected
    assert sum(map(int, expected)) == len(test)


@pytest.mark.parametrize(("columns", "plots"), [(1, 1), (2, 2), (3, 1)])
def test_the_boundary_is_drawn_in_a_plane(tmp_path: Path, columns: int, plots: int) -> None:
    """Beside the curves there is a second plot where there are exactly two features."""
    rng = np.random.default_rng(0)
    features = [f"f{i}" for i in range(columns)]
    rows = [",".join([*features, "c"])]
    rows += [
        ",".join([*map(str, x), "up" if x[0] > 0 else "down"])
        for x in rng.normal(size=(40, columns))
    ]
    page = report(tmp_path, rows)
    assert len(page.plots) == plots
    assert ("Decision boundary" in page.text) == (columns == 2)


def test_a_constant_feature_has_a_boundary_too(tmp_path: Path) -> None:
    """A plane in which all rows lie on a line is drawn all the same."""
    rows = ["a,b,c", *(f"{i},5,{'up' if i > 20 else 'down'}" for i in range(40))]
    assert len(report(tmp_path, rows).plots) == 2


def test_a_regression_shows_predictions_against_the_truth(tmp_path: Path) -> None:
    """There is no confusion matrix, and a plot beside the curves."""
    page = report(tmp_path, ["a,b,y", *(f"{i % 7},{i % 5},{i / 3}" for i in range(40))])
    assert "RMSE" in page.text
    assert "Confusion" not in page.text
    assert len(page.plots) == 2
    assert all(plot.startswith(b"\x89PNG") for plot in page.plots)


def test_very_many_classes_have_no_matrix(tmp_path: Path) -> None:
    """A table of 30 × 30 nobody reads; precision and recall of each class are there."""
    page = report(tmp_path, ["a,b,c", *(f"{i},{-i},class {i % 30}" for i in range(90))])
    assert "Confusion" not in page.text
    assert "class 29" in page.text
