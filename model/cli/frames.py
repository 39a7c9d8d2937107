"""The CSV files a user gives beside a table: totals, costs, groups, figures by region and sector.

Owns the question: what do the labels and numbers of this file mean?

Public names
------------
``read_matrix``     labels down and across, one or two levels
``read_totals``     label (one or two columns) and number
``read_figures``    rows by columns, wide or long
``read_costs``      one cost matrix or several by name
``read_groups``     label, group, weight; or a concordance with labels down and groups across
``read_names``      label and name
``number_or_file``  "1.5", or a file of label and number
``read_places``     places with parent, size and whatever else is told

Commas, semicolons or tabs; UTF-8. Labels are text ("01" stays "01"). Every failure of a file is one
sentence with the rows and columns, at most five. Blank cells are refused unless said otherwise.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.errors import MissingTable, UnreadableTable
from io_tables.labels import did_you_mean, duplicates, shown

__all__ = [
    "number_or_file",
    "read_costs",
    "read_figures",
    "read_groups",
    "read_matrix",
    "read_names",
    "read_places",
    "read_totals",
]

SECOND_LABELS: Final = frozenset(
    ("sector", "category", "region_to", "to", "destination", "place_to", "city_to")
)
"""Heads of a second column of labels: the file is long, one number a row and column."""


class _Raw(NamedTuple):
    """Rows of a file as text, all of one width, with the number of each in the file."""

    heads: list[str]
    rows: list[list[str]]
    name: str


def _read(path: Path) -> _Raw:
    if not path.exists():
        near = ""
        if path.parent.is_dir():
            near = did_you_mean(path.name, [one.name for one in path.parent.iterdir()])
        raise MissingTable(f"no file {path}{near}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
            separator = max(",;\t", key=first.count)
            lines.seek(0)
            rows = [row for row in csv.reader(lines, delimiter=separator) if any(row)]
    except UnicodeDecodeError as error:
        raise UnreadableTable(
            f"{path.name} must be CSV in UTF-8, byte {error.start} is not; save it as CSV UTF-8"
        ) from None
    except (OSError, csv.Error) as error:
        raise UnreadableTable(f"{path.name} cannot be read as CSV: {error}") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise UnreadableTable(f"{path.name} must have a row of heads, then labels and numbers")
    width = len(rows[0])
    odd = [str(n) for n, row in enumerate(rows, 1) if len(row) != width]
    if odd:
        raise UnreadableTable(
            f"{path.name}: every row must have {width} cells as the first has, not so in row "
            f"{shown(odd)}"
        )
    return _Raw([cell.strip() for cell in rows[0]], rows[1:], path.name)


def _numbers(
    cells: Sequence[Sequence[str]],
    rows: Sequence[object],
    columns: Sequence[object],
    name: str,
    *,
    blank: bool = False,
) -> NDArray[np.float64]:
    """Numbers of text cells; what is none is named by row and column."""
    shape = len(rows), len(columns)
    try:  # all at once; only a file with something else in it is looked through cell by cell
        plain = np.array(cells, dtype=np.float64)
    except ValueError:
        plain = np.full(shape, np.nan)
    if np.isfinite(plain).all():
        return plain.reshape(shape)
    flat = pd.Series([cell.strip() for row in cells for cell in row], dtype=object)
    values = pd.to_numeric(flat, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~np.isfinite(values)
    if blank:
        wrong &= (flat != "").to_numpy()
    if wrong.any():
        where = [
            f"{_label(rows[k // shape[1]])} / {_label(columns[k % shape[1]])} ({flat[k]!r})"
            for k in np.flatnonzero(wrong).tolist()
        ]
        raise UnreadableTable(f"{name} must hold numbers, found otherwise at {shown(where)}")
    return values.reshape(shape)


def _label(label: object) -> str:
    return " / ".join(label) if isinstance(label, tuple) else str(label)


def _refuse_twice(labels: Sequence[object], what: str, name: str) -> None:
    twice = duplicates(labels)
    if twice:
        raise UnreadableTable(f"{name}: {what} must be unique, found twice: {shown(twice)}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _index(labels: list[tuple[str, ...]]) -> pd.Index:
    if labels and len(labels[0]) == 1:
        return pd.Index([label[0] for label in labels])
    return pd.MultiIndex.from_tuples(labels)


def read_matrix(path: Path) -> pd.DataFrame:
    """Read a matrix; two header rows and two label columns when the second cell of row two says so.

    Raises
    ------
    MissingTable, UnreadableTable
        When the file is not there or is no matrix.
    """
    raw = _read(path)
    second = raw.rows[0][1].strip()
    two = not raw.heads[1] or (bool(second) and not _is_number(second))
    k = 2 if two else 1
    heads = [raw.heads, *raw.rows[: k - 1]]
    body = [row for row in raw.rows[k - 1 :] if any(row[k:])]  # pandas adds a row of names only
    across = [tuple(row[j].strip() for row in heads) for j in range(k, len(raw.heads))]
    down = [tuple(cell.strip() for cell in row[:k]) for row in body]
    _refuse_twice(down, "rows", raw.name)
    _refuse_twice(across, "columns", raw.name)
    values = _numbers([row[k:] for row in body], down, across, raw.name)
    return pd.DataFrame(values, index=_index(down), columns=_index(across))


def read_totals(path: Path) -> pd.Series[float]:
    """Read labels, in one column or two, and a number in the last column."""
    raw = _read(path)
    width = len(raw.heads)
    if width > 3:
        raise UnreadableTable(f"{raw.name} must have labels and one number, found {width} columns")
    down = [tuple(cell.strip() for cell in row[:-1]) for row in raw.rows]
    _refuse_twice(down, "labels", raw.name)
    values = _numbers([row[-1:] for row in raw.rows], down, raw.heads[-1:], raw.name)
    return pd.Series(values[:, 0], index=_index(down))


def read_figures(path: Path, *, blank: bool = False) -> pd.DataFrame:
    """Read numbers by row and column: wide, or long with two columns of labels and one number.

    Parameters
    ----------
    path
        The file.
    blank
        Whether cells may be blank, or pairs missing; they become NaN.
    """
    raw = _read(path)
    if raw.heads[1].casefold() in SECOND_LABELS:
        if len(raw.heads) != 3:
            raise UnreadableTable(f"{raw.name} must have two columns of labels and one of numbers")
        return _pivot(raw, blank=blank)[raw.heads[2]]
    down = [row[0].strip() for row in raw.rows]
    _refuse_twice(down, "rows", raw.name)
    _refuse_twice(raw.heads[1:], "columns", raw.name)
    values = _numbers([row[1:] for row in raw.rows], down, raw.heads[1:], raw.name, blank=blank)
    return pd.DataFrame(values, index=down, columns=raw.heads[1:])


def _pivot(raw: _Raw, *, blank: bool) -> dict[str, pd.DataFrame]:
    """Frames by name of a long file: two columns of labels, then one of numbers each."""
    pairs = [(row[0].strip(), row[1].strip()) for row in raw.rows]
    _refuse_twice(pairs, "pairs", raw.name)
    down, across = (list(dict.fromkeys(pair[n] for pair in pairs)) for n in (0, 1))
    if len(pairs) != len(down) * len(across) and not blank:
        found = set(pairs)
        lacking = [(r, c) for r in down for c in across if (r, c) not in found]
        raise UnreadableTable(f"{raw.name} must tell every pair, missing: {shown(lacking)}")
    values = _numbers([row[2:] for row in raw.rows], pairs, raw.heads[2:], raw.name, blank=blank)
    at_row, at_column = ({label: n for n, label in enumerate(names)} for names in (down, across))
    where = [at_row[r] for r, _ in pairs], [at_column[c] for _, c in pairs]
    frames = {}
    for n, head in enumerate(raw.heads[2:]):
        cells = np.full((len(down), len(across)), np.nan)
        cells[where] = values[:, n]
        frames[head] = pd.DataFrame(cells, index=down, columns=across)
    return frames


def read_costs(words: Sequence[str]) -> pd.DataFrame | dict[str, pd.DataFrame]:
    """Read costs from ``FILE`` or from several ``NAME=FILE``.

    Returns
    -------
    One frame, or frames by name when there are several files or a long file with several numbers.
    """
    named: dict[str, pd.DataFrame] = {}
    for word in words:
        name, _, file = word.partition("=") if not Path(word).exists() else ("", "", word)
        path = Path(file or name)
        raw = _read(path)
        if len(raw.heads) > 2 and raw.heads[1].casefold() in SECOND_LABELS:
            found = _pivot(raw, blank=False)
        else:
            found = {"cost": read_figures(path)}
        if len(found) == 1:
            found = {name if file and name else path.stem: next(iter(found.values()))}
        twice = [one for one in found if one in named]
        if twice:
            raise UnreadableTable(f"--cost: names must differ, found twice: {shown(twice)}")
        named |= found
    return next(iter(named.values())) if len(named) == 1 else named


def read_groups(path: Path) -> pd.DataFrame:
    """Read a grouping or concordance, as `io_tables.aggregate` takes it."""
    raw = _read(path)
    width = len(raw.heads)
    first = [row[0].strip() for row in raw.rows]
    named = raw.heads[1].casefold() == "group" or not _is_number(raw.rows[0][1].strip())
    if width == 2 or (width == 3 and named):
        frame = pd.DataFrame({"label": first, "group": [row[1].strip() for row in raw.rows]})
        if width == 3:
            weights = _numbers([row[2:] for row in raw.rows], first, raw.heads[2:], raw.name)
            frame["weight"] = weights[:, 0]
        return frame
    _refuse_twice(first, "labels", raw.name)
    cells = [[cell or "0" for cell in row[1:]] for row in raw.rows]
    values = _numbers(cells, first, raw.heads[1:], raw.name)
    return pd.DataFrame(values, index=first, columns=raw.heads[1:])


def read_names(path: Path) -> dict[str, str]:
    """Read label and name, such as a sector and the cost it follows."""
    raw = _read(path)
    if len(raw.heads) != 2:
        raise UnreadableTable(f"{raw.name} must have two columns, found {len(raw.heads)}")
    _refuse_twice([row[0].strip() for row in raw.rows], "labels", raw.name)
    return {row[0].strip(): row[1].strip() for row in raw.rows}


def number_or_file(text: str) -> float | Mapping[str, float]:
    """Return the number a word is, or label and number from the file that it names."""
    if _is_number(text):
        return float(text)
    totals = read_totals(Path(text))
    return {str(label): float(value) for label, value in totals.items()}


def read_places(path: Path) -> pd.DataFrame:
    """Read places: label, then columns such as parent, size, population; text stays text."""
    raw = _read(path)
    labels = [row[0].strip() for row in raw.rows]
    _refuse_twice(raw.heads, "heads", raw.name)
    frame = pd.DataFrame(index=pd.Index(labels, name=raw.heads[0]))
    for n, head in enumerate(raw.heads[1:], 1):
        cells = [row[n].strip() for row in raw.rows]
        if head in ("size", "population"):
            frame[head] = _numbers([[cell] for cell in cells], labels, [head], raw.name)[:, 0]
        else:
            frame[head] = cells
    for wanted in ("parent", "size"):
        if wanted not in frame.columns:
            near = did_you_mean(wanted, raw.heads)
            raise UnreadableTable(f"{raw.name} must have a column {wanted!r}{near}")
    return frame
