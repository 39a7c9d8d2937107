"""The spillover ledger between places: computed on a table nested to them, not spread by weights.

Owns the question: when a pole grows, which cities, clusters and rings of travel time gain, once
every city has a sector mix and suppliers of its own?

Public names
------------
``places_ledger``      effect of one stimulus by place, part and account
``places_dataset``     all stimuli: ``computed_place``, ``computed_cluster``, ``computed_ring``
``identities_of``, ``solves_of``   what the report keeps of them

The pole is the same set of whole regions as in the ledger between regions, told place by place. A
nested table keeps every total and product flow between its regions; its multipliers move a little,
so that sums over places differ slightly from the ledger between regions. Where the two readings
agree within ten per cent the sector mix of the places adds nothing to plain weights, and the report
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.dims import KIND
from model.results import IdentityRecord, SolveRecord
from model.spillover import spillovers
from model.steps.base import identity
from model.stimulus import At

__all__ = ["identities_of", "places_dataset", "places_ledger", "solves_of"]

LEDGER_TOLERANCE = 1e-10


def places_ledger(
    table: RegionalTable,
    name: str,
    members: Sequence[str] | Mapping[str, float],
    money: float | pd.Series[float],
    *,
    at: At,
    accounts: Sequence[str],
) -> xr.Dataset:
    """Return the ledger of one stimulus between places.

    Parameters
    ----------
    table : RegionalTable
        Its regions are places.
    name : str
        What results call the stimulus.
    members : sequence of str, or mapping of str to float
        Places of the pole, with weights where the pole has them.
    money : float or Series by sector
    at : {"origin", "use"}
    accounts : sequence of str

    Returns
    -------
    Dataset
        ``ledger`` (pole, place, part, account) and ``gap`` (pole, identity).
    """
    pole = dict(members) if isinstance(members, Mapping) else list(members)
    found = spillovers(table, {name: pole}, money, of=list(accounts), at=at)
    ledger = found["ledger"].sum("sector").rename(region="place")
    return xr.Dataset({"ledger": ledger, "gap": found["gap"]}, attrs=found.attrs).drop_vars(
        [KIND, "account_units"], errors="ignore"
    )


def places_dataset(
    ledgers: Sequence[xr.Dataset],
    *,
    clusters: pd.Series[str],
    cluster_order: Sequence[str],
    rings: Sequence[pd.Series[str]],
    ring_order: Sequence[str],
    unit: str,
) -> xr.Dataset:
    """Sum the ledgers of all stimuli over clusters and rings.

    Parameters
    ----------
    ledgers : sequence of Dataset
        From `places_ledger`, one for each stimulus.
    clusters : Series by place
    cluster_order : sequence of str
    rings : sequence of Series by place
        The rings of each stimulus.
    ring_order : sequence of str
    unit : str
    """
    ledger = xr.concat([one["ledger"] for one in ledgers], dim="pole", join="exact")
    by_ring = [
        _summed(one["ledger"], ring, ring_order, "ring")
        for one, ring in zip(ledgers, rings, strict=True)
    ]
    made = {
        "computed_place": ledger.sum("part").transpose("pole", "place", "account"),
        "computed_cluster": _summed(ledger, clusters, cluster_order, "cluster"),
        "computed_ring": xr.concat(by_ring, dim="pole"),
    }
    for name, values in made.items():
        what = name.removeprefix("computed_")
        values.attrs = {
            "units": unit,
            "long_name": f"effect of a stimulus by {what}, computed between places",
        }
    return xr.Dataset(made)


def _summed(
    ledger: xr.DataArray, groups: pd.Series[str], order: Sequence[str], name: str
) -> xr.DataArray:
    """Sum over the places of each group, (pole, group, part, account); empty groups are zero."""
    labels = groups.reindex(ledger["place"].values).to_numpy(object)
    summed = ledger.assign_coords({name: ("place", labels)}).groupby(name).sum()
    summed = summed.reindex({name: list(order)}, fill_value=0.0)
    return summed.transpose("pole", name, "part", "account")


def identities_of(ledgers: Sequence[xr.Dataset]) -> list[IdentityRecord]:
    """Return the largest gap of every identity over all stimuli."""
    gaps = xr.concat([one["gap"] for one in ledgers], dim="pole").max("pole")
    return [
        identity(f"ledger between places: {name}", float(gaps.sel(identity=name)), LEDGER_TOLERANCE)
        for name in gaps["identity"].values
    ]


def solves_of(ledgers: Sequence[xr.Dataset]) -> list[SolveRecord]:
    """Return the record of the solve behind each ledger."""
    return [
        {
            "what": f"spillover ledger of {one['pole'].values[0]} between places",
            "method": str(one.attrs["method"]),
            "iterations": int(one.attrs["iterations"]),
            "residual": float(one.attrs["residual"]),
            "error_bound": float(one.attrs["error_bound"]),
            "seconds": float(one.attrs["seconds"]),
        }
        for one in ledgers
    ]
