"""The joint effect of all channels of a run, shared out without an order.

Owns the question: which variables does the split of a scenario have?

Public names
------------
``split_dataset``   forces of a scenario in, shares by (region, sector, channel) out
``split_variables`` the same under names of their own, beside what a run has already

Terms as in `model.channel_split`. Slow roads are those under the drivers, as in a run. The economy
at rest (channel "equilibrium") is another closure, not a part of the joint effect.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.channels.case import ANSWERS, Case, Runs
from model.channels.columns import LEVELS
from model.channels.split import shapley
from model.scenario import Scenario
from model.steps.base import labelled
from model.steps.channels import drivers_of, slow_roads
from networks.network import Network

Array = NDArray[np.float64]

__all__ = ["split_dataset", "split_variables"]


def split_dataset(
    base: Calibration, scenario: Scenario, case: Case, network: Network
) -> xr.Dataset:
    """Share the joint effect of a scenario out over its channels.

    Parameters
    ----------
    base : Calibration
    scenario : Scenario
        Its closure says which channels are on; 2^K states are worked out for K of them.
    case : Case
        The forces of the scenario.
    network : Network
        With the edits.

    Returns
    -------
    Dataset
        As `model.channel_split.channel_split` says.
    """
    on = [*drivers_of(scenario), *(n for n in ANSWERS if n in scenario.closure.channels)]
    if "congestion" in on and case.congested is None:
        slow = slow_roads(base, scenario, case, network)
        if slow is not None:
            case = replace(case, congested=slow.delivery)
    runs = Runs(case)

    def effect(channels: frozenset[str]) -> Array:
        state = runs.of(channels).state
        return np.stack([getattr(state, name) for name in LEVELS])

    shares = shapley(on, effect)
    joint = effect(frozenset(on))
    flat = ("region", "sector")
    unit = base.table.unit
    stacked = np.stack(list(shares.values()), axis=-1) if on else np.zeros((*joint.shape, 0))
    made = {}
    for position, (name, (text, prices)) in enumerate(LEVELS.items()):
        made[name] = labelled(
            stacked[position], (*flat, "channel"), unit, f"{text}: share of a channel"
        ).assign_attrs(prices=prices)
        made[f"joint_{name}"] = labelled(
            joint[position], flat, unit, f"{text}: all channels together"
        ).assign_attrs(prices=prices)
    gap = float(np.abs(stacked.sum(axis=-1) - joint).max())
    scale = float(np.abs(joint).max()) or 1.0
    made["gap"] = labelled(np.array(gap / scale), (), "1", "largest gap of shares and joint effect")
    return xr.Dataset(made).assign_coords(
        region=base.table.regions, sector=base.table.sectors, channel=on
    )


def split_variables(found: xr.Dataset) -> xr.Dataset:
    """Return shares as ``split_*`` over (region, sector, split_channel), and ``joint_*``."""
    renamed = {name: f"split_{name}" for name in LEVELS}
    return found.drop_vars("gap").rename({**renamed, "channel": "split_channel"})
