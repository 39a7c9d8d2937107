"""What a result says about access over the years and about who gained.

Owns the question "which numbers on the past of access follow from the result, and how?". Pure
functions from the result's dataset to pandas; nothing here knows of pages.

- `has_history`: whether the result has earlier years.
- `levels_of`, `owed_of`: one measure by place, by year or by cause.
- `national`: means over people by year and cause.
- `by_group`: the same by macro-region or cluster, in per cent of the first year.
- `city_changes`: the change of every city with its causes.
- `quintiles`: the people in order of their start, a fifth at a time.
- `disparity_by_year`: indices by year, with what each cause does to them.

Terms: *travel*, *cause* and *order* are the result's coordinates; a *first* year is the one changes
are counted from, the *last* the base year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from networks.change import quantile_table

__all__ = [
    "FREE",
    "by_group",
    "causes_of",
    "city_changes",
    "disparity_by_year",
    "has_history",
    "levels_of",
    "national",
    "owed_of",
    "quintiles",
    "years_of",
]

FREE = "order-free"


def has_history(data: xr.Dataset) -> bool:
    """Say whether the result has access in more than one year."""
    return "access_history" in data and data.sizes["history_year"] > 1


def years_of(data: xr.Dataset) -> list[int]:
    """Give the years, first to last."""
    return [int(year) for year in data["history_year"].to_numpy()]


def causes_of(data: xr.Dataset, travel: str) -> list[str]:
    """Give the causes that change anything for a kind of travel."""
    part = data["access_history_cause"].sel(travel=travel)
    return [
        str(cause)
        for cause in data["cause"].to_numpy()
        if float(np.abs(part.sel(cause=cause)).max()) > 0
    ]


def levels_of(data: xr.Dataset, travel: str, measure: str) -> pd.DataFrame:
    """Give one measure by place (rows) and year (columns)."""
    one = data["access_history"].sel(travel=travel, measure=measure)
    return pd.DataFrame(
        one.transpose("place", "history_year").to_numpy(),
        index=pd.Index(data["place"].to_numpy()),
        columns=years_of(data),
    )


def owed_of(data: xr.Dataset, travel: str, measure: str) -> pd.DataFrame:
    """Give the change from the first to the last year by place (rows) and cause (columns)."""
    one = data["access_history_cause"].sel(
        travel=travel, measure=measure, later_year=years_of(data)[-1]
    )
    return pd.DataFrame(
        one.transpose("place", "cause").to_numpy(),
        index=pd.Index(data["place"].to_numpy()),
        columns=[str(c) for c in data["cause"].to_numpy()],
    )


def national(data: xr.Dataset, travel: str, measure: str) -> tuple[pd.Series, xr.DataArray]:
    """Give the mean over people by year, and its change by (later_year, cause, order)."""
    nation = int(np.flatnonzero(data["access_grouping"].to_numpy() == "nation")[0])
    chosen = {"travel": travel, "measure": measure}
    levels = data["access_history_group"].sel(chosen).isel(access_group=nation)
    owed = data["access_history_group_cause"].sel(chosen).isel(access_group=nation)
    return pd.Series(levels.to_numpy(), index=years_of(data)), owed


def by_group(data: xr.Dataset, travel: str, measure: str, grouping: str) -> pd.DataFrame:
    """Give the levels of the first and last year and the change in per cent, by group.

    Returns
    -------
    DataFrame
        Index group; columns first, last, change and every cause, the last two in per cent of the
        first year.
    """
    chosen = np.flatnonzero(data["access_grouping"].to_numpy() == grouping)
    levels = data["access_history_group"].sel(travel=travel, measure=measure)
    levels = levels.isel(access_group=chosen).transpose("access_group", "history_year")
    owed = data["access_history_group_cause"].sel(
        travel=travel, measure=measure, later_year=years_of(data)[-1], order=FREE
    )
    owed = owed.isel(access_group=chosen).transpose("access_group", "cause")
    first, last = levels.to_numpy()[:, 0], levels.to_numpy()[:, -1]
    names = [str(g) for g in data["access_group"].to_numpy()[chosen]]
    frame = pd.DataFrame({"first": first, "last": last}, index=names)
    frame["change"] = 100 * (last / first - 1)
    for number, cause in enumerate(data["cause"].to_numpy()):
        frame[str(cause)] = 100 * owed.to_numpy()[:, number] / first
    return frame


def city_changes(data: xr.Dataset, travel: str, measure: str) -> pd.DataFrame:
    """Give first, last, change and causes of every city, in the unit of the measure."""
    levels = levels_of(data, travel, measure)
    first, last = levels.iloc[:, 0], levels.iloc[:, -1]
    frame = pd.DataFrame({"first": first, "last": last, "change": last - first})
    return frame.join(owed_of(data, travel, measure))


def quintiles(
    before: pd.Series, gains: pd.DataFrame, population: pd.Series, parts: int = 5
) -> pd.DataFrame:
    """Give the mean gains of a fifth of the people at a time, in the order of where they started.

    Parameters
    ----------
    before
        Level at the start, by place; lowest first.
    gains
        Columns of gains by place; the first is the whole, whose share is told.
    population
        People by place.

    Returns
    -------
    DataFrame
        Index 1 .. parts; columns before_from, before_to, those of `gains`, share.
    """
    made: dict[str, pd.Series] = {}
    for column in gains.columns:
        table = quantile_table(gains[column], population, by=before, parts=parts)
        if not made:
            made = {
                "before_from": table["by_from"],
                "before_to": table["by_to"],
                "share": table["share_of_gain"],
            }
        made[str(column)] = table["gain"]
    return pd.DataFrame(made)


def disparity_by_year(data: xr.Dataset, travel: str) -> pd.DataFrame:
    """Give every index by year (a column each) and what each cause changes to the last year.

    Returns
    -------
    DataFrame
        Columns measure, index, disparity_part, the years, the causes; rows without value left out.
    """
    one = data["disparity_history"].sel(travel=travel).isel(grouping=0, drop=True)
    owed = data["disparity_history_cause"].sel(
        travel=travel, order=FREE, later_year=years_of(data)[-1]
    )
    owed = owed.isel(grouping=0, drop=True)
    keys = ["measure", "index", "disparity_part"]
    levels = one.to_series().unstack("history_year")
    parts = owed.to_series().unstack("cause")
    frame = levels.join(parts[[str(c) for c in data["cause"].to_numpy()]])
    order = pd.MultiIndex.from_product([data[key].to_numpy() for key in keys], names=keys)
    return frame.reindex(order).dropna(how="all").reset_index()
