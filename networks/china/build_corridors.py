"""Where do trains run through, and where must a traveller change? Builds corridors from runs.

Public names
------------
Corridor : a path over key cities that trains run through
corridors_of : runs and edges of one mode -> corridors that cover every edge and every through turn

Terms
-----
Administrative lines are segments (Beijing-Guangzhou is four of them), so a change of line is not a
change of train. The timetable says who runs through: a run that passes a city without stopping
rides from one edge onto another there. A *turn* is such a pair of edges at a city. Its *evidence*
is the number of trains a day that pass; where all trains stop, evidence is missing although trains
run through, so a turn that goes nearly straight on counts as well (an assumption).

Method
------
1. Every run is laid on the shortest path over edges; flows of edges and evidence of turns result.
2. Turns are allowed with evidence >= 1 a day, with a deflection <= 85 degrees, or by hand (a short
   list of services that stop at the city where they turn). Trains through a turn are the evidence,
   the figure given by hand, or a share of the smaller of the two flows, 0.25 straight on falling to
   0.08 at 85 degrees, whichever is most.
3. At each city edges are paired off, most evidence first: chains of pairs are the *main* corridors;
   each edge lies on one. A chain ends where it would come back to a city.
4. Every further allowed turn with >= 2 trains a day gets a *branch* corridor: the turn, carried on
   along the main corridors at either side (where one ends, along the turn with most trains) for at
   most 1,500 km. Branches share edges with the main corridor, and carry no more trains than their
   turn.

A trip on one corridor needs no change; between corridors it does, where they share a stop.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise

import networkx as nx

from networks.geo import great_circle_km

Pair = tuple[str, str]
Point = tuple[float, float]

STRAIGHT_ON_DEGREES = 85.0
LEAST_EVIDENCE = 1.0
LONGEST_DETOUR = 2.2
LEAST_BRANCH_TRAINS = 2.0
BRANCH_KM = 1500.0
STRAIGHT_SHARE = 0.25
BENT_SHARE = 0.08


@dataclass(frozen=True)
class Corridor:
    """A path over key cities; ``trains`` caps the trains a day of a branch (inf on a main one)."""

    stops: tuple[str, ...]
    trains: float


def _pair(a: str, b: str) -> Pair:
    return (a, b) if a <= b else (b, a)


def _deflection(a: Point, b: Point, c: Point) -> float:
    """Return by how many degrees the way a - b - c bends at b; 0 is straight on."""
    scale = math.cos(math.radians(b[1]))
    before = math.atan2(b[1] - a[1], (b[0] - a[0]) * scale)
    after = math.atan2(c[1] - b[1], (c[0] - b[0]) * scale)
    return math.degrees(abs(math.remainder(after - before, math.tau)))


def lay_runs(
    runs: dict[Pair, tuple[float, float]], edges: set[Pair], points: dict[str, Point]
) -> tuple[dict[Pair, list[str]], Counter[Pair], Counter[tuple[str, Pair]]]:
    """Return the path of every run, trains a day on edges, and trains a day through turns.

    A run is left out that no path explains within twice its own minutes, or only one of more than
    2.2 times the straight line: it takes a way that the line list lacks.
    """

    def km(a: str, b: str) -> float:
        return float(great_circle_km(*points[a], *points[b]))

    graph = nx.Graph()
    for a, b in sorted(edges):
        graph.add_edge(a, b, minutes=runs[(a, b)][0] + 2.0)
    paths: dict[Pair, list[str]] = {}
    flows: Counter[Pair] = Counter()
    turns: Counter[tuple[str, Pair]] = Counter()
    for (a, b), (minutes, trains) in sorted(runs.items()):
        if (a, b) in edges:
            path = [a, b]
        else:
            if a not in graph or b not in graph:
                continue
            try:
                length, path = nx.single_source_dijkstra(graph, a, b, weight="minutes")
            except nx.NetworkXNoPath:
                continue
            around = sum(km(u, v) for u, v in pairwise(path)) > LONGEST_DETOUR * km(a, b)
            if length > 2.0 * minutes + 10.0 or around:
                continue
        paths[(a, b)] = path
        for u, v in pairwise(path):
            flows[_pair(u, v)] += trains
        for u, v, w in zip(path, path[1:], path[2:], strict=False):
            turns[(v, _pair(u, w))] += trains
    return paths, flows, turns


def _turns(
    edges: set[Pair],
    flows: Counter[Pair],
    evidence: Counter[tuple[str, Pair]],
    points: dict[str, Point],
    by_hand: dict[tuple[str, Pair], float],
) -> dict[tuple[str, Pair], tuple[float, float]]:
    """Return ``{(city, its two neighbours): (score, trains a day)}`` of the allowed turns."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for a, b in edges:
        neighbours[a].add(b)
        neighbours[b].add(a)
    allowed = {}
    for b, around in neighbours.items():
        for a, c in combinations(sorted(around), 2):
            seen = evidence[(b, (a, c))]
            bend = _deflection(points[a], points[b], points[c])
            known = max(seen, by_hand.get((b, (a, c)), 0.0))
            share = STRAIGHT_SHARE - (STRAIGHT_SHARE - BENT_SHARE) * bend / STRAIGHT_ON_DEGREES
            usual = max(share, 0.0) * min(flows[_pair(a, b)], flows[_pair(b, c)])
            if known >= LEAST_EVIDENCE or bend <= STRAIGHT_ON_DEGREES:
                allowed[(b, (a, c))] = (seen + usual, max(known, usual))
    return allowed


