"""Everybody on the least-cost path: the step that every assignment is made of.

Public names
------------
all_or_nothing : link flows and total cost when all trips take least-cost paths
zone_costs : least cost between all zones

Formula
-------
flows (links,) = sum over pairs of demand on the links of its path; total = sum of demand x least
cost. Origins are worked on in chunks of fixed size whose flows are added in order, so any number of
threads gives the same bits.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from networks.assignment._kernels import load
from networks.assignment.graph import RoadGraph

Floats = NDArray[np.float64]
CHUNK = 16
WORTH_A_THREAD = 2_000_000  # origins x links below which starting threads costs more than it saves


def all_or_nothing(
    graph: RoadGraph, cost: Floats, demand: Floats, *, workers: int | None = None
) -> tuple[Floats, float]:
    """Return flows (links,) and the sum of trips times least cost.

    Parameters
    ----------
    graph
        Links and zones.
    cost
        Cost of every link, (links,), none negative; infinite closes a link.
    demand
        Trips (zones, zones), the diagonal is not loaded.
    workers
        Threads; as many as there are processors when left out.
    """
    flows, total, _ = _run(graph, cost, demand, keep=False, workers=workers)
    return flows, total


def zone_costs(graph: RoadGraph, cost: Floats, *, workers: int | None = None) -> Floats:
    """Return least costs between zones, (zones, zones); infinite where there is no path."""
    none = np.zeros((len(graph.zones), len(graph.zones)))
    _, _, costs = _run(graph, cost, none, keep=True, workers=workers)
    return costs


def _run(
    graph: RoadGraph, cost: Floats, demand: Floats, *, keep: bool, workers: int | None
) -> tuple[Floats, float, Floats]:
    count = len(graph.zones)
    indptr, order = graph.rows
    cost = np.ascontiguousarray(cost, dtype=np.float64)
    kept = np.empty((count, count) if keep else (0, 0))
    bounds = [(k, min(k + CHUNK, count)) for k in range(0, count, CHUNK)]
    flows = np.zeros((len(bounds), len(cost)))

    def work(number: int) -> float:
        return float(
            load(
                indptr,
                order,
                graph.tails,
                graph.heads,
                cost,
                graph.through,
                graph.zone_nodes,
                demand,
                *bounds[number],
                flows[number],
                kept,
            )
        )

    threads = min(workers or os.cpu_count() or 1, len(bounds))
    if threads > 1 and count * len(cost) >= WORTH_A_THREAD:
        with ThreadPoolExecutor(threads) as pool:
            totals = list(pool.map(work, range(len(bounds))))
    else:
        totals = [work(number) for number in range(len(bounds))]
    return flows.sum(axis=0), float(sum(totals)), kept
