"""The tree of paths as a graph whose children are sorted: largest first, so that a walk can stop.

Question owned: from an industry, where does the value that flows through it come from?

Public names
    PathGraph       nodes, children with falling shares, and where value ends
    path_graph      from an operator and a stressor's intensities

Terms: w intensities, m = L'|w| all that one money of sales causes upstream, j an industry.

    explicit   share of i in j          m_i a_ij / m_j,     stop_j = |w_j| / m_j
    pooled     product i used in s      M_i^s a_ij^s / m_j,  M = T'm
               region r for i in s      m_(r,i) t_i^rs / M_i^s

Shares and stop add up to one at every node. In the pooled form a path passes through the product
by place of use on its way to the region that makes it: two short lists in place of one of N, and
nothing of size N x N.

Source: Defourny & Thorbecke (1984); Lenzen (2003) for walking by size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import NotInThisVersion, ShapeError, TooLarge
from model.leontief.explicit import Explicit
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, gather
from model.solve import Leontief

LARGEST = 4 * 2**30
"""Bytes of sorted lists that are made."""
COLUMNS = 256
WORST_ERROR = 1e-9
"""Certified relative error of m up to which paths are found; it is part of what is left out."""


@dataclass(frozen=True, eq=False)
class PathGraph:
    """Nodes 0 .. n-1 are industries; further ones products by place of use.

    Attributes
    ----------
    n
        Number of industries.
    first, width
        (nodes,) where the children of a node begin, and how many they are.
    child, share
        Children and their shares of the node's value, falling.
    stop
        (nodes,) share that ends at the node.
    rest
        (nodes,) sum of its shares.
    ahead, sums_to
        What lets a walk count the last children of a node at once: see `_kernels.walk`.
    sign
        (n,) sign of the intensity.
    multiplier
        (n,) m.
    error
        Certified error of m: max |m - exact|, relative to max m.
    """

    n: int
    first: NDArray[np.int64]
    width: NDArray[np.int64]
    child: NDArray[np.int32]
    share: FloatArray
    stop: FloatArray
    rest: FloatArray
    ahead: FloatArray
    sums_to: FloatArray
    sign: FloatArray
    multiplier: FloatArray
    error: float


def path_graph(system: Leontief, intensity: FloatArray, *, tolerance: float = 1e-12) -> PathGraph:
    """Sort what flows into every node.

    Parameters
    ----------
    system
        Explicit or pooled, A >= 0.
    intensity
        (n,) stressor per money of output, of any sign.

    Raises
    ------
    NotInThisVersion
        For operators whose trade is never formed.
    ShapeError
        For A with negative entries.
    TooLarge
        When the lists of an explicit A do not fit.
    NotConverged
        When m is not certified to 1e-9.
    """
    operator = system.operator
    if not operator.nonnegative:
        raise ShapeError(
            "paths need A >= 0: with negative inputs, nothing bounds what is left out. Take "
            "negative flows out of the table first."
        )
    weight = np.abs(intensity)
    solved = system.solve_transposed(weight, tolerance=tolerance)
    # Rounding alone can keep the bound of a large table above the tolerance: told, not refused.
    if not solved.error_bound <= WORST_ERROR * np.abs(solved.x).max(initial=0.0):
        solved.raise_for_status()
    m = np.maximum(np.asarray(solved.x, dtype=np.float64), 0.0)
    stop = np.divide(weight, m, out=np.zeros_like(m), where=m > 0)
    size = max(float(m.max(initial=0.0)), np.finfo(np.float64).tiny)
    error = float(solved.error_bound) / size
    sign = np.where(intensity < 0, -1.0, 1.0)
    if isinstance(operator, PooledOperator):
        lists = _pooled_lists(operator, m)
    elif isinstance(operator, Explicit):
        lists = _explicit_lists(operator, m)
    else:
        raise NotInThisVersion(
            "paths through an operator whose trade is never formed are not in this version: use "
            "the pooled form of the economy."
        )
    first, width, child, share, rest = lists
    stop = np.concatenate([stop, np.zeros(first.size - m.size)])
    ahead, sums_to = _last_children(first, width, child, share, stop)
    return PathGraph(
        operator.n, first, width, child, share, stop, rest, ahead, sums_to, sign, m, error
    )


def _last_children(
    first: NDArray[np.int64],
    width: NDArray[np.int64],
    child: NDArray[np.int32],
    share: FloatArray,
    stop: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    ahead = np.zeros((first.size, 3))
    some = width > 0
    ahead[some, 0] = share[first[some]]
    gives = share * stop[child]
    where = first[some]
    if where.size:
        ahead[some, 1] = np.maximum.reduceat(np.where(share > 0, ahead[child, 0], 0.0), where)
        ahead[some, 2] = np.maximum.reduceat(gives, where)
    sums_to = np.zeros((share.size + 1, 2))
    np.cumsum(gives, out=sums_to[1:, 0])
    np.cumsum(gives > 0, out=sums_to[1:, 1])
    return ahead, sums_to


Lists = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], FloatArray, FloatArray]


def _explicit_lists(operator: Explicit, m: FloatArray) -> Lists:
    n = operator.n
    if 12 * n * n > LARGEST:
        raise TooLarge(
            f"sorted inputs of {n} industries need {12 * n * n / 2**30:.1f} GiB: use the pooled "
            "form, or aggregate."
        )
    counts = np.zeros(n, dtype=np.int64)
    children: list[NDArray[np.int32]] = []
    shares: list[FloatArray] = []
    rows = np.arange(n, dtype=np.intp)
    scale = np.divide(1.0, m, out=np.zeros_like(m), where=m > 0)
    for start in range(0, n, COLUMNS):
        columns = rows[start : start + COLUMNS]
        block = (operator.block(rows, columns) * m[:, None] * scale[columns]).T
        order = np.argsort(-block, axis=1, kind="stable")
        block = np.take_along_axis(block, order, axis=1)
        filled = (block > 0).sum(axis=1)
        counts[columns] = filled
        inside = np.arange(n) < filled[:, None]
        children.append(order[inside].astype(np.int32))
        shares.append(block[inside])
    share = np.concatenate(shares)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    rest = np.array([share[a : a + w].sum() for a, w in zip(first, counts, strict=True)])
    return first, counts, np.concatenate(children), share, rest


def _pooled_lists(operator: PooledOperator, m: FloatArray) -> Lists:
    R, S = operator.n_regions, operator.n_sectors
    n = R * S
    grid = m.reshape(R, S)
    used = gather(operator.trade, m[:, None])[:, 0].reshape(R, S)
    technology = operator.technology.by_region()
    safe = np.divide(1.0, grid, out=np.zeros_like(grid), where=grid > 0)
    # [region s, buyer j, product i]
    needs = (technology * used[:, :, None] * safe[:, None, :]).transpose(0, 2, 1)
    over = np.divide(1.0, used, out=np.zeros_like(used), where=used > 0)
    # [region of use s, product i, region r]
    origins = (operator.trade * grid.T[:, :, None] * over.T[:, None, :]).transpose(2, 0, 1)
    base = (n + np.arange(R) * S).astype(np.int32)
    one, two = (
        np.argsort(-needs, axis=2, kind="stable"),
        np.argsort(-origins, axis=2, kind="stable"),
    )
    child = [(base[:, None, None] + one).astype(np.int32).reshape(-1)]
    child.append((two * S + np.arange(S)[None, :, None]).astype(np.int32).reshape(-1))
    share = [np.take_along_axis(needs, one, 2).reshape(-1)]
    share.append(np.take_along_axis(origins, two, 2).reshape(-1))
    width = np.concatenate([np.full(n, S), np.full(n, R)]).astype(np.int64)
    first = np.concatenate([np.arange(n) * S, n * S + np.arange(n) * R]).astype(np.int64)
    rest = np.concatenate([needs.sum(axis=2).reshape(-1), origins.sum(axis=2).reshape(-1)])
    return first, width, np.concatenate(child), np.concatenate(share), rest
