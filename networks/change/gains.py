"""Who gains from a change, and who does not.

Public names
------------
gains_of : gain of every place, positive where the place is better off
who_gains : shares of people who gain, stay and lose
gains_by_group : people, levels and gains by group, and how many people gain
quantile_table : places in order of any figure, cut into parts with the same number of people
Gains : population that gains, stays and loses

Terms
-----
*gain* is the change of a measure turned so that more is better. A place whose people straddle the
edge of a quantile counts in both in proportion, so that every quantile has exactly the same number
of people; places that are equal in what orders them straddle it together, as one place would.

Formula
-------
Places in the order of ``by``, cumulated population P_i: quantile q of n takes of place i the share
|[P_i-1, P_i] and [(q-1)/n, q/n] P| / p_i of its people. Its mean is over those people; its share
of the gain is its sum over the sum of all.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from networks.errors import MeasureError

Floats = NDArray[np.float64]


class Gains(NamedTuple):
    """Shares of population (sum 1) that gain, that stay within the threshold, that lose."""

    gain: float
    stay: float
    lose: float


def gains_of(before: ArrayLike, after: ArrayLike, *, lower_is_better: bool) -> Floats:
    """Return the gain of every place, in the unit of the measure.

    Parameters
    ----------
    before, after
        One number per place.
    lower_is_better
        True for times and costs.

    Raises
    ------
    MeasureError
        Two vectors of different length, or a value that is not finite.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if old.shape != new.shape or old.ndim != 1:
        raise MeasureError(
            f"Before and after must be two vectors of one length; found {old.shape}, {new.shape}."
        )
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        bad = int((~(np.isfinite(old) & np.isfinite(new))).sum())
        raise MeasureError(f"Gains need a finite value at every place; {bad} are not.")
    return old - new if lower_is_better else new - old


def who_gains(gain: ArrayLike, population: ArrayLike, *, threshold: float = 0.0) -> Gains:
    """Return the shares of people whose gain is above, within and below the threshold.

    Raises
    ------
    MeasureError
        Vectors that do not fit, or a threshold below zero.
    """
    value, people = _checked(gain, population)
    if not (np.isfinite(threshold) and threshold >= 0):
        raise MeasureError(f"The threshold of a gain must be zero or more; found {threshold!r}.")
    total = people.sum()
    up = float(people[value > threshold].sum() / total)
    down = float(people[value < -threshold].sum() / total)
    return Gains(up, max(0.0, 1.0 - up - down), down)


def gains_by_group(
    before: ArrayLike,
    after: ArrayLike,
    population: ArrayLike,
    groups: ArrayLike,
    *,
    lower_is_better: bool,
    threshold: float = 0.0,
) -> pd.DataFrame:
    """Return levels and gains by group of places.

    Parameters
    ----------
    before, after
        The measure by place.
    population
        People by place.
    groups
        The group of every place.
    lower_is_better
        True for times and costs.
    threshold
        A gain up to this, in the unit of the measure, counts as none.

    Returns
    -------
    DataFrame
        By group, in the order in which groups first occur: population, before, after (means over
        people), gain, relative (gain over before), share_of_gain (of the sum over people),
        gainers, unmoved, losers (shares of its people).

    Raises
    ------
    MeasureError
        Vectors that do not fit, values that are not finite, or a place without a group.
    """
    gain = gains_of(before, after, lower_is_better=lower_is_better)
    value, people = _checked(gain, population)
    labels = pd.Series(np.asarray(groups, dtype=object))
    if len(labels) != len(value) or labels.isna().any():
        raise MeasureError("Every place needs a group; some are missing.")
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    whole = float(people @ value)
    rows = {}
    for name, member in labels.groupby(labels, sort=False).groups.items():
        at = np.asarray(member, dtype=np.int64)
        weight = people[at]
        total = weight.sum()
        if total <= 0:
            raise MeasureError(f"Every group needs people; {name!r} has none.")
        mean_before = float(weight @ old[at] / total)
        mean_gain = float(weight @ value[at] / total)
        rows[name] = (
            float(total),
            mean_before,
            float(weight @ new[at] / total),
            mean_gain,
            mean_gain / mean_before if mean_before else np.nan,
            float(weight @ value[at]) / whole if whole else np.nan,
            *who_gains(value[at], weight, threshold=threshold),
        )
    columns = ["population", "before", "after", "gain", "relative", "share_of_gain"]
    columns += ["gainers", "unmoved", "losers"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("group")


def quantile_table(
    gain: ArrayLike, population: ArrayLike, *, by: ArrayLike | None = None, parts: int = 5
) -> pd.DataFrame:
    """Return the mean gain of equally many people at a time.

    Parameters
    ----------
    gain
        Gain by place.
    population
        People by place.
    by
        What orders the places, lowest first: the level before, income. The gain itself when left
        out, so that the last quantile gains most.
    parts
        How many quantiles: 5 for quintiles.

    Returns
    -------
    DataFrame
        By quantile 1 .. parts: population, places (that have people in it), by_from and by_to,
        gain (mean over its people), share_of_gain.

    Raises
    ------
    MeasureError
        Vectors that do not fit, or fewer than one part.
    """
    value, people = _checked(gain, population)
    order_by = value if by is None else np.asarray(by, dtype=np.float64)
    if order_by.shape != value.shape or not np.isfinite(order_by).all():
        raise MeasureError("What orders the places must be one finite number a place.")
    if parts < 1:
        raise MeasureError(f"There must be one quantile at least; found {parts!r}.")
    order = np.argsort(order_by, kind="stable")
    order = order[people[order] > 0]
    # Places that are alike in order stand side by side: each has the same share of its people on
    # either side of an edge, whatever the order of the table.
    _, step, alike = np.unique(order_by[order], return_index=True, return_inverse=True)
    crowd = np.add.reduceat(people[order], step)
    upto = np.cumsum(crowd)
    since = np.concatenate([[0.0], upto[:-1]])
    edges = upto[-1] * np.arange(parts + 1) / parts
    low, high = edges[:-1, None], edges[1:, None]
    shared = np.clip(np.minimum(upto, high) - np.maximum(since, low), 0.0, None)
    # Rounding may leave a grain of a place on the wrong side of an edge.
    shared[shared < 1e-12 * upto[-1]] = 0.0
    inside = (shared / crowd)[:, alike] * people[order]
    counted = inside.sum(axis=1)
    sums = inside @ value[order]
    there = inside > 0
    ordered = order_by[order]
    whole = sums.sum()
    return pd.DataFrame(
        {
            "population": counted,
            "places": there.sum(axis=1),
            "by_from": [float(ordered[row].min()) for row in there],
            "by_to": [float(ordered[row].max()) for row in there],
            "gain": sums / counted,
            "share_of_gain": sums / whole if whole else np.full(parts, np.nan),
        },
        index=pd.RangeIndex(1, parts + 1, name="quantile"),
    )


def _checked(gain: ArrayLike, population: ArrayLike) -> tuple[Floats, Floats]:
    value = np.asarray(gain, dtype=np.float64)
    people = np.asarray(population, dtype=np.float64)
    if value.ndim != 1 or value.shape != people.shape or not len(value):
        raise MeasureError(
            f"Gains and population must be two vectors of one length; found {value.shape} and "
            f"{people.shape}."
        )
    if not np.isfinite(people).all() or (people < 0).any() or people.sum() <= 0:
        raise MeasureError("Population must be finite, zero or more, and not all zero.")
    if not np.isfinite(value).all():
        raise MeasureError(
            f"Gains must be finite at every place; {int((~np.isfinite(value)).sum())} are not."
        )
    return value, people
