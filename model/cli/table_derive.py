"""The verbs ``table project``, ``table regionalise`` and ``table supply-use``.

Owns the question: how do the files of a user become the arguments of `project`, `regionalise` and
`table_from_supply_use`?

Public names
------------
``project_table``, ``Projection``      a table updated to the totals of another year
``regionalise_table``, ``Region``      one region's table from the national one
``table_of_accounts``, ``Accounts``    a table from supply and use

Labels in files may be codes or any other name the table knows. Each function returns the exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pandas as pd

from io_tables.errors import UnreadableTable
from io_tables.labels import positions_of, shown
from io_tables.project import TOLERANCE, project
from io_tables.regionalise import DELTA, Method, regionalise
from io_tables.supply_use import Model, SupplyUse, table_from_supply_use
from io_tables.table import RegionalTable
from model.cli.frames import number_or_file, read_figures, read_matrix, read_totals
from model.cli.output import check_target, stoppable
from model.cli.progress import Progress
from model.cli.table import check_tolerance, describe
from model.cli.table_change import Target, write_result_table
from model.cli.text import aligned, amount, wrapped, write, write_json
from model.cli.words import Format
from model.sources import open_table

__all__ = [
    "Accounts",
    "Projection",
    "Region",
    "project_table",
    "regionalise_table",
    "table_of_accounts",
]


@dataclass(frozen=True, kw_only=True)
class Projection:
    """Files of `project`; None where nothing was told."""

    table: str
    read_as: str | None = None
    output: Path
    value_added: Path | None = None
    exports: Path | None = None
    final_demand: Path | None = None
    imports: Path | None = None
    year: int | None = None
    units: str | None = None
    tolerance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Region:
    """Files and numbers of `regionalise`; None where nothing was told."""

    national: str
    read_as: str | None = None
    output: Path
    method: Method = "flq"
    delta: float | None = None
    final_share: str | None = None
    name: str = "region"


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Files of `table_from_supply_use`, and its options."""

    make: Path
    use: Path
    final_demand: Path
    value_added: Path
    imports: Path | None = None
    taxes: Path | None = None
    model: Model = "industry_technology"
    negatives: Literal["refuse", "keep"] = "refuse"
    units: str = "money"
    year: int | None = None
    name: str = ""


def project_table(request: Projection, target: Target, output_format: Format = "text") -> int:
    """Write a table updated to other totals, and show its accounts before and after."""
    check_tolerance(request.tolerance)

    def make(progress: Progress) -> RegionalTable:
        table = open_table(request.table, table_format=request.read_as)
        before.update(_accounts(table))
        told = {
            "value_added": _of_industries(request.value_added, table),
            "exports": _of_industries(request.exports, table),
        }
        output = _of_industries(request.output, table)
        progress("projecting", 0.4)
        return project(
            table,
            cast("pd.Series[float]", output),
            final_demand=_of_final_use(request.final_demand, table),
            imports=_of_imports(request.imports, table),
            year=request.year,
            units=request.units,
            tolerance=TOLERANCE if request.tolerance is None else request.tolerance,
            **told,
        )

    before: dict[str, float] = {}
    made = _write(make, target)
    after = _accounts(made)
    if output_format == "json":
        facts = {"year": made.year, "before": before, "after": after}
        write_json({"written": str(target[0]), "unit": made.unit, **facts})
        return 0
    write(f"{made.name}   {describe(made)}, {made.year or 'year not told'}", "")
    rows = [
        (name, amount(value), amount(after[name]), _ratio(after[name], value))
        for name, value in before.items()
    ]
    write(*aligned((made.unit, "before", "after", "after / before"), rows), "")
    write(f"written to {target[0]}")
    return 0


def regionalise_table(request: Region, target: Target, output_format: Format = "text") -> int:
    """Write the table of one region, and say what it makes, sells and buys outside."""

    def make(progress: Progress) -> RegionalTable:
        table = open_table(request.national, table_format=request.read_as)
        output = _of_sectors(request.output, table)
        share: float | np.ndarray | None = None
        if request.final_share is not None:
            told = number_or_file(request.final_share)
            share = told if isinstance(told, float) else _of_categories(told, table)
        progress("regionalising", 0.4)
        return regionalise(
            table,
            output,
            method=request.method,
            delta=DELTA if request.delta is None else request.delta,
            final_share=share,
            name=request.name,
        )

    made = _write(make, target)
    accounts = _accounts(made)
    own = float(made.Z.to_numpy().sum())
    facts = {**accounts, "inputs from the region itself": own}
    if output_format == "json":
        told = {"method": request.method, "accounts": facts, "notes": list(made.notes)}
        write_json({"written": str(target[0]), "unit": made.unit, **told})
        return 0
    write(f"{made.name}   {describe(made)}, by {request.method.upper()}", "")
    write(*aligned(("total", made.unit), [(k, amount(v)) for k, v in facts.items()]))
    write("", "notes", *wrapped(made.notes), "", f"written to {target[0]}")
    return 0


