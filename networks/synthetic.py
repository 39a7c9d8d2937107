"""Intercity graphs drawn from a seed, as large as one likes.

Public names
------------
synthetic_graph : a seeded graph of roads, trains and flights with its zones
SyntheticGraph : arcs with minutes and km, zones with weights

Terms
-----
*Places* lie in clusters and have sizes that fall with rank; the largest are zones. Roads join
neighbours (Gabriel graph of places and junctions), every other one twice, by an ordinary road and
an expressway; each road may bend at *shape* nodes. *Lines* of trains join stations along the
shortest tracks (Gabriel graph of stations); every line has a platform at every stop, so that
boarding costs and staying aboard does not; fast runs skip stops. *Airports* stand at the largest
places.

Formula
-------
km = detour x straight line; minutes = 60 km / speed + charge for boarding (10 by train, 90 by air).
Usual sizes: 11,320 nodes, about 75,000 arcs, 2,850 zones.

Source: K. R. Gabriel and R. R. Sokal, Systematic Zoology 18 (1969), for the road graph.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, cKDTree

from networks.engine import Core

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WIDTH_KM = 4000.0
MINUTES, KM = 0, 1


@dataclass(frozen=True, eq=False)
class SyntheticGraph:
    """A graph for path searches.

    Attributes
    ----------
    core
        Arcs with components minutes and km, shape (E, 2).
    zones
        Nodes that trips start and end at, shape (Z,).
    mass
        Weight of each zone, the largest 1, shape (Z,).
    xy
        Where each node is, km, shape (N, 2).
    """

    core: Core
    zones: Ints
    mass: Floats
    xy: Floats

    @property
    def minutes(self) -> Floats:
        """Minutes of each arc, shape (E,)."""
        return np.ascontiguousarray(self.core.components[:, MINUTES])


class _Arcs:
    """Links collected one family at a time, each both ways."""

    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, Floats, Floats]] = []

    def add(self, a: Ints, b: Ints, km: Floats, there: Floats, back: Floats | None = None) -> None:
        self.parts.append((a, b, there, km))
        self.parts.append((b, a, there if back is None else back, km))


def synthetic_graph(
    zones: int = 2850,
    *,
    junctions: int = 4150,
    shape: int = 0,
    stations: int = 1400,
    lines: int = 230,
    reach: float = 1200.0,
    airports: int = 60,
    seed: int = 0,
) -> SyntheticGraph:
    """Return a graph drawn from ``seed``.

    Parameters
    ----------
    zones, junctions
        Places that trips start and end at, and other crossings of roads.
    shape
        Nodes along each road.
    stations, lines, reach
        Stations of the largest zones (no more than zones), lines of trains, km of the longest.
    airports
        Airports of the largest zones; each pair has a flight with a chance that falls with size.
    seed
        Same seed and sizes, same graph.

    Notes
    -----
    Nodes are zones, junctions, stations, platforms, airports, shape nodes, in that order.
    """
    rng = np.random.default_rng(seed)
    stations, airports = min(stations, zones), min(airports, zones)
    n_places = zones + junctions
    centres = rng.uniform(0.0, WIDTH_KM, size=(max(8, zones // 60), 2))
    spread = rng.normal(scale=0.04 * WIDTH_KM, size=(n_places, 2))
    around = centres[rng.integers(0, len(centres), n_places)] + spread
    alone = rng.uniform(0.0, WIDTH_KM, size=(n_places, 2))
    xy = np.where(rng.uniform(size=(n_places, 1)) < 0.6, around, alone)
    arcs = _Arcs()
    size = n_places + stations
    at = _lines(arcs, xy[:stations], n_places, size, lines, reach, rng)
    size += len(at)
    ports = np.arange(size, size + airports, dtype=np.int64)
    _airports(arcs, xy, ports, airports, rng)
    size += airports
    where = [xy, xy[:stations], xy[at], xy[:airports]]
    _stations(arcs, xy, stations, n_places)
    size, bends = _roads(arcs, xy, size, shape, rng)
    where.append(bends)
    tails, heads, minutes, km = (np.concatenate(c) for c in zip(*arcs.parts, strict=True))
    core = Core(size, tails, heads, np.column_stack([minutes, km]))
    mass = 1.0 / np.arange(1.0, zones + 1.0) ** 0.8
    return SyntheticGraph(core, np.arange(zones, dtype=np.int64), mass, np.concatenate(where))


def _roads(
    arcs: _Arcs, xy: Floats, size: int, shape: int, rng: np.random.Generator
) -> tuple[int, Floats]:
    """Add roads between neighbours; return the size with shape nodes, and where those are."""
    a, b = gabriel(xy)
    km = 1.25 * np.hypot(*(xy[a] - xy[b]).T)
    speed = rng.uniform(45.0, 75.0, len(a))
    fast = np.flatnonzero(rng.uniform(size=len(a)) < 0.5)
    chain = np.empty((len(a), shape + 2), dtype=np.int64)
    chain[:, 0], chain[:, -1] = a, b
    chain[:, 1:-1] = size + np.arange(len(a) * shape).reshape(len(a), shape)
    share = rng.uniform(0.5, 1.5, (len(a), shape + 1))
    share /= share.sum(axis=1, keepdims=True)
    for k in range(shape + 1):
        piece = km * share[:, k]
        one, other = chain[:, k], chain[:, k + 1]
        arcs.add(one, other, piece, 60.0 * piece / speed)
        quick = piece[fast]
        arcs.add(one[fast], other[fast], quick, 60.0 * quick / 95.0 + 4.0 / (shape + 1))
    part = np.cumsum(share, axis=1)[:, :-1, None]
    bends = xy[a][:, None] * (1.0 - part) + xy[b][:, None] * part
    return size + len(a) * shape, bends.reshape(-1, 2)


def gabriel(xy: Floats) -> tuple[Ints, Ints]:
    """Return pairs of points whose circle over the segment holds no other point, a < b."""
    corners = Delaunay(xy).simplices.astype(np.int64)
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    a, b = pairs[:, 0], pairs[:, 1]
    middle = (xy[a] + xy[b]) / 2.0
    nearest, _ = cKDTree(xy).query(middle)
    kept = nearest >= np.hypot(*(xy[a] - xy[b]).T) / 2.0 * (1.0 - 1e-9)
    return a[kept], b[kept]


def _nearest(xy: Floats, first: int, count: int) -> tuple[Floats, Ints]:
    """Return distance and position of the places nearest to each of the first few."""
    near, place = cKDTree(xy).query(xy[:first], k=list(range(1, min(count, len(xy)) + 1)))
    return np.asarray(near, dtype=np.float64), np.asarray(place, dtype=np.int64)


def _stations(arcs: _Arcs, xy: Floats, stations: int, first: int) -> None:
    """Join every station to its own place and the two nearest ones, by the street."""
    distance, place = _nearest(xy, stations, 3)
    for k in range(distance.shape[1]):
        km = 2.0 + 1.3 * distance[:, k]
        nodes = first + np.arange(stations, dtype=np.int64)
        arcs.add(place[:, k], nodes, km, 5.0 + 60.0 * km / 30.0)


def _lines(
    arcs: _Arcs,
    xy: Floats,
    first_station: int,
    size: int,
    lines: int,
    reach: float,
    rng: np.random.Generator,
) -> Ints:
    """Add lines of trains along tracks; return the station of each of their platforms."""
    count = len(xy)
    a, b = gabriel(xy)
    track = csr_array((np.hypot(*(xy[a] - xy[b]).T), (a, b)), shape=(count, count))
    chance = 1.0 / np.arange(1.0, count + 1.0) ** 0.5
    ends = rng.choice(count, lines, p=chance / chance.sum())
    far, before = dijkstra(track, directed=False, indices=ends, return_predecessors=True)
    calls = []
    for line in range(lines):
        near = np.where((far[line] > 0.3 * reach) & (far[line] < reach), chance, 0.0)
        if not near.any():
            near = np.where(np.isfinite(far[line]), chance, 0.0)
        run = [int(rng.choice(count, p=near / near.sum()))]
        while run[-1] != ends[line]:
            run.append(int(before[line, run[-1]]))
        calls.append(np.array(run, dtype=np.int64))
    at = np.concatenate(calls)
    bounds = np.cumsum([0, *(len(c) for c in calls)])
    for line, (low, high) in enumerate(pairwise(bounds)):
        speed = (110.0, 160.0, 250.0, 300.0)[line % 4]
        platform = size + np.arange(low, high, dtype=np.int64)
        where = xy[at[low:high]]
        for skip in (1, 2, 4):
            km = 1.1 * np.hypot(*(where[:-skip] - where[skip:]).T) + 1.0
            minutes = 60.0 * km / (0.85 * speed) + 5.0
            arcs.add(platform[:-skip], platform[skip:], km, minutes)
    nothing = np.zeros(len(at))
    on = size + np.arange(len(at), dtype=np.int64)
    arcs.add(first_station + at, on, nothing, nothing + 10.0, nothing)
    return at


def _airports(
    arcs: _Arcs, xy: Floats, ports: Ints, airports: int, rng: np.random.Generator
) -> None:
    """Add airports with flights between them, joined to the five nearest places."""
    distance, place = _nearest(xy, airports, 5)
    for k in range(distance.shape[1]):
        km = 15.0 + 1.3 * distance[:, k]
        arcs.add(place[:, k], ports, km, 90.0 + km, 30.0 + km)
    a, b = np.triu_indices(airports, 1)
    size = 1.0 / np.sqrt(np.arange(1.0, airports + 1.0))
    flown = rng.uniform(size=len(a)) < 4.0 * size[a] * size[b]
    a, b = a[flown], b[flown]
    km = np.hypot(*(xy[a] - xy[b]).T)
    arcs.add(ports[a], ports[b], km, 25.0 + 60.0 * km / 700.0)
