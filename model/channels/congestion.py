"""Roads that slow down under the trips and tonnes that the economy puts on them.

Owns the question: at which travel times do trade, trips and the traffic on roads fit each other?

Public names
------------
``congest``      a calibrated base, an edited network and capacities in, `Congestion` out
``Congestion``   minutes and traffic of road links, delivery costs, and how sure the fit is
``capacities``   capacities that a network's own links give, or None

Formula (road link l, vehicles v in car units a day and direction, c capacity)
-------------------------------------------------------------------------------
    minutes m_l = f_l (1 + 0.15 (v_l / c_l)^4)
Minutes of the base network are what was observed under base-year traffic v0, so f = m / (1 + 0.15
(v0 / c)^4): base-year traffic is then in user equilibrium, and no edit gives exactly no change. An
edit of a link's minutes scales f; a new link starts free. The fixed point:

    minutes -> costs of trips -> delivery costs -> trade -> trips by mode -> equilibrium on roads

with traffic on roads in user equilibrium at every step, and minutes moved part of the way. What is
left between minutes put in and taken out is the certificate, with the observed contraction rate.
Trips are those of `model.flows`: no private traffic, so capacity is what is there for these trips.
Freight keeps the modes that are cheapest before roads slow down. Other modes keep their times.

Source: Bureau of Public Roads (1964); Wardrop (1952); Beckmann, McGuire and Winsten (1956).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.calibration import Calibration
from model.channels.case import Case
from model.costs import RegionCosts, business_value_of_time, skim_passengers
from model.errors import NetworkMismatch, NotConverged
from model.flows import ModeShares, TravelDemand, assign_modes, travel_demand
from networks.assignment import Bpr, RoadGraph, UserClass, assign
from networks.dims import Purpose
from networks.labels import did_you_mean
from networks.modes import IN_VEHICLE, directed_arcs, prices
from networks.network import Network
from networks.skim import skim

Array = NDArray[np.float64]

__all__ = ["Congestion", "capacities", "congest"]

ALPHA, POWER = 0.15, 4.0
GAP, MOST = 1e-10, 2000  # of the assignment: relative gap, iterations
NOISE = 1e-6  # a gap below it may be that of the assignment: it tells no rate
DAYS = 365.0
ROADS = ("road", "ferry")
BACK = ":back"


@dataclass(frozen=True, eq=False)
class Congestion:
    """Times and traffic that fit each other.

    Attributes
    ----------
    minutes : Series by directed link key
        Of road links of the edited network; keys of the way back end in ":back".
    traffic, base_traffic : Series by directed link key
        Car units a day.
    delivery : (S, R, R) array
        tau^ against the base year.
    network : Network
        The edited one with these minutes, each direction of a road a link of its own.
    gap : float
        Largest |ln minutes out - ln minutes in| left.
    rate : float
        Largest ratio of successive gaps: the observed contraction rate.
    bound : float
        gap / (1 - rate): how far minutes may still be from the fixed point, in logarithms.
    iterations : int
    """

    minutes: pd.Series
    traffic: pd.Series
    base_traffic: pd.Series
    delivery: Array
    network: Network
    gap: float
    rate: float
    bound: float
    iterations: int


class _Vehicles(NamedTuple):
    """What a car and a lorry carry, and what a lorry means for the road."""

    persons: float
    tonnes: float
    units: float


def capacities(network: Network) -> pd.Series[float] | None:
    """Return capacities that the links themselves give (car units a day and direction), or None."""
    if "capacity" not in network.links.columns:
        return None
    found = network.links["capacity"].astype(float).dropna()
    return found if len(found) else None


def congest(
    base: Calibration,
    network: Network,
    capacity: pd.Series[float],
    *,
    case: Case,
    channels: tuple[str, ...] = ("sourcing",),
    base_capacity: pd.Series[float] | None = None,
    part: float = 0.7,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
) -> Congestion:
    """Let roads slow down until trade and times fit each other.

    Parameters
    ----------
    base : Calibration
    network : Network
        The edited one.
    capacity : Series by link key
        Car units a day in each direction; road links that are not named never slow down.
    case : Case
        Forces of the scenario; its delivery costs are replaced by those on slow roads.
    channels : tuple of str
        Channels under which trade answers.
    base_capacity : Series by link key, optional
        Of the base network, where an edit changes capacities. A link whose capacity only the edit
        tells had it in the base year too: a figure was learnt, nothing was built.
    part : float
        How far minutes move towards those of the traffic they cause, in each step.
    tolerance : float
        Largest gap of ln minutes at which to stop. The assignment is solved to a relative gap of
        1e-10 of total time, which leaves minutes of single links open by about its root, 1e-5.
    max_iterations : int

    Raises
    ------
    NetworkMismatch
        For capacities of links that are not there, or not positive.
    NotConverged
        When times and traffic do not settle.
    """
    _check(network, base.network, capacity)
    before_edits = capacity if base_capacity is None else base_capacity.combine_first(capacity)
    if base_capacity is not None:
        _check(network, base.network, base_capacity)
    vehicles = _Vehicles(
        *(base.parameters.get(k) for k in ("persons_per_car", "tonnes_per_lorry", "lorry_units"))
    )
    still = np.ones_like(base.blocks.trade)
    first = travel_demand(base, base.blocks.flows, still)
    lorries = assign_modes(base, base.network, "freight")
    before = _road_trips(base, base.network, first, lorries, vehicles)
    roads = _graph(base.network, before_edits)
    base_traffic = _loaded(base, base.network, roads, before)
    free = _free_minutes(base.network, network, roads, base_traffic, capacity)

    graph = _graph(network, capacity)
    graph = replace(graph, links=graph.links.assign(free_minutes=free[graph.links.index]))
    freight_modes = assign_modes(base, network, "freight")
    known = base_traffic.reindex(graph.links.index).fillna(0.0)
    started: Array = np.asarray(known, dtype=np.float64)
    bpr = graph.bpr()
    minutes, traffic = bpr.cost(started), started
    gaps: list[float] = []
    quiet = replace(case, delivery=still, congested=None).outcome(channels)
    if quiet.state.solution is None and network.links.equals(base.network.links):
        return _made(graph, minutes, traffic, base_traffic, still, network, [0.0])
    for _ in range(max_iterations):
        slow = _with_minutes(network, graph, minutes)
        delivery = _delivery(base, slow)
        found = replace(case, delivery=delivery, congested=None).outcome(channels)
        demand = travel_demand(base, found.joint.flows(found.state), delivery)
        trips = _road_trips(base, slow, demand, freight_modes, vehicles)
        traffic = _equilibrium(base, network, graph, trips)
        wanted = bpr.cost(traffic)
        gaps.append(float(np.abs(np.log(wanted) - np.log(minutes)).max(initial=0.0)))
        if gaps[-1] <= tolerance:
            return _made(graph, minutes, traffic, base_traffic, delivery, slow, gaps)
        minutes = np.exp((1.0 - part) * np.log(minutes) + part * np.log(wanted))
    raise NotConverged(
        f"Times and traffic did not settle in {max_iterations} steps: minutes still differ by "
        f"{gaps[-1]:.3g} in logarithms. Lower `part`, or look at links far above capacity."
    )


def _check(network: Network, base: Network, capacity: pd.Series[float]) -> None:
    roads = network.links.index[np.isin(network.links["mode"], ROADS)]
    known = roads.union(base.links.index[np.isin(base.links["mode"], ROADS)])
    lost = [str(k) for k in capacity.index if k not in known]
    bad = [str(k) for k, v in capacity.items() if not v > 0]
    problems = []
    if lost:
        hint = did_you_mean(lost[0], known)
        problems.append(f"no road link is called {', '.join(lost[:5])}{hint}")
    if bad:
        problems.append(f"capacities must be above zero; not so at {', '.join(bad[:5])}")
    if problems:
        raise NetworkMismatch(f"These capacities cannot be used: {'; '.join(problems)}.")


def _graph(network: Network, capacity: pd.Series[float]) -> RoadGraph:
    roads = network.links.index[np.isin(network.links["mode"], ROADS)]
    known = capacity.reindex(roads).fillna(np.inf)
    return RoadGraph.from_network(
        network, capacity=known, alpha=ALPHA, power=POWER, modes=list(ROADS)
    )


def _road_trips(
    base: Calibration,
    network: Network,
    demand: TravelDemand,
    freight: ModeShares,
    vehicles: _Vehicles,
) -> dict[Purpose, Array]:
    """Return vehicles a day by road between places, by purpose."""
    made: dict[Purpose, Array] = {}
    passenger = assign_modes(base, network, "passenger")
    parts: list[tuple[Purpose, ModeShares, float]] = [
        ("passenger", passenger, vehicles.persons),
        ("freight", freight, vehicles.tonnes),
    ]
    for purpose, shares, load in parts:
        road = shares.share[shares.modes.index("road")]
        made[purpose] = demand.volume[purpose] * road / load / DAYS
    return made


def _classes(
    base: Calibration, network: Network, graph: RoadGraph, trips: dict[Purpose, Array]
) -> list[UserClass]:
    """Return cars and lorries, with the minutes that their charges are worth on every link."""
    made = []
    units = {"passenger": 1.0, "freight": base.parameters.get("lorry_units")}
    for purpose, vehicles in trips.items():
        priced = network
        if purpose == "passenger":
            priced = network.with_parameters(
                {"value_of_time": business_value_of_time(base.parameters)}
            )
        arcs = directed_arcs(priced, purpose).only(["road", "ferry"])
        worth = prices(priced.parameters, purpose, "cost")[IN_VEHICLE]
        table = network.links["minutes"].to_numpy()[arcs.links]
        stretch = np.divide(arcs.minutes, table, out=np.ones_like(table), where=table > 0.0)
        charge = pd.Series(arcs.money / (worth * stretch), index=network.links.index[arcs.links])
        one_way = charge[~charge.index.duplicated()]
        ends = pd.Index([str(k).removesuffix(BACK) for k in graph.links.index])
        fixed = pd.Series(one_way.reindex(ends).to_numpy(), index=graph.links.index)
        made.append(UserClass(vehicles, name=purpose, pce=units[purpose], fixed=fixed))
    return made


def _loaded(
    base: Calibration, network: Network, graph: RoadGraph, trips: dict[Purpose, Array]
) -> pd.Series[float]:
    """Return traffic when everybody takes the least way at the minutes of the network."""
    frozen = Bpr(
        graph.links["free_minutes"].to_numpy(),
        np.ones(len(graph.links)),
        np.zeros(len(graph.links)),
        np.ones(len(graph.links)),
    )
    classes = _classes(base, network, graph, trips)
    found = assign(graph, classes, method="all_or_nothing", cost=frozen)
    return pd.Series(found.data["flow"].to_numpy(), index=graph.links.index)


def _free_minutes(
    base: Network,
    edited: Network,
    roads: RoadGraph,
    traffic: pd.Series[float],
    capacity: pd.Series[float],
) -> pd.Series[float]:
    """Return minutes without traffic of every directed road link of the edited network."""
    graph = _graph(edited, capacity)
    share = (traffic / roads.links["capacity"]).reindex(graph.links.index).fillna(0.0)
    return graph.links["free_minutes"] / (1.0 + ALPHA * share**POWER)


def _equilibrium(
    base: Calibration, network: Network, graph: RoadGraph, trips: dict[Purpose, Array]
) -> Array:
    """Return traffic in user equilibrium."""
    classes = _classes(base, network, graph, trips)
    found = assign(graph, classes, method="paths", gap=GAP, max_iterations=MOST)
    return np.asarray(found.raise_for_status().data["flow"].to_numpy(), dtype=np.float64)


def _with_minutes(network: Network, graph: RoadGraph, minutes: Array) -> Network:
    """Return the network at given road minutes, each direction of a road a link of its own."""
    keys = [str(k).removesuffix(BACK) for k in graph.links.index]
    ways = network.links.loc[keys].set_index(graph.links.index)
    ways = ways.assign(
        from_node=graph.links["from_node"],
        to_node=graph.links["to_node"],
        minutes=minutes,
        bidirectional=False,
    )
    others = network.links[~np.isin(network.links["mode"], ROADS)]
    return replace(network, links=pd.concat([ways.rename_axis("link"), others]))


def _delivery(base: Calibration, network: Network) -> Array:
    codes = base.places.codes
    value = business_value_of_time(base.parameters)
    passenger = skim_passengers(network, codes, value_of_time=value)
    costs = RegionCosts.of(passenger, skim(network, "freight", zones=codes), base.places)
    return base.delivery.change(costs.freight, costs.passenger)


def _made(
    graph: RoadGraph,
    minutes: Array,
    traffic: Array,
    base_traffic: pd.Series[float],
    delivery: Array,
    network: Network,
    gaps: list[float],
) -> Congestion:
    ratios = [after / before for before, after in pairwise(gaps) if before > NOISE]
    rate = max(ratios[-3:], default=0.0)
    bound = gaps[-1] / (1.0 - rate) if rate < 1.0 else float("inf")
    return Congestion(
        minutes=pd.Series(minutes, index=graph.links.index),
        traffic=pd.Series(traffic, index=graph.links.index),
        base_traffic=base_traffic,
        delivery=delivery,
        network=network,
        gap=gaps[-1],
        rate=rate,
        bound=bound,
        iterations=len(gaps),
    )
