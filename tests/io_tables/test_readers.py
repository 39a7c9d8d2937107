"""Files: exact round trips, forgiven names, one clear error for what is not a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from io_tables.errors import (
    InvalidTable,
    MissingTable,
    TableError,
    UnbalancedTable,
    UnreadableTable,
)
from io_tables.readers import read_table, write_csv_folder
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_netcdf_brings_back_every_bit(tmp_path, kind):
    d = random_table(1, 2, 3, kind=kind)
    table = RegionalTable(
        d.data.assign_coords(region_zh=("region", ["北京", "上海"])).assign_attrs(
            notes="trade is an estimate\nTibet has the technology of Qinghai"
        ),
        kind,
    )
    path = table.to_netcdf(tmp_path / "table.nc")
    again = read_table(path)
    assert_table_equal(again, table, rtol=0.0)
    assert (again.kind, again.name, again.year, again.unit) == (kind, "random", 2020, d.unit)
    assert again.notes == table.notes
    assert len(again.notes) == 2
    assert again.region_positions(["上海"]).tolist() == [1]
    assert [p.name for p in tmp_path.iterdir()] == ["table.nc"]
    table.to_netcdf(path)  # replaces the file while `again` is alive


def test_a_folder_of_csv_brings_back_every_digit(tmp_path):
    table = random_table(1, 2, 3, kind="explicit")
    again = read_table(write_csv_folder(table, tmp_path / "table"))
    assert_table_equal(again, table, rtol=1e-15)
    assert (again.name, again.year) == ("random", 2020)


def test_a_pooled_table_stays_pooled_in_a_folder(tmp_path):
    table = random_table(1, 2, 3)
    again = read_table(write_csv_folder(table, tmp_path / "table"))
    assert_table_equal(again, table, rtol=0.0)


def test_a_one_region_folder_needs_one_header_row_only(tmp_path):
    (tmp_path / "Z.csv").write_text("sector,coal,steel\ncoal,10,20\nsteel,30,40\n")
    (tmp_path / "Y.csv").write_text("sector,homes,exports\nsteel,20,10\ncoal,70,0\n")
    (tmp_path / "va.csv").write_text("kind,steel,coal\nlabour,30,50\nother,10,10\n")
    table = read_table(tmp_path)
    np.testing.assert_array_equal(table.x, [100.0, 100.0])
    np.testing.assert_array_equal(table.exports, [0.0, 10.0])
    assert table.va.to_numpy().tolist() == [[50.0, 30.0], [10.0, 10.0]]


def test_names_as_pymrio_writes_them_are_forgiven(tmp_path):
    table = random_table(1, 2, 3, kind="explicit")
    table.Z.to_csv(tmp_path / "Z.txt", sep="\t")
    table.Y.to_csv(tmp_path / "Y.txt", sep="\t")
    again = read_table(tmp_path)
    np.testing.assert_allclose(again.Z, table.Z, rtol=1e-15)
    np.testing.assert_allclose(again.Y, table.Y, rtol=1e-15)


def test_codes_stay_text(tmp_path):
    header = "region,,110000,110000,120000,120000\nsector,,01,02,01,02\nregion,sector,,,,\n"
    rows = [f"{r},{s},1,2,3,4" for r in ("110000", "120000") for s in ("01", "02")]
    (tmp_path / "Z.csv").write_text(header + "\n".join(rows) + "\n")
    (tmp_path / "Y.csv").write_text(
        "region,,110000,120000\ncategory,,homes,homes\nregion,sector,,\n"
        + "\n".join(f"{r},{s},50,60" for r in ("110000", "120000") for s in ("01", "02"))
    )
    table = read_table(tmp_path)
    assert table.sectors == ["01", "02"]
    assert table.regions == ["110000", "120000"]


def long_rows(table):
    rows = [(*i, *j, table.Z.loc[i, j]) for i in table.labels for j in table.labels]
    rows += [
        (*i, place, f"final:{category}", table.Y.loc[i, (place, category)])
        for i in table.labels
        for place, category in table.Y.columns
        if table.Y.loc[i, (place, category)] != 0
    ]
    rows += [("", f"import:{k}", *j, v) for k, row in table.imports.iterrows()
             for j, v in row.items()]  # fmt: skip
    rows += [("", f"primary:{k}", *j, v) for k, row in table.va.iterrows() for j, v in row.items()]
    rows += [("", "taxes", *j, v) for j, v in table.taxes.items()]
    rows += [
        ("", f"import:{k}", place, f"final:{category}", row[category])
        for (place, k), row in table.final_imports.iterrows()
        for category in table.categories
    ]
    return pd.DataFrame(
        rows, columns=["region_from", "sector_from", "region_to", "sector_to", "value"]
    )


def test_a_long_file_holds_the_whole_table(tmp_path):
    table = random_table(1, 2, 3, kind="explicit")
    long = long_rows(table).sample(frac=1.0, random_state=1).assign(unit=table.unit)
    long.columns = ["From_Region", "sector_from", "Region_To", "sector_to", "Value", "unit"]
    long.to_csv(tmp_path / "long.csv", index=False)
    again = read_table(tmp_path / "long.csv")
    sorted_again = RegionalTable.from_flows(
        again.Z, again.Y, again.x, again.va.loc[table.primaries], imports=again.imports,
        taxes=again.taxes, regions=table.regions, sectors=table.sectors,
        categories=table.categories, units=again.unit,
    )  # fmt: skip
    for letter in ("Z", "x", "va", "taxes", "exports", "imports"):
        np.testing.assert_allclose(
            getattr(sorted_again, letter), getattr(table, letter), rtol=1e-12, err_msg=letter
        )
    assert again.final_imports.to_numpy().sum() == pytest.approx(
        table.final_imports.to_numpy().sum()
    )
    assert again.unit == table.unit


def test_a_missing_file_is_one_clear_line_with_a_suggestion(tmp_path):
    (tmp_path / "china.nc").write_text("")
    with pytest.raises(MissingTable, match=r"no file or folder .*chian\.nc \(did you mean"):
        read_table(tmp_path / "chian.nc")
    assert issubclass(MissingTable, FileNotFoundError)
    with pytest.raises(MissingTable, match="no folder"):
        random_table(1, 2, 2).to_netcdf(tmp_path / "nowhere" / "table.nc")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("bad.nc", "not a netcdf file", "bad.nc is not a readable NetCDF-4 file"),
        ("bad.csv", "a,b\n1,2\n", "must have the columns region_from"),
        ("bad.xyz", "", "format cannot be told"),
        (
            "twice.csv",
            "region_from,sector_from,region_to,sector_to,value\na,x,a,x,1\na,x,a,x,2\na,x,a,final:c,1\n",
            "listed twice: a / x / a / x",
        ),
        (
            "word.csv",
            "region_from,sector_from,region_to,sector_to,value\na,x,a,x,one\na,x,a,final:c,1\n",
            r"must be numbers, found line 2 \('one'\)",
        ),
        (
            "nofinal.csv",
            "region_from,sector_from,region_to,sector_to,value\na,x,a,x,1\n",
            "needs flows between industries and final demand",
        ),
    ],
)
def test_files_that_are_not_tables_get_one_clear_line(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableTable, match=message) as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_final_demand_says_what_is_missing(tmp_path):
    (tmp_path / "Z.csv").write_text("sector,coal\ncoal,10\n")
    with pytest.raises(UnreadableTable, match="missing: Y"):
        read_table(tmp_path)


def test_unbalanced_and_negative_files_name_the_place(tmp_path):
    (tmp_path / "Z.csv").write_text("sector,coal,steel\ncoal,10,20\nsteel,30,40\n")
    (tmp_path / "Y.csv").write_text("sector,homes\ncoal,70\nsteel,30\n")
    (tmp_path / "x.csv").write_text("sector,x\ncoal,100\nsteel,500\n")
    with pytest.raises(UnbalancedTable, match="steel"):
        read_table(tmp_path)
    (tmp_path / "Z.csv").write_text("sector,coal,steel\ncoal,10,-20\nsteel,30,40\n")
    with pytest.raises(InvalidTable, match=r"coal / all regions / steel \(-20\)"):
        read_table(tmp_path)
    (tmp_path / "Z.csv").write_text("sector,coal,steel\ncoal,10,\nsteel,30,40\n")
    with pytest.raises(TableError, match="found in line 2: '' in column steel"):
        read_table(tmp_path)
