"""How buyers shift between origins when delivery costs change, in hat algebra: CES or logit.

Owns the question: given base-year shares and relative changes of delivered cost, who buys how much
from whom, at which price index, and which quantities must be produced? Arrays only; labels live
elsewhere.

Public names
------------
``shift_origins``      one nest of domestic origins: value shares, price index, quantity shares
``shift_foreign``      the same elasticity between the domestic bundle and imports, cell by cell
``Sourcing``           what `shift_origins` returns
``SourcingForm``       "ces" or "logit"

Terms
-----
A *hat* is the ratio new / base. *Value shares* sum to one over origins and split money; *quantity
shares* turn units of the composite good into base-price output of each origin and do not sum to
one, because cheaper transport melts less on the way.

Formulae (products i, origin r, destination s; theta = sigma - 1)
-----------------------------------------------------------------
    t'_i^rs = t_i^rs (p^_i^r tau^_i^rs)^-theta / sum_q t_i^qs (p^_i^q tau^_i^qs)^-theta
    P^_i^s  = (sum_r t_i^rs (p^_i^r tau^_i^rs)^-theta)^(-1/theta)
              theta = 0: exp(sum t ln(p^ tau^))
    T^q_i^rs = t'_i^rs P^_i^s / p^_i^r
Foreign origin: one more origin whose price does not move; d is the domestic share of a cell of use,
    P^_c = (d P^^-theta + 1 - d)^(-1/theta)
    domestic composite per unit of use: (P^_c / P^)^(1 + theta),  imports per unit: P^_c^(1 + theta)
Logit in money instead, d = p^ tau^ the new cost of what cost 1: quantities q are chosen, not value,
so lambda = 1 + theta moves value shares as theta does, to first order, and the price is the logsum
(`model.logit_sourcing`):
    q_i^rs  = t exp(-mu d) / sum_q t exp(-mu d) d / P,   mu = lambda_i / P
    P       = -(1 / mu) ln sum_r t exp(-mu d),   t' = q d / P
All of it is written with log1p/expm1, so that no change gives exactly no effect and theta near 0
is safe.

Source: Dekle, Eaton & Kortum (2008), IMF Staff Papers 55(3), equations 11-13; Armington (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.logit_sourcing import logit_price, logit_units

Array = NDArray[np.float64]
SourcingForm = Literal["ces", "logit"]

__all__ = ["ForeignShift", "Sourcing", "SourcingForm", "shift_foreign", "shift_origins"]


@dataclass(frozen=True)
class Sourcing:
    """Shares and price index after a change of delivered cost.

    Attributes
    ----------
    value_share : (S, R, R) array
        t' over [product, from, to]; sums to one over `from` wherever the base share does.
    price_index : (S, R) array
        P^ over [product, to]: new / base cost of the domestic bundle.
    quantity_share : (S, R, R) array
        T^q over [product, from, to]: base-price output of `from` per unit of composite used in
        `to`.
    """

    value_share: Array
    price_index: Array
    quantity_share: Array


@dataclass(frozen=True)
class ForeignShift:
    """Domestic and foreign quantities per unit of base use, and the price of both together.

    Attributes
    ----------
    domestic : array
        Domestic composite per base unit of domestic use, at unchanged real use of the cell.
    foreign : array
        Imports per base unit of imports, at unchanged real use of the cell.
    price_index : array
        P^_c, new / base cost of a unit of the cell's use.
    substitutes : boolean array
        False where a negative entry keeps the two apart.
    """

    domestic: Array
    foreign: Array
    price_index: Array
    substitutes: NDArray[np.bool_]


def _log_price(log_change: Array, share_times_growth: Array, theta: Array) -> Array:
    """Return ln P^ from sum t expm1(-theta l) and, where theta is 0, from sum t l."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ces = -np.log1p(share_times_growth) / theta
    return np.where(theta == 0.0, log_change, ces)


