"""The command line: what it prints, and with which status it exits."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from autograd_mini import cli
from autograd_mini.training.settings import OPTIMIZERS, Settings
from autograd_mini.training.tabular import read_table

for module in ("typer", "tqdm", "pandas", "matplotlib"):
    pytest.importorskip(module)

QUICK = ["--hidden", "4", "--epochs", "2"]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def iris_csv(path: Path, change: Callable[[list[str]], None] = lambda lines: None) -> str:
    """Write the iris measurements to a file after a change of its lines; return its name."""
    table = read_table(None)
    lines = [",".join(table.columns)]
    lines += [",".join(cells) for cells in zip(*table.columns.values(), strict=True)]
    change(lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path.name


def told_on_one_line(capsys: Capture) -> str:
    """Return what went to stderr, which must be one line of ours, with nothing on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("autograd-mini: ")
    return err


def test_train_without_a_file(here: Path, capsys: Capture) -> None:
    """The bare command trains on iris, tells what it does, and writes to runs/iris."""
    assert cli.run(["train", *QUICK]) == 0
    out, err = capsys.readouterr()
    told = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert told == [
        *("Data", "Target", "Split", "Model", "Training", "Gradients", "Gradients"),
        *("Test", "Written", "Next"),
    ]
    assert "classes: setosa, versicolor, virginica" in out
    assert [line.split("  ")[0] for line in err.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    assert " left" in err
    assert (here / "runs" / "iris" / "model.npz").exists()


def test_predict_what_was_trained(here: Path, capsys: Capture) -> None:
    """The command that the training ends with predicts; classes and probabilities make sense."""
    file = iris_csv(here / "flowers.csv")
    assert cli.run(["train", file, "--hidden", "8", "--epochs", "20"]) == 0
    command = capsys.readouterr().out.splitlines()[-1].split()
    assert command[:3] == ["Next", "autograd-mini", "predict"]
    assert cli.run([file if word == "FILE.csv" else word for word in command[2:]]) == 0
    out, err = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(out)))
    species = read_table(None).text("species")
    assert err == ""
    assert len(rows) == 150
    assert (
        np.mean([row["prediction"] == name for row, name in zip(rows, species, strict=True)]) > 0.9
    )
    for row in rows:
        probabilities = {name: float(row[f"probability_{name}"]) for name in {*species}}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert max(probabilities, key=lambda name: probabilities[name]) == row["prediction"]


def test_predict_into_a_file(here: Path, capsys: Capture) -> None:
    """With -o the same CSV goes to a file, and nothing to the screen."""
    file = iris_csv(here / "flowers.csv")
    cli.run(["train", *QUICK, "--out", "m"])
    capsys.readouterr()
    cli.run(["predict", file, "--model", "m"])
    shown = capsys.readouterr().out
    assert cli.run(["predict", file, "--model", "m", "-o", "p.csv"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (here / "p.csv").read_text(encoding="utf-8") == shown


def test_regression_from_the_command_line(here: Path, capsys: Capture) -> None:
    """Another target column that is a number makes a regression, and R² is reported."""
    file = iris_csv(here / "f.csv", lambda lines: lines.__setitem__(slice(None), numeric(lines)))
    assert cli.run(["train", file, "--target", "petal_width", "--epochs", "20"]) == 0
    out = capsys.readouterr().out
    assert "petal_width, a number (regression)" in out
    r2 = float(out.split("R² ")[1].split(",")[0])
    assert 0.8 < r2 < 1
    assert cli.run(["predict", file, "--model", "runs/f"]) == 0
    predicted = np.array(capsys.readouterr().out.split()[1:], dtype=float)
    assert np.corrcoef(predicted, read_table(None).numbers("petal_width"))[0, 1] > 0.9


def numeric(lines: list[str]) -> list[str]:
    """Return lines without their last column."""
    return [line.rpartition(",")[0] for line in lines]


def test_every_setting_is_an_option_and_has_its_default() -> None:
    """An option that was forgotten, or whose default differs from the library's, shows here."""
    from typer.main import get_command

    from autograd_mini.cli.commands import app, joined

    command = get_command(app).commands["train"]
    options = {parameter.name: parameter.default for parameter in command.params}
    defaults = Settings()
    for field in fields(Settings):
        default = getattr(defaults, field.name)
        expected = joined(default) if isinstance(default, tuple) else default
        assert options[field.name] == expected


def test_help_tells_options_and_defaults(capsys: Capture) -> None:
    """Help goes to standard output, with status 0, with defaults and every optimiser's rate."""
    assert cli.run([]) == 0
    assert "predict" in capsys.readouterr().out
    assert cli.run(["train", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "[default: 16,16]" in out
    for name, (_, rate) in OPTIMIZERS.items():
        assert f"{name} {rate:g}" in out


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lines: lines.clear(), "bad.csv: the file is empty"),
        (lambda lines: lines.__delitem__(slice(1, None)), "no rows below the header"),
        (lambda lines: lines.__setitem__(7, "1,2,3"), "bad.csv, row 8: 3 fields"),
        (lambda lines: lines.__setitem__(7, "1,2,3,4,a,b"), "bad.csv, row 8: 6 fields"),
        (
            lambda lines: lines.__setitem__(7, "1,x,3,4,setosa"),
            "bad.csv, row 8, column sepal_width: 'x' is not a number",
        ),
        (
            lambda lines: lines.__setitem__(150, "1,2,,4,virginica"),
            "bad.csv, row 151, column petal_length: the value is missing",
        ),
        (
            lambda lines: lines.__setitem__(2, "1,2,3,inf,setosa"),
            "bad.csv, row 3, column petal_width: 'inf' is not a finite number",
        ),
        (
            lambda lines: lines.__setitem__(2, "1,2,3,4,"),
            "bad.csv, row 3, column species: the value is missing",
        ),
        (
            lambda lines: lines.__delitem__(slice(51, None)),
            "bad.csv, column species: every row has 'setosa'",
        ),
    ],
)
def test_a_bad_file_is_told_in_one_line(
    here: Path, capsys: Capture, change: Callable[[list[str]], None], expected: str
) -> None:
    """The line names file, row and column; the status is 2; nothing is written."""
    file = iris_csv(here / "bad.csv", change)
    assert cli.run(["train", file]) == 2
    assert expected in told_on_one_line(capsys)
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train", "missing.csv"], "missing.csv: No such file or directory"),
        (["train", "."], ".: Is a directory"),
        (["train", "--target", "color"], "there is no column 'color'; there are sepal_length"),
        (["train", "--hidden", "16,0"], "--hidden must be whole numbers from 1"),
        (["train", "--hidden", "16;8"], "--hidden must be whole numbers separated by commas"),
        (["train", "--hidden", ""], "--hidden must be whole numbers separated by commas"),
        (["train", "--keep-prob", "half"], "--keep-prob must be numbers separated by commas"),
        (["train", "--keep-prob", "1.5"], "--keep-prob must be in (0, 1]"),
        (["train", "--lr", "fast"], "'--lr'"),
        (["train", "--lr", "-1"], "--lr must be positive"),
        (["train", "--epochs", "1.5"], "'--epochs'"),
        (["train", "--test-size", "2"], "--test-size must be between 0 and 1"),
        (["train", "--optimizer", "best"], "'sgd', 'momentum'"),
        (["train", "--colour"], "No such option: --colour"),
        (["train", "a.csv", "b.csv"], "b.csv"),
        (["train", "--task", "regress"], "row 2, column species: 'setosa' is not a number"),
        (["train", "--out", "taken"], "taken: File exists"),
        (["train", "--out", "taken/deeper"], "taken/deeper: Not a directory"),
        (["predict", "missing.csv"], "Missing option '--model'"),
        (["predict", "missing.csv", "--model", "nowhere"], "nowhere holds no model"),
        (["learn"], "No such command 'learn'"),
    ],
)
def test_bad_arguments_are_told_in_one_line(
    here: Path, capsys: Capture, arguments: list[str], expected: str
) -> None:
    """Whatever is wrong with the call, there is one line on stderr and status 2."""
    (here / "taken").write_text("a file", encoding="utf-8")
    assert cli.run(arguments) == 2
    assert expected in told_on_one_line(capsys)


