"""The supply-driven model: published inverses, and its identity with cost-push prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, UnknownLabel
from model.ghosh import WARNING, allocation, ghosh, ghosh_inverse
from model.prices import cost_push


def table_of(flows, x):
    sectors = [f"S{i}" for i in range(len(x))]
    return RegionalTable.from_flows(
        flows, x - flows.sum(axis=1), x, regions=["here"], sectors=sectors
    )


def test_two_by_two_of_miller_and_blair():
    found = case("mb_2x2")
    table = table_of(found.Z.to_numpy(float), found.x.iloc[:, 0].to_numpy(float))
    assert np.allclose(allocation(table), found.value["B"], atol=1e-12)
    assert np.allclose(ghosh_inverse(table), found.value["G"], atol=1e-9)


def test_ten_by_ten_of_ioanalysis():
    toy = case("ioanalysis_toy_10x10")
    table = table_of(toy.Z.to_numpy(float), toy.X.iloc[:, 0].to_numpy(float))
    assert np.allclose(allocation(table), toy.value["B"], atol=1e-12)
    assert np.allclose(ghosh_inverse(table), toy.value["G"], atol=1e-12)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_pushing_primary_inputs_is_the_ghosh_inverse(kind):
    table = random_table(3, 3, 3, kind=kind)
    x, n = table.x.to_numpy(), 9
    b = table.Z.to_numpy() / x[:, None]
    inverse = np.linalg.inv(np.eye(n) - b)
    change = pd.Series([5.0, -2.0], index=table.labels[[1, 7]])
    given = np.zeros(n)
    given[[1, 7]] = 5.0, -2.0
    found = ghosh(table, change)
    assert np.allclose(found.output_change.values.ravel(), given @ inverse)
    assert found.attrs["warning"] == WARNING
    assert found.attrs["gap"] < 1e-8
    assert float(found.final_change.sum()) == pytest.approx(3.0)
    assert np.allclose(ghosh_inverse(table, [table.labels[4]]), inverse[[4]])
    prices = cost_push(table, change / table.x.loc[change.index])
    assert np.allclose(found.price_change, prices.price_change)


def test_industries_without_output_allocate_nothing():
    table = random_table(2, 2, 3, zero_industry=True)
    whole = ghosh_inverse(table)
    assert np.isfinite(whole.to_numpy()).all()
    assert whole.iloc[-1].tolist() == [0, 0, 0, 0, 0, 1]
    assert (allocation(table).iloc[-1] == 0).all()
    with pytest.raises(ShapeError, match="R1 / S2"):
        ghosh(table, pd.Series([1.0], index=table.labels[[-1]]))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_money_scales_and_prices_do_not(seed, factor):
    table = random_table(seed, 2, 3, kind="explicit")
    other = RegionalTable.from_flows(
        factor * table.Z, factor * table.Y.sum(axis=1), factor * table.x
    )
    change = pd.Series([3.0], index=table.labels[[2]])
    one, two = ghosh(table, change), ghosh(other, factor * change)
    assert np.allclose(two.output_change, factor * one.output_change, rtol=1e-8)
    assert np.allclose(two.price_change, one.price_change, rtol=1e-8)


def test_labels_that_are_unknown_or_named_twice_are_refused():
    table = random_table(0, 2, 2)
    with pytest.raises(UnknownLabel):
        ghosh(table, pd.Series([1.0], index=[("R0", "S5")]))
    with pytest.raises(ShapeError, match="twice"):
        ghosh(table, pd.Series([1.0, 1.0], index=table.labels[[0, 0]]))
    with pytest.raises(ShapeError, match="finite"):
        ghosh(table, pd.Series([np.nan], index=table.labels[[0]]))
