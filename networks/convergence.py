"""Do places grow alike: convergence of income, access or anything per head over years.

Question owned: does inequality between places fall, and do poorer places grow faster?

Public names
------------
sigma_convergence : spread of the logarithm, year by year, and its trend
beta_convergence : growth against the logarithm of the start, by least squares
BetaConvergence : what the second returns

Terms
-----
y_it > 0 value per head of place i in year t; w_i = p_i / sum p population shares, all alike when
left out; s standard deviation with weights w, dividing by one; T years between start and end.

Formula
-------
sigma_t = s(ln y_t). Growth (ln y_iT - ln y_i0) / T = a - b ln y_i0 + e_i by (weighted) least
squares; the implied speed is beta = -ln(1 - b T) / T and half of a gap closes in ln 2 / beta years.

Source: R. Barro and X. Sala-i-Martin (1992), Convergence, Journal of Political Economy 100.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from networks.errors import MeasureError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BetaConvergence:
    """Growth of places against where they started.

    Attributes
    ----------
    slope : float
        -b: change of yearly growth per unit of the logarithm of the start; below zero converges.
    slope_error : float
        Its standard error, nan with fewer than three places.
    intercept : float
        a, yearly growth of a place with y = 1.
    r_squared : float
        Share of the variance of growth that the start explains.
    speed : float
        beta per year; nan where the slope is so steep that gaps turn round.
    half_life : float
        Years until half of a gap is closed; infinite without convergence.
    places : int
        How many places entered.
    """

    slope: float
    slope_error: float
    intercept: float
    r_squared: float
    speed: float
    half_life: float
    places: int


def sigma_convergence(values: pd.DataFrame, population: ArrayLike | None = None) -> pd.DataFrame:
    """Return the spread of places year by year.

    Parameters
    ----------
    values
        Rows places, columns years (numbers, rising), positive.
    population
        People per place; all alike when left out.

    Returns
    -------
    DataFrame by year: ``sigma`` (standard deviation of the logarithm), ``change`` since the year
    before it in the table, per year. ``attrs["trend"]`` is the least-squares slope of sigma per
    year: below zero converges.

    Raises
    ------
    MeasureError
        Values that are not positive, years that do not rise, or populations that do not fit.
    """
    years = _years(list(values.columns))
    logs, weights = _logs(values.to_numpy(dtype=np.float64), population)
    mean = weights @ logs
    sigma = np.sqrt(weights @ (logs - mean) ** 2)
    steps = np.diff(sigma) / np.diff(years)
    out = pd.DataFrame(
        {"sigma": sigma, "change": np.concatenate([[np.nan], steps])},
        index=pd.Index(values.columns, name="year"),
    )
    centred = years - years.mean()
    out.attrs["trend"] = (
        float(centred @ sigma / (centred @ centred)) if len(years) > 1 else float("nan")
    )
    return out


def beta_convergence(
    start: ArrayLike, end: ArrayLike, years: float, population: ArrayLike | None = None
) -> BetaConvergence:
    """Return how growth depends on where places started.

    Parameters
    ----------
    start, end
        One positive value per place in the first and in the last year; Series are matched by
        position and must have the same index.
    years
        Years between the two.
    population
        People per place as weights; all alike when left out.

    Raises
    ------
    MeasureError
        Values that are not positive or do not belong together, or places that all start alike.
    """
    if (
        isinstance(start, pd.Series)
        and isinstance(end, pd.Series)
        and not start.index.equals(end.index)
    ):
        raise MeasureError("Start and end must have the same index in the same order.")
    if not (math.isfinite(years) and years > 0):
        raise MeasureError(f"Years must be above zero; found {years!r}.")
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    if first.shape != last.shape or first.ndim != 1:
        raise MeasureError(
            f"Start and end must be two vectors of one length; found {first.shape}, {last.shape}."
        )
    logs, weights = _logs(np.column_stack([first, last]), population)
    growth = (logs[:, 1] - logs[:, 0]) / years
    centred = logs[:, 0] - weights @ logs[:, 0]
    spread = float(weights @ centred**2)
    if not spread > 1e-24:
        raise MeasureError("All places start alike: there is nothing to converge from.")
    slope = float(weights @ (centred * growth)) / spread
    intercept = float(weights @ growth - slope * (weights @ logs[:, 0]))
    residual = growth - intercept - slope * logs[:, 0]
    varied = float(weights @ (growth - weights @ growth) ** 2)
    n = len(growth)
    error = math.sqrt(float(weights @ residual**2) / spread / (n - 2)) if n > 2 else math.nan
    kept = 1.0 + slope * years
    speed = -math.log(kept) / years if kept > 0 else math.nan
    return BetaConvergence(
        slope=slope,
        slope_error=error,
        intercept=intercept,
        r_squared=1.0 - float(weights @ residual**2) / varied if varied > 0 else math.nan,
        speed=speed,
        half_life=math.log(2.0) / speed if speed > 0 else (math.nan if kept <= 0 else math.inf),
        places=n,
    )


def _years(columns: list[Hashable]) -> Floats:
    years = np.array([float(str(c)) for c in columns], dtype=np.float64)
    if not years.size or (np.diff(years) <= 0).any():
        raise MeasureError(f"Columns must be years that rise; found {columns[:5]}.")
    return years


def _logs(values: Floats, population: ArrayLike | None) -> tuple[Floats, Floats]:
    """Logarithms (places, years) and weights (places,) where people live."""
    n = values.shape[0]
    weights = np.ones(n) if population is None else np.asarray(population, dtype=np.float64)
    if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise MeasureError(f"Population must be {n} finite numbers of zero or more.")
    kept = weights > 0
    if not kept.any():
        raise MeasureError("Population must not be all zero.")
    values, weights = values[kept], weights[kept]
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        raise MeasureError(
            f"Values must be finite and positive where people live; {int(bad.sum())} are not."
        )
    return np.log(values), weights / weights.sum()
