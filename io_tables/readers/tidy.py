"""Tables from one long file, CSV or Parquet.

Public names: `read_tidy`; writing is `io_tables.readers.tidy_write`. Parquet needs pyarrow (extra
"parquet").

One row a flow: `region_from, sector_from, region_to, sector_to, value`; `tidy_coding` says what
the labels of each kind of flow are. A file made by hand needs flows between industries and final
demand; it may have exports, imports, primary inputs and taxes, and a column `unit` with one value.
Flows that are not listed are zero; a flow listed twice is refused. Output is the row total.

A file written here begins with two lines of "#" (in Parquet: metadata) with units, labels and
order, and is read back exactly, pooled tables as pooled ones and sparse ones as sparse ones. Files
are read in pieces, twice where the labels are not told at the beginning, so that memory holds the
table and little more. Of a large file that lists few of its flows a sparse table is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from io_tables.container.checks import Floats
from io_tables.container.flows import CELLS
from io_tables.container.portable import check_description, rebuild, shape_of
from io_tables.dims import IMPORT_PRODUCT
from io_tables.errors import UnreadableTable
from io_tables.extras import require
from io_tables.labels import SHOWN, did_you_mean, shown
from io_tables.readers.grid import not_utf8, open_text, refuse_huge, separator_of
from io_tables.readers.tidy_coding import (
    FINAL,
    IMPORT,
    KEYS,
    LITERALS,
    PREFIXES,
    PRIMARY,
    STRESSOR,
    Coding,
    coding_of,
)
from io_tables.table import RegionalTable

PIECE_ROWS: Final = 20_000
"""Rows read at a time: what memory holds beside the table."""
SPARSE_ROWS: Final = 1_000
SPARSE_PART: Final = 10
"""Tables with that many industries, of whose flows at most one in so many is listed, are sparse."""
_MARK: Final = "#"
_FORGIVEN: Final = {
    "from_region": "region_from",
    "from_sector": "sector_from",
    "to_region": "region_to",
    "to_sector": "sector_to",
    "units": "unit",
    "flow": "value",
}
Pieces = Callable[[], Iterator[pd.DataFrame]]


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _columns(names: list[str], where: str) -> dict[str, str]:
    """Name in the file by the name that is meant."""
    forgiven = {_FORGIVEN.get(n.strip().lower(), n.strip().lower()): n for n in names}
    lacking = [c for c in (*KEYS, "value") if c not in forgiven]
    if lacking:
        near = did_you_mean(lacking[0], names)
        raise UnreadableTable(
            f"{where} must have the columns {', '.join([*KEYS, 'value'])}, missing: "
            f"{', '.join(lacking)}{near}"
        )
    return forgiven


def _csv_pieces(path: Path) -> tuple[dict[str, Any] | None, Pieces]:
    """Return the description at the head of a CSV file, and its rows in pieces."""
    head: list[str] = []
    try:
        with open_text(path) as lines:
            for line in lines:
                if not line.startswith(_MARK):
                    first = line
                    break
                head.append(line[1:].strip())
            else:
                raise UnreadableTable(f"{path.name} has no rows")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    description = _description(next((h for h in head if h.startswith("{")), None), path.name)
    separator = separator_of(path) if not head else max(",;\t", key=first.count)
    names = pd.read_csv(
        path, sep=separator, skiprows=len(head), nrows=0, encoding="utf-8-sig"
    ).columns.astype(str)
    columns = _columns(list(names), path.name)
    wanted = [columns[c] for c in (*KEYS, "value", "unit") if c in columns]

    def pieces() -> Iterator[pd.DataFrame]:
        with pd.read_csv(
            path, sep=separator, skiprows=len(head), dtype=str, keep_default_na=False,
            chunksize=PIECE_ROWS, usecols=wanted, encoding="utf-8-sig",
        ) as opened:  # fmt: skip
            for piece in opened:
                yield piece.rename(columns={v: k for k, v in columns.items()})

    return description, pieces


def _parquet_pieces(path: Path) -> tuple[dict[str, Any] | None, Pieces]:
    parquet = require("pyarrow.parquet", "parquet", f"reading {path.name}")
    try:
        opened = parquet.ParquetFile(path, pre_buffer=False)
    except Exception as error:  # pyarrow raises its own errors
        raise UnreadableTable(f"{path.name} is not a readable Parquet file: {error}") from error
    metadata = opened.schema_arrow.metadata or {}
    text = metadata.get(b"hinterland")
    description = _description(text.decode() if text else None, path.name)
    columns = _columns(list(opened.schema_arrow.names), path.name)
    wanted = [columns[c] for c in (*KEYS, "value", "unit") if c in columns]
    back = {v: k for k, v in columns.items()}

    def pieces() -> Iterator[pd.DataFrame]:
        with parquet.ParquetFile(path, pre_buffer=False) as again:
            for batch in again.iter_batches(PIECE_ROWS, columns=wanted):
                yield batch.to_pandas(self_destruct=True).rename(columns=back)

    return description, pieces


def _description(text: str | None, where: str) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableTable(f"{where}: its second line is damaged ({error})") from error
    return check_description(found, where)


def _codes(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Codes and distinct labels of a key column, stripped."""
    codes, distinct = pd.factorize(column)
    labels = [str(label).strip() for label in distinct]
    if (codes < 0).any():  # missing values stand for blanks
        codes, labels = np.where(codes < 0, len(labels), codes), [*labels, ""]
    return codes.astype(np.intp), labels


