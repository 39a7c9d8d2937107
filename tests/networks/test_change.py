"""Changes over years told apart by cause, and who gains from them."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.change import (
    CAUSES,
    FastestOfYears,
    causes_of_modes,
    changed_causes,
    gains_by_group,
    gains_of,
    network_of_years,
    quantile_table,
    split_change,
    who_gains,
)
from networks.china import load_china_network
from networks.errors import MeasureError
from networks.skim import skim

YEARS = (2000, 2010, 2020)


@pytest.fixture(scope="module")
def china():
    return load_china_network()


@pytest.fixture(scope="module")
def zones(china):
    return list(china.places.index[::12])


def test_a_network_of_one_year_goes_to_any_other_and_back(china):
    for year in (1995, 2010, 2019):
        direct = load_china_network(year)
        pd.testing.assert_frame_equal(
            china.as_of(year).links.sort_index(), direct.links.sort_index()
        )
        again = china.as_of(year).as_of(2020)
        pd.testing.assert_frame_equal(again.links.sort_index(), china.links.sort_index())


def test_a_choice_of_modes_stays_chosen_in_other_years(china):
    assert set(china.subset(["road"]).as_of(1995).modes) == {"road"}


def test_an_added_line_without_a_year_is_there_in_every_year(china):
    line = china.with_line(
        "rail_hsr", ["Beijing", "Shanghai"], speed_kmh=350, trains_per_day=9, name="a new line"
    )
    for year in (1995, 2020):
        assert "a new line" in set(line.as_of(year).links["line"])


def test_a_mixture_of_years_has_the_links_of_each(china):
    mixed = network_of_years(china, {"rail": 2020, "roads": 2000, "flights": 2010})
    for cause, year in (("rail", 2020), ("roads", 2000), ("flights", 2010)):
        found = mixed.subset(list(CAUSES[cause])).links.index
        wanted = load_china_network(year).subset(list(CAUSES[cause])).links.index
        assert set(found) == set(wanted)


def test_causes_and_years_that_do_not_fit_are_named(china):
    with pytest.raises(MeasureError, match=r"no cause 'road'.*did you mean 'roads'"):
        network_of_years(china, {"rail": 2020, "road": 2000, "flights": 2010})
    with pytest.raises(MeasureError, match="flights has none"):
        network_of_years(china, {"rail": 2020, "roads": 2000})


def test_causes_that_changed_are_found(china):
    assert changed_causes(china, YEARS) == ("rail", "roads", "flights")
    assert changed_causes(china, (2000, 2010)) == ("rail", "roads")  # Daxing opened in 2019
    assert changed_causes(china, (2018, 2018)) == ()
    assert causes_of_modes(["rail"]) == ("rail", "roads")
    assert causes_of_modes(["air"]) == ("roads", "flights")


@pytest.mark.parametrize("rail", YEARS)
@pytest.mark.parametrize("roads", [2000, 2020])
def test_layers_make_the_same_minutes_as_a_skim_of_the_mixture(china, zones, rail, roads):
    years = {"rail": rail, "roads": roads, "flights": 2020}
    fastest = FastestOfYears(china, zones)
    plain = skim(network_of_years(china, years), by="minutes", zones=zones)
    np.testing.assert_array_equal(fastest.minutes(years)["minutes"], plain["minutes"])
    surface = skim(
        network_of_years(china, years), by="minutes", zones=zones, modes=["road", "rail"]
    )
    found = fastest.minutes(years, modes=("road", "rail"))
    np.testing.assert_array_equal(found["minutes"], surface["minutes"])


def test_every_layer_is_skimmed_once_and_a_known_one_not_at_all(china, zones):
    rail = skim(china, modes=["rail"], by="minutes", zones=zones, unreachable="keep")
    fastest = FastestOfYears(china, zones, rail=rail)
    for one in YEARS:
        for two in YEARS:
            fastest.minutes({"rail": one, "roads": two, "flights": 2000})
    # three of road, nine of rail less the known one, three of air
    assert fastest.skims == 3 + 8 + 3
    fastest.minutes({"rail": 2010, "roads": 2010, "flights": 2010})
    assert fastest.skims == 14


def test_more_links_never_make_the_fastest_way_slower(china, zones):
    fastest = FastestOfYears(china, zones)
    start = {"rail": 2000, "roads": 2000, "flights": 2020}
    before = fastest.minutes(start)["minutes"].to_numpy()
    for cause in ("rail", "roads"):
        after = fastest.minutes({**start, cause: 2020})["minutes"].to_numpy()
        assert (after <= before + 1e-9).all()
        assert (after < before - 1).any()


CAUSE_NAMES = ("rail", "roads", "flights")


@given(st.lists(st.floats(-100, 100), min_size=8, max_size=8))
@settings(max_examples=40, deadline=None)
def test_order_free_parts_are_the_mean_over_all_orders_and_add_up(values):
    """The twin changes one cause after the other in each of the six orders."""
    states = [
        frozenset(c for c, on in zip(CAUSE_NAMES, f"{k:03b}", strict=True) if on == "1")
        for k in range(8)
    ]
    at = dict(zip(states, np.array(values), strict=True))
    parts, known = split_change(at.__getitem__, CAUSE_NAMES)
    assert known == at
    seen = {cause: [] for cause in CAUSE_NAMES}
    for order in permutations(CAUSE_NAMES):
        state = frozenset()
        for cause in order:
            seen[cause].append(at[state | {cause}] - at[state])
            state |= {cause}
    for cause in CAUSE_NAMES:
        assert parts["order-free"][cause] == pytest.approx(np.mean(seen[cause]), abs=1e-10)
    whole = at[frozenset(CAUSE_NAMES)] - at[frozenset()]
    assert sum(parts["order-free"].values()) == pytest.approx(whole, abs=1e-10)


def test_two_causes_by_hand():
    at = {(): 10.0, ("a",): 7.0, ("b",): 8.0, ("a", "b"): 6.0}
    parts, _ = split_change(lambda s: np.array(at[tuple(sorted(s))]), ("a", "b"))
    assert {o: {c: float(v) for c, v in one.items()} for o, one in parts.items()} == {
        "first": {"a": -3.0, "b": -2.0},
        "last": {"a": -2.0, "b": -1.0},
        "order-free": {"a": -2.5, "b": -1.5},
    }


def test_quintiles_hold_a_fifth_of_the_people_each_and_split_the_city_on_the_edge():
    # ten people in three places, halves: the middle place gives two people to each side
    table = quantile_table([1.0, 2.0, 6.0], [3, 4, 3], by=[10, 20, 30], parts=2)
    assert table["population"].tolist() == [5.0, 5.0]
    assert table["gain"].tolist() == pytest.approx([(3 * 1 + 2 * 2) / 5, (2 * 2 + 3 * 6) / 5])
    assert table["places"].tolist() == [2, 2]
    assert table["by_from"].tolist() == [10, 20]
    assert table["by_to"].tolist() == [20, 30]
    assert table["share_of_gain"].tolist() == pytest.approx([7 / 29, 22 / 29])


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 9)), min_size=1, max_size=25).filter(
        lambda rows: sum(n for _, n in rows) > 0
    ),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_quantiles_are_those_of_people_listed_one_by_one(rows, parts):
    """The twin lists every person `parts` times and cuts the list."""
    gain, people = (np.array(v, dtype=float) for v in zip(*rows, strict=True))
    table = quantile_table(gain, people, parts=parts)
    everyone = np.sort(np.repeat(gain, (people * parts).astype(int)), kind="stable")
    cut = everyone.reshape(parts, -1)
    np.testing.assert_allclose(table["gain"], cut.mean(axis=1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(table["population"], people.sum() / parts, rtol=1e-12)


@given(st.permutations(range(6)), st.integers(1, 5))
def test_quantiles_do_not_depend_on_the_order_of_places_that_are_alike(order, parts):
    gain = np.array([1.0, -2.0, 5.0, 3.0, 0.5, 8.0])
    people = np.array([3.0, 1.0, 2.0, 4.0, 1.0, 5.0])
    by = np.array([2.0, 1.0, 2.0, 2.0, 1.0, 3.0])
    one = quantile_table(gain, people, by=by, parts=parts)
    other = quantile_table(gain[order], people[order], by=by[order], parts=parts)
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)


def test_gains_are_positive_where_a_place_is_better_off():
    assert gains_of([10, 10], [8, 12], lower_is_better=True).tolist() == [2, -2]
    assert gains_of([10, 10], [8, 12], lower_is_better=False).tolist() == [-2, 2]
    with pytest.raises(MeasureError, match="1 are not"):
        gains_of([1, np.inf], [1, 1], lower_is_better=True)


def test_who_gains_counts_people_and_not_places():
    assert who_gains([5, 0.5, -3], [10, 70, 20], threshold=1) == pytest.approx((0.1, 0.7, 0.2))
    assert who_gains([5, 0.5, -3], [10, 70, 20]) == pytest.approx((0.8, 0.0, 0.2))


def test_groups_by_hand():
    table = gains_by_group(
        [10, 20, 40], [8, 20, 44], [1, 3, 2], ["x", "x", "y"], lower_is_better=True, threshold=1
    )
    assert list(table.index) == ["x", "y"]
    assert table.loc["x", ["before", "after", "gain"]].tolist() == [17.5, 17.0, 0.5]
    assert table.loc["x", ["gainers", "unmoved", "losers"]].tolist() == [0.25, 0.75, 0.0]
    assert table.loc["y", ["gain", "relative", "losers"]].tolist() == [-4.0, -0.1, 1.0]
    assert table["share_of_gain"].tolist() == pytest.approx([2 / -6, -8 / -6])


def test_means_of_groups_make_the_mean_of_all():
    rng = np.random.default_rng(3)
    before, after = rng.uniform(1, 9, (2, 30))
    people, group = rng.integers(1, 9, 30), rng.choice(["a", "b", "c"], 30)
    table = gains_by_group(before, after, people, group, lower_is_better=False)
    mean = (table["gain"] * table["population"]).sum() / table["population"].sum()
    assert mean == pytest.approx(np.average(after - before, weights=people))
    assert table["share_of_gain"].sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quantile_table([1, 2], [1]), "one length"),
        (lambda: quantile_table([1, np.nan], [1, 1]), "finite at every place; 1"),
        (lambda: quantile_table([1, 2], [1, -1]), "zero or more"),
        (lambda: quantile_table([1, 2], [1, 1], parts=0), "one quantile"),
        (lambda: quantile_table([1, 2], [1, 1], by=[1, np.inf]), "finite number a place"),
        (lambda: who_gains([1], [1], threshold=-1), "zero or more"),
        (
            lambda: gains_by_group([1, 2], [1, 2], [1, 1], ["a", None], lower_is_better=True),
            "needs a group",
        ),
        (
            lambda: gains_by_group([1, 2], [1, 2], [1, 0], ["a", "b"], lower_is_better=True),
            "'b' has none",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(MeasureError, match=message):
        call()
