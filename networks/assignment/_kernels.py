"""Shortest-path trees, loading of trips on them, and flows shifted between paths.

Public names
------------
tree : least costs and the links that reach every node, from one node
load : trips of a run of origins put on their least-cost paths
price_pairs : least path cost of the pairs of one origin, and what new paths would take to store
append_paths : the least-cost paths of one origin's pairs that the store lacks
costs_of_paths : cost of every stored path
shift : flows of every pair moved towards its cheapest path, link costs linear
drop_unused : paths without flow taken out of the store
flows_of_paths : link flows by class

Terms
-----
The graph is in rows by tail: ``out_links[indptr[n] : indptr[n + 1]]`` are the links that leave n.
A node that is not *through* starts and ends trips and is never passed. A *pair* is a class, an
origin and a destination with trips; the *store* holds the links of its paths one path after the
other: ``pool[start[p] : start[p] + length[p]]``, origin first; ``pair_of[p]`` never falls.

Source: D. Bertsekas and E. Gafni (1982), projection methods for variational inequalities, with the
scaling of R. Jayakrishnan and others (1994) by the second derivatives of the links two paths do not
share.
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


@njit(cache=True, nogil=True)
def price_pairs(
    distance: Floats,
    via: Ints,
    tails: Ints,
    pair_node: Ints,
    pair_demand: Floats,
    first_pair: int,
    last_pair: int,
    path_first: Ints,
    path_cost: Floats,
    tolerance: float,
    wanted: Bools,
) -> tuple[float, int, int]:
    """Mark in wanted (pairs,) the pairs whose least cost no stored path has.

    Parameters
    ----------
    distance, via
        Tree of the origin.
    pair_node, pair_demand
        Destination node and trips of every pair; ``first_pair`` to ``last_pair`` are the origin's.
    path_first, path_cost
        First path of every pair (pairs + 1,) and the cost of every path.
    tolerance
        Relative difference below which costs are the same.

    Returns
    -------
    tuple of float, int, int
        Sum of trips times least cost, number of paths to add, and links they have together.
    """
    total = 0.0
    paths = 0
    links = 0
    for pair in range(first_pair, last_pair):
        node = pair_node[pair]
        least = distance[node]
        total += pair_demand[pair] * least
        have = np.inf
        for path in range(path_first[pair], path_first[pair + 1]):
            have = min(have, path_cost[path])
        wanted[pair] = least < np.inf and (have == np.inf or least < have - tolerance * have)
        if wanted[pair]:
            paths += 1
            while via[node] >= 0:
                links += 1
                node = tails[via[node]]
    return total, paths, links


@njit(cache=True, nogil=True)
def append_paths(
    via: Ints,
    tails: Ints,
    pair_node: Ints,
    first_pair: int,
    last_pair: int,
    wanted: Bools,
    pool: Ints,
    used: int,
    start: Ints,
    length: Ints,
    pair_of: Ints,
    count: int,
) -> tuple[int, int]:
    """Write the wanted paths behind the ``count`` stored ones; return links used and paths."""
    for pair in range(first_pair, last_pair):
        if not wanted[pair]:
            continue
        node = pair_node[pair]
        steps = 0
        while via[node] >= 0:
            steps += 1
            node = tails[via[node]]
        node = pair_node[pair]
        at = used + steps
        while via[node] >= 0:
            at -= 1
            pool[at] = via[node]
            node = tails[via[node]]
        start[count] = used
        length[count] = steps
        pair_of[count] = pair
        used += steps
        count += 1
    return used, count


@njit(cache=True, nogil=True)
def costs_of_paths(
    pool: Ints, start: Ints, length: Ints, path_class: Ints, cost: Floats, out: Floats
) -> None:
    """Fill out (paths,) with the sum of cost (classes, E) along every path."""
    for path in range(start.size):
        total = 0.0
        of_class = path_class[path]
        for position in range(start[path], start[path] + length[path]):
            total += cost[of_class, pool[position]]
        out[path] = total


@njit(cache=True, nogil=True)
def flows_of_paths(
    pool: Ints, start: Ints, length: Ints, path_class: Ints, path_flow: Floats, out: Floats
) -> None:
    """Fill out (classes, E) with the flow of all paths over every link."""
    out[:] = 0.0
    for path in range(start.size):
        if path_flow[path] > 0.0:
            for position in range(start[path], start[path] + length[path]):
                out[path_class[path], pool[position]] += path_flow[path]


@njit(cache=True, nogil=True)
def shift(
    pool: Ints,
    start: Ints,
    length: Ints,
    path_first: Ints,
    pair_class: Ints,
    fixed: Floats,
    slope: Floats,
    sweeps: int,
    enough: float,
    model: Floats,
    path_flow: Floats,
) -> int:
    """Move flow of every pair towards its cheapest path; costs follow at once, linearly.

    Parameters
    ----------
    fixed, slope
        Fixed cost by class (classes, E); derivative of the congested cost (E,).
    sweeps, enough
        At most so many rounds over the pairs; fewer when the excess cost of a round falls to
        ``enough`` times that of the first.
    model, path_flow
        Congested cost (E,) and flow of every path, both changed in place.

    Returns
    -------
    int
        Rounds made.
    """
    mark = np.full(slope.size, -1, dtype=np.int64)
    stamp = 0
    at_first = 0.0
    for sweep in range(sweeps):
        excess = 0.0
        for pair in range(path_first.size - 1):
            low, high = path_first[pair], path_first[pair + 1]
            if high - low < 2:
                continue
            of_class = pair_class[pair]
            best = low
            least = np.inf
            for path in range(low, high):
                total = 0.0
                for position in range(start[path], start[path] + length[path]):
                    link = pool[position]
                    total += model[link] + fixed[of_class, link]
                if total < least:
                    least = total
                    best = path
            for path in range(low, high):
                if path == best or path_flow[path] <= 0.0:
                    continue
                stamp += 1
                # `stamp` marks links of the cheapest path alone, `-stamp - 1` links of both paths
                for position in range(start[best], start[best] + length[best]):
                    mark[pool[position]] = stamp
                gap = 0.0
                bend = 0.0
                for position in range(start[path], start[path] + length[path]):
                    link = pool[position]
                    if mark[link] == stamp:
                        mark[link] = -stamp - 1
                    else:
                        gap += model[link] + fixed[of_class, link]
                        bend += slope[link]
                for position in range(start[best], start[best] + length[best]):
                    link = pool[position]
                    if mark[link] == stamp:
                        gap -= model[link] + fixed[of_class, link]
                        bend += slope[link]
                if gap <= 0.0:
                    continue
                excess += gap * path_flow[path]
                moved = path_flow[path]
                if gap < bend * moved:
                    moved = gap / bend
                path_flow[path] -= moved
                path_flow[best] += moved
                for position in range(start[path], start[path] + length[path]):
                    link = pool[position]
                    if mark[link] != -stamp - 1:
                        model[link] -= slope[link] * moved
                for position in range(start[best], start[best] + length[best]):
                    link = pool[position]
                    if mark[link] == stamp:
                        model[link] += slope[link] * moved
        if sweep == 0:
            at_first = excess
        if excess <= enough * at_first:
            return sweep + 1
    return sweeps


@njit(cache=True, nogil=True)
def drop_unused(
    pool: Ints, start: Ints, length: Ints, pair_of: Ints, path_flow: Floats, fresh: Ints
) -> tuple[int, int]:
    """Move the paths that carry flow to the front; return links used and paths left.

    ``fresh`` has the shape of ``pool`` and takes the links; the other arrays change in place. A
    pair keeps one path at least: its trips are on some path.
    """
    used = 0
    count = 0
    for path in range(start.size):
        if path_flow[path] <= 0.0:
            continue
        at = start[path]
        start[count] = used
        length[count] = length[path]
        pair_of[count] = pair_of[path]
        path_flow[count] = path_flow[path]
        for step in range(length[count]):
            fresh[used + step] = pool[at + step]
        used += length[count]
        count += 1
    return used, count
