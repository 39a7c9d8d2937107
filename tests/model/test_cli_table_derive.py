"""Projecting, regionalising and supply-use from the shell is what the library does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_answers import Say, done, refused, say_with

from io_tables.project import project
from io_tables.readers import read_table, write_table
from io_tables.regionalise import regionalise
from io_tables.supply_use import SupplyUse, table_from_supply_use
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table

MAKE = pd.DataFrame(
    [[90.0, 0, 0], [10, 120, 8], [0, 10, 52]],
    index=["farms", "plants", "shops"],
    columns=["food", "tools", "repair"],
)
USE = pd.DataFrame(
    [[10.0, 30, 5], [15, 40, 10], [5, 12, 6]], index=MAKE.columns, columns=MAKE.index
)
FINAL = pd.DataFrame({"households": [45.0, 30, 30], "exports": [10, 35, 7]}, index=MAKE.columns)
ADDED = pd.DataFrame([[50.0, 46, 36]], index=["value added"], columns=MAKE.index)
IMPORTS = pd.DataFrame([[10.0, 10, 5]], index=["imports"], columns=MAKE.index)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch) -> Say:
    monkeypatch.chdir(tmp_path)
    return say_with(capsys)


@pytest.fixture
def table() -> RegionalTable:
    return random_table(4, 2, 3)


def test_a_table_is_projected_to_the_totals_of_a_file(say: Say, table: RegionalTable) -> None:
    write_table(table, "t.nc")
    output = (table.x * np.linspace(0.95, 1.1, 6)).rename("output")
    output.iloc[::-1].to_csv("x.csv")  # in another order
    told = done(
        say("table", "project", "t.nc", "--output", "x.csv", "--year", "2023", "-o", "n.nc")
    )
    assert "after / before" in told.out
    made = read_table("n.nc")
    assert_table_equal(made, project(table, output, year=2023))
    assert made.year == 2023
    again = say("table", "project", "t.nc", "--output", "x.csv", "-o", "m.nc", "--json")
    facts = json.loads(done(again).out)
    assert facts["after"]["output"] == pytest.approx(float(output.sum()))


def test_further_totals_reach_the_projection_in_any_order(say: Say, table: RegionalTable) -> None:
    write_table(table, "t.nc")
    output = table.x * 1.05
    added, exports = table.va.sum() * 1.05, table.exports * 1.05
    imported = table.final_imports.groupby(level="region", sort=False).sum()
    final = (table.demand.groupby(level="region", sort=False).sum() + imported) * 1.05
    for name, figures in (("x", output), ("v", added), ("e", exports)):
        figures.iloc[::-1].rename("figure").to_csv(f"{name}.csv")
    final.iloc[::-1, ::-1].to_csv("f.csv")
    (table.imports.sum(axis=1) * 0 + 1.0).to_csv("m.csv")
    words = ("--output", "x.csv", "--value-added", "v.csv", "--exports", "e.csv")
    done(say("table", "project", "t.nc", *words, "--final-demand", "f.csv", "-o", "n.nc"))
    wanted = project(table, output, value_added=added, exports=exports, final_demand=final)
    assert_table_equal(read_table("n.nc"), wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("region,sector,x\nR0,S0,1\n", ("x.csv must tell every industry", "R0 / S1")),
        ("region,sector,x\nR0,S9,1\n", ("S9", "sector")),
        ("sector,x\nS0,1\n", ("columns region, sector",)),
        ("region,sector,x\nR0,S0,many\n", ("many",)),
    ],
)
def test_totals_that_do_not_fit_are_named(say: Say, table, text: str, words) -> None:
    write_table(table, "t.nc")
    Path("x.csv").write_text(text, encoding="utf-8")
    refused(say("table", "project", "t.nc", "--output", "x.csv", "-o", "n.nc"), *words)
    assert not Path("n.nc").exists()


@pytest.mark.parametrize("method", ["slq", "flq", "charm"])
def test_a_region_is_made_from_the_nation(say: Say, method: str) -> None:
    national = random_table(5, 1, 3)
    write_table(national, "n.nc")
    output = pd.Series(
        national.x.to_numpy() * [0.2, 0.05, 0.1], index=national.sectors, name="output"
    )
    output.iloc[::-1].to_csv("x.csv", index_label="sector")
    words = ("--output", "x.csv", "--method", method, "--delta", "0.2", "--name", "Here")
    told = done(say("table", "regionalise", "n.nc", *words, "-o", "r.nc"))
    assert f"by {method.upper()}" in told.out
    assert "inputs from the region itself" in told.out
    wanted = regionalise(national, output, method=method, delta=0.2, name="Here")
    assert_table_equal(read_table("r.nc"), wanted)


def test_shares_of_final_demand_are_one_number_or_a_file(say: Say) -> None:
    national = random_table(5, 1, 3)
    write_table(national, "n.nc")
    pd.Series(national.x.to_numpy() * 0.1, index=national.sectors).to_csv("x.csv")
    shares = pd.Series(np.linspace(0.1, 0.2, len(national.categories)), index=national.categories)
    shares.iloc[::-1].to_csv("s.csv")
    given = ("table", "regionalise", "n.nc", "--output", "x.csv")
    done(say(*given, "--final-share", "s.csv", "-o", "a.nc"))
    wanted = regionalise(national, national.x.to_numpy() * 0.1, final_share=shares.to_numpy())
    np.testing.assert_allclose(read_table("a.nc").Y, wanted.Y, rtol=1e-12)
    facts = json.loads(done(say(*given, "--final-share", "0.15", "-o", "b.nc", "--json")).out)
    assert facts["method"] == "flq"


def test_stressors_of_the_region_are_written_and_said(say: Say) -> None:
    bare = random_table(5, 1, 3, kind="explicit")
    data = bare.data.assign_coords(stressor=["CO2"], stressor_units=("stressor", ["kt"]))
    use = (("stressor", "region", "sector"), np.full((1, 1, 3), 20.0), {"units": "kt"})
    data = data.assign(stressor_use=use)
    write_table(RegionalTable(data, "explicit"), "n.nc")
    pd.Series(bare.x.to_numpy() * 0.1, index=bare.sectors).to_csv("x.csv")
    given = ("table", "regionalise", "n.nc", "--output", "x.csv")
    assert "CO2 6 of 60 kt" in " ".join(done(say(*given, "-o", "a.nc")).out.split())
    facts = json.loads(done(say(*given, "-o", "b.nc", "--json")).out)
    assert "CO2 6 of 60 kt" in " ".join(facts["notes"])
    np.testing.assert_allclose(read_table("a.nc").stressors, [[2.0, 2.0, 2.0]])


def test_a_table_of_several_regions_is_no_nation(say: Say, table: RegionalTable) -> None:
    write_table(table, "t.nc")
    pd.Series(table.x["R0"].to_numpy(), index=table.sectors).to_csv("x.csv")
    given = ("table", "regionalise", "t.nc", "--output", "x.csv", "-o", "r.nc")
    refused(say(*given), "one region")


@pytest.mark.parametrize("model", ["D", "industry_technology"])
def test_supply_and_use_become_a_table(say: Say, model: str) -> None:
    frames = {"make": MAKE, "use": USE, "final": FINAL, "added": ADDED, "imports": IMPORTS}
    for name, frame in frames.items():
        frame.to_csv(f"{name}.csv")
    words = ("make.csv", "use.csv", "final.csv", "--value-added", "added.csv")
    given = ("table", "supply-use", *words, "--imports", "imports.csv", "--model", model)
    told = done(say(*given, "--units", "M.EUR 2020", "--year", "2020", "-o", "t.nc"))
    assert "M.EUR 2020" in told.out
    accounts = SupplyUse(MAKE, USE, FINAL, ADDED, IMPORTS)
    wanted = table_from_supply_use(accounts, model=model, units="M.EUR 2020", year=2020, name="t")
    assert_table_equal(read_table("t.nc"), wanted)
    facts = json.loads(done(say(*given, "-o", "u.nc", "--json")).out)
    assert facts["accounts"]["output"] == pytest.approx(float(MAKE.to_numpy().sum()))


def test_supply_and_use_that_do_not_balance_are_named(say: Say) -> None:
    for name, frame in {"make": MAKE, "use": USE * 1.1, "final": FINAL, "added": ADDED}.items():
        frame.to_csv(f"{name}.csv")
    words = ("make.csv", "use.csv", "final.csv", "--value-added", "added.csv")
    refused(say("table", "supply-use", *words, "-o", "t.nc"), "must equal its output")
    assert not Path("t.nc").exists()
