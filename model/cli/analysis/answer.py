"""What every verb of analysis gives back: a table, how to read it, and a figure.

Owns the question: how does a labelled result become text, CSV, JSON or a picture?

Public names
------------
``Answer``      rows with labels, units, one sentence on how to read them, and a figure
``Request``     what every verb is told: the table, how to write, where to draw
``deliver``     writes an answer; the exit code
``draw``        a figure into a file
``opened``      the table of a request

Text shows the first rows; CSV and JSON hold all of them. Data go to standard output, the figure to
the file that was named.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from model.cli.text import aligned, amount, wrapped, write, write_json
from model.cli.words import Format
from model.errors import ScenarioError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from io_tables.table import RegionalTable

__all__ = ["Answer", "Request", "deliver", "draw", "opened"]

PICTURES = (".png", ".svg", ".pdf")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What every verb of analysis is told.

    Parameters
    ----------
    table, table_format
        Embedded name or path, and its format.
    output_format
        How it is written.
    top
        Rows of the text.
    plot
        Where the figure goes; none when left out.
    """

    table: str
    table_format: str | None = None
    output_format: Format = "text"
    top: int = 15
    plot: Path | None = None

    def __post_init__(self) -> None:
        if self.top < 1:
            raise ScenarioError(f"--top must be at least 1; found {self.top}")
        if self.plot is not None and self.plot.suffix.lower() not in PICTURES:
            raise ScenarioError(
                f"--plot needs a file name that ends in {', '.join(PICTURES)}; found {self.plot}"
            )
        if self.plot is not None and not self.plot.parent.is_dir():
            raise ScenarioError(f"--plot: there is no folder {self.plot.parent}")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Rows and how to read them.

    Parameters
    ----------
    title
        What the rows are, with the unit.
    frame
        Columns in the order they are shown; labels first. Largest rows first.
    labels
        How many leading columns are labels.
    units
        Unit of each column of numbers, or of all of them.
    reading
        One or two sentences on how to read a row.
    notes
        Totals, warnings, what the numbers rest on.
    plot
        Draws the figure.
    tail
        Whether the last column is words of any length, which then stand at the end of a line.
    """

    title: str
    frame: pd.DataFrame
    labels: int
    units: str
    reading: str
    notes: tuple[str, ...] = ()
    plot: Callable[[], Axes]
    tail: bool = False


def opened(request: Request) -> RegionalTable:
    """Open the table of a request; regions that are places get the names of the places."""
    from model.cli.analysis.world import open_world  # after the words have been checked

    return open_world(request.table, table_format=request.table_format).table


def deliver(answer: Answer, request: Request) -> int:
    """Write an answer as it was asked for, and its figure.

    Raises
    ------
    ScenarioError
        When there is nothing to draw.
    """
    if request.plot is not None:
        draw(answer.plot, request.plot, answer.title)
    frame = answer.frame
    if request.output_format == "csv":
        frame.to_csv(sys.stdout, index=False)
    elif request.output_format == "json":
        write_json(
            {
                "title": answer.title,
                "units": answer.units,
                "reading": answer.reading,
                "notes": list(answer.notes),
                "rows": frame.to_dict("records"),
            }
        )
    else:
        write(*_lines(answer, request.top))
    return 0


def _lines(answer: Answer, top: int) -> list[str]:
    frame, labels = answer.frame, answer.labels
    head = [str(name).replace("_", " ") for name in frame.columns]
    rows = [[_cell(value) for value in row] for row in frame.head(top).itertuples(index=False)]
    more = len(frame) - top
    ends = [row.pop() for row in [head, *rows]] if answer.tail else [""] * (len(rows) + 1)
    lines = zip(aligned(head, rows, left=labels), ends, strict=True)
    return [
        f"{answer.title} ({answer.units})",
        "",
        *(f"{line}  {end}".rstrip() for line, end in lines),
        *([f"... and {more:,} rows more: --csv has all of them"] if more > 0 else []),
        "",
        *(["Notes", *wrapped(answer.notes), ""] if answer.notes else []),
        *wrapped([f"How to read it: {answer.reading}"]),
    ]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return amount(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def draw(plot: Callable[[], Axes], path: Path, what: str) -> None:
    """Draw into a file beside the target first, so that a figure is whole or absent.

    Raises
    ------
    ScenarioError
        When there is nothing to draw of `what`.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure = plot().get_figure(root=True)
    if figure is None:
        raise ScenarioError(f"--plot: there is nothing to draw of {what}")
    unfinished = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        figure.savefig(unfinished, dpi=150, bbox_inches="tight")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
        plt.close("all")
