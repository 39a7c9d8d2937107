"""Corridors: many screened exactly, one drawn a thousand times, sets built together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import xarray as xr

from benchmarks.actors import economy_of
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size
from benchmarks.small_network import grid_network
from io_tables.china import load_china
from model.calibration import respond_to
from model.channels.productivity import productivity
from model.corridors import (
    Candidate,
    interactions,
    pair_candidates,
    rank_stability,
    screen_corridors,
)
from model.costs import RegionCosts
from model.coupling import SpatialModel
from model.delivery import SectorRoles
from model.response import respond
from model.table_draws import Draws, TableDrawer
from networks.china import load_china_network
from networks.network import Network
from networks.patch_apply import apply_patches

GRID = Size(8, 6, name="24 towns, 8x6")
CHINA = Size(31, 42, "quick", name="341 cities, 31x42")
WANTED = 1000
SCREENED = 200
"""Candidates that are screened; seconds are those of a thousand, the making ready included."""
FEW = 3
"""Candidates, draws or sets of those who do it plainly."""
TOGETHER = 6
WORKERS = 2


@dataclass(frozen=True)
class Asked:
    model: SpatialModel
    candidates: list[Candidate]
    drawn: xr.Dataset | None = None


def _asked(setting: Setting) -> Asked:
    if setting.size == CHINA:
        model = SpatialModel(load_china(), load_china_network(year=2020))
        return Asked(model, pair_candidates(model.network, most=SCREENED))
    economy = economy_of(setting)
    roles = ["goods" if kind <= 1 else "service" for kind in economy.kind]
    roles[-1] = "transport"
    network = grid_network(economy.regions)
    model = SpatialModel(economy.table(), network, roles=SectorRoles(tuple(roles)))
    found = pair_candidates(network, band_km=(0.0, 1e4), most=SCREENED)
    return Asked(model, found)


def _built(asked: Asked, candidates: tuple[Candidate, ...] | list[Candidate]) -> Network:
    return apply_patches(asked.model.network, [one.patch for one in candidates])


def _worth(model: SpatialModel, network: Network) -> float:
    """What a network is worth through its skims, made from nothing."""
    response = respond_to(model.calibration, model.skims(network))
    return float(response.real_consumption.sum())


def _worth_closer(model: SpatialModel, network: Network) -> float:
    """The same with productivity that follows closeness."""
    base, skims = model.calibration, model.skims(network)
    costs = RegionCosts.of(skims.passenger, skims.freight, base.places)
    change = base.delivery.change(costs.freight, costs.passenger)
    made = productivity(base, skims).ratio
    response = respond(base.blocks, change, base.theta, productivity=made)
    return float(response.real_consumption.sum())


def _uncertain(model: SpatialModel) -> Draws:
    return Draws(cost=model.calibration.costs.freight)


def _screening() -> Actor:
    def run(asked: Asked) -> xr.Dataset:
        return screen_corridors(asked.model, asked.candidates, best=None, workers=WORKERS)

    def read(asked: Asked, found: xr.Dataset) -> Answer:
        names = [one.name for one in asked.candidates[:FEW]]
        gap = float(found["identity_gap"].max())
        facts = {"candidates": len(asked.candidates), "largest identity gap": gap}
        return Answer(found["exact"].sel(candidate=names).to_numpy(), None, facts)

    return Actor(_asked, run, read, scale=WANTED / SCREENED)


def _screening_plainly() -> Actor:
    def run(asked: Asked) -> FloatArray:
        some = asked.candidates[:FEW]
        return np.array([_worth(asked.model, _built(asked, [one])) for one in some])

    def read(asked: Asked, found: FloatArray) -> Answer:
        return Answer(found)

    return Actor(_asked, run, read, scale=WANTED / FEW)


def _drawn(asked: Asked, draws: int) -> xr.Dataset:
    """Every source that can be drawn: parameters, closeness, own shares, decay, cells."""
    return rank_stability(
        asked.model,
        asked.candidates[:1],
        draws=draws,
        top=1,
        channels=["productivity"],
        uncertain=_uncertain(asked.model),
        workers=WORKERS,
    )


def _draws() -> Actor:
    def run(asked: Asked) -> xr.Dataset:
        return _drawn(asked, WANTED)

    def read(asked: Asked, found: xr.Dataset) -> Answer:
        facts = {"error between nodes": float(found.attrs["interpolation_error"])}
        return Answer(found["value"].to_numpy()[:FEW, 0], None, facts)

    return Actor(_asked, run, read)


def _draws_plainly() -> Actor:
    """Calibrated anew at the parameters of each draw, the edited network skimmed anew."""

    def prepare(setting: Setting) -> Asked:
        asked = _asked(setting)
        found = _drawn(asked, FEW)
        return Asked(asked.model, asked.candidates, found["drawn"].to_dataset(name="drawn"))

    def run(asked: Asked) -> FloatArray:
        model, values = asked.model, []
        network = _built(asked, asked.candidates[:1])
        known = model.calibration.parameters
        assert asked.drawn is not None  # made in prepare
        told = asked.drawn["drawn"].to_pandas()
        keys = [str(key) for key in told.columns if key in known.keys]
        drawer = TableDrawer(model.table, _uncertain(model))
        for draw, row in enumerate(told[keys].to_numpy()):
            pairs = zip(keys, row, strict=True)
            drawn = known.with_values({key: known.get(key) * float(v) for key, v in pairs})
            table = drawer.draw(0, dict.fromkeys(drawer.sources, draw))
            other = SpatialModel(table, model.network, drawn, roles=model.calibration.roles)
            values.append(_worth_closer(other, network))
        return np.array(values)

    def read(asked: Asked, found: FloatArray) -> Answer:
        return Answer(found)

    return Actor(prepare, run, read, scale=WANTED / FEW)


def _pairs() -> Actor:
    def run(asked: Asked) -> FloatArray:
        found = interactions(asked.model, asked.candidates[:TOGETHER]).to_numpy()
        alone = np.diag(found)
        some = list(combinations(range(TOGETHER), 2))[:FEW]
        return np.array([found[a, b] + alone[a] + alone[b] for a, b in some])

    def read(asked: Asked, found: FloatArray) -> Answer:
        return Answer(found, None, {"sets": TOGETHER * (TOGETHER + 1) // 2})

    return Actor(_asked, run, read)


def _pairs_plainly() -> Actor:
    def run(asked: Asked) -> FloatArray:
        some = list(combinations(asked.candidates[:TOGETHER], 2))[:FEW]
        return np.array([_worth(asked.model, _built(asked, both)) for both in some])

    def read(asked: Asked, found: FloatArray) -> Answer:
        return Answer(found)

    return Actor(_asked, run, read, scale=TOGETHER * (TOGETHER + 1) / 2 / FEW)


CASES = (
    Case(
        "corridors/screening",
        f"{WANTED:,} candidates, each solved exactly ({SCREENED} of them are)",
        (GRID, CHINA),
        {OURS: _screening(), "plain re-skims": _screening_plainly()},
        bars=(Bar(CHINA.label, "seconds", 120.0, note="two cores"),),
        repeats=3,
    ),
    Case(
        "corridors/draws",
        f"{WANTED:,} draws of parameters, closeness and the table for one corridor",
        (GRID, CHINA),
        {OURS: _draws(), "calibrated anew": _draws_plainly()},
        bars=(Bar(CHINA.label, "seconds", 60.0, note="two cores"),),
        tolerance=1e-2,  # costs between values of time are interpolated; see the facts
        repeats=3,
    ),
    Case(
        "corridors/sets",
        f"interactions of {TOGETHER} corridors: every one and every pair built and solved",
        (GRID, CHINA),
        {OURS: _pairs(), "plain re-skims": _pairs_plainly()},
        bars=(Bar(CHINA.label, "ratio", 3.0, "plain re-skims"),),
        repeats=3,
    ),
)
