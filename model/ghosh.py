"""The supply-driven model: allocation coefficients, and what may be said with them.

Question owned: what follows when primary inputs change and every seller keeps its shares of buyers?

Public names
    WARNING          the sentence that belongs to every quantity read from this model
    allocation       B = x^-1 Z, or some of its rows
    ghosh_inverse    G = (I - B)^-1, or some of its rows
    ghosh            output, or prices, after a change of primary inputs
    plot_ghosh       bars of the largest changes

Terms: Z flows, x output, v primary inputs (value added, imports, taxes) in money, L = (I - A)^-1.

    x' = x'B + v'        x' = v'G        G = x^-1 L x
    d_x = x o L'(d_v / x)

so that one transposed Leontief solve does, and neither B nor G is formed. Read as quantities, d_x
says that buyers turn whatever they are given into output in fixed shares of sales, without the
inputs that go with it. Read as values at given quantities, d_x / x is the cost-push price change of
`model.prices`, exactly.

Source: Ghosh (1958); Oosterhaven (1988, 2012), why quantities are implausible; Dietzenbacher
(1997), the price reading; Miller & Blair (2009), sections 12.1 and 12.1.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.errors import ShapeError
from model.grids import draw_largest, grid, grid_coords, ratio
from model.leontief.align import align, positions
from model.leontief.inverse_pieces import TOLERANCE
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WARNING: Final = (
    "Ghosh quantities assume that buyers make output from whatever single input grows, without "
    "the other inputs (Oosterhaven 1988): read output_change as a change of value at given "
    "quantities, that is price_change, unless this is what is meant"
)


def allocation(
    table: RegionalTable, sellers: Sequence[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return allocation coefficients b_ij = z_ij / x_i, money per money of the seller's output.

    Parameters
    ----------
    table
        The economy.
    sellers
        (region, sector) of the rows wanted; None is all of them.

    Raises
    ------
    UnknownLabel
        For sellers that the table does not have.
    """
    rows = _rows(table, sellers)
    system = Leontief(table)
    x = np.asarray(table.x, dtype=float)
    cells = system.operator.block(rows, np.arange(system.n)) * x
    shares = ratio(cells, x[rows, None])
    return pd.DataFrame(shares, index=table.labels[rows], columns=table.labels, copy=False)


def ghosh_inverse(
    table: RegionalTable, sellers: Sequence[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return rows of G = (I - B)^-1: money of every buyer per money of primary input of a seller.

    Parameters
    ----------
    table
        The economy.
    sellers
        (region, sector) of the rows wanted; None is all of them.

    Raises
    ------
    UnknownLabel
        For sellers that the table does not have.
    TooLarge
        When all rows are asked for and do not fit.
    """
    rows = _rows(table, sellers)
    system = Leontief(table)
    x = np.asarray(table.x, dtype=float)
    if sellers is None:
        found = np.asarray(system.inverse(tolerance=TOLERANCE))
    else:
        found = np.asarray(system.rows(table.labels[rows], tolerance=TOLERANCE))
    # An industry without output allocates nothing: its row of B is zero, that of G the unit row.
    scaled = ratio(found * x, x[rows, None])
    idle = np.flatnonzero(x[rows] <= 0)
    scaled[idle, rows[idle]] = 1.0
    return pd.DataFrame(scaled, index=table.labels[rows], columns=table.labels, copy=False)


def ghosh(table: RegionalTable, change: pd.Series[float]) -> xr.Dataset:
    """Push a change of primary inputs through the shares in which sellers sell.

    Parameters
    ----------
    table
        The economy.
    change
        Money of primary inputs more (or less) by (region, sector); industries left out do not
        change.

    Returns
    -------
    Dataset over (region, sector): `output_change` money, `price_change` relative (the reading that
    holds), `final_change` what of it reaches final use, money. Attributes: warning, gap (final
    use takes all that primary inputs bring).

    Raises
    ------
    UnknownLabel
        For industries that the table does not have.
    ShapeError
        For changes in industries without output, or that are not finite.
    """
    x = np.asarray(table.x, dtype=float)
    given = full_rows(table, change, "change of primary inputs")
    idle = (x <= 0) & (given != 0)
    if idle.any():
        raise ShapeError(
            "primary inputs can change only where there is output; there is none in "
            f"{shown(table.labels[idle].tolist())}."
        )
    system = Leontief(table)
    solved = system.solve_transposed(ratio(given, x), tolerance=TOLERANCE).raise_for_status()
    price = np.asarray(solved.x)
    final = price * np.asarray(table.f, dtype=float)
    size = max(float(np.abs(given).sum()), np.finfo(float).tiny)
    money = table.unit
    data = {
        "output_change": grid(table, price * x, money, "change of the value of output"),
        "price_change": grid(table, price, "1", "relative change of price at given quantities"),
        "final_change": grid(table, final, money, "change of the value of final use"),
    }
    attrs = {"warning": WARNING, "gap": float(abs(final.sum() - given.sum()) / size)}
    return xr.Dataset(data, coords=grid_coords(table), attrs=attrs)


def full_rows(table: RegionalTable, given: pd.Series[float], what: str) -> FloatArray:
    """Return (n,) values of a Series by (region, sector), 0 where it names nothing.

    Raises
    ------
    UnknownLabel
        For labels that are no rows.
    ShapeError
        For rows named twice and numbers that are not finite.
    """
    rows = positions(given.index, table.labels)
    if np.unique(rows).size != rows.size:
        twice = given.index[given.index.duplicated()].tolist()
        raise ShapeError(f"{what} names rows twice: {shown(twice)}.")
    whole = np.zeros(len(table.labels))
    whole[rows] = given.to_numpy(dtype=float)
    return align(whole, whole.size, table.labels, what).columns[:, 0]


def _rows(table: RegionalTable, sellers: Sequence[tuple[str, str]] | None) -> IntArray:
    if sellers is None:
        return np.arange(len(table.labels))
    return positions(sellers, table.labels)


def plot_ghosh(data: xr.Dataset, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Bars of the largest changes of the value of output, with what reaches final use.

    Parameters
    ----------
    data
        From `ghosh`.
    most
        Industries that are drawn.
    """
    return draw_largest(data, ["output_change", "final_change"], most=most, ax=ax)
