"""What a spatial lag model says of spillovers: direct, indirect and total impacts, with errors.

Question owned: when a variable grows by one in every region, how much of the effect arises at home
and how much in others, and how sure is that?

Public names
    LagModel       coefficients of a spatial lag or Durbin model, with their covariance
    impacts        average impacts and their simulated errors
    impact_matrix  the impact of every region on every other
    plot_impacts   direct and indirect impacts with their intervals

Terms: y = rho W y + X b + W X g + e, n regions; b_k, g_k the coefficients of variable k and of its
lag (g = 0: lag model; else Durbin).

    S_k       = (I - rho W)^-1 (b_k I + g_k W)        d y_r / d x_sk
    direct_k  = tr S_k / n      total_k = 1' S_k 1 / n      indirect_k = total_k - direct_k

Nothing here takes rows to sum to one: total = (b + g) / (1 - rho) only then.

    exact        Schur form W = Z T Z^h: traces from the diagonal of T, totals by triangular solves
    moments      tr W^k from random signs (the first two exact, odd ones 0 when W is bipartite),
                 1' W^k 1 exact, sums of powers of rho until they are below 1e-12

Errors: coefficients are drawn from the normal law of their estimates; draws whose rho lies outside
the bounds of W are drawn again and counted. rho may have either sign.

Source: LeSage & Pace (2009), sections 2.7, 4.3 and 4.4; Barry & Pace (1999) for traces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import scipy.linalg
import xarray as xr

from io_tables.labels import shown
from model.errors import ShapeError, TooLarge
from model.lag.weights import DENSE_ROWS, SpatialWeights
from model.leontief.products import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RHO = "rho"
LAGGED = "W {}"
"""How the lag of a variable is called."""
VARIABLE, KIND = "variable", "kind"
KINDS = ("direct", "indirect", "total")
EXACT_ROWS = 800
PROBES = 64
SMALL = 1e-12
MOST_POWERS = 20_000


@dataclass(frozen=True, eq=False)
class LagModel:
    """A spatial lag or Durbin model.

    Attributes
    ----------
    weights
        W.
    rho
        Coefficient of W y.
    beta
        Coefficient of every variable, the constant left out.
    theta
        Coefficients of lagged variables, by the name of the variable; None or 0 where there is no
        lag.
    covariance
        Of the estimates, with rows and columns "rho", the variables, and "W name" for lags; others
        (a constant) are left aside. None: no errors.

    Raises
    ------
    ShapeError
        For a rho outside the bounds of W, coefficients that are not finite, names that do not fit
        or stand twice, and a covariance that is not finite, not symmetric or has negative
        variances.
    """

    weights: SpatialWeights
    rho: float
    beta: pd.Series[float]
    theta: pd.Series[float] | None = None
    covariance: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        low, high = self.weights.bounds
        failures = []
        if not low < self.rho < high:
            failures.append(
                f"rho must lie between {low:.6g} and {high:.6g}, the bounds of W; found "
                f"{self.rho:.6g}"
            )
        twice = sorted({k for k in self.names if self.names.count(k) > 1})
        if twice:
            failures.append(f"coefficients must have names of their own; twice: {shown(twice)}")
        lost = ~np.isfinite(self.coefficients[1:])
        if lost.any():
            named = [self.names[1 + k] for k in np.flatnonzero(lost)]
            failures.append(f"coefficients must be finite; not so: {shown(named)}")
        if self.theta is not None:
            extra = [str(k) for k in self.theta.index if k not in self.beta.index]
            if extra:
                failures.append(f"lags without their variable: {shown(extra)}")
        if self.covariance is not None:
            names = self.names
            missing = [k for k in names if k not in self.covariance.index]
            missing += [k for k in names if k not in self.covariance.columns]
            if missing:
                failures.append(f"the covariance lacks {shown(list(dict.fromkeys(missing)))}")
            else:
                square = self.covariance.loc[names, names].to_numpy(dtype=np.float64)
                if not np.isfinite(square).all():
                    failures.append("the covariance must be finite")
                    square = np.zeros_like(square)
                size = max(float(np.abs(square).max()), np.finfo(np.float64).tiny)
                if (np.abs(square - square.T) > 1e-8 * size).any() or (np.diag(square) < 0).any():
                    failures.append("the covariance must be symmetric with variances >= 0")
        if failures:
            raise ShapeError(f"lag model: {'; '.join(failures)}.")

    @property
    def variables(self) -> list[str]:
        """Names of the variables."""
        return [str(k) for k in self.beta.index]

    @property
    def names(self) -> list[str]:
        """Names of the coefficients: rho, variables, lags."""
        lags = [] if self.theta is None else [LAGGED.format(k) for k in self.theta.index]
        return [RHO, *self.variables, *lags]

    @property
    def coefficients(self) -> FloatArray:
        """(1 + k + lags,) in the order of `names`."""
        lags = [] if self.theta is None else [self.theta.to_numpy(dtype=np.float64)]
        return np.concatenate([[self.rho], self.beta.to_numpy(dtype=np.float64), *lags])

    def _slopes(self, coefficients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of variables and of their lags, (d, k) each, from (d, all)."""
        k = len(self.beta)
        lags = np.zeros((len(coefficients), k))
        if self.theta is not None:
            where = [self.variables.index(str(name)) for name in self.theta.index]
            lags[:, where] = coefficients[:, 1 + k :]
        return coefficients[:, 1 : 1 + k], lags


