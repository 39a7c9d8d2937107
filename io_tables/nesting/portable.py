"""A table of places as one file: its parent, and the arrays of its gravity law, exactly.

Public names:
- `write_nested`: NetCDF (.nc) or a numpy archive (.npz); trade between places is not spelled out.
- `read_nested`: a file that `write_nested` has made.
- `is_nested`: whether a file is one.

    NetCDF    variables of this module at the root, the parent in the group "parent"
    npz       arrays of this module, those of the parent as "parent/<name>", two descriptions

M places of G regions, S sectors, C categories, K primary inputs, D costs: the file holds D M^2 and
M S numbers beside the parent, not S M^2. It is written beside its place and renamed. What is read
must be a table of places: shapes, signs, and sums by region that are those of the parent.
"""

from __future__ import annotations

import importlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from io_tables.container.checks import raise_collected
from io_tables.container.portable import check_description, describe, rebuild
from io_tables.dims import REGION
from io_tables.errors import InvalidTable, MissingTable, UnreadableTable
from io_tables.labels import duplicates, shown
from io_tables.nest import NestedTable
from io_tables.nesting.accounts import ACCOUNTS
from io_tables.npz import archive_arrays
from io_tables.table import RegionalTable

NestedFormat = Literal["netcdf", "npz"]
FORMAT: Final = "hinterland nested table"
VERSION: Final = 1
PARENT: Final = "parent"
_DESCRIPTION: Final = "description"
_ACCOUNT: Final = "account_"
_SUMS: Final = 1e-9
"""Relative gap allowed between places and their region."""
_DIMS: Final[dict[str, tuple[str, ...]]] = {
    "parent_of": ("place",),
    "cost": ("cost_kind", "origin", "destination"),
    "cost_of": ("sector",),
    "decay": ("sector",),
    "weights": ("place", "sector"),
    "block_factors": ("sector", "region_from", "region_to"),
    "output": ("place", "sector"),
    "exports": ("place", "sector"),
    "imports": ("place", "sector"),
    "taxes": ("place", "sector"),
    "demand": ("place", "sector", "category"),
    "final_imports": ("place", "category"),
    "value_added": ("primary", "place", "sector"),
    "population": ("place",),
}
_ALL_DIMS: Final[dict[str, tuple[str, ...]]] = _DIMS | {
    f"{_ACCOUNT}{name}": tuple("place" if dim == REGION else dim for dim in dims)
    for name, dims in ACCOUNTS.items()
}
_POSITIONS: Final = ("parent_of", "cost_of")
_SIGNED: Final = ("demand", "final_imports", "value_added", "taxes", "imports")


def _arrays(nested: NestedTable) -> dict[str, NDArray[Any]]:
    found = {name: getattr(nested, name) for name in _DIMS} | {
        f"{_ACCOUNT}{name}": array for name, array in nested.accounts.items()
    }
    return {name: np.asarray(array) for name, array in found.items() if array is not None}


def _facts(nested: NestedTable) -> dict[str, Any]:
    """Everything that is not an array."""
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "places": list(nested.places),
        "coords": {name: list(labels) for name, labels in nested.coords.items()},
        "preserve": nested.preserve,
        "gap": nested.gap,
        "iterations": nested.iterations,
        "notes": list(nested.notes),
    }


