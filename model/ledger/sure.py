"""How sure the ledger is: every figure of it with its interval.

Question owned: over the tables that are as likely as the one at hand, how far do a pole's parts,
the gains of regions and net positions move, and does their order hold?

Public names
    ledger_uncertainty      parts of the ledger by region, over drawn tables
    exchange_uncertainty    emitted, received and net of every pole, over drawn tables

Terms: as in `model.uncertainty`; draws keep output, value added, exports and final demand by place
of use, and vary who buys from whom. The stimulus is stated money, the same in every draw.

Source: Wiebe & Lenzen (2016) on drawn tables; Owen (2014) on shares of variance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import AccountLike
from model.dims import ACCOUNT, PART, POLE, REGION, SECTOR
from model.households import Households
from model.ledger.exchange import spillover_exchange
from model.ledger.groups import GROUP, Groups, group_regions, membership
from model.ledger.kinds import AnyStimulus
from model.spillover import spillovers
from model.stimulus import At, Poles
from model.table_draws import Draws
from model.uncertainty import uncertainty

READING = "reading"
Progress = Callable[[str, float], None]


def ledger_uncertainty(
    table: RegionalTable,
    poles: Poles,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike = "value_added",
    *,
    at: At = "origin",
    households: bool | Households = False,
    groups: Groups | None = None,
    uncertain: Draws | None = None,
    draws: int = 1000,
    pairs: int | None = None,
    seed: int = 0,
    interval: float = 0.9,
    workers: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Evaluate the ledger over drawn tables.

    Parameters
    ----------
    table, poles, stimulus, of, at, households
        As in `spillovers`.
    groups
        Groups of regions to sum to (`group_regions`); regions one by one when left out.
    uncertain, draws, pairs, seed, interval, workers, folder, progress
        As in `uncertainty`.

    Returns
    -------
    Dataset of `uncertainty` over (pole, region or group, part), part with "all" last; ranks are
    along regions or groups.

    Raises
    ------
    NotProductive
        When a drawn table closed for households is not productive; the regions are named.
    """

    def read(one: RegionalTable) -> xr.DataArray:
        found = spillovers(one, poles, stimulus, of, at=at, households=households)
        ledger = found["ledger"].sum(SECTOR, keep_attrs=True).isel({ACCOUNT: 0}, drop=True)
        ledger = ledger if groups is None else group_regions(ledger, groups)
        whole = ledger.sum(PART, keep_attrs=True).expand_dims({PART: ["all"]}, axis=-1)
        return xr.concat([ledger, whole], dim=PART).assign_attrs(ledger.attrs)

    return uncertainty(
        table, read, uncertain=uncertain, draws=draws, pairs=pairs, seed=seed, interval=interval,
        rank_along=_ranked(table, groups), workers=workers, folder=folder, progress=progress,
    )  # fmt: skip


def _ranked(table: RegionalTable, groups: Groups | None) -> str | None:
    """Return the dimension that has an order; None where one group holds everything."""
    if groups is None:
        return REGION
    alone = not isinstance(groups, str) and len(membership(table.regions, groups)[0]) == 1
    return None if alone else GROUP


def exchange_uncertainty(
    table: RegionalTable,
    poles: Poles | None = None,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike = "value_added",
    *,
    share: float | None = None,
    at: At = "origin",
    households: bool | Households = False,
    uncertain: Draws | None = None,
    draws: int = 1000,
    pairs: int | None = None,
    seed: int = 0,
    interval: float = 0.9,
    workers: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Evaluate emitted, received and net positions over drawn tables.

    Parameters
    ----------
    table, poles, stimulus, of, share, at, households
        As in `spillover_exchange`.
    uncertain, draws, pairs, seed, interval, workers, folder, progress
        As in `uncertainty`.

    Returns
    -------
    Dataset of `uncertainty` over (pole, reading): emitted, received, net; ranks are along poles.
    """

    def read(one: RegionalTable) -> xr.DataArray:
        found = spillover_exchange(
            one, poles, stimulus, of, share=share, at=at, households=households
        )
        names = ["emitted", "received", "net"]
        parts = [found[name].isel({ACCOUNT: 0}, drop=True) for name in names]
        out = xr.concat(parts, dim=pd.Index(names, name=READING)).transpose(POLE, READING)
        return out.assign_attrs(units=str(parts[0].attrs["units"])).rename("positions")

    return uncertainty(
        table, read, uncertain=uncertain, draws=draws, pairs=pairs, seed=seed, interval=interval,
        rank_along=POLE, workers=workers, folder=folder, progress=progress,
    )  # fmt: skip
