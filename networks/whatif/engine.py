"""How a matrix of least weights changes when arcs are added, improved, worsened or closed.

Public names
------------
WhatIf, build_whatif : a graph with its matrix known, ready for edits
Moved, Block, Gains : ends that changed, and what of a matrix differs

Terms
-----
*Candidates* are nodes that new or changed arcs are likely to start or end at: their weights from
and to all zones are kept, so that an improvement costs no search. The *base* is the graph without
edits.

Formula
-------
New or better arcs: D' = min(D, min over u, v of D[., u] + P[u, v] + D[v, .]) with u and v the ends
of these arcs and P the least weights between them, the arcs taken. Worse arcs: pairs with D[i, u] +
w + D[v, j] <= D[i, j] (1 + 1e-12), the rows or the columns that hold them, whichever are fewer,
searched anew; all of them when that is cheaper. The choice rests on counts, never on a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from networks.errors import InvalidNetwork
from networks.graph import Core, Ends, at_nodes, by_tail
from networks.hierarchy.metric import Metric, customised
from networks.hierarchy.topology import Hierarchy, build_hierarchy
from networks.sweeps.matrix import SortedEnds, many_to_many, sorted_ends
from networks.whatif._kernels import affected, close_nodes, gains, improve, repair
from networks.whatif.answers import Block, Gains, Known, Moved, Room
from networks.whatif.base import (
    Frame,
    Ways,
    all_edges,
    chosen,
    covering,
    frame_of,
    moved_ways,
    searched,
    searches,
)
from networks.whatif.edits import Edit, Joins, Method, Outcome, check_edit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]
# What steps take, in ns on one core: only ratios matter, and they move no number.
NS_TRIANGLE = 3.5  # put weights in and cut down
NS_EDGE, NS_LANE = 1.2, 0.25  # visit an edge, and each lane over it
NS_CELL = 0.25  # one link on one pair
MOST_CANDIDATES = 4096  # whose weights between each other are kept
MOST_ARCS = 64  # worse arcs whose users are looked for one by one


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A graph whose matrix is known; edits leave it as it is.

    Attributes
    ----------
    core, starts, ends, prices
        The graph, how zones enter and leave it, and what components of these ends weigh.
    arc_weights
        Of the base, (E,).
    metric
        The base in its hierarchy.
    weights
        Least weights between zones, (O, D).
    workers
        Threads of searches over all origins.
    """

    core: Core
    starts: Ends
    ends: Ends
    prices: Floats
    arc_weights: Floats
    metric: Metric
    weights: Floats
    workers: int | None
    _base: Ways
    _every: Frame  # the base with all edges
    _known: Known
    _arc_rows: Ints  # arcs by edge
    _arcs: Ints
    _tails: Int32s  # lower node of each edge
    _rooms: SimpleQueue[Room]

    def run(
        self,
        edit: Edit,
        *,
        method: Method = "auto",
        out: Floats | None = None,
        starts: Moved | None = None,
        ends: Moved | None = None,
    ) -> Outcome:
        """Return the matrix after an edit.

        Parameters
        ----------
        edit
            Arcs with new weights, and new arcs.
        method
            What is done about arcs that get worse: search the ``"rows"`` or the ``"columns"`` they
            serve anew, or ``"full"``: everything, with better arcs in place. ``"auto"`` chooses.
            Better arcs are put in by a (min, +) ``"update"`` otherwise, and new arcs always.
        out
            Where to write, (O, D) in rows; new when left out.
        starts, ends
            Starts and ends of zones that differ from those of the base, better or worse.

        Raises
        ------
        InvalidNetwork
            An edit with arcs or nodes that are not there, or weights below zero.
        """
        check_edit(edit, self.core.size, len(self.arc_weights), self.weights.shape)
        if out is None:
            out = np.empty_like(self.weights)
        np.copyto(out, self.weights)
        return self._applied(edit, method, out, starts, ends)

    def added(self, edit: Edit) -> Gains:
        """Return the cells that new or better arcs lower; nothing is copied, threads may call.

        Raises
        ------
        InvalidNetwork
            An edit that makes an arc worse, or one that ``run`` would refuse.
        """
        check_edit(edit, self.core.size, len(self.arc_weights), self.weights.shape)
        old = self.arc_weights[edit.arcs]
        if (edit.weights > old).any():
            raise InvalidNetwork(
                f"Only new and better arcs can be put in without a search; "
                f"{int((edit.weights > old).sum())} arcs get worse. Use run."
            )
        given = self._few(self._base, edit, edit.weights < old)
        return Gains(*gains(self.weights, *given))

    def stream(
        self,
        edits: Iterable[Edit],
        *,
        method: Method = "auto",
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each edit by itself, in one matrix that is used again and again.

        Parameters
        ----------
        edits
            Any number of edits, each of the base.
        method
            As in ``run``.
        progress
            Called with the number of edits done after each of them.
        """
        work = self.weights.copy()
        for done, edit in enumerate(edits, start=1):
            check_edit(edit, self.core.size, len(self.arc_weights), self.weights.shape)
            outcome = self._applied(edit, method, work, None, None)
            yield outcome
            if outcome.columns.sum() < outcome.rows.sum():
                work[:, outcome.columns] = self.weights[:, outcome.columns]
            else:
                work[outcome.rows] = self.weights[outcome.rows]
            if progress is not None:
                progress(done)

    def closed(
        self,
        arcs: Ints,
        *,
        among: Floats | None = None,
        starts: Moved | None = None,
        ends: Moved | None = None,
    ) -> list[Block]:
        """Return the rows and columns that differ when arcs close and ends of zones get worse.

        Parameters
        ----------
        arcs
            Arcs that close; may be none.
        among
            The matrix, minus infinity for pairs that do not matter: they may come out stale.
        starts, ends
            Starts and ends with other weights, none better, and the zones they belong to.

        Notes
        -----
        For many closures in a row: no matrix is copied, and threads may call at the same time. The
        blocks may overlap, and then agree.
        """
        ways, room = self._base, None
        rows, columns = (np.zeros(n, dtype=np.bool_) for n in self.weights.shape)
        if len(arcs):
            row, column, pairs = self._users(arcs, among)
            if pairs and row.sum() <= column.sum():
                rows |= row
            elif pairs:
                columns |= column
        first, last = ways.starts, ways.ends
        if starts is not None:
            first = starts.zones
            rows |= starts.which
        if ends is not None:
            last = ends.zones
            columns |= ends.which
        if not (rows.any() or columns.any()):
            return []
        frame = ways.frame
        if len(arcs):
            room = self._enter(arcs, np.full(len(arcs), np.inf))
            frame = self._every.over(room.up, room.down)
        blocks = []
        if rows.any():
            found = searches(frame.rise, frame.fall, frame.to_ends, chosen(first, rows), last)
            blocks.append(Block(0, np.flatnonzero(rows), found))
        if columns.any():
            back = chosen(last, columns)
            found = searches(frame.fall, frame.rise, frame.to_starts, back, first)
            blocks.append(Block(1, np.flatnonzero(columns), found))
        if room is not None:
            self._leave(room, arcs)
        return blocks

    def _applied(
        self, edit: Edit, method: Method, out: Floats, starts: Moved | None, ends: Moved | None
    ) -> Outcome:
        """Change ``out`` from the base to what the edit makes of it."""
        began = perf_counter()
        old = self.arc_weights[edit.arcs]
        worse, better = edit.weights > old, edit.weights < old
        row, column = (np.zeros(n, dtype=np.bool_) for n in out.shape)
        arcs = edit.arcs[worse]
        pairs, steps, ways, room = 0, [], self._base, None
        adds = bool(better.any() or len(edit.tails) or edit.new_nodes)
        whole = method == "full" and len(arcs) + int(better.sum()) > 0
        whole |= method == "auto" and (len(arcs) > MOST_ARCS or self._dear(edit, better))
        if len(arcs) and not whole:
            row, column, pairs = self._users(arcs)
            side = self._side(row, column, method) if pairs else "none"
            whole = side == "full"
            row[:] &= side == "rows"
            column[:] &= side == "columns"
            steps += [side] if pairs and not whole else []
        if not whole and (starts is not None or ends is not None):
            row |= False if starts is None else starts.which
            column |= False if ends is None else ends.which
            whole = method == "auto" and self._lanes(row) + self._lanes(column) > self._full_cost()
            steps = ["ends"]
        if whole:
            weights = self.arc_weights.copy()
            weights[edit.arcs] = edit.weights
            better = np.zeros_like(better)
            metric = customised(self.metric.hierarchy, weights)
            if starts is None and ends is None:
                many_to_many(
                    metric, self.starts, self.ends, self.prices, workers=self.workers, out=out
                )
            ways = moved_ways(metric.rise, metric.fall, ways, starts, ends)
            row[:], column[:], steps = True, False, ["full"]
            if starts is not None or ends is not None:
                searched(ways, row, column, out)
            adds = bool(len(edit.tails) or edit.new_nodes)
        elif row.any() or column.any() or (len(arcs) and adds):
            frame = self._every
            if len(arcs):
                room = self._enter(arcs, edit.weights[worse])
                frame = frame.over(room.up, room.down)
            ways = moved_ways(frame.rise, frame.fall, ways, starts, ends, frame)
            searched(ways, row, column, out)
        rows, columns = covering(row, column)
        if adds:
            touched: Flags = improve(out, *self._few(ways, edit, better))
            rows |= touched
            columns |= touched.any()
            steps.append("update")
        if room is not None:
            self._leave(room, arcs)
        return Outcome(
            out,
            "+".join(steps) or "nothing",
            pairs,
            int(row.sum() + column.sum()),
            rows,
            columns,
            perf_counter() - began,
            edit.name,
        )

    def _users(self, arcs: Ints, among: Floats | None = None) -> tuple[Flags, Flags, int]:
        """Return rows and columns with pairs whose path may use some arcs, and how many pairs."""
        ends = np.concatenate([self.core.tails[arcs], self.core.heads[arcs]])
        back, ahead = self._vectors(self._base, ends, ahead=False), self._vectors(self._base, ends)
        count = len(arcs)
        rows, columns, pairs = affected(
            self.weights if among is None else among,
            back[:count],
            back[count:],
            self.arc_weights[arcs],
            ahead[:count],
            ahead[count:],
        )
        return rows, columns, int(pairs)

    def _vectors(self, ways: Ways, nodes: Ints, *, ahead: bool = True) -> Floats:
        """Return weights from nodes to ends (k, D) or from starts to nodes (k, O)."""
        place = self._known.place[nodes]
        if ways is self._base and (place >= 0).all():
            return (self._known.ahead if ahead else self._known.back)[place]
        ranks = self.metric.hierarchy.rank[nodes]
        return ways.ahead(ranks) if ahead else ways.back(ranks)

    def _few(
        self, ways: Ways, edit: Edit, better: Flags
    ) -> tuple[Floats, Floats, Ints, Ints, Floats]:
        """Return what is known of the ends of better and new arcs, as the kernels take it."""
        size = self.core.size
        tails = np.concatenate([self.core.tails[edit.arcs[better]], edit.tails])
        heads = np.concatenate([self.core.heads[edit.arcs[better]], edit.heads])
        weights = np.concatenate([edit.weights[better], edit.new_weights])
        first, last = edit.starts, edit.ends
        few = np.unique(np.concatenate([tails, heads, first.nodes, last.nodes]))
        old = few[few < size]
        count, known = len(few), len(old)
        steps = np.full((count, count), np.inf)
        back = np.full((count, self.weights.shape[0]), np.inf)
        ahead = np.full((count, self.weights.shape[1]), np.inf)
        steps[:known, :known] = self._between(ways, old)
        back[:known] = self._vectors(ways, old, ahead=False)
        ahead[:known] = self._vectors(ways, old)
        tail, head = np.searchsorted(few, tails), np.searchsorted(few, heads)
        start, end = np.searchsorted(few, first.nodes), np.searchsorted(few, last.nodes)
        np.minimum.at(steps, (tail, head), weights)
        np.minimum.at(back, (start, first.zones), first.weights)
        np.minimum.at(ahead, (end, last.zones), last.weights)
        close_nodes(steps)
        entries = np.unique(np.concatenate([tail[tails < size], start]))
        exits = np.unique(np.concatenate([head[heads < size], end]))
        return np.ascontiguousarray(back.T), steps, entries, exits, ahead

    def _between(self, ways: Ways, nodes: Ints) -> Floats:
        """Return least weights between nodes (k, k)."""
        place, known = self._known.place[nodes], self._known.between
        if known is not None and ways is self._base and (place >= 0).all():
            return known[np.ix_(place, place)]
        ranks = self.metric.hierarchy.rank[nodes]
        return ways.between(ranks, ranks)

    def _full_cost(self) -> float:
        kept = len(self.metric.rise.heads) + len(self.metric.fall.heads)
        triangles = self.metric.hierarchy.triangles
        return NS_TRIANGLE * triangles + NS_LANE * kept * len(self.weights)

    def _dear(self, edit: Edit, better: Flags) -> bool:
        """Tell whether putting better arcs in one by one costs more than everything anew."""
        arcs = edit.arcs[better]
        if len(arcs) < 2:
            return False
        ends = np.unique(np.concatenate([self.core.tails[arcs], self.core.heads[arcs]]))
        count, cells = len(ends), self.weights.size
        cost = NS_CELL * (count**3 + min(count, len(arcs)) * cells)
        if (self._known.place[ends] < 0).any():
            cost += 3 * self._lanes(np.ones(count, dtype=np.bool_))
        return cost > self._full_cost()

    def _lanes(self, flags: Flags) -> float:
        """Return what searches from the zones that are flagged cost."""
        fewer, edges = int(flags.sum()), 2 * len(self.metric.up)
        return NS_EDGE * edges * -(-fewer // 32) + NS_LANE * edges * max(fewer, 4) * bool(fewer)

    def _side(self, rows: Flags, columns: Flags, method: Method) -> str:
        """Return what to do about users: search rows or columns anew, or everything."""
        if method in ("rows", "columns"):
            return method
        side, least = "rows", self._lanes(rows)
        if (cost := self._lanes(columns)) < least:
            side, least = "columns", cost
        return "full" if least > self._full_cost() else side

    def _enter(self, arcs: Ints, weights: Floats) -> Room:
        """Return a room with worse arcs put in."""
        try:
            room = self._rooms.get_nowait()
        except Empty:
            metric = self.metric
            waiting = np.zeros(len(metric.up), dtype=np.bool_)
            room = Room(metric.up.copy(), metric.down.copy(), self.arc_weights.copy(), waiting, [])
        room.weights[arcs] = weights
        h = self.metric.hierarchy
        changed = h.slots[arcs]
        room.before.append(
            repair(
                *(h.indptr, h.heads, h.low_indptr, h.low_edges, h.low_tails, self._tails),
                *(self._arc_rows, self._arcs, h.upward, room.weights, changed[changed >= 0]),
                *(room.up, room.down, room.waiting),
            )
        )
        return room

    def _leave(self, room: Room, arcs: Ints) -> None:
        """Take the arcs out again."""
        room.weights[arcs] = self.arc_weights[arcs]
        edges, up, down = room.before.pop()
        room.up[edges], room.down[edges] = up, down
        self._rooms.put(room)

    @property
    def zones(self) -> tuple[SortedEnds, SortedEnds]:
        """Starts and ends of the base, as ``closed`` takes them."""
        return self._base.starts, self._base.ends


def build_whatif(
    core: Core,
    weights: Floats,
    starts: Ends,
    ends: Ends | None = None,
    *,
    candidates: Ints | None = None,
    prices: Floats | None = None,
    hierarchy: Hierarchy | None = None,
    workers: int | None = None,
) -> WhatIf:
    """Return a graph with its matrix known.

    Parameters
    ----------
    core
        Arcs, (E,).
    weights
        Of the arcs, (E,); infinite for corridors that are not there yet.
    starts, ends
        How zones enter and leave the graph; ends are the starts when left out.
    candidates
        Nodes that new or changed arcs are likely to start or end at, (T,).
    prices
        What one unit of each component of starts and ends weighs; nothing when left out.
    hierarchy
        Of the topology of ``core``; built when left out.
    workers
        Threads of searches over all origins.

    Raises
    ------
    InvalidNetwork
        Weights below zero or not one for each arc.
    """
    ends = starts if ends is None else ends
    hierarchy = hierarchy or build_hierarchy(core.size, core.tails, core.heads)
    metric = customised(hierarchy, weights)
    prices = np.zeros(starts.components.shape[1]) if prices is None else prices
    matrix, _ = many_to_many(metric, starts, ends, prices, workers=workers)
    first, last = (sorted_ends(zones, hierarchy.rank, prices) for zones in (starts, ends))
    base = Ways(frame_of(metric.rise, metric.fall, first, last), first, last)
    nodes = np.zeros(0, dtype=np.int64) if candidates is None else np.unique(candidates)
    place = np.full(core.size, -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    ranks = hierarchy.rank[nodes]
    few = len(nodes) <= MOST_CANDIDATES
    between = base.between(ranks, ranks) if few else None
    known = Known(place, base.ahead(ranks), base.back(ranks), between)
    slots = hierarchy.slots.astype(np.int64)
    arcs, rows = by_tail(np.where(slots < 0, len(metric.up), slots), len(metric.up) + 1)
    tails = np.repeat(np.arange(core.size, dtype=np.int32), np.diff(hierarchy.indptr))
    matrix.flags.writeable = False
    return WhatIf(
        *(core, starts, ends, prices, np.array(weights, dtype=np.float64), metric, matrix, workers),
        *(base, frame_of(*all_edges(metric), first, last), known, rows, arcs, tails, SimpleQueue()),
    )


__all__ = [
    "Block",
    "Edit",
    "Gains",
    "Joins",
    "Method",
    "Moved",
    "Outcome",
    "WhatIf",
    "at_nodes",
    "build_whatif",
]
