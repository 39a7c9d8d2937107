"""Networks as graphs of other packages, out and in.

Public names
------------
to_networkx, from_networkx : a MultiDiGraph of networkx
to_igraph, from_igraph : a directed graph of igraph (an optional package under the GPL)

Terms
-----
A link that runs both ways becomes two edges; the second has ``back`` true and is left out on the
way in. Nodes and edges carry all columns of the tables as attributes. Graphs from elsewhere need
coordinates (``lon``/``lat`` or ``x``/``y``) at nodes and ``minutes`` at edges; what else they lack
is filled by arguments and noted.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks.errors import InvalidNetwork
from networks.network import Network
from networks.patch import link_km
from networks.readers.files import optional
from networks.schema import read_schema

if TYPE_CHECKING:
    import networkx as nx

AREA_KM2 = 10.0


def to_networkx(network: Network) -> "nx.MultiDiGraph[str]":
    """Return the network as a MultiDiGraph; edge keys are link keys."""
    import networkx as nx  # loaded where a graph is asked for

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=network.name)
    for key, row in _plain(network.nodes):
        graph.add_node(key, **row)
    for position, (key, row) in enumerate(_plain(network.links)):
        start, end = row.pop("from_node"), row.pop("to_node")
        row["position"] = position  # a graph lists edges by the node they leave
        graph.add_edge(start, end, key=key, back=False, **row)
        if row["bidirectional"]:
            graph.add_edge(end, start, key=f"{key}:back", back=True, **row)
    return graph


def _plain(table: pd.DataFrame) -> Iterable[tuple[str, dict[str, Any]]]:
    for key, row in zip(table.index, table.to_dict("records"), strict=True):
        yield str(key), {str(k): v for k, v in row.items()}


def from_networkx(
    graph: Any,
    *,
    mode: str = "road",
    minutes: str = "minutes",
    km: str = "km",
    area_km2: float = AREA_KM2,
    name: str | None = None,
) -> Network:
    """Return a graph of networkx, directed or not, as a network.

    Parameters
    ----------
    graph
        Any graph of networkx. Edges of undirected graphs run both ways.
    mode
        Link mode of edges without the attribute ``mode``.
    minutes, km
        Attributes that hold run time and length; without a length the great circle times the
        detour of the mode is taken.
    area_km2
        Area of places without the attribute ``area_km2``.
    name
        What the network is called; the graph's name when left out.

    Raises
    ------
    InvalidNetwork
        Nodes without coordinates, edges without minutes, or tables that make no network.
    """
    if graph.is_multigraph():
        edges = [(u, v, k, d) for u, v, k, d in graph.edges(keys=True, data=True)]
    else:
        edges = [(u, v, "", d) for u, v, d in graph.edges(data=True)]
    undirected = not graph.is_directed()
    rows = []
    for u, v, key, data in edges:
        row = dict(data)
        if undirected:
            row.setdefault("bidirectional", True)
        if isinstance(key, str) and key:
            row.setdefault("link", key)
        rows.append((str(u), str(v), row))
    nodes = [(str(n), dict(d)) for n, d in graph.nodes(data=True)]
    title = name or str(graph.graph.get("name", "") or "graph")
    return _network(nodes, rows, mode, minutes, km, area_km2, title)


def to_igraph(network: Network) -> Any:
    """Return the network as a directed graph of igraph; vertices and edges carry ``name``.

    Raises
    ------
    MissingPackage
        igraph is not installed.
    """
    igraph = optional("igraph", "igraph", "A graph of igraph")
    graph = igraph.Graph(directed=True)
    graph["name"] = network.name
    nodes = dict(_plain(network.nodes))
    title = {key: row.pop("name") for key, row in nodes.items()}
    columns = list(next(iter(nodes.values())))
    graph.add_vertices(
        list(nodes),
        {"title": list(title.values()), **{c: [r[c] for r in nodes.values()] for c in columns}},
    )
    ends, rows = [], []
    for key, row in _plain(network.links):
        start, end = row.pop("from_node"), row.pop("to_node")
        ends.append((start, end))
        rows.append({"name": key, "back": False, **row})
        if row["bidirectional"]:
            ends.append((end, start))
            rows.append({"name": f"{key}:back", "back": True, **row})
    attributes = {c: [r[c] for r in rows] for c in rows[0]} if rows else {}
    graph.add_edges(ends, attributes)
    return graph


def from_igraph(
    graph: Any,
    *,
    mode: str = "road",
    minutes: str = "minutes",
    km: str = "km",
    area_km2: float = AREA_KM2,
    name: str | None = None,
) -> Network:
    """Return a graph of igraph as a network; arguments and errors as for ``from_networkx``."""
    names = [str(v["name"]) if "name" in graph.vs.attributes() else str(v.index) for v in graph.vs]
    nodes = []
    for key, vertex in zip(names, graph.vs, strict=True):
        row = {k: v for k, v in vertex.attributes().items() if v is not None and k != "name"}
        if "title" in row:
            row["name"] = row.pop("title")
        nodes.append((key, row))
    rows = []
    for edge in graph.es:
        row = {k: v for k, v in edge.attributes().items() if v is not None}
        if "name" in row:
            row["link"] = row.pop("name")
        if not graph.is_directed():
            row.setdefault("bidirectional", True)
        rows.append((names[edge.source], names[edge.target], row))
    title = graph["name"] if "name" in graph.attributes() else "graph"
    return _network(nodes, rows, mode, minutes, km, area_km2, name or str(title))


def _network(
    nodes: list[tuple[str, dict[str, Any]]],
    edges: list[tuple[str, str, dict[str, Any]]],
    mode: str,
    minutes: str,
    km: str,
    area_km2: float,
    name: str,
) -> Network:
    schema = read_schema()
    known = {t: list(schema.loc[schema["table"] == t, "variable"]) for t in ("nodes", "links")}
    notes = [f"{name}: {len(nodes)} nodes and {len(edges)} edges of a graph"]
    made = []
    for key, data in nodes:
        row: dict[str, Any] = {k: v for k, v in data.items() if k in known["nodes"]}
        row["node"] = key
        row.setdefault("name", key)
        row.setdefault("kind", "place")
        row.setdefault("lon", data.get("x"))
        row.setdefault("lat", data.get("y"))
        if row["kind"] == "place" and row.get("area_km2") is None:
            row["area_km2"] = area_km2
        made.append(row)
    if lost := [r["node"] for r in made if r["lon"] is None or r["lat"] is None]:
        raise InvalidNetwork(
            f"Nodes need lon and lat (or x and y); {len(lost)} have none: {', '.join(lost[:5])}."
        )
    if not made or not any("area_km2" in d for _, d in nodes):
        notes.append(f"area_km2 of every place is an assumption: {area_km2:g}")
    links = []
    if all("position" in data for *_, data in edges):
        edges = sorted(edges, key=lambda edge: edge[2]["position"])
    for number, (start, end, data) in enumerate(edges):
        if data.get("back") is True or start == end:
            continue
        row = {k: v for k, v in data.items() if k in known["links"]}
        row |= {"from_node": start, "to_node": end}
        row.setdefault("link", f"e{number}")
        row.setdefault("mode", mode)
        row.setdefault("bidirectional", False)
        row["minutes"], row["km"] = data.get(minutes), data.get(km)
        links.append(row)
    if lost := [f"{r['from_node']}-{r['to_node']}" for r in links if r["minutes"] is None]:
        raise InvalidNetwork(
            f"Edges need {minutes!r}; {len(lost)} have none: {', '.join(lost[:5])}. Say by "
            "minutes= which attribute holds the run time."
        )
    empty = pd.DataFrame(columns=["link", "from_node", "to_node", "mode", "km", "minutes"])
    bare = Network(pd.DataFrame(made), empty, name=name, notes=tuple(notes))
    for row in links:
        if row["km"] is None:
            row["km"] = float(link_km(bare, row["mode"], [row["from_node"]], [row["to_node"]])[0])
    return replace(bare, links=pd.DataFrame(links) if links else empty)
