"""Cost matrices of a network kept ready, so that each edit of it costs milliseconds.

Public names
------------
SkimBase, build_skim_base : the matrices of a base network, and of any edit of it
in_order : work on items by threads, answers in order
Costs : the matrices after an edit, and how they were found
Edited : what may be given as an edit

Terms
-----
Every matrix is that of ``networks.skim.skim`` for the same question, to rounding. Services that
several matrices share are kept once. An edit is put into each service that it touches by the
what-ifs of ``networks.whatif``; a service whose states cannot take it is skimmed *anew*, alone, and
all of them when nodes of the base or parameters differ. Roads of a network with nodes that must not
be passed are skimmed anew when they are edited.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.dims import LinkMode
from networks.errors import InvalidNetwork, UnknownLabel, UnreachablePlace
from networks.graph import by_tail
from networks.labels import did_you_mean
from networks.layers import closed_nodes, service_layer, street_core
from networks.modes import ACCESS_MODES, Arcs, arcs_of, link_columns, mode_flags
from networks.network import Network
from networks.patch_apply import apply_patches
from networks.patches import Patch
from networks.whatif.asked import Asked, Part, joined, objective, parts_of
from networks.whatif.combined import Combining
from networks.whatif.edits import Edit
from networks.whatif.links import LinkBase, LinkEdit, base_links, difference, line_edit, links_edit
from networks.whatif.services import Answer, ArcEdit, Service, arc_edit, build_service, touches
from networks.whatif.streets import Legs, Streets, build_streets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Changed = dict[str, tuple[Ints, Floats]]
Edited = Network | Patch | LinkEdit
Item = TypeVar("Item")
Made = TypeVar("Made")
NOTHING = Answer(np.zeros(0, dtype=np.int64), np.zeros(0), "nothing")

__all__ = ["Asked", "Costs", "Edited", "LinkEdit", "SkimBase", "build_skim_base"]


@dataclass(frozen=True, eq=False)
class Costs:
    """The matrices of a network after an edit.

    Attributes
    ----------
    changed
        By name: cells (positions in the flat matrix, ascending) and the costs there, (n,) each.
    methods
        How each service that the edit touches was found: as in ``networks.whatif.Outcome``, or
        ``"anew"``.
    seconds
        What it took.
    name
        Of the edit.
    """

    changed: Mapping[str, tuple[Ints, Floats]]
    methods: Mapping[str, str]
    seconds: float
    name: str
    _base: Mapping[str, Combining]

    def __getitem__(self, name: str) -> Floats:
        """Return a matrix, (Z, Z); read-only where it is that of the base."""
        _check_names([name], self.changed)
        cells, values = self.changed[name]
        return self._base[name].with_cells(cells, values) if len(cells) else self._base[name].matrix

    def pairs(self, name: str) -> tuple[Ints, Ints, Floats]:
        """Return origins, destinations (positions) and costs of the pairs that differ."""
        cells, values = self.changed[name]
        origins, destinations = np.divmod(cells, len(self._base[name].matrix))
        return origins, destinations, values


@dataclass(frozen=True, eq=False)
class SkimBase:
    """Cost matrices of a network, ready for edits.

    Attributes
    ----------
    network
        The base.
    zones
        Keys of the places, origins and destinations alike.
    asked
        The matrices, by name.
    combined
        How each is made of services, with its matrix.
    services
        With their matrices; those that no link of the base carries are left out.
    """

    network: Network
    zones: tuple[str, ...]
    asked: Mapping[str, Asked]
    combined: Mapping[str, Combining]
    services: Mapping[Part, Service]
    _parts: Mapping[str, tuple[Part, ...]]
    _links: LinkBase
    _where: Ints
    _gated: bool  # some nodes must not be passed by road
    _workers: int | None

    def __getitem__(self, name: str) -> Floats:
        """Return a matrix of the base, (Z, Z), read-only."""
        _check_names([name], self.asked)
        return self.combined[name].matrix

    def line(
        self,
        mode: LinkMode,
        stops: Sequence[str],
        *,
        speed_kmh: float,
        trains_per_day: float,
        fare_per_km: float | None = None,
        freed_freight_capacity: float = 0.0,
        name: str | None = None,
    ) -> LinkEdit:
        """Return the edit that ``Network.with_line`` would make, without making a network."""
        return line_edit(
            self._links,
            mode,
            stops,
            speed_kmh=speed_kmh,
            trains_per_day=trains_per_day,
            fare_per_km=fare_per_km,
            freed_freight_capacity=freed_freight_capacity,
            name=name,
        )

    def links(
        self,
        *,
        gone: Ints | Sequence[int] = (),
        changed: Ints | Sequence[int] = (),
        minutes: Floats | None = None,
        km: Floats | None = None,
        money: Floats | None = None,
        trains_per_day: Floats | None = None,
        freight_factor: Floats | None = None,
        name: str = "",
    ) -> LinkEdit:
        """Return the edit that closes some links and changes what others cost.

        Parameters
        ----------
        gone, changed
            Positions in the link table; no link in both.
        minutes, km, money, trains_per_day, freight_factor
            Of the links that change, (n,); as they are when left out.
        name
            What the edit is called in reports.

        Raises
        ------
        InvalidNetwork
            Positions that are not there or stand twice, or numbers that do not fit.
        """
        given = {
            "minutes": minutes,
            "km": km,
            "money": money,
            "departures": trains_per_day,
            "freight_factor": freight_factor,
        }
        return links_edit(self._links, gone, changed, given, name)

    def edit(self, edited: Edited) -> LinkEdit | Network:
        """Return an edit of links; the network itself where nodes or parameters differ."""
        if isinstance(edited, LinkEdit):
            return edited
        if isinstance(edited, Patch):
            only = edited.edits[0] if len(edited.edits) == 1 else None
            if only is not None and only.do == "add_line":
                says = {k: v for k, v in only.says if k not in ("mode", "stops", "year_opened")}
                return self.line(only.get("mode"), only.get("stops"), **says)  # type: ignore[arg-type]  # checked when it was made
            edited = apply_patches(self.network, [edited])
        if not isinstance(edited, Network):
            raise InvalidNetwork(
                f"An edit is a Network made from the base, a Patch or a LinkEdit; found a "
                f"{type(edited).__name__}."
            )
        return difference(self._links, edited) or edited

    def run(self, edited: Edited, *, names: Sequence[str] | None = None) -> Costs:
        """Return the matrices after an edit.

        Parameters
        ----------
        edited
            A network made from the base, a patch for it, or an edit of links.
        names
            Matrices wanted; all when left out.

        Raises
        ------
        UnknownLabel
            A matrix that was not asked for.
        UnreachablePlace
            A pair without a path in a matrix that must have all.
        """
        began = perf_counter()
        wanted = list(self.asked) if names is None else list(names)
        _check_names(wanted, self.asked)
        edit = self.edit(edited)
        if isinstance(edit, Network):
            changed, methods = self._anew(edit, wanted)
        else:
            answers = {} if edit.empty else self._answers(edit, wanted)
            changed = {}
            for name in wanted:
                parts = [answers.get(part, NOTHING) for part in self._parts[name]]
                changed[name] = self.combined[name].at([(a.cells, a.values) for a in parts])
            methods = {str(p): a.method for p, a in answers.items() if a is not NOTHING}
        for name, (cells, values) in changed.items():
            if self.asked[name].strict and np.isinf(values).any():
                self._refuse(name, cells[np.isinf(values)])
        return Costs(changed, methods, perf_counter() - began, edit.name, self.combined)

    def stream(
        self,
        edits: Iterable[Edited],
        *,
        names: Sequence[str] | None = None,
        workers: int = 1,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Costs]:
        """Yield the matrices after each edit by itself; none of them is kept.

        Parameters
        ----------
        edits
            Any number, each of the base.
        names
            As in ``run``.
        workers
            Edits worked on at a time; the numbers do not depend on it.
        progress
            Called with the number of edits done after each of them.
        """

        def one(edited: Edited) -> Costs:
            return self.run(edited, names=names)

        for done, costs in enumerate(in_order(one, edits, workers), start=1):
            yield costs
            if progress is not None:
                progress(done)

    def _answers(self, edit: LinkEdit, names: Sequence[str]) -> dict[Part, Answer]:
        """Return what an edit does to each service of some matrices."""
        arcs: dict[tuple[str, int], ArcEdit] = {}
        legs: dict[int, Legs] = {}
        answers: dict[Part, Answer] = {}
        for part in dict.fromkeys(part for name in names for part in self._parts[name]):
            at = (part.purpose, id(part.parameters))
            if at not in arcs:
                before = arcs_of(
                    self._links.columns.at(edit.changed), part.parameters, part.purpose
                )
                arcs[at] = arc_edit(edit, before, part.parameters, part.purpose)
            one = arcs[at]
            service = self.services.get(part)
            if service is None:  # no link of the base carries it
                there = len(one.fresh.only(part.modes).km) > 0
                answers[part] = self._rebuilt(part, edit) if there else NOTHING
                continue
            if not service.carries(one):
                answers[part] = NOTHING
                continue
            if self._gated and touches(one, ACCESS_MODES):
                answers[part] = self._rebuilt(part, edit)
                continue
            ways = None
            if service.streets is not None and touches(one, ACCESS_MODES):
                streets = service.streets()
                if id(streets) not in legs:
                    legs[id(streets)] = self._legs(streets, one)
                ways = legs[id(streets)]
            found = service.run(one, ways)
            answers[part] = self._rebuilt(part, edit) if found is None else found
        return answers

    def _legs(self, streets: Streets, edit: ArcEdit) -> Legs:
        """Return the ways to stops after an edit."""
        arcs, rows = by_tail(streets.arcs.links, len(self._links.columns.km))
        of_street = mode_flags(ACCESS_MODES)[edit.now.modes]
        changed = arcs[rows[edit.now.links[of_street]] + edit.back[of_street]]
        gone = [arcs[rows[k] : rows[k + 1]] for k in edit.links.gone]
        lost = np.concatenate([np.zeros(0, dtype=np.int64), *gone])
        fresh = edit.fresh.only(ACCESS_MODES)
        size = len(self.network.nodes)
        now = street_core(edit.now, size).components[of_street]
        new = street_core(fresh, size).components
        closed = np.full(len(lost), np.inf)
        minutes, price = streets.minutes_price, streets.prices
        change = Edit(
            np.concatenate([changed, lost]),
            np.concatenate([now @ minutes, closed]),
            fresh.tails,
            fresh.heads,
            new @ minutes,
            edit.links.new_nodes,
            name=edit.links.name,
        )
        return streets.after(change, np.concatenate([now @ price, closed]), new @ price)

    def _rebuilt(self, part: Part, edit: LinkEdit) -> Answer:
        """Return a service skimmed from nothing."""
        columns = self._links.after(edit)
        nodes = self.network.nodes if edit.nodes is None else edit.nodes
        matrix = objective(part, columns, nodes, self._where, workers=self._workers)
        service = self.services.get(part)
        before = np.full(matrix.shape, np.inf) if service is None else service.whatif.weights
        cells = np.flatnonzero(before.ravel() != matrix.ravel())
        return Answer(cells, matrix.ravel()[cells], "anew")

    def _anew(self, edited: Network, names: Sequence[str]) -> tuple[Changed, dict[str, str]]:
        """Return what differs in some matrices when every service is skimmed from nothing."""
        columns = link_columns(edited.links, edited.nodes.index)
        where = positions(edited, self.zones)
        area = edited.nodes["area_km2"].to_numpy(dtype=np.float64)[where]
        found: dict[Part, Floats] = {}
        changed: Changed = {}
        for name in names:
            asked = self.asked[name]
            settings = asked.settings(edited)
            parts = parts_of(asked, edited, settings)
            for part in parts:
                if part not in found:
                    found[part] = objective(
                        part, columns, edited.nodes, where, workers=self._workers
                    )
            matrix = joined(asked, settings, parts, found, area).matrix.ravel()
            cells = np.flatnonzero(matrix != self[name].ravel())
            changed[name] = cells, matrix[cells]
        return changed, {str(part): "anew" for part in found}

    def _refuse(self, name: str, cells: Ints) -> None:
        origins, destinations = np.divmod(cells, len(self.zones))
        names = self.network.nodes["name"]
        shown = "; ".join(
            f"{names[self.zones[i]]} to {names[self.zones[j]]}"
            for i, j in zip(origins[:5], destinations[:5], strict=True)
        )
        raise UnreachablePlace(
            f"Every place must be reached from every other; after the edit {len(cells)} pairs of "
            f"{name!r} have no path: {shown}. Leave a way, or ask for unreachable='keep'."
        )


def _check_names(names: Iterable[str], known: Mapping[str, object]) -> None:
    lost = [name for name in names if name not in known]
    if lost:
        raise UnknownLabel(
            f"There is no matrix {lost[0]!r}{did_you_mean(str(lost[0]), known)}; those asked for "
            f"are {', '.join(known)}."
        )


def in_order(one: Callable[[Item], Made], items: Iterable[Item], workers: int) -> Iterator[Made]:
    """Yield ``one`` of each item in their order, as many at a time as there are workers."""
    if workers <= 1:
        for item in items:
            yield one(item)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for item in items:
            waiting.append(pool.submit(one, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def positions(network: Network, keys: Sequence[str]) -> Ints:
    """Return node positions of keys."""
    return network.nodes.index.get_indexer(pd.Index(list(keys))).astype(np.int64)


def build_skim_base(
    network: Network,
    asked: Mapping[str, Asked],
    *,
    zones: Sequence[str] | None = None,
    workers: int | None = None,
) -> SkimBase:
    """Return the cost matrices of a network, ready for edits.

    Parameters
    ----------
    network
        The base.
    asked
        The matrices wanted, by name.
    zones
        Places (codes or names); all when left out.
    workers
        Threads of searches over all zones.

    Raises
    ------
    UnknownLabel, ParameterError, MeasureError
        As ``networks.skim.skim``.
    UnreachablePlace
        A pair without a path in a matrix that must have all.
    """
    keys = network.zone_keys(zones)
    links = base_links(network)
    where = positions(network, keys)
    settings = {name: one.settings(network) for name, one in asked.items()}
    parts = {name: parts_of(one, network, settings[name]) for name, one in asked.items()}
    in_place = (network.nodes["kind"] == "place").to_numpy(dtype=bool)
    streets: dict[tuple[str, bytes], _Once] = {}
    built: dict[Part, Service] = {}
    for part in dict.fromkeys(part for group in parts.values() for part in group):
        arcs = arcs_of(links.columns, part.parameters, part.purpose)
        weigh = part.prices
        layer = service_layer(
            arcs, network.nodes, where, part.parameters, part.main, part.modes, part.purpose, weigh
        )
        if layer is None:
            continue
        ways = None
        if layer.states is not None:
            street = arcs.only(ACCESS_MODES)
            key = b"".join(one.tobytes() for one in (weigh, street.money, street.minutes))
            ways = streets.setdefault((part.purpose, key), _Once(street, network, where, weigh))
        built[part] = build_service(
            *(part.main, part.modes, part.purpose, weigh, part.parameters),
            *(layer, len(network.links), in_place, ways),
            workers=workers,
        )
    nowhere = np.full((len(keys), len(keys)), np.inf)
    area = network.nodes["area_km2"].to_numpy(dtype=np.float64)[where]
    matrices = {
        part: built[part].whatif.weights if part in built else nowhere
        for group in parts.values()
        for part in group
    }
    combined = {
        name: joined(one, settings[name], parts[name], matrices, area)
        for name, one in asked.items()
    }
    base = SkimBase(
        *(network, tuple(keys), dict(asked), combined, built, parts, links, where),
        bool(network.nodes["no_pass"].any()),
        workers,
    )
    for name, one in asked.items():
        if one.strict and np.isinf(base[name]).any():
            base._refuse(name, np.flatnonzero(np.isinf(base[name])))
    return base


class _Once:
    """Makes roads ready when an edit first needs them, and only once."""

    def __init__(self, street: Arcs, network: Network, zones: Ints, prices: Floats) -> None:
        closed = closed_nodes(network.nodes)
        self._given = street, len(network.nodes), zones, prices, closed
        self._made: Streets | None = None
        self._lock = Lock()

    def __call__(self) -> Streets:
        with self._lock:
            if self._made is None:
                self._made = build_streets(*self._given)
            return self._made
