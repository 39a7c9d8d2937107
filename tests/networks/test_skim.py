import numpy as np
import pandas as pd
import pytest
import reference_networks as reference
from cases_networks import random_network, three_cities
from hypothesis import example, given, settings
from hypothesis import strategies as st

from networks import Network, skim, skim_modes
from networks.engine import Core, Ends, least_paths
from networks.errors import MeasureError, ParameterError, UnknownLabel, UnreachablePlace
from networks.geo import own_radius_km
from networks.modes import COMPONENTS

SHARP = {
    "logsum_scale": {"passenger": 1.0, "freight": 1.0}
}  # short trips: a flat logsum would not be positive
SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=15, deadline=None)


def rows(network):
    return network.nodes.to_dict("index"), network.links.to_dict("index")


def table(network):
    t = network.parameters.table
    keys = zip(t["parameter"], t["mode"], t["purpose"], strict=True)
    return dict(zip(keys, t["value"], strict=True))


@FEW
@given(
    seed=SEEDS,
    ties=st.booleans(),
    purpose=st.sampled_from(["passenger", "freight"]),
    by=st.sampled_from(["cost", "minutes"]),
    ends=st.sampled_from(["door", "stop"]),
    closed=st.sets(st.sampled_from([f"p{k}" for k in range(7)] + ["s0", "a1"]), max_size=3),
)
@example(  # a ferry of no minutes that costs money: a train there or back in the same minutes
    seed=271880232, ties=False, purpose="passenger", by="minutes", ends="door", closed={"p1"}
)
def test_every_mode_equals_the_slow_twin(seed, ties, purpose, by, ends, closed):
    network = random_network(seed, ties=ties)
    links = network.links
    if not ties and by == "minutes":  # ways of the same minutes must not differ in money
        links = links.assign(money=links["money"].where(links["minutes"] > 0))
    network = Network(network.nodes.assign(no_pass=network.nodes.index.isin(list(closed))), links)
    nodes, links = rows(network)
    result = skim_modes(network, purpose, by=by, ends=ends)
    zones = result["origin"].values
    weights = result[by].values
    # where a trip turns round on a train, any station on the way is as good: access + egress count
    names = [n for n in COMPONENTS if n not in ("access", "egress")]
    parts = np.stack(
        [*(result[n].values for n in names), (result.access + result.egress).values], -1
    )
    for m, mode in enumerate(result["mode"].values):
        expected = reference.skim_mode(nodes, links, table(network), mode, purpose, by, ends)
        for i, j in zip(*np.nonzero(~np.eye(len(zones), dtype=bool)), strict=True):
            if (zones[i], zones[j]) not in expected:
                assert np.isinf(weights[m, i, j])
                continue
            weight, slow = expected[zones[i], zones[j]]
            assert weights[m, i, j] == pytest.approx(weight, rel=1e-12)
            if not ties:  # with ties another path of the same weight is as good
                there = dict(zip(COMPONENTS, slow, strict=True))
                wanted = [*(there[n] for n in names), there["access"] + there["egress"]]
                np.testing.assert_allclose(parts[m, i, j], wanted, rtol=1e-10, atol=1e-9)


def test_threads_change_no_bit():
    rng = np.random.default_rng(0)
    n, arcs, zones = 200, 900, 50
    core = Core(n, rng.integers(0, n, arcs), rng.integers(0, n, arcs), rng.uniform(size=(arcs, 3)))
    ends = Ends(zones, np.arange(zones), rng.integers(0, n, zones), np.zeros((zones, 3)))
    prices = np.array([1.0, 0.5, 0.0])
    one = least_paths(core, ends, ends, prices, workers=1)
    many = least_paths(core, ends, ends, prices, workers=3)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, many, strict=True))


