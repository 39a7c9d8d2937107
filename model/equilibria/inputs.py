"""What a caller gives, as arrays of the base year's shape, checked at the boundary.

Owns the question: do elasticities and changes fit the regions and sectors, and are they possible?

Public names
------------
``by_product``   a number or one for each sector, (S,)
``by_region``    one number for each region, (R,)
``delivery``     a number, an array or a labelled one, as ln tau^ (S, R, R)
``productivity``  likewise, as ln A^ (R, S)
``deficits``     "given" or new ones, as the change (R,)
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from model.equilibria.base import EquilibriumBase
from model.errors import Infeasible, ShapeError, UnknownLabel

Array = NDArray[np.float64]

__all__ = ["by_product", "by_region", "deficits", "delivery", "productivity"]


def _ordered(given: ArrayLike, labels: dict[str, tuple[str, ...]], what: str) -> Array:
    """Return a labelled array in the order of `labels` (dimension: labels), others as they are."""
    if isinstance(given, pd.DataFrame | pd.Series):
        axes = [given.index] if isinstance(given, pd.Series) else [given.index, given.columns]
        given = xr.DataArray(
            given.to_numpy(), dims=list(labels), coords=dict(zip(labels, axes, strict=True))
        )
    if isinstance(given, xr.DataArray):
        if set(given.dims) != set(labels):
            raise ShapeError(
                f"{what} must have the dimensions {', '.join(labels)}; found "
                f"{', '.join(map(str, given.dims))}."
            )
        missing = []
        for dim, names in labels.items():
            if dim in given.coords:
                known = set(map(str, given[dim].values))
                missing += [f"{dim} {name!r}" for name in names if name not in known]
        if missing:
            raise UnknownLabel(f"{what} lacks {', '.join(missing[:5])}.")
        told = {dim: list(names) for dim, names in labels.items() if dim in given.coords}
        given = given.transpose(*labels).sel(told).values
    return np.asarray(given, dtype=np.float64)


def _shaped(values: Array, shape: tuple[int, ...], what: str, axes: str) -> Array:
    if values.ndim not in (0, len(shape)) or (values.ndim and values.shape != shape):
        raise ShapeError(f"{what} must be one number or {shape} {axes}; found {values.shape}.")
    return np.array(np.broadcast_to(values, shape))


def by_product(base: EquilibriumBase, given: ArrayLike, what: str) -> Array:
    """Return an elasticity by product, (S,), at least 0 and finite.

    Raises
    ------
    ShapeError, UnknownLabel
    """
    values = _ordered(given, {"sector": base.sectors}, what)
    values = _shaped(values, (base.n_sectors,), what, "[product]")
    bad = np.flatnonzero(~((values >= 0.0) & np.isfinite(values)))
    if bad.size:
        names = ", ".join(f"{base.sectors[i]} ({values[i]:g})" for i in bad[:5])
        raise ShapeError(f"{what} must be finite and at least 0; it is not in {names}.")
    return values


def by_region(base: EquilibriumBase, given: ArrayLike, what: str) -> Array:
    """Return numbers by region in the order of the table: labelled ones are put in it.

    Raises
    ------
    ShapeError, UnknownLabel
    """
    return _ordered(given, {"region": base.regions}, what)


def delivery(base: EquilibriumBase, given: ArrayLike, theta: Array) -> Array:
    """Return ln tau^ (S, R, R); infinite where a route is closed.

    Raises
    ------
    ShapeError, UnknownLabel
    Infeasible
        When every origin of a product that a region uses is closed.
    """
    names = {"sector": base.sectors, "region_from": base.regions, "region_to": base.regions}
    values = _ordered(given, names, "delivery_change")
    values = _shaped(values, base.trade.shape, "delivery_change", "[product, from, to]")
    bad = np.argwhere(~(values > 0.0))
    if bad.size:
        where = "; ".join(
            f"{base.sectors[i]} from {base.regions[r]} to {base.regions[s]} ({values[i, r, s]:g})"
            for i, r, s in bad[:5]
        )
        raise ShapeError(f"delivery_change must be above 0 (1 is no change): {where}.")
    closed = np.isinf(values) & (base.trade > 0.0)
    shut = closed.any(axis=1) & (
        (theta == 0.0)[:, None] | (np.where(closed, 0.0, base.trade).sum(axis=1) <= 0.0)
    )
    failures = [
        f"{base.sectors[i]} in {base.regions[s]}"
        + (" (theta 0: buyers cannot do without any origin)" if theta[i] == 0.0 else "")
        for i, s in np.argwhere(shut)[:5]
    ]
    _raise(failures, "a product that is used must keep an open origin; none is open for")
    _refuse_islands(base, np.isfinite(values))
    return np.asarray(np.log(values))


def _refuse_islands(base: EquilibriumBase, is_open: NDArray[np.bool_]) -> None:
    """Refuse regions that trade neither with the rest nor abroad: their prices mean nothing."""
    used = base.composite.T[:, None, :] > 0.0
    linked = np.asarray(((base.trade > 0.0) & is_open & used).any(axis=0))
    count, island = connected_components(linked, directed=True, connection="weak")
    if count == 1:
        return
    cut_off = [
        [base.regions[r] for r in np.flatnonzero(island == k)]
        for k in range(count)
        if not base.abroad[island == k].any()
    ]
    failures = [", ".join(names[:5]) for names in cut_off[:5]]
    _raise(failures, "every group of regions must trade with others or abroad; these do not")


def _raise(failures: list[str], rule: str) -> None:
    if failures:
        raise Infeasible(f"equilibrium: {rule}: {'; '.join(failures)}.")


def productivity(base: EquilibriumBase, given: ArrayLike | None) -> Array:
    """Return ln A^ (R, S).

    Raises
    ------
    ShapeError, UnknownLabel
    """
    if given is None:
        return np.zeros_like(base.output)
    names = {"region": base.regions, "sector": base.sectors}
    values = _ordered(given, names, "productivity")
    values = _shaped(values, base.output.shape, "productivity", "[region, sector]")
    bad = np.argwhere(~((values > 0.0) & np.isfinite(values)))
    if bad.size:
        where = "; ".join(f"{base.regions[r]} / {base.sectors[i]}" for r, i in bad[:5])
        raise ShapeError(f"productivity must be finite and above 0 (1 is no change): {where}.")
    return np.asarray(np.log(values))


def deficits(base: EquilibriumBase, given: ArrayLike) -> Array:
    """Return new less given deficits, (R,).

    Raises
    ------
    ShapeError, UnknownLabel
    Infeasible
        When a region owes more than its income, or a country that trades with nobody runs a
        deficit in all.
    """
    if isinstance(given, str):
        if given != "given":
            raise ShapeError(f"deficits must be 'given' or one number a region; found {given!r}.")
        return np.zeros(base.n_regions)
    values = _ordered(given, {"region": base.regions}, "deficits")
    values = _shaped(values, (base.n_regions,), "deficits", "[region]")
    if not np.isfinite(values).all():
        raise ShapeError("deficits must be finite.")
    income = base.expenditure - base.deficit
    broke = np.flatnonzero(income + values <= 0.0)
    failures = []
    if broke.size:
        names = ", ".join(base.regions[r] for r in broke[:5])
        failures.append(f"a region cannot owe more than its income: {names}")
    if not base.trades_abroad and abs(values.sum()) > 1e-9 * income.sum():
        failures.append(
            f"deficits must sum to zero in a country that trades with nobody; they sum to "
            f"{values.sum():.6g} {base.unit}"
        )
    _raise(failures, "deficits must be possible")
    return values - base.deficit
