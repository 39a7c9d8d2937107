"""The verbs of analysis say what the library says, and how to read it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_answers import Say, done, say_with
from cli_answers import refused_in_a_line as refused

import hinterland as hl
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.cli.analysis.footprint import stress_of_request
from model.multiplier_kinds import multiplier_kinds, region_matrix
from model.prices import import_prices
from model.stressors import Stressors


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return say_with(capsys)


@pytest.fixture
def table() -> RegionalTable:
    return random_table(3, 3, 4)


@pytest.fixture
def path(table: RegionalTable, tmp_path: Path) -> Path:
    return table.to_netcdf(tmp_path / "table.nc")


def rows(say: Say, *words: object) -> pd.DataFrame:
    return pd.read_csv(StringIO(done(say(*words, "--csv")).out))


def test_multipliers_are_those_of_the_library_largest_first(
    say: Say, path: Path, table: RegionalTable
) -> None:
    found = rows(say, "multipliers", path, "--of", "value_added")
    assert found["total"].is_monotonic_decreasing
    expected = hl.multipliers(table, "value_added")["spillover"].to_series()
    given = found.set_index(["region", "sector"])["spillover"].reindex(expected.index)
    np.testing.assert_allclose(given, expected, rtol=1e-12, atol=1e-15)


def test_multipliers_by_region_are_means_weighed_by_output(
    say: Say, path: Path, table: RegionalTable
) -> None:
    found = rows(say, "multipliers", path, "--by", "region").set_index("region")["total"]
    total, output = hl.multipliers(table)["total"].values, table.data["output"].values
    expected = (total * output).sum(axis=1) / output.sum(axis=1)
    np.testing.assert_allclose(found.loc[table.regions], expected, rtol=1e-12)


def test_draws_put_an_interval_beside_every_row_the_same_at_any_number_of_workers(
    say: Say, path: Path, tmp_path: Path
) -> None:
    words = ("multipliers", path, "--by", "sector", "--draws", 12, "--seed", 4)
    one, two = rows(say, *words), rows(say, *words, "--workers", 2)
    assert (one["low"] < one["high"]).all()
    pd.testing.assert_frame_equal(one, two)
    kept = rows(say, *words, "--resume", tmp_path / "draws")
    again = rows(say, *words, "--resume", tmp_path / "draws")
    pd.testing.assert_frame_equal(kept, again)


def test_linkages_name_the_class_and_can_show_key_industries_only(
    say: Say, path: Path, table: RegionalTable
) -> None:
    found = rows(say, "linkages", path).set_index(["region", "sector"])
    expected = hl.linkages(table)
    index = expected["key"].to_series().index
    assert (found["key"].reindex(index) == expected["key"].to_series()).all()
    only = rows(say, "linkages", path, "--key")
    assert len(only) == int((expected["key"].values == "key").sum())


def test_extract_takes_out_a_block_or_every_one_in_turn(
    say: Say, path: Path, table: RegionalTable
) -> None:
    region, sector = table.regions[0], table.sectors[1]
    one = rows(say, "extract", path, "--region", region, "--sector", sector)
    expected = hl.extract(table, regions=[region], sectors=[sector], of="value_added")
    assert one["loss"].sum() == pytest.approx(expected.attrs["total"], rel=1e-12)
    every = rows(say, "extract", path, "--each", "industry").set_index(["region", "sector"])
    assert every.loc[(region, sector), "loss"] == pytest.approx(expected.attrs["total"], rel=1e-9)
    sectors = rows(say, "extract", path)
    assert sorted(sectors["sector"]) == sorted(table.sectors)


def test_paths_tell_what_is_left_out(say: Say, path: Path, table: RegionalTable) -> None:
    words = ("paths", path, "--region", table.regions[0], "--coverage", 0.8)
    text = done(say(*words)).out
    assert "what is not shown carries at most" in text
    found = rows(say, *words)
    expected = hl.structural_paths(table, "value_added", table.regions[0], coverage=0.8)
    np.testing.assert_allclose(found["value"], expected.frame["value"], rtol=1e-12)


def test_decompose_sums_to_the_change(say: Say, tmp_path: Path) -> None:
    base, new = random_table(1, 3, 4), random_table(2, 3, 4)
    base.to_netcdf(tmp_path / "base.nc")
    new.to_netcdf(tmp_path / "new.nc")
    found = rows(say, "decompose", tmp_path / "base.nc", tmp_path / "new.nc").set_index("region")
    change = (new.data["output"] - base.data["output"]).sum("sector").to_series()
    np.testing.assert_allclose(found["change"].reindex(change.index), change, rtol=1e-9)
    np.testing.assert_allclose(found.drop(columns="change").sum(axis=1), found["change"])
    wide = rows(say, "decompose", tmp_path / "base.nc", tmp_path / "base.nc")
    assert not wide.drop(columns="region").to_numpy().any()


def test_prices_pass_on_imports(say: Say, path: Path, table: RegionalTable) -> None:
    found = rows(say, "prices", path, "--imports", 0.1).set_index(["region", "sector"])
    expected = import_prices(table, 0.1)["price_change"].to_series()
    np.testing.assert_allclose(found["price_change"].reindex(expected.index), expected, rtol=1e-12)
    basket = rows(say, "prices", path, "--imports", 0.1, "--by", "basket")
    assert list(basket.columns) == ["region", *table.categories]


def test_a_price_on_carbon_costs_what_is_emitted(say: Say) -> None:
    table = hl.load_china()
    answer = done(say("prices", "--stressor-price", 50, "--of", "CO2", "--json"))
    found = pd.DataFrame(json.loads(answer.out)["rows"]).set_index(["region", "sector"])
    emitted = float(np.nansum(hl.load_china_emissions().industries.to_numpy()))
    paid = (found["cost_change"].reindex(table.labels) * table.x).sum()
    assert paid == pytest.approx(50 * emitted, rel=1e-9)


def test_footprints_of_the_embedded_case_are_those_of_the_library(say: Say) -> None:
    found = rows(say, "footprint").set_index("region")
    account = hl.load_china_emissions()
    table = hl.load_china()
    expected = hl.footprints(
        table, account.industries, final=account.households, units=[account.unit]
    )
    given = found["consumption"].reindex(table.regions)
    np.testing.assert_allclose(given, expected["D_cba_reg"].values[0], rtol=1e-12)
    assert np.isnan(found.loc["Tibet", "production"])
    flows = rows(say, "footprint", "--flows")
    assert not (flows["origin"] == flows["destination"]).any()


def test_a_stressor_of_final_demand_is_kept_beside_the_industries(table: RegionalTable) -> None:
    industries = pd.DataFrame([np.ones(len(table.labels))], index=["SO2"], columns=table.labels)
    columns = pd.MultiIndex.from_product([table.regions, table.categories])
    final = pd.DataFrame([np.ones(len(columns))], index=["SO2"], columns=columns)
    beside = Stressors(industries, final, ("kt",))
    found = stress_of_request(table, beside, None)
    assert found.name == "SO2"
    assert found.units == ("kt",)
    rate = found.intensity(table)
    assert rate is not None
    np.testing.assert_allclose(rate * table.x, 1.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ((), {"exports", "DC", "VS", "position"}),
        (("--method", "kww"), {"exports", "DVA_FIN", "FDC"}),
        (("--method", "wwz", "--by", "partner"), {"partner", "MVA_FIN"}),
        (("--method", "source", "--by", "sector"), {"sector", "DAVAX"}),
        (("--method", "sink"), {"DVA", "GVC"}),
        (("--method", "circulation"), {"own, at home", "abroad"}),
    ],
)
def test_tiva_splits_exports_that_sum(
    say: Say, tmp_path: Path, words: tuple[str, ...], columns: set[str]
) -> None:
    explicit = random_table(5, 3, 4, kind="pooled").to_netcdf(tmp_path / "pooled.nc")
    found = rows(say, "tiva", explicit, *words)
    assert columns <= set(found.columns)
    if "rest" in found and "DVA_FIN" in found:
        terms = found.drop(columns=["region", "sector", "partner", "exports"], errors="ignore")
        np.testing.assert_allclose(terms.sum(axis=1), found["exports"], rtol=1e-9, atol=1e-9)


def test_the_growth_of_a_poor_region_narrows_the_gap_and_shares_say_who_gains(say: Say) -> None:
    found = rows(say, "disparity", "--pole", "Gansu", "--amount", 1e11).set_index("index")
    assert found.loc["theil_t", "change"] < 0
    plain = rows(say, "disparity").set_index("index")
    np.testing.assert_allclose(
        plain.loc["theil_t", "between"] + plain.loc["theil_t", "within"],
        plain.loc["theil_t", "value"],
    )
    words = ("disparity", "--shares", "--pole", "Gansu", "--amount", 1e11)
    shares = rows(say, *words, "--grouping", "macro_region")
    assert shares["share_of_gain"].sum() == pytest.approx(1.0)
    assert shares.set_index("group")["share_of_gain"].idxmax() == "West"


def test_parts_of_a_ledger_sum_to_the_change_of_the_gap_at_both_levels(say: Say) -> None:
    words = ("--pole", "Guizhou", "--grouping", "north_south")
    for level in ("china:2020", "china:2020:city"):
        found = rows(say, "disparity", level, *words).set_index("index")
        parts = found[["intraregional", "feedback", "spillover"]].sum(axis=1)
        np.testing.assert_allclose(parts, found["change"], atol=1e-13)
        split = found.loc[["theil_t_between", "theil_t_within"], "before"]
        assert split.sum() == pytest.approx(found.loc["theil_t", "before"], rel=1e-9)
        assert split["theil_t_between"] > 0
    shares = [rows(say, "disparity", t, "--shares") for t in ("china:2020", "china:2020:city")]
    for one in shares:
        sums = one.groupby("grouping")[["share_of_people", "share_of_value_added"]].sum()
        np.testing.assert_allclose(sums, 1.0)
    both = [one.set_index(["grouping", "group"])["share_of_value_added"] for one in shares]
    np.testing.assert_allclose(both[0], both[1].reindex(both[0].index), rtol=1e-2)


def test_convergence_of_a_file_finds_the_speed_it_was_made_with(say: Say, tmp_path: Path) -> None:
    speed, years = 0.02, 25
    start = {"Beijing": 9.0, "Gansu": 7.0, "Hebei": 8.0, "Hubei": 8.3}
    lines = ["region,year,value"]
    for name, level in start.items():
        end = 11.0 + (level - 11.0) * np.exp(-speed * years)
        lines += [f"{name},1995,{np.exp(level)}", f"{name},2020,{np.exp(end)}"]
    (tmp_path / "values.csv").write_text("\n".join(lines))
    answer = done(say("disparity", "--file", tmp_path / "values.csv"))
    assert "gaps closing by 2.00 % a year, half of a gap in 35 years" in answer.out
    found = rows(say, "disparity", "--file", tmp_path / "values.csv", "--grouping", "macro_region")
    ratio = found["sigma"].iloc[1] / found["sigma"].iloc[0]
    assert ratio == pytest.approx(np.exp(-speed * years), rel=1e-9)
    np.testing.assert_allclose(found["between"] + found["within"], found["theil_t"])


def test_kinds_and_the_matrix_of_multipliers_are_those_of_the_library(
    say: Say, path: Path, table: RegionalTable
) -> None:
    kinds = rows(say, "multipliers", path, "--kinds").set_index(["region", "sector"])
    expected = multiplier_kinds(table, "output")["total"].to_series()
    np.testing.assert_allclose(kinds["total"].reindex(expected.index), expected, rtol=1e-12)
    found = rows(say, "multipliers", path, "--matrix").set_index("region")
    matrix = region_matrix(table, "output").to_pandas()
    square = found[[f"in {name}" for name in table.regions]].loc[table.regions].to_numpy()
    np.testing.assert_allclose(square, matrix.to_numpy().T, rtol=1e-12)
    assert "most of it in" in done(say("multipliers", path, "--matrix")).out


def test_the_tree_of_paths_adds_up(say: Say, path: Path, table: RegionalTable) -> None:
    found = rows(say, "paths", path, "--tree", "--by", "sector", "--region", table.regions[0])
    paths = hl.structural_paths(table, "value_added", table.regions[0])
    top = found[found["depth"] == 1]
    assert top["value"].sum() == pytest.approx(paths.frame["value"].sum(), rel=1e-9)
    assert found["direct"].sum() == pytest.approx(paths.frame["value"].sum(), rel=1e-9)


def test_a_lag_is_estimated_beside_the_table(
    say: Say, path: Path, table: RegionalTable, tmp_path: Path
) -> None:
    big = random_table(5, 12, 2)
    where = big.to_netcdf(tmp_path / "big.nc")
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"school": rng.normal(size=12)}, index=pd.Index(big.regions, name="region"))
    data["income"] = 1.0 + 2.0 * data["school"] + 0.1 * rng.normal(size=12)
    data.to_csv(tmp_path / "data.csv")
    words = ("lag", tmp_path / "data.csv", "--outcome", "income", "--table", where)
    found = rows(say, *words, "--weights", "table").set_index("what")
    fit = hl.fit_lag(data["income"], data[["school"]], hl.weights_from_table(big))
    expected = hl.impacts(fit.model)["impact"].sel(variable="school", kind="direct")
    assert found.loc["school", "direct"] == pytest.approx(float(expected), rel=1e-9)
    assert "simulated by the table" in found.index
    assert "How to read it" in done(say(*words, "--weights", "table")).out
    refused(say(*words), "--network")
    refused(say(*words[:3], "incom", *words[4:]), "did you mean 'income'")
    refused(say("lag", tmp_path / "data.csv", "--outcome", "income", "--table", path), "R10")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["multipliers", "--kinds", "--draws", "5"], ["--draws"]),
        (["multipliers", "--matrix", "--by", "region"], ["--matrix"]),
        (["paths", "--by", "region"], ["--tree"]),
        (["paths", "--count", "0"], ["--count", "0"]),
        (["prices", "--imports", "0.1", "--of", "CO2"], ["--of"]),
        (["multipliers", "--draws", "4", "--seed", "-1"], ["--seed"]),
        (["spillover", "--resume", "kept"], ["--draws"]),
        (["spillover", "--share", "0"], ["must not be zero"]),
        (["decompose"], ["BASE and NEW", "table project"]),
        (["disparity", "--file", "gone.csv"], ["gone.csv"]),
        (["disparity", "--file", "x.csv", "--pole", "Hebei"], ["--pole"]),
        (["disparity", "--shares", "--draws", "5", "--pole", "Hebei"], ["--draws"]),
        (["disparity", "--grouping", "clusters"], ["whole regions"]),
        (["lag", "gone.csv", "--outcome", "y"], ["gone.csv"]),
        (["lag", "gone.csv"], ["--outcome"]),
        (["multipliers", "--of", "outptu"], ["did you mean 'output'"]),
        (["multipliers", "--draws", "1"], ["--draws", "at least 2"]),
        (["multipliers", "--plot", "x.gif"], [".png", "x.gif"]),
        (["multipliers", "--plot", "nowhere/x.png"], ["nowhere"]),
        (["multipliers", "--top", "0"], ["--top", "0"]),
        (["extract", "--region", "Shangai"], ["did you mean 'Shanghai'"]),
        (["extract", "--region", "Hebei", "--each", "region"], ["--each"]),
        (["paths", "--sector", "Finance"], ["--region"]),
        (["prices"], ["--imports", "--primary"]),
        (["prices", "--imports", "0.1", "--region", "Hebei"], ["--region"]),
        (["prices", "--stressor-price", "5", "--of", "water"], ["'water'", "CO2"]),
        (["footprint", "--flows", "--per-head"], ["--per-head"]),
        (["tiva", "--method", "kww", "--by", "partner"], ["kww", "partner"]),
        (["disparity", "--amount", "1"], ["--pole"]),
        (["disparity", "--grouping", "macro"], ["macro_region"]),
        (["disparity", "--draws", "10"], ["--pole"]),
        (["decompose", "china:2020"], ["NEW"]),
    ],
)
def test_wrong_words_get_one_line(say: Say, words: list[str], expected: list[str]) -> None:
    refused(say(*words), *expected)


@pytest.mark.parametrize(
    "words",
    [
        ["multipliers"],
        ["linkages"],
        ["extract"],
        ["extract", "--region", "R0"],
        ["paths"],
        ["paths", "--figure", "sankey"],
        ["prices", "--primary", "0.1"],
        ["tiva"],
    ],
)
def test_every_verb_draws_and_says_how_to_read_it(
    say: Say, table: RegionalTable, path: Path, tmp_path: Path, words: list[str]
) -> None:
    named = [table.regions[0] if one == "R0" else one for one in words]
    picture = tmp_path / "figure.png"
    text = done(say(named[0], path, *named[1:], "--plot", picture, "--top", 2)).out
    assert "How to read it" in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["figure.png", "table.nc"]


def test_the_ledger_carries_intervals_when_draws_are_asked_for(
    say: Say, path: Path, table: RegionalTable
) -> None:
    words = ("spillover", "--pole", table.regions[0], "--amount", 10, "--table", path)
    found = rows(say, *words, "--draws", 15)
    assert (found["low"] <= found["high"]).all()
    assert (found["low"] < found["high"]).any()
    assert "90 % of 15 draws" in done(say(*words, "--draws", 15)).out
    assert "low" not in rows(say, *words)
