"""Moving a table to later totals, and tables of several years as one object."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import full_table

from io_tables.errors import InfeasibleMargins, InvalidTable
from io_tables.project import project, stack_years
from io_tables.table import RegionalTable
from io_tables.testing import assert_table_equal, random_table


def bare(table):
    """The table without what has no later figure."""
    drop = [v for v in ("population", "employment") if v in table.data]
    return RegionalTable(table.data.drop_vars(drop), table.kind)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["explicit", "pooled"]))
def test_unchanged_totals_return_the_table(seed, kind):
    table = random_table(seed, 3, 4, kind=kind)
    same = project(table, table.x)
    assert same.kind == kind
    assert_table_equal(same, bare(table), rtol=1e-8)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_a_later_table_of_ras_form_is_recovered_from_its_totals(seed):
    rng = np.random.default_rng(seed)
    old = random_table(seed, 2, 4, kind="explicit")
    # The later table: rows and columns of the old one scaled, so RAS must find it.
    n, S = 8, 4
    final_imports = old.final_imports.to_numpy().reshape(2, S, 3).transpose(1, 0, 2).reshape(S, 6)
    top = [old.Z.to_numpy(), old.Y.to_numpy()[:, :6]]
    matrix = np.block([top, [old.imports.to_numpy(), final_imports]])
    later = rng.uniform(0.9, 1.3, (n + S, 1)) * matrix * rng.uniform(0.9, 1.3, n + 6)
    exports = old.exports.to_numpy() * 1.2
    x = later[:n].sum(axis=1) + exports
    added = x - later[:, :n].sum(axis=0) - old.taxes.to_numpy() / old.x.to_numpy() * x
    found = project(
        old, x, value_added=added, final_demand=later[:, n:].sum(axis=0).reshape(2, 3),
        exports=exports, imports=later[n:].sum(axis=1), year=2025,
    )  # fmt: skip
    np.testing.assert_allclose(found.Z, later[:n, :n], rtol=1e-7)
    np.testing.assert_allclose(found.imports, later[n:, :n], rtol=1e-7)
    np.testing.assert_allclose(found.va.sum(), added, rtol=1e-9)
    np.testing.assert_allclose(found.x, x)
    assert found.year == 2025
    assert [f for f in found.check() if f.kind != "negative_value_added"] == []


def test_growth_without_further_figures_keeps_ratios_and_balances():
    table = random_table(3, 3, 4)
    rng = np.random.default_rng(0)
    x = table.x * rng.uniform(1.0, 1.5, 12)
    found = project(table, x)
    np.testing.assert_allclose(found.va.sum() / found.x, table.va.sum() / table.x, rtol=1e-9)
    assert [f for f in found.check() if f.kind != "negative_value_added"] == []
    np.testing.assert_allclose(found.exports / found.x, table.exports / table.x, rtol=1e-12)


def test_stocks_with_negative_cells_are_kept_with_their_signs():
    base = random_table(5, 1, 4, kind="explicit")
    Y = base.Y.to_numpy()[:, :3].copy()
    Y[1, 2], Y[3, 2] = -0.1 * Y[1, 0], -0.2 * Y[3, 0]
    table = RegionalTable.from_flows(
        base.Z.to_numpy(), Y, regions=["A"], sectors=base.sectors, categories=["h", "g", "stocks"],
        va=None, units="money", year=2020,
    )  # fmt: skip
    later = project(table, table.x * 1.1)
    assert (np.sign(later.Y.to_numpy()[:, 2]) == np.sign(Y[:, 2])).all()
    assert "GRAS" in later.notes[-1]


def test_totals_that_contradict_each_other_are_refused_with_the_numbers():
    table = random_table(2, 2, 3, kind="explicit")
    with pytest.raises(InfeasibleMargins, match="imports must be"):
        project(table, table.x, imports=table.imports.sum(axis=1) * 3.0)
    with pytest.raises(InfeasibleMargins, match="cannot follow"):
        project(table, table.x, final_demand=np.full((2, 3), 1.0))
    with pytest.raises(InvalidTable, match="6 figures, found 2"):
        project(table, [1.0, 2.0])
    alone = random_table(2, 2, 3, kind="explicit", imports=False)
    with pytest.raises(InfeasibleMargins, match="without imports"):
        project(alone, alone.x, final_demand=np.ones((2, 3)))
    assert_table_equal(project(alone, alone.x), bare(alone), rtol=1e-8)


def test_years_stand_together_as_one_object():
    base = bare(random_table(1, 2, 3, kind="explicit"))
    later = project(base, base.x * 1.1, year=2022)
    stack = stack_years([later, base])
    assert stack.years == [2020, 2022]
    assert stack.pairs() == [(2020, 2022)]
    assert len(stack) == 2
    np.testing.assert_allclose(stack.output[2022], base.x * 1.1)
    data = stack.data
    assert data["flows"].dims[0] == "year"
    np.testing.assert_allclose(data["output"].sel(year=2020), base.data["output"])
    assert stack[2022] is later
    with pytest.raises(InvalidTable, match="not 2021"):
        stack[2021]
    with pytest.raises(InvalidTable, match="sectors of 2030 differ"):
        stack_years({2020: base, 2030: bare(random_table(1, 2, 4, kind="explicit"))})
    with pytest.raises(InvalidTable, match="year of its own"):
        stack_years([base, base])
    assert isinstance(stack.output, pd.DataFrame)


@pytest.mark.parametrize("form", ["explicit", "pooled"])
def test_errors_of_the_source_and_taxes_on_final_use_move_with_the_rest(form):
    table = full_table() if form == "explicit" else full_table().pooled()
    later = project(table, table.x * 1.1)
    assert not [f for f in later.check() if f.level == "error"]
    np.testing.assert_allclose(later.discrepancy, 1.1 * table.discrepancy, rtol=1e-12)
    np.testing.assert_allclose(later.x, 1.1 * table.x, rtol=1e-12)
    ours, given = later.data["final_taxes"].sum(), table.data["final_taxes"].sum()
    assert float(ours / given) == pytest.approx(1.1, rel=1e-3)
    assert "stressor_demand" not in later.data
