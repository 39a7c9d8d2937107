"""From labelled arrays to rows.

Owns the question: how does a result over regions and sectors become a frame for reading?

Public names
------------
``By``         what a row is
``label_of``   the columns that name a row
``mean_rows``  means over the dimension that is not shown, weighed by output
``wide``       a two-dimensional array as a frame
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import xarray as xr

    from io_tables.table import RegionalTable

__all__ = ["By", "label_of", "mean_rows", "mean_values", "wide"]

By: TypeAlias = Literal["industry", "sector", "region"]


def label_of(by: By) -> list[str]:
    """Return the columns that name a row."""
    return ["region", "sector"] if by == "industry" else [by]


def mean_values(values: xr.DataArray, table: RegionalTable, by: By) -> xr.DataArray:
    """Return means of (region, sector) over the other dimension, weighed by output."""
    if by == "industry":
        return values
    other = "region" if by == "sector" else "sector"
    weights = table.data["output"]
    return (values * weights).sum(other) / weights.sum(other)


def mean_rows(data: xr.Dataset, table: RegionalTable, by: By) -> pd.DataFrame:
    """Return one row for each industry, sector or region, columns the variables."""
    columns = {str(name): mean_values(data[name], table, by) for name in data.data_vars}
    first = next(iter(columns.values())).transpose(*label_of(by))
    index = pd.MultiIndex.from_product(
        [first[name].values for name in label_of(by)], names=label_of(by)
    )
    flat = {name: one.transpose(*label_of(by)).values.ravel() for name, one in columns.items()}
    return pd.DataFrame(flat, index=index).reset_index()


def wide(array: xr.DataArray, rows: str, columns: str) -> pd.DataFrame:
    """Return a two-dimensional array as a frame with the names of its rows and columns."""
    found = array.transpose(rows, columns)
    return pd.DataFrame(
        np.asarray(found.values, dtype=float),
        index=pd.Index(found[rows].values, name=rows),
        columns=[str(name) for name in found[columns].values],
    )
