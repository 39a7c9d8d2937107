"""Candidates from a file.

Owns the question: how does a planner hand over a list of corridors?

Public names
------------
``read_candidates``    TOML, CSV, or a file of patches

A TOML file has one block ``[[candidate]]`` for each: ``name`` and either the fields of a line
(mode, stops, speed_kmh, trains_per_day, fare_per_km, freed_freight_capacity) or ``do``, such as
"upgrade Chengdu-Chongqing to 350 km/h"; and, where known, ``build_cost`` (money), ``terrain``,
``note`` and ``name_zh`` (for the Chinese page). A CSV file has the same columns, stops parted by
semicolons. Everything that is wrong is collected and told at once.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from model.corridors.candidates import SPEED_KMH, TRAINS, Candidate, line_candidate
from model.errors import ScenarioError
from model.scenario_file.checks import near
from networks.errors import NetworkError
from networks.patch_files import read_patches
from networks.patch_words import patch_from_text

__all__ = ["read_candidates"]

LINE = ("mode", "stops", "speed_kmh", "trains_per_day", "fare_per_km", "freed_freight_capacity")
ABOUT = ("name", "do", "build_cost", "terrain", "note", "name_zh")
WORDS = ("terrain", "note", "name_zh")
NUMBERS = ("speed_kmh", "trains_per_day", "fare_per_km", "freed_freight_capacity", "build_cost")


def read_candidates(path: str | Path) -> list[Candidate]:
    """Return the candidates of a file, in its order.

    Parameters
    ----------
    path
        ``.csv`` or ``.toml`` of candidates; or patches as `networks.patch_files` stores them, in
        ``.toml`` or ``.json``.

    Raises
    ------
    ScenarioError
        For a file that is not there or cannot be read, unknown or missing keys, values of the wrong
        kind, and names that are there twice; all of them together.
    """
    file = Path(path)
    if not file.is_file():
        raise ScenarioError(f"There is no file of candidates {str(path)!r}.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = _rows(text, file.suffix.casefold())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise ScenarioError(f"{file.name} cannot be read: {error}.") from error
    if rows is None:
        return [Candidate(patch) for patch in read_patches(file)]
    made: list[Candidate] = []
    failures: list[str] = []
    for number, row in enumerate(rows, start=1):
        where = f"candidate {number}" + (f" ({row['name']})" if row.get("name") else "")
        try:
            made.append(_candidate(row))
        except (ScenarioError, NetworkError, TypeError, ValueError) as error:
            failures.append(f"{where}: {str(error).rstrip('.')}")
    names = [one.name for one in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    failures += [f"there are several candidates called '{name}'" for name in twice]
    if not rows:
        failures.append("there is no block [[candidate]] and no row")
    if failures:
        more = f"; and {len(failures) - 5} more" if len(failures) > 5 else ""
        raise ScenarioError(f"{file.name}: {'; '.join(failures[:5])}{more}.")
    return made


def _rows(text: str, suffix: str) -> list[dict[str, Any]] | None:
    """Return rows or blocks; None for a file of patches."""
    if suffix == ".json":
        return None
    return _csv(text) if suffix == ".csv" else _toml(text)


def _toml(text: str) -> list[dict[str, Any]] | None:
    found = tomllib.loads(text)
    if "patches" in found:
        return None
    strange = [key for key in found if key != "candidate"]
    if strange:
        raise ScenarioError(
            f"A file of candidates has blocks [[candidate]] only; found "
            f"{strange[0]!r}{near(strange[0], ['candidate'])}."
        )
    blocks = found.get("candidate", [])
    if not isinstance(blocks, list):
        raise ScenarioError("Candidates are blocks [[candidate]], with two brackets.")
    return [dict(block) for block in blocks]


def _csv(text: str) -> list[dict[str, Any]]:
    rows = []
    for row in csv.DictReader(text.splitlines()):
        if None in row:
            raise ScenarioError(f"a row has more cells than the head: {row}")
        kept: dict[str, Any] = {k: v.strip() for k, v in row.items() if v and v.strip()}
        if "stops" in kept:
            kept["stops"] = [s.strip() for s in kept["stops"].split(";") if s.strip()]
        for name in NUMBERS:
            with suppress(KeyError, ValueError):  # what is no number is told with the rest
                kept[name] = float(kept[name])
        rows.append(kept)
    return rows


def _candidate(row: Mapping[str, Any]) -> Candidate:
    name, sentence, stops = row.get("name"), row.get("do"), row.get("stops")
    if problems := _problems(row):
        raise ScenarioError("; ".join(problems))
    cost = float(row["build_cost"]) if "build_cost" in row else None
    words = {key: str(row.get(key, "")) for key in WORDS}
    if sentence is not None:
        return Candidate(patch_from_text(str(sentence), name=str(name)), cost, **words)
    return line_candidate(
        str(name),
        row["mode"],
        [str(stop) for stop in stops or ()],
        speed_kmh=float(row.get("speed_kmh", SPEED_KMH)),
        trains_per_day=float(row.get("trains_per_day", TRAINS)),
        fare_per_km=float(row["fare_per_km"]) if "fare_per_km" in row else None,
        freed_freight_capacity=float(row.get("freed_freight_capacity", 0.0)),
        build_cost=cost,
        **words,
    )


def _problems(row: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a row, apart from what only the network can tell."""
    known = (*ABOUT, *LINE)
    told = [f"does not know {key!r}{near(key, known)}" for key in row if key not in known]
    if not isinstance(row.get("name"), str) or not row["name"].strip():
        told.append("needs a name")
    for key in NUMBERS:
        if key in row and (isinstance(row[key], bool) or not isinstance(row[key], int | float)):
            told.append(f"{key} must be a number; found {row[key]!r}")
    if "do" in row:
        both = [key for key in LINE if key in row]
        return told + ([f"says both do and {both[0]}: one of them is enough"] if both else [])
    if missing := [key for key in ("mode", "stops") if key not in row]:
        told.append(f"needs {' and '.join(missing)}, or do")
    if "stops" in row and not isinstance(row["stops"], list):
        told.append(f"stops must be a list of names; found {row['stops']!r}")
    return told
