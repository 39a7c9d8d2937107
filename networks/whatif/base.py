"""Searches of a few lanes over the edges of a hierarchy, there and back.

Public names
------------
Frame : edges to search over, and which nodes lead to the zones
frame_of : the frame of a metric
Ways : searches from and to nodes and zones within a frame
chosen : some of the zones only
searches : least weights from some zones to others
moved_ways, searched, covering : ways with other ends; rows and columns anew; what they cover

Terms
-----
*There* runs from starts to ends, *back* from ends to starts over arcs turned round. Zones and nodes
are given as ``SortedEnds``, at ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.hierarchy.metric import Metric, Rows
from networks.sweeps._kernels import closure, sweep
from networks.sweeps.matrix import LANES, NARROW, SortedEnds
from networks.whatif.answers import Moved

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Frame:
    """Edges to search over; the nodes that lead to the ends there, and to the starts back."""

    rise: Rows
    fall: Rows
    to_ends: Int32s
    to_starts: Int32s

    def over(self, up: Floats, down: Floats) -> Frame:
        """Return the frame with other weights on its edges."""
        rise = Rows(self.rise.rows, self.rise.heads, up, self.rise.edges)
        fall = Rows(self.fall.rows, self.fall.heads, down, self.fall.edges)
        return Frame(rise, fall, self.to_ends, self.to_starts)


def frame_of(rise: Rows, fall: Rows, starts: SortedEnds, ends: SortedEnds) -> Frame:
    """Return the frame of edges kept between starts and ends."""
    return Frame(rise, fall, _leading_to(fall, ends.nodes), _leading_to(rise, starts.nodes))


def all_edges(metric: Metric) -> tuple[Rows, Rows]:
    """Return every edge of a hierarchy up and down, with the weights of a metric."""
    h = metric.hierarchy
    every = np.zeros(0, dtype=np.int32)  # an edge is where it is
    return Rows(h.indptr, h.heads, metric.up, every), Rows(h.indptr, h.heads, metric.down, every)


def _leading_to(fall: Rows, nodes: Int32s) -> Int32s:
    wanted = np.zeros(len(fall.rows) - 1, dtype=np.bool_)
    wanted[nodes] = True
    found: Int32s = closure(fall.rows, fall.heads, wanted)
    return found


def at_ranks(ranks: Ints) -> SortedEnds:
    """Return zones that are nodes, one each, at no cost."""
    count = len(ranks)
    nothing = np.zeros((0, 1))
    return SortedEnds(
        np.arange(count + 1, dtype=np.int64), ranks.astype(np.int32), np.zeros(count), nothing
    )


def chosen(zones: SortedEnds, flags: Flags) -> SortedEnds:
    """Return the zones that are flagged."""
    count = np.diff(zones.rows)
    of_arc = np.repeat(flags, count)
    rows = np.zeros(int(flags.sum()) + 1, dtype=np.int64)
    np.cumsum(count[flags], out=rows[1:])
    return SortedEnds(rows, zones.nodes[of_arc], zones.weights[of_arc], zones.parts[:0])


def searches(
    rise: Rows,
    fall: Rows,
    needed: Int32s | None,
    first: SortedEnds,
    last: SortedEnds,
    *,
    out: Floats | None = None,
    origins: Ints | None = None,
) -> Floats:
    """Return least weights from all zones of ``first``, or ``origins``, to those of ``last``.

    Parameters
    ----------
    rise, fall, needed
        Edges, and the nodes that lead to ``last`` (found when None).
    first, last
        Where the searches begin and end.
    out
        Rows to write into, by zone of ``first``: (O, D).
    origins
        Zones of ``first`` to begin at, all when left out.
    """
    if needed is None:
        needed = _leading_to(fall, last.nodes)
    if origins is None:
        origins = np.arange(len(first.rows) - 1, dtype=np.int64)
    if out is None:
        out = np.empty((len(first.rows) - 1, len(last.rows) - 1))
    count = len(origins)
    lanes = next((k for k in NARROW if count <= k), LANES)
    room = np.empty((len(rise.rows) - 1, lanes)) if count else np.empty((0, 1))
    for k in range(0, count, lanes):
        sweep(
            *(rise.rows, rise.heads, rise.weights, fall.rows, fall.heads, fall.weights, needed),
            *(first.rows, first.nodes, first.weights, last.rows, last.nodes, last.weights),
            origins[k : k + lanes],
            out,
            room,
        )
    return out


@dataclass(frozen=True, eq=False)
class Ways:
    """Searches between nodes and zones within a frame; nodes are ranks."""

    frame: Frame
    starts: SortedEnds
    ends: SortedEnds

    def ahead(self, ranks: Ints) -> Floats:
        """Return least weights from nodes to ends (k, D)."""
        frame = self.frame
        return searches(frame.rise, frame.fall, frame.to_ends, at_ranks(ranks), self.ends)

    def back(self, ranks: Ints) -> Floats:
        """Return least weights from starts to nodes, turned (k, O)."""
        frame = self.frame
        return searches(frame.fall, frame.rise, frame.to_starts, at_ranks(ranks), self.starts)

    def between(self, one: Ints, other: Ints) -> Floats:
        """Return least weights from nodes to nodes."""
        return searches(self.frame.rise, self.frame.fall, None, at_ranks(one), at_ranks(other))


def covering(row: Flags, column: Flags) -> tuple[Flags, Flags]:
    """Return rows and columns that cover what differs when some of either were searched."""
    rows = row if not column.any() else np.ones_like(row)
    columns = column if not row.any() else np.ones_like(column)
    return rows.copy(), columns.copy()


def moved_ways(
    rise: Rows,
    fall: Rows,
    base: Ways,
    starts: Moved | None,
    ends: Moved | None,
    frame: Frame | None = None,
) -> Ways:
    """Return ways over edges, with starts and ends that moved; a frame is kept if none did."""
    first = base.starts if starts is None else starts.zones
    last = base.ends if ends is None else ends.zones
    if frame is None or starts is not None or ends is not None:
        frame = frame_of(rise, fall, first, last)
    return Ways(frame, first, last)


def searched(ways: Ways, rows: Flags, columns: Flags, out: Floats) -> None:
    """Search rows and columns of ``out`` anew."""
    frame = ways.frame
    if rows.any():
        origins = np.flatnonzero(rows).astype(np.int64)
        searches(
            frame.rise, frame.fall, frame.to_ends, ways.starts, ways.ends, out=out, origins=origins
        )
    if columns.any():
        some = chosen(ways.ends, columns)
        out[:, columns] = searches(frame.fall, frame.rise, frame.to_starts, some, ways.starts).T
