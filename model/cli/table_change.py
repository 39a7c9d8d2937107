"""The verbs ``table convert``, ``table aggregate`` and ``table balance``.

Owns the question: how does what is in one file become another file with the same totals?

Public names
------------
``convert``, ``Conversion``      another format, form or unit
``aggregate_table``              sums over groups
``balance``, ``Balancing``       a matrix scaled to totals
``write_result_table``           a table to its place, in one step
``Target``                       place, format, and whether it may replace a table

Each function returns the exit code; progress goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from io_tables.aggregate import aggregate
from io_tables.balance import MAX_ITERATIONS, TOLERANCE, gras, ras
from io_tables.nest import NestedTable
from io_tables.readers import WrittenFormat, write_table
from io_tables.table import RegionalTable
from io_tables.units import convert_money
from model.cli.frames import read_groups, read_matrix, read_totals
from model.cli.output import beside, check_target, stoppable
from model.cli.progress import Progress
from model.cli.table import check_tolerance, describe
from model.cli.text import aligned, amount, write, write_json
from model.cli.words import Format
from model.errors import ScenarioError
from model.sources import open_table

__all__ = [
    "Balancing",
    "Conversion",
    "Target",
    "aggregate_table",
    "balance",
    "convert",
    "write_result_table",
]

Target: TypeAlias = tuple[Path, str | None, bool]


@dataclass(frozen=True)
class Conversion:
    """What changes beside the format: form, unit of money, new units for an old one."""

    kind: Literal["explicit", "pooled"] | None = None
    units: str | None = None
    factor: float | None = None


@dataclass(frozen=True)
class Balancing:
    """Files of `ras` or `gras`, and its options; None keeps the library's own."""

    matrix: Path
    row_totals: Path
    column_totals: Path
    method: Literal["ras", "gras"] = "ras"
    tolerance: float | None = None
    max_iterations: int | None = None


def write_result_table(table: RegionalTable | NestedTable, target: Target) -> None:
    """Write a table where it goes: whole or not at all.

    Raises
    ------
    OutputRefused, TableError
        When it cannot be written there, or not in that format.
    """
    path, written, replace = target
    with beside(path, replace=replace) as made:
        write_table(table, made, cast("WrittenFormat | None", written))


def convert(source: str, read_as: str | None, request: Conversion, target: Target) -> int:
    """Write a table in another format, form or unit."""
    if request.factor is not None and request.units is None:
        raise ScenarioError("--factor needs --units, the money it leads to")
    check_target(target[0], replace=target[2])
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("reading", 0.0)
            table = open_table(source, table_format=read_as)
            progress("converting", 0.5)
            if request.units is not None:
                table = convert_money(table, request.units, factor=request.factor)
            if request.kind is not None:
                table = table.pooled() if request.kind == "pooled" else table.explicit()
            progress("writing", 0.7)
            write_result_table(table, target)
    finally:
        progress.close()
    write(f"{table.name or source}   {describe(table)}", f"written to {target[0]}")
    return 0


def aggregate_table(
    source: str,
    read_as: str | None,
    maps: Mapping[str, Path],
    target: Target,
    output_format: Format = "text",
) -> int:
    """Write a table summed over groups, and show its accounts before and after."""
    if not maps:
        raise ScenarioError("nothing to aggregate: give --regions, --sectors or --categories")
    check_target(target[0], replace=target[2])
    groups = {name: read_groups(path) for name, path in maps.items()}
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("reading", 0.0)
            table = open_table(source, table_format=read_as)
            progress("aggregating", 0.5)
            summed = aggregate(
                table,
                regions=groups.get("regions"),
                sectors=groups.get("sectors"),
                categories=groups.get("categories"),
            )
            progress("writing", 0.7)
            write_result_table(summed, target)
    finally:
        progress.close()
    before, after = _accounts(table), _accounts(summed)
    if output_format == "json":
        write_json(
            {
                "written": str(target[0]),
                "unit": summed.unit,
                "regions": summed.regions,
                "sectors": summed.sectors,
                "categories": summed.categories,
                "before": before,
                "after": after,
            }
        )
        return 0
    write(f"{table.name or source}   {describe(table)}", f"becomes   {describe(summed)}", "")
    rows = [(name, amount(value), amount(after[name])) for name, value in before.items()]
    write(*aligned((table.unit, "before", "after"), rows), "", f"written to {target[0]}")
    return 0


def _accounts(table: RegionalTable) -> dict[str, float]:
    """Return the sums that aggregation must keep."""
    return {
        "output": float(table.x.sum()),
        "value added": float(table.va.to_numpy().sum()),
        "final demand and exports": float(table.f.sum()),
        "imports": float(table.imports.to_numpy().sum() + table.final_imports.to_numpy().sum()),
        "net taxes on inputs": float(table.taxes.sum()),
    }


def balance(
    request: Balancing, target: Path, *, replace: bool = False, output_format: Format = "text"
) -> int:
    """Write a matrix scaled to row and column totals, with its certificate.

    Raises
    ------
    InfeasibleMargins, NotConverged
        When no matrix has these totals, or they were not reached; nothing is written then.
    """
    check_tolerance(request.tolerance)
    if request.max_iterations is not None and request.max_iterations < 1:
        raise ScenarioError(f"--max-iterations must be at least 1; found {request.max_iterations}")
    check_target(target, replace=replace)
    matrix = read_matrix(request.matrix)
    rows, columns = read_totals(request.row_totals), read_totals(request.column_totals)
    method = ras if request.method == "ras" else gras
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("balancing", 0.0)
            balanced = method(
                matrix,
                rows,
                columns,
                tolerance=TOLERANCE if request.tolerance is None else request.tolerance,
                max_iterations=request.max_iterations or MAX_ITERATIONS,
            ).raise_for_status()
            progress("writing", 0.9)
            with beside(target, replace=replace) as made:
                balanced.frame.to_csv(made)
    finally:
        progress.close()
    factors = {"row": balanced.row_factors, "column": balanced.column_factors}
    facts: dict[str, Any] = {
        "written": str(target),
        "method": request.method,
        "status": str(balanced.status),
        "iterations": balanced.iterations,
        "margin_gap": balanced.margin_gap,
        "total_before": float(matrix.to_numpy().sum()),
        "total_after": float(balanced.matrix.sum()),
        "emptied": [list(map(_words, cell)) for cell in balanced.emptied],
    }
    if output_format == "json":
        write_json(facts)
        return 0
    write(
        f"{request.method.upper()}: {facts['status']} after {balanced.iterations} sweeps, largest "
        f"relative gap of a total {balanced.margin_gap:.2g}",
        "",
        *aligned(
            ("", "smallest", "largest"),
            [
                (f"{name} factors", f"{value.min():.6g}", f"{value.max():.6g}")
                for name, value in factors.items()
            ],
        ),
        "",
        f"sum of the matrix {amount(facts['total_before'])}, now {amount(facts['total_after'])}",
    )
    if balanced.emptied:
        cells = ", ".join(" to ".join(map(_words, cell)) for cell in balanced.emptied[:5])
        write(f"cells that these totals force to zero: {len(balanced.emptied)} ({cells})")
    write(f"written to {target}")
    return 0


def _words(label: object) -> str:
    return " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)
