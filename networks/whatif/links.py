"""What an edited network changes, in links by position.

Public names
------------
LinkEdit : links that are gone, that changed, and that are new
LinkBase : the links of a base network as arrays
base_links : makes it
difference : the edit that leads from the base to another network
links_edit : the edit that closes links and changes columns of others
line_edit : the edit that ``Network.with_line`` would make, without making a network

Terms
-----
A link *changed* when it still joins the same nodes, by the same mode and line, in the same
directions, and costs something else; otherwise the old one is *gone* and a *fresh* one there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.dims import LINK_MODES, LinkMode
from networks.errors import InvalidNetwork
from networks.freed import freed_links
from networks.geo import great_circle_km
from networks.modes import LinkColumns, line_codes, link_columns
from networks.network import Network
from networks.patch import hop_minutes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
COLUMNS = ("km", "minutes", "money", "trains_per_day", "freight_factor", "bidirectional")
WORDS = ("from_node", "to_node", "mode", "line")
NODE_COLUMNS = ("kind", "parent", "area_km2", "no_pass")
RAIL = (LINK_MODES.index("rail_conventional"), LINK_MODES.index("rail_hsr"))
STREET = tuple(LINK_MODES.index(mode) for mode in ("road", "ferry", "access"))


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


def no_links() -> LinkColumns:
    """Return columns of no link."""
    empty, whole = np.zeros(0), _none()
    costs = (empty, empty, empty, empty, empty)
    return LinkColumns(whole, whole, whole, whole, *costs, np.zeros(0, dtype=np.bool_))


@dataclass(frozen=True, eq=False)
class LinkEdit:
    """Links of a base network that differ.

    Attributes
    ----------
    gone, gone_modes
        Positions of links that are not there any more, and their positions in ``LINK_MODES``.
    changed, now
        Positions of links that cost something else, and their columns.
    fresh
        New links; their nodes may be new too, counted on from those of the base.
    new_nodes, nodes
        How many, and the node table with them; None where there are none.
    name
        What the edit is called in reports.
    """

    gone: Ints = field(default_factory=_none)
    gone_modes: Ints = field(default_factory=_none)
    changed: Ints = field(default_factory=_none)
    now: LinkColumns = field(default_factory=no_links)
    fresh: LinkColumns = field(default_factory=no_links)
    new_nodes: int = 0
    name: str = ""
    nodes: pd.DataFrame | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (len(self.gone) or len(self.changed) or len(self.fresh.km))


@dataclass(frozen=True, eq=False)
class LinkBase:
    """The links of a base network as arrays.

    Attributes
    ----------
    network
        The base.
    columns
        Its links.
    lines
        Number of each line by name and mode position.
    served
        Whether a node has a stop of trains, or of flights, (2, nodes).
    """

    network: Network
    columns: LinkColumns
    lines: dict[tuple[str, int], int]
    served: Flags
    _words: dict[str, NDArray[np.object_]]
    _keys: dict[str, int]
    _positions: dict[str, int]
    _lon_lat: Floats
    _stations: dict[int, list[int]]  # stops and airports by place

    def after(self, edit: LinkEdit) -> LinkColumns:
        """Return the columns of all links after an edit, those of the base first."""
        columns, now = self.columns, edit.now
        keep = np.ones(len(columns.km), dtype=bool)
        keep[edit.gone] = False
        made = []
        for name in columns.__dataclass_fields__:
            values = getattr(columns, name).copy()
            values[edit.changed] = getattr(now, name)
            made.append(np.concatenate([values[keep], getattr(edit.fresh, name)]))
        return LinkColumns(*made)

    def positions(self, stops: Sequence[str]) -> list[int]:
        """Return node positions of stops given by key or name."""
        found = [self._positions.get(str(stop), -1) for stop in stops]
        if min(found, default=0) < 0:
            index = self.network.nodes.index
            found = [int(k) for k in index.get_indexer(pd.Index(self.network.resolve(stops)))]
        return found


def base_links(network: Network) -> LinkBase:
    """Return the links of a network as arrays."""
    links, nodes = network.links, network.nodes
    codes, lines = line_codes(links)
    columns = link_columns(links, nodes.index, codes)
    keys = [str(k) for k in nodes.index]
    served = np.zeros((2, len(keys)), dtype=np.bool_)
    for row, of in enumerate((RAIL, (LINK_MODES.index("air"),))):
        there = np.isin(columns.modes, of)
        served[row, columns.tails[there]] = True
        served[row, columns.heads[there]] = True
    number = {key: k for k, key in enumerate(keys)}
    stations: dict[int, list[int]] = {}
    for k, parent in enumerate(nodes["parent"].to_numpy(dtype=object)):
        if parent:
            stations.setdefault(number[str(parent)], []).append(k)
    return LinkBase(
        network,
        columns,
        lines,
        served,
        {name: links[name].to_numpy(dtype=object) for name in WORDS},
        {str(k): n for n, k in enumerate(links.index)},
        _plain_words(network, number),
        nodes[["lon", "lat"]].to_numpy(dtype=np.float64),
        stations,
    )


def _plain_words(network: Network, number: dict[str, int]) -> dict[str, int]:
    """Return positions of nodes by key, and by names that only one node has."""
    words: dict[str, int] = {}
    for column in ("name", "name_zh"):
        names = network.nodes[column].to_numpy(dtype=object)
        for k, word in enumerate(names):
            words[str(word)] = -1 if str(word) in words else k
    words.pop("", None)
    return {**words, **number}


def difference(base: LinkBase, edited: Network) -> LinkEdit | None:
    """Return what differs in the links of an edited network.

    None where it cannot be told by links alone: other parameters, or nodes of the base that went,
    moved place in the table or changed their kind, parent or area, or a new node not to be passed.
    """
    before = base.network
    size = len(before.nodes)
    if edited.parameters is not before.parameters and not edited.parameters.table.equals(
        before.parameters.table
    ):
        return None
    if edited.nodes is not before.nodes:
        known = edited.nodes.iloc[:size]
        if not known.index.equals(before.nodes.index) or not all(
            known[name].equals(before.nodes[name]) for name in NODE_COLUMNS
        ):
            return None
        if edited.nodes["no_pass"].to_numpy(dtype=bool)[size:].any():
            return None
    old, new = before.links, edited.links
    count = len(old)
    if len(new) >= count and new.index[:count].equals(old.index):
        place = np.arange(count, dtype=np.int64)
        fresh = np.arange(count, len(new), dtype=np.int64)
        where = place
    else:
        at = old.index.get_indexer(new.index).astype(np.int64)
        where, fresh = np.flatnonzero(at >= 0).astype(np.int64), np.flatnonzero(at < 0)
        place = at[where]
    costs = np.zeros(len(place), dtype=bool)
    course = np.zeros(len(place), dtype=bool)
    for name in COLUMNS:
        a, b = old[name].to_numpy()[place], new[name].to_numpy()[where]
        differs = (a != b) & ~((a != a) & (b != b))
        if name == "bidirectional":
            course |= differs
        else:
            costs |= differs
    for name in WORDS:
        if len(new) == count and where is place and new[name].equals(old[name]):
            continue
        course |= base._words[name][place] != new[name].to_numpy(dtype=object)[where]
    changed = costs & ~course
    gone = np.ones(count, dtype=bool)
    gone[place[~course]] = False
    rows = new.iloc[np.concatenate([where[course], fresh]).astype(np.int64)]
    again = new.iloc[where[changed]]
    lost = np.flatnonzero(gone).astype(np.int64)
    return LinkEdit(
        lost,
        base.columns.modes[lost],
        place[changed],
        _columns(base, again, edited),
        _columns(base, rows, edited),
        len(edited.nodes) - size,
        edited.name,
        edited.nodes if len(edited.nodes) > size else None,
    )


def _columns(base: LinkBase, rows: pd.DataFrame, edited: Network) -> LinkColumns:
    """Return links as arrays, their lines numbered as in the base and on from there."""
    if rows.empty:
        return no_links()
    modes = pd.Index(list(LINK_MODES)).get_indexer(pd.Index(rows["mode"]))
    numbers = dict(base.lines)
    lines = np.full(len(rows), -1, dtype=np.int64)
    after = max(numbers.values(), default=-1) + 1
    for k, (word, mode) in enumerate(zip(rows["line"], modes, strict=True)):
        if word:
            key = (str(word), int(mode))
            if key not in numbers:
                numbers[key], after = after, after + 1
            lines[k] = numbers[key]
    return link_columns(rows, edited.nodes.index, lines)


def links_edit(
    base: LinkBase,
    gone: Ints | Sequence[int],
    changed: Ints | Sequence[int],
    given: Mapping[str, Floats | None],
    name: str,
) -> LinkEdit:
    """Return the edit that closes links and changes columns of others; see ``SkimBase.links``."""
    for which in (np.asarray(gone), np.asarray(changed)):
        if which.size and which.dtype.kind not in "iu":
            raise InvalidNetwork(
                f"Links of {base.network.name!r} to edit are told by whole numbers, positions in "
                f"the link table; found {which.dtype} ({which.ravel()[:3].tolist()})."
            )
    lost, other = (np.asarray(which, dtype=np.int64).ravel() for which in (gone, changed))
    every = np.concatenate([lost, other])
    count = len(base.columns.km)
    problems = []
    if len(every) and (every.min() < 0 or every.max() >= count):
        bad = every[(every < 0) | (every >= count)][:5].tolist()
        problems.append(f"positions go from 0 to {count - 1}, found {bad}")
    known, often = np.unique(every, return_counts=True)
    if (often > 1).any():
        problems.append(f"no link stands twice, found {known[often > 1][:5].tolist()}")
    numbers = {k: np.asarray(v, dtype=np.float64) for k, v in given.items() if v is not None}
    for column, values in numbers.items():
        rule = f"{column} is one finite number of zero or more for each link that changes"
        if values.shape != other.shape:
            problems.append(f"{rule}, found {values.size} for {other.size} links")
        elif not (good := (values >= 0) & np.isfinite(values)).all():
            where = np.flatnonzero(~good)[:5]
            named = [str(base.network.links.index[k]) for k in other[where] if 0 <= k < count]
            shown = ", ".join(map(str, values[where].tolist()))
            problems.append(f"{rule}, found {shown} at {', '.join(named)}")
    if problems:
        raise InvalidNetwork(f"Links of {base.network.name!r} to edit: {'; '.join(problems)}.")
    now = base.columns.at(other)
    for column, values in numbers.items():
        getattr(now, column)[:] = values
    return LinkEdit(lost, base.columns.modes[lost], other, now, name=name)


def line_edit(
    base: LinkBase,
    mode: LinkMode,
    stops: Sequence[str],
    *,
    speed_kmh: float,
    trains_per_day: float,
    fare_per_km: float | None = None,
    freed_freight_capacity: float = 0.0,
    name: str | None = None,
) -> LinkEdit:
    """Return the edit that builds a line; parameters as ``Network.with_line``.

    Raises
    ------
    UnknownLabel
        A stop that is not in the network.
    InvalidNetwork
        Fewer than two stops, one stop twice running, numbers that are not positive, or a name that
        another line has.
    """
    problems = []
    if mode not in LINK_MODES:
        problems.append(f"mode must be a link mode, not {mode!r}")
    for word, value in (("speed_kmh", speed_kmh), ("trains_per_day", trains_per_day)):
        if not (np.isfinite(value) and value > 0):
            problems.append(f"{word} must be a positive number, not {value!r}")
    if fare_per_km is not None and not (np.isfinite(fare_per_km) and fare_per_km >= 0):
        problems.append(f"fare_per_km must be zero or more, not {fare_per_km!r}")
    if not 0.0 <= freed_freight_capacity <= 1.0:
        problems.append(f"freed_freight_capacity is a share, not {freed_freight_capacity!r}")
    if name and any((name, k) in base.lines for k in range(len(LINK_MODES))):
        problems.append(f"there is a line {name!r} already")
    found = [] if problems else _stops(base, mode, base.positions(stops))
    nodes = np.array(found, dtype=np.int64)
    if not problems and len(nodes) < 2:
        problems.append(f"a line has two stops at least; found {list(stops)!r}")
    elif not problems and bool(np.any(nodes[1:] == nodes[:-1])):
        problems.append("stops that follow each other must differ")
    if problems:
        raise InvalidNetwork(f"A line cannot be built: {'; '.join(problems)}.")
    network, count = base.network, len(nodes) - 1
    lon, lat = base._lon_lat[nodes].T
    straight = great_circle_km(lon[:-1], lat[:-1], lon[1:], lat[1:])
    km = network.parameters.get("detour", mode) * straight
    money = np.full(count, np.nan) if fare_per_km is None else fare_per_km * km
    fresh = LinkColumns(
        nodes[:-1],
        nodes[1:],
        np.full(count, LINK_MODES.index(mode), dtype=np.int64),
        np.full(count, max(base.lines.values(), default=-1) + 1, dtype=np.int64),
        km,
        hop_minutes(network, mode, km, float(speed_kmh)),
        money,
        np.full(count, float(trains_per_day)),
        np.ones(count),
        np.ones(count, dtype=np.bool_),
    )
    title = name or f"{stops[0]} - {stops[-1]} ({mode}, new)"
    changed, now = _none(), no_links()
    if freed_freight_capacity > 0.0:
        relief = network.parameters.get("freight_relief", purpose="freight")
        keys = [str(network.nodes.index[k]) for k in nodes]
        beside = freed_links(network.nodes, network.links, keys)
        changed = np.flatnonzero(beside).astype(np.int64)
        now = base.columns.at(changed)
        now.freight_factor[:] *= 1.0 - relief * freed_freight_capacity
    return LinkEdit(_none(), _none(), changed, now, fresh, 0, title)


def _stops(base: LinkBase, mode: LinkMode, nodes: list[int]) -> list[int]:
    """Return stops; a place hands over to its only station where it has none itself."""
    if mode in ("road", "ferry", "access"):
        return nodes
    kind = base.network.nodes["kind"].to_numpy(dtype=object)
    served = base.served[1 if mode == "air" else 0]
    wanted = "airport" if mode == "air" else "stop"
    found = []
    for node in nodes:
        own = [k for k in base._stations.get(node, []) if kind[k] == wanted and served[k]]
        found.append(own[0] if not served[node] and len(own) == 1 else node)
    return found
