"""Pair weights carried down shortest-path trees, and shared out where least ways tie.

Public names
------------
load : what pairs of zones put on the links of a layer
street_ways : the links of the ways between zones and stops

Terms
-----
An arc u -> v is *tight* when d[u] + w <= d[v] (1 + 1e-12), d the least weight from the origin: the
tight arcs are all the least ways there are. A weight at a node goes back along its only tight arc;
where there are several, all ways are followed back together to the last node that is on every one
of them. *Share* is what a walker takes who picks among tight arcs with equal odds: a link is on
every way when its shares sum to one, on some when it was met. An origin's arcs of weight zero that
close a circle are left out.

Formula
-------
out[0, k, l] = sum of the weights of pairs that have link l on some least way, out[1, k, l] on every
one; k = 0 the link is ridden or walked, 1 it is boarded, 2 it lies on the way to or from a stop.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from networks.tree_loading.arrays import Met, Tree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TIGHT = 1.0 + 1e-12
NEAR = 1.0 + 1e-9  # goes on past the last goal: tight arcs into it may come from no nearer
WHOLE = 1.0 - 1e-9  # shares that sum to this are all there is


@njit(cache=True, nogil=True)
def _rooms(n: int, n_arcs: int, n_starts: int) -> Any:
    size = n_arcs + n_starts + 1
    whole = np.zeros((11, n), dtype=np.int64)
    whole[8] = -1
    arcs, heap = np.empty(n_arcs, dtype=np.int64), np.empty(size, dtype=np.int64)
    one, two, three, four, five, six = whole[0], whole[1], whole[2], whole[3], whole[4], whole[5]
    return Tree(
        np.empty(n), one, two, three, four, five, arcs, six, whole[6], whole[7], whole[8],
        whole[9], whole[10], np.empty(n, dtype=np.int64), np.zeros(n), np.empty(size), heap,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _met(n_links: int) -> Any:
    return Met(
        np.full((4, n_links), -1, dtype=np.int64),
        np.zeros((4, n_links)),
        np.empty((4, n_links), dtype=np.int64),
        np.zeros(4, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _search(graph: Any, starts: Any, origin: int, goal: Flags, n_goals: int, tree: Any) -> int:
    """Search from one origin until all goals are settled; return how many nodes are."""
    tree.distance[:] = np.inf
    size = 0
    settled = 0
    base = 0.0
    bound = np.inf
    at_start = True
    low = starts.indptr[origin]
    high = starts.indptr[origin + 1]
    node = np.int64(0)
    while True:
        for arc in range(low, high):
            if at_start:
                head = starts.nodes[arc]
                reach = starts.weights[arc]
            else:
                head = graph.heads[arc]
                reach = base + graph.weights[arc]
            if reach < tree.distance[head]:
                tree.distance[head] = reach
                tree.via[head] = -1 - arc if at_start else arc
                hole = size
                size += 1
                while hole > 0:
                    above = (hole - 1) >> 1
                    if tree.key[above] <= reach:
                        break
                    tree.key[hole] = tree.key[above]
                    tree.node[hole] = tree.node[above]
                    hole = above
                tree.key[hole] = reach
                tree.node[hole] = head
        at_start = False
        found = False
        while size > 0 and not found:
            node = tree.node[0]
            base = tree.key[0]
            size -= 1
            last = tree.key[size]
            moved = tree.node[size]
            hole = 0
            child = 1
            while child < size:
                if child + 1 < size and tree.key[child + 1] < tree.key[child]:
                    child += 1
                if tree.key[child] >= last:
                    break
                tree.key[hole] = tree.key[child]
                tree.node[hole] = tree.node[child]
                hole = child
                child = 2 * hole + 1
            tree.key[hole] = last
            tree.node[hole] = moved
            found = base == tree.distance[node]  # an entry that was overtaken has another key
        if not found or base > bound:
            break
        tree.order[settled] = node
        settled += 1
        if n_goals > 0 and goal[node]:
            n_goals -= 1
            if n_goals == 0:
                bound = base * NEAR
        low = graph.indptr[node]
        high = graph.indptr[node + 1]
    return settled


@njit(cache=True, nogil=True)
def _tight(graph: Any, settled: int, strict: bool, tree: Any) -> None:
    """Write the tight arcs into every settled node: where they begin, how many, which.

    An arc of no weight may come from a node settled later, unless that was reached from here; with
    ``strict`` from no node settled later.
    """
    for k in range(settled):
        tree.turn[tree.order[k]] = k
    size = 0
    for k in range(settled):
        node = tree.order[k]
        tree.ahead[node] = size
        most = tree.distance[node] * TIGHT
        for j in range(graph.in_indptr[node], graph.in_indptr[node + 1]):
            arc = graph.in_arcs[j]
            tail = graph.tails[arc]
            if tree.distance[tail] + graph.weights[arc] > most:
                continue
            if tree.turn[tail] > k:
                back = tail
                while not strict and tree.turn[back] > k and tree.via[back] >= 0:
                    back = graph.tails[tree.via[back]]
                if strict or back == node:
                    continue
            tree.arcs[size] = arc
            size += 1
        tree.n_tight[node] = size - tree.ahead[node]


@njit(cache=True, nogil=True)
def _sort(graph: Any, roots: Ints, n_roots: int, stamp: int, tree: Any) -> int:
    """Put all nodes on least ways to the roots into ``post``; return how many there are.

    Of a circle of arcs of weight zero one arc is dropped from the tight ones.
    """
    done = 0
    for r in range(n_roots):
        if tree.seen[roots[r]] == stamp:
            continue
        top = 0
        tree.stack[0] = roots[r]
        tree.step[0] = 0
        tree.seen[roots[r]] = stamp
        tree.place[roots[r]] = np.iinfo(np.int64).max
        while top >= 0:
            node = tree.stack[top]
            if tree.step[top] < tree.n_tight[node]:
                tail = graph.tails[tree.arcs[tree.ahead[node] + tree.step[top]]]
                tree.step[top] += 1
                if tree.seen[tail] != stamp:
                    tree.seen[tail] = stamp
                    tree.place[tail] = np.iinfo(np.int64).max
                    top += 1
                    tree.stack[top] = tail
                    tree.step[top] = 0
            else:
                tree.place[node] = done
                tree.post[done] = node
                done += 1
                top -= 1
    for k in range(done):
        node = tree.post[k]
        kept = tree.ahead[node]
        for j in range(tree.ahead[node], tree.ahead[node] + tree.n_tight[node]):
            if tree.place[graph.tails[tree.arcs[j]]] < k:
                tree.arcs[kept] = tree.arcs[j]
                kept += 1
        tree.n_tight[node] = kept - tree.ahead[node]
    return done


@njit(cache=True, nogil=True)
def _add(kind: int, link: int, share: float, stamp: int, met: Any) -> None:
    if met.mark[kind, link] != stamp:
        met.mark[kind, link] = stamp
        met.share[kind, link] = 0.0
        met.links[kind, met.n_met[kind]] = link
        met.n_met[kind] += 1
    met.share[kind, link] += share


@njit(cache=True, nogil=True)
def _add_leg(kind: int, leg: int, share: float, stamp: int, ways: Any, met: Any) -> None:
    if leg >= 0:
        for j in range(ways.indptr[leg], ways.indptr[leg + 1]):
            _add(kind, ways.links[j], share if ways.whole[j] else 0.0, stamp, met)


@njit(cache=True, nogil=True)
def _follow(
    graph: Any,
    starts: Any,
    origin: int,
    ways: Any,
    tree: Any,
    size: int,
    stamp: int,
    met: Any,
    weight: Floats,
    carried: Floats,
    out: Floats,
) -> None:
    """Follow all least ways back to the last node that is on every one of them.

    ``edge`` (``size`` of it) holds the nodes reached so far, ``passing`` their shares; the weight
    is handed on to that node, or ends at the origin, and links met between get theirs in ``out``.
    """
    first = True
    at_origin = False
    while size > 0:
        if size == 1 and not first and not at_origin:
            node = tree.edge[0]  # every way goes through it
            tree.passing[node] = 0.0
            carried[node] += weight
            break
        latest = 0
        for k in range(1, size):
            if tree.place[tree.edge[k]] > tree.place[tree.edge[latest]]:
                latest = k
        node = tree.edge[latest]
        size -= 1
        tree.edge[latest] = tree.edge[size]
        share = tree.passing[node] / (tree.n_tight[node] + tree.entries[node])
        tree.passing[node] = 0.0
        first = False
        for j in range(tree.ahead[node], tree.ahead[node] + tree.n_tight[node]):
            arc = tree.arcs[j]
            tail = graph.tails[arc]
            if tree.passing[tail] == 0.0:
                tree.edge[size] = tail
                size += 1
            tree.passing[tail] += share
            if graph.links[arc] >= 0:
                _add(0, graph.links[arc], share, stamp, met)
                if graph.boards[arc]:
                    _add(1, graph.links[arc], share, stamp, met)
        if tree.entries[node] > 0:
            at_origin = True
            for arc in range(starts.indptr[origin], starts.indptr[origin + 1]):
                near = starts.weights[arc] <= tree.distance[node] * TIGHT
                if starts.nodes[arc] == node and near:
                    _add_leg(2, starts.legs[arc], share, stamp, ways, met)
    for kind in range(4):
        for k in range(met.n_met[kind]):
            link = met.links[kind, k]
            sides = 2 if met.share[kind, link] >= WHOLE else 1
            if kind >= 2 and met.mark[5 - kind, link] == stamp:
                both = met.share[2, link] + met.share[3, link]
                if both >= WHOLE and both <= 2.0 - WHOLE:  # on the way out or back, never neither
                    if kind == 3:
                        continue
                    sides = 2
            for side in range(sides):
                for c in range(out.shape[3]):
                    out[side, min(kind, 2), link, c] += weight[side, c]


@njit(cache=True, nogil=True)
def load(
    graph: Any,
    starts: Any,
    ends: Any,
    ways: Any,
    pair: Floats,
    alone: Flags,
    first: int,
    last: int,
    out: Floats,
) -> tuple[int, int]:
    """Add what origins ``first`` to ``last`` put on links to ``out``, in place.

    Parameters
    ----------
    graph, starts, ends, ways
        ``Graph``, ``Zones`` twice, ``Ways``.
    pair
        Weights of pairs, (O, D, C); nothing is looked for where all are zero.
    alone
        (O, D), false where another graph serves the pair as well: then no link here is on every
        way.
    out
        (2, 3, L, C).

    Returns
    -------
    Pairs with weight and a way, and those of them with more than one.
    """
    n = graph.indptr.size - 1
    columns = out.shape[3]
    tree = _rooms(n, graph.heads.size, starts.nodes.size)
    met = _met(out.shape[2])
    goal = np.zeros(1, dtype=np.bool_)
    several = np.zeros(n, dtype=np.bool_)
    carried = np.zeros((n, 2, columns))
    left = np.zeros((ends.nodes.size, 2, columns))
    weight = np.zeros((2, columns))
    stamp = -1
    searched = -1
    pairs = 0
    tied = 0
    for origin in range(first, last):
        settled = _search(graph, starts, origin, goal, 0, tree)
        for arc in range(starts.indptr[origin], starts.indptr[origin + 1]):
            if starts.weights[arc] <= tree.distance[starts.nodes[arc]] * TIGHT:
                tree.entries[starts.nodes[arc]] += 1
        for strict in (False, True):
            _tight(graph, settled, strict, tree)
            searched += 1
            _sort(graph, tree.order, settled, searched, tree)
            lost = False
            for k in range(settled):
                lost = lost or tree.n_tight[tree.order[k]] + tree.entries[tree.order[k]] == 0
            if not lost:
                break
        for k in range(settled):
            node = tree.post[k]
            carried[node] = 0.0
            several[node] = tree.n_tight[node] + tree.entries[node] > 1
            if not several[node] and tree.n_tight[node] == 1:
                several[node] = several[graph.tails[tree.arcs[tree.ahead[node]]]]
        for zone in range(ends.indptr.size - 1):
            wanted = False
            for c in range(columns):
                wanted = wanted or pair[origin, zone, c] != 0.0
            if not wanted:
                continue
            least = np.inf
            best = -1
            for arc in range(ends.indptr[zone], ends.indptr[zone + 1]):
                reach = tree.distance[ends.nodes[arc]] + ends.weights[arc]
                if reach < least:
                    least = reach
                    best = arc
            if best < 0:
                continue
            pairs += 1
            roots = 0
            for arc in range(ends.indptr[zone], ends.indptr[zone + 1]):
                roots += tree.distance[ends.nodes[arc]] + ends.weights[arc] <= least * TIGHT
            tied += roots > 1 or several[ends.nodes[best]]
            weight[:] = 0.0
            for side in range(2 if alone[origin, zone] else 1):
                weight[side] = pair[origin, zone]
            if roots == 1:
                carried[ends.nodes[best]] += weight
                left[best] += weight
                continue
            stamp += 1
            met.n_met[:] = 0
            size = 0
            for arc in range(ends.indptr[zone], ends.indptr[zone + 1]):
                node = ends.nodes[arc]
                if tree.distance[node] + ends.weights[arc] <= least * TIGHT:
                    if tree.passing[node] == 0.0:
                        tree.edge[size] = node
                        size += 1
                    tree.passing[node] += 1.0 / roots
                    _add_leg(3, ends.legs[arc], 1.0 / roots, stamp, ways, met)
            _follow(graph, starts, origin, ways, tree, size, stamp, met, weight, carried, out)
        for k in range(settled - 1, -1, -1):
            node = tree.post[k]
            empty = True
            for side in range(2):
                for c in range(columns):
                    weight[side, c] = carried[node, side, c]
                    empty = empty and weight[side, c] == 0.0
            if empty:
                continue
            if tree.n_tight[node] == 1 and tree.entries[node] == 0:
                arc = tree.arcs[tree.ahead[node]]
                carried[graph.tails[arc]] += weight
                if graph.links[arc] >= 0:
                    for side in range(2):
                        for c in range(columns):
                            out[side, 0, graph.links[arc], c] += weight[side, c]
                            if graph.boards[arc]:
                                out[side, 1, graph.links[arc], c] += weight[side, c]
                continue
            stamp += 1
            met.n_met[:] = 0
            tree.edge[0] = node
            tree.passing[node] = 1.0
            _follow(graph, starts, origin, ways, tree, 1, stamp, met, weight, carried, out)
        for arc in range(starts.indptr[origin], starts.indptr[origin + 1]):
            tree.entries[starts.nodes[arc]] = 0
    for arc in range(ends.nodes.size):
        leg = ends.legs[arc]
        for j in range(ways.indptr[max(leg, 0)], ways.indptr[leg + 1]):
            for side in range(2 if ways.whole[j] else 1):
                for c in range(columns):
                    out[side, 2, ways.links[j], c] += left[arc, side, c]
    return pairs, tied


@njit(cache=True, nogil=True)
def street_ways(graph: Any, zones: Any, wanted: Ints, n_links: int, ways: Any) -> int:
    """Write the links of the least ways from zones to nodes; return how many entries there are.

    Parameters
    ----------
    graph
        ``Graph`` of the streets.
    zones
        ``Zones``: the node of each zone, at no weight; ``legs`` is not looked at.
    wanted
        Node at the far end of each leg, (legs,); ``ways.indptr`` comes with where the legs of each
        zone begin, and gets where the links of each leg begin.
    ways
        ``Ways`` with room for entries; those beyond the room are counted and not written. Its
        ``indptr`` is (zones + 1 + legs + 1,): the first part read, the second written.
    """
    n = graph.indptr.size - 1
    n_zones = zones.indptr.size - 1
    tree = _rooms(n, graph.heads.size, zones.nodes.size)
    met = _met(n_links)
    goal = np.zeros(n, dtype=np.bool_)
    by_leg = ways.indptr[n_zones + 1 :]
    size = 0
    for zone in range(n_zones):
        low = ways.indptr[zone]
        high = ways.indptr[zone + 1]
        if low == high:
            continue
        goals = 0
        for leg in range(low, high):
            goals += not goal[wanted[leg]]
            goal[wanted[leg]] = True
        settled = _search(graph, zones, zone, goal, goals, tree)
        _tight(graph, settled, True, tree)
        for leg in range(low, high):
            goal[wanted[leg]] = False
            by_leg[leg] = size
            met.n_met[:] = 0
            done = _sort(graph, wanted[leg : leg + 1], 1, leg, tree)
            tree.passing[wanted[leg]] = 1.0
            for k in range(done - 1, -1, -1):
                node = tree.post[k]
                ends = tree.n_tight[node] + (node == zones.nodes[zone])
                share = tree.passing[node] / max(ends, 1)
                tree.passing[node] = 0.0
                for j in range(tree.ahead[node], tree.ahead[node] + tree.n_tight[node]):
                    tree.passing[graph.tails[tree.arcs[j]]] += share
                    if graph.links[tree.arcs[j]] >= 0:
                        _add(0, graph.links[tree.arcs[j]], share, leg, met)
            for k in range(met.n_met[0]):
                if size < ways.links.size:
                    ways.links[size] = met.links[0, k]
                    ways.whole[size] = met.share[0, met.links[0, k]] >= WHOLE
                size += 1
    by_leg[wanted.size] = size
    return size
