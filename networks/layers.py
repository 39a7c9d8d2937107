"""How a trip is made by one main mode: the graph of states it moves through, end to end.

Public names
------------
road_layer : door, road graph, door
street_core, leg_prices : the graph of ways to stops, and what weighs on them
closed_nodes, leaving : nodes that must not be passed by road, and where trips leave nodes
transit_layer : door, road to a stop, trains or flights, road from a stop, door
Layer, States : what a layer gives to ``networks.engine.least_paths``; where its states are
service_layer : the layer of any service

Terms
-----
The core of a transit layer has, for every stop, a node *in* (come from the street, nothing ridden
yet) and a node *out* (got off); for every line that calls at it a node *aboard*. Boarding a link of
a line leads from *in* or *out* to *aboard* at its far end and costs the wait of that link, from
*out* also a transfer; staying aboard costs nothing but the run. A link without a line leads
straight to *out*. Stops joined by access links can be changed between on foot or by car (nodes
*walk*). Access and egress go over road, ferry and access links within ``access_limit`` minutes; the
limit looks at the fastest way, so that a better network never takes a stop away. A node that must
not be passed is there twice by road: trips arrive at the one and leave from the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.dims import LinkMode, MainMode, Purpose
from networks.engine import Core, Ends, least_paths
from networks.modes import (
    ACCESS,
    ACCESS_MODES,
    COMPONENTS,
    EGRESS,
    IN_VEHICLE,
    TRANSFER,
    TRANSFERS,
    WAIT,
    Arcs,
    terminal,
)
from networks.parameters import Parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layer:
    """A core graph and the arcs that join zones to it.

    Attributes
    ----------
    core, starts, ends
        What ``networks.engine.least_paths`` takes.
    links
        Position in the link table of each core arc, -1 for none, shape (E,).
    stops
        Node position of each stop, shape (S,): its *in* is core node k, its *out* S + k. None of
        them by road.
    """

    core: Core
    starts: Ends
    ends: Ends
    links: Ints
    stops: Ints
    states: "States | None" = None


@dataclass(frozen=True, eq=False)
class States:
    """Where the states of a transit layer are among its core nodes and arcs.

    Attributes
    ----------
    stays
        Of each ridden arc the core arc of staying aboard, or -1, shape (A,); core arc k is boarding
        it first and A + k boarding it after a change.
    aboard
        Of each ridden arc the core node it arrives at, shape (A,): *aboard*, or *out* without line.
    walks
        Core node that stands for a network node on foot, -1 for none, shape (nodes,).
    change_from
        Core node a change is made from at each stop, shape (S,): *walk* where there is one, *out*.
    ridden
        The arcs of the main mode, (A,).
    """

    stays: Ints
    aboard: Ints
    walks: Ints
    change_from: Ints
    ridden: Arcs


def _parts(count: int, **columns: Floats | float) -> Floats:
    """Return a component array (count, K) with the named columns set."""
    parts = np.zeros((count, len(COMPONENTS)))
    for name, values in columns.items():
        parts[:, COMPONENTS.index(name)] = values
    return parts


def closed_nodes(nodes: pd.DataFrame) -> Ints:
    """Return positions of the nodes that trips by road must not run through."""
    return np.flatnonzero(nodes["no_pass"].to_numpy(dtype=bool)).astype(np.int64)


def leaving(n_nodes: int, closed: Ints, nodes: Ints) -> Ints:
    """Return where trips by road leave nodes: the second of those that must not be passed."""
    if not len(closed):
        return nodes
    second = np.arange(n_nodes, dtype=np.int64)
    second[closed] = n_nodes + np.arange(len(closed))
    return second[nodes]


def street_core(arcs: Arcs, n_nodes: int, closed: Ints | None = None) -> Core:
    """Return the arcs as a core over node positions, their time in the vehicle.

    Parameters
    ----------
    arcs, n_nodes
        Arcs by road, and how many nodes the network has.
    closed
        Positions of nodes that must not be passed. They have a second node each, counted on from
        those of the network, and an arc of no cost from it to the first, after all others.
    """
    parts = _parts(len(arcs.km), km=arcs.km, money=arcs.money, in_vehicle=arcs.minutes)
    if closed is None or not len(closed):
        return Core(n_nodes, arcs.tails, arcs.heads, parts)
    return Core(
        n_nodes + len(closed),
        np.concatenate([leaving(n_nodes, closed, arcs.tails), leaving(n_nodes, closed, closed)]),
        np.concatenate([arcs.heads, closed]),
        np.concatenate([parts, _parts(len(closed))]),
    )


def leg_prices(prices: Floats) -> tuple[Floats, Floats]:
    """Return what weighs on the way to a stop, (K,) each: minutes alone, and the objective.

    On the way to a stop a minute weighs as access or egress, not as the main mode.
    """
    minutes_only = np.zeros(len(COMPONENTS))
    minutes_only[IN_VEHICLE] = 1.0
    on_leg = prices.copy()
    on_leg[IN_VEHICLE] = prices[ACCESS]
    return minutes_only, on_leg


def road_layer(
    arcs: Arcs,
    n_nodes: int,
    zones: Ints,
    parameters: Parameters,
    purpose: Purpose,
    *,
    door: bool,
    closed: Ints | None = None,
) -> Layer:
    """Return the layer of trips by road and ferry.

    Parameters
    ----------
    arcs
        The arcs that may be driven.
    n_nodes
        Number of nodes of the network.
    zones
        Node position of every zone, shape (Z,).
    parameters, purpose
        What the way to the trunk road costs at either end.
    door
        Whether that way is counted.
    closed
        Nodes that must not be passed.
    """
    closed = np.zeros(0, dtype=np.int64) if closed is None else closed
    core = street_core(arcs, n_nodes, closed)
    before, after = terminal(parameters, "road", purpose, in_place=True)
    if not door:
        before, after = np.zeros_like(before), np.zeros_like(after)
    count = len(zones)
    own = np.arange(count, dtype=np.int64)
    return Layer(
        core,
        Ends(count, own, leaving(n_nodes, closed, zones), np.tile(before, (count, 1))),
        Ends(count, own, zones, np.tile(after, (count, 1))),
        np.concatenate([arcs.links, np.full(len(closed), -1, dtype=np.int64)]),
        np.zeros(0, dtype=np.int64),
    )


def transit_layer(
    arcs: Arcs,
    street: Arcs,
    nodes: pd.DataFrame,
    zones: Ints,
    parameters: Parameters,
    main: MainMode,
    purpose: Purpose,
    prices: Floats,
    *,
    door: bool,
) -> Layer:
    """Return the layer of trips by train or by air.

    Parameters
    ----------
    arcs, street
        Arcs of the main mode; arcs of road, ferry and access.
    nodes
        Node table of the network.
    zones
        Node position of every zone, shape (Z,).
    parameters, main, purpose
        Terminal times, transfer time, access limit.
    prices
        What one unit of each component weighs, shape (K,).
    door
        Whether access, egress and the first wait are counted. Without them a zone has only its own
        stops: itself, and the stops that name it as parent.
    """
    stops = np.unique(np.concatenate([arcs.tails, arcs.heads]))
    core, owners, states = _states(
        arcs, street, stops, len(nodes), parameters, main, purpose, door=door
    )
    entry = np.arange(len(stops), dtype=np.int64)
    leave = entry + len(stops)
    if door:
        reach, access = _street_legs(street, nodes, zones, stops, prices, inward=False)
        back, egress = _street_legs(street, nodes, zones, stops, prices, inward=True)
        limit = parameters.get("access_limit", main, purpose)
        in_place = (nodes["kind"] == "place").to_numpy(dtype=bool)[stops]
        from_zone, to_stop = np.nonzero(reach <= limit)
        at_zone, of_stop = np.nonzero(back <= limit)
        first = access[from_zone, to_stop]
        last = egress[at_zone, of_stop]
        first[:, ACCESS], first[:, IN_VEHICLE] = first[:, IN_VEHICLE], 0.0
        last[:, EGRESS], last[:, IN_VEHICLE] = last[:, IN_VEHICLE], 0.0
        for inside in (False, True):
            before, after = terminal(parameters, main, purpose, in_place=inside)
            first[in_place[to_stop] == inside] += before
            last[in_place[of_stop] == inside] += after
    else:
        from_zone, to_stop = _own_stops(nodes, zones, stops)
        at_zone, of_stop = from_zone, to_stop
        first = last = _parts(len(from_zone))
    count = len(zones)
    return Layer(
        core,
        Ends(count, from_zone.astype(np.int64), entry[to_stop], first),
        Ends(count, at_zone.astype(np.int64), leave[of_stop], last),
        owners,
        stops,
        states,
    )


def service_layer(
    arcs: Arcs,
    nodes: pd.DataFrame,
    zones: Ints,
    parameters: Parameters,
    main: MainMode,
    modes: Sequence[LinkMode],
    purpose: Purpose,
    prices: Floats,
    *,
    door: bool = True,
) -> Layer | None:
    """Return the layer of a service, None where no link carries it.

    Parameters
    ----------
    arcs
        All arcs of the purpose.
    modes
        Link modes of the service; the rest as in ``road_layer`` and ``transit_layer``.
    """
    ridden = arcs.only(modes)
    if not len(ridden.km):
        return None
    if main == "road":
        closed = closed_nodes(nodes)
        return road_layer(ridden, len(nodes), zones, parameters, purpose, door=door, closed=closed)
    street = arcs.only(ACCESS_MODES)
    return transit_layer(ridden, street, nodes, zones, parameters, main, purpose, prices, door=door)


def _own_stops(nodes: pd.DataFrame, zones: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """Return pairs of zone position and stop position that belong together."""
    parent = nodes.index.get_indexer(pd.Index(nodes["parent"])).astype(np.int64)
    owner = np.where(parent >= 0, parent, np.arange(len(nodes)))
    zone_of_node = np.full(len(nodes), -1, dtype=np.int64)
    zone_of_node[zones] = np.arange(len(zones))
    zone = zone_of_node[owner[stops]]
    return zone[zone >= 0], np.flatnonzero(zone >= 0).astype(np.int64)


def _street_legs(
    street: Arcs, nodes: pd.DataFrame, zones: Ints, stops: Ints, prices: Floats, *, inward: bool
) -> tuple[Floats, Floats]:
    """Return fastest minutes (Z, stops) and components (Z, stops, K) of the least-cost way.

    ``inward``: from the stop to the zone instead of from the zone to the stop.
    """
    closed, n_nodes = closed_nodes(nodes), len(nodes)
    core = street_core(street, n_nodes, closed)
    one, other = zones, stops
    if inward:
        core = core.reversed()
        other = leaving(n_nodes, closed, stops)
    else:
        one = leaving(n_nodes, closed, zones)
    count = len(zones)
    starts = Ends(count, np.arange(count, dtype=np.int64), one, _parts(count))
    ends = Ends(len(stops), np.arange(len(stops), dtype=np.int64), other, _parts(len(stops)))
    minutes_only, on_leg = leg_prices(prices)
    minutes, fastest = least_paths(core, starts, ends, minutes_only)
    if np.array_equal(on_leg, minutes_only * on_leg[IN_VEHICLE]):
        return minutes, fastest
    _, parts = least_paths(core, starts, ends, on_leg)
    return minutes, parts


def _states(
    arcs: Arcs,
    street: Arcs,
    stops: Ints,
    n_nodes: int,
    parameters: Parameters,
    main: MainMode,
    purpose: Purpose,
    *,
    door: bool,
) -> tuple[Core, Ints, States]:
    """Return the core of a transit layer, the link that each of its arcs belongs to, its states."""
    n_stops = len(stops)
    tail, head = np.searchsorted(stops, arcs.tails), np.searchsorted(stops, arcs.heads)
    entry = np.arange(n_stops, dtype=np.int64)
    leave = entry + n_stops
    size = 2 * n_stops
    on_line = arcs.lines >= 0
    # aboard nodes: one for every line at every stop that a link of the line reaches
    stride = int(arcs.lines.max(initial=0)) + 1
    keys = np.unique(head[on_line] * stride + arcs.lines[on_line])
    reached = leave[head]
    reached[on_line] = size + np.searchsorted(keys, head[on_line] * stride + arcs.lines[on_line])
    size += len(keys)
    walks, walk_tails, walk_heads, walk_parts, walk_links, size = _walks(
        street, stops, n_nodes, size
    )
    walk = walks[stops]
    board_from = np.where(walk >= 0, walk, leave)

    run = _parts(len(arcs.km), km=arcs.km, money=arcs.money, in_vehicle=arcs.minutes)
    first = run.copy()
    first[:, WAIT] = arcs.wait if door else 0.0
    again = run.copy()
    again[:, WAIT] = arcs.wait
    again[:, TRANSFER] = parameters.get("transfer_minutes", main, purpose)
    again[:, TRANSFERS] = 1.0
    # staying aboard: only where the line also arrives at the tail of the link
    own_key = tail * stride + arcs.lines
    slot = np.searchsorted(keys, own_key)
    slot_there = np.minimum(slot, max(len(keys) - 1, 0))
    stays = on_line & (slot < len(keys))
    if len(keys):
        stays &= keys[slot_there] == own_key
    changers = np.flatnonzero(walk >= 0)
    tails = [entry[tail], board_from[tail], 2 * n_stops + slot[stays]]
    heads = [reached, reached, reached[stays]]
    parts = [first, again, run[stays]]
    tails += [2 * n_stops + np.arange(len(keys)), leave[changers], walk_tails]
    heads += [leave[keys // stride], walk[changers], walk_heads]
    parts += [_parts(len(keys)), _parts(len(changers)), walk_parts]
    core = Core(
        size,
        np.concatenate(tails).astype(np.int64),
        np.concatenate(heads).astype(np.int64),
        np.concatenate(parts),
    )
    nobody = np.full(len(keys) + len(changers), -1, dtype=np.int64)
    staying = np.full(len(arcs.km), -1, dtype=np.int64)
    staying[stays] = 2 * len(arcs.km) + np.arange(int(stays.sum()))
    owners = np.concatenate([arcs.links, arcs.links, arcs.links[stays], nobody, walk_links])
    return core, owners, States(staying, reached.astype(np.int64), walks, board_from, arcs)


def _walks(
    street: Arcs, stops: Ints, n_nodes: int, size: int
) -> tuple[Ints, Ints, Ints, Floats, Ints, int]:
    """Return walk node by network node (-1: none), arcs between walk nodes, and the size.

    Of the arcs: tails, heads, components and links. Nodes are those that access links join; their
    minutes count as transfer.
    """
    access = street.only(["access"])
    touched = np.unique(np.concatenate([access.tails, access.heads]))
    walks = np.full(n_nodes, -1, dtype=np.int64)
    if np.isin(stops, touched).sum() < 2:  # nobody to change to
        empty = np.zeros(0, dtype=np.int64)
        return walks, empty, empty, _parts(0), empty, size
    walks[touched] = size + np.arange(len(touched))
    parts = _parts(len(access.km), km=access.km, money=access.money, transfer=access.minutes)
    return (
        walks,
        walks[access.tails],
        walks[access.heads],
        parts,
        access.links,
        size + len(touched),
    )