def _values(piece: pd.DataFrame, first: int, where: str) -> Floats:
    column = piece["value"]
    if column.dtype.kind == "f":
        numbers = column.to_numpy(dtype=np.float64)
    else:
        text = column.astype(str)
        try:
            numbers = np.fromiter(map(float, text), dtype=np.float64, count=len(text))
        except ValueError:
            numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        at = np.flatnonzero(~np.isfinite(numbers))
        places = [f"line {first + k + 2} ({column.iloc[k]!r})" for k in at.tolist()]
        raise UnreadableTable(f"{where}: values must be numbers, found {shown(places)}")
    return numbers


def _canonical(label: str) -> str:
    """Return a label with its prefix or word in lower case."""
    lower = label.casefold()
    if lower in LITERALS.values():
        return lower
    prefix = next((p for p in PREFIXES if lower.startswith(p)), "")
    return prefix + label[len(prefix) :].strip() if prefix else label


def _scan(pieces: Pieces, where: str) -> tuple[Coding, str, int]:
    """Labels of a file in the order of their first row, its unit and the number of its rows."""
    rows = 0
    seen: dict[str, dict[str, None]] = {key: {} for key in KEYS}
    units: dict[str, None] = {}
    placed = False
    for piece in pieces():
        rows += len(piece)
        for key in KEYS:
            for label in _codes(piece[key])[1]:
                seen[key].setdefault(_canonical(label))
        if "unit" in piece:
            units |= dict.fromkeys(map(str, piece["unit"].unique()))
        final = piece["sector_to"].astype(str).str.strip().str.lower().str.startswith(FINAL)
        placed = placed or bool((final & (piece["region_to"].astype(str).str.strip() != "")).any())
    words = set(LITERALS.values())
    sectors = {
        label: None
        for key in ("sector_from", "sector_to")
        for label in seen[key]
        if label and label not in words and not label.startswith(PREFIXES)
    }
    regions = {r: None for key in ("region_from", "region_to") for r in seen[key] if r}

    def tail(key: str, prefix: str) -> list[str]:
        return [
            label[len(prefix) :]
            for label in seen[key]
            if label.startswith(prefix) and label not in words
        ]

    categories, imports = tail("sector_to", FINAL), tail("sector_from", IMPORT)
    if not sectors or not regions or not categories:
        raise UnreadableTable(
            f"{where}: a table needs flows between industries and final demand (sector_to "
            f"'{FINAL}<category>')"
        )
    if len(units) > 1:
        raise UnreadableTable(f"{where}: one unit is needed, found {shown(units)}")
    by_product = set(imports) <= set(sectors)
    product = "sector_from" if by_product else IMPORT_PRODUCT
    place = ("region",) if placed else ()
    variables: dict[str, tuple[str, ...]] = {
        "flows": ("region_from", "sector_from", "region_to", "sector_to"),
        "final_demand": ("region", "sector", *(("region_to",) if placed else ()), "category"),
    }
    words_from, words_to = set(seen["sector_from"]), set(seen["sector_to"])
    for name in ("exports", "discrepancy", "output"):
        if LITERALS[name] in words_to:
            variables[name] = ("region", "sector")
    if imports:
        variables["imported_use"] = (product, "region", "sector")
        last = "sector" if by_product else IMPORT_PRODUCT
        variables["imported_demand"] = (*place, last, "category")
    if LITERALS["taxes"] in words_from:
        variables["taxes"] = ("region", "sector")
        variables["final_taxes"] = (*place, "category")
    if tail("sector_from", PRIMARY):
        variables["value_added"] = ("primary", "region", "sector")
    if tail("sector_from", STRESSOR):
        variables["stressor_use"] = ("stressor", "region", "sector")
        variables["stressor_demand"] = ("stressor", *place, "category")
    if LITERALS["population"] in words_from:
        variables["population"] = ("region",)
    coding = Coding(
        list(regions), list(sectors), categories, tail("sector_from", PRIMARY),
        list(sectors) if by_product else imports, tail("sector_from", STRESSOR), variables,
    )  # fmt: skip
    return coding, next(iter(units), "money"), rows


