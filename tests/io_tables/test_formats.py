"""Every format: exact round trips, what was detected, damaged files, packages that are missing."""

from __future__ import annotations

import builtins
import importlib
import logging
import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_files import (
    ceads_rows,
    closed,
    economy,
    wiod_rows,
    write_book,
    write_ceads,
    write_matrix,
)
from tables import awkward_table, full_table

from io_tables.errors import (
    InvalidTable,
    MissingExtra,
    MissingTable,
    TableError,
    TableTooLarge,
    UnreadableTable,
)
from io_tables.readers import read_table, write_table
from io_tables.readers.tidy_write import tidy_frame
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table

EXACT = {
    "table.nc": 0.0, "table.zarr": 0.0, "table.npz": 0.0, "table.csv": 0.0, "table.csv.gz": 0.0,
    "table.parquet": 0.0, "folder": 0.0, "table.xlsx": 1e-15,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["explicit", "pooled"])
@pytest.mark.parametrize("name", EXACT)
def test_every_format_brings_back_the_same_table(tmp_path, name, kind):
    table = awkward_table(kind)
    again = read_table(write_table(table, tmp_path / name))
    assert_table_equal(again, table, rtol=EXACT[name])
    assert again.data["region_zh"].values.tolist() == ["北京", "上海"]
    assert (again.name, again.year, again.unit) == (table.name, table.year, table.unit)
    assert again.notes[:2] == table.notes[:2]
    assert again.stressor_units.to_dict() == table.stressor_units.to_dict()
    assert [p.name for p in tmp_path.iterdir()] == [name]  # nothing half-written is left
    assert_table_equal(read_table(write_table(again, tmp_path / name)), table, rtol=EXACT[name])


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4),
    st.sampled_from(["explicit", "pooled"]), st.booleans(),
    st.sampled_from([n for n in EXACT if n not in ("table.zarr",)]),
)  # fmt: skip
def test_any_economy_survives_any_format(tmp_path, seed, regions, sectors, kind, imports, name):
    table = random_table(seed, regions, sectors, kind=kind, imports=imports)
    again = read_table(write_table(table, tmp_path / name))
    assert_table_equal(again, table, rtol=EXACT[name])


def test_what_was_detected_is_noted_and_logged(tmp_path, caplog):
    table = random_table(1, 2, 2)
    with caplog.at_level(logging.INFO, logger="io_tables.readers"):
        again = read_table(write_table(table, tmp_path / "t.xlsx"))
    assert again.notes[-1].startswith("read as a workbook with a sheet for each block from t.xlsx")
    assert "t.xlsx is read as a workbook" in caplog.text
    w = closed()
    n, K = len(w["output"]), len(w["taxes_final"])
    below = [("TLS", w["taxes"], w["taxes_final"]), ("VA", w["added"], [0.0] * K)]
    path = write_matrix(
        tmp_path / "any_name.csv", w, ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT"], below
    )
    assert "columns of final demand such as HFCE" in read_table(path).notes[-1]
    assert n == read_table(path, "icio").x.size


def test_names_that_tell_nothing_are_refused_with_what_would(tmp_path):
    table = random_table(1, 2, 2)
    with pytest.raises(UnreadableTable, match=r"use \.nc, \.zarr"):
        write_table(table, tmp_path / "table.xyz")
    with pytest.raises(UnreadableTable, match="did you mean 'netcdf'"):
        write_table(table, tmp_path / "table.nc", "netcfd")
    with pytest.raises(MissingTable, match="no folder"):
        write_table(table, tmp_path / "nowhere" / "table.nc")
    (tmp_path / "a.xls").write_bytes(b"x")
    with pytest.raises(UnreadableTable, match="old workbook"):
        read_table(tmp_path / "a.xls")


