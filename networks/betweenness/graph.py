"""Demand put evenly on all least ways of one graph, by our own trees or by igraph.

Public names
------------
graph_betweenness, GraphBetweenness : of arcs with weights and a demand between nodes
spread_demand, Spread : the same for a core graph that zones enter and leave by ends
Engine : "own" or "igraph"

Terms
-----
Betweenness is weighted by demand and not normalised: with a demand of one for every ordered pair it
is that of textbooks. The ends of a way do not count as nodes in between. Arcs of no weight would
make endless ways of equal weight; of these the ones with the fewest such arcs are taken.

Formula
-------
arc (E,): b_e = sum over pairs of demand_od x sigma_od(e) / sigma_od, node (N,): the same with
sigma_od(v), v neither o nor d; sigma_od counts least ways, sigma_od(.) those over the arc or node.
Weights that differ by 1e-12 of themselves are equal.

Source: U. Brandes (2001), A faster algorithm for betweenness centrality; weighted by pairs as in
U. Brandes (2008), On variants of shortest-path betweenness centrality.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from networks.betweenness._kernels import spread
from networks.errors import MeasureError, UnknownLabel
from networks.graph import Core, Ends, at_nodes, by_tail
from networks.labels import did_you_mean
from networks.readers.files import optional

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Engine = Literal["own", "igraph"]
ENGINES: tuple[Engine, ...] = ("own", "igraph")
CHUNK = 32  # origins handed to a thread at a time; fixed, and summed in order
NULL = 1e-6  # of the least positive weight: what igraph gets for an arc of no weight


@dataclass(frozen=True, eq=False)
class Spread:
    """What a demand puts on a graph: arcs (E,), starts and ends (as in ``Ends``), demand lost."""

    arcs: Floats
    starts: Floats
    ends: Floats
    lost: float


@dataclass(frozen=True, eq=False)
class GraphBetweenness:
    """Betweenness of a graph.

    Attributes
    ----------
    arcs : ndarray (E,)
        Demand that goes over each arc.
    nodes : ndarray (N,)
        Demand that goes through each node, ways that begin or end there left out.
    total : float
        Demand that has a way.
    lost : float
        Demand that has none.
    """

    arcs: Floats
    nodes: Floats
    total: float
    lost: float


def graph_betweenness(
    tails: ArrayLike,
    heads: ArrayLike,
    weights: ArrayLike,
    demand: ArrayLike | None = None,
    *,
    size: int | None = None,
    zones: ArrayLike | None = None,
    engine: Engine = "own",
    workers: int | None = None,
) -> GraphBetweenness:
    """Return the betweenness of directed arcs and of nodes, weighted by demand.

    Parameters
    ----------
    tails, heads
        Node positions from 0, (E,); an edge that runs both ways is two arcs.
    weights
        Zero or more, (E,); infinite closes an arc.
    demand
        From zone to zone, (Z, Z); one for every pair when left out. The diagonal is left out.
    size
        Number of nodes; the highest position and one when left out.
    zones
        Nodes that demand comes from and goes to, (Z,); all when left out.
    engine
        ``"own"``, or ``"igraph"`` where it is installed: slower, one search for each origin and
        each figure of its demand, and arcs of no weight get a millionth of the least weight.
    workers
        Threads of ``"own"``; the result is the same bit for bit.

    Raises
    ------
    MeasureError
        Arcs of nodes that do not exist, weights or demand below zero, shapes that do not fit.
    UnknownLabel
        An unknown engine.
    MissingPackage
        igraph is asked for and is not installed.
    """
    start, end = (np.asarray(v, dtype=np.int64).ravel() for v in (tails, heads))
    cost = np.asarray(weights, dtype=np.float64).ravel()
    highest = int(max(start.max(initial=-1), end.max(initial=-1)))
    count = highest + 1 if size is None else size
    where = np.arange(count) if zones is None else np.asarray(zones, dtype=np.int64).ravel()
    shape = (len(where), len(where))
    trips = np.ones(shape) if demand is None else np.array(demand, dtype=np.float64)
    problems = []
    if not len(start) == len(end) == len(cost):
        problems.append(f"one tail, head and weight an arc; found {len(start)}, {len(end)} and ")
        problems[-1] += f"{len(cost)}"
    elif min(start.min(initial=0), end.min(initial=0), where.min(initial=0)) < 0 or (
        max(highest, where.max(initial=-1)) >= count
    ):
        problems.append(f"nodes from 0 to {count - 1} at the ends of arcs and as zones")
    if not (cost >= 0).all():
        problems.append(f"weights of zero or more; {int((~(cost >= 0)).sum())} are not")
    if len(set(where.tolist())) < len(where):
        problems.append("every zone once")
    if trips.shape != shape:
        problems.append(f"a demand of shape {shape}; found {trips.shape}")
    elif not (np.isfinite(trips) & (trips >= 0)).all():
        bad = int((~(np.isfinite(trips) & (trips >= 0))).sum())
        problems.append(f"a finite demand of zero or more; {bad} pairs are not")
    if problems:
        raise MeasureError(f"Betweenness needs {'; '.join(problems)}.")
    np.fill_diagonal(trips, 0.0)
    core = Core(count, start, end, cost[:, None])
    doors = at_nodes(where)
    found = spread_demand(core, cost, doors, doors, np.ones(1), trips, engine, workers=workers)
    through = np.bincount(end, found.arcs, count).astype(np.float64)
    np.subtract.at(through, where, found.ends)
    return GraphBetweenness(
        found.arcs,
        without_rounding(through, trips.sum()),
        float(trips.sum() - found.lost),
        found.lost,
    )


def without_rounding(through: Floats, total: float) -> Floats:
    """Return differences of flows, those that are rounding of the total set to zero."""
    return np.where(through > 1e-12 * total, through, 0.0)


def spread_demand(
    core: Core,
    weights: Floats,
    starts: Ends,
    ends: Ends,
    prices: Floats,
    demand: Floats,
    engine: Engine = "own",
    *,
    workers: int | None = None,
) -> Spread:
    """Return what a demand puts on the arcs and ends of a graph.

    Parameters
    ----------
    core, weights
        The graph and its arcs' weights, (E,).
    starts, ends, prices
        How zones enter and leave it, and what one unit of each component of these weighs.
    demand
        (starts.count, ends.count), checked by the caller.
    engine, workers
        As in ``graph_betweenness``.
    """
    if engine not in ENGINES:
        raise UnknownLabel(
            f"Betweenness is found by {' or '.join(ENGINES)}; found {engine!r}"
            f"{did_you_mean(str(engine), ENGINES)}."
        )
    into, out = starts.components @ prices, ends.components @ prices
    if engine == "igraph":
        return _by_igraph(core, weights, starts, into, ends, out, demand)
    order, indptr = by_tail(core.tails, core.size)
    heads = np.ascontiguousarray(core.heads[order])
    in_arcs, in_indptr = by_tail(heads, core.size)
    start_order, start_indptr = by_tail(starts.zones, starts.count)
    end_order, end_indptr = by_tail(ends.zones, ends.count)
    arguments = (
        indptr,
        heads,
        np.ascontiguousarray(core.tails[order]),
        np.ascontiguousarray(weights[order]),
        in_indptr,
        in_arcs,
        start_indptr,
        np.ascontiguousarray(starts.nodes[start_order]),
        np.ascontiguousarray(into[start_order]),
        end_indptr,
        np.ascontiguousarray(ends.nodes[end_order]),
        np.ascontiguousarray(out[end_order]),
        np.ascontiguousarray(demand, dtype=np.float64),
    )
    sizes = (len(order), len(start_order), len(end_order))

    def one(first: int) -> tuple[list[Floats], float]:
        flows = [np.zeros(n) for n in sizes]
        return flows, spread(*arguments, first, min(first + CHUNK, starts.count), *flows)

    chunks = range(0, starts.count, CHUNK)
    totals, lost = [np.zeros(n) for n in sizes], 0.0
    with ThreadPoolExecutor(max(1, min(workers or os.cpu_count() or 1, len(chunks)))) as pool:
        for flows, without in pool.map(one, chunks):
            for total, flow in zip(totals, flows, strict=True):
                total += flow
            lost += without
    placed = [np.empty(n) for n in sizes]
    for array, at, total in zip(placed, (order, start_order, end_order), totals, strict=True):
        array[at] = total
    return Spread(placed[0], placed[1], placed[2], lost)


def _by_igraph(
    core: Core, weights: Floats, starts: Ends, into: Floats, ends: Ends, out: Floats, demand: Floats
) -> Spread:
    """Return the same by igraph: origins and destinations are vertices after those of the core.

    igraph takes no weight of zero, and every way has one start and one end: these get one more.
    """
    igraph = optional("igraph", "igraph", "Betweenness by igraph")
    usable = np.flatnonzero(np.isfinite(weights))
    origin, destination = core.size, core.size + starts.count
    tails = np.concatenate([core.tails[usable], origin + starts.zones, ends.nodes])
    heads = np.concatenate([core.heads[usable], starts.nodes, destination + ends.zones])
    cost = np.concatenate([weights[usable], into, out])
    least = float(cost[cost > 0].min(initial=np.inf))
    unit = least if np.isfinite(least) else 1.0
    inside = np.where(weights[usable] > 0, weights[usable], NULL * unit)
    cost = np.concatenate([inside, into + unit, out + unit])
    graph = igraph.Graph(
        n=destination + ends.count, edges=np.column_stack([tails, heads]).tolist(), directed=True
    )
    flow, listed = np.zeros(len(cost)), cost.tolist()
    for zone in range(starts.count):
        for value in np.unique(demand[zone][demand[zone] > 0.0]):
            targets = destination + np.flatnonzero(demand[zone] == value)
            found = graph.edge_betweenness(
                directed=True, weights=listed, sources=[origin + zone], targets=targets.tolist()
            )
            flow += value * np.array(found)
    arcs = np.zeros(len(weights))
    arcs[usable] = flow[: len(usable)]
    begun = flow[len(usable) : len(usable) + len(into)]
    ended = flow[len(usable) + len(into) :]
    return Spread(arcs, begun, ended, float(max(demand.sum() - ended.sum(), 0.0)))
