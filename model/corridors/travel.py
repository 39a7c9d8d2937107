"""How much sooner people arrive: means of travel time, over everybody and by cluster.

Owns the question: who saves time when a corridor opens?

Public names
------------
``TravelTimes``   populations and clusters of places; changes of mean minutes after an edit

Formula
-------
    T_g = sum_{o in g} sum_d p_o p_d t_od / (p_g p)
with t the fastest door-to-door minutes, p the population of places, p_g that of a cluster, p of all
places; the mean over everybody has all places as one group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.calibration import Calibration
from model.steps.groupings import Groupings
from networks.whatif import Costs

Array = NDArray[np.float64]
CLUSTERS = "clusters"

__all__ = ["TravelTimes"]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """What means of travel time are taken over.

    Attributes
    ----------
    clusters : tuple of str
        G clusters of places, those outside all of them last; empty where none are known.
    chinese : tuple of str
        Their names in Chinese, where the groupings have them.
    base : (G,) array
        Mean minutes of each cluster before any edit.
    """

    clusters: tuple[str, ...]
    chinese: tuple[str, ...]
    base: Array
    _minutes: Array
    _share: Array
    _member: Array

    @classmethod
    def of(cls, base: Calibration, groupings: Groupings) -> TravelTimes:
        """Read populations and clusters."""
        people = base.places.mass("population").to_numpy(dtype=float)
        group = groupings.place_group(CLUSTERS, base.places.codes).to_numpy()
        order = groupings.group_order(CLUSTERS)
        known = [g for g in order if (group == g).any()] if len(order) > 1 else []
        member = np.array([group == g for g in known], dtype=float).reshape(-1, len(people))
        member *= people
        member /= member.sum(axis=1, keepdims=True)
        minutes, share = base.ready["fastest"], people / people.sum()
        rows = groupings.places
        rows = rows[rows["grouping"] == CLUSTERS].drop_duplicates("group").set_index("group")
        words = rows["group_zh"] if "group_zh" in rows else pd.Series(dtype=object)
        chinese = tuple(str(words.get(name, name)) for name in known)
        return cls(tuple(known), chinese, member @ (minutes @ share), minutes, share, member)

    def _saved(self, costs: Costs) -> Array:
        """Return the change of the mean minutes of every place, (Z,)."""
        cells, values = costs.changed["fastest"]
        size = len(self._share)
        if not len(cells):
            return np.zeros(size)
        origin, destination = np.divmod(cells, size)
        change = (values - self._minutes.ravel()[cells]) * self._share[destination]
        return np.asarray(np.bincount(origin, weights=change, minlength=size), dtype=np.float64)

    def mean_change(self, costs: Costs) -> float:
        """Return the change of the mean over everybody, minutes."""
        return float(self._share @ self._saved(costs))

    def cluster_change(self, costs: Costs) -> Array:
        """Return the change of the mean of every cluster, minutes, (G,)."""
        return self._member @ self._saved(costs)
