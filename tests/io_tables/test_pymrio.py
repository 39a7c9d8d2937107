"""pymrio systems in and out, its folders and archives, and the databases it parses."""

from __future__ import annotations

import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tables import full_table

from io_tables.errors import InvalidTable, UnbalancedTable, UnreadableTable
from io_tables.pymrio_bridge import from_pymrio, to_pymrio
from io_tables.readers import read_table, write_table
from io_tables.testing import assert_table_equal, random_table

pymrio = pytest.importorskip("pymrio")


@pytest.fixture(scope="module")
def io():
    return pymrio.load_test()


def assert_same(one, other):
    pd.testing.assert_frame_equal(one, other, rtol=1e-12, check_dtype=False)


def test_a_system_goes_through_the_table_and_comes_back_as_it_was(io):
    back = to_pymrio(from_pymrio(io))
    for name in ("Z", "Y", "unit"):
        assert_same(getattr(back, name), getattr(io, name))
    assert sorted(back.get_extensions()) == sorted(io.get_extensions())
    for name in io.get_extensions():
        given, found = getattr(io, name), getattr(back, name)
        assert_same(found.F, given.F)
        assert_same(found.unit, given.unit)
        assert (found.F_Y is None) == (given.F_Y is None)
        if given.F_Y is not None:
            assert_same(found.F_Y, given.F_Y)
    assert back.L is None
    assert back.A is None


def test_footprints_are_the_same_before_and_after(io):
    given, back = pymrio.load_test().calc_all(), to_pymrio(from_pymrio(io)).calc_all()
    assert_same(back.emissions.D_cba, given.emissions.D_cba)
    assert_same(back.emissions.M, given.emissions.M)


@pytest.mark.parametrize("kind", ["explicit", "pooled"])
def test_a_table_goes_through_pymrio_and_comes_back(kind):
    table = full_table() if kind == "explicit" else full_table().pooled()
    assert_table_equal(from_pymrio(to_pymrio(table)), table.explicit())


def test_value_added_lies_in_its_extension_and_other_accounts_are_stressors(io):
    table = from_pymrio(io)
    assert table.primaries == ["Value Added"]
    assert table.stressors.index.tolist() == ["emission_type1 | air", "emission_type2 | water"]
    assert table.stressor_units.tolist() == ["kg", "kg"]
    assert table.unit == "Mill USD"
    assert "value added is the extension factor_inputs" in table.notes
    rest = from_pymrio(io, value_added=())
    assert rest.primaries == ["primary inputs and imports, not told apart"]
    assert "factor_inputs: Value Added" in rest.stressors.index
    with pytest.raises(InvalidTable, match="no extension factor"):
        from_pymrio(io, value_added="factor")


def test_a_alone_or_z_alone_will_do_and_extensions_may_be_dicts(io):
    full = pymrio.load_test().calc_system()
    only_a = from_pymrio(SimpleNamespace(A=full.A, Y=full.Y))
    np.testing.assert_allclose(only_a.Z, io.Z, rtol=1e-10, atol=1e-6)
    no_demand = from_pymrio(SimpleNamespace(Z=io.Z, x=full.x))
    np.testing.assert_allclose(no_demand.f, io.Y.sum(axis=1), rtol=1e-9)
    account = {"F": io.emissions.F, "unit": io.emissions.unit, "F_Y": None}
    with_dict = from_pymrio(SimpleNamespace(Z=io.Z, Y=io.Y, emissions=account))
    np.testing.assert_allclose(with_dict.stressors, io.emissions.F)
    assert "stressor_demand" not in with_dict.data
    for lacking, message in (({"Y": io.Y}, "Z or A"), ({"Z": io.Z}, "Y or x")):
        with pytest.raises(InvalidTable, match=message):
            from_pymrio(SimpleNamespace(**lacking))
    with pytest.raises(UnbalancedTable, match="printed output"):
        from_pymrio(SimpleNamespace(Z=io.Z, Y=io.Y, x=2.0 * full.x))