def impacts(
    model: LagModel,
    *,
    draws: int = 1000,
    seed: int = 0,
    interval: float = 0.9,
    method: Literal["exact", "moments"] | None = None,
) -> xr.Dataset:
    """Average direct, indirect and total impacts of every variable.

    Parameters
    ----------
    model
        The estimated model.
    draws
        Draws of the coefficients, when there is a covariance.
    seed
        The same seed gives the same bits.
    interval
        Mass of the intervals.
    method
        "exact" or "moments"; exact up to 800 regions when left out.

    Returns
    -------
    Dataset over (variable, kind): `impact`, and with a covariance `se`, `low`, `high` (quantiles of
    the draws), `z` (impact over se), `share_low` and `share_high` (variable; the interval of
    indirect over total). Attributes: method, rho, draws, drawn_again; `truncation`, a
    bound on the powers left out, and `trace_error`, the standard error of a trace over n (both 0
    when exact).

    Raises
    ------
    ShapeError
        For an interval outside 0 to 1, fewer than two draws, a covariance under which nearly all
        draws lie outside the bounds, or moments asked for where powers do not fall off.
    """
    if not 0 < interval < 1 or draws < 2:
        raise ShapeError(
            f"impacts need an interval between 0 and 1 and at least 2 draws; found {interval} and "
            f"{draws}."
        )
    central = model.coefficients[None]
    drawn, again = central[:0], 0
    if model.covariance is not None:
        drawn, again = _draw(model, draws, seed)
    every = np.concatenate([central, drawn])
    chosen = method or ("exact" if model.weights.n <= EXACT_ROWS else "moments")
    if chosen == "exact":
        sums, truncation, trace_error = _exact(model.weights, every[:, 0]), 0.0, 0.0
    elif chosen == "moments":
        sums, truncation, trace_error = _moments(model.weights, every[:, 0], seed)
    else:
        raise ShapeError(f"method must be 'exact' or 'moments'; found {method!r}.")
    own, own_lag, all_in, all_in_lag = (one[:, None] for one in sums)
    beta, theta = model._slopes(every)
    direct = beta * own + theta * own_lag
    total = beta * all_in + theta * all_in_lag
    values = np.stack([direct, total - direct, total], axis=2)  # (1 + d, k, 3)
    dims = (VARIABLE, KIND)
    data: dict[str, Any] = {"impact": (dims, values[0], {"units": "per unit of the variable"})}
    if len(drawn):
        se = values[1:].std(axis=0, ddof=1)
        low, high = np.quantile(values[1:], [(1 - interval) / 2, (1 + interval) / 2], axis=0)
        z = np.divide(values[0], se, out=np.full_like(se, np.nan), where=se > 0)
        for name, one in (("se", se), ("low", low), ("high", high), ("z", z)):
            data[name] = (dims, one, {"units": "1" if name == "z" else "as impact"})
        whole = values[1:, :, 2]
        share = np.divide(
            values[1:, :, 1], whole, out=np.full_like(whole, np.nan), where=whole != 0
        )
        for name, at in (("share_low", (1 - interval) / 2), ("share_high", (1 + interval) / 2)):
            data[name] = ((VARIABLE,), np.nanquantile(share, at, axis=0), {"units": "1"})
    attrs = {
        "method": chosen, "rho": model.rho, "draws": len(drawn), "drawn_again": again,
        "interval": interval, "truncation": truncation, "trace_error": trace_error,
    }  # fmt: skip
    return xr.Dataset(data, coords={VARIABLE: model.variables, KIND: list(KINDS)}, attrs=attrs)


def _draw(model: LagModel, draws: int, seed: int) -> tuple[FloatArray, int]:
    """Coefficients (draws, all) with rho within the bounds, and how many were drawn again."""
    assert model.covariance is not None
    names = model.names
    square = model.covariance.loc[names, names].to_numpy(dtype=np.float64)
    values, vectors = np.linalg.eigh((square + square.T) / 2)
    if values.min() < -1e-8 * max(values.max(), np.finfo(np.float64).tiny):
        raise ShapeError("the covariance of a lag model must not have negative eigenvalues.")
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    low, high = model.weights.bounds
    out = np.empty((0, len(names)))
    tried = 0
    while len(out) < draws:
        if tried > 100 * draws:
            raise ShapeError(
                f"of {tried} draws only {len(out)} have rho between {low:.4g} and {high:.4g}: its "
                "standard error is too large for simulated impacts."
            )
        found = model.coefficients + rng.standard_normal((draws, len(names))) @ root.T
        tried += draws
        out = np.concatenate([out, found[(found[:, 0] > low) & (found[:, 0] < high)]])
    return out[:draws], tried - len(out)


