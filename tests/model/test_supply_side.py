"""The mixed model against the partitioned system, and results that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_toolbox as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import NegativeResult, ShapeError, UnknownLabel
from model.solve import Leontief
from model.supply_side import mixed


def flat(data, name):
    return data[name].values.reshape(-1)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@pytest.mark.parametrize("rows", [[4], [1, 3, 8], list(range(7))])
def test_the_partitioned_system_is_solved(kind, rows):
    table = random_table(5, 3, 3, kind=kind)
    matrix, f = Leontief(table).operator.dense(), table.f.to_numpy()
    given_output = table.x.iloc[rows] * 1.05
    found = mixed(table, given_output, allow_negative=True)
    x, final = slow.mixed(matrix, f, rows, given_output.to_numpy())
    assert np.allclose(flat(found, "output"), x)
    assert np.allclose(flat(found, "final_demand"), final, atol=1e-8 * x.max())
    assert np.allclose(flat(found, "output_change"), x - table.x, atol=1e-8 * x.max())
    assert np.flatnonzero(flat(found, "given")).tolist() == rows


def test_two_sectors_by_hand():
    """Output of the first set to 1100: x2 = (f2 + a21 1100) / (1 - a22), f1 what is left."""
    flows = np.array([[150.0, 500.0], [200.0, 100.0]])
    table = RegionalTable.from_flows(
        flows, np.array([350.0, 1700.0]), regions=["here"], sectors=["Agr", "Man"]
    )
    found = mixed(table, pd.Series([1100.0], index=[("here", "Agr")]))
    second = (1700.0 + 0.2 * 1100.0) / 0.95
    assert flat(found, "output") == pytest.approx([1100.0, second])
    assert flat(found, "final_demand") == pytest.approx([0.85 * 1100 - 0.25 * second, 1700.0])


def test_the_outputs_of_the_table_give_its_final_demand_back():
    table = random_table(2, 3, 3)
    found = mixed(table, table.x.iloc[[0, 5]])
    assert np.allclose(found.final_demand_change, 0.0, atol=1e-7 * float(table.x.max()))


def test_final_demand_of_others_may_be_given():
    table = random_table(2, 2, 2)
    matrix = Leontief(table).operator.dense()
    wanted = table.f * 1.5
    found = mixed(table, 1.6 * table.x.iloc[[0]], final_demand=wanted, allow_negative=True)
    x, final = slow.mixed(matrix, wanted.to_numpy(), [0], [1.6 * table.x.iloc[0]])
    assert np.allclose(flat(found, "output"), x)
    assert np.allclose(flat(found, "final_demand"), final)


def test_outputs_that_cannot_serve_the_others_are_refused_unless_asked_for():
    table = random_table(3, 2, 3)
    nothing = pd.Series([0.0], index=table.labels[[1]])
    with pytest.raises(NegativeResult, match="below zero in R0 / S1"):
        mixed(table, nothing)
    found = mixed(table, nothing, allow_negative=True)
    assert float(found.final_demand.min()) < 0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_money_scales_and_labels_come_in_any_order(seed, factor):
    table = random_table(seed, 2, 3, kind="explicit")
    other = RegionalTable.from_flows(
        factor * table.Z, factor * table.Y.sum(axis=1), factor * table.x
    )
    wanted = 1.1 * table.x.iloc[[4, 1]]
    one = mixed(table, wanted, allow_negative=True)
    two = mixed(other, factor * wanted.iloc[::-1], allow_negative=True)
    assert np.allclose(two.output, factor * one.output, rtol=1e-8)


def test_outputs_that_make_no_sense_are_all_named_at_once():
    table = random_table(2, 2, 3, zero_industry=True)
    last = table.labels[[-1, 0, 0]]
    with pytest.raises(ShapeError, match=r"once.*>= 0.*no known inputs"):
        mixed(table, pd.Series([5.0, -1.0, 2.0], index=last))
    with pytest.raises(ShapeError, match="at least one"):
        mixed(table, pd.Series([], index=table.labels[:0], dtype=float))
    with pytest.raises(UnknownLabel, match="R7"):
        mixed(table, pd.Series([5.0], index=[("R7", "S0")]))
