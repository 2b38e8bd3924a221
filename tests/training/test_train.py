"""Training: right against PyTorch, the same each time, and honest about what happens."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_mini.errors import DivergenceError, MissingExtraError, SettingError
from autograd_mini.gradcheck import check
from autograd_mini.training.checkpoint import FILE_NAME, Checkpoint
from autograd_mini.training.outputs import OUTPUTS
from autograd_mini.training.progress import Progress
from autograd_mini.training.run import Run
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.settings import Settings
from autograd_mini.training.tasks import Regression
from autograd_mini.training.train import RunInterrupted, train

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

QUICK: dict[str, Any] = {"hidden": (5,), "epochs": 3, "optimizer": "momentum"}


class Told(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        """Keep it."""
        self.said.append(text)


class Stop(Told):
    """Presses Ctrl-C after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def step(self) -> None:
        """Count down."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def numbers_csv(directory: Path) -> str:
    """Write a file with a target that is 3 a - 2 b + 10 and a little noise; return its path."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    y = x @ [3.0, -2.0] + 10 + 0.01 * rng.normal(size=60)
    path = directory / "numbers.csv"
    rows = "".join(f"{a},{b},{c}\n" for (a, b), c in zip(x, y, strict=True))
    path.write_text(f"a,b,y\n{rows}", encoding="utf-8")
    return str(path)


