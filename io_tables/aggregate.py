"""How a table looks with fewer regions, sectors or categories.

Public names: `aggregate`.

Flows, demand and accounts are sums over the members of a group. Trade shares of a pooled table
are those of the summed product flows,

    F_I^R'S' = sum over members of t_i^rs (sum_j z_ij^s + sum_c y_ic^s),   t' = F' / sum_R' F',

so that the aggregated table balances whenever the given one does. Output, demand by place of use,
technology flows by place of use, product flows between groups and all accounts of the old table
are sums in the new one; in the pooled form the split of a product flow between firms and final
use is not, because one share serves both. What aggregation changes is the technology of a group:
another demand gives another answer before and after (Miller & Blair 2009, section 4.9).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from io_tables.checks import Floats, raise_collected
from io_tables.convert import origin_shares
from io_tables.dims import (
    CATEGORY,
    REGION,
    REGION_FROM,
    REGION_TO,
    SECTOR,
    SECTOR_FROM,
    SECTOR_TO,
)
from io_tables.errors import UnknownLabel
from io_tables.labels import positions_of, shown
from io_tables.table import RegionalTable

Groups = Mapping[str, str] | pd.Series
_DOUBLES = {
    REGION: (REGION, REGION_FROM, REGION_TO),
    SECTOR: (SECTOR, SECTOR_FROM, SECTOR_TO),
    CATEGORY: (CATEGORY,),
}


def aggregate(
    table: RegionalTable,
    *,
    regions: Groups | None = None,
    sectors: Groups | None = None,
    categories: Groups | None = None,
) -> RegionalTable:
    """Sum a table over groups of regions, sectors and categories of final demand.

    Parameters
    ----------
    table
        An explicit or pooled table.
    regions, sectors, categories
        Group of every label, as a dict or Series from label to group name; codes and other
        coordinates of the table serve as labels too. Left out: kept as they are.

    Returns
    -------
    A table of the same kind; groups in the order of their first member. Coordinates such as codes
    are kept where a group has one value, and blank elsewhere.

    Raises
    ------
    UnknownLabel
        For labels the table does not have, and for labels of the table without a group.
    """
    failures: list[str] = []
    data = table.data
    members: dict[str, tuple[list[str], NDArray[np.intp]]] = {}
    for dim, groups in ((REGION, regions), (SECTOR, sectors), (CATEGORY, categories)):
        if groups is not None:
            members[dim] = _membership(data, dim, groups, failures)
    raise_collected(UnknownLabel, failures, "aggregate")
    summed: dict[str, Any] = {
        str(name): (variable.dims, _sum(variable, members), variable.attrs)
        for name, variable in data.data_vars.items()
        if name != "trade_share"
    }
    coords = _coords(data, members)
    if table.kind == "pooled":
        names = [coords[dim][1] for dim in (REGION, SECTOR)]
        variable = data["trade_share"]
        use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
        flow = variable.copy(data=variable.values * use[:, None, :])
        share = origin_shares(_sum(flow, members), *names)
        summed["trade_share"] = (variable.dims, share, variable.attrs)
    result = xr.Dataset(summed, coords=coords, attrs=data.attrs)
    return RegionalTable(result, table.kind)


def _membership(
    data: xr.Dataset, dim: str, groups: Groups, failures: list[str]
) -> tuple[list[str], NDArray[np.intp]]:
    """Group names and the group of every position of a dim."""
    labels = data[dim].values.tolist()
    aliases = {
        str(name): coord.values.tolist()
        for name, coord in data.coords.items()
        if coord.dims == (dim,) and name != dim
    }
    given = dict(groups.items())
    try:
        at = positions_of(list(given), labels, aliases=aliases, what=dim)
    except UnknownLabel as error:
        failures.append(str(error))
        return [], np.zeros(0, dtype=np.intp)
    group_of: dict[int, str] = {}
    for position, group in zip(at.tolist(), given.values(), strict=True):
        if group_of.setdefault(position, str(group)) != str(group):
            failures.append(f"{dim} {labels[position]!r} is put into two groups")
    without = [label for i, label in enumerate(labels) if i not in group_of]
    if without:
        failures.append(f"every {dim} needs a group, missing: {shown(without)}")
        return [], np.zeros(0, dtype=np.intp)
    names = list(dict.fromkeys(group_of[i] for i in range(len(labels))))
    order = {name: k for k, name in enumerate(names)}
    return names, np.array([order[group_of[i]] for i in range(len(labels))], dtype=np.intp)


def _sum(
    variable: xr.DataArray, members: Mapping[str, tuple[list[str], NDArray[np.intp]]]
) -> Floats:
    """Values summed over the groups of every dim that has groups."""
    values: Floats = variable.values
    for dim, (names, group) in members.items():
        for axis, found in enumerate(variable.dims):
            if found in _DOUBLES[dim]:
                indicator = np.zeros((len(names), len(group)))
                indicator[group, np.arange(len(group))] = 1.0
                values = np.moveaxis(np.tensordot(indicator, values, axes=(1, axis)), 0, axis)
    return np.array(values)


def _coords(
    data: xr.Dataset, members: Mapping[str, tuple[list[str], NDArray[np.intp]]]
) -> dict[str, Any]:
    coords: dict[str, Any] = {}
    for name, coord in data.coords.items():
        dims = tuple(map(str, coord.dims))
        owner = next((d for d in members if dims and dims[0] in _DOUBLES[d]), None)
        if owner is None:
            coords[str(name)] = (dims, coord.values)
            continue
        names, group = members[owner]
        if name in _DOUBLES[owner]:
            coords[str(name)] = (dims, names)
            continue
        found = [set(coord.values[group == k].tolist()) for k in range(len(names))]
        coords[str(name)] = (dims, [next(iter(f)) if len(f) == 1 else "" for f in found])
    return coords
