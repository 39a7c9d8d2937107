"""Round by round: how fast an effect spreads, and when it has crossed the border of the pole.

Question owned: which part of an effect is there after so many rounds of orders, inside the pole and
outside of it, and after how many rounds is a given share of the spillover there?

Public names
    spillover_rounds  effects by round and place, shares so far, mean number of rounds
    plot_rounds       shares that are there after every round
    SHARES            shares whose rounds are told when none are named

Terms: f stimulus, A direct requirements, w intensities, rows of the pole P or outside.

    round k          w' A^k f        k = 0 is the stimulus itself
    after k          sum of rounds 0..k over the whole w' L f
    mean rounds      sum_k k w'A^k f / w' L f = w' (L L f - L f) / w' L f     exact, two solves

What rounds not computed would add is the whole less what is there: the whole comes from a
certified solve, not from the series. A round is one order passed on; a table does not say how long
that takes.

Source: Miller & Blair (2009), section 2.4 (power series); Dietzenbacher et al. (2005) for means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import AccountLike, account_of
from model.dims import ACCOUNT, POLE
from model.errors import ShapeError
from model.grids import ratio
from model.households import Households
from model.ledger.economy import Economy, open_economy
from model.ledger.kinds import AnyStimulus, place
from model.leontief.products import FloatArray
from model.spillover import stimulus_of
from model.stimulus import At, Poles, resolve_poles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUND, WHERE, SHARE = "round", "where", "share"
PLACES = ("in the pole", "elsewhere")
SHARES = (0.5, 0.9, 0.95, 0.99)
MOST_ROUNDS = 10_000


def spillover_rounds(
    table: RegionalTable,
    poles: Poles,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike = "value_added",
    *,
    at: At = "origin",
    households: bool | Households = False,
    shares: Sequence[float] = SHARES,
    n_rounds: int | None = None,
) -> xr.Dataset:
    """Follow an effect from round to round.

    Parameters
    ----------
    table, poles, stimulus, at, households
        As in `spillovers`. With households inside, earning and spending is a round each.
    of
        The account.
    shares
        Shares of the whole whose rounds are asked, between 0 and 1.
    n_rounds
        Rounds to go; until every share is there, inside and elsewhere, when left out.

    Returns
    -------
    Dataset with `effect` (pole, round, where), `so_far` (pole, round, where) share of the whole of
    that place, `crossed` (pole, round) share of a round that falls elsewhere; `whole` (pole,
    where), `mean_rounds` (pole, where), and `rounds_until` (pole, share, where): the first round
    after which the share is there, nan where it is not within `n_rounds` or there is no effect.

    Raises
    ------
    ShapeError
        For shares outside 0 to 1, several accounts, or an account with intensities of both signs,
        whose shares mean nothing.
    """
    limits = np.asarray(shares, dtype=np.float64)
    if not limits.size or not ((limits > 0) & (limits < 1)).all():
        raise ShapeError(f"shares must lie between 0 and 1; found {list(shares)}.")
    if n_rounds is not None and n_rounds < 0:
        raise ShapeError(f"n_rounds must not be negative; found {n_rounds}.")
    account = account_of(table, of)
    if account.intensity.min() < 0 < account.intensity.max():
        raise ShapeError(
            f"rounds need an account of one sign; {account.name} has intensities from "
            f"{account.intensity.min():.3g} to {account.intensity.max():.3g}."
        )
    found = resolve_poles(table, poles)
    economy = open_economy(table, households)
    placed = [
        place(economy, p, stimulus_of(stimulus, p, found), at=at, by_sector=False) for p in found
    ]
    demand = _wide(economy, np.concatenate([one.production for one in placed], axis=1))
    weights = np.zeros((len(found), 2, demand.shape[0]))
    goods = np.arange(len(table.labels)) if economy.closed is None else economy.goods
    for p, pole in enumerate(found):
        inside = np.isin(np.arange(len(table.labels)), pole.rows(table))
        weights[p, 0, goods] = np.where(inside, account.intensity, 0.0)
        weights[p, 1, goods] = np.where(inside, 0.0, account.intensity)

    def told(columns: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("pwn,np->pw", weights, columns))

    made = _solve(economy, demand)
    whole = told(made)
    mean = ratio(told(_solve(economy, made)) - whole, whole, otherwise=np.nan)
    operator = (economy.open if economy.closed is None else economy.closed).operator
    steps = [told(demand)]
    current, so_far = demand, steps[0].copy()
    enough = limits.max() * np.abs(whole)
    most = MOST_ROUNDS if n_rounds is None else n_rounds
    while len(steps) <= most and (n_rounds is not None or (np.abs(so_far) < enough).any()):
        current = operator.matmat(current)
        steps.append(told(current))
        so_far += steps[-1]
    effect = np.stack(steps, axis=1)
    there = np.cumsum(effect, axis=1)
    share = np.divide(
        there, whole[:, None], out=np.full_like(there, np.nan), where=whole[:, None] != 0
    )
    reached = share[:, None] >= limits[None, :, None, None]
    until = np.where(reached.any(axis=2), reached.argmax(axis=2).astype(float), np.nan)
    units = {"units": account.units}
    one = {"units": "1"}
    crossed = np.divide(
        effect[:, :, 1], effect.sum(axis=2), out=np.zeros(effect.shape[:2]),
        where=effect.sum(axis=2) != 0,
    )  # fmt: skip
    data = {
        "effect": ((POLE, ROUND, WHERE), effect, units),
        "so_far": ((POLE, ROUND, WHERE), share, one | {"long_name": "share that is there"}),
        "crossed": ((POLE, ROUND), crossed, one | {"long_name": "share of a round elsewhere"}),
        "whole": ((POLE, WHERE), whole, units),
        "mean_rounds": ((POLE, WHERE), mean, {"units": "rounds"}),
        "rounds_until": ((POLE, SHARE, WHERE), until, {"units": "rounds"}),
    }
    coords = {
        POLE: [p.name for p in found], ROUND: np.arange(effect.shape[1]), WHERE: list(PLACES),
        SHARE: limits,
    }  # fmt: skip
    return xr.Dataset(data, coords=coords, attrs={ACCOUNT: account.name, "at": at})


def _wide(economy: Economy, demand: FloatArray) -> FloatArray:
    if economy.closed is None:
        return np.ascontiguousarray(demand)
    out = np.zeros((economy.closed.n, demand.shape[1]))
    out[economy.goods] = demand
    return out


def _solve(economy: Economy, demand: FloatArray) -> FloatArray:
    if economy.closed is None:
        return np.asarray(economy.solve_open(demand).x)
    return economy.solve_wide(demand)


def plot_rounds(data: xr.Dataset, *, pole: str | None = None, ax: Axes | None = None) -> Axes:
    """Shares of the effect that are there after every round, inside the pole and elsewhere.

    Parameters
    ----------
    data
        From `spillover_rounds`.
    pole
        Which; the first when left out.
    """
    import matplotlib.pyplot as plt

    chosen = str(data[POLE].values[0]) if pole is None else pole
    ax = plt.subplots(figsize=(6, 4))[1] if ax is None else ax
    for place_name in PLACES:
        shares = data["so_far"].sel({POLE: chosen, WHERE: place_name})
        ax.plot(data[ROUND].values, 100.0 * shares.values, marker="o", label=place_name)
    ax.set_ylim(0.0, 101.0)
    ax.set_xlabel("rounds of orders passed on")
    ax.set_ylabel(f"% of {data.attrs[ACCOUNT]} that is there")
    ax.set_title(chosen, loc="left")
    ax.legend(frameon=False)
    return ax
