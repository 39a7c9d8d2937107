"""An economy as the ledger solves it: industries alone, or with households inside as well.

Question owned: what does demand for products bring about in the industries, with or without the
spending of what households earn by it, and where does the money end?

Public names
    Economy         one table, its open system and, when asked, the one closed for households
    open_economy    build it
    SAVING, HOUSEHOLD_IMPORTS    kinds of leakage that only closed households have

Terms: n industries, R regions, N = n + R rows of the closed system. f (n, k) demand by place of
production; x (n, k) output of industries.

    open     x = (I - A)^-1 f
    closed   x, h = (I - A_h)^-1 (f, 0)                       h (R, k) income of households
    leakage  1 = column sum of A_h + what leaves by kind      for industries and for households

Of an industry's output what leaves is primary inputs other than wages, imports and taxes; of a
household's income what leaves is purchases abroad and the rest, saving and taxes.

Source: Miller & Blair (2009), sections 2.5 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from io_tables.table import RegionalTable
from model.accounts import leakage_of
from model.errors import NotProductive
from model.grids import ratio
from model.households import Households, close_households, spending_too_much
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief, Solution
from model.stimulus import final_purchases

TOLERANCE = 1e-11
"""Certified error of the ledger's solves: a tenth of what its identities promise."""
CLOSED_TOLERANCE = 1e-10
"""The same with households inside: their loops are longer, and so is what rounding alone leaves."""
HOUSEHOLD_IMPORTS = "imports of households"
SAVING = "saving and taxes of households"


@dataclass(frozen=True, eq=False)
class Economy:
    """A table and its systems.

    Attributes
    ----------
    table
        The economy.
    open
        Industries alone.
    closed
        With households inside; None when they are not.
    households
        What closes it.
    """

    table: RegionalTable
    open: Leontief
    closed: Leontief | None
    households: Households | None

    @property
    def goods(self) -> IntArray:
        """Rows (n,) of the industries in the closed system."""
        rows = np.arange(len(self.table.labels))
        return np.asarray(rows + rows // self.table.n_sectors)

    @property
    def homes(self) -> IntArray:
        """Rows (R,) of the households in the closed system."""
        regions = np.arange(self.table.n_regions)
        return np.asarray((regions + 1) * (self.table.n_sectors + 1) - 1)

    def solve_open(self, demand: FloatArray) -> Solution:
        """Output (n, k) without households."""
        return self.open.solve(demand, tolerance=TOLERANCE).raise_for_status()

    def solve(self, demand: FloatArray) -> FloatArray:
        """Output (n, k), households inside when the economy is closed."""
        if self.closed is None:
            return np.asarray(self.solve_open(demand).x)
        return self.solve_closed(demand)[self.goods]

    def solve_closed(self, demand: FloatArray) -> FloatArray:
        """Output and household income (N, k) of the closed system.

        Raises
        ------
        NotProductive
            Naming the regions whose households spend more than they earn.
        """
        assert self.closed is not None
        wide = np.zeros((self.closed.n, demand.shape[1]))
        wide[self.goods] = demand
        return self.solve_wide(wide)

    def solve_wide(self, demand: FloatArray) -> FloatArray:
        """Solve the closed system for demand and income given from outside, (N, k)."""
        assert self.closed is not None
        try:
            solved = self.closed.solve(demand, tolerance=CLOSED_TOLERANCE)
        except NotProductive as error:
            raise spending_too_much(self.table, self.closed.operator, error) from error
        return np.asarray(solved.raise_for_status().x)

    def solve_transposed(self, weights: FloatArray) -> FloatArray:
        """Multipliers (n, k) of weights on industries, households inside when closed."""
        if self.closed is None:
            solved = self.open.solve_transposed(weights, tolerance=TOLERANCE)
            return np.asarray(solved.raise_for_status().x)
        wide = np.zeros((self.closed.n, weights.shape[1]))
        wide[self.goods] = weights
        try:
            found = self.closed.solve_transposed(wide, tolerance=CLOSED_TOLERANCE)
        except NotProductive as error:
            raise spending_too_much(self.table, self.closed.operator, error) from error
        return np.asarray(found.raise_for_status().x)[self.goods]

    def leakage(self) -> tuple[list[str], FloatArray]:
        """Kinds of payment that leave, and rates (n, kinds) or (N, kinds) when closed."""
        kinds, rates = leakage_of(self.table, self.open.operator)
        if self.closed is None or self.households is None:
            return kinds, rates
        kept = [k for k, kind in enumerate(kinds) if kind not in self.households.labour]
        out = np.zeros((self.closed.n, len(kept) + 2))
        out[self.goods, : len(kept)] = rates[:, kept]
        inside = self.closed.operator.rmatvec(np.ones(self.closed.n))[self.homes]
        abroad = self._household_imports()
        out[self.homes, -2] = abroad
        out[self.homes, -1] = 1.0 - inside - abroad
        return [*[kinds[k] for k in kept], HOUSEHOLD_IMPORTS, SAVING], out

    def _household_imports(self) -> FloatArray:
        """Return imported purchases of households per money of their income, (R,)."""
        assert self.households is not None
        shape = (self.table.n_regions, self.table.n_sectors)
        domestic, imported = final_purchases(self.table, self.households.spending)
        bought, abroad = domestic.reshape(shape).sum(axis=1), imported.reshape(shape).sum(axis=1)
        # Spending per income is known to the operator; imports are in proportion to it.
        assert self.closed is not None
        spent = self.closed.operator.rmatvec(self._goods_only())[self.homes]
        return ratio(abroad * spent, bought)

    def _goods_only(self) -> FloatArray:
        assert self.closed is not None
        ones = np.zeros(self.closed.n)
        ones[self.goods] = 1.0
        return ones


def open_economy(table: RegionalTable, households: bool | Households = False) -> Economy:
    """Set up the systems of a table.

    Parameters
    ----------
    households
        True closes it for households, found by name; `Households(...)` says which they are.

    Raises
    ------
    UnknownLabel
        When names do not tell which figures are wages and household spending.
    """
    system = Leontief(table)
    if households is False:
        return Economy(table, system, None, None)
    chosen = Households.of(table) if households is True else households
    operator, labels = close_households(table, chosen)
    return Economy(table, system, Leontief(operator, labels=labels), chosen)
