"""City networks in the TNTP text format: links, trips, best-known flows, coordinates.

Public names
------------
read_tntp : a case from its folder or its network file
write_tntp : a graph and its trips as TNTP files
Tntp : what a case holds
network_of_tntp, read_tntp_network : a case as a ``Network`` of roads

Terms
-----
Zones are the nodes 1 to NUMBER OF ZONES. Nodes below FIRST THRU NODE must not be passed through.
Lengths are in a unit that the file does not say; they are kept as ``km`` with a factor of one
unless one is given.

Source: Transportation Networks for Research (bstabler), its description of the format.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.assignment.graph import RoadGraph
from networks.errors import InvalidNetwork, MissingNetwork
from networks.network import Network
from networks.readers.files import read_text

Floats = NDArray[np.float64]
COLUMNS = (
    "init_node",
    "term_node",
    "capacity",
    "length",
    "free_flow_time",
    "b",
    "power",
    "speed",
    "toll",
    "link_type",
)
HEADER = re.compile(r"^\s*<([^>]+)>\s*([^~\n]*)")
ENTRY = re.compile(r"^(\d+)\s*:\s*([^\s;]+)$")
ENDLESS = 1e12  # what a capacity without limit is written as
ROUNDING = 1e-3  # of all trips, by which the sum of printed trips may miss the total of the header
AREA_KM2 = 10.0  # of a zone; the format has none, and a place needs one for its cost to itself


@dataclass(frozen=True, eq=False)
class Tntp:
    """One case.

    Attributes
    ----------
    graph : RoadGraph
        Links keyed "1", "2", ... in the order of the file.
    demand : DataFrame or None
        Trips by origin (rows) and destination, zone labels.
    flows : DataFrame or None
        Columns volume and cost by link key, where the case has a flow file.
    nodes : DataFrame or None
        Columns x and y by node label, where the case has a node file.
    name : str
        Name of the network file without ``_net``.
    """

    graph: RoadGraph
    demand: pd.DataFrame | None
    flows: pd.DataFrame | None
    nodes: pd.DataFrame | None
    name: str


def read_tntp(path: str | Path, *, km_per_length: float = 1.0) -> Tntp:
    """Return a case from a folder or from its ``*_net.tntp`` file, trips and flows beside it.

    Parameters
    ----------
    path
        Folder with one ``*_net.tntp``, or that file.
    km_per_length
        Kilometres of one unit of length.

    Raises
    ------
    MissingNetwork
        No such file, or none or several network files in the folder.
    InvalidNetwork
        A file that is cut off or is not in the format; line and file named.
    """
    net = _net_file(Path(path))
    stem = net.name[: -len("_net.tntp")]
    links, zones, closed = _read_net(net, km_per_length)
    graph = RoadGraph(links, zones, closed)
    trips, flow, node = (net.with_name(f"{stem}_{kind}.tntp") for kind in ("trips", "flow", "node"))
    return Tntp(
        graph,
        _read_trips(trips, zones) if trips.is_file() else None,
        _read_flows(flow, links) if flow.is_file() else None,
        _read_nodes(node) if node.is_file() else None,
        stem,
    )


def _net_file(path: Path) -> Path:
    if path.is_file():
        if not path.name.endswith("_net.tntp"):
            raise InvalidNetwork(f"A TNTP network file ends in _net.tntp; found {path.name!r}.")
        return path
    found = sorted(path.glob("*_net.tntp")) if path.is_dir() else []
    if len(found) != 1:
        raise MissingNetwork(
            f"{str(path)!r} must be a folder with one file *_net.tntp, or that file; it has "
            f"{', '.join(f.name for f in found[:5]) or 'none'}."
        )
    return found[0]


def _head(text: str, path: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Return the metadata and the numbered lines after it, comments and blanks left out."""
    lines = text.splitlines()
    head: dict[str, str] = {}
    body = 0
    for number, line in enumerate(lines):
        if match := HEADER.match(line):
            head[match[1].strip().upper()] = match[2].strip()
            if match[1].strip().upper() == "END OF METADATA":
                body = number + 1
                break
    if not body:
        raise InvalidNetwork(f"{path.name} must have a line <END OF METADATA>; there is none.")
    rows = [(n + 1, line.split("~")[0].strip()) for n, line in enumerate(lines) if n >= body]
    return head, [(n, line) for n, line in rows if line]


