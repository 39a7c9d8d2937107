"""What a result says about a corridor: its range, its line, its travel times, who gains.

Owns the question "which numbers of the corridor page follow from the result, and how?". Pure
functions from the result's dataset to pandas; money in the units of the dataset.

- `has_corridor`: whether the network was edited in this run.
- `range_frame`, `range_of`: effects by case of the parameters; the smallest and the largest.
- `levers`: one effect with one parameter at its low and its high value.
- `effects`: base, change and change in per cent of several variables by region or by sector.
- `price_change`: mean change of delivered prices by region or sector.
- `pair_counts`: how many pairs of places become faster, how many cheaper.
- `line_places`, `times_along`: the places the line serves, and travel time between them.
- `share_shifts`: the sourcing decisions that move most money.

Terms: a *case* is a run with some parameters at their low or high value; the *effect* of a case is
a change against the base year. The change of a variable is its level with the channel ``sourcing``
alone, less the base year.
"""

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.report.frames import frame_of

__all__ = [
    "effects",
    "has_corridor",
    "levers",
    "line_places",
    "pair_counts",
    "price_change",
    "range_frame",
    "range_of",
    "share_shifts",
    "times_along",
]


def has_corridor(data: xr.Dataset) -> bool:
    """Say whether the result holds the effect of a network edit."""
    sourcing = "channel" in data.coords and "sourcing" in data["channel"].to_numpy()
    return sourcing or "corridor_range" in data or "corridor_from" in data


def range_frame(data: xr.Dataset) -> pd.DataFrame:
    """Give the corridor's effects (columns) by case (rows)."""
    return frame_of(data["corridor_range"], "case", "effect")


def range_of(frame: pd.DataFrame, effect: str) -> tuple[float, float, float]:
    """Give an effect's central, smallest and largest value over the cases."""
    values = frame[effect]
    return float(values["central"]), float(values.min()), float(values.max())


def levers(frame: pd.DataFrame, effect: str) -> pd.DataFrame:
    """Give an effect by lever (rows: "kappa", "theta", ..., "all") at its low and high value.

    A case is called "<lever> low" or "<lever> high"; others are left out.
    """
    rows: dict[str, dict[str, float]] = {}
    for case, value in frame[effect].items():
        lever, _, side = str(case).rpartition(" ")
        if lever and side in ("low", "high"):
            rows.setdefault(lever, {})[side] = float(value)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"], dtype=np.float64)


