"""Tasks: which one a target calls for, its measure, and how its scores are told."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autograd_mini.errors import SavedFileError, TableError
from autograd_mini.training.tabular import Table
from autograd_mini.training.tasks import Classification, Regression, choose_task, task_from_json


def column(cells: list[str]) -> Table:
    """Return a table of one column y."""
    return Table("t.csv", range(2, 2 + len(cells)), {"y": cells}, "")


@pytest.mark.parametrize(
    ("cells", "task", "reason"),
    [
        (["cat", "dog", "cat"], "classify", "not numbers"),
        (["0", "1"] * 10, "classify", "2 different whole numbers in 20 rows"),
        (["3.0", "5"] * 10, "classify", "2 different whole numbers in 20 rows"),
        (["0", "1"] * 9, "regress", "2 different whole numbers in 18 rows"),
        ([str(i % 21) for i in range(1000)], "regress", "21 different whole numbers"),
        (["0.5", "1"] * 10, "regress", "not all whole"),
    ],
)
def test_the_task_follows_from_the_target(cells: list[str], task: str, reason: str) -> None:
    """Words are classes; whole numbers are if they are few and each stands in ten rows or more."""
    chosen, why = choose_task(column(cells), "y")
    assert chosen == task
    assert reason in why


def test_words_among_numbers_are_not_guessed_at() -> None:
    """A word among numbers may be a slip or a name; the message names it and the way out."""
    with pytest.raises(TableError, match=r"row 3, column y: '1o' .* --task classify"):
        choose_task(column(["1", "1o", "3"]), "y")


def test_classes_are_sorted_and_numbers_by_size() -> None:
    """Labels are positions among the sorted classes; 1 and 1.0 are one class, 10 follows 9."""
    task, labels = Classification.of(column(["b", "a", "b", "b"]), "y")
    assert task.classes == ("a", "b")
    assert labels.tolist() == [1, 0, 1, 1]
    task, labels = Classification.of(column(["10", "9", "1.0", "1", "9.0", "10", "1"]), "y")
    assert task.classes == ("1", "9", "10")
    assert labels.tolist() == [2, 1, 0, 0, 1, 2, 0]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["a", "a", "a"], "every row has 'a'"),
        (["a", "b", "c"], "3 different values in 3 rows are too many to be classes"),
        (["a", "", "b", "a"], "row 3, column y: the value is missing"),
        (["1", "2", "inf", "1"], "row 4, column y: 'inf' is not a finite number"),
    ],
)
def test_a_target_that_makes_no_classes(cells: list[str], expected: str) -> None:
    """One class only, a class a row, a missing and an infinite value are refused."""
    with pytest.raises(TableError, match=expected):
        Classification.of(column(cells), "y")


def test_regression_standardises_the_target_by_the_training_rows() -> None:
    """Targets have mean 0 and deviation 1 over the training rows, and come back in their units."""
    task, y = Regression.of(column(["2", "4", "100"]), "y", np.array([0, 1]))
    assert (task.mean, task.scale) == (3.0, 1.0)
    assert y.tolist() == [[-1.0], [1.0], [97.0]]
    assert task.columns(y)["prediction"].tolist() == [2.0, 4.0, 100.0]


def test_a_constant_number_is_nothing_to_learn() -> None:
    """A target that is the same number everywhere is refused."""
    with pytest.raises(TableError, match="column y: every row has 5; there is nothing to learn"):
        Regression.of(column(["5", "5.0"]), "y", np.array([0, 1]))


def test_probabilities_are_the_softmax_of_the_scores() -> None:
    """Predictions name the class with the highest score, probabilities are exp(s) / Σ exp(s)."""
    scores = np.array([[0.0, np.log(3.0)], [1000.0, 0.0]])
    told = Classification("y", ("a", "b")).columns(scores)
    assert told["prediction"] == ["b", "a"]
    np.testing.assert_allclose(told["probability_a"], [0.25, 1.0], rtol=1e-14)
    np.testing.assert_allclose(told["probability_b"], [0.75, 0.0], rtol=1e-14)


def test_classification_report() -> None:
    """Three of four are right: counts, precision and recall as counted by hand."""
    scores, labels = np.eye(3)[[0, 0, 1, 0]], np.array([0, 0, 1, 1])
    task = Classification("y", ("a", "b", "c"))
    assert task.quality(scores, labels) == 0.75
    assert task.report(scores, labels).splitlines() == [
        "accuracy 0.7500 (3 of 4 right)",
        "  class  rows  predicted  precision  recall",
        "  a         2          3      0.667   1.000",
        "  b         2          1      1.000   0.500",
        "  c         0          0          -       -",
    ]


def test_classification_report_agrees_with_scikit_learn() -> None:
    """Accuracy, precision and recall are those of scikit-learn on random scores."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(60, 3)), rng.integers(3, size=60)
    task = Classification("y", ("a", "b", "c"))
    found = scores.argmax(axis=1)
    head, _, *rows = task.report(scores, labels).splitlines()
    assert task.quality(scores, labels) == metrics.accuracy_score(labels, found)
    assert f"{metrics.accuracy_score(labels, found):.4f}" in head
    precision = metrics.precision_score(labels, found, average=None)
    recall = metrics.recall_score(labels, found, average=None)
    assert [row.split()[-2:] for row in rows] == [
        [f"{p:.3f}", f"{r:.3f}"] for p, r in zip(precision, recall, strict=True)
    ]


def test_regression_report() -> None:
    """RMSE and R² in the units of the target, by hand: errors 2 and 0, targets 4 and 8."""
    task = Regression("price", mean=6.0, scale=2.0)
    y, scores = np.array([[-1.0], [1.0]]), np.array([[0.0], [1.0]])
    assert task.quality(scores, y) == pytest.approx(np.sqrt(2.0), rel=1e-15)
    assert task.report(scores, y) == "R² 0.5000, RMSE 1.41421 in units of price"


def test_r2_of_equal_targets_is_not_a_number() -> None:
    """Where the targets of the test part are equal, R² is said to be undefined."""
    y = np.ones((2, 1))
    assert "R² not defined" in Regression("y", 0.0, 1.0).report(y, y)


@pytest.mark.parametrize("task", [Classification("y", ("a", "b")), Regression("y", 1.5, 0.1)])
def test_a_task_survives_json(task: Classification | Regression) -> None:
    """What is read back from JSON is the same task, to the last bit."""
    assert task_from_json(json.loads(json.dumps(task.to_json()))) == task


def test_an_unknown_task_in_a_file() -> None:
    """A file that names a task that is not there is refused."""
    with pytest.raises(SavedFileError, match="no task 'cluster'"):
        task_from_json({"task": "cluster", "target": "y"})
