"""Networks: costs between all places, and indicators from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from benchmarks.actors import traffic
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Skip
from benchmarks.small_network import grid_network
from networks.accessibility import accessibility
from networks.china import load_china_network
from networks.network import Network
from networks.skim import skim

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
)
