"""Estimated spillovers beside those that a table simulates.

Question owned: does the share of an effect that ends in other regions agree between a spatial lag
model fitted to data and the Leontief system of a table?

Public names
    beside          direct, indirect and total of both, with the share that is indirect
    plot_beside     the shares, with the interval of the estimated one

Terms: estimated impacts as in `model.lag.impacts`; simulated ones are averages over regions of the
table's effects, G (R, R) the effect in r of one money of demand for the products of s:

    direct = tr G / R      total = 1'G 1 / R      indirect = total - direct

Levels are not the same thing (one money of demand here, one unit of a variable there); the share
indirect / total and the pattern over pairs of regions can be compared. `pattern` is the rank
correlation of effects between different regions. A table holds demand along chains of production
alone; an estimate also holds learning, migration and whatever else neighbours have in common, so a
larger estimated share is no error of either.

Source: LeSage & Pace (2009), section 2.7; Miller & Blair (2009), section 3.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.accounts import AccountLike
from model.errors import ShapeError
from model.lag.impacts import KIND, VARIABLE, LagModel, impact_matrix, impacts
from model.ledger.exchange import spillover_exchange
from model.leontief.products import FloatArray
from model.stimulus import At

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIMULATED = "simulated by the table"


def beside(
    table: RegionalTable,
    model: LagModel,
    *,
    of: AccountLike = "value_added",
    at: At = "origin",
    draws: int = 1000,
    seed: int = 0,
    interval: float = 0.9,
) -> pd.DataFrame:
    """Put impacts of an estimated model beside effects that the table simulates.

    Parameters
    ----------
    table
        The economy, with the regions of the model.
    model
        The estimated model.
    of, at
        Account and reading of the simulated effects, as in `spillovers`.
    draws, seed, interval
        As in `impacts`.

    Returns
    -------
    One row for the table and one for each variable: direct, indirect, total, indirect_share,
    share_low, share_high (interval of the share over draws; nan for the table and without a
    covariance), pattern (nan for the table).

    Raises
    ------
    ShapeError
        When the regions are not the same.
    """
    regions = list(model.weights.labels)
    if set(regions) != set(table.regions):
        odd = sorted(set(regions) ^ set(table.regions))
        raise ShapeError(f"model and table must have the same regions; not shared: {shown(odd)}.")
    effect = spillover_exchange(table, regions, of=of, at=at)["effect"].isel(account=0)
    simulated = effect.sel(receiver=regions).values.T  # receiver, giver
    direct, total = float(np.trace(simulated)) / len(regions), float(simulated.sum()) / len(regions)
    rows = {SIMULATED: _row(direct, total, np.nan, np.nan, np.nan)}
    found = impacts(model, draws=draws, seed=seed, interval=interval)
    shares = _share_interval(found)
    for name in model.variables:
        one = found["impact"].sel({VARIABLE: name})
        estimated = impact_matrix(model, name).loc[regions, regions].to_numpy()
        low, high = shares[name]
        rows[name] = _row(
            float(one.sel({KIND: "direct"})), float(one.sel({KIND: "total"})), low, high,
            _rank_correlation(simulated, estimated),
        )  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(direct: float, total: float, low: float, high: float, pattern: float) -> dict[str, float]:
    return {
        "direct": direct, "indirect": total - direct, "total": total,
        "indirect_share": (total - direct) / total if total else float("nan"),
        "share_low": low, "share_high": high, "pattern": pattern,
    }  # fmt: skip


def _share_interval(found: xr.Dataset) -> dict[str, tuple[float, float]]:
    """Interval of indirect over total for every variable."""
    names = [str(v) for v in found[VARIABLE].values]
    if "share_low" not in found:
        return dict.fromkeys(names, (float("nan"), float("nan")))
    low, high = found["share_low"].values, found["share_high"].values
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}


def _rank_correlation(one: FloatArray, two: FloatArray) -> float:
    away = ~np.eye(len(one), dtype=bool)
    first, second = (pd.Series(values[away]).rank().to_numpy() for values in (one, two))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def plot_beside(data: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of the effect that ends in other regions, simulated and estimated.

    Parameters
    ----------
    data
        From `beside`.
    """
    import matplotlib.pyplot as plt

    ax = plt.subplots(figsize=(6, 0.4 * len(data) + 1.5))[1] if ax is None else ax
    where = np.arange(len(data))[::-1]
    ax.plot(100 * data["indirect_share"].to_numpy(), where, "ko")
    ax.hlines(where, 100 * data["share_low"].to_numpy(), 100 * data["share_high"].to_numpy(),
              color="0.5", linewidth=2)  # fmt: skip
    ax.set_yticks(where, [str(name) for name in data.index])
    ax.set_xlabel("% of the effect that ends in other regions")
    return ax
