"""Labels in, the same labels out: between what a user holds and the flat arrays solvers take.

Question owned: how does a vector of any labelled kind become (n, k) floats in the table's row
order, and come back?

Public names
    Aligned     the flat columns, and `restore` for a result of the same shape
    align       array, Series, DataFrame or DataArray to `Aligned`
    positions   row labels to row positions

Terms: `labels` (n,) the row labels of a system, for a table the (region, sector) pairs; without
labels, rows are positions and any index of length n is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import did_you_mean, positions_of, shown
from model.errors import ShapeError, UnknownLabel
from model.leontief.products import FloatArray, IntArray

Labelled: TypeAlias = Any
"""numpy array, pandas Series or DataFrame, or xarray DataArray; the result is of the same kind."""


@dataclass(frozen=True)
class Aligned:
    """Columns (n, k) in row order, and the way back to the form they came in."""

    columns: FloatArray
    restore: Callable[[FloatArray], Labelled]


def align(given: Labelled, n: int, labels: pd.Index | None, what: str) -> Aligned:
    """Put labelled or plain columns into row order.

    Raises
    ------
    ShapeError
        When the size does not fit, labels are missing or repeated, or a number is not finite.
    UnknownLabel
        For labels that are not rows, with the closest ones that are.
    """
    if isinstance(given, pd.Series | pd.DataFrame):
        aligned = _from_pandas(given, n, labels, what)
    elif isinstance(given, xr.DataArray):
        aligned = _from_xarray(given, n, labels, what)
    else:
        aligned = _from_array(given, n, what)
    bad = ~np.isfinite(aligned.columns)
    if bad.any():
        rows = np.flatnonzero(bad.any(axis=1))[:5]
        where = shown(labels[rows]) if labels is not None else rows.tolist()
        raise ShapeError(f"{what} must be finite; it is not in {int(bad.sum())} places: {where}.")
    return aligned


def _columns(values: Any, n: int, what: str) -> FloatArray:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim not in (1, 2) or array.shape[0] != n:
        raise ShapeError(
            f"{what} must have {n} rows, one per (region, sector), as ({n},) or ({n}, k); "
            f"it has shape {array.shape}."
        )
    return array.reshape(n, -1)


def _from_array(given: Any, n: int, what: str) -> Aligned:
    shape = np.shape(given)
    return Aligned(_columns(given, n, what), lambda result: result.reshape(shape))


def _from_pandas(
    given: pd.Series[Any] | pd.DataFrame, n: int, labels: pd.Index | None, what: str
) -> Aligned:
    index = given.index
    order: IntArray | None = None
    if labels is not None and not index.equals(labels):
        order = _row_order(index, labels, what)
    values = _columns(given.to_numpy(), n, what)
    if order is not None:
        ordered = np.empty_like(values)
        ordered[order] = values
        values = ordered

    def restore(result: FloatArray) -> Labelled:
        back = result if order is None else result[order]
        if isinstance(given, pd.Series):
            return pd.Series(back[:, 0], index=index, name=given.name)
        return pd.DataFrame(back, index=index, columns=given.columns)

    return Aligned(values, restore)


def _row_order(index: pd.Index, labels: pd.Index, what: str) -> IntArray:
    """Row position of each label of `index`, a permutation of `labels`."""
    wanted = index
    if isinstance(index, pd.MultiIndex) and isinstance(labels, pd.MultiIndex):
        names = list(index.names)
        if names != list(labels.names) and set(names) == set(labels.names):
            wanted = index.reorder_levels(list(labels.names))
    order = positions(wanted, labels)
    if order.size != len(labels) or np.unique(order).size != order.size:
        missing = labels.difference(wanted)
        twice = wanted[wanted.duplicated()].unique()
        raise ShapeError(
            f"{what} must name each of the {len(labels)} rows once; missing: {shown(missing)}; "
            f"named twice: {shown(twice)}. Use .reindex(labels, fill_value=0.0) for the rest."
        )
    return order


def _from_xarray(given: xr.DataArray, n: int, labels: pd.Index | None, what: str) -> Aligned:
    if labels is None or not isinstance(labels, pd.MultiIndex):
        raise ShapeError(f"{what} is a DataArray, but this system has no (region, sector) labels.")
    names = [str(name) for name in labels.names]
    if not set(names) <= set(given.dims):
        raise ShapeError(f"{what} must have dims {names}; it has {list(given.dims)}.")
    rest = [str(dim) for dim in given.dims if dim not in names]
    picks = {
        name: positions_of(labels.levels[i].tolist(), given[name].values.tolist(), what=name)
        for i, name in enumerate(names)
    }
    sizes = [len(labels.levels[i]) for i in range(len(names))]
    if int(np.prod(sizes)) != n or any(
        given.sizes[d] != s for d, s in zip(names, sizes, strict=True)
    ):
        raise ShapeError(
            f"{what} must cover {dict(zip(names, sizes, strict=True))}; it covers "
            f"{ {name: given.sizes[name] for name in names} }."
        )
    # Rows in the order of `labels`, whatever the order of its levels.
    grid = given.transpose(*names, *rest)
    flat = grid.values.reshape(n, -1)
    rows = np.ravel_multi_index(
        tuple(picks[name][labels.codes[i]] for i, name in enumerate(names)), sizes
    )
    values = _columns(flat[rows], n, what)

    def restore(result: FloatArray) -> Labelled:
        back = np.empty_like(result)
        back[rows] = result
        return grid.copy(data=back.reshape(grid.shape)).transpose(*given.dims)

    return Aligned(values, restore)


def positions(wanted: Any, labels: pd.Index | None, n: int | None = None) -> IntArray:
    """Positions of row labels; without labels they must be positions already.

    Raises
    ------
    UnknownLabel
        Naming labels that are no rows, with the closest ones that are.
    """
    if labels is None:
        out = np.atleast_1d(np.asarray(wanted, dtype=np.intp))
        bad = out[(out < 0) | (out >= (n or 0))]
        if bad.size:
            raise UnknownLabel(f"rows go from 0 to {(n or 0) - 1}; found {bad[:5].tolist()}.")
        return out
    asked = wanted if isinstance(wanted, pd.Index) else _as_index(wanted, labels)
    found = labels.get_indexer(asked)
    if (found < 0).any():
        raise UnknownLabel(_unknown(asked[found < 0], labels))
    return np.asarray(found, dtype=np.intp)


def _as_index(wanted: Any, labels: pd.Index) -> pd.Index:
    if isinstance(labels, pd.MultiIndex):
        items: Iterable[Any] = [wanted] if isinstance(wanted, tuple) else list(wanted)
        whole = [tuple(i) for i in items if not isinstance(i, str)]
        if len(whole) != len(list(items)):
            raise UnknownLabel(
                f"a row is named by ({', '.join(map(str, labels.names))}); found {shown(items)}."
            )
        return pd.MultiIndex.from_tuples(whole, names=labels.names)
    return pd.Index([wanted] if isinstance(wanted, str) else list(wanted))


def _unknown(bad: pd.Index, labels: pd.Index) -> str:
    found = []
    for label in list(bad)[:5]:
        text = " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        hint = ""
        if isinstance(label, tuple) and isinstance(labels, pd.MultiIndex):
            for part, level in zip(label, labels.levels, strict=False):
                if part not in level:
                    hint += did_you_mean(part, level.tolist())
        else:
            hint = did_you_mean(label, labels.tolist())
        found.append(text + hint)
    return f"{len(bad)} labels are not rows of the table: {'; '.join(found)}."