def test_a_directory_that_cannot_be_written(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory without permission is found out before training, not after."""

    def refuse(path: Path, *args: object, **settings: object) -> io.BytesIO:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert cli.run(["train", *QUICK]) == 2
    assert "Permission denied" in told_on_one_line(capsys)


def test_a_damaged_model_and_a_damaged_checkpoint(here: Path, capsys: Capture) -> None:
    """Files that are cut off are told by name, with status 2."""
    cli.run(["train", *QUICK, "--out", "m"])
    for name in ("model.json", "checkpoint.npz"):
        path = here / "m" / name
        path.write_bytes(path.read_bytes()[:-30])
    capsys.readouterr()
    assert cli.run(["predict", iris_csv(here / "f.csv"), "--model", "m"]) == 2
    assert "m/model.json: the file is damaged" in told_on_one_line(capsys)
    assert cli.run(["train", *QUICK, "--out", "m", "--resume"]) == 2
    assert "m/checkpoint.npz: the file is damaged" in told_on_one_line(capsys)


def test_divergence_is_told_without_warnings(here: Path, capsys: Capture) -> None:
    """A learning rate that blows the loss up gives one line that names the remedy."""
    assert cli.run(["train", "--optimizer", "sgd", "--lr", "1e9"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "lower --lr (now 1e+09)" in err


@pytest.mark.parametrize("module", ["typer", "tqdm", "pandas", "matplotlib"])
def test_a_missing_extra_is_told_in_one_line(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """Without an optional dependency the line names the extra that brings it."""
    monkeypatch.setitem(sys.modules, module, None)
    assert cli.run(["train"]) == 2
    line = told_on_one_line(capsys)
    assert f"{module} is not installed" in line
    assert "autograd_mini[cli]" in line


def test_a_bar_on_a_terminal(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stderr is a terminal there is a bar with epoch, loss, accuracy and time left."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert cli.run(["train", *QUICK]) == 0
    out, err = capsys.readouterr()
    last = err.rstrip().rsplit("\r", 1)[-1]
    assert last.startswith("epoch 2/2 100%|")
    for word in ("left", "loss", "accuracy"):
        assert word in last
    assert out.count("Gradients") == 2


def test_the_installed_command(here: Path) -> None:
    """The command that pip installs runs, and passes its status on."""
    command = Path(sys.executable).with_name("autograd-mini")
    if not command.exists():
        pytest.skip("the package is not installed in this environment")
    done = subprocess.run([command, "train", "no.csv"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "autograd-mini: no.csv: No such file or directory\n"
