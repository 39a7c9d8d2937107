"""Totals of groups, fixed cells, conflicting totals: RAS and GRAS as special cases, optimality."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from io_tables.balance import BalanceStatus, gras, ras
from io_tables.balance_groups import Total, balance_totals
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged, UnknownLabel


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
def test_rows_and_columns_alone_are_ras(n, m, seed):
    rng = np.random.default_rng(seed)
    prior = rng.lognormal(0.0, 1.0, (n, m)) * (rng.random((n, m)) < 0.8)
    target = prior * rng.lognormal(0.0, 0.5, (n, m))
    u, v = target.sum(axis=1), target.sum(axis=0)
    found = balance_totals(prior, row_totals=u, column_totals=v).raise_for_status()
    np.testing.assert_allclose(found.frame, ras(prior, u, v).matrix, rtol=1e-7, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_and_columns_of_a_signed_matrix_are_gras(seed):
    rng = np.random.default_rng(seed)
    prior = rng.normal(0.8, 1.0, (4, 5))
    target = prior * rng.lognormal(0.0, 0.3, prior.shape)
    u, v = target.sum(axis=1), target.sum(axis=0)
    found = balance_totals(prior, row_totals=u, column_totals=v)
    np.testing.assert_allclose(found.frame, gras(prior, u, v).matrix, rtol=1e-6, atol=1e-8)


def labelled(seed=0):
    rng = np.random.default_rng(seed)
    prior = pd.DataFrame(rng.lognormal(1.0, 0.7, (4, 3)), index=list("abcd"), columns=list("xyz"))
    return prior, prior * rng.lognormal(0.0, 0.4, prior.shape)


def test_fixed_cells_and_totals_over_groups_hold_and_the_rest_keeps_the_form_of_the_optimum():
    prior, target = labelled()
    fixed = prior * np.nan
    fixed.loc["a", "x"] = target.loc["a", "x"]
    block = Total(target.loc[["a", "b"], ["y", "z"]].to_numpy().sum(), rows=["a", "b"],
                  columns=["y", "z"], name="north buys")  # fmt: skip
    found = balance_totals(
        prior, [block], row_totals=target.sum(axis=1), column_totals=target.sum(), fixed=fixed
    ).raise_for_status()
    frame = found.frame
    assert frame.loc["a", "x"] == target.loc["a", "x"]
    assert frame.loc[["a", "b"], ["y", "z"]].to_numpy().sum() == pytest.approx(block.value)
    np.testing.assert_allclose(frame.sum(axis=1), target.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(frame.sum(), target.sum(), rtol=1e-9)
    m = found.totals["multiplier"]
    eta = m["row b"] + m["column y"] + m["north buys"]
    assert frame.loc["b", "y"] == pytest.approx(prior.loc["b", "y"] * np.exp(eta))
    assert found.gap < 1e-10


def test_the_result_is_the_minimum_that_a_general_optimiser_finds():
    prior, target = labelled(5)
    wanted = [
        Total(float(target.loc["a"].sum() * 1.2), rows=["a"], uncertainty=0.1),
        Total(float(target["x"].sum()), columns=["x"], uncertainty=0.0),
        Total(float(target.loc[["a", "b"]].to_numpy().sum()), rows=["a", "b"], uncertainty=0.02),
    ]
    x = prior.to_numpy().ravel()

    def loss(y):
        out = (y * np.log(y / x) - y + x).sum()
        cells = y.reshape(4, 3)
        for total, found in ((wanted[0], cells[0].sum()), (wanted[2], cells[:2].sum())):
            out += (found - total.value) ** 2 / (2 * total.uncertainty**2 * total.value)
        return out

    slow = minimize(
        loss, x, bounds=[(1e-9, None)] * 12, options={"ftol": 1e-15, "maxiter": 500},
        constraints={"type": "eq", "fun": lambda y: y.reshape(4, 3)[:, 0].sum() - wanted[1].value},
        method="SLSQP",
    )  # fmt: skip
    found = balance_totals(prior, wanted).frame.to_numpy().ravel()
    np.testing.assert_allclose(found, slow.x, rtol=1e-4)
    assert loss(found) <= slow.fun + 1e-9


def test_two_contradicting_totals_of_one_cell_meet_where_the_closed_form_says():
    totals = [
        Total(10.0, uncertainty=0.1, name="census"),
        Total(12.0, uncertainty=0.2, name="survey"),
    ]
    found = balance_totals([[11.0]], totals)
    # y = 11 exp(m1 + m2), m_k = (c_k - y) / (w_k^2 c_k)
    y = brentq(
        lambda y: np.log(y / 11.0) - (10 - y) / (0.01 * 10) - (12 - y) / (0.04 * 12), 9.0, 13.0
    )
    assert found.frame.iloc[0, 0] == pytest.approx(y, rel=1e-9)
    report = found.totals
    assert report.loc["census", "moved"] == pytest.approx((y - 10) / (0.1 * 10))
    assert abs(report.loc["survey", "moved"]) > abs(report.loc["census", "moved"]) * 0.5
    assert found.status is BalanceStatus.CONVERGED


def test_a_total_that_must_hold_wins_over_an_uncertain_one():
    found = balance_totals([[1.0, 2.0]], [Total(10.0, name="sure"), Total(20.0, uncertainty=0.3)])
    assert found.frame.to_numpy().sum() == pytest.approx(10.0, rel=1e-10)
    assert found.totals.iloc[1]["found"] == pytest.approx(10.0)


def test_totals_that_must_hold_and_contradict_each_other_are_named():
    prior, _ = labelled()
    with pytest.raises(InfeasibleMargins, match=r"by 5: .*north \(5\).*row a \(10\)"):
        balance_totals(prior, [Total(5.0, rows=["a", "b"], name="north")],
                       row_totals=[10.0, np.nan, np.nan, np.nan])  # fmt: skip
    with pytest.raises(InfeasibleMargins, match="signs of the prior"):
        balance_totals([[1.0, 2.0]], [Total(-3.0)])
    fixed = [[4.0, np.nan]]
    with pytest.raises(InfeasibleMargins, match="fixed cells"):
        balance_totals([[1.0, 2.0]], [Total(3.0)], fixed=fixed)


def test_totals_of_zero_empty_their_cells():
    found = balance_totals(
        [[1.0, 2.0], [3.0, 4.0]], row_totals=[0.0, 7.0], column_totals=[3.0, 4.0]
    )
    np.testing.assert_allclose(found.frame, [[0.0, 0.0], [3.0, 4.0]], atol=1e-12)


def test_an_early_stop_is_a_status_and_raises_on_request():
    prior, target = labelled()
    found = balance_totals(
        prior, row_totals=target.sum(axis=1), column_totals=target.sum(), max_iterations=1
    )
    assert found.status is BalanceStatus.MAX_ITERATIONS
    with pytest.raises(NotConverged, match="after 1 steps"):
        found.raise_for_status()


def test_money_in_another_unit_gives_the_same_matrix_in_that_unit():
    prior, target = labelled(2)

    def solve(unit):
        row, column = float(target.loc["a"].sum()), float(target["x"].sum()) * 0.8
        totals = [
            Total(row * unit, rows=["a"], uncertainty=0.1),
            Total(column * unit, columns=["x"], uncertainty=0.3),
        ]
        return balance_totals(prior * unit, totals).frame

    np.testing.assert_allclose(solve(1e4), solve(1.0) * 1e4, rtol=1e-8)


def test_wrong_labels_shapes_and_uncertainties_are_refused():
    prior, _ = labelled()
    with pytest.raises(UnknownLabel, match="unknown row 'aa'"):
        balance_totals(prior, [Total(1.0, rows=["aa"])])
    with pytest.raises(
        InvalidTable, match=r"3 column totals are needed, found 2; .*uncertainty >= 0"
    ):
        balance_totals(prior, [Total(1.0, uncertainty=-1.0)], column_totals=[1.0, 2.0])
    with pytest.raises(InvalidTable, match="must be finite"):
        balance_totals(prior, [Total(np.inf)])
