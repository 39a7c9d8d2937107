"""How a smooth measure of access moves with the cost of every pair of places.

Owns the question: what is dJ / dc_ij for a mean of access or a Theil index of it?

Public names
------------
``access_gradient``   cost matrix and objective in, dJ / dc (Z, Z) out

Formula (masses m_j; f the decay)
---------------------------------
    potential          dA_i / dc_ij = m_j f'(c_ij)
    weighted_mean      m_j / sum m
    efficiency         (m_j / s_ij) / sum of m over other places
    effective_density  -alpha m_j c_ij^(-alpha - 1)
    logsum             -m_j exp(-beta c_ij) / sum_k m_k exp(-beta c_ik)
    mean over people w           dJ / dA_i = w_i / sum w
    Theil T                      (w_i / y) [ln(A_i / y) - T],  y = sum w A, sum w = 1
    Theil L                      w_i / y - w_i / A_i
s_ij is the time on the straight line at the stated speed.

Source: the measures of ``networks.accessibility`` and ``networks.disparity``, differentiated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.link_values.objectives import AccessObjective
from networks.accessibility import accessibility, cost_matrix
from networks.disparity import theil_l, theil_t
from networks.geo import great_circle_km

Array = NDArray[np.float64]

__all__ = ["access_gradient"]


def access_gradient(
    skim: xr.Dataset, wanted: AccessObjective, mass: pd.Series, people: Array
) -> Array:
    """Return dJ / dc over (origin, destination).

    Parameters
    ----------
    skim : Dataset
    wanted : AccessObjective
    mass : Series
        What is reached, by place, in the order of the skim.
    people : (Z,) array
        Weights of places; zero for places that do not count.

    Raises
    ------
    MeasureError
        As ``networks.accessibility`` and the Theil indices.
    """
    minutes = wanted.skim in ("fastest", "rail")
    of = "minutes" if minutes else "cost"
    access = accessibility(
        skim,
        mass,
        wanted.measure,
        of="minutes" if minutes else "cost",
        decay=wanted.decay,
        beta=wanted.beta,
        cutoff=wanted.cutoff,
        straight_speed=wanted.straight_speed,
    ).to_numpy()
    slope = _slope(cost_matrix(skim, of), np.asarray(mass, dtype=np.float64), wanted, skim)
    return _weights(access, people, wanted)[:, None] * slope


def _weights(access: Array, people: Array, wanted: AccessObjective) -> Array:
    """Return dJ / dA by place."""
    share: Array = np.asarray(people / people.sum())
    if wanted.index == "mean":
        return share
    mean = float(share @ access)
    used = np.where(share > 0.0, access, mean)
    if wanted.index == "theil_l":
        theil_l(access, people)  # says what is wrong
        return np.asarray(share / mean - share / used)
    index = theil_t(access, people)
    return np.asarray(share / mean * (np.log(used / mean) - index))


def _slope(cost: Array, mass: Array, wanted: AccessObjective, skim: xr.Dataset) -> Array:
    """Return dA_i / dc_ij; zero where there is no path."""
    there = np.isfinite(cost)
    safe = np.where(there, cost, 1.0)
    if wanted.measure == "weighted_mean":
        return np.tile(mass / mass.sum(), (len(cost), 1))
    if wanted.measure == "efficiency":
        return _efficiency_slope(mass, wanted, skim)
    if wanted.measure == "logsum":
        assert wanted.beta is not None  # accessibility has asked for it
        with np.errstate(divide="ignore"):
            exponent = np.log(mass)[None, :] - wanted.beta * cost
        weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        return np.asarray(-weight / weight.sum(axis=1, keepdims=True))
    if wanted.measure == "effective_density":
        alpha = 1.0 if wanted.beta is None else wanted.beta
        return np.where(there, -alpha * mass * safe ** (-alpha - 1.0), 0.0)
    return np.where(there, mass * _decay_slope(safe, wanted), 0.0)


def _efficiency_slope(mass: Array, wanted: AccessObjective, skim: xr.Dataset) -> Array:
    speed = wanted.straight_speed or float(skim.attrs.get("straight_speed", 100.0))
    lon, lat = (skim[f"origin_{name}"].to_numpy() for name in ("lon", "lat"))
    km = great_circle_km(lon[:, None], lat[:, None], lon[None, :], lat[None, :])
    apart = km > 0.0
    used = apart * mass
    straight = np.where(apart, 60.0 * km / speed, 1.0)
    return np.asarray(used / straight / used.sum(axis=1, keepdims=True))


def _decay_slope(cost: Array, wanted: AccessObjective) -> Array:
    """Return f'(c) of ``networks.decay``."""
    beta = 1.0 if wanted.beta is None else wanted.beta
    edge = 1.0 if wanted.cutoff is None else wanted.cutoff
    if wanted.decay == "power":
        return np.asarray(-beta * cost ** (-beta - 1.0))
    if wanted.decay == "exponential":
        return np.asarray(-beta * np.exp(-beta * cost))
    if wanted.decay == "gaussian":
        return np.asarray(-cost / beta**2 * np.exp(-0.5 * (cost / beta) ** 2))
    if wanted.decay == "logistic":
        wave = np.tanh(0.5 * beta * (cost - edge))
        return np.asarray(-0.25 * beta * (1.0 - wave**2))
    ratio = (cost / edge) ** beta
    return np.asarray(-beta * ratio / cost / (1.0 + ratio) ** 2)