def test_a_hand_made_workbook_with_merged_regions_and_blanks(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Z"
    for row in [
        [None, None, "North", None, "South"], [None, None, "coal", "steel", "coal"],
        ["North", "coal", 10, 20, None], [None, "steel", 30, 40, 5], ["South", "coal", 1, 2, 3],
    ]:  # fmt: skip
        book.active.append(row)
    for name, rows in {
        "Y": [["", "", "homes", "exports"], ["North", "coal", 20, 10], ["North", "steel", 70, 0],
              ["South", "coal", 4, 0]],
        "about": [["units", "million euro"], ["year", 2019]],
    }.items():  # fmt: skip
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "mine.xlsx")
    table = read_table(tmp_path / "mine.xlsx")
    assert (table.unit, table.year) == ("million euro", 2019)
    assert table.sectors == ["coal", "steel"]
    assert table.x.loc[("South", "coal")] == 10.0
    assert table.exports.loc[("North", "coal")] == 10.0
    assert any("1 blank cells were read as zero" in note for note in table.notes)
    assert any("South / steel" in note for note in table.notes)


def test_index_names_of_any_language_and_order_are_forgiven_with_a_note(tmp_path):
    table = random_table(1, 2, 3, kind="explicit")
    swapped = table.Z.copy()
    swapped.index = swapped.index.swaplevel().set_names(["行业", "省份"])
    swapped.columns = swapped.columns.swaplevel().set_names(["行业", "省份"])
    Y = table.Y.iloc[:, :6].copy()
    Y.index = swapped.index
    again = RegionalTable.from_flows(swapped, Y, regions=table.regions, sectors=table.sectors)
    np.testing.assert_array_equal(again.Z.to_numpy(), table.Z.to_numpy())
    assert again.notes == ("index names of Z: '省份' read as region, '行业' as sector",)


def test_words_of_the_long_format_are_no_sectors(tmp_path):
    table = random_table(1, 2, 2)
    data = table.data.assign_coords(sector=["taxes", "b"], sector_from=["taxes", "b"])
    with pytest.raises(InvalidTable, match="its own meaning for the sector names taxes"):
        write_table(RegionalTable(data, "pooled"), tmp_path / "t.csv")


def test_the_long_frame_is_the_file(tmp_path):
    frame = tidy_frame(random_table(1, 2, 2, kind="explicit"))
    assert list(frame.columns) == ["region_from", "sector_from", "region_to", "sector_to", "value"]
    flows = frame[frame["sector_to"].isin(["S0", "S1"]) & (frame["region_from"] != "")]
    assert flows["value"].sum() == pytest.approx(
        random_table(1, 2, 2, kind="explicit").Z.to_numpy().sum()
    )


# --- damaged files ---------------------------------------------------------------------------


def sources(folder):
    """One small good file in each format."""
    table = full_table()
    files = [write_table(table, folder / n) for n in
             ("a.nc", "a.npz", "a.csv", "a.csv.gz", "a.parquet", "a.xlsx")]  # fmt: skip
    w = closed()
    below = [("VA", w["added"] + w["taxes"], 0 * w["taxes_final"])]
    finals = ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT"]
    files.append(write_matrix(folder / "icio_2018.csv", w, finals, below, total="OUT"))
    files.append(write_ceads(folder / "ceads.xlsx", ceads_rows(economy())))
    files.append(write_book(folder / "wiot11.xlsx", wiod_rows(w), "WIOT"))
    return files


def read_or_message(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zip files with entries twice
        try:
            return read_table(path)
        except TableError as error:
            return str(error)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    return [(path, path.read_bytes(), read_table(path)) for path in sources(folder)]


# h5netcdf closes a file that it could not open, and says so in __del__, where nobody can catch it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(
    max_examples=int(os.environ.get("FUZZ", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_cut_files_and_files_with_foreign_bytes_give_one_clear_error_or_the_same_table(
    good, tmp_path, data
):
    path, content, table = data.draw(st.sampled_from(good))
    how = data.draw(
        st.sampled_from(["cut", "byte", "piece twice", "piece gone", "utf-16", "empty"])
    )
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(content) - 1)] * 2)))
    byte = bytes([data.draw(st.integers(0, 255))])
    damaged = {
        "cut": content[:a],
        "byte": content[:a] + byte + content[a + 1 :],
        "piece twice": content[:b] + content[a:b] + content[b:],
        "piece gone": content[:a] + content[b:],
        "utf-16": content.decode("latin-1").encode("utf-16"),
        "empty": b"",
    }[how]
    target = tmp_path / path.name
    target.write_bytes(damaged)
    found = read_or_message(target)
    if isinstance(found, str):
        assert found
        assert "\n" not in found
        return
    # what is still a table balances; figures that nothing else repeats can change by a byte
    assert found.n_regions == table.n_regions or how in ("byte", "piece gone", "piece twice")
    assert not [f for f in found.check() if f.kind == "row_gap"]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "latin-1"])
