"""Fields of influence and important coefficients: which cells of A matter most.

Question owned: where would a small error, or a change of technology, move the whole economy?

Public names
    field_of_influence   what one coefficient does to every cell of L
    influence            two vectors whose outer product is the strength of every field
    most_influential     the strongest fields, as a list
    inverse_important    coefficients by how little they may change, as a list

Terms: A (n, n), L = (I - A)^-1; a change D of the single coefficient a_ij.

    L(D) - L = D L_.i L_j. / (1 - D l_ji)               exact (Sherman & Morrison 1950)
    F(i,j)   = L_.i L_j.                                field of influence: its derivative at D = 0

F has rank one, so every measure of its size is a product of two vectors and all n^2 fields cost
one pass over L: with "sum", sum_kl F = (i'L)_i (L i)_j; with "frobenius", |F| = |L_.i| |L_j.|.

Tolerable change of a coefficient, for a tolerance p (0.01 is one per cent):

    criterion "output"   no output moves by more than p     D = p / (x_j m_i + p l_ji),
                         m_i = max_k l_ki / x_k, which is l_ii / x_i where f >= 0
    criterion "inverse"  no cell of L moves by more than p  D = p l_ij / (l_ii l_jj + p l_ji l_ij)

The second rests on l_kl >= l_ki l_ij l_jl / (l_ii l_jj), which holds for every A >= 0: of all cells
of L, l_ij itself moves most, relatively, so that O(n^4) comparisons become O(n^2).

Source: Sonis & Hewings (1989, 1992), fields of influence; Bullard & Sebald (1977) and Schintke &
Staeglin (1988), tolerable limits; Miller & Blair (2009), section 12.3.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.errors import ShapeError, TooLarge
from model.grids import grid, grid_coords
from model.leontief.align import positions
from model.leontief.inverse_pieces import TOLERANCE, column_pieces
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief

Norm = Literal["frobenius", "sum"]
Criterion = Literal["output", "inverse"]
LARGEST = 2 * 1024**3
"""Bytes of the largest matrix formed here."""
ROWS_AT_ONCE = 512


def field_of_influence(
    table: RegionalTable,
    supplier: tuple[str, str],
    buyer: tuple[str, str],
    *,
    change: float | None = None,
) -> pd.DataFrame:
    """Return what one coefficient a_ij does to every cell of L, (n, n).

    Parameters
    ----------
    table
        The economy.
    supplier, buyer
        (region, sector) of the row i and of the column j.
    change
        D, money per money: the exact change of L. None gives the derivative F(i, j).

    Raises
    ------
    UnknownLabel
        For rows that the table does not have.
    ShapeError
        When the change makes the table singular or worse (D l_ji >= 1).
    TooLarge
        When the field does not fit; `influence` gives its size.
    """
    system = Leontief(table)
    _refuse_large(system.n)
    _, j = positions([supplier, buyer], table.labels)
    column = np.asarray(system.columns([supplier], tolerance=TOLERANCE))[:, 0]
    row = np.asarray(system.rows([buyer], tolerance=TOLERANCE))[0]
    scale = 1.0
    if change is not None:
        room = 1.0 - change * column[j]
        if not room > 0.0:
            raise ShapeError(
                f"a change of {change:g} leaves no inverse that makes sense: it must stay below "
                f"{1.0 / column[j]:g}, where the inputs it adds come back to {buyer} themselves."
            )
        scale = change / room
    field = scale * np.outer(column, row)
    return pd.DataFrame(field, index=table.labels, columns=table.labels, copy=False)


def influence(table: RegionalTable, *, norm: Norm = "frobenius") -> xr.Dataset:
    """Return the size of all fields of influence: strength(i, j) = as_supplier_i * as_buyer_j.

    Parameters
    ----------
    table
        The economy.
    norm
        "frobenius": root of the sum of squares over F; "sum": sum over F.

    Returns
    -------
    Dataset over (region, sector): `as_supplier`, `as_buyer`, without unit.

    Raises
    ------
    ShapeError
        For a norm that does not exist.
    """
    supplier, buyer = _sizes(table, norm)
    data = {
        "as_supplier": grid(table, supplier, "1", "size of the column of L"),
        "as_buyer": grid(table, buyer, "1", "size of the row of L"),
    }
    return xr.Dataset(data, coords=grid_coords(table), attrs={"norm": norm})


def most_influential(
    table: RegionalTable, *, top: int = 50, norm: Norm = "frobenius", existing: bool = True
) -> pd.DataFrame:
    """List the coefficients with the strongest fields of influence.

    Parameters
    ----------
    table
        The economy.
    top
        How many.
    norm
        As for `influence`.
    existing
        Only coefficients that are not zero.

    Returns
    -------
    DataFrame, strongest first: region_from, sector_from, region_to, sector_to, coefficient (money
    per money), strength (1).
    """
    supplier, buyer = _sizes(table, norm)
    operator = Leontief(table).operator
    everything = np.arange(supplier.size)
    kept = _Best(top)
    for first in range(0, supplier.size, ROWS_AT_ONCE):
        rows = everything[first : first + ROWS_AT_ONCE]
        cells = operator.block(rows, everything)
        strength = np.outer(supplier[rows], buyer)
        if existing:
            strength = np.where(cells != 0, strength, -np.inf)
        kept.add(rows, strength, cells)
    return kept.frame(table, "strength", sign=1.0)


def inverse_important(
    table: RegionalTable,
    *,
    tolerance: float = 0.01,
    criterion: Criterion = "output",
    top: int = 50,
) -> pd.DataFrame:
    """List the coefficients that may change least before the tolerance is passed.

    Parameters
    ----------
    table
        The economy; its A must be >= 0 for the criterion "inverse".
    tolerance
        p: relative change that is tolerated, of any output or of any cell of L.
    criterion
        "output" or "inverse".
    top
        How many.

    Returns
    -------
    DataFrame, most important first: region_from, sector_from, region_to, sector_to, coefficient,
    tolerable (relative increase of the coefficient that reaches the tolerance).

    Raises
    ------
    ShapeError
        For a tolerance that is not positive, a criterion that does not exist, or signed cells.
    TooLarge
        When L does not fit.
    """
    if not tolerance > 0:
        raise ShapeError(f"tolerance must be above 0; found {tolerance!r}.")
    if criterion not in ("output", "inverse"):
        raise ShapeError(f"criterion must be 'output' or 'inverse'; found {criterion!r}.")
    system = Leontief(table)
    n = system.n
    _refuse_large(n)
    if criterion == "inverse" and not system.operator.nonnegative:
        raise ShapeError("criterion 'inverse' needs A >= 0; this table has negative cells.")
    inverse = np.asarray(system.inverse(tolerance=TOLERANCE))
    output = inverse @ np.asarray(table.f, dtype=float)
    active = output > 0
    largest = np.zeros(n)
    for first in range(0, n, ROWS_AT_ONCE):
        part = inverse[active, first : first + ROWS_AT_ONCE]
        largest[first : first + ROWS_AT_ONCE] = (part / output[active, None]).max(axis=0)
    own = np.diagonal(inverse)
    everything = np.arange(n)
    kept = _Best(top)
    for first in range(0, n, ROWS_AT_ONCE):
        rows = everything[first : first + ROWS_AT_ONCE]
        cells = system.operator.block(rows, everything)
        back = inverse[:, rows].T
        if criterion == "output":
            allowed = np.full(cells.shape, tolerance)
            moved = np.outer(largest[rows], output) + tolerance * back
        else:
            allowed = tolerance * inverse[rows]
            moved = np.outer(own[rows], own) + allowed * back
        moved *= cells
        usable = (cells > 0) & active[None, :] & (moved > 0)
        relative = np.divide(allowed, moved, out=np.full(cells.shape, np.inf), where=usable)
        kept.add(rows, -relative, cells)
    return kept.frame(table, "tolerable", sign=-1.0)


class _Best:
    """The cells with the largest scores as blocks of rows pass by."""

    def __init__(self, top: int) -> None:
        if top < 1:
            raise ShapeError(f"top must be at least 1; found {top}.")
        self.top = top
        self.rows = np.empty(0, dtype=np.intp)
        self.columns = np.empty(0, dtype=np.intp)
        self.scores, self.cells = np.empty(0), np.empty(0)

    def add(self, rows: IntArray, scores: FloatArray, cells: FloatArray) -> None:
        flat = scores.reshape(-1)
        most = min(self.top, flat.size)
        chosen = np.argpartition(-flat, most - 1)[:most]
        row, column = np.divmod(chosen, scores.shape[1])
        self.rows = np.concatenate([self.rows, rows[row]])
        self.columns = np.concatenate([self.columns, column])
        self.scores = np.concatenate([self.scores, flat[chosen]])
        self.cells = np.concatenate([self.cells, cells[row, column]])
        best = np.lexsort((self.columns, self.rows, -self.scores))[: self.top]
        self.rows, self.columns = self.rows[best], self.columns[best]
        self.scores, self.cells = self.scores[best], self.cells[best]

    def frame(self, table: RegionalTable, name: str, *, sign: float) -> pd.DataFrame:
        real = np.isfinite(self.scores)
        sellers, buyers = table.labels[self.rows[real]], table.labels[self.columns[real]]
        columns: dict[str, Any] = {
            "region_from": sellers.get_level_values(0),
            "sector_from": sellers.get_level_values(1),
            "region_to": buyers.get_level_values(0),
            "sector_to": buyers.get_level_values(1),
            "coefficient": self.cells[real],
            name: sign * self.scores[real],
        }
        return pd.DataFrame(columns)


def _sizes(table: RegionalTable, norm: Norm) -> tuple[FloatArray, FloatArray]:
    """Sizes of the columns and of the rows of L, (n,) each."""
    if norm not in ("frobenius", "sum"):
        raise ShapeError(f"norm must be 'frobenius' or 'sum'; found {norm!r}.")
    system = Leontief(table)
    ones = np.ones(system.n)
    if norm == "sum":
        down = system.solve_transposed(ones, tolerance=TOLERANCE).raise_for_status().x
        across = system.solve(ones, tolerance=TOLERANCE).raise_for_status().x
        return np.asarray(down), np.asarray(across)
    column, row = np.empty(system.n), np.zeros(system.n)
    for columns, piece in column_pieces(system):
        column[columns] = np.einsum("ij,ij->j", piece, piece)
        row += np.einsum("ij,ij->i", piece, piece)
    return np.sqrt(column), np.sqrt(row)


def _refuse_large(n: int) -> None:
    if 8 * n * n > LARGEST:
        raise TooLarge(
            f"a matrix of {n} x {n} cells takes {8 * n * n / 2**30:.1f} GiB, more than the "
            f"{LARGEST / 2**30:.0f} GiB allowed: aggregate the table, or use `influence`."
        )