def contents(directory: Path) -> dict[str, bytes]:
    """Return the files of a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_learns_iris(tmp_path: Path) -> None:
    """With the settings that a user gets, 9 of 10 unseen flowers or more are told right."""
    result = train(Settings(out=str(tmp_path)))
    assert result.quality >= 0.9
    assert result.history[-1].test == result.quality
    assert result.history[-1].loss < result.history[0].loss / 5


def test_learns_numbers(tmp_path: Path) -> None:
    """A linear target with noise 0.01 is learnt; predictions come in the units of the target."""
    file = numbers_csv(tmp_path)
    result = train(Settings(file=file, out=str(tmp_path / "out"), l2=0.0, epochs=200))
    assert isinstance(result.saved.task, Regression)
    assert result.quality < 0.5  # the target varies by 3.6
    told = SavedModel.load(tmp_path / "out").predict(file)["prediction"]
    with open(file, encoding="utf-8") as rows:
        y = [float(row["y"]) for row in csv.DictReader(rows)]
    assert np.sqrt(np.mean((told - y) ** 2)) < 0.5


@pytest.mark.parametrize("task", ["classify", "regress"])
def test_a_run_is_what_pytorch_computes(tmp_path: Path, task: str) -> None:
    """Full-batch SGD with L2: losses and weights of ten epochs agree with PyTorch to 1e-9."""
    torch = pytest.importorskip("torch")
    file = None if task == "classify" else numbers_csv(tmp_path)
    settings = Settings(
        file=file, hidden=(7, 5), optimizer="sgd", lr=0.1, batch_size=1000, l2=3.0, out="unused"
    )
    run = Run(settings)
    train_part, m = run.prepared.train, len(run.prepared.train)
    theta = {
        name: torch.tensor(array, requires_grad=True)
        for name, array in run.model.state_dict().items()
    }
    x, y = torch.tensor(train_part.x), torch.tensor(train_part.y)
    losses = []
    for _ in range(10):
        a = x
        for layer in range(3):
            z = a @ theta[f"layers.{layer}.W"].T + theta[f"layers.{layer}.b"]
            a = torch.relu(z)
        if task == "classify":
            loss = torch.nn.functional.cross_entropy(z, y)
        else:
            loss = torch.nn.functional.mse_loss(z, y)
        weights = [theta[f"layers.{layer}.W"] for layer in range(3)]
        loss = loss + 3.0 / (2 * m) * sum((w**2).sum() for w in weights)
        gradients = torch.autograd.grad(loss, list(theta.values()))
        with torch.no_grad():
            for p, g in zip(theta.values(), gradients, strict=True):
                p -= 0.1 * g
        losses.append(loss.item())

    for _ in range(10):
        run.epoch(lambda: None)
    np.testing.assert_allclose([record.loss for record in run.history], losses, rtol=1e-9)
    for name, array in run.model.state_dict().items():
        np.testing.assert_allclose(array, theta[name].detach().numpy(), rtol=1e-9, atol=1e-12)


def test_values_and_tensors_train_alike() -> None:
    """Scalars on the tape give the losses and weights of matrices, mini-batches and all."""
    runs = [Run(Settings(kind=kind, hidden=(4,), epochs=2)) for kind in ("value", "tensor")]
    for run in runs:
        run.epoch(lambda: None)
        run.epoch(lambda: None)
    scalars, matrices = runs
    np.testing.assert_allclose(scalars.history, matrices.history, rtol=1e-10)
    for name, array in matrices.model.state_dict().items():
        np.testing.assert_allclose(scalars.model.state_dict()[name], array, rtol=1e-9, atol=1e-12)


def test_the_loss_does_not_depend_on_how_rows_are_dealt_out() -> None:
    """The mean of the losses of equal batches, L2 included, is the loss of the whole part."""
    run = Run(Settings(l2=50.0))
    part = run.prepared.train
    halves = [type(part)(part.x[i::2], part.y[i::2]) for i in (0, 1)]
    mean = sum(run.loss(half).data for half in halves) / 2
    assert float(mean) == pytest.approx(float(run.loss(part).data), rel=1e-12)


def test_dropout_acts_in_training_only() -> None:
    """Scores are the same each time, also after a step; the loss in training is not."""
    run = Run(Settings(keep_prob=(0.5,)))
    test, batch = run.prepared.test, run.prepared.train
    run.model.train()
    assert float(run.loss(batch).data) != float(run.loss(batch).data)
    run.step(batch)
    np.testing.assert_array_equal(run.scores(test), run.scores(test))


def test_gradients_are_checked_before_training_and_after_the_first_epoch(tmp_path: Path) -> None:
    """Both checks cover every parameter with dropout and L2 set, find it right, and are filed."""
    told = Told()
    result = train(Settings(out=str(tmp_path), keep_prob=(0.5,), **QUICK), told)
    first, second = (line for line in told.said if line.startswith("Gradients"))
    parameters = 5 * 4 + 5 + 3 * 5 + 3
    for line, when in ((first, "before training"), (second, "after epoch 1")):
        assert f"{when}: right" in line
        assert f"over {parameters} parameters" in line
    assert len(result.checks) == 2
    filed = (tmp_path / "gradcheck.txt").read_text(encoding="utf-8")
    assert all(check in filed for check in result.checks)
    assert filed.count("layers.1.W") >= 2


def test_a_wrong_gradient_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sweep gave gradients that are too large by a tenth, the check would say wrong."""
    swept = check.swept_gradient
    monkeypatch.setattr(check, "swept_gradient", lambda *args: 1.1 * swept(*args))
    assert Run(Settings(**QUICK)).check_gradients("now").startswith("now: wrong")


def test_parameters_that_are_too_many_to_check_are_named() -> None:
    """A matrix of 200 × 100 is left out, and said to be; what is smaller is checked."""
    run = Run(Settings(hidden=(100, 200)))
    line = run.check_gradients("now")
    assert line.endswith("too large to check: layers.1.W")
    assert "layers.2.W" in run.checks[0]


def test_the_l2_term_is_in_the_check() -> None:
    """The loss that is checked is the one that is trained: with λ, and so another gradient."""
    reports = []
    for l2 in (0.0, 50.0):
        run = Run(Settings(l2=l2, **QUICK))
        run.check_gradients("now")
        reports.append(run.checks[0])
    assert reports[0] != reports[1]


