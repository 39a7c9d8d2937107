"""Rankings under drawn parameters: seeds, limits, and the model solved again for a draw."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from cases_corridors import CANDIDATES, economy, small_model, towns

import hinterland as hl
from model.calibration import calibrate, respond_to
from model.corridors import rank_stability, screen_corridors
from model.errors import NotInThisVersion, ScenarioError
from model.parameters import Parameters
from networks.patch_apply import apply_patches

SOME = CANDIDATES[:3]
KAPPAS = ("kappa_goods", "kappa_services", "kappa_business_services")
FIXED = dict.fromkeys(("theta", *KAPPAS, "value_of_time"), (1.0, 1.0))


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def found(model):
    return rank_stability(model, SOME, draws=60, top=2, seed=3)


def test_the_same_seed_gives_the_same_bits_at_any_number_of_workers(model, found):
    again = rank_stability(model, SOME, draws=60, top=2, seed=3, workers=3)
    xr.testing.assert_identical(found, again)
    other = rank_stability(model, SOME, draws=60, top=2, seed=4)
    assert not np.array_equal(found["value"], other["value"])


def test_the_centre_is_what_a_screening_says(model, found):
    exact = screen_corridors(model, SOME, best=None)["exact"].to_series()
    np.testing.assert_allclose(found["central"], exact[[c.name for c in SOME]], rtol=1e-9)


@pytest.mark.parametrize("draw", [0, 7, 31])
def test_a_draw_is_the_model_calibrated_at_its_parameters(model, found, draw):
    """Every draw is a model of its own: other theta, kappa and value of time, calibrated anew."""
    factor = found["drawn"].isel(draw=draw).to_series()
    known = model.calibration.parameters
    drawn = Parameters({key: known.get(key) * factor[key] for key in FIXED})
    base = calibrate(model.table, model.network, drawn)
    for one in SOME:
        network = apply_patches(model.network, [one.patch])
        skims = hl.SpatialModel(model.table, model.network, drawn).skims(network)
        expected = respond_to(base, skims).real_consumption.sum()
        value = found["value"].sel(candidate=one.name).isel(draw=draw)
        bound = 3.0 * found.attrs["interpolation_error"] + 1e-9
        assert float(value) == pytest.approx(expected, rel=max(bound, 5e-3))


def test_costs_between_nodes_are_close_to_those_made_there(found):
    assert 0.0 < found.attrs["interpolation_error"] < 0.01


def test_parameters_without_a_range_leave_no_spread(model):
    still = rank_stability(model, SOME, draws=5, ranges=FIXED)
    assert (still["drawn"] == 1.0).all()
    assert still.attrs["interpolation_error"] == 0.0
    assert (still["value"] == still["central"]).all()
    np.testing.assert_array_equal(still["low"], still["high"])
    assert (still["rank_correlation"] == 0.0).all()


def test_one_range_moves_one_parameter(model):
    only = {**FIXED, "theta": (0.5, 3.0)}
    moved = rank_stability(model, SOME, draws=400, ranges=only, seed=1)
    drawn = moved["drawn"].to_pandas()
    assert (drawn.drop(columns="theta") == 1.0).all().all()
    logs = np.log(drawn["theta"])
    # a 90 % interval from 0.5 to 3, a half of the draws on each side of 1
    assert np.percentile(logs, 5) == pytest.approx(np.log(0.5), rel=0.15)
    assert np.percentile(logs, 95) == pytest.approx(np.log(3.0), rel=0.15)
    assert np.median(logs) == pytest.approx(0.0, abs=0.08)
    assert (moved["value"].std("draw") > 0).all()


def test_probabilities_add_up_to_the_places_they_are_about(found):
    for key, places in (("first", 1.0), ("top", 2.0)):
        chance = found[f"probability_{key}"]
        assert float(chance.sum()) == pytest.approx(places)
        assert ((chance >= 0) & (chance <= 1)).all()
    assert (found["low"] <= found["median"]).all()
    assert (found["median"] <= found["high"]).all()
    rank = (-found["value"].to_pandas()).rank(axis=1)
    np.testing.assert_allclose(found["probability_first"], (rank == 1).mean())
    np.testing.assert_allclose(found["probability_top"], (rank <= 2).mean())
    assert (np.abs(found["rank_correlation"]) <= 1.0).all()


def test_output_is_ranked_by_output_with_prices_that_follow_costs(model):
    found = rank_stability(model, SOME, "output", draws=20, prices="follow costs", ranges=FIXED)
    exact = screen_corridors(model, SOME, "output", prices="follow costs", best=None)["exact"]
    names = found["candidate"]
    np.testing.assert_allclose(found["median"], exact.sel(candidate=names), rtol=1e-9)
    first = names[found["probability_first"] == 1.0]
    assert first.item() == exact["candidate"].values[0]


def test_estimates_of_the_table_are_drawn_too(model):
    other = economy(6)
    tables = {"central": model.table, "other": other}
    found = rank_stability(model, SOME, draws=24, tables=tables, ranges=FIXED)
    table = found["drawn"].sel(parameter="table").values
    assert 4 < table.sum() < 20
    alone = screen_corridors(hl.SpatialModel(other, towns(other)), SOME, best=None)["exact"]
    expected = {0.0: found["central"], 1.0: alone.sel(candidate=found["candidate"])}
    for draw, which in enumerate(table):
        np.testing.assert_allclose(found["value"][draw], expected[which], rtol=1e-9)


def test_variants_of_the_model_are_its_estimates(model):
    with_them = replace(model, variants={"low": model.table, "high": economy(6)})
    found = rank_stability(with_them, SOME, draws=10, ranges=FIXED)
    assert "table" in found["parameter"].values


def test_questions_that_make_no_sense_are_refused(model):
    with pytest.raises(ScenarioError, match="at least 2 draws"):
        rank_stability(model, SOME, draws=1)
    with pytest.raises(ScenarioError, match="between 0 and 1"):
        rank_stability(model, SOME, interval=1.0)
    with pytest.raises(ScenarioError, match="did you mean 'theta'"):
        rank_stability(model, SOME, ranges={"tetha": (0.5, 2.0)})
    with pytest.raises(ScenarioError, match=r"theta \(1.5, 2.0\)"):
        rank_stability(model, SOME, ranges={"theta": (1.5, 2.0)})
    with pytest.raises(NotInThisVersion, match="travel times"):
        rank_stability(model, SOME, "potential")
    with pytest.raises(ScenarioError, match="no candidate"):
        rank_stability(model, [])
