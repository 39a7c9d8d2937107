"""Productivity under drawn elasticities and decays, without going back to pairs of places.

Owns the question: what does an edit do to productivity at another elasticity, another decay and
another value of time?

Public names
------------
``DrawnCloseness``   densities at a grid of decays; growth of density in, A^ of a draw out
``CLOSENESS``        what is drawn, as in the parameters table

The growth of density is a smooth function of the decay: it is made at `NODES` decays between the
least and the most that are drawn (Chebyshev points) and interpolated between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BarycentricInterpolator

from model.calibration import Calibration
from model.channels.productivity import KINDS, Agglomeration

Array = NDArray[np.float64]

__all__ = ["CLOSENESS", "DrawnCloseness"]

ENDINGS = tuple(dict.fromkeys(KINDS.values()))
CLOSENESS = tuple(f"{key}_{end}" for key in ("agglomeration", "density_decay") for end in ENDINGS)
NODES = 17


@dataclass(frozen=True, eq=False)
class DrawnCloseness:
    """Densities of the base year at a grid of decays.

    Attributes
    ----------
    central : Agglomeration
        At the parameters of the model.
    endings : tuple of str
        Kind of each sector, the ending of its parameters.
    grid : (NODES,) array
        Decays, rising.
    """

    central: Agglomeration
    endings: tuple[str, ...]
    grid: Array

    @classmethod
    def of(cls, base: Calibration, drawn: Mapping[str, Array]) -> DrawnCloseness:
        """Lay the grid over all decays that factors (draws,) by parameter lead to."""
        central = Agglomeration.of(base, base.ready["passenger"])
        endings = tuple(KINDS[role] for role in base.roles.roles)
        reached = [
            central.decay[[end == one for one in endings]][:, None]
            * np.append(drawn[f"density_decay_{end}"], 1.0)
            for end in set(endings)
        ]
        low = min(float(one.min()) for one in reached)
        high = max(float(one.max()) for one in reached)
        points = np.cos(np.pi * np.arange(NODES)[::-1] / (NODES - 1))
        return cls(central, endings, np.unique(0.5 * (low + high) + 0.5 * (high - low) * points))

    def at(self, base_costs: Array) -> Agglomeration:
        """Return the densities at the decays of the grid, at other passenger costs (O, O)."""
        people = self.central.people
        density = np.stack([base_costs**-alpha @ people for alpha in self.grid])
        return replace(self.central, costs=base_costs, alphas=self.grid, density=density)

    def ratio(self, growth: Array, factors: Mapping[str, float]) -> Array:
        """Return A^ (R, S) of a draw.

        Parameters
        ----------
        growth : (nodes, O) array
            Of `at` some costs, with the edit, at the value of time of the draw.
        factors : mapping of str to float
            Of `CLOSENESS`, on the central values.
        """
        elasticity = self.central.elasticity * self._of("agglomeration", factors)
        decay = self.central.decay * self._of("density_decay", factors)
        alphas: Array = np.unique(decay)
        if len(self.grid) == 1:
            there = np.repeat(growth, len(alphas), axis=0)
        else:
            there = np.asarray(BarycentricInterpolator(self.grid, growth)(alphas))
        drawn = replace(self.central, elasticity=elasticity, decay=decay, alphas=alphas)
        return drawn.ratio(there)

    def _of(self, key: str, factors: Mapping[str, float]) -> Array:
        return np.array([factors[f"{key}_{end}"] for end in self.endings])
