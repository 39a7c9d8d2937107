"""Pair weights carried down shortest-path trees, and shared out where least ways tie.

Public names
------------
load : what pairs of zones put on the links of a layer
street_ways : the links of the ways between zones and stops

Terms
-----
An arc u -> v is *tight* when d[u] + w <= d[v] (1 + 1e-12), d the least weight from the origin: the
tight arcs are all the least ways there are. A pair with one least way is carried down the tree; one
with several is traced back by itself. *Share* is what a walker takes who goes back from the
destination and picks among tight arcs with equal odds: a link is on every least way when its shares
sum to one, on some when they are above zero.

Formula
-------
load[0, k, l] = sum of the weights of pairs that have link l on some least way, load[1, k, l] on
every one; k = 0 the link is ridden or walked, 1 it is boarded, 2 it lies on the way to or from a
stop.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TIGHT = 1.0 + 1e-12
NEAR = 1.0 + 1e-9  # goes on past the last goal: tight arcs into it may come from no nearer
WHOLE = 1.0 - 1e-9  # shares that sum to this are all there is


@njit(cache=True, nogil=True)
def _search(
    indptr: Ints,
    heads: Ints,
    weights: Floats,
    start_nodes: Ints,
    start_weights: Floats,
    low: int,
    high: int,
    goal: Flags,
    n_goals: int,
    distance: Floats,
    via: Ints,
    order: Ints,
    heap_key: Floats,
    heap_node: Ints,
) -> int:
    """Fill least weights (N,), the arc each node is reached by (start arc a as -1 - a) and the
    order in which nodes are settled; return how many are. Ends when all goals are settled.
    """
    distance[:] = np.inf
    size = 0
    settled = 0
    base = 0.0
    bound = np.inf
    at_start = True
    node = np.int64(0)
    while True:
        for arc in range(low, high):
            if at_start:
                head = start_nodes[arc]
                reach = start_weights[arc]
            else:
                head = heads[arc]
                reach = base + weights[arc]
            if reach < distance[head]:
                distance[head] = reach
                via[head] = -1 - arc if at_start else arc
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
            found = base == distance[node]  # an entry that was overtaken has another key
        if not found or base > bound:
            break
        order[settled] = node
        settled += 1
        if n_goals > 0 and goal[node]:
            n_goals -= 1
            if n_goals == 0:
                bound = base * NEAR
        low = indptr[node]
        high = indptr[node + 1]
    return settled


@njit(cache=True, nogil=True)
def _tight(
    order: Ints,
    settled: int,
    in_indptr: Ints,
    in_arcs: Ints,
    tails: Ints,
    weights: Floats,
    distance: Floats,
    first: Ints,
    count: Ints,
    arcs: Ints,
) -> None:
    """Write the tight arcs into every settled node: where they begin, how many, which."""
    size = 0
    for k in range(settled):
        node = order[k]
        first[node] = size
        most = distance[node] * TIGHT
        for j in range(in_indptr[node], in_indptr[node + 1]):
            arc = in_arcs[j]
            if distance[tails[arc]] + weights[arc] <= most:
                arcs[size] = arc
                size += 1
        count[node] = size - first[node]


@njit(cache=True, nogil=True)
def _back(
    roots: Ints,
    n_roots: int,
    first: Ints,
    count: Ints,
    arcs: Ints,
    tails: Ints,
    stamp: int,
    seen: Ints,
    place: Ints,
    stack: Ints,
    step: Ints,
    post: Ints,
) -> int:
    """Put the nodes on least ways to the roots into ``post``, each after all before it.

    ``place`` is where a node stands there; on a circle of arcs of weight zero the arc that closes
    it leads to a later place. Returns how many nodes there are.
    """
    done = 0
    for r in range(n_roots):
        if seen[roots[r]] == stamp:
            continue
        top = 0
        stack[0] = roots[r]
        step[0] = 0
        seen[roots[r]] = stamp
        place[roots[r]] = np.iinfo(np.int64).max
        while top >= 0:
            node = stack[top]
            if step[top] < count[node]:
                tail = tails[arcs[first[node] + step[top]]]
                step[top] += 1
                if seen[tail] != stamp:
                    seen[tail] = stamp
                    place[tail] = np.iinfo(np.int64).max
                    top += 1
                    stack[top] = tail
                    step[top] = 0
            else:
                place[node] = done
                post[done] = node
                done += 1
                top -= 1
    return done


@njit(cache=True, nogil=True)
def _add_share(
    kind: int, link: int, share: float, stamp: int, mark: Ints, total: Floats, met: Ints, n: Ints
) -> None:
    if mark[kind, link] != stamp:
        mark[kind, link] = stamp
        total[kind, link] = 0.0
        met[kind, n[kind]] = link
        n[kind] += 1
    total[kind, link] += share


@njit(cache=True, nogil=True)
def load(
    indptr: Ints,
    heads: Ints,
    tails: Ints,
    weights: Floats,
    links: Ints,
    boards: Flags,
    in_indptr: Ints,
    in_arcs: Ints,
    start_indptr: Ints,
    start_nodes: Ints,
    start_weights: Floats,
    start_legs: Ints,
    end_indptr: Ints,
    end_nodes: Ints,
    end_weights: Floats,
    end_legs: Ints,
    leg_indptr: Ints,
    leg_links: Ints,
    leg_whole: Flags,
    pair: Floats,
    alone: Flags,
    first: int,
    last: int,
    out: Floats,
) -> tuple[int, int]:
    """Add what origins ``first`` to ``last`` put on links to ``out``, in place.

    Parameters
    ----------
    indptr, heads, tails, weights, links, boards
        Core arcs by tail: (N + 1,), (E,) each; links -1 for none; boards where a ride begins.
    in_indptr, in_arcs
        Core arcs by head: (N + 1,), (E,).
    start_indptr, start_nodes, start_weights, start_legs
        Start arcs by origin: (O + 1,), (A,) each; legs -1 where the way uses no link.
    end_indptr, end_nodes, end_weights, end_legs
        End arcs by destination: (D + 1,), (B,) each.
    leg_indptr, leg_links, leg_whole
        Links on ways to and from stops by leg, and whether they lie on all of its least ways.
    pair
        Weights of pairs, (O, D, C); nothing is looked for where all are zero.
    alone
        False where another alternative costs the pair as little: then no link is on every way.
    out
        (2, 3, L, C).

    Returns
    -------
    Pairs with weight and a way, and those of them with more than one.
    """
    n = indptr.size - 1
    n_links = out.shape[2]
    columns = out.shape[3]
    n_zones = end_indptr.size - 1
    distance = np.empty(n)
    via = np.empty(n, dtype=np.int64)
    order = np.empty(n, dtype=np.int64)
    capacity = heads.size + start_nodes.size + 1
    heap_key = np.empty(capacity)
    heap_node = np.empty(capacity, dtype=np.int64)
    goal = np.zeros(1, dtype=np.bool_)
    tight_first = np.zeros(n, dtype=np.int64)
    tight_count = np.zeros(n, dtype=np.int64)
    tight_arcs = np.empty(heads.size, dtype=np.int64)
    several = np.empty(n, dtype=np.bool_)
    entries = np.zeros(n, dtype=np.int64)  # tight start arcs into each node
    carried = np.zeros((n, 2, columns))
    left = np.zeros((end_nodes.size, 2, columns))
    seen = np.full(n, -1, dtype=np.int64)
    place = np.zeros(n, dtype=np.int64)
    stack = np.empty(n, dtype=np.int64)
    step = np.empty(n, dtype=np.int64)
    post = np.empty(n, dtype=np.int64)
    roots = np.empty(end_nodes.size, dtype=np.int64)
    passing = np.zeros(n)
    mark = np.full((4, n_links), -1, dtype=np.int64)
    total = np.zeros((4, n_links))
    met = np.empty((4, n_links), dtype=np.int64)
    n_met = np.zeros(4, dtype=np.int64)
    stamp = -1
    pairs = 0
    tied = 0
    for origin in range(first, last):
        low = start_indptr[origin]
        high = start_indptr[origin + 1]
        settled = _search(
            indptr,
            heads,
            weights,
            start_nodes,
            start_weights,
            low,
            high,
            goal,
            0,
            distance,
            via,
            order,
            heap_key,
            heap_node,
        )
        _tight(
            order,
            settled,
            in_indptr,
            in_arcs,
            tails,
            weights,
            distance,
            tight_first,
            tight_count,
            tight_arcs,
        )
        for arc in range(low, high):
            node = start_nodes[arc]
            if start_weights[arc] <= distance[node] * TIGHT:
                entries[node] += 1
        for k in range(settled):
            node = order[k]
            ways = tight_count[node] + entries[node]
            several[node] = ways > 1 or (via[node] >= 0 and several[tails[via[node]]])
            carried[node] = 0.0
        for zone in range(n_zones):
            wanted = False
            for c in range(columns):
                wanted = wanted or pair[origin, zone, c] != 0.0
            if not wanted:
                continue
            least = np.inf
            best = -1
            for arc in range(end_indptr[zone], end_indptr[zone + 1]):
                reach = distance[end_nodes[arc]] + end_weights[arc]
                if reach < least:
                    least = reach
                    best = arc
            if best < 0:
                continue
            pairs += 1
            n_roots = 0
            for arc in range(end_indptr[zone], end_indptr[zone + 1]):
                if distance[end_nodes[arc]] + end_weights[arc] <= least * TIGHT:
                    roots[n_roots] = end_nodes[arc]
                    n_roots += 1
            both = 2 if alone[origin, zone] else 1
            if n_roots == 1 and not several[end_nodes[best]]:
                for side in range(both):
                    for c in range(columns):
                        carried[end_nodes[best], side, c] += pair[origin, zone, c]
                        left[best, side, c] += pair[origin, zone, c]
                continue
            tied += 1
            stamp += 1
            n_met[:] = 0
            count = _back(
                roots,
                n_roots,
                tight_first,
                tight_count,
                tight_arcs,
                tails,
                stamp,
                seen,
                place,
                stack,
                step,
                post,
            )
            for arc in range(end_indptr[zone], end_indptr[zone + 1]):
                if distance[end_nodes[arc]] + end_weights[arc] <= least * TIGHT:
                    passing[end_nodes[arc]] += 1.0 / n_roots
                    leg = end_legs[arc]
                    if leg >= 0:
                        for j in range(leg_indptr[leg], leg_indptr[leg + 1]):
                            share = 1.0 / n_roots if leg_whole[j] else 0.0
                            _add_share(3, leg_links[j], share, stamp, mark, total, met, n_met)
            for k in range(count - 1, -1, -1):
                node = post[k]
                share = passing[node]
                passing[node] = 0.0
                ways = entries[node]
                for j in range(tight_first[node], tight_first[node] + tight_count[node]):
                    ways += place[tails[tight_arcs[j]]] < k
                if share == 0.0 or ways == 0:
                    continue
                share /= ways
                for j in range(tight_first[node], tight_first[node] + tight_count[node]):
                    arc = tight_arcs[j]
                    if place[tails[arc]] < k:
                        passing[tails[arc]] += share
                        if links[arc] >= 0:
                            _add_share(0, links[arc], share, stamp, mark, total, met, n_met)
                            if boards[arc]:
                                _add_share(1, links[arc], share, stamp, mark, total, met, n_met)
                for arc in range(low, high if entries[node] > 0 else low):
                    if start_nodes[arc] == node and start_weights[arc] <= distance[node] * TIGHT:
                        leg = start_legs[arc]
                        if leg >= 0:
                            for j in range(leg_indptr[leg], leg_indptr[leg + 1]):
                                part = share if leg_whole[j] else 0.0
                                _add_share(2, leg_links[j], part, stamp, mark, total, met, n_met)
            for kind in range(4):
                for k in range(n_met[kind]):
                    link = met[kind, k]
                    sides = both if total[kind, link] >= WHOLE else 1
                    for side in range(sides):
                        for c in range(columns):
                            out[side, min(kind, 2), link, c] += pair[origin, zone, c]
        for arc in range(low, high):
            entries[start_nodes[arc]] = 0
        for k in range(settled - 1, -1, -1):
            node = order[k]
            any_weight = False
            for c in range(columns):
                any_weight = any_weight or carried[node, 0, c] != 0.0 or carried[node, 1, c] != 0.0
            if not any_weight:
                continue
            arc = via[node]
            if arc >= 0:
                carried[tails[arc]] += carried[node]
                link = links[arc]
                if link >= 0:
                    for side in range(2):
                        for c in range(columns):
                            out[side, 0, link, c] += carried[node, side, c]
                            if boards[arc]:
                                out[side, 1, link, c] += carried[node, side, c]
            else:
                leg = start_legs[-1 - arc]
                if leg >= 0:
                    for j in range(leg_indptr[leg], leg_indptr[leg + 1]):
                        for side in range(2 if leg_whole[j] else 1):
                            for c in range(columns):
                                out[side, 2, leg_links[j], c] += carried[node, side, c]
    for arc in range(end_nodes.size):
        leg = end_legs[arc]
        if leg >= 0:
            for j in range(leg_indptr[leg], leg_indptr[leg + 1]):
                for side in range(2 if leg_whole[j] else 1):
                    for c in range(columns):
                        out[side, 2, leg_links[j], c] += left[arc, side, c]
    return pairs, tied


@njit(cache=True, nogil=True)
def street_ways(
    indptr: Ints,
    heads: Ints,
    tails: Ints,
    weights: Floats,
    links: Ints,
    in_indptr: Ints,
    in_arcs: Ints,
    zone_nodes: Ints,
    leg_indptr: Ints,
    leg_nodes: Ints,
    n_links: int,
    out_indptr: Ints,
    out_links: Ints,
    out_whole: Flags,
) -> int:
    """Write the links of the least ways from zones to nodes; return how many entries there are.

    Parameters
    ----------
    indptr, heads, tails, weights, links, in_indptr, in_arcs
        The graph, as in ``load``.
    zone_nodes
        Node of each zone, (Z,).
    leg_indptr, leg_nodes
        Nodes wanted by zone, (Z + 1,) and (legs,).
    out_indptr, out_links, out_whole
        (legs + 1,), and entries by leg: link, and whether it is on all least ways. Entries beyond
        their length are counted and not written.
    """
    n = indptr.size - 1
    distance = np.empty(n)
    via = np.empty(n, dtype=np.int64)
    order = np.empty(n, dtype=np.int64)
    heap_key = np.empty(heads.size + 2)
    heap_node = np.empty(heads.size + 2, dtype=np.int64)
    goal = np.zeros(n, dtype=np.bool_)
    first = np.zeros(n, dtype=np.int64)
    count = np.zeros(n, dtype=np.int64)
    arcs = np.empty(heads.size, dtype=np.int64)
    seen = np.full(n, -1, dtype=np.int64)
    place = np.zeros(n, dtype=np.int64)
    stack = np.empty(n, dtype=np.int64)
    step = np.empty(n, dtype=np.int64)
    post = np.empty(n, dtype=np.int64)
    passing = np.zeros(n)
    mark = np.full((1, n_links), -1, dtype=np.int64)
    total = np.zeros((1, n_links))
    met = np.empty((1, n_links), dtype=np.int64)
    n_met = np.zeros(1, dtype=np.int64)
    nothing = np.zeros(1)
    size = 0
    for zone in range(zone_nodes.size):
        low = leg_indptr[zone]
        high = leg_indptr[zone + 1]
        if low == high:
            continue
        goals = 0
        for leg in range(low, high):
            goals += not goal[leg_nodes[leg]]
            goal[leg_nodes[leg]] = True
        settled = _search(
            indptr,
            heads,
            weights,
            zone_nodes[zone : zone + 1],
            nothing,
            0,
            1,
            goal,
            goals,
            distance,
            via,
            order,
            heap_key,
            heap_node,
        )
        _tight(order, settled, in_indptr, in_arcs, tails, weights, distance, first, count, arcs)
        for leg in range(low, high):
            goal[leg_nodes[leg]] = False
            out_indptr[leg] = size
            n_met[0] = 0
            done = _back(
                leg_nodes[leg : leg + 1],
                1,
                first,
                count,
                arcs,
                tails,
                leg,
                seen,
                place,
                stack,
                step,
                post,
            )
            passing[leg_nodes[leg]] = 1.0
            for k in range(done - 1, -1, -1):
                node = post[k]
                share = passing[node]
                passing[node] = 0.0
                ways = np.int64(node == zone_nodes[zone])
                for j in range(first[node], first[node] + count[node]):
                    ways += place[tails[arcs[j]]] < k
                if share == 0.0 or ways == 0:
                    continue
                for j in range(first[node], first[node] + count[node]):
                    tail = tails[arcs[j]]
                    if place[tail] < k:
                        passing[tail] += share / ways
                        _add_share(0, links[arcs[j]], share / ways, leg, mark, total, met, n_met)
            for k in range(n_met[0]):
                if size < out_links.size:
                    out_links[size] = met[0, k]
                    out_whole[size] = total[0, met[0, k]] >= WHOLE
                size += 1
    out_indptr[leg_indptr[zone_nodes.size]] = size
    return size
