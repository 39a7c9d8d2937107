"""How one form of a table becomes the other, and what the flat views hold.

Public names: `technology`, `final_by_origin`, `final_total`, `demand_by_use`, `pooled_flows`,
`to_pooled`, `to_explicit`, `origin_shares`. All take the canonical dataset of a table and trust it.

    to explicit   z_ij^rs = t_i^rs z_ij^s,   Y_i^r,sc = t_i^rs y_ic^s
    to pooled     F_i^rs = sum_j z_ij^rs + sum_c Y_i^r,sc,   t_i^rs = F_i^rs / sum_r F_i^rs

Pooling keeps x, the technology by place of use and every F_i^rs: T (A x + y) + e has row r, i
equal to sum_s F_i^rs + e = x. Cells and multipliers move; the change is noted on the table.
Where a region buys nothing of a product its own share is one, which no flow uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from io_tables.container.checks import Floats
from io_tables.container.flows import CELLS, dense_of, product_flows, use_by_product
from io_tables.dims import (
    CATEGORY,
    DISCREPANCY,
    EXPORTS,
    REGION,
    REGION_FROM,
    REGION_TO,
    SECTOR,
    SECTOR_FROM,
    SECTOR_TO,
    Kind,
)
from io_tables.errors import InvalidTable, NotTold
from io_tables.labels import shown

OUTSIDE = (EXPORTS, DISCREPANCY)
"""Variables that are final for the table as a whole, by producing industry."""
COMPARED_ROWS = 3000
"""Rows up to which pooling measures the change of the multipliers (two dense solves)."""


def technology(data: xr.Dataset, kind: Kind) -> Floats:
    """(R, S, S) [region of use, product, industry]: domestic inputs per unit of output."""
    output: Floats = data["output"].values
    if kind == "pooled":
        use = data["domestic_use"].values.transpose(1, 0, 2)
    else:
        use = use_by_product(data).transpose(1, 0, 2)
    per_unit = np.divide(
        use, output[:, None, :], out=np.zeros(use.shape), where=output[:, None, :] > 0
    )
    return np.ascontiguousarray(per_unit)


def demand_by_use(data: xr.Dataset, kind: Kind) -> Floats:
    """(R, S, C) domestic products for final use, by place of use."""
    if kind == "pooled":
        values: Floats = data["demand"].values
        return values
    if REGION_TO not in data["final_demand"].dims:
        raise NotTold(
            "the place of final use is not told in this table: give Y by (place of use, category)"
        )
    # (from, product, to, category) summed over the origins
    return np.ascontiguousarray(data["final_demand"].values.sum(axis=0).transpose(1, 0, 2))


def _own_columns(block: Floats) -> Floats:
    """(R, S, R) a block by producing industry, in the column of its own region."""
    r, s = block.shape
    columns = np.zeros((r, s, r))
    columns[np.arange(r), :, np.arange(r)] = block
    return columns


def final_by_origin(data: xr.Dataset, kind: Kind) -> Floats:
    """(R, S, columns) final demand by place of production; exports and discrepancy last."""
    if kind == "pooled":
        # r origin, i product, s place of use, c category
        blocks = np.einsum("irs,sic->risc", data["trade_share"].values, data["demand"].values)
    else:
        blocks = data["final_demand"].values
    n_regions, n_sectors = data["output"].shape
    flat = blocks.reshape(n_regions, n_sectors, -1)
    outside = [_own_columns(data[name].values) for name in OUTSIDE if name in data]
    return np.concatenate([flat, *outside], axis=2) if outside else np.array(flat)


def final_total(data: xr.Dataset, kind: Kind) -> Floats:
    """(R, S) final demand, exports and discrepancy by place of production, T y + e + d."""
    if kind == "pooled":
        demand = data["demand"].values.sum(axis=2)
        total = np.einsum("irs,si->ri", data["trade_share"].values, demand)
    else:
        values = data["final_demand"].values
        total = values.sum(axis=tuple(range(2, values.ndim)))
    return np.asarray(total + sum(data[name].values for name in OUTSIDE if name in data))


def pooled_flows(data: xr.Dataset) -> Floats:
    """(R, S, R, S) explicit flows of a pooled table."""
    share = np.ascontiguousarray(data["trade_share"].values.transpose(1, 0, 2))
    flows: Floats = share[:, :, :, None] * data["domestic_use"].values[None]
    return flows


def _rest(data: xr.Dataset, dropped: tuple[str, ...]) -> dict[str, Any]:
    """Variables that both forms share, as they are."""
    return {
        str(name): (variable.dims, variable.values, variable.attrs)
        for name, variable in data.data_vars.items()
        if name not in dropped
    }


def _coords(data: xr.Dataset, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Coordinates of the other form: the same grid, with its own doubled dims."""
    doubled = (REGION_FROM, REGION_TO, SECTOR_FROM, SECTOR_TO)
    coords: dict[str, Any] = {
        str(name): (coord.dims, coord.values)
        for name, coord in data.coords.items()
        if not any(d in doubled for d in map(str, coord.dims))
    }
    for dim in pairs:
        coords[dim] = data[REGION if dim.startswith(REGION) else SECTOR].values
    return coords


