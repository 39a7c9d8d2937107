"""Numbers with labels on two sides, from a text file, without a second copy in memory.

Public names:
- `Grid`: labels of rows and columns with the numbers between them.
- `read_grid`: a delimited text file whose first rows and columns are labels.
- `peek`: the first rows of such a file, as text.
- `separator_of`: which of comma, semicolon and tab parts its columns.
- `refuse_huge`: an error before memory is asked for that the machine does not have.

The file is parsed row by row into arrays made once, so that reading a matrix takes little more
memory than the matrix. Numbers are parsed to the nearest double. A cell that is not a
number, a row that ends early, bytes that are not UTF-8: each is one error that names the place.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from io_tables.container.checks import Floats
from io_tables.errors import TableTooLarge, UnreadableTable
from io_tables.labels import shown

LONGEST_ROW: Final = 10**6
"""Columns above which a file is not taken for a table."""
_SEPARATORS: Final = (",", ";", "\t")

Label = tuple[str, ...]
Split = Callable[[list[Label]], Sequence[NDArray[np.intp]]]
"""From the labels of the columns to the positions that go into each array."""


@dataclass(frozen=True)
class Grid:
    """Labels and numbers of a text file.

    `parts` holds the columns in the groups the reader asked for, each (rows, columns of the
    group); without groups there is one part with all columns.
    """

    rows: list[Label]
    columns: list[Label]
    row_names: Label
    column_names: Label
    parts: tuple[Floats, ...]


def physical_memory() -> int:
    """Bytes of memory of this machine; 8 GiB where it cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 1024**3


def refuse_huge(n_rows: int, n_columns: int, what: str) -> None:
    """Raise `TableTooLarge` when a matrix of doubles would not fit in memory."""
    needed, there = 8 * n_rows * n_columns, physical_memory()
    if needed > 0.8 * there:
        raise TableTooLarge(
            f"{what} has {n_rows} x {n_columns} numbers, {needed / 2**30:.1f} GiB of "
            f"{there / 2**30:.1f} GiB memory; aggregate it first, or store it pooled"
        )


def open_text(path: Path) -> IO[str]:
    """Open UTF-8 text, gzipped or not; a byte order mark is dropped."""
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def not_utf8(path: Path, error: UnicodeDecodeError) -> UnreadableTable:
    """Return the error for a file in another encoding."""
    return UnreadableTable(
        f"{path.name} must be text in UTF-8, found other bytes at position {error.start}: save it "
        "again as 'CSV UTF-8'"
    )


def separator_of(path: Path) -> str:
    """Return the separator that occurs most often in the first line."""
    try:
        with open_text(path) as lines:
            first = lines.readline(10**7)
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    return max(_SEPARATORS, key=first.count)


def peek(path: Path, count: int, *, separator: str | None = None) -> list[list[str]]:
    """Return the first `count` rows as text; blank rows are left out."""
    separator = separator_of(path) if separator is None else separator
    rows: list[list[str]] = []
    try:
        with open_text(path) as lines:
            for row in csv.reader(lines, delimiter=separator):
                if len(row) > LONGEST_ROW:
                    raise UnreadableTable(
                        f"{path.name} has a row of {len(row)} columns; it is not a table"
                    )
                if any(cell.strip() for cell in row):
                    rows.append(row)
                if len(rows) >= count:
                    break
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    except csv.Error as error:
        raise UnreadableTable(f"{path.name} is not a CSV file: {error}") from error
    return rows


def count_rows(path: Path) -> int:
    """Lines of a file, an upper bound of its rows."""
    total = 1
    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path, "rb") if zipped else path.open("rb") as raw:
        while piece := raw.read(1 << 22):
            total += piece.count(b"\n")
    return total


def read_grid(
    path: Path,
    header_rows: int,
    index_columns: int,
    *,
    separator: str | None = None,
    split: Split | None = None,
) -> Grid:
    """Read a text file with labels in its first rows and columns.

    Parameters
    ----------
    path
        A delimited file in UTF-8, gzipped when its name ends in .gz.
    header_rows, index_columns
        Rows and columns of labels. A row of level names below the header, as pandas writes it,
        is taken for what it is.
    separator
        Told from the first line when left out.
    split
        Groups of columns that go into arrays of their own.

    Raises
    ------
    UnreadableTable
        Naming cells that are not numbers, rows that end early or are too long.
    TableTooLarge
        When the numbers would not fit in memory.
    """
    separator = separator_of(path) if separator is None else separator
    top = peek(path, header_rows + 2, separator=separator)
    if len(top) <= header_rows or len(top[0]) <= index_columns:
        raise UnreadableTable(
            f"{path.name} must have {header_rows} header row(s), {index_columns} index column(s) "
            f"and numbers, found {len(top)} rows and {len(top[0]) if top else 0} columns"
        )
    width = len(top[0])
    uneven = [k + 1 for k, row in enumerate(top[: header_rows + 1]) if len(row) != width]
    if uneven:
        raise UnreadableTable(
            f"{path.name}: every row must have {width} columns, row(s) {shown(uneven)} have not"
        )
    columns = [
        tuple(top[k][c].strip() for k in range(header_rows)) for c in range(index_columns, width)
    ]
    column_names = tuple(top[k][index_columns - 1].strip() for k in range(header_rows))
    row_names = tuple(cell.strip() for cell in top[header_rows - 1][:index_columns])
    named = not any(cell.strip() for cell in top[header_rows][index_columns:])
    if named:
        row_names = tuple(cell.strip() for cell in top[header_rows][:index_columns])
    groups = [np.arange(len(columns), dtype=np.intp)] if split is None else list(split(columns))
    bound = count_rows(path)
    refuse_huge(bound, len(columns), path.name)
    parts = [np.empty((bound, len(group))) for group in groups]
    labels: list[Label] = []
    try:
        with open_text(path) as lines:
            for number, row in _body(lines, separator, header_rows + int(named)):
                if len(row) != width:
                    raise UnreadableTable(
                        f"{path.name}: every row must have {width} columns, row {number} has "
                        f"{len(row)}; is the file complete?"
                    )
                values = _numbers(path, row, index_columns, number, columns)
                for part, group in zip(parts, groups, strict=True):
                    part[len(labels)] = values[group]
                labels.append(tuple(cell.strip() for cell in row[:index_columns]))
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    except (csv.Error, EOFError, OSError) as error:
        raise UnreadableTable(f"{path.name} is not a CSV file: {error}") from error
    if not labels:
        raise UnreadableTable(f"{path.name} has labels but no numbers")
    n = len(labels)
    return Grid(labels, columns, row_names, column_names, tuple(part[:n] for part in parts))


def _body(lines: IO[str], separator: str, above: int) -> Iterator[tuple[int, list[str]]]:
    """Rows below the labels with their line numbers, blank rows left out."""
    reader = csv.reader(lines, delimiter=separator)
    seen = 0
    for row in reader:
        if not row or (len(row) == 1 and not row[0].strip()) or not any(row):
            continue
        seen += 1
        if seen > above:
            yield reader.line_num, row


def _numbers(
    path: Path, row: list[str], index_columns: int, number: int, columns: list[Label]
) -> Floats:
    cells = row[index_columns:]
    try:
        return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        wrong = [
            f"{cell!r} in column {' / '.join(columns[k])}"
            for k, cell in enumerate(cells)
            if not _is_number(cell)
        ]
        raise UnreadableTable(
            f"{path.name} must hold numbers, found in line {number}: {shown(wrong)}; write 0 "
            "where nothing flows"
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
