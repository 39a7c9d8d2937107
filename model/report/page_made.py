"""The pages on how it was made and on certificates: what stands behind the numbers.

Owns the question "why should a reader believe this, and where not?".

- `write_made`: estimates, parameters, closure, edits, the table beside its sources.
- `write_certificates`: solves, identities, inputs, versions, seconds.

Terms: an *assumption* is a number no source gives; an *estimate* is computed from figures by a
stated method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model.report.markup import Column
from model.report.quantities import plain
from model.report.section import Section
from model.results import AssumptionRecord, Result
from model.scenario import Edit

__all__ = ["write_certificates", "write_made"]


def write_made(section: Section, result: Result) -> None:
    """Fill the section on estimates and assumptions."""
    say, report = section.say, result.report
    section.words(say("made.intro"))
    section.part(say("made.estimates_title"))
    if report.estimates:
        section.bullets(report.estimates)
    else:
        section.words(say("made.no_estimates"))
    if report.closure:
        section.part(say("made.closure_title"))
        section.words(report.closure)
    if result.scenario.edits:
        section.part(say("made.edits_title"))
        section.bullets(_edit_sentence(section, edit) for edit in result.scenario.edits)
    if report.assumptions:
        _add_assumptions(section, result)
    if report.table_report:
        section.part(say("made.tables_title"))
        for table in report.table_report.values():
            if table["rows"]:
                section.table(_columns_of(table), str(table["title"]))


def write_certificates(section: Section, result: Result) -> None:
    """Fill the section on what was solved and how well."""
    say, report = section.say, result.report
    section.words(say("certificates.intro"))
    section.words(say("certificates.status", status=say.name("status", result.status.value)))
    if report.identities:
        section.table(
            [
                Column(say("certificates.identity"), [str(i["name"]) for i in report.identities]),
                _small(say("certificates.gap"), [i["gap"] for i in report.identities]),
                _small(say("certificates.tolerance"), [i["tolerance"] for i in report.identities]),
                Column(
                    say("certificates.holds"),
                    [say("word.yes") if i["holds"] else say("word.no") for i in report.identities],
                ),
            ],
            say("certificates.identities"),
        )
    if report.solves:
        section.table(
            [
                Column(say("certificates.what"), [str(s["what"]) for s in report.solves]),
                Column(say("certificates.method"), [str(s["method"]) for s in report.solves]),
                Column(
                    say("certificates.iterations"),
                    [float(s["iterations"]) for s in report.solves],
                    places=0,
                ),
                _small(say("certificates.residual"), [s["residual"] for s in report.solves]),
                _small(say("certificates.bound"), [s["error_bound"] for s in report.solves]),
                Column(
                    say("certificates.seconds"),
                    [float(s["seconds"]) for s in report.solves],
                    places=3,
                ),
            ],
            say("certificates.solves"),
        )
    _add_pairs(section, report.inputs, ("input", "hash"), say("certificates.inputs"))
    _add_pairs(section, report.versions, ("package", "version"), say("certificates.versions"))
    if report.seconds:
        steps = [str(step) for step in report.seconds]
        times = [float(value) for value in report.seconds.values()]
        section.table(
            [
                Column(say("certificates.step"), steps),
                Column(say("certificates.seconds"), times, places=2),
            ],
            say("certificates.steps"),
        )
    if not section.counts["table"]:
        section.words(say("certificates.empty"))


def _small(title: str, values: Sequence[float]) -> Column:
    """Give a column of numbers that are best read by their power of ten."""
    return Column(title, [float(value) for value in values], form="power")


def _add_pairs(
    section: Section, pairs: Mapping[str, str], heads: tuple[str, str], caption: str
) -> None:
    if not pairs:
        return
    names, values = [str(k) for k in pairs], [str(v) for v in pairs.values()]
    left, right = (section.say(f"certificates.{head}") for head in heads)
    section.table([Column(left, names), Column(right, values)], caption)


def _edit_sentence(section: Section, edit: Edit) -> str:
    say = section.say
    if edit.kind != "add":
        select = say.listed(f"{key} = {value}" for key, value in edit.select.items())
        return say(f"made.edit_{edit.kind}", name=edit.name, select=select)
    details = ""
    if edit.speed_kmh is not None:
        details += say("made.edit_speed", speed=plain(edit.speed_kmh))
    if edit.trains_per_day is not None:
        details += say("made.edit_trains", trains=plain(edit.trains_per_day))
    if edit.fare_per_km is not None:
        details += say("made.edit_fare", fare=plain(edit.fare_per_km))
    details += say("made.edit_freight", capacity=plain(edit.freed_freight_capacity))
    stops = " – ".join(edit.stops)
    mode = say.name("mode", edit.mode)
    return say("made.edit_add", name=edit.name, mode=mode, stops=stops, details=details)


def _add_assumptions(section: Section, result: Result) -> None:
    say, records = section.say, result.report.assumptions
    section.part(say("made.assumptions_title"))
    assumed = sum(bool(record["assumption"]) for record in records)
    section.words(say("made.count", assumed=assumed, count=len(records)))
    columns = [
        Column(say("made.parameter"), [_named(record, section) for record in records]),
        Column(say("made.value"), [_value(record["value"]) for record in records]),
        Column(say("made.low"), [_value(record["low"]) for record in records]),
        Column(say("made.high"), [_value(record["high"]) for record in records]),
        Column(say("made.unit"), [str(record["unit"]) for record in records]),
        Column(
            say("made.assumption"),
            [say("word.yes") if record["assumption"] else say("word.no") for record in records],
        ),
        Column(say("made.source"), [str(record["source"]) for record in records]),
    ]
    section.table(columns, say("made.assumptions"))


def _named(record: AssumptionRecord, section: Section) -> str:
    about = record.get("description", "")
    return section.say.headed(record["name"], about) if about else record["name"]


def _value(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value)
    return plain(float(value)) if isinstance(value, int | float) else str(value)


def _columns_of(table: Mapping[str, Any]) -> list[Column]:
    """Read a free-form table: a column of numbers only is numeric, an empty cell is a dash."""
    columns = []
    for i, title in enumerate(table["columns"]):
        cells = [row[i] for row in table["rows"]]
        if all(cell is None or _is_number(cell) for cell in cells):
            values = [math.nan if cell is None else float(cell) for cell in cells]
            columns.append(Column(str(title), values))
        else:
            columns.append(Column(str(title), [_value(cell) for cell in cells]))
    return columns


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
