"""The chain from a national table to regions: national sums are exact, knowledge is kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import full_table

from io_tables.aggregate import aggregate
from io_tables.errors import InfeasibleMargins, InvalidTable
from io_tables.estimate import estimate_table
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table


def country(seed=0, R=5, S=4, **options):
    """A national table with the regional output and costs of an economy that adds up to it."""
    table = random_table(seed, R, S, **options)
    national = aggregate(table, regions=dict.fromkeys(table.regions, "all"))
    national = RegionalTable(national.data.drop_vars("population"), "pooled")
    output = table.x.unstack()[table.sectors].loc[table.regions]
    place = np.random.default_rng(seed).uniform(0, 100, (R, 2))
    km = np.hypot(*(place[:, None] - place).transpose(2, 0, 1)) + 5.0
    return table, national, output, pd.DataFrame(km, index=table.regions, columns=table.regions)


def summed(table, national):
    return aggregate(table, regions=dict.fromkeys(table.regions, national.regions[0]))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([None, 0.3, 0.8]))
def test_the_regions_add_up_to_the_national_table_cell_by_cell(seed, own_share):
    _, national, output, km = country(seed)
    found = estimate_table(national, regional_output=output, cost=km, own_share=own_share)
    assert_table_equal(summed(found, national), national.pooled(), rtol=1e-11)
    np.testing.assert_allclose(found.x.unstack()[found.sectors].loc[output.index], output)
    assert [f for f in found.check(tolerance=1e-9) if f.kind != "negative_value_added"] == []


def test_given_value_added_exports_and_demand_are_met_and_sums_stay_national():
    table, national, output, km = country(3)
    added = table.va.sum().unstack()[table.sectors].loc[table.regions]
    sent = table.exports.unstack()[table.sectors].loc[table.regions]
    demand = table.demand.groupby(level=0).sum().loc[table.regions]
    found = estimate_table(
        national, regional_output=output, cost=km, value_added=added, exports=sent,
        final_demand=demand, population=pd.Series(1e6, index=table.regions),
    )  # fmt: skip
    assert_table_equal(summed(found, national).pooled(), _with_population(national, 5e6), rtol=1e-9)
    np.testing.assert_allclose(
        found.va.sum().unstack()[table.sectors].loc[table.regions], added, rtol=1e-9
    )
    np.testing.assert_allclose(found.exports, table.exports, rtol=1e-9)
    size = found.demand.groupby(level=0).sum() / demand
    np.testing.assert_allclose(size / size.iloc[0], 1.0, rtol=1e-9)


def _with_population(national, persons):
    data = national.data.copy()
    data["population"] = ("region", [persons], {"units": "persons"})
    return type(national)(data, "pooled")


def test_own_shares_are_kept_where_supply_allows():
    _, national, output, km = country(2, R=6)
    found = estimate_table(national, regional_output=output, cost=km, own_share=0.6)
    own = np.einsum("irr->ir", found.trade)
    assert np.median(own) == pytest.approx(0.6, abs=1e-9)
    assert (own <= 1.0).all()
    assert "Own shares are given" in found.notes[-1]


def test_home_factors_and_steeper_decay_keep_more_at_home():
    _, national, output, km = country(4)

    def own(**options):
        found = estimate_table(national, regional_output=output, cost=km, **options)
        return np.einsum("irr->ir", found.trade).mean()

    assert own() < own(home=5.0) < own(home=50.0)
    assert own(decay=0.2) < own() < own(decay=3.0)
    by_sector = dict(zip(national.sectors, [1.0, 2.0, 0.5, 1.0], strict=True))
    assert own(decay=by_sector, home=pd.Series(by_sector)) > 0


def test_products_may_follow_different_costs():
    _, national, output, km = country(1)
    both = {"freight": km, "passenger": km**0 + km * 0.0}
    roles = dict(
        zip(national.sectors, ["freight", "freight", "passenger", "passenger"], strict=True)
    )
    found = estimate_table(national, regional_output=output, cost=both, cost_of=roles)
    # Without differences in cost every region buys a product from the same places.
    np.testing.assert_allclose(np.ptp(found.trade[3], axis=1), 0.0, atol=1e-9)
    assert np.ptp(found.trade[0], axis=1).max() > 0.05
    with pytest.raises(InvalidTable, match="which of freight, passenger each sector follows"):
        estimate_table(national, regional_output=output, cost=both)


def test_trade_that_obeys_the_law_is_recovered():
    _, national, output, km = country(7)
    first = estimate_table(national, regional_output=output, cost=km, decay=1.5)
    again = estimate_table(
        summed(first, national), regional_output=first.x.unstack()[first.sectors].loc[output.index],
        cost=km, decay=1.5,
    )  # fmt: skip
    np.testing.assert_allclose(again.trade, first.trade, atol=1e-9)


def test_regions_in_another_order_give_the_same_table():
    _, national, output, km = country(5)
    order = output.index[::-1]
    one = estimate_table(national, regional_output=output, cost=km)
    two = estimate_table(national, regional_output=output.loc[order, ::-1], cost=km)
    np.testing.assert_allclose(two.trade[:, ::-1, ::-1], one.trade, atol=1e-9)


def test_imports_told_in_total_stay_a_total():
    table = random_table(1, 3, 4, kind="explicit")
    flat = type(table).from_flows(
        table.Z, table.Y, table.x, table.va, imports=table.imports.sum().to_numpy(),
        taxes=table.taxes, units=table.unit,
    )  # fmt: skip
    national = aggregate(flat, regions=dict.fromkeys(flat.regions, "all"))
    output = flat.x.unstack()[flat.sectors].loc[flat.regions]
    km = pd.DataFrame(np.ones((3, 3)), index=flat.regions, columns=flat.regions)
    found = estimate_table(national, regional_output=output, cost=km)
    assert found.imports.to_numpy().sum() == pytest.approx(national.imports.to_numpy().sum())


def test_a_national_table_that_balances_only_roughly_is_taken_as_it_is():
    _, national, output, km = country(8)
    data = national.data.copy()
    data["exports"] = data["exports"] * (1.0 + 1e-7)
    rough = RegionalTable(data, "pooled")
    found = estimate_table(rough, regional_output=output, cost=km)
    np.testing.assert_allclose(summed(found, rough).exports, rough.exports, rtol=1e-12)
    np.testing.assert_allclose(summed(found, rough).Z, rough.Z, rtol=1e-12)


def test_figures_that_do_not_fit_are_refused_by_name():
    _, national, output, km = country(6)
    with pytest.raises(InvalidTable, match=r"sum to the national figure, not so for S0.*scales"):
        estimate_table(national, regional_output=output * [1.1, 1, 1, 1], cost=km)
    scaled = estimate_table(
        national, regional_output=output * [1.1, 1, 1, 1], cost=km, scale_output=True
    )
    assert any("scaled by sector, factors 0.909" in note for note in scaled.notes)
    with pytest.raises(InvalidTable, match="missing: S3"):
        estimate_table(national, regional_output=output.iloc[:, :3], cost=km)
    with pytest.raises(InvalidTable, match="lacks the regions R0"):
        estimate_table(national, regional_output=output, cost=km.iloc[1:])
    exports = output * 0.0
    exports.iloc[0] = np.asarray(national.exports)
    with pytest.raises(InfeasibleMargins, match="cover exports, not so at R0"):
        estimate_table(
            national, cost=km, exports=exports, scale_output=True,
            regional_output=output * np.array([1e-6, 1, 1, 1, 1])[:, None],
        )  # fmt: skip
    with pytest.raises(InvalidTable, match="between 0 and 1"):
        estimate_table(national, regional_output=output, cost=km, own_share=1.5)
    with pytest.raises(InvalidTable, match="one region, found 5"):
        estimate_table(random_table(0, 5, 4), regional_output=output, cost=km)


def test_errors_of_a_national_table_go_to_the_regions_by_output():
    whole = full_table()
    national = aggregate(whole, regions=dict.fromkeys(whole.regions, "all"))
    part = np.array([[0.6], [0.4]])
    output = pd.DataFrame(part * national.x.to_numpy(), index=["A", "B"], columns=national.sectors)
    cost = pd.DataFrame([[1.0, 3.0], [3.0, 1.0]], index=["A", "B"], columns=["A", "B"])
    table = estimate_table(national, regional_output=output, cost=cost)
    back = aggregate(table, regions={"A": "all", "B": "all"})
    np.testing.assert_allclose(back.discrepancy, national.discrepancy, rtol=1e-12)
    np.testing.assert_allclose(back.Z, national.Z, rtol=1e-10)
    np.testing.assert_allclose(table.discrepancy["A"], 0.6 * national.discrepancy, rtol=1e-12)
