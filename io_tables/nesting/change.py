"""How far multipliers move when regions are split into places.

Public names: `nest_change`, `NestChange`.

Output multipliers l solve l = 1 + A'T'l, in the regions and in the places; trade shares of places
are never formed. The multiplier of a region after the split is the mean of its places, weighted by
output. Source: Miller & Blair (2009), section 4.9, on what aggregation changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, gmres

from io_tables.container.checks import Floats
from io_tables.errors import NotConverged
from io_tables.nest import NestedTable
from io_tables.nesting.balance import by_group
from io_tables.table import RegionalTable


class NestChange(NamedTuple):
    """Relative change of output multipliers (region, sector), the largest and the weighted one.

    The multiplier of a region is the mean of its places, weighted by output; the weighted change
    is the mean absolute one, weighted by output.
    """

    change: pd.Series
    largest: float
    weighted: float


def nest_change(nested: NestedTable, *, tolerance: float = 1e-10) -> NestChange:
    """Measure how far output multipliers moved when regions were split.

    Raises
    ------
    NotConverged
        When the system of places cannot be solved (it is not productive).
    """
    parent = nested.parent
    G, S = parent.n_regions, parent.n_sectors
    before = _multipliers(parent, tolerance)
    after = _nested_multipliers(nested, tolerance)
    x = parent.data["output"].values
    mean = np.zeros((G, S))
    np.add.at(mean, nested.parent_of, nested.output * after)
    mean = np.divide(mean, x, out=before.copy(), where=x > 0)
    change = mean / before - 1.0
    return NestChange(
        change=pd.Series(change.reshape(-1), index=parent.labels, name="change"),
        largest=float(np.abs(change).max()),
        weighted=float((np.abs(change) * x).sum() / x.sum()),
    )


def _solve_transposed(multiply: Callable[[Floats], Floats], n: int, tolerance: float) -> Floats:
    ones = np.ones(n)
    operator = LinearOperator((n, n), matvec=lambda v: v - multiply(v), dtype=np.float64)
    found, status = gmres(operator, ones, rtol=tolerance, atol=0.0, restart=60, maxiter=10)
    if status != 0:
        raise NotConverged("multipliers were not found; check that the table is productive")
    return np.asarray(found)


def _multipliers(table: RegionalTable, tolerance: float) -> Floats:
    """Output multipliers (G, S) of a pooled table."""
    G, S = table.n_regions, table.n_sectors
    technology, trade = table.technology, table.trade

    def multiply(v: Floats) -> Floats:
        bought = np.einsum("irs,ri->si", trade, v.reshape(G, S))
        return np.asarray(np.einsum("sij,si->sj", technology, bought).reshape(-1))

    return _solve_transposed(multiply, G * S, tolerance).reshape(G, S)


def _nested_multipliers(nested: NestedTable, tolerance: float) -> Floats:
    """Output multipliers (M, S), trade shares never formed."""
    M, S = nested.output.shape
    groups = [np.flatnonzero(nested.parent_of == g) for g in range(nested.parent.n_regions)]
    classes = _classes(nested)
    toward = nested.block_factors.transpose(2, 1, 0)[nested.parent_of]  # (s, P, i)

    def sourced(v: Floats) -> Floats:
        out = np.empty((M, S))
        for kernel, part in classes:
            sums = by_group(kernel.T, nested.weights[:, part] * v[:, part], groups)
            out[:, part] = (toward[:, :, part] * sums).sum(axis=1)
        return out

    whole = sourced(np.ones((M, S)))

    def multiply(v: Floats) -> Floats:
        bought = np.divide(sourced(v.reshape(M, S)), whole, out=np.zeros((M, S)), where=whole > 0)
        out = np.empty((M, S))
        for g, members in enumerate(groups):
            out[members] = bought[members] @ nested.technology[g]
        return out.reshape(-1)

    return _solve_transposed(multiply, M * S, tolerance).reshape(M, S)


def _classes(nested: NestedTable) -> list[tuple[Floats, NDArray[np.intp]]]:
    pairs, of = np.unique(
        np.stack([nested.cost_of, nested.decay], axis=1), axis=0, return_inverse=True
    )
    return [
        (nested.cost[int(c)] ** -rate, np.flatnonzero(of.reshape(-1) == k))
        for k, (c, rate) in enumerate(pairs)
    ]
