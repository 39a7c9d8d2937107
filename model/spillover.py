"""The spillover ledger: how much of a pole's stimulus stays, comes back, or ends elsewhere.

Question owned: a pole grows; who gains, where, in which sectors, and what leaks away?

Public names
    spillovers    the ledger of one or several poles, with leakage and identity gaps

Terms: P the pole's regions as one block; f the stimulus by place of production; accounts are output
times an intensity (value added per output, ...).

    intraregional   (I - A_PP)^-1 f_P                     inside the pole alone
    feedback        (L f)_P - intraregional               through other regions and back
    spillover       (L f)_s, s outside P                  (at "use", f itself may lie outside)
    leakage         rate' L f for primary inputs by kind, imports, taxes, remainder

Identities, returned as relative gaps
    accounts        sum of leakage = stimulus
    dual            intensity' (L f) = (L' intensity)' f, two different solves

Source: Miller (1966, 1969); Miller & Blair (2009), section 3.3.3; Round (1985).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model import dims
from model.accounts import FINAL_IMPORTS, Account, account_of, leakage_of
from model.errors import StimulusError
from model.leontief.products import FloatArray
from model.leontief.within import within
from model.solve import Leontief
from model.stimulus import At, Placed, Pole, Poles, Stimulus, place_stimulus, resolve_poles

PARTS = ("intraregional", "feedback", "spillover")
TOLERANCE = 1e-11
"""Certified error of the ledger's solves: a tenth of what its identities promise."""


@dataclass(frozen=True)
class _Parts:
    """Output (n, k) of one pole's stimulus: inside alone, and altogether."""

    inside: FloatArray
    whole: FloatArray


def spillovers(
    table: RegionalTable,
    poles: Poles,
    stimulus: Stimulus | Mapping[str, Stimulus] = 1.0,
    of: str | pd.Series[float] | Sequence[str | pd.Series[float]] = "value_added",
    at: At = "origin",
    by_stimulus_sector: bool = False,
) -> xr.Dataset:
    """Spillover ledger of growth poles.

    Parameters
    ----------
    table
        The economy, used as given (pooled or explicit).
    poles
        A region; several; or {name: region, [regions] or {region: weight}}
        (`model.stimulus.resolve_poles`).
    stimulus
        Money for each pole: a number spread by the pole's demand mix, a Series or mapping by
        sector, a Series by (region, sector); or {pole: any of these}.
    of
        One or several accounts: "output", "value_added", "jobs", a primary input, a stressor, or a
        Series of intensities.
    at
        "origin": demand for the pole's products; "use": spending by the pole's residents.
    by_stimulus_sector
        One ledger per stimulated sector, along `stimulus_sector`.

    Returns
    -------
    Dataset with
        `ledger` (pole, [stimulus_sector], region, sector, part, account), part one of
        intraregional, feedback, spillover; `leakage` (pole, [stimulus_sector], kind) money;
        `stimulus` (pole, [stimulus_sector]) money; `stimulus_placed` (pole, region, sector) as
        stated; `gap` (pole, identity). Attributes: at, method, error_bound, status.

    Raises
    ------
    UnknownLabel, StimulusError
        For poles, sectors and accounts that the table does not have or cannot carry.
    NotProductive, NotConverged
        From the solves.
    """
    if at not in ("origin", "use"):
        raise StimulusError(f"at must be 'origin' or 'use'; found {at!r}.")
    wanted = [of] if isinstance(of, str | pd.Series) else list(of)
    accounts = [account_of(table, one) for one in wanted]
    found = resolve_poles(table, poles)
    system = Leontief(table)
    placed = [
        place_stimulus(
            table, system.operator, pole, stimulus_of(stimulus, pole, found), at=at,
            by_sector=by_stimulus_sector,
        )
        for pole in found
    ]  # fmt: skip
    solution = system.solve(
        np.concatenate([p.production for p in placed], axis=1), tolerance=TOLERANCE
    ).raise_for_status()
    k = placed[0].given.shape[1]
    parts = [
        _Parts(_inside(table, system, pole, one.production), solution.x[:, p * k : (p + 1) * k])
        for p, (pole, one) in enumerate(zip(found, placed, strict=True))
    ]
    data = _dataset(table, found, accounts, parts, by_stimulus_sector)
    data.update(_stimulus_and_leakage(table, system, found, placed, parts, by_stimulus_sector))
    data["gap"] = _gaps(system, found, accounts, placed, parts, data)
    data.attrs = {
        "at": at,
        "table": table.name,
        "method": solution.method,
        "status": str(solution.status),
        "error_bound": solution.error_bound,
        "residual": solution.residual,
        "iterations": solution.iterations,
        "seconds": solution.seconds,
        "identities": "relative gaps in `gap`",
    }
    return data


def stimulus_of(
    stimulus: Stimulus | Mapping[str, Stimulus], pole: Pole, poles: Sequence[Pole]
) -> Stimulus:
    """Pick a pole's own stimulus when the mapping is by pole, the common one otherwise."""
    if not isinstance(stimulus, Mapping):
        return stimulus
    names = {p.name for p in poles}
    if set(stimulus) & names:
        if pole.name not in stimulus:
            raise StimulusError(f"the stimulus names poles, but not {pole.name!r}.")
        return stimulus[pole.name]
    return stimulus  # type: ignore[return-value]  # keys are sectors: a mapping of money


