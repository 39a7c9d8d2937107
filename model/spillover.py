"""The spillover ledger: how much of a pole's stimulus stays, comes back, or ends elsewhere.

Question owned: a pole grows; who gains, where, in which sectors, and what leaks away?

Public names
    spillovers    the ledger of one or several poles, with leakage and identity gaps

Terms: P the pole's regions as one block; f the stimulus by place of production; accounts are output
times an intensity (value added per output, ...).

    intraregional   (I - A_PP)^-1 f_P                     inside the pole alone
    feedback        (L f)_P - intraregional               through other regions and back
    spillover       (L f)_s, s outside P                  (at "use", f itself may lie outside)
    induced         (L_h f)_s - (L f)_s, any s            only with households inside (type II - I)
    leakage         rate' L f for primary inputs by kind, imports, taxes, remainder

With households inside, wages do not leak: what households buy abroad, save and pay in taxes does.
A stimulus may be final demand, an output target, investment, or an amount to be created
(`model.ledger.kinds`).

Identities, returned as relative gaps
    accounts        sum of leakage = stimulus
    dual            intensity' (L f) = (L' intensity)' f, two different solves

Source: Miller (1966, 1969); Miller & Blair (2009), sections 2.5 and 3.3.3; Round (1985).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model import dims
from model.accounts import FINAL_IMPORTS, Account, AccountLike, account_of
from model.errors import StimulusError
from model.households import Households
from model.ledger.economy import TOLERANCE, Economy, open_economy
from model.ledger.kinds import AnyStimulus, Investment, place
from model.leontief.products import FloatArray
from model.leontief.within import within
from model.solve import Leontief
from model.stimulus import At, Placed, Pole, Poles, resolve_poles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTS = ("intraregional", "feedback", "spillover")
INDUCED = "induced"


@dataclass(frozen=True)
class _Parts:
    """What one pole's stimulus brings about.

    Attributes
    ----------
    inside, whole
        (n, k) output of the pole alone (its own rows) and altogether, households outside.
    closed
        (N, k) output and household income with households inside; None when they are outside.
    """

    inside: FloatArray
    whole: FloatArray
    closed: FloatArray | None = None

    def all_in(self, economy: Economy) -> FloatArray:
        """Output (n, k), households inside when the economy is closed."""
        return self.whole if self.closed is None else self.closed[economy.goods]

    def rows(self) -> FloatArray:
        """Return what leakage rates apply to."""
        return self.whole if self.closed is None else self.closed


def spillovers(
    table: RegionalTable,
    poles: Poles,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike | Sequence[AccountLike] = "value_added",
    at: At = "origin",
    by_stimulus_sector: bool = False,
    *,
    households: bool | Households = False,
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
        sector, a Series by (region, sector); an `OutputTarget`, `Investment` (always "at use") or
        `Creation`; or {pole: any of these}.
    of
        One or several accounts: "output", "value_added", "labour_income", "jobs", a primary input,
        a stressor, a Series of intensities, or an account made of amounts (`account_from`).
    at
        "origin": demand for the pole's products; "use": spending by the pole's residents.
    by_stimulus_sector
        One ledger per stimulated sector, along `stimulus_sector`.
    households
        True adds what the spending of households brings about, as the part "induced" in every
        region; `Households(...)` says which figures are wages and spending, who lives where.

    Returns
    -------
    Dataset with
        `ledger` (pole, [stimulus_sector], region, sector, part, account), part one of
        intraregional, feedback, spillover and, with households, induced; `leakage` (pole,
        [stimulus_sector], kind) money; `stimulus` (pole, [stimulus_sector]) money;
        `stimulus_placed` (pole, region, sector) as stated; `gap` (pole, identity). Attributes: at,
        households, method, error_bound, status.

    Raises
    ------
    UnknownLabel, StimulusError
        For poles, sectors and accounts that the table does not have or cannot carry.
    NotProductive, NotConverged
        From the solves.
    """
    if at not in ("origin", "use"):
        raise StimulusError(f"at must be 'origin' or 'use'; found {at!r}.")
    wanted = [of] if isinstance(of, str | pd.Series | Account) else list(of)
    accounts = [account_of(table, one) for one in wanted]
    found = resolve_poles(table, poles)
    economy = open_economy(table, households)
    placed = [
        place(
            economy, pole, stimulus_of(stimulus, pole, found), at=at, by_sector=by_stimulus_sector
        )
        for pole in found
    ]
    demand = np.concatenate([p.production for p in placed], axis=1)
    solution = economy.solve_open(demand)
    closed = None if economy.closed is None else economy.solve_closed(demand)
    k = placed[0].given.shape[1]
    parts = []
    for p, (pole, one) in enumerate(zip(found, placed, strict=True)):
        own = slice(p * k, (p + 1) * k)
        inside = _inside(table, economy.open, pole, one.production)
        all_in = None if closed is None else closed[:, own]
        parts.append(_Parts(inside, solution.x[:, own], all_in))
    data = _dataset(economy, found, accounts, parts, by_stimulus_sector)
    data.update(_stimulus_and_leakage(economy, found, placed, parts, by_stimulus_sector))
    data["gap"] = _gaps(economy, found, accounts, placed, parts, data)
    data.attrs = {
        "at": _reading(at, [stimulus_of(stimulus, pole, found) for pole in found]),
        "households": "outside (type I)" if closed is None else "inside (type II)",
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


def _reading(at: At, stimuli: Sequence[AnyStimulus]) -> str:
    """Return where the stimuli are counted: investment is at use whatever was asked."""
    found = {"use" if isinstance(one, Investment) else at for one in stimuli}
    return found.pop() if len(found) == 1 else "origin for some poles, use for others"


def stimulus_of(
    stimulus: AnyStimulus | Mapping[str, AnyStimulus], pole: Pole, poles: Sequence[Pole]
) -> AnyStimulus:
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
    economy: Economy,
    poles: list[Pole],
    accounts: list[Account],
    parts: list[_Parts],
    by_sector: bool,
) -> xr.Dataset:
    table = economy.table
    n, k = len(table.labels), parts[0].whole.shape[1]
    grid = (table.n_regions, table.n_sectors)
    names = PARTS if economy.closed is None else (*PARTS, INDUCED)
    ledger = np.zeros((len(poles), k, n, len(names), len(accounts)))
    intensity = np.stack([a.intensity for a in accounts], axis=1)
    for one, pole, part in zip(ledger, poles, parts, strict=True):
        rows = pole.rows(table)
        inside = part.inside.T[:, :, None] * intensity[rows]
        whole = part.whole.T[:, :, None] * intensity
        one[:, rows, 0] = inside
        one[:, rows, 1] = whole[:, rows] - inside
        one[:, :, 2] = whole
        one[:, rows, 2] = 0.0
        if economy.closed is not None:
            one[:, :, 3] = (part.all_in(economy) - part.whole).T[:, :, None] * intensity
    lead: tuple[str, ...] = (dims.POLE, dims.STIMULUS_SECTOR)
    values = ledger.reshape(len(poles), k, *grid, len(names), len(accounts))
    coords = {
        dims.POLE: [p.name for p in poles],
        dims.REGION: table.regions,
        dims.SECTOR: table.sectors,
        dims.PART: list(names),
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
    axes = (*lead, dims.REGION, dims.SECTOR, dims.PART, dims.ACCOUNT)
    return xr.Dataset({"ledger": xr.DataArray(values, dims=axes, attrs=attrs)}, coords=coords)


def _stimulus_and_leakage(
    economy: Economy,
    poles: list[Pole],
    placed: list[Placed],
    parts: list[_Parts],
    by_sector: bool,
) -> dict[str, xr.DataArray]:
    table = economy.table
    kinds, rates = economy.leakage()
    leakage = np.stack([part.rows().T @ rates for part in parts])
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
    economy: Economy,
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
    dual = economy.solve_transposed(weights)
    names = ["accounts", *(f"dual: {a.name}" for a in accounts)]
    gaps = np.zeros((len(poles), len(names)))
    for p, (one, part) in enumerate(zip(placed, parts, strict=True)):
        size = max(float(np.abs(one.given).sum()), np.finfo(np.float64).tiny)
        gaps[p, 0] = np.abs(leakage[p] - given[p]).max() / size
        made = part.all_in(economy)
        primal_side, dual_side = weights.T @ made, dual.T @ one.production
        scale = np.maximum(np.abs(weights).T @ np.abs(made), np.finfo(np.float64).tiny)
        scale = scale.max(axis=1, keepdims=True)
        gaps[p, 1:] = (np.abs(primal_side - dual_side) / scale).max(axis=1)
    return xr.DataArray(
        gaps,
        dims=(dims.POLE, dims.IDENTITY),
        coords={dims.IDENTITY: names},
        attrs={"units": "1", "long_name": "relative gap of each identity"},
    )


def plot_ledger(
    data: xr.Dataset,
    *,
    pole: str | None = None,
    account: str | None = None,
    most: int = 25,
    ax: Axes | None = None,
) -> Axes:
    """Bars of what every region gains, by part, largest on top.

    Parameters
    ----------
    data
        From `spillovers`.
    pole, account
        Which to draw; the first when left out.
    most
        Regions that are drawn.
    """
    import matplotlib.pyplot as plt

    ledger = data["ledger"]
    chosen = {
        dims.POLE: str(ledger[dims.POLE].values[0]) if pole is None else pole,
        dims.ACCOUNT: str(ledger[dims.ACCOUNT].values[0]) if account is None else account,
    }
    extra = [d for d in (dims.SECTOR, dims.STIMULUS_SECTOR) if d in ledger.dims]
    by_part = ledger.sel(chosen).sum(extra).transpose(dims.REGION, dims.PART)
    order = np.argsort(-by_part.values.sum(axis=1), kind="stable")[:most][::-1]
    ax = plt.subplots(figsize=(7, 0.25 * len(order) + 1.5))[1] if ax is None else ax
    where = np.arange(len(order))
    low, high = np.zeros(len(order)), np.zeros(len(order))
    for part in by_part[dims.PART].values:
        values = by_part.sel({dims.PART: part}).values[order]
        ax.barh(where, values, left=np.where(values >= 0, high, low), label=str(part))
        high, low = high + np.maximum(values, 0.0), low + np.minimum(values, 0.0)
    ax.set_yticks(where, by_part[dims.REGION].values[order], fontsize="small")
    units = str(data["account_units"].sel(account=chosen[dims.ACCOUNT]).values)
    ax.set_xlabel(f"{chosen[dims.ACCOUNT]}, {units}")
    ax.set_title(f"{chosen[dims.POLE]}: {data.attrs['at']}", loc="left")
    ax.legend(frameon=False)
    return ax
