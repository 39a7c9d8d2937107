"""Least paths of many origins at a time over the edges that a hierarchy keeps.

Public names
------------
closure : the nodes that a search downward must visit
sweep : least weights from some origins to all destinations
sweep_parts : the same with the components of the paths

Terms
-----
Nodes are ranks. *Rising* edges lead from a node to higher ones, *falling* edges from higher ones to
it; both are stored with the lower node: rows (N + 1,), heads (M,), weights (M,). Every least path
first rises and then falls. An origin is worked on in a *lane*; a lane never looks at another, so
how origins are put together changes no bit. Start arcs and end arcs join origins and destinations
to nodes.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def closure(rows: Ints, heads: Int32s, wanted: Flags) -> Int32s:
    """Return the nodes, descending, that ``wanted`` ones can be reached from; marks them too."""
    n = rows.size - 1
    count = 0
    for v in range(n):
        if wanted[v]:
            count += 1
            for e in range(rows[v], rows[v + 1]):
                wanted[heads[e]] = True
    found = np.empty(count, dtype=np.int32)
    for v in range(n):
        if wanted[v]:
            count -= 1
            found[count] = v
    return found


@njit(cache=True, nogil=True)
def sweep(
    rise_rows: Ints,
    rise_heads: Int32s,
    rise_weights: Floats,
    fall_rows: Ints,
    fall_heads: Int32s,
    fall_weights: Floats,
    needed: Int32s,
    start_rows: Ints,
    start_nodes: Int32s,
    start_weights: Floats,
    end_rows: Ints,
    end_nodes: Int32s,
    end_weights: Floats,
    origins: Ints,
    out: Floats,
    distance: Floats,
) -> None:
    """Fill the rows ``origins`` of ``out`` (O, D), in place.

    Parameters
    ----------
    rise_rows, rise_heads, rise_weights, fall_rows, fall_heads, fall_weights
        The edges kept.
    needed
        Closure of the end nodes under falling edges.
    start_rows, start_nodes, start_weights, end_rows, end_nodes, end_weights
        Start arcs by origin, end arcs by destination.
    origins
        Rows to fill.
    out
        Infinite where there is no path.
    distance
        Room to work in, (N, lanes), with a lane for each origin at least.
    """
    n = rise_rows.size - 1
    lanes = origins.size
    width = distance.shape[1]
    active = np.zeros(n, dtype=np.bool_)
    lowest = n
    for lane in range(lanes):
        origin = origins[lane]
        for k in range(start_rows[origin], start_rows[origin + 1]):
            v = start_nodes[k]
            if not active[v]:
                active[v] = True
                distance[v, :] = np.inf
                lowest = min(lowest, v)
            if start_weights[k] < distance[v, lane]:
                distance[v, lane] = start_weights[k]
    for v in range(lowest, n):
        if not active[v]:
            continue
        here = distance[v]
        for e in range(rise_rows[v], rise_rows[v + 1]):
            w = rise_heads[e]
            weight = rise_weights[e]
            there = distance[w]
            if active[w]:
                for b in range(width):
                    reach = here[b] + weight
                    there[b] = reach if reach < there[b] else there[b]
            else:
                active[w] = True
                for b in range(width):
                    there[b] = here[b] + weight
    for v in needed:
        here = distance[v]
        if not active[v]:
            here[:] = np.inf
        e = fall_rows[v]
        last = fall_rows[v + 1]
        while e + 1 < last:
            one, other = distance[fall_heads[e]], distance[fall_heads[e + 1]]
            first, second = fall_weights[e], fall_weights[e + 1]
            for b in range(width):
                x = one[b] + first
                y = other[b] + second
                x = x if x < y else y
                here[b] = x if x < here[b] else here[b]
            e += 2
        if e < last:
            one, first = distance[fall_heads[e]], fall_weights[e]
            for b in range(width):
                x = one[b] + first
                here[b] = x if x < here[b] else here[b]
    least = np.empty(width)
    for zone in range(end_rows.size - 1):
        least[:] = np.inf
        for k in range(end_rows[zone], end_rows[zone + 1]):
            here = distance[end_nodes[k]]
            weight = end_weights[k]
            for b in range(width):
                reach = here[b] + weight
                least[b] = reach if reach < least[b] else least[b]
        for lane in range(lanes):
            out[origins[lane], zone] = least[lane]


@njit(cache=True, nogil=True)
def sweep_parts(
    rise_rows: Ints,
    rise_heads: Int32s,
    rise_weights: Floats,
    rise_parts: Floats,
    fall_rows: Ints,
    fall_heads: Int32s,
    fall_weights: Floats,
    fall_parts: Floats,
    needed: Int32s,
    start_rows: Ints,
    start_nodes: Int32s,
    start_weights: Floats,
    start_parts: Floats,
    end_rows: Ints,
    end_nodes: Int32s,
    end_weights: Floats,
    end_parts: Floats,
    origins: Ints,
    out: Floats,
    out_parts: Floats,
    distance: Floats,
    total: Floats,
    before: Int32s,
) -> None:
    """Fill the rows ``origins`` of ``out`` (O, D) and ``out_parts`` (O, D, K), in place.

    Parameters
    ----------
    rise_parts, fall_parts, start_parts, end_parts
        Components of edges and of start and end arcs, (_, K); the rest as in ``sweep``.
    out_parts
        Left alone where there is no path.
    distance, total, before
        Room to work in: (N, lanes), (N, lanes, K), (N, lanes).

    Notes
    -----
    ``before`` holds the arc or edge that a node was reached by: first -1 - start arc or the rising
    edge, with its lower node in ``tails``; then the falling edge, whose higher node it names.
    Components are summed along that one path.
    """
    n = rise_rows.size - 1
    lanes = origins.size
    n_parts = total.shape[2]
    active = np.zeros(n, dtype=np.bool_)
    tails = np.empty(rise_heads.size, dtype=np.int32)
    for v in range(n):
        tails[rise_rows[v] : rise_rows[v + 1]] = v
    lowest = n
    for lane in range(lanes):
        origin = origins[lane]
        for k in range(start_rows[origin], start_rows[origin + 1]):
            v = start_nodes[k]
            if not active[v]:
                active[v] = True
                distance[v, :] = np.inf
                lowest = min(lowest, v)
            if start_weights[k] < distance[v, lane]:
                distance[v, lane] = start_weights[k]
                before[v, lane] = -1 - k
    for v in range(lowest, n):
        if not active[v]:
            continue
        for b in range(lanes):
            if distance[v, b] < np.inf:
                e = before[v, b]
                if e < 0:
                    for k in range(n_parts):
                        total[v, b, k] = start_parts[-1 - e, k]
                else:
                    for k in range(n_parts):
                        total[v, b, k] = total[tails[e], b, k] + rise_parts[e, k]
        for e in range(rise_rows[v], rise_rows[v + 1]):
            w = rise_heads[e]
            if not active[w]:
                active[w] = True
                distance[w, :] = np.inf
            for b in range(lanes):
                reach = distance[v, b] + rise_weights[e]
                if reach < distance[w, b]:
                    distance[w, b] = reach
                    before[w, b] = e
    for v in needed:
        if not active[v]:
            distance[v, :] = np.inf
        before[v, :] = -1  # what rose to v is summed up already
        for e in range(fall_rows[v], fall_rows[v + 1]):
            w = fall_heads[e]
            for b in range(lanes):
                reach = distance[w, b] + fall_weights[e]
                if reach < distance[v, b]:
                    distance[v, b] = reach
                    before[v, b] = e
        for b in range(lanes):
            e = before[v, b]
            if e >= 0:
                for k in range(n_parts):
                    total[v, b, k] = total[fall_heads[e], b, k] + fall_parts[e, k]
    for zone in range(end_rows.size - 1):
        for b in range(lanes):
            least = np.inf
            best = -1
            for k in range(end_rows[zone], end_rows[zone + 1]):
                reach = distance[end_nodes[k], b] + end_weights[k]
                if reach < least:
                    least = reach
                    best = k
            out[origins[b], zone] = least
            if best >= 0:
                for k in range(n_parts):
                    out_parts[origins[b], zone, k] = (
                        total[end_nodes[best], b, k] + end_parts[best, k]
                    )
