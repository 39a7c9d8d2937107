"""How a table looks with other regions, sectors or categories.

Public names: `aggregate`, `Groups`.

With W (groups, labels) the weight of each label in each group, columns summing to one,

    Z' = W Z W',   Y' = W Y W_place',   x' = W x,   and so on for every account.

W is zero or one where labels are grouped, and holds shares where a label is split between groups
(a concordance that is many to many): then the parts of a label have its technology and its
buyers. Trade shares of a pooled table are those of the product flows,

    F_I^R'S' = sum over members of w t_i^rs (sum_j z_ij^s + sum_c y_ic^s),   t' = F' / sum_R' F',

so that the aggregated table balances whenever the given one does. Output, demand by place of use,
technology flows by place of use, product flows between groups and all accounts of the old table
are sums in the new one; in the pooled form the split of a product flow between firms and final
use is not, because one share serves both. What aggregation changes is the technology of a group:
another demand gives another answer before and after (Miller & Blair 2009, section 4.9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import scipy.sparse as sp
import xarray as xr

from io_tables.container.checks import Floats, raise_collected
from io_tables.container.convert import origin_shares
from io_tables.container.flows import CELLS, cell_variables, is_sparse, matrix_of
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

Groups = Mapping[str, str] | Sequence[str] | pd.Series | pd.DataFrame
"""Group of every label, or a concordance."""
Members = Mapping[str, tuple[list[str], Floats]]
"""For every dim that changes: names of the groups and their weights W (groups, labels)."""
WEIGHT_TOLERANCE: Final = 1e-9
_SOURCE_NAMES: Final = "pymrio"
"""Attribute with the order and names of another grid, which do not hold for the groups."""
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
        Group of every label: a dict or Series from label to group name; a list of group names in
        the order of the table; or a concordance, a DataFrame with labels down, groups across and
        weights inside, or one with columns label, group and, where labels are split, weight.
        Weights of a label sum to one. Codes and other coordinates of the table serve as labels
        too. Left out: kept as they are.

    Returns
    -------
    A table of the same kind and units; groups in the order of their first member, or of the
    columns of a concordance. Coordinates such as codes are kept where a group has one value, and
    are blank elsewhere.

    Raises
    ------
    UnknownLabel
        For labels the table does not have, labels of the table without a group, and weights that
        do not sum to one.
    """
    failures: list[str] = []
    data = table.data
    members: dict[str, tuple[list[str], Floats]] = {}
    for dim, groups in ((REGION, regions), (SECTOR, sectors), (CATEGORY, categories)):
        if groups is not None:
            members[dim] = _membership(data, dim, groups, failures)
    raise_collected(UnknownLabel, failures, "aggregate")
    summed: dict[str, Any] = {
        str(name): (variable.dims, _sum(variable, members), variable.attrs)
        for name, variable in data.data_vars.items()
        if name not in ("trade_share", *CELLS)
    }
    if is_sparse(data):
        summed |= cell_variables(_cells(data, members), str(data[CELLS[0]].attrs["units"]))
    coords = _coords(data, members)
    if table.kind == "pooled":
        names = [coords[dim][1] for dim in (REGION, SECTOR)]
        variable = data["trade_share"]
        use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
        flow = variable.copy(data=variable.values * use[:, None, :])
        share = origin_shares(_sum(flow, members), *names)
        summed["trade_share"] = (variable.dims, share, variable.attrs)
    attrs = {key: value for key, value in data.attrs.items() if key != _SOURCE_NAMES}
    result = xr.Dataset(summed, coords=coords, attrs=attrs)
    return RegionalTable(result, table.kind)


def _pairs(
    groups: Groups, labels: list[object], dim: str, failures: list[str]
) -> list[tuple[object, str, float]]:
    """(label, group, weight) of every kind of grouping."""
    if isinstance(groups, pd.DataFrame):
        numeric = all(pd.api.types.is_numeric_dtype(kind) for kind in groups.dtypes)
        if numeric:
            weights = groups.to_numpy(dtype=np.float64)
            return [
                (label, str(group), float(weights[i, j]))
                for i, label in enumerate(groups.index)
                for j, group in enumerate(groups.columns)
                if weights[i, j] != 0
            ]
        if groups.shape[1] not in (2, 3):
            failures.append(
                f"a concordance of {dim} has columns label, group and perhaps weight, found "
                f"{shown(groups.columns)}"
            )
            return []
        shares = groups.iloc[:, 2].tolist() if groups.shape[1] == 3 else [1.0] * len(groups)
        columns = zip(groups.iloc[:, 0], groups.iloc[:, 1], shares, strict=True)
        return [(label, str(group), float(weight)) for label, group, weight in columns]
    if isinstance(groups, Mapping | pd.Series):
        return [(label, str(group), 1.0) for label, group in groups.items()]
    if isinstance(groups, str) or len(groups) != len(labels):
        failures.append(f"a list of groups must name one for each of {len(labels)} {dim}s")
        return []
    return [(label, str(group), 1.0) for label, group in zip(labels, groups, strict=True)]


