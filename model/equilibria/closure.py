"""What closes the model: who may move, what money is measured in, and which unknowns that leaves.

Owns the question: which unknowns and which equations does an equilibrium have?

Public names
------------
``Rules``    elasticities, mobility, numeraire
``Shock``    what changes: delivery, productivity, deficits
``Layout``   positions of the unknowns in one vector

Unknowns (logs of new / base): return of every factor in every region (K * R, wages first);
population of every region and the real wage that all strive for (R + 1, when people move); the
price of imports in the numeraire (1, when it is not the numeraire itself). A country that trades
with nobody has one market too many (Walras): its last unknown is a common excess demand, zero in
every equilibrium.

Equations: factor markets (K * R); migration and total population (R + 1); national value added
constant (1, when it is the numeraire).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.equilibria.base import EquilibriumBase

Array = NDArray[np.float64]
Numeraire = Literal["national value added", "foreign price"]

__all__ = ["Layout", "Numeraire", "Rules", "Shock"]


@dataclass(frozen=True, eq=False)
class Rules:
    """Elasticities and closure.

    Attributes
    ----------
    theta : (S,) array
        Trade elasticity by product.
    export_elasticity : (S,) array
        Percent by which the quantity of exports falls when they become one percent dearer.
    mobility : float
        Elasticity of population in the real wage; 0 is immobile, infinity mobile.
    numeraire : {"national value added", "foreign price"}
    """

    theta: Array
    export_elasticity: Array
    mobility: float
    numeraire: Numeraire


@dataclass(frozen=True, eq=False)
class Shock:
    """What changes against the base year.

    Attributes
    ----------
    log_delivery : (S, R, R) array
        ln tau^ by [product, from, to].
    log_productivity : (R, S) array
        ln of new / base productivity by place of production.
    deficit : (R,) array
        New less given deficit, money in the numeraire.
    """

    log_delivery: Array
    log_productivity: Array
    deficit: Array

    def part(self, share: float) -> Shock:
        """Return a share of the shock in logarithms; deficits are new from the first."""
        if share == 1.0:
            return self
        return Shock(share * self.log_delivery, share * self.log_productivity, self.deficit)


@dataclass(frozen=True)
class Layout:
    """Where the unknowns stand in one vector of `size` numbers."""

    n_factors: int
    n_regions: int
    moves: bool
    last: Literal["import price", "excess demand", "none"]

    @classmethod
    def of(cls, base: EquilibriumBase, rules: Rules) -> Layout:
        """Return the layout of a closure."""
        last: Literal["import price", "excess demand", "none"] = "excess demand"
        if base.trades_abroad:
            last = "none" if rules.numeraire == "foreign price" else "import price"
        return cls(base.n_factors, base.n_regions, rules.mobility > 0.0, last)

    @property
    def n_returns(self) -> int:
        """K * R."""
        return self.n_factors * self.n_regions

    @property
    def size(self) -> int:
        """How many unknowns."""
        return self.n_returns + self.moves * (self.n_regions + 1) + (self.last != "none")

    def returns(self, z: Array) -> Array:
        """Log returns of factors, (K, R)."""
        return z[: self.n_returns].reshape(self.n_factors, self.n_regions)

    def people(self, z: Array) -> Array:
        """Log population, (R,)."""
        if not self.moves:
            return np.zeros(self.n_regions)
        return z[self.n_returns : self.n_returns + self.n_regions]

    def common(self, z: Array) -> float:
        """Log real wage that all strive for."""
        return float(z[self.n_returns + self.n_regions]) if self.moves else 0.0

    def import_price(self, z: Array) -> float:
        """Log price of imports in the numeraire."""
        return float(z[-1]) if self.last == "import price" else 0.0

    def excess(self, z: Array) -> float:
        """Return the common log excess demand of a country that trades with nobody."""
        return float(z[-1]) if self.last == "excess demand" else 0.0
