"""A table as a system of pymrio.

Public names: `to_pymrio` (also in `io_tables.pymrio_bridge`, which says what becomes what);
`LAYOUT`, `IMPORTS`, `TAXES`, `EMPLOYMENT`, the names both directions share.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.container import views
from io_tables.container.checks import Floats
from io_tables.dims import CATEGORY, REGION, SECTOR
from io_tables.extras import require
from io_tables.table import RegionalTable

IMPORTS, TAXES, EMPLOYMENT = "imports", "product_taxes", "employment"
LAYOUT: Final = "pymrio"
"""Attribute of a table with the names that pymrio gave."""


def to_pymrio(table: RegionalTable) -> Any:
    """Return a table as a `pymrio.IOSystem` with Z, Y, x, unit and its extensions.

    A pooled table is spelled out: pymrio has no pooled form. Exports and the discrepancy are
    categories of Y in the column of their own region; value added, imports and product taxes are
    extensions. Neither A nor L is computed. Jobs that are told by region only have no place.

    Raises
    ------
    MissingExtra
        When pymrio is not installed.
    TableTooLarge
        When a pooled table is too large to be spelled out.
    """
    pymrio = require("pymrio", "pymrio", "to_pymrio")
    table = table.explicit()
    layout = json.loads(str(table.data.attrs.get(LAYOUT, "{}")))
    order = layout.get("order")
    names = [REGION, SECTOR]
    index = table.labels if order is None else table.labels[order]
    index = index.set_names(layout.get("index") or names)
    columns = index.set_names(layout.get("columns") or names)
    Z, Y = table.Z.to_numpy(), table.Y
    if order is not None:
        Z = Z[np.ix_(order, order)]
    Y = _as_given(Y, layout.get("Y_order"))
    final = Y.columns.set_names(layout.get("Y_columns") or [REGION, CATEGORY])

    told_columns = views.final_columns(table.regions, table.categories, table.final_use_told, ())

    def arranged(values: Any) -> Floats:
        numbers = np.asarray(values, dtype=np.float64)
        return numbers if order is None else numbers[..., order]

    def account(
        name: str, use: pd.DataFrame, rows: pd.Index, units: Sequence[str], demand: Any
    ) -> dict[str, Any]:
        told = layout.get("extensions", {}).get(name, {})
        names = told.get("row_names")
        if names and len(names) == rows.nlevels:
            rows = rows.set_names(names)
        across = told.get("column_names") or [REGION, SECTOR]
        named = columns.set_names(across) if len(across) == 2 else columns
        frame = pd.DataFrame(arranged(use), index=rows, columns=named)
        return {
            "name": name,
            "F": frame,
            "F_Y": None if demand is None else _demand_frame(demand, Y, final, rows, told_columns),
            "unit": pd.DataFrame({"unit": list(units)}, index=rows),
        }

    extensions = {
        one["name"]: one for one in (account(*given) for given in _given_accounts(table, layout))
    }
    people = None
    if "population" in table.data:
        people = pd.DataFrame(
            [table.data["population"].values], index=["Population"], columns=table.regions
        )
    x = arranged(table.x)
    return pymrio.IOSystem(
        Z=pd.DataFrame(Z, index=index, columns=columns, copy=False),
        Y=pd.DataFrame(
            Y.to_numpy() if order is None else Y.to_numpy()[order], index=index, columns=final
        ),
        x=pd.DataFrame({"indout": x}, index=index),
        unit=pd.DataFrame({"unit": [table.unit] * len(index)}, index=index),
        population=people,
        year=table.year,
        name=table.name or None,
        **extensions,
    )


def _given_accounts(table: RegionalTable, layout: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Name, use, rows, units and final part of every extension of a table."""
    data = table.data
    told = layout.get("extensions", {})
    found: list[tuple[Any, ...]] = []
    extension = (
        [str(v) for v in data["primary_extension"].values]
        if "primary_extension" in data.coords
        else []
    )
    rows = [str(v) for v in data["primary_row"].values] if "primary_row" in data.coords else []
    va = table.va.to_numpy()
    if not rows:
        index = pd.Index(table.primaries, name="inputtype")
        found.append(("factor_inputs", va, index, [table.unit] * len(index), None))
    for name in dict.fromkeys(extension):
        at = [k for k, e in enumerate(extension) if e == name]
        found.append((name, va[at], _index_of([rows[k] for k in at]), [table.unit] * len(at), None))
    if "imported_use" in data:
        block = table.imports
        final = table.final_imports if "imported_demand" in data else None
        index = pd.Index(block.index.astype(str), name="product")
        found.append((IMPORTS, block.to_numpy(), index, [table.unit] * len(index), final))
    if "taxes" in data or "final_taxes" in data:
        index = pd.Index(["taxes less subsidies on products"], name="tax")
        paid = data["final_taxes"].values.reshape(1, -1) if "final_taxes" in data else None
        found.append((TAXES, table.taxes.to_numpy()[None, :], index, [table.unit], paid))
    if "employment" in data and data["employment"].ndim == 2:
        jobs = data["employment"].values.reshape(1, -1)
        found.append((EMPLOYMENT, jobs, pd.Index(["jobs"], name="jobs"), ["persons"], None))
    if "stressor_use" in data:
        use, units = table.stressors.to_numpy(), table.stressor_units.tolist()
        labels = table.stressor_units.index
        groups = _texts(data, "stressor_extension") or ["stressors"] * len(labels)
        rows = _texts(data, "stressor_row")
        demand = table.stressor_demand.to_numpy() if "stressor_demand" in data else None
        for name in dict.fromkeys(groups):
            at = [k for k, g in enumerate(groups) if g == name]
            index = pd.Index(labels[at], name="stressor")
            if rows:
                index = _index_of([rows[k] for k in at])
            has = demand is not None and told.get(name, {}).get("F_Y", True)
            part = demand[at] if has and demand is not None else None
            found.append((name, use[at], index, [units[k] for k in at], part))
    return found


