"""Estimated lag models: spreg's printed figures, brute-force likelihood, recovery, the bridge."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from io_tables.testing import random_table
from model.errors import ShapeError
from model.lag.beside import SIMULATED, beside, plot_beside
from model.lag.estimate import fit_lag, from_spreg
from model.lag.impacts import impacts
from model.lag.weights import SpatialWeights, standardised, weights_from_table
from model.ledger.exchange import spillover_exchange

mpl.use("Agg")


def made(n, rho, seed, theta=0.0, noise=0.5, standard="row"):
    rng = np.random.default_rng(seed)
    at = rng.random((n, 2))
    near = np.sqrt(((at[:, None] - at) ** 2).sum(axis=2))
    dense = np.where(near < 0.35, 1.0, 0.0)
    np.fill_diagonal(dense, 0.0)
    dense[np.arange(n), (np.arange(n) + 1) % n] = 1.0
    labels = tuple(f"r{k}" for k in range(n))
    w = standardised(SpatialWeights(labels, sp.csr_array(dense)), standard)
    x = pd.DataFrame(rng.normal(size=(n, 2)), index=labels, columns=["x", "z"])
    mean = 1.0 + x["x"] * 1.5 - x["z"] * 0.7 + theta * w.lag(x["x"].to_numpy())
    system = np.eye(n) - rho * w.matrix.toarray()
    y = np.linalg.solve(system, mean.to_numpy() + noise * rng.normal(size=n))
    return w, x, pd.Series(y, index=labels)


@pytest.mark.parametrize(("rho", "standard"), [(0.5, "row"), (-0.6, "row"), (0.05, "none")])
def test_the_likelihood_is_the_maximum_over_all_coefficients_at_once(rho, standard):
    w, x, y = made(30, rho, 3, standard=standard)
    fit = fit_lag(y, x, w)
    dense = w.matrix.toarray()
    design = np.column_stack([np.ones(30), x])

    def negative(p):
        error = y - p[0] * dense @ y - design @ p[1:4]
        sign, size = np.linalg.slogdet(np.eye(30) - p[0] * dense)
        variance = np.exp(p[4])
        return (
            np.inf if sign <= 0
            else 15 * np.log(2 * np.pi * variance) - size + error @ error / (2 * variance)
        )  # fmt: skip

    best = minimize(
        negative, [0.0, 0.5, 0.5, 0.5, 0.0], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000},
    )  # fmt: skip
    assert fit.frame["estimate"].to_numpy() == pytest.approx(best.x[:4], abs=2e-5)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    assert fit.sigma2 == pytest.approx(np.exp(best.x[4]), rel=1e-4)
    # Errors: curvature of the likelihood, by finite differences, near the expected information.
    step = 1e-4
    hessian = np.zeros((5, 5))
    point = np.r_[fit.frame["estimate"].to_numpy(), np.log(fit.sigma2)]
    for i in range(5):
        for j in range(5):
            e, d = step * np.eye(5)[i], step * np.eye(5)[j]
            hessian[i, j] = (
                negative(point + e + d) - negative(point + e - d)
                - negative(point - e + d) + negative(point - e - d)
            ) / (4 * step**2)  # fmt: skip
    observed = np.sqrt(np.diag(np.linalg.inv(hessian)))[:4]
    assert fit.frame["se"].to_numpy() == pytest.approx(observed, rel=0.25)


@pytest.mark.parametrize("method", ["likelihood", "instruments"])
@pytest.mark.parametrize("durbin", [False, ["x"], True])
def test_what_made_the_data_is_found_within_its_errors(method, durbin):
    w, x, y = made(400, 0.4, 5, theta=0.6 if durbin else 0.0)
    fit = fit_lag(y, x, w, durbin=durbin, method=method)
    truth = {"rho": 0.4, "constant": 1.0, "x": 1.5, "z": -0.7, "W x": 0.6, "W z": 0.0}
    for name, row in fit.frame.iterrows():
        assert abs(row["estimate"] - truth[name]) < 3.5 * row["se"], name
    assert fit.n == 400
    assert 0.5 < fit.r2 < 1.0
    assert fit.residuals.std() == pytest.approx(np.sqrt(fit.sigma2), rel=0.01)


def test_rows_may_come_in_any_order_and_must_all_be_there():
    w, x, y = made(25, 0.3, 6)
    fit = fit_lag(y, x, w)
    mixed = fit_lag(y.sample(frac=1.0, random_state=1), x.iloc[::-1], w)
    assert mixed.frame["estimate"].to_numpy() == pytest.approx(fit.frame["estimate"].to_numpy())
    with pytest.raises(ShapeError, match=r"finite data.*r3"):
        fit_lag(y.drop("r3"), x, w)
    with pytest.raises(ShapeError, match="repeat"):
        fit_lag(y, x.assign(twice=2 * x["x"]), w)
    with pytest.raises(ShapeError, match="too few"):
        fit_lag(y.iloc[:3], x.iloc[:3], SpatialWeights(("r0", "r1", "r2"), w.matrix[:3, :3]))
    with pytest.raises(ShapeError, match=r"no variable.*q"):
        fit_lag(y, x, w, durbin=["q"])
    with pytest.raises(ShapeError, match="method must be"):
        fit_lag(y, x, w, method="guess")


def columbus(spreg, libpysal, variables, outcome, kind):
    path = libpysal.examples.get_path
    data = libpysal.io.open(path("columbus.dbf"), "r")
    y = np.array(data.by_col(outcome)).reshape(-1, 1)
    x = np.array([data.by_col(name) for name in variables]).T
    w = getattr(libpysal.weights, kind).from_shapefile(path("columbus.shp"))
    w.transform = "r"
    labels = tuple(str(i) for i in w.id_order)
    ours = SpatialWeights(labels, sp.csr_array(w.sparse))
    frame = pd.DataFrame(x, index=labels, columns=variables)
    return y, x, w, pd.Series(y[:, 0], index=labels), frame, ours


@pytest.fixture
def packages():
    return pytest.importorskip("spreg"), pytest.importorskip("libpysal")


@pytest.mark.filterwarnings("ignore")
def test_columbus_by_instruments_as_printed_in_the_manual_of_spreg(packages):
    *_, y, x, w = columbus(*packages, ["INC", "CRIME"], "HOVAL", "Rook")
    fit = fit_lag(y, x, w, method="instruments", powers=2)
    # Manual of spreg, GM_Lag: HOVAL on INC and CRIME, rook neighbours, two lags as instruments.
    order = ["constant", "INC", "CRIME", "rho"]
    printed = [45.30170561, 0.62088862, -0.48072345, 0.02836221]
    assert fit.frame.loc[order, "estimate"].to_numpy() == pytest.approx(printed, abs=5e-9)
    errors = [17.91278862, 0.52486082, 0.1822815, 0.31740089]
    assert fit.frame.loc[order, "se"].to_numpy() == pytest.approx(errors, abs=5e-8)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lags", [0, 1])
@pytest.mark.parametrize("name", ["ML_Lag", "GM_Lag"])
def test_columbus_equals_spreg_and_its_models_are_taken_over(packages, name, lags, capsys):
    spreg, _ = packages
    y, x, w, own_y, own_x, own_w = columbus(*packages, ["INC", "HOVAL"], "CRIME", "Queen")
    theirs = getattr(spreg, name)(
        y, x, w=w, slx_lags=lags, name_x=["INC", "HOVAL"], name_y="CRIME", spat_impacts=None
    )
    method = "likelihood" if name == "ML_Lag" else "instruments"
    ours = fit_lag(own_y, own_x, own_w, durbin=bool(lags), method=method)
    taken = from_spreg(theirs, own_w)
    rel = 1e-5 if name == "ML_Lag" else 1e-8  # spreg stops its search at 1e-7 or so
    assert ours.frame["estimate"].to_numpy() == pytest.approx(
        taken.frame["estimate"].to_numpy(), rel=rel
    )
    assert list(taken.frame.index) == list(ours.frame.index)
    assert ours.frame["se"].to_numpy() == pytest.approx(taken.frame["se"].to_numpy(), rel=1e-4)
    assert ours.sigma2 == pytest.approx(taken.sigma2, rel=1e-5)
    assert np.allclose(ours.residuals, taken.residuals, atol=1e-3)
    if name == "ML_Lag":
        assert ours.log_likelihood == pytest.approx(taken.log_likelihood, abs=1e-6)
    found, expected = (impacts(one.model, seed=4)["impact"] for one in (ours, taken))
    assert np.allclose(found, expected, rtol=1e-4)
    if name == "ML_Lag" and not lags:
        # As GeoDa and spreg print for these data: lag of CRIME, constant, INC, HOVAL.
        assert ours.frame["estimate"].to_numpy() == pytest.approx(
            [0.4233254, 45.6032490, -1.0487282, -0.2663348], abs=2e-5
        )
        assert ours.log_likelihood == pytest.approx(-182.673972, abs=1e-5)


def test_what_is_no_lag_model_is_refused():
    with pytest.raises(ShapeError, match="lacks"):
        from_spreg(object(), SpatialWeights(("a", "b"), sp.csr_array([[0.0, 1.0], [1.0, 0.0]])))


def test_a_model_made_of_the_table_s_own_flows_agrees_in_pattern():
    table = random_table(6, 8, 3)
    w = weights_from_table(table, by="sales")
    rng = np.random.default_rng(2)
    x = pd.DataFrame({"demand": rng.normal(size=8)}, index=table.regions)
    y = np.linalg.solve(
        np.eye(8) - 0.5 * w.matrix.toarray(), x["demand"] + 0.1 * rng.normal(size=8)
    )
    fit = fit_lag(pd.Series(y, index=table.regions), x, w)
    data = beside(table, fit.model, of="output", draws=300)
    assert list(data.index) == [SIMULATED, "demand"]
    effect = spillover_exchange(table, of="output")["effect"].isel(account=0).values
    assert data.loc[SIMULATED, "direct"] == pytest.approx(np.trace(effect) / 8)
    assert data.loc[SIMULATED, "total"] == pytest.approx(effect.sum() / 8)
    assert data.loc["demand", "pattern"] > 0.3
    row = data.loc["demand"]
    assert row["share_low"] < row["indirect_share"] < row["share_high"]
    assert row["indirect"] == pytest.approx(row["total"] - row["direct"])
    assert len(plot_beside(data).lines) == 1
    with pytest.raises(ShapeError, match="R7"):
        beside(random_table(6, 7, 3), fit.model)