def to_explicit(data: xr.Dataset) -> xr.Dataset:
    """Spell out every cell of a pooled dataset."""
    money = {"units": data["output"].attrs["units"]}
    final = np.einsum("irs,sic->risc", data["trade_share"].values, data["demand"].values)
    variables = _rest(data, ("domestic_use", "trade_share", "demand"))
    variables["flows"] = (
        (REGION_FROM, SECTOR_FROM, REGION_TO, SECTOR_TO),
        pooled_flows(data),
        money,
    )
    variables["final_demand"] = ((REGION, SECTOR, REGION_TO, CATEGORY), final, money)
    coords = _coords(data, (REGION_FROM, SECTOR_FROM, REGION_TO, SECTOR_TO))
    return xr.Dataset(variables, coords=coords, attrs=data.attrs)


def origin_shares(flow: Floats, regions: Sequence[object], sectors: Sequence[object]) -> Floats:
    """(S, R, R) shares of the origins in the flows (S, R, R), own region where nothing flows."""
    bad = np.argwhere(flow < -1e-12 * np.abs(flow).max(initial=1.0))
    if len(bad):
        names = [f"{sectors[i]} from {regions[r]} to {regions[s]} ({flow[i, r, s]:.6g})"
                 for i, r, s in bad]  # fmt: skip
        raise InvalidTable(
            f"a product flow between regions must not be negative to be pooled, found "
            f"{shown(names)}; move the falling stocks to the exports of the producing region"
        )
    flow = np.maximum(flow, 0.0)
    total = flow.sum(axis=1, keepdims=True)
    own = np.broadcast_to(np.eye(flow.shape[1]), flow.shape)
    return np.where(total > 0, flow / np.where(total > 0, total, 1.0), own)


def to_pooled(data: xr.Dataset) -> xr.Dataset:
    """Pool the origins of every product; the attrs note the change of the multipliers."""
    money = {"units": data["output"].attrs["units"]}
    demand = demand_by_use(data, "explicit")
    traded = (product_flows(data) + data["final_demand"].values.sum(axis=3)).transpose(1, 0, 2)
    variables = _rest(data, ("flows", *CELLS, "final_demand"))
    variables["domestic_use"] = ((SECTOR_FROM, REGION, SECTOR), use_by_product(data), money)
    share = origin_shares(traded, data[REGION].values.tolist(), data[SECTOR].values.tolist())
    variables["trade_share"] = ((SECTOR, REGION_FROM, REGION_TO), share, {"units": "1"})
    variables["demand"] = ((REGION, SECTOR, CATEGORY), demand, money)
    if "exports" not in data:
        zeros = np.zeros(data["output"].shape)
        variables["exports"] = ((REGION, SECTOR), zeros, money)
    coords = _coords(data, (REGION_FROM, REGION_TO, SECTOR_FROM))
    pooled = xr.Dataset(variables, coords=coords, attrs=data.attrs)
    note = _pooling_note(data, pooled)
    notes = str(data.attrs.get("notes", ""))
    return pooled.assign_attrs(notes="\n".join(n for n in (notes, note) if n))


def _multipliers(flows: Floats, output: Floats) -> Floats:
    n = output.size
    flat = output.reshape(-1)
    A = np.divide(flows.reshape(n, n), flat, out=np.zeros((n, n)), where=flat > 0)
    return np.asarray(np.linalg.solve(np.eye(n) - A.T, np.ones(n)), dtype=np.float64)


def _pooling_note(data: xr.Dataset, pooled: xr.Dataset) -> str:
    output = data["output"].values
    if output.size > COMPARED_ROWS:
        return (
            "pooled from an explicit table: output, technology and product flows are kept, single "
            f"multipliers are not; with more than {COMPARED_ROWS} rows the change was not measured"
        )
    try:
        before = _multipliers(dense_of(data), output)
        after = _multipliers(pooled_flows(pooled), output)
        productive = before.min() >= 1.0 and after.min() >= 1.0
    except np.linalg.LinAlgError:
        productive = False
    if not productive:
        return "pooled from an explicit table that is not productive: multipliers not compared"
    change = np.abs(after / before - 1.0)
    worst = int(change.argmax())
    weights = final_total(data, "explicit").reshape(-1).clip(min=0.0)
    mean = float(change @ weights / weights.sum()) if weights.sum() > 0 else float(change.mean())
    n_sectors = output.shape[1]
    where = f"{data[REGION].values[worst // n_sectors]} / {data[SECTOR].values[worst % n_sectors]}"
    return (
        "pooled from an explicit table: output, technology and product flows are kept; output "
        f"multipliers change by at most {100 * change[worst]:.2g} % ({where}), "
        f"by {100 * mean:.2g} % weighted by final demand"
    )
