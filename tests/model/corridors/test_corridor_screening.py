"""A screening does not depend on order, workers or interruptions; a folder has one question."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cases_corridors import CANDIDATES, NOTHING, economy, fast, small_model, towns

import hinterland as hl
from model.corridors import (
    choose_package,
    interactions,
    pair_candidates,
    price_candidates,
    screen_corridors,
)
from model.corridors.candidates import Candidate, line_km
from model.errors import NotInThisVersion, ScenarioError
from networks.geo import great_circle_km
from networks.patches import Patch, upgrade

EVERY = [*CANDIDATES, NOTHING]


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def screened(model):
    return screen_corridors(model, EVERY, best=4)


def test_candidates_come_best_first_exact_before_first_order(screened):
    exact, first = screened["exact"].values, screened["first_order"].values
    assert np.isfinite(exact).tolist() == [True] * 4 + [False] * 3
    assert (np.diff(exact[:4]) <= 0).all()
    assert (np.diff(first[4:]) <= 0).all()
    assert exact[:4].min() > 0
    assert screened["rank"].values.tolist() == [1, 2, 3, 4, 5, 6, 7]
    best = set(np.argsort(-first)[:4].tolist())
    assert set(np.flatnonzero(screened["rank_first_order"].values <= 4).tolist()) == best
    assert np.isnan(screened["region_gain"].values[4:]).all()
    assert screened["losers"].isnull().values.tolist() == [False] * 4 + [True] * 3


def test_the_order_of_candidates_does_not_matter(model, screened):
    again = screen_corridors(model, EVERY[::-1], best=4)
    solved = slice(0, 4)
    one, other = (d.isel(candidate=solved).drop_dims("leg") for d in (screened, again))
    xr.testing.assert_identical(one, other)


def test_workers_leave_every_bit_as_it_is(model, screened):
    xr.testing.assert_identical(screened, screen_corridors(model, EVERY, best=4, workers=3))


def test_what_was_stopped_in_the_middle_goes_on_to_the_same_bits(model, screened, tmp_path):
    folder = tmp_path / "kept"

    def stop(step, done):
        if step == "exact values of the best" and done > 0.7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen_corridors(model, EVERY, best=4, folder=folder, progress=stop)
    answers = folder / "answers.jsonl"
    known = answers.read_bytes()
    assert 7 < known.count(b"\n") < 11
    answers.write_bytes(known[:-25])  # killed while a line was being written
    xr.testing.assert_identical(screened, screen_corridors(model, EVERY, best=4, folder=folder))
    lines = [json.loads(line) for line in answers.read_text().splitlines()]
    assert len(lines) == 11
    told = []
    screen_corridors(
        model, EVERY, best=4, folder=folder, progress=lambda step, done: told.append(step)
    )
    assert told == ["making costs ready", "done"]  # nothing is solved again


def test_a_folder_answers_one_question_only(model, tmp_path):
    folder = tmp_path / "kept"
    some = EVERY[:2]
    screen_corridors(model, some, best=1, folder=folder)
    screen_corridors(model, EVERY[:3], best=2, folder=folder)  # more candidates: the same question
    dearer = hl.SpatialModel(model.table, model.network, {"kappa_services": 0.03})
    for ask in (
        lambda: screen_corridors(model, some, "output", folder=folder),
        lambda: screen_corridors(model, some, prices="follow costs", folder=folder),
        lambda: screen_corridors(model, some, regions=model.table.regions[:2], folder=folder),
        lambda: screen_corridors(dearer, some, folder=folder),
    ):
        with pytest.raises(ScenarioError, match="another question"):
            ask()


def test_a_folder_of_other_things_or_a_damaged_one_is_refused(model, tmp_path):
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.jpg").write_bytes(b"")
    with pytest.raises(ScenarioError, match="other files"):
        screen_corridors(model, EVERY[:1], folder=other)
    assert [one.name for one in other.iterdir()] == ["cat.jpg"]
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ScenarioError, match="it is a file"):
        screen_corridors(model, EVERY[:1], folder=file)
    kept = tmp_path / "kept"
    screen_corridors(model, EVERY[:2], folder=kept)
    answers = kept / "answers.jsonl"
    answers.write_text("nonsense\n" + answers.read_text())
    with pytest.raises(ScenarioError, match=r"damaged at line 1"):
        screen_corridors(model, EVERY[:2], folder=kept)
    (kept / "question.json").write_text("{")
    with pytest.raises(ScenarioError, match="damaged"):
        screen_corridors(model, EVERY[:2], folder=kept)


def test_packages_and_interactions_go_on_from_the_answers_of_a_screening(model, tmp_path):
    folder, some = tmp_path / "kept", EVERY[:3]
    plain = choose_package(model, some, 2e10, method="exact"), interactions(model, some)
    screen_corridors(model, some, best=None, folder=folder)
    size = len((folder / "answers.jsonl").read_text().splitlines())
    for _ in range(2):
        package = choose_package(model, some, 2e10, method="exact", folder=folder)
        assert package.value == plain[0].value
        assert package.names == plain[0].names
        assert package.solves == plain[0].solves
        np.testing.assert_array_equal(interactions(model, some, folder=folder), plain[1])
        lines = (folder / "answers.jsonl").read_text().splitlines()
        assert len(lines) == size + 4  # three pairs and all three: what is alone was there


def test_names_must_differ_and_there_must_be_some(model):
    twice = [fast("one", 0, 4), fast("one", 0, 5)]
    for ask in (screen_corridors, interactions):
        with pytest.raises(ScenarioError, match="'one'"):
            ask(model, twice)
        with pytest.raises(ScenarioError, match="no candidate"):
            ask(model, [])
    with pytest.raises(ScenarioError, match="best must be zero or more"):
        screen_corridors(model, EVERY, best=-1)


@pytest.mark.parametrize("objective", ["purchase_cost", "daily"])
def test_objectives_without_an_exact_value_or_a_derivative_are_refused(model, objective):
    with pytest.raises(NotInThisVersion):
        screen_corridors(model, EVERY, objective)


def test_less_time_is_better_where_less_is_better(model):
    found = screen_corridors(model, EVERY, "weighted_mean", best=None)
    assert found.attrs["better"] == "less"
    assert (np.diff(found["exact"].values) >= 0).all()
    assert found["exact"].values[0] < 0
    assert found["annual_return"].isnull().all()


def test_returns_are_gains_a_year_over_what_building_costs(model, screened):
    top = screened.isel(candidate=0)
    assert top["build_cost"].item() == 9e9
    assert top["annual_return"].item() == pytest.approx(top["exact"].item() * 1e6 / 9e9)


def test_legs_lie_where_the_stops_are(screened, model):
    where = model.network.nodes[["lon", "lat"]]
    owner = screened["leg_candidate"].values == "long"
    legs = np.stack(
        [screened[f"leg_{e}"].values[owner] for e in ("lon_from", "lat_from", "lon_to", "lat_to")],
        axis=1,
    )
    expected = [[*where.loc[a], *where.loc[b]] for a, b in (("p0", "p4"), ("p4", "p9"))]
    np.testing.assert_array_equal(legs, expected)


def test_pairs_are_those_in_the_band_that_no_direct_link_joins(model):
    network = model.network
    found = pair_candidates(network, "rail_hsr", band_km=(60.0, 200.0))
    ends = {tuple(one.line.get("stops")) for one in found}
    joined = {("p0", "p2"), ("p2", "p4")}
    assert not ends & joined
    assert ("p1", "p3") in ends
    assert [one.name_zh for one in found if one.line.get("stops") == ("p1", "p3")] == ["市1—市3"]
    roads = pair_candidates(network, "road", band_km=(60.0, 200.0))
    assert ("p2", "p4") in {tuple(one.line.get("stops")) for one in roads}
    people = network.places["population"]

    def pull(one):
        a, b = (network.nodes.loc[s] for s in one.line.get("stops"))
        km = float(great_circle_km(a["lon"], a["lat"], b["lon"], b["lat"]))
        assert 60.0 <= km <= 200.0
        return people[a.name] * people[b.name] / km**2

    assert (np.diff([pull(one) for one in found]) <= 0).all()
    assert pair_candidates(network, "rail_hsr", band_km=(60.0, 200.0), most=3) == found[:3]
    some = pair_candidates(network, "rail_hsr", band_km=(0.0, 999.0), places=["City 1", "p3", "p5"])
    assert {tuple(one.line.get("stops")) for one in some} == {
        ("p1", "p3"),
        ("p1", "p5"),
        ("p3", "p5"),
    }
    with pytest.raises(ScenarioError, match="low < high"):
        pair_candidates(network, band_km=(9.0, 3.0))


def test_build_costs_are_kilometres_times_money_by_terrain():
    network = towns(economy())
    rates = pd.DataFrame(
        {"mode": ["rail_hsr", "rail_hsr"], "terrain": ["", "hills"], "cost_per_km": ["1e8", "2e8"]}
    )
    plain, hilly = fast("a", 0, 4), fast("b", 0, 4, terrain="hills")
    given = fast("c", 0, 4, cost=7.0)
    made = price_candidates([plain, hilly, given], rates, network)
    km = line_km(plain, network)
    assert [one.build_cost for one in made] == [1e8 * km, 2e8 * km, 7.0]
    built = network.with_line("rail_hsr", ["p0", "p4"], speed_kmh=300, trains_per_day=9)
    assert km == pytest.approx(built.links["km"].iloc[-1])
    with pytest.raises(ScenarioError, match=r"road in terrain '' \(r\)"):
        price_candidates([fast("r", 0, 4, mode="road")], rates, network)
    with pytest.raises(ScenarioError, match="cost_per_km is not there"):
        price_candidates([plain], rates[["mode", "terrain"]], network)
    with pytest.raises(ScenarioError, match="'dear'"):
        price_candidates([plain], rates.assign(cost_per_km=["dear", "1"]), network)


@pytest.mark.parametrize("cost", [0.0, -1.0, np.inf, np.nan])
def test_a_build_cost_is_above_zero(cost):
    with pytest.raises(ScenarioError, match="above zero"):
        Candidate(Patch("x", ()), cost)


def test_a_line_without_a_chinese_name_is_told_by_its_ends(screened, model):
    chinese = screened["name_zh"].to_series()
    assert chinese["long"] == "long（市0—市9）"
    assert screened["stops_zh"].to_series()["long"] == "市0; 市4; 市9"
    named = screen_corridors(model, [fast("named", 0, 4, name_zh="快线")], best=0)
    assert named["name_zh"].values.tolist() == ["快线"]


def test_what_is_made_faster_lies_on_the_map_and_has_no_new_kilometres(model):
    patch = Patch("old line at 200", (upgrade(line="old", speed_kmh=200.0),))
    found = screen_corridors(model, [Candidate(patch)], best=None)
    assert found.sizes["leg"] == 8  # links between nine stops
    assert set(found["leg_candidate"].values) == {"old line at 200"}
    assert np.isnan(found["km"].item())
    assert found["exact"].item() > 0
