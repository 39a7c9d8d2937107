"""Aggregation: totals before are totals after, in both forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.aggregate import aggregate
from io_tables.errors import UnknownLabel
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table

REGIONS = {"R0": "north", "R1": "south", "R2": "north"}
SECTORS = {"S0": "goods", "S1": "services", "S2": "goods", "S3": "services"}


def grouped(frame, axis):
    keys = (frame.index if axis == 0 else frame.columns).map(
        lambda label: (REGIONS[label[0]], SECTORS[label[1]])
    )
    return frame.groupby(keys).sum() if axis == 0 else frame.T.groupby(keys).sum().T


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["pooled", "explicit"]))
def test_accounts_agree_before_and_after(seed, kind):
    table = random_table(seed, 3, 4, kind=kind)
    small = aggregate(table, regions=REGIONS, sectors=SECTORS)
    assert small.check() == []
    assert small.regions == ["north", "south"]
    # pooling mixes what firms and households buy: f keeps its sum only with intermediate sales
    for letter in ("x", "exports", "taxes", *(["f"] if kind == "explicit" else [])):
        before = grouped(getattr(table, letter), 0)
        np.testing.assert_allclose(
            getattr(small, letter).loc[before.index], before, rtol=1e-12, err_msg=letter
        )
    va = grouped(table.va, 1)
    np.testing.assert_allclose(small.va[va.columns], va, rtol=1e-12)
    solved = np.linalg.solve(np.eye(4) - small.A.to_numpy(), small.f.to_numpy())
    np.testing.assert_allclose(solved, small.x, rtol=1e-11)
    Z = grouped(grouped(table.Z, 0), 1)
    by_use = Z.groupby([label[1] for label in Z.index]).sum()
    after = small.Z.groupby(level=1).sum()
    after.columns = list(after.columns)
    np.testing.assert_allclose(after[list(by_use.columns)].loc[by_use.index], by_use, rtol=1e-12)
    if kind == "explicit":
        np.testing.assert_allclose(small.Z.loc[Z.index, Z.columns], Z, rtol=1e-12)


def test_everything_into_one_region_and_sector_is_the_national_account():
    table = random_table(3, 3, 4)
    nation = aggregate(
        table, regions=dict.fromkeys(table.regions, "all"),
        sectors=dict.fromkeys(table.sectors, "all"),
        categories=dict.fromkeys(table.categories, "final"),
    )  # fmt: skip
    assert nation.x.iloc[0] == pytest.approx(table.x.sum())
    assert nation.demand.to_numpy().sum() == pytest.approx(table.demand.to_numpy().sum())
    assert nation.imports.to_numpy().sum() == pytest.approx(table.imports.to_numpy().sum())
    assert nation.trade.tolist() == [[[1.0]]]


def test_groups_of_one_change_nothing():
    table = random_table(3, 3, 4)
    same = aggregate(table, regions={r: r for r in table.regions})
    assert_table_equal(same, table, rtol=1e-14)


def test_aggregating_in_two_steps_is_aggregating_once():
    table = random_table(3, 3, 4, kind="explicit")
    twice = aggregate(aggregate(table, regions=REGIONS), sectors=SECTORS)
    assert_table_equal(twice, aggregate(table, regions=REGIONS, sectors=SECTORS), rtol=1e-13)


def test_codes_serve_as_labels_and_survive_where_a_group_has_one():
    d = random_table(4, 3, 2).data
    table = RegionalTable.from_pooled(
        d["domestic_use"].values, d["trade_share"].values, d["demand"].values,
        d["exports"].values, d["output"].values, regions=["Beijing", "Hebei", "Gansu"],
        sectors=["a", "b"], coords={"region_code": ("region", ["11", "13", "62"])},
    )  # fmt: skip
    small = aggregate(table, regions=pd.Series({"11": "north", "13": "north", "Gansu": "west"}))
    assert small.data["region_code"].values.tolist() == ["", "62"]


def test_labels_without_a_group_and_unknown_ones_are_named():
    table = random_table(3, 3, 4)
    with pytest.raises(UnknownLabel, match="every region needs a group, missing: R2"):
        aggregate(table, regions={"R0": "a", "R1": "a"})
    with pytest.raises(UnknownLabel, match="unknown sector 'S9'"):
        aggregate(table, sectors={**SECTORS, "S9": "goods"})
