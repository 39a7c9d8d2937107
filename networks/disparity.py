"""How unequal anything is over places, and how much of it lies between groups of places.

Public names
------------
theil_t, theil_l, gini, coefficient_of_variation : population-weighted indices
williamson, atkinson : the same, as regional science and welfare economics name them
theil_parts : an index split into between and within groups

Terms
-----
Values y_i (per head: income, access) of places with population p_i > 0; shares of population w_i =
p_i / sum p and weighted mean y = sum w_i y_i. Functions are pure: arrays or Series in, floats out.

Formula
-------
T = sum w_i (y_i / y) ln(y_i / y); L = sum w_i ln(y / y_i); Gini = sum_ij w_i w_j |y_i - y_j| / 2 y;
coefficient of variation sqrt(sum w_i (y_i - y)^2) / y, which is Williamson's index when y is the
national mean; Atkinson 1 - (sum w_i y_i^(1 - e))^(1 / (1 - e)) / y, at e = 1 with the geometric
mean, e > 0 the aversion to inequality. With groups g: T = sum_g s_g ln(y_g / y) +
sum_g s_g T_g, s_g = w_g y_g / y; L = sum_g w_g ln(y / y_g) + sum_g w_g L_g.

Source: H. Theil (1967), Economics and Information Theory; A. Shorrocks (1980), The class of
additively decomposable inequality measures; J. Williamson (1965), Regional inequality and the
process of national development; A. Atkinson (1970), On the measurement of inequality.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from networks.errors import MeasureError
from networks.labels import did_you_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TheilParts:
    """An index split by groups: total = between + within.

    Attributes
    ----------
    total, between, within : float
        Without unit.
    groups : DataFrame
        By group: ``index`` inside the group, its ``weight`` in the within part, its
        ``contribution`` to the within part, ``mean`` (unit of the values), ``population_share``.
    """

    total: float
    between: float
    within: float
    groups: pd.DataFrame


def _checked(
    values: ArrayLike, population: ArrayLike | None, *, positive: bool
) -> tuple[Floats, Floats]:
    y = np.asarray(values, dtype=np.float64)
    weights = np.ones_like(y) if population is None else np.asarray(population, dtype=np.float64)
    if y.ndim != 1 or y.shape != weights.shape or not len(y):
        raise MeasureError(
            f"Values and population must be two vectors of one length; found {y.shape} and "
            f"{weights.shape}."
        )
    for a, b in ((values, population),):
        if isinstance(a, pd.Series) and isinstance(b, pd.Series) and not a.index.equals(b.index):
            raise MeasureError("Values and population must have the same index in the same order.")
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise MeasureError("Population must be finite, zero or more, and not all zero.")
    kept = weights > 0
    y, weights = y[kept], weights[kept]
    low = y <= 0 if positive else y < 0
    if not np.isfinite(y).all() or low.any() or y.sum() <= 0:
        raise MeasureError(
            f"Values must be finite and {'positive' if positive else 'zero or more, not all zero'} "
            f"where people live; {int(low.sum())} are too low and "
            f"{int((~np.isfinite(y)).sum())} not finite."
        )
    return y, weights / weights.sum()


def theil_t(values: ArrayLike, population: ArrayLike | None = None) -> float:
    """Return the Theil T index, population-weighted; 0 when all are equal.

    Values of zero count as the limit 0 ln 0 = 0.

    Raises
    ------
    MeasureError
        Values that are negative or not finite, or populations that do not fit.
    """
    y, w = _checked(values, population, positive=False)
    ratio = y / (w @ y)
    return max(0.0, float(w @ (ratio * np.log(np.where(ratio > 0, ratio, 1.0)))))


def theil_l(values: ArrayLike, population: ArrayLike | None = None) -> float:
    """Return the Theil L index (mean log deviation), population-weighted; 0 when all are equal.

    Raises
    ------
    MeasureError
        Values that are not positive, or populations that do not fit.
    """
    y, w = _checked(values, population, positive=True)
    return max(0.0, float(w @ np.log((w @ y) / y)))


def gini(values: ArrayLike, population: ArrayLike | None = None) -> float:
    """Return the Gini coefficient, population-weighted, between 0 and 1.

    Raises
    ------
    MeasureError
        Values that are negative or not finite, or populations that do not fit.
    """
    y, w = _checked(values, population, positive=False)
    order = np.argsort(y, kind="stable")
    y, w = y[order], w[order]
    below = np.cumsum(w) - w
    # sum_ij w_i w_j |y_i - y_j| / 2 = sum_i w_i y_i (people below - people above)
    return max(0.0, float(w @ (y * (2 * below + w - 1.0)) / (w @ y)))


def coefficient_of_variation(values: ArrayLike, population: ArrayLike | None = None) -> float:
    """Return the population-weighted standard deviation over the weighted mean.

    Raises
    ------
    MeasureError
        Values that are negative or not finite, or populations that do not fit.
    """
    y, w = _checked(values, population, positive=False)
    mean = w @ y
    return float(np.sqrt(w @ (y - mean) ** 2) / mean)


def williamson(values: ArrayLike, population: ArrayLike, *, national: float | None = None) -> float:
    """Return Williamson's index: spread around the national value per head, over that value.

    Parameters
    ----------
    values
        One number per place, per head.
    population
        People per place.
    national
        National value per head; the population-weighted mean when left out, and then the index is
        the weighted coefficient of variation.

    Raises
    ------
    MeasureError
        Values that are negative or not finite, or populations that do not fit.
    """
    y, w = _checked(values, population, positive=False)
    centre = float(w @ y) if national is None else float(national)
    if not (np.isfinite(centre) and centre > 0):
        raise MeasureError(f"The national value per head must be positive; found {national!r}.")
    return float(np.sqrt(w @ (y - centre) ** 2) / centre)


def atkinson(
    values: ArrayLike, population: ArrayLike | None = None, *, aversion: float = 1.0
) -> float:
    """Return Atkinson's index: the share of the total that equality would make dispensable.

    Parameters
    ----------
    values
        One number per place.
    population
        People per place; all alike when left out.
    aversion
        Aversion to inequality, above 0; from 1 on, a single value of zero gives the index 1.

    Raises
    ------
    MeasureError
        Values that are negative or not finite, populations that do not fit, or an aversion that is
        not positive.
    """
    if not (np.isfinite(aversion) and aversion > 0):
        raise MeasureError(f"Aversion must be above zero; found {aversion!r}.")
    y, w = _checked(values, population, positive=False)
    ratio = y / (w @ y)
    if aversion >= 1 and (ratio <= 0).any():
        return 1.0
    power = 1.0 - aversion
    # Near 1 the power mean is a difference of almost equal numbers: the geometric mean is as good.
    logs = np.log(ratio[ratio > 0])
    if abs(power) < 1e-9:
        return float(np.clip(-np.expm1(w @ logs), 0.0, 1.0))
    # In logarithms, from the largest term on: a strong aversion takes powers far out of range.
    top = float((power * logs).max())
    mean = (top + np.log(w[ratio > 0] @ np.exp(power * logs - top))) / power
    return float(np.clip(-np.expm1(mean), 0.0, 1.0))


def theil_parts(
    values: ArrayLike,
    groups: ArrayLike,
    population: ArrayLike | None = None,
    *,
    index: Literal["T", "L"] = "T",
) -> TheilParts:
    """Return a Theil index split into between groups and within groups.

    Parameters
    ----------
    values
        One number per place.
    groups
        The group of every place.
    population
        People per place; all alike when left out.
    index
        ``"T"`` (groups weigh by their share of the total) or ``"L"`` (by their share of people).

    Raises
    ------
    MeasureError
        As ``theil_t`` and ``theil_l``; also groups that are missing or of another length.
    """
    if index not in ("T", "L"):
        raise MeasureError(f"There is no index {index!r}{did_you_mean(index, ['T', 'L'])}.")
    y, w = _checked(values, population, positive=index == "L")
    labels = pd.Series(np.asarray(groups, dtype=object))
    people = np.ones(len(labels)) if population is None else np.asarray(population, dtype=float)
    if len(labels) != len(people) or labels.isna().any():
        raise MeasureError("Every place needs a group; some are missing.")
    code, names = pd.factorize(labels[people > 0].reset_index(drop=True))
    of = theil_t if index == "T" else theil_l
    share = np.bincount(code, weights=w)
    mean = np.bincount(code, weights=w * y) / share
    overall = float(w @ y)
    inside = np.array(
        [of(y[code == g], w[code == g]) if mean[g] > 0 else 0.0 for g in range(len(names))]
    )
    weight = share * mean / overall if index == "T" else share
    between = of(mean, share)
    table = pd.DataFrame(
        {
            "index": inside,
            "weight": weight,
            "contribution": weight * inside,
            "mean": mean,
            "population_share": share,
        },
        index=pd.Index(names, name="group"),
    )
    within = float(weight @ inside)
    return TheilParts(of(y, w), between, within, table)
