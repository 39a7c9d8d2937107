"""Households inside the model: income earned is spent, and the spending is produced (type II).

Question owned: which operator has households as one more buyer in every region?

Public names
    Households         which figures of a table are wages and which are household spending
    close_households   the table's operator with one household row and column per region
    spending_too_much  the error that names the regions whose households spend more than they earn

Terms: regions s (work, purchase), r (residence, production); one more sector h per region.

    h_j^s    labour income earned in j of s / OUTPUT x_j^s           (row, stays in s)
    R^rs     share of income earned in s that residents of r receive
    c_i^s    spending of households of s on i / household INCOME of s (column, passes through T)

Outputs of the household rows are household incomes in money; products are in
`model.leontief.household_operator`.

Source: Miller & Blair (2009), section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.accounts import labour_of
from model.dims import REGION, ROW, SECTOR
from model.errors import NotProductive, ShapeError, UnknownLabel
from model.leontief.household_operator import HouseholdOperator
from model.leontief.products import FloatArray, Operator
from model.leontief.within import rows_of
from model.solve import operator_of

HOUSEHOLDS = "households"


@dataclass(frozen=True)
class Households:
    """What closes the model.

    Attributes
    ----------
    labour
        Primary inputs that are paid to households.
    spending
        Categories of final demand that are household spending.
    income
        Household income by region, money: all of it, from work or not. None takes the labour
        income that residents receive.
    residence
        (R, R) [residence, work] shares, columns summing to one. None: everyone lives where they
        work.
    from_households
        Labour income paid by households themselves, by region, money; None is nothing.
    """

    labour: tuple[str, ...]
    spending: tuple[str, ...]
    income: pd.Series[float] | None = None
    residence: pd.DataFrame | None = None
    from_households: pd.Series[float] | None = None

    @classmethod
    def of(cls, table: RegionalTable) -> Households:
        """Find wages and household spending by their names.

        Raises
        ------
        UnknownLabel
            When the names do not tell; then say it with `Households(...)`.
        """
        labour = labour_of(table)
        spending = tuple(c for c in table.categories if "household" in c.lower())
        if not labour or not spending:
            raise UnknownLabel(
                "closing households needs primary inputs that are wages and categories that are "
                f"household spending; the names do not tell. Primary inputs: "
                f"{shown(table.primaries)}; categories: {shown(table.categories)}. Say which with "
                "households=Households(labour=(...), spending=(...))."
            )
        return cls(labour, spending)


def close_households(
    table: RegionalTable, households: Households | None = None
) -> tuple[Operator, pd.MultiIndex]:
    """Return the operator with a sector "households" last in every region, and its labels.

    Raises
    ------
    UnknownLabel, ShapeError
        For figures that the table does not have or that do not fit.
    """
    chosen = households or Households.of(table)
    n_regions, n_sectors = table.n_regions, table.n_sectors
    earned = _labour(table, chosen)
    residence = _residence(table, chosen)
    received = residence @ earned.sum(axis=1)
    income = received if chosen.income is None else _by_region(table, chosen.income, "income")
    per_output = _ratio(earned, np.asarray(table.x).reshape(n_regions, n_sectors))
    own = (
        np.zeros(n_regions)
        if chosen.from_households is None
        else _by_region(table, chosen.from_households, "from_households")
    )
    labels = pd.MultiIndex.from_product([table.regions, [*table.sectors, HOUSEHOLDS]], names=ROW)
    if HOUSEHOLDS in table.sectors:
        raise ShapeError(f"the table already has a sector called {HOUSEHOLDS!r}.")
    explicit = table.kind == "explicit"
    spending = _spending_by_origin(table, chosen) if explicit else _spending(table, chosen)
    rate = _ratio(spending, income if explicit else income[:, None])
    closed = HouseholdOperator(
        operator_of(table)[0],
        per_output.reshape(-1),
        rate.reshape(n_regions * n_sectors, -1) if explicit else rate.reshape(-1),
        spending_at="production" if explicit else "use",
        residence=residence,
        own=_ratio(own, income),
    )
    return closed, labels


def spending_too_much(
    table: RegionalTable, closed: Operator, error: NotProductive
) -> NotProductive:
    """Name the regions that cannot go on alone once their households are inside."""
    radius = np.zeros(table.n_regions)
    for region in range(table.n_regions):
        rows = rows_of(closed, np.array([region]))
        radius[region] = np.abs(np.linalg.eigvals(closed.block(rows, rows))).max(initial=0.0)
    worst = np.argsort(-radius, kind="stable")[:5]
    named = [f"{table.regions[r]} ({radius[r]:.3f})" for r in worst if radius[r] >= 1.0]
    named = named or [f"{table.regions[worst[0]]} ({radius[worst[0]]:.3f})"]
    return NotProductive(
        f"with households inside, {error} Largest spectral radius of a region alone with its "
        f"households: {', '.join(named)}. Check household spending against household income there."
    )


def _spending_by_origin(table: RegionalTable, chosen: Households) -> FloatArray:
    """Return spending (R, S, R) [origin, product, region of the household] of an explicit table."""
    _known(chosen.spending, table.categories, "categories")
    if not table.final_use_told:
        raise ShapeError(
            "closing households needs final demand by place of use; this table does not tell it."
        )
    final = table.data["final_demand"].sel(category=list(chosen.spending)).sum("category")
    return np.asarray(final.transpose(REGION, SECTOR, "region_to").values)


def _labour(table: RegionalTable, chosen: Households) -> FloatArray:
    _known(chosen.labour, table.primaries, "primary inputs")
    rows = table.va.loc[list(chosen.labour)].to_numpy().sum(axis=0)
    return np.asarray(rows).reshape(table.n_regions, table.n_sectors)


def _spending(table: RegionalTable, chosen: Households) -> FloatArray:
    _known(chosen.spending, table.categories, "categories")
    rows = table.demand[list(chosen.spending)].to_numpy().sum(axis=1)
    return np.asarray(rows).reshape(table.n_regions, table.n_sectors)


def _known(asked: tuple[str, ...], known: list[str], what: str) -> None:
    missing = [name for name in asked if name not in known]
    if missing or not asked:
        raise UnknownLabel(
            f"households need at least one of the table's {what}; unknown: {shown(missing)}; "
            f"it has {shown(known)}."
        )


def _residence(table: RegionalTable, chosen: Households) -> FloatArray:
    if chosen.residence is None:
        return np.eye(table.n_regions)
    frame = chosen.residence.reindex(index=table.regions, columns=table.regions)
    values = frame.to_numpy(dtype=np.float64)
    sums = values.sum(axis=0)
    if np.isnan(values).any() or (values < 0).any() or (np.abs(sums - 1.0) > 1e-9).any():
        raise ShapeError(
            "residence must hold a share >= 0 for every (residence, work) pair of regions, each "
            "column summing to one."
        )
    return values


def _by_region(table: RegionalTable, given: pd.Series[float], what: str) -> FloatArray:
    values = given.reindex(table.regions).to_numpy(dtype=np.float64)
    if np.isnan(values).any():
        missing = [r for r, v in zip(table.regions, values, strict=True) if np.isnan(v)]
        raise ShapeError(f"{what} must name every region; missing: {shown(missing)}.")
    return np.asarray(values)


def _ratio(amount: FloatArray, base: FloatArray) -> FloatArray:
    wide = np.broadcast_to(base, amount.shape)
    return np.asarray(np.divide(amount, wide, out=np.zeros(amount.shape), where=wide > 0))
