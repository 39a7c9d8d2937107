"""The provincial workbook of CEADs: blocks, labels and quirks, on workbooks written here."""

from __future__ import annotations

import numpy as np
import pytest
from table_files import PROVINCES, SECTORS, ceads_rows, economy, write_ceads

from io_tables.errors import TableError, UnbalancedTable, UnreadableTable
from io_tables.readers import read_table
from io_tables.readers.ceads import read_ceads
from io_tables.readers.ceads_labels import canonical_sectors, kind_of


def expected(table, e):
    np.testing.assert_allclose(table.Z.to_numpy(), e["flows"], rtol=1e-12)
    np.testing.assert_allclose(table.exports, e["exports"], rtol=1e-12)
    np.testing.assert_allclose(table.discrepancy, e["errors"], rtol=1e-12)
    np.testing.assert_allclose(table.va.to_numpy(), e["added"], rtol=1e-12)
    np.testing.assert_allclose(table.x, e["output"], rtol=1e-12)
    inner = table.Y.to_numpy()[:, : e["final"].shape[1]]
    np.testing.assert_allclose(inner, e["final"], rtol=1e-12)


@pytest.mark.parametrize("chinese", [False, True])
def test_every_block_of_the_workbook_lands_where_it_belongs(tmp_path, chinese):
    e = economy()
    table = read_table(write_ceads(tmp_path / "MRIO.xlsx", ceads_rows(e, chinese=chinese)))
    expected(table, e)
    assert table.kind == "explicit"
    assert (table.year, table.unit) == (2020, "10,000 yuan 2020")
    assert table.regions == [p[0] for p in PROVINCES]
    assert table.data["region_code"].values.tolist() == ["110000", "150000", "610000"]
    assert table.data["sector_code"].values.tolist() == [s[0] for s in SECTORS]
    np.testing.assert_allclose(table.imports.to_numpy(), [e["imports"]], rtol=1e-12)
    assert table.primaries[0] == "compensation of employees"
    assert table.categories[1] == "urban household consumption"
    assert table.sectors[0] == "Agriculture, forestry, animal husbandry and fishery"
    assert table.sectors[2] == ("闻所未闻" if chinese else "Extraction of something unheard of")
    assert table.stressors.index.tolist() == ["CO2"]
    assert table.stressor_units.tolist() == ["Mt"]
    assert any("CEADs provincial workbook" in note for note in table.notes)
    assert table.region_positions(["北京市", "150000"]).tolist() == [0, 1]


def test_imports_and_errors_are_shown_with_their_size_by_province(tmp_path):
    e = economy()
    table = read_table(write_ceads(tmp_path / "MRIO.xlsx", ceads_rows(e)))
    findings = table.check()
    assert [f.kind for f in findings] == ["source_block", "source_block"]
    assert {f.level for f in findings} == {"note"}
    shown = {f.message.split()[0]: f.message for f in findings}
    by_province = e["errors"].reshape(3, 4).sum(axis=1)
    assert f"Inner Mongolia {by_province[1]:.6g}" in shown["discrepancy"]
    by_province = e["imports"].reshape(3, 4).sum(axis=1)
    assert f"Shaanxi {by_province[2]:.6g}" in shown["imported_use"]
    assert table.check(strict=True) == findings  # notes are no failures
    # solving for the final vector gives the output back: the error is part of it
    A = table.A.to_numpy()
    np.testing.assert_allclose(np.linalg.solve(np.eye(len(A)) - A, table.f), table.x, rtol=1e-10)


def test_imports_by_product_are_told_by_product_and_for_final_use(tmp_path):
    e = economy()
    table = read_table(write_ceads(tmp_path / "MRIO.xlsx", ceads_rows(e, by_product=True)))
    assert table.imports.index.tolist() == table.sectors
    np.testing.assert_allclose(table.imports.iloc[0], 0.5 * e["imports"], rtol=1e-12)
    assert table.final_imports.to_numpy().sum() == pytest.approx(15 * (1 + 2 + 3 + 4))
    expected(table, e)


def test_errors_printed_with_the_other_sign_are_turned_and_noted(tmp_path):
    e = economy()
    table = read_table(write_ceads(tmp_path / "MRIO.xlsx", ceads_rows(e, sign=-1)))
    np.testing.assert_allclose(table.discrepancy, e["errors"], rtol=1e-12)
    assert any("sign is turned" in note for note in table.notes)


def test_the_english_sheet_is_taken_and_two_years_are_refused(tmp_path):
    e = economy()
    path = tmp_path / "MRIO.xlsx"
    write_ceads(path, ceads_rows(e), "Table_2018_English Version", others=("Table_2018",))
    assert read_ceads(path).year == 2018
    write_ceads(path, ceads_rows(e), "Table_2018", others=("Table_2020",))
    with pytest.raises(UnreadableTable, match="several years"):
        read_ceads(path)
    assert read_ceads(path, sheet="Table_2018").year == 2018


def _without(rows, k):
    return [row for i, row in enumerate(rows) if i != k]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda rows: _without(rows, 6), "without a row: Beijing / .*unheard"),
        (lambda rows: [*rows[:6], rows[6], *rows[6:]], "found twice: Beijing"),
        (lambda rows: rows[:9], "without a row"),
        (lambda rows: _without(rows, 3), "header rows"),
        (lambda rows: [*rows[:7], [*rows[7][:5], "n.a.", *rows[7][6:]], *rows[8:]], "'n.a.'"),
        (lambda rows: [*rows[:7], [*rows[7][:5], None, *rows[7][6:-3], 1e9, 0, 0], *rows[8:]],
         "printed output"),
        (lambda rows: [*rows[:8], [*rows[8][:3], *[None] * (len(rows[8]) - 3)], *rows[9:]],
         "without a row|no numbers"),
        (lambda rows: [[*row[:5], *row[6:]] for row in rows], "."),
    ],
)  # fmt: skip
def test_a_damaged_workbook_is_refused_with_the_place(tmp_path, damage, message):
    rows = damage(ceads_rows(economy()))
    path = write_ceads(tmp_path / "MRIO.xlsx", rows, merge=False)
    with pytest.raises(TableError, match=message):
        read_ceads(path)


def test_swapped_columns_cannot_pass_for_a_table(tmp_path):
    rows = ceads_rows(economy())
    for row in rows[4:16]:
        row[3], row[4] = row[4], row[3]  # flows swapped, headers not: rows still add up
        row[20], row[-3] = row[-3], row[20]  # output swapped with a flow: they do not
    with pytest.raises(UnbalancedTable):
        read_ceads(write_ceads(tmp_path / "MRIO.xlsx", rows))


def test_names_of_totals_and_errors_are_told_apart():
    assert kind_of("", "Gross Output Check", "column") == "total"
    assert kind_of("", "Proportion of errors in gross output (less than 5%)", "column") == "total"
    assert kind_of("", "Others", "column") == "discrepancy"
    assert kind_of("", "总产出", "column") == "output"
    assert kind_of("", "其他制造产品", "column") == "note"
    labels, coords = canonical_sectors({"01": "金融", "02": "CONSTRUCTION"})
    assert list(labels.values()) == ["Finance", "Construction"]
    assert coords["sector_zh"][1] == ["金融", "建筑"]
