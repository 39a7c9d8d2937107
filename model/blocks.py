"""The arrays of a pooled table in the layout that the coupling computes with.

Owns the question: which array holds what a region buys of a product, from home and from abroad?

Public names
------------
``Blocks``     contiguous float64 arrays; `Blocks.of(table)` builds them once, at the boundary

Letters: R regions, S sectors (products and industries), C categories of final demand. First axis is
the place of use for purchases and the place of production for output, exports and primary inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from io_tables.table import RegionalTable

Array = NDArray[np.float64]

__all__ = ["Blocks"]


@dataclass(frozen=True)
class Blocks:
    """Base-year arrays; money per year unless said otherwise.

    Attributes
    ----------
    trade : (S, R, R) array
        Value shares [product, from, to].
    use, imported_use : (R, S, S) arrays
        Domestic and imported product (second axis) bought by industry (third axis).
    demand, imported_demand : (R, S, C) arrays
        Domestic and imported product bought by residents for final use.
    output, exports, primary : (R, S) arrays
        By place of production; primary is value added plus net taxes on inputs; a statistical
        discrepancy of the source counts as exports, which no response changes.
    technology : (R, S, S) array
        Domestic use per unit of output.
    """

    trade: Array
    use: Array
    imported_use: Array
    demand: Array
    imported_demand: Array
    output: Array
    exports: Array
    primary: Array
    technology: Array

    @classmethod
    def of(cls, table: RegionalTable) -> Blocks:
        """Read the blocks of a table; an explicit one is pooled first.

        Imports that are told only in total cannot change places with domestic products: they stay
        as they are and are left out of the blocks.
        """
        pooled = table if table.kind == "pooled" else table.pooled()
        data = pooled.data
        n_regions, n_sectors = pooled.n_regions, pooled.n_sectors

        def by_region(name: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> Array:
            if name not in data or set(data[name].dims) != set(dims):
                return np.zeros(shape)
            values = data[name].transpose(*dims).values
            return np.ascontiguousarray(values, dtype=np.float64)

        buyers = ("region", "sector_from", "sector")
        final = ("region", "sector", "category")
        squares = (n_regions, n_sectors, n_sectors)
        wide = (n_regions, n_sectors, len(pooled.categories))
        flat = (n_regions, n_sectors)
        primary = by_region("value_added", ("primary", "region", "sector"), (1, *flat)).sum(axis=0)
        return cls(
            trade=pooled.trade,
            use=by_region("domestic_use", buyers, squares),
            imported_use=by_region("imported_use", buyers, squares),
            demand=by_region("demand", final, wide),
            imported_demand=by_region("imported_demand", final, wide),
            output=by_region("output", ("region", "sector"), flat),
            exports=by_region("exports", ("region", "sector"), flat)
            + by_region("discrepancy", ("region", "sector"), flat),
            primary=primary + by_region("taxes", ("region", "sector"), flat),
            technology=pooled.technology,
        )

    @property
    def imported_technology(self) -> Array:
        """Imported use per unit of output, (R, S, S)."""
        output = np.broadcast_to(self.output[:, None, :], self.imported_use.shape)
        return np.divide(
            self.imported_use, output, out=np.zeros_like(self.imported_use), where=output > 0.0
        )

    @property
    def bought(self) -> Array:
        """Domestic product bought for any use, (R, S) by place of use."""
        return np.asarray(self.use.sum(axis=2) + self.demand.sum(axis=2))

    @property
    def flows(self) -> Array:
        """Base-year flows of each product, (S, R, R) [product, from, to]."""
        return self.trade * self.bought.T[:, None, :]
