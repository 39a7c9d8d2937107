"""Small networks for tests: one drawn at random with every kind of link, and one by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd

from networks import Network

RAIL = ["rail_conventional", "rail_hsr"]


def random_network(seed: int, *, places: int = 7, ties: bool = False) -> Network:
    """Return a connected network: ring of roads, lines, airports, parallel and zero links."""
    rng = np.random.default_rng(seed)

    def number(low, high):
        return (
            float(rng.integers(int(low), int(high) + 1)) if ties else float(rng.uniform(low, high))
        )

    keys = [f"p{i}" for i in range(places)]
    nodes = [
        {
            "node": k,
            "name": f"Place {i}",
            "name_zh": f"地{i}",
            "kind": "place",
            "lon": 100 + 3 * rng.uniform(),
            "lat": 30 + 3 * rng.uniform(),
            "area_km2": rng.uniform(50, 5000),
            "population": rng.uniform(1e5, 1e7),
        }
        for i, k in enumerate(keys)
    ]
    stops = [f"s{i}" for i in range(3)]
    airports = ["a0", "a1"]
    for key in [*stops, *airports]:
        nodes.append(
            {
                "node": key,
                "name": f"Stop {key}",
                "kind": "stop" if key in stops else "airport",
                "lon": 100 + 3 * rng.uniform(),
                "lat": 30 + 3 * rng.uniform(),
                "parent": str(rng.choice(keys)),
            }
        )
    links = []

    def link(a, b, mode, **more):
        km = number(0, 200)
        row = {"from_node": a, "to_node": b, "mode": mode, "km": km, "minutes": number(0, 150)}
        row |= {"link": f"l{len(links)}", "bidirectional": bool(rng.uniform() < 0.8), **more}
        if rng.uniform() < 0.3:
            row["money"] = number(0, 80)
        row["freight_factor"] = float(rng.choice([1.0, 0.9, 1.5]))
        if rng.uniform() < 0.6:
            row["trains_per_day"] = number(1, 80)
        links.append(row)

    for i, k in enumerate(keys):
        link(k, keys[(i + 1) % places], "road", bidirectional=True)
    link(keys[0], keys[1], "road")  # parallel
    link(keys[1], keys[3], "ferry", km=0.0, minutes=0.0)  # zero length
    for s in stops:
        link(str(rng.choice(keys)), s, "access", bidirectional=True)
    link(stops[0], stops[1], "access", bidirectional=True)
    for i, a in enumerate(airports):
        link(keys[i], a, "access", bidirectional=True)
    link(*airports, "air", bidirectional=True)
    for number_of_line in range(3):
        mode = str(rng.choice(RAIL))
        calls = list(rng.permutation([*keys, *stops])[: int(rng.integers(2, 6))])
        for a, b in pairwise(calls):
            link(str(a), str(b), mode, line=f"line {number_of_line}", bidirectional=True)
        if len(calls) > 2:  # a run that skips stops on the same line
            link(str(calls[0]), str(calls[-1]), mode, line=f"line {number_of_line}")
    for _ in range(3):
        a, b = rng.choice([*keys, *stops], 2, replace=False)
        link(str(a), str(b), str(rng.choice(RAIL)), line="")
    return Network(pd.DataFrame(nodes), pd.DataFrame(links), name=f"random {seed}")


def three_cities() -> Network:
    """Return three cities on one road and one railway line; round figures, worked out by hand."""
    nodes = pd.DataFrame(
        {
            "node": ["a", "b", "c"],
            "name": ["Alpha", "Beta", "Gamma"],
            "name_zh": ["甲", "乙", "丙"],
            "kind": "place",
            "region": ["West", "West", "East"],
            "lon": [0.0, 1.0, 2.0],
            "lat": 0.0,
            "area_km2": [100.0, 200.0, 300.0],
            "population": [1e6, 2e6, 3e6],
            "gdp": [1.0, 2.0, 3.0],
        }
    )
    links = pd.DataFrame(
        {
            "link": ["r1", "r2", "t1", "t2"],
            "from_node": ["a", "b", "a", "b"],
            "to_node": ["b", "c", "b", "c"],
            "mode": ["road", "road", "rail_hsr", "rail_hsr"],
            "line": ["", "", "main", "main"],
            "km": [120.0, 120.0, 100.0, 100.0],
            "minutes": [90.0, 90.0, 30.0, 30.0],
            "trains_per_day": [np.nan, np.nan, 24.0, 24.0],
        }
    )
    return Network(nodes, links, name="three cities")


OSM = """<osm version="0.6">
<node id="1" lon="10.0" lat="50.0"/><node id="2" lon="10.1" lat="50.0"/>
<node id="3" lon="10.2" lat="50.0"/><node id="4" lon="10.2" lat="50.1"/>
<node id="5" lon="10.3" lat="50.0"/>
<node id="11" lon="10.0" lat="50.02"><tag k="railway" v="station"/><tag k="name" v="West"/></node>
<node id="12" lon="10.1" lat="50.02"/>
<node id="13" lon="10.2" lat="50.02"><tag k="railway" v="halt"/><tag k="name" v="Middle"/></node>
<node id="14" lon="10.3" lat="50.02"><tag k="railway" v="station"/></node>
<node id="21" lon="10.0" lat="50.01"><tag k="place" v="city"/><tag k="name" v="Aburg"/>
<tag k="population" v="12 000"/></node>
<node id="22" lon="10.3" lat="50.01"><tag k="place" v="town"/><tag k="name" v="Bburg"/></node>
<node id="31" lon="10.2" lat="50.11"><tag k="aeroway" v="aerodrome"/><tag k="iata" v="AIR"/></node>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="trunk"/>
<tag k="maxspeed" v="100"/></way>
<way id="2"><nd ref="3"/><nd ref="5"/><tag k="highway" v="motorway"/></way>
<way id="3"><nd ref="5"/><nd ref="3"/><tag k="highway" v="motorway"/>
<tag k="maxspeed" v="50 mph"/></way>
<way id="4"><nd ref="3"/><nd ref="4"/><tag k="highway" v="trunk_link"/></way>
<way id="5"><nd ref="1"/><nd ref="4"/><tag k="highway" v="residential"/></way>
<way id="6"><nd ref="11"/><nd ref="12"/><nd ref="13"/><tag k="railway" v="rail"/>
<tag k="maxspeed" v="250"/></way>
<way id="7"><nd ref="13"/><nd ref="14"/><tag k="railway" v="rail"/></way>
<way id="8"><nd ref="11"/><nd ref="14"/><tag k="railway" v="rail"/><tag k="service" v="yard"/></way>
</osm>"""
