"""Where a province buys what it uses of the country's products.

Public names:
- `estimate_sourcing`: trade shares by product, from own shares and a gravity model of the rest.
- `Sourcing`: the result. `variant_own_shares`: the low, central and high own shares.

Terms, for one product: O_r = output less exports, D_r = domestic use, phi_r = own share of use,
c_rs = freight cost (goods) or passenger cost (construction, repair, services) from r to s.

    own flow       F_rr = min(phi_r D_r, 0.98 min(O_r, D_r))
    other flows    F_rs = u_r (O_r - F_rr) v_s (D_s - F_ss) c_rs^-beta,  r != s, to both totals
    trade shares   t_rs = F_rs / D_s

The other flows have a zero diagonal, so no province may hold more than half of what is left on
both sides together: (O_r - F_rr) + (D_r - F_rr) <= sum_s (O_s - F_ss). Where that fails (a
product made almost entirely in one province) F_rr is raised until it holds.
Variants: the odds of phi are halved (low) or doubled (high); beta has low and high values in
`figures/sectors.csv`. Both are assumptions, no trade between provinces is observed after 2007.
Source: doubly constrained gravity, Wilson (1970).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from io_tables.china.figures import Figures
from io_tables.china.supply import Supply
from io_tables.china.uses import Uses
from io_tables.errors import InvalidTable
from io_tables.labels import shown
from io_tables.trade import balance_gravity, feasible_own_flow

OwnShare = Literal["low", "central", "high"]
ODDS = {"low": 0.5, "central": 1.0, "high": 2.0}
SUPPLY_CAP = 0.98
"""Largest part of supply or use that may stay in a province (assumption)."""
SLACK = 0.02
"""Room left in the zero-diagonal condition so that flows are not forced (assumption)."""


@dataclass(frozen=True, eq=False)
class Sourcing:
    """Trade between provinces.

    Attributes
    ----------
    trade_share
        (S, R, R) [product, from, to], summing to one over `from`.
    own_flow
        (R, S) million yuan.
    limited, raised
        (R, S) bool: own flow cut by supply; own flow raised to make the rest feasible.
    decay
        (S,) exponents used.
    gap
        Largest relative gap of supply.
    """

    trade_share: np.ndarray
    own_flow: np.ndarray
    limited: np.ndarray
    raised: np.ndarray
    decay: np.ndarray
    gap: float


def variant_own_shares(own_shares: np.ndarray, variant: OwnShare) -> np.ndarray:
    """Own shares with their odds halved ("low"), kept ("central") or doubled ("high")."""
    if variant not in ODDS:
        raise InvalidTable(f"own_share must be one of {', '.join(ODDS)}; found {variant!r}")
    odds = own_shares / (1.0 - own_shares) * ODDS[variant]
    return odds / (1.0 + odds)


def decays(figures: Figures, decay: float | Literal["low", "high"] | None) -> np.ndarray:
    """(S,) exponent of cost by product: the central, low or high column, or one number for all."""
    if decay is None or isinstance(decay, str):
        columns = {None: "decay", "low": "decay_low", "high": "decay_high"}
        if decay not in columns:
            raise InvalidTable(f"decay must be a number, 'low', 'high' or None; found {decay!r}")
        column: np.ndarray = figures.sectors[columns[decay]].to_numpy(float)
        return column
    if not (np.isfinite(decay) and decay >= 0):
        raise InvalidTable(f"decay must be a number >= 0; found {decay!r}")
    return np.full(len(figures.sectors), float(decay))


def estimate_sourcing(
    figures: Figures,
    supply: Supply,
    uses: Uses,
    *,
    own_share: OwnShare = "central",
    decay: float | Literal["low", "high"] | None = None,
) -> Sourcing:
    """Estimate trade shares of every product.

    Raises
    ------
    InvalidTable
        For an unknown variant, and for a cost that is not above zero.
    InfeasibleMargins, NotConverged
        When the flows cannot meet supply and use.
    """
    phi = variant_own_shares(figures.own_shares, own_share)
    exponent = decays(figures, decay)
    origins = supply.output - uses.exports
    destinations = uses.demand
    own = feasible_own_flow(origins, destinations, phi, cap=SUPPLY_CAP)
    feasible = _raise_own(origins, destinations, own)
    freight = figures.sectors["sector_role"].eq("goods").to_numpy()
    cost = np.where(freight[:, None, None], figures.freight_cost, figures.passenger_cost)
    bad = np.argwhere(~((cost > 0) & np.isfinite(cost)).all(axis=0))
    if len(bad):
        names = list(figures.regions["region"])
        pairs = shown(f"{names[r]} to {names[s]}" for r, s in bad)
        raise InvalidTable(f"trade costs must be finite and above zero; they are not for {pairs}")
    trade = balance_gravity(
        origins.T,
        destinations.T,
        -exponent[:, None, None] * np.log(cost),
        own_flow=feasible.T,
        kernel_is_log=True,
    )
    return Sourcing(
        trade_share=trade.flows / trade.flows.sum(axis=1, keepdims=True),
        own_flow=feasible,
        limited=own < phi * destinations,
        raised=feasible > own,
        decay=exponent,
        gap=float(trade.margin_gap.max()),
    )


def _raise_own(origins: np.ndarray, destinations: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Raise own flows (R, S) until a zero diagonal can carry the rest of every product."""
    own = own.copy()
    for _ in range(200):
        rest = (origins - own).sum(axis=0) * (1.0 - SLACK)
        excess = origins + destinations - 2.0 * own - rest
        short = excess > 1e-9 * rest
        if not short.any():
            break
        # Raising F_rr by d lowers the left side by 2 d and the right side by (1 - SLACK) d.
        step = np.where(short, excess / (1.0 + SLACK), 0.0)
        own = np.minimum(own + step, np.minimum(origins, destinations))
    return own
