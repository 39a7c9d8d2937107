"""A scenario's channels: one state of the economy each, and a whole run with all of them.

The states are those behind the columns of a run: the drivers, and the drivers with one channel. The
peer of a state is the same economy with prices and quantities solved as dense matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.actors import economy_of
from benchmarks.case import OURS, Actor, Answer, Bar, Case, Setting, Size, Work
from benchmarks.small_network import grid_network
from io_tables.china import load_china
from model.calibration import skims_of
from model.channels.case import Case as Forces
from model.channels.case import Outcome
from model.coupling import SpatialModel
from model.delivery import SectorRoles
from model.results import Result
from model.scenario import Closure, Edit, Scenario
from model.scenario_file.blocks import Channel
from model.steps.channels import case_of
from model.steps.edits import edited_network
from networks.china import load_china_network

CHINA = Size(31, 42, "quick", name="31x42, 341 cities")
SMALL = Size(6, 4)
LINE: tuple[str, ...] = (
    "Shanghai",
    "Nanjing",
    "Hefei",
    "Wuhan",
    "Yichang",
    "Wanzhou",
    "Chongqing",
    "Chengdu",
)
DRIVEN = ("sourcing",)
STATES: tuple[Channel, ...] = ("sourcing", "price", "productivity", "relocation")
RUN: tuple[Channel, ...] = ("sourcing", "price", "productivity", "relocation", "congestion")


@dataclass(frozen=True)
class Ready:
    model: SpatialModel
    scenario: Scenario
    forces: Forces


def _prepare(setting: Setting) -> Ready:
    if setting.size == CHINA:
        model = SpatialModel(load_china(), load_china_network(year=2020))
        stops = LINE
    else:
        economy = economy_of(setting)
        roles = ["goods" if kind <= 1 else "service" for kind in economy.kind]
        roles[economy.n_sectors - 1] = "transport"
        table, network = economy.table(), grid_network(economy.regions)
        model = SpatialModel(
            table, network, {"relocation_labour": 0.0}, roles=SectorRoles(tuple(roles))
        )
        stops = tuple(f"Town {k} 1" for k in range(0, setting.size.regions, 2))
    line = Edit(
        kind="add",
        name="benchmark line",
        mode="rail_hsr",
        stops=stops,
        speed_kmh=350.0,
        trains_per_day=60.0,
        freed_freight_capacity=0.5,
    )
    scenario = Scenario(name="benchmark", closure=Closure(channels=RUN), edits=(line,))
    base = model.calibration
    skims = skims_of(base, edited_network(base.network, scenario))
    return Ready(model, scenario, case_of(base, scenario, skims, model.groupings))


def _state(channel: str) -> Actor:
    channels = DRIVEN if channel in DRIVEN else (*DRIVEN, channel)

    def run(ready: Ready) -> Outcome:
        return ready.forces.outcome(channels)

    return Actor(_prepare, run, _read_state)


def _read_state(ready: Ready, found: Outcome) -> Answer:
    state = found.state
    facts = {"largest gap of an identity": max(state.gaps.values())}
    cells = float(ready.forces.economy.blocks.trade.size + ready.forces.economy.blocks.use.size)
    return Answer(state.output.ravel(), Work(10.0 * cells, 8.0 * cells, 8.0 * cells), facts)


def _dense(channel: str) -> Actor:
    """Output from the explicit matrix of the same prices and shares."""
    channels = DRIVEN if channel in DRIVEN else (*DRIVEN, channel)

    def run(ready: Ready) -> Any:
        joint = ready.forces.outcome(channels).joint
        base, made = joint.economy.blocks, joint.forces.productivity
        n_regions, n_sectors = base.output.shape
        n = n_regions * n_sectors
        trade = joint.sourcing.quantity_share.transpose(1, 2, 0)  # origin, destination, product
        matrix = np.einsum("rsi,sij->risj", trade, joint.technology).reshape(n, n)
        final = np.einsum("rsi,si->ri", trade, joint._cells[0].sum(axis=2))
        bundles = np.linalg.solve(np.eye(n) - matrix, (final + base.exports / made).reshape(n))
        return made * bundles.reshape(n_regions, n_sectors) - base.output

    def read(ready: Ready, found: Any) -> Answer:
        return Answer(found.ravel(), None, {})

    return Actor(_prepare, run, read)


def _run_all() -> Actor:
    def run(ready: Ready) -> Result:
        return ready.model.run(ready.scenario)

    def read(ready: Ready, found: Result) -> Answer:
        found.raise_for_status()
        effect = found.data["spread"].sum("side", skipna=False)
        return Answer(np.nan_to_num(effect.values.ravel()), None, dict(found.report.seconds))

    return Actor(_prepare, run, read)


def _split() -> Actor:
    def run(ready: Ready) -> Result:
        closure = Closure(channels=STATES)
        options = replace(ready.scenario.run, split=True)
        return ready.model.run(replace(ready.scenario, closure=closure, run=options))

    def read(ready: Ready, found: Result) -> Answer:
        shares = found.data["split_output"].sum(["region", "sector"])
        return Answer(shares.values, None, {"split, s": found.report.seconds["split"]})

    return Actor(_prepare, run, read)


CASES = (
    *(
        Case(
            f"channels/{name}",
            f"the economy with {' and '.join(dict.fromkeys((*DRIVEN, name)))} after a new railway",
            (SMALL, CHINA),
            {OURS: _state(name), "dense matrix": _dense(name)}
            if name != "relocation"
            else {OURS: _state(name)},
            bars=(Bar(CHINA.label, "seconds", 0.2),),
            tolerance=1e-7,
            repeats=3,
        )
        for name in STATES
    ),
    Case(
        "channels/run",
        "a scenario file's run with every channel that answers to a railway, flows on links too",
        (SMALL, CHINA),
        {OURS: _run_all()},
        bars=(Bar(CHINA.label, "seconds", 30.0),),
        repeats=1,
    ),
    Case(
        "channels/split",
        "a run whose joint effect is shared out over four channels (16 states)",
        (SMALL, CHINA),
        {OURS: _split()},
        bars=(Bar(CHINA.label, "seconds", 20.0),),
        repeats=1,
    ),
)
