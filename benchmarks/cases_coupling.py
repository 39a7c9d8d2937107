"""A corridor end to end: an edited network in, trade, output and real consumption out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.actors import economy_of, facts_of, traffic
from benchmarks.case import OURS, Actor, Answer, Bar, Case, Setting, Size
from benchmarks.cases_network import line_of
from benchmarks.small_network import grid_network
from io_tables.china import load_china
from model.coupling import SpatialModel
from model.delivery import SectorRoles
from model.response import Response
from networks.china import load_china_network
from networks.network import Network

GRID = Size(8, 6, name="24 towns, 8x6")
CHINA = Size(31, 42, "quick", name="341 cities, 31x42")


@dataclass(frozen=True)
class Joined:
    model: SpatialModel
    size: Size


def _join(setting: Setting) -> Joined:
    if setting.size == CHINA:
        model = SpatialModel(load_china(), load_china_network(year=2020))
        return Joined(model, Size(341, 1, "quick", name="341 cities"))
    economy = economy_of(setting)
    last = economy.n_sectors - 1
    roles = ["goods" if kind <= 1 else "service" for kind in economy.kind]
    roles[last] = "transport"
    network = grid_network(economy.regions)
    model = SpatialModel(economy.table(), network, roles=SectorRoles(tuple(roles)))
    return Joined(model, setting.size)


def _what_if() -> Actor:
    def run(joined: Joined) -> tuple[Network, Response]:
        edited = line_of(joined.model.network, joined.size)
        return edited, joined.model.respond(edited)

    def read(joined: Joined, found: tuple[Network, Response]) -> Answer:
        response = found[1]
        facts = {} if response.solution is None else facts_of(response.solution)
        facts["largest identity gap"] = float(max(response.gaps.values(), default=0.0))
        changes = (response.output, response.real_consumption)
        probe = np.concatenate([change.reshape(-1) for change in changes])
        trade = response.sourcing.quantity_share
        costs = np.empty(2 * joined.model.calibration.skims.passenger["cost"].shape[0] ** 2)
        return Answer(probe, traffic(probe, trade, trade, costs), facts)

    return Actor(_join, run, read)


CASES = (
    Case(
        "coupling/corridor",
        "a line added: costs, sourcing, output and real consumption",
        (GRID, CHINA),
        {OURS: _what_if()},
        bars=(Bar(CHINA.label, "seconds", 0.05, note="each after the first"),),
        repeats=5,
    ),
)
