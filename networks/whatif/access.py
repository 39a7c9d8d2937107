"""How accessibility moves with each of many edits, place by place.

Public names
------------
AccessBase, build_access_base : measures of every place, ready for edits
stream_accessibility : the same as one call: measures of every place after each edit
AccessAsked, Accessed : one measure wanted; what an edit makes of all of them
EVERY_MEASURE : all measures of ``networks.accessibility`` with usual parameters

Terms
-----
Measures are those of ``networks.accessibility.accessibility``, to rounding; the base is measured by
it. Only places whose costs an edit changes are measured again. A measure that needs a path to every
mass is NaN at a place that has lost one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.accessibility import Measure, accessibility, mass_at
from networks.decay import Decay
from networks.decay import decay as impedance
from networks.dims import DESTINATION, ORIGIN, PLACE
from networks.geo import great_circle_km
from networks.whatif.skims import Costs, Edited, SkimBase, in_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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


@dataclass(frozen=True, eq=False)
class AccessBase:
    """Accessibility of every place, ready for edits.

    Attributes
    ----------
    base
        Cost matrices of a network.
    of
        Which of them is the cost.
    measures
        Measures, by name.
    mass
        What is reached, (Z,).
    values
        Places in rows, measures in columns.
    """

    base: SkimBase
    of: str
    measures: Mapping[str, AccessAsked]
    mass: Floats
    values: pd.DataFrame
    _straight: Floats  # minutes on a straight line, (Z, Z)

    def run(self, edited: Edited | Costs) -> Accessed:
        """Return the accessibility of every place after an edit, or under costs made of one."""
        costs = edited
        if not isinstance(costs, Costs):
            costs = self.base.run(costs, names=[self.of])
        origins, destinations, _ = costs.pairs(self.of)
        there = np.unique(origins)
        both = np.union1d(there, destinations).astype(np.int64)
        matrix = costs[self.of]
        values = self.values.to_numpy(copy=True)
        cost = matrix[there]
        for column, asked in enumerate(self.measures.values()):
            if asked.measure == "daily":
                again = matrix[both] + matrix[:, both].T
                values[both, column] = self._at(again, both, asked)
            elif len(there):
                values[there, column] = self._at(cost, there, asked)
        frame = pd.DataFrame(values, index=self.values.index, columns=self.values.columns)
        return Accessed(costs.name, frame, both, costs)

    def stream(
        self,
        edits: Iterable[Edited],
        *,
        workers: int = 1,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Accessed]:
        """Yield the accessibility of every place after each edit by itself.

        Parameters as in ``stream_accessibility``.
        """
        for done, accessed in enumerate(in_order(self.run, edits, workers), start=1):
            yield accessed
            if progress is not None:
                progress(done)

    def _at(self, cost: Floats, rows: Ints, asked: AccessAsked) -> Floats:
        """Return a measure of some places from their costs (n, Z); there and back for daily."""
        mass, measure = self.mass, asked.measure
        beta = 1.0 if asked.beta is None else asked.beta
        if measure == "potential":
            given = beta if asked.decay == "power" else asked.beta
            return impedance(cost, asked.decay, beta=given, cutoff=asked.cutoff) @ mass
        if measure == "effective_density":
            return impedance(cost, "power", beta=beta) @ mass
        if measure == "weighted_mean":
            return _mean(cost, mass, mass.sum())
        if measure == "cumulative":
            assert asked.cutoff is not None  # the base was measured with it
            return np.asarray((cost <= asked.cutoff) @ mass)
        if measure == "daily":
            cutoff = 240.0 if asked.cutoff is None else asked.cutoff
            return np.asarray((cost <= 2.0 * cutoff) @ mass)
        if measure == "interval":
            assert asked.interval is not None  # the base was measured with it
            low, high = asked.interval
            count = int(np.floor((high - low) / asked.step + 1e-9)) + 1
            bounds = [low + asked.step * k for k in range(count)]
            return np.asarray(np.mean([(cost <= c) @ mass for c in bounds], axis=0))
        if measure == "closest":
            near = cost[:, mass > 0]
            return np.asarray(np.partition(near, asked.nth - 1, axis=1)[:, asked.nth - 1])
        if measure == "efficiency":
            apart = (self._straight[rows] > 0) * mass
            ratio = np.divide(cost, self._straight[rows], out=np.zeros_like(cost), where=apart > 0)
            return np.asarray(_mean(ratio, apart, apart.sum(axis=1)))
        with np.errstate(divide="ignore"):
            exponent = np.log(mass)[None, :] - beta * cost
        top = exponent.max(axis=1, keepdims=True)
        return np.asarray((np.log(np.exp(exponent - top).sum(axis=1)) + top[:, 0]) / beta)


def _mean(values: Floats, weights: Floats, total: float | Floats) -> Floats:
    """Return the weighted mean of each row, NaN where a weight meets no path."""
    lost = (np.isinf(values) & (weights > 0)).any(axis=1)
    finite = np.where(np.isinf(values), 0.0, values)
    return np.where(lost, np.nan, (finite * weights).sum(axis=1) / total)


def build_access_base(
    base: SkimBase,
    mass: pd.Series,
    measures: Mapping[str, AccessAsked] = EVERY_MEASURE,
    *,
    of: str = "fastest",
) -> AccessBase:
    """Return the accessibility of every place, ready for edits.

    Parameters
    ----------
    base
        Cost matrices of a network.
    mass
        What is reached, by place.
    measures
        Measures wanted, by name; all of them when left out.
    of
        Which matrix of the base is the cost.

    Raises
    ------
    MeasureError
        As ``networks.accessibility.accessibility``: the base must be one it can measure.
    """
    keys = list(base.zones)
    by = base.asked[of].by
    places = base.network.nodes.loc[keys]
    lon, lat = (places[c].to_numpy(dtype=np.float64) for c in ("lon", "lat"))
    coords: dict[str, object] = {ORIGIN: keys, DESTINATION: keys}
    for dim in (ORIGIN, DESTINATION):
        coords |= {f"{dim}_lon": (dim, lon), f"{dim}_lat": (dim, lat)}
    skim = xr.Dataset({by: ((ORIGIN, DESTINATION), base[of])}, coords=coords)
    speed = base.network.parameters.get("straight_speed")
    values = {}
    for name, one in measures.items():
        found = accessibility(
            skim,
            mass,
            one.measure,
            of=by,
            decay=one.decay,
            beta=one.beta,
            cutoff=one.cutoff,
            interval=one.interval,
            step=one.step,
            nth=one.nth,
            straight_speed=speed,
        )
        values[name] = found.to_numpy()
    straight = great_circle_km(lon[:, None], lat[:, None], lon[None, :], lat[None, :])
    frame = pd.DataFrame(values, index=pd.Index(keys, name=PLACE))
    weights = mass_at(skim, mass, DESTINATION)
    return AccessBase(base, of, dict(measures), weights, frame, 60.0 * straight / speed)


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
    base, mass, measures, of
        As in ``build_access_base``.
    edits
        Any number; they are taken one by one and nothing is kept.
    workers
        Edits worked on at a time; the numbers do not depend on it.
    progress
        Called with the number of edits done after each of them.

    Raises
    ------
    MeasureError
        As ``networks.accessibility.accessibility``.
    """
    ready = build_access_base(base, mass, measures, of=of)
    yield from ready.stream(edits, workers=workers, progress=progress)


__all__ = [
    "EVERY_MEASURE",
    "AccessAsked",
    "AccessBase",
    "Accessed",
    "build_access_base",
    "stream_accessibility",
]
