"""From a table to numbers: the split, and the standardisation by the training part."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_mini.errors import TableError
from autograd_mini.training.prepare import prepare, split
from autograd_mini.training.scaling import Scaling
from autograd_mini.training.settings import Settings
from autograd_mini.training.tabular import Table, read_table

NO_TABLE = Table("t.csv", [], {}, "")


def rng() -> np.random.Generator:
    """Return a generator that draws the same numbers each time."""
    return np.random.default_rng(0)


def test_every_row_is_in_one_part() -> None:
    """The parts are disjoint, make up the whole, and have the sizes that were asked for."""
    train, test = split(50, 0.3, rng())
    assert len(test) == 15
    assert sorted([*train, *test]) == list(range(50))


def test_each_class_is_in_both_parts_in_its_share() -> None:
    """Of 40, 10 and 2 rows, a quarter each is for testing; a class of 2 gives one."""
    labels = np.repeat([0, 1, 2], [40, 10, 2])
    train, test = split(len(labels), 0.25, rng(), labels)
    assert np.bincount(labels[test]).tolist() == [10, 2, 1]
    assert sorted([*train, *test]) == list(range(len(labels)))


def test_the_only_row_of_a_class_is_trained_on() -> None:
    """A class with one row cannot be in both parts."""
    labels = np.array([0, 0, 0, 0, 1])
    train, test = split(5, 0.5, rng(), labels)
    assert 4 in train
    assert 4 not in test


def test_the_split_follows_from_the_generator() -> None:
    """The same seed gives the same split, another seed another one."""
    first, again, other = (split(50, 0.3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[1], other[1])


def test_scaling_by_hand() -> None:
    """Column (1, 3) has mean 2 and deviation 1; a constant column is only shifted."""
    x = np.array([[1.0, 0.1], [3.0, 0.1]])
    scaling = Scaling.of(NO_TABLE, ["a", "b"], x)
    assert scaling.mean.tolist() == [2.0, 0.1]
    assert scaling.scale.tolist() == [1.0, 1.0]
    assert scaling.apply(np.array([[5.0, 1.1]])).tolist() == [[3.0, 1.0]]


def test_a_constant_column_whose_mean_is_rounded() -> None:
    """Rounding may give equal numbers a deviation above 0; their scale is 1 all the same."""
    x = np.full((6, 1), 0.1)
    assert x.std(axis=0) > 0
    assert Scaling.of(NO_TABLE, ["a"], x).scale.tolist() == [1.0]


def test_numbers_whose_squares_overflow() -> None:
    """A column that cannot be standardised is named."""
    with pytest.raises(TableError, match="column b: the numbers are too large to standardise"):
        Scaling.of(NO_TABLE, ["a", "b"], np.array([[1.0, 1e300], [2.0, -1e300]]))


def test_the_test_part_does_not_leak_into_the_scaling() -> None:
    """Features have mean 0 and deviation 1 over the training part alone."""
    prepared = prepare(read_table(None), Settings(), rng())
    np.testing.assert_allclose(prepared.train.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(prepared.train.x.std(axis=0), 1, rtol=1e-12)
    assert (len(prepared.train), len(prepared.test)) == (120, 30)
    assert np.bincount(prepared.test.y).tolist() == [10, 10, 10]
    assert np.all(np.abs(prepared.test.x.mean(axis=0)) > 1e-6)


def test_any_column_can_be_the_target() -> None:
    """The target is taken out of the features, wherever it stands."""
    cells = {"a": ["1", "2", "3", "4"], "y": ["1.5", "2", "3", "4"], "b": ["0", "1", "0", "1"]}
    prepared = prepare(
        Table("t.csv", range(2, 6), cells, ""), Settings(target="y", test_size=0.5), rng()
    )
    assert prepared.features == ("a", "b")
    assert prepared.task.name == "regress"
    assert prepared.train.y.shape == (2, 1)


@pytest.mark.parametrize(
    ("cells", "settings", "expected"),
    [
        ({"y": ["1.5", "2"]}, Settings(), "no column to learn from beside the target 'y'"),
        ({"a": ["1", "2"], "y": ["1.5", "2"]}, Settings(target="z"), "there is no column 'z'"),
        ({"a": ["1", "x"], "y": ["1.5", "2"]}, Settings(), "row 3, column a: 'x' is not a number"),
        (
            {"a": ["1", "2", "3", "4"], "y": ["1.5", "2", "3", "4"]},
            Settings(),
            "the test part has 1 of 4 rows and needs 2",
        ),
        (
            {"a": ["1", "2", "3", "4"], "y": ["1.5", "2", "3", "4"]},
            Settings(test_size=0.9),
            "the training part has 1 of 4 rows and needs 2",
        ),
    ],
)
def test_what_cannot_be_prepared(
    cells: dict[str, list[str]], settings: Settings, expected: str
) -> None:
    """Unknown or missing columns, words among features and parts that are too small are told."""
    rows = range(2, 2 + len(next(iter(cells.values()))))
    with pytest.raises(TableError, match=expected):
        prepare(Table("t.csv", rows, cells, ""), settings, rng())