def _membership(
    data: xr.Dataset, dim: str, groups: Groups, failures: list[str]
) -> tuple[list[str], Floats]:
    """Group names and the weight of every position of a dim in each of them."""
    labels = data[dim].values.tolist()
    nothing: tuple[list[str], Floats] = ([], np.zeros((0, len(labels))))
    aliases = {
        str(name): coord.values.tolist()
        for name, coord in data.coords.items()
        if coord.dims == (dim,) and name != dim
    }
    before = len(failures)
    given = _pairs(groups, labels, dim, failures)
    if len(failures) > before:
        return nothing
    try:
        at = positions_of([label for label, _, _ in given], labels, aliases=aliases, what=dim)
    except UnknownLabel as error:
        failures.append(str(error))
        return nothing
    split = isinstance(groups, pd.DataFrame)
    # groups in the order of their first member; those of a concordance as it lists them
    steps = range(len(given)) if split else np.argsort(at, kind="stable").tolist()
    names = list(dict.fromkeys(given[k][1] for k in steps))
    if isinstance(groups, pd.DataFrame) and set(names) == set(map(str, groups.columns)):
        names = [str(group) for group in groups.columns]
    order = {name: k for k, name in enumerate(names)}
    weights = np.zeros((len(names), len(labels)))
    for position, (_, group, weight) in zip(at.tolist(), given, strict=True):
        if not split and weights[:, position].any() and not weights[order[group], position]:
            failures.append(f"{dim} {labels[position]!r} is put into two groups")
        added = weights[order[group], position] if split else 0.0
        weights[order[group], position] = added + weight
    total = weights.sum(axis=0)
    without = [label for label, w in zip(labels, total, strict=True) if w == 0]
    if without:
        failures.append(f"every {dim} needs a group, missing: {shown(without)}")
    wrong = [
        f"{label} ({w:.6g})"
        for label, w in zip(labels, total, strict=True)
        if w != 0 and abs(w - 1.0) > WEIGHT_TOLERANCE
    ]
    if split and (wrong or (weights < 0).any()):
        failures.append(
            f"weights of a {dim} must be shares that sum to one, found {shown(wrong) or 'negative'}"
        )
    return names, weights


def _sum(variable: xr.DataArray, members: Members) -> Floats:
    """Values carried to the groups along every dim that has groups."""
    values: Floats = variable.values
    for dim, (_, weights) in members.items():
        for axis, found in enumerate(variable.dims):
            if found in _DOUBLES[dim]:
                values = np.moveaxis(np.tensordot(weights, values, axes=(1, axis)), 0, axis)
    return np.array(values)


def _cells(data: xr.Dataset, members: Members) -> Any:
    """Sparse flows (N', N') carried to the groups of regions and sectors."""
    weights: list[Any] = [
        sp.csr_array(members[dim][1]) if dim in members else sp.eye_array(data.sizes[dim])
        for dim in (REGION, SECTOR)
    ]
    grouping: Any = sp.kron(weights[0], weights[1], format="csr")
    return grouping @ matrix_of(data) @ grouping.T


def _coords(data: xr.Dataset, members: Members) -> dict[str, Any]:
    coords: dict[str, Any] = {}
    for name, coord in data.coords.items():
        dims = tuple(map(str, coord.dims))
        owner = next((d for d in members if dims and dims[0] in _DOUBLES[d]), None)
        if owner is None:
            coords[str(name)] = (dims, coord.values)
            continue
        names, weights = members[owner]
        if name in _DOUBLES[owner]:
            coords[str(name)] = (dims, names)
            continue
        found = [set(coord.values[weights[k] != 0].tolist()) for k in range(len(names))]
        coords[str(name)] = (dims, [next(iter(f)) if len(f) == 1 else "" for f in found])
    return coords
