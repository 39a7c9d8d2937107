"""What a pole's growth does to the gap between regions, part by part.

Question owned: does each part of a ledger narrow or widen the inequality of regions per head?

Public names
    ledger_disparity    indices before, after, and what each part adds to the change
    plot_disparity      what the parts do to each index
    INDICES             the indices there are

Terms: b_r an account per head of region r in the table, d_kr what part k of a pole's ledger adds to
it, I(.) an index of inequality, weighted by people.

    alone_k   I(b + d_k) - I(b)                      if nothing but part k happened
    share_k   sum over sets u without k of |u|! (n-1-|u|)! / n! (I(b + d_u + d_k) - I(b + d_u))

Shares are free of order and sum to the change I(b + d) - I(b); below zero narrows, above widens.
With groups, Theil's indices are also split: between groups and within them. A ledger only adds to
regions: no part of it makes a region lose (that takes sourcing or people who move), so a gap
narrows here when poorer regions gain relatively more.

Source: Theil (1967); Shorrocks (1980, 2013) for splits and shares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.accounts import AccountLike, account_of
from model.decomposition import decompose
from model.dims import PART, POLE, REGION, SECTOR
from model.errors import ShapeError
from model.households import Households
from model.ledger.groups import Groups, membership
from model.ledger.kinds import AnyStimulus
from model.leontief.products import FloatArray
from model.spillover import spillovers
from model.stimulus import At, Poles
from networks.disparity import (
    atkinson,
    coefficient_of_variation,
    gini,
    theil_l,
    theil_parts,
    theil_t,
    williamson,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INDEX = "index"
INDICES: dict[str, Callable[..., float]] = {
    "theil_t": theil_t,
    "theil_l": theil_l,
    "gini": gini,
    "coefficient_of_variation": coefficient_of_variation,
    "atkinson": atkinson,
    "williamson": williamson,
}
SPLIT: dict[str, Literal["T", "L"]] = {"theil_t": "T", "theil_l": "L"}


def ledger_disparity(
    table: RegionalTable,
    poles: Poles,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike = "value_added",
    *,
    at: At = "origin",
    households: bool | Households = False,
    population: pd.Series[float] | None = None,
    groups: Groups | None = None,
) -> xr.Dataset:
    """Give indices of inequality before and after a pole's growth.

    Parameters
    ----------
    table, poles, stimulus, at, households
        As in `spillovers`; every pole is a case of its own.
    of
        The account, per head of the region where it arises.
    population
        People by region; the table's own when left out.
    groups
        Whole regions in groups, for Theil's indices between and within them.

    Returns
    -------
    Dataset with `before` (index), `after` and `change` (pole, index), `share` (pole, part, index)
    summing to the change, `alone` (pole, part, index). Indices of `INDICES`; with groups also
    theil_t_between, theil_t_within and the same for theil_l.

    Raises
    ------
    ShapeError
        For regions without people, groups that split a region, and an account that is not above
        zero everywhere.
    """
    regions = table.regions
    people = _people(table, population)
    account = account_of(table, of)
    level = (account.intensity * np.asarray(table.x)).reshape(table.n_regions, -1).sum(axis=1)
    poor = [r for r, one in zip(regions, level, strict=True) if not one > 0]
    if poor:
        raise ShapeError(
            f"inequality of {account.name} needs it above zero in every region; not so: "
            f"{shown(poor)}."
        )
    held = None if groups is None else _whole(regions, groups)
    names = _names(held is not None)

    def indices(values: FloatArray) -> FloatArray:
        return _indices(values / people, people, held)

    data = spillovers(table, poles, stimulus, of, at=at, households=households)
    ledger = data["ledger"].sum(SECTOR).isel(account=0)
    parts = [str(p) for p in ledger[PART].values]
    added = ledger.transpose(POLE, PART, REGION).values
    before = indices(level)
    n_poles = len(added)
    after, shares, alone = (
        np.zeros((n_poles, *extra, len(names))) for extra in ((), (len(parts),), (len(parts),))
    )

    def whole(**steps: FloatArray) -> FloatArray:
        return indices(level + sum(steps.values()))

    none = {part: np.zeros(len(regions)) for part in parts}
    for p, rows in enumerate(added):
        grown = dict(zip(parts, rows, strict=True))
        after[p] = whole(**grown)
        shares[p] = decompose(whole, none, grown).values
        alone[p] = np.stack([indices(level + row) for row in rows]) - before
    one = {"units": "1"}
    return xr.Dataset(
        {
            "before": ((INDEX,), before, one),
            "after": ((POLE, INDEX), after, one),
            "change": ((POLE, INDEX), after - before, one | {"long_name": "after less before"}),
            "share": ((POLE, PART, INDEX), shares, one | {"long_name": "what a part adds"}),
            "alone": ((POLE, PART, INDEX), alone, one | {"long_name": "with this part alone"}),
        },
        coords={POLE: data[POLE].values, PART: parts, INDEX: names},
        attrs={"of": account.name, "at": data.attrs["at"]},
    )


def _people(table: RegionalTable, population: pd.Series[float] | None) -> FloatArray:
    if population is None:
        if "population" not in table.data:
            raise ShapeError(
                "inequality is read per head: give population=, the table has none by region."
            )
        people: FloatArray = np.asarray(table.data["population"].values, dtype=np.float64)
    else:
        people = np.asarray(population.reindex(table.regions), dtype=np.float64)
    bad = [r for r, one in zip(table.regions, people, strict=True) if not 0 < one < np.inf]
    if bad:
        raise ShapeError(f"every region needs people; not so: {shown(bad)}.")
    return people


def _whole(regions: list[str], groups: Groups) -> list[str]:
    """Return the group of every region."""
    names, weights = membership(regions, groups)
    split = (weights > 1e-12) & (weights < 1 - 1e-12)
    if split.any():
        bad = [regions[k] for k in np.flatnonzero(split.any(axis=0))]
        raise ShapeError(f"groups of inequality hold whole regions; split: {shown(bad)}.")
    return [names[k] for k in weights.argmax(axis=0)]


def _names(grouped: bool) -> list[str]:
    split = [f"{name}_{side}" for name in SPLIT for side in ("between", "within")]
    return [*INDICES, *(split if grouped else [])]


def _indices(per_head: FloatArray, people: FloatArray, groups: list[str] | None) -> FloatArray:
    found = [index(per_head, people) for index in INDICES.values()]
    if groups is not None:
        for kind in ("T", "L"):
            split = theil_parts(per_head, groups, people, index="T" if kind == "T" else "L")
            found += [split.between, split.within]
    return np.array(found)


def plot_disparity(data: xr.Dataset, *, pole: str | None = None, ax: Axes | None = None) -> Axes:
    """Bars of what each part does to each index, in per cent of the index before.

    Parameters
    ----------
    data
        From `ledger_disparity`.
    pole
        Which; the first when left out.
    """
    import matplotlib.pyplot as plt

    chosen = str(data[POLE].values[0]) if pole is None else pole
    before = data["before"].where(data["before"] != 0)
    percent = (100.0 * data["share"].sel({POLE: chosen}) / before).transpose(PART, INDEX)
    names = data[INDEX].values
    ax = plt.subplots(figsize=(7, 0.6 * len(names) + 1.5))[1] if ax is None else ax
    where, height = np.arange(len(names))[::-1], 0.8 / percent.sizes[PART]
    for k, part in enumerate(percent[PART].values):
        shift = (percent.sizes[PART] - 1 - 2 * k) * height / 2
        ax.barh(where + shift, percent.sel({PART: part}).values, height=height, label=str(part))
    ax.set_yticks(where, names)
    ax.axvline(0.0, color="0.3", linewidth=0.8)
    ax.set_xlabel("% of the index before; left narrows, right widens")
    ax.set_title(chosen, loc="left")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small")
    return ax
