"""A synthetic result with channels beside demand and sourcing: invented numbers, true relations."""

from dataclasses import replace

import numpy as np
import xarray as xr

from model.scenario import Closure

CHANNELS = [
    "demand",
    "sourcing",
    "price",
    "productivity",
    "households",
    "relocation",
    "equilibrium",
    "congestion",
]
LEVELS = ["output", "value_added", "real_consumption"]


def var(dims, values, units="1"):
    return xr.DataArray(
        np.asarray(values), dims=dims, attrs={"units": units, "long_name": "synthetic"}
    )


def with_channels(result, seed=0, *, losers=True, computed=False, travel=True):
    """Add channels to a synthetic result; without losers every change is a gain."""
    rng = np.random.default_rng(seed)
    data = result.data
    unit = data["output_base"].attrs["units"]
    regions = data.sizes["region"]
    effect = rng.normal(0.0, 100.0, (regions, len(CHANNELS), len(LEVELS)))
    effect[:, -1] = 0.0
    if not losers:
        effect = np.abs(effect)
    effect[:, 0, 2] = np.nan
    groups = {"cluster": ["Delta", "Basin", "outside"], "ring": ["in the pole", "up to 1 h"]}
    kind = "computed" if computed else "allocated"
    states = ["base year", *CHANNELS]
    theil = rng.uniform(0.05, 0.06, (2, len(states), 2, 3))
    theil[:, :, 1, 1:] = np.nan
    sides = np.stack([np.clip(effect, 0, None).sum(0), np.clip(effect, None, 0).sum(0)], axis=-1)
    made = {
        "channel_effect": var(("region", "channel", "level"), effect, unit),
        "spread": var(("channel", "level", "side"), sides, unit),
        "losers": var(("channel", "level"), (effect < 0).sum(axis=0), "regions"),
        "contraction": var(("channel",), [np.nan, np.nan, 0.8, *[np.nan] * 2, 0.3, *[np.nan] * 2]),
        "channel_disparity": var(("per_head", "state", "inequality", "disparity_part"), theil),
    }
    for name, members in groups.items():
        spread = rng.normal(0.0, 10.0, (len(members), len(CHANNELS), len(LEVELS)))
        made[f"{kind}_channel_{name}"] = var((f"{name}_x", "channel", "level"), spread, unit)
    coords = {
        "region": data["region"].to_numpy(),
        "channel": CHANNELS,
        "level": LEVELS,
        "side": ["spread", "backwash"],
        "per_head": ["value_added", "real_consumption"],
        "state": states,
        "inequality": ["theil_t", "gini"],
        "disparity_part": ["total", "between", "within"],
    }
    extra = xr.Dataset(made).assign_coords(coords)
    drop = [name for name in data.data_vars if "channel" in data[name].dims]
    kept = data.drop_vars([*drop, "channel", "cluster", "ring"], errors="ignore")
    kept = kept.drop_dims([d for d in ("cluster", "ring") if d in kept.dims])
    for name, members in groups.items():
        extra = extra.rename({f"{name}_x": name}).assign_coords({name: members})
    levels = {
        name: (data[f"{name}_base"].expand_dims(channel=CHANNELS, axis=2) * 1.01).assign_attrs(
            data[f"{name}_base"].attrs
        )
        for name in ("output", "value_added", "final_demand", "real_consumption")
    }
    whole = kept.merge(extra, join="outer").assign(levels)
    if travel:
        whole = whole.merge(_travel(rng, unit), join="outer")
    closure = Closure(channels=tuple(CHANNELS))
    return replace(result, data=whole, scenario=replace(result.scenario, closure=closure))


def _travel(rng, unit):
    modes = ["road", "rail_conventional", "rail_hsr", "air", "rail"]
    used = np.array([[1, 1, 1, 1, 0], [1, 0, 0, 0, 1]])[:, :, None]
    base = rng.uniform(1e6, 1e9, (2, 5, 4)) * used
    made = {
        "travel_by_mode_base": var(("purpose", "travel_mode", "carried"), base),
        "travel_by_mode": var(("purpose", "travel_mode", "carried"), base * 1.01),
    }
    kinds = ["road", "rail_conventional", "rail_hsr", "air", "access", "ferry"]
    flow = rng.uniform(1e5, 1e7, (len(kinds), 2))
    made["link_volume_base"] = var(("flow_link", "purpose"), flow)
    made["link_volume"] = var(("flow_link", "purpose"), flow * [1.01, 1.02])
    words = np.array([f"Stop {k}" for k in range(len(kinds))], dtype=object)
    return xr.Dataset(made).assign_coords(
        purpose=["passenger", "freight"],
        travel_mode=modes,
        carried=["volume", "volume_km", "charges", "value"],
        flow_link=[f"l{k}" for k in range(len(kinds))],
        flow_mode=("flow_link", np.array(kinds, dtype=object)),
        flow_line=("flow_link", words),
        flow_from=("flow_link", words),
        flow_to=("flow_link", words[::-1]),
    )
