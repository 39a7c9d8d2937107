"""The verbs ``table info`` and ``table check``: what a table holds and what does not add up.

Owns the question: which economy is in this file, and can it be trusted?

Public names
------------
``table_info``       facts to standard output; the exit code
``table_check``      every finding; exit code 1 when one of them is an error
``describe``         kind, size and unit in words
``region_names``     codes with the names beside them
``check_tolerance``  refuse a tolerance that is none
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from model.cli.text import aligned, amount, wrapped, write, write_json
from model.errors import ScenarioError

if TYPE_CHECKING:
    from io_tables.container.checks import Finding
    from io_tables.nest import NestedTable
    from io_tables.table import RegionalTable

__all__ = ["check_tolerance", "describe", "region_names", "table_check", "table_info"]

OutputFormat: TypeAlias = Literal["text", "json", "csv"]


def table_info(
    source: str,
    *,
    table_format: str | None = None,
    output_format: OutputFormat = "text",
) -> int:
    """Write what a table holds; 0, also when findings are among it."""
    from model.sources import open_places, open_table  # loads xarray; mistyped words come first

    places = open_places(source, table_format=table_format)
    if places is not None:
        _tell_places(places, output_format)
        return 0
    table = open_table(source, table_format=table_format)
    facts, names = _facts(table), region_names(table)
    if output_format == "json":
        write_json(facts)
        return 0
    write(f"{facts['name']}   {facts['kind']}, {facts['unit']}")
    write(f"{len(facts['regions'])} regions x {len(facts['sectors'])} sectors", "")
    write(
        *aligned(("total", facts["unit"]), [(k, amount(v)) for k, v in facts["totals"].items()]), ""
    )
    write("largest regions by value added")
    write(
        *aligned(
            ("region", facts["unit"]),
            [(names[k], amount(v)) for k, v in facts["largest_regions"].items()],
        )
    )
    found = wrapped(one["message"] for one in facts["findings"] if one["level"] == "error")
    blocks = wrapped(one["message"] for one in facts["findings"] if one["level"] == "note")
    write("", *(["what does not add up", *found] if found else ["rows and columns balance"]))
    if blocks:
        write("", "blocks of the source", *blocks)
    if facts["notes"]:
        write("", "notes", *wrapped(facts["notes"]))
    return 0


def _tell_places(nested: NestedTable, output_format: OutputFormat) -> None:
    """Write what a file of places in gravity form holds."""
    parent = nested.parent
    per_place = nested.value_added.sum(axis=(0, 2))
    order = sorted(range(len(nested.places)), key=lambda m: -per_place[m])[:5]
    facts: dict[str, Any] = {
        "name": parent.name,
        "year": parent.year,
        "kind": "places in gravity form",
        "unit": parent.unit,
        "places": list(nested.places),
        "regions": parent.regions,
        "sectors": parent.sectors,
        "preserve": nested.preserve,
        "gap": nested.gap,
        "totals": {
            "output": float(nested.output.sum()),
            "value added": float(nested.value_added.sum()),
            "final demand for domestic products": float(nested.demand.sum()),
            "exports": float(nested.exports.sum()),
        },
        "largest_places": {nested.places[m]: float(per_place[m]) for m in order},
        "notes": list(nested.notes),
    }
    if output_format == "json":
        write_json(facts)
        return
    write(f"{parent.name}   places in gravity form, {parent.unit}")
    write(f"{len(nested.places)} places in {parent.n_regions} regions x {parent.n_sectors} sectors")
    write(f"preserves {nested.preserve}; largest relative gap {nested.gap:.2g}", "")
    totals = [(name, amount(value)) for name, value in facts["totals"].items()]
    write(*aligned(("total", parent.unit), totals), "", "largest places by value added")
    largest = [(name, amount(value)) for name, value in facts["largest_places"].items()]
    write(*aligned(("place", parent.unit), largest))
    write("", "notes", *wrapped(facts["notes"]))


def table_check(
    source: str,
    *,
    table_format: str | None = None,
    tolerance: float | None = None,
    output_format: OutputFormat = "text",
) -> int:
    """Write everything that does not add up; 0 when nothing is an error, otherwise 1.

    Figures that no table may have (rows that miss their output, negative output) are findings too,
    of the kind "refused": the table was read and nothing else can be said of it.
    """
    check_tolerance(tolerance)
    from io_tables.errors import InvalidTable, UnbalancedTable
    from model.sources import open_table

    try:
        table = open_table(source, table_format=table_format)
    except (InvalidTable, UnbalancedTable) as error:
        name, head = source, "refused"
        findings = [_refused(sentence) for sentence in str(error).split("; ")]
    else:
        name, head = table.name or source, describe(table)
        findings = [_plain(one) for one in table.check(tolerance=tolerance)]
    errors = [one for one in findings if one["level"] == "error"]
    if output_format == "json":
        write_json({"table": name, "sound": not errors, "findings": findings})
        return 1 if errors else 0
    write(f"{name}   {head}", "")
    rows = [
        (one["kind"], one["where"] or "-", f"{one['found']:.3g}", f"{one['tolerance']:.3g}")
        for one in errors
        if one["kind"] != "refused"
    ]
    if rows:
        write(*aligned(("rule", "where", "found", "allowed"), rows, left=2), "")
    told = wrapped(one["message"] for one in errors)
    write(*(["what does not add up", *told] if errors else ["everything adds up"]))
    blocks = wrapped(one["message"] for one in findings if one["level"] == "note")
    if blocks:
        write("", "blocks of the source", *blocks)
    return 1 if errors else 0


def region_names(table: RegionalTable) -> dict[str, str]:
    """Return how each region is shown: its label, and its name where labels are codes."""
    for coord in ("region_name", "name"):
        if coord in table.data.coords and table.data[coord].dims == ("region",):
            names = map(str, table.data[coord].values)
            return {r: f"{r} {name}".strip() for r, name in zip(table.regions, names, strict=True)}
    return {r: r for r in table.regions}


def check_tolerance(tolerance: float | None) -> None:
    """Refuse a tolerance that is no number above zero.

    Raises
    ------
    ScenarioError
        Naming it.
    """
    if tolerance is not None and not (tolerance > 0 and math.isfinite(tolerance)):
        raise ScenarioError(f"--tolerance must be a number above 0; found {tolerance:g}")


def describe(table: RegionalTable) -> str:
    """Return kind, size and unit in words."""
    size = f"{table.n_regions} regions x {table.n_sectors} sectors"
    return f"{table.kind}, {size}, {table.unit}"


def _refused(sentence: str) -> dict[str, Any]:
    return {
        "kind": "refused", "level": "error", "where": "", "found": math.nan,
        "tolerance": math.nan, "message": sentence,
    }  # fmt: skip


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "level": finding.level,
        "where": finding.where,
        "found": finding.found,
        "tolerance": finding.tolerance,
        "message": finding.message,
    }


def _facts(table: RegionalTable) -> dict[str, Any]:
    """Return plain facts about a table; money in its own unit."""
    added = table.va.sum(axis=0)
    regions = added.groupby(level="region", sort=False).sum().sort_values(ascending=False)
    final = float(table.f.sum() - table.exports.sum())
    return {
        "name": table.name,
        "year": table.year,
        "kind": table.kind,
        "unit": table.unit,
        "regions": table.regions,
        "sectors": table.sectors,
        "categories": table.categories,
        "primaries": table.primaries,
        "totals": {
            "output": float(table.x.sum()),
            "value added": float(added.sum()),
            "final demand for domestic products": final,
            "exports": float(table.exports.sum()),
            "imports for inputs": float(table.imports.to_numpy().sum()),
            "imports for final use": float(table.final_imports.to_numpy().sum()),
            "net taxes on inputs": float(table.taxes.sum()),
        },
        "largest_regions": {str(k): float(v) for k, v in regions.head(5).items()},
        "findings": [_plain(one) for one in table.check()],
        "notes": list(table.notes),
    }
