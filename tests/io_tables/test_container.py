"""What a table can be turned into: other groups, other money; what it can be joined to."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import full_table

from io_tables.aggregate import aggregate
from io_tables.bridge import bridge
from io_tables.china import load_china
from io_tables.container.soundness import check_productive
from io_tables.errors import InvalidTable, NotTold, TableError, UnbalancedTable, UnknownLabel
from io_tables.regions import match_regions
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table
from io_tables.units import DEFLATED, convert_money, deflate


def test_errors_final_taxes_and_final_stressors_are_blocks_of_their_own():
    table = full_table()
    assert table.Y.columns[-1] == ("R1", "discrepancy")
    np.testing.assert_allclose(table.Y.to_numpy().sum(axis=1), table.f, rtol=1e-12)
    assert table.stressor_demand.shape == (2, 6)
    assert table.stressor_units.to_dict() == {"CO2": "Mt", "water": "m3"}
    A = table.A.to_numpy()
    np.testing.assert_allclose(np.linalg.solve(np.eye(6) - A, table.f), table.x, rtol=1e-10)
    pooled = table.pooled()
    np.testing.assert_allclose(pooled.f.sum(), table.f.sum(), rtol=1e-12)
    with pytest.raises(InvalidTable, match="final_taxes: unknown category 'other'"):
        RegionalTable.from_flows([[1.0]], [[1.0]], regions=["a"], sectors=["b"],
                                 final_taxes=pd.DataFrame({("a", "other"): [1.0]}))  # fmt: skip


def test_a_sparse_matrix_of_flows_has_the_same_views():
    table = random_table(1, 2, 3, kind="explicit")
    sparse = RegionalTable.from_flows(
        scipy.sparse.csr_array(table.Z.to_numpy()), table.Y.to_numpy()[:, :6],
        regions=table.regions, sectors=table.sectors, categories=table.categories,
    )  # fmt: skip
    np.testing.assert_array_equal(sparse.Z.to_numpy(), table.Z.to_numpy())


def test_flows_are_copied_unless_they_are_given_away():
    Z, Y = np.full((2, 2), 1.0), np.full((2, 1), 5.0)
    options = {"regions": ["a"], "sectors": ["s", "t"]}
    kept = RegionalTable.from_flows(Z, Y, **options)
    given_away = RegionalTable.from_flows(Z, Y, copy=False, **options)
    assert np.shares_memory(given_away.data["flows"].values, Z)
    Z[0, 0] = 99.0
    assert kept.Z.iloc[0, 0] == 1.0


def test_check_tells_what_no_output_can_satisfy_and_what_has_no_output():
    Z = np.array([[90.0, 5.0, 1.0], [8.0, 20.0, 0.0], [1.0, 1.0, 0.0]])
    table = RegionalTable.from_flows(
        Z, np.array([[-30.0], [40.0], [-2.0]]), regions=["a"], sectors=["coal", "steel", "none"]
    )
    kinds = {f.kind: f for f in table.check()}
    assert kinds["flows_without_output"].where == "a / none"
    assert kinds["not_productive"].where == "a / coal"
    assert kinds["not_productive"].found > 1.0
    rho = np.abs(np.linalg.eigvals(table.A.to_numpy())).max()
    assert rho > 1.0
    with pytest.raises(UnbalancedTable, match="use up less than it makes"):
        table.check(strict=True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 3.0), st.sampled_from(["explicit", "pooled"]))
def test_productivity_is_told_as_the_largest_eigenvalue_tells_it(seed, scale, kind):
    table = random_table(seed, 2, 3, kind=kind)
    name = "flows" if kind == "explicit" else "domestic_use"
    scaled = table.data.assign({name: table.data[name] * scale})
    # the row totals no longer hold, which is not what is asked here
    rho = np.abs(np.linalg.eigvals(scale * table.A.to_numpy())).max()
    found = check_productive(scaled, kind)
    if abs(rho - 1.0) > 1e-6:
        assert bool(found) == (rho > 1.0)


def test_units_that_differ_within_a_table_are_found():
    table = random_table(1, 2, 2)
    data = table.data.assign(taxes=table.data["taxes"].assign_attrs(units="euro"))
    (finding,) = [f for f in RegionalTable(data, "pooled").check() if f.kind == "unit_mismatch"]
    assert "'euro' in taxes" in finding.message


SPLIT = pd.DataFrame(
    {"goods": [1.0, 0.25, 0.0], "services": [0.0, 0.75, 1.0]}, index=["S0", "S1", "S2"]
)


@pytest.mark.parametrize("kind", ["explicit", "pooled"])
def test_a_concordance_with_weights_keeps_every_account(kind):
    table = random_table(3, 2, 3, kind=kind)
    split = aggregate(table, sectors=SPLIT)
    assert split.sectors == ["goods", "services"]
    assert split.check() == []
    W = SPLIT.T.to_numpy()
    np.testing.assert_allclose(split.x.loc["R0"], W @ table.x.loc["R0"], rtol=1e-12)
    for letter in ("x", "va", "exports", "taxes", "imports"):
        assert getattr(split, letter).to_numpy().sum() == pytest.approx(
            getattr(table, letter).to_numpy().sum(), rel=1e-12
        )
    assert split.unit == table.unit
    long = pd.DataFrame(
        [
            ("S0", "goods", 1.0),
            ("S1", "goods", 0.25),
            ("S1", "services", 0.75),
            ("S2", "services", 1),
        ],
        columns=["from", "to", "weight"],
    )
    assert_table_equal(aggregate(table, sectors=long), split)


def test_groups_by_list_dict_series_and_frame_are_one_thing():
    table = full_table()
    groups = ["goods", "services", "goods"]
    by_dict = dict(zip(table.sectors, groups, strict=True))
    wanted = aggregate(table, sectors=by_dict)
    frame = pd.DataFrame({"sector": table.sectors, "group": groups})
    for same in (groups, pd.Series(by_dict), frame):
        assert_table_equal(aggregate(table, sectors=same), wanted)
    assert wanted.stressor_demand.to_numpy().sum() == pytest.approx(
        table.stressor_demand.to_numpy().sum()
    )
    whole = aggregate(table, regions=["all", "all"])
    assert whole.data["region_zh"].values.tolist() == [""]
    assert whole.stressor_units.to_dict() == table.stressor_units.to_dict()
    with pytest.raises(UnknownLabel, match=r"sum to one, found S1 \(1.25\)"):
        aggregate(random_table(1, 2, 3), sectors=SPLIT.assign(goods=[1.0, 0.5, 0.0]))
    with pytest.raises(UnknownLabel, match="one for each of 3 sectors"):
        aggregate(table, sectors=["a", "b"])


def test_money_is_converted_only_as_far_as_its_name_tells():
    table = full_table()
    yuan = convert_money(table, "10,000 yuan 2020")
    np.testing.assert_allclose(yuan.x, 100.0 * table.x, rtol=1e-14)
    assert yuan.unit == "10,000 yuan 2020"
    assert yuan.stressors.equals(table.stressors)
    assert_table_equal(convert_money(yuan, table.unit), table)
    with pytest.raises(InvalidTable, match="not multiples of the same money"):
        convert_money(table, "million USD 2020")
    dollars = convert_money(table, "million USD 2020", factor=1 / 6.9)
    assert dollars.x.sum() == pytest.approx(table.x.sum() / 6.9)
    assert "times 0.1449275362" in dollars.notes[-1]
    with pytest.raises(InvalidTable, match="positive"):
        convert_money(table, "USD", factor=-1.0)


@pytest.mark.parametrize("kind", ["explicit", "pooled"])
def test_double_deflation_keeps_rows_and_columns_in_balance(kind):
    table = random_table(2, 2, 3, kind=kind)
    prices = pd.Series([2.0, 0.8, 1.0], index=["S0", "S2", "S1"])
    real = deflate(table, prices, "million yuan, prices of 2015")
    assert real.check() == []
    np.testing.assert_allclose(real.x.loc["R0"], table.x.loc["R0"] / [2.0, 1.0, 0.8], rtol=1e-12)
    assert real.primaries == [DEFLATED]
    # one price for all is a change of unit
    same = deflate(table, 2.0, "half yuan")
    np.testing.assert_allclose(same.va.sum(), table.va.sum() / 2.0, rtol=1e-10)
    with pytest.raises(InvalidTable, match="missing: S1, S2"):
        deflate(table, prices.iloc[:1], "x")


def test_a_purchase_is_taken_apart_into_product_margins_and_taxes():
    # 100 of clothes: 10 tax, 20 trade, 5 transport, 65 to the factory; transport itself untaxed
    margins = pd.DataFrame({"trade": [0.2], "transport": [0.05]}, index=["clothes"])
    taxes = pd.Series({"clothes": 0.10})
    spent = pd.Series({"clothes": 100.0, "transport": 40.0})
    found = bridge(spent, margins, taxes)
    assert found.basic.to_dict() == pytest.approx(
        {"clothes": 65.0, "transport": 45.0, "trade": 20.0}
    )
    assert found.taxes.to_dict() == pytest.approx({"clothes": 10.0, "transport": 0.0})
    assert found.basic.sum() + found.taxes.sum() == pytest.approx(140.0)
    regional = pd.Series(
        [100.0, 50.0], index=pd.MultiIndex.from_tuples([("A", "clothes"), ("B", "clothes")])
    )
    by_region = bridge(regional, margins, 0.1).basic
    assert by_region[("B", "trade")] == pytest.approx(10.0)
    with pytest.raises(InvalidTable, match=r"more than the price, found clothes \(1.15\)"):
        bridge(spent, margins, 0.9)
    with pytest.raises(InvalidTable, match="did you mean 'clothes'"):
        bridge(spent, margins, pd.Series({"cloths": 0.1}))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_spent_is_what_is_received(seed):
    rng = np.random.default_rng(seed)
    products = [f"P{k}" for k in range(5)]
    margins = pd.DataFrame(rng.random((4, 2)) * 0.3, index=products[:4], columns=["P3", "new"])
    taxes = pd.Series(rng.random(5) * 0.2 - 0.1, index=products)
    spent = pd.Series(rng.random(5) * 100, index=products)
    found = bridge(spent, margins, taxes)
    assert found.basic.sum() + found.taxes.sum() == pytest.approx(spent.sum(), rel=1e-12)


def test_regions_are_joined_by_any_of_their_names():
    table = load_china()
    names = ["北京", "Nei Mongol", "Xizang", "SHAANXI", "140000", "44", "新疆维吾尔自治区",
             "Guangxi Zhuang Autonomous Region", "Shǎnxī", "Hebei Province"]  # fmt: skip
    found = match_regions(table, names)
    assert found.regions.tolist() == [
        "Beijing", "Inner Mongolia", "Tibet", "Shaanxi", "Shanxi", "Guangdong", "Xinjiang",
        "Guangxi", "Shanxi", "Hebei",
    ]  # fmt: skip
    assert not found.unmatched_labels
    assert "Hainan" in found.unmatched_regions
    lost = match_regions(table, [*table.regions, "Hebie", "Hong Kong"])
    assert not lost.unmatched_regions
    assert "did you mean 'Hebei'" in lost.unmatched_labels["Hebie"]
    with pytest.raises(UnknownLabel, match="without a region of the table: 'Hebie'"):
        lost.raise_for_unmatched()


def test_places_are_joined_by_their_region_not_by_their_own_name():
    table = load_china()
    places = pd.DataFrame(
        {"name": ["Hainan", "Jilin"], "region": ["青海省", "吉林"]}, index=["632500", "220200"]
    )
    assert match_regions(table, places).regions.to_dict() == {
        "632500": "Qinghai",
        "220200": "Jilin",
    }
    assert match_regions(table, places["region"]).regions.tolist() == ["Qinghai", "Jilin"]


def test_a_network_is_joined_in_one_call_to_a_table_of_regions_and_to_one_of_its_places():
    cities = pd.DataFrame(
        {
            "name": ["Xining", "Hainan (Qinghai)", "Haikou", "Shanghai", "Suzhou (Jiangsu)"],
            "name_zh": ["西宁", "海南", "海口", "上海", "苏州"],
            "region": ["Qinghai", "青海省", "Hainan", "上海市", "Jiangsu"],
            "region_code": ["630000", "630000", "460000", "310000", "320000"],
        },
        index=["630100", "632500", "460100", "310000", "320500"],
    )
    network = SimpleNamespace(places=cities)
    found = match_regions(load_china(), network)
    assert found.regions.tolist() == ["Qinghai", "Qinghai", "Hainan", "Shanghai", "Jiangsu"]
    assert not found.unmatched_labels
    # on a table of places a province stands for many of them, and the place's own name decides
    places = match_regions(load_china("city"), network)
    assert places.regions.tolist() == list(cities.index)
    assert len(places.unmatched_regions) == 336


def test_own_spellings_and_what_is_ambiguous():
    table = random_table(1, 2, 2)
    spellings = pd.DataFrame({"place": ["R0", "R1"], "spelling": ["Nord", "Süd"]})
    found = match_regions(table, ["NORD", "Sud"], spellings=spellings)
    assert found.complete
    twins = random_table(1, 2, 2).data.assign_coords(code=("region", ["x", "x"]))
    lost = match_regions(RegionalTable(twins, "pooled"), ["x"]).unmatched_labels
    assert "could be R0 or R1" in lost["x"]
    with pytest.raises(TableError, match="network, list, Series or DataFrame"):
        match_regions(table, 5)


def test_demand_without_its_place_is_still_refused():
    table = RegionalTable.from_flows(
        np.eye(2), pd.DataFrame({"homes": [1.0, 1.0]}), regions=["a", "b"], sectors=["s"]
    )
    with pytest.raises(NotTold):
        _ = table.demand
