"""How long chains of production are: propagation lengths and the place of industries in them.

Question owned: how many steps lie between two industries, and between an industry and final use or
primary inputs?

Public names
    propagation_length   average number of steps from suppliers to chosen buyers
    chain_position       upstreamness, downstreamness and mean lengths of every industry
    plot_chain_position  upstreamness against downstreamness

Terms: A (n, n), L = (I - A)^-1, x = L f output; sums over k = 1, 2, ... rounds.

    H = sum_k k A^k = L (L - I)
    v_ij = h_ij / (l_ij - d_ij)                    steps that demand for j takes to reach i;
                                                   the same for a cost push from i to j
    upstreamness    u = sum_k k A^(k-1) f / x      = L x / x    mean distance to final use
    downstreamness  d' = sum_k k v' A^(k-1)        = i'L        mean distance from primary inputs
    backward_length sum_i h_ij / sum_i (l_ij - d_ij)            mean v into column j
    forward_length  sum_j h_ij / sum_j (l_ij - d_ij)            mean v out of row i

Final use includes exports and stocks, primary inputs include imports: chains end at the border.
H[:, J] = L (L[:, J] - E_J): two solves for chosen columns, none of which forms L.

Source: Dietzenbacher, Romero & Bosma (2005), propagation; Antras, Chor, Fally & Hillberry (2012),
upstreamness; Miller & Temurshoev (2017), both ends and their equality with total linkages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.errors import TooLarge
from model.grids import grid, grid_coords, ratio
from model.leontief.align import positions
from model.leontief.inverse_pieces import TOLERANCE
from model.leontief.products import FloatArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST = 2 * 1024**3
SAFETY = 100.0
"""How far above its error bound a cell of L must lie for a length to be told from it."""


def propagation_length(
    table: RegionalTable, buyers: Sequence[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return average propagation lengths from every supplier to chosen buyers.

    Parameters
    ----------
    table
        The economy.
    buyers
        (region, sector) of the columns wanted; None is all of them.

    Returns
    -------
    DataFrame (n, k) in steps: rows suppliers, columns buyers; nan where no chain joins them,
    or one too thin to be told from none.

    Raises
    ------
    UnknownLabel
        For buyers that the table does not have.
    TooLarge
        When the answer does not fit.
    """
    labels = table.labels
    where = np.arange(len(labels)) if buyers is None else positions(buyers, labels)
    size = 8 * len(labels) * where.size
    if size > LARGEST:
        raise TooLarge(
            f"{len(labels)} x {where.size} lengths take {size / 2**30:.1f} GiB, more than the "
            f"{LARGEST / 2**30:.0f} GiB allowed: name fewer buyers."
        )
    system = Leontief(table)
    unit = np.zeros((system.n, where.size))
    unit[where, np.arange(where.size)] = 1.0
    # Rounds after the first, A + A^2 + ... = L A, so that no digits cancel in L - I.
    first = np.ascontiguousarray(system.operator.matmat(unit))
    solved = system.solve(first, tolerance=TOLERANCE).raise_for_status()
    later = np.asarray(solved.x)
    weighted = later + later @ later if buyers is None else _solved(system, later)
    # A chain thinner than the error of its solve cannot be told from none.
    told = later > SAFETY * solved.error_bounds
    lengths = np.divide(weighted, later, out=np.full(later.shape, np.nan), where=told)
    return pd.DataFrame(lengths, index=labels, columns=labels[where], copy=False)


def chain_position(table: RegionalTable) -> xr.Dataset:
    """Return where every industry stands between primary inputs and final use.

    Parameters
    ----------
    table
        The economy.

    Returns
    -------
    Dataset over (region, sector), in steps: `upstreamness`, `downstreamness` (at least one),
    `backward_length`, `forward_length` (nan where an industry buys or sells nothing).
    """
    system = Leontief(table)
    n = system.n
    x, ones = np.asarray(table.x, dtype=float), np.ones(n)
    operator = system.operator
    ahead = _solved(system, np.column_stack([x, operator.matvec(ones)]))
    behind = _solved_transposed(system, np.column_stack([ones, operator.rmatvec(ones)]))
    rows, columns = ahead[:, 1], behind[:, 1]
    forward = ratio(_solved(system, rows[:, None])[:, 0], rows, otherwise=np.nan)
    backward = ratio(_solved_transposed(system, columns[:, None])[:, 0], columns, otherwise=np.nan)
    data = {
        "upstreamness": grid(
            table, ratio(ahead[:, 0], x, otherwise=1.0), "steps", "mean distance to final use"
        ),
        "downstreamness": grid(table, behind[:, 0], "steps", "mean distance from primary inputs"),
        "backward_length": grid(table, backward, "steps", "mean steps back to suppliers"),
        "forward_length": grid(table, forward, "steps", "mean steps ahead to buyers"),
    }
    return xr.Dataset(data, coords=grid_coords(table), attrs={"table": table.name})


def _solved(system: Leontief, columns: FloatArray) -> FloatArray:
    return np.asarray(system.solve(columns, tolerance=TOLERANCE).raise_for_status().x)


def _solved_transposed(system: Leontief, columns: FloatArray) -> FloatArray:
    return np.asarray(system.solve_transposed(columns, tolerance=TOLERANCE).raise_for_status().x)


def plot_chain_position(
    data: xr.Dataset, *, region: str | None = None, ax: Axes | None = None
) -> Axes:
    """Scatter upstreamness against downstreamness; one region is named industry by industry.

    Parameters
    ----------
    data
        What `chain_position` returned.
    region
        One region of it; all when left out.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.0, 6.0), layout="constrained")
    shown = data if region is None else data.sel(region=[region])
    down, up = shown["downstreamness"].values.ravel(), shown["upstreamness"].values.ravel()
    ax.scatter(down, up, s=12)
    if region is not None:
        for name, right, high in zip(shown["sector"].values, down, up, strict=True):
            ax.annotate(str(name), (right, high), fontsize=6)
    ax.set_xlabel("downstreamness: steps from primary inputs")
    ax.set_ylabel("upstreamness: steps to final use")
    return ax
