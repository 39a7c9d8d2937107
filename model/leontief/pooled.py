"""The pooled (Chenery-Moses) operator: every buyer of a region takes a product from the same mix.

Question owned: how are products with T A done when T A is never formed?

Public names
    PooledOperator    technology by place of use and trade shares by product

Terms: region of use s, region of production r, product i, buying sector j.

    z_ij^rs = t_i^rs a_ij^s x_j^s      (T A)_(r,i),(s,j) = t_i^rs a_ij^s

Two stages: inputs by place of use w_i^s = sum_j a_ij^s x_j^s, one (S, S) block per region; then
producing regions f_i^r = sum_s t_i^rs w_i^s, one (R, R) block per product. One product costs
R S^2 + S R^2 multiplications instead of R^2 S^2.

Trade shares t >= 0 normally sum to one over producing regions. They need not: quantity shares
under changed transport costs (cheaper transport melts less) are taken as they are.

Source: Chenery (1953), Moses (1955); Miller & Blair (2009), section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.leontief.products import (
    FloatArray,
    IntArray,
    Operator,
    gather,
    none_negative,
    read_only,
    spread,
)
from model.leontief.sparse_technology import SparseTechnology, technology_of_form
from model.leontief.technology import Technology


class PooledOperator(Operator):
    """Technology blocks and trade shares: the operator T A on flat region-major rows.

    Parameters
    ----------
    technology
        (R, S, S) [region of use, product, buying sector], money of domestic product per money of
        output; or one (S, S) shared by all regions; or (G, S, S) with `technology_of`; or a list of
        scipy sparse blocks in the same numbers.
    trade
        (S, R, R) [product, from, to], shares >= 0 of what `to` buys that comes from `from`.
    technology_of
        (R,) position of each region's block among G shared ones.

    Raises
    ------
    ShapeError
        For shapes that do not fit, numbers that are not finite, and negative trade shares.
    """

    def __init__(
        self,
        technology: ArrayLike | Technology | SparseTechnology | Sequence[Any],
        trade: ArrayLike,
        *,
        technology_of: ArrayLike | None = None,
    ) -> None:
        self.trade = read_only(trade, "trade", (3,))
        n_sectors, n_regions = (int(size) for size in self.trade.shape[:2])
        if self.trade.shape[2] != n_regions:
            raise ShapeError(
                f"trade must be (S, R, R) [product, from, to], square in its regions; "
                f"found {self.trade.shape}."
            )
        if not none_negative(self.trade):
            where = np.argwhere(self.trade < 0)[:5].tolist()
            raise ShapeError(
                f"trade shares must be >= 0; below zero at [product, from, to] {where}."
            )
        self.technology = technology_of_form(technology, n_regions, n_sectors, technology_of)
        self.n_regions, self.n_sectors = n_regions, n_sectors
        self.region_starts = np.arange(n_regions + 1, dtype=np.intp) * n_sectors
        self.nonnegative = self.technology.nonnegative

    @property
    def n(self) -> int:
        """Number of rows, R * S."""
        return self.n_regions * self.n_sectors

    @property
    def row_terms(self) -> float:
        """Rounded terms in a row of T A x: S in the first stage, R in the second."""
        return float(self.n_sectors + self.n_regions)

    @property
    def column_terms(self) -> float:
        """Rounded terms in a row of A' T' x."""
        return self.row_terms

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        return float(self.n * self.n_regions + self.technology.multiplications)

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return float(self.trade.size + self.technology.size)

    def matmat(self, columns: FloatArray) -> FloatArray:
        """T (A X) for X (n, k)."""
        return spread(self.trade, self.technology.apply(columns))

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return A' (T' X) for X (n, k)."""
        return self.technology.apply(gather(self.trade, columns), transposed=True)

    def deliver(self, demand: FloatArray) -> FloatArray:
        """T Y: demand by place of use (n, k) as production (n, k)."""
        return spread(self.trade, demand)

    def deliver_transposed(self, weights: FloatArray) -> FloatArray:
        """T' W: weights by place of production (n, k) as a buyer in each region meets them."""
        return gather(self.trade, weights)

    def with_technology(self, changes: Mapping[int, FloatArray]) -> PooledOperator:
        """Return the same with the technology of some regions (positions) replaced."""
        out = copy(self)
        out.technology = self.technology.replaced(changes)
        out.nonnegative = out.technology.nonnegative
        return out

    def with_trade(self, changes: Mapping[int, FloatArray]) -> PooledOperator:
        """Return the same with the trade shares (R, R) of some products (positions) replaced."""
        trade = self.trade.copy()
        for product, shares in changes.items():
            trade[product] = shares
        trade.flags.writeable = False
        return PooledOperator(self.technology, trade)

    def own_shares(self) -> FloatArray:
        """t_i^ss as (R, S)."""
        return np.ascontiguousarray(np.diagonal(self.trade, axis1=1, axis2=2).T)

    def block(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """(T A)[rows][:, columns], dense."""
        region_from, product = np.divmod(rows[:, None], self.n_sectors)
        region_to, buyer = np.divmod(columns, self.n_sectors)
        shares = self.trade[product, region_from, region_to]
        return np.asarray(shares * self.technology.entries(region_to, product, buyer))

    def dense(self) -> FloatArray:
        """T A as a new dense (n, n) matrix."""
        shares = self.trade.transpose(1, 0, 2)[:, :, :, None]
        blocks = self.technology.by_region().transpose(1, 0, 2)
        return np.asarray(shares * blocks[None]).reshape(self.n, self.n)

    def magnitude(self) -> Operator:
        """T |A|."""
        if self.nonnegative:
            return self
        return PooledOperator(self.technology.magnitude(), self.trade)

    def pattern(self) -> sp.csr_array:
        """Graph over rows (r, i), then helper nodes (s, i) for products by place of use."""
        product, region_from, region_to = np.nonzero(self.trade)
        to_use = (region_from * self.n_sectors + product, region_to * self.n_sectors + product)
        return two_stage_graph(self.technology, to_use, n_hubs=0)


def two_stage_graph(
    technology: Technology | SparseTechnology, into_use: tuple[IntArray, IntArray], *, n_hubs: int
) -> sp.csr_array:
    """Rows (n), products by place of use (n), hubs: edges to products given, on to buyers added.

    `into_use` holds start and end; an end counts from the first product by place of use, and
    negative starts -1-h and ends -1-h mean hub h.
    """
    n_sectors = technology.n_sectors
    n = technology.n_regions * n_sectors
    region, product, buyer = technology.nonzero()
    start, end = into_use
    start = np.where(start < 0, 2 * n - 1 - start, start)
    end = np.where(end < 0, 2 * n - 1 - end, n + end)
    start = np.concatenate([start, n + region * n_sectors + product])
    end = np.concatenate([end, region * n_sectors + buyer])
    size = 2 * n + n_hubs
    return sp.csr_array((np.ones(start.size, dtype=bool), (start, end)), shape=(size, size))
