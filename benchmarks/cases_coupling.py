"""A corridor end to end: an edit of the network in, trade, output and real consumption out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.actors import economy_of, facts_of, traffic
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size
from benchmarks.cases_network import LINE, line_of
from benchmarks.small_network import grid_network
from io_tables.china import load_china
from model.calibration import respond_to
from model.coupling import SpatialModel
from model.delivery import SectorRoles
from model.response import Response
from networks.china import load_china_network
from networks.patches import Patch, add_line
from networks.whatif import AccessAsked, AccessBase, Costs, build_access_base

GRID = Size(8, 6, name="24 towns, 8x6")
CHINA = Size(31, 42, "quick", name="341 cities, 31x42")
ACCESS = {"weighted_mean": AccessAsked("weighted_mean"), "daily": AccessAsked("daily")}


@dataclass(frozen=True)
class Joined:
    model: SpatialModel
    size: Size
    patch: Patch
    access: AccessBase | None = None


def _patch(stops: tuple[str, ...]) -> Patch:
    line = add_line("rail_hsr", stops, speed_kmh=350.0, trains_per_day=60.0, name="benchmark line")
    return Patch("benchmark line", (line,))


def _join(setting: Setting) -> Joined:
    if setting.size == CHINA:
        model = SpatialModel(load_china(), load_china_network(year=2020))
        return Joined(model, Size(341, 1, "quick", name="341 cities"), _patch(LINE))
    economy = economy_of(setting)
    last = economy.n_sectors - 1
    roles = ["goods" if kind <= 1 else "service" for kind in economy.kind]
    roles[last] = "transport"
    network = grid_network(economy.regions)
    model = SpatialModel(economy.table(), network, roles=SectorRoles(tuple(roles)))
    stops = tuple(f"Town {k} 1" for k in range(0, 8, 2))
    return Joined(model, setting.size, _patch(stops))


def _ready(setting: Setting) -> Joined:
    joined = _join(setting)
    model = joined.model
    model.respond(joined.patch)  # the first makes the base ready
    mass = model.calibration.places.mass("population")
    return replace(joined, access=build_access_base(model.calibration.ready, mass, ACCESS))


@dataclass(frozen=True)
class _Found:
    response: Response
    access: pd.DataFrame | None = None
    ledger: FloatArray | None = None


def _ledger(joined: Joined, response: Response) -> FloatArray:
    """Changes by region: output, value added, savings, real consumption of goods and services."""
    goods = joined.model.calibration.roles.goods
    real = response.real_consumption
    parts = (response.output, response.value_added, response.cost_saving)
    sums = [part.sum(axis=1) for part in parts]
    return np.stack([*sums, real[:, goods].sum(axis=1), real[:, ~goods].sum(axis=1)])


def _chain() -> Actor:
    """Everything from the words of the edit to the ledger, prices following costs."""

    def run(joined: Joined) -> _Found:
        costs = joined.model.costs(joined.patch)
        assert joined.access is not None  # made ready
        access = joined.access.run(costs).values
        response = joined.model.respond(costs, prices="follow costs")
        return _Found(response, access, _ledger(joined, response))

    return Actor(_ready, run, _read)


def _from_nothing() -> Actor:
    """The same through an edited network and its skims from nothing."""

    def run(joined: Joined) -> _Found:
        model = joined.model
        skims = model.skims(line_of(model.network, joined.size))
        response = respond_to(model.calibration, skims, prices="follow costs")
        return _Found(response, None, _ledger(joined, response))

    return Actor(_join, run, _read)


def _read(joined: Joined, found: _Found) -> Answer:
    response = found.response
    facts = {} if response.solution is None else facts_of(response.solution)
    facts["largest identity gap"] = float(max(response.gaps.values(), default=0.0))
    changes = (response.output, response.real_consumption)
    probe = np.concatenate([change.reshape(-1) for change in changes])
    trade = response.sourcing.quantity_share
    costs = np.empty(2 * joined.model.calibration.skims.passenger["cost"].shape[0] ** 2)
    return Answer(probe, traffic(probe, trade, trade, costs), facts)


CANDIDATES = 50


@dataclass(frozen=True)
class _Screened:
    joined: Joined
    pairs: list[tuple[str, str]]


def _screening() -> Actor:
    """Candidate lines between pairs of places: costs of passengers after each; seconds of one."""

    def prepare(setting: Setting) -> _Screened:
        joined = _ready(setting)
        codes = joined.model.calibration.places.codes
        rng = np.random.default_rng(4)
        ends = [rng.choice(codes, 2, replace=False) for _ in range(CANDIDATES)]
        return _Screened(joined, [(str(a), str(b)) for a, b in ends])

    def run(given: _Screened) -> list[Costs]:
        base = given.joined.model.calibration.ready
        return [
            base.run(
                base.line("rail_hsr", pair, speed_kmh=300.0, trains_per_day=40.0),
                names=["passenger"],
            )
            for pair in given.pairs
        ]

    def read(given: _Screened, found: list[Costs]) -> Answer:
        base = given.joined.model.calibration.ready["passenger"].ravel()
        saved = [float((base[c] - v).sum()) for one in found for c, v in [one.changed["passenger"]]]
        return Answer(np.array(saved))

    return Actor(prepare, run, read, scale=1.0 / CANDIDATES)


CASES = (
    Case(
        "coupling/corridor",
        "a line added: costs, access, sourcing, prices, output, real consumption, ledger",
        (GRID, CHINA),
        {OURS: _chain(), "everything anew": _from_nothing()},
        bars=(Bar(CHINA.label, "seconds", 0.05, note="each after the first"),),
        repeats=5,
    ),
    Case(
        "coupling/candidate",
        "a line between two places: what passengers pay between all places (one of fifty)",
        (GRID, CHINA),
        {OURS: _screening()},
        bars=(Bar(CHINA.label, "seconds", 0.001, note="each after the first"),),
        repeats=5,
    ),
)