Sums = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def _exact(weights: SpatialWeights, rho: FloatArray) -> Sums:
    """Return tr S, tr S W, 1'S 1 and 1'S W 1 over n, for every rho."""
    n = weights.n
    if n > DENSE_ROWS:
        raise TooLarge(f"exact impacts of {n} regions: at most {DENSE_ROWS}; take 'moments'.")
    t, z = scipy.linalg.schur(weights.matrix.toarray(), output="complex")
    values = np.diag(t)
    ones = z.conj().T @ np.ones(n)
    right = np.column_stack([ones, z.conj().T @ weights.lag(np.ones(n))])
    inverse = 1.0 / (1.0 - rho[:, None] * values)
    sums = np.empty((2, rho.size))
    eye = np.eye(n)
    for k, one in enumerate(rho):
        solved = scipy.linalg.solve_triangular(eye - one * t, right, check_finite=False)
        sums[:, k] = (ones.conj() @ solved).real / n
    return inverse.real.mean(axis=1), (values * inverse).real.mean(axis=1), sums[0], sums[1]


def _moments(weights: SpatialWeights, rho: FloatArray, seed: int) -> tuple[Sums, float, float]:
    """Return the same from moments of W, with what is left out and the error of a trace."""
    rate = float(np.abs(rho).max()) * weights.radius
    if rate >= 1.0 - 1e-6:
        raise ShapeError(
            f"powers of rho W do not fall off (rho times the largest eigenvalue is {rate:.4f} in "
            "some draw): ask for method='exact'."
        )
    n = weights.n
    powers = 2 if rate <= 0 else min(int(np.ceil(np.log(SMALL * (1 - rate)) / np.log(rate))), 10**9)
    if powers > MOST_POWERS:
        raise ShapeError(
            f"{powers} powers of rho W are needed, more than {MOST_POWERS}: ask for 'exact'."
        )
    powers = max(powers, 3)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    probes = rng.integers(0, 2, (n, PROBES)) * 2.0 - 1.0
    # Powers of W over its largest eigenvalue stay of one size.
    scaled: Any = weights.matrix / weights.radius
    scale = rho * weights.radius
    trace, every = np.empty((powers + 2, PROBES)), np.empty(powers + 2)
    moved: Any = probes
    line: Any = np.ones(n)
    for k in range(powers + 2):
        trace[k] = (probes * moved).sum(axis=0) / n
        every[k] = line.sum() / n
        moved, line = scaled @ moved, scaled @ line
    trace[0], trace[1] = 1.0, 0.0
    trace[2] = float((scaled * scaled.T).sum()) / n
    if weights.bipartite:
        trace[1::2] = 0.0
    by_power = scale[:, None] ** np.arange(powers + 1)
    of_trace = by_power @ trace[:-1]
    error = float((of_trace.std(axis=1, ddof=1) / np.sqrt(PROBES)).max())
    mean = trace.mean(axis=1)
    sums = (
        by_power @ mean[:-1],
        weights.radius * (by_power @ mean[1:]),
        by_power @ every[:-1],
        weights.radius * (by_power @ every[1:]),
    )
    left = rate ** (powers + 1) / (1 - rate) * float(np.abs(every).max())
    return sums, left, error


def impact_matrix(model: LagModel, variable: str) -> pd.DataFrame:
    """Impact of a unit of a variable in every region (columns) on every region (rows).

    Raises
    ------
    ShapeError
        For a variable that the model does not have.
    TooLarge
        Above 2,000 regions.
    """
    if variable not in model.variables:
        raise ShapeError(f"no variable {variable!r}; the model has {shown(model.variables)}.")
    n = model.weights.n
    if n > DENSE_ROWS:
        raise TooLarge(f"impacts of {n} regions on each other: at most {DENSE_ROWS}.")
    dense = model.weights.matrix.toarray()
    beta, theta = (one[0, model.variables.index(variable)]
                   for one in model._slopes(model.coefficients[None]))  # fmt: skip
    right = beta * np.eye(n) + theta * dense
    values = np.linalg.solve(np.eye(n) - model.rho * dense, right)
    labels = list(model.weights.labels)
    return pd.DataFrame(values, index=labels, columns=labels)


def plot_impacts(data: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Direct, indirect and total impacts of every variable, with intervals where there are any.

    Parameters
    ----------
    data
        From `impacts`.
    """
    import matplotlib.pyplot as plt

    names = data[VARIABLE].values
    ax = plt.subplots(figsize=(6, 0.6 * len(names) + 1.5))[1] if ax is None else ax
    for k, kind in enumerate(KINDS):
        one = data.sel({KIND: kind})
        where = np.arange(len(names)) + 0.22 * (1 - k)
        ax.plot(one["impact"].values, where, "o", label=kind, color=f"C{k}")
        if "low" in data:
            ax.hlines(where, one["low"].values, one["high"].values, color=f"C{k}", linewidth=2)
    ax.axvline(0.0, color="0.5", linewidth=0.8)
    ax.set_yticks(np.arange(len(names)), names)
    ax.set_xlabel(f"impact, {100 * data.attrs['interval']:g} % interval")
    ax.legend(frameon=False)
    return ax
