"""Corridors valued with channels beside sourcing, and with what these rest on drawn."""

from dataclasses import replace

import numpy as np
import pytest
from cases_corridors import CANDIDATES, small_model

import hinterland as hl
from model.calibration import with_table
from model.channels.drawn_closeness import CLOSENESS, DrawnCloseness
from model.channels.productivity import productivity
from model.corridors import choose_package, interactions, rank_stability, screen_corridors
from model.corridors.edits import edits_of
from model.drawn_costs import PARAMETERS
from model.errors import ScenarioError
from model.parameters import Parameters
from model.table_draws import Draws, TableDrawer
from networks.patch_apply import apply_patches
from networks.whatif.links import base_links

SOME = CANDIDATES[:3]
CHANNELS = ("price", "productivity")
STILL = dict.fromkeys((*PARAMETERS, *CLOSENESS), (1.0, 1.0))


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def found(model):
    return rank_stability(model, SOME, draws=40, top=2, seed=3, channels=CHANNELS)


def edited(model, candidate):
    return apply_patches(model.network, [candidate.patch])


def test_exact_values_are_the_whole_model_and_first_order_is_near(model):
    data = screen_corridors(model, SOME, best=None, channels=CHANNELS)
    assert data.attrs["channels"] == "sourcing price productivity"
    plain = screen_corridors(model, SOME, best=None)
    for one in SOME:
        row = data.sel(candidate=one.name)
        response = model.respond(edited(model, one), channels=CHANNELS)
        made = productivity(model.calibration, model.skims(edited(model, one))).ratio
        np.testing.assert_allclose(response.productivity, made, rtol=1e-9)
        assert float(row["exact"]) == pytest.approx(response.real_consumption.sum(), rel=1e-9)
        assert float(row["first_order"]) == pytest.approx(float(row["exact"]), rel=0.5)
        assert float(row["exact"]) > 1.05 * float(plain["exact"].sel(candidate=one.name))


def test_packages_and_interactions_take_the_channels(model):
    pair = interactions(model, SOME, channels=CHANNELS)
    plain = interactions(model, SOME)
    assert not np.allclose(pair, plain)
    package = choose_package(model, SOME, 9e9, channels=CHANNELS)
    assert package.value > choose_package(model, SOME, 9e9).value


@pytest.mark.parametrize("draw", [0, 11, 29])
def test_a_draw_is_the_model_at_its_elasticities_and_decays(model, found, draw):
    """Every draw is a model of its own, calibrated anew at what was drawn."""
    factor = found["drawn"].isel(draw=draw).to_series()
    assert set(factor.index) == {*PARAMETERS, *CLOSENESS}
    known = model.calibration.parameters
    drawn = Parameters({key: known.get(key) * factor[key] for key in factor.index})
    other = hl.SpatialModel(model.table, model.network, drawn)
    for one in SOME:
        expected = other.respond(edited(model, one), channels=CHANNELS).real_consumption.sum()
        value = found["value"].sel(candidate=one.name).isel(draw=draw)
        assert float(value) == pytest.approx(expected, rel=5e-3)


def test_densities_between_the_decays_of_the_grid_are_close_to_those_made_there(model):
    base = model.calibration
    spread = {key: np.geomspace(0.4, 2.2, 9) for key in CLOSENESS}
    closeness = DrawnCloseness.of(base, spread)
    costs = base.ready.run(edits_of(base_links(base.network), SOME)[0])
    before = base.ready["passenger"]
    growth = closeness.at(before).growth(*costs.changed["passenger"])
    for factor in (0.45, 0.93, 1.7):
        drawn = dict.fromkeys(CLOSENESS, factor)
        known = base.parameters
        parameters = known.with_values({key: known.get(key) * factor for key in CLOSENESS})
        other = replace(base, parameters=parameters)
        skims = model.skims(edited(model, SOME[0]))
        expected = productivity(other, skims).ratio
        np.testing.assert_allclose(closeness.ratio(growth, drawn), expected, rtol=1e-7)


def test_nothing_drawn_leaves_no_spread_and_one_elasticity_moves_it(model):
    still = rank_stability(model, SOME, draws=4, ranges=STILL, channels=CHANNELS)
    exact = screen_corridors(model, SOME, best=None, channels=CHANNELS)["exact"]
    names = still["candidate"]
    np.testing.assert_allclose(still["value"], np.tile(exact.sel(candidate=names), (4, 1)), 1e-9)
    only = STILL | {"agglomeration_business_services": (0.4, 1.2)}
    moved = rank_stability(model, SOME, draws=30, ranges=only, channels=CHANNELS)
    correlation = moved["rank_correlation"].sel(parameter="agglomeration_business_services")
    assert (correlation > 0.9).all()
    with pytest.raises(ScenarioError, match="Ranges are for theta"):
        rank_stability(model, SOME, ranges=only)


def test_the_table_is_drawn_with_its_decay(model):
    uncertain = Draws(cost=model.calibration.costs.freight, noise=0.05)
    args = {"draws": 12, "ranges": {k: STILL[k] for k in PARAMETERS}, "seed": 5}
    found = rank_stability(model, SOME, uncertain=uncertain, **args)
    again = rank_stability(model, SOME, uncertain=uncertain, workers=2, **args)
    np.testing.assert_array_equal(found["value"], again["value"])
    assert {"table own_share", "table decay"} < set(found["parameter"].values)
    drawer = TableDrawer(model.table, uncertain)
    for draw in (0, 7):
        number = dict.fromkeys(drawer.sources, draw)
        told = found["drawn"].isel(draw=draw).to_series()
        factors = drawer.factors(5, number)
        assert told["table decay"] == factors["decay"]
        table = drawer.draw(5, number)
        base = with_table(model.calibration, table)
        other = hl.SpatialModel(table, model.network)
        np.testing.assert_allclose(base.delivery.kappa, other.calibration.delivery.kappa)
        value = other.respond(edited(model, SOME[0])).real_consumption.sum()
        assert float(found["value"][draw, 0]) == pytest.approx(value, rel=1e-9)
    assert (found["value"].std("draw") > 0.0).all()
    with pytest.raises(ScenarioError, match="leave out tables"):
        rank_stability(model, SOME, uncertain=uncertain, tables={"one": model.table})
