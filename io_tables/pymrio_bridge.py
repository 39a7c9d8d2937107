"""Between `RegionalTable` and the systems of pymrio.

Public names: `from_pymrio`, `to_pymrio`. Only `to_pymrio` needs pymrio (extra "pymrio"):
`from_pymrio` takes anything with the attributes Z or A, Y or x.

    pymrio                               table
    Z, or A with x or Y                  flows; output is x, else row sums, else (I - A)^-1 Y 1
    Y                                    final demand, exports, discrepancy by category
    extension factor_inputs (or VA ...)  value added, rows in the unit of Z
    extension imports, product_taxes     imports and taxes on products
    other extensions, F and F_Y          stressors with their part of final demand
    unit                                 units of money and of each stressor
    population                           population

Index names, the order of industries and the names and rows of extensions are kept beside the
table, so that a system that came from pymrio goes back as it was (to 1e-12). Neither L nor a
dense inverse is ever formed; A alone takes one dense solve for one vector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from io_tables.container.checks import Floats, raise_collected
from io_tables.dims import DISCREPANCY, EXPORTS, ONE_CATEGORY
from io_tables.errors import InvalidTable
from io_tables.labels import shown
from io_tables.output import half_units, negative_note, settled_output
from io_tables.pymrio_export import EMPLOYMENT, IMPORTS, LAYOUT, TAXES, to_pymrio
from io_tables.table import RegionalTable

__all__ = ["from_pymrio", "to_pymrio"]

VALUE_ADDED: Final = (
    "factor_inputs", "factor_input", "factorinputs", "value_added", "va", "primary_inputs",
)  # fmt: skip
LONGEST_ORDER: Final = 5000
"""Industries up to which an order that is not region-major is kept."""


@dataclass(frozen=True)
class Account:
    """An extension, whatever it came as."""

    name: str
    F: pd.DataFrame | None
    F_Y: pd.DataFrame | None
    unit: pd.DataFrame | None

    def units(self, fallback: str) -> list[str]:
        """Return the unit of every row of F."""
        assert self.F is not None
        if self.unit is None or len(self.unit) != len(self.F):
            return [fallback] * len(self.F)
        return [str(u) for u in self.unit.iloc[:, 0]]


def _accounts(io: Any) -> list[Account]:
    """Extensions of a system: objects or dicts with F."""
    found: list[Account] = []
    for name, value in vars(io).items():
        get = value.get if isinstance(value, Mapping) else lambda k, v=value: getattr(v, k, None)
        if name.startswith("_") or isinstance(value, pd.DataFrame | pd.Series | str | int | float):
            continue
        flows, per_output = get("F"), get("S")
        if isinstance(flows, pd.DataFrame):
            found.append(Account(name, flows, get("F_Y"), get("unit")))
        elif isinstance(per_output, pd.DataFrame):
            x = _output(io)
            scaled = None if x is None else per_output * np.asarray(x, dtype=np.float64).reshape(-1)
            found.append(Account(name, scaled, get("F_Y"), get("unit")))
    return found


def _output(io: Any) -> Floats | None:
    x = getattr(io, "x", None)
    return None if x is None else np.asarray(x, dtype=np.float64).reshape(-1)


def _flows(io: Any) -> tuple[pd.DataFrame, pd.DataFrame, Floats | None]:
    """Z, Y and printed output of a system."""
    Z, A, Y = (getattr(io, name, None) for name in ("Z", "A", "Y"))
    x = _output(io)
    if Z is None and A is None:
        raise InvalidTable("a system needs Z or A, this one has neither")
    if Y is None and x is None:
        raise InvalidTable("a system needs Y or x beside Z or A, this one has neither")
    if Z is None:
        assert A is not None
        if x is None:
            demand = np.asarray(Y, dtype=np.float64).sum(axis=1)
            x = np.linalg.solve(np.eye(len(A)) - np.asarray(A, dtype=np.float64), demand)
        Z = pd.DataFrame(np.asarray(A, dtype=np.float64) * x, index=A.index, columns=A.columns)
    if Y is None:
        assert x is not None
        rest = x - np.asarray(Z, dtype=np.float64).sum(axis=1)
        Y = pd.DataFrame({ONE_CATEGORY: rest}, index=Z.index)
    return Z, Y, x


def _flat_labels(index: pd.Index) -> list[str]:
    return [" | ".join(map(str, v)) if isinstance(v, tuple) else str(v) for v in index]


def _levels(index: pd.Index) -> list[str]:
    """Labels of every row as JSON, so that its levels can be told apart again."""
    rows = [list(map(str, v)) if isinstance(v, tuple) else [str(v)] for v in index]
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def _money(io: Any, failures: list[str]) -> str:
    unit = getattr(io, "unit", None)
    if unit is None or not len(unit):
        return "money"
    found = sorted({str(u) for u in np.asarray(unit).reshape(-1)})
    if len(found) > 1:
        failures.append(f"money must be in one unit, found {shown(found)}: convert the rows of Z")
    return found[0]


def from_pymrio(
    io: Any, *, value_added: str | Sequence[str] | None = None, copy: bool = True
) -> RegionalTable:
    """Take a pymrio system over as a table.

    Parameters
    ----------
    io
        A `pymrio.IOSystem`, or any object with Z or A and with Y or x. Extensions may be
        `pymrio.Extension` or dicts with F, F_Y, unit; F_Y may be missing.
    value_added
        Name(s) of the extension that holds value added; found by its name when left out, () for
        none, in which case the remainder of every column is value added.
    copy
        False lets the table share the memory of Z, which then must not change.

    Returns
    -------
    An explicit table. `notes` say what was read as value added and which negative flows were kept.

    Raises
    ------
    InvalidTable
        When the system lacks flows or final demand, or mixes units of money.
    UnbalancedTable
        When x is not the total of the rows.
    """
    failures: list[str] = []
    Z, Y, x = _flows(io)
    money = _money(io, failures)
    accounts = _accounts(io)
    chosen = _chosen_value_added(accounts, value_added, failures)
    raise_collected(InvalidTable, failures, "from_pymrio")
    if not isinstance(Z.index, pd.MultiIndex):
        Z = Z.set_axis(pd.MultiIndex.from_product([["all regions"], Z.index]), axis=0)
        Z = Z.set_axis(Z.index, axis=1)
    numbers = np.asarray(Z, dtype=np.float64)
    final = np.asarray(Y, dtype=np.float64)
    settled = settled_output(
        numbers.sum(axis=1) + final.sum(axis=1), x, Z.index, "the system",
        rounding=half_units(numbers, final),
    )  # fmt: skip
    notes = [*settled.notes, *negative_note(numbers)]
    va, va_rows, rest = _split_value_added(accounts, chosen, money, notes)
    by_name = {account.name: account for account in accounts}
    imports, taxes = by_name.get(IMPORTS), by_name.get(TAXES)
    jobs = by_name.get(EMPLOYMENT)
    named = [IMPORTS, TAXES, *([EMPLOYMENT] if jobs and _is_jobs(jobs) else [])]
    stressors = [
        a for a in [*accounts, *rest] if a.name not in (*chosen, *named) and a.F is not None
    ]
    stressors += [a for a in rest if a not in stressors]
    K = _stacked(stressors, Z.index, Y.columns)
    layout = _layout(Z, Y, accounts)
    coords: dict[str, tuple[str, list[object]]] = {}
    if va_rows:
        coords["primary_row"] = ("primary", [row for _, row in va_rows])
        coords["primary_extension"] = ("primary", [name for name, _ in va_rows])
    if K is not None:
        coords["stressor_extension"] = ("stressor", K.extensions)
        coords["stressor_row"] = ("stressor", K.rows)
    table = RegionalTable.from_flows(
        pd.DataFrame(numbers, index=Z.index, columns=Z.columns, copy=False),
        Y,
        pd.Series(settled.output, index=Z.index),
        va,
        imports=None if imports is None else _labelled(imports.F),
        final_imports=None if imports is None else _final_part(imports, Y.columns),
        taxes=None if taxes is None or taxes.F is None else taxes.F.sum(axis=0),
        final_taxes=None if taxes is None else _final_part(taxes, Y.columns),
        discrepancy=None
        if settled.discrepancy is None
        else pd.Series(settled.discrepancy, index=Z.index),
        population=_population(io),
        employment=jobs.F.iloc[0] if jobs and jobs.F is not None and _is_jobs(jobs) else None,
        stressors=None if K is None else K.use,
        stressor_units=None if K is None else K.units,
        stressor_demand=None if K is None else K.demand,
        units=money,
        year=_year(io),
        name=str(getattr(io, "name", "") or ""),
        notes=notes,
        coords=coords or None,
        signed=bool(numbers.min(initial=0.0) < 0),
        copy=copy,
    )
    return RegionalTable(table.data.assign_attrs({LAYOUT: json.dumps(layout)}), "explicit")


def _chosen_value_added(
    accounts: list[Account], wanted: str | Sequence[str] | None, failures: list[str]
) -> list[str]:
    names = [account.name for account in accounts]
    if wanted is None:
        return [name for name in names if name.casefold() in VALUE_ADDED][:1]
    chosen = [wanted] if isinstance(wanted, str) else list(wanted)
    unknown = [name for name in chosen if name not in names]
    if unknown:
        failures.append(f"no extension {shown(unknown)}; the system has {shown(names)}")
    return chosen


def _split_value_added(
    accounts: list[Account], chosen: list[str], money: str, notes: list[str]
) -> tuple[pd.DataFrame | None, list[tuple[str, str]], list[Account]]:
    """Rows of value added, their (extension, levels), and rows of the same extensions that are not.

    Rows in another unit than money (hours, persons) are physical accounts.
    """
    frames, rows, rest = [], [], []
    for account in accounts:
        if account.name not in chosen or account.F is None:
            continue
        units = account.units(money)
        keep = np.array([unit in (money, "", "money") for unit in units])
        if keep.any():
            part = account.F.loc[keep]
            frames.append(part.set_axis(_flat_labels(part.index), axis=0))
            rows += [(account.name, row) for row in _levels(part.index)]
        if not keep.all():
            unit = None if account.unit is None else account.unit.loc[~keep]
            demand = None if account.F_Y is None else account.F_Y.loc[~keep]
            rest.append(Account(account.name, account.F.loc[~keep], demand, unit))
    if not frames:
        return None, [], rest
    notes.append(f"value added is the extension {shown(dict.fromkeys(name for name, _ in rows))}")
    return pd.concat(frames), rows, rest


@dataclass(frozen=True)
class _Stack:
    """Physical accounts of several extensions, one below the other."""

    use: pd.DataFrame
    demand: pd.DataFrame | None
    units: dict[str, str]
    extensions: list[object]
    rows: list[object]


def _stacked(accounts: list[Account], industries: pd.Index, columns: pd.Index) -> _Stack | None:
    if not accounts:
        return None
    several = len({account.name for account in accounts}) > 1
    use: list[pd.DataFrame] = []
    demand: list[pd.DataFrame] = []
    units: dict[str, str] = {}
    extensions: list[object] = []
    rows: list[object] = []
    for account in accounts:
        assert account.F is not None
        labels = _flat_labels(account.F.index)
        labels = [f"{account.name}: {label}" for label in labels] if several else labels
        use.append(_on(account.F, industries).set_axis(labels, axis=0))
        final = account.F_Y
        if final is None:
            final = pd.DataFrame(0.0, index=account.F.index, columns=columns)
        demand.append(final.set_axis(labels, axis=0))
        units.update(zip(labels, account.units(""), strict=True))
        extensions += [account.name] * len(labels)
        rows += _levels(account.F.index)
    has_demand = any(account.F_Y is not None for account in accounts)
    together = pd.concat(demand) if has_demand else None
    if together is not None:
        together = _without_outside(together)
    return _Stack(pd.concat(use), together, units, extensions, rows)


def _on(frame: pd.DataFrame, industries: pd.Index) -> pd.DataFrame:
    """Columns labelled as the industries, where their number fits and their labels do not."""
    if isinstance(frame.columns, pd.MultiIndex) or frame.shape[1] != len(industries):
        return frame
    return frame.set_axis(industries, axis=1)


def _without_outside(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of final use without those of exports and discrepancy."""
    last = frame.columns.get_level_values(-1).astype(str).str.casefold()
    return frame.loc[:, ~last.isin([EXPORTS, DISCREPANCY])]


