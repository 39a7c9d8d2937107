"""The steps of a run, in order: base year, corridor, access, growth poles, equilibrium, channels.

Owns the question: what is computed for a scenario, and how do the pieces become one result?

Public names
------------
``run_steps``   calibration and scenario in, `Result` out
``Progress``    what a progress callback looks like

Steps whose block the scenario does not have are left out, with their variables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import xarray as xr

from io_tables.table import RegionalTable
from model.calibration import Calibration
from model.channels.case import ANSWERS
from model.equilibrium import check_form
from model.leontief.machine import threads
from model.results import IdentityRecord, ReportTable, Result, RunReport, RunStatus, SolveRecord
from model.scenario import Scenario
from model.steps.access import access_dataset
from model.steps.base import backdrop_dataset, base_dataset, base_identities, identity
from model.steps.channels import case_of, channels_dataset
from model.steps.corridor import corridor_dataset
from model.steps.edits import edited_network, line_legs
from model.steps.equilibrium import CHANNEL as EQUILIBRIUM
from model.steps.equilibrium import equilibrium_dataset, mobility_of
from model.steps.groupings import Groupings, read_place_groups
from model.steps.poles import ask_stimulus, check_stimuli, poles_dataset
from model.steps.report import CLOSURES, assumption_records, input_hashes, versions
from model.steps.split import split_dataset, split_variables
from model.steps.sure import INTERVAL, corridor_draws, ledger_draws
from networks.network import Network

Progress = Callable[[str, float], None]

__all__ = ["Progress", "run_steps"]

# Share of a run's time that lies behind each step, as measured on the embedded case.
STARTS = {
    "base year": 0.0,
    "corridor": 0.05,
    "access": 0.35,
    "growth poles": 0.45,
    "equilibrium": 0.8,
    "channels": 0.85,
    "split": 0.9,
    "how sure": 0.95,
    "done": 1.0,
}
CHANNEL_VARIABLES = ("output", "value_added", "final_demand", "real_consumption")


class _Steps:
    """Announces steps and keeps their seconds."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Progress]:
        """Time one step; yields a progress callback scaled to it."""
        later = [share for share in STARTS.values() if share > STARTS[name]]
        start, end = STARTS[name], min(later)

        def tell(what: str, share: float) -> None:
            if self._progress is not None:
                self._progress(what, start + share * (end - start))

        tell(name, 0.0)
        began = time.perf_counter()
        yield tell
        self.seconds[name] = time.perf_counter() - began


