"""Weights of pairs of zones, accumulated over the shortest-path trees of one graph.

Public names
------------
load_core, CoreLoad : what pairs put on the links of a core graph
street_legs, Ways : the links on the ways between zones and stops

Terms
-----
A *link* owns some arcs of the core (both directions, boarding and staying aboard); an arc of no
link has -1. *Improve* counts the pairs that have a link on some least way: they gain when it
improves. *Worsen* counts those that have it on every least way: only they lose when it gets worse.
The two differ where least ways tie, and nowhere else.

Formula
-------
Least weights D are concave in the weights of links, with one-sided derivatives
dD_od / dw_l = [l on some least way of od] for a fall of w_l, [l on every one] for a rise; the load
is sum_od W_od dD_od / dw_l.

Source: J. M. Danskin (1967), The Theory of Max-Min, for the one-sided derivative of a minimum;
accumulation down a tree as in U. Brandes (2001), A faster algorithm for betweenness centrality.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.graph import Core, Ends, by_tail
from networks.tree_loading._kernels import load, street_ways
from networks.tree_loading.arrays import Graph, Ways, Zones

__all__ = ["CoreLoad", "Ways", "load_core", "street_legs"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHUNK = 32  # origins handed to a thread at a time; fixed, and summed in order
RIDE, BOARD, LEG = range(3)  # what a link is used for: second axis of a load
IMPROVE, WORSEN = range(2)  # first axis of a load


NO_LEGS = Ways(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_))


@dataclass(frozen=True, eq=False)
class CoreLoad:
    """What pairs put on links.

    Attributes
    ----------
    load
        (2, 3, L, C): improve or worsen; ridden, boarded, on the way to or from a stop; by link; by
        column of the weights.
    pairs
        Pairs with weight and a way.
    tied
        Those of them with several least ways.
    """

    load: Floats
    pairs: int
    tied: int


def street_legs(
    street: Core, weights: Floats, links: Ints, zones: Ints, pairs: tuple[Ints, Ints], n_links: int
) -> Ways:
    """Return the links on the least ways over a street graph, one leg for each pair given.

    Parameters
    ----------
    street
        Arcs from the zones towards the stops; turned round for ways back.
    weights, links
        Of its arcs, (E,).
    zones
        Node of each zone, (Z,).
    pairs
        Zone and node of each leg, by zone.
    n_links
        Size of the link table.
    """
    none = np.zeros(len(links), dtype=np.bool_)
    graph = _graph(street, weights, links, none)
    where = np.asarray(zones, dtype=np.int64)
    rows = np.arange(len(where) + 1, dtype=np.int64)
    doors = Zones(rows, where, np.zeros(len(where)), np.full(len(where), -1, dtype=np.int64))
    of_zone, begin = by_tail(pairs[0], len(where))
    if not np.array_equal(of_zone, np.arange(len(of_zone))):
        raise AssertionError("legs come by zone")
    indptr = np.concatenate([begin, np.zeros(len(of_zone) + 1, dtype=np.int64)])
    room = 16 * len(of_zone) + 64
    while True:
        ways = Ways(indptr, np.zeros(room, np.int64), np.zeros(room, np.bool_))
        size = street_ways(graph, doors, np.ascontiguousarray(pairs[1]), n_links, ways)
        if size <= room:
            return Ways(indptr[len(begin) :].copy(), ways.links[:size], ways.whole[:size])
        room = size


def _graph(core: Core, weights: Floats, links: Ints, boards: Flags) -> Graph:
    order, indptr = by_tail(core.tails, core.size)
    heads = np.ascontiguousarray(core.heads[order])
    in_arcs, in_indptr = by_tail(heads, core.size)
    tails, owners = np.ascontiguousarray(core.tails[order]), np.ascontiguousarray(links[order])
    weighed, boarding = np.ascontiguousarray(weights[order]), np.ascontiguousarray(boards[order])
    return Graph(indptr, heads, tails, weighed, owners, boarding, in_indptr, in_arcs)


def _zones(ends: Ends, prices: Floats, legs: Ints | None) -> Zones:
    order, indptr = by_tail(ends.zones, ends.count)
    of = np.full(len(ends.zones), -1, dtype=np.int64) if legs is None else legs[order]
    nodes = np.ascontiguousarray(ends.nodes[order])
    return Zones(indptr, nodes, np.ascontiguousarray(ends.components[order]) @ prices, of)


def load_core(
    core: Core,
    starts: Ends,
    ends: Ends,
    prices: Floats,
    pair_weights: Floats,
    links: Ints,
    n_links: int,
    *,
    boards: Flags | None = None,
    legs: Ways = NO_LEGS,
    start_legs: Ints | None = None,
    end_legs: Ints | None = None,
    alone: Flags | None = None,
    workers: int | None = None,
) -> CoreLoad:
    """Return what pairs of zones put on the links of a graph.

    Parameters
    ----------
    core, starts, ends
        The graph and how zones enter and leave it.
    prices
        What one unit of each component weighs, (K,).
    pair_weights
        (O, D, C); a pair with zeros alone is not looked at.
    links
        Link of each core arc, -1 for none, (E,).
    n_links
        How many links there are.
    boards
        Arcs on which a ride begins, (E,); none when left out.
    legs, start_legs, end_legs
        Ways to and from stops, and the leg of each start and end arc, -1 for none.
    alone
        (O, D), false where the pair has another way as good outside this graph: then no link here
        is on every way. All true when left out.
    workers
        Threads; as many as there are processors when left out. The result is the same bit for bit.
    """
    boarding = np.zeros(len(links), dtype=np.bool_) if boards is None else boards
    arguments = (
        _graph(core, core.components @ prices, links, boarding),
        _zones(starts, prices, start_legs),
        _zones(ends, prices, end_legs),
        legs,
        np.ascontiguousarray(pair_weights, dtype=np.float64),
        np.ones(pair_weights.shape[:2], dtype=np.bool_) if alone is None else alone,
    )
    shape = (2, 3, n_links, pair_weights.shape[2])

    def one(begin: int) -> tuple[Floats, int, int]:
        out = np.zeros(shape)
        pairs, tied = load(*arguments, begin, min(begin + CHUNK, starts.count), out)
        return out, pairs, tied

    chunks = range(0, starts.count, CHUNK)
    total, pairs, tied = np.zeros(shape), 0, 0
    with ThreadPoolExecutor(max(1, min(workers or os.cpu_count() or 1, len(chunks)))) as pool:
        for out, some, of_them in pool.map(one, chunks):
            total += out
            pairs += some
            tied += of_them
    return CoreLoad(total, pairs, tied)
