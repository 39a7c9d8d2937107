"""How sure: the intervals that ``--draws N`` puts beside a number.

Owns the question: how far does a reading move when own shares and cells of the table are drawn
anew?

Public names
------------
``Drawing``       how many draws, with which seed, kept where
``with_interval`` low and high of a reading, its rank, and what drives the spread, as columns
``shown_drawing`` run something that draws, with a bar, and say what came of it

Own shares of regions and noise on every cell are drawn and the table is balanced again
(`model.table_draws`); decay is drawn only where costs between regions are given, since a table
alone does not know them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from model.cli.progress import Progress
from model.errors import ScenarioError

if TYPE_CHECKING:
    import xarray as xr

    from io_tables.table import RegionalTable

__all__ = ["Drawing", "shown_drawing", "with_interval"]


@dataclass(frozen=True)
class Drawing:
    """How many draws; none when zero.

    Parameters
    ----------
    draws
        0, or at least 2.
    seed
        The same seed gives the same numbers.
    workers
        Threads.
    resume
        Folder that keeps the draws, so that a run that was stopped goes on.
    """

    draws: int = 0
    seed: int = 0
    workers: int = 1
    resume: Path | None = None

    def __post_init__(self) -> None:
        if self.draws == 1 or self.draws < 0 or self.workers < 1:
            raise ScenarioError(
                f"--draws must be 0 or at least 2 and --workers at least 1; found {self.draws} "
                f"and {self.workers}"
            )
        if self.seed < 0:
            raise ScenarioError(f"--seed must not be negative; found {self.seed}")
        if self.resume is not None and not self.draws:
            raise ScenarioError("--resume keeps draws: it needs --draws")


def with_interval(
    frame: pd.DataFrame,
    drawing: Drawing,
    table: RegionalTable,
    reading: Callable[[RegionalTable], xr.DataArray],
    *,
    ranks: bool = True,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Put ``low`` and ``high`` (90 %) beside the rows of a frame, and say what drives them.

    Parameters
    ----------
    frame
        Its columns named as the dimensions of the reading find the row.
    drawing
        How many draws.
    table
        The table at hand.
    reading
        A number for each row of the frame, labelled.
    ranks
        Whether the order of the rows means anything.

    Returns
    -------
    The frame with columns low, high and, along one dimension, rank_low and rank_high; and
    sentences on the share of the spread that each source explains.
    """
    if not drawing.draws:
        return frame, ()
    from model.uncertainty import uncertainty

    def run(progress: Progress) -> xr.Dataset:
        return uncertainty(
            table,
            reading,
            draws=drawing.draws,
            seed=drawing.seed,
            workers=drawing.workers,
            folder=drawing.resume,
            progress=progress,
        )

    found, sentences = shown_drawing(run, drawing)
    dims = [str(dim) for dim in found["low"].dims]
    if not ranks:
        found = found.drop_vars(
            [n for n in found.data_vars if str(n).startswith(("rank", "order"))]
        )
        sentences = (_sentence(found, drawing), *_drivers(found))
    wanted = [name for name in ("low", "high", "rank_low", "rank_high") if name in found]
    columns = found[wanted].to_dataframe().reset_index()[[*dims, *wanted]]
    joined = frame.merge(columns, on=dims, how="left", sort=False)
    return joined, sentences


def shown_drawing(
    run: Callable[[Progress], xr.Dataset], drawing: Drawing, *, decay: bool = False
) -> tuple[xr.Dataset, tuple[str, ...]]:
    """Run something that draws tables, showing how far it is.

    Parameters
    ----------
    run
        Takes the progress and returns what `model.uncertainty.uncertainty` returns.
    drawing
        What was asked.
    decay
        Whether the decay of trade with cost is drawn as well.

    Returns
    -------
    What came back, and sentences on the intervals and on what drives them.
    """
    progress = Progress(sys.stderr)
    try:
        found = run(progress)
    finally:
        progress.close()
    return found, (_sentence(found, drawing, decay=decay), *_drivers(found))


def _sentence(found: xr.Dataset, drawing: Drawing, *, decay: bool = False) -> str:
    kept = found.get("order_kept")
    agrees = "" if kept is None else f"{float(kept.mean()):.2f}"
    order = "" if kept is None else f" The order of the rows agrees to {agrees} on average"
    more = f"{order} (rank correlation with the central one)." if order else ""
    return (
        f"low and high hold 90 % of {drawing.draws:,} draws of own shares and cells, seed "
        f"{drawing.seed}; decay is {'drawn as well' if decay else 'taken as certain'}.{more}"
    )


def _drivers(found: xr.Dataset) -> tuple[str, ...]:
    if "variance_share" not in found:
        return ()
    shares = found["variance_share"]
    spread = np.square(found["sd"])
    over = [dim for dim in shares.dims if dim != "source"]
    total = float(spread.sum())
    if total <= 0.0:
        return ("The readings do not move with the draws.",)
    weighted = (shares * spread).sum(over) / total
    named = ", ".join(
        f"{name} {100.0 * float(value):.0f} %"
        for name, value in zip(weighted["source"].values, weighted.values, strict=True)
    )
    return (f"Share of the spread by source: {named}.",)