def write_nested(nested: NestedTable, path: str | Path, format: NestedFormat = "netcdf") -> Path:
    """Write a table of places; return the path.

    Raises
    ------
    MissingTable
        When the folder to write in does not exist.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    write = _write_npz if format == "npz" else _write_netcdf
    part = target.with_name(target.name + ".part")
    try:
        write(nested, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _write_netcdf(nested: NestedTable, part: Path) -> None:
    own = {name: (_ALL_DIMS[name], array) for name, array in _arrays(nested).items()}
    data = xr.Dataset(own, attrs={"format": FORMAT, _DESCRIPTION: _text(_facts(nested))})
    parent = nested.parent.data.assign_attrs(kind=nested.parent.kind)
    for mode, group, one in (("w", None, data), ("a", PARENT, parent)):
        encoding = {str(name): {"zlib": True, "complevel": 4} for name in one.data_vars}
        one.to_netcdf(
            part, mode=cast("Any", mode), group=group, engine="h5netcdf", encoding=encoding
        )


def _write_npz(nested: NestedTable, part: Path) -> None:
    parent = {f"{PARENT}/{n}": v.values for n, v in nested.parent.data.data_vars.items()}
    texts = {
        _DESCRIPTION: np.array(_text(_facts(nested))),
        f"{PARENT}/{_DESCRIPTION}": np.array(_text(describe(nested.parent))),
    }
    archive_arrays(part, {**texts, **_arrays(nested), **parent})


def _text(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as opened:
        return opened.read(2) == b"PK"


def is_nested(path: Path) -> bool:
    """Tell whether a file is a table of places; a file that cannot be opened is none."""
    try:
        if _is_zip(path):
            with zipfile.ZipFile(path) as archive:
                return f"{PARENT}/{_DESCRIPTION}.npy" in archive.namelist()
        with importlib.import_module("h5py").File(path, "r") as opened:
            return bool(opened.attrs.get("format") == FORMAT)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile):
        return False


def read_nested(path: Path) -> NestedTable:
    """Read a table of places.

    Raises
    ------
    UnreadableTable
        When the file is damaged or is no table of places.
    InvalidTable, UnbalancedTable
        When its figures do not belong together, or the parent is no table.
    """
    read = _from_npz if _is_zip(path) else _from_netcdf
    try:
        text, arrays, parent = read(path)
        facts = json.loads(text)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, UnreadableTable) or type(error).__module__.startswith("io_tables"):
            raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableTable(f"{path.name} is not a table of places: {first}") from error
    return _assembled(facts, arrays, parent, path.name)


Read = tuple[str, dict[str, NDArray[Any]], RegionalTable]


def _from_netcdf(path: Path) -> Read:
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    if data.attrs.get("format") != FORMAT:
        raise UnreadableTable(f"{path.name} must say format {FORMAT!r}")
    with xr.open_dataset(path, engine="h5netcdf", group=PARENT) as opened:
        parent = opened.load()
    attrs = dict(parent.attrs)
    kind = attrs.pop("kind", None)
    parent.attrs = attrs
    arrays = {str(name): variable.values for name, variable in data.data_vars.items()}
    return str(data.attrs[_DESCRIPTION]), arrays, RegionalTable(parent, kind)


def _from_npz(path: Path) -> Read:
    # numpy leaves a file open that turns out to be damaged, but not one that it was given
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
        own = {name: archive[name] for name in archive.files if name in _ALL_DIMS}
        text = str(archive[_DESCRIPTION])
        below = json.loads(str(archive[f"{PARENT}/{_DESCRIPTION}"]))
        described = check_description(below, path.name)
        values = {name: archive[f"{PARENT}/{name}"] for name in described["variables"]}
    return text, own, rebuild(described, values, where=path.name)


def _assembled(
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], parent: RegionalTable, where: str
) -> NestedTable:
    version = facts.get("format_version") if isinstance(facts, dict) else None
    if not isinstance(version, int) or version > VERSION:
        raise UnreadableTable(
            f"{where} has format version {version!r}, this version reads up to {VERSION}"
        )
    places = tuple(str(place) for place in facts["places"])
    failures = _wrong_shapes(arrays, parent, len(places))
    raise_collected(UnreadableTable, failures, where)
    if facts["preserve"] not in ("flows", "cells"):
        raise UnreadableTable(f"{where} must preserve flows or cells, found {facts['preserve']!r}")
    values: dict[str, Any] = {
        name: np.ascontiguousarray(array, dtype=np.intp if name in _POSITIONS else np.float64)
        for name, array in arrays.items()
    }
    accounts = {
        name: values.pop(f"{_ACCOUNT}{name}") for name in ACCOUNTS if f"{_ACCOUNT}{name}" in values
    }
    nested = NestedTable(
        parent=parent,
        accounts=accounts,
        places=places,
        preserve=facts["preserve"],
        gap=float(facts["gap"]),
        iterations=int(facts["iterations"]),
        notes=tuple(facts["notes"]),
        coords={str(name): [str(v) for v in labels] for name, labels in facts["coords"].items()},
        **values,
    )
    raise_collected(InvalidTable, check_nested(nested), where)
    return nested


def _wrong_shapes(
    arrays: Mapping[str, NDArray[Any]], parent: RegionalTable, count: int
) -> list[str]:
    """Say which arrays are missing, unknown or of another shape than the labels."""
    costs = arrays["cost"].shape[0] if "cost" in arrays and arrays["cost"].ndim == 3 else 0
    sizes = {
        "place": count, "origin": count, "destination": count, "cost_kind": costs,
        "sector": parent.n_sectors, "region_from": parent.n_regions,
        "region_to": parent.n_regions, "category": len(parent.categories),
        "primary": len(parent.primaries), "stressor": len(parent.stressor_units),
    }  # fmt: skip
    failures = []
    for name, dims in _ALL_DIMS.items():
        shape = tuple(sizes[dim] for dim in dims)
        if name not in arrays:
            if name != "population" and name in _DIMS:
                failures.append(f"it lacks {name}")
        elif arrays[name].shape != shape:
            failures.append(f"{name} must have shape {shape}, found {arrays[name].shape}")
        elif arrays[name].dtype.kind not in "iuf":
            failures.append(f"{name} must hold numbers")
    return failures


def check_nested(nested: NestedTable) -> list[str]:
    """Say what no table of places may have: figures, labels and sums that do not fit."""
    failures: list[str] = []
    parent, places = nested.parent, nested.places
    if parent.kind != "pooled":
        failures.append("the parent must be pooled")
        return failures
    twice = duplicates(places)
    if twice:
        failures.append(f"places must be unique, found twice: {shown(twice)}")
    for name, array in _arrays(nested).items():
        if not np.isfinite(array).all():
            failures.append(f"{name} must be finite")
        elif name in _DIMS and name not in _SIGNED and (array < 0).any():
            failures.append(f"{name} must not be negative")
    for name, array, most in (
        ("parent_of", nested.parent_of, parent.n_regions),
        ("cost_of", nested.cost_of, len(nested.cost)),
    ):
        if (array >= most).any():
            failures.append(f"{name} must be below {most}")
    if not (nested.cost > 0).all():
        failures.append("cost must be above 0")
    lengths = {name: len(labels) for name, labels in nested.coords.items()}
    odd = [name for name, length in lengths.items() if length != len(places)]
    if odd:
        failures.append(f"further labels must be one a place, not so: {shown(odd)}")
    if failures:
        return failures
    for name in ("output", "exports", "demand"):
        given = parent.data[name].values
        summed = np.zeros_like(given)
        np.add.at(summed, nested.parent_of, getattr(nested, name))
        gap = np.abs(summed - given).max(initial=0.0) / max(np.abs(given).max(initial=0.0), 1e-300)
        if gap > _SUMS:
            failures.append(
                f"{name} of places must sum to that of their region, misses by {gap:.3g}"
            )
    return failures
