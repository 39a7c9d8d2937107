"""Drawn ways made into a graph: nodes where nothing branches off are taken out.

Public names
------------
Piece : a step of a road or railway
thinned : pieces merged over nodes that only carry on
piece_km : how much road is joined both ways to each node
between_stations : runs from each station to the next ones over a railway

Terms
-----
A node *carries on* when two two-way pieces, or one piece in and one out, meet there and nothing
else. Merged pieces have the sums of km and minutes.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Piece:
    """From one node to another; ``both``: and back."""

    start: int
    end: int
    km: float
    minutes: float
    both: bool


def thinned(pieces: list[Piece], keep: set[int]) -> list[Piece]:
    """Return pieces merged wherever a node outside ``keep`` carries on; loops are dropped.

    Parameters
    ----------
    pieces
        Steps of ways, parallel ones kept.
    keep
        Nodes that stay.
    """
    alive: dict[int, Piece] = dict(enumerate(pieces))
    touching: dict[int, set[int]] = {}
    for key, piece in alive.items():
        touching.setdefault(piece.start, set()).add(key)
        touching.setdefault(piece.end, set()).add(key)
    waiting = [n for n in sorted(touching) if n not in keep and len(touching[n]) == 2]
    fresh = len(pieces)
    for node in waiting:  # grows while it is gone through
        keys = sorted(touching[node])
        if len(keys) != 2:
            continue
        merged = _merged(alive[keys[0]], alive[keys[1]], node)
        if merged is None:
            continue
        for key in keys:
            for end in (alive[key].start, alive[key].end):
                touching[end].discard(key)
            del alive[key]
        if merged.start != merged.end:
            alive[fresh] = merged
            touching[merged.start].add(fresh)
            touching[merged.end].add(fresh)
            fresh += 1
        elif merged.start not in keep and len(touching[merged.start]) == 2:
            waiting.append(merged.start)  # without the loop it only carries on
    return [alive[k] for k in sorted(alive)]


def _merged(one: Piece, two: Piece, node: int) -> Piece | None:
    """Return both pieces as one over their node, or None where it does not just carry on."""
    km, minutes = one.km + two.km, one.minutes + two.minutes
    if one.both and two.both:
        ends = [p.start if p.end == node else p.end for p in (one, two)]
        return Piece(ends[0], ends[1], km, minutes, both=True)
    if one.both or two.both:
        return None
    for first, second in ((one, two), (two, one)):
        if first.end == node and second.start == node:
            return Piece(first.start, second.end, km, minutes, both=False)
    return None


def piece_km(pieces: list[Piece], nodes: list[int]) -> "NDArray[np.float64]":
    """Return for each node the km of the roads that can be left for it and reached from it.

    Parameters
    ----------
    pieces
        Steps of ways.
    nodes
        All of their ends, sorted; the order of the result.
    """
    if not pieces:
        return np.zeros(len(nodes))
    start = np.searchsorted(nodes, [p.start for p in pieces])
    end = np.searchsorted(nodes, [p.end for p in pieces])
    both = np.array([p.both for p in pieces])
    tails, heads = np.concatenate([start, end[both]]), np.concatenate([end, start[both]])
    graph = coo_array((np.ones(len(tails)), (tails, heads)), shape=(len(nodes),) * 2).tocsr()
    _, part = connected_components(graph, directed=True, connection="strong")
    inside = part[start] == part[end]
    km = np.array([p.km for p in pieces])
    total = np.bincount(part[start][inside], km[inside], minlength=part.max() + 1)
    return np.asarray(total[part])


def between_stations(
    pieces: list[Piece], stations: set[int], fast: set[frozenset[int]]
) -> Iterator[tuple[int, int, float, float, float, int]]:
    """Yield (station, next station, km, minutes, share of km that is fast, railway number).

    Parameters
    ----------
    pieces
        Steps of railways, all both ways.
    stations
        Nodes where trains call.
    fast
        Pairs of nodes between which the railway is a high-speed one.

    Notes
    -----
    Every two stations joined by a way with no station on it come once, by their fastest such way.
    """
    beside: dict[int, list[tuple[int, float, float, float]]] = {}
    for p in pieces:
        quick = p.km if frozenset((p.start, p.end)) in fast else 0.0
        beside.setdefault(p.start, []).append((p.end, p.minutes, p.km, quick))
        beside.setdefault(p.end, []).append((p.start, p.minutes, p.km, quick))
    graph: nx.Graph[int] = nx.Graph([(p.start, p.end) for p in pieces])
    number = {n: k for k, part in enumerate(nx.connected_components(graph), 1) for n in part}
    for station in sorted(stations):
        done: set[int] = set()
        heap = [(0.0, station, 0.0, 0.0)]
        while heap:
            minutes, node, km, quick = heapq.heappop(heap)
            if node in done:
                continue
            done.add(node)
            if node in stations and node != station:
                if station < node:
                    yield station, node, km, minutes, quick / km if km else 0.0, number[node]
                continue
            for head, more, length, of_it in beside.get(node, ()):
                if head not in done:
                    heapq.heappush(heap, (minutes + more, head, km + length, quick + of_it))
