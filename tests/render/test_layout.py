"""Laying out: by the `dot` program, by pygraphviz, and what is said where that fails."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from xml.etree import ElementTree

import pytest

from autograd_mini.errors import LayoutError
from autograd_mini.render import draw
from autograd_mini.render.layout import layout
from tests.render.graphs import example

SVG = "{http://www.w3.org/2000/svg}"
HEADS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="there is no dot program")
needs_pygraphviz = pytest.mark.skipif(
    importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is not installed"
)


@pytest.fixture
def without_dot(monkeypatch):
    """Hide the dot program."""
    monkeypatch.setattr(shutil, "which", lambda name: None)


@pytest.fixture
def without_graphviz(monkeypatch, without_dot):
    """Hide the dot program and pygraphviz."""
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def texts(svg: bytes) -> list[str]:
    """Return all that is written in a picture, in order."""
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@needs_dot
@pytest.mark.parametrize("format", HEADS)
def test_by_the_dot_program(format):
    """Each format begins as it should."""
    assert layout("digraph { a -> b }", format).startswith(HEADS[format])


@needs_pygraphviz
@pytest.mark.usefixtures("without_dot")
@pytest.mark.parametrize("format", HEADS)
def test_by_pygraphviz(format):
    """Each format begins as it should without a dot program."""
    assert layout("digraph { a -> b }", format).startswith(HEADS[format])


@needs_dot
@needs_pygraphviz
def test_both_ways_show_the_same(monkeypatch):
    """What is written in the picture does not depend on the way it was laid out."""
    _, _, c = example()
    c.backward()
    source = draw(c, contributions=True).source
    by_program = texts(layout(source, "svg"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert sorted(texts(layout(source, "svg"))) == sorted(by_program)
    assert any("adjoint" in text for text in by_program)


@needs_dot
def test_an_error_of_dot_is_carried_by_the_exception(capfd):
    """A text that is no DOT raises with what dot says, and nothing reaches the terminal."""
    with pytest.raises(LayoutError, match=r"dot could not draw the graph: .*syntax error"):
        layout("digraph { a -> ", "svg")
    assert capfd.readouterr() == ("", "")


@needs_pygraphviz
@pytest.mark.usefixtures("without_dot")
def test_an_error_of_pygraphviz_is_carried_by_the_exception(capfd):
    """So it is by the other way."""
    with pytest.raises(LayoutError, match=r"pygraphviz could not draw the graph: .*syntax error"):
        layout("digraph { a -> ", "svg")
    assert capfd.readouterr() == ("", "")


WARNING = 'digraph { a [label="x" shape="no such shape"] }'


@needs_dot
def test_a_warning_of_dot_does_not_leak(capfd):
    """A picture that is drawn with a warning comes without a word on stderr."""
    assert layout(WARNING, "svg").startswith(HEADS["svg"])
    assert capfd.readouterr() == ("", "")


@needs_pygraphviz
@pytest.mark.usefixtures("without_dot")
def test_a_warning_of_pygraphviz_does_not_leak(capfd):
    """So it is by the other way, and Python's own stderr works afterwards."""
    assert layout(WARNING, "svg").startswith(HEADS["svg"])
    print("still here", file=sys.stderr)
    assert capfd.readouterr() == ("", "still here\n")


@pytest.mark.usefixtures("without_graphviz")
def test_without_graphviz_the_error_names_both_remedies():
    """It says how to install either, and the DOT text is there all the same."""
    _, _, c = example()
    drawing = draw(c)
    with pytest.raises(LayoutError, match=r"apt install graphviz.*autograd_mini\[render\]"):
        drawing.svg()
    assert drawing.source.startswith("digraph")


@pytest.mark.usefixtures("without_graphviz")
def test_dot_text_is_saved_without_graphviz(tmp_path):
    """A .dot file needs no layout; a failing .svg leaves no file."""
    drawing = draw(example()[2])
    assert drawing.save(tmp_path / "g.dot").read_text(encoding="utf-8") == drawing.source
    with pytest.raises(LayoutError):
        drawing.save(tmp_path / "g.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["g.dot"]
