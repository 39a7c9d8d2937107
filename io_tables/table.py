"""The one container of an economy.

Public names: `RegionalTable` (explicit or pooled), with the builders `from_flows`, `from_pooled`.

Terms: R regions, S sectors, N = R * S industries, region-major (row r * S + i); C categories of
final demand; P kinds of primary input. Money is money of one year (attrs["units"]).

    explicit   x = Z 1 + Y 1 + e                     flows (R, S, R, S), final demand by origin
    pooled     x = T (A x + y) + e                   technology by place of use, trade shares t
               z_ij^rs = t_i^rs a_ij^s x_j^s         sum_r t_i^rs = 1

`data` holds the labelled variables of `schema.csv`; the properties are views on it in the
textbook's letters. A table never changes: everything that alters it returns a new one.
Source: Miller & Blair (2009), chapters 2 and 3; pooled form: Chenery (1953), Moses (1955).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from io_tables import checks, convert, netcdf, views
from io_tables.alignment import Frame
from io_tables.checks import Finding, Floats, raise_collected
from io_tables.dims import CATEGORY, REGION, SECTOR, Kind
from io_tables.errors import InvalidTable, NotTold, TableTooLarge, UnbalancedTable
from io_tables.flow_inputs import Coords, FlowInputs, flows_dataset, table_attrs
from io_tables.labels import positions_of
from io_tables.pooled_inputs import Block, PooledInputs, pooled_dataset

LARGEST_MATRIX: Final = 2 * 1024**3
"""Bytes up to which `Z`, `A` and `Y` are formed on demand."""


@dataclass(frozen=True, eq=False, repr=False)
class RegionalTable:
    """A balanced, labelled input-output table of several regions.

    Build one with `from_flows`, `from_pooled` or a reader; the constructor takes a dataset that
    already has the variables of `schema.csv`. Tables compare by identity;
    `io_tables.testing.assert_table_equal` compares contents.

    Raises
    ------
    InvalidTable
        Listing every wrong shape, label or value.
    UnbalancedTable
        When rows or trade shares do not add up to the tolerance in
        `data.attrs["balance_tolerance"]` (relative, default 1e-6).
    """

    data: xr.Dataset
    kind: Kind

    def __post_init__(self) -> None:
        if self.kind not in ("explicit", "pooled"):
            raise InvalidTable(f"kind must be 'explicit' or 'pooled', found {self.kind!r}")
        subject = f"table {self.data.attrs.get('name', '') or 'without a name'}"
        raise_collected(InvalidTable, checks.check_structure(self.data, self.kind), subject)
        object.__setattr__(self, "data", checks.canonical(self.data))
        signed = bool(self.data.attrs.get("signed", 0))
        raise_collected(InvalidTable, checks.check_values(self.data, signed=signed), subject)
        findings = checks.check_rows(self.data, self.kind, tolerance=self.tolerance)
        if self.kind == "pooled":
            findings = [*checks.check_shares(self.data), *findings]
        raise_collected(UnbalancedTable, [f.message for f in findings], subject)

    @classmethod
    def from_flows(
        cls,
        Z: Frame,
        Y: Frame,
        x: Frame | None = None,
        va: Frame | None = None,
        *,
        imports: Frame | None = None,
        final_imports: Frame | None = None,
        taxes: Frame | None = None,
        exports: Frame | None = None,
        population: Frame | None = None,
        employment: Frame | None = None,
        regions: Sequence[str] | None = None,
        sectors: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        stressors: pd.DataFrame | None = None,
        stressor_units: Mapping[str, str] | None = None,
        units: str = "money",
        year: int | None = None,
        name: str = "",
        notes: Sequence[str] = (),
        coords: Coords | None = None,
        signed: bool = False,
        tolerance: float = checks.ROW_TOLERANCE,
    ) -> RegionalTable:
        """Build an explicit table from flows between industries and final demand.

        Parameters
        ----------
        Z
            (N, N) intermediate flows of domestic products, rows sell, columns buy. A DataFrame
            labelled by (region, sector) on both sides, or an array with `regions`, `sectors`.
            Industries that a labelled Z leaves out are entered with zero output and named in
            the notes, so that sectors may differ between regions.
        Y
            Final demand for domestic products by place of production: (N, R * C) with the place
            of use, (N, C) without it, or (N,). Columns labelled (region, category); a category
            called "exports" is taken as exports by producing region. An array whose width is a
            multiple of R is read as (N, R * C), unless `categories` says otherwise.
        x
            (N,) output; row totals when left out.
        va
            (P, N) or (N,) value added; when left out, the remainder of each column, named
            "primary inputs and imports, not told apart" if imports are absent.
        imports
            Imported inputs: (S, N) by product, (K, N) by K other rows, or (N,) in total.
        final_imports
            Imports for final use: rows products or one total, columns as in Y.
        taxes, exports
            (N,) net taxes on products used as inputs; exports by producing industry.
        population, employment
            (R,) persons; employment may be (N,).
        regions, sectors, categories
            Labels, in the order of the table. Labelled inputs are aligned to them.
        stressors
            (K, N) physical accounts, rows labelled; `stressor_units` by row label.
        units, year, name, notes, coords
            What the money is, and further coordinates {name: (dim, labels)}.
        signed
            Keep negative intermediate flows instead of refusing them.
        tolerance
            Relative gap between row totals and x above which the table is refused.

        Raises
        ------
        InvalidTable, UnbalancedTable, UnknownLabel
            As for the class; labels that do not match are named with the closest known ones.
        """
        data = flows_dataset(
            FlowInputs(
                Z=Z, Y=Y, x=x, va=va, imports=imports, final_imports=final_imports, taxes=taxes,
                exports=exports, population=population, employment=employment, regions=regions,
                sectors=sectors, categories=categories, stressors=stressors,
                stressor_units=stressor_units, coords=coords,
            ),
            attrs=table_attrs(units, year, name, notes, signed, tolerance),
        )  # fmt: skip
        return cls(data, "explicit")

    @classmethod
    def from_pooled(
        cls,
        domestic_use: Block,
        trade_share: Block,
        demand: Block,
        exports: Block,
        output: Block,
        *,
        value_added: Block | None = None,
        imported_use: Block | None = None,
        imported_demand: Block | None = None,
        taxes: Block | None = None,
        population: Block | None = None,
        employment: Block | None = None,
        regions: Sequence[str],
        sectors: Sequence[str],
        categories: Sequence[str] | None = None,
        primaries: Sequence[str] | None = None,
        stressors: pd.DataFrame | None = None,
        stressor_units: Mapping[str, str] | None = None,
        units: str = "money",
        year: int | None = None,
        name: str = "",
        notes: Sequence[str] = (),
        coords: Coords | None = None,
        signed: bool = False,
        tolerance: float = checks.ROW_TOLERANCE,
    ) -> RegionalTable:
        """Build a pooled table from use by place of use and trade shares.

        Parameters
        ----------
        domestic_use
            (S, R, S) [product, region of use, buying sector] use of domestic products.
        trade_share
            (S, R, R) [product, from, to], summing to one over `from`.
        demand
            (R, S, C) or (R, S) domestic products for final use by place of use, product,
            category.
        exports, output
            (R, S) by producing region and sector.
        value_added
            (P, R, S) or (R, S); the remainder of each column when left out.
        imported_use, imported_demand
            (S, R, S) and (R, S, C) imported products as the domestic ones; or totals
            (R, S) and (R, C).
        taxes
            (R, S) net taxes on products used as inputs.
        population, employment
            (R,) persons.
        regions, sectors, categories, primaries
            Labels, in the order of the arrays.
        stressors, stressor_units, units, year, name, notes, coords, signed, tolerance
            As for `from_flows`.

        Raises
        ------
        InvalidTable, UnbalancedTable
            As for the class.
        """
        data = pooled_dataset(
            PooledInputs(
                domestic_use=domestic_use, trade_share=trade_share, demand=demand,
                exports=exports, output=output, value_added=value_added,
                imported_use=imported_use, imported_demand=imported_demand, taxes=taxes,
                population=population, employment=employment, regions=regions, sectors=sectors,
                categories=categories, primaries=primaries, stressors=stressors,
                stressor_units=stressor_units, coords=coords,
            ),
            attrs=table_attrs(units, year, name, notes, signed, tolerance),
        )  # fmt: skip
        return cls(data, "pooled")

    @property
    def name(self) -> str:
        """Name of the table, "" when it has none."""
        return str(self.data.attrs.get("name", ""))

    @property
    def unit(self) -> str:
        """Unit of money, with currency and year."""
        return str(self.data["output"].attrs["units"])

    @property
    def year(self) -> int | None:
        """Year of the flows, None when not told."""
        year = self.data.attrs.get("year")
        return None if year is None else int(year)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is an estimate or an assumption, one sentence each."""
        text = str(self.data.attrs.get("notes", ""))
        return tuple(text.split("\n")) if text else ()

    @property
    def tolerance(self) -> float:
        """Relative gap of rows that the table was accepted with."""
        return float(self.data.attrs.get("balance_tolerance", checks.ROW_TOLERANCE))

    def _labels(self, dim: str) -> list[str]:
        return [str(v) for v in self.data[dim].values] if dim in self.data.coords else []

    @cached_property
    def regions(self) -> list[str]:
        """R region labels."""
        return self._labels(REGION)

    @cached_property
    def sectors(self) -> list[str]:
        """S sector labels."""
        return self._labels(SECTOR)

    @cached_property
    def categories(self) -> list[str]:
        """C categories of final demand; exports are not one of them."""
        return self._labels(CATEGORY)

    @cached_property
    def primaries(self) -> list[str]:
        """P kinds of primary input."""
        return self._labels("primary")

    @property
    def n_regions(self) -> int:
        """Return R."""
        return len(self.regions)

    @property
    def n_sectors(self) -> int:
        """Return S."""
        return len(self.sectors)

    @cached_property
    def labels(self) -> pd.MultiIndex:
        """(region, sector) of the N rows."""
        return pd.MultiIndex.from_product([self.regions, self.sectors], names=[REGION, SECTOR])

    def _aliases(self, dim: str) -> dict[str, list[object]]:
        return {
            str(name): coord.values.tolist()
            for name, coord in self.data.coords.items()
            if coord.dims == (dim,) and name != dim
        }

    def region_positions(self, wanted: Iterable[object]) -> NDArray[np.intp]:
        """Positions of regions given by name, code or any other coordinate along region."""
        return positions_of(wanted, self.regions, aliases=self._aliases(REGION), what="region")

    def sector_positions(self, wanted: Iterable[object]) -> NDArray[np.intp]:
        """Positions of sectors given by name, code or any other coordinate along sector."""
        return positions_of(wanted, self.sectors, aliases=self._aliases(SECTOR), what="sector")

    def _series(self, variable: str) -> pd.Series[float]:
        n = len(self.labels)
        values = self.data[variable].values.reshape(n) if variable in self.data else np.zeros(n)
        return pd.Series(values, index=self.labels, name=variable, copy=False)

    @property
    def x(self) -> pd.Series[float]:
        """(N,) output."""
        return self._series("output")

    @property
    def va(self) -> pd.DataFrame:
        """(P, N) value added by kind of primary input."""
        values = self.data["value_added"].values.reshape(len(self.primaries), -1)
        index = pd.Index(self.primaries, name="primary")
        return pd.DataFrame(values, index=index, columns=self.labels, copy=False)

    @property
    def exports(self) -> pd.Series[float]:
        """(N,) exports by producing industry; zeros when the table has none."""
        return self._series("exports")

    @property
    def taxes(self) -> pd.Series[float]:
        """(N,) net taxes on products used as inputs; zeros when the table has none."""
        return self._series("taxes")

    @property
    def imports(self) -> pd.DataFrame:
        """(products, N) imported inputs; no rows when the table has no imports."""
        return views.imported_inputs(self.data, self.labels)

    @property
    def final_imports(self) -> pd.DataFrame:
        """Imports for final use, rows (region of use, product), columns categories."""
        return views.imported_final(self.data, self.regions, self.categories)

    @cached_property
    def technology(self) -> Floats:
        """(R, S, S) [region of use, product, industry] domestic inputs per unit of output.

        For an explicit table, summed over the origins. Industries without output use nothing.
        """
        return _frozen(convert.technology(self.data, self.kind))

    @cached_property
    def trade(self) -> Floats:
        """(S, R, R) [product, from, to] trade shares; pooled tables only."""
        if self.kind == "explicit":
            raise NotTold("an explicit table has shares of its own in every cell; use pooled()")
        values: Floats = self.data["trade_share"].values
        return values

    def _refuse_large(self, n_rows: int, n_columns: int, letter: str) -> None:
        if n_rows * n_columns * 8 > LARGEST_MATRIX:
            raise TableTooLarge(
                f"{letter} would take {n_rows * n_columns * 8 / 2**30:.1f} GiB "
                f"({n_rows} x {n_columns}), more than {LARGEST_MATRIX / 2**30:.0f} GiB; "
                "solve with the table itself: pooled products never form it"
            )

    @cached_property
    def _flows(self) -> Floats:
        n = len(self.labels)
        if self.kind == "explicit":
            values: Floats = self.data["flows"].values.reshape(n, n)
            return values
        self._refuse_large(n, n, "Z")
        return _frozen(convert.pooled_flows(self.data).reshape(n, n))

    @property
    def Z(self) -> pd.DataFrame:
        """(N, N) intermediate flows; formed on demand in a pooled table."""
        return pd.DataFrame(self._flows, index=self.labels, columns=self.labels, copy=False)

    @property
    def A(self) -> pd.DataFrame:
        """(N, N) inputs per unit of output; columns of industries without output are zero."""
        x = self.data["output"].values.reshape(-1)
        values = np.divide(self._flows, x, out=np.zeros_like(self._flows), where=x > 0)
        return pd.DataFrame(values, index=self.labels, columns=self.labels, copy=False)

    @cached_property
    def _final(self) -> Floats:
        """Flat final demand by place of production, exports last."""
        n = len(self.labels)
        columns = self.n_regions * (len(self.categories) + 1)
        self._refuse_large(n, columns, "Y")
        return _frozen(convert.final_by_origin(self.data, self.kind).reshape(n, -1))

    @property
    def Y(self) -> pd.DataFrame:
        """Final demand by place of production, columns (place of use, category).

        The last R columns, (producing region, "exports"), are exports; an explicit table without
        exports leaves them out. Where the place of use is not told, its label says so.
        """
        index = views.final_columns(
            self.regions, self.categories, self.final_use_told, "exports" in self.data
        )
        return pd.DataFrame(self._final, index=self.labels, columns=index, copy=False)

    @cached_property
    def _final_total(self) -> Floats:
        return _frozen(convert.final_total(self.data, self.kind).reshape(-1))

    @property
    def f(self) -> pd.Series[float]:
        """(N,) final demand and exports by place of production: row sums of Y, without forming it.

        Solving (I - A) x = f returns the output of the table.
        """
        return pd.Series(self._final_total, index=self.labels, name="final_demand", copy=False)

    @property
    def final_use_told(self) -> bool:
        """Whether the place of final use is known (always, in a pooled table)."""
        return self.kind == "pooled" or "region_to" in self.data["final_demand"].dims

    @property
    def demand(self) -> pd.DataFrame:
        """(N, C) domestic products for final use, rows (region of USE, product).

        Raises
        ------
        NotTold
            When the source does not give the place of final use.
        """
        values = convert.demand_by_use(self.data, self.kind)
        columns = pd.Index(self.categories, name=CATEGORY)
        flat = values.reshape(len(self.labels), -1)
        return pd.DataFrame(flat, index=self.labels, columns=columns, copy=False)

    def check(self, *, strict: bool = False, tolerance: float | None = None) -> list[Finding]:
        """Find what does not add up: rows, columns, shares, negative value added.

        With `strict`, raise `UnbalancedTable` listing all findings instead of returning them.
        """
        limit = self.tolerance if tolerance is None else tolerance
        findings = checks.check_balance(self.data, self.kind, tolerance=limit)
        if strict:
            raise_collected(UnbalancedTable, [f.message for f in findings], f"table {self.name}")
        return findings

    def pooled(self) -> RegionalTable:
        """Pool the origins of every product (Chenery-Moses).

        Output, technology by place of use and product flows between regions stay; single cells
        and multipliers move, and the notes of the new table say by how much. A pooled table
        returns itself.

        Raises
        ------
        NotTold
            When the place of final use is not known.
        InvalidTable
            When a product flow between two regions is negative (stocks run down).
        """
        if self.kind == "pooled":
            return self
        return RegionalTable(convert.to_pooled(self.data), "pooled")

    def explicit(self) -> RegionalTable:
        """Spell out every cell z_ij^rs = t_i^rs z_ij^s; an explicit table returns itself."""
        if self.kind == "explicit":
            return self
        n = len(self.labels)
        self._refuse_large(n, n + self.n_regions * len(self.categories), "the explicit table")
        return RegionalTable(convert.to_explicit(self.data), "explicit")

    def to_netcdf(self, path: str | Path) -> Path:
        """Write the table as one NetCDF file, which `read_table` reads back exactly."""
        return netcdf.write_dataset(self.data, self.kind, path)

    def __repr__(self) -> str:
        """One line: kind, size, name, year, unit."""
        year = f", {self.year}" if self.year is not None else ""
        return (
            f"<RegionalTable {self.name!r}{year}: {self.kind}, {self.n_regions} regions x "
            f"{self.n_sectors} sectors, {self.unit}>"
        )


def _frozen(values: Floats) -> Floats:
    values.flags.writeable = False
    return values
