"""Who gives to whom: the effects of every pole in every other, and what remains on balance.

Question owned: when each of several poles is given its stimulus, how much does each emit to the
others, how much does it receive from them, and who gains on balance?

Public names
    spillover_exchange    emitted and received tables, net positions
    plot_exchange         the table of who gives to whom
    plot_net              net positions

Terms: g_pq the effect in q of the stimulus of p (an account: intensity' L f_p on the rows of q).

    emitted_p    sum over q not p of g_pq
    received_q   sum over p not q of g_pq
    net_q        received_q - emitted_q            sums to zero over poles that cover the table
    balance_pq   g_pq - g_qp                       what p gives to q beyond what it gets

Poles may be regions, or groups of them that do not overlap; regions in none of them receive as
"rest of the table" and emit nothing. Equal stimuli compare poles per money spent; with `share` each
pole grows by the same share of its final demand, and large poles emit more because they are large.

Source: Miller & Blair (2009), section 3.3; Round (1985); net positions as in Pyatt & Round (1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.accounts import Account, AccountLike, account_of
from model.dims import ACCOUNT, POLE, SECTOR
from model.errors import StimulusError
from model.households import Households
from model.ledger.economy import TOLERANCE, open_economy
from model.ledger.kinds import AnyStimulus, place
from model.leontief.within import within
from model.solve import Leontief
from model.spillover import stimulus_of
from model.stimulus import At, Poles, pole_demand, resolve_poles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECEIVER = "receiver"
REST = "rest of the table"


def spillover_exchange(
    table: RegionalTable,
    poles: Poles | None = None,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike | Sequence[AccountLike] = "value_added",
    *,
    share: float | None = None,
    at: At = "origin",
    households: bool | Households = False,
) -> xr.Dataset:
    """Tabulate what poles give to each other.

    Parameters
    ----------
    table
        The economy.
    poles
        As in `spillovers`; every region of the table when left out. They must not overlap.
    stimulus
        As in `spillovers`, for every pole or {pole: its own}.
    of
        One or several accounts.
    share
        Give every pole this share of its own final demand instead of `stimulus`.
    at, households
        As in `spillovers`.

    Returns
    -------
    Dataset with `effect` (pole, receiver, account), `balance` (pole, receiver, account; over
    poles), `intraregional`, `feedback`, `induced_inside`, `emitted`, `received`, `net` (pole,
    account), `emitted_in` and `received_in` (pole, sector, account: the sectors in which others
    gain from a pole, and in which it gains from them), `stimulus` (pole) and `gap` (account): the
    sum over receivers against the whole, relative.

    Raises
    ------
    StimulusError
        For poles that overlap, and what `spillovers` refuses.
    """
    found = resolve_poles(table, table.regions if poles is None else poles)
    n_regions = table.n_regions
    owner = np.full(n_regions, len(found))
    taken: list[str] = []
    for p, pole in enumerate(found):
        taken += [table.regions[r] for r in pole.regions if owner[r] < len(found)]
        owner[pole.regions] = p
    if taken:
        raise StimulusError(
            f"poles that give to each other must not overlap; in more than one: {shown(taken)}."
        )
    wanted = [of] if isinstance(of, str | pd.Series | Account) else list(of)
    accounts = [account_of(table, one) for one in wanted]
    intensity = np.stack([a.intensity for a in accounts], axis=1)
    economy = open_economy(table, households)
    placed = []
    for pole in found:
        money = stimulus_of(stimulus, pole, found)
        if share is not None:
            money = share * float(pole_demand(table, pole, at=at).sum())
        placed.append(place(economy, pole, money, at=at, by_sector=False))
    demand = np.concatenate([one.production for one in placed], axis=1)
    whole = np.asarray(economy.solve_open(demand).x)
    made = whole if economy.closed is None else economy.solve(demand)

    names = [pole.name for pole in found]
    receivers = [*names, REST] if (owner == len(found)).any() else names
    by_region = (made[:, :, None] * intensity[:, None, :]).reshape(
        n_regions, table.n_sectors, len(found), -1
    )
    effect = np.zeros((len(receivers), len(found), len(accounts)))
    np.add.at(effect, owner, by_region.sum(axis=1))
    effect = effect.transpose(1, 0, 2)
    alone, own = np.zeros((2, len(found), len(accounts)))
    for p, (pole, one) in enumerate(zip(found, placed, strict=True)):
        rows = pole.rows(table)
        part = Leontief(within(economy.open.operator, pole.regions), labels=table.labels[rows])
        f = np.ascontiguousarray(one.production[rows])
        inside = part.solve(f, tolerance=TOLERANCE).raise_for_status().x
        alone[p] = (np.asarray(inside) * intensity[rows]).sum(axis=0)
        own[p] = whole[rows, p] @ intensity[rows]
    emitted_in = np.zeros((len(found), table.n_sectors, len(accounts)))
    received_in = np.zeros_like(emitted_in)
    for p in range(len(found)):
        emitted_in[p] = by_region[owner != p, :, p].sum(axis=0)
        mine = by_region[owner == p].sum(axis=0)
        received_in[p] = mine.sum(axis=1) - mine[:, p]
    here = np.arange(len(found))
    square = effect[:, : len(found)]
    kept = square[here, here]
    emitted = effect.sum(axis=1) - kept
    received = square.sum(axis=0) - kept
    all_made = np.einsum("np,na->pa", made, intensity)
    size = np.maximum(np.abs(all_made).max(axis=0), np.finfo(np.float64).tiny)
    pairs, single, by_sector = (POLE, RECEIVER, ACCOUNT), (POLE, ACCOUNT), (POLE, SECTOR, ACCOUNT)
    units = {a.units for a in accounts}
    about = {"units": units.pop() if len(units) == 1 else "see account_units"}
    balance = np.zeros_like(effect)
    balance[:, : len(found)] = square - square.transpose(1, 0, 2)
    balance[:, len(found) :] = effect[:, len(found) :]
    out = {
        "effect": (pairs, effect, about | {"long_name": "effect in the receiver"}),
        "balance": (pairs, balance, about | {"long_name": "given less got in return"}),
        "intraregional": (single, alone, about),
        "feedback": (single, own - alone, about),
        "induced_inside": (single, kept - own if economy.closed is not None else 0 * own, about),
        "emitted": (single, emitted, about | {"long_name": "effects in all others"}),
        "received": (single, received, about | {"long_name": "effects of all other poles"}),
        "net": (single, received - emitted, about | {"long_name": "received less emitted"}),
        "emitted_in": (by_sector, emitted_in, about | {"long_name": "emitted by sector"}),
        "received_in": (by_sector, received_in, about | {"long_name": "received by sector"}),
        "stimulus": ((POLE,), [float(one.given.sum()) for one in placed], {"units": table.unit}),
        "gap": ((ACCOUNT,), np.abs(effect.sum(axis=1) - all_made).max(axis=0) / size,
                {"units": "1"}),
    }  # fmt: skip
    coords = {
        POLE: names, RECEIVER: receivers, SECTOR: table.sectors,
        ACCOUNT: [a.name for a in accounts],
        "account_units": (ACCOUNT, [a.units for a in accounts]),
    }  # fmt: skip
    attrs = {
        "at": at,
        "households": "outside (type I)" if economy.closed is None else "inside (type II)",
    }
    return xr.Dataset(out, coords=coords, attrs=attrs)


def plot_exchange(
    data: xr.Dataset, *, account: str | None = None, own: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw who gives (rows) to whom (columns), darker where more.

    Parameters
    ----------
    data
        From `spillover_exchange`.
    account
        Which; the first when left out.
    own
        Show what poles keep themselves as well.
    """
    import matplotlib.pyplot as plt

    chosen = str(data[ACCOUNT].values[0]) if account is None else account
    values = data["effect"].sel({ACCOUNT: chosen}).values.copy()
    if not own:
        here = np.arange(len(values))
        values[here, here] = np.nan
    size = 1.5 + 0.28 * len(values)
    ax = plt.subplots(figsize=(size + 1, size))[1] if ax is None else ax
    image = ax.imshow(values, cmap="viridis_r", aspect="auto")
    ax.set_xticks(np.arange(values.shape[1]), data[RECEIVER].values, rotation=90, fontsize="small")
    ax.set_yticks(np.arange(len(values)), data[POLE].values, fontsize="small")
    ax.set_xlabel("receives")
    ax.set_ylabel("stimulus in")
    units = str(data["account_units"].sel({ACCOUNT: chosen}).values)
    ax.figure.colorbar(image, ax=ax, label=f"{chosen}, {units}")
    return ax


def plot_net(data: xr.Dataset, *, account: str | None = None, ax: Axes | None = None) -> Axes:
    """Bars of net positions, those who receive more than they emit on top."""
    import matplotlib.pyplot as plt

    chosen = str(data[ACCOUNT].values[0]) if account is None else account
    net = data["net"].sel({ACCOUNT: chosen})
    order = np.argsort(net.values, kind="stable")
    ax = plt.subplots(figsize=(7, 0.25 * len(order) + 1.5))[1] if ax is None else ax
    colours = np.where(net.values[order] >= 0, "tab:blue", "tab:red")
    ax.barh(np.arange(len(order)), net.values[order], color=list(colours))
    ax.set_yticks(np.arange(len(order)), net[POLE].values[order], fontsize="small")
    ax.axvline(0.0, color="0.3", linewidth=0.8)
    units = str(data["account_units"].sel({ACCOUNT: chosen}).values)
    ax.set_xlabel(f"received less emitted: {chosen}, {units}")
    return ax
