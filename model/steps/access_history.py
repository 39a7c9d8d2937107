"""Access in earlier years, and what its change is owed to: rail, roads, flights.

Owns the question: how did access come to be what it is, through which links, and for whom?

Public names
------------
``history_dataset``   levels by year, changes by cause, groups and disparity; empty without history
``history_years``     the years that are looked at

Terms: every year has the people, the run times and the lengths of the base year, and the links that
were open in that year: an effect is one of links alone. A change is from the first of the years. Of
each cause it is told what it does changed first (all else as in the first year), changed last (all
else as in the later year) and free of order (Shapley value; these add up to the whole change).
Travel is by all modes, and by rail and road alone: flights that are known for one year only blur
what trains and roads changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.steps.base import labelled
from model.steps.groupings import OUTSIDE, Groupings
from networks.change import (
    CAUSES,
    FastestOfYears,
    causes_of_modes,
    changed_causes,
    split_change,
)
from networks.change.causes import ORDERS
from networks.dims import MainMode

Array = NDArray[np.float64]
Measures = Callable[[xr.Dataset], Array]
Indices = Callable[[Array], Array]

__all__ = ["history_dataset", "history_years"]

BACK = (20, 10, 0)
"""How many years before the base year are looked at."""
GROUPINGS = ("macro_region", "clusters")
EVERYBODY = "all people"
TRAVEL: dict[str, tuple[MainMode, ...]] = {
    "all modes": ("road", "rail", "air"),
    "rail and road": ("road", "rail"),
}
_DEPENDS = {travel: causes_of_modes(modes) for travel, modes in TRAVEL.items()}

logger = logging.getLogger(__name__)


def history_years(base: Calibration) -> tuple[int, ...]:
    """Return the years to look at: none for a network whose links are the same in all of them."""
    last = base.network.year
    if last is None:
        return ()
    years = tuple(last - back for back in BACK)
    return years if changed_causes(base.network, years) else ()


def history_dataset(
    base: Calibration,
    groupings: Groupings,
    *,
    measures: Measures,
    indices: Indices,
    names: Sequence[str],
    units: str,
) -> xr.Dataset:
    """Return access and its disparity by year and cause.

    Parameters
    ----------
    base : Calibration
    groupings : Groupings
    measures : callable
        Fastest minutes in, (M measures, places) out.
    indices : callable
        (M, places) in, (M, indices, groupings, parts) out.
    names : sequence of str
        Of the measures.
    units : str

    Returns
    -------
    Dataset
        `access_history` (place, travel, measure, history_year), the like for groups of places (all
        people among them) and disparity, each with a twin `*_cause` over (later_year, cause): the
        change since the first year, for places free of order, else by order too. Empty when no
        link has another year and, with a warning, when a place was cut off in one of the years.
    """
    years = history_years(base)
    if not years:
        return xr.Dataset()
    fastest = FastestOfYears(base.network, base.places.codes, rail=base.skims.rail)
    causes = changed_causes(base.network, years)
    done: dict[tuple[object, ...], Array] = {}  # many states are the same way of travelling
    levels = []
    for year in years:
        known: dict[frozenset[str], Array] = {}
        for state in _states(changed_causes(base.network, (years[0], year))):
            of = {cause: year if cause in state else years[0] for cause in CAUSES}
            for travel, modes in TRAVEL.items():
                key = (travel, *(of[cause] for cause in _DEPENDS[travel]))
                if key not in done:
                    minutes = fastest.minutes(of, modes=modes)
                    if not np.isfinite(minutes["minutes"].to_numpy()).all():
                        logger.warning(
                            "access over the years is left out: places are cut off in %s", year
                        )
                        return xr.Dataset()
                    done[key] = measures(minutes)
            known[state] = np.concatenate(
                [done[t, *(of[cause] for cause in _DEPENDS[t])] for t in TRAVEL]
            )
        levels.append(known)
    return _dataset(base, groupings, years, causes, levels, indices, names, units)


def _states(causes: tuple[str, ...]) -> list[frozenset[str]]:
    sizes = range(len(causes) + 1)
    return [frozenset(chosen) for size in sizes for chosen in combinations(causes, size)]


def _dataset(
    base: Calibration,
    groupings: Groupings,
    years: tuple[int, ...],
    causes: tuple[str, ...],
    levels: list[dict[frozenset[str], Array]],
    indices: Indices,
    names: Sequence[str],
    units: str,
) -> xr.Dataset:
    """Label what was computed; `levels` has (travel x measures, places) by state and year."""
    shape = (len(TRAVEL), len(names))
    members, groups, families = _members(base, groupings)
    figures: dict[str, tuple[Callable[[Array], Array], tuple[str, ...], str, str]] = {
        "access_history": (
            lambda v: v.T.reshape(-1, *shape),
            ("place", "travel", "measure"),
            units,
            "access of each place by measure",
        ),
        "access_history_group": (
            lambda v: (members @ v.T).reshape(-1, *shape),
            ("access_group", "travel", "measure"),
            units,
            "mean access over the people of each group",
        ),
        "disparity_history": (
            lambda v: _unstacked(indices(v), shape),
            ("travel", "measure", "index", "grouping", "disparity_part"),
            "1",
            "population-weighted disparity of access",
        ),
    }
    data = xr.Dataset()
    rule = "links of that year; people, run times and lengths of the base year"
    for name, (figure, dims, unit, about) in figures.items():
        whole, owed = [], []
        for at in levels:
            known = {state: figure(one) for state, one in at.items()}
            last = max(known, key=len)
            whole.append(known[last])
            owed.append(_owed(known, causes))
        data[name] = labelled(
            np.stack(whole, axis=-1), (*dims, "history_year"), unit, f"{about}, {rule}"
        )
        parts, by = np.stack(owed[1:], axis=len(dims)), (*dims, "later_year", "cause", "order")
        if name == "access_history":
            parts, by = parts[..., ORDERS.index("order-free")], by[:-1]
        data[f"{name}_cause"] = labelled(
            parts, by, unit, f"change since the first year of {about}, by what it is owed to"
        )
    known_until = [_last_change(base, cause) for cause in causes]
    data["cause_known_until"] = labelled(
        known_until, ("cause",), "year", "last year in which a link of the cause opened or closed"
    )
    return data.assign_coords(
        measure=list(names),
        travel=list(TRAVEL),
        history_year=list(years),
        later_year=list(years[1:]),
        cause=list(causes),
        order=list(ORDERS),
        access_group=groups,
        access_grouping=("access_group", families),
    )


def _unstacked(values: Array, shape: tuple[int, int]) -> Array:
    return values.reshape(*shape, *values.shape[1:])


def _owed(known: dict[frozenset[str], Array], causes: tuple[str, ...]) -> Array:
    """Return the parts of a change, shape (*figure, causes, orders); zero where nothing changed."""
    last = max(known, key=len)
    made = np.zeros((*known[last].shape, len(causes), len(ORDERS)))
    made[np.isnan(known[last])] = np.nan  # a figure that does not exist has no parts either
    split, _ = split_change(known.__getitem__, sorted(last))
    for one, order in enumerate(ORDERS):
        for cause, part in split[order].items():
            made[..., causes.index(cause), one] = part
    return made


def _last_change(base: Calibration, cause: str) -> int:
    """Return the last year until the base year in which a link of a cause opened or closed."""
    network = base.network
    dated = pd.concat([network.links, network.other_years])
    dated = dated[dated["mode"].isin(CAUSES[cause])]
    found = dated[["year_opened", "year_closed"]].to_numpy(dtype=np.float64).ravel()
    found = found[found <= float(network.year or 0)]
    return int(found.max()) if found.size else 0


def _members(base: Calibration, groupings: Groupings) -> tuple[Array, list[str], list[str]]:
    """Return shares of people (groups, places) that sum to one by group, group and grouping."""
    people = base.places.mass("population")
    macro = groupings.region_group(GROUPINGS[0], base.table.regions)
    of = {
        "nation": np.full(len(people), EVERYBODY, dtype=object),
        GROUPINGS[0]: macro.reindex(base.places.region).to_numpy(object),
        GROUPINGS[1]: groupings.place_group(GROUPINGS[1], base.places.codes).to_numpy(object),
    }
    rows, groups, families = [], [], []
    for grouping, labels in of.items():
        for group in dict.fromkeys(labels):
            if group == OUTSIDE and (labels == OUTSIDE).all():
                continue
            weight = np.where(labels == group, people.to_numpy(dtype=np.float64), 0.0)
            if weight.sum() > 0:
                rows.append(weight / weight.sum())
                groups.append(str(group))
                families.append(grouping)
    return np.array(rows).reshape(len(rows), len(people)), groups, families