def _inside(
    table: RegionalTable, system: Leontief, pole: Pole, production: FloatArray
) -> FloatArray:
    """Output of the pole as if nothing else existed, on its rows."""
    rows = pole.rows(table)
    alone = Leontief(within(system.operator, pole.regions), labels=table.labels[rows])
    demand = np.ascontiguousarray(production[rows])
    return np.asarray(alone.solve(demand, tolerance=TOLERANCE).raise_for_status().x)


def _dataset(
    table: RegionalTable,
    poles: list[Pole],
    accounts: list[Account],
    parts: list[_Parts],
    by_sector: bool,
) -> xr.Dataset:
    n, k = len(table.labels), parts[0].whole.shape[1]
    grid = (table.n_regions, table.n_sectors)
    ledger = np.zeros((len(poles), k, n, len(PARTS), len(accounts)))
    intensity = np.stack([a.intensity for a in accounts], axis=1)
    for one, pole, part in zip(ledger, poles, parts, strict=True):
        rows = pole.rows(table)
        inside = part.inside.T[:, :, None] * intensity[rows]
        whole = part.whole.T[:, :, None] * intensity
        one[:, rows, 0] = inside
        one[:, rows, 1] = whole[:, rows] - inside
        one[:, :, 2] = whole
        one[:, rows, 2] = 0.0
    lead: tuple[str, ...] = (dims.POLE, dims.STIMULUS_SECTOR)
    values = ledger.reshape(len(poles), k, *grid, len(PARTS), len(accounts))
    coords = {
        dims.POLE: [p.name for p in poles],
        dims.REGION: table.regions,
        dims.SECTOR: table.sectors,
        dims.PART: list(PARTS),
        dims.ACCOUNT: [a.name for a in accounts],
        "account_units": (dims.ACCOUNT, [a.units for a in accounts]),
    }
    if by_sector:
        coords[dims.STIMULUS_SECTOR] = table.sectors
    else:
        lead, values = lead[:1], values[:, 0]
    units = {a.units for a in accounts}
    attrs = {
        "units": units.pop() if len(units) == 1 else "see account_units",
        "long_name": "effect of the stimulus by place, sector and part",
    }
    names = (*lead, dims.REGION, dims.SECTOR, dims.PART, dims.ACCOUNT)
    return xr.Dataset({"ledger": xr.DataArray(values, dims=names, attrs=attrs)}, coords=coords)


def _stimulus_and_leakage(
    table: RegionalTable,
    system: Leontief,
    poles: list[Pole],
    placed: list[Placed],
    parts: list[_Parts],
    by_sector: bool,
) -> dict[str, xr.DataArray]:
    kinds, rates = leakage_of(table, system.operator)
    leakage = np.stack([part.whole.T @ rates for part in parts])
    abroad = np.stack([one.imported for one in placed])
    if abroad.any():
        kinds = [*kinds, FINAL_IMPORTS]
        leakage = np.concatenate([leakage, abroad[:, :, None]], axis=2)
    total = np.stack([one.given.sum(axis=0) for one in placed])
    where = np.stack([one.given.sum(axis=1) for one in placed])
    lead: tuple[str, ...] = (dims.POLE, dims.STIMULUS_SECTOR)
    if not by_sector:
        lead, leakage, total = lead[:1], leakage[:, 0], total[:, 0]
    money = {"units": table.unit}
    shape = (len(poles), table.n_regions, table.n_sectors)
    return {
        "leakage": xr.DataArray(
            leakage, dims=(*lead, dims.KIND), coords={dims.KIND: kinds}, attrs=money
        ),
        "stimulus": xr.DataArray(total, dims=lead, attrs=money),
        "stimulus_placed": xr.DataArray(
            where.reshape(shape), dims=(dims.POLE, dims.REGION, dims.SECTOR), attrs=money
        ),
    }


def _gaps(
    system: Leontief,
    poles: list[Pole],
    accounts: list[Account],
    placed: list[Placed],
    parts: list[_Parts],
    data: xr.Dataset,
) -> xr.DataArray:
    """Relative gap of each identity, (pole, identity); the largest over stimulated sectors."""
    leakage = data["leakage"].sum(dims.KIND).values.reshape(len(poles), -1)
    given = data["stimulus"].values.reshape(len(poles), -1)
    weights = np.stack([a.intensity for a in accounts], axis=1)
    dual = system.solve_transposed(weights, tolerance=TOLERANCE).raise_for_status().x
    names = ["accounts", *(f"dual: {a.name}" for a in accounts)]
    gaps = np.zeros((len(poles), len(names)))
    for p, (one, part) in enumerate(zip(placed, parts, strict=True)):
        size = max(float(np.abs(one.given).sum()), np.finfo(np.float64).tiny)
        gaps[p, 0] = np.abs(leakage[p] - given[p]).max() / size
        primal_side, dual_side = weights.T @ part.whole, dual.T @ one.production
        scale = np.maximum(np.abs(weights).T @ np.abs(part.whole), np.finfo(np.float64).tiny)
        scale = scale.max(axis=1, keepdims=True)
        gaps[p, 1:] = (np.abs(primal_side - dual_side) / scale).max(axis=1)
    return xr.DataArray(
        gaps,
        dims=(dims.POLE, dims.IDENTITY),
        coords={dims.IDENTITY: names},
        attrs={"units": "1", "long_name": "relative gap of each identity"},
    )
