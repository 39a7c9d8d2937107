"""The Leontief inverse seen piece by piece: columns come, are used and go.

Question owned: how are sums over all of L, and its diagonal blocks, had without keeping L?

Public names
    column_pieces    L in blocks of columns, each certified
    whole            all of L, where that is the cheapest way to its columns
    diagonal         l_jj (n,)
    diagonal_blocks  L_KK for disjoint groups K of rows
    own_cells        a_jj (n,)

Terms: L = (I - A)^-1 (n, n); a piece is L[:, J] (n, k).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from model.leontief.choice import inverse_pays
from model.leontief.machine import free_memory
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief

TOLERANCE: Final = 1e-10
"""Certified error of every column, relative to its sum."""
WIDTH: Final = 2048
"""Columns of a piece at most."""


def column_pieces(
    system: Leontief, order: IntArray | None = None, *, width: int | None = None
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield (positions J (k,), L[:, J] (n, k)) until all columns, or those of `order`, were seen.

    A piece has at most `width` columns, `WIDTH` when left out.

    Raises
    ------
    NotProductive, NotConverged, Uncertified
        From the solves.
    """
    wanted = np.arange(system.n) if order is None else order
    step = WIDTH if width is None else width
    inverse = whole(system) if wanted.size > system.n // 2 else None
    if inverse is not None:
        if order is None and step >= system.n:
            yield wanted, inverse
            return
        for first in range(0, wanted.size, step):
            columns = wanted[first : first + step]
            yield columns, inverse[:, columns]
        return
    for first in range(0, wanted.size, step):
        columns = wanted[first : first + step]
        unit = np.zeros((system.n, columns.size))
        unit[columns, np.arange(columns.size)] = 1.0
        solved = system.solve(unit, tolerance=TOLERANCE).raise_for_status()
        yield columns, np.asarray(solved.x)


def whole(system: Leontief) -> FloatArray | None:
    """Return L (n, n), certified, where it fits and is the cheapest way to most of its columns."""
    known = {"factored": system.factored, "roots_known": system.roots_known}
    if not inverse_pays(system.operator, **known) or 3 * 8 * system.n**2 > free_memory() // 2:
        return None
    return np.asarray(system.inverse(tolerance=TOLERANCE))


def diagonal(system: Leontief) -> FloatArray:
    """Return l_jj (n,)."""
    inverse = whole(system)
    if inverse is not None:
        return inverse.diagonal().copy()
    return np.asarray(system.diagonal(tolerance=TOLERANCE), dtype=float)


def diagonal_blocks(system: Leontief, groups: Sequence[IntArray]) -> list[FloatArray]:
    """Return L_KK (k, k) of every group of rows K; groups must not overlap."""
    blocks = [np.empty((rows.size, rows.size)) for rows in groups]
    order = np.concatenate(list(groups)) if groups else np.empty(0, dtype=np.intp)
    owner = np.repeat(np.arange(len(blocks)), [rows.size for rows in groups])
    inside = np.concatenate([np.arange(rows.size) for rows in groups])
    seen = 0
    for columns, piece in column_pieces(system, order):
        span = slice(seen, seen + columns.size)
        for group in np.unique(owner[span]):
            mine = np.flatnonzero(owner[span] == group)
            blocks[group][:, inside[span][mine]] = piece[np.ix_(groups[group], mine)]
        seen += columns.size
    return blocks


def own_cells(system: Leontief) -> FloatArray:
    """Return a_jj (n,), region by region."""
    spans = [np.arange(a, b) for a, b in pairwise(system.operator.region_starts)]
    return np.concatenate([np.diagonal(system.operator.block(rows, rows)) for rows in spans])
