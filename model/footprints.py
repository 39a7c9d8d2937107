"""Footprints: what consumption causes elsewhere, with the accounts and names of pymrio.

Question owned: how much of a stressor does each region cause by what it makes, by what it buys, and
how much of it crosses its border?

Public names
    footprints       D_cba, D_pba, D_imp, D_exp by industry, by region and per head
    embodied_flows   from the region where it happens to the region whose demand causes it
    plot_footprints  production beside consumption, by region
    plot_embodied    the matrix of flows

Terms: s = F / x intensities, L = (I - A)^-1, Y^c final demand of region c by origin, F_Y what final
demand emits itself, abroad the buyers outside the table.

    D_pba    F                                       where it happens
    D_cba    sum_o m_(o,i) Y_(o,i)^c, m = L's        for what product, in region c, it happens
    D_imp    the part of D_cba that happens outside c
    D_exp    s_(r,i) sum over c other than r of (L Y^c)_(r,i), exports abroad included
    _reg     summed over sectors, D_cba and D_pba with F_Y
    _cap     per head

Summed over regions, D_cba and what is embodied in exports abroad make D_pba, exactly. What imports
from outside the table embody is not known and not in any account. No inverse is formed: one
transposed solve with R weights per stressor, and one with a demand per destination.

Source: Miller & Blair (2009), chapter 10; Peters (2008); Stadler (2021) for the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.dims import DESTINATION, ORIGIN, REGION, SECTOR, STRESSOR
from model.leontief.products import FloatArray
from model.solve import Leontief
from model.stressors import FinalUse, Of, Stress, final_use_of, stress_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOLERANCE = 1e-11
NOTE = "what imports from outside the table embody is not known and not included"


def footprints(
    table: RegionalTable,
    of: Of = None,
    *,
    final: pd.DataFrame | None = None,
    units: Sequence[str] | None = None,
    population: pd.Series[float] | None = None,
) -> xr.Dataset:
    """Production, consumption, import and export accounts of stressors.

    Parameters
    ----------
    table
        The economy, used as given (pooled or explicit), final demand told by place of use.
    of, final, units
        Stressors, their part of final demand and their units: `model.stressors.stress_of`.
    population
        (R,) persons by region; the table's own when left out.

    Returns
    -------
    Dataset with D_cba, D_pba, D_imp, D_exp (stressor, region, sector), their sums
    D_*_reg (stressor, region), D_*_cap per head where population is known, F_Y (stressor, region)
    and D_abroad (stressor, region), the part of D_exp that foreign buyers cause. Units of each
    stressor in the coordinate `stressor_units`. Regions whose amounts are not known have NaN in
    their own D_pba and D_exp and are named in attrs["not_told"]; the other accounts leave out what
    happens there. attrs["gap"] is the largest relative gap of D_pba = D_cba + exports abroad.

    Raises
    ------
    NotTold
        When the table does not say where final demand is bought.
    UnknownLabel, ShapeError
        For stressors that do not fit the table.
    """
    stress, use, system = stress_of(table, of, final=final, units=units), final_use_of(table), (
        Leontief(table)
    )  # fmt: skip
    R, S = table.n_regions, table.n_sectors
    names, regions = stress.names, np.arange(R)
    inside, caused = _consumption(table, system, stress, use)
    made = _made_for(system, use).reshape(R, S, -1)
    away = made.copy()
    away[regions, :, regions] = 0.0
    intensity = stress.intensity.T.reshape(-1, R, S)
    abroad = intensity * made[:, :, R:].sum(axis=2)
    arrays = {
        "D_cba": caused,
        "D_pba": intensity * made.sum(axis=2),
        "D_imp": caused - inside,
        "D_exp": intensity * away.sum(axis=2),
    }
    gap = _gap(arrays["D_pba"], caused, abroad)
    unknown = stress.unknown.T
    for name in ("D_pba", "D_exp"):
        arrays[name] = np.where(unknown[:, :, None], np.nan, arrays[name])
    own = stress.final.T
    sums = {f"{name}_reg": values.sum(axis=2) for name, values in arrays.items()}
    for name in ("D_cba_reg", "D_pba_reg"):
        sums[name] = sums[name] + own
    sums["D_abroad"] = np.where(unknown, np.nan, abroad.sum(axis=2))
    sums["F_Y"] = own
    people = _people(table, population)
    if people is not None:
        sums |= {
            f"{n}_cap": sums[f"{n}_reg"] / people for n in ("D_cba", "D_pba", "D_imp", "D_exp")
        }
    grid = (STRESSOR, REGION, SECTOR)
    data = {n: xr.Variable(grid, v, _about(n)) for n, v in arrays.items()}
    data |= {n: xr.Variable(grid[:2], v, _about(n)) for n, v in sums.items()}
    data["idle"] = xr.Variable((STRESSOR,), stress.idle, _about("idle"))
    return xr.Dataset(
        data,
        coords={
            STRESSOR: names,
            REGION: table.regions,
            SECTOR: table.sectors,
            "stressor_units": (STRESSOR, stress.units),
        },
        attrs={
            "table": table.name,
            "not_told": stress.not_told(table.regions),
            "imports": NOTE,
            "gap": gap,
        },
    )


def embodied_flows(
    table: RegionalTable,
    of: Of = None,
    *,
    by: Literal["total", "producer"] = "total",
    units: Sequence[str] | None = None,
) -> xr.DataArray:
    """Stressors from where they happen to whose final demand causes them.

    Parameters
    ----------
    of, units
        Stressors, as in `footprints`.
    by
        "producer" keeps the sector in which it happens.

    Returns
    -------
    DataArray (stressor, origin, [sector], destination), destinations the regions and, where the
    table has exports, "abroad"; in the units of `stressor_units`. Origins whose amounts are not
    known are NaN. E^oc = s_o (L Y^c)_o.

    Source: Peters (2008); Davis & Caldeira (2010).
    """
    stress, use = stress_of(table, of, units=units), final_use_of(table)
    made = _made_for(Leontief(table), use)
    shape = (table.n_regions, table.n_sectors, -1)
    flows = np.stack([(made * one[:, None]).reshape(shape) for one in stress.intensity.T])
    flows = np.where(stress.unknown.T[:, :, None, None], np.nan, flows)
    dims: tuple[str, ...] = (STRESSOR, ORIGIN, SECTOR, DESTINATION)
    coords = {
        STRESSOR: stress.names,
        ORIGIN: table.regions,
        DESTINATION: use.destinations,
        "stressor_units": (STRESSOR, stress.units),
    }
    if by == "total":
        flows, dims = flows.sum(axis=2), (STRESSOR, ORIGIN, DESTINATION)
    else:
        coords[SECTOR] = table.sectors
    return xr.DataArray(
        flows,
        dims=dims,
        coords=coords,
        name="embodied",
        attrs={
            "units": "see stressor_units",
            "long_name": "what happens at the origin for final demand of the destination",
            "not_told": stress.not_told(table.regions),
        },
    )


def _consumption(
    table: RegionalTable, system: Leontief, stress: Stress, use: FinalUse
) -> tuple[FloatArray, FloatArray]:
    """D_cba split: what happens inside the buying region, and everywhere, each (K, R, S)."""
    R, S, K = table.n_regions, table.n_sectors, len(stress.names)
    bought = use.values[:, :R].reshape(R, S, R)
    inside, everywhere = np.empty((K, R, S)), np.empty((K, R, S))
    for k in range(K):
        masked = np.zeros((R, S, R))
        masked[np.arange(R), :, np.arange(R)] = stress.intensity[:, k].reshape(R, S)
        found = system.solve_transposed(masked.reshape(R * S, R), tolerance=TOLERANCE)
        weights = np.asarray(found.raise_for_status().x).reshape(R, S, R)
        inside[k] = np.einsum("oic,oic->ci", weights, bought)
        everywhere[k] = np.einsum("oi,oic->ci", weights.sum(axis=2), bought)
    return inside, everywhere


def _made_for(system: Leontief, use: FinalUse) -> FloatArray:
    """L Y (N, D): output by industry for every destination."""
    return np.asarray(system.solve(use.values, tolerance=TOLERANCE).raise_for_status().x)


def _gap(produced: FloatArray, caused: FloatArray, abroad: FloatArray) -> float:
    size = np.maximum(np.abs(produced).sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    return float((np.abs((produced - caused - abroad).sum(axis=(1, 2))) / size).max())


def _people(table: RegionalTable, population: pd.Series[float] | None) -> FloatArray | None:
    if population is not None:
        order = table.region_positions(population.index.tolist())
        people = np.full(table.n_regions, np.nan)
        people[order] = population.to_numpy(dtype=np.float64)
        return people
    if "population" in table.data:
        return np.asarray(table.data["population"].values, dtype=np.float64)
    return None


def _about(name: str) -> dict[str, str]:
    titles = {
        "D_cba": "caused by consumption",
        "D_pba": "caused by production",
        "D_imp": "caused by consumption, happening elsewhere",
        "D_exp": "happening here for final demand elsewhere and abroad",
        "D_abroad": "happening here for exports abroad",
        "F_Y": "of final demand itself",
        "idle": "of industries without output: in no account",
    }
    stem = name.removesuffix("_reg").removesuffix("_cap")
    units = "see stressor_units" + (" per head" if name.endswith("_cap") else "")
    return {"units": units, "long_name": titles[stem]}


def plot_footprints(
    data: xr.Dataset, *, stressor: str | None = None, per_head: bool = False, ax: Axes | None = None
) -> Axes:
    """Bars of production and consumption by region, in order of their difference.

    Parameters
    ----------
    data
        From `footprints`.
    stressor
        The first when left out.
    per_head
        Amounts per head instead of totals.
    """
    import matplotlib.pyplot as plt

    chosen = str(data[STRESSOR].values[0]) if stressor is None else stressor
    one = data.sel({STRESSOR: chosen})
    end = "_cap" if per_head else "_reg"
    made, caused = one[f"D_pba{end}"].to_series(), one[f"D_cba{end}"].to_series()
    order = (made.fillna(0.0) - caused).sort_values().index
    ax = plt.subplots(figsize=(7, 0.25 * len(order) + 1.5))[1] if ax is None else ax
    where = np.arange(len(order))
    ax.barh(where + 0.2, made.loc[order].to_numpy(), height=0.4, label="production")
    ax.barh(where - 0.2, caused.loc[order].to_numpy(), height=0.4, label="consumption")
    ax.set_yticks(where, [str(name) for name in order])
    unit = str(one["stressor_units"].values)
    ax.set_xlabel(f"{chosen}, {unit}" + (" per head" if per_head else ""))
    ax.legend(frameon=False)
    return ax


def plot_embodied(
    flows: xr.DataArray, *, stressor: str | None = None, ax: Axes | None = None
) -> Axes:
    """Matrix of flows between regions, the own region left out, on a scale of roots.

    Parameters
    ----------
    flows
        From `embodied_flows(by="total")`.
    stressor
        The first when left out.
    """
    import matplotlib.pyplot as plt

    chosen = str(flows[STRESSOR].values[0]) if stressor is None else stressor
    matrix = np.array(flows.sel({STRESSOR: chosen}).values)
    np.fill_diagonal(matrix[:, : matrix.shape[0]], np.nan)
    side = 0.22 * matrix.shape[0] + 3
    ax = plt.subplots(figsize=(side, side))[1] if ax is None else ax
    image = ax.imshow(np.sqrt(np.abs(matrix)), cmap="magma_r")
    ax.set_xticks(np.arange(matrix.shape[1]), flows[DESTINATION].values.tolist(), rotation=90)
    ax.set_yticks(np.arange(matrix.shape[0]), flows[ORIGIN].values.tolist())
    ax.set_xlabel("for final demand of")
    ax.set_ylabel("happens in")
    unit = str(flows.sel({STRESSOR: chosen})["stressor_units"].values)
    ax.figure.colorbar(image, ax=ax, label=f"root of {chosen}, {unit}", shrink=0.6)
    return ax
