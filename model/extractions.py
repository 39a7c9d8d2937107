"""All extractions of a kind at once: every industry, every sector, or every region in turn.

Question owned: which industry, sector or region would be missed most?

Public names
    extractions         losses of every extraction, in all and by region that loses
    plot_extractions    the largest, inside the block and elsewhere

Terms: as in `model.extraction`; W (n, R) intensities of the account, one column per losing region;
U = L'W (n, R). The loss of an extraction by region is W'd, which needs nothing of L but its
diagonal blocks L_KK:

    complete        U_K' L_KK^-1 x_K                       (own part W_K' x_K)
    isolated        complete - W_K' (I - A_KK)^-1 f_K
    backward        (U_K - W_K)' L_KK^-1 x_K
    forward         U_K' L_KK^-1 (x_K - f_K)
    forward_ghosh   (H_K - x_K W_K)' L_KK^-T 1             H = L (x W)

One pass over the columns of L gives all blocks; a single industry's block is one number l_jj.

Source: Miller & Lahr (2001); Dietzenbacher & van der Linden (1997); the closed forms follow from
the Sherman-Morrison-Woodbury identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import REGION, ROW, SECTOR
from model.errors import ShapeError
from model.extraction import SUPPLY_SIDE, How, check_how
from model.leontief.inverse_pieces import TOLERANCE, diagonal, diagonal_blocks, own_cells
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Each = Literal["industry", "sector", "region"]
LOSING_REGION: Final = "losing_region"


def extractions(
    table: RegionalTable,
    *,
    each: Each = "industry",
    how: How = "complete",
    of: str | pd.Series[float] = "output",
) -> xr.Dataset:
    """Take out every industry, sector or region, one at a time.

    Parameters
    ----------
    table
        The economy, used as given.
    each
        "industry": one sector of one region; "sector": a sector in all regions; "region": all
        sectors of a region.
    how
        What is taken out (`model.extraction`).
    of
        The account in which losses are counted.

    Returns
    -------
    Dataset over what is taken out, (region, sector), (sector,) or (region,): `loss` in units of
    the account, `own` the part of it inside the block, `elsewhere` the rest, `share` of the total
    before, and `loss_by_region` with a further dimension `losing_region`.

    Raises
    ------
    UnknownLabel, ShapeError
        For an account, an `each` or a `how` that does not exist.
    """
    check_how(how)
    if each not in ("industry", "sector", "region"):
        raise ShapeError(f"each must be 'industry', 'sector' or 'region'; found {each!r}.")
    account = account_of(table, of)
    system = Leontief(table)
    n, n_regions, n_sectors = system.n, table.n_regions, table.n_sectors
    f = np.asarray(table.f, dtype=float)
    x = np.asarray(system.solve(f, tolerance=TOLERANCE).raise_for_status().x)
    weights = np.zeros((n_regions, n_sectors, n_regions))
    regions = np.arange(n_regions)
    weights[regions, :, regions] = account.intensity.reshape(n_regions, n_sectors)
    flat = weights.reshape(n, n_regions)
    if how == "forward_ghosh":
        pushed = np.ascontiguousarray(x[:, None] * flat)
        reach = np.asarray(system.solve(pushed, tolerance=TOLERANCE).raise_for_status().x)
    else:
        solved = system.solve_transposed(flat, tolerance=TOLERANCE).raise_for_status()
        reach = np.asarray(solved.x)
    grid = np.arange(n).reshape(n_regions, n_sectors)
    groups = list(grid if each == "region" else grid.T)
    by_industry = each == "industry"
    find = _each_row if by_industry else _each_group
    by_region, own = find(system, x, f, account.intensity, flat, reach, how, groups)
    lead = {"industry": ROW, "sector": (SECTOR,), "region": (REGION,)}[each]
    coords = {REGION: table.regions, SECTOR: table.sectors}
    shape = tuple(len(coords[name]) for name in lead)
    loss = by_region.sum(axis=-1)
    units = {"units": account.units}
    data = {
        "loss": (lead, loss.reshape(shape), units | {"long_name": f"{account.name} lost"}),
        "own": (lead, own.reshape(shape), units | {"long_name": "lost inside the block"}),
        "elsewhere": (lead, (loss - own).reshape(shape), units | {"long_name": "lost outside it"}),
        "share": (lead, (loss / (account.intensity @ x)).reshape(shape), {"units": "1"}),
        "loss_by_region": ((*lead, LOSING_REGION), by_region.reshape(*shape, n_regions), units),
    }
    attrs = {"how": how, "each": each, "of": account.name}
    if how == "forward_ghosh":
        attrs["warning"] = SUPPLY_SIDE
    named = {name: coords[name] for name in lead} | {LOSING_REGION: table.regions}
    return xr.Dataset(data, coords=named, attrs=attrs)


def _each_row(
    system: Leontief,
    x: FloatArray,
    f: FloatArray,
    intensity: FloatArray,
    weights: FloatArray,
    reach: FloatArray,
    how: How,
    groups: list[IntArray],
) -> tuple[FloatArray, FloatArray]:
    """Losses (n, R) by losing region, and inside (n,), of one row at a time."""
    own = diagonal(system)
    if how == "forward_ghosh":
        return (reach - x[:, None] * weights) / own[:, None], intensity * x * (1.0 - 1.0 / own)
    pushed = (x - f if how == "forward" else x) / own
    by_region = reach * pushed[:, None]
    inside = intensity * own * pushed
    if how == "backward":
        by_region -= weights * pushed[:, None]
        inside = intensity * (own - 1.0) * pushed
    elif how == "isolated":
        kept = f / (1.0 - own_cells(system))
        by_region -= weights * kept[:, None]
        inside = inside - intensity * kept
    return by_region, inside


def _each_group(
    system: Leontief,
    x: FloatArray,
    f: FloatArray,
    intensity: FloatArray,
    weights: FloatArray,
    reach: FloatArray,
    how: How,
    groups: list[IntArray],
) -> tuple[FloatArray, FloatArray]:
    """Losses (groups, R) by losing region, and inside (groups,), of one group of rows at a time."""
    by_region = np.empty((len(groups), weights.shape[1]))
    inside = np.empty(len(groups))
    for g, (rows, own) in enumerate(zip(groups, diagonal_blocks(system, groups), strict=True)):
        of_rows = weights[rows]
        if how == "forward_ghosh":
            q = np.linalg.solve(own.T, np.ones(rows.size))
            by_region[g] = (reach[rows] - x[rows, None] * of_rows).T @ q
            inside[g] = (intensity[rows] * x[rows]) @ (own.T @ q - q)
            continue
        pushed = np.linalg.solve(own, x[rows] - f[rows] if how == "forward" else x[rows])
        by_region[g] = reach[rows].T @ pushed
        inside[g] = intensity[rows] @ (own @ pushed)
        if how == "backward":
            by_region[g] -= of_rows.T @ pushed
            inside[g] -= intensity[rows] @ pushed
        elif how == "isolated":
            alone = np.eye(rows.size) - system.operator.block(rows, rows)
            kept = np.linalg.solve(alone, f[rows])
            by_region[g] -= of_rows.T @ kept
            inside[g] -= intensity[rows] @ kept
    return by_region, inside


def plot_extractions(data: xr.Dataset, *, top: int = 20, ax: Axes | None = None) -> Axes:
    """Draw the largest losses as bars, inside what is taken out and elsewhere.

    Parameters
    ----------
    data
        What `extractions` returned.
    top
        How many.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(7.0, 5.0), layout="constrained")
    frame = data[["loss", "own", "elsewhere"]].to_dataframe().nlargest(top, "loss").iloc[::-1]
    names = [", ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in frame.index]
    ax.barh(names, frame["own"].to_numpy(), label="inside")
    ax.barh(names, frame["elsewhere"].to_numpy(), left=frame["own"].to_numpy(), label="elsewhere")
    ax.set_xlabel(f"{data.attrs['of']} lost, {data['loss'].attrs['units']}")
    ax.tick_params(axis="y", labelsize=7)
    ax.legend(fontsize=8)
    return ax
