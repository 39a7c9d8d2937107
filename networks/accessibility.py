"""How well is every place placed: what it can reach, and at what cost.

Public names
------------
accessibility : one measure over the places of a skim
MEASURES : the measures, a line each

Terms
-----
*mass* is what is reached (people, product, jobs), m_j; *cost* c_ij is minutes or money of the skim,
own place included (self-potential), unless ``own_place`` is false.

Formula
-------
potential sum_j m_j f(c_ij); weighted_mean sum_j c_ij m_j / sum_j m_j; cumulative sum of m_j with
c_ij <= cutoff; interval mean of the cumulative over cut-offs low, low + step .. high; daily sum of
m_j with c_ij + c_ji <= 2 cutoff; closest n-th least c_ij over places with mass; efficiency sum_j
(c_ij / straight_ij) m_j / sum_j m_j with straight_ij = 60 km / straight_speed; logsum (1 / beta) ln
sum_j m_j exp(-beta c_ij); effective_density sum_j m_j / c_ij^alpha (alpha given as beta).

Source: G. Hansen (1959); J. Gutierrez (2001), Location, economic potential and daily accessibility;
D. Graham, S. Gibbons and R. Martin (2009), effective density.
"""

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.decay import Decay
from networks.decay import decay as impedance
from networks.dims import DESTINATION, ORIGIN, PLACE
from networks.errors import MeasureError
from networks.geo import great_circle_km
from networks.labels import did_you_mean

Floats = NDArray[np.float64]
Measure = Literal[
    "potential",
    "weighted_mean",
    "cumulative",
    "interval",
    "daily",
    "closest",
    "efficiency",
    "logsum",
    "effective_density",
]
MEASURES: dict[str, str] = {
    "potential": "mass discounted by a decay of cost",
    "weighted_mean": "mean cost to all mass",
    "cumulative": "mass within a cut-off",
    "interval": "mean mass within a range of cut-offs",
    "daily": "mass that can be visited there and back within twice the cut-off",
    "closest": "cost to the n-th nearest place with mass",
    "efficiency": "cost over the cost of a straight line at a stated speed, mean over mass",
    "logsum": "log of mass discounted exponentially, in units of cost",
    "effective_density": "mass over a power of cost",
}


def accessibility(
    skim: xr.Dataset,
    mass: pd.Series,
    measure: Measure = "potential",
    *,
    of: Literal["minutes", "cost"] = "minutes",
    decay: Decay = "power",
    beta: float | None = None,
    cutoff: float | None = None,
    interval: tuple[float, float] | None = None,
    step: float = 1.0,
    nth: int = 1,
    straight_speed: float | None = None,
    own_place: bool = True,
    passive: bool = False,
) -> xr.DataArray:
    """Return a measure of accessibility for every origin of a skim.

    Parameters
    ----------
    skim
        Dataset (origin, destination) from ``skim``, or any with the variable of ``of``.
    mass
        What is reached, by destination code; none negative.
    measure
        One of ``MEASURES``.
    of
        Which variable of the skim is the cost.
    decay, beta, cutoff
        For ``potential`` (see ``networks.decay``; a power takes beta 1 when none is given).
        ``beta`` also for ``logsum`` and ``effective_density`` (1 when none is given). ``cutoff``
        also for ``cumulative`` and for ``daily``: there the longest cost one way on average of both
        ways (240 minutes when none is given).
    interval, step
        Range of cut-offs and their distance, for ``interval``.
    nth
        Which nearest place, for ``closest``.
    straight_speed
        Speed on the straight line, km/h, for ``efficiency``; the skim's parameter when left out.
    own_place
        Whether the place itself is among what it reaches.
    passive
        Who can reach the place, instead of what the place can reach: ``mass`` is then by origin.

    Returns
    -------
    DataArray
        Dim place, with name and name_zh where the skim has them; units in ``attrs``.

    Raises
    ------
    MeasureError
        An unknown measure, a parameter that is missing, mass that is negative or missing, or a
        place without a path where the measure needs one.
    """
    if measure not in MEASURES:
        raise MeasureError(
            f"There is no measure {measure!r}{did_you_mean(measure, MEASURES)}; "
            f"they are {', '.join(MEASURES)}."
        )
    cost = np.array(cost_matrix(skim, of))
    weights = mass_at(skim, mass, ORIGIN if passive else DESTINATION)
    if passive:
        cost = cost.T
    if not own_place:
        same = _same_place(skim)
        cost[same.T if passive else same] = np.inf
    unit = str(skim[of].attrs.get("units", ""))
    if measure == "potential":
        if decay == "power" and beta is None:
            beta = 1.0
        values = impedance(cost, decay, beta=beta, cutoff=cutoff) @ weights
        unit = "mass"
    elif measure == "weighted_mean":
        values = _mean_over_mass(skim, cost, weights)
    elif measure == "cumulative":
        values = impedance(cost, "binary", cutoff=cutoff) @ weights
        unit = "mass"
    elif measure == "interval":
        values = _interval(cost, weights, interval, step)
        unit = "mass"
    elif measure == "daily":
        back = _there_and_back(skim, cost)
        values = impedance(back, "binary", cutoff=2.0 * (240.0 if cutoff is None else cutoff))
        values = values @ weights
        unit = "mass"
    elif measure == "closest":
        values = _closest(cost, weights, nth)
    elif measure == "efficiency":
        values = _efficiency(skim, cost, weights, straight_speed, passive=passive)
        unit = "1" if of == "minutes" else f"{unit}/min"
    elif measure == "logsum":
        values = _log_of_potential(cost, weights, beta)
    else:
        values = impedance(cost, "power", beta=1.0 if beta is None else beta) @ weights
        unit = "mass"
    return labelled(skim, values, measure, unit, DESTINATION if passive else ORIGIN)


