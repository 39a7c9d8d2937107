"""How much of a demand goes over every link and through every node of a network.

Public names
------------
betweenness, Betweenness : by the least main mode, door to door, ways to stops included

Terms
-----
A pair takes its least main mode (several that cost the same share it alike) and all least ways of
that mode alike. Lines that leave, arrive and cost the same are different ways. A ride counts for
its link whether it is boarded there or not. What passes a node on the way counts for it each time;
a place that only begins or ends a trip is not passed.

Formula
-------
As in ``networks.betweenness.graph``, for the states of a main mode (``networks.layers``), then for
the ways between zones and stops with what goes over each as demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.betweenness.graph import Engine, spread_demand, without_rounding
from networks.dims import Purpose
from networks.engine import least_weights
from networks.graph import Core, at_nodes
from networks.layers import Layer, closed_nodes, leaving, leg_prices, service_layer, street_core
from networks.modes import (
    ACCESS_MODES,
    COMPONENTS,
    Arcs,
    chosen_modes,
    directed_arcs,
    prices,
    services,
)
from networks.network import Network
from networks.pair_demand import check_asked, pair_demand
from networks.parameters import Overrides

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Betweenness:
    """What a demand puts on a network.

    Attributes
    ----------
    links : DataFrame
        Index ``link``; mode, line, from_name, to_name, betweenness (demand over the link, both
        directions), ahead and back (of it from from_node to to_node, and the other way), share (of
        all demand that has a way).
    nodes : DataFrame
        Index ``node``; name, kind, betweenness (demand through the node, ends of trips left out)
        and share.
    total : float
        Demand that has a way.
    lost : float
        Demand that has none.
    """

    links: pd.DataFrame
    nodes: pd.DataFrame
    total: float
    lost: float


def betweenness(
    network: Network,
    demand: pd.Series | pd.DataFrame,
    *,
    purpose: Purpose = "passenger",
    by: str = "cost",
    modes: list[str] | None = None,
    parameters: Overrides | None = None,
    engine: Engine = "own",
    workers: int | None = None,
) -> Betweenness:
    """Return the betweenness of links and nodes, weighted by demand.

    Parameters
    ----------
    network
        Places, links and parameters.
    demand
        Mass of each place (a pair weighs the product, all pairs one in sum), or trips between
        places (rows origins, columns destinations). Its places are the zones.
    purpose, by, modes
        As in ``networks.skim.skim``.
    parameters
        Overrides for this call.
    engine
        As in ``graph_betweenness``.
    workers
        Threads; the result is the same bit for bit.

    Raises
    ------
    UnknownLabel
        A place, mode, purpose, objective or engine that does not exist.
    MeasureError
        Demand that is negative or is not a number.
    MissingPackage
        igraph is asked for and is not installed.
    """
    if parameters:
        network = network.with_parameters(parameters)
    check_asked(purpose, by)
    keys, weights = pair_demand(network, demand)
    nodes, links, settings = network.nodes, network.links, network.parameters
    where = nodes.index.get_indexer(pd.Index(keys)).astype(np.int64)
    arcs = directed_arcs(network, purpose)
    street = arcs.only(ACCESS_MODES)
    weigh = prices(settings, purpose, by)
    layers: list[tuple[Layer, Arcs]] = []
    nets: list[Floats] = []
    for main, link_modes in services(chosen_modes(modes, purpose), apart=False):
        layer = service_layer(arcs, nodes, where, settings, main, link_modes, purpose, weigh)
        if layer is None:
            continue
        constant = settings.get("mode_constant", main, purpose, 0.0) if by == "cost" else 0.0
        found = least_weights(layer.core, layer.starts, layer.ends, weigh, workers=workers)
        layers.append((layer, arcs.only(link_modes)))
        nets.append(found - constant)
    ways = np.zeros((2, len(links)))
    inward = np.zeros(len(nodes))
    lost = float(weights.sum())
    if layers:
        least = np.minimum.reduce(nets)
        chosen = [np.isfinite(net) & (net <= least + TIE * np.abs(least)) for net in nets]
        among = np.maximum(np.sum(chosen, axis=0), 1)
        lost = float(weights[~np.isfinite(least)].sum())
        tally = _Tally(ways, inward)
        for (layer, ridden), taken in zip(layers, chosen, strict=True):
            trips = weights * taken / among
            if trips.any():
                _spread(network, layer, ridden, street, where, weigh, trips, tally, engine, workers)
        served = np.where(np.isfinite(least), weights, 0.0)
        np.subtract.at(inward, where, served.sum(axis=0))
    total = float(weights.sum()) - lost
    both = ways.sum(axis=0)
    per = 1.0 / total if total > 0 else 0.0
    names = nodes["name"]
    through = without_rounding(inward, total)
    return Betweenness(
        pd.DataFrame(
            {
                "mode": links["mode"].to_numpy(),
                "line": links["line"].to_numpy(),
                "from_name": names.loc[links["from_node"]].to_numpy(),
                "to_name": names.loc[links["to_node"]].to_numpy(),
                "betweenness": both,
                "ahead": ways[0],
                "back": ways[1],
                "share": both * per,
            },
            index=links.index,
        ),
        pd.DataFrame(
            {
                "name": names.to_numpy(),
                "kind": nodes["kind"].to_numpy(),
                "betweenness": through,
                "share": through * per,
            },
            index=nodes.index,
        ),
        total,
        lost,
    )


@dataclass(frozen=True, eq=False)
class _Tally:
    """Demand over links ahead and back (2, L), and into nodes (N,); filled in place."""

    links: Floats
    into: Floats

    def add(self, arcs: Arcs, flow: Floats, start: Ints) -> None:
        """Add the flow of arcs; ``start`` is the from_node of every link, by position."""
        back = (arcs.tails != start[arcs.links]).astype(np.int64)
        np.add.at(self.links, (back, arcs.links), flow)
        np.add.at(self.into, arcs.heads, flow)


def _spread(
    network: Network,
    layer: Layer,
    ridden: Arcs,
    street: Arcs,
    where: Ints,
    weigh: Floats,
    trips: Floats,
    tally: _Tally,
    engine: Engine,
    workers: int | None,
) -> None:
    """Add what trips by one main mode put on links and nodes."""
    core = layer.core
    start = network.nodes.index.get_indexer(pd.Index(network.links["from_node"])).astype(np.int64)
    found = spread_demand(
        *(core, core.components @ weigh, layer.starts, layer.ends, weigh, trips, engine),
        workers=workers,
    )
    count = len(ridden.km)
    if layer.states is None:
        tally.add(ridden, found.arcs[:count], start)
        return
    stays = layer.states.stays
    flow = found.arcs[:count] + found.arcs[count : 2 * count]
    flow += np.where(stays >= 0, found.arcs[np.maximum(stays, 0)], 0.0)
    tally.add(ridden, flow, start)
    on_foot = found.arcs[2 * count + int((stays >= 0).sum()) :]
    on_foot = on_foot[layer.links[2 * count + int((stays >= 0).sum()) :] >= 0]
    if len(on_foot):
        tally.add(street.only(["access"]), on_foot, start)
    # the ways between zones and stops
    size, closed = len(network.nodes), closed_nodes(network.nodes)
    graph: Core = street_core(street, size, closed)
    cost = graph.components @ leg_prices(weigh)[1]
    n_stops, parts = len(layer.stops), len(COMPONENTS)
    out = np.zeros((len(where), n_stops))
    np.add.at(out, (layer.starts.zones, layer.starts.nodes), found.starts)
    home = np.zeros((n_stops, len(where)))
    np.add.at(home, (layer.ends.nodes - n_stops, layer.ends.zones), found.ends)
    for demand, origins, destinations in ((out, where, layer.stops), (home, layer.stops, where)):
        demand = np.where(origins[:, None] == destinations[None, :], 0.0, demand)
        legs = spread_demand(
            graph,
            cost,
            at_nodes(leaving(size, closed, origins), parts),
            at_nodes(destinations, parts),
            np.zeros(parts),
            demand,
            engine,
            workers=workers,
        )
        tally.add(street, legs.arcs[: len(street.km)], start)
