"""What the embedded network of China is in a given year, and how its cities are grouped.

Public names
------------
load_china_network : places, stops, airports and links as a ``Network``
load_border_places : county towns, ports and passes on the border that can be named
load_china_groups : which city belongs to which pole, cluster, tier or region
FIRST_YEAR, LAST_YEAR : years that can be asked for

Terms
-----
A *city* is one of 341 units (4 municipalities, 332 prefecture-level units, 5 units directly under a
province), keyed by its six-digit code. Railway stations of a city are the city itself; county
stations and junctions far from the seat are stops of their own, so that passing through them takes
the time it takes. A *border place* is a county town, port or pass that can be named as a stop and
becomes a place of its own on request. A *line* of a rail link is a through service: staying on it
needs no change.

What is a figure and what is not
--------------------------------
Population is the census of 2020. City gross product is an ESTIMATE: the province's product of 2020
spread by population tilted by relative product per head of 2010; it is not a city statistic. Rail
minutes are medians of the timetable of December 2020 (status ``timetable``), shared out where a
city is inserted into a run (``interpolated``) or a length over an assumed speed (``speed``). Which
services run through, and where, is inferred. Road speeds, city access times and the air block time
are assumptions. Kilometres and minutes of earlier years are those of 2020: an effect over time is
an effect of which links are there. Tables and their sources: ``SOURCES.md`` and ``odbl/SOURCES.md``
beside this module.
"""

import functools
import importlib.resources
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from networks.errors import NetworkError, UnknownLabel
from networks.labels import did_you_mean, resolve_nodes
from networks.network import Network
from networks.schema import read_schema

FIRST_YEAR, LAST_YEAR = 1990, 2020
LINK_FILES = {
    "rail_links.csv": "timetable of December 2020 and list of lines; SOURCES.md",
    "odbl/road_links.csv": "OpenStreetMap contributors, ODbL (km), by-year study (years)",
    "odbl/border_links.csv": "OpenStreetMap contributors, ODbL (km); SOURCES.md",
    "odbl/air_links.csv": "OpenFlights, ODbL (who is joined); block time by formula",
}
NODE_FILES = ("places.csv", "rail_stops.csv", "odbl/airports.csv")
BORDER_FILE = "border_places.csv"
NOTES = (
    "City gross product 2020 is an estimate: product of the province spread by population 2020 "
    "tilted by relative product per head 2010.",
    "Population 2020 is the census; of Shihezi and other corps cities of Xinjiang, whose figures "
    "are missing, the 2010 figure grown with Xinjiang.",
    "Rail minutes are medians of the timetable of December 2020; cities the timetable leaves out "
    "are inserted into the runs they lie on (status interpolated), about 13 per cent mean error.",
    "Through services are inferred from runs that pass a city without stopping, from straight "
    "lines, and from a short list by hand (not verified).",
    "Lines with status speed are known in general, not timed: length over an assumed speed.",
    "Road speeds are assumptions by terrain: 83 km/h where an expressway is known by 2018, else "
    "60; 57.5 and 45 in Tibet, Qinghai and western Sichuan.",
    "Air links are the routes of 2017 without frequencies; the block time is a formula.",
    "Minutes and kilometres are those of 2020 in every year; only which links are there changes.",
    "Border places are stops, each tied to one neighbour by an ordinary road as it is; 17 of their "
    "22 coordinates are general knowledge, not verified.",
)


class UnknownYear(NetworkError, ValueError):
    """A year for which there is no network."""


def _read(name: str) -> pd.DataFrame:
    file = importlib.resources.files("networks.china").joinpath(name)
    text = [
        "link",
        "node",
        "from_node",
        "to_node",
        "region_code",
        "parent",
        "code",
        "place",
        "line",
        "note",
    ]
    with file.open("r", encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=dict.fromkeys(text, "str"))


@functools.cache
def _whole() -> Network:
    """Return the network with links of every year."""
    schema = read_schema()
    columns = [str(v) for v in schema.loc[schema["table"] == "nodes", "variable"]]
    tables = [_read(name).reindex(columns=columns) for name in NODE_FILES]
    border = _read(BORDER_FILE).reindex(columns=columns)
    border[["area_km2", "population"]] = np.nan  # in the zone of the parent until it is taken out
    tables.append(border[~border["node"].isin(pd.concat(tables)["node"])])
    nodes = pd.concat([table.dropna(axis=1, how="all") for table in tables])
    links = pd.concat([_read(name).assign(source=source) for name, source in LINK_FILES.items()])
    return Network(nodes, links, name="China", notes=NOTES)


@functools.cache
def _of_year(year: int) -> Network:
    return _whole().as_of(year)


