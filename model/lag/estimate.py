"""Estimate a spatial lag or Durbin model, or take one that spreg has estimated.

Question owned: which rho, b and g do data on regions speak for, and how surely?

Public names
    fit_lag      maximum likelihood or instruments (spatial two-stage least squares)
    FittedLag    the model, its likelihood, residuals and what is explained
    from_spreg   the same from a fitted `ML_Lag` or `GM_Lag` of spreg

Terms: y (n,) outcome, X (n, k) variables with a constant, Z = [W y, X, W X] regressors, e errors.

    likelihood   ln L(rho) = -n/2 (1 + ln 2 pi + ln s2(rho)) + sum ln|1 - rho lambda|
                 s2(rho) = |e0 - rho eL|^2 / n, residuals of y and W y on X (and W X)
    errors       inverse of the information matrix at the maximum, s2 included
    instruments  H = [X, W X, .., W^p X]; coefficients (Z'P Z)^-1 Z'P y, P = H (H'H)^-1 H'
                 errors from s2 (Z'P Z)^-1, s2 = e'e / n

Lags of the constant are left out: where rows of W sum to one they are the constant again. The
likelihood takes errors to be normal with one variance; instruments do not ask for that.

Source: Ord (1975); Anselin (1988), chapter 6; Kelejian & Prucha (1998); LeSage & Pace (2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from io_tables.labels import shown
from model.errors import ShapeError, TooLarge
from model.lag.impacts import LAGGED, RHO, LagModel
from model.lag.weights import DENSE_ROWS, SpatialWeights
from model.leontief.products import FloatArray

CONSTANT = "constant"
WIDE = 1e3
"""Where rho is looked for on a side on which W sets no bound, over the largest eigenvalue."""


@dataclass(frozen=True, eq=False)
class FittedLag:
    """An estimated spatial lag model.

    Attributes
    ----------
    model
        Coefficients and their covariance, ready for `impacts`.
    frame
        One row for each coefficient, the constant included: estimate, se, z.
    log_likelihood
        At the maximum; nan for instruments.
    sigma2
        Variance of the errors.
    residuals
        (n,) by region: (I - rho W) y - X b - W X g.
    r2
        Squared correlation of y with its prediction (I - rho W)^-1 (X b + W X g).
    method
        "likelihood", "instruments" or spreg's name.
    n
        Regions.
    """

    model: LagModel
    frame: pd.DataFrame
    log_likelihood: float
    sigma2: float
    residuals: pd.Series[float]
    r2: float
    method: str
    n: int


def fit_lag(
    outcome: pd.Series[float],
    variables: pd.DataFrame,
    weights: SpatialWeights,
    *,
    durbin: bool | Sequence[str] = False,
    method: Literal["likelihood", "instruments"] = "likelihood",
    powers: int = 1,
) -> FittedLag:
    """Estimate y = rho W y + X b + W X g + e.

    Parameters
    ----------
    outcome
        (n,) by region.
    variables
        (n, k) by region, without a constant; one is added.
    weights
        W; every one of its regions must have data.
    durbin
        True lags all variables, a list those named.
    method
        "likelihood" (at most 2,000 regions) or "instruments".
    powers
        Highest power of W among the instruments.

    Raises
    ------
    ShapeError
        For regions without data, numbers that are not finite, variables that repeat each other or
        the constant, and fewer regions than coefficients.
    TooLarge
        For a likelihood of more than 2,000 regions.
    """
    labels = list(weights.labels)
    names = [str(c) for c in variables.columns]
    lagged = names if durbin is True else [] if durbin is False else [str(c) for c in durbin]
    y, x = _data(outcome, variables, labels, names, lagged)
    wx = weights.lag(x[:, [1 + names.index(c) for c in lagged]]) if lagged else x[:, :0]
    design = np.concatenate([x, wx], axis=1)
    wy = weights.lag(y)
    columns = [CONSTANT, *names, *[LAGGED.format(c) for c in lagged]]
    if len(y) <= design.shape[1] + 1:
        raise ShapeError(f"{len(y)} regions are too few for {design.shape[1] + 1} coefficients.")
    if np.linalg.matrix_rank(design / np.linalg.norm(design, axis=0)) < design.shape[1]:
        raise ShapeError(
            f"the variables must not repeat each other or the constant; given: {shown(columns)}."
        )
    if method == "likelihood":
        if weights.n > DENSE_ROWS:
            raise TooLarge(
                f"the likelihood of {weights.n} regions needs all eigenvalues (at most "
                f"{DENSE_ROWS}): ask for instruments."
            )
        rho, beta, sigma2, covariance, likelihood = _likelihood(y, wy, design, weights)
    elif method == "instruments":
        instruments = [x]
        for _ in range(powers + (1 if lagged else 0)):
            instruments.append(weights.lag(instruments[-1]))
        h = np.concatenate([x, *[one[:, 1:] for one in instruments[1:]]], axis=1)
        rho, beta, sigma2, covariance = _instruments(y, wy, design, h)
        likelihood = float("nan")
    else:
        raise ShapeError(f"method must be 'likelihood' or 'instruments'; found {method!r}.")
    return _fitted(
        y, design, weights, rho, beta, sigma2, covariance, columns, lagged, likelihood, method
    )


def _data(
    outcome: pd.Series[float],
    variables: pd.DataFrame,
    labels: list[str],
    names: list[str],
    lagged: list[str],
) -> tuple[FloatArray, FloatArray]:
    failures = []
    if len(set(names)) != len(names) or CONSTANT in names or RHO in names:
        failures.append(f"variables need names of their own, not {CONSTANT!r} or {RHO!r}")
    if unknown := [c for c in lagged if c not in names]:
        failures.append(f"no variable {shown(unknown)} to lag")
    told = outcome.set_axis(outcome.index.astype(str)).reindex(labels)
    frame = variables.set_axis(names, axis=1).set_axis(variables.index.astype(str), axis=0)
    frame = frame.reindex(labels).astype(np.float64)
    good = np.isfinite(told.to_numpy(dtype=np.float64)) & np.isfinite(frame.to_numpy()).all(axis=1)
    if not good.all():
        missing = [label for label, one in zip(labels, good, strict=True) if not one]
        failures.append(f"every region of the weights needs finite data; not so: {shown(missing)}")
    if failures:
        raise ShapeError(f"data of a lag model: {'; '.join(failures)}.")
    x = np.column_stack([np.ones(len(labels)), frame.to_numpy()])
    return np.asarray(told.to_numpy(dtype=np.float64)), np.asarray(x)


def _likelihood(
    y: FloatArray, wy: FloatArray, design: FloatArray, weights: SpatialWeights
) -> tuple[float, FloatArray, float, FloatArray, float]:
    n = len(y)
    on_y, on_wy = np.linalg.lstsq(design, np.column_stack([y, wy]), rcond=None)[0].T
    plain, lagged = y - design @ on_y, wy - design @ on_wy
    values = weights.eigenvalues

    def negative(rho: float) -> float:
        error = plain - rho * lagged
        jacobian = float(np.log(np.abs(1.0 - rho * values)).sum())
        return n / 2 * float(np.log(error @ error / n)) - jacobian

    reach = WIDE / max(weights.radius, np.finfo(np.float64).tiny)
    low, high = (float(np.clip(b, -reach, reach)) for b in weights.bounds)
    edge = 1e-9 * (high - low)
    found: Any = minimize_scalar(
        negative, bounds=(low + edge, high - edge), method="bounded", options={"xatol": 1e-13}
    )
    rho = float(found.x)
    beta = on_y - rho * on_wy
    error = plain - rho * lagged
    sigma2 = float(error @ error / n)
    likelihood = -float(found.fun) - n / 2 * (1.0 + np.log(2.0 * np.pi))
    dense = weights.matrix.toarray()
    g = np.linalg.solve((np.eye(n) - rho * dense).T, dense.T).T  # W (I - rho W)^-1
    spread = g @ (design @ beta)
    k = design.shape[1]
    information = np.zeros((k + 2, k + 2))
    information[1:-1, 1:-1] = design.T @ design / sigma2
    information[0, 1:-1] = information[1:-1, 0] = design.T @ spread / sigma2
    information[0, 0] = (g * g.T).sum() + (g * g).sum() + spread @ spread / sigma2
    information[0, -1] = information[-1, 0] = np.trace(g) / sigma2
    information[-1, -1] = n / (2 * sigma2**2)
    scale = 1.0 / np.sqrt(np.diag(information))
    covariance = scale[:, None] * np.linalg.inv(information * np.outer(scale, scale)) * scale
    return rho, beta, sigma2, covariance[:-1, :-1], likelihood


def _instruments(
    y: FloatArray, wy: FloatArray, design: FloatArray, instruments: FloatArray
) -> tuple[float, FloatArray, float, FloatArray]:
    z: FloatArray = np.column_stack([wy, design])
    left, sizes, _ = np.linalg.svd(
        instruments / np.linalg.norm(instruments, axis=0), full_matrices=False
    )
    base = left[:, sizes > 1e-12 * sizes.max()]
    if base.shape[1] < z.shape[1]:
        raise ShapeError(
            f"{base.shape[1]} instruments that differ are too few for {z.shape[1]} coefficients: "
            "more powers of W, or another variable."
        )
    projected = base.T @ z
    cross = projected.T @ projected
    coefficients: FloatArray = np.asarray(np.linalg.solve(cross, projected.T @ (base.T @ y)))
    error = y - z @ coefficients
    sigma2 = float(error @ error / len(y))
    covariance: FloatArray = np.asarray(sigma2 * np.linalg.inv(cross))
    return float(coefficients[0]), coefficients[1:], sigma2, covariance


def _fitted(
    y: FloatArray,
    design: FloatArray,
    weights: SpatialWeights,
    rho: float,
    beta: FloatArray,
    sigma2: float,
    covariance: FloatArray,
    columns: list[str],
    lagged: list[str],
    likelihood: float,
    method: str,
) -> FittedLag:
    names = [RHO, *columns]
    square = pd.DataFrame(covariance, index=names, columns=names)
    slopes = pd.Series(beta, index=columns)
    own = columns[1 : len(columns) - len(lagged)]
    theta = pd.Series({c: float(slopes[LAGGED.format(c)]) for c in lagged}) if lagged else None
    model = LagModel(weights, rho, slopes[own], theta, square)
    se = np.sqrt(np.diag(covariance))
    estimates = np.concatenate([[rho], beta])
    frame = pd.DataFrame({"estimate": estimates, "se": se, "z": estimates / se}, index=names)
    labels = list(weights.labels)
    residuals = y - rho * weights.lag(y) - design @ beta
    return FittedLag(
        model=model,
        frame=frame,
        log_likelihood=likelihood,
        sigma2=sigma2,
        residuals=pd.Series(residuals, index=labels, name="residual"),
        r2=_explained(y, design @ beta, weights, rho),
        method=method,
        n=len(labels),
    )


def _explained(y: FloatArray, mean: FloatArray, weights: SpatialWeights, rho: float) -> float:
    if weights.n > DENSE_ROWS:
        from_mean = mean.copy()
        term = mean
        for _ in range(10_000):
            term = rho * weights.lag(term)
            from_mean = from_mean + term
            if np.abs(term).max() <= 1e-12 * np.abs(from_mean).max():
                break
    else:
        system = np.eye(weights.n) - rho * weights.matrix.toarray()
        from_mean = np.linalg.solve(system, mean)
    if np.ptp(from_mean) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(y, from_mean)[0, 1] ** 2)


def from_spreg(fitted: Any, weights: SpatialWeights) -> FittedLag:
    """Take over a spatial lag model that spreg has estimated.

    Parameters
    ----------
    fitted
        An `ML_Lag` or `GM_Lag` of spreg, with `slx_lags` of 0 or 1 and no other endogenous
        variables.
    weights
        Its W as it was used (transformed), in the order of its data: spreg does not keep it.

    Raises
    ------
    ShapeError
        For a model of another kind or size.
    """
    wanted = ("betas", "vm", "name_x", "x", "y", "u", "rho")
    missing = [name for name in wanted if not hasattr(fitted, name)]
    if missing or getattr(fitted, "slx_lags", 0) > 1:
        raise ShapeError(
            f"a spatial lag model of spreg (ML_Lag, GM_Lag) with at most one lag of its variables "
            f"is needed; {type(fitted).__name__} lacks {shown(missing)}."
        )
    if np.size(fitted.y) != weights.n:
        raise ShapeError(f"weights of {weights.n} regions, but data of {np.size(fitted.y)}.")
    betas = np.asarray(fitted.betas, dtype=np.float64).reshape(-1)
    k = betas.size - 1
    given = [str(name) for name in list(fitted.name_x)[1:k]]
    n_lags = len(given) // 2 if getattr(fitted, "slx_lags", 0) else 0
    own = given[: len(given) - n_lags]
    if len(given) != len(own) + n_lags or np.asarray(fitted.x).shape[1] != k:
        raise ShapeError("a model with one constant, variables and rho is needed; found another.")
    columns = [CONSTANT, *own, *[LAGGED.format(c) for c in own[:n_lags]]]
    order_of = [k, *range(k)]  # spreg keeps rho last
    covariance = np.asarray(fitted.vm, dtype=np.float64)[: k + 1, : k + 1]
    covariance = covariance[np.ix_(order_of, order_of)]
    return _fitted(
        np.asarray(fitted.y, dtype=np.float64).reshape(-1),
        np.asarray(fitted.x, dtype=np.float64),
        weights,
        float(betas[-1]),
        betas[:-1],
        float(np.asarray(fitted.sig2).reshape(-1)[0]),
        covariance,
        columns,
        own[:n_lags],
        float(getattr(fitted, "logll", np.nan)),
        f"spreg {type(fitted).__name__}",
    )
