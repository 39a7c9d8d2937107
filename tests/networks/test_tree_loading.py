import numpy as np
import pandas as pd
import pytest
from cases_networks import random_network, three_cities
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_link_value import one_sided_loads
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from networks import Network, skim
from networks.errors import MeasureError
from networks.graph import Core, at_nodes
from networks.tree_loading import load_core, load_links, tracks

RIDE = 0


def random_graph(seed, n=9, arcs=24, *, whole=False):
    rng = np.random.default_rng(seed)
    tails, heads = rng.integers(0, n, arcs), rng.integers(0, n, arcs)
    keep = tails != heads
    tails, heads = tails[keep], heads[keep]
    _, first = np.unique(tails * n + heads, return_index=True)
    tails, heads = tails[first], heads[first]
    drawn = rng.integers(1, 4, len(tails)) if whole else rng.uniform(0.1, 5.0, len(tails))
    return Core(n, tails, heads, drawn.astype(float)[:, None]), rng


def loads(core, pair, links, n_links, **options):
    ends = at_nodes(np.arange(core.size))
    return load_core(
        core, ends, ends, np.ones(1), pair[..., None], links.astype(np.int64), n_links, **options
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_loads_equal_those_of_scipys_predecessors_where_nothing_ties(seed):
    core, rng = random_graph(seed, n=12, arcs=40)
    n = core.size
    pair = rng.normal(size=(n, n))
    np.fill_diagonal(pair, 0.0)
    weights = csr_array((core.components[:, 0], (core.tails, core.heads)), shape=(n, n))
    distance, before = dijkstra(weights, return_predecessors=True)
    flow = np.zeros((n, n))
    for o in range(n):
        for d in range(n):
            node = d
            while o != d and np.isfinite(distance[o, d]) and node != o:
                flow[before[o, node], node] += pair[o, d]
                node = before[o, node]
    found = loads(core, pair, np.arange(len(core.tails)), len(core.tails))
    expected = flow[core.tails, core.heads]
    np.testing.assert_allclose(found.load[0, RIDE, :, 0], expected, atol=1e-12)
    np.testing.assert_array_equal(found.load[0], found.load[1])
    assert found.tied == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_ties_count_some_ways_for_the_better_and_all_ways_for_the_worse(seed):
    core, rng = random_graph(seed, n=8, arcs=26, whole=True)
    n = core.size
    pair = rng.normal(size=(n, n))
    np.fill_diagonal(pair, 0.0)
    # both directions of a street are one link
    low, high = np.minimum(core.tails, core.heads), np.maximum(core.tails, core.heads)
    _, links = np.unique(low * n + high, return_inverse=True)
    arcs = list(zip(core.tails, core.heads, core.components[:, 0], links, strict=True))
    wanted = {(o, d): pair[o, d] for o in range(n) for d in range(n)}
    some, every = one_sided_loads(arcs, links.max() + 1, wanted)
    found = loads(core, pair, links, links.max() + 1)
    np.testing.assert_allclose(found.load[0, RIDE, :, 0], some, atol=1e-12)
    np.testing.assert_allclose(found.load[1, RIDE, :, 0], every, atol=1e-12)


def test_arcs_of_weight_zero_both_ways_tie_with_nothing_and_break_nothing():
    tails, heads = np.array([0, 1, 1, 2, 2, 3]), np.array([1, 0, 2, 1, 3, 2])
    core = Core(4, tails, heads, np.array([1.0, 1.0, 0.0, 0.0, 1.0, 1.0])[:, None])
    pair = np.zeros((4, 4))
    pair[0, 3] = 5.0
    found = loads(core, pair, np.array([0, 0, 1, 1, 2, 2]), 3)
    np.testing.assert_array_equal(found.load[:, RIDE, :, 0], 5.0)


def test_zero_arcs_settled_late_still_tie():
    # 0 -> 1 -> 3 and 0 -> 2 -> 3 where the last arcs weigh nothing
    core = Core(4, np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3]), np.array([[1.0], [1], [0], [0]]))
    pair = np.zeros((4, 4))
    pair[0, 3] = 1.0
    found = loads(core, pair, np.arange(4), 4)
    np.testing.assert_array_equal(found.load[0, RIDE, :, 0], 1.0)
    np.testing.assert_array_equal(found.load[1, RIDE, :, 0], 0.0)
    assert (found.pairs, found.tied) == (1, 1)


