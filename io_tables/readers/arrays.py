"""Tables from a numpy archive (.npz) or a Zarr store, and back.

Public names: `read_npz`, `write_npz`, `read_zarr`, `write_zarr`. Zarr needs the extra "zarr".

An archive written here holds the variables of `schema.csv` and a description, and is read back
exactly. Any other archive must have Z (N, N) and Y or F (N, columns), may have x, va, imports,
exports, taxes, and its labels either inside (`regions`, `sectors`, `categories`) or beside it in
`<name>_rows.csv` with a column for the region and one for the sector, found by name. Pickled
objects are never loaded.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from io_tables.container.portable import FORMAT, check_description, describe, rebuild
from io_tables.errors import MissingTable, UnreadableTable
from io_tables.extras import require
from io_tables.labels import did_you_mean
from io_tables.npz import archive_arrays
from io_tables.output import half_units, negative_note, settled_output
from io_tables.table import RegionalTable

_DESCRIPTION: Final = "description"
_REGIONS: Final = ("region", "country", "area", "province", "regions")
_SECTORS: Final = ("sector", "industry", "product", "commodity", "sectors")


def read_npz(path: Path) -> RegionalTable:
    """Read a table from a numpy archive.

    Raises
    ------
    UnreadableTable
        When it is not an archive of numbers, or lacks flows, final demand or labels.
    InvalidTable, UnbalancedTable
        As for `RegionalTable.from_flows`.
    """
    try:
        # numpy leaves a file open that turns out to be damaged, but not one that it was given
        with path.open("rb") as opened, _archive(opened, path.name) as archive:
            if _DESCRIPTION in archive.files:
                text = str(archive[_DESCRIPTION])
                description = check_description(json.loads(text), path.name)
                names = [n for n in description["variables"] if n in archive.files]
                return rebuild(description, {n: archive[n] for n in names}, where=path.name)
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, UnreadableTable) or type(error).__module__.startswith("io_tables"):
            raise
        raise UnreadableTable(f"{path.name} is not a readable .npz archive: {error}") from error
    return _foreign(arrays, path)


def _archive(opened: IO[bytes], where: str) -> Any:
    found = np.load(opened, allow_pickle=False)
    if not hasattr(found, "files"):
        raise UnreadableTable(f"{where} is one array, a table needs an .npz archive")
    return found


def _foreign(arrays: Mapping[str, NDArray[Any]], path: Path) -> RegionalTable:
    """Return the table of an archive that has no description."""
    folded = {name.casefold(): name for name in arrays}

    def get(*names: str) -> NDArray[Any] | None:
        found = next((folded[n] for n in names if n in folded), None)
        return None if found is None else arrays[found]

    flows, final = get("z", "flows"), get("y", "f", "final_demand")
    if flows is None or final is None:
        near = did_you_mean("Z", list(arrays))
        raise UnreadableTable(
            f"{path.name} must hold Z and Y (or F), found {', '.join(arrays) or 'nothing'}{near}"
        )
    index = _labels(path, get("regions", "region"), get("sectors", "sector"), len(flows))
    categories = get("categories", "category")
    numbers = np.asarray(flows, dtype=np.float64)
    frame = pd.DataFrame(numbers, index=index, columns=index, copy=False)
    demand = pd.DataFrame(np.asarray(final, dtype=np.float64).reshape(len(flows), -1), index=index)
    given = get("x", "output")
    exports = get("exports", "e")
    outside = 0.0 if exports is None else np.asarray(exports, dtype=np.float64).reshape(-1)
    totals = numbers.sum(axis=1) + demand.to_numpy().sum(axis=1) + outside
    rounding = half_units(numbers, demand.to_numpy())
    settled = settled_output(totals, given, index, path.name, rounding=rounding)
    return RegionalTable.from_flows(
        frame,
        demand,
        pd.Series(settled.output, index=index),
        get("va", "value_added", "v"),
        imports=get("imports", "m"),
        exports=exports,
        taxes=get("taxes"),
        discrepancy=settled.discrepancy,
        categories=None if categories is None else [str(c) for c in categories],
        units="money",
        name=path.stem,
        notes=[*settled.notes, *negative_note(numbers)],
        signed=bool(numbers.min(initial=0.0) < 0),
        copy=False,
    )


def _labels(
    path: Path, regions: NDArray[Any] | None, sectors: NDArray[Any] | None, n: int
) -> pd.MultiIndex:
    """(region, sector) labels, from the archive or the file beside it."""
    if regions is not None and sectors is not None:
        if len(regions) == len(sectors) == n and len(set(map(str, regions))) < n:
            return pd.MultiIndex.from_arrays([regions.astype(str), sectors.astype(str)])
        if len(regions) * len(sectors) == n:
            return pd.MultiIndex.from_product([regions.astype(str), sectors.astype(str)])
    beside = path.with_name(path.stem + "_rows.csv")
    if not beside.exists():
        raise UnreadableTable(
            f"{path.name} has no labels: it needs arrays regions and sectors with {n} industries "
            f"between them, or a file {beside.name} beside it"
        )
    try:
        rows = pd.read_csv(beside, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise UnreadableTable(f"{beside.name} is not a CSV file: {error}") from error
    names = {str(c).strip().casefold(): c for c in rows.columns}
    sector = next((names[n] for n in _SECTORS if n in names), None)
    region = next((names[n] for n in _REGIONS if n in names), None)
    if sector is None or region is None or len(rows) != n:
        raise UnreadableTable(
            f"{beside.name} must have {n} rows and columns for region and sector, found "
            f"{len(rows)} rows and {', '.join(map(str, rows.columns))}"
        )
    return pd.MultiIndex.from_arrays([rows[region], rows[sector]], names=[region, sector])


def write_npz(table: RegionalTable, path: str | Path) -> Path:
    """Write a table as a compressed numpy archive; return the path."""
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    arrays: dict[str, NDArray[Any]] = {str(n): v.values for n, v in table.data.data_vars.items()}
    text = np.array(json.dumps(describe(table), ensure_ascii=False))
    part = target.with_name(target.name + ".part")
    try:
        archive_arrays(part, {_DESCRIPTION: text, **arrays})
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def read_zarr(path: Path) -> RegionalTable:
    """Read a table from a Zarr store written by `write_zarr`.

    Raises
    ------
    UnreadableTable
        When it is not a Zarr store, or not of a table.
    MissingExtra
        When zarr is not installed.
    """
    require("zarr", "zarr", f"reading {path.name}")
    try:
        with xr.open_zarr(path, consolidated=False, chunks=None) as opened:
            description = check_description(
                json.loads(str(opened.attrs.get(_DESCRIPTION, "{}"))), path.name
            )
            values = {n: opened[n].values for n in description["variables"] if n in opened}
    except UnreadableTable:
        raise
    except Exception as error:  # zarr raises its own errors for damaged stores
        raise UnreadableTable(f"{path.name} is not a readable Zarr store: {error}") from error
    return rebuild(description, values, where=path.name)


def write_zarr(table: RegionalTable, path: str | Path) -> Path:
    """Write a table as a Zarr store (a folder); return the path.

    Raises
    ------
    MissingExtra
        When zarr is not installed.
    """
    require("zarr", "zarr", "writing Zarr")
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    text = json.dumps(describe(table), ensure_ascii=False)
    plain = xr.Dataset(
        {str(n): (v.dims, v.values) for n, v in table.data.data_vars.items()},
        attrs={_DESCRIPTION: text, "format": FORMAT},
    )
    try:
        plain.to_zarr(part, mode="w", consolidated=False)
        if target.exists():
            shutil.rmtree(target)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target
