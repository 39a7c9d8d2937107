"""Tables from a workbook with sheets Z, Y and more, and back.

Public names: `read_excel`, `write_excel`. Needs openpyxl (extra "excel").

Sheets are named and laid out as the files of a folder of CSV (`io_tables.readers.csv_folder`),
with `about` for name, units, year and notes. Region labels may be merged cells. A workbook
written here is read back exactly but for the 17th digit, which workbooks do not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from io_tables.container.sheets import about_rows, sheet_sizes, to_sheets
from io_tables.errors import MissingTable, TableTooLarge
from io_tables.extras import require
from io_tables.labels import shown
from io_tables.readers.book import Book, text_of
from io_tables.readers.labelled import table_of_sources
from io_tables.table import RegionalTable

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""What a sheet can hold."""


def read_excel(path: Path) -> RegionalTable:
    """Read a table from the sheets of a workbook.

    Raises
    ------
    UnreadableTable
        When it is not a workbook, lacks Z or Y, or a sheet does not hold labels and numbers.
    MissingExtra
        When openpyxl is not installed.
    InvalidTable, UnbalancedTable
        As for `RegionalTable.from_flows`.
    """
    with Book(path) as book:
        sheets = {name.strip().lower(): name for name in book.sheets}
        about_sheet = sheets.pop("about", None)
        about = []
        if about_sheet is not None:
            rows = [row for _, row in book.rows(about_sheet) if len(row) >= 2]
            about = [(text_of(row[0]), _raw(row[1])) for row in rows if text_of(row[0]) != "key"]
        sources = {key: book.source(name) for key, name in sheets.items()}
        return table_of_sources(sources, about, where=path.name, name=path.stem)


def _raw(cell: object) -> str:
    """Text as it is: pieces of a description may begin or end with a blank."""
    return cell if isinstance(cell, str) else text_of(cell)


def write_excel(table: RegionalTable, path: str | Path) -> Path:
    """Write a table as a workbook; return the path.

    Raises
    ------
    TableTooLarge
        When a sheet cannot hold it.
    MissingExtra
        When openpyxl is not installed.
    """
    openpyxl = require("openpyxl", "excel", "writing a workbook")
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    _refuse_too_large(sheet_sizes(table), target.name)
    sheets = to_sheets(table)
    book = openpyxl.Workbook(write_only=True)
    part = target.with_name(target.name + ".part")
    try:
        about = book.create_sheet("about")
        for row in [("key", "value"), *about_rows(table)]:
            about.append(_texts(openpyxl, about, row))
        about.close()
        for name, frame in sheets.items():
            _write_sheet(openpyxl, book.create_sheet(name), frame)
        book.save(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        _discard(book)
    return target


def _refuse_too_large(sizes: Mapping[str, tuple[int, int]], where: str) -> None:
    """Refuse a table with a sheet that the format does not hold, before anything is written."""
    failures = [
        f"{name} ({rows} x {columns})"
        for name, (rows, columns) in sizes.items()
        if rows > MOST_ROWS or columns > MOST_COLUMNS
    ]
    if failures:
        raise TableTooLarge(
            f"a sheet of {where} holds {MOST_ROWS} rows x {MOST_COLUMNS} columns with its labels, "
            f"found {shown(failures)}; write NetCDF or Parquet, or aggregate first"
        )


def _write_sheet(openpyxl: Any, sheet: Any, frame: pd.DataFrame) -> None:
    """Write labels and numbers of one sheet, and close it."""
    for level in range(frame.columns.nlevels):
        last = level == frame.columns.nlevels - 1
        corner = [str(n or "") if last else "" for n in frame.index.names]
        labels = [str(v) for v in frame.columns.get_level_values(level)]
        sheet.append(_texts(openpyxl, sheet, [*corner, *labels]))
    for label, numbers in zip(frame.index, frame.to_numpy(), strict=True):
        names = [str(v) for v in (label if isinstance(label, tuple) else (label,))]
        sheet.append([*_texts(openpyxl, sheet, names), *numbers.tolist()])
    sheet.close()


def _discard(book: Any) -> None:
    """Close the sheets of a book that was not saved, and remove their temporary files.

    Left alone, openpyxl would complain about each of them when it is collected.
    """
    for sheet in book.worksheets:
        writer = sheet._writer
        if writer is None:
            continue
        with suppress(Exception):  # a sheet may be broken off anywhere
            if not sheet.closed:
                sheet.close()
        with suppress(Exception):
            if Path(writer.out).exists():
                writer.cleanup()


def _texts(openpyxl: Any, sheet: Any, labels: Any) -> list[Any]:
    """Cells of text that are never taken for a formula."""
    cells = []
    for label in labels:
        cell = openpyxl.cell.WriteOnlyCell(sheet, value=None)
        cell.value = label
        if isinstance(label, str) and label.startswith("="):
            cell.data_type = "s"
        cells.append(cell)
    return cells
