"""Which format a path has.

Public names: `Format`, `Detected`, `detect`. Files are looked at, never only their names: the
first rows of a text file, the sheets of a workbook, the files of a folder. What decided is said
in words, for the notes of the table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

from io_tables.errors import UnreadableTable
from io_tables.nesting.portable import is_nested
from io_tables.readers.book import Book, text_of
from io_tables.readers.ceads import is_ceads_sheet
from io_tables.readers.grid import open_text, peek
from io_tables.readers.pymrio_folder import PARAMETERS

RegionalFormat = Literal[
    "netcdf", "zarr", "npz", "csv_folder", "tidy", "excel", "ceads", "icio", "figaro", "wiod",
    "pymrio", "exiobase3", "eora26", "gloria",
]  # fmt: skip
Format = Literal[RegionalFormat, "nested"]


class Detected(NamedTuple):
    """A format, and what told it."""

    format: Format
    evidence: str


def detect(source: Path) -> Detected:
    """Tell the format of a file or folder.

    Raises
    ------
    UnreadableTable
        When it cannot be told.
    """
    if source.is_dir():
        return _folder(source)
    name = source.name.lower()
    if name.endswith((".nc", ".nc4", ".h5", ".npz")) and is_nested(source):
        return Detected("nested", "what its format says")
    if name.endswith((".nc", ".nc4", ".h5")):
        return Detected("netcdf", "its name")
    if name.endswith(".npz"):
        return Detected("npz", "its name")
    if name.endswith((".parquet", ".pq")):
        return Detected("tidy", "its name")
    if name.endswith((".xlsx", ".xlsm")):
        return _workbook(source)
    if name.endswith(".xlsb"):
        return Detected("wiod", "its name")
    if name.endswith(".zip"):
        return _archive(source)
    if name.endswith((".csv", ".csv.gz", ".tsv", ".txt")):
        return _text(source)
    if name.endswith(".xls"):
        raise UnreadableTable(f"{source.name} is an old workbook: save it as .xlsx")
    raise UnreadableTable(
        f"{source.name}: the format cannot be told from the name; use .nc for NetCDF, .csv or "
        ".parquet for a long table, .xlsx for a workbook, a folder with Z.csv and Y.csv, or say "
        "format="
    )


def _folder(source: Path) -> Detected:
    names = [p.name for p in source.iterdir()]
    if "zarr.json" in names or ".zgroup" in names:
        return Detected("zarr", "the metadata of a Zarr store in it")
    if any(name.startswith("GLORIA_MRIOs_") for name in names):
        return Detected("gloria", "GLORIA_MRIOs in it")
    if any(re.match(r"Eora26_\d{4}_(bp|pp)", name) for name in names):
        return Detected("eora26", "Eora26 files in it")
    if PARAMETERS in names:
        inner = {p.name for p in source.iterdir() if (p / PARAMETERS).is_file()}
        if inner & {"satellite", "impacts"}:
            return Detected("exiobase3", f"{PARAMETERS} and the accounts of EXIOBASE in it")
        return Detected("pymrio", f"{PARAMETERS} in it")
    return Detected("csv_folder", "it is a folder")


def _archive(source: Path) -> Detected:
    name = source.name.lower()
    if name.startswith("eora26"):
        return Detected("eora26", "its name")
    if name.startswith(("iot_", "exiobase", "exio")):
        return Detected("exiobase3", "its name")
    return Detected("pymrio", "its name")


def _workbook(source: Path) -> Detected:
    with Book(source) as book:
        folded = {sheet.strip().lower() for sheet in book.sheets}
        if {"z", "y"} <= folded or "about" in folded:
            return Detected("excel", "sheets Z and Y" if "z" in folded else "a sheet 'about'")
        for sheet in book.sheets:
            rows = []
            for _, row in book.rows(sheet):
                rows.append(row)
                if len(rows) >= 12:
                    break
            if is_ceads_sheet(sheet, rows):
                return Detected("ceads", f"provinces, sectors and codes 01, 02, ... on {sheet!r}")
            if any(len(row) > 4 and text_of(row[4]) == "c1" for row in rows):
                return Detected("wiod", f"country and c1, c2, ... in the header rows of {sheet!r}")
    raise UnreadableTable(
        f"{source.name} has no sheets Z and Y and is no workbook of WIOD or CEADs; its sheets: "
        f"{', '.join(book.sheets[:5])}"
    )


def _text(source: Path) -> Detected:
    try:
        with open_text(source) as lines:
            if lines.readline(10**6).startswith("#"):
                return Detected("tidy", "its first line")
    except UnicodeDecodeError:
        return Detected("tidy", "its name")
    except (OSError, EOFError) as error:
        raise UnreadableTable(f"{source.name} is not readable: {error}") from error
    rows = peek(source, 1)
    header = [cell.strip() for cell in rows[0]] if rows else []
    folded = [cell.casefold() for cell in header]
    if {"refarea", "rowpi", "colpi"} <= set(folded):
        return Detected("figaro", "its columns rowPi and colPi")
    if "industrycode" in folded and "rnr" in folded:
        return Detected("wiod", "its columns IndustryCode and RNr")
    if any(re.fullmatch(r"[A-Za-z0-9]+_P(3|5)\w*", cell) for cell in header):
        return Detected("figaro", "columns of final use such as P3_S14")
    finals = r"([A-Z0-9]{2,5}_)?(HFCE|GGFC|GFCF)(_[A-Z0-9]{2,5})?"
    if any(re.fullmatch(finals, cell) for cell in header):
        return Detected("icio", "columns of final demand such as HFCE")
    return Detected("tidy", "its name")