def load_china_network(
    year: int = LAST_YEAR, *, places: Sequence[str] | Literal["border"] = ()
) -> Network:
    """Return the network of China as it was in a year.

    341 cities (places), 41 county stations and junctions and 16 border places (stops), 176 airports
    and three on the border that had no flights yet; rail by through service, roads between
    neighbouring cities, flights between airports. Population is in persons (census 2020), gross
    product in million yuan of 2020 (an ESTIMATE for every city), whatever the year. Money of links
    is yuan, empty where the parameters' fare per km holds.

    Parameters
    ----------
    year
        1990 to 2020. Links are there from the year they opened; expressways are known up to 2018.
    places
        Border places (names, county codes or node keys; see ``load_border_places``) that become
        places of their own, or ``"border"`` for all that have people in the county table. They are
        taken out of the city they belong to: people of the county (census 2010), area, and product
        in proportion to people, so that sums stay as they are.

    Returns
    -------
    Network
        Shared between callers: read it, and edit it with the methods that return a new one.

    Raises
    ------
    UnknownYear
        A year before 1990 or after 2020.
    UnknownLabel
        A border place that is not in the table, or that has no people there (ports and passes).

    Notes
    -----
    Sources of every table, with year, unit and licence: ``SOURCES.md`` in this folder. Roads and
    flights derive from OpenStreetMap and OpenFlights and are under the ODbL (folder ``odbl``).
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise UnknownYear(
            f"The network of China is there for {FIRST_YEAR} to {LAST_YEAR}; {year} was asked for. "
            "Later lines can be added with with_line()."
        )
    network = _of_year(int(year))
    return _with_zones(network, places) if len(places) else network


def load_border_places() -> pd.DataFrame:
    """Return the border places of the network: county towns, ports and passes.

    Those of the border roads and airports of the 14th Five-Year Plan (box 12). All of them are
    stops of the network and can be named by lines and edits; those with people can be made places
    by ``load_china_network(places=...)``.

    Returns
    -------
    DataFrame
        Index ``node``; columns name, name_zh, kind (stop or airport), code (of the county, empty
        for ports and passes), region, parent (the city it belongs to), lon, lat (degrees),
        area_km2, population (persons, census of 2010), note (why it is there, and where its
        coordinates come from). A fresh copy at every call.
    """
    columns = ["name", "name_zh", "kind", "code", "region", "parent", "lon", "lat"]
    table = _read(BORDER_FILE).set_index("node")
    return table[[*columns, "area_km2", "population", "note"]].fillna({"name_zh": "", "code": ""})


def _with_zones(network: Network, places: Sequence[str] | Literal["border"]) -> Network:
    """Return the network with border places as places, taken out of their parents."""
    border = load_border_places()
    peopled = border["population"].notna()
    if isinstance(places, str) and places == "border":
        chosen = [str(node) for node in border.index[peopled]]
    else:
        asked = [places] if isinstance(places, str) else list(places)
        by_code = {str(code): str(node) for node, code in border["code"].items() if code}
        words = [by_code.get(str(word).strip(), str(word)) for word in asked]
        chosen = resolve_nodes(border, words, kinds=("stop",))
        chosen = list(dict.fromkeys(str(c) for c in chosen))
    if empty := [str(border.at[c, "name"]) for c in chosen if not peopled[c]]:
        raise UnknownLabel(
            f"A place needs people and area; the county table has none for {', '.join(empty[:5])}. "
            "Ports and passes stay stops: name them in lines and edits."
        )
    nodes = network.nodes.copy()
    parents = border.loc[chosen, "parent"].to_numpy()
    per_head = (nodes["gdp"] / nodes["population"]).reindex(parents).to_numpy(dtype=np.float64)
    taken = border.loc[chosen, ["area_km2", "population"]].astype(np.float64)
    taken["gdp"] = taken["population"] * per_head
    lost = taken.groupby(parents).sum()
    for column in taken.columns:
        nodes.loc[chosen, column] = taken[column]
        nodes.loc[lost.index, column] -= lost[column]
    nodes.loc[chosen, "kind"] = "place"
    nodes.loc[chosen, "parent"] = ""
    note = (
        "Places of their own, taken out of their cities (people of the county 2010, product in "
        f"proportion to people): {', '.join(border.loc[chosen, 'name'])}."
    )
    return replace(network, nodes=nodes, notes=(*network.notes, note))


def load_china_groups(grouping: str | None = None) -> pd.DataFrame:
    """Return the groupings of the 341 cities.

    Parameters
    ----------
    grouping
        One of national_poles, clusters, air_quality_regions, tiers, macro_region, north_south,
        coast_interior; all of them when left out.

    Returns
    -------
    DataFrame
        Columns grouping, group, group_zh, place (city code), weight (1), source. Every city stands
        once in every grouping; cities of no pole, cluster or air-quality region are "outside".
        Members of clusters were not verified against the plan documents (see ``source``). A fresh
        copy at every call.

    Raises
    ------
    UnknownLabel
        A grouping that does not exist.
    """
    table = _groups()
    if grouping is None:
        return table.copy()
    known = sorted(table["grouping"].unique())
    if grouping not in known:
        raise UnknownLabel(
            f"There is no grouping {grouping!r}{did_you_mean(grouping, known)}; "
            f"the groupings are {', '.join(known)}."
        )
    return table[table["grouping"] == grouping].reset_index(drop=True)


@functools.cache
def _groups() -> pd.DataFrame:
    return _read("groups.csv")
