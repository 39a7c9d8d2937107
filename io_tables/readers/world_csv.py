"""Tables of the OECD (ICIO) and of Eurostat (FIGARO), as they are published in CSV.

Public names: `read_icio`, `read_figaro`.

ICIO: one header row and one index column, labels `<country>_<industry>`, columns of final demand
`<country>_HFCE` and so on (`HFCE_<country>` in the release of 2016), rows TLS (or TAXSUB) and VA
(or VALU) below the flows, OUT (or TOTAL, OUTPUT) on both sides, DISC a discrepancy. Releases that
split China and Mexico by kind of exporter (CN1, CN2, MX1, MX2) are added up to CHN and MEX.

FIGARO, matrix form: labels `<country>_<industry>`, final demand `<country>_P3_S14` and so on, rows
W2_D21X31 (taxes on products), W2_D1, W2_D29X39, W2_B2A3G (value added), W2_OP_RES and W2_OP_NRES
(purchases abroad and by non-residents: imports in nature). FIGARO, flat form: columns refArea,
rowPi, counterpartArea, colPi, obsValue. Product by product tables (CPA_) are read alike.

Sources: OECD (2021), ICIO readme; Eurostat (2022), FIGARO data format. Million USD and million
euro of the year in the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.aggregate import aggregate
from io_tables.container.checks import Floats
from io_tables.errors import UnreadableTable
from io_tables.labels import did_you_mean, shown
from io_tables.readers.blocks import Blocks, Pair, Role, Row, table_of_blocks
from io_tables.readers.grid import Label, read_grid, refuse_huge, separator_of
from io_tables.table import RegionalTable

ICIO_FINAL: Final = frozenset(
    ["HFCE", "NPISH", "NPS", "GGFC", "GFCF", "INVNT", "INV", "DIRP", "DPABR", "P33", "FD", "NONRES"]
)
_TOTALS: Final = frozenset(["OUT", "TOTAL", "OUTPUT", "TOT"])
_FIGARO_FINAL: Final = re.compile(r"P\d")
_FIGARO_ROWS: Final[dict[str, Role]] = {
    "D21X31": "taxes",
    "OP_RES": "imports",
    "OP_NRES": "imports",
    "D1": "primary",
    "D29X39": "primary",
    "B2A3G": "primary",
}
_PARTS: Final = {"CHN": ("CN1", "CN2", "CN3", "CN4"), "MEX": ("MX1", "MX2", "MX3")}
_COMPLETE: Final = 1e-5
"""Largest relative gap of sales and costs in a flat file that leaves figures out."""
Place = tuple[str, str, str]
"""What a column is ("industry", "final", "output", "discrepancy"), its region, its code."""


def _year(path: Path) -> int | None:
    """Return the last year in a file's name."""
    found = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", path.name)
    return int(found[-1]) if found else None


def _icio_column(label: str) -> Place:
    if label.upper() in _TOTALS:
        return "output", "", label
    if label.upper().startswith("DISC"):
        return "discrepancy", "", label
    first, _, rest = label.partition("_")
    if rest in ICIO_FINAL:
        return "final", first, rest
    if first in ICIO_FINAL and rest:
        return "final", rest, first
    return "industry", first, rest


def _figaro_column(label: str) -> Place:
    first, _, rest = label.partition("_")
    if label.upper() in _TOTALS:
        return "output", "", label
    return ("final" if _FIGARO_FINAL.match(rest) else "industry"), first, rest


def _icio_row(label: str) -> tuple[Role, str] | None:
    upper = label.upper()
    if upper == "TLS" or "TAX" in upper:
        return "taxes", label
    if upper in ("VA", "VALU") or upper.endswith("_VALU"):
        return "primary", "value added"
    return None


def _figaro_row(label: str) -> tuple[Role, str] | None:
    code = label.partition("_")[2] or label
    return (_FIGARO_ROWS[code], code) if code in _FIGARO_ROWS else None


