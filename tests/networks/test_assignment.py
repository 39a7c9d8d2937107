"""Given trips find their way: published equilibria, textbook paradoxes, certificates."""

import json

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cases_networks import random_network
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import shared

from networks.assignment import (
    Bpr,
    RoadGraph,
    UserClass,
    UserCost,
    all_or_nothing,
    assign,
    loading,
    zone_costs,
)
from networks.assignment.assign import METHODS, NotConverged, Status
from networks.errors import InvalidNetwork, UnknownLabel, UnreachablePlace
from networks.readers.tntp import read_tntp

EQUILIBRIUM = ["fw", "cfw", "bfw", "paths"]


def links(rows, **columns):
    table = pd.DataFrame(rows, columns=["from_node", "to_node", "free_minutes", "capacity"])
    return table.assign(**columns).set_axis([f"l{k}" for k in range(len(rows))])


def two_roads():
    """A short road that fills up and a long one that does not: t = 10 + v / 10 against 25."""
    rows = [("a", "b", 10.0, 100.0), ("a", "b", 25.0, np.inf), ("b", "a", 1.0, np.inf)]
    return RoadGraph(links(rows, alpha=1.0, power=1.0), ("a", "b"))


def trips(graph, value):
    zones = list(graph.zones)
    table = pd.DataFrame(0.0, index=zones, columns=zones)
    table.iloc[0, 1] = value
    return table


