"""Timetables in GTFS, made into lines with run times and departures a day.

Public names
------------
read_gtfs : a feed by itself: its stations are the places
add_gtfs : a network with the lines of a feed, stations joined to the nearest places

Terms
-----
One day's trips are counted (the busiest when no date is given). A *line* is a route: its trips
share their links, so that staying aboard is free, and each two stations that follow each other on
some trip are a link with the mean run time and the number of departures of that day. Platforms
count as their parent station. Rail (2, 100-117), metro, light rail and funiculars (0, 1, 5-7, 12,
400-405, 900-906, 1400) and ferries (4, 1000) are read, air (1100) too; buses are counted and left
out: this package has no lines on roads. ``frequencies.txt`` multiplies trips. No feed library is
needed: a line rests on seven plain tables, and such a library leaves run times, departures and
joins to places to be made from them all the same.

Source: General Transit Feed Specification, schedule reference.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from networks.errors import InvalidNetwork, UnknownLabel
from networks.geo import great_circle_km
from networks.network import Network
from networks.readers.files import numbers, read_rows

AREA_KM2 = 10.0
HSR_KMH = 200.0  # mean speed between stops from which a train counts as high-speed
CLOCK = re.compile(r"^\s*(\d{1,3}):([0-5]\d):([0-5]\d)\s*$")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DETOUR = 1.1  # length over great circle: feeds give no length of track that can be relied on
WALK_KMH = 30.0  # speed between a place and its station


@dataclass(frozen=True, eq=False)
class _Feed:
    """Stations, links between them and what was left out."""

    stations: pd.DataFrame
    links: pd.DataFrame
    notes: tuple[str, ...]


def read_gtfs(
    path: str | Path, *, date: str | None = None, name: str | None = None, year: int | None = None
) -> Network:
    """Return a feed as a network; every station served is a place of an assumed area.

    Parameters
    ----------
    path
        Zip archive or folder.
    date
        Day of service, ``"20191004"``; the busiest when left out.
    name, year
        What the network is called (the file's name) and the year it stands for.

    Raises
    ------
    MissingNetwork
        A table that GTFS requires is not there.
    InvalidNetwork
        A damaged archive or table, times or references that are wrong, or no trip to read.
    """
    path = Path(path)
    feed = _feed(path, date)
    nodes = feed.stations.assign(kind="place", area_km2=AREA_KM2)
    note = f"stations are the places; area_km2 is an assumption: {AREA_KM2:g}"
    return Network(nodes, feed.links, name=name or path.stem, year=year, notes=(*feed.notes, note))


def add_gtfs(
    network: Network, path: str | Path, *, date: str | None = None, within_km: float = 50.0
) -> Network:
    """Return a network with the lines of a feed; its stations become stops or airports.

    Parameters
    ----------
    network
        Its places are joined, by an access link of 1.3 great circles at 30 km/h (an assumption),
        with the nearest station that serves them and every station nearest to them.
    path, date
        As for ``read_gtfs``.
    within_km
        Stations farther than this from every place are joined to none.

    Raises
    ------
    InvalidNetwork
        As for ``read_gtfs``, or keys of stations and links that the network has already.
    """
    feed = _feed(Path(path), date)
    by_air = set(
        feed.links.loc[feed.links["mode"] == "air", ["from_node", "to_node"]].to_numpy().ravel()
    )
    stations = feed.stations.copy()
    stations["kind"] = ["airport" if k in by_air else "stop" for k in stations.index]
    places = network.places
    km = great_circle_km(
        stations["lon"].to_numpy()[:, None],
        stations["lat"].to_numpy()[:, None],
        places["lon"].to_numpy()[None, :],
        places["lat"].to_numpy()[None, :],
    )
    near = km.argmin(axis=1)
    reach = km[np.arange(len(stations)), near] <= within_km
    stations["parent"] = np.where(reach, places.index.to_numpy()[near], "")
    pairs = {(str(k), str(p)) for k, p in stations["parent"].items() if p}
    closest = km.argmin(axis=0)
    pairs |= {
        (str(stations.index[closest[j]]), str(places.index[j]))
        for j in range(len(places))
        if km[closest[j], j] <= within_km
    }
    far = {str(k): r for k, r in zip(stations.index, km, strict=True)}
    place_at = {str(k): j for j, k in enumerate(places.index)}
    access = [
        {
            "link": f"access:{stop}-{place}",
            "from_node": place,
            "to_node": stop,
            "mode": "access",
            "km": 1.3 * far[stop][place_at[place]],
            "minutes": 60.0 * 1.3 * far[stop][place_at[place]] / WALK_KMH,
            "source": "nearest place",
            "status": "assumption",
        }
        for stop, place in sorted(pairs)
    ]
    grown = network.with_places(stations.rename_axis("node").reset_index())
    grown = grown.with_links(add=[*_rows(feed.links), *access])
    note = f"{len(access)} access links between stations and places: 1.3 x great circle, 30 km/h"
    return replace(grown, notes=(*grown.notes, *feed.notes, note))


def _rows(links: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(k): v for k, v in row.items()}
        for row in links.rename_axis("link").reset_index().to_dict("records")
    ]


def _mode(kind: int) -> str | None:
    if kind in (0, 1, 2, 5, 6, 7, 12, 1400) or 100 <= kind <= 117 or 400 <= kind <= 405:
        return "rail_conventional"
    if 900 <= kind <= 906:
        return "rail_conventional"
    return {4: "ferry", 1000: "ferry", 1200: "ferry", 1100: "air"}.get(kind)


def _table(path: Path, name: str, required: tuple[str, ...]) -> pd.DataFrame:
    table = read_rows(path, name, required)
    assert table is not None  # required
    return table


def _feed(path: Path, date: str | None) -> _Feed:
    stops = _table(path, "stops.txt", ("stop_id", "stop_name", "stop_lat", "stop_lon"))
    routes = _table(path, "routes.txt", ("route_id", "route_type"))
    trips = _table(path, "trips.txt", ("route_id", "service_id", "trip_id"))
    times = _table(
        path,
        "stop_times.txt",
        ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
    )
    for table, key, name in ((stops, "stop_id", "stops"), (trips, "trip_id", "trips")):
        if table[key].duplicated().any():
            twice = table.loc[table[key].duplicated(), key]
            raise InvalidNetwork(
                f"{name}.txt must have every {key} once; found again {twice.iloc[0]}."
            )
    kind = numbers(routes, "route_type", "routes.txt").fillna(-1).astype(int)
    mode_of = dict(zip(routes["route_id"], kind.map(_mode), strict=True))
    trips = trips.assign(mode=trips["route_id"].map(mode_of))
    if lost := sorted(set(trips["route_id"]) - set(routes["route_id"])):
        raise InvalidNetwork(f"trips.txt names routes that are not there: {', '.join(lost[:5])}.")
    skipped = int(trips["mode"].isna().sum())
    trips = trips[trips["mode"].notna()]
    if trips.empty:
        raise InvalidNetwork(
            f"{path.name} must have trips by rail, ferry or air; its {skipped} trips are none."
        )
    running, day = _on_a_day(path, trips, date)
    notes = [
        f"GTFS feed {path.name}: {len(running)} trips on {day}; length {DETOUR} x great circle"
    ]
    if skipped:
        notes.append(f"{skipped} trips by bus or by modes without lines here are left out")
    hops = _hops(times, running.set_index("trip_id"), stops, _repeats(path))
    station, parents = _stations(stops)
    hops["from_node"], hops["to_node"] = (
        hops["from_stop"].map(parents),
        hops["to_stop"].map(parents),
    )
    hops = hops[hops["from_node"] != hops["to_node"]]
    if hops.empty:
        raise InvalidNetwork(f"{path.name} must have trips that call at two stations at least.")
    links = _links(hops, station, routes.drop_duplicates("route_id").set_index("route_id"))
    used = set(links["from_node"]) | set(links["to_node"])
    return _Feed(station[station.index.isin(list(used))], links, tuple(notes))


def _on_a_day(path: Path, trips: pd.DataFrame, date: str | None) -> tuple[pd.DataFrame, str]:
    """Return the trips of a day and the day: the one given, or the busiest weekday."""
    calendar = read_rows(path, "calendar.txt", ("service_id", *WEEKDAYS), optional=True)
    dates = read_rows(
        path, "calendar_dates.txt", ("service_id", "date", "exception_type"), optional=True
    )
    if calendar is None and dates is None:
        raise InvalidNetwork(f"{path.name} must have calendar.txt or calendar_dates.txt.")
    count = trips["service_id"].value_counts()
    if date is None:
        best: tuple[int, str, set[str]] = (0, "", set())
        for weekday in WEEKDAYS if calendar is not None else ():
            assert calendar is not None
            services = set(calendar.loc[calendar[weekday] == "1", "service_id"])
            size = int(count.reindex(sorted(services)).fillna(0).sum())
            best = max(best, (size, f"a {weekday}", services), key=lambda b: b[0])
        if best[0] == 0 and dates is not None:
            added = dates[dates["exception_type"] == "1"]
            for day, group in added.groupby("date"):
                services = set(group["service_id"])
                size = int(count.reindex(sorted(services)).fillna(0).sum())
                best = max(best, (size, str(day), services), key=lambda b: b[0])
        day, running = best[1], best[2]
    else:
        day, running = date, _services_on(calendar, dates, date)
    chosen = trips[trips["service_id"].isin(sorted(running))]
    if chosen.empty:
        raise InvalidNetwork(f"{path.name} must have a trip on the day; there is none on {day!r}.")
    return chosen, day


def _services_on(calendar: pd.DataFrame | None, dates: pd.DataFrame | None, date: str) -> set[str]:
    when = pd.to_datetime(date, format="%Y%m%d", errors="coerce")
    if pd.isna(when):
        raise UnknownLabel(f"A day of service is given as 20191004; found {date!r}.")
    running: set[str] = set()
    if calendar is not None:
        on = calendar[WEEKDAYS[when.weekday()]] == "1"
        if {"start_date", "end_date"} <= set(calendar.columns):
            on &= (calendar["start_date"] <= date) & (calendar["end_date"] >= date)
        running = set(calendar.loc[on, "service_id"])
    if dates is not None:
        of_day = dates[dates["date"] == date]
        running |= set(of_day.loc[of_day["exception_type"] == "1", "service_id"])
        running -= set(of_day.loc[of_day["exception_type"] == "2", "service_id"])
    return running


def _repeats(path: Path) -> dict[str, float]:
    """Return departures a day of trips that ``frequencies.txt`` repeats."""
    table = read_rows(
        path,
        "frequencies.txt",
        ("trip_id", "start_time", "end_time", "headway_secs"),
        optional=True,
    )
    if table is None or table.empty:
        return {}
    headway = numbers(table, "headway_secs", "frequencies.txt")
    span = _seconds(table["end_time"], "frequencies.txt") - _seconds(
        table["start_time"], "frequencies.txt"
    )
    if not ((headway > 0) & (span > 0)).all():
        raise InvalidNetwork("frequencies.txt must have positive headways and spans.")
    times = pd.Series(np.ceil((span / headway).to_numpy()), index=table["trip_id"])
    return {str(k): float(v) for k, v in times.groupby(level=0).sum().items()}


def _seconds(column: "pd.Series[str]", label: str) -> "pd.Series[float]":
    """Return times of day in seconds, blanks as nan; hours go beyond 24."""
    parts = column.str.extract(CLOCK.pattern).astype(float)
    values = 3600 * parts[0] + 60 * parts[1] + parts[2]
    bad = values.isna() & (column != "")
    if bad.any():
        raise InvalidNetwork(f"{label} must have times as 05:06:00; found {column[bad].iloc[0]!r}.")
    return values


def _hops(
    times: pd.DataFrame, trips: pd.DataFrame, stops: pd.DataFrame, repeats: dict[str, float]
) -> pd.DataFrame:
    """Return every run from a stop to the next: stops, minutes, route, mode, weight."""
    times = times[times["trip_id"].isin(trips.index)]
    if lost := sorted(set(times["stop_id"]) - set(stops["stop_id"])):
        raise InvalidNetwork(
            f"stop_times.txt names stops that are not there: {', '.join(lost[:5])}."
        )
    order = numbers(times, "stop_sequence", "stop_times.txt")
    if order.isna().any():
        raise InvalidNetwork("stop_times.txt must have a stop_sequence in every row.")
    table = pd.DataFrame(
        {
            "trip_id": times["trip_id"],
            "stop": times["stop_id"],
            "order": order,
            "arrives": _seconds(times["arrival_time"], "stop_times.txt"),
            "leaves": _seconds(times["departure_time"], "stop_times.txt"),
        }
    ).sort_values(["trip_id", "order"], kind="stable")
    table["leaves"] = table["leaves"].fillna(table["arrives"])
    table["arrives"] = table["arrives"].fillna(table["leaves"])
    for column in ("leaves", "arrives"):  # stops without times lie evenly between those with
        table[column] = table.groupby("trip_id")[column].transform(
            lambda s: s.interpolate(limit_area="inside")
        )
    follows = table["trip_id"] == table["trip_id"].shift(-1)
    onward = table.shift(-1)
    hops = pd.DataFrame(
        {
            "trip_id": table["trip_id"],
            "from_stop": table["stop"],
            "to_stop": onward["stop"],
            # run and stop at its end: what this package calls the minutes of a link
            "minutes": (onward["leaves"] - table["leaves"]) / 60.0,
            "run": (onward["arrives"] - table["leaves"]) / 60.0,
        }
    )[follows]
    last = ~hops["trip_id"].eq(hops["trip_id"].shift(-1))
    hops["minutes"] = hops["minutes"].where(~last, hops["run"])
    if hops["minutes"].isna().any() or (hops["run"] < 0).any() or (hops["minutes"] < 0).any():
        bad = hops[hops["minutes"].isna() | (hops["run"] < 0) | (hops["minutes"] < 0)].iloc[0]
        raise InvalidNetwork(
            f"stop_times.txt must have times that do not run backwards; trip {bad['trip_id']!r} "
            f"does after stop {bad['from_stop']!r}."
        )
    hops["route"] = hops["trip_id"].map(trips["route_id"])
    hops["mode"] = hops["trip_id"].map(trips["mode"])
    hops["weight"] = hops["trip_id"].map(lambda t: repeats.get(str(t), 1.0))
    return hops


def _stations(stops: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the stations as nodes, and the station of every stop."""
    parent = stops["parent_station"] if "parent_station" in stops.columns else stops["stop_id"]
    known = set(stops["stop_id"])
    station_of = {
        str(s): str(p) if p and p in known else str(s)
        for s, p in zip(stops["stop_id"], parent, strict=True)
    }
    rows = stops.set_index("stop_id")
    rows = rows[rows.index.isin(sorted(set(station_of.values())))]
    names = rows["stop_name"].where(rows["stop_name"] != "", rows.index.to_series())
    twice = names.duplicated(keep=False)
    names = names.where(~twice, names + " (" + rows.index.to_series() + ")")
    nodes = pd.DataFrame(
        {
            "name": names,
            "lon": numbers(rows, "stop_lon", "stops.txt"),
            "lat": numbers(rows, "stop_lat", "stops.txt"),
        }
    )
    nodes.index.name = "node"
    return nodes, station_of


def _links(hops: pd.DataFrame, stations: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    keys = ["route", "mode", "from_node", "to_node"]
    hops = hops.assign(weighted=hops["minutes"] * hops["weight"])
    grouped = hops.groupby(keys, sort=True)[["weighted", "weight"]].sum().reset_index()
    ends = [stations.loc[grouped[c], ["lon", "lat"]].to_numpy() for c in ("from_node", "to_node")]
    km = great_circle_km(ends[0][:, 0], ends[0][:, 1], ends[1][:, 0], ends[1][:, 1])
    minutes = (grouped["weighted"] / grouped["weight"]).to_numpy()
    mode = grouped["mode"].to_numpy(dtype=object)
    grouped["km"] = km * grouped["weight"]
    of_route = grouped.groupby("route")[["km", "weighted"]].transform("sum")
    fast = of_route["km"].to_numpy() >= HSR_KMH / 60.0 * of_route["weighted"].to_numpy()
    mode[fast & (mode == "rail_conventional")] = "rail_hsr"
    label = grouped["route"].map(_route_names(routes))
    return pd.DataFrame(
        {
            "from_node": grouped["from_node"],
            "to_node": grouped["to_node"],
            "mode": mode,
            "line": label,
            "km": DETOUR * km,
            "minutes": minutes,
            "trains_per_day": grouped["weight"],
            "bidirectional": False,
            "source": "GTFS",
            "status": "timetable",
        }
    ).set_axis(
        pd.Index(
            [
                f"gtfs:{r}:{m}:{a}-{b}"
                for r, m, a, b in grouped[keys].itertuples(index=False, name=None)
            ],
            name="link",
        )
    )


def _route_names(routes: pd.DataFrame) -> dict[str, str]:
    """Return a name for every route, all different."""
    names: dict[str, str] = {}
    for key, row in routes.iterrows():
        words = [str(row.get(c, "") or "") for c in ("route_short_name", "route_long_name")]
        name = " ".join(dict.fromkeys(w for w in words if w)) or str(key)
        names[str(key)] = f"{name} ({key})" if name in names.values() else name
    return names
