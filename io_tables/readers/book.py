"""Rows of a workbook, one after the other.

Public names:
- `Book`: an .xlsx file opened for reading; `sheets`, `rows`, `source`.
- `SheetSource`: one sheet as labels and numbers.
- `Cell`, `text_of`, `number_of`: what a cell holds.
- `Filling`: rows of numbers into one array, with blank cells counted.

Workbooks are read as a stream with the values that were saved in them; formulas are not computed.
Reading stops after a hundred blank rows, so that formatted but empty sheets end. A blank cell is
a zero, and is counted; a row or column that is blank throughout is refused, because it is more
often a formula that was never computed or a table that was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np

from io_tables.container.checks import Floats
from io_tables.errors import UnreadableTable
from io_tables.extras import require
from io_tables.labels import did_you_mean, shown
from io_tables.readers.grid import Grid, Label, refuse_huge
from io_tables.readers.sheet_cells import SheetCells, scan_rows

BLANK_ROWS: Final = 100
_PLAIN: Final = frozenset([float, int, type(None)])
Cell = object
"""What openpyxl gives: None, text, a number, a truth value or a date."""


def text_of(cell: Cell) -> str:
    """Return a label: text without surrounding blanks, whole numbers without a decimal point."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def number_of(cell: Cell) -> float | None:
    """Return a number, None for a blank cell, NaN for anything else."""
    if isinstance(cell, bool):
        return float("nan")
    if isinstance(cell, int | float):
        return float(cell)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    try:
        return float(str(cell)) if isinstance(cell, str) else float("nan")
    except ValueError:
        return float("nan")


class Book:
    """An .xlsx workbook, to be used in a with statement.

    Raises
    ------
    UnreadableTable
        When the file is not a workbook.
    MissingExtra
        When openpyxl is not installed.
    """

    def __init__(self, path: Path) -> None:
        openpyxl = require("openpyxl", "excel", f"reading {path.name}")
        self.path = path
        try:
            self._book: Any = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except Exception as error:  # a damaged zip or XML raises whatever its parser does
            raise UnreadableTable(
                f"{path.name} is not a readable .xlsx workbook: {error}"
            ) from error
        self.sheets: list[str] = list(self._book.sheetnames)

    def __enter__(self) -> Book:
        """Return the book."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._book.close()

    def rows(self, sheet: str) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Rows that are not blank, with their numbers as a spreadsheet counts them."""
        if sheet not in self.sheets:
            near = did_you_mean(sheet, self.sheets)
            raise UnreadableTable(f"{self.path.name} has no sheet {sheet!r}{near}")
        opened = self._book[sheet]
        if not hasattr(opened, "reset_dimensions"):
            raise UnreadableTable(f"{self.path.name}: {sheet!r} is a chart, not a sheet of cells")
        # openpyxl opens the book; its own rows take three times as long as those of `scan_rows`
        utilities = require("openpyxl.utils.datetime", "excel", f"reading {self.path.name}")
        cells = SheetCells(
            opened._shared_strings,
            self._book._date_formats | self._book._timedelta_formats,
            lambda number: utilities.from_excel(number, self._book.epoch),
        )
        last = 0
        try:
            with self._book._archive.open(opened._worksheet_path) as xml:
                for number, row in scan_rows(xml, cells):
                    if number - last > BLANK_ROWS:
                        return
                    if all(cell is None or cell == "" for cell in row):
                        continue
                    last = number
                    yield number, row
        except UnreadableTable:
            raise
        except Exception as error:  # as above
            raise UnreadableTable(
                f"{self.path.name}: sheet {sheet!r} is damaged: {error}"
            ) from error

    def source(self, sheet: str) -> SheetSource:
        """Return one sheet as labels and numbers."""
        return SheetSource(self, sheet)


