"""Which cities do trains join, how fast, how often and since when? Builds the rail tables.

Public names
------------
build_rail : line list and timetable runs -> stops, links, lines

Terms
-----
A *key city* is a name the timetable knows (187 of them, 39 of them counties or junctions). A *run*
is a pair of key cities with trains that stop at both and at no key city between. ``hsr`` are the
classes G, D and C, ``conventional`` are Z, T, K and slower. An *edge* joins neighbours on a line;
runs that pass key cities ride over several edges. A city the timetable does not know is *inserted*
into the edge it lies on.

Formula
-------
Minutes of a run are the smallest median of its classes (the smaller direction of each class; for
conventional trains only classes with a quarter of the trains), plus 2 minutes for the stop at its
end. Insertion of n cities into an edge of t minutes: each of the n + 1 parts takes its share of t
by great-circle km, plus (2 + 4 n) / (n + 1) minutes. Kilometres are published chainage where a
line has it, else great circle x 1.09 (hsr) or 1.15 (conventional).
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pandas as pd

from networks.china.build_corridors import Corridor, corridors_of
from networks.geo import great_circle_km

Pair = tuple[str, str]
Point = tuple[float, float]

CLASSES = {
    "hsr": ("高速动车", "动车组", "城际动车"),
    "conventional": ("直达特快", "特快", "快速", "普快", "普客"),
}
DETOUR = {"hsr": 1.09, "conventional": 1.15}
STOP_MINUTES = 2.0
HIGH_FARE_KMH = 300.0
INSERTED_MINUTES = 4.0
SHARE_OF_TRAINS_AT_INSERTED_STOPS = 0.5
FIRST_MULTIPLE_UNITS = 2007  # sixth speed-up, 2007-04-18: before it no D trains on older lines
FIRST_HIGH_SPEED = 2003  # Qinhuangdao-Shenyang
DAMAGED = {"丹": "丹东", "启": "启东", "济": "济南", "淮": "淮南"}
# Chainage stations whose English name is not the city's.
CHAINAGE_CITY = {
    "Beijing South": "北京",
    "Beijing West": "北京",
    "Tianjin South": "天津",
    "Qufu East": "济宁",
    "Taian": "泰安",
    "Suzhou East": "宿州",
    "Suzhou North": "苏州",
    "Zhengding Airport": "",
    "Humen": "东莞",
    "Shenzhen North": "深圳",
    "Guangzhou South": "广州",
    "Shanghai Hongqiao": "上海",
}


@dataclass
class RailMode:
    """Everything known about one mode before links are written."""

    name: str
    runs: dict[Pair, tuple[float, float]]
    edges: dict[Pair, float]  # year opened
    slow: set[Pair]  # edges whose fastest line is built for less than 300 km/h
    points: dict[str, Point]
    nodes: dict[str, str]
    chainage: dict[str, dict[str, float]] = field(default_factory=dict)

    def km(self, a: str, b: str) -> tuple[float, bool]:
        """Return kilometres between neighbours and whether they are published chainage."""
        straight = float(great_circle_km(*self.points[a], *self.points[b]))
        for posts in self.chainage.values():
            if a in posts and b in posts and abs(posts[a] - posts[b]) >= straight * 0.97:
                return abs(posts[a] - posts[b]), True
        return straight * DETOUR[self.name], False


def _pair(a: str, b: str) -> Pair:
    return (a, b) if a <= b else (b, a)


def station_names(shared: Path, keys: set[str]) -> dict[str, str]:
    """Return ``{station or route name: key city}``, with the four damaged values repaired.

    The name itself wins, then the mapping, then the name without a trailing compass point; never
    the compass point first, which would turn 济南 into 济.
    """
    mapping: dict[str, str] = json.loads((shared / "rail/station_to_city.json").read_text("utf-8"))
    mapping = {k: DAMAGED.get(v, v) for k, v in mapping.items()}
    mapping |= {"曲阜东": "济宁", "兖州": "济宁"}  # both in Jining, which the timetable lists

    def resolve(name: str) -> str:
        for candidate in (name, name.rstrip("东西南北") if len(name) > 2 else name):
            if candidate in keys:
                return candidate
            if mapping.get(candidate, "") in keys:
                return mapping[candidate]
        return ""

    lines = pd.read_csv(shared / "rail/lines_2020.csv", dtype=str, keep_default_na=False)
    routes = {stop for route in lines["途径站点"] for stop in route.split("-")}
    corrected = {stop + suffix for stop in keys for suffix in ("", "东", "西", "南", "北")}
    return {n: r for n in sorted(routes | corrected | set(mapping)) if (r := resolve(n))}


def read_lines(shared: Path, hand: Path) -> pd.DataFrame:
    """Return the line list with its known errors corrected; speed km/h, year opened."""
    raw = pd.read_csv(shared / "rail/lines_2020.csv", dtype=str, keep_default_na=False)
    names = dict(
        zip(
            ["线路", "线路类型", "现设计时速", "电气化", "建成年份", "途径站点"],
            ["line", "type", "speed", "electrified", "opened", "route"],
            strict=True,
        )
    )
    lines = raw[list(names)].rename(columns=names).set_index("line")
    lines["corrected"] = ""
    fixes = pd.read_csv(hand / "rail_corrections.csv", dtype=str, keep_default_na=False)
    for name, what, value, reason in fixes.itertuples(index=False):
        if name not in lines.index:
            raise ValueError(f"correction of an unknown line {name}")
        if what == "drop":
            lines = lines.drop(index=name)
        else:
            lines.loc[name, what] = value
            lines.loc[name, "corrected"] = f"{what}: {reason}"
    lines["year_opened"] = lines["opened"].str.slice(0, 4).astype(int)
    lines["speed"] = pd.to_numeric(lines["speed"].replace("N/A", ""), errors="coerce")
    lines["type"] = lines["type"].map(
        {"高速铁路": "high-speed", "快速铁路": "fast", "普速铁路": "conventional"}
    )
    lines["electrified"] = lines["electrified"].map({"是": "yes", "否": "no"})
    return lines.reset_index()


def read_runs(shared: Path, mode: str) -> dict[Pair, tuple[float, float]]:
    """Return ``{pair of key cities: (minutes, trains a day in one direction)}``."""
    table = pd.read_csv(shared / "rail/timetable_2020_consecutive_city_runs.csv")
    table = table[table["service_zh"].isin(CLASSES[mode])]
    medians: dict[Pair, dict[str, float]] = defaultdict(dict)
    trains: dict[Pair, Counter[str]] = defaultdict(Counter)
    columns = ["from_city_zh", "to_city_zh", "service_zh", "trains_per_day", "median_min"]
    for a, b, service, count, median in table[columns].itertuples(index=False):
        pair = _pair(a, b)
        medians[pair][service] = min(median, medians[pair].get(service, median))
        trains[pair][service] += count / 2.0
    runs = {}
    for pair, by_class in medians.items():
        total = trains[pair].total()
        share = 0.25 if mode == "conventional" else 0.0
        usual = [m for s, m in by_class.items() if trains[pair][s] >= share * total]
        runs[pair] = (float(min(usual or by_class.values())), float(total))
    return runs


def _edges(
    lines: pd.DataFrame, names: dict[str, str], runs: dict[Pair, tuple[float, float]], mode: str
) -> dict[Pair, float]:
    """Return ``{neighbours with a run: year the first line for this mode opened}``."""
    years: dict[Pair, list[float]] = defaultdict(list)
    for kind, year, route in lines[["type", "year_opened", "route"]].itertuples(index=False):
        stops = [names[s] for s in route.split("-") if s in names]
        for a, b in pairwise(stops):
            if a != b and _pair(a, b) in runs:
                high_speed = kind != "conventional" and year >= FIRST_HIGH_SPEED
                old = kind != "high-speed"
                fits = high_speed if mode == "hsr" else old
                years[_pair(a, b)] += [float(year)] if fits else []
    fallback = float(FIRST_MULTIPLE_UNITS) if mode == "hsr" else float("nan")
    return {pair: min(found, default=fallback) for pair, found in years.items()}


def _speeds(lines: pd.DataFrame, names: dict[str, str]) -> dict[Pair, float]:
    """Return ``{neighbours: design speed of the fastest line for multiple units, km/h}``."""
    speed: dict[Pair, float] = {}
    fast = lines[lines["type"] != "conventional"]
    for kmh, route in fast[["speed", "route"]].fillna(200.0).itertuples(index=False):
        for a, b in pairwise([names[s] for s in route.split("-") if s in names]):
            speed[_pair(a, b)] = max(float(kmh), speed.get(_pair(a, b), 0.0))
    return speed


def _without_shortcuts(edges: dict[Pair, float], points: dict[str, Point]) -> dict[Pair, float]:
    """Drop edges that only pass another key city: a - c where a - b - c is as straight."""
    graph = nx.Graph(list(edges))
    kept = {}
    for (a, c), year in edges.items():
        straight = float(great_circle_km(*points[a], *points[c]))
        around = [
            float(great_circle_km(*points[a], *points[b]))
            + float(great_circle_km(*points[b], *points[c]))
            for b in nx.common_neighbors(graph, a, c)
        ]
        if min(around, default=float("inf")) > 1.08 * straight:
            kept[(a, c)] = year
    return kept


def _chainage(shared: Path, cities: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return ``{line: {short Chinese name: km post}}`` from published station chainage."""
    posts = pd.read_csv(shared / "rail/hsr_chainage.csv")
    by_english = dict(zip(cities["english_name"], cities["short_name"], strict=True))
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for line, km, station in posts[["line", "km", "station"]].itertuples(index=False):
        plain = station
        for point in (" East", " West", " South", " North"):
            plain = plain.removesuffix(point)
        city = CHAINAGE_CITY.get(station, by_english.get(plain, ""))
        if city:
            found[line].setdefault(city, float(km))
    return found


