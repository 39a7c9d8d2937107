"""The verb ``table info``: what a table holds and whether it balances.

Owns the question: which economy is in this file?

Public names
------------
``table_info``    facts to standard output; the exit code
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from model.cli_text import aligned, amount, write, write_json

if TYPE_CHECKING:
    from io_tables.table import RegionalTable

__all__ = ["table_info"]


def table_info(
    source: str,
    *,
    table_format: str | None = None,
    output_format: Literal["text", "json", "csv"] = "text",
) -> int:
    """Write what a table holds; 0, also when findings are among it."""
    from model.sources import open_table  # loads xarray; a mistyped word is answered before that

    facts = _facts(open_table(source, table_format=table_format))
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
            ("region", facts["unit"]), [(k, amount(v)) for k, v in facts["largest_regions"].items()]
        )
    )
    found = [f"  {one['message']}" for one in facts["findings"]]
    write("", *(["what does not add up", *found] if found else ["rows and columns balance"]))
    if facts["notes"]:
        write("", "notes", *(f"  {note}" for note in facts["notes"]))
    return 0


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
        "findings": [
            {
                "kind": one.kind,
                "where": one.where,
                "found": one.found,
                "tolerance": one.tolerance,
                "message": one.message,
            }
            for one in table.check()
        ],
        "notes": list(table.notes),
    }
