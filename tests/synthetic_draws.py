"""A result with draws and a split beside what it has: numbers without meaning, shapes of a run."""

from dataclasses import replace

import numpy as np
import xarray as xr

from model.steps.sure import ALL_REGIONS, EFFECTS, STATISTICS

LEVELS = ("output", "value_added", "final_demand", "real_consumption")


def with_draws(result):
    """The result as if it had drawn 100 times and shared its joint effect out."""
    data, rng = result.data, np.random.default_rng(3)
    regions = [ALL_REGIONS, *data["region"].values.tolist()]
    poles = data["pole"].values.tolist()
    parts, accounts = ["intraregional", "feedback", "spillover", "all"], ["output", "value_added"]
    told = {"units": "million yuan 2020", "draws": 100, "seed": 1, "interval": 0.9}
    ledger = ("pole", "drawn_region", "drawn_part", "account")
    shape = (len(poles), len(regions), len(parts), len(accounts))
    channels = ["demand", "sourcing"]
    split = rng.normal(0.0, 10.0, (data.sizes["region"], data.sizes["sector"], len(channels)))
    made = {
        "ledger_draws": ((*ledger, "statistic"), rng.uniform(1.0, 9.0, (*shape, 4)), told),
        "ledger_drivers": (("ledger_source", *ledger), np.full((2, *shape), 0.5), told),
        "corridor_draws": (
            ("drawn_effect", "statistic"),
            rng.normal(0.0, 5.0, (len(EFFECTS), 4)),
            told,
        ),
        "corridor_drivers": (
            ("drawn_parameter", "drawn_effect"),
            rng.uniform(0.0, 0.4, (2, len(EFFECTS))),
            told,
        ),
    }
    for name in LEVELS:
        made[f"split_{name}"] = (("region", "sector", "split_channel"), split, told)
        made[f"joint_{name}"] = (("region", "sector"), split.sum(axis=2), told)
    drawn = xr.Dataset(made).assign_coords(
        drawn_region=regions,
        drawn_part=parts,
        statistic=list(STATISTICS),
        ledger_source=["own_share", "noise"],
        drawn_effect=list(EFFECTS),
        drawn_parameter=["theta", "value_of_time"],
        split_channel=channels,
    )
    return replace(result, data=data.merge(drawn))
