"""The tidy CSV tables of a result.

Owns the question: which variables stand together in one table, and what are its columns?

Public names
------------
``write_tables``    dataset and folder in, files written out
``tidy``            some variables of a dataset as one long DataFrame with labels beside the codes

Terms
-----
A *table* holds every variable over the same dims; a variable ``v`` with a twin ``v_base`` also gets
``v_change``. One row is one observation; label columns come first, then ``variable [unit]``.
Numbers have ten digits, in the NetCDF file all of them. ``columns.csv`` lists file, column, unit
and meaning. Of travel times and costs only the pairs that changed are tabled, and of any table of
more than a million rows that has a base year those that changed by more than a ten-millionth of its
largest value; the NetCDF file holds all of them.
"""

from __future__ import annotations

import csv
from collections.abc import Hashable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from model.errors import OutputRefused

__all__ = ["tidy", "write_tables"]

TABLES: dict[str, tuple[str, ...]] = {
    "economy": (
        "output",
        "value_added",
        "final_demand",
        "real_consumption",
        "output_base",
        "value_added_base",
        "final_demand_base",
        "real_consumption_base",
    ),
    "delivered_price": ("delivered_price",),
    "cost_saving": ("cost_saving",),
    "trade_share": ("trade_share", "trade_share_base"),
    "stimulus": ("stimulus", "at"),
    "ledger": ("ledger",),
    "ledger_range": ("ledger_range",),
    "leakage": ("leakage",),
    "leakage_range": ("leakage_range",),
    "allocated_cluster": ("allocated_cluster",),
    "allocated_ring": ("allocated_ring",),
    "allocated_place": ("allocated_place",),
    "computed_cluster": ("computed_cluster",),
    "computed_ring": ("computed_ring",),
    "computed_place": ("computed_place",),
    "access": ("access", "access_base"),
    "disparity": ("disparity", "disparity_base"),
    "access_history": ("access_history",),
    "access_history_causes": ("access_history_cause",),
    "access_history_groups": ("access_history_group",),
    "access_history_groups_causes": ("access_history_group_cause",),
    "access_history_known": ("cause_known_until",),
    "disparity_history": ("disparity_history",),
    "disparity_history_causes": ("disparity_history_cause",),
    "corridor_range": ("corridor_range",),
    "corridor_draws": ("corridor_draws",),
    "corridor_region_draws": ("corridor_region_draws",),
    "corridor_drivers": ("corridor_drivers",),
    "ledger_draws": ("ledger_draws",),
    "ledger_rank_kept": ("ledger_rank_kept",),
    "ledger_drivers": ("ledger_drivers",),
    "split": (
        "split_output",
        "split_value_added",
        "split_final_demand",
        "split_real_consumption",
    ),
    "split_joint": (
        "joint_output",
        "joint_value_added",
        "joint_final_demand",
        "joint_real_consumption",
    ),
    "channels_by_region": ("channel_effect",),
    "channels": ("spread",),
    "channels_losers": ("losers",),
    "channels_disparity": ("channel_disparity",),
    "channels_contraction": ("contraction",),
    "channels_by_cluster": ("computed_channel_cluster", "allocated_channel_cluster"),
    "channels_by_ring": ("computed_channel_ring", "allocated_channel_ring"),
    "channels_prices": ("mill_price", "productivity"),
    "channels_people": (
        "household_income",
        "household_income_base",
        "people",
        "people_base",
        "real_income_per_head",
    ),
    "equilibrium": (
        "equilibrium_wage",
        "equilibrium_consumer_price",
        "equilibrium_real_wage",
        "equilibrium_welfare",
        "equilibrium_population",
    ),
    "equilibrium_prices": ("equilibrium_mill_price",),
    "equilibrium_trade_share": ("equilibrium_trade_share",),
    "travel_by_mode": ("travel_by_mode", "travel_by_mode_base"),
    "link_flows": ("link_volume", "link_volume_base", "link_value", "link_value_base"),
    "travel_changes": ("minutes", "minutes_base", "cost", "cost_base"),
}
"""Variables by file; whatever a dataset has beyond these goes to a file by its dims."""

LABELS: dict[str, tuple[str, ...]] = {
    "region": ("region_code", "region_zh", "macro_region"),
    "sector": ("sector_code", "sector_zh"),
    "flow_link": ("flow_from", "flow_to", "flow_mode", "flow_line"),
    "place": ("place_name", "place_name_zh", "place_region", "cluster_of"),
}
PAIRS = ("origin", "destination")
BACKDROP = ("corridor_leg", "link")
DIGITS = "%.10g"
LARGEST_TABLE = 1_000_000
"""Rows up to which what did not change is tabled too."""
CHANGED = 1e-7
"""Change, relative to the largest value, that a longer table shows."""
SUFFIX_BASE = "_base"
SUFFIX_CHANGE = "_change"


