"""The embedded Chinese table: exact where figures exist, balanced, plausible, labelled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_china as reference

from io_tables.china import china_report, load_china, load_region_groups
from io_tables.china.estimate import estimate_table
from io_tables.china.figures import load_figures
from io_tables.errors import InvalidTable

EXACT = 1e-9
CODES = [f"{k:02d}" for k in range(1, 43)]
SCALE = 0.01  # 10,000 yuan to million yuan


@pytest.fixture(scope="module")
def table():
    return load_china()


@pytest.fixture(scope="module")
def data(table):
    return table.data


def official(origin, columns):
    """Cells of the official table in million yuan, read without the package."""
    rows = reference.national_rows(origin)
    return np.array([[float(row[c]) for c in columns] for row in rows]) * SCALE


# --- exact where figures exist -------------------------------------------------------------


def test_domestic_block_sums_to_the_official_table_cell_by_cell(data):
    found = data["domestic_use"].sum("region").transpose("sector_from", "sector").to_numpy()
    wanted = official("Domestic", CODES)
    np.testing.assert_allclose(found, wanted, rtol=EXACT, atol=1e-9)


def test_import_block_sums_to_the_official_table_cell_by_cell(data):
    found = data["imported_use"].sum("region").transpose("sector_from", "sector").to_numpy()
    np.testing.assert_allclose(found, official("Imports", CODES), rtol=EXACT, atol=1e-9)


@pytest.mark.parametrize(
    ("variable", "origin"), [("demand", "Domestic"), ("imported_demand", "Imports")]
)
def test_final_demand_sums_to_the_official_categories(data, variable, origin):
    found = data[variable].sum("region").to_pandas()
    consumption = found.iloc[:, :3].sum(axis=1).to_numpy()
    columns = np.column_stack([consumption, found.iloc[:, 3], found.iloc[:, 4]])
    np.testing.assert_allclose(
        columns, official(origin, ["TC", "FU201", "FU202"]), rtol=EXACT, atol=1e-7
    )


def test_consumption_is_split_as_in_the_detailed_national_table(data):
    both = (data["demand"] + data["imported_demand"]).sum("region").to_pandas().iloc[:, :3]
    split = reference.rows_of("consumption_split_2020.csv")
    wanted = np.array([[float(r[c]) for c in ("rural", "urban", "government")] for r in split])
    np.testing.assert_allclose(both.to_numpy(), wanted * SCALE, rtol=1e-8, atol=1e-5)
    share = both.sum() / both.to_numpy().sum()
    np.testing.assert_allclose(share, [0.146, 0.542, 0.311], atol=1e-3)


def test_exports_are_those_of_domestic_products_and_re_exports_stay_out(data):
    wanted = official("Domestic", ["EX"])[:, 0]
    np.testing.assert_allclose(data["exports"].sum("region"), wanted, rtol=EXACT, atol=1e-9)
    re_exports = official("Imports", ["EX"]).sum()
    assert china_report().re_exports == pytest.approx(re_exports, rel=1e-12)
    assert re_exports / (wanted.sum() + re_exports) == pytest.approx(0.019, abs=5e-4)


def test_value_added_by_part_and_output_sum_to_the_official_table(data):
    rows = {row["code"]: row for row in reference.national_rows("TOT")}
    parts = ["VA001", "VA002", "VA003", "VA004"]
    wanted = np.array([[float(rows[p][c]) for c in CODES] for p in parts]) * SCALE
    found = data["value_added"].sum("region").transpose("primary", "sector").to_numpy()
    np.testing.assert_allclose(found, wanted, rtol=EXACT, atol=1e-6)
    output = official("Domestic", ["GO"])[:, 0]
    np.testing.assert_allclose(data["output"].sum("region"), output, rtol=EXACT)


def test_provincial_value_added_is_proportional_to_the_official_nine_sectors(data):
    nine = reference.rows_of("value_added_nine_2020.csv")
    names = list(nine[0])[1:]
    published = np.array([[float(row[n]) for n in names] for row in nine]) * 100.0
    group = [row["nine_sector"] for row in reference.rows_of("sectors.csv")]
    added = data["value_added"].sum("primary").transpose("region", "sector").to_numpy()
    found = np.column_stack([added[:, [g == n for g in group]].sum(axis=1) for n in names])
    factors = published.sum(axis=0) / found.sum(axis=0)
    np.testing.assert_allclose(found * factors, published, rtol=EXACT)
    # The factors that were worked out by hand when the sources were examined.
    known = [0.990, 1.005, 1.013, 1.034, 0.898, 1.095, 0.967, 1.109, 1.031]
    np.testing.assert_allclose(factors, known, atol=6e-4)
    np.testing.assert_allclose(china_report().nine_sector_factors, factors, rtol=1e-9)


# --- balance -------------------------------------------------------------------------------


def test_every_row_and_column_balances(table, data):
    x = data["output"].transpose("region", "sector").to_numpy()
    use = data["domestic_use"].transpose("sector_from", "region", "sector").to_numpy()
    final = data["demand"].transpose("region", "sector", "category").to_numpy().sum(axis=2)
    share = data["trade_share"].transpose("sector", "region_from", "region_to").to_numpy()
    bought = use.sum(axis=2) + final.T
    sold = np.einsum("irs,is->ri", share, bought) + data["exports"].to_numpy()
    np.testing.assert_allclose(sold, x, rtol=EXACT)
    imported = data["imported_use"].sum("sector_from").to_numpy()
    added = data["value_added"].sum("primary").to_numpy()
    np.testing.assert_allclose(use.sum(axis=0) + imported + added, x, rtol=EXACT)
    assert table.check(tolerance=EXACT) == []
    assert np.all(data["taxes"] == 0)


@pytest.mark.parametrize("own_share", ["low", "central", "high"])
@pytest.mark.parametrize("decay", ["low", None, "high", 0.0])
def test_every_variant_has_shares_that_sum_to_one_and_balances(own_share, decay):
    variant = load_china(own_share=own_share, decay=decay)
    share = variant.data["trade_share"].transpose("sector", "region_from", "region_to").to_numpy()
    assert share.min() >= 0
    np.testing.assert_allclose(share.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert variant.check(tolerance=EXACT) == []


def test_nothing_is_negative_that_may_not_be(data):
    for name in ("domestic_use", "imported_use", "exports", "output"):
        assert data[name].min() >= 0, name
    kept = data["demand"].drop_sel(category="inventory change")
    assert kept.min() >= 0
    added = data["value_added"].sum("primary")
    assert bool((added > 0).all())
    assert bool((added < data["output"]).all())
    taxes = data["value_added"].sel(primary="net taxes on production")
    negative = sorted({str(s) for s in taxes.where(taxes < 0, drop=True)["sector_code"].values})
    assert negative == ["01", "20"]  # the two sectors with negative national taxes


# --- plausibility --------------------------------------------------------------------------


def quotient(data, region, sector):
    x = data["output"]
    return float(
        (x.sel(region=region, sector=sector) / x.sel(region=region).sum())
        / (x.sel(sector=sector).sum() / x.sum())
    )


@pytest.mark.parametrize(
    ("region", "code", "least"),
    [
        ("Shanxi", "02", 4.0),
        ("Guangdong", "20", 1.5),
        ("Jilin", "18", 2.0),
        ("Xinjiang", "03", 4.0),
        ("Zhejiang", "07", 2.0),
        ("Beijing", "31", 2.0),
    ],
)
def test_provinces_have_the_industries_they_are_known_for(data, region, code, least):
    sector = str(data["sector"].values[CODES.index(code)])
    assert quotient(data, region, sector) > least


def test_provinces_lack_industries_they_do_not_have(data):
    coal, oil = (str(data["sector"].values[k]) for k in (1, 2))
    for region in ("Shanghai", "Zhejiang", "Guangdong", "Hainan"):
        assert quotient(data, region, coal) < 0.1
    assert quotient(data, "Tibet", oil) < 0.01


def test_own_shares_lie_in_their_bands():
    share = china_report().own_share_of_use
    assert 0.60 < share.loc["goods", "of_domestic_use"] < 0.75
    assert 0.70 < share.loc["construction", "of_domestic_use"] < 0.85
    assert 0.75 < share.loc["services", "of_domestic_use"] < 0.88
    # 2007, imports counted as not own: goods 0.62, services 0.85.
    assert share.loc["goods", "of_all_use"] == pytest.approx(0.62, abs=0.05)
    assert share.loc["services", "of_all_use"] == pytest.approx(0.85, abs=0.06)


def test_low_and_high_own_shares_lie_on_either_side_of_the_central_one():
    shares = {v: load_china(own_share=v).data["trade_share"] for v in ("low", "central", "high")}
    own = {v: np.einsum("irr->ir", s.to_numpy()) for v, s in shares.items()}
    assert np.all(own["low"] <= own["central"] + 1e-12)
    assert np.all(own["central"] <= own["high"] + 1e-12)
    total = {v: china_report(own_share=v).own_share_of_use.loc["all"].iloc[0] for v in own}
    assert total["low"] + 0.03 < total["central"] < total["high"] - 0.03


def test_trade_travels_less_far_when_cost_matters_more():
    freight = load_figures().freight_cost

    def mean_cost(decay):
        t = load_china(decay=decay)
        bought = (
            t.data["domestic_use"].sum("sector").to_numpy()
            + t.data["demand"].sum("category").to_numpy().T
        )
        flows = (t.data["trade_share"].to_numpy() * bought[:, None, :]).sum(axis=0)
        np.fill_diagonal(flows, 0.0)
        return float((flows * freight).sum() / flows.sum())

    assert mean_cost("high") < mean_cost(None) < mean_cost("low") < mean_cost(0.0)


def test_net_trade_resembles_that_of_2007():
    net = china_report().net_trade
    both = net[["net_all_2020", "net_all_2007"]].dropna()
    assert len(both) == 30
    assert both.corr().iloc[0, 1] > 0.9
    assert (both.iloc[:, 0] - both.iloc[:, 1]).abs().max() < 0.12
    domestic = net["net_with_provinces"] * net["value_added"]
    assert abs(domestic.sum()) < 1e-6 * net["value_added"].sum()


def test_the_table_is_productive_with_multipliers_of_the_usual_size(table):
    technology, trade = table.technology, table.trade
    column_sums = technology.sum(axis=1)
    assert column_sums.max() < 0.95
    size = table.n_regions * table.n_sectors
    a = np.einsum("irs,sij->risj", trade, technology).reshape(size, size)
    multipliers = np.linalg.solve((np.eye(size) - a).T, np.ones(size))
    mean = float((multipliers * table.x.to_numpy()).sum() / table.x.sum())
    national = official("Domestic", CODES) / official("Domestic", ["GO"])[:, 0]
    x = official("Domestic", ["GO"])[:, 0]
    pooled = np.linalg.solve((np.eye(42) - national).T, np.ones(42)) @ x / x.sum()
    assert mean == pytest.approx(pooled, rel=0.03)
    assert multipliers.min() > 1.2
    assert multipliers.max() < 4.0


# --- what the table says of itself ---------------------------------------------------------


def test_labels_codes_and_units_are_those_of_the_sources(table, data):
    assert table.regions[0] == "Beijing"
    assert table.regions[25] == "Tibet"
    assert list(data["region_code"].values[[0, 25, 30]]) == ["110000", "540000", "650000"]
    assert list(data["region_code"].values) == sorted(data["region_code"].values)
    assert list(data["sector_code"].values) == CODES
    assert str(data["sector_zh"].values[26]) == "建筑"
    assert table.sectors[26] == "Construction"
    assert table.unit == "million yuan 2020"
    assert table.year == 2020
    assert table.data["population"].sum() == pytest.approx(1.41e9, rel=2e-3)


def test_the_table_says_that_it_is_an_estimate_and_flags_tibet(table, data):
    assert "estimate" in table.name
    assert any("ESTIMATE" in note for note in table.notes)
    assert any("Tibet" in note and "Qinghai" in note for note in table.notes)
    assert str(data["technology_source"].sel(region="Tibet").values) == "table of Qinghai 2007"
    assert "ESTIMATE" in load_china.__doc__


def test_the_report_tells_on_which_treatment_trade_rests():
    basis = china_report().own_share_basis
    assert basis["cells"].sum() == 31 * 42
    assert basis.loc["no table", "cells"] == 41
    assert basis.loc["no sector", "cells"] == 31
    demand = load_china().data
    total = float(demand["domestic_use"].sum() + demand["demand"].sum())
    assert basis["domestic_use"].sum() == pytest.approx(total, rel=1e-9)
    parts = basis["own_flow"] + basis["from_other_provinces"]
    np.testing.assert_allclose(parts, basis["domestic_use"], rtol=1e-9)
    assert basis.loc["table", "domestic_use"] / total > 0.75
    assert (china_report().gaps <= 1e-11).all()


def test_groups_of_provinces_cover_the_country_once(table):
    groups = load_region_groups()
    assert set(groups["region"]) <= set(table.regions)
    for name in ("macro_region", "north_south", "coast_interior"):
        members = groups.loc[groups["grouping"] == name, "region"]
        assert sorted(members) == sorted(table.regions)
    poles = groups[groups["grouping"] == "poles"]
    assert not poles["region"].duplicated().any()
    assert set(poles["group"]) == {
        "Beijing-Tianjin-Hebei",
        "Yangtze River Delta",
        "Pearl River Delta",
        "Chengdu-Chongqing",
    }
    assert groups.notna().all().all()


def test_the_same_arguments_return_the_same_read_only_table(table):
    assert load_china() is table
    with pytest.raises(ValueError, match="read-only"):
        table.data["output"].to_numpy()[0, 0] = 1.0


def test_estimating_again_gives_the_same_bits():
    load_figures.cache_clear()
    again = estimate_table(load_figures()).table
    for name in ("domestic_use", "trade_share", "output"):
        assert np.array_equal(again.data[name], load_china().data[name])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "county"}, "level must be 'province' or 'city'"),
        ({"own_share": "middle"}, "own_share must be one of low, central, high"),
        ({"decay": -1.0}, "decay must be a number >= 0"),
        ({"decay": "medium"}, "decay must be"),
    ],
)
def test_unknown_options_are_refused_in_one_line(arguments, message):
    with pytest.raises(InvalidTable, match=message) as caught:
        load_china(**arguments)
    assert "\n" not in str(caught.value)


def test_every_committed_figure_is_described_in_sources():
    folder = reference.FIGURES.parent
    text = (folder / "SOURCES.md").read_text(encoding="utf-8")
    for path in [*reference.FIGURES.iterdir(), folder / "region_groups.csv"]:
        assert path.name in text, path.name
    licence = (folder / "odbl" / "LICENSE").read_text(encoding="utf-8")
    assert "Open Database License" in licence
    assert all(f"### {k}.0 " in licence for k in range(1, 11))
    costs = pd.read_csv(folder / "odbl" / "trade_costs.csv")
    assert len(costs) == 31 * 31
    assert (costs[["freight", "passenger"]] > 0).all().all()
