"""The multi-regional tables of Chinese provinces by CEADs, as published in workbooks.

Public names: `read_ceads`, `is_ceads_sheet`.

A sheet `Table_<year>` (also "... English Version", which is preferred): a title, a row of
provinces (merged cells), a row of sector names, a row of codes; index columns province (merged),
sector, code; then 31 x 42 rows and columns of flows. To their right

    TIU total (left out)    FU101 FU102 FU103 FU201 FU202 by province    EX exports
    TFU and other totals (left out)    ERR (others, errors)    GO output    checks (left out)

and below them one row IM of imports, or imports by product (province "Import"), then TII (left
out), VA001 to VA004 value added, TVA and TI (left out), and emissions, notes and blank rows.
Columns and rows are told by code, or by their English or Chinese name.

Imports and errors are blocks of their own: never in value added, never in final demand; `check()`
shows their size by province. The error of a row is what it takes to make its deliveries the
output; a source that prints it with the other sign is noted. Layout as described by users of the
workbooks of 2012 to 2020; tested on workbooks that tests write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from io_tables.container.checks import ROW_TOLERANCE, Floats
from io_tables.container.flow_inputs import Coords
from io_tables.errors import UnreadableTable
from io_tables.labels import duplicates, shown
from io_tables.readers.blocks import Blocks, Pair, Row, table_of_blocks
from io_tables.readers.book import Book, Filling, carried, text_of
from io_tables.readers.ceads_labels import (
    canonical_provinces,
    canonical_sectors,
    category_name,
    kind_of,
    primary_name,
)
from io_tables.table import RegionalTable

_SHEET: Final = re.compile(r"(?:table|mrio|表)?[ _-]*((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_HEADER_ROWS: Final = 12
_INDEX: Final = 3
_ROWS: Final = ("industry", "imports", "primary", "stressor")
_UNITS: Final = (
    ("百万元", "million yuan"),
    ("亿元", "100 million yuan"),
    ("万元", "10,000 yuan"),
    ("100 million", "100 million yuan"),
    ("million", "million yuan"),
)


@dataclass(frozen=True)
class Header:
    """Kind, province and code of every column behind the index columns."""

    kinds: list[str]
    provinces: list[str]
    sectors: list[str]
    codes: list[str]
    title: str

    def at(self, kind: str) -> list[int]:
        """Positions of the columns of one kind."""
        return [k for k, found in enumerate(self.kinds) if found == kind]


def is_ceads_sheet(name: str, rows: Sequence[Sequence[object]]) -> bool:
    """Whether a sheet by its name and first rows has the layout of this module."""
    return _code_row(rows) is not None


def _code_row(rows: Sequence[Sequence[object]]) -> int | None:
    """Row with the codes of the columns: the first where two sectors run on from 01."""
    for k, row in enumerate(rows[:_HEADER_ROWS]):
        codes = [_code(cell) for cell in row[_INDEX : _INDEX + 2]]
        if k >= 2 and codes == ["01", "02"]:
            return k
    return None


def _code(cell: object) -> str:
    text = text_of(cell)
    return text.zfill(2) if re.fullmatch(r"\d{1,2}", text) else text.upper()


def _pick_sheet(book: Book, sheet: str | None) -> str:
    if sheet is not None:
        return sheet
    found = [s for s in book.sheets if _SHEET.search(s)]
    english = [s for s in found if "english" in s.lower()] or found
    years = {match.group(1) for s in english if (match := _SHEET.search(s))}
    if len(years) > 1:
        raise UnreadableTable(
            f"{book.path.name} has tables of several years ({shown(english)}): keep one sheet, or "
            "call io_tables.readers.ceads.read_ceads with sheet="
        )
    return english[0] if english else book.sheets[0]


def _header(top: list[list[str]], codes_at: int) -> Header:
    width = max(len(row) for row in top)
    padded = [[*row, *[""] * (width - len(row))] for row in top]
    provinces = carried(padded[codes_at - 2][_INDEX:])
    names, codes = padded[codes_at - 1][_INDEX:], padded[codes_at][_INDEX:]
    kinds: list[str] = []
    for code, name in zip(codes, names, strict=True):
        kinds.append(kind_of(_code(code), name, "column"))
    title = " ".join(cell for row in padded[: codes_at - 2] for cell in row if cell)
    return Header(kinds, provinces, names, [_code(c) for c in codes], title)


def read_ceads(path: Path, *, sheet: str | None = None) -> RegionalTable:
    """Read a provincial table of CEADs.

    Parameters
    ----------
    path
        The workbook.
    sheet
        Its sheet; the English one of the only year when left out.

    Raises
    ------
    UnreadableTable
        When header rows, provinces or sectors are not found, found twice or incomplete.
    MissingExtra
        When openpyxl is not installed.
    InvalidTable, UnbalancedTable
        When the figures are not those of a table.
    """
    with Book(path) as book:
        chosen = _pick_sheet(book, sheet)
        where = f"sheet {chosen!r} of {path.name}"
        rows = book.rows(chosen)
        top: list[list[str]] = []
        for _, row in rows:
            top.append([text_of(cell) for cell in row])
            if _code_row(top) is not None or len(top) > _HEADER_ROWS:
                break
        codes_at = _code_row(top)
        if codes_at is None:
            raise UnreadableTable(
                f"{where} must have header rows with provinces, sector names and codes 01, 02, "
                "..., found none in its first rows"
            )
        header = _header(top, codes_at)
        industries = header.at("industry")
        last = max([*industries, *header.at("final"), *header.at("exports"), *header.at("output"),
                    *header.at("discrepancy")])  # fmt: skip
        labels = [f"{p} / {s or c}" for p, s, c in
                  zip(header.provinces, header.sectors, header.codes, strict=True)]  # fmt: skip
        wanted = [k for k in range(last + 1) if header.kinds[k] not in ("total", "note")]
        filling = Filling([labels[k] for k in wanted], where, len(industries) + 64)
        kept: list[tuple[str, str, str, str]] = []
        province = ""
        for number, row in rows:
            first, name, code = ([text_of(c) for c in row[:_INDEX]] + [""] * _INDEX)[:_INDEX]
            kind = kind_of(_code(code), name or first, "row")
            numbers = [row[_INDEX + k] if _INDEX + k < len(row) else None for k in wanted]
            if kind in ("total", "note") or all(cell is None for cell in numbers):
                province = first or province
                continue
            if kind == "industry":
                province = first or province
            filling.add(number, (first or province, name or code), numbers)
            kept.append((kind, province if kind == "industry" else first, name, _code(code)))
        return _table(header, wanted, kept, filling, chosen, where, path)


def _table(
    header: Header,
    wanted: list[int],
    kept: list[tuple[str, str, str, str]],
    filling: Filling,
    sheet: str,
    where: str,
    path: Path,
) -> RegionalTable:
    values = filling.values()
    column = {k: position for position, k in enumerate(wanted)}

    def columns(kind: str) -> list[int]:
        return [column[k] for k in header.at(kind) if k in column]

    made, imported = _split_rows(kept)
    provinces = list(dict.fromkeys(header.provinces[k] for k in header.at("industry")))
    regions, region_coords, region_note = canonical_provinces(provinces)
    by_code: dict[str, str] = {}
    for k in header.at("industry"):
        by_code.setdefault(header.codes[k], header.sectors[k])
    sectors, sector_coords = canonical_sectors(by_code)
    columns_of: list[Pair] = [
        (regions[header.provinces[k]], sectors[header.codes[k]]) for k in header.at("industry")
    ]
    strange = sorted({kept[k][1] for k in made} - set(regions))
    if strange:
        raise UnreadableTable(f"{where}: rows of provinces that no column has: {shown(strange)}")
    rows_of = [(regions[kept[k][1]], sectors.get(kept[k][3], kept[k][2])) for k in made]
    final_of = [
        (regions.get(header.provinces[k], header.provinces[k]), _category(header, k))
        for k in header.at("final")
    ]
    placed = {region for region, _ in final_of}
    if placed != set(regions.values()):
        lacking = sorted(set(regions.values()) - placed)
        raise UnreadableTable(
            f"{where} must have final demand by province, missing: {shown(lacking)}"
        )
    industry, final = columns("industry"), columns("final")
    rows = _rows_below(kept, imported, values, industry, final, sectors)
    totals = values[np.ix_(made, industry)].sum(axis=1) + values[np.ix_(made, final)].sum(axis=1)
    exports = values[made][:, columns("exports")].sum(axis=1) if columns("exports") else None
    if columns("imports") and values[made][:, columns("imports")].any():
        raise UnreadableTable(
            f"{where} subtracts imports in a column, so its flows hold imported products: only "
            "tables with imports in rows can be read"
        )
    output = values[made][:, columns("output")[0]] if columns("output") else None
    totals = totals if exports is None else totals + exports
    error, notes = _error(values[made][:, columns("discrepancy")], totals, output)
    odd = [name or first for kind, first, name, _ in kept if kind not in _ROWS]
    if odd:
        notes.append(f"rows of unknown meaning were left out: {shown(odd)}")
    if filling.blank:
        notes.append(f"{filling.blank} blank cells were read as zero")
    coords: dict[str, tuple[str, Sequence[object]]] = {**region_coords, **sector_coords}
    year = _SHEET.search(sheet) or re.search(r"((?:19|20)\d\d)", f"{header.title} {path.name}")
    when = int(year.group(1)) if year else None
    money = next((unit for text, unit in _UNITS if text in header.title.lower()), "10,000 yuan")
    if region_note:
        notes.append(region_note)
    return table_of_blocks(
        Blocks(
            rows_of, columns_of, final_of, values[np.ix_(made, industry)],
            values[np.ix_(made, final)], rows, output, exports=exports, discrepancy=error,
            units=money if when is None else f"{money} {when}", year=when,
            name=f"CEADs provincial table {when or ''}".strip(), notes=notes,
            coords=_kept_coords(coords),
            sources={
                "imported_use": f"the import rows of {where}",
                "imported_demand": f"the import rows of {where}",
                "discrepancy": f"the column of others and errors of {where}",
            },
        ),
        where,
    )  # fmt: skip


def _kept_coords(coords: Coords) -> Coords | None:
    return {name: one for name, one in coords.items() if any(str(v) for v in one[1])} or None


def _category(header: Header, k: int) -> str:
    return category_name(header.codes[k], header.sectors[k])


def _split_rows(kept: list[tuple[str, str, str, str]]) -> tuple[list[int], list[int]]:
    """Rows of industries, and rows of imports by product: sectors below a heading of imports."""
    made: list[int] = []
    imported: list[int] = []
    for k, (kind, province, _, _) in enumerate(kept):
        if kind == "industry":
            (imported if kind_of("", province, "row") == "imports" else made).append(k)
    return made, imported


def _rows_below(
    kept: list[tuple[str, str, str, str]],
    imported: list[int],
    values: Floats,
    industry: list[int],
    final: list[int],
    sectors: dict[str, str],
) -> list[Row]:
    """Return imports, value added and emissions."""
    rows: list[Row] = []
    for k in imported:
        name = sectors.get(kept[k][3], kept[k][2])
        rows.append(Row("imports", name, values[k, industry], values[k, final]))
    for k, (kind, first, name, code) in enumerate(kept):
        label = name or first
        if kind == "imports" and not imported:
            rows.append(Row("imports", "imports", values[k, industry], values[k, final]))
        elif kind == "primary":
            rows.append(
                Row("primary", primary_name(code, label), values[k, industry], values[k, final])
            )
        elif kind == "stressor":
            unit = re.search(r"\(([^)]*)\)", label)
            stressor = re.sub(r"\s*\([^)]*\)", "", label)
            measure = unit.group(1) if unit else ""
            rows.append(Row("stressor", stressor, values[k, industry], values[k, final], measure))
    twice = duplicates((row.role, row.name) for row in rows)
    if twice:
        raise UnreadableTable(f"rows below the flows found twice: {shown(twice)}")
    return rows


Sign = Literal[1, -1]


def _error(
    columns: Floats, totals: Floats, output: Floats | None
) -> tuple[Floats | None, list[str]]:
    """Error of every row, so that deliveries and error add up to output, and notes."""
    if not columns.shape[1]:
        return None, []
    printed = columns.sum(axis=1)
    if output is None:
        return printed, []
    scale = np.abs(totals) + np.abs(output)
    fits = np.abs(totals + printed - output) <= ROW_TOLERANCE * scale
    turned = np.abs(totals - printed - output) <= ROW_TOLERANCE * scale
    if not fits.all() and turned.all():
        return -printed, ["errors are printed as deliveries minus output; their sign is turned"]
    return printed, []
