"""The channels beside demand and sourcing: what a scenario's switches add, and who gains.

Owns the question: which forces does a scenario have for the channels it switches on?

Public names
------------
``case_of``            the forces of a scenario, each behind its switch
``channels_dataset``   columns of the channels, spread and backwash, flows on links
``drivers_of``         the drivers a scenario really has
``slow_roads``         times and traffic that fit each other, where roads tell their capacity
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.channels.case import ANSWERS, Case, Runs
from model.channels.columns import LEVELS, channel_columns
from model.channels.congestion import Congestion, capacities, congest
from model.channels.economy import Economy
from model.channels.productivity import productivity
from model.channels.spread import spread_dataset
from model.costs import RegionCosts, Skims
from model.flows import flows_dataset, travel_demand
from model.results import IdentityRecord, SolveRecord
from model.scenario import Scenario
from model.solve import operator_of
from model.steps.base import identity
from model.steps.groupings import Groupings
from model.steps.poles import ask_stimulus
from model.stimulus import final_purchases, place_stimulus, resolve_poles
from networks.network import Network

Array = NDArray[np.float64]

__all__ = ["ChannelsOutcome", "case_of", "channels_dataset", "drivers_of", "slow_roads"]


@dataclass(frozen=True, eq=False)
class ChannelsOutcome:
    """Variables, identities, solves, and which effects are exactly zero."""

    data: xr.Dataset
    identities: list[IdentityRecord]
    solves: list[SolveRecord]
    zero_effects: list[str]


def drivers_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the drivers that are switched on and have something to drive."""
    on = scenario.closure.channels
    has = {"demand": bool(scenario.stimuli), "sourcing": bool(scenario.edits)}
    return tuple(name for name, there in has.items() if there and name in on)


def case_of(
    base: Calibration, scenario: Scenario, skims: Skims | None, groupings: Groupings
) -> Case:
    """Return the forces of a scenario.

    Parameters
    ----------
    base : Calibration
    scenario : Scenario
    skims : Skims or None
        With the edits; None where the scenario edits nothing.
    groupings : Groupings
    """
    delivery: Array | None = None
    closeness: Array | None = None
    if skims is not None:
        costs = RegionCosts.of(skims.passenger, skims.freight, base.places)
        same = skims.freight is base.skims.freight
        freight = base.delivery.freight if same else costs.freight
        delivery = base.delivery.change(freight, costs.passenger)
        closeness = productivity(base, skims).ratio
    at_origin, at_use, imported = _stimuli(base, scenario, groupings)
    return Case(
        Economy.of(base),
        closure=scenario.closure.final_demand,
        delivery=delivery,
        productivity=closeness,
        at_origin=at_origin,
        at_use=at_use,
        imported_use=imported,
        labour=base.parameters.get("relocation_labour"),
        capital=base.parameters.get("relocation_capital"),
    )


def _stimuli(
    base: Calibration, scenario: Scenario, groupings: Groupings
) -> tuple[Array | None, Array | None, Array | None]:
    """Return all stimuli together: at origin, at use on domestic products, at use on imports."""
    if not scenario.stimuli:
        return None, None, None
    table = base.table if base.table.kind == "pooled" else base.table.pooled()
    shape = base.blocks.output.shape
    made = {"origin": np.zeros(shape), "use": np.zeros(shape)}
    operator, _ = operator_of(table)
    for one in scenario.stimuli:
        asked = ask_stimulus(base, one, groupings)
        pole = resolve_poles(table, {one.name: asked.pole})[0]
        placed = place_stimulus(table, operator, pole, asked.money, at=one.at)
        made[one.at] += placed.given.sum(axis=1).reshape(shape)
    domestic, imported = (part.reshape(shape) for part in final_purchases(table))
    home, abroad = np.maximum(domestic, 0.0), np.maximum(imported, 0.0)
    share = np.divide(abroad, home + abroad, out=np.zeros(shape), where=home + abroad > 0.0)
    return made["origin"], made["use"] * (1.0 - share), made["use"] * share


