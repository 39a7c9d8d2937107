"""Where a scenario's table, network and groups come from: an embedded case by name, or a file.

Owns the question: what does "china:2020" or a path stand for?

Public names
------------
``open_table``      embedded name or path to `RegionalTable`
``open_places``     path to `NestedTable`, when places in gravity form are there
``open_network``    embedded name or path to `Network`
``open_stressors``  emissions and the like that come beside an embedded table
``open_candidates`` a shipped list of corridors, and the network it is meant for
``open_groupings``  groups that belong to an embedded network; none for a file
``open_model``      everything a scenario names, tied together
``embedded_case``   the seam of an embedded case, or None for a path

Terms: an embedded name is ``case:year`` or ``case:year:level``; the seam of a case is the module
``model.<case>.case``, which has `load_table`, `load_network`, `load_groupings` and `table_report`.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Protocol, cast

from io_tables.nest import NestedTable
from io_tables.nesting.portable import is_nested
from io_tables.readers import Format, read_regional_table, read_table
from io_tables.table import RegionalTable
from model.coupling import SpatialModel
from model.errors import NotInThisVersion, ScenarioError
from model.place_level import groups_of_places, is_of_places, named_by_places, tied_to_places
from model.results import ReportTable
from model.scenario import Scenario
from model.steps.groupings import Groupings
from model.stressors import Stressors
from networks.network import Network
from networks.readers import read_network

__all__ = [
    "EmbeddedCase",
    "embedded_case",
    "open_candidates",
    "open_groupings",
    "open_model",
    "open_network",
    "open_places",
    "open_stressors",
    "open_table",
]

CASES = ("china",)
OWN_SHARES = ("low", "central", "high")
_NAME = re.compile(r"(?P<case>[a-z_]+):(?P<year>\d{4})(?::(?P<level>[a-z]+))?")


class EmbeddedCase(Protocol):
    """What the seam of an embedded case offers."""

    YEARS: tuple[int, ...]
    LEVELS: tuple[str, ...]
    """From regions to places; the last one has the places of the network for regions."""

    def load_table(self, own_share: str, level: str) -> RegionalTable:
        """Return the table of a level; `own_share` is "low", "central" or "high"."""

    def load_network(self) -> Network:
        """Return the network of the base year."""

    def load_groupings(self) -> Groupings:
        """Return groupings of regions and places."""

    def candidate_lists(self) -> dict[str, Path]:
        """Return the shipped lists of corridors by name."""

    def load_network_for(self, candidates: str) -> Network:
        """Return the network that a shipped list is meant for."""

    def load_stressors(self, level: str) -> Stressors | None:
        """Return stressors of the table of a level, or None."""

    def table_report(self) -> dict[str, ReportTable]:
        """Return tables on how the economy was estimated."""


def embedded_case(name: str) -> EmbeddedCase | None:
    """Return the seam that an embedded name stands for, or None when it is a path.

    Raises
    ------
    ScenarioError
        When it looks like an embedded name and no such case, year or level is there.
    NotInThisVersion
        For a level that is planned.
    """
    match = _NAME.fullmatch(name)
    if match is None or Path(name).exists():
        return None
    if match["case"] not in CASES:
        raise ScenarioError(
            f"There is no embedded case '{match['case']}' (there is {', '.join(CASES)}) and no "
            f"file {name}."
        )
    seam = cast(EmbeddedCase, importlib.import_module(f"model.{match['case']}.case"))
    if int(match["year"]) not in seam.YEARS:
        years = ", ".join(map(str, seam.YEARS))
        raise ScenarioError(f"'{name}': the embedded case has the year {years} only.")
    if match["level"] not in (None, *seam.LEVELS):
        raise NotInThisVersion(f"table level '{match['level']}' is not in this version")
    return seam


def level_of(name: str, seam: EmbeddedCase) -> str:
    """Return the level an embedded name asks for; the first one when it names none."""
    match = _NAME.fullmatch(name)
    return (match["level"] if match else None) or seam.LEVELS[0]


def open_table(
    name: str, *, table_format: str | None = None, own_share: str = "central"
) -> RegionalTable:
    """Open a table by embedded name or path."""
    seam = embedded_case(name)
    if seam is None:
        return read_regional_table(name, cast("Format | None", table_format))
    return seam.load_table(own_share, level_of(name, seam))


def open_stressors(name: str) -> Stressors | None:
    """Return the stressors that come beside an embedded table; a file brings its own inside."""
    seam = embedded_case(name)
    return None if seam is None else seam.load_stressors(level_of(name, seam))


def open_places(name: str, *, table_format: str | None = None) -> NestedTable | None:
    """Open a file of places in gravity form; None for any other table."""
    if table_format not in (None, "nested") or not Path(name).is_file():
        return None
    if table_format is None and not is_nested(Path(name)):
        return None
    return read_table(name, "nested")


def open_network(name: str) -> Network:
    """Open a network by embedded name or path."""
    seam = embedded_case(name)
    return read_network(name) if seam is None else seam.load_network()


def open_candidates(name: str) -> tuple[Path, Network] | None:
    """Return the file of a shipped list of corridors and its network; None for a path.

    Raises
    ------
    ScenarioError
        When it looks like the name of a list and there is none.
    """
    case, _, word = name.partition(":")
    if Path(name).exists() or case not in CASES or not word:
        return None
    seam = cast(EmbeddedCase, importlib.import_module(f"model.{case}.case"))
    lists = seam.candidate_lists()
    if word not in lists:
        raise ScenarioError(
            f"There is no list of corridors '{name}'; there is "
            f"{', '.join(f'{case}:{one}' for one in lists)}."
        )
    return lists[word], seam.load_network_for(word)


def open_groupings(name: str) -> Groupings:
    """Return the groupings that come with an embedded table or network; a file brings none."""
    seam = embedded_case(name)
    return Groupings.empty() if seam is None else seam.load_groupings()


def open_model(scenario: Scenario) -> SpatialModel:
    """Open what a scenario names and tie it together.

    Raises
    ------
    ModelError, TableError, NetworkError
        When something cannot be opened or tied.
    """
    parameters = scenario.parameter_set
    chosen = parameters.variant("own_share")
    seam = embedded_case(scenario.table)
    table = open_table(scenario.table, table_format=scenario.table_format, own_share=chosen)
    network, groupings = open_network(scenario.network), open_groupings(scenario.network)
    of_places = is_of_places(table, network)
    variants: dict[str, RegionalTable] = {}
    report: dict[str, ReportTable] = {}
    places_table = None
    if seam is not None:
        level = level_of(scenario.table, seam)
        finer = seam.LEVELS[-1] if seam.LEVELS[-1] != level else None
        if finer and scenario.stimuli and embedded_case(scenario.network) is seam:
            places_table = seam.load_table(chosen, finer)
        if scenario.stimuli:
            variants = {bound: seam.load_table(bound, level) for bound in OWN_SHARES}
        report = seam.table_report()
    if of_places:
        groupings = groups_of_places(groupings, network)
        table = named_by_places(table, network)
        variants = {bound: named_by_places(one, network) for bound, one in variants.items()}
        network = tied_to_places(network)
    return SpatialModel(
        table,
        network,
        parameters,
        groupings=groupings,
        variants=variants,
        places_table=places_table,
        table_report=report,
    )
