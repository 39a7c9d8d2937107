"""Demand between places from what a user has: masses, or a table of trips.

Public names
------------
pair_demand : zones and a checked demand between them
check_demand : that a demand weighs every pair of the same zones
check_asked : that a purpose and an objective are known

Formula
-------
From masses m: m_i m_j over the sum of these over all pairs; from trips: the trips. A place to
itself is left out.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.dims import PURPOSES
from networks.errors import MeasureError, UnknownLabel
from networks.labels import did_you_mean
from networks.network import Network

Floats = NDArray[np.float64]


def pair_demand(
    network: Network, demand: "pd.Series[float] | pd.DataFrame"
) -> tuple[list[str], Floats]:
    """Return the keys of the zones and the demand between them, (Z, Z).

    Parameters
    ----------
    network
        Its places may be named by key or by name.
    demand
        Mass of each place, or trips with origins as rows and destinations as columns.

    Raises
    ------
    UnknownLabel
        A place that the network does not have.
    MeasureError
        Trips whose rows and columns are not the same places, a place given twice, figures that are
        negative or no numbers.
    """
    keys = network.resolve([str(k) for k in demand.index], kinds=("place",))
    twice = sorted({k for k in keys if keys.count(k) > 1}) if len(set(keys)) < len(keys) else []
    if twice:
        raise MeasureError(f"Demand must have every place once; twice: {', '.join(twice[:5])}.")
    if isinstance(demand, pd.DataFrame):
        columns = network.resolve([str(k) for k in demand.columns], kinds=("place",))
        odd = sorted(set(keys) ^ set(columns))
        if odd or len(columns) > len(keys):
            raise MeasureError(
                "Trips must have the same places as rows and as columns, each once; others: "
                f"{', '.join(odd[:5]) or 'columns given twice'}."
            )
        trips = pd.DataFrame(demand.to_numpy(dtype=np.float64), index=keys, columns=columns)
        weights = trips.reindex(columns=keys).to_numpy(dtype=np.float64, copy=True)
    else:
        mass = demand.to_numpy(dtype=np.float64)
        weights = np.outer(mass, mass)
    np.fill_diagonal(weights, 0.0)
    check_demand(weights, (len(keys), len(keys)))
    if isinstance(demand, pd.Series) and weights.sum() > 0:
        weights /= weights.sum()
    return keys, weights


def check_asked(purpose: str, by: str) -> None:
    """Require a purpose and an objective that skims have.

    Raises
    ------
    UnknownLabel
        One of them does not exist.
    """
    for name, word, known in (("purpose", purpose, PURPOSES), ("by", by, ("cost", "minutes"))):
        if word not in known:
            raise UnknownLabel(
                f"{name} must be {' or '.join(known)}; found {word!r}{did_you_mean(word, known)}."
            )


def check_demand(demand: Floats, shape: tuple[int, ...]) -> None:
    """Require a finite demand of zero or more for every pair of the same zones.

    Raises
    ------
    MeasureError
        It is of another shape, or some pairs are negative or no numbers.
    """
    if demand.shape != shape or shape[0] != shape[1]:
        raise MeasureError(
            f"Demand must weigh every pair of the same zones, shape {shape}; found {demand.shape}."
        )
    if not (np.isfinite(demand).all() and (demand >= 0).all()):
        bad = int((~(np.isfinite(demand) & (demand >= 0))).sum())
        raise MeasureError(f"Demand must be zero or more for every pair; {bad} pairs are not.")
