"""The verb ``paths``: the chains of industries behind a total.

Owns the question: through which chains does demand reach value added, emissions or any account?

Public names
------------
``paths_answer``    one row a path, largest first
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.text import amount
from model.errors import ScenarioError
from model.paths import plot_paths, plot_sankey, structural_paths

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["paths_answer"]


def paths_answer(
    table: RegionalTable,
    *,
    of: str | pd.Series[float],
    units: str | None,
    region: str | None,
    sector: str | None,
    coverage: float | None,
    count: int | None,
    depth: int | None,
    figure: Literal["bars", "sankey"],
) -> Answer:
    """Return the largest paths to a final demand, with a proven bound on what is left out.

    `units` are those of an account that is given as intensities.
    """
    if sector is not None and region is None:
        raise ScenarioError("--sector needs a --region: a path ends at one product of one region")
    demand = None if region is None else region if sector is None else (region, sector)
    if isinstance(demand, tuple):
        table.sector_positions([demand[1]])
    found = structural_paths(table, of, demand, coverage=coverage, count=count, depth=depth)
    frame = found.frame[["steps", "value", "share", "cumulative", "path"]]
    to = (
        "all final demand"
        if demand is None
        else f"final demand of {region}"
        if sector is None
        else f"one unit of {region} / {sector}"
    )
    first = frame.iloc[0]
    return Answer(
        title=f"structural paths from {found.of} to {to}, {table.name}",
        frame=frame,
        labels=0,
        tail=True,
        units=found.units
        if units is None
        else units
        if sector is None
        else f"{units} per {table.unit}",
        reading=(
            f"the largest path carries {amount(float(first['value']))}, "
            f"{100 * float(first['share']):.1f} % of the total {amount(found.total)}; a path runs "
            "from the industry where it happens to the one that sells to final demand."
        ),
        notes=(
            f"{found.n_paths:,} paths met carry {amount(found.covered)} "
            f"({100 * found.covered / found.total:.1f} %); what is not shown carries at most "
            f"{amount(found.left_out)}.",
            "By steps: "
            + ", ".join(f"{steps}: {amount(v)}" for steps, v in found.by_steps.items())
            + ".",
        ),
        plot=lambda: plot_sankey(found) if figure == "sankey" else plot_paths(found),
    )
