"""How a table reads in the textbook's letters: pandas views and flat arrays.

Public names: `TableFrames`, the base of `RegionalTable`; `LARGEST_MATRIX`.

Everything here is a view on the dataset of a table or is derived from it when first asked for,
and kept read-only. Rows and columns are region-major, row r * S + i; see `io_tables.table` for
the terms and `schema.csv` for the variables.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final, cast

import numpy as np
import pandas as pd
import scipy.sparse as sp
import xarray as xr
from numpy.typing import NDArray

from io_tables.container import checks, convert, flows, views
from io_tables.container.checks import Floats
from io_tables.dims import CATEGORY, REGION, SECTOR, Kind
from io_tables.errors import NotTold, TableTooLarge
from io_tables.labels import positions_of

LARGEST_MATRIX: Final = 2 * 1024**3
"""Bytes up to which `Z`, `A` and `Y` are formed on demand."""


class TableFrames:
    """Views on the dataset of a table; `RegionalTable` adds how one is built and checked."""

    data: xr.Dataset
    kind: Kind

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
    def discrepancy(self) -> pd.Series[float]:
        """(N,) what the source leaves between deliveries and output; zeros when it has none."""
        return self._series("discrepancy")

    @property
    def stressors(self) -> pd.DataFrame:
        """(K, N) physical accounts by industry; no rows when the table has none."""
        return views.stressor_rows(self.data, "stressor_use", self.labels)

    @property
    def stressor_demand(self) -> pd.DataFrame:
        """(K, columns) physical accounts of final demand, columns (place of use, category)."""
        told = REGION in self.data["stressor_demand"].dims if "stressor_demand" in self.data else 1
        columns = views.final_columns(self.regions, self.categories, bool(told), ())
        return views.stressor_rows(self.data, "stressor_demand", columns)

    @property
    def stressor_units(self) -> pd.Series[str]:
        """Unit of every stressor."""
        rows = self._labels("stressor")
        units = [str(u) for u in self.data["stressor_units"].values] if rows else []
        return pd.Series(units, index=pd.Index(rows, name="stressor", dtype=str), dtype=str)

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
        if self.kind == "explicit" and not self.is_sparse:
            values: Floats = self.data["flows"].values.reshape(n, n)
            return values
        self._refuse_large(n, n, "Z")
        if self.kind == "explicit":
            return _frozen(flows.dense_of(self.data))
        return _frozen(convert.pooled_flows(self.data).reshape(n, n))

    @property
    def is_sparse(self) -> bool:
        """Whether an explicit table keeps only the flows that are not zero."""
        return flows.is_sparse(self.data)

    @property
    def flows(self) -> Floats | sp.csr_array:
        """(N, N) flows of an explicit table as it keeps them: an array, or a sparse matrix.

        Raises
        ------
        NotTold
            For a pooled table, which keeps none.
        """
        if self.kind == "pooled":
            raise NotTold("a pooled table keeps no flows; Z forms them where memory allows")
        return cast("Floats | sp.csr_array", flows.matrix_of(self.data))

    @property
    def Z(self) -> pd.DataFrame:
        """(N, N) intermediate flows; formed on demand in a pooled or sparse table."""
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
        columns = self.n_regions * (len(self.categories) + len(convert.OUTSIDE))
        self._refuse_large(n, columns, "Y")
        return _frozen(convert.final_by_origin(self.data, self.kind).reshape(n, -1))

    @property
    def Y(self) -> pd.DataFrame:
        """Final demand by place of production, columns (place of use, category).

        The last R columns, (producing region, "exports"), are exports, followed by the columns
        (producing region, "discrepancy"); a table without them leaves them out. Where the place
        of use is not told, its label says so.
        """
        index = views.final_columns(
            self.regions,
            self.categories,
            self.final_use_told,
            [name for name in convert.OUTSIDE if name in self.data],
        )
        return pd.DataFrame(self._final, index=self.labels, columns=index, copy=False)

    @cached_property
    def _final_total(self) -> Floats:
        return _frozen(convert.final_total(self.data, self.kind).reshape(-1))

    @property
    def f(self) -> pd.Series[float]:
        """(N,) what is final by place of production: row sums of Y, without forming it.

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


def _frozen(values: Floats) -> Floats:
    values.flags.writeable = False
    return values
