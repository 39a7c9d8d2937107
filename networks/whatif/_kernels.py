"""What a few changed arcs do to a matrix of least weights.

Public names
------------
close_nodes : least weights between a few nodes, new arcs taken
gains : which cells of a matrix new arcs lower, and to what
improve : the matrix with new arcs, in place
affected : which rows and columns have pairs that use some arcs
repair : customised weights after a few arcs have changed

Terms
-----
The matrix has origins in rows (O) and destinations in columns (D). The *few nodes* (m) are the ends
of new arcs and the nodes that are new themselves.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]
SLACK = 1.0 + 1e-12
LOWER = 1.0 - 4e-15  # what is lower by less is the same number, added up in another order


@njit(cache=True, nogil=True)
def close_nodes(least: Floats) -> None:
    """Lower weights between a few nodes (m, m) to those of their least paths, in place."""
    m = least.shape[0]
    for k in range(m):
        least[k, k] = 0.0
    for via in range(m):
        ahead = least[via]
        for a in range(m):
            here = least[a, via]
            if here < np.inf:
                row = least[a]
                for b in range(m):
                    reach = here + ahead[b]
                    row[b] = reach if reach < row[b] else row[b]


@njit(cache=True, nogil=True)
def gains(
    matrix: Floats, back: Floats, steps: Floats, entries: Ints, exits: Ints, ahead: Floats
) -> tuple[Flags, Ints, Floats]:
    """Return the rows looked at (O,), the cells that new arcs lower and their new values.

    Parameters
    ----------
    matrix
        Least weights (O, D); left as it is.
    back
        From origins to the few nodes without new arcs, (O, m); infinite for new nodes unless an
        origin starts there.
    steps
        Between the few nodes, new arcs taken: (m, m), closed.
    entries, exits
        Nodes where new arcs may be entered and left.
    ahead
        From the few nodes to destinations without new arcs, (m, D).

    Notes
    -----
    Cells are positions in the flat matrix, ascending. A node that new arcs do not bring nearer
    brings nothing nearer, so most rows need no look. What is lower by rounding only is no gain.
    """
    n_rows, n_columns = matrix.shape
    touched = np.zeros(n_rows, dtype=np.bool_)
    cells = np.empty(1024, dtype=np.int64)
    values = np.empty(1024)
    count = 0
    row = np.empty(n_columns)
    for i in range(n_rows):
        looked = False
        here = back[i]
        for m in exits:
            least = np.inf
            for first in entries:
                least = min(least, here[first] + steps[first, m])
            if not (least < here[m] * LOWER or (least < np.inf and here[m] == np.inf)):
                continue
            beyond = ahead[m]
            if not looked:
                looked = True
                for j in range(n_columns):
                    row[j] = least + beyond[j]
            else:
                for j in range(n_columns):
                    total = least + beyond[j]
                    row[j] = total if total < row[j] else row[j]
        if not looked:
            continue
        touched[i] = True
        if count + n_columns > cells.size:
            cells = np.concatenate((cells, np.empty(cells.size + n_columns, dtype=np.int64)))
            values = np.concatenate((values, np.empty(values.size + n_columns)))
        old = matrix[i]
        for j in range(n_columns):
            cells[count] = i * n_columns + j
            values[count] = row[j]
            if row[j] < old[j] * LOWER or (row[j] < np.inf and old[j] == np.inf):
                count += 1
    return touched, cells[:count], values[:count]


@njit(cache=True, nogil=True)
def improve(
    matrix: Floats, back: Floats, steps: Floats, entries: Ints, exits: Ints, ahead: Floats
) -> Flags:
    """Lower ``matrix`` (O, D) to what new arcs allow, in place; return the rows looked at (O,).

    Parameters and notes as in ``gains``.
    """
    n_rows, n_columns = matrix.shape
    touched = np.zeros(n_rows, dtype=np.bool_)
    for i in range(n_rows):
        here = back[i]
        row = matrix[i]
        for m in exits:
            least = np.inf
            for first in entries:
                least = min(least, here[first] + steps[first, m])
            if least < here[m] * LOWER or (least < np.inf and here[m] == np.inf):
                touched[i] = True
                beyond = ahead[m]
                for j in range(n_columns):
                    total = least + beyond[j]
                    row[j] = total if total < row[j] * LOWER else row[j]
    return touched


@njit(cache=True, nogil=True)
def affected(
    matrix: Floats,
    to_tail: Floats,
    to_head: Floats,
    weights: Floats,
    from_tail: Floats,
    from_head: Floats,
) -> tuple[Flags, Flags, int]:
    """Return rows (O,) and columns (D,) with a pair whose least weight some arc carries, and pairs.

    Parameters
    ----------
    matrix
        Least weights (O, D).
    to_tail, to_head
        From origins to the ends of the arcs: (c, O).
    weights
        Of the arcs: (c,).
    from_tail, from_head
        From the ends of the arcs to destinations: (c, D).

    Notes
    -----
    A pair (i, j) uses arc (u, v) only when i -> v and u -> j do; then to_tail + weight + from_head
    <= least (1 + 1e-12).
    """
    n_rows, n_columns = matrix.shape
    rows = np.zeros(n_rows, dtype=np.bool_)
    columns = np.zeros(n_columns, dtype=np.bool_)
    candidates = np.empty(n_columns, dtype=np.int64)
    pairs = 0
    for arc in range(weights.size):
        count = 0
        for j in range(n_columns):
            ahead = weights[arc] + from_head[arc, j]
            if ahead < np.inf and ahead <= from_tail[arc, j] * SLACK:
                candidates[count] = j
                count += 1
        if count == 0:
            continue
        for i in range(n_rows):
            entry = to_tail[arc, i] + weights[arc]
            if entry < np.inf and entry <= to_head[arc, i] * SLACK:
                for k in range(count):
                    j = candidates[k]
                    if entry + from_head[arc, j] <= matrix[i, j] * SLACK:
                        pairs += 1
                        rows[i] = True
                        columns[j] = True
    return rows, columns, pairs


@njit(cache=True, nogil=True)
def repair(
    indptr: Ints,
    heads: Int32s,
    low_indptr: Ints,
    low_edges: Int32s,
    low_tails: Int32s,
    tails: Int32s,
    arc_rows: Ints,
    arcs: Ints,
    upward: Flags,
    weights: Floats,
    changed: Int32s,
    up: Floats,
    down: Floats,
    waiting: Flags,
) -> tuple[Int32s, Floats, Floats]:
    """Put changed arc weights into customised ones, in place; return edges, old up and old down.

    Parameters
    ----------
    indptr, heads, low_indptr, low_edges, low_tails
        The hierarchy.
    tails
        Lower node of each edge, (M,).
    arc_rows, arcs
        Arcs of each edge: (M + 1,), (E,).
    upward, weights
        Whether each arc runs upward, and its new weight: (E,).
    changed
        Edges with arcs that changed.
    up, down
        Customised weights, (M,).
    waiting
        Room to work in, (M,), all False before and after.

    Notes
    -----
    Edges are met by their lower node, ascending, each once at most. When an edge has a new weight,
    the edges above it are met too where its old weight made theirs or its new one undercuts it.
    """
    heap = np.empty(max(64, 2 * changed.size), dtype=np.int32)
    size = 0
    for e in changed:
        if not waiting[e]:
            waiting[e] = True
            heap[size] = e
            size += 1
    heap[:size].sort()
    met = np.empty(256, dtype=np.int32)
    old_up = np.empty(256)
    old_down = np.empty(256)
    count = 0
    while size > 0:
        e = heap[0]
        size -= 1
        last = heap[size]
        hole = 0
        child = 1
        while child < size:
            if child + 1 < size and heap[child + 1] < heap[child]:
                child += 1
            if heap[child] >= last:
                break
            heap[hole] = heap[child]
            hole = child
            child = 2 * hole + 1
        heap[hole] = last
        waiting[e] = False
        u, v = tails[e], heads[e]
        rise, fall = np.inf, np.inf
        for k in range(arc_rows[e], arc_rows[e + 1]):
            if upward[arcs[k]]:
                rise = min(rise, weights[arcs[k]])
            else:
                fall = min(fall, weights[arcs[k]])
        a, a_end = low_indptr[u], low_indptr[u + 1]
        b, b_end = low_indptr[v], low_indptr[v + 1]
        while a < a_end and b < b_end:
            if low_tails[a] < low_tails[b]:
                a += 1
            elif low_tails[a] > low_tails[b]:
                b += 1
            else:
                xu, xv = low_edges[a], low_edges[b]
                rise = min(rise, down[xu] + up[xv])
                fall = min(fall, down[xv] + up[xu])
                a += 1
                b += 1
        was_up, was_down = up[e], down[e]
        if rise == was_up and fall == was_down:
            continue
        if count == met.size:
            met = np.concatenate((met, np.empty(count, dtype=np.int32)))
            old_up = np.concatenate((old_up, np.empty(count)))
            old_down = np.concatenate((old_down, np.empty(count)))
        met[count] = e
        old_up[count] = was_up
        old_down[count] = was_down
        count += 1
        up[e] = rise
        down[e] = fall
        for uz in range(indptr[u], indptr[u + 1]):
            if uz == e:
                continue
            z = heads[uz]
            low, high = min(v, z), max(v, z)
            begin, end = indptr[low], indptr[low + 1]
            above = begin + np.searchsorted(heads[begin:end], high)
            if waiting[above]:
                continue
            # v -> z over u is down[e] + up[uz]; z -> v over u is down[uz] + up[e]
            ahead = up[above] if v < z else down[above]
            back = down[above] if v < z else up[above]
            stale = (
                was_down + up[uz] == ahead
                or fall + up[uz] < ahead
                or down[uz] + was_up == back
                or down[uz] + rise < back
            )
            if stale and not (
                was_down + up[uz] == np.inf
                and fall + up[uz] == np.inf
                and down[uz] + was_up == np.inf
                and down[uz] + rise == np.inf
            ):
                waiting[above] = True
                if size == heap.size:
                    heap = np.concatenate((heap, np.empty(size, dtype=np.int32)))
                hole = size
                size += 1
                while hole > 0:
                    parent = (hole - 1) >> 1
                    if heap[parent] <= above:
                        break
                    heap[hole] = heap[parent]
                    hole = parent
                heap[hole] = above
    return met[:count], old_up[:count], old_down[:count]


@njit(cache=True, nogil=True)
def composite_cells(
    base: Floats, powers: Floats, k: int, cells: Ints, values: Floats, theta: float
) -> Floats:
    """Return the CES composite at some cells when one alternative costs something else there.

    Parameters
    ----------
    base
        The composite, flat.
    powers
        (cost / base)^-theta of every alternative, (M, cells of the matrix).
    k
        The alternative.
    cells, values
        Where, and what it costs now.
    theta
        Dispersion.
    """
    found = np.empty(cells.size)
    for n in range(cells.size):
        cell = cells[n]
        total = 0.0
        for m in range(powers.shape[0]):
            if m != k:
                total += powers[m, cell]
        if values[n] < base[cell]:  # measured by the better one: no power leaves the range
            total = 1.0 + total * np.exp(theta * np.log(values[n] / base[cell]))
            found[n] = values[n] * np.exp(-np.log(total) / theta)
            continue
        if values[n] < np.inf:
            total += np.exp(-theta * np.log(values[n] / base[cell]))
        found[n] = base[cell] * np.exp(-np.log(total) / theta) if total > 0.0 else np.inf
    return found