class Filling:
    """Rows of numbers collected in one array.

    Parameters
    ----------
    columns
        Labels of the columns, for messages.
    where
        File and sheet, for messages.
    """

    def __init__(self, columns: Sequence[object], where: str, expected_rows: int) -> None:
        refuse_huge(expected_rows, len(columns), where)
        self._values = np.empty((max(1, expected_rows), len(columns)))
        self._columns = columns
        self._where = where
        self._filled = np.zeros(len(columns), dtype=bool)
        self.count = 0
        self.blank = 0

    def add(self, number: int, label: object, cells: Sequence[Cell]) -> None:
        """Enter one row; short rows are filled with blanks."""
        if self.count == len(self._values):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        width = len(self._columns)
        found: list[Any] = list(cells[:width])
        if not set(map(type, found)) <= _PLAIN:  # text that may be a number, dates, truth values
            found = [number_of(cell) for cell in found]
        found += [None] * (width - len(found))
        row = np.array([0.0 if v is None else v for v in found], dtype=np.float64)
        if not np.isfinite(row).all():
            wrong = [
                f"{cells[k]!r} in column {shown([self._columns[k]])}"
                for k in np.flatnonzero(~np.isfinite(row)).tolist()
            ]
            raise UnreadableTable(
                f"{self._where} must hold numbers, found in row {number}: {shown(wrong)}"
            )
        told = np.array([v is not None for v in found])
        if width and not told.any():
            raise UnreadableTable(
                f"{self._where}: row {number} ({shown([label])}) has no numbers; formulas must be "
                "computed and saved by a spreadsheet program first"
            )
        self._filled |= told
        self.blank += int((~told).sum())
        self._values[self.count] = row
        self.count += 1

    def values(self) -> Floats:
        """(rows, columns) numbers, after the last row."""
        if self.count and not self._filled.all():
            empty = [self._columns[k] for k in np.flatnonzero(~self._filled).tolist()]
            raise UnreadableTable(
                f"{self._where}: columns without any number: {shown(empty)}; is the sheet complete?"
            )
        return self._values[: self.count]


class SheetSource:
    """One sheet of a workbook, read as labels and numbers."""

    def __init__(self, book: Book, sheet: str) -> None:
        self._book = book
        self._sheet = sheet
        self.name = f"sheet {sheet!r} of {book.path.name}"
        self.blank = 0

    def peek(self, count: int) -> list[list[str]]:
        """Return the first rows as text."""
        rows: list[list[str]] = []
        for _, row in self._book.rows(self._sheet):
            rows.append([text_of(cell) for cell in row])
            if len(rows) == count:
                break
        return rows

    def read(self, header_rows: int, index_columns: int) -> Grid:
        """Return labels and numbers; merged labels are carried on to the cells they cover."""
        rows = self._book.rows(self._sheet)
        top = [
            [text_of(c) for c in row]
            for _, row in (next(rows, (0, ())) for _ in range(header_rows))
        ]
        width = max((_last(row) for row in top), default=0)
        if width <= index_columns:
            raise UnreadableTable(
                f"{self.name} must have {header_rows} header row(s), {index_columns} index "
                f"column(s) and numbers, found {width} columns"
            )
        levels = [
            carried(row[index_columns:width], fill=k < header_rows - 1) for k, row in enumerate(top)
        ]
        columns: list[Label] = [
            tuple(level[c] if c < len(level) else "" for level in levels)
            for c in range(width - index_columns)
        ]
        row_names = tuple(top[-1][:index_columns])
        filling = Filling(columns, self.name, len(columns) + 8)
        labels: list[Label] = []
        above: list[str] = [""] * index_columns
        for number, row in rows:
            cells = [text_of(c) for c in row[:index_columns]]
            if not labels and all(c is None or c == "" for c in row[index_columns:width]):
                row_names = tuple(cells)  # the row of level names that pandas writes
                continue
            above = [c or (above[k] if k < index_columns - 1 else "") for k, c in enumerate(cells)]
            labels.append(tuple(above))
            if any(cell is not None and cell != "" for cell in row[width:]):
                raise UnreadableTable(
                    f"{self.name}: row {number} has numbers to the right of the last header"
                )
            filling.add(number, labels[-1], row[index_columns:width])
        if not labels:
            raise UnreadableTable(f"{self.name} has labels but no numbers")
        self.blank = filling.blank
        names = tuple(row[index_columns - 1] for row in top)
        return Grid(labels, columns, row_names, names, (filling.values(),))


def _last(row: Sequence[str]) -> int:
    return max((k + 1 for k, cell in enumerate(row) if cell), default=0)


def carried(labels: Sequence[str], *, fill: bool = True) -> list[str]:
    """Labels with blanks filled from the left, as merged cells need."""
    if not fill:
        return list(labels)
    found: list[str] = []
    for label in labels:
        found.append(label or (found[-1] if found else ""))
    return found