def random_case(seed, *, closed=False):
    rng = np.random.default_rng(seed)
    count, zones = 12, 4
    rows = [
        (str(a), str((a + 1) % count), rng.uniform(1, 5), rng.uniform(5, 30)) for a in range(count)
    ]
    rows += [(b, a, t, c) for a, b, t, c in rows]
    for _ in range(14):
        a, b = rng.choice(count, 2, replace=False)
        rows.append((str(a), str(b), rng.uniform(1, 9), rng.uniform(5, 30)))
    table = links(rows, power=rng.integers(1, 5, len(rows)).astype(float))
    barred = ("1",) if closed else ()
    graph = RoadGraph(
        table, tuple(str(z) for z in range(0, count, count // zones)), frozenset(barred)
    )
    demand = rng.uniform(0, 25, (zones, zones)) * (rng.uniform(size=(zones, zones)) < 0.8)
    return graph, demand


def by_networkx(graph, cost):
    """Least costs between zones, every node passable."""
    g = nx.MultiDiGraph()
    for (a, b), c in zip(graph.links[["from_node", "to_node"]].to_numpy(), cost, strict=True):
        g.add_edge(a, b, c=c)
    out = [nx.single_source_dijkstra_path_length(g, z, weight="c") for z in graph.zones]
    return np.array([[row.get(z, np.inf) for z in graph.zones] for row in out])


@pytest.mark.parametrize(
    ("case", "off"), [("SiouxFalls", 0.0), ("Anaheim", 0.07)], ids=["Sioux Falls", "Anaheim"]
)
def test_best_known_costs_and_flows_agree_unless_zones_are_passed_through(case, off):
    read = read_tntp(shared("cases", "network", "tntp", case))
    cost = read.flows["cost"].to_numpy()
    spent = read.flows["volume"].to_numpy() @ cost
    demand = read.demand.to_numpy(copy=True)
    np.fill_diagonal(demand, 0.0)
    least = zone_costs(read.graph, cost)
    assert (demand * least).sum() == pytest.approx(spent, rel=1e-13)
    opened = RoadGraph(read.graph.links, read.graph.zones)
    assert (demand * zone_costs(opened, cost)).sum() <= spent * (1 - off)


# Sioux Falls: "Optimal objective function value: 42.31335287107440" in the README of the case, in
# 100,000 vehicle minutes. Anaheim: none is printed; that of the best-known flows.
PUBLISHED = {"SiouxFalls": 42.31335287107440e5, "Anaheim": None}


@pytest.mark.parametrize(("case", "flows"), [("SiouxFalls", 1e-12), ("Anaheim", 1e-7)])
def test_path_flows_reach_the_published_flows_costs_and_objective(case, flows):
    read = read_tntp(shared("cases", "network", "tntp", case))
    best = read.flows["volume"].to_numpy()
    objective = PUBLISHED[case] or read.graph.bpr().integral(best).sum()
    found = assign(read.graph, read.demand, method="paths", gap=1e-14, max_iterations=60)
    assert found.status is Status.CONVERGED
    assert found.report.relative_gap <= 1e-14
    assert found.report.average_excess_cost <= 1e-14
    assert found.report.objective == pytest.approx(objective, rel=1e-14)
    np.testing.assert_allclose(found.data["flow"], best, rtol=flows, atol=1e-9)
    np.testing.assert_allclose(found.data["minutes"], read.flows["cost"], rtol=1e-11)


def test_the_published_braess_network_has_its_textbook_equilibrium():
    read = read_tntp(shared("cases", "network", "tntp", "Braess-Example"))
    found = assign(read.graph, read.demand, gap=1e-12)
    assert float(found.data["cost"][0, 0, 1]) == pytest.approx(92.0, abs=1e-6)
    np.testing.assert_allclose(found.links["flow"], [4, 2, 2, 2, 4], atol=1e-6)
    shut = found.links.index[(found.links["from_node"] == "3") & (found.links["to_node"] == "4")]
    demand = read.demand.to_numpy()
    without = assign(read.graph, [UserClass(demand, closed=list(shut))], gap=1e-12)
    assert float(without.data["cost"][0, 0, 1]) == pytest.approx(83.0, abs=1e-6)


@pytest.mark.parametrize(("case", "bar"), [("SiouxFalls", 976), ("Anaheim", 81)])
def test_biconjugate_frank_wolfe_needs_no_more_iterations_than_the_bar(case, bar):
    read = read_tntp(shared("cases", "network", "tntp", case))
    lines = shared("cases", "network", "tntp", "aequilibrae_bfw_results.jsonl").read_text()
    rows = [json.loads(line) for line in lines.splitlines()]
    peer = next(r for r in rows if r["case"] == case and r["gap_target"] == 1e-6)
    assert peer["iters"] == bar
    found = assign(read.graph, read.demand, method="bfw", gap=1e-6).raise_for_status()
    assert found.report.iterations <= bar
    best = read.flows["volume"].to_numpy()
    reference = read.graph.bpr().integral(best).sum()
    assert 0 <= found.report.objective / reference - 1 <= 1e-6


@pytest.mark.parametrize("method", EQUILIBRIUM)
def test_braess_network_is_slower_with_the_road_in_the_middle(method):
    # Braess (1968): six trips, 83 minutes each without the middle road and 92 with it.
    rows = [
        ("1", "3", 0.0, 1.0),
        ("1", "4", 50.0, 1.0),
        ("3", "2", 50.0, 1.0),
        ("4", "2", 0.0, 1.0),
    ]

    def graph(table):
        return RoadGraph(table, ("1", "2"))

    slopes = np.array([10.0, 1.0, 1.0, 10.0, 1.0])
    free = np.array([0.0, 50.0, 50.0, 0.0, 10.0])
    with_road = graph(links([*rows, ("3", "4", 10.0, 1.0)]))
    without = graph(links(rows))
    five = UserCost(lambda v: free + slopes * v)
    four = UserCost(lambda v: free[:4] + slopes[:4] * v)
    slow = assign(with_road, trips(with_road, 6.0), method=method, cost=five, gap=1e-8)
    fast = assign(without, trips(without, 6.0), method=method, cost=four, gap=1e-8)
    assert slow.data["cost"][0, 0, 1] == pytest.approx(92.0, abs=1e-4)
    assert fast.data["cost"][0, 0, 1] == pytest.approx(83.0, abs=1e-4)
    np.testing.assert_allclose(slow.data["flow"], [4, 2, 2, 4, 2], atol=1e-3)
    np.testing.assert_allclose(fast.data["flow"], [3, 3, 3, 3], atol=1e-3)


@pytest.mark.parametrize("method", EQUILIBRIUM)
def test_parallel_roads_fill_until_they_take_as_long(method):
    graph = two_roads()
    found = assign(graph, trips(graph, 400.0), method=method, gap=1e-10)
    np.testing.assert_allclose(found.data["flow"], [150.0, 250.0, 0.0], atol=1e-4)
    little = assign(graph, trips(graph, 100.0), method=method, gap=1e-10)
    np.testing.assert_allclose(little.data["flow"], [100.0, 0.0, 0.0], atol=1e-9)


def test_all_or_nothing_takes_the_empty_road_whatever_happens_to_it():
    graph = two_roads()
    found = assign(graph, trips(graph, 400.0), method="all_or_nothing")
    np.testing.assert_array_equal(found.data["flow"], [400.0, 0.0, 0.0])
    assert found.status is Status.CONVERGED
    assert found.report.relative_gap == pytest.approx((50.0 - 25.0) / 50.0)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=15, deadline=None)
def test_methods_meet_where_no_driver_has_a_cheaper_way(seed, closed):
    graph, demand = random_case(seed, closed=closed)
    by_paths = assign(graph, demand, method="paths", gap=1e-10, max_iterations=300)
    by_links = assign(graph, demand, method="bfw", gap=1e-6, max_iterations=5000)
    assert by_paths.status is by_links.status is Status.CONVERGED
    np.testing.assert_allclose(by_links.report.objective, by_paths.report.objective, rtol=2e-6)
    flow = by_paths.data["flow"].to_numpy()
    # every node keeps what comes: arrivals less departures are the trips that end less those begun
    balance = np.zeros(len(graph.nodes))
    np.add.at(balance, graph.heads, flow)
    np.subtract.at(balance, graph.tails, flow)
    off = demand - np.diag(np.diag(demand))
    expected = np.zeros(len(graph.nodes))
    expected[graph.zone_nodes] = off.sum(axis=0) - off.sum(axis=1)
    np.testing.assert_allclose(balance, expected, atol=1e-9)
    minutes = by_paths.data["minutes"].to_numpy()
    if not closed:
        np.testing.assert_allclose(
            by_paths.data["cost"][0], by_networkx(graph, minutes), rtol=1e-12
        )
    least = (by_paths.data["cost"][0].to_numpy() * off).sum()
    assert least == pytest.approx(minutes @ flow, rel=1e-9)


@pytest.mark.parametrize("own", [False, True], ids=["BPR", "user function"])
def test_roads_many_times_full_still_reach_equilibrium(own):
    graph, demand = random_case(7)
    steep = RoadGraph(graph.links.assign(power=8.0), graph.zones)
    cost = UserCost(steep.bpr().cost, steep.bpr().derivative) if own else None
    found = assign(steep, 5 * demand, gap=1e-9, max_iterations=300, cost=cost)
    assert found.status is Status.CONVERGED
    assert float(found.data["minutes"].max()) > 1e4
    by_links = assign(steep, 5 * demand, method="bfw", gap=1e-3, max_iterations=20_000)
    assert by_links.report.objective >= found.report.objective


def test_a_closed_node_starts_trips_and_is_never_passed():
    rows = [("a", "m", 1.0, np.inf), ("m", "b", 1.0, np.inf), ("a", "b", 5.0, np.inf)]
    opened = RoadGraph(links(rows), ("a", "m", "b"))
    closed = RoadGraph(links(rows), ("a", "m", "b"), frozenset({"m"}))
    minutes = opened.links["free_minutes"].to_numpy()
    assert zone_costs(opened, minutes)[0, 2] == 2.0
    np.testing.assert_array_equal(zone_costs(closed, minutes)[0], [0.0, 1.0, 5.0])
    assert zone_costs(closed, minutes)[1, 2] == 1.0


def test_a_user_function_that_is_bpr_gives_what_bpr_gives():
    graph, demand = random_case(3)
    own = graph.bpr()
    given_whole = UserCost(own.cost, own.derivative, own.integral)
    only_cost = UserCost(own.cost)
    for function in (given_whole, only_cost):
        a = assign(graph, demand, gap=1e-10)
        b = assign(graph, demand, gap=1e-10, cost=function)
        np.testing.assert_allclose(b.data["flow"], a.data["flow"], rtol=1e-5, atol=1e-5)
        assert b.report.objective == pytest.approx(a.report.objective, rel=1e-9)


def test_bpr_slope_and_integral_belong_to_its_cost():
    rng = np.random.default_rng(1)
    power = np.array([0.0, 1.0, 1.5, 4.0, 6.0])
    function = Bpr(rng.uniform(1, 9, 5), rng.uniform(10, 90, 5), rng.uniform(0.1, 2, 5), power)
    flow = rng.uniform(5, 150, 5)
    step = 1e-4
    slope = (function.cost(flow + step) - function.cost(flow - step)) / (2 * step)
    np.testing.assert_allclose(function.derivative(flow), slope, rtol=1e-6, atol=1e-9)
    height = (function.integral(flow + step) - function.integral(flow - step)) / (2 * step)
    np.testing.assert_allclose(function.cost(flow), height, rtol=1e-7)
    numeric = UserCost(function.cost)
    np.testing.assert_allclose(numeric.integral(flow), function.integral(flow), rtol=1e-6)
    np.testing.assert_allclose(numeric.derivative(flow), function.derivative(flow), rtol=1e-5)


@pytest.mark.parametrize("method", ["bfw", "paths"])
def test_two_classes_that_are_alike_are_one_class_told_apart(method):
    graph, demand = random_case(8)
    whole = assign(graph, demand, method=method, gap=1e-7, max_iterations=5000)
    parts = [UserClass(0.3 * demand, "a"), UserClass(0.35 * demand, "lorries", pce=2.0)]
    split = assign(graph, parts, method=method, gap=1e-7, max_iterations=5000)
    assert split.report.objective == pytest.approx(whole.report.objective, rel=1e-6)
    np.testing.assert_allclose(split.data["flow"], whole.data["flow"], atol=0.15)
    in_cars = split.data["volume"].to_numpy() * np.array([[1.0], [2.0]])
    np.testing.assert_allclose(in_cars.sum(axis=0), split.data["flow"])


@pytest.mark.parametrize("method", ["bfw", "paths"])
def test_a_toll_sends_those_round_whose_time_is_cheap(method):
    rows = [("a", "b", 10.0, np.inf), ("a", "b", 20.0, np.inf)]
    graph = RoadGraph(links(rows, toll=[5.0, 0.0]), ("a", "b"))
    poor = UserClass(trips(graph, 7.0), "poor", value_of_time=20.0)  # 15 minutes for the toll
    rich = UserClass(trips(graph, 3.0), "rich", value_of_time=60.0)  # 5 minutes
    found = assign(graph, [poor, rich], method=method)
    np.testing.assert_allclose(found.data["volume"], [[0.0, 7.0], [3.0, 0.0]])
    np.testing.assert_allclose(found.data["cost"][:, 0, 1], [20.0, 15.0])


@pytest.mark.parametrize("method", ["bfw", "paths"])
def test_a_closed_link_is_closed_for_its_class_only(method):
    graph = two_roads()
    lorries = UserClass(trips(graph, 10.0), "lorries", closed=["l0"])
    cars = UserClass(trips(graph, 100.0), "cars", fixed=pd.Series({"l1": 1.0}))
    found = assign(graph, [cars, lorries], method=method)
    np.testing.assert_allclose(found.data["volume"], [[100.0, 0, 0], [0, 10.0, 0]])
    assert found.data["cost"][0, 0, 1] == pytest.approx(20.0)


def test_threads_do_not_change_a_bit(monkeypatch):
    monkeypatch.setattr(loading, "CHUNK", 1)
    monkeypatch.setattr(loading, "WORTH_A_THREAD", 0)
    graph, demand = random_case(5)
    alone = all_or_nothing(graph, graph.bpr().cost(np.zeros(len(graph.links))), demand, workers=1)
    many = all_or_nothing(graph, graph.bpr().cost(np.zeros(len(graph.links))), demand, workers=4)
    np.testing.assert_array_equal(alone[0], many[0])
    assert alone[1] == many[1]


def test_order_of_zones_in_the_demand_does_not_matter():
    graph, demand = random_case(2)
    table = pd.DataFrame(demand, graph.zones, graph.zones)
    turned = table.iloc[::-1, ::-1]
    cube = xr.DataArray(
        demand,
        dims=("origin", "destination"),
        coords={"origin": list(graph.zones), "destination": list(graph.zones)},
    )
    for other in (turned, cube):
        np.testing.assert_array_equal(
            assign(graph, table).data["flow"], assign(graph, other).data["flow"]
        )


def test_what_cannot_be_assigned_is_named():
    graph, demand = random_case(2)
    with pytest.raises(UnknownLabel, match="did you mean 'paths'"):
        assign(graph, demand, method="path")
    with pytest.raises(InvalidNetwork, match="shape"):
        assign(graph, demand[:2])
    with pytest.raises(InvalidNetwork, match="0 to 3"):
        assign(graph, np.where(np.eye(4, k=1) > 0, np.nan, demand))
    with pytest.raises(InvalidNetwork, match="not a zone: elsewhere"):
        assign(graph, pd.DataFrame(demand, [*graph.zones[:3], "elsewhere"], graph.zones))
    with pytest.raises(InvalidNetwork, match="names of their own"):
        assign(graph, [UserClass(demand), UserClass(demand)])
    with pytest.raises(InvalidNetwork, match="must not fall"):
        assign(graph, demand, cost=UserCost(lambda v: 1e9 - v, lambda v: 0 * v))
    with pytest.raises(UnknownLabel, match="links that exist"):
        assign(graph, [UserClass(demand, closed=["nowhere"])])
    one_way = RoadGraph(links([("a", "b", 1.0, 1.0)]), ("a", "b"))
    with pytest.raises(UnreachablePlace, match="from b to a"):
        assign(one_way, np.ones((2, 2)))
    stopped = assign(graph, demand * 5, method="fw", gap=1e-12, max_iterations=2)
    assert stopped.status is Status.LIMIT
    with pytest.raises(NotConverged, match="after 2 iterations"):
        stopped.raise_for_status()


def test_links_that_make_no_graph_are_named():
    with pytest.raises(InvalidNetwork, match="free_minutes"):
        RoadGraph(pd.DataFrame({"from_node": ["a"], "to_node": ["b"]}), ("a", "b"))
    with pytest.raises(InvalidNetwork, match=r"join two nodes.*l0"):
        RoadGraph(links([("a", "a", 1.0, 1.0)]), ("a",))
    with pytest.raises(InvalidNetwork, match="zone must be the end"):
        RoadGraph(links([("a", "b", 1.0, 1.0)]), ("a", "c"))
    with pytest.raises(InvalidNetwork, match="capacity"):
        RoadGraph(links([("a", "b", 1.0, 0.0)]), ("a", "b")).bpr()


@pytest.mark.parametrize("method", METHODS)
def test_no_trips_make_no_traffic(method):
    graph, demand = random_case(2)
    found = assign(graph, 0 * demand, method=method)
    assert not found.data["flow"].any()
    assert found.status is Status.CONVERGED


def test_a_network_lends_its_roads():
    network = random_network(4)
    graph = RoadGraph.from_network(network, capacity=1000.0)
    count = len(graph.zones)
    found = assign(graph, np.ones((count, count)), gap=1e-8)
    assert found.status is Status.CONVERGED
    both = network.links[network.links["mode"].isin(["road", "ferry"])]
    assert len(graph.links) == len(both) + int(both["bidirectional"].sum())
    with pytest.raises(InvalidNetwork, match="capacity"):
        RoadGraph.from_network(network, capacity=pd.Series({"l0": 1.0}))


def test_a_network_with_capacities_is_assigned_to_as_it_is():
    network = random_network(4)
    roads = network.links["mode"].isin(["road", "ferry"])
    capacity = pd.Series(np.linspace(500, 900, len(roads)), network.links.index).where(roads)
    network = network.with_links(change=pd.DataFrame({"capacity": capacity[roads]}))
    places = network.places.index
    rng = np.random.default_rng(1)
    trips = pd.DataFrame(rng.uniform(0, 300, (7, 7)), places, places)
    found = assign(network, trips, gap=1e-9).raise_for_status()
    graph = RoadGraph.from_network(network, capacity=capacity[roads])
    by_graph = assign(graph, trips, gap=1e-9)
    np.testing.assert_array_equal(found.data["flow"], by_graph.data["flow"])
    np.testing.assert_array_equal(
        assign(network, trips.to_numpy(), gap=1e-9).data["flow"], found.data["flow"]
    )
    table = found.links
    np.testing.assert_allclose(table["load"], table["flow"] / table["capacity"])
    assert (table["minutes"] >= table["free_minutes"]).all()
    # names of places, some of them only, in any order
    few = trips.iloc[[4, 0, 2], [2, 4, 0]]
    by_name = few.set_axis(network.nodes.loc[few.index, "name"], axis=0)
    whole = pd.DataFrame(0.0, places, places)
    whole.loc[few.index, few.columns] = few
    np.testing.assert_allclose(
        assign(network, by_name, gap=1e-9).data["flow"],
        assign(network, whole, gap=1e-9).data["flow"],
        rtol=1e-6,
        atol=1e-6,
    )
    lorries = UserClass(whole, "lorries", pce=2.0, closed=["l0"], fixed=pd.Series({"l1": 3.0}))
    shut = assign(network, [UserClass(trips), lorries], gap=1e-8)
    volume = shut.data["volume"].sel(user_class="lorries").to_series()
    assert volume[["l0", "l0:back"]].tolist() == [0.0, 0.0]
    with pytest.raises(InvalidNetwork, match="finite and not negative"):
        assign(network, trips.where(trips > 10))
    with pytest.raises(InvalidNetwork, match=r"needs a capacity; .* Set the column capacity"):
        assign(random_network(4), trips)
    with pytest.raises(UnknownLabel, match="did you mean 'Place 0'"):
        assign(network, by_name.rename(index={"Place 0": "Plaze 0"}))


def test_gates_of_a_network_hold_for_its_traffic():
    network = random_network(4)
    gated = type(network)(network.nodes.assign(no_pass=network.nodes.index == "p1"), network.links)
    graph = RoadGraph.from_network(gated, capacity=np.inf)
    assert graph.closed == {"p1"}
    free = graph.links["free_minutes"].to_numpy()
    opened = zone_costs(RoadGraph(graph.links, graph.zones), free)
    assert (zone_costs(graph, free) >= opened).all()
    assert (zone_costs(graph, free) > opened).any()
