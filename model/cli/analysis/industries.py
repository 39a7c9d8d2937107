"""The verbs ``multipliers`` and ``linkages``: what industries set off, and which are key.

Owns the question: which industries, sectors or regions come first?

Public names
------------
``multipliers_answer``, ``linkages_answer``   one row an industry, sector or region
``kinds_answer``     simple, truncated and total multipliers, ratios, rows
``matrix_answer``    what a region's products bring to every region

Means over industries weigh them by output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from io_tables.table import RegionalTable
from model.accounts import Account, account_of
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.draws import Drawing, with_interval
from model.cli.analysis.shapes import By, label_of, mean_rows, mean_values
from model.errors import UnknownLabel
from model.households import Households
from model.linkages import linkages, plot_key_sectors
from model.multiplier_kinds import multiplier_kinds, plot_matrix, region_matrix
from model.multipliers import multipliers

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "households_told",
    "kinds_answer",
    "linkages_answer",
    "matrix_answer",
    "multipliers_answer",
]

PARTS = ("total", "direct", "intraregional", "feedback", "spillover")
LINKAGES = ("backward", "forward", "power", "sensitivity")


def multipliers_answer(
    table: RegionalTable,
    *,
    of: str | Account,
    households: bool,
    by: By,
    drawing: Drawing,
) -> Answer:
    """Return multipliers, largest first, with their split."""
    account = account_of(table, of)
    found = multipliers(table, account, households)
    of = account.name
    frame = mean_rows(found[list(PARTS)], table, by).sort_values("total", ascending=False)

    def reading(one: RegionalTable) -> xr.DataArray:
        return mean_values(multipliers(one, account, households)["total"], one, by)

    frame, sure = with_interval(frame, drawing, table, reading)
    first = frame.iloc[0]
    name = " / ".join(str(first[c]) for c in label_of(by))
    size = _readable(float(first["total"]))
    kind = "II (households spend what they earn)" if households else "I"
    return Answer(
        title=f"{of} multipliers, type {kind}, {table.name}",
        frame=frame,
        labels=len(label_of(by)),
        units=str(found["total"].attrs["units"]),
        reading=(
            f"{size:,.0f} more of final demand for what {name} makes set off "
            f"{size * first['total']:.1f} of {of}: {size * first['intraregional']:.1f} in the "
            f"region left to itself, {size * first['feedback']:.1f} come back through other "
            f"regions and {size * first['spillover']:.1f} arise in other regions."
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


def _readable(multiplier: float) -> float:
    """Return the money, a power of ten, whose effect has digits before the point."""
    size = abs(multiplier)
    return 100.0 if size >= 0.01 or size == 0.0 else 10.0 ** np.ceil(2.0 - np.log10(size))


def households_told(table: RegionalTable) -> bool:
    """Tell whether names say which figures are wages and household spending."""
    try:
        Households.of(table)
    except UnknownLabel:
        return False
    return True


def kinds_answer(table: RegionalTable, account: Account, *, by: By, households: bool) -> Answer:
    """Return every kind of multiplier, largest total first."""
    found = multiplier_kinds(table, account, households)
    last = "total" if households else "simple"
    frame = mean_rows(found, table, by).sort_values(last, ascending=False)
    first, of = frame.iloc[0], found.attrs["of"]
    name = " / ".join(str(first[c]) for c in label_of(by))
    size = _readable(float(first["simple"]))
    reading = (
        f"{size:,.0f} more of final demand for what {name} makes set off "
        f"{size * first['simple']:.1f} of {of} with households outside"
    )
    if households:
        reading += (
            f", {size * first['truncated']:.1f} once they spend what they earn; total counts their "
            "own rows as well (for output, their income)"
        )
    return Answer(
        title=f"kinds of {of} multipliers, {table.name}",
        frame=frame,
        labels=len(label_of(by)),
        units=f"{found['simple'].attrs['units']}; types and ratio 1",
        reading=(
            f"{reading}. Type I is simple over direct, type II total over direct, ratio total over "
            "simple; row is what the industry gets when demand for every product is one higher, "
            "row ghosh what one more of its primary inputs lets all others make."
        ),
        notes=("Rows are means over industries, weighed by output.",) if by != "industry" else (),
        plot=lambda: plot_rows(
            frame.assign(induced=frame[last] - frame["simple"]),
            labels=label_of(by),
            parts=("simple", "induced") if households else ("simple",),
            units=str(found["simple"].attrs["units"]),
            title=f"{of} multipliers",
        ),
    )


def matrix_answer(
    table: RegionalTable, account: Account, *, households: bool, wide: bool
) -> Answer:
    """Return effects in every region of demand for what each region makes.

    Parameters
    ----------
    wide
        A column for every receiver; otherwise what stays and the three that get most.
    """
    found = region_matrix(table, account, households)
    square = found.transpose("region", "receiver").values
    total, own = square.sum(axis=1), np.diag(square)
    frame = pd.DataFrame({"region": table.regions, "total": total, "own": own})
    frame["elsewhere"] = total - own
    if wide:
        columns = pd.DataFrame(square, columns=[f"in {name}" for name in table.regions])
        frame = pd.concat([frame, columns], axis=1)
    else:
        away = square.copy()
        np.fill_diagonal(away, -np.inf)
        most = np.argsort(-away, axis=1, kind="stable")[:, : min(3, table.n_regions - 1)]
        frame["most_of_it_in"] = [
            ", ".join(f"{table.regions[k]} {row[k]:.3f}" for k in order)
            for row, order in zip(square, most, strict=True)
        ]
    frame = frame.sort_values("elsewhere", ascending=False)
    first, of = frame.iloc[0], found.attrs["of"]
    size = _readable(float(first["total"]))
    return Answer(
        title=f"{of} multipliers region by region, type {'II' if households else 'I'}, "
        f"{table.name}",
        frame=frame,
        labels=1,
        tail=not wide,
        units=str(found.attrs["units"]),
        reading=(
            f"{size:,.0f} more of final demand for what {first['region']} makes, in the mix in "
            f"which it is bought, set off {size * first['total']:.1f} of {of}, "
            f"{size * first['own']:.1f} there and {size * first['elsewhere']:.1f} in other "
            "regions; --csv has the whole matrix."
        ),
        plot=lambda: plot_matrix(found),
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