def table_of_accounts(request: Accounts, target: Target, output_format: Format = "text") -> int:
    """Write the input-output table of supply and use tables, and show its accounts."""

    def make(progress: Progress) -> RegionalTable:
        taxes = None if request.taxes is None else read_totals(request.taxes)
        tables = SupplyUse(
            read_matrix(request.make),
            read_matrix(request.use),
            read_matrix(request.final_demand),
            read_matrix(request.value_added),
            None if request.imports is None else read_matrix(request.imports),
            taxes,
        )
        progress("transforming", 0.4)
        return table_from_supply_use(
            tables,
            model=request.model,
            negatives=request.negatives,
            units=request.units,
            year=request.year,
            name=request.name or target[0].stem,
        )

    made = _write(make, target)
    accounts = _accounts(made)
    if output_format == "json":
        labels = {"regions": made.regions, "sectors": made.sectors, "notes": list(made.notes)}
        write_json({"written": str(target[0]), "unit": made.unit, "accounts": accounts, **labels})
        return 0
    write(f"{made.name}   {describe(made)}, model {request.model}", "")
    write(*aligned(("total", made.unit), [(k, amount(v)) for k, v in accounts.items()]))
    if made.notes:
        write("", "notes", *wrapped(made.notes))
    write("", f"written to {target[0]}")
    return 0


def _write(make: Callable[[Progress], RegionalTable], target: Target) -> RegionalTable:
    """Make a table and write it, with progress, whole or not at all."""
    check_target(target[0], replace=target[2])
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("reading", 0.0)
            table = make(progress)
            progress("writing", 0.8)
            write_result_table(table, target)
    finally:
        progress.close()
    return table


def _accounts(table: RegionalTable) -> dict[str, float]:
    return {
        "output": float(table.x.sum()),
        "value added": float(table.va.to_numpy().sum()),
        "final demand for domestic products": float(table.f.sum() - table.exports.sum()),
        "exports": float(table.exports.sum()),
        "imports": float(table.imports.to_numpy().sum() + table.final_imports.to_numpy().sum()),
        "net taxes on inputs": float(table.taxes.sum()),
    }


def _ratio(after: float, before: float) -> str:
    return f"{after / before:.4f}" if before else "-"


def _of_industries(path: Path | None, table: RegionalTable) -> pd.Series[float] | None:
    """Read figures by industry, in the order of the table."""
    if path is None:
        return None
    found = read_totals(path)
    if not isinstance(found.index, pd.MultiIndex):
        if table.n_regions > 1:
            raise UnreadableTable(f"{path.name} must have columns region, sector and a number")
        found.index = pd.MultiIndex.from_product([table.regions, found.index])
    regions = table.region_positions(found.index.get_level_values(0))
    sectors = table.sector_positions(found.index.get_level_values(1))
    return _ordered(found, regions * table.n_sectors + sectors, table.labels, path.name)


def _of_sectors(path: Path, table: RegionalTable) -> pd.Series[float]:
    """Read figures by sector, in the order of the table."""
    found = read_totals(path)
    if isinstance(found.index, pd.MultiIndex):
        raise UnreadableTable(f"{path.name} must have a column of sectors and one of numbers")
    sectors = table.sector_positions(found.index)
    return _ordered(found, sectors, pd.Index(table.sectors), path.name)


def _ordered(
    found: pd.Series[float], positions: np.ndarray, labels: pd.Index, where: str
) -> pd.Series[float]:
    values = np.full(len(labels), np.nan)
    told, counts = np.unique(positions, return_counts=True)
    if (counts > 1).any():
        twice = labels[told[counts > 1]]
        raise UnreadableTable(f"{where} tells the same industry by two names: {shown(twice)}")
    values[positions] = found.to_numpy(dtype=np.float64)
    lost = labels[np.isnan(values)]
    if len(lost):
        raise UnreadableTable(f"{where} must tell every industry, missing: {shown(lost)}")
    return pd.Series(values, index=labels)


def _of_final_use(path: Path | None, table: RegionalTable) -> pd.DataFrame | None:
    """Read totals of final demand, (regions, categories) in the order of the table."""
    if path is None:
        return None
    frame = read_figures(path)
    rows = table.region_positions(frame.index)
    columns = positions_of(frame.columns, table.categories, what="category")
    values = np.full((table.n_regions, len(table.categories)), np.nan)
    values[np.ix_(rows, columns)] = frame.to_numpy(dtype=np.float64)
    lost = [
        (table.regions[r], table.categories[c]) for r, c in np.argwhere(np.isnan(values)).tolist()
    ]
    if lost:
        raise UnreadableTable(f"{path.name} must tell every total, missing: {shown(lost)}")
    return pd.DataFrame(values, index=table.regions, columns=table.categories)


def _of_imports(path: Path | None, table: RegionalTable) -> np.ndarray | None:
    """Read totals of the rows of imports, in the order of the table."""
    if path is None:
        return None
    found, labels = read_totals(path), table.imports.index
    at = positions_of(found.index, [str(label) for label in labels], what="import")
    return _ordered(found, at, labels, path.name).to_numpy()


def _of_categories(told: object, table: RegionalTable) -> np.ndarray:
    """Shares by category, in the order of the table."""
    found = pd.Series(cast("dict[str, float]", told))
    at = positions_of(found.index, table.categories, what="category")
    return _ordered(found, at, pd.Index(table.categories), "--final-share").to_numpy()
