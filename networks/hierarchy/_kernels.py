"""Elimination orders, and weights put into a hierarchy.

Public names
------------
minimum_degree : order of elimination and the neighbours that each node has when it goes
postorder : order of a forest in which every subtree is contiguous
edges_of_arcs : the edge of the hierarchy that an arc lies on
customise : least weights over all ways through lower nodes
explain : what each of these weights stands for
perfect : least weights over all ways through higher nodes
accumulate : components of every edge, from those of the two edges it stands for

Terms
-----
Nodes are numbered by *rank*: a node may be left out of the graph once all lower ones are. An *edge*
joins a lower to a higher node and is stored with the lower one, ``indptr`` (N + 1,) and ``heads``
(M,), heads ascending; ``up`` is its weight from the lower to the higher node, ``down`` the other
way. ``low_indptr`` (N + 1,) and ``low_edges`` (M,) list the edges that end at a node, by tail. The
higher neighbours of a node are all joined to each other. A *triangle* is a node x with two edges
(x, u) and (x, v) and the edge (u, v), x < u < v. ``via`` (M, 2, 2) says for each edge and direction
(0 up, 1 down) what its weight stands for: an arc (-1 - arc, -1), or an edge taken down and then an
edge taken up.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]
NOTHING = -(2**31)


@njit(cache=True, nogil=True)
def minimum_degree(
    indptr: Ints, neighbours: Int32s, limit: float
) -> tuple[Int32s, Ints, Int32s, float]:
    """Return order (N,), the nodes left that each was joined to, in rows, and the triangles.

    Parameters
    ----------
    indptr, neighbours
        A graph without direction, loops or double edges, in rows: (N + 1,), (2 x edges,).
    limit
        Stop when there are more triangles than that: the order is then empty.

    Notes
    -----
    The node with fewest neighbours left goes next and its neighbours are joined to each other. The
    last one put into a bucket is the first one taken, so the order is fixed by the input. When all
    that are left know each other, their order does not matter.
    """
    n = indptr.size - 1
    store = np.empty(2 * neighbours.size + 4 * n + 16, dtype=np.int32)
    begin = np.empty(n, dtype=np.int64)
    room = np.empty(n, dtype=np.int64)
    degree = np.empty(n, dtype=np.int64)
    used = np.int64(0)
    first = np.full(n + 1, -1, dtype=np.int64)  # bucket of each degree, a doubly linked list
    after = np.full(n, -1, dtype=np.int64)
    before = np.full(n, -1, dtype=np.int64)
    for v in range(n):
        size = indptr[v + 1] - indptr[v]
        begin[v] = used
        room[v] = size
        degree[v] = size
        store[used : used + size] = neighbours[indptr[v] : indptr[v + 1]]
        used += size
        after[v] = first[size]
        if first[size] >= 0:
            before[first[size]] = v
        first[size] = v
    order = np.empty(n, dtype=np.int32)
    up_indptr = np.zeros(n + 1, dtype=np.int64)
    up_nodes = np.empty(2 * neighbours.size + 16, dtype=np.int32)
    written = np.int64(0)
    seen = np.full(n, -1, dtype=np.int64)
    stamp = np.int64(0)
    least = np.int64(0)
    triangles = 0.0
    for place in range(n):
        while first[least] < 0:
            least += 1
        v = first[least]
        d = degree[v]
        whole = d == n - place - 1
        triangles += (d + 1.0) * d * (d - 1.0) / 6.0 if whole else d * (d - 1.0) / 2.0
        if triangles > limit:
            return order[:0], up_indptr, up_nodes[:0], triangles
        if whole:  # a clique is left: v and its neighbours, in any order
            rest = np.sort(store[begin[v] : begin[v] + d])
            if written + (d + 1) * d // 2 > up_nodes.size:
                bigger = np.empty(written + (d + 1) * d // 2 + 16, dtype=np.int32)
                bigger[:written] = up_nodes[:written]
                up_nodes = bigger
            order[place] = v
            order[place + 1 :] = rest
            for k in range(d + 1):
                for j in range(k, d):
                    up_nodes[written] = rest[j]
                    written += 1
                up_indptr[place + k + 1] = written
            break
        first[least] = after[v]
        if after[v] >= 0:
            before[after[v]] = -1
        order[place] = v
        if written + d > up_nodes.size:
            bigger = np.empty(2 * up_nodes.size + d, dtype=np.int32)
            bigger[:written] = up_nodes[:written]
            up_nodes = bigger
        start = begin[v]
        for k in range(d):
            up_nodes[written + k] = store[start + k]
        for k in range(d):
            u = up_nodes[written + k]
            stamp += 1
            seen[u] = stamp
            at = begin[u]
            size = degree[u]
            kept = np.int64(0)
            for j in range(size):
                x = store[at + j]
                seen[x] = stamp
                if x != v:
                    store[at + kept] = x
                    kept += 1
            fresh = np.int64(0)
            for j in range(d):
                if seen[up_nodes[written + j]] != stamp:
                    fresh += 1
            if kept + fresh > room[u]:
                wanted = 2 * (kept + fresh)
                if used + wanted > store.size:
                    larger = np.empty(2 * store.size + wanted, dtype=np.int32)
                    larger[:used] = store[:used]
                    store = larger
                for j in range(kept):
                    store[used + j] = store[at + j]
                at = used
                begin[u] = at
                room[u] = wanted
                used += wanted
            for j in range(d):
                x = up_nodes[written + j]
                if seen[x] != stamp:
                    store[at + kept] = x
                    kept += 1
            # move u to the bucket of its new degree
            if before[u] >= 0:
                after[before[u]] = after[u]
            else:
                first[size] = after[u]
            if after[u] >= 0:
                before[after[u]] = before[u]
            degree[u] = kept
            before[u] = -1
            after[u] = first[kept]
            if first[kept] >= 0:
                before[first[kept]] = u
            first[kept] = u
            least = min(least, kept)
        written += d
        up_indptr[place + 1] = written
    return order, up_indptr, up_nodes[:written].copy(), triangles


@njit(cache=True, nogil=True)
def postorder(parent: Ints) -> Ints:
    """Return the new place (N,) of each node of a forest, children before parents.

    Parameters
    ----------
    parent
        Parent of each node, larger than the node, or -1: (N,).
    """
    n = parent.size
    first = np.full(n + 1, -1, dtype=np.int64)
    following = np.full(n, -1, dtype=np.int64)
    for v in range(n - 1, -1, -1):
        above = parent[v] if parent[v] >= 0 else n
        following[v] = first[above]
        first[above] = v
    place = np.empty(n, dtype=np.int64)
    given = np.int64(0)
    stack = np.empty(n + 1, dtype=np.int64)
    stack[0] = n
    depth = 1
    while depth:
        v = stack[depth - 1]
        child = first[v]
        if child >= 0:
            first[v] = following[child]
            stack[depth] = child
            depth += 1
        else:
            depth -= 1
            if v < n:
                place[v] = given
                given += 1
    return place


@njit(cache=True, nogil=True)
def edges_of_arcs(indptr: Ints, heads: Int32s, low: Ints, high: Ints) -> Int32s:
    """Return the edge (E,) between the nodes ``low`` < ``high``; -1 where they are the same."""
    edge = np.empty(low.size, dtype=np.int32)
    for k in range(low.size):
        if low[k] == high[k]:
            edge[k] = -1
            continue
        begin, end = indptr[low[k]], indptr[low[k] + 1]
        edge[k] = begin + np.searchsorted(heads[begin:end], high[k])
    return edge


@njit(cache=True, nogil=True)
def customise(
    indptr: Ints,
    heads: Int32s,
    low_indptr: Ints,
    low_edges: Int32s,
    low_tails: Int32s,
    slots: Int32s,
    upward: Flags,
    weights: Floats,
) -> tuple[Floats, Floats]:
    """Return the least weights up (M,) and down (M,) over ways through lower nodes.

    Parameters
    ----------
    indptr, heads, low_indptr, low_edges, low_tails
        The hierarchy; ``low_tails`` (M,) are the tails of ``low_edges``.
    slots, upward, weights
        Edge of each arc (-1: none), whether it runs upward, its weight >= 0: (E,) each.

    Notes
    -----
    Of parallel arcs the least counts. Triangles are met by their middle node, ascending, so both
    lower edges have their last weight when they are used.
    """
    n = indptr.size - 1
    up = np.full(heads.size, np.inf)
    down = np.full(heads.size, np.inf)
    for arc in range(slots.size):
        e = slots[arc]
        if e >= 0:
            if upward[arc]:
                up[e] = min(up[e], weights[arc])
            else:
                down[e] = min(down[e], weights[arc])
    edge_to = np.empty(n, dtype=np.int32)
    for u in range(n):
        begin, above = indptr[u], indptr[u + 1] - indptr[u]
        for e in range(begin, begin + above):
            edge_to[heads[e]] = e
        for k in range(low_indptr[u], low_indptr[u + 1]):
            xu = low_edges[k]
            to_u, from_u = up[xu], down[xu]
            end = indptr[low_tails[k] + 1]
            if end - xu - 1 == above:
                # x and u know the same nodes above u: the rows of edges lie side by side
                there, here = up[begin : begin + above], up[xu + 1 : end]
                for j in range(above):
                    rise = from_u + here[j]
                    there[j] = rise if rise < there[j] else there[j]
                there, here = down[begin : begin + above], down[xu + 1 : end]
                for j in range(above):
                    fall = here[j] + to_u
                    there[j] = fall if fall < there[j] else there[j]
                continue
            for xv in range(xu + 1, end):
                e = edge_to[heads[xv]]
                up[e] = min(up[e], from_u + up[xv])
                down[e] = min(down[e], down[xv] + to_u)
    return up, down


@njit(cache=True, nogil=True)
def explain(
    indptr: Ints,
    heads: Int32s,
    low_indptr: Ints,
    low_edges: Int32s,
    low_tails: Int32s,
    slots: Int32s,
    upward: Flags,
    weights: Floats,
    up: Floats,
    down: Floats,
    needed: Flags,
) -> Int32s:
    """Return via (M, 2, 2) for ``needed`` (M, 2) edges and those they stand for; marks these too.

    Parameters as in ``customise``, and what it returned.

    Notes
    -----
    A weight is a sum made in one way only, so what it stands for is found again by comparing for
    equality: the first arc that has it, or else the triangle with the lowest node.
    """
    via = np.full((heads.size, 2, 2), NOTHING, dtype=np.int32)
    for arc in range(slots.size):
        e = slots[arc]
        if e < 0:
            continue
        way = 0 if upward[arc] else 1
        weight = up[e] if upward[arc] else down[e]
        if weights[arc] == weight and via[e, way, 0] == NOTHING and weight < np.inf:
            via[e, way, 0] = -1 - arc
    for u in range(indptr.size - 2, -1, -1):
        for e in range(indptr[u + 1] - 1, indptr[u] - 1, -1):
            rises = needed[e, 0] and via[e, 0, 0] == NOTHING and up[e] < np.inf
            falls = needed[e, 1] and via[e, 1, 0] == NOTHING and down[e] < np.inf
            a, a_end = low_indptr[u], low_indptr[u + 1]
            b, b_end = low_indptr[heads[e]], low_indptr[heads[e] + 1]
            while (rises or falls) and a < a_end and b < b_end:
                if low_tails[a] < low_tails[b]:
                    a += 1
                    continue
                if low_tails[a] > low_tails[b]:
                    b += 1
                    continue
                xu, xv = low_edges[a], low_edges[b]
                if rises and down[xu] + up[xv] == up[e]:
                    via[e, 0, 0], via[e, 0, 1] = xu, xv
                    needed[xu, 1] = needed[xv, 0] = True
                    rises = False
                if falls and down[xv] + up[xu] == down[e]:
                    via[e, 1, 0], via[e, 1, 1] = xv, xu
                    needed[xv, 1] = needed[xu, 0] = True
                    falls = False
                a += 1
                b += 1
    return via


@njit(cache=True, nogil=True)
def perfect(
    indptr: Ints,
    heads: Int32s,
    low_indptr: Ints,
    low_edges: Int32s,
    low_tails: Int32s,
    up: Floats,
    down: Floats,
) -> tuple[Floats, Floats]:
    """Return the least weights up (M,) and down (M,) between the ends of each edge.

    Notes
    -----
    Triangles are met by their middle node, descending: the edge above is least when it is used.
    """
    n = indptr.size - 1
    best_up, best_down = up.copy(), down.copy()
    edge_to = np.empty(n, dtype=np.int32)
    for u in range(n - 1, -1, -1):
        for e in range(indptr[u], indptr[u + 1]):
            edge_to[heads[e]] = e
        for k in range(low_indptr[u], low_indptr[u + 1]):
            xu = low_edges[k]
            x_u, u_x = up[xu], down[xu]
            least_to, least_from = best_up[xu], best_down[xu]
            end = indptr[low_tails[k] + 1]
            if end - xu - 1 == indptr[u + 1] - indptr[u]:
                begin, stop = indptr[u], indptr[u + 1]
                from_u, to_u = best_up[begin:stop], best_down[begin:stop]
                to_v, from_v = up[xu + 1 : end], down[xu + 1 : end]
                best_to, best_from = best_up[xu + 1 : end], best_down[xu + 1 : end]
                for j in range(from_u.size):
                    reach = x_u + from_u[j]
                    best_to[j] = reach if reach < best_to[j] else best_to[j]
                    reach = to_v[j] + to_u[j]
                    least_to = reach if reach < least_to else least_to
                for j in range(from_u.size):
                    reach = to_u[j] + u_x
                    best_from[j] = reach if reach < best_from[j] else best_from[j]
                    reach = from_u[j] + from_v[j]
                    least_from = reach if reach < least_from else least_from
                best_up[xu] = least_to
                best_down[xu] = least_from
                continue
            for xv in range(xu + 1, end):
                e = edge_to[heads[xv]]
                u_v, v_u = best_up[e], best_down[e]
                best_up[xv] = min(best_up[xv], x_u + u_v)
                best_down[xv] = min(best_down[xv], v_u + u_x)
                least_to = min(least_to, up[xv] + v_u)
                least_from = min(least_from, u_v + down[xv])
            best_up[xu] = least_to
            best_down[xu] = least_from
    return best_up, best_down


@njit(cache=True, nogil=True)
def keep(
    indptr: Ints, heads: Int32s, weights: Floats, least: Floats
) -> tuple[Ints, Int32s, Floats, Int32s]:
    """Return rows, heads, weights and edges of those that no other way undercuts.

    Notes
    -----
    A way that undercuts an edge starts with an edge of strictly less weight, so leaving out all
    undercut edges at once leaves a way for each of them, whatever the rounding.
    """
    n = indptr.size - 1
    count = 0
    for e in range(heads.size):
        if weights[e] <= least[e] and weights[e] < np.inf:
            count += 1
    rows = np.zeros(n + 1, dtype=np.int64)
    kept_heads = np.empty(count, dtype=np.int32)
    kept_weights = np.empty(count)
    kept_edges = np.empty(count, dtype=np.int32)
    count = 0
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            if weights[e] <= least[e] and weights[e] < np.inf:
                kept_heads[count] = heads[e]
                kept_weights[count] = weights[e]
                kept_edges[count] = e
                count += 1
        rows[v + 1] = count
    return rows, kept_heads, kept_weights, kept_edges


@njit(cache=True, nogil=True)
def accumulate(via: Int32s, components: Floats) -> Floats:
    """Return the components (M, 2, K) of each edge up and down; zero where via says nothing.

    Parameters
    ----------
    via
        What each edge stands for: (M, 2, 2).
    components
        Of the arcs: (E, K).
    """
    m = via.shape[0]
    n_components = components.shape[1]
    total = np.zeros((m, 2, n_components))
    for e in range(m):
        for way in range(2):
            a, b = via[e, way, 0], via[e, way, 1]
            if a >= 0:
                for k in range(n_components):
                    total[e, way, k] = total[a, 1, k] + total[b, 0, k]
            elif a != NOTHING:
                for k in range(n_components):
                    total[e, way, k] = components[-1 - a, k]
    return total
