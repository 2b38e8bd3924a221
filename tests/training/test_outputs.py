"""The files of a run: the graph shows the network that was trained, and Graphviz may be missing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd_mini import cli
from autograd_mini.render import layout
from autograd_mini.training.outputs import GRAPHS, OUTPUTS, output_files
from autograd_mini.training.run import Run
from autograd_mini.training.settings import Settings
from autograd_mini.training.train import train

for module in ("typer", "tqdm", "pandas", "matplotlib"):
    pytest.importorskip(module)

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not here")


@pytest.fixture
def without_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide Graphviz, as a program and as a package."""
    monkeypatch.setattr(layout.shutil, "which", lambda program: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


@needs_graphviz
@pytest.mark.parametrize("kind", ["tensor", "value"])
def test_the_graph_is_of_the_trained_network(tmp_path: Path, kind: str) -> None:
    """Its loss is that of the first test row, computed by hand from the weights on disk."""
    settings = Settings(out=str(tmp_path), kind=kind, hidden=(3,), epochs=2, l2=7.0)
    train(settings)
    weights = np.load(tmp_path / "model.npz")
    test = Run(settings).prepared.test
    hidden = np.maximum(weights["layers.0.W"] @ test.x[0] + weights["layers.0.b"], 0)
    scores = weights["layers.1.W"] @ hidden + weights["layers.1.b"]
    loss = np.log(np.exp(scores).sum()) - scores[test.y[0]]
    texts = " ".join(ElementTree.parse(tmp_path / "graph.svg").getroot().itertext())
    assert f"{loss:.4g}" in texts
    assert "not computed" not in texts
    assert "layers.1.W" in texts
    assert f"{loss:.4g}" in (tmp_path / "graph.html").read_text(encoding="utf-8")


@needs_graphviz
def test_a_wide_network_of_values_stays_a_picture(tmp_path: Path) -> None:
    """40 units more give not one box more: the units of a layer are one."""
    counts = []
    for units in (3, 43):
        result = train(
            Settings(out=str(tmp_path), kind="value", hidden=(units,), epochs=1, batch_size=120)
        )
        counts.append(output_files(result)["graph.svg"].count(b'<g id="n'))
    assert counts[0] == counts[1] > 5


@pytest.mark.usefixtures("without_graphviz")
def test_without_graphviz_training_succeeds(tmp_path: Path) -> None:
    """The pictures are left out, and the report says why and what to do."""
    train(Settings(out=str(tmp_path), hidden=(3,), epochs=1))
    written = {path.name for path in tmp_path.iterdir()}
    assert {*OUTPUTS} - written == {*GRAPHS}
    assert "autograd_mini[render]" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_graphviz")
def test_without_graphviz_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on the screen names the files, the reason and the remedy; the status is 0."""
    assert cli.run(["train", "--hidden", "3", "--epochs", "1", "--out", str(tmp_path)]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "Left out" in line)
    assert "graph.svg and graph.html" in line
    assert "autograd_mini[render]" in line
