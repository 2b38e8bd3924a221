"""What is to be learnt from a column of a table: one of several classes, or a number.

A task knows its loss, its measure, and how scores of the network are told in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from autograd_mini import nn
from autograd_mini.errors import SavedFileError
from autograd_mini.ops.softmaxes import log_softmax
from autograd_mini.training.scaling import Scaling
from autograd_mini.training.tabular import Table, as_number

Array = npt.NDArray[Any]

_MOST_CLASSES = 20  # whole numbers of more kinds than this, or with fewer rows a kind than
_ROWS_A_CLASS = 10  # this, are taken for quantities rather than for names of classes


@dataclass(frozen=True)
class Classification:
    """Tell to which class a row belongs; the network has one score a class.

    Attributes:
        target: the column.
        classes: what stands in it, sorted; a label is a position in this.
    """

    name: ClassVar[str] = "classify"
    measure: ClassVar[str] = "accuracy"

    target: str
    classes: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, target: str) -> tuple[Classification, Array]:
        """Return the task and the label of each row.

        Raises:
            TableError: the column has one class only, or nearly as many as rows.
        """
        cells = table.text(target)
        if any(as_number(cell) is None for cell in cells):
            classes = sorted(set(cells))
        else:  # 1, 1.0 and 01 are one class, and 10 comes after 9
            cells = [np.format_float_positional(n, trim="-") for n in table.numbers(target)]
            classes = sorted(set(cells), key=float)
        if len(classes) == 1:
            raise table.fault(
                f"every row has {classes[0]!r}; there is nothing to learn", None, target
            )
        if len(classes) > len(cells) / 2:
            raise table.fault(
                f"{len(classes)} different values in {len(cells)} rows are too many to be classes",
                None,
                target,
            )
        position = {label: i for i, label in enumerate(classes)}
        return cls(target, tuple(classes)), np.array([position[cell] for cell in cells])

    @property
    def outputs(self) -> int:
        """How many scores the network has."""
        return len(self.classes)

    def loss(self, scores: Any, labels: Array) -> Any:
        """Return the softmax cross-entropy of scores (m, k) and labels (m,)."""
        return nn.softmax_cross_entropy(scores, labels)

    def quality(self, scores: Array, labels: Array) -> float:
        """Return the accuracy: the share of rows whose class has the highest score."""
        return float(np.mean(scores.argmax(axis=1) == labels))

    def columns(self, scores: Array) -> dict[str, Any]:
        """Return the predicted class of each row, and the probability of every class."""
        probabilities = np.exp(log_softmax(scores, axis=1))
        told = {"prediction": [self.classes[i] for i in scores.argmax(axis=1)]}
        return told | {
            f"probability_{label}": probabilities[:, i] for i, label in enumerate(self.classes)
        }

    def report(self, scores: Array, labels: Array) -> str:
        """Return the accuracy, and a table with the precision and the recall of each class."""
        predicted = scores.argmax(axis=1)
        width = max(len(label) for label in ("class", *self.classes))
        lines = [
            f"accuracy {self.quality(scores, labels):.4f} "
            f"({np.sum(predicted == labels)} of {len(labels)} right)",
            f"  {'class':{width}}  rows  predicted  precision  recall",
        ]
        for i, label in enumerate(self.classes):
            right = int(np.sum((predicted == i) & (labels == i)))
            rows, found = int(np.sum(labels == i)), int(np.sum(predicted == i))
            lines.append(
                f"  {label:{width}}  {rows:4}  {found:9}  {_share(right, found):>9}  "
                f"{_share(right, rows):>6}"
            )
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return what `task_from_json` makes the task from."""
        return {"task": self.name, "target": self.target, "classes": list(self.classes)}


@dataclass(frozen=True)
class Regression:
    """Tell a number; the network has one score, which is that number standardised.

    Attributes:
        target: the column.
        mean: of the target on the training part.
        scale: its standard deviation there.
    """

    name: ClassVar[str] = "regress"
    measure: ClassVar[str] = "RMSE"

    target: str
    mean: float
    scale: float

    outputs: ClassVar[int] = 1

    @classmethod
    def of(cls, table: Table, target: str, train: Array) -> tuple[Regression, Array]:
        """Return the task and the targets (m, 1), standardised by the rows `train`.

        Raises:
            TableError: the column is not all finite numbers, or is constant.
        """
        y = table.numbers(target)[:, np.newaxis]
        if np.all(y == y[0]):
            raise table.fault(f"every row has {y[0, 0]:g}; there is nothing to learn", None, target)
        scaling = Scaling.of(table, [target], y[train])
        return cls(target, float(scaling.mean[0]), float(scaling.scale[0])), scaling.apply(y)

    def loss(self, scores: Any, y: Array) -> Any:
        """Return the mean squared error of scores (m, 1) and standardised targets (m, 1)."""
        return nn.squared_error(scores, y)

    def quality(self, scores: Array, y: Array) -> float:
        """Return the root mean squared error, in units of the target."""
        return float(np.sqrt(np.mean(np.square(scores - y)))) * self.scale

    def columns(self, scores: Array) -> dict[str, Any]:
        """Return the predicted number of each row, in units of the target."""
        return {"prediction": scores[:, 0] * self.scale + self.mean}

    def report(self, scores: Array, y: Array) -> str:
        """Return R² = 1 - Σ(y - a)² / Σ(y - ȳ)² and the root mean squared error."""
        spread = float(np.sum(np.square(y - y.mean())))
        error = float(np.sum(np.square(y - scores)))
        r2 = f"{1 - error / spread:.4f}" if spread > 0 else "not defined (all targets are equal)"
        return f"R² {r2}, RMSE {self.quality(scores, y):.6g} in units of {self.target}"

    def to_json(self) -> dict[str, Any]:
        """Return what `task_from_json` makes the task from."""
        return {
            "task": self.name,
            "target": self.target,
            "target_mean": self.mean,
            "target_scale": self.scale,
        }


Task = Classification | Regression


def task_from_json(document: dict[str, Any]) -> Task:
    """Return the task that `to_json` described.

    Raises:
        SavedFileError: the document names no task that there is.
        KeyError, TypeError, ValueError: something in it is missing or of the wrong kind.
    """
    target = str(document["target"])
    if document["task"] == Classification.name:
        return Classification(target, tuple(map(str, document["classes"])))
    if document["task"] == Regression.name:
        return Regression(target, float(document["target_mean"]), float(document["target_scale"]))
    raise SavedFileError(f"there is no task {document['task']!r}")


def choose_task(table: Table, target: str) -> tuple[str, str]:
    """Return "classify" or "regress", and why: for a target whose task the user left open.

    Words are classes. Whole numbers are classes where they are few and each stands in many rows.

    Raises:
        TableError: some of the values are numbers and others are not.
    """
    numbers = [as_number(cell) for cell in table.text(target)]
    words = sum(number is None for number in numbers)
    if words == len(numbers):
        return Classification.name, "its values are not numbers"
    if words:
        i = numbers.index(None)
        raise table.fault(
            f"{table.text(target)[i]!r} is not a number, and {len(numbers) - words} other "
            "values are; correct it, or say --task classify if they are names",
            table.rows[i],
            target,
        )
    distinct = {number for number in numbers if number is not None}
    if not all(math.isfinite(number) and number == int(number) for number in distinct):
        return Regression.name, "its values are numbers, not all whole"
    told = f"{len(distinct)} different whole numbers in {len(numbers)} rows"
    few = len(distinct) <= min(_MOST_CLASSES, len(numbers) / _ROWS_A_CLASS)
    return (Classification.name if few else Regression.name), f"it has {told}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"
