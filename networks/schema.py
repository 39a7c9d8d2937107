"""Which columns the tables of a network have, and what may stand in them.

Public names
------------
read_schema : the schema table (``table, variable, dtype, units, default, bounds, choices, ...``)
conform : a user's frame -> a frame with every column, typed, plus all complaints
units_of : units of the variables of one table

Terms
-----
``default`` is ``required`` when a column must be given. ``bounds`` are an interval with ``;``
between its ends, a round bracket leaving the end out. ``choices`` are words, blank-separated.
"""

import functools
import importlib.resources
import io

import numpy as np
import pandas as pd

from networks.labels import did_you_mean

SHOWN = 5


@functools.cache
def read_schema() -> pd.DataFrame:
    """Return the schema of nodes, links and skims; a shared table, to be read only."""
    text = importlib.resources.files("networks").joinpath("schema.csv").read_text(encoding="utf-8")
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def units_of(table: str) -> dict[str, str]:
    """Return ``{variable: units}`` for ``"nodes"``, ``"links"`` or ``"skim"``."""
    schema = read_schema()
    rows = schema[schema["table"] == table]
    return dict(zip(rows["variable"], rows["units"], strict=True))


def _listed(labels: list[str]) -> str:
    shown = ", ".join(labels[:SHOWN])
    return f"{shown} and {len(labels) - SHOWN} more" if len(labels) > SHOWN else shown


def _typed(column: pd.Series, dtype: str) -> tuple[pd.Series, list[str]]:
    """Return the column as its dtype, and the labels where that failed."""
    if column.dtype == bool and dtype == "bool":
        return column, []
    if dtype == "str" and isinstance(column.dtype, pd.StringDtype) and not column.hasnans:
        return column, []  # typed by an earlier network: an edit need not read it all again
    if column.dtype == np.float64 and dtype == "float":
        infinite = np.isinf(column.to_numpy())
        return column, [str(v) for v in column.index[infinite]]
    if dtype == "float":
        numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
        blank = column.isna() | column.astype(str).str.strip().str.casefold().isin(["", "nan"])
        bad = (numbers.isna() & ~blank) | np.isinf(numbers)
        return numbers, [str(v) for v in column.index[bad.to_numpy(dtype=bool)]]
    if dtype == "bool":
        words = column.astype(str).str.strip().str.casefold()
        truth = words.isin(["true", "1", "1.0", "yes"])
        bad = ~truth & ~words.isin(["false", "0", "0.0", "no"])
        return truth.astype(bool), [str(v) for v in column.index[bad.to_numpy(dtype=bool)]]
    return column.astype(object).where(column.notna(), "").astype(str).str.strip(), []


def _outside(values: pd.Series, bounds: str) -> pd.Series:
    low, high = (float(v) for v in bounds[1:-1].split(";"))
    below = values < low if bounds[0] == "[" else values <= low
    above = values > high if bounds[-1] == "]" else values >= high
    return below | above


def conform(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame with the columns and dtypes of the schema, and what is wrong with it.

    Parameters
    ----------
    frame
        Nodes or links, keyed by their index or by a column ``node`` / ``link``.
    table
        ``"nodes"`` or ``"links"``.

    Returns
    -------
    tuple of DataFrame and list of str
        The frame (a copy, in schema order; complete only when the list is empty) and one complaint
        per rule that is broken, each with labels.
    """
    schema = read_schema()
    rows = schema[schema["table"] == table].set_index("variable")
    key = str(rows.index[0])
    problems: list[str] = []
    if key in frame.columns:
        frame = frame.set_index(key)
    labels, _ = _typed(pd.Series(frame.index), "str")
    index = pd.Index(labels.to_numpy(dtype=object), name=key).astype(str)
    frame = frame.set_axis(index, axis=0)
    if len(blank := [str(i) for i in np.flatnonzero(index == "")]):
        problems.append(f"every row of {table} needs a {key} key; none in row {_listed(blank)}")
    if not index.is_unique:
        twice = [str(v) for v in index[index.duplicated()].unique()]
        problems.append(f"{key} keys must be unique; given more than once: {_listed(twice)}")
    columns = {}
    known = [str(v) for v in rows.index[1:]]
    for unknown in [str(c) for c in frame.columns if c not in known]:
        problems.append(
            f"{table} has no column {unknown!r}{did_you_mean(unknown, known)}; "
            f"the columns are {', '.join(known)}"
        )
    for name in known:
        rule = rows.loc[name]
        dtype, default = str(rule["dtype"]), str(rule["default"])
        if name not in frame.columns:
            if default == "required":
                problems.append(f"{table} must have a column {name!r}")
                continue
            given = pd.Series([default] * len(index), index=index, dtype=object)
        else:
            given = frame[name]
            if default not in ("required", "", "nan"):
                blank_cells = given.isna()
                if given.dtype not in (np.dtype(bool), np.dtype(np.float64)):
                    blank_cells |= given.astype(str).str.strip() == ""
                if blank_cells.any():  # else the column is left typed, as an edit found it
                    given = given.astype(object).where(~blank_cells, default)
        column, bad = _typed(given, dtype)
        if bad:
            problems.append(f"{table}.{name} must be {dtype}; it is not at {_listed(bad)}")
        elif default == "required" and (
            empty := [
                str(v)
                for v in index[(column.isna() if dtype == "float" else column == "").to_numpy()]
            ]
        ):
            problems.append(f"{table}.{name} must be given; it is missing at {_listed(empty)}")
        if dtype == "float" and rule["bounds"]:
            outside = _outside(column, str(rule["bounds"])).to_numpy(dtype=bool)
            if outside.any():
                where = [f"{k} ({v:g})" for k, v in column[outside].items()]
                span = str(rule["bounds"]).replace(";", ", ")
                problems.append(f"{table}.{name} must lie in {span}; found {_listed(where)}")
        if rule["choices"]:
            choices = str(rule["choices"]).split()
            wrong = ~column.isin(choices) & (column != "")
            if wrong.any():
                where = [f"{k} ({v!r})" for k, v in column[wrong].items()]
                problems.append(
                    f"{table}.{name} must be one of {', '.join(choices)}; found {_listed(where)}"
                )
        columns[name] = column
    return pd.DataFrame(columns, index=index), problems
