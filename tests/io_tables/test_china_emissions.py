"""The CO2 account of the provinces: totals kept, wide sectors spread by output, Tibet missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from paths import shared

from io_tables.china import load_china
from io_tables.china.emissions import load_china_emissions
from io_tables.china.figures import FIGURES
from io_tables.errors import InvalidTable
from io_tables.testing import random_table
from model.footprints import footprints


def test_the_account_adds_up_to_the_inventories():
    found = load_china_emissions()
    given = pd.read_csv(FIGURES / "co2_2019.csv")
    total = given["mt_co2"].sum()
    assert total == pytest.approx(10864.41, abs=0.01)
    both = found.industries.sum(axis=1) + found.households.sum(axis=1)
    assert both.item() == pytest.approx(total, rel=1e-12)
    assert (given["mt_co2"] >= 0).all()
    assert len(given) == 30 * 46


def test_the_committed_figures_are_those_of_the_source():
    raw = pd.read_csv(shared("data", "emissions", "co2_province_46sectors_2018_2019.csv.gz"))
    rows = raw[(raw["year"] == 2019) & (raw["fuel_or_total"] == "Scope_1_Total")]
    shanxi = rows[
        (rows["province_zh"] == "山西") & (rows["sector_en"] == "Coal Mining and Dressing")
    ]
    given = pd.read_csv(FIGURES / "co2_2019.csv").set_index(["region", "inventory_sector"])
    ours = given.loc[("Shanxi", "Coal Mining and Dressing"), "mt_co2"]
    assert ours == pytest.approx(shanxi["value"].item(), abs=1e-6)


def test_tibet_is_missing_and_not_zero():
    found = load_china_emissions()
    assert found.industries["Tibet"].isna().all(axis=None)
    households = [c for c in found.households["Tibet"] if "household" in c]
    assert found.households["Tibet"][households].isna().all(axis=None)
    assert found.industries.drop(columns="Tibet", level="region").notna().all(axis=None)


def test_sectors_wider_than_an_industry_have_one_intensity():
    table, found = load_china(), load_china_emissions()
    intensity = (found.industries.iloc[0] / table.x)["Sichuan"]
    assert intensity["Finance"] == pytest.approx(intensity["Education"], rel=1e-12)
    assert intensity["Wholesale and retail trades"] == pytest.approx(
        intensity["Accommodation and catering"], rel=1e-12
    )
    power = found.industries.loc["CO2", ("Inner Mongolia", "Production and supply of electric"
                                          " power and heat power")]  # fmt: skip
    assert power > 0.5 * found.industries["Inner Mongolia"].sum(axis=1).item()


def test_footprints_move_from_where_power_is_made_to_where_goods_are_bought():
    table, found = load_china(), load_china_emissions()
    data = footprints(table, found.industries, final=found.households, units=[found.unit])
    assert data.attrs["not_told"] == "Tibet"
    net = (data["D_pba_reg"] - data["D_cba_reg"]).isel(stressor=0)
    assert float(net.sel(region="Inner Mongolia")) > 0
    assert float(net.sel(region="Beijing")) < 0
    inside = data["D_pba_reg"].sum() - data["F_Y"].sum()
    assert float(inside) == pytest.approx(found.industries.sum(axis=1).item(), rel=1e-9)
    assert data.attrs["gap"] < 1e-10
    assert not data["idle"].values.any()


def test_other_tables_are_refused():
    with pytest.raises(InvalidTable, match="31 provinces"):
        load_china_emissions(random_table(1))
    assert np.isfinite(load_china().x).all()
