"""How far is it by road between neighbouring cities, how fast, and since when? Builds road links.

Public names
------------
build_road : road kilometres and opening years -> road and ferry links

Terms
-----
A *pair* is two neighbouring cities with a shortest path in the OpenStreetMap road graph. A *barrier
pair* is one whose road goes round a sea, a range or a missing bridge (more than 2.5 times the
straight line): dropped, or given a bridge by hand. An *expressway pair* is one that the
by-year graph of expressways joins within 1.3 times its kilometres.

Formula
-------
Minutes = 60 km / speed: 83 km/h on an expressway pair, 60 on others; 57.5 and 45 in Tibet, Qinghai
and western Sichuan (assumptions; the sources know no road class). An expressway pair has two
links: the ordinary road until the year, the expressway from it. A city that the by-year graph lacks
is joined to every expressway that passes within 50 km of it. The by-year graph has gaps (G42 at
Suzhou, G4 north of Zhengzhou): 65 pairs are named by hand.
"""

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd

from networks.geo import great_circle_km

EXPRESSWAY, ORDINARY = 83.0, 60.0
EXPRESSWAY_HIGH, ORDINARY_HIGH = 57.5, 45.0
HIGH_COUNTRY = ("54", "63", "5132", "5133", "5134")  # Tibet, Qinghai, Ngawa, Garze, Liangshan
JOINED_WITHIN = 1.3
PASSING_KM = 50.0
OLD_NAMES = {"毫州市": "亳州市", "思茅市": "普洱市", "襄樊市": "襄阳市", "莱芜市": "济南市"}


def _segment_km(
    point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]
) -> float:
    """Return km from a point to the straight line between a and b (flat, near the point)."""
    scale = np.array([np.cos(np.radians(point[1])), 1.0]) * 111.2
    p, q, r = ((np.array(v) - np.array(point)) * scale for v in (point, a, b))
    way = r - q
    t = float(np.clip((p - q) @ way / max(float(way @ way), 1e-9), 0.0, 1.0))
    return float(np.linalg.norm(q + t * way - p))


def expressway_years(
    shared: Path, cities: pd.DataFrame, pairs: pd.DataFrame, km: np.ndarray
) -> pd.Series:
    """Return the year from which each pair is an expressway pair; nan when not by 2018.

    Parameters
    ----------
    cities
        The crosswalk, in the row order of ``km``.
    pairs
        Columns ``from_adcode``, ``to_adcode``, ``km``.
    km
        Road kilometres between all cities, shape (cities, cities).
    """
    table = pd.read_csv(shared / "road/network_edges_by_year.csv", encoding="utf-8-sig")
    table = table[table["type"] == "road"].replace(OLD_NAMES)
    full = {name: k for k, name in enumerate(cities["name_zh"])}
    edges: dict[tuple[int, int], float] = {}
    for a, b, year in table[["start_station", "end_station", "year"]].itertuples(index=False):
        if a in full and b in full and a != b:
            key = (min(full[a], full[b]), max(full[a], full[b]))
            edges[key] = min(float(year), edges.get(key, np.inf))
    inside = {k for edge in edges for k in edge}
    where = list(zip(cities["lon"], cities["lat"], strict=True))
    for city in set(range(len(cities))) - inside:
        for (a, b), year in list(edges.items()):
            if (
                a in inside
                and b in inside
                and _segment_km(where[city], where[a], where[b]) <= PASSING_KM
            ):
                for end in (a, b):
                    key = (min(city, end), max(city, end))
                    edges[key] = min(year, edges.get(key, np.inf))
    row = {code: k for k, code in enumerate(cities["adcode"])}
    start, end = pairs["from_adcode"].map(row), pairs["to_adcode"].map(row)
    opened = np.full(len(pairs), np.nan)
    graph = nx.Graph()
    for year in sorted(set(edges.values())):
        graph.add_weighted_edges_from((a, b, km[a, b]) for (a, b), y in edges.items() if y == year)
        for k in np.flatnonzero(np.isnan(opened)):
            a, b, limit = start.iloc[k], end.iloc[k], JOINED_WITHIN * pairs["km"].iloc[k]
            if a not in graph or b not in graph:
                continue
            reached = nx.single_source_dijkstra_path_length(graph, a, cutoff=limit)
            if b in reached:
                opened[k] = year
    return pd.Series(opened, index=pairs.index)


