"""Slow twins of link values: plain Python, nothing from the project.

`one_sided_loads` lists every least way of every pair and asks which links are on some and on all.
`link_value_by_hand` is the whole model in levels for one product that needs no inputs.
"""

import heapq
from itertools import product


def least(arcs, source):
    """Least weight from `source` to every node; `arcs` are (tail, head, weight, link)."""
    out = {}
    for tail, head, weight, _ in arcs:
        out.setdefault(tail, []).append((head, weight))
    found, heap = {}, [(0.0, source)]
    while heap:
        d, node = heapq.heappop(heap)
        if node in found:
            continue
        found[node] = d
        for head, weight in out.get(node, []):
            if head not in found:
                heapq.heappush(heap, (d + weight, head))
    return found


def least_ways(arcs, source, target):
    """Yield the links of every least way, as a tuple in order."""
    d = least(arcs, source)
    if target not in d:
        return
    tight = {}
    for tail, head, weight, link in arcs:
        if tail in d and abs(d[tail] + weight - d[head]) <= 1e-9 * max(1.0, d[head]):
            tight.setdefault(head, []).append((tail, link))

    def back(node, links, seen):
        if node == source:
            yield tuple(links)
            return
        for tail, link in tight.get(node, []):
            if tail not in seen:
                yield from back(tail, [link, *links], seen | {tail})

    yield from back(target, [], {target})


def one_sided_loads(arcs, n_links, weights):
    """Return what pairs put on links that are on some least way, and on every one.

    `weights` maps (origin, destination) to a number.
    """
    some, every = [0.0] * n_links, [0.0] * n_links
    for (source, target), weight in weights.items():
        if source == target:
            continue
        ways = [set(way) for way in least_ways(arcs, source, target)]
        if not ways:
            continue
        for link in set.union(*ways):
            some[link] += weight
        for link in set.intersection(*ways):
            every[link] += weight
    return some, every


def real_consumption_by_hand(share, spending, tau, theta):
    """Real consumption of one product bought for final use alone: money over the CES price index.

    `share[r][s]` base shares of origins, `spending[s]`, `tau[r][s]` change of delivered cost.
    """
    total = 0.0
    n = len(spending)
    for s in range(n):
        inside = sum(share[r][s] * tau[r][s] ** -theta for r in range(n))
        total += spending[s] * inside ** (1.0 / theta)
    return total


def gradient_of(function, matrix, step=1e-5):
    """Central differences of a function of a matrix of logs, cell by cell."""
    n = len(matrix)
    found = [[0.0] * n for _ in range(n)]
    for r, s in product(range(n), range(n)):
        up = [row[:] for row in matrix]
        down = [row[:] for row in matrix]
        up[r][s] += step
        down[r][s] -= step
        found[r][s] = (function(up) - function(down)) / (2 * step)
    return found
