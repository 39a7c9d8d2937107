"""Everything of a table but its numbers, as plain text, and a table from text and numbers.

Public names:
- `describe`: kind, attributes, labels, dims and units of a table as a JSON-ready dict.
- `rebuild`: the table of a description and its arrays, exactly as it was.
- `FORMAT`: what every description begins with.

Formats that keep a table exactly (npz, tidy files, folders of CSV, workbooks) differ in where
they put the numbers; what the numbers mean is written once, here. Descriptions of a later version
are refused, descriptions with parts that no table has are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr

from io_tables.container.checks import Floats
from io_tables.container.flows import CELL
from io_tables.errors import UnreadableTable
from io_tables.schema import SCHEMA
from io_tables.table import RegionalTable

FORMAT: Final = "hinterland regional table"
VERSION: Final = 1


def describe(table: RegionalTable) -> dict[str, Any]:
    """Return kind, attributes, coordinates and variables (dims, attributes) of a table."""
    data = table.data
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "kind": table.kind,
        "attrs": {str(k): _plain(v) for k, v in data.attrs.items()},
        "coords": {
            str(name): {"dims": list(map(str, c.dims)), "labels": [str(v) for v in c.values]}
            for name, c in data.coords.items()
            if c.ndim == 1
        },
        "sizes": {CELL: data.sizes[CELL]} if CELL in data.dims else {},
        "variables": {
            str(name): {
                "dims": list(map(str, v.dims)),
                "attrs": {str(k): _plain(a) for k, a in v.attrs.items()},
            }
            for name, v in data.data_vars.items()
        },
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def check_description(found: object, where: str) -> dict[str, Any]:
    """Return a description whose shape is right.

    Raises
    ------
    UnreadableTable
        When it is not a description, of a later version, or names what no table has.
    """
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UnreadableTable(f"{where} must say format {FORMAT!r}")
    version = found.get("format_version")
    if not isinstance(version, int) or version > VERSION:
        raise UnreadableTable(
            f"{where} has format version {version!r}, this version reads up to {VERSION}"
        )
    coords, variables = found.get("coords"), found.get("variables")
    if found.get("kind") not in ("explicit", "pooled") or not (
        isinstance(coords, dict) and isinstance(variables, dict)
    ):
        raise UnreadableTable(f"{where} must say kind, coords and variables of the table")
    for name, one in variables.items():
        dims = one.get("dims") if isinstance(one, dict) else None
        if name not in SCHEMA or not dims or any(d not in coords and d != CELL for d in dims):
            raise UnreadableTable(f"{where} has a variable {name!r} that no table has")
    return found


def shape_of(description: Mapping[str, Any], variable: str) -> tuple[int, ...]:
    """Shape that the array of a variable must have."""
    coords, sizes = description["coords"], description.get("sizes", {})
    dims = description["variables"][variable]["dims"]
    return tuple(
        int(sizes.get(dim, 0)) if dim == CELL else len(coords[dim]["labels"]) for dim in dims
    )


def rebuild(
    description: Mapping[str, Any], values: Mapping[str, Floats], *, where: str
) -> RegionalTable:
    """Return the table of a description and the arrays of its variables.

    Raises
    ------
    UnreadableTable
        When an array is missing or has another shape than its labels.
    InvalidTable, UnbalancedTable
        As for `RegionalTable`.
    """
    found = check_description(description, where)
    failures: list[str] = []
    variables: dict[str, Any] = {}
    for name, one in found["variables"].items():
        array = values.get(name)
        if array is None or array.shape != shape_of(found, name):
            shape = "nothing" if array is None else f"shape {array.shape}"
            failures.append(f"{name} must have shape {shape_of(found, name)}, found {shape}")
            continue
        variables[name] = (one["dims"], array, one.get("attrs", {}))
    if failures:
        raise UnreadableTable(f"{where}: {'; '.join(failures)}")
    coords = {name: (c["dims"], c["labels"]) for name, c in found["coords"].items()}
    return RegionalTable(
        xr.Dataset(variables, coords=coords, attrs=found.get("attrs", {})), found["kind"]
    )
