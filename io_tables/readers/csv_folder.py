"""Tables from a folder of CSV files, and back.

Public names: `read_csv_folder`, `write_csv_folder`.

A folder written here has the sheets of `io_tables.container.sheets` and is read back exactly,
pooled tables as pooled ones. Any other folder has

    Z.csv               two header rows and two index columns (region, sector)
    Y.csv               rows as Z, two header rows (region, category); one row: categories only
    x.csv, exports.csv, taxes.csv, discrepancy.csv          rows as Z, one column
    va.csv, imports.csv                    one index column, columns as Z
    final_imports.csv                      one index column, columns as Y
    population.csv, employment.csv         region and persons
    about.csv           key, value: name, units, year, notes

Only Z and Y are needed. Names are forgiven: upper or lower case, .txt and .tsv (tabs),
"value_added" for "va". A table of one region may have one header row and one index column of
sectors throughout.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from io_tables.container.sheets import about_rows, to_sheets
from io_tables.errors import UnreadableTable
from io_tables.readers.grid import Grid, not_utf8, open_text, peek, read_grid
from io_tables.readers.labelled import table_of_sources
from io_tables.table import RegionalTable

SUFFIXES: Final = (".csv", ".csv.gz", ".txt", ".tsv")


class TextSource:
    """One CSV file, read as labels and numbers."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        tabs = path.name.lower().endswith((".txt", ".tsv"))
        self._separator = "\t" if tabs else None

    def peek(self, count: int) -> list[list[str]]:
        """Return the first rows as text."""
        return peek(self._path, count, separator=self._separator)

    def read(self, header_rows: int, index_columns: int) -> Grid:
        """Return labels and numbers."""
        return read_grid(self._path, header_rows, index_columns, separator=self._separator)


def files_of(folder: Path) -> dict[str, Path]:
    """Files by their name in lower case, .csv before .txt."""
    stems: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), reverse=True):
        lower = path.name.lower()
        stem = next((lower[: -len(s)] for s in SUFFIXES if lower.endswith(s)), None)
        if path.is_file() and stem is not None:
            stems[stem] = path
    return stems


def _about(path: Path | None) -> list[tuple[str, str]]:
    if path is None:
        return []
    try:
        with open_text(path) as lines:
            rows = [row for row in csv.reader(lines) if len(row) >= 2]
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    except csv.Error as error:
        raise UnreadableTable(f"{path.name} is not a CSV file: {error}") from error
    return [(row[0], row[1]) for row in rows if row[0] != "key"]


def read_csv_folder(path: Path) -> RegionalTable:
    """Read a table from a folder of CSV files.

    Raises
    ------
    UnreadableTable
        When Z or Y is missing, or a file has another shape than the module says.
    InvalidTable, UnbalancedTable
        As for `RegionalTable.from_flows`.
    """
    files = files_of(path)
    about = _about(files.pop("about", None))
    sources = {name: TextSource(file) for name, file in files.items()}
    return table_of_sources(sources, about, where=f"folder {path.name}", name=path.name)


def write_csv_folder(table: RegionalTable, folder: str | Path) -> Path:
    """Write a table as a folder of CSV files; return the folder.

    Numbers are written with all their digits; `read_table` brings back the same table, a pooled
    one as a pooled one.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, frame in to_sheets(table).items():
        part = target / f"{name}.csv.part"
        frame.to_csv(part, float_format=None)
        part.replace(target / f"{name}.csv")
    with (target / "about.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("key", "value"), *about_rows(table)])
    return target
