"""All cases, by family; a family's room is imported when it is asked for.

Question owned: which cases are there?
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib import import_module

from benchmarks.case import Case

FAMILIES: dict[str, str] = {
    "startup": "benchmarks.cases_startup",
    "pooled": "benchmarks.cases_pooled",
    "gravity": "benchmarks.cases_gravity",
    "explicit": "benchmarks.cases_explicit",
    "update": "benchmarks.cases_update",
    "real": "benchmarks.cases_real",
    "network": "benchmarks.cases_network",
    "coupling": "benchmarks.cases_coupling",
    "channels": "benchmarks.cases_channels",
    "equilibrium": "benchmarks.cases_equilibrium",
    "link_value": "benchmarks.cases_link_value",
    "corridors": "benchmarks.cases_corridors",
    "toolbox": "benchmarks.cases_toolbox",
    "paths": "benchmarks.cases_paths",
    "assignment": "benchmarks.cases_assignment",
    "accounts": "benchmarks.cases_paths_and_footprints",
}


def cases_of(family: str) -> tuple[Case, ...]:
    """The cases of one family.

    Raises
    ------
    KeyError
        When there is no such family.
    """
    room = import_module(FAMILIES[family])
    cases: tuple[Case, ...] = room.CASES
    return cases


def find(name: str) -> Case:
    """Return one case by its full name."""
    for case in cases_of(name.split("/")[0]):
        if case.name == name:
            return case
    raise KeyError(f"no case is called {name!r}")


def select(pattern: str = "*") -> list[Case]:
    """Cases whose name fits a glob, in the order of the families."""
    return [
        case for family in FAMILIES for case in cases_of(family) if fnmatchcase(case.name, pattern)
    ]
