"""The ways between zones and stops, before and after an edit of roads.

Public names
------------
Streets, build_streets : least minutes and objective between all zones and all nodes over roads
Legs : both ways at one moment

Terms
-----
*Out* leads from a zone to a node, *back* from a node to a zone. The minutes of the fastest way say
which stops are within the access limit; the objective of the best way is what the leg weighs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.graph import Core, at_nodes
from networks.layers import leaving, leg_prices, street_core
from networks.modes import Arcs
from networks.whatif.edits import Edit
from networks.whatif.engine import WhatIf, build_whatif

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_KNOWN = 1500  # nodes whose weights between each other are kept
SAME = 1e-13  # relative: the same number, added up in another order


@dataclass(frozen=True, eq=False)
class Legs:
    """Minutes and objective between zones and nodes at one moment, each (Z, N)."""

    minutes_out: Floats
    weights_out: Floats
    minutes_back: Floats
    weights_back: Floats


@dataclass(frozen=True, eq=False)
class Streets:
    """Roads with the ways between zones and nodes known.

    Attributes
    ----------
    arcs
        Of the street graph.
    prices, minutes_price
        What one unit of each component weighs on the way to a stop, and when minutes count, (K,).
    base
        The ways without edits.
    """

    arcs: Arcs
    prices: Floats
    minutes_price: Floats
    base: Legs
    _minutes: tuple[WhatIf, WhatIf]
    _weights: tuple[WhatIf, WhatIf]

    def after(self, edit: Edit, weights: Floats, new_weights: Floats) -> Legs:
        """Return the ways after an edit.

        Parameters
        ----------
        edit
            Arcs and their minutes.
        weights, new_weights
            What the same arcs weigh.
        """
        heavy = Edit(
            edit.arcs, weights, edit.tails, edit.heads, new_weights, edit.new_nodes, name=edit.name
        )
        made: list[Floats] = []
        for side in (0, 1):
            made.append(self._minutes[side].run(edit if side == 0 else _turned(edit)).weights)
            if self._weights[side] is self._minutes[side]:
                made.append(made[-1])
            else:
                one = heavy if side == 0 else _turned(heavy)
                made.append(self._weights[side].run(one).weights)
        return Legs(*made)


def _turned(edit: Edit) -> Edit:
    """Return the edit of the graph with every arc turned round."""
    return Edit(edit.arcs, edit.weights, edit.heads, edit.tails, edit.new_weights, edit.new_nodes)


def build_streets(arcs: Arcs, n_nodes: int, zones: Ints, prices: Floats, closed: Ints) -> Streets:
    """Return roads with the ways between zones and nodes known.

    Parameters
    ----------
    arcs
        Of roads, ferries and access links.
    n_nodes, zones
        Nodes of the network and position of every zone.
    prices
        What one unit of each component weighs on a trip, (K,).
    closed
        Nodes that must not be passed.
    """
    minutes_only, on_leg = leg_prices(prices)
    core = street_core(arcs, n_nodes, closed)
    every = np.arange(n_nodes, dtype=np.int64)
    known = every if n_nodes <= MOST_KNOWN else None
    away = leaving(n_nodes, closed, zones), leaving(n_nodes, closed, every)

    def pair(price: Floats) -> tuple[WhatIf, WhatIf]:
        def one(graph: Core, first: Ints, last: Ints) -> WhatIf:
            weights = graph.components @ price
            return build_whatif(graph, weights, at_nodes(first), at_nodes(last), candidates=known)

        return one(core, away[0], every), one(core.reversed(), zones, away[1])

    fast = pair(minutes_only)
    best = fast if np.array_equal(on_leg, minutes_only) else pair(on_leg)
    base = Legs(fast[0].weights, best[0].weights, fast[1].weights, best[1].weights)
    return Streets(arcs, on_leg, minutes_only, base, fast, best)
