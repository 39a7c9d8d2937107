"""Which county towns, ports and passes on the border can be named? Builds their places and roads.

Public names
------------
build_border : county table and road graph -> border places, one road each

Terms
-----
A *border place* is a county town, port or pass named in box 12 of the 14th Five-Year Plan (border
roads and airports to be built; the airports are nodes of their own). It is a stop of the network
and not one of its 341 zones, so that the base year stays as it is;
``load_china_network(places=...)`` makes zones of them. Each is tied to one neighbour by one road as
it is, so that no way leads through it until a scenario adds one.

Formula
-------
km = 1.06 x shortest way in the OpenStreetMap graph + 1.3 x the way to the graph at both ends; where
the graph passes an end at more than 15 km, or is shorter than the straight line, great circle x
1.3. Minutes = 60 km / speed of an ordinary road (``build_road``). Population and area are those of
the county (census 2010); a port or pass has none in the table.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from networks.china.build_air import ACCESS_SPEED
from networks.china.build_road import HIGH_COUNTRY, ORDINARY, ORDINARY_HIGH
from networks.geo import great_circle_km

SIMPLIFIED, TO_THE_GRAPH, DETOUR, OFF_THE_GRAPH_KM = 1.06, 1.3, 1.3, 15.0
Point = tuple[float, float]


class _Roads:
    """The road graph of OpenStreetMap, undirected, km on edges."""

    def __init__(self, shared: Path) -> None:
        self.nodes = pd.read_csv(shared / "road/osm_world_highways_china_bbox_nodes.csv.gz")
        edges = pd.read_csv(shared / "road/osm_world_highways_china_bbox_edges.csv.gz")
        ends = np.sort(edges[["u", "v"]].to_numpy(), axis=1)
        edges = edges.assign(u=ends[:, 0], v=ends[:, 1])
        edges = edges.groupby(["u", "v"], as_index=False)["km"].min()  # parallel roads: the shorter
        where = pd.Series(np.arange(len(self.nodes)), index=self.nodes["node"])
        pairs = (where[edges["u"]].to_numpy(), where[edges["v"]].to_numpy())
        size = (len(self.nodes), len(self.nodes))
        self.graph = coo_array((edges["km"].to_numpy(), pairs), shape=size).tocsr()

    def nearest(self, point: Point) -> tuple[int, float]:
        """Return position and km of the graph node nearest to a point."""
        away = great_circle_km(*point, self.nodes["lon"].to_numpy(), self.nodes["lat"].to_numpy())
        return int(away.argmin()), float(away.min())

    def km(self, one: Point, two: Point) -> tuple[float, str]:
        """Return road km between two points and what they rest on."""
        (at, off_one), (to, off_two) = self.nearest(one), self.nearest(two)
        straight = float(great_circle_km(*one, *two))
        if max(off_one, off_two) <= OFF_THE_GRAPH_KM:
            way = float(dijkstra(self.graph, directed=False, indices=at, limit=1500.0)[to])
            km = SIMPLIFIED * way + TO_THE_GRAPH * (off_one + off_two)
            if straight <= km < np.inf:
                return km, "OpenStreetMap road graph"
        return straight * DETOUR, "great circle x 1.3: no road in the graph"


def build_border(
    shared: Path, hand: Path, places: pd.DataFrame, stops: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return border places (node rows, those that are rail stops already among them) and roads.

    Parameters
    ----------
    shared
        Folder of the source data.
    hand
        Folder of the tables compiled by hand.
    places, stops
        The tables of places and of rail stops.
    """
    text = ["code", "parent", "tied_to"]
    table = pd.read_csv(hand / "border_places.csv", dtype=dict.fromkeys(text, "str"))
    table = table.set_index("node")
    counties = pd.read_csv(
        shared / "city/mapchina_counties_census2000_2010.csv", dtype={"Code_County": "str"}
    ).set_index("Code_County")
    county = counties.reindex(table["code"])
    airport = table.index.str.startswith("A_")
    nodes = pd.DataFrame(
        {
            "name": table["name"],
            "name_zh": table["name_zh"],
            "kind": np.where(airport, "airport", "stop"),
            "region": table["parent"].map(places["region"]),
            "region_code": table["parent"].map(places["region_code"]),
            "lon": table["lon"],
            "lat": table["lat"],
            "area_km2": county["Area"].to_numpy(),
            "population": county["Pop_2010"].to_numpy(),
            "parent": table["parent"],
            "code": table["code"],
            "note": table["note"] + "; coordinates: " + table["source"],
        }
    )
    known = nodes.index.isin(stops.index)
    if not (nodes.loc[known, ["lon", "lat"]] == stops.loc[nodes.index[known], ["lon", "lat"]]).all(
        axis=None
    ):
        raise ValueError("a border place that is a rail stop must lie where the stop lies")
    roads = _Roads(shared)
    where = pd.concat([places[["lon", "lat"]], nodes[["lon", "lat"]]])
    rows = []
    for node, parent, other in table[["parent", "tied_to"]].itertuples():
        one, two = ((float(where.at[n, "lon"]), float(where.at[n, "lat"])) for n in (node, other))
        km, basis = roads.km(one, two)
        mode = "road"
        speed = ORDINARY_HIGH if str(parent).startswith(HIGH_COUNTRY) else ORDINARY
        if nodes.at[node, "kind"] == "airport":
            km, basis = float(great_circle_km(*one, *two)) * DETOUR, "great circle x 1.3"
            mode, speed = "access", ACCESS_SPEED
        rows.append(
            {
                "from_node": other,
                "to_node": node,
                "mode": mode,
                "km": round(km, 1),
                "minutes": round(60.0 * km / speed, 1),
                "status": "assumption",
                "note": f"way to a border place; {basis}",
            }
        )
    return nodes, pd.DataFrame(rows)
