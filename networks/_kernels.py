"""Shortest paths from many starts to many ends, with what is met on the way.

Public names
------------
sweep : least weights and components from a run of origins to all destinations

Terms
-----
The *core* is a directed graph in rows (CSR) that keeps parallel arcs and arcs of weight zero. An
origin enters it by its *start* arcs and a destination is reached by *end* arcs; neither can be
passed through. *Components* are the K quantities summed along the chosen path beside its weight.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True, nogil=True)
def sweep(
    indptr: Ints,
    heads: Ints,
    weights: Floats,
    components: Floats,
    start_indptr: Ints,
    start_nodes: Ints,
    start_weights: Floats,
    start_components: Floats,
    end_nodes: Ints,
    end_zones: Ints,
    end_weights: Floats,
    end_components: Floats,
    first: int,
    last: int,
    out_weight: Floats,
    out_components: Floats,
) -> None:
    """Fill rows ``first`` to ``last`` of the two outputs, in place.

    Parameters
    ----------
    indptr, heads, weights, components
        Core arcs by tail: (N + 1,) int64, (E,) int64, (E,) float64 >= 0, (E, K) float64.
    start_indptr, start_nodes, start_weights, start_components
        Start arcs by origin: (O + 1,), (A,), (A,), (A, K).
    end_nodes, end_zones, end_weights, end_components
        End arcs: core node left, destination reached, weight and components: (B,), (B,), (B,),
        (B, K).
    first, last
        Range of origins.
    out_weight, out_components
        (O, D) and (O, D, K); infinite weight and undefined components where there is no path.

    Notes
    -----
    Dijkstra with a binary heap that leaves outdated entries in place. Components are summed when a
    node is settled, so each is the sum along one path. Every origin is worked on alone: how the
    range is cut does not change a bit.
    """
    n = indptr.size - 1
    n_components = components.shape[1]
    n_zones = out_weight.shape[1]
    distance = np.empty(n)
    settled = np.empty(n, dtype=np.bool_)
    parent = np.empty(n, dtype=np.int64)  # core node before, or -1 for a start arc
    via = np.empty(n, dtype=np.int64)  # core arc or start arc
    total = np.zeros((n, n_components))
    capacity = heads.size + start_nodes.size + 1
    heap_key = np.empty(capacity)
    heap_node = np.empty(capacity, dtype=np.int64)
    best = np.empty(n_zones, dtype=np.int64)
    for origin in range(first, last):
        distance[:] = np.inf
        settled[:] = False
        size = 0
        tail = np.int64(-1)
        low = start_indptr[origin]
        high = start_indptr[origin + 1]
        base = 0.0
        at_start = True
        while True:
            for arc in range(low, high):
                if at_start:
                    node = start_nodes[arc]
                    reach = start_weights[arc]
                else:
                    node = heads[arc]
                    reach = base + weights[arc]
                if reach < distance[node]:
                    distance[node] = reach
                    parent[node] = tail
                    via[node] = arc
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
                    heap_node[hole] = node
            at_start = False
            found = False
            while size > 0 and not found:
                node = heap_node[0]
                base = heap_key[0]
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
                found = not settled[node]
            if not found:
                break
            settled[node] = True
            if parent[node] < 0:
                for k in range(n_components):
                    total[node, k] = start_components[via[node], k]
            else:
                for k in range(n_components):
                    total[node, k] = total[parent[node], k] + components[via[node], k]
            tail = node
            low = indptr[node]
            high = indptr[node + 1]
        best[:] = -1
        for zone in range(n_zones):
            out_weight[origin, zone] = np.inf
        for arc in range(end_nodes.size):
            reach = distance[end_nodes[arc]] + end_weights[arc]
            if reach < out_weight[origin, end_zones[arc]]:
                out_weight[origin, end_zones[arc]] = reach
                best[end_zones[arc]] = arc
        for zone in range(n_zones):
            if best[zone] >= 0:
                node = end_nodes[best[zone]]
                for k in range(n_components):
                    out_components[origin, zone, k] = total[node, k] + end_components[best[zone], k]