def build_road(shared: Path, hand: Path, places: pd.DataFrame) -> pd.DataFrame:
    """Return road and ferry links between places, one row per pair and state of the road.

    Parameters
    ----------
    shared
        Folder of the source data.
    hand
        Folder of the tables compiled by hand.
    places
        The place table.
    """
    cities = pd.read_csv(shared / "china_case/cities.csv", dtype={"adcode": str})
    pairs = pd.read_csv(
        shared / "china_case/road_neighbours.csv", dtype={"from_adcode": str, "to_adcode": str}
    )
    matrix = np.load(shared / "china_case/road_km_341x341.npy")
    pairs["flag"] = pairs["flag"].fillna("")
    pairs = pairs[~pairs["flag"].isin(["absurd", "ferry"])]
    by_hand = pd.read_csv(hand / "road_overrides.csv", dtype={"from_adcode": str, "to_adcode": str})
    keys = {tuple(sorted(k)) for k in by_hand[["from_adcode", "to_adcode"]].to_numpy().tolist()}
    mine = [
        tuple(sorted(k)) in keys for k in pairs[["from_adcode", "to_adcode"]].to_numpy().tolist()
    ]
    pairs = pairs[~np.array(mine)].reset_index(drop=True)
    years = expressway_years(shared, cities, pairs, matrix)
    known = pd.read_csv(hand / "expressways.csv", dtype={"from_adcode": str, "to_adcode": str})
    opened = {
        tuple(sorted((a, b))): float(year)
        for a, b, year in known[["from_adcode", "to_adcode", "year_opened"]].itertuples(index=False)
    }
    ends = pairs[["from_adcode", "to_adcode"]].itertuples(index=False)
    years = years.fillna(pd.Series([opened.get(tuple(sorted(k)), np.nan) for k in ends]))
    rows = []
    for (a, b, km), year in zip(
        pairs[["from_adcode", "to_adcode", "km"]].itertuples(index=False), years, strict=True
    ):
        high = [code.startswith(HIGH_COUNTRY) for code in (a, b)]
        fast = np.mean([EXPRESSWAY_HIGH if h else EXPRESSWAY for h in high])
        slow = np.mean([ORDINARY_HIGH if h else ORDINARY for h in high])
        common = {"from_node": a, "to_node": b, "mode": "road", "km": km, "status": "speed"}
        rows.append(
            {**common, "minutes": 60.0 * km / slow, "year_closed": year, "note": "ordinary"}
        )
        if year == year:
            fast_row = {"minutes": 60.0 * km / fast, "year_opened": year, "note": "expressway"}
            rows.append({**common, **fast_row})
    source = "OpenStreetMap road graph (km); by-year expressway graph to 2018 (years)"
    links = pd.DataFrame(rows).assign(source=source)
    extra = by_hand[by_hand["km"].notna()].rename(
        columns={"from_adcode": "from_node", "to_adcode": "to_node"}
    )
    extra = extra.assign(status="assumption", source="by hand: general knowledge, not verified")
    links = pd.concat([links, extra], ignore_index=True)
    straight = great_circle_km(
        *(
            places.loc[links[end], c].to_numpy()
            for end in ("from_node", "to_node")
            for c in ("lon", "lat")
        )
    )
    if (links["km"].to_numpy() < 0.98 * straight).any():
        short = links[links["km"].to_numpy() < 0.98 * straight]
        raise ValueError(f"roads shorter than the straight line: {short.head().to_dict('records')}")
    links["minutes"] = links["minutes"].round(1)
    return links
