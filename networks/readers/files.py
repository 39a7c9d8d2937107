"""How text is taken from files, so that a bad one gives one clear error.

Public names
------------
read_text : a text file in UTF-8
read_rows : a CSV file, or one in a zip archive, with every cell as text
rows_of : the text of a CSV file as a table, every cell as text
numbers : a column of such a table as numbers
UNPACKING : what a damaged archive can raise
optional : a package that only one format needs
"""

import csv
import importlib
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from networks.errors import InvalidNetwork, MissingNetwork, NetworkError

# What a damaged, locked or newer archive can make the standard library raise.
UNPACKING = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)


class MissingPackage(NetworkError, ImportError):
    """A format that needs a package which is not installed."""


def optional(package: str, extra: str, what: str) -> Any:
    """Return an optional package, imported now.

    Parameters
    ----------
    package, extra
        Name of the package and of the extra of this project that brings it.
    what
        What needs it, for the error.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackage(
            f"{what} needs the package {package!r}, which is not installed: "
            f"pip install 'hinterland[{extra}]'."
        ) from error


def read_text(path: Path) -> str:
    """Return a text file.

    Raises
    ------
    MissingNetwork
        There is no such file.
    InvalidNetwork
        It is not UTF-8 text.
    """
    if not path.is_file():
        raise MissingNetwork(f"There is no file {str(path)!r}.")
    return _decoded(path.read_bytes(), str(path))


def _decoded(raw: bytes, label: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidNetwork(f"{label!r} must be text in UTF-8: {error}.") from error
    if "\x00" in text:
        raise InvalidNetwork(f"{label!r} must be text in UTF-8; it holds zero bytes.")
    return text


def rows_of(text: str, label: str) -> pd.DataFrame:
    """Return the table of a CSV text, cells as text, blanks as "".

    Raises
    ------
    InvalidNetwork
        It is empty or no CSV, a column is named twice, a row has more cells than there are columns,
        or the last row has fewer and no end of line: the file is cut off.
    """
    try:
        names: list[str] = []
        width = count = 0
        for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
            count = len(row)
            if not names and count:
                names = [cell.strip() for cell in row]
            width = len(names)
            if count > width and any(cell.strip() for cell in row[width:]):
                raise InvalidNetwork(
                    f"{label!r} must have {width} cells in a row; row {number} has {count}."
                )
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning) as error:
        raise InvalidNetwork(f"{label!r} must be a CSV table: {error}.") from error
    except csv.Error as error:
        raise InvalidNetwork(f"{label!r} must be a CSV table: {error}.") from error
    if count < width and not text.endswith(("\n", "\r")):
        raise InvalidNetwork(
            f"{label!r} must have {width} cells in a row; the last has {count}. Is it cut off?"
        )
    if twice := sorted({n for n in names if n and names.count(n) > 1}):
        raise InvalidNetwork(f"{label!r} must have every column once; twice: {', '.join(twice)}.")
    return table


def read_rows(
    folder: Path, name: str, required: tuple[str, ...], *, optional: bool = False
) -> pd.DataFrame | None:
    """Return a CSV table of a folder or of a zip archive, cells as text, blanks as "".

    Parameters
    ----------
    folder
        Folder or archive; in an archive the file may lie in a folder.
    name
        File name, such as ``stops.txt``.
    required
        Columns it must have.
    optional
        Return None instead of raising when the file is not there.

    Raises
    ------
    MissingNetwork
        The file is not there.
    InvalidNetwork
        The archive is damaged, the file is no CSV in UTF-8, or columns are missing.
    """
    label = f"{folder.name}/{name}"
    raw: bytes | None = None
    if folder.is_dir():
        raw = (folder / name).read_bytes() if (folder / name).is_file() else None
    elif folder.is_file():
        try:
            with zipfile.ZipFile(folder) as archive:
                inside = sorted(
                    (n for n in archive.namelist() if n.rsplit("/", 1)[-1] == name), key=len
                )
                raw = archive.read(inside[0]) if inside else None
        except UNPACKING as error:
            raise InvalidNetwork(f"{str(folder)!r} cannot be unpacked: {error}.") from error
    if raw is None:
        if optional:
            return None
        raise MissingNetwork(f"{str(folder)!r} must have {name}.")
    table = rows_of(_decoded(raw, label), label)
    table.columns = pd.Index([str(c).strip() for c in table.columns])
    for column in table.columns:
        table[column] = table[column].fillna("").astype(str).str.strip()
    if lost := [c for c in required if c not in table.columns]:
        raise InvalidNetwork(
            f"{label!r} must have the columns {', '.join(lost)}; it has "
            f"{', '.join(map(str, table.columns[:12]))}."
        )
    return table


def numbers(table: pd.DataFrame, column: str, label: str) -> "pd.Series[float]":
    """Return a column as numbers, blanks as nan.

    Raises
    ------
    InvalidNetwork
        Cells that are neither a number nor blank, the first rows named.
    """
    values = pd.to_numeric(table[column], errors="coerce").astype(float)
    bad = values.isna() & (table[column] != "")
    if bad.any():
        where = ", ".join(
            f"row {k + 2} ({table[column].iloc[k]!r})" for k in bad.to_numpy().nonzero()[0][:5]
        )
        raise InvalidNetwork(f"{label}: {column} must be a number; it is not at {where}.")
    return values
