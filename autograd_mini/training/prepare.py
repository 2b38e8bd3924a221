"""From a table to two parts of numbers, one to train on and one to test: split and standardised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.training.scaling import Scaling
from autograd_mini.training.settings import Settings
from autograd_mini.training.tabular import Table
from autograd_mini.training.tasks import Classification, Regression, Task, choose_task

Array = npt.NDArray[Any]

_SMALLEST_PART = 2  # rows; R² and a standard deviation need two


@dataclass(frozen=True)
class Part:
    """Rows of the data: standardised features x (m, n), and y as the task's loss takes it."""

    x: Array
    y: Array

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Prepared:
    """A table, ready for training.

    Attributes:
        table: where it comes from.
        features: the columns that are learnt from.
        task: what is to be learnt.
        reason: why it is this task.
        scaling: of the features, by the training part.
        train: the rows to train on, in random order.
        test: the rows to test on.
    """

    table: Table
    features: tuple[str, ...]
    task: Task
    reason: str
    scaling: Scaling
    train: Part
    test: Part


def prepare(table: Table, settings: Settings, rng: np.random.Generator) -> Prepared:
    """Check the columns, split the rows and standardise by the training part.

    Raises:
        TableError: a column does not hold what it must, or a part is too small.
    """
    columns = list(table.columns)
    target = columns[-1] if settings.target is None else settings.target
    table.text(target)  # before the features, for this is what a slip in --target shows in
    features = tuple(column for column in columns if column != target)
    if not features:
        raise table.fault(f"there is no column to learn from beside the target {target!r}")
    x = table.matrix(features)

    kind, reason = settings.task, "as asked for"
    if kind == "auto":
        kind, reason = choose_task(table, target)
    task: Task
    if kind == Classification.name:
        task, y = Classification.of(table, target)
        train, test = split(len(x), settings.test_size, rng, y)
    else:
        train, test = split(len(x), settings.test_size, rng)
        task, y = Regression.of(table, target, train)
    for name, part in {"training": train, "test": test}.items():
        if len(part) < _SMALLEST_PART:
            raise table.fault(
                f"the {name} part has {len(part)} of {len(x)} rows and needs {_SMALLEST_PART}; "
                "give more rows, or another --test-size"
            )

    scaling = Scaling.of(table, features, x[train])
    x = scaling.apply(x)
    return Prepared(
        table, features, task, reason, scaling, Part(x[train], y[train]), Part(x[test], y[test])
    )


def split(
    m: int, test_size: float, rng: np.random.Generator, labels: Array | None = None
) -> tuple[Array, Array]:
    """Return the positions of the training rows, in random order, and of the test rows.

    With labels, each class is split by itself, so that its share is the same in both parts, and it
    is in both if it has two rows; the only row of a class goes to training.

    Args:
        m: the number of rows.
        test_size: the share of the rows to test on, in (0, 1).
        rng: what shuffles.
        labels: the class of each row, (m,).
    """
    order = rng.permutation(m)
    groups = [order]
    if labels is not None:
        groups = [order[labels[order] == label] for label in np.unique(labels)]
    test = [group[: min(max(round(len(group) * test_size), 1), len(group) - 1)] for group in groups]
    in_test = np.isin(order, np.concatenate(test))
    return order[~in_test], np.sort(order[in_test])
