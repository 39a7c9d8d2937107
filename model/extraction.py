"""Hypothetical extraction: what the economy loses when a block of it stops trading.

Question owned: how much output (or value added, jobs, ...) rests on a block of industries, or on a
trade link?

Public names
    extract          one block: an industry, a sector everywhere, a region, any of these, or a link
    How              complete, isolated, backward, forward, forward_ghosh
    plot_extraction  losses by region

Terms: K the rows of the block, r all others, x = L f output and final demand before; d = x - x_bar
the output lost; L_K the columns K of L, L_KK its own block.

    complete        rows and columns K of A and f_K are zero      d = L_K L_KK^-1 x_K
    isolated        A_Kr = 0 and A_rK = 0, f_K and A_KK stay      d_r as complete,
                                                                  d_K = x_K - (I - A_KK)^-1 f_K
    backward        columns K of A are zero: K buys no inputs     d = (L_K - E_K) L_KK^-1 x_K
    forward         rows K of A are zero: K sells no inputs       d = L_K L_KK^-1 (x_K - f_K)
    forward_ghosh   rows K of B = x^-1 Z are zero (supply side)   d' = q' L_K. x^ - (x_K q)' E_K',
                                                                  q' = 1' L_KK^-1
    link            A_KJ = 0: what rows K sell to columns J       d = L_K (g + M (x_J - L_JK g)),
                                              M = (I + A_KJ L_JK)^-1 A_KJ, g final sales cut with it

What is taken out is imported, or done without: nothing else changes. Only the columns K of L are
solved for; the loss equals that of solving the changed table anew.

Source: Paelinck, de Caevel & Degueldre (1965); Strassert (1968); Cella (1984), isolated;
Dietzenbacher & van der Linden (1997), backward and forward; Dietzenbacher, van der Linden &
Steenge (1993), regions; Miller & Lahr (2001); Miller & Blair (2009), section 12.2.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import did_you_mean
from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import REGION
from model.errors import ShapeError
from model.grids import Names, block_rows, grid, grid_coords, ratio
from model.leontief.inverse_pieces import TOLERANCE
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

How = Literal["complete", "isolated", "backward", "forward", "forward_ghosh"]
SUPPLY_SIDE: Final = (
    "forward_ghosh uses the supply-driven model, in which buyers make more or less out of what "
    "they are given: read it as a change of value at given quantities"
)


def extract(
    table: RegionalTable,
    *,
    regions: Names = None,
    sectors: Names = None,
    how: How = "complete",
    to_regions: Names = None,
    to_sectors: Names = None,
    final_demand: bool = False,
    of: str | pd.Series[float] = "output",
) -> xr.Dataset:
    """Take a block of industries, or what it sells to others, out of the economy.

    Parameters
    ----------
    table
        The economy, used as given.
    regions, sectors
        The block: these sectors in these regions. None means all; one of the two must be named.
    how
        What is taken out (see the module). A link is always what the block sells.
    to_regions, to_sectors
        Buyers: with one of them given, only what the block sells to these industries goes.
    final_demand
        With buyers: whether final purchases of `to_regions` from the block go too.
    of
        The account in which losses are counted (`model.accounts.account_of`).

    Returns
    -------
    Dataset over (region, sector): `before`, `after`, `loss` in units of the account, `output_loss`
    in money, `relative_loss` of output (share of what the industry made). Attributes: how, total
    (loss), elsewhere (loss outside the block), share (of the total before), rows (industries of
    the block), warning where there is one.

    Raises
    ------
    UnknownLabel
        For regions, sectors and accounts that the table does not have.
    ShapeError
        When no block is named, or `how` does not exist.
    """
    check_how(how)
    if regions is None and sectors is None:
        raise ShapeError("extract needs a block: name regions, sectors or both.")
    account = account_of(table, of)
    rows = block_rows(table, regions, sectors)
    linked = to_regions is not None or to_sectors is not None
    if final_demand and (not linked or to_sectors is not None):
        raise ShapeError("final_demand goes with to_regions alone: sectors buy no final demand.")
    if linked and how != "complete":
        raise ShapeError(f"a link is taken out whole: leave `how` out; found {how!r}.")
    system = Leontief(table)
    f = np.asarray(table.f, dtype=float)
    x = np.asarray(system.solve(f, tolerance=TOLERANCE).raise_for_status().x)
    if linked:
        buyers = block_rows(table, to_regions, to_sectors)
        sold = (
            _final_sales(table, system, to_regions)[rows] if final_demand else np.zeros(rows.size)
        )
        lost = lost_with_link(system, x, rows, buyers, sold)
    else:
        lost = lost_output(system, x, f, rows, how)
    inside = np.zeros(system.n, dtype=bool)
    inside[rows] = True
    intensity, units = account.intensity, account.units
    loss = intensity * lost
    before = intensity * x
    data = {
        "before": grid(table, before, units, f"{account.name} before"),
        "after": grid(table, before - loss, units, f"{account.name} without the block"),
        "loss": grid(table, loss, units, f"{account.name} lost"),
        "output_loss": grid(table, lost, table.unit, "output lost"),
        "relative_loss": grid(table, ratio(lost, x), "1", "share of output lost"),
    }
    attrs = {
        "how": "link" if linked else how,
        "of": account.name,
        "total": float(loss.sum()),
        "elsewhere": float(loss[~inside].sum()),
        "share": float(loss.sum() / before.sum()),
        "rows": int(rows.size),
    }
    if how == "forward_ghosh":
        attrs["warning"] = SUPPLY_SIDE
    return xr.Dataset(data, coords=grid_coords(table), attrs=attrs)


def check_how(how: str) -> None:
    """Refuse a kind of extraction that does not exist."""
    known = get_args(How)
    if how not in known:
        raise ShapeError(
            f"how must be one of {', '.join(known)}; found {how!r}{did_you_mean(how, known)}."
        )


def lost_output(
    system: Leontief, x: FloatArray, f: FloatArray, rows: IntArray, how: How
) -> FloatArray:
    """Output (n,) lost when rows K go, by columns K of L; x (n,) = L f."""
    columns = _columns(system, rows)
    own = columns[rows]
    if how == "forward_ghosh":
        q = np.linalg.solve(own.T, np.ones(rows.size))
        weights = np.zeros(system.n)
        weights[rows] = q
        solved = system.solve_transposed(weights, tolerance=TOLERANCE).raise_for_status()
        lost: FloatArray = x * np.asarray(solved.x)
        lost[rows] -= x[rows] * q
        return lost
    cut = x[rows] - f[rows] if how == "forward" else x[rows]
    pushed = np.linalg.solve(own, cut)
    lost = np.asarray(columns @ pushed)
    if how == "backward":
        lost[rows] -= pushed
    elif how == "complete":
        lost[rows] = x[rows]
    elif how == "isolated":
        alone = np.eye(rows.size) - system.operator.block(rows, rows)
        lost[rows] = x[rows] - np.linalg.solve(alone, f[rows])
    return lost


def lost_with_link(
    system: Leontief, x: FloatArray, rows: IntArray, buyers: IntArray, sold: FloatArray
) -> FloatArray:
    """Output (n,) lost when rows K sell nothing to columns J and `sold` (k,) less finally."""
    columns = _columns(system, rows)
    cells = system.operator.block(rows, buyers)
    reach = columns[buyers]
    still = x[buyers] - reach @ sold
    core = np.eye(rows.size) + cells @ reach
    return np.asarray(columns @ (sold + np.linalg.solve(core, cells @ still)))


def _columns(system: Leontief, rows: IntArray) -> FloatArray:
    unit = np.zeros((system.n, rows.size))
    unit[rows, np.arange(rows.size)] = 1.0
    return np.asarray(system.solve(unit, tolerance=TOLERANCE).raise_for_status().x)


def _final_sales(table: RegionalTable, system: Leontief, regions: Names) -> FloatArray:
    """Return final sales (n,) of every row to residents of regions."""
    places = np.unique(block_rows(table, regions, None) // table.n_sectors)
    if table.kind == "pooled":
        bought = np.zeros((table.n_regions, table.n_sectors))
        bought[places] = table.data["demand"].values.sum(axis=2)[places]
        return np.asarray(system.operator.deliver(bought.reshape(-1, 1))[:, 0])
    if not table.final_use_told:
        raise ShapeError("the table does not tell where final demand is bought: leave it out.")
    final = table.data["final_demand"].values[:, :, places]
    return np.asarray(final.sum(axis=(2, 3))).reshape(-1)


def plot_extraction(data: xr.Dataset, *, top: int = 15, ax: Axes | None = None) -> Axes:
    """Draw the regions that lose most, as bars.

    Parameters
    ----------
    data
        What `extract` returned.
    top
        How many regions.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.0, 4.5), layout="constrained")
    by_region = data["loss"].sum("sector").to_series().sort_values().tail(top)
    ax.barh(by_region.index.astype(str).tolist(), by_region.to_numpy())
    ax.set_xlabel(f"{data.attrs['of']} lost, {data['loss'].attrs['units']}")
    ax.set_ylabel(REGION)
    return ax
