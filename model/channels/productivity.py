"""Productivity that follows closeness to people: agglomeration through access.

Owns the question: when trips get cheaper, how much more does each industry make of the same inputs?

Public names
------------
``productivity``    base and edited skims in, `Productivity` out
``Productivity``    A^ by region and sector, density of places by kind of sector
``KINDS``           kinds of sector with the parameters that belong to them

Formula (places o, d in regions; sector kind k)
-----------------------------------------------
    D_o = sum_d m_d / g_od^alpha_k                 effective density, own place included
    A^_o = (D'_o / D_o)^rho_k
    A^_r = sum_{o in r} w_o A^_o / sum w_o
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

Array = NDArray[np.float64]

__all__ = ["KINDS", "Productivity", "productivity"]

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


def productivity(base: Calibration, skims: Skims) -> Productivity:
    """Return the change of productivity under the skims of an edited network.

    Parameters
    ----------
    base : Calibration
    skims : Skims
        With the edits, over the places of the base network.
    """
    places, parameters, sectors = base.places, base.parameters, base.table.sectors
    codes = places.codes
    people = places.mass("population").to_numpy(dtype=np.float64)
    order = {"origin": codes, "destination": codes}
    before = base.skims.passenger["cost"].sel(order).values
    after = skims.passenger["cost"].sel(order).values
    weights = _weights(base)
    elasticity, decay = np.empty(len(sectors)), np.empty(len(sectors))
    roles = np.array(base.roles.roles)
    for role, ending in KINDS.items():
        here = roles == role
        elasticity[here] = np.array(parameters.by_sector(f"agglomeration_{ending}", sectors))[here]
        decay[here] = np.array(parameters.by_sector(f"density_decay_{ending}", sectors))[here]
    ratio = np.ones((len(places.regions), len(sectors)))
    known: dict[float, Array] = {}
    for alpha in np.unique(decay):
        known[float(alpha)] = (after**-alpha @ people) / (before**-alpha @ people)
        for rho in np.unique(elasticity[decay == alpha]):
            growth = np.expm1(rho * np.log(known[float(alpha)]))
            ratio[:, (decay == alpha) & (elasticity == rho)] += (weights @ growth)[:, None]
    alpha = parameters.get("density_decay_business_services")
    density = known.get(alpha)
    if density is None:
        density = (after**-alpha @ people) / (before**-alpha @ people)
    return Productivity(ratio, density)


def _weights(base: Calibration) -> Array:
    """Return shares of places in the gross product of their regions, (R, O)."""
    mass = base.places.mass("gdp").to_numpy(dtype=np.float64)
    region = base.places.region.to_numpy()
    member = np.array([region == one for one in base.places.regions]) * mass
    return np.asarray(member / member.sum(axis=1, keepdims=True))
