"""Tables as one long file, CSV or Parquet.

Public names: `write_tidy`, `tidy_frame`; reading is `io_tables.readers.tidy`. Parquet needs
pyarrow (extra "parquet"). Zeros are left out; rows come in the order of the table.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.container.checks import Floats
from io_tables.container.flows import CELLS
from io_tables.container.portable import describe
from io_tables.errors import MissingTable
from io_tables.extras import require
from io_tables.readers.tidy_coding import KEYS, Coding, coding_of
from io_tables.table import RegionalTable

MARK: Final = "#"
PIECE_CELLS: Final = 250_000
"""Cells written at a time: what memory holds beside the table."""
Coded = list[tuple[list[str], NDArray[np.intp]]]
"""Labels and codes of the four columns."""


def _coded(
    table: RegionalTable,
) -> Iterator[tuple[list[tuple[list[str], NDArray[np.intp]]], Floats]]:
    """Labels and codes of the four columns, with values; zeros are left out."""
    coding = coding_of(describe(table))
    coding.check()
    order = sorted(coding.variables, key=lambda name: name != "output")
    for name in order:
        if name == CELLS[0]:
            yield from _coded_cells(table, coding)
            continue
        values = table.data[name].values
        columns = coding.columns_of(name)
        dictionaries = [
            [prefix + label for label in labels]
            for prefix, labels in (coding.label(name, k) for k in range(4))
        ]
        every = values.reshape(-1)
        for first in range(0, every.size, PIECE_CELLS):
            flat = first + np.flatnonzero(every[first : first + PIECE_CELLS])
            at = np.unravel_index(flat, values.shape)
            codes = [np.zeros(len(flat), dtype=np.intp) for _ in KEYS]
            for axis, column in enumerate(columns):
                codes[column] = at[axis]
            yield list(zip(dictionaries, codes, strict=True)), every[flat]


def _coded_cells(
    table: RegionalTable, coding: Coding
) -> Iterator[tuple[list[tuple[list[str], NDArray[np.intp]]], Floats]]:
    """Labels, codes and values of sparse flows, some at a time."""
    cells, rows, columns = (table.data[name].values for name in CELLS)
    n = len(coding.sectors)
    for first in range(0, len(cells), PIECE_CELLS):
        part = slice(first, first + PIECE_CELLS)
        ends = [
            np.divmod(found[part].astype(np.intp), n) for found in (rows, columns)
        ]  # (region, sector) of both
        labels = (coding.regions, coding.sectors)
        coded = [pair for codes in ends for pair in zip(labels, codes, strict=True)]
        yield coded, cells[part]


def tidy_frame(table: RegionalTable) -> pd.DataFrame:
    """Return all flows of a table that are not zero as one long frame."""
    pieces = []
    for coded, values in _coded(table):
        keys = {
            key: pd.Categorical.from_codes(codes, categories=pd.Index(labels))
            if len(set(labels)) == len(labels)
            else np.array(labels, dtype=object)[codes]
            for key, (labels, codes) in zip(KEYS, coded, strict=True)
        }
        pieces.append(pd.DataFrame({**keys, "value": values}).astype(dict.fromkeys(KEYS, str)))
    return pd.concat(pieces, ignore_index=True)


def write_tidy(table: RegionalTable, path: str | Path) -> Path:
    """Write a table as one long file, Parquet by the name .parquet and else CSV; return the path.

    Raises
    ------
    InvalidTable
        When sectors are called like words of the format.
    MissingExtra
        For Parquet when pyarrow is not installed.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise MissingTable(f"cannot write {target.name}: no folder {target.parent}")
    text = json.dumps(describe(table), ensure_ascii=False)
    part = target.with_name(target.name + ".part")
    try:
        if target.suffix.lower() in (".parquet", ".pq"):
            _write_parquet(table, part, text)
        elif target.name.lower().endswith(".gz"):
            with gzip.open(part, "wt", encoding="utf-8", newline="") as lines:
                _write_csv(table, cast("IO[str]", lines), text)
        else:
            with part.open("w", encoding="utf-8", newline="") as lines:
                _write_csv(table, lines, text)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _write_csv(table: RegionalTable, lines: IO[str], text: str) -> None:
    lines.write(f"{MARK} regional table {' '.join(table.name.split())} in {table.unit}\n")
    lines.write(f"{MARK} {text}\n")
    lines.write(",".join([*KEYS, "value"]) + "\n")
    for coded, values in _coded(table):
        keys = {
            key: np.array(labels, dtype=object)[codes]
            for key, (labels, codes) in zip(KEYS, coded, strict=True)
        }
        frame = pd.DataFrame({**keys, "value": values})
        frame.to_csv(lines, index=False, header=False, lineterminator="\n")


def _write_parquet(table: RegionalTable, part: Path, text: str) -> None:
    arrow = require("pyarrow", "parquet", "writing Parquet")
    parquet = require("pyarrow.parquet", "parquet", "writing Parquet")
    kind = arrow.dictionary(arrow.int32(), arrow.string())
    fields = [arrow.field(key, kind) for key in KEYS] + [arrow.field("value", arrow.float64())]
    schema = arrow.schema(fields, metadata={"hinterland": text})
    with parquet.ParquetWriter(part, schema) as writer:
        for coded, values in _coded(table):
            if not len(values):
                continue
            arrays = [
                arrow.DictionaryArray.from_arrays(codes.astype(np.int32), labels)
                for labels, codes in coded
            ]
            writer.write_table(
                arrow.Table.from_arrays([*arrays, arrow.array(values)], schema=schema)
            )
