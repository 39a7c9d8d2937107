"""Readings of a ledger by group of regions, ring of travel time or cost, and group of sectors.

Question owned: how much of an effect falls to each cluster, macro-region or ring around a pole?

Public names
    group_regions    sum anything over regions into groups of regions
    group_sectors    the same for sectors
    rings            the ring that each region lies in, seen from some regions
    by_ring          a ledger by ring around each of its poles
    plot_groups      bars of groups or rings, by part where there are parts
    OUTSIDE, INSIDE  what belongs to no group, and a pole's own ring

Terms: groups are a Series label -> group, a mapping group -> labels or group -> {label: share}, or
the name of a coordinate beside the labels. What no group claims is "outside", so that sums stay:

    y_g = sum_r m_gr x_r,   sum_g m_gr = 1,   m_gr >= 0

A ring holds the regions whose least cost from any region of the pole is at or above one edge and
below the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import did_you_mean, shown
from model.dims import PART, POLE, REGION, SECTOR
from model.errors import ShapeError, UnknownLabel
from model.leontief.products import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OUTSIDE = "outside"
INSIDE = "in the pole"
GROUP = "group"
RING = "ring"
EDGES = (60.0, 120.0, 240.0, 480.0)

Groups: TypeAlias = "pd.Series[str] | Mapping[str, Sequence[str] | Mapping[str, float]] | str"
Labelled = TypeVar("Labelled", xr.Dataset, xr.DataArray)


def group_regions(data: Labelled, groups: Groups, *, name: str = GROUP) -> Labelled:
    """Sum over regions into groups.

    Parameters
    ----------
    data
        Anything with a dimension `region`.
    groups
        Series region -> group; {group: [regions] or {region: share}}; or the name of a coordinate.
    name
        Dimension that takes the place of `region`.

    Returns
    -------
    The same with groups for regions, "outside" last where regions are left over. Variables of a
    Dataset without regions stay.

    Raises
    ------
    UnknownLabel
        For regions that the data do not have.
    ShapeError
        For shares that are negative or, over all groups, more than the whole of a region.
    """
    return _grouped(data, REGION, groups, name)


def group_sectors(data: Labelled, groups: Groups, *, name: str = GROUP) -> Labelled:
    """Sum over sectors into groups; as `group_regions`."""
    return _grouped(data, SECTOR, groups, name)


def _grouped(data: Labelled, dim: str, groups: Groups, name: str) -> Labelled:
    if dim not in data.dims:
        raise ShapeError(f"there is no dimension {dim!r} to group; found {list(data.dims)}.")
    labels = [str(v) for v in data[dim].values]
    if isinstance(groups, str):
        beside = [str(c) for c in data.coords if data.coords[c].dims == (dim,) and c != dim]
        if groups not in beside:
            raise UnknownLabel(
                f"no coordinate {groups!r} beside {dim}{did_you_mean(groups, beside)}; there are "
                f"{shown(beside)}."
            )
        groups = pd.Series(data.coords[groups].values.astype(str), index=labels)
    names, weights = membership(labels, groups)
    matrix = xr.DataArray(weights, dims=(name, dim), coords={name: names, dim: data[dim].values})

    def summed(one: xr.DataArray) -> xr.DataArray:
        if dim not in one.dims:
            return one
        order = [name if d == dim else d for d in one.dims]
        plain = one.drop_vars([c for c in one.coords if dim in one.coords[c].dims and c != dim])
        out = plain.dot(matrix, dim=dim).transpose(*order)
        return out.assign_attrs(one.attrs)

    if isinstance(data, xr.DataArray):
        return summed(data)
    return xr.Dataset({str(k): summed(v) for k, v in data.data_vars.items()}, attrs=data.attrs)


def membership(labels: Sequence[str], groups: Groups) -> tuple[list[str], FloatArray]:
    """Return names of groups and the share (G, n) of every label that each holds."""
    place = {label: k for k, label in enumerate(labels)}
    if isinstance(groups, str):
        raise ShapeError("groups by the name of a coordinate need data that have it.")
    if isinstance(groups, pd.Series):
        held = groups.astype(object).where(groups.notna(), OUTSIDE).astype(str)
        twice = held.index[held.index.duplicated()].tolist()
        if twice:
            raise ShapeError(f"a label may have one group in a Series; twice: {shown(twice)}.")
        members = {
            str(g): dict.fromkeys([str(v) for v in held.index[held == g]], 1.0)
            for g in dict.fromkeys(held)
            if g != OUTSIDE
        }
        asked = [str(v) for v in held.index]
    else:
        members = {
            str(g): {str(k): float(v) for k, v in one.items()}
            if isinstance(one, Mapping)
            else dict.fromkeys([str(v) for v in ([one] if isinstance(one, str) else one)], 1.0)
            for g, one in groups.items()
        }
        asked = [label for one in members.values() for label in one]
    unknown = [label for label in dict.fromkeys(asked) if label not in place]
    if unknown:
        hint = did_you_mean(unknown[0], list(labels))
        raise UnknownLabel(f"groups name unknown labels {shown(unknown)}{hint}.")
    weights = np.zeros((len(members), len(labels)))
    for g, one in enumerate(members.values()):
        for label, share in one.items():
            weights[g, place[label]] += share
    held_by_all = weights.sum(axis=0)
    wrong = ~((weights >= 0).all(axis=0) & (held_by_all <= 1 + 1e-9))
    bad = [label for label, one in zip(labels, wrong, strict=True) if one]
    if bad:
        raise ShapeError(f"a label has shares >= 0 that sum to 1 at most; not so: {shown(bad)}.")
    rest = np.where(np.abs(1.0 - held_by_all) < 1e-12, 0.0, 1.0 - held_by_all)
    names = list(members)
    if rest.any():
        if OUTSIDE in names:
            raise ShapeError(
                f"a group must not be called {OUTSIDE!r} where labels are left over: that is what "
                "these are called. Give it another name."
            )
        return [*names, OUTSIDE], np.vstack([weights, rest])
    return names, weights


def rings(
    cost: pd.DataFrame,
    members: Sequence[str],
    *,
    edges: Sequence[float] = EDGES,
    units: str = "min",
) -> pd.Series[str]:
    """Return the ring of every region around some of them.

    Parameters
    ----------
    cost
        (R, R) from (index) and to (columns): travel time or cost.
    members
        Regions in the middle.
    edges
        Where rings end, rising.
    units
        Of the cost, for the names.

    Raises
    ------
    UnknownLabel, ShapeError
        For members that the costs do not have, none at all, costs that are not numbers, and edges
        that do not rise.
    """
    limits = np.asarray(edges, dtype=np.float64)
    if not limits.size or (np.diff(limits) <= 0).any() or not np.isfinite(limits).all():
        raise ShapeError(f"edges of rings must rise; found {list(edges)}.")
    missing = [m for m in members if m not in cost.index or m not in cost.columns]
    if not len(members):
        raise ShapeError("rings need a region in their middle; none was given.")
    if missing:
        hint = did_you_mean(missing[0], [str(i) for i in cost.index])
        raise UnknownLabel(f"no costs for {shown(missing)}{hint}.")
    least = cost.loc[list(members)].to_numpy(dtype=np.float64).min(axis=0)
    lost = cost.columns[np.isnan(least)].astype(str).tolist()
    if lost:
        raise ShapeError(
            f"rings need a cost (infinite: no way) to every region; not so: {shown(lost)}."
        )
    names = np.array(ring_names(limits, units), dtype=object)
    found = names[1 + np.searchsorted(limits, least, side="right")]
    found[cost.columns.isin(list(members))] = INSIDE
    return pd.Series(found, index=cost.columns.astype(str), name=RING)


def ring_names(edges: FloatArray, units: str) -> list[str]:
    """Names of the rings, the pole itself first."""
    text = [f"{edge:g}" for edge in edges]
    between = [f"{low}-{high} {units}" for low, high in pairwise(text)]
    return [INSIDE, f"up to {text[0]} {units}", *between, f"{text[-1]} {units} and more"]


def by_ring(
    data: xr.DataArray,
    cost: pd.DataFrame,
    members: Mapping[str, Sequence[str]] | None = None,
    *,
    edges: Sequence[float] = EDGES,
    units: str = "min",
) -> xr.DataArray:
    """Sum a ledger into rings around each of its poles.

    Parameters
    ----------
    data
        With dimensions `pole` and `region`, as `spillovers(...)["ledger"]`.
    cost
        (R, R) from and to, with the ledger's regions.
    members
        {pole: its regions}; a pole that is not named is the region of its name.
    edges, units
        As in `rings`.

    Returns
    -------
    The same with `ring` for `region`; all rings for every pole, empty ones with 0.
    """
    regions = [str(r) for r in data[REGION].values]
    square = cost.set_axis(cost.index.astype(str), axis=0).set_axis(
        cost.columns.astype(str), axis=1
    )
    missing = [r for r in regions if r not in square.columns]
    if missing:
        raise UnknownLabel(
            f"costs must have every region of the ledger; missing: {shown(missing)}."
        )
    names = ring_names(np.asarray(edges, dtype=np.float64), units)
    told = {} if members is None else members
    out = []
    for pole in data[POLE].values:
        own = told.get(str(pole), [str(pole)])
        ring = rings(square[regions], list(own), edges=edges, units=units)
        grouped = {name: [r for r in regions if ring[r] == name] for name in names}
        out.append(group_regions(data.sel({POLE: pole}), grouped, name=RING))
    return xr.concat(out, dim=POLE).assign_attrs(data.attrs)


def plot_groups(data: xr.DataArray, *, ax: Axes | None = None) -> Axes:
    """Bars of one pole's effect by group or ring, parts on top of each other.

    Parameters
    ----------
    data
        Over groups or rings, and parts if any: select or sum the other dimensions first.
    """
    import matplotlib.pyplot as plt

    dims = [str(d) for d in data.dims if d != PART]
    if len(dims) != 1:
        raise ShapeError(f"bars need one dimension beside parts; found {list(data.dims)}.")
    grid = data if PART in data.dims else data.expand_dims({PART: ["effect"]})
    values = grid.transpose(PART, dims[0]).values
    ax = plt.subplots(figsize=(7, 4))[1] if ax is None else ax
    where = np.arange(values.shape[1])
    high, low = np.zeros(len(where)), np.zeros(len(where))
    for part, row in zip(grid[PART].values, values, strict=True):
        ax.bar(where, row, bottom=np.where(row >= 0, high, low), label=str(part))
        high, low = high + np.maximum(row, 0.0), low + np.minimum(row, 0.0)
    ax.set_xticks(where, [str(v) for v in data[dims[0]].values], rotation=30, ha="right")
    ax.set_ylabel(str(data.attrs.get("units", "")))
    if PART in data.dims:
        ax.legend(frameon=False)
    return ax
