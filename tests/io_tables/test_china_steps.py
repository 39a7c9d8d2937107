"""The steps of the Chinese estimate against slow twins, and better figures from a user's file."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import reference_china as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import shared

from io_tables.china import load_china
from io_tables.china.estimate import estimate_table
from io_tables.china.figures import load_figures
from io_tables.china.overrides import read_override
from io_tables.china.scaling import fit_totals
from io_tables.china.sourcing import _raise_own, estimate_sourcing, variant_own_shares
from io_tables.china.supply import estimate_supply
from io_tables.china.uses import _exports, estimate_uses, final_mix
from io_tables.errors import (
    InfeasibleMargins,
    InvalidTable,
    MissingTable,
    TableError,
    UnknownLabel,
    UnreadableTable,
)


@pytest.fixture(scope="module")
def figures():
    return load_figures()


@pytest.fixture(scope="module")
def supply(figures):
    return estimate_supply(figures)


@pytest.fixture(scope="module")
def uses(figures, supply):
    return estimate_uses(figures, supply)


# --- twins ---------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 6), columns=st.integers(1, 5))
def test_batched_fit_equals_plain_scaling(seed, rows, columns):
    rng = np.random.default_rng(seed)
    prior = rng.lognormal(size=(3, rows, columns))
    target = rng.lognormal(size=prior.shape)
    fitted = fit_totals(prior, target.sum(axis=2), target.sum(axis=1), what="test")
    for b in range(3):
        twin = reference.ras(
            prior[b].tolist(), target[b].sum(axis=1).tolist(), target[b].sum(axis=0).tolist()
        )
        np.testing.assert_allclose(fitted.matrix[b], twin, rtol=1e-9)


def test_totals_that_cannot_be_met_are_refused_by_name():
    prior = np.array([[1.0, 1.0], [0.0, 0.0]])
    with pytest.raises(InfeasibleMargins, match=r"thing: .*positive row total.*row 1"):
        fit_totals(prior, np.array([1.0, 1.0]), np.array([1.0, 1.0]), what="thing")
    with pytest.raises(InfeasibleMargins, match="equal sums"):
        fit_totals(np.ones((2, 2)), np.array([1.0, 1.0]), np.array([1.0, 2.0]), what="thing")


def test_trade_of_single_products_equals_a_plain_gravity_model(figures, supply, uses):
    trade = estimate_sourcing(figures, supply, uses, decay=1.5)
    for product, cost in ((1, figures.freight_cost), (27, figures.passenger_cost)):
        twin = reference.gravity(
            (supply.output - uses.exports)[:, product].tolist(),
            uses.demand[:, product].tolist(),
            trade.own_flow[:, product].tolist(),
            cost.tolist(),
            1.5,
        )
        found = trade.trade_share[product] * uses.demand[:, product]
        np.testing.assert_allclose(found, twin, rtol=1e-8, atol=1e-6)


def test_a_cost_of_zero_is_refused_by_the_names_of_its_provinces(figures, supply, uses):
    cost = figures.freight_cost.copy()
    cost[0, 1] = 0.0
    with pytest.raises(InvalidTable, match=r"above zero.*Beijing to Tianjin"):
        estimate_sourcing(replace(figures, freight_cost=cost), supply, uses)


def test_value_added_of_the_single_sector_groups_is_the_official_share(figures, supply):
    for code in ("01", "27", "28", "29", "30", "32", "33"):
        i = int(code) - 1
        published = figures.value_added_nine[:, figures.group[i]]
        national = figures.national.value_added[:, i].sum()
        np.testing.assert_allclose(
            supply.value_added[:, i], published / published.sum() * national, rtol=1e-11
        )


def test_odds_of_the_value_added_ratio_keep_their_provincial_pattern(figures, supply):
    accounts, position = figures.provincial.accounts, figures.provincial.position
    i = 26
    old = accounts["intermediate_inputs"][position, i] / accounts["value_added"][position, i]
    new = supply.intermediate[:, i] / supply.value_added[:, i]
    np.testing.assert_allclose(new / old, (new / old)[0], rtol=1e-9)


# --- judgement of the tables of 2007 -------------------------------------------------------


def test_damaged_final_demand_of_2007_takes_the_pooled_mix(figures):
    accounts = figures.provincial.accounts
    position = dict(zip(figures.regions["region"], figures.provincial.position, strict=True))
    damaged = {
        name: {
            region
            for region, row in position.items()
            if final_mix(accounts[name])[1][row] and region != "Tibet"
        }
        for name in ("rural", "urban", "government", "fixed_capital")
    }
    assert damaged == {
        "rural": {"Hainan", "Qinghai"},
        "urban": {"Hainan", "Qinghai"},
        "government": set(),
        "fixed_capital": {"Chongqing", "Gansu", "Qinghai"},
    }


def test_every_own_share_has_a_reason_and_lies_in_its_range(figures):
    assert np.all((figures.own_shares >= 0.02) & (figures.own_shares <= 0.98))
    tibet = list(figures.regions["region"]).index("Tibet")
    assert set(figures.own_reasons[tibet]) == {"no table", "no sector"}
    heilongjiang = list(figures.regions["region"]).index("Heilongjiang")
    assert (figures.own_reasons[heilongjiang] == "netted").sum() >= 35
    for variant, compare in (("low", np.less), ("high", np.greater)):
        moved = variant_own_shares(figures.own_shares, variant)
        assert np.all(compare(moved, figures.own_shares))
    np.testing.assert_allclose(
        variant_own_shares(figures.own_shares, "central"), figures.own_shares, rtol=1e-12
    )


def test_a_product_made_in_one_province_raises_its_own_flow_until_trade_is_feasible():
    origins = np.array([[95.0], [3.0], [2.0]])
    destinations = np.array([[50.0], [30.0], [20.0]])
    own = np.array([[10.0], [1.0], [1.0]])
    raised = _raise_own(origins, destinations, own)
    held = origins + destinations - 2 * raised <= (origins - raised).sum() * (1 + 1e-9)
    assert held.all()
    assert raised[0] > own[0]
    assert np.all(raised <= np.minimum(origins, destinations))


def test_exports_stay_below_their_cap(figures, supply, uses):
    assert np.all(uses.exports <= 0.95 * supply.output * (1 + 1e-12))
    assert np.all(uses.demand > 0)


def test_a_cap_that_binds_hands_the_rest_to_the_others(figures, supply):
    national = replace(figures.national, exports=0.6 * figures.national.output)
    exports, capped = _exports(replace(figures, national=national), supply)
    assert capped > 0
    np.testing.assert_allclose(exports.sum(axis=0), national.exports, rtol=1e-12)
    assert np.all(exports <= 0.95 * supply.output * (1 + 1e-12))


# --- better figures ------------------------------------------------------------------------


def write(folder, rows, header="region,sector,output,value_added"):
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_given_output_stands_and_the_nation_stays_exact(tmp_path):
    path = write(
        tmp_path,
        [
            "Chongqing,20,600000,90000",
            "河南,Mining and washing of coal,250000,",
            "510000,通信设备、计算机和其他电子设备,700000,",
        ],
    )
    table, base = load_china(regional_output=path), load_china()
    x, added = table.data["output"], table.data["value_added"].sum("primary")
    electronics, coal = table.sectors[19], table.sectors[1]
    assert float(x.sel(region="Chongqing", sector=electronics)) == pytest.approx(600_000, rel=1e-9)
    assert float(added.sel(region="Chongqing", sector=electronics)) == pytest.approx(90_000)
    assert float(x.sel(region="Henan", sector=coal)) == pytest.approx(250_000, rel=1e-9)
    for name in ("output", "value_added", "exports", "demand", "domestic_use", "imported_use"):
        now, then = table.data[name].sum("region"), base.data[name].sum("region")
        np.testing.assert_allclose(now, then, rtol=1e-9, atol=1e-5)
    untouched = [s for s in table.sectors if s not in (electronics, coal)]
    np.testing.assert_allclose(
        x.sel(sector=untouched), base.data["output"].sel(sector=untouched), rtol=1e-12
    )
    assert table.check(tolerance=1e-9) == []
    assert any("mine.csv" in note for note in table.notes)


def test_output_of_all_provinces_is_scaled_to_the_nation_and_the_factor_told():
    base = load_china()
    sector = base.sectors[13]
    given = base.data["output"].sel(sector=sector).to_pandas() * 1.05
    frame = pd.DataFrame({"region": given.index, "sector": sector, "output": given.to_numpy()})
    table = load_china(regional_output=frame)
    np.testing.assert_allclose(table.data["output"], base.data["output"], rtol=1e-9)
    np.testing.assert_allclose(
        table.data["value_added"], base.data["value_added"], rtol=1e-7, atol=1e-6
    )
    assert any("scaled by 0.952381" in note for note in table.notes)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_sensible_figures_give_a_balanced_table_with_the_same_nation(seed):
    rng = np.random.default_rng(seed)
    figures = load_figures()
    base = load_china().data["output"].to_numpy()
    cells = rng.choice(base.size, size=20, replace=False)
    region, sector = np.unravel_index(cells, base.shape)
    frame = pd.DataFrame(
        {
            "region": figures.regions["region"].to_numpy()[region],
            "sector": figures.sectors["sector_code"].to_numpy()[sector],
            "output": base[region, sector] * rng.uniform(0.5, 1.5, 20),
        }
    )
    table = estimate_table(figures, override=read_override(frame, figures)).table
    assert table.check(tolerance=1e-9) == []
    np.testing.assert_allclose(
        table.data["output"].sum("region"), figures.national.output, rtol=1e-9
    )
    found = table.data["output"].to_numpy()[region, sector]
    np.testing.assert_allclose(found, frame["output"], rtol=1e-9)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (["Beijng,01,1,"], UnknownLabel, r"'Beijng'.*did you mean 'Beijing'"),
        (["Beijing,Constructon,1,"], UnknownLabel, r"'Constructon'.*did you mean 'Construction'"),
        (["Beijing,01,-5,"], InvalidTable, r"output must be a positive number: Beijing / 01"),
        (["Beijing,01,many,"], InvalidTable, "output must be a positive number"),
        (["Beijing,01,100,200"], InvalidTable, "value added must be below output"),
        (["Beijing,01,100,x"], InvalidTable, "value added must be a number or blank"),
        (["Beijing,01,100,", "北京市,01,90,"], InvalidTable, "may be given once"),
        (["Beijing,01,99999999999,"], InvalidTable, "leave something of the national"),
        (["Shanxi,02,2340000,1199990"], InvalidTable, "leaves .* of the national figure"),
        ([], UnreadableTable, "at least one row"),
    ],
)
def test_wrong_files_are_refused_in_one_clear_line(tmp_path, rows, error, message):
    path = write(tmp_path, rows)
    with pytest.raises(error, match=message) as caught:
        load_china(regional_output=path)
    assert isinstance(caught.value, TableError)
    assert "\n" not in str(caught.value)
    assert "mine.csv" in str(caught.value)


def test_missing_files_and_missing_columns_are_named(tmp_path):
    with pytest.raises(MissingTable, match=r"nowhere\.csv"):
        load_china(regional_output=tmp_path / "nowhere.csv")
    path = write(tmp_path, ["Beijing,01,1"], header="region,sector,value")
    with pytest.raises(UnreadableTable, match=r"output missing, found region, sector, value"):
        load_china(regional_output=path)


def test_a_full_sector_in_the_wrong_unit_is_refused():
    base = load_china()
    sector = base.sectors[0]
    given = base.data["output"].sel(sector=sector).to_pandas() * 100
    frame = pd.DataFrame({"region": given.index, "sector": sector, "output": given.to_numpy()})
    with pytest.raises(InvalidTable, match="check the unit"):
        load_china(regional_output=frame)


# --- provenance ----------------------------------------------------------------------------


def test_the_build_scripts_reproduce_every_committed_figure(tmp_path, monkeypatch, capsys):
    shared("data", "economy")
    from io_tables.china import (
        build,
        build_cities,
        build_emissions,
        build_groups,
        build_own_shares,
    )

    committed, home = build.FIGURES, build.HERE
    for module in (build, build_own_shares, build_cities, build_emissions):
        monkeypatch.setattr(module, "FIGURES", tmp_path)
    monkeypatch.setattr(build_groups, "HERE", tmp_path)
    build.main()
    build_own_shares.main()
    build_groups.main()
    build_cities.main()
    build_emissions.main()
    capsys.readouterr()
    for path in committed.iterdir():
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as old, opener(tmp_path / path.name, "rb") as new:
            assert old.read() == new.read(), path.name
    assert (tmp_path / "region_groups.csv").read_bytes() == (
        home / "region_groups.csv"
    ).read_bytes()
