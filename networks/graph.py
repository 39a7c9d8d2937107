"""The graphs that path searches run on, by position.

Public names
------------
Core : arcs of a graph with the components of their cost
Ends : arcs that join zones to the core, at the start or at the end of a trip
at_nodes : ends that cost nothing, one node for each zone
by_tail : the order that puts arcs in rows

Terms
-----
An arc carries a row of *components*; its weight is the product of that row with a vector of prices.
A zone is entered and left by its ends only, so no path runs through it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Core:
    """Directed arcs between positions 0..size-1; parallel arcs and zero arcs are kept."""

    size: int
    tails: Ints
    heads: Ints
    components: Floats

    def reversed(self) -> "Core":
        """Return the graph with every arc turned round."""
        return Core(self.size, self.heads, self.tails, self.components)


@dataclass(frozen=True, eq=False)
class Ends:
    """Arcs between ``count`` zones and the core, by zone position and core node."""

    count: int
    zones: Ints
    nodes: Ints
    components: Floats


def at_nodes(nodes: Ints, components: int = 1) -> Ends:
    """Return ends that cost nothing: zone k is node ``nodes[k]``."""
    count = len(nodes)
    own = np.arange(count, dtype=np.int64)
    return Ends(count, own, np.asarray(nodes, dtype=np.int64), np.zeros((count, components)))


def by_tail(tails: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the stable order of arcs by tail (E,) and where each tail's arcs begin (size + 1,)."""
    order = np.argsort(tails, kind="stable")
    indptr = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(tails, minlength=size), out=indptr[1:])
    return order.astype(np.int64), indptr
