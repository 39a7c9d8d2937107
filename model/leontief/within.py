"""The part of an operator that lies inside some regions: A_PP, closed to everybody else.

Question owned: what is the operator of a set of regions on its own?

Public names
    within    the operator of a union of regions
    rows_of   flat rows of regions
    own_blocks    A_ss of every region

    A_PP      rows and columns of the regions P, in rising order

Source: Miller & Blair (2009), section 3.3.
"""

from __future__ import annotations

import numpy as np

from model.leontief.explicit import Explicit
from model.leontief.gravity import GravityOperator
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, IntArray, Operator


def rows_of(operator: Operator, regions: IntArray) -> IntArray:
    """Flat rows of regions, in the order given."""
    starts = operator.region_starts
    spans = [np.arange(starts[r], starts[r + 1]) for r in regions]
    return np.concatenate(spans) if spans else np.empty(0, dtype=np.intp)


def own_blocks(operator: Operator) -> list[FloatArray]:
    """Return A_ss of every region, dense."""
    n_regions = operator.region_starts.size - 1
    if isinstance(operator, Explicit) and operator.grid is not None:
        matrix, scale = operator.parts
        shape = operator.grid
        here = np.arange(n_regions)
        own = matrix.reshape(*shape, *shape)[here, :, here, :]
        return list(own * scale.reshape(n_regions, 1, -1))
    each = (rows_of(operator, np.array([region])) for region in range(n_regions))
    return [operator.block(rows, rows) for rows in each]


def within(operator: Operator, regions: IntArray) -> Operator:
    """Return the operator of `regions` (positions) alone; pooled where the whole is structured."""
    if isinstance(operator, PooledOperator | GravityOperator):
        part = operator.technology.part(regions)
        if isinstance(operator, PooledOperator):
            trade = operator.trade[:, regions[:, None], regions]
        else:
            product = np.arange(operator.n_sectors)[:, None, None]
            trade = operator.shares(product, regions[:, None], regions)
        return PooledOperator(part, trade)
    rows = rows_of(operator, regions)
    sizes = np.diff(operator.region_starts)[regions]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return Explicit(operator.block(rows, rows), region_starts=starts)