def shift_origins(
    trade: Array,
    delivery_change: Array,
    theta: Array,
    *,
    mill_price: Array | None = None,
    form: SourcingForm = "ces",
) -> Sourcing:
    """Shift purchases between domestic origins.

    Parameters
    ----------
    trade : (S, R, R) array
        Base value shares [product, from, to]; columns over `from` sum to one (or to zero: not
        used).
    delivery_change : (S, R, R) array
        tau^, new / base delivered-cost factor, > 0.
    theta : (S,) array
        Trade elasticity sigma - 1 by product, >= 0.
    mill_price : (S, R) array, optional
        p^ by [product, from]; ones when left out ("at given prices").
    form : {"ces", "logit"}

    Returns
    -------
    Sourcing

    Raises
    ------
    InvalidParameter, NotConverged
        As `model.logit_sourcing`, for a logit.
    """
    log_delivered = np.log(delivery_change)
    if mill_price is not None:
        log_delivered = log_delivered + np.log(mill_price)[:, :, None]
    if form == "logit":
        return _logit_origins(trade, log_delivered, theta, mill_price)
    elasticity = theta[:, None]
    growth = np.expm1(-theta[:, None, None] * log_delivered)
    total_growth = np.einsum("irs,irs->is", trade, growth)
    value_share = trade * (1.0 + growth) / (1.0 + total_growth)[:, None, :]
    mean_log = np.einsum("irs,irs->is", trade, log_delivered)
    price_index = np.exp(_log_price(mean_log, total_growth, elasticity))
    quantity_share = value_share * price_index[:, None, :]
    if mill_price is not None:
        quantity_share = quantity_share / mill_price[:, :, None]
    return Sourcing(value_share, price_index, quantity_share)


def _logit_origins(
    trade: Array, log_delivered: Array, theta: Array, mill_price: Array | None
) -> Sourcing:
    sensitivity = 1.0 + theta[:, None]
    log_price = logit_price(log_delivered, trade, sensitivity, axis=1)
    units = trade * logit_units(log_delivered, trade, sensitivity, log_price, axis=1)
    closed = np.isposinf(log_delivered)
    paid = units * np.exp(np.where(closed, 0.0, log_delivered))  # q d, which sums to P
    price_index = np.exp(log_price)
    quantity_share = paid if mill_price is None else paid / mill_price[:, :, None]
    return Sourcing(paid / price_index[:, None, :], price_index, quantity_share)


def shift_foreign(
    domestic: Array,
    foreign: Array,
    price_index: Array,
    theta: Array,
    *,
    form: SourcingForm = "ces",
) -> ForeignShift:
    """Shift each cell of use between the domestic bundle and imports at the same elasticity.

    Cells with a negative entry (a run-down of stocks) buy nothing and do not substitute: their
    domestic and foreign parts are priced apart.

    Parameters
    ----------
    domestic, foreign : (R, S, N) arrays
        Base use of domestic and imported product S in region R by buyer N (industry or category).
    price_index : (R, S) array
        P^ of the domestic bundle, by region of use and product.
    theta : (S,) array
    form : {"ces", "logit"}

    Returns
    -------
    ForeignShift
        Arrays of shape (R, S, N).
    """
    total = domestic + foreign
    buys = (domestic >= 0.0) & (foreign >= 0.0) & (total > 0.0)
    share = np.divide(domestic, total, out=np.ones_like(total), where=buys)
    log_domestic = np.log(price_index)[:, :, None]
    elasticity = theta[None, :, None]
    if form == "logit":
        cost = np.stack(np.broadcast_arrays(log_domestic, np.zeros_like(share)))
        of = np.stack([share, 1.0 - share])
        log_both = logit_price(cost, of, 1.0 + elasticity, axis=0)
        units = logit_units(cost, of, 1.0 + elasticity, log_both, axis=0)
        return ForeignShift(units[0], np.where(buys, units[1], 1.0), np.exp(log_both), buys)
    growth = share * np.expm1(-elasticity * log_domestic)
    log_both = _log_price(share * log_domestic, growth, elasticity)
    power = 1.0 + elasticity
    return ForeignShift(
        domestic=np.exp(power * (log_both - log_domestic)),
        foreign=np.where(buys, np.exp(power * log_both), 1.0),
        price_index=np.exp(log_both),
        substitutes=buys,
    )
