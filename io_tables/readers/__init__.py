"""Tables from files: `read_table`, one module per format.

Public names:
- `read_table`: any known format, told by the path.
- `write_csv_folder`: a table as a folder of CSV files, which `read_table` reads.

Formats: "netcdf" (one file, everything a table has), "csv_folder" (Z.csv, Y.csv and more),
"tidy" (one long CSV file).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

from io_tables.errors import MissingTable, UnreadableTable
from io_tables.labels import did_you_mean
from io_tables.readers.csv_folder import read_csv_folder, write_csv_folder
from io_tables.readers.netcdf import read_netcdf
from io_tables.readers.tidy import read_tidy
from io_tables.table import RegionalTable

__all__ = ["Format", "read_table", "write_csv_folder"]

Format = Literal["netcdf", "csv_folder", "tidy"]
_READERS: Final[dict[Format, Callable[[Path], RegionalTable]]] = {
    "netcdf": read_netcdf,
    "csv_folder": read_csv_folder,
    "tidy": read_tidy,
}


def read_table(path: str | Path, format: Format | None = None) -> RegionalTable:
    """Read a table from a file or folder.

    Parameters
    ----------
    path
        A NetCDF file written by `RegionalTable.to_netcdf` (.nc), a folder with Z.csv and Y.csv,
        or one long CSV file.
    format
        "netcdf", "csv_folder" or "tidy"; told by the path when left out.

    Raises
    ------
    MissingTable
        When nothing is there.
    UnreadableTable
        When it is not a table in a known format; the message names the file and what it lacks.
    InvalidTable, UnbalancedTable
        When the numbers are not those of a table.
    """
    source = Path(path)
    if not source.exists():
        near = ""
        if source.parent.is_dir():
            near = did_you_mean(source.name, [p.name for p in source.parent.iterdir()])
        raise MissingTable(f"no file or folder {source}{near}")
    if format is None:
        format = _format_of(source)
    if format not in _READERS:
        raise UnreadableTable(
            f"unknown format {format!r}{did_you_mean(format, get_args(Format))}; known: "
            f"{', '.join(get_args(Format))}"
        )
    return _READERS[format](source)


def _format_of(source: Path) -> Format:
    if source.is_dir():
        return "csv_folder"
    suffixes = [s.lower() for s in source.suffixes]
    if suffixes[-1:] in ([".nc"], [".nc4"], [".h5"]):
        return "netcdf"
    if suffixes[-1:] in ([".csv"], [".tsv"], [".txt"]) or suffixes[-2:] == [".csv", ".gz"]:
        return "tidy"
    raise UnreadableTable(
        f"{source.name}: the format cannot be told from the name; use .nc for NetCDF, .csv for a "
        "long table, a folder with Z.csv and Y.csv, or say format="
    )
