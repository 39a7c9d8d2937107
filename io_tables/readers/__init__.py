"""Tables from files and to files: `read_table`, `write_table`, one module per format.

Public names:
- `read_table`: any known format, told by the path and what is in it.
- `read_regional_table`: the same; a table of places comes with its trade spelled out.
- `write_table`: NetCDF, Zarr, npz, tidy CSV or Parquet, workbook, folder of CSV, pymrio folder.
- `write_csv_folder`: a table as a folder of CSV files.

    netcdf, zarr, npz    everything a table has, exactly
    nested               a table of places in gravity form, in NetCDF or npz
    tidy                 one long file, CSV or Parquet
    csv_folder, excel    Z, Y and more, one sheet each
    ceads                Chinese provinces, workbook of CEADs
    icio, figaro, wiod   world tables as they are published
    pymrio, exiobase3, eora26, gloria     pymrio folders and archives, and what pymrio parses

Every reader raises one `TableError` for a file that is not a table, never another exception.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeVar, cast, get_args, overload

from io_tables.errors import MissingTable, TableError, TableTooLarge, UnreadableTable
from io_tables.labels import did_you_mean
from io_tables.nest import NestedTable
from io_tables.nesting.portable import NestedFormat, read_nested, write_nested
from io_tables.netcdf import write_dataset
from io_tables.readers.arrays import read_npz, read_zarr, write_npz, write_zarr
from io_tables.readers.ceads import read_ceads
from io_tables.readers.csv_folder import read_csv_folder, write_csv_folder
from io_tables.readers.detect import Format, RegionalFormat, detect
from io_tables.readers.excel import read_excel, write_excel
from io_tables.readers.netcdf import read_netcdf
from io_tables.readers.pymrio_folder import (
    read_eora26,
    read_exiobase3,
    read_gloria,
    read_pymrio,
    write_pymrio,
)
from io_tables.readers.tidy import read_tidy
from io_tables.readers.tidy_write import write_tidy
from io_tables.readers.wiod import read_wiod
from io_tables.readers.world_csv import read_figaro, read_icio
from io_tables.table import RegionalTable

__all__ = [
    "Format",
    "WrittenFormat",
    "read_regional_table",
    "read_table",
    "write_csv_folder",
    "write_table",
]

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

WrittenFormat = Literal[
    "netcdf", "zarr", "npz", "tidy", "excel", "csv_folder", "pymrio"
]  # fmt: skip
_READERS: Final[dict[str, Callable[[Path], RegionalTable]]] = {
    "netcdf": read_netcdf,
    "zarr": read_zarr,
    "npz": read_npz,
    "csv_folder": read_csv_folder,
    "tidy": read_tidy,
    "excel": read_excel,
    "ceads": read_ceads,
    "icio": read_icio,
    "figaro": read_figaro,
    "wiod": read_wiod,
    "pymrio": read_pymrio,
    "exiobase3": read_exiobase3,
    "eora26": read_eora26,
    "gloria": read_gloria,
}
_WRITERS: Final[dict[WrittenFormat, Callable[[RegionalTable, Path], Path]]] = {
    "netcdf": lambda table, path: write_dataset(table.data, table.kind, path),
    "zarr": write_zarr,
    "npz": write_npz,
    "tidy": write_tidy,
    "excel": write_excel,
    "csv_folder": write_csv_folder,
    "pymrio": write_pymrio,
}
_NAMES: Final[dict[Format, str]] = {
    "netcdf": "NetCDF file",
    "zarr": "Zarr store",
    "npz": "numpy archive",
    "csv_folder": "folder of CSV files",
    "tidy": "long table",
    "excel": "workbook with a sheet for each block",
    "ceads": "CEADs provincial workbook",
    "icio": "OECD inter-country table",
    "figaro": "FIGARO table",
    "wiod": "WIOD table",
    "pymrio": "pymrio folder or archive",
    "exiobase3": "EXIOBASE 3 system",
    "eora26": "Eora26 system",
    "gloria": "GLORIA system",
}


@overload
def read_table(path: str | Path, format: Literal["nested"]) -> NestedTable: ...
@overload
def read_table(path: str | Path, format: RegionalFormat) -> RegionalTable: ...
@overload
def read_table(path: str | Path, format: Format | None = None) -> RegionalTable | NestedTable: ...
def read_table(path: str | Path, format: Format | None = None) -> RegionalTable | NestedTable:
    """Read a table from a file or folder.

    Parameters
    ----------
    path
        A file or folder in one of the formats of `io_tables.readers`.
    format
        Told by the path and what is in it when left out. What was found, and by what, is logged
        and noted on the table (NetCDF and Zarr, which only this package writes, are logged only).

    Returns
    -------
    The table; `notes` say what was assumed in reading it, `check()` what does not add up. A file of
    a table of places in gravity form gives the `NestedTable` that was written.

    Raises
    ------
    MissingTable
        When nothing is there.
    UnreadableTable
        When it is not a table in a known format; the message names the file and what it lacks.
    MissingExtra
        When the format needs a package that is not installed.
    TableTooLarge
        When it would not fit in memory.
    InvalidTable, UnbalancedTable
        When the numbers are not those of a table.
    """
    source = Path(path)
    if not source.exists():
        near = ""
        if source.parent.is_dir():
            near = did_you_mean(source.name, [p.name for p in source.parent.iterdir()])
        raise MissingTable(f"no file or folder {source}{near}")
    evidence = "as asked"
    if format is None:
        format, evidence = _guarded(source, lambda: detect(source))
    if format == "nested":
        _LOG.info("%s is read as a table of places (%s)", source, evidence)
        return _guarded(source, lambda: read_nested(source))
    if format not in _READERS:
        raise UnreadableTable(
            f"unknown format {format!r}{did_you_mean(format, get_args(Format))}; known: "
            f"{', '.join(get_args(Format))}"
        )
    reader = _READERS[format]
    _LOG.info("%s is read as %s (%s)", source, _with_article(_NAMES[format]), evidence)
    table = _guarded(source, lambda: reader(source))
    if format in ("netcdf", "zarr"):
        return table
    note = f"read as {_with_article(_NAMES[format])} from {source.name} ({evidence})"
    notes = [n for n in table.notes if not n.startswith(("read as a ", "read as an "))]
    return RegionalTable(table.data.assign_attrs(notes="\n".join([*notes, note])), table.kind)


def read_regional_table(path: str | Path, format: Format | None = None) -> RegionalTable:
    """Read a table whose trade is spelled out, as most methods need it.

    Raises
    ------
    TableTooLarge
        When the file holds places in gravity form, too many for that.
    TableError
        As for `read_table`.
    """
    table = read_table(path, format)
    return table if isinstance(table, RegionalTable) else table.to_table()


def _with_article(name: str) -> str:
    return f"an {name}" if name[0] in "AEIO" else f"a {name}"


def _guarded(source: Path, step: Callable[[], T]) -> T:
    """Return what a step gives; damage that no reader expected becomes one clear error."""
    try:
        return step()
    except TableError:
        raise
    except MemoryError as error:
        raise TableTooLarge(f"{source.name} does not fit in memory") from error
    except Exception as error:  # the boundary: parsers of damaged files raise what they like
        first = str(error).splitlines()[0] if str(error) else ""
        raise UnreadableTable(
            f"{source.name} cannot be read as a table ({type(error).__name__}: {first})"
        ) from error


def write_table(
    table: RegionalTable | NestedTable, path: str | Path, format: WrittenFormat | None = None
) -> Path:
    """Write a table; return the path.

    Parameters
    ----------
    table
        Explicit or pooled; a pooled table stays pooled in every format but "pymrio". Places in
        gravity form stay in it, in NetCDF and npz.
    path
        File or folder. Its parent must exist; an existing file is replaced.
    format
        Told by the name when left out: .nc, .zarr, .npz, .csv, .csv.gz, .parquet, .xlsx; a name
        without suffix is a folder of CSV files.

    Raises
    ------
    MissingTable
        When the folder to write in does not exist.
    UnreadableTable
        When the format cannot be told.
    MissingExtra
        When the format needs a package that is not installed.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    if format is None:
        format = _written_format(target)
    if isinstance(table, NestedTable):
        return _write_nested(table, target, format)
    if format not in _WRITERS:
        raise UnreadableTable(
            f"cannot write the format {format!r}{did_you_mean(format, get_args(WrittenFormat))}; "
            f"known: {', '.join(get_args(WrittenFormat))}"
        )
    return _WRITERS[format](table, target)


def _write_nested(table: NestedTable, target: Path, format: WrittenFormat) -> Path:
    if format not in get_args(NestedFormat):
        raise UnreadableTable(
            f"a table of places in gravity form is written as {' or '.join(get_args(NestedFormat))}"
            f", not as {format}; table.to_table() spells its trade out where memory allows"
        )
    return write_nested(table, target, cast("NestedFormat", format))


def _written_format(target: Path) -> WrittenFormat:
    name = target.name.lower()
    endings: dict[tuple[str, ...], WrittenFormat] = {
        (".nc", ".nc4"): "netcdf",
        (".zarr",): "zarr",
        (".npz",): "npz",
        (".csv", ".csv.gz", ".parquet", ".pq"): "tidy",
        (".xlsx",): "excel",
    }
    for suffixes, written in endings.items():
        if name.endswith(suffixes):
            return written
    if not target.suffix:
        return "csv_folder"
    raise UnreadableTable(
        f"{target.name}: the format cannot be told from the name; use .nc, .zarr, .npz, .csv, "
        ".parquet, .xlsx, a name without suffix for a folder, or say format="
    )