def _matrix(
    path: Path,
    column_of: Callable[[str], Place],
    row_of: Callable[[str], tuple[Role, str] | None],
    units: str,
    title: str,
) -> RegionalTable:
    """Return the table of a file with one header row and one index column."""
    places: list[Place] = []

    def split(columns: list[Label]) -> list[NDArray[np.intp]]:
        places.extend(column_of(label[0]) for label in columns)
        if not any(kind == "industry" and code for kind, _, code in places):
            raise UnreadableTable(
                f"{path.name} must have columns <country>_<industry>, found "
                f"{shown([label[0] for label in columns])}"
            )
        odd = [
            c[0] for c, p in zip(columns, places, strict=True) if p[0] == "industry" and not p[2]
        ]
        if odd:
            raise UnreadableTable(f"{path.name} has columns of unknown meaning: {shown(odd)}")
        return [
            np.flatnonzero([kind == wanted for kind, _, _ in places])
            for wanted in ("industry", "final", "output", "discrepancy")
        ]

    grid = read_grid(path, 1, 1, split=split)
    columns_of = [(r, s) for kind, r, s in places if kind == "industry"]
    final_of = [(r, s) for kind, r, s in places if kind == "final"]
    known = set(columns_of)
    industry_rows: list[int] = []
    rows_of: list[Pair] = []
    rows: dict[tuple[Role, str], Row] = {}
    unknown: list[str] = []
    printed: Floats | None = None
    for k, (label,) in enumerate(grid.rows):
        first, _, rest = label.partition("_")
        special = row_of(label)
        if (first, rest) in known:
            industry_rows.append(k)
            rows_of.append((first, rest))
        elif special is not None:
            role, name = special
            row = Row(
                role, "taxes" if role == "taxes" else name, grid.parts[0][k], grid.parts[1][k]
            )
            above = rows.get((role, row.name))
            rows[role, row.name] = row if above is None else _added(above, row)
        elif label.upper() in _TOTALS:
            printed = grid.parts[0][k]
        else:
            unknown.append(label)
    if unknown:
        near = did_you_mean(unknown[0], [grid_row[0] for grid_row in grid.rows[:1]])
        raise UnreadableTable(f"{path.name} has rows of unknown meaning: {shown(unknown)}{near}")
    first_rows = industry_rows == list(range(len(industry_rows)))
    chosen = slice(0, len(industry_rows)) if first_rows else industry_rows
    flows, final = grid.parts[0][chosen], grid.parts[1][chosen]
    total, other = grid.parts[2][chosen], grid.parts[3][chosen]
    output = total[:, 0] if total.shape[1] else None
    if output is None and printed is not None and columns_of == rows_of:
        output = printed
    discrepancy = other.sum(axis=1) if other.shape[1] else None
    return table_of_blocks(
        Blocks(
            rows_of, columns_of, final_of, flows, final, list(rows.values()), output,
            discrepancy=discrepancy, units=units, year=_year(path), name=f"{title} {path.stem}",
            sources={"discrepancy": f"the discrepancy column of {path.name}"},
        ),
        path.name,
    )  # fmt: skip


def _added(above: Row, row: Row) -> Row:
    return Row(above.role, above.name, above.industries + row.industries, above.final + row.final)


def read_icio(path: Path) -> RegionalTable:
    """Read an OECD inter-country table from its CSV file.

    Raises
    ------
    UnreadableTable
        When rows or columns are missing, found twice or of unknown meaning.
    InvalidTable, UnbalancedTable
        When the figures are not those of a table.
    """
    table = _matrix(path, _icio_column, _icio_row, _units("million USD", path), "OECD ICIO")
    groups = {
        part: whole
        for whole, parts in _PARTS.items()
        for part in parts
        if whole in table.regions and part in table.regions
    }
    if not groups:
        return table
    added = aggregate(table, regions={r: groups.get(r, r) for r in table.regions})
    note = (
        f"kinds of exporters were added up: {', '.join(f'{p} to {w}' for p, w in groups.items())}"
    )
    notes = "\n".join([*added.notes, note])
    return RegionalTable(added.data.assign_attrs(notes=notes), added.kind)


def _units(money: str, path: Path) -> str:
    year = _year(path)
    return money if year is None else f"{money} {year}"


def read_figaro(path: Path) -> RegionalTable:
    """Read a FIGARO table from its CSV file, in matrix or in flat form.

    Raises
    ------
    UnreadableTable
        When rows or columns are missing, found twice or of unknown meaning.
    InvalidTable, UnbalancedTable
        When the figures are not those of a table.
    """
    units = _units("million euro", path)
    names = pd.read_csv(path, nrows=0, sep=separator_of(path), encoding="utf-8-sig").columns
    folded = {str(n).strip().casefold(): str(n) for n in names}
    wanted = ("refarea", "rowpi", "counterpartarea", "colpi", "obsvalue")
    if not all(name in folded for name in wanted):
        return _matrix(path, _figaro_column, _figaro_row, units, "FIGARO")
    return _flat(path, [folded[name] for name in wanted], units)


