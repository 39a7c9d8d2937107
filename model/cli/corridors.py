"""The verb ``corridors``: which of many candidates is worth most, for whom, and how sure.

Owns the question: how does a planner's list become a ranking, files and a report?

Public names
------------
``corridors``           screen, value again, draw, package; write; the exit code
``CorridorsRequest``    what is asked
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from model.channels.answers import acting
from model.cli.corridors_text import text_of
from model.cli.output import replacing, stoppable
from model.cli.progress import Progress
from model.cli.text import write, write_json
from model.cli.words import Format
from model.corridors import (
    Candidate,
    Package,
    choose_package,
    interactions,
    pair_candidates,
    price_candidates,
    rank_stability,
    read_candidates,
    screen_corridors,
)
from model.corridors.edits import edits_of
from model.corridors.outputs import FILES, table_of, write_screening
from model.corridors.page import LANGUAGES, Story
from model.coupling import SpatialModel
from model.errors import OutputRefused, ScenarioError
from model.link_values.objectives import ECONOMY, MEASURES
from model.response import FinalDemandClosure, PriceRule
from model.scenario import Scenario
from model.sources import embedded_case, open_candidates, open_model
from model.table_draws import Draws
from networks.dims import LinkMode
from networks.network import Network
from networks.whatif.links import base_links

__all__ = ["CorridorsRequest", "corridors"]

FACTS = ("objective", "units", "closure", "prices", "channels")
STABLE = 8
"""Candidates that are drawn."""
PAIRED = 6
"""Candidates whose interactions are shown."""


@dataclass(frozen=True, kw_only=True)
class CorridorsRequest:
    """What is screened, and how.

    Parameters
    ----------
    candidates
        File, or the name of a shipped list; pairs of places when None.
    table, network
        Embedded name or path.
    mode, band_km, speed_kmh, trains_per_day, places, most
        Of candidates from pairs.
    build_costs
        CSV with mode, terrain and cost_per_km.
    objective, closure, prices, channels
        As in `hl.link_values`.
    best
        Solved exactly.
    budget
        For a package of the best that it can pay for; none when None.
    pairwise
        Whether the interactions of the best are shown.
    draws, seed
        Draws of parameters for the best: 0, or at least 2.
    workers
        Threads.
    resume
        Folder that keeps what was solved (not draws), so that a run that was stopped goes on.
    output, languages
        Folder for the files and languages of the report; nothing is written when None.
    """

    candidates: str | None = None
    table: str
    network: str
    mode: LinkMode = "rail_hsr"
    band_km: tuple[float, float] = (100.0, 600.0)
    speed_kmh: float = 300.0
    trains_per_day: float = 30.0
    places: tuple[str, ...] = ()
    most: int | None = 1000
    build_costs: Path | None = None
    objective: str = "real_consumption"
    closure: FinalDemandClosure = "spending"
    prices: PriceRule = "given"
    channels: tuple[str, ...] = ()
    best: int = 20
    budget: float | None = None
    pairwise: bool = False
    draws: int = 0
    seed: int = 0
    workers: int = 1
    resume: Path | None = None
    output: Path | None = None
    languages: tuple[str, ...] = ("en",)

    def __post_init__(self) -> None:
        acting(self.channels, self.prices, self.closure)
        if strange := [one for one in self.languages if one not in LANGUAGES]:
            raise ScenarioError(
                f"the report has the languages {', '.join(LANGUAGES)}; found {strange[0]!r}"
            )
        economy = [one for one in ECONOMY if one != "purchase_cost"]
        if self.objective == "purchase_cost":
            raise ScenarioError(
                "--objective purchase_cost has no exact value for candidates; take one of "
                f"{', '.join(economy)}"
            )
        if self.draws and self.objective in MEASURES:
            raise ScenarioError(
                f"--draws moves elasticities and the value of time, which {self.objective} does "
                f"not depend on; take one of {', '.join(economy)}"
            )
        low, high = self.band_km
        if not 0.0 <= low < high < np.inf:
            raise ScenarioError(f"--band needs 0 <= LOW < HIGH in km; found {low:g} and {high:g}")
        if self.draws == 1:
            raise ScenarioError("--draws must be 0 or at least 2; found 1")
        counts = [("--best", self.best, 0), ("--most", 1 if self.most is None else self.most, 1)]
        counts += [("--draws", self.draws, 0), ("--workers", self.workers, 1)]
        for option, value, least in counts:
            if value < least:
                raise ScenarioError(f"{option} must be at least {least}; found {value}")
        if self.budget is not None and not 0.0 < self.budget < np.inf:
            raise ScenarioError(f"--budget must be above zero; found {self.budget}")


def corridors(request: CorridorsRequest, *, output_format: Format = "text") -> int:
    """Screen candidates and write what was found.

    Raises
    ------
    ScenarioError
        For candidates that cannot be built, and budgets that buy nothing.
    OutputRefused
        For a folder that holds other things.
    """
    if request.output is not None:
        _check_folder(request.output)
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            story = _found(request, progress)
            left = _written(story, request)
    finally:
        progress.close()
    if output_format == "csv":
        table_of(story.data).to_csv(sys.stdout, index=False)
    elif output_format == "json":
        write_json(_plain(story))
    else:
        write(*text_of(story, left))
        if request.output is not None:
            write(f"  written to {request.output}")
    return 0


def _found(request: CorridorsRequest, progress: Callable[[str, float], None]) -> Story:
    def part(low: float, high: float) -> Callable[[str, float], None]:
        return lambda step, done: progress(step, low + (high - low) * done)

    progress("opening table and network", 0.0)
    shipped = None if request.candidates is None else open_candidates(request.candidates)
    if shipped is None and request.candidates is not None:
        read_candidates(request.candidates)  # its mistakes come before the work
    per_km = None if request.build_costs is None else _costs(request.build_costs)
    model = _model(request, None if shipped is None else shipped[1])
    network = model.network
    candidates = _candidates(request, network, None if shipped is None else shipped[0])
    edits_of(base_links(network), candidates)  # what cannot be built is told first
    if per_km is not None:
        candidates = price_candidates(candidates, per_km, network)
    _check_budget(request, candidates)
    folder = request.resume
    data = screen_corridors(
        model,
        candidates,
        request.objective,
        closure=request.closure,
        prices=request.prices,
        channels=request.channels,
        best=request.best,
        workers=request.workers,
        folder=folder,
        progress=part(0.05, 0.6),
    )
    by_name = {one.name: one for one in candidates}
    ranked = [by_name[str(name)] for name in data["candidate"].values]
    best = ranked[: max(request.best, 1)]
    stability: xr.Dataset | None = None
    if request.draws:
        stability = rank_stability(
            model,
            best[:STABLE],
            request.objective,
            draws=request.draws,
            top=min(3, max(1, len(best[:STABLE]) - 1)),
            seed=request.seed,
            closure=request.closure,
            prices=request.prices,
            channels=request.channels,
            uncertain=_uncertain(request.table, model),
            workers=request.workers,
            progress=part(0.6, 0.85),
        )
    interaction: xr.DataArray | None = None
    if request.pairwise:
        interaction = interactions(
            model,
            best[:PAIRED],
            request.objective,
            closure=request.closure,
            prices=request.prices,
            channels=request.channels,
            workers=request.workers,
            folder=folder,
            progress=part(0.85, 0.9),
        )
    package: Package | None = None
    if request.budget is not None:
        paid = [one for one in ranked if (one.build_cost or 0.0) <= request.budget]
        package = choose_package(
            model,
            paid[: max(request.best, 1)],
            request.budget,
            request.objective,
            closure=request.closure,
            prices=request.prices,
            channels=request.channels,
            workers=request.workers,
            folder=folder,
            progress=part(0.9, 0.98),
        )
    name = "" if request.candidates is None else Path(request.candidates).stem
    return Story(name, data, network, stability, package, interaction)


def _check_budget(request: CorridorsRequest, candidates: list[Candidate]) -> None:
    """Refuse a budget that cannot be spent before anything is solved."""
    if request.budget is None:
        return
    unpriced = [one.name for one in candidates if one.build_cost is None]
    if unpriced:
        raise ScenarioError(
            f"--budget needs the build cost of every candidate; {len(unpriced)} have none "
            f"({', '.join(unpriced[:5])}). Give build_cost in the file, or --build-costs"
        )
    least = min(candidates, key=lambda one: one.build_cost or 0.0)
    if (least.build_cost or 0.0) > request.budget:
        raise ScenarioError(
            f"--budget {request.budget:,.0f} buys nothing: the cheapest, {least.name}, costs "
            f"{least.build_cost:,.0f}"
        )


def _model(request: CorridorsRequest, network: Network | None) -> SpatialModel:
    """Return the model of a table and a network, or of the network that a shipped list needs."""
    named = {"name": "corridors", "table": request.table, "network": request.network}
    model = open_model(Scenario.from_dict(named))
    if network is not None and network is not model.network:
        if len(model.network.places) == len(network.places):
            return model
        model = replace(model, network=network)
    return model


def _uncertain(name: str, model: SpatialModel) -> Draws | None:
    """Return how uncertain an estimated, embedded table is; a file is taken as observed."""
    if embedded_case(name) is None:
        return None
    return Draws(cost=model.calibration.costs.freight)


def _candidates(
    request: CorridorsRequest, network: Network, shipped: Path | None
) -> list[Candidate]:
    if request.candidates is not None:
        return read_candidates(request.candidates if shipped is None else shipped)
    found = pair_candidates(
        network,
        request.mode,
        band_km=request.band_km,
        speed_kmh=request.speed_kmh,
        trains_per_day=request.trains_per_day,
        places=request.places or None,
        most=request.most,
    )
    if not found:
        low, high = request.band_km
        raise ScenarioError(
            f"no pair of places {low:g} to {high:g} km apart lacks a direct {request.mode} link"
        )
    return found


def _costs(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ScenarioError(f"--build-costs: there is no file {path}")
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise ScenarioError(
            f"--build-costs: {path} is no CSV file that can be read: {error}"
        ) from error


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputRefused(f"{folder} is a file; -o needs a folder")
    foreign = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    if foreign and "corridors.nc" not in foreign:
        raise OutputRefused(
            f"{folder} holds other files ({', '.join(foreign[:5])}); choose another"
        )
    if strange := [one for one in foreign if one not in FILES]:
        raise OutputRefused(
            f"{folder} holds other files ({', '.join(strange[:5])}); choose another"
        )


def _written(story: Story, request: CorridorsRequest) -> list[str]:
    if request.output is None:
        return []
    with replacing(request.output, check=_check_folder) as folder:
        return write_screening(story, folder, request.languages)


def _plain(story: Story) -> dict[str, object]:
    made: dict[str, object] = {
        **{key: story.data.attrs[key] for key in FACTS},
        "candidates": table_of(story.data).to_dict("records"),
    }
    if story.stability is not None:
        kept = [n for n, v in story.stability.data_vars.items() if v.dims == ("candidate",)]
        frame = story.stability[kept].to_dataframe().reset_index()
        made["stability"] = frame.to_dict("records")
    if story.interaction is not None:
        made["interactions"] = story.interaction.to_pandas().to_dict()
    if story.package is not None:
        made["package"] = {
            "names": list(story.package.names),
            "value": story.package.value,
            "cost": story.package.cost,
            "steps": story.package.steps.to_dict("records"),
        }
    return made
