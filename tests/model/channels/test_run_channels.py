"""Scenarios with every channel on, on a small economy along a line."""

from dataclasses import replace

import numpy as np
import pytest
from cases_channels import line_model

import hinterland as hl
from model.channel_split import channel_split
from model.channels.case import ANSWERS, Case, Runs
from model.channels.economy import Economy
from model.errors import UnknownLabel
from model.results import RunStatus
from model.scenario import Closure, Edit, Scenario, Stimulus
from model.steps.channels import case_of
from model.steps.edits import edited_network
from model.steps.groupings import Groupings

ALL = ("demand", "sourcing", *ANSWERS)


def scenario(channels=ALL, **changes):
    made = Scenario(
        name="faster",
        closure=Closure(channels=channels),
        stimuli=(Stimulus(name="grow", pole="R0", share_of_final_demand=0.02),),
        edits=(
            Edit(kind="change", name="road", select={"mode": "road"}, fields={"minutes": 60.0}),
        ),
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def model():
    return line_model(relocation_labour=1.5)


@pytest.fixture(scope="module")
def result(model):
    return model.run(scenario())


def test_the_run_is_certified_and_every_identity_holds(result):
    assert result.status is RunStatus.ok
    names = [one["name"] for one in result.report.identities]
    for words in ("price: deliveries", "households: spending", "nobody is lost", "km on links"):
        assert any(words in name for name in names), words


def test_columns_of_drivers_are_those_of_a_run_without_the_other_channels(model, result):
    plain = model.run(scenario(("demand", "sourcing")))
    for name in ("output", "value_added", "real_consumption", "final_demand"):
        kept = result.data[name].sel(channel=["demand", "sourcing"])
        np.testing.assert_array_equal(kept.values, plain.data[name].values)


def test_the_demand_column_is_the_ledger_and_the_joint_system_says_the_same(model, result):
    case = case_of(model.calibration, scenario(), None, Groupings.empty())
    found = case.outcome({"demand"}).state.output
    column = (result.data["output"].sel(channel="demand") - result.data["output_base"]).values
    np.testing.assert_allclose(found, column, rtol=1e-8)


def test_prices_beside_sourcing_are_the_response_with_prices_that_follow(model, result):
    network = edited_network(model.network, scenario())
    both = [model.respond(network, prices=p) for p in ("follow costs", "given")]
    lone = model.run(scenario(("sourcing", "price"), stimuli=()))
    change = lone.data["output"].sel(channel="price") - lone.data["output_base"]
    np.testing.assert_allclose(change, both[0].output - both[1].output, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(lone.data["mill_price"], both[0].mill_price, rtol=1e-12)
    assert 0.0 < float(lone.data["contraction"].sel(channel="price")) < 1.0


def test_gains_and_losses_add_up_and_people_are_conserved(result):
    data = result.data
    total = data["channel_effect"].sum("region")
    parts = data["spread"].sum("side", skipna=False)
    told = parts.notnull()
    np.testing.assert_allclose(parts.where(told, 0.0), total.where(told, 0.0), atol=1e-9)
    assert float(data["people"].sum()) == pytest.approx(float(data["people_base"].sum()))
    assert float(data["losers"].sel(channel="relocation", level="value_added")) > 0


def test_no_edit_and_no_stimulus_leave_every_channel_at_exactly_zero(model):
    idle = scenario(stimuli=(), edits=())
    found = model.run(idle)
    for name in ("output", "value_added", "real_consumption", "final_demand"):
        for channel in found.data["channel"].values:
            level = found.data[name].sel(channel=channel)
            assert bool((level == found.data[f"{name}_base"]).all()), (name, channel)
    assert len(found.report.zero_effects) == len(ANSWERS)


def test_a_result_with_channels_goes_to_files_and_comes_back(result, tmp_path):
    again = hl.read_result(result.to_netcdf(tmp_path / "r.nc"))
    assert again.identical(result)
    written = {path.name for path in result.to_csv(tmp_path / "tables")}
    assert {"channels.csv", "channels_by_region.csv", "travel_by_mode.csv"} <= written
    result.to_html(tmp_path / "r.html")
    assert '<section id="channels">' in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_relocation_with_elasticity_zero_is_relocation_off():
    still = line_model(relocation_labour=0.0).run(scenario(("sourcing", "relocation")))
    for name in ("output", "value_added", "real_consumption"):
        level = still.data[name].sel(channel="relocation")
        assert bool((level == still.data[f"{name}_base"]).all())
    assert any("relocation_labour" in one for one in still.report.zero_effects)


def test_shares_of_the_split_sum_to_the_joint_effect(model):
    on = ("demand", "sourcing", "price", "productivity", "households", "relocation")
    split = channel_split(model, scenario(on))
    assert float(split["gap"]) < 1e-10
    assert list(split["channel"].values) == list(on)
    case = case_of(
        model.calibration,
        scenario(on),
        model.skims(_edited(model)),
        model.groupings,
    )
    joint = Runs(case).of(on).state.output
    np.testing.assert_allclose(split["joint_output"], joint, rtol=1e-12)
    assert np.abs(split["output"].sel(channel="households")).max() > 0.0


def _edited(model):
    return edited_network(model.network, scenario())


def test_one_region_alone_is_the_national_model():
    one = line_model(1)
    base = one.calibration
    change = np.full_like(base.blocks.trade, 0.95)
    case = Case(Economy.of(base), delivery=change, labour=2.0)
    plain = case.outcome({"sourcing"}).state
    moved = case.outcome({"sourcing", "relocation"})
    np.testing.assert_allclose(moved.state.output, plain.output, rtol=1e-12)
    assert moved.moved.people == pytest.approx([1.0], abs=1e-15)


def test_capital_that_moves_takes_investment_with_it():
    model = line_model(relocation_labour=0.0, relocation_capital=1.0)
    found = model.run(scenario(("sourcing", "relocation")))
    change = found.data["final_demand"] - found.data["final_demand_base"]
    by_region = change.sel(channel="relocation").sum("sector").values
    assert np.ptp(by_region) > 0.0
    assert abs(by_region.sum()) < 1e-9 * float(found.data["final_demand_base"].sum())


def test_an_explicit_table_runs_through_every_channel():
    found = line_model(kind="explicit").run(scenario())
    assert found.status is RunStatus.ok
    assert bool(found.data["output"].sel(channel=["price", "relocation"]).notnull().all())


def test_a_table_whose_names_do_not_tell_households_is_refused_with_what_to_do():
    silent = line_model(categories=("final use",))
    with pytest.raises(UnknownLabel, match="compensation of employees"):
        silent.run(scenario(("sourcing", "households")))
    with pytest.raises(UnknownLabel, match="household"):
        silent.run(scenario(("sourcing", "relocation")))
    assert silent.run(scenario(("sourcing", "price"))).status is RunStatus.ok
