"""Networks in GMNS, the general modeling network specification: node and link tables.

Public names
------------
read_gmns : a folder or zip archive with ``node.csv`` and ``link.csv``
write_gmns : a network as GMNS, our own columns beside those of the specification
road_graph_of_gmns : the same files as a graph with capacities, for assignment

Terms
-----
GMNS names: node_id, x_coord, y_coord, zone_id; link_id, from_node_id, to_node_id, directed, length,
free_speed, capacity, lanes, allowed_uses, facility_type. Units are what ``config.csv`` says, km and
km/h without it. Nodes with a zone_id are places; where no node has one, every node is. Columns of
this package (mode, line, minutes, ...) are kept where a file has them.

Source: Zephyr Foundation, GMNS 0.96, tables node, link and config.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from networks.assignment.graph import RoadGraph
from networks.dims import LINK_MODES
from networks.errors import InvalidNetwork
from networks.geo import great_circle_km
from networks.network import Network
from networks.readers.files import numbers, read_rows
from networks.schema import read_schema

AREA_KM2 = 10.0  # of a zone; GMNS has none, and a place needs one for its cost to itself
KM = {"km": 1.0, "kilometers": 1.0, "m": 1e-3, "meters": 1e-3, "mi": 1.609344, "miles": 1.609344}
KM |= {"kilometer": 1.0, "meter": 1e-3, "mile": 1.609344, "ft": 3.048e-4, "feet": 3.048e-4}
KMH = {"kph": 1.0, "km/h": 1.0, "kmh": 1.0, "mph": 1.609344}
# Words of facility_type and allowed_uses that say a link mode, the first that fits.
MODE_WORDS = {
    "rail_hsr": ("high-speed rail", "hsr"),
    "rail_conventional": ("rail", "train"),
    "ferry": ("ferry",),
    "air": ("air", "flight"),
}
OURS = {"from_node": "from_node_id", "to_node": "to_node_id", "km": "length"}
OURS |= {"capacity": "capacity_per_day"}
HOURS = 24.0  # GMNS capacities are an hour's and a lane's, those of this package a day's


def read_gmns(
    path: str | Path,
    *,
    area_km2: float = AREA_KM2,
    speed_kmh: float | None = None,
    name: str | None = None,
    year: int | None = None,
) -> Network:
    """Return the network of GMNS tables.

    Parameters
    ----------
    path
        Folder or zip archive.
    area_km2
        Area of places whose own is not given.
    speed_kmh
        Speed of links without free_speed; such links are an error when left out.
    name, year
        What the network is called and the year it stands for.

    Raises
    ------
    MissingNetwork
        node.csv or link.csv is not there.
    InvalidNetwork
        Tables that are damaged, lack columns, or make no network.
    """
    path = Path(path)
    nodes, links, notes = _tables(path, speed_kmh)
    schema = read_schema()
    known = set(schema.loc[schema["table"] == "links", "variable"])
    places = nodes["kind"] == "place"
    if (nodes.loc[places, "area_km2"].astype(str) == "").any():
        notes.append(f"area_km2 of places that do not say theirs is an assumption: {area_km2:g}")
    blank = places & (nodes["area_km2"].astype(str) == "")
    nodes["area_km2"] = nodes["area_km2"].astype(object).mask(blank, area_km2)
    hourly = (links["capacity"] * links["lanes"].fillna(1.0)).mask(links["capacity"] <= 0)
    if (links["per_day"].isna() & hourly.notna()).any():
        notes.append(f"capacity of a day: that of an hour and a lane x lanes x {HOURS:g}")
    links["capacity"] = links["per_day"].fillna(hourly * HOURS)
    return Network(
        nodes,
        links[[c for c in links.columns if c in known]],
        name=name or path.stem,
        year=year,
        notes=tuple(notes),
    )


def road_graph_of_gmns(
    path: str | Path, *, speed_kmh: float | None = None, capacity: float | None = None
) -> RoadGraph:
    """Return the road links with capacity x lanes per direction, as a graph for assignment.

    Parameters
    ----------
    path
        As for ``read_gmns``.
    speed_kmh, capacity
        Of links that do not say theirs; capacity per lane, in the unit of the demand.

    Raises
    ------
    InvalidNetwork
        As for ``read_gmns``, or a link without a capacity where none is given here.
    """
    nodes, links, _ = _tables(Path(path), speed_kmh)
    roads = links[links["mode"] == "road"].set_index("link")
    each = roads["capacity"].fillna(np.nan if capacity is None else capacity)
    network = Network(
        nodes.assign(area_km2=AREA_KM2),
        roads.drop(columns=["capacity", "lanes", "per_day"]),
        name="GMNS",
    )
    return RoadGraph.from_network(
        network, capacity=each * roads["lanes"].fillna(1.0), modes=["road"]
    )


def _tables(path: Path, speed_kmh: float | None) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return node and link tables with the columns of this package, and notes."""
    node = read_rows(path, "node.csv", ("node_id", "x_coord", "y_coord"))
    link = read_rows(path, "link.csv", ("from_node_id", "to_node_id"))
    config = read_rows(path, "config.csv", (), optional=True)
    assert node is not None  # only optional tables may be missing
    assert link is not None
    km, kmh = _units(config, path)
    zone = node["zone_id"] if "zone_id" in node.columns else pd.Series("", index=node.index)
    given = node["kind"] if "kind" in node.columns else pd.Series("", index=node.index)
    as_zones = np.where(zone != "", "place", "stop") if (zone != "").any() else "place"
    nodes = pd.DataFrame(
        {
            "node": node["node_id"],
            "name": node["name"].where(node["name"] != "", node["node_id"])
            if "name" in node.columns
            else node["node_id"],
            "kind": np.where(given != "", given, as_zones),
            "lon": numbers(node, "x_coord", "node.csv"),
            "lat": numbers(node, "y_coord", "node.csv"),
        }
    )
    for column in ("area_km2", "population", "gdp", "region", "region_code", "parent", "name_zh"):
        nodes[column] = node[column] if column in node.columns else ""
    for column in ("no_pass", "note"):
        if column in node.columns:
            nodes[column] = node[column]
    notes = [f"GMNS tables of {path.name}: lengths x {km:g} km, speeds x {kmh:g} km/h"]
    if not (zone != "").any() and not (given != "").any():
        notes.append("no node has a zone_id: every node is a place")
    links, more = _links(link, nodes, km, kmh, speed_kmh)
    return nodes, links, notes + more


