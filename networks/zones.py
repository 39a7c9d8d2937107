"""What it costs to get from region to region, when a region is many places.

Public names
------------
region_cost : mass-weighted mean cost between regions, own region included
place_labels : places of a skim matched with a Series by place

Formula
-------
c_rs = sum_{i in r, j in s} m_i n_j c_ij / (sum_{i in r} m_i sum_{j in s} n_j), with masses m of
origins and n of destinations (the same by default) that stay at their base-year values; the
diagonal takes every pair inside the region, each place to itself included.

Source: K. Head and T. Mayer (2009), Illusory border effects, for the own
region as a mean over its places.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.accessibility import cost_matrix, mass_at
from networks.dims import DESTINATION, ORIGIN, REGION
from networks.errors import MeasureError

Floats = NDArray[np.float64]


def region_cost(
    skim: xr.Dataset,
    mass: pd.Series,
    regions: pd.Series,
    *,
    of: str = "cost",
    mass_to: pd.Series | None = None,
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the mean cost between regions, weighted by fixed masses.

    Parameters
    ----------
    skim
        Dataset (origin, destination) over places.
    mass
        Weight of every place (population for passengers, product for freight).
    regions
        Region of every place, by place code.
    of
        Variable of the skim to average: cost, minutes, km or another.
    mass_to
        Weight of places as destinations; ``mass`` when left out.
    order
        Regions in the order wanted; the order in which they first occur in ``regions`` when left
        out.

    Returns
    -------
    DataFrame
        (R, R), index ``region_from``, columns ``region_to``, unit of the variable.

    Raises
    ------
    MeasureError
        A skim without places or with one twice, a region wanted twice or none wanted; a place
        without a region or mass, a region without mass, a wanted region without places, or a pair
        with weight and no path. The places are named.
    """
    for dim in (ORIGIN, DESTINATION):
        _check_list(skim[dim].to_numpy().tolist(), f"every {dim} of the skim")
    if order is not None:
        order = [order] if isinstance(order, str) else list(order)
        _check_list(order, "every region of order")
    cost = cost_matrix(skim, of)
    weights = (
        mass_at(skim, mass, ORIGIN),
        mass_at(skim, mass if mass_to is None else mass_to, DESTINATION),
    )
    groups = [place_labels(skim, regions, dim) for dim in (ORIGIN, DESTINATION)]
    present = set(groups[0]) | set(groups[1])
    given = regions.set_axis([str(v) for v in regions.index])
    names = [str(r) for r in (order if order is not None else dict.fromkeys(given)) if r == r]
    names = names if order is not None else [n for n in names if n in present]
    if lost := sorted(present - set(names)):
        raise MeasureError(f"order leaves out regions that have places: {', '.join(lost[:5])}.")
    lost_pairs = np.argwhere(np.isinf(cost) & (weights[0][:, None] * weights[1][None, :] > 0))
    if len(lost_pairs):
        labels = [skim[d].to_numpy() for d in (ORIGIN, DESTINATION)]
        shown = ", ".join(f"{labels[0][i]} to {labels[1][j]}" for i, j in lost_pairs[:5])
        raise MeasureError(
            f"A mean between regions needs a path between all their places with mass; "
            f"{len(lost_pairs)} pairs have none: {shown}."
        )
    member = []
    for group, weight in zip(groups, weights, strict=True):
        rows = np.asarray([[g == n for n in names] for g in group], dtype=np.float64)
        rows *= weight[:, None]
        total = rows.sum(axis=0)
        if (total <= 0).any():
            empty = ", ".join(n for n, t in zip(names, total, strict=True) if t <= 0)
            raise MeasureError(f"Every region needs a place with mass; these have none: {empty}.")
        member.append(rows / total)
    finite = np.where(np.isinf(cost), 0.0, cost)
    return pd.DataFrame(
        member[0].T @ finite @ member[1],
        index=pd.Index(names, name=f"{REGION}_from"),
        columns=pd.Index(names, name=f"{REGION}_to"),
    )


def _check_list(labels: Sequence[object], what: str) -> None:
    """Refuse a list that is empty or names something twice."""
    words = [str(label) for label in labels]
    twice = [word for word, count in Counter(words).items() if count > 1]
    if twice or not words:
        found = f"twice: {', '.join(twice[:5])}" if twice else "there is none"
        raise MeasureError(f"A mean between regions needs {what} once, and at least one; {found}.")


def place_labels(skim: xr.Dataset, labels: pd.Series, dim: str) -> list[str]:
    """Return the label of every place of a dimension of the skim, in its order.

    Raises
    ------
    MeasureError
        A place without a label, or with two.
    """
    given = labels.set_axis(pd.Index([str(v) for v in labels.index]))
    if not given.index.is_unique:
        twice = given.index[given.index.duplicated()].unique()
        raise MeasureError(f"A place has one region; given twice: {', '.join(twice[:5])}.")
    found = given.reindex(pd.Index([str(v) for v in skim[dim].to_numpy()]))
    if found.isna().any():
        lost = ", ".join(str(v) for v in found.index[found.isna()][:5])
        raise MeasureError(
            f"Every place needs a region; {int(found.isna().sum())} have none: {lost}."
        )
    return [str(v) for v in found]
