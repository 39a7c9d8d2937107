"""What changes between two Leontief systems of the same rows.

Question owned: given new technology, trade shares or columns for some labels, what is the new
operator, and which of its columns differ?

Public names
    changed    the new operator and the positions of the columns that differ from the old one

Terms: a region's technology (S, S) changes the S columns of that region; a product's trade shares
(R, R) change the columns of every region; a column (n,) of an explicit A is one column.

Source: Sherman & Morrison (1950), Woodbury (1950) for what solvers make of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from io_tables.labels import positions_of
from model.errors import ShapeError
from model.leontief.align import align, positions
from model.leontief.explicit import Explicit
from model.leontief.gravity import GravityOperator
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, IntArray, Operator
from model.leontief.within import rows_of


def changed(
    operator: Operator,
    labels: pd.Index | None,
    technology: Mapping[Any, ArrayLike] | None,
    trade: Mapping[Any, ArrayLike] | None,
    columns: Mapping[Any, ArrayLike] | pd.DataFrame | None,
    *,
    cost: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> tuple[Operator, IntArray]:
    """Apply changes to an operator.

    Raises
    ------
    ShapeError
        When the form of the operator has no such part, or a shape does not fit.
    UnknownLabel
        For regions, sectors or rows that the system does not have.
    """
    if columns is not None:
        if cost is not None or weights is not None:
            raise ShapeError("cost and weights belong to a gravity system, columns to another.")
        return _columns(operator, labels, technology, trade, columns)
    if not isinstance(operator, PooledOperator | GravityOperator):
        raise ShapeError("an explicit system is updated by columns={row label: new column}.")
    touched: list[IntArray] = []
    new: PooledOperator | GravityOperator = operator
    if technology:
        regions = _level(labels, 0, list(technology), operator.n_regions, "region")
        square = (operator.n_sectors, operator.n_sectors)
        blocks = _blocks(regions, technology, square, "technology")
        new = new.with_technology(blocks)
        touched.append(rows_of(operator, regions))
    if trade:
        if not isinstance(new, PooledOperator):
            raise ShapeError(
                "a gravity operator has no stored trade shares: give it cost= or weights=."
            )
        products = _level(labels, 1, list(trade), operator.n_sectors, "sector")
        square = (operator.n_regions, operator.n_regions)
        new = new.with_trade(_blocks(products, trade, square, "trade"))
        touched.append(np.arange(operator.n))
    if cost is not None or weights is not None:
        if not isinstance(new, GravityOperator):
            raise ShapeError(
                "cost and weights are those of a gravity system; give a pooled one "
                "trade={sector: shares}."
            )
        new = new.with_law(cost=cost, weights=weights)
        touched.append(np.arange(operator.n))
    return new, np.unique(np.concatenate(touched)) if touched else np.empty(0, dtype=np.intp)


def _columns(
    operator: Operator,
    labels: pd.Index | None,
    technology: object,
    trade: object,
    columns: Mapping[Any, ArrayLike] | pd.DataFrame,
) -> tuple[Operator, IntArray]:
    if technology or trade or not isinstance(operator, Explicit):
        raise ShapeError("columns belong to an explicit system, and come without other changes.")
    names = list(columns)
    where = positions(names, labels, operator.n)
    values = [align(columns[name], operator.n, labels, "column").columns[:, 0] for name in names]
    return operator.with_columns(where, np.stack(values, axis=1)), where


def _level(labels: pd.Index | None, level: int, asked: list[Any], size: int, what: str) -> IntArray:
    """Positions of regions (level 0) or sectors (level 1) of a full product."""
    if isinstance(labels, pd.MultiIndex):
        return positions_of(asked, labels.get_level_values(level).unique().tolist(), what=what)
    where = np.asarray(asked, dtype=np.intp)
    if (where < 0).any() or (where >= size).any():
        raise ShapeError(f"{what} positions go from 0 to {size - 1}; found {where.tolist()[:5]}.")
    return where


def _blocks(
    where: IntArray, given: Mapping[Any, ArrayLike], shape: tuple[int, int], what: str
) -> dict[int, FloatArray]:
    out = {}
    for position, (label, block) in zip(where, given.items(), strict=True):
        values = np.asarray(block, dtype=np.float64)
        if values.shape != shape:
            raise ShapeError(f"{what} of {label!r} must be {shape}; found {values.shape}.")
        out[int(position)] = values
    return out