def effects(
    data: xr.Dataset, dim: str, channel: str, variables: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Give base, change and percentage change of variables over one dimension.

    Parameters
    ----------
    dim
        ``"region"`` or ``"sector"``; the other is summed.
    channel
        Channel that acts alone.
    variables
        Names without ``_base``; those the result lacks are left out. What the channel does not
        tell stays NaN.
    """
    other = "sector" if dim == "region" else "region"
    out = {}
    for variable in variables:
        if variable not in data or f"{variable}_base" not in data:
            continue
        # What a channel does not tell (NaN) must not turn into a loss of everything.
        base = data[f"{variable}_base"].sum(other, skipna=False).to_series()
        level = data[variable].sel(channel=channel).sum(other, skipna=False).to_series()
        change = level - base
        # Rounding of two sums is not a change.
        change = change.mask(change.abs() <= 1e-12 * base.abs(), 0.0)
        percent = (100 * change / base).where(base != 0)
        out[variable] = pd.DataFrame({"base": base, "change": change, "percent": percent})
    return out


def price_change(data: xr.Dataset, dim: str) -> pd.Series | None:
    """Give the change of delivered prices in per cent, weighted by the base year's final demand."""
    if "delivered_price" not in data or "final_demand_base" not in data:
        return None
    other = "sector" if dim == "region" else "region"
    weight = data["final_demand_base"].clip(min=0)
    mean = (data["delivered_price"] * weight).sum(other) / weight.sum(other)
    series: pd.Series = (100 * (mean - 1)).to_series()
    return series


def line_places(data: xr.Dataset) -> tuple[list[str], list[str]]:
    """Give the places along the new line in its order, and the stops that are no place.

    Stops are matched to places by English name, other name or code.
    """
    if "corridor_from" not in data:
        return [], []
    known: dict[str, str] = {}
    for variable in ("place_name_zh", "place_name"):
        if variable in data:
            series = data[variable].to_series()
            known |= {str(name): str(code) for code, name in series.items()}
    known |= {str(code): str(code) for code in data["place"].to_numpy()}
    ends = zip(data["corridor_from"].to_numpy(), data["corridor_to"].to_numpy(), strict=True)
    stops = dict.fromkeys(str(stop) for leg in ends for stop in leg)
    found = dict.fromkeys(known[stop] for stop in stops if stop in known)
    return list(found), [stop for stop in stops if stop not in known]


def times_along(data: xr.Dataset, places: list[str], purpose: str) -> pd.DataFrame:
    """Give minutes between places before and after the line.

    Returns
    -------
    DataFrame
        Columns origin, destination (codes), base, scenario, and rail_base, rail_scenario where the
        result tells rail apart; every pair once, in line order.
    """
    pick = {"origin": places, "destination": places, "purpose": purpose}
    base = data["minutes_base"].sel(pick).to_numpy()
    new = data["minutes"].sel(pick).to_numpy()
    first, second = np.triu_indices(len(places), k=1)
    names = np.array(places, dtype=object)
    columns = {
        "origin": names[first],
        "destination": names[second],
        "base": base[first, second],
        "scenario": new[first, second],
    }
    if "rail_minutes" in data and "rail_minutes_base" in data:
        pair = {"origin": places, "destination": places}
        columns["rail_base"] = data["rail_minutes_base"].sel(pair).to_numpy()[first, second]
        columns["rail_scenario"] = data["rail_minutes"].sel(pair).to_numpy()[first, second]
    return pd.DataFrame(columns)


def pair_counts(data: xr.Dataset, purpose: str) -> dict[str, int]:
    """Count pairs of places (both directions) that the line changes.

    Returns
    -------
    dict
        pairs: all of them; faster: at least one minute less; cheaper: lower generalised cost,
        which is what sourcing responds to.
    """
    apart = ~np.eye(data.sizes["origin"], dtype=bool)

    def saved(name: str) -> NDArray[np.float64]:
        pick = {"purpose": purpose}
        change = data[f"{name}_base"].sel(pick) - data[name].sel(pick)
        values: NDArray[np.float64] = change.transpose("origin", "destination").to_numpy()[apart]
        return values

    cost = data["cost_base"].sel(purpose=purpose).to_numpy()[apart]
    return {
        "pairs": int(apart.sum()),
        "faster": int((saved("minutes") >= 1.0).sum()),
        "cheaper": int((saved("cost") > 1e-9 * np.abs(cost)).sum()),
    }


def share_shifts(data: xr.Dataset, count: int) -> pd.DataFrame:
    """Give the trade shares whose change moves most final demand.

    Returns
    -------
    DataFrame
        Columns sector, region_from, region_to, base, scenario, points (all in per cent or
        percentage points) and moved: points times the base year's final demand for the product in
        the region of use. At most `count` rows, largest movement first; unchanged shares left out.
    """
    base = data["trade_share_base"].transpose("sector", "region_from", "region_to").to_numpy()
    new = data["trade_share"].transpose("sector", "region_from", "region_to").to_numpy()
    change = new - base
    if "final_demand_base" in data:
        weight = data["final_demand_base"].transpose("sector", "region").to_numpy()
    else:
        weight = np.ones((base.shape[0], base.shape[2]))
    moved = change * weight[:, None, :]
    order = np.argsort(-np.abs(moved), axis=None, kind="stable")[:count]
    order = order[np.abs(moved).ravel()[order] > 0]
    sector, origin, use = np.unravel_index(order, base.shape)
    pick = (sector, origin, use)
    return pd.DataFrame(
        {
            "sector": data["sector"].to_numpy()[sector],
            "region_from": data["region_from"].to_numpy()[origin],
            "region_to": data["region_to"].to_numpy()[use],
            "base": 100 * base[pick],
            "scenario": 100 * new[pick],
            "points": 100 * change[pick],
            "moved": moved[pick],
        }
    )
