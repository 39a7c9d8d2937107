"""Who gains and who loses through each channel: spread, backwash, clusters, rings, disparity.

Owns the question: does what starts in one place lift the others or drain them?

Public names
------------
``spread_dataset``   levels by channel in, sums of gains and losses, groups of places and disparity

Terms
-----
*Spread* is the sum of the gains of the regions that gain, *backwash* the sum of the losses of those
that lose (a number <= 0); their sum is the national effect. Figures by cluster and ring are sums
over places where every place is a region of the table, and otherwise spread over the places of a
region by gross product (``allocated_``: not computed). Disparity is population-weighted, per head
of the base year; under relocation per head of those who live there afterwards.

Source: Myrdal (1957) for the words; Theil (1967) for the index.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.steps.base import labelled
from model.steps.groupings import RINGS, Groupings, allocation, rings_of
from networks.disparity import gini, theil_parts

Array = NDArray[np.float64]

__all__ = ["LEVELS", "spread_dataset"]

LEVELS = ("output", "value_added", "real_consumption")
SIDES = ("spread", "backwash")
PER_HEAD = ("value_added", "real_consumption")
PARTS = ("total", "between", "within")
ROUNDING = 1e-12  # of the base level: a smaller change of a sum is not a gain and not a loss


def spread_dataset(
    base: Calibration, data: xr.Dataset, groupings: Groupings, around: list[str]
) -> xr.Dataset:
    """Return who gains and loses by channel.

    Parameters
    ----------
    base : Calibration
    data : Dataset
        Levels over (region, sector, channel) with their bases, and people where they moved.
    groupings : Groupings
    around : list of str
        Places that rings are drawn around: those a scenario's lines call at; none for no rings.
    """
    channels = [str(one) for one in data["channel"].values]
    changes = _changes(data)
    unit = base.table.unit
    gains = [np.clip(changes, 0.0, None).sum(axis=0), np.clip(changes, None, 0.0).sum(axis=0)]
    made = {
        "channel_effect": labelled(
            changes,
            ("region", "channel", "level"),
            unit,
            "what a channel does to a region: change against the base year",
        ),
        "spread": labelled(
            np.stack(gains, axis=-1),
            ("channel", "level", "side"),
            unit,
            "gains of the regions that gain, losses of those that lose",
        ),
        "losers": labelled(
            (changes < 0.0).sum(axis=0),
            ("channel", "level"),
            "regions",
            "how many regions lose",
        ),
        "channel_disparity": _disparity(base, data, channels, groupings),
    }
    places, region, mass = base.places, base.places.region, base.places.mass("gdp")
    computed = bool(region.is_unique)
    note = "sums over places" if computed else "spread over places by gross product, not computed"
    kind = "computed" if computed else "allocated"
    regions = base.table.regions
    clusters = groupings.place_group("clusters", places.codes)
    groups = {"cluster": (clusters, groupings.group_order("clusters"))}
    if around:
        groups["ring"] = (rings_of(base.skims.fastest["minutes"], around), list(RINGS))
    for name, (group, order) in groups.items():
        weights = allocation(group, region, mass, order).sel(region=regions).values
        made[f"{kind}_channel_{name}"] = labelled(
            np.einsum("gr,rca->gca", weights, changes),
            (name, "channel", "level"),
            unit,
            f"change through a channel by {name}: {note}",
        ).assign_coords({name: order})
    return xr.Dataset(made).assign_coords(
        region=regions,
        channel=channels,
        level=list(LEVELS),
        side=list(SIDES),
        per_head=list(PER_HEAD),
        state=["base year", *channels],
        inequality=["theil_t", "gini"],
        disparity_part=list(PARTS),
    )


def _changes(data: xr.Dataset) -> Array:
    """Return changes by region, (R, channels, levels); NaN where a channel does not tell."""
    made = []
    for name in LEVELS:
        level = data[name].sum("sector", skipna=False).transpose("region", "channel").values
        base = data[f"{name}_base"].sum("sector").values[:, None]
        change = level - base
        made.append(np.where(np.abs(change) <= ROUNDING * np.abs(base), 0.0, change))
    return np.stack(made, axis=-1)


def _disparity(
    base: Calibration, data: xr.Dataset, channels: list[str], groupings: Groupings
) -> xr.DataArray:
    """Return indices over (per_head, state, inequality, part); the first state is the base."""
    regions = base.table.regions
    people = base.places.mass("population").groupby(base.places.region).sum().reindex(regions)
    macro = groupings.region_group("macro_region", regions)
    moved = {}
    if "people" in data:
        moved["relocation"] = data["people"].to_series().reindex(regions)
    if "equilibrium_population" in data:
        moved["equilibrium"] = people * data["equilibrium_population"].to_series().reindex(regions)
    rows = []
    for name in PER_HEAD:
        levels = [(data[f"{name}_base"].sum("sector").values, people)]
        for channel in channels:
            one = data[name].sel(channel=channel).sum("sector", skipna=False).values
            levels.append((one, moved.get(channel, people)))
        rows.append([_indices(level, heads, macro) for level, heads in levels])
    return labelled(
        np.array(rows),
        ("per_head", "state", "inequality", "disparity_part"),
        "1",
        "population-weighted disparity per head; between and within macro-regions",
    )


def _indices(level: Array, people: pd.Series[float], macro: pd.Series[str]) -> Array:
    """Return (indices, parts); NaN where the level is not told or an index needs it positive."""
    weights = people.to_numpy(dtype=np.float64)
    values = level / weights
    if not (np.isfinite(values).all() and (values > 0.0).all()):
        return np.full((2, len(PARTS)), np.nan)
    parts = theil_parts(values, macro.to_numpy(), weights)
    return np.array(
        [
            [parts.total, parts.between, parts.within],
            [gini(values, weights), np.nan, np.nan],
        ]
    )