def cost_matrix(skim: xr.Dataset, of: str) -> Floats:
    """Return the variable ``of`` as (origin, destination).

    Raises
    ------
    MeasureError
        The dataset has no such variable over origin and destination, or it holds NaN.
    """
    if of not in skim or set(skim[of].dims) != {ORIGIN, DESTINATION}:
        raise MeasureError(
            f"The skim must have a variable {of!r} over {ORIGIN} and {DESTINATION}; "
            f"it has {', '.join(str(v) for v in skim.data_vars)}."
        )
    values = np.asarray(skim[of].transpose(ORIGIN, DESTINATION).to_numpy(), dtype=np.float64)
    if np.isnan(values).any():
        raise MeasureError(
            f"{of} must be a number for every pair (infinite where there is no path); "
            f"{int(np.isnan(values).sum())} are missing."
        )
    return values


def mass_at(skim: xr.Dataset, mass: pd.Series, dim: str) -> Floats:
    """Return the mass in the order of a dimension of the skim, shape (places,).

    Raises
    ------
    MeasureError
        A place without mass, given twice, or with mass that is negative or not finite.
    """
    labels = pd.Index([str(v) for v in skim[dim].to_numpy()])
    given = mass.set_axis(pd.Index([str(v) for v in mass.index]))
    if not given.index.is_unique:
        twice = given.index[given.index.duplicated()].unique()
        raise MeasureError(f"Mass must be given once a place; twice: {', '.join(twice[:5])}.")
    values = given.reindex(labels).to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        where = ", ".join(f"{k} ({v:g})" for k, v in zip(labels[bad], values[bad], strict=True))
        raise MeasureError(
            f"Mass must be zero or more at every {dim} of the skim; {int(bad.sum())} are not: "
            f"{where[:200]}. Fill them, or skim fewer zones."
        )
    return values


def labelled(
    skim: xr.Dataset, values: Floats, name: str, unit: str, dim: str = ORIGIN
) -> xr.DataArray:
    """Return values over the places of one dimension of a skim, names beside the codes."""
    coords: dict[str, object] = {PLACE: (PLACE, skim[dim].to_numpy())}
    for extra in ("name", "name_zh"):
        if f"{dim}_{extra}" in skim.coords:
            coords[extra] = (PLACE, skim[f"{dim}_{extra}"].to_numpy())
    return xr.DataArray(values, dims=(PLACE,), coords=coords, name=name, attrs={"units": unit})


def _same_place(skim: xr.Dataset) -> NDArray[np.bool_]:
    return np.asarray(skim[ORIGIN].to_numpy()[:, None] == skim[DESTINATION].to_numpy()[None, :])


