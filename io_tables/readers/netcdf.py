"""Tables from our own NetCDF files, as `RegionalTable.to_netcdf` writes them.

Public names: `read_netcdf`. The file holds the dataset of `schema.csv`; it is loaded whole and
closed, so that it may be replaced while the table is in use.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import xarray as xr

from io_tables.errors import UnreadableTable
from io_tables.netcdf import FORMAT, FORMAT_VERSION
from io_tables.table import RegionalTable


def read_netcdf(path: Path) -> RegionalTable:
    """Read a table from one NetCDF file.

    Raises
    ------
    UnreadableTable
        When the file is not NetCDF, not a table, or of a later version of the format.
    """
    try:
        # h5netcdf leaves a damaged file half open; h5py, on which it stands, refuses it first
        with importlib.import_module("h5py").File(path, "r"):
            pass
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            data = opened.load()
    except (OSError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableTable(f"{path.name} is not a readable NetCDF-4 file: {first}") from error
    attrs = dict(data.attrs)
    kind = attrs.pop("kind", None)
    version = attrs.pop("format_version", None)
    if attrs.pop("format", None) != FORMAT or kind not in ("explicit", "pooled"):
        raise UnreadableTable(
            f"{path.name} is not a regional table: attribute 'format' must be {FORMAT!r} and "
            f"'kind' explicit or pooled, found kind {kind!r}"
        )
    if version is None or int(version) > FORMAT_VERSION:
        raise UnreadableTable(
            f"{path.name} has format version {version}, this version reads up to {FORMAT_VERSION}"
        )
    data.attrs = attrs
    return RegionalTable(data, kind)