def read_mode(
    shared: Path, hand: Path, cities: pd.DataFrame, lines: pd.DataFrame, mode: str
) -> RailMode:
    """Return runs, edges and the places of every stop of one mode."""
    runs = read_runs(shared, mode)
    points = {n: (x, y) for n, x, y in cities[["short_name", "lon", "lat"]].itertuples(index=False)}
    nodes = dict(zip(cities["short_name"], cities["adcode"], strict=True))
    rail_names = pd.read_csv(shared / "china_case/rail_names.csv", dtype=str)
    short = dict(zip(cities["adcode"], cities["short_name"], strict=True))
    for name, code, level in rail_names[["rail_name", "adcode", "level"]].itertuples(index=False):
        if level == "seat":
            points[name], nodes[name] = points[short[code]], code
    stops = pd.read_csv(hand / "rail_stops.csv")
    wanted = stops["mode"].isin(["both", f"rail_{mode}"])
    for row in stops[wanted].itertuples(index=False):
        points[row.rail_name], nodes[row.rail_name] = (row.lon, row.lat), row.node
    if missing := {n for pair in runs for n in pair} - set(nodes):
        raise ValueError(f"no place for the key cities {sorted(missing)}")
    names = station_names(shared, {n for pair in read_all_pairs(shared) for n in pair})
    edges = _edges(lines, names, runs, mode)
    joined = pd.read_csv(hand / "rail_joined.csv")
    for a, b, year in joined.loc[joined["mode"] == mode, ["from", "to", "year_opened"]].itertuples(
        index=False
    ):
        edges[_pair(a, b)] = float(year)
    chainage = _chainage(shared, cities) if mode == "hsr" else {}
    edges = _without_shortcuts(edges, points)
    speeds = _speeds(lines, names)
    slow = {pair for pair in edges if mode == "hsr" and speeds.get(pair, 200.0) < HIGH_FARE_KMH}
    return RailMode(mode, runs, edges, slow, points, nodes, chainage)


