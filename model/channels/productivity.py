"""Productivity that follows closeness to people: agglomeration through access.

Owns the question: when trips get cheaper, how much more does each industry make of the same inputs?

Public names
------------
``productivity``    base and edited skims in, `Productivity` out
``Productivity``    A^ by region and sector, density of places by kind of sector
``Agglomeration``   the same kept ready for edits, with its derivative
``KINDS``           kinds of sector with the parameters that belong to them

Formula (places o, d in regions; sector kind k)
-----------------------------------------------
    D_o = sum_d m_d / g_od^alpha_k                 effective density, own place included
    A^_o = (D'_o / D_o)^rho_k
    A^_r = sum_{o in r} w_o A^_o / sum w_o
    dln A_r / dg_od = -w_o rho_k alpha_k m_d g_od^(-alpha_k - 1) / D_o        at the base year
g generalised cost of passengers (money per trip), m population and w gross product of the base
year: an edit changes costs and nothing else. Output of a unit of inputs is multiplied by A^, its
price divided by it (`model.channels.joint`).

Source: Graham, Gibbons and Martin (2009), The spatial decay of agglomeration economies; United
Kingdom Department for Transport, TAG unit A2.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration
from model.costs import Skims
from networks.whatif import Costs

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

__all__ = ["KINDS", "Agglomeration", "Productivity", "productivity"]

KINDS: dict[str, str] = {
    "goods": "goods",
    "service": "services",
    "transport": "services",
    "construction": "construction",
    "business service": "business_services",
}
"""Role of a sector, and the ending of ``agglomeration_*`` and ``density_decay_*``."""


@dataclass(frozen=True, eq=False)
class Productivity:
    """What closeness does.

    Attributes
    ----------
    ratio : (R, S) array
        A^, new / base output of a bundle of inputs; exactly 1 where no trip changes.
    density : (O,) array
        New / base effective density of places at the decay of business services.
    """

    ratio: Array
    density: Array


@dataclass(frozen=True, eq=False)
class Agglomeration:
    """Effective densities of the base year, ready for edits.

    Attributes
    ----------
    costs : (O, O) array
        g, money per trip, places in the order of the calibration.
    people : (O,) array
        m.
    weights : (R, O) array
        Shares of places in the gross product of their regions.
    elasticity, decay : (S,) arrays
        rho and alpha by sector.
    alphas : (K,) array
        Every decay there is, rising.
    density : (K, O) array
        D at each of them.
    """

    costs: Array
    people: Array
    weights: Array
    elasticity: Array
    decay: Array
    alphas: Array
    density: Array

    @classmethod
    def of(cls, base: Calibration, costs: Array | None = None) -> Agglomeration:
        """Make them of a calibration; at other passenger costs (O, O) where given."""
        parameters, sectors = base.parameters, base.table.sectors
        elasticity, decay = np.empty(len(sectors)), np.empty(len(sectors))
        roles = np.array(base.roles.roles)
        for role, ending in KINDS.items():
            here = roles == role
            for values, key in ((elasticity, "agglomeration"), (decay, "density_decay")):
                values[here] = np.array(parameters.by_sector(f"{key}_{ending}", sectors))[here]
        people = np.asarray(base.places.mass("population"), dtype=np.float64)
        before = _passenger(base, base.skims) if costs is None else costs
        alphas = np.unique(decay)
        density = np.stack([before**-alpha @ people for alpha in alphas])
        return cls(before, people, _weights(base), elasticity, decay, alphas, density)

    def growth(self, cells: Ints, values: Array) -> Array:
        """Return ln D' / D, (K, O), when passenger costs of some pairs change.

        Parameters
        ----------
        cells : (n,) array
            Positions in the flat matrix of costs.
        values : (n,) array
            Costs there.
        """
        size = len(self.people)
        origin, destination = np.divmod(cells, size)
        before, mass = self.costs.ravel()[cells], self.people[destination]
        moved = np.empty_like(self.density)
        for row, alpha in enumerate(self.alphas):
            nearer = mass * (values**-alpha - before**-alpha)
            moved[row] = np.bincount(origin, weights=nearer, minlength=size)
        return np.asarray(np.log1p(moved / self.density))

    def ratio(self, growth: Array) -> Array:
        """Return A^ (R, S) from ln D' / D (K, O); exactly 1 where nothing grew."""
        found = np.ones((len(self.weights), len(self.decay)))
        for row, alpha in enumerate(self.alphas):
            for rho in np.unique(self.elasticity[self.decay == alpha]):
                mine = (self.decay == alpha) & (self.elasticity == rho)
                found[:, mine] += (self.weights @ np.expm1(rho * growth[row]))[:, None]
        return found

    def after(self, costs: Costs) -> Array:
        """Return A^ (R, S) after an edit."""
        return self.ratio(self.growth(*costs.changed["passenger"]))

    def gradient(self, of_productivity: Array) -> Array:
        """Return dJ / dg (O, O, N) from dJ / dln A (R, S, N)."""
        size, columns = len(self.people), of_productivity.shape[2]
        found = np.zeros((size, size, columns))
        for row, alpha in enumerate(self.alphas):
            rho = np.where(self.decay == alpha, self.elasticity, 0.0)
            of_region = np.einsum("rsn,s->rn", of_productivity, rho)
            of_place = (self.weights.T @ of_region) / self.density[row][:, None]
            slope = -alpha * self.people * self.costs ** (-alpha - 1.0)
            found += slope[:, :, None] * of_place[:, None, :]
        return found


def productivity(base: Calibration, skims: Skims) -> Productivity:
    """Return the change of productivity under the skims of an edited network.

    Parameters
    ----------
    base : Calibration
    skims : Skims
        With the edits, over the places of the base network.
    """
    closeness = Agglomeration.of(base)
    after = _passenger(base, skims)
    cells = np.flatnonzero(after != closeness.costs)
    growth = closeness.growth(cells, after.ravel()[cells])
    alpha = base.parameters.get("density_decay_business_services")
    where = np.flatnonzero(closeness.alphas == alpha)
    if len(where):
        density = np.exp(growth[where[0]])
    else:
        people = closeness.people
        density = (after**-alpha @ people) / (closeness.costs**-alpha @ people)
    return Productivity(closeness.ratio(growth), density)


def _passenger(base: Calibration, skims: Skims) -> Array:
    codes = base.places.codes
    order = {"origin": codes, "destination": codes}
    return np.ascontiguousarray(skims.passenger["cost"].sel(order).values, dtype=np.float64)


def _weights(base: Calibration) -> Array:
    """Return shares of places in the gross product of their regions, (R, O)."""
    mass = base.places.mass("gdp").to_numpy(dtype=np.float64)
    region = base.places.region.to_numpy()
    member = np.array([region == one for one in base.places.regions]) * mass
    return np.asarray(member / member.sum(axis=1, keepdims=True))
