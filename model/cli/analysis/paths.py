"""The verb ``paths``: the chains of industries behind a total.

Owns the question: through which chains does demand reach value added, emissions or any account?

Public names
------------
``paths_answer``    one row a path, largest first; or a tree of them, final demand at the root
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.text import amount
from model.errors import ScenarioError
from model.paths import path_tree, plot_paths, plot_sankey, structural_paths

if TYPE_CHECKING:
    from model.paths import Paths

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
    tree: bool = False,
    by: Literal["both", "region", "sector"] = "both",
) -> Answer:
    """Return the largest paths to a final demand, with a proven bound on what is left out.

    Parameters
    ----------
    table, of
        The economy and the account.
    units
        Those of an account that is given as intensities.
    region, sector
        Final demand of a region's residents, or one unit of its product.
    coverage, count, depth
        When to stop.
    figure
        What is drawn.
    tree
        Rows are nodes of the tree that the paths make.
    by
        What a node of a tree or Sankey diagram is.
    """
    if count is not None and count < 1:
        raise ScenarioError(f"--count must be at least 1; found {count}")
    if by != "both" and not (tree or figure == "sankey"):
        raise ScenarioError("--by says what a node is: it goes with --tree or --figure sankey")
    if sector is not None and region is None:
        raise ScenarioError("--sector needs a --region: a path ends at one product of one region")
    demand = None if region is None else region if sector is None else (region, sector)
    if isinstance(demand, tuple):
        table.sector_positions([demand[1]])
    found = structural_paths(table, of, demand, coverage=coverage, count=count, depth=depth)
    frame = (
        _tree_rows(found, by)
        if tree
        else found.frame[["steps", "value", "share", "cumulative", "path"]]
    )
    to = (
        "all final demand"
        if demand is None
        else f"final demand of {region}"
        if sector is None
        else f"one unit of {region} / {sector}"
    )
    first = found.frame.iloc[0]
    reading = (
        f"the largest path carries {amount(float(first['value']))}, "
        f"{100 * float(first['share']):.1f} % of the total {amount(found.total)}; a path runs "
        "from the industry where it happens to the one that sells to final demand."
    )
    if tree:
        reading = (
            "depth 1 is what is bought by final demand, and below each node stands what it needs; "
            "value is what the listed paths carry at and below a node, direct what arises in it."
        )
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
        reading=reading,
        notes=(
            f"{found.n_paths:,} paths met carry {amount(found.covered)} "
            f"({100 * found.covered / found.total:.1f} %); what is not shown carries at most "
            f"{amount(found.left_out)}.",
            "By steps: "
            + ", ".join(f"{steps}: {amount(v)}" for steps, v in found.by_steps.items())
            + ".",
        ),
        plot=lambda: (
            plot_sankey(found, by="sector" if by == "both" else by)
            if figure == "sankey"
            else plot_paths(found)
        ),
    )


def _tree_rows(paths: Paths, by: str) -> pd.DataFrame:
    """Return the nodes of the tree of paths, each below the one that needs it."""
    rows: list[tuple[int, float, float, float, str]] = []

    def walk(node: dict[str, Any], depth: int) -> None:
        for child in node["children"]:
            share = child["value"] / paths.total if paths.total else 0.0
            name = f"{'| ' * depth}{child['name']}"
            rows.append((depth + 1, child["value"], child["direct"], share, name))
            walk(child, depth + 1)

    walk(path_tree(paths, by=by), 0)
    return pd.DataFrame(rows, columns=["depth", "value", "direct", "share", "node"])
