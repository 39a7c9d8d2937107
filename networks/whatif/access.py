"""How accessibility moves with each of many edits, place by place.

Public names
------------
stream_accessibility : measures of every place after each edit, one edit at a time
AccessAsked, Accessed : one measure wanted; what an edit makes of all of them
EVERY_MEASURE : all measures of ``networks.accessibility`` with usual parameters

Terms
-----
Measures are those of ``networks.accessibility.accessibility``, to rounding. Only places whose
costs an edit changes are measured again. A measure that needs a path to every mass is NaN at a
place that has lost one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.accessibility import Measure, accessibility
from networks.decay import Decay
from networks.dims import DESTINATION, ORIGIN, PLACE
from networks.whatif.skims import Costs, Edited, SkimBase, in_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NEEDS_ALL: tuple[Measure, ...] = ("weighted_mean", "efficiency")


@dataclass(frozen=True)
class AccessAsked:
    """One measure; the fields mean what they mean in ``networks.accessibility.accessibility``."""

    measure: Measure
    decay: Decay = "power"
    beta: float | None = None
    cutoff: float | None = None
    interval: tuple[float, float] | None = None
    step: float = 1.0
    nth: int = 1


EVERY_MEASURE: Mapping[str, AccessAsked] = {
    "potential": AccessAsked("potential"),
    "weighted_mean": AccessAsked("weighted_mean"),
    "cumulative": AccessAsked("cumulative", cutoff=240.0),
    "interval": AccessAsked("interval", interval=(180.0, 300.0), step=10.0),
    "daily": AccessAsked("daily"),
    "closest": AccessAsked("closest", nth=5),
    "efficiency": AccessAsked("efficiency"),
    "logsum": AccessAsked("logsum", beta=0.01),
    "effective_density": AccessAsked("effective_density", beta=1.5),
}


@dataclass(frozen=True, eq=False)
class Accessed:
    """What an edit makes of accessibility.

    Attributes
    ----------
    name
        Of the edit.
    values
        Places in rows, measures in columns.
    places
        Positions of the places that were measured again.
    costs
        The matrix behind it.
    """

    name: str
    values: pd.DataFrame
    places: Ints
    costs: Costs = field(repr=False)


def stream_accessibility(
    base: SkimBase,
    edits: Iterable[Edited],
    mass: pd.Series,
    measures: Mapping[str, AccessAsked] = EVERY_MEASURE,
    *,
    of: str = "fastest",
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Accessed]:
    """Yield the accessibility of every place after each edit by itself.

    Parameters
    ----------
    base
        Cost matrices of a network.
    edits
        Any number; they are taken one by one and nothing is kept.
    mass
        What is reached, by place.
    measures
        Measures wanted, by name; all of them when left out.
    of
        Which matrix of the base is the cost.
    workers
        Edits worked on at a time; the numbers do not depend on it.
    progress
        Called with the number of edits done after each of them.

    Raises
    ------
    MeasureError
        As ``networks.accessibility.accessibility``.
    """
    keys = list(base.zones)
    count = len(keys)
    kind = base.asked[of].by
    places = base.network.nodes.loc[keys]
    lon_lat = {c: places[c].to_numpy(dtype=np.float64) for c in ("lon", "lat")}
    straight = base.network.parameters.get("straight_speed")
    labels = pd.Index(keys, name=PLACE)

    def measured(matrix: Floats, rows: Ints, one: AccessAsked) -> Floats:
        coords: dict[str, object] = {
            ORIGIN: [keys[k] for k in rows],
            DESTINATION: keys,
        }
        for c, values in lon_lat.items():
            coords[f"{ORIGIN}_{c}"] = (ORIGIN, values[rows])
            coords[f"{DESTINATION}_{c}"] = (DESTINATION, values)
        skim = xr.Dataset({kind: ((ORIGIN, DESTINATION), matrix[rows])}, coords=coords)
        found = accessibility(
            skim,
            mass,
            one.measure,
            of=kind,
            decay=one.decay,
            beta=one.beta,
            cutoff=one.cutoff,
            interval=one.interval,
            step=one.step,
            nth=one.nth,
            straight_speed=straight if one.measure == "efficiency" else None,
        )
        return np.asarray(found.to_numpy(), dtype=np.float64)

    every = np.arange(count, dtype=np.int64)

    def at(matrix: Floats, rows: Ints, one: AccessAsked) -> Floats:
        if one.measure == "daily":
            return measured(matrix, every, one)[rows]
        if one.measure not in NEEDS_ALL:
            return measured(matrix, rows, one)
        whole = np.isfinite(matrix[rows]).all(axis=1)
        values = np.full(len(rows), np.nan)
        if whole.any():
            values[whole] = measured(matrix, rows[whole], one)
        return values

    known = {name: at(base[of], every, one) for name, one in measures.items()}

    def one(edited: Edited) -> Accessed:
        costs = base.run(edited, names=[of])
        origins, destinations, _ = costs.pairs(of)
        ways = np.unique(origins), np.unique(np.concatenate([origins, destinations]))
        matrix = costs[of]
        values = {}
        for name, asked in measures.items():
            rows = ways[1] if asked.measure == "daily" else ways[0]
            now = known[name].copy()
            if len(rows):
                now[rows] = at(matrix, rows, asked)
            values[name] = now
        return Accessed(costs.name, pd.DataFrame(values, index=labels), ways[1], costs)

    for done, accessed in enumerate(in_order(one, edits, workers), start=1):
        yield accessed
        if progress is not None:
            progress(done)


__all__ = ["EVERY_MEASURE", "AccessAsked", "Accessed", "stream_accessibility"]
