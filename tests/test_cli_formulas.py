"""The commands `draw` and `explain`: what they write, print and refuse."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autograd_mini import Value, cli, explain, tanh
from autograd_mini.render import layout

for module in ("typer", "tqdm", "pandas", "matplotlib"):
    pytest.importorskip(module)

NEURON = ["tanh(x*w + b)", "x=2", "w=-3", "b=6.88"]
Capture = pytest.CaptureFixture[str]

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not here")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys: Capture, *arguments: str) -> str:
    """Call a command that must fail with status 2 and one line on stderr; return the line."""
    assert cli.run([*arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("autograd-mini: ")
    return err


@needs_graphviz
def test_draw_without_output_writes_graph_svg(here: Path, capsys: Capture) -> None:
    """The picture is SVG, with the names, and the adjoints of a sweep; the command says where."""
    assert cli.run(["draw", *NEURON]) == 0
    assert capsys.readouterr() == ("Written    to graph.svg\n", "")
    texts = " ".join(ElementTree.parse(here / "graph.svg").getroot().itertext())
    w = Value(-3.0)
    tanh(2 * w + 6.88).backward()
    assert f"{w.grad:.4g}" in texts
    assert "not computed" not in texts


@needs_graphviz
@pytest.mark.parametrize(
    ("name", "start"),
    [("g.svg", b"<?xml"), ("g.png", b"\x89PNG"), ("g.pdf", b"%PDF"), ("g.html", b"<!doctype")],
)
def test_draw_in_every_format(here: Path, capsys: Capture, name: str, start: bytes) -> None:
    """The ending of the file decides."""
    assert cli.run(["draw", *NEURON, "-o", name]) == 0
    assert (here / name).read_bytes().lower().startswith(start.lower())
    assert capsys.readouterr().out == f"Written    to {name}\n"


def test_draw_dot_needs_no_graphviz(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DOT text is written without a program to lay it out; a picture is refused with the remedy."""
    monkeypatch.setattr(layout.shutil, "which", lambda program: None)
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    assert cli.run(["draw", *NEURON, "-o", "g.dot"]) == 0
    assert (here / "g.dot").read_text(encoding="utf-8").startswith("digraph")
    capsys.readouterr()
    assert "autograd_mini[render]" in refused(capsys, "draw", *NEURON)


def test_contributions_are_written_on_request(here: Path) -> None:
    """With --contributions an arrow carries upstream × local = contribution."""
    cli.run(["draw", "x*y", "x=2", "y=3", "-o", "plain.dot"])
    cli.run(["draw", "x*y", "x=2", "y=3", "-o", "full.dot", "--contributions"])
    assert "1 × 3 = 3" not in (here / "plain.dot").read_text(encoding="utf-8")
    assert "1 × 3 = 3" in (here / "full.dot").read_text(encoding="utf-8")


def test_an_infinite_derivative_is_drawn_and_explained(here: Path, capsys: Capture) -> None:
    """√x at 0 has a value and no finite derivative; both are shown, and nothing is warned of."""
    assert cli.run(["draw", "sqrt(x)", "x=0", "-o", "g.dot"]) == 0
    assert "inf" in (here / "g.dot").read_text(encoding="utf-8")
    assert cli.run(["explain", "sqrt(x)", "x=0", "--wrt", "x"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["text", "latex", "markdown"])
def test_explain_prints_what_the_library_says(capsys: Capture, form: str) -> None:
    """The three forms are those of `explain` on the same graph."""
    x, w, b = Value(2.0, name="x"), Value(-3.0, name="w"), Value(6.88, name="b")
    expected = explain(tanh(x * w + b), w)
    assert cli.run(["explain", *NEURON, "--wrt", "w", "--format", form]) == 0
    assert capsys.readouterr() == (f"{getattr(expected, form)}\n", "")


def test_explain_prints_text_by_default(capsys: Capture) -> None:
    """Two paths from x to x·x, each contributing x = 3; the derivative is 6."""
    assert cli.run(["explain", "x*x", "x=3", "--wrt", "x"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("6")


def test_explain_without_the_steps(capsys: Capture) -> None:
    """At depth 1 no intermediate name is left, for a formula has no modules."""
    assert cli.run(["explain", *NEURON, "--wrt", "w", "--depth", "1"]) == 0
    assert "z = " not in capsys.readouterr().out


def test_a_formula_that_begins_with_a_minus(here: Path, capsys: Capture) -> None:
    """It goes after --; without, the error leads to the help, which says so."""
    assert cli.run(["draw", "-o", "g.dot", "--", "-x*y", "x=2", "y=3"]) == 0
    capsys.readouterr()
    assert "autograd-mini draw --help" in refused(capsys, "draw", "-x*y", "x=2", "y=3")
    assert cli.run(["draw", "--help"]) == 0
    assert 'draw -- "-x*y"' in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["draw", "__import__('os')"], "no function __import__"),
        (["draw", "x.data", "x=1"], "'x.data' is not allowed"),
        (["draw", "9**9**9 * x", "x=1"], "'9**9**9' is inf"),
        (["draw", "(" * 500 + "x" + ")" * 500, "x=1"], "the formula"),
        (["draw", "x*" * 5000 + "x", "x=1"], "at most 2,000"),
        (["draw", "x", "x=many"], "expected NAME=NUMBER"),
        (["draw", "x", "x=1", "-o", "g.txt"], "--output must end in .svg, .png"),
        (["draw", "x", "x=1", "-o", "graph"], "--output must end in .svg, .png"),
        (["draw", "x", "x=1", "-o", "nowhere/g.dot"], "nowhere/g.dot: No such file or directory"),
        (["draw", "x", "x=1", "-o", "taken.dot"], "taken.dot: Is a directory"),
        (["draw"], "Missing argument 'FORMULA'"),
        (["explain", "x", "x=1"], "Missing option '--wrt'"),
        (["explain", "x*y", "x=1", "y=2", "--wrt", "z"], "--wrt must be one of x, y; got 'z'"),
        (["explain", "x", "x=1", "--wrt", "x", "--format", "word"], "'--format'"),
        (["explain", "x", "x=1", "--wrt", "x", "--depth", "0"], "'--depth'"),
        (["explain", "\N{BELL}", "x=1", "--wrt", "x"], "cannot be read"),
    ],
)
def test_bad_input_is_told_in_one_line(
    here: Path, capsys: Capture, arguments: list[str], told: str
) -> None:
    """One line on stderr, status 2, and no file."""
    (here / "taken.dot").mkdir()
    assert told in refused(capsys, *arguments)
    assert os.listdir(here) == ["taken.dot"]
