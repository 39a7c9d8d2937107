"""A table and a network joined: the model a scenario runs on.

Owns the question: given an economy and a map, what does a scenario do to both?

Public names
------------
``SpatialModel``   frozen; calibrates in the constructor; `run(scenario)` returns a `Result`
``Answered``       one edit of the network, what it does to costs and to the economy

Terms: channels act alone and are never summed. *demand* is the spillover ledger of the stimuli,
*sourcing* the response to edited links at given mill prices (`model.response`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.calibration import Calibration, calibrate, skims_of
from model.channels.answers import Answers, acting
from model.costs import Skims
from model.delivery import SectorRoles
from model.link_value import Objective, Together, link_values
from model.parameters import Parameters, ParameterValue, load_parameters
from model.response import FinalDemandClosure, PriceRule, Response
from model.results import ReportTable, Result
from model.scenario import Scenario
from model.steps.groupings import Groupings
from model.steps.sequence import Progress, run_steps
from networks.dims import LinkMode
from networks.network import Network
from networks.whatif import Costs, Edited, LinkEdit
from networks.whatif.skims import in_order

__all__ = ["Answered", "SpatialModel"]


@dataclass(frozen=True, eq=False)
class Answered:
    """One edit of the network and what it does.

    Attributes
    ----------
    name : str
        Of the edit.
    costs : Costs
        Place-to-place costs and the pairs that differ.
    response : Response
    """

    name: str
    costs: Costs
    response: Response


@dataclass(frozen=True, eq=False)
class SpatialModel:
    """An economy tied to a network, calibrated on its base year.

    Parameters
    ----------
    table : RegionalTable
        R regions and S sectors; an explicit table is pooled for the coupling.
    network : Network
        Its places name the region of the table they lie in.
    parameters : Parameters or mapping, optional
        The shipped ones, or values set over them by key.
    roles : SectorRoles, optional
        Which sectors are goods; read from the table when left out.
    groupings : Groupings, optional
        Poles, clusters, macro-regions.
    variants : mapping of str to RegionalTable, optional
        Other estimates of the same economy ("low", "high") for the range of the ledger.
    places_table : RegionalTable, optional
        The same economy nested to the places of the network: its regions are place codes.
    table_report : mapping, optional
        Tables on how the economy was estimated, carried into the report.

    Attributes
    ----------
    calibration : Calibration
        Base-year arrays and skims.

    Raises
    ------
    NetworkMismatch, MissingRoles
        When table and network cannot be tied.
    """

    table: RegionalTable
    network: Network
    parameters: Parameters | Mapping[str, ParameterValue] = field(default_factory=load_parameters)
    roles: SectorRoles | None = None
    groupings: Groupings = field(default_factory=Groupings.empty)
    variants: Mapping[str, RegionalTable] = field(default_factory=dict)
    places_table: RegionalTable | None = None
    table_report: Mapping[str, ReportTable] = field(default_factory=dict)
    calibration: Calibration = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Calibrate on the base year."""
        given = self.parameters
        known = given if isinstance(given, Parameters) else Parameters(given)
        made = calibrate(self.table, self.network, known, roles=self.roles)
        object.__setattr__(self, "parameters", known)
        object.__setattr__(self, "calibration", made)

    def skims(self, network: Network) -> Skims:
        """Return the skims of an edited network with all parts, over the places of the base one."""
        return skims_of(self.calibration, network)

    def costs(self, edited: Edited) -> Costs:
        """Return the cost matrices after an edit: passenger, fastest, rail and freight.

        Parameters
        ----------
        edited : Network, Patch or LinkEdit
            A network made from the base one, a patch for it, or what ``line`` returns.

        Notes
        -----
        The first call makes the matrices of the base ready; each edit then takes milliseconds.
        """
        return self.calibration.ready.run(edited)

    def line(
        self,
        mode: LinkMode,
        stops: Sequence[str],
        *,
        speed_kmh: float,
        trains_per_day: float,
        fare_per_km: float | None = None,
        freed_freight_capacity: float = 0.0,
        name: str | None = None,
    ) -> LinkEdit:
        """Return the edit that builds a line; parameters as `Network.with_line`."""
        return self.calibration.ready.line(
            mode,
            stops,
            speed_kmh=speed_kmh,
            trains_per_day=trains_per_day,
            fare_per_km=fare_per_km,
            freed_freight_capacity=freed_freight_capacity,
            name=name,
        )

    def respond(
        self,
        network: Edited | Costs,
        *,
        closure: FinalDemandClosure = "spending",
        prices: PriceRule = "given",
        channels: Sequence[str] = ("sourcing",),
    ) -> Response:
        """Return how sourcing, output and real consumption respond to an edited network.

        Parameters
        ----------
        network : Network, Patch, LinkEdit or Costs
            The edited one, or what is edited, or what `costs` made of it.
        closure : {"spending", "real"}
            Whether money or quantities of final demand stay.
        prices : {"given", "follow costs"}
            Whether mill prices stay, or producers pass on what their inputs cost.
        channels : sequence of str
            What acts: "sourcing" always does; "price" is `prices` "follow costs"; "productivity"
            and "households" as in a scenario.
        """
        costs = network if isinstance(network, Costs) else self.costs(network)
        return Answers(self.calibration, acting(channels, prices, closure), closure).after(costs)

    def respond_many(
        self,
        edits: Iterable[Edited],
        *,
        closure: FinalDemandClosure = "spending",
        prices: PriceRule = "given",
        channels: Sequence[str] = ("sourcing",),
        workers: int = 1,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Answered]:
        """Yield what each edit does by itself, in the order given.

        Parameters
        ----------
        edits : iterable of Network, Patch or LinkEdit
            Any number; they are taken one by one and nothing is kept.
        closure, prices, channels
            As in `respond`.
        workers : int
            Edits worked on at a time; the numbers do not depend on it.
        progress : callable, optional
            Called with the number of edits done after each of them.
        """
        base = self.calibration
        ready, _ = base.ready, base.means
        answers = Answers(base, acting(channels, prices, closure), closure)
        _ = answers.closeness, answers.economy

        def one(edited: Edited) -> Answered:
            costs = ready.run(edited)
            return Answered(costs.name, costs, answers.after(costs))

        for done, answered in enumerate(in_order(one, edits, workers), start=1):
            yield answered
            if progress is not None:
                progress(done)

    def link_values(
        self,
        objective: Objective = "real_consumption",
        *,
        regions: Sequence[str] | None = None,
        by_region: bool = False,
        closure: FinalDemandClosure = "spending",
        prices: PriceRule = "given",
        channels: Sequence[str] = ("sourcing",),
        together: Together = "link",
        build_cost: pd.Series | None = None,
        workers: int | None = None,
    ) -> xr.Dataset:
        """Return what every link is worth; see `model.link_value.link_values`."""
        return link_values(
            self.calibration,
            objective,
            regions=regions,
            by_region=by_region,
            closure=closure,
            prices=prices,
            channels=channels,
            together=together,
            build_cost=build_cost,
            workers=workers,
        )

    def run(self, scenario: Scenario, *, progress: Progress | None = None) -> Result:
        """Run a scenario on this model; nothing in the model changes.

        Parameters
        ----------
        scenario : Scenario
            The table and network it names are not opened: they are this model's. Parameters that it
            sets and the model does not have calibrate a model of its own first.
        progress : callable, optional
            Called with what is being done and the share that is behind it, 0 to 1.

        Raises
        ------
        ScenarioError
            When the scenario names a pole, sector, place or line that is not there.
        """
        known = self.calibration.parameters
        wanted = known.with_values(scenario.parameters)
        model = self if wanted == known else replace(self, parameters=wanted)
        return run_steps(
            model.calibration,
            scenario,
            groupings=self.groupings,
            variants=self.variants,
            places_table=self.places_table,
            table_report=self.table_report,
            progress=progress,
        )
