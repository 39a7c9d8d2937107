"""The verb ``footprint``: who emits, and for whom.

Owns the question: how far apart are what a region emits and what its consumption causes?

Public names
------------
``footprint_answer``   production, consumption, imports and exports by region
``flows_answer``       from the region where it happens to the region that consumes
``stress_of_request``  the stressor by name: in the table, or beside an embedded one
``Stressor``           what accounts take
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.text import amount
from model.errors import ScenarioError, UnknownLabel
from model.footprints import embodied_flows, footprints, plot_embodied

if TYPE_CHECKING:
    from model.stressors import Stressors

__all__ = ["Stressor", "flows_answer", "footprint_answer", "stress_of_request"]


@dataclass(frozen=True, eq=False)
class Stressor:
    """One stressor: a name in the table, or amounts beside it.

    Parameters
    ----------
    name
        What it is called.
    of
        What accounts take: the name, or a frame of amounts with one row.
    final, units, notes
        Of final demand itself; None where the table has it.
    """

    name: str
    of: str | pd.DataFrame
    final: pd.DataFrame | None = None
    units: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def intensity(self, table: RegionalTable) -> pd.Series[float] | None:
        """Return amounts per money of output, 0 where not known; None when the table has them."""
        if isinstance(self.of, str):
            return None
        amounts = self.of.iloc[0].reindex(table.labels).astype(float)
        output = table.x.astype(float)
        rate = (amounts / output.where(output > 0.0)).fillna(0.0)
        return rate.rename(self.name)


def stress_of_request(
    table: RegionalTable, beside: Stressors | None, wanted: str | None
) -> Stressor:
    """Return the stressor of that name; the first one there is when no name is given.

    Raises
    ------
    UnknownLabel
        When neither the table nor what comes beside it has one.
    """
    inside = [str(s) for s in table.data["stressor"].values] if "stressor" in table.data else []
    outside = [] if beside is None else [str(name) for name in beside.industries.index]
    if wanted is None and not inside + outside:
        raise ScenarioError(
            f"{table.name} has no stressor, so there is no footprint to follow; name an account "
            "with --of (value_added, jobs or a primary input)"
        )
    name = wanted if wanted is not None else (inside + outside)[0]
    if beside is not None and name in outside:
        row = outside.index(name)
        return Stressor(
            name,
            beside.industries.loc[[name]],
            beside.final.loc[[name]],
            (beside.units[row],),
            beside.notes,
        )
    if name not in inside:
        from model.accounts import account_of

        try:
            account_of(table, name)
        except UnknownLabel as error:
            more = f" Beside it there is {', '.join(outside)}." if outside else ""
            raise UnknownLabel(f"{error}{more}") from error
    return Stressor(name, name)


def footprint_answer(table: RegionalTable, stressor: Stressor, *, per_head: bool) -> Answer:
    """Return the accounts of every region, largest consumption first."""
    found = footprints(table, stressor.of, final=stressor.final, units=stressor.units)
    found = found.isel(stressor=0)
    suffix = "cap" if per_head else "reg"
    if per_head and "D_cba_cap" not in found:
        raise ScenarioError("--per-head needs the population of every region in the table")
    columns = {
        f"D_cba_{suffix}": "consumption",
        f"D_pba_{suffix}": "production",
        f"D_imp_{suffix}": "imports",
        f"D_exp_{suffix}": "exports",
    }
    frame = found[list(columns)].reset_coords(drop=True).to_dataframe().rename(columns=columns)
    frame["net"] = frame["consumption"] - frame["production"]
    frame = frame.reset_index().sort_values("consumption", ascending=False)
    units = str(found["stressor_units"].values) + (" per head" if per_head else "")
    first = frame.iloc[0]
    missing = str(found.attrs["not_told"])
    return Answer(
        title=f"{stressor.name}: who causes it and where it happens, {table.name}",
        frame=frame,
        labels=1,
        units=units,
        reading=(
            f"what is consumed in {first['region']} causes {amount(float(first['consumption']))} "
            f"{units}, of which {amount(float(first['imports']))} happen in other regions; "
            f"{amount(float(first['production']))} happen in {first['region']} itself. A positive "
            "net is a region that others emit for."
        ),
        notes=(
            *stressor.notes,
            *((f"Not known, and left out of others' accounts: {missing}.",) if missing else ()),
            f"Largest gap of production = consumption + exports abroad: {found.attrs['gap']:.1e}.",
        ),
        plot=lambda: plot_rows(
            frame,
            labels=["region"],
            parts=["consumption"],
            units=units,
            title=f"{stressor.name} by consumption",
        ),
    )


def flows_answer(table: RegionalTable, stressor: Stressor) -> Answer:
    """Return what happens in one region for the consumption of another, largest first."""
    found = embodied_flows(table, stressor.of, units=stressor.units).isel(stressor=0)
    units = str(found["stressor_units"].values)
    dims = [str(dim) for dim in found.dims]
    frame = found.reset_coords(drop=True).rename("amount").to_dataframe().reset_index()
    frame = frame[frame[dims[0]] != frame[dims[1]]].sort_values("amount", ascending=False)
    first = frame.iloc[0]
    where = "abroad" if first.iloc[1] == "abroad" else f"in {first.iloc[1]}"
    return Answer(
        title=f"{stressor.name} embodied in trade between regions, {table.name}",
        frame=frame,
        labels=2,
        units=units,
        reading=(
            f"{amount(float(first['amount']))} {units} happen in {first.iloc[0]} for what is "
            f"consumed {where}. Flows of a region to itself are left out."
        ),
        notes=stressor.notes,
        plot=lambda: plot_embodied(found.expand_dims("stressor")),
    )
