"""What an equilibrium hands over: wages, prices, money, welfare, and how sure all of it is.

Owns the question: how is an equilibrium told, with its labels, units and status?

Public names
------------
``Equilibrium``         the numbers, `data` with labels and units, `raise_for_status`
``EquilibriumStatus``   certified, not_unique, infeasible, not_converged
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.equilibria.certificate import Certificate
from model.equilibria.closure import Numeraire
from model.errors import Infeasible, NotConverged, Uncertified

Array = NDArray[np.float64]

__all__ = ["Equilibrium", "EquilibriumStatus"]


class EquilibriumStatus(StrEnum):
    """How a search ended."""

    CERTIFIED = "certified"
    """Every market clears within the tolerance, and nothing speaks against uniqueness."""
    NOT_UNIQUE = "not_unique"
    """An equilibrium, and there are others or there must be; `reason` says why."""
    INFEASIBLE = "infeasible"
    """A region is left with nothing to spend."""
    NOT_CONVERGED = "not_converged"
    """Markets do not clear within the tolerance; `reason` says what to change."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Equilibrium:
    """An economy at rest after a change. "New / base" numbers are 1 where nothing changed.

    Attributes
    ----------
    regions, sectors : tuple of str
    unit : str
        Of money; all money is in the numeraire.
    numeraire : {"national value added", "foreign price"}
    wages : (R,) array
        New / base wage.
    other_return : (R,) array
        New / base return of the rest of value added; the wage where all of it is labour's.
    import_price : float
        New / base price of imports in the numeraire.
    mill_prices : (R, S) array
        New / base, by place of production.
    delivered_prices : (R, S) array
        New / base price of the domestic bundle, by place of use.
    consumer_prices : (R,) array
        New / base price of final purchases.
    trade_shares : (S, R, R) array
        Value shares of domestic origins [product, from, to].
    output, value_added, final_demand : (R, S) arrays
        Money; output and value added by place of production, final demand (domestic and imported)
        by place of use and product, without imports that the table tells only in total.
    exports : (R, S) array
        Money.
    real_output, real_consumption_by_product : (R, S) arrays
        At base-year prices; consumption is final demand by product, each at its own price.
    expenditure, deficit, income : (R,) arrays
        Money: final use, what of it income does not pay, factor income and taxes.
    real_consumption : (R,) array
        New / base final purchases over their price.
    welfare : (R,) array
        New / base real consumption per person.
    real_wage : (R,) array
        New / base wage over the price of final purchases.
    population : (R,) array
        New / base.
    status : EquilibriumStatus
    reason : str
        In words, unless certified.
    guarantee : str
        What is known about uniqueness.
    certificate : Certificate
        Residuals by market, error of log wages, index, and more.
    iterations, stages : int
        Newton steps, and the parts the change was taken in.
    tolerance : float
        Largest residual asked.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    unit: str
    numeraire: Numeraire
    wages: Array
    other_return: Array
    import_price: float
    mill_prices: Array
    delivered_prices: Array
    consumer_prices: Array
    trade_shares: Array
    output: Array
    value_added: Array
    final_demand: Array
    exports: Array
    real_output: Array
    real_consumption_by_product: Array
    expenditure: Array
    deficit: Array
    income: Array
    real_consumption: Array
    welfare: Array
    real_wage: Array
    population: Array
    status: EquilibriumStatus
    reason: str
    guarantee: str
    certificate: Certificate
    iterations: int
    stages: int
    tolerance: float

    @property
    def residual(self) -> float:
        """Largest relative gap of any equation."""
        return self.certificate.residual

    @property
    def data(self) -> xr.Dataset:
        """The numbers with their labels and units."""
        money, ratio = self.unit, "1"
        region, flat = ("region",), ("region", "sector")
        numeraire = f"{self.numeraire} constant"
        entries = {
            "wage": (region, self.wages, ratio, "wage, new / base"),
            "other_return": (region, self.other_return, ratio, "other factors, new / base"),
            "consumer_price": (region, self.consumer_prices, ratio, "final purchases, new / base"),
            "real_consumption": (region, self.real_consumption, ratio, "real, new / base"),
            "welfare": (region, self.welfare, ratio, "real consumption per person, new / base"),
            "real_wage": (region, self.real_wage, ratio, "real wage, new / base"),
            "population": (region, self.population, ratio, "residents, new / base"),
            "expenditure": (region, self.expenditure, money, f"final use, {numeraire}"),
            "income": (region, self.income, money, f"factor income and taxes, {numeraire}"),
            "deficit": (region, self.deficit, money, f"final use less income, {numeraire}"),
            "output": (flat, self.output, money, f"output, {numeraire}"),
            "value_added": (flat, self.value_added, money, f"value added, {numeraire}"),
            "final_demand": (flat, self.final_demand, money, f"by place of use, {numeraire}"),
            "exports": (flat, self.exports, money, f"exports, {numeraire}"),
            "real_output": (flat, self.real_output, money, "output at base-year prices"),
            "mill_price": (flat, self.mill_prices, ratio, "by place of production, new / base"),
            "delivered_price": (
                flat, self.delivered_prices, ratio, "domestic bundle, by place of use, new / base"
            ),
            "trade_share": (
                ("sector", "region_from", "region_to"), self.trade_shares, ratio,
                "value share of each origin in domestic purchases",
            ),
        }  # fmt: skip
        made = {
            name: (dims, values, {"units": units, "long_name": text})
            for name, (dims, values, units, text) in entries.items()
        }
        names = list(self.regions)
        coords = {
            "region": names,
            "sector": list(self.sectors),
            "region_from": names,
            "region_to": names,
        }
        attrs = {
            "status": str(self.status),
            "residual": self.residual,
            "iterations": self.iterations,
            "numeraire": self.numeraire,
            "import_price": self.import_price,
        }
        return xr.Dataset(made, coords=coords, attrs=attrs)

    def raise_for_status(self) -> Equilibrium:
        """Return itself when certified.

        Raises
        ------
        NotConverged, Infeasible, Uncertified
            As the status says.
        """
        if self.status is EquilibriumStatus.NOT_CONVERGED:
            raise NotConverged(self.reason)
        if self.status is EquilibriumStatus.INFEASIBLE:
            raise Infeasible(self.reason)
        if self.status is EquilibriumStatus.NOT_UNIQUE:
            raise Uncertified(self.reason)
        return self
