"""One service of a network (road, a kind of train, air) with its matrix known, ready for edits.

Public names
------------
Service, build_service : the objective between all zones by one service
ArcEdit : an edit of links as arcs of one purpose
Answer : the cells that differ after an edit, and how they were found

Terms
-----
A *service* is a main mode with some link modes at one set of prices. An edit of links becomes an
edit of the states of its layer (``networks.layers``): a link that is gone has its boarding, its
changing and its staying closed; a new line brings states of its own. Roads also lead to stops: what
they change there are ends of the layer that moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from networks.dims import LinkMode, MainMode, Purpose
from networks.graph import by_tail
from networks.layers import Layer
from networks.modes import (
    ACCESS_MODES,
    IN_VEHICLE,
    KM,
    MONEY,
    TRANSFER,
    TRANSFERS,
    WAIT,
    Arcs,
    arcs_of,
    mode_flags,
    terminal,
)
from networks.parameters import Parameters
from networks.sweeps.matrix import SortedEnds
from networks.whatif.edits import Edit, Joins
from networks.whatif.engine import Moved, WhatIf, build_whatif
from networks.whatif.links import LinkEdit
from networks.whatif.states import StateEdit, state_edit
from networks.whatif.streets import SAME, Legs, Streets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
MOST_KNOWN = 1500


@dataclass(frozen=True, eq=False)
class ArcEdit:
    """An edit of links as arcs of one purpose.

    Attributes
    ----------
    links
        The edit.
    before, now
        Arcs of links that changed, as they were and as they are, in the same order; only those
        that differ. ``links`` of the arcs are positions in the base.
    fresh
        Arcs of new links.
    back
        Of the arcs that changed: whether they run back, (n,).
    """

    links: LinkEdit
    before: Arcs
    now: Arcs
    fresh: Arcs
    back: Flags


def arc_edit(edit: LinkEdit, before: Arcs, parameters: Parameters, purpose: Purpose) -> ArcEdit:
    """Return the arcs of an edit; ``before`` are those of its changed links in the base."""
    now = arcs_of(edit.now, parameters, purpose)
    differs = np.zeros(len(now.km), dtype=bool)
    for name in ("km", "minutes", "money", "wait"):
        differs |= getattr(before, name) != getattr(now, name)
    back = now.tails != edit.now.tails[now.links]

    def some(arcs: Arcs) -> Arcs:
        parts = {name: getattr(arcs, name)[differs] for name in arcs.__dataclass_fields__}
        return Arcs(**{**parts, "links": edit.changed[arcs.links[differs]]})

    fresh = arcs_of(edit.fresh, parameters, purpose)
    return ArcEdit(edit, some(before), some(now), fresh, back[differs])


@dataclass(frozen=True, eq=False)
class Answer:
    """What an edit does to a service.

    Attributes
    ----------
    cells, values
        Positions in the flat matrix, ascending, and the objective there now, (n,).
    method
        As of ``networks.whatif.Outcome``; ``"anew"`` when the service was skimmed from nothing.
    """

    cells: Ints
    values: Floats
    method: str


@dataclass(frozen=True, eq=False)
class Service:
    """A service with its matrix known.

    Attributes
    ----------
    main, modes, purpose, prices
        What it is.
    layer
        Its states.
    whatif
        Its graph with the objective between all zones, (Z, Z).
    """

    main: MainMode
    modes: tuple[LinkMode, ...]
    purpose: Purpose
    prices: Floats
    parameters: Parameters
    layer: Layer
    whatif: WhatIf
    in_place: Flags  # nodes that are places
    streets: Callable[[], Streets] | None
    _link_rows: Ints
    _link_arcs: Ints  # ridden arcs by link
    _walk_rows: Ints
    _walk_arcs: Ints  # core arcs on foot by link

    def run(self, edit: ArcEdit, legs: Legs | None) -> Answer | None:
        """Return what differs after an edit; None where it cannot be told from the base.

        Parameters
        ----------
        edit
            As arcs.
        legs
            Ways to stops after the edit; None where roads are as they were.
        """
        made = self.edit_of(edit, legs)
        if made is None:
            return None
        change = made.edit
        starts = ends = None
        if legs is not None and self.layer.states is not None:
            starts, ends = self._moved(legs)
        only_better = not (change.weights > self.whatif.arc_weights[change.arcs]).any()
        if starts is None and ends is None and only_better and len(change.arcs) <= 8:
            if not (len(change.arcs) or len(change.tails)):
                return Answer(np.zeros(0, dtype=np.int64), np.zeros(0), "nothing")
            added = self.whatif.added(change)
            return Answer(added.cells, added.values, "update")
        outcome = self.whatif.run(change, starts=starts, ends=ends)
        before, after = self.whatif.weights.ravel(), outcome.weights.ravel()
        cells = np.flatnonzero(before != after)
        return Answer(cells, after[cells], outcome.method)

    def edit_of(self, edit: ArcEdit, legs: Legs | None) -> StateEdit | None:
        """Return the edit of the core that an edit of links is; None where there is none."""
        if self.layer.states is None:
            return self._road_edit(edit)
        return state_edit(self, edit, legs)

    def carries(self, edit: ArcEdit) -> bool:
        """Tell whether an edit touches links of the service or, for trains and air, roads."""
        modes = self.modes if self.layer.states is None else (*self.modes, *ACCESS_MODES)
        return touches(edit, modes)

    def arcs_of_links(self, links: Ints) -> Ints:
        """Return the arcs of some links: of the core by road, ridden ones otherwise."""
        return _of_links(self._link_rows, self._link_arcs, links)

    def walks_of_links(self, links: Ints) -> Ints:
        """Return the core arcs on foot of some links."""
        return _of_links(self._walk_rows, self._walk_arcs, links)

    def pairs(self, rows: Ints, arcs: Ints, edit: ArcEdit, which: Flags) -> Ints:
        """Return the arc of each changed arc in ``which``: that way out or back of its link."""
        return arcs[rows[edit.now.links[which]] + edit.back[which]]

    def ride(self, arcs: Arcs) -> Floats:
        """Return what it weighs to move along each arc."""
        p = self.prices
        run = p[KM] * arcs.km + p[MONEY] * arcs.money + p[IN_VEHICLE] * arcs.minutes
        return np.asarray(run)

    def weigh(self, arcs: Arcs) -> tuple[Floats, Floats, Floats]:
        """Return what it weighs to ride each arc: aboard already, boarding, after a change."""
        run, p = self.ride(arcs), self.prices
        first = run + p[WAIT] * arcs.wait
        change = self.parameters.get("transfer_minutes", self.main, self.purpose)
        return run, first, first + (p[TRANSFER] * change + p[TRANSFERS])

    def on_foot(self, arcs: Arcs) -> Floats:
        """Return what access links weigh between two stops."""
        p = self.prices
        return np.asarray(p[KM] * arcs.km + p[MONEY] * arcs.money + p[TRANSFER] * arcs.minutes)

    def _road_edit(self, edit: ArcEdit) -> StateEdit:
        of_mode = mode_flags(self.modes)[edit.now.modes]
        changed = self.pairs(self._link_rows, self._link_arcs, edit, of_mode)
        weights = self.ride(edit.now)
        gone = self.arcs_of_links(edit.links.gone)
        fresh = edit.fresh.only(self.modes)
        return StateEdit(
            Edit(
                np.concatenate([changed, gone]),
                np.concatenate([weights[of_mode], np.full(len(gone), np.inf)]),
                fresh.tails,
                fresh.heads,
                self.ride(fresh),
                edit.links.new_nodes,
            )
        )

    @cached_property
    def place(self) -> dict[int, int]:
        """Position of each stop among the stops of the layer, by network node."""
        return {int(node): k for k, node in enumerate(self.layer.stops)}

    @cached_property
    def aboard(self) -> dict[tuple[int, ...], int]:
        """Core node of being aboard by network node and line; and each line by itself."""
        states = self.layer.states
        assert states is not None  # of trains and air only
        ridden = states.ridden
        made: dict[tuple[int, ...], int] = {}
        for head, line, node in zip(
            ridden.heads.tolist(), ridden.lines.tolist(), states.aboard.tolist(), strict=True
        ):
            if line >= 0:
                made[head, line] = node
                made[line,] = -1
        return made

    @cached_property
    def weigh_ridden(self) -> tuple[Floats, Floats, Floats]:
        """What it weighs to ride each arc of the base; see ``weigh``."""
        assert self.layer.states is not None
        return self.weigh(self.layer.states.ridden)

    @cached_property
    def terminals(self) -> tuple[Floats, Floats]:
        """What comes before and after the main mode at each node, (nodes,) each."""
        made = []
        for k in (0, 1):
            outside, inside = (
                terminal(self.parameters, self.main, self.purpose, in_place=there)[k] @ self.prices
                for there in (False, True)
            )
            made.append(np.where(self.in_place, inside, outside))
        return made[0], made[1]

    def ends_at(self, legs: Legs, nodes: Ints) -> tuple[Floats, Floats]:
        """Return what it weighs to start and to end at nodes, (Z, n); infinite beyond the limit."""
        limit = self.parameters.get("access_limit", self.main, self.purpose)
        before, after = self.terminals
        out = np.where(
            legs.minutes_out[:, nodes] <= limit, legs.weights_out[:, nodes] + before[nodes], np.inf
        )
        back = np.where(
            legs.minutes_back[:, nodes] <= limit, legs.weights_back[:, nodes] + after[nodes], np.inf
        )
        return out, back

    @cached_property
    def _base_ends(self) -> tuple[Floats, Floats]:
        assert self.streets is not None  # of trains and air only
        return self.ends_at(self.streets().base, self.layer.stops)

    def _moved(self, legs: Legs) -> tuple[Moved | None, Moved | None]:
        """Return starts and ends that differ from the base."""
        rank = self.whatif.metric.hierarchy.rank
        count = len(self.layer.stops)
        made: list[Moved | None] = []
        now = self.ends_at(legs, self.layer.stops)
        for k, shift in ((0, 0), (1, count)):
            old, new = self._base_ends[k], now[k]
            with np.errstate(invalid="ignore"):
                near = np.isfinite(old) & (np.abs(new - old) <= SAME * old)
                same = (old == new) | near
            which = ~same.all(axis=1)
            if not which.any():
                made.append(None)
                continue
            kept = np.where(which[:, None], new, old)
            zone, stop = np.nonzero(np.isfinite(kept))
            rows = np.zeros(len(kept) + 1, dtype=np.int64)
            np.cumsum(np.bincount(zone, minlength=len(kept)), out=rows[1:])
            nodes = rank[stop + shift].astype(np.int32)
            parts = np.zeros((0, 1))
            made.append(Moved(SortedEnds(rows, nodes, kept[zone, stop], parts), which))
        return made[0], made[1]


def touches(edit: ArcEdit, modes: Sequence[LinkMode]) -> bool:
    """Tell whether an edit has arcs of some modes that are gone, differ or are new."""
    flags = mode_flags(modes)
    parts = (edit.links.gone_modes, edit.now.modes, edit.fresh.modes)
    return any(bool(flags[one].any()) for one in parts if len(one))


def _of_links(rows: Ints, arcs: Ints, links: Ints) -> Ints:
    if not len(links):
        return links
    return np.concatenate([arcs[rows[k] : rows[k + 1]] for k in links])


def _by_link(links: Ints, count: int) -> tuple[Ints, Ints]:
    arcs, rows = by_tail(np.where(links < 0, count, links), count + 1)
    return rows, arcs


def build_service(
    main: MainMode,
    modes: tuple[LinkMode, ...],
    purpose: Purpose,
    prices: Floats,
    parameters: Parameters,
    layer: Layer,
    n_links: int,
    in_place: Flags,
    streets: Callable[[], Streets] | None,
    *,
    workers: int | None = None,
) -> Service:
    """Return a service with its matrix known.

    Parameters
    ----------
    main, modes, purpose, prices, parameters
        What it is and what it costs.
    layer
        Its states.
    n_links
        Of the network.
    in_place
        Which nodes are places.
    streets
        Gives the ways to stops; None by road.
    workers
        Threads of searches over all zones.
    """
    core, states = layer.core, layer.states
    if states is None:
        known = np.arange(core.size if core.size <= MOST_KNOWN else 0, dtype=np.int64)
        rows, arcs = _by_link(layer.links, n_links)
        none = np.zeros(0, dtype=np.int64)
        walk_rows, walk_arcs = np.zeros(n_links + 2, dtype=np.int64), none
    else:
        count = len(layer.stops)
        on_foot = states.walks[states.walks >= 0]
        known = np.concatenate([np.arange(2 * count, dtype=np.int64), on_foot])
        rows, arcs = _by_link(states.ridden.links, n_links)
        owners = layer.links.copy()
        owners[: 2 * len(states.stays) + int((states.stays >= 0).sum())] = -1
        walk_rows, walk_arcs = _by_link(owners, n_links)
    whatif = build_whatif(
        core,
        core.components @ prices,
        layer.starts,
        layer.ends,
        candidates=known,
        prices=prices,
        workers=workers,
    )
    return Service(
        *(main, modes, purpose, prices, parameters, layer, whatif, in_place, streets),
        *(rows, arcs, walk_rows, walk_arcs),
    )


__all__ = ["Answer", "ArcEdit", "Joins", "Service", "arc_edit", "build_service", "touches"]