def _flat(path: Path, names: list[str], units: str) -> RegionalTable:
    """Return the table of the flat form: one row a figure."""
    kinds: dict[str, str] = {**dict.fromkeys(names[:4], "category"), names[4]: "str"}
    long = pd.read_csv(
        path, sep=separator_of(path), usecols=names, encoding="utf-8-sig", keep_default_na=False,
        dtype=kinds,
    )[names]  # fmt: skip
    value = pd.to_numeric(long[names[4]], errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(value).all():
        at = np.flatnonzero(~np.isfinite(value))
        places = [f"line {k + 2} ({long[names[4]].iloc[k]!r})" for k in at.tolist()]
        raise UnreadableTable(f"{path.name}: values must be numbers, found {shown(places)}")
    keys = [long[name].astype(str).to_numpy() for name in names[:4]]
    row_codes, column_codes = pd.unique(keys[1]), pd.unique(keys[3])
    sectors = [code for code in row_codes if code in set(column_codes)]
    finals = [code for code in column_codes if code not in set(row_codes)]
    specials = [code for code in row_codes if code not in set(column_codes)]
    regions = list(pd.unique(keys[2]))
    unknown = [code for code in specials if code not in _FIGARO_ROWS]
    if unknown or not sectors or not finals:
        what = (
            f"rows of unknown meaning: {shown(unknown)}" if unknown else "no flows or no final use"
        )
        raise UnreadableTable(f"{path.name} has {what}")
    n_sectors, n_finals = len(sectors), len(finals)
    n, width = len(regions) * n_sectors, len(regions) * n_finals
    refuse_huge(n, n + width, path.name)
    outside = sorted(set(keys[0][np.isin(keys[1], sectors)]) - set(regions))
    if outside:
        raise UnreadableTable(f"{path.name}: regions that sell but never buy: {shown(outside)}")
    position = {r: k for k, r in enumerate(regions)}
    code = {c: k for k, c in enumerate(sectors)} | {c: k for k, c in enumerate(finals)}
    buyer = np.array([position[r] for r in keys[2]])
    column = np.array([code[c] for c in keys[3]])
    for_final = np.isin(keys[3], finals)
    at = np.where(for_final, n + buyer * n_finals + column, buyer * n_sectors + column)
    sold = np.isin(keys[1], sectors)
    seller = np.array([position[r] for r in keys[0][sold]]) * n_sectors
    row = seller + np.array([code[c] for c in keys[1][sold]])
    repeated = pd.Series(row * (n + width) + at[sold]).duplicated().to_numpy()
    if repeated.any():
        where = [" / ".join(k[sold][repeated][i] for k in keys) for i in range(int(repeated.sum()))]
        raise UnreadableTable(f"{path.name}: flows listed twice: {shown(where)}")
    flows, final = np.zeros((n, n)), np.zeros((n, width))
    inner = at[sold] < n
    flows[row[inner], at[sold][inner]] = value[sold][inner]
    final[row[~inner], at[sold][~inner] - n] = value[sold][~inner]
    rows = []
    for name in specials:
        chosen = keys[1] == name
        line = np.zeros(n + width)
        np.add.at(line, at[chosen], value[chosen])
        rows.append(Row(_FIGARO_ROWS[name], name, line[:n], line[n:]))
    industries = [(r, s) for r in regions for s in sectors]
    if len(long) < (n + len(specials)) * (n + width):
        _refuse_incomplete(path, flows, final, rows, industries)
    columns = [(r, c) for r in regions for c in finals]
    blocks = Blocks(
        industries, industries, columns, flows, final, rows, units=units, year=_year(path),
        name=f"FIGARO {path.stem}",
    )  # fmt: skip
    return table_of_blocks(blocks, path.name)


def _refuse_incomplete(
    path: Path, flows: Floats, final: Floats, rows: Sequence[Row], industries: Sequence[Pair]
) -> None:
    """Refuse a flat file that leaves figures out which were not zero: costs then miss sales."""
    sold = flows.sum(axis=1) + final.sum(axis=1)
    spent = flows.sum(axis=0) + sum(row.industries for row in rows)
    gap = np.abs(spent - sold) > _COMPLETE * (np.abs(sold) + np.abs(spent))
    if gap.any():
        places = [
            (*industries[k], f"sells {sold[k]:.8g}, spends {spent[k]:.8g}")
            for k in np.flatnonzero(gap).tolist()
        ]
        raise UnreadableTable(
            f"{path.name} leaves figures out that are not zero: sales and costs of an industry "
            f"must be equal, not so for {shown(places)}; is the file complete?"
        )