def _units(config: pd.DataFrame | None, path: Path) -> tuple[float, float]:
    if config is None or config.empty:
        return 1.0, 1.0
    row = config.iloc[0]
    length = str(row.get("long_length", "") or "km").casefold()
    speed = str(row.get("speed", "") or "kph").casefold()
    if length not in KM or speed not in KMH:
        raise InvalidNetwork(
            f"{path.name}/config.csv must name units that are known ({', '.join(KM)}; "
            f"{', '.join(KMH)}); found {length!r} and {speed!r}."
        )
    return KM[length], KMH[speed]


def _links(
    link: pd.DataFrame, nodes: pd.DataFrame, km: float, kmh: float, speed_kmh: float | None
) -> tuple[pd.DataFrame, list[str]]:
    notes: list[str] = []
    blank = pd.Series("", index=link.index)

    def text(name: str) -> "pd.Series[str]":
        return link[name] if name in link.columns else blank

    def number(name: str) -> "pd.Series[float]":
        if name not in link.columns:
            return pd.Series(np.nan, index=link.index)
        return numbers(link, name, "link.csv")

    key = text("link_id")
    made = pd.Series([str(k + 1) for k in range(len(link))], index=link.index)
    directed = text("directed").str.casefold()
    if bad := sorted(set(directed) - {"", "true", "false", "1", "0"}):
        raise InvalidNetwork(f"link.csv: directed must be true or false; found {bad[0]!r}.")
    words = (text("allowed_uses") + " " + text("facility_type")).str.casefold()
    mode = pd.Series("road", index=link.index)
    for name in reversed(MODE_WORDS):
        mode = mode.mask(
            words.map(lambda w, name=name: any(v in w for v in MODE_WORDS[name])), name
        )
    if "mode" in link.columns:
        mode = mode.mask(link["mode"].isin(LINK_MODES), link["mode"])
    where = nodes.set_index("node")[["lon", "lat"]]
    where = where[~where.index.duplicated()]
    ends = [where.reindex(link[c]).to_numpy() for c in ("from_node_id", "to_node_id")]
    length = number("length") * km
    if length.isna().any():
        notes.append(f"{int(length.isna().sum())} links without length: 1.2 x great circle")
        straight = great_circle_km(ends[0][:, 0], ends[0][:, 1], ends[1][:, 0], ends[1][:, 1])
        length = length.fillna(pd.Series(1.2 * np.nan_to_num(straight), index=link.index))
    speed = number("free_speed") * kmh
    minutes = number("minutes")
    slow = minutes.isna() & ~(speed > 0)
    if slow.any() and speed_kmh is None:
        shown = ", ".join(key[slow][:5])
        raise InvalidNetwork(
            f"link.csv: every link needs a positive free_speed; {int(slow.sum())} have none: "
            f"{shown}. Or give speed_kmh."
        )
    if slow.any():
        notes.append(f"{int(slow.sum())} links without free_speed: {speed_kmh:g} km/h assumed")
        speed = speed.mask(~(speed > 0), speed_kmh)
    links = pd.DataFrame(
        {
            "link": key.where(key != "", made),
            "from_node": link["from_node_id"],
            "to_node": link["to_node_id"],
            "mode": mode,
            "km": length,
            "minutes": minutes.fillna(60.0 * length / speed),
            "bidirectional": directed.isin(["false", "0"]),
            "money": text("money").where(text("money") != "", text("toll")),
            "status": text("status").where(text("status") != "", "speed"),
            "capacity": number("capacity"),
            "lanes": number("lanes"),
            "per_day": number("capacity_per_day"),
        }
    )
    for name in ("line", "trains_per_day", "year_opened", "year_closed", "source", "note"):
        links[name] = text(name)
    links["freight_factor"] = text("freight_factor").where(text("freight_factor") != "", "1.0")
    return links, notes


