"""What a result says about the channels beside demand and sourcing.

Owns the question "which numbers of the page on channels follow from the result, and how?". Pure
functions from the result's dataset to pandas; money in the units of the dataset.

- `has_channels`: whether the run switched on channels that answer to the drivers.
- `balance`: by channel, what gaining regions gain, losing regions lose, and how many lose.
- `by_region`: change of one variable by region and channel.
- `groups_of`: change by cluster or ring and channel, and whether it was computed or allocated.
- `disparity_of`: inequality per head in the base year and through each channel.
- `by_mode`, `busiest`: travel by mode, and the stretches whose flow changes most.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

__all__ = [
    "balance",
    "busiest",
    "by_mode",
    "by_region",
    "disparity_of",
    "groups_of",
    "has_channels",
]


def has_channels(data: xr.Dataset) -> bool:
    """Say whether the result holds channels beside demand and sourcing."""
    return "channel_effect" in data


def balance(data: xr.Dataset, level: str) -> pd.DataFrame:
    """Give columns effect, spread, backwash, losers of one variable by channel."""
    sums = data["spread"].sel(level=level)
    gains, losses = sums.sel(side="spread").to_series(), sums.sel(side="backwash").to_series()
    losers = data["losers"].sel(level=level).to_series().astype(float)
    frame = pd.DataFrame({"effect": gains + losses, "spread": gains, "backwash": losses})
    return frame.assign(losers=losers.where(gains.notna()))


def by_region(data: xr.Dataset, level: str) -> pd.DataFrame:
    """Give the change of one variable by region (rows) and channel (columns)."""
    chosen = data["channel_effect"].sel(level=level)
    return pd.DataFrame(
        chosen.transpose("region", "channel").to_numpy(),
        index=pd.Index(data["region"].to_numpy(), name="region"),
        columns=pd.Index(data["channel"].to_numpy(), name="channel"),
    )


def groups_of(data: xr.Dataset, group: str, level: str) -> tuple[pd.DataFrame, bool] | None:
    """Give changes by group and channel, and whether they were computed between places."""
    for kind in ("computed", "allocated"):
        name = f"{kind}_channel_{group}"
        if name in data:
            chosen = data[name].sel(level=level).transpose(group, "channel")
            frame = pd.DataFrame(
                chosen.to_numpy(),
                index=pd.Index(data[group].to_numpy()),
                columns=pd.Index(data["channel"].to_numpy()),
            )
            return frame, kind == "computed"
    return None


def disparity_of(data: xr.Dataset, per_head: str) -> pd.DataFrame:
    """Give Theil index (total, between, within) and Gini by state, the base year first."""
    chosen = data["channel_disparity"].sel(per_head=per_head)
    theil = chosen.sel(inequality="theil_t").transpose("state", "disparity_part").to_pandas()
    frame = pd.DataFrame(theil)
    frame["gini"] = chosen.sel(inequality="gini", disparity_part="total").to_series()
    return frame.dropna(how="all")


def by_mode(data: xr.Dataset, purpose: str) -> pd.DataFrame:
    """Give volume, volume_km, charges, value and their changes by mode; modes not used left out."""
    base = data["travel_by_mode_base"].sel(purpose=purpose)
    frame = base.transpose("travel_mode", "carried").to_pandas()
    after = data["travel_by_mode"].sel(purpose=purpose)
    change = after.transpose("travel_mode", "carried").to_pandas() - frame
    joined = frame.join(change.add_suffix("_change"))
    return joined[joined["volume"] > 0.0]


def busiest(data: xr.Dataset, purpose: str, count: int) -> pd.DataFrame:
    """Give the stretches whose flow of a purpose changes most: ends, mode, base, change.

    A stretch is all links of one mode between the same two nodes: which of several lines on one
    track carries what is arbitrary, how much passes is not.
    """
    base = data["link_volume_base"].sel(purpose=purpose).to_numpy()
    labels = {name: data[f"flow_{name}"].to_numpy().astype(str) for name in ("from", "to", "mode")}
    ends = np.sort(np.stack([labels["from"], labels["to"]]), axis=0)
    frame = pd.DataFrame(
        {
            "from": ends[0],
            "to": ends[1],
            "mode": labels["mode"],
            "base": base,
            "change": data["link_volume"].sel(purpose=purpose).to_numpy() - base,
        }
    )
    whole = frame.groupby(["from", "to", "mode"], sort=False, as_index=False).sum()
    # What several lines hand to each other leaves rounding behind, not a change.
    whole = whole[whole["change"].abs() > 1e-9 * whole["base"].abs()]
    order = np.argsort(-whole["change"].abs().to_numpy(), kind="stable")[:count]
    return whole.iloc[order].reset_index(drop=True)
