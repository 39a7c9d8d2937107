"""Roads, railways and airports of OpenStreetMap, thinned out to an intercity network.

Public names
------------
read_osm : an extract (.osm.pbf, .osm, ...) as a network

Terms
-----
Read are ways of the chosen road classes, ways of the chosen railway kinds that are no sidings,
stations, aerodromes with an IATA code, and places. Roads are cut at junctions, and nodes where
nothing branches off are taken out: minutes and km of a road do not change. Places and airports are
joined to the nearest road that leads on to others. Railways become links
between stations that follow each other, one *line* for each connected railway, since the map knows
no timetable; a link is high-speed where most of it is marked so or allows 200 km/h. Run times are
those of the speed limit, or of the class where none is given. Flights are not on the map.

OpenStreetMap data are under the ODbL: what is made of them must say so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks.errors import InvalidNetwork, MissingNetwork
from networks.geo import great_circle_km
from networks.network import Network
from networks.readers.files import optional
from networks.readers.thin import Piece, between_stations, piece_km, thinned

ROADS = ("motorway", "trunk")
RAILWAYS = ("rail",)
PLACES = ("city", "town")
ROAD_KMH = {"motorway": 110.0, "trunk": 80.0, "primary": 60.0, "secondary": 50.0}
OTHER_KMH = 40.0
RAIL_KMH = 100.0
HSR_KMH = 200.0
RUNNING_SHARE = 0.85  # of the speed limit that traffic and trains make on average
JOIN_KMH = 40.0
JOIN_DETOUR = 1.3
AREA_KM2 = 100.0
LIMIT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(mph)?\s*$")
Point = tuple[float, float]


@dataclass
class _Found:
    """What one pass over the file found."""

    at: dict[int, Point] = field(default_factory=dict)
    roads: list[tuple[list[int], float, int]] = field(default_factory=list)  # nodes, km/h, oneway
    rails: list[tuple[list[int], float, bool]] = field(default_factory=list)  # nodes, km/h, fast
    places: list[dict[str, Any]] = field(default_factory=list)
    stations: list[dict[str, Any]] = field(default_factory=list)
    airports: list[dict[str, Any]] = field(default_factory=list)


def read_osm(
    path: str | Path,
    *,
    roads: Sequence[str] = ROADS,
    railways: Sequence[str] = RAILWAYS,
    places: Sequence[str] | pd.DataFrame = PLACES,
    join_km: float = 30.0,
    area_km2: float = AREA_KM2,
    name: str | None = None,
    year: int | None = None,
) -> Network:
    """Return roads, railways and airports of an extract of OpenStreetMap.

    Parameters
    ----------
    path
        A file that osmium reads: ``.osm.pbf``, ``.osm``, ``.osm.bz2``.
    roads
        Classes of ``highway``; their ``_link`` ways are read too.
    railways
        Kinds of ``railway``.
    places
        Values of ``place`` that become places, or a table of places with node, name, lon and lat.
    join_km
        Places, stations and airports are joined to what is nearest, if within this.
    area_km2
        Area of places that the table does not give.
    name, year
        What the network is called and the year it stands for.

    Raises
    ------
    MissingNetwork
        There is no such file.
    InvalidNetwork
        The file is damaged, or has no place, or neither road nor railway of the kinds.
    MissingPackage
        osmium is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingNetwork(f"There is no file {str(path)!r}.")
    osmium = optional("osmium", "osm", "OpenStreetMap")
    words = () if isinstance(places, pd.DataFrame) else tuple(places)
    try:
        found = _scan(osmium, path, tuple(roads), tuple(railways), words)
    except (RuntimeError, OSError, ValueError) as error:  # all that osmium raises on bad files
        raise InvalidNetwork(f"{str(path)!r} cannot be read as OpenStreetMap: {error}.") from error
    if isinstance(places, pd.DataFrame):
        found.places = _given(places)
    if not found.places:
        raise InvalidNetwork(
            f"{path.name} must have places; none is tagged place={' or '.join(words) or '?'}. Give "
            "a table of places, or other values."
        )
    if not (found.roads or found.rails):
        raise InvalidNetwork(
            f"{path.name} must have roads or railways; it has none of highway="
            f"{', '.join(roads)} and railway={', '.join(railways)}."
        )
    return _network(found, name or path.name.split(".")[0], year, join_km, area_km2)