def test_mixed_units_are_refused_and_an_odd_order_is_kept(io):
    unit = io.unit.copy()
    unit.iloc[0, 0] = "kg"
    with pytest.raises(InvalidTable, match="one unit, found Mill USD, kg"):
        from_pymrio(SimpleNamespace(Z=io.Z, Y=io.Y, unit=unit))
    order = np.random.default_rng(0).permutation(len(io.Z))[:-3]  # three industries are not there
    Z = io.Z.iloc[order, order].rename_axis(index=["country", "industry"])
    Y = io.Y.iloc[order].rename_axis(index=["country", "industry"])
    table = from_pymrio(SimpleNamespace(Z=Z, Y=Y))
    assert len(table.x) == 48
    assert_same(to_pymrio(table).Z, Z)
    assert_same(to_pymrio(table).Y, Y)


def test_a_folder_of_pymrio_is_read_without_what_was_computed(io, tmp_path):
    pymrio.load_test().calc_all().save_all(tmp_path / "mrio")
    (tmp_path / "mrio" / "L.txt").write_text("not a matrix")
    (tmp_path / "mrio" / "A.txt").write_text("not a matrix")
    table = read_table(tmp_path / "mrio")
    np.testing.assert_allclose(table.Z, io.Z, rtol=1e-11)
    np.testing.assert_allclose(table.stressor_demand, io.emissions.F_Y, rtol=1e-11)
    assert any("file_parameters.json in it" in note for note in table.notes)
    (tmp_path / "mrio" / "Z.txt").unlink()
    with pytest.raises(UnreadableTable, match=r"must hold Z\.txt"):
        read_table(tmp_path / "mrio")


def test_archives_and_parquet_and_pickles(io, tmp_path):
    io.save_all(tmp_path / "txt")
    shutil.make_archive(str(tmp_path / "mrio"), "zip", tmp_path / "txt")
    np.testing.assert_allclose(read_table(tmp_path / "mrio.zip").Z, io.Z, rtol=1e-11)
    io.save_all(tmp_path / "parquet", table_format="parquet")
    np.testing.assert_allclose(read_table(tmp_path / "parquet").Z, io.Z, rtol=1e-12)
    io.save_all(tmp_path / "pickle", table_format="pickle")
    with pytest.raises(UnreadableTable, match="could run any code"):
        read_table(tmp_path / "pickle")


def test_our_folder_is_one_that_pymrio_loads(tmp_path):
    table = full_table()
    folder = write_table(table, tmp_path / "mrio", "pymrio")
    assert_table_equal(read_table(folder), table)
    loaded = pymrio.load_all(folder)
    np.testing.assert_allclose(loaded.Z, table.Z, rtol=1e-12)
    assert loaded.get_extensions(instance_names=True)


def test_exiobase_gets_country_codes_of_two_letters(io, tmp_path):
    system = pymrio.load_test()
    system.rename_regions({"reg1": "DEU", "reg2": "FRA"})
    system.satellite = system.emissions
    del system.emissions
    system.save_all(tmp_path / "IOT_2011_pxp")
    table = read_table(tmp_path / "IOT_2011_pxp")
    assert table.regions[:3] == ["DE", "FR", "reg3"]
    np.testing.assert_allclose(table.Z, io.Z, rtol=1e-11)
    assert any("EXIOBASE 3 system" in note for note in table.notes)


