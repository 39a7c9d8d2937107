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

import pandas as pd

from io_tables.dims import UNTOLD
from io_tables.errors import UnreadableTable
from io_tables.labels import did_you_mean
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


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _header_rows(path: Path, index_columns: int) -> int:
    """Header rows of a file: one or two, told by whether the second row holds numbers."""
    head = pd.read_csv(
        path, sep=_separator(path), header=None, nrows=2, dtype=str, keep_default_na=False
    )
    cells = head.iloc[1, index_columns:].tolist() if len(head) > 1 else []
    return 1 if any(_is_number(str(c)) for c in cells) else 2


def _frame(path: Path, header: int, index_columns: int) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            path,
            sep=_separator(path),
            header=list(range(header)) if header > 1 else 0,
            index_col=list(range(index_columns)) if index_columns > 1 else 0,
            dtype=None,
            keep_default_na=False,
            na_values=[""],
        )
        return frame.astype("float64")
    except (ValueError, IndexError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableTable(
            f"{path.name} must have {header} header row(s), {index_columns} index column(s) and "
            f"numbers: {first}"
        ) from error


def _column(path: Path, index_columns: int) -> pd.Series:
    frame = _frame(path, 1, index_columns)
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
    levels = _header_rows(found["Z"], 1)
    industries = {
        name: _column(found[name], levels) if name in found else None
        for name in ("x", "exports", "taxes")
    }
    blocks = {
        name: _frame(found[name], levels, 1) if name in found else None
        for name in ("va", "imports")
    }
    y_levels = _header_rows(found["Y"], levels)
    final_imports = (
        _frame(found["final_imports"], _header_rows(found["final_imports"], 1), 1)
        if "final_imports" in found
        else None
    )
    about = _about(found.get("about"))
    year = about.get("year", [""])[0]
    return RegionalTable.from_flows(
        _frame(found["Z"], levels, levels),
        _frame(found["Y"], y_levels, levels),
        industries["x"],
        blocks["va"],
        imports=blocks["imports"],
        final_imports=final_imports,
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
