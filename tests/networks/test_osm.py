"""Maps thinned to what matters: least ways stay, places are joined to roads that lead on."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from cases_networks import OSM
from hypothesis import example, given, settings
from hypothesis import strategies as st
from paths import shared

from networks import read_network, skim
from networks.readers import osm
from networks.readers.thin import Piece, piece_km, thinned


def graph_of(pieces, weight="minutes"):
    graph = nx.DiGraph()
    for p in pieces:
        for a, b in [(p.start, p.end), (p.end, p.start)][: 1 + p.both]:
            if not graph.has_edge(a, b) or graph[a][b]["w"] > getattr(p, weight):
                graph.add_edge(a, b, w=getattr(p, weight))
    return graph


def same_least_ways(pieces, thin, among):
    raw, kept = graph_of(pieces), graph_of(thin)
    for origin in among:
        far = nx.single_source_dijkstra_path_length(raw, origin, weight="w")
        now = nx.single_source_dijkstra_path_length(kept, origin, weight="w")
        for target in among:
            assert (target in far) == (target in now)
            if target in far:
                assert now[target] == pytest.approx(far[target], rel=1e-12, abs=1e-12)


@given(seed=st.integers(0, 100_000))
@example(seed=359)  # a loop that goes leaves a node that only carries on
@settings(max_examples=60, deadline=None)
def test_thinning_keeps_every_least_way_between_nodes_that_stay(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 14))
    pieces = []
    for _ in range(int(rng.integers(2, 20))):
        a, b = rng.choice(count, 2, replace=False)
        km = float(rng.uniform(1, 9))
        pieces.append(Piece(int(a), int(b), km, 2 * km, both=bool(rng.uniform() < 0.6)))
    ends = sorted({n for p in pieces for n in (p.start, p.end)})
    keep = set(rng.choice(ends, min(4, len(ends)), replace=False).tolist())
    thin = thinned(pieces, keep)
    left = {n for p in thin for n in (p.start, p.end)}
    touched = [n for n in keep if n in left]
    same_least_ways(pieces, thin, touched)
    assert thinned(thin, keep) == thin  # nothing is left to take out


def test_a_real_extract_keeps_its_least_ways_with_a_tenth_of_its_nodes():
    osmium = pytest.importorskip("osmium", reason="osmium is not installed")
    path = shared("cases", "network", "gtfs_osm", "poa_osm.pbf")
    roads = ("motorway", "trunk", "primary", "secondary")
    found = osm._scan(osmium, path, roads, ("rail",), ("city",))
    pieces = osm._pieces(found, found.roads)
    thin = thinned(pieces, set())
    before, after = ({n for p in ps for n in (p.start, p.end)} for ps in (pieces, thin))
    assert len(before) > 6000
    assert len(after) < 0.15 * len(before)
    among = np.random.default_rng(0).choice(sorted(after), 12, replace=False).tolist()
    same_least_ways(pieces, thin, among)


def test_all_places_of_a_real_extract_are_joined_to_roads_that_lead_to_the_others():
    pytest.importorskip("osmium", reason="osmium is not installed")
    path = shared("cases", "network", "gtfs_osm", "poa_osm.pbf")
    rng = np.random.default_rng(1)
    rows = {
        "node": [f"q{k}" for k in range(25)],
        "name": [f"Quarter {k}" for k in range(25)],
        "lon": rng.uniform(-51.26, -51.16, 25),
        "lat": rng.uniform(-30.12, -30.0, 25),
    }
    roads = ("motorway", "trunk", "primary", "secondary")
    network = osm.read_osm(path, roads=roads, places=pd.DataFrame(rows))
    assert network.unreachable().empty
    found = skim(network, modes=["road"], by="minutes", unreachable="keep")
    assert bool(found["reachable"].all())


def test_a_place_beside_a_piece_that_leads_nowhere_is_joined_to_the_network(tmp_path):
    pytest.importorskip("osmium", reason="osmium is not installed")
    stray = """<node id="90" lon="10.0" lat="50.011"/><node id="91" lon="10.001" lat="50.012"/>
    <way id="90"><nd ref="90"/><nd ref="91"/><tag k="highway" v="trunk"/>
    <tag k="oneway" v="yes"/></way></osm>"""
    path = tmp_path / "stray.osm"
    path.write_text(OSM.replace("</osm>", stray))
    network = read_network(path)
    assert network.links.at["join:o21", "to_node"] == "j1"
    assert network.unreachable().empty


def test_the_length_of_road_around_a_node_counts_both_ways_only():
    pieces = [Piece(1, 2, 5.0, 1.0, True), Piece(2, 3, 7.0, 1.0, False), Piece(4, 5, 2.0, 1, False)]
    pieces.append(Piece(5, 4, 3.0, 1.0, False))
    np.testing.assert_array_equal(piece_km(pieces, [1, 2, 3, 4, 5]), [5.0, 5.0, 0.0, 5.0, 5.0])
    assert piece_km([], []).shape == (0,)