def test_another_encoding_is_named(tmp_path, encoding):
    text = "region_from,sector_from,region_to,sector_to,value\nété,x,été,final:c,1\n"
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    with pytest.raises(UnreadableTable, match="UTF-8"):
        read_table(tmp_path / "t.csv")


def test_a_file_that_announces_more_than_memory_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("io_tables.readers.grid.physical_memory", lambda: 10_000)
    rows = [f"r{k},s,r{k + 1},s,1" for k in range(200)]
    head = "region_from,sector_from,region_to,sector_to,value"
    (tmp_path / "t.csv").write_text("\n".join([head, *rows, "r0,s,r0,final:c,1"]))
    with pytest.raises(TableTooLarge, match="GiB"):
        read_table(tmp_path / "t.csv")
    (tmp_path / "Z.csv").write_text(
        "," + ",".join(f"s{k}" for k in range(2000)) + "\ns0" + ",1" * 2000
    )
    (tmp_path / "Y.csv").write_text(",y\ns0,1\n")
    with pytest.raises(TableTooLarge):
        read_table(tmp_path)


def test_numbers_that_are_none_are_placed(tmp_path):
    (tmp_path / "Z.csv").write_text(",a,b\na,1,x\nb,3,4\n")
    (tmp_path / "Y.csv").write_text(",y\na,1\nb,1\n")
    with pytest.raises(UnreadableTable, match="in line 2: 'x' in column b"):
        read_table(tmp_path)
    (tmp_path / "Z.csv").write_text(",a,b\na,1,2\nb,3\n")
    with pytest.raises(UnreadableTable, match="3 columns, row 3 has 2; is the file complete"):
        read_table(tmp_path)


def test_pickled_arrays_are_never_loaded(tmp_path):
    np.savez(tmp_path / "t.npz", Z=np.array([{"a": 1}], dtype=object), Y=np.ones(1))
    with pytest.raises(UnreadableTable, match="not a readable"):
        read_table(tmp_path / "t.npz")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("t.xlsx", "openpyxl", "excel"),
        ("t.parquet", "pyarrow", "parquet"),
        ("t.zarr", "zarr", "zarr"),
        ("folder", "pymrio", "pymrio"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch, name, package, extra):
    real = importlib.import_module

    def without(module, *rest):
        if module.split(".")[0] == package:
            raise ImportError(f"No module named {package!r}")
        return real(module, *rest)

    monkeypatch.setattr("io_tables.extras.importlib.import_module", without)
    with pytest.raises(MissingExtra, match=rf"hinterland\[{extra}\]"):
        write_table(
            random_table(1, 2, 2), tmp_path / name, "pymrio" if package == "pymrio" else None
        )
    assert issubclass(MissingExtra, ImportError)


def test_no_optional_package_is_imported_before_it_is_needed():
    assert "pymrio" not in vars(importlib.import_module("io_tables.readers"))
    assert builtins.__import__  # the readers themselves import nothing optional at their top
    import subprocess
    import sys

    code = (
        "import sys, io_tables.readers; "
        "print([m for m in ('openpyxl', 'pyarrow', 'zarr', 'pymrio') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() in ("[]", "['pyarrow']")  # pandas may load pyarrow by itself


@pytest.mark.parametrize("kind", ["explicit", "pooled", "sparse"])
def test_a_long_file_is_the_same_in_pieces_of_any_size(tmp_path, monkeypatch, kind):
    table = full_table()
    table = {"explicit": table, "pooled": table.pooled(), "sparse": table.sparse()}[kind]
    whole = write_table(table, tmp_path / "whole.csv").read_bytes()
    monkeypatch.setattr("io_tables.readers.tidy_write.PIECE_CELLS", 7)
    monkeypatch.setattr("io_tables.readers.tidy.PIECE_ROWS", 5)
    path = write_table(table, tmp_path / "t.csv")
    assert path.read_bytes() == whole
    assert_table_equal(read_table(path), table, rtol=0.0)
    write_table(table, tmp_path / "t.parquet")
    assert_table_equal(read_table(tmp_path / "t.parquet"), table, rtol=0.0)
