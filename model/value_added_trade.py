"""Value added in trade: whose work is in what is sold, to whom, and on whose demand it rests.

Question owned: of what a region makes, how much is its own, how much comes from others, and how
much of its output, work and income rests on local, other regions' and foreign demand?

Public names
    value_added_origins          value added by origin in exports, output or final demand
    value_added_in_final_demand  value added of every industry by whose final demand it meets
    vertical_specialisation      VS, VS1, returned and foreign content, participation and position
    circulation                  output, value added or jobs by the demand they rest on
    domestic_chains              ties between regions: supply to each other, and abroad through each
    plot_circulation             shares of the three circulations by region

Terms: V_s value added per money of output, B = (I - A)^-1, L_ss that of region s alone, Y^u final
demand of u, E^s gross exports (to other regions and abroad), e exports abroad.

    in exports        V_t B_ts E^s                    row t, and imports and the rest beside
    in final demand   V_t (B Y^u)_t                   exports of value added where u is not t
    VS                sum over t other than s of V_t B_ts E^s, imports from abroad included
    VS (HIY)          imported inputs per unit of E^s with the own block alone, m_s L_ss E^s
    VS1               V_s B_st E^t summed over t, what is in others' exports
    VAX ratio         value added absorbed elsewhere / E^s

Source: Hummels, Ishii & Yi (2001); Johnson & Noguera (2012); Koopman, Wang & Wei (2014); the
orderings of detailed matrices are those of decompr (Quast & Kummritz 2015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import DESTINATION, ORIGIN, REGION, SECTOR
from model.errors import ShapeError, TooLarge
from model.footprints import embodied_flows
from model.leontief.products import FloatArray
from model.trade_flows import TOLERANCE, TradeSystem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMPORTED = "imports from abroad"
REST = "taxes and remainder"
CIRCULATIONS = ("own, at home", "own, through others", "other regions", "abroad")
LARGEST_DETAIL = 2**31
"""Bytes up to which a matrix by industry of origin and of use is formed."""


def value_added_origins(
    table: RegionalTable,
    of: Literal["exports", "output", "final_demand"] = "exports",
    *,
    detail: bool = False,
) -> xr.DataArray:
    """Value added by origin in what every industry sells.

    Parameters
    ----------
    of
        Which sales: gross exports to other regions and abroad, output, or final sales by buyer.
    detail
        Every industry of origin instead of every region. Forms V B, N x N; refused above 2 GiB.

    Returns
    -------
    Without detail (origin, region, sector) [, destination for final_demand], origins the regions,
    "imports from abroad" and "taxes and remainder", summing exactly to the sales; money. With
    detail, (origin, origin_sector, region, sector), or (origin, origin_sector, destination) for
    final demand, regions as origins only.

    Raises
    ------
    NotTold
        When the table does not say where final demand is bought.
    TooLarge
        When the detail does not fit.

    Source: Quast & Kummritz (2015), v_hat B e_hat.
    """
    if of not in ("exports", "output", "final_demand"):
        raise ShapeError(f"of must be 'exports', 'output' or 'final_demand'; found {of!r}.")
    trade = TradeSystem(table)
    if detail:
        return _detailed(trade, of)
    regions, imports, rest = trade.content
    content = np.concatenate([regions, imports[None], rest[None]])
    names = [*table.regions, IMPORTED, REST]
    dims: tuple[str, ...] = (ORIGIN, REGION, SECTOR)
    coords = {ORIGIN: names, REGION: table.regions, SECTOR: table.sectors}
    if of == "final_demand":
        values = content[:, :, :, None] * trade.final
        dims, coords[DESTINATION] = (*dims, DESTINATION), trade.partners
    else:
        sales = trade.exports.sum(axis=2) if of == "exports" else trade.output
        values = content * sales
    return xr.DataArray(values, coords, dims, f"value_added_in_{of}", {"units": table.unit})


def _detailed(trade: TradeSystem, of: str) -> xr.DataArray:
    table, n = trade.table, trade.R * trade.S
    added = trade.origins.value_added
    coords = {ORIGIN: table.regions, "origin_sector": table.sectors}
    attrs = {"units": table.unit}
    if of == "final_demand":
        values = added.reshape(trade.R, trade.S, 1) * trade.made_for
        coords[DESTINATION] = trade.partners
        dims: tuple[str, ...] = (ORIGIN, "origin_sector", DESTINATION)
        return xr.DataArray(values, coords, dims, f"value_added_in_{of}", attrs)
    if 8 * n * n > LARGEST_DETAIL:
        raise TooLarge(
            f"value added by industry of origin in {of} of {n} industries needs "
            f"{8 * n * n / 2**30:.1f} GiB: leave detail out, or aggregate first."
        )
    sales = trade.exports.sum(axis=2) if of == "exports" else trade.output
    found = trade.solve(np.diag(sales.reshape(-1)))
    values = added.reshape(trade.R, trade.S, 1) * found
    coords |= {REGION: table.regions, SECTOR: table.sectors}
    return xr.DataArray(
        values.reshape(trade.R, trade.S, trade.R, trade.S),
        coords,
        (ORIGIN, "origin_sector", REGION, SECTOR),
        f"value_added_in_{of}",
        attrs,
    )


def value_added_in_final_demand(
    table: RegionalTable, *, by: Literal["total", "producer"] = "total"
) -> xr.DataArray:
    """Value added by region of origin and by whose final demand absorbs it.

    Parameters
    ----------
    by
        "producer" keeps the sector that earns it.

    Returns
    -------
    DataArray (origin, [sector], destination), money; destinations the regions and "abroad". Off the
    diagonal these are exports of value added (VAX); a row sums to the region's value added.

    Source: Johnson & Noguera (2012); Trefler & Zhu (2010).
    """
    found = embodied_flows(table, "value_added", by=by).isel(stressor=0, drop=True)
    found.attrs = {"units": table.unit, "long_name": "value added by whose final demand it meets"}
    return found.drop_vars("stressor_units", errors="ignore").rename("value_added_absorbed")


def vertical_specialisation(table: RegionalTable) -> xr.Dataset:
    """Foreign content, return and participation of every region's exports.

    Returns
    -------
    Dataset over region, money unless stated: `exports` gross, to other regions and abroad; `VS`
    content from elsewhere (`VS_regions` from other regions, `VS_abroad` imports), `VS_HIY` the
    import content with the region's own block alone; `rest` taxes and remainder; `DC` own value
    added in exports, `VAX` own value added absorbed elsewhere, `returned` own value added in own
    exports that comes home to be absorbed; `VS1` own value added in other regions' exports;
    `VAX_ratio`; `forward` VS1 / exports, `backward` VS / exports, `participation` their sum,
    `position` ln(1 + forward) - ln(1 + backward) (shares of 1). DC + VS + rest = exports.

    Source: Hummels, Ishii & Yi (2001); Koopman, Powers, Wang & Wei (2010) for participation and
    position; Johnson & Noguera (2012).
    """
    trade = TradeSystem(table)
    R, S = trade.R, trade.S
    regions, imports, rest = trade.content
    sold = trade.exports.sum(axis=2)
    by_origin = np.einsum("osi,si->os", regions, sold)
    own = np.diagonal(by_origin)
    absorbed = value_added_in_final_demand(table).values
    elsewhere = absorbed.sum(axis=1) - absorbed[np.arange(R), np.arange(R)]
    local = np.einsum("rj,rj->r", trade.alone_content, trade.own_final)
    exports = sold.sum(axis=1)
    brought = (imports * sold).sum(axis=1)
    others = by_origin.sum(axis=0) - own
    made = trade.system.operator.rmatmat(np.ones((R * S, 1)))[:, 0].reshape(R, S)
    rows = np.arange(R * S).reshape(R, S)
    inside = np.stack([trade.system.operator.block(k, k).sum(axis=0) for k in rows])
    bought_in = made - inside + trade.origins.imports.reshape(R, S)
    money = {
        "exports": exports,
        "DC": own,
        "VS": others + brought,
        "VS_regions": others,
        "VS_abroad": brought,
        "VS_HIY": np.einsum("rj,rjk,rk->r", bought_in, trade.alone, sold),
        "rest": (rest * sold).sum(axis=1),
        "VAX": elsewhere,
        "returned": absorbed[np.arange(R), np.arange(R)] - local,
        "VS1": by_origin.sum(axis=1) - own,
    }
    shares = _participation(money)
    data = {k: (REGION, v, {"units": table.unit}) for k, v in money.items()}
    data |= {k: (REGION, v, {"units": "1"}) for k, v in shares.items()}
    return xr.Dataset(data, coords={REGION: table.regions}, attrs={"table": table.name})


def _participation(money: dict[str, FloatArray]) -> dict[str, FloatArray]:
    size = money["exports"]
    ratio = {
        name: np.divide(money[part], size, out=np.zeros_like(size), where=size > 0)
        for name, part in (("VAX_ratio", "VAX"), ("forward", "VS1"), ("backward", "VS"))
    }
    both = ratio["forward"] + ratio["backward"]
    position = np.log1p(ratio["forward"]) - np.log1p(ratio["backward"])
    return {**ratio, "participation": both, "position": position}


def circulation(table: RegionalTable, of: str | pd.Series[float] = "value_added") -> xr.DataArray:
    """Split what every industry makes by the demand that it rests on.

    Parameters
    ----------
    of
        "output", "value_added", "jobs", a primary input, a stressor or a Series of intensities.

    Returns
    -------
    DataArray (region, sector, circulation) in units of the account: "own, at home" final demand of
    the region met inside it, (I - A_rr)^-1 Y^rr; "own, through others" that comes back through
    other regions; "other regions" their final demand; "abroad" exports. They sum to the account of
    what the table's demand makes.

    Source: Miller & Blair (2009), sections 3.3 and 6.3; the names are those of the dual
    circulation literature.
    """
    account = account_of(table, of)
    trade = TradeSystem(table)
    R, S = trade.R, trade.S
    made, regions = trade.made_for, np.arange(R)
    own = made[regions, :, regions]
    home = np.einsum("rij,rj->ri", trade.alone, trade.own_final)
    others = made[:, :, :R].sum(axis=2) - own
    outside = made[:, :, R:].sum(axis=2)
    parts = np.stack([home, own - home, others, outside], axis=2)
    return xr.DataArray(
        parts * account.intensity.reshape(R, S, 1),
        coords={
            REGION: table.regions,
            SECTOR: table.sectors,
            "circulation": list(CIRCULATIONS),
        },
        dims=(REGION, SECTOR, "circulation"),
        name=account.name,
        attrs={"units": account.units, "long_name": f"{account.name} by the demand it rests on"},
    )


def domestic_chains(table: RegionalTable) -> xr.Dataset:
    """Ties of value added between regions, and from each to abroad through each.

    Returns
    -------
    Dataset, money: `supply` (origin, destination) value added of the origin in final demand of the
    destination, inside the table; `sold` (region, partner) gross exports between regions;
    `embodied` (origin, region) value added of the origin in exports of the region to other regions;
    `through` (origin, region) value added of the origin that goes abroad in exports of the region
    (the diagonal is direct, the rest goes through others' chains); `indirect` (origin) the share
    of what goes abroad that goes through others (1).

    Source: Wang, Wei & Zhu (2013) for the tracing; Meng, Wang & Koopman (2013) for provinces.
    """
    trade = TradeSystem(table)
    R = trade.R
    regions = trade.content[0]
    absorbed = value_added_in_final_demand(table)
    between = trade.exports[:, :, :R]
    abroad = trade.exports[:, :, R:].sum(axis=2)
    through = np.einsum("osi,si->os", regions, abroad)
    leaving = through.sum(axis=1)
    share = 1.0 - np.divide(np.diagonal(through), leaving, out=np.ones(R), where=leaving > 0)
    money = {"units": table.unit}
    return xr.Dataset(
        {
            "supply": absorbed.sel({DESTINATION: table.regions}),
            "sold": ((REGION, "partner"), between.sum(axis=1), money),
            "embodied": (
                (ORIGIN, REGION),
                np.einsum("osi,si->os", regions, between.sum(axis=2)),
                money,
            ),
            "through": ((ORIGIN, REGION), through, money),
            "indirect": (ORIGIN, share, {"units": "1"}),
        },
        coords={ORIGIN: table.regions, REGION: table.regions, "partner": table.regions},
        attrs={"table": table.name, "tolerance": TOLERANCE},
    )


def plot_circulation(data: xr.DataArray, *, ax: Axes | None = None) -> Axes:
    """Stacked shares of the circulations by region, most outward first.

    Parameters
    ----------
    data
        From `circulation`.
    """
    import matplotlib.pyplot as plt

    totals = data.sum(SECTOR).transpose(REGION, "circulation")
    frame = pd.DataFrame(totals.values, totals[REGION].values, totals["circulation"].values)
    frame = frame.div(frame.sum(axis=1), axis=0).sort_values(CIRCULATIONS[0], ascending=False)
    ax = plt.subplots(figsize=(7, 0.25 * len(frame) + 1.5))[1] if ax is None else ax
    start = np.zeros(len(frame))
    where = np.arange(len(frame))
    for name in frame.columns:
        width = frame[name].to_numpy()
        ax.barh(where, width, left=start, label=str(name))
        start = start + width
    ax.set_yticks(where, [str(name) for name in frame.index])
    ax.set_xlabel(f"share of {data.name} by the demand it rests on")
    ax.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax
