"""The container: identities of both forms, labels, what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import reference_io_tables as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import shared

from io_tables.dims import REMAINDER, UNTOLD
from io_tables.errors import (
    InvalidTable,
    NotTold,
    TableError,
    TableTooLarge,
    UnbalancedTable,
    UnknownLabel,
)
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(0, 10_000))


def solved(table):
    n = len(table.labels)
    return np.linalg.solve(np.eye(n) - table.A.to_numpy(), table.Y.sum(axis=1).to_numpy())


@settings(max_examples=25, deadline=None)
@given(SIZES, st.sampled_from(["pooled", "explicit"]), st.booleans(), st.booleans())
def test_solving_for_final_demand_returns_output(size, kind, imports, zero):
    R, S, seed = size
    table = random_table(seed, R, S, kind=kind, imports=imports, zero_industry=zero)
    assert table.check() == []
    np.testing.assert_allclose(solved(table), table.x.to_numpy(), rtol=1e-11)
    np.testing.assert_allclose(table.f, table.Y.sum(axis=1), rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(SIZES)
def test_pooled_form_is_the_cell_by_cell_formula(size):
    R, S, seed = size
    table = random_table(seed, R, S)
    data = table.data
    A, f = reference.pooled_system(
        data["domestic_use"].values, data["trade_share"].values, data["demand"].values,
        data["exports"].values, data["output"].values,
    )  # fmt: skip
    np.testing.assert_allclose(table.A, A, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(table.f, f, rtol=1e-12)
    blocks = np.zeros_like(A)
    for r in range(R):
        for s in range(R):
            for i in range(S):
                blocks[r * S + i, s * S : (s + 1) * S] = (
                    table.trade[i, r, s] * table.technology[s, i]
                )
    np.testing.assert_allclose(blocks, A, rtol=1e-13, atol=1e-16)


@settings(max_examples=15, deadline=None)
@given(SIZES)
def test_pooling_keeps_output_technology_and_product_flows(size):
    R, S, seed = size
    table = random_table(seed, R, S, kind="explicit")
    pooled = table.pooled()
    np.testing.assert_allclose(pooled.x, table.x, rtol=1e-14)
    np.testing.assert_allclose(pooled.technology, table.technology, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(pooled.demand, table.demand, rtol=1e-12)
    told = R * len(table.categories)
    before = reference.product_flows(table.Z.to_numpy(), table.Y.to_numpy()[:, :told], R, S)
    after = reference.product_flows(pooled.Z.to_numpy(), pooled.Y.to_numpy()[:, :told], R, S)
    np.testing.assert_allclose(after, before, rtol=1e-11, atol=1e-9)
    assert "output multipliers change by at most" in pooled.notes[-1]


@settings(max_examples=10, deadline=None)
@given(SIZES)
def test_spelling_out_a_pooled_table_and_pooling_it_again_changes_nothing(size):
    R, S, seed = size
    table = random_table(seed, R, S)
    explicit = table.explicit()
    np.testing.assert_allclose(explicit.Z, table.Z, rtol=1e-14)
    np.testing.assert_allclose(explicit.Y, table.Y, rtol=1e-14)
    assert_table_equal(explicit.pooled(), table, rtol=1e-11)


def test_two_region_table_of_miller_and_blair_has_the_printed_coefficients_and_inverse():
    folder = shared("cases", "io", "mb_two_region_5x5")
    Z = pd.read_csv(folder / "Z.csv", index_col=0)
    pairs = pd.MultiIndex.from_tuples([tuple(str(label).split("_")) for label in Z.index])
    Z = Z.set_axis(pairs, axis=0).set_axis(pairs, axis=1)
    Y = pd.read_csv(folder / "Y.csv", index_col=0).set_axis(pairs, axis=0)
    x = pd.read_csv(folder / "x.csv", index_col=0)["x"].set_axis(pairs)
    table = RegionalTable.from_flows(Z, Y, x, units="money")
    expected = json.loads((folder / "expected.json").read_text())["expected"]
    kept = [label for label in table.labels if label != ("r2", "s3")]
    np.testing.assert_allclose(table.A.loc[kept, kept], expected["A"]["value"], rtol=1e-12)
    inverse = np.linalg.inv(np.eye(6) - table.A)
    rows = [table.labels.get_loc(label) for label in kept]
    np.testing.assert_allclose(inverse[np.ix_(rows, rows)], expected["L"]["value"], rtol=1e-12)
    assert table.x[("r2", "s3")] == 0.0
    assert any("r2 / s3" in note for note in table.notes)
    assert list(table.Y.columns) == [("r1", "final demand"), ("r2", "final demand")]
    assert table.primaries == [REMAINDER]
    np.testing.assert_allclose(solved(table), table.x, rtol=1e-12)


def test_final_demand_of_a_pooled_table_ends_in_exports_of_the_producing_region():
    table = random_table(5, 2, 3)
    exports = table.Y.loc[:, table.Y.columns.get_level_values("category") == "exports"]
    assert list(exports.columns) == [("R0", "exports"), ("R1", "exports")]
    assert list(table.Y.columns[-2:]) == list(exports.columns)
    assert (exports.loc["R0", ("R1", "exports")] == 0).all()
    np.testing.assert_array_equal(exports.sum(axis=1), table.exports)


def test_frames_are_aligned_by_label_not_by_place():
    table = random_table(7, 3, 4, kind="explicit")
    rng = np.random.default_rng(0)
    order = rng.permutation(len(table.labels))
    shuffled = table.labels[order]
    again = RegionalTable.from_flows(
        table.Z.loc[shuffled, shuffled[::-1]],
        table.Y.loc[shuffled[::-1]],
        table.x.loc[shuffled],
        table.va[shuffled],
        imports=table.imports[shuffled].iloc[::-1],
        taxes=table.taxes[shuffled],
        regions=table.regions,
        sectors=table.sectors,
        units=table.unit,
    )
    for name in ("Z", "Y", "x", "va", "imports", "taxes", "exports"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))


def test_levels_of_an_index_may_stand_in_either_order_when_their_names_say_so():
    table = random_table(7, 2, 3, kind="explicit")
    swapped = table.Z.swaplevel(axis=0).swaplevel(axis=1)
    again = RegionalTable.from_flows(swapped, table.Y, units=table.unit)
    np.testing.assert_array_equal(again.Z, table.Z)


def test_bare_arrays_with_labels_and_untold_place_of_use():
    Z = np.array([[150.0, 500.0], [200.0, 100.0]])
    table = RegionalTable.from_flows(
        Z, [[300.0, 50.0], [1600.0, 100.0]], sectors=["a", "b"], categories=["homes", "stocks"]
    )
    assert table.regions == ["all regions"]
    np.testing.assert_array_equal(table.x, [1000.0, 2000.0])
    np.testing.assert_array_equal(table.va.to_numpy(), [[650.0, 1400.0]])
    assert table.final_use_told
    two = RegionalTable.from_flows(
        Z, [[300.0, 50.0], [1600.0, 100.0]], regions=["r", "s"], sectors=["a"],
        categories=["homes", "stocks"],
    )  # fmt: skip
    assert not two.final_use_told
    assert {place for place, _ in two.Y.columns} == {UNTOLD}
    with pytest.raises(NotTold, match="place of final use"):
        two.pooled()
    again = RegionalTable.from_flows(two.Z, two.Y)
    assert not again.final_use_told
    told = RegionalTable.from_flows(
        Z, [[300.0, 50.0], [1600.0, 100.0]], regions=["r", "s"], sectors=["a"]
    )
    assert list(told.Y.columns) == [("r", "final demand"), ("s", "final demand")]


def test_value_added_left_out_is_what_inputs_imports_and_taxes_leave():
    table = RegionalTable.from_flows(
        [[10.0, 20.0], [30.0, 40.0]], [70.0, 30.0], imports=[5.0, 6.0], taxes=[1.0, 2.0],
        sectors=["a", "b"],
    )  # fmt: skip
    np.testing.assert_allclose(table.va.to_numpy()[0], [100 - 40 - 5 - 1, 100 - 60 - 6 - 2])
    assert table.primaries == ["primary inputs"]
    assert table.imports.index.tolist() == ["imports"]


def test_exports_are_found_among_the_categories_whatever_form_they_have():
    Z, Y = [[10.0, 20.0], [30.0, 40.0]], np.array([[60.0, 10.0], [20.0, 10.0]])
    bare = RegionalTable.from_flows(Z, Y, sectors=["a", "b"], categories=["homes", "Exports"])
    labelled = RegionalTable.from_flows(
        Z, pd.DataFrame(Y, index=["a", "b"], columns=["homes", "exports"]), sectors=["a", "b"]
    )
    for table in (bare, labelled):
        assert table.categories == ["homes"]
        np.testing.assert_array_equal(table.exports, [10.0, 10.0])
    with pytest.raises(InvalidTable, match="exports are given twice"):
        RegionalTable.from_flows(bare.Z, bare.Y, exports=[1.0, 1.0])


def test_all_failures_are_named_at_once_with_labels():
    table = random_table(3, 2, 3, kind="explicit")
    Z = table.Z.to_numpy().copy()
    Z[0, 1] = -5.0
    Z[2, 2] = np.nan
    with pytest.raises(InvalidTable) as caught:
        RegionalTable.from_flows(Z, table.Y.to_numpy()[:, :6], x=table.x.to_numpy(),
                                 regions=["R0", "R1"], sectors=["S0", "S1", "S2"],
                                 categories=table.categories)  # fmt: skip
    message = str(caught.value)
    assert "R0 / S0 / R0 / S1 (-5)" in message
    assert "R0 / S2 / R0 / S2 (nan)" in message
    assert isinstance(caught.value, ValueError)


def test_negative_flows_are_kept_only_when_asked():
    Z = [[10.0, -2.0], [30.0, 40.0]]
    with pytest.raises(InvalidTable, match="signed=True"):
        RegionalTable.from_flows(Z, [70.0, 30.0], sectors=["a", "b"])
    kept = RegionalTable.from_flows(Z, [70.0, 30.0], sectors=["a", "b"], signed=True)
    assert kept.Z.to_numpy().min() == -2.0


def test_rows_that_do_not_add_up_are_refused_and_named():
    with pytest.raises(UnbalancedTable, match=r"b \(100 against output 120\)") as caught:
        RegionalTable.from_flows(
            [[10.0, 20.0], [30.0, 40.0]], [70.0, 30.0], x=[100.0, 120.0], sectors=["a", "b"]
        )
    assert isinstance(caught.value, TableError)
    loose = RegionalTable.from_flows(
        [[10.0, 20.0], [30.0, 40.0]], [70.0, 30.0], x=[100.0, 100.001], sectors=["a", "b"],
        tolerance=1e-4,
    )  # fmt: skip
    assert loose.check() == []
    assert [f.kind for f in loose.check(tolerance=1e-8)] == ["row_gap"]


def test_a_residual_in_the_columns_is_found_but_not_refused():
    table = RegionalTable.from_flows(
        [[10.0, 20.0], [30.0, 40.0]], [70.0, 30.0], va=[60.0, 30.0], sectors=["a", "b"]
    )
    (finding,) = table.check()
    assert finding.kind == "column_gap"
    assert "b" in finding.where
    assert finding.found == pytest.approx(10.0 / 190.0)
    with pytest.raises(UnbalancedTable, match="residual"):
        table.check(strict=True)


def test_negative_value_added_is_found():
    table = RegionalTable.from_flows([[10.0, 60.0], [95.0, 40.0]], [30.0, 65.0], sectors=["a", "b"])
    (finding,) = table.check()
    assert finding.kind == "negative_value_added"
    assert finding.found == pytest.approx(-0.05)


def test_shares_that_leave_out_imports_are_refused_with_the_way_out():
    data = random_table(4, 2, 3).data
    short = data.copy()
    short["trade_share"] = data["trade_share"] * 0.9
    with pytest.raises(UnbalancedTable, match="domestic_shares"):
        RegionalTable(
            short.assign(trade_share=short["trade_share"].assign_attrs(units="1")), "pooled"
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sectors": ["S0", "S0", "S2"]}, "unique"),
        ({"sectors": ["S0", "S1"]}, "must have shape"),
        ({"categories": ["one", "two"]}, "2 labels for 3 entries"),
    ],
)
def test_wrong_labels_of_a_pooled_table_are_named(change, message):
    d = random_table(4, 2, 3).data
    options = {"regions": ["R0", "R1"], "sectors": ["S0", "S1", "S2"], **change}
    with pytest.raises(InvalidTable, match=message):
        RegionalTable.from_pooled(
            d["domestic_use"].values, d["trade_share"].values, d["demand"].values,
            d["exports"].values, d["output"].values, **options,
        )  # fmt: skip


def test_unknown_labels_get_a_suggestion_and_other_spellings_are_understood():
    d = random_table(4, 2, 3).data
    table = RegionalTable.from_pooled(
        d["domestic_use"].values, d["trade_share"].values, d["demand"].values,
        d["exports"].values, d["output"].values,
        regions=["Beijing", "Inner Mongolia"], sectors=["Coal", "Finance", "Construction"],
        coords={"region_code": ("region", [110000, 150000]),
                "region_zh": ("region", ["北京", "内蒙古"])},
    )  # fmt: skip
    found = table.region_positions(["内蒙古", "110000", 150000, "beijing"])
    np.testing.assert_array_equal(found, [1, 0, 1, 0])
    with pytest.raises(UnknownLabel, match="did you mean 'Beijing'"):
        table.region_positions(["Bejing"])
    with pytest.raises(UnknownLabel, match=r"Constuction.*Construction.*Finanse.*Finance"):
        table.sector_positions(["Constuction", "Finanse"])


def test_a_table_cannot_be_changed_through_its_views():
    table = random_table(1, 2, 2)
    for array in (table.technology, table.trade, table.data["output"].values):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
    frame = table.Y
    frame[("new", "one")] = 1.0
    assert "new" not in table.Y.columns


def test_inputs_may_change_after_the_table_is_built():
    d = random_table(4, 2, 3).data
    output = d["output"].values.copy()
    table = RegionalTable.from_pooled(
        d["domestic_use"].values, d["trade_share"].values, d["demand"].values,
        d["exports"].values, output, regions=["R0", "R1"], sectors=["S0", "S1", "S2"],
    )  # fmt: skip
    output[:] = 0.0
    assert (table.x > 0).all()


def test_a_matrix_that_would_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr("io_tables.container.frames.LARGEST_MATRIX", 100)
    table = random_table(1, 3, 4)
    with pytest.raises(TableTooLarge, match="Z would take"):
        _ = table.Z
    with pytest.raises(MemoryError):
        table.explicit()
    assert len(table.f) == 12


def test_falling_stocks_between_regions_cannot_be_pooled():
    Y = np.array([[100.0, -20.0], [10.0, 100.0]])
    table = RegionalTable.from_flows(
        [[10.0, 0.0], [0.0, 10.0]], Y, regions=["r", "s"], sectors=["a"]
    )
    with pytest.raises(InvalidTable, match=r"a from r to s \(-20\)"):
        table.pooled()


def test_permuting_regions_and_sectors_permutes_everything():
    table = random_table(11, 3, 4, kind="explicit")
    regions, sectors = table.regions[::-1], [table.sectors[k] for k in (2, 0, 3, 1)]
    again = RegionalTable.from_flows(
        table.Z, table.Y, table.x, table.va, regions=regions, sectors=sectors
    )
    assert again.regions == regions
    np.testing.assert_array_equal(again.Z.loc[table.labels, table.labels], table.Z)
    pooled, other = table.pooled(), again.pooled()
    np.testing.assert_allclose(other.A.loc[table.labels, table.labels], pooled.A, rtol=1e-12)


def test_total_imports_without_products_are_kept_as_one_row():
    d = random_table(4, 2, 3).data
    table = RegionalTable.from_pooled(
        d["domestic_use"].values, d["trade_share"].values, d["demand"].values,
        d["exports"].values, d["output"].values,
        imported_use=d["imported_use"].values.sum(axis=0),
        imported_demand=d["imported_demand"].values.sum(axis=1),
        taxes=d["taxes"].values, regions=["R0", "R1"], sectors=["S0", "S1", "S2"],
    )  # fmt: skip
    assert table.imports.shape == (1, 6)
    assert table.final_imports.shape == (2, 3)
    assert table.check() == []
    np.testing.assert_allclose(table.va.sum(), d["value_added"].values.sum(axis=0).reshape(-1))
