"""Demand put evenly on all least ways of a graph.

Public names
------------
spread : demand of a run of origins, on arcs and on the ends of zones

Terms
-----
An arc is *tight* when it lies on a least way up to rounding. An arc whose weight is lost in
rounding counts as a *null* arc; among ways of equal weight those with the fewest null arcs are
taken, so that there are finitely many, in no order of labels.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIE = 1e-12
HUGE, TINY = 2.0**500, 2.0**-500  # numbers of ways are kept in range by steps of this size


@njit(cache=True, nogil=True)
def _sink(keys: Floats, nodes: Ints, size: int, key: float, node: int) -> int:
    """Put an entry into a heap in place; return its new size."""
    hole = size
    while hole > 0:
        above = (hole - 1) >> 1
        if keys[above] <= key:
            break
        keys[hole], nodes[hole] = keys[above], nodes[above]
        hole = above
    keys[hole], nodes[hole] = key, node
    return size + 1


@njit(cache=True, nogil=True)
def _lift(keys: Floats, nodes: Ints, size: int) -> int:
    """Take the first entry off a heap in place; return its new size."""
    size -= 1
    key, node = keys[size], nodes[size]
    hole, child = 0, 1
    while child < size:
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[hole], nodes[hole] = keys[child], nodes[child]
        hole = child
        child = 2 * hole + 1
    keys[hole], nodes[hole] = key, node
    return size


@njit(cache=True, nogil=True)
def _add(ways: Floats, steps: Ints, node: int, more: float, step: int) -> None:
    """Add ``more`` x HUGE^step ways to a node, in place."""
    if step > steps[node]:
        ways[node] = ways[node] * TINY if step == steps[node] + 1 else 0.0
        steps[node] = step
    elif step < steps[node]:
        more = more * TINY if step + 1 == steps[node] else 0.0
    ways[node] += more
    if ways[node] > HUGE:
        ways[node] *= TINY
        steps[node] += 1


@njit(cache=True, nogil=True)
def _share(ways: Floats, steps: Ints, one: int, all_of: int) -> float:
    """Return the ways of a node over those of another that has as many at least."""
    behind = steps[all_of] - steps[one]
    if behind == 0:
        return float(ways[one] / ways[all_of])
    return float(ways[one] * TINY / ways[all_of]) if behind == 1 else 0.0


@njit(cache=True, nogil=True)
def spread(
    indptr: Ints,
    heads: Ints,
    tails: Ints,
    weights: Floats,
    in_indptr: Ints,
    in_arcs: Ints,
    start_indptr: Ints,
    start_nodes: Ints,
    start_weights: Floats,
    end_indptr: Ints,
    end_nodes: Ints,
    end_weights: Floats,
    demand: Floats,
    first: int,
    last: int,
    arc_flow: Floats,
    start_flow: Floats,
    end_flow: Floats,
) -> float:
    """Add the demand of origins ``first`` to ``last`` to the flows, in place.

    Parameters
    ----------
    indptr, heads, tails, weights
        Arcs by tail, (N + 1,) and (E,).
    in_indptr, in_arcs
        Positions of the arcs by head.
    start_indptr, start_nodes, start_weights
        Arcs from origins into the graph, by origin; ``end_*`` those to destinations.
    demand
        (O, D).
    arc_flow, start_flow, end_flow
        (E,), (starts,), (ends,).

    Returns
    -------
    float
        Demand without a way.
    """
    n = indptr.size - 1
    room = heads.size + start_nodes.size + 1
    keys, items = np.empty(room), np.empty(room, dtype=np.int64)
    distance, nulls = np.empty(n), np.empty(n, dtype=np.int64)
    place, order = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    ways, steps, waiting = np.empty(n), np.empty(n, dtype=np.int64), np.zeros(n)
    lost = 0.0
    lightest = weights.min() if weights.size > 0 else np.inf
    for origin in range(first, last):
        if not (demand[origin] > 0.0).any():
            continue
        # least weights
        distance[:] = np.inf
        place[:] = -1
        size = count = 0
        for s in range(start_indptr[origin], start_indptr[origin + 1]):
            if start_weights[s] < distance[start_nodes[s]]:
                distance[start_nodes[s]] = start_weights[s]
                size = _sink(keys, items, size, start_weights[s], start_nodes[s])
        while size > 0:
            node = items[0]
            size = _lift(keys, items, size)
            if place[node] >= 0:
                continue
            place[node] = count
            order[count] = node
            count += 1
            for e in range(indptr[node], indptr[node + 1]):
                reach = distance[node] + weights[e]
                if reach < distance[heads[e]]:
                    distance[heads[e]] = reach
                    size = _sink(keys, items, size, reach, heads[e])
        # fewest null arcs on a least way, and an order in which every tight arc leads on
        met = count
        nulls[:] = 0
        if count > 0 and not lightest > TIE * distance[order[count - 1]]:
            nulls[:] = n + 1
            met = size = 0
            for s in range(start_indptr[origin], start_indptr[origin + 1]):
                node = start_nodes[s]
                if start_weights[s] <= distance[node] * (1.0 + TIE) and nulls[node] > 0:
                    if place[node] < 0:
                        continue
                    nulls[node] = 0
                    size = _sink(keys, items, size, float(place[node]), node)
            while size > 0:
                node, key = items[0], keys[0]
                size = _lift(keys, items, size)
                if key != float(nulls[node]) * n + place[node]:
                    continue
                order[met] = node
                met += 1
                for e in range(indptr[node], indptr[node + 1]):
                    head = heads[e]
                    slack = TIE * distance[head]
                    if place[head] < 0 or not distance[node] + weights[e] <= distance[head] + slack:
                        continue
                    now = nulls[node] + (1 if weights[e] <= slack else 0)
                    if now < nulls[head]:
                        nulls[head] = now
                        size = _sink(keys, items, size, float(now) * n + place[head], head)
        # how many such ways lead to each node
        ways[:] = 0.0
        steps[:] = 0
        for s in range(start_indptr[origin], start_indptr[origin + 1]):
            node = start_nodes[s]
            slack = TIE * distance[node]
            if nulls[node] == 0 and start_weights[s] <= distance[node] + slack:
                ways[node] += 1.0
        for k in range(met):
            node = order[k]
            for e in range(indptr[node], indptr[node + 1]):
                head = heads[e]
                slack = TIE * distance[head]
                null = 1 if weights[e] <= slack else 0
                if (
                    place[head] >= 0
                    and distance[node] + weights[e] <= distance[head] + slack
                    and nulls[node] + null == nulls[head]
                ):
                    _add(ways, steps, head, ways[node], steps[node])
        # demand enters at the ends of destinations
        for zone in range(demand.shape[1]):
            if not demand[origin, zone] > 0.0:
                continue
            best, fewest = np.inf, n + 1
            for s in range(end_indptr[zone], end_indptr[zone + 1]):
                best = min(best, distance[end_nodes[s]] + end_weights[s])
            if best == np.inf:
                lost += demand[origin, zone]
                continue
            bound = best * (1.0 + TIE)
            for s in range(end_indptr[zone], end_indptr[zone + 1]):
                if distance[end_nodes[s]] + end_weights[s] <= bound:
                    fewest = min(fewest, nulls[end_nodes[s]])
            whole, step = 0.0, 0
            for s in range(end_indptr[zone], end_indptr[zone + 1]):
                node = end_nodes[s]
                if distance[node] + end_weights[s] <= bound and nulls[node] == fewest:
                    step = max(step, steps[node])
            for s in range(end_indptr[zone], end_indptr[zone + 1]):
                node = end_nodes[s]
                if distance[node] + end_weights[s] <= bound and nulls[node] == fewest:
                    whole += ways[node] * TINY ** (step - steps[node])
            for s in range(end_indptr[zone], end_indptr[zone + 1]):
                node = end_nodes[s]
                if distance[node] + end_weights[s] <= bound and nulls[node] == fewest:
                    part = demand[origin, zone] * ways[node] * TINY ** (step - steps[node]) / whole
                    waiting[node] += part
                    end_flow[s] += part
        # and goes back along all ways alike
        for k in range(met - 1, -1, -1):
            node = order[k]
            flow = waiting[node]
            waiting[node] = 0.0
            if flow == 0.0:
                continue
            slack = TIE * distance[node]
            for i in range(in_indptr[node], in_indptr[node + 1]):
                e = in_arcs[i]
                tail = tails[e]
                null = 1 if weights[e] <= slack else 0
                if (
                    place[tail] >= 0
                    and distance[tail] + weights[e] <= distance[node] + slack
                    and nulls[tail] + null == nulls[node]
                ):
                    part = flow * _share(ways, steps, tail, node)
                    arc_flow[e] += part
                    waiting[tail] += part
            if nulls[node] == 0:
                for s in range(start_indptr[origin], start_indptr[origin + 1]):
                    if start_nodes[s] == node and start_weights[s] <= distance[node] + slack:
                        start_flow[s] += flow * (TINY ** steps[node]) / ways[node]
    return lost