def _there_and_back(skim: xr.Dataset, cost: Floats) -> Floats:
    if not np.array_equal(skim[ORIGIN].to_numpy(), skim[DESTINATION].to_numpy()):
        raise MeasureError("Daily accessibility needs the same places as origins and destinations.")
    return cost + cost.T


def _mean_over_mass(skim: xr.Dataset, cost: Floats, weights: Floats) -> Floats:
    """Return sum c m / sum m; the own place counts in neither sum where its cost is infinite."""
    same = _same_place(skim)
    same = same if same.shape == cost.shape else same.T
    used = np.where(np.isinf(cost) & same, 0.0, 1.0) * weights
    lost = np.isinf(cost) & (used > 0)
    if lost.any():
        row, column = np.argwhere(lost)[0]
        raise MeasureError(
            f"A mean over all mass needs a path to every place that has some; {int(lost.sum())} "
            f"pairs have none, the first at positions {row}, {column}. Use a decay or a cut-off."
        )
    total = used.sum(axis=1)
    if (total <= 0).any():
        raise MeasureError("A mean over all mass needs some mass beyond zero.")
    return np.asarray((np.where(used > 0, cost, 0.0) * used).sum(axis=1) / total)


def _interval(
    cost: Floats, weights: Floats, interval: tuple[float, float] | None, step: float
) -> Floats:
    if interval is None or not (0 < interval[0] <= interval[1]) or step <= 0:
        raise MeasureError(
            f"The measure 'interval' needs 0 < low <= high and a positive step; found {interval!r} "
            f"and {step!r}."
        )
    count = int(np.floor((interval[1] - interval[0]) / step + 1e-9)) + 1
    cutoffs = interval[0] + step * np.arange(count)
    return np.asarray(np.mean([(cost <= c) @ weights for c in cutoffs], axis=0))


def _closest(cost: Floats, weights: Floats, nth: int) -> Floats:
    there = cost[:, weights > 0]
    if not 1 <= nth <= there.shape[1]:
        raise MeasureError(
            f"nth must lie between 1 and the number of places with mass, {there.shape[1]}; "
            f"found {nth!r}."
        )
    return np.asarray(np.partition(there, nth - 1, axis=1)[:, nth - 1])


def _efficiency(
    skim: xr.Dataset, cost: Floats, weights: Floats, speed: float | None, *, passive: bool
) -> Floats:
    lost = [f"{d}_{c}" for d in (ORIGIN, DESTINATION) for c in ("lon", "lat")]
    if lost := [c for c in lost if c not in skim.coords]:
        raise MeasureError(f"Network efficiency needs coordinates; the skim has no {lost[0]}.")
    speed = float(skim.attrs.get("straight_speed", 100.0)) if speed is None else speed
    if not (np.isfinite(speed) and speed > 0):
        raise MeasureError(f"straight_speed must be a positive number of km/h; found {speed!r}.")
    one, two = (DESTINATION, ORIGIN) if passive else (ORIGIN, DESTINATION)
    km = great_circle_km(
        skim[f"{one}_lon"].to_numpy()[:, None],
        skim[f"{one}_lat"].to_numpy()[:, None],
        skim[f"{two}_lon"].to_numpy()[None, :],
        skim[f"{two}_lat"].to_numpy()[None, :],
    )
    apart = km > 0
    ratio = np.full(cost.shape, np.inf)
    np.divide(cost, 60.0 * km / speed, out=ratio, where=apart)
    used = apart * weights
    if (np.isinf(ratio) & (used > 0)).any() or (used.sum(axis=1) <= 0).any():
        raise MeasureError("Network efficiency needs a path to every other place with mass.")
    return np.asarray((np.where(used > 0, ratio, 0.0) * used).sum(axis=1) / used.sum(axis=1))


def _log_of_potential(cost: Floats, weights: Floats, beta: float | None) -> Floats:
    if beta is None or not (np.isfinite(beta) and beta > 0):
        raise MeasureError(f"The measure 'logsum' needs a positive beta; found {beta!r}.")
    with np.errstate(divide="ignore"):
        exponent = np.log(weights)[None, :] - beta * cost
    top = exponent.max(axis=1, keepdims=True)
    if np.isinf(top).any():
        raise MeasureError("The measure 'logsum' needs some mass that can be reached everywhere.")
    return np.asarray((np.log(np.exp(exponent - top).sum(axis=1)) + top[:, 0]) / beta)
