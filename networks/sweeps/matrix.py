"""Least weights, components and paths between many origins and many destinations.

Public names
------------
many_to_many : weights between zones, and components where the metric carries them
weights_between : weights between nodes
path_arcs : the arcs of one least path
SortedEnds, sorted_ends : ends as the kernels want them

Terms
-----
Origins are worked on ``LANES`` at a time, those near each other in the hierarchy together. Every
origin has a lane of its own and no lane looks at another: threads and the way origins are put
together change no bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from networks.errors import InvalidNetwork
from networks.graph import Ends, at_nodes, by_tail
from networks.hierarchy.metric import Metric, Rows
from networks.sweeps._kernels import closure, sweep, sweep_parts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]
Room = tuple[Any, ...]  # arrays that a thread works in
LANES = 32
NARROW = (1, 4, 8, 16)  # fewer lanes for the last few origins
LEAST_SHARED = 4_000_000  # lanes over edges, 1 ms
NO_WEIGHT = np.zeros(1)


@dataclass(frozen=True, eq=False)
class SortedEnds:
    """Ends by zone, at ranks: rows (zones + 1,), nodes, weights and components."""

    rows: Ints
    nodes: Int32s
    weights: Floats
    parts: Floats


def sorted_ends(ends: Ends, rank: Ints, prices: Floats) -> SortedEnds:
    """Return ends in the order of their zones, at the ranks of their nodes."""
    order, rows = by_tail(ends.zones, ends.count)
    parts = np.ascontiguousarray(ends.components[order])
    nodes = rank[ends.nodes[order]].astype(np.int32)
    return SortedEnds(rows, nodes, parts @ prices, parts)


def weights_between(
    metric: Metric,
    origins: Ints,
    destinations: Ints,
    *,
    workers: int | None = None,
    out: Floats | None = None,
) -> Floats:
    """Return least weights (O, D) between nodes; infinite where there is no path.

    Parameters
    ----------
    metric
        Weights in a hierarchy.
    origins, destinations
        Nodes, by position in the graph.
    workers
        Threads; as many as there are processors when left out.
    out
        Where to write, (O, D) in rows.
    """
    starts, ends = at_nodes(origins), at_nodes(destinations)
    weight, _ = many_to_many(metric, starts, ends, NO_WEIGHT, workers=workers, out=out)
    return weight


def many_to_many(
    metric: Metric,
    starts: Ends,
    ends: Ends,
    prices: Floats,
    *,
    workers: int | None = None,
    out: Floats | None = None,
) -> tuple[Floats, Floats | None]:
    """Return least weights (O, D) and components (O, D, K) of the paths that have them.

    Parameters
    ----------
    metric
        Weights in a hierarchy; with components when those of the paths are wanted.
    starts, ends
        How zones enter and leave the graph.
    prices
        What one unit of each component of an end weighs, shape (K,).
    workers
        Threads; as many as there are processors when left out. The result is the same bit for bit.
    out
        Where to write the weights, (O, D) in rows; new when left out.

    Notes
    -----
    Weights are infinite and components NaN where there is no path.
    """
    rank = metric.hierarchy.rank
    first, last = sorted_ends(starts, rank, prices), sorted_ends(ends, rank, prices)
    rise, fall = metric.rise, metric.fall
    n = metric.hierarchy.size
    wanted = np.zeros(n, dtype=np.bool_)
    wanted[last.nodes] = True
    needed = closure(fall.rows, fall.heads, wanted)
    shape = (starts.count, ends.count)
    if out is None:
        out = np.empty(shape)
    elif out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise InvalidNetwork(f"out must be float64 in rows, shape {shape}; found {out.shape}.")
    near = np.argsort(_first_nodes(first, starts.count), kind="stable").astype(np.int64)
    if metric.parts is None:
        common = (
            *(rise.rows, rise.heads, rise.weights, fall.rows, fall.heads, fall.weights, needed),
            *(first.rows, first.nodes, first.weights, last.rows, last.nodes, last.weights),
        )

        def make(lanes: int) -> Room:
            return (np.empty((n, lanes)),)

        def work(origins: Ints, room: Room) -> None:
            sweep(*common, origins, out, *room)

        _in_batches(near, make, work, _threads(metric, starts.count, workers))
        return out, None
    n_parts = metric.parts.shape[2]
    parts = np.full((*shape, n_parts), np.nan)
    rise_parts = np.ascontiguousarray(metric.parts[rise.edges, 0])
    fall_parts = np.ascontiguousarray(metric.parts[fall.edges, 1])
    every = (
        *(rise.rows, rise.heads, rise.weights, rise_parts),
        *(fall.rows, fall.heads, fall.weights, fall_parts, needed),
        *(first.rows, first.nodes, first.weights, first.parts),
        *(last.rows, last.nodes, last.weights, last.parts),
    )

    def make_all(lanes: int) -> Room:
        shape = (n, lanes)
        return np.empty(shape), np.empty((*shape, n_parts)), np.empty(shape, dtype=np.int32)

    def work_all(origins: Ints, room: Room) -> None:
        sweep_parts(*every, origins, out, parts, *room)

    _in_batches(near, make_all, work_all, _threads(metric, starts.count, workers))
    return out, parts


def _threads(metric: Metric, origins: int, workers: int | None) -> int:
    """Return how many threads to use: one where starting them would cost more than the work."""
    edges = len(metric.rise.heads) + len(metric.fall.heads)
    return 1 if origins * edges < LEAST_SHARED else workers or os.cpu_count() or 1


def _first_nodes(first: SortedEnds, count: int) -> Ints:
    """Return the first node that each origin enters, -1 for none."""
    node = np.full(count, -1, dtype=np.int64)
    there = np.diff(first.rows) > 0
    node[there] = first.nodes[first.rows[:-1][there]]
    return node


def _in_batches(
    origins: Ints,
    make: Callable[[int], Room],
    work: Callable[[Ints, Room], None],
    threads: int,
) -> None:
    """Do ``work`` on every LANES origins, each thread in a room of its own."""
    count = len(origins)
    lanes = next((k for k in NARROW if count <= k), LANES)
    batches = [origins[k : k + lanes] for k in range(0, count, lanes)]
    threads = min(threads, len(batches))
    if threads <= 1:
        if batches:
            room = make(lanes)
        for batch in batches:
            work(batch, room)
        return
    rooms: SimpleQueue[Room] = SimpleQueue()
    for _ in range(threads):
        rooms.put(make(lanes))

    def one(batch: Ints) -> None:
        room = rooms.get()
        try:
            work(batch, room)
        finally:
            rooms.put(room)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, batches))


def path_arcs(metric: Metric, origin: int, destination: int) -> tuple[float, Ints]:
    """Return the weight of a least path between two nodes and its arcs in order.

    Parameters
    ----------
    metric
        Weights in a hierarchy, customised with ``unpack=True``.
    origin, destination
        Nodes, by position in the graph.

    Returns
    -------
    tuple
        Infinity and no arcs where there is no path; zero and no arcs from a node to itself.
    """
    if metric.via is None:
        raise InvalidNetwork("Paths need a metric that was customised with unpack=True.")
    rank = metric.hierarchy.rank
    ahead = _climb(metric.rise, int(rank[origin]))
    back = _climb(metric.fall, int(rank[destination]))
    meetings = [(ahead[v][0] + back[v][0], v) for v in ahead.keys() & back.keys()]
    if not meetings:
        return float("inf"), np.zeros(0, dtype=np.int64)
    weight, top = min(meetings)
    hops: list[tuple[int, int]] = []
    node = top
    while ahead[node][1] >= 0:
        hops.append((ahead[node][1], 0))
        node = ahead[node][2]
    hops.reverse()
    node = top
    while back[node][1] >= 0:
        hops.append((back[node][1], 1))
        node = back[node][2]
    arcs: list[int] = []
    hops.reverse()
    while hops:
        edge, way = hops.pop()
        a, b = (int(x) for x in metric.via[edge, way])
        if a < 0:
            arcs.append(-1 - a)
        else:
            hops += [(b, 0), (a, 1)]
    return weight, np.array(arcs, dtype=np.int64)


def _climb(rows: Rows, start: int) -> dict[int, tuple[float, int, int]]:
    """Return, for every node above ``start``, its weight and the edge and node before."""
    found = {start: (0.0, -1, -1)}
    waiting = {start}
    while waiting:
        v = min(waiting)
        waiting.discard(v)
        base = found[v][0]
        for e in range(rows.rows[v], rows.rows[v + 1]):
            w, reach = int(rows.heads[e]), base + float(rows.weights[e])
            if w not in found or reach < found[w][0]:
                found[w] = (reach, int(rows.edges[e]), v)
                waiting.add(w)
    return found