def _columns(text: str, path: Path) -> list[str]:
    """Return the columns in the order in which the line above the links names them, if it does."""
    for line in text.split("<END OF METADATA>")[-1].splitlines():
        if line.lstrip().startswith("~"):
            words = line.replace("~", " ").replace(";", " ").split()
            named = [w.casefold() for w in words]
            if set(named) <= set(COLUMNS) and named != list(COLUMNS):
                if sorted(named) != sorted(COLUMNS):
                    lost = [c for c in COLUMNS if named.count(c) != 1]
                    raise InvalidNetwork(
                        f"{path.name} must name every column once; not so: {', '.join(lost)}."
                    )
                return named
            break
    return list(COLUMNS)


def _whole(head: dict[str, str], name: str, path: Path) -> int:
    try:
        return int(float(head[name].split()[0]))
    except (KeyError, ValueError, IndexError, OverflowError):
        raise InvalidNetwork(
            f"{path.name} must say <{name}> as a whole number; found {head.get(name)!r}."
        ) from None


def _numbers(words: list[str], where: str) -> list[float]:
    try:
        return [float(w) for w in words]
    except ValueError:
        raise InvalidNetwork(f"{where} must hold numbers; found {' '.join(words)!r}.") from None


def _read_net(
    path: Path, km_per_length: float
) -> tuple[pd.DataFrame, tuple[str, ...], frozenset[str]]:
    text = read_text(path)
    head, body = _head(text, path)
    n_zones, n_nodes, n_links, first = (
        _whole(head, name, path)
        for name in ("NUMBER OF ZONES", "NUMBER OF NODES", "NUMBER OF LINKS", "FIRST THRU NODE")
    )
    columns = _columns(text, path)
    rows = []
    for number, line in body:
        words = line.rstrip(";").split()
        if len(words) != len(COLUMNS):
            raise InvalidNetwork(
                f"{path.name}, line {number}, must have {len(COLUMNS)} columns "
                f"({', '.join(COLUMNS)}); found {len(words)}."
            )
        rows.append(_numbers(words, f"{path.name}, line {number},"))
    if len(rows) != n_links:
        raise InvalidNetwork(
            f"{path.name} says it has {n_links} links; it has {len(rows)}. Is it cut off?"
        )
    table = pd.DataFrame(rows, columns=columns)
    for name, most in (("init_node", n_nodes), ("term_node", n_nodes), ("link_type", 2**53)):
        values = table[name].to_numpy()
        fits = (values == np.floor(values)) & (np.abs(values) <= most)
        fits &= (values >= 1) | (name == "link_type")
        if not fits.all():
            wrong = int(np.flatnonzero(~fits)[0])
            raise InvalidNetwork(
                f"{path.name}: {name} must be a whole number, of {n_nodes} nodes at most; link "
                f"{wrong + 1} has {values[wrong]:g}."
            )
    if not (1 <= n_zones <= n_nodes <= 2 * max(len(rows), 1) and 1 <= first <= n_nodes + 1):
        raise InvalidNetwork(
            f"{path.name} must have zones among its nodes, and nodes at the ends of its links; it "
            f"says {n_zones} zones, {n_nodes} nodes, first through node {first}, {len(rows)} links."
        )
    ends = table[["init_node", "term_node"]].astype(np.int64).astype(str)
    links = pd.DataFrame(
        {
            "from_node": ends["init_node"],
            "to_node": ends["term_node"],
            "free_minutes": table["free_flow_time"],
            "capacity": table["capacity"],
            "alpha": table["b"],
            "power": table["power"],
            "toll": table["toll"],
            "km": table["length"] * km_per_length,
            "speed": table["speed"],
            "link_type": table["link_type"].astype(np.int64).astype(str),
        }
    ).set_axis([str(k) for k in range(1, len(table) + 1)])
    zones = tuple(str(z) for z in range(1, n_zones + 1))
    return links, zones, frozenset(str(z) for z in range(1, first))


