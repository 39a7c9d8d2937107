"""What does a traveller find on each through service? Builds the rail rows of nodes and links.

Public names
------------
build_rail : stops (pass-through nodes), links of every corridor and of lines added by hand, lines

Terms
-----
Every corridor is one ``line``. On it any two key cities that have a run are linked, and neighbours
are linked through the cities inserted between them. A run that is no faster than the way over its
neighbours is left out. ``trains_per_day`` are those of the run; on a branch at most those of its
turn; at inserted cities half of those of the edge they lie on. ``money`` is given where every line
is built for less than 300 km/h: multiple units there cost 0.31 yuan/km (second class, published
fares); elsewhere it is left to ``fare_per_km`` of the mode.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd

from networks.china.build_corridors import Corridor, lay_runs
from networks.china.build_rail import (
    INSERTED_MINUTES,
    SHARE_OF_TRAINS_AT_INSERTED_STOPS,
    STOP_MINUTES,
    RailMode,
    build_corridors,
    read_insertions,
    read_lines,
    read_mode,
)
from networks.geo import great_circle_km

Row = dict[str, object]

TIMETABLE = "timetable of December 2020"
FARE_BELOW_300, FARE_FROM_300 = 0.31, 0.46  # yuan per km, second class
ACCESS_SPEED, ACCESS_DETOUR, ACCESS_LIMIT_KM = 50.0, 1.3, 120.0


@dataclass(frozen=True)
class _Edge:
    """One edge laid out: stops with their minutes and km between."""

    stops: list[str]
    minutes: list[float]
    km: list[float]
    direct_km: float


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a <= b else (b, a)


def _lay_out(rail: RailMode, inserted: dict[tuple[str, str], list[str]], a: str, b: str) -> _Edge:
    """Return the edge a - b with the cities inserted into it and the minutes shared out."""
    between = inserted.get(_pair(a, b), [])
    stops = [a, *(between if a <= b else between[::-1]), b]
    km = [rail.km(u, v)[0] for u, v in pairwise(stops)]
    direct, published = rail.km(a, b)
    run = rail.runs[_pair(a, b)][0]
    n = len(between)
    extra = (STOP_MINUTES + INSERTED_MINUTES * n) / (n + 1)
    minutes = [run * k / sum(km) + extra for k in km]
    return _Edge(stops, minutes, km, direct if published else sum(km))


def _link(rail: RailMode, line: str, a: str, b: str, **values: object) -> Row:
    return {
        "from_node": rail.nodes[a],
        "to_node": rail.nodes[b],
        "mode": f"rail_{rail.name}",
        "line": line,
        **values,
    }


def _label(rail: RailMode, english: dict[str, str], corridor: Corridor, number: int) -> str:
    """Return a unique line name that says where it runs."""
    stops = corridor.stops
    ends = [english[rail.nodes[s]] for s in (stops[0], stops[len(stops) // 2], stops[-1])]
    way = f"{ends[0]}-{ends[2]}" + (f" via {ends[1]}" if len(stops) > 2 else "")
    letter = "H" if rail.name == "hsr" else "C"
    return f"{letter}{number:03d} {way}"


def _fare(rail: RailMode, legs: list[tuple[tuple[str, str], float]]) -> float:
    """Return yuan for edges with their km; nan where the fare of the mode holds throughout."""
    if not any(pair in rail.slow for pair, _ in legs):
        return math.nan
    return round(
        sum(km * (FARE_BELOW_300 if pair in rail.slow else FARE_FROM_300) for pair, km in legs), 1
    )


def _corridor_links(
    rail: RailMode,
    corridor: Corridor,
    line: str,
    inserted: dict[tuple[str, str], list[str]],
    paths: dict[tuple[str, str], list[str]],
) -> list[Row]:
    """Return the links of one corridor: neighbours, inserted stops, faster runs that pass stops."""
    rows: list[Row] = []
    stops = corridor.stops
    at_minutes, at_km = [0.0], [0.0]
    legs: list[tuple[tuple[str, str], float]] = []
    for a, b in pairwise(stops):
        edge = _lay_out(rail, inserted, a, b)
        trains = min(rail.runs[_pair(a, b)][1], corridor.trains)
        year = rail.edges[_pair(a, b)]
        at_km.append(at_km[-1] + edge.direct_km)
        direct = rail.runs[_pair(a, b)][0] + STOP_MINUTES
        at_minutes.append(at_minutes[-1] + direct)
        common = {"trains_per_day": round(trains, 1), "year_opened": year}
        pair = _pair(a, b)
        legs.append((pair, edge.direct_km))
        rows.append(
            _link(
                rail, line, a, b, km=edge.direct_km, minutes=direct, status="timetable",
                money=_fare(rail, legs[-1:]), source=TIMETABLE, **common,
            )
        )  # fmt: skip
        if len(edge.stops) > 2:
            common["trains_per_day"] = round(trains * SHARE_OF_TRAINS_AT_INSERTED_STOPS, 2)
            for k, (u, v) in enumerate(pairwise(edge.stops)):
                rows.append(
                    _link(
                        rail, line, u, v, km=edge.km[k], minutes=edge.minutes[k],
                        money=_fare(rail, [(pair, edge.km[k])]),
                        status="interpolated", source=f"{TIMETABLE}, stop inserted", **common,
                    )
                )  # fmt: skip
    for i, a in enumerate(stops):
        for j in range(i + 2, len(stops)):
            b = stops[j]
            run = rail.runs.get(_pair(a, b))
            path = paths.get(_pair(a, b), [])
            if run is None or set(path) != set(stops[i : j + 1]):
                continue
            minutes = run[0] + STOP_MINUTES
            if minutes >= at_minutes[j] - at_minutes[i]:
                continue
            years = [rail.edges[_pair(u, v)] for u, v in pairwise(stops[i : j + 1])]
            rows.append(
                _link(
                    rail, line, a, b, km=at_km[j] - at_km[i], minutes=minutes, status="timetable",
                    money=_fare(rail, legs[i:j]),
                    trains_per_day=round(min(run[1], corridor.trains), 1),
                    year_opened=math.nan if any(y != y for y in years) else max(years),
                    source=TIMETABLE,
                )
            )  # fmt: skip
    return rows


def _added_links(rail: RailMode, hand: Path) -> list[Row]:
    """Return links of the lines that neither the timetable nor the line list times."""
    rows: list[Row] = []
    table = pd.read_csv(hand / "rail_added_lines.csv")
    for added in table[table["mode"] == rail.name].itertuples(index=False):
        stops = str(added.stops).split()
        km = [rail.km(a, b)[0] for a, b in pairwise(stops)]
        if added.km == added.km:  # a published length of the whole line
            km = [k * float(added.km) / sum(km) for k in km]
        goods = "goods" in f"{added.line} {added.note}" and "mostly" not in str(added.note)
        for k, (a, b) in enumerate(pairwise(stops)):
            rows.append(
                _link(
                    rail, str(added.line), a, b, km=km[k],
                    minutes=60.0 * km[k] / float(added.kmh) + STOP_MINUTES,
                    # Passengers must not find a cheap train where only goods run.
                    money=round(FARE_BELOW_300 * km[k], 1)
                    if goods or rail.name == "hsr"
                    else math.nan,
                    trains_per_day=float(added.trains_per_day),
                    year_opened=float(added.year_opened), status="speed",
                    source="line and speed from general knowledge, not verified",
                    note="" if added.note != added.note else str(added.note),
                )
            )  # fmt: skip
    return rows


def _stops(hand: Path, places: pd.DataFrame, used: set[str]) -> tuple[pd.DataFrame, list[Row]]:
    """Return the pass-through nodes and their access links."""
    table = pd.read_csv(hand / "rail_stops.csv", dtype={"parent": str}).set_index("node")
    table = table[table.index.isin(used)]
    nodes = pd.DataFrame(
        {
            "name": table["name"],
            "name_zh": table["rail_name"].replace({"济宁": ""}),
            "kind": "stop",
            "region": table["parent"].map(places["region"]),
            "region_code": table["parent"].map(places["region_code"]),
            "lon": table["lon"],
            "lat": table["lat"],
            "parent": table["parent"],
            "note": "coordinates: " + table["source"],
        }
    )
    nodes.loc["S_qufu", "name_zh"] = "曲阜东"
    nodes.loc["S_yanzhou", "name_zh"] = "兖州"
    rows: list[Row] = []
    for node, row in nodes.iterrows():
        away = great_circle_km(row["lon"], row["lat"], places["lon"], places["lat"])
        near = pd.Series(away, index=places.index)
        for place in near.index[near <= ACCESS_LIMIT_KM]:
            if place != row["parent"] and near[place] > ACCESS_LIMIT_KM / 2:
                continue
            km = float(near[place]) * ACCESS_DETOUR
            rows.append(
                {
                    "from_node": place, "to_node": node, "mode": "access", "line": "", "km": km,
                    "minutes": 60.0 * km / ACCESS_SPEED, "status": "assumption",
                    "source": "great circle x 1.3 at 50 km/h",
                }
            )  # fmt: skip
    return nodes, rows


def build_rail(
    shared: Path, hand: Path, places: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return rail stops, rail links (access to stops included) and the corrected line list.

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
    lines = read_lines(shared, hand)
    stop_names = pd.read_csv(hand / "rail_stops.csv").set_index("node")["name"]
    english = {**places["name"].to_dict(), **stop_names.to_dict()}
    rows: list[Row] = []
    for mode in ("hsr", "conventional"):
        rail = read_mode(shared, hand, cities, lines, mode)
        inserted = read_insertions(hand, mode)
        if unknown := sorted(set(inserted) - set(rail.edges)):
            raise ValueError(f"insertions into edges that do not exist: {unknown}")
        paths, _, _ = lay_runs(rail.runs, set(rail.edges), rail.points)
        for number, corridor in enumerate(build_corridors(rail, hand), start=1):
            line = _label(rail, english, corridor, number)
            rows += _corridor_links(rail, corridor, line, inserted, paths)
        rows += _added_links(rail, hand)
    used = {str(row[end]) for row in rows for end in ("from_node", "to_node")}
    stops, access = _stops(hand, places, used)
    links = pd.DataFrame(rows + access)
    links["minutes"] = links["minutes"].round(1)
    links["km"] = links["km"].round(1)
    return stops, links, lines