def test_the_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    """Two runs leave the same files; another seed leaves another model."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(Settings(out=str(tmp_path / name), seed=seed, keep_prob=(0.8,), **QUICK))
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert a["model.npz"] != c["model.npz"]


def test_what_a_run_leaves_behind(tmp_path: Path) -> None:
    """All files are there, with a row of history for each epoch, and nothing half-written."""
    train(Settings(out=str(tmp_path), **QUICK))
    files = contents(tmp_path)
    assert files.keys() == {"model.npz", "model.json", FILE_NAME, *OUTPUTS}
    rows = list(csv.DictReader(files["history.csv"].decode().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [*rows[0]] == ["epoch", "loss", "train_accuracy", "test_accuracy"]
    checkpoint = Checkpoint.load(tmp_path)
    assert checkpoint is not None
    assert [float(row["loss"]) for row in rows] == [record.loss for record in checkpoint.history]
    assert files["loss.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["tensor", "value"])
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(
    tmp_path: Path, kind: str, optimizer: str
) -> None:
    """Ctrl-C in the first, the second and the last epoch, each resumed: the bytes are the same."""
    settings: dict[str, Any] = {
        "kind": kind,
        "hidden": (4,),
        "keep_prob": (0.7,),
        "optimizer": optimizer,
        "batch_size": 40,
        "epochs": 3,
    }
    train(Settings(out=str(tmp_path / "unbroken"), **settings))
    done = []
    for steps in (2, 4, 5):  # of three steps an epoch
        with pytest.raises(RunInterrupted) as interrupted:
            train(Settings(out=str(tmp_path / "broken"), resume=True, **settings), Stop(steps))
        done.append(interrupted.value.done)
    assert done == [0, 1, 2]
    told = Told()
    train(Settings(out=str(tmp_path / "broken"), resume=True, **settings), told)
    assert "Resumed    after epoch 2 of 3" in told.said
    assert contents(tmp_path / "broken") == contents(tmp_path / "unbroken")


def test_a_finished_run_can_be_prolonged(tmp_path: Path) -> None:
    """Two epochs and then three more are five epochs."""
    settings = QUICK | {"keep_prob": (0.7,)}
    train(Settings(out=str(tmp_path / "once"), **settings | {"epochs": 5}))
    train(Settings(out=str(tmp_path / "twice"), **settings | {"epochs": 2}))
    train(Settings(out=str(tmp_path / "twice"), resume=True, **settings | {"epochs": 5}))
    assert contents(tmp_path / "once") == contents(tmp_path / "twice")


def test_a_finished_run_that_is_resumed_writes_its_files_again(tmp_path: Path) -> None:
    """A run that was killed while its results were written loses none of them."""
    train(Settings(out=str(tmp_path), **QUICK))
    before = contents(tmp_path)
    for name in ("model.json", "history.csv", "loss.png"):
        (tmp_path / name).unlink()
    train(Settings(out=str(tmp_path), resume=True, **QUICK))
    assert contents(tmp_path) == before


def test_an_unfinished_run_is_not_overwritten(tmp_path: Path) -> None:
    """Starting anew where a run was interrupted is refused, with the ways out."""
    with pytest.raises(RunInterrupted):
        train(Settings(out=str(tmp_path), **QUICK), Stop(10))
    before = contents(tmp_path)
    with pytest.raises(SettingError, match=r"stopped after epoch 1 of 3: add --resume"):
        train(Settings(out=str(tmp_path), **QUICK))
    assert contents(tmp_path) == before


def test_resuming_another_run_is_refused(tmp_path: Path) -> None:
    """A checkpoint made with other settings is left alone."""
    train(Settings(out=str(tmp_path), **QUICK))
    before = contents(tmp_path)
    with pytest.raises(SettingError, match=r"--l2 0\.5, and this run has --l2 7"):
        train(Settings(out=str(tmp_path), resume=True, l2=7.0, **QUICK))
    assert contents(tmp_path) == before


def test_divergence_is_told_and_can_be_tried_again(tmp_path: Path) -> None:
    """A loss that overflows ends the run; the same directory takes the next attempt."""
    wild = Settings(out=str(tmp_path), optimizer="sgd", lr=1e6, epochs=30)
    with pytest.raises(
        DivergenceError, match=r"no longer a finite number in epoch \d+: lower --lr"
    ):
        train(wild)
    train(Settings(out=str(tmp_path), **QUICK))


def test_a_missing_extra_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without matplotlib nothing is trained in vain."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"autograd_mini\[cli\]"):
        train(Settings(out=str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()
