"""What goes over links and through nodes: a slow twin, igraph, networkx, sums that close."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from cases_networks import random_network, three_cities
from hypothesis import example, given, settings
from hypothesis import strategies as st

from networks import Network, skim
from networks.betweenness import betweenness, graph_betweenness
from networks.catchments import hub_shares
from networks.china import load_china_network
from networks.criticality import criticality
from networks.errors import MeasureError, UnknownLabel


def slow_betweenness(size, tails, heads, weights, demand):
    """Arcs and nodes in fractions; ways of least weight with the fewest arcs of no weight."""
    infinite = (float("inf"), 0)
    arcs = [
        (int(a), int(b), (w, int(w == 0))) for a, b, w in zip(tails, heads, weights, strict=True)
    ]
    on_arc, through = [Fraction(0)] * len(arcs), [Fraction(0)] * size
    for origin in range(size):
        least = [infinite] * size
        least[origin] = (0, 0)
        for _ in range(size):
            for a, b, (w, null) in arcs:
                least[b] = min(least[b], (least[a][0] + w, least[a][1] + null))
        order = sorted((v for v in range(size) if least[v] < infinite), key=lambda v: least[v])
        tight = [
            least[a] < infinite and (least[a][0] + w, least[a][1] + null) == least[b]
            for a, b, (w, null) in arcs
        ]
        for target in range(size):
            if target == origin or target not in order or not demand[origin][target]:
                continue
            ahead, behind = [0] * size, [0] * size
            ahead[origin] = behind[target] = 1
            for v in order:
                for (a, b, _), on in zip(arcs, tight, strict=True):
                    if on and a == v:
                        ahead[b] += ahead[a]
            for v in reversed(order):
                for (a, b, _), on in zip(arcs, tight, strict=True):
                    if on and b == v:
                        behind[a] += behind[b]
            for k, ((a, b, _), on) in enumerate(zip(arcs, tight, strict=True)):
                if on:
                    part = Fraction(ahead[a] * behind[b], ahead[target])
                    on_arc[k] += part * int(demand[origin][target])
            for v in set(order) - {origin, target}:
                part = Fraction(ahead[v] * behind[v], ahead[target])
                through[v] += part * int(demand[origin][target])
    return np.array(on_arc, dtype=float), np.array(through, dtype=float)


def random_graph(seed, *, whole=True):
    rng = np.random.default_rng(seed)
    size, arcs = int(rng.integers(2, 9)), int(rng.integers(0, 25))
    tails, heads = rng.integers(0, size, (2, arcs))
    weights = rng.integers(0, 4, arcs).astype(float) if whole else rng.uniform(0.1, 5, arcs)
    demand = rng.integers(0, 4, (size, size)).astype(float)
    return size, tails, heads, weights, demand


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_ties_zero_arcs_loops_and_parallel_arcs_are_shared_as_the_slow_twin_shares_them(seed):
    size, tails, heads, weights, demand = random_graph(seed)
    found = graph_betweenness(tails, heads, weights, demand, size=size)
    arcs, nodes = slow_betweenness(size, tails, heads, weights, demand)
    np.testing.assert_allclose(found.arcs, arcs, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.nodes, nodes, rtol=1e-12, atol=1e-12)
    off = demand.sum() - np.trace(demand)
    assert found.total + found.lost == pytest.approx(off, rel=1e-12, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000), whole=st.booleans(), few=st.booleans())
def test_our_trees_and_igraph_agree(seed, whole, few):
    pytest.importorskip("igraph", reason="igraph is not installed")
    size, tails, heads, weights, demand = random_graph(seed, whole=whole)
    zones = np.random.default_rng(seed).permutation(size)[: max(2, size // 2)] if few else None
    trips = demand if zones is None else demand[np.ix_(zones, zones)]
    own, peer = (
        graph_betweenness(tails, heads, weights, trips, size=size, zones=zones, engine=engine)
        for engine in ("own", "igraph")
    )
    np.testing.assert_allclose(own.arcs, peer.arcs, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(own.nodes, peer.nodes, rtol=1e-10, atol=1e-10)
    assert own.lost == pytest.approx(peer.lost, abs=1e-10)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_a_demand_of_one_it_is_the_betweenness_of_networkx(seed):
    graph = nx.gnp_random_graph(40, 0.1, seed=seed, directed=True)
    rng = np.random.default_rng(seed)
    for *_, data in graph.edges(data=True):
        data["w"] = int(rng.integers(1, 4))
    ends = np.array(graph.edges)
    found = graph_betweenness(
        ends[:, 0], ends[:, 1], [d["w"] for *_, d in graph.edges(data=True)], size=40
    )
    options = {"normalized": False, "weight": "w"}
    by_edge = nx.edge_betweenness_centrality(graph, **options)
    np.testing.assert_allclose(found.arcs, [by_edge[tuple(e)] for e in ends], rtol=1e-12)
    by_node = nx.betweenness_centrality(graph, **options)
    np.testing.assert_allclose(found.nodes, [by_node[v] for v in range(40)], rtol=1e-12, atol=1e-9)


def test_more_ways_than_a_number_can_hold_are_still_shared_evenly():
    steps = 1500  # 2^1500 ways
    tails, heads = [], []
    for k in range(0, 3 * steps, 3):
        tails += [k, k, k + 1, k + 2]
        heads += [k + 1, k + 2, k + 3, k + 3]
    found = graph_betweenness(tails, heads, np.ones(len(tails)), zones=[0, 3 * steps])
    np.testing.assert_array_equal(found.arcs, 0.5)
    assert (found.total, found.lost) == (1.0, 1.0)


def test_threads_do_not_change_a_bit():
    rng = np.random.default_rng(3)
    tails, heads = rng.integers(0, 120, (2, 600))
    weights, demand = rng.uniform(0, 4, 600), rng.uniform(size=(120, 120))
    one, three = (
        graph_betweenness(tails, heads, weights, demand, workers=n, size=120) for n in (1, 3)
    )
    np.testing.assert_array_equal(one.arcs, three.arcs)
    np.testing.assert_array_equal(one.nodes, three.nodes)


# --- networks -----------------------------------------------------------------------------------


def ones(network):
    places = network.places.index
    return pd.DataFrame(1.0, index=places, columns=places)


@pytest.mark.parametrize("engine", ["own", "igraph"])
def test_three_cities_by_hand(engine):
    if engine == "igraph":
        pytest.importorskip("igraph", reason="igraph is not installed")
    found = betweenness(three_cities(), ones(three_cities()), by="minutes", engine=engine)
    # neighbours drive, door to door in less time than by a train to wait for; the others ride
    assert found.links["betweenness"].to_dict() == {"r1": 2.0, "r2": 2.0, "t1": 2.0, "t2": 2.0}
    assert found.links["ahead"].to_dict() == {"r1": 1.0, "r2": 1.0, "t1": 1.0, "t2": 1.0}
    assert found.nodes["betweenness"].to_dict() == {"a": 0.0, "b": 2.0, "c": 0.0}
    assert found.nodes["share"]["b"] == pytest.approx(1 / 3)
    assert (found.total, found.lost) == (6.0, 0.0)
    road = betweenness(three_cities(), ones(three_cities()), modes=["road"], engine=engine)
    assert road.links["betweenness"].to_dict() == {"r1": 4.0, "r2": 4.0, "t1": 0.0, "t2": 0.0}


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    purpose=st.sampled_from(["passenger", "freight"]),
    by=st.sampled_from(["cost", "minutes"]),
)
def test_kilometres_of_links_add_up_to_those_of_the_skim(seed, purpose, by):
    network = random_network(seed)
    mass = network.places["population"]
    weights = np.outer(mass, mass)
    np.fill_diagonal(weights, 0.0)
    weights /= weights.sum()
    km = skim(network, purpose, by=by, unreachable="keep")["km"].to_numpy()
    found = betweenness(network, mass, purpose=purpose, by=by)
    assert found.lost == 0.0
    assert found.links["betweenness"] @ network.links["km"] == pytest.approx(
        (weights * km).sum(), rel=1e-9
    )
    # what comes to a node by links ends there or goes through
    links = network.links
    into = pd.Series(0.0, index=network.nodes.index)
    into = into.add(found.links["ahead"].groupby(links["to_node"]).sum(), fill_value=0.0)
    into = into.add(found.links["back"].groupby(links["from_node"]).sum(), fill_value=0.0)
    ends = pd.Series(weights.sum(axis=0), index=network.places.index)
    through = into.sub(ends, fill_value=0.0).reindex(network.nodes.index)
    np.testing.assert_allclose(found.nodes["betweenness"], through, atol=1e-12)


def within_the_limit(network):
    """Stops each place can use, out and back: (main mode, place, stop, whether out)."""
    table, links = network.parameters, network.links
    streets = nx.DiGraph()
    streets.add_nodes_from(network.nodes.index)
    for row in links[links["mode"].isin(["road", "ferry", "access"])].to_dict("records"):
        minutes = row["minutes"] * table.get("time_factor", row["mode"], "passenger")
        ends = (row["from_node"], row["to_node"])
        for a, b in [ends, ends[::-1]] if row["bidirectional"] else [ends]:
            if minutes < streets.get_edge_data(a, b, {"minutes": np.inf})["minutes"]:
                streets.add_edge(a, b, minutes=minutes)
    least = dict(nx.all_pairs_dijkstra_path_length(streets, weight="minutes"))
    found = set()
    for main, carried in {"rail": ["rail_conventional", "rail_hsr"], "air": ["air"]}.items():
        limit = table.get("access_limit", main, "passenger")
        ridden = links[links["mode"].isin(carried)]
        for stop in {*ridden["from_node"], *ridden["to_node"]}:
            for place in network.places.index:
                out, back = least[place].get(stop, np.inf), least[stop].get(place, np.inf)
                found |= {(main, place, stop, True)} if out <= limit else set()
                found |= {(main, place, stop, False)} if back <= limit else set()
    return found


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
@example(seed=860)  # the fastest way to a stop is not the cheapest, and alone within the limit
@example(seed=377)
def test_a_link_carries_the_pairs_that_its_closure_hurts_where_nothing_ties(seed):
    network = random_network(seed)
    trips = ones(network)
    road = {"modes": ["road"]}
    found = betweenness(network, trips, **road).links["betweenness"]
    hurt = criticality(network, trips, **road)
    np.testing.assert_allclose(found, hurt["pairs"], atol=1e-9)
    np.testing.assert_array_equal(found, hurt["betweenness"])
    # by train one may ride out and back on a link: at least as much as there are pairs to hurt
    anywhere = {"parameters": {"access_limit": {"passenger": 1e6}}}
    for asked in (anywhere, {"by": "minutes"}):
        every = criticality(network, trips, **asked)
        assert (every["betweenness"] >= every["pairs"] - 1e-9).all()
    # by cost a trip also misses the fastest way to a stop, which says whether the stop is within
    # the limit, though it rides a cheaper one: all other pairs that are hurt go over the link
    every = criticality(network, trips)
    stops = within_the_limit(network)
    for link in every.index[every["betweenness"] < every["pairs"] - 1e-9]:
        assert every["mode"][link] in ("road", "ferry", "access")
        assert within_the_limit(network.with_links(remove=[link])) < stops


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), ties=st.booleans())
def test_networks_by_igraph_are_the_same(seed, ties):
    pytest.importorskip("igraph", reason="igraph is not installed")
    network = random_network(seed, ties=ties)
    own, peer = (betweenness(network, ones(network), engine=e) for e in ("own", "igraph"))
    np.testing.assert_allclose(own.links["betweenness"], peer.links["betweenness"], atol=1e-9)
    np.testing.assert_allclose(own.nodes["betweenness"], peer.nodes["betweenness"], atol=1e-9)


def test_trips_that_nothing_joins_are_counted_and_roads_are_not_taken_through_gates():
    network = three_cities().subset(["road"])
    gated = Network(network.nodes.assign(no_pass=[False, True, False]), network.links)
    found = betweenness(gated, ones(gated), modes=["road"])
    assert (found.total, found.lost) == (4.0, 2.0)
    assert found.nodes["betweenness"].tolist() == [0.0, 0.0, 0.0]
    assert found.links["betweenness"].tolist() == [2.0, 2.0]


def test_the_most_used_railway_of_china_joins_its_great_cities():
    network = load_china_network()
    found = betweenness(network, network.places["population"], modes=["rail"], by="minutes")
    rail = found.links[found.links["mode"] == "rail_hsr"]
    assert rail["share"].max() > 0.01
    places = found.nodes[found.nodes["kind"] != "airport"]["share"].nlargest(12)
    assert {"Wuhan", "Zhengzhou"} & {
        str(v).split()[0] for v in found.nodes.loc[places.index, "name"]
    }


def test_hubs_take_the_same_betweenness():
    table = hub_shares(load_china_network(), "rail_hsr", between=True)
    assert table["betweenness"].between(0, 1).all()


def test_what_has_no_betweenness_is_named():
    with pytest.raises(MeasureError, match=r"weights of zero or more; 1 are not"):
        graph_betweenness([0], [1], [-1.0])
    with pytest.raises(MeasureError, match=r"shape \(2, 2\); found \(3,\)"):
        graph_betweenness([0], [1], [1.0], [1.0, 2.0, 3.0])
    with pytest.raises(MeasureError, match="nodes from 0 to 1"):
        graph_betweenness([0], [1], [1.0], zones=[0, 5])
    with pytest.raises(MeasureError, match="every zone once"):
        graph_betweenness([0], [1], [1.0], zones=[0, 0])
    with pytest.raises(UnknownLabel, match="did you mean 'igraph'"):
        graph_betweenness([0], [1], [1.0], engine="igrph")
    network = three_cities()
    with pytest.raises(MeasureError, match="same places as rows and as columns"):
        betweenness(network, ones(network).iloc[:, :2])
    with pytest.raises(MeasureError, match="4 pairs"):
        betweenness(network, pd.Series([1.0, 1.0, -1.0], ["a", "b", "c"]))
