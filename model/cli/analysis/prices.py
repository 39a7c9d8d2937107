"""The verb ``prices``: what a change of costs does to prices when it is passed on.

Owns the question: who pays more when wages, imports or emissions cost more?

Public names
------------
``prices_answer``    one row an industry, or a basket of final buyers
``Push``             what costs more
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.analysis.shapes import wide
from model.cli.text import amount
from model.errors import ScenarioError
from model.prices import carbon_price, import_prices, plot_price_change, primary_prices
from model.prices import cost_push as push_costs

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Push", "prices_answer"]


@dataclass(frozen=True)
class Push:
    """What costs more: a kind of change, its size, and where.

    Parameters
    ----------
    kind
        "imports", "primary" or "stressor".
    size
        Relative change; for a stressor money per unit of it, in the table's unit.
    of
        Primary input or stressor; value added when a primary input is left out.
    regions, sectors
        Whose costs; all when left out.
    """

    kind: Literal["imports", "primary", "stressor"]
    size: float
    of: str | None = None
    regions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


def prices_answer(
    table: RegionalTable,
    push: Push,
    *,
    by: Literal["industry", "basket"],
    stressor: pd.Series[float] | None = None,
) -> Answer:
    """Return price changes, largest first.

    Parameters
    ----------
    table
        The economy.
    push
        What costs more.
    by
        Producers' prices of industries, or what the baskets of final buyers cost.
    stressor
        Amounts per money of output, when the stressor is not in the table.
    """
    found = _pushed(table, push, stressor)
    if by == "industry":
        columns = ["cost_change", "price_change", "indirect"]
        frame = found[columns].to_dataframe().reset_index()[["region", "sector", *columns]]
        frame = frame.sort_values("price_change", ascending=False)
        first = frame.iloc[0]
        reading = (
            f"the price of {first['region']} / {first['sector']} rises by "
            f"{100 * first['price_change']:.2f} %, {100 * first['indirect']:.2f} % of it because "
            "suppliers ask more."
        )
    else:
        frame = wide(found["final_price_change"], "region", "category").reset_index()
        frame = frame.sort_values(frame.columns[1], ascending=False)
        first = frame.iloc[0]
        reading = (
            f"the basket of {first.iloc[0]} for {frame.columns[1]} costs "
            f"{100 * float(first.iloc[1]):.2f} % more."
        )
    notes = [f"Assumes: {found.attrs['assumes']}."]
    if "cost" in found.attrs:
        notes.append(f"Cost in the first place: {amount(float(found.attrs['cost']))} {table.unit}.")
    return Answer(
        title=f"prices after {_words(push)}, {table.name}",
        frame=frame,
        labels=2 if by == "industry" else 1,
        units="relative change, 0.01 is 1 %",
        reading=reading,
        notes=tuple(notes),
        plot=lambda: plot_price_change(found),
    )


def _pushed(table: RegionalTable, push: Push, stressor: pd.Series[float] | None) -> xr.Dataset:
    regions, sectors = push.regions or None, push.sectors or None
    if push.kind == "imports":
        if regions or sectors:
            raise ScenarioError(
                "--imports changes the price of all imports: leave --region and --sector out"
            )
        return import_prices(table, push.size)
    if push.kind == "primary":
        of = push.of or "value_added"
        return primary_prices(table, push.size, of=of, regions=regions, sectors=sectors)
    if stressor is None:
        return carbon_price(
            table, push.size, stressor=str(push.of), regions=regions, sectors=sectors
        )
    costs = push.size * stressor
    if push.regions:
        table.region_positions(list(push.regions))
        costs = costs[costs.index.get_level_values("region").isin(push.regions)]
    if push.sectors:
        table.sector_positions(list(push.sectors))
        costs = costs[costs.index.get_level_values("sector").isin(push.sectors)]
    return push_costs(table, costs)


def _words(push: Push) -> str:
    if push.kind == "imports":
        return f"imports cost {100 * push.size:+g} %"
    if push.kind == "primary":
        return f"{push.of or 'value added'} costs {100 * push.size:+g} %"
    return f"a price of {push.size:g} on a unit of {push.of}"
