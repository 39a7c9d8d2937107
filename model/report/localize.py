"""A result whose labels and units speak the language of the page.

Owns the question "what are the regions, sectors, places and units called in this language?". Labels
are exchanged once, before anything is computed for the page; the pages then read the result as they
always do.

- `in_language`: the result with labels, units and the model's own sentences in a language.
- `labels_of`: which labels of a result have a name in that language.
- `unit_in`: a unit in that language.
- `Sayings`, `read_sayings`: sentences of the run's report (closure, identities, exact zeros) with
  their wording in that language.

Terms: a *label* is a coordinate value that names something (a region); the *known names* of a
result are groups and stops with a Chinese name beside the English one. A name the result does not
hold in the language stays as it is: it is a proper name. A *saying* is a sentence with ``{fields}``
that a run writes into its report. ``said_<language>.toml`` holds pairs of them: here for what every
run says, and beside an embedded table or network for its notes and sources. Notes of a user's own
file stay in the language they are written in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr

from model.report.strings import Strings
from model.results import ReportTable, Result, RunReport
from model.scenario import Scenario
from model.sources import embedded_case

__all__ = ["Sayings", "in_language", "labels_of", "read_sayings", "unit_in"]

REGIONS = ("region", "region_from", "region_to", "place_region", "drawn_region")
SECTORS = ("sector",)
PLACES = ("place_name", "flow_from", "flow_to", "corridor_from", "corridor_to")
GROUPS = ("macro_region", "cluster", "cluster_of", "access_group", "pole")
MONEY = re.compile(r"(?:(thousand|million|billion|trillion) )?([A-Za-z ]+?)(?: (\d{4}))?")

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Sayings:
    """Sentences of a run's report in another language, matched as a whole.

    Parameters
    ----------
    pairs
        Pattern of the sentence, and its wording with the same ``{fields}``.
    """

    pairs: tuple[tuple[re.Pattern[str], str], ...] = ()

    def __call__(self, sentence: str, labels: Labels | None = None) -> str:
        """Give the wording of a sentence, its fields put in by label; unknown ones stay."""
        names = labels or {}
        for pattern, wording in self.pairs:
            found = pattern.fullmatch(sentence)
            if found:
                fields = {k: names.get(v, self(v)) for k, v in found.groupdict().items()}
                return wording.format(**fields)
        return sentence


def read_sayings(language: str, *cases: str) -> Sayings:
    """Read the sayings of a language: those of every run, and those of embedded cases.

    Parameters
    ----------
    cases
        Tables and networks as a scenario names them; a path has no sayings.
    """
    seams = {str(getattr(embedded_case(case), "__package__", "")) for case in cases}
    packages = [__package__, *sorted(one for one in seams if one)]
    pairs = [pair for package in packages for pair in _said(package, language)]
    return Sayings(tuple(pairs))


@cache
def _said(package: str, language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    source = files(package) / f"said_{language}.toml"
    if not source.is_file():
        return ()
    pairs = tomllib.loads(source.read_text(encoding="utf-8"))["said"]
    return tuple((_pattern(sentence), wording) for sentence, wording in pairs)


def _pattern(sentence: str) -> re.Pattern[str]:
    """Return what matches a sentence whatever its fields are."""
    parts = re.split(r"\{(\w+)\}", sentence)
    text = "".join(re.escape(p) if i % 2 == 0 else f"(?P<{p}>.+?)" for i, p in enumerate(parts))
    return re.compile(text, re.DOTALL)


def in_language(result: Result, say: Strings) -> Result:
    """Return a result as a page in the language of `say` reads it; English is the result itself.

    Labels that would no longer tell two members of a dimension apart are left as they are.
    """
    if say.language == "en":
        return result
    given = result.scenario.report.names_zh if say.language == "zh" else {}
    labels = labels_of(result.data, say.language)
    labels["group"] = {**labels["group"], **given}  # poles are called as their stimuli are
    names = {**labels["place"], **labels["sector"], **labels["group"]}
    units = {str(one.attrs.get("units", "")) for one in result.data.variables.values()} - {""}
    names |= {unit: unit_in(unit, say) for unit in units}
    return replace(
        result,
        data=_data_in(result.data, labels, say),
        scenario=_scenario_in(result.scenario, labels, given),
        report=_report_in(
            result.report,
            names,
            read_sayings(say.language, result.scenario.table, result.scenario.network),
            say,
        ),
    )


def labels_of(data: xr.Dataset, language: str) -> dict[str, Labels]:
    """Give the labels that have a name in a language: by region, sector, place and group."""

    def beside(name: str, other: str) -> Labels:
        if name not in data.variables or other not in data.variables:
            return {}
        pairs = zip(data[name].to_numpy(), data[other].to_numpy(), strict=True)
        return {str(old): str(new) for old, new in pairs if str(new)}

    known = beside("known_name", f"known_name_{language}")
    regions = beside("region", f"region_{language}")
    places = beside("place_name", f"place_name_{language}")
    return {
        "group": {**known, **regions},
        "region": {**places, **regions},  # the regions of a table may be places
        "sector": beside("sector", f"sector_{language}"),
        "place": {**known, **places},
    }


def _data_in(data: xr.Dataset, labels: Mapping[str, Labels], say: Strings) -> xr.Dataset:
    kinds = {
        **dict.fromkeys(REGIONS, "region"),
        **dict.fromkeys(SECTORS, "sector"),
        **dict.fromkeys(PLACES, "place"),
        **dict.fromkeys(GROUPS, "group"),
    }
    made: dict[Hashable, Any] = {}
    for name, variable in data.variables.items():
        units = variable.attrs.get("units")
        attrs = variable.attrs | ({"units": unit_in(str(units), say)} if units else {})
        values: Any = variable.values
        if name in kinds:
            values = _renamed(variable.values, labels[kinds[str(name)]], unique=name in data.dims)
        made[name] = (variable.dims, values, attrs)
    return xr.Dataset(
        {name: made[name] for name in data.data_vars},
        coords={name: made[name] for name in data.coords},
        attrs=data.attrs,
    )


def _renamed(values: np.ndarray, labels: Labels, *, unique: bool) -> np.ndarray:
    new = np.array([labels.get(str(value), str(value)) for value in values], dtype=object)
    return values if unique and len(set(new)) < len(new) else new


def unit_in(units: str, say: Strings) -> str:
    """Give a unit in the language of the page: money by magnitude, currency and year of prices."""
    parts = []
    for part in units.split(";"):
        found = MONEY.fullmatch(part.strip())
        if found and say.has(f"currency.{found[2]}"):
            magnitude = say(f"magnitude.{found[1]}") if found[1] else ""
            money = f"{magnitude}{say(f'currency.{found[2]}')}"
            parts.append(say("word.at_prices", money=money, year=found[3]) if found[3] else money)
        else:
            parts.append(say.name("unit", part.strip()))
    return "; ".join(parts)


def _scenario_in(scenario: Scenario, labels: Mapping[str, Labels], given: Labels) -> Scenario:
    groups, sectors, places = (labels[kind] for kind in ("group", "sector", "place"))
    stimuli = tuple(
        replace(
            one,
            name=groups.get(one.name, one.name),
            sectors=one.sectors
            if isinstance(one.sectors, str)
            else {sectors.get(name, name): share for name, share in one.sectors.items()},
        )
        for one in scenario.stimuli
    )
    edits = tuple(
        replace(
            one,
            name=given.get(one.name, one.name),
            stops=tuple(places.get(stop, stop) for stop in one.stops),
        )
        for one in scenario.edits
    )
    name = given.get(scenario.name, scenario.name)
    return replace(scenario, name=name, stimuli=stimuli, edits=edits)


def _report_in(report: RunReport, names: Labels, said: Sayings, say: Strings) -> RunReport:
    def whole(sentence: object) -> str:
        return said(str(sentence), names)

    return replace(
        report,
        closure=whole(report.closure),
        estimates=tuple(whole(one) for one in report.estimates),
        zero_effects=tuple(whole(one) for one in report.zero_effects),
        solves=tuple(
            {**one, "what": whole(one["what"]), "method": whole(one["method"])}
            for one in report.solves
        ),
        identities=tuple({**one, "name": whole(one["name"])} for one in report.identities),
        assumptions=tuple(
            {
                **one,
                "name": _parameter_in(one["name"], say),
                "description": whole(one.get("description", "")),
                "value": _cell(one["value"], names, said),
                "low": _cell(one["low"], names, said),
                "high": _cell(one["high"], names, said),
                "unit": whole(one["unit"]),
                "source": whole(one["source"]),
            }
            for one in report.assumptions
        ),
        table_report={key: _table_in(one, names, said) for key, one in report.table_report.items()},
        inputs={whole(name): value for name, value in report.inputs.items()},
        seconds={whole(name): value for name, value in report.seconds.items()},
    )


def _parameter_in(name: str, say: Strings) -> str:
    """Put what stands in brackets behind a parameter's key, mode and purpose, in the language."""
    key, _, where = name.removesuffix(")").partition(" (")
    words = [say.name("mode", say.name("purpose", one)) for one in where.split(", ")]
    return say.noted(key, say.listed(words)) if where else name


def _cell(value: Any, names: Labels, said: Sayings) -> Any:
    """Put a text of a table in the language; numbers stay."""
    return said(names.get(value, value), names) if isinstance(value, str) else value


def _table_in(table: ReportTable, names: Labels, said: Sayings) -> ReportTable:
    return {
        "title": said(table["title"], names),
        "columns": [said(one, names) for one in table["columns"]],
        "rows": [[_cell(value, names, said) for value in row] for row in table["rows"]],
    }