def test_threads_change_no_bit():
    core, rng = random_graph(5, n=70, arcs=400, whole=True)
    pair = rng.normal(size=(70, 70))
    links = np.arange(len(core.tails))
    one = loads(core, pair, links, len(links), workers=1).load
    two = loads(core, pair, links, len(links), workers=3).load
    assert one.tobytes() == two.tobytes()


def test_a_pair_served_as_well_elsewhere_loads_no_link_for_the_worse():
    core = Core(2, np.array([0]), np.array([1]), np.ones((1, 1)))
    pair = np.array([[0.0, 3.0], [0.0, 0.0]])
    found = loads(core, pair, np.array([0]), 1, alone=np.zeros((2, 2), dtype=bool))
    assert found.load[0, RIDE, 0, 0] == 3.0
    assert found.load[1, RIDE, 0, 0] == 0.0


def test_three_cities_by_hand():
    network = three_cities()
    pair = np.zeros((3, 3))
    pair[0, 2] = 2.0
    found = load_links(network, pair, by="minutes")
    # 60 minutes by train with its waits beat 180 by road: both hops of the line, boarded at r1
    links = list(network.links.index)
    by_rail = found.minutes[0, links.index("t1"), 0] == 2.0
    assert by_rail
    assert found.minutes[0, links.index("t2"), 0] == 2.0
    assert found.wait[0, links.index("t1"), 0] == 2.0
    assert found.wait[0, links.index("t2"), 0] == 0.0
    assert found.minutes[0, links.index("r1"), 0] == 0.0
    # neighbours drive, the ends go by train: two ordered pairs on every link
    np.testing.assert_array_equal(found.pairs, 2.0)


CASES = [
    ("passenger", "cost", "composite"),
    ("passenger", "cost", "logsum"),
    ("passenger", "minutes", "least"),
    ("freight", "cost", "least"),
]


def rate(network, pair, link, column, side, how):
    """One-sided difference of sum W c, exact to second order."""
    purpose, by, combine = how

    def total(value):
        edited = network.with_links(change=[{"select": {"link": link}, column: value}])
        costs = skim(edited, purpose, by=by, combine=combine)[by].to_numpy()
        return float((pair * costs).sum())

    here = network.links.at[link, column]
    base, step = total(here), side * 2e-3
    near, far = (total(here + step / 2) - base) / (step / 2), (total(here + step) - base) / step
    return 2 * near - far


