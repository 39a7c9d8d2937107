"""How a country's own table becomes a table of its regions.

Public names: `estimate_table`.

Terms: r region (R), i product (S), j buying sector, c category; letters without r are national.

1. Supply. Output x_ri is given and sums to the national x_i; value added, taxes and needs per
   output are national, or value added by region and sector is given and inputs follow it.
2. Inputs z_ij^r = z_ij x_rj / x_j, domestic and imported. With value added given, the inputs of
   every buyer j are balanced to (national cells of column j) and (x_rj - value added - taxes).
3. Final demand y_ic^r = y_ic s_rc with s_rc the region's part of category c (given totals, or the
   region's share of value added). Exports e_ri = e_i x_ri / x_i, or given.
4. Trade of each product: supply O_r = x_r - e_r, use D_r = inputs + final demand; own flows from
   own shares if given, the rest (or all, with a home factor) by gravity balanced to O and D.

Every step keeps national sums, so that the regions add up to the national table cell by cell, not
by a last adjustment. What is not given is an assumption and stands in the notes: national
technology and taste everywhere, exports by output, and the decay.
Source: the chain is that of Miller & Blair (2009), chapter 8, with Wilson (1970) for trade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from io_tables.balancing.margins import scale_to_margins
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged
from io_tables.estimate_inputs import Regions, TradeLaw, read_costs, read_regions
from io_tables.labels import shown
from io_tables.shares import feasible_own_flow, make_room
from io_tables.table import RegionalTable
from io_tables.trade import Kernel, balance_gravity

DECAY: Final = 1.0
BALANCE: Final = 1e-9
"""Relative gap of rows that is allowed, or that of the national table where it is larger."""
_INPUTS: Final = 1e-12
_SWEEPS: Final = 3_000


def estimate_table(
    national: RegionalTable,
    *,
    regional_output: pd.DataFrame,
    cost: pd.DataFrame | Mapping[str, pd.DataFrame],
    cost_of: Mapping[str, str] | pd.Series | None = None,
    decay: float | Mapping[str, float] | pd.Series = DECAY,
    kernel: Kernel = "power",
    own_share: float | ArrayLike | pd.DataFrame | None = None,
    home: float | Mapping[str, float] | pd.Series | None = None,
    value_added: pd.DataFrame | None = None,
    final_demand: pd.DataFrame | pd.Series | None = None,
    exports: pd.DataFrame | None = None,
    population: pd.Series | None = None,
    scale_output: bool = False,
    name: str = "",
    notes: Sequence[str] = (),
) -> RegionalTable:
    """Estimate a table of regions from the national table, regional output and trade costs.

    Parameters
    ----------
    national
        Table with one region, explicit or pooled, non-negative intermediate flows.
    regional_output
        (R, S) output, rows regions, columns sectors by name or code; sums to national output.
    cost
        (R, R) cost from region to region, own region included (> 0 for the power kernel), or
        several by name ("freight", "passenger").
    cost_of
        Name of the cost that each sector's product follows; needed when there are several.
    decay
        Positive where trade falls with cost: one number or by sector. An assumption unless it
        was estimated (`trade_fit.fit_trade`).
    kernel
        "power" or "exponential".
    own_share
        Share of domestic use that comes from the region itself: one number, (S,) by product in
        table order, or (R, S). Capped where supply is short; trade then has a zero diagonal.
    home
        Factor on the kernel of the own region, one number or by sector, when own shares are not
        known.
    value_added
        (R, S) value added of all kinds, summing to the national one by sector.
    final_demand
        Size of final demand by region, any unit: (R, C) by category or (R,) for all; each
        category is spread by it. Value added of the region when left out.
    exports
        (R, S) exports abroad, summing to national exports.
    population
        (R,) persons, carried into the table.
    scale_output
        Scale each sector's regional outputs to the national figure instead of refusing others;
        the factors are in the notes.
    name, notes
        As in `RegionalTable.from_pooled`.

    Returns
    -------
    Pooled table; summed over regions it is the national table, cell by cell.

    Raises
    ------
    InvalidTable
        For wrong sizes, labels or totals; all are listed.
    InfeasibleMargins, NotConverged
        When exports exceed output, use is negative, or inputs cannot meet given value added.
    """
    if national.n_regions != 1:
        raise InvalidTable(f"the national table must have one region, found {national.n_regions}")
    whole = _Whole.of(national)
    regions = read_regions(
        national, regional_output, value_added=value_added, final_demand=final_demand,
        exports=exports, population=population, scale_output=scale_output,
    )  # fmt: skip
    law = read_costs(national, regions.names, cost, cost_of, decay, kernel, home)
    uses = _uses(whole, regions)
    trade, own_notes = _trade(national, regions, uses, law, own_share)
    return RegionalTable.from_pooled(
        uses.domestic,
        trade,
        uses.final,
        regions.exports,
        regions.output,
        value_added=uses.value_added,
        imported_use=uses.imported,
        imported_demand=uses.imported_final,
        taxes=uses.taxes,
        discrepancy=uses.discrepancy if "discrepancy" in national.data else None,
        population=regions.population,
        regions=regions.names,
        sectors=national.sectors,
        categories=national.categories,
        primaries=national.primaries,
        units=national.unit,
        year=national.year,
        name=name or f"{national.name}, {len(regions.names)} regions (estimate)",
        notes=(*national.notes, *notes, *regions.notes, *law.notes, *own_notes),
        coords={
            str(label): ("sector", coord.values.tolist())
            for label, coord in national.data.coords.items()
            if coord.dims == ("sector",) and label != "sector"
        },
        tolerance=max(national.tolerance, BALANCE),
    )


@dataclass(frozen=True)
class _Whole:
    """National blocks: (S, S), (S, C), (P, S), (S,); imports by product or one total row."""

    domestic: Floats
    final: Floats
    imported: Floats
    imported_final: Floats
    value_added: Floats
    taxes: Floats
    discrepancy: Floats
    output: Floats

    @classmethod
    def of(cls, national: RegionalTable) -> _Whole:
        data, S = national.data, national.n_sectors
        C = len(national.categories)
        imported = data["imported_use"].values if "imported_use" in data else np.zeros((S, 1, S))
        final = np.zeros((S, C))
        if "imported_demand" in data:
            final = data["imported_demand"].values.reshape(-1, C)
        if len(final) != len(imported):  # one told by product, the other in total
            imported = imported.sum(axis=0, keepdims=True)
            final = final.sum(axis=0, keepdims=True)
        domestic = national.Z.to_numpy(dtype=np.float64)
        if (domestic < 0).any():
            raise InvalidTable("the national table must have non-negative intermediate flows")
        return cls(
            domestic=domestic,
            final=national.demand.to_numpy(dtype=np.float64),
            imported=imported[:, 0, :],
            imported_final=final,
            value_added=national.va.to_numpy(dtype=np.float64),
            taxes=np.asarray(national.taxes, dtype=np.float64),
            discrepancy=np.asarray(national.discrepancy, dtype=np.float64),
            output=np.asarray(national.x, dtype=np.float64),
        )


@dataclass(frozen=True)
class _Uses:
    """Regional blocks as `from_pooled` takes them."""

    domestic: Floats
    imported: Floats
    final: Floats
    imported_final: Floats
    value_added: Floats
    taxes: Floats
    discrepancy: Floats


def _uses(whole: _Whole, regions: Regions) -> _Uses:
    """Take steps 1 to 3: inputs, final demand, value added."""
    x = whole.output
    part = np.divide(regions.output, x, out=np.zeros_like(regions.output), where=x > 0)
    K, S = len(whole.imported), len(x)
    needs = np.concatenate([whole.domestic, whole.imported])
    added = whole.value_added.sum(axis=0)
    if regions.value_added is None:
        inputs = needs[:, None, :] * part[None]
        value_added = whole.value_added[:, None, :] * part[None]
    else:
        inputs = _fit_inputs(needs, regions, part, whole.taxes)
        share = np.divide(regions.value_added, added, out=np.zeros_like(part), where=added != 0)
        value_added = whole.value_added[:, None, :] * share[None]
    final = whole.final[None] * regions.final_share[:, None, :]
    imported_final = whole.imported_final[None] * regions.final_share[:, None, :]
    imported = inputs[S:]
    return _Uses(
        domestic=inputs[:S],
        imported=imported if K == S else imported.sum(axis=0),
        final=final,
        imported_final=imported_final if K == S else imported_final.sum(axis=1),
        value_added=value_added,
        taxes=whole.taxes * part,
        discrepancy=whole.discrepancy * part,
    )


def _fit_inputs(needs: Floats, regions: Regions, part: Floats, taxes: Floats) -> Floats:
    """Balance inputs (S + K, R, S) of each buyer to national cells and regional input totals."""
    assert regions.value_added is not None
    totals = regions.output - regions.value_added - taxes * part
    bad = totals < -1e-9 * regions.output.max()
    if bad.any():
        raise InfeasibleMargins(
            "value added and taxes must leave room for inputs, not so at "
            + shown(regions.label(r, j) for r, j in np.argwhere(bad).tolist())
        )
    rows, columns = needs.T, np.maximum(totals, 0.0).T
    # The margins agree up to rounding; the rest goes to the columns, so that rows stay national.
    sums = columns.sum(axis=1, keepdims=True)
    columns = columns * np.divide(
        rows.sum(axis=1, keepdims=True), sums, out=np.zeros_like(sums), where=sums > 0
    )
    with np.errstate(divide="ignore"):
        prior = np.log(rows)[:, :, None] + np.log(part.T)[:, None, :]
    prior = np.where(columns[:, None, :] > 0, prior, -np.inf)
    # Columns of the engine are exact, its rows to a tolerance: national cells are the exact side.
    scaled = scale_to_margins(
        prior.transpose(0, 2, 1), columns, rows, tolerance=_INPUTS, max_iterations=_SWEEPS
    )
    if scaled.margin_gap.max() > _INPUTS:
        raise NotConverged(
            f"inputs miss regional totals by {scaled.margin_gap.max():.3g} relative; look for "
            "value added that leaves almost no inputs"
        )
    return np.ascontiguousarray(scaled.matrix.transpose(2, 1, 0))


def _trade(
    national: RegionalTable,
    regions: Regions,
    uses: _Uses,
    law: TradeLaw,
    own_share: float | ArrayLike | pd.DataFrame | None,
) -> tuple[Floats, tuple[str, ...]]:
    """Take step 4: trade shares (S, R, R), and what to note about own shares."""
    supply = (regions.output - regions.exports - uses.discrepancy).T
    use = uses.domestic.sum(axis=2) + uses.final.sum(axis=2).T
    failures = []
    for what, totals in (("output must cover exports", supply), ("use must not be negative", use)):
        bad = totals < -1e-9 * np.abs(totals).max(axis=1, keepdims=True)
        if bad.any():
            where = shown(regions.label(r, i) for i, r in np.argwhere(bad).tolist())
            failures.append(f"{what}, not so at {where}")
    raise_collected(InfeasibleMargins, failures, "estimate")
    supply, use = np.maximum(supply, 0.0), np.maximum(use, 0.0)
    sums = use.sum(axis=1, keepdims=True)
    # National rows balance to their own tolerance; supply takes up the last digits.
    supply = supply * np.divide(
        sums, supply.sum(axis=1, keepdims=True), out=np.zeros_like(sums), where=sums > 0
    )
    kernels = law.log_kernels
    if own_share is None:
        trade = balance_gravity(supply, use, kernels, kernel_is_log=True)
        note = "Trade of regions with themselves follows from the gravity law" + (
            " and its home factor (assumption)." if law.home_given else ", no home effect."
        )
    else:
        share = _own_shares(national, regions, own_share)
        wanted = feasible_own_flow(supply, use, share.T)
        own = make_room(supply, use, wanted)
        trade = balance_gravity(supply, use, kernels, own_flow=own, kernel_is_log=True)
        short = int((wanted < share.T * use * (1 - 1e-12)).sum())
        note = (
            f"Own shares are given; {short} of {share.size} are cut by supply and "
            f"{int((own > wanted).sum())} raised so that the rest can be shipped."
        )
    total = trade.flows.sum(axis=1, keepdims=True)
    R = len(regions.names)
    own_only = np.broadcast_to(np.eye(R), trade.flows.shape)
    shares = np.where(total > 0, trade.flows / np.where(total > 0, total, 1.0), own_only)
    return shares, (note,)


def _own_shares(
    national: RegionalTable, regions: Regions, given: float | ArrayLike | pd.DataFrame
) -> Floats:
    """Own shares as (R, S)."""
    shape = len(regions.names), national.n_sectors
    if isinstance(given, pd.DataFrame):
        given = given.reindex(index=regions.names, columns=national.sectors)
    try:
        values = np.broadcast_to(np.asarray(given, dtype=np.float64), shape)
    except ValueError:
        found = np.shape(given)
        raise InvalidTable(
            f"own_share must be one number, ({shape[1]},) or {shape}, found {found}"
        ) from None
    if not ((values >= 0) & (values <= 1)).all():
        raise InvalidTable("own shares must lie between 0 and 1, for every region and sector")
    return values
