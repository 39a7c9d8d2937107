"""Networks: costs between all places, and indicators from them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.actors import traffic
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Skip
from benchmarks.small_network import grid_network
from networks.accessibility import accessibility
from networks.china import load_china_network
from networks.network import Network
from networks.skim import skim
from networks.whatif import Asked, LinkEdit, SkimBase, build_skim_base, stream_accessibility

GRID = Size(24, 1, "full", name="24 towns")
CHINA = Size(341, 1, "quick", name="341 cities")
LINE = ("Shanghai", "Nanjing", "Hefei", "Wuhan", "Yichang", "Wanzhou", "Chongqing", "Chengdu")


def open_network(size: Size) -> Network:
    """The embedded network, or a grid of the size asked for."""
    if size == CHINA:
        try:
            return load_china_network(year=2020)
        except FileNotFoundError as error:
            raise Skip(f"the embedded network is not there: {error}") from error
    return grid_network(tuple(f"R{k + 1:04d}" for k in range(size.regions // 3)))


def line_of(network: Network, size: Size) -> Network:
    """The network with one more high-speed line."""
    stops = list(LINE) if size == CHINA else [f"Town {k} 1" for k in range(0, 8, 2)]
    return network.with_line(
        "rail_hsr", stops, speed_kmh=350.0, trains_per_day=60.0, name="benchmark line"
    )


def _answer(found: xr.Dataset) -> Answer:
    values = np.asarray(found["cost"].values, dtype=np.float64)
    written = [np.asarray(variable.values) for variable in found.data_vars.values()]
    return Answer(values[:: max(1, len(values) // 8)], traffic(*written))


def _skimming(call: Callable[[Network], xr.Dataset]) -> Actor:
    return Actor(
        lambda setting: open_network(setting.size),
        call,
        lambda network, found: _answer(found),
    )


def _access() -> Actor:
    def prepare(setting: Setting) -> tuple[xr.Dataset, Network]:
        network = open_network(setting.size)
        return skim(network, "passenger"), network

    def run(given: tuple[xr.Dataset, Network]) -> FloatArray:
        costs, network = given
        mass = network.places["population"].astype(float)
        measures = (
            accessibility(costs, mass, measure="weighted_mean", of="minutes"),
            accessibility(costs, mass, measure="daily", cutoff=240.0),
        )
        return np.concatenate([np.asarray(m.values, dtype=np.float64) for m in measures])

    def read(given: tuple[xr.Dataset, Network], found: FloatArray) -> Answer:
        minutes = np.asarray(given[0]["minutes"].values, dtype=np.float64)
        return Answer(found, traffic(minutes, minutes, found))

    return Actor(prepare, run, read)


def _edited_skim() -> Actor:
    def prepare(setting: Setting) -> tuple[Network, Size]:
        network = open_network(setting.size)
        skim(network, "passenger")
        return network, setting.size

    def run(given: tuple[Network, Size]) -> xr.Dataset:
        return skim(line_of(*given), "passenger")

    return Actor(prepare, run, lambda given, found: _answer(found))


@dataclass(frozen=True)
class _Scenarios:
    base: SkimBase
    mass: pd.Series
    edits: list[LinkEdit]


def _mixed(base: SkimBase, count: int) -> list[LinkEdit]:
    """Lines added, links made faster, made slower and closed, in turn."""
    rng = np.random.default_rng(5)
    made = []
    for number in range(count):
        if number % 4 == 0:
            ends = [str(k) for k in rng.choice(base.zones, 2, replace=False)]
            made.append(base.line("rail_hsr", ends, speed_kmh=300.0, trains_per_day=30.0))
        elif number % 4 == 3:
            made.append(base.links(gone=rng.integers(len(base.network.links), size=1)))
        else:
            link = rng.integers(len(base.network.links), size=1)
            minutes = base.network.links["minutes"].to_numpy()[link]
            factor = 0.7 if number % 4 == 1 else 1.5
            made.append(base.links(changed=link, minutes=factor * minutes))
    return made


def _scenarios() -> Actor:
    """All measures of accessibility after every edit; nothing but sums is kept."""

    def prepare(setting: Setting) -> _Scenarios:
        network = open_network(setting.size)
        base = build_skim_base(network, {"fastest": Asked(by="minutes", unreachable="keep")})
        base.run(base.links(gone=np.zeros(1, dtype=np.int64)))  # roads made ready
        count = 1000 if setting.size == CHINA else 40
        return _Scenarios(base, network.places["population"].astype(float), _mixed(base, count))

    def run(given: _Scenarios) -> FloatArray:
        workers = int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1
        found = stream_accessibility(given.base, given.edits, given.mass, workers=workers)
        return np.array([np.nan_to_num(one.values.to_numpy()).sum(axis=0) for one in found])

    return Actor(prepare, run, lambda _, found: Answer(found))


CASES = (
    Case(
        "network/skim-passengers",
        "generalised cost of passengers between all places, all modes",
        (GRID, CHINA),
        {OURS: _skimming(lambda network: skim(network, "passenger"))},
        bars=(Bar(CHINA.label, "seconds", 1.5),),
        repeats=3,
    ),
    Case(
        "network/skim-freight",
        "generalised cost of goods between all places",
        (GRID, CHINA),
        {OURS: _skimming(lambda network: skim(network, "freight"))},
        repeats=3,
    ),
    Case(
        "network/skim-edited",
        "a line added, then the costs of passengers anew",
        (GRID, CHINA),
        {OURS: _edited_skim()},
        repeats=3,
    ),
    Case(
        "network/accessibility",
        "weighted mean time and daily accessibility of every place",
        (GRID, CHINA),
        {OURS: _access()},
    ),
    Case(
        "network/scenarios",
        "1,000 edits (lines, better, worse and closed links): every measure of every place",
        (GRID, CHINA),
        {OURS: _scenarios()},
        bars=(Bar(CHINA.label, "seconds", 20.0, note="two cores"),),
        repeats=1,
    ),
)
