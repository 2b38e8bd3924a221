"""A CSV file, read and checked: every fault is named with its file, row and column."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import TableError

Array = npt.NDArray[Any]

_DELIMITERS = ",;\t"
_MISSING = {"", "?", "na", "n/a", "nan", "null"}


@dataclass(frozen=True)
class Table:
    """The cells of a CSV file, as text.

    Attributes:
        path: what messages call the file.
        rows: the number of each row as an editor counts them, in which the header is row 1.
        columns: the cells of each column, by its name in the header.
        digest: the SHA-256 of the file, which tells whether it is the same as another time.
    """

    path: str
    rows: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    digest: str

    def fault(self, message: str, row: int | None = None, column: str | None = None) -> TableError:
        """Return the error that names this file, and the row and column if there are."""
        place = [f"row {row}"] * (row is not None) + [f"column {column}"] * (column is not None)
        return TableError(f"{', '.join([self.path, *place])}: {message}")

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, column: str) -> Sequence[str]:
        """Return the cells of a column.

        Raises:
            TableError: there is no such column, or a value is missing in it.
        """
        if column not in self.columns:
            raise self.fault(f"there is no column {column!r}; there are {', '.join(self.columns)}")
        for row, cell in zip(self.rows, self.columns[column], strict=True):
            if cell.lower() in _MISSING:
                raise self.fault(f"the value is missing (the field is {cell!r})", row, column)
        return self.columns[column]

    def numbers(self, column: str) -> Array:
        """Return a column as float64.

        Raises:
            TableError: as `text`, and where a value is not a finite number.
        """
        cells = self.text(column)
        found = [as_number(cell) for cell in cells]
        for row, cell, number in zip(self.rows, cells, found, strict=True):
            if number is None:
                raise self.fault(
                    f"{cell!r} is not a number; leave the column out or write it in numbers",
                    row,
                    column,
                )
            if not math.isfinite(number):
                raise self.fault(f"{cell!r} is not a finite number", row, column)
        return np.array(found, dtype=float)

    def matrix(self, columns: Sequence[str]) -> Array:
        """Return columns of numbers as float64, (m, len(columns))."""
        return np.stack([self.numbers(column) for column in columns], axis=1)


def read_table(path: str | Path | None) -> Table:
    """Read a CSV file, or the iris measurements in the package where `path` is None.

    The first row names the columns. Fields are separated by commas, semicolons or tabs, whichever
    the first row has most of. Empty lines are skipped.

    Raises:
        OSError: the file cannot be read.
        TableError: it is not text in UTF-8, has no rows, or is not a rectangle of named columns.
    """
    if path is None:
        path = "iris.csv (in the package)"
        # Not files("autograd_mini.data"): that would import a module over the function `data`.
        content = (resources.files("autograd_mini.training") / "data" / "iris.csv").read_bytes()
    else:
        content = Path(path).read_bytes()
    name = str(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise TableError(f"{name}, row {row}: this is not text in UTF-8; save it as such") from None
    records = list(_records(name, text))
    if not records:
        raise TableError(f"{name}: the file is empty; expected a row of column names, then data")
    header_row, header = records[0]
    _check_header(f"{name}, row {header_row}", header)
    if len(records) == 1:
        raise TableError(f"{name}: there are no rows below the header")
    for row, cells in records:
        if len(cells) != len(header):
            raise TableError(
                f"{name}, row {row}: {len(cells)} fields, but the header has {len(header)}"
            )
    rows, body = zip(*records[1:], strict=True)
    columns = dict(zip(header, zip(*body, strict=True), strict=True))
    return Table(name, rows, columns, hashlib.sha256(content).hexdigest())


def as_number(cell: str) -> float | None:
    """Return the number that a cell holds, perhaps an infinite one, or None."""
    try:
        return None if "_" in cell else float(cell)  # to Python, 1_000 is a number
    except ValueError:
        return None


def _records(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty: the line on which each starts, and its fields."""
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count), strict=True
    )
    start = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if len(cells) > 1 or any(cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{name}, row {start}: {error}") from None


def _check_header(place: str, header: list[str]) -> None:
    """Raise `TableError` unless the first row gives each column a name of its own."""
    for position, column in enumerate(header):
        if not column:
            raise TableError(f"{place}: column {position + 1} has no name")
        if column in header[:position]:
            raise TableError(f"{place}: two columns are named {column!r}")
    if all(as_number(column) is not None for column in header):
        raise TableError(f"{place}: expected the names of the columns, got numbers")
