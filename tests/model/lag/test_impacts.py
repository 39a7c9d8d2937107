"""Impacts of lag models: closed forms, dense inverses, negative rho, bipartite and raw weights."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ShapeError
from model.lag.impacts import LagModel, impact_matrix, impacts, plot_impacts
from model.lag.weights import SpatialWeights, standardised

mpl.use("Agg")


def random_weights(n, seed, density=0.6):
    rng = np.random.default_rng(seed)
    dense = rng.random((n, n)) * (rng.random((n, n)) < density)
    dense[np.arange(n), (np.arange(n) + 1) % n] += 0.2
    np.fill_diagonal(dense, 0.0)
    return SpatialWeights(tuple(f"r{k}" for k in range(n)), sp.csr_array(dense))


def by_inverse(model, name):
    w = model.weights.matrix.toarray()
    n = len(w)
    theta = 0.0 if model.theta is None else model.theta.get(name, 0.0)
    s = np.linalg.inv(np.eye(n) - model.rho * w) @ (model.beta[name] * np.eye(n) + theta * w)
    direct, total = np.trace(s) / n, s.sum() / n
    return s, [direct, total - direct, total]


@settings(deadline=None, max_examples=40)
@given(
    st.integers(3, 12),
    st.integers(0, 10**6),
    st.floats(-0.99, 0.99),
    st.sampled_from(["row", "none", "largest eigenvalue"]),
)
def test_exact_impacts_are_those_of_the_inverse(n, seed, share, standard):
    w = standardised(random_weights(n, seed), standard)
    low, high = np.clip(w.bounds, -5 / w.radius, 5 / w.radius)
    rho = share * (high if share > 0 else -low)
    rng = np.random.default_rng(seed)
    model = LagModel(
        w, rho, pd.Series(rng.normal(size=2), ["x", "z"]), pd.Series([rng.normal()], ["z"])
    )
    found = impacts(model)["impact"]
    for name in ("x", "z"):
        s, expected = by_inverse(model, name)
        size = np.abs(s).max()
        assert found.sel(variable=name).values == pytest.approx(expected, rel=1e-8, abs=1e-9 * size)
        assert np.allclose(impact_matrix(model, name), s, rtol=1e-8, atol=1e-9 * size)


@settings(deadline=None, max_examples=20)
@given(st.integers(3, 10), st.integers(0, 10**6), st.floats(-0.9, 0.9))
def test_with_rows_that_sum_to_one_the_total_is_beta_over_one_less_rho(n, seed, rho):
    w = standardised(random_weights(n, seed), "row")
    model = LagModel(w, rho, pd.Series([2.0], ["x"]), pd.Series([0.5], ["x"]))
    total = impacts(model)["impact"].sel(variable="x", kind="total")
    assert float(total) == pytest.approx(2.5 / (1 - rho), rel=1e-10)


@pytest.mark.parametrize("rho", [-0.8, -0.2, 0.4, 0.95])
def test_two_regions_have_a_closed_form(rho):
    # W swaps the two: S = (I + rho W) / (1 - rho^2); the smallest bipartite case.
    w = SpatialWeights(("a", "b"), sp.csr_array([[0.0, 1.0], [1.0, 0.0]]))
    assert w.bipartite
    found = impacts(LagModel(w, rho, pd.Series([3.0], ["x"])))["impact"].sel(variable="x")
    expected = [3 / (1 - rho**2), 3 * rho / (1 - rho**2), 3 / (1 - rho)]
    assert found.values == pytest.approx(expected, rel=1e-12)


def test_everybody_alike_has_a_closed_form():
    n, rho = 20, 0.6
    dense = (np.ones((n, n)) - np.eye(n)) / (n - 1)
    w = SpatialWeights(tuple(f"r{k}" for k in range(n)), sp.csr_array(dense))
    found = impacts(LagModel(w, rho, pd.Series([1.0], ["x"])))["impact"].sel(variable="x")
    other = 1 / (1 + rho / (n - 1))  # the eigenvalue -1/(n-1), n-1 times
    direct = (1 / (1 - rho) + (n - 1) * other) / n
    assert found.values == pytest.approx([direct, 1 / (1 - rho) - direct, 1 / (1 - rho)])


@pytest.mark.parametrize("rho", [-0.7, 0.5, 0.9])
@pytest.mark.parametrize("standard", ["row", "none"])
def test_moments_meet_the_exact_figures_within_their_stated_error(rho, standard):
    w = standardised(random_weights(300, 4, density=0.03), standard)
    rho = rho / w.radius
    model = LagModel(w, rho, pd.Series([1.5], ["x"]), pd.Series([-0.4], ["x"]))
    exact = impacts(model, method="exact")["impact"].sel(variable="x")
    data = impacts(model, method="moments", seed=1)
    found = data["impact"].sel(variable="x")
    assert float(found.sel(kind="total")) == pytest.approx(float(exact.sel(kind="total")), rel=1e-9)
    slack = 5 * data.attrs["trace_error"] * (1.5 + 0.4 * max(w.radius, 1.0))
    assert abs(float(found.sel(kind="direct") - exact.sel(kind="direct"))) < slack
    assert 0 < data.attrs["trace_error"] < 0.02
    assert data.attrs["truncation"] < 1e-9


def test_odd_traces_of_a_bipartite_w_are_zero_not_noise():
    n = 120
    here = np.arange(n)
    dense = np.zeros((n, n))
    dense[here, (here + 1) % n] = dense[here, here - 1] = 0.5
    w = SpatialWeights(tuple(f"r{k}" for k in range(n)), sp.csr_array(dense))
    plus, minus = (
        impacts(LagModel(w, rho, pd.Series([1.0], ["x"])), method="moments", seed=2)["impact"]
        for rho in (0.6, -0.6)
    )
    # Only even powers come home: the direct impact does not know the sign of rho.
    assert float(plus.sel(kind="direct")[0]) == pytest.approx(
        float(minus.sel(kind="direct")[0]), rel=1e-12
    )
    assert float(minus.sel(kind="indirect")[0]) < 0 < float(plus.sel(kind="indirect")[0])


def test_simulated_errors_are_those_of_the_delta_method_when_they_are_small():
    w = standardised(random_weights(15, 6), "row")
    model = LagModel(w, 0.4, pd.Series([1.0], ["x"]))
    step = 1e-5

    def at(rho, beta):
        return impacts(LagModel(w, rho, pd.Series([beta], ["x"])))["impact"].values[0]

    slope = np.stack(
        [(at(0.4 + step, 1.0) - at(0.4 - step, 1.0)), (at(0.4, 1 + step) - at(0.4, 1 - step))]
    ) / (2 * step)
    square = 1e-4 * np.array([[1.0, -0.3], [-0.3, 2.0]])
    covariance = pd.DataFrame(square, index=["rho", "x"], columns=["rho", "x"])
    data = impacts(
        LagModel(w, 0.4, model.beta, None, covariance), draws=20_000, seed=3, interval=0.95
    )
    expected = np.sqrt(np.einsum("ik,ij,jk->k", slope, square, slope))
    assert data["se"].values[0] == pytest.approx(expected, rel=0.03)
    assert data["low"].values[0] == pytest.approx(
        data["impact"].values[0] - 1.96 * expected, rel=0.05
    )
    again = impacts(
        LagModel(w, 0.4, model.beta, None, covariance), draws=20_000, seed=3, interval=0.95
    )
    assert np.array_equal(again["se"], data["se"])
    ax = plot_impacts(data)
    assert [line.get_label() for line in ax.lines[:3]] == ["direct", "indirect", "total"]


def test_draws_stay_within_the_bounds_and_those_that_left_are_counted():
    w = standardised(random_weights(8, 7), "row")
    covariance = pd.DataFrame(np.diag([0.2**2, 0.0]), index=["rho", "x"], columns=["rho", "x"])
    data = impacts(LagModel(w, 0.9, pd.Series([1.0], ["x"]), None, covariance), draws=500)
    assert data.attrs["drawn_again"] > 50
    assert (data["high"] < np.inf).all()
    assert float(data["low"].sel(variable="x", kind="total")) > 0
    covariance.loc["rho", "rho"] = 1e8
    wild = LagModel(w, 0.9, pd.Series([1.0], ["x"]), None, covariance)
    with pytest.raises(ShapeError, match="standard error is too large"):
        impacts(wild, draws=100)


def test_models_that_make_no_sense_are_refused():
    w = standardised(random_weights(6, 8), "row")
    with pytest.raises(ShapeError, match="rho must lie between"):
        LagModel(w, 1.0, pd.Series([1.0], ["x"]))
    with pytest.raises(ShapeError, match="without their variable"):
        LagModel(w, 0.1, pd.Series([1.0], ["x"]), pd.Series([1.0], ["z"]))
    square = pd.DataFrame([[1.0, 0.5], [0.0, 1.0]], index=["rho", "x"], columns=["rho", "x"])
    with pytest.raises(ShapeError, match=r"lacks.*W x"):
        LagModel(w, 0.1, pd.Series([1.0], ["x"]), pd.Series([1.0], ["x"]), square)
    with pytest.raises(ShapeError, match="symmetric"):
        LagModel(w, 0.1, pd.Series([1.0], ["x"]), None, square)
    with pytest.raises(ShapeError, match="must be finite; not so: z"):
        LagModel(w, 0.1, pd.Series([1.0, np.nan], ["x", "z"]))
    with pytest.raises(ShapeError, match="names of their own; twice: x"):
        LagModel(w, 0.1, pd.Series([1.0, 2.0], ["x", "x"]))
    with pytest.raises(ShapeError, match="covariance must be finite"):
        LagModel(w, 0.1, pd.Series([1.0], ["x"]), None, square * np.nan)
    model = LagModel(w, 0.1, pd.Series([1.0], ["x"]))
    with pytest.raises(ShapeError, match="no variable"):
        impact_matrix(model, "y")
    with pytest.raises(ShapeError, match="at least 2 draws"):
        impacts(model, draws=1)
    edge = LagModel(w, 0.9999999, pd.Series([1.0], ["x"]))
    with pytest.raises(ShapeError, match="do not fall off"):
        impacts(edge, method="moments")
