"""Folders that pymrio has saved, and the world tables that it knows.

Public names: `read_pymrio`, `write_pymrio`, `read_exiobase3`, `read_eora26`, `read_gloria`.

A folder of text files is read here, in pieces, with what its file_parameters.json says; neither A
(where there is Z) nor L nor anything computed is read. Archives (.zip) and Parquet go through
pymrio (extra "pymrio"). Pickled folders are refused: loading them could run any code.

EXIOBASE 3 is such a folder or archive. Eora26 (folder or archive, basic prices before purchasers')
and GLORIA (folder with its archives and read-me) are parsed by pymrio; version and year are told
from the names of the files.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pandas as pd

from io_tables.errors import UnreadableTable
from io_tables.extras import require
from io_tables.labels import shown
from io_tables.pymrio_bridge import from_pymrio, to_pymrio
from io_tables.readers.grid import read_grid
from io_tables.table import RegionalTable

PARAMETERS: Final = "file_parameters.json"
_CORE: Final = ("Z", "Y", "x", "population")
_ACCOUNT: Final = ("F", "F_Y", "F_hh", "FY")
_ISO3: Final = {
    "AUS": "AU", "AUT": "AT", "BEL": "BE", "BGR": "BG", "BRA": "BR", "CAN": "CA", "CHE": "CH",
    "CHN": "CN", "CYP": "CY", "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE",
    "FIN": "FI", "FRA": "FR", "GBR": "GB", "GRC": "GR", "HRV": "HR", "HUN": "HU", "IDN": "ID",
    "IND": "IN", "IRL": "IE", "ITA": "IT", "JPN": "JP", "KOR": "KR", "LTU": "LT", "LUX": "LU",
    "LVA": "LV", "MEX": "MX", "MLT": "MT", "NLD": "NL", "NOR": "NO", "POL": "PL", "PRT": "PT",
    "ROM": "RO", "RUS": "RU", "SVK": "SK", "SVN": "SI", "SWE": "SE", "TUR": "TR", "TWN": "TW",
    "USA": "US", "ZAF": "ZA", "WWA": "WA", "WWE": "WE", "WWF": "WF", "WWL": "WL", "WWM": "WM",
}  # fmt: skip


def _parameters(folder: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads((folder / PARAMETERS).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableTable(f"{folder.name}/{PARAMETERS} is not what pymrio writes") from error
    if not isinstance(found, dict) or not all(isinstance(v, dict) for v in found.values()):
        raise UnreadableTable(f"{folder.name}/{PARAMETERS} must list files")
    return found


def _index(labels: list[tuple[str, ...]], names: tuple[str, ...]) -> pd.Index:
    told = [name or None for name in names]
    if labels and len(labels[0]) == 1:
        return pd.Index([label[0] for label in labels], name=told[0] if told else None)
    return pd.MultiIndex.from_tuples(labels, names=told if len(told) == len(labels[0]) else None)


def _read(folder: Path, key: str, about: dict[str, str]) -> pd.DataFrame:
    """One frame of a folder, by its entry in the parameters."""
    name = str(about.get("name", ""))
    path = folder / name
    try:
        header, index_columns = int(about["nr_header"]), int(about["nr_index_col"])
    except (KeyError, ValueError) as error:
        raise UnreadableTable(f"{folder.name}/{PARAMETERS}: {key} needs nr_header") from error
    if Path(name).name != name or not path.is_file():
        raise UnreadableTable(f"folder {folder.name} must hold {name}, which {PARAMETERS} lists")
    if path.suffix.lower() in (".parquet", ".par", ".parq"):
        require("pyarrow", "parquet", f"reading {name}")
        return pd.read_parquet(path)
    if path.suffix.lower() in (".pkl", ".pickle"):
        raise UnreadableTable(
            f"{name} is pickled; loading it could run any code: save it with table_format='txt'"
        )
    if key == "unit":
        return pd.read_csv(
            path, sep="\t", index_col=list(range(index_columns)), dtype=str, keep_default_na=False
        )
    grid = read_grid(path, header, index_columns, separator="\t")
    return pd.DataFrame(
        grid.parts[0],
        index=_index(grid.rows, grid.row_names),
        columns=_index(grid.columns, grid.column_names),
        copy=False,
    )


def _system(folder: Path) -> SimpleNamespace:
    """Return what a folder holds that a table needs."""
    files = _parameters(folder)
    core: list[str] = [key for key in (*_CORE, "unit") if key in files]
    if "Z" not in files and "A" in files:
        core.append("A")
    found: dict[str, Any] = {key: _read(folder, key, files[key]) for key in core}
    for sub in sorted(folder.iterdir()):
        if not (sub / PARAMETERS).is_file():
            continue
        inner = _parameters(sub)
        account = {k: _read(sub, k, inner[k]) for k in (*_ACCOUNT, "unit") if k in inner}
        final = next((account[k] for k in ("F_Y", "FY", "F_hh") if k in account), None)
        found[sub.name] = {"F": account.get("F"), "F_Y": final, "unit": account.get("unit")}
    meta = folder / "metadata.json"
    name = folder.name
    if meta.is_file():
        try:
            name = str(json.loads(meta.read_text(encoding="utf-8")).get("name") or name)
        except (ValueError, AttributeError):
            name = folder.name
    return SimpleNamespace(**found, name=name)


def _through_pymrio(path: Path, parse: Callable[[Any], Any]) -> RegionalTable:
    """Return what a parser of pymrio makes of a path."""
    pymrio = require("pymrio", "pymrio", f"reading {path.name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pymrio's own deprecations are not the user's
            system = parse(pymrio)
    except Exception as error:  # a parser meets damaged files in any way it likes
        raise UnreadableTable(f"pymrio cannot read {path.name}: {error}") from error
    return from_pymrio(system, copy=False)


def read_pymrio(path: Path) -> RegionalTable:
    """Read a folder or archive that pymrio has saved.

    Raises
    ------
    UnreadableTable
        When files are missing, damaged or pickled.
    MissingExtra
        For an archive when pymrio is not installed.
    InvalidTable, UnbalancedTable
        As for `io_tables.pymrio_bridge.from_pymrio`.
    """
    if path.is_dir():
        return from_pymrio(_system(path), copy=False)
    wanted = [*_CORE, "unit", "F", "F_Y"]

    def parse(pymrio: Any) -> Any:
        system = pymrio.load_all(path, subset=wanted)
        if getattr(system, "Z", None) is None:
            system = pymrio.load_all(path, subset=[*wanted, "A"])
        return system

    return _through_pymrio(path, parse)


def write_pymrio(table: RegionalTable, folder: str | Path) -> Path:
    """Write a table as a folder of text files that pymrio loads; return the folder.

    A pooled table is spelled out and is read back as an explicit one: pymrio has no pooled form.

    Raises
    ------
    MissingExtra
        When pymrio is not installed.
    """
    target = Path(folder)
    to_pymrio(table).save_all(target, table_format="txt", float_format="%.17g")
    return target


def read_exiobase3(path: Path) -> RegionalTable:
    """Read EXIOBASE 3 from its folder or archive; country codes of three letters become two.

    Raises
    ------
    UnreadableTable, MissingExtra, InvalidTable, UnbalancedTable
        As for `read_pymrio`.
    """
    if not path.is_dir():
        return _through_pymrio(path, lambda pymrio: pymrio.parse_exiobase3(path))
    system = _system(path)
    for name in (*_CORE, "A", "unit"):
        frame = getattr(system, name, None)
        if isinstance(frame, pd.DataFrame):
            setattr(system, name, frame.rename(index=_ISO3, columns=_ISO3))
    for account in vars(system).values():
        if isinstance(account, dict):
            for key in ("F", "F_Y"):
                if account.get(key) is not None:
                    account[key] = account[key].rename(columns=_ISO3)
    return from_pymrio(system, copy=False)


def _one(values: set[str], what: str, path: Path) -> str:
    if len(values) != 1:
        found = shown(sorted(values)) or "none"
        raise UnreadableTable(f"{path.name} must hold {what} of one year, found {found}")
    return next(iter(values))


def _names(path: Path) -> list[str]:
    return [p.name for p in path.iterdir()] if path.is_dir() else [path.name]


def read_eora26(path: Path) -> RegionalTable:
    """Read Eora26 from its folder or archive through pymrio.

    Raises
    ------
    UnreadableTable, MissingExtra, InvalidTable, UnbalancedTable
        As for `read_pymrio`.
    """
    found = [re.match(r"Eora26_(\d{4})_(bp|pp)", name) for name in _names(path)]
    year = _one({m.group(1) for m in found if m}, "Eora26 files", path)
    prices = {m.group(2) for m in found if m}
    price = "bp" if "bp" in prices else "pp"
    return _through_pymrio(
        path, lambda pymrio: pymrio.parse_eora26(path, year=int(year), price=price)
    )


def read_gloria(path: Path) -> RegionalTable:
    """Read GLORIA from a folder with its archives and read-me through pymrio.

    Raises
    ------
    UnreadableTable, MissingExtra, InvalidTable, UnbalancedTable
        As for `read_pymrio`.
    """
    found = [re.match(r"GLORIA_MRIOs_(\w+?)_(\d{4})", name) for name in _names(path)]
    version = _one({m.group(1) for m in found if m}, "GLORIA_MRIOs", path)
    year = _one({m.group(2) for m in found if m}, "GLORIA_MRIOs", path)
    number: int | str = int(version) if version.isdigit() else version
    return _through_pymrio(
        path, lambda pymrio: pymrio.parse_gloria(path, year=int(year), version=number)
    )
