"""Inoperability: the model in shares, its steady state and its way back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import NegativeResult, ShapeError, UnknownLabel
from model.inoperability import inoperability, plot_recovery, recovery, recovery_rates


def shares_of(table):
    x = table.x.to_numpy()
    return table.A.to_numpy() * x / x[:, None]


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_shares_solve_the_equation_of_the_model(kind):
    table = random_table(3, 3, 3, kind=kind)
    direct = pd.Series([0.05, 0.1], index=table.labels[[0, 5]])
    c = np.zeros(9)
    c[[0, 5]] = 0.05, 0.1
    q = np.linalg.solve(np.eye(9) - shares_of(table), c)
    found = inoperability(table, direct)
    assert np.allclose(found.inoperability.values.ravel(), q)
    assert np.allclose(found.loss.values.ravel(), q * table.x)
    assert found.attrs["total_loss"] == pytest.approx(float(q @ table.x))


def test_recovery_follows_the_recursion_and_ends_where_the_static_model_stands():
    table = random_table(4, 2, 3)
    start = pd.Series([0.4], index=table.labels[[2]])
    press = pd.Series([0.05], index=table.labels[[1]])
    rates = pd.Series(np.linspace(0.2, 0.9, 6), index=table.labels)
    found = recovery(table, start, rates=rates, periods=400, disruption=press, periods_per_year=12)
    q, c, matrix = np.zeros(6), np.zeros(6), shares_of(table)
    q[2], c[1] = 0.4, 0.05
    total = q @ table.x.to_numpy() / 12
    for t in range(1, 401):
        q = q + rates.to_numpy() * (matrix @ q + c - q)
        total += q @ table.x.to_numpy() / 12
        if t in (1, 7):
            assert np.allclose(found.inoperability.sel(period=t).values.ravel(), q)
    assert found.attrs["total_loss"] == pytest.approx(total)
    assert float(found.cumulative_loss.sum()) == pytest.approx(total)
    static = inoperability(table, press)
    assert np.allclose(found.inoperability.isel(period=-1), static.inoperability, atol=1e-8)


def test_rates_bring_an_industry_that_uses_only_itself_back_in_the_time_given():
    """One industry: dq/dt = -k (1 - a) q, so that q(T) / q(0) is what remains."""
    table = RegionalTable.from_flows(
        np.array([[30.0]]), np.array([70.0]), regions=["here"], sectors=["all"]
    )
    rates = recovery_rates(table, 1000.0, remaining=0.05)
    assert rates.iloc[0] == pytest.approx(-np.log(0.05) / (1000 * 0.7))
    found = recovery(table, pd.Series([0.5], index=table.labels), rates=rates, periods=1000)
    assert float(found.inoperability[-1, 0, 0]) == pytest.approx(0.5 * 0.05, rel=0.01)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_shares_do_not_depend_on_units_and_losses_do(seed, factor):
    table = random_table(seed, 2, 3, kind="explicit")
    other = RegionalTable.from_flows(
        factor * table.Z, factor * table.Y.sum(axis=1), factor * table.x
    )
    direct = pd.Series([0.01], index=table.labels[[3]])
    one = inoperability(table, direct, allow_beyond=True)
    two = inoperability(other, direct, allow_beyond=True)
    assert np.allclose(two.inoperability, one.inoperability, rtol=1e-8)
    assert np.allclose(two.loss, factor * one.loss, rtol=1e-8)


def test_more_lost_than_was_made_is_refused_unless_asked_for():
    table = random_table(3, 2, 3)
    everything = pd.Series(0.9, index=table.labels)
    with pytest.raises(NegativeResult, match="share from 0 to 1"):
        inoperability(table, everything)
    found = inoperability(table, everything, allow_beyond=True)
    assert float(found.inoperability.max()) > 1
    with pytest.raises(NegativeResult, match="disruption"):
        inoperability(table, -everything)


def test_rates_times_and_rows_that_make_no_sense_are_refused():
    table = random_table(2, 2, 3, zero_industry=True)
    start = pd.Series([0.1], index=table.labels[[0]])
    with pytest.raises(ShapeError, match="rates"):
        recovery(table, start, rates=1.5, periods=3)
    with pytest.raises(ShapeError, match="periods"):
        recovery(table, start, rates=0.5, periods=0)
    with pytest.raises(ShapeError, match="remaining"):
        recovery_rates(table, 10, remaining=1.0)
    with pytest.raises(ShapeError, match="above 0"):
        recovery_rates(table, 0.0)
    with pytest.raises(ShapeError, match="R1 / S2"):
        inoperability(table, pd.Series([0.1], index=table.labels[[-1]]))
    with pytest.raises(UnknownLabel):
        inoperability(table, pd.Series([0.1], index=[("R0", "S9")]))
    with pytest.raises(ShapeError, match="one for each"):
        recovery(table, start, rates=start, periods=3)


def test_the_figure_draws_losses_over_time():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    table = random_table(1, 2, 2)
    start = pd.Series([0.1], index=table.labels[[0]])
    ax = plot_recovery(recovery(table, start, rates=0.5, periods=5))
    assert len(ax.lines[0].get_xdata()) == 6
    plt.close("all")
