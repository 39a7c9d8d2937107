"""How a table is laid out on sheets, in a workbook or a folder of CSV files.

Public names:
- `Sheet`, `sheet_of`: name of the sheet of a variable and which of its dims go down and across.
- `to_sheets`: all sheets of a table as frames; `sheet_sizes`: how large they are, forming none.
- `about_rows`, `read_about`: the sheet "about", keys and values.
- `table_of_sheets`: the table of sheets that `to_sheets` has written.

    explicit   Z (region, sector | region, sector)    Y (region, sector | region, category)
    pooled     use (product | region, sector)         trade (product, from | to)
               demand (region, product | category)
    both       x, exports, taxes, discrepancy (region, sector)    va (kind | region, sector)
               imports (product | region, sector)     final_imports (product | region, category)
               final_taxes, population, employment    stressors, stressor_demand

The sheet "about" says name, units, year and notes for a reader, and at its end the description
(see `io_tables.container.portable`) with which the table is read back exactly, labels and order
included.
Without a description a folder or workbook is read by `RegionalTable.from_flows`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.container.checks import Floats
from io_tables.container.flows import CELLS, FLOWS
from io_tables.container.portable import check_description, describe, rebuild
from io_tables.dims import REGION_FROM, REGION_TO, SECTOR_FROM, SECTOR_TO
from io_tables.errors import UnreadableTable
from io_tables.labels import duplicates, shown
from io_tables.table import RegionalTable

PIECE: Final = 30_000
"""Characters of the description in one cell; a cell of a workbook holds at most 32,767."""
_NAMES: Final = {
    "flows": "Z",
    "final_demand": "Y",
    "output": "x",
    "value_added": "va",
    "imported_use": "imports",
    "imported_demand": "final_imports",
    "domestic_use": "use",
    "trade_share": "trade",
    "stressor_use": "stressors",
}
_DOWN: Final = {
    "flows": 2,
    "final_demand": 2,
    "trade_share": 2,
    "demand": 2,
    "value_added": 1,
    "imported_use": 1,
    "domestic_use": 1,
    "stressor_use": 1,
    "stressor_demand": 1,
}


class Sheet(NamedTuple):
    """Name of a sheet, and the dims that go down (index columns) and across (header rows)."""

    name: str
    down: tuple[str, ...]
    across: tuple[str, ...]


def sheet_of(variable: str, dims: Iterable[str]) -> Sheet:
    """Layout of a variable with these dims, in their order."""
    dims = tuple(dims)
    name = _NAMES.get(variable, variable)
    if variable == "imported_demand" and len(dims) == 3:
        return Sheet(name, (dims[1],), (dims[0], dims[2]))
    if variable == "imported_demand":
        return Sheet(name, dims[:1], dims[1:])
    down = _DOWN.get(variable, len(dims))
    return Sheet(name, dims[:down], dims[down:])


def _index(data: xr.Dataset | Mapping[str, list[str]], dims: tuple[str, ...]) -> pd.Index:
    labels = [[str(v) for v in np.asarray(data[dim])] for dim in dims]
    if len(dims) == 1:
        return pd.Index(labels[0], name=dims[0])
    return pd.MultiIndex.from_product(labels, names=list(dims))


def to_sheets(table: RegionalTable) -> dict[str, pd.DataFrame]:
    """Return the sheets of a table, without "about"; numbers are not copied where they fit."""
    sheets: dict[str, pd.DataFrame] = {}
    table = table.dense()
    for variable, array in table.data.data_vars.items():
        sheet = sheet_of(str(variable), map(str, array.dims))
        values = array.transpose(*sheet.down, *sheet.across).values
        index = _index(table.data, sheet.down)
        columns = _index(table.data, sheet.across) if sheet.across else pd.Index([sheet.name])
        flat = values.reshape(len(index), len(columns))
        sheets[sheet.name] = pd.DataFrame(flat, index=index, columns=columns, copy=False)
    return sheets


def sheet_sizes(table: RegionalTable) -> dict[str, tuple[int, int]]:
    """Rows and columns of every sheet but "about", labels included, without forming any."""
    R, S = table.n_regions, table.n_sectors
    sizes = {REGION_FROM: R, REGION_TO: R, SECTOR_FROM: S, SECTOR_TO: S}
    sizes |= {str(dim): size for dim, size in table.data.sizes.items()}
    dims = {str(name): tuple(map(str, one.dims)) for name, one in table.data.data_vars.items()}
    if table.is_sparse:
        dims = {name: one for name, one in dims.items() if name not in CELLS}
        dims[FLOWS] = (REGION_FROM, SECTOR_FROM, REGION_TO, SECTOR_TO)
    found: dict[str, tuple[int, int]] = {}
    for variable, one in dims.items():
        sheet = sheet_of(variable, one)
        rows, columns = (prod(sizes[d] for d in part) for part in (sheet.down, sheet.across))
        found[sheet.name] = (rows + max(1, len(sheet.across)), columns + len(sheet.down))
    return found


def about_rows(table: RegionalTable) -> list[tuple[str, str]]:
    """Keys and values of the sheet "about"."""
    rows = [("name", table.name), ("units", table.unit)]
    rows += [("year", str(table.year))] if table.year is not None else []
    rows += [("notes", note) for note in table.notes]
    text = json.dumps(describe(table.dense()), ensure_ascii=False)
    return rows + [("description", text[k : k + PIECE]) for k in range(0, len(text), PIECE)]


def read_about(
    rows: Iterable[tuple[str, str]], where: str
) -> tuple[dict[str, list[str]], dict[str, Any] | None]:
    """Return the values of every key, and the description when there is one.

    Raises
    ------
    UnreadableTable
        When the description is damaged.
    """
    about: dict[str, list[str]] = {}
    for key, value in rows:
        about.setdefault(key.strip().lower(), []).append(value)
    text = "".join(about.pop("description", []))
    if not text:
        return {key: [v.strip() for v in values] for key, values in about.items()}, None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableTable(
            f"{where}: the description at the end of 'about' is damaged ({error}); without these "
            "rows the sheets are read by their labels"
        ) from error
    return about, check_description(found, where)


Cells = tuple[list[tuple[str, ...]], list[tuple[str, ...]], Floats]
"""Labels down, labels across, numbers of a sheet."""


def _arranged(found: list[tuple[str, ...]], wanted: pd.Index, where: str) -> list[int] | None:
    """Positions of the wanted labels among those found; None when they are in order."""
    labels = [label if isinstance(label, tuple) else (label,) for label in wanted]
    if found == labels:
        return None
    twice = duplicates(found)
    lacking = sorted(set(labels) - set(found))
    unknown = sorted(set(found) - set(labels))
    if twice or lacking or unknown:
        parts: list[tuple[str, list[Any]]] = [
            ("found twice", twice),
            ("missing", lacking),
            ("unknown", unknown),
        ]
        raise UnreadableTable(
            f"{where} must have the labels of the description, "
            + "; ".join(f"{what}: {shown(names)}" for what, names in parts if names)
        )
    at = {label: k for k, label in enumerate(found)}
    return [at[label] for label in labels]


def table_of_sheets(
    description: Mapping[str, Any], cells: Callable[[Sheet], Cells], where: str
) -> RegionalTable:
    """Return the table whose sheets are read by `cells`.

    Raises
    ------
    UnreadableTable
        When a sheet has other labels than the description says.
    """
    labels = {name: coord["labels"] for name, coord in description["coords"].items()}
    values: dict[str, Floats] = {}
    for variable, one in description["variables"].items():
        sheet = sheet_of(variable, one["dims"])
        down, across, numbers = cells(sheet)
        place = f"sheet {sheet.name} of {where}"
        rows = _arranged(down, _index(labels, sheet.down), f"rows of {place}")
        if rows is not None:
            numbers = numbers[rows]
        if sheet.across:
            columns = _arranged(across, _index(labels, sheet.across), f"columns of {place}")
            if columns is not None:
                numbers = numbers[:, columns]
        elif numbers.shape[1] != 1:
            raise UnreadableTable(
                f"{place} must have one column of numbers, found {numbers.shape[1]}"
            )
        dims = (*sheet.down, *sheet.across)
        cube = numbers.reshape([len(labels[dim]) for dim in dims])
        order = [dims.index(dim) for dim in one["dims"]]
        values[variable] = np.ascontiguousarray(cube.transpose(order))
    return rebuild(description, values, where=where)
