"""What the channels need to know of an economy beside its flows: who earns and who may move.

Owns the question: which figures of a table are household income and household spending, which are
investment, and how many people live in each region?

Public names
------------
``Economy``     arrays of one calibrated table; `Economy.of(calibration)`

Terms: R regions, S sectors, C categories of final demand. *Income* is what a region's industries
pay to primary inputs: wages where the table tells them, all primary inputs where it does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.blocks import Blocks
from model.calibration import Calibration
from model.errors import UnknownLabel
from model.households import Households
from model.sourcing import SourcingForm

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
INVESTMENT_WORDS = ("capital formation", "investment")

__all__ = ["Economy"]


@dataclass(frozen=True, eq=False)
class Economy:
    """A base year with its earners and buyers told apart.

    Attributes
    ----------
    blocks : Blocks
    theta : (S,) array
        Trade elasticity by product.
    regions, sectors, categories : tuples of str
    unit : str
    wages : (R, S) array or None
        Household income paid by each industry; None when the table's names do not tell.
    household_buys, investment_buys : (C,) bool arrays
        Categories that are household spending, and investment.
    population : (R,) array
    form : {"ces", "logit"}
        How buyers choose between origins.
    """

    blocks: Blocks
    theta: Array
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    categories: tuple[str, ...]
    unit: str
    wages: Array | None
    household_buys: Mask
    investment_buys: Mask
    population: Array
    form: SourcingForm = "ces"

    @classmethod
    def of(cls, base: Calibration) -> Economy:
        """Read them from a calibrated table; nothing is required of it but names."""
        table = base.table if base.table.kind == "pooled" else base.table.pooled()
        wages: Array | None = None
        bought = np.zeros(len(table.categories), dtype=bool)
        try:
            found = Households.of(table)
        except UnknownLabel:
            pass
        else:
            rows = table.va.loc[list(found.labour)].to_numpy(dtype=np.float64).sum(axis=0)
            wages = rows.reshape(table.n_regions, table.n_sectors)
            bought = np.isin(table.categories, found.spending)
        invests = [any(w in c.lower() for w in INVESTMENT_WORDS) for c in table.categories]
        people = base.places.mass("population").groupby(base.places.region).sum()
        return cls(
            blocks=base.blocks,
            theta=base.theta,
            regions=tuple(table.regions),
            sectors=tuple(table.sectors),
            categories=tuple(table.categories),
            unit=table.unit,
            wages=wages,
            household_buys=bought,
            investment_buys=np.array(invests, dtype=bool),
            population=np.asarray(people.reindex(table.regions), dtype=np.float64),
            form=base.form,
        )

    @property
    def income_rate(self) -> Array:
        """Income per unit of output, (R, S): wages, or all primary inputs where not told."""
        paid = self.blocks.primary if self.wages is None else self.wages
        output = self.blocks.output
        return np.divide(paid, output, out=np.zeros_like(output), where=output > 0.0)

    @property
    def household_income(self) -> Array:
        """Wages of the base year by region, (R,)."""
        return np.asarray(self._told().sum(axis=1))

    @property
    def wage_rate(self) -> Array:
        """Wages per unit of output, (R, S)."""
        output = self.blocks.output
        return np.divide(self._told(), output, out=np.zeros_like(output), where=output > 0.0)

    def _told(self) -> Array:
        if self.wages is None or not self.household_buys.any():
            raise UnknownLabel(
                "Closing households needs primary inputs that are wages and categories that are "
                "household spending; the names do not tell. Name them so that they contain "
                f"'compensation of employees' or 'wage', and 'household'; categories: "
                f"{', '.join(self.categories[:5])}."
            )
        return self.wages
