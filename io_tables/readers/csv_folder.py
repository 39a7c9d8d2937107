"""Tables from a folder of CSV files, and back.

Public names: `read_csv_folder`, `write_csv_folder`.

    Z.csv               two header rows and two index columns (region, sector)
    Y.csv               rows as Z, two header rows (region, category); one row: categories only
    x.csv, exports.csv, taxes.csv          rows as Z, one column
    va.csv, imports.csv                    one index column, columns as Z
    final_imports.csv                      one index column, columns as Y
    population.csv, employment.csv         region and persons
    about.csv           key, value: name, units, year, notes

Only Z and Y are needed. Names are forgiven: upper or lower case, .txt and .tsv (tabs, as pymrio
writes them), "value_added" for "va". A table of one region may have one header row and one index
column of sectors throughout.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from io_tables.dims import UNTOLD
from io_tables.errors import UnreadableTable
from io_tables.labels import did_you_mean, shown
from io_tables.table import RegionalTable

_SUFFIXES: Final = (".csv", ".csv.gz", ".txt", ".tsv")
_NAMES: Final = {
    "Z": ("z", "flows", "intermediate"),
    "Y": ("y", "final_demand"),
    "x": ("x", "output"),
    "va": ("va", "value_added", "v"),
    "imports": ("imports", "m"),
    "final_imports": ("final_imports", "imported_demand"),
    "exports": ("exports", "e"),
    "taxes": ("taxes", "product_taxes"),
    "population": ("population",),
    "employment": ("employment", "jobs"),
    "about": ("about",),
}


def _stem(path: Path) -> str | None:
    name = path.name.lower()
    return next((name[: -len(s)] for s in _SUFFIXES if name.endswith(s)), None)


def _find(folder: Path) -> dict[str, Path]:
    stems: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), reverse=True):  # .csv before .txt
        stem = _stem(path)
        if path.is_file() and stem is not None:
            stems[stem] = path
    found: dict[str, Path] = {}
    for name, spellings in _NAMES.items():
        for spelling in spellings:
            if spelling in stems:
                found.setdefault(name, stems[spelling])
    lacking = [name for name in ("Z", "Y") if name not in found]
    if lacking:
        near = did_you_mean(f"{lacking[0]}.csv", [p.name for p in folder.iterdir()])
        raise UnreadableTable(
            f"folder {folder.name} must hold Z.csv and Y.csv, missing: "
            f"{', '.join(f'{n}.csv' for n in lacking)}{near}"
        )
    return found


def _separator(path: Path) -> str:
    return "\t" if path.name.lower().endswith((".txt", ".tsv")) else ","


def _cells(path: Path) -> pd.DataFrame:
    """All cells as text, so that codes such as 01 stay what they are."""
    try:
        return pd.read_csv(
            path, sep=_separator(path), header=None, dtype=str, keep_default_na=False,
            skip_blank_lines=True, encoding="utf-8-sig",
        )  # fmt: skip
    except (ValueError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableTable(f"{path.name} is not a CSV file: {first}") from error


def _levels(path: Path) -> int:
    """Levels of the labels of Z: two, unless the second cell of its second row is a number."""
    cells = _cells(path)
    if min(cells.shape) < 2:
        raise UnreadableTable(f"{path.name} must have labels on both sides, found {cells.shape}")
    return 1 if pd.notna(pd.to_numeric(pd.Series(cells.iat[1, 1]), errors="coerce")[0]) else 2


def _frame(path: Path, header: int | None, index_columns: int, n_rows: int) -> pd.DataFrame:
    """Labelled numbers of a file.

    `header` is the number of header rows; None tells it from `n_rows`, the rows there must be.
    A row of level names below two header rows, as pandas writes it, is left out.
    """
    cells = _cells(path)
    if header is None:
        header = 1 if len(cells) == n_rows + 1 else 2
    if len(cells) <= header or cells.shape[1] <= index_columns:
        raise UnreadableTable(
            f"{path.name} must have {header} header row(s), {index_columns} index column(s) and "
            f"numbers, found {len(cells)} rows and {cells.shape[1]} columns"
        )
    body = cells.iloc[header:]
    if header == 2 and (body.iloc[0, index_columns:] == "").all():
        body = body.iloc[1:]
    text = body.iloc[:, index_columns:]
    values = text.apply(pd.to_numeric, errors="coerce")
    wrong = values.isna().to_numpy() & (text != "").to_numpy()
    if wrong.any():
        where = [
            f"row {body.index[i] + 1} ({text.iat[i, j]!r})" for i, j in np.argwhere(wrong).tolist()
        ]
        raise UnreadableTable(f"{path.name} must hold numbers, found {shown(where)}")
    index = _index([body.iloc[:, k].tolist() for k in range(index_columns)])
    columns = _index([cells.iloc[k, index_columns:].tolist() for k in range(header)])
    return pd.DataFrame(values.to_numpy(dtype="float64"), index=index, columns=columns)


def _index(levels: list[list[str]]) -> pd.Index:
    stripped = [[label.strip() for label in level] for level in levels]
    return pd.MultiIndex.from_arrays(stripped) if len(stripped) > 1 else pd.Index(stripped[0])


def _column(path: Path, index_columns: int) -> pd.Series:
    frame = _frame(path, 1, index_columns, 0)
    if frame.shape[1] != 1:
        raise UnreadableTable(
            f"{path.name} must have one column of numbers, found {frame.shape[1]}"
        )
    return frame.iloc[:, 0]


def _about(path: Path | None) -> dict[str, list[str]]:
    about: dict[str, list[str]] = {}
    if path is not None:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.reader(lines):
                if len(row) >= 2 and row[0] != "key":
                    about.setdefault(row[0].strip().lower(), []).append(row[1].strip())
    return about


def read_csv_folder(path: Path) -> RegionalTable:
    """Read an explicit table from a folder of CSV files.

    Raises
    ------
    UnreadableTable
        When Z or Y is missing, or a file has another shape than the module says.
    InvalidTable, UnbalancedTable
        As for `RegionalTable.from_flows`.
    """
    found = _find(path)
    levels = _levels(found["Z"])
    flows = _frame(found["Z"], levels, levels, 0)
    demand = _frame(found["Y"], None, levels, len(flows))
    industries = {
        name: _column(found[name], levels) if name in found else None
        for name in ("x", "exports", "taxes")
    }
    blocks = {
        name: _frame(found[name], rows, 1, 0) if name in found else None
        for name, rows in (
            ("va", levels),
            ("imports", levels),
            ("final_imports", demand.columns.nlevels),
        )
    }
    about = _about(found.get("about"))
    year = about.get("year", [""])[0]
    return RegionalTable.from_flows(
        flows,
        demand,
        industries["x"],
        blocks["va"],
        imports=blocks["imports"],
        final_imports=blocks["final_imports"],
        taxes=industries["taxes"],
        exports=industries["exports"],
        population=_column(found["population"], 1) if "population" in found else None,
        employment=_column(found["employment"], 1) if "employment" in found else None,
        units=about.get("units", ["money"])[0],
        year=int(year) if year.isdigit() else None,
        name=about.get("name", [path.name])[0],
        notes=about.get("notes", []),
    )


def write_csv_folder(table: RegionalTable, folder: str | Path) -> Path:
    """Write a table as a folder of CSV files; return the folder.

    A pooled table is written with every cell spelled out and is read back as an explicit one.
    Numbers are written with all their digits.

    Raises
    ------
    TableTooLarge
        When a pooled table is too large to be spelled out.
    """
    target = Path(folder)
    table = table.explicit()
    frames: dict[str, pd.DataFrame | pd.Series] = {
        "Z": table.Z,
        "Y": table.Y,
        "x": table.x,
        "va": table.va,
    }
    if "imported_use" in table.data:
        frames["imports"] = table.imports
    if "imported_demand" in table.data:
        frames["final_imports"] = _by_product(table)
    if "taxes" in table.data:
        frames["taxes"] = table.taxes
    for name in ("population", "employment"):
        if name in table.data and table.data[name].dims == ("region",):
            frames[name] = pd.Series(table.data[name].values, index=table.regions, name=name)
    target.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        part = target / f"{name}.csv.part"
        frame.to_csv(part, float_format=None)
        part.replace(target / f"{name}.csv")
    rows = [("name", table.name), ("units", table.unit)]
    rows += [("year", str(table.year))] if table.year is not None else []
    rows += [("notes", note) for note in table.notes]
    with (target / "about.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("key", "value"), *rows])
    return target


def _by_product(table: RegionalTable) -> pd.DataFrame:
    """Return imports for final use with products in rows and columns as in Y."""
    block = table.data["imported_demand"]
    row_dim = str(block.dims[-2])
    cube = block.values if "region" in block.dims else block.values[None]
    places = table.regions if "region" in block.dims else [UNTOLD]
    columns = pd.MultiIndex.from_product([places, table.categories], names=["region", "category"])
    values = cube.transpose(1, 0, 2).reshape(cube.shape[1], -1)
    return pd.DataFrame(values, index=block[row_dim].values.tolist(), columns=columns)
