"""Libraries that find least paths between many nodes, on the same arcs and weights.

Question owned: given arcs, weights and zones, what does each actor get, and what is timed?

Every actor gets its graph built from weights that are then edited; timed is what it takes to get
the matrix of zones from the edited weights: putting them into the graph included. Where a library
cannot take new weights, building its graph is inside the time. All get parallel arcs once, with the
least weight, because some would add them up.

Public names
    PathProblem      arcs, weights and zones
    scipy_paths, igraph_paths, networkit_paths, edsger_paths, routingkit_paths, aequilibrae_paths
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.case import Actor, Answer, FloatArray, Setting

Ints = NDArray[np.int64]
LEAST = 1e-9  # zero weights vanish from sparse matrices; synthetic arcs without weight get this
UNIT = 1000.0  # whole numbers of milli-minutes for the library that wants whole numbers


@dataclass(frozen=True)
class PathProblem:
    """Arcs (E,) sorted by tail and head, without parallels; edited weights; zones; places."""

    size: int
    tails: Ints
    heads: Ints
    weights: FloatArray
    zones: Ints
    xy: FloatArray


def probe(matrix: FloatArray) -> FloatArray:
    """At most sixteen rows, evenly spread."""
    rows = np.unique(np.linspace(0, len(matrix) - 1, 16).astype(int))
    found: FloatArray = np.asarray(matrix, dtype=np.float64)[rows]
    return found


def _actor(
    problem_of: Callable[[Setting], PathProblem],
    build: Callable[[PathProblem], Any],
    run: Callable[[tuple[PathProblem, Any]], FloatArray],
    needs: tuple[str, ...],
    largest: int | None,
) -> Actor:
    def prepare(setting: Setting) -> tuple[PathProblem, Any]:
        problem = problem_of(setting)
        return problem, build(problem)

    return Actor(prepare, run, lambda _, found: Answer(probe(found)), needs, largest)


def scipy_paths(problem_of: Callable[[Setting], PathProblem], largest: int) -> Actor:
    """scipy.sparse.csgraph.dijkstra from all zones."""

    def build(p: PathProblem) -> Any:
        return csr_array((p.weights, (p.tails, p.heads)), shape=(p.size, p.size))

    def run(given: tuple[PathProblem, Any]) -> FloatArray:
        p, graph = given
        graph.data[:] = p.weights  # arcs are sorted as rows are
        return np.asarray(dijkstra(graph, indices=p.zones)[:, p.zones])

    return _actor(problem_of, build, run, (), largest)


def igraph_paths(problem_of: Callable[[Setting], PathProblem], largest: int) -> Actor:
    """igraph distances between the zones."""

    def build(p: PathProblem) -> Any:
        return import_module("igraph").Graph(
            p.size, list(zip(p.tails.tolist(), p.heads.tolist(), strict=True)), directed=True
        )

    def run(given: tuple[PathProblem, Any]) -> FloatArray:
        p, graph = given
        zones = p.zones.tolist()
        return np.array(graph.distances(zones, zones, weights=p.weights.tolist()))

    return _actor(problem_of, build, run, ("igraph",), largest)


def networkit_paths(problem_of: Callable[[Setting], PathProblem], largest: int) -> Actor:
    """networkit SPSP between the zones; the graph is built anew from arrays."""

    def run(given: tuple[PathProblem, Any]) -> FloatArray:
        nk = import_module("networkit")

        p, _ = given
        graph = nk.GraphFromCoo(
            (p.weights, (p.tails, p.heads)), n=p.size, weighted=True, directed=True
        )
        zones = p.zones.tolist()
        search = nk.distance.SPSP(graph, zones, zones)
        search.run()
        return np.asarray(search.getDistances())

    return _actor(problem_of, lambda p: None, run, ("networkit",), largest)


def edsger_paths(problem_of: Callable[[Setting], PathProblem], largest: int) -> Actor:
    """edsger Dijkstra, one zone after another."""

    def run(given: tuple[PathProblem, Any]) -> FloatArray:
        path = import_module("edsger.path")

        p, _ = given
        arcs = pd.DataFrame({"tail": p.tails, "head": p.heads, "weight": p.weights})
        search = path.Dijkstra(arcs, "tail", "head", "weight", check_edges=False, orientation="out")
        rows = [np.asarray(search.run(vertex_idx=int(z)))[p.zones] for z in p.zones]
        return np.array(rows)

    return _actor(problem_of, lambda p: None, run, ("edsger",), largest)


def routingkit_paths(problem_of: Callable[[Setting], PathProblem], largest: int) -> Actor:
    """RoutingKit's customizable contraction hierarchy: whole numbers; the order is given."""

    def build(p: PathProblem) -> Any:
        rk = import_module("routingkit_cch")

        tails, heads = p.tails.astype(np.uint32), p.heads.astype(np.uint32)
        x, y = p.xy.astype(np.float32).T
        order = rk.compute_order_inertial(p.size, tails, heads, y.copy(), x.copy())
        return rk.CCH(order, tails, heads, False)

    def run(given: tuple[PathProblem, Any]) -> FloatArray:
        rk = import_module("routingkit_cch")

        p, cch = given
        metric = rk.CCHMetric(cch, np.round(p.weights * UNIT).astype(np.uint32))
        search = rk.CCHOneToMany(metric, p.zones.astype(np.uint32))
        rows = [search.distances_from(int(z)) for z in p.zones]
        return np.array(rows, dtype=np.float64) / UNIT

    return _actor(problem_of, build, run, ("routingkit_cch",), largest)


def aequilibrae_paths(problem_of: Callable[[Setting], PathProblem], largest: int) -> Actor:
    """AequilibraE network skimming; zones must be the first nodes."""

    def build(p: PathProblem) -> Any:
        os.environ["AEQ_SHOW_PROGRESS"] = "FALSE"  # it draws a bar otherwise
        graph = import_module("aequilibrae.paths").Graph()
        graph.network = pd.DataFrame(
            {
                "link_id": np.arange(1, len(p.tails) + 1),
                "a_node": p.tails + 1,
                "b_node": p.heads + 1,
                "direction": np.ones(len(p.tails), dtype=np.int8),
                "weight": p.weights,
            }
        )
        graph.prepare_graph(p.zones + 1)
        return graph

    def run(given: tuple[PathProblem, Any]) -> FloatArray:
        p, graph = given
        graph.graph["weight"] = p.weights[graph.graph["link_id"].to_numpy() - 1]
        graph.set_graph("weight")
        graph.set_skimming(["weight"])
        graph.set_blocked_centroid_flows(False)
        search = import_module("aequilibrae.paths").NetworkSkimming(graph)
        search.execute()
        found = np.array(search.results.skims.get_matrix("weight"), dtype=np.float64)
        np.fill_diagonal(found, 0.0)
        return found

    return _actor(problem_of, build, run, ("aequilibrae",), largest)
