"""A table from the blocks of a world table: flows, final demand, and the rows below them.

Public names: `Row`, `Blocks`, `table_of_blocks`.

    industries     final columns     printed output
    flows  (N, N)  final (N, K)      (N,)
    rows   (N,)    (K,)              by role: taxes, primary, imports, stressor

Rows that are imports in nature (adjustments to exports, margins of foreign carriers, purchases
abroad) are imports of their own name, never value added. Output is settled against row totals
(`io_tables.output`), negative flows are kept and noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from io_tables.container.checks import Floats
from io_tables.container.flow_inputs import Coords
from io_tables.errors import UnreadableTable
from io_tables.labels import duplicates, shown
from io_tables.output import half_units, negative_note, settled_output
from io_tables.table import RegionalTable

Role = Literal["taxes", "primary", "imports", "stressor"]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One row below the flows: what it is, its name, and its figures by industry and final use."""

    role: Role
    name: str
    industries: Floats
    final: Floats
    unit: str = ""


@dataclass(frozen=True)
class Blocks:
    """Blocks of a source, rows and columns by label.

    `rows_of` are the (region, sector) of the rows of flows and final demand, `columns_of` those
    of the columns of flows; they hold the same industries, in any order.
    """

    rows_of: list[Pair]
    columns_of: list[Pair]
    final_of: list[Pair]
    flows: Floats
    final: Floats
    rows: Sequence[Row] = ()
    output: Floats | None = None
    exports: Floats | None = None
    discrepancy: Floats | None = None
    units: str = "money"
    year: int | None = None
    name: str = ""
    notes: list[str] = field(default_factory=list)
    coords: Coords | None = None
    sources: dict[str, str] = field(default_factory=dict)


def _ordered(blocks: Blocks, where: str) -> tuple[Floats, list[int] | None]:
    """Flows with their columns in the order of the rows, and that order where it was another."""
    failures = []
    for side, labels in (("rows", blocks.rows_of), ("columns", blocks.columns_of)):
        twice = duplicates(labels)
        if twice:
            failures.append(f"{side} of industries found twice: {shown(twice)}")
    lacking = sorted(set(blocks.columns_of) - set(blocks.rows_of))
    if lacking:
        failures.append(f"industries without a row: {shown(lacking)}")
    lacking = sorted(set(blocks.rows_of) - set(blocks.columns_of))
    if lacking:
        failures.append(f"industries without a column: {shown(lacking)}")
    twice = duplicates(blocks.final_of)
    if twice:
        failures.append(f"columns of final demand found twice: {shown(twice)}")
    if not blocks.rows_of or not blocks.final_of:
        failures.append("no industries or no final demand found")
    if failures:
        raise UnreadableTable(f"{where}: {'; '.join(failures)}; is the file complete?")
    if blocks.columns_of == blocks.rows_of:
        return blocks.flows, None
    at = {label: k for k, label in enumerate(blocks.columns_of)}
    order = [at[label] for label in blocks.rows_of]
    return blocks.flows[:, order], order


def table_of_blocks(blocks: Blocks, where: str) -> RegionalTable:
    """Return the table of a source's blocks.

    Raises
    ------
    UnreadableTable
        When industries are missing or found twice.
    InvalidTable, UnbalancedTable
        When the figures are not those of a table.
    """
    flows, order = _ordered(blocks, where)
    index = pd.MultiIndex.from_tuples(blocks.rows_of, names=["region", "sector"])
    columns = pd.MultiIndex.from_tuples(blocks.final_of, names=["region", "category"])
    totals = flows.sum(axis=1) + blocks.final.sum(axis=1)
    for outside in (blocks.exports, blocks.discrepancy):
        if outside is not None:
            totals = totals + outside
    settled = settled_output(
        totals, blocks.output, index, where, rounding=half_units(flows, blocks.final)
    )
    discrepancy = blocks.discrepancy
    if settled.discrepancy is not None:
        discrepancy = settled.discrepancy + (0.0 if discrepancy is None else discrepancy)

    def industry_row(row: Row) -> Floats:
        return row.industries if order is None else row.industries[order]

    def by_role(role: Role) -> list[Row]:
        return [row for row in blocks.rows if row.role == role]

    def frame(role: Role) -> pd.DataFrame | None:
        rows = by_role(role)
        names = [row.name for row in rows]
        return (
            pd.DataFrame([industry_row(row) for row in rows], index=names, columns=index)
            if rows
            else None
        )

    def final(role: Role) -> pd.DataFrame | None:
        rows = by_role(role)
        if not any(row.final.any() for row in rows):
            return None
        names = [row.name for row in rows]
        return pd.DataFrame([row.final for row in rows], index=names, columns=columns)

    taxes, final_taxes = frame("taxes"), final("taxes")
    notes = [*blocks.notes, *settled.notes, *negative_note(flows)]
    lost = final("primary")
    if lost is not None:
        amount = float(lost.to_numpy().sum())
        notes.append(f"value added in columns of final demand is left out: {amount:.6g}")
    table = RegionalTable.from_flows(
        pd.DataFrame(flows, index=index, columns=index, copy=False),
        pd.DataFrame(blocks.final, index=index, columns=columns, copy=False),
        pd.Series(settled.output, index=index),
        frame("primary"),
        imports=frame("imports"),
        final_imports=final("imports"),
        taxes=None if taxes is None else taxes.sum(axis=0),
        final_taxes=None if final_taxes is None else final_taxes.sum(axis=0).to_frame().T,
        exports=_series(blocks.exports, index),
        discrepancy=_series(discrepancy, index),
        stressors=frame("stressor"),
        stressor_units={row.name: row.unit for row in by_role("stressor")} or None,
        units=blocks.units,
        year=blocks.year,
        name=blocks.name,
        notes=notes,
        coords=blocks.coords,
        signed=bool(flows.min(initial=0.0) < 0),
        copy=False,
    )
    if not blocks.sources:
        return table
    data = table.data
    for name, source in blocks.sources.items():
        if name in data:
            marked = data[name].assign_attrs(source=source)
            data = data.assign({name: marked})
    return RegionalTable(data, table.kind)


def _series(values: Floats | None, index: pd.MultiIndex) -> pd.Series | None:
    return None if values is None else pd.Series(np.asarray(values), index=index)
