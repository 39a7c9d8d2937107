"""Walk all paths whose value is not too small, from final demand up to the stressor.

Public names
------------
walk : one stretch of a depth-first walk; state in arrays, so that it can go on later
draw : random paths, drawn in proportion to what they contribute

Terms
-----
Nodes 0 .. n-1 are industries, those from n on only pass on (products by place of use). Node k has
`width[k]` children from `first[k]` on, `share` falling, `stop[k]` the part of its value that ends
there, `rest[k]` the sum of its shares: stop + rest = 1. A path's *value* is all that flows through
its last node along it; what it *contributes* is value * stop.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]

LEVEL, ROOT, COUNT, KEPT, TOO_DEEP = 0, 1, 2, 3, 4
"""Positions in `state`: level of the walk (-1 none), next root, paths met, in the heap, cut off."""
COVERED, LEFT = 0, 1
"""Positions in `sums`."""


@njit(cache=True, nogil=True)
def walk(
    n: int,
    first: Ints,
    width: Ints,
    child: Shorts,
    share: Floats,
    stop: Floats,
    rest: Floats,
    sign: Floats,
    ahead: Floats,
    sums_to: Floats,
    roots: Ints,
    root_value: Floats,
    root_sign: Floats,
    smallest: float,
    deepest: int,
    prune: bool,
    state: Ints,
    sums: Floats,
    by_depth: Floats,
    nodes: Ints,
    place: Ints,
    value: Floats,
    used: Floats,
    depth: Ints,
    heap_value: Floats,
    heap_path: Shorts,
    heap_length: Ints,
    out_value: Floats,
    out_path: Shorts,
    out_length: Ints,
) -> int:
    """Walk on until all is walked or the output is full; returns how many paths were written.

    Arrays `state` (5,), `sums` (2,), `by_depth` (deepest + 1,), the stack `nodes`, `place`,
    `value`, `used`, `depth` and the heap of the largest (least first) change in place.
    Where all children of a node are last ones and none can be listed, they are counted at once:
    `ahead` (nodes, 3) holds a node's largest share, the largest such share of its children and the
    largest share * stop of its children; `sums_to` (arcs + 1, 2) running sums over children of
    share * stop, and of how many there are with stop > 0. Children
    below `smallest` (with `prune`, also below the least of a full heap) are left out and their
    values added to sums[LEFT]. `out_value` of length zero writes nothing.
    """
    written = 0
    room = out_value.shape[0]
    wanted = heap_value.shape[0]
    level = state[LEVEL]
    limit = smallest
    if prune and state[KEPT] == wanted and heap_value[0] > limit:
        limit = heap_value[0]
    while True:
        if level < 0:
            at = state[ROOT]
            if at >= roots.shape[0]:
                break
            new, new_value, new_depth = roots[at], root_value[at], 0
            state[ROOT] = at + 1
            if new_value < limit or new_value == 0.0:
                sums[LEFT] += new_value
                continue
        else:
            top = nodes[level]
            k = place[level]
            if k < width[top]:
                q = share[first[top] + k]
                new_value = value[level] * q
            else:
                q = 0.0
                new_value = 0.0
            if q == 0.0 or new_value < limit:
                gone = value[level] * (rest[top] - used[level])
                if gone > 0.0:
                    sums[LEFT] += gone
                level -= 1
                continue
            place[level] = k + 1
            used[level] += q
            new = np.int64(child[first[top] + k])
            new_depth = depth[level] + 1 if new < n else depth[level]
            if new_depth > deepest:
                sums[LEFT] += new_value
                state[TOO_DEEP] += 1
                continue
        level += 1
        nodes[level] = new
        place[level] = 0
        value[level] = new_value
        used[level] = 0.0
        depth[level] = new_depth
        gives = new_value * stop[new] if new < n else 0.0
        if gives > 0.0:
            state[COUNT] += 1
            sums[COVERED] += gives
            by_depth[new_depth] += gives
            signed = sign[new] * root_sign[state[ROOT] - 1]
            if wanted > 0 and (state[KEPT] < wanted or gives > heap_value[0]):
                _keep(gives, signed, nodes, level, n, state, heap_value, heap_path, heap_length)
                if prune and state[KEPT] == wanted and heap_value[0] > limit:
                    limit = heap_value[0]
            if room > 0:
                out_value[written] = gives * signed
                length = 0
                for j in range(level + 1):
                    if nodes[j] < n:
                        out_path[written, length] = nodes[j]
                        length += 1
                out_length[written] = length
                written += 1
                if written == room:
                    break
        if (
            room == 0
            and new_depth < deepest
            and new_value * ahead[new, 0] * ahead[new, 1] < limit
            and (
                wanted == 0
                or (state[KEPT] == wanted and new_value * ahead[new, 2] <= heap_value[0])
            )
        ):
            start = first[new]
            low, high = start, start + width[new]
            while low < high:
                middle = (low + high) // 2
                if new_value * share[middle] >= limit:
                    low = middle + 1
                else:
                    high = middle
            ends = new_value * (sums_to[low, 0] - sums_to[start, 0])
            sums[LEFT] += new_value * rest[new] - ends
            sums[COVERED] += ends
            if ends > 0.0:
                state[COUNT] += np.int64(sums_to[low, 1] - sums_to[start, 1])
                by_depth[new_depth + 1] += ends
            level -= 1
    state[LEVEL] = level
    return written


@njit(cache=True, nogil=True)
def _keep(
    gives: float,
    sign: float,
    nodes: Ints,
    level: int,
    n: int,
    state: Ints,
    heap_value: Floats,
    heap_path: Shorts,
    heap_length: Ints,
) -> None:
    """Put a path into the heap of the largest; the least goes when it is full.

    `heap_length` holds the number of nodes, negative for a path of negative sign; `heap_path`
    (wanted, deepest + 1) rows move with their values.
    """
    kept = state[KEPT]
    if kept < heap_value.shape[0]:
        at = kept
        state[KEPT] = kept + 1
        while at > 0:
            above = (at - 1) // 2
            if heap_value[above] <= gives:
                break
            heap_value[at] = heap_value[above]
            heap_path[at] = heap_path[above]
            heap_length[at] = heap_length[above]
            at = above
    else:
        at = 0
        while True:
            below = 2 * at + 1
            if below >= kept:
                break
            if below + 1 < kept and heap_value[below + 1] < heap_value[below]:
                below += 1
            if heap_value[below] >= gives:
                break
            heap_value[at] = heap_value[below]
            heap_path[at] = heap_path[below]
            heap_length[at] = heap_length[below]
            at = below
    heap_value[at] = gives
    length = 0
    for j in range(level + 1):
        if nodes[j] < n:
            heap_path[at, length] = nodes[j]
            length += 1
    heap_length[at] = length if sign >= 0 else -length


@njit(cache=True, nogil=True)
def draw(
    n: int,
    first: Ints,
    width: Ints,
    child: Shorts,
    share: Floats,
    stop: Floats,
    rest: Floats,
    roots: Ints,
    root_value: Floats,
    uniform: Floats,
    deepest: int,
    end_value: Floats,
    end_gives: Floats,
) -> None:
    """Draw one path for each row of `uniform` (k, levels); writes value and contribution (k,).

    Nodes are chosen in proportion to value; what runs out of levels or depth has contribution 0.
    """
    total = root_value.sum()
    for row in range(uniform.shape[0]):
        target = uniform[row, 0] * total
        at = 0
        while at < roots.shape[0] - 1 and target >= root_value[at]:
            target -= root_value[at]
            at += 1
        node, value, depth = roots[at], root_value[at], 0
        end_value[row], end_gives[row] = 0.0, 0.0
        for step in range(1, uniform.shape[1]):
            u = uniform[row, step] * (stop[node] + rest[node])
            if u < stop[node]:
                end_value[row], end_gives[row] = value, value * stop[node]
                break
            u -= stop[node]
            k = 0
            while k < width[node] - 1 and u >= share[first[node] + k]:
                u -= share[first[node] + k]
                k += 1
            value *= share[first[node] + k]
            node = np.int64(child[first[node] + k])
            if value == 0.0:
                break
            if node < n:
                depth += 1
                if depth > deepest:
                    break
