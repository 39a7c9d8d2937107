"""The verb ``extract``: what an economy loses without an industry, a sector or a region.

Owns the question: who matters most to whom?

Public names
------------
``one_block``   what goes with a block of industries, row by row
``each_block``  every industry, sector or region taken out in turn
``Block``       what is taken out of the economy
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.text import amount
from model.extraction import How, extract, plot_extraction
from model.extractions import extractions

__all__ = ["Block", "each_block", "one_block"]


@dataclass(frozen=True)
class Block:
    """Industries: these sectors in these regions, all where none is named."""

    regions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    to_regions: tuple[str, ...] = ()
    to_sectors: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the block in words."""
        where = ", ".join(self.regions) or "all regions"
        what = ", ".join(self.sectors) or "all sectors"
        return f"{what} in {where}"


def one_block(table: RegionalTable, block: Block, *, how: How, of: str) -> Answer:
    """Return the loss of every industry when one block is gone, largest first."""
    found = extract(
        table,
        regions=block.regions or None,
        sectors=block.sectors or None,
        how=how,
        to_regions=block.to_regions or None,
        to_sectors=block.to_sectors or None,
        of=of,
    )
    names = ["before", "after", "loss", "relative_loss"]
    frame = found[names].to_dataframe().reset_index()[["region", "sector", *names]]
    units = str(found["loss"].attrs["units"])
    total, elsewhere = float(found.attrs["total"]), float(found.attrs["elsewhere"])
    share = 100.0 * float(found.attrs["share"])
    warning = found.attrs.get("warning")
    return Answer(
        title=f"without {block.words()} ({found.attrs['how']}): {of} lost, {table.name}",
        frame=frame.sort_values("loss", ascending=False),
        labels=2,
        units=f"{units}; relative loss a share of output",
        reading=(
            f"without the block {amount(total)} {units} of {of} would not be there, {share:.2f} % "
            f"of all; {amount(elsewhere)} of it is lost outside the block."
        ),
        notes=() if warning is None else (str(warning),),
        plot=lambda: plot_extraction(found),
    )


def each_block(
    table: RegionalTable, *, each: Literal["industry", "sector", "region"], how: How, of: str
) -> Answer:
    """Return the loss from every industry, sector or region taken out alone, largest first."""
    found = extractions(table, each=each, how=how, of=of)
    names = ["loss", "own", "elsewhere", "share"]
    labels = ["region", "sector"] if each == "industry" else [each]
    frame = found[names].to_dataframe().reset_index()[[*labels, *names]]
    frame = frame[np.isfinite(frame["loss"])].sort_values("loss", ascending=False)
    units = str(found["loss"].attrs["units"])
    first = frame.iloc[0]
    name = " / ".join(str(first[c]) for c in labels)
    return Answer(
        title=f"every {each} taken out alone ({how}): {of} lost, {table.name}",
        frame=frame,
        labels=len(labels),
        units=f"{units}; share of all {of}",
        reading=(
            f"without {name} {amount(first['loss'])} {units} of {of} would not be there, "
            f"{100 * first['share']:.2f} % of all: {amount(first['own'])} its own and "
            f"{amount(first['elsewhere'])} elsewhere. Rows are not to be summed."
        ),
        plot=lambda: plot_rows(
            frame,
            labels=labels,
            parts=("own", "elsewhere"),
            units=units,
            title=f"{of} lost without each {each}",
        ),
    )