def _main_paths(
    edges: set[Pair], allowed: dict[tuple[str, Pair], tuple[float, float]]
) -> tuple[list[list[str]], set[tuple[str, Pair]]]:
    """Return the main corridors and the turns they use."""
    partner: dict[tuple[str, str], str] = {}  # (city, neighbour) -> the neighbour across
    used = set()
    for (b, (a, c)), _ in sorted(allowed.items(), key=lambda item: (-item[1][0], item[0])):
        if (b, a) not in partner and (b, c) not in partner:
            partner[(b, a)], partner[(b, c)] = c, a
            used.add((b, (a, c)))
    left = set(edges)
    paths = []
    while left:
        # Start at an end of a chain where there is one; a ring is cut at its first edge.
        ends = [e for e in sorted(left) for end in (e, e[::-1]) if end not in partner]
        u, v = min(ends, default=min(left))
        if (u, v) in partner:
            u, v = v, u
        path = [u, v]
        left.discard(_pair(u, v))
        while (path[-1], path[-2]) in partner:
            following = partner[(path[-1], path[-2])]
            if _pair(path[-1], following) not in left or following in path:
                break
            left.discard(_pair(path[-1], following))
            path.append(following)
        paths.append(path)
    return paths, used


def _along(path: list[str], start: str, towards: str) -> list[str]:
    """Return the rest of a main corridor from ``towards`` on, coming from ``start``."""
    for way in (path, path[::-1]):
        for k, pair in enumerate(pairwise(way)):
            if pair == (start, towards):
                return way[k + 1 :]
    raise LookupError(f"{start} - {towards} lies on no corridor")


def _carry_on(
    of_edge: dict[Pair, list[str]],
    allowed: dict[tuple[str, Pair], tuple[float, float]],
    start: str,
    towards: str,
    points: dict[str, Point],
) -> list[str]:
    """Return the stops of a branch from ``towards`` on, coming from ``start``, up to the limit.

    It follows the main corridor and, where that ends, the turn with most trains.
    """
    found, km = [towards], 0.0
    ahead = _along(of_edge[_pair(start, towards)], start, towards)[1:]
    before = start
    while True:
        here = found[-1]
        if not ahead:
            turns = [
                (trains, a if c == before else c)
                for (v, (a, c)), (_, trains) in allowed.items()
                if v == here and before in (a, c) and trains >= LEAST_BRANCH_TRAINS
            ]
            if not turns:
                return found
            _, following = max(turns)
            ahead = _along(of_edge[_pair(here, following)], here, following)
        following, ahead = ahead[0], ahead[1:]
        km += float(great_circle_km(*points[here], *points[following]))
        if km > BRANCH_KM or following in found or following == start:
            return found
        found.append(following)
        before = here


def _contains(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    n = len(shorter)
    windows = [longer[k : k + n] for k in range(len(longer) - n + 1)]
    return shorter in windows or shorter[::-1] in windows


def corridors_of(
    runs: dict[Pair, tuple[float, float]],
    edges: set[Pair],
    points: dict[str, Point],
    by_hand: dict[tuple[str, Pair], float],
) -> list[Corridor]:
    """Return main corridors, then branches; every edge lies on a main one.

    Parameters
    ----------
    runs
        ``{pair of key cities: (minutes, trains a day)}``.
    edges
        Pairs of neighbours, each with a run.
    points
        Longitude and latitude of every key city.
    by_hand
        ``{(city, its two neighbours): trains a day}`` of turns known to be run through.
    """
    _, flows, evidence = lay_runs(runs, edges, points)
    allowed = _turns(edges, flows, evidence, points, by_hand)
    paths, used = _main_paths(edges, allowed)
    of_edge = {_pair(a, b): path for path in paths for a, b in pairwise(path)}
    corridors = [Corridor(tuple(path), math.inf) for path in paths]
    covered = set(used)
    rest = sorted(allowed.items(), key=lambda item: (-item[1][1], item[0]))
    for (b, (a, c)), (_, trains) in rest:
        if (b, (a, c)) in covered or trains < LEAST_BRANCH_TRAINS:
            continue
        before = _carry_on(of_edge, allowed, b, a, points)
        after = _carry_on(of_edge, allowed, b, c, points)
        clash = set(before) & set(after)
        if clash:  # both sides lead to the same city: cut the branch there
            after = after[: min(after.index(s) for s in clash)] or [c]
            before = [s for s in before if s not in after]
        if not before or not after:
            continue
        stops = (*before[::-1], b, *after)
        if not any(_contains(other.stops, stops) for other in corridors):
            corridors.append(Corridor(stops, round(trains, 1)))
        covered |= {(v, _pair(u, w)) for u, v, w in zip(stops, stops[1:], stops[2:], strict=False)}
    return corridors
