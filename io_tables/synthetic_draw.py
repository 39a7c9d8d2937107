"""How the parts of a synthetic economy are drawn: sectors, technology, regions, supply.

Question owned: what do realistic sectors and regions look like, before trade joins them?

Public names
    KINDS               four kinds of sector
    SectorPlan          kinds, sizes and final use of S sectors
    RegionPlan          sizes, coordinates and distances of R regions
    draw_sectors        a plan of S sectors
    draw_technology     input coefficients of G groups of regions, (G, S, S)
    draw_regions        a plan of R regions

Formula of the technology: with q > 0 (S,) common to all groups and raw needs a >= 0,

    a_ij^g <- a_ij^g * rho * q_j / sum_k q_k a_kj^g       so that q' A^g = rho q' for every g.

Shares of trade sum to one over origins, hence (q, q, ..., q)' T A = rho (q, ..., q)': the spectral
radius of the whole economy is rho whatever the trade, to the rounding of S additions. q is chosen
as the left Perron vector of a typical region, so that columns of every kind add up to what such
sectors buy (manufacturing more than services), flattened where a high rho leaves no value added.

Source: Miller & Blair (2009), section 2.4 for column sums; Horn & Johnson (2013), theorem 8.1.26:
a positive left vector that is scaled by rho makes rho the spectral radius of a matrix >= 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KINDS: Final = ("primary", "manufacturing", "utilities and construction", "services")
_SHARE_OF_SECTORS: Final = (0.10, 0.50, 0.10, 0.30)
_BUYS: Final = np.array(
    [  # money of row kind bought per money of column kind, before scaling
        [0.20, 0.15, 0.08, 0.02],
        [0.20, 0.45, 0.40, 0.15],
        [0.08, 0.07, 0.12, 0.06],
        [0.20, 0.18, 0.20, 0.35],
    ]
)
_INPUTS: Final = np.array([0.40, 0.68, 0.66, 0.42])
"""Domestic inputs per money of output that columns of each kind tend to."""
_OWN_SECTOR: Final = np.array([4.0, 12.0, 3.0, 4.0])
"""How much more a sector buys of itself than of another of its kind."""
_SIZE: Final = np.array([0.6, 0.8, 2.0, 1.8])
_FINAL: Final = np.array([0.3, 0.6, 1.6, 1.4])
_EXPORTED: Final = np.array([0.03, 0.25, 0.01, 0.05])
_SIDE_KM: Final = 3000.0
_ACCESS_KM: Final = 20.0


@dataclass(frozen=True)
class SectorPlan:
    """S sectors: `kind` positions in KINDS, relative `size`, `final` use, `exported` share."""

    kind: NDArray[np.intp]
    size: Floats
    final: Floats
    exported: Floats

    @property
    def labels(self) -> tuple[str, ...]:
        """Return names such as "manufacturing 07"."""
        return tuple(f"{KINDS[k]} {i + 1:02d}" for i, k in enumerate(self.kind))


@dataclass(frozen=True)
class RegionPlan:
    """R regions: relative `size` (mean one), `coordinates` (R, 2) km, `cost` (R, R) km > 0."""

    size: Floats
    coordinates: Floats
    cost: Floats


def draw_sectors(rng: np.random.Generator, n_sectors: int) -> SectorPlan:
    """Draw S sectors: kinds in the order of KINDS, sizes with a long tail."""
    ends = np.round(np.cumsum(_SHARE_OF_SECTORS) * n_sectors)
    kind = np.searchsorted(ends, np.arange(n_sectors), side="right").clip(0, len(KINDS) - 1)
    size = _SIZE[kind] * rng.lognormal(0.0, 0.8, n_sectors)
    final = size * _FINAL[kind] * rng.lognormal(0.0, 0.4, n_sectors)
    return SectorPlan(
        kind=kind.astype(np.intp),
        size=size / size.mean(),
        final=final / final.sum(),
        exported=_EXPORTED[kind],
    )


def draw_technology(
    rng: np.random.Generator,
    sectors: SectorPlan,
    n_groups: int,
    *,
    spectral_radius: float,
    filled: float,
) -> tuple[Floats, Floats]:
    """Draw blocks (G, S, S) [product, buyer] and the left vector q (S,) they share.

    `filled` is the share of cells that are not zero; the largest needs are kept, and what a sector
    buys of itself always is.
    """
    kind, S = sectors.kind, len(sectors.kind)
    place = np.arange(S)
    near = 1.0 + 2.0 * np.exp(-np.abs(place[:, None] - place[None, :]) / 2.0)
    template = _BUYS[np.ix_(kind, kind)] * near * sectors.size[:, None]
    template *= rng.gamma(0.6, 1.0 / 0.6, (S, S)) + 1e-3
    typical = (_BUYS[np.ix_(kind, kind)] * sectors.size[:, None]).mean(axis=0)
    template[place, place] += _OWN_SECTOR[kind] * typical
    template = _sparsified(template, filled)
    blocks = template * rng.lognormal(0.0, 0.35, (n_groups, S, S))
    wish = _INPUTS[kind] * rng.lognormal(0.0, 0.15, S)
    natural = _left_vector(template * (wish / template.sum(axis=0)))
    ceiling = min(0.95, 1.0 - 0.25 * (1.0 - spectral_radius))
    strength = 1.0
    while True:
        q = natural**strength
        # Not a BLAS product: the bits must not depend on the number of threads.
        met = (q[:, None] * blocks).sum(axis=1)
        scaled = blocks * (spectral_radius * q / met)[:, None, :]
        if strength < 1e-3 or float(scaled.sum(axis=1).max()) <= ceiling:
            return scaled, q / q.mean()
        strength *= 0.8


def _left_vector(matrix: Floats) -> Floats:
    """Left Perron vector (S,) of a matrix >= 0, mean one: with it, columns add up as wished."""
    q = np.ones(len(matrix))
    for _ in range(200):
        q = q + (q[:, None] * matrix).sum(axis=0)
        q /= q.mean()
    return np.asarray(q)


def _sparsified(template: Floats, filled: float) -> Floats:
    S = len(template)
    keep = max(S, round(filled * S * S))
    if keep >= S * S:
        return template
    rank = template / template.sum(axis=0)
    rank[np.arange(S), np.arange(S)] = np.inf
    order = np.argsort(-rank, axis=None, kind="stable")
    out = np.zeros(S * S)
    out[order[:keep]] = template.reshape(-1)[order[:keep]]
    return out.reshape(S, S)


def draw_regions(rng: np.random.Generator, n_regions: int) -> RegionPlan:
    """Draw R regions in a square of 3,000 km: towns crowd around centres, sizes have a long tail.

    Cost is kilometres by road, 1.3 times the straight line plus access; within a region it is the
    mean distance in a disc of its area.
    """
    n_centres = max(1, round(np.sqrt(n_regions) / 2))
    centres = rng.uniform(0.0, _SIDE_KM, (n_centres, 2))
    around = centres[rng.integers(n_centres, size=n_regions)]
    crowd = around + rng.normal(0.0, 250.0, (n_regions, 2))
    alone = rng.uniform(0.0, _SIDE_KM, (n_regions, 2))
    coordinates = np.where(rng.random((n_regions, 1)) < 0.7, crowd, alone)
    size = rng.lognormal(0.0, 0.9, n_regions)
    area = _SIDE_KM**2 / n_regions * rng.lognormal(0.0, 0.5, n_regions)
    step = coordinates[:, None, :] - coordinates[None, :, :]
    cost = np.hypot(step[:, :, 0], step[:, :, 1])
    cost *= 1.3
    cost += _ACCESS_KM
    own = np.arange(n_regions)
    cost[own, own] = _ACCESS_KM + 1.3 * (2.0 / 3.0) * np.sqrt(area / np.pi)
    return RegionPlan(size / size.mean(), coordinates, cost)
