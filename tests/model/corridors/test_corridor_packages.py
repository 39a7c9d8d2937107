"""Packages within a budget, and corridors that help or replace each other."""

from itertools import combinations

import numpy as np
import pytest
from cases_corridors import CANDIDATES, NOTHING, fast, small_model

from model.calibration import respond_to
from model.corridors import choose_package, interactions, screen_corridors
from model.errors import ScenarioError
from networks.patch_apply import apply_patches

COSTS = {one.name: one.build_cost for one in CANDIDATES}


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def by_hand(model):
    """Worth of every set of four candidates by the edited networks themselves."""
    found = {}
    for size in range(1, 5):
        for chosen in combinations(CANDIDATES[1:5], size):
            network = apply_patches(model.network, [one.patch for one in chosen])
            response = respond_to(model.calibration, model.skims(network))
            found[frozenset(one.name for one in chosen)] = response.real_consumption.sum()
    return found


@pytest.mark.parametrize("budget", [4e9, 7.5e9, 9e9, 1.3e10])
def test_the_exact_package_is_the_best_of_all_sets_that_the_budget_allows(model, by_hand, budget):
    found = choose_package(model, CANDIDATES[1:5], budget, method="exact")
    allowed = {s: v for s, v in by_hand.items() if sum(COSTS[n] for n in s) <= budget}
    assert found.value == pytest.approx(max(allowed.values()), rel=1e-9)
    assert found.value == pytest.approx(by_hand[frozenset(found.names)], rel=1e-9)
    assert found.cost == sum(COSTS[name] for name in found.names) <= budget
    steps = found.steps
    assert steps["added"].sum() == pytest.approx(found.value, rel=1e-12)
    assert tuple(steps["candidate"]) == found.names
    greedy = choose_package(model, CANDIDATES[1:5], budget)
    assert greedy.value <= found.value * (1 + 1e-12)
    assert greedy.cost <= budget


def test_greedy_adds_what_gains_most_for_its_money(model):
    found = choose_package(model, CANDIDATES, 1e10)
    alone = screen_corridors(model, CANDIDATES, best=None)["exact"].to_series()
    rate = alone / np.array([COSTS[name] for name in alone.index])
    assert found.names[0] == rate.idxmax()
    assert (found.steps["added"] > 0).all()
    np.testing.assert_allclose(found.steps["alone"], alone[list(found.names)], rtol=1e-12)
    again = choose_package(model, CANDIDATES[::-1], 1e10, workers=3)
    assert again.names == found.names
    assert again.value == pytest.approx(found.value, rel=1e-12)


def test_greedy_takes_the_best_alone_where_small_ones_crowd_it_out(model):
    """A cheap corridor with a high return leaves too little for the one that is worth most."""
    big, small = fast("big", 0, 4, 9, cost=1e10), fast("small", 6, 9, cost=1e9)
    found = choose_package(model, [big, small], 1e10)
    assert found.names == ("big",)
    assert found.steps["alone"][0] > choose_package(model, [small], 1e10).value


def test_parallel_lines_are_substitutes_and_lines_in_series_complements(model):
    found = interactions(model, CANDIDATES)
    table = found.to_pandas()
    assert table.loc["east", "east again"] < 0  # the same ends twice
    assert table.loc["long", "east"] < 0
    assert table.loc["freed", "east again"] > 0  # they meet in p7: trains go on
    np.testing.assert_array_equal(found.values, found.values.T)
    assert found.attrs["units"] == model.table.unit


def test_the_same_line_twice_replaces_itself_wholly(model):
    twin = fast("twin", 5, 9, trains_per_day=40.0)
    found = interactions(model, [CANDIDATES[1], twin]).to_pandas()
    alone = found.loc["east", "east"]
    assert found.loc["east", "twin"] == pytest.approx(-alone, rel=1e-9)


def test_what_nobody_uses_interacts_with_nothing_and_is_not_bought(model):
    found = interactions(model, [CANDIDATES[0], NOTHING]).to_pandas()
    assert found.loc["long", NOTHING.name] == 0.0
    package = choose_package(model, [NOTHING, CANDIDATES[0]], 2e10)
    assert package.names == ("long",)


def test_an_objective_that_should_fall_is_counted_as_a_gain_when_it_falls(model):
    found = choose_package(model, CANDIDATES[:2], 9e9, "weighted_mean")
    assert found.value < 0
    assert (found.steps["added"] > 0).all()


def test_budgets_and_costs_are_refused_when_they_cannot_do(model):
    with pytest.raises(ScenarioError, match=r"1 have none \(free\)"):
        choose_package(model, [fast("free", 0, 4), CANDIDATES[0]], 1e10)
    with pytest.raises(ScenarioError, match="the least costs 3,000,000,000"):
        choose_package(model, CANDIDATES[:4], 1e9)
    many = [fast(f"c{k}", 0, 4, cost=1.0) for k in range(13)]
    with pytest.raises(ScenarioError, match="at most 12"):
        choose_package(model, many, 5.0, method="exact")
    with pytest.raises(ScenarioError, match="no candidate"):
        choose_package(model, [], 5.0)
