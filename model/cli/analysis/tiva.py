"""The verb ``tiva``: value added in trade.

Owns the question: how much of what a region sells elsewhere did it make itself, and who buys it?

Public names
------------
``tiva_answer``    by region, or by region and partner
``METHODS``        decompositions and measures, with what each is
"""

from __future__ import annotations

from typing import Final, Literal

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.shapes import wide
from model.cli.text import amount
from model.errors import ScenarioError
from model.export_decomposition import (
    borin_mancini,
    koopman_wang_wei,
    plot_decomposition,
    wang_wei_zhu,
)
from model.value_added_trade import circulation, plot_circulation, vertical_specialisation

__all__ = ["METHODS", "TivaMethod", "tiva_answer"]

TivaMethod = Literal["measures", "kww", "wwz", "source", "sink", "circulation"]
METHODS: Final[dict[str, str]] = {
    "measures": "own and others' value added in exports, participation and position in chains",
    "kww": "nine terms of Koopman, Wang & Wei (2014)",
    "wwz": "sixteen terms of Wang, Wei & Zhu (2013)",
    "source": "Borin & Mancini, value added booked where it leaves its region first",
    "sink": "Borin & Mancini, value added booked where it leaves its region last",
    "circulation": "value added by the demand it rests on: own, other regions, abroad",
}


def tiva_answer(
    table: RegionalTable, *, method: TivaMethod, by: Literal["region", "sector", "partner"]
) -> Answer:
    """Return value added in trade by one method, largest exports first.

    Raises
    ------
    ScenarioError
        For a reading by partner or sector that the method does not tell.
    """
    if method == "circulation":
        return _circulation(table, by)
    if method == "measures" or method == "kww":
        if by != "region":
            raise ScenarioError(
                f"--method {method} tells regions only; take wwz, source or sink for --by {by}"
            )
        return _by_region(table, method)
    found = wang_wei_zhu(table) if method == "wwz" else borin_mancini(table, method)
    over = [dim for dim in ("region", "sector", "partner") if dim not in ("region", by)]
    frame = found.sum(over).to_dataframe().reset_index()
    labels = ["region"] if by == "region" else ["region", by]
    frame = frame[[*labels, *(str(n) for n in found.data_vars)]]
    frame = frame.sort_values("exports", ascending=False)
    first = frame.iloc[0]
    where = str(first["partner"]) if by == "partner" else "to other regions and abroad"
    where = where if where.startswith(("abroad", "to ")) else f"to {where}"
    own = "DVA" if "DVA" in frame else "DVA_FIN"
    return Answer(
        title=f"exports by {METHODS[method]}, {table.name}",
        frame=frame,
        labels=len(labels),
        units=table.unit,
        reading=(
            f"of {amount(float(first['exports']))} that {first['region']} sells {where}, "
            f"{amount(float(first[own]))} are {own}; the terms of a row sum to its exports."
        ),
        notes=(f"Largest relative gap of the sums: {float(found.attrs['gap']):.1e}.",),
        plot=lambda: plot_decomposition(found),
    )


def _by_region(table: RegionalTable, method: str) -> Answer:
    if method == "kww":
        found = koopman_wang_wei(table)
        frame = found.to_dataframe().reset_index().sort_values("exports", ascending=False)
        first = frame.iloc[0]
        return Answer(
            title=f"exports by {METHODS[method]}, {table.name}",
            frame=frame,
            labels=1,
            units=table.unit,
            reading=(
                f"{first['region']} sells {amount(float(first['exports']))} to other regions and "
                f"abroad; DVA terms are its own value added absorbed there, RDV comes home, FVA is "
                "made elsewhere, DDC and FDC are counted twice."
            ),
            notes=(f"Largest relative gap of the sums: {float(found.attrs['gap']):.1e}.",),
            plot=lambda: plot_decomposition(found),
        )
    found = vertical_specialisation(table)
    frame = found.to_dataframe().reset_index().sort_values("exports", ascending=False)
    first = frame.iloc[0]
    share = 100.0 * float(first["DC"]) / float(first["exports"])
    return Answer(
        title=f"value added in exports, {table.name}",
        frame=frame,
        labels=1,
        units=f"{table.unit}; VAX ratio, forward, backward and position shares of 1",
        reading=(
            f"{share:.1f} % of what {first['region']} sells to other regions and abroad is its own "
            "value added (DC), the rest came from elsewhere (VS); a positive position is a region "
            "early in chains."
        ),
        plot=lambda: plot_rows(
            frame,
            labels=["region"],
            parts=["DC", "VS_regions", "VS_abroad"],
            units=table.unit,
            title="what exports are made of",
        ),
    )


def _circulation(table: RegionalTable, by: str) -> Answer:
    if by == "partner":
        raise ScenarioError("--method circulation tells regions or sectors; found --by partner")
    found = circulation(table)
    other = "sector" if by == "region" else "region"
    split = wide(found.sum(other), by, "circulation")
    split.insert(0, "all", split.sum(axis=1))
    frame = split.reset_index().sort_values("all", ascending=False)
    first = frame.iloc[0]
    return Answer(
        title=f"value added by the demand it rests on, {table.name}",
        frame=frame,
        labels=1,
        units=table.unit,
        reading=(
            f"{100 * float(first['abroad']) / float(first['all']):.1f} % of the value added of "
            f"{first.iloc[0]} rests on demand from abroad and "
            f"{100 * float(first['other regions']) / float(first['all']):.1f} % on other regions."
        ),
        plot=lambda: plot_circulation(found),
    )
