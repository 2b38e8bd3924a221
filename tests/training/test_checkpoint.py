"""Checkpoints: all of a run in one file, and refused for any other run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograd_mini.errors import SavedFileError, SettingError
from autograd_mini.files import npz_bytes, read_npz
from autograd_mini.training.checkpoint import FILE_NAME, Checkpoint, Epoch
from autograd_mini.training.settings import Settings


def example(settings: Settings) -> Checkpoint:
    """Return a checkpoint after two epochs, with numbers that only exact copies keep."""
    rng = np.random.default_rng(0)
    rng.random(3)
    return Checkpoint(
        settings.to_json(),
        "digest",
        [Epoch(1, 0.1 + 0.2, 1 / 3, 0.5), Epoch(2, 1e-300, 2 / 3, 1.0)],
        ["a check\nof two lines"],
        {"order": rng.bit_generator.state},
        {"model/layers.0.W": rng.normal(size=(2, 3)), "optimizer/step": np.array(7)},
    )


def test_everything_comes_back(tmp_path: Path) -> None:
    """History, checks, generator states and arrays are the same to the last bit."""
    saved = example(Settings())
    saved.save(tmp_path)
    loaded = Checkpoint.load(tmp_path)
    assert loaded is not None
    for name, array in saved.arrays.items():
        assert loaded.arrays[name].tobytes() == array.tobytes()
        assert loaded.arrays[name].dtype == array.dtype
    assert replace(loaded, arrays={}) == replace(saved, arrays={})
    rng = np.random.default_rng()
    rng.bit_generator.state = loaded.generators["order"]
    drawn = np.random.default_rng(0)
    drawn.random(3)
    drawn.normal(size=(2, 3))
    assert loaded.generators["order"] != drawn.bit_generator.state  # taken before the numbers
    rng.normal(size=(2, 3))
    assert rng.random() == drawn.random()


def test_no_checkpoint(tmp_path: Path) -> None:
    """A directory without one gives None."""
    assert Checkpoint.load(tmp_path) is None


def test_a_checkpoint_is_finished_when_its_epochs_are_done() -> None:
    """Two epochs are all of two, and not all of three."""
    assert example(Settings(epochs=2)).finished
    assert not example(Settings(epochs=3)).finished


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    """A file that is cut off is told as damaged, by name."""
    example(Settings()).save(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SavedFileError, match=FILE_NAME):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda document: document.pop("history"), "damaged"),
        (lambda document: document.update(history=[[1]]), "damaged"),
        (lambda document: document.update(history=[["x", 1, 1, 1]]), "damaged"),
        (lambda document: document.update(settings=3), "damaged"),
        (lambda document: document.update(format="autograd_mini model"), "this is not an"),
        (lambda document: document.update(format_version=99), "format version 99"),
    ],
)
def test_a_file_with_other_contents_is_refused(
    tmp_path: Path, change: object, expected: str
) -> None:
    """A well-formed file that lacks something or holds something else is no checkpoint."""
    example(Settings()).save(tmp_path)
    path = tmp_path / FILE_NAME
    arrays = read_npz(path)
    document = json.loads(arrays.pop("json").tobytes())
    assert callable(change)
    change(document)
    text = np.frombuffer(json.dumps(document).encode(), np.uint8)
    path.write_bytes(npz_bytes({"json": text, **arrays}))
    with pytest.raises(SavedFileError, match=expected):
        Checkpoint.load(tmp_path)


def test_a_model_is_no_checkpoint(tmp_path: Path) -> None:
    """An npz file of arrays alone is told as not being one."""
    (tmp_path / FILE_NAME).write_bytes(npz_bytes({"layers.0.W": np.zeros(3)}))
    with pytest.raises(SavedFileError, match="this is not an autograd_mini checkpoint"):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("settings", "digest", "expected"),
    [
        (Settings(lr=0.5), "digest", "with --lr 0.01, and this run has --lr 0.5"),
        (Settings(hidden=(3,)), "digest", "with --hidden 16,16, and this run has --hidden 3"),
        (Settings(seed=1), "digest", "with --seed 0, and this run has --seed 1"),
        (Settings(optimizer="sgd"), "digest", "--optimizer adam, and this run has --optimizer sgd"),
        (Settings(epochs=1), "digest", "stands after epoch 2, and this run has --epochs 1"),
        (Settings(file="b.csv"), "other", "made from other data than b.csv"),
    ],
)
def test_another_run_does_not_go_on_from_here(
    settings: Settings, digest: str, expected: str
) -> None:
    """The message says which setting differs and what both are."""
    with pytest.raises(SettingError, match=expected):
        example(Settings()).check_same_run(settings, digest)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(epochs=100),
        Settings(lr=0.01),
        Settings(file="moved/elsewhere.csv"),
        Settings(out="elsewhere", resume=True),
    ],
)
def test_the_same_run_goes_on(settings: Settings) -> None:
    """More epochs, a default written out and other places of files make no other run."""
    saved = example(Settings())
    saved.check_same_run(settings, "digest")
    assert len(saved.history) == 2
