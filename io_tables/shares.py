"""Which part of its use a region gives to itself, and to the regions of the table at all.

Public names:
- `feasible_own_flow`: own-region flows from shares, capped cell by cell.
- `make_room`: own-region flows raised where the rest could not be shipped otherwise.
- `domestic_shares`, `DomesticShares`: shares that leave out a foreign part, converted.

Trade shares of a table sum to one over its regions: imports are a block of their own. Sources
that give shares of total use, t_i^rs with sum_r t_i^rs = 1 - m_i^s, are split here into

    domestic use (1 - m) z, imported use m z, and shares t / (1 - m).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from io_tables.container.checks import Floats
from io_tables.errors import InvalidTable

OWN_FLOW_CAP: Final = 0.98
"""Largest part of the smaller total of a region that may stay in it."""


def feasible_own_flow(
    origins: ArrayLike,
    destinations: ArrayLike,
    own_share: ArrayLike,
    *,
    cap: float = OWN_FLOW_CAP,
) -> Floats:
    """Own-region flows from shares of use, capped where supply is short.

    Parameters
    ----------
    origins, destinations
        (S, R) or (R,) supply and use of domestic products.
    own_share
        Share of domestic use that comes from the region itself, same shape, between 0 and 1.
    cap
        Largest part of the smaller total that may stay, so that every region still trades.

    Returns
    -------
    min(share * use, cap * min(supply, use)), same shape. `make_room` sees to it that the rest can
    be shipped between the regions.
    """
    supply, use = np.asarray(origins, dtype=np.float64), np.asarray(destinations, dtype=np.float64)
    share = np.asarray(own_share, dtype=np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        raise InvalidTable("own shares must lie between 0 and 1")
    return np.minimum(share * use, cap * np.minimum(supply, use))


def make_room(
    origins: ArrayLike,
    destinations: ArrayLike,
    own_flow: ArrayLike,
    *,
    level: float = OWN_FLOW_CAP,
) -> Floats:
    """Raise own-region flows until the rest of every product can be shipped without a diagonal.

    Parameters
    ----------
    origins, destinations, own_flow
        (S, R) or (R,) supply, use and own-region flows; regions on the last axis.
    level
        A region that has to give way keeps at most this part of all that is left to ship in
        what it ships and buys; with two regions, where nothing else is possible, all of it.

    Returns
    -------
    Own-region flows, same shape, unchanged wherever the rest could be shipped already.

    Notes
    -----
    The rest O', D' can be shipped if and only if O'_r + D'_r <= sum O' for every r (no region has
    more to ship and to buy than the others can take); at most one region fails at a time.
    """
    supply = np.asarray(origins, dtype=np.float64)
    use = np.asarray(destinations, dtype=np.float64)
    own = np.array(own_flow, dtype=np.float64)
    for s, d, o in zip(*(np.atleast_2d(a) for a in (supply, use, own)), strict=True):
        _raise_one_product(s, d, o, level if supply.shape[-1] > 2 else 1.0)
    return own


def _raise_one_product(supply: Floats, use: Floats, own: Floats, level: float) -> None:
    """Work of `make_room` for one product; raises `own` (R,) in place."""
    for _ in range(4 * len(supply)):
        out, into = supply - own, use - own
        total = min(out.sum(), into.sum())
        worst = int(np.argmax(out + into))
        load = out[worst] + into[worst]
        if load <= total * (1.0 + 1e-12):
            return
        more = (load - level * total) / (2.0 - level)
        own[worst] += min(more, out[worst], into[worst])


class DomesticShares(NamedTuple):
    """Total use split into a domestic part with shares that sum to one, and imports."""

    trade_share: Floats
    domestic_use: Floats
    demand: Floats
    imported_use: Floats
    imported_demand: Floats


def domestic_shares(
    trade_share: ArrayLike, total_use: ArrayLike, total_demand: ArrayLike
) -> DomesticShares:
    """Convert shares that leave out a foreign part into the form `from_pooled` takes.

    Parameters
    ----------
    trade_share
        (S, R, R) [product, from, to] shares of domestic origins in TOTAL use, summing to one
        minus the foreign share, which is the same for inputs and final use.
    total_use
        (S, R, S) use of domestic and imported products by industry at the place of use.
    total_demand
        (R, S, C) the same for final use.

    Returns
    -------
    Shares within domestic use, and both uses split into domestic and imported.

    Raises
    ------
    InvalidTable
        When a sum of shares lies outside 0 to 1.
    """
    share = np.asarray(trade_share, dtype=np.float64)
    use = np.asarray(total_use, dtype=np.float64)
    demand = np.asarray(total_demand, dtype=np.float64)
    domestic = share.sum(axis=1)
    if (share < 0).any() or (domestic > 1 + 1e-9).any():
        raise InvalidTable(
            "trade shares must be between zero and one and sum to at most one over their origins, "
            f"found sums from {domestic.min():.6g} to {domestic.max():.6g}"
        )
    domestic = np.minimum(domestic, 1.0)
    own = np.broadcast_to(np.eye(share.shape[1]), share.shape)
    part = domestic[:, None, :]
    inside = np.where(part > 0, share / np.where(part > 0, share.sum(axis=1)[:, None, :], 1.0), own)
    by_use, by_demand = domestic[:, :, None], domestic.T[:, :, None]
    return DomesticShares(
        trade_share=inside,
        domestic_use=use * by_use,
        demand=demand * by_demand,
        imported_use=use * (1.0 - by_use),
        imported_demand=demand * (1.0 - by_demand),
    )
