"""A trained model in two files: what it predicts, and when it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_mini.errors import SavedFileError, TableError
from autograd_mini.files import npz_bytes
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.scaling import Scaling
from autograd_mini.training.tasks import Classification, Regression, Task

W0, B0 = np.array([[1.0, -2.0], [0.5, 0.25], [-1.0, 1.0]]), np.array([0.1, -0.2, 0.3])
W1, B1 = np.array([[2.0, -1.0, 0.5], [1.0, 1.0, -3.0]]), np.array([0.0, 0.5])
WEIGHTS = {"layers.0.W": W0, "layers.0.b": B0, "layers.1.W": W1, "layers.1.b": B1}
X = np.array([[1.0, 2.0], [-3.0, 0.5], [0.0, 10.0]])
SCALING = Scaling(np.array([1.0, 2.0]), np.array([2.0, 4.0]))


def model(task: Task | None = None, **changes: Any) -> SavedModel:
    """Return a small model of two features with a hidden layer of three units."""
    task = task or Classification("kind", ("no", "yes"))
    made = SavedModel(("a", "b"), task, SCALING, (3,), "relu", WEIGHTS, {"test_accuracy": 1.0})
    return replace(made, **changes)


def save(saved: SavedModel, directory: Path) -> None:
    """Write the files of a model."""
    for name, content in saved.to_files().items():
        (directory / name).write_bytes(content)


def scores_by_hand() -> np.ndarray:
    """Return what the model must give for X: standardise, one ReLU layer, one linear layer."""
    hidden = np.maximum((X - SCALING.mean) / SCALING.scale @ W0.T + B0, 0)
    return hidden @ W1.T + B1


def csv(directory: Path, content: str) -> Path:
    """Return the path of a CSV file with this content."""
    path = directory / "new.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_scores_are_those_of_the_formula(tmp_path: Path) -> None:
    """A model read from its files computes relu(z Wᵀ + b) Wᵀ + b of the standardised features."""
    save(model(), tmp_path)
    loaded = SavedModel.load(tmp_path)
    np.testing.assert_allclose(loaded.scores(X), scores_by_hand(), rtol=1e-13)


def test_predicts_classes_from_columns_by_name(tmp_path: Path) -> None:
    """Columns may come in any order with others among them; rows keep theirs."""
    rows = "".join(f"{b},word,{a}\n" for a, b in X)
    predictions = model().predict(csv(tmp_path, f"b,other,a\n{rows}"))
    exps = np.exp(scores_by_hand())
    expected = exps / exps.sum(axis=1, keepdims=True)
    assert [*predictions] == ["prediction", "probability_no", "probability_yes"]
    np.testing.assert_allclose(predictions["probability_yes"], expected[:, 1], rtol=1e-12)
    assert [*predictions["prediction"]] == [("no", "yes")[i] for i in expected.argmax(axis=1)]


def test_predicts_numbers_in_units_of_the_target(tmp_path: Path) -> None:
    """The only score is turned back: score · scale + mean."""
    weights = WEIGHTS | {"layers.1.W": W1[:1], "layers.1.b": B1[:1]}
    predictions = model(Regression("y", mean=100.0, scale=7.0), weights=weights).predict(
        csv(tmp_path, "a,b\n1,2\n-3,0.5\n0,10\n")
    )
    assert [*predictions] == ["prediction"]
    np.testing.assert_allclose(predictions["prediction"], scores_by_hand()[:, 0] * 7 + 100)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,c\n1,2\n", "there is no column 'b'"),
        ("a,b\n1,x\n", "row 2, column b: 'x' is not a number"),
        ("a,b\n1,\n", "row 2, column b: the value is missing"),
        ("a,b\n1,2\n1e308,-1e308\n", "row 3: the numbers are too large for the network"),
    ],
)
def test_what_cannot_be_predicted(tmp_path: Path, content: str, expected: str) -> None:
    """A missing column, a cell that is no number and an overflow are told with their place."""
    with pytest.raises(TableError, match=expected):
        model().predict(csv(tmp_path, content))


def test_the_same_model_gives_the_same_files() -> None:
    """Nothing in the files depends on when they are written."""
    assert model().to_files() == model().to_files()


def test_a_missing_file(tmp_path: Path) -> None:
    """A directory without a model says so, and what may be the reason."""
    with pytest.raises(SavedFileError, match=r"holds no model.*--resume"):
        SavedModel.load(tmp_path)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    """The description knows the digest of the weights that it belongs to."""
    save(model(), tmp_path)
    (tmp_path / "model.npz").write_bytes(npz_bytes(WEIGHTS | {"layers.0.b": B0 + 1}))
    with pytest.raises(SavedFileError, match="this is not the file that"):
        SavedModel.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("features"),
        lambda document: document.pop("classes"),
        lambda document: document.update(features=["a", "b", "c"]),
        lambda document: document.update(feature_means=[1.0, 2.0, 3.0]),
        lambda document: document.update(feature_means="x"),
        lambda document: document.update(hidden=[4]),
        lambda document: document.update(hidden=["x"]),
        lambda document: document.update(hidden=[0]),
        lambda document: document.update(activation="step"),
        lambda document: document.update(task="cluster"),
        lambda document: document.update(origin=1),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    """What is missing, of the wrong kind or at odds with the weights is told as damage."""
    save(model(), tmp_path)
    path = tmp_path / "model.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SavedFileError, match=r"model\.json"):
        SavedModel.load(tmp_path)


def test_weights_with_a_pickle_are_refused(tmp_path: Path) -> None:
    """Even a description that vouches for a pickle does not get it opened."""
    save(model(), tmp_path)
    weights, path = tmp_path / "model.npz", tmp_path / "model.json"
    with weights.open("wb") as file:
        np.savez(file, **{"layers.0.W": np.array([print], dtype=object)})
    document = json.loads(path.read_bytes())
    document["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SavedFileError, match="plain arrays"):
        SavedModel.load(tmp_path)