def _read_trips(path: Path, zones: tuple[str, ...]) -> pd.DataFrame:
    head, body = _head(read_text(path), path)
    trips = pd.DataFrame(0.0, index=pd.Index(zones), columns=pd.Index(zones))
    values = trips.to_numpy(copy=True)
    place = {z: k for k, z in enumerate(zones)}
    origin: int | None = None
    given: set[tuple[int, int]] = set()
    for number, line in body:
        words = line.split()
        if words[0].casefold() == "origin":
            origin = place.get(words[1]) if len(words) == 2 else None
            if origin is None:
                raise InvalidNetwork(
                    f"{path.name}, line {number}, must name a zone from 1 to {len(zones)}; "
                    f"found {line!r}."
                )
            continue
        if not line.endswith(";"):
            raise InvalidNetwork(
                f"{path.name}, line {number}, must end in a semicolon; found {line[-20:]!r}. Is it "
                "cut off?"
            )
        for entry in filter(None, (e.strip() for e in line.split(";"))):
            match = ENTRY.match(entry)
            if match is None or origin is None or match[1] not in place:
                raise InvalidNetwork(
                    f"{path.name}, line {number}, must hold 'zone : trips;' under an Origin; "
                    f"found {entry!r}."
                )
            pair = origin, place[match[1]]
            value = _numbers([match[2]], f"{path.name}, line {number},")[0]
            if pair in given or not (np.isfinite(value) and value >= 0):
                raise InvalidNetwork(
                    f"{path.name}, line {number}, must give trips of zero or more, each pair of "
                    f"zones once; found {entry!r} from {zones[origin]}."
                )
            given.add(pair)
            values[pair] = value
    said = head.get("TOTAL OD FLOW", "").split()
    total = _numbers(said[:1], f"{path.name}, TOTAL OD FLOW,")[0] if said else values.sum()
    if not abs(values.sum() - total) <= ROUNDING * max(total, 1.0):
        raise InvalidNetwork(
            f"{path.name} says its trips are {total:g} in all; they are {values.sum():g}. Is it "
            "cut off?"
        )
    return pd.DataFrame(values, index=trips.index, columns=trips.columns)


def _read_flows(path: Path, links: pd.DataFrame) -> pd.DataFrame:
    rows = [line.split() for line in read_text(path).splitlines() if line.strip()]
    table = [_numbers(r[:4], f"{path.name}, row {k + 2},") for k, r in enumerate(rows[1:])]
    if any(len(r) != 4 for r in table):
        raise InvalidNetwork(f"{path.name} must have the columns From, To, Volume and Cost.")
    waiting: dict[tuple[str, str], list[str]] = {}
    for key, a, b in zip(links.index, links["from_node"], links["to_node"], strict=True):
        waiting.setdefault((a, b), []).append(str(key))
    found = {}
    for a, b, volume, cost in table:
        if not np.isfinite([a, b, volume, cost]).all():
            raise InvalidNetwork(f"{path.name} must hold finite numbers; found {a}, {b}.")
        keys = waiting.get((str(int(a)), str(int(b))))
        if not keys:
            raise InvalidNetwork(f"{path.name} has a flow from {a:g} to {b:g}; no link does that.")
        found[keys.pop(0)] = (volume, cost)
    if len(found) != len(links):
        raise InvalidNetwork(
            f"{path.name} must have a flow for each of {len(links)} links; it has {len(found)}."
        )
    flows = pd.DataFrame.from_dict(found, orient="index", columns=["volume", "cost"])
    return flows.reindex(links.index)


def _read_nodes(path: Path) -> pd.DataFrame:
    rows = [line.rstrip("; \t").split() for line in read_text(path).splitlines() if line.strip()]
    table = [_numbers(r[:3], f"{path.name}, row {k + 2},") for k, r in enumerate(rows[1:])]
    if any(len(r) != 3 for r in table):
        raise InvalidNetwork(f"{path.name} must have the columns Node, X and Y.")
    if bad := [r for r in table if not (np.isfinite(r).all() and r[0] == int(r[0]))]:
        raise InvalidNetwork(f"{path.name} must number its nodes; found {bad[0]}.")
    labels = [str(int(r[0])) for r in table]
    if len(set(labels)) < len(labels):
        twice = next(k for n, k in enumerate(labels) if k in labels[:n])
        raise InvalidNetwork(f"{path.name} must have every node once; node {twice} is there twice.")
    return pd.DataFrame([r[1:] for r in table], index=labels, columns=["x", "y"])


