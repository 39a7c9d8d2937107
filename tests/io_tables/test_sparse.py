"""Tables that keep only the flows that are not zero: the same table, in less memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import full_table

from io_tables.aggregate import aggregate
from io_tables.container.flows import CELLS, product_flows, row_sums, use_by_product
from io_tables.errors import InvalidTable, NotTold, TableTooLarge, UnreadableTable
from io_tables.project import project
from io_tables.readers import read_table, write_table
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal
from io_tables.units import convert_money, deflate


def thin_table(seed=0, regions=3, sectors=4, density=0.3) -> RegionalTable:
    """A table of flows most of which are zero."""
    rng = np.random.default_rng(seed)
    n = regions * sectors
    flows = sp.random_array((n, n), density=density, rng=rng, data_sampler=rng.random)
    return RegionalTable.from_flows(
        flows,
        10.0 * rng.random((n, regions * 2)),
        exports=rng.random(n),
        regions=[f"R{k}" for k in range(regions)],
        sectors=[f"S{k}" for k in range(sectors)],
        categories=["homes", "state"],
        name="thin",
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), density=st.floats(0.0, 1.0))
def test_every_view_and_sum_is_that_of_the_dense_table(seed, density):
    thin = thin_table(seed, density=density)
    full = thin.dense()
    assert thin.is_sparse
    assert not full.is_sparse
    pd.testing.assert_frame_equal(thin.Z, full.Z)
    pd.testing.assert_frame_equal(thin.A, full.A)
    np.testing.assert_array_equal(thin.flows.toarray(), full.flows)
    for sums in (row_sums, use_by_product, product_flows):
        np.testing.assert_allclose(sums(thin.data), sums(full.data), rtol=1e-13)
    np.testing.assert_allclose(thin.technology, full.technology, rtol=1e-13)
    assert [f.kind for f in thin.check()] == [f.kind for f in full.check()]
    assert_table_equal(full.sparse(), thin)
    assert_table_equal(thin.pooled(), full.pooled(), rtol=1e-12)


def test_cells_told_twice_are_added_and_zeros_are_not_kept():
    cells = sp.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    table = RegionalTable.from_flows(cells, np.ones((2, 1)), regions=["a"], sectors=["x", "y"])
    assert table.data["flow_cells"].values.tolist() == [3.0]
    np.testing.assert_array_equal(table.Z, [[0.0, 3.0], [0.0, 0.0]])
    assert table.flows.data.base is not None  # a view on the table, not a copy


@pytest.mark.parametrize("name", ["t.nc", "t.npz", "t.zarr", "t.csv", "t.csv.gz", "t.parquet"])
def test_a_sparse_table_is_written_and_read_sparse(tmp_path, name):
    table = thin_table()
    back = read_table(write_table(table, tmp_path / name))
    assert back.is_sparse
    assert_table_equal(back, table, rtol=0.0)


@pytest.mark.parametrize("name", ["t.xlsx", "folder"])
def test_sheets_spell_the_zeros_out(tmp_path, name):
    table = thin_table()
    assert_table_equal(read_table(write_table(table, tmp_path / name)), table.dense(), rtol=1e-15)


def test_a_large_file_that_lists_few_flows_becomes_a_sparse_table(tmp_path, monkeypatch):
    table = thin_table(2, 4, 5, density=0.02)
    path = write_table(table, tmp_path / "t.csv")
    lines = path.read_text(encoding="utf-8").splitlines()[2:]
    plain = tmp_path / "plain.csv"
    plain.write_text("\n".join(lines) + "\n", encoding="utf-8")
    whole = read_table(plain)
    assert not whole.is_sparse
    monkeypatch.setattr("io_tables.readers.tidy.SPARSE_ROWS", 20)
    monkeypatch.setattr("io_tables.readers.tidy.SPARSE_PART", 1)
    thin = read_table(plain)
    assert thin.is_sparse
    assert_table_equal(thin.dense(), whole)
    cells = [line for line in lines if line.count(":") == 0 and line.startswith("R")]
    plain.write_text("\n".join([*lines, cells[0]]) + "\n", encoding="utf-8")
    with pytest.raises(UnreadableTable, match="listed twice: R"):
        read_table(plain)


def test_groups_money_and_years_keep_it_sparse():
    thin = thin_table(3)
    full = thin.dense()
    groups = {"regions": {"R0": "a", "R1": "b", "R2": "a"}, "sectors": ["x", "y", "x", "y"]}
    assert_table_equal(aggregate(thin, **groups).dense(), aggregate(full, **groups))
    split = pd.DataFrame({"a": [1.0, 0.25, 0.0], "b": [0.0, 0.75, 1.0]}, index=thin.regions)
    assert_table_equal(aggregate(thin, regions=split).dense(), aggregate(full, regions=split))
    converted = convert_money(thin, "cents", factor=100.0)
    assert_table_equal(converted.dense(), convert_money(full, "cents", factor=100.0))
    assert_table_equal(deflate(thin, 2.0, "old money").dense(), deflate(full, 2.0, "old money"))
    output = thin.x * 1.1
    later = project(thin, output)
    assert later.is_sparse
    assert_table_equal(later.dense(), project(full, output))


def test_sectors_that_a_source_lacks_are_zero_in_a_sparse_table_too():
    full = full_table()
    bare = RegionalTable.from_flows(
        sp.csr_array(full.Z.to_numpy()), full.Y.to_numpy()[:, :6],
        regions=full.regions, sectors=full.sectors,
    )  # fmt: skip
    assert bare.is_sparse
    pd.testing.assert_frame_equal(bare.Z, full.Z)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: {"flow_to": d["flow_to"] + 12}, "flow_to must be positions of industries"),
        (lambda d: {"flow_from": d["flow_from"] - 1}, "flow_from must be positions"),
        (lambda d: {"flow_to": d["flow_to"][::-1].values}, "sorted by row and column"),
        (lambda d: {"flow_cells": -d["flow_cells"]}, r"not be negative.*R\d / S\d / R\d / S\d"),
        (lambda d: {"flow_cells": d["flow_cells"] * np.nan}, "flow_cells must be finite"),
    ],
)
def test_cells_that_make_no_table_are_refused(change, message):
    data = thin_table().data
    new = {}
    for name, values in change(data).items():
        new[name] = (("cell",), np.asarray(values), data[name].attrs)
    with pytest.raises(InvalidTable, match=message):
        RegionalTable(data.assign(new), "explicit")


def test_a_table_has_one_form_of_flows():
    data = thin_table().data
    with pytest.raises(InvalidTable, match="needs flows, or all of flow_cells"):
        RegionalTable(data.drop_vars("flow_to"), "explicit")
    both = data.assign(flows=thin_table().dense().data["flows"])
    with pytest.raises(InvalidTable, match="not both"):
        RegionalTable(both, "explicit")
    with pytest.raises(NotTold, match="pooled"):
        thin_table().pooled().sparse()
    with pytest.raises(InvalidTable, match=r"Z must be 4 x 4 \(2 regions x 2 sectors\), found 3"):
        RegionalTable.from_flows(
            sp.eye_array(3), np.ones(4), regions=["a", "b"], sectors=["x", "y"]
        )


def test_what_would_not_fit_is_refused_and_what_fits_is_solved(monkeypatch):
    table = thin_table(1, 50, 40, density=0.002)
    kept = sum(table.data[name].nbytes for name in CELLS)
    assert kept == 16 * table.data.sizes["cell"]
    assert kept < 0.01 * 8 * 2000**2
    monkeypatch.setattr("io_tables.container.frames.LARGEST_MATRIX", 10**6)
    with pytest.raises(TableTooLarge, match="Z would take"):
        _ = table.Z
    with pytest.raises(TableTooLarge, match="dense"):
        table.dense()
    assert table.check() == []