class _Cells:
    """Flows of a sparse table, collected from the rows of a file."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._flat: list[NDArray[np.int64]] = []
        self._values: list[Floats] = []

    def add(self, flat: NDArray[np.intp], values: Floats) -> None:
        """Keep cells by their position row * N + column."""
        self._flat.append(flat.astype(np.int64))
        self._values.append(values)

    def arrays(self, coding: Coding, where: str) -> dict[str, NDArray[Any]]:
        """Variables of sparse flows, sorted; cells that are listed twice are refused."""
        flat = np.concatenate([*self._flat, np.zeros(0, dtype=np.int64)])
        values = np.concatenate([*self._values, np.zeros(0)])
        self._flat, self._values = [], []
        if not (np.diff(flat) > 0).all():
            order = np.argsort(flat, kind="stable")
            flat, values = flat[order], values[order]
            again = flat[1:][np.diff(flat) == 0]
            if len(again):
                ends = [divmod(int(cell), self._n) for cell in again[:SHOWN]]
                twice = [self._pair(one, coding) + self._pair(two, coding) for one, two in ends]
                raise UnreadableTable(f"{where}: flows listed twice: {shown(twice)}")
        rows, columns = np.divmod(flat, self._n)
        return dict(zip(CELLS, (values, rows.astype(np.int32), columns.astype(np.int32)),
                        strict=True))  # fmt: skip

    @staticmethod
    def _pair(position: int, coding: Coding) -> tuple[str, str]:
        region, sector = divmod(position, len(coding.sectors))
        return coding.regions[region], coding.sectors[sector]


def _fill(
    coding: Coding,
    shapes: dict[str, tuple[int, ...]],
    pieces: Pieces,
    where: str,
    *,
    sparse: str | None = None,
) -> dict[str, NDArray[Any]]:
    """Arrays of all variables; `sparse` is the one whose cells are kept as a sparse table does."""
    n = len(coding.regions) * len(coding.sectors)
    cells = _Cells(n)
    shapes = {name: shape for name, shape in shapes.items() if name not in (sparse, *CELLS)}
    for name, shape in shapes.items():
        refuse_huge(
            int(np.prod(shape[: (len(shape) + 1) // 2])),
            int(np.prod(shape[(len(shape) + 1) // 2 :])),
            f"{name} of {where}",
        )
    arrays = {name: np.zeros(shape) for name, shape in shapes.items()}
    listed = {name: np.zeros(shape, dtype=bool) for name, shape in shapes.items()}
    known = {key: coding.classes(key) for key in KEYS}
    first = 0
    for piece in pieces():
        values = _values(piece, first, where)
        positions: list[NDArray[np.intp]] = []
        names: list[list[str]] = []
        classes: list[NDArray[np.intp]] = []
        for key in KEYS:
            codes, labels = _codes(piece[key])
            found = [known[key].get(label) or known[key].get(_canonical(label)) for label in labels]
            unknown = [label for label, one in zip(labels, found, strict=True) if one is None]
            if unknown:
                near = did_you_mean(unknown[0], list(known[key]))
                raise UnreadableTable(f"{where}: unknown {key} {shown(unknown)}{near}")
            told = [one for one in found if one is not None]
            distinct = sorted({one[0] for one in told})
            number = {name: k for k, name in enumerate(distinct)}
            names.append(distinct)
            classes.append(np.array([number[one[0]] for one in told], dtype=np.intp)[codes])
            positions.append(np.array([one[1] for one in told], dtype=np.intp)[codes])
        combined = classes[0]
        for distinct, found_classes in zip(names[1:], classes[1:], strict=True):
            combined = combined * len(distinct) + found_classes
        for code in np.unique(combined).tolist():
            chosen = combined == code
            first_row = int(chosen.argmax())
            signature = tuple(names[k][classes[k][first_row]] for k in range(len(KEYS)))
            if signature[3] in ("exports", "discrepancy"):
                signature = (signature[0], signature[1], "", signature[3])
            if signature not in coding.signatures:
                row = piece[list(KEYS)].iloc[first_row].tolist()
                raise UnreadableTable(
                    f"{where}: a row is not a flow of a table, found {' / '.join(map(str, row))}; "
                    "see io_tables.readers.tidy_coding for what rows may say"
                )
            name, columns = coding.signatures[signature]
            at = tuple(positions[k][chosen] for k in columns)
            if name == sparse:
                grid = (len(coding.regions), len(coding.sectors)) * 2
                cells.add(np.ravel_multi_index(at, grid), values[chosen])
                continue
            flat = np.ravel_multi_index(at, arrays[name].shape)
            again = listed[name].reshape(-1)[flat]
            again |= pd.Series(flat).duplicated().to_numpy()
            if again.any():
                rows = piece.loc[chosen, list(KEYS)][again].astype(str)
                twice = [tuple(row) for row in rows.itertuples(index=False)]
                raise UnreadableTable(f"{where}: flows listed twice: {shown(twice)}")
            listed[name].reshape(-1)[flat] = True
            arrays[name].reshape(-1)[flat] = values[chosen]
        first += len(piece)
    return arrays if sparse is None else {**arrays, **cells.arrays(coding, where)}


def read_tidy(path: Path) -> RegionalTable:
    """Read a table from one long file, CSV or Parquet.

    Raises
    ------
    UnreadableTable
        When columns are missing, values are not numbers, flows are listed twice or rows make no
        sense.
    MissingExtra
        For Parquet when pyarrow is not installed.
    InvalidTable, UnbalancedTable
        As for `RegionalTable.from_flows`.
    """
    try:
        description, pieces = _parquet_pieces(path) if _is_parquet(path) else _csv_pieces(path)
        if description is not None:
            coding = coding_of(description)
            shapes = {name: shape_of(description, name) for name in description["variables"]}
            sparse = CELLS[0] if CELLS[0] in coding.variables else None
            arrays = _fill(coding, shapes, pieces, path.name, sparse=sparse)
            return rebuild(description, arrays, where=path.name)
        coding, unit, rows = _scan(pieces, path.name)
        return _assembled(coding, unit, rows, pieces, path)
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    except (ValueError, OSError, EOFError) as error:
        if isinstance(error, UnreadableTable) or type(error).__module__.startswith("io_tables"):
            raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableTable(f"{path.name} is not a CSV file: {first}") from error


def _assembled(coding: Coding, unit: str, listed: int, pieces: Pieces, path: Path) -> RegionalTable:
    """Return the table of a file that has no description and lists so many flows."""
    sizes = {
        "region": coding.regions, "region_from": coding.regions, "region_to": coding.regions,
        "sector": coding.sectors, "sector_from": coding.sectors, "sector_to": coding.sectors,
        "category": coding.categories, "primary": coding.primaries,
        "import_product": coding.imports, "stressor": coding.stressors,
    }  # fmt: skip
    shapes = {n: tuple(len(sizes[d]) for d in dims) for n, dims in coding.variables.items()}
    n = len(coding.regions) * len(coding.sectors)
    few = n >= SPARSE_ROWS and listed * SPARSE_PART <= n**2
    arrays = _fill(coding, shapes, pieces, path.name, sparse="flows" if few else None)
    flows: Any
    if few:
        cells, found = arrays[CELLS[0]], (arrays[CELLS[1]], arrays[CELLS[2]])
        flows = sp.csr_array((cells, found), shape=(n, n))
    else:
        flows = arrays["flows"].reshape(n, n)
    columns: pd.Index = pd.Index(coding.categories)
    if "region_to" in coding.variables["final_demand"]:
        columns = pd.MultiIndex.from_product([coding.regions, coding.categories])

    def rows(name: str, labels: list[str], across: pd.Index | None = None) -> pd.DataFrame | None:
        if name not in arrays:
            return None
        dims = coding.variables[name]
        cube = arrays[name]
        if name == "imported_demand" and len(dims) == 3:
            cube = cube.transpose(1, 0, 2)
        return pd.DataFrame(cube.reshape(len(labels), -1), index=labels, columns=across)

    final_taxes = arrays.get("final_taxes")
    return RegionalTable.from_flows(
        flows,
        pd.DataFrame(arrays["final_demand"].reshape(n, -1), columns=columns),
        arrays.get("output"),
        rows("value_added", coding.primaries),
        imports=rows("imported_use", coding.imports),
        final_imports=rows("imported_demand", coding.imports, columns),
        taxes=arrays["taxes"].reshape(-1) if "taxes" in arrays else None,
        final_taxes=pd.DataFrame(final_taxes.reshape(1, -1), columns=columns)
        if final_taxes is not None and final_taxes.any()
        else None,
        exports=arrays["exports"].reshape(-1) if "exports" in arrays else None,
        discrepancy=arrays["discrepancy"].reshape(-1) if "discrepancy" in arrays else None,
        population=arrays.get("population"),
        stressors=rows("stressor_use", coding.stressors),
        stressor_demand=rows("stressor_demand", coding.stressors, columns),
        regions=coding.regions,
        sectors=coding.sectors,
        units=unit,
        name=path.stem,
        copy=False,
    )