def _given(places: pd.DataFrame) -> list[dict[str, Any]]:
    table = places.reset_index() if places.index.name == "node" else places
    if lost := [c for c in ("node", "name", "lon", "lat") if c not in table.columns]:
        raise InvalidNetwork(f"The table of places must have {', '.join(lost)}.")
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _scan(
    osmium: Any,
    path: Path,
    roads: tuple[str, ...],
    railways: tuple[str, ...],
    words: tuple[str, ...],
) -> _Found:
    found = _Found()
    keys = osmium.filter.KeyFilter("highway", "railway", "aeroway", "place")
    classes = {*roads, *(f"{r}_link" for r in roads)}
    reader = osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter("aeroway"))
    for one in reader.with_filter(keys):
        tags = one.tags
        if one.is_node():
            _note_node(found, one, tags, words)
        elif one.is_way():
            if tags.get("highway") in classes and tags.get("access") not in ("no", "private"):
                nodes = _nodes(found, one)
                if len(nodes) > 1:
                    found.roads.append((nodes, _road_kmh(tags), _oneway(tags)))
            elif tags.get("railway") in railways and "service" not in tags:
                nodes = _nodes(found, one)
                if len(nodes) > 1:
                    speed = _limit(tags) or RAIL_KMH
                    fast = tags.get("highspeed") == "yes" or speed >= HSR_KMH
                    found.rails.append((nodes, speed, fast))
        elif one.is_area() and tags.get("aeroway") == "aerodrome" and tags.get("iata"):
            ring = [n.location for n in next(iter(one.outer_rings()))]
            lon, lat = (float(np.mean([getattr(p, c) for p in ring])) for c in ("lon", "lat"))
            _note_airport(found, tags, lon, lat)
    return found


def _note_node(found: _Found, one: Any, tags: Any, words: tuple[str, ...]) -> None:
    lon, lat = float(one.location.lon), float(one.location.lat)
    row = {"name": tags.get("name:en") or tags.get("name", ""), "lon": lon, "lat": lat}
    row["name_zh"] = tags.get("name:zh", "")
    if tags.get("place") in words and row["name"]:
        people = re.sub(r"[ ,.]", "", tags.get("population", ""))
        number = float(people) if people.isdigit() else np.nan
        found.places.append({"node": f"o{one.id}", **row, "population": number})
    elif tags.get("railway") in ("station", "halt"):
        found.stations.append({"node": f"o{one.id}", **row})
    elif tags.get("aeroway") == "aerodrome" and tags.get("iata"):
        _note_airport(found, tags, lon, lat)


def _note_airport(found: _Found, tags: Any, lon: float, lat: float) -> None:
    code = str(tags["iata"])
    if all(a["node"] != f"A_{code}" for a in found.airports):
        title = tags.get("name:en") or tags.get("name", code)
        row = {"node": f"A_{code}", "name": title, "name_zh": tags.get("name:zh", "")}
        found.airports.append({**row, "lon": lon, "lat": lat})


def _nodes(found: _Found, way: Any) -> list[int]:
    """Return the nodes of a way that the extract has, and note where they are."""
    nodes: list[int] = []
    for node in way.nodes:
        if node.location.valid():
            found.at[node.ref] = (float(node.location.lon), float(node.location.lat))
            if not nodes or nodes[-1] != node.ref:
                nodes.append(int(node.ref))
    return nodes


def _limit(tags: Any) -> float | None:
    match = LIMIT.match(tags.get("maxspeed", ""))
    if match is None or float(match[1]) <= 0:
        return None
    return float(match[1]) * (1.609344 if match[2] else 1.0)


def _road_kmh(tags: Any) -> float:
    kind = tags["highway"]
    usual = ROAD_KMH.get(kind.removesuffix("_link"), OTHER_KMH)
    return _limit(tags) or (0.6 * usual if kind.endswith("_link") else usual)


def _oneway(tags: Any) -> int:
    """Return 1 for one way as drawn, -1 for one way against it, 0 for both."""
    word = tags.get("oneway", "")
    if word in ("-1", "reverse"):
        return -1
    round_or_motorway = tags.get("junction") == "roundabout" or (
        tags["highway"] == "motorway" and word != "no"
    )
    return 1 if word in ("yes", "true", "1") or round_or_motorway else 0


def _pieces(found: _Found, ways: list[tuple[list[int], float, int]]) -> list[Piece]:
    """Return every step of the ways as a piece with km and minutes."""
    made = []
    for nodes, speed, oneway in ways:
        where = np.array([found.at[n] for n in nodes])
        km = great_circle_km(where[:-1, 0], where[:-1, 1], where[1:, 0], where[1:, 1])
        steps = list(zip(nodes[:-1], nodes[1:], km.tolist(), strict=True))
        for a, b, length in steps:
            if oneway < 0:
                a, b = b, a
            minutes = 60.0 * length / (RUNNING_SHARE * speed)
            made.append(Piece(a, b, length, minutes, both=oneway == 0))
    return made


