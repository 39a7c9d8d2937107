"""Which right-hand sides a Leontief system is solved for.

Question owned: what is asked of a system of R regions and S sectors?

Public names
    Mix      sizes, final demand by place of use (R, S) and in all by place of production (n,)
    Task     a name, direct or transposed, and the right-hand sides (n,) or (n, k)
    ONE_DEMAND, OUTPUT_MULTIPLIERS, REGION_MULTIPLIERS, POLES, INVERSE
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.case import FloatArray

N_POLES = 31


@dataclass(frozen=True)
class Mix:
    n_regions: int
    n_sectors: int
    demand: FloatArray
    f: FloatArray

    @property
    def n(self) -> int:
        return self.n_regions * self.n_sectors


@dataclass(frozen=True)
class Task:
    """`inverse` asks for all of L; its right-hand sides are then the columns looked at."""

    name: str
    transposed: bool
    rhs: Callable[[Mix], FloatArray]
    inverse: bool = False


def _by_region(mix: Mix) -> FloatArray:
    """Indicators of the regions (n, R)."""
    return np.repeat(np.eye(mix.n_regions), mix.n_sectors, axis=0)


def _by_pole(mix: Mix) -> FloatArray:
    """One money for each product of each pole (n, poles * S), spread over regions by demand."""
    R, S = mix.n_regions, mix.n_sectors
    poles = min(N_POLES, R)
    pole_of = np.arange(R) * poles // R
    out = np.zeros((R, S, poles, S))
    for r in range(R):
        out[r, np.arange(S), pole_of[r], np.arange(S)] = mix.demand[r]
    out /= out.sum(axis=(0, 1))
    return out.reshape(mix.n, poles * S)


def _some_columns(mix: Mix) -> FloatArray:
    """Eight unit vectors spread over the rows (n, 8)."""
    where = np.linspace(0, mix.n - 1, min(8, mix.n)).astype(int)
    out = np.zeros((mix.n, where.size))
    out[where, np.arange(where.size)] = 1.0
    return out


ONE_DEMAND = Task("output for one demand vector", False, lambda mix: mix.f)
OUTPUT_MULTIPLIERS = Task("output multipliers", True, lambda mix: np.ones(mix.n))
REGION_MULTIPLIERS = Task("multipliers by region where output arises", True, _by_region)
POLES = Task("output for each product of 31 poles", False, _by_pole)
INVERSE = Task("the whole Leontief inverse", False, _some_columns, inverse=True)
