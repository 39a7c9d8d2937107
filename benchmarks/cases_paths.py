"""Least paths between many zones: matrices from edited weights, what-ifs, criticality."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Skip
from benchmarks.path_peers import (
    LEAST,
    PathProblem,
    aequilibrae_paths,
    edsger_paths,
    igraph_paths,
    networkit_paths,
    probe,
    routingkit_paths,
    scipy_paths,
)
from networks.china import load_china_network
from networks.criticality import criticality
from networks.graph import Core, at_nodes
from networks.hierarchy import Hierarchy, build_hierarchy, customised
from networks.hierarchy._kernels import customise
from networks.network import Network
from networks.sweeps import weights_between
from networks.sweeps._kernels import closure, sweep
from networks.sweeps.matrix import LANES, SortedEnds, sorted_ends
from networks.synthetic import SyntheticGraph, synthetic_graph
from networks.whatif import Edit, WhatIf, build_whatif

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "cases" / "network" / "tntp"
TINY = Size(40, 1, "full", name="40 zones")
MIDDLE = Size(341, 1, "quick", name="341 zones, 11k nodes")
LARGE = Size(2850, 1, "full", name="2,850 zones, 11k nodes")
WIDE = Size(1000, 1, "full", name="1,000 zones, 150k nodes")
SIOUX_FALLS, ANAHEIM = Size(24, 1, name="SiouxFalls"), Size(38, 1, name="Anaheim")
CHINA = Size(341, 1, "full", name="341 cities, 11,026 links")
WITH_ORDER = f"{OURS}, order included"
EDITS = 20


def _threads() -> int:
    return int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1


def graph_of(setting: Setting) -> SyntheticGraph:
    """The synthetic graph of a size; that of 341 zones is that of 2,850 with fewer asked for."""
    size = setting.size
    if size == TINY:
        return synthetic_graph(40, junctions=60, stations=20, lines=4, airports=4)
    if size == WIDE:
        return synthetic_graph(1000, junctions=48_000, shape=1, stations=800, lines=120)
    return synthetic_graph(2850)


def problem_of(setting: Setting) -> PathProblem:
    """Arcs without parallels, with weights edited since the graph was made."""
    graph = graph_of(setting)
    weights = graph.minutes * np.random.default_rng(1).uniform(0.8, 1.25, len(graph.minutes))
    zones = graph.zones[: setting.size.regions]
    return _without_parallels(graph.core, weights, zones, graph.xy)


def _without_parallels(
    core: Core, weights: FloatArray, zones: np.ndarray, xy: FloatArray
) -> PathProblem:
    order = np.lexsort((weights, core.heads, core.tails))
    tails, heads = core.tails[order], core.heads[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    kept = np.maximum(weights[order][first], LEAST)
    return PathProblem(core.size, tails[first], heads[first], kept, zones, xy)


def tntp_problem(setting: Setting) -> PathProblem:
    """A test network of traffic assignment, free-flow times; nothing of it is in the repository."""
    name = setting.size.name
    path = FOLDER / name / f"{name}_net.tntp"
    if not path.exists():
        raise Skip(f"the network {name} is not beside this checkout")
    lines = path.read_text().splitlines()
    start = next(k for k, line in enumerate(lines) if line.strip().startswith("~")) + 1
    fields = [line.split(";")[0].split() for line in lines[start:] if line.strip()]
    table = pd.DataFrame(fields).iloc[:, :5].astype(float).to_numpy()
    tails, heads = table[:, 0].astype(np.int64) - 1, table[:, 1].astype(np.int64) - 1
    zones = np.arange(setting.size.regions, dtype=np.int64)
    core = Core(int(max(tails.max(), heads.max())) + 1, tails, heads, table[:, 4:5])
    return _without_parallels(core, table[:, 4], zones, np.zeros((core.size, 2)))


def _ours(make: Callable[[Setting], PathProblem], *, with_order: bool = False) -> Actor:
    """Put weights in and sweep; the order is given, or made inside the time."""

    def prepare(setting: Setting) -> tuple[PathProblem, Hierarchy]:
        problem = make(setting)
        return problem, build_hierarchy(problem.size, problem.tails, problem.heads)

    def run(given: tuple[PathProblem, Hierarchy]) -> FloatArray:
        problem, hierarchy = given
        if with_order:
            hierarchy = build_hierarchy(problem.size, problem.tails, problem.heads)
        metric = customised(hierarchy, problem.weights)
        return weights_between(metric, problem.zones, problem.zones, workers=_threads())

    return Actor(prepare, run, lambda _, found: Answer(probe(found)))


def _kernels_only(make: Callable[[Setting], PathProblem]) -> Actor:
    """Customising and sweeping as bare kernels: what is left when the work is microseconds."""

    def prepare(setting: Setting) -> tuple[PathProblem, Hierarchy, SortedEnds, np.ndarray]:
        p = make(setting)
        h = build_hierarchy(p.size, p.tails, p.heads)
        zones = sorted_ends(at_nodes(p.zones), h.rank, np.zeros(1))
        wanted = np.zeros(p.size, dtype=np.bool_)
        wanted[zones.nodes] = True
        return p, h, zones, closure(h.indptr, h.heads, wanted)

    def run(given: tuple[PathProblem, Hierarchy, SortedEnds, np.ndarray]) -> FloatArray:
        p, h, z, needed = given
        lower = (h.low_indptr, h.low_edges, h.low_tails)
        up, down = customise(h.indptr, h.heads, *lower, h.slots, h.upward, p.weights)
        out = np.empty((len(p.zones), len(p.zones)))
        room = np.empty((p.size, LANES))
        origins = np.arange(len(p.zones), dtype=np.int64)
        for k in range(0, len(origins), LANES):
            sweep(
                *(h.indptr, h.heads, up, h.indptr, h.heads, down, needed),
                *(z.rows, z.nodes, z.weights, z.rows, z.nodes, z.weights),
                origins[k : k + LANES],
                out,
                room,
            )
        return out

    return Actor(prepare, run, lambda _, found: Answer(probe(found)))


@dataclass(frozen=True)
class _Given:
    whatif: WhatIf
    edits: list[Edit]
    room: FloatArray


def _edits(graph: SyntheticGraph, zones: int, kind: str) -> list[Edit]:
    rng = np.random.default_rng(3)
    made = []
    for _ in range(EDITS):
        if kind == "add":
            ends = rng.choice(min(zones, 341), (2, 10))
            made.append(
                Edit(tails=ends[0], heads=ends[1], new_weights=rng.uniform(20.0, 200.0, 10))
            )
        else:
            arc = rng.choice(len(graph.minutes), 1)
            made.append(Edit(arc, np.array([np.inf])))
    return made


def _whatifs(kind: str) -> Actor:
    """EDITS what-ifs on a matrix that is known; seconds are those of one."""

    def prepare(setting: Setting) -> _Given:
        graph = graph_of(setting)
        zones = graph.zones[: setting.size.regions]
        candidates = zones[:341] if kind == "add" else None
        whatif = build_whatif(graph.core, graph.minutes, at_nodes(zones), candidates=candidates)
        return _Given(whatif, _edits(graph, len(zones), kind), np.zeros(whatif.weights.shape))

    def run(given: _Given) -> list[FloatArray]:
        return [given.whatif.run(edit, out=given.room).weights[::64].copy() for edit in given.edits]

    return Actor(
        prepare,
        run,
        lambda _, found: Answer(np.concatenate(found)),
        scale=1.0 / EDITS,
    )


def _redone(kind: str) -> Actor:
    """The same by putting the weights in and sweeping everything, one edit of EDITS."""

    def prepare(setting: Setting) -> tuple[SyntheticGraph, list[Edit], Setting]:
        graph = graph_of(setting)
        return graph, _edits(graph, setting.size.regions, kind), setting

    def run(given: tuple[SyntheticGraph, list[Edit], Setting]) -> list[FloatArray]:
        graph, edits, setting = given
        zones = graph.zones[: setting.size.regions]
        found = []
        for edit in edits:
            weights = graph.minutes.copy()
            weights[edit.arcs] = edit.weights
            tails = np.concatenate([graph.core.tails, edit.tails])
            heads = np.concatenate([graph.core.heads, edit.heads])
            hierarchy = build_hierarchy(graph.core.size, tails, heads)
            metric = customised(hierarchy, np.concatenate([weights, edit.new_weights]))
            found.append(weights_between(metric, zones, zones, workers=_threads())[::64])
        return found

    return Actor(prepare, run, lambda _, found: Answer(np.concatenate(found)), scale=1.0 / EDITS)


def _criticality() -> Actor:
    def prepare(setting: Setting) -> Network:
        try:
            network = load_china_network(year=2020)
        except FileNotFoundError as error:
            raise Skip(f"the embedded network is not there: {error}") from error
        if setting.size == TINY:  # forty roads of it
            return network.with_links(
                remove=[str(k) for k in network.links.index[network.links["mode"] == "air"]]
            ).subset(["road", "ferry"])
        return network

    def run(network: Network) -> pd.DataFrame:
        mass = network.places["population"].astype(float)
        links = None if len(network.links) > 5000 else list(network.links.index[:40])
        return criticality(network, mass, links=links, workers=_threads())

    return Actor(prepare, run, lambda _, found: Answer(found["rise"].to_numpy()))


PEERS = {
    "scipy": scipy_paths(problem_of, 2850),
    "igraph": igraph_paths(problem_of, 2850),
    "networkit": networkit_paths(problem_of, 2850),
    "edsger": edsger_paths(problem_of, 2850),
    "routingkit-cch": routingkit_paths(problem_of, 2850),
    "AequilibraE": aequilibrae_paths(problem_of, 2850),
}
CASES = (
    Case(
        "paths/matrix",
        "all weights edited, then the least weights between all zones",
        (TINY, MIDDLE, WIDE, LARGE),
        {OURS: _ours(problem_of), WITH_ORDER: _ours(problem_of, with_order=True), **PEERS},
        bars=(
            Bar(MIDDLE.label, "ratio", 10, "scipy"),
            Bar(LARGE.label, "ratio", 20, "scipy"),
            *(
                Bar(LARGE.label, "ratio", 5, peer, note="the fastest other library counts")
                for peer in PEERS
                if peer != "scipy"
            ),
            Bar(WIDE.label, "ratio", 50, "scipy"),
        ),
        tolerance=1e-5,  # one peer counts in whole thousandths of a minute
        repeats=5,
    ),
    Case(
        "paths/tntp",
        "the least free-flow times between the zones of a test network",
        (SIOUX_FALLS, ANAHEIM),
        {
            OURS: _kernels_only(tntp_problem),
            "hinterland, checks included": _ours(tntp_problem),
            WITH_ORDER: _ours(tntp_problem, with_order=True),
            "scipy": scipy_paths(tntp_problem, 100),
        },
        bars=(
            Bar(SIOUX_FALLS.label, "ratio", 3, "scipy"),
            Bar(ANAHEIM.label, "ratio", 3, "scipy"),
        ),
    ),
    Case(
        "paths/add-10-links",
        "ten new links between known places, the matrix exact (one what-if of twenty)",
        (TINY, MIDDLE, LARGE),
        {OURS: _whatifs("add"), "everything anew": _redone("add")},
        bars=(Bar(MIDDLE.label, "seconds", 0.001), Bar(LARGE.label, "seconds", 0.03)),
    ),
    Case(
        "paths/close-a-link",
        "any one arc closed, the matrix exact (one what-if of twenty)",
        (TINY, MIDDLE, LARGE),
        {OURS: _whatifs("close"), "everything anew": _redone("close")},
        bars=(Bar(MIDDLE.label, "seconds", 0.005), Bar(LARGE.label, "seconds", 0.04)),
    ),
    Case(
        "paths/criticality",
        "what the closure of every link costs, door to door",
        (TINY, CHINA),
        {OURS: _criticality()},
        bars=(Bar(CHINA.label, "seconds", 30.0),),
        repeats=1,
    ),
)
