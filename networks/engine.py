"""Least paths between many zones through a core graph, whatever the core stands for.

Public names
------------
Core, Ends : the graph and how zones enter and leave it (``networks.graph``)
least_paths, least_weights : least weight of every pair of zones, with its components or alone
Method : "heap", "hierarchy", or "auto"

Terms
-----
An arc carries a row of *components* (``networks.modes.COMPONENTS``); its weight is the product of
that row with a vector of prices, so that the same graph serves least cost and least minutes. The
*heap* (Dijkstra) is the reference; a customizable contraction *hierarchy* takes its place where
there are many origins and the graph can be ordered well. What decides are sizes and the topology
alone, so the same question always gets the same bits.

Formula
-------
weight (E,) = components (E, K) @ prices (K,); result (O, D) and (O, D, K).
"""

import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from networks._kernels import sweep
from networks.graph import Core, Ends, by_tail
from networks.hierarchy.metric import customised
from networks.hierarchy.topology import Hierarchy, hierarchy_within, topology_key
from networks.sweeps.matrix import many_to_many

__all__ = ["Core", "Ends", "Method", "least_paths", "least_weights"]
Floats = NDArray[np.float64]
Method = Literal["auto", "heap", "hierarchy"]
CHUNK = 16  # origins handed to a thread at a time; fixed, and no result depends on it
FEWEST_STEPS = 300_000  # origins x arcs: 10 ms by heap; below that nothing is worth an order
FEWEST_ORIGINS = 16
TRIANGLES_PER_STEP = 3.0  # a step by heap takes 40 ns, a triangle, met four times, 10 ns
SHELF = 16  # orders kept; keyed by content, so none is ever out of date


class _Orders:
    """The orders of the last topologies asked for, with how many triangles they have."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[Hierarchy | None, float]] = OrderedDict()

    def within(self, core: Core, most: float) -> Hierarchy | None:
        """Return the hierarchy of a graph, or None when it has more than ``most`` triangles."""
        key = topology_key(core.size, core.tails, core.heads)
        with self._lock:
            found = self._kept.get(key)
        if found is None or (found[0] is None and found[1] <= most):
            found = hierarchy_within(core.size, core.tails, core.heads, most)
        with self._lock:
            self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > SHELF:
                self._kept.popitem(last=False)
        return found[0] if found[1] <= most else None


_ORDERS = _Orders()


def least_paths(
    core: Core,
    starts: Ends,
    ends: Ends,
    prices: Floats,
    *,
    workers: int | None = None,
    method: Method = "auto",
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
    method
        ``"heap"``, ``"hierarchy"`` or what should be faster, from sizes and topology.

    Notes
    -----
    Weights are infinite and components NaN where there is no path. The two methods add up the same
    numbers in different orders and may differ by rounding, and between paths of the same weight.
    """
    hierarchy = _order_of(core, starts, method)
    if hierarchy is None:
        return _by_heap(core, starts, ends, prices, workers)
    metric = customised(hierarchy, core.components @ prices, components=core.components)
    weight, parts = many_to_many(metric, starts, ends, prices, workers=workers)
    assert parts is not None  # the metric carries components
    return weight, parts


def least_weights(
    core: Core,
    starts: Ends,
    ends: Ends,
    prices: Floats,
    *,
    workers: int | None = None,
    method: Method = "auto",
) -> Floats:
    """Return least weights (O, D) alone; parameters as in ``least_paths``."""
    hierarchy = _order_of(core, starts, method)
    if hierarchy is None:
        return _by_heap(core, starts, ends, prices, workers)[0]
    metric = customised(hierarchy, core.components @ prices)
    return many_to_many(metric, starts, ends, prices, workers=workers)[0]


def _order_of(core: Core, starts: Ends, method: Method) -> Hierarchy | None:
    """Return the hierarchy to use, None for the heap."""
    steps = float(starts.count) * len(core.tails)
    large = steps >= FEWEST_STEPS and starts.count >= FEWEST_ORIGINS
    if method == "heap" or (method == "auto" and not large):
        return None
    return _ORDERS.within(core, TRIANGLES_PER_STEP * steps if method == "auto" else float("inf"))


def _by_heap(
    core: Core, starts: Ends, ends: Ends, prices: Floats, workers: int | None
) -> tuple[Floats, Floats]:
    order, indptr = by_tail(core.tails, core.size)
    start_order, start_indptr = by_tail(starts.zones, starts.count)
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