def write_tntp(
    graph: RoadGraph, folder: str | Path, *, demand: pd.DataFrame | None = None, name: str = "case"
) -> Path:
    """Write ``<name>_net.tntp`` and, with demand, ``<name>_trips.tntp``; return the first.

    Nodes are numbered: zones that are closed first, then other zones, then the rest. Labels that
    are these numbers already are kept.

    Raises
    ------
    InvalidNetwork
        A closed node that is no zone: the format has no room for it.
    """
    zones = [*(z for z in graph.zones if z in graph.closed)]
    zones += [z for z in graph.zones if z not in graph.closed]
    if odd := sorted(graph.closed - set(zones)):
        raise InvalidNetwork(f"TNTP closes zones only; these are none: {', '.join(odd[:5])}.")
    rest = [str(n) for n in graph.nodes if n not in set(zones)]
    number = {n: str(k) for k, n in enumerate([*zones, *rest], start=1)}
    if set(number) == set(number.values()) and {*zones} == {number[z] for z in zones}:
        number = {n: n for n in number}
        zones = sorted(zones, key=int)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    first = len(graph.closed) + 1
    lines = [
        f"<NUMBER OF ZONES> {len(zones)}",
        f"<NUMBER OF NODES> {len(number)}",
        f"<FIRST THRU NODE> {first}",
        f"<NUMBER OF LINKS> {len(graph.links)}",
        "<END OF METADATA>",
        "",
        "~\t" + "\t".join(COLUMNS) + "\t;",
    ]
    links = graph.links
    speed = links["speed"] if "speed" in links.columns else 0.0 * links["km"]
    kind = links["link_type"] if "link_type" in links.columns else links["toll"].map(lambda _: "1")
    for row in zip(
        links["from_node"].map(number),
        links["to_node"].map(number),
        links["capacity"].replace(np.inf, ENDLESS).map(repr),
        links["km"].fillna(0.0).map(repr),
        *(links[c].map(repr) for c in ("free_minutes", "alpha", "power")),
        speed.map(repr),
        links["toll"].map(repr),
        kind,
        strict=True,
    ):
        lines.append("\t" + "\t".join(map(str, row)) + "\t;")
    net = folder / f"{name}_net.tntp"
    net.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if demand is not None:
        total = float(demand.to_numpy().sum())
        lines = [f"<NUMBER OF ZONES> {len(zones)}", f"<TOTAL OD FLOW> {total!r}"]
        lines.append("<END OF METADATA>")
        for origin in zones:
            lines.append(f"\nOrigin {number[origin]}")
            row = demand.loc[[origin], zones].to_numpy(dtype=np.float64)[0]
            pairs = zip(zones, row.tolist(), strict=True)
            lines += [f"{number[to]} : {trips!r};" for to, trips in pairs]
        (folder / f"{name}_trips.tntp").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return net


def read_tntp_network(
    path: str | Path, *, name: str | None = None, year: int | None = None
) -> Network:
    """Return the roads of a case as a network; see ``read_tntp`` and ``network_of_tntp``."""
    return network_of_tntp(read_tntp(path), name=name, year=year)


def network_of_tntp(case: Tntp, *, name: str | None = None, year: int | None = None) -> Network:
    """Return the roads of a case as a network: zones are places, other nodes stops.

    Raises
    ------
    InvalidNetwork
        The case has no coordinates.
    """
    graph = case.graph
    if case.nodes is None:
        raise InvalidNetwork(
            f"A network needs coordinates; {case.name!r} has no {case.name}_node.tntp. For "
            "assignment read_tntp needs none."
        )
    labels = [*graph.zones, *(n for n in graph.nodes if n not in set(graph.zones))]
    if lost := [n for n in labels if n not in case.nodes.index]:
        raise InvalidNetwork(f"Nodes without coordinates: {', '.join(lost[:5])}.")
    zone = np.isin(labels, graph.zones)
    nodes = pd.DataFrame(
        {
            "name": [f"Node {n}" for n in labels],
            "kind": np.where(zone, "place", "stop"),
            "lon": case.nodes.loc[labels, "x"].to_numpy(),
            "lat": case.nodes.loc[labels, "y"].to_numpy(),
            "area_km2": np.where(zone, AREA_KM2, np.nan),
            "no_pass": np.isin(labels, list(graph.closed)),
        },
        index=pd.Index(labels, name="node"),
    )
    links = pd.DataFrame(
        {
            "from_node": graph.links["from_node"],
            "to_node": graph.links["to_node"],
            "mode": "road",
            "km": graph.links["km"].fillna(0.0),
            "minutes": graph.links["free_minutes"],
            "capacity": graph.links["capacity"].where(graph.links["capacity"] < ENDLESS),
            "bidirectional": False,
            "source": f"{case.name} (TNTP)",
            "status": "published",
        }
    )
    notes = [f"area_km2 of every zone is an assumption: {AREA_KM2:g}"]
    notes.append("capacity is in the unit of the trips of the case, whatever its period")
    if graph.closed:
        notes.append(f"{len(graph.closed)} zones must not be passed through")
    return Network(nodes, links, name=name or case.name, year=year, notes=tuple(notes))
