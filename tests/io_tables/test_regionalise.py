"""Location quotients and CHARM: worked by hand, closed forms, the country as its own region."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.errors import InvalidTable
from io_tables.regionalise import METHODS, cross_hauling, location_quotients, regionalise
from io_tables.table import RegionalTable
from io_tables.testing import random_table

# A country of 1000, a region of 125 whose SLQ are 2, 1 and 0.5: every quotient is a round number.
NATIONAL = np.array([200.0, 400.0, 400.0])
REGIONAL = np.array([50.0, 50.0, 25.0])
SLQ = np.array([2.0, 1.0, 0.5])
LAMBDA = np.log2(1.125) ** 0.3


def test_simple_and_cross_industry_quotients_are_those_worked_by_hand():
    slq = location_quotients(REGIONAL, NATIONAL, method="slq").to_numpy()
    np.testing.assert_allclose(slq, SLQ[:, None] * np.ones(3))
    cilq = location_quotients(REGIONAL, NATIONAL, method="cilq").to_numpy()
    np.testing.assert_allclose(cilq, [[2.0, 2.0, 4.0], [0.5, 1.0, 2.0], [0.25, 0.5, 0.5]])


def test_fleggs_quotients_are_those_worked_by_hand():
    flq = location_quotients(REGIONAL, NATIONAL, method="flq", delta=0.3).to_numpy()
    cilq = np.array([[2.0, 2.0, 4.0], [0.5, 1.0, 2.0], [0.25, 0.5, 0.5]])
    np.testing.assert_allclose(flq, cilq * LAMBDA)
    assert pytest.approx(0.58759, abs=1e-5) == LAMBDA  # exp(0.3 ln 0.169925)
    aflq = location_quotients(REGIONAL, NATIONAL, method="aflq", delta=0.3).to_numpy()
    # Only buyers the region specialises in (SLQ_j > 1: the first) are moved, by log2(3).
    np.testing.assert_allclose(aflq[:, 0], np.minimum(cilq[:, 0] * LAMBDA, 1.0) * np.log2(3.0))
    np.testing.assert_allclose(aflq[:, 1:], flq[:, 1:])


def test_without_size_correction_flq_is_cilq_and_a_whole_country_has_quotients_of_one():
    np.testing.assert_allclose(
        location_quotients(REGIONAL, NATIONAL, method="flq", delta=0.0),
        location_quotients(REGIONAL, NATIONAL, method="cilq"),
    )
    for method in METHODS[:4]:
        np.testing.assert_allclose(location_quotients(NATIONAL, NATIONAL, method=method), 1.0)


def test_absent_sectors_supply_nothing_and_their_column_is_that_of_slq():
    cilq = location_quotients([50.0, 0.0], [100.0, 100.0], method="cilq").to_numpy()
    np.testing.assert_allclose(cilq, [[2.0, 2.0], [0.0, 0.0]])


def test_cross_hauling_worked_by_hand():
    # Country: output 100, use 110, exports 20, imports 30: q = 50 - 10 = 40, h = 40 / 210.
    found = cross_hauling(
        [30.0], [12.0], national_output=[100.0], national_use=[110.0],
        national_exports=[20.0], national_imports=[30.0],
    )  # fmt: skip
    q = 40.0 / 210.0 * 42.0
    assert found.cross_hauling[0] == pytest.approx(q)
    assert found.exports[0] == pytest.approx((q + 18.0 + 18.0) / 2)
    assert found.imports[0] == pytest.approx(q / 2)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_charm_gives_the_country_its_own_trade(seed):
    national = random_table(seed, 1, 5, kind="explicit")
    region = regionalise(national, national.x.to_numpy(), method="charm")
    np.testing.assert_allclose(region.exports, national.exports, rtol=1e-9, atol=1e-6)
    imported = region.imports.to_numpy().sum() + region.final_imports.to_numpy().sum()
    wanted = national.imports.to_numpy().sum() + national.final_imports.to_numpy().sum()
    assert imported == pytest.approx(wanted)


@pytest.mark.parametrize("method", METHODS[:4])
def test_location_quotients_give_the_country_its_own_table(method):
    national = random_table(3, 1, 4, kind="explicit")
    region = regionalise(national, national.x.to_numpy(), method=method)
    np.testing.assert_allclose(region.Z, national.Z, rtol=1e-12)
    np.testing.assert_allclose(region.va, national.va, rtol=1e-12)
    np.testing.assert_allclose(region.exports, national.exports, rtol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(METHODS))
def test_a_region_balances_and_needs_per_output_stay_national(seed, method):
    rng = np.random.default_rng(seed)
    national = random_table(seed, 1, 5)
    share = pd.Series(rng.uniform(0.02, 0.3, 5), index=national.sectors)
    x = pd.Series(national.x.to_numpy() * share.to_numpy(), index=national.sectors)
    region = regionalise(national, x.iloc[::-1], method=method, name="North")
    assert [f for f in region.check() if f.kind != "negative_value_added"] == []
    needs = region.Z.to_numpy() + region.imports.to_numpy()
    whole = national.Z.to_numpy() + national.imports.to_numpy()
    np.testing.assert_allclose(needs, whole * share.to_numpy(), rtol=1e-12)
    if method in ("slq", "cilq", "flq", "charm"):
        assert (region.Z.to_numpy() <= needs * (1 + 1e-12)).all()


def test_smaller_delta_keeps_more_at_home():
    national = random_table(1, 1, 6)
    x = national.x * np.random.default_rng(0).uniform(0.05, 0.3, 6)
    own = [
        regionalise(national, x.to_numpy(), method="flq", delta=d).Z.to_numpy().sum()
        for d in (0.1, 0.3, 0.5)
    ]
    assert own[0] > own[1] > own[2]


def country_with_accounts(seed: int) -> RegionalTable:
    """A country with two stressors, jobs and taxes on final use, by sector and category."""
    d = random_table(seed, 1, 4, kind="explicit")
    rng = np.random.default_rng(seed)
    final = pd.MultiIndex.from_product([d.regions, d.categories])
    rows = ["CO2", "water"]
    return RegionalTable.from_flows(
        d.Z, d.Y.iloc[:, :3], d.x, d.va, imports=d.imports, exports=d.exports, taxes=d.taxes,
        population=[1e6], employment=rng.random(4) * 1e5,
        stressors=pd.DataFrame(rng.random((2, 4)), index=rows, columns=d.labels),
        stressor_units={"CO2": "Mt", "water": "m3"},
        stressor_demand=pd.DataFrame(rng.random((2, 3)), index=rows, columns=final),
        final_taxes=pd.Series(rng.random(3), index=final).to_frame().T, units=d.unit,
    )  # fmt: skip


ACCOUNTS = ("stressor_use", "stressor_demand", "employment", "final_taxes")


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(METHODS))
def test_a_region_and_the_rest_share_out_what_the_country_emits_employs_and_pays(seed, method):
    national = country_with_accounts(seed)
    rng = np.random.default_rng(seed)
    part, bought = rng.uniform(0.02, 0.9, 4), rng.uniform(0.0, 1.0, 3)
    x = national.x.to_numpy()
    one = regionalise(national, x * part, method=method, final_share=bought)
    rest = regionalise(national, x * (1 - part), method=method, final_share=1 - bought)
    for name in ACCOUNTS:
        both = one.data[name].values + rest.data[name].values
        np.testing.assert_allclose(both, national.data[name].values, rtol=1e-12)
    np.testing.assert_allclose(
        one.stressors.to_numpy() / one.x.to_numpy(), national.stressors.to_numpy() / x, rtol=1e-12
    )
    assert one.stressor_units.to_dict() == {"CO2": "Mt", "water": "m3"}


def test_notes_tell_totals_of_stressors_by_hand_and_what_was_left_out():
    d = random_table(2, 1, 2, kind="explicit")
    final = pd.MultiIndex.from_product([d.regions, d.categories])
    national = RegionalTable.from_flows(
        d.Z, d.Y.iloc[:, :3], d.x, d.va, imports=d.imports, exports=d.exports, taxes=d.taxes,
        population=[1.0], employment=[5.0], stressor_units={"CO2": "kt"},
        stressors=pd.DataFrame([[100.0, 40.0]], index=["CO2"], columns=d.labels),
        stressor_demand=pd.DataFrame([[20.0, 0.0, 8.0]], index=["CO2"], columns=final),
    )  # fmt: skip
    region = regionalise(national, d.x.to_numpy() * [0.5, 0.25], final_share=0.25)
    assert "CO2 67 of 168 kt." in " ".join(region.notes)  # 50 + 10 + 5 + 2
    assert "left out: population; employment, which is not told by sector." in region.notes[-1]
    bare = regionalise(random_table(2, 1, 2, kind="explicit"), d.x.to_numpy() * 0.5)
    assert not any("Stressors" in note for note in bare.notes)
    assert len(bare.stressors) == 0


def test_stressors_of_final_demand_alone_are_carried_too():
    whole = country_with_accounts(5)
    national = RegionalTable(whole.data.drop_vars("stressor_use"), "explicit")
    region = regionalise(national, whole.x.to_numpy() * 0.5, final_share=0.5)
    np.testing.assert_allclose(region.stressor_demand, whole.stressor_demand * 0.5)


def test_impossible_requests_are_refused():
    national = random_table(1, 1, 3)
    with pytest.raises(InvalidTable, match="between 0 and national ones: S0"):
        regionalise(national, national.x.to_numpy() * [2.0, 1.0, 1.0])
    with pytest.raises(InvalidTable, match="one region, found 2"):
        regionalise(random_table(1, 2, 3), [1.0, 1.0, 1.0])
    with pytest.raises(InvalidTable, match="delta must lie"):
        location_quotients(REGIONAL, NATIONAL, delta=2.0)
    with pytest.raises(InvalidTable, match="output less use"):
        cross_hauling([1.0], [1.0], national_output=[2.0], national_use=[2.0],
                      national_exports=[1.0], national_imports=[0.5])  # fmt: skip
    with pytest.raises(InvalidTable, match="method must be one of"):
        regionalise(national, national.x.to_numpy(), method="rlq")