def run_steps(
    base: Calibration,
    scenario: Scenario,
    *,
    groupings: Groupings,
    variants: Mapping[str, RegionalTable],
    places_table: RegionalTable | None,
    table_report: Mapping[str, ReportTable],
    progress: Progress | None = None,
) -> Result:
    """Run every block of a scenario on a calibrated model.

    Parameters
    ----------
    base : Calibration
    scenario : Scenario
    groupings : Groupings
    variants : mapping of str to RegionalTable
        "low" and "high" estimates of the same economy; may be empty.
    places_table : RegionalTable or None
        The same economy nested to the places of the network.
    table_report : mapping of str to ReportTable
    progress : callable, optional

    Raises
    ------
    ScenarioError
        When a name in the scenario is not known.
    """
    # Every name is looked up before any work is done, so that a wrong one ends the run at once.
    network = edited_network(base.network, scenario)
    groupings = _placed_groupings(base, scenario, groupings)
    check_stimuli(base, scenario.stimuli, groupings)
    if EQUILIBRIUM in scenario.closure.channels:
        check_form(base.form)

    steps = _Steps(progress)
    identities: list[IdentityRecord] = []
    solves: list[SolveRecord] = []
    zero_effects: list[str] = []
    notes = [*base.table.notes, *base.network.notes]
    with steps.step("base year"):
        identities, solves = base_identities(base)
        data = base_dataset(base, groupings).merge(backdrop_dataset(network))

    skims = None
    if scenario.edits and "sourcing" in scenario.closure.channels:
        with steps.step("corridor") as tell:
            corridor = corridor_dataset(
                base,
                network,
                line_legs(network, scenario),
                closure=scenario.closure.final_demand,
                progress=tell,
            )
        data = data.merge(corridor.data)
        identities += corridor.identities
        solves += corridor.solves
        zero_effects += corridor.zero_effects
        skims = corridor.skims

    with steps.step("access"):
        data = data.merge(access_dataset(base, skims, data, groupings))

    if scenario.stimuli and "demand" in scenario.closure.channels:
        with steps.step("growth poles") as tell:
            poles = poles_dataset(
                base,
                scenario.stimuli,
                groupings=groupings,
                variants=variants,
                places_table=places_table,
                progress=tell,
            )
        data = _with_channel(poles.data.drop_attrs(deep=False), data).assign_attrs(data.attrs)
        identities += poles.identities
        solves += poles.solves
        notes += poles.notes

    if skims is not None and EQUILIBRIUM in scenario.closure.channels:
        with steps.step("equilibrium"):
            rest = equilibrium_dataset(base, skims, **mobility_of(base, scenario))
        data = _with_channel(data, rest.data)
        identities += rest.identities
        notes += rest.notes
        zero_effects += rest.zero_effects

    if any(name in (*ANSWERS, EQUILIBRIUM) for name in scenario.closure.channels):
        with steps.step("channels") as tell:
            channels = channels_dataset(
                base,
                scenario,
                case_of(base, scenario, skims, groupings),
                data,
                network=network,
                groupings=groupings,
                progress=tell,
            )
        data = channels.data
        identities += channels.identities
        solves += channels.solves
        zero_effects += channels.zero_effects

    if scenario.run.split:
        with steps.step("split"):
            forces = case_of(base, scenario, skims, groupings)
            split = split_dataset(base, scenario, forces, network)
            data = data.merge(split_variables(split), join="exact")
            identities.append(
                identity("split: shares sum to the joint effect", float(split["gap"]), 1e-9)
            )

    if scenario.run.draws:
        with steps.step("how sure") as tell:
            drawn = _drawn(base, scenario, network, groupings, data, variants, tell)
        data = data.merge(drawn, join="exact")
        notes.append(
            f"Intervals: {scenario.run.draws} draws with seed {scenario.run.seed}, "
            f"{INTERVAL:.0%} of them; see what drives them beside."
        )

    report = RunReport(
        solves=tuple(solves),
        identities=tuple(identities),
        closure=CLOSURES[scenario.closure.final_demand],
        assumptions=assumption_records(base.parameters, base.network),
        estimates=tuple(notes),
        table_report=dict(table_report),
        zero_effects=tuple(zero_effects),
        inputs=input_hashes(base.table, base.network),
        versions=versions(),
        seconds=steps.seconds,
    )
    certified = all(np.isfinite(one["error_bound"]) for one in solves)
    sound = certified and all(one["holds"] for one in identities)
    if progress is not None:
        progress("done", 1.0)
    return Result(
        status=RunStatus.ok if sound else RunStatus.partial,
        data=data,
        report=report,
        scenario=scenario,
    )


def _drawn(
    base: Calibration,
    scenario: Scenario,
    network: Network,
    groupings: Groupings,
    data: xr.Dataset,
    variants: Mapping[str, RegionalTable],
    tell: Progress,
) -> xr.Dataset:
    """Return medians and intervals of what a run has found: ledgers, effects of the edits."""
    draws, seed, workers = scenario.run.draws, scenario.run.seed, threads()
    made = xr.Dataset()
    if "ledger" in data:
        asked = [ask_stimulus(base, one, groupings) for one in scenario.stimuli]
        made = ledger_draws(
            base.table,
            asked,
            draws=draws,
            seed=seed,
            cost=base.costs.freight,
            workers=workers,
            progress=lambda _, share: tell("how sure: ledgers over drawn tables", 0.6 * share),
        )
    if "corridor_range" in data:
        found = corridor_draws(
            base,
            network,
            closure=scenario.closure.final_demand,
            variants=variants,
            draws=draws,
            seed=seed,
            workers=workers,
            progress=lambda _, share: tell("how sure: the edits", 0.6 + 0.4 * share),
        )
        made = made.merge(found, join="exact")
    return made


def _placed_groupings(base: Calibration, scenario: Scenario, groupings: Groupings) -> Groupings:
    places = base.places
    groupings = replace(groupings, place_region=places.region, place_mass=places.mass("gdp"))
    if scenario.groups.clusters is None:
        return groupings
    rows = read_place_groups(scenario.groups.clusters, base.places.codes, grouping="clusters")
    return groupings.with_places(rows)


def _with_channel(first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
    """Merge datasets whose channel variables stand for different channels, in this order."""
    both = [name for name in CHANNEL_VARIABLES if name in first and name in second]
    joined = {
        name: xr.concat([first[name], second[name]], dim="channel").assign_attrs(first[name].attrs)
        for name in both
    }
    merged = first.drop_vars([*both, "channel"] if both else [], errors="ignore").merge(
        second.drop_vars([*both, "channel"] if both else [], errors="ignore")
    )
    return merged.assign(joined)