def channels_dataset(
    base: Calibration,
    scenario: Scenario,
    case: Case,
    data: xr.Dataset,
    *,
    network: Network,
    groupings: Groupings,
    progress: Callable[[str, float], None],
) -> ChannelsOutcome:
    """Return the columns of the channels beside the drivers, and who gains through each channel.

    Parameters
    ----------
    base : Calibration
    scenario : Scenario
    case : Case
    data : Dataset
        What the run has so far, the columns of the drivers among it.
    network : Network
        With the edits.
    groupings : Groupings
    progress : callable
    """
    wanted = [name for name in ANSWERS if name in scenario.closure.channels]
    if not wanted:
        data = data.merge(spread_dataset(base, data, groupings, _stops(base, scenario)))
        return ChannelsOutcome(data, [], [], [])
    progress(f"channels {', '.join(wanted)}", 0.0)
    slow = slow_roads(base, scenario, case, network) if "congestion" in wanted else None
    if slow is not None:
        case = replace(case, congested=slow.delivery)
    runs = Runs(case)
    columns = channel_columns(runs, wanted, drivers_of(scenario))
    made = columns.data
    everything = data.merge(made.drop_vars([*LEVELS, "contraction", "channel"]), join="exact")
    joined = {}
    for name in LEVELS:
        parts = [data[name]] if name in data else []
        joined[name] = xr.concat([*parts, made[name]], dim="channel").assign_attrs(made[name].attrs)
    everything = everything.drop_vars([*LEVELS, "channel"], errors="ignore").assign(joined)
    everything["contraction"] = made["contraction"].reindex(channel=everything["channel"])
    identities = columns.identities
    if "congestion" in wanted:
        progress("trips and tonnes on links", 0.3)
        flows = _flows(base, runs, drivers_of(scenario), network)
        identities.append(
            identity("flows: km on links are the km of trips", float(flows["flow_gap"]), 1e-9)
        )
        everything = everything.merge(flows.drop_vars("flow_gap"), join="exact")
    if slow is not None:
        columns.solves.append(
            {
                "what": "road times (logarithms)",
                "method": f"damped steps, contracting at {slow.rate:.3f}",
                "iterations": slow.iterations,
                "residual": slow.gap,
                "error_bound": slow.bound,
                "seconds": 0.0,
            }
        )
    progress("who gains and who loses", 0.9)
    spread = spread_dataset(base, everything, groupings, _stops(base, scenario))
    return ChannelsOutcome(
        everything.merge(spread, join="exact"),
        columns.identities,
        columns.solves,
        columns.zero_effects,
    )


def slow_roads(
    base: Calibration, scenario: Scenario, case: Case, network: Network
) -> Congestion | None:
    """Return roads under the traffic of the drivers; None where no road tells its capacity.

    Parameters
    ----------
    base : Calibration
    scenario : Scenario
    case : Case
    network : Network
        With the edits; its links, and those of the base network, may tell a capacity.
    """
    known = capacities(network)
    if known is None:
        return None
    return congest(
        base,
        network,
        known,
        case=case,
        channels=drivers_of(scenario),
        base_capacity=capacities(base.network),
    )


def _flows(base: Calibration, runs: Runs, drivers: tuple[str, ...], network: Network) -> xr.Dataset:
    """Return flows of the base year and with the drivers, on the networks of both."""
    still = runs.of(())
    moved = runs.of(drivers)
    same = np.ones_like(base.blocks.trade)
    change = same if runs.case.delivery is None else runs.case.delivery
    return flows_dataset(
        base,
        {
            "_base": (base.network, travel_demand(base, still.joint.flows(still.state), same)),
            "": (network, travel_demand(base, moved.joint.flows(moved.state), change)),
        },
    )


def _stops(base: Calibration, scenario: Scenario) -> list[str]:
    """Return the places at which the lines of a scenario call, in network order."""
    named = {stop for edit in scenario.edits for stop in edit.stops}
    table = base.places.table
    return [
        str(code)
        for code, row in table[["name", "name_zh"]].iterrows()
        if named & {str(code), str(row["name"]), str(row["name_zh"])}
    ]
