"""What footprints follow through the economy, and who finally buys what the economy makes.

Question owned: how do stressors and final demand become the flat arrays that accounts need?

Public names
    Stressors       amounts of industries and final demand that a table does not hold
    Stress          intensities, direct use by final demand, and regions that nothing is known of
    stress_of       from names of a table's accounts, or from frames of amounts
    FinalUse        final demand by place of production and by destination
    final_use_of    destinations: every region, "abroad" (exports), "discrepancy"

Terms: K stressors; F (K, N) amounts by industry, s = F / x intensities (0 where x = 0); F_Y (K, R)
amounts of final demand itself (households' own fuel); N = R S rows, D destinations.

An amount that is NaN means not known, never zero: it counts as zero in sums over other places, and
the regions are named so that results can say so.

Source: Miller & Blair (2009), chapter 10; names F, F_Y, S as in pymrio (Stadler 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.errors import NotTold
from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import REGION
from model.errors import ShapeError, UnknownLabel
from model.leontief.products import FloatArray, spread

Of: TypeAlias = "str | pd.Series[float] | Sequence[str | pd.Series[float]] | pd.DataFrame | None"
"""Accounts by name, Series of intensities, a frame of amounts (K, N), or all stressors."""
ABROAD = "abroad"
DISCREPANCY = "discrepancy"


@dataclass(frozen=True, eq=False)
class Stressors:
    """Amounts that come beside a table instead of in it.

    Attributes
    ----------
    industries
        (K, N) amounts, columns (region, sector); NaN where not known.
    final
        (K, R * C) amounts of final demand itself, columns (region, category).
    units
        (K,)
    notes
        What is an estimate or an assumption.
    """

    industries: pd.DataFrame
    final: pd.DataFrame
    units: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stress:
    """K stressors on N industries.

    Attributes
    ----------
    names, units
        (K,) labels.
    intensity
        (N, K) amount per money of output; 0 where not known.
    amount
        (N, K) amount; 0 where not known.
    unknown
        (R, K) True where a region's amounts are not known, in whole or in part.
    final
        (R, K) amounts of final demand itself, 0 where there are none; NaN where not known.
    idle
        (K,) amounts of industries without output, which no demand causes: in no account.
    """

    names: list[str]
    units: list[str]
    intensity: FloatArray
    amount: FloatArray
    unknown: NDArray[np.bool_]
    final: FloatArray
    idle: FloatArray

    def not_told(self, regions: Sequence[str]) -> str:
        """Name the regions whose amounts are not known, "" when all are."""
        missing = np.asarray(self.unknown.any(axis=1) | np.isnan(self.final).any(axis=1))
        return ", ".join(name for name, gone in zip(regions, missing.tolist(), strict=True) if gone)


def stress_of(
    table: RegionalTable,
    of: Of = None,
    *,
    final: pd.DataFrame | None = None,
    units: Sequence[str] | None = None,
) -> Stress:
    """Return stressors as flat arrays.

    Parameters
    ----------
    of
        None for all stressors of the table; a name or names of its accounts (`model.accounts`);
        Series of intensities per money of output; or a frame of amounts (K, N), columns
        (region, sector), where NaN means not known.
    final
        (K, ...) amounts of final demand itself, columns (region, category) or regions; the table's
        own when left out and `of` names its stressors.
    units
        (K,) of a frame; otherwise those of the table.

    Raises
    ------
    UnknownLabel
        For accounts, regions and industries that the table does not have.
    ShapeError
        For frames that leave out industries, and a table without stressors.
    """
    own = table.stressors.index.tolist()
    if of is None:
        if not own:
            raise ShapeError(
                'the table has no stressors: name an account ("value_added", "output") or '
                "give a frame of amounts with columns (region, sector)."
            )
        of = list(own)
    if isinstance(of, pd.DataFrame):
        names, amount, labels = _frame(table, of), _amounts(table, of), units
        told = [str(u) for u in labels] if labels is not None else ["amount"] * len(names)
    else:
        asked = [of] if isinstance(of, str | pd.Series) else list(of)
        accounts = [account_of(table, one) for one in asked]
        names, told = [a.name for a in accounts], [a.units for a in accounts]
        amount = np.stack([a.intensity for a in accounts], axis=1) * table.x.to_numpy()[:, None]
    unknown = np.asarray(np.isnan(amount).reshape(table.n_regions, table.n_sectors, -1).any(axis=1))
    amount = np.nan_to_num(amount)
    x = table.x.to_numpy()[:, None]
    intensity = np.divide(amount, x, out=np.zeros_like(amount), where=x > 0)
    idle = np.asarray(amount[x[:, 0] <= 0].sum(axis=0))
    return Stress(names, told, intensity, amount, unknown, _final(table, names, final), idle)


def _frame(table: RegionalTable, amounts: pd.DataFrame) -> list[str]:
    given, known = amounts.columns.tolist(), table.labels.tolist()
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UnknownLabel(
            f"stressors must be told for industries of the table; not among them: {shown(unknown)}."
        )
    left_out = sorted(set(known) - set(given))
    if left_out:
        raise ShapeError(
            f"stressors must name every industry; {len(left_out)} are left out: "
            f"{shown(left_out)}. Enter 0 where there is nothing and NaN where nothing is known."
        )
    return [str(name) for name in amounts.index]


def _amounts(table: RegionalTable, amounts: pd.DataFrame) -> FloatArray:
    values = amounts.reindex(columns=table.labels).to_numpy(dtype=np.float64).T
    if np.isinf(values).any():
        raise ShapeError("amounts of stressors must be finite, or NaN where they are not known.")
    return np.ascontiguousarray(values)


def _final(table: RegionalTable, names: list[str], final: pd.DataFrame | None) -> FloatArray:
    if final is None:
        final = table.stressor_demand
    out = np.zeros((table.n_regions, len(names)))
    for k, name in enumerate(names):
        if name not in final.index:
            continue
        row = final.loc[name]
        places = row.index.get_level_values(0) if isinstance(row.index, pd.MultiIndex) else (
            row.index
        )  # fmt: skip
        where = table.region_positions(places.tolist())
        np.add.at(out[:, k], where, row.to_numpy(dtype=np.float64))
    return out


@dataclass(frozen=True)
class FinalUse:
    """Final demand for domestic products.

    Attributes
    ----------
    destinations
        (D,) the R regions in order, then "abroad" and "discrepancy" where the table has them.
    values
        (N, D) money by producing industry and destination.
    """

    destinations: list[str]
    values: FloatArray

    @property
    def outside(self) -> list[str]:
        """Destinations that are no regions of the table."""
        return [d for d in self.destinations if d in (ABROAD, DISCREPANCY)]


def final_use_of(table: RegionalTable) -> FinalUse:
    """Return final demand by producing industry and by destination.

    Raises
    ------
    NotTold
        When the table does not give the place of final use.
    """
    n, n_regions = len(table.labels), table.n_regions
    if table.kind == "pooled":
        bought = table.demand.to_numpy().sum(axis=1).reshape(n_regions, table.n_sectors)
        grid = np.zeros((n_regions, table.n_sectors, n_regions))
        grid[np.arange(n_regions), :, np.arange(n_regions)] = bought
        inside = spread(np.asarray(table.trade), grid.reshape(n, n_regions))
    elif table.final_use_told:
        inside = table.data["final_demand"].values.sum(axis=3).reshape(n, n_regions)
    else:
        raise NotTold(
            "footprints and value added in trade need to know where final demand is bought: give Y "
            "by (place of use, category)"
        )
    columns: list[FloatArray] = [np.asarray(inside)]
    names = list(table.regions)
    for name, series in ((ABROAD, table.exports), (DISCREPANCY, table.discrepancy)):
        if series.to_numpy().any():
            columns.append(np.asarray(series.to_numpy(), dtype=np.float64)[:, None])
            names.append(name)
    taken = [name for name in (ABROAD, DISCREPANCY) if name in table.regions]
    if taken:
        raise ShapeError(f"regions must not be called {shown(taken)}: rename them in {REGION}.")
    return FinalUse(names, np.ascontiguousarray(np.concatenate(columns, axis=1)))
