"""Inoperability: the share of output that is not made after a disruption, at once and over time.

Question owned: how far do industries fall short of their normal output, and how do they recover?

Public names
    inoperability      the shares lost after demand is disrupted
    recovery           the shares lost period by period on the way back
    recovery_rates     the rates that bring industries back in a given time
    plot_recovery      output lost over time

Terms: x output; q_i share of x_i that is not made, 0 to 1; c_i demand lost as a share of x_i;
A* = x^-1 A x (n, n); k_i recovery rate per period.

    q        = A* q + c               q = x^-1 L x c
    q(t + 1) = q(t) + k (A* q(t) + c(t) - q(t))
    k_i      = ln(q_i(0) / q_i(T)) / (T (1 - a*_ii))

Losses are q x in money. A share above one (more lost than was made) is refused unless asked for.

Source: Santos & Haimes (2004), demand-reduction inoperability; Lian & Haimes (2006), dynamic
recovery and rates; Dietzenbacher & Miller (2015) for what the model is: Leontief's, in shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.dims import ROW
from model.errors import NegativeResult, ShapeError
from model.ghosh import full_rows
from model.grids import grid, grid_coords, ratio
from model.leontief.inverse_pieces import TOLERANCE, own_cells
from model.leontief.products import FloatArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERIOD: Final = "period"
SLACK: Final = 1e-9


def inoperability(
    table: RegionalTable, disruption: pd.Series[float], *, allow_beyond: bool = False
) -> xr.Dataset:
    """Share of output that is not made after demand is disrupted.

    Parameters
    ----------
    table
        The economy.
    disruption
        c: demand lost as a share of the industry's output, by (region, sector); 0 elsewhere.
    allow_beyond
        Return shares below zero or above one instead of refusing them.

    Returns
    -------
    Dataset over (region, sector): `inoperability` and its `direct` part c (shares of output),
    `loss` (money). Attributes: total_loss, share (of all output).

    Raises
    ------
    NegativeResult
        For shares outside 0 to 1.
    UnknownLabel, ShapeError
        For rows that the table does not have, or without output.
    """
    direct = _shares(table, disruption, "disruption", allow_beyond=allow_beyond)
    x = np.asarray(table.x, dtype=float)
    solved = Leontief(table).solve(direct * x, tolerance=TOLERANCE).raise_for_status()
    loss = np.asarray(solved.x)
    lost = ratio(loss, x)
    if not allow_beyond:
        _refuse_beyond(table, lost, "inoperability")
    data = {
        "inoperability": grid(table, lost, "1", "share of output not made"),
        "direct": grid(table, direct, "1", "share of output no longer asked for"),
        "loss": grid(table, loss, table.unit, "output lost"),
    }
    attrs = {"total_loss": float(loss.sum()), "share": float(loss.sum() / x.sum())}
    return xr.Dataset(data, coords=grid_coords(table), attrs=attrs)


def recovery_rates(
    table: RegionalTable, periods: float | pd.Series[float], *, remaining: float = 0.01
) -> pd.Series[float]:
    """Return rates k that take an industry, left to itself, to `remaining` of its first loss.

    Parameters
    ----------
    table
        The economy.
    periods
        T: one number, or by (region, sector) for all industries.
    remaining
        q(T) / q(0), between 0 and 1.

    Raises
    ------
    ShapeError
        For times that are not positive and shares outside 0 to 1.
    """
    if not 0 < remaining < 1:
        raise ShapeError(f"remaining must lie between 0 and 1; found {remaining!r}.")
    times = _by_row(table, periods, "periods")
    if not (times > 0).all():
        raise ShapeError("periods must be above 0 for every industry.")
    rates = -np.log(remaining) / (times * (1.0 - own_cells(Leontief(table))))
    return pd.Series(rates, index=table.labels, name="recovery_rate")


def recovery(
    table: RegionalTable,
    initial: pd.Series[float],
    *,
    rates: float | pd.Series[float],
    periods: int,
    disruption: pd.Series[float] | None = None,
    periods_per_year: float = 365.0,
    allow_beyond: bool = False,
) -> xr.Dataset:
    """Follow inoperability period by period.

    Parameters
    ----------
    table
        The economy; its flows are those of a year.
    initial
        q(0) by (region, sector); 0 elsewhere.
    rates
        k per period, above 0 and at most 1: one number, or by (region, sector) for all industries
        (`recovery_rates`).
    periods
        How many periods to follow.
    disruption
        c, demand lost for good as a share of output; none when left out.
    periods_per_year
        Turns the yearly output into that of a period.
    allow_beyond
        Return shares below zero or above one instead of refusing them.

    Returns
    -------
    Dataset: `inoperability` (period, region, sector), `loss` (period) money and `cumulative_loss`
    (region, sector) money over all periods. Period 0 is the initial state. Attributes: total_loss.

    Raises
    ------
    NegativeResult, UnknownLabel, ShapeError
        As `inoperability`; also for rates outside 0 to 1.
    """
    if periods < 1 or not periods_per_year > 0:
        raise ShapeError(
            f"periods must be at least 1 and periods_per_year above 0; found {periods!r} and "
            f"{periods_per_year!r}."
        )
    speed = _by_row(table, rates, "rates")
    if not ((speed > 0) & (speed <= 1)).all():
        bad = table.labels[~((speed > 0) & (speed <= 1))].tolist()
        raise ShapeError(
            f"rates must be above 0 and at most 1 per period; not so in {shown(bad)}: take longer "
            "recovery times or shorter periods."
        )
    x = np.asarray(table.x, dtype=float)
    lost = _shares(table, initial, "initial", allow_beyond=allow_beyond)
    none = pd.Series(0.0, index=table.labels[:0])
    pressed = _shares(
        table, none if disruption is None else disruption, "disruption", allow_beyond=allow_beyond
    )
    operator = Leontief(table).operator
    path = np.empty((periods + 1, x.size))
    path[0] = lost
    for t in range(periods):
        pull = ratio(operator.matvec(path[t] * x), x) + pressed
        path[t + 1] = path[t] + speed * (pull - path[t])
    if not allow_beyond:
        _refuse_beyond(table, path.max(axis=0), "inoperability")
    money = path * x / periods_per_year
    shape = (periods + 1, table.n_regions, table.n_sectors)
    data = {
        "inoperability": ((PERIOD, *ROW), path.reshape(shape), {"units": "1"}),
        "loss": ((PERIOD,), money.sum(axis=1), {"units": table.unit}),
        "cumulative_loss": grid(table, money.sum(axis=0), table.unit, "output lost in all"),
    }
    coords = {PERIOD: np.arange(periods + 1), **grid_coords(table)}
    return xr.Dataset(data, coords=coords, attrs={"total_loss": float(money.sum())})


def _by_row(table: RegionalTable, given: float | pd.Series[float], what: str) -> FloatArray:
    if isinstance(given, pd.Series):
        if len(given) != len(table.labels):
            raise ShapeError(
                f"{what} must be one number or one for each of the {len(table.labels)} industries; "
                f"found {len(given)}."
            )
        return full_rows(table, given, what)
    return np.full(len(table.labels), float(given))


def _shares(
    table: RegionalTable, given: pd.Series[float], what: str, *, allow_beyond: bool
) -> FloatArray:
    values = full_rows(table, given, what)
    idle = (np.asarray(table.x, dtype=float) <= 0) & (values != 0)
    if idle.any():
        named = shown(table.labels[idle].tolist())
        raise ShapeError(f"{what} names industries without output: {named}.")
    if not allow_beyond:
        _refuse_beyond(table, values, what)
    return values


def _refuse_beyond(table: RegionalTable, values: FloatArray, what: str) -> None:
    beyond = np.flatnonzero((values < -SLACK) | (values > 1.0 + SLACK))
    if beyond.size:
        worst = beyond[np.argsort(-np.abs(values[beyond]), kind="stable")]
        named = [f"{' / '.join(table.labels[i])} ({values[i]:.4g})" for i in worst]
        raise NegativeResult(
            f"{what} must be a share from 0 to 1; it is not in {shown(named)}. Disrupt less, or "
            "ask for it with allow_beyond=True."
        )


def plot_recovery(data: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw output lost per period.

    Parameters
    ----------
    data
        What `recovery` returned.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.0, 4.0), layout="constrained")
    ax.plot(data[PERIOD].values, data["loss"].values)
    ax.set_xlabel("period")
    ax.set_ylabel(f"output lost in a period, {data['loss'].attrs['units']}")
    ax.set_ylim(bottom=0.0)
    return ax