def test_parallel_arcs_keep_the_least_and_zero_arcs_count():
    core = Core(
        3,
        np.array([0, 0, 1]),
        np.array([1, 1, 2]),
        np.array([[5.0], [2.0], [0.0]]),
    )
    start = Ends(1, np.array([0]), np.array([0]), np.zeros((1, 1)))
    end = Ends(3, np.arange(3), np.arange(3), np.zeros((3, 1)))
    weight, parts = least_paths(core, start, end, np.ones(1))
    assert weight.tolist() == [[0.0, 2.0, 2.0]]
    assert parts[..., 0].tolist() == [[0.0, 2.0, 2.0]]


def test_a_trip_by_train_adds_up_by_hand():
    """Staying aboard at Beta costs nothing; every figure from the shipped parameters."""
    network = three_cities()
    trip = skim_modes(network, by="minutes").sel(mode="rail", origin="a", destination="c")
    wait = 0.25 * 60 * 16 / 24
    assert float(trip["in_vehicle"]) == 60
    assert float(trip["access"]) == 30 + 15
    assert float(trip["egress"]) == 30 + 5
    assert float(trip["wait"]) == wait
    assert float(trip["transfers"]) == 0
    assert float(trip["minutes"]) == 60 + 45 + 35 + wait
    assert float(trip["money"]) == pytest.approx(200 * 0.46)
    assert float(trip["km"]) == 200
    value = 30 / 60
    cost = 200 * 0.46 + value * (60 + 1.36 * 80 + 1.5 * wait)
    assert float(trip["cost"]) == pytest.approx(cost, rel=1e-14)


def test_changing_trains_costs_the_transfer_and_another_wait():
    through = three_cities()
    broken = through.with_links(change=[{"select": {"link": "t2"}, "line": "branch"}])
    kw = {"by": "minutes", "modes": ["rail"]}
    names = ["minutes", *COMPONENTS]
    extra = skim(broken, **kw)[names] - skim(through, **kw)[names]
    wait = 0.25 * 60 * 16 / 24
    pair = extra.sel(origin="a", destination="c")
    assert float(pair["minutes"]) == pytest.approx(15 + wait)
    assert float(pair["transfers"]) == 1
    assert float(pair["transfer"]) == 15
    assert float(pair["wait"]) == pytest.approx(wait)
    assert float(extra["minutes"].sel(origin="a", destination="b")) == 0


def test_links_without_a_line_are_services_of_their_own():
    network = three_cities().with_links(change=[{"select": {"mode": "rail_hsr"}, "line": ""}])
    assert float(skim(network, modes=["rail"])["transfers"].sel(origin="a", destination="c")) == 1


def test_stop_to_stop_leaves_out_access_egress_and_first_wait():
    s = skim(three_cities(), modes=["rail_hsr"], ends="stop", by="minutes")
    assert float(s["minutes"].sel(origin="a", destination="c")) == 60
    assert float(s["access"].max()) == 0
    assert float(s["wait"].max()) == 0


def test_a_place_to_itself_costs_both_ends_and_the_way_inside():
    s = skim(three_cities())
    km = 1.3 * own_radius_km(np.array([100.0, 200.0, 300.0]))
    assert np.diag(s["minutes"]) == pytest.approx(20 + 60 * km / 40)
    assert (np.diag(s["cost"]) > 0).all()
    assert own_radius_km(np.pi * 9) == pytest.approx(2.0)


@FEW
@given(
    seed=SEEDS,
    by=st.sampled_from(["cost", "minutes"]),
    combine=st.sampled_from(["least", "logsum", "composite"]),
    purpose=st.sampled_from(["passenger", "freight"]),
)
def test_adding_a_link_never_raises_the_cost(seed, by, combine, purpose):
    network = random_network(seed, ties=seed % 2 == 0)
    rng = np.random.default_rng(seed + 1)
    a, b = rng.choice(network.nodes.index[network.nodes["kind"] != "airport"], 2, replace=False)
    mode = str(rng.choice(["road", "rail_hsr", "rail_conventional"]))
    line = str(rng.choice(["", "line 0", "line 1", "new"]))
    link = {"from_node": a, "to_node": b, "mode": mode, "line": line, "km": rng.uniform(0, 200)}
    better = network.with_links(add=[link | {"minutes": rng.uniform(0, 60)}])
    kw = {"by": by, "combine": combine, "unreachable": "keep", "parameters": SHARP}
    before = skim(network, purpose, **kw)[by].values
    after = skim(better, purpose, **kw)[by].values
    # a logsum or composite is exact to rounding only; the least is exact
    slack = 0.0 if combine == "least" else 1e-12 * np.where(np.isfinite(before), before, 0.0)
    assert (after <= before + slack).all()


