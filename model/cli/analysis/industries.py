"""The verbs ``multipliers`` and ``linkages``: what industries set off, and which are key.

Owns the question: which industries, sectors or regions come first?

Public names
------------
``multipliers_answer``, ``linkages_answer``   one row an industry, sector or region

Means over industries weigh them by output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.draws import Drawing, with_interval
from model.cli.analysis.shapes import By, label_of, mean_rows, mean_values
from model.linkages import linkages, plot_key_sectors
from model.multipliers import multipliers

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["linkages_answer", "multipliers_answer"]

PARTS = ("total", "direct", "intraregional", "feedback", "spillover")
LINKAGES = ("backward", "forward", "power", "sensitivity")


def multipliers_answer(
    table: RegionalTable,
    *,
    of: str,
    households: bool,
    by: By,
    drawing: Drawing,
) -> Answer:
    """Return multipliers, largest first, with their split."""
    found = multipliers(table, of, households)
    frame = mean_rows(found[list(PARTS)], table, by).sort_values("total", ascending=False)

    def reading(one: RegionalTable) -> xr.DataArray:
        return mean_values(multipliers(one, of, households)["total"], one, by)

    frame, sure = with_interval(frame, drawing, table, reading)
    first = frame.iloc[0]
    name = " / ".join(str(first[c]) for c in label_of(by))
    kind = "II (households spend what they earn)" if households else "I"
    return Answer(
        title=f"{of} multipliers, type {kind}, {table.name}",
        frame=frame,
        labels=len(label_of(by)),
        units=str(found["total"].attrs["units"]),
        reading=(
            f"100 more of final demand for what {name} makes set off {100 * first['total']:.1f} "
            f"of {of}: {100 * first['intraregional']:.1f} in the region left to itself, "
            f"{100 * first['feedback']:.1f} come back through other regions and "
            f"{100 * first['spillover']:.1f} arise in other regions."
        ),
        notes=(
            *sure,
            *(("Rows are means over industries, weighed by output.",) if by != "industry" else ()),
        ),
        plot=lambda: plot_rows(
            frame,
            labels=label_of(by),
            parts=("intraregional", "feedback", "spillover"),
            units=str(found["total"].attrs["units"]),
            title=f"{of} multipliers",
            interval=("low", "high") if drawing.draws else None,
        ),
    )


def linkages_answer(
    table: RegionalTable,
    *,
    forward: Literal["ghosh", "leontief"],
    by: By,
    key_only: bool,
) -> Answer:
    """Return linkages and classes, strongest power of dispersion first."""
    found = linkages(table, forward=forward)
    columns = [*LINKAGES, "power_cv", "sensitivity_cv", "pure_total"]
    if by == "industry":
        frame = found[[*columns, "key"]].to_dataframe().reset_index()
        frame = frame[["region", "sector", "key", *columns]]
    else:
        frame = mean_rows(found[columns], table, by)
    if key_only and by == "industry":
        frame = frame[frame["key"] == "key"]
    frame = frame.sort_values("power", ascending=False)
    classes = pd.Series(found["key"].values.ravel()).value_counts()
    counted = ", ".join(f"{name} {int(count)}" for name, count in classes.items())
    return Answer(
        title=f"linkages, forward by {forward}, {table.name}",
        frame=frame,
        labels=len(label_of(by)) + (by == "industry"),
        units="money per money; pure linkages in " + table.unit,
        reading=(
            "power above 1: the industry pulls more on its suppliers than the average one; "
            "sensitivity above 1: it is pushed more by all others; key industries are above 1 in "
            "both; a high cv means the pull rests on few suppliers."
        ),
        notes=(f"Industries by class: {counted}.",),
        plot=lambda: plot_key_sectors(found),
    )
