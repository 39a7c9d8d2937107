"""What every link of a network carries in every service: costs when it closes, searched sparingly.

Public names
------------
Service, build_services : road, rail and air of a network, ready for closures
Closure : how a service changes when a link closes

Terms
-----
A *service* is a main mode by itself. Closing a link closes its arcs in the core of a service; a
road, ferry or access link also serves ways to stops, so the arcs between zones and stops may get
worse or pass the access limit. All are found by the affected-pairs test of ``networks.whatif``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.dims import MainMode, Purpose
from networks.graph import Core, at_nodes, by_tail
from networks.layers import (
    closed_nodes,
    leaving,
    leg_prices,
    road_layer,
    street_core,
    transit_layer,
)
from networks.modes import (
    ACCESS_MODES,
    COMPONENTS,
    chosen_modes,
    directed_arcs,
    prices,
    services,
)
from networks.network import Network
from networks.sweeps.matrix import SortedEnds
from networks.whatif.engine import Block, Moved, WhatIf, build_whatif

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Legs:
    """Ways between zones and stops, one way: what they weigh, and the minutes that limit them."""

    minutes: WhatIf  # (Z, S)
    weights: WhatIf  # (Z, S); the same object where minutes are all that weighs
    minutes_among: Floats  # minus infinity where a stop is out of reach
    weights_among: Floats
    zone: Ints  # of each end, in the order of zones
    stop: Ints
    limit: float
    base: SortedEnds

    def without(self, arcs: Ints) -> Moved | None:
        """Return the ends when street arcs close; None when none gets worse."""
        minutes, slow = _after(self.minutes, arcs, self.minutes_among)
        same = self.minutes is self.weights
        weights, dear = (minutes, slow) if same else _after(self.weights, arcs, self.weights_among)
        if not (slow or dear):
            return None
        cell = self.zone, self.stop
        before, after = self.weights.weights[cell], weights[cell]
        worse = after > before
        now = np.where(worse, self.base.weights + (after - before), self.base.weights)
        now[minutes[cell] > self.limit] = np.inf
        changed = now > self.base.weights
        if not changed.any():
            return None
        which = np.zeros(len(self.base.rows) - 1, dtype=np.bool_)
        which[self.zone[changed]] = True
        return Moved(SortedEnds(self.base.rows, self.base.nodes, now, self.base.parts), which)


def _after(whatif: WhatIf, arcs: Ints, among: Floats) -> tuple[Floats, bool]:
    """Return the matrix when arcs close, right where it matters, and whether it differs."""
    blocks = whatif.closed(arcs, among=among)
    if not blocks:
        return whatif.weights, False
    out = whatif.weights.copy()
    put(out, blocks)
    return out, True


def put(matrix: Floats, blocks: list[Block]) -> None:
    """Write blocks into a matrix, in place."""
    for block in blocks:
        if block.axis == 0:
            matrix[block.which] = block.values
        else:
            matrix[:, block.which] = block.values.T


@dataclass(frozen=True, eq=False)
class Service:
    """One main mode of a network.

    Attributes
    ----------
    mode
        The main mode.
    whatif
        Its graph with the objective of all pairs of zones, (Z, Z).
    """

    mode: MainMode
    whatif: WhatIf
    _rows: Ints  # core arcs by link
    _arcs: Ints
    _street_rows: Ints  # street arcs by link
    _street_arcs: Ints
    _legs: tuple[_Legs, _Legs] | None  # to stops, from stops

    def without(self, link: int, among: Floats) -> list[Block]:
        """Return the rows and columns of the objective that differ when a link closes.

        Parameters
        ----------
        link
            Position in the link table.
        among
            The objective, minus infinity for pairs that do not matter, (Z, Z).
        """
        arcs = self._arcs[self._rows[link] : self._rows[link + 1]]
        starts = ends = None
        if self._legs is not None:
            street = self._street_arcs[self._street_rows[link] : self._street_rows[link + 1]]
            if len(street):
                starts, ends = (legs.without(street) for legs in self._legs)
        if not len(arcs) and starts is None and ends is None:
            return []
        return self.whatif.closed(arcs, among=among, starts=starts, ends=ends)


def _legs(
    graph: Core,
    zones: Ints,
    stops: Ints,
    weigh: Floats,
    limit: float,
    base: SortedEnds,
    stop: Ints,
) -> _Legs:
    """Return the ways from zones to stops over a street graph; ``stop`` is that of each end."""
    zone = np.repeat(np.arange(len(zones)), np.diff(base.rows))
    k = len(COMPONENTS)
    made: list[WhatIf] = []
    for price in leg_prices(weigh):
        weights = graph.components @ price
        if made and np.array_equal(weights, made[0].arc_weights):
            made.append(made[0])
            continue
        every = np.arange(graph.size, dtype=np.int64)
        made.append(
            build_whatif(graph, weights, at_nodes(zones, k), at_nodes(stops, k), candidates=every)
        )
    among = []
    for whatif in made:
        matters = np.full(whatif.weights.shape, -np.inf)
        matters[zone, stop] = whatif.weights[zone, stop]
        among.append(matters)
    return _Legs(made[0], made[1], among[0], among[1], zone, stop, limit, base)


def _by_link(links: Ints, count: int) -> tuple[Ints, Ints]:
    """Return where the arcs of each link begin (count + 1,) and the arcs; -1 is no link."""
    arcs, rows = by_tail(np.where(links < 0, count, links), count + 1)
    return rows, arcs


def build_services(
    network: Network, zones: Ints, purpose: Purpose, modes: list[str] | None, by: str
) -> list[Service]:
    """Return the services of a network, door to door.

    Parameters
    ----------
    network
        Places, links and parameters.
    zones
        Node position of every zone, (Z,).
    purpose, modes, by
        As in ``networks.skim.skim``.
    """
    settings = network.parameters
    arcs = directed_arcs(network, purpose)
    street = arcs.only(ACCESS_MODES)
    weigh = prices(settings, purpose, by)
    count = len(network.links)
    size, closed = len(network.nodes), closed_nodes(network.nodes)
    made = []
    for main, link_modes in services(chosen_modes(modes, purpose), apart=False):
        of_mode = arcs.only(link_modes)
        if not len(of_mode.km):
            continue
        legs = None
        if main == "road":
            layer = road_layer(of_mode, size, zones, settings, purpose, door=True, closed=closed)
        else:
            nodes = network.nodes
            layer = transit_layer(
                of_mode, street, nodes, zones, settings, main, purpose, weigh, door=True
            )
        core = layer.core
        every = np.arange(core.size, dtype=np.int64)
        whatif = build_whatif(
            core,
            core.components @ weigh,
            layer.starts,
            layer.ends,
            prices=weigh,
            candidates=every,
        )
        if main != "road":
            graph = street_core(street, size, closed)
            limit = settings.get("access_limit", main, purpose)
            node = np.argsort(whatif.metric.hierarchy.rank)  # of each rank
            out, back = whatif.zones
            shift = len(layer.stops)
            legs = (
                _legs(
                    graph,
                    leaving(size, closed, zones),
                    layer.stops,
                    weigh,
                    limit,
                    out,
                    node[out.nodes],
                ),
                _legs(
                    graph.reversed(),
                    zones,
                    leaving(size, closed, layer.stops),
                    weigh,
                    limit,
                    back,
                    node[back.nodes] - shift,
                ),
            )
        street_rows, street_arcs = _by_link(street.links, count)
        rows, of_link = _by_link(layer.links, count)
        made.append(Service(main, whatif, rows, of_link, street_rows, street_arcs, legs))
    return made
