"""The verbs ``table estimate`` and ``table nest``: a finer table from a coarser one.

Owns the question: how do the files of a user become the arguments of `estimate_table` and `nest`?

Public names
------------
``estimate``, ``Estimation``    regions from a national table
``nest_table``, ``Nesting``     places inside the regions of a table

Options that are left out keep the library's own values. Notes of the new table, which say what is
an assumption, are shown. Each function returns the exit code.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables import nest as nesting
from io_tables.errors import TableTooLarge, UnreadableTable
from io_tables.estimate import DECAY, estimate_table
from io_tables.labels import shown
from io_tables.nest import NestedTable, nest
from io_tables.nesting.change import NestChange, nest_change
from io_tables.table import RegionalTable
from model.cli.frames import (
    number_or_file,
    read_costs,
    read_figures,
    read_names,
    read_places,
    read_totals,
)
from model.cli.output import check_target, stoppable
from model.cli.progress import Progress
from model.cli.table import check_tolerance, describe, region_names
from model.cli.table_change import Target, write_result_table
from model.cli.text import aligned, amount, percent, wrapped, write, write_json
from model.cli.words import Format
from model.errors import ScenarioError
from model.sources import open_table

__all__ = ["Estimation", "Nesting", "estimate", "nest_table"]

SHOWN = 10
"""Regions or places shown; the table holds all."""


@dataclass(frozen=True, kw_only=True)
class Estimation:
    """Files and numbers of `estimate_table`; None where nothing was told."""

    national: str
    read_as: str | None = None
    regional_output: Path
    cost: tuple[str, ...]
    cost_of: Path | None = None
    decay: str | None = None
    kernel: Literal["power", "exponential"] | None = None
    own_share: str | None = None
    home: str | None = None
    value_added: Path | None = None
    final_demand: Path | None = None
    exports: Path | None = None
    population: Path | None = None
    scale_output: bool = False
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Nesting:
    """Files and numbers of `nest`; None where nothing was told."""

    table: str
    read_as: str | None = None
    places: Path
    cost: tuple[str, ...]
    cost_of: Path | None = None
    decay: str | None = None
    preserve: Literal["flows", "cells"] = "flows"
    output: Path | None = None
    employment: Path | None = None
    value_added: Path | None = None
    demand: Path | None = None
    tolerance: float | None = None
    max_iterations: int | None = None
    gravity: bool = False


def estimate(request: Estimation, target: Target, output_format: Format = "text") -> int:
    """Write a table of regions estimated from the national one, and say what it assumes."""
    check_target(target[0], replace=target[2])
    output = read_figures(request.regional_output)
    cost = read_costs(request.cost)
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("reading", 0.0)
            national = open_table(request.national, table_format=request.read_as)
            progress("estimating", 0.3)
            table = estimate_table(
                national,
                regional_output=output,
                cost=cost,
                cost_of=None if request.cost_of is None else read_names(request.cost_of),
                decay=DECAY if request.decay is None else number_or_file(request.decay),
                kernel=request.kernel or "power",
                own_share=_own_share(request.own_share, national),
                home=None if request.home is None else number_or_file(request.home),
                value_added=_figures(request.value_added),
                final_demand=_sizes(request.final_demand),
                exports=_figures(request.exports),
                population=None if request.population is None else read_totals(request.population),
                scale_output=request.scale_output,
                name=request.name,
            )
            progress("writing", 0.8)
            write_result_table(table, target)
    finally:
        progress.close()
    rows = _own_shares(table)
    if output_format == "json":
        write_json(
            {
                "written": str(target[0]),
                "unit": table.unit,
                "regions": table.regions,
                "sectors": table.sectors,
                "output": {str(r): float(v) for r, v in rows["output"].items()},
                "own_share": {str(r): float(v) for r, v in rows["own"].items()},
                "notes": list(table.notes),
            }
        )
        return 0
    write(f"{table.name}   {describe(table)}", "")
    _show(rows, table)
    write("", "notes", *wrapped(table.notes), "", f"written to {target[0]}")
    return 0


def nest_table(request: Nesting, target: Target, output_format: Format = "text") -> int:
    """Write a table of places inside the regions of another, and how far multipliers moved."""
    check_tolerance(request.tolerance)
    if request.max_iterations is not None and request.max_iterations < 1:
        raise ScenarioError(f"--max-iterations must be at least 1; found {request.max_iterations}")
    check_target(target[0], replace=target[2])
    places, cost = read_places(request.places), read_costs(request.cost)
    value_added = None if request.value_added is None else read_totals(request.value_added)
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("reading", 0.0)
            given = open_table(request.table, table_format=request.read_as)
            if not request.gravity:
                _refuse_large(len(places), given)
            progress("nesting", 0.2)
            nested = nest(
                given.pooled(),
                places,
                cost,
                preserve=request.preserve,
                decay=1.0 if request.decay is None else number_or_file(request.decay),
                cost_of=None if request.cost_of is None else read_names(request.cost_of),
                output=_figures(request.output, blank=True),
                employment=_figures(request.employment, blank=True),
                value_added=value_added,
                demand=_sizes(request.demand),
                tolerance=nesting.TOLERANCE if request.tolerance is None else request.tolerance,
                max_iterations=request.max_iterations or nesting.MAX_PASSES,
            )
            progress("comparing multipliers", 0.6)
            change = nest_change(nested)
            progress("writing", 0.8)
            table = nested if request.gravity else nested.to_table()
            write_result_table(table, target)
    finally:
        progress.close()
    if output_format == "json":
        write_json(
            {
                "written": str(target[0]),
                "unit": given.unit,
                "places": list(nested.places),
                "form": "gravity" if request.gravity else "pooled",
                "preserve": request.preserve,
                "gap": nested.gap,
                "iterations": nested.iterations,
                "multiplier_change": {"largest": change.largest, "weighted": change.weighted},
                "notes": list(nested.notes),
            }
        )
        return 0
    _tell(given, nested, table, change)
    write(f"written to {target[0]}")
    return 0


def _refuse_large(count: int, table: RegionalTable) -> None:
    """Say before the work, not after it, that the places cannot be written as a table."""
    size = 8 * count**2 * table.n_sectors
    if size > nesting.LARGEST_TRADE:
        raise TableTooLarge(
            f"trade shares of {count} places and {table.n_sectors} sectors would take "
            f"{size / 2**30:.1f} GiB: keep the gravity form with --gravity (.nc or .npz), which "
            "needs no table of trade, or aggregate sectors or places first"
        )


def _tell(
    given: RegionalTable,
    nested: NestedTable,
    table: RegionalTable | NestedTable,
    change: NestChange,
) -> None:
    if isinstance(table, RegionalTable):
        write(f"{table.name}   {describe(table)}", "")
        _show(_own_shares(table), table)
    else:
        write(f"{given.name}   gravity form, {len(nested.places)} places, {given.unit}", "")
        largest = pd.Series(nested.output.sum(axis=1), index=list(nested.places))
        rows = largest.sort_values(ascending=False, kind="stable").head(SHOWN)
        write(
            *aligned(
                ("largest", f"output ({given.unit})"),
                [(str(name), amount(float(v))) for name, v in rows.items()],
            )
        )
        write(f"and {len(largest) - SHOWN} more" if len(largest) > SHOWN else "")
    write(
        "",
        f"what is preserved: {nested.preserve}; largest relative gap {nested.gap:.2g} after "
        f"{nested.iterations} passes",
        f"output multipliers moved by {100 * change.weighted:.2g} % on average, "
        f"{100 * change.largest:.2g} % at most",
    )
    if given.kind == "explicit":
        write("the table was explicit and was pooled first")
    write("", "notes", *wrapped(nested.notes), "")


def _figures(path: Path | None, *, blank: bool = False) -> pd.DataFrame | None:
    return None if path is None else read_figures(path, blank=blank)


def _sizes(path: Path | None) -> pd.DataFrame | pd.Series[float] | None:
    """Return sizes by place, or by place and category."""
    if path is None:
        return None
    frame = read_figures(path)
    return frame.iloc[:, 0] if frame.shape[1] == 1 else frame


def _own_share(
    word: str | None, national: RegionalTable
) -> float | NDArray[np.float64] | pd.DataFrame | None:
    """Return own shares: one number, or (R, S); a file by sector alone holds for every region."""
    if word is None:
        return None
    try:
        return float(word)
    except ValueError:
        frame = read_figures(Path(word))
    if frame.shape[1] > 1:
        frame.columns = [national.sectors[i] for i in national.sector_positions(frame.columns)]
        return frame
    shares = np.full(national.n_sectors, np.nan)
    shares[national.sector_positions(frame.index)] = frame.iloc[:, 0].to_numpy(dtype=np.float64)
    lost = [national.sectors[i] for i in np.flatnonzero(np.isnan(shares)).tolist()]
    if lost:
        raise UnreadableTable(f"{word} must tell every sector, missing: {shown(lost)}")
    return shares


def _own_shares(table: RegionalTable) -> pd.DataFrame:
    """Return output, and domestic use and the part of it from the region itself, by region."""
    data = table.data
    use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
    own = data["trade_share"].values.diagonal(axis1=1, axis2=2) * use
    output = data["output"].values.sum(axis=1)
    total = use.sum(axis=0)
    return pd.DataFrame(
        {"output": output, "use": total, "own": own.sum(axis=0) / total}, index=table.regions
    )


def _show(rows: pd.DataFrame, table: RegionalTable) -> None:
    names = region_names(table)
    order = rows.sort_values("output", ascending=False).head(SHOWN)
    lines = [
        (names[str(name)], amount(row["output"]), amount(row["use"]), percent(row["own"], 1.0))
        for name, row in order.iterrows()
    ]
    write(*aligned(("largest", f"output ({table.unit})", "domestic use", "from itself"), lines))
    if len(rows) > SHOWN:
        write(f"and {len(rows) - SHOWN} more")
