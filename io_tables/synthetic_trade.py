"""How the regions of a synthetic economy trade.

Question owned: what follows from costs, decays, supply weights and a chosen openness?

Public names
    kernels              cost ** -decay of every class of products
    home_factors         the factor on the own region that gives a chosen openness
    split_density        how many technology cells and suppliers a density leaves
    keep_largest         trade with a few suppliers only
    sparse_coefficients  the explicit matrix without its zeros

Terms and formula: as in `io_tables.synthetic`; R regions, S sectors.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from io_tables.synthetic_draw import Floats, RegionPlan


def split_density(density: float, n_regions: int) -> tuple[float, int]:
    """Share of technology cells kept and suppliers kept: a third and two thirds, in logarithms."""
    wanted = round(n_regions * density ** (2.0 / 3.0))
    suppliers = min(n_regions, max(2, wanted))
    return min(1.0, density * n_regions / suppliers), suppliers


def kernels(cost: Floats, decay: Floats) -> list[tuple[NDArray[np.intp], Floats]]:
    """Products of each decay, and their kernel (R, R)."""
    return [(np.flatnonzero(decay == value), cost**-value) for value in np.unique(decay)]


def keep_largest(flows: Floats, suppliers: int) -> None:
    """Keep the own region and the largest others of each column, which take over the rest."""
    R = len(flows)
    own = np.diagonal(flows).copy()
    np.fill_diagonal(flows, 0.0)
    elsewhere = flows.sum(axis=0)
    least = np.partition(flows, R - suppliers + 1, axis=0)[R - suppliers + 1]
    flows[flows < least] = 0.0
    flows *= elsewhere / flows.sum(axis=0)
    np.fill_diagonal(flows, own)


def sparse_coefficients(
    trade: Floats, technology: Floats, technology_of: NDArray[np.intp]
) -> sp.csr_array:
    """T A as csr, one region of use after the other."""
    S, R = trade.shape[:2]
    entries: list[tuple[NDArray[np.intp], NDArray[np.intp], Floats]] = []
    for s in range(R):
        block = technology[technology_of[s]]
        product, buyer = np.nonzero(block)
        rows, cells = np.nonzero(trade[product, :, s].T)
        values = trade[product[cells], rows, s] * block[product[cells], buyer[cells]]
        entries.append((rows * S + product[cells], s * S + buyer[cells], values))
    row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    return sp.csr_array((value, (row, column)), shape=(R * S, R * S))


def home_factors(
    regions: RegionPlan, weights: Floats, decay: Floats, demand: Floats, openness: float
) -> Floats:
    """(S,) factors on the own region that give each product the openness, by bisection.

    Rounded to six digits, so that the bits do not depend on the order of a matrix product's sums.
    """
    R, S = weights.shape
    if R == 1:
        return np.ones(S)
    own = np.diagonal(regions.cost)[:, None] ** -decay * weights
    others = np.empty_like(weights)
    for members, kernel in kernels(regions.cost, decay):
        others[:, members] = kernel.T @ weights[:, members]
    others -= own
    mass = demand / demand.sum(axis=0)
    low, high = np.full(S, -60.0), np.full(S, 60.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        found = (mass * others / (others + np.exp(middle) * own)).sum(axis=0)
        low, high = (
            np.where(found > openness, middle, low),
            np.where(found > openness, high, middle),
        )
    return np.array([float(f"{value:.6g}") for value in np.exp(0.5 * (low + high))])
