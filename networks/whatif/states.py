"""What an edit of links does to the states of a train or air layer.

Public names
------------
StateEdit : the edit of a core
state_edit : from an edit of links

Terms
-----
States are those of ``networks.layers``: *in* and *out* of every stop, *aboard* for every line at
every stop it reaches, *walk* where access links meet. A stop that had no trains before brings its
own *in* and *out*, joined to the zones within the access limit; a line that is new, or reaches
another stop, brings *aboard*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from networks.dims import LINK_MODES
from networks.modes import ACCESS_MODES, mode_flags
from networks.whatif.edits import Edit, Joins
from networks.whatif.streets import Legs

if TYPE_CHECKING:
    from networks.whatif.services import ArcEdit, Service

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ACCESS = LINK_MODES.index("access")


@dataclass(frozen=True, eq=False)
class StateEdit:
    """The edit of a core that an edit of links comes to."""

    edit: Edit


@dataclass
class _Arcs:
    """New arcs of a core while they are being collected."""

    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, tail: int, head: int, weight: float) -> None:
        self.tails.append(tail)
        self.heads.append(head)
        self.weights.append(weight)


def state_edit(service: Service, edit: ArcEdit, legs: Legs | None) -> StateEdit | None:
    """Return the edit of a layer's core; None where its states cannot take it.

    Parameters
    ----------
    service
        Of trains or air.
    edit
        As arcs.
    legs
        Ways to stops after the edit; None where roads are as they were.

    Notes
    -----
    None for new access links, which make other stops neighbours, and for trains at nodes that the
    base does not have.
    """
    layer = service.layer
    states = layer.states
    assert states is not None  # a layer of trains or air
    fresh = edit.fresh.only(service.modes)
    n_nodes = len(states.walks)
    if (edit.fresh.modes == ACCESS).any():
        return None
    if len(fresh.km) and max(fresh.tails.max(), fresh.heads.max()) >= n_nodes:
        return None
    count = len(states.stays)
    run, first, again = service.weigh(edit.now)
    ridden = mode_flags(service.modes)[edit.now.modes]
    changed = service.pairs(service._link_rows, service._link_arcs, edit, ridden)
    gone = service.arcs_of_links(edit.links.gone)
    stay = states.stays[changed]
    arcs = [changed, count + changed, stay[stay >= 0], gone, count + gone]
    weights = [first[ridden], again[ridden], run[ridden][stay >= 0]]
    weights += [np.full(len(gone), np.inf)] * 2
    closed = states.stays[gone]
    arcs.append(closed[closed >= 0])
    weights.append(np.full(len(arcs[-1]), np.inf))
    walked = edit.now.modes == ACCESS
    if (states.walks >= 0).any():
        arcs += [
            service.pairs(service._walk_rows, service._walk_arcs, edit, walked),
            service.walks_of_links(edit.links.gone),
        ]
        weights += [service.on_foot(edit.now)[walked], np.full(len(arcs[-1]), np.inf)]
    made = _Arcs()
    joins: tuple[Joins, Joins] = Joins(), Joins()
    new_nodes = 0
    if len(fresh.km):
        found = _new_states(service, edit, legs, made, dict(zip(changed, run[ridden], strict=True)))
        if found is None:
            return None
        new_nodes, joins = found
    return StateEdit(
        Edit(
            np.concatenate(arcs),
            np.concatenate(weights),
            np.array(made.tails, dtype=np.int64),
            np.array(made.heads, dtype=np.int64),
            np.array(made.weights),
            new_nodes,
            *joins,
            name=edit.links.name,
        )
    )


def _new_states(
    service: Service,
    edit: ArcEdit,
    legs: Legs | None,
    made: _Arcs,
    now: dict[int, float],
) -> tuple[int, tuple[Joins, Joins]] | None:
    """Put the arcs of new links into ``made``; return how many nodes are new, and their joins.

    ``now`` says what it weighs to stay aboard on ridden arcs that changed.
    """
    layer = service.layer
    states = layer.states
    assert states is not None
    size, n_stops = layer.core.size, len(layer.stops)
    fresh = edit.fresh.only(service.modes)
    run, first, again = service.weigh(fresh)
    tails, heads, lines = (values.tolist() for values in (fresh.tails, fresh.heads, fresh.lines))
    place = service.place
    added = sorted({*tails, *heads} - place.keys())
    if not (states.walks >= 0).any() and _meet(service, added):
        return None
    entry = {node: size + 2 * k for k, node in enumerate(added)}
    new = 2 * len(added)

    def way_in(node: int) -> int:
        return place[node] if node in place else entry[node]

    def way_out(node: int) -> int:
        return n_stops + place[node] if node in place else entry[node] + 1

    def change_from(node: int) -> int:
        walk = int(states.walks[node])
        return walk if walk >= 0 else way_out(node)

    for node in added:
        if states.walks[node] >= 0:
            made.add(way_out(node), int(states.walks[node]), 0.0)
    aboard: dict[tuple[int, int], int] = {}
    known = service.aboard
    lost = set(service.arcs_of_links(edit.links.gone).tolist())
    base_run, _, _ = service.weigh_ridden
    for node, line in zip(heads, lines, strict=True):
        key = (node, line)
        if line < 0 or key in aboard or key in known:
            continue
        aboard[key] = size + new
        new += 1
        made.add(aboard[key], way_out(node), 0.0)
        if (line,) not in known:
            continue
        onward = (states.ridden.lines == line) & (states.ridden.tails == node)
        for k in np.flatnonzero(onward).tolist():
            if k not in lost:
                weight = now.get(k, float(base_run[k]))
                made.add(aboard[key], int(states.aboard[k]), weight)
    for k, (tail, head, line) in enumerate(zip(tails, heads, lines, strict=True)):
        there = way_out(head)
        if line >= 0:
            there = aboard[head, line] if (head, line) in aboard else known[head, line]
        made.add(way_in(tail), there, float(first[k]))
        made.add(change_from(tail), there, float(again[k]))
        if line >= 0:
            here = aboard.get((tail, line), known.get((tail, line), -1))
            if here >= 0:
                made.add(here, there, float(run[k]))
    joins = (Joins(), Joins())
    if added:
        assert service.streets is not None
        stops = np.array(added, dtype=np.int64)
        out, back = service.ends_at(service.streets().base if legs is None else legs, stops)
        joins = _joined(out, size), _joined(back, size + 1)
    return new, joins


def _joined(weights: Floats, first: int) -> Joins:
    """Return joins of zones to nodes ``first``, ``first`` + 2, ... by weights (Z, n)."""
    zones, stops = np.nonzero(np.isfinite(weights))
    return Joins(zones, first + 2 * stops, weights[zones, stops])


def _meet(service: Service, added: list[int]) -> bool:
    """Tell whether new stops make two that access links join, where there was none or one."""
    assert service.streets is not None
    access = service.streets().arcs.only([ACCESS_MODES[-1]])
    touched = set(access.tails.tolist()) | set(access.heads.tolist())
    return sum(int(stop) in touched for stop in (*service.layer.stops, *added)) >= 2
