"""Estimating and nesting from the shell is what the library does with the same files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_answers import Say, done, refused, say_with

from io_tables.estimate import estimate_table
from io_tables.nest import nest
from io_tables.readers import read_table, write_table
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table
from model.cli.frames import read_costs, read_figures


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch) -> Say:
    monkeypatch.chdir(tmp_path)
    return say_with(capsys)


@pytest.fixture
def table(tmp_path: Path) -> RegionalTable:
    made = random_table(1, 3, 4)
    made.to_netcdf(tmp_path / "table.nc")
    return made


@pytest.fixture
def national(tmp_path: Path) -> RegionalTable:
    made = random_table(5, 1, 3, kind="explicit")
    made.to_netcdf(tmp_path / "national.nc")
    return made


def regional_output(national: RegionalTable) -> pd.DataFrame:
    part = np.array([[0.5, 0.2, 0.3], [0.3, 0.3, 0.3], [0.2, 0.5, 0.4]])
    return pd.DataFrame(
        part * national.x.to_numpy(), index=["A", "B", "C"], columns=national.sectors
    )


COST = pd.DataFrame(
    [[1.0, 2.0, 4.0], [2.0, 1.5, 3.0], [4.0, 3.0, 1.0]], index=list("ABC"), columns=list("ABC")
)


@pytest.fixture
def margins(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "m.csv").write_text("to,x,y\na,1,2\nb,3,4\n", encoding="utf-8")
    (tmp_path / "r.csv").write_text("row,total\nb,8\na,4\n", encoding="utf-8")  # another order
    (tmp_path / "c.csv").write_text("column,total\nx,5\ny,7\n", encoding="utf-8")
    return pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["a", "b"], columns=["x", "y"])


# ---- estimate ---------------------------------------------------------------------------------


def test_an_estimate_is_that_of_the_library(say: Say, national: RegionalTable) -> None:
    output = regional_output(national)
    output.to_csv("output.csv")
    COST.to_csv("cost.csv")
    decay = dict(zip(national.sectors, [0.5, 1.0, 2.0], strict=True))
    Path("decay.csv").write_text(
        "sector,decay\n" + "".join(f"{k},{v}\n" for k, v in decay.items()), encoding="utf-8"
    )
    words = ("--cost", "cost.csv", "--decay", "decay.csv", "--own-share", "0.6", "--name", "mine")
    answer = say(
        "table", "estimate", "national.nc", "--output", "output.csv", *words, "-o", "out.nc"
    )
    assert "assumption" in done(answer).out
    expected = estimate_table(
        national, regional_output=output, cost=COST, decay=decay, own_share=0.6, name="mine"
    )
    assert_table_equal(read_table("out.nc"), expected, rtol=1e-12)


def test_long_files_say_the_same_as_wide_ones(say: Say, national: RegionalTable) -> None:
    output = regional_output(national)
    output.rename_axis(index="region", columns="sector").stack().rename("output").to_csv("o.csv")
    long = COST.rename_axis(index="region_from", columns="region_to").stack().rename("freight")
    pd.DataFrame({"freight": long, "passenger": 2 * long**2}).to_csv("c.csv")
    of = dict(zip(national.sectors, ["freight", "freight", "passenger"], strict=True))
    Path("of.csv").write_text(
        "sector,cost\n" + "".join(f"{k},{v}\n" for k, v in of.items()), encoding="utf-8"
    )
    words = ("--output", "o.csv", "--cost", "c.csv", "--cost-of", "of.csv", "-o", "out.nc")
    facts = json.loads(done(say("table", "estimate", "national.nc", *words, "--json")).out)
    expected = estimate_table(
        national,
        regional_output=output,
        cost={"freight": COST, "passenger": 2 * COST**2},
        cost_of=of,
    )
    assert_table_equal(read_table("out.nc"), expected, rtol=1e-12)
    assert sum(facts["output"].values()) == pytest.approx(national.x.sum())


def test_own_shares_and_sizes_come_from_files(say: Say, national: RegionalTable) -> None:
    output = regional_output(national)
    output.to_csv("o.csv")
    COST.to_csv("c.csv")
    share = [0.5, 0.6, 0.7]
    Path("own.csv").write_text(
        "sector,share\n"
        + "".join(f"{k},{v}\n" for k, v in zip(national.sectors[::-1], share[::-1], strict=True)),
        encoding="utf-8",
    )
    Path("p.csv").write_text("region,persons\nC,3\nA,1\nB,2\n", encoding="utf-8")
    files = ("--own-share", "own.csv", "--population", "p.csv", "--final-demand", "p.csv")
    words = ("--output", "o.csv", "--cost", "c.csv", *files, "-o", "out.nc")
    done(say("table", "estimate", "national.nc", *words))
    people = pd.Series([1.0, 2.0, 3.0], index=list("ABC"))
    expected = estimate_table(
        national, regional_output=output, cost=COST, own_share=np.array(share),
        final_demand=people, population=people,
    )  # fmt: skip
    assert_table_equal(read_table("out.nc"), expected, rtol=1e-12)


def test_what_an_estimate_lacks_is_named(say: Say, national: RegionalTable) -> None:
    regional_output(national).to_csv("o.csv")
    (2 * regional_output(national)).to_csv("twice.csv")
    COST.to_csv("c.csv")
    COST.iloc[:2, :2].to_csv("small.csv")
    base = ("table", "estimate", "national.nc", "-o", "x.nc", "--output")
    refused(say(*base, "o.csv", "--cost", "small.csv"), "lacks the regions C")
    refused(say(*base, "twice.csv", "--cost", "c.csv"), "sum to the national figure")
    refused(say(*base, "o.csv", "--cost", "gone.csv"), "gone.csv")
    refused(say(*base, "o.csv", "--cost", "c.csv", "--cost", "c.csv"), "c")
    refused(say(*base, "o.csv"), "--cost")
    done(say(*base, "twice.csv", "--cost", "c.csv", "--scale-output"))


# ---- nest -------------------------------------------------------------------------------------


def places_of(table: RegionalTable) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = ["01", "02", "03", "04", "05"]
    places = pd.DataFrame(
        {
            "parent": [table.regions[k] for k in (0, 0, 1, 2, 2)],
            "size": [3.0, 1.0, 2.0, 1.0, 1.0],
            "population": [30.0, 10.0, 20.0, 10.0, 10.0],
            "name": list("ABCDE"),
        },
        index=pd.Index(names, name="place"),
    )
    at = np.arange(5.0)
    cost = pd.DataFrame(1.0 + np.abs(at[:, None] - at), index=names, columns=names)
    return places, cost


@pytest.mark.parametrize("preserve", ["flows", "cells"])
def test_a_nested_table_is_that_of_the_library(
    say: Say, table: RegionalTable, preserve: str
) -> None:
    places, cost = places_of(table)
    places.to_csv("places.csv")
    cost.to_csv("cost.csv")
    words = ("places.csv", "--cost", "cost.csv", "--preserve", preserve, "-o", "out.nc", "--json")
    facts = json.loads(done(say("table", "nest", "table.nc", *words)).out)
    expected = nest(table, places, cost, preserve=preserve).to_table()
    assert_table_equal(read_table("out.nc"), expected, rtol=1e-12)
    assert facts["places"] == ["01", "02", "03", "04", "05"]
    assert facts["gap"] < 1e-10
    if preserve == "cells":
        assert facts["multiplier_change"]["largest"] < 1e-8


def test_an_explicit_table_is_pooled_before_it_is_nested(say: Say) -> None:
    made = random_table(3, 3, 2, kind="explicit")
    write_table(made, "e.csv")
    places, cost = places_of(made)
    places.to_csv("places.csv")
    cost.to_csv("cost.csv")
    answer = done(say("table", "nest", "e.csv", "places.csv", "--cost", "cost.csv", "-o", "o.nc"))
    assert "pooled first" in answer.out
    assert "multipliers moved" in answer.out
    assert read_table("o.nc").n_regions == 5


def test_what_places_lack_is_named(say: Say, table: RegionalTable) -> None:
    places, cost = places_of(table)
    cost.to_csv("cost.csv")
    base = ("table", "nest", "table.nc", "places.csv", "--cost", "cost.csv", "-o", "x.nc")
    places.rename(columns={"parent": "parents"}).to_csv("places.csv")
    refused(say(*base), "did you mean 'parents'")
    places.assign(parent="Nowhere").to_csv("places.csv")
    refused(say(*base), "Nowhere")
    places.iloc[:3].to_csv("places.csv")
    refused(say(*base), table.regions[2])
    refused(say(*base, "--max-iterations", "0"), "--max-iterations")


def test_places_that_cannot_be_written_are_refused_before_the_work(
    say: Say, table: RegionalTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    places, cost = places_of(table)
    places.to_csv("places.csv")
    cost.to_csv("cost.csv")
    monkeypatch.setattr("io_tables.nest.LARGEST_TRADE", 700)
    answer = say("table", "nest", "table.nc", "places.csv", "--cost", "cost.csv", "-o", "x.nc")
    assert answer.code == 1
    assert "--gravity" in answer.err
    assert not Path("x.nc").exists()
    given = ("table", "nest", "table.nc", "places.csv", "--cost", "cost.csv", "-o", "x.nc")
    assert "gravity form, 5 places" in say(*given, "--gravity").out
    assert "5 places in 3 regions x 4 sectors" in done(say("table", "info", "x.nc")).out
    assert json.loads(done(say("table", "info", "x.nc", "--json")).out)["preserve"] == "flows"
    assert list(read_table("x.nc").places) == places.index.tolist()


# ---- files ------------------------------------------------------------------------------------


def test_several_costs_are_named_by_word_or_file(tmp_path: Path) -> None:
    COST.to_csv(tmp_path / "road.csv")
    (2 * COST).to_csv(tmp_path / "rail.csv")
    found = read_costs([f"by road={tmp_path / 'road.csv'}", str(tmp_path / "rail.csv")])
    assert isinstance(found, dict)
    assert list(found) == ["by road", "rail"]
    pd.testing.assert_frame_equal(found["rail"], 2 * COST)
    pd.testing.assert_frame_equal(read_costs([str(tmp_path / "road.csv")]), COST)


def test_figures_may_be_left_blank_where_that_means_not_told(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("place,a,b\n01,1,\n02,,4\n", encoding="utf-8")
    found = read_figures(path, blank=True)
    assert list(found.index) == ["01", "02"]
    assert found.isna().to_numpy().tolist() == [[False, True], [True, False]]
    path.write_text("place,sector,jobs\n01,a,1\n02,b,4\n", encoding="utf-8")
    pd.testing.assert_frame_equal(read_figures(path, blank=True), found)


def damaged(text: bytes, rng: np.random.Generator) -> bytes:
    """A file cut, shuffled, doubled, misspelled, in other separators, numbers or encodings."""
    lines = text.split(b"\n")
    at = int(rng.integers(len(text)))
    other = {b"1": b"nan", b"2": b"-5", b"3": b'"', b"0": b"1e308"}
    old = list(other)[int(rng.integers(len(other)))]
    return [
        text[:at],
        text[:at] + bytes([int(rng.integers(256))]) + text[at + 1 :],
        b"\n".join(lines[k] for k in rng.permutation(len(lines))),
        text + lines[int(rng.integers(len(lines)))],
        text.replace(b",", b";;"),
        text.replace(b",", b""),
        text.replace(old, other[old]),
        text.decode().encode("utf-16"),
        b"\n".join(lines[1:]),
    ][int(rng.integers(9))]


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_end_in_a_table_or_in_one_line(
    say: Say, table: RegionalTable, national: RegionalTable, margins: pd.DataFrame, seed: int
) -> None:
    regional_output(national).to_csv("o.csv")
    COST.to_csv("cost.csv")
    places, between = places_of(table)
    places.to_csv("p.csv")
    between.to_csv("pc.csv")
    Path("map.csv").write_text(
        "region,group\n" + "".join(f"{r},all\n" for r in table.regions), encoding="utf-8"
    )
    verbs = [
        ("aggregate table.nc out.nc --regions map.csv", ["map.csv"]),
        ("balance m.csv --rows r.csv --columns c.csv -o out.nc", ["m.csv", "r.csv", "c.csv"]),
        ("estimate national.nc --output o.csv --cost cost.csv -o out.nc", ["o.csv", "cost.csv"]),
        ("nest table.nc p.csv --cost pc.csv -o out.nc", ["p.csv", "pc.csv"]),
    ]
    rng = np.random.default_rng(seed)
    before = sorted(one.name for one in Path().iterdir())
    for words, files in verbs * 3:
        name = Path(files[int(rng.integers(len(files)))])
        whole = name.read_bytes()
        name.write_bytes(damaged(whole, rng))
        answer = say("table", *words.split())
        assert answer.code in (0, 2), answer.err
        assert "--debug" not in answer.err
        made = [] if answer.code else ["out.nc"]
        assert sorted(one.name for one in Path().iterdir()) == sorted([*before, *made])
        name.write_bytes(whole)
        Path("out.nc").unlink(missing_ok=True)
