"""What a user asks: stimuli, edits of the network, parameters and closure, read from TOML.

Owns the question: what does a scenario file say, and is it a question that can be asked?

Public names
------------
``Scenario``        the whole question; `to_toml`, `to_dict`, `from_dict`, `with_only`
``Stimulus``        growth of demand in a pole
``Edit``            a line added, links changed or removed
``Place``           a place the network lacks
``Closure``, ``Groups``, ``ReportOptions``, ``RunOptions``   the small blocks
``read_scenario``   the way in from a file
``money_multiplier``  how many currency units one unit of a table is ("million yuan 2020": 1e6)

Terms
-----
A scenario without stimulus and without edits is the base year. All blocks together are the
scenario; `with_only` keeps one of them. Names of poles, places and sectors are checked against
table and network when the scenario runs; keys, types and ranges are checked here, all failures at
once. A channel, table or key whose method is not built yet is answered "not in this version".

The file format is ``schema = 1``; keys may be added to it, never changed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from model.errors import MissingScenario, NotInThisVersion, ScenarioError
from model.parameters import Parameters, ParameterValue
from model.scenario_file.blocks import (
    Closure,
    Edit,
    Groups,
    Place,
    ReportOptions,
    RunOptions,
    Stimulus,
    money_multiplier,
)
from model.scenario_file.checks import Block, Failures, near
from model.scenario_file.reading import (
    read_closure,
    read_edit,
    read_groups,
    read_parameters,
    read_place,
    read_report,
    read_run,
    read_source,
    read_stimulus,
)
from model.scenario_file.toml import toml_text

__all__ = [
    "Closure",
    "Edit",
    "Groups",
    "Place",
    "ReportOptions",
    "RunOptions",
    "Scenario",
    "Stimulus",
    "money_multiplier",
    "read_scenario",
]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One question for the model; see the module docstring for the terms."""

    name: str
    schema: int = 1
    table: str = "china:2020"
    table_format: str | None = None
    network: str = "china:2020"
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    closure: Closure = field(default_factory=Closure)
    groups: Groups = field(default_factory=Groups)
    stimuli: tuple[Stimulus, ...] = ()
    places: tuple[Place, ...] = ()
    edits: tuple[Edit, ...] = ()
    report: ReportOptions = field(default_factory=ReportOptions)
    run: RunOptions = field(default_factory=RunOptions)

    @property
    def _named(self) -> tuple[Stimulus | Edit, ...]:
        return (*self.stimuli, *self.edits)

    @property
    def parameter_set(self) -> Parameters:
        """The shipped parameters with this scenario's values set."""
        return Parameters(self.parameters)

    def with_only(self, name: str) -> Scenario:
        """Return the scenario with one stimulus or one edit alone; new places stay with an edit.

        Raises
        ------
        ScenarioError
            When no stimulus or edit has that name.
        """
        stimuli = tuple(one for one in self.stimuli if one.name == name)
        edits = tuple(one for one in self.edits if one.name == name)
        if not stimuli and not edits:
            known = [one.name for one in self._named]
            listed = ", ".join(repr(one) for one in known) or "none"
            raise ScenarioError(
                f"scenario {self.name!r} has no stimulus or edit {name!r}{near(name, known)} "
                f"(it has: {listed})"
            )
        return replace(self, stimuli=stimuli, edits=edits, places=self.places if edits else ())

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario in the shape of its file: plain values, lists and mappings."""
        top: dict[str, Any] = {"schema": self.schema, "name": self.name, "table": self.table}
        if self.table_format is not None:
            top["table_format"] = self.table_format
        top["network"] = self.network
        if self.parameters:
            top["parameters"] = {
                key: dict(value) if isinstance(value, Mapping) else value
                for key, value in self.parameters.items()
            }
        top["closure"] = _filled(vars(self.closure))
        if self.groups.clusters is not None:
            top["groups"] = {"clusters": self.groups.clusters}
        blocks = {
            "stimulus": [_filled(vars(one)) for one in self.stimuli],
            "place": [_filled(vars(one)) for one in self.places],
            **{kind: [] for kind in ("add", "change", "remove")},
        }
        for edit in self.edits:
            stated = _filled(vars(edit))
            kind = str(stated.pop("kind"))
            stated |= stated.pop("fields", {})
            if kind != "add":
                stated.pop("freed_freight_capacity")
            blocks[kind].append(stated)
        top |= {key: value for key, value in blocks.items() if value}
        return {**top, "report": _filled(vars(self.report)), "run": _filled(vars(self.run))}

    def to_toml(self) -> str:
        """Return the scenario as the text of a file that reads the same."""
        return toml_text(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, folder: Path | None = None) -> Scenario:
        """Read a scenario from the shape of its file.

        Parameters
        ----------
        data
            What `tomllib` gives, or `to_dict`.
        folder
            Relative paths inside the scenario are taken from here; from the working folder when
            None.

        Raises
        ------
        ScenarioError
            Naming every key, type and range that is wrong, its block, and the nearest key.
        NotInThisVersion
            When all is well said but something asked for has no method yet.
        """
        failures = Failures()
        top = Block(data, "", failures)
        stimuli = tuple(read_stimulus(one, folder) for one in top.blocks("stimulus"))
        edits = tuple(
            read_edit(one, kind, number)
            for kind in ("remove", "change", "add")
            for number, one in enumerate(top.blocks(kind), 1)
        )
        places = tuple(read_place(one) for one in top.blocks("place"))
        top.need("name")
        if top.integer("schema", 1) != 1:
            top.wrong(
                f"schema must be 1, the format this version reads; found {top.take('schema')!r}"
            )
        made = cls(
            name=top.text("name"),
            table=read_source(top, "table", folder),
            table_format=top.text("table_format") or None,
            network=read_source(top, "network", folder),
            parameters=read_parameters(top),
            closure=read_closure(top.block("closure")),
            groups=read_groups(top.block("groups"), folder),
            stimuli=stimuli,
            places=places,
            edits=edits,
            report=read_report(top.block("report")),
            run=read_run(top.block("run")),
        )
        top.close()
        _check_names(made, top)
        _raise(failures)
        return made


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    MissingScenario
        When there is no such file.
    ScenarioError
        When it is not TOML (with line and column) or says something that is wrong; all failures at
        once.
    NotInThisVersion
        When something asked for has no method yet.
    """
    source = Path(path)
    if not source.is_file():
        raise MissingScenario(f"there is no scenario file {source}")
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{source} must be TOML in UTF-8: {error}") from error
    except OSError as error:
        raise ScenarioError(f"{source} cannot be read: {error}") from error
    try:
        return Scenario.from_dict(data, folder=source.resolve().parent)
    except (ScenarioError, NotInThisVersion) as error:
        raise type(error)(f"{source}: {error}") from error


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a block without what is absent, tuples as lists."""
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    plain = {k: dict(v) if isinstance(v, Mapping) else v for k, v in plain.items()}
    return {k: v for k, v in plain.items() if v not in (None, "", [], {})}


def _check_names(scenario: Scenario, top: Block) -> None:
    names = [one.name for one in scenario._named]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        top.wrong(
            "every stimulus and edit must have a name of its own; found twice: "
            f"{', '.join(map(repr, twice[:5]))}; set name in one of the blocks"
        )


def _raise(failures: Failures) -> None:
    if failures.wrong:
        raise ScenarioError("; ".join(failures.wrong))
    if failures.later:
        raise NotInThisVersion("; ".join(failures.later))