@FEW
@given(seed=SEEDS)
def test_no_change_changes_nothing(seed):
    network = random_network(seed)
    first, second = skim(network), skim(network.with_links())
    for name in first:
        assert np.array_equal(first[name], second[name], equal_nan=True)


@FEW
@given(seed=SEEDS, by=st.sampled_from(["cost", "minutes"]))
def test_permuting_labels_permutes_the_skim(seed, by):
    network = random_network(seed)
    rng = np.random.default_rng(seed)
    shuffled = Network(
        network.nodes.iloc[rng.permutation(len(network.nodes))],
        network.links.iloc[rng.permutation(len(network.links))],
    )
    one = skim(network, by=by)
    two = skim(shuffled, by=by).sel(origin=one["origin"], destination=one["destination"])
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-12)


@FEW
@given(seed=SEEDS)
def test_road_costs_obey_the_triangle(seed):
    """Going on by road from where one is saves the two ends of a stop over."""
    cost = skim(random_network(seed), modes=["road"])["cost"].values
    over = cost[:, :, None] + cost[None, :, :]
    apart = ~np.eye(len(cost), dtype=bool)[:, None, :]  # a wide place may cost more to itself
    assert ((cost[:, None, :] <= over * (1 + 1e-12)) | ~apart).all()


@FEW
@given(seed=SEEDS, combine=st.sampled_from(["least", "logsum"]))
def test_more_modes_never_cost_more_and_the_logsum_is_below_the_least(seed, combine):
    network = random_network(seed)
    every = skim(network, combine=combine, parameters=SHARP)["cost"].values
    least = skim(network)["cost"].values
    assert (every <= least * (1 + 1e-12)).all()
    for mode in ("road", "rail", "air"):
        one = skim(network, modes=[mode], combine=combine, parameters=SHARP)["cost"].values
        assert (every <= one * (1 + 1e-12)).all()


@FEW
@given(seed=SEEDS)
def test_parts_add_up_to_the_total(seed):
    s = skim(random_network(seed))
    minutes = s["in_vehicle"] + s["access"] + s["wait"] + s["transfer"] + s["egress"]
    np.testing.assert_allclose(s["minutes"], minutes, rtol=1e-12)
    weighted = (
        s["in_vehicle"] + 1.36 * (s["access"] + s["egress"]) + 1.5 * (s["wait"] + s["transfer"])
    )
    np.testing.assert_allclose(s["cost"], s["money"] + 0.5 * weighted, rtol=1e-12)


def test_a_new_line_shortens_trips_and_leaves_goods_alone():
    network = three_cities()
    stops = ["Alpha", "Gamma"]
    faster = network.with_line("rail_hsr", stops, speed_kmh=350, trains_per_day=50)
    kw = {"by": "minutes", "modes": ["rail"]}
    assert skim(faster, **kw)["minutes"].values[0, 2] < skim(network, **kw)["minutes"].values[0, 2]
    for name in ("cost", "minutes", "km"):
        old, new = skim(network, "freight")[name], skim(faster, "freight")[name]
        assert np.array_equal(old, new)


def test_freed_capacity_cheapens_goods_on_the_parallel_line_only():
    network = three_cities().with_links(
        change=[{"select": {"mode": "rail_hsr"}, "mode": "rail_conventional"}],
        add=[
            {
                "from_node": "a",
                "to_node": "c",
                "mode": "rail_conventional",
                "km": 203,
                "minutes": 99,
            }
        ],
    )
    kw = {"speed_kmh": 350, "trains_per_day": 50}
    freed = network.with_line("rail_hsr", ["Alpha", "Beta"], freed_freight_capacity=0.5, **kw)
    factor = freed.links["freight_factor"]
    assert factor["t1"] == pytest.approx(0.95)
    assert (factor.drop("t1") == 1.0).all()
    freed = network.with_line("rail_hsr", ["Alpha", "Gamma"], freed_freight_capacity=0.5, **kw)
    of_goods = freed.links["mode"] == "rail_conventional"
    assert (freed.links.loc[of_goods, "freight_factor"] < 1).all()
    cost = [skim(n, "freight", modes=["rail"])["cost"].values[0, 2] for n in (network, freed)]
    assert cost[1] < cost[0]


