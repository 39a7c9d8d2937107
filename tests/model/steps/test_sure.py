"""Draws inside a run: intervals of the ledger and of what edits do."""

from dataclasses import replace

import numpy as np
import pytest
from cases_channels import line_model

import hinterland as hl
from model.drawn_costs import PARAMETERS, draw_factors, rank_correlation
from model.ledger.sure import ledger_uncertainty
from model.scenario import Closure, Edit, RunOptions, Scenario, Stimulus
from model.steps.poles import ask_stimulus
from model.steps.sure import ALL_REGIONS, EFFECTS, corridor_draws, ledger_draws

GROWTH = Stimulus(name="grow", pole="R0", share_of_final_demand=0.02)
FASTER = Edit(kind="change", name="road", select={"mode": "road"}, fields={"minutes": 60.0})


def scenario(draws=0, **changes):
    made = Scenario(
        name="x",
        closure=Closure(channels=("demand", "sourcing")),
        stimuli=(GROWTH,),
        edits=(FASTER,),
        run=RunOptions(seed=5, draws=draws),
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def model():
    return line_model()


@pytest.fixture(scope="module")
def drawn(model):
    return model.run(scenario(40))


def test_without_draws_nothing_is_added_and_with_them_nothing_else_moves(model, drawn):
    plain = model.run(scenario())
    added = set(drawn.data.data_vars) - set(plain.data.data_vars)
    assert {"ledger_draws", "ledger_drivers", "corridor_draws", "corridor_drivers"} <= added
    assert all("draw" in n or "drive" in n or n in NAMED for n in added)
    for name in plain.data.data_vars:
        assert drawn.data[name].identical(plain.data[name]), name


NAMED = {"ledger_rank_kept", "corridor_interpolation_error"}


def test_the_central_figure_is_that_of_the_run(drawn):
    data = drawn.data
    levels = data["ledger_draws"].sel(statistic="central")
    parts = levels.sel(drawn_region=data["region"].values, drawn_part=data["part"].values)
    expected = data["ledger"].sum("sector").transpose("pole", "region", "part", "account")
    np.testing.assert_allclose(parts.values, expected.values, rtol=1e-8, atol=1e-9)
    central = data["corridor_draws"].sel(statistic="central")
    for effect in EFFECTS:
        run = float(data["corridor_range"].sel(case="central", effect=effect))
        assert float(central.sel(drawn_effect=effect)) == pytest.approx(run, rel=1e-9, abs=1e-9)


def test_totals_are_sums_and_intervals_lie_around_the_median(drawn):
    data = drawn.data
    for name in ("ledger_draws", "corridor_draws", "corridor_region_draws"):
        low, median, high = (data[name].sel(statistic=s) for s in ("low", "median", "high"))
        assert bool((low <= median).all())
        assert bool((median <= high).all())
    assert float((high - low).sum()) > 0.0
    central = data["ledger_draws"].sel(statistic="central")
    regions = central.sel(drawn_region=data["region"].values).sum("drawn_region")
    np.testing.assert_allclose(central.sel(drawn_region=ALL_REGIONS), regions, rtol=1e-12)
    parts = central.drop_sel(drawn_part="all").sum("drawn_part")
    np.testing.assert_allclose(central.sel(drawn_part="all"), parts, rtol=1e-12)


def test_shares_of_variance_sum_to_one_where_anything_varies(drawn):
    shares = drawn.data["ledger_drivers"].sel(drawn_region=ALL_REGIONS).sum("ledger_source")
    np.testing.assert_allclose(shares, 1.0, atol=1e-9)
    alone = drawn.data["corridor_drivers"]
    assert bool(((alone >= 0.0) & (alone <= 1.0 + 1e-12)).all())


def test_the_ledger_of_draws_is_that_of_the_toolbox(model):
    base = model.calibration
    asked = [ask_stimulus(base, GROWTH, model.groupings)]
    ours = ledger_draws(base.table, asked, draws=12, seed=3)["ledger_draws"].isel(pole=0)
    theirs = ledger_uncertainty(
        base.table, {"grow": "R0"}, asked[0].amount, "value_added", draws=12, pairs=0, seed=3
    ).isel(pole=0)
    costed = ledger_draws(base.table, asked, draws=12, seed=3, cost=base.costs.freight)
    assert "decay" in costed["ledger_source"].values
    plain = ledger_draws(base.table, asked, draws=12, seed=3)
    assert "decay" not in plain["ledger_source"].values
    for statistic in ("central", "median", "low", "high"):
        one = ours.sel(statistic=statistic, account="value_added")
        one = one.sel(drawn_region=base.table.regions, drawn_part=theirs["part"].values)
        np.testing.assert_allclose(one.values, theirs[statistic].values, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_same_bits_at_any_number_of_workers(model, workers):
    base = model.calibration
    asked = [ask_stimulus(base, GROWTH, model.groupings)]
    network = base.network.with_links(change=[{"select": {"mode": "road"}, "minutes": 60.0}])
    given = {"closure": "spending", "variants": {}, "draws": 20, "seed": 1}
    assert ledger_draws(base.table, asked, draws=20, seed=1).identical(
        ledger_draws(base.table, asked, draws=20, seed=1, workers=workers)
    )
    assert corridor_draws(base, network, **given).identical(
        corridor_draws(base, network, **given, workers=workers)
    )


def test_every_drawn_parameter_is_the_model_at_that_parameter(model):
    """Intervals of width zero but for theta: the draws are runs at those thetas."""
    base = model.calibration
    factors, _ = draw_factors(base.parameters, tables=1, draws=6, seed=0)
    assert factors.shape == (6, len(PARAMETERS))
    seen = []
    for theta in (2.0, 4.0, 8.0):
        other = replace(model, parameters=base.parameters.with_values({"theta": theta}))
        found = other.run(scenario(stimuli=()))
        seen.append(float(found.data["corridor_range"].sel(case="central", effect="output")))
    drawn = corridor_draws(
        base,
        base.network.with_links(change=[{"select": {"mode": "road"}, "minutes": 60.0}]),
        closure="spending",
        variants={},
        draws=60,
        seed=2,
    )["corridor_draws"].sel(drawn_effect="output")
    central = float(drawn.sel(statistic="central"))
    assert central == pytest.approx(seen[1], rel=1e-9)
    assert float(drawn.sel(statistic="low")) < central < float(drawn.sel(statistic="high"))


def test_rank_correlation_of_a_rising_curve_is_one_and_ties_share_a_rank():
    x = np.array([0.3, 0.1, 0.2, 0.9])
    found = rank_correlation(np.column_stack([x, -x]), np.exp(x)[:, None])
    np.testing.assert_allclose(found[:, 0], [1.0, -1.0])
    tied = rank_correlation(np.array([[0.0], [0.0], [1.0], [1.0]]), np.arange(4.0)[:, None])
    assert float(tied[0, 0]) == pytest.approx(4.0 / np.sqrt(20.0))
    assert float(rank_correlation(np.ones((4, 1)), x[:, None])[0, 0]) == 0.0


def test_a_result_with_draws_and_split_goes_to_files_and_comes_back(model, tmp_path):
    asked = scenario(run=RunOptions(seed=1, draws=12, split=True))
    result = model.run(asked)
    assert any("split" in one["name"] and one["holds"] for one in result.report.identities)
    joint = result.data["split_output"].sum("split_channel")
    np.testing.assert_allclose(joint, result.data["joint_output"], rtol=1e-9, atol=1e-9)
    again = hl.read_result(result.to_netcdf(tmp_path / "r.nc"))
    assert again.identical(result)
    files = {path.name for path in result.to_csv(tmp_path / "tables")}
    assert {"ledger_draws.csv", "corridor_drivers.csv", "split.csv", "split_joint.csv"} <= files
