"""How a table moves to the totals of another year, and how tables of several years stay together.

Public names:
- `project`: RAS update of a table to later totals.
- `stack_years`, `TableStack`: tables of several years as one object, for decompositions.

Terms: industries N, columns of final demand F, rows of imports K. The matrix that is balanced is

    [ Z    Y   ]  rows: output less exports              (N)
    [ M_z  M_y ]  rows: imports                           (K)
    columns: output less value added less product taxes   (N), final demand totals (F)

so that imports and domestic products give way to each other. What is not told keeps its ratio to
output (value added, taxes, exports) or grows with the value added of its region (final demand);
total imports then follow, because all uses together must equal what is made or imported.
With negative cells (stocks) it is GRAS. Nothing is rescaled silently: totals that contradict each
other are refused with the numbers.
Source: Stone (1961); Miller & Blair (2009), section 7.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from io_tables.balance import gras, ras
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InfeasibleMargins, InvalidTable
from io_tables.labels import shown
from io_tables.table import RegionalTable

TOLERANCE: Final = 1e-10
_AGREES: Final = 1e-9


def project(
    table: RegionalTable,
    output: ArrayLike | pd.Series,
    *,
    value_added: ArrayLike | pd.Series | None = None,
    final_demand: ArrayLike | pd.DataFrame | None = None,
    exports: ArrayLike | pd.Series | None = None,
    imports: ArrayLike | None = None,
    year: int | None = None,
    units: str | None = None,
    tolerance: float = TOLERANCE,
) -> RegionalTable:
    """Update a table to the totals of another year.

    Parameters
    ----------
    table
        The table to start from; a pooled one comes back pooled.
    output
        (N,) output of the other year, labelled or in the order of the table.
    value_added
        (N,) of all kinds; ratio to output kept when left out.
    final_demand
        (R, C) totals by region and category at the place of use, imports included (one row where
        the place is not told); grown with value added of the region when left out, and then
        scaled where the table has no imports to give way.
    exports
        (N,); ratio to output kept when left out, as it is for taxes and for what the source
        leaves unexplained.
    imports
        (K,) totals by row of imports; mix kept when left out.
    year, units
        Of the result.
    tolerance
        Largest relative gap of a total.

    Returns
    -------
    A table of the same kind with these totals. Employment, population and stressors, which have
    no figures of the other year, are left out.

    Raises
    ------
    InvalidTable
        For wrong sizes, non-finite or negative output.
    InfeasibleMargins
        When totals contradict each other.
    NotConverged
        When they are not met.
    """
    explicit = table.explicit().dense()
    data = explicit.data
    R, S = table.n_regions, table.n_sectors
    n = R * S
    failures: list[str] = []
    old = data["output"].values.reshape(n)
    x = _vector(table, output, "output", failures)
    growth = np.divide(x, old, out=np.ones(n), where=old > 0)
    old_added = data["value_added"].values.reshape(-1, n)
    total_added = old_added.sum(axis=0)
    added = (
        total_added * growth
        if value_added is None
        else _vector(table, value_added, "value_added", failures)
    )
    sent = (
        _variable(data, "exports", n) * growth
        if exports is None
        else _vector(table, exports, "exports", failures)
    )
    if not (x >= 0).all():
        failures.append("output must not be negative")
    raise_collected(InvalidTable, failures, "project")
    taxes = _variable(data, "taxes", n) * growth
    errors = _variable(data, "discrepancy", n) * growth
    delivered = x - sent - errors
    blocks = _Blocks.of(data, n)
    inputs = x - added - taxes
    final = _final_totals(explicit, blocks, final_demand, added, total_added)
    needed = inputs.sum() + final.sum() - delivered.sum()
    scale = max(float(x.sum()), 1e-300)
    if blocks.foreign.shape[0] == 0:
        if final_demand is None:
            final = final * (1.0 - needed / final.sum())
        elif abs(needed) > _AGREES * scale:
            raise InfeasibleMargins(
                "project: without imports, inputs and final demand must equal output less "
                f"exports; they differ by {needed:.6g}"
            )
        rows_foreign = np.zeros(0)
    else:
        rows_foreign = _import_totals(blocks, imports, needed, scale)
    wanted = np.concatenate([delivered, rows_foreign]), np.concatenate([inputs, final])
    prior = blocks.matrix
    method = gras if (prior < 0).any() else ras
    rows = [*explicit.labels, *(f"imports {k}" for k in range(len(rows_foreign)))]
    columns = [*explicit.labels, *(f"final demand {k}" for k in range(len(final)))]
    balanced = method(
        pd.DataFrame(prior, index=pd.Index(rows), columns=pd.Index(columns)),
        wanted[0], _same_sum(*wanted), tolerance=tolerance,
    ).raise_for_status()  # fmt: skip
    outside = {"exports": sent, "taxes": taxes, "discrepancy": errors}
    new = _with_totals(data, blocks, balanced.matrix, x, outside)
    if "final_taxes" in data:
        was = blocks.matrix[:, n:].sum(axis=0)
        grown = np.divide(final, was, out=np.ones_like(was), where=was != 0)
        paid = data["final_taxes"]
        new["final_taxes"] = paid.copy(data=paid.values * grown.reshape(paid.shape))
    share = np.divide(old_added, total_added, out=np.zeros_like(old_added), where=total_added != 0)
    new["value_added"] = data["value_added"].copy(data=(share * added).reshape(-1, R, S))
    attrs = dict(data.attrs)
    told = (
        f"Projected by {'GRAS' if method is gras else 'RAS'} from {table.year or 'another year'}."
    )
    attrs["notes"] = "\n".join([*table.notes, told])
    attrs["balance_tolerance"] = max(table.tolerance, 10 * tolerance)
    if year is not None:
        attrs["year"] = year
    new.attrs = attrs
    if units is not None:
        for name in new.data_vars:
            new[name].attrs["units"] = units
    result = RegionalTable(new, "explicit")
    if table.is_sparse:
        return result.sparse()
    return result.pooled() if table.kind == "pooled" else result


@dataclass(frozen=True)
class _Blocks:
    """The old blocks: (N + K, N + F) with the K rows of imports last, and how to put them back."""

    matrix: Floats
    foreign: Floats
    n_final: int
    demand_axes: tuple[int, ...]

    @classmethod
    def of(cls, data: xr.Dataset, n: int) -> _Blocks:
        Z = data["flows"].values.reshape(n, n)
        Y = data["final_demand"].values.reshape(n, -1)
        use = data["imported_use"].values if "imported_use" in data else np.zeros((0, 1, n))
        K = len(use)
        final = np.zeros((K, Y.shape[1]))
        axes: tuple[int, ...] = ()
        if "imported_demand" in data:
            values = data["imported_demand"].values
            axes = (1, 0, 2) if values.ndim == 3 else (0, 1)
            turned = values.transpose(axes)
            if turned.size != final.size:
                raise InvalidTable(
                    "project needs final imports told like inputs and final demand (same rows, "
                    "same columns); aggregate or leave them out"
                )
            final = turned.reshape(final.shape)
        foreign = np.concatenate([use.reshape(K, n), final], axis=1)
        matrix = np.concatenate([np.concatenate([Z, Y], axis=1), foreign])
        return cls(matrix, foreign, Y.shape[1], axes)


def _with_totals(
    data: xr.Dataset, blocks: _Blocks, matrix: Floats, x: Floats, outside: Mapping[str, Floats]
) -> xr.Dataset:
    """Dataset with the new blocks in the old dims."""
    n = len(x)
    new = data.drop_vars(
        [
            name
            for name in ("population", "employment", "stressor_use", "stressor_demand")
            if name in data.data_vars
        ]
    )

    def put(name: str, values: Floats) -> None:
        new[name] = data[name].copy(data=np.ascontiguousarray(values).reshape(data[name].shape))

    put("flows", matrix[:n, :n])
    put("final_demand", matrix[:n, n:])
    put("output", x)
    for name, values in outside.items():
        if name in data:
            put(name, values)
    if "imported_use" in data:
        put("imported_use", matrix[n:, :n])
    if "imported_demand" in data:
        shape = tuple(data["imported_demand"].shape[a] for a in blocks.demand_axes)
        back = np.argsort(blocks.demand_axes)
        put("imported_demand", matrix[n:, n:].reshape(shape).transpose(back))
    return new


def _variable(data: xr.Dataset, name: str, n: int) -> Floats:
    return np.asarray(data[name].values.reshape(n)) if name in data else np.zeros(n)


def _vector(
    table: RegionalTable, given: ArrayLike | pd.Series, what: str, failures: list[str]
) -> Floats:
    """(N,) in table order."""
    if isinstance(given, pd.Series) and isinstance(given.index, pd.MultiIndex):
        given = given.reindex(table.labels)
    values = np.asarray(given, dtype=np.float64).reshape(-1)
    if values.shape != (len(table.labels),):
        failures.append(f"{what} must have {len(table.labels)} figures, found {len(values)}")
        return np.ones(len(table.labels))
    bad = ~np.isfinite(values)
    if bad.any():
        where = [table.labels[k] for k in np.flatnonzero(bad).tolist()]
        failures.append(f"{what} must be told for every industry, not for {shown(where)}")
    return values


def _final_totals(
    table: RegionalTable,
    blocks: _Blocks,
    given: ArrayLike | pd.DataFrame | None,
    added: Floats,
    old_added: Floats,
) -> Floats:
    """Find new totals of the columns of final demand (F,)."""
    n = len(added)
    old = blocks.matrix[:, n:].sum(axis=0)
    C = len(table.categories)
    if given is not None:
        if isinstance(given, pd.DataFrame):
            given = given.reindex(index=table.regions, columns=table.categories)
        values = np.asarray(given, dtype=np.float64).reshape(-1)
        if values.shape != old.shape or not np.isfinite(values).all():
            raise InvalidTable(
                f"project: final_demand must be ({len(old) // C}, {C}) finite totals, found "
                f"{np.shape(given)}"
            )
        return values
    by_region = added.reshape(table.n_regions, -1).sum(axis=1)
    was = old_added.reshape(table.n_regions, -1).sum(axis=1)
    grown = by_region / was if len(old) == table.n_regions * C else by_region.sum() / was.sum()
    return np.asarray(old * np.repeat(grown, C) if np.ndim(grown) else old * grown)


def _import_totals(
    blocks: _Blocks, imports: ArrayLike | None, needed: float, scale: float
) -> Floats:
    """Totals of the rows of imports (K,), which must sum to what uses need beyond output."""
    old = blocks.foreign.sum(axis=1)
    if imports is not None:
        values = np.asarray(imports, dtype=np.float64).reshape(-1)
        if values.shape != old.shape:
            raise InvalidTable(f"project: {len(old)} import totals are needed, found {len(values)}")
        if abs(values.sum() - needed) > _AGREES * scale:
            raise InfeasibleMargins(
                f"project: imports must be {needed:.8g} for uses to equal output and imports, "
                f"found {values.sum():.8g}; correct final demand, value added or imports"
            )
        return values
    if needed <= 0 or old.sum() <= 0:
        raise InfeasibleMargins(
            f"project: uses exceed output less exports by {needed:.6g}, which imports "
            f"({old.sum():.6g} before) cannot follow; correct final demand or value added"
        )
    return np.asarray(old * (needed / old.sum()))


def _same_sum(rows: Floats, columns: Floats) -> Floats:
    """Columns without the rounding by which their sum differs from that of the rows."""
    return np.asarray(columns * (rows.sum() / columns.sum()))


@dataclass(frozen=True, eq=False)
class TableStack:
    """Tables of several years with the same regions, sectors, categories, kind and unit.

    `tables` in the order of years. For decompositions over time the unit should hold constant
    prices; the stack refuses tables whose units differ.
    """

    tables: Mapping[int, RegionalTable]

    def __post_init__(self) -> None:
        ordered = {int(y): self.tables[y] for y in sorted(self.tables)}
        object.__setattr__(self, "tables", ordered)
        if not ordered:
            raise InvalidTable("a stack needs at least one table")
        first_year, first = next(iter(ordered.items()))
        failures: list[str] = []
        for year, table in ordered.items():
            for what in ("kind", "unit", "regions", "sectors", "categories", "primaries"):
                if getattr(table, what) != getattr(first, what):
                    failures.append(f"{what} of {year} differ from those of {first_year}")
        raise_collected(InvalidTable, failures, "stack")

    @property
    def years(self) -> list[int]:
        """Years, ascending."""
        return list(self.tables)

    def __getitem__(self, year: int) -> RegionalTable:
        """Table of a year."""
        if year not in self.tables:
            raise InvalidTable(f"the stack has {shown(self.years)}, not {year}")
        return self.tables[year]

    def __len__(self) -> int:
        """Return the number of years."""
        return len(self.tables)

    def pairs(self) -> list[tuple[int, int]]:
        """Return consecutive years."""
        return list(zip(self.years[:-1], self.years[1:], strict=True))

    @property
    def data(self) -> xr.Dataset:
        """All variables that every year has, along a dimension `year`."""
        common = set.intersection(*(set(map(str, t.data.data_vars)) for t in self.tables.values()))
        parts = [t.data[sorted(common)] for t in self.tables.values()]
        return xr.concat(
            parts,
            pd.Index(self.years, name="year"),
            coords="minimal",
            compat="override",
            join="exact",
            combine_attrs="override",
        )

    @property
    def output(self) -> pd.DataFrame:
        """(N, years) output."""
        return pd.DataFrame({year: table.x for year, table in self.tables.items()})


def stack_years(tables: Mapping[int, RegionalTable] | list[RegionalTable]) -> TableStack:
    """Put tables of several years together; a list is ordered by the year each table names."""
    if isinstance(tables, Mapping):
        return TableStack(tables)
    years = [t.year for t in tables]
    if None in years or len(set(years)) != len(years):
        raise InvalidTable(f"every table must name a year of its own, found {shown(years)}")
    return TableStack({y: t for y, t in zip(years, tables, strict=True) if y is not None})
