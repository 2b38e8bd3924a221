"""Reading a CSV file: what is accepted, and how each fault is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from autograd_mini.errors import TableError
from autograd_mini.training.tabular import Table, as_number, read_table


def written(directory: Path, content: str | bytes) -> Path:
    """Return the path of a CSV file with this content."""
    path = directory / "data.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_reads_columns_as_text(tmp_path: Path) -> None:
    """The header names the columns, cells stay text, rows are counted as an editor does."""
    table = read_table(written(tmp_path, "height,kind\n1.50,a\n2,b\n"))
    assert table.columns == {"height": ("1.50", "2"), "kind": ("a", "b")}
    assert table.rows == (2, 3)
    assert len(table) == 2


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "a,b\n1,x\n2,y",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r1,x\r2,y\r",
        "\ufeffa,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty\n",
        ' a , b \n 1 ,x\n"2", y\n',
        "\na,b\n\n1,x\n   \n2,y\n\n",
    ],
    ids=["plain", "no-end", "crlf", "cr", "bom", "semicolons", "tabs", "spaces", "empty-lines"],
)
def test_accepts_the_dialects_of_spreadsheets(tmp_path: Path, content: str) -> None:
    """Line ends, byte-order marks, other separators, spaces and empty lines make no difference."""
    table = read_table(written(tmp_path, content))
    assert table.columns == {"a": ("1", "2"), "b": ("x", "y")}


def test_rows_are_counted_over_empty_lines_and_line_breaks_in_fields(tmp_path: Path) -> None:
    """The number of a row is the line on which it starts, whatever stands above it."""
    table = read_table(written(tmp_path, 'a,b\n\n1,"two\nlines, quoted"\n2,x\n'))
    assert table.columns["b"] == ("two\nlines, quoted", "x")
    assert table.rows == (3, 5)


def test_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    """The digest is the SHA-256 of the file, so any change of it shows."""
    content = "a,b\n1,x\n"
    table = read_table(written(tmp_path, content))
    assert table.digest == hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b\n", "no rows below the header"),
        ("a,b\n1,2\n3\n", "row 3: 1 fields, but the header has 2"),
        ("a,b\n1,2\n\n3,4,5\n", "row 4: 3 fields, but the header has 2"),
        ("a,a\n1,2\n", "row 1: two columns are named 'a'"),
        ("a,,c\n1,2,3\n", "row 1: column 2 has no name"),
        ("1,2.5\n3,4\n", "row 1: expected the names of the columns, got numbers"),
        ('a,b\n1,"x\n', "row 2: unexpected end of data"),
        ("a,b\n1,é\n".encode("latin-1"), "row 2: this is not text in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "row 1: this is not text in UTF-8"),
    ],
)
def test_what_is_no_table_is_told_with_its_place(
    tmp_path: Path, content: str | bytes, expected: str
) -> None:
    """A file that is not a rectangle of named columns is refused; the message says where."""
    path = written(tmp_path, content)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a directory raise what Python raises for them."""
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "missing.csv")
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path)


def test_numbers_and_matrix() -> None:
    """Columns become float64 exactly as Python reads the numbers."""
    table = Table("t.csv", [2, 3], {"a": ["0.1", "-2e3"], "b": ["7", "+.5"]}, "")
    assert table.numbers("a").tolist() == [0.1, -2000.0]
    assert table.matrix(["b", "a"]).tolist() == [[7.0, 0.1], [0.5, -2000.0]]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", "the value is missing"),
        ("NA", "the value is missing"),
        ("NaN", "the value is missing"),
        ("?", "the value is missing"),
        ("inf", "'inf' is not a finite number"),
        ("-Infinity", "'-Infinity' is not a finite number"),
        ("1e999", "'1e999' is not a finite number"),
        ("-nan", "'-nan' is not a finite number"),
        ("abc", "'abc' is not a number"),
        ("1,5", "'1,5' is not a number"),
        ("1_000", "'1_000' is not a number"),
    ],
)
def test_a_bad_number_is_told_with_row_and_column(cell: str, expected: str) -> None:
    """The message for a cell that is no finite number names file, row and column."""
    table = Table("t.csv", [2, 4], {"width": ["1", cell]}, "")
    with pytest.raises(TableError) as caught:
        table.numbers("width")
    assert str(caught.value).startswith("t.csv, row 4, column width: ")
    assert expected in str(caught.value)


def test_an_unknown_column_is_told_with_those_there_are() -> None:
    """Asking for a column that is not there lists the ones that are."""
    with pytest.raises(TableError, match=r"t\.csv: there is no column 'c'; there are a, b"):
        Table("t.csv", [2], {"a": ["1"], "b": ["2"]}, "").text("c")


def test_as_number() -> None:
    """A cell is a number if it reads as a decimal one; Python's underscores do not count."""
    assert [as_number(cell) for cell in ("1e-3", "-0", "x", "", "1_0")] == [
        1e-3,
        0.0,
        None,
        None,
        None,
    ]


def test_iris_is_as_fisher_published_it() -> None:
    """150 flowers, 50 of each species; the means and the two disputed flowers are Fisher's.

    The means are those of R's copy, `colMeans(iris[, 1:4])`, which follows the paper.
    """
    table = read_table(None)
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    x = table.matrix(names)
    species = table.text("species")
    assert [*table.columns] == [*names, "species"]
    assert [species.count(name) for name in ("setosa", "versicolor", "virginica")] == [50, 50, 50]
    np.testing.assert_allclose(x.mean(axis=0), [5.843333, 3.057333, 3.758, 1.199333], atol=5e-7)
    assert x[table.rows.index(36)].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert x[table.rows.index(39)].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_iris_is_the_copy_of_scikit_learn() -> None:
    """Every number and every species agrees with scikit-learn's copy."""
    datasets = pytest.importorskip("sklearn.datasets")
    iris, table = datasets.load_iris(), read_table(None)
    np.testing.assert_array_equal(table.matrix([*table.columns][:4]), iris.data)
    assert [*table.text("species")] == [iris.target_names[i] for i in iris.target]