def write_tables(data: xr.Dataset, folder: Path) -> tuple[Path, ...]:
    """Write every table the dataset has, and ``columns.csv``.

    Parameters
    ----------
    data
        Variables with ``units`` and ``long_name``.
    folder
        Made when absent.

    Returns
    -------
    tuple of Path
        The files written, in order.

    Raises
    ------
    OutputRefused
        When the folder cannot be written to.
    """
    written: list[Path] = []
    about: list[tuple[str, str, str, str]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, variables in _tables_of(data).items():
            frame = tidy(data, variables)
            if frame.empty:
                continue
            path = folder / f"{name}.csv"
            heads = {column: _head(data, column) for column in frame.columns}
            frame.rename(columns=heads).to_csv(path, index=False, float_format=DIGITS)
            written.append(path)
            about.extend((path.name, heads[c], *_meaning(data, c)) for c in frame.columns)
        path = folder / "columns.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([("file", "column", "unit", "meaning"), *about])
    except OSError as error:
        raise OutputRefused(f"the tables cannot be written to {folder}: {error}") from error
    return (*written, path)


def tidy(data: xr.Dataset, variables: Iterable[str]) -> pd.DataFrame:
    """Return variables as one long table, changes against the base beside them.

    Parameters
    ----------
    data
        The dataset of a result.
    variables
        Names of variables whose dims are the same, but for twins ``v_base`` that may lack some.

    Returns
    -------
    DataFrame
        Label columns, then one column a variable, then ``v_change``; rows without any value are
        left out, and of origin-destination pairs and very long tables those that did not change.
    """
    names = list(variables)
    widest = max(names, key=lambda name: len(data[name].dims))
    dims = data[widest].dims
    block = xr.broadcast(data[names])[0].transpose(*dims)
    flat = {name: block[name].to_numpy().ravel() for name in names}
    columns: dict[str, np.ndarray] = {}
    for name in names:
        base = f"{name}{SUFFIX_BASE}"
        columns[name] = flat[name]
        if base in flat:
            columns[base] = flat[base]
            columns[f"{name}{SUFFIX_CHANGE}"] = flat[name] - flat[base]
    values = pd.DataFrame(columns)
    keep = values.notna().any(axis=1).to_numpy()
    changes = values.filter(like=SUFFIX_CHANGE)
    if len(values) > LARGEST_TABLE and changes.shape[1]:
        least = CHANGED * float(values.abs().max().max())
        keep = keep & (changes.abs() > least).any(axis=1).to_numpy()
    elif set(PAIRS) <= set(dims):
        keep = keep & (changes.fillna(0.0) != 0.0).any(axis=1).to_numpy()
    rows = np.flatnonzero(keep)
    positions = np.unravel_index(rows, tuple(block.sizes[dim] for dim in dims))
    labels: dict[str, np.ndarray] = {}
    for dim, position in zip(dims, positions, strict=True):
        labels.update(_label_columns(data, str(dim), position))
    return pd.concat(
        [pd.DataFrame(labels), values.iloc[rows].reset_index(drop=True)],
        axis=1,
    )


def _tables_of(data: xr.Dataset) -> dict[str, tuple[str, ...]]:
    """Return the tables this dataset has, those it has beyond the known ones included."""
    found = {
        name: tuple(one for one in variables if one in data.data_vars)
        for name, variables in TABLES.items()
    }
    if not {"minutes_base", "cost_base"} & set(found["travel_changes"]):
        found["travel_changes"] = ()
    known = {one for variables in TABLES.values() for one in variables}
    for name, variable in data.data_vars.items():
        if str(name) in known or not variable.dims:
            continue
        if set(PAIRS) <= set(variable.dims):
            continue
        by_dims = "by_" + "_".join(map(str, variable.dims))
        group = next((dim for dim in BACKDROP if dim in variable.dims), by_dims)
        found[group] = (*found.get(group, ()), str(name))
    return {name: variables for name, variables in found.items() if variables}


def _label_columns(data: xr.Dataset, dim: str, position: np.ndarray) -> dict[str, np.ndarray]:
    """Return the label column of a dim, and what stands beside it."""
    if dim not in data.coords:
        return {dim: position + 1}
    made = {dim: data[dim].to_numpy()[position]}
    if dim in PAIRS and "place_name" in data.coords:
        names = dict(zip(data["place"].to_numpy(), data["place_name"].to_numpy(), strict=True))
        made[f"{dim}_name"] = np.array([names.get(code, "") for code in made[dim]], dtype=object)
    for label in LABELS.get(dim, ()):
        if label in data.coords:
            made[label] = data[label].to_numpy()[position]
    return made


def _variable_of(data: xr.Dataset, column: str) -> tuple[Hashable | None, bool]:
    """Return the variable a column comes from, and whether it is its change."""
    if column in data.variables:
        return column, False
    name = column.removesuffix(SUFFIX_CHANGE)
    return (name, True) if name != column and name in data.variables else (None, False)


def _head(data: xr.Dataset, column: str) -> str:
    name, _ = _variable_of(data, column)
    if name is None or name in data.coords or data[name].dtype.kind not in "fiu":
        return column
    unit = str(data[name].attrs.get("units", ""))
    return f"{column} [{unit}]" if unit else column


def _meaning(data: xr.Dataset, column: str) -> tuple[str, str]:
    name, change = _variable_of(data, column)
    if name is None:
        return "", "label"
    attrs = data[name].attrs
    meaning = str(attrs.get("long_name", "label" if name in data.coords else ""))
    return str(
        attrs.get("units", "")
    ), f"change against the base year: {meaning}" if change else meaning
