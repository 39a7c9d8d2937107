"""Supply and use to input-output: the textbook's table 5.3, identities of the four models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.errors import InvalidTable, UnbalancedTable
from io_tables.supply_use import MODELS, SupplyUse, table_from_supply_use, transformation


def frames(make, use, final, added):
    return SupplyUse(
        pd.DataFrame(make, index=["I1", "I2"], columns=["P1", "P2"]),
        pd.DataFrame(use, index=["P1", "P2"], columns=["I1", "I2"]),
        pd.DataFrame({"final demand": final}, index=["P1", "P2"]),
        pd.DataFrame([added], index=["value added"], columns=["I1", "I2"]),
    )


@pytest.fixture
def textbook():
    published = case("mb_sut_table5_3")
    return published, frames(
        published.V_make_industry_by_commodity.to_numpy(),
        published.U_commodity_by_industry.to_numpy(),
        published.e_final_demand.to_numpy().ravel(),
        published.value["va"],
    )


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("A", "A_cxc_commodity_technology_BCinv"),
        ("B", "A_cxc_industry_technology_BD"),
        ("C", "A_ixi_fixed_industry_sales_CinvB"),
        ("D", "A_ixi_fixed_product_sales_DB"),
        ("product_technology", "A_cxc_commodity_technology_BCinv"),
    ],
)
def test_the_four_models_give_the_coefficients_of_miller_and_blair_table_5_3(textbook, model, key):
    published, tables = textbook
    table = table_from_supply_use(tables, model=model)
    np.testing.assert_allclose(table.A, published.value[key], rtol=1e-12)
    assert table.va.to_numpy().sum() == pytest.approx(163.0)
    assert table.check() == []


def test_the_leontief_inverse_of_industry_technology_is_the_printed_one(textbook):
    published, tables = textbook
    A = table_from_supply_use(tables, model="B").A.to_numpy()
    np.testing.assert_allclose(
        np.linalg.inv(np.eye(2) - A), published.value["L_cxc_industry_technology"], rtol=1e-12
    )


def economy(rng, regions, n_products, n_industries, *, own=5.0):
    """Random regional tables that balance: make is mostly diagonal, use comes from all regions."""
    products = [(r, f"P{i}") for r in regions for i in range(n_products)]
    industries = [(r, f"I{j}") for r in regions for j in range(n_industries)]
    make = rng.uniform(0, 1, (len(industries), len(products)))
    for a, (r, j) in enumerate(industries):
        for b, (s, i) in enumerate(products):
            make[a, b] *= (r == s) * (1.0 + own * (j[1:] == i[1:]))
    x, q = make.sum(axis=1), make.sum(axis=0)
    use = rng.uniform(0, 1, (len(products), len(industries)))
    use *= 0.5 * q[:, None] / use.sum(axis=1, keepdims=True)
    use *= np.minimum(1.0, 0.8 * x / use.sum(axis=0))
    index = pd.MultiIndex.from_tuples
    rows, columns = index(products), index(industries)
    imports = 0.1 * (x - use.sum(axis=0))
    return SupplyUse(
        pd.DataFrame(make, index=columns, columns=rows),
        pd.DataFrame(use, index=rows, columns=columns),
        pd.DataFrame({(r, "households"): (q - use.sum(axis=1)) / len(regions) for r in regions},
                     index=rows),
        pd.DataFrame([x - use.sum(axis=0) - imports], index=["value added"], columns=columns),
        imports=pd.DataFrame([imports], index=["imports"], columns=columns),
    )  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(MODELS))
def test_tables_of_several_regions_balance_and_keep_every_total(seed, model):
    tables = economy(np.random.default_rng(seed), ["N", "S"], 3, 3)
    table = table_from_supply_use(tables, model=model, negatives="keep")
    # notes are no failures: with kept negatives productivity is only bounded
    failures = [f for f in table.check() if f.level != "note"]
    assert [f for f in failures if f.kind != "negative_value_added"] == []
    assert table.va.to_numpy().sum() == pytest.approx(tables.value_added.to_numpy().sum())
    assert table.imports.to_numpy().sum() == pytest.approx(tables.imports.to_numpy().sum())
    assert table.x.sum() == pytest.approx(tables.make.to_numpy().sum())
    wanted = tables.product_output if model[:4] in ("prod", "indu") else tables.industry_output
    np.testing.assert_allclose(table.x, wanted, rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_output_that_final_demand_brings_about_is_the_same_in_products_and_industries(seed):
    # B and D share one assumption: x = D q whatever the final demand.
    tables = economy(np.random.default_rng(seed), ["N", "S"], 4, 3)
    products = table_from_supply_use(tables, model="B").A.to_numpy()
    industries = table_from_supply_use(tables, model="D").A.to_numpy()
    share = transformation(tables, "D").to_numpy()
    demand = np.random.default_rng(seed + 1).uniform(0, 1, products.shape[0])
    q = np.linalg.solve(np.eye(len(products)) - products, demand)
    x = np.linalg.solve(np.eye(len(industries)) - industries, share @ demand)
    np.testing.assert_allclose(share @ q, x, rtol=1e-9)


def test_without_secondary_products_all_models_agree():
    tables = frames([[90.0, 0.0], [0.0, 110.0]], [[10.0, 20.0], [15.0, 25.0]], [60.0, 70.0],
                    [65.0, 65.0])  # fmt: skip
    for model in MODELS:
        Z = table_from_supply_use(tables, model=model).Z.to_numpy()
        np.testing.assert_allclose(Z, [[10.0, 20.0], [15.0, 25.0]], rtol=1e-12)


def test_negative_flows_are_refused_by_name_or_kept_and_told():
    tables = frames([[50.0, 50.0], [0.0, 100.0]], [[0.0, 30.0], [0.0, 0.0]], [20.0, 150.0],
                    [100.0, 70.0])  # fmt: skip
    with pytest.raises(
        InvalidTable, match=r"negative flows at all / P1 to all / P1 .*use industry"
    ):
        table_from_supply_use(tables, model="A")
    kept = table_from_supply_use(tables, model="A", negatives="keep")
    assert kept.Z.to_numpy().min() < 0
    assert "negative flows" in kept.notes[-1]
    assert table_from_supply_use(tables, model="B").Z.to_numpy().min() >= 0


def test_models_that_are_not_defined_are_refused():
    rng = np.random.default_rng(3)
    with pytest.raises(InvalidTable, match="as many products as industries, found 4 and 3"):
        table_from_supply_use(economy(rng, ["N"], 4, 3), model="C")
    alike = frames([[50.0, 50.0], [50.0, 50.0]], [[10.0, 10.0], [10.0, 10.0]], [80.0, 80.0],
                   [80.0, 80.0])  # fmt: skip
    with pytest.raises(InvalidTable, match=r"mixes that differ .* all / I1, all / I2 do not"):
        table_from_supply_use(alike, model="A")
    with pytest.raises(InvalidTable, match="A to D"):
        transformation(alike, "E")


def test_tables_that_do_not_balance_or_do_not_match_are_refused():
    with pytest.raises(UnbalancedTable, match=r"product must equal .* all / P1 \(99"):
        frames([[90.0, 0.0], [10.0, 100.0]], [[12.0, 8.0], [10.0, 7.0]], [79.0, 83.0], [68.0, 95.0])
    with pytest.raises(InvalidTable, match="not negative"):
        frames(
            [[-90.0, 0.0], [10.0, 100.0]], [[12.0, 8.0], [10.0, 7.0]], [80.0, 83.0], [68.0, 95.0]
        )
    good = frames([[90.0, 0.0], [10.0, 100.0]], [[12.0, 8.0], [10.0, 7.0]], [80.0, 83.0],
                  [68.0, 95.0])  # fmt: skip
    with pytest.raises(InvalidTable, match="use must have the rows of make, different: all / P1"):
        SupplyUse(good.make, good.use.iloc[1:], good.final_demand, good.value_added)
    shuffled = SupplyUse(
        good.make, good.use.iloc[::-1, ::-1], good.final_demand.iloc[::-1], good.value_added
    )
    np.testing.assert_allclose(
        table_from_supply_use(shuffled).Z, table_from_supply_use(good).Z, rtol=1e-14
    )
