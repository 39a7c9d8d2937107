"""Shortest-path trees, and loading of trips on them.

Public names
------------
tree : least costs and the links that reach every node, from one node
load : trips of a run of origins put on their least-cost paths

Terms
-----
The graph is in rows by tail: ``out_links[indptr[n] : indptr[n + 1]]`` are the links that leave n.
A node that is not *through* starts and ends trips and is never passed.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def tree(
    indptr: Ints,
    out_links: Ints,
    heads: Ints,
    cost: Floats,
    through: Bools,
    origin: int,
    distance: Floats,
    via: Ints,
    order: Ints,
    heap_key: Floats,
    heap_node: Ints,
) -> int:
    """Fill distance (N,), via (N,) link or -1, and order (N,) of settled nodes; return how many.

    ``heap_key`` and ``heap_node`` are work space of shape (E + 1,). Links of infinite cost are
    never used. Dijkstra with a binary heap that leaves outdated entries in place.
    """
    distance[:] = np.inf
    via[:] = -1
    count = 0
    distance[origin] = 0.0
    heap_key[0] = 0.0
    heap_node[0] = origin
    size = 1
    while size > 0:
        base = heap_key[0]
        node = heap_node[0]
        size -= 1
        key = heap_key[size]
        moved = heap_node[size]
        hole = 0
        child = 1
        while child < size:
            if child + 1 < size and heap_key[child + 1] < heap_key[child]:
                child += 1
            if heap_key[child] >= key:
                break
            heap_key[hole] = heap_key[child]
            heap_node[hole] = heap_node[child]
            hole = child
            child = 2 * hole + 1
        heap_key[hole] = key
        heap_node[hole] = moved
        if base > distance[node]:
            continue
        order[count] = node
        count += 1
        if node != origin and not through[node]:
            continue
        for position in range(indptr[node], indptr[node + 1]):
            link = out_links[position]
            head = heads[link]
            reach = base + cost[link]
            if reach < distance[head]:
                distance[head] = reach
                via[head] = link
                hole = size
                size += 1
                while hole > 0:
                    above = (hole - 1) >> 1
                    if heap_key[above] <= reach:
                        break
                    heap_key[hole] = heap_key[above]
                    heap_node[hole] = heap_node[above]
                    hole = above
                heap_key[hole] = reach
                heap_node[hole] = head
    return count


@njit(cache=True, nogil=True)
def load(
    indptr: Ints,
    out_links: Ints,
    tails: Ints,
    heads: Ints,
    cost: Floats,
    through: Bools,
    zones: Ints,
    demand: Floats,
    first: int,
    last: int,
    flow: Floats,
    zone_cost: Floats,
) -> float:
    """Add the trips of origins ``first`` to ``last`` to flow (E,), in place.

    Parameters
    ----------
    zones, demand
        Node of every zone (Z,) and trips (Z, Z); the diagonal is not loaded.
    zone_cost
        (Z, Z), rows ``first`` to ``last`` are filled with least costs; with shape (0, 0) nothing is
        kept and origins without trips are skipped.

    Returns
    -------
    float
        Sum of trips times least cost; infinite where trips have no path.
    """
    n = indptr.size - 1
    n_zones = zones.size
    keep = zone_cost.shape[0] > 0
    distance = np.empty(n)
    via = np.empty(n, dtype=np.int64)
    order = np.empty(n, dtype=np.int64)
    heap_key = np.empty(heads.size + 1)
    heap_node = np.empty(heads.size + 1, dtype=np.int64)
    waiting = np.zeros(n)
    total = 0.0
    for origin in range(first, last):
        some = keep
        for zone in range(n_zones):
            if demand[origin, zone] > 0.0 and zone != origin:
                some = True
        if not some:
            continue
        settled = tree(
            indptr,
            out_links,
            heads,
            cost,
            through,
            zones[origin],
            distance,
            via,
            order,
            heap_key,
            heap_node,
        )
        waiting[:] = 0.0
        for zone in range(n_zones):
            node = zones[zone]
            if keep:
                zone_cost[origin, zone] = distance[node]
            if zone != origin and demand[origin, zone] > 0.0:
                waiting[node] += demand[origin, zone]
                total += demand[origin, zone] * distance[node]
        for position in range(settled - 1, 0, -1):
            node = order[position]
            if waiting[node] > 0.0:
                link = via[node]
                flow[link] += waiting[node]
                waiting[tails[link]] += waiting[node]
    return total
