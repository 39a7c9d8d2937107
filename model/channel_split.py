"""The joint effect of a scenario's channels, shared out without an order.

Owns the question: when all channels of a scenario work at once, how much is each of them worth?

Public names
------------
``channel_split``   model and scenario in, shares by (region, sector, channel) out

Terms: the *joint* effect is that of all channels together, which a run never adds up. The share of
a channel is the mean, over all orders of switching the channels on, of what it adds when its turn
comes (`model.channels.split`); shares sum to the joint effect. A channel that only answers to
others (price, households, relocation) does nothing alone, and its share is what it makes of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.channels.case import ANSWERS, Runs
from model.channels.columns import LEVELS
from model.channels.split import shapley
from model.coupling import SpatialModel
from model.scenario import Scenario
from model.steps.base import labelled
from model.steps.channels import case_of, drivers_of
from model.steps.edits import edited_network

Array = NDArray[np.float64]

__all__ = ["channel_split"]


def channel_split(model: SpatialModel, scenario: Scenario) -> xr.Dataset:
    """Share the joint effect of a scenario out over its channels.

    Parameters
    ----------
    model : SpatialModel
    scenario : Scenario
        Its closure says which channels are on; 2^K states are worked out for K of them.

    Returns
    -------
    Dataset
        output, value_added, final_demand and real_consumption (region, sector, channel): shares,
        in the money of the table; `joint_*` (region, sector): the effect of all channels at once,
        the sum of the shares; `gap` (): largest difference of the two, relative.

    Raises
    ------
    ScenarioError
        When the scenario names what is not there.
    NotUnique, NotConverged, NotProductive
        From a state that some set of channels leads to.
    """
    wanted = model.calibration.parameters.with_values(scenario.parameters)
    if wanted != model.calibration.parameters:
        model = replace(model, parameters=wanted)
    base = model.calibration
    skims = None
    if scenario.edits:
        skims = model.skims(edited_network(base.network, scenario))
    runs = Runs(case_of(base, scenario, skims, model.groupings))
    on = [*drivers_of(scenario), *(n for n in ANSWERS if n in scenario.closure.channels)]

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
