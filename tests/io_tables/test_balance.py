"""RAS and GRAS: printed cases, slow twins, refusal of totals that contradict each other."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import reference_io_tables as reference
from hypothesis import example, given, settings
from hypothesis import strategies as st
from paths import shared

from io_tables.balance import BalanceStatus, gras, ras
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged


def read(folder, name):
    return pd.read_csv(folder / name, index_col=0).to_numpy(dtype=float)


def test_ras_reproduces_the_printed_two_by_two_case():
    folder = shared("cases", "io", "ras_2x2")
    expected = json.loads((folder / "expected.json").read_text())["expected"]
    rows = read(folder, "row_totals.csv").ravel()
    columns = read(folder, "col_totals.csv").ravel()
    prior = read(folder, "M0.csv")
    totals = (rows, columns) if rows.sum() == columns.sum() == 12 else (columns, rows)
    value = np.array(expected["M_converged"]["value"])
    if not np.allclose(value.sum(axis=1), totals[0]):
        totals = totals[::-1]
    result = ras(prior, *totals).raise_for_status()
    np.testing.assert_allclose(result.matrix, value, rtol=1e-11)
    np.testing.assert_allclose(result.matrix, expected["M"]["value"], atol=1e-3)


def test_ras_reproduces_the_three_sector_case_of_miller_and_blair():
    folder = shared("cases", "io", "mb_ras_3x3")
    expected = json.loads((folder / "expected.json").read_text())["expected"]
    prior = read(folder, "A0.csv") * read(folder, "x1.csv").ravel()
    u, v = read(folder, "u.csv").ravel(), read(folder, "v.csv").ravel()
    result = ras(prior, u, v).raise_for_status()
    np.testing.assert_allclose(result.matrix, expected["Z_ras"]["value"], rtol=1e-11)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
@example(3, 3, 1042)  # 3000 plain sweeps leave 1 in 10 000
def test_ras_agrees_with_the_slow_twin_and_meets_its_totals(n, m, seed):
    rng = np.random.default_rng(seed)
    prior = rng.lognormal(0.0, 1.5, (n, m)) * (rng.random((n, m)) < 0.7)
    target = prior * rng.lognormal(0.0, 0.5, (n, m))
    rows, columns = target.sum(axis=1), target.sum(axis=0)
    result = ras(prior, rows, columns).raise_for_status()
    np.testing.assert_allclose(result.matrix.sum(axis=1), rows, rtol=2e-12)
    np.testing.assert_allclose(result.matrix.sum(axis=0), columns, rtol=2e-12)
    slow = reference.ras(prior, rows, columns)
    if np.allclose(slow.sum(axis=1), rows, rtol=1e-12, atol=0.0):  # or its sweeps are not done
        np.testing.assert_allclose(result.matrix, slow, rtol=1e-6, atol=1e-9)
    factors = result.row_factors[:, None] * prior * result.column_factors
    np.testing.assert_allclose(factors, result.matrix, rtol=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 10_000))
def test_gras_agrees_with_the_slow_twin_and_keeps_signs(n, m, seed):
    rng = np.random.default_rng(seed)
    prior = rng.normal(0.5, 1.0, (n, m)) * (rng.random((n, m)) < 0.8)
    prior[:, 0] = np.abs(prior[:, 0]) + 0.1
    target = prior * rng.lognormal(0.0, 0.3, (n, m))
    rows, columns = target.sum(axis=1), target.sum(axis=0)
    result = gras(prior, rows, columns).raise_for_status()
    np.testing.assert_allclose(result.matrix.sum(axis=1), rows, atol=1e-9)
    np.testing.assert_allclose(result.matrix.sum(axis=0), columns, atol=1e-9)
    assert (np.sign(result.matrix) == np.sign(prior)).all()
    slow = reference.gras(prior, rows, columns, sweeps=400)
    np.testing.assert_allclose(result.matrix, slow, rtol=1e-4, atol=1e-6)


def test_gras_without_negative_entries_is_ras():
    rng = np.random.default_rng(0)
    prior = rng.lognormal(size=(4, 5))
    rows, columns = prior.sum(axis=1) * 1.1, prior.sum(axis=0) * 1.1
    rows[0] += 1.0
    columns[2] += 1.0
    np.testing.assert_allclose(
        gras(prior, rows, columns).matrix, ras(prior, rows, columns).matrix, rtol=1e-10
    )


def test_totals_with_different_sums_are_refused_not_rescaled():
    with pytest.raises(InfeasibleMargins, match=r"found 12 and 13; .* nothing is rescaled"):
        ras([[1.0, 1.0], [1.0, 1.0]], [6.0, 6.0], [6.0, 7.0])


def test_rows_that_need_more_than_their_columns_may_give_are_named():
    prior = pd.DataFrame(
        [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]],
        index=["coal", "steel", "trade"], columns=["x", "y", "z"],
    )  # fmt: skip
    with pytest.raises(
        InfeasibleMargins, match="rows coal, steel need 10 but may use only columns x with 4"
    ):
        ras(prior, [5.0, 5.0, 2.0], [4.0, 4.0, 4.0])


def test_an_empty_row_with_a_total_is_named():
    prior = pd.DataFrame([[1.0, 2.0], [0.0, 0.0]], index=["coal", "steel"])
    with pytest.raises(InfeasibleMargins, match=r"row without entries .* steel \(2\)"):
        ras(prior, [1.0, 2.0], [1.0, 2.0])
    with pytest.raises(InfeasibleMargins, match="column without entries"):
        ras([[1.0, 0.0], [2.0, 0.0]], [1.0, 2.0], [1.0, 2.0])


def test_a_column_whose_only_entry_lies_in_a_row_of_total_zero_is_refused():
    with pytest.raises(InfeasibleMargins, match="column without entries"):
        ras([[1.0, 1.0], [1.0, 0.0]], [0.0, 3.0], [1.0, 2.0])


def test_negative_priors_and_totals_are_refused():
    with pytest.raises(InvalidTable, match="use gras"):
        ras([[1.0, -1.0]], [0.0], [1.0, -1.0])
    with pytest.raises(InfeasibleMargins, match="must not be negative"):
        ras([[1.0, 1.0]], [0.0], [1.0, -1.0])
    with pytest.raises(InvalidTable, match="finite"):
        ras([[np.nan, 1.0]], [2.0], [1.0, 1.0])
    with pytest.raises(InfeasibleMargins, match="sign"):
        gras([[1.0, 1.0], [1.0, -1.0]], [-1.0, 2.0], [1.0, 0.0])


def test_totals_of_zero_empty_their_row_and_column():
    result = ras([[1.0, 2.0], [3.0, 4.0]], [0.0, 7.0], [3.0, 4.0])
    np.testing.assert_allclose(result.matrix, [[0.0, 0.0], [3.0, 4.0]])
    assert np.isfinite(result.row_factors).all()


def test_priors_of_any_range_balance_without_overflow():
    prior = np.array([[1e-300, 1e300], [1e250, 1e-250]])
    result = ras(prior, [1.0, 2.0], [1.5, 1.5]).raise_for_status()
    np.testing.assert_allclose(result.matrix.sum(axis=1), [1.0, 2.0], rtol=1e-12)


def test_totals_that_force_a_zero_are_met_and_the_cell_is_named():
    # The one matrix with these totals has a zero where the prior has none.
    prior = pd.DataFrame([[1.0, 1.0], [1.0, 0.0]], index=["a", "b"], columns=["x", "y"])
    result = ras(prior, [1.0, 1.0], [1.0, 1.0]).raise_for_status()
    assert result.status is BalanceStatus.BOUNDARY
    assert result.emptied == (("a", "x"),)
    np.testing.assert_allclose(result.matrix, [[0.0, 1.0], [1.0, 0.0]], atol=1e-13)
    early = ras(prior, [1.0, 1.0], [1.0, 1.0], max_iterations=200)
    assert early.status is BalanceStatus.MAX_ITERATIONS
    with pytest.raises(NotConverged, match="after 200 sweeps"):
        early.raise_for_status()


def test_totals_near_the_boundary_converge_by_newton_steps_to_the_slow_answer():
    # Without Newton steps this needs some 1e5 sweeps: the coupling is a millionth.
    prior = np.array([[1.0, 1.0], [1.0, 0.0]])
    rows, columns = [1.0 + 1e-5, 1.0], [1.0 + 1e-5, 1.0]
    result = ras(prior, rows, columns)
    assert result.status is BalanceStatus.CONVERGED
    assert result.iterations < 500
    np.testing.assert_allclose(result.matrix, [[1e-5, 1.0], [1.0, 0.0]], rtol=1e-9)
    rng = np.random.default_rng(4)
    wide = rng.lognormal(0.0, 4.0, (30, 40)) * (rng.random((30, 40)) < 0.12)
    wide[np.arange(30), np.arange(30)] += 1e-6
    target = wide * rng.lognormal(0.0, 2.0, wide.shape)
    found = ras(wide, target.sum(axis=1), target.sum(axis=0))
    assert found.status is BalanceStatus.CONVERGED
    assert found.margin_gap <= 1e-12


def test_gras_near_its_boundary_converges_by_newton_steps():
    prior = np.array([[1.0, 1.0, -1e-6], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    target = np.array([[1e-7, 1.0, -3e-6], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    result = gras(prior, target.sum(axis=1), target.sum(axis=0)).raise_for_status()
    assert result.iterations < 600
    np.testing.assert_allclose(result.matrix.sum(axis=1), target.sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(result.matrix.sum(axis=0), target.sum(axis=0), rtol=1e-10)
    assert (np.sign(result.matrix) == np.sign(prior)).all()


def test_gras_says_which_totals_no_matrix_with_these_signs_has():
    prior = pd.DataFrame(
        [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, -1.0]],
        index=["coal", "steel", "trade"], columns=["x", "y", "z"],
    )  # fmt: skip
    with pytest.raises(
        InfeasibleMargins,
        match=r"miss 12 in all; look at row coal \(5\), row steel \(5\), column x \(4\)",
    ):
        gras(prior, [5.0, 5.0, -2.0], [4.0, 5.0, -1.0])


def test_labelled_totals_are_aligned_and_labels_come_back():
    prior = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["a", "b"], columns=["x", "y"])
    rows = pd.Series([6.0, 4.0], index=["b", "a"])
    columns = pd.Series([5.0, 5.0], index=["x", "y"])
    frame = ras(prior, rows, columns).frame
    np.testing.assert_allclose(frame.sum(axis=1).loc[["a", "b"]], [4.0, 6.0], rtol=1e-11)
    assert list(frame.columns) == ["x", "y"]
    with pytest.raises(InvalidTable, match="missing: b"):
        ras(prior, rows.rename({"b": "c"}), columns)


def test_scaling_totals_scales_the_result():
    prior = np.random.default_rng(2).lognormal(size=(3, 3))
    one = ras(prior, [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]).matrix
    many = ras(prior * 7.0, [1e6, 2e6, 3e6], [2e6, 2e6, 2e6]).matrix
    np.testing.assert_allclose(many, one * 1e6, rtol=1e-11)
