"""Triangulation: the order of industries in which most trade runs one way.

Question owned: who comes before whom?

Public names
    Triangulation       an order, how linear it is, and a bound on what any order could reach
    triangulate         the order of a matrix, or of the flows of a table
    plot_triangulation  the ordered matrix

Terms: z_ij >= 0 flows from i to j, the diagonal left out; an order puts sellers first.

    linearity   lambda = sum over pairs in order of z_ij / sum over all pairs of z_ij
    bound       sum over pairs of max(z_ij, z_ji) / sum over all pairs of z_ij

Finding the best order is NP-hard (the linear ordering problem). This is a local search: an industry
is taken out and put back where it serves best, until none can be moved to advantage, from several
starts. An order cannot be improved by moving one industry; how far it may be from the best is told
by the bound.

Source: Chenery & Watanabe (1958); Korte & Oberhofer (1971); Marti & Reinelt (2011), insertion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from io_tables.container.flows import dense_of
from io_tables.table import RegionalTable
from model.errors import ShapeError
from model.leontief.products import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Over = Literal["industry", "sector", "region"]


@dataclass(frozen=True)
class Triangulation:
    """An order of industries.

    Attributes
    ----------
    order
        Labels, sellers first.
    flows
        The matrix in that order.
    linearity
        Share of all trade between different industries that runs with the order, 0.5 to 1.
    bound
        What no order can pass.
    """

    order: pd.Index
    flows: pd.DataFrame
    linearity: float
    bound: float


def triangulate(
    source: RegionalTable | pd.DataFrame,
    *,
    over: Over = "sector",
    starts: int = 10,
    rng: np.random.Generator | int = 0,
) -> Triangulation:
    """Order industries, sectors or regions so that most flows run from earlier to later ones.

    Parameters
    ----------
    source
        A table, whose intermediate flows are summed as `over` says; or a square DataFrame of flows.
    over
        "sector", "region" or "industry" (every row of the table); not used for a DataFrame.
    starts
        Orders to start the search from: one sorted by sales over purchases, the rest drawn.
    rng
        Seed or generator of the drawn starts.

    Raises
    ------
    ShapeError
        For a matrix that is not square, has negative or missing cells, or no trade.
    """
    flows = source if isinstance(source, pd.DataFrame) else _flows(source, over)
    values = flows.to_numpy(dtype=float)
    if values.shape[0] != values.shape[1] or not values.size:
        raise ShapeError(f"flows must be a square matrix; found {values.shape}.")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ShapeError(
            f"flows must be finite and >= 0; {int((~(values >= 0)).sum())} cells are not."
        )
    if starts < 1:
        raise ShapeError(f"starts must be at least 1; found {starts}.")
    trade = values - np.diag(np.diagonal(values))
    total = float(trade.sum())
    if total <= 0:
        raise ShapeError("there must be trade between different industries; there is none.")
    net = trade - trade.T
    generator = np.random.default_rng(rng)
    sold, bought = trade.sum(axis=1), trade.sum(axis=0)
    first = np.argsort(-(sold - bought) / np.maximum(sold + bought, 1e-300), kind="stable")
    best, reached = first, -np.inf
    for start in range(starts):
        order = _improved(net, first if start == 0 else generator.permutation(len(trade)))
        one_way = float(np.triu(trade[np.ix_(order, order)]).sum())
        if one_way > reached * (1.0 + 1e-14):
            best, reached = order, one_way
    return Triangulation(
        order=flows.index[best],
        flows=flows.iloc[best, best],
        linearity=reached / total,
        bound=float(np.maximum(trade, trade.T).sum()) / 2.0 / total,
    )


def _flows(table: RegionalTable, over: Over) -> pd.DataFrame:
    if over not in ("industry", "sector", "region"):
        raise ShapeError(f"over must be 'industry', 'sector' or 'region'; found {over!r}.")
    if over == "industry":
        return table.Z
    labels = table.sectors if over == "sector" else table.regions
    if table.kind == "pooled":
        use = table.data["domestic_use"].transpose("sector_from", "region", "sector").values
        if over == "sector":
            values = use.sum(axis=1)
        else:  # r from, s to, i product
            values = np.einsum("irs,is->rs", table.trade, use.sum(axis=2))
    else:
        shape = (table.n_regions, table.n_sectors)
        flows = dense_of(table.data).reshape(*shape, *shape)
        values = flows.sum(axis=(0, 2) if over == "sector" else (1, 3))
    return pd.DataFrame(values, index=pd.Index(labels, name=over), columns=labels)


def _improved(net: FloatArray, order: IntArray) -> IntArray:
    """Move one industry at a time to its best place until no move helps."""
    order = order.copy()
    slack = 1e-12 * float(np.abs(net).max(initial=0.0))
    moved = True
    while moved:
        moved = False
        for item in order.copy():
            place = int(np.flatnonzero(order == item)[0])
            others = np.delete(order, place)
            # Gain of standing after the first k others: what they sell it, net of what it sells.
            gain = np.concatenate([[0.0], np.cumsum(net[others, item])])
            target = int(np.argmax(gain))
            if gain[target] > gain[place] + slack:
                order = np.insert(others, target, item)
                moved = True
    return order


def plot_triangulation(data: Triangulation, *, ax: Axes | None = None) -> Axes:
    """Draw the ordered flows on a logarithmic scale; trade against the order lies below left.

    Parameters
    ----------
    data
        What `triangulate` returned.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.0, 6.0), layout="constrained")
    values = data.flows.to_numpy(dtype=float)
    shown: Any = np.ma.masked_less_equal(values, 0.0)
    ax.imshow(np.ma.log10(shown), cmap="Greys", aspect="equal")
    names = [" / ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in data.order]
    if len(names) <= 60:
        ax.set_yticks(range(len(names)), labels=names, fontsize=5)
        ax.set_xticks([])
    ax.set_title(f"{100 * data.linearity:.1f} % of trade runs with the order", fontsize=9)
    return ax