def test_eora26_is_parsed_by_pymrio(tmp_path):
    table = random_table(1, 3, 2, kind="explicit", imports=False)
    industries = [f"{r}\tcode{r}\tIndustries\t{s}" for r, s in table.labels]
    finals = [f"{r}\tcode{r}\tFinal Demand\t{c}" for r in table.regions for c in table.categories]
    text = {
        "labels_T": industries, "labels_FD": finals,
        "labels_VA": ["Primary Inputs\tcompensation", "Primary Inputs\tsurplus"],
        "labels_Q": ["CO2\tgas (Gg)"],
    }  # fmt: skip
    for name, rows in text.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(r + "\t" for r in rows) + "\n")
    numbers = {
        "T": table.Z, "FD": table.Y.iloc[:, :9], "VA": table.va, "Q": np.ones((1, 6)),
        "QY": np.ones((1, 9)),
    }  # fmt: skip
    for name, block in numbers.items():
        np.savetxt(tmp_path / f"Eora26_2015_bp_{name}.txt", np.asarray(block), delimiter="\t")
    read = read_table(tmp_path)
    np.testing.assert_allclose(read.Z, table.Z, rtol=1e-10)
    np.testing.assert_allclose(read.va, table.va, rtol=1e-10)
    assert read.stressors.to_numpy().sum() == 6.0
    assert read.stressor_demand.to_numpy().sum() == 9.0
    assert read.unit == "000 USD"
    (tmp_path / "Eora26_2016_bp_T.txt").write_text("")
    with pytest.raises(UnreadableTable, match="one year, found 2015, 2016"):
        read_table(tmp_path)


def test_gloria_is_parsed_by_pymrio(tmp_path):
    table = random_table(1, 2, 2, kind="explicit", imports=False)
    R, S, C = 2, 2, 3
    T = np.zeros((R, 2, S, R, 2, S))  # region, industry or product, sector
    T[:, 1, :, :, 0, :] = table.Z.to_numpy().reshape(R, S, R, S)
    for r in range(R):
        for i in range(S):
            T[r, 0, i, r, 1, i] = table.x.to_numpy()[r * S + i]
    Y = np.zeros((R, 2, S, R * C))
    Y[:, 1] = table.Y.to_numpy()[:, : R * C].reshape(R, S, R * C)
    V = np.zeros((R, 2, R, 2, S))
    for r in range(R):
        V[r, :, r, 0, :] = table.va.to_numpy()[:, r * S : (r + 1) * S]
    TQ = np.zeros((1, R, 2, S))
    TQ[:, :, 0] = 1.0
    mrio, satellite = (
        tmp_path / "GLORIA_MRIOs_59_2022",
        tmp_path / "GLORIA_SatelliteAccounts_059_2022",
    )
    mrio.mkdir()
    satellite.mkdir()
    stem, end = "x_120secMother_AllCountries_002_", "-Results_2022_059_Markup001(full).csv"
    for folder, name, block in (
        (mrio, "T", T.reshape(8, 8)), (mrio, "Y", Y.reshape(8, 6)), (mrio, "V", V.reshape(4, 8)),
        (satellite, "TQ", TQ.reshape(1, 8)), (satellite, "YQ", np.ones((1, 6))),
    ):  # fmt: skip
        np.savetxt(folder / f"{stem}{name}{end}", block, delimiter=",")
    book = openpyxl.Workbook()
    sheets = {
        "Regions": [["Region_acronyms", "Region_names"], ["AAA", "A"], ["BBB", "B"]],
        "Sectors": [["Sector_names"], ["corn"], ["steel"]],
        "Value added and final demand": [["Value_added_names", "Final_demand_names"],
                                         ["wages", "homes"], ["rest", "state"]],
        "Satellites": [["Sat_indicator", "Sat_head_indicator", "Sat_unit"], ["co2", "air", "kt"]],
    }  # fmt: skip
    sheets["Value added and final demand"] = [
        ["Value_added_names", "Final_demand_names"], ["wages", "homes"], ["rest", "state"],
        ["third", "plant"],
    ]  # fmt: skip
    V3 = np.concatenate([V, np.zeros((R, 1, R, 2, S))], axis=1)
    np.savetxt(mrio / f"{stem}V{end}", V3.reshape(6, 8), delimiter=",")
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "GLORIA_ReadMe_059.xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = read_table(tmp_path)
    assert read.regions == ["AAA", "BBB"]
    np.testing.assert_allclose(read.Z, table.Z, rtol=1e-9)
    np.testing.assert_allclose(read.va.sum(), table.va.sum(), rtol=1e-9)
    assert read.stressor_units.tolist() == ["kt"]
