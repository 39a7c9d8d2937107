"""Decay of spillovers: exact on a law without noise, a likelihood twin, intervals that cover."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import minimize

from model.errors import NotConverged, ShapeError, UnknownLabel
from model.ledger.distance import fit_decay, plot_decay

mpl.use("Agg")


def places(n, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"R{k}" for k in range(n)]
    cost = pd.DataFrame(rng.uniform(30.0, 900.0, (n, n)), index=names, columns=names)
    size = pd.Series(rng.lognormal(5.0, 1.0, n), index=names)
    return names, cost, size


def effects(names, values):
    return xr.DataArray(
        np.atleast_2d(values), dims=("pole", "region"), coords={"pole": ["R0"], "region": names}
    )


@pytest.mark.parametrize("method", ["poisson", "least_squares"])
@pytest.mark.parametrize("form", ["exponential", "power"])
def test_a_law_without_noise_is_found_with_certainty(form, method):
    names, cost, size = places(12)
    line = cost.loc["R0"] if form == "exponential" else np.log(cost.loc["R0"])
    rate = 0.004 if form == "exponential" else 1.3
    values = size * np.exp(-2.0 - rate * line)
    fit = fit_decay(effects(names, values), cost, size, form=form, method=method)
    row = fit.frame.loc["R0"]
    assert row["decay"] == pytest.approx(rate, rel=1e-8)
    assert row["level"] == pytest.approx(-2.0, rel=1e-6)
    half = np.log(2) / rate if form == "exponential" else 2 ** (1 / rate)
    assert row["half"] == pytest.approx(half, rel=1e-7)
    assert row["decay_se"] < 1e-7 * rate
    assert row["r2"] == pytest.approx(1.0, abs=1e-10)
    assert row["n_regions"] == 11
    assert np.allclose(fit.points["fitted"], fit.points["per_size"], rtol=1e-7)


def test_poisson_is_the_maximum_of_its_likelihood_with_sandwich_errors():
    names, cost, size = places(30, 1)
    rng = np.random.default_rng(2)
    values = size * np.exp(-1.0 - 0.003 * cost.loc["R0"]) * rng.gamma(4.0, 0.25, 30)
    values["R3"] = 0.0  # a region that gets nothing is a region like others
    row = fit_decay(effects(names, values), cost, size).frame.loc["R0"]
    c, m, g = (s.to_numpy()[1:] for s in (cost.loc["R0"], size, values))

    def negative(beta):
        mean = m * np.exp(beta[0] - beta[1] / 100 * c)
        return (mean - g * np.log(mean)).sum() / g.sum()

    found = minimize(negative, [0.0, 0.1], method="Nelder-Mead",
                     options={"xatol": 1e-10, "fatol": 1e-15, "maxiter": 5000})  # fmt: skip
    assert row["decay"] == pytest.approx(found.x[1] / 100, rel=1e-5)
    mean = m * np.exp(row["level"] - row["decay"] * c)
    x = np.column_stack([np.ones(29), c])
    bread = np.linalg.inv(sum(mean[k] * np.outer(x[k], x[k]) for k in range(29)))
    leverage = [mean[k] * x[k] @ bread @ x[k] for k in range(29)]
    meat = sum(
        ((g[k] - mean[k]) / (1 - leverage[k])) ** 2 * np.outer(x[k], x[k]) for k in range(29)
    )
    se = np.sqrt((bread @ meat @ bread)[1, 1])
    assert row["decay_se"] == pytest.approx(se, rel=1e-6)
    assert row["half_se"] == pytest.approx(np.log(2) / row["decay"] ** 2 * se, rel=1e-6)


def test_intervals_hold_the_true_half_distance_as_often_as_they_say():
    names, cost, size = places(31, 3)
    rng = np.random.default_rng(4)
    truth, held = np.log(2) / 0.004, 0
    for _ in range(120):
        values = size * np.exp(-0.004 * cost.loc["R0"]) * rng.gamma(8.0, 1 / 8.0, 31)
        row = fit_decay(effects(names, values), cost, size, interval=0.9).frame.loc["R0"]
        held += row["half_low"] <= truth <= row["half_high"]
    assert 0.82 <= held / 120 <= 0.97


def test_effects_that_do_not_fall_have_no_half_distance():
    names, cost, size = places(10, 5)
    rng = np.random.default_rng(6)
    values = size * np.exp(0.002 * cost.loc["R0"]) * rng.gamma(20.0, 0.05, 10)
    fit = fit_decay(effects(names, values), cost, size)
    row = fit.frame.loc["R0"]
    assert row["decay"] < 0
    assert row["half"] == np.inf
    assert np.isnan(row["half_se"])
    assert "inf" in plot_decay(fit).get_title(loc="left")


def test_several_poles_units_and_the_nearest_member():
    names, cost, size = places(9, 7)
    nearest = cost.loc[["R0", "R1"]].min()
    values = np.stack([size * np.exp(-0.01 * nearest), size * np.exp(-0.002 * cost.loc["R5"])])
    data = xr.DataArray(
        values, dims=("pole", "region"), coords={"pole": ["two", "R5"], "region": names}
    )
    fit = fit_decay(data, cost, size, members={"two": ["R0", "R1"]})
    assert np.allclose(fit.frame["decay"], [0.01, 0.002], rtol=1e-8)
    assert fit.frame["n_regions"].tolist() == [7, 8]
    hours = fit_decay(1000.0 * data, cost / 60.0, size / 7.0, members={"two": ["R0", "R1"]})
    assert np.allclose(hours.frame["half"], fit.frame["half"] / 60.0, rtol=1e-8)


def test_what_cannot_be_fitted_is_named():
    names, cost, size = places(8, 8)
    data = effects(names, size.to_numpy())
    with pytest.raises(ShapeError, match="at least 4 regions"):
        fit_decay(data[:, :4], cost, size)
    with pytest.raises(ShapeError, match=r"effects >= 0.*R2"):
        fit_decay(data.where(data["region"] != "R2", -1.0), cost, size)
    with pytest.raises(ShapeError, match="differ between regions"):
        fit_decay(data, 0 * cost + 5.0, size)
    with pytest.raises(ShapeError, match=r"costs > 0"):
        fit_decay(data, 0 * cost, size, form="power")
    with pytest.raises(UnknownLabel, match="R7"):
        fit_decay(data, cost, size.drop("R7"))
    with pytest.raises(UnknownLabel, match="members"):
        fit_decay(data.assign_coords(pole=["nowhere"]), cost, size)
    with pytest.raises(ShapeError, match="form must be"):
        fit_decay(data, cost, size, form="linear")
    with pytest.raises(ShapeError, match="select or sum"):
        fit_decay(data.expand_dims("sector"), cost, size)
    only = effects(names, np.r_[0.0, 1.0, np.zeros(6)])
    with pytest.raises(NotConverged, match="fewer than two"):
        fit_decay(only, cost, size, method="least_squares")
