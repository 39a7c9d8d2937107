"""The verbs about tables: what they write is what the library returns, whole or not at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from cli_answers import Say, done, refused, say_with

from io_tables.aggregate import aggregate
from io_tables.balance import ras
from io_tables.china import load_china
from io_tables.readers import read_table
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table
from model.cli.frames import read_matrix
from model.cli.output import beside
from model.errors import OutputRefused


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch) -> Say:
    monkeypatch.chdir(tmp_path)
    return say_with(capsys)


@pytest.fixture
def table(tmp_path: Path) -> RegionalTable:
    made = random_table(1, 3, 4)
    made.to_netcdf(tmp_path / "table.nc")
    return made


# ---- check ------------------------------------------------------------------------------------


def test_a_sound_table_checks_with_code_0(say: Say, table: RegionalTable) -> None:
    assert "everything adds up" in done(say("table", "check", "table.nc")).out
    facts = json.loads(say("table", "check", "table.nc", "--json").out)
    assert facts["sound"] is True


def test_columns_that_miss_output_are_listed_and_end_with_code_1(say: Say, tmp_path: Path) -> None:
    Z = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]])
    flows = RegionalTable.from_flows(
        Z.to_numpy(), np.array([10.0, 10.0]), va=np.array([5.0, 5.0]),
        regions=["North"], sectors=["a", "b"],
    )  # fmt: skip
    flows.to_netcdf(tmp_path / "gap.nc")
    answer = say("table", "check", "gap.nc")
    assert answer.code == 1
    assert "column_gap" in answer.out
    assert "North / a" in answer.out
    facts = json.loads(say("table", "check", "gap.nc", "--json").out)
    assert facts["sound"] is False
    assert facts["findings"][0]["kind"] == "column_gap"
    assert done(say("table", "check", "gap.nc", "--tolerance", "0.9"))


def test_a_table_that_is_refused_is_a_finding_of_check(say: Say, tmp_path: Path) -> None:
    (tmp_path / "off").mkdir()
    (tmp_path / "off" / "Z.csv").write_text(",,A,A\n,,s,t\nA,s,1,2\nA,t,3,4\n", encoding="utf-8")
    (tmp_path / "off" / "Y.csv").write_text(",,A\n,,c\nA,s,10\nA,t,10\n", encoding="utf-8")
    (tmp_path / "off" / "x.csv").write_text(",,x\nA,s,99\nA,t,17\n", encoding="utf-8")
    answer = say("table", "check", "off")
    assert answer.code == 1
    assert "99" in answer.out
    findings = json.loads(say("table", "check", "off", "--json").out)["findings"]
    assert {one["kind"] for one in findings} == {"refused"}


# ---- convert ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.csv", "t.npz", "t.xlsx", "folder", "t.parquet", "t.zarr"])
def test_a_table_goes_to_any_format_and_back(say: Say, table: RegionalTable, name: str) -> None:
    done(say("table", "convert", "table.nc", name))
    done(say("table", "convert", name, "back.nc"))
    assert_table_equal(read_table("back.nc"), table, rtol=1e-12)


def test_formats_can_be_said(say: Say, table: RegionalTable) -> None:
    done(say("table", "convert", "table.nc", "odd.dat", "--to", "npz"))
    done(say("table", "convert", "odd.dat", "back.nc", "--from", "npz"))
    refused(say("table", "convert", "table.nc", "x.dat"), "x.dat", "format")
    refused(say("table", "convert", "table.nc", "x.dat", "--to", "netcdff"), "did you mean")
    refused(say("table", "convert", "table.nc", "x.nc", "--from", "exel"), "did you mean")


def test_a_table_is_spelled_out_and_put_in_other_money(say: Say, tmp_path: Path) -> None:
    data = random_table(1, 2, 2).data.copy()
    for name in data.data_vars:
        if data[name].attrs["units"] not in ("1", "persons"):
            data[name].attrs["units"] = "million yuan 2020"
    RegionalTable(data, "pooled").to_netcdf(tmp_path / "yuan.nc")
    words = ("--kind", "explicit", "--units", "billion yuan 2020")
    done(say("table", "convert", "yuan.nc", "new.nc", *words))
    new, old = read_table("new.nc"), read_table("yuan.nc")
    assert new.kind == "explicit"
    assert new.unit == "billion yuan 2020"
    np.testing.assert_allclose(new.x * 1000, old.x, rtol=1e-12)
    refused(say("table", "convert", "yuan.nc", "n2.nc", "--factor", "2"), "--units")


def test_the_embedded_table_is_a_name(say: Say) -> None:
    done(say("table", "convert", "china:2020", "china.nc"))
    assert_table_equal(read_table("china.nc"), load_china())


def test_the_embedded_cities_are_a_name_and_are_shown_by_name(say: Say) -> None:
    assert "310000 Shanghai" in done(say("table", "info", "china:2020:city")).out
    facts = json.loads(say("table", "info", "china:2020:city", "--json").out)
    assert len(facts["regions"]) == 341


def test_nothing_is_written_over_unless_asked(say: Say, table: RegionalTable) -> None:
    kept = Path("kept.nc")
    kept.write_text("mine", encoding="utf-8")
    refused(say("table", "convert", "table.nc", kept), "kept.nc", "--replace")
    assert kept.read_text(encoding="utf-8") == "mine"
    done(say("table", "convert", "table.nc", kept, "--replace"))
    assert_table_equal(read_table(kept), table)


def test_a_folder_with_other_things_is_never_replaced(say: Say, table: RegionalTable) -> None:
    Path("home").mkdir()
    Path("home/letter.txt").write_text("dear", encoding="utf-8")
    refused(say("table", "convert", "table.nc", "home", "--replace"), "home")
    assert Path("home/letter.txt").exists()
    done(say("table", "convert", "table.nc", "folder"))
    done(say("table", "convert", "table.nc", "folder", "--replace"))
    assert_table_equal(read_table("folder"), table)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["convert", "gone.nc", "x.nc"], ["gone.nc"]),
        (["convert", "tabel.nc", "x.nc"], ["did you mean 'table.nc'"]),
        (["convert", "table.nc", "no/x.nc"], ["no folder"]),
        (["convert", "table.nc"], ["OUT"]),
        (["convert", "table.nc", "x.nc", "--two", "csv"], ["did you mean '--to'"]),
        (["convert", "china:1999", "x.nc"], ["china:1999"]),
        (["aggregate", "table.nc", "x.nc"], ["--regions"]),
        (["check", "table.nc", "--tolerance", "-1"], ["--tolerance"]),
        (["template", "x.docx"], [".xlsx"]),
        (["template", "x", "--sheets", "impots"], ["did you mean 'imports'"]),
        (["template", "x", "--regions", "A,A"], ["twice: A"]),
        (["template", "x", "--regions", "gone.txt"], ["gone.txt"]),
        (["balnce"], ["did you mean 'balance'"]),
    ],
)
def test_wrong_words_get_one_line_and_leave_nothing(
    say: Say, table: RegionalTable, words: list[str], expected: list[str]
) -> None:
    refused(say("table", *words), *expected)
    assert sorted(one.name for one in Path().iterdir()) == ["table.nc"]


def test_a_block_that_ends_early_leaves_the_old_file_and_nothing_new(tmp_path: Path) -> None:
    target = tmp_path / "t.csv"
    target.write_text("old", encoding="utf-8")

    def half_written() -> None:
        with beside(target, replace=True) as made:
            made.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_written()
    assert target.read_text(encoding="utf-8") == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]
    with pytest.raises(OutputRefused), beside(target, replace=False):
        pass


# ---- aggregate --------------------------------------------------------------------------------


def test_aggregation_is_that_of_the_library(say: Say, table: RegionalTable) -> None:
    regions = dict(zip(table.regions, ["East", "West", "East"], strict=True))
    lines = "region,group\n" + "".join(f"{k},{v}\n" for k, v in regions.items())
    Path("r.csv").write_text(lines, encoding="utf-8")
    first, second, third, fourth = table.sectors
    Path("s.csv").write_text(
        f";goods;services\n{first};1;0\n{second};1;\n{third};0.25;0.75\n{fourth};0;1\n",
        encoding="utf-8",
    )
    words = ("--regions", "r.csv", "--sectors", "s.csv", "--json")
    facts = json.loads(done(say("table", "aggregate", "table.nc", "out.nc", *words)).out)
    weights = pd.DataFrame(
        [[1, 0], [1, 0], [0.25, 0.75], [0, 1]], index=table.sectors, columns=["goods", "services"]
    )
    assert_table_equal(
        read_table("out.nc"), aggregate(table, regions=regions, sectors=weights), rtol=1e-12
    )
    assert facts["regions"] == ["East", "West"]
    for name, before in facts["before"].items():
        assert facts["after"][name] == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("region,group\nNowhere,a\n", ["Nowhere"]),
        ("region,group,weight\nx,a\n", ["row 2"]),
        ("region\n", ["heads"]),
        ("region,group,weight\nx,a,much\n", ["x / weight ('much')"]),
    ],
)
def test_a_wrong_map_is_named(
    say: Say, table: RegionalTable, text: str, expected: list[str]
) -> None:
    Path("m.csv").write_text(text, encoding="utf-8")
    refused(say("table", "aggregate", "table.nc", "x.nc", "--regions", "m.csv"), *expected)
    assert not Path("x.nc").exists()


def test_a_map_that_is_not_utf8_is_named(say: Say, table: RegionalTable) -> None:
    Path("m.csv").write_bytes("region,group\n北京,a\n".encode("gbk"))
    refused(say("table", "aggregate", "table.nc", "x.nc", "--regions", "m.csv"), "UTF-8")


# ---- balance ----------------------------------------------------------------------------------


@pytest.fixture
def margins(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "m.csv").write_text("to,x,y\na,1,2\nb,3,4\n", encoding="utf-8")
    (tmp_path / "r.csv").write_text("row,total\nb,8\na,4\n", encoding="utf-8")  # another order
    (tmp_path / "c.csv").write_text("column,total\nx,5\ny,7\n", encoding="utf-8")
    return pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["a", "b"], columns=["x", "y"])


FILES = ("--rows", "r.csv", "--columns", "c.csv", "-o", "out.csv")


def test_a_matrix_is_balanced_to_totals_by_label(say: Say, margins: pd.DataFrame) -> None:
    facts = json.loads(done(say("table", "balance", "m.csv", *FILES, "--json")).out)
    expected = ras(margins, np.array([4.0, 8.0]), np.array([5.0, 7.0])).frame
    pd.testing.assert_frame_equal(read_matrix(Path("out.csv")), expected, rtol=1e-14)
    assert facts["status"] == "converged"
    assert facts["margin_gap"] < 1e-11
    assert "RAS: converged" in done(say("table", "balance", "m.csv", *FILES, "--replace")).out


def test_a_matrix_with_two_levels_keeps_its_labels(say: Say, table: RegionalTable) -> None:
    Z = table.Z
    Z.to_csv("Z.csv")
    (Z.sum(axis=1) * 1.5).rename("total").to_csv("r.csv")
    (Z.sum(axis=0) * 1.5).rename("total").to_csv("c.csv")
    done(say("table", "balance", "Z.csv", *FILES, "--method", "gras"))
    found = read_matrix(Path("out.csv"))
    assert list(found.index) == list(Z.index)
    np.testing.assert_allclose(found.to_numpy(), 1.5 * Z.to_numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("c.csv", "column,total\nx,5\ny,9\n", ["14"]),
        ("c.csv", "column,total\nx,5\nz,7\n", ["y"]),
        ("m.csv", "to,x,y\na,1,-2\nb,3,4\n", ["use gras"]),
        ("m.csv", "to,x,y\na,1,two\nb,3,4\n", ["a / y ('two')"]),
        ("m.csv", "to,x,y\na,1,2\na,3,4\n", ["twice: a"]),
        ("r.csv", "row,total\na,\nb,8\n", ["a / total ('')"]),
    ],
)
def test_impossible_margins_are_named_and_nothing_is_written(
    say: Say, margins: pd.DataFrame, file: str, text: str, expected: list[str]
) -> None:
    Path(file).write_text(text, encoding="utf-8")
    refused(say("table", "balance", "m.csv", *FILES), *expected)
    assert not Path("out.csv").exists()


def test_totals_that_are_not_reached_end_with_code_1(say: Say, margins: pd.DataFrame) -> None:
    answer = say("table", "balance", "m.csv", *FILES, "--max-iterations", 1, "--tolerance", 1e-14)
    assert answer.code == 1
    assert "missed" in answer.err
    assert not Path("out.csv").exists()


# ---- template ---------------------------------------------------------------------------------


def filled(rows: list[list[str]], heads: int, labels: int, values: np.ndarray) -> list[list[str]]:
    body = [
        [*row[:labels], *map(str, line)]
        for row, line in zip(rows[heads:], values.tolist(), strict=True)
    ]
    return rows[:heads] + body


def numbers() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    Z, Y = rng.integers(1, 9, (4, 4)), rng.integers(20, 30, (4, 4))
    x = Z.sum(axis=1) + Y.sum(axis=1)
    va = x - Z.sum(axis=0)
    return {"Z": Z, "Y": Y, "va": np.stack([va // 2, va - va // 2])}


def expected_table(values: dict[str, np.ndarray]) -> RegionalTable:
    pairs = pd.MultiIndex.from_product([["North", "South"], ["Goods", "Services"]])
    final = pd.MultiIndex.from_product([["North", "South"], ["use", "stocks"]])
    return RegionalTable.from_flows(
        pd.DataFrame(values["Z"], index=pairs, columns=pairs),
        pd.DataFrame(values["Y"], index=pairs, columns=final),
        va=pd.DataFrame(values["va"], columns=pairs,
                        index=["compensation of employees", "other value added"]),
        imports=np.zeros((1, 4)), exports=np.zeros(4), units="million EUR 2020", year=2020,
        name="my table",
    )  # fmt: skip


LAYOUT = {"Z": (2, 2), "Y": (2, 2), "va": (2, 1)}


def test_a_filled_folder_is_a_table(say: Say) -> None:
    done(say("table", "template", "t", "--categories", "use,stocks"))
    refused(say("table", "info", "t"), "Z")  # nothing is filled in yet
    values = numbers()
    for name, (heads, labels) in LAYOUT.items():
        path = Path("t") / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            rows = filled(list(csv.reader(lines)), heads, labels, values[name])
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows(rows)
    done(say("table", "check", "t"))
    table, wanted = read_table("t"), expected_table(values)
    for name in ("flows", "final_demand", "output", "value_added", "exports"):
        np.testing.assert_array_equal(table.data[name].values, wanted.data[name].values)
    assert (table.name, table.unit, table.year) == ("my table", "million EUR 2020", 2020)
    assert table.primaries == wanted.primaries


def test_a_filled_workbook_is_a_table(say: Say) -> None:
    done(say("table", "template", "t.xlsx", "--categories", "use,stocks"))
    refused(say("table", "info", "t.xlsx"), "numbers")
    values = numbers()
    book = openpyxl.load_workbook("t.xlsx")
    for name, (heads, labels) in LAYOUT.items():
        for (i, j), value in np.ndenumerate(values[name]):
            book[name].cell(heads + i + 1, labels + j + 1, int(value))
    book.save("t.xlsx")
    done(say("table", "check", "t.xlsx"))
    np.testing.assert_array_equal(read_table("t.xlsx").Z, values["Z"])
    assert read_table("t.xlsx").regions == ["North", "South"]


def test_names_come_from_a_file_of_lines(say: Say) -> None:
    Path("names.txt").write_text("Fish, fresh\nOil\n", encoding="utf-8")
    done(say("table", "template", "t", "--sectors", "names.txt", "--sheets", "x,population"))
    assert sorted(one.stem for one in Path("t").iterdir()) == ["Y", "Z", "about", "population", "x"]
    with Path("t/x.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows[1] == ["North", "Fish, fresh", ""]
