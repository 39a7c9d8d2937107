"""How a table is written to one NetCDF file.

Public names: `write_dataset`; reading is `io_tables.readers.netcdf`.

The file holds the dataset of the table as it is, with attrs `kind`, `format` and
`format_version`. It is written beside its place and renamed, so that a killed run leaves nothing
half-written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import xarray as xr

from io_tables.dims import Kind
from io_tables.errors import MissingTable

FORMAT: Final = "hinterland regional table"
FORMAT_VERSION: Final = 1


def write_dataset(data: xr.Dataset, kind: Kind, path: str | Path) -> Path:
    """Write the dataset of a table; return the path.

    Raises
    ------
    MissingTable
        When the folder to write in does not exist.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    stamped = data.assign_attrs(kind=kind, format=FORMAT, format_version=FORMAT_VERSION)
    part = target.with_name(target.name + ".part")
    encoding = {str(name): {"zlib": True, "complevel": 4} for name in data.data_vars}
    try:
        stamped.to_netcdf(part, engine="h5netcdf", encoding=encoding)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
