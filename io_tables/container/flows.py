"""Flows between industries, all cells of them or only those that are not zero.

Public names:
- `CELLS`: the three variables of flows that are kept cell by cell.
- `is_sparse`: whether a dataset keeps them so.
- `matrix_of`: (N, N) as it is kept, an array or a sparse matrix; nothing is copied.
- `dense_of`: (N, N) array.
- `row_sums`, `column_sums`, `use_by_product`, `product_flows`, `smallest`: sums both forms have.
- `cell_variables`, `as_dense`, `as_sparse`: from one form to the other.
- `check_cells`: what flows kept cell by cell promise.

    dense     flows (R, S, R, S)
    sparse    flow_cells (cells,) money, flow_from and flow_to (cells,) the row and the column,
              region-major, sorted by row and then column, no cell twice: a CSR matrix

A cell that is not kept is zero. Sparse flows take 16 bytes a cell, dense ones 8.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.sparse as sp
import xarray as xr
from numpy.typing import NDArray

from io_tables.dims import REGION, REGION_FROM, REGION_TO, SECTOR, SECTOR_FROM, SECTOR_TO

Floats = NDArray[np.float64]

CELL: Final = "cell"
"""The one dimension without labels."""
CELLS: Final = ("flow_cells", "flow_from", "flow_to")
POSITIONS: Final = ("flow_from", "flow_to")
FLOWS: Final = "flows"
_GRID: Final = (REGION_FROM, SECTOR_FROM, REGION_TO, SECTOR_TO)


def is_sparse(data: xr.Dataset) -> bool:
    """Whether flows are kept cell by cell."""
    return CELLS[0] in data


def _shape(data: xr.Dataset) -> tuple[int, int]:
    return data.sizes[REGION], data.sizes[SECTOR]


def _parts(data: xr.Dataset) -> tuple[Floats, NDArray[np.int32], NDArray[np.int32]]:
    values, rows, columns = (data[name].values for name in CELLS)
    return values, rows, columns


def matrix_of(data: xr.Dataset) -> Any:
    """(N, N) flows as they are kept: an array, or a CSR matrix that shares their memory."""
    r, s = _shape(data)
    n = r * s
    if not is_sparse(data):
        return data[FLOWS].values.reshape(n, n)
    values, rows, columns = _parts(data)
    starts = np.zeros(n + 1, dtype=np.int32 if len(values) < 2**31 else np.int64)
    np.cumsum(np.bincount(rows, minlength=n), out=starts[1:])
    return sp.csr_array((values, columns, starts), shape=(n, n), copy=False)


def dense_of(data: xr.Dataset) -> Floats:
    """(N, N) flows as an array; made anew when they are sparse."""
    found = matrix_of(data)
    return np.asarray(found.toarray() if is_sparse(data) else found)


def _sums(positions: Any, values: Floats, shape: tuple[int, ...]) -> Floats:
    count = int(np.prod(shape))
    sums = np.bincount(positions, weights=values, minlength=count)
    return np.asarray(sums, dtype=np.float64).reshape(shape)


def row_sums(data: xr.Dataset, *, size: bool = False) -> Floats:
    """(R, S) what every industry sells to industries; with `size`, of absolute flows."""
    if is_sparse(data):
        values, rows, _ = _parts(data)
        return _sums(rows, np.abs(values) if size else values, _shape(data))
    flows: Floats = data[FLOWS].values
    return np.asarray((_size(flows) if size else flows).sum(axis=(2, 3)))


def column_sums(data: xr.Dataset) -> Floats:
    """(R, S) what every industry buys from industries."""
    if is_sparse(data):
        values, _, columns = _parts(data)
        return _sums(columns, values, _shape(data))
    return np.asarray(data[FLOWS].values.sum(axis=(0, 1)))


def use_by_product(data: xr.Dataset) -> Floats:
    """(S, R, S) [product, region of use, buying sector], summed over origins."""
    r, s = _shape(data)
    if is_sparse(data):
        values, rows, columns = _parts(data)
        return _sums((rows.astype(np.int64) % s) * (r * s) + columns, values, (s, r, s))
    return np.asarray(data[FLOWS].values.sum(axis=0))


def product_flows(data: xr.Dataset) -> Floats:
    """(R, S, R) [from, product, to], summed over the buying sectors."""
    r, s = _shape(data)
    if is_sparse(data):
        values, rows, columns = _parts(data)
        return _sums(rows.astype(np.int64) * r + columns // s, values, (r, s, r))
    return np.asarray(data[FLOWS].values.sum(axis=3))


def smallest(data: xr.Dataset) -> float:
    """Least flow, at most zero."""
    name = CELLS[0] if is_sparse(data) else FLOWS
    return float(data[name].values.min(initial=0.0))


def _size(values: Floats) -> Floats:
    """Absolute values, without a copy where nothing is negative."""
    return values if values.min(initial=0.0) >= 0 else np.abs(values)


def cell_variables(
    matrix: Any, units: str
) -> dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]:
    """Variables of a sparse matrix (N, N); cells told twice are added, zeros are left out."""
    csr = sp.csr_array(matrix, dtype=np.float64, copy=True)
    csr.sum_duplicates()
    csr.eliminate_zeros()
    rows = np.repeat(np.arange(csr.shape[0], dtype=np.int32), np.diff(csr.indptr))
    return {
        CELLS[0]: ((CELL,), csr.data, {"units": units}),
        CELLS[1]: ((CELL,), rows, {"units": "1"}),
        CELLS[2]: ((CELL,), csr.indices.astype(np.int32, copy=False), {"units": "1"}),
    }


def as_sparse(data: xr.Dataset) -> xr.Dataset:
    """Return an explicit dataset whose flows are kept cell by cell."""
    if is_sparse(data):
        return data
    flows = data[FLOWS]
    made = cell_variables(sp.csr_array(matrix_of(data)), str(flows.attrs["units"]))
    return data.drop_vars(FLOWS).assign(made)


def as_dense(data: xr.Dataset) -> xr.Dataset:
    """Return an explicit dataset with all cells of its flows."""
    if not is_sparse(data):
        return data
    r, s = _shape(data)
    attrs = dict(data[CELLS[0]].attrs)
    flows = dense_of(data).reshape(r, s, r, s)
    return data.drop_vars(list(CELLS)).assign({FLOWS: (_GRID, flows, attrs)})


def check_cells(data: xr.Dataset) -> list[str]:
    """Say what is wrong with flows that are kept cell by cell."""
    if not is_sparse(data):
        return []
    _, rows, columns = _parts(data)
    r, s = _shape(data)
    n = r * s
    failures = []
    for name, found in ((CELLS[1], rows), (CELLS[2], columns)):
        if len(found) and (found.min() < 0 or found.max() >= n):
            failures.append(
                f"{name} must be positions of industries, 0 to {n - 1}, found {found.min()} to "
                f"{found.max()}"
            )
    if not failures and not (np.diff(rows.astype(np.int64) * n + columns) > 0).all():
        failures.append("cells of flows must be sorted by row and column, none of them twice")
    return failures
