"""The verb ``disparity``: how unequal regions are, and what the growth of a pole does to that.

Owns the question: does a spillover narrow or widen the gap?

Public names
------------
``disparity_answer``    indices, with their split between and within groups
``groups_answer``       shares of groups: North and South, East, Centre, West, ...
``Growth``              a pole that grows
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from io_tables.table import RegionalTable
from model.accounts import account_of
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.draws import Drawing, with_interval
from model.cli.text import amount
from model.errors import ScenarioError
from model.spillover import spillovers
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
    import xarray as xr

    from model.steps.groupings import Groupings

__all__ = ["Growth", "disparity_answer", "groups_answer"]

INDICES: dict[str, Callable[[pd.Series[float], pd.Series[float]], float]] = {
    "theil_t": theil_t,
    "theil_l": theil_l,
    "gini": gini,
    "coefficient_of_variation": coefficient_of_variation,
    "williamson": williamson,
    "atkinson": atkinson,
}
PARTS = {"theil_t": "T", "theil_l": "L"}


@dataclass(frozen=True)
class Growth:
    """Money of final demand for what a pole makes.

    Parameters
    ----------
    pole
        Name of a region or group.
    amount
        In the table's unit.
    """

    pole: str
    amount: float


def disparity_answer(
    table: RegionalTable,
    groupings: Groupings,
    *,
    of: str,
    grouping: str,
    growth: Growth | None,
    drawing: Drawing,
) -> Answer:
    """Return indices of an account per head over regions, before and after a pole grows."""
    people = _people(table)
    groups = groupings.region_group(grouping, table.regions)
    before = _indices(_level(table, of) / people, people, groups)
    frame = before
    notes: tuple[str, ...] = ("Weighed by population; between and within add up to a Theil index.",)
    if growth is not None:
        frame = before.rename(columns={"value": "before"})
        frame.insert(2, "change", _change(table, groupings, of, growth)["change"].to_numpy())
        frame.insert(2, "after", frame["before"] + frame["change"])

        def reading(one: RegionalTable) -> xr.DataArray:
            found = _change(one, groupings, of, growth).set_index("index")["change"]
            return found.to_xarray()

        frame, sure = with_interval(frame, drawing, table, reading, ranks=False)
        notes = (*notes, *sure)
    elif drawing.draws:
        raise ScenarioError(
            "--draws needs a --pole here: the account itself is not drawn, what spills over is"
        )
    return Answer(
        title=f"disparity of {of} per head between regions, {table.name}",
        frame=frame,
        labels=1,
        units="1, 0 is equality",
        reading=_sentence(frame, grouping, growth, table.unit),
        notes=notes,
        plot=lambda: plot_rows(
            frame[frame["index"].isin(PARTS)],
            labels=["index"],
            parts=["between", "within"],
            units="1",
            title=f"{of} per head, by {grouping}",
        ),
    )


def groups_answer(
    table: RegionalTable,
    groupings: Groupings,
    *,
    of: str,
    grouping: str,
    growth: Growth | None,
) -> Answer:
    """Return the share of every group in an account and in people, and who gains from growth."""
    people, level = _people(table), _level(table, of)
    groups = groupings.region_group(grouping, table.regions).to_numpy()
    data = {"people": people, of: level}
    if growth is not None:
        data["gain"] = _gain(table, groupings, of, growth)
    sums = pd.DataFrame(data).groupby(groups).sum()
    frame = pd.DataFrame(
        {
            "group": sums.index,
            "share_of_people": (sums["people"] / sums["people"].sum()).to_numpy(),
            f"share_of_{of}": (sums[of] / sums[of].sum()).to_numpy(),
            "per_head_over_mean": (
                sums[of] / sums["people"] * sums["people"].sum() / sums[of].sum()
            ).to_numpy(),
        }
    )
    if growth is not None:
        frame["share_of_gain"] = (sums["gain"] / sums["gain"].sum()).to_numpy()
    frame = frame.sort_values(f"share_of_{of}", ascending=False)
    first = frame.iloc[0]
    reading = (
        f"{first['group']} has {100 * first['share_of_people']:.1f} % of the people and "
        f"{100 * first[f'share_of_{of}']:.1f} % of {of}"
    )
    if growth is not None:
        reading += (
            f", and {100 * first['share_of_gain']:.1f} % of what the growth of {growth.pole} makes"
        )
    return Answer(
        title=f"{of} by {grouping}, {table.name}",
        frame=frame,
        labels=1,
        units="shares of 1",
        reading=reading + ".",
        plot=lambda: plot_rows(
            frame,
            labels=["group"],
            parts=[f"share_of_{of}"],
            units="share",
            title=f"{of} by {grouping}",
        ),
    )


def _level(table: RegionalTable, of: str) -> pd.Series[float]:
    """Return an account summed over sectors, by region."""
    made = account_of(table, of).intensity * np.asarray(table.x, dtype=float)
    return pd.Series(made.reshape(table.n_regions, -1).sum(axis=1), index=table.regions)


def _people(table: RegionalTable) -> pd.Series[float]:
    if "population" not in table.data:
        raise ScenarioError(
            f"disparity is read per head, and {table.name} has no population by region; give "
            "from_flows(population=...) or a column of the table file"
        )
    return pd.Series(table.data["population"].values.astype(float), index=table.regions)


def _gain(table: RegionalTable, groupings: Groupings, of: str, growth: Growth) -> pd.Series[float]:
    pole = groupings.resolve(growth.pole, table.regions)
    found = spillovers(table, {growth.pole: pole}, growth.amount, of=of)
    gained = found["ledger"].isel(pole=0, account=0).sum(["sector", "part"])
    return gained.to_series().reindex(table.regions)


def _indices(
    per_head: pd.Series[float], people: pd.Series[float], groups: pd.Series[str]
) -> pd.DataFrame:
    rows = []
    for name, index in INDICES.items():
        row: dict[str, object] = {"index": name, "value": index(per_head, people)}
        if name in PARTS:
            split = theil_parts(
                per_head.to_numpy(),
                groups.to_numpy(),
                people.to_numpy(),
                index="T" if name == "theil_t" else "L",
            )
            row |= {"between": split.between, "within": split.within}
        rows.append(row)
    return pd.DataFrame(rows)


def _change(table: RegionalTable, groupings: Groupings, of: str, growth: Growth) -> pd.DataFrame:
    """Return the change of every index when a pole grows."""
    people, level = _people(table), _level(table, of)
    everyone = pd.Series("all", index=table.regions)
    after = level + _gain(table, groupings, of, growth)
    old, new = (_indices(one / people, people, everyone) for one in (level, after))
    return pd.DataFrame({"index": old["index"], "change": new["value"] - old["value"]})


def _sentence(frame: pd.DataFrame, grouping: str, growth: Growth | None, unit: str) -> str:
    theil = frame[frame["index"] == "theil_t"].iloc[0]
    value = float(theil["value"] if growth is None else theil["before"])
    split = 100.0 * float(theil["between"]) / value if value else 0.0
    text = f"{split:.0f} % of the Theil index lies between the groups of {grouping}"
    if growth is None:
        return text + "; the rest inside them."
    change = float(theil["change"])
    word = "widens" if change > 0 else "narrows" if change < 0 else "does not move"
    return (
        f"{text}; the growth of {growth.pole} by {amount(growth.amount)} {unit} {word} the gap: "
        f"Theil T {change:+.3g}."
    )
