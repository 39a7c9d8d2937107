"""Which airports are joined by flights, and who can reach them? Builds airports and air links.

Public names
------------
build_air : airports, air links and access links

Terms
-----
Routes are those of 2017: who is joined with whom, without frequency or seats. For 2020: Nanyuan
(NAY) closed in September 2019 (its last year is 2019) and Daxing (PKX) opened; Daxing takes the
pairs of Nanyuan and those pairs of Capital (PEK) that four or more airline-routes served in 2017,
beside Capital. Chengdu Tianfu opened after 2020 and is left out. An airport serves every city whose
seat is within 100 km.

Formula
-------
Minutes in the block = 30 + 60 x 1.05 x great circle / 800 km/h. Access = great circle x 1.3 at
50 km/h. Check-in and waiting are parameters of the skim.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from networks.geo import great_circle_km

BLOCK_MINUTES, AIR_DETOUR, CRUISE_KMH = 30.0, 1.05, 800.0
ACCESS_KM, ACCESS_DETOUR, ACCESS_SPEED = 100.0, 1.3, 50.0
BUSY = 4
CLOSED = {"NAY": 2020}
OPENED = {"PKX": 2019}
NOT_YET = ("TFU",)


def _pairs(shared: Path, airports: pd.DataFrame) -> pd.Series:
    """Return airline-routes by undirected airport pair (index ``from``, ``to``), one city apart."""
    routes = pd.read_csv(shared / "air/openflights_china_domestic_routes.csv")
    ends = routes[["src", "dst"]].to_numpy().astype(str)
    ends.sort(axis=1)
    count = pd.Series(1, index=pd.MultiIndex.from_arrays(ends.T, names=["from", "to"]))
    count = count.groupby(level=[0, 1]).sum()
    city = airports["adcode"]
    start, end = (count.index.get_level_values(k) for k in (0, 1))
    known = start.isin(city.index) & end.isin(city.index)
    if lost := sorted(set(start[~known]) | set(end[~known])):
        count = count[known]
        print(f"routes of airports without a place left out: {lost}")
    start, end = (count.index.get_level_values(k) for k in (0, 1))
    apart = city.reindex(start).to_numpy() != city.reindex(end).to_numpy()
    return count[apart]


def _daxing(count: pd.Series) -> pd.Series:
    """Return pairs of Daxing: those of Nanyuan and the busy ones of Capital."""
    taken: dict[tuple[str, str], int] = {}
    for (a, b), routes in count.items():
        other = b if a in ("NAY", "PEK") else a if b in ("NAY", "PEK") else ""
        if other and ("NAY" in (a, b) or routes >= BUSY):
            x, y = sorted((other, "PKX"))
            taken[(x, y)] = 1
    return pd.Series(taken)


def build_air(shared: Path, places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return airports (node rows) and air and access links.

    Parameters
    ----------
    shared
        Folder of the source data.
    places
        The place table.
    """
    airports = pd.read_csv(shared / "china_case/airport_to_city.csv", dtype={"adcode": str})
    airports = airports[airports["adcode"].isin(places.index)].drop_duplicates("iata")
    airports = airports.set_index("iata")
    count = _pairs(shared, airports)
    count = pd.concat([count, _daxing(count)])
    count = count[~count.index.duplicated()].sort_index()
    used = sorted(({a for a, _ in count.index} | {b for _, b in count.index}) - set(NOT_YET))
    airports = airports.loc[used]
    where = airports[["lon", "lat"]]
    away = great_circle_km(
        where["lon"].to_numpy()[:, None], where["lat"].to_numpy()[:, None],
        places["lon"].to_numpy(), places["lat"].to_numpy(),
    )  # fmt: skip
    serves = away <= ACCESS_KM
    near_own = away[np.arange(len(used)), places.index.get_indexer(airports["adcode"])]
    parent = np.where(near_own <= ACCESS_KM, airports["adcode"], "")
    nodes = pd.DataFrame(
        {
            "name": airports["name"].to_numpy(),
            "name_zh": "",
            "kind": "airport",
            "region": airports["adcode"].map(places["region"]).to_numpy(),
            "region_code": airports["adcode"].map(places["region_code"]).to_numpy(),
            "lon": where["lon"].round(4).to_numpy(),
            "lat": where["lat"].round(4).to_numpy(),
            "parent": parent,
        },
        index=pd.Index([f"A_{code}" for code in used], name="node"),
    )
    km = np.array(
        [float(great_circle_km(*where.loc[a], *where.loc[b])) * AIR_DETOUR for a, b in count.index]
    )
    start, end = (count.index.get_level_values(k) for k in (0, 1))
    flights = pd.DataFrame(
        {
            "from_node": "A_" + start,
            "to_node": "A_" + end,
            "mode": "air",
            "km": km.round(1),
            "minutes": (BLOCK_MINUTES + 60.0 * km / CRUISE_KMH).round(1),
            "year_opened": [OPENED.get(a, OPENED.get(b, np.nan)) for a, b in count.index],
            "year_closed": [CLOSED.get(a, CLOSED.get(b, np.nan)) for a, b in count.index],
            "status": ["assumption" if "PKX" in pair else "speed" for pair in count.index],
            "source": "OpenFlights routes 2017 (who is joined); block time by formula",
        }
    )
    at, place = np.nonzero(serves)
    road = away[at, place] * ACCESS_DETOUR
    access = pd.DataFrame(
        {
            "from_node": places.index.to_numpy()[place],
            "to_node": nodes.index.to_numpy()[at],
            "mode": "access",
            "km": road.round(1),
            "minutes": (60.0 * road / ACCESS_SPEED).round(1),
            "status": "assumption",
            "source": "great circle x 1.3 at 50 km/h",
        }
    )
    return nodes, pd.concat([flights, access], ignore_index=True)