def test_a_limit_on_access_looks_at_the_fastest_way():
    """A cheaper but slower road must not push a station out of reach."""
    network = three_cities().with_links(
        remove=["t1"], change=[{"select": {"link": "r1"}, "minutes": 179, "money": 500}]
    )
    kw = {"modes": ["rail"]}
    before = skim(network, **kw)["cost"].values[0, 2]
    assert np.isfinite(before)
    slow = {"from_node": "a", "to_node": "b", "mode": "road", "km": 0, "minutes": 300}
    assert skim(network.with_links(add=[slow]), **kw)["cost"].values[0, 2] <= before


def test_values_of_time_move_the_choice_of_mode():
    network = three_cities()
    low = skim(network, parameters={"value_of_time": 1})
    high = skim(network, parameters={"value_of_time": 300})
    assert int(low["main_mode"].values[0, 2]) == 1  # the cheaper fare
    assert float(high["cost"].values[0, 2]) > float(low["cost"].values[0, 2])
    assert low.attrs["parameters"] != high.attrs["parameters"]


def test_zones_choose_and_order_origins_and_destinations():
    s = skim(three_cities(), zones=["Gamma", "甲"])
    assert s["origin"].values.tolist() == ["c", "a"]
    assert s["origin_name"].values.tolist() == ["Gamma", "Alpha"]
    full = skim(three_cities())
    assert s["cost"].values[0, 1] == full["cost"].sel(origin="c", destination="a")


def test_every_variable_has_units():
    s = skim(three_cities())
    assert {str(v): s[v].attrs["units"] for v in ("cost", "minutes", "km")} == {
        "cost": "yuan/person",
        "minutes": "min",
        "km": "km",
    }
    assert all("units" in s[v].attrs for v in s)
    assert skim(three_cities(), "freight")["cost"].attrs["units"] == "yuan/t"


def test_an_unknown_zone_mode_or_parameter_is_answered_with_the_nearest():
    network = three_cities()
    with pytest.raises(UnknownLabel, match="did you mean 'Gamma'"):
        skim(network, zones=["Gama"])
    with pytest.raises(UnknownLabel, match="did you mean 'rail_hsr'"):
        skim(network, modes=["rail_hrs"])
    with pytest.raises(ParameterError, match="did you mean 'value_of_time'"):
        skim(network, parameters={"value_of_tim": 3})
    with pytest.raises(UnknownLabel, match="carries none"):
        skim(network, "freight", modes=["air"])


def test_an_unreachable_place_is_named_with_the_reason():
    lonely = {"code": "d", "name": "Delta", "lon": 3.0, "lat": 0.0, "area_km2": 50.0}
    network = three_cities().with_places([lonely])
    with pytest.raises(UnreachablePlace, match=r"Delta \(d\): no link starts or ends there"):
        skim(network)
    s = skim(network, unreachable="keep")
    assert not s["reachable"].sel(origin="d", destination="a")
    assert np.isinf(s["cost"].sel(origin="a", destination="d"))
    assert np.isnan(s["km"].sel(origin="a", destination="d"))
    one_way = network.with_links(
        add=[
            {"from_node": "c", "to_node": "d", "mode": "road", "minutes": 9, "bidirectional": False}
        ]
    )
    with pytest.raises(UnreachablePlace, match="can be reached but not left"):
        skim(one_way)
    far = network.with_links(
        add=[{"from_node": "c", "to_node": "d", "mode": "rail_hsr", "minutes": 9, "line": "x"}]
    )
    assert bool(skim(far)["reachable"].all())


