"""Least paths between many zones through a core graph, whatever the core stands for.

Public names
------------
Core : arcs of a graph with the components of their cost
Ends : arcs that join zones to the core, at the start or at the end of a trip
least_paths : least weight and its components for every pair of zones

Terms
-----
An arc carries a row of *components* (``networks.modes.COMPONENTS``); its weight is the product of
that row with a vector of prices, so that the same graph serves least cost and least minutes.

Formula
-------
weight (E,) = components (E, K) @ prices (K,); result (O, D) and (O, D, K).
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks._kernels import sweep

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHUNK = 16  # origins handed to a thread at a time; fixed, and no result depends on it


@dataclass(frozen=True, eq=False)
class Core:
    """Directed arcs between positions 0..size-1; parallel arcs and zero arcs are kept."""

    size: int
    tails: Ints
    heads: Ints
    components: Floats

    def reversed(self) -> "Core":
        """Return the graph with every arc turned round."""
        return Core(self.size, self.heads, self.tails, self.components)


@dataclass(frozen=True, eq=False)
class Ends:
    """Arcs between ``count`` zones and the core, by zone position and core node."""

    count: int
    zones: Ints
    nodes: Ints
    components: Floats


def _by_tail(tails: Ints, size: int) -> tuple[Ints, Ints]:
    order = np.argsort(tails, kind="stable")
    indptr = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(tails, minlength=size), out=indptr[1:])
    return order.astype(np.int64), indptr


def least_paths(
    core: Core, starts: Ends, ends: Ends, prices: Floats, *, workers: int | None = None
) -> tuple[Floats, Floats]:
    """Return least weights (O, D) and the components (O, D, K) of the paths that have them.

    Parameters
    ----------
    core, starts, ends
        The graph and how zones enter and leave it.
    prices
        What one unit of each component weighs, shape (K,), none negative.
    workers
        Threads; as many as there are processors when left out. The result is the same bit for bit.

    Notes
    -----
    Weights are infinite and components NaN where there is no path.
    """
    order, indptr = _by_tail(core.tails, core.size)
    start_order, start_indptr = _by_tail(starts.zones, starts.count)
    components = np.ascontiguousarray(core.components[order])
    start_components = np.ascontiguousarray(starts.components[start_order])
    end_components = np.ascontiguousarray(ends.components)
    weight = np.empty((starts.count, ends.count))
    parts = np.full((starts.count, ends.count, len(prices)), np.nan)
    arguments = (
        indptr,
        np.ascontiguousarray(core.heads[order]),
        components @ prices,
        components,
        start_indptr,
        np.ascontiguousarray(starts.nodes[start_order]),
        start_components @ prices,
        start_components,
        np.ascontiguousarray(ends.nodes),
        np.ascontiguousarray(ends.zones),
        end_components @ prices,
        end_components,
    )
    chunks = [(k, min(k + CHUNK, starts.count)) for k in range(0, starts.count, CHUNK)]
    threads = min(workers or os.cpu_count() or 1, len(chunks))
    if threads <= 1:
        sweep(*arguments, 0, starts.count, weight, parts)
        return weight, parts
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda c: sweep(*arguments, c[0], c[1], weight, parts), chunks))
    return weight, parts
