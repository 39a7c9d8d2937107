"""A scenario on roads that slow down: times, trade and traffic that fit each other.

Owns the question: how much of what a corridor gives do its own traffic and everybody else's take
back?

Public names
------------
``congested``         model, scenario and capacities in, `CongestedResponse` out
``CongestedResponse`` the economy on free roads and on slow ones, and the certificate of the fit

Terms as in `model.channels.congestion`. Capacities are given here; a run takes those of the
network's own column `capacity`, and without any it reports flows and leaves times alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from model.channels.case import ANSWERS
from model.channels.congestion import Congestion, congest
from model.channels.joint import State
from model.coupling import SpatialModel
from model.scenario import Scenario
from model.steps.channels import case_of, drivers_of
from model.steps.edits import edited_network

__all__ = ["CongestedResponse", "congested"]


@dataclass(frozen=True, eq=False)
class CongestedResponse:
    """The economy with and without slow roads.

    Attributes
    ----------
    congestion : Congestion
        Minutes, traffic, certificate.
    free, slow : State
        Changes against the base year with delivery costs of free roads, and of slow ones; the
        channel is the difference of the two.
    """

    congestion: Congestion
    free: State
    slow: State


def congested(
    model: SpatialModel,
    scenario: Scenario,
    capacity: pd.Series[float],
    *,
    part: float = 0.7,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
) -> CongestedResponse:
    """Let roads slow down under the trips and tonnes of a scenario.

    Parameters
    ----------
    model : SpatialModel
    scenario : Scenario
        All channels that it switches on act while roads and trade settle.
    capacity : Series by link key
        Car units a day in each direction that roads have for these trips; road links that are not
        named never slow down.
    part, tolerance, max_iterations
        As in `model.channels.congestion.congest`.

    Raises
    ------
    ScenarioError, NetworkMismatch, NotConverged
        For names that are not there, capacities that cannot be used, times that do not settle.
    """
    wanted = model.calibration.parameters.with_values(scenario.parameters)
    if wanted != model.calibration.parameters:
        model = replace(model, parameters=wanted)
    base = model.calibration
    network = edited_network(base.network, scenario)
    skims = model.skims(network) if scenario.edits else None
    case = case_of(base, scenario, skims, model.groupings)
    answers = [n for n in ANSWERS if n in scenario.closure.channels and n != "congestion"]
    on = ("sourcing", *(d for d in drivers_of(scenario) if d != "sourcing"), *answers)
    found = congest(
        base,
        network,
        capacity,
        case=case,
        channels=on,
        part=part,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    slow = replace(case, congested=found.delivery, delivery=found.delivery)
    return CongestedResponse(found, case.outcome(on).state, slow.outcome(on).state)