def read_all_pairs(shared: Path) -> set[Pair]:
    """Return every pair of key cities that has a run of any class."""
    table = pd.read_csv(shared / "rail/timetable_2020_consecutive_city_runs.csv")
    return {_pair(a, b) for a, b in table[["from_city_zh", "to_city_zh"]].itertuples(index=False)}


def read_insertions(hand: Path, mode: str) -> dict[Pair, list[str]]:
    """Return ``{edge: cities inserted into it, in the order of the sorted pair}``."""
    table = pd.read_csv(hand / "rail_insertions.csv")
    rows = table.loc[table["mode"] == mode, ["from", "to", "cities"]]
    found = {}
    for a, b, text in rows.itertuples(index=False):
        order = text.split()
        found[_pair(a, b)] = order if a <= b else order[::-1]
    return found


def build_corridors(rail: RailMode, hand: Path) -> list[Corridor]:
    """Return the through services of one mode, as paths over key cities."""
    table = pd.read_csv(hand / "rail_through.csv")
    rows = table.loc[table["mode"] == rail.name, ["via", "from", "to", "trains_per_day"]]
    by_hand = {(v, _pair(a, c)): float(n) for v, a, c, n in rows.itertuples(index=False)}
    edges = set(rail.edges)
    wrong = [f"{v}: {pair}" for v, pair in by_hand if not {_pair(v, x) for x in pair} <= edges]
    if wrong:
        raise ValueError(f"through services over edges that do not exist: {wrong}")
    graph = nx.Graph()
    for a, b in edges:
        graph.add_edge(a, b, minutes=rail.runs[(a, b)][0])
    services = []
    table = pd.read_csv(hand / "rail_services.csv")
    rows = table.loc[table["mode"] == rail.name, ["by_way_of", "trains_per_day"]]
    for text, trains in rows.itertuples(index=False):
        stops = text.split()
        path = stops[:1]
        for a, b in pairwise(stops):
            path += nx.shortest_path(graph, a, b, weight="minutes")[1:]
        services.append(Corridor(tuple(path), float(trains)))
    return corridors_of(rail.runs, edges, rail.points, by_hand) + services
