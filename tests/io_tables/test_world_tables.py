"""World tables as published (small files in their layouts), and the real one of 2011."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from paths import shared
from table_files import closed, wiod_rows, write_book, write_matrix

from io_tables.errors import TableError, UnbalancedTable, UnreadableTable
from io_tables.readers import read_table

HOME = ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT"]
FIGARO = ["P3_S13", "P3_S14", "P3_S15", "P51G", "P5M"]


def expected(table, w):
    order = pd.MultiIndex.from_tuples(w["industries"])
    Z = table.Z.loc[order, order]
    np.testing.assert_allclose(Z.to_numpy(), w["flows"], rtol=1e-12)
    np.testing.assert_allclose(table.x.loc[order], w["output"], rtol=1e-12)
    assert table.Y.to_numpy().sum() == pytest.approx(w["final"].sum(), rel=1e-12)
    assert table.taxes.loc[order].to_numpy() == pytest.approx(w["taxes"], rel=1e-12)
    paid = np.sort(table.data["final_taxes"].values.reshape(-1))
    np.testing.assert_allclose(paid, np.sort(w["taxes_final"]), rtol=1e-12)
    assert table.check() == []


def icio(tmp_path, w, name="ICIO2021_2018.csv", reverse=False):
    below = [("TLS", w["taxes"], w["taxes_final"]), ("VA", w["added"], 0 * w["taxes_final"]),
             ("OUT", w["output"], 0 * w["taxes_final"])]  # fmt: skip
    return write_matrix(tmp_path / name, w, HOME, below, total="OUT", reverse=reverse)


def test_icio_is_read_by_its_labels(tmp_path):
    w = closed(sectors=("01T02", "10_12", "45T47"))
    table = read_table(icio(tmp_path, w))
    expected(table, w)
    assert (table.year, table.unit) == (2018, "million USD 2018")
    assert table.sectors[1] == "10_12"
    assert table.categories == HOME
    assert any("OECD inter-country table" in note for note in table.notes)
    again = read_table(icio(tmp_path, w, "ICIO2016_2011.csv", reverse=True))
    np.testing.assert_array_equal(again.Y.to_numpy(), table.Y.to_numpy())


def test_icio_in_another_order_is_the_same_table(tmp_path):
    w = closed()
    path = icio(tmp_path, w)
    frame = pd.read_csv(path, index_col=0, dtype=str)
    rng = np.random.default_rng(1)
    shuffled = frame.iloc[rng.permutation(len(frame)), rng.permutation(frame.shape[1])]
    shuffled.to_csv(path)
    expected(read_table(path), w)


def test_parts_of_china_and_mexico_are_added_up(tmp_path):
    w = closed(regions=("CHN", "CN1", "CN2", "USA"))
    table = read_table(icio(tmp_path, w))
    assert table.regions == ["CHN", "USA"]
    assert table.x.sum() == pytest.approx(w["output"].sum())
    assert table.x.loc[("USA", "A01")] == pytest.approx(w["output"][6])
    assert any("CN1 to CHN" in note for note in table.notes)


def figaro_rows(w):
    n, K = len(w["output"]), len(w["taxes_final"])
    return [
        ("W2_D21X31", w["taxes"], w["taxes_final"]),
        ("W2_OP_RES", [0.5] * n, [2.0] * K),
        ("W2_D1", 0.6 * w["added"], [0.0] * K),
        ("W2_B2A3G", 0.4 * w["added"] - 0.5, [0.0] * K),
    ]


def test_figaro_in_matrix_and_in_flat_form_is_one_table(tmp_path):
    w = closed(regions=("AT", "DE", "FIGW1"), sectors=("A01", "C10T12"))
    path = tmp_path / "matrix_eu-ic-io_ind-by-ind_24ed_2020.csv"
    table = read_table(write_matrix(path, w, FIGARO, figaro_rows(w), corner="rowLabels"))
    expected(table, w)
    assert table.primaries == ["D1", "B2A3G"]
    assert table.imports.index.tolist() == ["OP_RES"]
    assert table.final_imports.to_numpy().sum() == pytest.approx(2.0 * 15)
    assert table.unit == "million euro 2020"
    flat = tmp_path / "flatfile_eu-ic-io_ind-by-ind_2020.csv"
    with flat.open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        out.writerow(["icioiRow", "icioiCol", "refArea", "rowPi", "counterpartArea", "colPi",
                      "unit", "obsValue"])  # fmt: skip
        columns = [*w["industries"], *((r, c) for r in w["regions"] for c in FIGARO)]
        rows = [(*w["industries"][k], [*w["flows"][k], *w["final"][k]]) for k in range(6)]
        rows += [("W2", label[3:], [*a, *b]) for label, a, b in figaro_rows(w)]
        for area, code, values in rows:
            for (buyer, column), value in zip(columns, values, strict=True):
                out.writerow(["", "", area, code, buyer, column, "MIO_EUR", value])
    again = read_table(flat)
    expected(again, w)
    for letter in ("Z", "x", "va", "imports", "final_imports"):
        np.testing.assert_allclose(getattr(again, letter), getattr(table, letter), rtol=1e-12)


@pytest.mark.parametrize("release", [2013, 2016])
def test_wiod_workbooks_of_both_releases(tmp_path, release):
    w = closed()
    name = "WIOT2014_Nov16_ROW.xlsx" if release == 2016 else "wiot11_row_apr12.xlsx"
    path = write_book(tmp_path / name, wiod_rows(w, release=release), "WIOT")
    table = read_table(path)
    expected(table, w)
    assert table.year == (2014 if release == 2016 else 2011)
    assert table.primaries == ["value added"]
    assert "international transport margins" in table.imports.index
    assert table.imports.to_numpy().sum() == pytest.approx(0.5 * 6)
    assert table.final_imports.to_numpy().sum() == pytest.approx(1.0)
    assert table.categories == ["CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN"]
    assert table.sector_positions(["name of A01"]).tolist() == [0]


def test_rounded_figures_are_settled_and_noted(tmp_path):
    w = closed()
    table = read_table(
        write_book(tmp_path / "wiot11.xlsx", wiod_rows(w, rounded=True), "WIOT_2011")
    )
    np.testing.assert_array_equal(table.Z.to_numpy(), np.rint(w["flows"]))
    assert any("rounding" in note for note in table.notes)


def test_wiod_2016_in_csv(tmp_path):
    w = closed()
    path = tmp_path / "WIOT2014_October16_ROW.csv"
    S = 2
    with path.open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        columns = [f"v{r}{i + 1}" for r in w["regions"] for i in range(S)]
        columns += [f"v{r}{S + 1 + c}" for r in w["regions"] for c in range(5)]
        out.writerow(
            ["IndustryCode", "IndustryDescription", "Country", "RNr", "Year", *columns, "TOT"]
        )
        for k, row in enumerate(wiod_rows(w)[6:]):
            number = k % S + 1 if k < 6 else 65 + k
            out.writerow(
                [*row[:3], number, 2014, *row[4:-1], row[-1] if row[-1] is not None else 0]
            )
    expected(read_table(path), w)


def test_the_world_table_of_2011_is_read_with_the_labels_beside_it():
    table = read_table(shared("data", "mrio", "wiot_2011.npz"))
    assert (table.n_regions, table.n_sectors) == (41, 35)
    china = table.va.sum(axis=0).loc["CHN"].sum()
    assert china == pytest.approx(7.39e6, rel=1e-3)  # million USD, as published
    assert table.va.sum(axis=0).loc["USA"].sum() == pytest.approx(15.16e6, rel=1e-3)
    assert any("rounding" in note for note in table.notes)
    assert any("'country' read as region" in note for note in table.notes)
    assert (table.x == 0).sum() >= 22
    assert all(f.kind == "negative_value_added" for f in table.check())


def test_an_archive_without_regions_says_what_it_lacks():
    with pytest.raises(UnreadableTable, match="columns for region and sector"):
        read_table(shared("data", "mrio", "wiot_regional_2011.npz"))


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8, 0.97])
def test_a_cut_file_is_never_a_table(tmp_path, cut):
    path = icio(tmp_path, closed())
    text = path.read_bytes()
    path.write_bytes(text[: int(cut * len(text))])
    with pytest.raises(TableError):
        read_table(path)


def test_whole_rows_missing_repeated_or_moved_under_another_label_are_refused(tmp_path):
    path = icio(tmp_path, closed())
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], *lines[4:]]))
    with pytest.raises(UnreadableTable, match="without a row: AUT / A01"):
        read_table(path)
    path.write_text("\n".join([*lines[:3], lines[2], *lines[3:]]))
    with pytest.raises(UnreadableTable, match="found twice"):
        read_table(path)
    cells = [line.split(",") for line in lines]
    cells[1][1:], cells[2][1:] = (
        cells[2][1:],
        cells[1][1:],
    )  # numbers swapped, labels and all else not
    cells[1][-1], cells[2][-1] = cells[2][-1], cells[1][-1]
    path.write_text("\n".join(",".join(row) for row in cells))
    with pytest.raises(UnbalancedTable, match="printed output"):
        read_table(path)
    path.write_text("\n".join([*lines[:2], lines[2].replace("AUS_C10-C12", "AUS_C99"), *lines[3:]]))
    with pytest.raises(UnreadableTable, match="unknown meaning: AUS_C99"):
        read_table(path)