def _labelled(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if frame is None else frame.set_axis(_flat_labels(frame.index), axis=0)


def _final_part(account: Account, columns: pd.Index) -> pd.DataFrame | None:
    if account.F_Y is None:
        return None
    frame = _labelled(account.F_Y)
    assert frame is not None
    return _without_outside(frame)


def _is_jobs(account: Account) -> bool:
    return account.F is not None and len(account.F) == 1 and account.F_Y is None


def _population(io: Any) -> pd.Series | None:
    people = getattr(io, "population", None)
    if not isinstance(people, pd.DataFrame) or people.empty:
        return None
    row = people.iloc[0].astype(float)
    if isinstance(row.index, pd.MultiIndex):
        row.index = row.index.get_level_values(0)
    return row


def _year(io: Any) -> int | None:
    text = str(getattr(getattr(io, "meta", None), "year", "") or getattr(io, "year", "") or "")
    return int(text) if text.isdigit() else None


def _layout(Z: pd.DataFrame, Y: pd.DataFrame, accounts: list[Account]) -> dict[str, Any]:
    """Names that pymrio gave, in a form that fits in an attribute."""
    pairs = [tuple(map(str, label)) for label in Z.index]
    regions = {r: k for k, r in enumerate(dict.fromkeys(p[0] for p in pairs))}
    sectors = {s: k for k, s in enumerate(dict.fromkeys(p[1] for p in pairs))}
    order = [regions[p[0]] * len(sectors) + sectors[p[1]] for p in pairs]
    canonical = order == list(range(len(regions) * len(sectors)))
    kept = None if canonical or len(order) > LONGEST_ORDER else order
    return {
        "order": kept,
        "index": list(Z.index.names),
        "columns": list(Z.columns.names),
        "Y_columns": list(Y.columns.names),
        "Y_order": _pairs_of(Y.columns) if len(Y.columns) <= LONGEST_ORDER else None,
        "extensions": {
            account.name: {
                "row_names": list(account.F.index.names),
                "F_Y": account.F_Y is not None,
                "column_names": list(account.F.columns.names),
            }
            for account in accounts
            if account.F is not None
        },
    }


def _pairs_of(columns: pd.Index) -> list[list[str]] | None:
    """Labels of (region, category) columns, None for any other."""
    if columns.nlevels != 2:
        return None
    return [[str(region), str(category)] for region, category in columns]
