"""The joint effect of a scenario's channels, shared out without an order.

Owns the question: when all channels of a scenario work at once, how much is each of them worth?

Public names
------------
``channel_split``   model and scenario in, shares by (region, sector, channel) out

Terms: the *joint* effect is that of all channels together, which a run never adds up. The share of
a channel is the mean, over all orders of switching the channels on, of what it adds when its turn
comes (`model.channels.split`); shares sum to the joint effect. A channel that only answers to
others (price, households, relocation) does nothing alone, and its share is what it makes of them.
Inside a run: ``[run] split = true`` (`model.steps.split`).
"""

from __future__ import annotations

from dataclasses import replace

import xarray as xr

from model.coupling import SpatialModel
from model.scenario import Scenario
from model.steps.channels import case_of
from model.steps.edits import edited_network
from model.steps.split import split_dataset

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
    network = edited_network(base.network, scenario)
    skims = model.skims(network) if scenario.edits else None
    case = case_of(base, scenario, skims, model.groupings)
    return split_dataset(base, scenario, case, network)
