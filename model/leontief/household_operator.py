"""Households as one more buyer and earner in every region, around any operator.

Question owned: how are products with A done when A is enlarged by households?

Public names
    HouseholdOperator    an operator with one household row and column per region, last in it

Terms: n rows of the open system, R regions, N = n + R rows of the closed one, region-major with the
households last in each region. E (R, n) earning of households per output, C (n, R) their spending
per income, Q (R, R) [residence, work] who receives what is earned where, o (R,) what households pay
households per income.

    goods        A x + D C h          D the delivery of demand by place of use, or 1 when C is by
    households   Q (E x + o h)        place of production already

Source: Miller & Blair (2009), section 2.5.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.leontief.gravity import GravityOperator
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, IntArray, Operator, read_only


class HouseholdOperator(Operator):
    """An operator closed for households.

    Parameters
    ----------
    operator
        The open system.
    earning
        (n,) household income per money of output.
    spending
        (n,) spending on every product per money of household income of the same region, when
        `spending_at` is "use"; (n, R) by place of production and region of the household when it is
        "production".
    spending_at
        Which of the two `spending` is.
    residence
        (R, R) [residence, work] shares of income; None: everyone lives where they work.
    own
        (R,) income that households pay households, per income; None is nothing.

    Raises
    ------
    ShapeError
        For shapes that do not fit and numbers that are not finite.
    """

    def __init__(
        self,
        operator: Operator,
        earning: ArrayLike,
        spending: ArrayLike,
        *,
        spending_at: Literal["use", "production"] = "use",
        residence: ArrayLike | None = None,
        own: ArrayLike | None = None,
    ) -> None:
        n, starts = operator.n, operator.region_starts
        n_regions = starts.size - 1
        self.open = operator
        self.n_regions = n_regions
        self._by_use = spending_at == "use"
        earned = read_only(earning, "earning", (1,))
        spent = read_only(spending, "spending", (1,) if self._by_use else (2,))
        expected = (n,) if self._by_use else (n, n_regions)
        if earned.shape != (n,) or spent.shape != expected:
            raise ShapeError(
                f"earning must be ({n},) and spending {expected}; found {earned.shape} and "
                f"{spent.shape}."
            )
        home = np.eye(n_regions) if residence is None else residence
        self.residence = read_only(home, "residence", (2,))
        self.own = read_only(np.zeros(n_regions) if own is None else own, "own", (1,))
        if self.residence.shape != (n_regions, n_regions) or self.own.shape != (n_regions,):
            raise ShapeError(f"residence must be ({n_regions}, {n_regions}), own ({n_regions},).")

        region_of = np.repeat(np.arange(n_regions), np.diff(starts))
        rows = np.arange(n)
        self._earning = sp.csr_array((earned, (region_of, rows)), shape=(n_regions, n))
        self._spending = (
            sp.csr_array((spent, (rows, region_of)), shape=(n, n_regions))
            if self._by_use
            else sp.csr_array(spent)
        )
        self.region_starts = starts + np.arange(n_regions + 1)
        self._goods = rows + region_of
        self._homes = self.region_starts[1:] - 1
        parts = (earned, spent, self.residence, self.own)
        self.nonnegative = operator.nonnegative and all(bool((p >= 0).all()) for p in parts)

    @property
    def n(self) -> int:
        """Number of rows, households included."""
        return self.open.n + self.n_regions

    @property
    def _more_terms(self) -> float:
        widest = float(np.diff(self.open.region_starts).max(initial=0))
        return widest + self.n_regions + 4.0

    @property
    def row_terms(self) -> float:
        """Rounded terms in a row, the largest."""
        return float(np.max(self.open.row_terms)) + self._more_terms

    @property
    def column_terms(self) -> float:
        """Rounded terms in a column, the largest."""
        return float(np.max(self.open.column_terms)) + self._more_terms

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        return self.open.multiplications * 1.5 + self.n_regions**2

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return self.open.stored * 1.5 + self.n_regions**2

    def matmat(self, columns: FloatArray) -> FloatArray:
        """Return the product with X (N, k)."""
        goods, homes = columns[self._goods], columns[self._homes]
        spent = np.asarray(self._spending @ homes)
        out = np.empty_like(columns)
        out[self._goods] = self.open.matmat(goods) + (
            self.open.deliver(spent) if self._by_use else spent
        )
        out[self._homes] = self.residence @ (self._earning @ goods + self.own[:, None] * homes)
        return out

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return the transposed product with X (N, k)."""
        goods, homes = columns[self._goods], self.residence.T @ columns[self._homes]
        met = self.open.deliver_transposed(goods) if self._by_use else goods
        out = np.empty_like(columns)
        out[self._goods] = self.open.rmatmat(goods) + self._earning.T @ homes
        out[self._homes] = self._spending.T @ met + self.own[:, None] * homes
        return out

    def deliver(self, demand: FloatArray) -> FloatArray:
        """Spread demand by place of use over producing regions; household rows stay."""
        out = demand.copy()
        out[self._goods] = self.open.deliver(np.ascontiguousarray(demand[self._goods]))
        return out

    def deliver_transposed(self, weights: FloatArray) -> FloatArray:
        """Return weights as a buyer in each region meets them; household rows stay."""
        out = weights.copy()
        out[self._goods] = self.open.deliver_transposed(np.ascontiguousarray(weights[self._goods]))
        return out

    def block(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """Return [rows][:, columns], dense."""
        out = np.empty((rows.size, columns.size))
        row_home, column_home = np.isin(rows, self._homes), np.isin(columns, self._homes)
        row_region = np.searchsorted(self.region_starts, rows, side="right") - 1
        column_region = np.searchsorted(self.region_starts, columns, side="right") - 1
        row_good, column_good = rows - row_region, columns - column_region
        g, h = np.flatnonzero(~row_home), np.flatnonzero(row_home)
        cg, ch = np.flatnonzero(~column_home), np.flatnonzero(column_home)
        out[np.ix_(g, cg)] = self.open.block(row_good[g], column_good[cg])
        out[np.ix_(g, ch)] = self._spent(row_good[g], column_region[ch])
        earned = self._earning[:, column_good[cg]].toarray()
        out[np.ix_(h, cg)] = (self.residence @ earned)[row_region[h]]
        out[np.ix_(h, ch)] = (self.residence * self.own)[np.ix_(row_region[h], column_region[ch])]
        return out

    def _spent(self, rows: IntArray, regions: IntArray) -> FloatArray:
        """Spending of the households of `regions` that falls on open rows, dense."""
        if not self._by_use:
            return np.asarray(self._spending[rows][:, regions].toarray())
        if not isinstance(self.open, PooledOperator | GravityOperator):
            unit = np.zeros((self.n_regions, regions.size))
            unit[regions, np.arange(regions.size)] = 1.0
            return self.open.deliver(np.asarray(self._spending @ unit))[rows]
        size = self.open.n_sectors
        origin, product = np.divmod(rows[:, None], size)
        spent: FloatArray = np.asarray(self._spending.sum(axis=1)).reshape(-1)
        spent = spent[regions * size + product]
        if isinstance(self.open, PooledOperator):
            return np.asarray(self.open.trade[product, origin, regions] * spent)
        return np.asarray(self.open.shares(product, origin, regions) * spent)

    def dense(self) -> FloatArray:
        """Return the closed matrix (N, N), formed anew."""
        rows = np.arange(self.n)
        return self.block(rows, rows)

    def magnitude(self) -> Operator:
        """Return absolute values throughout."""
        if self.nonnegative:
            return self
        spent = abs(self._spending)
        return HouseholdOperator(
            self.open.magnitude(),
            np.asarray(abs(self._earning).sum(axis=0)).reshape(-1),
            np.asarray(spent.sum(axis=1)).reshape(-1) if self._by_use else spent.toarray(),
            spending_at="use" if self._by_use else "production",
            residence=abs(self.residence),
            own=abs(self.own),
        )

    def pattern(self) -> sp.csr_array:
        """Graph over rows, the open system's helper nodes, and one node per place of work."""
        inner = self.open.pattern().tocoo()
        n, helpers = self.open.n, inner.shape[0] - self.open.n
        place = np.concatenate([self._goods, self.n + np.arange(helpers)])
        work = self.n + helpers + np.arange(self.n_regions)
        earning, spending = self._earning.tocoo(), self._spending.tocoo()
        # Demand by place of use starts at the helper of its product where the open form has them.
        staged = self._by_use and helpers >= n
        source = place[n + spending.row] if staged else place[spending.row]
        lives, works = np.nonzero(self.residence)
        own = np.flatnonzero(self.own)
        start = [place[inner.row], source, self._homes[lives], work[earning.row], work[own]]
        end = [
            place[inner.col], self._homes[spending.col], work[works], place[earning.col],
            self._homes[own],
        ]  # fmt: skip
        size = self.n + helpers + self.n_regions
        edges = np.concatenate(start), np.concatenate(end)
        return sp.csr_array((np.ones(edges[0].size, dtype=bool), edges), shape=(size, size))
