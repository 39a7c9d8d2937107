"""Weights in a hierarchy: customised, cut down to the edges that count, unpacked into arcs.

Public names
------------
Metric, customised : the weights of one moment in a hierarchy
Rows : edges stored with their lower node

Terms
-----
*Customising* gives every edge the least weight over all ways through lower nodes. Then the edges
that a way through a higher node undercuts are left out (*perfect* customisation); what is kept
holds every least path as one that first rises and then falls. Edges that stand for others are
unpacked into arcs, and their components are the sums of the components of those arcs.

Formula
-------
weight(u, v) = min(arc, min over x below u and v of weight(u, x) + weight(x, v)).

Source: J. Dibbelt, B. Strasser and D. Wagner, Customizable Contraction Hierarchies (2016), 4, 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.errors import InvalidNetwork
from networks.hierarchy._kernels import accumulate, customise, explain, keep, perfect
from networks.hierarchy.topology import Hierarchy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Rows:
    """Edges kept in one direction: rows (N + 1,), heads, weights and number in the hierarchy."""

    rows: Ints
    heads: Int32s
    weights: Floats
    edges: Int32s


@dataclass(frozen=True, eq=False)
class Metric:
    """The weights of one moment in a hierarchy.

    Attributes
    ----------
    hierarchy
        The order and its edges.
    up, down
        Least weight of each edge over ways through lower nodes, shape (M,).
    rise, fall
        The edges kept, from the lower and to the lower node.
    via
        What each edge stands for, (M, 2, 2), or None when it was not asked for.
    parts
        Components of each edge, up and down, (M, 2, K), or None.
    """

    hierarchy: Hierarchy
    up: Floats
    down: Floats
    rise: Rows
    fall: Rows
    via: Int32s | None
    parts: Floats | None = None

    def reversed(self) -> Metric:
        """Return the metric of the graph with every arc turned round; it cannot tell paths."""
        parts = None if self.parts is None else self.parts[:, ::-1]
        return Metric(self.hierarchy, self.down, self.up, self.fall, self.rise, None, parts)


def customised(
    hierarchy: Hierarchy,
    weights: Floats,
    *,
    components: Floats | None = None,
    prune: bool = True,
    unpack: bool = False,
) -> Metric:
    """Return the metric of arc weights.

    Parameters
    ----------
    hierarchy
        Of the topology of the arcs.
    weights
        One for each arc, shape (E,), zero or more; infinite for an arc that is not there.
    components
        Of each arc, shape (E, K): carried along to every edge.
    prune
        Leave out the edges that others undercut: pays when many origins follow.
    unpack
        Keep what every edge stands for, so that paths can be told arc by arc.

    Raises
    ------
    InvalidNetwork
        Weights that are negative or not numbers, or not one for each arc.
    """
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    if weights.shape != hierarchy.slots.shape:
        raise InvalidNetwork(
            f"There must be one weight for each of {len(hierarchy.slots)} arcs; found "
            f"{weights.shape}."
        )
    if len(weights) and not weights.min() >= 0.0:
        bad = np.flatnonzero(~(weights >= 0.0))
        raise InvalidNetwork(
            f"Weights of arcs must be zero or more; {len(bad)} are not, the first at arcs "
            f"{bad[:5].tolist()}: {weights[bad[:5]].tolist()}."
        )
    h = hierarchy
    lower = (h.low_indptr, h.low_edges, h.low_tails)
    given = (h.indptr, h.heads, *lower, h.slots, h.upward, weights)
    up, down = customise(*given)
    rise, fall = kept(hierarchy, up, down, prune=prune)
    if not (unpack or components is not None):
        return Metric(hierarchy, up, down, rise, fall, None)
    needed = np.zeros((len(up), 2), dtype=np.bool_)
    needed[rise.edges, 0] = True
    needed[fall.edges, 1] = True
    via = explain(*given, up, down, needed)
    parts = None
    if components is not None:
        parts = accumulate(via, np.ascontiguousarray(components, dtype=np.float64))
    return Metric(hierarchy, up, down, rise, fall, via, parts)


def kept(hierarchy: Hierarchy, up: Floats, down: Floats, *, prune: bool) -> tuple[Rows, Rows]:
    """Return the edges up and down of customised weights: all, or those that count."""
    h = hierarchy
    least = (up, down)
    if prune:
        least = perfect(h.indptr, h.heads, h.low_indptr, h.low_edges, h.low_tails, up, down)
    return Rows(*keep(h.indptr, h.heads, up, least[0])), Rows(
        *keep(h.indptr, h.heads, down, least[1])
    )
