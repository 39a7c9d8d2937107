"""CES shares and price indices in logarithms, exact near no change and far from it.

Owns the question: when log prices of alternatives move, what are the new value shares and the log
price index, to full relative accuracy for small and for very large changes?

Public names
------------
``origin_shares``   one nest over R origins: (S, R, R) shares
``home_shares``     domestic bundle against imports: cells of use

Formula (base shares t, log price changes l, theta >= 0):
    ln P = -1/theta ln sum t exp(-theta l)       theta = 0: sum t l
    t' = t exp(-theta (l - ln P))
Same nests as `model.sourcing`, which works on ratios and gives quantities as well; here sums near
one go through log1p of sums of expm1, and others through the log of a sum of positive terms, so
that neither a change of 1e-12 nor an isolated region loses digits.

Source: Eaton & Kortum (2002), Econometrica 70(5), section 2; Dekle, Eaton & Kortum (2008).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

__all__ = ["home_shares", "origin_shares"]

NEAR = -0.5
"""Sums of expm1 below this lose digits in log1p."""


def origin_shares(trade: Array, log_change: Array, theta: Array) -> tuple[Array, Array]:
    """Return new value shares (S, R, R) and log price indices (S, R) over [product, to].

    Parameters
    ----------
    trade : (S, R, R) array
        Base value shares [product, from, to]; a column of zeros is a product not used.
    log_change : (S, R, R) array
        ln (p^ tau^); plus infinity closes a route.
    theta : (S,) array
    """
    power = -theta[:, None, None]
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.where(theta[:, None, None] == 0.0, 0.0, power * log_change)
        growth = np.expm1(scaled)
        total = np.einsum("irs,irs->is", trade, growth)
        used = trade > 0.0
        index = np.zeros_like(total)
        moves = theta > 0.0
        with np.errstate(divide="ignore"):
            index[moves] = -np.log1p(total[moves]) / theta[moves, None]
        for i in np.flatnonzero(~moves):
            index[i] = np.where(used[i], trade[i] * log_change[i], 0.0).sum(axis=0)
        far = np.argwhere((total < NEAR) & moves[:, None])
        for i, s in far:
            column = np.where(used[i, :, s], scaled[i, :, s], -np.inf)
            top = column.max()
            if np.isfinite(top):
                value = np.log((trade[i, :, s] * np.exp(column - top)).sum()) + top
                index[i, s] = -value / theta[i]
        shares = trade * np.exp(scaled + (theta[:, None] * index)[:, None, :])
        shares[~used] = 0.0
    return shares, index


def home_shares(home: Array, log_gap: Array, theta: Array) -> tuple[Array, Array]:
    """Return new domestic value shares and the log price of a cell of use, both relative to abroad.

    Parameters
    ----------
    home : (R, S, N) array
        Base domestic share of each cell.
    log_gap : (R, S) array
        Log price of the domestic bundle less log price of imports.
    theta : (S,) array

    Returns
    -------
    shares, log_price : (R, S, N) arrays
        `log_price` is that of the cell less that of imports.
    """
    gap = log_gap[:, :, None]
    elasticity = theta[None, :, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scaled = -elasticity * gap
        total = home * np.expm1(scaled)
        log_sum = np.where(
            total > NEAR, np.log1p(total), np.log(home * np.exp(scaled) + (1.0 - home))
        )
        index = np.where(elasticity == 0.0, home * gap, -log_sum / elasticity)
        index = np.where(home == 1.0, gap, index)
        shares = np.where(home == 1.0, 1.0, home * np.exp(scaled + elasticity * index))
    return shares, index
