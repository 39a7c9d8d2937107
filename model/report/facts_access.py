"""What a result says about access: levels, ranks, groups, disparity.

Owns the question "which numbers of the access page follow from the result, and how?". Pure
functions from the result's dataset to pandas; nothing here knows of pages.

- `place_frame`: the places with what a map needs.
- `access_of`: one measure of access by place, in the last year the result has.
- `weighted_mean`, `group_means`: population-weighted means.
- `disparity_frame`: indices of disparity, in the base year and in the scenario.

Terms: *measure*, *subject*, *index*, *grouping* and *disparity part* are the result's coordinates.
"""

import numpy as np
import pandas as pd
import xarray as xr

__all__ = [
    "access_of",
    "disparity_frame",
    "group_means",
    "has_access_change",
    "place_frame",
    "weighted_mean",
]


def place_frame(data: xr.Dataset) -> pd.DataFrame:
    """Give the places: name, region, macro_region, lon, lat, population (index: place).

    A result without macro-regions gets the regions themselves.
    """
    region = data["place_region"].to_series()
    groups = data["macro_region"].to_series() if "macro_region" in data else None
    macro = region if groups is None else region.map(groups)
    return pd.DataFrame(
        {
            "name": data["place_name"].to_series(),
            "region": region,
            "macro_region": macro,
            "lon": data["lon"].to_series().astype(float),
            "lat": data["lat"].to_series().astype(float),
            "population": data["population"].to_series().astype(float),
        }
    )


def access_of(data: xr.Dataset, variable: str, measure: str) -> pd.Series:
    """Give one measure by place.

    Parameters
    ----------
    variable
        ``"access"`` or ``"access_base"``.
    """
    chosen = data[variable].sel(measure=measure)
    if "year" in chosen.dims:
        chosen = chosen.isel(year=-1)
    series: pd.Series = chosen.to_series()
    return series


def has_access_change(data: xr.Dataset) -> bool:
    """Say whether the scenario's access differs from the base year's anywhere."""
    if "access" not in data or "access_base" not in data:
        return False
    return not np.array_equal(
        data["access"].to_numpy(), data["access_base"].to_numpy(), equal_nan=True
    )


def weighted_mean(values: pd.Series, weights: pd.Series) -> float:
    """Mean over the places that have a value, weighted."""
    known = values.notna()
    return float(np.average(values[known], weights=weights[known])) if known.any() else np.nan


def group_means(values: pd.Series, places: pd.DataFrame) -> pd.Series:
    """Population-weighted mean of a measure by macro-region, in order of first appearance."""
    groups = places.groupby("macro_region", sort=False).groups
    return pd.Series(
        {
            str(name): weighted_mean(values[members], places.loc[members, "population"])
            for name, members in groups.items()
        }
    )


def disparity_frame(data: xr.Dataset) -> pd.DataFrame:
    """Give every index of disparity the result has, one a row.

    Returns
    -------
    DataFrame
        Columns subject, index, grouping, disparity_part, base, scenario (NaN when not run); rows
        without a value in the base year are left out (a Gini has no between and within).
    """
    keys = ["subject", "index", "grouping", "disparity_part"]
    frame = data["disparity_base"].to_dataframe("base").reset_index()[[*keys, "base"]]
    if "disparity" in data:
        other = data["disparity"].to_dataframe("scenario").reset_index()[[*keys, "scenario"]]
        frame = frame.merge(other, on=keys, how="left", sort=False)
    else:
        frame["scenario"] = np.nan
    return frame.dropna(subset=["base"]).reset_index(drop=True)
