"""`draw` and `Drawing`: what is accepted, saved and shown in notebooks."""

from __future__ import annotations

import base64
import os
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd_mini import Tape, Tensor, Value, nn, values
from autograd_mini.errors import DataError
from autograd_mini.render import draw
from autograd_mini.render import drawing as drawing_module
from autograd_mini.render.drawing import SMALL
from tests.render.graphs import HOSTILE, example, needs_graphviz

SVG = "{http://www.w3.org/2000/svg}"


def test_a_tape_is_drawn_as_its_outputs_are():
    """`draw(tape)` is `draw(*tape.outputs)`."""
    _, _, c = example()
    assert draw(Tape(c)).source == draw(c).source


def test_nothing_to_draw():
    """Without an output there is a hint, not an empty picture."""
    with pytest.raises(ValueError, match=r"needs an output to start from: draw\(loss\)"):
        draw()


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        (values([1.0, 2.0]), r"got ndarray .*; pass its elements, draw\(\*a.flat\)"),
        ([Value(1.0)], "got list .*; pass what backward"),
        (2.0, "got float 2; pass what backward"),
        (np.ones(2), "got ndarray .*; pass what backward"),
    ],
)
def test_what_is_no_node_is_refused(output, remedy):
    """The error says what came and what to pass."""
    with pytest.raises(DataError, match=f"draw starts from nodes, {remedy}"):
        draw(output)


def test_a_tape_is_not_mixed_with_other_outputs():
    """A tape comes alone."""
    _, _, c = example()
    with pytest.raises(DataError, match="one Tape alone"):
        draw(c, Tape(c))


@needs_graphviz
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("g.svg", b"<?xml"),
        ("g.png", b"\x89PNG"),
        ("g.pdf", b"%PDF"),
        ("g.dot", b"digraph"),
        ("g.html", b"<!doctype html>"),
        ("G.SVG", b"<?xml"),
    ],
)
def test_save(tmp_path, name, head):
    """The ending names the format; the path is given back; nothing else is left beside it."""
    path = draw(example()[2]).save(str(tmp_path / name))
    assert path == tmp_path / name
    assert path.read_bytes().lower().startswith(head.lower())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["g.jpg", "g", "g.svg.gz", ".svg"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    """The error lists the formats, and no file appears."""
    with pytest.raises(ValueError, match=r"saved as \.svg, \.png, \.pdf, \.dot, \.html; got"):
        draw(example()[2]).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_directory_is_an_error(tmp_path):
    """What the system says is passed on."""
    with pytest.raises(FileNotFoundError):
        draw(example()[2]).save(tmp_path / "nowhere" / "g.dot")


def test_a_failed_save_leaves_the_old_picture(tmp_path, monkeypatch):
    """When the disk is full halfway, the old file stands and nothing lies beside it."""
    path = draw(example()[2]).save(tmp_path / "g.dot")
    before = path.read_bytes()

    def full(self: Path, content: bytes) -> None:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        draw(Value(1.0) * 2.0).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@needs_graphviz
@pytest.mark.parametrize("name", [*HOSTILE, "a\nb", "\x00\x1b[31m", "\ud800"])
def test_hostile_names_are_text_in_svg(name, tmp_path):
    """Names of nodes and modules are read in the picture as given, but for control characters."""

    class Net(nn.Module):
        def __init__(self) -> None:
            self.parts = {name: nn.Layer(1, 1, kind=Tensor, rng=0)}

        def forward(self, x):
            return self.parts[name](x)

    x = Tensor([[1.0]], name=name)
    drawing = draw(Net()(x))
    root = ElementTree.fromstring(drawing.svg())
    readable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    groups = {group: set(group.get("class", "").split()) for group in root.iter(f"{SVG}g")}
    labels = {
        kind: [text.text for g in groups if kind in groups[g] for text in g.iter(f"{SVG}text")]
        for kind in ("node", "cluster")
    }
    assert readable in labels["node"]
    assert f"parts.{readable}".split("/")[-1] in labels["cluster"]  # a slash parts modules
    boxes = [g for g in groups if "node" in groups[g]]
    assert len(boxes) == len(drawing.picture.boxes) + 1  # the legend
    assert list(root.iter(f"{SVG}script")) == list(root.iter("script")) == []
    drawing.save(tmp_path / "g.html")


@needs_graphviz
def test_a_notebook_gets_the_player_a_png_and_text():
    """The frame holds a page and, as its child, the still picture; the PNG is one."""
    _, _, c = example()
    c.backward()
    shown = draw(c)._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/png", "text/plain"}
    html = shown["text/html"]
    assert html.startswith('<iframe sandbox="allow-scripts"')
    assert "<!doctype html>" in unescape(html).lower()
    still = html.split('src="data:image/svg+xml;base64,')[1].split('"')[0]
    assert ElementTree.fromstring(base64.b64decode(still)).tag == f"{SVG}svg"
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    summary = "The computation graph that leads to a₁: 6 boxes, 6 arrows; adjoints computed."
    assert shown["text/plain"] == summary
    assert repr(draw(c)) == f"<Drawing: {summary}>"


@needs_graphviz
def test_a_large_picture_has_no_png():
    """Above a limit of boxes the still picture is left to the SVG."""
    x = Value(1.0)
    for _ in range(SMALL):
        x = x.sin()
    assert set(draw(x)._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_a_notebook_without_graphviz_gets_text(monkeypatch):
    """What the picture would show, and the remedy, stand there instead of an error."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    shown = draw(example()[2])._repr_mimebundle_()
    assert set(shown) == {"text/plain"}
    assert shown["text/plain"].startswith("The computation graph that leads to a₁")
    assert "to draw a graph Graphviz is needed: install it" in shown["text/plain"]


@needs_graphviz
def test_nodes_and_tapes_show_themselves():
    """A bare node or tape is its picture; in text they stay what print shows."""
    _, _, c = example()
    assert set(c._repr_mimebundle_()) == {"text/html", "image/png", "text/plain"}
    assert c._repr_mimebundle_()["text/plain"] == repr(c)
    assert c.tape()._repr_mimebundle_()["text/plain"] == str(c.tape())


def test_a_leaf_shows_its_text_alone(monkeypatch):
    """A number without history is no picture; nothing is even drawn."""
    monkeypatch.setattr(drawing_module, "layout", None)
    x = Tensor([1.0, 2.0], name="x")
    assert x._repr_mimebundle_() == {"text/plain": repr(x)}


@needs_graphviz
def test_the_svg_is_laid_out_once(monkeypatch):
    """A second look costs nothing."""
    drawing = draw(example()[2])
    first = drawing.svg()
    monkeypatch.setattr(drawing_module, "layout", None)
    assert drawing.svg() is first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_directory_is_an_error(tmp_path):
    """What the system says is passed on, and nothing is left."""
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        draw(example()[2]).save(tmp_path / "g.dot")


@pytest.mark.parametrize(
    ("format", "mimetype"), [("html", "text/html"), ("png", "image/png"), ("svg", "image/svg+xml")]
)
def test_a_format_is_all_that_a_notebook_shows(format, mimetype):
    """Beside the text; an unknown format is refused before anything is drawn."""
    c = example()[2]
    assert set(draw(c, format=format)._repr_mimebundle_()) == {mimetype, "text/plain"}
    with pytest.raises(ValueError, match="format is 'html', 'png', 'svg' or None, got 'gif'"):
        draw(c, format="gif")
