"""What links are worth: all that exist by one accumulation, candidates to first order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.actors import economy_of, traffic
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size
from benchmarks.small_network import grid_network
from io_tables.china import load_china
from model.coupling import SpatialModel
from model.delivery import SectorRoles
from model.link_value import first_order_value, link_values, pair_values
from networks.china import load_china_network
from networks.graph import Core, at_nodes
from networks.tree_loading import CoreLoad, load_core

GRID = Size(8, 6, name="24 towns, 8x6")
CHINA = Size(31, 42, "quick", name="341 cities, 31x42")
CANDIDATES = 100
FEW = Size(60, 240, name="60 places, 240 arcs")
MANY = Size(341, 3400, "quick", name="341 places, 3400 arcs")


def _model(setting: Setting) -> SpatialModel:
    if setting.size == CHINA:
        return SpatialModel(load_china(), load_china_network(year=2020))
    economy = economy_of(setting)
    roles = ["goods" if kind <= 1 else "service" for kind in economy.kind]
    roles[-1] = "transport"
    network = grid_network(economy.regions)
    return SpatialModel(economy.table(), network, roles=SectorRoles(tuple(roles)))


def _existing() -> Actor:
    def run(model: SpatialModel) -> xr.Dataset:
        return link_values(model.calibration, "value_added", prices="follow costs")

    def read(model: SpatialModel, found: xr.Dataset) -> Answer:
        probe = found["per_minute"].to_numpy().reshape(-1)
        facts = {
            "links": int(found.sizes["link"]),
            "pairs with several least ways": int(found.attrs["pairs_with_several_least_ways"]),
        }
        return Answer(probe, traffic(probe, model.calibration.blocks.trade), facts)

    return Actor(_model, run, read)


@dataclass(frozen=True)
class Screened:
    weights: dict[str, FloatArray]
    base: dict[str, FloatArray]
    new: list[dict[str, FloatArray]]


def _screened(setting: Setting) -> Screened:
    model = _model(setting)
    values = pair_values(model.calibration)
    weights = {str(k): v.to_numpy() for k, v in values.items()}
    skims = {
        "passenger": model.calibration.skims.passenger,
        "freight": model.calibration.skims.freight,
    }
    base = {name: skims[name]["cost"].to_numpy() for name in weights}
    rng = np.random.default_rng(1)
    new = []
    for _ in range(CANDIDATES):
        row, column = (rng.random(len(base["freight"])) < 0.2 for _ in range(2))
        factor = np.where(np.outer(row, column), 0.9, 1.0)
        new.append({name: cost * factor for name, cost in base.items()})
    return Screened(weights, base, new)


def _candidates() -> Actor:
    def run(screened: Screened) -> FloatArray:
        return np.array(
            [first_order_value(screened.weights, screened.base, new) for new in screened.new]
        )

    def read(screened: Screened, found: FloatArray) -> Answer:
        return Answer(found, None, {"candidates": len(found)})

    return Actor(_screened, run, read)


@dataclass(frozen=True)
class Streets:
    core: Core
    pair: FloatArray


def _streets(setting: Setting) -> Streets:
    n, arcs = setting.size.regions, setting.size.sectors
    rng = np.random.default_rng(7)
    ring = np.arange(n)
    tails = np.concatenate([ring, rng.integers(0, n, arcs - n)])
    heads = np.concatenate([(ring + 1) % n, rng.integers(0, n, arcs - n)])
    _, first = np.unique(tails * n + heads, return_index=True)
    first = first[tails[first] != heads[first]]
    core = Core(n, tails[first], heads[first], rng.uniform(1.0, 9.0, (len(first), 1)))
    return Streets(core, rng.random((n, n)) * (1.0 - np.eye(n)))


def _by_trees() -> Actor:
    def run(streets: Streets) -> CoreLoad:
        core = streets.core
        zones = at_nodes(np.arange(core.size))
        links = np.arange(len(core.tails))
        pair = streets.pair[..., None]
        return load_core(core, zones, zones, np.ones(1), pair, links, len(links))

    def read(streets: Streets, found: CoreLoad) -> Answer:
        return Answer(found.load[0, 0, :, 0], None, {"pairs": found.pairs})

    return Actor(_streets, run, read)


def _by_predecessors() -> Actor:
    def run(streets: Streets) -> FloatArray:
        core, n = streets.core, streets.core.size
        weights = csr_array((core.components[:, 0], (core.tails, core.heads)), shape=(n, n))
        distance, before = dijkstra(weights, return_predecessors=True)
        flow = np.zeros((n, n))
        for origin in range(n):
            carried = streets.pair[origin].copy()
            for node in np.argsort(distance[origin])[:0:-1]:
                tail = before[origin, node]
                flow[tail, node] += carried[node]
                carried[tail] += carried[node]
        return np.asarray(flow[core.tails, core.heads])

    def read(streets: Streets, found: FloatArray) -> Answer:
        return Answer(found)

    return Actor(_streets, run, read)


CASES = (
    Case(
        "link_value/existing",
        "every link valued by value added, with prices that follow costs",
        (GRID, CHINA),
        {OURS: _existing()},
        bars=(Bar(CHINA.label, "seconds", 1.0, note="all links of the network"),),
    ),
    Case(
        "link_value/candidates",
        f"first-order values of {CANDIDATES} candidates from their what-if matrices",
        (GRID, CHINA),
        {OURS: _candidates()},
        bars=(Bar(CHINA.label, "seconds", CANDIDATES * 1e-3, note="1 ms each"),),
    ),
    Case(
        "link_value/trees",
        "weights of all pairs accumulated on arcs over shortest-path trees",
        (FEW, MANY),
        {OURS: _by_trees(), "scipy predecessors": _by_predecessors()},
        bars=(Bar(MANY.label, "ratio", 1.5, "scipy predecessors"),),
    ),
)
