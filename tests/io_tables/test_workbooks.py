"""Cells of workbooks, scanned here and by openpyxl; workbooks that are broken off."""

from __future__ import annotations

import gc
import io
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import full_table

import io_tables.readers.excel as excel
from io_tables.container.sheets import sheet_sizes, to_sheets
from io_tables.errors import TableTooLarge, UnreadableTable
from io_tables.readers import read_table, write_table
from io_tables.readers.book import Book
from io_tables.readers.sheet_cells import SheetCells, column_of, scan_rows
from io_tables.testing import random_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
CELLS = SheetCells(["shared & text", ""], {7}, lambda number: f"day {number:g}")
VALUES = st.one_of(
    st.none(),
    st.floats(-1e12, 1e12).map(lambda v: float(f"{v:.15g}")),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.text("aZ é中<&>\"' \n0", min_size=1, max_size=8).filter(lambda t: not t.startswith("=")),
    st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)).map(
        lambda d: d.replace(microsecond=0)
    ),
)


def scanned(rows: str, *, root: str = "worksheet", prefix: str = "") -> list[tuple[int, list]]:
    p = f"{prefix}:" if prefix else ""
    space = f'xmlns:{prefix}="{MAIN}"' if prefix else f'xmlns="{MAIN}"'
    xml = f"<{p}{root} {space}><{p}sheetData>{rows}</{p}sheetData></{p}{root}>"
    return list(scan_rows(io.BytesIO(xml.encode()), CELLS))


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=1, max_size=6))
def test_cells_are_what_openpyxl_reads(rows) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.xlsx"
        book.save(path)
        with Book(path) as opened:
            found = list(opened.rows("Sheet"))
        twin = openpyxl.load_workbook(path, read_only=True, data_only=True)
        wanted = [
            (k, list(row))
            for k, row in enumerate(twin["Sheet"].iter_rows(values_only=True), start=1)
            if any(cell not in (None, "") for cell in row)
        ]
        twin.close()
    assert [number for number, _ in found] == [number for number, _ in wanted]
    for (_, ours), (_, theirs) in zip(found, wanted, strict=True):
        assert ours == theirs[: len(ours)]
        assert all(cell is None for cell in theirs[len(ours) :])


def test_every_kind_of_cell_is_told_by_its_codes() -> None:
    row = (
        '<row r="3"><c r="A3"><v>1.5</v></c><c r="C3" t="s"><v>0</v></c>'
        '<c r="D3" t="b"><v>1</v></c><c r="E3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c r="F3" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r>'
        "<rPh><t>read so</t></rPh></is></c>"
        '<c r="G3" s="7"><v>43831</v></c><c r="H3" s="2"/><c r="AA3" s="2"><v>-2E-3</v></c></row>'
    )
    number, cells = scanned(row)[0]
    assert number == 3
    assert cells[:7] == [1.5, None, "shared & text", True, "#DIV/0!", "inline", "day 43831"]
    assert cells[26] == -0.002
    assert cells[7:26] == [None] * 19


def test_prefixes_and_places_left_out_are_understood() -> None:
    row = "<x:row><x:c><x:v>1</x:v></x:c><x:c/><x:c><x:v>3</x:v></x:c></x:row>"
    assert scanned(row * 2, prefix="x") == [(1, [1.0, None, 3.0]), (2, [1.0, None, 3.0])]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "out of order at A1"),
        ('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "twice"),
        ('<row r="2"></row><row r="2"></row>', "row 2 comes after row 2"),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "no column 'XFE'"),
        ('<row r="1"><c r="7"><v>1</v></c></row>', "no column ''"),
        ('<row r="1"><c r="A1"><v>1,5</v></c></row>', "1,5"),
        ('<row r="1"><c r="A1" t="s"><v>9</v></c></row>', "range"),
        ('<row r="1"><c r="A1"><v>1</c></row>', "damaged"),
    ],
)
def test_cells_that_are_not_what_they_say_are_refused(rows, message) -> None:
    with pytest.raises((ValueError, IndexError), match=message):
        scanned(rows)
    assert column_of("XFD") == 16_383


def test_a_sheet_that_is_no_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="chartsheet"):
        scanned("", root="chartsheet")


def test_a_sheet_broken_in_its_archive_is_one_clear_error(tmp_path) -> None:
    path = write_table(random_table(1, 3, 3), tmp_path / "t.xlsx")
    whole = zipfile.ZipFile(path)
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(broken, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            archive.writestr(name, content[:-40] if "sheet2" in name else content)
    with pytest.raises(UnreadableTable, match=r"broken.xlsx"):
        read_table(broken)


def test_a_workbook_that_is_broken_off_leaves_nothing_and_says_nothing(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    (tmp_path / "work").mkdir()
    target = tmp_path / "t.xlsx"
    target.write_text("what was there")
    write, seen = excel._write_sheet, []

    def stop(openpyxl_, sheet, frame):
        seen.append(sheet)
        if len(seen) < 3:
            return write(openpyxl_, sheet, frame)
        sheet.append(["half", 1.0])
        raise KeyboardInterrupt

    monkeypatch.setattr(excel, "_write_sheet", stop)
    with pytest.raises(KeyboardInterrupt):
        write_table(random_table(1, 3, 3), target)
    gc.collect()
    assert target.read_text() == "what was there"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["t.xlsx", "work"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["explicit", "pooled", "sparse"])
def test_sheets_are_as_large_as_was_said_before_any_was_made(tmp_path, kind) -> None:
    table = full_table()
    table = {"explicit": table, "pooled": table.pooled(), "sparse": table.sparse()}[kind]
    sizes = sheet_sizes(table)
    assert set(sizes) == set(to_sheets(table))
    book = openpyxl.load_workbook(write_table(table, tmp_path / "t.xlsx"))
    for name, size in sizes.items():
        assert (book[name].max_row, book[name].max_column) == size


def test_a_table_too_long_or_too_wide_for_a_sheet_is_refused_before_work(
    tmp_path, monkeypatch
) -> None:
    table = random_table(0, 2, 3, kind="explicit")
    sizes = sheet_sizes(table).values()
    rows, columns = max(r for r, _ in sizes), max(c for _, c in sizes)
    monkeypatch.setattr(excel, "MOST_ROWS", rows)
    monkeypatch.setattr(excel, "MOST_COLUMNS", columns)
    write_table(table, tmp_path / "fits.xlsx")
    monkeypatch.setattr(excel, "to_sheets", lambda table: pytest.fail("sheets were made"))
    for name, value in (("MOST_ROWS", rows - 1), ("MOST_COLUMNS", columns - 1)):
        with monkeypatch.context() as patch:
            patch.setattr(excel, name, value)
            for one in (table, table.sparse()):
                with pytest.raises(TableTooLarge, match=r"Z \(8 x 8\)") as caught:
                    write_table(one, tmp_path / "t.xlsx")
                assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["fits.xlsx"]
