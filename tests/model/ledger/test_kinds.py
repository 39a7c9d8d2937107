"""Output targets, investment and creation: what they promise is what the ledger then holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import StimulusError, UnknownLabel
from model.ledger.kinds import Creation, Investment, OutputTarget
from model.spillover import spillovers
from model.supply_side import mixed

KINDS = st.sampled_from(["pooled", "explicit"])


def made_in(data, region, account):
    return float(data["ledger"].sel(region=region, account=account).isel(pole=0).sum())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS, st.booleans())
def test_an_output_target_is_met_to_the_money_and_nothing_else_is_demanded(seed, kind, closed):
    table = random_table(seed, 3, 3, kind=kind)
    data = spillovers(table, "R1", OutputTarget(50.0), "output", households=closed)
    assert made_in(data, "R1", "output") == pytest.approx(50.0, rel=1e-9)
    by_sector = data["ledger"].isel(pole=0, account=0).sel(region="R1").sum("part")
    output = table.x["R1"]
    assert np.allclose(by_sector, 50.0 * output / output.sum(), rtol=1e-8)
    placed = data["stimulus_placed"].isel(pole=0)
    assert not placed.sel(region=["R0", "R2"]).any()
    assert float(np.abs(data["gap"]).max()) < 1e-10


def test_an_output_target_is_the_change_of_the_mixed_model():
    table = random_table(5, 3, 4)
    target = pd.Series([3.0], index=pd.MultiIndex.from_tuples([("R0", "S1")]))
    data = spillovers(table, "R0", OutputTarget(target), "output")
    raised = table.x[[("R0", "S1")]] + 3.0
    change = mixed(table, raised)["output_change"]
    assert np.allclose(data["ledger"].isel(pole=0, account=0).sum("part"), change, atol=1e-8)
    one = spillovers(table, "R0", OutputTarget({"S1": 3.0}), "output")
    assert np.allclose(one["ledger"], data["ledger"], rtol=1e-12)


def test_targets_by_sector_follow_output_or_weights_and_leave_others_free():
    table = random_table(6, 4, 3)
    data = spillovers(table, {"P": ["R0", "R2"]}, OutputTarget({"S0": 8.0}), "output")
    got = data["ledger"].isel(pole=0, account=0).sum("part").sel(sector="S0")
    output = table.x.xs("S0", level="sector")
    share = output[["R0", "R2"]] / output[["R0", "R2"]].sum()
    assert np.allclose(got.sel(region=["R0", "R2"]), 8.0 * share, rtol=1e-9)
    other = data["ledger"].isel(pole=0, account=0).sum("part").sel(region="R0", sector="S1")
    assert float(other) > 0
    weighed = spillovers(table, {"P": {"R0": 1.0, "R2": 3.0}}, OutputTarget({"S0": 8.0}), "output")
    got = weighed["ledger"].isel(pole=0, account=0).sum("part").sel(sector="S0")
    assert np.allclose(got.sel(region=["R0", "R2"]), [2.0, 6.0], rtol=1e-9)


def test_a_target_below_what_the_others_need_is_refused_unless_asked_for():
    table = random_table(7, 2, 3)
    money = {"S0": 1e-6, "S1": 100.0, "S2": 100.0}
    with pytest.raises(StimulusError, match=r"against the target for.*R0 / S0"):
        spillovers(table, "R0", OutputTarget(money))
    data = spillovers(table, "R0", OutputTarget(money, allow_negative=True), "output")
    assert float(data["stimulus_placed"].sel(region="R0", sector="S0").sum()) < 0
    got = data["ledger"].isel(pole=0, account=0).sum("part").sel(region="R0")
    assert np.allclose(got, list(money.values()), atol=1e-8)
    with pytest.raises(StimulusError, match="where output is made"):
        spillovers(table, "R0", OutputTarget(1.0), at="use")
    with pytest.raises(StimulusError, match="zero everywhere"):
        spillovers(table, "R0", OutputTarget(0.0))


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_investment_buys_what_capital_formation_of_the_pole_buys(kind):
    table = random_table(8, 3, 4, kind=kind)
    data = spillovers(table, {"P": ["R0", "R1"]}, Investment(10.0), "output")
    domestic = table.demand["investment"]
    imported = table.data["imported_demand"].sel(category="investment")
    bought = domestic.to_numpy().reshape(3, 4) + imported.transpose("region", "sector").values
    expected = 10.0 * bought[:2] / bought[:2].sum()
    placed = data["stimulus_placed"].isel(pole=0)
    assert np.allclose(placed.sel(region=["R0", "R1"]), expected, rtol=1e-12)
    assert data.attrs["at"] == "use"
    abroad = imported.transpose("region", "sector").values[:2].sum() / bought[:2].sum()
    leak = float(data["leakage"].sel(kind="imports for final demand").sum())
    assert leak == pytest.approx(10.0 * abroad, rel=1e-12)
    assert float(data["leakage"].sum()) == pytest.approx(10.0, rel=1e-10)
    told = spillovers(table, "R0", Investment(1.0, categories=("government",)), "output")
    assert not np.allclose(told["ledger"], spillovers(table, "R0", Investment(1.0))["ledger"])


def test_investment_with_a_mix_of_its_own_buys_that_mix():
    table = random_table(9, 3, 3)
    data = spillovers(table, "R2", Investment({"S0": 3.0, "S1": 1.0}), "output")
    assert np.allclose(data["stimulus_placed"].sel(region="R2"), [[3.0, 1.0, 0.0]], rtol=1e-12)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from(["origin", "use"]), st.booleans())
def test_so_much_is_created_in_the_pole_or_everywhere(seed, at, closed):
    table = random_table(seed, 3, 3)
    here = Creation(12.0, of="value_added")
    data = spillovers(table, "R0", here, "value_added", at=at, households=closed)
    assert made_in(data, "R0", "value_added") == pytest.approx(12.0, rel=1e-9)
    there = Creation(12.0, of="value_added", where="everywhere")
    data = spillovers(table, "R0", there, "value_added", at=at, households=closed)
    assert float(data["ledger"].sum()) == pytest.approx(12.0, rel=1e-9)
    assert float(np.abs(data["gap"]).max()) < 1e-10


def test_jobs_are_created_by_demand_of_the_mix_that_is_named():
    plain = random_table(10, 2, 3)
    jobs = np.array([[4.0, 2.0, 0.0], [1.0, 1.0, 3.0]])
    table = RegionalTable(
        plain.data.assign(employment=(("region", "sector"), jobs, {"units": "persons"})),
        plain.kind,
    )
    data = spillovers(table, "R0", Creation(500.0, mix={"S1": 1.0}), "jobs")
    assert made_in(data, "R0", "jobs") == pytest.approx(500.0, rel=1e-9)
    placed = data["stimulus_placed"].isel(pole=0).sel(region="R0")
    assert float(placed.sel(sector="S1")) == pytest.approx(float(data["stimulus"][0]))
    split = spillovers(table, "R0", Creation(500.0), "jobs", by_stimulus_sector=True)
    assert float(split["ledger"].sel(region="R0").sum()) == pytest.approx(500.0, rel=1e-9)
    nothing = pd.Series(0.0, index=table.labels, name="nothing")
    with pytest.raises(StimulusError, match="creates no nothing"):
        spillovers(table, "R0", Creation(1.0, of=nothing))


def test_what_the_names_do_not_tell_is_asked_for():
    table = random_table(11, 2, 2, categories=("people", "state"))
    with pytest.raises(UnknownLabel, match=r"Investment\(categories"):
        spillovers(table, "R0", Investment(1.0))
    with pytest.raises(UnknownLabel, match="buildings"):
        spillovers(table, "R0", Investment(1.0, categories=("buildings",)))
    with pytest.raises(StimulusError, match="'pole' or 'everywhere'"):
        spillovers(table, "R0", Creation(1.0, of="output", where="here"))
    with pytest.raises(StimulusError, match="finite"):
        spillovers(table, "R0", Creation(np.inf, of="output"))


def test_every_pole_may_have_a_stimulus_of_its_own_kind():
    table = random_table(12, 3, 3)
    given_money = {"R0": OutputTarget(5.0), "R1": Investment(2.0), "R2": 1.0}
    data = spillovers(table, ["R0", "R1", "R2"], given_money, "output")
    alone = spillovers(table, "R1", Investment(2.0), "output")
    assert np.allclose(data["ledger"].sel(pole="R1"), alone["ledger"].isel(pole=0), rtol=1e-10)
    assert data.attrs["at"] == "origin for some poles, use for others"