def with_round_figures(seed):
    """A random network on which least ways tie."""
    network = random_network(seed, ties=True)
    links = network.links.copy()
    links["minutes"] = (links["minutes"] // 10 * 10).clip(lower=10.0)
    links["km"] = (links["km"] // 20 * 20).clip(lower=20.0)
    links["money"] = np.nan
    links["freight_factor"] = 1.0
    return Network(network.nodes, links)


@pytest.mark.parametrize("how", CASES)
def test_both_one_sided_derivatives_of_the_skim_by_minutes_of_links(how):
    network = with_round_figures(3)
    rng = np.random.default_rng(1)
    pair = rng.normal(size=(len(network.places),) * 2)
    np.fill_diagonal(pair, 0.0)
    purpose, by, combine = how
    found = load_links(network, pair, purpose, by=by, combine=combine)
    every = 2 if combine in ("composite", "least") and by == "cost" else 4
    for k, link in list(enumerate(network.links.index))[::every]:
        for side, sign in ((0, -1.0), (1, 1.0)):
            expected = rate(network, pair, link, "minutes", sign, how)
            assert found.minutes[side, k, 0] == pytest.approx(expected, rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("how", [CASES[0], CASES[3]])
def test_ways_keep_out_of_nodes_that_must_not_be_passed(how):
    plain = random_network(4)
    links = plain.links.assign(
        km=plain.links["km"].clip(lower=5.0), minutes=plain.links["minutes"].clip(lower=5.0)
    )
    closed = plain.nodes.index.isin(["p0", "p3", "s0"])
    network = Network(plain.nodes.assign(no_pass=closed), links)
    pair = np.random.default_rng(1).normal(size=(len(network.places),) * 2)
    purpose, by, combine = how
    around, through = (
        skim(one, purpose, by=by, combine=combine)[by].to_numpy() for one in (network, plain)
    )
    assert (around > 1.01 * through).sum() >= 10
    np.fill_diagonal(pair, 0.0)
    found = load_links(network, pair, purpose, by=by, combine=combine)
    for k, link in enumerate(network.links.index):
        for side, sign in ((0, -1.0), (1, 1.0)):
            expected = rate(network, pair, link, "minutes", sign, how)
            assert found.minutes[side, k, 0] == pytest.approx(expected, rel=1e-5, abs=2e-6)


def test_ties_make_the_two_sides_differ():
    network = with_round_figures(3)
    pair = np.ones((len(network.places),) * 2)
    found = load_links(network, pair, combine="composite")
    assert found.tied > 0
    assert (found.minutes[0] - found.minutes[1]).max() > 0.1
    assert (found.minutes[0] >= found.minutes[1]).all()


def test_money_and_departures_of_links():
    network = random_network(4)
    links = network.links.copy()
    links["km"] = links["km"].clip(lower=5.0)
    links["minutes"] = links["minutes"].clip(lower=5.0)
    links["money"] = 0.4 * links["km"]
    network = Network(network.nodes, links)
    rng = np.random.default_rng(2)
    pair = rng.normal(size=(len(network.places),) * 2)
    np.fill_diagonal(pair, 0.0)
    how = ("passenger", "cost", "composite")
    found = load_links(network, pair, combine="composite")
    for k, link in list(enumerate(network.links.index))[::2]:
        expected = rate(network, pair, link, "money", 1.0, how)
        assert found.money[1, k, 0] == pytest.approx(expected, rel=1e-5, abs=1e-6)
    frequent = network.links.index[network.links["trains_per_day"] > 10]
    assert len(frequent)
    for link in frequent:
        k = network.links.index.get_loc(link)
        trains = network.links.at[link, "trains_per_day"]
        if network.links.at[link, "mode"] not in ("air", "rail_conventional", "rail_hsr"):
            continue
        wait = 0.25 * 60 * 16 / trains
        expected = rate(network, pair, link, "trains_per_day", 1.0, how)
        assert -found.wait[0, k, 0] * wait / trains == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_a_street_used_on_the_way_out_or_back_is_used_once():
    # two airports at the ends of one street: whichever is flown from, every way takes the street
    network = random_network(4)
    links = network.links.assign(
        km=network.links["km"].clip(lower=5.0), minutes=network.links["minutes"].clip(lower=5.0)
    )
    network = Network(network.nodes, links)
    pair = np.random.default_rng(2).normal(size=(len(network.places),) * 2)
    found = load_links(network, pair, combine="composite")
    access = (network.links["mode"] == "access").to_numpy()
    np.testing.assert_allclose(found.minutes[0, access], found.minutes[1, access], rtol=1e-9)


def test_columns_are_what_each_gives_alone():
    network = random_network(1)
    rng = np.random.default_rng(0)
    z = len(network.places)
    pair = rng.normal(size=(z, z, 2))
    both = load_links(network, pair, combine="composite")
    second = load_links(network, pair[..., 1], combine="composite")
    np.testing.assert_allclose(both.minutes[..., 1], second.minutes[..., 0], rtol=1e-13, atol=1e-13)


def test_permuting_links_permutes_loads():
    network = random_network(2)
    order = np.random.default_rng(3).permutation(len(network.links))
    moved = Network(network.nodes, network.links.iloc[order])
    pair = np.random.default_rng(0).normal(size=(len(network.places),) * 2)
    one = load_links(network, pair, combine="composite").minutes[:, order]
    two = load_links(moved, pair, combine="composite").minutes
    np.testing.assert_allclose(two, one, rtol=1e-9, atol=1e-12)


def test_the_skim_is_the_load_on_links_plus_what_no_link_owns():
    # Euler: least weights are linear in minutes, so minutes x their rate is time spent on links
    network = random_network(6)
    links = network.links.assign(minutes=network.links["minutes"].clip(lower=5.0))
    network = Network(network.nodes, links)
    z = len(network.places)
    pair = np.ones((z, z)) - np.eye(z)
    found = load_links(network, pair, by="minutes", modes=["road"])
    costs = skim(network, by="minutes", modes=["road"])
    inside = float((costs["in_vehicle"].to_numpy() * pair).sum())
    assert found.minutes[0, :, 0] @ links["minutes"] == pytest.approx(inside, rel=1e-12)


def test_weights_that_do_not_fit_are_refused():
    network = three_cities()
    with pytest.raises(MeasureError, match=r"\(3, 3\).*found shape \(2, 2\)"):
        load_links(network, np.ones((2, 2)))
    with pytest.raises(MeasureError, match="finite; 1 are not"):
        load_links(network, np.diag([np.nan, 0.0, 0.0]))
    roads = pd.Index(["r2"])
    cut = Network(network.nodes, network.links.drop(roads))
    with pytest.raises(MeasureError, match="no way, the first a to c"):
        load_links(cut, np.ones((3, 3)), modes=["road"])


def test_links_side_by_side_change_together():
    network = three_cities()
    twin = network.links.loc[["t1", "t2"]].rename(index={"t1": "u1", "t2": "u2"}).assign(line="too")
    both = Network(network.nodes, pd.concat([network.links, twin]))
    pair = np.ones((3, 3))
    alone = load_links(network, pair).minutes
    apart = load_links(both, pair).minutes[..., 0]
    np.testing.assert_array_equal(tracks(both), [0, 1, 2, 3, 2, 3])
    found = load_links(both, pair, together=tracks(both)).minutes
    np.testing.assert_allclose(found, alone, rtol=1e-13)
    np.testing.assert_array_equal(apart[0, 2:4], apart[0, 4:6])
    assert np.all(apart[1, 2:] == 0.0)  # either line serves alone
    assert np.all(found[1, 2:, 0] > 0.0)
    with pytest.raises(MeasureError, match=r"side by side.*1 groups are not, those of r1"):
        load_links(network, pair, together=np.array([0, 0, 1, 2]))
    with pytest.raises(MeasureError, match=r"numbered 0, 1, \.\.\. with one for each of 4 links"):
        load_links(network, pair, together=np.array([0, 2, 3, 4]))


def test_two_modes_that_cost_the_same_gain_each_and_lose_none():
    network = three_cities()
    pair = np.zeros((3, 3))
    pair[0, 2] = 2.0
    rail = float(skim(network, by="minutes", modes=["rail"])["minutes"].sel(origin="a")[2])
    road = float(skim(network, by="minutes", modes=["road"])["minutes"].sel(origin="a")[2])
    links = network.links.copy()
    links.loc["r2", "minutes"] += rail - road
    found = load_links(Network(network.nodes, links), pair, by="minutes")
    np.testing.assert_array_equal(found.minutes[0, :, 0], 2.0)
    np.testing.assert_array_equal(found.minutes[1, :, 0], 0.0)


def test_the_money_goods_pay_on_links_is_their_rate_times_what_it_weighs():
    network = random_network(2)
    pair = np.random.default_rng(1).uniform(size=(len(network.places),) * 2)
    np.fill_diagonal(pair, 0.0)
    found = load_links(network, pair, "freight", modes=["road"])
    links, settings = network.links, network.parameters
    rate = np.where(
        links["mode"] == "ferry",
        settings.get("freight_per_km", "ferry", "freight"),
        settings.get("freight_per_km", "road", "freight"),
    )
    paid = rate * links["km"] * links["freight_factor"]
    money = skim(network, "freight", modes=["road"])["money"].to_numpy()
    loading = settings.get("fixed_money", "road", "freight")
    expected = (pair * (money - loading)).sum()
    assert found.money[0, :, 0] @ paid == pytest.approx(expected, rel=1e-12)
