"""Access of every place and how unequal it is, before and after the edits.

Owns the question: how well is each place connected, who is behind, and do the edits narrow the gap?

Public names
------------
``access_dataset``   measures by place and disparity indices, ``*_base`` and, with edits, after them

Measures (fastest door-to-door minutes c, population m, own place included):
    weighted_mean_minutes   sum c m / sum m                         min, less is better
    potential               sum m / c^decay                         persons per minute^decay
    daily                   sum of m that is there and back in a day (limit one way in minutes)
Disparity: population-weighted Theil T (total, between and within macro-regions), Gini and
coefficient of variation of each measure over places, and of value added per head over regions.
Earlier years of the network: `model.steps.access_history`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.costs import Skims
from model.steps.access_history import history_dataset
from model.steps.base import labelled
from model.steps.groupings import Groupings
from networks.accessibility import accessibility
from networks.disparity import coefficient_of_variation, gini, theil_parts

Array = NDArray[np.float64]

__all__ = ["MEASURES", "access_dataset"]

MEASURES = ("weighted_mean_minutes", "potential", "daily")
INDICES = ("theil_t", "gini", "coefficient_of_variation")
PARTS = ("total", "between", "within")
GROUPING = "macro_region"


def access_dataset(
    base: Calibration, skims: Skims | None, data: xr.Dataset, groupings: Groupings
) -> xr.Dataset:
    """Return access and disparity of the base year and, where `skims` is given, after the edits.

    Parameters
    ----------
    base : Calibration
    skims : Skims or None
        With the edits.
    data : Dataset
        Levels computed so far; value added after the edits is read from it.
    groupings : Groupings
    """
    year = [base.network.year or base.table.year or 0]
    units = f"min; persons per min^{base.parameters.get('potential_decay'):g}; persons"
    variables = {}
    for suffix, one in (("_base", base.skims), ("", skims)):
        if one is None:
            continue
        values = _measures(base, one.fastest)
        variables[f"access{suffix}"] = labelled(
            values.T[:, :, None],
            ("place", "measure", "year"),
            units,
            "access of each place by measure" + (", base year" if suffix else ", with the edits"),
        )
        levels = _value_added(data, after=not suffix)
        variables[f"disparity{suffix}"] = _disparity(base, values, levels, groupings)
    history = history_dataset(
        base,
        groupings,
        measures=lambda fastest: _measures(base, fastest),
        indices=lambda values: _place_indices(base, values, groupings),
        names=MEASURES,
        units=units,
    )
    found = xr.Dataset(variables).assign_coords(
        measure=list(MEASURES),
        year=year,
        subject=[*MEASURES, "value_added_per_head"],
        index=list(INDICES),
        grouping=[GROUPING],
        disparity_part=list(PARTS),
    )
    return found.merge(history)


def _measures(base: Calibration, fastest: xr.Dataset) -> Array:
    """Return every measure of `MEASURES` by place, shape (measures, places)."""
    population = base.places.mass("population")
    parameters = base.parameters
    made = [
        accessibility(fastest, population, "weighted_mean"),
        accessibility(fastest, population, "potential", beta=parameters.get("potential_decay")),
        accessibility(fastest, population, "daily", cutoff=parameters.get("daily_minutes")),
    ]
    return np.stack([one.sel(place=base.places.codes).values for one in made])


def _value_added(data: xr.Dataset, *, after: bool) -> Array:
    """Return value added by region, with the sourcing channel when `after`."""
    if after and "value_added" in data:
        one = data["value_added"].sel(channel="sourcing")
    else:
        one = data["value_added_base"]
    return np.asarray(one.sum("sector").values, dtype=np.float64)


def _disparity(
    base: Calibration, measures: Array, value_added: Array, groupings: Groupings
) -> xr.DataArray:
    """Return indices over (subject, index, grouping, part)."""
    population = base.places.mass("population")
    macro = groupings.region_group(GROUPING, base.table.regions)
    people = population.groupby(base.places.region).sum().reindex(base.table.regions)
    of_regions = _indices(value_added / people.to_numpy(), macro.to_numpy(), people)
    return labelled(
        np.concatenate(
            [_place_indices(base, measures, groupings), of_regions[None, :, None, :]], axis=0
        ),
        ("subject", "index", "grouping", "disparity_part"),
        "1",
        "population-weighted disparity; between and within macro-regions",
    )


def _place_indices(base: Calibration, measures: Array, groupings: Groupings) -> Array:
    """Return indices of every measure over places, shape (measures, indices, groupings, parts)."""
    macro = groupings.region_group(GROUPING, base.table.regions)
    place_macro = macro.reindex(base.places.region).to_numpy()
    population = base.places.mass("population")
    return np.stack([_indices(one, place_macro, population) for one in measures])[:, :, None, :]


def _indices(values: Array, groups: NDArray[np.object_], people: pd.Series[float]) -> Array:
    """Return (indices, parts) of one subject; only the Theil index has parts."""
    weights = people.to_numpy(dtype=np.float64)
    parts = theil_parts(values, groups, weights)
    return np.array(
        [
            [parts.total, parts.between, parts.within],
            [gini(values, weights), np.nan, np.nan],
            [coefficient_of_variation(values, weights), np.nan, np.nan],
        ]
    )
