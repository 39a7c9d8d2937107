"""Tables from sheets that a person has made: Z and Y, and whatever else there is.

Public names:
- `Source`: one sheet, to be looked at and read; a CSV file or a sheet of a workbook.
- `table_of_sources`: the table of named sources.

Only Z and Y are needed. Names are forgiven ("value_added" for "va"); a table of one region may
have one header row and one index column of sectors throughout. Sources of tables that were
written here carry a description and are read back exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import pandas as pd

from io_tables.container.sheets import Cells, Sheet, read_about, table_of_sheets
from io_tables.errors import UnreadableTable
from io_tables.labels import did_you_mean
from io_tables.readers.grid import Grid
from io_tables.table import RegionalTable

NAMES: Final = {
    "Z": ("z", "flows", "intermediate"),
    "Y": ("y", "final_demand"),
    "x": ("x", "output"),
    "va": ("va", "value_added", "v"),
    "imports": ("imports", "m"),
    "final_imports": ("final_imports", "imported_demand"),
    "exports": ("exports", "e"),
    "taxes": ("taxes", "product_taxes"),
    "discrepancy": ("discrepancy", "errors", "others"),
    "population": ("population",),
    "employment": ("employment", "jobs"),
}


class Source(Protocol):
    """One sheet of labels and numbers."""

    name: str

    def peek(self, count: int) -> list[list[str]]:
        """Return the first rows as text."""

    def read(self, header_rows: int, index_columns: int) -> Grid:
        """Return labels and numbers."""


def _is_number(text: str) -> bool:
    return bool(pd.notna(pd.to_numeric(pd.Series([text or None]), errors="coerce")[0]))


def _levels(source: Source) -> int:
    """Levels of the labels of Z: two, unless the second cell of its second row is a number."""
    top = source.peek(2)
    if len(top) < 2 or min(len(row) for row in top) < 2:
        raise UnreadableTable(f"{source.name} must have labels on both sides")
    return 1 if _is_number(top[1][1]) else 2


def _frame(source: Source, header: int | None, index_columns: int) -> pd.DataFrame:
    """Labelled numbers; a header of None is one row where the second row is one of numbers."""
    if header is None:
        top = source.peek(2)
        cells = top[1][index_columns:] if len(top) > 1 else []
        header = 1 if cells and top[1][0].strip() and all(map(_is_number, cells)) else 2
    grid = source.read(header, index_columns)
    return pd.DataFrame(
        grid.parts[0],
        index=_index(grid.rows, grid.row_names),
        columns=_index(grid.columns, ()),
        copy=False,
    )


def _index(labels: list[tuple[str, ...]], names: tuple[str, ...]) -> pd.Index:
    if labels and len(labels[0]) == 1:
        return pd.Index([label[0] for label in labels])
    told = list(names) if len(names) == 2 and all(names) else None
    return pd.MultiIndex.from_tuples(labels, names=told)


def _column(source: Source, index_columns: int) -> pd.Series:
    frame = _frame(source, 1, index_columns)
    if frame.shape[1] != 1:
        raise UnreadableTable(
            f"{source.name} must have one column of numbers, found {frame.shape[1]}"
        )
    return frame.iloc[:, 0]


def table_of_sources(
    sources: Mapping[str, Source], about: Iterable[tuple[str, str]], *, where: str, name: str
) -> RegionalTable:
    """Return the table of sources by their name in lower case.

    Parameters
    ----------
    sources
        Sheets by name.
    about
        Keys and values: name, units, year, notes, and the description where there is one.
    where, name
        File or folder for messages, and the name of a table that has none.

    Raises
    ------
    UnreadableTable
        When Z or Y is missing, or a sheet has another shape than it must.
    InvalidTable, UnbalancedTable
        As for `RegionalTable.from_flows`.
    """
    told, description = read_about(about, where)
    if description is not None:

        def cells(sheet: Sheet) -> Cells:
            source = sources.get(sheet.name.lower())
            if source is None:
                raise UnreadableTable(f"{where} must hold {sheet.name}, which 'about' describes")
            grid = source.read(max(1, len(sheet.across)), len(sheet.down))
            return grid.rows, grid.columns, grid.parts[0]

        return table_of_sheets(description, cells, where)
    found: dict[str, Source] = {}
    for key, spellings in NAMES.items():
        for spelling in spellings:
            if spelling in sources:
                found.setdefault(key, sources[spelling])
    lacking = [key for key in ("Z", "Y") if key not in found]
    if lacking:
        near = did_you_mean(lacking[0], list(sources))
        raise UnreadableTable(
            f"{where} must hold Z and Y, missing: {', '.join(lacking)}{near}; found: "
            f"{', '.join(list(sources)[:5]) or 'nothing'}"
        )
    levels = _levels(found["Z"])
    flows = _frame(found["Z"], levels, levels)
    demand = _frame(found["Y"], None, levels)
    industries = {
        key: _column(found[key], levels) if key in found else None
        for key in ("x", "exports", "taxes", "discrepancy")
    }
    blocks = {
        key: _frame(found[key], rows, 1) if key in found else None
        for key, rows in (
            ("va", levels),
            ("imports", levels),
            ("final_imports", demand.columns.nlevels),
        )
    }
    people = {
        key: _column(found[key], 1) if key in found else None
        for key in ("population", "employment")
    }
    year = told.get("year", [""])[0]
    notes = list(told.get("notes", []))
    blank = sum(getattr(source, "blank", 0) for source in found.values())
    if blank:
        notes.append(f"{blank} blank cells were read as zero")
    return RegionalTable.from_flows(
        flows,
        demand,
        industries["x"],
        blocks["va"],
        imports=blocks["imports"],
        final_imports=blocks["final_imports"],
        taxes=industries["taxes"],
        exports=industries["exports"],
        discrepancy=industries["discrepancy"],
        population=people["population"],
        employment=people["employment"],
        units=told.get("units", ["money"])[0],
        year=int(year) if year.isdigit() else None,
        name=told.get("name", [name])[0],
        notes=notes,
        copy=False,
    )
