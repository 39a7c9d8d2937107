"""Cost-push prices: published effects, the account that must close, and baskets by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, UnknownLabel
from model.prices import carbon_price, cost_push, import_prices, plot_price_change, primary_prices

DUTCH = [
    "agriculture_group",
    "mining_group",
    "manufacturing_group",
    "utilities_group",
    "construction_group",
    "services_group",
]
GERMAN = [
    "agriculture_group",
    "industry_group",
    "construction",
    "trade_group",
    "business_services_group",
    "other_services_group",
]


def one_country(frame, sectors, output, rows, **options):
    flows = frame.loc[sectors, sectors].to_numpy(float)
    x = frame.loc[output, sectors].to_numpy(float)
    return RegionalTable.from_flows(
        flows,
        x - flows.sum(axis=1),
        x,
        pd.DataFrame(frame.loc[rows, sectors].to_numpy(float), index=rows),
        regions=["here"],
        sectors=sectors,
        **options,
    )


def test_income_effects_of_the_netherlands_are_what_wages_do_to_prices():
    """W L: a price change when all wages double; over w it is the type I income multiplier."""
    found = case("netherlands_2000_6x6")
    table = one_country(found.table, DUTCH, "output_bp", ["compensation_employees"])
    prices = primary_prices(table, 1.0, of="compensation_employees")
    effect = prices.price_change.values.ravel()
    value, tolerance = found.value, found.tolerance
    assert np.allclose(effect, value["income_effects_wL"], atol=tolerance["income_effects_wL"])
    name = "income_multiplier_type_I_wL_over_w"
    ratio = effect / prices.cost_change.values.ravel()
    assert np.allclose(ratio, value[name], atol=tolerance[name])


def test_value_added_and_jobs_of_germany_as_price_changes():
    found = case("eurostat_germany_1995_6x6")
    jobs = found.table.loc[["employment_domestic_total"], GERMAN].set_axis(["jobs"])
    table = one_country(
        found.table,
        GERMAN,
        "output",
        ["gva"],
        stressors=pd.DataFrame(jobs.to_numpy(float), index=["jobs"]),
        stressor_units={"jobs": "thousand persons"},
    )
    prices = primary_prices(table, 1.0)
    assert np.allclose(prices.price_change, [found.value["gva_multiplier"]], atol=1e-3)
    levy = carbon_price(table, 1.0, stressor="jobs")
    assert np.allclose(levy.price_change, [found.value["employment_multiplier"]], atol=1e-4)
    assert float(levy.revenue.sum()) == pytest.approx(jobs.to_numpy(float).sum())
    assert levy.attrs["price"] == "1 money per thousand persons"


def test_all_costs_up_by_a_tenth_raise_all_prices_by_a_tenth():
    table = random_table(3, 3, 3)
    x = table.x.to_numpy()
    outside = 1.0 - table.Z.to_numpy().sum(axis=0) / x
    found = cost_push(table, pd.Series(0.1 * outside, index=table.labels))
    assert np.allclose(found.price_change, 0.1)
    assert np.allclose(found.delivered_price_change, 0.1)
    domestic = table.demand.to_numpy().reshape(3, 3, 3).sum(axis=1)
    imported = table.data["imported_demand"].values.sum(axis=1)
    assert np.allclose(found.final_price_change, 0.1 * domestic / (domestic + imported))
    assert found.attrs["gap"] < 1e-9


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_import_prices_by_product_and_baskets_by_hand(kind):
    table = random_table(4, 2, 3, kind=kind)
    x = table.x.to_numpy()
    changes = np.array([0.2, 0.0, 0.5])
    costs = changes @ table.imports.to_numpy() / x
    price = np.linalg.solve((np.eye(6) - table.A.to_numpy()).T, costs)
    found = import_prices(table, {"S0": 0.2, "S2": 0.5})
    assert np.allclose(found.price_change.values.ravel(), price)
    bought = table.Y.drop(columns="exports", level=1)
    imported = table.final_imports
    for r, region in enumerate(table.regions):
        for c, category in enumerate(table.categories):
            home = bought[(region, category)].to_numpy()
            abroad = imported.loc[region, category].to_numpy()
            by_hand = (home @ price + abroad @ changes) / (home.sum() + abroad.sum())
            assert float(found.final_price_change[r, c]) == pytest.approx(by_hand)
    alike = import_prices(table, 0.1)
    each = import_prices(table, dict.fromkeys(table.sectors, 0.1))
    assert np.allclose(alike.final_price_change, each.final_price_change)


def test_what_costs_more_in_one_place_stays_there_without_trade():
    flows = np.zeros((4, 4))
    flows[:2, :2], flows[2:, 2:] = [[1, 2], [3, 1]], [[2, 1], [1, 3]]
    table = RegionalTable.from_flows(flows, np.full(4, 5.0), regions=["A", "B"], sectors=["p", "q"])
    found = primary_prices(table, 0.1, regions="A", sectors="p")
    assert (found.price_change.sel(region="A") > 0).all()
    assert (found.price_change.sel(region="B") == 0).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_what_costs_more_is_what_final_buyers_pay(seed):
    table = random_table(seed, 3, 3)
    rng = np.random.default_rng(seed)
    costs = pd.Series(rng.uniform(-0.1, 0.2, 9), index=table.labels)
    found = cost_push(table, costs)
    assert found.attrs["gap"] < 1e-8
    shares = cost_push(table, costs.iloc[::-1])
    assert np.allclose(found.price_change, shares.price_change)
    assert np.allclose(found.indirect, found.price_change - found.cost_change)


def test_what_the_table_does_not_have_is_refused():
    table = random_table(0, 2, 2)
    with pytest.raises(UnknownLabel, match="did you mean 'S1'"):
        import_prices(table, {"s1x": 0.1})
    with pytest.raises(UnknownLabel, match="it has none"):
        carbon_price(table, 1.0, stressor="CO2")
    with pytest.raises(UnknownLabel, match="compensation"):
        primary_prices(table, 0.1, of="wages")
    with pytest.raises(ShapeError, match="no imports"):
        import_prices(random_table(0, imports=False), 0.1)
    with pytest.raises(ShapeError, match="finite"):
        primary_prices(table, float("inf"))


def test_the_figure_has_a_bar_for_every_region():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ax = plot_price_change(import_prices(random_table(1, 4, 2), 0.1), category="government")
    assert len(ax.patches) == 4
    plt.close("all")
