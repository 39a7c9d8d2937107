"""What a unit of output carries: value added, jobs, stressors, and where the rest of it leaks.

Question owned: which number per money of output turns an output into an account?

Public names
    Account        name, units and intensity (n,) of one account
    account_of     an account by name, or from intensities given
    account_from   an account from amounts by industry, such as energy or emissions
    labour_of      primary inputs that are paid to labour, by their names
    leakage_of     every kind of payment that leaves the chain of production, (n, kinds)

Terms: x output, va primary inputs by kind, m imported inputs, tau net taxes on inputs.

    intensity_j = account_j / x_j                          0 where x_j = 0
    sum_i a_ij + va_j + m_j + tau_j + remainder_j = 1      money per money of output

Source: Miller & Blair (2009), sections 2.2 and 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from io_tables.labels import did_you_mean, shown
from io_tables.table import RegionalTable
from model.errors import ShapeError, UnknownLabel
from model.leontief.align import align
from model.leontief.products import FloatArray, Operator

IMPORTS = "imports"
TAXES = "taxes on products"
REMAINDER = "remainder not explained"
FINAL_IMPORTS = "imports for final demand"
LABOUR_INCOME = "labour_income"
_WAGES = ("compensation of employees", "labour", "labor", "wage")


@dataclass(frozen=True)
class Account:
    """Something counted per money of output.

    Attributes
    ----------
    name, units
        What is counted.
    intensity
        (n,) amount per money of output; 0 where there is no output.
    """

    name: str
    units: str
    intensity: FloatArray


AccountLike: TypeAlias = "str | pd.Series[float] | Account"
"""What names an account: its name, intensities, or the account itself."""


def account_of(table: RegionalTable, of: AccountLike) -> Account:
    """Return an account of a table.

    Parameters
    ----------
    of
        "output", "value_added", "labour_income" (primary inputs that are wages by their names),
        "jobs", the name of a primary input or a stressor; a Series of intensities per money of
        output, with the table's row labels; or an account, which is checked and returned.

    Raises
    ------
    UnknownLabel
        Naming the accounts that the table has.
    """
    n = len(table.labels)
    if isinstance(of, Account):
        if of.intensity.shape != (n,):
            raise ShapeError(
                f"account {of.name!r} has {of.intensity.size} intensities for {n} industries."
            )
        return of
    if isinstance(of, pd.Series):
        flat = align(of, n, table.labels, "intensities").columns[:, 0]
        return Account(str(of.name or "account"), "per money of output", flat)
    data, money = table.data, table.unit
    if of == "output":
        return Account(of, money, np.ones(n))
    if of == "value_added":
        return Account(of, money, _per_output(table, table.va.to_numpy().sum(axis=0)))
    if of in table.primaries:
        return Account(of, money, _per_output(table, table.va.loc[of].to_numpy()))
    labour = labour_of(table)
    if of == LABOUR_INCOME and labour:
        return Account(of, money, _per_output(table, table.va.loc[list(labour)].to_numpy().sum(0)))
    jobs_told = "employment" in data and data["employment"].ndim == 2
    if of == "jobs" and jobs_told:
        return Account(of, "persons", _per_output(table, data["employment"].values.reshape(n)))
    stressors = [str(s) for s in data["stressor"].values] if "stressor" in data.coords else []
    if of in stressors:
        use = data["stressor_use"].sel(stressor=of)
        units = str(data["stressor_units"].sel(stressor=of).values)
        return Account(of, units, _per_output(table, use.values.reshape(n)))
    known = ["output", "value_added", *([LABOUR_INCOME] if labour else [])]
    known += [*(["jobs"] if jobs_told else []), *table.primaries]
    known += stressors
    raise UnknownLabel(
        f"the table has no account {of!r}{did_you_mean(of, known)}; it has {shown(known)}."
    )


def account_from(
    table: RegionalTable, amounts: pd.Series[float], *, units: str, name: str | None = None
) -> Account:
    """Return the account of amounts by industry that the table does not hold itself.

    Parameters
    ----------
    amounts
        Amount by (region, sector), every row of the table once: energy, emissions, people.
    units
        Of the amounts.
    name
        What is counted; the name of the Series when left out.

    Raises
    ------
    UnknownLabel, ShapeError
        For rows that do not fit, numbers that are not finite, and amounts in industries without
        output, which no output carries.
    """
    flat = align(amounts, len(table.labels), table.labels, "amounts").columns[:, 0]
    lost = (np.asarray(table.x) <= 0) & (flat != 0)
    if lost.any():
        raise ShapeError(
            "amounts must lie in industries with output; there is none in "
            f"{shown(table.labels[lost].tolist())}."
        )
    return Account(str(name or amounts.name or "account"), units, _per_output(table, flat))


def labour_of(table: RegionalTable) -> tuple[str, ...]:
    """Return the primary inputs that are paid to labour, by their names; none when none tells."""
    return tuple(p for p in table.primaries if any(w in p.lower() for w in _WAGES))


def leakage_of(table: RegionalTable, operator: Operator) -> tuple[list[str], FloatArray]:
    """Return the kinds of payment that leave production and their rates, (n, kinds).

    Primary inputs by kind, imports and taxes where the table has them, and the remainder of every
    column, so that rates and the column sum of A add up to one.
    """
    kinds = list(table.primaries)
    rates = [_per_output(table, row) for row in table.va.to_numpy()]
    for name, variable, values in (
        (IMPORTS, "imported_use", table.imports.to_numpy().sum(axis=0)),
        (TAXES, "taxes", np.asarray(table.taxes)),
    ):
        if variable in table.data:
            kinds.append(name)
            rates.append(_per_output(table, values))
    known = np.stack(rates, axis=1)
    inside = operator.rmatvec(np.ones(operator.n))
    remainder = 1.0 - inside - known.sum(axis=1)
    return [*kinds, REMAINDER], np.column_stack([known, remainder])


def _per_output(table: RegionalTable, amounts: FloatArray) -> FloatArray:
    output = np.asarray(table.x)
    return np.asarray(np.divide(amounts, output, out=np.zeros(output.size), where=output > 0))