def _texts(data: xr.Dataset, name: str) -> list[str]:
    return [str(v) for v in data[name].values] if name in data.coords else []


def _index_of(rows: list[str]) -> pd.Index:
    levels = [json.loads(row) for row in rows]
    if all(len(level) == 1 for level in levels):
        flat: pd.Index = pd.Index([str(level[0]) for level in levels])
        return flat
    return pd.MultiIndex.from_tuples([tuple(level) for level in levels])


def _demand_frame(
    demand: Any, Y: pd.DataFrame, final: pd.Index, rows: pd.Index, told: pd.MultiIndex
) -> pd.DataFrame:
    """Return the final part of an account on the columns of Y, zero for exports and discrepancy."""
    if isinstance(demand, pd.DataFrame):  # imports for final use: (place, product) by category
        places = list(dict.fromkeys(demand.index.get_level_values(0)))
        cube = demand.to_numpy().reshape(len(places), len(rows), -1)
        demand = cube.transpose(1, 0, 2).reshape(len(rows), -1)
    values = np.zeros((len(rows), Y.shape[1]))
    # the columns of an account are those of Y by place and category, whatever order Y is in
    position = {label: k for k, label in enumerate(Y.columns.tolist())}
    values[:, [position[label] for label in told.tolist()]] = demand
    return pd.DataFrame(values, index=rows, columns=final)


def _as_given(Y: pd.DataFrame, order: Sequence[Sequence[str]] | None) -> pd.DataFrame:
    """Return final demand with its columns in the order of the system it came from."""
    position = {tuple(label): k for k, label in enumerate(Y.columns.tolist())}
    wanted = [position.get(tuple(label), -1) for label in order or []]
    return Y.iloc[:, wanted] if sorted(wanted) == list(range(Y.shape[1])) else Y
