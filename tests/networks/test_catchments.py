"""Who is served by which stop, which stops are hubs, and which places hang together."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from cases_networks import random_network

from networks import Network, skim
from networks.catchments import catchments, hub_shares
from networks.china import load_china_groups, load_china_network
from networks.clusters import find_clusters
from networks.errors import MeasureError, UnknownLabel


def two_stations():
    """Places a, b, c on a road; stations at a and in the fields between b and c."""
    nodes = [
        {"node": k, "name": k.upper(), "kind": "place", "lon": 100.0 + i, "lat": 30.0}
        | {"area_km2": 9.0, "population": p}
        for i, (k, p) in enumerate([("a", 10.0), ("b", 20.0), ("c", 70.0)])
    ]
    nodes.append({"node": "s", "name": "Halt", "kind": "stop", "lon": 101.6, "lat": 30.0})
    links = [
        ("1", "a", "b", "road", 100.0, 80.0, np.nan),
        ("2", "b", "s", "access", 60.0, 50.0, np.nan),
        ("3", "s", "c", "access", 40.0, 30.0, np.nan),
        ("4", "a", "s", "rail_conventional", 160.0, 90.0, 12.0),
    ]
    columns = ["link", "from_node", "to_node", "mode", "km", "minutes", "trains_per_day"]
    return Network(pd.DataFrame(nodes), pd.DataFrame(links, columns=columns))


def test_places_go_to_the_nearest_station_within_reach():
    table = catchments(two_stations(), limit=85)
    assert table[["place", "stop", "minutes", "rank", "share"]].to_numpy().tolist() == [
        ["a", "a", 0.0, 1, 1.0],
        ["b", "s", 50.0, 1, 1.0],
        ["b", "a", 80.0, 2, 0.0],
        ["c", "s", 30.0, 1, 1.0],
    ]
    assert set(catchments(two_stations(), limit=40)["place"]) == {"a", "c"}


def test_shared_places_follow_departures_and_distance():
    table = catchments(two_stations(), limit=85, share="huff", scale=30.0).set_index(
        ["place", "stop"]
    )
    odds = table.at[("b", "s"), "share"] / table.at[("b", "a"), "share"]
    assert odds == pytest.approx(np.exp(1.0))
    np.testing.assert_allclose(table.groupby("place")["share"].sum(), 1.0)


def test_hub_shares_count_people_and_trains_once():
    table = hub_shares(two_stations(), limit=85)
    assert table.loc["s", ["catchment", "departures", "destinations"]].tolist() == [90.0, 12.0, 1]
    assert table.at["a", "catchment_share"] == pytest.approx(0.1)
    assert table["departures_share"].sum() == pytest.approx(1.0)
    jobs = pd.Series({"a": 1.0, "b": 1.0, "c": 2.0})
    assert hub_shares(two_stations(), limit=85, mass=jobs).at["s", "catchment"] == 3.0


@pytest.mark.parametrize("seed", [1, 4, 9])
def test_reach_is_the_least_road_time_of_a_plain_search(seed):
    network = random_network(seed)
    graph = nx.MultiDiGraph()
    for _, row in network.links[network.links["mode"].isin(["road", "ferry", "access"])].iterrows():
        graph.add_edge(row["from_node"], row["to_node"], w=row["minutes"])
        if row["bidirectional"]:
            graph.add_edge(row["to_node"], row["from_node"], w=row["minutes"])
    table = catchments(network, limit=1e6)
    for place, group in table.groupby("place"):
        least = nx.single_source_dijkstra_path_length(graph, place, weight="w")
        for stop, minutes in zip(group["stop"], group["minutes"], strict=True):
            assert minutes == pytest.approx(least[stop])


def test_betweenness_is_that_of_networkx():
    pytest.importorskip("igraph", reason="igraph is not installed")
    network = load_china_network()
    table = hub_shares(network, "rail_hsr", between=True)
    graph = nx.DiGraph()
    links = network.links[network.links["mode"] == "rail_hsr"]
    for a, b, both, minutes in links[
        ["from_node", "to_node", "bidirectional", "minutes"]
    ].itertuples(index=False):
        for u, v in [(a, b), (b, a)][: 1 + both]:
            if not graph.has_edge(u, v) or graph[u][v]["w"] > minutes:
                graph.add_edge(u, v, w=minutes)
    expected = pd.Series(nx.betweenness_centrality(graph, weight="w"))
    found = table["betweenness"].reindex(expected.index)
    assert np.corrcoef(found, expected)[0, 1] > 0.999
    np.testing.assert_allclose(found, expected, atol=2e-3)  # ties are counted up to rounding


def test_clusters_of_two_cliques_are_the_cliques():
    pytest.importorskip("igraph", reason="igraph is not installed")
    keys = list("abcdefg")
    flows = pd.DataFrame(0.1, keys, keys)
    flows.loc[["a", "c", "e"], ["a", "c", "e"]] = 9.0
    flows.loc[["b", "d", "f", "g"], ["b", "d", "f", "g"]] = 9.0
    for method in ("leiden", "fast_greedy"):
        table = find_clusters(flows=flows, method=method)
        assert table["cluster"].tolist() == [2, 1, 2, 1, 2, 1, 1]
        assert table["size"].tolist() == [3, 4, 3, 4, 3, 4, 4]
        shares = flows.to_numpy() + flows.to_numpy().T
        np.fill_diagonal(shares, 0.0)
        total, strength = shares.sum(), shares.sum(axis=1)
        same = table["cluster"].to_numpy()[:, None] == table["cluster"].to_numpy()[None, :]
        q = ((shares - np.outer(strength, strength) / total) * same).sum() / total
        assert table.attrs["modularity"] == pytest.approx(q)


def test_the_same_seed_finds_the_same_clusters_of_china_and_they_are_regions():
    pytest.importorskip("igraph", reason="igraph is not installed")
    network = load_china_network()
    minutes = skim(network, modes=["road"], by="minutes", unreachable="keep")
    people = network.places["population"]
    table = find_clusters(minutes, mass=people, scale=60.0, limit=240.0)
    again = find_clusters(minutes, mass=people, scale=60.0, limit=240.0)
    pd.testing.assert_frame_equal(table, again)
    assert 10 <= table["cluster"].max() <= 60
    assert table.attrs["modularity"] > 0.5
    pole = load_china_groups()
    delta = pole[(pole["grouping"] == "national_poles") & (pole["group"] == "Pearl River Delta")]
    assert table.loc[delta["place"], "cluster"].nunique() == 1


def test_what_cannot_be_measured_is_named():
    network = two_stations()
    with pytest.raises(UnknownLabel, match="did you mean 'rail_hsr'"):
        catchments(network, "rail_hs")
    with pytest.raises(MeasureError, match="limit must be a positive"):
        catchments(network, limit=0)
    with pytest.raises(MeasureError, match="nearest"):
        catchments(network, share="all")
    with pytest.raises(MeasureError, match="not at b"):
        hub_shares(network, limit=85, mass=pd.Series({"a": 1.0, "c": 1.0}))
    with pytest.raises(MeasureError, match="one of the two"):
        find_clusters()
    square = pd.DataFrame(1.0, ["a", "b"], ["a", "c"])
    with pytest.raises(MeasureError, match="same places"):
        find_clusters(flows=square)
    with pytest.raises(MeasureError, match="a place at least"):
        find_clusters(flows=pd.DataFrame())