def _network(
    found: _Found, name: str, year: int | None, join_km: float, area_km2: float
) -> Network:
    places = [{"area_km2": area_km2, **row, "kind": "place"} for row in found.places]
    airports = [{**row, "kind": "airport"} for row in found.airports]
    nodes: list[dict[str, Any]] = [*places, *airports]
    links: list[dict[str, Any]] = []
    lost: list[str] = []
    pieces = _pieces(found, found.roads)
    ends = sorted({p.start for p in pieces} | {p.end for p in pieces})
    where = np.array([found.at[n] for n in ends]).reshape(-1, 2)
    joined = {}
    lengths = piece_km(pieces, ends)
    for row in nodes:
        near, km = _nearest_firm(where, lengths, row, join_km)
        if km <= join_km:
            joined[row["node"]] = (ends[near], km)
        elif pieces:
            lost.append(row["name"])
    kept = thinned(pieces, {node for node, _ in joined.values()})
    used = {n for p in kept for n in (p.start, p.end)} | {n for n, _ in joined.values()}
    nodes += [
        {"node": f"j{n}", "name": f"junction {n}", "kind": "stop"}
        | {"lon": found.at[n][0], "lat": found.at[n][1]}
        for n in sorted(used)
    ]
    for number, p in enumerate(kept):
        row = {"link": f"road{number}", "from_node": f"j{p.start}", "to_node": f"j{p.end}"}
        row |= {"mode": "road", "km": p.km, "minutes": p.minutes, "bidirectional": p.both}
        links.append(row | {"status": "speed"})
    for row in [*places, *airports]:
        if row["node"] in joined:
            node, km = joined[row["node"]]
            mode = "road" if row["kind"] == "place" else "access"
            links.append(_join(f"join:{row['node']}", row["node"], f"j{node}", mode, km))
    stations = _stations(found, places, nodes, links, join_km, lost)
    notes = [
        f"{name}: OpenStreetMap data (ODbL); run times from {RUNNING_SHARE:g} of the speed limits",
        f"{len(places)} places, {len(airports)} airports without flights, {stations} stations; "
        f"joins: {JOIN_DETOUR:g} x great circle at {JOIN_KMH:g} km/h, an assumption",
        f"area_km2 of places that do not say theirs is an assumption: {area_km2:g}",
    ]
    if lost:
        notes.append(f"farther than {join_km:g} km from the network: {', '.join(lost[:8])}")
    return Network(_named(nodes), pd.DataFrame(links), name=name, year=year, notes=tuple(notes))


def _nearest(where: np.ndarray, row: dict[str, Any]) -> tuple[int, float]:
    if not len(where):
        return -1, np.inf
    km = great_circle_km(row["lon"], row["lat"], where[:, 0], where[:, 1])
    near = int(km.argmin())
    return near, float(km[near])


def _nearest_firm(
    where: np.ndarray, lengths: np.ndarray, row: dict[str, Any], join_km: float
) -> tuple[int, float]:
    """Return the nearest node from which a road leads on, and its distance.

    Nodes within reach on a piece of road shorter than ``join_km`` (``piece_km``) are passed over
    where there is a longer piece within reach: the rest of a way that the extract cuts, or a ramp.
    """
    if not len(where):
        return -1, np.inf
    km = great_circle_km(row["lon"], row["lat"], where[:, 0], where[:, 1])
    longest = float(lengths[km <= join_km].max(initial=0.0))
    near = int(np.where(lengths >= min(join_km, longest), km, np.inf).argmin())
    return near, float(km[near])


def _join(key: str, start: str, end: str, mode: str, km: float) -> dict[str, Any]:
    length = JOIN_DETOUR * km
    row = {"link": key, "from_node": start, "to_node": end, "mode": mode, "km": length}
    return row | {"minutes": 60.0 * length / JOIN_KMH, "status": "assumption"}


def _stations(
    found: _Found,
    places: list[dict[str, Any]],
    nodes: list[dict[str, Any]],
    links: list[dict[str, Any]],
    join_km: float,
    lost: list[str],
) -> int:
    """Add the stations that lie on a railway, links between them, and their joins to places."""
    pieces = _pieces(found, [(n, s, 0) for n, s, _ in found.rails])
    fast = {frozenset((a, b)) for n, _, f in found.rails if f for a, b in pairwise(n)}
    ends = sorted({p.start for p in pieces} | {p.end for p in pieces})
    where = np.array([found.at[n] for n in ends]).reshape(-1, 2)
    at: dict[int, dict[str, Any]] = {}
    for row in found.stations:
        near, km = _nearest(where, row)
        if km <= 1.0 and ends[near] not in at:
            at[ends[near]] = row
    served = set()
    for a, b, km, minutes, share, component in between_stations(pieces, set(at), fast):
        row = {"link": f"rail:{at[a]['node']}-{at[b]['node']}", "line": f"railway {component}"}
        row |= {"from_node": at[a]["node"], "to_node": at[b]["node"], "km": km, "minutes": minutes}
        row["mode"] = "rail_hsr" if share > 0.5 else "rail_conventional"
        links.append(row | {"bidirectional": True, "status": "speed"})
        served |= {a, b}
    middle = np.array([(p["lon"], p["lat"]) for p in places])
    for key in sorted(served):
        row = at[key]
        near, km = _nearest(middle, row)
        parent = places[near]["node"] if km <= join_km else ""
        nodes.append({**row, "kind": "stop", "parent": parent})
        if parent:
            links.append(_join(f"join:{row['node']}", parent, row["node"], "access", km))
        else:
            lost.append(row["name"])
    return len(served)


def _named(nodes: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the node table with a name for every node."""
    table = pd.DataFrame(nodes)
    blank = table["name"].isna() | (table["name"] == "")
    table["name"] = table["name"].mask(blank, table["node"])
    return table
