"""Sourcing by logit in money, with the logsum as the price that buyers pay.

Owns the question: which quantities does a logit in delivered money cost choose, at which price,
such that what is paid for all of them is that price?

Public names
------------
``logit_price``   ln P of alternatives whose cost changes by d
``logit_units``   quantities chosen, relative to the base year

Formula (alternatives r with base shares t, sum 1; d_r new / base delivered cost; lambda > 0)
---------------------------------------------------------------------------------------------
    q_r = t_r exp(-mu d_r) / sum_s t_s exp(-mu d_s) d_s / P,      mu = lambda / P
    P   = -(1 / mu) ln sum_r t_r exp(-mu d_r)                     the logsum, so that
    sum_r q_r d_r = P      and      dP / dd_r = q_r               at any costs
The dispersion follows the price level, so that shares do not depend on the unit of money; with a
fixed one the logsum is not what is paid, and accounts do not close. At the base year the elasticity
of a small alternative's quantity is -lambda: with lambda = 1 + theta value shares are those of CES
with theta to first order, and prices to second. Far from it the logit gives up dear alternatives
faster than CES, and cannot do without all of those whose base share is above 1 - exp(-lambda).

Source: Williams (1977) for the logsum as the price; Matsuyama & Ushchev (2017), Beyond CES, for
demand that is homothetic with an indirect utility that adds up over alternatives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.errors import InvalidParameter, NotConverged

Array = NDArray[np.float64]

__all__ = ["logit_price", "logit_units"]

STEP = 1e-10
MOST = 100


def logit_price(log_cost: Array, share: Array, sensitivity: Array, axis: int) -> Array:
    """Return ln P, the shape of `share` without `axis`.

    Newton steps in 1 / P from the mean cost: the logsum is convex there, so that every step stays
    on one side of the answer and none needs damping.

    Parameters
    ----------
    log_cost : array
        ln d; infinite where an alternative is closed.
    share : array
        t, the shape of `log_cost`; sums to one over `axis`, or to zero where nothing is bought.
    sensitivity : array
        lambda, broadcasts against the result.
    axis : int

    Raises
    ------
    InvalidParameter
        Where alternatives are closed that this lambda cannot do without.
    NotConverged
    """
    shut = np.isposinf(log_cost)
    lost = np.where(shut, share, 0.0).sum(axis=axis)
    open_cost = np.where(shut, 0.0, log_cost)
    mean = np.where(shut, 0.0, share * np.expm1(open_cost)).sum(axis=axis)
    left = 1.0 - lost
    room = 1.0 + np.log(np.maximum(left, np.finfo(float).tiny)) / sensitivity
    if np.any(room <= 0.0):
        raise InvalidParameter(
            "Buyers who choose by logit cannot give up origins with a base share above "
            f"1 - exp(-lambda); {float(lost.max()):.4g} is closed at lambda "
            f"{float(np.broadcast_to(sensitivity, lost.shape)[room <= 0.0].min()):g}. Raise theta, "
            'or take sourcing_form = "ces".'
        )
    # mean holds sum t (d - 1) of what is open: its mean cost is 1 + mean / left
    price = np.log1p((mean / left - (room - 1.0)) / room) if lost.any() else np.log1p(mean)
    for _ in range(MOST):
        total, slope = _excess(open_cost, shut, share, sensitivity, price, axis)
        step = np.log1p(np.log1p(total) * (1.0 + total) / slope)
        price = price - step
        if np.abs(step).max(initial=0.0) <= STEP:  # the next would be its square
            return np.asarray(price)
    raise NotConverged(
        f"The price of a logit bundle did not settle in {MOST} steps; the last moved it by "
        f"{float(np.abs(step).max()):.3g}. Check trade elasticities and cost changes."
    )


def logit_units(
    log_cost: Array, share: Array, sensitivity: Array, price: Array, axis: int
) -> Array:
    """Return q / t: units of each alternative per base unit of it and of the bundle.

    Parameters
    ----------
    log_cost, share, sensitivity, axis
        As in `logit_price`.
    price : array
        ln P.
    """
    shut = np.isposinf(log_cost)
    relative = np.expm1(np.where(shut, 0.0, log_cost) - np.expand_dims(price, axis))
    weight = np.where(shut, 0.0, np.exp(-np.expand_dims(sensitivity, axis) * relative))
    paid = 1.0 + (share * (weight * (1.0 + relative) - 1.0)).sum(axis=axis)
    return np.asarray(weight / np.expand_dims(paid, axis))


def _excess(
    open_cost: Array, shut: NDArray[np.bool_], share: Array, lam: Array, price: Array, axis: int
) -> tuple[Array, Array]:
    """Return sum t (exp(-lambda (d / P - 1)) - 1), and its slope in ln P."""
    relative = np.expm1(open_cost - np.expand_dims(price, axis))
    growth = np.where(shut, -1.0, np.expm1(-np.expand_dims(lam, axis) * relative))
    total = (share * growth).sum(axis=axis)
    slope = lam * (share * (1.0 + growth) * (1.0 + relative)).sum(axis=axis)
    return total, np.where(slope > 0.0, slope, 1.0)