def write_gmns(network: Network, folder: str | Path) -> Path:
    """Write ``node.csv``, ``link.csv`` and ``config.csv`` into a folder; return it.

    The tables say all that the network's say: ``read_gmns`` gives them back.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    nodes = network.nodes.rename_axis("node_id").reset_index()
    nodes = nodes.rename(columns={"lon": "x_coord", "lat": "y_coord"})
    place = nodes["kind"] == "place"
    nodes.insert(1, "zone_id", nodes["node_id"].where(place, ""))
    links = network.links.rename_axis("link_id").reset_index().rename(columns=OURS)
    links["directed"] = ~links.pop("bidirectional")
    hours = links["minutes"] / 60.0
    links["free_speed"] = (links["length"] / hours.mask(hours == 0)).where(hours > 0)
    links["facility_type"] = links["mode"]
    links["toll"] = links["money"]
    links["capacity"] = links["capacity_per_day"] / HOURS
    config = pd.DataFrame(
        {
            "dataset_name": [network.name],
            "long_length": ["km"],
            "speed": ["kph"],
            "crs": ["EPSG:4326"],
        }
    )
    for table, frame in (("node", nodes), ("link", links), ("config", config)):
        frame.to_csv(folder / f"{table}.csv", index=False, encoding="utf-8", lineterminator="\n")
    return folder
