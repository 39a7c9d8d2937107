"""Paths in a store, and flows shifted between them.

Public names
------------
price_pairs : least path cost of the pairs of one origin, and what new paths would take to store
append_paths : the least-cost paths of one origin's pairs that the store lacks
costs_of_paths : cost of every stored path
flows_of_paths : link flows by class
shift : flows of every pair moved towards its cheapest path, link costs linear
shift_bpr : the same with link costs on the BPR curve; ``bpr_at``: one point of that curve
drop_unused : paths without flow taken out of the store

Terms
-----
A *pair* is a class, an origin and a destination with trips; the *store* holds the links of its
paths one path after the other: ``pool[start[p] : start[p] + length[p]]``, origin first;
``pair_of[p]`` never falls.

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
def bpr_at(link: int, flow: float, shape: Floats) -> tuple[float, float]:
    """Return BPR cost and slope of a link; shape (4, E): free time, capacity, alpha, power."""
    free, alpha, power = shape[0, link], shape[2, link], shape[3, link]
    if alpha <= 0.0 or power <= 0.0:
        return free * (1.0 + alpha), 0.0
    ratio = max(flow, 0.0) / shape[1, link]
    lowered = ratio ** (power - 1.0)
    cost = free * (1.0 + alpha * lowered * ratio)
    return cost, free * alpha * power * lowered / shape[1, link]


@njit(cache=True, nogil=True)
def shift_bpr(
    pool: Ints,
    start: Ints,
    length: Ints,
    path_first: Ints,
    pair_class: Ints,
    fixed: Floats,
    shape: Floats,
    flow: Floats,
    path_flow: Floats,
) -> None:
    """Move flow of every pair towards its cheapest path once, costs following the BPR curve.

    Slower than ``shift`` and safe however steep the curves: every move of one path's flow lowers
    the objective. ``shape`` as in ``bpr_at``; ``flow`` (E,) of all classes and ``path_flow`` are
    changed in place.
    """
    cost = np.empty(flow.size)
    slope = np.empty(flow.size)
    for link in range(flow.size):
        cost[link], slope[link] = bpr_at(link, flow[link], shape)
    mark = np.full(flow.size, -1, dtype=np.int64)
    differ = np.empty(flow.size, dtype=np.int64)  # links of one of the two paths only
    side = np.empty(flow.size)  # -1 on the path that flow leaves, 1 on the cheapest
    stamp = 0
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
                total += cost[pool[position]] + fixed[of_class, pool[position]]
            if total < least:
                least = total
                best = path
        for path in range(low, high):
            if path == best or path_flow[path] <= 0.0:
                continue
            stamp += 1
            for position in range(start[best], start[best] + length[best]):
                mark[pool[position]] = stamp
            count = 0
            gap = 0.0
            bend = 0.0
            for position in range(start[path], start[path] + length[path]):
                link = pool[position]
                if mark[link] == stamp:
                    mark[link] = -stamp - 1
                    continue
                differ[count], side[count] = link, -1.0
                count += 1
                gap += cost[link] + fixed[of_class, link]
                bend += slope[link]
            for position in range(start[best], start[best] + length[best]):
                link = pool[position]
                if mark[link] == stamp:
                    differ[count], side[count] = link, 1.0
                    count += 1
                    gap -= cost[link] + fixed[of_class, link]
                    bend += slope[link]
            if gap <= 0.0:
                continue
            moved = path_flow[path]
            if gap < bend * moved:
                moved = gap / bend
            for _ in range(30):  # back from beyond the point where both cost the same
                after = 0.0
                for k in range(count):
                    link = differ[k]
                    value, _slope = bpr_at(link, flow[link] + side[k] * moved, shape)
                    after -= side[k] * (value + fixed[of_class, link])
                if after >= -0.5 * gap:
                    break
                moved *= max(0.1, gap / (gap - after))
            path_flow[path] -= moved
            path_flow[best] += moved
            for k in range(count):
                link = differ[k]
                flow[link] += side[k] * moved
                cost[link], slope[link] = bpr_at(link, flow[link], shape)


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
