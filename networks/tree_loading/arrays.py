"""The arrays that the kernels of this package work on, put together.

Public names
------------
Graph : arcs of a core, in rows by tail and by head
Zones : how zones enter or leave it
Ways : links on the ways between zones and stops
Tree, Met : what a search fills, and what is met when ways are followed

Terms
-----
N nodes, E arcs, L links. All integers are int64, so that a kernel is compiled once.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Graph(NamedTuple):
    """Arcs by tail (E,), where each tail's begin (N + 1,); arcs by head in the same way.

    ``links`` is -1 for an arc of no link; ``boards`` where a ride begins.
    """

    indptr: Ints
    heads: Ints
    tails: Ints
    weights: Floats
    links: Ints
    boards: Flags
    in_indptr: Ints
    in_arcs: Ints


class Zones(NamedTuple):
    """Start or end arcs by zone: (zones + 1,), then (arcs,) each; legs -1 for none."""

    indptr: Ints
    nodes: Ints
    weights: Floats
    legs: Ints


class Ways(NamedTuple):
    """Links by leg: (legs + 1,), entries; whether an entry is on all least ways of its leg."""

    indptr: Ints
    links: Ints
    whole: Flags


class Tree(NamedTuple):
    """What a search of one origin fills, (N,) unless said otherwise."""

    distance: Floats
    via: Ints  # arc a node is reached by, or -1 - start arc
    order: Ints  # nodes as they are settled
    turn: Ints  # when a node was settled
    ahead: Ints  # where the tight arcs into a node begin
    n_tight: Ints  # and how many there are
    arcs: Ints  # tight arcs, (E,)
    entries: Ints  # tight start arcs into a node
    place: Ints  # in post
    post: Ints  # nodes, each after all that lead to it
    seen: Ints
    stack: Ints
    step: Ints
    edge: Ints  # nodes to be followed back from
    passing: Floats  # and their shares
    key: Floats  # heap, (E + start arcs + 1,)
    node: Ints


class Met(NamedTuple):
    """Links met while ways are followed: ridden, boarded, on the way out, on the way back."""

    mark: Ints  # (4, L)
    share: Floats  # (4, L)
    links: Ints  # (4, L)
    n_met: Ints  # (4,)
