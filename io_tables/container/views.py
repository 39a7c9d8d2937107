"""Which labels the imports and the final demand of a table have as frames.

Public names: `imported_inputs`, `imported_final`, `stressor_rows`, `final_columns`;
used by `TableFrames`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.dims import CATEGORY, REGION, SECTOR, UNTOLD


def imported_inputs(data: xr.Dataset, labels: pd.MultiIndex) -> pd.DataFrame:
    """(products, N) imported inputs, without rows when there are none."""
    if "imported_use" not in data:
        empty = pd.Index([], name=SECTOR, dtype=str)
        return pd.DataFrame(np.zeros((0, len(labels))), index=empty, columns=labels)
    block = data["imported_use"]
    index = pd.Index(block[block.dims[0]].values, name=SECTOR)
    values = block.values.reshape(len(index), len(labels))
    return pd.DataFrame(values, index=index, columns=labels, copy=False)


def imported_final(
    data: xr.Dataset, regions: Sequence[str], categories: Sequence[str]
) -> pd.DataFrame:
    """Return imports for final use, rows (region of use, product), columns categories."""
    columns = pd.Index(categories, name=CATEGORY)
    names = [REGION, SECTOR]
    if "imported_demand" not in data:
        nothing = pd.MultiIndex.from_arrays([[], []], names=names)
        return pd.DataFrame(np.zeros((0, len(columns))), index=nothing, columns=columns)
    block = data["imported_demand"]
    places = regions if REGION in block.dims else [UNTOLD]
    products = block[block.dims[-2]].values.tolist()
    index = pd.MultiIndex.from_product([places, products], names=names)
    values = block.values.reshape(len(index), len(columns))
    return pd.DataFrame(values, index=index, columns=columns, copy=False)


def stressor_rows(data: xr.Dataset, name: str, columns: pd.MultiIndex) -> pd.DataFrame:
    """(K, columns) rows of a physical account, without rows when there are none."""
    rows = data["stressor"].values.tolist() if name in data else []
    values = (
        data[name].values.reshape(len(rows), -1) if name in data else np.zeros((0, len(columns)))
    )
    index = pd.Index(rows, name="stressor", dtype=str)
    return pd.DataFrame(values, index=index, columns=columns, copy=False)


def final_columns(
    regions: Sequence[str], categories: Sequence[str], told: bool, outside: Sequence[str]
) -> pd.MultiIndex:
    """(place of use, category) of final demand; exports, discrepancy by producing region last."""
    places = regions if told else [UNTOLD]
    columns = [(place, category) for place in places for category in categories]
    columns += [(region, name) for name in outside for region in regions]
    return pd.MultiIndex.from_tuples(columns, names=[REGION, CATEGORY])
