import numpy as np
import pandas as pd
import pytest
import reference_paths as reference
from cases_networks import random_network, three_cities
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import skim
from networks.criticality import criticality, group_criticality
from networks.errors import MeasureError, UnknownLabel
from networks.graph import Core, at_nodes
from networks.whatif import build_whatif

FEW = settings(max_examples=5, deadline=None)


def redone(network, weights, base, link, **kw):
    """Rise and cut pairs from a network without the link, skimmed from nothing."""
    less = network.with_links(remove=[link])
    now = skim(less, unreachable="keep", **kw)[kw.get("by", "cost")].values
    kept = np.isfinite(now) & np.isfinite(base)
    return (weights[kept] * (now[kept] - base[kept])).sum(), int(
        (np.isinf(now) & ~np.isinf(base)).sum()
    )


@FEW
@given(
    seed=st.integers(0, 10_000),
    purpose=st.sampled_from(["passenger", "freight"]),
    by=st.sampled_from(["cost", "minutes"]),
)
def test_every_link_costs_what_a_network_without_it_costs_more(seed, purpose, by):
    network = random_network(seed, ties=seed % 2 == 0)
    mass = network.places["population"]
    weights = np.outer(mass, mass)
    np.fill_diagonal(weights, 0)
    weights /= weights.sum()
    base = skim(network, purpose, by=by, unreachable="keep")[by].values
    table = criticality(network, mass, purpose=purpose, by=by)
    assert list(table.index) == list(network.links.index)
    assert table.attrs["total"] == pytest.approx((weights * base).sum(), rel=1e-12)
    for link in network.links.index[seed % 3 :: 3]:
        rise, cut = redone(network, weights, base, link, purpose=purpose, by=by)
        # a difference of two totals: to rounding of the totals
        assert table["rise"][link] == pytest.approx(
            rise, rel=1e-9, abs=1e-12 * table.attrs["total"]
        )
        assert table["pairs_cut"][link] == cut
        assert table["bridge"][link] == (cut > 0)


def test_the_only_road_to_a_place_is_a_bridge_and_the_place_is_named():
    lonely = {"code": "d", "name": "Delta", "lon": 3.0, "lat": 0.0, "area_km2": 50.0}
    road = {"link": "only", "from_node": "c", "to_node": "d", "mode": "road", "minutes": 30.0}
    network = three_cities().with_places([lonely]).with_links(add=[road])
    mass = pd.Series([3.0, 1.0, 1.0, 2.0], index=["a", "b", "c", "d"])
    row = criticality(network, mass, links=["only"]).loc["only"]
    assert row["bridge"]
    assert row["isolated"] == "Delta"
    assert row["pairs_cut"] == 6
    demand = np.outer(mass, mass)
    between = demand[:3, 3].sum() / (demand.sum() - np.trace(demand)) * 2
    assert row["demand_cut"] == pytest.approx(between)


def test_a_link_is_missed_that_keeps_a_stop_within_the_limit_though_nobody_rides_it():
    toll = {"link": "toll", "from_node": "a", "to_node": "b", "mode": "road", "km": 100.0}
    toll |= {"minutes": 175.0, "money": 900.0}
    slow = {**toll, "link": "slow", "minutes": 200.0, "money": 0.0}
    network = three_cities().with_links(add=[toll, slow], remove=["r1", "r2", "t1"])
    places = network.places.index
    trips = pd.DataFrame(1.0, index=places, columns=places)
    limits = {180.0: (2, 2), 220.0: (0, 0)}  # minutes: pairs hurt and cut, Alpha with Gamma
    for minutes, (hurt, cut) in limits.items():
        asked = {"parameters": {"access_limit": {"rail.passenger": minutes}}}
        table = criticality(network, trips, **asked)
        assert table["betweenness"].to_dict() == {"t2": 4.0, "toll": 0.0, "slow": 4.0}
        assert (table["pairs"]["toll"], table["pairs_cut"]["toll"]) == (hurt, cut)
        less = network.with_links(remove=["toll"])
        now = skim(less, modes=["road", "rail"], unreachable="keep", **asked)["reachable"].values
        assert (~now).sum() == cut


def test_trips_of_ones_own_and_threads():
    network = random_network(5)
    places = network.places.index
    rng = np.random.default_rng(0)
    trips = pd.DataFrame(rng.uniform(0, 9, (len(places),) * 2), index=places, columns=places)
    seen = []
    one = criticality(network, trips, workers=1, progress=seen.append)
    three = criticality(network, trips, workers=3)
    pd.testing.assert_frame_equal(one, three, check_exact=True)
    assert seen[-1] == len(network.links)
    doubled = criticality(network, 2 * trips)
    np.testing.assert_allclose(doubled["rise"], 2 * one["rise"], rtol=1e-12)
    np.testing.assert_allclose(doubled["share"], one["share"], rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), whole=st.booleans())
def test_groups_of_arcs_on_any_graph_equal_the_slow_twin(seed, whole):
    rng = np.random.default_rng(seed)
    size, arcs = int(rng.integers(2, 10)), int(rng.integers(1, 30))
    tails, heads = rng.integers(0, size, (2, arcs))
    weights = rng.integers(0, 4, arcs).astype(float) if whole else rng.uniform(0, 5, arcs)
    demand = rng.integers(0, 3, (size, size)).astype(float)
    np.fill_diagonal(demand, 0.0)
    nodes = np.arange(size)
    whatif = build_whatif(Core(size, tails, heads, weights[:, None]), weights, at_nodes(nodes))
    groups = [rng.choice(arcs, min(2, arcs), replace=False) for _ in range(5)]
    base = reference.all_pairs(size, tails, heads, weights)
    for group, loss in zip(groups, group_criticality(whatif, demand, groups), strict=True):
        closed = weights.copy()
        closed[group] = np.inf
        now = reference.all_pairs(size, tails, heads, closed)
        kept = np.isfinite(now) & np.isfinite(base)
        rise = (demand[kept] * (now[kept] - base[kept])).sum()
        assert loss.rise == pytest.approx(rise, rel=1e-10, abs=1e-10)
        assert loss.pairs_cut == int((np.isinf(now) & np.isfinite(base) & (demand > 0)).sum())


def test_bad_demand_and_unknown_links_are_refused():
    network = three_cities()
    mass = pd.Series([1.0, 1.0, -3.0], index=["a", "b", "c"])
    with pytest.raises(MeasureError, match="zero or more for every pair; 4 pairs"):
        criticality(network, mass)
    with pytest.raises(UnknownLabel, match="did you mean"):
        criticality(network, mass.abs(), links=["t11"])
    with pytest.raises(UnknownLabel, match="did you mean"):
        criticality(network, mass.abs().rename({"a": "Alpa"}))
    with pytest.raises(UnknownLabel, match="did you mean 'passenger'"):
        criticality(network, mass.abs(), purpose="passengers")
    with pytest.raises(UnknownLabel, match="by must be cost or minutes"):
        criticality(network, mass.abs(), by="money")
