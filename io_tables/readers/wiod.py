"""Tables of the World Input-Output Database, releases of 2013 and 2016.

Public names: `read_wiod`.

Workbook (.xlsx; save the .xlsb of 2016 as .xlsx): four header rows and four index columns with
industry code, industry name, country and running number (c1, c2, ... and r1, r2, ...); flows, then
final demand by country, then output. CSV of the release of 2016: index columns IndustryCode,
IndustryDescription, Country, RNr, Year, columns v<country><number>, TOT. The rows below the flows:

    II_fob   total of inputs (left out)        TXSP    taxes less subsidies on products
    EXP_adj  cif/fob adjustments on exports    PURR    direct purchases abroad by residents
    PURNR    purchases by non-residents        IntTTM  international transport margins
    VA       value added at basic prices       GO      output at basic prices

EXP_adj, PURR, PURNR and IntTTM are imports of their own name. Million USD; figures of the release
of 2013 are rounded. Source: Timmer et al. (2015), Review of International Economics 23: 575-605.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from io_tables.container.checks import Floats
from io_tables.errors import UnreadableTable
from io_tables.labels import shown
from io_tables.readers.blocks import Blocks, Pair, Role, Row, table_of_blocks
from io_tables.readers.book import Book, Filling, text_of
from io_tables.readers.grid import Label, peek, read_grid
from io_tables.table import RegionalTable

_BELOW: Final[dict[str, tuple[str, Role | None, str]]] = {
    "II_fob": ("total intermediate consumption", None, ""),
    "TXSP": ("taxes less subsidies on products", "taxes", "taxes less subsidies on products"),
    "EXP_adj": ("cif/ fob adjustments on exports", "imports", "cif/fob adjustments on exports"),
    "PURR": ("direct purchases abroad by residents", "imports", "direct purchases abroad"),
    "PURNR": (
        "purchases on the domestic territory by non-residents",
        "imports",
        "purchases by non-residents",
    ),
    "VA": ("value added at basic prices", "primary", "value added"),
    "IntTTM": ("international transport margins", "imports", "international transport margins"),
    "GO": ("output at basic prices", None, ""),
}
_NUMBER: Final = re.compile(r"c\d+$")
_FINAL: Final = ("CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN")


def _below(code: str, name: str) -> str | None:
    """Code of a row below the flows, by its code or else its name."""
    if code in _BELOW:
        return code
    folded = "".join(name.casefold().split())
    names = {"".join(text.split()): key for key, (text, _, _) in _BELOW.items()}
    return names.get(folded)


def _country(text: str) -> str:
    return "ROU" if text == "ROM" else text


def read_wiod(path: Path) -> RegionalTable:
    """Read a WIOD table of either release.

    Raises
    ------
    UnreadableTable
        When the four header rows are not found, or rows or columns are missing.
    MissingExtra
        When openpyxl is not installed.
    InvalidTable, UnbalancedTable
        When the figures are not those of a table.
    """
    lower = path.name.lower()
    if lower.endswith((".csv", ".csv.gz")):
        return _read_csv(path)
    if lower.endswith(".xlsb"):
        raise UnreadableTable(f"{path.name}: open it in a spreadsheet program and save it as .xlsx")
    with Book(path) as book:
        return _read_book(book)


def _read_book(book: Book) -> RegionalTable:
    where = book.path.name
    sheet = next(
        (s for s in book.sheets if re.search(r"wiot|(19|20)\d\d", s, re.I)), book.sheets[0]
    )
    rows = book.rows(sheet)
    top: list[list[str]] = []
    for _, row in rows:
        top.append([text_of(cell) for cell in row])
        if len(row) > 4 and _NUMBER.match(top[-1][4]):
            break
        if len(top) > 12:
            raise UnreadableTable(
                f"{where}: the header rows of a WIOD table (code, name, country, c1 ...) were not "
                "found in its first rows"
            )
    if len(top) < 4 or not _NUMBER.match(top[-1][4] if len(top[-1]) > 4 else ""):
        raise UnreadableTable(f"{where} has no header rows of a WIOD table")
    width = max(len(row) for row in top)
    codes, names, countries, numbers = ([*row, *[""] * (width - len(row))] for row in top[-4:])
    title = " ".join(cell for row in top for cell in row[:1])
    end = max(k for k in range(width) if numbers[k]) + 1
    industries = [k for k in range(4, min(end, _first_final(numbers, countries))) if numbers[k]]
    columns_of = [(_country(countries[k]), codes[k]) for k in industries]
    totals = [k for k in range(4, end) if countries[k] in ("TOT", "") or codes[k] == "GO"]
    total = totals[0] if totals else None
    finals = [k for k in range(4, end) if k not in {*industries, *totals}]
    lowest = min((int(numbers[k][1:]) for k in finals if numbers[k]), default=0)
    labels = {
        k: codes[k] or _final_name(int(numbers[k][1:] or -1) - lowest, names[k]) for k in finals
    }
    final_of = [(_country(countries[k]), labels[k]) for k in finals]
    filling = Filling(codes[4:end], where, len(industries) + 10)
    kept: list[tuple[str, str, str]] = []
    for number, row in rows:
        code, name, country = (text_of(cell) for cell in (*row[:3], None, None, None)[:3])
        if not code and not name:
            continue
        if not any(cell is not None for cell in row[4:]):
            continue  # a note below the table
        filling.add(number, (country, code), row[4:end])
        kept.append((code, name, country))
    blank = [f"{filling.blank} blank cells were read as zero"] if filling.blank else []
    found = filling.values()
    year = re.search(r"(19|20)\d\d", " ".join([title, sheet, where]))
    return _table(
        where, kept, found, [k - 4 for k in industries], columns_of, [k - 4 for k in finals],
        final_of, None if total is None else total - 4, int(year.group()) if year else None, blank,
    )  # fmt: skip


def _first_final(numbers: Sequence[str], countries: Sequence[str]) -> int:
    """Column of the first final use: the first number above those of the first country.

    Industries are numbered 1 to S in every country; final uses are numbered from above S, after
    the industries of all countries.
    """
    first = countries[4]
    left = next((k for k in range(4, len(countries)) if countries[k] != first), len(countries))
    sizes = left - 4
    for k in range(4, len(countries)):
        if numbers[k] and int(numbers[k][1:]) > sizes:
            return k
    return len(countries)


def _final_name(position: int, name: str) -> str:
    return _FINAL[position] if 0 <= position < len(_FINAL) else name


def _read_csv(path: Path) -> RegionalTable:
    header = [cell.strip() for cell in peek(path, 1)[0]]
    index_columns = next((k for k, c in enumerate(header) if re.fullmatch(r"v[A-Z]{3}\d+", c)), 0)
    names = [c.casefold() for c in header[:index_columns]]
    need = ("industrycode", "industrydescription", "country", "rnr")
    if not all(name in names for name in need):
        raise UnreadableTable(f"{path.name} must have the columns {', '.join(need)} first")
    at = {name: names.index(name) for name in need}
    columns: list[Label] = []

    def split(found: list[Label]) -> list[NDArray[np.intp]]:
        columns.extend(found)
        return [np.arange(len(found), dtype=np.intp)]

    grid = read_grid(path, 1, index_columns, split=split)
    rows = [
        (label[at["industrycode"]], label[at["industrydescription"]], label[at["country"]])
        for label in grid.rows
    ]
    sector = {
        label[at["rnr"]].split(".")[0]: label[at["industrycode"]]
        for label in grid.rows
        if _below(label[at["industrycode"]], "") is None
    }
    industries, finals, total = [], [], None
    columns_of: list[Pair] = []
    final_of: list[Pair] = []
    for k, (label,) in enumerate(columns):
        match = re.fullmatch(r"v([A-Z]{3})(\d+)", label)
        if match is None:
            total = k if label.upper() == "TOT" else total
        elif match.group(2) in sector:
            industries.append(k)
            columns_of.append((_country(match.group(1)), sector[match.group(2)]))
        else:
            finals.append(k)
            position = int(match.group(2)) - max(map(int, sector)) - 1
            final_of.append((_country(match.group(1)), _final_name(position, match.group(2))))
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", path.name)
    year = int(years[0]) if years else None
    return _table(
        path.name, rows, grid.parts[0], industries, columns_of, finals, final_of, total, year, []
    )


def _table(
    where: str,
    rows: list[tuple[str, str, str]],
    values: Floats,
    industries: list[int],
    columns_of: list[Pair],
    finals: list[int],
    final_of: list[Pair],
    total: int | None,
    year: int | None,
    notes: list[str],
) -> RegionalTable:
    """Return the table of labelled rows (code, name, country) and their numbers."""
    rows_of: list[Pair] = []
    chosen: list[int] = []
    below: list[Row] = []
    named: dict[str, str] = {}
    for k, (code, name, country) in enumerate(rows):
        key = _below(code, name)
        if key is None:
            rows_of.append((_country(country), code))
            named.setdefault(code, name)
            chosen.append(k)
            continue
        _, role, label = _BELOW[key]
        if role is not None:
            below.append(Row(role, label, values[k, industries], values[k, finals]))
    sectors = list(dict.fromkeys(s for _, s in rows_of))
    if not finals:
        raise UnreadableTable(f"{where} has no final demand, found columns {shown(columns_of)}")
    blocks = Blocks(
        rows_of, columns_of, final_of, values[np.ix_(chosen, industries)],
        values[np.ix_(chosen, finals)], below, None if total is None else values[chosen, total],
        units="million USD" if year is None else f"million USD {year}", year=year,
        name=f"WIOD {year}" if year else "WIOD", notes=notes,
        coords={"sector_name": ("sector", [named[s] for s in sectors])},
    )  # fmt: skip
    return table_of_blocks(blocks, where)