def test_a_logsum_that_is_not_positive_is_refused():
    with pytest.raises(MeasureError, match="Raise mu"):
        skim(three_cities(), combine="logsum", parameters={"logsum_scale": {"passenger": 1e-6}})


def test_what_a_mode_is_worth_beside_its_cost_is_taken_off():
    network = three_cities()
    worth = {"mode_constant": {"rail": 40.0}}
    plain, liked = skim(network), skim(network, parameters=worth)
    rail = skim(network, modes=["rail"])["cost"]
    assert float(liked["cost"][0, 2]) == pytest.approx(float(rail[0, 2]) - 40)
    assert int(liked["main_mode"][0, 2]) == 1
    assert np.array_equal(np.diag(liked["cost"]), np.diag(plain["cost"]))
    minutes = [skim(network, by="minutes", parameters=p)["minutes"].values for p in (None, worth)]
    assert np.array_equal(*minutes)  # minutes stay minutes
    with pytest.raises(MeasureError, match="must not be negative"):
        skim(network, parameters={"mode_constant": {"rail": 1000.0}})


def test_the_least_is_the_limit_of_the_logsum():
    network = random_network(3)
    least = skim(network)["cost"].values
    sharp = skim(network, combine="logsum", parameters={"logsum_scale": {"passenger": 1e4}})[
        "cost"
    ].values
    np.testing.assert_allclose(sharp, least, rtol=1e-6)


@FEW
@given(seed=SEEDS)
def test_the_composite_is_made_of_road_each_kind_of_train_and_air(seed):
    network = random_network(seed)
    kinds = (["road"], ["rail_conventional"], ["rail_hsr"], ["air"])
    alone = [skim(network, modes=k, unreachable="keep")["cost"].values for k in kinds]
    together = skim(network, combine="composite", unreachable="keep")["cost"].values
    apart = ~np.eye(len(together), dtype=bool)
    by_hand = sum(one[apart] ** -8.0 for one in alone) ** (-1 / 8)
    np.testing.assert_allclose(together[apart], by_hand, rtol=1e-11)
    assert (together[apart] <= np.min([one[apart] for one in alone], axis=0) * (1 + 1e-12)).all()
    np.testing.assert_array_equal(np.diag(together), np.diag(alone[0]))


def test_isolated_modes_leave_pairs_unreachable_without_complaint():
    network = three_cities()
    s = skim(network, modes=["air"])
    assert s["reachable"].values.tolist() == np.eye(3, dtype=bool).tolist()
    assert (s["main_mode"].values[~np.eye(3, dtype=bool)] == -1).all()


def test_a_change_between_two_stations_of_a_city_goes_over_access_links():
    nodes = pd.DataFrame(
        {
            "node": ["a", "b", "c", "b1", "b2"],
            "name": ["A", "B", "C", "B north", "B south"],
            "kind": ["place", "place", "place", "stop", "stop"],
            "lon": [0.0, 1, 2, 1, 1],
            "lat": [0.0, 0, 0, 0.1, -0.1],
            "area_km2": [9.0, 9, 9, np.nan, np.nan],
            "parent": ["", "", "", "b", "b"],
        }
    )
    hop = {"km": 100.0, "minutes": 60.0, "mode": "rail_hsr"}
    walk = {"km": 5.0, "minutes": 20.0, "mode": "access"}
    links = pd.DataFrame(
        [
            {"link": "1", "from_node": "a", "to_node": "b1", "line": "x", **hop},
            {"link": "2", "from_node": "b2", "to_node": "c", "line": "y", **hop},
            {"link": "3", "from_node": "b", "to_node": "b1", **walk},
            {"link": "4", "from_node": "b", "to_node": "b2", **walk},
        ]
    )
    trip = skim(Network(nodes, links), by="minutes").sel(origin="a", destination="c")
    assert float(trip["transfer"]) == 20 + 20 + 15
    assert float(trip["wait"]) == 60  # twice 30: the number of trains is not known
    assert float(trip["egress"]) == 30 + 5
