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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from io_tables import netcdf
from io_tables.container import checks, convert, flows, soundness
from io_tables.container.alignment import Frame
from io_tables.container.checks import Finding, raise_collected
from io_tables.container.flow_inputs import Coords, FlowInputs, flows_dataset, table_attrs
from io_tables.container.frames import TableFrames
from io_tables.container.pooled_inputs import Block, PooledInputs, pooled_dataset
from io_tables.dims import Kind
from io_tables.errors import InvalidTable, NotTold, UnbalancedTable


@dataclass(frozen=True, eq=False, repr=False)
class RegionalTable(TableFrames):
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
        stressor_demand: pd.DataFrame | None = None,
        final_taxes: Frame | None = None,
        discrepancy: Frame | None = None,
        units: str = "money",
        year: int | None = None,
        name: str = "",
        notes: Sequence[str] = (),
        coords: Coords | None = None,
        signed: bool = False,
        tolerance: float = checks.ROW_TOLERANCE,
        copy: bool = True,
    ) -> RegionalTable:
        """Build an explicit table from flows between industries and final demand.

        Parameters
        ----------
        Z
            (N, N) intermediate flows of domestic products, rows sell, columns buy. A DataFrame
            labelled by (region, sector) on both sides, or an array with `regions`, `sectors`.
            Industries that a labelled Z leaves out are entered with zero output and named in
            the notes, so that sectors may differ between regions. A scipy sparse matrix stays
            sparse: the table keeps the flows that are not zero (see `sparse`, `dense`).
        Y
            Final demand for domestic products by place of production: (N, R * C) with the place
            of use, (N, C) without it, or (N,). Columns labelled (region, category); a category
            called "exports" is taken as exports by producing region, one called "discrepancy" as
            `discrepancy`. An array whose width is a
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
        stressor_demand
            The same K accounts for final demand, columns as in Y.
        final_taxes
            Net taxes on products for final use, one row with columns as in Y.
        discrepancy
            (N,) what the source leaves between deliveries and output ("errors", "others"); a
            block of its own, part of f and of the row balance, never of demand or exports.
        units, year, name, notes, coords
            What the money is, and further coordinates {name: (dim, labels)}.
        signed
            Keep negative intermediate flows instead of refusing them.
        tolerance
            Relative gap between row totals and x above which the table is refused.
        copy
            False takes float64 arrays over as they are, which halves the memory; they must not
            be changed afterwards.

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
                stressor_units=stressor_units, stressor_demand=stressor_demand,
                final_taxes=final_taxes, discrepancy=discrepancy, coords=coords, copy=copy,
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
        stressor_demand: pd.DataFrame | None = None,
        final_taxes: Frame | None = None,
        discrepancy: Block | None = None,
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
        discrepancy
            (R, S) what is left between deliveries and output.
        stressors, stressor_units, stressor_demand, final_taxes
            As for `from_flows`; columns of final use are (region, category).
        units, year, name, notes, coords, signed, tolerance
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
                stressor_units=stressor_units, stressor_demand=stressor_demand,
                final_taxes=final_taxes, discrepancy=discrepancy, coords=coords,
            ),
            attrs=table_attrs(units, year, name, notes, signed, tolerance),
        )  # fmt: skip
        return cls(data, "pooled")

    def check(self, *, strict: bool = False, tolerance: float | None = None) -> list[Finding]:
        """Find what does not add up.

        Rows, columns and shares; negative value added; industries with flows but no output; a
        technology that no output can satisfy (Hawkins-Simon); variables in different units of
        money. Blocks that a reader took out of its source as they were (imports that are not
        told by product, errors) are shown with their size by region; these findings have level
        "note".

        With `strict`, raise `UnbalancedTable` listing all findings of level "error" instead of
        returning them.
        """
        limit = self.tolerance if tolerance is None else tolerance
        findings = [
            *checks.check_balance(self.data, self.kind, tolerance=limit),
            *soundness.check_soundness(self.data, self.kind),
        ]
        if strict:
            failures = [f.message for f in findings if f.level == "error"]
            raise_collected(UnbalancedTable, failures, f"table {self.name}")
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

    def sparse(self) -> RegionalTable:
        """Keep only the flows that are not zero, 16 bytes each; a sparse table returns itself.

        Raises
        ------
        NotTold
            For a pooled table, which keeps no flows.
        """
        if self.kind == "pooled":
            raise NotTold("a pooled table keeps no flows that could be sparse")
        return self if self.is_sparse else RegionalTable(flows.as_sparse(self.data), self.kind)

    def dense(self) -> RegionalTable:
        """Keep every flow, the zeros too; any other table returns itself.

        Raises
        ------
        TableTooLarge
            When they would take more than 2 GiB.
        """
        if not self.is_sparse:
            return self
        n = len(self.labels)
        self._refuse_large(n, n, "the dense table")
        return RegionalTable(flows.as_dense(self.data), self.kind)

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
